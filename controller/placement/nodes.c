/* See nodes.h. */
#include "controller/placement/nodes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const double WORTH = 0.5;     /* micro-dollars an hour */
static const double COST_WEIGHT = 2; /* of the aggregate cost beside the packed one */

/* --- life --- */

static struct node *list_add(struct node_list *list)
{
    list->node = memory_grow(list->node, list->count, &list->room, sizeof *list->node);
    struct node *node = &list->node[list->count++];
    *node = (struct node){.times = 1, .held = NODES_NO_HELD};
    return node;
}

static void node_add(struct node *node, uint32_t group, int64_t count)
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

static void node_take(struct node *node, uint32_t group)
{
    for (uint32_t i = 0; i < node->items; i++) {
        if (node->item[i].group != group)
            continue;
        if (--node->item[i].count == 0)
            node->item[i] = node->item[--node->items];
        return;
    }
}

static void change_free(const struct nodes *nodes, struct node *node, uint32_t group, int64_t change)
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
    struct node *node = list_add(&nodes->pool[pool]);
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
    change_free(nodes, node, group, count);
}

/* Takes over what pack has made of the pool. */
static void adopt_pack(struct nodes *nodes, uint32_t pool)
{
    const struct pack *pack = &nodes->pack;
    const struct problem *problem = pack->problem;
    struct node_list *list = &nodes->pool[pool];
    list_clear(list);
    for (size_t i = 0; i < pack->machines; i++) {
        const struct pack_machine *machine = &pack->machine[i];
        struct node *node = list_add(list);
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
            change_free(nodes, node, pack->content[n].group, pack->content[n].count);
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
        adopt_pack(nodes, p);
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

/* --- one allocation --- */

/* One machine of the node on its own, at the returned place. */
static size_t split_one(struct node_list *list, size_t at)
{
    if (list->node[at].times == 1)
        return at;
    struct node *copy = list_add(list);
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

static int64_t count_on(const struct node *node, uint32_t group)
{
    for (uint32_t i = 0; i < node->items; i++) {
        if (node->item[i].group == group)
            return node->item[i].count;
    }
    return 0;
}

/* The machine of the pool that an allocation fills best, SIZE_MAX for none. `closed` is passed over. */
static size_t find_room(const struct nodes *nodes, uint32_t pool, uint32_t group, size_t closed)
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
        if (left >= best_left || (each != PROBLEM_UNLIMITED && count_on(node, group) >= each))
            continue;
        best = i;
        best_left = left;
    }
    return best;
}

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

/* The slot of a group in a pool. */
static size_t slot_in(const struct work *work, uint32_t group, uint32_t pool)
{
    for (size_t s = work->slot_start[group]; s < work->slot_start[group] + work->slot_count[group]; s++) {
        if (work->slot[s].pool == pool)
            return s;
    }
    return ROUND_UNPLACED;
}

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
        size_t node = find_room(nodes, pool, group, pool == emptying->pool ? emptying->closed : SIZE_MAX);
        if (node == SIZE_MAX || (to != from && !aggregate_room(emptying, group, from, to)))
            continue;
        node = split_one(&nodes->pool[pool], node);
        node_add(&nodes->pool[pool].node[node], group, 1);
        change_free(nodes, &nodes->pool[pool].node[node], group, 1);
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
        change_free(nodes, node, step->group, -1);
        if (step->to != step->from)
            round_move(nodes->round, step->group, step->to, step->from, 1);
    }
}

/* What trimming the pools that took part changes, in money; keeps them trimmed. */
static double trim_pool(struct round *round, uint32_t pool)
{
    double gain = 0;
    int64_t needed = round_needed(round, pool);
    while (round->machines[pool] > needed) {
        gain += round_close_gain(round, pool);
        round_change_machines(round, pool, -1);
    }
    return gain;
}

