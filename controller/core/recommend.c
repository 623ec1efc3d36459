/* Recommendations: every job's place now against the best there is room for, by the same division that places jobs. */
#include "controller/core/recommend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "controller/core/cost.h"
#include "controller/core/private.h"

struct work {
    const struct core *core;
    const struct drover_job *drover;
    symbol job_namespace, id;
    struct job_demand demand; /* what runs now, as a demand */
    struct recommendation *result;
    int64_t unpriced;
};

/* --- what runs now ------------------------------------------------------------------------------------------------ */

static struct group_demand *group_obtain(struct job_demand *demand, const char *name)
{
    int at = job_demand_find_group(demand, name);
    if (at >= 0)
        return &demand->groups[at];
    demand->groups = memory_resize(demand->groups, demand->group_count + 1, sizeof *demand->groups);
    struct group_demand *group = &demand->groups[demand->group_count++];
    *group = (struct group_demand){.name = memory_copy_text(name, strlen(name)), .pinnable = true};
    return group;
}

static struct recommendation_place *place_obtain(struct recommendation *result, symbol region, symbol pool)
{
    for (size_t i = 0; i < result->place_count; i++)
        if (result->places[i].region == region && result->places[i].pool == pool)
            return &result->places[i];
    result->places = memory_resize(result->places, result->place_count + 1, sizeof *result->places);
    result->places[result->place_count] = (struct recommendation_place){.region = region, .pool = pool};
    return &result->places[result->place_count++];
}

static void count_allocation(struct work *work, const struct world_region *region,
                             const struct world_allocation *allocation)
{
    const struct world_node *node = &region->nodes[allocation->node];
    const struct world_pool *pool = &region->pools[node->pool];
    struct resources each = {{allocation->cpu_mhz, allocation->memory_mb, allocation->disk_mb}};
    struct group_demand *group = group_obtain(&work->demand, world_text(&work->core->world, allocation->group));
    int64_t marginal = 0;
    int64_t full = 0;
    group->count++;
    for (int k = 0; k < RESOURCE_COUNT; k++)
        if (each.amount[k] > group->each.amount[k])
            group->each.amount[k] = each.amount[k];
    place_obtain(work->result, region->name, pool->name)->count_now++;
    work->result->allocations++;
    if (cost_unit(region, pool, &each, &marginal, &full))
        money_add(&work->result->now_uusd_h, marginal);
    else
        work->unpriced++;
    if (strcmp(work->demand.node_pool, world_text(&work->core->world, node->node_pool)) != 0)
        text_replace(&work->demand.node_pool,
                     work->result->allocations == 1 ? world_text(&work->core->world, node->node_pool) : "all");
}

static void collect_now(struct work *work)
{
    const struct world *world = &work->core->world;
    for (size_t r = 0; r < world->region_count; r++) {
        const struct world_region *region = &world->regions[r];
        uint32_t at = region_job_find(region, work->job_namespace, work->id);
        for (uint32_t i = at == WORLD_NONE ? WORLD_NONE : region->jobs[at].first_allocation; i != WORLD_NONE;
             i = region->allocations[i].next)
            if (allocation_is_live(&region->allocations[i]) && region->allocations[i].desired_status == DESIRED_RUN)
                count_allocation(work, region, &region->allocations[i]);
    }
}

/* --- the best there is room for ----------------------------------------------------------------------------------- */

static void take_best(struct work *work, const struct decision *decision)
{
    const struct world *world = &work->core->world;
    for (size_t i = 0; i < decision->line_count; i++) {
        const struct decision_line *line = &decision->lines[i];
        if (line->count == 0)
            continue;
        place_obtain(work->result, intern_put(world->names, line->region), intern_put(world->names, line->pool))
            ->count_best += line->count;
    }
    work->result->best_uusd_h = decision->marginal_after_uusd_h;
}

/* Nothing better is known: the best is what is there. */
static void keep_now(struct work *work, const char *note)
{
    for (size_t i = 0; i < work->result->place_count; i++)
        work->result->places[i].count_best = work->result->places[i].count_now;
    work->result->best_uusd_h = work->result->now_uusd_h;
    text_replace(&work->result->note, note);
}

static int compare_places(const void *left, const void *right, void *context)
{
    const struct world *world = context;
    const struct recommendation_place *a = left;
    const struct recommendation_place *b = right;
    int order = strcmp(world_text(world, a->region), world_text(world, b->region));
    return order ? order : strcmp(world_text(world, a->pool), world_text(world, b->pool));
}

