/* Recommendations: every job's place now against its place in the best plan known for all of them together. */
#include "controller/core/recommend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "controller/core/assess.h"
#include "controller/core/cost.h"
#include "controller/core/private.h"

struct work {
    const struct core *core;
    const struct drover_job *drover;
    symbol job_namespace, id;
    struct recommendation *result;
    int64_t unpriced;
};

/* --- what runs now ------------------------------------------------------------------------------------------------ */

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
    int64_t marginal = 0;
    int64_t full = 0;
    place_obtain(work->result, region->name, pool->name)->count_now++;
    work->result->allocations++;
    if (cost_unit(region, pool, &each, &marginal, &full))
        money_add(&work->result->now_uusd_h, marginal);
    else
        work->unpriced++;
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

/* --- the best plan known ------------------------------------------------------------------------------------------ */

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

static const struct world_pool *pool_named(const struct world_region *region, symbol name)
{
    for (size_t p = 0; region && p < region->pool_count; p++)
        if (region->pools[p].name == name)
            return &region->pools[p];
    return NULL;
}

/* Where the plan puts the job; false when a price has gone since. */
static bool take_best(struct work *work, const struct assess_group *groups, size_t count)
{
    const struct world *world = &work->core->world;
    for (size_t g = 0; g < count; g++)
        for (size_t i = 0; i < groups[g].place_count; i++) {
            const struct assess_place *place = &groups[g].places[i];
            const struct world_region *region = world_find_region(world, world_text(world, place->region));
            const struct world_pool *pool = pool_named(region, place->pool);
            int64_t marginal = 0;
            int64_t full = 0;
            int64_t part = 0;
            if (place->best == 0)
                continue;
            if (!pool || !cost_unit(region, pool, &groups[g].each, &marginal, &full) ||
                !money_multiply(marginal, place->best, &part) || !money_add(&work->result->best_uusd_h, part))
                return false;
            place_obtain(work->result, place->region, place->pool)->count_best += place->best;
        }
    return true;
}

/* True when the job stands as it stood when the plan was made. */
static bool stands_as_planned(const struct work *work, const struct assess_group *groups, size_t count)
{
    int64_t planned = 0;
    for (size_t g = 0; g < count; g++)
        for (size_t i = 0; i < groups[g].place_count; i++)
            planned += groups[g].places[i].now;
    return planned == work->result->allocations;
}

static bool moves(const struct recommendation *result)
{
    for (size_t i = 0; i < result->place_count; i++)
        if (result->places[i].count_now != result->places[i].count_best)
            return true;
    return false;
}

static void compare_with_best(struct work *work)
{
    const struct assessment *assessment = work->core->world.assessment;
    size_t count = 0;
    const struct assess_group *groups = assessment_job(assessment, work->job_namespace, work->id, &count);
    char note[160];
    if (work->unpriced) {
        snprintf(note, sizeof note, "%lld of its allocations are on nodes whose price is not known",
                 (long long)work->unpriced);
        keep_now(work, note);
    } else if (!groups || !stands_as_planned(work, groups, count)) {
        keep_now(work, "not looked at as it stands now");
    } else if (!take_best(work, groups, count)) {
        keep_now(work, "a price of the best plan has gone since");
    } else if (!moves(work->result)) {
        keep_now(work, "stays in the best plan");
    } else {
        text_replace(&work->result->note, "");
    }
}

static void recommend_job(struct work *work)
{
    const struct world *world = &work->core->world;
    struct recommendation *result = work->result;
    result->job_namespace = work->job_namespace;
    result->id = work->id;
    result->drover = work->drover != NULL;
    result->unverified = !work->drover;
    collect_now(work);
    compare_with_best(work);
    if (result->place_count)
        qsort_r(result->places, result->place_count, sizeof *result->places, compare_places, (void *)(uintptr_t)world);
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
