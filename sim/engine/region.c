/* A region's life: making, linking, filling, faults, freeing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/machine_pool.h"
#include "sim/engine/query.h"

static int64_t positive_or(int64_t value, int64_t otherwise)
{
    return value > 0 ? value : otherwise;
}

struct sim_region *sim_region_new(const struct sim_region_spec *spec, int64_t now_ms, struct error *ret_error)
{
    struct sim_region *region;

    if (spec->name == NULL || *spec->name == '\0' || spec->pool_count == 0) {
        error_set(ret_error, ERROR_INVALID, "a simulated region needs a name and at least one pool");
        return NULL;
    }
    region = memory_new(1, sizeof *region);
    region->name = sim_copy(spec->name);
    region->random = spec->seed ^ hash_bytes(spec->name, strlen(spec->name));
    region->now = now_ms;
    region->start_delay_ms = positive_or(spec->start_delay_ms, 300);
    region->stop_delay_ms = positive_or(spec->stop_delay_ms, 200);
    region->heartbeat_delay_ms = positive_or(spec->heartbeat_delay_ms, 15000);
    region->deployment_step_ms = positive_or(spec->deployment_step_ms, 250);
    region->read_token = spec->read_token != NULL ? sim_copy(spec->read_token) : NULL;
    region->write_token = spec->write_token != NULL ? sim_copy(spec->write_token) : NULL;
    region->namespaces = json_pack("{s:s}", "default", "Default shared namespace");
    region->nomad_address = sim_copy("127.0.0.1:4646");
    region->consul_address = sim_copy("127.0.0.1:8500");
    region->index = 7; /* a fresh cluster's own records come before its first node */
    for (int i = 0; i < SIM_TABLES; i++)
        region->tables[i] = 1;
    region->machine_random = ~region->random;
    if (!sim_nodes_build(region, spec, now_ms, ret_error) || !sim_machines_build(region, spec, now_ms, ret_error)) {
        sim_region_free(region);
        return NULL;
    }
    return region;
}

static void variable_free(struct sim_variable *variable)
{
    free(variable->space);
    free(variable->path);
    json_decref(variable->items);
    free(variable);
}

void sim_region_free(struct sim_region *region)
{
    if (region == NULL)
        return;
    for (size_t i = 0; i < region->allocation_count; i++)
        sim_allocation_free(region->allocations[i]);
    for (size_t i = 0; i < region->job_count; i++)
        sim_job_free(region->jobs[i]);
    for (size_t i = 0; i < region->evaluation_count; i++)
        sim_evaluation_free(region->evaluations[i]);
    for (size_t i = 0; i < region->deployment_count; i++)
        sim_deployment_free(region->deployments[i]);
    for (size_t i = 0; i < region->variable_count; i++)
        variable_free(region->variables[i]);
    sim_machines_free(region);
    sim_nodes_free(region);
    sim_events_free(region);
    hash_release(&region->allocation_ids);
    json_decref(region->namespaces);
    free(region->allocations);
    free(region->jobs);
    free(region->evaluations);
    free(region->deployments);
    free(region->variables);
    free(region->timers);
    free(region->peers);
    free(region->rtt_ms);
    free(region->name);
    free(region->nomad_address);
    free(region->consul_address);
    free(region->read_token);
    free(region->write_token);
    free(region);
}

const char *sim_region_name(const struct sim_region *region)
{
    return region->name;
}

uint64_t sim_region_index(const struct sim_region *region)
{
    return region->index;
}

uint64_t sim_region_writes(const struct sim_region *region)
{
    return region->writes;
}

void sim_region_set_address(struct sim_region *region, const char *nomad, const char *consul)
{
    if (nomad != NULL) {
        free(region->nomad_address);
        region->nomad_address = sim_copy(nomad);
    }
    if (consul != NULL) {
        free(region->consul_address);
        region->consul_address = sim_copy(consul);
    }
}

/* Puts region `at` at the asked distances from those before it, region 0 at the origin and one new axis a region, as
 * far as the eight axes go (Cholesky's factor of the Gram matrix of the distances). What no Euclidean space can hold is
 * cut to what it can. */
static void coordinates_place(struct sim_region *const *regions, size_t at, size_t count, const double *rtt_ms)
{
    double *mine = regions[at]->coordinate, own = rtt_ms[at * count], rest = own * own;

    for (size_t axis = 0; axis + 1 <= at && axis < 8; axis++) {
        size_t other = axis + 1;
        const double *theirs = regions[other]->coordinate;
        double first = rtt_ms[other * count], between = rtt_ms[at * count + other], dot;

        if (other == at) {
            mine[axis] = rest > 0 ? sqrt(rest) : 0;
            return;
        }
        dot = (own * own + first * first - between * between) / 2;
        for (size_t i = 0; i < axis; i++)
            dot -= mine[i] * theirs[i];
        mine[axis] = theirs[axis] > 0 ? dot / theirs[axis] : 0;
        rest -= mine[axis] * mine[axis];
    }
}

