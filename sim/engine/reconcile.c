/* What a job's allocations should become: which stay, which are updated in place, replaced, stopped or added.
 * Source: measured behaviour of Nomad 2.0.5 (facts of the real one: lowest names are kept, highest stopped first). */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/world.h"

struct group_work {
    struct sim_region *region;
    struct sim_plan *plan;
    uint16_t at;
    const struct sim_group *group;
    int count;
    struct sim_allocation **live; /* by number, then create index */
    size_t live_count;
    struct sim_allocation **replace; /* lost, drained, asked to stop: need another in their place */
    size_t replace_count;
    size_t done;    /* batch allocations that completed */
    size_t waiting; /* failed ones whose rescheduling waits: they keep their place */
    bool *used;     /* names taken */
    size_t used_size;
    bool may_place; /* false after a failed deployment */
    int64_t now;
};

static int by_number(const void *a, const void *b)
{
    const struct sim_allocation *x = *(struct sim_allocation *const *)a, *y = *(struct sim_allocation *const *)b;

    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->create_index != y->create_index ? (x->create_index < y->create_index ? -1 : 1) : strcmp(x->id, y->id);
}

static void use_name(struct group_work *work, uint32_t number)
{
    if (number < work->used_size)
        work->used[number] = true;
}

static uint32_t free_name(struct group_work *work)
{
    for (uint32_t i = 0; i < work->used_size; i++)
        if (!work->used[i]) {
            work->used[i] = true;
            return i;
        }
    return (uint32_t)work->used_size;
}

/* True when the failed one is to be replaced now. */
static bool reschedule_due(struct group_work *work, struct sim_allocation *a)
{
    const struct sim_group *group = work->group;
    int64_t due = a->finished_ns / 1000000 + (group->reschedule_delay_ms << (a->reschedules < 7 ? a->reschedules : 7));

    if (!group->reschedule_unlimited && a->reschedules >= group->reschedule_attempts)
        return false;
    if (due <= work->now)
        return true;
    if (work->plan->reschedule_at_ms == 0 || due < work->plan->reschedule_at_ms)
        work->plan->reschedule_at_ms = due;
    if (a->followup_id[0] == '\0') {
        work->plan->later = memory_grow(work->plan->later, work->plan->later_count, &work->plan->later_capacity,
                                        sizeof *work->plan->later);
        work->plan->later[work->plan->later_count++] = a;
    }
    work->plan->tallies[work->at].reschedule_later++;
    return false;
}

static void sort_allocation(struct group_work *work, struct sim_allocation *a)
{
    bool batch = sim_same(work->plan->spec->type, "batch");

    if (a->desired != SIM_RUN || a->client == SIM_LOST_CLIENT)
        return;
    if (a->client == SIM_COMPLETE) {
        if (batch) {
            work->done++;
            use_name(work, a->number);
        }
        return;
    }
    if (a->client == SIM_FAILED && !a->rescheduled && !work->plan->spec->stop) {
        if (reschedule_due(work, a)) {
            work->replace[work->replace_count++] = a;
        } else {
            work->waiting++;
            use_name(work, a->number);
        }
        return;
    }
    if (a->client == SIM_FAILED)
        return;
    if (a->node->status == SIM_NODE_DOWN || a->migrate || a->force_stop)
        work->replace[work->replace_count++] = a;
    else
        work->live[work->live_count++] = a;
}

static void gather(struct group_work *work)
{
    const struct sim_job *job = work->plan->job;

    work->live = memory_new(job->allocation_count + 1, sizeof *work->live);
    work->replace = memory_new(job->allocation_count + 1, sizeof *work->replace);
    work->used_size = (size_t)work->count + job->allocation_count + 1;
    work->used = memory_new(work->used_size, sizeof *work->used);
    for (size_t i = 0; i < job->allocation_count; i++)
        if (sim_same(sim_allocation_group(job->allocations[i])->name, work->group->name))
            sort_allocation(work, job->allocations[i]);
    qsort(work->live, work->live_count, sizeof *work->live, by_number);
    qsort(work->replace, work->replace_count, sizeof *work->replace, by_number);
}

static void end(struct group_work *work, struct sim_allocation *a, const char *description)
{
    struct sim_action *action = sim_plan_add(work->plan, SIM_END, work->at, a);

    action->description = description;
    action->lost = a->node->status == SIM_NODE_DOWN;
    work->plan->tallies[work->at].stop++;
    if (!a->released) {
        a->node->plan_cpu -= sim_allocation_group(a)->cpu;
        a->node->plan_memory -= sim_allocation_group(a)->memory;
        a->node->plan_disk -= sim_allocation_group(a)->disk;
    }
}

