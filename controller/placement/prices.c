/* Sweeps over the groups and the pools' answer to them; see prices.h. */
#include "controller/placement/prices.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/scan.h"

static double limit_price(const struct work *work, uint32_t number);
static double gbudget_price(const struct work *work, uint32_t number);

/* --- a pool --- */

/* The dimensions of a pool as functions of v, the machines above y0: price_k = weight_k / grown_k x (zero_k - v)+. */
struct curve {
    uint32_t count;
    double base_weight, base_moment; /* what limits add: they answer to v without end */
    double zero[PROBLEM_DIMENSIONS_MAX];
    double weight[PROBLEM_DIMENSIONS_MAX];
};

/* Sorted by zero, largest first. */
static void curve_add(struct curve *curve, double zero, double weight)
{
    uint32_t at = curve->count++;
    while (at > 0 && curve->zero[at - 1] < zero) {
        curve->zero[at] = curve->zero[at - 1];
        curve->weight[at] = curve->weight[at - 1];
        at--;
    }
    curve->zero[at] = zero;
    curve->weight[at] = weight;
}

/* v with sum of weight x (zero - v)+ = level; level >= 0. */
static double curve_solve(const struct curve *curve, double level)
{
    double weight = curve->base_weight;
    double moment = curve->base_moment;
    double v = curve->count ? curve->zero[0] : 0;
    for (uint32_t i = 0; i < curve->count; i++) {
        weight += curve->weight[i];
        moment += curve->weight[i] * curve->zero[i];
        v = (moment - level) / weight;
        if (i + 1 == curve->count || v >= curve->zero[i + 1])
            break;
    }
    return v;
}

void prices_update_pool(struct work *work, uint32_t pool)
{
    uint32_t dimensions = work->dimensions;
    size_t cell = (size_t)pool * dimensions;
    double least = work->least[pool];
    double base[PROBLEM_DIMENSIONS_MAX];
    struct curve curve = {0};
    for (uint32_t k = 0; k < dimensions; k++) {
        double stiffness = work->stiffness[cell + k];
        double grown = work->grown[cell + k];
        base[k] = work->load[cell + k] + work->held[cell + k] - work->capacity[cell + k] * least +
                  work->centre[cell + k] / stiffness;
        if (base[k] > 0 && grown > 0)
            curve_add(&curve, base[k] / grown, stiffness * grown * grown);
    }
    double old = work->machines[pool] - least;
    double limits = -work->rider_pay[pool];
    for (uint32_t i = work->limit_start[pool]; i < work->limit_start[pool + 1]; i++) {
        double price = limit_price(work, work->limit[i].number);
        double weight = work->limit[i].weight;
        if (price <= 0)
            continue;
        limits += weight * price;
        curve.base_weight += weight * weight * work->limit_stiffness[work->limit[i].number];
    }
    curve.base_moment = curve.base_weight * old;
    double v = 0;
    bool moves = false;
    for (uint32_t t = work->tier_start[pool]; t < work->tier_start[pool + 1] && curve.count; t++) {
        double slope = work->tier[t].price + limits;
        double end = work->tier[t].upto - least;
        if (end <= v)
            continue;
        double at = curve_solve(&curve, slope);
        moves = at > v && at < end;
        if (at <= v)
            break;
        v = at < end ? at : end;
        if (moves)
            break;
    }
    if (least + v < work->low[pool] || least + v > work->high[pool]) {
        v = (least + v < work->low[pool] ? work->low[pool] : work->high[pool]) - least;
        moves = false;
    }
    work->machines[pool] = least + v;
    for (uint32_t i = work->limit_start[pool]; i < work->limit_start[pool + 1]; i++)
        work->limit_used[work->limit[i].number] += work->limit[i].weight * (v - old);
    double free_slope = curve.base_weight;
    for (uint32_t k = 0; k < dimensions; k++) {
        double over = base[k] - work->grown[cell + k] * v;
        double stiffness = work->stiffness[cell + k];
        work->price[cell + k] = over > 0 ? stiffness * over : 0;
        if (over > 0)
            free_slope += stiffness * work->grown[cell + k] * work->grown[cell + k];
    }
    work->free_slope[pool] = moves ? free_slope : 0;
}

