/* See baseline.h. */
#include "tests/bench/placement/baseline.h"

#include <stdlib.h>

#include "base/memory.h"
#include "tests/bench/placement/dice.h"

struct baseline {
    const struct problem *problem;
    double *used; /* [pool * dimensions + k] */
    struct dice dice;
};

struct choice {
    size_t pair;
    int64_t room;
    double cost; /* of one allocation */
};

/* How many more of the group the pool takes, up to `wanted`; *ret_share is the most of a machine that one fills. */
static int64_t pool_room(const struct baseline *baseline, uint32_t group, uint32_t pool, int64_t wanted,
                         double *ret_share)
{
    const struct problem *problem = baseline->problem;
    uint32_t dimensions = problem->dimensions;
    int64_t limit = problem_pool_limit(problem, pool);
    double share = 0;
    for (uint32_t k = 0; k < dimensions; k++) {
        size_t cell = (size_t)pool * dimensions + k;
        double demand = (double)problem->group_demand[(size_t)group * dimensions + k];
        double capacity = (double)problem->pool_capacity[cell];
        if (demand <= 0)
            continue;
        share = demand / capacity > share ? demand / capacity : share;
        double fits = (capacity * (double)limit - baseline->used[cell]) / demand;
        if (limit != PROBLEM_UNLIMITED && fits < (double)wanted)
            wanted = (int64_t)fits;
    }
    *ret_share = share;
    return wanted;
}

/* The cheapest pair with room, or the first one from `turn` on. */
static bool choose(const struct baseline *baseline, uint32_t group, int64_t wanted, bool blind, size_t turn,
                   struct choice *ret_choice)
{
    const struct problem *problem = baseline->problem;
    size_t first = problem->pair_start[group];
    size_t pairs = problem->pair_start[group + 1] - first;
    bool found = false;
    for (size_t n = 0; n < pairs && !(blind && found); n++) {
        size_t pair = first + (n + turn) % pairs;
        uint32_t pool = problem->pair_pool[pair];
        double share = 0;
        if (!problem_pair_fits(problem, group, pool))
            continue;
        int64_t room = pool_room(baseline, group, pool, wanted, &share);
        double cost = (double)problem->pair_extra[pair] + share * (double)problem->pool_price[pool];
        if (room <= 0 || (found && cost >= ret_choice->cost))
            continue;
        *ret_choice = (struct choice){pair, room, cost};
        found = true;
    }
    return found;
}

static double place_group(struct baseline *baseline, uint32_t group, bool blind)
{
    const struct problem *problem = baseline->problem;
    uint32_t dimensions = problem->dimensions;
    size_t first = problem->pair_start[group];
    size_t pairs = problem->pair_start[group + 1] - first;
    int64_t left = problem->group_count[group];
    int64_t portion = 1 + left / 8;
    size_t turn = 0;
    double cost = 0;
    struct choice choice = {0};
    while (left > 0 && choose(baseline, group, blind && portion < left ? portion : left, blind, turn, &choice)) {
        uint32_t pool = problem->pair_pool[choice.pair];
        for (uint32_t k = 0; k < dimensions; k++)
            baseline->used[(size_t)pool * dimensions + k] +=
                (double)choice.room * (double)problem->group_demand[(size_t)group * dimensions + k];
        cost += (double)choice.room * (double)problem->pair_extra[choice.pair];
        left -= choice.room;
        turn = choice.pair - first + 1 + dice_below(&baseline->dice, pairs);
    }
    return cost + (double)left * (double)problem->group_unplaced[group];
}

static double machines_cost(const struct baseline *baseline, uint32_t pool)
{
    const struct problem *problem = baseline->problem;
    int64_t machines = problem->pool_min[pool];
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        size_t cell = (size_t)pool * problem->dimensions + k;
        double capacity = (double)problem->pool_capacity[cell];
        int64_t need = capacity > 0 ? (int64_t)(baseline->used[cell] / capacity + 0.999999) : 0;
        machines = need > machines ? need : machines;
    }
    return (double)problem_pool_cost(problem, pool, machines);
}

static double run(const struct problem *problem, bool blind)
{
    size_t cells = (size_t)problem->pools * problem->dimensions;
    struct baseline baseline = {.problem = problem, .dice = {12345}};
    baseline.used = memory_new(cells, sizeof *baseline.used);
    double cost = 0;
    for (size_t cell = 0; cell < cells; cell++)
        baseline.used[cell] = (double)problem->pool_held[cell];
    for (uint32_t j = 0; j < problem->groups; j++)
        cost += place_group(&baseline, j, blind);
    for (uint32_t p = 0; p < problem->pools; p++)
        cost += machines_cost(&baseline, p);
    free(baseline.used);
    return cost;
}

double baseline_cheapest(const struct problem *problem)
{
    return run(problem, false);
}

double baseline_blind(const struct problem *problem)
{
    return run(problem, true);
}
