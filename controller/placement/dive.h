/* Relax and fix: machines of the fractional plan become whole a few pools at a time, and the others adjust.
 * Internal to placement. */
#ifndef DROVER_CONTROLLER_PLACEMENT_DIVE_H
#define DROVER_CONTROLLER_PLACEMENT_DIVE_H

#include "controller/placement/work.h"

/* Leaves every pool with low = high = a whole number and the fractional plan adjusted to that; `steps` times some
 * pools are fixed and `sweeps` sweeps run. A part of a machine below the threshold (0 to 1) is rounded down. */
void dive(struct work *work, unsigned steps, unsigned sweeps, double threshold);

#endif
