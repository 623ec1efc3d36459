/* The step: one event in, records, effects and replies out. */
#include "controller/core/core.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/fleet_private.h"

struct core *core_new(const struct core_options *options)
{
    struct core *core = memory_new(1, sizeof *core);
    core->world.names = intern_new();
    core->cluster = memory_copy_text(options->cluster, strlen(options->cluster));
    core->epoch = options->epoch;
    return core;
}

void core_free(struct core *core)
{
    if (!core)
        return;
    for (size_t i = 0; i < core->pending_count; i++) {
        effect_release(&core->pending[i].effect);
        audit_row_release(&core->pending[i].audit);
    }
    for (size_t i = 0; i < core->dry_run_count; i++)
        attempt_free(core->dry_runs[i]);
    free(core->pending);
    free(core->dry_runs);
    free(core->touched);
    free(core->prices);
    free(core->cluster);
    world_release(&core->world);
    free(core);
}

const struct world *core_world(const struct core *core)
{
    return &core->world;
}

void core_changed(struct core *core)
{
    core->out_changed = true;
}

void step_release(struct step *step)
{
    for (size_t i = 0; i < step->record_count; i++) {
        buffer_release(&step->records[i].key);
        buffer_release(&step->records[i].value);
    }
    for (size_t i = 0; i < step->effect_count; i++)
        effect_release(&step->effects[i]);
    for (size_t i = 0; i < step->decision_count; i++)
        decision_free(step->decisions[i]);
    free(step->records);
    free(step->effects);
    free(step->replies);
    free(step->decisions);
    *step = (struct step){0};
}

/* --- replies ------------------------------------------------------------------------------------------------------ */

struct reply *core_reply(struct core *core)
{
    struct step *out = core->out;
    if (!core->event->request_id)
        return NULL;
    out->replies = memory_grow(out->replies, out->reply_count, &out->reply_capacity, sizeof *out->replies);
    struct reply *reply = &out->replies[out->reply_count++];
    *reply = (struct reply){.request_id = core->event->request_id};
    return reply;
}

void core_reply_error(struct core *core, enum error_code code, const char *format, ...)
{
    struct reply *reply = core_reply(core);
    if (!reply)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reply->error.text, sizeof reply->error.text, format, arguments);
    va_end(arguments);
    reply->error.code = code;
}

void core_reply_to(struct core *core, uint64_t request_id, const struct decision *decision)
{
    struct step *out = core->out;
    out->decisions = memory_grow(out->decisions, out->decision_count, &out->decision_capacity, sizeof *out->decisions);
    out->decisions[out->decision_count] = decision_copied(decision);
    out->replies = memory_grow(out->replies, out->reply_count, &out->reply_capacity, sizeof *out->replies);
    out->replies[out->reply_count++] =
        (struct reply){.request_id = request_id, .decision = out->decisions[out->decision_count++]};
}

/* --- events ------------------------------------------------------------------------------------------------------- */

static void started(struct core *core)
{
    core->started = true;
    effects_started(core);
    fleet_started(core);
    for (size_t i = 0; i < core->world.job_count; i++) {
        struct drover_job *job = core->world.jobs[i];
        for (size_t c = 0; c < job->copy_count; c++) {
            struct job_copy *copy = &job->copies[c];
            bool pending = false;
            for (size_t p = 0; p < core->pending_count; p++)
                pending = pending || core->pending[p].effect.id == copy->effect;
            if (!pending)
                copy->effect = 0;
            for (size_t g = 0; g < copy->group_count; g++)
                if (copy->groups[g].group >= job->demand.group_count)
                    copy->groups[g].group = 0;
        }
        if (job->state == JOB_STATE_PLACING || job->state == JOB_STATE_UPDATING || job->state == JOB_STATE_PENDING)
            attempt_resume(core, job);
        core_touch_job(core, job->job_namespace, job->id);
    }
    core->timers_changed = true;
}

