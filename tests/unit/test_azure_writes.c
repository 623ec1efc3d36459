/* links: provider_azure provider_replay provider_host provider_sdk net base openssl cmocka */
/* What a write relies on: a look that is fresh, bounds that hold for what is under way too, limits of every region. */
#include "tests/unit/azure_common.h"

#define BUSY "{\"error\":{\"code\":\"Conflict\",\"message\":\"busy\"}}"

static const char *const last_id[] = {"1@00000001"};

static void expect_removal(struct replay *replay, const char *keys, int status, const char *headers, const char *answer)
{
    char body[128];
    snprintf(body, sizeof body, "{\"instanceIds\":[%s]}", keys);
    replay_exchange(replay, "POST", DELETE_URL, body, status, headers, answer);
}

#define STATUS_HEADER "Azure-AsyncOperation: " STATUS_URL "\n"

static void test_removal_that_waited_looks_again_and_spares_who_has_the_number_now(void **state)
{
    static const int statuses[] = {429, 503, 409};
    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        char machines[512];
        struct replay *replay = azure_start(NULL);
        expect_token(replay);
        expect_set(replay, 2, "Succeeded", "e1");
        expect_machines(replay, "0 1");
        expect_removal(replay, "\"1\"", statuses[i], "Retry-After: 30\n", statuses[i] == 409 ? BUSY : "");
        expect_set(replay, 2, "Succeeded", "e2");
        snprintf(machines, sizeof machines,
                 "{\"value\":[{\"instanceId\":\"1\",\"properties\":{\"vmId\":\"deadbeef-aaaa\"}}]}");
        replay_exchange(replay, "GET", MACHINES_URL, NULL, 200, NULL, machines);
        assert_int_equal(replay_shrink(replay, "rg1/pool-a", last_id, 1), PROVIDER_OK);
        assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
        azure_end(replay);
    }
}

static void test_removal_that_waited_removes_what_is_still_the_same(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    expect_machines(replay, "0 1");
    expect_removal(replay, "\"1\"", 429, "Retry-After: 30\n", "");
    expect_set(replay, 2, "Succeeded", "e1");
    expect_machines(replay, "0 1");
    expect_removal(replay, "\"1\"", 202, STATUS_HEADER, "");
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", last_id, 1), PROVIDER_OK);
    assert_true(replay_slept(replay) >= 30 * SECOND);
    azure_end(replay);
}

static void test_removal_that_waited_for_another_operation_sees_that_it_goes_on(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    expect_machines(replay, "0 1");
    expect_removal(replay, "\"1\"", 409, "Retry-After: 10\n", BUSY);
    expect_set(replay, 2, "Updating", "e2");
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", last_id, 1), PROVIDER_CONFLICT);
    assert_true(replay_error(replay)->retry_at_us > replay_now(replay));
    azure_end(replay);
}

static void test_removal_that_is_always_held_back_ends(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    for (int i = 0; i < 4; i++) {
        expect_set(replay, 2, "Succeeded", "e1");
        expect_machines(replay, "0 1");
        expect_removal(replay, "\"1\"", 429, "Retry-After: 30\n", "");
    }
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", last_id, 1), PROVIDER_CONFLICT);
    assert_non_null(strstr(replay_error(replay)->text, "look again"));
    azure_end(replay);
}

static void test_machines_that_leave_already_count_against_the_minimum(void **state)
{
    (void)state;
    struct replay *replay = azure_start("pool \"pool-a\" {\n min = 2\n}\n");
    expect_token(replay);
    expect_set(replay, 4, "Succeeded", "e1");
    expect_machines(replay, "0 1 2* 3*");
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", last_id, 1), PROVIDER_INVALID);
    assert_non_null(strstr(replay_error(replay)->text, "minimum of 2"));
    expect_set(replay, 4, "Succeeded", "e1");
    expect_machines(replay, "0 1 2 3*");
    expect_removal(replay, "\"1\"", 202, STATUS_HEADER, "");
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", last_id, 1), PROVIDER_OK);
    azure_end(replay);
}