/* How fast the group's cost in the pool rises with an allocation more. */
static double steepness(const struct work *work, uint32_t pool, const double *demand)
{
    size_t cell = (size_t)pool * work->dimensions;
    double square = 0;
    double along = 0;
    for (uint32_t k = 0; k < work->dimensions; k++) {
        if (work->price[cell + k] <= 0)
            continue;
        double pull = work->stiffness[cell + k] * demand[k];
        square += pull * demand[k];
        along += pull * work->grown[cell + k];
    }
    if (work->free_slope[pool] <= 0)
        return square;
    double rest = square - along * along / work->free_slope[pool];
    return rest > 0.02 * square ? rest : 0.02 * square;
}

static void shift_load(struct work *work, uint32_t pool, const double *demand, double amount)
{
    size_t cell = (size_t)pool * work->dimensions;
    for (uint32_t k = 0; k < work->dimensions; k++) {
        double load = work->load[cell + k] + demand[k] * amount;
        work->load[cell + k] = load > 0 ? load : 0;
    }
    prices_update_pool(work, pool);
}

/* --- a group --- */

enum { VISIT_MOVES = 8 };
static const double RIDER_PACE = 0.1;

struct visit {
    struct work *work;
    uint32_t group;
    uint32_t count;
    const double *demand;
    double move;
    double unplaced;
    double each; /* per-machine limit, HUGE_VAL without */
    struct work_slot *slot;
    double cost[WORK_SLOTS_CAPPED];
};

static double slot_cost(const struct visit *visit, uint32_t at)
{
    const struct work *work = visit->work;
    const struct work_slot *slot = &visit->slot[at];
    const double *price = work->price + (size_t)slot->pool * work->dimensions;
    double cost = slot->extra;
    for (uint32_t k = 0; k < work->dimensions; k++)
        cost += price[k] * visit->demand[k];
    if (work->group_rate[visit->group] > 0)
        cost += work->group_rate[visit->group] * (double)problem_pair_rate(work->problem, visit->group, slot->pool);
    if (work->cap_crossed[visit->group])
        cost += work_crossing_price(work, visit->group, slot->pool);
    return cost;
}

static double cost_of_adding(const struct visit *visit, uint32_t at)
{
    return visit->cost[at] + (visit->slot[at].x + 1e-9 < visit->slot[at].now ? 0 : visit->move);
}

/* What the per-machine limit leaves in the slot at the machines the pool has now; negative when it holds too much. The
 * search keeps to it without a multiplier: the bound hardly gains from one. */
static double machine_room(const struct visit *visit, uint32_t at)
{
    double machines = visit->work->machines[visit->slot[at].pool];
    return visit->each < HUGE_VAL ? visit->each * (machines > 1 ? machines : 1) - visit->slot[at].x : HUGE_VAL;
}

static double gain_of_removing(const struct visit *visit, uint32_t at)
{
    double gain = visit->cost[at] + (visit->slot[at].x > visit->slot[at].now + 1e-9 ? visit->move : 0);
    if (visit->each < HUGE_VAL && machine_room(visit, at) < -1e-3)
        gain += visit->work->tier[visit->work->tier_start[visit->slot[at].pool]].price / (visit->each + 0.1);
    return gain;
}

/* Room that the caps round `to` leave for what comes from `from` (WORK_NONE: from outside all caps). */
static double cap_room(const struct work *work, int32_t to, int32_t from)
{
    double room = HUGE_VAL;
    for (int32_t c = to; c != WORK_NONE; c = work->cap_parent[c]) {
        bool shared = false;
        for (int32_t up = from; up != WORK_NONE && !shared; up = work->cap_parent[up])
            shared = up == c;
        if (shared)
            break;
        double here = (double)work->problem->cap_max[c] - work->cap_used[c];
        room = here < room ? here : room;
    }
    return room;
}

static void use_caps(struct work *work, int32_t cap, double amount)
{
    for (int32_t c = cap; c != WORK_NONE; c = work->cap_parent[c])
        work->cap_used[c] += amount;
}

