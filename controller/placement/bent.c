/* See bent.h. */
#include "controller/placement/bent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const double ALMOST = 1e-9; /* machines: less is rounding */

uint64_t bent_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 32)) * UINT64_C(0xD6E8FEB86659FD93);
    z = (z ^ (z >> 29)) * UINT64_C(0xD6E8FEB86659FD93);
    return z ^ (z >> 32);
}

/* Straight between powers of two: no logarithm is needed. */
double bent_noise(uint64_t *state)
{
    uint64_t bits = bent_random(state);
    int halvings = __builtin_ctzll(bits | UINT64_C(1) << 40);
    return 0.693147 * ((double)halvings + (double)(bits >> 42) * (1.0 / (1 << 22)));
}

uint32_t bent_pick(uint64_t *state, uint32_t limit)
{
    return (uint32_t)((bent_random(state) >> 32) * limit >> 32);
}

/* --- a pool --- */

double bent_cost(const struct bent *bent, uint32_t pool, double fill)
{
    const struct work *work = bent->work;
    const struct bent_pool *here = &bent->pool[pool];
    double from = here->least;
    if (fill <= from + ALMOST)
        return 0;
    double whole = (double)(int64_t)(fill - ALMOST);
    whole = whole > from ? whole : from;
    double part = fill - whole;
    part = part < 1 ? part : 1;
    part = part * (1 + bent->bend) / (part + bent->bend);
    if (whole < here->upto)
        return (whole + part - from) * here->price;
    double cost = 0;
    for (uint32_t t = work->tier_start[pool]; t < work->tier_start[pool + 1]; t++) {
        if (whole < work->tier[t].upto)
            return cost + (whole + part - from) * work->tier[t].price;
        if (work->tier[t].upto > from) {
            cost += (work->tier[t].upto - from) * work->tier[t].price;
            from = work->tier[t].upto;
        }
    }
    return cost;
}

/* Machines that so many of a group need by its limit alone. */
static double own_spread(int64_t count, int64_t each)
{
    if (count <= 0)
        return 0;
    int64_t machines = each > 0 ? (count - 1) / each + 1 : PROBLEM_COUNT_MAX;
    return (double)machines;
}

static double spread_of(const struct bent *bent, uint32_t pool, uint32_t but)
{
    const struct round *round = bent->round;
    double most = 0;
    for (uint32_t i = bent->bound_start[pool]; i < bent->bound_start[pool + 1]; i++) {
        uint32_t slot = bent->bound[i];
        if (slot == but || round->count[slot] == 0)
            continue;
        double here = own_spread(round->count[slot], round->work->problem->group_permachine[round->slot_group[slot]]);
        most = here > most ? here : most;
    }
    return most;
}

void bent_refresh(struct bent *bent, uint32_t pool)
{
    struct bent_pool *here = &bent->pool[pool];
    double fill = here->spread;
    for (uint32_t k = 0; k < bent->dimensions; k++) {
        double machines = here->load[k] * here->inverse[k];
        fill = machines > fill ? machines : fill;
    }
    here->fill = fill;
    here->value = bent_cost(bent, pool, fill);
}

bool bent_within_limits(const struct bent *bent, uint32_t pool)
{
    const struct round *round = bent->round;
    if (round->machines[pool] > round->limit[pool])
        return false;
    for (uint32_t i = round->pool_budget_start[pool]; i < round->pool_budget_start[pool + 1]; i++) {
        if (round->budget_left[round->pool_budget[i]] < 0)
            return false;
    }
    return true;
}

/* --- a step --- */

static int64_t above(int64_t count, float now)
{
    int64_t here = (int64_t)now;
    return count > here ? count - here : 0;
}

int64_t bent_amount_to_close(const struct bent *bent, size_t slot)
{
    uint32_t pool = bent->work->slot[slot].pool;
    const struct bent_pool *here = &bent->pool[pool];
    const double *capacity = bent->work->capacity + (size_t)pool * bent->dimensions;
    const double *demand = bent->work->demand + (size_t)bent->round->slot_group[slot] * bent->dimensions;
    double whole = (double)(int64_t)(here->fill - ALMOST);
    double amount = 1;
    for (uint32_t k = 0; k < bent->dimensions; k++) {
        double over = here->load[k] - whole * capacity[k];
        if (over <= 0)
            continue;
        if (over > demand[k] * (double)bent->round->count[slot])
            return 0;
        amount = over > amount * demand[k] ? over / demand[k] : amount;
    }
    int64_t up = (int64_t)amount;
    return (double)up < amount ? up + 1 : up;
}

