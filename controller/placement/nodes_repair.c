/* Pools brought within their limits, and what is unplaced put on machines; see nodes.h. */
#include <math.h>

#include "controller/placement/nodes_parts.h"

enum { ONE_BY_ONE = 256 }; /* allocations of a group placed each on its own, the dearer way */

/* As many as one machine with so much free holds. */
static int64_t machine_takes(const struct problem *problem, uint32_t group, const int64_t *free_now, int64_t there)
{
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    int64_t each = problem->group_permachine[group];
    int64_t most = each == PROBLEM_UNLIMITED ? PROBLEM_COUNT_MAX : each - there;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        if (demand[k] && free_now[k] / demand[k] < most)
            most = free_now[k] / demand[k];
    }
    return most > 0 ? most : 0;
}

/* Aggregate room in the slot, opening what may be opened; at most wanted. */
static int64_t open_for(struct round *round, uint32_t group, size_t slot, int64_t wanted)
{
    uint32_t pool = round->work->slot[slot].pool;
    int64_t room = round_room(round, group, ROUND_UNPLACED, slot);
    if (room >= wanted)
        return wanted;
    int64_t more = round_machines_for(round, group, slot, wanted);
    int64_t most = round_openable(round, pool);
    round_change_machines(round, pool, more < most ? more : most);
    room = round_room(round, group, ROUND_UNPLACED, slot);
    return room < wanted ? room : wanted;
}

/* So many on each machine of the node, as far as wanted goes: whole nodes at once, the last machine split off. */
static int64_t fill_node(struct nodes *nodes, uint32_t group, uint32_t pool, size_t at, int64_t wanted)
{
    const struct problem *problem = nodes->round->work->problem;
    struct node_list *list = &nodes->pool[pool];
    struct node *node = &list->node[at];
    int64_t takes = machine_takes(problem, group, node->free, node_count_on(node, group));
    if (takes == 0)
        return 0;
    if (takes <= wanted / node->times) {
        int64_t all = takes * node->times;
        node_add(node, group, takes);
        nodes_change_free(nodes, node, group, takes);
        return all;
    }
    takes = takes < wanted ? takes : wanted;
    at = nodes_split_one(list, at);
    node_add(&list->node[at], group, takes);
    nodes_change_free(nodes, &list->node[at], group, takes);
    return takes;
}

/* Opens machines for up to `wanted`, alike ones together. */
static int64_t fill_new(struct nodes *nodes, uint32_t group, uint32_t pool, int64_t wanted)
{
    const struct problem *problem = nodes->round->work->problem;
    struct node_list *list = &nodes->pool[pool];
    int64_t room = nodes->round->limit[pool] - list->total;
    const int64_t *capacity = problem->pool_capacity + (size_t)pool * problem->dimensions;
    int64_t takes = machine_takes(problem, group, capacity, 0);
    takes = takes < wanted ? takes : wanted;
    if (takes == 0 || room <= 0)
        return 0;
    struct node *node = nodes_list_add(list);
    node->times = wanted / takes < room ? wanted / takes : room;
    for (uint32_t k = 0; k < problem->dimensions; k++)
        node->free[k] = capacity[k];
    node_add(node, group, takes);
    nodes_change_free(nodes, node, group, takes);
    list->total += node->times;
    return takes * node->times;
}

/* Fills machines of the slot's pool that have room, then new ones. */
static int64_t place_in_slot(struct nodes *nodes, uint32_t group, size_t slot, int64_t wanted, bool may_open)
{
    struct round *round = nodes->round;
    uint32_t pool = round->work->slot[slot].pool;
    int64_t placed = 0;
    wanted = open_for(round, group, slot, wanted);
    size_t count = nodes->pool[pool].count;
    for (size_t i = 0; i < count && placed < wanted; i++) {
        int64_t more;
        do {
            more = fill_node(nodes, group, pool, i, wanted - placed);
            placed += more;
        } while (more > 0 && placed < wanted);
    }
    int64_t more = 1;
    while (may_open && placed < wanted && more > 0) {
        more = fill_new(nodes, group, pool, wanted - placed);
        placed += more;
    }
    if (placed > 0)
        round_move(round, group, ROUND_UNPLACED, slot, placed);
    return placed;
}

