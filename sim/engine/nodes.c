/* Nodes: building them from a spec, their status, eligibility and what they hold. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/machine_pool.h"

/* A drain begins only after its answer: clients wait for the change that ends it. */
enum { NODES_PER_POOL_MAX = 100000, DRAIN_DELAY_MS = 50 };

static json_t *pairs_json(const struct sim_pair *pairs, size_t count)
{
    json_t *object = json_object();

    for (size_t i = 0; i < count; i++)
        json_object_set_new(object, pairs[i].key, json_string(pairs[i].value));
    return object;
}

static void class_attributes(struct sim_node_class *class, const struct sim_pool_spec *pool)
{
    static const struct sim_pair usual[] = {
        {"cpu.arch", "amd64"},     {"cpu.numcores", "4"},       {"kernel.name", "linux"},
        {"kernel.arch", "x86_64"}, {"nomad.version", "2.0.5"},  {"os.name", "debian"},
        {"os.version", "12.11"},   {"os.cgroups.version", "2"}, {"consul.version", "1.8.7"}};
    const struct sim_pair more[] = {{"consul.datacenter", class->datacenter}};
    json_t *given = pairs_json(pool->attributes, pool->attribute_count);

    class->attributes = pairs_json(usual, sizeof usual / sizeof *usual);
    json_object_set_new(class->attributes, more[0].key, json_string(more[0].value));
    json_object_set_new(class->attributes, "cpu.totalcompute", json_sprintf("%d", class->cpu));
    json_object_set_new(class->attributes, "cpu.usablecompute", json_sprintf("%d", class->cpu));
    json_object_set_new(class->attributes, "memory.totalbytes",
                        json_sprintf("%lld", (long long)class->memory * 1024 * 1024));
    for (size_t i = 0; i < class->driver_count; i++) {
        char key[160];

        snprintf(key, sizeof key, "driver.%s", class->drivers[i]);
        json_object_set_new(class->attributes, key, json_string("1"));
    }
    json_object_update(class->attributes, given);
    json_object_del(class->attributes, SIM_INSTANCE_ATTRIBUTE); /* one a node */
    json_decref(given);
    class->meta = pairs_json(pool->meta, pool->meta_count);
}

static void class_texts(struct sim_node_class *class, int64_t now)
{
    struct buffer text = BUFFER_INIT;

    sim_put_json(&text, class->attributes);
    buffer_drop_front(&text, 1);
    class->attributes_text = buffer_take(&text);
    sim_put_json(&text, class->meta);
    class->meta_text = buffer_take(&text);
    buffer_append_byte(&text, '{');
    for (size_t i = 0; i < class->driver_count; i++) {
        buffer_append_text(&text, i > 0 ? "," : "");
        sim_put_string(&text, class->drivers[i]);
        buffer_printf(&text,
                      ":{\"Attributes\":{\"driver.%s\":\"true\"},\"Detected\":true,\"HealthDescription\":\"Healthy\","
                      "\"Healthy\":true,\"UpdateTime\":",
                      class->drivers[i]);
        sim_put_time(&text, now * 1000000);
        buffer_append_byte(&text, '}');
    }
    buffer_append_byte(&text, '}');
    class->drivers_text = buffer_take(&text);
    buffer_printf(&text,
                  "\"NodeResources\":{\"Cpu\":{\"CpuShares\":%d,\"ReservableCpuCores\":[0,1,2,3],\"TotalCpuCores\":4},"
                  "\"Devices\":null,\"Disk\":{\"DiskMB\":%d},\"MaxDynamicPort\":32000,\"Memory\":{\"MemoryMB\":%d},"
                  "\"MinDynamicPort\":20000,\"Networks\":[{\"Mode\":\"bridge\"},{\"CIDR\":\"127.0.0.1/32\","
                  "\"Device\":\"lo\",\"IP\":\"127.0.0.1\",\"MBits\":1000,\"Mode\":\"host\"}],\"NodeNetworks\":"
                  "[{\"Addresses\":null,\"Device\":\"\",\"MacAddress\":\"\",\"Mode\":\"bridge\",\"Speed\":0},"
                  "{\"Addresses\":[{\"Address\":\"127.0.0.1\",\"Alias\":\"default\",\"Family\":\"ipv4\",\"Gateway\":"
                  "\"\",\"ReservedPorts\":\"\"}],\"Device\":\"lo\",\"MacAddress\":\"\",\"Mode\":\"host\",\"Speed\":"
                  "1000}],\"Processors\":{\"Topology\":{\"Cores\":[",
                  class->cpu, class->disk, class->memory);
    for (int i = 0; i < 4; i++)
        buffer_printf(&text,
                      "%s{\"BaseSpeed\":%d,\"Disable\":false,\"Grade\":true,\"GuessSpeed\":0,\"ID\":%d,\"MaxSpeed\":0,"
                      "\"NodeID\":0,\"SocketID\":0}",
                      i > 0 ? "," : "", class->cpu / 4, i);
    buffer_printf(&text, "],\"Distances\":null,\"Nodes\":[0],\"OverrideTotalCompute\":0,\"OverrideWitholdCompute\":0}}}"
                         ",\"ReservedResources\":{\"Cpu\":{\"CpuShares\":0,\"ReservedCpuCores\":null},\"Disk\":"
                         "{\"DiskMB\":0},\"Memory\":{\"MemoryMB\":0},\"Networks\":{\"ReservedHostPorts\":\"\"}}");
    class->resources_text = buffer_take(&text);
}

