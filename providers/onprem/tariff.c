/* Tariffs by days and times of day. */
#include "providers/onprem/tariff.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DAY_MINUTES = 1440 };
#define MINUTE_US INT64_C(60000000)

void tariff_release(struct tariff *tariff)
{
    for (size_t i = 0; i < tariff->zone_count; i++)
        zone_release(&tariff->zones[i]);
    free(tariff->zones);
    free(tariff->rules);
    memset(tariff, 0, sizeof *tariff);
}

unsigned tariff_day(const char *word)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (unsigned i = 0; i < 7; i++)
        if (strcasecmp(word, days[i]) == 0)
            return 1U << i;
    return 0;
}

static bool two_digits(const char *text, int most, int *ret_number)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return false;
    *ret_number = (text[0] - '0') * 10 + (text[1] - '0');
    return *ret_number <= most;
}

bool tariff_read_time(const char *text, int *ret_minute, struct error *ret_error)
{
    int hour = 0, minute = 0;
    if (strlen(text) != 5 || text[2] != ':' || !two_digits(text, 24, &hour) || !two_digits(text + 3, 59, &minute) ||
        hour * 60 + minute > DAY_MINUTES)
        return error_set(ret_error, ERROR_INVALID, "a time of day such as \"06:30\" is wanted, \"24:00\" at most");
    *ret_minute = hour * 60 + minute;
    return true;
}

static bool rule_fits(const struct tariff_rule *rule, int64_t day, int minute)
{
    unsigned today = 1U << (unsigned)(((day + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday, Monday is bit 0 */
    unsigned yesterday = today == 1U ? 1U << 6 : today >> 1;
    if (rule->from < rule->to)
        return (rule->days & today) && minute >= rule->from && minute < rule->to;
    return ((rule->days & today) && minute >= rule->from) || ((rule->days & yesterday) && minute < rule->to);
}

int64_t tariff_rate(const struct tariff *tariff, int64_t second)
{
    for (size_t i = 0; i < tariff->rule_count; i++) {
        const struct tariff_rule *rule = &tariff->rules[i];
        int64_t local = second + zone_offset(&tariff->zones[rule->zone], second);
        int64_t day = local / 86400 - (local % 86400 < 0 ? 1 : 0);
        if (rule_fits(rule, day, (int)((local - day * 86400) / 60)))
            return rule->rate_micro_kwh;
    }
    return tariff->rate_micro_kwh;
}

bool tariff_sum(const struct tariff *tariff, int64_t from_us, int64_t to_us, int64_t *ret_rate_minutes,
                int64_t *ret_minutes, struct error *ret_error)
{
    int64_t first = from_us / MINUTE_US, last = to_us / MINUTE_US, sum = 0;
    if (from_us < 0 || last <= first || last - first > TARIFF_MINUTES_MAX)
        return error_set(ret_error, ERROR_INVALID, "the span to price must be 1 minute to 400 days, after 1970");
    for (int64_t minute = first; minute < last; minute++)
        sum += tariff_rate(tariff, minute * 60); /* at most 576,000 times TARIFF_RATE_MAX_MICRO */
    *ret_rate_minutes = sum;
    *ret_minutes = last - first;
    return true;
}
