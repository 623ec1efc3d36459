/* Submissions: what is accepted, refused or already so; and the job's own state. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/memory.h"
#include "controller/core/private.h"

bool gate_is_open(struct core *core)
{
    struct error error = {0};
    struct effect write = {.type = EFFECT_REGISTER,
                           .actor = (char *)(uintptr_t)(core->event->actor ? core->event->actor : "drover")};
    if (core_gate(core, &write, &error))
        return true;
    core_reply_error(core, ERROR_GATED, "%s", error.text);
    return false;
}

void job_set_state(struct core *core, struct drover_job *job, enum job_state state)
{
    if (job->state != state)
        job->state_since_ms = core->world.now_ms;
    job->state = state;
    put_job(core, job);
    core_changed(core);
}

static bool type_is_taken(struct core *core, const struct job_demand *demand)
{
    const char *why = NULL;
    if (demand->periodic)
        why = "periodic jobs are not placed by this version; run it in its region's Nomad";
    else if (demand->parameterized)
        why = "parameterized jobs are not placed by this version; run it in its region's Nomad";
    else if (demand->type == JOB_BATCH)
        why = "batch jobs are not placed by this version; run it in its region's Nomad";
    else if (demand->type == JOB_SYSBATCH)
        why = "a sysbatch job runs once on every node and then ends, which federated placement would repeat; run it "
              "in its region's Nomad";
    if (why)
        core_reply_error(core, ERROR_UNSUPPORTED, "job \"%s\" is of type %s: %s", demand->id,
                         job_type_word(demand->type), why);
    return why == NULL;
}

static bool counts_are_sane(struct core *core, const struct job_demand *demand)
{
    int64_t total = 0;
    for (size_t i = 0; i < demand->group_count; i++)
        total += demand->groups[i].count;
    for (size_t i = 0; i < demand->override_count; i++)
        total += demand->overrides[i].count;
    if (total > 0 || demand->type == JOB_SYSTEM)
        return true;
    core_reply_error(core, ERROR_INVALID, "job \"%s\" asks for no allocation at all; to end it use `drover job stop`",
                     demand->id);
    return false;
}

static bool anything_registered(const struct drover_job *job)
{
    for (size_t i = 0; i < job->copy_count; i++)
        if (job->copies[i].registered || job->copies[i].effect)
            return true;
    return false;
}

static bool same_counts(const struct job_demand *a, const struct job_demand *b)
{
    if (a->group_count != b->group_count || a->override_count != b->override_count)
        return false;
    for (size_t i = 0; i < a->group_count; i++)
        if (a->groups[i].count != b->groups[i].count)
            return false;
    for (size_t i = 0; i < a->override_count; i++)
        if (a->overrides[i].count != b->overrides[i].count)
            return false;
    return true;
}

/* What stands against a new submission of a job that Drover has already; true when nothing does. */
static bool may_follow(struct core *core, const struct drover_job *job, const struct job_demand *demand)
{
    if (job->attempt && !job->attempt->waiting_for_growth) {
        core_reply_error(core, ERROR_CONFLICT,
                         "a run of job \"%s\" is under way; wait for it (`drover job status %s`) or stop the job",
                         demand->id, demand->id);
        return false;
    }
    if (job->stop_wanted && anything_registered(job)) {
        core_reply_error(core, ERROR_CONFLICT, "job \"%s\" is being stopped; run it again once it is stopped",
                         demand->id);
        return false;
    }
    if (anything_registered(job) && job->demand.spec_hash != demand->spec_hash) {
        core_reply_error(core, ERROR_UNSUPPORTED,
                         "job \"%s\" runs already and more than its counts differ; this version changes counts only: "
                         "stop the job first, or submit it with nothing but counts changed",
                         demand->id);
        return false;
    }
    return true;
}

static void put_revision(struct core *core, const struct drover_job *job, const struct submission *submission)
{
    struct record_change *change = core_put(core, RECORD_REVISION);
    struct buffer demand = BUFFER_INIT;
    record_key_number(&change->key, job->revision);
    job_demand_encode(&job->demand, &demand);
    codec_put_u32(&change->value, (uint32_t)demand.length);
    buffer_append(&change->value, demand.data, demand.length);
    buffer_append(&change->value, submission->body, submission->body_length);
    buffer_release(&demand);
}

