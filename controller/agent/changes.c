/* What the log says by itself of the world: regions that come and go, jobs that begin to run or do not, nodes that two
 * pools claim; changes_fleet.c tells of pools at providers. Looked at after steps that changed something. */
#include <stdlib.h>

#include "base/memory.h"
#include "controller/agent/changes_fleet.h"

struct told_job {
    symbol job_namespace, id;
    enum job_state state;
};

struct changes {
    uint64_t sequence; /* of the world as last looked at */
    enum region_state *regions;
    size_t region_count;
    struct told_job *jobs;
    size_t job_count;
    struct changes_fleet *fleet;
};

static bool changes_is_trouble(enum region_state state)
{
    return state == REGION_SUSPECT || state == REGION_DARK || state == REGION_DENIED;
}

static void changes_tell_region(struct agent *agent, const struct world_region *region, enum region_state before)
{
    const char *name = region->config.name;
    const char *trouble = region->trouble != NULL ? region->trouble : "";
    if (changes_is_trouble(region->state)) {
        report_warn(agent, name, "region is %s, was %s%s%s", region_state_word(region->state),
                    region_state_word(before), trouble[0] != '\0' ? ": " : "", trouble);
    } else if (region->state == REGION_ALIVE) {
        report_info(agent, name, "region is alive, was %s: %zu nodes, %zu jobs", region_state_word(before),
                    region->node_count - region->free_node_count, region->job_count - region->free_job_count);
    }
}

static void changes_tell_claimed_twice(struct agent *agent, const struct world *world,
                                       const struct world_region *region)
{
    for (size_t i = 0; i < region->node_count; i++) {
        const struct world_node *node = &region->nodes[i];
        if (node->present && node->second_pool != WORLD_NONE) {
            report_warn(agent, region->config.name,
                        "pools %s and %s both claim node %s: nothing new is placed on it until one of them does not",
                        world_text(world, region->pools[node->pool].name),
                        world_text(world, region->pools[node->second_pool].name), world_text(world, node->name));
        }
    }
}

static void changes_look_at_regions(struct agent *agent, struct changes *changes, const struct world *world)
{
    if (changes->region_count != world->region_count) {
        changes->regions = memory_resize(changes->regions, world->region_count, sizeof *changes->regions);
        for (size_t i = 0; i < world->region_count; i++) {
            changes->regions[i] = REGION_CONFIGURED;
        }
        changes->region_count = world->region_count;
    }
    for (size_t i = 0; i < world->region_count; i++) {
        const struct world_region *region = &world->regions[i];
        enum region_state before = changes->regions[i];
        if (before == region->state) {
            continue;
        }
        changes->regions[i] = region->state;
        changes_tell_region(agent, region, before);
        if (region->state == REGION_ALIVE && before != REGION_SUSPECT) {
            changes_tell_claimed_twice(agent, world, region);
        }
    }
}

static enum job_state changes_job_before(const struct changes *changes, const struct drover_job *job, size_t near)
{
    for (size_t i = 0; i < changes->job_count; i++) {
        const struct told_job *told = &changes->jobs[(near + i) % changes->job_count];
        if (told->id == job->id && told->job_namespace == job->job_namespace) {
            return told->state;
        }
    }
    return JOB_STATE_PENDING;
}

static void changes_tell_job(struct agent *agent, const struct world *world, const struct drover_job *job)
{
    const char *id = world_text(world, job->id);
    if (job->state == JOB_STATE_PARTIAL) {
        report_warn(agent, NULL, "job %s is partial: %s", id, job->trouble != NULL ? job->trouble : "");
    } else {
        report_info(agent, NULL, "job %s is %s", id, job_state_word(job->state));
    }
}

static void changes_look_at_jobs(struct agent *agent, struct changes *changes, const struct world *world)
{
    struct told_job *now = memory_new(world->job_count, sizeof *now);
    for (size_t i = 0; i < world->job_count; i++) {
        const struct drover_job *job = world->jobs[i];
        now[i] = (struct told_job){.job_namespace = job->job_namespace, .id = job->id, .state = job->state};
        if (changes_job_before(changes, job, i) != job->state && changes->sequence != 0) {
            changes_tell_job(agent, world, job);
        }
    }
    free(changes->jobs);
    changes->jobs = now;
    changes->job_count = world->job_count;
}

void changes_look(struct agent *agent)
{
    const struct world *world = core_world(agent->core);
    if (agent->changes == NULL) {
        agent->changes = memory_new(1, sizeof *agent->changes);
    }
    if (agent->changes->sequence == world->sequence || agent->stopping) {
        return;
    }
    changes_look_at_regions(agent, agent->changes, world);
    changes_look_at_jobs(agent, agent->changes, world);
    changes_look_at_fleet(agent, &agent->changes->fleet, world);
    agent->changes->sequence = world->sequence;
}

void changes_free(struct agent *agent)
{
    if (agent->changes != NULL) {
        free(agent->changes->regions);
        free(agent->changes->jobs);
        changes_fleet_free(agent->changes->fleet);
    }
    free(agent->changes);
    agent->changes = NULL;
}
