/* What electricity costs at a moment: a rate that always holds, and rules of (days, from, to, zone, rate) before it.
 * The first rule that fits wins. Rates are micro-units of currency a kWh. Pure. */
#ifndef DROVER_PROVIDERS_ONPREM_TARIFF_H
#define DROVER_PROVIDERS_ONPREM_TARIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "providers/onprem/zone.h"

/* The dearest kWh that is believed: 1000 of the currency. */
#define TARIFF_RATE_MAX_MICRO INT64_C(1000000000)
enum { TARIFF_MINUTES_MAX = 400 * 24 * 60, TARIFF_ALL_DAYS = 0x7f };

struct tariff_rule {
    unsigned days; /* bit 0 Monday ... bit 6 Sunday, of the day on which the span begins */
    int from, to;  /* minutes of the local day, from inclusive; to <= from runs over midnight, 1440 is its end */
    size_t zone;   /* in tariff.zones */
    int64_t rate_micro_kwh;
};

struct tariff {
    struct zone *zones;
    size_t zone_count;
    struct tariff_rule *rules;
    size_t rule_count;
    int64_t rate_micro_kwh; /* where no rule fits */
};

void tariff_release(struct tariff *tariff);

/* "mon" to "sun" -> its bit, 0 for another word. */
unsigned tariff_day(const char *word);
/* "06:30" -> minutes of the day; "24:00" too. ERROR_INVALID. */
bool tariff_read_time(const char *text, int *ret_minute, struct error *ret_error);

/* The rate at `second` since 1970. */
int64_t tariff_rate(const struct tariff *tariff, int64_t second);

/* The rate summed over the minutes of [from_us, to_us), both cut to whole minutes of UTC: divided by the minutes it is
 * the average rate. An hour of local time that the clock repeats or leaves out counts as often as it passes. At most
 * TARIFF_MINUTES_MAX. ERROR_INVALID. */
bool tariff_sum(const struct tariff *tariff, int64_t from_us, int64_t to_us, int64_t *ret_rate_minutes,
                int64_t *ret_minutes, struct error *ret_error);

#endif