static double machine_price(const struct nodes *nodes, uint32_t pool, int64_t machine)
{
    struct round *round = nodes->round;
    int64_t now = round->machines[pool];
    round->machines[pool] = machine - 1;
    double price = round_open_cost(round, pool);
    round->machines[pool] = now;
    return price;
}

static void drop_node(struct node_list *list, size_t at)
{
    list->total -= list->node[at].times;
    free(list->node[at].item);
    list->node[at] = list->node[--list->count];
}

/* Empties the machine at `closed` (times 1) if that saves more on the packed cost, and the aggregate one beside it,
 * than it costs. */
static bool empty_machine(struct emptying *emptying)
{
    struct nodes *nodes = emptying->nodes;
    struct round *round = nodes->round;
    struct node_list *list = &nodes->pool[emptying->pool];
    double gain = machine_price(nodes, emptying->pool, list->total);
    emptying->count = 0;
    emptying->delta = 0;
    emptying->opened = 0;
    bool fine = true;
    for (uint32_t i = 0; i < list->node[emptying->closed].items && fine; i++) {
        struct pack_item item = list->node[emptying->closed].item[i];
        size_t from = slot_in(round->work, item.group, emptying->pool);
        for (int64_t n = 0; n < item.count && fine; n++)
            fine = relocate_one(emptying, item.group, from) && emptying->delta + WORTH < gain;
    }
    if (fine) {
        double closed = trim_pool(round, emptying->pool);
        double balance = (emptying->delta - gain) + COST_WEIGHT * (emptying->delta + emptying->opened - closed);
        if (balance < -WORTH) {
            drop_node(list, emptying->closed);
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
            trim_pool(round, emptying->relocation[i].pool);
    }
    return false;
}

/* --- improving --- */

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

static double node_value(const struct nodes *nodes, uint32_t pool, const struct node *node)
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
static size_t least_filled(const struct nodes *nodes, uint32_t pool, double above)
{
    const struct node_list *list = &nodes->pool[pool];
    struct ranked best = {HUGE_VAL, SIZE_MAX};
    for (size_t i = 0; i < list->count; i++) {
        if (list->node[i].held != NODES_NO_HELD)
            continue;
        struct ranked here = {node_value(nodes, pool, &list->node[i]), i};
        if (here.value > above && compare_ranked(&here, &best) < 0)
            best = here;
    }
    return best.node;
}

static void improve_pool(struct emptying *emptying, uint32_t pool)
{
    struct nodes *nodes = emptying->nodes;
    struct round *round = nodes->round;
    struct node_list *list = &nodes->pool[pool];
    emptying->pool = pool;
    double above = -1;
    int64_t tries = list->total - round->machines[pool] + 3;
    while (tries-- > 0 && list->total > round->least[pool] && machine_price(nodes, pool, list->total) > WORTH) {
        size_t at = least_filled(nodes, pool, above);
        if (at == SIZE_MAX)
            return;
        above = node_value(nodes, pool, &list->node[at]);
        emptying->closed = split_one(list, at);
        empty_machine(emptying);
    }
}

/* Packs the pool again from nothing; keeps the old packing where that is no worse. */
static void repack(struct nodes *nodes, uint32_t pool)
{
    pack_round(&nodes->pack, nodes->round, pool);
    if (nodes->pack.total < nodes->pool[pool].total)
        adopt_pack(nodes, pool);
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

double nodes_judge(const struct nodes *nodes)
{
    const struct round *round = nodes->round;
    const struct problem *problem = round->work->problem;
    double cost = round_cost(round);
    double nodecost = cost;
    for (uint32_t p = 0; p < problem->pools; p++) {
        int64_t used = nodes->pool[p].total > problem->pool_min[p] ? nodes->pool[p].total : problem->pool_min[p];
        nodecost +=
            (double)problem_pool_cost(problem, p, used) - (double)problem_pool_cost(problem, p, round->machines[p]);
    }
    return COST_WEIGHT * cost + nodecost;
}

/* --- repair --- */

/* Everything on one machine becomes unplaced. */
static void give_up_machine(struct nodes *nodes, uint32_t pool, size_t at)
{
    struct round *round = nodes->round;
    struct node_list *list = &nodes->pool[pool];
    const struct node *node = &list->node[at];
    for (uint32_t i = 0; i < node->items; i++)
        round_move(round, node->item[i].group, slot_in(round->work, node->item[i].group, pool), ROUND_UNPLACED,
                   node->item[i].count * node->times);
    drop_node(list, at);
}

/* Puts one unplaced allocation on a machine that has room, or on a new one where it is worth that. */
static bool place_one(struct nodes *nodes, uint32_t group)
{
    struct round *round = nodes->round;
    const struct work *work = round->work;
    size_t best = SIZE_MAX;
    double best_delta = -WORTH;
    size_t best_node = SIZE_MAX;
    for (size_t s = work->slot_start[group]; s < work->slot_start[group] + work->slot_count[group]; s++) {
        uint32_t pool = work->slot[s].pool;
        double delta = round_delta(round, group, ROUND_UNPLACED, s, 1);
        if (delta >= best_delta)
            continue;
        size_t node = find_room(nodes, pool, group, SIZE_MAX);
        bool open = node == SIZE_MAX;
        if (open) {
            if (nodes->pool[pool].total >= round->limit[pool] || !problem_pair_fits(work->problem, group, pool) ||
                work->problem->group_permachine[group] == 0)
                continue;
            delta += machine_price(nodes, pool, nodes->pool[pool].total + 1);
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
        struct node *node = list_add(list);
        for (uint32_t k = 0; k < work->dimensions; k++)
            node->free[k] = work->problem->pool_capacity[(size_t)pool * work->dimensions + k];
        list->total++;
        best_node = list->count - 1;
    }
    best_node = split_one(list, best_node);
    node_add(&list->node[best_node], group, 1);
    change_free(nodes, &list->node[best_node], group, 1);
    if (round_room(round, group, ROUND_UNPLACED, best) == 0)
        round_change_machines(round, pool, 1);
    round_move(round, group, ROUND_UNPLACED, best, 1);
    return true;
}

void nodes_repair(struct nodes *nodes)
{
    struct round *round = nodes->round;
    struct emptying emptying = {.nodes = nodes};
    for (uint32_t p = 0; p < round->work->pools; p++) {
        struct node_list *list = &nodes->pool[p];
        emptying.pool = p;
        while (list->total > round->limit[p]) {
            size_t at = least_filled(nodes, p, -HUGE_VAL);
            if (at == SIZE_MAX)
                break; /* held capacity alone fills the limit */
            at = split_one(list, at);
            give_up_machine(nodes, p, at);
        }
        trim_pool(round, p);
    }
    for (uint32_t j = 0; j < round->work->groups; j++) {
        int64_t tries = round->unplaced[j];
        while (tries-- > 0 && place_one(nodes, j))
            ;
    }
    round_trim(round);
    free(emptying.relocation);
}

/* --- events --- */

void nodes_give_up_machine(struct nodes *nodes, uint32_t pool, size_t at)
{
    give_up_machine(nodes, pool, split_one(&nodes->pool[pool], at));
    trim_pool(nodes->round, pool);
}

void nodes_give_up_pool(struct nodes *nodes, uint32_t pool)
{
    while (nodes->pool[pool].count > 0)
        give_up_machine(nodes, pool, nodes->pool[pool].count - 1);
}

void nodes_repack_pool(struct nodes *nodes, uint32_t pool)
{
    pack_round(&nodes->pack, nodes->round, pool);
    adopt_pack(nodes, pool);
}

void nodes_trim_pool(struct nodes *nodes, uint32_t pool)
{
    trim_pool(nodes->round, pool);
}

void nodes_improve_pool(struct nodes *nodes, uint32_t pool)
{
    struct emptying emptying = {.nodes = nodes};
    improve_pool(&emptying, pool);
    free(emptying.relocation);
}

/* Takes one allocation of the group off a machine of the pool. */
static bool take_one(struct nodes *nodes, uint32_t group, uint32_t pool)
{
    struct node_list *list = &nodes->pool[pool];
    for (size_t i = list->count; i-- > 0;) {
        if (count_on(&list->node[i], group) == 0)
            continue;
        size_t at = split_one(list, i);
        node_take(&list->node[at], group);
        change_free(nodes, &list->node[at], group, -1);
        if (list->node[at].items == 0 && list->node[at].held == NODES_NO_HELD)
            drop_node(list, at);
        return true;
    }
    return false;
}

void nodes_remove(struct nodes *nodes, uint32_t group, int64_t wanted)
{
    struct round *round = nodes->round;
    const struct work *work = round->work;
    int64_t lost = round->unplaced[group] < wanted ? round->unplaced[group] : wanted;
    round->unplaced[group] -= lost;
    wanted -= lost;
    while (wanted > 0) {
        size_t worst = SIZE_MAX;
        double worst_cost = -HUGE_VAL;
        for (size_t s = work->slot_start[group]; s < work->slot_start[group] + work->slot_count[group]; s++) {
            if (round->count[s] == 0)
                continue;
            double cost = -round_delta(round, group, s, ROUND_UNPLACED, 1);
            for (uint32_t k = 0; k < work->dimensions; k++)
                cost += round->margin[(size_t)work->slot[s].pool * work->dimensions + k] *
                        work->demand[(size_t)group * work->dimensions + k];
            if (cost > worst_cost) {
                worst = s;
                worst_cost = cost;
            }
        }
        if (worst == SIZE_MAX || !take_one(nodes, group, work->slot[worst].pool))
            return;
        round_move(round, group, worst, ROUND_UNPLACED, 1);
        round->unplaced[group]--;
        wanted--;
    }
}

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
    while (room < wanted && round_may_open(round, pool)) {
        round_change_machines(round, pool, 1);
        int64_t more = round_room(round, group, ROUND_UNPLACED, slot);
        if (more == room) {
            round_change_machines(round, pool, -1);
            break;
        }
        room = more;
    }
    return room < wanted ? room : wanted;
}

/* Fills machines of the slot's pool that have room, then new ones. */
static int64_t place_in_slot(struct nodes *nodes, uint32_t group, size_t slot, int64_t wanted, bool may_open)
{
    struct round *round = nodes->round;
    const struct problem *problem = round->work->problem;
    uint32_t pool = round->work->slot[slot].pool;
    struct node_list *list = &nodes->pool[pool];
    int64_t placed = 0;
    wanted = open_for(round, group, slot, wanted);
    for (size_t i = 0; i < list->count && placed < wanted; i++) {
        int64_t takes = machine_takes(problem, group, list->node[i].free, count_on(&list->node[i], group));
        takes = takes < wanted - placed ? takes : wanted - placed;
        if (takes == 0)
            continue;
        size_t at = split_one(list, i);
        node_add(&list->node[at], group, takes);
        change_free(nodes, &list->node[at], group, takes);
        placed += takes;
        if (at != i && placed < wanted)
            i--; /* the rest of the same machines */
    }
    while (may_open && placed < wanted && list->total < round->limit[pool]) {
        struct node *node = list_add(list);
        for (uint32_t k = 0; k < problem->dimensions; k++)
            node->free[k] = problem->pool_capacity[(size_t)pool * problem->dimensions + k];
        int64_t takes = machine_takes(problem, group, node->free, 0);
        takes = takes < wanted - placed ? takes : wanted - placed;
        list->total++;
        if (takes == 0) {
            drop_node(list, list->count - 1);
            break;
        }
        node_add(node, group, takes);
        change_free(nodes, node, group, takes);
        placed += takes;
    }
    if (placed > 0)
        round_move(round, group, ROUND_UNPLACED, slot, placed);
    return placed;
}

int64_t nodes_place(struct nodes *nodes, uint32_t group, int64_t wanted)
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
    return placed;
}
