/* Operations: the one change under way of each linked pool, what must be remembered of the pool, and how a change goes
 * on. What each kind does step by step is in operation_grow.c and operation_shrink.c; the record of it in
 * operation_record.c.
 *
 *   proposed -> claiming -> growing -> polling -> joining -> over            grow
 *                  |           |                     +-> replacing -> claiming
 *                  |           +-> withdrawing -> counting -> joining or over
 *                  +-> cordoning -> looking -> draining -> emptying -> removing -> over      shrink
 *                                      +-----------+----------+-----> uncordoning -> returning -> over */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/fleet_private.h"

enum { PATIENCE_LEAST_MS = 5000, PATIENCE_MOST_MS = 10 * 60 * 1000 };

const char *operation_kind_word(enum operation_kind kind)
{
    return kind == OPERATION_GROW ? "grow" : "shrink";
}

const char *operation_state_word(enum operation_state state)
{
    static const char *const words[OPERATION_STATE_COUNT] = {
        "proposed",  "waiting", "growing",  "polling",  "joining",  "replacing",   "withdrawing", "counting",
        "cordoning", "looking", "draining", "emptying", "removing", "uncordoning", "returning"};
    return state < OPERATION_STATE_COUNT ? words[state] : "?";
}

void operation_free(struct operation *operation)
{
    if (!operation)
        return;
    for (size_t i = 0; i < operation->instance_count; i++)
        free(operation->instances[i]);
    free(operation->instances);
    free(operation->actor);
    free(operation->why);
    free(operation->trouble);
    free(operation->waits);
    free(operation->job_namespace);
    free(operation->job);
    free(operation->token);
    free(operation);
}

static void cooled_release(struct cooled *cooled)
{
    free(cooled->instance_type);
    free(cooled->zone);
    free(cooled->market);
    free(cooled->why);
}

static void fleet_pool_free(struct fleet_pool *fleet)
{
    operation_free(fleet->operation);
    for (size_t i = 0; i < fleet->cooled_count; i++)
        cooled_release(&fleet->cooled[i]);
    free(fleet->cooled);
    free(fleet->removed_ms);
    free(fleet->cordoned);
    free(fleet->rest);
    free(fleet);
}

void fleet_release(struct world *world)
{
    for (size_t i = 0; i < world->fleet_count; i++)
        fleet_pool_free(world->fleet[i]);
    free(world->fleet);
}

/* --- finding ------------------------------------------------------------------------------------------------------ */

struct fleet_pool *fleet_find(const struct world *world, symbol region, symbol pool)
{
    for (size_t i = 0; i < world->fleet_count; i++)
        if (world->fleet[i]->region == region && world->fleet[i]->pool == pool)
            return world->fleet[i];
    return NULL;
}

const struct fleet_pool *world_find_fleet(const struct world *world, symbol region, symbol pool)
{
    return fleet_find(world, region, pool);
}

static int compare_fleet(const struct world *world, const struct fleet_pool *fleet, symbol region, symbol pool)
{
    int order = strcmp(world_text(world, fleet->region), world_text(world, region));
    return order ? order : strcmp(world_text(world, fleet->pool), world_text(world, pool));
}

struct fleet_pool *fleet_obtain(struct core *core, symbol region, symbol pool)
{
    struct world *world = &core->world;
    struct fleet_pool *fleet = fleet_find(world, region, pool);
    if (fleet)
        return fleet;
    size_t at = 0;
    while (at < world->fleet_count && compare_fleet(world, world->fleet[at], region, pool) < 0)
        at++;
    world->fleet = memory_grow(world->fleet, world->fleet_count, &world->fleet_capacity, sizeof *world->fleet);
    memmove(&world->fleet[at + 1], &world->fleet[at], (world->fleet_count - at) * sizeof *world->fleet);
    world->fleet_count++;
    world->fleet[at] = memory_new(1, sizeof **world->fleet);
    world->fleet[at]->region = region;
    world->fleet[at]->pool = pool;
    return world->fleet[at];
}

