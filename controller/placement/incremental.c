/* See incremental.h: life, answers, and the plan of a background solve. The events are in incremental_events.c,
 * _pools.c and _groups.c. */
#include "controller/placement/incremental.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/incremental_state.h"
#include "controller/placement/problem_copy.h"

static void copy_values(int64_t *to, const int64_t *from, size_t count)
{
    if (count)
        memcpy(to, from, count * sizeof *to);
}

/* The multipliers of a plan for the problem as it was with `groups` groups. Those of later caps stay absent; those of
 * per-machine limits that are not there any more are left out. */
static void copy_multipliers(const struct problem *problem, const struct plan *from, uint32_t groups,
                             struct plan *ret_plan)
{
    plan_init(ret_plan, problem);
    ret_plan->scale = from->scale;
    copy_values(ret_plan->price, from->price, (size_t)problem->pools * problem->dimensions);
    copy_values(ret_plan->budget, from->budget, problem->budgets.count);
    copy_values(ret_plan->group_budget, from->group_budget, problem->group_budgets.count);
    copy_values(ret_plan->quota, from->quota, problem->quotas.count);
    copy_values(ret_plan->cap, from->cap, groups ? problem->cap_start[groups] : 0);
    for (size_t i = 0; i < from->permachines; i++) {
        const struct plan_permachine *one = &from->permachine[i];
        if (one->group < groups && problem->group_permachine[one->group] != PROBLEM_UNLIMITED &&
            problem_pair_fits(problem, one->group, one->pool))
            plan_add_permachine(ret_plan, one->group, one->pool, one->value);
    }
}

/* --- life --- */

/* y0 and held capacity must leave every limit whole: all else can be left unplaced. */
static bool check_feasible(const struct problem *problem, struct error *error)
{
    for (uint32_t p = 0; p < problem->pools; p++) {
        struct incremental_pool pool;
        if (!pools_check(problem, p, pools_read(problem, p, &pool), error))
            return false;
    }
    return pools_check_limits(problem, UINT32_MAX, NULL, error);
}

static struct incremental *open_on(struct problem *problem, const struct plan *plan, struct error *error)
{
    struct incremental *incremental = memory_new(1, sizeof *incremental);
    struct plan multipliers;
    incremental->problem = *problem;
    problem_init(problem);
    problem = &incremental->problem;
    if (!check_feasible(problem, error)) {
        problem_release(problem);
        free(incremental);
        return NULL;
    }
    copy_multipliers(problem, plan, problem->groups, &multipliers);
    incremental->first_groups = problem->groups;
    incremental->changed_at = memory_new(problem->pools, sizeof *incremental->changed_at);
    incremental->state = state_build(problem, &multipliers, plan, problem->groups);
    return incremental;
}

struct incremental *incremental_open_plan(struct problem *problem, const struct plan *plan, struct error *ret_error)
{
    return open_on(problem, plan, ret_error);
}

struct incremental *incremental_open(struct problem *problem, const struct solve_options *options,
                                     struct error *ret_error)
{
    struct plan plan;
    if (!solve(problem, options, &plan, ret_error)) {
        problem_release(problem);
        return NULL;
    }
    struct incremental *incremental = open_on(problem, &plan, ret_error);
    plan_release(&plan);
    return incremental;
}

void incremental_close(struct incremental *incremental)
{
    state_release(incremental->state);
    problem_release(&incremental->problem);
    free(incremental->added_at);
    free(incremental->changed_at);
    free(incremental);
}

/* --- answers --- */

const struct problem *incremental_problem(const struct incremental *incremental)
{
    return &incremental->problem;
}

uint64_t incremental_sequence(const struct incremental *incremental)
{
    return incremental->sequence;
}

static int64_t ppm(int64_t cost, int64_t bound, int64_t forced)
{
    __int128 avoidable = (__int128)cost - forced;
    __int128 distance = (__int128)cost - bound;
    return avoidable > 0 && distance > 0 ? (int64_t)((distance * 1000000 + avoidable - 1) / avoidable) : 0;
}

static struct certificate figures_of(const struct state *state)
{
    int64_t scale = state->plan.scale;
    struct certificate figures = {.cost = (int64_t)state->cost, .nodecost = (int64_t)state->nodecost};
    figures.bound = (int64_t)(state->bound / scale) + (state->bound % scale > 0);
    figures.forced = (int64_t)state->forced;
    figures.gap_ppm = ppm(figures.cost, figures.bound, figures.forced);
    figures.node_gap_ppm = ppm(figures.nodecost, figures.bound, figures.forced);
    return figures;
}

struct certificate incremental_figures(const struct incremental *incremental)
{
    return figures_of(incremental->state);
}

