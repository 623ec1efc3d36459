/* From the fractional plan to whole allocations on whole machines: rounding, annealing on aggregate capacity, packing,
 * annealing on machines. Internal to placement. */
#ifndef DROVER_CONTROLLER_PLACEMENT_SEARCH_H
#define DROVER_CONTROLLER_PLACEMENT_SEARCH_H

#include "controller/placement/nodes.h"
#include "controller/placement/round.h"
#include "controller/placement/solve.h"

/* round is as round_init leaves it, with the margins set. Leaves the best plan found in round and ret_nodes, which the
 * caller releases whatever is returned. The effort says how many steps the size of the problem is worth. False when
 * told to stop. */
bool search(struct round *round, const struct solve_options *options, struct nodes *ret_nodes);

bool search_told_to_stop(const struct solve_options *options);

#endif
