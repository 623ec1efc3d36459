/* links: base */
/* UTF-8, globs, percent encoding, nearest words, numbers, durations, visible text. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "base/utf8.h"

static void utf8_accepts_every_length_and_refuses_the_malformed(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "plain ascii that is longer than eight",
                                       "\xC3\xA9",
                                       "\xE2\x82\xAC",
                                       "\xF0\x9F\x90\x8E",
                                       "\xED\x9F\xBF",
                                       "\xF4\x8F\xBF\xBF",
                                       "abcdefg\xC3\xA9z"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(utf8_valid(good[i], strlen(good[i])));
    static const char *const bad[] = {
        "\x80", "\xC0\xAF", "\xC1\xBF",     "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "\xC3", "\xE2\x82", "\xF0\x9F\x90", "\xC3(",        "abcdefgh\xFF"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
    assert_true(utf8_valid("a\0b", 3));
}

static void utf8_writes_what_it_reads(void **state)
{
    (void)state;
    for (uint32_t c = 1; c <= 0x10FFFF; c += 7) {
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        char bytes[UTF8_SEQUENCE_MAX];
        size_t length = utf8_encode(c, bytes);
        uint32_t back = 0;
        assert_int_equal(utf8_decode(bytes, length, &back), length);
        assert_int_equal(back, c);
    }
    char bytes[UTF8_SEQUENCE_MAX];
    assert_int_equal(utf8_encode(0xD800, bytes), 3);
    assert_memory_equal(bytes, "\xEF\xBF\xBD", 3);
    assert_int_equal(utf8_count("a\xC3\xA9\xFF\xF0\x9F\x90\x8E", 8), 4);
}

static void glob_matches_as_policies_mean_it(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"web*", "web", true},
        {"web*", "web-api", true},
        {"web*", "we", false},
        {"*", "", true},
        {"", "", true},
        {"", "a", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"a?c",
         "a\xC3\xA9"
         "c",
         true},
        {"*-eu-*", "aws-eu-west-1", true},
        {"*?", "", false},
        {"*?", "\xC3\xA9", true},
        {"*??", "\xC3\xA9", false},
        {"a*b*c", "aXbYbZc", true},
        {"a*b*c", "aXbYbZ", false},
        {"[a]", "a", false},
        {"a**", "a", true},
        {"?", "\xC3", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (text_glob(cases[i].pattern, cases[i].text) != cases[i].matches)
            fail_msg("glob \"%s\" on \"%s\" should be %d", cases[i].pattern, cases[i].text, cases[i].matches);
}

static void glob_with_many_stars_ends_soon(void **state)
{
    (void)state;
    char text[4001];
    memset(text, 'a', 4000);
    text[4000] = '\0';
    assert_false(text_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

static void percent_encoding_goes_there_and_back(void **state)
{
    (void)state;
    struct buffer b = BUFFER_INIT;
    struct buffer back = BUFFER_INIT;
    struct error error;
    const char *id = "a/b c%\xC3\xA9~-._&=+";
    text_append_percent(&b, id, strlen(id));
    assert_string_equal(b.data, "a%2Fb%20c%25%C3%A9~-._%26%3D%2B");
    assert_true(text_append_unpercent(&back, b.data, b.length, true, &error));
    assert_string_equal(back.data, id);
    buffer_clear(&back);
    assert_true(text_append_unpercent(&back, "a+b%2f", 6, true, &error));
    assert_string_equal(back.data, "a b/");
    assert_false(text_append_unpercent(&back, "a%2", 3, false, &error));
    assert_string_equal(error.text, "a '%' is not followed by two hexadecimal digits");
    assert_false(text_append_unpercent(&back, "%zz", 3, false, &error));
    assert_false(text_append_unpercent(&back, "%00", 3, false, &error));
    assert_string_equal(error.text, "a NUL character is not allowed");
    assert_false(text_append_unpercent(&back, "%ff", 3, false, &error));
    assert_string_equal(error.text, "the text is not UTF-8");
    buffer_release(&b);
    buffer_release(&back);
}

static void nearest_finds_the_word_that_was_meant(void **state)
{
    (void)state;
    static const char *const words[] = {"price", "pool", "provider", "consul", "usd_per_hour", "if"};
    assert_string_equal(text_nearest("pirce", words, 6), "price");
    assert_string_equal(text_nearest("Pool", words, 6), "pool");
    assert_string_equal(text_nearest("provder", words, 6), "provider");
    assert_string_equal(text_nearest("usd_hour", words, 6) ? "found" : "none", "none");
    assert_string_equal(text_nearest("usd_perhour", words, 6), "usd_per_hour");
    assert_null(text_nearest("x", words, 5));
    assert_null(text_nearest("", words, 6));
    assert_null(text_nearest("zzzzzz", words, 6));
    char longer[200];
    memset(longer, 'p', sizeof longer);
    longer[199] = '\0';
    assert_null(text_nearest(longer, words, 6));
}

static void numbers_keep_to_their_bounds(void **state)
{
    (void)state;
    struct error error;
    uint64_t value = 0;
    assert_true(text_parse_u64("18446744073709551615", 20, "x", 0, UINT64_MAX, &value, &error));
    assert_true(value == UINT64_MAX);
    assert_false(text_parse_u64("18446744073709551616", 20, "x", 0, UINT64_MAX, &value, &error));
    assert_int_equal(error.code, ERROR_OVERFLOW);
    assert_false(text_parse_u64("0", 1, "the port", 1, 65535, &value, &error));
    assert_string_equal(error.text, "the port must be a whole number from 1 to 65535");
    static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "0x1", "1.0", "99999999999999999999999x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(text_parse_u64(bad[i], strlen(bad[i]), "n", 0, 9, &value, &error));
        assert_int_equal(error.code, ERROR_INVALID);
    }
    assert_true(value == UINT64_MAX);
}

static void durations_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"30s", 30000}, {"1m30s", 90000},   {"2h", 7200000},   {"500ms", 500},   {"0", 0},
        {"0s", 0},      {"1h1ms", 3600001}, {"7d", 604800000}, {"90m", 5400000}, {"36500d", TEXT_DURATION_MAX_MS}};
    struct error error;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t ms = -1;
        assert_true(text_parse_duration(good[i].text, strlen(good[i].text), &ms, &error));
        assert_true(ms == good[i].ms);
    }
    static const char *const bad[] = {"", "30", "s", "1s1m", "1s1s", "-1s", "1.5h", "1 s", "1x", "1sec", "1m30"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t ms = 0;
        assert_false(text_parse_duration(bad[i], strlen(bad[i]), &ms, &error));
        assert_int_equal(error.code, ERROR_INVALID);
    }
    int64_t ms = 0;
    assert_false(text_parse_duration("30\n", 3, &ms, &error));
    assert_string_equal(error.text, "\"30\\n\" is not a duration; write it as \"30s\", \"1m30s\", \"2h\" or \"500ms\"");
    assert_false(text_parse_duration("36501d", 6, &ms, &error));
    assert_int_equal(error.code, ERROR_OVERFLOW);
    assert_false(text_parse_duration("99999999999999999999d", 21, &ms, &error));
    assert_int_equal(error.code, ERROR_OVERFLOW);
}

static void durations_are_written_whole_and_short(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *whole, *brief;
    } cases[] = {{0, "0s", "0s"},
                 {250, "250ms", "250ms"},
                 {45250, "45s250ms", "45s"},
                 {90000, "1m30s", "1m30s"},
                 {60250, "1m250ms", "1m"},
                 {7380000, "2h3m", "2h3m"},
                 {7380001, "2h3m1ms", "2h3m"},
                 {273600000, "76h", "3d4h"},
                 {-5000, "-5s", "-5s"},
                 {INT64_MIN, "-2562047788015h12m55s808ms", "-106751991167d7h"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[TEXT_DURATION_MAX];
        assert_string_equal(text_format_duration(cases[i].ms, text), cases[i].whole);
        assert_string_equal(text_format_duration_short(cases[i].ms, text), cases[i].brief);
    }
}

static void hostile_text_is_made_visible(void **state)
{
    (void)state;
    struct buffer b = BUFFER_INIT;
    const char text[] = "a\x1b[31m\n\t\r\x7f\xC2\x9B\xE2\x80\xAE\xFF\xF3\xA0\x80\x81 \"q\\\xC3\xA9";
    text_append_visible(&b, text, sizeof text - 1, false);
    assert_string_equal(b.data, "a\\x1b[31m\\n\\t\\r\\x7f\\u009b\\u202e\\xff\\U000e0001 \"q\\\xC3\xA9");
    buffer_clear(&b);
    text_append_visible(&b, "\"q\\", 3, true);
    assert_string_equal(b.data, "\\\"q\\\\");
    buffer_clear(&b);
    text_append_visible(&b, "a\0b", 3, false);
    assert_string_equal(b.data, "a\\x00b");
    buffer_release(&b);
}

static void starts_and_ends_are_seen(void **state)
{
    (void)state;
    assert_true(text_starts_with("drover.hcl", "drover"));
    assert_false(text_starts_with("dr", "drover"));
    assert_true(text_ends_with("drover.hcl", ".hcl"));
    assert_false(text_ends_with("hcl", ".hcl"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_accepts_every_length_and_refuses_the_malformed),
        cmocka_unit_test(utf8_writes_what_it_reads),
        cmocka_unit_test(glob_matches_as_policies_mean_it),
        cmocka_unit_test(glob_with_many_stars_ends_soon),
        cmocka_unit_test(percent_encoding_goes_there_and_back),
        cmocka_unit_test(nearest_finds_the_word_that_was_meant),
        cmocka_unit_test(numbers_keep_to_their_bounds),
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(durations_are_written_whole_and_short),
        cmocka_unit_test(hostile_text_is_made_visible),
        cmocka_unit_test(starts_and_ends_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
