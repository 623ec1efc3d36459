/* The containers of the world: finding, obtaining and dropping things. No rule of Drover's is here. */
#include "controller/core/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/assess.h"
#include "controller/core/fleet_private.h"

const char *world_text(const struct world *world, symbol number)
{
    return intern_text(world->names, number);
}

void text_replace(char **text, const char *with)
{
    char *copy = with ? memory_copy_text(with, strlen(with)) : NULL;
    free(*text);
    *text = copy;
}

/* --- regions ------------------------------------------------------------------------------------------------------ */

struct world_region *world_find_region(const struct world *world, const char *name)
{
    size_t low = 0;
    size_t high = world->region_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, world->regions[middle].config.name);
        if (order == 0)
            return &world->regions[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

struct world_region *world_region_of(struct world *world, symbol name)
{
    return world_find_region(world, world_text(world, name));
}

bool world_region_usable(const struct world_region *region)
{
    return region->complete && (region->state == REGION_ALIVE || region->state == REGION_SUSPECT);
}

const char *region_state_word(enum region_state state)
{
    static const char *const words[] = {"configured", "connecting", "syncing",   "alive",
                                        "suspect",    "dark",       "returning", "denied"};
    return state <= REGION_DENIED ? words[state] : "?";
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

struct uuid_query {
    const struct world_region *region;
    const struct uuid *id;
};

static bool same_node(const void *query, uint32_t at)
{
    const struct uuid_query *wanted = query;
    return uuid_equal(&wanted->region->nodes[at].id, wanted->id);
}

static uint64_t hash_of_node(const void *context, uint32_t at)
{
    const struct world_region *region = context;
    return hash_bytes(region->nodes[at].id.bytes, sizeof region->nodes[at].id.bytes);
}

uint32_t region_node_find(const struct world_region *region, const struct uuid *id)
{
    struct uuid_query query = {.region = region, .id = id};
    const uint32_t *found = hash_find(&region->node_index, hash_bytes(id->bytes, sizeof id->bytes), same_node, &query);
    return found ? *found : WORLD_NONE;
}

const struct world_node *world_find_node(const struct world_region *region, const struct uuid *id)
{
    uint32_t at = region_node_find(region, id);
    return at == WORLD_NONE ? NULL : &region->nodes[at];
}

uint32_t region_node_obtain(struct world_region *region, const struct uuid *id)
{
    uint32_t at = region_node_find(region, id);
    if (at != WORLD_NONE)
        return at;
    if (region->free_node_count) {
        at = region->free_nodes[--region->free_node_count];
    } else {
        region->nodes = memory_grow(region->nodes, region->node_count, &region->node_capacity, sizeof *region->nodes);
        at = (uint32_t)region->node_count++;
    }
    region->nodes[at] = (struct world_node){
        .id = *id, .present = true, .pool = (uint32_t)region->pool_count - 1, .second_pool = WORLD_NONE};
    hash_insert(&region->node_index, hash_bytes(id->bytes, sizeof id->bytes), at, hash_of_node, region);
    return at;
}

static void node_release(struct world_node *node)
{
    for (uint32_t i = 0; i < node->selected_count; i++) {
        free((char *)(uintptr_t)node->selected[i].key);
        free((char *)(uintptr_t)node->selected[i].value);
    }
    free(node->selected);
    node->selected = NULL;
    node->selected_count = 0;
}

void region_node_drop(struct world_region *region, uint32_t at)
{
    struct world_node *node = &region->nodes[at];
    struct uuid_query query = {.region = region, .id = &node->id};
    hash_remove(&region->node_index, hash_bytes(node->id.bytes, sizeof node->id.bytes), same_node, &query);
    node_release(node);
    node->present = false;
    region->free_nodes = memory_grow(region->free_nodes, region->free_node_count, &region->free_node_capacity,
                                     sizeof *region->free_nodes);
    region->free_nodes[region->free_node_count++] = at;
}

/* --- allocations -------------------------------------------------------------------------------------------------- */

bool allocation_is_live(const struct world_allocation *allocation)
{
    return allocation->client_status == CLIENT_PENDING || allocation->client_status == CLIENT_RUNNING ||
           allocation->client_status == CLIENT_UNKNOWN;
}

static bool same_allocation(const void *query, uint32_t at)
{
    const struct uuid_query *wanted = query;
    return uuid_equal(&wanted->region->allocations[at].id, wanted->id);
}

static uint64_t hash_of_allocation(const void *context, uint32_t at)
{
    const struct world_region *region = context;
    return hash_bytes(region->allocations[at].id.bytes, sizeof region->allocations[at].id.bytes);
}

uint32_t region_allocation_find(const struct world_region *region, const struct uuid *id)
{
    struct uuid_query query = {.region = region, .id = id};
    const uint32_t *found =
        hash_find(&region->allocation_index, hash_bytes(id->bytes, sizeof id->bytes), same_allocation, &query);
    return found ? *found : WORLD_NONE;
}

uint32_t region_allocation_obtain(struct world_region *region, const struct uuid *id, uint32_t job, uint32_t node)
{
    uint32_t at = region_allocation_find(region, id);
    if (at != WORLD_NONE)
        return at;
    if (region->free_allocation_count) {
        at = region->free_allocations[--region->free_allocation_count];
    } else {
        region->allocations = memory_grow(region->allocations, region->allocation_count, &region->allocation_capacity,
                                          sizeof *region->allocations);
        at = (uint32_t)region->allocation_count++;
    }
    struct world_region_job *owner = &region->jobs[job];
    region->allocations[at] = (struct world_allocation){.id = *id,
                                                        .node = node,
                                                        .job = job,
                                                        .next = owner->first_allocation,
                                                        .previous = WORLD_NONE,
                                                        .client_status = CLIENT_COMPLETE,
                                                        .present = true};
    if (owner->first_allocation != WORLD_NONE)
        region->allocations[owner->first_allocation].previous = at;
    owner->first_allocation = at;
    hash_insert(&region->allocation_index, hash_bytes(id->bytes, sizeof id->bytes), at, hash_of_allocation, region);
    return at;
}

void region_allocation_drop(struct world_region *region, uint32_t at)
{
    struct world_allocation *allocation = &region->allocations[at];
    struct uuid_query query = {.region = region, .id = &allocation->id};
    hash_remove(&region->allocation_index, hash_bytes(allocation->id.bytes, sizeof allocation->id.bytes),
                same_allocation, &query);
    if (allocation->next != WORLD_NONE)
        region->allocations[allocation->next].previous = allocation->previous;
    if (allocation->previous != WORLD_NONE)
        region->allocations[allocation->previous].next = allocation->next;
    else
        region->jobs[allocation->job].first_allocation = allocation->next;
    allocation->present = false;
    region->free_allocations = memory_grow(region->free_allocations, region->free_allocation_count,
                                           &region->free_allocation_capacity, sizeof *region->free_allocations);
    region->free_allocations[region->free_allocation_count++] = at;
}

/* --- jobs of a region --------------------------------------------------------------------------------------------- */

struct job_query {
    const struct world_region *region;
    symbol job_namespace, id;
};

static uint64_t hash_of_name(symbol job_namespace, symbol id)
{
    return hash_number((uint64_t)job_namespace << 32 | id);
}

static bool same_job(const void *query, uint32_t at)
{
    const struct job_query *wanted = query;
    const struct world_region_job *job = &wanted->region->jobs[at];
    return job->id == wanted->id && job->job_namespace == wanted->job_namespace;
}

static uint64_t hash_of_job(const void *context, uint32_t at)
{
    const struct world_region *region = context;
    return hash_of_name(region->jobs[at].job_namespace, region->jobs[at].id);
}

uint32_t region_job_find(const struct world_region *region, symbol job_namespace, symbol id)
{
    struct job_query query = {.region = region, .job_namespace = job_namespace, .id = id};
    const uint32_t *found = hash_find(&region->job_index, hash_of_name(job_namespace, id), same_job, &query);
    return found ? *found : WORLD_NONE;
}

uint32_t region_job_obtain(struct world_region *region, symbol job_namespace, symbol id)
{
    uint32_t at = region_job_find(region, job_namespace, id);
    if (at != WORLD_NONE)
        return at;
    if (region->free_job_count) {
        at = region->free_jobs[--region->free_job_count];
    } else {
        region->jobs = memory_grow(region->jobs, region->job_count, &region->job_capacity, sizeof *region->jobs);
        at = (uint32_t)region->job_count++;
    }
    region->jobs[at] = (struct world_region_job){
        .job_namespace = job_namespace, .id = id, .first_allocation = WORLD_NONE, .present = true};
    hash_insert(&region->job_index, hash_of_name(job_namespace, id), at, hash_of_job, region);
    return at;
}

void region_job_drop(struct world_region *region, uint32_t at)
{
    struct world_region_job *job = &region->jobs[at];
    struct job_query query = {.region = region, .job_namespace = job->job_namespace, .id = job->id};
    hash_remove(&region->job_index, hash_of_name(job->job_namespace, job->id), same_job, &query);
    job->present = false;
    region->free_jobs =
        memory_grow(region->free_jobs, region->free_job_count, &region->free_job_capacity, sizeof *region->free_jobs);
    region->free_jobs[region->free_job_count++] = at;
}

const struct world_region_job *world_find_region_job(const struct world *world, const struct world_region *region,
                                                     const char *job_namespace, const char *id)
{
    symbol in = intern_find(world->names, job_namespace);
    symbol name = intern_find(world->names, id);
    uint32_t at = name ? region_job_find(region, in, name) : WORLD_NONE;
    return at == WORLD_NONE ? NULL : &region->jobs[at];
}

/* --- policies ----------------------------------------------------------------------------------------------------- */

const struct policy *world_find_policy(const struct world *world, const char *name)
{
    for (size_t i = 0; i < world->policy_count; i++)
        if (strcmp(world->policies[i].name, name) == 0)
            return &world->policies[i];
    return NULL;
}

struct policy *world_policy_put(struct world *world, const struct policy *policy)
{
    size_t at = 0;
    while (at < world->policy_count && strcmp(world->policies[at].name, policy->name) < 0)
        at++;
    if (at < world->policy_count && strcmp(world->policies[at].name, policy->name) == 0) {
        policy_release(&world->policies[at]);
    } else {
        world->policies = memory_resize(world->policies, world->policy_count + 1, sizeof *world->policies);
        memmove(&world->policies[at + 1], &world->policies[at], (world->policy_count - at) * sizeof *world->policies);
        world->policy_count++;
    }
    policy_copy(&world->policies[at], policy);
    return &world->policies[at];
}

bool world_policy_drop(struct world *world, const char *name)
{
    for (size_t at = 0; at < world->policy_count; at++) {
        if (strcmp(world->policies[at].name, name) != 0)
            continue;
        policy_release(&world->policies[at]);
        memmove(&world->policies[at], &world->policies[at + 1],
                (world->policy_count - at - 1) * sizeof *world->policies);
        world->policy_count--;
        return true;
    }
    return false;
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void region_release(struct world_region *region)
{
    for (size_t i = 0; i < region->node_count; i++)
        if (region->nodes[i].present)
            node_release(&region->nodes[i]);
    free(region->nodes);
    free(region->allocations);
    free(region->jobs);
    free(region->free_nodes);
    free(region->free_allocations);
    free(region->free_jobs);
    hash_release(&region->node_index);
    hash_release(&region->allocation_index);
    hash_release(&region->job_index);
    free(region->pools);
    free(region->trouble);
    free(region->owner_cluster);
    region_config_release(&region->config);
}

void world_release(struct world *world)
{
    for (size_t i = 0; i < world->region_count; i++)
        region_release(&world->regions[i]);
    free(world->regions);
    for (size_t i = 0; i < world->policy_count; i++)
        policy_release(&world->policies[i]);
    free(world->policies);
    for (size_t i = 0; i < world->job_count; i++)
        job_free(world->jobs[i]);
    free(world->jobs);
    free(world->freeze.actor);
    free(world->freeze.reason);
    assessment_free(world->assessment);
    accounts_release(world);
    fleet_release(world);
    commitments_release(world);
    intern_free(world->names);
    *world = (struct world){0};
}
