/* The prices: a proximal method of multipliers over everything the bound leaves to multipliers, group by group.
 *
 * Each sweep visits the groups and shifts their (fractional) allocations from dear pools to cheap ones; the multipliers
 * of capacity, per-machine limits, budgets, quotas and crossing caps follow at once, and a pool's machines with them.
 * Between sweeps each centre moves towards its multiplier, which makes them converge; one that keeps going the same way
 * gets stiffer, one that swings softer. Full scans over all pairs renew the candidates and give the bound.
 *
 * Internal to placement; no thread, no clock: the same problem and effort give the same bits. */
#ifndef DROVER_CONTROLLER_PLACEMENT_PRICES_H
#define DROVER_CONTROLLER_PLACEMENT_PRICES_H

#include "controller/placement/scan.h"
#include "controller/placement/work.h"

/* The best multipliers seen, in doubles. */
struct prices_best {
    double bound;
    double *price; /* [pool * dimensions + k] */
    double *budget, *group_budget, *quota, *cap;
    struct scan_riders riders, tried; /* per-machine limits that have one: of the best, of the last scan */
};

void prices_best_init(struct prices_best *best, const struct work *work);
void prices_best_release(struct prices_best *best);

enum { PRICES_EFFORT_MAX = 9 };

/* Sweeps and scans as far as the effort (1 to PRICES_EFFORT_MAX) goes; leaves the fractional plan in work and the best
 * multipliers in best. */
void prices_run(struct work *work, unsigned effort, struct prices_best *best);

/* Some sweeps more after low and high of some pools have changed. */
void prices_again(struct work *work, unsigned sweeps);

/* Work's load, machines and price of one pool after its load changed. */
void prices_update_pool(struct work *work, uint32_t pool);

/* Writes the multipliers into the plan, over its scale, which is chosen here. */
void prices_quantise(const struct work *work, const struct prices_best *best, struct plan *plan);

#endif
