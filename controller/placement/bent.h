/* What the machines of a pool cost while the search cools: the last one by how far it is filled, bent.
 *
 * A machine filled by r costs price x r (1 + bend) / (r + bend): nearly proportional while bend is large, the whole
 * price when it is 0. Keeps the load of every pool beside round's integers. Internal to placement. */
#ifndef DROVER_CONTROLLER_PLACEMENT_BENT_H
#define DROVER_CONTROLLER_PLACEMENT_BENT_H

#include "controller/placement/round.h"

/* What a step asks of a pool, side by side in memory. */
struct bent_pool {
    double least, upto, price; /* y0; the end and price of the first tier */
    double limit;
    double spread;                       /* machines that per-machine limits need */
    double fill;                         /* machines in use, fractional */
    double value;                        /* bent cost at fill */
    double load[PROBLEM_DIMENSIONS_MAX]; /* held and put */
    double inverse[PROBLEM_DIMENSIONS_MAX];
};

struct bent {
    struct round *round;
    const struct work *work;
    uint32_t dimensions;
    double bend;
    double level; /* what a placed allocation costs on average, load at the margins and extra */
    struct bent_pool *pool;
    double *toll;                  /* [slot] an allocation's load at the margins */
    uint32_t *bound_start, *bound; /* [pool + 1]; slots of groups with a per-machine limit */
};

/* Some allocations of one group that leave from where they are. */
struct bent_step {
    uint32_t group;
    size_t from; /* a slot or ROUND_UNPLACED */
    int64_t amount;
    double leave_own;  /* change of extras and penalty by leaving */
    double leave_pool; /* change of the pool's bent cost */
    double leave_toll; /* change of the load at the margins */
    int64_t gained;    /* above `now` after leaving */
    int64_t growth;    /* so much of that is no move */
    double paid;       /* for moves before */
};

void bent_init(struct bent *bent, struct round *round);
void bent_release(struct bent *bent);

/* Cost of a pool filled by so many machines; the pool's own figures after bend or load has changed. */
double bent_cost(const struct bent *bent, uint32_t pool, double fill);
void bent_refresh(struct bent *bent, uint32_t pool);

/* Fills in what leaving changes; group, from and amount are given. */
void bent_leave(const struct bent *bent, struct bent_step *step);
/* Machines the slot's pool would be filled by with the step's allocations, HUGE_VAL beyond its limit. The slot is not
 * step->from. */
double bent_fill_after(const struct bent *bent, const struct bent_step *step, size_t to);
/* Extras, penalty and moves of arriving in `to`, which may be ROUND_UNPLACED or step->from. */
double bent_arrive_own(const struct bent *bent, const struct bent_step *step, size_t to);
/* No less than what arriving anywhere in `to` costs, the pool's machines left out. */
double bent_arrive_least(const struct bent *bent, const struct bent_step *step, size_t to, double share);
/* True when caps, budgets and quotas allow it. */
bool bent_allowed(const struct bent *bent, const struct bent_step *step, size_t to);
/* Moves without asking; machines are opened and closed so that round stays trimmed. */
void bent_apply(struct bent *bent, const struct bent_step *step, size_t to);

/* So many of the slot that its pool needs a machine less, or 0 when they alone cannot do it. */
int64_t bent_amount_to_close(const struct bent *bent, size_t slot);

/* True when the pool's machines are within limit, budgets and quotas. */
bool bent_within_limits(const struct bent *bent, uint32_t pool);

/* Noise of the search: random numbers of a sequence, and exponential ones with mean about 1. */
uint64_t bent_random(uint64_t *state);
double bent_noise(uint64_t *state);
/* Below limit, which is at least 1. */
uint32_t bent_pick(uint64_t *state, uint32_t limit);

#endif
