/* links: provider_aws provider_sdk base */
/* Signature Version 4 on vectors: AWS's published signing test suite (awslabs/aws-c-auth,
 * tests/aws-signing-test-suite/v4), and some derived from botocore 1.44.5's signer for what that leaves out.
 *
 * Not taken from the suite: headers that come twice or go over several lines, which a request of this module never has;
 * paths with "." and "..", which it never sends (every request goes to "/"); the query forms, for it signs by header.
 */
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

/* --- the published suite ----------------------------------------------------------------------------------------- */

#define LETTERS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define FORM_HASH "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"
#define STS_TOKEN                                                                                                      \
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwt" \
    "hAx7mSEI/qkPpKPi/"                                                                                                \
    "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXA"                 \
    "kiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="

/* One vector: the headers besides Host and X-Amz-Date, and the query, end with a NULL name. */
struct vector {
    const char *name, *method, *path;
    struct aws_sign_pair query[4], headers[4];
    const char *body, *signature;
};

static const struct vector published[] = {
    {"get-vanilla", "GET", "/", {{0}}, {{0}}, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla, no path",
     "GET",
     "",
     {{0}},
     {{0}},
     "",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-empty-query-key",
     "GET",
     "/",
     {{"Param1", "value1"}},
     {{0}},
     "",
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {"get-vanilla-query-order-key-case",
     "GET",
     "/",
     {{"Param2", "value2"}, {"Param1", "value1"}},
     {{0}},
     "",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-vanilla-query-order-encoded",
     "GET",
     "/",
     {{"Param-3", "Value3"}, {"Param", "Value2"}, {"\xe1\x88\xb4", "Value1"}},
     {{0}},
     "",
     "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
    {"get-vanilla-query-unreserved",
     "GET",
     "/",
     {{"-._~" LETTERS, "-._~" LETTERS}},
     {{0}},
     "",
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"get-vanilla-utf8-query",
     "GET",
     "/",
     {{"\xe1\x88\xb4", "bar"}},
     {{0}},
     "",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"get-vanilla-with-session-token",
     "GET",
     "/",
     {{0}},
     {{"X-Amz-Security-Token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"}},
     "",
     "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
    {"get-unreserved",
     "GET",
     "/-._~" LETTERS,
     {{0}},
     {{0}},
     "",
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"get-header-value-trim",
     "GET",
     "/",
     {{0}},
     {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
     "",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"post-vanilla", "POST", "/", {{0}}, {{0}}, "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-vanilla-query",
     "POST",
     "/",
     {{"Param1", "value1"}},
     {{0}},
     "",
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"post-header-key-sort",
     "POST",
     "/",
     {{0}},
     {{"My-Header1", "value1"}},
     "",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post-header-value-case",
     "POST",
     "/",
     {{0}},
     {{"My-Header1", "VALUE1"}},
     "",
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
    {"post-sts-header-before",
     "POST",
     "/",
     {{0}},
     {{"X-Amz-Security-Token", STS_TOKEN}},
     "",
     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     {{0}},
     {{"Content-Length", "13"},
      {"Content-Type", "application/x-www-form-urlencoded"},
      {"X-Amz-Content-Sha256", FORM_HASH}},
     "Param1=value1",
     "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
    {"post-x-www-form-urlencoded-parameters",
     "POST",
     "/",
     {{0}},
     {{"Content-Length", "13"},
      {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
      {"X-Amz-Content-Sha256", FORM_HASH}},
     "Param1=value1",
     "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"},
};

static void the_published_suite_is_signed_as_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        const struct vector *vector = &published[i];
        struct aws_sign_pair headers[AWS_SIGN_HEADERS_MAX] = {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", DATE}};
        size_t count = 2, query = 0;
        for (size_t k = 0; k < 4 && vector->headers[k].name; k++)
            headers[count++] = vector->headers[k];
        while (query < 4 && vector->query[query].name)
            query++;
        char hash[AWS_SIGN_HEX_MAX];
        aws_sign_hash(vector->body, strlen(vector->body), hash);
        struct aws_sign_request request = request_of(vector->method, vector->path, headers, count, hash);
        request.query = vector->query;
        request.query_count = query;
        print_message("%s\n", vector->name);
        signs_as(&request, vector->signature);
    }
}

/* --- beyond it --------------------------------------------------------------------------------------------------- */

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
        cmocka_unit_test(the_published_suite_is_signed_as_published),
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
