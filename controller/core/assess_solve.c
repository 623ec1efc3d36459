/* Solving a snapshot, in whatever thread: see assess.h. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "controller/core/assess_private.h"
#include "controller/placement/certificate.h"
#include "controller/placement/solve.h"

/* The place of a group in one pool of a region: machine classes are summed. */
static struct assess_place *place_obtain(struct assess_group *group, const struct machine_class *machine)
{
    for (size_t i = 0; i < group->place_count; i++)
        if (group->places[i].region == machine->region_name && group->places[i].pool == machine->pool_name)
            return &group->places[i];
    group->places = memory_resize(group->places, group->place_count + 1, sizeof *group->places);
    group->places[group->place_count] =
        (struct assess_place){.region = machine->region_name, .pool = machine->pool_name};
    return &group->places[group->place_count++];
}

/* Everything where it is, then where the plan puts it. */
static void take_groups(const struct assess_snapshot *snapshot, const struct plan *plan, struct assessment *result)
{
    result->groups = memory_new(snapshot->group_count, sizeof *result->groups);
    result->group_count = snapshot->group_count;
    for (size_t g = 0; g < snapshot->group_count; g++) {
        const struct snapshot_group *from = &snapshot->groups[g];
        result->groups[g] = (struct assess_group){
            .job_namespace = from->job_namespace, .id = from->id, .group = from->group, .each = from->each};
        for (size_t i = 0; i < from->place_count; i++)
            place_obtain(&result->groups[g], &snapshot->machines[from->places[i].machine])->now +=
                from->places[i].count;
    }
    for (size_t i = 0; i < plan->puts; i++)
        place_obtain(&result->groups[plan->put[i].group], &snapshot->machines[plan->put[i].pool])->best +=
            plan->put[i].count;
    for (size_t g = 0; g < snapshot->group_count; g++)
        result->unplaced += plan->unplaced[g];
}

/* No plan found is better than what is: everything stays. Where that breaks a rule (overcommitted nodes), rules are
 * kept at a higher cost only, and the bound must not be read as if they were. */
static void stay(struct assessment *result)
{
    if (result->bound_uusd_h > result->now_uusd_h)
        result->bound_uusd_h = result->now_uusd_h;
    result->cost_uusd_h = result->packed_uusd_h = result->now_uusd_h;
    result->gap_ppm = result->packed_gap_ppm = gap_ppm(result->now_uusd_h, result->bound_uusd_h);
    result->unplaced = 0;
    for (size_t g = 0; g < result->group_count; g++)
        for (size_t i = 0; i < result->groups[g].place_count; i++)
            result->groups[g].places[i].best = result->groups[g].places[i].now;
}

static int compare_groups(const void *left, const void *right)
{
    const struct assess_group *a = left;
    const struct assess_group *b = right;
    if (a->job_namespace != b->job_namespace)
        return a->job_namespace < b->job_namespace ? -1 : 1;
    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    return a->group < b->group ? -1 : a->group > b->group;
}

/* At the engine's prices, all resources of one machine together. */
static int64_t machine_worth(const struct problem *problem, const struct plan *plan, size_t machine)
{
    __int128 sum = 0;
    for (uint32_t k = 0; k < problem->dimensions; k++)
        sum += (__int128)plan->price[machine * problem->dimensions + k] *
               problem->pool_capacity[machine * problem->dimensions + k];
    sum = (sum + plan->scale / 2) / plan->scale;
    return sum < MONEY_RATE_MAX_UUSD_H ? (int64_t)sum : MONEY_RATE_MAX_UUSD_H;
}

static struct assess_pool *pool_obtain(struct assessment *result, const struct machine_class *machine)
{
    for (size_t i = result->pool_count; i > 0 && result->pools[i - 1].region == machine->region_name; i--)
        if (result->pools[i - 1].pool == machine->pool_name)
            return &result->pools[i - 1];
    result->pools[result->pool_count] =
        (struct assess_pool){.region = machine->region_name, .pool = machine->pool_name};
    return &result->pools[result->pool_count++];
}

