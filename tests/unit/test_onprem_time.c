/* links: provider_onprem provider_replay provider_host provider_sdk net base */
/* What depends on the clock, on what could be kept, and on the time a call has left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/providers/replay.h"

extern const struct provider_module drover_provider_module;

#define SECOND INT64_C(1000000)
#define ROOT_URL "https://bmc1/redfish/v1/"
#define SYSTEM_URL "https://bmc1/redfish/v1/Systems/1"
#define RESET_URL SYSTEM_URL "/Actions/ComputerSystem.Reset"
#define JSON "Content-Type: application/json\n"

static const struct provider_pool observed = {.id = "rack-a",
                                              .name = "rack-a",
                                              .region = "fra1",
                                              .instance_type = "rack-a",
                                              .market = PROVIDER_OWNED,
                                              .max = 1,
                                              .generation = "",
                                              .writable = true,
                                              .why_read_only = ""};

static struct replay *begin(const char *pool, bool with_root)
{
    char text[1024];
    struct replay *replay = replay_new();
    snprintf(text, sizeof text,
             "site = \"fra1\"\nread_watts = false\n"
             "credential \"bmc\" {\n  username = \"operator\"\n  password_file = \"/p\"\n}\n"
             "pool \"rack-a\" {\n%s}\n"
             "machine \"r1\" {\n  pool = \"rack-a\"\n  address = \"https://bmc1\"\n"
             "  system = \"/redfish/v1/Systems/1\"\n}\n",
             pool);
    replay_settings_hcl(replay, text);
    replay_secret(replay, "credential.bmc.password", "s3cret");
    if (with_root)
        replay_exchange(replay, "GET", ROOT_URL, NULL, 200, JSON,
                        "{\"@odata.type\": \"#ServiceRoot.v1_5_0.ServiceRoot\"}");
    replay_open(replay, &drover_provider_module);
    return replay;
}

static void expect_power(struct replay *replay, const char *power)
{
    char body[512];
    snprintf(body, sizeof body,
             "{\"@odata.type\": \"#ComputerSystem.v1_13_0.ComputerSystem\", \"PowerState\": \"%s\","
             "\"UUID\": \"4c4c4544-0001-4310-8031-b1c04f4d3232\", \"Actions\": {\"#ComputerSystem.Reset\":"
             "{\"target\": \"/redfish/v1/Systems/1/Actions/ComputerSystem.Reset\"}}}",
             power);
    replay_exchange(replay, "GET", SYSTEM_URL, NULL, 200, JSON, body);
}

static void expect_reset(struct replay *replay, const char *type)
{
    char body[64];
    snprintf(body, sizeof body, "{\"ResetType\":\"%s\"}", type);
    replay_exchange(replay, "POST", RESET_URL, body, 204, NULL, "");
}

static enum provider_status poll_operation(struct replay *replay, const char *token)
{
    char copy[PROVIDER_OPERATION_MAX];
    snprintf(copy, sizeof copy, "%s", token);
    return replay_poll(replay, copy);
}

static void test_fault_06_sixty_seconds_then_once_more_then_failed(void **state)
{
    (void)state;
    struct replay *replay = begin("", true);
    expect_power(replay, "Off");
    expect_reset(replay, "On");
    assert_int_equal(replay_grow(replay, &observed, 1), PROVIDER_OK);
    char token[PROVIDER_OPERATION_MAX];
    snprintf(token, sizeof token, "%s", replay_operation(replay)->token);
    replay_advance(replay, 60 * SECOND - 1);
    expect_power(replay, "Off");
    assert_int_equal(poll_operation(replay, token), PROVIDER_OK);
    replay_advance(replay, 1);
    expect_power(replay, "Off");
    expect_reset(replay, "On");
    assert_int_equal(poll_operation(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_RUNNING);
    replay_advance(replay, 60 * SECOND);
    expect_power(replay, "Off");
    assert_int_equal(poll_operation(replay, token), PROVIDER_INVALID);
    expect_power(replay, "Off");
    assert_int_equal(poll_operation(replay, token), PROVIDER_INVALID);
    expect_power(replay, "Off");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->pools[0].instances[0].state, PROVIDER_INSTANCE_FAILED);
    replay_advance(replay, 1800 * SECOND);
    expect_power(replay, "Off");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->pools[0].instances[0].state, PROVIDER_INSTANCE_STOPPED);
    replay_free(replay);
}

static void test_power_is_cut_after_ten_minutes_and_not_before(void **state)
{
    (void)state;
    static const char *const machine = "r1";
    struct replay *replay = begin("  adopt_running = true\n  force_off = true\n", true);
    expect_power(replay, "On");
    expect_reset(replay, "GracefulShutdown");
    assert_int_equal(replay_shrink(replay, "rack-a", &machine, 1), PROVIDER_OK);
    char token[PROVIDER_OPERATION_MAX];
    snprintf(token, sizeof token, "%s", replay_operation(replay)->token);
    replay_advance(replay, 60 * SECOND - 1);
    expect_power(replay, "On");
    assert_int_equal(poll_operation(replay, token), PROVIDER_OK);
    replay_advance(replay, 1);
    expect_power(replay, "On");
    expect_reset(replay, "GracefulShutdown"); /* the first one may have been lost */
    assert_int_equal(poll_operation(replay, token), PROVIDER_OK);
    replay_advance(replay, 540 * SECOND - 1);
    expect_power(replay, "On");
    assert_int_equal(poll_operation(replay, token), PROVIDER_OK);
    replay_advance(replay, 1);
    expect_power(replay, "On");
    expect_reset(replay, "ForceOff");
    assert_int_equal(poll_operation(replay, token), PROVIDER_OK);
    expect_power(replay, "Off");
    assert_int_equal(poll_operation(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    assert_null(replay_kept(replay, "command.r1"));
    replay_free(replay);
}

static void test_fault_16_what_cannot_be_noted_is_not_sent(void **state)
{
    (void)state;
    struct replay *replay = begin("", true);
    expect_power(replay, "Off");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    replay_keep_fails(replay, true);
    expect_power(replay, "Off");
    assert_int_equal(replay_grow(replay, &observed, 1), PROVIDER_RETRY);
    replay_free(replay);
}

static void test_fault_02_a_login_that_cannot_be_noted_is_not_tried(void **state)
{
    (void)state;
    struct replay *replay = begin("", true);
    replay_keep_fails(replay, true);
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->pools[0].instances[0].state, PROVIDER_INSTANCE_UNKNOWN);
    assert_int_equal(replay_requests(replay), 1);
    replay_free(replay);
}

