/* A plan has come back: every item is looked at again against the world as it is now; see assess.h. */
#include <stdlib.h>
#include <string.h>

#include "controller/core/assess.h"
#include "controller/core/private.h"

static int64_t standing_in(const struct world_region *region, const struct world_region_job *job, symbol group,
                           symbol pool)
{
    int64_t count = 0;
    for (uint32_t at = job->first_allocation; at != WORLD_NONE; at = region->allocations[at].next) {
        const struct world_allocation *allocation = &region->allocations[at];
        count += allocation->group == group && allocation_is_live(allocation) &&
                 allocation->desired_status == DESIRED_RUN &&
                 region->pools[region->nodes[allocation->node].pool].name == pool;
    }
    return count;
}

/* It stands where it stood, and where it would go the region can take it and its policy lets it. */
static bool still_holds(const struct world *world, const struct assess_group *group)
{
    const struct policy *policy =
        world_policy_for(world, world_text(world, group->job_namespace), world_text(world, group->id));
    char detail[POLICY_DETAIL_MAX];
    for (size_t i = 0; i < group->place_count; i++) {
        const struct assess_place *place = &group->places[i];
        const struct world_region *region = world_find_region(world, world_text(world, place->region));
        if (!region || !world_region_usable(region))
            return false;
        if (place->best > place->now && !region_is_allowed(policy, region, detail))
            return false;
        uint32_t job = region_job_find(region, group->job_namespace, group->id);
        int64_t now = job == WORLD_NONE ? 0 : standing_in(region, &region->jobs[job], group->group, place->pool);
        if (now != place->now)
            return false;
    }
    return true;
}

static bool changes_something(const struct assess_group *group)
{
    for (size_t i = 0; i < group->place_count; i++)
        if (group->places[i].now != group->places[i].best)
            return true;
    return false;
}

void assess_take(struct core *core, struct assessment *assessment)
{
    struct world *world = &core->world;
    size_t kept = 0;
    for (size_t g = 0; g < assessment->group_count; g++) {
        struct assess_group group = assessment->groups[g];
        if (!changes_something(&group) || still_holds(world, &group)) {
            assessment->groups[kept++] = group;
            continue;
        }
        free(group.places);
        assessment->stale++;
    }
    assessment->group_count = kept;
    assessment_free(world->assessment);
    world->assessment = assessment;
    core_changed(core);
}

const struct assess_group *assessment_job(const struct assessment *assessment, symbol job_namespace, symbol id,
                                          size_t *ret_count)
{
    size_t low = 0;
    size_t high = assessment ? assessment->group_count : 0;
    *ret_count = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct assess_group *at = &assessment->groups[middle];
        bool before = at->job_namespace != job_namespace ? at->job_namespace < job_namespace : at->id < id;
        low = before ? middle + 1 : low;
        high = before ? high : middle;
    }
    size_t end = low;
    while (assessment && end < assessment->group_count && assessment->groups[end].job_namespace == job_namespace &&
           assessment->groups[end].id == id)
        end++;
    *ret_count = end - low;
    return end > low ? &assessment->groups[low] : NULL;
}
