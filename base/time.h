/* Moments as text: RFC 3339 in UTC, to and from milliseconds since 1970-01-01T00:00:00Z. No clock is read here: `now`
 * is always somebody's argument. Pure, thread-safe. */
#ifndef DROVER_BASE_TIME_H
#define DROVER_BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The years 0000 to 9999, all that RFC 3339 can write. */
#define TIME_LEAST_MS (-INT64_C(62167219200000))
#define TIME_MOST_MS INT64_C(253402300799999)

enum { TIME_TEXT_MAX = 25 };

/* "2026-11-22T18:00:00.123Z", always 24 characters; a moment outside the bounds is written as the nearest one. Returns
 * text. */
const char *time_format(int64_t ms, char text[static TIME_TEXT_MAX]);

/* Reads "2026-11-22T18:00:00Z": fractions of 1 to 9 digits (cut to milliseconds), 'Z' or an offset such as "+01:00",
 * 't' and 'z' too. A leap second (:60) counts as the second after it. ERROR_INVALID; *ret_ms is set only on success. */
bool time_parse(const char *text, size_t length, int64_t *ret_ms, struct error *ret_error);

#endif
