/* links: provider_onprem provider_replay provider_host provider_sdk net base */
/* The life of a power command: how long it may take effect, what happens to it when nobody polled, what is made of
 * a machine that changes afterwards, and what is never sent. */
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
#define UUID "4c4c4544-0001-4310-8031-b1c04f4d3232"

static const char *const machine = "r1";

static const struct provider_pool observed = {.id = "rack-a",
                                              .name = "rack-a",
                                              .region = "fra1",
                                              .instance_type = "rack-a",
                                              .market = PROVIDER_OWNED,
                                              .max = 1,
                                              .generation = "",
                                              .writable = true,
                                              .why_read_only = ""};

static void expect_root(struct replay *replay)
{
    replay_exchange(replay, "GET", ROOT_URL, NULL, 200, JSON, "{\"@odata.type\": \"#ServiceRoot.v1_5_0.ServiceRoot\"}");
}

static struct replay *begin(const char *pool)
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
    expect_root(replay);
    replay_open(replay, &drover_provider_module);
    return replay;
}

static void expect_machine(struct replay *replay, const char *power, const char *uuid, const char *serial)
{
    char body[512];
    snprintf(body, sizeof body,
             "{\"@odata.type\": \"#ComputerSystem.v1_13_0.ComputerSystem\", \"PowerState\": \"%s\","
             "\"UUID\": \"%s\", \"SerialNumber\": \"%s\", \"Actions\": {\"#ComputerSystem.Reset\":"
             "{\"target\": \"/redfish/v1/Systems/1/Actions/ComputerSystem.Reset\"}}}",
             power, uuid, serial);
    replay_exchange(replay, "GET", SYSTEM_URL, NULL, 200, JSON, body);
}

static void expect_power(struct replay *replay, const char *power)
{
    expect_machine(replay, power, UUID, "SN 1");
}

static void expect_reset(struct replay *replay, const char *type)
{
    char body[64];
    snprintf(body, sizeof body, "{\"ResetType\":\"%s\"}", type);
    replay_exchange(replay, "POST", RESET_URL, body, 204, NULL, "");
}

static void grow(struct replay *replay, char token[static PROVIDER_OPERATION_MAX])
{
    expect_power(replay, "Off");
    expect_reset(replay, "On");
    assert_int_equal(replay_grow(replay, &observed, 1), PROVIDER_OK);
    snprintf(token, PROVIDER_OPERATION_MAX, "%s", replay_operation(replay)->token);
}

static const struct provider_instance *look(struct replay *replay)
{
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    return &replay_results(replay)->pools[0].instances[0];
}

static void test_a_poll_that_comes_too_late_repeats_nothing(void **state)
{
    (void)state;
    struct replay *replay = begin("");
    char token[PROVIDER_OPERATION_MAX];
    grow(replay, token);
    replay_advance(replay, 180 * SECOND - 1);
    expect_power(replay, "Off");
    assert_int_equal(look(replay)->state, PROVIDER_INSTANCE_PENDING);
    replay_advance(replay, 1);
    expect_power(replay, "PoweringOff");
    assert_int_equal(replay_poll(replay, token), PROVIDER_CONFLICT);
    expect_power(replay, "Off");
    assert_int_equal(look(replay)->state, PROVIDER_INSTANCE_STOPPED);
    expect_power(replay, "Off");
    assert_int_equal(replay_poll(replay, token), PROVIDER_CONFLICT);
    replay_free(replay);
}

static void test_a_late_repetition_has_its_own_time(void **state)
{
    (void)state;
    struct replay *replay = begin("");
    char token[PROVIDER_OPERATION_MAX];
    grow(replay, token);
    replay_advance(replay, 179 * SECOND);
    expect_power(replay, "Off");
    expect_reset(replay, "On");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    replay_advance(replay, 30 * SECOND);
    expect_power(replay, "Off");
    assert_int_equal(look(replay)->state, PROVIDER_INSTANCE_PENDING);
    assert_int_equal(replay_results(replay)->pools[0].desired, 1);
    replay_free(replay);
}

