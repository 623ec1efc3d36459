/* links: placement base */
/* The file readers, the worked example of the format, and problems made to be awkward. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "controller/placement/command.h"

static const char EXAMPLE[] =
    "drover-problem 1\n"
    "dims cpu mem\n"
    "region 0 aws-us-east-1\n"
    "region 1 dc-fra1\n"
    "pool 0 region=0 price=85000 capacity=8000,16000 min=0 max=40\n"
    "pool 1 region=1 price=60000 capacity=16000,64000 min=1 max=1 held=4000,8000 rate=710000\n"
    "tier 0 upto=60 price=120000\n"
    "set 0 pools=0,1\n"
    "group 0 count=12 demand=1500,3000 unplaced=2000000 move=2300\n"
    "group 1 count=4 demand=500,2000 unplaced=900000\n"
    "cap 0 pools=1 max=6\n"
    "may 0 0:120 1:0:5\n"
    "may 1 @0:50\n"
    "gbudget 0 groups=0,1 max=5000000\n"
    "quota 0 pools=0 weight=8 max=320\n"
    "permachine 1 max=4\n";

static const char EXAMPLE_PLAN[] = "drover-plan 1\nscale 65536\ncost 170920\nnodecost 170920\nbound 96545\npool 0 2\n"
                                   "put 0 0 6\nput 0 1 6\nput 1 0 4\npack 0 2 0:3 1:2\n"
                                   "pack 1 1 held:4000,8000 0:6\nprice 0 0 696320\n";

static int check(const char *problem, const char *plan, struct certificate *certificate, struct error *error)
{
    enum placement_input input;
    return placement_command_check(problem, strlen(problem), plan, strlen(plan), certificate, &input, error);
}

static void the_example_of_the_format_checks_exactly(void **state)
{
    (void)state;
    struct certificate certificate;
    struct error error = {0};
    if (check(EXAMPLE, EXAMPLE_PLAN, &certificate, &error) != PLACEMENT_DONE)
        fail_msg("%s", error.text);
    assert_int_equal(certificate.cost, 170920);
    assert_int_equal(certificate.nodecost, 170920);
    assert_int_equal(certificate.bound, 96545);
}

static void what_is_written_reads_back_the_same(void **state)
{
    (void)state;
    struct problem problem;
    struct plan plan;
    struct error error;
    struct buffer first = BUFFER_INIT;
    struct buffer second = BUFFER_INIT;
    assert_true(problem_read(EXAMPLE, strlen(EXAMPLE), &problem, &error));
    problem_write(&problem, &first);
    assert_true(plan_read(EXAMPLE_PLAN, strlen(EXAMPLE_PLAN), &problem, &plan, &error));
    plan_write(&plan, &problem, &second);
    assert_string_equal(second.data, EXAMPLE_PLAN);
    plan_release(&plan);
    problem_release(&problem);
    assert_true(problem_read(first.data, first.length, &problem, &error));
    buffer_clear(&second);
    problem_write(&problem, &second);
    assert_string_equal(first.data, second.data);
    problem_release(&problem);
    buffer_release(&first);
    buffer_release(&second);
}

/* The pairs of group 0 as "pool:extra:now ". */
static void expect_pairs(const char *may, const char *expected)
{
    struct problem problem;
    struct error error = {0};
    struct buffer text = BUFFER_INIT;
    struct buffer pairs = BUFFER_INIT;
    buffer_append_text(&text, "drover-problem 1\ndims d\nregion 0 r\n");
    for (unsigned p = 0; p < 4; p++)
        buffer_printf(&text, "pool %u region=0 price=1 capacity=1 min=0 max=-\n", p);
    buffer_append_text(&text, "set 0 pools=1,2,3\nset 1 pools=@0,0\ngroup 0 count=1 demand=1 unplaced=1\n"
                              "group 1 count=1 demand=1 unplaced=1\n");
    buffer_append_text(&text, may);
    if (!problem_read(text.data, text.length, &problem, &error))
        fail_msg("%s\n%s", error.text, text.data);
    for (size_t i = problem.pair_start[0]; i < problem.pair_start[1]; i++)
        buffer_printf(&pairs, "%u:%lld:%u ", problem.pair_pool[i], (long long)problem.pair_extra[i],
                      problem.pair_now[i]);
    assert_string_equal(pairs.length ? pairs.data : "", expected);
    problem_release(&problem);
    buffer_release(&pairs);
    buffer_release(&text);
}

