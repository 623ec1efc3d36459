/* links: provider_azure provider_replay provider_host provider_sdk net base openssl cmocka */
/* The faults that Azure is known for, and what must come of each. */
#include "tests/unit/azure_common.h"

static void test_fault_01_failed_allocation_is_no_capacity_and_the_size_can_be_taken_back(void **state)
{
    char token[PROVIDER_OPERATION_MAX];
    (void)state;
    struct replay *replay = azure_start(NULL);
    begin_growth(replay, token);
    expect_status(replay, NULL,
                  "{\"status\":\"Failed\",\"error\":{\"code\":\"OperationFailed\",\"message\":\"outer\",\"details\":[{"
                  "\"code\":\"ZonalAllocationFailed\",\"message\":\"no room in zone 2\"}]}}");
    expect_set(replay, 5, "Failed", "e3");
    assert_int_equal(replay_poll(replay, token), PROVIDER_NO_CAPACITY);
    const struct provider_error *error = replay_error(replay);
    assert_string_equal(error->code, "ZonalAllocationFailed");
    assert_string_equal(error->instance_type, "Standard_D2s_v3");
    assert_string_equal(error->zone, "2");
    assert_string_equal(error->market, "on-demand");
    assert_non_null(strstr(error->text, "no room in zone 2"));

    expect_set(replay, 5, "Failed", "e3");
    expect_machines(replay, "0 1 4");
    expect_patch(replay, 3, "e3");
    assert_int_equal(replay_withdraw(replay, "rg1/pool-a"), PROVIDER_OK);
    hold_token(replay, token);
    expect_status(replay, NULL, "{\"status\":\"Succeeded\"}");
    expect_set(replay, 3, "Succeeded", "e4");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    azure_end(replay);
}

static void test_fault_01_taking_back_never_removes_a_machine(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    expect_machines(replay, "0 1 2");
    assert_int_equal(replay_withdraw(replay, "rg1/pool-a"), PROVIDER_CONFLICT);
    expect_set(replay, 3, "Succeeded", "e1");
    expect_machines(replay, "0 1 2");
    assert_int_equal(replay_withdraw(replay, "rg1/pool-a"), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    azure_end(replay);
}

static void test_fault_02_final_answer_in_state_failed_is_a_failure(void **state)
{
    char answer[1024];
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    replay_exchange(replay, "PATCH", SET_URL, NULL, 201, NULL, set_body(answer, sizeof answer, 5, "Failed", "e2"));
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_INVALID);
    assert_non_null(strstr(replay_error(replay)->text, "Failed"));
    azure_end(replay);
}

static void test_fault_02_succeeded_operation_on_a_failed_set_is_a_failure_with_its_reason(void **state)
{
    char token[PROVIDER_OPERATION_MAX];
    (void)state;
    struct replay *replay = azure_start(NULL);
    begin_growth(replay, token);
    expect_status(replay, NULL, "{\"status\":\"succeeded\"}");
    expect_set(replay, 5, "Failed", "e3");
    replay_exchange(replay, "GET", BASE "*pool-a/instanceView?*", NULL, 200, NULL,
                    "{\"statuses\":[{\"code\":\"ProvisioningState/failed/AllocationFailed\",\"message\":\"full\"}]}");
    assert_int_equal(replay_poll(replay, token), PROVIDER_NO_CAPACITY);
    assert_string_equal(replay_error(replay)->instance_type, "Standard_D2s_v3");
    azure_end(replay);
}

static void test_fault_03_forgotten_operation_is_judged_by_the_set_and_nothing_is_written_again(void **state)
{
    static const int statuses[] = {404, 410};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char token[PROVIDER_OPERATION_MAX];
        struct replay *replay = azure_start(NULL);
        begin_growth(replay, token);
        replay_exchange(replay, "GET", STATUS_URL, NULL, statuses[i], NULL, "");
        expect_set(replay, 5, "Updating", "e2");
        assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
        assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_RUNNING);
        hold_token(replay, token);
        expect_set(replay, 5, "Succeeded", "e3");
        assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
        assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
        azure_end(replay);
    }
}

