/* Decimal text and fixed point, without doubles: millionths ("micro") in int64, every step checked. Pure. */
#ifndef DROVER_PROVIDERS_SDK_DECIMAL_H
#define DROVER_PROVIDERS_SDK_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define SDK_MICRO INT64_C(1000000)

/* "0.0960000000", "-3", "1.3e-05": optional '-', digits, optional fraction, optional exponent; at most 64 characters,
 * no blank. Rounded half away from zero to millionths, so a positive price below half a millionth becomes 0.
 * ERROR_INVALID, ERROR_OVERFLOW. */
bool sdk_decimal_read(const char *text, size_t length, int64_t *ret_micro, struct error *ret_error);

/* left * right / SDK_MICRO and left * SDK_MICRO / right, rounded half away from zero, by a 128-bit product. False on
 * overflow or right == 0. */
bool sdk_decimal_multiply(int64_t left, int64_t right, int64_t *ret_micro);
bool sdk_decimal_divide(int64_t left, int64_t right, int64_t *ret_micro);

/* value * numerator / denominator, rounded half away from zero. False on overflow or denominator == 0. */
bool sdk_decimal_scale(int64_t value, int64_t numerator, int64_t denominator, int64_t *ret_value);

#endif