static void a_later_pair_overrides_an_earlier_one(void **state)
{
    (void)state;
    expect_pairs("", "");
    expect_pairs("may 0\n", "");
    expect_pairs("may 0 3:5 @0:7:2 2:9\n", "1:7:2 2:9:0 3:7:2 ");
    expect_pairs("may 0 @1:1:1\nmay 0 0:2\nmay 1 0:8\n", "0:2:0 1:1:1 2:1:1 3:1:1 ");
    expect_pairs("may 1 @1:8:8\nmay 0 2:1:4 0:1\nmay 1 0:8\nmay 0 2:3 1:6\nmay 1 3:8:8\n", "0:1:0 1:6:0 2:3:0 ");
}

static void a_pool_without_limit_may_have_any_number_of_machines(void **state)
{
    (void)state;
    struct certificate certificate;
    struct error error = {0};
    static const char problem[] = "drover-problem 1\ndims d\nregion 0 r\n"
                                  "pool 0 region=0 price=2 capacity=1 min=0 max=-\n"
                                  "group 0 count=2147483648 demand=1 unplaced=9\n"
                                  "group 1 count=2147483648 demand=1 unplaced=9\nmay 0 0:0\nmay 1 0:0\n";
    static const char plan[] = "drover-plan 1\ncost 8589934592\nnodecost 8589934592\nbound 0\npool 0 4294967296\n"
                               "put 0 0 2147483648\nput 1 0 2147483648\npack 0 2147483648 0:1\n"
                               "pack 0 2147483648 1:1\n";
    if (check(problem, plan, &certificate, &error) != PLACEMENT_DONE)
        fail_msg("%s", error.text);
}

struct refusal {
    const char *text;
    const char *place; /* how the error begins */
    enum error_code code;
};

#define HEAD "drover-problem 1\ndims cpu\nregion 0 r\n"
#define POOL "pool 0 region=0 price=1 capacity=10 min=0 max=5\n"