/* The cheapest slot with room for something from `from`, or -1. Slots with x near their cap are passed over. */
static int best_target(const struct visit *visit, int from, double *ret_cost)
{
    const struct work *work = visit->work;
    int32_t from_cap = from >= 0 ? visit->slot[from].cap : WORK_NONE;
    int best = -1;
    double best_cost = HUGE_VAL;
    for (uint32_t i = 0; i < visit->count; i++) {
        if ((int)i == from)
            continue;
        double cost = cost_of_adding(visit, i);
        if (cost >= best_cost)
            continue;
        if (visit->each < HUGE_VAL && machine_room(visit, i) < 1e-3)
            continue;
        if (visit->slot[i].cap != WORK_NONE && cap_room(work, visit->slot[i].cap, from_cap) < 1e-6)
            continue;
        best = (int)i;
        best_cost = cost;
    }
    *ret_cost = best_cost;
    return best;
}

/* The dearest slot that holds something, or -1 for what is unplaced, -2 when nothing is dearer than nothing. */
static int worst_source(const struct visit *visit, uint64_t tried, double *ret_gain)
{
    int worst = -2;
    double worst_gain = -HUGE_VAL;
    if (visit->work->left[visit->group] > 1e-9 && !(tried >> 63)) {
        worst = -1;
        worst_gain = visit->unplaced;
    }
    for (uint32_t i = 0; i < visit->count; i++) {
        if (visit->slot[i].x <= 1e-9 || (tried >> i & 1))
            continue;
        double gain = gain_of_removing(visit, i);
        if (gain > worst_gain) {
            worst = (int)i;
            worst_gain = gain;
        }
    }
    *ret_gain = worst_gain;
    return worst;
}

/* Moves an amount between two slots; -1 stands for what is unplaced. */
static void transfer(struct visit *visit, int from, int to, double amount)
{
    struct work *work = visit->work;
    int ends[2] = {from, to};
    for (int side = 0; side < 2; side++) {
        double change = side ? amount : -amount;
        if (ends[side] < 0) {
            work->left[visit->group] += change;
            continue;
        }
        struct work_slot *slot = &visit->slot[ends[side]];
        slot->x += change;
        use_caps(work, slot->cap, change);
        shift_load(work, slot->pool, visit->demand, change);
        for (uint32_t i = work->gbudget_start[visit->group]; i < work->gbudget_start[visit->group + 1]; i++)
            work->gbudget_used[work->gbudget[i]] +=
                change * (double)problem_pair_rate(work->problem, visit->group, slot->pool);
        visit->cost[ends[side]] = slot_cost(visit, (uint32_t)ends[side]);
    }
}

/* Moves what a Newton step says from one slot (-1: unplaced) to another (-1: leave unplaced). */
static double shift(struct visit *visit, int from, int to, double difference)
{
    struct work *work = visit->work;
    double slope = 1e-12;
    double most;
    if (from >= 0) {
        const struct work_slot *slot = &visit->slot[from];
        slope += steepness(work, slot->pool, visit->demand);
        most = slot->x > slot->now + 1e-9 ? slot->x - slot->now : slot->x;
    } else {
        most = work->left[visit->group];
    }
    if (to >= 0) {
        const struct work_slot *slot = &visit->slot[to];
        slope += steepness(work, slot->pool, visit->demand);
        if (visit->move > 0 && slot->x + 1e-9 < slot->now && slot->now - slot->x < most)
            most = slot->now - slot->x;
        double room = cap_room(work, slot->cap, from >= 0 ? visit->slot[from].cap : WORK_NONE);
        most = room < most ? room : most;
        room = machine_room(visit, (uint32_t)to);
        most = room < most ? room : most;
    }
    double amount = difference / slope;
    amount = amount < most ? amount : most;
    if (amount <= 0)
        return 0;
    /* What does not depend on prices: whether the two ends count as moves. */
    double difference_fixed =
        difference - (from >= 0 ? visit->cost[from] : visit->unplaced) + (to >= 0 ? visit->cost[to] : visit->unplaced);
    transfer(visit, from, to, amount);
    /* The slope holds only up to the next kink: where the step went too far, the chord through both ends brings it
     * back. */
    for (int tries = 0; tries < 3; tries++) {
        double after = (from >= 0 ? visit->cost[from] : visit->unplaced) -
                       (to >= 0 ? visit->cost[to] : visit->unplaced) + difference_fixed;
        if (after >= -0.1 * difference)
            break;
        double back = amount * after / (after - difference);
        transfer(visit, to, from, back);
        amount -= back;
    }
    return amount;
}

