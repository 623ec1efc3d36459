/* Choosing a node: feasibility, best-fit bin packing, and the account of why nothing fitted.
 * Source of the score: Nomad nomad/structs/funcs.go ScoreFitBinPack; each scorer weighs the same. Ties go to the node
 * with the lower id, so that runs repeat. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/world.h"

void sim_plan_init(struct sim_plan *plan, struct sim_job *job, struct sim_spec *spec)
{
    memset(plan, 0, sizeof *plan);
    plan->job = job;
    plan->spec = spec;
    plan->tallies = memory_new(spec->group_count, sizeof *plan->tallies);
    plan->metrics = memory_new(spec->group_count, sizeof *plan->metrics);
    plan->queued = memory_new(spec->group_count, sizeof *plan->queued);
}

void sim_plan_release(struct sim_region *region, struct sim_plan *plan)
{
    for (size_t i = 0; i < region->node_count; i++)
        region->nodes[i]->plan_cpu = region->nodes[i]->plan_memory = region->nodes[i]->plan_disk = 0;
    for (size_t i = 0; i < plan->spec->group_count; i++) {
        json_decref(plan->metrics[i].nodes_available);
        json_decref(plan->metrics[i].class_filtered);
        json_decref(plan->metrics[i].class_exhausted);
        json_decref(plan->metrics[i].constraint_filtered);
        json_decref(plan->metrics[i].dimension_exhausted);
    }
    free(plan->actions);
    free(plan->tallies);
    free(plan->metrics);
    free(plan->queued);
    free(plan->removed);
    free(plan->removed_names);
    free(plan->later);
}

struct sim_action *sim_plan_add(struct sim_plan *plan, enum sim_action_kind kind, uint16_t group,
                                struct sim_allocation *allocation)
{
    plan->actions = memory_grow(plan->actions, plan->action_count, &plan->action_capacity, sizeof *plan->actions);
    plan->actions[plan->action_count] = (struct sim_action){.kind = kind, .allocation = allocation, .group = group};
    return &plan->actions[plan->action_count++];
}

static void count_up(json_t **counts, const char *key)
{
    if (*counts == NULL)
        *counts = json_object();
    json_object_set_new(*counts, key, json_integer(json_integer_value(json_object_get(*counts, key)) + 1));
}

static bool node_usable(const struct sim_node *node, const struct sim_spec *spec)
{
    if (node->status != SIM_NODE_READY || !node->eligible || node->draining || !sim_node_in_datacenters(node, spec))
        return false;
    return sim_same(spec->node_pool, "all") || sim_same(spec->node_pool, node->class->node_pool);
}

/* Why the node cannot run the group whatever it holds; NULL when it can. */
static const char *node_unfit(const struct sim_node *node, const struct sim_group *group, char *scratch, size_t size)
{
    for (size_t i = 0; i < group->constraint_count; i++) {
        const struct sim_constraint *constraint = &group->constraints[i];
        struct buffer text = BUFFER_INIT;

        if (sim_constraint_holds(node, constraint))
            continue;
        buffer_printf(&text, "%s %s %s", constraint->left, constraint->operand, constraint->right);
        strncpy(scratch, text.data, size - 1);
        scratch[size - 1] = '\0';
        buffer_release(&text);
        return scratch;
    }
    return sim_node_has_drivers(node, group) ? NULL : "missing drivers";
}

bool sim_node_suits(const struct sim_node *node, const struct sim_spec *spec, const struct sim_group *group)
{
    char scratch[256];

    return sim_node_in_datacenters(node, spec) &&
           (sim_same(spec->node_pool, "all") || sim_same(spec->node_pool, node->class->node_pool)) &&
           node_unfit(node, group, scratch, sizeof scratch) == NULL;
}

static bool group_distinct(const struct sim_group *group)
{
    for (size_t i = 0; i < group->constraint_count; i++)
        if (sim_same(group->constraints[i].operand, "distinct_hosts"))
            return true;
    return false;
}