static void a_bad_problem_is_refused_with_line_and_column(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"", "1:1:", ERROR_INVALID},
        {"drover-problem 2\n", "1:17:", ERROR_NEWER},
        {"drover-problem 1 x\n", "1:18:", ERROR_INVALID},
        {"drover-problem 1\n", "", ERROR_INVALID},
        {"drover-problem 1\ndims\n", "2:", ERROR_INVALID},
        {"drover-problem 1\ndims a b c d e f g h i\n", "2:", ERROR_TOO_LARGE},
        {"drover-problem 1\ndims a a\n", "2:", ERROR_INVALID},
        {HEAD "wat 1\n", "4:1:", ERROR_INVALID},
        {HEAD "region 0 again\n", "4:8:", ERROR_INVALID},
        {HEAD "region 2 gap\n", "4:8:", ERROR_INVALID},
        {HEAD "pool 1000000000 region=0 price=1 capacity=1 min=0 max=1\n", "4:6:", ERROR_INVALID},
        {HEAD "pool 0 region=1 price=1 capacity=1 min=0 max=1\n", "4:15:", ERROR_INVALID},
        {HEAD "pool 0 region=0 price=-1 capacity=1 min=0 max=1\n", "4:23:", ERROR_INVALID},
        {HEAD "pool 0 region=0 price=17592186044417 capacity=1 min=0 max=1\n", "4:23:", ERROR_OVERFLOW},
        {HEAD "pool 0 region=0 price=99999999999999999999999 capacity=1 min=0 max=1\n", "4:23:", ERROR_OVERFLOW},
        {HEAD "pool 0 region=0 price=1 capacity=1,2 min=0 max=1\n", "4:", ERROR_INVALID},
        {HEAD "pool 0 region=0 price=1 price=2 capacity=1 min=0 max=1\n", "4:25:", ERROR_INVALID},
        {HEAD "pool 0 region=0 price=1 capacity=1 min=0\n", "4:", ERROR_INVALID},
        {HEAD "pool 0 region=0 price=1 capacity=1 min=3 max=2\n", "4:", ERROR_INVALID},
        {HEAD "pool 0 region=0 price=1 capacity=1 min=0 max=1 colour=3\n", "4:48:", ERROR_INVALID},
        {HEAD POOL "tier 0 upto=5 price=2\n", "5:22:", ERROR_INVALID},
        {HEAD POOL "tier 0 upto=6 price=0\n", "5:22:", ERROR_INVALID},
        {HEAD POOL "tier 0 upto=- price=1\ntier 0 upto=9 price=1\n", "6:22:", ERROR_INVALID},
        {HEAD POOL "tier 0 upto=6 price=3\ntier 0 upto=9 price=2\n", "6:22:", ERROR_INVALID},
        {HEAD POOL "tier 1 upto=6 price=3\n", "5:6:", ERROR_INVALID},
        {HEAD POOL "set 0 pools=0,0\n", "5:", ERROR_INVALID},
        {HEAD POOL "set 0 pools=1\n", "5:13:", ERROR_INVALID},
        {HEAD POOL "group 0 count=1 demand=1 unplaced=1\nmay 0 1:0\n", "6:7:", ERROR_INVALID},
        {HEAD POOL "group 0 count=1 demand=1 unplaced=1\nmay 0 @0:0\n", "6:8:", ERROR_INVALID},
        {HEAD POOL "group 0 count=1 demand=1 unplaced=1\nmay 1 0:0\n", "6:5:", ERROR_INVALID},
        {HEAD POOL "group 0 count=1 demand=1 unplaced=1\nmay 0 0\n", "6:8:", ERROR_INVALID},
        {HEAD POOL "group 0 count=1 demand=1 unplaced=1\nmay 0 0:1:2:3\n", "6:12:", ERROR_INVALID},
        {HEAD POOL "group 0 count=2147483649 demand=1 unplaced=1\n", "5:15:", ERROR_OVERFLOW},
        {HEAD POOL "group 0 count=1 demand=1 unplaced=1\npermachine 0 max=1\npermachine 0 max=1\n",
         "7:", ERROR_INVALID},
        {HEAD POOL "gbudget 0 groups=0 max=1\n", "5:18:", ERROR_INVALID},
        {HEAD POOL "quota 0 pools=0 max=1\n", "5:", ERROR_INVALID},
        {HEAD POOL "\xff\n", "5:1:", ERROR_INVALID},
        {HEAD POOL "\x01\n", "5:1:", ERROR_INVALID},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct problem problem;
        struct error error = {0};
        if (problem_read(refusals[i].text, strlen(refusals[i].text), &problem, &error))
            fail_msg("taken: %s", refusals[i].text);
        if (error.code != refusals[i].code || strncmp(error.text, refusals[i].place, strlen(refusals[i].place)) != 0)
            fail_msg("%s gave %s (%s), expected %s", refusals[i].text, error.text, error_code_word(error.code),
                     refusals[i].place);
    }
}