/* A per-machine limit that keeps the group out of a pool pays for machines there what the group would save: the cost of
 * its next best place less that of the pool. Riders never pay for more than half a machine: beyond that the
 * machines swing from sweep to sweep. */
static void price_riders(struct visit *visit)
{
    struct work *work = visit->work;
    double next_best = visit->unplaced;
    for (uint32_t i = 0; i < visit->count && work->left[visit->group] <= 1e-6; i++) {
        if (machine_room(visit, i) > 1e-3 && cost_of_adding(visit, i) < next_best)
            next_best = cost_of_adding(visit, i);
    }
    for (uint32_t i = 0; i < visit->count; i++) {
        struct work_slot *slot = &visit->slot[i];
        double price = work->tier[work->tier_start[slot->pool]].price;
        double target = machine_room(visit, i) <= 1e-3 ? next_best - cost_of_adding(visit, i) : 0;
        double change = RIDER_PACE * ((target > 0 ? target : 0) - slot->rider);
        double room = 0.5 * price - work->rider_pay[slot->pool];
        if (change * visit->each > room)
            change = room > 0 ? room / visit->each : 0;
        if (slot->rider + change < 1e-9 * price)
            change = -slot->rider;
        slot->rider += change;
        work->rider_pay[slot->pool] += change * visit->each;
    }
}

/* Crossing caps: their multiplier rises while what they hold is too much. */
static void price_crossing_caps(struct work *work, uint32_t group)
{
    const struct problem *problem = work->problem;
    for (uint32_t c = problem->cap_start[group]; c < problem->cap_start[group + 1]; c++) {
        if (!work->cap_crossing[c])
            continue;
        double inside = 0;
        double level = 0;
        for (size_t s = work->slot_start[group]; s < work->slot_start[group] + work->slot_count[group]; s++) {
            const double *price = work->price + (size_t)work->slot[s].pool * work->dimensions;
            for (uint32_t k = 0; k < work->dimensions && level <= 0; k++)
                level += price[k] * work->demand[(size_t)group * work->dimensions + k];
            if (work->slot[s].x > 0 && work_list_has(problem, problem->cap_list[c], work->slot[s].pool))
                inside += work->slot[s].x;
        }
        double over = inside - (double)problem->cap_max[c];
        double step = 0.5 * (level + 1) / (1 + (double)problem->group_count[group]);
        double next = work->cap_price[c] + step * over;
        work->cap_price[c] = next > 0 ? next : 0;
    }
}

static void move_group(struct visit *visit)
{
    struct work *work = visit->work;
    uint32_t group = visit->group;
    uint64_t tried = 0;
    for (int moves = 0; moves < VISIT_MOVES; moves++) {
        double gain = 0;
        double cost = 0;
        int from = worst_source(visit, tried, &gain);
        if (from == -2)
            return;
        int to = best_target(visit, from, &cost);
        if (from >= 0 && visit->unplaced < cost) {
            to = -1;
            cost = visit->unplaced;
        }
        if (from == -1 && to == -1)
            return;
        double difference = gain - cost;
        if (difference <= 1e-7 * (gain > 0 ? gain : 1) || shift(visit, from, to, difference) <= 1e-9) {
            if (!work->cap_any[group] && visit->each == HUGE_VAL)
                return;
            tried |= from >= 0 ? UINT64_C(1) << from : UINT64_C(1) << 63;
        }
    }
}