/* Refuses at once what has no place anywhere, before anything is kept. */
static bool something_fits(struct core *core, const struct job_demand *demand, const struct drover_job *job)
{
    struct placing placing = {.core = core,
                              .demand = demand,
                              .policy = world_policy_for(&core->world, demand->job_namespace, demand->id),
                              .job = job};
    struct decision *decision = place_job(&placing);
    bool fits = decision->placed > 0;
    for (size_t i = 0; i < decision->growth_count; i++)
        fits = fits || fleet_may_grow(core, decision->growth[i].region, decision->growth[i].pool);
    fits = fits || fleet_awaits_account(core, decision);
    if (!fits) {
        struct buffer why = BUFFER_INIT;
        for (size_t i = 0; i < decision->line_count && i < 4; i++) {
            const struct decision_line *line = &decision->lines[i];
            if (line->reason == REASON_BUDGET) {
                buffer_clear(&why);
                buffer_printf(&why, " it %s", line->detail);
                break;
            }
            buffer_printf(&why, "\n  %s%s%s: %s%s%s", line->region, line->pool[0] ? "/" : "", line->pool,
                          reason_text(line->reason), line->detail[0] ? ": " : "", line->detail);
        }
        core_reply_error(core, ERROR_NO_SPACE,
                         "no allocation of job \"%s\" can be placed; nothing was changed:%s\n`drover job plan` shows "
                         "every region and pool",
                         demand->id, why.length ? why.data : " no region is configured");
        buffer_release(&why);
    }
    decision_free(decision);
    return fits;
}

static void accept(struct core *core, const struct event *event)
{
    const struct submission *submission = &event->submission;
    const struct job_demand *demand = submission->demand;
    struct drover_job *job = world_job_obtain(&core->world, demand->job_namespace, demand->id);
    bool runs = anything_registered(job);
    bool unchanged = runs && job->state == JOB_STATE_RUNNING && same_counts(&job->demand, demand);
    struct reply *reply = NULL;
    if (!unchanged) {
        job_demand_release(&job->demand);
        job_demand_copy(&job->demand, demand);
        job->revision = ++core->revision_last;
        job->submitted_at_ms = core->world.now_ms;
        job->stop_wanted = job->purge_wanted = false;
        text_replace(&job->submitter, event->actor ? event->actor : "drover");
        text_replace(&job->trouble, NULL);
        put_revision(core, job, submission);
        put_journal(core, "job run", demand->id);
        job_set_state(core, job, runs ? JOB_STATE_UPDATING : JOB_STATE_PLACING);
        attempt_start(core, job, event);
    }
    reply = core_reply(core);
    if (reply) {
        reply->job = job;
        reply->unchanged = unchanged;
    }
}

void job_submitted(struct core *core, const struct event *event)
{
    const struct submission *submission = &event->submission;
    const struct job_demand *demand = submission->demand;
    const struct drover_job *job = world_job(&core->world, demand->job_namespace, demand->id);
    if (!type_is_taken(core, demand) || !counts_are_sane(core, demand))
        return;
    if (!submission->dry_run && !gate_is_open(core))
        return;
    if (job && !may_follow(core, job, demand))
        return;
    if (submission->dry_run)
        attempt_start_dry(core, event);
    else if ((job && anything_registered(job)) || something_fits(core, demand, job))
        accept(core, event);
}

void job_refresh(struct core *core, struct drover_job *job)
{
    for (size_t i = 0; i < job->copy_count;) {
        struct job_copy *copy = &job->copies[i];
        size_t count = job->copy_count;
        if (copy->stop_wanted)
            copy_stop_advance(core, job, copy);
        else
            copy_look(core, job, copy);
        i += job->copy_count == count; /* a purged copy is gone: the next one has its place */
    }
    copies_advance(core, job);
    if (!job_conclude_stop(core, job))
        attempt_settle(core, job);
}
