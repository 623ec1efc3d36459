/* Drover's own jobs and their copies, sorted containers of the world: see world.h and private.h. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/private.h"

static int compare_job(const struct world *world, const struct drover_job *job, const char *job_namespace,
                       const char *id)
{
    int order = strcmp(world_text(world, job->job_namespace), job_namespace);
    return order ? order : strcmp(world_text(world, job->id), id);
}

/* Where the job is, or where it belongs. */
static size_t job_place(const struct world *world, const char *job_namespace, const char *id, bool *ret_found)
{
    size_t low = 0;
    size_t high = world->job_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare_job(world, world->jobs[middle], job_namespace, id);
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_found = false;
    return low;
}

struct drover_job *world_job(const struct world *world, const char *job_namespace, const char *id)
{
    bool found = false;
    size_t at = job_place(world, job_namespace, id, &found);
    return found ? world->jobs[at] : NULL;
}

const struct drover_job *world_find_job(const struct world *world, const char *job_namespace, const char *id)
{
    return world_job(world, job_namespace, id);
}

struct drover_job *world_job_obtain(struct world *world, const char *job_namespace, const char *id)
{
    bool found = false;
    size_t at = job_place(world, job_namespace, id, &found);
    if (found)
        return world->jobs[at];
    world->jobs = memory_grow(world->jobs, world->job_count, &world->job_capacity, sizeof *world->jobs);
    memmove(&world->jobs[at + 1], &world->jobs[at], (world->job_count - at) * sizeof *world->jobs);
    world->job_count++;
    struct drover_job *job = memory_new(1, sizeof *job);
    job->job_namespace = intern_put(world->names, job_namespace);
    job->id = intern_put(world->names, id);
    job->submitter = memory_copy_text("", 0);
    world->jobs[at] = job;
    return job;
}

static void copy_release(struct job_copy *copy)
{
    free(copy->trouble);
    free(copy->groups);
}

void job_free(struct drover_job *job)
{
    for (size_t i = 0; i < job->copy_count; i++)
        copy_release(&job->copies[i]);
    free(job->copies);
    job_demand_release(&job->demand);
    attempt_free(job->attempt);
    decision_free(job->decision);
    free(job->submitter);
    free(job->trouble);
    free(job);
}

void world_job_drop(struct world *world, struct drover_job *job)
{
    for (size_t at = 0; at < world->job_count; at++) {
        if (world->jobs[at] != job)
            continue;
        memmove(&world->jobs[at], &world->jobs[at + 1], (world->job_count - at - 1) * sizeof *world->jobs);
        world->job_count--;
        job_free(job);
        return;
    }
}

char *job_copy_task_group(const struct world *world, const struct drover_job *job, const struct job_copy *copy,
                          size_t at)
{
    const struct job_copy_group *part = &copy->groups[at];
    bool first = true;
    for (size_t i = 0; i < at && first; i++)
        first = copy->groups[i].group != part->group;
    const char *group = part->group < job->demand.group_count ? job->demand.groups[part->group].name : "";
    return copy_part_name(group, world_text(world, part->pool), first);
}

symbol job_copy_part_name(const struct world *world, const struct drover_job *job, const struct job_copy *copy,
                          size_t at)
{
    char *name = job_copy_task_group(world, job, copy, at);
    symbol found = intern_find(world->names, name);
    free(name);
    return found;
}

int job_group_of(const struct world *world, const struct drover_job *job, const char *task_group)
{
    int at = job_demand_find_group(&job->demand, task_group);
    symbol name = intern_find(world->names, task_group);
    for (size_t c = 0; at < 0 && name && c < job->copy_count; c++)
        for (size_t g = 0; at < 0 && g < job->copies[c].group_count; g++)
            if (job_copy_part_name(world, job, &job->copies[c], g) == name)
                at = (int)job->copies[c].groups[g].group;
    return at;
}

struct job_copy *job_copy_find(const struct drover_job *job, symbol region)
{
    for (size_t i = 0; i < job->copy_count; i++)
        if (job->copies[i].region == region)
            return &job->copies[i];
    return NULL;
}

struct job_copy *job_copy_obtain(const struct world *world, struct drover_job *job, symbol region)
{
    struct job_copy *found = job_copy_find(job, region);
    if (found)
        return found;
    size_t at = 0;
    while (at < job->copy_count && strcmp(world_text(world, job->copies[at].region), world_text(world, region)) < 0)
        at++;
    job->copies = memory_resize(job->copies, job->copy_count + 1, sizeof *job->copies);
    memmove(&job->copies[at + 1], &job->copies[at], (job->copy_count - at) * sizeof *job->copies);
    job->copy_count++;
    job->copies[at] = (struct job_copy){.region = region};
    return &job->copies[at];
}

void job_copy_drop(struct drover_job *job, const struct job_copy *copy)
{
    size_t at = (size_t)(copy - job->copies);
    copy_release(&job->copies[at]);
    memmove(&job->copies[at], &job->copies[at + 1], (job->copy_count - at - 1) * sizeof *job->copies);
    job->copy_count--;
}

const char *job_state_word(enum job_state state)
{
    static const char *const words[] = {"pending",  "placing",  "partial", "running",
                                        "updating", "stopping", "stopped", "purging"};
    return state <= JOB_STATE_PURGING ? words[state] : "?";
}

const char *copy_state_word(enum copy_state state)
{
    static const char *const words[] = {"planned", "waiting", "registering", "following",
                                        "proven",  "failed",  "stopping",    "stopped"};
    return state <= COPY_STOPPED ? words[state] : "?";
}
