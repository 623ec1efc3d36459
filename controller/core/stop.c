/* Stopping: every copy is stopped, a dark region's by a tombstone that waits for it; purged only once nothing of it
 * runs any more (Nomad forgets a purged job's allocations while their processes still run). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/private.h"

static void refuse_unknown(struct core *core, const char *job_namespace, const char *id)
{
    struct buffer regions = BUFFER_INIT;
    for (size_t i = 0; i < core->world.region_count; i++) {
        const struct world_region *region = &core->world.regions[i];
        const struct world_region_job *job = world_find_region_job(&core->world, region, job_namespace, id);
        if (job && job->listed)
            buffer_printf(&regions, "%s%s", regions.length ? ", " : "", region->config.name);
    }
    if (regions.length)
        core_reply_error(core, ERROR_UNSUPPORTED,
                         "job \"%s\" in %s is not Drover's: it was started by somebody else; stop it with nomad there",
                         id, regions.data);
    else
        core_reply_error(core, ERROR_NOT_FOUND,
                         "there is no job \"%s\" in namespace \"%s\"; `drover job status` lists those there are", id,
                         job_namespace);
    buffer_release(&regions);
}

/* The job is stopped when all its copies are; purged when none is left. True when the job is gone. */
bool job_conclude_stop(struct core *core, struct drover_job *job)
{
    if (!job->stop_wanted)
        return false;
    for (size_t i = 0; i < job->copy_count; i++)
        if (job->copies[i].state != COPY_STOPPED || job->copies[i].purge_wanted)
            return false;
    if (job->purge_wanted && job->copy_count == 0) {
        drop_job(core, job);
        world_job_drop(&core->world, job);
        core_changed(core);
        return true;
    }
    if (job->state != JOB_STATE_STOPPED)
        job_set_state(core, job, JOB_STATE_STOPPED);
    return false;
}

static void write_effect(struct core *core, struct drover_job *job, struct job_copy *copy, enum effect_type type)
{
    struct effect effect = {.type = type, .base_index = copy->base_index};
    text_replace(&effect.region, world_text(&core->world, copy->region));
    text_replace(&effect.actor, job->submitter);
    text_replace(&effect.wanted.job_namespace, world_text(&core->world, job->job_namespace));
    text_replace(&effect.wanted.id, world_text(&core->world, job->id));
    effect.wanted.revision = copy->revision;
    copy->effect = effects_write(core, &effect, NULL, type == EFFECT_STOP ? "running" : "stopped",
                                 type == EFFECT_STOP ? "stopped" : "purged");
    put_copy(core, job, copy);
}

static bool anything_lives(const struct drover_job *job, const struct world_region *region)
{
    uint32_t at = region_job_find(region, job->job_namespace, job->id);
    return at != WORLD_NONE && region->jobs[at].live_allocations > 0;
}

void copy_stop_advance(struct core *core, struct drover_job *job, struct job_copy *copy)
{
    struct world_region *region = world_region_of(&core->world, copy->region);
    if (!region || copy->effect)
        return;
    if (!copy->registered && !copy->base_index) {
        put_tombstone(core, job, copy, true);
        drop_copy(core, job, copy);
        job_copy_drop(job, copy);
        core_touch_job(core, job->job_namespace, job->id);
        return;
    }
    bool stop = copy->state != COPY_STOPPED;
    if (!stop && !copy->purge_wanted)
        return;
    if (!world_region_usable(region) || region->owner == OWNER_FOREIGN)
        return;
    if (region->owner != OWNER_OURS) {
        region_claim(core, region);
        return;
    }
    if (stop) {
        copy->state = COPY_STOPPING;
        write_effect(core, job, copy, EFFECT_STOP);
    } else if (!anything_lives(job, region) && core->world.now_ms >= copy->followed_since_ms) {
        write_effect(core, job, copy, EFFECT_PURGE);
    }
}

void copy_stop_ended(struct core *core, const struct pending *pending, const struct effect_result *result)
{
    const struct copy_wanted *wanted = &pending->effect.wanted;
    struct drover_job *job = world_job(&core->world, wanted->job_namespace, wanted->id);
    struct job_copy *copy = job ? job_copy_find(job, intern_put(core->world.names, pending->effect.region)) : NULL;
    if (!copy || copy->effect != pending->effect.id)
        return;
    copy->effect = 0;
    if (result->outcome != OUTCOME_DONE) {
        text_replace(&copy->trouble, result->text);
        copy->followed_since_ms = core->world.now_ms + PURGE_RETRY_MS;
        put_copy(core, job, copy);
        core->timers_changed = true;
        return;
    }
    text_replace(&copy->trouble, NULL);
    if (pending->effect.type == EFFECT_PURGE) {
        put_tombstone(core, job, copy, true);
        drop_copy(core, job, copy);
        job_copy_drop(job, copy);
        core_touch_job(core, job->job_namespace, job->id);
        return;
    }
    copy->state = COPY_STOPPED;
    copy->registered = false;
    copy->base_index = result->job_exists ? result->job_modify_index : 0;
    copy->followed_since_ms = 0;
    if (!job->stop_wanted)
        copy->stop_wanted = false;
    for (size_t i = 0; i < copy->group_count; i++)
        copy->groups[i] = (struct job_copy_group){.group = copy->groups[i].group};
    put_tombstone(core, job, copy, true);
    put_copy(core, job, copy);
    core->timers_changed = true;
    core_touch_job(core, job->job_namespace, job->id);
}

static void mark_copy(struct core *core, struct drover_job *job, struct job_copy *copy, bool purge)
{
    const struct world_region *region = world_region_of(&core->world, copy->region);
    copy->stop_wanted = true;
    copy->purge_wanted = copy->purge_wanted || purge;
    if (copy->state == COPY_WAITING)
        copy->state = copy->registered ? COPY_FOLLOWING : COPY_FAILED;
    if (!region || !world_region_usable(region))
        put_tombstone(core, job, copy, false);
    put_copy(core, job, copy);
}

void job_stop(struct core *core, const struct event *event)
{
    const struct stop_request *request = &event->stop;
    struct drover_job *job = world_job(&core->world, request->job_namespace, request->id);
    if (!job) {
        refuse_unknown(core, request->job_namespace, request->id);
        return;
    }
    if (!gate_is_open(core))
        return;
    attempt_free(job->attempt);
    job->attempt = NULL;
    job->stop_wanted = true;
    job->purge_wanted = job->purge_wanted || request->purge;
    text_replace(&job->submitter, event->actor ? event->actor : "drover");
    put_journal(core, request->purge ? "job purge" : "job stop", request->id);
    for (size_t i = 0; i < job->copy_count; i++)
        mark_copy(core, job, &job->copies[i], request->purge);
    struct reply *reply = core_reply(core);
    if (reply)
        reply->job = job;
    job_set_state(core, job, job->purge_wanted ? JOB_STATE_PURGING : JOB_STATE_STOPPING);
    core->timers_changed = true;
    core_touch_job(core, job->job_namespace, job->id);
}
