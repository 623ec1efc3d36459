/* Jobs: versions, status, summary and their JSON. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/world.h"

static int job_compare(const struct sim_job *job, const char *space, const char *id)
{
    int order = strcmp(job->space, space);

    return order != 0 ? order : strcmp(job->id, id);
}

static size_t job_position(const struct sim_region *region, const char *space, const char *id)
{
    size_t low = 0, high = region->job_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (job_compare(region->jobs[middle], space, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct sim_job *sim_job_find(const struct sim_region *region, const char *space, const char *id)
{
    size_t at = job_position(region, space, id);

    return at < region->job_count && job_compare(region->jobs[at], space, id) == 0 ? region->jobs[at] : NULL;
}

static struct sim_job *job_add(struct sim_region *region, const char *space, const char *id)
{
    size_t at = job_position(region, space, id);
    struct sim_job *job = memory_new(1, sizeof *job);

    job->space = sim_copy(space);
    job->id = sim_copy(id);
    job->create_index = region->index;
    job->status = "pending";
    region->jobs = memory_grow(region->jobs, region->job_count, &region->job_capacity, sizeof *region->jobs);
    memmove(region->jobs + at + 1, region->jobs + at, (region->job_count - at) * sizeof *region->jobs);
    region->jobs[at] = job;
    region->job_count++;
    return job;
}

static bool same_kept(const struct sim_spec *spec, const struct sim_job *job)
{
    return spec == job->spec || spec->tag_name != NULL;
}

/* The newest six are kept, tagged ones always. */
static void drop_old_versions(struct sim_job *job)
{
    size_t untagged = 0;

    for (size_t i = 0; i < job->version_count; i++)
        untagged += job->versions[i]->tag_name == NULL;
    for (size_t i = 0; i < job->version_count && untagged > SIM_VERSIONS_KEPT;) {
        if (same_kept(job->versions[i], job)) {
            i++;
            continue;
        }
        sim_spec_release(job->versions[i]);
        memmove(job->versions + i, job->versions + i + 1, (job->version_count - i - 1) * sizeof *job->versions);
        job->version_count--;
        untagged--;
    }
}

static void job_take_version(struct sim_region *region, struct sim_job *job, struct sim_spec *spec, int64_t now)
{
    spec->version = job->spec != NULL ? job->spec->version + 1 : 0;
    spec->job_modify_index = spec->modify_index = region->index;
    spec->submit_ns = now * 1000000;
    job->spec = spec;
    job->modify_index = region->index;
    if (job->summary_index == 0)
        job->summary_index = region->index;
    job->versions = memory_resize(job->versions, job->version_count + 1, sizeof *job->versions);
    job->versions[job->version_count++] = spec;
    drop_old_versions(job);
    job->queued = memory_resize(job->queued, spec->group_count + 1, sizeof *job->queued);
    memset(job->queued, 0, (spec->group_count + 1) * sizeof *job->queued);
    sim_touch(region, SIM_JOBS, region->index);
    sim_touch(region, SIM_SUMMARIES, job->summary_index);
}

struct sim_job *sim_job_register(struct sim_region *region, struct sim_spec *spec, int64_t now, bool *ret_changed)
{
    const char *space = sim_get_text(spec->json, "Namespace", "default"), *id = sim_get_text(spec->json, "ID", "");
    struct sim_job *job = sim_job_find(region, space, id);

    if (job != NULL && !job->spec->stop && json_equal(job->spec->json, spec->json)) {
        sim_spec_release(spec);
        *ret_changed = false;
        return job;
    }
    if (job == NULL)
        job = job_add(region, space, id);
    job_take_version(region, job, spec, now);
    if (sim_same(spec->type, "system") || sim_same(job->status, "dead"))
        job->status = sim_same(spec->type, "system") ? "running" : "pending";
    *ret_changed = true;
    return job;
}

void sim_job_take_scaled(struct sim_region *region, struct sim_job *job, struct sim_spec *spec, int64_t now)
{
    spec->stop = job->spec->stop;
    job_take_version(region, job, spec, now);
}

