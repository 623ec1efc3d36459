/* Deployments: their counts, deadlines and what the watcher does with verdicts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/world.h"

struct sim_deployment *sim_deployment_new(struct sim_region *region, struct sim_job *job, uint64_t index, int64_t now)
{
    struct sim_deployment *d = memory_new(1, sizeof *d);
    bool canaries = false;

    sim_new_id(region, d->id);
    d->job = job;
    d->space = sim_copy(job->space);
    d->job_id = sim_copy(job->id);
    d->job_version = job->spec->version;
    d->job_modify_index = job->modify_index;
    d->job_spec_modify_index = job->spec->job_modify_index;
    d->job_create_index = job->create_index;
    d->priority = job->spec->priority;
    d->status = "running";
    d->create_index = d->modify_index = index;
    d->create_ns = d->modify_ns = now * 1000000;
    d->groups = memory_new(job->spec->group_count, sizeof *d->groups);
    for (size_t i = 0; i < job->spec->group_count; i++) {
        const struct sim_group *group = &job->spec->groups[i];
        struct sim_dstate *state = &d->groups[d->group_count++];

        state->group = sim_copy(group->name);
        state->desired = group->count;
        state->auto_revert = group->update.auto_revert;
        state->auto_promote = group->update.auto_promote;
        state->progress_deadline_ms = group->update.progress_deadline_ms;
    }
    for (size_t i = 0; i < job->allocation_count; i++) {
        const struct sim_allocation *a = job->allocations[i];
        int at = sim_spec_find_group(job->spec, sim_allocation_group(a)->name);

        if (at < 0 || sim_allocation_terminal(a) || a->spec == job->spec || job->spec->groups[at].update.canary == 0 ||
            !sim_group_destructive(a->spec, sim_allocation_group(a), job->spec, &job->spec->groups[at]))
            continue;
        d->groups[at].canaries = job->spec->groups[at].update.canary;
        canaries = true;
    }
    if (sim_same(job->spec->type, "system"))
        for (size_t i = 0; i < d->group_count; i++) {
            d->groups[i].desired = 0;
            for (size_t n = 0; n < region->node_count; n++)
                d->groups[i].desired += region->nodes[n]->status == SIM_NODE_READY && region->nodes[n]->eligible &&
                                        sim_node_suits(region->nodes[n], job->spec, &job->spec->groups[i]);
        }
    snprintf(d->description, sizeof d->description, "%s",
             canaries ? "Deployment is running but requires manual promotion" : "Deployment is running");
    region->deployments = memory_grow(region->deployments, region->deployment_count, &region->deployment_capacity,
                                      sizeof *region->deployments);
    region->deployments[region->deployment_count++] = d;
    sim_touch(region, SIM_DEPLOYMENTS, index);
    return d;
}

void sim_deployment_free(struct sim_deployment *d)
{
    for (size_t i = 0; i < d->group_count; i++) {
        free(d->groups[i].group);
        free(d->groups[i].canary_ids);
    }
    free(d->groups);
    free(d->space);
    free(d->job_id);
    free(d);
}

bool sim_deployment_is_active(const struct sim_deployment *d)
{
    return sim_same(d->status, "running") || sim_same(d->status, "paused") || sim_same(d->status, "pending");
}

struct sim_deployment *sim_deployment_latest(const struct sim_region *region, const struct sim_job *job)
{
    for (size_t i = region->deployment_count; i-- > 0;)
        if (region->deployments[i]->job == job)
            return region->deployments[i];
    return NULL;
}

struct sim_deployment *sim_deployment_active(const struct sim_region *region, const struct sim_job *job)
{
    struct sim_deployment *latest = sim_deployment_latest(region, job);

    return latest != NULL && sim_deployment_is_active(latest) ? latest : NULL;
}

struct sim_deployment *sim_deployment_find(const struct sim_region *region, const char *id)
{
    for (size_t i = region->deployment_count; i-- > 0;)
        if (sim_same(region->deployments[i]->id, id))
            return region->deployments[i];
    return NULL;
}

struct sim_dstate *sim_deployment_group(const struct sim_deployment *d, const char *group)
{
    for (size_t i = 0; i < d->group_count; i++)
        if (sim_same(d->groups[i].group, group))
            return &d->groups[i];
    return NULL;
}

void sim_deployment_set(struct sim_region *region, struct sim_deployment *d, const char *status,
                        const char *description, uint64_t index, int64_t now)
{
    d->status = status;
    snprintf(d->description, sizeof d->description, "%s", description);
    d->modify_index = index;
    d->modify_ns = now * 1000000;
    sim_touch(region, SIM_DEPLOYMENTS, index);
    sim_event_deployment(region, index, "DeploymentStatusUpdate", d);
}

bool sim_deployment_complete(const struct sim_deployment *d)
{
    for (size_t i = 0; i < d->group_count; i++) {
        const struct sim_dstate *state = &d->groups[i];

        if (state->healthy < state->desired || (state->canaries > 0 && !state->promoted))
            return false;
    }
    return true;
}

/* A running deployment of a system job counts what it placed. */
static void watch_soon(struct sim_region *region, struct sim_deployment *d, int64_t now)
{
    if (d->checking)
        return;
    d->checking = true;
    sim_timer_set(region, now + region->deployment_step_ms, SIM_TIMER_DEPLOYMENT, d, 0);
}

