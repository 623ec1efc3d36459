/* Machines are filled one pattern at a time: the allocation that is hardest to place first, then whatever leaves the
 * least behind in the dimensions that are scarce; a pattern is repeated as often as its contents allow. */
#include "controller/placement/pack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void pack_init(struct pack *pack, const struct problem *problem)
{
    *pack = (struct pack){.problem = problem};
}

void pack_release(struct pack *pack)
{
    free(pack->machine);
    free(pack->content);
    free(pack->item);
    free(pack->closed);
    *pack = (struct pack){0};
}

struct filling {
    struct pack *pack;
    uint32_t pool;
    struct pack_item *items;
    size_t count;
    double weight[PROBLEM_DIMENSIONS_MAX]; /* scarcity of a dimension over one machine's capacity */
    double inverse[PROBLEM_DIMENSIONS_MAX];
    unsigned variant;
    int64_t left; /* machines that the pool has anyway and that are still to be filled */
};

static const int64_t *demand_of(const struct filling *filling, size_t item)
{
    const struct problem *problem = filling->pack->problem;
    return problem->group_demand + (size_t)filling->items[item].group * problem->dimensions;
}

/* What is left to pack, as machines in each dimension: the scarcer, the heavier. */
static void weigh(struct filling *filling)
{
    const struct problem *problem = filling->pack->problem;
    double most = 0;
    double rest[PROBLEM_DIMENSIONS_MAX] = {0};
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        for (size_t i = 0; i < filling->count; i++)
            rest[k] += (double)demand_of(filling, i)[k] * (double)filling->items[i].count;
        rest[k] *= filling->inverse[k];
        most = rest[k] > most ? rest[k] : most;
    }
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        double share = most > 0 ? rest[k] / most : 0;
        filling->weight[k] = share * share;
    }
}

static bool fits(const struct filling *filling, size_t item, const int64_t *free_now)
{
    const int64_t *demand = demand_of(filling, item);
    for (uint32_t k = 0; k < filling->pack->problem->dimensions; k++) {
        if (demand[k] > free_now[k])
            return false;
    }
    return true;
}

/* The larger the better: first by size alone, then by how little is left unevenly. */
static double score(const struct filling *filling, size_t item, const int64_t *free_now, bool empty)
{
    const int64_t *demand = demand_of(filling, item);
    double value = 0;
    for (uint32_t k = 0; k < filling->pack->problem->dimensions; k++) {
        double part = (double)demand[k] * filling->inverse[k];
        double left = (double)free_now[k] * filling->inverse[k] - part;
        if (empty)
            value += filling->weight[k] * part;
        else if (filling->variant & PACK_BY_SHAPE)
            value += filling->weight[k] * part * (left + part);
        else
            value -= filling->weight[k] * left * left;
    }
    return value;
}

static int64_t most_times(const struct filling *filling, size_t item, const int64_t *free_now)
{
    const int64_t *demand = demand_of(filling, item);
    int64_t most = filling->items[item].count;
    for (uint32_t k = 0; k < filling->pack->problem->dimensions; k++) {
        if (demand[k] && free_now[k] / demand[k] < most)
            most = free_now[k] / demand[k];
    }
    int64_t each = filling->pack->problem->group_permachine[filling->items[item].group];
    return each < most ? each : most;
}

/* Puts so many of the item on the machine, and notes when its per-machine limit is reached. */
static void put_item(struct filling *filling, struct pack_machine *machine, size_t item, int64_t amount,
                     int64_t *free_now)
{
    struct pack *pack = filling->pack;
    const int64_t *demand = demand_of(filling, item);
    int64_t each = pack->problem->group_permachine[filling->items[item].group];
    size_t at = machine->first;
    while (at < pack->contents && pack->content[at].group != filling->items[item].group)
        at++;
    if (at == pack->contents) {
        pack->content = memory_grow(pack->content, pack->contents, &pack->content_room, sizeof *pack->content);
        pack->content[pack->contents++] = (struct pack_item){filling->items[item].group, 0};
        machine->items++;
    }
    if (amount > each - pack->content[at].count)
        amount = each - pack->content[at].count;
    pack->content[at].count += amount;
    filling->items[item].count -= amount;
    for (uint32_t k = 0; k < pack->problem->dimensions; k++)
        free_now[k] -= demand[k] * amount;
    if (pack->content[at].count == each)
        pack->closed[item] = 1;
}