static void visit_group(struct work *work, uint32_t group)
{
    struct visit visit = {.work = work,
                          .group = group,
                          .count = work->slot_count[group],
                          .demand = work->demand + (size_t)group * work->dimensions,
                          .move = (double)work->problem->group_move[group],
                          .unplaced = (double)work->problem->group_unplaced[group],
                          .each = work->problem->group_permachine[group] == PROBLEM_UNLIMITED
                                      ? HUGE_VAL
                                      : (double)work->problem->group_permachine[group],
                          .slot = work->slot + work->slot_start[group]};
    if (work->cap_crossed[group])
        price_crossing_caps(work, group);
    if (work->gbudget_start[group] < work->gbudget_start[group + 1]) {
        work->group_rate[group] = 0;
        for (uint32_t i = work->gbudget_start[group]; i < work->gbudget_start[group + 1]; i++)
            work->group_rate[group] += gbudget_price(work, work->gbudget[i]);
    }
    for (uint32_t i = 0; i < visit.count; i++)
        visit.cost[i] = slot_cost(&visit, i);
    move_group(&visit);
    if (visit.each < HUGE_VAL && visit.each > 0)
        price_riders(&visit);
}

/* --- rounds --- */

/* A machine's typical price for a unit of each dimension, so that free machines have a scale too. */
static void set_stiffness(struct work *work, double strength)
{
    uint32_t dimensions = work->dimensions;
    double unit[PROBLEM_DIMENSIONS_MAX] = {0};
    for (uint32_t k = 0; k < dimensions; k++) {
        double sum = 0;
        double count = 0;
        for (uint32_t p = 0; p < work->pools; p++) {
            double capacity = work->capacity[(size_t)p * dimensions + k];
            if (capacity > 0) {
                sum += work->tier[work->tier_start[p]].price / capacity;
                count += 1;
            }
        }
        unit[k] = count > 0 && sum > 0 ? sum / count : 1;
    }
    for (uint32_t p = 0; p < work->pools; p++) {
        double size = work->machines[p] > 1 ? work->machines[p] : 1;
        for (uint32_t k = 0; k < dimensions; k++) {
            size_t cell = (size_t)p * dimensions + k;
            double capacity = work->capacity[cell] > 0 ? work->capacity[cell] : 1;
            double own = work->tier[work->tier_start[p]].price / capacity;
            work->stiffness[cell] = strength * (0.5 * own + 0.5 * unit[k]) / (capacity * size);
        }
    }
}

/* Budgets, then quotas, in one numbering. */
static int64_t limit_most(const struct problem *problem, uint32_t number)
{
    return number < problem->budgets.count ? problem->budgets.most[number]
                                           : problem->quotas.most[number - problem->budgets.count];
}

/* How far over a limit is worth how much: a typical machine's price for its weight, over the limit's own size. */
static void start_limits(struct work *work)
{
    const struct problem *problem = work->problem;
    uint32_t limits = problem->budgets.count + problem->quotas.count;
    double *weights = memory_new(limits, sizeof *weights);
    double *prices = memory_new(limits, sizeof *prices);
    for (uint32_t p = 0; p < work->pools; p++) {
        for (uint32_t i = work->limit_start[p]; i < work->limit_start[p + 1]; i++) {
            uint32_t number = work->limit[i].number;
            weights[number] += work->limit[i].weight;
            prices[number] += work->tier[work->tier_start[p]].price;
            work->limit_used[number] += work->limit[i].weight * work->machines[p];
        }
    }
    for (uint32_t b = 0; b < limits; b++) {
        double unit = weights[b] > 0 && prices[b] > 0 ? prices[b] / weights[b] : 1;
        work->limit_stiffness[b] = unit / ((double)limit_most(problem, b) + 1);
    }
    free(weights);
    free(prices);
    for (uint32_t b = 0; b < problem->group_budgets.count; b++)
        work->gbudget_stiffness[b] = 1 / ((double)problem->group_budgets.most[b] + 1);
}

/* The multiplier of a limit at what is used of it now. */
static double limit_price(const struct work *work, uint32_t number)
{
    double price =
        work->limit_centre[number] +
        work->limit_stiffness[number] * (work->limit_used[number] - (double)limit_most(work->problem, number));
    return price > 0 ? price : 0;
}

static double gbudget_price(const struct work *work, uint32_t number)
{
    double price = work->gbudget_centre[number] +
                   work->gbudget_stiffness[number] *
                       (work->gbudget_used[number] - (double)work->problem->group_budgets.most[number]);
    return price > 0 ? price : 0;
}