struct world_pool *fleet_world_pool(const struct core *core, const struct fleet_pool *fleet,
                                    struct world_region **ret_region)
{
    struct world_region *region = world_region_of((struct world *)(uintptr_t)&core->world, fleet->region);
    for (size_t p = 0; region && p < region->config.pool_count; p++)
        if (region->pools[p].name == fleet->pool) {
            if (ret_region)
                *ret_region = region;
            return &region->pools[p];
        }
    return NULL;
}

const struct account_pool *fleet_provider_pool(const struct core *core, const struct fleet_pool *fleet)
{
    struct world_region *region = NULL;
    const struct world_pool *pool = fleet_world_pool(core, fleet, &region);
    return pool ? world_provider_pool(&core->world, region, (size_t)(pool - region->pools)) : NULL;
}

/* --- beginning and ending ----------------------------------------------------------------------------------------- */

/* The mode and a freeze; in approve everything that Drover wants alone is proposed first. */
static bool may_begin(const struct core *core)
{
    return !core->world.frozen && core->world.mode != MODE_OBSERVE;
}

struct operation *operation_begin(struct core *core, struct fleet_pool *fleet, enum operation_kind kind)
{
    if (fleet->operation || !may_begin(core))
        return NULL;
    bool proposed = core->world.mode == MODE_APPROVE;
    struct operation *operation = fleet->operation = memory_new(1, sizeof *operation);
    operation->id = core_next_id(core);
    operation->kind = kind;
    operation->state = proposed ? OPERATION_PROPOSED : OPERATION_CLAIMING;
    operation->since_ms = core->world.now_ms;
    operation->changed_ms = fleet->changed_ms;
    operation->deadline_ms = proposed ? core->world.now_ms + PROPOSAL_MS : 0;
    text_replace(&operation->actor, "drover");
    text_replace(&operation->why, "");
    text_replace(&operation->job_namespace, "");
    text_replace(&operation->job, "");
    text_replace(&operation->token, "");
    core->timers_changed = true;
    return operation;
}

void operation_end(struct core *core, struct fleet_pool *fleet, bool well, const char *how)
{
    struct operation *operation = fleet->operation;
    char about[2 * REGION_NAME_MAX + 40];
    fleet->operation = NULL;
    fleet->changed_ms = operation->changed_ms;
    snprintf(about, sizeof about, "%s %s/%s", operation_kind_word(operation->kind),
             world_text(&core->world, fleet->region), world_text(&core->world, fleet->pool));
    put_journal(core, about, how);
    if (!well) {
        int64_t *rest = operation->kind == OPERATION_GROW ? &fleet->grow_not_before_ms : &fleet->shrink_not_before_ms;
        int64_t until = core->world.now_ms + (operation->kind == OPERATION_GROW ? COOL_POOL_MS : REST_SHRINK_MS);
        if (*rest < until)
            *rest = until;
        text_replace(&fleet->rest, how);
    } else {
        text_replace(&fleet->rest, NULL);
    }
    fleet_put(core, fleet);
    core->timers_changed = true;
    fleet_wake_jobs(core, operation, well);
    operation_free(operation);
}

/* --- going on ----------------------------------------------------------------------------------------------------- */

void operation_set(struct core *core, struct fleet_pool *fleet, enum operation_state state)
{
    fleet->operation->state = state;
    fleet->operation->tries = 0;
    fleet->operation->next_ms = 0;
    core->timers_changed = true;
    fleet_put(core, fleet);
}

int64_t operation_patience(const struct core *core, const struct effect_result *result)
{
    int64_t wait = PATIENCE_LEAST_MS;
    if (result->retry_at_ms != ACCOUNT_UNSET && result->retry_at_ms > core->world.now_ms + wait)
        wait = result->retry_at_ms - core->world.now_ms;
    return wait < PATIENCE_MOST_MS ? wait : PATIENCE_MOST_MS;
}

void operation_pause(struct core *core, struct operation *operation, int64_t ms, const char *why)
{
    operation->next_ms = core->world.now_ms + ms;
    core_deadline(core, operation->next_ms);
    if (why)
        text_replace(&operation->waits, why);
    core_changed(core);
}

