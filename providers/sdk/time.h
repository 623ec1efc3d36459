/* Moments as providers write them, in microseconds since 1970 UTC. Pure. */
#ifndef DROVER_PROVIDERS_SDK_TIME_H
#define DROVER_PROVIDERS_SDK_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { SDK_TIME_TEXT_MAX = 32 };

/* "2026-11-22T18:00:00Z", with a fraction (cut to microseconds) and an offset too; no zone is an error. */
bool sdk_time_read_iso(const char *text, int64_t *ret_us, struct error *ret_error);

/* "Sun, 22 Nov 2026 18:00:00 GMT" (RFC 9110 5.6.7, IMF-fixdate); the day's name is not checked against the date. */
bool sdk_time_read_http(const char *text, int64_t *ret_us, struct error *ret_error);

/* "2026-11-22T18:00:00Z": whole seconds, cut. Returns text. */
const char *sdk_time_write_iso(int64_t us, char text[static SDK_TIME_TEXT_MAX]);

/* "20261122T180000Z": ISO 8601's basic form, as AWS signatures want it. Returns text. */
const char *sdk_time_write_basic(int64_t us, char text[static SDK_TIME_TEXT_MAX]);

#endif