static void test_no_power_is_cut_by_a_poll_that_comes_too_late(void **state)
{
    (void)state;
    struct replay *replay = begin("  adopt_running = true\n  force_off = true\n");
    char token[PROVIDER_OPERATION_MAX];
    expect_power(replay, "On");
    expect_reset(replay, "GracefulShutdown");
    assert_int_equal(replay_shrink(replay, "rack-a", &machine, 1), PROVIDER_OK);
    snprintf(token, sizeof token, "%s", replay_operation(replay)->token);
    replay_advance(replay, 780 * SECOND); /* off_timeout and three times start_timeout */
    expect_power(replay, "On");
    assert_int_equal(look(replay)->state, PROVIDER_INSTANCE_RUNNING);
    expect_power(replay, "On");
    assert_int_equal(replay_poll(replay, token), PROVIDER_CONFLICT);
    replay_free(replay);
}

static void test_fault_08_what_comes_on_after_a_commands_time_is_not_its_doing(void **state)
{
    (void)state;
    struct replay *replay = begin("");
    char token[PROVIDER_OPERATION_MAX];
    grow(replay, token);
    replay_advance(replay, 180 * SECOND);
    expect_power(replay, "Off");
    assert_int_equal(look(replay)->state, PROVIDER_INSTANCE_STOPPED);
    replay_advance(replay, 3000 * SECOND);
    expect_power(replay, "On");
    expect_power(replay, "On");
    assert_true(look(replay)->foreign);
    expect_power(replay, "On");
    assert_int_equal(replay_shrink(replay, "rack-a", &machine, 1), PROVIDER_INVALID);
    replay_free(replay);
}

static void test_fault_08_what_comes_on_after_a_failure_was_somebody_at_its_console(void **state)
{
    (void)state;
    struct replay *replay = begin("");
    char token[PROVIDER_OPERATION_MAX];
    grow(replay, token);
    replay_advance(replay, 60 * SECOND);
    expect_power(replay, "Off");
    expect_reset(replay, "On");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    replay_advance(replay, 60 * SECOND);
    expect_power(replay, "Off");
    assert_int_equal(replay_poll(replay, token), PROVIDER_INVALID);
    replay_advance(replay, 600 * SECOND);
    expect_power(replay, "On");
    expect_power(replay, "On");
    assert_true(look(replay)->foreign);
    assert_null(replay_kept(replay, "command.r1"));
    replay_free(replay);
}

static void test_a_command_seen_done_only_much_later_is_still_ours(void **state)
{
    (void)state;
    struct replay *replay = begin("");
    char token[PROVIDER_OPERATION_MAX];
    grow(replay, token);
    replay_reopen(replay);
    replay_advance(replay, 7200 * SECOND); /* nobody looked in between */
    replay_set_time_left(replay, 3600 * SECOND);
    expect_root(replay);
    expect_power(replay, "On");
    expect_power(replay, "On");
    assert_false(look(replay)->foreign);
    expect_power(replay, "On");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    replay_free(replay);
}

static void test_fault_10_a_poll_commands_no_other_machine_behind_the_address(void **state)
{
    (void)state;
    struct replay *replay = begin("  adopt_running = true\n  force_off = true\n");
    char token[PROVIDER_OPERATION_MAX];
    expect_power(replay, "On");
    expect_reset(replay, "GracefulShutdown");
    assert_int_equal(replay_shrink(replay, "rack-a", &machine, 1), PROVIDER_OK);
    snprintf(token, sizeof token, "%s", replay_operation(replay)->token);
    replay_reopen(replay);
    replay_advance(replay, 600 * SECOND);
    expect_root(replay);
    expect_machine(replay, "On", "11111111-2222-3333-4444-555555555555", "NEW1");
    assert_int_equal(replay_poll(replay, token), PROVIDER_INVALID);
    assert_non_null(strstr(replay_error(replay)->text, "another machine"));
    replay_free(replay);
}

static void test_fault_10_another_form_of_the_uuid_with_the_same_serial_number_is_the_same_machine(void **state)
{
    (void)state;
    struct replay *replay = begin("");
    expect_machine(replay, "Off", UUID, " SN 1  ");
    look(replay);
    expect_machine(replay, "Off", "44454c4c-0100-1043-8031-b1c04f4d3232", " SN 1  ");
    assert_string_equal(look(replay)->trouble, "");
    replay_free(replay);
}

