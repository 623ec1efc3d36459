/* Makes the search's view of a problem: doubles, nested caps, tightened capacities. */
#include "controller/placement/work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static double *new_doubles(size_t count)
{
    return memory_new(count, sizeof(double));
}

static struct work_pace *new_paces(size_t count)
{
    struct work_pace *paces = memory_new(count, sizeof *paces);
    for (size_t i = 0; i < count; i++)
        paces[i].factor = 1;
    return paces;
}

bool work_list_has(const struct problem *problem, uint32_t list, uint32_t pool)
{
    size_t low = problem->lists.start[list];
    size_t high = problem->lists.start[list + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (problem->lists.pool[middle] < pool)
            low = middle + 1;
        else
            high = middle;
    }
    return low < problem->lists.start[list + 1] && problem->lists.pool[low] == pool;
}

static void next_stamp(struct work *work)
{
    if (++work->stamp_now == 0) {
        memset(work->stamp, 0, work->pools * sizeof *work->stamp);
        work->stamp_now = 1;
    }
}

int32_t work_cap_of(const struct work *work, uint32_t pool)
{
    return work->stamp[pool] == work->stamp_now ? work->inner[pool] : WORK_NONE;
}

void work_open_caps(struct work *work, uint32_t group)
{
    const struct problem *problem = work->problem;
    next_stamp(work);
    /* Parents were found once with the larger caps first; the deepest cap that holds a pool wins. */
    for (uint32_t c = problem->cap_start[group]; c < problem->cap_start[group + 1]; c++) {
        if (work->cap_crossing[c])
            continue;
        uint32_t list = problem->cap_list[c];
        for (size_t i = problem->lists.start[list]; i < problem->lists.start[list + 1]; i++) {
            uint32_t pool = problem->lists.pool[i];
            if (work->stamp[pool] != work->stamp_now) {
                work->stamp[pool] = work->stamp_now;
                work->inner[pool] = (int32_t)c;
                continue;
            }
            /* c is inside what stands there when that is an ancestor of c. */
            for (int32_t up = work->cap_parent[c]; up != WORK_NONE; up = work->cap_parent[up]) {
                if (up == work->inner[pool]) {
                    work->inner[pool] = (int32_t)c;
                    break;
                }
            }
        }
    }
}

uint64_t work_crossing_of(const struct work *work, uint32_t group, uint32_t pool)
{
    const struct problem *problem = work->problem;
    uint32_t first = work->crossing_start[group];
    uint64_t holds = 0;
    for (uint32_t i = first; i < work->crossing_start[group + 1]; i++) {
        if (work_list_has(problem, problem->cap_list[work->crossing[i]], pool))
            holds |= UINT64_C(1) << (i - first);
    }
    return holds;
}

/* Takes the group's caps from the largest to the smallest and keeps each that nests; the others cross. */
static void nest_caps(struct work *work, uint32_t group, uint32_t *order, uint32_t *size)
{
    const struct problem *problem = work->problem;
    uint32_t first = problem->cap_start[group];
    uint32_t caps = problem->cap_start[group + 1] - first;
    if (!caps)
        return;
    work->cap_any[group] = true;
    next_stamp(work);
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        if (!isinf(work->extra[i])) {
            work->stamp[problem->pair_pool[i]] = work->stamp_now;
            work->inner[problem->pair_pool[i]] = WORK_NONE;
        }
    }
    for (uint32_t c = 0; c < caps; c++) {
        uint32_t list = problem->cap_list[first + c];
        size[c] = 0;
        for (size_t i = problem->lists.start[list]; i < problem->lists.start[list + 1]; i++)
            size[c] += work->stamp[problem->lists.pool[i]] == work->stamp_now;
        uint32_t at = c;
        while (at > 0 && size[order[at - 1]] < size[c]) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = c;
    }
    for (uint32_t n = 0; n < caps; n++) {
        uint32_t c = first + order[n];
        uint32_t list = problem->cap_list[c];
        bool any = false;
        bool crossing = false;
        int32_t parent = WORK_NONE;
        for (size_t i = problem->lists.start[list]; i < problem->lists.start[list + 1]; i++) {
            uint32_t pool = problem->lists.pool[i];
            if (work->stamp[pool] != work->stamp_now)
                continue;
            if (!any)
                parent = work->inner[pool];
            crossing = crossing || (any && parent != work->inner[pool]);
            any = true;
        }
        work->cap_crossing[c] = crossing;
        work->cap_crossed[group] = work->cap_crossed[group] || crossing;
        work->cap_parent[c] = parent;
        for (size_t i = problem->lists.start[list]; !crossing && i < problem->lists.start[list + 1]; i++) {
            if (work->stamp[problem->lists.pool[i]] == work->stamp_now)
                work->inner[problem->lists.pool[i]] = (int32_t)c;
        }
    }
}

