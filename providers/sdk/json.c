/* Places in a JSON answer; see json.h. */
#include "providers/sdk/json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/text.h"
#include "providers/sdk/decimal.h"

enum { DEPTH_MAX = 64, KEY_MAX = 256 };

bool sdk_json_open(const char *bytes, size_t length, size_t max_bytes, struct sdk_json_at *ret_root,
                   struct error *ret_error)
{
    json_t *value = NULL;
    if (!json_read(bytes, length, max_bytes, DEPTH_MAX, &value, ret_error))
        return false;
    *ret_root = (struct sdk_json_at){.value = value, .path = ""};
    return true;
}

void sdk_json_close(struct sdk_json_at *root)
{
    json_decref(root->value);
    *root = (struct sdk_json_at){.path = ""};
}

/* null is nothing. */
static json_t *something(json_t *value)
{
    return json_is_null(value) ? NULL : value;
}

static json_t *walk(json_t *value, const char *path)
{
    while (value && *path != '\0') {
        size_t length = strcspn(path, "/");
        if (length >= KEY_MAX)
            return NULL;
        value = something(json_object_getn(value, path, length));
        path += length + (path[length] == '/');
    }
    return something(value);
}

struct sdk_json_at sdk_json_find(const struct sdk_json_at *at, const char *path)
{
    return (struct sdk_json_at){.value = walk(at->value, path), .parent = at, .path = path};
}

struct sdk_json_at sdk_json_member(const struct sdk_json_at *at, const char *key)
{
    return (struct sdk_json_at){.value = something(json_object_get(at->value, key)), .parent = at, .path = key};
}

size_t sdk_json_count(const struct sdk_json_at *list)
{
    return json_array_size(list->value);
}

struct sdk_json_at sdk_json_item(const struct sdk_json_at *list, size_t index)
{
    return (struct sdk_json_at){.value = something(json_array_get(list->value, index)), .parent = list, .index = index};
}

/* "value[3]/properties": from the outermost place inwards. */
static void append_place(struct buffer *out, const struct sdk_json_at *at)
{
    const struct sdk_json_at *chain[DEPTH_MAX];
    size_t count = 0;
    for (; at && count < DEPTH_MAX; at = at->parent)
        chain[count++] = at;
    while (count-- > 0) {
        if (!chain[count]->path) {
            buffer_printf(out, "[%zu]", chain[count]->index);
        } else if (chain[count]->path[0] != '\0') {
            if (out->length > 0)
                buffer_append_byte(out, '/');
            text_append_visible(out, chain[count]->path, strlen(chain[count]->path), false);
        }
    }
}

bool sdk_json_refuse(const struct sdk_json_at *at, const char *path, struct error *ret_error, const char *format, ...)
{
    struct sdk_json_at here = {.parent = at, .path = path};
    struct buffer text = BUFFER_INIT;
    append_place(&text, &here);
    buffer_append_text(&text, text.length > 0 ? ": " : "the document: ");
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    error_set(ret_error, ERROR_INVALID, "%s", text.data);
    buffer_release(&text);
    return false;
}

static bool refuse_kind(const struct sdk_json_at *at, const char *path, const char *wanted, struct error *ret_error)
{
    return sdk_json_refuse(at, path, ret_error, "%s is wanted, %s stands there", wanted,
                           json_kind_words(walk(at->value, path)));
}

bool sdk_json_text(const struct sdk_json_at *at, const char *path, const char **ret_text, struct error *ret_error)
{
    const char *text = json_string_value(walk(at->value, path));
    if (!text)
        return refuse_kind(at, path, "text", ret_error);
    *ret_text = text;
    return true;
}

bool sdk_json_i64(const struct sdk_json_at *at, const char *path, int64_t *ret_number, struct error *ret_error)
{
    json_t *value = walk(at->value, path);
    if (!json_is_integer(value))
        return refuse_kind(at, path, "a whole number", ret_error);
    *ret_number = json_integer_value(value);
    return true;
}

bool sdk_json_flag(const struct sdk_json_at *at, const char *path, bool *ret_flag, struct error *ret_error)
{
    json_t *value = walk(at->value, path);
    if (!json_is_boolean(value))
        return refuse_kind(at, path, "true or false", ret_error);
    *ret_flag = json_is_true(value);
    return true;
}

