/* links: placement base */
/* Events on solved problems: after every one the plan and its figures must hold in full, worked out from nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "controller/placement/incremental.h"
#include "tests/unit/placement_random.h"

static void expect_proven(const struct incremental *incremental, uint64_t seed, const char *event)
{
    struct plan plan;
    struct error error;
    struct certificate certificate;
    if (!incremental_plan(incremental, &plan, &error) ||
        !certificate_check(incremental_problem(incremental), &plan, &certificate, &error)) {
        struct buffer text = BUFFER_INIT;
        problem_write(incremental_problem(incremental), &text);
        fail_msg("seed %llu after %s: %s\n%s", (unsigned long long)seed, event, error.text, text.data);
    }
    struct certificate figures = incremental_figures(incremental);
    assert_int_equal(figures.forced, certificate.forced);
    assert_int_equal(figures.gap_ppm, certificate.gap_ppm);
    plan_release(&plan);
}

static const char *random_event(struct incremental *incremental, struct dice *dice)
{
    const struct problem *problem = incremental_problem(incremental);
    struct error error;
    uint32_t pool = (uint32_t)between(dice, 0, (int)problem->pools - 1);
    uint32_t group = (uint32_t)between(dice, 0, (int)problem->groups - 1);
    switch (between(dice, 0, 5)) {
    case 0:
    case 1:
        incremental_resize_group(incremental, group, between(dice, 0, 9), &error);
        return "resize";
    case 2:
        incremental_set_pool_price(incremental, pool, between(dice, 0, 120), &error);
        return "price";
    case 3:
        incremental_set_pool_limit(incremental, pool, between(dice, 0, 2), between(dice, 2, 6), &error);
        return "limit";
    case 4:
        incremental_lose_machine(incremental, pool, between(dice, 0, 5), &error);
        return "machine lost";
    default:
        if (chance(dice, 20)) {
            incremental_lose_region(incremental, 0, &error);
            return "region lost";
        }
        incremental_resize_group(incremental, group, 0, &error);
        return "group removed";
    }
}

static void figures_hold_after_every_event(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 1500; seed++) {
        struct dice dice = {seed};
        struct buffer text = BUFFER_INIT;
        struct problem problem;
        struct error error;
        struct solve_options options = {.seed = 1, .effort = 2};
        write_problem(&dice, &text);
        assert_true(problem_read(text.data, text.length, &problem, &error));
        struct incremental *incremental = incremental_open(&problem, &options, &error);
        if (incremental) {
            expect_proven(incremental, seed, "opening");
            for (int event = 0; event < 12; event++) {
                const char *name = random_event(incremental, &dice);
                expect_proven(incremental, seed, name);
            }
            incremental_close(incremental);
        }
        buffer_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(figures_hold_after_every_event)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
