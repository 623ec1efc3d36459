#include "controller/federation/services.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json_stream.h"
#include "base/memory.h"
#include "controller/federation/shape.h"

struct service_entry {
    struct uuid allocation;
    bool passing;
    bool seen; /* in the newer map too */
};

struct service_map {
    struct hash_index index;
    struct service_entry *entries;
    size_t count, capacity;
};

enum service_field { FIELD_NONE, FIELD_CHECK, FIELD_STATUS, FIELD_SERVICE_ID };

struct service_decoder {
    struct service_map *map;
    struct json_stream *stream;
    struct shape_reader reader;
    bool passing, nomads;
    struct uuid allocation;
};

static const struct shape CHECK[] = {{"Status", NULL, FIELD_STATUS}, {"ServiceID", NULL, FIELD_SERVICE_ID}, {0}};
static const struct shape CHECKS[] = {{"[]", CHECK, FIELD_CHECK}, {0}};
static const struct shape LIST = {"", CHECKS, 0};

struct query {
    const struct service_map *map;
    const struct uuid *allocation;
};

static uint64_t hash_of_uuid(const struct uuid *id)
{
    return hash_bytes(id->bytes, sizeof id->bytes);
}

static bool same_allocation(const void *context, uint32_t value)
{
    const struct query *query = context;
    return uuid_equal(&query->map->entries[value].allocation, query->allocation);
}

static uint64_t hash_of_entry(const void *context, uint32_t value)
{
    const struct service_map *map = context;
    return hash_of_uuid(&map->entries[value].allocation);
}

struct service_map *service_map_new(void)
{
    return memory_new(1, sizeof(struct service_map));
}

static void map_clear(struct service_map *map)
{
    hash_release(&map->index);
    free(map->entries);
    *map = (struct service_map){0};
}

void service_map_free(struct service_map *map)
{
    if (map == NULL)
        return;
    map_clear(map);
    free(map);
}

static struct service_entry *map_find(const struct service_map *map, const struct uuid *allocation)
{
    struct query query = {.map = map, .allocation = allocation};
    uint32_t *at = hash_find(&map->index, hash_of_uuid(allocation), same_allocation, &query);
    return at == NULL ? NULL : &map->entries[*at];
}

static struct service_entry *map_obtain(struct service_map *map, const struct uuid *allocation)
{
    struct service_entry *entry = map_find(map, allocation);
    if (entry != NULL)
        return entry;
    if (map->count == SERVICES_MAX)
        return NULL;
    map->entries = memory_grow(map->entries, map->count, &map->capacity, sizeof *map->entries);
    map->entries[map->count] = (struct service_entry){.allocation = *allocation, .passing = true};
    hash_insert(&map->index, hash_of_uuid(allocation), (uint32_t)map->count, hash_of_entry, map);
    return &map->entries[map->count++];
}

static void on_open(void *context, int field, const char *key)
{
    (void)field;
    (void)key;
    struct service_decoder *decoder = context;
    decoder->passing = false;
    decoder->nomads = false;
}

static void on_value(void *context, int field, const char *key, const struct shape_value *value)
{
    (void)key;
    struct service_decoder *decoder = context;
    static const char PREFIX[] = "_nomad-task-";
    size_t skip = sizeof PREFIX - 1;
    if (value->kind != SHAPE_TEXT)
        return;
    if (field == FIELD_STATUS)
        decoder->passing = value->length == 7 && memcmp(value->text, "passing", 7) == 0;
    else if (value->length > skip + 36 && memcmp(value->text, PREFIX, skip) == 0)
        decoder->nomads = uuid_parse(value->text + skip, 36, &decoder->allocation);
}

static bool on_close(void *context, int field)
{
    (void)field;
    struct service_decoder *decoder = context;
    if (!decoder->nomads)
        return true;
    struct service_entry *entry = map_obtain(decoder->map, &decoder->allocation);
    if (entry == NULL) {
        struct error error;
        error_set(&error, ERROR_TOO_LARGE, "checks of more than %d allocations", SERVICES_MAX);
        json_stream_refuse(decoder->stream, &error);
        return false;
    }
    entry->passing = entry->passing && decoder->passing;
    return true;
}

static const struct shape_sink SINK = {.open = on_open, .close = on_close, .value = on_value};

struct service_decoder *service_decoder_new(void)
{
    struct service_decoder *decoder = memory_new(1, sizeof *decoder);
    decoder->map = service_map_new();
    shape_reader_init(&decoder->reader, &LIST, &SINK, decoder);
    decoder->stream = json_stream_new(&SHAPE_HANDLER, &decoder->reader, false);
    return decoder;
}

void service_decoder_free(struct service_decoder *decoder)
{
    if (decoder == NULL)
        return;
    json_stream_free(decoder->stream);
    service_map_free(decoder->map);
    free(decoder);
}

bool service_decoder_feed(struct service_decoder *decoder, const char *bytes, size_t length, struct error *ret_error)
{
    return json_stream_feed(decoder->stream, bytes, length, ret_error);
}

static void tell_changes(struct service_map *before, const struct service_map *after,
                         void (*emit)(void *context, const struct service_fact *fact), void *context)
{
    for (size_t i = 0; i < after->count; i++) {
        const struct service_entry *entry = &after->entries[i];
        struct service_entry *old = before->count > 0 ? map_find(before, &entry->allocation) : NULL;
        if (old != NULL)
            old->seen = true;
        if (old == NULL || old->passing != entry->passing)
            emit(context, &(struct service_fact){.allocation_id = entry->allocation, .passing = entry->passing});
    }
    for (size_t i = 0; before->entries != NULL && i < before->count; i++) {
        const struct service_entry *entry = &before->entries[i];
        if (!entry->seen)
            emit(context, &(struct service_fact){.allocation_id = entry->allocation, .gone = true});
    }
}

bool service_decoder_finish(struct service_decoder *decoder, struct service_map *map,
                            void (*emit)(void *context, const struct service_fact *fact), void *context,
                            struct error *ret_error)
{
    if (!json_stream_finish(decoder->stream, ret_error))
        return false;
    if (decoder->reader.unmatched > 0)
        return error_set(ret_error, ERROR_INVALID, "JSON, but not a list of checks");
    tell_changes(map, decoder->map, emit, context);
    map_clear(map);
    *map = *decoder->map;
    *decoder->map = (struct service_map){0};
    return true;
}
