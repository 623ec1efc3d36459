/* See disturb.h. */
#include "tests/bench/placement/disturb.h"

#include "controller/placement/solve.h"
#include "tests/bench/placement/dice.h"

enum { EFFORT = 3 };

static void place_today(struct problem *problem, const struct plan *plan)
{
    for (size_t i = 0; i < plan->puts; i++) {
        uint32_t group = plan->put[i].group;
        for (size_t n = problem->pair_start[group]; n < problem->pair_start[group + 1]; n++) {
            if (problem->pair_pool[n] == plan->put[i].pool)
                problem->pair_now[n] = (uint32_t)plan->put[i].count;
        }
    }
}

static void change_prices(struct problem *problem, uint64_t seed)
{
    struct dice dice = {seed};
    for (uint32_t p = 0; p < problem->pools; p++) {
        int64_t percent = dice_between(&dice, 90, 110);
        int64_t now = problem->pool_price[p] * percent / 100;
        if (now > PROBLEM_MONEY_MAX)
            continue;
        problem->pool_price[p] = problem->pool_rate[p] = now;
    }
}

bool disturb_problem(struct buffer *text, uint64_t seed, struct error *ret_error)
{
    struct solve_options options = {.seed = seed, .effort = EFFORT};
    struct problem problem;
    struct plan plan;
    if (!problem_read(text->data, text->length, &problem, ret_error))
        return false;
    bool fine = solve(&problem, &options, &plan, ret_error);
    if (fine) {
        place_today(&problem, &plan);
        change_prices(&problem, seed);
        buffer_clear(text);
        problem_write(&problem, text);
        plan_release(&plan);
    }
    problem_release(&problem);
    return fine;
}
