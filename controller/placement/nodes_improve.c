/* Machines emptied one at a time where that pays; see nodes.h. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "controller/placement/nodes_parts.h"

struct relocation {
    uint32_t group;
    uint32_t pool; /* where it went */
    size_t from, to;
    size_t node;
};

struct emptying {
    struct nodes *nodes;
    uint32_t pool;
    size_t closed;
    double delta;  /* what the groups' own cost has changed by */
    double opened; /* aggregate machines opened for it */
    size_t count, room;
    struct relocation *relocation;
};

/* Room for one more on the aggregate level, by a machine more if it must be. */
static bool aggregate_room(struct emptying *emptying, uint32_t group, size_t from, size_t to)
{
    struct round *round = emptying->nodes->round;
    uint32_t pool = round->work->slot[to].pool;
    if (round_room(round, group, from, to) > 0)
        return true;
    if (!round_may_open(round, pool) || round->machines[pool] >= emptying->nodes->pool[pool].total)
        return false;
    double price = round_open_cost(round, pool);
    round_change_machines(round, pool, 1);
    if (round_room(round, group, from, to) > 0) {
        emptying->opened += price;
        return true;
    }
    round_change_machines(round, pool, -1);
    return false;
}

static bool relocate_one(struct emptying *emptying, uint32_t group, size_t from)
{
    struct nodes *nodes = emptying->nodes;
    struct round *round = nodes->round;
    const struct work *work = round->work;
    uint64_t tried = 0;
    for (;;) {
        size_t first = work->slot_start[group];
        size_t best = SIZE_MAX;
        double best_delta = HUGE_VAL;
        for (size_t i = 0; i < work->slot_count[group]; i++) {
            if (tried >> i & 1)
                continue;
            double delta = first + i == from ? 0 : round_delta(round, group, from, first + i, 1);
            if (delta < best_delta) {
                best = i;
                best_delta = delta;
            }
        }
        if (best == SIZE_MAX)
            return false;
        tried |= UINT64_C(1) << best;
        size_t to = first + best;
        uint32_t pool = work->slot[to].pool;
        size_t node = nodes_find_room(nodes, pool, group, pool == emptying->pool ? emptying->closed : SIZE_MAX);
        if (node == SIZE_MAX || (to != from && !aggregate_room(emptying, group, from, to)))
            continue;
        node = nodes_split_one(&nodes->pool[pool], node);
        node_add(&nodes->pool[pool].node[node], group, 1);
        nodes_change_free(nodes, &nodes->pool[pool].node[node], group, 1);
        if (to != from) {
            emptying->delta += best_delta;
            round_move(round, group, from, to, 1);
        }
        emptying->relocation =
            memory_grow(emptying->relocation, emptying->count, &emptying->room, sizeof *emptying->relocation);
        emptying->relocation[emptying->count++] = (struct relocation){group, pool, from, to, node};
        return true;
    }
}

static void relocate_back(struct emptying *emptying)
{
    struct nodes *nodes = emptying->nodes;
    while (emptying->count > 0) {
        const struct relocation *step = &emptying->relocation[--emptying->count];
        struct node *node = &nodes->pool[step->pool].node[step->node];
        node_take(node, step->group);
        nodes_change_free(nodes, node, step->group, -1);
        if (step->to != step->from)
            round_move(nodes->round, step->group, step->to, step->from, 1);
    }
}

/* Empties the machine at `closed` (times 1) if that saves more on the packed cost, and the aggregate one beside it,
 * than it costs. */
static bool empty_machine(struct emptying *emptying)
{
    struct nodes *nodes = emptying->nodes;
    struct round *round = nodes->round;
    struct node_list *list = &nodes->pool[emptying->pool];
    double gain = nodes_machine_price(nodes, emptying->pool, list->total);
    emptying->count = 0;
    emptying->delta = 0;
    emptying->opened = 0;
    bool fine = true;
    for (uint32_t i = 0; i < list->node[emptying->closed].items && fine; i++) {
        struct pack_item item = list->node[emptying->closed].item[i];
        size_t from = nodes_slot_in(round->work, item.group, emptying->pool);
        for (int64_t n = 0; n < item.count && fine; n++)
            fine = relocate_one(emptying, item.group, from) && emptying->delta + NODES_WORTH < gain;
    }
    if (fine) {
        double closed = nodes_trim_pool(round, emptying->pool);
        double balance = (emptying->delta - gain) + NODES_COST_WEIGHT * (emptying->delta + emptying->opened - closed);
        if (balance < -NODES_WORTH) {
            nodes_drop(list, emptying->closed);
            return true;
        }
    }
    size_t moved = emptying->count;
    relocate_back(emptying);
    int64_t needed = round_needed(round, emptying->pool);
    if (needed > round->machines[emptying->pool])
        round_change_machines(round, emptying->pool, needed - round->machines[emptying->pool]);
    for (size_t i = 0; i < moved; i++) {
        if (emptying->opened > 0 && emptying->relocation[i].to != emptying->relocation[i].from)
            nodes_trim_pool(round, emptying->relocation[i].pool);
    }
    return false;
}

static void improve_pool(struct emptying *emptying, uint32_t pool)
{
    struct nodes *nodes = emptying->nodes;
    struct round *round = nodes->round;
    struct node_list *list = &nodes->pool[pool];
    emptying->pool = pool;
    double above = -1;
    int64_t tries = list->total - round->machines[pool] + 3;
    while (tries-- > 0 && list->total > round->least[pool] &&
           nodes_machine_price(nodes, pool, list->total) > NODES_WORTH) {
        size_t at = nodes_least_filled(nodes, pool, above);
        if (at == SIZE_MAX)
            return;
        above = nodes_value(nodes, pool, &list->node[at]);
        emptying->closed = nodes_split_one(list, at);
        empty_machine(emptying);
    }
}

/* Packs the pool again from nothing; keeps the old packing where that is no worse. */
static void repack(struct nodes *nodes, uint32_t pool)
{
    pack_round(&nodes->pack, nodes->round, pool);
    if (nodes->pack.total < nodes->pool[pool].total)
        nodes_adopt_pack(nodes, pool);
}

void nodes_improve(struct nodes *nodes, unsigned rounds)
{
    struct emptying emptying = {.nodes = nodes};
    struct round *round = nodes->round;
    for (unsigned n = 0; n < rounds; n++) {
        for (uint32_t p = 0; p < round->work->pools; p++)
            improve_pool(&emptying, p);
        for (uint32_t p = 0; p < round->work->pools && n == 0; p++) {
            if (nodes->pool[p].total > round->machines[p])
                repack(nodes, p);
        }
        round_trim(round);
    }
    free(emptying.relocation);
}
