/* Bounded JSON trees over base/json.h. See document.h. */
#include "controller/federation/document.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

json_t *document_parse(const char *bytes, size_t length, size_t length_max, struct error *ret_error)
{
    json_t *document;
    if (!json_read(bytes, length, length_max, DOCUMENT_DEPTH_MAX, &document, ret_error)) {
        error_prefix(ret_error, "not valid JSON");
        return NULL;
    }
    if (!json_is_object(document)) {
        json_decref(document);
        error_set(ret_error, ERROR_INVALID, "the JSON is not an object");
        return NULL;
    }
    return document;
}

void document_print(const json_t *document, struct buffer *out)
{
    json_write(out, document, false);
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
