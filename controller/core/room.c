/* What really fits: free room node by node, less what other copies have been promised. Never aggregate arithmetic.
 *
 * Nomad's scheduler has the last word (its plan is asked before anything is registered); this keeps Drover from asking
 * for what the inventory already rules out. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "controller/core/private.h"

struct room_node {
    struct resources room;
    struct resources capacity;
    uint32_t pool;
    bool has_own; /* an allocation of the job itself is there */
};

struct room_region {
    struct room_node *nodes; /* those that take work and that the job may use */
    size_t count;
};

struct room {
    struct room_region *regions; /* as in the world; empty where the region is not usable */
    size_t region_count;
};

static bool job_may_use(const struct world *world, const struct job_demand *demand, const struct world_node *node)
{
    const char *node_pool = world_text(world, node->node_pool);
    if (strcmp(demand->node_pool, "all") != 0 && strcmp(demand->node_pool, node_pool) != 0)
        return false;
    if (demand->datacenters.count == 0)
        return true;
    for (size_t i = 0; i < demand->datacenters.count; i++)
        if (text_glob(demand->datacenters.list[i], world_text(world, node->datacenter)))
            return true;
    return false;
}

/* What live allocations of the job itself hold, node by node. */
static struct resources *own_use(const struct world_region *region, const struct world_region_job *job)
{
    struct resources *own = memory_new(region->node_count, sizeof *own);
    for (uint32_t at = job ? job->first_allocation : WORLD_NONE; at != WORLD_NONE; at = region->allocations[at].next) {
        const struct world_allocation *allocation = &region->allocations[at];
        if (allocation_is_live(allocation))
            resources_add(&own[allocation->node],
                          &(struct resources){{allocation->cpu_mhz, allocation->memory_mb, allocation->disk_mb}});
    }
    return own;
}

static bool holds_something(const struct resources *resources)
{
    for (int k = 0; k < RESOURCE_COUNT; k++)
        if (resources->amount[k] > 0)
            return true;
    return false;
}

static void build_region(const struct world *world, const struct world_region *region, const struct job_demand *demand,
                         struct room_region *into)
{
    struct resources *own = own_use(region, world_find_region_job(world, region, demand->job_namespace, demand->id));
    into->nodes = memory_new(region->node_count, sizeof *into->nodes);
    for (size_t i = 0; i < region->node_count; i++) {
        const struct world_node *node = &region->nodes[i];
        if (!node_takes_work(node) || node->second_pool != WORLD_NONE || !job_may_use(world, demand, node))
            continue;
        struct room_node *entry = &into->nodes[into->count++];
        *entry = (struct room_node){.room = node->capacity,
                                    .capacity = node->capacity,
                                    .pool = node->pool,
                                    .has_own = holds_something(&own[i])};
        resources_subtract(&entry->room, &node->used);
    }
    free(own);
}

static bool in_pool(const struct room_node *node, uint32_t pool)
{
    return pool == WORLD_NONE || node->pool == pool;
}

static int64_t times_on(const struct room_node *node, const struct group_demand *group)
{
    if (group->one_per_node)
        return !node->has_own && resources_fit(&group->each, &node->room) ? 1 : 0;
    int64_t times = resources_times(&group->each, &node->room);
    return times > JOB_COUNT_MAX ? JOB_COUNT_MAX : times;
}

int64_t room_fits(const struct room *room, size_t region, uint32_t pool, const struct group_demand *group, int64_t most)
{
    int64_t fits = 0;
    const struct room_region *here = &room->regions[region];
    for (size_t i = 0; i < here->count && fits < most; i++)
        if (in_pool(&here->nodes[i], pool))
            fits += times_on(&here->nodes[i], group);
    return fits < most ? fits : most;
}

/* The node that would be left with the least room, as Nomad's bin packing would choose; NULL when none fits. */
static struct room_node *tightest(struct room_region *here, uint32_t pool, const struct group_demand *group)
{
    struct room_node *best = NULL;
    int64_t best_times = 0;
    for (size_t i = 0; i < here->count; i++) {
        struct room_node *node = &here->nodes[i];
        int64_t times = in_pool(node, pool) ? times_on(node, group) : 0;
        if (times > 0 && (!best || times < best_times)) {
            best = node;
            best_times = times;
        }
    }
    return best;
}