void sim_deployment_judged(struct sim_region *region, struct sim_allocation *a, int64_t now)
{
    struct sim_deployment *d = a->deployment;
    struct sim_dstate *state = sim_deployment_group(d, sim_allocation_group(a)->name);

    if (state == NULL || d->job_version != a->spec->version)
        return;
    if (a->health == SIM_HEALTHY) {
        state->healthy++;
        if (state->progress_deadline_ms > 0) {
            state->require_progress_ms = now + state->progress_deadline_ms;
            sim_timer_set(region, state->require_progress_ms, SIM_TIMER_PROGRESS, d, 0);
        }
    } else {
        state->unhealthy++;
    }
    d->modify_index = region->index;
    d->modify_ns = now * 1000000;
    sim_touch(region, SIM_DEPLOYMENTS, region->index);
    sim_event_deployment(region, region->index, "AllocationUpdated", d);
    if (sim_deployment_is_active(d))
        watch_soon(region, d, now);
}

static bool wants_revert(const struct sim_deployment *d, bool unhealthy_only)
{
    for (size_t i = 0; i < d->group_count; i++)
        if (d->groups[i].auto_revert && (!unhealthy_only || d->groups[i].unhealthy > 0))
            return true;
    return false;
}

static void revert_job(struct sim_region *region, struct sim_job *job, struct sim_spec *to, int64_t now)
{
    struct sim_spec *spec = sim_spec_new(json_deep_copy(to->json));
    bool changed;

    sim_next_index(region);
    sim_job_register(region, spec, now, &changed);
    sim_event_job(region, region->index, "DeploymentStatusUpdate", job);
}

static void deployment_fail(struct sim_region *region, struct sim_deployment *d, const char *why, bool unhealthy,
                            int64_t now)
{
    struct sim_job *job = d->job;
    struct sim_spec *stable = job != NULL ? sim_job_stable_version(job) : NULL;
    char text[160];
    bool revert = wants_revert(d, unhealthy) && job != NULL;

    if (!revert)
        snprintf(text, sizeof text, "%s", why);
    else if (stable == NULL)
        snprintf(text, sizeof text, "%s - no stable job version to auto revert to", why);
    else if (json_equal(stable->json, job->spec->json))
        snprintf(text, sizeof text,
                 "%s - not rolling back to stable job version %" PRIu64 " as current job has same specification", why,
                 stable->version);
    else
        snprintf(text, sizeof text, "%s - rolling back to job version %" PRIu64, why, stable->version);
    sim_deployment_set(region, d, "failed", text, sim_next_index(region), now);
    if (job == NULL)
        return;
    if (revert && stable != NULL && !json_equal(stable->json, job->spec->json))
        revert_job(region, job, stable, now);
    sim_evaluate(region, job, "deployment-watcher", now);
}

static void deployment_succeed(struct sim_region *region, struct sim_deployment *d, int64_t now)
{
    struct sim_evaluation *evaluation;
    uint64_t index;

    sim_next_index(region);
    evaluation = sim_evaluation_new(region, d->job, "deployment-watcher", now);
    strcpy(evaluation->deployment_id, d->id);
    sim_event_evaluation(region, region->index, "AllocationUpdateDesiredStatus", evaluation);
    index = sim_next_index(region);
    sim_touch(region, SIM_ALLOCATIONS, index);
    sim_touch(region, SIM_JOBS, index);
    d->job->spec->stable = true;
    d->job->modify_index = index;
    d->job->spec->modify_index = index;
    d->status = "successful";
    snprintf(d->description, sizeof d->description, "Deployment completed successfully");
    d->modify_index = index;
    d->modify_ns = now * 1000000;
    sim_touch(region, SIM_DEPLOYMENTS, index);
    sim_event_deployment(region, index, "PlanResult", d);
    sim_event_job(region, index, "PlanResult", d->job);
    sim_evaluation_process(region, evaluation, now);
}

