/* The snapshot: nodes that are alike, jobs that could be elsewhere, and what they take; see assess.h. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/cost.h"
#include "base/text.h"
#include "controller/core/assess_private.h"

enum { MACHINES_MAX = 1 << 16, GROUPS_MAX = 1 << 20 };

/* --- machines ----------------------------------------------------------------------------------------------------- */

static bool node_counts(const struct world_region *region, const struct world_node *node)
{
    const struct pool_config *config = region->pools[node->pool].config;
    return node_takes_work(node) && node->second_pool == WORLD_NONE && config && config->priced;
}

static bool is_alike(const struct machine_class *machine, size_t region, const struct world_node *node)
{
    return machine->region == region && machine->pool == node->pool && machine->node_pool == node->node_pool &&
           machine->datacenter == node->datacenter &&
           memcmp(&machine->capacity, &node->capacity, sizeof machine->capacity) == 0;
}

static uint32_t machine_obtain(struct assess_snapshot *snapshot, const struct world *world, size_t r,
                               const struct world_node *node, size_t first)
{
    const struct world_region *region = &world->regions[r];
    for (size_t i = first; i < snapshot->machine_count; i++)
        if (is_alike(&snapshot->machines[i], r, node))
            return (uint32_t)i;
    if (snapshot->machine_count == MACHINES_MAX)
        return WORLD_NONE;
    int64_t marginal = 0;
    int64_t full = 0;
    cost_machine(&region->pools[node->pool], &marginal, &full);
    snapshot->machines = memory_grow(snapshot->machines, snapshot->machine_count, &snapshot->machine_capacity,
                                     sizeof *snapshot->machines);
    snapshot->machines[snapshot->machine_count] = (struct machine_class){.region = r,
                                                                         .pool = node->pool,
                                                                         .region_name = region->name,
                                                                         .pool_name = region->pools[node->pool].name,
                                                                         .node_pool = node->node_pool,
                                                                         .datacenter = node->datacenter,
                                                                         .capacity = node->capacity,
                                                                         .price_uusd_h = marginal,
                                                                         .full_uusd_h = full};
    return (uint32_t)snapshot->machine_count++;
}

static void read_nodes(struct assess_snapshot *snapshot, const struct world *world, size_t r)
{
    const struct world_region *region = &world->regions[r];
    size_t first = snapshot->machine_count;
    snapshot->node_count[r] = region->node_count;
    snapshot->node_machine[r] = memory_new(region->node_count, sizeof **snapshot->node_machine);
    for (size_t n = 0; n < region->node_count; n++) {
        const struct world_node *node = &region->nodes[n];
        uint32_t at = WORLD_NONE;
        if (world_region_usable(region) && node_counts(region, node))
            at = machine_obtain(snapshot, world, r, node, first);
        snapshot->node_machine[r][n] = at;
        if (at == WORLD_NONE)
            continue;
        struct machine_class *machine = &snapshot->machines[at];
        machine->nodes++;
        resources_add(&machine->held, &node->used);
    }
}

struct assess_snapshot *assess_begin(const struct core *core)
{
    const struct world *world = core_world(core);
    struct assess_snapshot *snapshot = memory_new(1, sizeof *snapshot);
    snapshot->head.base_sequence = world->sequence;
    snapshot->head.base_ms = world->now_ms;
    snapshot->region_count = world->region_count;
    snapshot->node_machine = memory_new(world->region_count, sizeof *snapshot->node_machine);
    snapshot->node_count = memory_new(world->region_count, sizeof *snapshot->node_count);
    snapshot->provider = memory_new(world->region_count, sizeof *snapshot->provider);
    for (size_t r = 0; r < world->region_count; r++) {
        read_nodes(snapshot, world, r);
        while (strcmp(world->regions[snapshot->provider[r]].config.provider, world->regions[r].config.provider) != 0)
            snapshot->provider[r]++;
    }
    return snapshot;
}

/* --- groups ------------------------------------------------------------------------------------------------------- */

static uint64_t group_hash(symbol job_namespace, symbol id, symbol group)
{
    return hash_number(hash_number(hash_number(job_namespace) + id) + group);
}

static uint64_t group_rehash(const void *context, uint32_t value)
{
    const struct assess_snapshot *snapshot = context;
    const struct snapshot_group *group = &snapshot->groups[value];
    return group_hash(group->job_namespace, group->id, group->group);
}

struct group_query {
    const struct assess_snapshot *snapshot;
    symbol job_namespace, id, group;
};

