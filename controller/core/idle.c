/* Which nodes stand idle, since when, and which of them is given back next. Only observed time counts: while a region
 * does not answer, or after a jump of the clock, idling begins anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/fleet_private.h"

enum { LOOK_OFTEN_MS = 1000, LOOK_SELDOM_MS = 10000, SOON_MS = 60000 };

/* Live allocations by node, those of system jobs left out. The caller frees. */
static uint32_t *count_work(const struct world_region *region)
{
    uint32_t *work = memory_new(region->node_count + 1, sizeof *work);
    for (size_t i = 0; i < region->allocation_count; i++) {
        const struct world_allocation *allocation = &region->allocations[i];
        if (!allocation->present || !allocation_is_live(allocation))
            continue;
        const struct world_region_job *job = &region->jobs[allocation->job];
        work[allocation->node] += !(job->listed && job->type == JOB_SYSTEM);
    }
    return work;
}

static bool shrinks(const struct world_pool *pool)
{
    return pool->config && pool->config->shrinks && pool->link.pool != WORLD_NONE;
}

static void note_idle(const struct core *core, struct world_region *region)
{
    uint32_t *work = count_work(region);
    bool seen = region->state == REGION_ALIVE && region->complete && !region->syncing;
    for (size_t n = 0; n < region->node_count; n++) {
        struct world_node *node = &region->nodes[n];
        bool idle = seen && node_takes_work(node) && work[n] == 0;
        if (!idle)
            node->idle_since_ms = 0;
        else if (!node->idle_since_ms)
            node->idle_since_ms = core->world.now_ms;
    }
    free(work);
}

void idle_forget(struct core *core)
{
    for (size_t r = 0; r < core->world.region_count; r++)
        for (size_t n = 0; n < core->world.regions[r].node_count; n++)
            core->world.regions[r].nodes[n].idle_since_ms = 0;
}

/* A proposal may be a day old: is the node it was about idle now? */
bool idle_is_still(const struct core *core, const struct fleet_pool *fleet)
{
    const struct world_region *region = world_region_of((struct world *)(uintptr_t)&core->world, fleet->region);
    const struct world_node *node = world_find_node(region, &fleet->operation->node);
    if (!node || !node->present)
        return false;
    if (!world_region_usable(region))
        return true; /* nothing is written there; it is asked again when the region answers */
    uint32_t *work = count_work(region);
    bool idle = work[node - region->nodes] == 0 && !node->draining;
    free(work);
    return idle;
}

/* --- who goes ----------------------------------------------------------------------------------------------------- */

static size_t removed_lately(const struct fleet_pool *fleet, int64_t now_ms)
{
    size_t lately = 0;
    for (size_t i = 0; fleet && i < fleet->removed_count; i++)
        lately += now_ms - fleet->removed_ms[i] < HOUR_MS;
    return lately;
}

static bool someone_is_being_placed(const struct world *world)
{
    for (size_t i = 0; i < world->job_count; i++)
        if (world->jobs[i]->attempt)
            return true;
    return false;
}

/* The node of the pool that has been idle for longest, and long enough; NULL when there is none. */
static const struct world_node *longest_idle(const struct core *core, const struct world_region *region, uint32_t pool)
{
    const struct pool_config *config = region->pools[pool].config;
    const struct world_node *best = NULL;
    for (size_t n = 0; n < region->node_count; n++) {
        const struct world_node *node = &region->nodes[n];
        if (!node->present || node->pool != pool || node->second_pool != WORLD_NONE || !node->idle_since_ms ||
            core->world.now_ms - node->idle_since_ms < config->idle_after_ms)
            continue;
        const struct account_instance *instance = world_instance_of(&core->world, region, node);
        if (!instance || instance->foreign || instance->state != INSTANCE_RUNNING)
            continue;
        if (!best || node->idle_since_ms < best->idle_since_ms ||
            (node->idle_since_ms == best->idle_since_ms &&
             strcmp(world_text(&core->world, node->name), world_text(&core->world, best->name)) > 0))
            best = node;
    }
    return best;
}

