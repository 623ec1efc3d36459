/* /v1/job/:id/...: what a job has: allocations, evaluations, deployments, summary, versions; and /v1/jobs/statuses. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/jobs_http.h"

void sim_call_job_allocations(struct sim_call *call)
{
    const struct sim_job *job = sim_job_find(call->region, call->space, call->segments[1]);
    uint64_t index = call->region->tables[SIM_ALLOCATIONS];
    struct buffer *out;

    if (sim_held(call, index))
        return;
    out = sim_reply(call, index);
    buffer_append_byte(out, '[');
    for (size_t i = 0; job != NULL && i < job->allocation_count; i++) {
        buffer_append_text(out, i > 0 ? "," : "");
        sim_allocation_render_stub(out, job->allocations[i], sim_query_flag(&call->query, "resources"), true);
    }
    buffer_append_byte(out, ']');
}

void sim_call_job_evaluations(struct sim_call *call)
{
    uint64_t index = call->region->tables[SIM_EVALUATIONS];
    struct buffer *out;
    bool any = false;

    if (sim_held(call, index))
        return;
    out = sim_reply(call, index);
    buffer_append_byte(out, '[');
    for (size_t i = 0; i < call->region->evaluation_count; i++) {
        const struct sim_evaluation *evaluation = call->region->evaluations[i];

        if (!sim_same(evaluation->job_id, call->segments[1]) || !sim_space_covers(call, evaluation->space))
            continue;
        buffer_append_text(out, any ? "," : "");
        sim_evaluation_render(out, evaluation);
        any = true;
    }
    buffer_append_byte(out, ']');
}

void sim_call_job_deployment(struct sim_call *call)
{
    const struct sim_job *job = sim_job_find(call->region, call->space, call->segments[1]);
    const struct sim_deployment *latest = job != NULL ? sim_deployment_latest(call->region, job) : NULL;
    uint64_t index = latest != NULL ? latest->modify_index : call->region->tables[SIM_DEPLOYMENTS];

    if (sim_held(call, index))
        return;
    if (latest == NULL)
        buffer_append_text(sim_reply(call, index), "null");
    else
        sim_deployment_render(sim_reply(call, index), latest);
}

void sim_call_job_deployments(struct sim_call *call)
{
    const struct sim_job *job = sim_job_find(call->region, call->space, call->segments[1]);
    uint64_t index = call->region->tables[SIM_DEPLOYMENTS];
    struct buffer *out;
    bool any = false;

    if (sim_held(call, index))
        return;
    out = sim_reply(call, index);
    buffer_append_byte(out, '[');
    for (size_t i = 0; job != NULL && i < call->region->deployment_count; i++) {
        if (call->region->deployments[i]->job != job)
            continue;
        buffer_append_text(out, any ? "," : "");
        sim_deployment_render(out, call->region->deployments[i]);
        any = true;
    }
    buffer_append_byte(out, ']');
}

void sim_call_job_summary(struct sim_call *call)
{
    const struct sim_job *job = sim_job_find(call->region, call->space, call->segments[1]);
    uint64_t index = job != NULL ? job->summary_index : call->region->tables[SIM_SUMMARIES];

    if (sim_held(call, index))
        return;
    if (job == NULL)
        sim_fail_read(call, index, "job not found");
    else
        sim_job_render_summary(sim_reply(call, index), job);
}

void sim_call_job_versions(struct sim_call *call)
{
    const struct sim_job *job = sim_job_find(call->region, call->space, call->segments[1]);
    uint64_t index = job != NULL ? job->modify_index : call->region->tables[SIM_JOBS];
    struct buffer *out;

    if (sim_held(call, index))
        return;
    if (job == NULL) {
        sim_fail_read(call, index, "job versions not found");
        return;
    }
    out = sim_reply(call, index);
    buffer_printf(out,
                  "{\"Diffs\":null,\"Index\":%" PRIu64
                  ",\"KnownLeader\":true,\"LastContact\":0,\"NextToken\":\"\",\"Versions\":[",
                  index);
    for (size_t i = job->version_count; i-- > 0;) {
        sim_job_render(out, job, job->versions[i]);
        buffer_append_text(out, i > 0 ? "," : "");
    }
    buffer_append_text(out, "]}");
}

static struct sim_spec *tagged_version(const struct sim_job *job, const char *name)
{
    for (size_t i = 0; i < job->version_count; i++)
        if (job->versions[i]->tag_name != NULL && sim_same(job->versions[i]->tag_name, name))
            return job->versions[i];
    return NULL;
}

void sim_call_job_tag(struct sim_call *call)
{
    struct sim_job *job = sim_call_job(call);
    struct sim_spec *spec;

    if (job == NULL || !sim_call_body(call))
        return;
    spec = json_is_integer(json_object_get(call->body, "Version"))
               ? sim_job_version(job, (uint64_t)sim_get_number(call->body, "Version", 0))
               : job->spec;
    if (spec == NULL) {
        sim_fail(call, 500, "job version %" PRId64 " not found", sim_get_number(call->body, "Version", 0));
        return;
    }
    if (tagged_version(job, call->segments[3]) != NULL) {
        sim_fail(call, 500, "tag \"%s\" already exists on a different version of job %s", call->segments[3], job->id);
        return;
    }
    free(spec->tag_name);
    free(spec->tag_description);
    spec->tag_name = sim_copy(call->segments[3]);
    spec->tag_description = sim_copy(sim_get_text(call->body, "Description", ""));
    spec->tag_ns = call->now * 1000000;
    sim_next_index(call->region);
    buffer_printf(sim_reply_write(call, call->region->index),
                  "{\"Description\":\"\",\"Index\":%" PRIu64 ",\"Name\":\"\",\"TaggedTime\":0}", call->region->index);
}

void sim_call_job_untag(struct sim_call *call)
{
    struct sim_job *job = sim_call_job(call);
    struct sim_spec *spec = job != NULL ? tagged_version(job, call->segments[3]) : NULL;

    if (job == NULL)
        return;
    if (spec == NULL) {
        sim_fail(call, 500, "tag \"%s\" not found on job \"%s\"", call->segments[3], job->id);
        return;
    }
    free(spec->tag_name);
    free(spec->tag_description);
    spec->tag_name = spec->tag_description = NULL;
    sim_next_index(call->region);
    buffer_append_text(sim_reply_write(call, call->region->index), "{}");
}

void sim_call_job_submission(struct sim_call *call)
{
    sim_fail_read(call, call->region->tables[SIM_JOBS], "job source not found");
}

static void put_status(struct buffer *out, const struct sim_region *region, const struct sim_job *job)
{
    const struct sim_deployment *d = sim_deployment_latest(region, job);
    int sum = 0;

    buffer_append_text(out, "{\"Allocs\":[");
    for (size_t i = 0, any = 0; i < job->allocation_count; i++) {
        const struct sim_allocation *a = job->allocations[i];

        if (sim_allocation_terminal(a))
            continue;
        buffer_printf(out,
                      "%s{\"ClientStatus\":\"%s\",\"DeploymentStatus\":{\"Canary\":%s,\"Healthy\":%s},"
                      "\"FollowupEvalID\":\"%s\",\"Group\":\"%s\",\"HasPausedTask\":false,\"ID\":\"%s\",\"JobVersion\":"
                      "%" PRIu64 ",\"NodeID\":\"%s\"}",
                      any++ > 0 ? "," : "", sim_client_word(a->client), a->canary ? "true" : "false",
                      a->health == SIM_UNJUDGED  ? "null"
                      : a->health == SIM_HEALTHY ? "true"
                                                 : "false",
                      a->followup_id, sim_allocation_group(a)->name, a->id, a->spec->version, a->node->id);
    }
    buffer_append_text(out, "],\"ChildStatuses\":null,\"Datacenters\":");
    sim_put_json(out, json_object_get(job->spec->json, "Datacenters"));
    for (size_t i = 0; i < job->spec->group_count; i++)
        sum += job->spec->groups[i].count;
    buffer_printf(out, ",\"GroupCountSum\":%d,", sum);
    sim_put_field(out, "ID", job->id);
    buffer_append_text(out, ",\"IsPack\":false,\"LatestDeployment\":");
    if (d == NULL)
        buffer_append_text(out, "null");
    else
        buffer_printf(out,
                      "{\"AllAutoPromote\":false,\"ID\":\"%s\",\"IsActive\":%s,\"JobVersion\":%" PRIu64
                      ",\"RequiresPromotion\":false,\"Status\":\"%s\",\"StatusDescription\":\"%s\"}",
                      d->id, sim_deployment_is_active(d) ? "true" : "false", d->job_version, d->status, d->description);
    buffer_printf(out, ",\"ModifyIndex\":%" PRIu64 ",", job->modify_index);
    sim_put_field(out, "Name", sim_get_text(job->spec->json, "Name", ""));
    buffer_append_byte(out, ',');
    sim_put_field(out, "Namespace", job->space);
    buffer_append_byte(out, ',');
    sim_put_field(out, "NodePool", job->spec->node_pool);
    buffer_printf(out,
                  ",\"ParentID\":\"\",\"Priority\":%d,\"Status\":\"%s\",\"Stop\":%s,\"SubmitTime\":%" PRId64
                  ",\"Type\":\"%s\",\"Version\":%" PRIu64 "}",
                  job->spec->priority, job->status, job->spec->stop ? "true" : "false", job->spec->submit_ns,
                  job->spec->type, job->spec->version);
}

void sim_call_statuses(struct sim_call *call)
{
    uint64_t index = call->region->tables[SIM_ALLOCATIONS] > call->region->tables[SIM_JOBS]
                         ? call->region->tables[SIM_ALLOCATIONS]
                         : call->region->tables[SIM_JOBS];
    struct sim_page page;

    if (sim_held(call, index) || !sim_page_begin(call, &page, index))
        return;
    for (size_t i = 0; i < call->region->job_count && !page.full; i++)
        if (sim_space_covers(call, call->region->jobs[i]->space) &&
            strcmp(call->region->jobs[i]->id, page.token) >= 0 && sim_page_take(call, &page, call->region->jobs[i]->id))
            put_status(&call->response->body, call->region, call->region->jobs[i]);
    sim_page_end(call);
}
