/* The rooms of the prices: a pool's answer to its load, a group's visit, and everything else that has a multiplier.
 *
 * Internal to the prices: prices.c calls these in order. */
#ifndef DROVER_CONTROLLER_PLACEMENT_PRICES_PARTS_H
#define DROVER_CONTROLLER_PLACEMENT_PRICES_PARTS_H

#include "controller/placement/work.h"

/* --- prices_pool.c --- */

/* What a group's own per-machine limit adds to the curve of one of its slots; zeros without one. */
struct prices_bend {
    double stiffness; /* of the limit, where it binds */
    double each;      /* l_j */
};

/* How fast the group's cost in the pool rises with an allocation more, machines answering. */
double prices_pool_steepness(const struct work *work, uint32_t pool, const double *demand, struct prices_bend bend);

/* Finds the scale of prices, for stiffness. */
void prices_pool_start(struct work *work);

/* How strongly prices of capacity answer to overload, after the size the pools have now: `strength` is the share of
 * a machine's price that twice the capacity adds. */
void prices_pool_stiffen(struct work *work, double strength);

/* --- prices_visit.c --- */

/* Shifts the group's allocations from where they are dear to where they are cheap. */
void prices_visit_group(struct work *work, uint32_t group);

/* --- prices_pace.c --- */

/* Moves a centre towards its multiplier by `share` of the way. How steadily it goes decides its stiffness from now on:
 * pace->factor. */
void prices_pace_centre(struct work_pace *pace, double share, double price, double *centre);

/* --- prices_limits.c: budgets, quotas, group budgets, crossing caps --- */

/* Stiffness of every limit and what is used of it at the machines as they stand; multipliers are 0. */
void prices_limits_start(struct work *work);

/* The multiplier of a budget or quota (numbered as in struct work_limit), of a group budget, at today's use. */
double prices_limit_price(const struct work *work, uint32_t number);
double prices_gbudget_price(const struct work *work, uint32_t number);
/* The same of a crossing cap (numbered as in the problem). */
double prices_cap_price(const struct work *work, uint32_t cap);

/* How fast each of these rises with use, where it is above 0. */
double prices_limit_stiffness(const struct work *work, uint32_t number);
double prices_gbudget_stiffness(const struct work *work, uint32_t number);
double prices_cap_stiffness(const struct work *work, uint32_t cap);

/* Takes the multipliers as they stand into budget, quota, group_budget, group_rate, cap_price and slope, for the
 * bound. */
void prices_limits_take(struct work *work);

/* Moves the centres of all of them towards the multipliers. */
void prices_limits_centre(struct work *work, double share);

/* --- prices_riders.c: per-machine limits --- */

/* True for a group with a per-machine limit that leaves room for at least one. */
bool prices_riders_any(const struct work *work, uint32_t group);

/* The multiplier of the limit in one slot at today's allocations and machines. */
double prices_rider_price(const struct work *work, uint32_t group, size_t slot);

/* Takes over what the slot's limit is worth to its pool now, in place of what it was worth when last asked. */
void prices_rider_renew(struct work *work, uint32_t group, size_t slot);

/* Adds up what every pool gets from the limits, lets its machines answer once more and keeps pools without an end from
 * being paid more than a machine costs: multipliers are then fit for the bound. */
void prices_riders_take(struct work *work);

/* What one machine more costs beyond what capacity pays for it; without end at the pool's limit. */
double prices_riders_unpaid(const struct work *work, uint32_t pool);

/* Moves the centres towards the multipliers and sets the stiffness anew. */
void prices_riders_centre(struct work *work, double share, double strength);

/* --- prices_cost.c --- */

/* What the fractional plan costs, with as many machines as its loads need. */
double prices_cost(const struct work *work);

#endif
