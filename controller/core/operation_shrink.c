/* Shrinking: one idle node. Cordoned first, so that nothing new comes; looked at; drained; looked at until it is empty;
 * only then exactly its instance is removed. Whatever does not go as expected gives the node back to Nomad. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/fleet_private.h"

enum { FACTS_PAUSE_MS = 1000, RETURN_LOOK_MS = 100, RETURN_LOOKS_MOST = 50 };

static const struct world_node *victim_of(const struct core *core, const struct fleet_pool *fleet)
{
    const struct world_region *region = world_region_of((struct world *)(uintptr_t)&core->world, fleet->region);
    return region ? world_find_node(region, &fleet->operation->node) : NULL;
}

static const struct account_instance *instance_of(const struct core *core, const struct fleet_pool *fleet)
{
    const struct account_pool *pool = fleet_provider_pool(core, fleet);
    for (size_t i = 0; pool && i < pool->instance_count; i++)
        if (strcmp(pool->instances[i].id, fleet->operation->instances[0]) == 0)
            return &pool->instances[i];
    return NULL;
}

/* Nothing was removed: the node takes work again, if it was us who kept it from it. */
static void give_back(struct core *core, struct fleet_pool *fleet, const char *why)
{
    text_replace(&fleet->operation->trouble, why);
    operation_set(core, fleet, OPERATION_UNCORDONING);
}

static void describe(const struct core *core, const struct fleet_pool *fleet, char *text, size_t size)
{
    const struct world_node *node = victim_of(core, fleet);
    snprintf(text, size, "%.100s: node %.100s, instance %.200s", world_text(&core->world, fleet->pool),
             node ? world_text(&core->world, node->name) : "?", fleet->operation->instances[0]);
}

static void write_node(struct core *core, struct fleet_pool *fleet, enum effect_type type, const char *after)
{
    char before[500];
    if (!operation_may_write(core, fleet))
        return;
    const struct pool_config *config = fleet_world_pool(core, fleet, NULL)->config;
    struct effect effect = operation_effect(core, fleet, type);
    effect.node.deadline_ms = type == EFFECT_DRAIN ? config->drain_deadline_ms : 0;
    describe(core, fleet, before, sizeof before);
    operation_send(core, fleet, &effect, before, after);
}

/* --- the last step ------------------------------------------------------------------------------------------------ */

static void count_removed(const struct core *core, struct fleet_pool *fleet)
{
    size_t kept = 0;
    if (!fleet->removed_ms)
        fleet->removed_ms = memory_new(REMOVED_KEPT, sizeof *fleet->removed_ms);
    for (size_t i = 0; i < fleet->removed_count; i++)
        if (core->world.now_ms - fleet->removed_ms[i] < HOUR_MS && !(fleet->removed_count == REMOVED_KEPT && i == 0))
            fleet->removed_ms[kept++] = fleet->removed_ms[i];
    fleet->removed_ms[kept++] = core->world.now_ms;
    fleet->removed_count = kept;
}

/* Why it must not be removed now, or NULL. */
static const char *objection(const struct core *core, const struct fleet_pool *fleet)
{
    const struct account_pool *pool = fleet_provider_pool(core, fleet);
    const struct pool_config *config = fleet_world_pool(core, fleet, NULL)->config;
    const struct account_instance *instance = instance_of(core, fleet);
    const struct world_node *node = victim_of(core, fleet);
    if (!pool || !pool->writable)
        return "its provider pool is not reported as writable";
    if (!instance || instance->foreign)
        return "the instance is not one of the pool's own";
    if (pool->desired <= pool->min || pool->desired <= config->min_nodes)
        return "the pool has no more machines than its least";
    const struct world_account *account = &core->world.accounts[fleet_world_pool(core, fleet, NULL)->link.account];
    const struct instance_match *match = world_match_of(account, instance);
    if (!node || !match->matched || !uuid_equal(&match->node, &node->id))
        return "instance and node are not the same machine any more";
    return NULL;
}

