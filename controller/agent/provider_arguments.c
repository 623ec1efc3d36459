/* The arguments of calls that write, as providers/host/call.h wants them. */
#include "base/json_writer.h"
#include "controller/agent/provider_link.h"

char *provider_link_grow_arguments(const struct provider_pool *observed, int64_t to)
{
    struct buffer text = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&text, false);
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "observed");
    record_write(&writer, RECORD_POOL, observed);
    json_writer_key(&writer, "instances");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < observed->instance_count; i++)
        record_write(&writer, RECORD_INSTANCE, &observed->instances[i]);
    json_writer_end_array(&writer);
    json_writer_field_i64(&writer, "to", to);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    return buffer_take(&text);
}

char *provider_link_shrink_arguments(const char *pool, const char *const *instances, size_t count)
{
    struct buffer text = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&text, false);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "pool", pool);
    json_writer_key(&writer, "instances");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < count; i++)
        json_writer_text(&writer, instances[i]);
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    return buffer_take(&text);
}

static char *one_argument(const char *key, const char *value)
{
    struct buffer text = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&text, false);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, key, value);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    return buffer_take(&text);
}

char *provider_link_withdraw_arguments(const char *pool)
{
    return one_argument("pool", pool);
}

char *provider_link_poll_arguments(const char *token)
{
    return one_argument("token", token);
}
