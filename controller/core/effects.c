/* Effects: the outbox of outside writes, their outcomes, and how an unknown one is settled by looking.
 *
 * intended -> sent -> done | refused | unknown -> probed. What never left is tried again; what may have taken effect is
 * never sent again before a look has shown that it has not. After a start every record of the outbox is unknown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/private.h"

uint64_t core_next_id(struct core *core)
{
    return core->epoch << 32 | ++core->counter;
}

void core_deadline(struct core *core, int64_t at_ms)
{
    if (at_ms > 0 && (core->deadline_ms == 0 || at_ms < core->deadline_ms))
        core->deadline_ms = at_ms;
}

/* --- what goes out ------------------------------------------------------------------------------------------------ */

static struct effect *emit(struct core *core)
{
    struct step *out = core->out;
    out->effects = memory_grow(out->effects, out->effect_count, &out->effect_capacity, sizeof *out->effects);
    struct effect *effect = &out->effects[out->effect_count++];
    *effect = (struct effect){0};
    return effect;
}

struct effect *effects_read(struct core *core, enum effect_type type, const char *region)
{
    struct effect *effect = emit(core);
    effect->id = core_next_id(core);
    effect->type = type;
    effect->cause = core->world.sequence;
    text_replace(&effect->region, region);
    text_replace(&effect->actor, "drover");
    return effect;
}

static struct pending *pending_find(struct core *core, uint64_t id)
{
    for (size_t i = 0; i < core->pending_count; i++)
        if (core->pending[i].effect.id == id)
            return &core->pending[i];
    return NULL;
}

static void fill_audit(struct core *core, struct pending *pending, const char *source, const char *before,
                       const char *after)
{
    const struct effect *effect = &pending->effect;
    struct audit_row *row = &pending->audit;
    bool has_job = effect->wanted.id != NULL;
    row->at_ms = core->world.now_ms;
    row->effect_id = effect->id;
    text_replace(&row->actor, effect->actor);
    const char *here = core->event && core->event->source ? core->event->source : "";
    text_replace(&row->source, source ? source : here);
    text_replace(&row->action, effect_type_word(effect->type));
    text_replace(&row->region, effect->region);
    text_replace(&row->job_namespace, has_job ? effect->wanted.job_namespace : "");
    text_replace(&row->id, has_job ? effect->wanted.id : "");
    text_replace(&row->policy,
                 has_job ? world_policy_for(&core->world, effect->wanted.job_namespace, effect->wanted.id)->name : "");
    text_replace(&row->before, before);
    text_replace(&row->after, after);
    text_replace(&row->result, "intended");
}

uint64_t effects_write(struct core *core, struct effect *effect, const char *source, const char *before,
                       const char *after)
{
    core->pending = memory_grow(core->pending, core->pending_count, &core->pending_capacity, sizeof *core->pending);
    struct pending *pending = &core->pending[core->pending_count++];
    *pending = (struct pending){.state = PENDING_INTENDED};
    effect->id = core_next_id(core);
    effect->cause = core->world.sequence;
    pending->effect = *effect; /* takes over what it owns */
    fill_audit(core, pending, source, before, after);
    put_pending(core, pending);
    put_audit(core, &pending->audit);
    effect_copy(emit(core), &pending->effect);
    core_changed(core);
    return pending->effect.id;
}

void effects_sent(struct core *core, uint64_t id)
{
    struct pending *pending = pending_find(core, id);
    if (pending)
        pending->state = PENDING_SENT;
}

/* --- probing and trying again ------------------------------------------------------------------------------------- */

/* Whether it makes sense to ask: the account's process is started when it is needed, its region must speak. */
static bool target_answers(const struct core *core, const struct effect *effect)
{
    const char *name = effect->region;
    if (effect_type_is_of_account(effect->type))
        return world_find_account(&core->world, effect->change.account) != NULL;
    const struct world_region *region = world_find_region(&core->world, name);
    return region && region->state != REGION_DARK && region->state != REGION_DENIED &&
           region->state != REGION_CONFIGURED && region->state != REGION_CONNECTING;
}

