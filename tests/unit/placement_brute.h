/* The optimum of a tiny problem by trying every placement, for the placement tests. Shares nothing with the engine. */
#ifndef DROVER_TESTS_UNIT_PLACEMENT_BRUTE_H
#define DROVER_TESTS_UNIT_PLACEMENT_BRUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "controller/placement/problem.h"
#include "tests/unit/placement_random.h"

enum { BRUTE_GROUPS = GROUPS_MAX + 2 };

struct brute {
    const struct problem *problem;
    int64_t x[BRUTE_GROUPS][POOLS_MAX];
    int64_t best; /* -1: none */
};

static inline int64_t now_of(const struct problem *problem, uint32_t j, uint32_t p, int64_t *ret_extra)
{
    for (size_t i = problem->pair_start[j]; i < problem->pair_start[j + 1]; i++) {
        if (problem->pair_pool[i] == p && problem_pair_fits(problem, j, p)) {
            *ret_extra = problem->pair_extra[i];
            return problem->pair_now[i];
        }
    }
    return -1;
}

static inline int64_t machines_cost(const struct problem *problem, uint32_t p, int64_t y)
{
    int64_t cost = 0;
    for (int64_t machine = problem->pool_min[p] + 1; machine <= y; machine++) {
        int64_t price = problem->pool_price[p];
        int64_t upto = problem->pool_max[p];
        for (uint32_t t = problem->tier_start[p]; t < problem->tier_start[p + 1] && machine > upto; t++) {
            price = problem->tier_price[t];
            upto = problem->tier_upto[t];
        }
        cost += price;
    }
    return cost;
}

/* The fewest machines the pool needs, or -1 when no number will do. */
static inline int64_t machines_for(const struct brute *brute, uint32_t p)
{
    const struct problem *problem = brute->problem;
    int64_t most = problem->tier_start[p + 1] > problem->tier_start[p]
                       ? problem->tier_upto[problem->tier_start[p + 1] - 1]
                       : problem->pool_max[p];
    for (int64_t y = problem->pool_min[p]; y <= most && y < 200; y++) {
        bool fine = true;
        for (uint32_t k = 0; k < problem->dimensions; k++) {
            int64_t load = problem->pool_held[p * problem->dimensions + k];
            for (uint32_t j = 0; j < problem->groups; j++)
                load += brute->x[j][p] * problem->group_demand[j * problem->dimensions + k];
            fine = fine && load <= y * problem->pool_capacity[p * problem->dimensions + k];
        }
        for (uint32_t j = 0; j < problem->groups; j++) {
            if (problem->group_permachine[j] != PROBLEM_UNLIMITED)
                fine = fine && brute->x[j][p] <= y * problem->group_permachine[j];
        }
        if (fine)
            return y;
    }
    return -1;
}

static inline bool limits_hold(const struct problem *problem, const int64_t *y)
{
    const struct problem_lists *lists = &problem->lists;
    for (int kind = 0; kind < 2; kind++) {
        const struct problem_limits *limits = kind ? &problem->quotas : &problem->budgets;
        for (uint32_t b = 0; b < limits->count; b++) {
            int64_t total = 0;
            for (size_t i = lists->start[limits->list[b]]; i < lists->start[limits->list[b] + 1]; i++)
                total += (kind ? limits->weight[b] : problem->pool_price[lists->pool[i]]) * y[lists->pool[i]];
            if (total > limits->most[b])
                return false;
        }
    }
    return true;
}

static inline bool group_budgets_hold(const struct brute *brute)
{
    const struct problem *problem = brute->problem;
    for (uint32_t b = 0; b < problem->group_budgets.count; b++) {
        uint32_t list = problem->group_budgets.list[b];
        int64_t total = 0;
        for (size_t i = problem->group_lists.start[list]; i < problem->group_lists.start[list + 1]; i++) {
            uint32_t j = problem->group_lists.pool[i];
            for (uint32_t p = 0; p < problem->pools; p++) {
                int64_t worst = 0;
                for (uint32_t k = 0; k < problem->dimensions && brute->x[j][p]; k++) {
                    int64_t demand = problem->group_demand[j * problem->dimensions + k];
                    int64_t capacity = problem->pool_capacity[p * problem->dimensions + k];
                    int64_t share = (problem->pool_rate[p] * demand + capacity - 1) / capacity;
                    worst = share > worst ? share : worst;
                }
                total += worst * brute->x[j][p];
            }
        }
        if (total > problem->group_budgets.most[b])
            return false;
    }
    return true;
}

static inline void brute_judge(struct brute *brute)
{
    const struct problem *problem = brute->problem;
    int64_t y[POOLS_MAX];
    int64_t cost = 0;
    for (uint32_t p = 0; p < problem->pools; p++) {
        y[p] = machines_for(brute, p);
        if (y[p] < 0)
            return;
        cost += machines_cost(problem, p, y[p]);
    }
    if (!limits_hold(problem, y) || !group_budgets_hold(brute))
        return;
    for (uint32_t j = 0; j < problem->groups; j++) {
        int64_t left = problem->group_count[j];
        int64_t gained = 0;
        int64_t total_now = 0;
        for (uint32_t p = 0; p < problem->pools; p++) {
            int64_t extra = 0;
            int64_t now = now_of(problem, j, p, &extra);
            if (now < 0)
                continue;
            total_now += now;
            left -= brute->x[j][p];
            cost += extra * brute->x[j][p];
            gained += brute->x[j][p] > now ? brute->x[j][p] - now : 0;
        }
        int64_t growth = problem->group_count[j] > total_now ? problem->group_count[j] - total_now : 0;
        cost += problem->group_unplaced[j] * left;
        cost += gained > growth ? problem->group_move[j] * (gained - growth) : 0;
    }
    if (brute->best < 0 || cost < brute->best)
        brute->best = cost;
}

static inline bool caps_hold(const struct brute *brute, uint32_t j)
{
    const struct problem *problem = brute->problem;
    for (uint32_t c = problem->cap_start[j]; c < problem->cap_start[j + 1]; c++) {
        int64_t inside = 0;
        uint32_t list = problem->cap_list[c];
        for (size_t i = problem->lists.start[list]; i < problem->lists.start[list + 1]; i++)
            inside += brute->x[j][problem->lists.pool[i]];
        if (inside > problem->cap_max[c])
            return false;
    }
    return true;
}

static inline void brute_enumerate(struct brute *brute, uint32_t j, uint32_t p, int64_t left)
{
    const struct problem *problem = brute->problem;
    if (j == problem->groups) {
        brute_judge(brute);
        return;
    }
    if (p == problem->pools) {
        if (caps_hold(brute, j))
            brute_enumerate(brute, j + 1, 0, j + 1 < problem->groups ? problem->group_count[j + 1] : 0);
        return;
    }
    int64_t extra = 0;
    int64_t most = now_of(problem, j, p, &extra) >= 0 ? left : 0;
    for (int64_t x = 0; x <= most; x++) {
        brute->x[j][p] = x;
        brute_enumerate(brute, j, p + 1, left - x);
    }
    brute->x[j][p] = 0;
}

/* The cheapest cost of all placements, or -1 when there is none. */
static inline int64_t optimum(const struct problem *problem)
{
    struct brute brute = {.problem = problem, .best = -1};
    brute_enumerate(&brute, 0, 0, problem->group_count[0]);
    return brute.best;
}

#endif