static const char *end_reason(const struct sim_allocation *a)
{
    return a->node->status == SIM_NODE_DOWN ? "alloc is lost since its node is down"
           : a->migrate                     ? "alloc is being migrated"
           : a->client == SIM_FAILED        ? "alloc was rescheduled because it failed"
                                            : "alloc not needed due to job update";
}

/* Highest names go first; replacements waiting to be made count as existing. */
static void stop_excess(struct group_work *work)
{
    size_t want = (size_t)work->count > work->done ? (size_t)work->count - work->done : 0;

    while (work->replace_count > 0 && work->live_count + work->replace_count + work->waiting > want) {
        struct sim_allocation *a = work->replace[--work->replace_count];

        if (a->client != SIM_FAILED)
            end(work, a, end_reason(a));
    }
    while (work->live_count + work->waiting > want && work->live_count > 0)
        end(work, work->live[--work->live_count], "alloc not needed due to job update");
}

static struct sim_action *place(struct group_work *work, struct sim_allocation *previous, uint32_t number,
                                enum sim_action_kind kind)
{
    struct sim_node *node = sim_place(work->region, work->plan, work->at,
                                      previous != NULL && previous->client == SIM_FAILED ? previous->node : NULL);
    struct sim_action *action;

    if (node == NULL) {
        work->plan->queued[work->at]++;
        return NULL;
    }
    action = sim_plan_add(work->plan, kind, work->at, previous);
    action->node = node;
    action->number = number;
    return action;
}

static void replace_all(struct group_work *work)
{
    for (size_t i = 0; i < work->replace_count; i++) {
        struct sim_allocation *a = work->replace[i];
        bool failed = a->client == SIM_FAILED;
        struct sim_action *action;

        use_name(work, a->number);
        if (!failed) {
            end(work, a, end_reason(a));
            if (a->migrate) {
                work->plan->tallies[work->at].stop--;
                work->plan->tallies[work->at].migrate++;
            }
        } else {
            work->plan->tallies[work->at].reschedule_now++;
        }
        if (!a->migrate)
            work->plan->tallies[work->at].place++;
        action = place(work, a, a->number, SIM_PLACE);
        if (action != NULL)
            action->reschedule = failed;
        if (action != NULL && failed)
            action->description = end_reason(a);
    }
}

static int unhealthy_in_flight(const struct group_work *work, const struct sim_deployment *deployment)
{
    int count = 0;

    for (size_t i = 0; i < work->live_count; i++)
        if (work->live[i]->spec == work->plan->spec && work->live[i]->deployment == deployment && deployment != NULL &&
            work->live[i]->health != SIM_HEALTHY)
            count++;
    return count;
}

/* Counted whether a place is found or not; without one the old allocation stays. */
static void destroy(struct group_work *work, struct sim_allocation *a)
{
    const struct sim_group *old = sim_allocation_group(a);
    struct sim_action *action;

    work->plan->tallies[work->at].destructive++;
    a->node->plan_cpu -= old->cpu;
    a->node->plan_memory -= old->memory;
    a->node->plan_disk -= old->disk;
    action = place(work, a, a->number, SIM_DESTROY);
    if (action != NULL) {
        action->description = "alloc is being updated due to job update";
        return;
    }
    a->node->plan_cpu += old->cpu;
    a->node->plan_memory += old->memory;
    a->node->plan_disk += old->disk;
}

static bool is_destructive(const struct group_work *work, const struct sim_allocation *a)
{
    return sim_group_destructive(a->spec, sim_allocation_group(a), work->plan->spec, work->group) ||
           !sim_node_suits(a->node, work->plan->spec, work->group);
}

/* With canaries wanted and not promoted, only they are placed; the old ones stay as they are. */
static bool canarying(struct group_work *work, const struct sim_deployment *deployment, bool any_destructive)
{
    const struct sim_update *update = &work->group->update;
    const struct sim_dstate *state = deployment != NULL ? sim_deployment_group(deployment, work->group->name) : NULL;
    int have = 0;

    if (!update->present || update->canary == 0 || (state != NULL && (state->promoted || state->canaries == 0)) ||
        (state == NULL && !any_destructive))
        return false;
    for (size_t i = 0; i < work->live_count; i++)
        have += work->live[i]->spec == work->plan->spec && work->live[i]->canary;
    for (; have < update->canary && work->may_place; have++) {
        struct sim_action *action = place(work, NULL, free_name(work), SIM_PLACE);

        work->plan->tallies[work->at].canary++;
        if (action != NULL)
            action->canary = true;
    }
    return true;
}

