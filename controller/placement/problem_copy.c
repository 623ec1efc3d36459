/* See problem_copy.h. */
#include "controller/placement/problem_copy.h"

#include <string.h>

#include "base/memory.h"

static void *copy_of(const void *array, size_t count, size_t size)
{
    void *copy = memory_new(count, size);
    if (count)
        memcpy(copy, array, count * size);
    return copy;
}

static void copy_names(char *const *from, uint32_t count, char **to)
{
    for (uint32_t i = 0; i < count; i++)
        to[i] = memory_copy_text(from[i], strlen(from[i]));
}

static struct problem_lists copy_lists(const struct problem_lists *from)
{
    struct problem_lists lists = {.count = from->count};
    size_t members = from->count ? from->start[from->count] : 0;
    lists.start = from->start ? copy_of(from->start, (size_t)from->count + 1, sizeof *from->start) : NULL;
    lists.pool = copy_of(from->pool, members, sizeof *from->pool);
    return lists;
}

static struct problem_limits copy_limits(const struct problem_limits *from)
{
    struct problem_limits limits = {.count = from->count};
    limits.list = copy_of(from->list, from->count, sizeof *from->list);
    limits.weight = copy_of(from->weight, from->count, sizeof *from->weight);
    limits.most = copy_of(from->most, from->count, sizeof *from->most);
    return limits;
}

static void copy_pools(const struct problem *from, struct problem *to)
{
    size_t pools = from->pools;
    size_t cells = pools * from->dimensions;
    size_t tiers = pools ? from->tier_start[pools] : 0;
    to->pool_region = copy_of(from->pool_region, pools, sizeof *from->pool_region);
    to->pool_price = copy_of(from->pool_price, pools, sizeof *from->pool_price);
    to->pool_rate = copy_of(from->pool_rate, pools, sizeof *from->pool_rate);
    to->pool_min = copy_of(from->pool_min, pools, sizeof *from->pool_min);
    to->pool_max = copy_of(from->pool_max, pools, sizeof *from->pool_max);
    to->pool_capacity = copy_of(from->pool_capacity, cells, sizeof *from->pool_capacity);
    to->pool_held = copy_of(from->pool_held, cells, sizeof *from->pool_held);
    to->tier_start = from->tier_start ? copy_of(from->tier_start, pools + 1, sizeof *from->tier_start) : NULL;
    to->tier_upto = copy_of(from->tier_upto, tiers, sizeof *from->tier_upto);
    to->tier_price = copy_of(from->tier_price, tiers, sizeof *from->tier_price);
}

static void copy_groups(const struct problem *from, struct problem *to)
{
    size_t groups = from->groups;
    size_t pairs = groups ? from->pair_start[groups] : 0;
    size_t caps = groups ? from->cap_start[groups] : 0;
    to->group_count = copy_of(from->group_count, groups, sizeof *from->group_count);
    to->group_demand = copy_of(from->group_demand, groups * from->dimensions, sizeof *from->group_demand);
    to->group_unplaced = copy_of(from->group_unplaced, groups, sizeof *from->group_unplaced);
    to->group_move = copy_of(from->group_move, groups, sizeof *from->group_move);
    to->group_permachine = copy_of(from->group_permachine, groups, sizeof *from->group_permachine);
    to->pair_start = from->pair_start ? copy_of(from->pair_start, groups + 1, sizeof *from->pair_start) : NULL;
    to->pair_pool = copy_of(from->pair_pool, pairs, sizeof *from->pair_pool);
    to->pair_now = copy_of(from->pair_now, pairs, sizeof *from->pair_now);
    to->pair_extra = copy_of(from->pair_extra, pairs, sizeof *from->pair_extra);
    to->cap_start = from->cap_start ? copy_of(from->cap_start, groups + 1, sizeof *from->cap_start) : NULL;
    to->cap_list = copy_of(from->cap_list, caps, sizeof *from->cap_list);
    to->cap_max = copy_of(from->cap_max, caps, sizeof *from->cap_max);
}

void problem_copy(const struct problem *problem, struct problem *ret_copy)
{
    struct problem copy = {.dimensions = problem->dimensions,
                           .regions = problem->regions,
                           .pools = problem->pools,
                           .sets = problem->sets,
                           .groups = problem->groups};
    copy_names(problem->dimension_name, problem->dimensions, copy.dimension_name);
    copy.region_name = memory_new(problem->regions, sizeof *copy.region_name);
    copy_names(problem->region_name, problem->regions, copy.region_name);
    copy_pools(problem, &copy);
    copy_groups(problem, &copy);
    copy.set_list = copy_of(problem->set_list, problem->sets, sizeof *problem->set_list);
    copy.lists = copy_lists(&problem->lists);
    copy.group_lists = copy_lists(&problem->group_lists);
    copy.budgets = copy_limits(&problem->budgets);
    copy.group_budgets = copy_limits(&problem->group_budgets);
    copy.quotas = copy_limits(&problem->quotas);
    *ret_copy = copy;
}
