/* Full scans over every pair: the bound at today's prices, and the candidates for the sweeps to come.
 *
 * Internal to placement. */
#ifndef DROVER_CONTROLLER_PLACEMENT_SCAN_H
#define DROVER_CONTROLLER_PLACEMENT_SCAN_H

#include "controller/placement/work.h"

/* Renews all candidate lists (pools in use stay) and returns the bound at work's prices, in doubles. */
double scan_all(struct work *work);

/* The pool's part of the bound. saturation: what may land on it, by dimension. */
double scan_pool(const struct work *work, uint32_t pool);

#endif