/* Groups with a per-machine limit that need every machine there is come first, or they would open new ones later. */
static bool put_urgent(struct filling *filling, struct pack_machine *machine, int64_t *free_now)
{
    bool any = false;
    for (size_t i = 0; i < filling->count; i++) {
        int64_t each = filling->pack->problem->group_permachine[filling->items[i].group];
        if (each == PROBLEM_UNLIMITED || each == 0 || filling->items[i].count == 0)
            continue;
        int64_t later = filling->left > 1 ? (filling->left - 1) * each : 0;
        int64_t amount = filling->items[i].count - later;
        int64_t most = most_times(filling, i, free_now);
        amount = amount < most ? amount : most;
        if (amount <= 0)
            continue;
        put_item(filling, machine, i, amount, free_now);
        any = true;
    }
    return any;
}

/* Fills one machine; contents go behind pack->contents. */
static void fill_machine(struct filling *filling, struct pack_machine *machine, int64_t *free_now)
{
    uint8_t *closed = filling->pack->closed;
    if (filling->count)
        memset(closed, 0, filling->count);
    bool empty = !put_urgent(filling, machine, free_now);
    for (;;) {
        size_t best = SIZE_MAX;
        double best_score = -HUGE_VAL;
        for (size_t i = 0; i < filling->count; i++) {
            if (closed[i] || filling->items[i].count == 0)
                continue;
            if (!fits(filling, i, free_now)) {
                closed[i] = 1;
                continue;
            }
            double value = score(filling, i, free_now, empty);
            if (value > best_score) {
                best = i;
                best_score = value;
            }
        }
        if (best == SIZE_MAX)
            return;
        int64_t amount = most_times(filling, best, free_now);
        if (amount > 1)
            amount = amount > 8 ? amount / 4 : 1;
        if (amount < 1) {
            closed[best] = 1;
            continue;
        }
        put_item(filling, machine, best, amount, free_now);
        empty = false;
    }
}

/* Machines of one kind in a row before another group with a per-machine limit becomes urgent. */
static int64_t calm(const struct filling *filling, const struct pack_machine *machine)
{
    const struct pack *pack = filling->pack;
    int64_t most = INT64_MAX;
    for (size_t i = 0; i < filling->count; i++) {
        int64_t each = pack->problem->group_permachine[filling->items[i].group];
        if (each == PROBLEM_UNLIMITED || each == 0 || filling->items[i].count == 0)
            continue;
        bool full = false;
        for (size_t n = machine->first; n < machine->first + machine->items; n++)
            full = full || (pack->content[n].group == filling->items[i].group && pack->content[n].count == each);
        int64_t need = (filling->items[i].count - 1) / each + 1;
        if (!full && filling->left - 1 - need < most)
            most = filling->left - 1 - need > 0 ? filling->left - 1 - need : 0;
    }
    return most;
}

/* How often the pattern just made can be repeated with what is left. */
static int64_t repeats(const struct filling *filling, const struct pack_machine *machine)
{
    const struct pack *pack = filling->pack;
    int64_t most = INT64_MAX;
    for (size_t n = machine->first; n < machine->first + machine->items; n++) {
        for (size_t i = 0; i < filling->count; i++) {
            if (filling->items[i].group == pack->content[n].group &&
                filling->items[i].count / pack->content[n].count < most)
                most = filling->items[i].count / pack->content[n].count;
        }
    }
    return machine->items ? most : 0;
}

static void repeat(struct filling *filling, struct pack_machine *machine, int64_t times)
{
    const struct pack *pack = filling->pack;
    for (size_t n = machine->first; n < machine->first + machine->items && times > 0; n++) {
        for (size_t i = 0; i < filling->count; i++) {
            if (filling->items[i].group == pack->content[n].group)
                filling->items[i].count -= pack->content[n].count * times;
        }
    }
    machine->times += times;
}

static size_t drop_empty(struct pack_item *items, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (items[i].count > 0)
            items[kept++] = items[i];
    }
    return kept;
}

/* The next machine's share of held capacity: full machines while there is enough, then what is left; or the same on
 * each of `machines`. */
