/* links: agent api core federation placement store sim_serve sim_engine model provider_host provider_sdk net base uv */
/* An account's child process, good and bad: each misdeed is one clear error and a restart, and a neighbour does not
 * notice. This program is its own provider-host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/provider_account.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* A misdeed in pools, twice: the child is started again, and the neighbour works before, between and after. */
static void misdeed(const char *module, int64_t time_us, enum provider_link_event event, const char *text)
{
    struct world world;
    open_world(&world, module, 0);
    assert_good_works(&world);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(ask(&world, &world.bad, "pools", NULL, time_us), PROVIDER_RETRY);
        assert_non_null(strstr(world.bad.result.error.text, text));
        assert_int_equal(world.bad.result.records.pools_count, 0);
        assert_last_event(&world.bad, event, text);
        assert_int_equal(world.bad.event_count, 2 * i + 2); /* up, and its end */
        assert_good_works(&world);
    }
    close_world(&world);
}

static void test_a_crash_is_an_error_with_its_last_words(void **state)
{
    (void)state;
    misdeed("crash_in_pools.so", 20 * SECOND, PROVIDER_LINK_CRASHED,
            "signal 6 (ABRT); its last words: free(): invalid");
}

static void test_an_endless_loop_is_killed_at_its_deadline(void **state)
{
    (void)state;
    misdeed("loops.so", SECOND / 5, PROVIDER_LINK_HUNG, "did not end pools in its time");
}

static void test_garbage_on_the_socket_is_killed(void **state)
{
    (void)state;
    misdeed("garbage.so", 20 * SECOND, PROVIDER_LINK_RUBBISH, "a frame that is empty or too long");
}

static void test_a_huge_frame_is_killed(void **state)
{
    (void)state;
    misdeed("huge_frame.so", 20 * SECOND, PROVIDER_LINK_RUBBISH, "a frame that is empty or too long");
}

static void test_a_message_cut_in_the_middle_is_told(void **state)
{
    (void)state;
    misdeed("half_message.so", 20 * SECOND, PROVIDER_LINK_CRASHED, "ended with status 0 in the middle of a message");
}

static void test_a_lie_about_records_is_killed(void **state)
{
    (void)state;
    misdeed("lies.so", 20 * SECOND, PROVIDER_LINK_RUBBISH, "pool: id is missing");
}

static void test_an_exit_in_a_call_is_a_crash(void **state)
{
    (void)state;
    misdeed("exits.so", 20 * SECOND, PROVIDER_LINK_CRASHED, "ended with status");
}

static void test_a_closed_socket_is_killed(void **state)
{
    (void)state;
    misdeed("closes.so", 20 * SECOND, PROVIDER_LINK_RUBBISH, "closed its socket and goes on");
}

static void test_what_it_forked_dies_with_it(void **state)
{
    (void)state;
    misdeed("forks.so", 20 * SECOND, PROVIDER_LINK_CRASHED, "signal 9");
}

static void test_a_list_without_end_is_killed(void **state)
{
    (void)state;
    misdeed("floods.so", 60 * SECOND, PROVIDER_LINK_RUBBISH, "more than 100000 records \"instance\"");
}

static void test_memory_is_bounded_where_no_sanitizer_reserves_addresses(void **state)
{
    (void)state;
    if (SANITIZED)
        skip(); /* sanitizers reserve more addresses than any bound */
    misdeed("allocates.so", 60 * SECOND, PROVIDER_LINK_CRASHED, "signal 6");
}

static void test_prints_go_nowhere_and_do_no_harm(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "prints.so", 0);
    assert_int_equal(ask(&world, &world.bad, "pools", NULL, 60 * SECOND), PROVIDER_OK);
    assert_int_equal(world.bad.result.records.pools_count, 1);
    close_world(&world);
}

static void test_chatter_is_cut_and_the_work_counts(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "chatters.so", 0);
    assert_int_equal(ask(&world, &world.bad, "pools", NULL, 60 * SECOND), PROVIDER_OK);
    assert_int_equal(world.bad.lines, PROVIDER_LINK_LOG_MAX);
    close_world(&world);
}

static void test_a_status_that_does_not_exist_is_invalid(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "strange_status.so", 0);
    assert_int_equal(ask(&world, &world.bad, "pools", NULL, 20 * SECOND), PROVIDER_INVALID);
    assert_non_null(strstr(world.bad.result.error.text, "does not exist"));
    close_world(&world);
}

static void test_unfit_records_stay_in_the_child(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "unfit_records.so", 0);
    assert_int_equal(ask(&world, &world.bad, "pools", NULL, 20 * SECOND), PROVIDER_INVALID);
    assert_int_equal(world.bad.result.records.quotas_count, 0);
    assert_int_equal(world.bad.lines, 2);
    assert_int_equal(world.bad.event_count, 1);
    close_world(&world);
}