static void test_fault_04_unknown_word_goes_on_until_the_deadline_and_is_unknown_then(void **state)
{
    char token[PROVIDER_OPERATION_MAX];
    (void)state;
    struct replay *replay = azure_start("operation_deadline = \"20m\"\n");
    begin_growth(replay, token);
    for (int i = 0; i < 3; i++) {
        expect_status(replay, "Retry-After: 7\n", "{\"status\":\"Completed\"}");
        assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
        assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_RUNNING);
        assert_int_equal(replay_operation(replay)->next_poll_us, replay_now(replay) + 7 * SECOND);
        hold_token(replay, token);
        replay_advance(replay, 60 * SECOND);
    }
    replay_advance(replay, 1200 * SECOND);
    expect_status(replay, "Retry-After: 7\n", "{\"status\":\"Completed\"}");
    assert_int_equal(replay_poll(replay, token), PROVIDER_UNKNOWN);
    azure_end(replay);
}

static void test_fault_05_throttled_write_without_a_time_is_repeated_after_a_wait(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    replay_exchange(replay, "PATCH", SET_URL, NULL, 429, NULL, "{\"error\":{\"code\":\"TooManyRequests\"}}");
    expect_patch(replay, 5, "e1");
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_OK);
    assert_true(replay_slept(replay) > 0);
    azure_end(replay);
}

static void test_fault_05_retry_after_holds_back_the_other_pools_of_the_region(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    replay_exchange(replay, "PATCH", SET_URL, NULL, 429, "Retry-After: 120\n",
                    "{\"error\":{\"code\":\"OperationNotAllowed\"}}");
    int64_t begin = replay_now(replay);
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_THROTTLED);
    assert_true(replay_error(replay)->retry_at_us >= begin + 120 * SECOND);

    struct provider_pool other = observed_pool(2, "\"e1\"");
    other.id = "rg1/pool-b";
    char answer[1024];
    set_body(answer, sizeof answer, 2, "Succeeded", "e1");
    memcpy(strstr(answer, "/pool-a"), "/pool-b", 7);
    replay_exchange(replay, "GET", BASE "*/pool-b?*", NULL, 200, NULL, answer);
    assert_int_equal(replay_grow(replay, &other, 3), PROVIDER_THROTTLED);
    assert_true(replay_error(replay)->retry_at_us >= begin + 120 * SECOND);
    azure_end(replay);
}

static void test_fault_06_quota_is_not_repeated(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    replay_exchange(replay, "PATCH", SET_URL, NULL, 409, NULL,
                    "{\"error\":{\"code\":\"OperationNotAllowed\",\"message\":\"Operation could not be completed as it "
                    "results in exceeding approved standardDSv3Family Cores quota. Current Limit: 4\"}}");
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_QUOTA);
    assert_string_equal(replay_error(replay)->quota, "standarddsv3family");
    azure_end(replay);
}

static void test_fault_06_quota_of_the_region_is_named_as_its_counter_and_an_odd_one_by_its_words(void **state)
{
    static const char *const cases[][2] = {{"exceeding approved Total Regional Cores quota. Current Limit: 4", "cores"},
                                           {"Exceeding approved LowPriorityCores quota.", "lowprioritycores"},
                                           {"some quota or other", "some quota or other"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char answer[256];
        struct replay *replay = azure_start(NULL);
        expect_token(replay);
        expect_set(replay, 2, "Succeeded", "e1");
        snprintf(answer, sizeof answer, "{\"error\":{\"code\":\"OperationNotAllowed\",\"message\":\"%s\"}}",
                 cases[i][0]);
        replay_exchange(replay, "PATCH", SET_URL, NULL, 409, NULL, answer);
        assert_int_equal(grow_to(replay, 2, 5), PROVIDER_QUOTA);
        assert_string_equal(replay_error(replay)->quota, cases[i][1]);
        azure_end(replay);
    }
}

static void test_fault_06_conflict_of_the_same_status_is_repeated(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    replay_exchange(replay, "PATCH", SET_URL, NULL, 409, NULL,
                    "{\"error\":{\"code\":\"Conflict\",\"message\":\"busy\"}}");
    expect_patch(replay, 5, "e1");
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_OK);
    azure_end(replay);
}

static void expire(struct replay *replay)
{
    replay_exchange(replay, "GET", SET_URL, NULL, 401, NULL, "{\"error\":{\"code\":\"ExpiredAuthenticationToken\"}}");
}

