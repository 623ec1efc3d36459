/* Allocations: carrying out a plan and living through start, health and stop. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/world.h"

enum { BATCH_RUN_MS = 2000 };

const char *sim_client_word(int client)
{
    static const char *const words[] = {"pending", "running", "complete", "failed", "lost", "unknown"};

    return words[client];
}

const char *sim_desired_word(int desired)
{
    static const char *const words[] = {"run", "stop", "evict"};

    return words[desired];
}

bool sim_allocation_client_terminal(const struct sim_allocation *a)
{
    return a->client == SIM_COMPLETE || a->client == SIM_FAILED || a->client == SIM_LOST_CLIENT;
}

bool sim_allocation_terminal(const struct sim_allocation *a)
{
    return a->desired != SIM_RUN || sim_allocation_client_terminal(a);
}

const struct sim_group *sim_allocation_group(const struct sim_allocation *a)
{
    return &a->spec->groups[a->group];
}

void sim_allocation_free(struct sim_allocation *a)
{
    sim_spec_release(a->spec);
    free(a->ports);
    free(a);
}

/* ---- the table ---- */

static bool same_id(const void *query, uint32_t value)
{
    const struct {
        const struct sim_region *region;
        const char *id;
    } *wanted = query;

    return sim_same(wanted->region->allocations[value]->id, wanted->id);
}

static uint64_t id_hash(const void *context, uint32_t value)
{
    const struct sim_region *region = context;

    return hash_bytes(region->allocations[value]->id, SIM_ID_SIZE - 1);
}

struct sim_allocation *sim_allocation_find(const struct sim_region *region, const char *id)
{
    struct {
        const struct sim_region *region;
        const char *id;
    } wanted = {region, id};
    uint32_t *at;

    if (strlen(id) != SIM_ID_SIZE - 1)
        return NULL;
    at = hash_find(&region->allocation_ids, hash_bytes(id, SIM_ID_SIZE - 1), same_id, &wanted);
    return at != NULL ? region->allocations[*at] : NULL;
}

static void table_append(struct sim_region *region, struct sim_allocation *a)
{
    region->allocations = memory_grow(region->allocations, region->allocation_count, &region->allocation_capacity,
                                      sizeof(struct sim_allocation *));
    region->allocations[region->allocation_count] = a;
    hash_insert(&region->allocation_ids, id_hash(region, (uint32_t)region->allocation_count),
                (uint32_t)region->allocation_count, id_hash, region);
    region->allocation_count++;
}

void sim_allocations_add(struct sim_region *region, struct sim_allocation *a)
{
    struct sim_job *job = a->job;

    table_append(region, a);
    job->allocations = memory_grow(job->allocations, job->allocation_count, &job->allocation_capacity,
                                   sizeof(struct sim_allocation *));
    job->allocations[job->allocation_count++] = a;
    sim_node_take(a->node, a);
}

void sim_allocations_forget_job(struct sim_region *region, const struct sim_job *job)
{
    size_t kept = 0, count = region->allocation_count;

    hash_release(&region->allocation_ids);
    memset(&region->allocation_ids, 0, sizeof region->allocation_ids);
    for (size_t i = 0; i < count; i++) {
        struct sim_allocation *a = region->allocations[i];

        if (a->job != job) {
            region->allocations[kept++] = a;
            continue;
        }
        sim_node_give_back(region, a);
        sim_timer_forget(region, a);
        sim_allocation_free(a);
    }
    region->allocation_count = kept;
    for (size_t i = 0; i < kept; i++)
        hash_insert(&region->allocation_ids, id_hash(region, (uint32_t)i), (uint32_t)i, id_hash, region);
}

/* ---- a plan carried out ---- */

static void join_deployment(struct sim_region *region, struct sim_allocation *a)
{
    struct sim_deployment *deployment = sim_deployment_active(region, a->job);
    struct sim_dstate *state;

    if (deployment == NULL || deployment == a->deployment || deployment->job_version != a->spec->version)
        return;
    state = sim_deployment_group(deployment, sim_allocation_group(a)->name);
    if (state == NULL)
        return;
    a->deployment = deployment;
    state->placed++;
    if (a->canary) {
        state->canary_ids = memory_grow(state->canary_ids, state->canary_count, &state->canary_capacity, SIM_ID_SIZE);
        memcpy(state->canary_ids[state->canary_count++], a->id, SIM_ID_SIZE);
    }
    if (state->require_progress_ms == 0 && state->progress_deadline_ms > 0) {
        state->require_progress_ms = a->modify_ns / 1000000 + state->progress_deadline_ms;
        sim_timer_set(region, state->require_progress_ms, SIM_TIMER_PROGRESS, deployment, 0);
    }
}

static void take_ports(struct sim_allocation *a)
{
    const struct sim_group *group = sim_allocation_group(a);

    if (group->port_count == 0)
        return;
    a->ports = memory_new(group->port_count, sizeof *a->ports);
    for (size_t i = 0; i < group->port_count; i++) {
        a->ports[i] = group->ports[i].number;
        if (a->ports[i] != 0)
            continue;
        a->ports[i] = (int)a->node->next_port++;
        if (a->node->next_port > SIM_PORT_MAX)
            a->node->next_port = SIM_PORT_MIN;
    }
}

