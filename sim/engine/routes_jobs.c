/* /v1/jobs and /v1/job/:id: registering, planning, stopping, scaling. Error texts are Nomad 2.0.5's. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/http.h"
#include "sim/engine/jobs_http.h"

struct sim_job *sim_call_job(struct sim_call *call)
{
    struct sim_job *job = sim_job_find(call->region, call->space, call->segments[1]);

    if (job == NULL)
        sim_fail_read(call, call->region->tables[SIM_JOBS], "job not found");
    return job;
}

static void list_jobs(struct sim_call *call)
{
    struct sim_region *region = call->region;
    uint64_t index = region->tables[SIM_JOBS] > region->tables[SIM_SUMMARIES] ? region->tables[SIM_JOBS]
                                                                              : region->tables[SIM_SUMMARIES];
    bool meta = sim_query_flag(&call->query, "meta");
    struct sim_page page;

    if (sim_held(call, index) || !sim_page_begin(call, &page, index))
        return;
    for (size_t i = 0; i < region->job_count && !page.full; i++) {
        const struct sim_job *job = region->jobs[i];
        struct buffer token = BUFFER_INIT;

        buffer_printf(&token, "%s.%s", job->space, job->id);
        if (sim_space_covers(call, job->space) && strncmp(job->id, page.prefix, strlen(page.prefix)) == 0 &&
            strcmp(token.data, page.token) >= 0 && sim_page_take(call, &page, token.data))
            sim_job_render_stub(&call->response->body, job, meta);
        buffer_release(&token);
    }
    sim_page_end(call);
}

static void get_job(struct sim_call *call)
{
    struct sim_job *job = sim_job_find(call->region, call->space, call->segments[1]);
    uint64_t index = job != NULL ? job->modify_index : call->region->tables[SIM_JOBS];

    if (sim_held(call, index))
        return;
    if (job == NULL)
        sim_fail_read(call, index, "job not found");
    else
        sim_job_render(sim_reply(call, index), job, job->spec);
}

/* ---- register ---- */

/* The region and namespace a submitted job goes to; false when the answer is already there. */
static bool job_belongs_here(struct sim_call *call, const json_t *job)
{
    const char *wanted = sim_get_text(call->body, "Region", "");

    if (*wanted == '\0')
        wanted = sim_get_text(job, "Region", "");
    if (sim_query_has(&call->query, "region") || *wanted == '\0' || sim_same(wanted, "global") ||
        sim_same(wanted, call->region->name))
        return true;
    if (json_is_object(json_object_get(job, "Multiregion")) && *sim_get_text(job, "Region", "") == '\0')
        return true;
    sim_forward(call, wanted);
    return false;
}

static const char *job_space(const struct sim_call *call, const json_t *job)
{
    const char *space = sim_get_text(call->body, "Namespace", "");

    if (*space == '\0')
        space = sim_get_text(job, "Namespace", "");
    return sim_query_has(&call->query, "namespace") || *space == '\0' ? call->space : space;
}

/* The canonical job of the body, or NULL after an answer. */
static json_t *submitted_job(struct sim_call *call)
{
    struct buffer text = BUFFER_INIT;
    json_t *errors, *job, *canonical;

    if (!sim_call_body(call))
        return NULL;
    job = json_object_get(call->body, "Job");
    if (!json_is_object(job)) {
        sim_fail(call, 400, "Job must be specified");
        return NULL;
    }
    if (call->segment_count > 1 && sim_same(call->segments[0], "job") &&
        !sim_same(sim_get_text(job, "ID", ""), call->segments[1])) {
        sim_fail(call, 400, call->segment_count > 2 ? "Job ID does not match" : "Job ID does not match name");
        return NULL;
    }
    if (!job_belongs_here(call, job))
        return NULL;
    if (json_is_object(json_object_get(job, "Multiregion"))) {
        /* Measured: the region "global" that stands in for the missing one has no path. */
        sim_fail(call, 500, "No path to region");
        return NULL;
    }
    errors = json_array();
    canonical = sim_job_canonical(job, call->region->name, job_space(call, job));
    sim_job_validate(call->region, canonical, &text, errors);
    json_decref(errors);
    if (text.length == 0 && json_object_get(call->region->namespaces, sim_get_text(canonical, "Namespace", "")) == NULL)
        buffer_printf(&text, "nonexistent namespace \"%s\"", sim_get_text(canonical, "Namespace", ""));
    if (text.length > 0) {
        sim_fail(call, 500, "%s", text.data);
        json_decref(canonical);
        canonical = NULL;
    }
    buffer_release(&text);
    return canonical;
}

