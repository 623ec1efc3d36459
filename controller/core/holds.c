/* Mode, freeze and policies: what people say about what Drover may do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/private.h"

bool core_gate(const struct core *core, const struct effect *effect, struct error *ret_error)
{
    if (!effect_type_writes(effect->type))
        return true;
    const struct world *world = &core->world;
    if (world->frozen)
        return error_set(ret_error, ERROR_GATED, "frozen by %s: %s; `drover unfreeze` lifts it",
                         world->freeze.actor ? world->freeze.actor : "?",
                         world->freeze.reason && world->freeze.reason[0] ? world->freeze.reason : "no reason given");
    if (world->mode == MODE_OBSERVE)
        return error_set(ret_error, ERROR_GATED,
                         "the mode is observe, in which Drover only looks; `drover mode enforce` changes it");
    /* an owner variable is claimed only for the sake of another write, which needs the approval itself */
    if (world->mode == MODE_APPROVE && effect->type != EFFECT_OWNER &&
        strcmp(effect->actor ? effect->actor : "drover", "drover") == 0)
        return error_set(ret_error, ERROR_GATED, "the mode is approve and nobody has approved this");
    return true;
}

static void set_mode(struct core *core, enum mode mode)
{
    core->world.mode = mode;
    if (mode != MODE_OBSERVE && !core->world.frozen)
        effects_gate_opened(core);
    core_changed(core);
}

/* At start the configuration decides, but a person's stricter word of before the restart stays in force. */
void holds_mode_configured(struct core *core, enum mode mode)
{
    core->world.configured_mode = mode;
    if (core->has_persisted_mode && core->persisted_mode < mode)
        mode = core->persisted_mode;
    core->world.mode = mode;
    core_changed(core);
}

void holds_mode_set(struct core *core, enum mode mode)
{
    const char *before = mode_word(core->world.mode);
    struct reply *reply = NULL;
    bool unchanged = core->world.mode == mode;
    if (!unchanged) {
        core_audit_act(core, "mode", before, mode_word(mode));
        put_journal(core, "mode", mode_word(mode));
    }
    set_mode(core, mode);
    put_hold_mode(core);
    reply = core_reply(core);
    if (reply)
        reply->unchanged = unchanged;
}

void holds_freeze(struct core *core, const char *reason)
{
    struct reply *reply = NULL;
    bool unchanged = core->world.frozen;
    if (!unchanged) {
        core->world.frozen = true;
        core->world.freeze.since_ms = core->world.now_ms;
        text_replace(&core->world.freeze.actor, core->event->actor ? core->event->actor : "drover");
        text_replace(&core->world.freeze.reason, reason ? reason : "");
        core_audit_act(core, "freeze", "", core->world.freeze.reason);
        put_journal(core, "freeze", core->world.freeze.reason);
        put_hold_freeze(core);
        core_changed(core);
    }
    reply = core_reply(core);
    if (reply)
        reply->unchanged = unchanged;
}

void holds_unfreeze(struct core *core)
{
    struct reply *reply = NULL;
    bool unchanged = !core->world.frozen;
    if (!unchanged) {
        core->world.frozen = false;
        core_audit_act(core, "unfreeze", core->world.freeze.reason ? core->world.freeze.reason : "", "");
        put_journal(core, "unfreeze", "");
        put_hold_freeze(core);
        core_changed(core);
        if (core->world.mode != MODE_OBSERVE)
            effects_gate_opened(core);
    }
    reply = core_reply(core);
    if (reply)
        reply->unchanged = unchanged;
}

/* --- policies ----------------------------------------------------------------------------------------------------- */

const struct policy *world_policy_for(const struct world *world, const char *job_namespace, const char *id)
{
    static const struct policy built_in = {.name = (char *)(uintptr_t)POLICY_DEFAULT, .budget_uusd_month = -1};
    const struct policy *best = &built_in;
    uint64_t best_rank = 0;
    for (size_t i = 0; i < world->policy_count; i++) {
        uint64_t rank = policy_rank(&world->policies[i], job_namespace, id);
        if (rank > best_rank) {
            best = &world->policies[i];
            best_rank = rank;
        }
    }
    return best;
}

void policy_apply(struct core *core, const struct policy *policy)
{
    const struct policy *there = world_find_policy(&core->world, policy->name);
    if (there && there->from_file && !policy->from_file) {
        core_reply_error(core, ERROR_CONFLICT,
                         "policy \"%s\" is declared in the agent's configuration; change it there and restart",
                         policy->name);
        return;
    }
    world_policy_put(&core->world, policy);
    core_changed(core);
    if (policy->from_file)
        return;
    put_policy(core, policy);
    core_audit_act(core, "policy apply", "", policy->name);
    put_journal(core, "policy apply", policy->name);
    core_reply(core);
}

void policy_delete(struct core *core, const char *name)
{
    const struct policy *there = world_find_policy(&core->world, name);
    if (!there) {
        core_reply_error(core, ERROR_NOT_FOUND, "there is no policy \"%s\"; `drover policy list` shows those there are",
                         name);
        return;
    }
    if (there->from_file) {
        core_reply_error(core, ERROR_CONFLICT,
                         "policy \"%s\" is declared in the agent's configuration; remove it there and restart", name);
        return;
    }
    core_audit_act(core, "policy delete", name, "");
    put_journal(core, "policy delete", name);
    drop_policy(core, name);
    world_policy_drop(&core->world, name);
    core_changed(core);
    core_reply(core);
}