static void take_pools(const struct assess_snapshot *snapshot, const struct problem *problem, const struct plan *plan,
                       struct assessment *result)
{
    result->pools = memory_new(snapshot->machine_count, sizeof *result->pools);
    for (size_t m = 0; m < snapshot->machine_count; m++) {
        const struct machine_class *machine = &snapshot->machines[m];
        struct assess_pool *pool = pool_obtain(result, machine);
        int64_t worth = machine_worth(problem, plan, m);
        pool->nodes += machine->nodes;
        pool->price_uusd_h = machine->price_uusd_h;
        pool->scarcity_uusd_h = worth > pool->scarcity_uusd_h ? worth : pool->scarcity_uusd_h;
    }
}

/* What the groups cost where they stand, in the same terms as the plan. */
static int64_t cost_now(const struct assess_snapshot *snapshot)
{
    int64_t sum = 0;
    for (size_t g = 0; g < snapshot->group_count; g++)
        for (size_t i = 0; i < snapshot->groups[g].place_count; i++) {
            const struct snapshot_place *place = &snapshot->groups[g].places[i];
            int64_t part = 0;
            int64_t unit = assess_unit(&snapshot->machines[place->machine], &snapshot->groups[g].each);
            if (money_multiply(unit, place->count, &part))
                money_add(&sum, part);
        }
    return sum;
}

static struct assessment *take_plan(const struct assess_snapshot *snapshot, const struct problem *problem,
                                    const struct plan *plan, struct error *ret_error)
{
    struct certificate certificate;
    if (!certificate_check(problem, plan, &certificate, ret_error)) {
        error_prefix(ret_error, "the plan does not hold against its own proof");
        return NULL;
    }
    struct assessment *result = memory_new(1, sizeof *result);
    *result = snapshot->head;
    result->now_uusd_h = cost_now(snapshot);
    result->cost_uusd_h = certificate.cost;
    result->packed_uusd_h = certificate.nodecost;
    result->bound_uusd_h = certificate.bound;
    result->gap_ppm = certificate.gap_ppm;
    result->packed_gap_ppm = certificate.node_gap_ppm;
    take_groups(snapshot, plan, result);
    take_pools(snapshot, problem, plan, result);
    if (result->cost_uusd_h > result->now_uusd_h)
        stay(result);
    if (result->group_count)
        qsort(result->groups, result->group_count, sizeof *result->groups, compare_groups);
    return result;
}

/* Takes the text over where it is small enough. */
static void keep_files(const struct problem *problem, const struct plan *plan, struct buffer *text,
                       struct assessment *result)
{
    struct buffer written = BUFFER_INIT;
    if (text->length > ASSESS_TEXT_MAX)
        return;
    plan_write(plan, problem, &written);
    if (text->length + written.length <= ASSESS_TEXT_MAX) {
        result->problem = buffer_take(text);
        result->plan = buffer_take(&written);
    }
    buffer_release(&written);
}

struct assessment *assess_solve(struct assess_snapshot *snapshot, unsigned effort, bool (*stop)(void *context),
                                void *context, struct error *ret_error)
{
    struct buffer text = BUFFER_INIT;
    struct problem problem;
    struct plan plan;
    struct assessment *result = NULL;
    struct solve_options options = {.seed = 1, .effort = effort, .stop = stop, .stop_context = context};
    assess_write(snapshot, &text);
    bool fine = problem_read(text.data, text.length, &problem, ret_error);
    if (fine) {
        fine = solve(&problem, &options, &plan, ret_error);
        if (fine) {
            result = take_plan(snapshot, &problem, &plan, ret_error);
            if (result)
                keep_files(&problem, &plan, &text, result);
            plan_release(&plan);
        }
        problem_release(&problem);
    }
    buffer_release(&text);
    assess_abandon(snapshot);
    return result;
}

void assessment_free(struct assessment *assessment)
{
    if (!assessment)
        return;
    for (size_t g = 0; g < assessment->group_count; g++)
        free(assessment->groups[g].places);
    free(assessment->problem);
    free(assessment->plan);
    free(assessment->groups);
    free(assessment->pools);
    free(assessment);
}