static void test_a_function_that_is_not_offered_is_invalid(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "prints.so", 0);
    assert_int_equal(ask(&world, &world.bad, "quotas", NULL, 20 * SECOND), PROVIDER_INVALID);
    assert_string_equal(world.bad.result.error.text, "not offered by this module");
    close_world(&world);
}

/* Who waits for an account that does not open is told at once and not kept waiting. */
static void fails_to_open(const char *module, int64_t open_us, enum provider_status status,
                          enum provider_link_event event, const char *text)
{
    struct world world;
    open_world(&world, module, open_us);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(ask(&world, &world.bad, "pools", NULL, 20 * SECOND), status);
        if (!strstr(world.bad.result.error.text, text))
            fail_msg("expected \"%s\", found: %s", text, world.bad.result.error.text);
        while (world.bad.event_count < i + 1)
            uv_run(&world.loop, UV_RUN_ONCE);
        assert_last_event(&world.bad, event, text);
    }
    assert_good_works(&world);
    close_world(&world);
}

static void test_a_crash_in_open_is_told(void **state)
{
    (void)state;
    fails_to_open("crash_in_open.so", 0, PROVIDER_RETRY, PROVIDER_LINK_CRASHED, "I had a bad start");
}

static void test_an_open_without_end_is_killed(void **state)
{
    (void)state;
    fails_to_open("hang_in_open.so", SECOND / 5, PROVIDER_RETRY, PROVIDER_LINK_HUNG, "did not end open in its time");
}

static void test_a_refused_account_says_why(void **state)
{
    (void)state;
    fails_to_open("refuses_open.so", 0, PROVIDER_AUTH, PROVIDER_LINK_REFUSED, "account account has no colour");
}

static void test_each_wrong_interface_has_its_own_refusal(void **state)
{
    (void)state;
    fails_to_open("no_symbol.so", 0, PROVIDER_INVALID, PROVIDER_LINK_REFUSED,
                  "the symbol drover_provider_module is missing");
    fails_to_open("wrong_magic.so", 0, PROVIDER_INVALID, PROVIDER_LINK_REFUSED, "wrong magic number");
    fails_to_open("other_major.so", 0, PROVIDER_INVALID, PROVIDER_LINK_REFUSED, "built for version 2");
    fails_to_open("newer_minor.so", 0, PROVIDER_INVALID, PROVIDER_LINK_REFUSED, "needs version 1.1");
    fails_to_open("small_table.so", 0, PROVIDER_INVALID, PROVIDER_LINK_REFUSED, "has 16 bytes");
    fails_to_open("absent.so", 0, PROVIDER_INVALID, PROVIDER_LINK_REFUSED, "there is no such module file");
    fails_to_open("../../CMakeCache.txt", 0, PROVIDER_INVALID, PROVIDER_LINK_REFUSED, "cannot be loaded");
}

static void test_a_kill_during_grow_is_unknown(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "good.so", 0);
    assert_good_works(&world);
    char *arguments = provider_link_grow_arguments(&world.good.result.records.pools[0], 3);
    provider_link_call(world.bad.link, PROVIDER_FIRST, "grow", arguments, 20 * SECOND, on_done, &world.bad);
    while (world.bad.event_count == 0)
        uv_run(&world.loop, UV_RUN_ONCE);
    for (int i = 0; i < 20; i++) /* let the request leave */
        uv_run(&world.loop, UV_RUN_NOWAIT);
    kill(provider_link_process(world.bad.link), SIGKILL);
    run_until(&world, &world.bad, 1);
    assert_int_equal(world.bad.result.status, PROVIDER_UNKNOWN);
    assert_int_equal(ask(&world, &world.bad, "pools", NULL, 20 * SECOND), PROVIDER_OK);
    free(arguments);
    close_world(&world);
}

static void test_grow_gives_an_operation(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "good.so", 0);
    assert_good_works(&world);
    char *arguments = provider_link_grow_arguments(&world.good.result.records.pools[1], 3);
    assert_int_equal(ask(&world, &world.good, "grow", arguments, 20 * SECOND), PROVIDER_OK);
    assert_true(world.good.result.has_operation);
    assert_string_equal(world.good.result.operation.token, "grown");
    free(arguments);
    arguments = provider_link_grow_arguments(&(struct provider_pool){.id = "p",
                                                                     .name = "",
                                                                     .region = "",
                                                                     .instance_type = "",
                                                                     .generation = "",
                                                                     .why_read_only = "",
                                                                     .desired = 5,
                                                                     .max = PROVIDER_UNSET,
                                                                     .writable = true},
                                             5);
    assert_int_equal(ask(&world, &world.good, "grow", arguments, 20 * SECOND), PROVIDER_INVALID);
    free(arguments);
    close_world(&world);
}