static void class_build(struct sim_region *region, struct sim_node_class *class, const struct sim_pool_spec *pool,
                        int64_t now)
{
    static const char *const usual[] = {"docker", "exec", "raw_exec"};
    const char *const *drivers = pool->driver_count > 0 ? pool->drivers : usual;

    class->pool_label = sim_copy(pool->name);
    class->node_class = sim_copy(pool->node_class != NULL ? pool->node_class : pool->name);
    class->node_pool = sim_copy(pool->node_pool != NULL ? pool->node_pool : "default");
    class->datacenter = sim_copy(pool->datacenter != NULL ? pool->datacenter : region->name);
    class->cpu = pool->cpu_mhz > 0 ? pool->cpu_mhz : 4000;
    class->memory = pool->memory_mb > 0 ? pool->memory_mb : 8192;
    class->disk = pool->disk_mb > 0 ? pool->disk_mb : 50000;
    class->driver_count = pool->driver_count > 0 ? pool->driver_count : 3;
    class->drivers = memory_new(class->driver_count, sizeof *class->drivers);
    for (size_t i = 0; i < class->driver_count; i++)
        class->drivers[i] = sim_copy(drivers[i]);
    class_attributes(class, pool);
    class_texts(class, now);
}

static int node_order(const void *a, const void *b)
{
    return strcmp((*(struct sim_node *const *)a)->id, (*(struct sim_node *const *)b)->id);
}

/* Not in the region's list yet. */
static struct sim_node *node_new(struct sim_region *region, struct sim_node_class *class, int number, int64_t now)
{
    struct sim_node *node = memory_new(1, sizeof *node);
    struct buffer name = BUFFER_INIT;

    sim_new_id(region, node->id);
    snprintf(node->computed, sizeof node->computed, "v1:%" PRIu64, sim_random(region));
    buffer_printf(&name, "%s-%d", class->pool_label, number);
    node->name = buffer_take(&name);
    node->class = class;
    node->eligible = true;
    node->status = SIM_NODE_READY;
    node->next_port = SIM_PORT_MIN;
    node->drain_deadline_ms = SIM_NEVER;
    node->status_s = now / 1000;
    node->ready_ns = now * 1000000;
    return node;
}

static void node_build(struct sim_region *region, struct sim_node_class *class, int number, int64_t now)
{
    struct sim_node *node = node_new(region, class, number, now);

    node->create_index = ++region->index;
    node->modify_index = region->index;
    region->nodes[region->node_count++] = node;
}

bool sim_nodes_build(struct sim_region *region, const struct sim_region_spec *spec, int64_t now, struct error *error)
{
    size_t total = 0;

    for (size_t i = 0; i < spec->pool_count; i++) {
        const struct sim_pool_spec *pool = &spec->pools[i];

        if (pool->name == NULL || pool->count < 0 || pool->count > NODES_PER_POOL_MAX || pool->cpu_mhz < 0 ||
            pool->memory_mb < 0 || pool->disk_mb < 0)
            return error_set(error, ERROR_INVALID, "simulated region %s: pool %zu needs a name and sizes above 0",
                             region->name, i + 1);
        total += (size_t)pool->count;
    }
    region->class_count = spec->pool_count;
    region->classes = memory_new(spec->pool_count, sizeof *region->classes);
    region->nodes = memory_new(total, sizeof(struct sim_node *));
    region->node_capacity = total;
    for (size_t i = 0; i < spec->pool_count; i++) {
        class_build(region, &region->classes[i], &spec->pools[i], now);
        for (int k = 1; k <= spec->pools[i].count; k++)
            node_build(region, &region->classes[i], k, now);
    }
    qsort(region->nodes, region->node_count, sizeof(struct sim_node *), node_order);
    sim_touch(region, SIM_NODES, region->index);
    return true;
}