static int64_t backoff(unsigned tries, int64_t first)
{
    int64_t wait = first;
    for (unsigned i = 1; i < tries && wait < RETRY_MOST_MS; i++)
        wait *= 2;
    return wait < RETRY_MOST_MS ? wait : RETRY_MOST_MS;
}

static void wait_for(struct core *core, struct pending *pending, int64_t wait_ms)
{
    pending->next_ms = core->world.now_ms + wait_ms;
    core->timers_changed = true;
}

static void probe(struct core *core, struct pending *pending)
{
    struct effect *look = effects_read(core, EFFECT_PROBE, pending->effect.region);
    look->probed_type = pending->effect.type;
    look->probed_id = pending->effect.id;
    look->base_index = pending->effect.base_index;
    look->epoch = pending->effect.epoch;
    text_replace(&look->cluster, pending->effect.cluster);
    copy_wanted_copy(&look->wanted, &pending->effect.wanted);
    text_replace(&look->change.account, pending->effect.change.account);
    text_replace(&look->change.pool, pending->effect.change.pool);
    look->node = pending->effect.node;
    pending->probe = look->id;
    pending->next_ms = 0;
}

/* False while the region's owner variable is not ours in this epoch: a write must not leave before that. May claim it,
 * which moves core->pending: callers use `pending` no more after false. */
static bool owner_is_ours(struct core *core, const struct pending *pending)
{
    struct world_region *region = world_find_region(&core->world, pending->effect.region);
    if (pending->effect.type == EFFECT_OWNER || !region || region->owner == OWNER_OURS ||
        region->owner == OWNER_FOREIGN)
        return true; /* a foreign owner is refused by the sending of the effect itself */
    region_claim(core, region);
    return false;
}

static void send_again(struct core *core, struct pending *pending)
{
    pending->state = PENDING_INTENDED;
    pending->next_ms = core->world.now_ms + PROBE_AFTER_MS;
    core->timers_changed = true;
    if (!owner_is_ours(core, pending))
        return;
    pending->next_ms = 0;
    effect_copy(emit(core), &pending->effect);
}

static void tick(struct core *core, struct pending *pending)
{
    if (!pending->next_ms)
        return;
    if (!target_answers(core, &pending->effect)) {
        /* asked again when the region speaks; the timer only keeps the look alive */
        core_deadline(core, core->world.now_ms + RETRY_MOST_MS);
        return;
    }
    if (core->world.now_ms < pending->next_ms) {
        core_deadline(core, pending->next_ms);
        return;
    }
    if (pending->state == PENDING_UNKNOWN)
        probe(core, pending);
    else
        send_again(core, pending);
}

void effects_tick(struct core *core)
{
    for (size_t i = 0; i < core->pending_count; i++)
        tick(core, &core->pending[i]);
}

void effects_gate_opened(struct core *core)
{
    for (size_t i = 0; i < core->pending_count; i++)
        if (core->pending[i].state == PENDING_HELD)
            send_again(core, &core->pending[i]);
}

/* --- how it ended ------------------------------------------------------------------------------------------------- */

static void owner_ended(struct core *core, const struct pending *pending, const struct effect_result *result)
{
    struct world_region *region = world_find_region(&core->world, pending->effect.region);
    if (!region)
        return;
    region->owner_effect = 0;
    if (result->outcome == OUTCOME_DONE) {
        region->owner = OWNER_OURS;
        region->owner_epoch = pending->effect.epoch;
    } else if (result->refusal == REFUSAL_FOREIGN) {
        region->owner = OWNER_FOREIGN;
        region->owner_epoch = result->owner_epoch;
        text_replace(&region->owner_cluster, result->owner_cluster ? result->owner_cluster : "?");
    } else {
        region->owner = OWNER_NOT_ASKED;
    }
    core->timers_changed = true;
    copies_owner_changed(core, region, result->text);
}

static void complete_audit(struct core *core, struct pending *pending, const struct effect_result *result, bool probed)
{
    char text[ERROR_TEXT_MAX];
    const char *settled = probed ? "settled by looking: " : "";
    if (result->outcome == OUTCOME_DONE)
        snprintf(text, sizeof text, "%sdone", settled);
    else
        snprintf(text, sizeof text, "%srefused (%s): %.900s", settled, refusal_word(result->refusal),
                 result->text ? result->text : "");
    pending->audit.done_at_ms = core->world.now_ms;
    text_replace(&pending->audit.result, text);
    put_audit(core, &pending->audit);
}

