/* Bounded JSON trees over jansson. See document.h. */
#include "controller/federation/document.h"

#include <stdio.h>
#include <string.h>

/* Nesting is counted before jansson recurses. Strings are skipped by their escapes only; jansson checks the rest. */
static bool depth_is_bounded(const char *bytes, size_t length)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        char byte = bytes[i];
        if (in_string) {
            if (byte == '\\')
                i++;
            else if (byte == '"')
                in_string = false;
        } else if (byte == '"') {
            in_string = true;
        } else if (byte == '{' || byte == '[') {
            if (++depth > DOCUMENT_DEPTH_MAX)
                return false;
        } else if ((byte == '}' || byte == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

/* jansson quotes the offending token after " near "; a token may be somebody's secret. */
static void cut_quotation(char *text)
{
    char *near = strstr(text, " near ");
    if (near != NULL)
        *near = '\0';
}

json_t *document_parse(const char *bytes, size_t length, size_t length_max, struct error *ret_error)
{
    if (length > length_max) {
        error_set(ret_error, ERROR_TOO_LARGE, "%zu bytes of JSON; at most %zu are read", length, length_max);
        return NULL;
    }
    if (!depth_is_bounded(bytes, length)) {
        error_set(ret_error, ERROR_INVALID, "JSON is nested more than %d deep", DOCUMENT_DEPTH_MAX);
        return NULL;
    }
    json_error_t problem;
    json_t *document = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &problem);
    if (document == NULL) {
        cut_quotation(problem.text);
        error_set(ret_error, ERROR_INVALID, "not valid JSON at %d:%d: %s", problem.line, problem.column, problem.text);
        return NULL;
    }
    if (!json_is_object(document)) {
        json_decref(document);
        error_set(ret_error, ERROR_INVALID, "the JSON is not an object");
        return NULL;
    }
    return document;
}

static int append_text(const char *bytes, size_t length, void *context)
{
    buffer_append(context, bytes, length);
    return 0;
}

void document_print(const json_t *document, struct buffer *out)
{
    json_dump_callback(document, append_text, out, JSON_COMPACT | JSON_ENCODE_ANY);
}

static const json_t *member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

bool document_integer(const json_t *object, const char *path, const char *key, int64_t least, int64_t most,
                      int64_t absent, int64_t *ret_value, struct error *ret_error)
{
    const json_t *value = member(object, key);
    if (value == NULL) {
        *ret_value = absent;
        return true;
    }
    if (!json_is_integer(value))
        return error_set(ret_error, ERROR_INVALID, "%s.%s: a whole number is wanted", path, key);
    int64_t number = json_integer_value(value);
    if (number < least || number > most)
        return error_set(ret_error, ERROR_INVALID, "%s.%s: %lld is not between %lld and %lld", path, key,
                         (long long)number, (long long)least, (long long)most);
    *ret_value = number;
    return true;
}

bool document_flag(const json_t *object, const char *path, const char *key, bool absent, bool *ret_value,
                   struct error *ret_error)
{
    const json_t *value = member(object, key);
    if (value != NULL && !json_is_boolean(value))
        return error_set(ret_error, ERROR_INVALID, "%s.%s: true or false is wanted", path, key);
    *ret_value = value == NULL ? absent : json_is_true(value);
    return true;
}

bool document_text(const json_t *object, const char *path, const char *key, size_t most, const char *absent,
                   const char **ret_value, struct error *ret_error)
{
    const json_t *value = member(object, key);
    if (value == NULL) {
        *ret_value = absent;
        return true;
    }
    if (!json_is_string(value))
        return error_set(ret_error, ERROR_INVALID, "%s.%s: a text is wanted", path, key);
    if (json_string_length(value) > most)
        return error_set(ret_error, ERROR_INVALID, "%s.%s: longer than %zu bytes", path, key, most);
    *ret_value = json_string_value(value);
    return true;
}

bool document_object(const json_t *object, const char *path, const char *key, json_t **ret_value,
                     struct error *ret_error)
{
    const json_t *value = member(object, key);
    if (value != NULL && !json_is_object(value))
        return error_set(ret_error, ERROR_INVALID, "%s.%s: an object is wanted", path, key);
    *ret_value = value == NULL ? NULL : json_object_get(object, key);
    return true;
}

bool document_array(const json_t *object, const char *path, const char *key, size_t most, json_t **ret_value,
                    struct error *ret_error)
{
    const json_t *value = member(object, key);
    if (value != NULL && !json_is_array(value))
        return error_set(ret_error, ERROR_INVALID, "%s.%s: a list is wanted", path, key);
    if (json_array_size(value) > most)
        return error_set(ret_error, ERROR_INVALID, "%s.%s: more than %zu elements", path, key, most);
    *ret_value = value == NULL ? NULL : json_object_get(object, key);
    return true;
}

bool document_element(const json_t *array, const char *path, size_t index, json_t **ret_value, struct error *ret_error)
{
    json_t *value = json_array_get(array, index);
    if (!json_is_object(value))
        return error_set(ret_error, ERROR_INVALID, "%s[%zu]: an object is wanted", path, index);
    *ret_value = value;
    return true;
}

/* encoding/json folds by Unicode: besides ASCII, U+017F (long s) is an S and U+212A (Kelvin sign) a K. */
static size_t fold_one(const char *text, char *ret_folded)
{
    unsigned char byte = (unsigned char)*text;
    if (byte == 0xC5 && (unsigned char)text[1] == 0xBF) {
        *ret_folded = 's';
        return 2;
    }
    if (byte == 0xE2 && (unsigned char)text[1] == 0x84 && (unsigned char)text[2] == 0xAA) {
        *ret_folded = 'k';
        return 3;
    }
    *ret_folded = byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : (char)byte;
    return 1;
}

static bool same_folded(const char *one, const char *other)
{
    while (*one != '\0' && *other != '\0') {
        char a, b;
        one += fold_one(one, &a);
        other += fold_one(other, &b);
        if (a != b)
            return false;
    }
    return *one == *other;
}

bool document_check_case(const json_t *object, const char *path, const char *const *keys, struct error *ret_error)
{
    /* jansson's iterators take the object unconst; nothing is changed. */
    json_t *mutable_object = (json_t *)(uintptr_t)object;
    const char *key;
    json_t *value;
    json_object_foreach(mutable_object, key, value)
    {
        for (size_t i = 0; keys[i] != NULL; i++) {
            if (strcmp(key, keys[i]) != 0 && same_folded(key, keys[i]))
                return error_set(ret_error, ERROR_INVALID, "%s.%s: write it as \"%s\"", path, key, keys[i]);
        }
    }
    return true;
}

const char *document_path(char into[static DOCUMENT_PATH_MAX], const char *path, const char *key)
{
    snprintf(into, DOCUMENT_PATH_MAX, "%s.%s", path, key);
    return into;
}

const char *document_path_element(char into[static DOCUMENT_PATH_MAX], const char *path, const char *key, size_t index)
{
    snprintf(into, DOCUMENT_PATH_MAX, "%s.%s[%zu]", path, key, index);
    return into;
}
