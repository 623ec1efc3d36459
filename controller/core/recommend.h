/* What would be cheaper: each job's place as it is against its place in the latest plan of the whole federation
 * (assess.h). Read-only.
 *
 * Jobs that are not Drover's are looked at too, under the policy that would govern them; constraints that only Nomad
 * can judge are not known here, so a recommendation for them says `unverified`. Both sides are at marginal rates. The
 * places are parts of one plan: a job may make room for another and cost more itself. */
#ifndef DROVER_CONTROLLER_CORE_RECOMMEND_H
#define DROVER_CONTROLLER_CORE_RECOMMEND_H

#include "controller/core/decision.h"
#include "controller/core/world.h"

struct recommendation_place {
    symbol region, pool;
    int64_t count_now, count_best;
};

struct recommendation {
    symbol job_namespace, id;
    bool drover;     /* Drover's own job */
    bool unverified; /* Nomad was not asked whether constraints hold there */
    int64_t allocations;
    int64_t now_uusd_h, best_uusd_h;     /* marginal */
    struct recommendation_place *places; /* sorted by region, pool; only where something is or would be */
    size_t place_count;
    char *note; /* "already the cheapest", "3 allocations on nodes without a price", ... */
};

struct recommendations {
    struct recommendation *list; /* largest saving first, then namespace, id */
    size_t count;
    int64_t now_uusd_h, best_uusd_h;
};

struct core;
/* The caller frees what it gives with recommendations_free. Takes about a millisecond for each job and 50,000 nodes. */
struct recommendations *recommendations_new(const struct core *core);
void recommendations_free(struct recommendations *recommendations);

#endif