static void test_what_was_just_commanded_is_not_taken_back(void **state)
{
    (void)state;
    struct replay *replay = begin("");
    char token[PROVIDER_OPERATION_MAX];
    grow(replay, token);
    int64_t settled_us = replay_now(replay) + 60 * SECOND;
    expect_power(replay, "Off");
    assert_int_equal(replay_withdraw(replay, "rack-a"), PROVIDER_CONFLICT);
    assert_int_equal(replay_error(replay)->retry_at_us, settled_us);
    expect_power(replay, "PoweringOn");
    assert_int_equal(replay_withdraw(replay, "rack-a"), PROVIDER_CONFLICT);
    replay_silence(replay, "GET", SYSTEM_URL, NULL, PROVIDER_HTTP_NOT_SENT);
    replay_silence(replay, "GET", SYSTEM_URL, NULL, PROVIDER_HTTP_NOT_SENT);
    assert_int_equal(replay_withdraw(replay, "rack-a"), PROVIDER_UNREACHABLE);
    assert_non_null(replay_kept(replay, "command.r1"));
    replay_advance(replay, 60 * SECOND);
    expect_power(replay, "Off");
    assert_int_equal(replay_withdraw(replay, "rack-a"), PROVIDER_OK);
    assert_null(replay_kept(replay, "command.r1"));
    replay_free(replay);
}

static void test_a_shutdown_by_somebody_else_is_followed_and_not_commanded(void **state)
{
    (void)state;
    struct replay *replay = begin("  adopt_running = true\n");
    char token[PROVIDER_OPERATION_MAX];
    expect_power(replay, "PoweringOff");
    assert_int_equal(replay_shrink(replay, "rack-a", &machine, 1), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_RUNNING);
    snprintf(token, sizeof token, "%s", replay_operation(replay)->token);
    expect_power(replay, "PoweringOff");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_RUNNING);
    expect_power(replay, "Off");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    replay_free(replay);
}

static void test_a_second_shutdown_that_is_refused_ends_no_first_one(void **state)
{
    (void)state;
    struct replay *replay = begin("  adopt_running = true\n");
    char token[PROVIDER_OPERATION_MAX];
    expect_power(replay, "On");
    expect_reset(replay, "GracefulShutdown");
    assert_int_equal(replay_shrink(replay, "rack-a", &machine, 1), PROVIDER_OK);
    snprintf(token, sizeof token, "%s", replay_operation(replay)->token);
    replay_advance(replay, 60 * SECOND);
    expect_power(replay, "On");
    replay_exchange(replay, "POST", RESET_URL, "{\"ResetType\":\"GracefulShutdown\"}", 400, JSON, "{}");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_RUNNING);
    replay_advance(replay, 120 * SECOND);
    expect_power(replay, "On");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    expect_power(replay, "Off");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    replay_free(replay);
}

static void test_a_bmc_that_refuses_for_ever_ends_the_operation(void **state)
{
    (void)state;
    static const char busy[] =
        "{\"error\": {\"@Message.ExtendedInfo\": [{\"MessageId\": \"Base.1.8.ResourceInUse\"}]}}";
    struct replay *replay = begin("");
    char token[PROVIDER_OPERATION_MAX];
    grow(replay, token);
    enum provider_status status = PROVIDER_OK;
    unsigned minutes = 0;
    for (; status == PROVIDER_OK && minutes < 60; minutes++) {
        replay_advance(replay, 60 * SECOND);
        expect_power(replay, "Off");
        if (minutes < 9) /* ten times start_timeout in all */
            replay_exchange(replay, "POST", RESET_URL, NULL, 409, JSON, busy);
        status = replay_poll(replay, token);
    }
    assert_int_equal(status, PROVIDER_CONFLICT);
    assert_int_equal(minutes, 10);
    replay_free(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_poll_that_comes_too_late_repeats_nothing),
        cmocka_unit_test(test_a_late_repetition_has_its_own_time),
        cmocka_unit_test(test_no_power_is_cut_by_a_poll_that_comes_too_late),
        cmocka_unit_test(test_fault_08_what_comes_on_after_a_commands_time_is_not_its_doing),
        cmocka_unit_test(test_fault_08_what_comes_on_after_a_failure_was_somebody_at_its_console),
        cmocka_unit_test(test_a_command_seen_done_only_much_later_is_still_ours),
        cmocka_unit_test(test_fault_10_a_poll_commands_no_other_machine_behind_the_address),
        cmocka_unit_test(test_fault_10_another_form_of_the_uuid_with_the_same_serial_number_is_the_same_machine),
        cmocka_unit_test(test_what_was_just_commanded_is_not_taken_back),
        cmocka_unit_test(test_a_shutdown_by_somebody_else_is_followed_and_not_commanded),
        cmocka_unit_test(test_a_second_shutdown_that_is_refused_ends_no_first_one),
        cmocka_unit_test(test_a_bmc_that_refuses_for_ever_ends_the_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
