/* See incremental.h. Kept sums: the bound's terms a group and a pool, the cost's terms a group and a pool; an event
 * marks what it touches and settle() replaces those terms in the sums. */
#include "controller/placement/incremental.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/certificate_terms.h"
#include "controller/placement/solve_state.h"

/* What the greedy of a group took: enough to know whether a change in one pool can matter to it. */
struct group_mark {
    __int128 dearest;
    uint32_t used_count;
    uint32_t used[CERTIFICATE_USED_MAX];
};

struct incremental {
    struct problem problem;
    struct solve_state state;
    struct plan plan; /* multipliers only */
    struct certificate_terms terms;
    __int128 bound, cost, nodecost, forced;
    __int128 *group_term, *pool_term, *slope;
    __int128 *group_cost, *pool_cost, *pool_nodecost;
    struct group_mark *mark;
    int64_t *saturation;  /* [pool * dimensions + k] A_pk */
    int64_t *enough;      /* [pool * dimensions + k] while A_pk is at least this the pool's term stays */
    size_t *member_start; /* [pool + 1] */
    uint32_t *member;     /* groups that may use the pool */
    bool *bound_dirty;    /* [pool] */
    uint32_t *bound_pools;
    uint32_t bound_pool_count;
};

/* --- terms --- */

/* What the prices of a pool earn with one machine more, over scale. */
static __int128 income_of(const struct incremental *incremental, uint32_t pool)
{
    const struct problem *problem = &incremental->problem;
    size_t cell = (size_t)pool * problem->dimensions;
    __int128 income = 0;
    for (uint32_t k = 0; k < problem->dimensions; k++)
        income += (__int128)incremental->plan.price[cell + k] * problem->pool_capacity[cell + k];
    return income;
}

static __int128 machine_cost(const struct incremental *incremental, uint32_t pool, int64_t price)
{
    return (__int128)price * incremental->plan.scale + incremental->slope[pool];
}

/* Where prices do not pay for a machine the least is at y0, and A_pk does not matter while y0 + 1 machines do not reach
 * it. Where they do, it does not matter while all the pool may have does not reach it. */
static void note_enough(struct incremental *incremental, uint32_t pool)
{
    const struct problem *problem = &incremental->problem;
    size_t cell = (size_t)pool * problem->dimensions;
    int64_t machines = problem->pool_min[pool] + 1;
    if (income_of(incremental, pool) > machine_cost(incremental, pool, problem->pool_price[pool]))
        machines = problem_pool_limit(problem, pool);
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        __int128 use = (__int128)problem->pool_capacity[cell + k] * machines - problem->pool_held[cell + k];
        incremental->enough[cell + k] = use < PROBLEM_TOTAL_MAX ? (int64_t)use : INT64_MAX;
        if (!incremental->plan.price[cell + k] || use < 0)
            incremental->enough[cell + k] = INT64_MIN;
    }
}

static bool renew_pool_term(struct incremental *incremental, uint32_t pool, struct error *error)
{
    const struct problem *problem = &incremental->problem;
    __int128 term = 0;
    if (!certificate_pool_term(problem, &incremental->plan, pool,
                               incremental->saturation + (size_t)pool * problem->dimensions, NULL, 0,
                               incremental->slope[pool], &term, error))
        return false;
    incremental->bound += term - incremental->pool_term[pool];
    incremental->pool_term[pool] = term;
    note_enough(incremental, pool);
    return true;
}

/* The group's term; certificate_group_open must have come before. */
static bool renew_opened_group(struct incremental *incremental, uint32_t group, struct error *error)
{
    __int128 term = 0;
    if (!certificate_group_term(&incremental->terms, group, &term, error))
        return false;
    incremental->bound += term - incremental->group_term[group];
    incremental->group_term[group] = term;
    struct group_mark *mark = &incremental->mark[group];
    mark->dearest = incremental->terms.dearest;
    mark->used_count = incremental->terms.used_count;
    memcpy(mark->used, incremental->terms.used, sizeof mark->used);
    return true;
}

static bool renew_group_term(struct incremental *incremental, uint32_t group, struct error *error)
{
    return certificate_group_open(&incremental->terms, group, error) && renew_opened_group(incremental, group, error);
}

