/* Durations as text: the part of base/text.h that reads and writes "1m30s". */
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *word;
    int64_t ms;
};

/* From large to small. */
static const struct unit units[] = {
    {"d", 24 * 3600 * 1000}, {"h", 3600 * 1000}, {"m", 60 * 1000}, {"s", 1000}, {"ms", 1},
};
enum { UNIT_COUNT = sizeof units / sizeof units[0] };

static bool bad_duration(const char *text, size_t length, struct error *ret_error)
{
    struct buffer shown = BUFFER_INIT;
    text_append_visible(&shown, text, length > 40 ? 40 : length, false);
    error_set(ret_error, ERROR_INVALID, "\"%s\" is not a duration; write it as \"30s\", \"1m30s\", \"2h\" or \"500ms\"",
              shown.data);
    buffer_release(&shown);
    return false;
}

/* The unit whose word is exactly the `length` letters at text, or UNIT_COUNT. */
static size_t unit_named(const char *text, size_t length)
{
    size_t i = 0;
    while (i < UNIT_COUNT && (strlen(units[i].word) != length || memcmp(units[i].word, text, length) != 0))
        i++;
    return i;
}

static size_t run_of(const char *text, size_t length, size_t at, bool digits)
{
    size_t start = at;
    while (at < length && digits == (text[at] >= '0' && text[at] <= '9'))
        at++;
    return at - start;
}

bool text_parse_duration(const char *text, size_t length, int64_t *ret_ms, struct error *ret_error)
{
    if (length == 1 && text[0] == '0') {
        *ret_ms = 0;
        return true;
    }
    int64_t total = 0;
    size_t next_unit = 0;
    size_t at = 0;
    do {
        size_t digits = run_of(text, length, at, true);
        size_t letters = run_of(text, length, at + digits, false);
        size_t unit = unit_named(text + at + digits, letters);
        if (digits == 0 || unit == UNIT_COUNT || unit < next_unit)
            return bad_duration(text, length, ret_error);
        int64_t value = 0;
        bool fits = digits <= 18;
        for (size_t i = 0; fits && i < digits; i++)
            value = value * 10 + (text[at + i] - '0');
        fits = fits && !__builtin_mul_overflow(value, units[unit].ms, &value) &&
               !__builtin_add_overflow(total, value, &total) && total <= TEXT_DURATION_MAX_MS;
        if (!fits)
            return error_set(ret_error, ERROR_OVERFLOW, "the duration is longer than a hundred years");
        next_unit = unit + 1;
        at += digits + letters;
    } while (at < length);
    *ret_ms = total;
    return true;
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

/* Writes up to `most` neighbouring units from `first` on, beginning with the first that is not zero. */
static const char *format_units(int64_t ms, size_t first, size_t most, char text[static TEXT_DURATION_MAX])
{
    uint64_t left = magnitude(ms);
    size_t length = 0;
    if (left == 0)
        return strcpy(text, "0s");
    if (ms < 0)
        text[length++] = '-';
    size_t end = UNIT_COUNT;
    for (size_t i = first; i < end; i++) {
        uint64_t count = left / (uint64_t)units[i].ms;
        left %= (uint64_t)units[i].ms;
        if (count == 0)
            continue;
        if (end == UNIT_COUNT && most < UNIT_COUNT - i)
            end = i + most;
        length += (size_t)snprintf(text + length, TEXT_DURATION_MAX - length, "%" PRIu64 "%s", count, units[i].word);
        if (most < UNIT_COUNT && i + 2 >= UNIT_COUNT)
            break;
    }
    return text;
}

const char *text_format_duration(int64_t ms, char text[static TEXT_DURATION_MAX])
{
    return format_units(ms, 1, UNIT_COUNT, text);
}

const char *text_format_duration_short(int64_t ms, char text[static TEXT_DURATION_MAX])
{
    return format_units(ms, 0, 2, text);
}
