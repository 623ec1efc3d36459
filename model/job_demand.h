/* What a submitted job asks for: the only part of its specification that the core sees (no env, no templates).
 *
 * Made from the job's JSON by federation/nomad_spec.h; kept beside the revision in the store. */
#ifndef DROVER_MODEL_JOB_DEMAND_H
#define DROVER_MODEL_JOB_DEMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "model/fact.h"
#include "model/policy.h"
#include "model/resources.h"

enum {
    JOB_ID_MAX = 512,
    JOB_NAMESPACE_MAX = 128,
    JOB_GROUPS_MAX = 256,
    /* Above this Nomad's own plan takes minutes (facts section 3: 10,000 take 25 s). */
    JOB_COUNT_MAX = 100000
};

struct group_demand {
    char *name;
    int64_t count;          /* as submitted, for the federation */
    struct resources each;  /* what one allocation takes: tasks summed, ephemeral disk */
    bool pinnable;          /* no per_alloc volume, scaling block or interpolated TASKGROUP (DESIGN section 3) */
    bool one_per_node;      /* distinct_hosts, or a static port */
    bool has_deployment;    /* update.max_parallel is not 0 */
    int64_t min_healthy_ms; /* update.min_healthy_time; 10 s by default */
    int64_t progress_ms;    /* update.progress_deadline; 10 min by default */
};

/* A region named in the job's own `multiregion` block. */
struct region_override {
    char *region;
    int64_t count; /* replaces every group's count there; 0: not given */
};

struct job_demand {
    char *job_namespace; /* "default" when the specification gives none */
    char *id;
    enum job_type type;
    bool periodic, parameterized;
    char *node_pool;                   /* "default" when not given */
    struct patterns datacenters;       /* globs; "*" when not given */
    struct region_override *overrides; /* empty without a multiregion block */
    size_t override_count;
    struct group_demand *groups;
    size_t group_count;
    uint64_t spec_hash; /* of the whole specification save counts: equal means only counts differ */
};

void job_demand_release(struct job_demand *demand);
void job_demand_copy(struct job_demand *into, const struct job_demand *from);
/* Index of a group by name, or -1. */
int job_demand_find_group(const struct job_demand *demand, const char *name);

void job_demand_encode(const struct job_demand *demand, struct buffer *out);
/* ERROR_CORRUPT; on failure *ret_demand holds nothing to release. */
bool job_demand_decode(const void *bytes, size_t length, struct job_demand *ret_demand, struct error *ret_error);

#endif