static void a_problem_filled_by_hand_is_checked(void **state)
{
    (void)state;
    struct problem problem;
    struct error error = {0};
    assert_true(problem_read(EXAMPLE, strlen(EXAMPLE), &problem, &error));
    assert_true(problem_check(&problem, &error));
    struct {
        int64_t *number;
        int64_t wrong;
        const char *named;
    } cases[] = {
        {&problem.pool_price[1], -1, "pool 1"},
        {&problem.pool_rate[1], PROBLEM_MONEY_MAX + 1, "pool 1"},
        {&problem.pool_capacity[1], PROBLEM_AMOUNT_MAX + 1, "pool 0"},
        {&problem.pool_max[0], INT64_MAX - 1, "pool 0"},
        {&problem.tier_price[0], PROBLEM_MONEY_MAX + 1, "pool 0"},
        {&problem.tier_upto[0], 40, "pool 0"},
        {&problem.group_count[1], -1, "group 1"},
        {&problem.group_demand[2], PROBLEM_AMOUNT_MAX + 1, "group 1"},
        {&problem.group_permachine[0], PROBLEM_COUNT_MAX + 1, "group 0"},
        {&problem.pair_extra[0], -1, "group 0"},
        {&problem.cap_max[0], -1, "group 0"},
        {&problem.quotas.weight[0], -1, "quota 0"},
        {&problem.group_budgets.most[0], -1, "group budget 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t right = *cases[i].number;
        *cases[i].number = cases[i].wrong;
        if (problem_check(&problem, &error) || !strstr(error.text, cases[i].named))
            fail_msg("case %zu (%s): %s", i, cases[i].named, error.text);
        *cases[i].number = right;
    }
    problem.cap_list[0] = problem.lists.count;
    assert_false(problem_check(&problem, &error));
    problem_release(&problem);
}

static void a_line_that_is_there_twice_is_named(void **state)
{
    (void)state;
    static const char *const plans[][2] = {
        {"cost 1\ncost 1\n", "3:7:"},
        {"put 0 1 1\nput 0 0 1\nput 0 1 2\n", "7:8:"},
        {"put 1 0 1\npermachine 1 0 1\npermachine 1 0 1\n", "7:15:"},
        {"price 0 0 1\nprice 0 0 1\n", "6:10:"},
        {"cap 0 0 1\ncap 0 0 1\n", "6:8:"},
    };
    struct problem problem;
    struct error error = {0};
    assert_true(problem_read(EXAMPLE, strlen(EXAMPLE), &problem, &error));
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        struct plan plan;
        struct buffer text = BUFFER_INIT;
        buffer_printf(&text, "drover-plan 1\n%s%s", i ? "cost 1\nnodecost 1\nbound 1\n" : "", plans[i][0]);
        if (plan_read(text.data, text.length, &problem, &plan, &error) ||
            strncmp(error.text, plans[i][1], strlen(plans[i][1])) != 0)
            fail_msg("%s gave %s, expected %s", text.data, error.text, plans[i][1]);
        buffer_release(&text);
    }
    problem_release(&problem);
}

static void a_bad_plan_is_refused(void **state)
{
    (void)state;
    static const char *const plans[] = {
        "",
        "drover-plan 2\n",
        "drover-plan 1\n",
        "drover-plan 1\ncost 1\nnodecost 1\n",
        "drover-plan 1\ncost 1\ncost 1\nnodecost 1\nbound 1\n",
        "drover-plan 1\nscale 65537\ncost 1\nnodecost 1\nbound 1\n",
        "drover-plan 1\nscale 32768\ncost 1\nnodecost 1\nbound 1\n",
        "drover-plan 1\ncost 1\nnodecost 1\nbound 1\nput 0 0 1\nput 0 0 2\n",
        "drover-plan 1\ncost 1\nnodecost 1\nbound 1\nput 5 0 1\n",
        "drover-plan 1\ncost 1\nnodecost 1\nbound 1\npool 1000000000 1\n",
        "drover-plan 1\ncost 1\nnodecost 1\nbound 1\nprice 0 2 1\n",
        "drover-plan 1\ncost 1\nnodecost 1\nbound 1\nprice 0 0 17592186044417\n",
        "drover-plan 1\ncost 1\nnodecost 1\nbound 1\npack 0 1 0:1 0:1\n",
        "drover-plan 1\ncost 1\nnodecost 1\nbound 1\npack 0 1 held:1\n",
        "drover-plan 1\ncost 1\nnodecost 1\nbound 1\ncap 0 1 0\n",
        "drover-plan 1\ncost 1\nnodecost 1\nbound 1\nunknown 1\n",
    };
    struct problem problem;
    struct error error;
    assert_true(problem_read(EXAMPLE, strlen(EXAMPLE), &problem, &error));
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        struct plan plan;
        if (plan_read(plans[i], strlen(plans[i]), &problem, &plan, &error))
            fail_msg("taken: %s", plans[i]);
    }
    problem_release(&problem);
}