static bool plan_of(const struct state *state, struct plan *ret_plan, struct error *error)
{
    const struct problem *problem = state->problem;
    struct plan plan;
    uint32_t group = 0;
    uint32_t pool = 0;
    copy_multipliers(problem, &state->plan, problem->groups, &plan);
    state_emit(state, &plan);
    struct certificate figures = figures_of(state);
    plan.cost = figures.cost;
    plan.nodecost = figures.nodecost;
    plan.bound = figures.bound;
    if (!plan_sort(&plan, &group, &pool)) {
        plan_release(&plan);
        return error_set(error, ERROR_INTERNAL, "group %u is put on pool %u twice", group, pool);
    }
    *ret_plan = plan;
    return true;
}

bool incremental_plan(const struct incremental *incremental, struct plan *ret_plan, struct error *ret_error)
{
    return plan_of(incremental->state, ret_plan, ret_error);
}

/* --- the solve in the background --- */

void incremental_snapshot(const struct incremental *incremental, struct problem *ret_problem, uint64_t *ret_sequence)
{
    problem_copy(&incremental->problem, ret_problem);
    *ret_sequence = incremental->sequence;
}

static uint32_t groups_at(const struct incremental *incremental, uint64_t sequence)
{
    uint32_t groups = incremental->problem.groups;
    while (groups > incremental->first_groups &&
           incremental->added_at[groups - 1 - incremental->first_groups] > sequence)
        groups--;
    return groups;
}

/* What has happened to pools since then: prices that earn more than a machine costs now prove little, and where there
 * is no machine any more the highest prove most. */
static void fit_multipliers(const struct incremental *incremental, const struct plan *plan, uint64_t since,
                            struct plan *multipliers)
{
    const struct problem *problem = &incremental->problem;
    for (uint32_t p = 0; p < problem->pools; p++) {
        int64_t *price = multipliers->price + (size_t)p * problem->dimensions;
        const int64_t *capacity = problem->pool_capacity + (size_t)p * problem->dimensions;
        int64_t limit = problem_pool_limit(problem, p);
        if (incremental->changed_at[p] <= since)
            continue;
        double income = 0;
        for (uint32_t k = 0; k < problem->dimensions; k++)
            income += (double)price[k] * (double)capacity[k];
        double cost = (double)problem->pool_price[p] * (double)multipliers->scale;
        bool binds = limit != PROBLEM_UNLIMITED && plan->machines[p] >= limit;
        for (uint32_t k = 0; k < problem->dimensions; k++) {
            if (limit == 0)
                price[k] = PLAN_MULTIPLIER_MAX;
            else if (income > cost && !binds)
                price[k] = (int64_t)((double)price[k] * (cost / income) * (1 - 1e-9));
        }
    }
}

static bool cheaper(const struct state *a, const struct state *b)
{
    return a->cost <= b->cost && a->nodecost <= b->nodecost && (a->cost < b->cost || a->nodecost < b->nodecost);
}

static bool proves_more(const struct state *a, const struct state *b)
{
    /* Scales are powers of two up to 2^32, bounds times scale stay within 2^94. */
    return a->bound * b->plan.scale > b->bound * a->plan.scale;
}

/* The better multipliers of the two on the better placement of the two. NULL when that is `now` already. */
static struct state *best_of(struct incremental *incremental, struct state *now, struct state *found)
{
    bool placement = cheaper(found, now);
    bool proof = proves_more(found, now);
    struct plan plan;
    struct plan multipliers;
    struct error error;
    if (!placement && !proof)
        return NULL;
    if (placement && proof)
        return found;
    if (!plan_of(placement ? found : now, &plan, &error))
        return NULL;
    const struct problem *problem = &incremental->problem;
    copy_multipliers(problem, proof ? &found->plan : &now->plan, problem->groups, &multipliers);
    struct state *mixed = state_build(&incremental->problem, &multipliers, &plan, problem->groups);
    plan_release(&plan);
    bool fine = !proves_more(now, mixed) && mixed->cost <= now->cost && mixed->nodecost <= now->nodecost &&
                (proves_more(mixed, now) || cheaper(mixed, now));
    if (fine)
        return mixed;
    state_release(mixed);
    return NULL;
}

bool incremental_rebase(struct incremental *incremental, const struct plan *plan, uint64_t base_sequence,
                        bool *ret_better, struct error *ret_error)
{
    if (base_sequence > incremental->sequence)
        return error_set(ret_error, ERROR_INVALID, "no snapshot has been taken at event %llu yet",
                         (unsigned long long)base_sequence);
    uint32_t groups = groups_at(incremental, base_sequence);
    struct plan multipliers;
    copy_multipliers(&incremental->problem, plan, groups, &multipliers);
    fit_multipliers(incremental, plan, base_sequence, &multipliers);
    struct state *found = state_build(&incremental->problem, &multipliers, plan, groups);
    struct state *best = best_of(incremental, incremental->state, found);
    if (best) {
        state_release(incremental->state);
        incremental->state = best;
    }
    if (best != found)
        state_release(found);
    if (ret_better)
        *ret_better = best != NULL;
    return true;
}
