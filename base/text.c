/* Globs, percent encoding, nearest words, numbers and visible text; durations are in duration.c. */
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"

static size_t character_length(const char *text)
{
    size_t length = 1;
    while (((unsigned char)text[length] & 0xC0u) == 0x80u && length < UTF8_SEQUENCE_MAX)
        length++;
    return length;
}

bool text_glob(const char *pattern, const char *text)
{
    const char *star = NULL; /* after the last '*' met */
    const char *retry = text;
    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (*pattern == '?') {
            pattern++;
            text += character_length(text);
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            retry += character_length(retry);
            pattern = star;
            text = retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool text_starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

bool text_ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t wanted = strlen(end);
    return length >= wanted && memcmp(text + length - wanted, end, wanted) == 0;
}

static bool is_letter_or_digit(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void text_append_percent(struct buffer *out, const char *text, size_t length)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            buffer_append_byte(out, text[i]);
        } else {
            char three[3] = {'%', digits[c >> 4], digits[c & 15]};
            buffer_append(out, three, sizeof three);
        }
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool text_append_unpercent(struct buffer *out, const char *text, size_t length, bool plus_is_blank,
                           struct error *ret_error)
{
    size_t start = out->length;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '+' && plus_is_blank) {
            c = ' ';
        } else if (c == '%') {
            int high = length - i > 2 ? hex_value(text[i + 1]) : -1;
            int low = high >= 0 ? hex_value(text[i + 2]) : -1;
            if (low < 0)
                return error_set(ret_error, ERROR_INVALID, "a '%%' is not followed by two hexadecimal digits");
            c = (char)(unsigned char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0')
            return error_set(ret_error, ERROR_INVALID, "a NUL character is not allowed");
        buffer_append_byte(out, c);
    }
    if (!utf8_valid(out->data + start, out->length - start))
        return error_set(ret_error, ERROR_INVALID, "the text is not UTF-8");
    return true;
}

enum { NEAREST_MAX = 64 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Edit distance with swaps of neighbours, three rows at a time; both words are at most NEAREST_MAX bytes. */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][NEAREST_MAX + 1];
    for (unsigned j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *before = rows[(i + 2) % 3];
        const unsigned *two_before = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = least(least(before[j], row[j - 1]) + 1, before[j - 1] + !same);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], two_before[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strlen(word);
    if (length == 0 || length > NEAREST_MAX)
        return NULL;
    unsigned best = length < 3 ? 1 : (unsigned)(length + 1) / 3;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t candidate_length = strlen(candidates[i]);
        if (candidate_length == 0 || candidate_length > NEAREST_MAX)
            continue;
        unsigned distance = edit_distance(word, length, candidates[i], candidate_length);
        if (distance < candidate_length && (nearest ? distance < best : distance <= best)) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}

bool text_parse_u64(const char *text, size_t length, const char *what, uint64_t least_value, uint64_t most,
                    uint64_t *ret_value, struct error *ret_error)
{
    uint64_t value = 0;
    enum error_code code = length == 0 ? ERROR_INVALID : ERROR_NONE;
    for (size_t i = 0; i < length && code != ERROR_INVALID; i++) {
        if (text[i] < '0' || text[i] > '9')
            code = ERROR_INVALID;
        else if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
                 __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
            code = ERROR_OVERFLOW;
    }
    if (code == ERROR_NONE && (value < least_value || value > most))
        code = ERROR_OVERFLOW;
    if (code != ERROR_NONE)
        return error_set(ret_error, code, "%s must be a whole number from %" PRIu64 " to %" PRIu64, what, least_value,
                         most);
    *ret_value = value;
    return true;
}

/* C0 and C1 controls, line separators, zero-width and direction marks, the byte order mark, tag characters. */
static bool is_invisible(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0xAD || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
           (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

static void append_escape(struct buffer *out, uint32_t c)
{
    if (c == '\n' || c == '\t' || c == '\r')
        buffer_printf(out, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
    else if (c < 0x80)
        buffer_printf(out, "\\x%02x", (unsigned)c);
    else if (c <= 0xFFFF)
        buffer_printf(out, "\\u%04x", (unsigned)c);
    else
        buffer_printf(out, "\\U%08x", (unsigned)c);
}

void text_append_visible(struct buffer *out, const char *text, size_t length, bool escape_quotes)
{
    size_t kept = 0; /* bytes from here to `at` go out as they are */
    size_t at = 0;
    while (at < length) {
        uint32_t c = 0;
        size_t step = utf8_decode(text + at, length - at, &c);
        bool quote = step && escape_quotes && (c == '"' || c == '\\');
        if (step && !quote && !is_invisible(c)) {
            at += step;
            continue;
        }
        buffer_append(out, text + kept, at - kept);
        if (step == 0)
            buffer_printf(out, "\\x%02x", (unsigned)(unsigned char)text[at]);
        else if (quote)
            buffer_printf(out, "\\%c", (char)c);
        else
            append_escape(out, c);
        at += step ? step : 1;
        kept = at;
    }
    buffer_append(out, text + kept, at - kept);
}