static void test_settings_and_what_is_kept_cross(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "good.so", 0);
    assert_int_equal(ask(&world, &world.good, "offers", NULL, 20 * SECOND), PROVIDER_QUOTA);
    assert_string_equal(world.good.result.error.text, "nothing");
    assert_string_equal(world.good.result.error.code, "red");
    assert_string_equal(world.good.kept, "on");
    assert_int_equal(ask(&world, &world.good, "offers", NULL, 20 * SECOND), PROVIDER_QUOTA);
    assert_string_equal(world.good.result.error.text, "on");
    close_world(&world);
}

struct named {
    struct account *account;
    const char *name;
};

static void on_named(void *context, struct provider_result *result)
{
    struct named *named = context;
    (void)result;
    strcat(named->account->order, named->name);
    named->account->done++;
}

static void test_calls_run_by_priority_one_at_a_time(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "good.so", 0);
    struct account *good = &world.good;
    struct named named[] = {{good, "d"}, {good, "b"}, {good, "c"}, {good, "a"}};
    provider_link_call(good->link, PROVIDER_LAST, "pools", NULL, 20 * SECOND, on_named, &named[0]);
    provider_link_call(good->link, PROVIDER_NORMAL, "pools", NULL, 20 * SECOND, on_named, &named[1]);
    provider_link_call(good->link, PROVIDER_NORMAL, "pools", NULL, 20 * SECOND, on_named, &named[2]);
    provider_link_call(good->link, PROVIDER_FIRST, "pools", NULL, 20 * SECOND, on_named, &named[3]);
    run_until(&world, good, 4);
    assert_string_equal(good->order, "abcd");
    close_world(&world);
}

static void test_stopping_ends_every_call(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "loops.so", 0);
    for (int i = 0; i < 3; i++)
        provider_link_call(world.bad.link, PROVIDER_NORMAL, "pools", NULL, 20 * SECOND, on_done, &world.bad);
    while (world.bad.event_count == 0)
        uv_run(&world.loop, UV_RUN_ONCE);
    provider_link_stop(world.bad.link, NULL, NULL);
    world.bad.link = NULL;
    run_until(&world, &world.bad, 3);
    assert_int_equal(world.bad.result.status, PROVIDER_UNREACHABLE);
    close_world(&world);
}

static void test_a_full_queue_refuses(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "loops.so", 0);
    for (int i = 0; i <= PROVIDER_LINK_QUEUE_MAX; i++)
        provider_link_call(world.bad.link, PROVIDER_NORMAL, "pools", NULL, 20 * SECOND, on_done, &world.bad);
    run_until(&world, &world.bad, 1);
    assert_int_equal(world.bad.result.status, PROVIDER_THROTTLED);
    close_world(&world);
}

int main(int argc, char **argv)
{
    int status = provider_host_if_asked(argc, argv);
    if (status >= 0)
        return status;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_crash_is_an_error_with_its_last_words),
        cmocka_unit_test(test_an_endless_loop_is_killed_at_its_deadline),
        cmocka_unit_test(test_garbage_on_the_socket_is_killed),
        cmocka_unit_test(test_a_huge_frame_is_killed),
        cmocka_unit_test(test_a_message_cut_in_the_middle_is_told),
        cmocka_unit_test(test_a_lie_about_records_is_killed),
        cmocka_unit_test(test_an_exit_in_a_call_is_a_crash),
        cmocka_unit_test(test_a_closed_socket_is_killed),
        cmocka_unit_test(test_what_it_forked_dies_with_it),
        cmocka_unit_test(test_a_list_without_end_is_killed),
        cmocka_unit_test(test_memory_is_bounded_where_no_sanitizer_reserves_addresses),
        cmocka_unit_test(test_prints_go_nowhere_and_do_no_harm),
        cmocka_unit_test(test_chatter_is_cut_and_the_work_counts),
        cmocka_unit_test(test_a_status_that_does_not_exist_is_invalid),
        cmocka_unit_test(test_unfit_records_stay_in_the_child),
        cmocka_unit_test(test_a_function_that_is_not_offered_is_invalid),
        cmocka_unit_test(test_a_crash_in_open_is_told),
        cmocka_unit_test(test_an_open_without_end_is_killed),
        cmocka_unit_test(test_a_refused_account_says_why),
        cmocka_unit_test(test_each_wrong_interface_has_its_own_refusal),
        cmocka_unit_test(test_a_kill_during_grow_is_unknown),
        cmocka_unit_test(test_grow_gives_an_operation),
        cmocka_unit_test(test_settings_and_what_is_kept_cross),
        cmocka_unit_test(test_calls_run_by_priority_one_at_a_time),
        cmocka_unit_test(test_stopping_ends_every_call),
        cmocka_unit_test(test_a_full_queue_refuses),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
