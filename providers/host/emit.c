/* Messages towards whoever runs the module; their forms stand in emit.h. */
#include "providers/host/emit.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "providers/host/records.h"
#include "providers/sdk/fail.h"

static struct json_writer begin(struct host_services *services)
{
    buffer_clear(&services->message);
    struct json_writer writer = json_writer_init(&services->message, false);
    json_writer_begin_object(&writer);
    return writer;
}

static bool send(struct host_services *services, struct json_writer *writer)
{
    json_writer_end_object(writer);
    json_writer_done(writer);
    if (services->gone)
        return false;
    if (!services->channel.tell(services->channel.context, services->message.data, services->message.length))
        services->gone = true;
    return !services->gone;
}

static bool ask(struct host_services *services, struct json_writer *writer, json_t **ret_answer)
{
    json_writer_end_object(writer);
    json_writer_done(writer);
    if (services->gone)
        return false;
    if (!services->channel.ask(services->channel.context, services->message.data, services->message.length, ret_answer))
        services->gone = true;
    return !services->gone;
}

void host_tell_log(struct host_services *services, enum provider_level level, const char *text)
{
    struct json_writer writer = begin(services);
    json_writer_field_text(&writer, "log", host_level_word(level));
    json_writer_field_text(&writer, "text", text);
    send(services, &writer);
}

void host_tell_progress(struct host_services *services, const char *text)
{
    struct json_writer writer = begin(services);
    json_writer_field_text(&writer, "progress", text);
    send(services, &writer);
}

struct host_text {
    struct host_text *next;
    char text[];
};

static const char *hold_text(struct host_services *services, const char *text)
{
    size_t size = strlen(text) + 1;
    struct host_text *held = memory_new(1, sizeof *held + size);
    memcpy(held->text, text, size);
    held->next = services->kept;
    services->kept = held;
    return held->text;
}

void host_forget_kept(struct host_services *services)
{
    while (services->kept) {
        struct host_text *next = services->kept->next;
        free(services->kept);
        services->kept = next;
    }
}

const char *host_ask_kept(struct host_services *services, const char *key)
{
    json_t *answer = NULL;
    const char *value = NULL;
    struct json_writer writer = begin(services);
    json_writer_field_text(&writer, "kept", key);
    if (!ask(services, &writer, &answer))
        return NULL;
    const char *held = json_get_text(answer, "value", &value) == JSON_FOUND ? hold_text(services, value) : NULL;
    json_decref(answer);
    return held;
}

bool host_ask_keep(struct host_services *services, const char *key, const char *value)
{
    json_t *answer = NULL;
    bool stored = false;
    struct json_writer writer = begin(services);
    json_writer_field_text(&writer, "keep", key);
    json_writer_field_text(&writer, "value", value);
    if (!ask(services, &writer, &answer))
        return false;
    bool told = json_get_flag(answer, "stored", &stored) == JSON_FOUND;
    json_decref(answer);
    return told && stored;
}

static bool is_fit(struct host_services *services, enum provider_record kind, const void *record)
{
    struct error why = {0};
    if (record_check(kind, record, &why))
        return true;
    host_services_log(services, PROVIDER_ERROR, "the module gave a record that is not passed on: %s", why.text);
    return false;
}

static bool emit(struct host_services *services, enum provider_record kind, const void *record)
{
    if (!is_fit(services, kind, record))
        return false;
    struct json_writer writer = begin(services);
    json_writer_field_text(&writer, "record", record_word(kind));
    json_writer_key(&writer, "value");
    record_write(&writer, kind, record);
    if (services->message.length + 1 > HOST_MESSAGE_MAX) {
        json_writer_end_object(&writer);
        host_services_log(services, PROVIDER_ERROR, "the module gave a record that is too long: %s", record_word(kind));
        return false;
    }
    return send(services, &writer);
}

static bool emit_region(void *context, const struct provider_region *region)
{
    return emit(context, RECORD_REGION, region);
}

static bool emit_instance_type(void *context, const struct provider_instance_type *type)
{
    return emit(context, RECORD_INSTANCE_TYPE, type);
}

static bool emit_offer(void *context, const struct provider_offer *offer)
{
    return emit(context, RECORD_OFFER, offer);
}

/* All or nothing of a pool as far as records can be unfit: its instances are checked before the first leaves. */
static bool emit_pool(void *context, const struct provider_pool *pool)
{
    struct host_services *services = context;
    for (size_t i = 0; i < pool->instance_count; i++)
        if (!is_fit(services, RECORD_INSTANCE, &pool->instances[i]))
            return false;
    if (!emit(services, RECORD_POOL, pool))
        return false;
    for (size_t i = 0; i < pool->instance_count; i++)
        if (!emit(services, RECORD_INSTANCE, &pool->instances[i]))
            return false;
    return true;
}

static bool emit_quota(void *context, const struct provider_quota *quota)
{
    return emit(context, RECORD_QUOTA, quota);
}

static bool emit_interruption(void *context, const struct provider_interruption *interruption)
{
    return emit(context, RECORD_INTERRUPTION, interruption);
}

static bool emit_permission(void *context, const struct provider_permission *permission)
{
    return emit(context, RECORD_PERMISSION, permission);
}

void host_emit_fill(struct provider_services *table)
{
    table->emit_region = emit_region;
    table->emit_instance_type = emit_instance_type;
    table->emit_offer = emit_offer;
    table->emit_pool = emit_pool;
    table->emit_quota = emit_quota;
    table->emit_interruption = emit_interruption;
    table->emit_permission = emit_permission;
}

/* Ends what does not end, and makes visible what is not text. */
static void make_fit(struct provider_error *error)
{
    struct field {
        char *text;
        size_t size;
    } fields[] = {
        {error->text, sizeof error->text},   {error->call, sizeof error->call},
        {error->code, sizeof error->code},   {error->instance_type, sizeof error->instance_type},
        {error->zone, sizeof error->zone},   {error->market, sizeof error->market},
        {error->quota, sizeof error->quota},
    };
    char copy[PROVIDER_TEXT_MAX];
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        fields[i].text[fields[i].size - 1] = '\0';
        sdk_copy_text(copy, fields[i].size, fields[i].text);
        memcpy(fields[i].text, copy, fields[i].size);
    }
    if (error->retry_at_us != PROVIDER_UNSET && error->retry_at_us < 0)
        error->retry_at_us = PROVIDER_UNSET;
}

void host_tell_done(struct host_services *services, enum provider_status status, const struct provider_error *error,
                    const struct provider_operation *operation)
{
    struct provider_error fit = *error;
    struct provider_operation none = {.next_poll_us = PROVIDER_UNSET};
    make_fit(&fit);
    if ((unsigned)status >= PROVIDER_STATUS_COUNT) {
        status = sdk_fail(&fit, PROVIDER_INVALID, fit.call, "the module ended with a status that does not exist");
    }
    if (operation && status == PROVIDER_OK) {
        char token[PROVIDER_OPERATION_MAX];
        memcpy(token, operation->token, sizeof token);
        token[sizeof token - 1] = '\0';
        none = *operation;
        memcpy(none.token, token, sizeof token);
    }
    struct json_writer writer = begin(services);
    json_writer_field_text(&writer, "done", sdk_status_word(status));
    if (status != PROVIDER_OK) {
        json_writer_key(&writer, "error");
        record_write_error(&writer, &fit);
    } else if (operation) {
        json_writer_key(&writer, "operation");
        record_write_operation(&writer, &none);
    }
    send(services, &writer);
}
