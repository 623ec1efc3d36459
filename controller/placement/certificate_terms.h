/* The terms of the bound, one a pool and one a group, in integers over the plan's scale.
 *
 * Internal to placement: certificate.c adds them all up, incremental.c only those that an event has touched. */
#ifndef DROVER_CONTROLLER_PLACEMENT_CERTIFICATE_TERMS_H
#define DROVER_CONTROLLER_PLACEMENT_CERTIFICATE_TERMS_H

#include "controller/placement/plan.h"
#include "controller/placement/problem.h"

struct certificate_item {
    __int128 cost;
    uint32_t pool;
    int64_t room;
};

/* What one group looks like to the bound, and room to work it out. The per-pool arrays count only where stamp says so.
 */
struct certificate_terms {
    const struct problem *problem;
    const struct plan *plan;
    __int128 *group_rate;     /* [group] sum of the multipliers of the group budgets it is in */
    size_t *permachine_start; /* [group + 1] into plan->permachine */
    uint32_t stamp_now;
    uint32_t *stamp;   /* [pool] */
    int64_t *most;     /* [pool] u_jp */
    int64_t *least;    /* [pool] the least cap that holds it, PROBLEM_COUNT_MAX without */
    int32_t *inner;    /* [pool] innermost kept cap, or -1 */
    __int128 *surplus; /* [pool] multipliers of caps and machines that bear on the pair */
    __int128 dearest;  /* after certificate_group_term: the dearest unit it took (unplaced counts) */
    int64_t fixed_now; /* sum of now over the pairs that fit */
    size_t item_room;
    struct certificate_item *item;
    size_t cap_room;
    uint32_t *cap_order; /* kept caps, largest first */
    uint32_t *cap_size;  /* by position in the group */
    int32_t *cap_parent; /* by position in the group */
    int64_t *cap_left;   /* by position in the group */
    uint32_t crossing;   /* after a failed certificate_group_open: the position of the cap that crosses another */
};

void certificate_terms_init(struct certificate_terms *terms, const struct problem *problem, const struct plan *plan);
void certificate_terms_release(struct certificate_terms *terms);

/* Marks the group's pairs that fit, their u_jp (terms->most) and caps. Must come before the two below for this group.
 * ERROR_CONFLICT when two caps without multipliers cross. */
bool certificate_group_open(struct certificate_terms *terms, uint32_t group, struct error *ret_error);

/* greedy_j - m_j max(0, n_j - sum now) - sum of cap multipliers x max, times scale. */
bool certificate_group_term(struct certificate_terms *terms, uint32_t group, __int128 *ret_term,
                            struct error *ret_error);

/* For those who look at some of a group's pairs only. Fixed: what the pair costs besides its pool's prices (the group
 * must be open); load: what the prices make of one allocation; both over scale. */
__int128 certificate_pair_fixed(const struct certificate_terms *terms, uint32_t group, size_t pair);
__int128 certificate_load_cost(const struct certificate_terms *terms, uint32_t group, uint32_t pool);
/* Makes room for so many items, or for so many caps of a group. */
void certificate_reserve_items(struct certificate_terms *terms, size_t items);
void certificate_reserve_caps(struct certificate_terms *terms, uint32_t caps);
/* The term from terms->item[0 .. items) and, for their pools and the group's caps, terms->inner, cap_left and
 * cap_parent; fixed_now too is the caller's. Leaves terms->dearest as certificate_group_term does. */
bool certificate_group_fill(struct certificate_terms *terms, uint32_t group, size_t items, __int128 *ret_term,
                            struct error *ret_error);
/* After the problem has got a group more, `groups` in all: rate as group_rate; it has no per-machine multipliers. */
void certificate_terms_add_group(struct certificate_terms *terms, uint32_t groups, __int128 rate);

/* One per-machine multiplier as its pool sees it. */
struct certificate_rider {
    int64_t value;
    int64_t most;       /* u_jp */
    int64_t permachine; /* l_j */
};

/* min over y of the pool's part, times scale. slope: budget and quota multipliers a machine. */
bool certificate_pool_term(const struct problem *problem, const struct plan *plan, uint32_t pool,
                           const int64_t *saturation, const struct certificate_rider *riders, size_t rider_count,
                           __int128 slope, __int128 *ret_term, struct error *ret_error);

/* The same; *near, the machines at which it was least before, is looked at first and becomes where it is least now. */
bool certificate_pool_term_near(const struct problem *problem, const struct plan *plan, uint32_t pool,
                                const int64_t *saturation, const struct certificate_rider *riders, size_t rider_count,
                                __int128 slope, int64_t *near, __int128 *ret_term, struct error *ret_error);

/* slopes[pool] = sum of mu_B c_p and quota multiplier x weight. */
bool certificate_slopes(const struct problem *problem, const struct plan *plan, __int128 *slopes,
                        struct error *ret_error);

/* The whole bound: ceil of the sum. */
bool certificate_bound(const struct problem *problem, const struct plan *plan, int64_t *ret_bound,
                       struct error *ret_error);

/* ceil(sum / scale), refused outside +-2^62. */
bool certificate_round_up(__int128 sum, int64_t scale, int64_t *ret_bound, struct error *ret_error);

#endif
