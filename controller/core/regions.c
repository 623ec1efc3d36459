/* A region's life: configured -> connecting -> syncing -> alive <-> suspect -> dark -> returning -> alive; denied.
 *
 * Silence is measured only while Drover itself was running: a stall of the agent or a jump of the clock starts it
 * anew. Until a region has given one complete list since start, what it does not show means nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/fleet_private.h"

static void set_state(struct core *core, struct world_region *region, enum region_state state)
{
    if (region->state == state)
        return;
    region->state = state;
    region->state_since_ms = core->world.now_ms;
    core->timers_changed = true;
    core_changed(core);
}

static struct world_region *region_add(struct world *world, const struct region_config *config)
{
    size_t at = 0;
    while (at < world->region_count && strcmp(world->regions[at].config.name, config->name) < 0)
        at++;
    world->regions = memory_resize(world->regions, world->region_count + 1, sizeof *world->regions);
    memmove(&world->regions[at + 1], &world->regions[at], (world->region_count - at) * sizeof *world->regions);
    world->region_count++;
    world->regions[at] = (struct world_region){.name = intern_put(world->names, config->name)};
    return &world->regions[at];
}

void region_configure(struct core *core, const struct region_config *config)
{
    struct world *world = &core->world;
    struct world_region *region = world_find_region(world, config->name);
    if (!region)
        region = region_add(world, config);
    struct region_config before = region->config;
    region_config_copy(&region->config, config);
    prices_record(core, region);
    region_config_release(&before);
    pools_build(world, region);
    accounts_link_region(world, region);
    account_prices_take(core, region);
    for (size_t i = 0; i < region->node_count; i++)
        if (region->nodes[i].present)
            pools_assign_node(world, region, &region->nodes[i]);
    pools_count(region);
    core_changed(core);
}

static void began_to_answer(struct core *core, struct world_region *region)
{
    switch (region->state) {
    case REGION_CONFIGURED:
    case REGION_CONNECTING:
    case REGION_DENIED:
        set_state(core, region, region->complete ? REGION_RETURNING : REGION_SYNCING);
        break;
    case REGION_SUSPECT:
        set_state(core, region, REGION_ALIVE);
        text_replace(&region->trouble, NULL);
        break;
    case REGION_DARK:
        set_state(core, region, region->complete ? REGION_RETURNING : REGION_SYNCING);
        text_replace(&region->trouble, NULL);
        break;
    case REGION_SYNCING:
    case REGION_ALIVE:
    case REGION_RETURNING:
        break;
    }
}

void region_heard(struct core *core, struct world_region *region)
{
    core->timers_changed = core->timers_changed || !region->silent_from_ms;
    region->last_heard_ms = core->world.now_ms;
    region->silent_from_ms = core->world.now_ms;
    if (region->state != REGION_DENIED)
        began_to_answer(core, region);
}

void region_told(struct core *core, struct world_region *region, const struct event *event)
{
    const struct region_fact *fact = event->region_fact;
    if (event->round_trip_us)
        region->round_trip_us =
            region->round_trip_us ? (region->round_trip_us * 7 + event->round_trip_us) / 8 : event->round_trip_us;
    if (fact) {
        region->nomad_version = intern_put(core->world.names, fact->nomad_version);
        region->consul_version = intern_put(core->world.names, fact->consul_version);
        region->server_count = fact->server_count;
        region->has_leader = fact->leader[0] != '\0';
    }
}

void region_unreached(struct core *core, struct world_region *region, const char *text)
{
    if (region->state == REGION_CONFIGURED)
        set_state(core, region, REGION_CONNECTING);
    if (!region->silent_from_ms) {
        region->silent_from_ms = core->world.now_ms;
        core->timers_changed = true;
    }
    text_replace(&region->trouble, text);
}

void region_denied(struct core *core, struct world_region *region, const char *text)
{
    region->syncing = false;
    text_replace(&region->trouble, text);
    set_state(core, region, REGION_DENIED);
    core_changed(core);
}

void region_sync_begin(struct core *core, struct world_region *region)
{
    region->syncing = true;
    for (size_t i = 0; i < region->node_count; i++)
        region->nodes[i].seen = false;
    for (size_t i = 0; i < region->allocation_count; i++)
        region->allocations[i].seen = false;
    for (size_t i = 0; i < region->job_count; i++)
        region->jobs[i].seen = false;
    if (region->state == REGION_DENIED)
        set_state(core, region, region->complete ? REGION_RETURNING : REGION_SYNCING);
    region_heard(core, region);
}

void region_sync_end(struct core *core, struct world_region *region)
{
    if (!region->syncing)
        return;
    region->syncing = false;
    region->complete = true;
    observe_sweep(core, region);
    pools_count(region);
    accounts_count(&core->world, region);
    region->last_heard_ms = region->silent_from_ms = core->world.now_ms;
    text_replace(&region->trouble, NULL);
    set_state(core, region, REGION_ALIVE);
    core_changed(core);
    /* What was waiting for this region can go on; what runs there can be compared with what was intended. */
    for (size_t i = 0; i < core->world.job_count; i++)
        if (job_copy_find(core->world.jobs[i], region->name))
            core_touch_job(core, core->world.jobs[i]->job_namespace, core->world.jobs[i]->id);
}

void region_sync_abandoned(struct core *core, struct world_region *region, const char *text)
{
    region->syncing = false;
    text_replace(&region->trouble, text);
    pools_count(region);
    core_changed(core);
}

static void tick(struct core *core, struct world_region *region)
{
    if (!region->silent_from_ms || region->state == REGION_DARK || region->state == REGION_DENIED)
        return;
    int64_t silent = core->world.now_ms - region->silent_from_ms;
    char text[96];
    snprintf(text, sizeof text, "no answer for %lld s", (long long)(silent / 1000));
    if (silent >= DARK_AFTER_MS) {
        set_state(core, region, REGION_DARK);
        if (!region->trouble)
            text_replace(&region->trouble, text);
        return;
    }
    if (silent >= SUSPECT_AFTER_MS && region->state == REGION_ALIVE)
        set_state(core, region, REGION_SUSPECT);
    core_deadline(core, region->silent_from_ms + (silent >= SUSPECT_AFTER_MS ? DARK_AFTER_MS : SUSPECT_AFTER_MS));
}

void regions_tick(struct core *core)
{
    for (size_t i = 0; i < core->world.region_count; i++)
        tick(core, &core->world.regions[i]);
}

void regions_clock_jumped(struct core *core)
{
    for (size_t i = 0; i < core->world.region_count; i++)
        if (core->world.regions[i].silent_from_ms)
            core->world.regions[i].silent_from_ms = core->world.now_ms;
    core->timers_changed = true;
}
