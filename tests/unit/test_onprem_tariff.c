/* links: provider_onprem provider_sdk base */
/* Time zones and tariffs: rules, files of the zone database where there is one, days of 23 and 25 hours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "providers/onprem/tariff.h"

#define SECOND INT64_C(1000000)
#define HOUR INT64_C(3600)

static const char berlin[] = "CET-1CEST,M3.5.0,M10.5.0/3";

static int64_t at(int64_t year, int month, int day, int hour)
{
    return zone_days(year, month, day) * 86400 + hour * HOUR;
}

static struct zone read_rule(const char *text)
{
    struct zone zone;
    struct error error = {0};
    if (!zone_read_posix(text, strlen(text), &zone, &error))
        fail_msg("%s: %s", text, error.text);
    return zone;
}

static void test_days_and_years_of_the_calendar(void **state)
{
    (void)state;
    assert_int_equal(zone_days(1970, 1, 1), 0);
    assert_int_equal(zone_days(2000, 3, 1), 11017);
    assert_int_equal(zone_days(2026, 11, 22), 20779);
    assert_int_equal(zone_days(1969, 12, 31), -1);
    for (int64_t year = 1600; year < 2500; year++) {
        assert_int_equal(zone_year(at(year, 1, 1, 0)), year);
        assert_int_equal(zone_year(at(year + 1, 1, 1, 0) - 1), year);
    }
}

static void test_rules_change_at_the_right_second(void **state)
{
    (void)state;
    struct zone zone = read_rule(berlin);
    assert_int_equal(zone_offset(&zone, at(2026, 3, 29, 1) - 1), HOUR);
    assert_int_equal(zone_offset(&zone, at(2026, 3, 29, 1)), 2 * HOUR);
    assert_int_equal(zone_offset(&zone, at(2026, 10, 25, 1) - 1), 2 * HOUR);
    assert_int_equal(zone_offset(&zone, at(2026, 10, 25, 1)), HOUR);
}

static void test_southern_summers_run_over_new_year(void **state)
{
    (void)state;
    struct zone zone = read_rule("AEST-10AEDT,M10.1.0,M4.1.0/3");
    assert_int_equal(zone_offset(&zone, at(2026, 1, 1, 0)), 11 * HOUR);
    assert_int_equal(zone_offset(&zone, at(2026, 7, 1, 0)), 10 * HOUR);
    assert_int_equal(zone_offset(&zone, at(2026, 12, 31, 23)), 11 * HOUR);
}

static void test_rules_agree_with_the_c_library(void **state)
{
    (void)state;
    static const char *const rules[] = {berlin,
                                        "UTC0",
                                        "<+0545>-5:45",
                                        "EST5EDT,M3.2.0,M11.1.0",
                                        "AEST-10AEDT,M10.1.0,M4.1.0/3",
                                        "XXX3YYY,J60/0,J300/0",
                                        "XXX3YYY2:30,59/1,299/22",
                                        "IST-1GMT0,M10.5.0,M3.5.0/1"};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct zone zone = read_rule(rules[i]);
        setenv("TZ", rules[i], 1);
        tzset();
        for (int64_t second = at(2023, 1, 3, 0); second < at(2029, 1, 1, 0); second += 7 * 1800 + 11) {
            struct tm local;
            time_t moment = (time_t)second;
            localtime_r(&moment, &local);
            if (zone_offset(&zone, second) != local.tm_gmtoff)
                fail_msg("%s at %lld: %lld, the C library says %ld", rules[i], (long long)second,
                         (long long)zone_offset(&zone, second), local.tm_gmtoff);
        }
    }
    unsetenv("TZ");
}

static void test_rules_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "CE-1",
                                      "CET",
                                      "CET-1CEST",
                                      "CET-25",
                                      "CET-1CEST,M13.1.0,M10.5.0",
                                      "CET-1CEST,M3.6.0,M10.5.0",
                                      "Europe/Berlin",
                                      "CET-1CEST,M3.5.0",
                                      "<+1>-1",
                                      "CET-1CEST,J0,J5",
                                      "CET-1x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct zone zone;
        struct error error = {0};
        if (zone_read_posix(bad[i], strlen(bad[i]), &zone, &error))
            fail_msg("\"%s\" was read", bad[i]);
    }
}

/* A version 2 file by hand: one change, +1 h before 1,000,000,000 and by the rule after it. */
static size_t write_file(char *file, const char *footer)
{
    static const char header[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    static const unsigned char counts1[24] = {[15] = 0, [19] = 1, [23] = 1};
    static const unsigned char counts2[24] = {[15] = 1, [19] = 1, [23] = 4};
    size_t length = 0;
    memcpy(file, header, 20);
    memcpy(file + 20, counts1, 24);
    memset(file + 44, 0, 7);
    length = 51;
    memcpy(file + length, header, 20);
    memcpy(file + length + 20, counts2, 24);
    length += 44;
    static const unsigned char body[] = {0,   0,   0,    0,    0x3b, 0x9a, 0xca, 0x00, 0, /* time, type */
                                         0,   0,   0x0e, 0x10, 0,    0,                   /* +3600 */
                                         'C', 'E', 'T',  0};
    memcpy(file + length, body, sizeof body);
    length += sizeof body;
    return length + (size_t)sprintf(file + length, "\n%s\n", footer);
}

static void test_compiled_files_are_read_and_cut_ones_refused(void **state)
{
    (void)state;
    char file[256];
    struct zone zone;
    struct error error = {0};
    size_t length = write_file(file, berlin);
    assert_true(zone_read_file(file, length, &zone, &error));
    assert_int_equal(zone.count, 1);
    assert_int_equal(zone_offset(&zone, at(2026, 7, 1, 0)), 2 * HOUR);
    assert_int_equal(zone_offset(&zone, 0), HOUR);
    zone_release(&zone);
    for (size_t cut = 0; cut < length; cut++)
        assert_false(zone_read_file(file, cut, &zone, &error));
    length = write_file(file, "no rule");
    assert_false(zone_read_file(file, length, &zone, &error));
}

static void test_the_zone_database_agrees_with_the_c_library(void **state)
{
    (void)state;
    static const char *const names[] = {"Europe/Berlin",     "America/New_York",    "Asia/Kathmandu",
                                        "Africa/Casablanca", "Australia/Lord_Howe", "UTC"};
    static char bytes[65536];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        struct zone zone;
        struct error error = {0};
        snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", names[i]);
        FILE *file = fopen(path, "rb");
        if (!file)
            skip(); /* no zone database here: install tzdata */
        size_t length = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        if (!zone_read_file(bytes, length, &zone, &error))
            fail_msg("%s: %s", path, error.text);
        setenv("TZ", names[i], 1);
        tzset();
        for (int64_t second = at(1990, 1, 1, 0); second < at(2080, 1, 1, 0); second += 11 * HOUR + 17) {
            struct tm local;
            time_t moment = (time_t)second;
            localtime_r(&moment, &local);
            if (zone_offset(&zone, second) != local.tm_gmtoff)
                fail_msg("%s at %lld: %lld, the C library says %ld", names[i], (long long)second,
                         (long long)zone_offset(&zone, second), local.tm_gmtoff);
        }
        zone_release(&zone);
    }
    unsetenv("TZ");
}

