/* See scan.h. A group's part is a greedy fill from its cheapest pairs; without caps and moves that is the cheapest. */
#include "controller/placement/scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/scan_surplus.h"

enum {
    NEAR = WORK_SLOTS_SPREAD,
    BEYOND = 48 /* pairs looked at beyond those that the greedy asked for */
};

struct near {
    double cost;
    uint32_t pair;
};

/* The cheapest `room` pairs, ascending. */
struct nearest {
    uint32_t count;
    uint32_t room;
    struct near item[NEAR];
};

static void nearest_offer(struct nearest *nearest, double cost, uint32_t pair)
{
    if (nearest->count == nearest->room) {
        if (cost >= nearest->item[nearest->count - 1].cost)
            return;
        nearest->count--;
    }
    uint32_t at = nearest->count++;
    while (at > 0 && nearest->item[at - 1].cost > cost) {
        nearest->item[at] = nearest->item[at - 1];
        at--;
    }
    nearest->item[at] = (struct near){cost, pair};
}

struct scan {
    struct work *work;
    size_t room;
    struct near *heap, *sorted; /* all pairs of a group with caps */
    double *used;               /* of each of its caps */
    struct scan_surplus surplus;
};

/* Pairs in ascending order, brought out of a heap only as far as somebody asks. */
struct ascending {
    struct near *heap;
    size_t heaped;
    struct near *out;
    size_t count; /* brought out so far */
    size_t all;
};

static bool near_before(const struct near *a, const struct near *b)
{
    return a->cost != b->cost ? a->cost < b->cost : a->pair < b->pair;
}

static void sift_down(struct near *heap, size_t count, size_t at)
{
    struct near moving = heap[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count)
            break;
        if (child + 1 < count && near_before(&heap[child + 1], &heap[child]))
            child++;
        if (!near_before(&heap[child], &moving))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moving;
}

static struct ascending ascending_start(struct near *heap, struct near *out, size_t count)
{
    for (size_t at = count / 2; at-- > 0;)
        sift_down(heap, count, at);
    return (struct ascending){.heap = heap, .heaped = count, .out = out, .all = count};
}

/* The at-th cheapest; at < all. */
static const struct near *ascending_at(struct ascending *ascending, size_t at)
{
    while (ascending->count <= at) {
        ascending->out[ascending->count++] = ascending->heap[0];
        ascending->heap[0] = ascending->heap[--ascending->heaped];
        if (ascending->heaped)
            sift_down(ascending->heap, ascending->heaped, 0);
    }
    return &ascending->out[at];
}

static void keep_slot(struct work *work, uint32_t group, size_t at, uint32_t pair, double x)
{
    const struct problem *problem = work->problem;
    uint32_t pool = problem->pair_pool[pair];
    work->slot[at] = (struct work_slot){.pair = pair,
                                        .pool = pool,
                                        .cap = work->cap_any[group] ? work_cap_of(work, pool) : WORK_NONE,
                                        .now = (float)problem->pair_now[pair],
                                        .extra = (double)problem->pair_extra[pair],
                                        .crossing = work_crossing_of(work, group, pool),
                                        .x = x};
}

/* A slot in use stays, and one whose limit alone keeps it empty, unless its pool has no machines at all: what the limit
 * is worth there is found again in every scan. */
static bool stays(const struct work *work, const struct work_slot *slot, const struct work_rider *rider)
{
    if (slot->x > 1e-9)
        return true;
    return rider && (rider->value > 0 || rider->centre > 0) && work->machines[slot->pool] > 1e-9;
}

/* Slots in use stay; the nearest fill what is left of the room. */
static void renew_slots(const struct scan *scan, uint32_t group, const struct near *near, uint32_t count)
{
    struct work *work = scan->work;
    size_t first = work->slot_start[group];
    size_t room = work->slot_start[group + 1] - first;
    size_t kept = 0;
    bool rides = scan->surplus.rides;
    struct work_rider *rider = rides ? work->rider + work->rider_start[group] : NULL;
    for (size_t i = 0; i < work->slot_count[group]; i++) {
        if (!stays(work, &work->slot[first + i], rides ? &rider[i] : NULL))
            continue;
        if (rides)
            rider[kept] = rider[i];
        work->slot[first + kept++] = work->slot[first + i];
    }
    size_t in_use = kept;
    for (uint32_t i = 0; i < count && kept < room; i++) {
        bool there = false;
        for (size_t s = 0; s < in_use && !there; s++)
            there = work->slot[first + s].pair == near[i].pair;
        if (there)
            continue;
        if (rides)
            rider[kept] = (struct work_rider){.centre = scan->surplus.rider[work->problem->pair_pool[near[i].pair]],
                                              .pace = {.factor = 1}};
        keep_slot(work, group, first + kept++, near[i].pair, 0);
    }
    work->slot_count[group] = (uint8_t)kept;
}