/* False after Nomad's answer to a stale check index. */
static bool index_enforced(struct sim_call *call, const struct sim_job *job, bool enforce)
{
    uint64_t wanted = (uint64_t)sim_get_number(call->body, "JobModifyIndex", 0);

    if (!enforce)
        return true;
    if (job == NULL && wanted > 0)
        sim_fail(call, 500, "Enforcing job modify index %" PRIu64 ": job does not exist", wanted);
    else if (job != NULL && wanted == 0)
        sim_fail(call, 500, "Enforcing job modify index 0: job already exists");
    else if (job != NULL && wanted != job->spec->job_modify_index)
        sim_fail(call, 500,
                 "Enforcing job modify index %" PRIu64 ": job exists with conflicting job modify index: %" PRIu64,
                 wanted, job->spec->job_modify_index);
    else
        return true;
    return false;
}

static void preserve_counts(json_t *canonical, const struct sim_job *job)
{
    json_t *group;
    size_t i;

    json_array_foreach(json_object_get(canonical, "TaskGroups"), i, group)
    {
        int at = sim_spec_find_group(job->spec, sim_get_text(group, "Name", ""));

        if (at >= 0)
            json_object_set_new(group, "Count", json_integer(job->spec->groups[at].count));
    }
}

void sim_reply_job_write(struct sim_call *call, const char *eval_id, uint64_t eval_index, uint64_t index,
                         uint64_t job_modify_index, const char *warnings)
{
    struct buffer *out = sim_reply_write(call, index);

    buffer_printf(out,
                  "{\"EvalCreateIndex\":%" PRIu64 ",\"EvalID\":\"%s\",\"Index\":%" PRIu64 ",\"JobModifyIndex\":%" PRIu64
                  ",\"KnownLeader\":false,\"LastContact\":0,\"NextToken\":\"\",",
                  eval_index, eval_id, index, job_modify_index);
    sim_put_field(out, "Warnings", warnings);
    buffer_append_byte(out, '}');
}

/* A spec becomes the job's newest version and is evaluated. Answers as register does. */
void sim_call_register(struct sim_call *call, struct sim_spec *spec, const char *trigger, const char *warnings)
{
    struct sim_region *region = call->region;
    struct sim_evaluation *evaluation = NULL;
    uint64_t index = sim_next_index(region), answered;
    bool changed, runs;
    struct sim_job *job = sim_job_register(region, spec, call->now, &changed);

    answered = changed ? job->spec->job_modify_index : job->modify_index;
    runs = !json_is_object(json_object_get(job->spec->json, "Periodic")) &&
           !json_is_object(json_object_get(job->spec->json, "ParameterizedJob"));
    if (changed)
        sim_event_job(region, index, "JobRegistered", job);
    if (runs) {
        evaluation = sim_evaluation_new(region, job, trigger, call->now);
        evaluation->job_modify_index = changed ? job->spec->job_modify_index : index;
        sim_event_evaluation(region, index, changed ? "JobRegistered" : "EvaluationUpdated", evaluation);
    } else {
        job->status = "running";
    }
    sim_reply_job_write(call, runs ? evaluation->id : "", runs ? index : 0, index, answered, warnings);
    if (runs)
        sim_evaluation_process(region, evaluation, call->now);
}

