/* Multipliers of the search become the whole numbers of a plan. */
#include <math.h>
#include <string.h>

#include "controller/placement/prices.h"

/* Rounded down, and a trifle more: prices of a pool that just pay for a machine must not pay for more than it. */
static int64_t quantised(double value, double scale)
{
    double scaled = value * scale * (1 - 1e-12);
    if (!(scaled > 0))
        return 0;
    return scaled < (double)PLAN_MULTIPLIER_MAX ? (int64_t)scaled : PLAN_MULTIPLIER_MAX;
}

static double largest(const double *values, size_t count, double least)
{
    for (size_t i = 0; i < count; i++)
        least = values[i] > least ? values[i] : least;
    return least;
}

void prices_quantise(const struct work *work, const struct prices_best *best, struct plan *plan)
{
    const struct problem *problem = work->problem;
    size_t cells = (size_t)work->pools * work->dimensions;
    uint32_t all_caps = work->groups ? problem->cap_start[work->groups] : 0;
    double most = largest(best->price, cells, 1);
    most = largest(best->budget, problem->budgets.count, most);
    most = largest(best->group_budget, problem->group_budgets.count, most);
    most = largest(best->quota, problem->quotas.count, most);
    most = largest(best->cap, all_caps, most);
    for (size_t i = 0; i < best->riders.count; i++)
        most = best->riders.item[i].value > most ? best->riders.item[i].value : most;
    plan->scale = PLAN_SCALE_MIN;
    while (plan->scale < PLAN_SCALE_MAX && most * 2 * (double)plan->scale < (double)PLAN_MULTIPLIER_MAX)
        plan->scale *= 2;
    double scale = (double)plan->scale;
    for (size_t i = 0; i < best->riders.count; i++) {
        const struct scan_rider *rider = &best->riders.item[i];
        plan_add_permachine(plan, rider->group, rider->pool, quantised(rider->value, scale));
    }
    for (size_t cell = 0; cell < cells; cell++)
        plan->price[cell] = quantised(best->price[cell], scale);
    for (uint32_t b = 0; b < problem->budgets.count; b++)
        plan->budget[b] = quantised(best->budget[b], scale);
    for (uint32_t b = 0; b < problem->group_budgets.count; b++)
        plan->group_budget[b] = quantised(best->group_budget[b], scale);
    for (uint32_t q = 0; q < problem->quotas.count; q++)
        plan->quota[q] = quantised(best->quota[q], scale);
    for (uint32_t c = 0; c < all_caps; c++)
        plan->cap[c] = work->cap_crossing[c] ? quantised(best->cap[c], scale) : PLAN_ABSENT;
}
