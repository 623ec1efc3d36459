#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Drops a UTF-8 sequence that the buffer's end has cut in two. */
static void cut_at_character(char *text, size_t length)
{
    size_t back = 0;
    while (back < 4 && back < length && ((unsigned char)text[length - 1 - back] & 0xC0u) == 0x80u)
        back++;
    if (back < length && ((unsigned char)text[length - 1 - back] & 0xC0u) == 0xC0u)
        text[length - 1 - back] = '\0';
}

bool(error_set)(struct error *ret_error, enum error_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(ret_error->text, sizeof ret_error->text, format, arguments);
    va_end(arguments);
    if (wanted >= (int)sizeof ret_error->text)
        cut_at_character(ret_error->text, sizeof ret_error->text - 1);
    ret_error->code = code;
    return false;
}

bool(error_prefix)(struct error *error, const char *format, ...)
{
    char before[ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(before, sizeof before, format, arguments);
    va_end(arguments);
    struct error old = *error;
    return error_set(error, old.code, "%s: %s", before, old.text);
}

const char *error_code_word(enum error_code code)
{
    switch (code) {
#define ERROR_WORD(constant, word)                                                                                     \
    case constant:                                                                                                     \
        return word;
        ERROR_CODES(ERROR_WORD)
#undef ERROR_WORD
    }
    return "internal";
}
