/* links: provider_azure provider_replay provider_host provider_sdk net base openssl cmocka */
/* Operations as tokens: what a process that knows nothing else can follow, and what is refused. */
#include "tests/unit/azure_common.h"

#include "providers/azure/operation.h"

static void test_token_reads_back_and_holds_no_bearer_token(void **state)
{
    struct azure_operation operation = {.kind = AZURE_OPERATION_SHRINK, .way = AZURE_WAY_STATUS, .began_us = 7};
    struct azure_operation again = {0};
    struct provider_operation written;
    struct error error = {0};
    (void)state;
    snprintf(operation.pool, sizeof operation.pool, "rg1/pool-a");
    snprintf(operation.url, sizeof operation.url, "%s", STATUS_URL);
    for (size_t i = 0; i < AZURE_SHRINK_MAX; i++)
        operation.marks[operation.mark_count++] = (uint32_t)i * 2654435761U;
    azure_operation_write(&operation, &written);
    assert_true(azure_operation_read(written.token, &again, &error));
    assert_memory_equal(&again, &operation, sizeof again);
}

static void test_address_too_long_for_a_token_leaves_the_set_to_tell(void **state)
{
    struct azure_operation operation = {.kind = AZURE_OPERATION_SHRINK, .way = AZURE_WAY_STATUS};
    struct azure_operation again = {0};
    struct provider_operation written;
    struct error error = {0};
    (void)state;
    memset(operation.pool, 'p', sizeof operation.pool - 1);
    memset(operation.url, 'u', AZURE_OPERATION_URL_MAX);
    operation.mark_count = AZURE_SHRINK_MAX;
    azure_operation_write(&operation, &written);
    assert_true(azure_operation_read(written.token, &again, &error));
    assert_int_equal(again.way, AZURE_WAY_RESOURCE);
    assert_string_equal(again.url, "");
    assert_int_equal(again.mark_count, AZURE_SHRINK_MAX);
}

static void test_token_that_is_none_is_refused_without_a_request(void **state)
{
    static const char *const bad[] = {
        "",
        "x",
        "{}",
        "[]",
        "{\"v\":2}",
        "{\"v\":1,\"kind\":\"grow\",\"way\":\"status\",\"pool\":\"a/b\"}",
        "{\"v\":1,\"kind\":\"shrink\",\"way\":\"resource\",\"pool\":\"a/b\",\"url\":\"\",\"began\":1,\"gone\":\"\"}",
        "{\"v\":1,\"kind\":\"shrink\",\"way\":\"resource\",\"pool\":\"a/b\",\"url\":\"\",\"began\":1,\"gone\":\"zz\"}",
        "{\"v\":1,\"kind\":\"grow\",\"way\":\"resource\",\"pool\":\"a/b\",\"url\":\"\",\"began\":-1,\"size\":1}",
        "{\"v\":1,\"kind\":\"grow\",\"way\":\"resource\",\"pool\":\"a%2/b\",\"url\":\"\",\"began\":1,\"size\":1}",
        "{\"v\":1,\"kind\":\"grow\",\"way\":\"resource\",\"pool\":\"a%00/b\",\"url\":\"\",\"began\":1,\"size\":1}",
        "{\"v\":1,\"kind\":\"burn\",\"way\":\"resource\",\"pool\":\"a/b\",\"url\":\"\",\"began\":1,\"size\":1}",
        ("{\"v\":1,\"kind\":\"grow\",\"way\":\"status\",\"pool\":\"a/b\",\"url\":\"https://evil.example/\",\"began\":1,"
         "\"size\":1}")};
    (void)state;
    struct replay *replay = azure_start(NULL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(replay_poll(replay, bad[i]), PROVIDER_INVALID);
    assert_int_equal(replay_requests(replay), 0);
    azure_end(replay);
}

static void test_new_process_follows_what_the_old_one_began(void **state)
{
    char token[PROVIDER_OPERATION_MAX];
    (void)state;
    struct replay *replay = azure_start(NULL);
    begin_growth(replay, token);
    replay_reopen(replay);
    expect_token(replay);
    expect_status(replay, NULL, "{\"status\":\"Succeeded\"}");
    expect_set(replay, 5, "Succeeded", "e3");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    azure_end(replay);
}

static void test_address_at_another_host_is_dropped_and_gets_no_token(void **state)
{
    char token[PROVIDER_OPERATION_MAX], answer[1024];
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    replay_exchange(replay, "PATCH", SET_URL, NULL, 200,
                    "Azure-AsyncOperation: https://evil.example/op\nLocation: http://management.azure.com/op\n",
                    set_body(answer, sizeof answer, 5, "Updating", "e2"));
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_OK);
    hold_token(replay, token);
    assert_null(strstr(token, "evil"));
    expect_set(replay, 5, "Succeeded", "e3");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    azure_end(replay);
}

