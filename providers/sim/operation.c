/* Tokens; see operation.h. */
#include "providers/sim/operation.h"

#include <string.h>

#include "base/buffer.h"
#include "base/json_writer.h"
#include "providers/sdk/json.h"

enum { TOKEN_VERSION = 1 };

/* {"v":1,"pool":..,"gone":[..]} with every id of the longest, and a comma and two quotes each. */
_Static_assert(SIMULATOR_SHRINK_MAX *(SIMULATOR_ID_MAX + 3) + 2 * SIMULATOR_NAME_MAX + 64 < PROVIDER_OPERATION_MAX,
               "every operation fits into a token");

bool simulator_is_id(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    size_t length = strlen(text);
    return length > 0 && length <= SIMULATOR_ID_MAX && strspn(text, letters) == length;
}

void simulator_operation_write(const struct simulator_operation *operation, struct provider_operation *ret_operation)
{
    struct buffer text = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&text, false);
    json_writer_begin_object(&writer);
    json_writer_field_i64(&writer, "v", TOKEN_VERSION);
    json_writer_field_text(&writer, "pool", operation->pool);
    if (operation->grows) {
        json_writer_field_i64(&writer, "to", operation->to);
        json_writer_field_i64(&writer, "generation", operation->generation);
    } else {
        json_writer_key(&writer, "gone");
        json_writer_begin_array(&writer);
        for (size_t i = 0; i < operation->id_count; i++)
            json_writer_text(&writer, operation->ids[i]);
        json_writer_end_array(&writer);
    }
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    *ret_operation = (struct provider_operation){.progress = PROVIDER_PROGRESS_RUNNING, .next_poll_us = PROVIDER_UNSET};
    /* Names in it are printable ASCII; a '"' or '\' doubles, and 4 KB still hold that of both names. */
    if (text.length < sizeof ret_operation->token)
        memcpy(ret_operation->token, text.data, text.length + 1);
    buffer_release(&text);
}

static bool read_ids(const struct sdk_json_at *at, struct simulator_operation *operation, struct error *reason)
{
    struct sdk_json_at list;
    if (!sdk_json_list(at, "gone", &list, reason))
        return false;
    if (sdk_json_count(&list) == 0 || sdk_json_count(&list) > SIMULATOR_SHRINK_MAX)
        return sdk_json_refuse(at, "gone", reason, "1 to %d ids are wanted", SIMULATOR_SHRINK_MAX);
    for (; operation->id_count < sdk_json_count(&list); operation->id_count++) {
        struct sdk_json_at item = sdk_json_item(&list, operation->id_count);
        const char *id = json_string_value(item.value);
        if (!id || !simulator_is_id(id))
            return sdk_json_refuse(&list, "", reason, "an instance's id is wanted");
        memcpy(operation->ids[operation->id_count], id, strlen(id) + 1);
    }
    return true;
}

static bool read_fields(const struct sdk_json_at *root, struct simulator_operation *operation, struct error *reason)
{
    int64_t version;
    const char *pool;
    if (!sdk_json_i64(root, "v", &version, reason) || !sdk_json_text(root, "pool", &pool, reason))
        return false;
    if (version != TOKEN_VERSION)
        return sdk_json_refuse(root, "v", reason, "another version of the module wrote this");
    if (strlen(pool) >= sizeof operation->pool)
        return sdk_json_refuse(root, "pool", reason, "longer than a pool's id");
    memcpy(operation->pool, pool, strlen(pool) + 1);
    operation->grows = sdk_json_find(root, "to").value != NULL;
    if (!operation->grows)
        return read_ids(root, operation, reason);
    return sdk_json_i64(root, "to", &operation->to, reason) &&
           sdk_json_i64(root, "generation", &operation->generation, reason);
}

bool simulator_operation_read(const char *token, struct simulator_operation *ret_operation, struct error *ret_error)
{
    struct sdk_json_at root;
    *ret_operation = (struct simulator_operation){0};
    if (!sdk_json_open(token, strlen(token), PROVIDER_OPERATION_MAX, &root, ret_error))
        return false;
    bool good = read_fields(&root, ret_operation, ret_error);
    sdk_json_close(&root);
    return good;
}