static bool group_same(const void *query, uint32_t value)
{
    const struct group_query *wanted = query;
    const struct snapshot_group *group = &wanted->snapshot->groups[value];
    return group->job_namespace == wanted->job_namespace && group->id == wanted->id && group->group == wanted->group;
}

static struct snapshot_group *group_obtain(struct assess_snapshot *snapshot, const struct world_region_job *job,
                                           symbol name)
{
    uint64_t hash = group_hash(job->job_namespace, job->id, name);
    struct group_query query = {snapshot, job->job_namespace, job->id, name};
    const uint32_t *found = hash_find(&snapshot->group_index, hash, group_same, &query);
    if (found)
        return &snapshot->groups[*found];
    if (snapshot->group_count == GROUPS_MAX)
        return NULL;
    snapshot->groups =
        memory_grow(snapshot->groups, snapshot->group_count, &snapshot->group_capacity, sizeof *snapshot->groups);
    struct snapshot_group *group = &snapshot->groups[snapshot->group_count];
    *group = (struct snapshot_group){.job_namespace = job->job_namespace, .id = job->id, .group = name};
    hash_insert(&snapshot->group_index, hash, (uint32_t)snapshot->group_count++, group_rehash, snapshot);
    return group;
}

static void count_at(struct snapshot_group *group, uint32_t machine)
{
    for (size_t i = group->place_count; i > 0; i--)
        if (group->places[i - 1].machine == machine) {
            group->places[i - 1].count++;
            return;
        }
    group->places = memory_resize(group->places, group->place_count + 1, sizeof *group->places);
    group->places[group->place_count++] = (struct snapshot_place){machine, 1};
}

/* Service jobs may move; all else stays where it is. */
static bool job_may_move(const struct world_region_job *job)
{
    return job->present && !job->child && !job->stopped && job->type == JOB_SERVICE;
}

static void read_allocation(struct assess_snapshot *snapshot, const struct world_region *region,
                            const struct world_region_job *job, const struct world_allocation *allocation)
{
    size_t r = snapshot->region;
    uint32_t at = allocation->node < snapshot->node_count[r] ? snapshot->node_machine[r][allocation->node] : WORLD_NONE;
    if (at == WORLD_NONE || !allocation_is_live(allocation) || allocation->desired_status != DESIRED_RUN)
        return;
    struct resources each = {{allocation->cpu_mhz, allocation->memory_mb, allocation->disk_mb}};
    struct snapshot_group *group = group_obtain(snapshot, job, allocation->group);
    if (!group)
        return;
    symbol node_pool = region->nodes[allocation->node].node_pool;
    group->node_pool = group->count == 0 || group->node_pool == node_pool ? node_pool : 0;
    group->count++;
    for (int k = 0; k < RESOURCE_COUNT; k++)
        if (each.amount[k] > group->each.amount[k])
            group->each.amount[k] = each.amount[k];
    count_at(group, at);
    resources_subtract(&snapshot->machines[at].held, &each);
    snapshot->head.allocations++;
}

bool assess_continue(struct assess_snapshot *snapshot, const struct core *core, size_t allocations)
{
    const struct world *world = core_world(core);
    size_t seen = 0;
    while (snapshot->region < snapshot->region_count) {
        const struct world_region *region = &world->regions[snapshot->region];
        while (snapshot->job < region->job_count && seen < allocations) {
            const struct world_region_job *job = &region->jobs[snapshot->job++];
            seen++;
            for (uint32_t at = job_may_move(job) ? job->first_allocation : WORLD_NONE; at != WORLD_NONE;
                 at = region->allocations[at].next, seen++)
                read_allocation(snapshot, region, job, &region->allocations[at]);
        }
        if (snapshot->job < region->job_count)
            return false;
        snapshot->region++;
        snapshot->job = 0;
    }
    return assess_resolve(snapshot, world, allocations > seen ? allocations - seen : 1);
}

void assess_abandon(struct assess_snapshot *snapshot)
{
    if (!snapshot)
        return;
    for (size_t r = 0; r < snapshot->region_count; r++)
        free(snapshot->node_machine[r]);
    for (size_t g = 0; g < snapshot->group_count; g++)
        free(snapshot->groups[g].places);
    for (size_t s = 0; s < snapshot->signature_count; s++) {
        free(snapshot->signatures[s].datacenters);
        free(snapshot->signatures[s].machines);
    }
    free(snapshot->node_machine);
    free(snapshot->node_count);
    free(snapshot->groups);
    free(snapshot->signatures);
    free(snapshot->machines);
    hash_release(&snapshot->group_index);
    free(snapshot->provider);
    free(snapshot);
}
