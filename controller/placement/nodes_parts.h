/* What nodes.c shares with its neighbours nodes_improve.c and nodes_repair.c alone. */
#ifndef DROVER_CONTROLLER_PLACEMENT_NODES_PARTS_H
#define DROVER_CONTROLLER_PLACEMENT_NODES_PARTS_H

#include "controller/placement/nodes.h"

#define NODES_WORTH 0.5     /* micro-dollars an hour: less is rounding */
#define NODES_COST_WEIGHT 2 /* of the aggregate cost beside the packed one */

/* A machine more in the list; valid until the next. */
struct node *nodes_list_add(struct node_list *list);
void nodes_drop(struct node_list *list, size_t at);
/* One machine of the node on its own, at the returned place. */
size_t nodes_split_one(struct node_list *list, size_t at);

/* What lies on a machine; its free room is changed apart. */
void node_add(struct node *node, uint32_t group, int64_t count);
void node_take(struct node *node, uint32_t group);
int64_t node_count_on(const struct node *node, uint32_t group);
void nodes_change_free(const struct nodes *nodes, struct node *node, uint32_t group, int64_t change);

/* Takes over what nodes->pack has made of the pool. */
void nodes_adopt_pack(struct nodes *nodes, uint32_t pool);

/* The machine of the pool that an allocation fills best, SIZE_MAX for none. `closed` is passed over. */
size_t nodes_find_room(const struct nodes *nodes, uint32_t pool, uint32_t group, size_t closed);
/* The least filled machine of the pool without held capacity, worth more than `above`; SIZE_MAX for none. */
size_t nodes_least_filled(const struct nodes *nodes, uint32_t pool, double above);
double nodes_value(const struct nodes *nodes, uint32_t pool, const struct node *node);

/* The slot of a group in a pool. */
size_t nodes_slot_in(const struct work *work, uint32_t group, uint32_t pool);
/* Price of the pool's machine of that number, from 1. */
double nodes_machine_price(const struct nodes *nodes, uint32_t pool, int64_t machine);
/* Closes aggregate machines that nothing needs; what that saves. */
double nodes_trim_pool(struct round *round, uint32_t pool);

#endif
