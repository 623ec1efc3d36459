/* The steady state: what a good plan placed yesterday, at today's prices. */
#ifndef DROVER_TESTS_BENCH_PLACEMENT_DISTURB_H
#define DROVER_TESTS_BENCH_PLACEMENT_DISTURB_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* Solves the problem in `text`, makes the plan today's placement, changes every price by up to 10 % either way and puts
 * that problem in the text's stead. Fails as problem_read and solve do, the text as it was. */
bool disturb_problem(struct buffer *text, uint64_t seed, struct error *ret_error);

#endif