/* An operation with only a Location: 202 until done, perhaps elsewhere each time. */
static void test_location_is_followed_to_where_it_moves_and_its_refusal_is_the_operations_own(void **state)
{
    char token[PROVIDER_OPERATION_MAX];
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    replay_exchange(replay, "PATCH", SET_URL, NULL, 202, "Location: " ARM "/op?monitor=true\n", "");
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_OK);
    hold_token(replay, token);
    replay_exchange(replay, "GET", ARM "/op?monitor=true", NULL, 202,
                    "Location: " ARM "/op2?monitor=true\nRetry-After: 3\n", "");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->next_poll_us, replay_now(replay) + 3 * SECOND);
    hold_token(replay, token);
    replay_exchange(replay, "GET", ARM "/op2?monitor=true", NULL, 409, NULL,
                    "{\"error\":{\"code\":\"AllocationFailed\"}}");
    expect_set(replay, 5, "Failed", "e3");
    assert_int_equal(replay_poll(replay, token), PROVIDER_NO_CAPACITY);
    azure_end(replay);
}

/* Retry-After: 0 says nothing; without one Azure's own clients wait half a minute. */
static void test_wait_between_polls_is_retry_after_or_half_a_minute(void **state)
{
    char token[PROVIDER_OPERATION_MAX];
    static const struct {
        const char *headers;
        int64_t seconds;
    } cases[] = {{NULL, 30},
                 {"Retry-After: 0\n", 30},
                 {"Retry-After: 5\n", 5},
                 {"Retry-After: soon\n", 30},
                 {"Retry-After: Sun, 22 Nov 2026 12:00:40 GMT\n", 40},
                 {"Retry-After: 99999\n", 600}};
    (void)state;
    struct replay *replay = azure_start(NULL);
    begin_growth(replay, token);
    assert_int_equal(replay_operation(replay)->next_poll_us, replay_now(replay));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_status(replay, cases[i].headers, "{\"status\":\"Running\"}");
        assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
        assert_int_equal(replay_operation(replay)->next_poll_us, replay_now(replay) + cases[i].seconds * SECOND);
    }
    azure_end(replay);
}

static void test_set_that_is_gone_has_lost_its_machines_and_cannot_have_grown(void **state)
{
    static const char gone[] = "{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"gone\"}}";
    static const char *const ids[] = {"1@00000001"};
    char token[PROVIDER_OPERATION_MAX];
    (void)state;
    struct replay *replay = azure_start(NULL);
    begin_growth(replay, token);
    replay_exchange(replay, "GET", STATUS_URL, NULL, 404, NULL, "");
    replay_exchange(replay, "GET", SET_URL, NULL, 404, NULL, gone);
    assert_int_equal(replay_poll(replay, token), PROVIDER_NOT_FOUND);
    expect_set(replay, 2, "Succeeded", "e1");
    expect_machines(replay, "0 1");
    replay_exchange(replay, "POST", DELETE_URL, NULL, 202, "Azure-AsyncOperation: " STATUS_URL "\n", "");
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", ids, 1), PROVIDER_OK);
    hold_token(replay, token);
    expect_status(replay, NULL, "{\"status\":\"Succeeded\"}");
    replay_exchange(replay, "GET", SET_URL, NULL, 404, NULL, gone);
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    azure_end(replay);
}

static void test_removal_that_succeeded_without_removing_is_a_conflict(void **state)
{
    static const char *const ids[] = {"1@00000001"};
    char token[PROVIDER_OPERATION_MAX];
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    expect_machines(replay, "0 1");
    replay_exchange(replay, "POST", DELETE_URL, NULL, 202, "Azure-AsyncOperation: " STATUS_URL "\n", "");
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", ids, 1), PROVIDER_OK);
    hold_token(replay, token);
    expect_status(replay, NULL, "{\"status\":\"Succeeded\"}");
    expect_set(replay, 2, "Succeeded", "e2");
    expect_machines(replay, "0 1");
    assert_int_equal(replay_poll(replay, token), PROVIDER_CONFLICT);
    azure_end(replay);
}

static void test_token_is_printable_ascii_whatever_script_a_group_has(void **state)
{
    struct azure_operation operation = {.kind = AZURE_OPERATION_GROW, .way = AZURE_WAY_RESOURCE, .size = 3};
    struct azure_operation again = {0};
    struct provider_operation written;
    struct error error = {0};
    (void)state;
    snprintf(operation.pool, sizeof operation.pool,
             "gr\xC3\xB6\xC3\x9F"
             "e(1)/pool-a");
    azure_operation_write(&operation, &written);
    for (const char *at = written.token; *at; at++)
        assert_true(*at >= ' ' && *at <= '~');
    assert_true(azure_operation_read(written.token, &again, &error));
    assert_string_equal(again.pool, operation.pool);
}

