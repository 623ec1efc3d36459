/* Single keys and values of the configuration: kinds, bounds, and errors that say what to write instead. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/money.h"
#include "base/text.h"
#include "controller/agent/config_private.h"

enum { CONFIG_KEYS_MAX = 32, CONFIG_PERCENT_MAX = 100 };

static const struct config_key *key_find(const struct config_key *keys, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

static bool key_refuse(const struct config_reading *reading, struct hcl_position position, const char *what,
                       const char *name, const char *where, const struct config_key *keys, size_t count,
                       struct error *ret_error)
{
    const char *names[CONFIG_KEYS_MAX] = {0};
    for (size_t i = 0; i < count && i < CONFIG_KEYS_MAX; i++) {
        names[i] = keys[i].name;
    }
    const char *near = text_nearest(name, names, count < CONFIG_KEYS_MAX ? count : CONFIG_KEYS_MAX);
    if (near != NULL) {
        return hcl_fail(reading->document, position, ERROR_INVALID, ret_error,
                        "unknown %s \"%s\"%s; did you mean \"%s\"?", what, name, where, near);
    }
    struct buffer known = BUFFER_INIT;
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&known, "%s%s", i == 0 ? "" : ", ", keys[i].name);
    }
    hcl_fail(reading->document, position, ERROR_INVALID, ret_error, "unknown %s \"%s\"%s; known are %s", what, name,
             where, known.data);
    buffer_release(&known);
    return false;
}

static bool key_check_argument(const struct config_reading *reading, const struct hcl_argument *argument,
                               const char *where, const struct config_key *keys, size_t count, struct error *ret_error)
{
    const struct config_key *key = key_find(keys, count, argument->name);
    if (key == NULL) {
        return key_refuse(reading, argument->position, "key", argument->name, where, keys, count, ret_error);
    }
    return key->kind == CONFIG_ARGUMENT || hcl_fail(reading->document, argument->position, ERROR_INVALID, ret_error,
                                                    "\"%s\" is a block: write %s%s { ... } without \"=\"", key->name,
                                                    key->name, key->kind == CONFIG_BLOCKS ? " \"name\"" : "");
}

/* An earlier block of the same type, or of the same type and label where several may stand. */
static const struct hcl_block *key_earlier(const struct hcl_body *body, const struct hcl_block *block, bool several)
{
    for (const struct hcl_block *at = body->blocks; at != NULL && at != block; at = at->next) {
        bool same = strcmp(at->type, block->type) == 0;
        if (same && (!several || (at->label_count == 1 && strcmp(at->labels[0], block->labels[0]) == 0))) {
            return at;
        }
    }
    return NULL;
}

static bool key_check_block(const struct config_reading *reading, const struct hcl_body *body,
                            const struct hcl_block *block, const char *where, const struct config_key *keys,
                            size_t count, struct error *ret_error)
{
    const struct config_key *key = key_find(keys, count, block->type);
    if (key == NULL) {
        return key_refuse(reading, block->position, "block", block->type, where, keys, count, ret_error);
    }
    if (key->kind == CONFIG_ARGUMENT) {
        return hcl_fail(reading->document, block->position, ERROR_INVALID, ret_error,
                        "\"%s\" is an argument: write %s = ...", key->name, key->name);
    }
    bool several = key->kind == CONFIG_BLOCKS;
    size_t labels = several || key->labelled ? 1 : 0;
    if (block->label_count != labels) {
        return hcl_fail(reading->document, block->position, ERROR_INVALID, ret_error, "write %s%s { ... }", key->name,
                        labels == 1 ? " \"name\"" : ", without a label, and");
    }
    const struct hcl_block *earlier = key_earlier(body, block, several);
    if (earlier == NULL) {
        return true;
    }
    return hcl_fail(reading->document, block->position, ERROR_INVALID, ret_error,
                    "%s%s%s%s stands here a second time; the first is at %s:%u:%u", key->name, several ? " \"" : "",
                    several ? block->labels[0] : "", several ? "\"" : "",
                    hcl_file_name(reading->document, earlier->position), earlier->position.line,
                    earlier->position.column);
}