static void put_job(struct sim_call *call)
{
    json_t *canonical = submitted_job(call);
    struct buffer warnings = BUFFER_INIT;
    struct sim_job *job;

    if (canonical == NULL)
        return;
    job = sim_job_find(call->region, sim_get_text(canonical, "Namespace", ""), sim_get_text(canonical, "ID", ""));
    if (!index_enforced(call, job, sim_get_flag(call->body, "EnforceIndex", false))) {
        json_decref(canonical);
        return;
    }
    if (job != NULL && sim_get_flag(call->body, "PreserveCounts", false))
        preserve_counts(canonical, job);
    sim_job_warnings(canonical, &warnings);
    sim_call_register(call, sim_spec_new(canonical), "job-register", warnings.data);
    buffer_release(&warnings);
}

static void validate_job(struct sim_call *call)
{
    struct buffer text = BUFFER_INIT, warnings = BUFFER_INIT, *out;
    json_t *errors = json_array(), *canonical;

    if (!sim_call_body(call)) {
        json_decref(errors);
        return;
    }
    if (!json_is_object(json_object_get(call->body, "Job"))) {
        sim_fail(call, 400, "Job must be specified");
        json_decref(errors);
        return;
    }
    canonical = sim_job_canonical(json_object_get(call->body, "Job"), call->region->name, call->space);
    sim_job_validate(call->region, canonical, &text, errors);
    sim_job_warnings(canonical, &warnings);
    out = sim_reply(call, 0);
    call->response->has_index = call->response->has_leader = false;
    buffer_append_text(out, "{\"DriverConfigValidated\":true,");
    sim_put_field(out, "Error", text.data);
    buffer_append_text(out, ",\"ValidationErrors\":");
    sim_put_json(out, json_array_size(errors) > 0 ? errors : NULL);
    buffer_append_byte(out, ',');
    sim_put_field(out, "Warnings", warnings.data);
    buffer_append_byte(out, '}');
    json_decref(errors);
    json_decref(canonical);
    buffer_release(&text);
    buffer_release(&warnings);
}

/* ---- stop ---- */

static void delete_job(struct sim_call *call)
{
    struct sim_region *region = call->region;
    struct sim_job *job = sim_job_find(region, call->space, call->segments[1]);
    struct sim_evaluation *evaluation;
    bool purge = sim_query_flag(&call->query, "purge");
    char eval_id[SIM_ID_SIZE] = "";
    uint64_t index = 0;

    if (job != NULL) {
        index = sim_next_index(region);
        sim_job_stop(region, job, call->now);
        if (!purge)
            sim_event_job(region, index, "JobDeregistered", job);
        evaluation = sim_evaluation_new(region, job, "job-deregister", call->now);
        evaluation->job_modify_index = index;
        strcpy(eval_id, evaluation->id);
        sim_event_evaluation(region, index, "JobDeregistered", evaluation);
        sim_evaluation_process(region, evaluation, call->now);
        if (purge) {
            sim_event_job_gone(region, region->index, job);
            sim_job_purge(region, job);
        }
    }
    buffer_printf(sim_reply_write(call, index),
                  "{\"EvalCreateIndex\":%" PRIu64 ",\"EvalID\":\"%s\",\"Index\":%" PRIu64 ",\"JobModifyIndex\":%" PRIu64
                  ",\"KnownLeader\":false,\"LastContact\":0,\"NextToken\":\"\",\"VolumeEvalID\":\"\","
                  "\"VolumeEvalIndex\":0}",
                  index, eval_id, index, index);
}

/* ---- plan ---- */