/* 0.22 on working days from 6 to 22 in Berlin, 0.08 from 22 to 6, 0.14 else. */
static struct tariff make_tariff(struct zone *zone, struct tariff_rule *rules)
{
    *zone = read_rule(berlin);
    rules[0] = (struct tariff_rule){.days = 0x1f, .from = 360, .to = 1320, .rate_micro_kwh = 220000};
    rules[1] = (struct tariff_rule){.days = 0x7f, .from = 1320, .to = 360, .rate_micro_kwh = 80000};
    return (struct tariff){.zones = zone, .zone_count = 1, .rules = rules, .rule_count = 2, .rate_micro_kwh = 140000};
}

static void test_rates_by_day_and_time_over_midnight(void **state)
{
    (void)state;
    struct zone zone;
    struct tariff_rule rules[2];
    struct tariff tariff = make_tariff(&zone, rules);
    assert_int_equal(tariff_rate(&tariff, at(2026, 11, 23, 5)), 220000); /* Monday 6:00 there */
    assert_int_equal(tariff_rate(&tariff, at(2026, 11, 23, 5) - 60), 80000);
    assert_int_equal(tariff_rate(&tariff, at(2026, 11, 23, 21)), 80000);
    assert_int_equal(tariff_rate(&tariff, at(2026, 11, 22, 12)), 140000); /* Sunday noon */
    rules[1].days = 1U << 4;                                              /* the night that begins on Friday */
    assert_int_equal(tariff_rate(&tariff, at(2026, 11, 28, 4)), 80000);
    assert_int_equal(tariff_rate(&tariff, at(2026, 11, 27, 4)), 140000);
}

