/* links: placement base */
/* The prices on problems whose linear relaxation can be worked out by hand: the bound must come near it and never pass
 * it, the fractional plan must cost about the same, and more effort must never prove less. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "controller/placement/certificate_terms.h"
#include "controller/placement/prices.h"
#include "controller/placement/prices_parts.h"
#include "tests/unit/placement_random.h"

struct answer {
    int64_t bound;
    double cost; /* of the fractional plan */
};

static struct answer run(const char *text, size_t length, unsigned effort)
{
    struct problem problem;
    struct error error;
    if (!problem_read(text, length, &problem, &error))
        fail_msg("%s\n%s", error.text, text);
    struct work work;
    struct prices_best best;
    struct plan plan;
    struct answer answer = {0};
    work_init(&work, &problem);
    prices_best_init(&best, &work);
    prices_run(&work, effort, &best);
    plan_init(&plan, &problem);
    prices_quantise(&work, &best, &plan);
    if (!certificate_bound(&problem, &plan, &answer.bound, &error))
        fail_msg("%s\n%s", error.text, text);
    answer.cost = prices_cost(&work);
    plan_release(&plan);
    prices_best_release(&best);
    work_release(&work);
    problem_release(&problem);
    return answer;
}

/* At effort 7; per mille of the relaxation's value. */
static void expect(const char *text, int64_t value)
{
    struct answer answer = run(text, strlen(text), 7);
    if (answer.bound > value || answer.bound < value - value / 500)
        fail_msg("bound %lld, expected %lld less 2 per mille at most:\n%s", (long long)answer.bound, (long long)value,
                 text);
    if (answer.cost > 1.02 * (double)value || answer.cost < 0.98 * (double)value)
        fail_msg("the fractional plan costs %.0f, expected %lld within 2 %%:\n%s", answer.cost, (long long)value, text);
}

/* Ten machines, one for each allocation, although a part of one would hold them all. */
static void a_limit_per_machine_makes_the_bound_pay_for_machines(void **unused)
{
    (void)unused;
    expect("drover-problem 1\ndims cpu\nregion 0 r\n"
           "pool 0 region=0 price=100000 capacity=1000 min=0 max=-\n"
           "group 0 count=10 demand=1 unplaced=1000000\nmay 0 0:0\npermachine 0 max=1\n",
           1000000);
}

/* Five in the cheapest pool, five in the next: of many pools that nobody uses none may let the group slip through. */
static void a_limit_per_machine_holds_in_pools_without_machines(void **unused)
{
    (void)unused;
    struct buffer text = BUFFER_INIT;
    buffer_append_text(&text, "drover-problem 1\ndims cpu\nregion 0 r\n"
                              "pool 0 region=0 price=100000 capacity=1000 min=0 max=5\n");
    for (int p = 1; p < 80; p++)
        buffer_printf(&text, "pool %d region=0 price=%d capacity=1000 min=0 max=-\n", p, 199000 + p * 1000);
    buffer_append_text(&text, "set 0 pools=0");
    for (int p = 1; p < 80; p++)
        buffer_printf(&text, ",%d", p);
    buffer_append_text(&text, "\ngroup 0 count=10 demand=1 unplaced=1000000\nmay 0 @0:0\npermachine 0 max=1\n");
    buffer_append_byte(&text, '\0');
    expect((const char *)text.data, 1500000);
    buffer_release(&text);
}

/* No machine may hold any: the penalties are the bound. */
static void a_group_that_no_machine_may_hold_costs_its_penalties(void **unused)
{
    (void)unused;
    expect("drover-problem 1\ndims cpu\nregion 0 r\n"
           "pool 0 region=0 price=1000 capacity=1000 min=0 max=-\n"
           "group 0 count=10 demand=1 unplaced=50000\nmay 0 0:0\npermachine 0 max=0\n",
           500000);
}

