/* Tokens of operations: see operation.h. */
#include "providers/aws/operation.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "providers/sdk/fail.h"

static void write_shrink(const struct aws_operation *operation, struct json_writer *writer)
{
    if (operation->at_us != PROVIDER_UNSET)
        json_writer_field_i64(writer, "at_us", operation->at_us);
    json_writer_key(writer, "ids");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < operation->id_count; i++)
        json_writer_text(writer, operation->ids[i]);
    json_writer_end_array(writer);
}

static bool is_printable_ascii(const char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

bool aws_operation_write(const struct aws_operation *operation, char ret_token[static PROVIDER_OPERATION_MAX])
{
    struct buffer out = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&out, false);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "op", operation->grows ? "grow" : "shrink");
    json_writer_field_text(&writer, "pool", operation->pool);
    if (operation->grows) {
        json_writer_field_text(&writer, "generation", operation->generation);
        json_writer_field_i64(&writer, "from", operation->from);
        json_writer_field_i64(&writer, "to", operation->to);
        json_writer_field_text(&writer, "after", operation->after);
    } else {
        write_shrink(operation, &writer);
    }
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    bool fits = out.length < PROVIDER_OPERATION_MAX && is_printable_ascii(out.data);
    if (fits)
        memcpy(ret_token, out.data, out.length + 1);
    buffer_release(&out);
    return fits;
}

static bool read_grow(struct aws_operation *operation, struct error *ret_error)
{
    return json_require_text(operation->tree, "generation", &operation->generation, ret_error) &&
           json_require_i64(operation->tree, "from", &operation->from, ret_error) &&
           json_require_i64(operation->tree, "to", &operation->to, ret_error) &&
           json_require_text(operation->tree, "after", &operation->after, ret_error);
}

static bool read_shrink(struct aws_operation *operation, struct error *ret_error)
{
    json_t *ids = NULL;
    if (!json_optional_i64(operation->tree, "at_us", PROVIDER_UNSET, &operation->at_us, ret_error) ||
        !json_require_array(operation->tree, "ids", &ids, ret_error))
        return false;
    if (json_array_size(ids) == 0 || json_array_size(ids) > AWS_SHRINK_MAX)
        return error_set(ret_error, ERROR_INVALID, "ids: 1 to %d are wanted", AWS_SHRINK_MAX);
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        if (!id || strlen(id) >= AWS_ID_MAX)
            return error_set(ret_error, ERROR_INVALID, "ids: text of less than %d bytes is wanted", AWS_ID_MAX);
        operation->ids[operation->id_count++] = id;
    }
    return true;
}

enum provider_status aws_operation_read(const char *token, struct aws_operation *ret_operation,
                                        struct provider_error *error)
{
    struct aws_operation operation = {0};
    struct error reason;
    const char *kind = NULL;
    bool good = json_read(token, strlen(token), PROVIDER_OPERATION_MAX, 4, &operation.tree, &reason);
    if (good)
        good = json_require_text(operation.tree, "op", &kind, &reason) &&
               json_require_text(operation.tree, "pool", &operation.pool, &reason);
    if (good) {
        operation.grows = strcmp(kind, "grow") == 0;
        if (!operation.grows && strcmp(kind, "shrink") != 0)
            good = error_set(&reason, ERROR_INVALID, "op: grow or shrink is wanted");
        else
            good = operation.grows ? read_grow(&operation, &reason) : read_shrink(&operation, &reason);
    }
    if (good) {
        *ret_operation = operation;
        return PROVIDER_OK;
    }
    aws_operation_release(&operation);
    return sdk_fail(error, PROVIDER_INVALID, "", "this is no operation of this module: %s", reason.text);
}

void aws_operation_release(struct aws_operation *operation)
{
    json_decref(operation->tree);
    operation->tree = NULL;
}
