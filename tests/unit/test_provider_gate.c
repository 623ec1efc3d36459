/* links: agent api core federation placement store sim_serve sim_engine model provider_host provider_sdk net base uv */
/* Writes to an account while the gate is closed or closes: what has not begun never reaches the module, what has begun
 * is killed, and looks go on. This program is its own provider-host. */
#include <signal.h>

#include "tests/unit/provider_account.h"

/* good.so: grow of the pool with two machines never answers, of the one with one machine begins an operation. */
static char *hanging_grow(struct world *world)
{
    assert_good_works(world);
    return provider_link_grow_arguments(&world->good.result.records.pools[0], 3);
}

static char *ending_grow(struct world *world)
{
    assert_good_works(world);
    return provider_link_grow_arguments(&world->good.result.records.pools[1], 3);
}

static void assert_gated(const struct account *account, const char *function)
{
    assert_true(account->result.gated);
    assert_int_equal(account->result.status, PROVIDER_CONFLICT);
    assert_string_equal(account->result.error.text, "frozen");
    assert_string_equal(account->result.error.call, function);
    assert_false(account->result.has_operation);
}

static void test_a_write_behind_a_closed_gate_never_reaches_the_module(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "good.so", 0);
    char *arguments = hanging_grow(&world);
    int process = provider_link_process(world.good.link);
    world.good.gate_closed = true;
    /* Had it reached the module, it would not end. */
    assert_int_equal(ask(&world, &world.good, "grow", arguments, 20 * SECOND), PROVIDER_CONFLICT);
    assert_gated(&world.good, "grow");
    ask(&world, &world.good, "shrink", "{\"pool\":\"p\",\"instances\":[\"i\"]}", 20 * SECOND);
    assert_gated(&world.good, "shrink");
    ask(&world, &world.good, "withdraw", "{\"pool\":\"p\"}", 20 * SECOND);
    assert_gated(&world.good, "withdraw");
    assert_int_equal(world.good.gate_asked, 3);
    assert_good_works(&world);
    assert_int_equal(provider_link_process(world.good.link), process);
    free(arguments);
    close_world(&world);
}

static void test_what_only_looks_is_not_asked_of_the_gate(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "good.so", 0);
    world.good.gate_closed = true;
    assert_good_works(&world);
    assert_int_equal(ask(&world, &world.good, "poll", "{\"token\":\"t\"}", 20 * SECOND), PROVIDER_INVALID);
    assert_string_equal(world.good.result.error.text, "not offered by this module");
    assert_false(world.good.result.gated);
    assert_int_equal(world.good.gate_asked, 0);
    close_world(&world);
}

static void test_an_open_gate_is_asked_once_and_lets_the_write_through(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "good.so", 0);
    char *arguments = ending_grow(&world);
    assert_int_equal(ask(&world, &world.good, "grow", arguments, 20 * SECOND), PROVIDER_OK);
    assert_true(world.good.result.has_operation);
    assert_false(world.good.result.gated);
    assert_int_equal(world.good.gate_asked, 1);
    free(arguments);
    close_world(&world);
}

struct waiting {
    struct account *account;
    char name;
    enum provider_status status;
    bool gated;
};

static void on_ended(void *context, struct provider_result *result)
{
    struct waiting *waiting = context;
    waiting->status = result->status;
    waiting->gated = result->gated;
    waiting->account->order[waiting->account->done++] = waiting->name;
}

/* Three writes and two looks wait; every one of them ends, the writes first and gated, the looks as they should. */
static void test_the_calls_behind_a_refused_write_go_on(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "good.so", 0);
    char *arguments = hanging_grow(&world);
    struct account *gated = &world.bad;
    gated->gate_closed = true;
    struct waiting waiting[] = {{gated, 'd', PROVIDER_OK, false},
                                {gated, 'a', PROVIDER_OK, false},
                                {gated, 'e', PROVIDER_UNKNOWN, false},
                                {gated, 'b', PROVIDER_OK, false},
                                {gated, 'c', PROVIDER_OK, false}};
    provider_link_call(gated->link, PROVIDER_NORMAL, "pools", NULL, 20 * SECOND, on_ended, &waiting[0]);
    provider_link_call(gated->link, PROVIDER_FIRST, "grow", arguments, 20 * SECOND, on_ended, &waiting[1]);
    provider_link_call(gated->link, PROVIDER_LAST, "pools", NULL, 20 * SECOND, on_ended, &waiting[2]);
    provider_link_call(gated->link, PROVIDER_FIRST, "grow", arguments, 20 * SECOND, on_ended, &waiting[3]);
    provider_link_call(gated->link, PROVIDER_FIRST, "withdraw", "{\"pool\":\"p\"}", 20 * SECOND, on_ended, &waiting[4]);
    run_until(&world, gated, 5);
    assert_string_equal(gated->order, "abcde");
    for (size_t i = 0; i < 5; i++) {
        bool write = strchr("abc", waiting[i].name) != NULL;
        assert_int_equal(waiting[i].status, write ? PROVIDER_CONFLICT : PROVIDER_OK);
        assert_int_equal(waiting[i].gated, write);
    }
    assert_int_equal(gated->gate_asked, 3);
    assert_ptr_equal(gated->gate_about, &waiting[4]);
    free(arguments);
    close_world(&world);
}