/* Takes the multipliers as they stand, for the bound. */
static void set_limits(struct work *work)
{
    const struct problem *problem = work->problem;
    for (uint32_t b = 0; b < problem->budgets.count; b++)
        work->budget[b] = limit_price(work, b);
    for (uint32_t q = 0; q < problem->quotas.count; q++)
        work->quota[q] = limit_price(work, problem->budgets.count + q);
    for (uint32_t p = 0; p < work->pools; p++) {
        work->slope[p] = -work->rider_pay[p];
        for (uint32_t i = work->limit_start[p]; i < work->limit_start[p + 1]; i++)
            work->slope[p] += work->limit[i].weight * limit_price(work, work->limit[i].number);
    }
    const struct problem_lists *lists = &problem->group_lists;
    memset(work->group_rate, 0, work->groups * sizeof *work->group_rate);
    for (uint32_t b = 0; b < problem->group_budgets.count; b++) {
        uint32_t list = problem->group_budgets.list[b];
        work->group_budget[b] = gbudget_price(work, b);
        for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++)
            work->group_rate[lists->pool[i]] += work->group_budget[b];
    }
}

static void centre_limits(struct work *work, double pace)
{
    const struct problem *problem = work->problem;
    for (uint32_t b = 0; b < problem->budgets.count + problem->quotas.count; b++)
        work->limit_centre[b] += pace * (limit_price(work, b) - work->limit_centre[b]);
    for (uint32_t b = 0; b < problem->group_budgets.count; b++)
        work->gbudget_centre[b] += pace * (gbudget_price(work, b) - work->gbudget_centre[b]);
}

static void start_prices(struct work *work)
{
    uint32_t dimensions = work->dimensions;
    for (uint32_t p = 0; p < work->pools; p++) {
        double shares = 0;
        size_t cell = (size_t)p * dimensions;
        for (uint32_t k = 0; k < dimensions; k++)
            shares += work->capacity[cell + k] > 0;
        for (uint32_t k = 0; k < dimensions; k++) {
            if (work->capacity[cell + k] > 0)
                work->centre[cell + k] = work->tier[work->tier_start[p]].price / (work->capacity[cell + k] * shares);
        }
        work->machines[p] = work->least[p] > 1 ? work->least[p] : 1;
    }
    set_stiffness(work, 1);
    memcpy(work->price, work->centre, (size_t)work->pools * dimensions * sizeof *work->price);
    for (uint32_t j = 0; j < work->groups; j++)
        work->left[j] = (double)work->problem->group_count[j];
    start_limits(work);
    set_limits(work);
}

static void keep_best(const struct work *work, double bound, struct prices_best *best)
{
    if (bound <= best->bound)
        return;
    const struct problem *problem = work->problem;
    uint32_t caps = work->groups ? problem->cap_start[work->groups] : 0;
    best->bound = bound;
    memcpy(best->price, work->price, (size_t)work->pools * work->dimensions * sizeof *best->price);
    memcpy(best->budget, work->budget, problem->budgets.count * sizeof *best->budget);
    memcpy(best->group_budget, work->group_budget, problem->group_budgets.count * sizeof *best->group_budget);
    memcpy(best->quota, work->quota, problem->quotas.count * sizeof *best->quota);
    memcpy(best->cap, work->cap_price, caps * sizeof *best->cap);
    best->riders = 0;
    for (uint32_t j = 0; j < work->groups; j++) {
        if (problem->group_permachine[j] == PROBLEM_UNLIMITED)
            continue;
        for (size_t n = work->slot_start[j]; n < work->slot_start[j] + work->slot_count[j]; n++) {
            if (work->slot[n].rider <= 0)
                continue;
            best->rider = memory_grow(best->rider, best->riders, &best->rider_room, sizeof *best->rider);
            best->rider[best->riders++] = (struct prices_rider){j, work->slot[n].pool, work->slot[n].rider};
        }
    }
}

void prices_best_init(struct prices_best *best, const struct work *work)
{
    const struct problem *problem = work->problem;
    uint32_t caps = work->groups ? problem->cap_start[work->groups] : 0;
    best->bound = -HUGE_VAL;
    best->price = memory_new((size_t)work->pools * work->dimensions, sizeof *best->price);
    best->budget = memory_new(problem->budgets.count, sizeof *best->budget);
    best->group_budget = memory_new(problem->group_budgets.count, sizeof *best->group_budget);
    best->quota = memory_new(problem->quotas.count, sizeof *best->quota);
    best->cap = memory_new(caps, sizeof *best->cap);
    best->rider = NULL;
    best->riders = 0;
    best->rider_room = 0;
}