/* The gate is open for the operation's actor and the region is ours. When not, it is tried again. */
bool operation_may_write(struct core *core, struct fleet_pool *fleet)
{
    struct operation *operation = fleet->operation;
    struct world_region *region = world_region_of(&core->world, fleet->region);
    struct error error = {0};
    struct effect any = {.type = EFFECT_GROW, .actor = operation->actor};
    if (!core_gate(core, &any, &error)) {
        operation_pause(core, operation, LOOK_AGAIN_MS, error.text);
        return false;
    }
    if (!world_region_usable(region)) {
        operation_pause(core, operation, LOOK_AGAIN_MS, "its region does not answer");
        return false;
    }
    if (region->owner == OWNER_FOREIGN) {
        operation_end(core, fleet, false, "another Drover owns the region");
        return false;
    }
    if (region->owner != OWNER_OURS) {
        region_claim(core, region);
        operation_pause(core, operation, LOOK_AGAIN_MS, NULL);
        return false;
    }
    text_replace(&operation->waits, NULL);
    return true;
}

struct effect operation_effect(const struct core *core, const struct fleet_pool *fleet, enum effect_type type)
{
    const struct operation *operation = fleet->operation;
    const struct account_pool *pool = fleet_provider_pool(core, fleet);
    const struct world_region *region = world_region_of((struct world *)(uintptr_t)&core->world, fleet->region);
    struct effect effect = {.type = type};
    text_replace(&effect.region, world_text(&core->world, fleet->region));
    text_replace(&effect.actor, operation->actor);
    text_replace(&effect.change.account, region ? region->config.provider : "");
    text_replace(&effect.change.pool, pool ? pool->id : "");
    text_replace(&effect.change.generation, pool ? pool->generation : "");
    text_replace(&effect.change.token, operation->token);
    effect.node.node = operation->node;
    return effect;
}

void operation_send(struct core *core, struct fleet_pool *fleet, struct effect *effect, const char *before,
                    const char *after)
{
    fleet->operation->effect = effects_write(core, effect, NULL, before, after);
    fleet_put(core, fleet);
}

void operation_read(struct core *core, struct fleet_pool *fleet, enum effect_type type)
{
    struct effect effect = operation_effect(core, fleet, type);
    struct effect *look = effects_read(core, type, effect.region);
    uint64_t id = look->id;
    uint64_t cause = look->cause;
    effect_release(look);
    *look = effect;
    look->id = id;
    look->cause = cause;
    fleet->operation->effect = id;
}

static bool is_over(struct core *core, struct fleet_pool *fleet)
{
    if (!fleet_world_pool(core, fleet, NULL)) {
        operation_end(core, fleet, false, "the pool is not configured any more");
        return true;
    }
    return false;
}

static bool still_proposed(struct core *core, struct fleet_pool *fleet)
{
    struct operation *operation = fleet->operation;
    if (operation->state != OPERATION_PROPOSED)
        return false;
    if (operation->kind == OPERATION_GROW && !fleet_is_needed(core, operation)) {
        operation_end(core, fleet, true, "the job needs it no more");
        return true;
    }
    if (core->world.mode == MODE_ENFORCE && !core->world.frozen) {
        operation->deadline_ms = 0;
        operation_set(core, fleet, OPERATION_CLAIMING);
        return false;
    }
    if (core->world.now_ms >= operation->deadline_ms)
        operation_end(core, fleet, false, "nobody approved it within 24 hours");
    else
        core_deadline(core, operation->deadline_ms);
    return true;
}

void operation_advance(struct core *core, struct fleet_pool *fleet)
{
    if (!fleet->operation || is_over(core, fleet) || still_proposed(core, fleet) || fleet->operation->effect)
        return;
    if (core->world.now_ms < fleet->operation->next_ms) {
        core_deadline(core, fleet->operation->next_ms);
        return;
    }
    fleet->operation->next_ms = 0;
    if (fleet->operation->kind == OPERATION_GROW)
        grow_advance(core, fleet);
    else
        shrink_advance(core, fleet);
}

void fleet_tick(struct core *core)
{
    accounts_recount(core);
    for (size_t i = 0; i < core->world.fleet_count; i++)
        operation_advance(core, core->world.fleet[i]);
    fleet_retry_jobs(core);
    idle_tick(core);
}

