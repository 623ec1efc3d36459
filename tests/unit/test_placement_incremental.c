/* links: placement base */
/* tsan */
/* Events on solved problems: after every one the plan and its figures must hold in full, worked out from nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "controller/placement/incremental.h"
#include "tests/unit/placement_brute.h"
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

/* How many placements the brute force would try, as far as `most`. */
static bool is_small(const struct problem *problem, double most)
{
    double ways = 1;
    for (uint32_t j = 0; j < problem->groups; j++) {
        for (size_t i = problem->pair_start[j]; i < problem->pair_start[j + 1]; i++)
            ways *= (double)problem->group_count[j] / (double)(i - problem->pair_start[j] + 1) + 1;
    }
    return problem->groups <= BRUTE_GROUPS && ways < most;
}

static void expect_optimum_between(const struct incremental *incremental, uint64_t seed, const char *event)
{
    const struct problem *problem = incremental_problem(incremental);
    struct certificate figures = incremental_figures(incremental);
    if (!is_small(problem, 20000))
        return;
    int64_t best = optimum(problem);
    if (figures.bound > best || figures.cost < best || figures.nodecost < figures.cost) {
        struct buffer text = BUFFER_INIT;
        problem_write(problem, &text);
        fail_msg("seed %llu after %s: bound %lld, optimum %lld, cost %lld\n%s", (unsigned long long)seed, event,
                 (long long)figures.bound, (long long)best, (long long)figures.cost, text.data);
    }
}

/* Problem and plan as text. */
static void write_all(const struct incremental *incremental, struct buffer *out)
{
    struct plan plan;
    struct error error;
    buffer_clear(out);
    problem_write(incremental_problem(incremental), out);
    assert_true(incremental_plan(incremental, &plan, &error));
    plan_write(&plan, incremental_problem(incremental), out);
    plan_release(&plan);
}

static struct incremental *open_random(uint64_t seed, struct dice *dice)
{
    struct buffer text = BUFFER_INIT;
    struct problem problem;
    struct error error;
    struct solve_options options = {.seed = 1, .effort = 2};
    *dice = (struct dice){seed};
    write_problem(dice, &text);
    assert_true(problem_read(text.data, text.length, &problem, &error));
    struct incremental *incremental = incremental_open(&problem, &options, &error);
    buffer_release(&text);
    return incremental;
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

static bool set_random_pool(struct incremental *incremental, struct dice *dice, uint32_t pool)
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
    return incremental_set_pool(incremental, pool, &to, &error);
}

static const char *random_event(struct incremental *incremental, struct dice *dice, bool *ret_taken)
{
    const struct problem *problem = incremental_problem(incremental);
    struct error error;
    uint32_t pool = (uint32_t)between(dice, 0, (int)problem->pools - 1);
    uint32_t group = (uint32_t)between(dice, 0, (int)problem->groups - 1);
    *ret_taken = true;
    switch (between(dice, 0, 8)) {
    case 0:
    case 1:
        *ret_taken = incremental_resize_group(incremental, group, between(dice, 0, 9), &error);
        return "resize";
    case 2:
        *ret_taken = incremental_set_pool_price(incremental, pool, between(dice, 0, 120), &error);
        return "price";
    case 3:
        *ret_taken = incremental_set_pool_limit(incremental, pool, between(dice, 0, 2), between(dice, 2, 6), &error);
        return "limit";
    case 4:
        *ret_taken = incremental_lose_machine(incremental, pool, between(dice, 0, 5), &error);
        return "machine lost";
    case 5:
        if (problem->groups < GROUPS_MAX + 2)
            add_random_group(incremental, dice);
        return "group added";
    case 6:
        *ret_taken = set_random_pool(incremental, dice, pool);
        return "pool set";
    case 7:
        if (chance(dice, 30)) {
            *ret_taken = incremental_lose_region(incremental, 0, &error);
            return "region lost";
        }
        *ret_taken = set_random_pool(incremental, dice, pool);
        return "pool set";
    default:
        if (chance(dice, 40))
            *ret_taken = incremental_remove_group(incremental, group, &error);
        return "group removed";
    }
}

static void figures_hold_after_every_event(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 1500; seed++) {
        struct dice dice;
        struct incremental *incremental = open_random(seed, &dice);
        for (int event = 0; event < 16 && incremental; event++) {
            bool taken = false;
            const char *name = random_event(incremental, &dice, &taken);
            expect_proven(incremental, seed, name);
            expect_optimum_between(incremental, seed, name);
        }
        if (incremental)
            incremental_close(incremental);
    }
}

