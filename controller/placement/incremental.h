/* A solved problem that follows events: only what an event touches is worked on again, and the proof with it.
 *
 * Opened by a full solve, or on a plan that somebody else has found. Each event changes the problem, repairs the plan
 * where it must, improves it round what was touched, works the touched terms of the certificate out again in the same
 * integers as certificate.h, and leaves figures that certificate_check confirms. What drifts all the same is brought
 * back by a full solve of a snapshot, in any thread the caller likes, whose plan incremental_rebase takes over piece by
 * piece.
 *
 * Numbers: groups and pools keep theirs. A removed group stays as one of count 0 and its number is not used again: a
 * caller that has removed more than it keeps opens anew. A pool or region that the problem does not have yet, and a
 * budget, quota or group budget that is new or changed, need a new solve; a pool that is expected may be in the problem
 * from the start with a limit of 0.
 *
 * Not thread-safe: one thread at a time on one object. Deterministic: the same problem, plans and events in the same
 * order give the same plan and figures. */
#ifndef DROVER_CONTROLLER_PLACEMENT_INCREMENTAL_H
#define DROVER_CONTROLLER_PLACEMENT_INCREMENTAL_H

#include "controller/placement/certificate.h"
#include "controller/placement/solve.h"

struct incremental;

/* Takes over *problem (the caller must not use or release it any more, on failure either) and solves it. NULL and
 * errors as solve. */
struct incremental *incremental_open(struct problem *problem, const struct solve_options *options,
                                     struct error *ret_error);
/* The same from a plan of this problem instead of a solve: what does not hold is placed anew, so any plan will do, and
 * its multipliers are the first proof. The plan stays the caller's. NULL as incremental_open when y0 or held capacity
 * breaks a limit. */
struct incremental *incremental_open_plan(struct problem *problem, const struct plan *plan, struct error *ret_error);
void incremental_close(struct incremental *incremental);

/* The figures as they stand, as certificate.h has them. */
struct certificate incremental_figures(const struct incremental *incremental);

/* The problem as it is now; changes with the next event. */
const struct problem *incremental_problem(const struct incremental *incremental);

/* The whole plan as it is now, with figures; certificate_check takes it. The caller releases it. Takes time in
 * proportion to all groups and pools. */
bool incremental_plan(const struct incremental *incremental, struct plan *ret_plan, struct error *ret_error);

/* How many events have been taken. */
uint64_t incremental_sequence(const struct incremental *incremental);

/* --- events ---
 *
 * Each fails without changing anything: ERROR_INVALID for numbers out of range, ERROR_OVERFLOW where A_pk, the cost or
 * the bound would leave 62 bits, ERROR_CONFLICT where no plan would be left (as solve). */

bool incremental_resize_group(struct incremental *incremental, uint32_t group, int64_t count, struct error *ret_error);

struct incremental_pair {
    uint32_t pool;
    uint32_t now;  /* allocations that run there today */
    int64_t extra; /* micro-dollars an allocation-hour */
};

struct incremental_cap {
    const uint32_t *pools; /* distinct, in any order */
    uint32_t pool_count;
    int64_t max;
};

/* A group as problem.h has it. Everything is copied. */
struct incremental_group {
    int64_t count;
    int64_t demand[PROBLEM_DIMENSIONS_MAX];
    int64_t unplaced;                     /* micro-dollars an allocation-hour */
    int64_t move;                         /* micro-dollars an hour for each allocation moved */
    int64_t permachine;                   /* PROBLEM_UNLIMITED for none */
    const struct incremental_pair *pairs; /* pools distinct, in any order */
    size_t pair_count;
    const struct incremental_cap *caps;
    uint32_t cap_count;
    const uint32_t *group_budgets; /* numbers of the problem's group budgets, distinct */
    uint32_t group_budget_count;
};

/* Adds a group; *ret_group is its number. ERROR_TOO_LARGE beyond problem.h's limits. */
bool incremental_add_group(struct incremental *incremental, const struct incremental_group *added, uint32_t *ret_group,
                           struct error *ret_error);
/* The group's allocations are gone and its number with them: it cannot be resized any more. */
bool incremental_remove_group(struct incremental *incremental, uint32_t group, struct error *ret_error);

/* A pool as problem.h has it. */
struct incremental_pool {
    int64_t price; /* micro-dollars a machine-hour */
    int64_t rate;
    int64_t min, max; /* y0, and Y at the first price; PROBLEM_UNLIMITED for none */
    int64_t capacity[PROBLEM_DIMENSIONS_MAX];
    int64_t held[PROBLEM_DIMENSIONS_MAX];
    const int64_t *tier_upto;  /* machines; above max, rising */
    const int64_t *tier_price; /* not falling, from price on */
    uint32_t tier_count;
};

/* The pool as it is now; its tiers point into the problem and hold until the next event. */
bool incremental_pool(const struct incremental *incremental, uint32_t pool, struct incremental_pool *ret_pool,
                      struct error *ret_error);
/* The pool becomes this; what differs from now is worked on. Machines above a lower Y, overfull machines, and what a
 * budget or quota no longer allows are given up, and what was on them is placed again. A new capacity vector takes time
 * in proportion to the groups that may use the pool, all else to those it matters to. */
bool incremental_set_pool(struct incremental *incremental, uint32_t pool, const struct incremental_pool *to,
                          struct error *ret_error);
/* The first price alone. A rate that was equal to it (as in a problem file without one) follows. */
bool incremental_set_pool_price(struct incremental *incremental, uint32_t pool, int64_t price, struct error *ret_error);
/* y0 and Y at the first price alone; tiers stay and must stay above it. */
bool incremental_set_pool_limit(struct incremental *incremental, uint32_t pool, int64_t min, int64_t max,
                                struct error *ret_error);

/* One machine, the `machine`-th of the plan's (counted round), is gone. An owned one (y0 above 0) lowers y0, Y and
 * every tier's limit by one; what it held is placed again, wherever that costs least. A rented one changes nothing: the
 * plan rents it again, at the same price. A provider that has none to give says so by incremental_set_pool_limit. */
bool incremental_lose_machine(struct incremental *incremental, uint32_t pool, int64_t machine, struct error *ret_error);
/* Every pool of the region is gone: no machines, nothing held, no room, no tiers. incremental_set_pool brings one back.
 */
bool incremental_lose_region(struct incremental *incremental, uint32_t region, struct error *ret_error);

/* --- the solve in the background --- */

/* A copy of the problem as it is now, that shares nothing with it and may go to another thread, and the number of
 * events in it. The caller releases it. */
void incremental_snapshot(const struct incremental *incremental, struct problem *ret_problem, uint64_t *ret_sequence);

/* Takes over a plan that somebody has found for the snapshot of base_sequence, whatever events came since. Its
 * multipliers are fitted to the prices and limits of now; every machine and every allocation on it is looked at anew
 * and stays only where each rule of now allows it, the rest is placed again. Multipliers and placement are judged
 * apart: each is taken only if the figures are better with it, so none of cost, nodecost and bound is ever worse
 * afterwards than before. *ret_better says whether anything was taken (NULL where that is of no interest).
 *
 * The plan may come from anywhere; only its ids must be those of the snapshot (as solve and plan_read give them).
 * Takes time in proportion to all pairs, as opening does. ERROR_INVALID for a base_sequence that is still to come;
 * nothing has changed then. Not an event: the sequence stays. */
bool incremental_rebase(struct incremental *incremental, const struct plan *plan, uint64_t base_sequence,
                        bool *ret_better, struct error *ret_error);

#endif
