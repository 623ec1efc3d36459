/* links: agent api core federation placement store sim_serve sim_engine model net base lws */
/* Who may ask: tokens, and requests that were not meant for this server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "controller/api/private.h"

static char token[] = "0123456789abcdef", host[] = "127.0.0.1", wildcard[] = "0.0.0.0",
            address[] = "http://127.0.0.1:4650";
static const struct api plain = {.token = token, .host = host, .port = 4650, .address = address};

static bool asks(const struct api *api, const char *given, const char *authority, const char *origin)
{
    struct access_request request = {.token = given, .host = authority, .origin = origin};
    struct error error;
    bool allowed = access_check(api, &request, &error);
    assert_true(allowed || error.code == ERROR_DENIED);
    return allowed;
}

static void test_the_right_token_may_ask(void **state)
{
    (void)state;
    assert_true(asks(&plain, token, "127.0.0.1:4650", ""));
    assert_true(asks(&plain, token, "localhost:4650", ""));
    assert_true(asks(&plain, token, "LOCALHOST:4650", ""));
}

static void test_no_token_and_a_wrong_one_are_refused(void **state)
{
    (void)state;
    assert_false(asks(&plain, "", "127.0.0.1:4650", ""));
    assert_false(asks(&plain, "0123456789abcdeg", "127.0.0.1:4650", ""));
    assert_false(asks(&plain, "0123456789abcde", "127.0.0.1:4650", ""));
    assert_false(asks(&plain, "0123456789abcdef0", "127.0.0.1:4650", ""));
}

static void test_an_agent_without_a_token_lets_nobody_in(void **state)
{
    (void)state;
    char none[] = "";
    struct api api = plain;
    api.token = none;
    assert_false(asks(&api, "", "127.0.0.1:4650", ""));
    assert_false(asks(&api, "x", "127.0.0.1:4650", ""));
}

static void test_another_host_is_refused_whatever_the_token(void **state)
{
    (void)state;
    assert_false(asks(&plain, token, "evil.example:4650", ""));
    assert_false(asks(&plain, token, "127.0.0.1:4651", ""));
    assert_false(asks(&plain, token, "127.0.0.1", ""));
    assert_false(asks(&plain, token, "127.0.0.1:4650.evil.example", ""));
    assert_false(asks(&plain, token, "", ""));
}

static void test_pages_from_elsewhere_are_refused(void **state)
{
    (void)state;
    assert_true(asks(&plain, token, "127.0.0.1:4650", "http://127.0.0.1:4650"));
    assert_false(asks(&plain, token, "127.0.0.1:4650", "https://127.0.0.1:4650"));
    assert_false(asks(&plain, token, "127.0.0.1:4650", "http://evil.example"));
    assert_false(asks(&plain, token, "127.0.0.1:4650", "null"));
}

static void test_every_address_of_the_machine_means_any_of_its_names(void **state)
{
    (void)state;
    struct api api = plain;
    api.host = wildcard;
    api.tls = true;
    assert_true(asks(&api, token, "drover.example:4650", ""));
    assert_false(asks(&api, token, "", ""));
}

static void test_default_ports_may_be_left_out(void **state)
{
    (void)state;
    struct api api = plain;
    api.port = 80;
    assert_true(asks(&api, token, "127.0.0.1", ""));
    api.tls = true;
    assert_false(asks(&api, token, "127.0.0.1", ""));
    api.port = 443;
    assert_true(asks(&api, token, "127.0.0.1", ""));
}

static void test_bearer_tokens_are_taken(void **state)
{
    (void)state;
    assert_string_equal(access_bearer("Bearer abc"), "abc");
    assert_string_equal(access_bearer("bearer  abc"), "abc");
    assert_string_equal(access_bearer("Basic abc"), "");
    assert_string_equal(access_bearer(""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_right_token_may_ask),
        cmocka_unit_test(test_no_token_and_a_wrong_one_are_refused),
        cmocka_unit_test(test_an_agent_without_a_token_lets_nobody_in),
        cmocka_unit_test(test_another_host_is_refused_whatever_the_token),
        cmocka_unit_test(test_pages_from_elsewhere_are_refused),
        cmocka_unit_test(test_every_address_of_the_machine_means_any_of_its_names),
        cmocka_unit_test(test_default_ports_may_be_left_out),
        cmocka_unit_test(test_bearer_tokens_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
