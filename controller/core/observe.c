/* Facts of a region taken into the world: nodes, allocations, jobs, deployments, service health.
 *
 * Lists and streams overlap; whichever has the newer ModifyIndex wins. Nomad's indexes grow within a region only. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/fleet_private.h"

void core_touch_job(struct core *core, symbol job_namespace, symbol id)
{
    struct drover_job *job =
        world_job(&core->world, world_text(&core->world, job_namespace), world_text(&core->world, id));
    if (!job)
        return;
    for (size_t i = 0; i < core->touched_count; i++)
        if (core->touched[i] == job)
            return;
    core->touched = memory_grow(core->touched, core->touched_count, &core->touched_capacity, sizeof *core->touched);
    core->touched[core->touched_count++] = job;
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

static bool same_selected(const struct world_node *node, const struct node_fact *fact)
{
    if (node->selected_count != fact->selected_count)
        return false;
    for (size_t i = 0; i < fact->selected_count; i++)
        if (strcmp(node->selected[i].key, fact->selected[i].key) != 0 ||
            strcmp(node->selected[i].value, fact->selected[i].value) != 0)
            return false;
    return true;
}

static void take_selected(struct world_node *node, const struct node_fact *fact)
{
    if (!fact->selected_known || same_selected(node, fact)) {
        node->selected_known = node->selected_known || fact->selected_known;
        return;
    }
    for (uint32_t i = 0; i < node->selected_count; i++) {
        free((char *)(uintptr_t)node->selected[i].key);
        free((char *)(uintptr_t)node->selected[i].value);
    }
    free(node->selected);
    node->selected = memory_new(fact->selected_count, sizeof *node->selected);
    node->selected_count = (uint32_t)fact->selected_count;
    for (size_t i = 0; i < fact->selected_count; i++) {
        node->selected[i].key = memory_copy_text(fact->selected[i].key, strlen(fact->selected[i].key));
        node->selected[i].value = memory_copy_text(fact->selected[i].value, strlen(fact->selected[i].value));
    }
    node->selected_known = true;
}

static struct resources bounded(const struct resources *resources)
{
    struct resources result = *resources;
    for (int k = 0; k < RESOURCE_COUNT; k++) {
        if (result.amount[k] < 0)
            result.amount[k] = 0;
        if (result.amount[k] > RESOURCE_AMOUNT_MAX)
            result.amount[k] = RESOURCE_AMOUNT_MAX;
    }
    return result;
}

void observe_node(struct core *core, struct world_region *region, const struct node_fact *fact)
{
    struct intern *names = core->world.names;
    uint32_t at = region_node_obtain(region, &fact->id);
    struct world_node *node = &region->nodes[at];
    node->seen = true;
    if (node->listed && fact->modify_index < node->modify_index)
        return;
    node->listed = true;
    if (!node->known_ms)
        node->known_ms = region->complete ? core->world.now_ms : 1;
    node->modify_index = fact->modify_index;
    node->name = intern_put(names, fact->name);
    node->datacenter = intern_put(names, fact->datacenter);
    node->node_class = intern_put(names, fact->node_class);
    node->node_pool = intern_put(names, fact->node_pool);
    node->version = intern_put(names, fact->version);
    node->status = (uint8_t)fact->status;
    node->eligible = fact->eligible;
    node->draining = fact->draining;
    node->capacity = bounded(&fact->capacity);
    take_selected(node, fact);
    pools_assign_node(&core->world, region, node);
    accounts_match_node(&core->world, region, node);
    if (!region->syncing) {
        accounts_changed(core);
        pools_count(region);
        core_changed(core);
    }
}

void observe_node_gone(struct core *core, struct world_region *region, const struct uuid *id)
{
    uint32_t at = region_node_find(region, id);
    if (at == WORLD_NONE)
        return;
    if (region->nodes[at].allocations == 0)
        region_node_drop(region, at);
    else
        region->nodes[at].listed = false;
    pools_count(region);
    core_changed(core);
}

/* --- allocations -------------------------------------------------------------------------------------------------- */

