/* What incremental*.c share: a plan that can be changed one allocation at a time, and the bound's terms beside it.
 *
 * Two halves live on the same candidates. The plan's half (place, improve) knows every rule of the problem, in whole
 * numbers: group -> candidates -> pools -> machines. The bound's half keeps one term a group and one a pool; it may
 * look at candidates alone as long as no other pair of the group is cheaper than what the greedy took last (`floor`).
 * Internal to placement. */
#ifndef DROVER_CONTROLLER_PLACEMENT_INCREMENTAL_STATE_H
#define DROVER_CONTROLLER_PLACEMENT_INCREMENTAL_STATE_H

#include "controller/placement/certificate_terms.h"
#include "controller/placement/incremental.h"

enum {
    STATE_SLOTS = 48,
    STATE_SLOTS_CAPPED = 64,
    STATE_SLOTS_MAX = 64, /* a set of candidates is a mask */
    STATE_CAPS_MASKED = 64,
    STATE_ATTRACTED = 24
};

/* A pair of a group that events look at. */
struct candidate {
    __int128 fixed; /* what it costs the bound besides the pool's prices, over scale */
    uint64_t caps;  /* which of the group's first STATE_CAPS_MASKED caps hold the pool */
    int64_t count;  /* allocations placed there */
    int64_t now;
    int64_t extra;
    uint32_t pair;
    uint32_t pool;
    uint32_t resident; /* its place in the pool's residents while count > 0 */
    int32_t inner;     /* innermost cap that stays in the greedy, by position in the group */
};

struct group_state {
    struct candidate *slot;
    uint32_t slots;
    int64_t unplaced;
    int64_t gained;    /* what stands above `now`, over all candidates */
    int64_t now_total; /* over the pairs that fit */
    bool removed;
    __int128 floor; /* no other pair costs the greedy less */
    __int128 term;  /* of the bound, over scale */
    __int128 cost;
    __int128 forced;
};

/* What a machine holds of one group. */
struct content {
    uint32_t group;
    int64_t count;
};

/* `times` machines that hold the same. */
struct machine {
    int64_t times;
    uint32_t contents, content_room;
    struct content *content;
    int64_t *held; /* [k] its share of the pool's held capacity, or NULL */
};

/* In a group's part of the screen: dearest and floor rounded up, demand rounded down. */
enum { SCREEN_DEAREST, SCREEN_FLOOR, SCREEN_DEMAND };

/* A group that may use the pool. */
struct member {
    uint32_t group : 31; /* below PROBLEM_GROUPS_MAX */
    uint32_t is_candidate : 1;
    float least_extra; /* extra, and the move it takes; rounded down; infinite where an empty machine is too small */
};

struct pool_state {
    int64_t machines;     /* y: with aggregate capacity */
    int64_t least, limit; /* least: y0, or more where held capacity needs it */
    int64_t total;        /* machines the packing uses */
    size_t count, room;
    struct machine *machine;
    int64_t *free; /* [machine * dimensions + k] */
    size_t residents, resident_room;
    uint32_t *resident; /* groups with allocations here */
    size_t members, member_room;
    struct member *member; /* by group */
    size_t riders;         /* per-machine limits with a multiplier */
    struct certificate_rider *rider;
    uint32_t *rider_group;
    uint32_t *rider_most; /* least cap that holds the pool, for the rider's group */
    __int128 term, slope, cost, nodecost;
    int64_t best; /* machines at which the term is least */
    bool dirty, bound_dirty;
};

struct state {
    struct problem *problem;
    struct plan plan; /* multipliers only */
    struct certificate_terms terms;
    struct group_state *group;
    struct pool_state *pool;
    __int128 bound, cost, nodecost, forced;
    float *screen;   /* [group * (dimensions + SCREEN_DEMAND)] what a change of prices looks at first */
    double *demand;  /* [group * dimensions + k] */
    double *margin;  /* [pool * dimensions + k] prices in money */
    double *dearest; /* [group] what the greedy took at most, rounded up; -1 for a group of none */
    double *floor;   /* [group] as in the group, rounded down */
    uint32_t *most;  /* [pair] least cap that holds the pool, UINT32_MAX without; 0 where it does not fit */
    int64_t *load;   /* [pool * dimensions + k] of all that is placed */
    int64_t *saturation, *enough; /* [pool * dimensions + k] A_pk; while it is at least `enough` the term stays */
    int64_t *rest;                /* [pool * dimensions + k] prices while the pool is closed, to come back to */
    int64_t *cap_left;            /* [cap] */
    int32_t *cap_parent;          /* [cap] of those in the greedy, by position in the group */
    int64_t *gbudget_left, *budget_left, *quota_left;
    uint32_t *pool_limit_start, *pool_limit; /* budgets and quotas of each pool: quota q as budgets + q */
    uint32_t **group_budgets;                /* [group] its group budgets; group_budget_count of them */
    uint32_t *group_budget_count;            /* [group] */
    uint32_t *dirty_groups, *dirty_pools, *bound_pools;
    bool *group_dirty;
    uint32_t attracted_count; /* groups whose greedy the last change of prices could touch; the first of them */
    uint32_t attracted[STATE_ATTRACTED];
    uint32_t dirty_group_count, dirty_pool_count, bound_pool_count;
    size_t group_room, pair_room, cap_room; /* of the arrays by group, pair and cap */
    size_t multiplier_room;                 /* of plan.cap, once it has grown */
};