static void test_fault_07_expired_token_is_renewed_once_and_the_request_repeated_once(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token_text(replay, "tok-0");
    expire(replay);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    expect_patch(replay, 5, "e1");
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_OK);
    azure_end(replay);
}

static void test_fault_07_second_refusal_is_an_error(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token_text(replay, "tok-0");
    expire(replay);
    expect_token(replay);
    expire(replay);
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_AUTH);
    assert_string_equal(replay_error(replay)->code, "ExpiredAuthenticationToken");
    azure_end(replay);
}

static void test_fault_07_changed_token_file_is_read_anew_without_its_line_end(void **state)
{
    (void)state;
    struct replay *replay = azure_start_with("federated_token_file = \"/run/token\"\n");
    replay_secret(replay, "federated_token", "first\n");
    replay_open(replay, &drover_provider_module);
    replay_exchange(replay, "POST", TOKEN_URL, "*client_assertion=first", 200, NULL,
                    "{\"access_token\":\"tok-0\",\"expires_in\":3599}");
    replay_exchange(replay, "GET", SET_URL, NULL, 404, NULL, "{\"error\":{\"code\":\"ResourceNotFound\"}}");
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_NOT_FOUND);
    replay_secret(replay, "federated_token", "second\n");
    expire(replay);
    replay_exchange(replay, "POST", TOKEN_URL, "*client_assertion=second", 200, NULL,
                    "{\"access_token\":\"" BEARER "\",\"expires_in\":3599}");
    expect_set(replay, 3, "Succeeded", "e1");
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_CONFLICT);
    azure_end(replay);
}

static void test_fault_08_vanished_machine_is_left_out_and_the_rest_is_removed(void **state)
{
    static const char *const ids[] = {"1@00000001", "3@00000003"};
    char token[PROVIDER_OPERATION_MAX];
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 4, "Succeeded", "e1");
    expect_machines(replay, "0 1 2 3");
    replay_exchange(
        replay, "POST", DELETE_URL, "{\"instanceIds\":[\"1\",\"3\"]}", 400, NULL,
        "{\"error\":{\"code\":\"InvalidParameter\",\"message\":\"The provided instanceId 1 is not an active "
        "Virtual Machine Scale Set VM instanceId.\"}}");
    expect_set(replay, 3, "Succeeded", "e2");
    expect_machines(replay, "0 2 3");
    replay_exchange(replay, "POST", DELETE_URL, "{\"instanceIds\":[\"3\"]}", 202,
                    "Azure-AsyncOperation: " STATUS_URL "\n", "");
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", ids, 2), PROVIDER_OK);
    hold_token(replay, token);
    expect_status(replay, NULL, "{\"status\":\"Succeeded\"}");
    expect_set(replay, 2, "Succeeded", "e2");
    expect_machines(replay, "0 2");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    azure_end(replay);
}

static void test_fault_08_number_given_to_another_machine_is_not_removed(void **state)
{
    static const char *const ids[] = {"3@deadbeef"};
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 4, "Succeeded", "e1");
    expect_machines(replay, "0 1 2 3");
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", ids, 1), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    azure_end(replay);
}

#define LIST_URL BASE "/providers/Microsoft.Compute/virtualMachineScaleSets?api-version=2024-11-01"

static void expect_list(struct replay *replay, const char *url, int status, const char *answer)
{
    replay_exchange(replay, "GET", url, NULL, status, NULL, answer);
}

static void test_fault_09_link_to_another_host_gets_no_token_and_the_list_is_incomplete(void **state)
{
    static const char *const links[] = {"https://evil.example/next", "http://management.azure.com/next",
                                        "https://management.azure.com:8443/next", "//evil.example/next"};
    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        char answer[256];
        struct replay *replay = azure_start(NULL);
        expect_token(replay);
        snprintf(answer, sizeof answer, "{\"value\":[],\"nextLink\":\"%s\"}", links[i]);
        expect_list(replay, LIST_URL, 200, answer);
        assert_int_equal(replay_call(replay, "pools"), PROVIDER_INVALID);
        assert_int_equal(replay_results(replay)->pools_count, 0);
        azure_end(replay);
    }
}