void bent_leave(const struct bent *bent, struct bent_step *step)
{
    const struct round *round = bent->round;
    const struct work *work = bent->work;
    const struct problem *problem = work->problem;
    double amount = (double)step->amount;
    int64_t growth = problem->group_count[step->group] - (int64_t)work->now_total[step->group];
    step->growth = growth > 0 ? growth : 0;
    step->gained = round->gained[step->group];
    int64_t before = step->gained > step->growth ? step->gained - step->growth : 0;
    step->paid = (double)problem->group_move[step->group] * (double)before;
    step->leave_own = -amount * (double)problem->group_unplaced[step->group];
    step->leave_pool = 0;
    step->leave_toll = 0;
    if (step->from == ROUND_UNPLACED)
        return;
    const struct work_slot *slot = &work->slot[step->from];
    int64_t left = round->count[step->from] - step->amount;
    step->gained += above(left, slot->now) - above(round->count[step->from], slot->now);
    const struct bent_pool *pool = &bent->pool[slot->pool];
    const double *demand = work->demand + (size_t)step->group * bent->dimensions;
    double fill = pool->spread;
    int64_t each = problem->group_permachine[step->group];
    if (each != PROBLEM_UNLIMITED && each > 0) {
        if (own_spread(round->count[step->from], each) >= fill)
            fill = spread_of(bent, slot->pool, (uint32_t)step->from);
        double own = own_spread(left, each);
        fill = own > fill ? own : fill;
    }
    for (uint32_t k = 0; k < bent->dimensions; k++) {
        double here = (pool->load[k] - amount * demand[k]) * pool->inverse[k];
        fill = here > fill ? here : fill;
    }
    step->leave_own = -amount * slot->extra;
    step->leave_pool = bent_cost(bent, slot->pool, fill) - pool->value;
    step->leave_toll = -amount * bent->toll[step->from];
}

double bent_fill_after(const struct bent *bent, const struct bent_step *step, size_t to)
{
    const struct round *round = bent->round;
    const struct bent_pool *pool = &bent->pool[bent->work->slot[to].pool];
    const double *demand = bent->work->demand + (size_t)step->group * bent->dimensions;
    double fill = pool->spread;
    int64_t each = bent->work->problem->group_permachine[step->group];
    if (each != PROBLEM_UNLIMITED) {
        if (each == 0)
            return HUGE_VAL;
        double own = own_spread(round->count[to] + step->amount, each);
        fill = own > fill ? own : fill;
    }
    for (uint32_t k = 0; k < bent->dimensions; k++) {
        double here = (pool->load[k] + (double)step->amount * demand[k]) * pool->inverse[k];
        fill = here > fill ? here : fill;
    }
    return fill <= pool->limit + ALMOST ? fill : HUGE_VAL;
}

double bent_arrive_own(const struct bent *bent, const struct bent_step *step, size_t to)
{
    const struct problem *problem = bent->work->problem;
    double amount = (double)step->amount;
    double move = (double)problem->group_move[step->group];
    int64_t gained = step->gained;
    double cost = amount * (double)problem->group_unplaced[step->group];
    if (to != ROUND_UNPLACED) {
        const struct work_slot *slot = &bent->work->slot[to];
        int64_t count = bent->round->count[to] - (to == step->from ? step->amount : 0);
        cost = amount * slot->extra;
        if (move > 0)
            gained += above(count + step->amount, slot->now) - above(count, slot->now);
    }
    if (move <= 0)
        return cost;
    return cost + (gained > step->growth ? move * (double)(gained - step->growth) : 0) - step->paid;
}

double bent_arrive_least(const struct bent *bent, const struct bent_step *step, size_t to, double share)
{
    return (double)step->amount * (bent->work->slot[to].extra + (1 - share) * bent->toll[to]) - step->paid;
}

bool bent_allowed(const struct bent *bent, const struct bent_step *step, size_t to)
{
    const struct round *round = bent->round;
    if (round_rules_room(round, step->group, step->from, to) < step->amount)
        return false;
    int64_t more = round_machines_for(round, step->group, to, step->amount);
    return more == 0 || more <= round_openable(round, bent->work->slot[to].pool);
}