static struct sim_allocation *allocation_new(struct sim_region *region, const struct sim_plan *plan,
                                             const struct sim_action *action, const char *eval_id, uint64_t index,
                                             int64_t now)
{
    struct sim_allocation *a = memory_new(1, sizeof *a);

    sim_new_id(region, a->id);
    memcpy(a->eval_id, eval_id, SIM_ID_SIZE);
    a->job = plan->job;
    a->spec = sim_spec_reference(plan->spec);
    a->node = action->node;
    a->group = action->group;
    a->number = action->number;
    a->canary = action->canary;
    a->create_index = a->modify_index = a->alloc_modify_index = index;
    a->create_ns = a->modify_ns = now * 1000000;
    a->desired_description = "";
    if (action->allocation != NULL) {
        struct sim_allocation *previous = action->allocation;

        memcpy(a->previous_id, previous->id, SIM_ID_SIZE);
        memcpy(previous->next_id, a->id, SIM_ID_SIZE);
        a->reschedules = previous->reschedules + (action->reschedule ? 1 : 0);
        previous->rescheduled = true;
        previous->modify_index = previous->alloc_modify_index = index;
    }
    take_ports(a);
    if (!a->node->gone)
        sim_timer_set(region, now + region->start_delay_ms, SIM_TIMER_START, a, 0);
    return a;
}

static void allocation_stop(struct sim_region *region, struct sim_allocation *a, const struct sim_action *action,
                            uint64_t index, int64_t now)
{
    a->desired = SIM_STOP;
    a->desired_description = action->description != NULL ? action->description : "";
    a->modify_index = a->alloc_modify_index = index;
    a->modify_ns = now * 1000000;
    if (action->lost && !sim_allocation_client_terminal(a))
        a->client = SIM_LOST_CLIENT;
    else if (!sim_allocation_client_terminal(a) && !a->node->gone)
        sim_timer_set(region, now + region->stop_delay_ms, SIM_TIMER_STOPPED, a, 0);
    sim_node_give_back(region, a);
}

static void allocation_update(struct sim_region *region, struct sim_allocation *a, struct sim_spec *spec,
                              uint16_t group, uint64_t index, int64_t now)
{
    sim_spec_reference(spec);
    sim_spec_release(a->spec);
    a->spec = spec;
    a->group = group;
    a->health = SIM_UNJUDGED;
    a->health_index = 0;
    a->canary = false;
    a->modify_index = a->alloc_modify_index = index;
    a->modify_ns = now * 1000000;
    join_deployment(region, a);
    if (a->client == SIM_RUNNING && a->deployment != NULL && !a->job->unhealthy && !a->node->gone)
        sim_timer_set(region, now + sim_allocation_group(a)->update.min_healthy_ms, SIM_TIMER_HEALTH, a, spec->version);
    if (a->deployment != NULL)
        sim_timer_set(region, now + sim_allocation_group(a)->update.healthy_deadline_ms, SIM_TIMER_UNHEALTHY, a,
                      spec->version);
}

static int by_id(const void *a, const void *b)
{
    return strcmp((*(struct sim_allocation *const *)a)->id, (*(struct sim_allocation *const *)b)->id);
}

void sim_plan_apply(struct sim_region *region, struct sim_plan *plan, struct sim_evaluation *evaluation, uint64_t index,
                    int64_t now)
{
    struct sim_allocation **fresh = memory_new(plan->action_count + 1, sizeof *fresh);
    size_t fresh_count = 0;

    for (size_t i = 0; i < plan->action_count; i++) {
        struct sim_action *action = &plan->actions[i];

        if (action->kind == SIM_END || action->kind == SIM_DESTROY || (action->kind == SIM_PLACE && action->reschedule))
            allocation_stop(region, action->allocation, action, index, now);
        if (action->kind == SIM_IN_PLACE)
            allocation_update(region, action->allocation, plan->spec, action->group, index, now);
        if (action->kind == SIM_PLACE || action->kind == SIM_DESTROY)
            fresh[fresh_count++] = allocation_new(region, plan, action, evaluation->id, index, now);
        if (action->allocation != NULL)
            sim_event_allocation(region, index, "PlanResult", action->allocation, false);
    }
    qsort(fresh, fresh_count, sizeof(struct sim_allocation *), by_id);
    for (size_t i = 0; i < fresh_count; i++) {
        sim_allocations_add(region, fresh[i]);
        join_deployment(region, fresh[i]);
        if (fresh[i]->deployment != NULL)
            sim_timer_set(region, now + sim_allocation_group(fresh[i])->update.healthy_deadline_ms, SIM_TIMER_UNHEALTHY,
                          fresh[i], fresh[i]->spec->version);
        sim_event_allocation(region, index, "PlanResult", fresh[i], false);
    }
    plan->job->summary_index = index;
    sim_touch(region, SIM_SUMMARIES, index);
    sim_touch(region, SIM_ALLOCATIONS, index);
    sim_touch(region, SIM_SERVICES, index);
    free(fresh);
}

