/* Fixed point; see decimal.h. */
#include "providers/sdk/decimal.h"

#include <string.h>

__extension__ typedef __int128 wide;

enum { DECIMAL_LONGEST = 64, EXPONENT_MOST = 99, MICRO_DIGITS = 6 };

/* A decimal number as digits and the place of its point. */
struct digits {
    const char *text; /* digits, one '.' among them at most */
    size_t length;
    bool negative;
    int exponent;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_exponent(const char *at, const char *end, int *ret_exponent)
{
    bool negative = at < end && *at == '-';
    int value = 0;
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return false;
    for (; at < end; at++) {
        if (!is_digit(*at))
            return false;
        value = value * 10 + (*at - '0');
        if (value > EXPONENT_MOST)
            return false;
    }
    *ret_exponent = negative ? -value : value;
    return true;
}

/* -?digits[.digits][e[+-]digits], digits on both sides of a point. */
static bool take_apart(const char *text, size_t length, struct digits *ret)
{
    const char *end = text + length;
    struct digits digits = {.negative = length > 0 && *text == '-'};
    digits.text = text + digits.negative;
    const char *at = digits.text;
    while (at < end && is_digit(*at))
        at++;
    if (at == digits.text)
        return false;
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        while (at < end && is_digit(*at))
            at++;
        if (at == fraction)
            return false;
    }
    digits.length = (size_t)(at - digits.text);
    if (at < end && (*at == 'e' || *at == 'E')) {
        if (!take_exponent(at + 1, end, &digits.exponent))
            return false;
    } else if (at != end) {
        return false;
    }
    *ret = digits;
    return true;
}

/* The digits up to the sixth place after the (moved) point; the one after it decides the rounding. */
static bool to_micro(const struct digits *digits, int64_t *ret_micro)
{
    const char *point = memchr(digits->text, '.', digits->length);
    int whole = (int)(point ? (size_t)(point - digits->text) : digits->length);
    int wanted = whole + digits->exponent + MICRO_DIGITS; /* digits that count */
    wide value = 0;
    int taken = 0;
    bool up = false;
    for (size_t i = 0; i < digits->length; i++) {
        if (digits->text[i] == '.')
            continue;
        int digit = digits->text[i] - '0';
        if (taken < wanted)
            value = value * 10 + digit;
        else if (taken == wanted)
            up = digit >= 5;
        taken++;
        if (value > INT64_MAX)
            return false;
    }
    for (; taken < wanted && value != 0; taken++) {
        value *= 10;
        if (value > INT64_MAX)
            return false;
    }
    value += up;
    if (value > INT64_MAX)
        return false;
    *ret_micro = digits->negative ? -(int64_t)value : (int64_t)value;
    return true;
}

bool sdk_decimal_read(const char *text, size_t length, int64_t *ret_micro, struct error *ret_error)
{
    struct digits digits;
    if (length > DECIMAL_LONGEST || !take_apart(text, length, &digits))
        return error_set(ret_error, ERROR_INVALID, "no decimal number of at most %d characters", DECIMAL_LONGEST);
    if (!to_micro(&digits, ret_micro))
        return error_set(ret_error, ERROR_OVERFLOW, "a number too large to be counted in millionths");
    return true;
}

bool sdk_decimal_scale(int64_t value, int64_t numerator, int64_t denominator, int64_t *ret_value)
{
    if (denominator == 0)
        return false;
    wide product = (wide)value * numerator;
    wide divisor = denominator;
    bool negative = (product < 0) != (divisor < 0);
    product = product < 0 ? -product : product;
    divisor = divisor < 0 ? -divisor : divisor;
    wide quotient = (product + divisor / 2) / divisor;
    if (quotient > INT64_MAX)
        return false;
    *ret_value = negative ? -(int64_t)quotient : (int64_t)quotient;
    return true;
}

bool sdk_decimal_multiply(int64_t left, int64_t right, int64_t *ret_micro)
{
    return sdk_decimal_scale(left, right, SDK_MICRO, ret_micro);
}

bool sdk_decimal_divide(int64_t left, int64_t right, int64_t *ret_micro)
{
    return sdk_decimal_scale(left, SDK_MICRO, right, ret_micro);
}