static void update_live(struct group_work *work, const struct sim_deployment *deployment)
{
    struct sim_tally *tally = &work->plan->tallies[work->at];
    const struct sim_update *update = &work->group->update;
    bool *destructive = memory_new(work->live_count + 1, sizeof *destructive), any = false;
    int limit = update->present ? update->max_parallel - unhealthy_in_flight(work, deployment) : (int)work->live_count;
    bool holding;

    for (size_t i = 0; i < work->live_count; i++) {
        destructive[i] = work->live[i]->spec != work->plan->spec && is_destructive(work, work->live[i]);
        any = any || destructive[i];
    }
    holding = canarying(work, deployment, any);
    for (size_t i = 0; i < work->live_count; i++) {
        struct sim_allocation *a = work->live[i];

        if (a->spec == work->plan->spec) {
            tally->ignore++;
        } else if (!destructive[i]) {
            sim_plan_add(work->plan, SIM_IN_PLACE, work->at, a);
            tally->in_place++;
        } else if (limit > 0 && !holding && work->may_place) {
            destroy(work, a);
            limit--;
        } else {
            tally->ignore++;
        }
    }
    if (any || tally->in_place > 0)
        work->plan->wants_deployment = true;
    free(destructive);
}

static void place_missing(struct group_work *work, size_t missing)
{
    if (!work->may_place)
        return;
    for (; missing > 0; missing--) {
        work->plan->tallies[work->at].place++;
        place(work, NULL, free_name(work), SIM_PLACE);
    }
}

static bool had_running(const struct group_work *work)
{
    const struct sim_job *job = work->plan->job;

    for (size_t i = 0; i < job->allocation_count; i++)
        if (job->allocations[i]->spec == work->plan->spec &&
            sim_same(sim_allocation_group(job->allocations[i])->name, work->group->name))
            return true;
    return false;
}

static void reconcile_group(struct sim_region *region, struct sim_plan *plan, uint16_t at, int64_t now)
{
    struct sim_deployment *latest = sim_deployment_latest(region, plan->job);
    const struct sim_deployment *current =
        latest != NULL && plan->spec == plan->job->spec && latest->job_version == plan->spec->version ? latest : NULL;
    struct group_work work = {
        .region = region, .plan = plan, .at = at, .group = &plan->spec->groups[at], .now = now, .may_place = true};
    size_t present;

    work.count = plan->spec->stop ? 0 : work.group->count;
    if (current != NULL && (sim_same(current->status, "failed") || sim_same(current->status, "paused")))
        work.may_place = false;
    if (work.group->update.present && work.count > 0 && current == NULL && !had_running(&work))
        plan->wants_deployment = true;
    gather(&work);
    stop_excess(&work);
    for (size_t i = 0; i < work.live_count; i++)
        use_name(&work, work.live[i]->number);
    present = work.live_count + work.replace_count + work.waiting + work.done;
    for (size_t i = 0; i < work.live_count; i++)
        present -= work.live[i]->canary && current != NULL && sim_deployment_is_active(current) ? 1 : 0;
    replace_all(&work);
    update_live(&work, current);
    if ((size_t)work.count > present)
        place_missing(&work, (size_t)work.count - present);
    free(work.live);
    free(work.replace);
    free(work.used);
}

/* Groups that the wanted version no longer has. */
static void stop_removed_groups(struct sim_plan *plan)
{
    const struct sim_job *job = plan->job;

    for (size_t i = 0; i < job->allocation_count; i++) {
        struct sim_allocation *a = job->allocations[i];
        const char *name = sim_allocation_group(a)->name;
        struct sim_action *action;
        size_t k = 0;

        if (sim_spec_find_group(plan->spec, name) >= 0 || sim_allocation_terminal(a))
            continue;
        while (k < plan->removed_count && !sim_same(plan->removed_names[k], name))
            k++;
        if (k == plan->removed_count) {
            plan->removed = memory_resize(plan->removed, k + 1, sizeof *plan->removed);
            plan->removed_names = memory_resize(plan->removed_names, k + 1, sizeof *plan->removed_names);
            memset(&plan->removed[k], 0, sizeof *plan->removed);
            plan->removed_names[plan->removed_count++] = name;
        }
        plan->removed[k].stop++;
        action = sim_plan_add(plan, SIM_END, 0, a);
        action->description = "alloc not needed due to job update";
        action->lost = a->node->status == SIM_NODE_DOWN;
    }
}

/* ---- system jobs: one of each group on each node that takes it ---- */

static bool system_wants(const struct sim_node *node, const struct sim_plan *plan, const struct sim_group *group)
{
    return !plan->spec->stop && group->count > 0 && node->status == SIM_NODE_READY &&
           sim_node_suits(node, plan->spec, group);
}

static struct sim_allocation *system_existing(const struct sim_plan *plan, const struct sim_node *node,
                                              const struct sim_group *group)
{
    for (size_t i = 0; i < node->allocation_count; i++) {
        struct sim_allocation *a = node->allocations[i];

        if (a->job == plan->job && !sim_allocation_terminal(a) && sim_same(sim_allocation_group(a)->name, group->name))
            return a;
    }
    return NULL;
}

