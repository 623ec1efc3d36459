/* Growing: desired machines compared and set, the provider's operation polled to its end, the new machines awaited as
 * ready nodes. One that does not come in time is replaced, what the provider cannot give is taken back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/fleet_private.h"

enum { CONFLICT_PAUSE_MS = 5000, JOIN_LOOK_MS = 1000 };

/* --- what there is ------------------------------------------------------------------------------------------------ */

/* Pool facts newer than the last change; NULL, and the operation pauses, until there are. */
static const struct account_pool *fresh_pool(struct core *core, struct fleet_pool *fleet)
{
    struct operation *operation = fleet->operation;
    struct world_region *region = NULL;
    const struct world_pool *pool = fleet_world_pool(core, fleet, &region);
    const struct account_pool *at = fleet_provider_pool(core, fleet);
    if (!at || core->world.accounts[pool->link.account].looked_ms[LOOK_POOLS] <= operation->changed_ms) {
        operation_pause(core, operation, JOIN_LOOK_MS, NULL);
        return NULL;
    }
    return at;
}

static bool was_before(const struct operation *operation, const char *id)
{
    for (size_t i = 0; i < operation->instance_count; i++)
        if (strcmp(operation->instances[i], id) == 0)
            return true;
    return false;
}

static void remember_instances(struct operation *operation, const struct account_pool *pool)
{
    for (size_t i = 0; i < operation->instance_count; i++)
        free(operation->instances[i]);
    free(operation->instances);
    operation->instances = memory_new(pool->instance_count, sizeof *operation->instances);
    operation->instance_count = 0;
    for (size_t i = 0; i < pool->instance_count; i++)
        if (instance_is_live(&pool->instances[i]))
            text_replace(&operation->instances[operation->instance_count++], pool->instances[i].id);
}

struct newcomers {
    int64_t live, joined, failed;
};

/* Started since the operation began, and not on its way out. */
static bool is_new(const struct operation *operation, const struct account_instance *instance)
{
    bool there = instance_is_live(instance) || instance->state == INSTANCE_FAILED;
    return there && !instance->foreign && !was_before(operation, instance->id);
}

static bool has_joined(const struct core *core, const struct fleet_pool *fleet, const struct account_instance *instance)
{
    const struct world_pool *pool = fleet_world_pool(core, fleet, NULL);
    const struct world_account *account = &core->world.accounts[pool->link.account];
    const struct world_node *node = match_node(&core->world, world_match_of(account, instance));
    return node && node->listed && node->status == NODE_READY && node->eligible && !node->draining;
}

/* A machine of one's own that was shut down by a shrink comes back as the node it was, still cordoned: by us, so it is
 * made eligible again. NULL when there is none of that kind. */
static const struct world_node *cordoned_newcomer(const struct core *core, const struct fleet_pool *fleet,
                                                  const struct account_pool *pool)
{
    const struct world_pool *own = fleet_world_pool(core, fleet, NULL);
    const struct world_account *account = &core->world.accounts[own->link.account];
    for (size_t i = 0; i < pool->instance_count; i++) {
        const struct account_instance *instance = &pool->instances[i];
        const struct world_node *node =
            is_new(fleet->operation, instance) ? match_node(&core->world, world_match_of(account, instance)) : NULL;
        if (node && node->listed && node->status == NODE_READY && !node->eligible && fleet_cordoned(fleet, &node->id))
            return node;
    }
    return NULL;
}

static struct newcomers count_new(const struct core *core, const struct fleet_pool *fleet,
                                  const struct account_pool *pool)
{
    struct newcomers count = {0};
    for (size_t i = 0; i < pool->instance_count; i++) {
        const struct account_instance *instance = &pool->instances[i];
        if (!is_new(fleet->operation, instance))
            continue;
        count.live += instance_is_live(instance);
        count.failed += instance->state == INSTANCE_FAILED;
        count.joined += has_joined(core, fleet, instance);
    }
    return count;
}

/* Nodes that no instance is, of the pool, or come since the operation began and selected otherwise: while there are
 * any, a machine that seems to have become no node may be one of them, at work. */
