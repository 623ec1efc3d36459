/* The problem in memory: its life, its derived numbers and the checks that span several lines of a file. */
#include "controller/placement/problem.h"

#include <stdlib.h>

void problem_init(struct problem *problem)
{
    *problem = (struct problem){0};
}

static void lists_release(struct problem_lists *lists)
{
    free(lists->start);
    free(lists->pool);
}

static void limits_release(struct problem_limits *limits)
{
    free(limits->list);
    free(limits->weight);
    free(limits->most);
}

void problem_release(struct problem *problem)
{
    for (uint32_t k = 0; k < problem->dimensions; k++)
        free(problem->dimension_name[k]);
    for (uint32_t r = 0; r < problem->regions; r++)
        free(problem->region_name[r]);
    free(problem->region_name);
    free(problem->pool_region);
    free(problem->pool_price);
    free(problem->pool_rate);
    free(problem->pool_min);
    free(problem->pool_max);
    free(problem->pool_capacity);
    free(problem->pool_held);
    free(problem->tier_start);
    free(problem->tier_upto);
    free(problem->tier_price);
    lists_release(&problem->lists);
    lists_release(&problem->group_lists);
    free(problem->set_list);
    free(problem->group_count);
    free(problem->group_demand);
    free(problem->group_unplaced);
    free(problem->group_move);
    free(problem->group_permachine);
    free(problem->pair_start);
    free(problem->pair_pool);
    free(problem->pair_now);
    free(problem->pair_extra);
    free(problem->cap_start);
    free(problem->cap_list);
    free(problem->cap_max);
    limits_release(&problem->budgets);
    limits_release(&problem->group_budgets);
    limits_release(&problem->quotas);
    problem_init(problem);
}

bool problem_pair_fits(const struct problem *problem, uint32_t group, uint32_t pool)
{
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    const int64_t *capacity = problem->pool_capacity + (size_t)pool * problem->dimensions;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        if (demand[k] > capacity[k])
            return false;
    }
    return true;
}

int64_t problem_pool_limit(const struct problem *problem, uint32_t pool)
{
    uint32_t end = problem->tier_start[pool + 1];
    return end > problem->tier_start[pool] ? problem->tier_upto[end - 1] : problem->pool_max[pool];
}

__int128 problem_pool_cost(const struct problem *problem, uint32_t pool, int64_t machines)
{
    int64_t from = problem->pool_min[pool];
    int64_t upto = problem->pool_max[pool];
    int64_t price = problem->pool_price[pool];
    __int128 cost = 0;
    uint32_t tier = problem->tier_start[pool];
    while (machines > from) {
        int64_t to = machines < upto ? machines : upto;
        cost += (__int128)(to - from) * price;
        from = to;
        if (machines <= upto || tier == problem->tier_start[pool + 1])
            break;
        upto = problem->tier_upto[tier];
        price = problem->tier_price[tier];
        tier++;
    }
    return cost;
}

int64_t problem_pair_rate(const struct problem *problem, uint32_t group, uint32_t pool)
{
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    const int64_t *capacity = problem->pool_capacity + (size_t)pool * problem->dimensions;
    int64_t most = 0;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        if (!demand[k])
            continue;
        __int128 share = ((__int128)problem->pool_rate[pool] * demand[k] + capacity[k] - 1) / capacity[k];
        if (share > most)
            most = (int64_t)share;
    }
    return most;
}
