/* Whole allocations: the integer state that rounding, repair and the local search share.
 *
 * Puts live in the search's candidate slots. Moves keep every hard rule (caps, group budgets, machines' capacity and
 * per-machine limits at today's machines); machines are opened and closed apart. Internal to placement. */
#ifndef DROVER_CONTROLLER_PLACEMENT_ROUND_H
#define DROVER_CONTROLLER_PLACEMENT_ROUND_H

#include "controller/placement/work.h"

#define ROUND_UNPLACED SIZE_MAX /* in place of a slot */

struct round {
    struct work *work;
    size_t slots;
    int64_t *count;       /* [slot] */
    uint32_t *slot_group; /* [slot] */
    int64_t *unplaced;    /* [group] */
    int64_t *gained;      /* [group] sum of what stands above `now` */
    int64_t *free;        /* [pool * dimensions + k] what today's machines have left */
    int64_t *machines;    /* [pool] */
    int64_t *least;       /* [pool] y0, or more where held capacity needs it */
    int64_t *limit;       /* [pool] Y */
    int64_t *cap_left;    /* [cap] nested and crossing alike */
    int64_t *gbudget_left;
    int64_t *budget_left, *quota_left;
    uint32_t *pool_budget_start, *pool_budget; /* budgets and quotas of each pool: quota q as budgets + q */
    uint32_t *pool_slot_start;                 /* [pool + 1] */
    uint32_t *pool_slot;                       /* slots of each pool */
    double *margin;                            /* [pool * dimensions + k] price used to compare resources */
};

/* Takes over the candidates of work; nothing is placed. */
void round_init(struct round *round, struct work *work);
void round_release(struct round *round);

/* The most of the group that may be added in `to` when as much is taken from `from` (or ROUND_UNPLACED). */
int64_t round_room(const struct round *round, uint32_t group, size_t from, size_t to);

/* The same as far as caps and group budgets go. */
int64_t round_rules_room(const struct round *round, uint32_t group, size_t from, size_t to);

/* Machines more that so many in `to` would need, whatever limits say; PROBLEM_COUNT_MAX when none would do. */
int64_t round_machines_for(const struct round *round, uint32_t group, size_t to, int64_t amount);
/* Machines that capacity could do without, above the least. */
int64_t round_spare(const struct round *round, uint32_t pool);

/* What the group's own cost (extras, moves, penalty) changes by. */
double round_delta(const struct round *round, uint32_t group, size_t from, size_t to, int64_t amount);

/* Moves without asking. */
void round_move(struct round *round, uint32_t group, size_t from, size_t to, int64_t amount);

/* What one machine more, or the last one less, changes in money. */
double round_open_cost(const struct round *round, uint32_t pool);
double round_close_gain(const struct round *round, uint32_t pool);
/* True when limit, budgets and quotas allow one machine more. */
/* How many more they allow. */
int64_t round_openable(const struct round *round, uint32_t pool);
bool round_may_open(const struct round *round, uint32_t pool);
/* Opens (+) or closes (-) machines without asking. */
void round_change_machines(struct round *round, uint32_t pool, int64_t change);
/* Machines that the puts need: capacity, held, per-machine limits. */
int64_t round_needed(const struct round *round, uint32_t pool);

/* The fewest machines a pool can have: y0, or more where held capacity needs it. */
int64_t round_least(const struct problem *problem, uint32_t pool);

/* Places everything after the fractional plan of work, then whatever is left as cheaply as it can. */
void round_follow(struct round *round);

/* Places unplaced allocations where that is cheaper than leaving them, opening machines where needed. */
void round_place_rest(struct round *round, uint32_t group);

/* A plan laid aside. keep->count NULL at first; round_keep_release frees it. Restoring leaves machines trimmed. */
struct round_keep {
    int64_t *count;
    int64_t *unplaced;
};
void round_keep(const struct round *round, struct round_keep *keep);
void round_restore(struct round *round, const struct round_keep *keep);
void round_keep_release(struct round_keep *keep);

/* The cost with aggregate capacity, in doubles. */
double round_cost(const struct round *round);

/* Closes machines that nothing needs. */
void round_trim(struct round *round);

#endif
