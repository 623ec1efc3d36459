/* A solved problem that follows events: only what an event touches is worked on again, and the proof with it.
 *
 * Opened by a full solve; each event changes the problem, repairs the plan where it must, works the certificate's
 * touched terms out again in the same integers as certificate.h, and gives the new figures. The multipliers stay as the
 * solve left them except where an event makes them worthless (a price cut, a pool that is gone); what drifts is brought
 * back by a full solve on a copy, in another thread if the caller likes.
 *
 * Group and pool numbers stay; a removed group has count 0. A group that the problem does not have yet needs a new
 * solve. Not thread-safe. Deterministic: the same events in the same order give the same plan. */
#ifndef DROVER_CONTROLLER_PLACEMENT_INCREMENTAL_H
#define DROVER_CONTROLLER_PLACEMENT_INCREMENTAL_H

#include "controller/placement/certificate.h"
#include "controller/placement/solve.h"

struct incremental;

/* Takes over *problem (the caller must not use or release it any more, on failure either) and solves it. NULL and
 * errors as solve. */
struct incremental *incremental_open(struct problem *problem, const struct solve_options *options,
                                     struct error *ret_error);
void incremental_close(struct incremental *incremental);

/* The figures as they stand. nodecost and gaps as certificate.h. */
struct certificate incremental_figures(const struct incremental *incremental);

/* The problem as it is now; changes with the next event. */
const struct problem *incremental_problem(const struct incremental *incremental);

/* The whole plan as it is now, with figures; certificate_check takes it. The caller releases it. */
bool incremental_plan(const struct incremental *incremental, struct plan *ret_plan, struct error *ret_error);

/* Events. Each fails without changing anything: ERROR_INVALID for numbers out of range, ERROR_OVERFLOW where A_pk or
 * the sums would leave theirs, ERROR_CONFLICT where no plan is left (as solve). */
bool incremental_resize_group(struct incremental *incremental, uint32_t group, int64_t count, struct error *ret_error);
/* The first price and with it f_p; tiers stay and must not become cheaper than it. */
bool incremental_set_pool_price(struct incremental *incremental, uint32_t pool, int64_t price, struct error *ret_error);
/* y0 and Y at the first price (PROBLEM_UNLIMITED for none); only for pools without tiers. Machines above a lower Y are
 * given up and what was on them is placed again. */
bool incremental_set_pool_limit(struct incremental *incremental, uint32_t pool, int64_t min, int64_t max,
                                struct error *ret_error);
/* One machine is gone: y0 and Y of the pool fall by one where they bind, and what the machine held (the
 * `machine`-th of the pool, counted round) is placed again. */
bool incremental_lose_machine(struct incremental *incremental, uint32_t pool, int64_t machine, struct error *ret_error);
/* Every pool of the region is gone: no machines, nothing held, no room. */
bool incremental_lose_region(struct incremental *incremental, uint32_t region, struct error *ret_error);

#endif
