/* What multipliers of per-machine limits and crossing caps add to the pairs of one group during its scan.
 *
 * Internal to the scan. */
#ifndef DROVER_CONTROLLER_PLACEMENT_SCAN_SURPLUS_H
#define DROVER_CONTROLLER_PLACEMENT_SCAN_SURPLUS_H

#include <math.h>

#include "controller/placement/scan.h"

/* By pool, laid out before the group's scan and taken back after it: 0 everywhere between. */
struct scan_surplus {
    bool any;      /* this group has either */
    bool rides;    /* this group has a per-machine limit */
    double *pool;  /* all of it */
    double *rider; /* the part of the per-machine limit */
};

void scan_surplus_init(struct scan_surplus *surplus, const struct work *work);
void scan_surplus_release(struct scan_surplus *surplus);

/* Lays out the group's multipliers. Where a pool has no machines and capacity does not pay for a whole one, the limit
 * may be worth the difference without costing the bound anything: pairs the search does not look at are made as dear
 * with that as what the group takes, as far as it goes, and work->rider_pay counts it. Appends to riders. */
void scan_surplus_open(struct scan_surplus *surplus, struct work *work, uint32_t group, struct scan_riders *riders);
void scan_surplus_close(struct scan_surplus *surplus, const struct work *work, uint32_t group);

/* What an allocation of the group costs in the pool at work's multipliers; infinite where it does not fit. */
static inline double scan_pair_cost(const struct work *work, const struct scan_surplus *surplus, uint32_t group,
                                    size_t pair)
{
    const double *demand = work->demand + (size_t)group * work->dimensions;
    uint32_t pool = work->problem->pair_pool[pair];
    const double *price = work->price + (size_t)pool * work->dimensions;
    double cost = (double)work->extra[pair];
    for (uint32_t k = 0; k < work->dimensions; k++)
        cost += price[k] * demand[k];
    if (work->group_rate[group] > 0 && !isinf(cost))
        cost += work->group_rate[group] * (double)problem_pair_rate(work->problem, group, pool);
    return surplus->any ? cost + surplus->pool[pool] : cost;
}

#endif