void sim_regions_link(struct sim_region *const *regions, size_t count, const double *rtt_ms)
{
    for (size_t i = 0; i < count; i++) {
        struct sim_region *region = regions[i];

        free(region->peers);
        free(region->rtt_ms);
        region->peers = memory_new(count, sizeof(struct sim_region *));
        region->rtt_ms = memory_new(count, sizeof *region->rtt_ms);
        region->peer_count = count;
        memset(region->coordinate, 0, sizeof region->coordinate);
        for (size_t k = 0; k < count; k++) {
            region->peers[k] = regions[k];
            region->rtt_ms[k] = rtt_ms != NULL ? rtt_ms[i * count + k] : 0;
        }
        if (rtt_ms != NULL)
            coordinates_place(regions, i, count, rtt_ms);
    }
}

/* ---- filling ---- */

static struct sim_job *populate_job(struct sim_region *region, int number, int count, int64_t now_ms)
{
    json_t *job = json_pack("{s:o, s:[s], s:[{s:s, s:i, s:[{s:s, s:s, s:{s:s}, s:{s:i, s:i}}]}]}", "ID",
                            json_sprintf("fill-%d", number), "Datacenters", "*", "TaskGroups", "Name", "app", "Count",
                            count, "Tasks", "Name", "main", "Driver", "docker", "Config", "image", "example/app:1",
                            "Resources", "CPU", 100, "MemoryMB", 128);
    json_t *canonical = sim_job_canonical(job, region->name, "default");
    struct sim_job *made;
    bool changed;

    region->index++;
    made = sim_job_register(region, sim_spec_new(canonical), now_ms, &changed);
    made->status = "running";
    made->spec->stable = true;
    json_decref(job);
    return made;
}

static void populate_allocation(struct sim_region *region, struct sim_job *job, uint32_t number, struct sim_node *node,
                                const char *eval_id, int64_t now_ms)
{
    struct sim_allocation *a = memory_new(1, sizeof *a);

    sim_new_id(region, a->id);
    memcpy(a->eval_id, eval_id, SIM_ID_SIZE);
    a->job = job;
    a->spec = sim_spec_reference(job->spec);
    a->node = node;
    a->number = number;
    a->client = SIM_RUNNING;
    a->health = SIM_HEALTHY;
    a->create_index = a->modify_index = a->alloc_modify_index = a->health_index = ++region->index;
    a->create_ns = a->modify_ns = a->health_ns = a->started_ns = now_ms * 1000000;
    a->desired_description = "";
    sim_allocations_add(region, a);
}

void sim_region_populate(struct sim_region *region, int jobs, int allocations, int64_t now_ms)
{
    size_t next = 0;

    if (jobs <= 0 || region->node_count == 0)
        return;
    for (int i = 0; i < jobs; i++) {
        int count = allocations / jobs + (i < allocations % jobs ? 1 : 0);
        struct sim_job *job = populate_job(region, i + 1, count, now_ms);
        char eval_id[SIM_ID_SIZE];

        sim_new_id(region, eval_id);
        for (int k = 0; k < count; k++)
            populate_allocation(region, job, (uint32_t)k, region->nodes[next++ % region->node_count], eval_id, now_ms);
    }
    sim_touch(region, SIM_JOBS, region->index);
    sim_touch(region, SIM_SUMMARIES, region->index);
    sim_touch(region, SIM_ALLOCATIONS, region->index);
}

/* ---- faults ---- */

bool sim_fault_from_word(const char *word, enum sim_fault *ret_fault)
{
    static const struct {
        const char *word;
        enum sim_fault fault;
    } faults[] = {
#define SIM_FAULT_ROW(constant, name) {name, constant},
        SIM_FAULTS(SIM_FAULT_ROW)
#undef SIM_FAULT_ROW
    };

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (sim_same(faults[i].word, word)) {
            *ret_fault = faults[i].fault;
            return true;
        }
    return false;
}

static bool fault_number(const char *argument, uint64_t most, int *ret_number, struct error *ret_error)
{
    uint64_t number;

    if (!sim_number_parse(argument, &number) || number > most)
        return error_set(ret_error, ERROR_INVALID, "fault: \"%s\" is not a number from 0 to %llu", argument,
                         (unsigned long long)most);
    *ret_number = (int)number;
    return true;
}

