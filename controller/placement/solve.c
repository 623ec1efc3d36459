/* Puts the pieces together: prices, rounding, local search, packing, proof. */
#include "controller/placement/solve.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/certificate.h"
#include "controller/placement/dive.h"
#include "controller/placement/improve.h"
#include "controller/placement/nodes.h"
#include "controller/placement/prices.h"
#include "controller/placement/round.h"
#include "controller/placement/work.h"

/* Iterations an effort buys. */
struct effort {
    unsigned sweeps;
    unsigned scan_every;
    unsigned dive_steps, dive_sweeps;
    unsigned rounds;
};

static const struct effort efforts[SOLVE_EFFORT_MAX + 1] = {
    {0},
    {20, 5, 5, 4, 2},
    {40, 8, 8, 6, 3},
    {60, 10, 12, 8, 4},
    {100, 10, 16, 10, 6},
    {200, 10, 24, 10, 8},
    {400, 20, 40, 12, 12},
    {800, 20, 60, 15, 16},
    {1500, 30, 100, 20, 24},
    {3000, 50, 200, 25, 32},
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

static void emit_plan(const struct nodes *nodes, struct plan *plan)
{
    const struct round *round = nodes->round;
    const struct work *work = round->work;
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
    nodes_emit(nodes, plan);
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

bool solve(const struct problem *problem, const struct solve_options *options, struct plan *ret_plan,
           struct error *ret_error)
{
    if (options->effort < SOLVE_EFFORT_MIN || options->effort > SOLVE_EFFORT_MAX)
        return error_set(ret_error, ERROR_INVALID, "effort is from %d to %d", SOLVE_EFFORT_MIN, SOLVE_EFFORT_MAX);
    const struct effort *effort = &efforts[options->effort];
    struct work work;
    struct round round;
    struct prices_best best;
    struct plan plan;
    work_init(&work, problem);
    plan_init(&plan, problem);
    prices_best_init(&best, &work);
    prices_run(&work, effort->sweeps, effort->scan_every, &best);
    dive(&work, effort->dive_steps, effort->dive_sweeps);
    round_init(&round, &work);
    memcpy(round.margin, best.price, (size_t)work.pools * work.dimensions * sizeof *round.margin);
    bool fine = check_feasible(&round, ret_error);
    if (fine) {
        round_follow(&round);
        improve(&round, effort->rounds);
        struct nodes nodes;
        nodes_init(&nodes, &round);
        nodes_repair(&nodes);
        nodes_improve(&nodes, effort->rounds);
        prices_quantise(&work, &best, &plan);
        emit_plan(&nodes, &plan);
        nodes_release(&nodes);
        fine = prove(problem, &plan, ret_error);
    }
    round_release(&round);
    prices_best_release(&best);
    work_release(&work);
    if (fine)
        *ret_plan = plan;
    else
        plan_release(&plan);
    return fine;
}
