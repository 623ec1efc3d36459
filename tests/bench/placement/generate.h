/* Problems that look like a federation's: machine families at list prices, spot shares, residency, egress, today's
 * placement, and every kind of limit the format knows. One seed and one shape give one file, on any machine. */
#ifndef DROVER_TESTS_BENCH_PLACEMENT_GENERATE_H
#define DROVER_TESTS_BENCH_PLACEMENT_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct generate_shape {
    const char *name;
    uint32_t regions;
    uint32_t pools_a_region;
    uint32_t groups;
    uint32_t mean_count;   /* allocations a group */
    uint32_t home_regions; /* how many regions a group may use, on average */
    uint32_t size_cap;     /* largest machine, in cores */
};

/* small, medium, large, million, huge, tiny; NULL for another name. */
const struct generate_shape *generate_shape_find(const char *name);

/* Appends a whole problem file. */
void generate_problem(const struct generate_shape *shape, uint64_t seed, struct buffer *out);

#endif
