/* links: base */
/* Money, durations, moments and whole numbers: what is read, written and read again must be the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/money.h"
#include "base/text.h"
#include "base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_money(const char *text, size_t size)
{
    struct error error;
    int64_t uusd = 0, again = 0;
    char written[MONEY_TEXT_MAX];
    if (!money_parse(text, size, &uusd, &error))
        return;
    money_format(uusd, written);
    must(money_parse(written, strlen(written), &again, &error) && again == uusd);
    for (unsigned decimals = 0; decimals <= 6; decimals++)
        money_format_rounded(uusd, decimals, written);
}

static void check_duration(const char *text, size_t size)
{
    struct error error;
    int64_t ms = 0, again = 0;
    char written[TEXT_DURATION_MAX];
    if (!text_parse_duration(text, size, &ms, &error))
        return;
    text_format_duration(ms, written);
    must(text_parse_duration(written, strlen(written), &again, &error) && again == ms);
    text_format_duration_short(ms, written);
    must(text_parse_duration(written, strlen(written), &again, &error) && again <= ms);
}

static void check_time(const char *text, size_t size)
{
    struct error error;
    int64_t ms = 0, again = 0;
    char written[TIME_TEXT_MAX];
    if (!time_parse(text, size, &ms, &error) || ms < TIME_LEAST_MS || ms > TIME_MOST_MS)
        return;
    time_format(ms, written);
    must(time_parse(written, strlen(written), &again, &error) && again == ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct error error;
    uint64_t number = 0;
    if (size == 0)
        return 0;
    check_money(text, size);
    check_duration(text, size);
    check_time(text, size);
    if (text_parse_u64(text, size, "n", 5, 500000, &number, &error))
        must(number >= 5 && number <= 500000);
    int64_t any = 0;
    memcpy(&any, data, size < sizeof any ? size : sizeof any);
    char written[MONEY_TEXT_MAX];
    int64_t again = 0;
    money_format(any, written);
    must(any == INT64_MIN || (money_parse(written, strlen(written), &again, &error) && again == any));
    return 0;
}