bool sim_deployment_promote(struct sim_region *region, struct sim_deployment *d, int64_t now, struct buffer *ret_text)
{
    bool any = false;

    for (size_t i = 0; i < d->group_count; i++) {
        struct sim_dstate *state = &d->groups[i];

        if (state->canaries == 0 || state->promoted)
            continue;
        if (state->healthy < state->canaries) {
            buffer_printf(ret_text, "1 error occurred:\n\t* Task group \"%s\" has %d/%d healthy allocations\n\n",
                          state->group, state->healthy, state->canaries);
            return false;
        }
        state->promoted = true;
        any = true;
    }
    if (!any) {
        buffer_append_text(ret_text, "no canaries to promote");
        return false;
    }
    snprintf(d->description, sizeof d->description, "Deployment is running");
    d->modify_index = sim_next_index(region);
    d->modify_ns = now * 1000000;
    sim_touch(region, SIM_DEPLOYMENTS, region->index);
    sim_event_deployment(region, region->index, "DeploymentPromotion", d);
    return true;
}

void sim_deployment_timer(struct sim_region *region, struct sim_deployment *d, enum sim_timer_kind kind, int64_t now)
{
    bool unhealthy = false, promote = true, canaries = false;
    struct buffer text = BUFFER_INIT;

    if (kind == SIM_TIMER_DEPLOYMENT)
        d->checking = false;
    if (!sim_deployment_is_active(d) || d->job == NULL || d->job_version != d->job->spec->version)
        return;
    if (kind == SIM_TIMER_PROGRESS) {
        for (size_t i = 0; i < d->group_count; i++) {
            const struct sim_dstate *state = &d->groups[i];

            if (state->require_progress_ms != 0 && state->require_progress_ms <= now &&
                state->healthy < state->desired &&
                (state->canaries == 0 || state->promoted || state->healthy < state->canaries)) {
                deployment_fail(region, d, "Failed due to progress deadline", false, now);
                return;
            }
        }
        return;
    }
    for (size_t i = 0; i < d->group_count; i++) {
        unhealthy = unhealthy || d->groups[i].unhealthy > 0;
        canaries = canaries || (d->groups[i].canaries > 0 && !d->groups[i].promoted);
        promote = promote && (d->groups[i].canaries == 0 || d->groups[i].auto_promote);
    }
    if (unhealthy)
        deployment_fail(region, d, "Failed due to unhealthy allocations", true, now);
    else if (sim_deployment_complete(d))
        deployment_succeed(region, d, now);
    else if (!canaries || (promote && sim_deployment_promote(region, d, now, &text)))
        sim_evaluate(region, d->job, "deployment-watcher", now);
    buffer_release(&text);
}

static void put_group(struct buffer *out, const struct sim_dstate *state)
{
    sim_put_string(out, state->group);
    buffer_printf(out,
                  ":{\"AutoPromote\":%s,\"AutoRevert\":%s,\"DesiredCanaries\":%d,\"DesiredTotal\":%d,"
                  "\"HealthyAllocs\":%d,\"PlacedAllocs\":%d,\"PlacedCanaries\":",
                  state->auto_promote ? "true" : "false", state->auto_revert ? "true" : "false", state->canaries,
                  state->desired, state->healthy, state->placed);
    if (state->canary_count == 0)
        buffer_append_text(out, "null");
    for (size_t i = 0; i < state->canary_count; i++)
        buffer_printf(out, "%s\"%s\"%s", i > 0 ? "," : "[", state->canary_ids[i],
                      i + 1 == state->canary_count ? "]" : "");
    buffer_printf(out, ",\"ProgressDeadline\":%" PRId64 ",\"Promoted\":%s,\"RequireProgressBy\":",
                  state->progress_deadline_ms * 1000000, state->promoted ? "true" : "false");
    sim_put_time(out, state->require_progress_ms * 1000000);
    buffer_printf(out, ",\"UnhealthyAllocs\":%d}", state->unhealthy);
}

void sim_deployment_render(struct buffer *out, const struct sim_deployment *d)
{
    buffer_printf(out,
                  "{\"CreateIndex\":%" PRIu64 ",\"CreateTime\":%" PRId64 ",\"EvalPriority\":%d,\"ID\":\"%s\","
                  "\"IsMultiregion\":false,\"JobCreateIndex\":%" PRIu64 ",",
                  d->create_index, d->create_ns, d->priority, d->id, d->job_create_index);
    sim_put_field(out, "JobID", d->job_id);
    buffer_printf(out,
                  ",\"JobModifyIndex\":%" PRIu64 ",\"JobSpecModifyIndex\":%" PRIu64 ",\"JobVersion\":%" PRIu64
                  ",\"ModifyIndex\":%" PRIu64 ",\"ModifyTime\":%" PRId64 ",",
                  d->job_modify_index, d->job_spec_modify_index, d->job_version, d->modify_index, d->modify_ns);
    sim_put_field(out, "Namespace", d->space);
    buffer_printf(out, ",\"Status\":\"%s\",", d->status);
    sim_put_field(out, "StatusDescription", d->description);
    buffer_append_text(out, ",\"TaskGroups\":{");
    for (size_t i = 0; i < d->group_count; i++) {
        buffer_append_text(out, i > 0 ? "," : "");
        put_group(out, &d->groups[i]);
    }
    buffer_append_text(out, "}}");
}