static bool is_of_pool(const struct account_pool *pool, const struct account_instance *instance)
{
    return instance >= pool->instances && instance < pool->instances + pool->instance_count;
}

static void begin_shrink(struct core *core, const struct world_region *region, uint32_t pool,
                         const struct world_node *node)
{
    const struct world *world = &core->world;
    const struct pool_config *config = region->pools[pool].config;
    const struct account_pool *at = world_provider_pool(world, region, pool);
    const struct account_instance *instance = world_instance_of(world, region, node);
    char why[300];
    char money[MONEY_TEXT_MAX];
    if (!is_of_pool(at, instance))
        return;
    struct fleet_pool *fleet = fleet_obtain(core, region->name, region->pools[pool].name);
    struct operation *operation = operation_begin(core, fleet, OPERATION_SHRINK);
    if (!operation)
        return;
    operation->from = at->desired;
    operation->to = at->desired - 1;
    operation->node = node->id;
    operation->instances = memory_new(1, sizeof *operation->instances);
    operation->instance_count = 1;
    text_replace(&operation->instances[0], instance->id);
    operation->uusd_h = !config->priced                           ? 0
                        : config->price.market == MARKET_OWNED    ? config->price.wake_uusd_h
                        : config->price.market == MARKET_RESERVED ? 0
                                                                  : config->price.effective_uusd_h;
    snprintf(why, sizeof why, "node %.100s has been idle for %lld min; giving it back saves %s $/h",
             world_text(world, node->name), (long long)((world->now_ms - node->idle_since_ms) / 60000),
             money_format(operation->uusd_h, money));
    text_replace(&operation->why, why);
    fleet_put(core, fleet);
}

static void consider(struct core *core, const struct world_region *region, uint32_t p)
{
    const struct world_pool *pool = &region->pools[p];
    const struct pool_config *config = pool->config;
    const struct fleet_pool *fleet = fleet_find(&core->world, region->name, pool->name);
    const struct account_pool *at = world_provider_pool(&core->world, region, p);
    int64_t looked = core->world.accounts[pool->link.account].looked_ms[LOOK_POOLS];
    if (!at || !at->writable || at->busy || core->world.now_ms - looked > FACTS_FRESH_MS)
        return;
    if (fleet && (fleet->operation || looked < fleet->changed_ms || core->world.now_ms < fleet->shrink_not_before_ms ||
                  removed_lately(fleet, core->world.now_ms) >= (size_t)config->nodes_an_hour))
        return;
    if (at->desired <= at->min || at->desired <= config->min_nodes || pool->ready_nodes <= config->min_nodes)
        return;
    const struct world_node *node = longest_idle(core, region, p);
    if (node)
        begin_shrink(core, region, p, node);
}

void idle_tick(struct core *core)
{
    struct world *world = &core->world;
    int64_t again = 0;
    if (world->now_ms < core->idle_next_ms) {
        core_deadline(core, core->idle_next_ms);
        return;
    }
    bool busy = someone_is_being_placed(world);
    for (size_t r = 0; r < world->region_count; r++) {
        struct world_region *region = &world->regions[r];
        bool any = false;
        for (uint32_t p = 0; p < region->config.pool_count; p++) {
            if (!shrinks(&region->pools[p]))
                continue;
            if (!any)
                note_idle(core, region);
            any = true;
            int64_t wait = region->pools[p].config->idle_after_ms < SOON_MS ? LOOK_OFTEN_MS : LOOK_SELDOM_MS;
            again = again && again < wait ? again : wait;
            if (!busy && region->state == REGION_ALIVE)
                consider(core, region, p);
        }
    }
    core->idle_next_ms = again ? world->now_ms + again : 0;
    core_deadline(core, core->idle_next_ms);
}
