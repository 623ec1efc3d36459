/* Reading records by their tables, and gathering the results of a call. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "providers/host/records_private.h"

enum { BLOCK_BYTES = 32 * 1024, ALIGNMENT = 16 };

struct record_block {
    struct record_block *next;
    size_t used, size;
    _Alignas(ALIGNMENT) char bytes[];
};

void *record_take_bytes(struct record_block **blocks, size_t size)
{
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct record_block *block = *blocks;
    if (!block || block->size - block->used < rounded) {
        size_t capacity = rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES;
        block = memory_new(1, sizeof *block + capacity);
        *block = (struct record_block){.next = *blocks, .size = capacity};
        *blocks = block;
    }
    void *bytes = block->bytes + block->used;
    block->used += rounded;
    return bytes;
}

void record_free_blocks(struct record_block **blocks)
{
    while (*blocks) {
        struct record_block *next = (*blocks)->next;
        free(*blocks);
        *blocks = next;
    }
}

static bool refuse(const struct record_shape *shape, const struct record_field *field, struct error *ret_error)
{
    return error_set(ret_error, ERROR_INVALID, "%s: %s is missing or of the wrong kind", shape->word, field->key);
}

/* "" and short texts are most of what comes; a shared "" saves their room. */
static const char *keep(struct record_block **blocks, json_t *value)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    if (!text || length == 0)
        return "";
    char *copy = record_take_bytes(blocks, length + 1);
    memcpy(copy, text, length + 1);
    return copy;
}

static bool read_texts(const struct record_shape *shape, const struct record_field *field, json_t *value,
                       struct record_block **blocks, char *record, struct error *ret_error)
{
    size_t count = json_array_size(value);
    size_t before = 0;
    memcpy(&before, record + field->count_offset, sizeof before);
    if (!json_is_array(value) || count > RECORD_LIST_MAX || (field->beside && count != before))
        return refuse(shape, field, ret_error);
    const char **texts = record_take_bytes(blocks, (count + 1) * sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        json_t *item = json_array_get(value, i);
        if (!json_is_string(item))
            return refuse(shape, field, ret_error);
        texts[i] = keep(blocks, item);
    }
    memcpy(record + field->offset, &texts, sizeof texts);
    memcpy(record + field->count_offset, &count, sizeof count);
    return true;
}

static bool read_pairs(const struct record_shape *shape, const struct record_field *field, json_t *value,
                       struct record_block **blocks, char *record, struct error *ret_error)
{
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count > RECORD_LIST_MAX)
        return refuse(shape, field, ret_error);
    struct provider_identity *pairs = record_take_bytes(blocks, (count + 1) * sizeof *pairs);
    for (size_t i = 0; i < count; i++) {
        json_t *pair = json_array_get(value, i);
        if (json_array_size(pair) != 2 || !json_is_string(json_array_get(pair, 0)) ||
            !json_is_string(json_array_get(pair, 1)))
            return refuse(shape, field, ret_error);
        pairs[i] =
            (struct provider_identity){keep(blocks, json_array_get(pair, 0)), keep(blocks, json_array_get(pair, 1))};
    }
    memcpy(record + field->offset, &pairs, sizeof pairs);
    memcpy(record + field->count_offset, &count, sizeof count);
    return true;
}

static bool read_number(const struct record_shape *shape, const struct record_field *field, json_t *value, char *record,
                        struct error *ret_error)
{
    int64_t number = PROVIDER_UNSET;
    if (json_is_integer(value))
        number = json_integer_value(value);
    else if (!json_is_null(value))
        return refuse(shape, field, ret_error);
    memcpy(record + field->offset, &number, sizeof number);
    return true;
}

static bool read_word(const struct record_shape *shape, const struct record_field *field, json_t *value, char *record,
                      struct error *ret_error)
{
    const char *word = json_string_value(value);
    for (unsigned i = 0; word && i < field->most; i++)
        if (strcmp(field->words[i], word) == 0) {
            memcpy(record + field->offset, &i, sizeof i);
            return true;
        }
    return refuse(shape, field, ret_error);
}

static bool read_field(const struct record_shape *shape, const struct record_field *field, json_t *value,
                       struct record_block **blocks, char *record, struct error *ret_error)
{
    const char *text = NULL;
    bool flag = false;
    switch (field->kind) {
    case RECORD_FIELD_TEXT:
        if (!json_is_string(value))
            return refuse(shape, field, ret_error);
        text = keep(blocks, value);
        memcpy(record + field->offset, &text, sizeof text);
        return true;
    case RECORD_FIELD_CHARS:
        if (!json_is_string(value) || json_string_length(value) >= (size_t)field->most)
            return refuse(shape, field, ret_error);
        memcpy(record + field->offset, json_string_value(value), json_string_length(value) + 1);
        return true;
    case RECORD_FIELD_I64:
        return read_number(shape, field, value, record, ret_error);
    case RECORD_FIELD_FLAG:
        flag = json_is_true(value);
        memcpy(record + field->offset, &flag, sizeof flag);
        return json_is_boolean(value) || refuse(shape, field, ret_error);
    case RECORD_FIELD_WORD:
        return read_word(shape, field, value, record, ret_error);
    case RECORD_FIELD_TEXTS:
        return read_texts(shape, field, value, blocks, record, ret_error);
    case RECORD_FIELD_PAIRS:
        return read_pairs(shape, field, value, blocks, record, ret_error);
    }
    return false;
}