/* Five of ten can pay for the cheap pool's rate. */
static void a_group_budget_moves_the_group_to_where_it_counts_for_less(void **unused)
{
    (void)unused;
    expect("drover-problem 1\ndims cpu\nregion 0 r\n"
           "pool 0 region=0 price=100000 capacity=10 min=0 max=- rate=1000000\n"
           "pool 1 region=0 price=200000 capacity=10 min=0 max=- rate=100000\n"
           "group 0 count=1000 demand=1 unplaced=1000000\nmay 0 0:0 1:0\n"
           "gbudget 0 groups=0 max=55000000\n",
           15000000);
}

/* Both outer pools, one each: the middle one, counted by both caps, would shut both. */
static void crossing_caps_have_multipliers_that_add_up(void **unused)
{
    (void)unused;
    expect("drover-problem 1\ndims cpu\nregion 0 r\n"
           "pool 0 region=0 price=0 capacity=100 min=9 max=9\npool 1 region=0 price=0 capacity=100 min=9 max=9\n"
           "pool 2 region=0 price=0 capacity=100 min=9 max=9\n"
           "group 0 count=2 demand=1 unplaced=9000000\n"
           "cap 0 pools=0,1 max=1\ncap 0 pools=1,2 max=1\nmay 0 0:2000000 1:1000000 2:2000000\n",
           4000000);
}

static void budgets_and_quotas_push_the_load_to_the_next_pool(void **unused)
{
    (void)unused;
    const char *start = "drover-problem 1\ndims cpu\nregion 0 r\n"
                        "pool 0 region=0 price=10000 capacity=10 min=0 max=-\n"
                        "pool 1 region=0 price=30000 capacity=10 min=0 max=-\n"
                        "group 0 count=1000 demand=1 unplaced=1000000\nmay 0 0:0 1:0\n";
    const char *limits[] = {"budget 0 pools=0 max=500000\n", "quota 0 pools=0 weight=3 max=150\n"};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        char text[512];
        snprintf(text, sizeof text, "%s%s", start, limits[i]);
        expect(text, 2000000);
    }
}

/* Three of four can be placed, and the dear pool fills first because the cheap one opens late in the order. */
static void a_group_with_full_caps_still_moves_to_the_cheaper_pool(void **unused)
{
    (void)unused;
    expect("drover-problem 1\ndims cpu\nregion 0 r\n"
           "pool 0 region=0 price=0 capacity=100 min=9 max=9\npool 1 region=0 price=0 capacity=1 min=3 max=3\n"
           "group 0 count=3 demand=1 unplaced=50000\nmay 0 1:0\n"
           "group 1 count=4 demand=1 unplaced=9000000\ncap 1 pools=0,1 max=3\nmay 1 0:100000 1:10000\n",
           9000000 + 3 * 60000);
}

static void more_effort_never_proves_less(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct dice dice = {seed};
        struct buffer text = BUFFER_INIT;
        write_problem(&dice, &text);
        int64_t last = INT64_MIN;
        for (unsigned effort = 1; effort <= 5; effort++) {
            int64_t bound = run((const char *)text.data, text.length, effort).bound;
            if (bound < last)
                fail_msg("seed %llu: effort %u proves %lld, the one before %lld\n%.*s", (unsigned long long)seed,
                         effort, (long long)bound, (long long)last, (int)text.length, (const char *)text.data);
            last = bound;
        }
        buffer_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_per_machine_makes_the_bound_pay_for_machines),
        cmocka_unit_test(a_limit_per_machine_holds_in_pools_without_machines),
        cmocka_unit_test(a_group_that_no_machine_may_hold_costs_its_penalties),
        cmocka_unit_test(a_group_budget_moves_the_group_to_where_it_counts_for_less),
        cmocka_unit_test(crossing_caps_have_multipliers_that_add_up),
        cmocka_unit_test(budgets_and_quotas_push_the_load_to_the_next_pool),
        cmocka_unit_test(a_group_with_full_caps_still_moves_to_the_cheaper_pool),
        cmocka_unit_test(more_effort_never_proves_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
