/* Settings, one at a time. */
#include "providers/onprem/setting_value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "providers/onprem/settings.h"
#include "providers/sdk/decimal.h"

#define WATTS_MAX_MICRO (INT64_C(100000) * SDK_MICRO)

bool setting_is_name(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length >= ONPREM_NAME_MAX || text[0] == '-' || text[0] == '_')
        return false;
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == length;
}

bool setting_block(const struct provider_services *services, const char *kind, const char *label,
                   struct setting_block *ret_block, struct error *ret_error)
{
    if (!setting_is_name(label))
        return error_set(ret_error, ERROR_INVALID, "%s: a label is letters, digits, '-' and '_', at most %d of them",
                         kind, ONPREM_NAME_MAX - 1);
    ret_block->services = services;
    snprintf(ret_block->path, sizeof ret_block->path, "%s.%s", kind, label);
    return true;
}

static void join(const struct setting_block *block, const char *name, char path[static SETTING_PATH_MAX])
{
    snprintf(path, SETTING_PATH_MAX, "%.128s%s%.100s", block->path, block->path[0] ? "." : "", name);
}

const char *setting_raw(const struct setting_block *block, const char *name, size_t at)
{
    char path[SETTING_PATH_MAX];
    join(block, name, path);
    return block->services->setting(block->services->context, path, at);
}

bool setting_refuse(const struct setting_block *block, const char *name, struct error *ret_error, const char *format,
                    ...)
{
    char path[SETTING_PATH_MAX], text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    join(block, name, path);
    return error_set(ret_error, ERROR_INVALID, "%s: %s", path, text);
}

bool setting_text(const struct setting_block *block, const char *name, char *value, size_t size,
                  struct error *ret_error)
{
    const char *text = setting_raw(block, name, 0);
    if (!text)
        return true;
    size_t length = strlen(text);
    if (length >= size)
        return setting_refuse(block, name, ret_error, "at most %zu bytes are taken", size - 1);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 127)
            return setting_refuse(block, name, ret_error, "holds a control character");
    if (!utf8_valid(text, length))
        return setting_refuse(block, name, ret_error, "is not UTF-8");
    memcpy(value, text, length + 1);
    return true;
}

bool setting_flag(const struct setting_block *block, const char *name, bool *value, struct error *ret_error)
{
    const char *text = setting_raw(block, name, 0);
    if (!text)
        return true;
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return setting_refuse(block, name, ret_error, "true or false is wanted");
    *value = text[0] == 't';
    return true;
}

bool setting_count(const struct setting_block *block, const char *name, int64_t least, int64_t most, int64_t *value,
                   struct error *ret_error)
{
    const char *text = setting_raw(block, name, 0);
    uint64_t number = 0;
    if (!text)
        return true;
    struct error reason;
    if (!text_parse_u64(text, strlen(text), "it", (uint64_t)least, (uint64_t)most, &number, &reason))
        return setting_refuse(block, name, ret_error, "%s", reason.text);
    *value = (int64_t)number;
    return true;
}

bool setting_micro(const struct setting_block *block, const char *name, int64_t *value, struct error *ret_error)
{
    const char *text = setting_raw(block, name, 0);
    int64_t micro = 0;
    if (!text)
        return true;
    struct error reason;
    if (!sdk_decimal_read(text, strlen(text), &micro, &reason))
        return setting_refuse(block, name, ret_error, "%s", reason.text);
    if (micro < 0)
        return setting_refuse(block, name, ret_error, "must not be negative");
    *value = micro;
    return true;
}

bool setting_percent(const struct setting_block *block, const char *name, int64_t *value_ppm, struct error *ret_error)
{
    int64_t micro = -1;
    if (!setting_micro(block, name, &micro, ret_error))
        return false;
    if (micro > 100 * SDK_MICRO)
        return setting_refuse(block, name, ret_error, "a percentage of 0 to 100 is wanted");
    if (micro >= 0)
        *value_ppm = micro / 100;
    return true;
}

bool setting_watts(const struct setting_block *block, const char *name, int64_t *value_mw, struct error *ret_error)
{
    int64_t micro = -1;
    if (!setting_micro(block, name, &micro, ret_error))
        return false;
    if (micro > WATTS_MAX_MICRO)
        return setting_refuse(block, name, ret_error, "at most 100000 watts are believed of one machine");
    if (micro >= 0)
        *value_mw = micro / 1000;
    return true;
}

bool setting_duration(const struct setting_block *block, const char *name, int64_t most_s, int64_t *value_us,
                      struct error *ret_error)
{
    const char *text = setting_raw(block, name, 0);
    int64_t ms = 0;
    if (!text)
        return true;
    struct error reason;
    if (!text_parse_duration(text, strlen(text), &ms, &reason))
        return setting_refuse(block, name, ret_error, "%s", reason.text);
    if (ms < 1 || ms > most_s * 1000)
        return setting_refuse(block, name, ret_error, "1ms to %llds is wanted", (long long)most_s);
    *value_us = ms * 1000;
    return true;
}