static void mark_bound_pool(struct incremental *incremental, uint32_t pool)
{
    if (incremental->bound_dirty[pool])
        return;
    incremental->bound_dirty[pool] = true;
    incremental->bound_pools[incremental->bound_pool_count++] = pool;
}

/* Adds (sign 1) or takes away (-1) what the opened group may put on each of its pools. */
static void saturate(struct incremental *incremental, uint32_t group, int64_t sign)
{
    const struct problem *problem = &incremental->problem;
    const struct certificate_terms *terms = &incremental->terms;
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        uint32_t pool = problem->pair_pool[i];
        if (terms->stamp[pool] != terms->stamp_now)
            continue;
        size_t cell = (size_t)pool * problem->dimensions;
        for (uint32_t k = 0; k < problem->dimensions; k++) {
            int64_t before = incremental->saturation[cell + k];
            int64_t after = before + sign * demand[k] * terms->most[pool];
            incremental->saturation[cell + k] = after;
            if (before < incremental->enough[cell + k] || after < incremental->enough[cell + k])
                mark_bound_pool(incremental, pool);
        }
    }
}

static __int128 cost_of_group(const struct incremental *incremental, uint32_t group)
{
    const struct problem *problem = &incremental->problem;
    const struct round *round = &incremental->state.round;
    const struct work *work = &incremental->state.work;
    __int128 cost = (__int128)problem->group_unplaced[group] * round->unplaced[group];
    for (size_t s = work->slot_start[group]; s < work->slot_start[group] + work->slot_count[group]; s++)
        cost += (__int128)problem->pair_extra[work->slot[s].pair] * round->count[s];
    int64_t growth = problem->group_count[group] - (int64_t)work->now_total[group];
    int64_t moves = round->gained[group] - (growth > 0 ? growth : 0);
    return moves > 0 ? cost + (__int128)moves * problem->group_move[group] : cost;
}

static __int128 forced_of_group(const struct incremental *incremental, uint32_t group)
{
    const struct problem *problem = &incremental->problem;
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        if (problem_pair_fits(problem, group, problem->pair_pool[i]))
            return 0;
    }
    return (__int128)problem->group_unplaced[group] * problem->group_count[group];
}

static void renew_group_cost(struct incremental *incremental, uint32_t group)
{
    __int128 cost = cost_of_group(incremental, group);
    incremental->cost += cost - incremental->group_cost[group];
    incremental->nodecost += cost - incremental->group_cost[group];
    incremental->group_cost[group] = cost;
}

static void renew_pool_cost(struct incremental *incremental, uint32_t pool)
{
    const struct problem *problem = &incremental->problem;
    int64_t used = incremental->state.nodes.pool[pool].total;
    if (used < problem->pool_min[pool])
        used = problem->pool_min[pool];
    __int128 cost = problem_pool_cost(problem, pool, incremental->state.round.machines[pool]);
    __int128 nodecost = problem_pool_cost(problem, pool, used);
    incremental->cost += cost - incremental->pool_cost[pool];
    incremental->nodecost += nodecost - incremental->pool_nodecost[pool];
    incremental->pool_cost[pool] = cost;
    incremental->pool_nodecost[pool] = nodecost;
}

/* Replaces every term that has been marked. */
static bool settle(struct incremental *incremental, struct error *error)
{
    struct round *round = &incremental->state.round;
    bool fine = true;
    for (uint32_t i = 0; i < round->dirty_pool_count; i++)
        nodes_trim_pool(&incremental->state.nodes, round->dirty_pools[i]);
    for (uint32_t i = 0; i < round->dirty_pool_count; i++) {
        renew_pool_cost(incremental, round->dirty_pools[i]);
        round->pool_dirty[round->dirty_pools[i]] = false;
    }
    for (uint32_t i = 0; i < round->dirty_group_count; i++) {
        renew_group_cost(incremental, round->dirty_groups[i]);
        round->group_dirty[round->dirty_groups[i]] = false;
    }
    round->dirty_pool_count = 0;
    round->dirty_group_count = 0;
    for (uint32_t i = 0; i < incremental->bound_pool_count; i++) {
        fine = fine && renew_pool_term(incremental, incremental->bound_pools[i], error);
        incremental->bound_dirty[incremental->bound_pools[i]] = false;
    }
    incremental->bound_pool_count = 0;
    return fine;
}