void room_take(struct room *room, size_t region, uint32_t pool, const struct group_demand *group, int64_t count)
{
    while (count > 0) {
        struct room_node *node = tightest(&room->regions[region], pool, group);
        if (!node)
            return;
        int64_t here = times_on(node, group);
        if (here > count)
            here = count;
        struct resources taken = group->each;
        for (int k = 0; k < RESOURCE_COUNT; k++)
            taken.amount[k] *= here;
        resources_subtract(&node->room, &taken);
        node->has_own = node->has_own || group->one_per_node;
        count -= here;
    }
}

struct resources room_total(const struct room *room, size_t region, uint32_t pool)
{
    struct resources sum = {{0}};
    for (size_t i = 0; i < room->regions[region].count; i++) {
        const struct room_node *node = &room->regions[region].nodes[i];
        for (int k = 0; k < RESOURCE_COUNT && in_pool(node, pool); k++) {
            int64_t left = RESOURCE_AMOUNT_MAX - sum.amount[k];
            int64_t free_here = node->room.amount[k] > 0 ? node->room.amount[k] : 0;
            sum.amount[k] += free_here < left ? free_here : left;
        }
    }
    return sum;
}

uint32_t room_nodes(const struct room *room, size_t region, uint32_t pool)
{
    uint32_t nodes = 0;
    for (size_t i = 0; i < room->regions[region].count; i++)
        nodes += in_pool(&room->regions[region].nodes[i], pool);
    return nodes;
}

bool room_could_hold(const struct room *room, size_t region, uint32_t pool, const struct group_demand *group,
                     struct resources *ret_largest)
{
    struct resources largest = {{0}};
    bool fits = false;
    for (size_t i = 0; i < room->regions[region].count; i++) {
        const struct room_node *node = &room->regions[region].nodes[i];
        if (!in_pool(node, pool))
            continue;
        fits = fits || resources_fit(&group->each, &node->capacity);
        for (int k = 0; k < RESOURCE_COUNT; k++)
            if (node->capacity.amount[k] > largest.amount[k])
                largest.amount[k] = node->capacity.amount[k];
    }
    *ret_largest = largest;
    return fits;
}

/* --- promises ----------------------------------------------------------------------------------------------------- */

static int64_t live_of_group(const struct world_region *region, const struct drover_job *job, symbol name)
{
    uint32_t at = region_job_find(region, job->job_namespace, job->id);
    int64_t live = 0;
    if (at == WORLD_NONE)
        return 0;
    for (uint32_t i = region->jobs[at].first_allocation; i != WORLD_NONE; i = region->allocations[i].next)
        live += region->allocations[i].group == name && allocation_is_live(&region->allocations[i]);
    return live;
}

static bool copy_is_promised(const struct job_copy *copy)
{
    return copy->state == COPY_WAITING || copy->state == COPY_REGISTERING || copy->state == COPY_FOLLOWING;
}

static uint32_t pool_place(const struct world_region *region, symbol pool)
{
    for (uint32_t i = 0; pool && i < region->pool_count; i++)
        if (region->pools[i].name == pool)
            return i;
    return WORLD_NONE;
}

/* Takes away what a copy is to hold but does not hold yet. */
static void take_promise(struct room *room, const struct core *core, const struct drover_job *job,
                         const struct job_copy *copy)
{
    const struct world *world = &core->world;
    const struct world_region *region = world_find_region(world, world_text(world, copy->region));
    if (!region || !copy_is_promised(copy) || job->demand.type == JOB_SYSTEM)
        return;
    for (size_t i = 0; i < copy->group_count; i++) {
        const struct job_copy_group *wanted = &copy->groups[i];
        const struct group_demand *group = &job->demand.groups[wanted->group];
        int64_t missing = wanted->count - live_of_group(region, job, job_copy_part_name(world, job, copy, i));
        if (missing > 0)
            room_take(room, (size_t)(region - world->regions), pool_place(region, wanted->pool), group, missing);
    }
}

struct room *room_new(const struct core *core, const struct job_demand *demand)
{
    const struct world *world = &core->world;
    struct room *room = memory_new(1, sizeof *room);
    room->region_count = world->region_count;
    room->regions = memory_new(room->region_count, sizeof *room->regions);
    for (size_t i = 0; i < world->region_count; i++)
        if (world_region_usable(&world->regions[i]))
            build_region(world, &world->regions[i], demand, &room->regions[i]);
    for (size_t i = 0; i < world->job_count; i++)
        for (size_t c = 0; c < world->jobs[i]->copy_count; c++)
            take_promise(room, core, world->jobs[i], &world->jobs[i]->copies[c]);
    return room;
}

void room_free(struct room *room)
{
    for (size_t i = 0; i < room->region_count; i++)
        free(room->regions[i].nodes);
    free(room->regions);
    free(room);
}
