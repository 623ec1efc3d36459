/* Every machine on its own, as the search on machines sees it: what lies on it, and which of a pool's is least filled.
 *
 * Opened from nodes, changed step by step, written back. Keeps bent.h's aggregate figures and round in step with the
 * machines. Internal to placement. */
#ifndef DROVER_CONTROLLER_PLACEMENT_SEATS_H
#define DROVER_CONTROLLER_PLACEMENT_SEATS_H

#include "controller/placement/bent.h"
#include "controller/placement/nodes.h"

#define SEATS_NONE UINT32_MAX
#define SEATS_NEW (UINT32_MAX - 1) /* a machine yet to be opened */
enum { SEATS_LEAST = 3 };

struct seat_item {
    uint32_t slot;
    int64_t count;
};

struct seat {
    uint32_t pool;
    uint32_t place; /* in its pool's list, SEATS_NONE while closed */
    uint32_t used;  /* in the list of seats with something on them, SEATS_NONE without */
    uint32_t items, item_room;
    struct seat_item *item;
    size_t held; /* as struct node's */
    double fill; /* share of the machine's worth in use, 0 to 1 */
    double free[PROBLEM_DIMENSIONS_MAX];
    bool spare;
};

struct seat_list {
    uint32_t count, room;
    uint32_t *seat;
    double *fill; /* of each seat, beside it in memory; HUGE_VAL with held capacity: it cannot be closed */
    uint32_t least[SEATS_LEAST]; /* the least filled that can be closed, ascending; SEATS_NONE */
    double value;                /* bent cost of the machines */
};

struct seats {
    struct bent bent;
    struct nodes *nodes;
    uint32_t dimensions;
    uint32_t count, room;
    struct seat *seat;
    struct seat_list *pool;
    uint32_t useds;
    uint32_t *used;
    size_t used_room;
    double *weight; /* [pool * dimensions + k] worth of a unit, a whole machine being 1 */
    uint32_t spares, closings;
    uint32_t *spare, *closing; /* closed for good; closed by what may still be taken back */
    size_t spare_room, closing_room;
};

void seats_open(struct seats *seats, struct nodes *nodes);
/* Writes the machines back into nodes and frees the rest. */
void seats_close(struct seats *seats);

/* The pool's least filled machines and value, after bend has changed. */
void seats_refresh(struct seats *seats, uint32_t pool);

/* The machine of the slot's pool that so many fill best: another than `but`; the least filled only when no other has
 * room; SEATS_NEW where there is none and the limit allows it, else SEATS_NONE. */
uint32_t seats_find(const struct seats *seats, size_t slot, int64_t amount, uint32_t but, uint64_t random);
/* How many of the slot's group the machine has room for. */
int64_t seats_room(const struct seats *seats, uint32_t seat, size_t slot);

/* Change of the pool's value when so many of the slots leave one machine of the pool (or SEATS_NONE) and arrive on
 * another (SEATS_NEW, SEATS_NONE); the slots are of one group. */
double seats_change(const struct seats *seats, uint32_t pool, uint32_t group, int64_t amount, uint32_t from,
                    uint32_t to);

/* Takes the step from one machine to another; SEATS_NONE stands for unplaced. Returns the machine it went to. */
uint32_t seats_apply(struct seats *seats, const struct bent_step *step, uint32_t from, size_t to, uint32_t seat);
/* Undoes it: from, to and seat as seats_apply had and returned them. */
void seats_take_back(struct seats *seats, const struct bent_step *step, uint32_t from, size_t to, uint32_t seat);
/* Nothing done so far will be taken back. */
void seats_settle(struct seats *seats);

#endif
