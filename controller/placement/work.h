/* What the search works on: the problem in doubles, each group's candidate pools, prices and loads.
 *
 * Internal to placement. Nothing here is trusted by the certificate. */
#ifndef DROVER_CONTROLLER_PLACEMENT_WORK_H
#define DROVER_CONTROLLER_PLACEMENT_WORK_H

#include "controller/placement/plan.h"
#include "controller/placement/problem.h"

/* Groups with caps or a per-machine limit must spread: they get more candidates. */
enum { WORK_SLOTS = 16, WORK_SLOTS_SPREAD = 32, WORK_CROSSING = 64, WORK_NONE = -1 };

/* A candidate: one pair of a group that the search looks at between two full scans. */
struct work_slot {
    uint32_t pair;
    uint32_t pool;
    int32_t cap; /* innermost nested cap (global number), or WORK_NONE */
    float now;
    double extra;      /* what the pair costs whatever the prices */
    double x;          /* allocations, fractional */
    uint64_t crossing; /* the group's crossing caps that hold the pool, by position in work.crossing */
};

/* How a multiplier went lately: steady ones get stiffer, swinging ones softer. */
struct work_pace {
    float factor; /* of the stiffness */
    float last;   /* change of the centre when last moved */
};

/* The per-machine limit of a group in one of its slots. */
struct work_rider {
    double centre;    /* what the proximal term pulls its multiplier to */
    double stiffness; /* change of the multiplier for an allocation too many */
    double value;     /* the multiplier when last asked, at `machines` */
    double machines;
    struct work_pace pace;
};

/* A slope of f_p: machines up to `upto` cost `price` each. */
struct work_tier {
    double upto;
    double price;
};

/* A budget (number below the budgets' count) or quota that a pool's machines count for. */
struct work_limit {
    uint32_t number;
    double weight;
};

struct work {
    const struct problem *problem;
    uint32_t dimensions, pools, groups;

    double *capacity; /* [pool * dimensions + k] */
    double *grown;    /* the same for machines above y0, tightened to what can land there at all */
    double *held;
    double *least;           /* [pool] y0 */
    double *low, *high;      /* [pool] what y may be while it is being fixed: y0 and Y at first */
    uint32_t *tier_start;    /* [pool + 1] */
    struct work_tier *tier;  /* last one of a pool has upto = its limit, HUGE_VAL without */
    float *extra;            /* [pair], infinite where the demand does not fit */
    double *demand;          /* [group * dimensions + k] */
    double *now_total;       /* [group] */
    uint32_t *gbudget_start; /* [group + 1] */
    uint32_t *gbudget;       /* group budgets of each group */

    /* Caps, numbered as in the problem. Nested ones are hard; the rest carry a multiplier. */
    bool *cap_crossing;
    int32_t *cap_parent;
    double *cap_used;
    double *cap_price; /* multiplier of a crossing cap */
    double *cap_centre, *cap_stiffness;
    bool *cap_any;            /* [group] has caps at all */
    bool *cap_crossed;        /* [group] has crossing caps */
    uint32_t *crossing_start; /* [group + 1] into crossing */
    uint32_t *crossing;       /* crossing caps by group: no more than WORK_CROSSING, the others have no multiplier */

    /* Prices */
    double *price;                                       /* [pool * dimensions + k] now */
    double *centre;                                      /* prices of the last round, what the proximal term pulls to */
    double unit[PROBLEM_DIMENSIONS_MAX];                 /* the scale of prices */
    double *stiffness;                                   /* price change for a unit of overload */
    struct work_pace *pace;                              /* [pool * dimensions + k] */
    double *load;                                        /* demand of all x on the pool */
    double *machines;                                    /* [pool] fractional y */
    double *free_slope;                                  /* [pool] 0, or sum of stiffness C^2 while y moves freely */
    double *slope;                                       /* [pool] budgets and quotas, a machine */
    double *rider_pay;                                   /* [pool] what per-machine limits pay for a machine */
    double *rider_weight;                                /* [pool] how fast that falls with machines */
    uint32_t *limit_start;                               /* [pool + 1] */
    struct work_limit *limit;                            /* budgets and quotas of each pool */
    double *limit_used, *limit_centre, *limit_stiffness; /* [budget, then quota] */
    double *gbudget_used, *gbudget_centre, *gbudget_stiffness; /* [group budget] */
    struct work_pace *limit_pace, *gbudget_pace, *cap_pace;
    double *budget, *group_budget, *quota; /* multipliers */
    double *group_rate;                    /* [group] sum of multipliers of its group budgets */

    /* Candidates */
    size_t *slot_start; /* [group + 1] room; slot_count in use */
    uint8_t *slot_count;
    struct work_slot *slot;
    uint8_t *idle; /* [group] visits in a row that moved nothing */
    double *left;  /* [group] allocations left unplaced, fractional */
    uint32_t rider_groups;
    uint32_t *rider_group; /* those with a per-machine limit */
    size_t *rider_start;   /* [group + 1] into rider, one for each slot of such a group */
    struct work_rider *rider;

    /* scratch by pool, valid where stamp says so */
    uint32_t *stamp;
    uint32_t stamp_now;
    int32_t *inner;
};

void work_init(struct work *work, const struct problem *problem);
void work_release(struct work *work);

/* Marks (work->inner by pool, stamped) the innermost nested cap of every pool of the group. */
void work_open_caps(struct work *work, uint32_t group);
/* The cap that holds the pool after work_open_caps, or WORK_NONE. */
int32_t work_cap_of(const struct work *work, uint32_t pool);
/* The crossing caps of the group that hold the pool, as a slot lists them. */
uint64_t work_crossing_of(const struct work *work, uint32_t group, uint32_t pool);
/* True when the pool is in the list. */
bool work_list_has(const struct problem *problem, uint32_t list, uint32_t pool);

#endif