static void an_answer_to_an_old_snapshot_never_makes_the_figures_worse(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        struct dice dice;
        struct incremental *incremental = open_random(seed, &dice);
        for (int round = 0; round < 3 && incremental; round++) {
            struct problem snapshot;
            struct plan plan;
            struct error error;
            struct solve_options options = {.seed = seed + (uint64_t)round, .effort = 3};
            uint64_t sequence = 0;
            bool taken = false;
            incremental_snapshot(incremental, &snapshot, &sequence);
            for (int event = 0; event < 5; event++)
                random_event(incremental, &dice, &taken);
            assert_true(solve(&snapshot, &options, &plan, &error));
            take_answer(incremental, sequence, &plan);
            expect_proven(incremental, seed, "an answer");
            expect_optimum_between(incremental, seed, "an answer");
            random_event(incremental, &dice, &taken);
            expect_proven(incremental, seed, "an event after an answer");
            plan_release(&plan);
            problem_release(&snapshot);
        }
        if (incremental)
            incremental_close(incremental);
    }
}

static void events_that_are_refused_change_nothing(void **state)
{
    (void)state;
    struct buffer before = BUFFER_INIT;
    struct buffer after = BUFFER_INIT;
    int refused = 0;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct dice dice;
        struct incremental *incremental = open_random(seed, &dice);
        for (int event = 0; event < 12 && incremental; event++) {
            bool taken = false;
            uint64_t sequence = incremental_sequence(incremental);
            write_all(incremental, &before);
            random_event(incremental, &dice, &taken);
            if (taken)
                continue;
            write_all(incremental, &after);
            assert_string_equal(before.data, after.data);
            assert_int_equal(sequence, incremental_sequence(incremental));
            refused++;
        }
        if (incremental)
            incremental_close(incremental);
    }
    assert_true(refused > 100);
    buffer_release(&before);
    buffer_release(&after);
}

static void the_same_events_give_the_same_plan(void **state)
{
    (void)state;
    struct buffer written[2] = {BUFFER_INIT, BUFFER_INIT};
    for (uint64_t seed = 1; seed <= 200; seed++) {
        for (int i = 0; i < 2; i++) {
            struct dice dice;
            struct incremental *incremental = open_random(seed, &dice);
            buffer_clear(&written[i]);
            for (int event = 0; event < 12 && incremental; event++) {
                bool taken = false;
                random_event(incremental, &dice, &taken);
            }
            if (incremental) {
                write_all(incremental, &written[i]);
                incremental_close(incremental);
            }
        }
        assert_int_equal(written[0].length, written[1].length);
        if (written[0].length)
            assert_memory_equal(written[0].data, written[1].data, written[0].length);
    }
    buffer_release(&written[0]);
    buffer_release(&written[1]);
}

static void an_answer_to_a_snapshot_that_is_still_to_come_is_refused(void **state)
{
    (void)state;
    struct dice dice;
    struct incremental *incremental = open_random(3, &dice);
    struct plan plan;
    struct error error;
    assert_non_null(incremental);
    assert_true(incremental_plan(incremental, &plan, &error));
    assert_false(incremental_rebase(incremental, &plan, 1, NULL, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_true(incremental_rebase(incremental, &plan, 0, NULL, &error));
    plan_release(&plan);
    incremental_close(incremental);
}

/* --- in another thread --- */

struct background {
    struct problem snapshot;
    uint64_t sequence;
    struct plan plan;
    bool solved;
    atomic_bool done;
};

static void *solve_in_background(void *argument)
{
    struct background *background = argument;
    struct solve_options options = {.seed = 7, .effort = 6};
    struct error error;
    background->solved = solve(&background->snapshot, &options, &background->plan, &error);
    atomic_store(&background->done, true);
    return NULL;
}

static void a_thread_solves_while_events_arrive(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct dice dice;
        struct incremental *incremental = open_random(seed, &dice);
        struct background background = {.solved = false};
        pthread_t thread;
        int events = 0;
        if (!incremental)
            continue;
        incremental_snapshot(incremental, &background.snapshot, &background.sequence);
        assert_int_equal(pthread_create(&thread, NULL, solve_in_background, &background), 0);
        while (events < 4 || (events < 40 && !atomic_load(&background.done))) {
            bool taken = false;
            const char *name = random_event(incremental, &dice, &taken);
            expect_proven(incremental, seed, name);
            events++;
        }
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_true(background.solved);
        take_answer(incremental, background.sequence, &background.plan);
        expect_proven(incremental, seed, "the background's answer");
        plan_release(&background.plan);
        problem_release(&background.snapshot);
        incremental_close(incremental);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_hold_after_every_event),
        cmocka_unit_test(an_answer_to_an_old_snapshot_never_makes_the_figures_worse),
        cmocka_unit_test(events_that_are_refused_change_nothing),
        cmocka_unit_test(the_same_events_give_the_same_plan),
        cmocka_unit_test(an_answer_to_a_snapshot_that_is_still_to_come_is_refused),
        cmocka_unit_test(a_thread_solves_while_events_arrive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
