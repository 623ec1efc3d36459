/* Getters of base/json.h: one member of an object, its kind checked. */
#include "base/json.h"

#include <string.h>

#include "base/money.h"

const char *json_kind_words(const json_t *value)
{
    if (!value)
        return "nothing";
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "text";
    case JSON_INTEGER:
        return "a whole number";
    case JSON_REAL:
        return "a number with a fraction";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        return "null";
    }
    return "nothing";
}

static enum json_found look(const json_t *object, const char *key, json_t **ret_value)
{
    json_t *value = json_object_get(object, key);
    if (!value)
        return JSON_FOUND_ABSENT;
    *ret_value = value;
    return json_is_null(value) ? JSON_FOUND_NULL : JSON_FOUND;
}

enum json_found json_get_text(const json_t *object, const char *key, const char **ret_text)
{
    json_t *value = NULL;
    enum json_found found = look(object, key, &value);
    if (found != JSON_FOUND)
        return found;
    if (!json_is_string(value))
        return JSON_FOUND_WRONG;
    *ret_text = json_string_value(value);
    return JSON_FOUND;
}

enum json_found json_get_i64(const json_t *object, const char *key, int64_t *ret_number)
{
    json_t *value = NULL;
    enum json_found found = look(object, key, &value);
    if (found != JSON_FOUND)
        return found;
    if (!json_is_integer(value))
        return JSON_FOUND_WRONG;
    *ret_number = json_integer_value(value);
    return JSON_FOUND;
}

enum json_found json_get_flag(const json_t *object, const char *key, bool *ret_flag)
{
    json_t *value = NULL;
    enum json_found found = look(object, key, &value);
    if (found != JSON_FOUND)
        return found;
    if (!json_is_boolean(value))
        return JSON_FOUND_WRONG;
    *ret_flag = json_is_true(value);
    return JSON_FOUND;
}

enum json_found json_get_real(const json_t *object, const char *key, double *ret_number)
{
    json_t *value = NULL;
    enum json_found found = look(object, key, &value);
    if (found != JSON_FOUND)
        return found;
    if (!json_is_number(value))
        return JSON_FOUND_WRONG;
    *ret_number = json_number_value(value);
    return JSON_FOUND;
}

enum json_found json_get_object(const json_t *object, const char *key, json_t **ret_object)
{
    json_t *value = NULL;
    enum json_found found = look(object, key, &value);
    if (found != JSON_FOUND)
        return found;
    if (!json_is_object(value))
        return JSON_FOUND_WRONG;
    *ret_object = value;
    return JSON_FOUND;
}

enum json_found json_get_array(const json_t *object, const char *key, json_t **ret_array)
{
    json_t *value = NULL;
    enum json_found found = look(object, key, &value);
    if (found != JSON_FOUND)
        return found;
    if (!json_is_array(value))
        return JSON_FOUND_WRONG;
    *ret_array = value;
    return JSON_FOUND;
}

enum json_found json_get_money(const json_t *object, const char *key, int64_t *ret_uusd)
{
    const char *text = NULL;
    enum json_found found = json_get_text(object, key, &text);
    if (found != JSON_FOUND)
        return found;
    struct error ignored;
    return money_parse(text, strlen(text), ret_uusd, &ignored) ? JSON_FOUND : JSON_FOUND_WRONG;
}

/* One sentence for what stands in the wrong place. */
static bool refuse(const json_t *object, const char *key, const char *wanted, struct error *ret_error)
{
    return error_set(ret_error, ERROR_INVALID, "%s: %s is wanted, %s stands there", key, wanted,
                     json_kind_words(json_object_get(object, key)));
}

static bool refuse_money(const json_t *object, const char *key, struct error *ret_error)
{
    const char *text = json_string_value(json_object_get(object, key));
    int64_t ignored = 0;
    if (!text || money_parse(text, strlen(text), &ignored, ret_error))
        return refuse(object, key, "decimal text such as \"0.096\"", ret_error);
    return error_prefix(ret_error, "%s", key);
}

bool json_require_text(const json_t *object, const char *key, const char **ret_text, struct error *ret_error)
{
    return json_get_text(object, key, ret_text) == JSON_FOUND || refuse(object, key, "text", ret_error);
}

bool json_require_i64(const json_t *object, const char *key, int64_t *ret_number, struct error *ret_error)
{
    return json_get_i64(object, key, ret_number) == JSON_FOUND || refuse(object, key, "a whole number", ret_error);
}

bool json_require_flag(const json_t *object, const char *key, bool *ret_flag, struct error *ret_error)
{
    return json_get_flag(object, key, ret_flag) == JSON_FOUND || refuse(object, key, "true or false", ret_error);
}

bool json_require_object(const json_t *object, const char *key, json_t **ret_object, struct error *ret_error)
{
    return json_get_object(object, key, ret_object) == JSON_FOUND || refuse(object, key, "an object", ret_error);
}

bool json_require_array(const json_t *object, const char *key, json_t **ret_array, struct error *ret_error)
{
    return json_get_array(object, key, ret_array) == JSON_FOUND || refuse(object, key, "an array", ret_error);
}

bool json_require_money(const json_t *object, const char *key, int64_t *ret_uusd, struct error *ret_error)
{
    return json_get_money(object, key, ret_uusd) == JSON_FOUND || refuse_money(object, key, ret_error);
}

/* True for absent and null, where the fallback holds. */
static bool is_missing(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return !value || json_is_null(value);
}

bool json_optional_text(const json_t *object, const char *key, const char *fallback, const char **ret_text,
                        struct error *ret_error)
{
    if (!is_missing(object, key))
        return json_require_text(object, key, ret_text, ret_error);
    *ret_text = fallback;
    return true;
}

bool json_optional_i64(const json_t *object, const char *key, int64_t fallback, int64_t *ret_number,
                       struct error *ret_error)
{
    if (!is_missing(object, key))
        return json_require_i64(object, key, ret_number, ret_error);
    *ret_number = fallback;
    return true;
}

bool json_optional_flag(const json_t *object, const char *key, bool fallback, bool *ret_flag, struct error *ret_error)
{
    if (!is_missing(object, key))
        return json_require_flag(object, key, ret_flag, ret_error);
    *ret_flag = fallback;
    return true;
}

bool json_optional_object(const json_t *object, const char *key, json_t **ret_object, struct error *ret_error)
{
    if (!is_missing(object, key))
        return json_require_object(object, key, ret_object, ret_error);
    *ret_object = NULL;
    return true;
}

bool json_optional_array(const json_t *object, const char *key, json_t **ret_array, struct error *ret_error)
{
    if (!is_missing(object, key))
        return json_require_array(object, key, ret_array, ret_error);
    *ret_array = NULL;
    return true;
}

bool json_optional_money(const json_t *object, const char *key, int64_t fallback, int64_t *ret_uusd,
                         struct error *ret_error)
{
    if (!is_missing(object, key))
        return json_require_money(object, key, ret_uusd, ret_error);
    *ret_uusd = fallback;
    return true;
}