void sim_job_stop(struct sim_region *region, struct sim_job *job, int64_t now)
{
    struct sim_spec *spec = sim_spec_new(json_deep_copy(job->spec->json));

    spec->stop = true;
    spec->stable = job->spec->stable;
    job_take_version(region, job, spec, now);
}

void sim_job_free(struct sim_job *job)
{
    for (size_t i = 0; i < job->version_count; i++)
        sim_spec_release(job->versions[i]);
    for (size_t i = 0; i < job->event_count; i++) {
        free(job->events[i].group);
        free(job->events[i].message);
        json_decref(job->events[i].meta);
    }
    free(job->events);
    free(job->versions);
    free(job->queued);
    free(job->allocations);
    free(job->space);
    free(job->id);
    free(job);
}

void sim_job_purge(struct sim_region *region, struct sim_job *job)
{
    size_t at = job_position(region, job->space, job->id), kept = 0;

    sim_allocations_forget_job(region, job);
    for (size_t i = 0; i < region->evaluation_count; i++) {
        struct sim_evaluation *evaluation = region->evaluations[i];

        if (evaluation->job == job) {
            sim_timer_forget(region, evaluation);
            evaluation->job = NULL;
            if (sim_same(evaluation->status, "blocked") || sim_same(evaluation->status, "pending"))
                evaluation->status = "complete";
        }
    }
    for (size_t i = 0; i < region->deployment_count; i++) {
        struct sim_deployment *deployment = region->deployments[i];

        if (deployment->job != job) {
            region->deployments[kept++] = deployment;
            continue;
        }
        sim_timer_forget(region, deployment);
        sim_deployment_free(deployment);
    }
    region->deployment_count = kept;
    memmove(region->jobs + at, region->jobs + at + 1, (region->job_count - at - 1) * sizeof *region->jobs);
    region->job_count--;
    sim_touch(region, SIM_JOBS, region->index);
    sim_touch(region, SIM_SUMMARIES, region->index);
    sim_job_free(job);
}

static const char *job_status(const struct sim_region *region, const struct sim_job *job)
{
    if (sim_same(job->spec->type, "system") && !job->spec->stop)
        return "running";
    for (size_t i = 0; i < job->allocation_count; i++)
        if (!sim_allocation_client_terminal(job->allocations[i]))
            return "running";
    for (size_t i = 0; i < region->evaluation_count; i++)
        if (region->evaluations[i]->job == job) {
            if (sim_same(region->evaluations[i]->status, "pending"))
                return region->evaluations[i]->wait_until_ms > 0 ? "running" : "pending";
            if (sim_same(region->evaluations[i]->status, "blocked") && !job->spec->stop)
                return "running";
        }
    return "dead";
}

void sim_job_refresh_status(struct sim_region *region, struct sim_job *job, const char *type, uint64_t index)
{
    const char *status = job_status(region, job);

    if (sim_same(status, job->status))
        return;
    job->status = status;
    job->modify_index = job->spec->modify_index = index;
    sim_touch(region, SIM_JOBS, index);
    sim_event_job(region, index, type, job);
}

struct sim_spec *sim_job_version(const struct sim_job *job, uint64_t version)
{
    for (size_t i = 0; i < job->version_count; i++)
        if (job->versions[i]->version == version)
            return job->versions[i];
    return NULL;
}

struct sim_spec *sim_job_stable_version(const struct sim_job *job)
{
    for (size_t i = job->version_count; i-- > 0;)
        if (job->versions[i]->stable)
            return job->versions[i];
    return NULL;
}

bool sim_job_is_child(const struct sim_job *job)
{
    return *sim_get_text(job->spec->json, "ParentID", "") != '\0';
}

/* ---- JSON ---- */

