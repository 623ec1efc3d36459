/* Which pools of which regions may take a group of a job, with room and unit price, or the one reason why not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/cost.h"
#include "controller/core/private.h"

/* A copy with all its parts must stay within what the store reads back: 256 pools a region. */
enum { DETAIL_MAX = POLICY_DETAIL_MAX, SPLIT_GROUPS_MAX = 64 };

static struct candidate *add(struct candidates *candidates, size_t region, uint32_t pool, enum reason reason,
                             const char *detail)
{
    candidates->list =
        memory_grow(candidates->list, candidates->count, &candidates->capacity, sizeof *candidates->list);
    struct candidate *candidate = &candidates->list[candidates->count++];
    *candidate = (struct candidate){.region = region,
                                    .pool = pool,
                                    .reason = reason,
                                    .detail = memory_copy_text(detail, strlen(detail)),
                                    .fits = -1,
                                    .limit = -1,
                                    .guide = -1,
                                    .scarcity_uusd_h = -1,
                                    .unit_marginal_uusd_h = -1,
                                    .unit_full_uusd_h = -1};
    return candidate;
}

void candidates_release(struct candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; i++)
        free(candidates->list[i].detail);
    free(candidates->list);
    *candidates = (struct candidates){0};
}

/* --- what rules a whole region out -------------------------------------------------------------------------------- */

bool region_is_allowed(const struct policy *policy, const struct world_region *region, char *detail)
{
    char labels[LABELS_MAX][256];
    const char *list[LABELS_MAX];
    size_t count = region->config.label_count < LABELS_MAX ? region->config.label_count : LABELS_MAX;
    for (size_t i = 0; i < count; i++) {
        snprintf(labels[i], sizeof labels[i], "%.120s=%.120s", region->config.labels[i].key,
                 region->config.labels[i].value);
        list[i] = labels[i];
    }
    const char *rule = "";
    if (policy_allows_region(policy, region->config.name, region->config.provider, list, count, &rule))
        return true;
    if (rule[0])
        snprintf(detail, DETAIL_MAX, "policy \"%.128s\" denies \"%.256s\"", policy->name, rule);
    else
        snprintf(detail, DETAIL_MAX, "not in what policy \"%.128s\" allows", policy->name);
    return false;
}

static const struct region_override *override_of(const struct job_demand *demand, const char *region)
{
    for (size_t i = 0; i < demand->override_count; i++)
        if (strcmp(demand->overrides[i].region, region) == 0)
            return &demand->overrides[i];
    return NULL;
}

static bool copy_is_there(const struct placing *placing, symbol region)
{
    const struct job_copy *copy = placing->job ? job_copy_find(placing->job, region) : NULL;
    return copy && (copy->registered || copy->effect);
}

/* About the whole region (group WORLD_NONE), or a group in one of its pools. */
static const struct lesson *lesson_of(const struct placing *placing, symbol region, uint32_t group, symbol pool)
{
    const struct attempt *attempt = placing->attempt;
    for (size_t i = 0; attempt && i < attempt->lesson_count; i++)
        if (attempt->lessons[i].region == region && attempt->lessons[i].group == group &&
            (attempt->lessons[i].pool == 0 || attempt->lessons[i].pool == pool))
            return &attempt->lessons[i];
    return NULL;
}

static bool region_is_occupied(const struct placing *placing, const struct world_region *region)
{
    if (copy_is_there(placing, region->name))
        return false;
    const struct job_copy *ours = placing->job ? job_copy_find(placing->job, region->name) : NULL;
    if (ours && ours->base_index)
        return false;
    const struct world_region_job *job =
        world_find_region_job(&placing->core->world, region, placing->demand->job_namespace, placing->demand->id);
    return job && job->listed;
}

/* REASON_CHOSEN when nothing rules the region out. */
static enum reason region_reason(const struct placing *placing, const struct world_region *region, char *detail)
{
    detail[0] = '\0';
    if (!region_is_allowed(placing->policy, region, detail))
        return REASON_POLICY;
    if (placing->demand->override_count && !override_of(placing->demand, region->config.name))
        return REASON_NOT_NAMED;
    /* Asked for a plan a silent region would hold the others up for a minute: what is new waits for none that is
     * suspect. */
    bool ours = placing->job && job_copy_find(placing->job, region->name);
    if (!world_region_usable(region) || (region->state == REGION_SUSPECT && !ours)) {
        snprintf(detail, DETAIL_MAX, "it is %s%s%.200s", region_state_word(region->state), region->trouble ? ": " : "",
                 region->trouble ? region->trouble : "");
        return REASON_NOT_ALIVE;
    }
    if (region->owner == OWNER_FOREIGN) {
        snprintf(detail, DETAIL_MAX, "owned by Drover cluster %.64s, epoch %llu",
                 region->owner_cluster ? region->owner_cluster : "?", (unsigned long long)region->owner_epoch);
        return REASON_FOREIGN;
    }
    if (region_is_occupied(placing, region))
        return REASON_OCCUPIED;
    const struct lesson *lesson = lesson_of(placing, region->name, WORLD_NONE, 0);
    if (lesson) {
        snprintf(detail, DETAIL_MAX, "%.500s", lesson->detail);
        return lesson->reason;
    }
    return REASON_CHOSEN;
}