static void test_fault_01_the_wait_doubles_to_five_minutes_and_ends_with_an_answer(void **state)
{
    (void)state;
    static const int64_t waits[] = {5, 10, 20, 40, 80, 160, 300, 300};
    struct replay *replay = begin("", false);
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        replay_silence(replay, "GET", ROOT_URL, NULL, PROVIDER_HTTP_NOT_SENT);
        replay_silence(replay, "GET", ROOT_URL, NULL, PROVIDER_HTTP_NOT_SENT);
        assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
        assert_int_equal(replay_left(replay), 0);
        /* Even in half to whole of it: surely not yet just before the half, surely again at the whole. */
        replay_advance(replay, waits[i] * SECOND / 2 - 1);
        assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
        replay_advance(replay, waits[i] * SECOND / 2 + 1);
    }
    replay_exchange(replay, "GET", ROOT_URL, NULL, 200, JSON, "{\"@odata.type\": \"#ServiceRoot.v1_5_0.ServiceRoot\"}");
    expect_power(replay, "On");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->pools[0].instances[0].state, PROVIDER_INSTANCE_RUNNING);
    expect_power(replay, "On");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    replay_free(replay);
}

static void test_a_call_whose_time_is_over_asks_nobody_and_calls_nothing_off(void **state)
{
    (void)state;
    struct replay *replay = begin("", false);
    replay_set_time_left(replay, SECOND / 2);
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->pools[0].instances[0].state, PROVIDER_INSTANCE_UNKNOWN);
    assert_non_null(strstr(replay_results(replay)->pools[0].instances[0].trouble, "not asked"));
    assert_int_equal(replay_requests(replay), 0);
    replay_free(replay);
}

static void test_what_a_look_does_not_reach_is_as_it_was_for_three_minutes(void **state)
{
    (void)state;
    static const char *const machine = "r1";
    struct replay *replay = begin("  adopt_running = true\n", true);
    expect_power(replay, "On");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    replay_set_time_left(replay, SECOND / 2);
    replay_advance(replay, 90 * SECOND);
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->pools[0].instances[0].state, PROVIDER_INSTANCE_RUNNING);
    assert_string_equal(replay_results(replay)->pools[0].instances[0].trouble, "as read 1m30s ago");
    assert_int_equal(replay_shrink(replay, "rack-a", &machine, 1), PROVIDER_UNREACHABLE);
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->pools[0].instances[0].state, PROVIDER_INSTANCE_UNKNOWN);
    replay_set_time_left(replay, 3600 * SECOND);
    expect_power(replay, "On");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_string_equal(replay_results(replay)->pools[0].instances[0].trouble, "");
    replay_set_time_left(replay, SECOND / 2);
    replay_advance(replay, 180 * SECOND);
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->pools[0].instances[0].state, PROVIDER_INSTANCE_UNKNOWN);
    replay_free(replay);
}

