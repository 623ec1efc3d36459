/* The first rounding: whole allocations after the fractional plan; see round.h. */
#include <stdlib.h>

#include "base/memory.h"
#include "controller/placement/round.h"

/* Machines that `wanted` more of the group would need, at least 1, at most what may be opened. */
static int64_t machines_for(const struct round *round, uint32_t group, size_t slot, int64_t wanted)
{
    const struct problem *problem = round->work->problem;
    uint32_t pool = round->work->slot[slot].pool;
    __int128 machines = 1;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        size_t cell = (size_t)pool * problem->dimensions + k;
        __int128 lacking =
            (__int128)problem->group_demand[(size_t)group * problem->dimensions + k] * wanted - round->free[cell];
        int64_t capacity = problem->pool_capacity[cell];
        if (capacity && lacking > 0 && (lacking - 1) / capacity + 1 > machines)
            machines = (lacking - 1) / capacity + 1;
    }
    int64_t each = problem->group_permachine[group];
    if (each != PROBLEM_UNLIMITED && each > 0) {
        int64_t all = (round->count[slot] + wanted - 1) / each + 1;
        machines = all - round->machines[pool] > machines ? all - round->machines[pool] : machines;
    }
    int64_t most = round_openable(round, pool);
    return machines < most ? (int64_t)machines : most;
}

/* Adds up to `wanted` in the slot, opening machines as long as limits allow. */
static int64_t add_opening(struct round *round, uint32_t group, size_t slot, int64_t wanted)
{
    uint32_t pool = round->work->slot[slot].pool;
    int64_t room = round_room(round, group, ROUND_UNPLACED, slot);
    if (room < wanted) {
        int64_t opened = machines_for(round, group, slot, wanted);
        round_change_machines(round, pool, opened);
        int64_t more = round_room(round, group, ROUND_UNPLACED, slot);
        if (more == room && opened)
            round_change_machines(round, pool, -opened);
        room = more;
    }
    room = room < wanted ? room : wanted;
    if (room > 0)
        round_move(round, group, ROUND_UNPLACED, slot, room);
    return room > 0 ? room : 0;
}

static double load_price(const struct round *round, uint32_t group, uint32_t pool)
{
    const struct work *work = round->work;
    double price = 0;
    for (uint32_t k = 0; k < work->dimensions; k++)
        price +=
            round->margin[(size_t)pool * work->dimensions + k] * work->demand[(size_t)group * work->dimensions + k];
    return price;
}

/* Where the per-machine limit alone is in the way, each allocation pays for its part of a machine of its own. */
static double machine_alone(const struct round *round, uint32_t group, size_t slot)
{
    const struct problem *problem = round->work->problem;
    uint32_t pool = round->work->slot[slot].pool;
    int64_t each = problem->group_permachine[group];
    if (each == PROBLEM_UNLIMITED || each == 0 || round->count[slot] < each * round->machines[pool])
        return 0;
    double alone = round_open_cost(round, pool) / (double)each - load_price(round, group, pool);
    return alone > 0 ? alone : 0;
}

void round_place_rest(struct round *round, uint32_t group)
{
    struct work *work = round->work;
    size_t first = work->slot_start[group];
    uint64_t tried = 0;
    while (round->unplaced[group] > 0) {
        size_t best = ROUND_UNPLACED;
        double best_cost = 0;
        for (size_t i = 0; i < work->slot_count[group]; i++) {
            if (tried >> i & 1)
                continue;
            double cost = round_delta(round, group, ROUND_UNPLACED, first + i, 1) +
                          load_price(round, group, work->slot[first + i].pool);
            bool fits_now = round_room(round, group, ROUND_UNPLACED, first + i) > 0;
            if (fits_now)
                cost -= 0.3 * load_price(round, group, work->slot[first + i].pool);
            else
                cost += machine_alone(round, group, first + i);
            if (best == ROUND_UNPLACED || cost < best_cost) {
                best = first + i;
                best_cost = cost;
            }
        }
        if (best == ROUND_UNPLACED || best_cost >= 0)
            return;
        int64_t room = round_room(round, group, ROUND_UNPLACED, best);
        int64_t wanted = round->unplaced[group];
        int64_t added = add_opening(round, group, best, room > 0 && room < wanted ? room : wanted);
        if (added == 0)
            tried |= UINT64_C(1) << (best - first);
    }
}