/* Allocations of this job on the node once the plan is carried out. */
static int job_here(const struct sim_plan *plan, const struct sim_node *node, uint16_t group, bool same_group)
{
    int count = 0;

    for (size_t i = 0; i < node->allocation_count; i++) {
        const struct sim_allocation *a = node->allocations[i];

        if (a->job == plan->job && a->desired == SIM_RUN &&
            (!same_group || sim_same(sim_allocation_group(a)->name, plan->spec->groups[group].name)))
            count++;
    }
    for (size_t i = 0; i < plan->action_count; i++) {
        const struct sim_action *action = &plan->actions[i];

        if ((action->kind == SIM_PLACE || action->kind == SIM_DESTROY) && action->node == node &&
            (!same_group || action->group == group))
            count++;
        if ((action->kind == SIM_END || action->kind == SIM_DESTROY) && action->allocation != NULL &&
            action->allocation->node == node && count > 0)
            count--;
    }
    return count;
}

static bool port_taken(const struct sim_plan *plan, const struct sim_node *node, const struct sim_group *group)
{
    for (size_t p = 0; p < group->port_count; p++) {
        if (group->ports[p].number == 0)
            continue;
        for (size_t i = 0; i < node->allocation_count; i++) {
            const struct sim_allocation *a = node->allocations[i];
            const struct sim_group *other = sim_allocation_group(a);

            for (size_t q = 0; q < other->port_count; q++)
                if (other->ports[q].number == group->ports[p].number && a->desired == SIM_RUN)
                    return true;
        }
        for (size_t i = 0; i < plan->action_count; i++) {
            const struct sim_action *action = &plan->actions[i];
            const struct sim_group *other = &plan->spec->groups[action->group];

            if ((action->kind != SIM_PLACE && action->kind != SIM_DESTROY) || action->node != node)
                continue;
            for (size_t q = 0; q < other->port_count; q++)
                if (other->ports[q].number == group->ports[p].number)
                    return true;
        }
    }
    return false;
}

/* The dimension that is full, or NULL; cpu first, as Nomad compares. */
static const char *node_full(const struct sim_node *node, const struct sim_group *group)
{
    if (node->cpu + node->plan_cpu + group->cpu > node->class->cpu)
        return "cpu";
    if (node->memory + node->plan_memory + group->memory > node->class->memory)
        return "memory";
    if (node->disk + node->plan_disk + group->disk > node->class->disk)
        return "disk";
    return NULL;
}

static double node_score(const struct sim_plan *plan, const struct sim_node *node, uint16_t at,
                         const struct sim_node *avoid)
{
    const struct sim_group *group = &plan->spec->groups[at];
    double cpu = 1 - (double)(node->cpu + node->plan_cpu + group->cpu) / node->class->cpu;
    double memory = 1 - (double)(node->memory + node->plan_memory + group->memory) / node->class->memory;
    double fit = 20 - (pow(10, cpu) + pow(10, memory)), sum, scorers = 1;
    int collisions = job_here(plan, node, at, true);

    sum = (fit < 0 ? 0 : fit > 18 ? 18 : fit) / 18;
    if (collisions > 0) {
        sum -= (double)(collisions + 1) / (group->count > 0 ? group->count : 1);
        scorers++;
    }
    if (node == avoid) {
        sum -= 1;
        scorers++;
    }
    if (group->affinity_count > 0) {
        double matched = 0, all = 0;

        for (size_t i = 0; i < group->affinity_count; i++) {
            all += abs(group->affinities[i].weight);
            if (sim_constraint_holds(node, &group->affinities[i]))
                matched += group->affinities[i].weight;
        }
        if (matched != 0 && all > 0) {
            sum += matched / all;
            scorers++;
        }
    }
    return sum / scorers;
}

struct place_state {
    struct sim_metric metric;
    struct sim_node *best;
    double best_score;
};

static void consider(const struct sim_plan *plan, uint16_t at, struct sim_node *node, const struct sim_node *avoid,
                     struct place_state *state)
{
    const struct sim_group *group = &plan->spec->groups[at];
    char scratch[256];
    const char *why;
    double score;