bool record_shape_read(const struct record_shape *shape, json_t *object, struct record_block **blocks, void *ret_record,
                       struct error *ret_error)
{
    memset(ret_record, 0, shape->size);
    if (!json_is_object(object))
        return error_set(ret_error, ERROR_INVALID, "%s: an object is wanted", shape->word);
    for (size_t i = 0; i < shape->field_count; i++) {
        const struct record_field *field = &shape->fields[i];
        if (!read_field(shape, field, json_object_get(object, field->key), blocks, ret_record, ret_error))
            return false;
    }
    return record_shape_check(shape, ret_record, ret_error);
}

bool record_read_error(json_t *object, struct provider_error *ret_provider_error, struct error *ret_error)
{
    return record_shape_read(&record_shape_error, object, NULL, ret_provider_error, ret_error);
}

bool record_read_operation(json_t *object, struct provider_operation *ret_operation, struct error *ret_error)
{
    return record_shape_read(&record_shape_operation, object, NULL, ret_operation, ret_error);
}

void provider_records_init(struct provider_records *records)
{
    *records = (struct provider_records){0};
}

void provider_records_release(struct provider_records *records)
{
#define RECORD_FREE(constant, word, type, plural, most) free(records->plural);
    PROVIDER_RECORDS(RECORD_FREE)
#undef RECORD_FREE
    free(records->pool_first);
    record_free_blocks(&records->blocks);
    *records = (struct provider_records){0};
}

static bool too_many(enum provider_record kind, size_t most, struct error *ret_error)
{
    return error_set(ret_error, ERROR_TOO_LARGE, "more than %zu records \"%s\" in one call", most, record_word(kind));
}

/* Each kind's add: room in its array, then the record itself. */
#define RECORD_ADD(constant, word, type, plural, most)                                                                 \
    static bool add_##plural(struct provider_records *records, json_t *object, struct error *ret_error)                \
    {                                                                                                                  \
        if (records->plural##_count >= (most))                                                                         \
            return too_many(constant, (most), ret_error);                                                              \
        records->plural =                                                                                              \
            memory_grow(records->plural, records->plural##_count, &records->plural##_capacity, sizeof(struct type));   \
        if (!record_shape_read(record_shape_of(constant), object, &records->blocks,                                    \
                               &records->plural[records->plural##_count], ret_error))                                  \
            return false;                                                                                              \
        records->plural##_count++;                                                                                     \
        return true;                                                                                                   \
    }
PROVIDER_RECORDS(RECORD_ADD)
#undef RECORD_ADD

static bool add_pool(struct provider_records *records, json_t *object, struct error *ret_error)
{
    size_t place = records->pools_count;
    if (!add_pools(records, object, ret_error))
        return false;
    records->pool_first =
        memory_grow(records->pool_first, place, &records->pool_first_capacity, sizeof *records->pool_first);
    records->pool_first[place] = records->instances_count;
    records->pool_open = true;
    return true;
}

bool provider_records_add(struct provider_records *records, enum provider_record kind, json_t *object,
                          struct error *ret_error)
{
    if (kind == RECORD_INSTANCE) {
        if (!records->pool_open)
            return error_set(ret_error, ERROR_INVALID, "an instance came without its pool before it");
        return add_instances(records, object, ret_error);
    }
    records->pool_open = false;
    switch (kind) {
    case RECORD_REGION:
        return add_regions(records, object, ret_error);
    case RECORD_INSTANCE_TYPE:
        return add_instance_types(records, object, ret_error);
    case RECORD_OFFER:
        return add_offers(records, object, ret_error);
    case RECORD_POOL:
        return add_pool(records, object, ret_error);
    case RECORD_QUOTA:
        return add_quotas(records, object, ret_error);
    case RECORD_INTERRUPTION:
        return add_interruptions(records, object, ret_error);
    case RECORD_PERMISSION:
        return add_permissions(records, object, ret_error);
    case RECORD_INSTANCE:
    case PROVIDER_RECORD_COUNT:
        break;
    }
    return error_set(ret_error, ERROR_INVALID, "a record of no known kind");
}

void provider_records_finish(struct provider_records *records)
{
    for (size_t i = 0; i < records->pools_count; i++) {
        size_t end = i + 1 < records->pools_count ? records->pool_first[i + 1] : records->instances_count;
        size_t count = end - records->pool_first[i];
        records->pools[i].instances = count > 0 ? records->instances + records->pool_first[i] : NULL;
        records->pools[i].instance_count = count;
    }
}