static bool system_fits(struct sim_node *node, const struct sim_group *group, const struct sim_group *old)
{
    int cpu = node->cpu + node->plan_cpu + group->cpu - (old != NULL ? old->cpu : 0);
    int memory = node->memory + node->plan_memory + group->memory - (old != NULL ? old->memory : 0);

    if (cpu > node->class->cpu || memory > node->class->memory)
        return false;
    node->plan_cpu += group->cpu - (old != NULL ? old->cpu : 0);
    node->plan_memory += group->memory - (old != NULL ? old->memory : 0);
    return true;
}

static void system_failed(struct sim_plan *plan, uint16_t at, const struct sim_node *node)
{
    struct sim_metric *metric = &plan->metrics[at];

    plan->queued[at]++;
    plan->failed = true;
    if (metric->failed) {
        metric->coalesced++;
        return;
    }
    metric->failed = true;
    metric->nodes_evaluated = metric->nodes_exhausted = metric->nodes_in_pool = 1;
    metric->nodes_available = json_pack("{s:i}", node->class->datacenter, 1);
    metric->class_exhausted = json_pack("{s:i}", node->class->node_class, 1);
    metric->dimension_exhausted =
        json_pack("{s:i}", node->cpu + plan->spec->groups[at].cpu > node->class->cpu ? "cpu" : "memory", 1);
}

static void system_node(struct sim_plan *plan, uint16_t at, struct sim_node *node, int *limit)
{
    const struct sim_group *group = &plan->spec->groups[at];
    struct sim_allocation *a = system_existing(plan, node, group);
    struct sim_tally *tally = &plan->tallies[at];
    bool wanted = system_wants(node, plan, group);
    struct sim_action *action;

    if (a != NULL && (!wanted || a->migrate || (node->draining && !node->drain_ignores_system))) {
        action = sim_plan_add(plan, SIM_END, at, a);
        action->lost = node->status == SIM_NODE_DOWN;
        action->description = a->migrate ? "alloc is being migrated" : "alloc not needed due to job update";
        tally->stop++;
    } else if (a == NULL && wanted && node->eligible && !node->draining) {
        tally->place++;
        if (!system_fits(node, group, NULL)) {
            system_failed(plan, at, node);
            return;
        }
        sim_plan_add(plan, SIM_PLACE, at, NULL)->node = node;
    } else if (a != NULL && a->spec == plan->spec) {
        tally->ignore++;
    } else if (a != NULL && !sim_group_destructive(a->spec, sim_allocation_group(a), plan->spec, group)) {
        tally->in_place++;
        sim_plan_add(plan, SIM_IN_PLACE, at, a);
        plan->wants_deployment = true;
    } else if (a != NULL && *limit > 0 && system_fits(node, group, sim_allocation_group(a))) {
        tally->destructive++;
        (*limit)--;
        action = sim_plan_add(plan, SIM_DESTROY, at, a);
        action->node = node;
        action->description = "alloc is being updated due to job update";
        plan->wants_deployment = true;
    } else if (a != NULL) {
        tally->ignore++;
    }
}

static void reconcile_system(struct sim_region *region, struct sim_plan *plan)
{
    const struct sim_deployment *latest = sim_deployment_latest(region, plan->job);
    bool current = latest != NULL && latest->job_version == plan->spec->version && plan->spec == plan->job->spec;

    for (size_t at = 0; at < plan->spec->group_count; at++) {
        const struct sim_group *group = &plan->spec->groups[at];
        int limit = group->update.present ? group->update.max_parallel : INT32_MAX;

        for (size_t i = 0; i < plan->job->allocation_count; i++) {
            const struct sim_allocation *a = plan->job->allocations[i];

            if (current && a->deployment == latest && !sim_allocation_terminal(a) && a->health != SIM_HEALTHY)
                limit--;
        }
        for (size_t i = 0; i < region->node_count; i++)
            system_node(plan, (uint16_t)at, region->nodes[i], &limit);
        if (plan->tallies[at].place > 0 && !current && group->update.present)
            plan->wants_deployment = true;
    }
}

void sim_reconcile(struct sim_region *region, struct sim_plan *plan, int64_t now)
{
    stop_removed_groups(plan);
    if (sim_same(plan->spec->type, "system") || sim_same(plan->spec->type, "sysbatch"))
        reconcile_system(region, plan);
    else
        for (size_t at = 0; at < plan->spec->group_count; at++)
            reconcile_group(region, plan, (uint16_t)at, now);
    if (plan->spec->stop)
        plan->wants_deployment = false;
}
