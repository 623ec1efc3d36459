/* Puts the pieces together: prices, rounding, local search, packing, proof. */
#include "controller/placement/solve.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/certificate.h"
#include "controller/placement/dive.h"
#include "controller/placement/prices.h"
#include "controller/placement/search.h"
#include "controller/placement/solve_state.h"
#include "controller/placement/widen.h"

/* How finely machines become whole; prices.h and search.h say what else an effort buys. */
struct effort {
    unsigned dive_steps, dive_sweeps;
};

static const struct effort efforts[SOLVE_EFFORT_MAX + 1] = {
    {0}, {5, 4}, {8, 6}, {12, 8}, {16, 8}, {16, 10}, {24, 12}, {24, 15}, {32, 20}, {32, 25},
};

/* y0 and held capacity must leave every limit whole: all else can be left unplaced. */
static bool check_feasible(const struct round *round, struct error *error)
{
    const struct problem *problem = round->work->problem;
    for (uint32_t p = 0; p < problem->pools; p++) {
        for (uint32_t k = 0; k < problem->dimensions; k++) {
            size_t cell = (size_t)p * problem->dimensions + k;
            if (problem->pool_held[cell] && !problem->pool_capacity[cell])
                return error_set(error, ERROR_CONFLICT, "pool %u: capacity is held in %s, where it has none", p,
                                 problem->dimension_name[k]);
        }
        if (round->least[p] > round->limit[p])
            return error_set(error, ERROR_CONFLICT, "pool %u: held capacity needs %lld machines, the limit is %lld", p,
                             (long long)round->least[p], (long long)round->limit[p]);
    }
    for (uint32_t b = 0; b < problem->budgets.count; b++) {
        if (round->budget_left[b] < 0)
            return error_set(error, ERROR_CONFLICT, "budget %u: owned and held machines already exceed it by %lld", b,
                             (long long)-round->budget_left[b]);
    }
    for (uint32_t q = 0; q < problem->quotas.count; q++) {
        if (round->quota_left[q] < 0)
            return error_set(error, ERROR_CONFLICT, "quota %u: owned and held machines already exceed it by %lld", q,
                             (long long)-round->quota_left[q]);
    }
    return true;
}

void solve_emit(const struct solve_state *state, struct plan *plan)
{
    const struct round *round = &state->round;
    const struct work *work = &state->work;
    const struct problem *problem = work->problem;
    for (uint32_t j = 0; j < problem->groups; j++) {
        plan->unplaced[j] = round->unplaced[j];
        for (size_t s = work->slot_start[j]; s < work->slot_start[j] + work->slot_count[j]; s++) {
            if (round->count[s] > 0)
                plan_add_put(plan, j, work->slot[s].pool, round->count[s]);
        }
    }
    for (uint32_t p = 0; p < problem->pools; p++)
        plan->machines[p] = round_needed(round, p);
    nodes_emit(&state->nodes, plan);
}

static bool prove(const struct problem *problem, struct plan *plan, struct error *error)
{
    uint32_t group = 0;
    uint32_t pool = 0;
    struct certificate certificate;
    if (!plan_sort(plan, &group, &pool))
        return error_set(error, ERROR_INTERNAL, "group %u is put on pool %u twice", group, pool);
    if (!certificate_work_out(problem, plan, &certificate, error))
        return error_prefix(error, "the plan that was found does not hold");
    plan->cost = certificate.cost;
    plan->nodecost = certificate.nodecost;
    plan->bound = certificate.bound;
    return true;
}

void solve_state_release(struct solve_state *state)
{
    nodes_release(&state->nodes);
    round_release(&state->round);
    work_release(&state->work);
}

/* From the fractional plan to machines and what sits on them. False when no plan exists. */
static bool make_plan(struct solve_state *state, const struct prices_best *best, const struct effort *effort,
                      const struct solve_options *options, struct error *error)
{
    struct work *work = &state->work;
    struct round *round = &state->round;
    if (search_told_to_stop(options))
        return error_set(error, ERROR_BUSY, "told to stop");
    dive(work, effort->dive_steps, effort->dive_sweeps, 0.5);
    if (widen_worth(work))
        widen(work, WIDEN_SLOTS_MAX);
    round_init(round, work);
    if (work->pools)
        memcpy(round->margin, best->price, (size_t)work->pools * work->dimensions * sizeof *round->margin);
    if (!check_feasible(round, error)) {
        round_release(round);
        return false;
    }
    if (!search(round, options, &state->nodes)) {
        nodes_release(&state->nodes);
        round_release(round);
        return error_set(error, ERROR_BUSY, "told to stop");
    }
    return true;
}

bool solve_search(const struct problem *problem, const struct solve_options *options, struct solve_state *ret_state,
                  struct plan *plan, struct error *ret_error)
{
    if (options->effort < SOLVE_EFFORT_MIN || options->effort > SOLVE_EFFORT_MAX)
        return error_set(ret_error, ERROR_INVALID, "effort is from %d to %d", SOLVE_EFFORT_MIN, SOLVE_EFFORT_MAX);
    const struct effort *effort = &efforts[options->effort];
    struct prices_best best;
    work_init(&ret_state->work, problem);
    prices_best_init(&best, &ret_state->work);
    prices_run(&ret_state->work, options->effort, &best);
    prices_quantise(&ret_state->work, &best, plan);
    bool fine = make_plan(ret_state, &best, effort, options, ret_error);
    prices_best_release(&best);
    if (!fine)
        work_release(&ret_state->work);
    return fine;
}

bool solve(const struct problem *problem, const struct solve_options *options, struct plan *ret_plan,
           struct error *ret_error)
{
    struct solve_state *state = memory_new(1, sizeof *state);
    struct plan plan;
    plan_init(&plan, problem);
    bool fine = solve_search(problem, options, state, &plan, ret_error);
    if (fine) {
        solve_emit(state, &plan);
        fine = prove(problem, &plan, ret_error);
        solve_state_release(state);
    }
    free(state);
    if (fine)
        *ret_plan = plan;
    else
        plan_release(&plan);
    return fine;
}
