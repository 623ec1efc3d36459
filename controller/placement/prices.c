/* Sweeps in order, and the best multipliers on the way; see prices.h. */
#include "controller/placement/prices.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/prices_parts.h"
#include "controller/placement/scan.h"

static void start_prices(struct work *work)
{
    uint32_t dimensions = work->dimensions;
    for (uint32_t p = 0; p < work->pools; p++) {
        double shares = 0;
        size_t cell = (size_t)p * dimensions;
        for (uint32_t k = 0; k < dimensions; k++)
            shares += work->capacity[cell + k] > 0;
        for (uint32_t k = 0; k < dimensions; k++) {
            if (work->capacity[cell + k] > 0)
                work->centre[cell + k] = work->tier[work->tier_start[p]].price / (work->capacity[cell + k] * shares);
        }
        work->machines[p] = work->least[p] > 1 ? work->least[p] : 1;
    }
    prices_pool_stiffen(work, 1);
    memcpy(work->price, work->centre, (size_t)work->pools * dimensions * sizeof *work->price);
    for (uint32_t j = 0; j < work->groups; j++)
        work->left[j] = (double)work->problem->group_count[j];
    prices_limits_take(work);
}

/* Renews the candidates, and keeps the multipliers where they are the best so far. */
static void scan(struct work *work, struct prices_best *best)
{
    double bound = scan_all(work, &best->tried);
    if (bound <= best->bound)
        return;
    const struct problem *problem = work->problem;
    uint32_t caps = work->groups ? problem->cap_start[work->groups] : 0;
    best->bound = bound;
    memcpy(best->price, work->price, (size_t)work->pools * work->dimensions * sizeof *best->price);
    memcpy(best->budget, work->budget, problem->budgets.count * sizeof *best->budget);
    memcpy(best->group_budget, work->group_budget, problem->group_budgets.count * sizeof *best->group_budget);
    memcpy(best->quota, work->quota, problem->quotas.count * sizeof *best->quota);
    memcpy(best->cap, work->cap_price, caps * sizeof *best->cap);
    struct scan_riders worse = best->riders;
    best->riders = best->tried;
    best->tried = worse;
}

void prices_best_init(struct prices_best *best, const struct work *work)
{
    const struct problem *problem = work->problem;
    uint32_t caps = work->groups ? problem->cap_start[work->groups] : 0;
    best->bound = -HUGE_VAL;
    best->price = memory_new((size_t)work->pools * work->dimensions, sizeof *best->price);
    best->budget = memory_new(problem->budgets.count, sizeof *best->budget);
    best->group_budget = memory_new(problem->group_budgets.count, sizeof *best->group_budget);
    best->quota = memory_new(problem->quotas.count, sizeof *best->quota);
    best->cap = memory_new(caps, sizeof *best->cap);
    best->riders = (struct scan_riders){0};
    best->tried = (struct scan_riders){0};
}

void prices_best_release(struct prices_best *best)
{
    free(best->price);
    free(best->budget);
    free(best->group_budget);
    free(best->quota);
    free(best->cap);
    free(best->riders.item);
    free(best->tried.item);
}

static const double STRENGTH = 0.3;
enum { IDLE_REST = 7 }; /* sweeps left out between two visits, a power of two less one */

/* A group that has not moved for a while is looked at only now and then. */
static bool due(const struct work *work, uint32_t group, unsigned sweep)
{
    unsigned idle = work->idle[group];
    unsigned rest = idle < 1 ? 0 : idle < 3 ? 1 : idle < 6 ? 3 : IDLE_REST;
    return ((sweep + group) & rest) == 0;
}

/* One visit to every group that is due; multipliers are then as they follow from the loads. */
static void sweep_once(struct work *work, unsigned sweep)
{
    for (uint32_t i = 0; i < work->groups; i++) {
        uint32_t group = sweep % 2 ? work->groups - 1 - i : i;
        if (due(work, group, sweep))
            prices_visit_group(work, group);
    }
    prices_riders_take(work);
    prices_limits_take(work);
}

/* Centres follow the multipliers, and all pools answer to that. */
static void settle(struct work *work, double share)
{
    size_t cells = (size_t)work->pools * work->dimensions;
    for (size_t cell = 0; cell < cells; cell++)
        prices_pace_centre(&work->pace[cell], share, work->price[cell], &work->centre[cell]);
    prices_limits_centre(work, share);
    prices_pool_stiffen(work, STRENGTH);
    prices_riders_centre(work, share, STRENGTH);
    for (uint32_t p = 0; p < work->pools; p++)
        prices_update_pool(work, p);
}

void prices_run(struct work *work, unsigned sweeps, unsigned every, struct prices_best *best)
{
    start_prices(work);
    scan(work, best);
    prices_limits_start(work);
    prices_riders_centre(work, 0, STRENGTH);
    for (unsigned sweep = 0; sweep < sweeps; sweep++) {
        sweep_once(work, sweep);
        if (sweep % every == every - 1 || sweep + 1 == sweeps)
            scan(work, best);
        settle(work, sweep < 20 ? 0.4 : 0.3);
    }
}

void prices_again(struct work *work, unsigned sweeps)
{
    settle(work, 0);
    for (unsigned sweep = 0; sweep < sweeps; sweep++) {
        sweep_once(work, sweep);
        settle(work, 0.3);
    }
}
