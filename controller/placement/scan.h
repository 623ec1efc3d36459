/* Full scans over every pair: the bound at today's prices, and the candidates for the sweeps to come.
 *
 * Internal to placement. */
#ifndef DROVER_CONTROLLER_PLACEMENT_SCAN_H
#define DROVER_CONTROLLER_PLACEMENT_SCAN_H

#include "controller/placement/work.h"

/* The multiplier of a per-machine limit. */
struct scan_rider {
    uint32_t group;
    uint32_t pool;
    double value;
};

/* Starts as zeros; whoever holds it frees item. */
struct scan_riders {
    size_t count, room;
    struct scan_rider *item;
};

/* Renews all candidate lists (pools in use stay) and returns the bound at work's prices, in doubles. The multipliers of
 * per-machine limits that belong to it replace what riders held: by group, then pool. */
double scan_all(struct work *work, struct scan_riders *riders);

/* The pool's part of the bound. saturation: what may land on it, by dimension. */
double scan_pool(const struct work *work, uint32_t pool);

#endif
