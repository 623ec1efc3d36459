/* The problem in memory: its life, its derived numbers and the checks that span several lines of a file. */
#include "controller/placement/problem.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

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

/* --- checks --- */

static bool check_pools(const struct problem *problem, struct error *error)
{
    for (uint32_t p = 0; p < problem->pools; p++) {
        int64_t upto = problem->pool_max[p];
        int64_t price = problem->pool_price[p];
        if (upto < problem->pool_min[p])
            return error_set(error, ERROR_INVALID, "pool %u: max is below min", p);
        for (uint32_t t = problem->tier_start[p]; t < problem->tier_start[p + 1]; t++) {
            if (problem->tier_upto[t] <= upto)
                return error_set(error, ERROR_INVALID, "pool %u: a tier does not raise the limit before it", p);
            if (problem->tier_price[t] < price)
                return error_set(error, ERROR_INVALID, "pool %u: a tier is cheaper than the one before", p);
            upto = problem->tier_upto[t];
            price = problem->tier_price[t];
        }
    }
    return true;
}

static bool check_pairs(const struct problem *problem, struct error *error)
{
    for (uint32_t j = 0; j < problem->groups; j++) {
        for (size_t i = problem->pair_start[j]; i < problem->pair_start[j + 1]; i++) {
            if (problem->pair_pool[i] >= problem->pools)
                return error_set(error, ERROR_INVALID, "group %u: no pool %u", j, problem->pair_pool[i]);
            if (i > problem->pair_start[j] && problem->pair_pool[i] <= problem->pair_pool[i - 1])
                return error_set(error, ERROR_INVALID, "group %u: pools out of order", j);
        }
    }
    return true;
}

/* u_jp for each pair of the group: the count, or less where a cap that holds the pool is less. */
static void pair_most(const struct problem *problem, uint32_t group, int64_t *by_pool)
{
    size_t first = problem->pair_start[group];
    size_t end = problem->pair_start[group + 1];
    for (size_t i = first; i < end; i++)
        by_pool[problem->pair_pool[i]] = problem->group_count[group];
    for (uint32_t c = problem->cap_start[group]; c < problem->cap_start[group + 1]; c++) {
        uint32_t list = problem->cap_list[c];
        for (size_t i = problem->lists.start[list]; i < problem->lists.start[list + 1]; i++) {
            uint32_t pool = problem->lists.pool[i];
            if (by_pool[pool] > problem->cap_max[c])
                by_pool[pool] = problem->cap_max[c];
        }
    }
}

/* A_pk <= 2^62. Caps are looked at only where the plain counts are too much, which is next to never. */
static bool check_saturation(const struct problem *problem, struct error *error)
{
    uint32_t dimensions = problem->dimensions;
    size_t cells = (size_t)problem->pools * dimensions;
    __int128 *total = memory_new(cells, sizeof *total);
    int64_t *most = memory_new(problem->pools, sizeof *most);
    bool fine = true;
    for (int with_caps = 0; with_caps < 2; with_caps++) {
        memset(total, 0, cells * sizeof *total);
        for (uint32_t j = 0; j < problem->groups; j++) {
            if (with_caps)
                pair_most(problem, j, most);
            const int64_t *demand = problem->group_demand + (size_t)j * dimensions;
            for (size_t i = problem->pair_start[j]; i < problem->pair_start[j + 1]; i++) {
                uint32_t p = problem->pair_pool[i];
                if (!problem_pair_fits(problem, j, p))
                    continue;
                int64_t upto = with_caps ? most[p] : problem->group_count[j];
                for (uint32_t k = 0; k < dimensions; k++)
                    total[(size_t)p * dimensions + k] += (__int128)upto * demand[k];
            }
        }
        fine = true;
        for (size_t cell = 0; cell < cells && fine; cell++) {
            if (total[cell] > PROBLEM_TOTAL_MAX)
                fine = with_caps
                           ? error_set(error, ERROR_OVERFLOW, "pool %zu: the demand that may land on it is above 2^62",
                                       cell / dimensions)
                           : false;
        }
        if (fine)
            break;
    }
    free(total);
    free(most);
    return fine;
}

bool problem_check(const struct problem *problem, struct error *ret_error)
{
    return check_pools(problem, ret_error) && check_pairs(problem, ret_error) && check_saturation(problem, ret_error);
}