/* --- awkward problems --- */

static void solve_text(const char *text, struct certificate *ret_certificate)
{
    struct buffer plan = BUFFER_INIT;
    struct error error = {0};
    enum placement_input input;
    for (unsigned effort = 1; effort <= 7; effort += 3) {
        struct solve_options options = {.seed = 3, .effort = effort};
        buffer_clear(&plan);
        if (placement_command_solve(text, strlen(text), &options, &plan, ret_certificate, &input, &error) !=
            PLACEMENT_DONE)
            fail_msg("%s\n%s", error.text, text);
        if (check(text, plan.data, ret_certificate, &error) != PLACEMENT_DONE)
            fail_msg("%s\n%s\n%s", error.text, text, plan.data);
    }
    buffer_release(&plan);
}

static void crossing_caps_do_not_prove_too_much(void **state)
{
    (void)state;
    struct certificate certificate;
    solve_text("drover-problem 1\ndims d\nregion 0 r\n"
               "pool 0 region=0 price=2 capacity=1 min=0 max=9\n"
               "pool 1 region=0 price=1 capacity=1 min=0 max=9\n"
               "pool 2 region=0 price=2 capacity=1 min=0 max=9\n"
               "group 0 count=2 demand=1 unplaced=100\nmay 0 0:0 1:0 2:0\n"
               "cap 0 pools=0,1 max=1\ncap 0 pools=1,2 max=1\n",
               &certificate);
    assert_int_equal(certificate.cost, 4);
    assert_true(certificate.bound <= 4);
}

static void equal_pools_share_without_a_gap(void **state)
{
    (void)state;
    struct certificate certificate;
    solve_text("drover-problem 1\ndims d\nregion 0 r\n"
               "pool 0 region=0 price=10 capacity=4 min=0 max=9\npool 1 region=0 price=10 capacity=4 min=0 max=9\n"
               "group 0 count=8 demand=1 unplaced=1000\ngroup 1 count=8 demand=1 unplaced=1000\n"
               "may 0 0:0 1:0\nmay 1 0:0 1:0\n",
               &certificate);
    assert_int_equal(certificate.cost, 40);
    assert_int_equal(certificate.bound, 40);
    assert_int_equal(certificate.nodecost, 40);
}

static void nothing_to_place_costs_nothing(void **state)
{
    (void)state;
    struct certificate certificate;
    solve_text(HEAD POOL, &certificate);
    assert_int_equal(certificate.cost, 0);
    solve_text(HEAD POOL "group 0 count=0 demand=1 unplaced=5\nmay 0 0:0\n", &certificate);
    assert_int_equal(certificate.cost, 0);
    solve_text("drover-problem 1\ndims d\n", &certificate);
    assert_int_equal(certificate.cost, 0);
}

static void demand_of_nothing_needs_no_machine(void **state)
{
    (void)state;
    struct certificate certificate;
    solve_text(HEAD POOL "group 0 count=1000 demand=0 unplaced=5\nmay 0 0:0\n", &certificate);
    assert_int_equal(certificate.cost, 0);
}

static void free_machines_are_used(void **state)
{
    (void)state;
    struct certificate certificate;
    solve_text("drover-problem 1\ndims d\nregion 0 r\npool 0 region=0 price=0 capacity=4 min=0 max=-\n"
               "group 0 count=9 demand=3 unplaced=1000\nmay 0 0:0\n",
               &certificate);
    assert_int_equal(certificate.cost, 0);
}

static void what_fits_nowhere_is_forced_and_not_a_gap(void **state)
{
    (void)state;
    struct certificate certificate;
    solve_text(HEAD POOL "group 0 count=3 demand=11 unplaced=7\nmay 0 0:0\n", &certificate);
    assert_int_equal(certificate.cost, 21);
    assert_int_equal(certificate.forced, 21);
    assert_int_equal(certificate.gap_ppm, 0);
}