static void remove_instance(struct core *core, struct fleet_pool *fleet)
{
    char before[500];
    const struct account_pool *pool = fleet_provider_pool(core, fleet);
    if (pool && pool->busy) {
        operation_pause(core, fleet->operation, LOOK_AGAIN_MS, "the provider is changing the pool");
        return;
    }
    const char *against = objection(core, fleet);
    if (against) {
        give_back(core, fleet, against);
        return;
    }
    if (!operation_may_write(core, fleet)) {
        /* it may be long until the gate opens: then it is looked at again */
        if (fleet->operation)
            fleet->operation->state = OPERATION_EMPTYING;
        return;
    }
    struct effect effect = operation_effect(core, fleet, EFFECT_SHRINK);
    effect.change.instances = memory_new(1, sizeof *effect.change.instances);
    text_replace(&effect.change.instances[0], fleet->operation->instances[0]);
    effect.change.instance_count = 1;
    describe(core, fleet, before, sizeof before);
    count_removed(core, fleet);
    fleet_remember_cordoned(fleet, &fleet->operation->node);
    operation_send(core, fleet, &effect, before, "removed");
}

/* The provider has taken it: over when its own operation is. */
static void removal_begun(struct core *core, struct fleet_pool *fleet, const struct effect_result *result)
{
    struct operation *operation = fleet->operation;
    operation->changed_ms = core->world.now_ms;
    if (!result->operation_running || !result->operation_token || !result->operation_token[0]) {
        operation_end(core, fleet, true, "removed");
        return;
    }
    text_replace(&operation->token, result->operation_token);
    operation->deadline_ms = core->world.now_ms + COOL_JOIN_MS;
    operation_set(core, fleet, OPERATION_POLLING);
    operation_pause(core, operation, LOOK_AGAIN_MS, NULL);
}

/* Who looks for room next is to see it. */
static void await_return(struct core *core, struct fleet_pool *fleet)
{
    struct operation *operation = fleet->operation;
    const struct world_node *node = victim_of(core, fleet);
    char how[ERROR_TEXT_MAX];
    if (node && !node->eligible && ++operation->tries < RETURN_LOOKS_MOST) {
        operation_pause(core, operation, RETURN_LOOK_MS, NULL);
        return;
    }
    snprintf(how, sizeof how, "given back: %.900s", operation->trouble ? operation->trouble : "");
    operation_end(core, fleet, false, how);
}

/* --- step by step ------------------------------------------------------------------------------------------------- */

void shrink_advance(struct core *core, struct fleet_pool *fleet)
{
    struct operation *operation = fleet->operation;
    bool is_there = victim_of(core, fleet) && instance_of(core, fleet);
    if (!fleet_provider_pool(core, fleet)) {
        operation_pause(core, operation, FACTS_PAUSE_MS, "its account has not been heard");
        return;
    }
    if (!is_there && operation->state != OPERATION_POLLING) {
        operation_end(core, fleet, true, "the machine is gone already");
        return;
    }
    if (operation->state < OPERATION_REMOVING && operation->state != OPERATION_POLLING &&
        fleet_is_awaited(core, fleet)) {
        if (operation->state == OPERATION_CLAIMING)
            operation_end(core, fleet, true, "a job needs it; left as it is");
        else
            give_back(core, fleet, "a job needs the machine");
        return;
    }
    switch (operation->state) {
    case OPERATION_CLAIMING:
    case OPERATION_CORDONING:
        if (idle_is_still(core, fleet)) {
            operation->state = OPERATION_CORDONING;
            write_node(core, fleet, EFFECT_CORDON, "ineligible");
        } else {
            operation_end(core, fleet, true, "it is in use again; left as it is");
        }
        break;
    case OPERATION_LOOKING:
    case OPERATION_EMPTYING:
        operation_read(core, fleet, EFFECT_NODE_LOOK);
        break;
    case OPERATION_DRAINING:
        write_node(core, fleet, EFFECT_DRAIN, "draining");
        break;
    case OPERATION_REMOVING:
        remove_instance(core, fleet);
        break;
    case OPERATION_POLLING:
        operation_read(core, fleet, EFFECT_POLL);
        break;
    case OPERATION_RETURNING:
        await_return(core, fleet);
        break;
    case OPERATION_UNCORDONING:
        write_node(core, fleet, EFFECT_UNCORDON, "eligible");
        break;
    default:
        give_back(core, fleet, "in a state that shrinking does not have");
        break;
    }
}

/* A look or a write that said nothing: again, a bounded number of times, then the node is given back. */
static void again(struct core *core, struct fleet_pool *fleet, const struct effect_result *result)
{
    struct operation *operation = fleet->operation;
    if (result->refusal == REFUSAL_GATED) {
        operation_pause(core, operation, LOOK_AGAIN_MS, result->text);
        return;
    }
    if (++operation->tries < OPERATION_TRIES_MOST) {
        operation_pause(core, operation, LOOK_AGAIN_MS, result->text);
        return;
    }
    if (operation->state == OPERATION_UNCORDONING)
        operation_end(core, fleet, false, result->text ? result->text : "the node could not be made eligible again");
    else
        give_back(core, fleet, result->text ? result->text : "refused");
}