/* ---- what the client reports ---- */

/* Reports of one node at one moment share an index, as a client batches them. */
static uint64_t client_index(struct sim_region *region, struct sim_allocation *a, int kind, int64_t now)
{
    uint64_t index;

    if (region->batch_node == a->node && region->batch_at == now && region->batch_kind == kind)
        return region->batch_index;
    index = sim_next_index(region);
    region->batch_node = a->node;
    region->batch_at = now;
    region->batch_kind = kind;
    region->batch_index = index;
    sim_event_node(region, index, "AllocationUpdated", a->node);
    return index;
}

static void reported(struct sim_region *region, struct sim_allocation *a, int kind, int64_t now)
{
    uint64_t index = client_index(region, a, kind, now);

    a->modify_index = index;
    a->modify_ns = now * 1000000;
    sim_touch(region, SIM_ALLOCATIONS, index);
    sim_touch(region, SIM_NODES, index);
    sim_touch(region, SIM_SERVICES, index);
    if (kind != SIM_TIMER_HEALTH) {
        a->job->summary_index = index;
        sim_touch(region, SIM_SUMMARIES, index);
    } else {
        a->health_index = index;
        a->health_ns = now * 1000000;
    }
    sim_event_allocation(region, index, "AllocationUpdated", a, true);
    if (sim_allocation_client_terminal(a))
        sim_job_refresh_status(region, a->job, "AllocationUpdated", index);
}

static void started(struct sim_region *region, struct sim_allocation *a, int64_t now)
{
    const struct sim_update *update = &sim_allocation_group(a)->update;

    if (a->client != SIM_PENDING || a->desired != SIM_RUN || a->node->gone)
        return;
    a->client = SIM_RUNNING;
    a->started_ns = now * 1000000;
    reported(region, a, SIM_TIMER_START, now);
    if (a->deployment != NULL && !a->job->unhealthy)
        sim_timer_set(region, now + update->min_healthy_ms, SIM_TIMER_HEALTH, a, a->spec->version);
    else if (a->deployment == NULL && a->previous_id[0] != '\0' && sim_same(a->spec->type, "service"))
        sim_timer_set(region, now + 1000 * 10, SIM_TIMER_HEALTH, a, a->spec->version);
    if (sim_same(a->spec->type, "batch") || sim_same(a->spec->type, "sysbatch"))
        sim_timer_set(region, now + BATCH_RUN_MS, SIM_TIMER_FINISH, a, 0);
}

static void judged(struct sim_region *region, struct sim_allocation *a, enum sim_health health, int64_t now)
{
    struct sim_node *node = a->node;

    if (a->health != SIM_UNJUDGED || a->desired != SIM_RUN || node->gone || sim_allocation_client_terminal(a) ||
        (health == SIM_HEALTHY && a->client != SIM_RUNNING))
        return;
    a->health = (uint8_t)health;
    reported(region, a, SIM_TIMER_HEALTH, now);
    if (a->deployment != NULL)
        sim_deployment_judged(region, a, now);
    for (size_t i = 0; i < region->node_count; i++)
        if (region->nodes[i]->draining)
            sim_timer_set(region, now, SIM_TIMER_DRAIN, region->nodes[i], 0);
}

static void stopped(struct sim_region *region, struct sim_allocation *a, int64_t now)
{
    if (a->node->gone || a->client == SIM_COMPLETE || a->client == SIM_FAILED)
        return;
    a->client = SIM_COMPLETE;
    a->finished_ns = now * 1000000;
    sim_node_give_back(region, a);
    reported(region, a, SIM_TIMER_STOPPED, now);
    if (a->node->draining)
        sim_timer_set(region, now, SIM_TIMER_DRAIN, a->node, 0);
}

void sim_allocation_timer(struct sim_region *region, struct sim_allocation *a, enum sim_timer_kind kind,
                          uint64_t detail, int64_t now)
{
    switch (kind) {
    case SIM_TIMER_START:
        started(region, a, now);
        break;
    case SIM_TIMER_HEALTH:
        if (a->spec->version == detail)
            judged(region, a, SIM_HEALTHY, now);
        break;
    case SIM_TIMER_UNHEALTHY:
        if (a->spec->version == detail)
            judged(region, a, SIM_UNHEALTHY, now);
        break;
    case SIM_TIMER_FINISH:
        if (a->client == SIM_RUNNING && a->desired == SIM_RUN)
            stopped(region, a, now);
        break;
    default:
        stopped(region, a, now);
        break;
    }
}

void sim_allocation_fail(struct sim_region *region, struct sim_allocation *a, int64_t now)
{
    if (sim_allocation_terminal(a))
        return;
    a->client = SIM_FAILED;
    a->finished_ns = now * 1000000;
    sim_node_give_back(region, a);
    reported(region, a, SIM_TIMER_STOPPED, now);
    sim_evaluate(region, a->job, "alloc-failure", now);
}