    state->metric.nodes_evaluated++;
    why = node_unfit(node, group, scratch, sizeof scratch);
    if (why == NULL && group_distinct(group) && job_here(plan, node, at, true) > 0)
        why = "distinct_hosts";
    if (why != NULL) {
        state->metric.nodes_filtered++;
        count_up(&state->metric.class_filtered, node->class->node_class);
        count_up(&state->metric.constraint_filtered, why);
        return;
    }
    why = node_full(node, group);
    if (why == NULL && port_taken(plan, node, group))
        why = "network: reserved port collision";
    if (why != NULL) {
        state->metric.nodes_exhausted++;
        count_up(&state->metric.class_exhausted, node->class->node_class);
        count_up(&state->metric.dimension_exhausted, why);
        return;
    }
    score = node_score(plan, node, at, avoid);
    if (state->best == NULL || score > state->best_score + 1e-12) {
        state->best = node;
        state->best_score = score;
    }
}

struct sim_node *sim_place(struct sim_region *region, struct sim_plan *plan, uint16_t at, const struct sim_node *avoid)
{
    const struct sim_group *group = &plan->spec->groups[at];
    struct place_state state = {.metric = {.nodes_available = json_object()}};

    if (plan->metrics[at].failed) {
        plan->metrics[at].coalesced++;
        json_decref(state.metric.nodes_available);
        return NULL;
    }
    for (size_t i = 0; i < region->node_count; i++) {
        struct sim_node *node = region->nodes[i];

        if (!node_usable(node, plan->spec))
            continue;
        state.metric.nodes_in_pool++;
        count_up(&state.metric.nodes_available, node->class->datacenter);
        consider(plan, at, node, avoid, &state);
    }
    if (state.best != NULL) {
        json_decref(state.metric.nodes_available);
        json_decref(state.metric.class_filtered);
        json_decref(state.metric.class_exhausted);
        json_decref(state.metric.constraint_filtered);
        json_decref(state.metric.dimension_exhausted);
        state.best->plan_cpu += group->cpu;
        state.best->plan_memory += group->memory;
        state.best->plan_disk += group->disk;
        return state.best;
    }
    state.metric.failed = true;
    plan->metrics[at] = state.metric;
    plan->failed = true;
    return NULL;
}

static void put_counts(struct buffer *out, const char *key, const json_t *counts)
{
    buffer_printf(out, "\"%s\":", key);
    sim_put_json(out, counts);
    buffer_append_byte(out, ',');
}

/* What each task asks of the dimension, times how often it was refused. */
static void put_exhausted(struct buffer *out, const struct sim_group *group, const struct sim_metric *metric)
{
    bool cpu = json_object_get(metric->dimension_exhausted, "cpu") != NULL;
    bool memory = json_object_get(metric->dimension_exhausted, "memory") != NULL;
    json_t *task;
    size_t i;

    buffer_append_text(out, "\"ResourcesExhausted\":");
    if (!cpu && !memory) {
        buffer_append_text(out, "null,");
        return;
    }
    buffer_append_byte(out, '{');
    json_array_foreach(json_object_get(group->json, "Tasks"), i, task)
    {
        const json_t *resources = json_object_get(task, "Resources");

        buffer_append_text(out, i > 0 ? "," : "");
        sim_put_string(out, sim_get_text(task, "Name", ""));
        buffer_printf(out,
                      ":{\"CPU\":%lld,\"Cores\":0,\"Devices\":null,\"DiskMB\":0,\"IOPS\":0,\"MemoryMB\":%lld,"
                      "\"MemoryMaxMB\":0,\"NUMA\":null,\"Networks\":null,\"SecretsMB\":0}",
                      cpu ? (long long)sim_get_number(resources, "CPU", 0) * (metric->coalesced + 1) : 0LL,
                      memory ? (long long)sim_get_number(resources, "MemoryMB", 0) * (metric->coalesced + 1) : 0LL);
    }
    buffer_append_text(out, "},");
}

