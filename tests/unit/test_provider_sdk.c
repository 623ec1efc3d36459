/* links: provider_sdk base */
/* What modules share: numbers, moments, URLs, pages, JSON and XML answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "providers/sdk/decimal.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/json.h"
#include "providers/sdk/limits.h"
#include "providers/sdk/pages.h"
#include "providers/sdk/time.h"
#include "providers/sdk/url.h"
#include "providers/sdk/xml.h"

static int64_t micro(const char *text)
{
    struct error error = {0};
    int64_t number = -1;
    if (!sdk_decimal_read(text, strlen(text), &number, &error))
        return INT64_MIN;
    return number;
}

static void test_decimals_are_millionths_rounded_half_away(void **state)
{
    (void)state;
    assert_int_equal(micro("0.0960000000"), 96000);
    assert_int_equal(micro("0.0000005"), 1);
    assert_int_equal(micro("-0.0000005"), -1);
    assert_int_equal(micro("0.00000049"), 0);
    assert_int_equal(micro("1.3e-05"), 13);
    assert_int_equal(micro("1.5E3"), 1500000000);
    assert_int_equal(micro("12"), 12000000);
    assert_int_equal(micro("9223372036854.775807"), INT64_MAX);
    assert_int_equal(micro("0e99"), 0);
}

static void test_what_is_no_decimal_is_refused(void **state)
{
    (void)state;
    const char *bad[] = {"",     "-",
                         ".5",   "5.",
                         "1e",   "1e+",
                         "1 ",   "+1",
                         "abc",  "1,5",
                         "NaN",  "1e100",
                         "0x1",  "9223372036854.775808",
                         "1e30", "00000000000000000000000000000000000000000000000000000000000000001"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (micro(bad[i]) != INT64_MIN)
            fail_msg("\"%s\" was read", bad[i]);
}

static void test_fixed_point_is_checked(void **state)
{
    (void)state;
    int64_t result = 0;
    assert_true(sdk_decimal_multiply(1500000, 2000000, &result));
    assert_int_equal(result, 3000000);
    assert_true(sdk_decimal_divide(1000000, 3000000, &result));
    assert_int_equal(result, 333333);
    assert_true(sdk_decimal_scale(-5, 1, 2, &result));
    assert_int_equal(result, -3);
    assert_false(sdk_decimal_multiply(INT64_MAX, 2000000, &result));
    assert_false(sdk_decimal_divide(1, 0, &result));
}

static int64_t iso(const char *text)
{
    struct error error = {0};
    int64_t us = 0;
    return sdk_time_read_iso(text, &us, &error) ? us : -1;
}

static int64_t http(const char *text)
{
    struct error error = {0};
    int64_t us = 0;
    return sdk_time_read_http(text, &us, &error) ? us : -1;
}

static void test_moments_with_and_without_fraction(void **state)
{
    (void)state;
    assert_int_equal(iso("1970-01-01T00:00:01Z"), 1000000);
    assert_int_equal(iso("1970-01-01T00:00:01.774359Z"), 1774359);
    assert_int_equal(iso("1970-01-01T00:00:01.7743591Z"), 1774359);
    assert_int_equal(iso("1970-01-01T01:00:01.5+01:00"), 1500000);
    assert_int_equal(iso("1970-01-01T00:00:01"), -1);
    assert_int_equal(iso("yesterday"), -1);
    assert_int_equal(http("Thu, 01 Jan 1970 00:00:01 GMT"), 1000000);
    assert_int_equal(http("Sun, 22 Nov 2026 12:00:00 GMT"), INT64_C(1795348800000000));
    assert_int_equal(http("Sun, 22 Nov 2026 12:00:00 UTC"), -1);
    assert_int_equal(http("Sun, 32 Nov 2026 12:00:00 GMT"), -1);
    assert_int_equal(http("Sun, 22 ovN 2026 12:00:00 GMT"), -1);
    char text[SDK_TIME_TEXT_MAX];
    assert_string_equal(sdk_time_write_basic(INT64_C(1795348800999999), text), "20261122T120000Z");
    assert_string_equal(sdk_time_write_iso(INT64_C(1795348800999999), text), "2026-11-22T12:00:00Z");
}

static bool url(const char *text, struct sdk_url *ret)
{
    struct error error = {0};
    return sdk_url_read(text, ret, &error);
}

static void test_urls_are_taken_apart(void **state)
{
    (void)state;
    struct sdk_url u;
    assert_true(url("https://API.example.com/a/b?c=d&e", &u));
    assert_string_equal(u.host, "api.example.com");
    assert_true(u.https && u.port == 443 && u.default_port);
    assert_int_equal(u.path_length, 4);
    assert_string_equal(u.query, "c=d&e");
    assert_true(url("http://[fe80::1]:8080", &u));
    assert_true(u.ipv6 && u.port == 8080 && sdk_url_is_local(&u));
    assert_string_equal(u.path, "/");
    assert_true(url("http://169.254.169.254?x", &u));
    assert_true(sdk_url_is_local(&u));
    assert_string_equal(u.query, "x");
    assert_true(url("http://127.0.0.1.example.com/", &u));
    assert_false(sdk_url_is_local(&u));
}

static void test_dangerous_urls_are_refused(void **state)
{
    (void)state;
    struct sdk_url u;
    const char *bad[] = {
        "ftp://a/",     "https://",         "https://user@a/", "https://a:0/",  "https://a:65536/", "https://a b/",
        "https://a/#f", "https://a\r\nb/",  "https://[::1/",   "https://[zz]/", "https://a:80x/",   "https://[::1]x/",
        "//a",          "https://\xc3\xa4/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (url(bad[i], &u))
            fail_msg("\"%s\" was read", bad[i]);
}

static void test_a_link_to_another_host_is_another_origin(void **state)
{
    (void)state;
    struct sdk_url a, b;
    assert_true(url("https://a/x", &a) && url("https://A:443/y", &b));
    assert_true(sdk_url_same_origin(&a, &b));
    assert_true(url("https://a:444/y", &b));
    assert_false(sdk_url_same_origin(&a, &b));
    assert_true(url("http://a:443/y", &b));
    assert_false(sdk_url_same_origin(&a, &b));
}

static void test_queries_are_encoded(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    buffer_append_text(&out, "https://a/");
    sdk_url_append_query(&out, "a b", "c&d");
    sdk_url_append_query(&out, "e", "/~");
    assert_string_equal(out.data, "https://a/?a%20b=c%26d&e=%2F~");
    buffer_clear(&out);
    sdk_url_append_form(&out, "a", "1");
    sdk_url_append_form(&out, "b", "2");
    assert_string_equal(out.data, "a=1&b=2");
    buffer_release(&out);
}

static void test_pages_end(void **state)
{
    (void)state;
    struct sdk_pages pages;
    struct error error = {0};
    bool more = false;
    sdk_pages_init(&pages, 3);
    assert_true(sdk_pages_next(&pages, "a", &more, &error) && more);
    assert_string_equal(pages.token, "a");
    assert_false(sdk_pages_next(&pages, pages.token, &more, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_true(sdk_pages_next(&pages, "b", &more, &error) && more);
    assert_false(sdk_pages_next(&pages, "c", &more, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    assert_true(sdk_pages_next(&pages, "", &more, &error) && !more);
    assert_true(sdk_pages_next(&pages, NULL, &more, &error) && !more);
    sdk_pages_release(&pages);
}

static void test_json_errors_say_where(void **state)
{
    (void)state;
    static const char text[] =
        "{\"value\": [{}, {\"properties\": {\"size\": 3, \"zone\": null, \"@odata.id\": \"/x\"}}],"
        "\"expires_in\": \"3599\", \"price\": 0.096, \"old\": \"1.5\", \"big\": 1e300}";
    struct error error = {0};
    struct sdk_json_at root, list, item;
    const char *found = NULL;
    int64_t number = 0;
    assert_true(sdk_json_open(text, sizeof text - 1, 10000, &root, &error));
    assert_true(sdk_json_list(&root, "value", &list, &error));
    assert_int_equal(sdk_json_count(&list), 2);
    item = sdk_json_item(&list, 1);
    assert_false(sdk_json_text(&item, "properties/size", &found, &error));
    assert_string_equal(error.text, "value[1]/properties/size: text is wanted, a whole number stands there");
    assert_true(sdk_json_text_or(&item, "properties/zone", "none", &found, &error));
    assert_string_equal(found, "none");
    assert_true(sdk_json_text(&item, "properties/@odata.id", &found, &error));
    assert_true(sdk_json_i64(&item, "properties/size", &number, &error) && number == 3);
    assert_true(sdk_json_i64_lenient(&root, "expires_in", &number, &error) && number == 3599);
    assert_true(sdk_json_micro(&root, "price", &number, &error) && number == 96000);
    assert_true(sdk_json_micro(&root, "old", &number, &error) && number == 1500000);
    assert_false(sdk_json_micro(&root, "big", &number, &error));
    assert_true(sdk_json_list_or_none(&root, "absent/list", &list, &error) && sdk_json_count(&list) == 0);
    assert_false(sdk_json_text_or(&root, "value", "x", &found, &error));
    sdk_json_close(&root);
}

static struct sdk_xml *xml(const char *text, struct error *error)
{
    return sdk_xml_read(text, strlen(text), 10000, NULL, error);
}

static void test_xml_is_matched_by_local_names(void **state)
{
    (void)state;
    struct error error = {0};
    struct sdk_xml *read =
        xml("<?xml version=\"1.0\"?><!-- c --><a xmlns=\"urn:x\" xmlns:p=\"urn:p\"><p:set>"
            "<item><n> 1 </n></item><other/><item><n>2<!-- - -->3&amp;<![CDATA[<4>]]></n></item></p:set>"
            "<ok>true</ok></a>",
            &error);
    assert_non_null(read);
    const struct sdk_xml_node *root = sdk_xml_root(read);
    const struct sdk_xml_node *item = sdk_xml_find(root, "set/item");
    assert_string_equal(sdk_xml_text(item, "n", ""), "1");
    item = sdk_xml_next(item);
    assert_string_equal(sdk_xml_text(item, "n", ""), "23&<4>");
    assert_null(sdk_xml_next(item));
    assert_null(sdk_xml_find(root, "set/none/deeper"));
    int64_t number = 0;
    bool flag = false;
    assert_false(sdk_xml_require_i64(item, "n", &number, &error));
    assert_true(sdk_xml_optional_i64(root, "absent", 7, &number, &error) && number == 7);
    assert_true(sdk_xml_optional_flag(root, "ok", false, &flag, &error) && flag);
    sdk_xml_free(read);
}

static void test_hostile_xml_is_refused(void **state)
{
    (void)state;
    const char *bad[] = {"",
                         "x",
                         "<a>",
                         "<a></b>",
                         "<a/><b/>",
                         "<html><body>",
                         "<a>\xff</a>",
                         "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
                         "<!DOCTYPE a SYSTEM \"http://127.0.0.1/\"><a/>",
                         "<a>&undefined;</a>"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error error = {0};
        struct sdk_xml *read = xml(bad[i], &error);
        if (read)
            fail_msg("\"%s\" was read", bad[i]);
        assert_int_not_equal(error.code, ERROR_NONE);
    }
    struct error error = {0};
    char deep[100 * 4];
    size_t length = 0;
    for (int i = 0; i < 100; i++)
        length += (size_t)sprintf(deep + length, "<a>");
    assert_null(xml(deep, &error));
    assert_null(sdk_xml_read("<a/>", 4, 3, NULL, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    assert_null(sdk_xml_read("<a/>", 4, 10, "b", &error));
    assert_string_equal(error.text, "the XML's root is \"a\", not \"b\"");
}

static void test_deep_xml_within_bounds_keeps_its_shape(void **state)
{
    (void)state;
    struct error error = {0};
    struct sdk_xml *read = xml("<a><b><c><d/></c></b><b><c/></b><e/></a>", &error);
    assert_non_null(read);
    const struct sdk_xml_node *b = sdk_xml_find(sdk_xml_root(read), "b");
    assert_non_null(sdk_xml_find(b, "c/d"));
    assert_null(sdk_xml_find(sdk_xml_next(b), "c/d"));
    assert_non_null(sdk_xml_find(sdk_xml_root(read), "e"));
    sdk_xml_free(read);
}

static void test_failures_are_cut_and_visible(void **state)
{
    (void)state;
    struct provider_error error;
    assert_int_equal(sdk_fail(&error, PROVIDER_QUOTA, "a:B", "bell \a"), PROVIDER_QUOTA);
    assert_string_equal(error.text, "bell \\x07");
    assert_true(error.retry_at_us == PROVIDER_UNSET);
    char small[6];
    sdk_copy_text(small, sizeof small, "abcd\xc3\xa4");
    assert_string_equal(small, "abcd");
    assert_string_equal(sdk_status_word(PROVIDER_NO_CAPACITY), "no_capacity");
}

static void test_buckets_fill_and_share(void **state)
{
    (void)state;
    struct sdk_limits limits = {0};
    struct sdk_limit *limit = sdk_limits_get(&limits, "a");
    assert_int_equal(sdk_limit_take(limit, 0), 0);
    sdk_limit_set(limit, 60, 1, 0);
    assert_int_equal(sdk_limit_take(limit, 0), 0);
    assert_int_equal(sdk_limit_take(limit, 0), 1000000);
    assert_int_equal(sdk_limit_take(limit, 400000), 600000);
    assert_int_equal(sdk_limit_take(limit, 1000000), 0);
    assert_int_equal(sdk_limit_take(limit, 900000), 1000000); /* a clock that stands still gives nothing */
    char name[20];
    for (int i = 0; i < 400; i++) {
        snprintf(name, sizeof name, "b%d", i);
        sdk_limits_get(&limits, name);
    }
    assert_int_equal(limits.count, SDK_LIMITS_MAX);
    sdk_limits_release(&limits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimals_are_millionths_rounded_half_away),
        cmocka_unit_test(test_what_is_no_decimal_is_refused),
        cmocka_unit_test(test_fixed_point_is_checked),
        cmocka_unit_test(test_moments_with_and_without_fraction),
        cmocka_unit_test(test_urls_are_taken_apart),
        cmocka_unit_test(test_dangerous_urls_are_refused),
        cmocka_unit_test(test_a_link_to_another_host_is_another_origin),
        cmocka_unit_test(test_queries_are_encoded),
        cmocka_unit_test(test_pages_end),
        cmocka_unit_test(test_json_errors_say_where),
        cmocka_unit_test(test_xml_is_matched_by_local_names),
        cmocka_unit_test(test_hostile_xml_is_refused),
        cmocka_unit_test(test_deep_xml_within_bounds_keeps_its_shape),
        cmocka_unit_test(test_failures_are_cut_and_visible),
        cmocka_unit_test(test_buckets_fill_and_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