static void region_event(struct core *core, const struct event *event)
{
    struct world_region *region = event->region ? world_find_region(&core->world, event->region) : NULL;
    if (!region)
        return;
    switch (event->type) {
    case EVENT_REGION_UNREACHED:
        region_unreached(core, region, event->text);
        return;
    case EVENT_REGION_DENIED:
        region_denied(core, region, event->text);
        return;
    case EVENT_SYNC_ABANDONED:
        region_sync_abandoned(core, region, event->text);
        return;
    case EVENT_SYNC_BEGIN:
        region_sync_begin(core, region);
        return;
    case EVENT_SYNC_END:
        region_sync_end(core, region);
        return;
    case EVENT_NODE_REMEMBERED:
        if (!region->complete)
            observe_node(core, region, event->node);
        return;
    default:
        break;
    }
    region_heard(core, region);
    switch (event->type) {
    case EVENT_REGION_HEARD:
        region_told(core, region, event);
        break;
    case EVENT_NODE:
        observe_node(core, region, event->node);
        break;
    case EVENT_NODE_GONE:
        observe_node_gone(core, region, &event->id);
        break;
    case EVENT_ALLOCATION:
        observe_allocation(core, region, event->allocation);
        break;
    case EVENT_ALLOCATION_GONE:
        observe_allocation_gone(core, region, &event->id);
        break;
    case EVENT_JOB:
        observe_job(core, region, event->job);
        break;
    case EVENT_JOB_GONE:
        observe_job_gone(core, region, event->job->job_namespace, event->job->id);
        break;
    case EVENT_DEPLOYMENT:
        observe_deployment(core, region, event->deployment);
        break;
    case EVENT_SERVICE:
        observe_service(core, region, event->service);
        break;
    default:
        break;
    }
}

static void dispatch(struct core *core, const struct event *event)
{
    switch (event->type) {
    case EVENT_REGION_CONFIGURED:
        region_configure(core, event->region_config);
        core_reply(core);
        break;
    case EVENT_POLICY_CONFIGURED:
    case EVENT_POLICY_APPLIED:
        policy_apply(core, event->policy);
        break;
    case EVENT_POLICY_DELETED:
        policy_delete(core, event->text);
        break;
    case EVENT_MODE_CONFIGURED:
        holds_mode_configured(core, event->mode);
        break;
    case EVENT_MODE_SET:
        holds_mode_set(core, event->mode);
        break;
    case EVENT_FREEZE:
        holds_freeze(core, event->text);
        break;
    case EVENT_UNFREEZE:
        holds_unfreeze(core);
        break;
    case EVENT_ACCOUNT_CONFIGURED:
        account_configure(core, event->account_config);
        break;
    case EVENT_CURRENCY_CONFIGURED:
        currency_configure(core, event->text, event->usd_per_unit_micro);
        break;
    case EVENT_COMMITMENT_CONFIGURED:
        commitment_configure(core, event->commitment);
        break;
    case EVENT_ACCOUNT_UP:
    case EVENT_ACCOUNT_DOWN:
    case EVENT_ACCOUNT_FACTS:
    case EVENT_ACCOUNT_FAILED:
        account_event(core, event);
        break;
    case EVENT_APPROVE:
        fleet_approve(core, event->operation);
        break;
    case EVENT_DENY:
        fleet_deny(core, event->operation);
        break;
    case EVENT_PRICE_CONFIRMED:
        account_price_confirm(core, event->region, event->text);
        break;
    case EVENT_STARTED:
        started(core);
        break;
    case EVENT_JOB_SUBMITTED:
        job_submitted(core, event);
        break;
    case EVENT_JOB_STOP:
        job_stop(core, event);
        break;
    case EVENT_EFFECT_SENT:
        effects_sent(core, event->effect_id);
        break;
    case EVENT_EFFECT_RESULT:
        effects_result(core, event->result);
        break;
    case EVENT_TIMER:
        core->timers_changed = true;
        break;
    case EVENT_ASSESSED:
        assess_take(core, event->assessment);
        break;
    case EVENT_CLOCK_JUMPED:
        regions_clock_jumped(core);
        fleet_clock_jumped(core);
        break;
    default:
        region_event(core, event);
        break;
    }
}

/* Looks at the jobs that something touched. Looking may touch again; every job is looked at a bounded number of times.
 */
static void refresh_touched(struct core *core)
{
    for (size_t i = 0; i < core->touched_count && i < 4096; i++) {
        struct drover_job *job = core->touched[i];
        if (!job || !core->started)
            continue;
        core->touched[i] = NULL; /* so that a later touch in this step counts */
        job_refresh(core, job);
    }
    core->touched_count = 0;
}

void core_step(struct core *core, const struct event *event, int64_t now_ms, struct step *step)
{
    step_release(step);
    struct world *world = &core->world;
    if (now_ms > world->now_ms)
        world->now_ms = now_ms;
    core->out = step;
    core->event = event;
    core->out_changed = false;
    dispatch(core, event);
    refresh_touched(core);
    if (core->timers_changed && core->started) {
        core->timers_changed = false;
        core->deadline_ms = 0;
        regions_tick(core);
        effects_tick(core);
        attempts_tick(core);
        fleet_tick(core);
        refresh_touched(core);
        if (core->timers_changed)
            core_deadline(core, world->now_ms + 1);
    }
    if (core->out_changed && world->commitment_count)
        commitments_spread(world);
    world->sequence += core->out_changed;
    step->deadline_ms = core->deadline_ms;
    core->out = NULL;
    core->event = NULL;
}