/* --- life --- */

static void index_members(struct incremental *incremental)
{
    const struct problem *problem = &incremental->problem;
    size_t pairs = problem->groups ? problem->pair_start[problem->groups] : 0;
    incremental->member_start = memory_new((size_t)problem->pools + 2, sizeof *incremental->member_start);
    incremental->member = memory_new(pairs, sizeof *incremental->member);
    for (size_t i = 0; i < pairs; i++)
        incremental->member_start[problem->pair_pool[i] + 2]++;
    for (uint32_t p = 0; p < problem->pools; p++)
        incremental->member_start[p + 2] += incremental->member_start[p + 1];
    for (uint32_t j = 0; j < problem->groups; j++) {
        for (size_t i = problem->pair_start[j]; i < problem->pair_start[j + 1]; i++)
            incremental->member[incremental->member_start[problem->pair_pool[i] + 1]++] = j;
    }
}

static bool start_terms(struct incremental *incremental, struct error *error)
{
    const struct problem *problem = &incremental->problem;
    if (!certificate_slopes(problem, &incremental->plan, incremental->slope, error))
        return false;
    for (uint32_t j = 0; j < problem->groups; j++) {
        if (!certificate_group_open(&incremental->terms, j, error))
            return false;
        saturate(incremental, j, 1);
        if (!renew_opened_group(incremental, j, error))
            return false;
        renew_group_cost(incremental, j);
        incremental->forced += forced_of_group(incremental, j);
    }
    for (uint32_t b = 0; b < problem->budgets.count; b++)
        incremental->bound -= (__int128)incremental->plan.budget[b] * problem->budgets.most[b];
    for (uint32_t b = 0; b < problem->group_budgets.count; b++)
        incremental->bound -= (__int128)incremental->plan.group_budget[b] * problem->group_budgets.most[b];
    for (uint32_t q = 0; q < problem->quotas.count; q++)
        incremental->bound -= (__int128)incremental->plan.quota[q] * problem->quotas.most[q];
    for (uint32_t p = 0; p < problem->pools; p++) {
        incremental->bound_dirty[p] = false;
        if (!renew_pool_term(incremental, p, error))
            return false;
        renew_pool_cost(incremental, p);
    }
    incremental->bound_pool_count = 0;
    return true;
}

static void start_marks(struct incremental *incremental)
{
    struct round *round = &incremental->state.round;
    const struct problem *problem = &incremental->problem;
    round->group_dirty = memory_new(problem->groups, sizeof *round->group_dirty);
    round->pool_dirty = memory_new(problem->pools, sizeof *round->pool_dirty);
    round->dirty_groups = memory_new(problem->groups, sizeof *round->dirty_groups);
    round->dirty_pools = memory_new(problem->pools, sizeof *round->dirty_pools);
}

struct incremental *incremental_open(struct problem *problem, const struct solve_options *options,
                                     struct error *ret_error)
{
    struct incremental *incremental = memory_new(1, sizeof *incremental);
    incremental->problem = *problem;
    problem_init(problem);
    problem = &incremental->problem;
    plan_init(&incremental->plan, problem);
    if (!solve_search(problem, options, &incremental->state, &incremental->plan, ret_error)) {
        plan_release(&incremental->plan);
        problem_release(problem);
        free(incremental);
        return NULL;
    }
    /* Per-machine limits lose their multipliers: their share of a pool would have to be followed through every resize.
     * The bound is weaker for it, not wrong. */
    incremental->plan.permachines = 0;
    size_t cells = (size_t)problem->pools * problem->dimensions;
    incremental->group_term = memory_new(problem->groups, sizeof *incremental->group_term);
    incremental->pool_term = memory_new(problem->pools, sizeof *incremental->pool_term);
    incremental->slope = memory_new(problem->pools, sizeof *incremental->slope);
    incremental->group_cost = memory_new(problem->groups, sizeof *incremental->group_cost);
    incremental->pool_cost = memory_new(problem->pools, sizeof *incremental->pool_cost);
    incremental->pool_nodecost = memory_new(problem->pools, sizeof *incremental->pool_nodecost);
    incremental->mark = memory_new(problem->groups, sizeof *incremental->mark);
    incremental->saturation = memory_new(cells, sizeof *incremental->saturation);
    incremental->enough = memory_new(cells, sizeof *incremental->enough);
    incremental->bound_dirty = memory_new(problem->pools, sizeof *incremental->bound_dirty);
    incremental->bound_pools = memory_new(problem->pools, sizeof *incremental->bound_pools);
    certificate_terms_init(&incremental->terms, problem, &incremental->plan);
    index_members(incremental);
    start_marks(incremental);
    if (start_terms(incremental, ret_error))
        return incremental;
    incremental_close(incremental);
    return NULL;
}

