/* What simpler schedulers would pay for the same problem: references for the bench. */
#ifndef DROVER_TESTS_BENCH_PLACEMENT_BASELINE_H
#define DROVER_TESTS_BENCH_PLACEMENT_BASELINE_H

#include "controller/placement/problem.h"

/* Micro-dollars an hour on aggregate capacity. Both keep the pools' limits and put what no longer fits into the next
 * pool of their order, leaving unplaced what fits nowhere; caps, budgets, quotas and moves are left out of account,
 * which only flatters them. */

/* Each group goes to the pool that is cheapest for one of its allocations. */
double baseline_cheapest(const struct problem *problem);

/* Each group is divided over the pools it may use, an eighth at a time, without a look at prices. */
double baseline_blind(const struct problem *problem);

#endif