static struct resources allocation_resources(const struct world_allocation *allocation)
{
    return (struct resources){{allocation->cpu_mhz, allocation->memory_mb, allocation->disk_mb}};
}

/* Adds (or takes away) an allocation to what its node and job hold. */
static void account(struct world_region *region, const struct world_allocation *allocation, bool add)
{
    if (!allocation_is_live(allocation))
        return;
    struct world_node *node = &region->nodes[allocation->node];
    struct world_region_job *job = &region->jobs[allocation->job];
    struct resources amount = allocation_resources(allocation);
    uint32_t running = allocation->client_status == CLIENT_RUNNING;
    if (add) {
        resources_add(&node->used, &amount);
        node->allocations++;
        job->live_allocations++;
        job->running_allocations += running;
    } else {
        resources_subtract(&node->used, &amount);
        node->allocations--;
        job->live_allocations--;
        job->running_allocations -= running;
    }
}

static uint32_t amount_32(int64_t amount)
{
    return amount < 0 ? 0 : amount > UINT32_MAX ? UINT32_MAX : (uint32_t)amount;
}

static void take_allocation(struct core *core, struct world_allocation *allocation, const struct allocation_fact *fact)
{
    bool was_running = allocation->client_status == CLIENT_RUNNING;
    bool has_resources = fact->resources.amount[RESOURCE_CPU_MHZ] || fact->resources.amount[RESOURCE_MEMORY_MB];
    allocation->modify_index = fact->modify_index;
    allocation->group = intern_put(core->world.names, fact->group);
    if (has_resources) {
        allocation->cpu_mhz = amount_32(fact->resources.amount[RESOURCE_CPU_MHZ]);
        allocation->memory_mb = amount_32(fact->resources.amount[RESOURCE_MEMORY_MB]);
        allocation->disk_mb = amount_32(fact->resources.amount[RESOURCE_DISK_MB]);
    }
    if (fact->job_version_known)
        allocation->job_version = fact->job_version > UINT32_MAX ? UINT32_MAX : (uint32_t)fact->job_version;
    allocation->client_status = (uint8_t)fact->client_status;
    allocation->desired_status = (uint8_t)fact->desired_status;
    allocation->health = (uint8_t)fact->health;
    if (fact->client_status != CLIENT_RUNNING)
        allocation->running_since_s = 0;
    else if (!was_running || !allocation->running_since_s)
        allocation->running_since_s = (uint32_t)(core->world.now_ms / 1000);
}

static void move_to_node(struct world_region *region, struct world_allocation *allocation, const struct uuid *node_id)
{
    if (!uuid_equal(&region->nodes[allocation->node].id, node_id))
        allocation->node = region_node_obtain(region, node_id);
}

void observe_allocation(struct core *core, struct world_region *region, const struct allocation_fact *fact)
{
    struct intern *names = core->world.names;
    symbol job_namespace = intern_put(names, fact->job_namespace);
    symbol job_id = intern_put(names, fact->job_id);
    uint32_t job = region_job_obtain(region, job_namespace, job_id);
    uint32_t node = region_node_obtain(region, &fact->node_id);
    uint32_t at = region_allocation_obtain(region, &fact->id, job, node);
    struct world_allocation *allocation = &region->allocations[at];
    allocation->seen = true;
    if (fact->modify_index < allocation->modify_index)
        return;
    account(region, allocation, false);
    take_allocation(core, allocation, fact);
    move_to_node(region, allocation, &fact->node_id);
    account(region, allocation, true);
    core_touch_job(core, job_namespace, job_id);
    if (!region->syncing) {
        pools_count(region);
        core_changed(core);
    }
}

static void forget_allocation(struct core *core, struct world_region *region, uint32_t at)
{
    struct world_allocation *allocation = &region->allocations[at];
    const struct world_region_job *job = &region->jobs[allocation->job];
    core_touch_job(core, job->job_namespace, job->id);
    account(region, allocation, false);
    region_allocation_drop(region, at);
}

void observe_allocation_gone(struct core *core, struct world_region *region, const struct uuid *id)
{
    uint32_t at = region_allocation_find(region, id);
    if (at == WORLD_NONE)
        return;
    forget_allocation(core, region, at);
    pools_count(region);
    core_changed(core);
}