static bool fault_fail(struct sim_region *region, const char *argument, struct error *ret_error)
{
    char count[16];
    size_t length = strcspn(argument, " %");
    bool share = argument[length] == '%';
    const char *text = argument + length + (share ? 1 : 0);
    int number = 0;

    if (length >= sizeof count)
        return error_set(ret_error, ERROR_INVALID, "fault fail: a count or a share such as \"20%%\" is wanted");
    memcpy(count, argument, length);
    count[length] = '\0';
    if (!fault_number(count, share ? 100 : 1000000, &number, ret_error))
        return false;
    region->fail_next = share ? 0 : number;
    region->fail_percent = share ? number : 0;
    snprintf(region->fail_text, sizeof region->fail_text, "%s", *text == ' ' ? text + 1 : "rpc error: stream closed");
    return true;
}

static bool fault_node(struct sim_region *region, const char *name, bool gone, struct error *ret_error)
{
    struct sim_node *node = sim_node_find_name(region, name);

    if (node == NULL)
        return error_set(ret_error, ERROR_NOT_FOUND, "fault: region %s has no node \"%s\"", region->name, name);
    if (!gone && node->machine == NULL)
        return true;
    sim_node_set_gone(region, node, gone, region->now);
    if (!gone)
        for (size_t i = 0; i < region->allocation_count; i++) {
            struct sim_allocation *a = region->allocations[i];

            if (a->node == node && a->client == SIM_PENDING && a->desired == SIM_RUN)
                sim_timer_set(region, region->now + region->start_delay_ms, SIM_TIMER_START, a, 0);
            else if (a->node == node && a->desired != SIM_RUN && a->finished_ns == 0)
                sim_timer_set(region, region->now + region->stop_delay_ms, SIM_TIMER_STOPPED, a, 0);
        }
    return true;
}

static bool fault_job(struct sim_region *region, const char *id, bool fail, struct error *ret_error)
{
    struct sim_job *job = sim_job_find(region, "default", id);

    if (job == NULL)
        return error_set(ret_error, ERROR_NOT_FOUND, "fault: region %s has no job \"%s\"", region->name, id);
    if (!fail) {
        job->unhealthy = true;
        return true;
    }
    for (size_t i = 0, count = job->allocation_count; i < count; i++)
        if (job->allocations[i]->client == SIM_RUNNING)
            sim_allocation_fail(region, job->allocations[i], region->now);
    return true;
}

static void fault_heal(struct sim_region *region)
{
    region->dark_refuse = region->dark_silent = false;
    region->slow_ms = 0;
    region->fail_next = region->fail_percent = region->lose_next = 0;
    for (size_t i = 0; i < region->job_count; i++)
        region->jobs[i]->unhealthy = false;
    sim_machines_heal(region);
}

bool sim_region_fault(struct sim_region *region, enum sim_fault fault, const char *argument, int64_t now_ms,
                      struct error *ret_error)
{
    const char *text = argument != NULL ? argument : "";
    int number = 1;

    sim_region_advance(region, now_ms);
    switch (fault) {
    case SIM_FAULT_DARK:
        if (*text != '\0' && !sim_same(text, "silent") && !sim_same(text, "refuse"))
            return error_set(ret_error, ERROR_INVALID, "fault dark: \"silent\" or \"refuse\" is wanted");
        region->dark_refuse = sim_same(text, "refuse");
        region->dark_silent = !region->dark_refuse;
        return true;
    case SIM_FAULT_SLOW:
        if (!fault_number(text, 600000, &number, ret_error))
            return false;
        region->slow_ms = number;
        return true;
    case SIM_FAULT_FAIL:
        return fault_fail(region, text, ret_error);
    case SIM_FAULT_LOSE_REPLY:
        if (*text != '\0' && !fault_number(text, 1000000, &number, ret_error))
            return false;
        region->lose_next = number;
        return true;
    case SIM_FAULT_NODE_DOWN:
    case SIM_FAULT_NODE_UP:
        return fault_node(region, text, fault == SIM_FAULT_NODE_DOWN, ret_error);
    case SIM_FAULT_UNHEALTHY:
    case SIM_FAULT_TASK_FAIL:
        return fault_job(region, text, fault == SIM_FAULT_TASK_FAIL, ret_error);
    case SIM_FAULT_NO_CAPACITY:
    case SIM_FAULT_QUOTA:
    case SIM_FAULT_NO_JOIN:
    case SIM_FAULT_INTERRUPT:
        return sim_machines_fault(region, fault, text, region->now, ret_error);
    case SIM_FAULT_HEAL:
        fault_heal(region);
        return true;
    }
    return error_set(ret_error, ERROR_INVALID, "fault: unknown kind");
}
