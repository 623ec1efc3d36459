/* Local search on whole allocations with aggregate capacity: cheaper pools with room, machines that can be emptied.
 * Internal to placement. */
#ifndef DROVER_CONTROLLER_PLACEMENT_IMPROVE_H
#define DROVER_CONTROLLER_PLACEMENT_IMPROVE_H

#include "controller/placement/round.h"

/* Moves allocations to cheaper slots that have room. Returns what was saved. */
double improve_moves(struct round *round);

/* Places what is unplaced by moving others out of its way, where that pays. */
void improve_unplaced(struct round *round);

/* Tries to empty one machine of every pool into room elsewhere, opening at most one machine of another pool for it.
 * Returns what was saved. */
double improve_evacuate(struct round *round, bool opening);

/* Both until little comes of it, at most `rounds` times. */
void improve(struct round *round, unsigned rounds);

#endif
