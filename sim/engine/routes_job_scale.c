/* /v1/job/:id/scale, revert and evaluate. */
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/jobs_http.h"

void sim_call_job_scale_status(struct sim_call *call)
{
    const struct sim_job *job = sim_job_find(call->region, call->space, call->segments[1]);
    struct buffer *out;

    if (job == NULL) {
        sim_fail_read(call, call->region->index, "job not found");
        return;
    }
    if (sim_held(call, job->modify_index))
        return;
    out = sim_reply(call, job->modify_index);
    buffer_printf(out, "{\"JobCreateIndex\":%" PRIu64 ",", job->create_index);
    sim_put_field(out, "JobID", job->id);
    buffer_printf(out, ",\"JobModifyIndex\":%" PRIu64 ",\"JobStopped\":%s,", job->modify_index,
                  job->spec->stop ? "true" : "false");
    sim_put_field(out, "Namespace", job->space);
    buffer_append_text(out, ",\"TaskGroups\":{");
    for (size_t g = 0; g < job->spec->group_count; g++) {
        const struct sim_group *group = &job->spec->groups[g];
        int placed = 0, running = 0, healthy = 0, unhealthy = 0, events = 0;

        for (size_t i = 0; i < job->allocation_count; i++) {
            const struct sim_allocation *a = job->allocations[i];

            if (sim_allocation_terminal(a) || !sim_same(sim_allocation_group(a)->name, group->name))
                continue;
            placed++;
            running += a->client == SIM_RUNNING;
            healthy += a->health == SIM_HEALTHY;
            unhealthy += a->health == SIM_UNHEALTHY;
        }
        buffer_append_text(out, g > 0 ? "," : "");
        sim_put_string(out, group->name);
        buffer_printf(out, ":{\"Desired\":%d,\"Events\":", group->count);
        for (size_t i = job->event_count; i-- > 0;) {
            const struct sim_scale_event *event = &job->events[i];

            if (!sim_same(event->group, group->name))
                continue;
            buffer_append_text(out, events++ > 0 ? "," : "[");
            if (event->count >= 0)
                buffer_printf(out, "{\"Count\":%" PRId64, event->count);
            else
                buffer_append_text(out, "{\"Count\":null");
            buffer_printf(out, ",\"CreateIndex\":%" PRIu64 ",\"Error\":%s,\"EvalID\":", event->index,
                          event->error ? "true" : "false");
            if (event->eval_id[0] != '\0')
                sim_put_string(out, event->eval_id);
            else
                buffer_append_text(out, "null");
            buffer_append_byte(out, ',');
            sim_put_field(out, "Message", event->message);
            buffer_append_text(out, ",\"Meta\":");
            sim_put_json(out, event->meta);
            buffer_printf(out, ",\"PreviousCount\":%" PRId64 ",\"Time\":%" PRId64 "}", event->previous, event->time_ns);
        }
        buffer_append_text(out, events > 0 ? "]" : "null");
        buffer_printf(out, ",\"Healthy\":%d,\"Placed\":%d,\"Running\":%d,\"Unhealthy\":%d}", healthy, placed, running,
                      unhealthy);
    }
    buffer_append_text(out, "}}");
}

static struct sim_scale_event *add_event(struct sim_call *call, struct sim_job *job, const struct sim_group *group,
                                         int64_t count)
{
    struct sim_scale_event *event;

    job->events = memory_grow(job->events, job->event_count, &job->event_capacity, sizeof *job->events);
    event = &job->events[job->event_count++];
    *event = (struct sim_scale_event){.group = sim_copy(group->name),
                                      .count = count,
                                      .previous = group->count,
                                      .message = sim_copy(sim_get_text(call->body, "Message", "")),
                                      .error = sim_get_flag(call->body, "Error", false),
                                      .time_ns = call->now * 1000000,
                                      .meta = json_incref(json_object_get(call->body, "Meta")),
                                      .index = call->region->index};
    return event;
}

/* False after an answer of 400, in the order Nomad checks. */
static bool scale_allowed(struct sim_call *call, const struct sim_job *job, const json_t *count, int at)
{
    uint64_t wanted = (uint64_t)sim_get_number(call->body, "JobModifyIndex", 0);

    if (at < 0) {
        sim_fail(call, 400, "task group \"%s\" specified for scaling does not exist in job",
                 sim_get_text(json_object_get(call->body, "Target"), "Group", ""));
        return false;
    }
    if (json_is_integer(count) && json_integer_value(count) < 0) {
        sim_fail(call, 400, "scaling action count can't be negative");
        return false;
    }
    if (json_is_integer(count) && sim_deployment_active(call->region, job) != NULL) {
        sim_fail(call, 400, "job scaling blocked due to active deployment");
        return false;
    }
    if (wanted > 0 && wanted != job->spec->job_modify_index) {
        sim_fail(call, 500,
                 "Enforcing job modify index %" PRIu64 ": job exists with conflicting job modify index: %" PRIu64,
                 wanted, job->spec->job_modify_index);
        return false;
    }
    return true;
}