json_t *sim_job_json(const struct sim_job *job, const struct sim_spec *spec)
{
    json_t *json = json_copy(spec->json);
    bool current = spec == job->spec;

    json_object_set_new(json, "CreateIndex", json_integer((json_int_t)job->create_index));
    json_object_set_new(json, "ModifyIndex",
                        json_integer((json_int_t)(current ? job->modify_index : spec->modify_index)));
    json_object_set_new(json, "JobModifyIndex", json_integer((json_int_t)spec->job_modify_index));
    json_object_set_new(json, "Version", json_integer((json_int_t)spec->version));
    json_object_set_new(json, "Stable", json_boolean(spec->stable));
    json_object_set_new(json, "Stop", json_boolean(spec->stop));
    json_object_set_new(json, "Status", json_string(job->status));
    json_object_set_new(json, "StatusDescription", json_string(""));
    json_object_set_new(json, "SubmitTime", json_integer(spec->submit_ns));
    json_object_set_new(json, "VersionTag",
                        spec->tag_name == NULL
                            ? json_null()
                            : json_pack("{s:s, s:s, s:I}", "Name", spec->tag_name, "Description", spec->tag_description,
                                        "TaggedTime", (json_int_t)spec->tag_ns));
    return json;
}

void sim_job_render(struct buffer *out, const struct sim_job *job, const struct sim_spec *spec)
{
    json_t *json = sim_job_json(job, spec);

    sim_put_json(out, json);
    json_decref(json);
}

void sim_job_render_summary(struct buffer *out, const struct sim_job *job)
{
    buffer_printf(out, "{\"Children\":{\"Dead\":0,\"Pending\":0,\"Running\":0},\"CreateIndex\":%" PRIu64 ",",
                  job->create_index);
    sim_put_field(out, "JobID", job->id);
    buffer_printf(out, ",\"ModifyIndex\":%" PRIu64 ",", job->summary_index);
    sim_put_field(out, "Namespace", job->space);
    buffer_append_text(out, ",\"Summary\":{");
    for (size_t g = 0; g < job->spec->group_count; g++) {
        const char *name = job->spec->groups[g].name;
        int counts[6] = {0};

        for (size_t i = 0; i < job->allocation_count; i++)
            if (sim_same(sim_allocation_group(job->allocations[i])->name, name))
                counts[job->allocations[i]->client]++;
        buffer_append_text(out, g > 0 ? "," : "");
        sim_put_string(out, name);
        buffer_printf(out,
                      ":{\"Complete\":%d,\"Failed\":%d,\"Lost\":%d,\"Queued\":%d,\"Running\":%d,\"Starting\":%d,"
                      "\"Unknown\":%d}",
                      counts[SIM_COMPLETE], counts[SIM_FAILED], counts[SIM_LOST_CLIENT], job->queued[g],
                      counts[SIM_RUNNING], counts[SIM_PENDING], counts[SIM_UNKNOWN]);
    }
    buffer_append_text(out, "}}");
}

static void put_member(struct buffer *out, const json_t *json, const char *key)
{
    buffer_printf(out, "\"%s\":", key);
    sim_put_json(out, json_object_get(json, key));
    buffer_append_byte(out, ',');
}

void sim_job_render_stub(struct buffer *out, const struct sim_job *job, bool meta)
{
    const json_t *json = job->spec->json;

    buffer_printf(out, "{\"CreateIndex\":%" PRIu64 ",", job->create_index);
    put_member(out, json, "Datacenters");
    sim_put_field(out, "ID", job->id);
    buffer_printf(out, ",\"JobModifyIndex\":%" PRIu64 ",\"JobSummary\":", job->spec->job_modify_index);
    sim_job_render_summary(out, job);
    buffer_append_byte(out, ',');
    if (meta)
        put_member(out, json, "Meta");
    buffer_printf(out, "\"ModifyIndex\":%" PRIu64 ",\"Multiregion\":null,", job->modify_index);
    put_member(out, json, "Name");
    sim_put_field(out, "Namespace", job->space);
    buffer_append_byte(out, ',');
    put_member(out, json, "NodePool");
    buffer_printf(out, "\"ParameterizedJob\":%s,",
                  json_is_object(json_object_get(json, "ParameterizedJob")) ? "true" : "false");
    put_member(out, json, "ParentID");
    buffer_printf(out, "\"Periodic\":%s,\"Priority\":%d,\"Status\":\"%s\",\"StatusDescription\":\"\",\"Stop\":%s,",
                  json_is_object(json_object_get(json, "Periodic")) ? "true" : "false", job->spec->priority,
                  job->status, job->spec->stop ? "true" : "false");
    buffer_printf(out, "\"SubmitTime\":%" PRId64 ",\"Type\":\"%s\"}", job->spec->submit_ns, job->spec->type);
}
