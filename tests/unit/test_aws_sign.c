/* links: provider_aws provider_sdk base */
/* Signature Version 4 on vectors: the published get-vanilla, the others derived from botocore 1.44.5's signer. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "providers/aws/sign.h"

/* The key and secret that AWS's own documentation uses in its examples. */
#define KEY_ID "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define DATE "20150830T123600Z"

static struct aws_sign_request request_of(const char *method, const char *path, const struct aws_sign_pair *headers,
                                          size_t count, const char *body_hash)
{
    return (struct aws_sign_request){.method = method,
                                     .path = path,
                                     .headers = headers,
                                     .header_count = count,
                                     .body_sha256 = body_hash,
                                     .date = DATE,
                                     .region = "us-east-1",
                                     .service = "service"};
}

static void signs_as(const struct aws_sign_request *request, const char *signature)
{
    struct buffer out = BUFFER_INIT, canonical = BUFFER_INIT;
    aws_sign_append_authorization(&out, request, KEY_ID, SECRET);
    const char *found = strstr(out.data, "Signature=");
    assert_non_null(found);
    if (strcmp(found + 10, signature) != 0) {
        aws_sign_append_canonical(&canonical, request);
        fail_msg("wanted %s\n  got %s\n  canonical request:\n%s", signature, found + 10, canonical.data);
    }
    buffer_release(&out);
    buffer_release(&canonical);
}

static char empty_hash[AWS_SIGN_HEX_MAX];

static void get_vanilla_of_the_published_suite(void **state)
{
    (void)state;
    const struct aws_sign_pair headers[] = {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", DATE}};
    struct aws_sign_request request = request_of("GET", "/", headers, 2, empty_hash);
    signs_as(&request, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    request.path = "";
    signs_as(&request, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

static void a_form_with_a_token_signs_every_header(void **state)
{
    (void)state;
    const struct aws_sign_pair headers[] = {
        {"X-Amz-Security-Token", "to/ken=="},
        {"Host", "ec2.eu-central-1.amazonaws.com"},
        {"X-Amz-Content-Sha256", "x"},
        {"X-Amz-Date", DATE},
        {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
    };
    struct aws_sign_request request = request_of("POST", "/", headers, 5, "x");
    request.region = "eu-central-1";
    request.service = "ec2";
    struct buffer out = BUFFER_INIT;
    aws_sign_append_authorization(&out, &request, KEY_ID, SECRET);
    assert_string_equal(out.data,
                        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/ec2/aws4_request, "
                        "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, "
                        "Signature=125300783df745893c5d96877517315751483bd4dafbcd980229cb094c2e6106");
    buffer_release(&out);
}

static void a_query_is_encoded_then_sorted_by_name_and_value(void **state)
{
    (void)state;
    const struct aws_sign_pair headers[] = {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", DATE}};
    const struct aws_sign_pair query[] = {{"b", "2"}, {"a-b", "~"}, {"A", ""}, {"a", "*+/"}};
    struct aws_sign_request request = request_of("GET", "/", headers, 2, empty_hash);
    request.query = query;
    request.query_count = 4;
    struct buffer out = BUFFER_INIT;
    aws_sign_append_query(&out, query, 4);
    assert_string_equal(out.data, "A=&a=%2A%2B%2F&a-b=~&b=2");
    buffer_release(&out);
    signs_as(&request, "fddc68765ec9cf4ba10790d38faf153dfd6e140ada9c976c1ecdce199ce8e275");
}

static void equal_names_sort_by_value_and_blanks_become_percent_20(void **state)
{
    (void)state;
    const struct aws_sign_pair query[] = {{"x", "b c"}, {"x", "b"}, {"x-1", "0"}, {"x", ""}};
    struct buffer out = BUFFER_INIT;
    aws_sign_append_query(&out, query, 4);
    assert_string_equal(out.data, "x=&x=b&x=b%20c&x-1=0");
    buffer_release(&out);
}

static void an_encoded_path_is_encoded_once_more(void **state)
{
    (void)state;
    const struct aws_sign_pair headers[] = {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", DATE}};
    struct aws_sign_request request = request_of("GET", "/2013-04-01/a%20b/%C3%A9", headers, 2, empty_hash);
    signs_as(&request, "082ac7a501f765cc7287210d77764c5966f665c387a506b4ad0f5b57b671ab6e");
}

static void header_values_lose_needless_blanks_and_the_host_keeps_its_port(void **state)
{
    (void)state;
    const struct aws_sign_pair headers[] = {
        {"Host", "example.amazonaws.com:8443"}, {"My-Header", "  a   b  c "}, {"X-Amz-Date", DATE}};
    struct aws_sign_request request = request_of("GET", "/", headers, 3, empty_hash);
    signs_as(&request, "f409ce4a3896b3a3316329b71290df2e409bb8592e2b4ca071d5ee3b1443fa61");
}

static void a_header_that_begins_another_sorts_before_it(void **state)
{
    (void)state;
    const struct aws_sign_pair headers[] = {{"x-amz-date-foo", "1"}, {"X-Amz-Date", DATE}};
    struct aws_sign_request request = request_of("GET", "/", headers, 2, empty_hash);
    struct buffer out = BUFFER_INIT;
    aws_sign_append_canonical(&out, &request);
    assert_non_null(strstr(out.data, "x-amz-date:" DATE "\nx-amz-date-foo:1\n\nx-amz-date;x-amz-date-foo\n"));
    buffer_release(&out);
}

static void moments_are_written_in_the_basic_form(void **state)
{
    (void)state;
    char date[AWS_SIGN_DATE_MAX];
    aws_sign_date(INT64_C(1440938160) * 1000000 + 999999, date);
    assert_string_equal(date, DATE);
    aws_sign_date(-1, date);
    assert_string_equal(date, "19691231T235959Z");
    aws_sign_date(INT64_MAX, date);
    assert_string_equal(date, "99991231T235959Z");
}

int main(void)
{
    aws_sign_hash("", 0, empty_hash);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_vanilla_of_the_published_suite),
        cmocka_unit_test(a_form_with_a_token_signs_every_header),
        cmocka_unit_test(a_query_is_encoded_then_sorted_by_name_and_value),
        cmocka_unit_test(equal_names_sort_by_value_and_blanks_become_percent_20),
        cmocka_unit_test(an_encoded_path_is_encoded_once_more),
        cmocka_unit_test(header_values_lose_needless_blanks_and_the_host_keeps_its_port),
        cmocka_unit_test(a_header_that_begins_another_sorts_before_it),
        cmocka_unit_test(moments_are_written_in_the_basic_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