static void make_caps(struct work *work)
{
    const struct problem *problem = work->problem;
    uint32_t caps = work->groups ? problem->cap_start[work->groups] : 0;
    uint32_t most = 0;
    work->cap_crossing = memory_new(caps, sizeof *work->cap_crossing);
    work->cap_parent = memory_new(caps, sizeof *work->cap_parent);
    work->cap_used = new_doubles(caps);
    work->cap_price = new_doubles(caps);
    work->cap_any = memory_new(work->groups, sizeof *work->cap_any);
    work->cap_centre = new_doubles(caps);
    work->cap_stiffness = new_doubles(caps);
    work->cap_pace = new_paces(caps);
    work->cap_crossed = memory_new(work->groups, sizeof *work->cap_crossed);
    work->crossing_start = memory_new((size_t)work->groups + 1, sizeof *work->crossing_start);
    work->crossing = memory_new(caps, sizeof *work->crossing);
    for (uint32_t j = 0; j < work->groups; j++) {
        uint32_t count = problem->cap_start[j + 1] - problem->cap_start[j];
        most = count > most ? count : most;
    }
    uint32_t *order = memory_new(most, sizeof *order);
    uint32_t *size = memory_new(most, sizeof *size);
    for (uint32_t j = 0; j < work->groups; j++)
        nest_caps(work, j, order, size);
    for (uint32_t j = 0; j < work->groups; j++) {
        uint32_t at = work->crossing_start[j];
        for (uint32_t c = problem->cap_start[j]; c < problem->cap_start[j + 1]; c++) {
            if (work->cap_crossing[c] && at - work->crossing_start[j] < WORK_CROSSING)
                work->crossing[at++] = c;
        }
        work->crossing_start[j + 1] = at;
    }
    free(order);
    free(size);
}

static void make_pools(struct work *work)
{
    const struct problem *problem = work->problem;
    size_t cells = (size_t)work->pools * work->dimensions;
    work->capacity = new_doubles(cells);
    work->grown = new_doubles(cells);
    work->held = new_doubles(cells);
    work->least = new_doubles(work->pools);
    for (size_t cell = 0; cell < cells; cell++) {
        work->capacity[cell] = (double)problem->pool_capacity[cell];
        work->held[cell] = (double)problem->pool_held[cell];
    }
    work->low = new_doubles(work->pools);
    work->high = new_doubles(work->pools);
    work->tier_start = memory_new((size_t)work->pools + 1, sizeof *work->tier_start);
    uint32_t tiers = work->pools ? problem->tier_start[work->pools] : 0;
    work->tier = memory_new((size_t)tiers + work->pools, sizeof *work->tier);
    uint32_t at = 0;
    for (uint32_t p = 0; p < work->pools; p++) {
        int64_t limit = problem_pool_limit(problem, p);
        work->least[p] = (double)problem->pool_min[p];
        work->low[p] = work->least[p];
        work->high[p] = limit == PROBLEM_UNLIMITED ? HUGE_VAL : (double)limit;
        work->tier_start[p] = at;
        work->tier[at++] =
            (struct work_tier){problem->pool_max[p] == PROBLEM_UNLIMITED ? HUGE_VAL : (double)problem->pool_max[p],
                               (double)problem->pool_price[p]};
        for (uint32_t t = problem->tier_start[p]; t < problem->tier_start[p + 1]; t++)
            work->tier[at++] = (struct work_tier){
                problem->tier_upto[t] == PROBLEM_UNLIMITED ? HUGE_VAL : (double)problem->tier_upto[t],
                (double)problem->tier_price[t]};
    }
    work->tier_start[work->pools] = at;
}