static void ended(struct core *core, struct pending *at, const struct effect_result *result, bool probed)
{
    complete_audit(core, at, result, probed);
    drop_pending(core, at);
    struct pending pending = *at;
    *at = core->pending[--core->pending_count];
    core_changed(core);
    switch (pending.effect.type) {
    case EFFECT_REGISTER:
        copy_register_ended(core, &pending, result);
        break;
    case EFFECT_STOP:
    case EFFECT_PURGE:
        copy_stop_ended(core, &pending, result);
        break;
    case EFFECT_OWNER:
        owner_ended(core, &pending, result);
        break;
    case EFFECT_GROW:
    case EFFECT_SHRINK:
    case EFFECT_WITHDRAW:
    case EFFECT_CORDON:
    case EFFECT_DRAIN:
    case EFFECT_UNCORDON:
        fleet_effect_ended(core, pending.effect.id, pending.effect.type, result);
        break;
    case EFFECT_PLAN:
    case EFFECT_PROBE:
    case EFFECT_POLL:
    case EFFECT_NODE_LOOK:
    case EFFECT_TYPE_COUNT:
        break;
    }
    effect_release(&pending.effect);
    audit_row_release(&pending.audit);
}

static void became_unknown(struct core *core, struct pending *pending, const char *text)
{
    char result[ERROR_TEXT_MAX];
    pending->state = PENDING_UNKNOWN;
    pending->tries++;
    snprintf(result, sizeof result, "unknown: %.900s", text ? text : "");
    text_replace(&pending->audit.result, result);
    put_audit(core, &pending->audit);
    put_pending(core, pending);
    wait_for(core, pending, backoff(pending->tries, PROBE_AFTER_MS));
    core_changed(core);
}

static void never_left(struct core *core, struct pending *pending, const struct effect_result *result)
{
    pending->tries++;
    bool give_up = pending->effect.type == EFFECT_REGISTER && pending->tries >= TRIES_MOST;
    if (give_up) {
        struct effect_result refused = *result;
        refused.outcome = OUTCOME_REFUSED;
        refused.refusal = REFUSAL_OTHER;
        ended(core, pending, &refused, false);
        return;
    }
    pending->state = PENDING_INTENDED;
    wait_for(core, pending, backoff(pending->tries, RETRY_FIRST_MS));
}

/* Changes of accounts and nodes: their operation decides anew what to do; nothing is sent again unseen. */
static bool is_of_operation(enum effect_type type)
{
    return effect_type_is_of_account(type) || effect_type_is_of_node(type);
}

static void held_by_gate(struct core *core, struct pending *pending, const char *text)
{
    char result[ERROR_TEXT_MAX];
    pending->state = PENDING_HELD;
    pending->next_ms = 0;
    snprintf(result, sizeof result, "held: %.900s", text ? text : "");
    text_replace(&pending->audit.result, result);
    put_audit(core, &pending->audit);
    core_changed(core);
}

/* What a look at an unknown register says: ours, not there yet, or somebody else's. */
static bool settle_register(const struct pending *pending, const struct effect_result *look,
                            struct effect_result *ret_result)
{
    const struct effect *effect = &pending->effect;
    bool untouched = look->job_exists ? look->job_modify_index == effect->base_index : effect->base_index == 0;
    if (untouched)
        return false;
    if (look->job_exists && look->matches_known && look->matches_wanted) {
        ret_result->outcome = OUTCOME_DONE;
    } else {
        ret_result->outcome = OUTCOME_REFUSED;
        ret_result->refusal = REFUSAL_CONFLICT;
        ret_result->text = look->job_exists ? "the job was changed by somebody else meanwhile"
                                            : "the job was removed by somebody else meanwhile";
    }
    return true;
}

