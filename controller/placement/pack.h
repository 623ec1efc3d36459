/* Packing: every put onto machines of its pool, as few as can be found. Internal to placement. */
#ifndef DROVER_CONTROLLER_PLACEMENT_PACK_H
#define DROVER_CONTROLLER_PLACEMENT_PACK_H

#include "controller/placement/plan.h"
#include "controller/placement/round.h"

/* Allocations of one group in the pool that is packed. */
struct pack_item {
    uint32_t group;
    int64_t count;
};

/* Machines of one pool that hold the same. */
struct pack_machine {
    int64_t times;
    size_t first; /* in pack.content */
    size_t items;
    bool held; /* part of the pool's held capacity lies here */
    int64_t held_part[PROBLEM_DIMENSIONS_MAX];
};

struct pack {
    const struct problem *problem;
    int64_t total; /* machines */
    size_t machines, machine_room;
    struct pack_machine *machine;
    size_t contents, content_room;
    struct pack_item *content;
    size_t item_room;
    struct pack_item *item; /* scratch: what is left to pack */
    size_t closed_room;
    uint8_t *closed; /* scratch */
};

void pack_init(struct pack *pack, const struct problem *problem);
void pack_release(struct pack *pack);

/* Ways to pack; which is best depends on the pool. */
enum {
    PACK_SPREAD_HELD = 1, /* held capacity evenly over the machines there are, else on as few as it fills */
    PACK_BY_SHAPE = 2,    /* what points the way the free room points, else what leaves the least behind */
    PACK_VARIANTS = 4
};

/* Packs the items (counts are used up) into machines of the pool, held capacity first. machines: how many the pool has
 * anyway, for PACK_SPREAD_HELD. */
void pack_pool(struct pack *pack, uint32_t pool, struct pack_item *items, size_t count, int64_t machines,
               unsigned variant);

/* Packs a pool's puts as round has them, the best of the variants. */
void pack_round(struct pack *pack, const struct round *round, uint32_t pool);

/* Appends the packed machines as pack lines. */
void pack_emit(const struct pack *pack, uint32_t pool, struct plan *plan);

#endif