/* Places up to `wanted` unplaced allocations of the group where each is cheapest, many at a time. */
static void place_many(struct nodes *nodes, uint32_t group, int64_t wanted)
{
    struct round *round = nodes->round;
    const struct work *work = round->work;
    size_t first = work->slot_start[group];
    int64_t placed = 0;
    for (int opening = 0; opening < 2 && placed < wanted; opening++) {
        uint64_t tried = 0;
        while (placed < wanted) {
            size_t best = SIZE_MAX;
            double best_cost = 0;
            for (size_t i = 0; i < work->slot_count[group]; i++) {
                if (tried >> i & 1)
                    continue;
                double cost = round_delta(round, group, ROUND_UNPLACED, first + i, 1);
                for (uint32_t k = 0; k < work->dimensions; k++)
                    cost += round->margin[(size_t)work->slot[first + i].pool * work->dimensions + k] *
                            work->demand[(size_t)group * work->dimensions + k];
                if (cost < best_cost) {
                    best = i;
                    best_cost = cost;
                }
            }
            if (best == SIZE_MAX)
                break;
            tried |= UINT64_C(1) << best;
            placed += place_in_slot(nodes, group, first + best, wanted - placed, opening > 0);
        }
    }
}

/* Everything on one machine becomes unplaced. */
static void give_up_machine(struct nodes *nodes, uint32_t pool, size_t at)
{
    struct round *round = nodes->round;
    struct node_list *list = &nodes->pool[pool];
    const struct node *node = &list->node[at];
    for (uint32_t i = 0; i < node->items; i++)
        round_move(round, node->item[i].group, nodes_slot_in(round->work, node->item[i].group, pool), ROUND_UNPLACED,
                   node->item[i].count * node->times);
    nodes_drop(list, at);
}

/* Puts one unplaced allocation on a machine that has room, or on a new one where it is worth that. */
static bool place_one(struct nodes *nodes, uint32_t group)
{
    struct round *round = nodes->round;
    const struct work *work = round->work;
    size_t best = SIZE_MAX;
    double best_delta = -NODES_WORTH;
    size_t best_node = SIZE_MAX;
    for (size_t s = work->slot_start[group]; s < work->slot_start[group] + work->slot_count[group]; s++) {
        uint32_t pool = work->slot[s].pool;
        double delta = round_delta(round, group, ROUND_UNPLACED, s, 1);
        if (delta >= best_delta)
            continue;
        size_t node = nodes_find_room(nodes, pool, group, SIZE_MAX);
        bool open = node == SIZE_MAX;
        if (open) {
            if (nodes->pool[pool].total >= round->limit[pool] || !problem_pair_fits(work->problem, group, pool) ||
                work->problem->group_permachine[group] == 0)
                continue;
            delta += nodes_machine_price(nodes, pool, nodes->pool[pool].total + 1);
        }
        bool extra = round_room(round, group, ROUND_UNPLACED, s) == 0;
        if (extra) {
            if (!round_may_open(round, pool))
                continue;
            round_change_machines(round, pool, 1);
            bool room = round_room(round, group, ROUND_UNPLACED, s) > 0;
            round_change_machines(round, pool, -1);
            if (!room)
                continue;
        }
        if (delta < best_delta) {
            best = s;
            best_delta = delta;
            best_node = node;
        }
    }
    if (best == SIZE_MAX)
        return false;
    uint32_t pool = work->slot[best].pool;
    struct node_list *list = &nodes->pool[pool];
    if (best_node == SIZE_MAX) {
        struct node *node = nodes_list_add(list);
        for (uint32_t k = 0; k < work->dimensions; k++)
            node->free[k] = work->problem->pool_capacity[(size_t)pool * work->dimensions + k];
        list->total++;
        best_node = list->count - 1;
    }
    best_node = nodes_split_one(list, best_node);
    node_add(&list->node[best_node], group, 1);
    nodes_change_free(nodes, &list->node[best_node], group, 1);
    if (round_room(round, group, ROUND_UNPLACED, best) == 0)
        round_change_machines(round, pool, 1);
    round_move(round, group, ROUND_UNPLACED, best, 1);
    return true;
}

void nodes_repair(struct nodes *nodes)
{
    struct round *round = nodes->round;
    for (uint32_t p = 0; p < round->work->pools; p++) {
        struct node_list *list = &nodes->pool[p];
        while (list->total > round->limit[p]) {
            size_t at = nodes_least_filled(nodes, p, -HUGE_VAL);
            if (at == SIZE_MAX)
                break; /* held capacity alone fills the limit */
            at = nodes_split_one(list, at);
            give_up_machine(nodes, p, at);
        }
        nodes_trim_pool(round, p);
    }
    for (uint32_t j = 0; j < round->work->groups; j++) {
        if (round->unplaced[j] > ONE_BY_ONE)
            place_many(nodes, j, round->unplaced[j]);
        int64_t tries = round->unplaced[j] < ONE_BY_ONE ? round->unplaced[j] : ONE_BY_ONE;
        while (tries-- > 0 && place_one(nodes, j))
            ;
    }
    round_trim(round);
}
