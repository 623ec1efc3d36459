/* What a search leaves behind: incremental.h goes on from there. Internal to placement. */
#ifndef DROVER_CONTROLLER_PLACEMENT_SOLVE_STATE_H
#define DROVER_CONTROLLER_PLACEMENT_SOLVE_STATE_H

#include "controller/placement/nodes.h"
#include "controller/placement/round.h"
#include "controller/placement/solve.h"
#include "controller/placement/work.h"

/* Must not be moved in memory: its parts point at one another. */
struct solve_state {
    struct work work;
    struct round round;
    struct nodes nodes;
};

/* Searches; writes the multipliers into plan and nothing else. On failure nothing is left to release. */
bool solve_search(const struct problem *problem, const struct solve_options *options, struct solve_state *ret_state,
                  struct plan *plan, struct error *ret_error);
void solve_state_release(struct solve_state *state);

/* Adds machines, puts, unplaced and pack lines to the plan. */
void solve_emit(const struct solve_state *state, struct plan *plan);

#endif