/* --- what rules a pool out ---------------------------------------------------------------------------------------- */

/* The copy that stands in the region, or NULL. */
static const struct job_copy *copy_there(const struct placing *placing, symbol region)
{
    return copy_is_there(placing, region) ? job_copy_find(placing->job, region) : NULL;
}

/* The first part of the group there, or NULL. */
static const struct job_copy_group *group_there(const struct placing *placing, symbol region, uint32_t group)
{
    const struct job_copy *copy = copy_there(placing, region);
    for (size_t i = 0; copy && i < copy->group_count; i++)
        if (copy->groups[i].group == group)
            return &copy->groups[i];
    return NULL;
}

static const struct job_copy_group *part_there(const struct placing *placing, symbol region, uint32_t group,
                                               symbol pool)
{
    const struct job_copy *copy = copy_there(placing, region);
    for (size_t i = 0; copy && i < copy->group_count; i++)
        if (copy->groups[i].group == group && copy->groups[i].pool == pool)
            return &copy->groups[i];
    return NULL;
}

/* A group may stand in several pools of a region where each part can be held to its pool under a name of its own. */
static bool may_split(const struct placing *placing, const struct world_region *region, uint32_t number)
{
    const struct job_demand *demand = placing->demand;
    const struct job_copy_group *there = group_there(placing, region->name, number);
    if (demand->type != JOB_SERVICE || !demand->groups[number].pinnable || demand->group_count > SPLIT_GROUPS_MAX ||
        (there && there->count > 0 && !there->pool))
        return false;
    for (size_t p = 0; p < region->pool_count; p++) {
        char *name = copy_part_name(demand->groups[number].name,
                                    world_text(&placing->core->world, region->pools[p].name), false);
        bool taken = job_demand_find_group(demand, name) >= 0;
        free(name);
        if (taken)
            return false;
    }
    return true;
}

static void describe_too_large(const struct group_demand *group, const struct resources *largest, char *detail)
{
    snprintf(detail, DETAIL_MAX,
             "wants %lld MHz, %lld MiB memory, %lld MiB disk; its largest node has %lld MHz, %lld MiB, %lld MiB",
             (long long)group->each.amount[RESOURCE_CPU_MHZ], (long long)group->each.amount[RESOURCE_MEMORY_MB],
             (long long)group->each.amount[RESOURCE_DISK_MB], (long long)largest->amount[RESOURCE_CPU_MHZ],
             (long long)largest->amount[RESOURCE_MEMORY_MB], (long long)largest->amount[RESOURCE_DISK_MB]);
}

/* "other" has no selector of its own: it can be held to only by excluding pools that select on one key each. */
static bool other_is_pinnable(const struct world_region *region)
{
    for (size_t i = 0; i < region->config.pool_count; i++)
        if (region->config.pools[i].selector_count != 1)
            return false;
    return true;
}

static enum reason pool_reason(const struct placing *placing, const struct room *room, const struct candidate *at,
                               const struct group_demand *group, char *detail)
{
    const struct world_region *region = &placing->core->world.regions[at->region];
    const struct world_pool *pool = &region->pools[at->pool];
    uint32_t within = at->unpinned ? WORLD_NONE : at->pool;
    struct resources largest;
    detail[0] = '\0';
    if (room_nodes(room, at->region, within) == 0) {
        snprintf(detail, DETAIL_MAX, "%u of its %u nodes are ready", pool->ready_nodes, pool->nodes);
        return REASON_NO_NODES;
    }
    if (!(pool->config && pool->config->priced) && !placing->policy->allow_unpriced)
        return REASON_UNPRICED;
    if (!pool->config && !at->unpinned && !other_is_pinnable(region))
        return REASON_NOT_PINNABLE;
    if (!room_could_hold(room, at->region, within, group, &largest)) {
        describe_too_large(group, &largest, detail);
        return REASON_TOO_LARGE;
    }
    return REASON_CHOSEN;
}

/* Reads price and room of a pool that nothing rules out. */
static void weigh(const struct placing *placing, const struct room *room, struct candidate *at, uint32_t number)
{
    const struct group_demand *group = &placing->demand->groups[number];
    const struct world_region *region = &placing->core->world.regions[at->region];
    const struct lesson *lesson =
        lesson_of(placing, region->name, number, at->unpinned ? 0 : region->pools[at->pool].name);
    int64_t marginal = 0;
    int64_t full = 0;
    if (cost_unit(region, &region->pools[at->pool], &group->each, &marginal, &full)) {
        at->unit_marginal_uusd_h = marginal;
        at->unit_full_uusd_h = full;
    }
    at->fits = room_fits(room, at->region, at->unpinned ? WORLD_NONE : at->pool, group, JOB_COUNT_MAX);
    if (lesson) {
        at->limit = lesson->most;
        if (at->fits > lesson->most - at->before)
            at->fits = lesson->most > at->before ? lesson->most - at->before : 0;
    }
    if (at->fits == 0 && at->before == 0) {
        at->reason = lesson ? lesson->reason : REASON_FULL;
        text_replace(&at->detail, lesson ? lesson->detail : "");
    }
}

