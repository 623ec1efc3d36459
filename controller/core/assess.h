/* The whole federation as one placement problem: what the jobs that run now could cost at best, and what they cannot
 * cost less than.
 *
 * A snapshot of the world is taken in slices on the loop's thread (assess_begin, assess_continue), solved in any thread
 * (assess_solve: pure, touches no world), and comes back as EVENT_ASSESSED. The core looks at every item again against
 * the world as it is then, and keeps what still holds as world->assessment.
 *
 * Nodes that are alike (region, pool, node pool, datacenter, capacity) are one pool of the problem, and all of them are
 * there: an allocation costs the marginal rate times the largest share it takes, as everywhere in Drover. What may not
 * move (everything but service jobs) is held capacity. A move counts two per cent of what the allocation costs, so that
 * a trifle moves nothing. Growth is not part of it. Constraints that only Nomad knows are not known here. */
#ifndef DROVER_CONTROLLER_CORE_ASSESS_H
#define DROVER_CONTROLLER_CORE_ASSESS_H

#include "controller/core/world.h"

struct core;
struct assess_snapshot;

enum { ASSESS_TEXT_MAX = 8 << 20 }; /* bytes */

/* A group of a job in one pool of a region. */
struct assess_place {
    symbol region, pool;
    int64_t now, best;
};

struct assess_group {
    symbol job_namespace, id, group;
    struct resources each;
    struct assess_place *places; /* where it is first, then where the plan puts it */
    size_t place_count;
};

/* What room is worth in a pool. */
struct assess_pool {
    symbol region, pool;
    int64_t nodes;
    int64_t price_uusd_h; /* marginal, a node */
    int64_t
        scarcity_uusd_h; /* shadow price of all resources of a node together: what one node more would save at most */
};

/* What a solve says. Money an hour at marginal rates. */
struct assessment {
    uint64_t base_sequence; /* world->sequence of the snapshot's begin */
    int64_t base_ms;
    int64_t solve_us;                   /* processor time of the solve; filled in by the shell */
    int64_t now_uusd_h;                 /* where everything stands */
    int64_t cost_uusd_h, packed_uusd_h; /* of the plan, its moves included: capacity summed, each on one machine */
    int64_t bound_uusd_h;               /* no placement costs less */
    int64_t gap_ppm, packed_gap_ppm;    /* of avoidable cost */
    int64_t allocations, unplaced;      /* looked at; left unplaced by the plan (0 but for overcommitted nodes) */
    size_t stale;                       /* groups that had changed when the plan arrived; left out */
    struct assess_group *groups;        /* sorted by namespace, id, group (as symbols) */
    size_t group_count;
    /* The problem and plan files, so that anybody can check them; NULL when together they are larger than
     * ASSESS_TEXT_MAX. */
    char *problem, *plan;
    struct assess_pool *pools; /* one for each pool of a region with nodes that have a price, in the world's order */
    size_t pool_count;
};

/* Begins a snapshot. The caller owns it: assess_solve or assess_abandon. Loop's thread. */
struct assess_snapshot *assess_begin(const struct core *core);
/* Reads on in the world for about `allocations` of them; true when the snapshot is complete. Events may come between
 * two slices: what they change is found when the plan arrives. Loop's thread. */
bool assess_continue(struct assess_snapshot *snapshot, const struct core *core, size_t allocations);
void assess_abandon(struct assess_snapshot *snapshot);

/* Solves a complete snapshot, which it frees. Any thread; takes seconds for large federations. effort and stop as in
 * placement/solve.h. NULL when it was stopped or the figures are out of range, with *ret_error set. */
struct assessment *assess_solve(struct assess_snapshot *snapshot, unsigned effort, bool (*stop)(void *context),
                                void *context, struct error *ret_error);
/* Appends the problem file of a complete snapshot. Any thread. */
void assess_write(const struct assess_snapshot *snapshot, struct buffer *out);
void assessment_free(struct assessment *assessment);
/* The first group of a job; *ret_count 0 when there is none. Borrowed. */
const struct assess_group *assessment_job(const struct assessment *assessment, symbol job_namespace, symbol id,
                                          size_t *ret_count);

#endif
