/* Machines and what sits on them: making, looking, judging; see nodes.h. Neighbours: nodes_improve, nodes_repair,
 * nodes_keep. */
#include "controller/placement/nodes_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* --- life --- */

struct node *nodes_list_add(struct node_list *list)
{
    list->node = memory_grow(list->node, list->count, &list->room, sizeof *list->node);
    struct node *node = &list->node[list->count++];
    *node = (struct node){.times = 1, .held = NODES_NO_HELD};
    return node;
}

void node_add(struct node *node, uint32_t group, int64_t count)
{
    for (uint32_t i = 0; i < node->items; i++) {
        if (node->item[i].group == group) {
            node->item[i].count += count;
            return;
        }
    }
    if (node->items == node->item_room) {
        node->item_room = node->item_room ? 2 * node->item_room : 4;
        node->item = memory_resize(node->item, node->item_room, sizeof *node->item);
    }
    node->item[node->items++] = (struct pack_item){group, count};
}

void node_take(struct node *node, uint32_t group)
{
    for (uint32_t i = 0; i < node->items; i++) {
        if (node->item[i].group != group)
            continue;
        if (--node->item[i].count == 0)
            node->item[i] = node->item[--node->items];
        return;
    }
}

void nodes_change_free(const struct nodes *nodes, struct node *node, uint32_t group, int64_t change)
{
    const struct problem *problem = nodes->round->work->problem;
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    for (uint32_t k = 0; k < problem->dimensions; k++)
        node->free[k] -= demand[k] * change;
}

static void list_clear(struct node_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->node[i].item);
    list->count = 0;
    list->total = 0;
}

void nodes_clear_pool(struct nodes *nodes, uint32_t pool)
{
    list_clear(&nodes->pool[pool]);
}

struct node *nodes_add_machine(struct nodes *nodes, uint32_t pool, size_t held)
{
    const struct problem *problem = nodes->round->work->problem;
    struct node *node = nodes_list_add(&nodes->pool[pool]);
    node->held = held;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        node->free[k] = problem->pool_capacity[(size_t)pool * problem->dimensions + k];
        if (held != NODES_NO_HELD)
            node->free[k] -= nodes->held[held * problem->dimensions + k];
    }
    nodes->pool[pool].total++;
    return node;
}

void nodes_put(struct nodes *nodes, struct node *node, uint32_t group, int64_t count)
{
    node_add(node, group, count);
    nodes_change_free(nodes, node, group, count);
}

/* Takes over what pack has made of the pool. */
void nodes_adopt_pack(struct nodes *nodes, uint32_t pool)
{
    const struct pack *pack = &nodes->pack;
    const struct problem *problem = pack->problem;
    struct node_list *list = &nodes->pool[pool];
    list_clear(list);
    for (size_t i = 0; i < pack->machines; i++) {
        const struct pack_machine *machine = &pack->machine[i];
        struct node *node = nodes_list_add(list);
        node->times = machine->times;
        for (uint32_t k = 0; k < problem->dimensions; k++)
            node->free[k] = problem->pool_capacity[(size_t)pool * problem->dimensions + k] - machine->held_part[k];
        if (machine->held) {
            node->held = nodes->helds;
            for (uint32_t k = 0; k < problem->dimensions; k++) {
                size_t at = nodes->helds * problem->dimensions + k;
                nodes->held = memory_grow(nodes->held, at, &nodes->held_room, sizeof *nodes->held);
                nodes->held[at] = machine->held_part[k];
            }
            nodes->helds++;
        }
        for (size_t n = machine->first; n < machine->first + machine->items; n++) {
            node_add(node, pack->content[n].group, pack->content[n].count);
            nodes_change_free(nodes, node, pack->content[n].group, pack->content[n].count);
        }
        list->total += machine->times;
    }
}

void nodes_init(struct nodes *nodes, struct round *round)
{
    *nodes = (struct nodes){.round = round};
    nodes->pool = memory_new(round->work->pools, sizeof *nodes->pool);
    pack_init(&nodes->pack, round->work->problem);
    for (uint32_t p = 0; p < round->work->pools; p++) {
        pack_round(&nodes->pack, round, p);
        nodes_adopt_pack(nodes, p);
    }
}

void nodes_release(struct nodes *nodes)
{
    for (uint32_t p = 0; p < nodes->round->work->pools; p++) {
        list_clear(&nodes->pool[p]);
        free(nodes->pool[p].node);
    }
    free(nodes->pool);
    free(nodes->held);
    pack_release(&nodes->pack);
}

void nodes_emit(const struct nodes *nodes, struct plan *plan)
{
    uint32_t dimensions = nodes->round->work->dimensions;
    for (uint32_t p = 0; p < nodes->round->work->pools; p++) {
        for (size_t i = 0; i < nodes->pool[p].count; i++) {
            const struct node *node = &nodes->pool[p].node[i];
            plan_add_pack(plan, p, node->times);
            if (node->held != NODES_NO_HELD)
                plan_add_pack_held(plan, nodes->held + node->held * dimensions, dimensions);
            for (uint32_t n = 0; n < node->items; n++)
                plan_add_pack_item(plan, node->item[n].group, node->item[n].count);
        }
    }
}