void incremental_close(struct incremental *incremental)
{
    certificate_terms_release(&incremental->terms);
    solve_state_release(&incremental->state);
    plan_release(&incremental->plan);
    problem_release(&incremental->problem);
    void *const all[] = {incremental->group_term, incremental->pool_term,    incremental->slope,
                         incremental->group_cost, incremental->pool_cost,    incremental->pool_nodecost,
                         incremental->mark,       incremental->saturation,   incremental->enough,
                         incremental->member,     incremental->member_start, incremental->bound_dirty,
                         incremental->bound_pools};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(incremental);
}

/* --- answers --- */

const struct problem *incremental_problem(const struct incremental *incremental)
{
    return &incremental->problem;
}

static int64_t ppm(__int128 cost, __int128 bound, __int128 forced)
{
    __int128 avoidable = cost - forced;
    return avoidable > 0 && cost > bound ? (int64_t)(((cost - bound) * 1000000 + avoidable - 1) / avoidable) : 0;
}

struct certificate incremental_figures(const struct incremental *incremental)
{
    struct certificate figures = {.cost = (int64_t)incremental->cost, .nodecost = (int64_t)incremental->nodecost};
    int64_t scale = incremental->plan.scale;
    figures.bound = (int64_t)(incremental->bound / scale) + (incremental->bound % scale > 0);
    figures.forced = (int64_t)incremental->forced;
    figures.gap_ppm = ppm(figures.cost, figures.bound, figures.forced);
    figures.node_gap_ppm = ppm(figures.nodecost, figures.bound, figures.forced);
    return figures;
}

static void copy_values(int64_t *to, const int64_t *from, size_t count)
{
    if (count)
        memcpy(to, from, count * sizeof *to);
}

bool incremental_plan(const struct incremental *incremental, struct plan *ret_plan, struct error *ret_error)
{
    const struct problem *problem = &incremental->problem;
    const struct plan *from = &incremental->plan;
    struct plan plan;
    uint32_t group = 0;
    uint32_t pool = 0;
    plan_init(&plan, problem);
    plan.scale = from->scale;
    copy_values(plan.price, from->price, (size_t)problem->pools * problem->dimensions);
    copy_values(plan.budget, from->budget, problem->budgets.count);
    copy_values(plan.group_budget, from->group_budget, problem->group_budgets.count);
    copy_values(plan.quota, from->quota, problem->quotas.count);
    copy_values(plan.cap, from->cap, problem->groups ? problem->cap_start[problem->groups] : 0);
    solve_emit(&incremental->state, &plan);
    struct certificate figures = incremental_figures(incremental);
    plan.cost = figures.cost;
    plan.nodecost = figures.nodecost;
    plan.bound = figures.bound;
    if (!plan_sort(&plan, &group, &pool)) {
        plan_release(&plan);
        return error_set(ret_error, ERROR_INTERNAL, "group %u is put on pool %u twice", group, pool);
    }
    *ret_plan = plan;
    return true;
}

/* --- events --- */

