/* The world as the core knows it: regions with their nodes, allocations and jobs, Drover's own jobs, policies, holds.
 *
 * Everything here is plain memory that only core.step changes; api and cli layers read it through const pointers on the
 * loop's thread and keep none across a step. Names are symbols of world->names (base/intern.h). Arrays of observed
 * things have holes: skip entries whose `present` is false. Anything shown to people is sorted by text first. */
#ifndef DROVER_CONTROLLER_CORE_WORLD_H
#define DROVER_CONTROLLER_CORE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/intern.h"
#include "controller/core/fleet.h"
#include "model/event.h"
#include "model/fact.h"
#include "model/policy.h"
#include "model/region_config.h"

#define WORLD_NONE UINT32_MAX

struct assessment;

enum region_state {
    REGION_CONFIGURED,
    REGION_CONNECTING, /* nothing heard yet */
    REGION_SYNCING,    /* heard; its first complete list is under way */
    REGION_ALIVE,
    REGION_SUSPECT,   /* silent for 5 s */
    REGION_DARK,      /* silent for 30 s */
    REGION_RETURNING, /* heard again after dark; a complete list is under way */
    REGION_DENIED     /* the token is refused */
};
const char *region_state_word(enum region_state state);

enum service_state { SERVICE_NONE, SERVICE_PASSING, SERVICE_FAILING };

struct world_node {
    struct uuid id;
    symbol name, datacenter, node_class, node_pool, version;
    uint64_t modify_index;
    struct resources capacity, used; /* used: allocations not yet terminal on the client */
    uint32_t allocations;            /* of those */
    uint32_t pool;                   /* place in region->pools */
    uint32_t second_pool;            /* another pool that claims it too, else WORLD_NONE: a configuration fault */
    uint8_t status;                  /* enum node_status */
    bool eligible, draining, present, seen, listed; /* listed: Nomad told of it (else only an allocation did) */
    struct fact_pair *selected;                     /* owned copies, only where pools select on attr or meta */
    uint32_t selected_count;
    bool selected_known;
    int64_t known_ms;      /* when Nomad first told of it; 1: it was there when its region was first read */
    int64_t idle_since_ms; /* without work while that could be seen; 0: it works, or nobody looked */
    bool leaving;          /* its provider has said that the machine will go: it takes nothing new */
};

struct world_allocation {
    struct uuid id;
    uint64_t modify_index;
    uint32_t node, job;      /* places in the region's arrays */
    uint32_t next, previous; /* other allocations of the job, WORLD_NONE ends */
    symbol group;
    uint32_t cpu_mhz, memory_mb, disk_mb;
    uint32_t job_version;
    uint32_t running_since_s; /* when the core first saw it running, seconds since the epoch; 0: not running */
    uint8_t client_status, desired_status, health, service;
    bool present, seen;
};

struct world_region_job {
    symbol job_namespace, id;
    uint64_t job_modify_index, modify_index, version;
    uint32_t first_allocation;
    uint32_t live_allocations; /* not yet terminal on the client */
    uint32_t running_allocations;
    uint8_t type; /* enum job_type */
    bool stopped, child, present, seen, listed;
    /* The latest deployment heard of. */
    uint64_t deployment_version;
    uint8_t deployment_status;
    bool deployment_known;
    symbol deployment_description;
    uint64_t deployment_modify_index;
};

struct world_pool {
    symbol name;
    const struct pool_config *config; /* NULL for "other" */
    uint32_t nodes, ready_nodes;      /* ready: ready, eligible, not draining */
    uint32_t paid_nodes;              /* those that are not down */
    struct resources capacity, used;  /* of all its nodes that are not down */
    struct pool_link link;
};

struct world_region {
    struct region_config config;
    symbol name;
    enum region_state state;
    int64_t state_since_ms;
    int64_t last_heard_ms;
    int64_t silent_from_ms; /* observed silence began; 0: none */
    char *trouble;          /* what is wrong, for people; NULL */
    bool complete;          /* one complete list since start: only then its absence of things means anything */
    bool syncing;
    uint64_t round_trip_us; /* smoothed; 0: not measured */
    symbol nomad_version, consul_version;
    uint32_t server_count;
    bool has_leader;
    struct world_pool *pools; /* as configured, then "other" */
    size_t pool_count;
    struct world_node *nodes;
    size_t node_count, node_capacity;
    struct world_allocation *allocations;
    size_t allocation_count, allocation_capacity;
    struct world_region_job *jobs;
    size_t job_count, job_capacity;
    struct hash_index node_index, allocation_index, job_index;
    uint32_t *free_nodes, *free_allocations, *free_jobs; /* holes to be used again */
    size_t free_node_count, free_node_capacity, free_allocation_count, free_allocation_capacity, free_job_count,
        free_job_capacity;
    /* Who owns the region (Nomad variable drover/owner). */
    enum owner_state { OWNER_NOT_ASKED, OWNER_CLAIMING, OWNER_OURS, OWNER_FOREIGN } owner;
    char *owner_cluster; /* of a foreign owner */
    uint64_t owner_epoch;
    uint64_t owner_effect;
};

