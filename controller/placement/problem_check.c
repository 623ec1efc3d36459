/* What must hold of a problem before it is solved or checked; see problem.h. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/problem.h"

static bool out_of_range(struct error *error, const char *what, size_t place)
{
    return error_set(error, ERROR_OVERFLOW, "%s %zu: a number is out of its range", what, place);
}

/* Each of `count` numbers from 0 to most. */
static bool within(const int64_t *numbers, size_t count, int64_t most)
{
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] < 0 || numbers[i] > most)
            return false;
    }
    return true;
}

static bool count_or_unlimited(int64_t number)
{
    return number == PROBLEM_UNLIMITED || (number >= 0 && number <= PROBLEM_COUNT_MAX);
}

static bool check_pool_numbers(const struct problem *problem, struct error *error)
{
    uint32_t dimensions = problem->dimensions;
    for (uint32_t p = 0; p < problem->pools; p++) {
        size_t cell = (size_t)p * dimensions;
        bool fine = problem->pool_region[p] < problem->regions &&
                    within(&problem->pool_price[p], 1, PROBLEM_MONEY_MAX) &&
                    within(&problem->pool_rate[p], 1, PROBLEM_MONEY_MAX) &&
                    within(&problem->pool_min[p], 1, PROBLEM_COUNT_MAX) && count_or_unlimited(problem->pool_max[p]) &&
                    within(problem->pool_capacity + cell, dimensions, PROBLEM_AMOUNT_MAX) &&
                    within(problem->pool_held + cell, dimensions, PROBLEM_TOTAL_MAX);
        for (uint32_t t = problem->tier_start[p]; t < problem->tier_start[p + 1]; t++)
            fine = fine && count_or_unlimited(problem->tier_upto[t]) &&
                   within(&problem->tier_price[t], 1, PROBLEM_MONEY_MAX);
        if (!fine)
            return out_of_range(error, "pool", p);
    }
    return true;
}

static bool check_group_numbers(const struct problem *problem, struct error *error)
{
    uint32_t dimensions = problem->dimensions;
    for (uint32_t j = 0; j < problem->groups; j++) {
        size_t pair = problem->pair_start[j];
        uint32_t cap = problem->cap_start[j];
        bool fine = within(&problem->group_count[j], 1, PROBLEM_COUNT_MAX) &&
                    within(problem->group_demand + (size_t)j * dimensions, dimensions, PROBLEM_AMOUNT_MAX) &&
                    within(&problem->group_unplaced[j], 1, PROBLEM_MONEY_MAX) &&
                    within(&problem->group_move[j], 1, PROBLEM_MONEY_MAX) &&
                    count_or_unlimited(problem->group_permachine[j]);
        size_t pairs = problem->pair_start[j + 1] - pair;
        uint32_t caps = problem->cap_start[j + 1] - cap;
        fine = fine && (!pairs || within(problem->pair_extra + pair, pairs, PROBLEM_MONEY_MAX)) &&
               (!caps || within(problem->cap_max + cap, caps, PROBLEM_COUNT_MAX));
        for (size_t i = pair; i < pair + pairs; i++)
            fine = fine && problem->pair_now[i] <= PROBLEM_COUNT_MAX;
        for (uint32_t c = cap; c < cap + caps; c++)
            fine = fine && problem->cap_list[c] < problem->lists.count;
        if (!fine)
            return out_of_range(error, "group", j);
    }
    return true;
}

/* Members ascending and below `members`; the limits that use the lists in range. */
static bool check_lists(const struct problem_lists *lists, uint32_t members, struct error *error)
{
    for (uint32_t list = 0; list < lists->count; list++) {
        for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++) {
            if (lists->pool[i] >= members || (i > lists->start[list] && lists->pool[i] <= lists->pool[i - 1]))
                return out_of_range(error, "list", list);
        }
    }
    return true;
}

static bool check_limits(const struct problem_limits *limits, const struct problem_lists *lists, const char *what,
                         struct error *error)
{
    for (uint32_t b = 0; b < limits->count; b++) {
        if (limits->list[b] >= lists->count || !within(&limits->weight[b], 1, PROBLEM_MONEY_MAX) ||
            !within(&limits->most[b], 1, PROBLEM_TOTAL_MAX))
            return out_of_range(error, what, b);
    }
    return true;
}

static bool check_numbers(const struct problem *problem, struct error *error)
{
    if (problem->dimensions < 1 || problem->dimensions > PROBLEM_DIMENSIONS_MAX || problem->pools > PROBLEM_POOLS_MAX ||
        problem->groups > PROBLEM_GROUPS_MAX)
        return error_set(error, ERROR_TOO_LARGE, "too many dimensions, pools or groups, or no dimension");
    return check_pool_numbers(problem, error) && check_group_numbers(problem, error) &&
           check_lists(&problem->lists, problem->pools, error) &&
           check_lists(&problem->group_lists, problem->groups, error) &&
           check_limits(&problem->budgets, &problem->lists, "budget", error) &&
           check_limits(&problem->group_budgets, &problem->group_lists, "group budget", error) &&
           check_limits(&problem->quotas, &problem->lists, "quota", error);
}

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
    return check_numbers(problem, ret_error) && check_pools(problem, ret_error) && check_pairs(problem, ret_error) &&
           check_saturation(problem, ret_error);
}
