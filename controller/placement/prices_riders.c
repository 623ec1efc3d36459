/* Per-machine limits x <= l y: each has a multiplier that the group pays for an allocation and the pool gets for a
 * machine. A pool sees all of its limits as one line through what they pay now; visits and sweeps draw it anew. */
#include <math.h>
#include <string.h>

#include "controller/placement/prices.h"
#include "controller/placement/prices_parts.h"

bool prices_riders_any(const struct work *work, uint32_t group)
{
    return work->problem->group_permachine[group] != PROBLEM_UNLIMITED && work->problem->group_permachine[group] > 0;
}

static double each_of(const struct work *work, uint32_t group)
{
    return (double)work->problem->group_permachine[group];
}

double prices_rider_price(const struct work *work, uint32_t group, size_t at)
{
    const struct work_slot *slot = &work->slot[work->slot_start[group] + at];
    const struct work_rider *rider = &work->rider[work->rider_start[group] + at];
    double over = slot->x - each_of(work, group) * work->machines[slot->pool];
    double price = rider->centre + rider->stiffness * over;
    return price > 0 ? price : 0;
}

void prices_rider_renew(struct work *work, uint32_t group, size_t at)
{
    uint32_t pool = work->slot[work->slot_start[group] + at].pool;
    struct work_rider *rider = &work->rider[work->rider_start[group] + at];
    double each = each_of(work, group);
    double machines = work->machines[pool];
    double weight = rider->stiffness * each * each;
    if (rider->value > 0) {
        work->rider_pay[pool] -= each * rider->value - weight * (machines - rider->machines);
        work->rider_weight[pool] -= weight;
    }
    rider->value = prices_rider_price(work, group, at);
    rider->machines = machines;
    if (rider->value > 0) {
        work->rider_pay[pool] += each * rider->value;
        work->rider_weight[pool] += weight;
    }
    if (work->rider_weight[pool] < 1e-9 * weight) {
        work->rider_weight[pool] = 0;
        work->rider_pay[pool] = 0;
    }
}

/* Sums over all groups, which leaves no rounding errors behind. */
static void add_up(struct work *work)
{
    memset(work->rider_pay, 0, work->pools * sizeof *work->rider_pay);
    memset(work->rider_weight, 0, work->pools * sizeof *work->rider_weight);
    for (uint32_t i = 0; i < work->rider_groups; i++) {
        uint32_t group = work->rider_group[i];
        double each = each_of(work, group);
        for (size_t at = 0; at < work->slot_count[group]; at++) {
            uint32_t pool = work->slot[work->slot_start[group] + at].pool;
            struct work_rider *rider = &work->rider[work->rider_start[group] + at];
            rider->value = prices_rider_price(work, group, at);
            rider->machines = work->machines[pool];
            if (rider->value <= 0)
                continue;
            work->rider_pay[pool] += each * rider->value;
            work->rider_weight[pool] += rider->stiffness * each * each;
        }
    }
}

double prices_riders_unpaid(const struct work *work, uint32_t pool)
{
    double machines = work->machines[pool];
    double cost = HUGE_VAL;
    for (uint32_t t = work->tier_start[pool]; t < work->tier_start[pool + 1]; t++) {
        if (machines < work->tier[t].upto) {
            cost = work->tier[t].price;
            break;
        }
    }
    for (uint32_t i = work->limit_start[pool]; i < work->limit_start[pool + 1]; i++)
        cost += work->limit[i].weight * prices_limit_price(work, work->limit[i].number);
    for (uint32_t k = 0; k < work->dimensions; k++)
        cost -= work->price[(size_t)pool * work->dimensions + k] * work->grown[(size_t)pool * work->dimensions + k];
    return cost > 0 ? cost : 0;
}

void prices_riders_take(struct work *work)
{
    if (!work->rider_groups)
        return;
    add_up(work);
    for (uint32_t p = 0; p < work->pools; p++) {
        if (work->rider_weight[p] > 0)
            prices_update_pool(work, p);
    }
    add_up(work);
    for (uint32_t i = 0; i < work->rider_groups; i++) {
        uint32_t group = work->rider_group[i];
        for (size_t at = 0; at < work->slot_count[group]; at++) {
            uint32_t pool = work->slot[work->slot_start[group] + at].pool;
            double room = work->rider_pay[pool] > 0 ? prices_riders_unpaid(work, pool) : 0;
            if (work->rider_pay[pool] > room)
                work->rider[work->rider_start[group] + at].value *= room / work->rider_pay[pool];
        }
    }
}

/* The scale of what the limit can be worth to an allocation: what it costs by capacity, no more than its part of a
 * machine, no less than what the limit is worth already. */
static double typical_worth(const struct work *work, uint32_t group, uint32_t pool, double centre)
{
    double part = work->tier[work->tier_start[pool]].price / each_of(work, group);
    double level = 0;
    for (uint32_t k = 0; k < work->dimensions; k++)
        level += work->centre[(size_t)pool * work->dimensions + k] * work->demand[(size_t)group * work->dimensions + k];
    double worth = level < part || part <= 0 ? level : part;
    worth = worth > 0.001 * part ? worth : 0.001 * part;
    worth = worth > centre ? worth : centre;
    return worth > 0 ? worth : 1;
}

void prices_riders_centre(struct work *work, double share, double strength)
{
    for (uint32_t i = 0; i < work->rider_groups; i++) {
        uint32_t group = work->rider_group[i];
        double each = each_of(work, group);
        for (size_t at = 0; at < work->slot_count[group]; at++) {
            uint32_t pool = work->slot[work->slot_start[group] + at].pool;
            struct work_rider *rider = &work->rider[work->rider_start[group] + at];
            prices_pace_centre(&rider->pace, share, prices_rider_price(work, group, at), &rider->centre);
            double worth = typical_worth(work, group, pool, rider->centre);
            double size = each * (work->machines[pool] > 1 ? work->machines[pool] : 1);
            rider->stiffness = (double)rider->pace.factor * strength * worth / size;
            if (rider->centre < 1e-9 * worth)
                rider->centre = 0;
        }
    }
    add_up(work);
}