static void change_load(struct bent *bent, size_t slot, int64_t change)
{
    uint32_t pool = bent->work->slot[slot].pool;
    const double *demand = bent->work->demand + (size_t)bent->round->slot_group[slot] * bent->dimensions;
    for (uint32_t k = 0; k < bent->dimensions; k++)
        bent->pool[pool].load[k] += demand[k] * (double)change;
    int64_t each = bent->work->problem->group_permachine[bent->round->slot_group[slot]];
    if (each != PROBLEM_UNLIMITED) {
        double *spread = &bent->pool[pool].spread;
        double own = own_spread(bent->round->count[slot], each);
        if (own >= *spread)
            *spread = own;
        else if (change < 0 && own_spread(bent->round->count[slot] - change, each) >= *spread)
            *spread = spread_of(bent, pool, UINT32_MAX);
    }
    bent_refresh(bent, pool);
}

void bent_apply(struct bent *bent, const struct bent_step *step, size_t to)
{
    struct round *round = bent->round;
    if (to != ROUND_UNPLACED) {
        int64_t more = round_machines_for(round, step->group, to, step->amount);
        if (more > 0)
            round_change_machines(round, bent->work->slot[to].pool, more);
    }
    round_move(round, step->group, step->from, to, step->amount);
    if (to != ROUND_UNPLACED)
        change_load(bent, to, step->amount);
    if (step->from == ROUND_UNPLACED)
        return;
    uint32_t pool = bent->work->slot[step->from].pool;
    change_load(bent, step->from, -step->amount);
    int64_t spare = round_spare(round, pool);
    int64_t keep = (int64_t)bent->pool[pool].spread;
    if (round->machines[pool] - spare < keep)
        spare = round->machines[pool] - keep;
    if (spare > 0)
        round_change_machines(round, pool, -spare);
}

/* --- life --- */

static void index_bounds(struct bent *bent)
{
    const struct round *round = bent->round;
    const struct work *work = bent->work;
    bent->bound_start = memory_new((size_t)work->pools + 1, sizeof *bent->bound_start);
    bent->bound = memory_new(round->slots, sizeof *bent->bound);
    uint32_t at = 0;
    for (uint32_t p = 0; p < work->pools; p++) {
        for (uint32_t i = round->pool_slot_start[p]; i < round->pool_slot_start[p + 1]; i++) {
            if (work->problem->group_permachine[round->slot_group[round->pool_slot[i]]] != PROBLEM_UNLIMITED)
                bent->bound[at++] = round->pool_slot[i];
        }
        bent->bound_start[p + 1] = at;
    }
}

static void add_slots(struct bent *bent)
{
    const struct round *round = bent->round;
    const struct work *work = bent->work;
    double sum = 0;
    double count = 1;
    for (uint32_t j = 0; j < work->groups; j++) {
        const double *demand = work->demand + (size_t)j * work->dimensions;
        for (size_t s = work->slot_start[j]; s < work->slot_start[j] + work->slot_count[j]; s++) {
            size_t cell = (size_t)work->slot[s].pool * work->dimensions;
            for (uint32_t k = 0; k < work->dimensions; k++) {
                bent->toll[s] += round->margin[cell + k] * demand[k];
                bent->pool[work->slot[s].pool].load[k] += demand[k] * (double)round->count[s];
            }
            sum += (bent->toll[s] + work->slot[s].extra) * (double)round->count[s];
            count += (double)round->count[s];
        }
    }
    bent->level = sum / count;
}

void bent_init(struct bent *bent, struct round *round)
{
    const struct work *work = round->work;
    *bent = (struct bent){.round = round, .work = work, .dimensions = work->dimensions};
    bent->pool = memory_new(work->pools, sizeof *bent->pool);
    bent->toll = memory_new(round->slots, sizeof *bent->toll);
    for (uint32_t p = 0; p < work->pools; p++) {
        struct bent_pool *pool = &bent->pool[p];
        const struct work_tier *tier = &work->tier[work->tier_start[p]];
        *pool = (struct bent_pool){
            .least = work->least[p], .upto = tier->upto, .price = tier->price, .limit = (double)round->limit[p]};
        for (uint32_t k = 0; k < work->dimensions; k++) {
            size_t cell = (size_t)p * work->dimensions + k;
            pool->load[k] = work->held[cell];
            pool->inverse[k] = work->capacity[cell] > 0 ? 1 / work->capacity[cell] : 0;
        }
    }
    index_bounds(bent);
    add_slots(bent);
    for (uint32_t p = 0; p < work->pools; p++) {
        bent->pool[p].spread = spread_of(bent, p, UINT32_MAX);
        bent_refresh(bent, p);
    }
}

void bent_release(struct bent *bent)
{
    free(bent->pool);
    free(bent->toll);
    free(bent->bound_start);
    free(bent->bound);
    *bent = (struct bent){0};
}