struct incremental {
    struct problem problem;
    struct state *state;
    uint64_t sequence;     /* events taken so far */
    uint32_t first_groups; /* groups there were at the start */
    uint64_t *added_at;    /* [group - first_groups] sequence of the event that brought it */
    uint64_t *changed_at;  /* [pool] sequence of the event that last changed it */
    /* Room in the problem's arrays, which grow with added groups. */
    size_t group_room, added_room, pair_room, cap_room, list_room, member_room, budget_member_room;
};

/* --- incremental_build.c --- */

/* A plan that a state starts from, or NULL: its puts, group by group. Groups from `groups` on are not in it. */
struct wish {
    const struct plan *plan;
    size_t *start; /* [group + 1] */
    uint32_t groups;
};

/* A state on the problem with these multipliers (taken over, emptied) and, as far as each holds there, the puts and
 * machines of `plan`, which may be one of an older version of the problem with the first `groups` groups; what it does
 * not hold is placed anew. */
struct state *state_build(struct problem *problem, struct plan *multipliers, const struct plan *plan, uint32_t groups);
void state_release(struct state *state);
/* Makes the arrays by group, pair and cap large enough for what the problem has now. */
void state_reserve(struct state *state);
/* Brings a group of the problem into the bound: candidates, members, saturation, term. It starts unplaced. */
void state_enter_group(struct state *state, uint32_t group, const struct wish *wish);
/* Adds machines, puts, unplaced and pack lines. */
void state_emit(const struct state *state, struct plan *plan);

/* --- incremental_bound.c --- */

/* The group as a member of the pair's pool, not a candidate; and after it has come to fit or no longer does. */
struct member bound_member(const struct problem *problem, uint32_t group, size_t pair);
/* Renews the group's part of the screen. */
void bound_screen(struct state *state, uint32_t group);
void bound_refresh_member(struct state *state, uint32_t group, size_t pair);
/* Opens the group in terms. A cap that crosses another leaves the greedy with a multiplier of 0. */
void bound_open_group(struct state *state, uint32_t group);
/* The pair as a candidate with nothing placed. The group must be open in terms. */
struct candidate state_candidate(const struct state *state, uint32_t group, size_t pair);
/* Chooses the group's candidates anew: those in use, then the cheapest. The group must be open in terms. */
void bound_choose(struct state *state, uint32_t group);
/* Works the group's term out again; with new candidates where those there are cannot prove it. */
void bound_renew_group(struct state *state, uint32_t group);
/* As above after the group's own pairs, caps or rates have changed. */
void bound_renew_group_whole(struct state *state, uint32_t group);
/* The group, of `before` allocations so far, may put `after` on the pools. */
void bound_saturate(struct state *state, uint32_t group, int64_t before, int64_t after);
void bound_mark_pool(struct state *state, uint32_t pool);
/* The pool's prices become these; every group it matters to is worked out again. */
void bound_reprice(struct state *state, uint32_t pool, const int64_t *price);
/* The pool's rate becomes this, for the problem and for groups whose budgets have multipliers. */
void bound_rerate(struct state *state, uint32_t pool, int64_t rate);
/* What a machine costs with the multipliers of budgets and quotas, over scale. */
double bound_machine_cost(const struct state *state, uint32_t pool);
/* After a machine's cost, from cost_before, or its capacity has changed: prices that fit. */
void bound_follow_pool(struct state *state, uint32_t pool, double cost_before, double income_before);
/* What the multipliers pay for a machine, over scale. */
double bound_machine_income(const struct state *state, uint32_t pool);
/* Terms of the marked pools. */
void bound_settle(struct state *state);
void bound_set_slope(struct state *state, uint32_t pool);

/* --- incremental_place.c --- */

