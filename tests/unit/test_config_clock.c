/* links: agent api core federation placement store sim_serve sim_engine model net base */
/* `now` for the core: never backwards, and jumps told apart from the passing of time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "controller/agent/clock.h"

static void test_begins_at_the_later_of_wall_and_persisted(void **state)
{
    (void)state;
    struct agent_clock clock;
    agent_clock_init(&clock, 5000, 9000, 100);
    assert_int_equal(clock.now_ms, 9000);
    agent_clock_init(&clock, 9000, 5000, 100);
    assert_int_equal(clock.now_ms, 9000);
}

static void test_follows_the_wall_clock(void **state)
{
    (void)state;
    struct agent_clock clock;
    int64_t jump;
    agent_clock_init(&clock, 0, 1000, 0);
    assert_int_equal(agent_clock_advance(&clock, 1500, 500, &jump), 1500);
    assert_int_equal(jump, 0);
    /* NTP runs it a little faster for a while. */
    assert_int_equal(agent_clock_advance(&clock, 2010, 1000, &jump), 2010);
    assert_int_equal(jump, 0);
}

static void test_goes_on_steadily_when_the_wall_clock_is_set_back(void **state)
{
    (void)state;
    struct agent_clock clock;
    int64_t jump;
    agent_clock_init(&clock, 0, 3600000, 0);
    assert_int_equal(agent_clock_advance(&clock, 1000, 1000, &jump), 3601000);
    assert_int_equal(jump, -3600000);
    assert_int_equal(agent_clock_advance(&clock, 2000, 2000, &jump), 3602000);
    assert_int_equal(jump, 0);
}

static void test_a_minute_forward_is_a_jump_and_less_is_not(void **state)
{
    (void)state;
    struct agent_clock clock;
    int64_t jump;
    agent_clock_init(&clock, 0, 0, 0);
    agent_clock_advance(&clock, 60000, 0, &jump);
    assert_int_equal(jump, 0);
    assert_int_equal(agent_clock_advance(&clock, 120001, 0, &jump), 120001);
    assert_int_equal(jump, 60001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_begins_at_the_later_of_wall_and_persisted),
        cmocka_unit_test(test_follows_the_wall_clock),
        cmocka_unit_test(test_goes_on_steadily_when_the_wall_clock_is_set_back),
        cmocka_unit_test(test_a_minute_forward_is_a_jump_and_less_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
