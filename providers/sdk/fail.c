/* Failures as provider.h wants them; see fail.h. */
#include "providers/sdk/fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "base/utf8.h"

/* What of `text` fits into `room` bytes without cutting a character. */
static size_t whole_characters(const char *text, size_t length, size_t room)
{
    if (length <= room)
        return length;
    while (room > 0 && ((unsigned char)text[room] & 0xC0u) == 0x80u)
        room--;
    return room;
}

void sdk_copy_text(char *ret_text, size_t size, const char *text)
{
    if (size == 0)
        return;
    struct buffer visible = BUFFER_INIT;
    /* What does not fit even unescaped need not be looked at. */
    text_append_visible(&visible, text ? text : "", text ? strnlen(text, size + UTF8_SEQUENCE_MAX) : 0, false);
    size_t length = whole_characters(visible.data, visible.length, size - 1);
    memcpy(ret_text, visible.data, length);
    ret_text[length] = '\0';
    buffer_release(&visible);
}

void sdk_error_code(struct provider_error *error, const char *code)
{
    sdk_copy_text(error->code, sizeof error->code, code);
}

static void fill(struct provider_error *error, const char *call, const char *text)
{
    *error = (struct provider_error){.retry_at_us = PROVIDER_UNSET};
    sdk_copy_text(error->call, sizeof error->call, call);
    sdk_copy_text(error->text, sizeof error->text, text);
}

enum provider_status sdk_fail(struct provider_error *error, enum provider_status status, const char *call,
                              const char *format, ...)
{
    char text[2 * PROVIDER_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fill(error, call, text);
    return status;
}

enum provider_status sdk_fail_with(struct provider_error *error, enum provider_status status, const char *call,
                                   const struct error *reason)
{
    fill(error, call, reason->text);
    return status;
}

void sdk_log(const struct provider_services *services, enum provider_level level, const char *format, ...)
{
    char text[2 * PROVIDER_TEXT_MAX];
    char line[PROVIDER_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    sdk_copy_text(line, sizeof line, text);
    services->log(services->context, level, line);
}

const char *sdk_status_word(enum provider_status status)
{
    static const char *const words[PROVIDER_STATUS_COUNT] = {"ok",        "retry",       "throttled", "auth",
                                                             "not_found", "no_capacity", "quota",     "conflict",
                                                             "invalid",   "unreachable", "unknown"};
    return (unsigned)status < PROVIDER_STATUS_COUNT ? words[status] : "invalid";
}