bool incremental_resize_group(struct incremental *incremental, uint32_t group, int64_t count, struct error *ret_error)
{
    struct problem *problem = &incremental->problem;
    struct round *round = &incremental->state.round;
    if (group >= problem->groups || count < 0 || count > PROBLEM_COUNT_MAX)
        return error_set(ret_error, ERROR_INVALID, "group %u cannot have %lld allocations", group, (long long)count);
    int64_t before = problem->group_count[group];
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        if (count > before && demand[k] && (count - before) > (PROBLEM_TOTAL_MAX >> 2) / demand[k])
            return error_set(ret_error, ERROR_OVERFLOW, "group %u: the demand leaves 2^62", group);
    }
    if (!certificate_group_open(&incremental->terms, group, ret_error))
        return false;
    saturate(incremental, group, -1);
    incremental->forced -= forced_of_group(incremental, group);
    problem->group_count[group] = count;
    incremental->forced += forced_of_group(incremental, group);
    if (!certificate_group_open(&incremental->terms, group, ret_error))
        return false;
    saturate(incremental, group, 1);
    if (!renew_opened_group(incremental, group, ret_error))
        return false;
    if (count > before) {
        round->unplaced[group] += count - before;
        round_mark_group(round, group);
        nodes_place(&incremental->state.nodes, group, round->unplaced[group]);
    } else {
        round_mark_group(round, group);
        nodes_remove(&incremental->state.nodes, group, before - count);
    }
    return settle(incremental, ret_error);
}

static bool used_pool(const struct group_mark *mark, uint32_t pool)
{
    if (mark->used_count > CERTIFICATE_USED_MAX)
        return true;
    for (uint32_t i = 0; i < mark->used_count; i++) {
        if (mark->used[i] == pool)
            return true;
    }
    return false;
}