static void put_diff(struct buffer *out, const struct sim_plan *plan, const struct sim_job *job, bool changed)
{
    const char *type = job->spec == NULL ? "Added" : changed ? "Edited" : "None";

    buffer_append_text(out, "{\"Fields\":null,");
    sim_put_field(out, "ID", job->id);
    buffer_append_text(out, ",\"Objects\":null,\"TaskGroups\":[");
    for (size_t i = 0; i < plan->spec->group_count; i++) {
        const struct sim_group *group = &plan->spec->groups[i];
        const struct sim_tally *tally = &plan->tallies[i];
        int old = job->spec != NULL ? sim_spec_find_group(job->spec, group->name) : -1;
        int before = old >= 0 ? job->spec->groups[old].count : 0;
        json_t *updates = json_object();

        if (tally->place > 0)
            json_object_set_new(updates, "create", json_integer(tally->place));
        if (tally->stop > 0)
            json_object_set_new(updates, "destroy", json_integer(tally->stop));
        if (tally->in_place > 0)
            json_object_set_new(updates, "in-place update", json_integer(tally->in_place));
        if (tally->destructive > 0)
            json_object_set_new(updates, "create/destroy update", json_integer(tally->destructive));
        if (tally->ignore > 0)
            json_object_set_new(updates, "ignore", json_integer(tally->ignore));
        if (tally->migrate > 0)
            json_object_set_new(updates, "migrate", json_integer(tally->migrate));
        buffer_append_text(out, i > 0 ? "," : "");
        buffer_append_text(out, "{\"Fields\":");
        if (old >= 0 && before != group->count)
            buffer_printf(out,
                          "[{\"Annotations\":[\"forces %s\"],\"Name\":\"Count\",\"New\":\"%d\",\"Old\":\"%d\",\"Type\":"
                          "\"Edited\"}]",
                          group->count > before ? "create" : "destroy", group->count, before);
        else
            buffer_append_text(out, "null");
        buffer_append_byte(out, ',');
        sim_put_field(out, "Name", group->name);
        buffer_printf(out, ",\"Objects\":null,\"Tasks\":null,\"Type\":\"%s\",\"Updates\":",
                      old < 0   ? "Added"
                      : changed ? "Edited"
                                : "None");
        sim_put_json(out, updates);
        buffer_append_byte(out, '}');
        json_decref(updates);
    }
    buffer_printf(out, "],\"Type\":\"%s\"}", type);
}

/* The blocked evaluation that registering would create. */
static void put_created(struct buffer *out, struct sim_call *call, const struct sim_plan *plan, const char *failed)
{
    char id[SIM_ID_SIZE], previous[SIM_ID_SIZE];

    sim_new_id(call->region, id);
    sim_new_id(call->region, previous);
    buffer_append_text(out, "[{\"ClassEligibility\":");
    sim_plan_render_classes(out, call->region, plan);
    buffer_printf(out, ",\"CreateTime\":%" PRId64 ",\"FailedTGAllocs\":", call->now * 1000000);
    buffer_append_text(out, failed);
    buffer_printf(out, ",\"ID\":\"%s\",", id);
    sim_put_field(out, "JobID", plan->job->id);
    buffer_printf(out,
                  ",\"ModifyTime\":%" PRId64 ",\"Namespace\":\"%s\",\"PreviousEval\":\"%s\",\"Priority\":%d,"
                  "\"Status\":\"blocked\",\"StatusDescription\":\"created to place remaining allocations\","
                  "\"TriggeredBy\":\"queued-allocs\",\"Type\":\"%s\"}]",
                  call->now * 1000000, plan->job->space, previous, plan->spec->priority, plan->spec->type);
}

