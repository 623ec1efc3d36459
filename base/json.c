/* Reading and writing trees; the getters are in json_get.c. */
#include "base/json.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

/* Where a scan of the bytes stands: lines from 1, columns in characters from 1. */
struct place {
    unsigned line, column;
};

static void place_step(struct place *place, char byte)
{
    if (byte == '\n') {
        place->line++;
        place->column = 1;
    } else if (((unsigned char)byte & 0xC0u) != 0x80u) {
        place->column++;
    }
}

static bool fail_at(struct place place, enum error_code code, const char *what, struct error *ret_error)
{
    return error_set(ret_error, code, "%u:%u: %s", place.line, place.column, what);
}

/* What must hold before jansson, which recurses, sees the bytes: UTF-8, no NUL, bounded nesting. */
static bool check_bytes(const char *bytes, size_t length, unsigned max_depth, struct error *ret_error)
{
    struct place place = {1, 1};
    unsigned depth = 0;
    bool in_text = false;
    for (size_t at = 0; at < length;) {
        char c = bytes[at];
        uint32_t ignored = 0;
        size_t step = utf8_decode(bytes + at, length - at, &ignored);
        if (step == 0)
            return fail_at(place, ERROR_INVALID, "the bytes here are not UTF-8", ret_error);
        if (c == '\0')
            return fail_at(place, ERROR_INVALID, "a NUL byte is not allowed", ret_error);
        if (c == '"')
            in_text = !in_text;
        else if (in_text && c == '\\' && at + 1 < length && (bytes[at + 1] == '"' || bytes[at + 1] == '\\'))
            step = 2;
        else if (!in_text && (c == '{' || c == '['))
            depth++;
        else if (!in_text && (c == '}' || c == ']') && depth > 0)
            depth--;
        if (depth > max_depth)
            return error_set(ret_error, ERROR_TOO_LARGE, "%u:%u: objects and arrays are nested deeper than %u",
                             place.line, place.column, max_depth);
        for (size_t i = 0; i < step; i++)
            place_step(&place, bytes[at++]);
    }
    return true;
}

static const char *reason_words(enum json_error_code code)
{
    switch (code) {
    case json_error_premature_end_of_input:
        return "the text ends in the middle of a value";
    case json_error_end_of_input_expected:
        return "something follows the end of the value";
    case json_error_invalid_utf8:
        return "the bytes here are not UTF-8";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a NUL character (\\u0000) is not allowed";
    case json_error_numeric_overflow:
        return "the number is out of range";
    case json_error_stack_overflow:
        return "objects and arrays are nested too deep";
    default:
        return "this is not JSON";
    }
}

/* jansson writes: duplicate object key near '"name"'. A key is no secret; anything else it quotes may be. */
static bool fail_duplicate(const json_error_t *found, struct error *ret_error)
{
    const char *near = strstr(found->text, "near '\"");
    const char *key = near ? near + strlen("near '\"") : "";
    size_t length = strlen(key);
    length -= length >= 2 ? 2 : length;
    struct buffer shown = BUFFER_INIT;
    text_append_visible(&shown, key, length > 64 ? 64 : length, false);
    error_set(ret_error, ERROR_INVALID, "%d:%d: the key \"%s\" stands twice in one object", found->line, found->column,
              shown.data);
    buffer_release(&shown);
    return false;
}

bool json_read(const char *bytes, size_t length, size_t max_bytes, unsigned max_depth, json_t **ret_value,
               struct error *ret_error)
{
    if (length > max_bytes)
        return error_set(ret_error, ERROR_TOO_LARGE, "the JSON text has %zu bytes; at most %zu are read", length,
                         max_bytes);
    if (!check_bytes(bytes, length, max_depth < JSON_DEPTH_MAX ? max_depth : JSON_DEPTH_MAX, ret_error))
        return false;
    json_error_t found;
    json_t *value = json_loadb(length ? bytes : "", length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &found);
    if (value) {
        *ret_value = value;
        return true;
    }
    if (json_error_code(&found) == json_error_duplicate_key)
        return fail_duplicate(&found, ret_error);
    struct place place = {found.line > 0 ? (unsigned)found.line : 1, found.column > 0 ? (unsigned)found.column : 1};
    return fail_at(place, ERROR_INVALID, reason_words(json_error_code(&found)), ret_error);
}

static int append_dump(const char *bytes, size_t length, void *out)
{
    buffer_append(out, bytes, length);
    return 0;
}

void json_write(struct buffer *out, const json_t *value, bool pretty)
{
    json_dump_callback(value, append_dump, out, JSON_ENCODE_ANY | (pretty ? JSON_INDENT(2) : JSON_COMPACT));
}
