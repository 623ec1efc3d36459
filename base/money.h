/* Money: whole micro-dollars in int64, never a double. 1 USD = 1,000,000 uusd; the unit stands in every name.
 *
 * In files, JSON and tables money is decimal text ("0.096"). Sums and products are checked; an overflow is an error,
 * never a wrap. Pure, thread-safe. */
#ifndef DROVER_BASE_MONEY_H
#define DROVER_BASE_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define MONEY_UUSD_PER_USD INT64_C(1000000)
/* A month for budgets and reports, in hours (the clouds' own convention). */
#define MONEY_HOURS_PER_MONTH INT64_C(730)
/* The largest rate that is believed: 2^44 uusd/h, about 17.6 million USD an hour (as in the placement problem). */
#define MONEY_RATE_MAX_UUSD_H (INT64_C(1) << 44)

enum { MONEY_TEXT_MAX = 48 };

/* Reads decimal text: optional '-', digits, optional '.' and 1 to 6 digits; no exponent, sign '+', blank or separator.
 * Errors: ERROR_INVALID (the form, or more than six decimals), ERROR_OVERFLOW. *ret_uusd is set only on success. */
bool money_parse(const char *text, size_t length, int64_t *ret_uusd, struct error *ret_error);

/* Writes decimal text with at least two and at most six decimals: 96000 -> "0.096", 1500000 -> "1.50". Returns text. */
const char *money_format(int64_t uusd, char text[static MONEY_TEXT_MAX]);

/* Writes decimal text rounded half away from zero to `decimals` (0 to 6) places, for tables. Returns text. */
const char *money_format_rounded(int64_t uusd, unsigned decimals, char text[static MONEY_TEXT_MAX]);

/* *total += amount. False, and *total unchanged, on overflow. */
bool money_add(int64_t *total, int64_t amount);

/* *ret = amount * factor. False, and *ret unchanged, on overflow. */
bool money_multiply(int64_t amount, int64_t factor, int64_t *ret);

/* amount * numerator / denominator, rounded up (towards +infinity), by a 128-bit product. numerator >= 0,
 * denominator > 0. False when the result does not fit. */
bool money_scale_up(int64_t amount, int64_t numerator, int64_t denominator, int64_t *ret);

#endif