static void the_largest_numbers_do_not_overflow(void **state)
{
    (void)state;
    struct certificate certificate;
    solve_text("drover-problem 1\ndims d\nregion 0 r\n"
               "pool 0 region=0 price=1 capacity=68719476736 min=2147483648 max=2147483648\n"
               "pool 1 region=0 price=17592186044416 capacity=68719476736 min=0 max=-\n"
               "group 0 count=33554432 demand=68719476736 unplaced=17592186044416 move=17592186044416\n"
               "may 0 0:0:2147483648 1:17592186044416\n",
               &certificate);
    assert_int_equal(certificate.cost, 0);
}

static void demand_beyond_the_range_is_refused(void **state)
{
    (void)state;
    static const char text[] = "drover-problem 1\ndims d\nregion 0 r\n"
                               "pool 0 region=0 price=1 capacity=68719476736 min=0 max=-\n"
                               "group 0 count=2147483648 demand=68719476736 unplaced=1\nmay 0 0:0\n";
    struct problem problem;
    struct error error;
    assert_false(problem_read(text, strlen(text), &problem, &error));
    assert_int_equal(error.code, ERROR_OVERFLOW);
}

static void expect_conflict(const char *text, const char *named)
{
    struct certificate certificate;
    struct buffer plan = BUFFER_INIT;
    struct error error = {0};
    enum placement_input input;
    struct solve_options options = SOLVE_OPTIONS_DEFAULT;
    assert_int_equal(placement_command_solve(text, strlen(text), &options, &plan, &certificate, &input, &error),
                     PLACEMENT_FAILED);
    assert_int_equal(error.code, ERROR_CONFLICT);
    if (!strstr(error.text, named))
        fail_msg("\"%s\" does not name %s", error.text, named);
    buffer_release(&plan);
}

static void a_limit_that_owned_machines_break_is_named(void **state)
{
    (void)state;
    expect_conflict("drover-problem 1\ndims d\nregion 0 r\npool 0 region=0 price=5 capacity=4 min=3 max=9\n"
                    "budget 0 pools=0 max=100\nbudget 1 pools=0 max=14\n",
                    "budget 1");
    expect_conflict("drover-problem 1\ndims d\nregion 0 r\npool 0 region=0 price=5 capacity=4 min=3 max=9\n"
                    "quota 0 pools=0 weight=2 max=5\n",
                    "quota 0");
    expect_conflict("drover-problem 1\ndims d\nregion 0 r\npool 0 region=0 price=5 capacity=4 min=0 max=2 held=9\n",
                    "pool 0");
}

static void held_capacity_beyond_what_is_owned_is_bought(void **state)
{
    (void)state;
    struct certificate certificate;
    solve_text("drover-problem 1\ndims d\nregion 0 r\npool 0 region=0 price=5 capacity=4 min=1 max=9 held=9\n",
               &certificate);
    assert_int_equal(certificate.cost, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_format_checks_exactly),
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(a_later_pair_overrides_an_earlier_one),
        cmocka_unit_test(a_pool_without_limit_may_have_any_number_of_machines),
        cmocka_unit_test(a_bad_problem_is_refused_with_line_and_column),
        cmocka_unit_test(a_problem_filled_by_hand_is_checked),
        cmocka_unit_test(a_line_that_is_there_twice_is_named),
        cmocka_unit_test(a_bad_plan_is_refused),
        cmocka_unit_test(crossing_caps_do_not_prove_too_much),
        cmocka_unit_test(equal_pools_share_without_a_gap),
        cmocka_unit_test(nothing_to_place_costs_nothing),
        cmocka_unit_test(demand_of_nothing_needs_no_machine),
        cmocka_unit_test(free_machines_are_used),
        cmocka_unit_test(what_fits_nowhere_is_forced_and_not_a_gap),
        cmocka_unit_test(the_largest_numbers_do_not_overflow),
        cmocka_unit_test(demand_beyond_the_range_is_refused),
        cmocka_unit_test(a_limit_that_owned_machines_break_is_named),
        cmocka_unit_test(held_capacity_beyond_what_is_owned_is_bought),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