/* Without caps: up to `now` at the pair's cost, anything at the cheapest cost with a move. near is ascending. */
static double greedy_plain(const struct work *work, uint32_t group, const struct near *near, uint32_t count)
{
    double left = (double)work->problem->group_count[group];
    double unplaced = (double)work->problem->group_unplaced[group];
    double move = (double)work->problem->group_move[group];
    double all = unplaced;
    if (count && near[0].cost + move < all)
        all = near[0].cost + move;
    double value = 0;
    for (uint32_t i = 0; i < count && near[i].cost < all && move > 0; i++) {
        double here = (double)work->problem->pair_now[near[i].pair];
        here = here < left ? here : left;
        value += here * near[i].cost;
        left -= here;
    }
    return value + left * all;
}

/* The same within nested caps: `now` items and others in one order. */
static double greedy_capped(struct work *work, uint32_t group, struct ascending *near, double *used)
{
    size_t count = near->all;
    const struct problem *problem = work->problem;
    double left = (double)problem->group_count[group];
    double unplaced = (double)problem->group_unplaced[group];
    double move = (double)problem->group_move[group];
    double value = 0;
    for (uint32_t c = problem->cap_start[group]; c < problem->cap_start[group + 1]; c++)
        used[c - problem->cap_start[group]] = 0;
    size_t with_now = 0;
    size_t beyond = 0;
    while (left > 0) {
        if (move > 0) {
            while (with_now < count && problem->pair_now[ascending_at(near, with_now)->pair] == 0)
                with_now++;
        } else {
            with_now = count;
        }
        double now_cost = with_now < count ? ascending_at(near, with_now)->cost : HUGE_VAL;
        double new_cost = beyond < count ? ascending_at(near, beyond)->cost + move : HUGE_VAL;
        bool now_first = now_cost <= new_cost;
        double cost = now_first ? now_cost : new_cost;
        if (cost >= unplaced)
            break;
        const struct near *item = ascending_at(near, now_first ? with_now++ : beyond++);
        double amount = now_first ? (double)problem->pair_now[item->pair] : left;
        amount = amount < left ? amount : left;
        int32_t cap = work_cap_of(work, problem->pair_pool[item->pair]);
        for (int32_t c = cap; c != WORK_NONE; c = work->cap_parent[c]) {
            double room = (double)problem->cap_max[c] - used[(uint32_t)c - problem->cap_start[group]];
            amount = room < amount ? room : amount;
        }
        for (int32_t c = cap; c != WORK_NONE; c = work->cap_parent[c])
            used[(uint32_t)c - problem->cap_start[group]] += amount;
        value += amount * cost;
        left -= amount;
    }
    for (uint32_t c = problem->cap_start[group]; c < problem->cap_start[group + 1]; c++) {
        if (work->cap_crossing[c])
            value -= work->cap_price[c] * (double)problem->cap_max[c];
    }
    return value + left * unplaced;
}

/* The cheapest pairs that stand today: they cost no move, wherever they are in the order. */
static struct nearest nearest_now(const struct scan *scan, uint32_t group, uint32_t room)
{
    const struct work *work = scan->work;
    const struct problem *problem = work->problem;
    struct nearest now = {.room = room};
    if (problem->group_move[group] <= 0 || work->now_total[group] <= 0)
        return now;
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        if (problem->pair_now[i] && !isinf(work->extra[i]))
            nearest_offer(&now, scan_pair_cost(work, &scan->surplus, group, i), (uint32_t)i);
    }
    return now;
}

static bool is_near(const struct nearest *nearest, uint32_t pair)
{
    for (uint32_t i = 0; i < nearest->count; i++) {
        if (nearest->item[i].pair == pair)
            return true;
    }
    return false;
}

/* After those that stand today the first of the ascending pairs, no more than a few a cap, so that a group that must
 * spread can. */
static uint32_t pick_spread(const struct work *work, const struct nearest *now, struct ascending *near,
                            struct near *picked)
{
    int32_t seen_cap[NEAR];
    uint32_t seen[NEAR];
    uint32_t caps = 0;
    uint32_t kept = 0;
    size_t end = near->count + BEYOND < near->all ? near->count + BEYOND : near->all;
    for (uint32_t i = 0; i < now->count; i++)
        picked[kept++] = now->item[i];
    for (size_t i = 0; i < end && kept < NEAR; i++) {
        const struct near *item = ascending_at(near, i);
        if (is_near(now, item->pair))
            continue;
        int32_t cap = work_cap_of(work, work->problem->pair_pool[item->pair]);
        uint32_t at = 0;
        while (at < caps && seen_cap[at] != cap)
            at++;
        if (at == caps) {
            seen_cap[caps] = cap;
            seen[caps++] = 0;
        }
        if (cap != WORK_NONE && seen[at] >= NEAR / 4)
            continue;
        seen[at]++;
        picked[kept++] = *item;
    }
    return kept;
}

