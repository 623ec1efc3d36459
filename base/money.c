#include "base/money.h"

#include <inttypes.h>
#include <stdio.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool bad_form(const char *text, size_t length, struct error *ret_error)
{
    int shown = length > 40 ? 40 : (int)length;
    return error_set(ret_error, ERROR_INVALID,
                     "\"%.*s\" is not an amount of money; write decimal text such as \"0.096\"", shown, text);
}

/* Digits from text[*at] on, times 10 and added to *value; stops at the first non-digit. */
static bool take_digits(const char *text, size_t length, size_t *at, int64_t *value)
{
    for (; *at < length && is_digit(text[*at]); (*at)++)
        if (__builtin_mul_overflow(*value, INT64_C(10), value) ||
            __builtin_add_overflow(*value, (int64_t)(text[*at] - '0'), value))
            return false;
    return true;
}

bool money_parse(const char *text, size_t length, int64_t *ret_uusd, struct error *ret_error)
{
    size_t at = 0;
    bool negative = length > 0 && text[0] == '-';
    at += negative;
    if (at >= length || !is_digit(text[at]))
        return bad_form(text, length, ret_error);
    int64_t value = 0;
    bool fits = take_digits(text, length, &at, &value);
    unsigned decimals = 0;
    if (fits && at < length && text[at] == '.') {
        size_t start = ++at;
        fits = take_digits(text, length, &at, &value);
        if (fits && at - start > 6)
            return error_set(ret_error, ERROR_INVALID,
                             "\"%.*s\" has more than six decimals; a micro-dollar is the smallest",
                             length > 40 ? 40 : (int)length, text);
        decimals = fits ? (unsigned)(at - start) : 6;
        if (fits && decimals == 0)
            return bad_form(text, length, ret_error);
    }
    if (fits && at != length)
        return bad_form(text, length, ret_error);
    for (; fits && decimals < 6; decimals++)
        fits = !__builtin_mul_overflow(value, INT64_C(10), &value);
    if (!fits)
        return error_set(ret_error, ERROR_OVERFLOW, "\"%.*s\" is more money than Drover can count",
                         length > 40 ? 40 : (int)length, text);
    *ret_uusd = negative ? -value : value;
    return true;
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

const char *money_format(int64_t uusd, char text[static MONEY_TEXT_MAX])
{
    uint64_t size = magnitude(uusd);
    uint64_t fraction = size % 1000000;
    int decimals = 6;
    while (decimals > 2 && fraction % 10 == 0) {
        fraction /= 10;
        decimals--;
    }
    /* The mask and the remainder change nothing; they let the compiler see that the text always fits. */
    snprintf(text, MONEY_TEXT_MAX, "%s%" PRIu64 ".%0*" PRIu64, uusd < 0 ? "-" : "", size / 1000000, decimals & 7,
             fraction % 1000000);
    return text;
}

const char *money_format_rounded(int64_t uusd, unsigned decimals, char text[static MONEY_TEXT_MAX])
{
    uint64_t unit = 1;
    for (unsigned i = decimals; i < 6; i++)
        unit *= 10;
    uint64_t rounded = (magnitude(uusd) + unit / 2) / unit;
    uint64_t per_usd = 1000000 / unit;
    const char *sign = uusd < 0 && rounded > 0 ? "-" : "";
    if (decimals == 0)
        snprintf(text, MONEY_TEXT_MAX, "%s%" PRIu64, sign, rounded);
    else
        snprintf(text, MONEY_TEXT_MAX, "%s%" PRIu64 ".%0*" PRIu64, sign, rounded / per_usd, (int)decimals,
                 rounded % per_usd);
    return text;
}

bool money_add(int64_t *total, int64_t amount)
{
    int64_t sum = 0;
    if (__builtin_add_overflow(*total, amount, &sum))
        return false;
    *total = sum;
    return true;
}

bool money_multiply(int64_t amount, int64_t factor, int64_t *ret)
{
    int64_t product = 0;
    if (__builtin_mul_overflow(amount, factor, &product))
        return false;
    *ret = product;
    return true;
}

bool money_scale_up(int64_t amount, int64_t numerator, int64_t denominator, int64_t *ret)
{
    __int128 product = (__int128)amount * numerator;
    __int128 quotient = product / denominator;
    if (product > 0 && quotient * denominator != product)
        quotient++;
    if (quotient > INT64_MAX || quotient < INT64_MIN)
        return false;
    *ret = (int64_t)quotient;
    return true;
}