/* Surely nothing was removed. What says nothing against it is tried again, from the look at the node on. */
static void removal_refused(struct core *core, struct fleet_pool *fleet, const struct effect_result *result)
{
    struct operation *operation = fleet->operation;
    unsigned tries = operation->tries;
    bool passing = result->refusal == REFUSAL_GATED || result->outcome == OUTCOME_NOT_SENT ||
                   result->account_status == ACCOUNT_CONFLICT || result->account_status == ACCOUNT_THROTTLED ||
                   result->account_status == ACCOUNT_RETRY;
    fleet->removed_count -= fleet->removed_count > 0;
    if (!passing || tries + 1 >= OPERATION_TRIES_MOST) {
        give_back(core, fleet, result->text ? result->text : "the provider refused to remove it");
        return;
    }
    operation_set(core, fleet, OPERATION_EMPTYING);
    operation->tries = tries + (result->refusal != REFUSAL_GATED);
    operation_pause(core, operation, operation_patience(core, result), result->text);
}

/* Allocations of system jobs run on every node and go with it. */
static bool only_system_jobs(const struct core *core, const struct fleet_pool *fleet,
                             const struct effect_result *result)
{
    const struct world_region *region = world_region_of((struct world *)(uintptr_t)&core->world, fleet->region);
    for (size_t i = 0; i < result->node_job_count; i++) {
        const struct world_region_job *job =
            world_find_region_job(&core->world, region, result->node_jobs[i].job_namespace, result->node_jobs[i].id);
        if (!job || !job->listed || job->type != JOB_SYSTEM)
            return false;
    }
    return !result->node_jobs_more;
}

static void looked(struct core *core, struct fleet_pool *fleet, const struct effect_result *result)
{
    struct operation *operation = fleet->operation;
    if (!result->node_exists) {
        give_back(core, fleet, "Nomad does not know the node any more");
        return;
    }
    if (result->node_eligible) {
        operation_end(core, fleet, false, "somebody made the node eligible again");
        return;
    }
    if (operation->state == OPERATION_LOOKING) {
        if (only_system_jobs(core, fleet, result))
            operation_set(core, fleet, OPERATION_DRAINING);
        else
            give_back(core, fleet, "work came to the node before it was cordoned");
        return;
    }
    if (!result->node_draining && result->node_job_count == 0 && !result->node_jobs_more) {
        unsigned tries = operation->tries;
        operation_set(core, fleet, OPERATION_REMOVING);
        operation->tries = tries;
        return;
    }
    if (core->world.now_ms >= operation->deadline_ms)
        give_back(core, fleet, "it was not empty by the drain's deadline");
    else
        operation_pause(core, operation, LOOK_AGAIN_MS, NULL);
}

static void drained(struct core *core, struct fleet_pool *fleet)
{
    int64_t patience = fleet_world_pool(core, fleet, NULL)->config->drain_deadline_ms + 60000;
    fleet->operation->deadline_ms = core->world.now_ms + patience;
    operation_set(core, fleet, OPERATION_EMPTYING);
}

void shrink_ended(struct core *core, struct fleet_pool *fleet, enum effect_type type,
                  const struct effect_result *result)
{
    struct operation *operation = fleet->operation;
    bool done = result->outcome == OUTCOME_DONE;
    if (type == EFFECT_POLL) {
        bool running = done ? result->operation_running : result->outcome != OUTCOME_REFUSED;
        if (running && core->world.now_ms < operation->deadline_ms)
            operation_pause(core, operation, LOOK_AGAIN_MS, NULL);
        else
            operation_end(core, fleet, done, done ? "removed" : result->text ? result->text : "the removal failed");
    } else if (!done && type == EFFECT_DRAIN && result->refusal == REFUSAL_BUSY) {
        give_back(core, fleet, result->text);
    } else if (!done && type == EFFECT_SHRINK) {
        removal_refused(core, fleet, result);
    } else if (!done) {
        again(core, fleet, result);
    } else if (type == EFFECT_CORDON) {
        operation_set(core, fleet, OPERATION_LOOKING);
    } else if (type == EFFECT_NODE_LOOK) {
        looked(core, fleet, result);
    } else if (type == EFFECT_DRAIN) {
        drained(core, fleet);
    } else if (type == EFFECT_SHRINK) {
        removal_begun(core, fleet, result);
    } else {
        operation_set(core, fleet, OPERATION_RETURNING);
    }
}