/* --- parts --- */

/* One machine of the node on its own, at the returned place. */
size_t nodes_split_one(struct node_list *list, size_t at)
{
    if (list->node[at].times == 1)
        return at;
    struct node *copy = nodes_list_add(list);
    struct node *node = &list->node[at];
    node->times--;
    *copy = *node;
    copy->times = 1;
    copy->item_room = node->items;
    copy->item = memory_new(node->items, sizeof *copy->item);
    if (node->items)
        memcpy(copy->item, node->item, node->items * sizeof *copy->item);
    return list->count - 1;
}

int64_t node_count_on(const struct node *node, uint32_t group)
{
    for (uint32_t i = 0; i < node->items; i++) {
        if (node->item[i].group == group)
            return node->item[i].count;
    }
    return 0;
}

/* The machine of the pool that an allocation fills best, SIZE_MAX for none. `closed` is passed over. */
size_t nodes_find_room(const struct nodes *nodes, uint32_t pool, uint32_t group, size_t closed)
{
    const struct problem *problem = nodes->round->work->problem;
    const struct node_list *list = &nodes->pool[pool];
    const double *margin = nodes->round->margin + (size_t)pool * problem->dimensions;
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    int64_t each = problem->group_permachine[group];
    size_t best = SIZE_MAX;
    double best_left = HUGE_VAL;
    for (size_t i = 0; i < list->count; i++) {
        const struct node *node = &list->node[i];
        bool fits = i != closed;
        for (uint32_t k = 0; k < problem->dimensions && fits; k++)
            fits = demand[k] <= node->free[k];
        if (!fits)
            continue;
        double left = 0;
        for (uint32_t k = 0; k < problem->dimensions; k++)
            left += margin[k] * (double)(node->free[k] - demand[k]);
        if (left >= best_left || (each != PROBLEM_UNLIMITED && node_count_on(node, group) >= each))
            continue;
        best = i;
        best_left = left;
    }
    return best;
}

/* The slot of a group in a pool. */
size_t nodes_slot_in(const struct work *work, uint32_t group, uint32_t pool)
{
    for (size_t s = work->slot_start[group]; s < work->slot_start[group] + work->slot_count[group]; s++) {
        if (work->slot[s].pool == pool)
            return s;
    }
    return ROUND_UNPLACED;
}

/* What trimming the pools that took part changes, in money; keeps them trimmed. */
double nodes_trim_pool(struct round *round, uint32_t pool)
{
    double gain = 0;
    int64_t needed = round_needed(round, pool);
    while (round->machines[pool] > needed) {
        gain += round_close_gain(round, pool);
        round_change_machines(round, pool, -1);
    }
    return gain;
}

double nodes_machine_price(const struct nodes *nodes, uint32_t pool, int64_t machine)
{
    struct round *round = nodes->round;
    int64_t now = round->machines[pool];
    round->machines[pool] = machine - 1;
    double price = round_open_cost(round, pool);
    round->machines[pool] = now;
    return price;
}

void nodes_drop(struct node_list *list, size_t at)
{
    list->total -= list->node[at].times;
    free(list->node[at].item);
    list->node[at] = list->node[--list->count];
}

struct ranked {
    double value;
    size_t node;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *left = a;
    const struct ranked *right = b;
    if (left->value != right->value)
        return left->value < right->value ? -1 : 1;
    return (left->node > right->node) - (left->node < right->node);
}

double nodes_value(const struct nodes *nodes, uint32_t pool, const struct node *node)
{
    const struct work *work = nodes->round->work;
    double value = 0;
    for (uint32_t k = 0; k < work->dimensions; k++) {
        size_t cell = (size_t)pool * work->dimensions + k;
        value += nodes->round->margin[cell] * (work->capacity[cell] - (double)node->free[k]);
    }
    return value;
}

/* The least filled machine of the pool that has not been tried, or SIZE_MAX. */
size_t nodes_least_filled(const struct nodes *nodes, uint32_t pool, double above)
{
    const struct node_list *list = &nodes->pool[pool];
    struct ranked best = {HUGE_VAL, SIZE_MAX};
    for (size_t i = 0; i < list->count; i++) {
        if (list->node[i].held != NODES_NO_HELD)
            continue;
        struct ranked here = {nodes_value(nodes, pool, &list->node[i]), i};
        if (here.value > above && compare_ranked(&here, &best) < 0)
            best = here;
    }
    return best.node;
}

double nodes_loss(const struct nodes *nodes)
{
    const struct round *round = nodes->round;
    const struct problem *problem = round->work->problem;
    double loss = 0;
    for (uint32_t p = 0; p < problem->pools; p++) {
        int64_t used = nodes->pool[p].total > problem->pool_min[p] ? nodes->pool[p].total : problem->pool_min[p];
        loss += (double)problem_pool_cost(problem, p, used) - (double)problem_pool_cost(problem, p, round->machines[p]);
    }
    return loss;
}

double nodes_judge(const struct nodes *nodes)
{
    return (NODES_COST_WEIGHT + 1) * round_cost(nodes->round) + nodes_loss(nodes);
}