bool state_cap_holds(const struct state *state, uint32_t group, uint32_t position, const struct candidate *slot);
/* The first pair of the group that is not before the pool. */
size_t state_pair_of(const struct problem *problem, uint32_t group, uint32_t pool);
struct candidate *state_slot_in(const struct state *state, uint32_t group, uint32_t pool);
/* What one allocation more (change 1) or less (-1) changes in extras and moves, in money. */
double place_delta(const struct state *state, uint32_t group, const struct candidate *from, const struct candidate *to);
/* Changes what is placed without asking; machines (aggregate) only rise. unplaced is the caller's. */
void place_shift(struct state *state, uint32_t group, struct candidate *slot, int64_t change);
/* How many more of the group the rules allow in the slot, whatever the machines hold; at most `wanted`. */
int64_t place_room(const struct state *state, uint32_t group, const struct candidate *from, const struct candidate *to,
                   int64_t wanted);
int64_t place_needed(const struct state *state, uint32_t pool);
/* Lowers machines to what is needed. */
void place_trim(struct state *state, uint32_t pool);
double place_machine_price(const struct state *state, uint32_t pool, int64_t machine);
double place_load_price(const struct state *state, uint32_t group, uint32_t pool);
/* Places unplaced allocations in the slot alone, on machines that have room, then new ones; returns how many. */
int64_t place_into(struct state *state, uint32_t group, struct candidate *slot);
/* Places unplaced allocations where that pays. */
void place_group(struct state *state, uint32_t group);
/* Takes so many away, the dearest first; they become unplaced. */
void place_take(struct state *state, uint32_t group, int64_t wanted);
void place_take_from(struct state *state, uint32_t group, struct candidate *slot, int64_t wanted);
void place_mark_group(struct state *state, uint32_t group);
void place_mark_pool(struct state *state, uint32_t pool);
/* Places what became unplaced in marked groups. */
void place_marked(struct state *state);
/* Works the cost of all that is marked out again. */
void place_settle(struct state *state);
void place_refresh_limits(struct state *state, uint32_t pool);

/* --- incremental_machines.c --- */

size_t machines_add(struct state *state, uint32_t pool, int64_t times);
void machines_add_content(struct state *state, uint32_t pool, size_t machine, uint32_t group, int64_t count);
/* Takes up to `count` of the group off one machine; returns how many. */
int64_t machines_take(struct state *state, uint32_t pool, size_t machine, uint32_t group, int64_t count);
int64_t machines_count(const struct machine *machine, uint32_t group);
/* One of `times` on its own, at the returned place. */
size_t machines_split(struct state *state, uint32_t pool, size_t machine);
void machines_drop(struct state *state, uint32_t pool, size_t machine);
/* What an empty slot's worth of the group still fits on the machine. */
int64_t machines_fit(const struct state *state, uint32_t pool, size_t machine, uint32_t group);
/* What is on it becomes unplaced; the machine goes. */
void machines_give_up(struct state *state, uint32_t pool, size_t machine);
void machines_give_up_all(struct state *state, uint32_t pool);
/* Money's worth of what is on it at today's prices. */
double machines_value(const struct state *state, uint32_t pool, size_t machine);
size_t machines_least_filled(const struct state *state, uint32_t pool, double above);
/* Makes the pool hold again after its capacity, held capacity or limits have changed, giving up what must be. */
void machines_heal(struct state *state, uint32_t pool);
void machines_heal_limits(struct state *state);
void machines_repack_held(struct state *state, uint32_t pool);

/* --- incremental_pools.c --- */

/* The pool of the problem as a caller says it; returns ret_pool. */
const struct incremental_pool *pools_read(const struct problem *problem, uint32_t pool,
                                          struct incremental_pool *ret_pool);
/* Ranges, tiers, and that held capacity fits. */
bool pools_check(const struct problem *problem, uint32_t pool, const struct incremental_pool *to, struct error *error);
/* That owned and held machines keep every budget and quota the pool is in when it becomes `to`; UINT32_MAX: all budgets
 * and quotas, as they are. */
bool pools_check_limits(const struct problem *problem, uint32_t pool, const struct incremental_pool *to,
                        struct error *error);

/* --- incremental_improve.c --- */

/* Empties machines of the pool into room elsewhere where that pays; at most `tries`. */
void improve_close(struct state *state, uint32_t pool, unsigned tries);
/* Brings allocations of the groups that the last bound_reprice has found attracted to the pool, from where they cost
 * more. */
void improve_pull(struct state *state, uint32_t pool);
/* Empties machines of the pool into room elsewhere or new machines of another pool, where that pays. */
void improve_leave(struct state *state, uint32_t pool, unsigned tries);

#endif