void prices_best_release(struct prices_best *best)
{
    free(best->price);
    free(best->budget);
    free(best->group_budget);
    free(best->quota);
    free(best->cap);
    free(best->rider);
}

/* One visit to every group, then everything that follows from the new loads. */
static void sweep_once(struct work *work, unsigned sweep, double pace)
{
    size_t cells = (size_t)work->pools * work->dimensions;
    for (uint32_t j = 0; j < work->groups; j++)
        visit_group(work, sweep % 2 ? work->groups - 1 - j : j);
    for (size_t cell = 0; cell < cells; cell++)
        work->centre[cell] += pace * (work->price[cell] - work->centre[cell]);
    set_limits(work);
    centre_limits(work, pace);
}

static void settle(struct work *work)
{
    set_stiffness(work, 0.3);
    for (uint32_t p = 0; p < work->pools; p++)
        prices_update_pool(work, p);
}

void prices_run(struct work *work, unsigned sweeps, unsigned every, struct prices_best *best)
{
    start_prices(work);
    keep_best(work, scan_all(work), best);
    for (unsigned sweep = 0; sweep < sweeps; sweep++) {
        sweep_once(work, sweep, sweep < 20 ? 0.3 : 0.1);
        if (sweep % every == every - 1 || sweep + 1 == sweeps)
            keep_best(work, scan_all(work), best);
        settle(work);
    }
}

void prices_again(struct work *work, unsigned sweeps)
{
    settle(work);
    for (unsigned sweep = 0; sweep < sweeps; sweep++) {
        sweep_once(work, sweep, 0.3);
        settle(work);
    }
}

/* --- over a scale --- */

/* Rounded down, and a trifle more: prices of a pool that just pay for a machine must not pay for more than it. */
static int64_t quantised(double value, double scale)
{
    double scaled = value * scale * (1 - 1e-12);
    if (!(scaled > 0))
        return 0;
    return scaled < (double)PLAN_MULTIPLIER_MAX ? (int64_t)scaled : PLAN_MULTIPLIER_MAX;
}

static double largest(const double *values, size_t count, double least)
{
    for (size_t i = 0; i < count; i++)
        least = values[i] > least ? values[i] : least;
    return least;
}

void prices_quantise(const struct work *work, const struct prices_best *best, struct plan *plan)
{
    const struct problem *problem = work->problem;
    size_t cells = (size_t)work->pools * work->dimensions;
    uint32_t all_caps = work->groups ? problem->cap_start[work->groups] : 0;
    double most = largest(best->price, cells, 1);
    most = largest(best->budget, problem->budgets.count, most);
    most = largest(best->group_budget, problem->group_budgets.count, most);
    most = largest(best->quota, problem->quotas.count, most);
    most = largest(best->cap, all_caps, most);
    plan->scale = PLAN_SCALE_MIN;
    while (plan->scale < PLAN_SCALE_MAX && most * 2 * (double)plan->scale < (double)PLAN_MULTIPLIER_MAX)
        plan->scale *= 2;
    double scale = (double)plan->scale;
    for (size_t i = 0; i < best->riders; i++)
        plan_add_permachine(plan, best->rider[i].group, best->rider[i].pool, quantised(best->rider[i].value, scale));
    for (size_t cell = 0; cell < cells; cell++)
        plan->price[cell] = quantised(best->price[cell], scale);
    for (uint32_t b = 0; b < problem->budgets.count; b++)
        plan->budget[b] = quantised(best->budget[b], scale);
    for (uint32_t b = 0; b < problem->group_budgets.count; b++)
        plan->group_budget[b] = quantised(best->group_budget[b], scale);
    for (uint32_t q = 0; q < problem->quotas.count; q++)
        plan->quota[q] = quantised(best->quota[q], scale);
    for (uint32_t c = 0; c < all_caps; c++)
        plan->cap[c] = work->cap_crossing[c] ? quantised(best->cap[c], scale) : PLAN_ABSENT;
}