static int64_t count_strangers(const struct core *core, const struct fleet_pool *fleet)
{
    struct world_region *region = NULL;
    const struct world_pool *pool = fleet_world_pool(core, fleet, &region);
    int64_t strangers = 0;
    for (size_t n = 0; n < region->node_count; n++) {
        const struct world_node *node = &region->nodes[n];
        bool may_be_of_it = &region->pools[node->pool] == pool || node->known_ms >= fleet->operation->since_ms;
        strangers += node->present && node->status != NODE_DOWN && may_be_of_it &&
                     !world_instance_of(&core->world, region, node);
    }
    return strangers;
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

/* From which size to which, of a pool as it is now. What was asked before and conflicted keeps to the size it wanted:
 * who grew the pool meanwhile, this very request or somebody else, has brought some of the machines already. */
static void set_size(struct operation *operation, const struct account_pool *pool, int64_t most)
{
    int64_t more = operation->to - operation->from;
    bool asked_before = operation->tries > 0 && pool->desired >= operation->from;
    if (!asked_before) {
        operation->from = pool->desired;
        operation->to = pool->desired + more;
        remember_instances(operation, pool);
    }
    operation->to = operation->to < most ? operation->to : most;
}

static void ask(struct core *core, struct fleet_pool *fleet)
{
    struct operation *operation = fleet->operation;
    if (!fleet_is_needed(core, operation)) {
        operation_end(core, fleet, true, "the job needs it no more");
        return;
    }
    const struct account_pool *pool = fresh_pool(core, fleet);
    if (!pool || !operation_may_write(core, fleet))
        return;
    const struct pool_config *config = fleet_world_pool(core, fleet, NULL)->config;
    int64_t most = pool->max == ACCOUNT_UNSET || pool->max > config->grow_to ? config->grow_to : pool->max;
    char before[160];
    char after[160];
    if (pool->busy) {
        operation_pause(core, operation, CONFLICT_PAUSE_MS, "the provider is changing the pool");
        return;
    }
    set_size(operation, pool, most);
    if (operation->to <= operation->from) {
        operation_end(core, fleet, false, "the pool has all the machines that it may have");
        return;
    }
    operation->deadline_ms = core->world.now_ms + config->join_within_ms;
    if (pool->desired >= operation->to) {
        operation_set(core, fleet, OPERATION_JOINING);
        return;
    }
    unsigned tries = operation->tries;
    operation_set(core, fleet, OPERATION_GROWING);
    operation->tries = tries;
    struct effect effect = operation_effect(core, fleet, EFFECT_GROW);
    effect.change.from = pool->desired;
    effect.change.to = operation->to;
    snprintf(before, sizeof before, "%.100s: %lld machines", config->name, (long long)pool->desired);
    snprintf(after, sizeof after, "%.100s: %lld machines", config->name, (long long)operation->to);
    operation_send(core, fleet, &effect, before, after);
}

static void withdraw(struct core *core, struct fleet_pool *fleet)
{
    char before[160];
    if (!fleet_provider_pool(core, fleet)) {
        operation_pause(core, fleet->operation, JOIN_LOOK_MS, "its account has not been heard");
        return;
    }
    if (!operation_may_write(core, fleet))
        return;
    struct effect effect = operation_effect(core, fleet, EFFECT_WITHDRAW);
    snprintf(before, sizeof before, "%.100s: %lld machines wanted", world_text(&core->world, fleet->pool),
             (long long)fleet->operation->to);
    operation_send(core, fleet, &effect, before, "as many as there are");
}

/* A new machine that is no node; not one that may be a node all the same, at work. */
static bool never_came(const struct core *core, const struct operation *operation, const struct world_account *account,
                       const struct account_instance *instance, bool strangers)
{
    const struct instance_match *match = world_match_of(account, instance);
    if (!is_new(operation, instance) || match->doubtful || match_node(&core->world, match))
        return false;
    return instance->state == INSTANCE_FAILED || !strangers;
}

/* Takes away what has become no node. */
static void replace(struct core *core, struct fleet_pool *fleet)
{
    const struct account_pool *pool = fresh_pool(core, fleet);
    if (!pool || !operation_may_write(core, fleet))
        return;
    struct effect effect = operation_effect(core, fleet, EFFECT_SHRINK);
    struct buffer before = BUFFER_INIT;
    bool strangers = count_strangers(core, fleet) > 0;
    const struct world_account *account = &core->world.accounts[fleet_world_pool(core, fleet, NULL)->link.account];
    effect.change.instances = memory_new(CHANGE_INSTANCES_MAX, sizeof *effect.change.instances);
    for (size_t i = 0; i < pool->instance_count && effect.change.instance_count < CHANGE_INSTANCES_MAX; i++) {
        const struct account_instance *instance = &pool->instances[i];
        if (!never_came(core, fleet->operation, account, instance, strangers))
            continue;
        text_replace(&effect.change.instances[effect.change.instance_count++], instance->id);
        buffer_printf(&before, "%s%s", before.length ? ", " : "no node: ", instance->id);
    }
    if (effect.change.instance_count == 0) {
        effect_release(&effect);
        operation_end(core, fleet, false,
                      "new machines are nodes that take no work: not ready, made ineligible, or claimed by two (drover "
                      "instance list)");
    } else {
        operation_send(core, fleet, &effect, before.data, "removed");
    }
    buffer_release(&before);
}

/* --- waiting for nodes -------------------------------------------------------------------------------------------- */

static void give_up_joining(struct core *core, struct fleet_pool *fleet, const struct newcomers *count)
{
    struct operation *operation = fleet->operation;
    char text[300];
    if (count->live + count->failed <= count->joined) {
        text_replace(&operation->trouble, "the provider brought no machines in time");
        operation_set(core, fleet, OPERATION_WITHDRAWING);
        return;
    }
    int64_t strangers = count_strangers(core, fleet);
    if (strangers > 0 && count->failed == 0) {
        snprintf(text, sizeof text,
                 "nodes that do not say which machine they are: %lld (drover instance list shows what is missing); "
                 "nothing is removed for that",
                 (long long)strangers);
        operation_end(core, fleet, false, text);
        return;
    }
    snprintf(text, sizeof text, "%lld of %lld new machines became no ready node in time",
             (long long)(count->live + count->failed - count->joined), (long long)(operation->to - operation->from));
    text_replace(&operation->trouble, text);
    operation->replaced++;
    operation_set(core, fleet, OPERATION_REPLACING);
}

static void uncordon(struct core *core, struct fleet_pool *fleet, const struct world_node *node)
{
    char before[300];
    if (!operation_may_write(core, fleet))
        return;
    struct effect effect = operation_effect(core, fleet, EFFECT_UNCORDON);
    effect.node.node = node->id;
    snprintf(before, sizeof before, "%.80s: node %.100s, cordoned when it was given back",
             world_text(&core->world, fleet->pool), world_text(&core->world, node->name));
    operation_send(core, fleet, &effect, before, "eligible");
}

static void await_nodes(struct core *core, struct fleet_pool *fleet)
{
    struct operation *operation = fleet->operation;
    const struct account_pool *pool = fresh_pool(core, fleet);
    if (!pool)
        return;
    struct newcomers count = count_new(core, fleet, pool);
    int64_t wanted = operation->to - operation->from;
    if (count.joined >= wanted) {
        operation_end(core, fleet, wanted > 0, wanted > 0 ? "all joined" : "the provider had none to give");
        return;
    }
    if (!world_region_usable(world_region_of(&core->world, fleet->region)))
        operation->deadline_ms += JOIN_LOOK_MS; /* a region that is not seen cannot show its nodes */
    if (core->world.now_ms >= operation->deadline_ms || count.failed > 0) {
        give_up_joining(core, fleet, &count);
        return;
    }
    const struct world_node *cordoned = cordoned_newcomer(core, fleet, pool);
    if (cordoned) {
        uncordon(core, fleet, cordoned);
        return;
    }
    operation_pause(core, operation, JOIN_LOOK_MS, NULL);
}

static void count_what_came(struct core *core, struct fleet_pool *fleet)
{
    struct operation *operation = fleet->operation;
    const struct account_pool *pool = fresh_pool(core, fleet);
    if (!pool)
        return;
    struct newcomers count = count_new(core, fleet, pool);
    if (count.live == 0) {
        char how[ERROR_TEXT_MAX];
        snprintf(how, sizeof how, "%.1000s", operation->trouble ? operation->trouble : "nothing came");
        operation_end(core, fleet, false, how);
        return;
    }
    operation->to = operation->from + count.live;
    operation_set(core, fleet, OPERATION_JOINING);
}

void grow_advance(struct core *core, struct fleet_pool *fleet)
{
    struct operation *operation = fleet->operation;
    switch (operation->state) {
    case OPERATION_CLAIMING:
    case OPERATION_GROWING: /* its effect has ended without a word: begin with a look */
        ask(core, fleet);
        break;
    case OPERATION_POLLING:
        if (core->world.now_ms >= operation->deadline_ms) {
            text_replace(&operation->trouble, "the provider did not end it in time");
            operation_set(core, fleet, OPERATION_WITHDRAWING);
        } else {
            operation_read(core, fleet, EFFECT_POLL);
        }
        break;
    case OPERATION_JOINING:
        await_nodes(core, fleet);
        break;
    case OPERATION_COUNTING:
        count_what_came(core, fleet);
        break;
    case OPERATION_REPLACING:
        replace(core, fleet);
        break;
    case OPERATION_WITHDRAWING:
        withdraw(core, fleet);
        break;
    default:
        operation_end(core, fleet, false, "in a state that growing does not have");
        break;
    }
}

/* --- how it ended ------------------------------------------------------------------------------------------------- */

static bool says_nothing(const struct effect_result *result)
{
    return result->outcome == OUTCOME_NOT_SENT || result->outcome == OUTCOME_UNKNOWN ||
           result->account_status == ACCOUNT_RETRY || result->account_status == ACCOUNT_THROTTLED ||
           result->account_status == ACCOUNT_UNREACHABLE;
}

static bool cannot_be_had(const struct effect_result *result)
{
    return result->account_status == ACCOUNT_NO_CAPACITY || result->account_status == ACCOUNT_QUOTA;
}

static void poll_later(struct core *core, struct operation *operation, const struct effect_result *result)
{
    int64_t wait = result->next_poll_ms != ACCOUNT_UNSET && result->next_poll_ms
                       ? result->next_poll_ms - core->world.now_ms
                       : LOOK_AGAIN_MS;
    wait = wait < JOIN_LOOK_MS ? JOIN_LOOK_MS : wait > COOL_POOL_MS ? COOL_POOL_MS : wait;
    operation_pause(core, operation, wait, NULL);
}

static void begun(struct core *core, struct fleet_pool *fleet, const struct effect_result *result)
{
    struct operation *operation = fleet->operation;
    bool running = result->operation_running && result->operation_token && result->operation_token[0];
    text_replace(&operation->token, running ? result->operation_token : "");
    operation->changed_ms = core->world.now_ms;
    operation_set(core, fleet, running ? OPERATION_POLLING : OPERATION_JOINING);
    if (running)
        poll_later(core, operation, result);
}

static void grow_refused(struct core *core, struct fleet_pool *fleet, const struct effect_result *result)
{
    struct operation *operation = fleet->operation;
    unsigned tries = operation->tries;
    if (cannot_be_had(result)) {
        fleet_cool(core, fleet, result);
        text_replace(&operation->trouble, result->text);
        operation->changed_ms = core->world.now_ms;
        operation_set(core, fleet, OPERATION_WITHDRAWING);
        return;
    }
    bool passing = says_nothing(result) || result->account_status == ACCOUNT_CONFLICT;
    bool again = result->refusal == REFUSAL_GATED || (passing && tries + 1 < OPERATION_TRIES_MOST);
    if (!again) {
        operation_end(core, fleet, false, result->text ? result->text : "refused");
        return;
    }
    operation->changed_ms = core->world.now_ms; /* what was known is not how it is */
    operation_set(core, fleet, OPERATION_CLAIMING);
    operation->tries = tries + 1;
    operation_pause(core, operation, operation_patience(core, result), result->text);
}

static void polled(struct core *core, struct fleet_pool *fleet, const struct effect_result *result)
{
    struct operation *operation = fleet->operation;
    if (says_nothing(result) || (result->outcome == OUTCOME_DONE && result->operation_running)) {
        if (result->operation_token && result->operation_token[0])
            text_replace(&operation->token, result->operation_token);
        poll_later(core, operation, result);
        return;
    }
    operation->changed_ms = core->world.now_ms;
    if (result->outcome == OUTCOME_DONE) {
        operation_set(core, fleet, OPERATION_JOINING);
        return;
    }
    if (cannot_be_had(result))
        fleet_cool(core, fleet, result);
    text_replace(&operation->trouble, result->text);
    operation_set(core, fleet, OPERATION_WITHDRAWING);
}

/* In the same state, a bounded number of times. */
static bool try_again(struct core *core, struct operation *operation, const struct effect_result *result)
{
    bool passing = says_nothing(result) || result->account_status == ACCOUNT_CONFLICT;
    if (result->refusal != REFUSAL_GATED && (!passing || ++operation->tries >= OPERATION_TRIES_MOST))
        return false;
    operation_pause(core, operation, operation_patience(core, result), NULL);
    return true;
}

/* Some may have come all the same: those are awaited. */
static void withdrawn(struct core *core, struct fleet_pool *fleet, const struct effect_result *result)
{
    struct operation *operation = fleet->operation;
    char text[ERROR_TEXT_MAX];
    if (result->outcome != OUTCOME_DONE && try_again(core, operation, result))
        return;
    if (result->outcome == OUTCOME_DONE) {
        operation->changed_ms = core->world.now_ms;
        operation_set(core, fleet, OPERATION_COUNTING);
        return;
    }
    snprintf(text, sizeof text, "%.400s; what was asked for could not be taken back: %.400s",
             operation->trouble ? operation->trouble : "failed", result->text ? result->text : "");
    operation_end(core, fleet, false, text);
}

static void replaced(struct core *core, struct fleet_pool *fleet, const struct effect_result *result)
{
    struct operation *operation = fleet->operation;
    char text[ERROR_TEXT_MAX];
    if (result->outcome != OUTCOME_DONE && try_again(core, operation, result))
        return;
    if (result->outcome != OUTCOME_DONE) {
        snprintf(text, sizeof text, "%.400s; they could not be removed: %.400s",
                 operation->trouble ? operation->trouble : "", result->text ? result->text : "");
        operation_end(core, fleet, false, text);
        return;
    }
    const struct account_pool *pool = fleet_provider_pool(core, fleet);
    int64_t left = operation->to - operation->from - (pool ? count_new(core, fleet, pool).joined : 0);
    operation->changed_ms = core->world.now_ms;
    if (left <= 0) {
        operation_end(core, fleet, true, "all joined");
        return;
    }
    if (operation->replaced > REPLACED_MOST) {
        fleet->grow_not_before_ms = core->world.now_ms + COOL_JOIN_MS;
        snprintf(text, sizeof text, "%.400s, though replaced %d times", operation->trouble ? operation->trouble : "",
                 REPLACED_MOST);
        operation_end(core, fleet, false, text);
        return;
    }
    operation->from = 0;
    operation->to = left;
    operation_set(core, fleet, OPERATION_CLAIMING);
}

void grow_ended(struct core *core, struct fleet_pool *fleet, enum effect_type type, const struct effect_result *result)
{
    if (type == EFFECT_UNCORDON)
        operation_pause(core, fleet->operation, JOIN_LOOK_MS, result->outcome == OUTCOME_DONE ? NULL : result->text);
    else if (type == EFFECT_POLL)
        polled(core, fleet, result);
    else if (type == EFFECT_WITHDRAW)
        withdrawn(core, fleet, result);
    else if (type == EFFECT_SHRINK)
        replaced(core, fleet, result);
    else if (result->outcome == OUTCOME_DONE)
        begun(core, fleet, result);
    else
        grow_refused(core, fleet, result);
}