void sim_metric_render(struct buffer *out, const struct sim_spec *spec, uint16_t group, const struct sim_metric *metric)
{
    buffer_append_text(out, "{\"AllocationTime\":50000,");
    put_counts(out, "ClassExhausted", metric->class_exhausted);
    put_counts(out, "ClassFiltered", metric->class_filtered);
    buffer_printf(out, "\"CoalescedFailures\":%d,", metric->coalesced);
    put_counts(out, "ConstraintFiltered", metric->constraint_filtered);
    put_counts(out, "DimensionExhausted", metric->dimension_exhausted);
    sim_put_field(out, "NodePool", spec->node_pool);
    buffer_append_byte(out, ',');
    put_counts(out, "NodesAvailable", metric->nodes_available);
    buffer_printf(out,
                  "\"NodesEvaluated\":%d,\"NodesExhausted\":%d,\"NodesFiltered\":%d,\"NodesInPool\":%d,"
                  "\"QuotaExhausted\":null,",
                  metric->nodes_evaluated, metric->nodes_exhausted, metric->nodes_filtered, metric->nodes_in_pool);
    put_exhausted(out, &spec->groups[group], metric);
    buffer_append_text(out, "\"ScoreMetaData\":null,\"Scores\":null}");
}

static void put_tally(struct buffer *out, const char *name, const struct sim_tally *tally)
{
    sim_put_string(out, name);
    buffer_printf(out,
                  ":{\"Canary\":%d,\"DestructiveUpdate\":%d,\"Disconnect\":0,\"Ignore\":%d,\"InPlaceUpdate\":%d,"
                  "\"Migrate\":%d,\"Place\":%d,\"Preemptions\":0,\"Reconnect\":0,\"RescheduleLater\":%d,"
                  "\"RescheduleNow\":%d,\"Stop\":%d}",
                  tally->canary, tally->destructive, tally->ignore, tally->in_place, tally->migrate, tally->place,
                  tally->reschedule_later, tally->reschedule_now, tally->stop);
}

void sim_plan_render_updates(struct buffer *out, const struct sim_plan *plan)
{
    buffer_append_byte(out, '{');
    for (size_t i = 0; i < plan->spec->group_count; i++) {
        buffer_append_text(out, i > 0 ? "," : "");
        put_tally(out, plan->spec->groups[i].name, &plan->tallies[i]);
    }
    for (size_t i = 0; i < plan->removed_count; i++) {
        buffer_append_text(out, i > 0 || plan->spec->group_count > 0 ? "," : "");
        put_tally(out, plan->removed_names[i], &plan->removed[i]);
    }
    buffer_append_byte(out, '}');
}

bool sim_plan_render_failed(struct buffer *out, const struct sim_plan *plan)
{
    bool any = false;

    for (size_t i = 0; i < plan->spec->group_count; i++) {
        if (!plan->metrics[i].failed)
            continue;
        buffer_append_text(out, any ? "," : "{");
        sim_put_string(out, plan->spec->groups[i].name);
        buffer_append_byte(out, ':');
        sim_metric_render(out, plan->spec, (uint16_t)i, &plan->metrics[i]);
        any = true;
    }
    if (any)
        buffer_append_byte(out, '}');
    return any;
}

void sim_plan_render_classes(struct buffer *out, const struct sim_region *region, const struct sim_plan *plan)
{
    json_t *classes = json_object();

    for (size_t n = 0; n < region->node_count; n++) {
        const struct sim_node *node = region->nodes[n];
        bool suits = false;

        if (!node_usable(node, plan->spec) || json_object_get(classes, node->computed) != NULL)
            continue;
        for (size_t i = 0; i < plan->spec->group_count && !suits; i++)
            suits = sim_node_suits(node, plan->spec, &plan->spec->groups[i]);
        json_object_set_new(classes, node->computed, json_boolean(suits));
    }
    sim_put_json(out, classes);
    json_decref(classes);
}
