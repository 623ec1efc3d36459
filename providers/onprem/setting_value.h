/* One setting each: its text from the host, read and checked; the errors begin with its path. */
#ifndef DROVER_PROVIDERS_ONPREM_SETTING_VALUE_H
#define DROVER_PROVIDERS_ONPREM_SETTING_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "providers/provider.h"

enum { SETTING_PATH_MAX = 256 };

/* A block of settings: "" for the account's own, "machine.r1" for a labelled one. */
struct setting_block {
    const struct provider_services *services;
    char path[SETTING_PATH_MAX];
};

/* The block `kind` `label` of the account. False when the label is no name (ERROR_INVALID). */
bool setting_block(const struct provider_services *services, const char *kind, const char *label,
                   struct setting_block *ret_block, struct error *ret_error);

/* NULL when it is not set. Borrowed from the host. */
const char *setting_raw(const struct setting_block *block, const char *name, size_t at);

/* Each leaves *value as it was when the setting is not there; that is the default. ERROR_INVALID. */
bool setting_text(const struct setting_block *block, const char *name, char *value, size_t size,
                  struct error *ret_error);
bool setting_flag(const struct setting_block *block, const char *name, bool *value, struct error *ret_error);
bool setting_count(const struct setting_block *block, const char *name, int64_t least, int64_t most, int64_t *value,
                   struct error *ret_error);
/* Decimal text in millionths (money). Not negative. */
bool setting_micro(const struct setting_block *block, const char *name, int64_t *value, struct error *ret_error);
/* "8" is 80,000 millionths. */
bool setting_percent(const struct setting_block *block, const char *name, int64_t *value_ppm, struct error *ret_error);
/* Watts -> milliwatts, at most 100 kW. */
bool setting_watts(const struct setting_block *block, const char *name, int64_t *value_mw, struct error *ret_error);
/* "90s" -> microseconds, within `most_s`; at least a millisecond. */
bool setting_duration(const struct setting_block *block, const char *name, int64_t most_s, int64_t *value_us,
                      struct error *ret_error);

/* ERROR_INVALID, "machine.r1.address: ...". Always false. */
bool setting_refuse(const struct setting_block *block, const char *name, struct error *ret_error, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));

/* Letters, digits, '-' and '_', beginning with a letter or digit, shorter than ONPREM_NAME_MAX. */
bool setting_is_name(const char *text);

#endif