static void test_fault_04_operation_that_cannot_be_asked_about_ends_at_the_deadline_too(void **state)
{
    char token[PROVIDER_OPERATION_MAX];
    (void)state;
    struct replay *replay = azure_start("operation_deadline = \"20m\"\n");
    begin_growth(replay, token);
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < 4; i++)
            replay_exchange(replay, "GET", STATUS_URL, NULL, 500, NULL, "<html>");
        assert_int_equal(replay_poll(replay, token), turn == 0 ? PROVIDER_RETRY : PROVIDER_UNKNOWN);
        replay_advance(replay, 1200 * SECOND);
    }
    assert_non_null(strstr(replay_error(replay)->text, "look at the scale set"));
    azure_end(replay);
}

/* Nothing is known of the operation by it, so nothing of the operation is forgotten by it. */
static void test_credentials_refused_meanwhile_do_not_end_an_operation(void **state)
{
    char token[PROVIDER_OPERATION_MAX];
    (void)state;
    struct replay *replay = azure_start(NULL);
    begin_growth(replay, token);
    replay_reopen(replay);
    replay_exchange(replay, "POST", TOKEN_URL, NULL, 401, NULL,
                    "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: expired\"}");
    assert_int_equal(replay_poll(replay, token), PROVIDER_RETRY);
    assert_non_null(strstr(replay_error(replay)->text, "AADSTS7000222"));
    expect_token(replay);
    expect_status(replay, NULL, "{\"status\":\"Succeeded\"}");
    expect_set(replay, 5, "Succeeded", "e3");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    azure_end(replay);
}

static void begin_removal(struct replay *replay, char *token)
{
    static const char *const ids[] = {"1@00000001"};
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    expect_machines(replay, "0 1");
    replay_exchange(replay, "POST", DELETE_URL, NULL, 202, "Azure-AsyncOperation: " STATUS_URL "\n", "");
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", ids, 1), PROVIDER_OK);
    hold_token(replay, token);
}

static void test_fault_03_forgotten_removal_is_judged_by_the_machines_that_are_left(void **state)
{
    static const int statuses[] = {404, 410};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char token[PROVIDER_OPERATION_MAX];
        struct replay *replay = azure_start(NULL);
        begin_removal(replay, token);
        replay_exchange(replay, "GET", STATUS_URL, NULL, statuses[i], NULL, "");
        expect_set(replay, 2, "Updating", "e2");
        expect_machines(replay, "0 1*");
        assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
        assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_RUNNING);
        hold_token(replay, token);
        expect_set(replay, 1, "Succeeded", "e3");
        expect_machines(replay, "0");
        assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
        assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
        azure_end(replay);
    }
}

static void test_removal_that_failed_because_the_machine_was_gone_has_ended_well(void **state)
{
    static const char *const left[] = {"0", "0 1"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char token[PROVIDER_OPERATION_MAX];
        struct replay *replay = azure_start(NULL);
        begin_removal(replay, token);
        expect_status(replay, NULL, "{\"status\":\"Failed\",\"error\":{\"code\":\"ResourceNotFound\"}}");
        expect_set(replay, 1, "Succeeded", "e3");
        expect_machines(replay, left[i]);
        assert_int_equal(replay_poll(replay, token), i == 0 ? PROVIDER_OK : PROVIDER_CONFLICT);
        azure_end(replay);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_reads_back_and_holds_no_bearer_token),
        cmocka_unit_test(test_address_too_long_for_a_token_leaves_the_set_to_tell),
        cmocka_unit_test(test_token_that_is_none_is_refused_without_a_request),
        cmocka_unit_test(test_new_process_follows_what_the_old_one_began),
        cmocka_unit_test(test_address_at_another_host_is_dropped_and_gets_no_token),
        cmocka_unit_test(test_location_is_followed_to_where_it_moves_and_its_refusal_is_the_operations_own),
        cmocka_unit_test(test_wait_between_polls_is_retry_after_or_half_a_minute),
        cmocka_unit_test(test_set_that_is_gone_has_lost_its_machines_and_cannot_have_grown),
        cmocka_unit_test(test_removal_that_succeeded_without_removing_is_a_conflict),
        cmocka_unit_test(test_token_is_printable_ascii_whatever_script_a_group_has),
        cmocka_unit_test(test_fault_04_operation_that_cannot_be_asked_about_ends_at_the_deadline_too),
        cmocka_unit_test(test_credentials_refused_meanwhile_do_not_end_an_operation),
        cmocka_unit_test(test_fault_03_forgotten_removal_is_judged_by_the_machines_that_are_left),
        cmocka_unit_test(test_removal_that_failed_because_the_machine_was_gone_has_ended_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