bool config_check_keys(const struct config_reading *reading, const struct hcl_body *body, const char *where,
                       const struct config_key *keys, size_t key_count, struct error *ret_error)
{
    for (const struct hcl_argument *at = body->arguments; at != NULL; at = at->next) {
        if (!key_check_argument(reading, at, where, keys, key_count, ret_error)) {
            return false;
        }
    }
    for (const struct hcl_block *at = body->blocks; at != NULL; at = at->next) {
        if (!key_check_block(reading, body, at, where, keys, key_count, ret_error)) {
            return false;
        }
    }
    return true;
}

struct hcl_position config_position(const struct hcl_body *body, const char *name)
{
    const struct hcl_argument *argument = hcl_find_argument(body, name);
    return argument != NULL ? argument->value->position : body->position;
}

static bool value_refuse(const struct config_reading *reading, const struct hcl_value *value, const char *name,
                         const char *wanted, struct error *ret_error)
{
    return hcl_fail(reading->document, value->position, ERROR_INVALID, ret_error, "%s must be %s, not %s", name, wanted,
                    hcl_kind_words(value->kind));
}

bool config_get_text(const struct config_reading *reading, const struct hcl_body *body, const char *name,
                     size_t length_max, char **ret_text, struct error *ret_error)
{
    const struct hcl_argument *argument = hcl_find_argument(body, name);
    if (argument == NULL) {
        return true;
    }
    const struct hcl_value *value = argument->value;
    if (value->kind != HCL_TEXT) {
        return value_refuse(reading, value, name, "text in quotes", ret_error);
    }
    if (value->text.length == 0 || value->text.length > length_max) {
        return hcl_fail(reading->document, value->position, ERROR_INVALID, ret_error,
                        value->text.length == 0 ? "%s is empty; leave it out or give it a value"
                                                : "%s is longer than %zu bytes",
                        name, length_max);
    }
    *ret_text = memory_copy_text(value->text.bytes, value->text.length);
    return true;
}

bool config_get_file(const struct config_reading *reading, const struct hcl_body *body, const char *name,
                     char **ret_path, struct error *ret_error)
{
    char *path = NULL;
    if (!config_get_text(reading, body, name, CONFIG_PATH_MAX, &path, ret_error)) {
        return false;
    }
    if (path != NULL && reading->look_at_files && access(path, R_OK) != 0) {
        hcl_fail(reading->document, config_position(body, name), ERROR_NOT_FOUND, ret_error,
                 "%s: %s cannot be read: %m", name, path);
        free(path);
        return false;
    }
    if (path != NULL) {
        *ret_path = path;
    }
    return true;
}

bool config_get_flag(const struct config_reading *reading, const struct hcl_body *body, const char *name,
                     bool *ret_flag, struct error *ret_error)
{
    const struct hcl_argument *argument = hcl_find_argument(body, name);
    if (argument == NULL) {
        return true;
    }
    if (argument->value->kind != HCL_FLAG) {
        return value_refuse(reading, argument->value, name, "true or false", ret_error);
    }
    *ret_flag = argument->value->flag;
    return true;
}

bool config_get_whole(const struct config_reading *reading, const struct hcl_body *body, const char *name,
                      int64_t least, int64_t most, int64_t *ret_number, struct error *ret_error)
{
    const struct hcl_argument *argument = hcl_find_argument(body, name);
    if (argument == NULL) {
        return true;
    }
    const struct hcl_value *value = argument->value;
    if (value->kind != HCL_NUMBER || !value->number.is_whole) {
        return hcl_fail(reading->document, value->position, ERROR_INVALID, ret_error, "%s must be a whole number",
                        name);
    }
    if (value->number.whole < least || value->number.whole > most) {
        return hcl_fail(reading->document, value->position, ERROR_INVALID, ret_error,
                        "%s is %s; it must be from %lld to %lld", name, value->number.digits, (long long)least,
                        (long long)most);
    }
    *ret_number = value->number.whole;
    return true;
}

/* The decimal digits of text or a number; NULL for another kind. */
static const char *value_decimal(const struct hcl_value *value)
{
    if (value->kind == HCL_TEXT) {
        return value->text.bytes;
    }
    return value->kind == HCL_NUMBER ? value->number.digits : NULL;
}

