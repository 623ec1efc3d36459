/* Providers' moments; the calendar is base/time.h's. */
#include "providers/sdk/time.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"

enum { TEXT_LONGEST = 64 };

/* Microseconds below a millisecond, which base/time.h cuts off: digits four to six of the fraction. */
static int64_t fine_part(const char *text, size_t length)
{
    const char *dot = memchr(text, '.', length);
    if (!dot)
        return 0;
    int64_t us = 0;
    int64_t unit = 100;
    size_t digits = 0;
    for (const char *at = dot + 1; at < text + length && *at >= '0' && *at <= '9' && digits < 6; at++, digits++)
        if (digits >= 3) {
            us += (*at - '0') * unit;
            unit /= 10;
        }
    return us;
}

bool sdk_time_read_iso(const char *text, int64_t *ret_us, struct error *ret_error)
{
    size_t length = strnlen(text, TEXT_LONGEST);
    int64_t ms = 0;
    if (!time_parse(text, length, &ms, ret_error))
        return false;
    *ret_us = ms * 1000 + fine_part(text, length);
    return true;
}

/* "Sun, 22 Nov 2026 18:00:00 GMT" turned into RFC 3339. */
static bool http_to_iso(const char *text, char iso[static SDK_TIME_TEXT_MAX])
{
    static const char days[] = "MonTueWedThuFriSatSun";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    enum { HTTP_DATE_LENGTH = 29 };
    if (strnlen(text, HTTP_DATE_LENGTH + 1) != HTTP_DATE_LENGTH)
        return false;
    char day[4] = {text[0], text[1], text[2], '\0'};
    char month[4] = {text[8], text[9], text[10], '\0'};
    const char *day_at = strstr(days, day);
    const char *month_at = strstr(months, month);
    bool framed = memcmp(text + 3, ", ", 2) == 0 && text[7] == ' ' && text[11] == ' ' && text[16] == ' ' &&
                  memcmp(text + 25, " GMT", 4) == 0;
    if (!framed || !day_at || (day_at - days) % 3 != 0 || !month_at || (month_at - months) % 3 != 0)
        return false;
    unsigned number = (unsigned)((month_at - months) / 3 + 1);
    snprintf(iso, SDK_TIME_TEXT_MAX, "%.4s-%02u-%.2sT%.8sZ", text + 12, number % 100u, text + 5, text + 17);
    return true;
}

bool sdk_time_read_http(const char *text, int64_t *ret_us, struct error *ret_error)
{
    char iso[SDK_TIME_TEXT_MAX];
    struct error ignored = {0};
    int64_t ms = 0;
    if (!http_to_iso(text, iso) || !time_parse(iso, strlen(iso), &ms, &ignored))
        return error_set(ret_error, ERROR_INVALID, "no date in the form \"Sun, 06 Nov 1994 08:49:37 GMT\"");
    *ret_us = ms * 1000;
    return true;
}

/* Floor: a moment before 1970 belongs to the millisecond that had begun. */
static int64_t to_ms(int64_t us)
{
    return us / 1000 - (us % 1000 < 0);
}

const char *sdk_time_write_iso(int64_t us, char text[static SDK_TIME_TEXT_MAX])
{
    char full[TIME_TEXT_MAX];
    snprintf(text, SDK_TIME_TEXT_MAX, "%.19sZ", time_format(to_ms(us), full));
    return text;
}

const char *sdk_time_write_basic(int64_t us, char text[static SDK_TIME_TEXT_MAX])
{
    char full[TIME_TEXT_MAX];
    time_format(to_ms(us), full);
    snprintf(text, SDK_TIME_TEXT_MAX, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", full, full + 5, full + 8, full + 11, full + 14,
             full + 17);
    return text;
}