void observe_service(struct core *core, struct world_region *region, const struct service_fact *fact)
{
    uint32_t at = region_allocation_find(region, &fact->allocation_id);
    if (at == WORLD_NONE)
        return;
    struct world_allocation *allocation = &region->allocations[at];
    enum service_state state = fact->gone ? SERVICE_NONE : fact->passing ? SERVICE_PASSING : SERVICE_FAILING;
    if (allocation->service == state)
        return;
    allocation->service = (uint8_t)state;
    const struct world_region_job *job = &region->jobs[allocation->job];
    core_touch_job(core, job->job_namespace, job->id);
    core_changed(core);
}

/* --- jobs and deployments ----------------------------------------------------------------------------------------- */

void observe_job(struct core *core, struct world_region *region, const struct job_fact *fact)
{
    symbol job_namespace = intern_put(core->world.names, fact->job_namespace);
    symbol id = intern_put(core->world.names, fact->id);
    uint32_t at = region_job_obtain(region, job_namespace, id);
    struct world_region_job *job = &region->jobs[at];
    job->seen = true;
    if (job->listed && fact->modify_index < job->modify_index)
        return;
    job->listed = true;
    job->modify_index = fact->modify_index;
    job->type = (uint8_t)fact->type;
    job->stopped = fact->stopped;
    job->child = fact->child;
    if (fact->job_modify_index)
        job->job_modify_index = fact->job_modify_index;
    if (fact->version_known)
        job->version = fact->version;
    core_touch_job(core, job_namespace, id);
    if (!region->syncing)
        core_changed(core);
}

static void forget_job(struct core *core, struct world_region *region, uint32_t at)
{
    struct world_region_job *job = &region->jobs[at];
    core_touch_job(core, job->job_namespace, job->id);
    while (job->first_allocation != WORLD_NONE)
        forget_allocation(core, region, job->first_allocation);
    region_job_drop(region, at);
}

void observe_job_gone(struct core *core, struct world_region *region, const char *job_namespace, const char *id)
{
    symbol in = intern_find(core->world.names, job_namespace);
    symbol name = intern_find(core->world.names, id);
    uint32_t at = name ? region_job_find(region, in, name) : WORLD_NONE;
    if (at == WORLD_NONE)
        return;
    forget_job(core, region, at);
    pools_count(region);
    core_changed(core);
}

void observe_deployment(struct core *core, struct world_region *region, const struct deployment_fact *fact)
{
    symbol job_namespace = intern_put(core->world.names, fact->job_namespace);
    symbol id = intern_put(core->world.names, fact->job_id);
    uint32_t at = region_job_find(region, job_namespace, id);
    if (at == WORLD_NONE)
        return;
    struct world_region_job *job = &region->jobs[at];
    bool older = job->deployment_known &&
                 (fact->job_version < job->deployment_version ||
                  (fact->job_version == job->deployment_version && fact->modify_index < job->deployment_modify_index));
    if (older)
        return;
    job->deployment_known = true;
    job->deployment_version = fact->job_version;
    job->deployment_status = (uint8_t)fact->status;
    job->deployment_modify_index = fact->modify_index;
    job->deployment_description = intern_put(core->world.names, fact->description);
    core_touch_job(core, job_namespace, id);
}

/* --- the end of a list -------------------------------------------------------------------------------------------- */

void observe_sweep(struct core *core, struct world_region *region)
{
    for (uint32_t at = 0; at < region->allocation_count; at++)
        if (region->allocations[at].present && !region->allocations[at].seen)
            forget_allocation(core, region, at);
    for (uint32_t at = 0; at < region->job_count; at++)
        if (region->jobs[at].present && !region->jobs[at].seen && region->jobs[at].first_allocation == WORLD_NONE)
            forget_job(core, region, at);
    for (uint32_t at = 0; at < region->node_count; at++) {
        struct world_node *node = &region->nodes[at];
        if (!node->present || node->seen)
            continue;
        if (node->allocations == 0)
            region_node_drop(region, at);
        else
            node->listed = false;
    }
}