/* Opens the machines that the fractional plan has. */
static void follow_machines(struct round *round)
{
    const struct work *work = round->work;
    for (uint32_t p = 0; p < work->pools; p++) {
        int64_t wanted = work->machines[p] < 1e12 ? (int64_t)(work->machines[p] + 0.01) - round->machines[p] : 0;
        int64_t most = round_openable(round, p);
        wanted = wanted < most ? wanted : most;
        if (wanted > 0)
            round_change_machines(round, p, wanted);
    }
}

/* Whole parts first, as far as there is room; then the largest remainders. */
static void follow_group(struct round *round, uint32_t group, double *rest)
{
    struct work *work = round->work;
    size_t first = work->slot_start[group];
    for (size_t i = 0; i < work->slot_count[group]; i++) {
        double x = work->slot[first + i].x;
        int64_t whole = x < 4e9 ? (int64_t)(x + 1e-6) : round->unplaced[group];
        rest[i] = x - (double)whole;
        if (whole > round->unplaced[group])
            whole = round->unplaced[group];
        int64_t room = round_room(round, group, ROUND_UNPLACED, first + i);
        if (whole > room) {
            rest[i] += (double)(whole - room);
            whole = room;
        }
        if (whole > 0)
            round_move(round, group, ROUND_UNPLACED, first + i, whole);
    }
}

static void follow_rest(struct round *round, uint32_t group, double *rest)
{
    struct work *work = round->work;
    size_t first = work->slot_start[group];
    size_t count = work->slot_count[group];
    while (round->unplaced[group] > 0) {
        size_t best = count;
        for (size_t i = 0; i < count; i++) {
            if (rest[i] > 0.02 && (best == count || rest[i] > rest[best]))
                best = i;
        }
        if (best == count)
            return;
        int64_t room = round_room(round, group, ROUND_UNPLACED, first + best);
        if (room == 0) {
            rest[best] = 0;
            continue;
        }
        round_move(round, group, ROUND_UNPLACED, first + best, 1);
        rest[best] -= 1;
    }
}

/* What is left goes where there is room, if that is not much dearer than what it was meant for. */
static void follow_room(struct round *round, uint32_t group)
{
    struct work *work = round->work;
    size_t first = work->slot_start[group];
    while (round->unplaced[group] > 0) {
        size_t best = ROUND_UNPLACED;
        double best_cost = 0;
        double dream = 0;
        for (size_t s = first; s < first + work->slot_count[group]; s++) {
            double cost = round_delta(round, group, ROUND_UNPLACED, s, 1);
            double full = cost + load_price(round, group, work->slot[s].pool);
            dream = full < dream ? full : dream;
            if (round_room(round, group, ROUND_UNPLACED, s) > 0 && cost < best_cost) {
                best = s;
                best_cost = cost;
            }
        }
        if (best == ROUND_UNPLACED || best_cost > dream)
            return;
        round_move(round, group, ROUND_UNPLACED, best, 1);
    }
}

void round_follow(struct round *round)
{
    const struct work *work = round->work;
    double *rest = memory_new(work->slot_start[work->groups], sizeof *rest);
    follow_machines(round);
    for (uint32_t j = 0; j < work->groups; j++)
        follow_group(round, j, rest + work->slot_start[j]);
    for (uint32_t j = 0; j < work->groups; j++)
        follow_rest(round, j, rest + work->slot_start[j]);
    for (uint32_t j = 0; j < work->groups; j++)
        follow_room(round, j);
    for (uint32_t j = 0; j < work->groups; j++)
        round_place_rest(round, j);
    free(rest);
    round_trim(round);
}