static size_t pair_of(const struct problem *problem, uint32_t group, uint32_t pool)
{
    size_t low = problem->pair_start[group];
    size_t high = problem->pair_start[group + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (problem->pair_pool[middle] < pool)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether the pool at today's prices can matter to the group's greedy: it is used, or it is cheap enough to be. Costs
 * that are left out (caps, budgets) only make it dearer. */
static bool matters(const struct incremental *incremental, uint32_t group, uint32_t pool)
{
    const struct problem *problem = &incremental->problem;
    if (used_pool(&incremental->mark[group], pool))
        return true;
    size_t pair = pair_of(problem, group, pool);
    __int128 cost = (__int128)problem->pair_extra[pair] * incremental->plan.scale;
    for (uint32_t k = 0; k < problem->dimensions; k++)
        cost += (__int128)incremental->plan.price[(size_t)pool * problem->dimensions + k] *
                problem->group_demand[(size_t)group * problem->dimensions + k];
    return cost < incremental->mark[group].dearest;
}

static bool renew_members(struct incremental *incremental, uint32_t pool, struct error *error)
{
    for (size_t i = incremental->member_start[pool]; i < incremental->member_start[pool + 1]; i++) {
        uint32_t group = incremental->member[i];
        if (matters(incremental, group, pool) && !renew_group_term(incremental, group, error))
            return false;
    }
    return true;
}

/* The search's own copies of what a pool costs and allows. */
static void refresh_pool(struct incremental *incremental, uint32_t pool)
{
    struct problem *problem = &incremental->problem;
    struct work *work = &incremental->state.work;
    struct round *round = &incremental->state.round;
    work->tier[work->tier_start[pool]].price = (double)problem->pool_price[pool];
    work->tier[work->tier_start[pool]].upto =
        problem->pool_max[pool] == PROBLEM_UNLIMITED ? 1e300 : (double)problem->pool_max[pool];
    work->least[pool] = (double)problem->pool_min[pool];
    round->limit[pool] = problem_pool_limit(problem, pool);
    if (round->limit[pool] > PROBLEM_COUNT_MAX)
        round->limit[pool] = PROBLEM_COUNT_MAX;
    round->least[pool] = round_least(problem, pool);
    if (round->machines[pool] < round->least[pool])
        round_change_machines(round, pool, round->least[pool] - round->machines[pool]);
    round_mark_pool(round, pool);
}

bool incremental_set_pool_price(struct incremental *incremental, uint32_t pool, int64_t price, struct error *ret_error)
{
    struct problem *problem = &incremental->problem;
    if (pool >= problem->pools || price < 0 || price > PROBLEM_MONEY_MAX)
        return error_set(ret_error, ERROR_INVALID, "pool %u cannot cost %lld", pool, (long long)price);
    uint32_t tier = problem->tier_start[pool];
    if (tier < problem->tier_start[pool + 1] && problem->tier_price[tier] < price)
        return error_set(ret_error, ERROR_INVALID, "pool %u: a tier would be cheaper than the first price", pool);
    for (uint32_t i = incremental->state.work.limit_start[pool]; i < incremental->state.work.limit_start[pool + 1];
         i++) {
        if (incremental->state.work.limit[i].number < problem->budgets.count)
            return error_set(ret_error, ERROR_UNSUPPORTED, "pool %u is in a budget: a new price needs a new solve",
                             pool);
    }
    int64_t before = problem->pool_price[pool];
    if (problem->pool_rate[pool] == before && problem->group_budgets.count == 0)
        problem->pool_rate[pool] = price;
    problem->pool_price[pool] = price;
    refresh_pool(incremental, pool);
    /* Prices that just paid for a machine would now pay for more than one, and the bound would count all the pool may
     * have: they fall with it. */
    int64_t *own = incremental->plan.price + (size_t)pool * problem->dimensions;
    __int128 income = income_of(incremental, pool);
    __int128 now = machine_cost(incremental, pool, price);
    bool changed = income > now && income <= machine_cost(incremental, pool, before);
    for (uint32_t k = 0; k < problem->dimensions && changed; k++)
        own[k] = (int64_t)((double)own[k] * ((double)now / (double)income) * (1 - 1e-9));
    if (changed && !renew_members(incremental, pool, ret_error))
        return false;
    mark_bound_pool(incremental, pool);
    if (price > before)
        nodes_improve_pool(&incremental->state.nodes, pool);
    return settle(incremental, ret_error);
}

/* Places what became unplaced on the way, group by group. */
static void place_dirty(struct incremental *incremental)
{
    struct round *round = &incremental->state.round;
    uint32_t count = round->dirty_group_count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t group = round->dirty_groups[i];
        if (round->unplaced[group] > 0)
            nodes_place(&incremental->state.nodes, group, round->unplaced[group]);
    }
}

static void fit_limit(struct incremental *incremental, uint32_t pool)
{
    struct nodes *nodes = &incremental->state.nodes;
    refresh_pool(incremental, pool);
    while (nodes->pool[pool].total > incremental->state.round.limit[pool]) {
        size_t at = nodes->pool[pool].count;
        while (at > 0 && nodes->pool[pool].node[at - 1].held != NODES_NO_HELD)
            at--;
        if (at > 0) {
            nodes_give_up_machine(nodes, pool, at - 1);
            continue;
        }
        /* Held capacity lies on more machines than may stay: it is packed again, alone. */
        nodes_give_up_pool(nodes, pool);
        nodes_trim_pool(nodes, pool);
        nodes_repack_pool(nodes, pool);
        break;
    }
    nodes_trim_pool(nodes, pool);
    mark_bound_pool(incremental, pool);
}

bool incremental_set_pool_limit(struct incremental *incremental, uint32_t pool, int64_t min, int64_t max,
                                struct error *ret_error)
{
    struct problem *problem = &incremental->problem;
    if (pool >= problem->pools || min < 0 || min > PROBLEM_COUNT_MAX || max < min ||
        (max > PROBLEM_COUNT_MAX && max != PROBLEM_UNLIMITED))
        return error_set(ret_error, ERROR_INVALID, "pool %u cannot have from %lld to %lld machines", pool,
                         (long long)min, (long long)max);
    if (problem->tier_start[pool] < problem->tier_start[pool + 1])
        return error_set(ret_error, ERROR_UNSUPPORTED, "pool %u has tiers: a new limit needs a new solve", pool);
    int64_t old_min = problem->pool_min[pool];
    int64_t old_max = problem->pool_max[pool];
    problem->pool_min[pool] = min;
    problem->pool_max[pool] = max;
    int64_t least = round_least(problem, pool);
    bool grows = least > incremental->state.round.machines[pool] &&
                 incremental->state.work.limit_start[pool] < incremental->state.work.limit_start[pool + 1];
    if (least > (max < PROBLEM_COUNT_MAX ? max : PROBLEM_COUNT_MAX) || grows) {
        problem->pool_min[pool] = old_min;
        problem->pool_max[pool] = old_max;
        return error_set(ret_error, ERROR_CONFLICT, "pool %u: owned and held machines would break a limit", pool);
    }
    fit_limit(incremental, pool);
    place_dirty(incremental);
    return settle(incremental, ret_error);
}

bool incremental_lose_machine(struct incremental *incremental, uint32_t pool, int64_t machine, struct error *ret_error)
{
    struct problem *problem = &incremental->problem;
    struct nodes *nodes = &incremental->state.nodes;
    if (pool >= problem->pools || machine < 0)
        return error_set(ret_error, ERROR_INVALID, "there is no pool %u", pool);
    if (problem->pool_min[pool] > 0 && round_least(problem, pool) > problem->pool_min[pool] - 1 &&
        round_least(problem, pool) > problem->pool_max[pool] - 1)
        return error_set(ret_error, ERROR_CONFLICT, "pool %u: held capacity would not fit any more", pool);
    if (problem->pool_min[pool] > 0) {
        problem->pool_min[pool]--;
        if (problem->pool_max[pool] != PROBLEM_UNLIMITED && problem->tier_start[pool] == problem->tier_start[pool + 1])
            problem->pool_max[pool]--;
    }
    const struct node_list *list = &nodes->pool[pool];
    if (list->total > 0) {
        int64_t left = machine % list->total;
        size_t at = 0;
        while (left >= list->node[at].times)
            left -= list->node[at++].times;
        if (list->node[at].held == NODES_NO_HELD)
            nodes_give_up_machine(nodes, pool, at);
    }
    fit_limit(incremental, pool);
    place_dirty(incremental);
    return settle(incremental, ret_error);
}

static void drop_tiers(struct problem *problem, uint32_t pool)
{
    uint32_t first = problem->tier_start[pool];
    uint32_t count = problem->tier_start[pool + 1] - first;
    uint32_t after = problem->tier_start[problem->pools] - first - count;
    if (!count)
        return;
    memmove(problem->tier_upto + first, problem->tier_upto + first + count, after * sizeof *problem->tier_upto);
    memmove(problem->tier_price + first, problem->tier_price + first + count, after * sizeof *problem->tier_price);
    for (uint32_t p = pool + 1; p <= problem->pools; p++)
        problem->tier_start[p] -= count;
}

static void close_pool(struct incremental *incremental, uint32_t pool)
{
    struct problem *problem = &incremental->problem;
    struct round *round = &incremental->state.round;
    size_t cell = (size_t)pool * problem->dimensions;
    nodes_give_up_pool(&incremental->state.nodes, pool);
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        round->free[cell + k] += problem->pool_held[cell + k];
        problem->pool_held[cell + k] = 0;
        /* Nothing can be there: any price proves as much, the highest proves most elsewhere. */
        incremental->plan.price[cell + k] = PLAN_MULTIPLIER_MAX;
    }
    problem->pool_min[pool] = 0;
    problem->pool_max[pool] = 0;
    drop_tiers(problem, pool);
    struct work *work = &incremental->state.work;
    for (uint32_t t = work->tier_start[pool]; t < work->tier_start[pool + 1]; t++)
        work->tier[t].upto = 0;
    refresh_pool(incremental, pool);
    round_change_machines(round, pool, -round->machines[pool]);
    mark_bound_pool(incremental, pool);
}

bool incremental_lose_region(struct incremental *incremental, uint32_t region, struct error *ret_error)
{
    struct problem *problem = &incremental->problem;
    if (region >= problem->regions)
        return error_set(ret_error, ERROR_INVALID, "there is no region %u", region);
    for (uint32_t p = 0; p < problem->pools; p++) {
        if (problem->pool_region[p] == region)
            close_pool(incremental, p);
    }
    for (uint32_t p = 0; p < problem->pools; p++) {
        if (problem->pool_region[p] != region)
            continue;
        for (size_t i = incremental->member_start[p]; i < incremental->member_start[p + 1]; i++) {
            uint32_t group = incremental->member[i];
            if (used_pool(&incremental->mark[group], p) && !renew_group_term(incremental, group, ret_error))
                return false;
        }
    }
    place_dirty(incremental);
    return settle(incremental, ret_error);
}