static void test_an_hour_that_crosses_a_rate_is_integrated(void **state)
{
    (void)state;
    struct zone zone;
    struct tariff_rule rules[2];
    struct tariff tariff = make_tariff(&zone, rules);
    struct error error = {0};
    int64_t sum = 0, minutes = 0, from = (at(2026, 11, 23, 4) + 30 * 60) * SECOND;
    assert_true(tariff_sum(&tariff, from, from + HOUR * SECOND, &sum, &minutes, &error));
    assert_int_equal(minutes, 60);
    assert_int_equal(sum, 30 * INT64_C(80000) + 30 * INT64_C(220000));
}

static void day_costs(int month, int day, int from_hour, int64_t hours, int64_t night_hours)
{
    struct zone zone;
    struct tariff_rule rules[2];
    struct tariff tariff = make_tariff(&zone, rules);
    struct error error = {0};
    int64_t sum = 0, minutes = 0, from = at(2026, month, day, from_hour);
    assert_true(tariff_sum(&tariff, from * SECOND, (from + hours * HOUR) * SECOND, &sum, &minutes, &error));
    assert_int_equal(minutes, hours * 60);
    /* Sundays: night rate before 6 and after 22, 0.14 the 16 hours between, however long the night was. */
    assert_int_equal(sum, 60 * (night_hours * 80000 + 16 * INT64_C(140000)));
}

static void test_days_of_23_and_25_hours_cost_what_passes(void **state)
{
    (void)state;
    day_costs(11, 21, 23, 24, 8);
    day_costs(3, 28, 23, 23, 7);
    day_costs(10, 24, 22, 25, 9);
}

static void test_words_and_times_of_day(void **state)
{
    (void)state;
    int minute = -1;
    struct error error = {0};
    assert_int_equal(tariff_day("Mon"), 1);
    assert_int_equal(tariff_day("sun"), 64);
    assert_int_equal(tariff_day("monday"), 0);
    assert_true(tariff_read_time("24:00", &minute, &error));
    assert_int_equal(minute, 1440);
    assert_false(tariff_read_time("24:01", &minute, &error));
    assert_false(tariff_read_time("6:00", &minute, &error));
    assert_false(tariff_read_time("06:60", &minute, &error));
    struct tariff tariff = {.rate_micro_kwh = 1};
    int64_t sum = 0, minutes = 0;
    assert_false(tariff_sum(&tariff, 0, 0, &sum, &minutes, &error));
    assert_false(tariff_sum(&tariff, 0, INT64_MAX, &sum, &minutes, &error));
    assert_false(tariff_sum(&tariff, INT64_MIN, 0, &sum, &minutes, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days_and_years_of_the_calendar),
        cmocka_unit_test(test_rules_change_at_the_right_second),
        cmocka_unit_test(test_southern_summers_run_over_new_year),
        cmocka_unit_test(test_rules_agree_with_the_c_library),
        cmocka_unit_test(test_rules_that_are_none_are_refused),
        cmocka_unit_test(test_compiled_files_are_read_and_cut_ones_refused),
        cmocka_unit_test(test_the_zone_database_agrees_with_the_c_library),
        cmocka_unit_test(test_rates_by_day_and_time_over_midnight),
        cmocka_unit_test(test_an_hour_that_crosses_a_rate_is_integrated),
        cmocka_unit_test(test_days_of_23_and_25_hours_cost_what_passes),
        cmocka_unit_test(test_words_and_times_of_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
