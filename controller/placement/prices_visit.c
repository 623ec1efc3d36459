/* One group at a time: allocations go from the dearest place to the cheapest while that pays, by Newton steps. */
#include <math.h>

#include "controller/placement/prices.h"
#include "controller/placement/prices_parts.h"

enum { VISIT_MOVES = 8, VISIT_TRIES = 40 };

struct visit {
    struct work *work;
    uint32_t group;
    uint32_t count;
    const double *demand;
    double move;
    double unplaced;
    bool rides;          /* has a per-machine limit */
    bool shared;         /* has costs that change in all its slots at once: group budgets, crossing caps */
    double rate_price;   /* of its group budgets together */
    double rate_bend;    /* how fast that rises with what is used */
    uint64_t cap_priced; /* crossing caps whose multiplier is above 0, by position */
    struct work_slot *slot;
    double cost[WORK_SLOTS_SPREAD];
    double rate[WORK_SLOTS_SPREAD]; /* what an allocation counts for in group budgets */
};

static double slot_cost(const struct visit *visit, uint32_t at)
{
    const struct work *work = visit->work;
    const struct work_slot *slot = &visit->slot[at];
    const double *price = work->price + (size_t)slot->pool * work->dimensions;
    double cost = slot->extra;
    for (uint32_t k = 0; k < work->dimensions; k++)
        cost += price[k] * visit->demand[k];
    if (visit->rides)
        cost += prices_rider_price(work, visit->group, at);
    if (visit->rate_price > 0)
        cost += visit->rate_price * visit->rate[at];
    for (uint64_t bits = slot->crossing & visit->cap_priced; bits; bits &= bits - 1)
        cost += work->cap_price[work->crossing[work->crossing_start[visit->group] + (uint32_t)__builtin_ctzll(bits)]];
    return cost;
}

/* Multipliers that all slots of the group share, at today's use. */
static void price_shared(struct visit *visit)
{
    struct work *work = visit->work;
    visit->rate_price = 0;
    visit->rate_bend = 0;
    for (uint32_t i = work->gbudget_start[visit->group]; i < work->gbudget_start[visit->group + 1]; i++) {
        double price = prices_gbudget_price(work, work->gbudget[i]);
        visit->rate_price += price;
        visit->rate_bend += price > 0 ? prices_gbudget_stiffness(work, work->gbudget[i]) : 0;
    }
    visit->cap_priced = 0;
    uint32_t first = work->crossing_start[visit->group];
    for (uint32_t i = first; i < work->crossing_start[visit->group + 1]; i++) {
        work->cap_price[work->crossing[i]] = prices_cap_price(work, work->crossing[i]);
        if (work->cap_price[work->crossing[i]] > 0)
            visit->cap_priced |= UINT64_C(1) << (i - first);
    }
}

/* What crossing caps hold, added up anew. */
static void count_crossing(struct visit *visit)
{
    struct work *work = visit->work;
    uint32_t first = work->crossing_start[visit->group];
    for (uint32_t i = first; i < work->crossing_start[visit->group + 1]; i++) {
        double used = 0;
        for (uint32_t s = 0; s < visit->count; s++)
            used += visit->slot[s].crossing >> (i - first) & 1 ? visit->slot[s].x : 0;
        work->cap_used[work->crossing[i]] = used;
    }
}

static double cost_of_adding(const struct visit *visit, uint32_t at)
{
    return visit->cost[at] + (visit->slot[at].x + 1e-9 < visit->slot[at].now ? 0 : visit->move);
}