static double scan_capped(struct scan *scan, uint32_t group)
{
    struct work *work = scan->work;
    const struct problem *problem = work->problem;
    size_t first = problem->pair_start[group];
    size_t all = problem->pair_start[group + 1] - first;
    uint32_t caps = problem->cap_start[group + 1] - problem->cap_start[group];
    if (all > scan->room || caps > scan->room) {
        scan->room = 2 * (all > caps ? all : caps);
        scan->sorted = memory_resize(scan->sorted, scan->room, sizeof *scan->sorted);
        scan->heap = memory_resize(scan->heap, scan->room, sizeof *scan->heap);
        scan->used = memory_resize(scan->used, scan->room, sizeof *scan->used);
    }
    work_open_caps(work, group);
    size_t count = 0;
    for (size_t i = first; i < first + all; i++) {
        double cost = scan_pair_cost(work, &scan->surplus, group, i);
        if (!isinf(cost))
            scan->heap[count++] = (struct near){cost, (uint32_t)i};
    }
    struct ascending ascending = ascending_start(scan->heap, scan->sorted, count);
    struct near picked[NEAR];
    double value = greedy_capped(work, group, &ascending, scan->used);
    struct nearest now = nearest_now(scan, group, NEAR / 4);
    uint32_t kept = pick_spread(work, &now, &ascending, picked);
    renew_slots(scan, group, picked, kept);
    return value;
}

static double scan_plain(struct scan *scan, uint32_t group)
{
    struct work *work = scan->work;
    const struct problem *problem = work->problem;
    struct nearest nearest = {.room = scan->surplus.rides ? WORK_SLOTS_SPREAD : WORK_SLOTS};
    bool moves = problem->group_move[group] > 0 && work->now_total[group] > 0;
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        double cost = scan_pair_cost(work, &scan->surplus, group, i);
        if (nearest.count < nearest.room || cost < nearest.item[nearest.count - 1].cost) {
            if (!isinf(cost))
                nearest_offer(&nearest, cost, (uint32_t)i);
        }
    }
    if (!moves) {
        double value = greedy_plain(work, group, nearest.item, nearest.count);
        renew_slots(scan, group, nearest.item, nearest.count);
        return value;
    }
    struct nearest now = nearest_now(scan, group, nearest.room / 2);
    struct near merged[NEAR] = {{0}};
    uint32_t count = 0;
    for (uint32_t i = 0; i < now.count; i++)
        merged[count++] = now.item[i];
    for (uint32_t i = 0; i < nearest.count && count < NEAR; i++) {
        if (!problem->pair_now[nearest.item[i].pair])
            merged[count++] = nearest.item[i];
    }
    renew_slots(scan, group, merged, count < nearest.room ? count : nearest.room);
    for (uint32_t i = 1; i < count; i++) {
        struct near moving = merged[i];
        uint32_t at = i;
        for (; at > 0 && near_before(&moving, &merged[at - 1]); at--)
            merged[at] = merged[at - 1];
        merged[at] = moving;
    }
    return greedy_plain(work, group, merged, count);
}

double scan_pool(const struct work *work, uint32_t pool)
{
    uint32_t dimensions = work->dimensions;
    size_t cell = (size_t)pool * dimensions;
    double least = work->least[pool];
    double slope = work->slope[pool] - work->rider_pay[pool];
    double value = slope * least;
    double income = 0;
    for (uint32_t k = 0; k < dimensions; k++) {
        value -= work->price[cell + k] * (work->capacity[cell + k] * least - work->held[cell + k]);
        income += work->price[cell + k] * work->grown[cell + k];
    }
    double from = least;
    for (uint32_t t = work->tier_start[pool]; t < work->tier_start[pool + 1]; t++) {
        double loss = work->tier[t].price + slope - income;
        if (loss >= 0)
            break;
        double end = work->tier[t].upto;
        if (isinf(end)) /* rounding only: prices of a pool without limit add up to what a machine costs */
            end = from + 2 * (work->machines[pool] + 1);
        if (end > from)
            value += loss * (end - from);
        from = end;
    }
    return value;
}

double scan_all(struct work *work, struct scan_riders *riders)
{
    const struct problem *problem = work->problem;
    struct scan scan = {.work = work};
    scan_surplus_init(&scan.surplus, work);
    riders->count = 0;
    double bound = 0;
    for (uint32_t j = 0; j < work->groups; j++) {
        double growth = (double)problem->group_count[j] - work->now_total[j];
        if (growth > 0)
            bound -= (double)problem->group_move[j] * growth;
        scan_surplus_open(&scan.surplus, work, j, riders);
        bound += work->cap_any[j] ? scan_capped(&scan, j) : scan_plain(&scan, j);
        scan_surplus_close(&scan.surplus, work, j);
    }
    for (uint32_t p = 0; p < work->pools; p++)
        bound += scan_pool(work, p);
    for (uint32_t b = 0; b < problem->budgets.count; b++)
        bound -= work->budget[b] * (double)problem->budgets.most[b];
    for (uint32_t b = 0; b < problem->group_budgets.count; b++)
        bound -= work->group_budget[b] * (double)problem->group_budgets.most[b];
    for (uint32_t q = 0; q < problem->quotas.count; q++)
        bound -= work->quota[q] * (double)problem->quotas.most[q];
    scan_surplus_release(&scan.surplus);
    free(scan.sorted);
    free(scan.heap);
    free(scan.used);
    return bound;
}
