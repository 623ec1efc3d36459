/* Solves a placement problem: a plan, the packing of it, and multipliers that prove how good it is.
 *
 * Deterministic: the same problem, options and binary give the same plan on any machine; no clock is read. Doubles
 * steer the search; what is returned is whole numbers that certificate.h checks. */
#ifndef DROVER_CONTROLLER_PLACEMENT_SOLVE_H
#define DROVER_CONTROLLER_PLACEMENT_SOLVE_H

#include "controller/placement/plan.h"
#include "controller/placement/problem.h"

enum { SOLVE_EFFORT_MIN = 1, SOLVE_EFFORT_DEFAULT = 5, SOLVE_EFFORT_MAX = 9 };

struct solve_options {
    uint64_t seed;
    unsigned effort; /* SOLVE_EFFORT_MIN to SOLVE_EFFORT_MAX: iterations, never seconds */
    /* Asked between two parts of the work, from the solving thread; true: give up with ERROR_BUSY. NULL: never. */
    bool (*stop)(void *context);
    void *stop_context;
};
#define SOLVE_OPTIONS_DEFAULT                                                                                          \
    {                                                                                                                  \
        .seed = 1, .effort = SOLVE_EFFORT_DEFAULT                                                                      \
    }

/* On success *ret_plan is a new plan with cost, nodecost and bound that the caller releases. ERROR_CONFLICT when no
 * plan exists because what is owned (y0) or held already breaks a budget, a quota or a pool's limit: the text names
 * it. ERROR_INVALID for options out of range, ERROR_OVERFLOW when figures leave 62 bits. */
bool solve(const struct problem *problem, const struct solve_options *options, struct plan *ret_plan,
           struct error *ret_error);

#endif