/* Machines above y0 count for no more than what may land on them at all (saturation, as the bound sees it). */
static void tighten(struct work *work)
{
    const struct problem *problem = work->problem;
    uint32_t dimensions = work->dimensions;
    size_t cells = (size_t)work->pools * dimensions;
    double *most = new_doubles(cells);
    for (uint32_t j = 0; j < work->groups; j++) {
        const double *demand = work->demand + (size_t)j * dimensions;
        bool caps = work->cap_any[j];
        if (caps)
            work_open_caps(work, j);
        for (size_t i = problem->pair_start[j]; i < problem->pair_start[j + 1]; i++) {
            if (isinf(work->extra[i]))
                continue;
            uint32_t p = problem->pair_pool[i];
            double upto = (double)problem->group_count[j];
            for (int32_t c = caps ? work_cap_of(work, p) : WORK_NONE; c != WORK_NONE; c = work->cap_parent[c]) {
                if (upto > (double)problem->cap_max[c])
                    upto = (double)problem->cap_max[c];
            }
            for (uint32_t k = 0; k < dimensions; k++)
                most[(size_t)p * dimensions + k] += upto * demand[k];
        }
    }
    for (uint32_t p = 0; p < work->pools; p++) {
        for (uint32_t k = 0; k < dimensions; k++) {
            size_t cell = (size_t)p * dimensions + k;
            double beyond = most[cell] + work->held[cell] - work->capacity[cell] * work->least[p];
            work->grown[cell] = work->capacity[cell];
            if (beyond > 0 && beyond < work->capacity[cell])
                work->grown[cell] = beyond;
        }
    }
    free(most);
}

static void make_groups(struct work *work)
{
    const struct problem *problem = work->problem;
    size_t pairs = work->groups ? problem->pair_start[work->groups] : 0;
    size_t cells = (size_t)work->groups * work->dimensions;
    work->extra = memory_new(pairs, sizeof *work->extra);
    work->demand = new_doubles(cells);
    work->now_total = new_doubles(work->groups);
    for (size_t cell = 0; cell < cells; cell++)
        work->demand[cell] = (double)problem->group_demand[cell];
    for (uint32_t j = 0; j < work->groups; j++) {
        for (size_t i = problem->pair_start[j]; i < problem->pair_start[j + 1]; i++) {
            bool fits = problem_pair_fits(problem, j, problem->pair_pool[i]);
            work->extra[i] = fits ? (float)problem->pair_extra[i] : HUGE_VALF;
            if (fits)
                work->now_total[j] += problem->pair_now[i];
        }
    }
    const struct problem_lists *lists = &problem->group_lists;
    size_t members = lists->count ? lists->start[lists->count] : 0;
    work->gbudget_start = memory_new((size_t)work->groups + 1, sizeof *work->gbudget_start);
    work->gbudget = memory_new(members, sizeof *work->gbudget);
    for (uint32_t b = 0; b < problem->group_budgets.count; b++) {
        uint32_t list = problem->group_budgets.list[b];
        for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++)
            work->gbudget_start[lists->pool[i] + 1]++;
    }
    for (uint32_t j = 0; j < work->groups; j++)
        work->gbudget_start[j + 1] += work->gbudget_start[j];
    uint32_t *next = memory_new((size_t)work->groups + 1, sizeof *next);
    memcpy(next, work->gbudget_start, work->groups * sizeof *next);
    for (uint32_t b = 0; b < problem->group_budgets.count; b++) {
        uint32_t list = problem->group_budgets.list[b];
        for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++)
            work->gbudget[next[lists->pool[i]]++] = b;
    }
    free(next);
}

static void make_limits(struct work *work)
{
    const struct problem *problem = work->problem;
    const struct problem_lists *lists = &problem->lists;
    uint32_t budgets = problem->budgets.count;
    uint32_t limits = budgets + problem->quotas.count;
    work->limit_start = memory_new((size_t)work->pools + 2, sizeof *work->limit_start);
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t b = 0; b < limits; b++) {
            uint32_t list = b < budgets ? problem->budgets.list[b] : problem->quotas.list[b - budgets];
            for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++) {
                uint32_t pool = lists->pool[i];
                if (pass == 0) {
                    work->limit_start[pool + 2]++;
                    continue;
                }
                double weight =
                    b < budgets ? (double)problem->pool_price[pool] : (double)problem->quotas.weight[b - budgets];
                work->limit[work->limit_start[pool + 1]++] = (struct work_limit){b, weight};
            }
        }
        if (pass == 0) {
            for (uint32_t p = 0; p <= work->pools; p++)
                work->limit_start[p + 1] += work->limit_start[p];
            work->limit = memory_new(work->limit_start[work->pools + 1], sizeof *work->limit);
        }
    }
    work->limit_used = new_doubles(limits);
    work->limit_centre = new_doubles(limits);
    work->limit_stiffness = new_doubles(limits);
    work->limit_pace = new_paces(limits);
    work->gbudget_pace = new_paces(problem->group_budgets.count);
    work->gbudget_used = new_doubles(problem->group_budgets.count);
    work->gbudget_centre = new_doubles(problem->group_budgets.count);
    work->gbudget_stiffness = new_doubles(problem->group_budgets.count);
}