static void test_fault_09_loop_of_links_ends(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_list(replay, LIST_URL, 200, "{\"value\":[],\"nextLink\":\"" ARM "/a?x=1\"}");
    expect_list(replay, ARM "/a?x=1", 200, "{\"value\":[],\"nextLink\":\"/b\"}");
    expect_list(replay, ARM "/b", 200, "{\"value\":[],\"nextLink\":\"" ARM "/a?x=1\"}");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_INVALID);
    azure_end(replay);
}

static void test_fault_09_missing_list_and_a_page_that_fails_make_the_whole_list_fail(void **state)
{
    static const char *const none[] = {"{\"value\":null,\"nextLink\":null}", "{}", "{\"value\":{}}"};
    char one[1024], answer[1400];
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        expect_list(replay, LIST_URL, 200, none[i]);
        assert_int_equal(replay_call(replay, "pools"), PROVIDER_RETRY);
        assert_int_equal(replay_results(replay)->pools_count, 0);
    }
    set_body(one, sizeof one, 1, "Succeeded", "e1");
    snprintf(answer, sizeof answer, "{\"value\":[%s],\"nextLink\":\"%s/a\"}", one, ARM);
    expect_list(replay, LIST_URL, 200, answer);
    for (int i = 0; i < 4; i++)
        expect_list(replay, ARM "/a", 500, "<html>oops</html>");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_RETRY);
    assert_int_equal(replay_results(replay)->pools_count, 0);
    azure_end(replay);
}

static void test_fault_10_fence_that_does_not_hold_writes_nothing_again(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    replay_exchange(replay, "PATCH", SET_URL, NULL, 412, NULL, "{\"error\":{\"code\":\"PreconditionFailed\"}}");
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_CONFLICT);
    azure_end(replay);
}

static void test_fault_10_size_changed_by_hand_is_seen_before_anything_is_written(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 3, "Succeeded", "e1");
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_CONFLICT);
    expect_set(replay, 2, "Succeeded", "e9");
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_CONFLICT);
    expect_set(replay, 2, "Updating", "e1");
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_CONFLICT);
    assert_true(replay_error(replay)->retry_at_us > replay_now(replay));
    azure_end(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fault_01_failed_allocation_is_no_capacity_and_the_size_can_be_taken_back),
        cmocka_unit_test(test_fault_01_taking_back_never_removes_a_machine),
        cmocka_unit_test(test_fault_02_final_answer_in_state_failed_is_a_failure),
        cmocka_unit_test(test_fault_02_succeeded_operation_on_a_failed_set_is_a_failure_with_its_reason),
        cmocka_unit_test(test_fault_03_forgotten_operation_is_judged_by_the_set_and_nothing_is_written_again),
        cmocka_unit_test(test_fault_04_unknown_word_goes_on_until_the_deadline_and_is_unknown_then),
        cmocka_unit_test(test_fault_05_throttled_write_without_a_time_is_repeated_after_a_wait),
        cmocka_unit_test(test_fault_05_retry_after_holds_back_the_other_pools_of_the_region),
        cmocka_unit_test(test_fault_06_quota_is_not_repeated),
        cmocka_unit_test(test_fault_06_quota_of_the_region_is_named_as_its_counter_and_an_odd_one_by_its_words),
        cmocka_unit_test(test_fault_06_conflict_of_the_same_status_is_repeated),
        cmocka_unit_test(test_fault_07_expired_token_is_renewed_once_and_the_request_repeated_once),
        cmocka_unit_test(test_fault_07_second_refusal_is_an_error),
        cmocka_unit_test(test_fault_07_changed_token_file_is_read_anew_without_its_line_end),
        cmocka_unit_test(test_fault_08_vanished_machine_is_left_out_and_the_rest_is_removed),
        cmocka_unit_test(test_fault_08_number_given_to_another_machine_is_not_removed),
        cmocka_unit_test(test_fault_09_link_to_another_host_gets_no_token_and_the_list_is_incomplete),
        cmocka_unit_test(test_fault_09_loop_of_links_ends),
        cmocka_unit_test(test_fault_09_missing_list_and_a_page_that_fails_make_the_whole_list_fail),
        cmocka_unit_test(test_fault_10_fence_that_does_not_hold_writes_nothing_again),
        cmocka_unit_test(test_fault_10_size_changed_by_hand_is_seen_before_anything_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
