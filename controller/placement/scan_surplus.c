/* See scan_surplus.h. */
#include "controller/placement/scan_surplus.h"

#include <stdlib.h>

#include "base/memory.h"
#include "controller/placement/prices_parts.h"

void scan_surplus_init(struct scan_surplus *surplus, const struct work *work)
{
    surplus->any = false;
    surplus->rides = false;
    surplus->pool = memory_new(work->pools, sizeof *surplus->pool);
    surplus->rider = memory_new(work->pools, sizeof *surplus->rider);
}

void scan_surplus_release(struct scan_surplus *surplus)
{
    free(surplus->pool);
    free(surplus->rider);
}

static void append_rider(struct scan_riders *riders, uint32_t group, uint32_t pool, double value)
{
    if (value <= 0)
        return;
    riders->item = memory_grow(riders->item, riders->count, &riders->room, sizeof *riders->item);
    riders->item[riders->count++] = (struct scan_rider){group, pool, value};
}

/* The dearest that the group takes now. */
static double dearest_taken(const struct work *work, const struct scan_surplus *surplus, uint32_t group)
{
    double move = (double)work->problem->group_move[group];
    if (work->left[group] > 1e-6)
        return (double)work->problem->group_unplaced[group];
    double dearest = 0;
    for (size_t s = work->slot_start[group]; s < work->slot_start[group] + work->slot_count[group]; s++) {
        const struct work_slot *slot = &work->slot[s];
        if (slot->x <= 1e-6)
            continue;
        double cost = scan_pair_cost(work, surplus, group, slot->pair) + (slot->x > (double)slot->now ? move : 0);
        dearest = cost > dearest ? cost : dearest;
    }
    return dearest;
}

/* Makes free multipliers of limits in pools without machines. */
static void complete_riders(struct scan_surplus *surplus, struct work *work, uint32_t group)
{
    const struct problem *problem = work->problem;
    double each = (double)problem->group_permachine[group];
    double move = (double)problem->group_move[group];
    double dearest = dearest_taken(work, surplus, group);
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        uint32_t pool = problem->pair_pool[i];
        if (work->machines[pool] > 1e-9 || work->least[pool] > 0)
            continue;
        double missing = dearest - scan_pair_cost(work, surplus, group, i) - (problem->pair_now[i] ? 0 : move);
        if (missing <= 0)
            continue;
        double room = (prices_riders_unpaid(work, pool) - work->rider_pay[pool]) / each;
        double value = missing < room ? missing : room;
        if (value <= 0)
            continue;
        surplus->pool[pool] += value;
        surplus->rider[pool] += value;
        work->rider_pay[pool] += each * value;
    }
}

/* No machine may hold any of the group: then any multiplier is free. */
static void forbid(struct scan_surplus *surplus, const struct work *work, uint32_t group, struct scan_riders *riders)
{
    const struct problem *problem = work->problem;
    double value = (double)problem->group_unplaced[group];
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        if (isinf(work->extra[i]))
            continue;
        surplus->pool[problem->pair_pool[i]] += value;
        append_rider(riders, group, problem->pair_pool[i], value);
    }
}

void scan_surplus_open(struct scan_surplus *surplus, struct work *work, uint32_t group, struct scan_riders *riders)
{
    const struct problem *problem = work->problem;
    surplus->rides = prices_riders_any(work, group);
    bool forbidden = problem->group_permachine[group] == 0;
    surplus->any = forbidden || surplus->rides || work->crossing_start[group] < work->crossing_start[group + 1];
    if (!surplus->any)
        return;
    for (uint32_t i = work->crossing_start[group]; i < work->crossing_start[group + 1]; i++) {
        uint32_t list = problem->cap_list[work->crossing[i]];
        double price = work->cap_price[work->crossing[i]];
        for (size_t n = problem->lists.start[list]; n < problem->lists.start[list + 1] && price > 0; n++)
            surplus->pool[problem->lists.pool[n]] += price;
    }
    if (forbidden)
        forbid(surplus, work, group, riders);
    if (!surplus->rides)
        return;
    for (size_t i = 0; i < work->slot_count[group]; i++) {
        uint32_t pool = work->slot[work->slot_start[group] + i].pool;
        surplus->rider[pool] = work->rider[work->rider_start[group] + i].value;
        surplus->pool[pool] += surplus->rider[pool];
    }
    complete_riders(surplus, work, group);
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++)
        append_rider(riders, group, problem->pair_pool[i], surplus->rider[problem->pair_pool[i]]);
}

void scan_surplus_close(struct scan_surplus *surplus, const struct work *work, uint32_t group)
{
    const struct problem *problem = work->problem;
    if (!surplus->any)
        return;
    for (uint32_t i = work->crossing_start[group]; i < work->crossing_start[group + 1]; i++) {
        uint32_t list = problem->cap_list[work->crossing[i]];
        for (size_t n = problem->lists.start[list]; n < problem->lists.start[list + 1]; n++)
            surplus->pool[problem->lists.pool[n]] = 0;
    }
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        surplus->pool[problem->pair_pool[i]] = 0;
        surplus->rider[problem->pair_pool[i]] = 0;
    }
}
