/* The offset of a zone at a moment: POSIX TZ rules and their evaluation. Compiled files: zone_file.c. */
#include "providers/onprem/zone.h"

#include <stdlib.h>
#include <string.h>

enum { DAY_SECONDS = 86400, HOUR_SECONDS = 3600, OFFSET_HOURS_MAX = 24, RULE_HOURS_MAX = 167 };

struct reader {
    const char *at, *end;
};

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0 ? 1 : 0);
}

int64_t zone_days(int64_t year, int month, int day)
{
    /* Years begin in March here, so that the leap day is their last one. */
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t era = floor_divide(shifted, 400);
    int64_t of_era = shifted - era * 400;
    int64_t of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t zone_year(int64_t second)
{
    int64_t days = floor_divide(second, DAY_SECONDS);
    int64_t year = 1970 + floor_divide(days * 400, 146097);
    while (zone_days(year, 1, 1) > days)
        year--;
    while (zone_days(year + 1, 1, 1) <= days)
        year++;
    return year;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t rule_day(const struct zone_rule *rule, int64_t year)
{
    int64_t first = zone_days(year, 1, 1);
    if (rule->kind == ZONE_RULE_DAY)
        return first + rule->day;
    if (rule->kind == ZONE_RULE_JULIAN) /* 29 February is never counted */
        return first + rule->day - 1 + (is_leap(year) && rule->day >= 60 ? 1 : 0);
    int64_t start = zone_days(year, rule->month, 1);
    int64_t next = rule->month == 12 ? zone_days(year + 1, 1, 1) : zone_days(year, rule->month + 1, 1);
    int64_t weekday = ((start + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; Sunday is 0 */
    int64_t day = start + (rule->day - weekday + 7) % 7 + (int64_t)(rule->week - 1) * 7;
    return day < next ? day : day - 7;
}

static int64_t rule_offset(const struct zone *zone, int64_t second)
{
    if (!zone->has_daylight)
        return zone->standard;
    int64_t year = zone_year(second + zone->standard);
    int64_t begins = rule_day(&zone->begins, year) * DAY_SECONDS + zone->begins.second - zone->standard;
    int64_t ends = rule_day(&zone->ends, year) * DAY_SECONDS + zone->ends.second - zone->daylight;
    bool daylight = begins < ends ? second >= begins && second < ends : second >= begins || second < ends;
    return daylight ? zone->daylight : zone->standard;
}

int64_t zone_offset(const struct zone *zone, int64_t second)
{
    if (zone->count == 0 || second >= zone->times[zone->count - 1])
        return rule_offset(zone, second);
    size_t low = 0, high = zone->count; /* the last one at or before `second` lies in low..high-1, or there is none */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (zone->times[middle] <= second)
            low = middle;
        else
            high = middle;
    }
    return zone->offsets[low];
}

void zone_release(struct zone *zone)
{
    free(zone->times);
    free(zone->offsets);
    memset(zone, 0, sizeof *zone);
}

/* --- POSIX TZ ---------------------------------------------------------------------------------------------------- */

static bool take(struct reader *reader, char wanted)
{
    if (reader->at == reader->end || *reader->at != wanted)
        return false;
    reader->at++;
    return true;
}

static bool take_number(struct reader *reader, int most, int *ret_number)
{
    const char *start = reader->at;
    int number = 0;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9' && reader->at - start < 4)
        number = number * 10 + (*reader->at++ - '0');
    if (reader->at == start || number > most)
        return false;
    *ret_number = number;
    return true;
}

static bool take_name(struct reader *reader)
{
    const char *start = reader->at;
    if (take(reader, '<')) {
        while (reader->at < reader->end && *reader->at != '>')
            reader->at++;
        return take(reader, '>') && reader->at - start >= 5;
    }
    while (reader->at < reader->end &&
           ((*reader->at >= 'A' && *reader->at <= 'Z') || (*reader->at >= 'a' && *reader->at <= 'z')))
        reader->at++;
    return reader->at - start >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct reader *reader, int hours_max, int64_t *ret_seconds)
{
    int hours = 0, minutes = 0, seconds = 0;
    bool negative = take(reader, '-');
    if (!negative)
        take(reader, '+');
    if (!take_number(reader, hours_max, &hours))
        return false;
    if (take(reader, ':') && !take_number(reader, 59, &minutes))
        return false;
    if (take(reader, ':') && !take_number(reader, 59, &seconds))
        return false;
    int64_t whole = (int64_t)hours * HOUR_SECONDS + (int64_t)minutes * 60 + seconds;
    *ret_seconds = negative ? -whole : whole;
    return true;
}

static bool take_rule(struct reader *reader, struct zone_rule *ret_rule)
{
    struct zone_rule rule = {.kind = ZONE_RULE_DAY, .second = 2 * HOUR_SECONDS};
    if (!take(reader, ','))
        return false;
    if (take(reader, 'M')) {
        rule.kind = ZONE_RULE_WEEK;
        if (!take_number(reader, 12, &rule.month) || rule.month < 1 || !take(reader, '.') ||
            !take_number(reader, 5, &rule.week) || rule.week < 1 || !take(reader, '.') ||
            !take_number(reader, 6, &rule.day))
            return false;
    } else {
        if (take(reader, 'J'))
            rule.kind = ZONE_RULE_JULIAN;
        if (!take_number(reader, 365, &rule.day) || (rule.kind == ZONE_RULE_JULIAN && rule.day < 1))
            return false;
    }
    if (take(reader, '/') && !take_time(reader, RULE_HOURS_MAX, &rule.second))
        return false;
    *ret_rule = rule;
    return true;
}

static bool read_rule_text(struct reader *reader, struct zone *zone)
{
    int64_t west = 0;
    if (!take_name(reader) || !take_time(reader, OFFSET_HOURS_MAX, &west))
        return false;
    zone->standard = -west;
    if (reader->at == reader->end)
        return true;
    zone->has_daylight = true;
    zone->daylight = zone->standard + HOUR_SECONDS;
    if (!take_name(reader))
        return false;
    if (reader->at < reader->end && *reader->at != ',') {
        if (!take_time(reader, OFFSET_HOURS_MAX, &west))
            return false;
        zone->daylight = -west;
    }
    return take_rule(reader, &zone->begins) && take_rule(reader, &zone->ends) && reader->at == reader->end;
}

bool zone_read_posix(const char *text, size_t length, struct zone *ret_zone, struct error *ret_error)
{
    struct reader reader = {.at = text, .end = text + length};
    struct zone zone = {0};
    if (length > 200 || !read_rule_text(&reader, &zone))
        return error_set(ret_error, ERROR_INVALID, "no time zone rule such as CET-1CEST,M3.5.0,M10.5.0/3");
    *ret_zone = zone;
    return true;
}
