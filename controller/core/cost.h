/* What runs where at what price: reports over the world, Drover's jobs or not. Pure reading.
 *
 * Cost of a job = sum over its allocations of the pool's full rate x the largest share it takes of cpu or memory of its
 * node, by largest remainder; shares on a node that add up to more than 1 are scaled down; the rest is idle, so
 * used + idle = paid on every priced node, to the micro-dollar. */
#ifndef DROVER_CONTROLLER_CORE_COST_H
#define DROVER_CONTROLLER_CORE_COST_H

#include "controller/core/world.h"

struct cost_sum {
    int64_t paid_uusd_h, used_uusd_h, idle_uusd_h; /* full rate, of nodes that are not down */
    int64_t marginal_uusd_h;                       /* what using what is used adds */
    uint32_t nodes, unpriced_nodes;
    uint32_t allocations, unpriced_allocations; /* live allocations; those on unpriced nodes have no cost */
};

struct cost_job {
    symbol job_namespace, id, region;
    int64_t used_uusd_h; /* full rate */
    int64_t marginal_uusd_h;
    uint32_t allocations, unpriced_allocations;
    bool drover; /* Drover registered it there */
};

struct cost_report {
    struct cost_sum *pools; /* one for each pool of each region, in the world's order: regions, then pools */
    size_t pool_count;
    struct cost_sum *regions; /* in the world's order */
    size_t region_count;
    struct cost_sum total;
    struct cost_job *jobs; /* sorted by namespace, id, region */
    size_t job_count;
};

struct cost_report *cost_report_new(const struct world *world);
void cost_report_free(struct cost_report *report);

/* The ready node with the least cpu, then memory; NULL without a ready one. */
const struct world_node *pool_smallest_node(const struct world_region *region, uint32_t pool);

/* What one machine of a pool costs an hour, commitments counted: what is covered costs what is committed to and adds
 * nothing; the mean over the pool's machines, rounded up. False when the pool is not priced. */
bool cost_machine(const struct world_pool *pool, int64_t *ret_marginal_uusd_h, int64_t *ret_full_uusd_h);

/* What one allocation of `each` costs on a pool: rate x largest priced share of the pool's smallest ready node, rounded
 * up. Returns false when the pool is not priced. */
bool cost_unit(const struct world_region *region, const struct world_pool *pool, const struct resources *each,
               int64_t *ret_marginal_uusd_h, int64_t *ret_full_uusd_h);

#endif