bool config_get_money(const struct config_reading *reading, const struct hcl_body *body, const char *name,
                      bool negative, int64_t most, int64_t *ret_uusd, struct error *ret_error)
{
    const struct hcl_argument *argument = hcl_find_argument(body, name);
    if (argument == NULL) {
        return true;
    }
    const struct hcl_value *value = argument->value;
    const char *decimal = value_decimal(value);
    struct error why;
    int64_t uusd = 0;
    if (decimal == NULL) {
        return value_refuse(reading, value, name, "an amount in dollars as \"0.096\"", ret_error);
    }
    if (!money_parse(decimal, strlen(decimal), &uusd, &why)) {
        return hcl_fail(reading->document, value->position, ERROR_INVALID, ret_error, "%s: %s", name, why.text);
    }
    if (uusd < 0 && !negative) {
        return hcl_fail(reading->document, value->position, ERROR_INVALID, ret_error, "%s is negative", name);
    }
    if (uusd > most || uusd < -most) {
        char limit[MONEY_TEXT_MAX];
        return hcl_fail(reading->document, value->position, ERROR_INVALID, ret_error,
                        "%s is absurd: more than %s USD; is the unit right?", name, money_format(most, limit));
    }
    *ret_uusd = uusd;
    return true;
}

bool config_get_share(const struct config_reading *reading, const struct hcl_body *body, const char *name,
                      uint32_t *ret_percent, struct error *ret_error)
{
    const struct hcl_argument *argument = hcl_find_argument(body, name);
    if (argument == NULL) {
        return true;
    }
    const struct hcl_value *value = argument->value;
    const char *decimal = value_decimal(value);
    size_t length = decimal != NULL ? strlen(decimal) : 0;
    uint64_t percent = 0;
    struct error ignored;
    if (value->kind == HCL_TEXT && length > 0 && decimal[length - 1] == '%') {
        length--;
    } else if (value->kind == HCL_TEXT) {
        length = 0;
    }
    if (length == 0 || !text_parse_u64(decimal, length, name, 1, CONFIG_PERCENT_MAX, &percent, &ignored)) {
        return hcl_fail(reading->document, value->position, ERROR_INVALID, ret_error,
                        "%s must be a share from \"1%%\" to \"100%%\"", name);
    }
    *ret_percent = (uint32_t)percent;
    return true;
}

static bool pattern_take(const struct config_reading *reading, const struct hcl_value *item, const char *name,
                         struct patterns *patterns, struct error *ret_error)
{
    if (item->kind != HCL_TEXT) {
        return value_refuse(reading, item, name, "a list of texts", ret_error);
    }
    if (item->text.length == 0 || item->text.length > POLICY_PATTERN_MAX) {
        return hcl_fail(reading->document, item->position, ERROR_INVALID, ret_error,
                        "%s holds a text that is empty or longer than %d bytes", name, POLICY_PATTERN_MAX);
    }
    if (patterns->count == POLICY_PATTERNS_MAX) {
        return hcl_fail(reading->document, item->position, ERROR_TOO_LARGE, ret_error, "%s has more than %d entries",
                        name, POLICY_PATTERNS_MAX);
    }
    patterns_add(patterns, item->text.bytes);
    return true;
}

bool config_get_patterns(const struct config_reading *reading, const struct hcl_body *body, const char *name,
                         struct patterns *ret_patterns, struct error *ret_error)
{
    const struct hcl_argument *argument = hcl_find_argument(body, name);
    if (argument == NULL) {
        return true;
    }
    if (argument->value->kind != HCL_LIST) {
        return value_refuse(reading, argument->value, name, "a list as [\"a\", \"b\"]", ret_error);
    }
    for (const struct hcl_value *item = argument->value->items; item != NULL; item = item->next) {
        if (!pattern_take(reading, item, name, ret_patterns, ret_error)) {
            return false;
        }
    }
    return true;
}

bool config_check_name(const struct config_reading *reading, struct hcl_position position, const char *what,
                       const char *name, size_t most, struct error *ret_error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t length = strlen(name);
    if (length == 0 || length > most || strspn(name, allowed) != length || strcmp(name, "..") == 0 ||
        strcmp(name, ".") == 0) {
        return hcl_fail(reading->document, position, ERROR_INVALID, ret_error,
                        "the name of a %s has 1 to %zu letters, digits, '-', '_' and '.'", what, most);
    }
    return true;
}