static double gain_of_removing(const struct visit *visit, uint32_t at)
{
    return visit->cost[at] + (visit->slot[at].x > visit->slot[at].now + 1e-9 ? visit->move : 0);
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

/* A slot takes an amount more (or less), and the pool answers. */
static void change_slot(struct visit *visit, uint32_t at, double change)
{
    struct work *work = visit->work;
    struct work_slot *slot = &visit->slot[at];
    size_t cell = (size_t)slot->pool * work->dimensions;
    slot->x += change;
    use_caps(work, slot->cap, change);
    for (uint32_t k = 0; k < work->dimensions; k++) {
        double load = work->load[cell + k] + visit->demand[k] * change;
        work->load[cell + k] = load > 0 ? load : 0;
    }
    if (visit->rides)
        prices_rider_renew(work, visit->group, at);
    prices_update_pool(work, slot->pool);
    if (!visit->shared)
        return;
    for (uint32_t i = work->gbudget_start[visit->group]; i < work->gbudget_start[visit->group + 1]; i++)
        work->gbudget_used[work->gbudget[i]] += change * visit->rate[at];
    uint32_t first = work->crossing_start[visit->group];
    for (uint64_t bits = slot->crossing; bits; bits &= bits - 1)
        work->cap_used[work->crossing[first + (uint32_t)__builtin_ctzll(bits)]] += change;
}

/* Moves an amount between two slots; -1 stands for what is unplaced. */
static void transfer(struct visit *visit, int from, int to, double amount)
{
    if (from >= 0)
        change_slot(visit, (uint32_t)from, -amount);
    else
        visit->work->left[visit->group] -= amount;
    if (to >= 0)
        change_slot(visit, (uint32_t)to, amount);
    else
        visit->work->left[visit->group] += amount;
    if (visit->shared) {
        price_shared(visit);
        for (uint32_t i = 0; i < visit->count; i++)
            visit->cost[i] = slot_cost(visit, i);
        return;
    }
    if (from >= 0)
        visit->cost[from] = slot_cost(visit, (uint32_t)from);
    if (to >= 0)
        visit->cost[to] = slot_cost(visit, (uint32_t)to);
}

static double steepness(const struct visit *visit, uint32_t at)
{
    const struct work *work = visit->work;
    struct prices_bend bend = {0};
    if (visit->rides && prices_rider_price(work, visit->group, at) > 0) {
        bend.stiffness = work->rider[work->rider_start[visit->group] + at].stiffness;
        bend.each = (double)work->problem->group_permachine[visit->group];
    }
    return prices_pool_steepness(work, visit->slot[at].pool, visit->demand, bend);
}

/* How fast the shared multipliers close the difference of two places; -1 stands for what is unplaced. */
static double shared_steepness(const struct visit *visit, int from, int to)
{
    const struct work *work = visit->work;
    double apart = (to >= 0 ? visit->rate[to] : 0) - (from >= 0 ? visit->rate[from] : 0);
    double slope = visit->rate_bend * apart * apart;
    uint64_t in_one = (to >= 0 ? visit->slot[to].crossing : 0) ^ (from >= 0 ? visit->slot[from].crossing : 0);
    for (uint64_t bits = in_one & visit->cap_priced; bits; bits &= bits - 1)
        slope += prices_cap_stiffness(
            work, work->crossing[work->crossing_start[visit->group] + (uint32_t)__builtin_ctzll(bits)]);
    return slope;
}

/* Moves what a Newton step says from one slot (-1: unplaced) to another (-1: leave unplaced). */
static double shift(struct visit *visit, int from, int to, double difference)
{
    struct work *work = visit->work;
    double slope = 1e-12;
    double most;
    if (from >= 0) {
        const struct work_slot *slot = &visit->slot[from];
        slope += steepness(visit, (uint32_t)from);
        most = slot->x > slot->now + 1e-9 ? slot->x - slot->now : slot->x;
    } else {
        most = work->left[visit->group];
    }
    if (to >= 0) {
        const struct work_slot *slot = &visit->slot[to];
        slope += steepness(visit, (uint32_t)to);
        if (visit->move > 0 && slot->x + 1e-9 < slot->now && slot->now - slot->x < most)
            most = slot->now - slot->x;
        double room = cap_room(work, slot->cap, from >= 0 ? visit->slot[from].cap : WORK_NONE);
        most = room < most ? room : most;
    }
    if (visit->shared)
        slope += shared_steepness(visit, from, to);
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

/* True when anything moved. */
static bool move_group(struct visit *visit)
{
    struct work *work = visit->work;
    uint32_t group = visit->group;
    uint64_t tried = 0;
    int moves = 0;
    for (int tries = 0; tries < VISIT_TRIES && moves < VISIT_MOVES; tries++) {
        double gain = 0;
        double cost = 0;
        int from = worst_source(visit, tried, &gain);
        if (from == -2)
            return moves > 0;
        int to = best_target(visit, from, &cost);
        if (from >= 0 && visit->unplaced < cost) {
            to = -1;
            cost = visit->unplaced;
        }
        if (from == -1 && to == -1) { /* caps are full */
            tried |= UINT64_C(1) << 63;
            continue;
        }
        double difference = gain - cost;
        if (difference <= 1e-7 * (gain > 0 ? gain : 1) || shift(visit, from, to, difference) <= 1e-9) {
            if (!work->cap_any[group] && !visit->rides && !visit->shared)
                return moves > 0;
            tried |= from >= 0 ? UINT64_C(1) << from : UINT64_C(1) << 63;
        } else {
            moves++;
        }
    }
    return moves > 0;
}

void prices_visit_group(struct work *work, uint32_t group)
{
    struct visit visit;
    if (work->problem->group_permachine[group] == 0)
        return; /* no machine may hold any */
    bool budgets = work->gbudget_start[group] < work->gbudget_start[group + 1];
    visit.work = work;
    visit.group = group;
    visit.count = work->slot_count[group];
    visit.demand = work->demand + (size_t)group * work->dimensions;
    visit.move = (double)work->problem->group_move[group];
    visit.unplaced = (double)work->problem->group_unplaced[group];
    visit.rides = prices_riders_any(work, group);
    visit.shared = budgets || work->crossing_start[group] < work->crossing_start[group + 1];
    visit.slot = work->slot + work->slot_start[group];
    visit.rate_price = 0;
    visit.rate_bend = 0;
    visit.cap_priced = 0;
    for (uint32_t i = 0; i < visit.count && visit.shared; i++)
        visit.rate[i] = budgets ? (double)problem_pair_rate(work->problem, group, visit.slot[i].pool) : 0;
    if (visit.shared) {
        count_crossing(&visit);
        price_shared(&visit);
    }
    for (uint32_t i = 0; i < visit.count; i++) {
        if (visit.rides)
            prices_rider_renew(work, group, i);
        visit.cost[i] = slot_cost(&visit, i);
    }
    bool moved = move_group(&visit);
    work->idle[group] = moved ? 0 : (uint8_t)(work->idle[group] < UINT8_MAX ? work->idle[group] + 1 : UINT8_MAX);
}