static void test_fault_03_a_session_is_tried_again_a_minute_later(void **state)
{
    (void)state;
    static const char root[] = "{\"@odata.type\": \"#ServiceRoot.v1_5_0.ServiceRoot\", \"Links\": {\"Sessions\": "
                               "{\"@odata.id\": \"/redfish/v1/SessionService/Sessions\"}}}";
    static const char sessions[] = "https://bmc1/redfish/v1/SessionService/Sessions";
    struct replay *replay = begin("", false);
    replay_exchange(replay, "GET", ROOT_URL, NULL, 200, JSON, root);
    replay_exchange(replay, "POST", sessions, NULL, 503, JSON,
                    "{\"error\": {\"@Message.ExtendedInfo\": [{\"MessageId\": \"IDRAC.2.1.RAC0218\"}]}}");
    expect_power(replay, "On");
    replay_expect_header(replay, "Authorization", "Basic *");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    replay_advance(replay, 60 * SECOND - 1);
    expect_power(replay, "On");
    replay_expect_header(replay, "Authorization", "Basic *");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    replay_advance(replay, 1);
    replay_exchange(replay, "POST", sessions, NULL, 201, "X-Auth-Token: t\nLocation: /redfish/v1/S/1\n", "");
    expect_power(replay, "On");
    replay_expect_header(replay, "X-Auth-Token", "t");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    replay_exchange(replay, "DELETE", "https://bmc1/redfish/v1/S/1", NULL, 204, NULL, "");
    replay_free(replay);
}

static void test_fault_15_a_retry_after_of_a_wrong_clock_is_bounded(void **state)
{
    (void)state;
    struct replay *replay = begin("", true);
    replay_exchange(replay, "GET", SYSTEM_URL, NULL, 503, "Retry-After: Thu, 01 Jan 2099 00:00:00 GMT\n", "");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_true(replay_slept(replay) <= 5 * SECOND);
    replay_advance(replay, 300 * SECOND);
    expect_power(replay, "On");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->pools[0].instances[0].state, PROVIDER_INSTANCE_RUNNING);
    replay_free(replay);
}

static void test_tokens_that_are_none_of_this_module_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"x",
                                      "onprem1",
                                      "onprem1 on rack-a 0",
                                      "onprem1 maybe rack-a 0 r1",
                                      "onprem1 on rack-a -1 r1",
                                      "onprem1 on rack-a 0 r1  r2",
                                      "onprem1 on ../x 0 r1"};
    struct replay *replay = begin("", false);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(replay_poll(replay, bad[i]), PROVIDER_INVALID);
    assert_int_equal(replay_poll(replay, "onprem1 on rack-a 0 r9"), PROVIDER_NOT_FOUND);
    replay_free(replay);
}

static void test_withdraw_forgets_the_command_that_a_poll_would_repeat(void **state)
{
    (void)state;
    struct replay *replay = begin("", true);
    expect_power(replay, "Off");
    expect_reset(replay, "On");
    assert_int_equal(replay_grow(replay, &observed, 1), PROVIDER_OK);
    char token[PROVIDER_OPERATION_MAX];
    snprintf(token, sizeof token, "%s", replay_operation(replay)->token);
    replay_advance(replay, 60 * SECOND);
    expect_power(replay, "Off");
    assert_int_equal(replay_withdraw(replay, "rack-a"), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    expect_power(replay, "Off");
    assert_int_equal(poll_operation(replay, token), PROVIDER_CONFLICT);
    replay_free(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fault_06_sixty_seconds_then_once_more_then_failed),
        cmocka_unit_test(test_power_is_cut_after_ten_minutes_and_not_before),
        cmocka_unit_test(test_fault_16_what_cannot_be_noted_is_not_sent),
        cmocka_unit_test(test_fault_02_a_login_that_cannot_be_noted_is_not_tried),
        cmocka_unit_test(test_fault_01_the_wait_doubles_to_five_minutes_and_ends_with_an_answer),
        cmocka_unit_test(test_a_call_whose_time_is_over_asks_nobody_and_calls_nothing_off),
        cmocka_unit_test(test_what_a_look_does_not_reach_is_as_it_was_for_three_minutes),
        cmocka_unit_test(test_fault_03_a_session_is_tried_again_a_minute_later),
        cmocka_unit_test(test_fault_15_a_retry_after_of_a_wrong_clock_is_bounded),
        cmocka_unit_test(test_tokens_that_are_none_of_this_module_are_refused),
        cmocka_unit_test(test_withdraw_forgets_the_command_that_a_poll_would_repeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