bool sdk_json_object(const struct sdk_json_at *at, const char *path, struct sdk_json_at *ret_object,
                     struct error *ret_error)
{
    struct sdk_json_at object = sdk_json_find(at, path);
    if (!json_is_object(object.value))
        return refuse_kind(at, path, "an object", ret_error);
    *ret_object = object;
    return true;
}

bool sdk_json_list(const struct sdk_json_at *at, const char *path, struct sdk_json_at *ret_list,
                   struct error *ret_error)
{
    struct sdk_json_at list = sdk_json_find(at, path);
    if (!json_is_array(list.value))
        return refuse_kind(at, path, "a list", ret_error);
    *ret_list = list;
    return true;
}

/* Doubles hold 15 digits: below 10^9 the millionths are exact. */
static bool real_to_micro(double real, int64_t *ret_micro)
{
    double micro = round(real * (double)SDK_MICRO);
    if (!isfinite(micro) || micro < -9.2e18 || micro > 9.2e18)
        return false;
    *ret_micro = (int64_t)micro;
    return true;
}

bool sdk_json_micro(const struct sdk_json_at *at, const char *path, int64_t *ret_micro, struct error *ret_error)
{
    json_t *value = walk(at->value, path);
    struct error reason = {0};
    if (json_is_string(value)) {
        if (sdk_decimal_read(json_string_value(value), json_string_length(value), ret_micro, &reason))
            return true;
        return sdk_json_refuse(at, path, ret_error, "%s", reason.text);
    }
    if (!json_is_number(value))
        return refuse_kind(at, path, "a decimal number", ret_error);
    bool fits = json_is_integer(value) ? !__builtin_mul_overflow(json_integer_value(value), SDK_MICRO, ret_micro)
                                       : real_to_micro(json_real_value(value), ret_micro);
    return fits || sdk_json_refuse(at, path, ret_error, "a number too large to be counted in millionths");
}

static bool is_nothing(const struct sdk_json_at *at, const char *path)
{
    return walk(at->value, path) == NULL;
}

bool sdk_json_text_or(const struct sdk_json_at *at, const char *path, const char *fallback, const char **ret_text,
                      struct error *ret_error)
{
    if (!is_nothing(at, path))
        return sdk_json_text(at, path, ret_text, ret_error);
    *ret_text = fallback;
    return true;
}

bool sdk_json_i64_or(const struct sdk_json_at *at, const char *path, int64_t fallback, int64_t *ret_number,
                     struct error *ret_error)
{
    if (!is_nothing(at, path))
        return sdk_json_i64(at, path, ret_number, ret_error);
    *ret_number = fallback;
    return true;
}

bool sdk_json_flag_or(const struct sdk_json_at *at, const char *path, bool fallback, bool *ret_flag,
                      struct error *ret_error)
{
    if (!is_nothing(at, path))
        return sdk_json_flag(at, path, ret_flag, ret_error);
    *ret_flag = fallback;
    return true;
}

bool sdk_json_micro_or(const struct sdk_json_at *at, const char *path, int64_t fallback, int64_t *ret_micro,
                       struct error *ret_error)
{
    if (!is_nothing(at, path))
        return sdk_json_micro(at, path, ret_micro, ret_error);
    *ret_micro = fallback;
    return true;
}

bool sdk_json_list_or_none(const struct sdk_json_at *at, const char *path, struct sdk_json_at *ret_list,
                           struct error *ret_error)
{
    if (!is_nothing(at, path))
        return sdk_json_list(at, path, ret_list, ret_error);
    *ret_list = sdk_json_find(at, path);
    return true;
}

bool sdk_json_i64_lenient(const struct sdk_json_at *at, const char *path, int64_t *ret_number, struct error *ret_error)
{
    json_t *value = walk(at->value, path);
    if (!json_is_string(value))
        return sdk_json_i64(at, path, ret_number, ret_error);
    const char *text = json_string_value(value);
    uint64_t number = 0;
    bool negative = *text == '-';
    struct error ignored = {0};
    if (!text_parse_u64(text + negative, strlen(text + negative), "it", 0, INT64_MAX, &number, &ignored))
        return refuse_kind(at, path, "a whole number", ret_error);
    *ret_number = negative ? -(int64_t)number : (int64_t)number;
    return true;
}