static int64_t take_held(const struct problem *problem, uint32_t pool, int64_t machines, int64_t *held, int64_t *part)
{
    size_t cell = (size_t)pool * problem->dimensions;
    int64_t times = INT64_MAX;
    if (machines > 1) {
        bool any = false;
        for (uint32_t k = 0; k < problem->dimensions; k++) {
            any = any || held[k] > 0;
            part[k] = held[k] > 0 ? (held[k] - 1) / machines + 1 : 0;
            held[k] = 0;
        }
        return any ? machines : 0;
    }
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        int64_t capacity = problem->pool_capacity[cell + k];
        part[k] = held[k] < capacity ? held[k] : capacity;
        if (part[k] && held[k] / part[k] < times)
            times = held[k] / part[k];
    }
    if (times == INT64_MAX)
        return 0;
    for (uint32_t k = 0; k < problem->dimensions; k++)
        held[k] -= part[k] * times;
    return times;
}

/* --- very many groups in one pool --------------------------------------------------------------------------------- */

/* Every machine is filled by looking at every item: with more items than this only so many are looked at, a mixture of
 * all sizes, and others take the places of those that are used up. */
enum { PACK_WINDOW = 400 };

struct sized_item {
    struct pack_item item;
    bool limited;
    double size;
};

/* Groups with a per-machine limit first, for they must be spread from the first machine on; then the largest. */
static int compare_sized(const void *left, const void *right)
{
    const struct sized_item *a = left;
    const struct sized_item *b = right;
    if (a->limited != b->limited)
        return a->limited ? -1 : 1;
    if (a->size != b->size)
        return a->size > b->size ? -1 : 1;
    return a->item.group < b->item.group ? -1 : a->item.group > b->item.group;
}

/* Brings the items into the order in which they enter the window; returns how many are in it at first. */
static size_t order_items(const struct filling *filling, size_t count)
{
    const struct problem *problem = filling->pack->problem;
    struct sized_item *sized = memory_new(count, sizeof *sized);
    size_t limited = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t *demand = demand_of(filling, i);
        int64_t each = problem->group_permachine[filling->items[i].group];
        sized[i] = (struct sized_item){.item = filling->items[i], .limited = each != PROBLEM_UNLIMITED && each > 0};
        limited += sized[i].limited;
        for (uint32_t k = 0; k < problem->dimensions; k++) {
            double part = (double)demand[k] * filling->inverse[k];
            sized[i].size = part > sized[i].size ? part : sized[i].size;
        }
    }
    qsort(sized, count, sizeof *sized, compare_sized);
    size_t stride = (count - limited) / PACK_WINDOW + 1;
    size_t at = 0;
    for (; at < limited; at++)
        filling->items[at] = sized[at].item;
    for (size_t first = 0; first < stride; first++)
        for (size_t i = limited + first; i < count; i += stride)
            filling->items[at++] = sized[i].item;
    free(sized);
    return limited > PACK_WINDOW ? limited : PACK_WINDOW;
}

/* The items that wait are items[*waiting..total): enough of them follow the window's own. */
static void refill_window(struct filling *filling, size_t *waiting, size_t total)
{
    if (*waiting == total || filling->count > PACK_WINDOW / 2)
        return;
    size_t more = PACK_WINDOW - filling->count;
    more = more < total - *waiting ? more : total - *waiting;
    memmove(filling->items + filling->count, filling->items + *waiting, more * sizeof *filling->items);
    filling->count += more;
    *waiting += more;
}