void sim_nodes_free(struct sim_region *region)
{
    for (size_t i = 0; i < region->node_count; i++) {
        free(region->nodes[i]->name);
        free(region->nodes[i]->allocations);
        free(region->nodes[i]);
    }
    free(region->nodes);
    for (size_t i = 0; i < region->class_count; i++) {
        struct sim_node_class *class = &region->classes[i];

        for (size_t k = 0; k < class->driver_count; k++)
            free(class->drivers[k]);
        free(class->drivers);
        free(class->pool_label);
        free(class->node_class);
        free(class->node_pool);
        free(class->datacenter);
        free(class->attributes_text);
        free(class->meta_text);
        free(class->drivers_text);
        free(class->resources_text);
        json_decref(class->attributes);
        json_decref(class->meta);
    }
    free(region->classes);
}

struct sim_node *sim_node_find(const struct sim_region *region, const char *id)
{
    size_t low = 0, high = region->node_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(id, region->nodes[middle]->id);

        if (order == 0)
            return region->nodes[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

struct sim_node *sim_node_find_name(const struct sim_region *region, const char *name)
{
    for (size_t i = 0; i < region->node_count; i++)
        if (sim_same(region->nodes[i]->name, name))
            return region->nodes[i];
    return NULL;
}

void sim_node_take(struct sim_node *node, struct sim_allocation *allocation)
{
    const struct sim_group *group = sim_allocation_group(allocation);

    node->cpu += group->cpu;
    node->memory += group->memory;
    node->disk += group->disk;
    node->allocations =
        memory_grow(node->allocations, node->allocation_count, &node->allocation_capacity, sizeof *node->allocations);
    node->allocations[node->allocation_count++] = allocation;
}

void sim_node_give_back(struct sim_region *region, struct sim_allocation *allocation)
{
    const struct sim_group *group = sim_allocation_group(allocation);
    struct sim_node *node = allocation->node;

    if (allocation->released)
        return;
    allocation->released = true;
    region->capacity_freed = true;
    node->cpu -= group->cpu;
    node->memory -= group->memory;
    node->disk -= group->disk;
    for (size_t i = 0; i < node->allocation_count; i++)
        if (node->allocations[i] == allocation) {
            node->allocations[i] = node->allocations[--node->allocation_count];
            return;
        }
}

static uint64_t node_changed(struct sim_region *region, struct sim_node *node, const char *type)
{
    uint64_t index = sim_next_index(region);

    node->modify_index = index;
    sim_touch(region, SIM_NODES, index);
    sim_event_node(region, index, type, node);
    return index;
}

/* One evaluation for each job with an allocation here, and for each system job when the node can take work. */
static void node_evaluate_jobs(struct sim_region *region, const struct sim_node *node, const char *trigger, int64_t now)
{
    for (size_t i = 0; i < region->job_count; i++) {
        struct sim_job *job = region->jobs[i];
        bool affected = sim_same(job->spec->type, "system") && !job->spec->stop;

        for (size_t k = 0; k < node->allocation_count && !affected; k++)
            affected = node->allocations[k]->job == job;
        if (affected) {
            struct sim_evaluation *evaluation = sim_evaluation_new(region, job, trigger, now);

            strcpy(evaluation->node_id, node->id);
            evaluation->node_modify_index = node->modify_index;
            sim_event_evaluation(region, region->index, "EvaluationUpdated", evaluation);
            sim_evaluation_process(region, evaluation, now);
        }
    }
}

void sim_node_set_gone(struct sim_region *region, struct sim_node *node, bool gone, int64_t now)
{
    if (node->gone == gone)
        return;
    node->gone = gone;
    sim_timer_forget(region, node);
    sim_timer_set(region, gone ? now + region->heartbeat_delay_ms : now, SIM_TIMER_NODE, node, 0);
}

void sim_node_timer(struct sim_region *region, struct sim_node *node, int64_t now)
{
    bool down = node->status == SIM_NODE_DOWN;

    if (node->gone == down)
        return;
    node->status = node->gone ? SIM_NODE_DOWN : SIM_NODE_READY;
    node->status_s = now / 1000;
    node->ready_ns = now * 1000000;
    node_changed(region, node, "NodeStreamEvent");
    if (!node->gone)
        region->capacity_freed = true;
    sim_next_index(region);
    node_evaluate_jobs(region, node, "node-update", now);
}

static void node_insert(struct sim_region *region, struct sim_node *node)
{
    size_t at = 0;

    while (at < region->node_count && strcmp(region->nodes[at]->id, node->id) < 0)
        at++;
    region->nodes = memory_grow(region->nodes, region->node_count, &region->node_capacity, sizeof(struct sim_node *));
    memmove(&region->nodes[at + 1], &region->nodes[at], (region->node_count - at) * sizeof(struct sim_node *));
    region->nodes[at] = node;
    region->node_count++;
}

/* Measured on Nomad 2.0.5: registered while initializing, ready, registered again. */
struct sim_node *sim_node_register(struct sim_region *region, struct sim_machine *machine, int64_t now)
{
    struct sim_node *node = node_new(region, machine->pool->class, machine->pool->next_number++, now);

    node->machine = machine;
    memcpy(node->instance, machine->id, sizeof node->instance);
    node->status = SIM_NODE_INITIALIZING;
    node_insert(region, node);
    node->create_index = region->index + 1;
    node_changed(region, node, "NodeRegistration");
    node->status = SIM_NODE_READY;
    node_changed(region, node, "NodeStreamEvent");
    node_changed(region, node, "NodeRegistration");
    region->capacity_freed = true;
    sim_next_index(region);
    node_evaluate_jobs(region, node, "node-update", now);
    return node;
}

void sim_node_set_eligible(struct sim_region *region, struct sim_node *node, bool eligible, int64_t now)
{
    if (node->eligible == eligible)
        return;
    node->eligible = eligible;
    node_changed(region, node, "NodeEligibility");
    if (!eligible)
        return;
    region->capacity_freed = true;
    sim_next_index(region);
    node_evaluate_jobs(region, node, "node-update", now);
}

void sim_node_drain(struct sim_region *region, struct sim_node *node, const json_t *body, int64_t now)
{
    const json_t *drain = json_object_get(body, "DrainSpec");

    sim_timer_forget(region, node);
    if (!json_is_object(drain)) {
        node->draining = false;
        node->drain_deadline_ms = SIM_NEVER;
        if (sim_get_flag(body, "MarkEligible", false))
            node->eligible = true;
        node_changed(region, node, "NodeDrain");
        region->capacity_freed = true;
        return;
    }
    node->draining = true;
    node->eligible = false;
    node->drain_started_ns = now * 1000000;
    node->drain_ignores_system = sim_get_flag(drain, "IgnoreSystemJobs", false);
    node->drain_deadline_ns = sim_get_number(drain, "Deadline", 0);
    node->drain_deadline_ms = node->drain_deadline_ns == 0  ? SIM_NEVER
                              : node->drain_deadline_ns < 0 ? now
                                                            : now + node->drain_deadline_ns / 1000000;
    node->last_drain_status = "draining";
    node->last_drain_ns = now * 1000000;
    node_changed(region, node, "NodeDrain");
    if (node->drain_deadline_ms > now && node->drain_deadline_ms != SIM_NEVER)
        sim_timer_set(region, node->drain_deadline_ms, SIM_TIMER_DRAIN, node, 0);
    sim_timer_set(region, now + DRAIN_DELAY_MS, SIM_TIMER_DRAIN, node, 0);
}

/* How many of the group's allocations are on the move, not counting healthy ones. */
static int migrating(const struct sim_job *job, uint16_t group)
{
    int count = 0;

    for (size_t i = 0; i < job->allocation_count; i++) {
        const struct sim_allocation *a = job->allocations[i];

        if (a->group != group || a->desired != SIM_RUN || sim_allocation_client_terminal(a))
            continue;
        if (a->migrate || a->client == SIM_PENDING || (a->health == SIM_UNJUDGED && a->previous_id[0] != '\0'))
            count++;
    }
    return count;
}

void sim_node_drain_check(struct sim_region *region, struct sim_node *node, int64_t now)
{
    bool forced = now >= node->drain_deadline_ms, waiting = false, left = false;

    if (!node->draining)
        return;
    for (size_t i = 0; i < node->allocation_count; i++) {
        struct sim_allocation *a = node->allocations[i];
        const json_t *migrate = json_object_get(sim_allocation_group(a)->json, "Migrate");
        bool system = sim_same(a->spec->type, "system");

        if (a->desired != SIM_RUN) {
            left = left || !sim_allocation_client_terminal(a);
            continue;
        }
        if ((system && node->drain_ignores_system) || (sim_same(a->spec->type, "batch") && !forced)) {
            left = left || !system;
            continue;
        }
        left = true;
        if (!a->migrate && (forced || migrating(a->job, a->group) < (int)sim_get_number(migrate, "MaxParallel", 1))) {
            a->migrate = true;
            waiting = true;
        }
    }
    if (waiting) {
        sim_next_index(region);
        node_evaluate_jobs(region, node, "node-drain", now);
    }
    if (left)
        return;
    node->draining = false;
    node->drain_deadline_ms = SIM_NEVER;
    node->last_drain_status = "complete";
    node->last_drain_ns = now * 1000000;
    node_changed(region, node, "NodeDrain");
}
