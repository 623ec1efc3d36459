/* Strict reading of lines of words and numbers; see text.h. */
#include "controller/placement/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void text_start(struct text *text, const char *bytes, size_t length, struct error *error)
{
    if (!bytes)
        bytes = "";
    *text = (struct text){.at = bytes, .end = bytes + length, .line = bytes, .line_number = 0, .error = error};
}

bool text_fail(struct text *text, enum error_code code, const char *format, ...)
{
    char message[ERROR_TEXT_MAX / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return error_set(text->error, code, "%zu:%zu: %s", text->line_number, (size_t)(text->at - text->line) + 1, message);
}

/* Length of the UTF-8 sequence at `at` (RFC 3629), 0 when it is none. */
static size_t utf8_length(const unsigned char *at, size_t left)
{
    if (at[0] >= 0xC2 && at[0] <= 0xDF)
        return left >= 2 && (at[1] & 0xC0) == 0x80 ? 2 : 0;
    if (at[0] >= 0xE0 && at[0] <= 0xEF) {
        if (left < 3 || (at[1] & 0xC0) != 0x80 || (at[2] & 0xC0) != 0x80)
            return 0;
        if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F))
            return 0;
        return 3;
    }
    if (at[0] >= 0xF0 && at[0] <= 0xF4) {
        if (left < 4 || (at[1] & 0xC0) != 0x80 || (at[2] & 0xC0) != 0x80 || (at[3] & 0xC0) != 0x80)
            return 0;
        if ((at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F))
            return 0;
        return 4;
    }
    return 0;
}

static bool text_fail_at(struct text *text, const char *bytes, const char *at, const char *message)
{
    text->line_number = 1;
    for (const char *c = bytes; c < at; c++) {
        if (*c == '\n') {
            text->line_number++;
            text->line = c + 1;
        }
    }
    text->at = at;
    return text_fail(text, ERROR_INVALID, "%s", message);
}

bool text_open(struct text *text, const char *bytes, size_t length, struct error *error)
{
    text_start(text, bytes, length, error);
    const unsigned char *at = (const unsigned char *)text->at;
    const unsigned char *end = at + length;
    bytes = text->at;
    while (at < end) {
        if (*at >= 0x20 && *at < 0x7F) {
            at++;
        } else if (*at == '\n' || *at == '\t') {
            at++;
        } else if (*at < 0x20 || *at == 0x7F) {
            return text_fail_at(text, bytes, (const char *)at, "a control character");
        } else {
            size_t sequence = utf8_length(at, (size_t)(end - at));
            if (!sequence)
                return text_fail_at(text, bytes, (const char *)at, "not UTF-8");
            at += sequence;
        }
    }
    return true;
}

static void skip_blanks(struct text *text)
{
    while (text->at < text->end && (*text->at == ' ' || *text->at == '\t'))
        text->at++;
}

bool text_at_line_end(struct text *text)
{
    skip_blanks(text);
    return text->at == text->end || *text->at == '\n' || *text->at == '#';
}

bool text_next_line(struct text *text)
{
    for (;;) {
        if (text->line_number > 0) {
            const char *newline = memchr(text->at, '\n', (size_t)(text->end - text->at));
            if (!newline) {
                text->at = text->end;
                return false;
            }
            text->at = newline + 1;
        }
        text->line = text->at;
        text->line_number++;
        if (!text_at_line_end(text))
            return true;
        if (text->at == text->end)
            return false;
    }
}

bool text_take_word(struct text *text, const char **ret_word, size_t *ret_length)
{
    if (text_at_line_end(text))
        return false;
    const char *start = text->at;
    while (text->at < text->end && !memchr(" \t\n#=", *text->at, 5))
        text->at++;
    *ret_word = start;
    *ret_length = (size_t)(text->at - start);
    return true;
}

bool text_take_char(struct text *text, char character)
{
    if (text->at == text->end || *text->at != character)
        return false;
    text->at++;
    return true;
}

bool text_take_number(struct text *text, int64_t most, const char *what, int64_t *ret_number)
{
    const char *start = text->at;
    uint64_t number = 0;
    bool overflow = false;
    while (text->at < text->end && *text->at >= '0' && *text->at <= '9') {
        overflow = overflow || number > (UINT64_MAX - 9) / 10;
        number = number * 10 + (uint64_t)(*text->at - '0');
        text->at++;
    }
    if (text->at == start)
        return text_fail(text, ERROR_INVALID, "%s: a whole number of at least 0 is expected", what);
    if (overflow || number > (uint64_t)most) {
        text->at = start;
        return text_fail(text, ERROR_OVERFLOW, "%s: the number is above %lld", what, (long long)most);
    }
    *ret_number = (int64_t)number;
    return true;
}

bool text_expect_blank(struct text *text)
{
    if (text->at == text->end || memchr(" \t\n#", *text->at, 4))
        return true;
    return text_fail(text, ERROR_INVALID, "unexpected characters");
}

bool text_take_number_word(struct text *text, int64_t most, const char *what, int64_t *ret_number)
{
    if (text_at_line_end(text))
        return text_fail(text, ERROR_INVALID, "%s is missing", what);
    return text_take_number(text, most, what, ret_number) && text_expect_blank(text);
}

bool text_take_id(struct text *text, uint32_t count, const char *what, uint32_t *ret_id)
{
    int64_t id = 0;
    const char *start = text->at;
    if (!text_take_number(text, INT64_MAX, what, &id))
        return false;
    if (id >= (int64_t)count) {
        text->at = start;
        return text_fail(text, ERROR_INVALID, "there is no %s %lld", what, (long long)id);
    }
    *ret_id = (uint32_t)id;
    return true;
}

bool text_take_id_word(struct text *text, uint32_t count, const char *what, uint32_t *ret_id)
{
    if (text_at_line_end(text))
        return text_fail(text, ERROR_INVALID, "%s is missing", what);
    return text_take_id(text, count, what, ret_id) && text_expect_blank(text);
}

bool text_take_vector(struct text *text, uint32_t count, int64_t most, const char *what, int64_t *ret_vector)
{
    for (uint32_t k = 0; k < count; k++) {
        if (k > 0 && !text_take_char(text, ','))
            return text_fail(text, ERROR_INVALID, "%s: a number for each of %u dimensions is expected", what, count);
        if (!text_take_number(text, most, what, &ret_vector[k]))
            return false;
    }
    return true;
}

bool text_take_header(struct text *text, const char *word)
{
    const char *found = "";
    size_t length = 0;
    int64_t version = 0;
    if (!text_next_line(text) || !text_take_word(text, &found, &length) || !text_same(found, length, word))
        return text_fail(text, ERROR_INVALID, "the first line must be `%s 1`", word);
    if (!text_take_number_word(text, INT64_MAX, "version", &version))
        return false;
    if (version != 1)
        return text_fail(text, version > 1 ? ERROR_NEWER : ERROR_INVALID, "only version 1 can be read");
    return text_expect_line_end(text);
}

bool text_expect_line_end(struct text *text)
{
    if (text_at_line_end(text))
        return true;
    return text_fail(text, ERROR_INVALID, "nothing more is expected on this line");
}

bool text_same(const char *word, size_t length, const char *literal)
{
    return strlen(literal) == length && memcmp(word, literal, length) == 0;
}