static void compare_with_best(struct work *work)
{
    struct placing placing = {.core = work->core,
                              .demand = &work->demand,
                              .policy =
                                  world_policy_for(&work->core->world, work->demand.job_namespace, work->demand.id),
                              .job = work->drover,
                              .external = !work->drover,
                              .may_move = true};
    struct decision *decision = place_job(&placing);
    char note[160];
    if (work->unpriced) {
        snprintf(note, sizeof note, "%lld of its allocations are on nodes whose price is not known",
                 (long long)work->unpriced);
        keep_now(work, note);
    } else if (decision->placed < work->result->allocations) {
        keep_now(work, "its policy leaves no room for all of it anywhere else");
    } else if (decision->marginal_after_uusd_h >= work->result->now_uusd_h) {
        keep_now(work, "already the cheapest");
    } else {
        take_best(work, decision);
        text_replace(&work->result->note, "");
    }
    decision_free(decision);
}

static void recommend_job(struct work *work)
{
    const struct world *world = &work->core->world;
    struct recommendation *result = work->result;
    result->job_namespace = work->job_namespace;
    result->id = work->id;
    result->drover = work->drover != NULL;
    result->unverified = !work->drover;
    text_replace(&work->demand.job_namespace, world_text(world, work->job_namespace));
    text_replace(&work->demand.id, world_text(world, work->id));
    text_replace(&work->demand.node_pool, "default");
    collect_now(work);
    if (work->drover && work->drover->demand.node_pool) {
        text_replace(&work->demand.node_pool, work->drover->demand.node_pool);
        for (size_t i = 0; i < work->drover->demand.datacenters.count; i++)
            patterns_add(&work->demand.datacenters, work->drover->demand.datacenters.list[i]);
        for (size_t g = 0; g < work->demand.group_count; g++) {
            int at = job_demand_find_group(&work->drover->demand, work->demand.groups[g].name);
            if (at < 0)
                continue;
            work->demand.groups[g].one_per_node = work->drover->demand.groups[at].one_per_node;
            work->demand.groups[g].pinnable = work->drover->demand.groups[at].pinnable;
        }
    }
    compare_with_best(work);
    if (result->place_count)
        qsort_r(result->places, result->place_count, sizeof *result->places, compare_places, (void *)(uintptr_t)world);
    job_demand_release(&work->demand);
}

/* --- all jobs ----------------------------------------------------------------------------------------------------- */

struct job_name {
    symbol job_namespace, id;
};

static int compare_names(const void *left, const void *right)
{
    const struct job_name *a = left;
    const struct job_name *b = right;
    if (a->job_namespace != b->job_namespace)
        return a->job_namespace < b->job_namespace ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* Service jobs with live allocations, each once. */
static struct job_name *list_jobs(const struct world *world, size_t *ret_count)
{
    struct job_name *names = NULL;
    size_t count = 0;
    size_t capacity = 0;
    for (size_t r = 0; r < world->region_count; r++)
        for (size_t j = 0; j < world->regions[r].job_count; j++) {
            const struct world_region_job *job = &world->regions[r].jobs[j];
            if (!job->present || job->child || job->stopped || job->type != JOB_SERVICE || job->live_allocations == 0)
                continue;
            names = memory_grow(names, count, &capacity, sizeof *names);
            names[count++] = (struct job_name){.job_namespace = job->job_namespace, .id = job->id};
        }
    size_t kept = 0;
    if (count)
        qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || compare_names(&names[i], &names[i - 1]) != 0)
            names[kept++] = names[i];
    *ret_count = kept;
    return names;
}

static int compare_results(const void *left, const void *right, void *context)
{
    const struct world *world = context;
    const struct recommendation *a = left;
    const struct recommendation *b = right;
    int64_t saves_a = a->now_uusd_h - a->best_uusd_h;
    int64_t saves_b = b->now_uusd_h - b->best_uusd_h;
    if (saves_a != saves_b)
        return saves_a > saves_b ? -1 : 1;
    int order = strcmp(world_text(world, a->job_namespace), world_text(world, b->job_namespace));
    return order ? order : strcmp(world_text(world, a->id), world_text(world, b->id));
}

struct recommendations *recommendations_new(const struct core *core)
{
    const struct world *world = &core->world;
    struct recommendations *all = memory_new(1, sizeof *all);
    size_t count = 0;
    struct job_name *names = list_jobs(world, &count);
    all->list = memory_new(count, sizeof *all->list);
    for (size_t i = 0; i < count; i++) {
        struct work work = {
            .core = core,
            .job_namespace = names[i].job_namespace,
            .id = names[i].id,
            .drover = world_find_job(world, world_text(world, names[i].job_namespace), world_text(world, names[i].id)),
            .result = &all->list[all->count++]};
        recommend_job(&work);
        money_add(&all->now_uusd_h, work.result->now_uusd_h);
        money_add(&all->best_uusd_h, work.result->best_uusd_h);
    }
    if (all->count)
        qsort_r(all->list, all->count, sizeof *all->list, compare_results, (void *)(uintptr_t)world);
    free(names);
    return all;
}

void recommendations_free(struct recommendations *recommendations)
{
    if (!recommendations)
        return;
    for (size_t i = 0; i < recommendations->count; i++) {
        free(recommendations->list[i].places);
        free(recommendations->list[i].note);
    }
    free(recommendations->list);
    free(recommendations);
}
