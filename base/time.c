/* RFC 3339 both ways; days are counted in the proleptic Gregorian calendar. */
#include "base/time.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define DAY_MS INT64_C(86400000)

/* A date; years are counted from March, so that the leap day is a year's last. */
struct date {
    int64_t year;
    unsigned month, day;
};

enum { DAYS_IN_ERA = 146097, YEARS_IN_ERA = 400 }; /* 400 Gregorian years */
/* From 0000-03-01 to 1970-01-01. */
#define EPOCH_DAY INT64_C(719468)

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static int64_t days_of(struct date date)
{
    int64_t year = date.year - (date.month <= 2);
    int64_t era = floor_divide(year, YEARS_IN_ERA);
    int64_t year_of_era = year - era * YEARS_IN_ERA;
    int64_t month = (date.month + 9) % 12; /* March is 0 */
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    return era * DAYS_IN_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - EPOCH_DAY;
}

static struct date date_of(int64_t days)
{
    int64_t shifted = days + EPOCH_DAY;
    int64_t era = floor_divide(shifted, DAYS_IN_ERA);
    int64_t day = shifted - era * DAYS_IN_ERA;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    unsigned number = (unsigned)(month < 10 ? month + 3 : month - 9);
    return (struct date){.year = year + era * YEARS_IN_ERA + (number <= 2),
                         .month = number,
                         .day = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1)};
}

const char *time_format(int64_t ms, char text[static TIME_TEXT_MAX])
{
    ms = ms < TIME_LEAST_MS ? TIME_LEAST_MS : ms > TIME_MOST_MS ? TIME_MOST_MS : ms;
    int64_t days = floor_divide(ms, DAY_MS);
    unsigned rest = (unsigned)(ms - days * DAY_MS);
    struct date date = date_of(days);
    snprintf(text, TIME_TEXT_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)date.year % 10000u,
             date.month % 100u, date.day % 100u, rest / 3600000u % 100u, rest / 60000u % 60u, rest / 1000u % 60u,
             rest % 1000u);
    return text;
}

/* Reads exactly `count` digits and steps over them. */
static bool take_number(const char **at, const char *end, unsigned count, unsigned most, unsigned *ret_number)
{
    unsigned number = 0;
    if (end - *at < (ptrdiff_t)count)
        return false;
    for (unsigned i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        number = number * 10 + (unsigned)(**at - '0');
    }
    *ret_number = number;
    return number <= most;
}

static bool take(const char **at, const char *end, const char *any_of)
{
    if (*at >= end || **at == '\0' || !strchr(any_of, **at))
        return false;
    (*at)++;
    return true;
}

static bool take_date(const char **at, const char *end, struct date *ret_date)
{
    static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = 0, month = 0, day = 0;
    if (!take_number(at, end, 4, 9999, &year) || !take(at, end, "-") || !take_number(at, end, 2, 12, &month) ||
        !take(at, end, "-") || !take_number(at, end, 2, 31, &day) || month == 0 || day == 0)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    *ret_date = (struct date){year, month, day};
    return day <= lengths[month - 1] + (unsigned)(leap && month == 2);
}

static bool take_clock(const char **at, const char *end, int64_t *ret_ms)
{
    unsigned hour = 0, minute = 0, second = 0, thousandths = 0;
    if (!take_number(at, end, 2, 23, &hour) || !take(at, end, ":") || !take_number(at, end, 2, 59, &minute) ||
        !take(at, end, ":") || !take_number(at, end, 2, 60, &second))
        return false;
    if (take(at, end, ".")) {
        unsigned digits = 0;
        unsigned unit = 100;
        for (; *at < end && **at >= '0' && **at <= '9' && digits < 9; digits++, (*at)++, unit /= 10)
            thousandths += (unsigned)(**at - '0') * unit;
        if (digits == 0)
            return false;
    }
    *ret_ms = ((int64_t)hour * 3600 + minute * 60 + second) * 1000 + thousandths;
    return true;
}

static bool take_zone(const char **at, const char *end, int64_t *ret_offset_ms)
{
    *ret_offset_ms = 0;
    if (take(at, end, "Zz"))
        return true;
    bool behind = *at < end && **at == '-';
    unsigned hours = 0, minutes = 0;
    if (!take(at, end, "+-") || !take_number(at, end, 2, 23, &hours) || !take(at, end, ":") ||
        !take_number(at, end, 2, 59, &minutes))
        return false;
    *ret_offset_ms = ((int64_t)hours * 60 + minutes) * (behind ? -60000 : 60000);
    return true;
}

bool time_parse(const char *text, size_t length, int64_t *ret_ms, struct error *ret_error)
{
    const char *at = text;
    const char *end = text + length;
    struct date date;
    int64_t clock_ms = 0, offset_ms = 0;
    if (take_date(&at, end, &date) && take(&at, end, "Tt") && take_clock(&at, end, &clock_ms) &&
        take_zone(&at, end, &offset_ms) && at == end) {
        *ret_ms = days_of(date) * DAY_MS + clock_ms - offset_ms;
        return true;
    }
    struct buffer shown = BUFFER_INIT;
    text_append_visible(&shown, text, length > 40 ? 40 : length, false);
    error_set(ret_error, ERROR_INVALID, "\"%s\" is not a moment; write it as \"2026-11-22T18:00:00Z\"", shown.data);
    buffer_release(&shown);
    return false;
}