static bool settle_owner(const struct pending *pending, const struct effect_result *look,
                         struct effect_result *ret_result)
{
    const char *cluster = look->owner_cluster ? look->owner_cluster : "";
    bool ours = strcmp(cluster, pending->effect.cluster) == 0;
    if (cluster[0] == '\0' || (ours && look->owner_epoch < pending->effect.epoch))
        return false;
    ret_result->outcome = ours && look->owner_epoch == pending->effect.epoch ? OUTCOME_DONE : OUTCOME_REFUSED;
    ret_result->refusal = ret_result->outcome == OUTCOME_DONE ? REFUSAL_NONE : REFUSAL_FOREIGN;
    return true;
}

/* True when the look settled it; false when the effect surely did not take place and may be sent again. */
static bool settle(const struct core *core, const struct pending *pending, const struct effect_result *look,
                   struct effect_result *ret_result)
{
    if (is_of_operation(pending->effect.type)) {
        fleet_settle(core, pending, look, ret_result);
        return true;
    }
    *ret_result = *look;
    ret_result->effect_id = pending->effect.id;
    ret_result->refusal = REFUSAL_NONE;
    switch (pending->effect.type) {
    case EFFECT_REGISTER:
        return settle_register(pending, look, ret_result);
    case EFFECT_STOP:
        ret_result->outcome = OUTCOME_DONE;
        return !look->job_exists || look->job_stopped;
    case EFFECT_PURGE:
        ret_result->outcome = OUTCOME_DONE;
        return !look->job_exists;
    case EFFECT_OWNER:
        return settle_owner(pending, look, ret_result);
    default:
        break;
    }
    return true;
}

static void probe_result(struct core *core, struct pending *pending, const struct effect_result *look)
{
    struct effect_result result;
    pending->probe = 0;
    if (look->outcome != OUTCOME_DONE) {
        became_unknown(core, pending, look->text);
        return;
    }
    if (settle(core, pending, look, &result))
        ended(core, pending, &result, true);
    else
        send_again(core, pending);
}

void effects_result(struct core *core, const struct effect_result *result)
{
    for (size_t i = 0; i < core->pending_count; i++)
        if (core->pending[i].probe == result->effect_id) {
            probe_result(core, &core->pending[i], result);
            return;
        }
    struct pending *pending = pending_find(core, result->effect_id);
    if (!pending) {
        if (!attempt_plan_result(core, result))
            fleet_read_ended(core, result);
        return;
    }
    if (is_of_operation(pending->effect.type) && result->outcome != OUTCOME_UNKNOWN) {
        ended(core, pending, result, false);
        return;
    }
    switch (result->outcome) {
    case OUTCOME_DONE:
        ended(core, pending, result, false);
        break;
    case OUTCOME_REFUSED:
        if (result->refusal == REFUSAL_GATED)
            held_by_gate(core, pending, result->text);
        else
            ended(core, pending, result, false);
        break;
    case OUTCOME_UNKNOWN:
        became_unknown(core, pending, result->text);
        break;
    case OUTCOME_NOT_SENT:
        never_left(core, pending, result);
        break;
    }
}

/* After a start nothing is known of what was under way. A claim of an earlier epoch is void: this start makes its own.
 */
void effects_started(struct core *core)
{
    static const struct effect_result superseded = {
        .outcome = OUTCOME_REFUSED, .refusal = REFUSAL_OTHER, .text = "superseded by a new start of the agent"};
    for (size_t i = core->pending_count; i-- > 0;)
        if (core->pending[i].effect.type == EFFECT_OWNER)
            ended(core, &core->pending[i], &superseded, false);
    for (size_t i = 0; i < core->pending_count; i++) {
        core->pending[i].state = PENDING_UNKNOWN;
        wait_for(core, &core->pending[i], 1);
    }
}

/* --- owning a region ---------------------------------------------------------------------------------------------- */

void region_claim(struct core *core, struct world_region *region)
{
    if (region->owner != OWNER_NOT_ASKED)
        return;
    struct effect effect = {.type = EFFECT_OWNER, .epoch = core->epoch};
    char after[160];
    text_replace(&effect.region, region->config.name);
    text_replace(&effect.cluster, core->cluster);
    text_replace(&effect.actor, core->event && core->event->actor ? core->event->actor : "drover");
    snprintf(after, sizeof after, "cluster %.64s, epoch %llu", core->cluster, (unsigned long long)core->epoch);
    region->owner = OWNER_CLAIMING;
    region->owner_effect = effects_write(core, &effect, NULL, "", after);
}
