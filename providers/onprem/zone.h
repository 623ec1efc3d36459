/* Time zones without the C library's, whose zone is a global of the process: the offset from UTC at a moment, from a
 * POSIX TZ rule ("CET-1CEST,M3.5.0,M10.5.0/3") or from a compiled zone file (TZif, RFC 8536). Pure. */
#ifndef DROVER_PROVIDERS_ONPREM_ZONE_H
#define DROVER_PROVIDERS_ONPREM_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum zone_rule_kind { ZONE_RULE_JULIAN, ZONE_RULE_DAY, ZONE_RULE_WEEK }; /* Jn, n, Mm.w.d of POSIX TZ */

/* When daylight time begins or ends, each year. */
struct zone_rule {
    enum zone_rule_kind kind;
    int month, week, day;
    int64_t second; /* of that day, local time; RFC 8536 allows -167 to 167 hours */
};

struct zone {
    int64_t *times; /* when an offset begins, ascending, seconds since 1970 */
    int32_t *offsets;
    size_t count;
    /* After the last of those, and always when there are none: seconds east of UTC. */
    int64_t standard, daylight;
    bool has_daylight;
    struct zone_rule begins, ends;
};

/* Reads a POSIX TZ rule. ERROR_INVALID. What was read needs no release. */
bool zone_read_posix(const char *text, size_t length, struct zone *ret_zone, struct error *ret_error);

/* Reads a compiled zone file of version 2 or later (its 64-bit part and the rule at its end). ERROR_INVALID. */
bool zone_read_file(const char *bytes, size_t length, struct zone *ret_zone, struct error *ret_error);

void zone_release(struct zone *zone);

/* Seconds to add to UTC for local time at `second` since 1970. */
int64_t zone_offset(const struct zone *zone, int64_t second);

/* Days since 1970-01-01 of a date of the Gregorian calendar, and the year of a moment. */
int64_t zone_days(int64_t year, int month, int day);
int64_t zone_year(int64_t second);

#endif