/* A group that must not be pinned: one candidate, at the dearest pool Nomad might choose. */
static uint32_t dearest_pool(const struct placing *placing, const struct room *room, size_t at,
                             const struct group_demand *group)
{
    const struct world_region *region = &placing->core->world.regions[at];
    uint32_t dearest = 0;
    int64_t most = -1;
    for (uint32_t p = 0; p < region->pool_count; p++) {
        int64_t marginal = 0;
        int64_t full = INT64_MAX; /* a pool without a price is the dearest of all */
        if (room_nodes(room, at, p) == 0)
            continue;
        cost_unit(region, &region->pools[p], &group->each, &marginal, &full);
        if (full > most) {
            most = full;
            dearest = p;
        }
    }
    return dearest;
}

static uint32_t pool_number(const struct world_region *region, symbol name)
{
    for (uint32_t p = 0; p < region->pool_count; p++)
        if (region->pools[p].name == name)
            return p;
    return WORLD_NONE;
}

static void collect_pool(const struct placing *placing, const struct room *room, uint32_t number, size_t at,
                         uint32_t pool, bool unpinned, struct candidates *candidates)
{
    const struct world_region *region = &placing->core->world.regions[at];
    const struct job_copy_group *there = group_there(placing, region->name, number);
    const struct job_copy_group *part =
        unpinned ? there : part_there(placing, region->name, number, region->pools[pool].name);
    char detail[DETAIL_MAX];
    struct candidate *candidate = add(candidates, at, pool, REASON_CHOSEN, "");
    candidate->unpinned = unpinned;
    candidate->splits = !unpinned && may_split(placing, region, number);
    if (there && !part && !candidate->splits) {
        candidate->reason = REASON_ONE_POOL;
        snprintf(detail, sizeof detail, "the copy there is held to pool \"%.128s\"",
                 there->pool ? world_text(&placing->core->world, there->pool) : "");
        text_replace(&candidate->detail, detail);
        return;
    }
    candidate->before = part ? part->count : 0;
    enum reason reason = pool_reason(placing, room, candidate, &placing->demand->groups[number], detail);
    if (reason == REASON_CHOSEN) {
        weigh(placing, room, candidate, number);
        return;
    }
    text_replace(&candidate->detail, detail);
    candidate->fits = 0;
    if (candidate->before == 0)
        candidate->reason = reason;
}

/* What is there already stays there even when the region takes nothing new. */
static void keep_part(const struct placing *placing, uint32_t number, size_t at, const struct job_copy_group *part,
                      const char *detail, struct candidates *candidates)
{
    const struct world_region *region = &placing->core->world.regions[at];
    uint32_t pool = part->pool ? pool_number(region, part->pool) : 0;
    if (pool == WORLD_NONE)
        pool = (uint32_t)region->pool_count - 1;
    struct candidate *candidate = add(candidates, at, pool, REASON_CHOSEN, detail);
    candidate->before = part->count;
    candidate->fits = 0;
    candidate->splits = part->pool != 0;
    int64_t marginal = 0;
    int64_t full = 0;
    if (cost_unit(region, &region->pools[pool], &placing->demand->groups[number].each, &marginal, &full)) {
        candidate->unit_marginal_uusd_h = marginal;
        candidate->unit_full_uusd_h = full;
    }
}

/* True when there was something. */
static bool keep_what_is_there(const struct placing *placing, uint32_t number, size_t at, const char *detail,
                               struct candidates *candidates)
{
    const struct job_copy *copy = copy_there(placing, placing->core->world.regions[at].name);
    bool any = false;
    for (size_t i = 0; copy && i < copy->group_count; i++)
        if (copy->groups[i].group == number && copy->groups[i].count > 0) {
            keep_part(placing, number, at, &copy->groups[i], detail, candidates);
            any = true;
        }
    return any;
}

static void collect_region(const struct placing *placing, const struct room *room, uint32_t number, size_t at,
                           struct candidates *candidates)
{
    const struct world_region *region = &placing->core->world.regions[at];
    const struct group_demand *group = &placing->demand->groups[number];
    char detail[DETAIL_MAX];
    enum reason reason = region_reason(placing, region, detail);
    if (reason != REASON_CHOSEN) {
        if (!keep_what_is_there(placing, number, at, detail, candidates))
            add(candidates, at, WORLD_NONE, reason, detail);
        return;
    }
    if (!group->pinnable || region->pool_count == 1) {
        collect_pool(placing, room, number, at, dearest_pool(placing, room, at, group), true, candidates);
        return;
    }
    for (uint32_t p = 0; p < region->pool_count; p++)
        if (region->pools[p].nodes > 0 || region->pools[p].config)
            collect_pool(placing, room, number, at, p, false, candidates);
}

void candidates_collect(const struct placing *placing, const struct room *room, uint32_t group,
                        struct candidates *ret_candidates)
{
    *ret_candidates = (struct candidates){0};
    for (size_t at = 0; at < placing->core->world.region_count; at++)
        collect_region(placing, room, group, at, ret_candidates);
}