/* --- what people say ---------------------------------------------------------------------------------------------- */

static struct fleet_pool *proposal_find(struct core *core, uint64_t id)
{
    for (size_t i = 0; i < core->world.fleet_count; i++) {
        struct fleet_pool *fleet = core->world.fleet[i];
        if (fleet->operation && fleet->operation->id == id && fleet->operation->state == OPERATION_PROPOSED)
            return fleet;
    }
    core_reply_error(core, ERROR_NOT_FOUND, "nothing with that id waits for an approval; see `drover approval list`");
    return NULL;
}

void fleet_approve(struct core *core, uint64_t id)
{
    struct fleet_pool *fleet = proposal_find(core, id);
    if (!fleet)
        return;
    core_audit_act(core, "approve", "", fleet->operation->why);
    text_replace(&fleet->operation->actor, core->event->actor ? core->event->actor : "drover");
    fleet->operation->deadline_ms = 0;
    operation_set(core, fleet, OPERATION_CLAIMING);
    core_reply(core);
}

void fleet_deny(struct core *core, uint64_t id)
{
    struct fleet_pool *fleet = proposal_find(core, id);
    if (!fleet)
        return;
    int64_t until = core->world.now_ms + PROPOSAL_MS;
    core_audit_act(core, "deny", "", fleet->operation->why);
    if (fleet->operation->kind == OPERATION_GROW)
        fleet->grow_not_before_ms = until;
    else
        fleet->shrink_not_before_ms = until;
    operation_end(core, fleet, false, "denied by a person; not proposed again for a day");
    core_reply(core);
}

/* --- results ------------------------------------------------------------------------------------------------------ */

/* True when the effect was an operation's. */
bool fleet_effect_ended(struct core *core, uint64_t id, enum effect_type type, const struct effect_result *result)
{
    for (size_t i = 0; i < core->world.fleet_count; i++) {
        struct fleet_pool *fleet = core->world.fleet[i];
        if (!fleet->operation || fleet->operation->effect != id || !id)
            continue;
        fleet->operation->effect = 0;
        core->timers_changed = true;
        if (fleet->operation->kind == OPERATION_GROW)
            grow_ended(core, fleet, type, result);
        else
            shrink_ended(core, fleet, type, result);
        return true;
    }
    return false;
}

/* A look that is no write has ended. */
void fleet_read_ended(struct core *core, const struct effect_result *result)
{
    for (size_t i = 0; i < core->world.fleet_count; i++) {
        const struct operation *operation = core->world.fleet[i]->operation;
        if (operation && operation->effect == result->effect_id) {
            bool poll = operation->state == OPERATION_POLLING;
            fleet_effect_ended(core, result->effect_id, poll ? EFFECT_POLL : EFFECT_NODE_LOOK, result);
            return;
        }
    }
}

/* Durations that were measured across a jump begin anew. */
void fleet_clock_jumped(struct core *core)
{
    for (size_t i = 0; i < core->world.fleet_count; i++) {
        struct fleet_pool *fleet = core->world.fleet[i];
        const struct world_pool *pool = fleet_world_pool(core, fleet, NULL);
        struct operation *operation = fleet->operation;
        if (!operation || !pool || operation->state == OPERATION_PROPOSED || !operation->deadline_ms)
            continue;
        operation->deadline_ms =
            core->world.now_ms +
            (operation->kind == OPERATION_GROW ? pool->config->join_within_ms : pool->config->drain_deadline_ms);
        operation->next_ms = 0;
    }
    idle_forget(core);
}

/* After a start: reads that were under way are gone with the process; writes are in the outbox, unknown. */
void fleet_started(struct core *core)
{
    for (size_t i = 0; i < core->world.fleet_count; i++) {
        struct operation *operation = core->world.fleet[i]->operation;
        bool pending = false;
        for (size_t p = 0; operation && p < core->pending_count; p++)
            pending = pending || core->pending[p].effect.id == operation->effect;
        if (operation && !pending)
            operation->effect = 0;
    }
}