/* Asks for a grow that hangs and lets the request leave. */
static void begin_hanging_grow(struct world *world, const char *arguments)
{
    provider_link_call(world->bad.link, PROVIDER_FIRST, "grow", arguments, 60 * SECOND, on_done, &world->bad);
    while (world->bad.event_count == 0 || world->bad.gate_asked == 0)
        uv_run(&world->loop, UV_RUN_ONCE);
    for (int i = 0; i < 20; i++)
        uv_run(&world->loop, UV_RUN_NOWAIT);
}

static void test_a_write_under_way_is_killed_and_unknown(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "good.so", 0);
    char *arguments = hanging_grow(&world);
    begin_hanging_grow(&world, arguments);
    int process = provider_link_process(world.bad.link);
    assert_true(process > 0);
    provider_link_stop_writing(world.bad.link, "frozen by token:operator");
    provider_link_stop_writing(world.bad.link, "frozen by token:operator"); /* once more does nothing more */
    run_until(&world, &world.bad, 1);
    assert_int_equal(world.bad.result.status, PROVIDER_UNKNOWN);
    assert_false(world.bad.result.gated);
    assert_non_null(strstr(world.bad.result.error.text, "stopped in the middle of grow: frozen by token:operator"));
    assert_last_event(&world.bad, PROVIDER_LINK_HUNG, "stopped in the middle of grow");
    assert_int_equal(world.bad.event_count, 2); /* up, and its end */
    assert_int_equal(kill(process, 0), -1);     /* it has been waited for */
    assert_good_works(&world);
    /* The account works again, in a new process, and is asked the gate again. */
    assert_int_equal(ask(&world, &world.bad, "pools", NULL, 20 * SECOND), PROVIDER_OK);
    assert_int_equal(world.bad.result.records.pools_count, 2);
    assert_int_not_equal(provider_link_process(world.bad.link), process);
    world.bad.gate_closed = true;
    ask(&world, &world.bad, "grow", arguments, 20 * SECOND);
    assert_gated(&world.bad, "grow");
    free(arguments);
    close_world(&world);
}

static void test_the_looks_behind_a_killed_write_are_answered(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "good.so", 0);
    char *arguments = hanging_grow(&world);
    begin_hanging_grow(&world, arguments);
    struct waiting look = {&world.bad, 'l', PROVIDER_UNKNOWN, false};
    provider_link_call(world.bad.link, PROVIDER_NORMAL, "pools", NULL, 20 * SECOND, on_ended, &look);
    provider_link_stop_writing(world.bad.link, "frozen");
    run_until(&world, &world.bad, 2);
    assert_int_equal(look.status, PROVIDER_OK);
    free(arguments);
    close_world(&world);
}

/* Whenever in its life it comes: before the process is there, while it opens, in the middle, when nothing runs. */
static void test_a_look_is_left_alone(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "good.so", 0);
    for (int i = 0; i < 3; i++) {
        unsigned done = world.bad.done;
        provider_link_call(world.bad.link, PROVIDER_NORMAL, "pools", NULL, 20 * SECOND, on_done, &world.bad);
        while (world.bad.done == done) {
            provider_link_stop_writing(world.bad.link, "frozen");
            uv_run(&world.loop, UV_RUN_ONCE);
        }
        assert_int_equal(world.bad.result.status, PROVIDER_OK);
        assert_int_equal(world.bad.event_count, 1);
        assert_int_equal(world.bad.events[0], PROVIDER_LINK_UP);
        provider_link_stop_writing(world.bad.link, "frozen");
    }
    close_world(&world);
}

/* A write that waits behind a look is not begun, so nothing is killed for it. */
static void test_a_write_that_waits_is_left_to_the_gate(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "good.so", 0);
    char *arguments = hanging_grow(&world);
    struct account *account = &world.good;
    struct waiting look = {account, 'l', PROVIDER_UNKNOWN, false}, write = {account, 'w', PROVIDER_UNKNOWN, false};
    account->done = 0;
    provider_link_call(account->link, PROVIDER_NORMAL, "pools", NULL, 20 * SECOND, on_ended, &look);
    uv_run(&world.loop, UV_RUN_NOWAIT); /* the look has begun */
    provider_link_call(account->link, PROVIDER_FIRST, "grow", arguments, 20 * SECOND, on_ended, &write);
    provider_link_stop_writing(account->link, "frozen");
    account->gate_closed = true;
    run_until(&world, account, 2);
    assert_int_equal(look.status, PROVIDER_OK);
    assert_true(write.gated);
    assert_int_equal(account->event_count, 1);
    free(arguments);
    close_world(&world);
}

int main(int argc, char **argv)
{
    int status = provider_host_if_asked(argc, argv);
    if (status >= 0)
        return status;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_write_behind_a_closed_gate_never_reaches_the_module),
        cmocka_unit_test(test_what_only_looks_is_not_asked_of_the_gate),
        cmocka_unit_test(test_an_open_gate_is_asked_once_and_lets_the_write_through),
        cmocka_unit_test(test_the_calls_behind_a_refused_write_go_on),
        cmocka_unit_test(test_a_write_under_way_is_killed_and_unknown),
        cmocka_unit_test(test_the_looks_behind_a_killed_write_are_answered),
        cmocka_unit_test(test_a_look_is_left_alone),
        cmocka_unit_test(test_a_write_that_waits_is_left_to_the_gate),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