/* As a register's answer, save that it knows the leader (measured). */
static void reply_scale(struct sim_call *call, const char *eval_id, uint64_t eval_index, uint64_t job_modify_index)
{
    buffer_printf(sim_reply_write(call, call->region->index),
                  "{\"EvalCreateIndex\":%" PRIu64 ",\"EvalID\":\"%s\",\"Index\":%" PRIu64 ",\"JobModifyIndex\":%" PRIu64
                  ",\"KnownLeader\":true,\"LastContact\":0,\"NextToken\":\"\",\"Warnings\":\"\"}",
                  eval_index, eval_id, call->region->index, job_modify_index);
}

void sim_call_job_scale(struct sim_call *call)
{
    struct sim_region *region = call->region;
    struct sim_job *job = sim_job_find(region, call->space, call->segments[1]);
    const json_t *count;
    struct sim_scale_event *event;
    struct sim_evaluation *evaluation;
    json_t *canonical;
    int at;

    if (!sim_call_body(call))
        return;
    if (job == NULL) {
        sim_fail(call, 404, "job \"%s\" not found", call->segments[1]);
        return;
    }
    count = json_object_get(call->body, "Count");
    at = sim_spec_find_group(job->spec, sim_get_text(json_object_get(call->body, "Target"), "Group", ""));
    if (!scale_allowed(call, job, count, at))
        return;
    sim_next_index(region);
    if (!json_is_integer(count)) {
        add_event(call, job, &job->spec->groups[at], -1);
        reply_scale(call, "", 0, job->spec->job_modify_index);
        return;
    }
    event = add_event(call, job, &job->spec->groups[at], json_integer_value(count));
    canonical = json_deep_copy(job->spec->json);
    json_object_set(json_array_get(json_object_get(canonical, "TaskGroups"), (size_t)at), "Count", (json_t *)count);
    sim_job_take_scaled(region, job, sim_spec_new(canonical), call->now);
    sim_event_job(region, region->index, "JobRegistered", job);
    sim_next_index(region);
    evaluation = sim_evaluation_new(region, job, "job-scaling", call->now);
    evaluation->job_modify_index = job->spec->job_modify_index;
    strcpy(event->eval_id, evaluation->id);
    sim_event_evaluation(region, region->index, "EvaluationUpdated", evaluation);
    event->index = sim_next_index(region);
    reply_scale(call, evaluation->id, evaluation->create_index, job->spec->job_modify_index);
    sim_evaluation_process(region, evaluation, call->now);
}

void sim_call_job_revert(struct sim_call *call)
{
    struct sim_job *job = sim_job_find(call->region, call->space, call->segments[1]);
    struct buffer warnings = BUFFER_INIT;
    const json_t *prior;
    struct sim_spec *to;
    uint64_t version;

    if (!sim_call_body(call))
        return;
    if (job == NULL) {
        sim_fail(call, 500, "job \"%s\" not found", call->segments[1]);
        return;
    }
    version = (uint64_t)sim_get_number(call->body, "JobVersion", 0);
    prior = json_object_get(call->body, "EnforcePriorVersion");
    if (version == job->spec->version) {
        sim_fail(call, 500, "can't revert to current version");
        return;
    }
    if (json_is_integer(prior) && (uint64_t)json_integer_value(prior) != job->spec->version) {
        sim_fail(call, 500, "Current job has version %" PRIu64 "; enforcing version %lld", job->spec->version,
                 (long long)json_integer_value(prior));
        return;
    }
    to = sim_job_version(job, version);
    if (to == NULL) {
        sim_fail(call, 500, "job \"%s\" in namespace \"%s\" at version %" PRIu64 " not found", job->id, job->space,
                 version);
        return;
    }
    sim_job_warnings(to->json, &warnings);
    sim_call_register(call, sim_spec_new(json_deep_copy(to->json)), "job-register", warnings.data);
    buffer_release(&warnings);
}

void sim_call_job_evaluate(struct sim_call *call)
{
    struct sim_job *job = sim_job_find(call->region, call->space, call->segments[1]);
    struct sim_evaluation *evaluation;

    if (job == NULL) {
        sim_fail(call, 500, "job not found");
        return;
    }
    evaluation = sim_evaluate(call->region, job, "job-register", call->now);
    sim_reply_job_write(call, evaluation->id, evaluation->create_index, evaluation->create_index,
                        job->spec->job_modify_index, "");
}
