/* A problem that shares nothing with the one it was made of. */
#ifndef DROVER_CONTROLLER_PLACEMENT_PROBLEM_COPY_H
#define DROVER_CONTROLLER_PLACEMENT_PROBLEM_COPY_H

#include "controller/placement/problem.h"

/* *ret_copy is a new problem that the caller releases. Takes as much memory as the first. */
void problem_copy(const struct problem *problem, struct problem *ret_copy);

#endif