static void test_machine_named_before_it_had_a_vm_id_is_not_taken_for_gone(void **state)
{
    static const char *const early[] = {"1@-"};
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    expect_machines(replay, "0 1");
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", early, 1), PROVIDER_CONFLICT);
    expect_set(replay, 2, "Succeeded", "e1");
    expect_machines(replay, "0");
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", early, 1), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    azure_end(replay);
}

static void test_lost_reply_to_taking_back_is_unknown_and_done_again_takes_back_nothing_more(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 5, "Failed", "e1");
    expect_machines(replay, "0 1");
    replay_silence(replay, "PATCH", SET_URL, NULL, PROVIDER_HTTP_NO_ANSWER);
    assert_int_equal(replay_withdraw(replay, "rg1/pool-a"), PROVIDER_UNKNOWN);
    expect_set(replay, 2, "Succeeded", "e2");
    expect_machines(replay, "0 1");
    assert_int_equal(replay_withdraw(replay, "rg1/pool-a"), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    azure_end(replay);
}

static void test_taking_back_stops_at_the_minimum_and_waits_for_who_is_at_it(void **state)
{
    (void)state;
    struct replay *replay = azure_start("pool \"pool-a\" {\n min = 3\n}\n");
    expect_token(replay);
    expect_set(replay, 5, "Failed", "e1");
    expect_machines(replay, "0 1");
    expect_patch(replay, 3, "e1");
    assert_int_equal(replay_withdraw(replay, "rg1/pool-a"), PROVIDER_OK);
    expect_set(replay, 5, "Updating", "e1");
    assert_int_equal(replay_withdraw(replay, "rg1/pool-a"), PROVIDER_CONFLICT);
    azure_end(replay);
}

static void test_fault_12_lock_is_named_and_nothing_is_tried_again(void **state)
{
    static const char locked[] =
        "{\"error\":{\"code\":\"ScopeLocked\",\"message\":\"The scope 'pool-a' cannot perform write operation because "
        "following scope(s) are locked: '/subscriptions/sub-1/resourceGroups/rg1/providers/"
        "Microsoft.Authorization/locks/keep-it'.\"}}";
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    replay_exchange(replay, "PATCH", SET_URL, NULL, 409, NULL, locked);
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_INVALID);
    assert_non_null(strstr(replay_error(replay)->text, "locks/keep-it"));
    assert_string_equal(replay_error(replay)->code, "ScopeLocked");
    expect_set(replay, 2, "Succeeded", "e1");
    expect_machines(replay, "0 1");
    expect_removal(replay, "\"1\"", 409, NULL, locked);
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", last_id, 1), PROVIDER_INVALID);
    assert_non_null(strstr(replay_error(replay)->text, "locks/keep-it"));
    assert_int_equal(replay_slept(replay), 0);
    azure_end(replay);
}

/* Lists of machines are counted by their region, not only those of the subscription. */
static void test_requests_of_one_region_stay_below_what_azure_allows_it(void **state)
{
    static const char *const gone[] = {"7@00000007"};
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    for (int i = 0; i < 290; i++) {
        expect_set(replay, 1, "Succeeded", "e1");
        expect_machines(replay, "0");
        assert_int_equal(replay_slept(replay) > 0, i > 280);
        assert_int_equal(replay_shrink(replay, "rg1/pool-a", gone, 1), PROVIDER_OK);
    }
    assert_true(replay_slept(replay) < 60 * SECOND);
    azure_end(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_removal_that_waited_looks_again_and_spares_who_has_the_number_now),
        cmocka_unit_test(test_removal_that_waited_removes_what_is_still_the_same),
        cmocka_unit_test(test_removal_that_waited_for_another_operation_sees_that_it_goes_on),
        cmocka_unit_test(test_removal_that_is_always_held_back_ends),
        cmocka_unit_test(test_machines_that_leave_already_count_against_the_minimum),
        cmocka_unit_test(test_machine_named_before_it_had_a_vm_id_is_not_taken_for_gone),
        cmocka_unit_test(test_lost_reply_to_taking_back_is_unknown_and_done_again_takes_back_nothing_more),
        cmocka_unit_test(test_taking_back_stops_at_the_minimum_and_waits_for_who_is_at_it),
        cmocka_unit_test(test_fault_12_lock_is_named_and_nothing_is_tried_again),
        cmocka_unit_test(test_requests_of_one_region_stay_below_what_azure_allows_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