/* A group that may not stand on any machine is never placed and needs none. */
static void make_riders(struct work *work)
{
    work->rider_group = memory_new(work->groups, sizeof *work->rider_group);
    work->rider_start = memory_new((size_t)work->groups + 1, sizeof *work->rider_start);
    for (uint32_t j = 0; j < work->groups; j++) {
        int64_t each = work->problem->group_permachine[j];
        bool rides = each != PROBLEM_UNLIMITED && each > 0;
        if (rides)
            work->rider_group[work->rider_groups++] = j;
        work->rider_start[j + 1] = work->rider_start[j] + (rides ? work->slot_start[j + 1] - work->slot_start[j] : 0);
    }
    work->rider = memory_new(work->rider_start[work->groups], sizeof *work->rider);
}

void work_init(struct work *work, const struct problem *problem)
{
    *work = (struct work){
        .problem = problem, .dimensions = problem->dimensions, .pools = problem->pools, .groups = problem->groups};
    size_t cells = (size_t)work->pools * work->dimensions;
    work->stamp = memory_new(work->pools, sizeof *work->stamp);
    work->inner = memory_new(work->pools, sizeof *work->inner);
    make_pools(work);
    make_groups(work);
    make_caps(work);
    make_limits(work);
    tighten(work);
    work->price = new_doubles(cells);
    work->centre = new_doubles(cells);
    work->stiffness = new_doubles(cells);
    work->load = new_doubles(cells);
    work->pace = new_paces(cells);
    work->machines = new_doubles(work->pools);
    work->free_slope = new_doubles(work->pools);
    work->slope = new_doubles(work->pools);
    work->rider_pay = new_doubles(work->pools);
    work->rider_weight = new_doubles(work->pools);
    work->budget = new_doubles(problem->budgets.count);
    work->group_budget = new_doubles(problem->group_budgets.count);
    work->quota = new_doubles(problem->quotas.count);
    work->group_rate = new_doubles(work->groups);
    work->left = new_doubles(work->groups);
    work->idle = memory_new(work->groups, sizeof *work->idle);
    work->slot_start = memory_new((size_t)work->groups + 1, sizeof *work->slot_start);
    work->slot_count = memory_new(work->groups, sizeof *work->slot_count);
    for (uint32_t j = 0; j < work->groups; j++) {
        size_t pairs = problem->pair_start[j + 1] - problem->pair_start[j];
        bool spreads = work->cap_any[j] || problem->group_permachine[j] != PROBLEM_UNLIMITED;
        size_t most = spreads ? WORK_SLOTS_SPREAD : WORK_SLOTS;
        work->slot_start[j + 1] = work->slot_start[j] + (pairs < most ? pairs : most);
    }
    work->slot = memory_new(work->slot_start[work->groups], sizeof *work->slot);
    make_riders(work);
}

void work_release(struct work *work)
{
    void *const all[] = {
        work->capacity,   work->grown,        work->held,          work->least,          work->tier_start,
        work->tier,       work->extra,        work->demand,        work->now_total,      work->gbudget_start,
        work->gbudget,    work->cap_crossing, work->cap_parent,    work->cap_used,       work->cap_price,
        work->cap_any,    work->cap_centre,   work->cap_stiffness, work->crossing_start, work->cap_crossed,
        work->crossing,   work->rider_group,  work->rider_start,   work->rider,          work->rider_weight,
        work->price,      work->centre,       work->stiffness,     work->load,           work->machines,
        work->free_slope, work->slope,        work->budget,        work->group_budget,   work->quota,
        work->group_rate, work->slot_start,   work->slot_count,    work->slot,           work->left,
        work->low,        work->high,         work->stamp,         work->inner};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(work->idle);
    free(work->pace);
    free(work->limit_pace);
    free(work->gbudget_pace);
    free(work->cap_pace);
    free(work->rider_pay);
    free(work->limit_start);
    free(work->limit);
    free(work->limit_used);
    free(work->limit_centre);
    free(work->limit_stiffness);
    free(work->gbudget_used);
    free(work->gbudget_centre);
    free(work->gbudget_stiffness);
    *work = (struct work){0};
}
