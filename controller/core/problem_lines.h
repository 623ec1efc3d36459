/* Lines of a problem file (controller/placement/problem.h), as the core writes them. */
#ifndef DROVER_CONTROLLER_CORE_PROBLEM_LINES_H
#define DROVER_CONTROLLER_CORE_PROBLEM_LINES_H

#include "base/buffer.h"
#include "model/resources.h"

/* The head: dimensions are the resources in their order, all pools are in region 0. */
void lines_begin(struct buffer *out);
/* rate: the full price, for budgets of groups. held: NULL for none. */
void lines_pool(struct buffer *out, size_t pool, int64_t price_uusd_h, int64_t rate_uusd_h,
                const struct resources *capacity, const struct resources *held, int64_t min, int64_t max);
/* More of the pool, up to `upto` in all, at another price; not below the one before. */
void lines_tier(struct buffer *out, size_t pool, int64_t upto, int64_t price_uusd_h);
void lines_group(struct buffer *out, size_t group, int64_t count, const struct resources *demand,
                 int64_t unplaced_uusd_h, int64_t move_uusd_h);
void lines_may(struct buffer *out, size_t group, uint32_t pool, int64_t extra_uusd_h, int64_t now);
/* Nothing for an empty list; less than nothing counts as nothing. */
void lines_cap(struct buffer *out, size_t group, const uint32_t *pools, size_t count, int64_t most);

#endif
