/* links: placement base */
/* Events on solved problems: after every one the plan and its figures must hold in full, worked out from nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "controller/placement/incremental.h"
#include "tests/unit/placement_random.h"

static void expect_proven(const struct incremental *incremental, uint64_t seed, const char *event)
{
    struct plan plan;
    struct error error;
    struct certificate certificate;
    assert_true(incremental_plan(incremental, &plan, &error));
    if (!certificate_check(incremental_problem(incremental), &plan, &certificate, &error)) {
        struct buffer text = BUFFER_INIT;
        problem_write(incremental_problem(incremental), &text);
        fail_msg("seed %llu after %s: %s\n%s", (unsigned long long)seed, event, error.text, text.data);
    }
    struct certificate figures = incremental_figures(incremental);
    assert_int_equal(figures.forced, certificate.forced);
    assert_int_equal(figures.gap_ppm, certificate.gap_ppm);
    plan_release(&plan);
}

static void take_answer(struct incremental *incremental, uint64_t sequence, const struct plan *plan)
{
    struct error error;
    struct certificate before = incremental_figures(incremental);
    bool better = false;
    assert_true(incremental_rebase(incremental, plan, sequence, &better, &error));
    struct certificate after = incremental_figures(incremental);
    assert_true(after.cost <= before.cost && after.nodecost <= before.nodecost && after.bound >= before.bound);
    assert_true(better || memcmp(&before, &after, sizeof before) == 0);
}

static void add_random_group(struct incremental *incremental, struct dice *dice)
{
    const struct problem *problem = incremental_problem(incremental);
    struct incremental_pair pairs[POOLS_MAX];
    struct incremental_cap caps[3];
    uint32_t pools[3][POOLS_MAX];
    uint32_t budget = 0;
    struct error error;
    struct incremental_group group = {.count = between(dice, 0, 4),
                                      .unplaced = between(dice, 0, 400),
                                      .move = chance(dice, 50) ? between(dice, 0, 30) : 0,
                                      .permachine = chance(dice, 30) ? between(dice, 0, 2) : PROBLEM_UNLIMITED,
                                      .pairs = pairs,
                                      .caps = caps,
                                      .cap_count = (uint32_t)between(dice, 0, 3),
                                      .group_budgets = &budget,
                                      .group_budget_count = problem->group_budgets.count && chance(dice, 50)};
    for (uint32_t k = 0; k < problem->dimensions; k++)
        group.demand[k] = between(dice, 0, 6);
    for (uint32_t p = problem->pools; p-- > 0;) {
        if (chance(dice, 70))
            pairs[group.pair_count++] = (struct incremental_pair){
                p, chance(dice, 30) ? (uint32_t)between(dice, 0, 3) : 0, between(dice, 0, 20)};
    }
    for (uint32_t c = 0; c < group.cap_count; c++) {
        caps[c] = (struct incremental_cap){pools[c], 0, between(dice, 0, 4)};
        for (uint32_t p = problem->pools; p-- > 0;) {
            if (chance(dice, 60))
                pools[c][caps[c].pool_count++] = p;
        }
    }
    uint32_t number = 0;
    uint32_t groups = problem->groups;
    assert_true(incremental_add_group(incremental, &group, &number, &error));
    assert_int_equal(number, groups);
    assert_int_equal(problem->groups, groups + 1);
}

static void set_random_pool(struct incremental *incremental, struct dice *dice, uint32_t pool)
{
    const struct problem *problem = incremental_problem(incremental);
    struct incremental_pool to;
    struct error error;
    int64_t upto[2];
    int64_t price[2];
    assert_true(incremental_pool(incremental, pool, &to, &error));
    if (chance(dice, 50))
        to.price = between(dice, 0, 120);
    if (chance(dice, 30))
        to.rate = between(dice, 0, 150);
    if (chance(dice, 40)) {
        to.min = between(dice, 0, 2);
        to.max = chance(dice, 20) ? PROBLEM_UNLIMITED : to.min + between(dice, 0, 3);
    }
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        if (chance(dice, 30))
            to.capacity[k] = between(dice, 2, 12);
        if (chance(dice, 20))
            to.held[k] = between(dice, 0, 12);
    }
    if (chance(dice, 40)) {
        to.tier_count = to.max == PROBLEM_UNLIMITED ? 0 : (uint32_t)between(dice, 0, 2);
        to.tier_upto = upto;
        to.tier_price = price;
        for (uint32_t t = 0; t < to.tier_count; t++) {
            upto[t] = (t ? upto[0] : to.max) + between(dice, 1, 2);
            price[t] = (t ? price[0] : to.price) + between(dice, 0, 40);
        }
    }
    incremental_set_pool(incremental, pool, &to, &error);
}

static const char *random_event(struct incremental *incremental, struct dice *dice)
{
    const struct problem *problem = incremental_problem(incremental);
    struct error error;
    uint32_t pool = (uint32_t)between(dice, 0, (int)problem->pools - 1);
    uint32_t group = (uint32_t)between(dice, 0, (int)problem->groups - 1);
    switch (between(dice, 0, 8)) {
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
    case 5:
        if (problem->groups < GROUPS_MAX + 2)
            add_random_group(incremental, dice);
        return "group added";
    case 6:
        set_random_pool(incremental, dice, pool);
        return "pool set";
    case 7:
        if (chance(dice, 30)) {
            incremental_lose_region(incremental, 0, &error);
            return "region lost";
        }
        set_random_pool(incremental, dice, pool);
        return "pool set";
    default:
        if (chance(dice, 40))
            incremental_remove_group(incremental, group, &error);
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
            struct problem snapshot;
            uint64_t sequence = 0;
            incremental_snapshot(incremental, &snapshot, &sequence);
            for (int event = 0; event < 16; event++) {
                const char *name = random_event(incremental, &dice);
                expect_proven(incremental, seed, name);
                if (event % 5 != 4)
                    continue;
                struct plan plan;
                options.seed = seed + (uint64_t)event;
                assert_true(solve(&snapshot, &options, &plan, &error));
                take_answer(incremental, sequence, &plan);
                plan_release(&plan);
                expect_proven(incremental, seed, "an answer to an old snapshot");
                problem_release(&snapshot);
                incremental_snapshot(incremental, &snapshot, &sequence);
            }
            problem_release(&snapshot);
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
