/* What the fractional plan costs, with as many machines as its loads need. */
#include <stdlib.h>

#include "base/memory.h"
#include "controller/placement/prices.h"
#include "controller/placement/prices_parts.h"

/* Machines that per-machine limits need, by pool; the caller frees them. */
static double *needed_by_limits(const struct work *work)
{
    double *machines = memory_new(work->pools, sizeof *machines);
    for (uint32_t i = 0; i < work->rider_groups; i++) {
        uint32_t group = work->rider_group[i];
        double each = (double)work->problem->group_permachine[group];
        for (size_t s = work->slot_start[group]; s < work->slot_start[group] + work->slot_count[group]; s++) {
            double here = work->slot[s].x / each;
            if (here > machines[work->slot[s].pool])
                machines[work->slot[s].pool] = here;
        }
    }
    return machines;
}

/* Machines that the loads need, no less than most; may be more than the pool can have. */
static double needed(const struct work *work, uint32_t pool, double most)
{
    double least = work->least[pool];
    most = most > least ? most : least;
    for (uint32_t k = 0; k < work->dimensions; k++) {
        size_t cell = (size_t)pool * work->dimensions + k;
        double beyond = work->load[cell] + work->held[cell] - work->capacity[cell] * least;
        if (beyond <= 0 || work->grown[cell] <= 0)
            continue;
        double machines = least + beyond / work->grown[cell];
        most = machines > most ? machines : most;
    }
    return most;
}

/* Machines beyond the last tier count at its price: they cannot be had, so that the plan is not yet one. */
static double pool_cost(const struct work *work, uint32_t pool, double by_limits)
{
    double machines = needed(work, pool, by_limits);
    double from = work->least[pool];
    double cost = 0;
    for (uint32_t t = work->tier_start[pool]; t < work->tier_start[pool + 1]; t++) {
        bool last = t + 1 == work->tier_start[pool + 1];
        double upto = machines < work->tier[t].upto || last ? machines : work->tier[t].upto;
        if (upto <= from)
            continue;
        cost += (upto - from) * work->tier[t].price;
        from = upto;
    }
    return cost;
}

static double group_cost(const struct work *work, uint32_t group)
{
    const struct problem *problem = work->problem;
    double cost = work->left[group] * (double)problem->group_unplaced[group];
    double gained = 0;
    for (size_t s = work->slot_start[group]; s < work->slot_start[group] + work->slot_count[group]; s++) {
        const struct work_slot *slot = &work->slot[s];
        cost += slot->x * slot->extra;
        gained += slot->x > (double)slot->now ? slot->x - (double)slot->now : 0;
    }
    double growth = (double)problem->group_count[group] - work->now_total[group];
    double moves = gained - (growth > 0 ? growth : 0);
    return moves > 0 ? cost + moves * (double)problem->group_move[group] : cost;
}

double prices_cost(const struct work *work)
{
    double cost = 0;
    double *by_limits = needed_by_limits(work);
    for (uint32_t p = 0; p < work->pools; p++)
        cost += pool_cost(work, p, by_limits[p]);
    free(by_limits);
    for (uint32_t j = 0; j < work->groups; j++)
        cost += group_cost(work, j);
    return cost;
}