void pack_pool(struct pack *pack, uint32_t pool, struct pack_item *items, size_t count, int64_t machines,
               unsigned variant)
{
    const struct problem *problem = pack->problem;
    size_t cell = (size_t)pool * problem->dimensions;
    struct filling filling = {.pack = pack,
                              .pool = pool,
                              .items = items,
                              .count = drop_empty(items, count),
                              .variant = variant,
                              .left = machines};
    int64_t held[PROBLEM_DIMENSIONS_MAX];
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        int64_t capacity = problem->pool_capacity[cell + k];
        filling.inverse[k] = capacity ? 1.0 / (double)capacity : 0;
        held[k] = problem->pool_held[cell + k];
    }
    if (count > pack->closed_room) {
        pack->closed_room = 2 * count;
        pack->closed = memory_resize(pack->closed, pack->closed_room, 1);
    }
    size_t total = filling.count;
    if (total > PACK_WINDOW) {
        size_t window = order_items(&filling, total);
        filling.count = window < total ? window : total;
    }
    size_t waiting = filling.count;
    if (!(variant & PACK_SPREAD_HELD))
        machines = 1;
    pack->machines = 0;
    pack->contents = 0;
    pack->total = 0;
    int64_t held_times = 0;
    int64_t part[PROBLEM_DIMENSIONS_MAX] = {0};
    for (;;) {
        if (held_times == 0)
            held_times = take_held(problem, pool, machines, held, part);
        if (held_times == 0 && filling.count == 0)
            break;
        struct pack_machine machine = {.times = 1, .first = pack->contents, .held = held_times > 0};
        int64_t free_now[PROBLEM_DIMENSIONS_MAX];
        for (uint32_t k = 0; k < problem->dimensions; k++) {
            machine.held_part[k] = machine.held ? part[k] : 0;
            free_now[k] = problem->pool_capacity[cell + k] - machine.held_part[k];
        }
        weigh(&filling);
        fill_machine(&filling, &machine, free_now);
        int64_t more = machine.items ? repeats(&filling, &machine) : INT64_MAX;
        if (machine.held) {
            more = more < held_times - 1 ? more : held_times - 1;
            held_times -= 1 + more;
        } else if (!machine.items) {
            break; /* nothing fits an empty machine; the caller never asks for that */
        }
        if (filling.left > 1) {
            int64_t quiet = calm(&filling, &machine);
            if (machine.held && quiet < more)
                held_times += more - quiet;
            more = more < quiet ? more : quiet;
        }
        repeat(&filling, &machine, more);
        filling.left -= machine.times;
        pack->machine = memory_grow(pack->machine, pack->machines, &pack->machine_room, sizeof *pack->machine);
        pack->machine[pack->machines++] = machine;
        pack->total += machine.times;
        filling.count = drop_empty(items, filling.count);
        refill_window(&filling, &waiting, total);
    }
}

static size_t gather_items(struct pack *pack, const struct round *round, uint32_t pool)
{
    uint32_t slots = round->pool_slot_start[pool + 1] - round->pool_slot_start[pool];
    if (slots > pack->item_room) {
        pack->item_room = slots;
        pack->item = memory_resize(pack->item, pack->item_room, sizeof *pack->item);
    }
    size_t count = 0;
    for (uint32_t i = round->pool_slot_start[pool]; i < round->pool_slot_start[pool + 1]; i++) {
        uint32_t slot = round->pool_slot[i];
        if (round->count[slot] > 0)
            pack->item[count++] = (struct pack_item){round->slot_group[slot], round->count[slot]};
    }
    return count;
}

void pack_round(struct pack *pack, const struct round *round, uint32_t pool)
{
    const struct problem *problem = pack->problem;
    struct pack other;
    bool held = false;
    for (uint32_t k = 0; k < problem->dimensions; k++)
        held = held || problem->pool_held[(size_t)pool * problem->dimensions + k] > 0;
    size_t items = gather_items(pack, round, pool); /* before pack->item is read: gathering may move it */
    pack_pool(pack, pool, pack->item, items, round->machines[pool], PACK_SPREAD_HELD);
    pack_init(&other, problem);
    for (unsigned variant = 0; variant < PACK_VARIANTS && pack->total > round->machines[pool]; variant++) {
        if (variant == PACK_SPREAD_HELD || (!held && (variant & PACK_SPREAD_HELD)))
            continue;
        if (!held && variant == 0)
            continue;
        items = gather_items(&other, round, pool);
        pack_pool(&other, pool, other.item, items, round->machines[pool], variant);
        if (other.total < pack->total) {
            struct pack better = other;
            other = *pack;
            *pack = better;
        }
    }
    pack_release(&other);
}

void pack_emit(const struct pack *pack, uint32_t pool, struct plan *plan)
{
    for (size_t i = 0; i < pack->machines; i++) {
        const struct pack_machine *machine = &pack->machine[i];
        plan_add_pack(plan, pool, machine->times);
        if (machine->held)
            plan_add_pack_held(plan, machine->held_part, pack->problem->dimensions);
        for (size_t n = machine->first; n < machine->first + machine->items; n++)
            plan_add_pack_item(plan, pack->content[n].group, pack->content[n].count);
    }
}