static void answer_plan(struct sim_call *call, const struct sim_plan *plan, const struct sim_job *job, bool changed)
{
    uint64_t index = job->spec != NULL ? job->spec->job_modify_index : 0;
    struct buffer failed = BUFFER_INIT, warnings = BUFFER_INIT, *out = sim_reply_write(call, index);

    buffer_append_text(out, "{\"Annotations\":{\"DesiredTGUpdates\":");
    sim_plan_render_updates(out, plan);
    buffer_append_text(out, ",\"PreemptedAllocs\":null},\"CreatedEvals\":");
    if (sim_plan_render_failed(&failed, plan))
        put_created(out, call, plan, failed.data);
    else
        buffer_append_text(out, "null");
    buffer_append_text(out, ",\"Diff\":");
    if (sim_get_flag(call->body, "Diff", false))
        put_diff(out, plan, job, changed);
    else
        buffer_append_text(out, "null");
    buffer_append_text(out, ",\"FailedTGAllocs\":");
    buffer_append_text(out, failed.length > 0 ? failed.data : "null");
    buffer_printf(out, ",\"Index\":%" PRIu64 ",\"JobModifyIndex\":%" PRIu64 ",\"NextPeriodicLaunch\":null,", index,
                  index);
    sim_job_warnings(plan->spec->json, &warnings);
    sim_put_field(out, "Warnings", warnings.data);
    buffer_append_byte(out, '}');
    buffer_release(&failed);
    buffer_release(&warnings);
}

static void plan_job(struct sim_call *call)
{
    json_t *canonical = submitted_job(call);
    struct sim_job *job, absent = {0};
    struct sim_spec *spec;
    struct sim_plan plan;
    bool changed;

    if (canonical == NULL)
        return;
    absent.space = (char *)sim_get_text(canonical, "Namespace", "default");
    absent.id = (char *)sim_get_text(canonical, "ID", "");
    job = sim_job_find(call->region, absent.space, absent.id);
    changed = job == NULL || job->spec->stop || !json_equal(job->spec->json, canonical);
    spec = sim_spec_new(canonical);
    if (job == NULL)
        job = &absent;
    sim_plan_init(&plan, job, changed ? spec : job->spec);
    sim_reconcile(call->region, &plan, call->now);
    answer_plan(call, &plan, job, changed);
    sim_plan_release(call->region, &plan);
    sim_spec_release(spec);
}

const struct sim_route sim_job_routes[] = {{"GET", "jobs", SIM_READ, list_jobs},
                                           {"PUT", "jobs", SIM_WRITE, put_job},
                                           {"PUT", "jobs/parse", SIM_READ, sim_call_parse},
                                           {"GET", "jobs/statuses", SIM_READ, sim_call_statuses},
                                           {"PUT", "jobs/statuses", SIM_READ, sim_call_statuses},
                                           {"PUT", "validate/job", SIM_READ, validate_job},
                                           {"GET", "job/*", SIM_READ, get_job},
                                           {"PUT", "job/*", SIM_WRITE, put_job},
                                           {"DELETE", "job/*", SIM_WRITE, delete_job},
                                           {"PUT", "job/*/plan", SIM_WRITE, plan_job},
                                           {"GET", "job/*/allocations", SIM_READ, sim_call_job_allocations},
                                           {"GET", "job/*/evaluations", SIM_READ, sim_call_job_evaluations},
                                           {"GET", "job/*/deployment", SIM_READ, sim_call_job_deployment},
                                           {"GET", "job/*/deployments", SIM_READ, sim_call_job_deployments},
                                           {"GET", "job/*/summary", SIM_READ, sim_call_job_summary},
                                           {"GET", "job/*/versions", SIM_READ, sim_call_job_versions},
                                           {"PUT", "job/*/versions/*/tag", SIM_WRITE, sim_call_job_tag},
                                           {"DELETE", "job/*/versions/*/tag", SIM_WRITE, sim_call_job_untag},
                                           {"GET", "job/*/scale", SIM_READ, sim_call_job_scale_status},
                                           {"PUT", "job/*/scale", SIM_WRITE, sim_call_job_scale},
                                           {"PUT", "job/*/revert", SIM_WRITE, sim_call_job_revert},
                                           {"PUT", "job/*/evaluate", SIM_WRITE, sim_call_job_evaluate},
                                           {"GET", "job/*/submission", SIM_READ, sim_call_job_submission},
                                           {NULL, NULL, SIM_OPEN, NULL}};
