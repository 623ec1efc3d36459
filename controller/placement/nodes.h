/* Every machine and what sits on it: packing that the search can change one allocation at a time.
 *
 * Starts from pack.h's packing of each pool. Machines that hold the same are kept as one node with `times`; a change
 * splits one off. Moves go through round.h too, so that every rule holds on both levels. Internal to placement. */
#ifndef DROVER_CONTROLLER_PLACEMENT_NODES_H
#define DROVER_CONTROLLER_PLACEMENT_NODES_H

#include "controller/placement/pack.h"
#include "controller/placement/round.h"

struct node {
    int64_t times;
    int64_t free[PROBLEM_DIMENSIONS_MAX];
    uint32_t items;
    uint32_t item_room;
    struct pack_item *item;
    size_t held; /* index of its held vector, or NODES_NO_HELD */
};
#define NODES_NO_HELD SIZE_MAX

struct node_list {
    int64_t total; /* machines */
    size_t count, room;
    struct node *node;
};

struct nodes {
    struct round *round;
    struct node_list *pool;
    size_t helds, held_room;
    int64_t *held; /* [vector * dimensions + k] */
    struct pack pack;
};

/* Packs every pool of round. */
void nodes_init(struct nodes *nodes, struct round *round);
void nodes_release(struct nodes *nodes);

/* For who makes the machines himself: none in the pool; one empty machine more, with a held vector or NODES_NO_HELD
 * (the node is valid until the next); something on it. */
void nodes_clear_pool(struct nodes *nodes, uint32_t pool);
struct node *nodes_add_machine(struct nodes *nodes, uint32_t pool, size_t held);
void nodes_put(struct nodes *nodes, struct node *node, uint32_t group, int64_t count);

/* Brings every pool within its limit, leaving allocations unplaced where nothing else helps, and places what it can of
 * those. */
void nodes_repair(struct nodes *nodes);

/* Empties machines into room elsewhere where that pays on both costs together, `rounds` times over all pools. */
void nodes_improve(struct nodes *nodes, unsigned rounds);

/* Machines laid aside. keep->pool NULL at first; the round beside them is kept apart (round_keep). */
struct nodes_keep {
    struct node_list *pool;
    size_t pools, helds;
    int64_t *held;
};
void nodes_keep(const struct nodes *nodes, struct nodes_keep *keep);
void nodes_restore(struct nodes *nodes, const struct nodes_keep *keep);
void nodes_keep_release(struct nodes_keep *keep);

/* What the packed cost is above the aggregate one. */
double nodes_loss(const struct nodes *nodes);
/* What the search makes least: the aggregate cost, weighted, and the packed one. */
double nodes_judge(const struct nodes *nodes);

/* Appends all machines as pack lines. */
void nodes_emit(const struct nodes *nodes, struct plan *plan);

#endif