enum job_state {
    JOB_STATE_PENDING,
    JOB_STATE_PLACING,  /* regions are asked, copies registered */
    JOB_STATE_PARTIAL,  /* some of it could not be placed */
    JOB_STATE_RUNNING,  /* all wanted allocations proven */
    JOB_STATE_UPDATING, /* counts are being changed */
    JOB_STATE_STOPPING,
    JOB_STATE_STOPPED,
    JOB_STATE_PURGING
};
const char *job_state_word(enum job_state state);

enum copy_state {
    COPY_PLANNED,     /* the region's plan is asked for */
    COPY_WAITING,     /* for the region's owner variable or for another effect of this copy */
    COPY_REGISTERING, /* intended, sent or unknown */
    COPY_FOLLOWING,   /* registered; not all proven yet */
    COPY_PROVEN,
    COPY_FAILED, /* refused, or not proven in time; `trouble` says why */
    COPY_STOPPING,
    COPY_STOPPED
};
const char *copy_state_word(enum copy_state state);

/* One group of a copy: what is wanted and what is seen. */
struct job_copy_group {
    uint32_t group; /* place in demand.groups */
    symbol pool;    /* 0: not pinned */
    int64_t count;
    int64_t count_before;            /* what it was before the register under way */
    int64_t placed, serving, proven; /* of the latest look */
};

struct job_copy {
    symbol region;
    enum copy_state state;
    uint64_t revision;
    uint64_t base_index; /* JobModifyIndex last known to be ours; 0: not registered */
    uint64_t job_version;
    bool registered; /* it exists there because of us */
    uint64_t effect; /* in flight, 0: none */
    uint64_t probe;  /* read in flight that settles `effect` */
    char *trouble;
    bool stop_wanted, purge_wanted;
    bool failure_learned;      /* COPY_FAILED: what it teaches has been divided again already */
    int64_t followed_since_ms; /* since its last register, or when a purge may be tried again */
    struct job_copy_group *groups;
    size_t group_count;
};

struct drover_job {
    symbol job_namespace, id;
    enum job_state state;
    int64_t state_since_ms, submitted_at_ms;
    uint64_t revision;
    struct job_demand demand;
    char *submitter;
    struct job_copy *copies; /* sorted by region name */
    size_t copy_count;
    struct attempt *attempt;   /* the placing under way, or NULL (core/attempt.h) */
    struct decision *decision; /* the last one, for explain; NULL before the first */
    bool stop_wanted, purge_wanted;
    char *trouble;
};

struct hold {
    char *actor, *reason;
    int64_t since_ms;
};

struct world {
    struct intern *names;
    struct world_region *regions; /* sorted by name */
    size_t region_count;
    struct policy *policies; /* sorted by name */
    size_t policy_count;
    struct drover_job **jobs; /* sorted by namespace, id */
    size_t job_count, job_capacity;
    struct world_account *accounts; /* sorted by name */
    size_t account_count;
    struct fleet_pool **fleet; /* sorted by region, pool name */
    size_t fleet_count, fleet_capacity;
    struct currency_rate *currencies;
    size_t currency_count;
    struct world_commitment *commitments; /* sorted by name */
    size_t commitment_count;
    enum mode configured_mode, mode; /* mode in force */
    bool frozen;
    struct hold freeze;            /* while frozen */
    struct assessment *assessment; /* the latest (controller/core/assess.h), NULL before the first; not persisted */
    uint64_t sequence;             /* of the last step that changed something a person can see */
    int64_t now_ms;
};

/* NULL when there is none of that name. */
struct world_region *world_find_region(const struct world *world, const char *name);
const struct drover_job *world_find_job(const struct world *world, const char *job_namespace, const char *id);
const struct policy *world_find_policy(const struct world *world, const char *name);
/* The policy that governs a job; never NULL: a built-in default that allows everything stands behind all. */
const struct policy *world_policy_for(const struct world *world, const char *job_namespace, const char *id);
const struct world_region_job *world_find_region_job(const struct world *world, const struct world_region *region,
                                                     const char *job_namespace, const char *id);
const struct world_node *world_find_node(const struct world_region *region, const struct uuid *id);
/* What the at-th part of a copy is called in its region's job: the first of a group bears its name. The caller frees.
 */
char *job_copy_task_group(const struct world *world, const struct drover_job *job, const struct job_copy *copy,
                          size_t at);
/* The text of a symbol of this world. */
const char *world_text(const struct world *world, symbol number);
/* Alive or suspect with a complete list: what it shows can be planned on. */
bool world_region_usable(const struct world_region *region);

#endif
