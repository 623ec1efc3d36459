/* links: base */
/* Moments as text, and log lines for people and as JSON. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/json.h"
#include "base/log.h"
#include "base/time.h"

static void moments_are_written_and_read(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{0, "1970-01-01T00:00:00.000Z"},
                 {1795370400123, "2026-11-22T18:00:00.123Z"},
                 {951782400000, "2000-02-29T00:00:00.000Z"},
                 {-1, "1969-12-31T23:59:59.999Z"},
                 {4107542399999, "2100-02-28T23:59:59.999Z"},
                 {4107542400000, "2100-03-01T00:00:00.000Z"},
                 {TIME_LEAST_MS, "0000-01-01T00:00:00.000Z"},
                 {TIME_MOST_MS, "9999-12-31T23:59:59.999Z"}};
    struct error error;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[TIME_TEXT_MAX];
        int64_t back = 0;
        assert_string_equal(time_format(cases[i].ms, text), cases[i].text);
        assert_true(time_parse(text, strlen(text), &back, &error));
        assert_true(back == cases[i].ms);
    }
    char text[TIME_TEXT_MAX];
    assert_string_equal(time_format(INT64_MAX, text), "9999-12-31T23:59:59.999Z");
    assert_string_equal(time_format(INT64_MIN, text), "0000-01-01T00:00:00.000Z");
    for (int64_t ms = TIME_LEAST_MS; ms < TIME_MOST_MS - 86400000; ms += INT64_C(86400000) * 97 + 1234567) {
        int64_t back = 0;
        assert_true(time_parse(time_format(ms, text), 24, &back, &error));
        assert_true(back == ms);
    }
}

static void other_forms_of_moments_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"2026-11-22T18:00:00Z", 1795370400000},
                {"2026-11-22t19:30:00.5+01:30", 1795370400500},
                {"2026-11-22T10:00:00.123456789-08:00", 1795370400123},
                {"2016-12-31T23:59:60Z", 1483228800000}};
    struct error error;
    int64_t ms = 0;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(time_parse(good[i].text, strlen(good[i].text), &ms, &error));
        assert_true(ms == good[i].ms);
    }
    static const char *const bad[] = {"",
                                      "2026-11-22",
                                      "2026-11-22 18:00:00Z",
                                      "2026-02-29T00:00:00Z",
                                      "2026-13-01T00:00:00Z",
                                      "2026-00-01T00:00:00Z",
                                      "2026-01-01T24:00:00Z",
                                      "2026-01-01T00:00:00",
                                      "2026-01-01T00:00:00.Z",
                                      "2026-01-01T00:00:00Zx",
                                      "2026-01-01T00:00:00.1234567890Z",
                                      "1900-02-29T00:00:00Z",
                                      "2026-01-01T00:00:00+1:00"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (time_parse(bad[i], strlen(bad[i]), &ms, &error))
            fail_msg("accepted %s", bad[i]);
    assert_string_equal(error.text,
                        "\"2026-01-01T00:00:00+1:00\" is not a moment; write it as \"2026-11-22T18:00:00Z\"");
}

static const struct log_record *sample(void)
{
    static struct log_field fields[7];
    static struct log_record record;
    fields[0] = log_text("region", "aws-us-east-1");
    fields[1] = log_i64("nodes", -3);
    fields[2] = log_duration("after", 90000);
    fields[3] = log_money("rate", 96000);
    fields[4] = log_text("why", "said \"no\"\n\x1b[31m");
    fields[5] = log_text("empty", NULL);
    fields[6] = log_flag("dry", true);
    record = (struct log_record){.time_ms = 1795370400123,
                                 .level = LOG_LEVEL_INFO,
                                 .module = "agent",
                                 .message = "look\nhere",
                                 .fields = fields,
                                 .field_count = 7};
    return &record;
}

static void a_line_for_people_escapes_what_is_not_text(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    log_format_text(&out, sample());
    assert_string_equal(out.data, "2026-11-22T18:00:00.123Z [INFO]  agent: look\\nhere: region=aws-us-east-1 nodes=-3 "
                                  "after=1m30s rate=0.096 why=\"said \\\"no\\\"\\n\\x1b[31m\" empty=\"\" dry=true\n");
    buffer_clear(&out);
    struct log_record plain = {.time_ms = 0, .level = LOG_LEVEL_ERROR, .module = "store", .message = "disk full"};
    log_format_text(&out, &plain);
    assert_string_equal(out.data, "1970-01-01T00:00:00.000Z [ERROR] store: disk full\n");
    buffer_release(&out);
}

static void a_line_as_json_is_one_object(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    log_format_json(&out, sample());
    assert_string_equal(out.data,
                        "{\"@timestamp\":\"2026-11-22T18:00:00.123Z\",\"@level\":\"info\",\"@module\":\"agent\","
                        "\"@message\":\"look\\nhere\",\"region\":\"aws-us-east-1\",\"nodes\":-3,"
                        "\"after\":\"1m30s\",\"rate\":\"0.096\",\"why\":\"said \\\"no\\\"\\n\\u001b[31m\","
                        "\"empty\":\"\",\"dry\":true}\n");
    buffer_release(&out);
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    char text[LOG_TEXT_MAX + 100];
    memset(text, 'x', sizeof text);
    memcpy(text + LOG_TEXT_MAX - 1, "\xC3\xA9", 2);
    text[sizeof text - 1] = '\0';
    struct log_field field = log_text("k", text);
    struct log_record record = {
        .level = LOG_LEVEL_WARN, .module = "m", .message = "s", .fields = &field, .field_count = 1};
    struct buffer out = BUFFER_INIT;
    log_format_text(&out, &record);
    assert_int_equal(out.length, strlen("1970-01-01T00:00:00.000Z [WARN]  m: s: k=") + LOG_TEXT_MAX - 1 + 4);
    assert_string_equal(out.data + out.length - 5, "x...\n");
    buffer_clear(&out);
    log_format_json(&out, &record);
    assert_string_equal(out.data + out.length - 7, "x...\"}\n");
    buffer_release(&out);
}

static void levels_have_words(void **state)
{
    (void)state;
    enum log_level level = LOG_LEVEL_INFO;
    assert_true(log_level_parse("WARN", &level));
    assert_int_equal(level, LOG_LEVEL_WARN);
    assert_string_equal(log_level_word(level), "warn");
    assert_false(log_level_parse("loud", &level));
    assert_int_equal(level, LOG_LEVEL_WARN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_written_and_read),
        cmocka_unit_test(other_forms_of_moments_are_read),
        cmocka_unit_test(a_line_for_people_escapes_what_is_not_text),
        cmocka_unit_test(a_line_as_json_is_one_object),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(levels_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
