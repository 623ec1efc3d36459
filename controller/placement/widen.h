/* More candidates for the search on whole allocations than the prices look at. Internal to placement. */
#ifndef DROVER_CONTROLLER_PLACEMENT_WIDEN_H
#define DROVER_CONTROLLER_PLACEMENT_WIDEN_H

#include "controller/placement/work.h"

enum { WIDEN_SLOTS_MAX = 60 }; /* a group; the search keeps sets of them in 64 bits */

/* True where the problem is small enough for all pairs to be looked at. */
bool widen_worth(const struct work *work);

/* Gives every group up to `most` candidates, those it has and the cheapest others at work's prices. The prices cannot
 * run any more afterwards: their arrays have room for WORK_SLOTS_CAPPED. */
void widen(struct work *work, unsigned most);

#endif
