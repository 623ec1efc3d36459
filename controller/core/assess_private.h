/* What the files of the assessment share; nobody else includes this. */
#ifndef DROVER_CONTROLLER_CORE_ASSESS_PRIVATE_H
#define DROVER_CONTROLLER_CORE_ASSESS_PRIVATE_H

#include "base/buffer.h"
#include "controller/core/assess.h"
#include "controller/core/private.h"

/* Nodes that are alike: a pool of the problem. */
struct machine_class {
    size_t region;
    uint32_t pool;
    symbol region_name, pool_name, node_pool, datacenter;
    struct resources capacity;
    int64_t nodes;
    struct resources held;             /* of all its nodes, by what may not move */
    int64_t price_uusd_h, full_uusd_h; /* marginal, full */
};

struct snapshot_place {
    uint32_t machine; /* machine_class */
    int64_t count;
};

/* A group of a job: a group of the problem. */
struct snapshot_group {
    symbol job_namespace, id, group;
    struct resources each;
    symbol node_pool;   /* where all of it stands; 0: in several */
    uint32_t signature; /* which machines it may use */
    bool one_per_node;
    int64_t count;
    struct snapshot_place *places;
    size_t place_count;
};

/* Groups that may use the same machines under the same spread. */
struct snapshot_signature {
    const struct policy *policy; /* compared only; may be gone by the time of the solve */
    symbol node_pool;            /* 0: any */
    char *datacenters;           /* globs, a newline after each; "" any */
    struct spread spread;
    uint32_t *machines;
    size_t machine_count;
};

struct assess_snapshot {
    struct assessment head; /* base and allocations */
    struct machine_class *machines;
    size_t machine_count, machine_capacity;
    uint32_t **node_machine; /* [region][node] machine class, WORLD_NONE */
    size_t *node_count;      /* of the snapshot's begin */
    uint32_t *provider;      /* [region] number of its provider */
    size_t region_count;
    struct snapshot_group *groups;
    size_t group_count, group_capacity;
    struct hash_index group_index;
    struct snapshot_signature *signatures;
    size_t signature_count, signature_capacity;
    size_t region, job, resolved; /* how far the reading is */
};

/* assess_write.c: what one allocation costs on such a machine: marginal rate x its largest share of cpu or memory. */
int64_t assess_unit(const struct machine_class *machine, const struct resources *each);
/* assess_resolve.c: finds which machines the next `most` groups may use; true when all are known. Loop's thread. */
bool assess_resolve(struct assess_snapshot *snapshot, const struct world *world, size_t most);
#endif
