/* links: placement base */
/* Thousands of tiny random problems, solved by trying every placement: bound <= optimum <= cost must hold for every
 * one, whatever the multipliers, and the checker must take what solve makes. A failure prints the seed and the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/placement/certificate.h"
#include "controller/placement/solve.h"
#include "tests/unit/placement_brute.h"
#include "tests/unit/placement_random.h"

enum { INSTANCES = 3000 };

/* --- the tests --- */

static void load(const struct buffer *text, struct problem *ret_problem)
{
    struct error error;
    if (!problem_read(text->data, text->length, ret_problem, &error))
        fail_msg("%s\n%s", error.text, text->data);
}

static void solve_and_compare(uint64_t seed)
{
    struct dice dice = {seed};
    struct buffer text = BUFFER_INIT;
    struct problem problem;
    struct plan plan;
    struct error error;
    struct certificate certificate;
    struct solve_options options = {.seed = seed, .effort = 1 + (unsigned)(seed % 6)};
    write_problem(&dice, &text);
    load(&text, &problem);
    int64_t best = optimum(&problem);
    if (!solve(&problem, &options, &plan, &error)) {
        if (error.code != ERROR_CONFLICT || best >= 0)
            fail_msg("seed %llu: %s, optimum %lld\n%s", (unsigned long long)seed, error.text, (long long)best,
                     text.data);
    } else {
        if (!certificate_check(&problem, &plan, &certificate, &error))
            fail_msg("seed %llu: %s\n%s", (unsigned long long)seed, error.text, text.data);
        if (best < 0 || certificate.bound > best || certificate.cost < best || certificate.nodecost < certificate.cost)
            fail_msg("seed %llu: bound %lld, optimum %lld, cost %lld, nodecost %lld\n%s", (unsigned long long)seed,
                     (long long)certificate.bound, (long long)best, (long long)certificate.cost,
                     (long long)certificate.nodecost, text.data);
        plan_release(&plan);
    }
    problem_release(&problem);
    buffer_release(&text);
}

static void bound_optimum_and_cost_stand_in_order_on_every_tiny_problem(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= INSTANCES; seed++)
        solve_and_compare(seed);
}

/* Multipliers nobody chose with care: the bound may be weak, never wrong. */
static void the_bound_holds_for_any_multipliers(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= INSTANCES; seed++) {
        struct dice dice = {seed};
        struct buffer text = BUFFER_INIT;
        struct problem problem;
        struct plan plan;
        struct error error;
        struct solve_options options = {.seed = 1, .effort = 1};
        write_problem(&dice, &text);
        load(&text, &problem);
        int64_t best = optimum(&problem);
        if (solve(&problem, &options, &plan, &error)) {
            for (int variant = 0; variant < 8; variant++) {
                for (uint32_t cell = 0; cell < problem.pools * problem.dimensions; cell++)
                    plan.price[cell] = chance(&dice, 70) ? (int64_t)(roll(&dice) % (30 * (uint64_t)plan.scale)) : 0;
                for (uint32_t c = 0; c < problem.cap_start[problem.groups]; c++)
                    plan.cap[c] = plan.cap[c] == PLAN_ABSENT && chance(&dice, 60)
                                      ? PLAN_ABSENT
                                      : (int64_t)(roll(&dice) % (40 * (uint64_t)plan.scale));
                if (problem.budgets.count)
                    plan.budget[0] = (int64_t)(roll(&dice) % (2 * (uint64_t)plan.scale));
                if (problem.quotas.count)
                    plan.quota[0] = (int64_t)(roll(&dice) % (30 * (uint64_t)plan.scale));
                if (problem.group_budgets.count)
                    plan.group_budget[0] = (int64_t)(roll(&dice) % (2 * (uint64_t)plan.scale));
                plan.permachines = 0;
                for (uint32_t j = 0; j < problem.groups; j++) {
                    for (size_t i = problem.pair_start[j]; i < problem.pair_start[j + 1]; i++) {
                        if (problem.group_permachine[j] != PROBLEM_UNLIMITED && chance(&dice, 70) &&
                            problem_pair_fits(&problem, j, problem.pair_pool[i]))
                            plan_add_permachine(&plan, j, problem.pair_pool[i],
                                                (int64_t)(roll(&dice) % (60 * (uint64_t)plan.scale)));
                    }
                }
                struct certificate certificate;
                if (!certificate_work_out(&problem, &plan, &certificate, &error))
                    fail_msg("seed %llu: %s\n%s", (unsigned long long)seed, error.text, text.data);
                if (certificate.bound > best)
                    fail_msg("seed %llu, variant %d: bound %lld above the optimum %lld\n%s", (unsigned long long)seed,
                             variant, (long long)certificate.bound, (long long)best, text.data);
            }
            plan_release(&plan);
        }
        problem_release(&problem);
        buffer_release(&text);
    }
}

/* --- mutated plans --- */

/* True for lines whose every change must be noticed; multipliers may move a little and still prove the same bound, and
 * more held capacity than asked for may be packed. */
static bool is_strict(const char *line)
{
    static const char *const words[] = {"cost ", "nodecost ", "bound ", "pool ", "put ", "unplaced ", "pack "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strncmp(line, words[i], strlen(words[i])) == 0)
            return !strstr(line, "held");
    }
    return false;
}

static void expect_refused(const struct problem *problem, const struct buffer *plan_text, const char *what)
{
    struct plan plan;
    struct error error;
    struct certificate certificate;
    if (!plan_read(plan_text->data, plan_text->length, problem, &plan, &error))
        return;
    bool taken = certificate_check(problem, &plan, &certificate, &error);
    plan_release(&plan);
    if (taken)
        fail_msg("%s was not noticed:\n%s", what, plan_text->data);
}

static void mutate_lines(const struct problem *problem, const struct buffer *text)
{
    for (const char *line = text->data; *line;) {
        const char *end = strchr(line, '\n') + 1;
        size_t before = (size_t)(line - text->data);
        if (is_strict(line)) {
            struct buffer mutant = BUFFER_INIT;
            buffer_append(&mutant, text->data, before);
            buffer_append_text(&mutant, end);
            expect_refused(problem, &mutant, "a line left out");
            buffer_clear(&mutant);
            buffer_append(&mutant, text->data, (size_t)(end - text->data));
            buffer_append(&mutant, line, (size_t)(end - line));
            buffer_append_text(&mutant, end);
            expect_refused(problem, &mutant, "a line twice");
            for (const char *c = line; c < end; c++) {
                if (*c < '0' || *c > '9')
                    continue;
                buffer_clear(&mutant);
                buffer_append_text(&mutant, text->data);
                char *digit = mutant.data + (c - text->data);
                *digit = *digit == '9' ? '0' : (char)(*digit + 1);
                expect_refused(problem, &mutant, "a digit changed");
            }
            buffer_release(&mutant);
        }
        line = end;
    }
}

static void every_changed_line_of_a_plan_is_noticed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct dice dice = {seed};
        struct buffer text = BUFFER_INIT;
        struct buffer plan_text = BUFFER_INIT;
        struct problem problem;
        struct plan plan;
        struct error error;
        struct solve_options options = SOLVE_OPTIONS_DEFAULT;
        options.effort = 2;
        write_problem(&dice, &text);
        load(&text, &problem);
        /* A machine more at no price is another plan that is just as good. */
        if (!strstr(text.data, "price=0") && solve(&problem, &options, &plan, &error)) {
            plan_write(&plan, &problem, &plan_text);
            mutate_lines(&problem, &plan_text);
            plan_release(&plan);
        }
        buffer_release(&plan_text);
        problem_release(&problem);
        buffer_release(&text);
    }
}

static void the_same_problem_gives_the_same_plan(void **state)
{
    (void)state;
    struct dice dice = {77};
    struct buffer text = BUFFER_INIT;
    struct buffer written[2] = {BUFFER_INIT, BUFFER_INIT};
    write_problem(&dice, &text);
    for (int i = 0; i < 2; i++) {
        struct problem problem;
        struct plan plan;
        struct error error;
        struct solve_options options = SOLVE_OPTIONS_DEFAULT;
        load(&text, &problem);
        assert_true(solve(&problem, &options, &plan, &error));
        plan_write(&plan, &problem, &written[i]);
        plan_release(&plan);
        problem_release(&problem);
    }
    assert_string_equal(written[0].data, written[1].data);
    buffer_release(&written[0]);
    buffer_release(&written[1]);
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bound_optimum_and_cost_stand_in_order_on_every_tiny_problem),
        cmocka_unit_test(the_bound_holds_for_any_multipliers),
        cmocka_unit_test(every_changed_line_of_a_plan_is_noticed),
        cmocka_unit_test(the_same_problem_gives_the_same_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
