/* The plan's half of an incremental state: what may be placed where, what that costs, and how many machines it takes.
 * Every rule of the problem is kept at every step. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "controller/placement/incremental_state.h"
#include "controller/placement/work.h"

static const double WORTH = 0.5;      /* micro-dollars an hour: less is rounding */
static const double FREE_ROOM = 0.9;  /* what room on a machine that is paid anyway counts for */
static const double LAST_PART = 0.35; /* of what a new machine leaves empty is lost */

struct candidate *state_slot_in(const struct state *state, uint32_t group, uint32_t pool)
{
    struct group_state *here = &state->group[group];
    for (uint32_t s = 0; s < here->slots; s++) {
        if (here->slot[s].pool == pool)
            return &here->slot[s];
    }
    return NULL;
}

size_t state_pair_of(const struct problem *problem, uint32_t group, uint32_t pool)
{
    size_t low = problem->pair_start[group];
    size_t high = problem->pair_start[group + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (problem->pair_pool[middle] < pool)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void place_mark_group(struct state *state, uint32_t group)
{
    if (state->group_dirty[group])
        return;
    state->group_dirty[group] = true;
    state->dirty_groups[state->dirty_group_count++] = group;
}

void place_mark_pool(struct state *state, uint32_t pool)
{
    if (state->pool[pool].dirty)
        return;
    state->pool[pool].dirty = true;
    state->dirty_pools[state->dirty_pool_count++] = pool;
}

/* --- rules --- */

bool state_cap_holds(const struct state *state, uint32_t group, uint32_t position, const struct candidate *slot)
{
    const struct problem *problem = state->problem;
    if (position < STATE_CAPS_MASKED)
        return slot->caps >> position & 1;
    return work_list_has(problem, problem->cap_list[problem->cap_start[group] + position], slot->pool);
}

static int64_t limit_weight(const struct problem *problem, uint32_t pool, uint32_t number)
{
    return number < problem->budgets.count ? problem->pool_price[pool]
                                           : problem->quotas.weight[number - problem->budgets.count];
}

/* Machines the pool may have by its limit, budgets and quotas. */
static int64_t machines_allowed(const struct state *state, uint32_t pool)
{
    const struct pool_state *here = &state->pool[pool];
    int64_t room = here->limit - here->machines;
    for (uint32_t i = state->pool_limit_start[pool]; i < state->pool_limit_start[pool + 1]; i++) {
        uint32_t number = state->pool_limit[i];
        int64_t weight = limit_weight(state->problem, pool, number);
        if (weight && state->budget_left[number] / weight < room)
            room = state->budget_left[number] / weight;
    }
    return here->machines + (room > 0 ? room : 0);
}

int64_t place_room(const struct state *state, uint32_t group, const struct candidate *from, const struct candidate *to,
                   int64_t wanted)
{
    const struct problem *problem = state->problem;
    size_t cell = (size_t)to->pool * problem->dimensions;
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    int64_t machines = machines_allowed(state, to->pool);
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        if (!demand[k])
            continue;
        __int128 left = (__int128)problem->pool_capacity[cell + k] * machines - problem->pool_held[cell + k] -
                        state->load[cell + k];
        if (left < (__int128)demand[k] * wanted)
            wanted = left > 0 ? (int64_t)(left / demand[k]) : 0;
    }
    int64_t each = problem->group_permachine[group];
    if (each != PROBLEM_UNLIMITED && (__int128)each * machines - to->count < wanted)
        wanted = each * machines - to->count;
    uint32_t caps = problem->cap_start[group + 1] - problem->cap_start[group];
    for (uint32_t c = 0; c < caps; c++) {
        int64_t left = state->cap_left[problem->cap_start[group] + c];
        if (left < wanted && state_cap_holds(state, group, c, to) && !(from && state_cap_holds(state, group, c, from)))
            wanted = left;
    }
    if (state->group_budget_count[group]) {
        int64_t rate = problem_pair_rate(problem, group, to->pool);
        rate -= from ? problem_pair_rate(problem, group, from->pool) : 0;
        for (uint32_t i = 0; i < state->group_budget_count[group] && rate > 0; i++) {
            int64_t left = state->gbudget_left[state->group_budgets[group][i]] / rate;
            wanted = left < wanted ? left : wanted;
        }
    }
    return wanted > 0 ? wanted : 0;
}

int64_t place_needed(const struct state *state, uint32_t pool)
{
    const struct problem *problem = state->problem;
    const struct pool_state *here = &state->pool[pool];
    size_t cell = (size_t)pool * problem->dimensions;
    int64_t needed = here->least;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        int64_t capacity = problem->pool_capacity[cell + k];
        __int128 used = (__int128)state->load[cell + k] + problem->pool_held[cell + k];
        if (capacity && used > (__int128)capacity * needed)
            needed = (int64_t)((used - 1) / capacity) + 1;
    }
    for (size_t i = 0; i < here->residents; i++) {
        int64_t each = problem->group_permachine[here->resident[i]];
        if (each == PROBLEM_UNLIMITED)
            continue;
        int64_t count = state_slot_in(state, here->resident[i], pool)->count;
        if (count > (__int128)each * needed)
            needed = (count - 1) / each + 1;
    }
    return needed;
}

static void set_machines(struct state *state, uint32_t pool, int64_t machines)
{
    struct pool_state *here = &state->pool[pool];
    int64_t change = machines - here->machines;
    if (!change)
        return;
    here->machines = machines;
    for (uint32_t i = state->pool_limit_start[pool]; i < state->pool_limit_start[pool + 1]; i++) {
        uint32_t number = state->pool_limit[i];
        state->budget_left[number] -= limit_weight(state->problem, pool, number) * change;
    }
    place_mark_pool(state, pool);
}

void place_trim(struct state *state, uint32_t pool)
{
    set_machines(state, pool, place_needed(state, pool));
}

void place_refresh_limits(struct state *state, uint32_t pool)
{
    const struct problem *problem = state->problem;
    struct pool_state *here = &state->pool[pool];
    here->limit = problem_pool_limit(problem, pool);
    if (here->limit > PROBLEM_COUNT_MAX)
        here->limit = PROBLEM_COUNT_MAX; /* what a plan file can say */
    here->least = problem->pool_min[pool];
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        int64_t held = problem->pool_held[(size_t)pool * problem->dimensions + k];
        int64_t capacity = problem->pool_capacity[(size_t)pool * problem->dimensions + k];
        if (held && capacity && (held - 1) / capacity + 1 > here->least)
            here->least = (held - 1) / capacity + 1;
    }
    place_mark_pool(state, pool);
}

/* --- one change --- */

static void enter_resident(struct state *state, uint32_t group, struct candidate *slot)
{
    struct pool_state *here = &state->pool[slot->pool];
    here->resident = memory_grow(here->resident, here->residents, &here->resident_room, sizeof *here->resident);
    slot->resident = (uint32_t)here->residents;
    here->resident[here->residents++] = group;
}

static void leave_resident(struct state *state, struct candidate *slot)
{
    struct pool_state *here = &state->pool[slot->pool];
    uint32_t last = here->resident[--here->residents];
    if (slot->resident == here->residents)
        return;
    here->resident[slot->resident] = last;
    state_slot_in(state, last, slot->pool)->resident = slot->resident;
}

static int64_t above(int64_t count, int64_t now)
{
    return count > now ? count - now : 0;
}

void place_shift(struct state *state, uint32_t group, struct candidate *slot, int64_t change)
{
    const struct problem *problem = state->problem;
    size_t cell = (size_t)slot->pool * problem->dimensions;
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    place_mark_group(state, group);
    place_mark_pool(state, slot->pool);
    if (slot->count == 0)
        enter_resident(state, group, slot);
    state->group[group].gained += above(slot->count + change, slot->now) - above(slot->count, slot->now);
    slot->count += change;
    if (slot->count == 0)
        leave_resident(state, slot);
    for (uint32_t k = 0; k < problem->dimensions; k++)
        state->load[cell + k] += demand[k] * change;
    uint32_t caps = problem->cap_start[group + 1] - problem->cap_start[group];
    for (uint32_t c = 0; c < caps; c++) {
        if (state_cap_holds(state, group, c, slot))
            state->cap_left[problem->cap_start[group] + c] -= change;
    }
    if (state->group_budget_count[group]) {
        int64_t rate = problem_pair_rate(problem, group, slot->pool);
        for (uint32_t i = 0; i < state->group_budget_count[group]; i++)
            state->gbudget_left[state->group_budgets[group][i]] -= rate * change;
    }
    if (change < 0)
        return;
    int64_t needed = state->pool[slot->pool].machines;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        int64_t capacity = problem->pool_capacity[cell + k];
        __int128 used = (__int128)state->load[cell + k] + problem->pool_held[cell + k];
        if (capacity && used > (__int128)capacity * needed)
            needed = (int64_t)((used - 1) / capacity) + 1;
    }
    int64_t each = problem->group_permachine[group];
    if (each != PROBLEM_UNLIMITED && each > 0 && slot->count > (__int128)each * needed)
        needed = (slot->count - 1) / each + 1;
    set_machines(state, slot->pool, needed);
}

/* --- what it costs --- */

double place_delta(const struct state *state, uint32_t group, const struct candidate *from, const struct candidate *to)
{
    const struct problem *problem = state->problem;
    const struct group_state *here = &state->group[group];
    double penalty = (double)problem->group_unplaced[group];
    double delta = (to ? (double)to->extra : penalty) - (from ? (double)from->extra : penalty);
    if (!problem->group_move[group])
        return delta;
    int64_t gained = here->gained;
    gained -= from && from->count > from->now;
    gained += to && to->count >= to->now;
    int64_t growth = above(problem->group_count[group], here->now_total);
    return delta + (double)problem->group_move[group] * (double)(above(gained, growth) - above(here->gained, growth));
}

double place_load_price(const struct state *state, uint32_t group, uint32_t pool)
{
    uint32_t dimensions = state->problem->dimensions;
    const double *margin = state->margin + (size_t)pool * dimensions;
    const double *demand = state->demand + (size_t)group * dimensions;
    double price = 0;
    for (uint32_t k = 0; k < dimensions; k++)
        price += margin[k] * demand[k];
    return price;
}

double place_machine_price(const struct state *state, uint32_t pool, int64_t machine)
{
    const struct problem *problem = state->problem;
    if (machine <= problem->pool_min[pool])
        return 0;
    if (machine <= problem->pool_max[pool])
        return (double)problem->pool_price[pool];
    for (uint32_t t = problem->tier_start[pool]; t < problem->tier_start[pool + 1]; t++) {
        if (machine <= problem->tier_upto[t])
            return (double)problem->tier_price[t];
    }
    return HUGE_VAL;
}

/* --- placing --- */

/* The machine with room that the group fills best, SIZE_MAX for none. */
static size_t best_machine(const struct state *state, uint32_t group, uint32_t pool)
{
    const struct problem *problem = state->problem;
    const struct pool_state *here = &state->pool[pool];
    uint32_t dimensions = problem->dimensions;
    const int64_t *demand = problem->group_demand + (size_t)group * dimensions;
    const double *margin = state->margin + (size_t)pool * dimensions;
    int64_t each = problem->group_permachine[group];
    size_t best = SIZE_MAX;
    double best_left = HUGE_VAL;
    for (size_t i = 0; i < here->count; i++) {
        const int64_t *room = here->free + i * dimensions;
        bool fits = true;
        double left = 0;
        for (uint32_t k = 0; k < dimensions; k++) {
            fits = fits && demand[k] <= room[k];
            left += margin[k] * (double)room[k];
        }
        if (!fits || left >= best_left ||
            (each != PROBLEM_UNLIMITED && machines_count(&here->machine[i], group) >= each))
            continue;
        best = i;
        best_left = left;
    }
    return best;
}

/* As many as an empty machine of the pool holds, at most `wanted`. */
static int64_t empty_machine_fits(const struct problem *problem, uint32_t group, uint32_t pool, int64_t wanted)
{
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    int64_t each = problem->group_permachine[group];
    wanted = each < wanted ? each : wanted;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        int64_t capacity = problem->pool_capacity[(size_t)pool * problem->dimensions + k];
        if (demand[k] && capacity / demand[k] < wanted)
            wanted = capacity / demand[k];
    }
    return wanted;
}

struct option {
    struct candidate *slot;
    size_t machine; /* SIZE_MAX: a new one */
    int64_t amount;
    double score; /* money an allocation */
};

/* What a new machine costs an allocation when `amount` come: its load at today's prices, a part of what stays empty,
 * and whatever a machine costs above what its prices earn. */
static double opening_score(const struct state *state, uint32_t group, uint32_t pool, int64_t amount)
{
    const struct problem *problem = state->problem;
    size_t cell = (size_t)pool * problem->dimensions;
    double price = place_machine_price(state, pool, state->pool[pool].total + 1);
    double income = 0;
    double load = place_load_price(state, group, pool);
    for (uint32_t k = 0; k < problem->dimensions; k++)
        income += state->margin[cell + k] * (double)problem->pool_capacity[cell + k];
    if (income <= 0)
        return price / (double)amount;
    double share = load * (double)amount / income;
    share = share < 1 ? share : 1;
    double paid = price * (share + LAST_PART * (1 - share)) / (double)amount;
    return paid > FREE_ROOM * load ? paid : FREE_ROOM * load;
}

/* The cheapest way to place some of the group; false when leaving them is cheaper. */
static bool best_option(struct state *state, uint32_t group, uint64_t tried, struct option *ret_option)
{
    const struct group_state *here = &state->group[group];
    struct option best = {.score = -WORTH};
    for (uint32_t s = 0; s < here->slots; s++) {
        struct candidate *slot = &here->slot[s];
        if (tried >> s & 1)
            continue;
        double score = place_delta(state, group, NULL, slot);
        double load = FREE_ROOM * place_load_price(state, group, slot->pool);
        if (score + load >= best.score || place_room(state, group, NULL, slot, 1) == 0)
            continue;
        size_t machine = best_machine(state, group, slot->pool);
        int64_t amount = here->unplaced;
        if (machine == SIZE_MAX) {
            amount = empty_machine_fits(state->problem, group, slot->pool, amount);
            if (amount == 0 || state->pool[slot->pool].total >= state->pool[slot->pool].limit)
                continue;
            load = opening_score(state, group, slot->pool, amount);
        }
        if (score + load < best.score)
            best = (struct option){slot, machine, amount, score + load};
    }
    *ret_option = best;
    return best.slot != NULL;
}

/* Rules that no machine can help with bound the amount; then one machine takes what it can. */
static int64_t take_option(struct state *state, uint32_t group, const struct option *option)
{
    struct candidate *slot = option->slot;
    struct pool_state *pool = &state->pool[slot->pool];
    int64_t amount = place_room(state, group, NULL, slot, option->amount);
    size_t machine = option->machine;
    if (slot->now > slot->count && amount > slot->now - slot->count)
        amount = slot->now - slot->count; /* beyond it a move is paid */
    if (machine == SIZE_MAX)
        machine = machines_add(state, slot->pool, 1);
    int64_t fits = machines_fit(state, slot->pool, machine, group);
    int64_t times = fits > 0 ? amount / fits : 0;
    times = times < pool->machine[machine].times ? times : pool->machine[machine].times;
    if (times > 1 && times == pool->machine[machine].times) {
        machines_add_content(state, slot->pool, machine, group, fits);
        amount = fits * times;
    } else {
        amount = fits < amount ? fits : amount;
        machine = machines_split(state, slot->pool, machine);
        if (amount > 0)
            machines_add_content(state, slot->pool, machine, group, amount);
    }
    if (amount > 0)
        place_shift(state, group, slot, amount);
    else if (!pool->machine[machine].contents && !pool->machine[machine].held)
        machines_drop(state, slot->pool, machine);
    return amount;
}

int64_t place_into(struct state *state, uint32_t group, struct candidate *slot)
{
    struct group_state *here = &state->group[group];
    int64_t placed = 0;
    while (here->unplaced > 0) {
        struct option option = {slot, best_machine(state, group, slot->pool), here->unplaced, 0};
        if (place_room(state, group, NULL, slot, 1) == 0)
            break;
        if (option.machine == SIZE_MAX) {
            option.amount = empty_machine_fits(state->problem, group, slot->pool, here->unplaced);
            if (option.amount == 0 || state->pool[slot->pool].total >= state->pool[slot->pool].limit)
                break;
        }
        int64_t taken = take_option(state, group, &option);
        if (taken == 0)
            break;
        here->unplaced -= taken;
        placed += taken;
    }
    return placed;
}

void place_group(struct state *state, uint32_t group)
{
    struct group_state *here = &state->group[group];
    struct option option;
    uint64_t tried = 0;
    while (here->unplaced > 0 && best_option(state, group, tried, &option)) {
        int64_t placed = take_option(state, group, &option);
        here->unplaced -= placed;
        if (placed == 0)
            tried |= UINT64_C(1) << (option.slot - here->slot);
    }
    place_mark_group(state, group);
}

void place_marked(struct state *state)
{
    for (uint32_t i = 0; i < state->dirty_group_count; i++) {
        if (state->group[state->dirty_groups[i]].unplaced > 0)
            place_group(state, state->dirty_groups[i]);
    }
}

/* --- taking away --- */

void place_take_from(struct state *state, uint32_t group, struct candidate *slot, int64_t wanted)
{
    uint32_t pool = slot->pool;
    const struct pool_state *here = &state->pool[pool];
    while (wanted > 0) {
        size_t best = SIZE_MAX;
        double least = HUGE_VAL;
        for (size_t i = 0; i < here->count; i++) {
            if (machines_count(&here->machine[i], group) == 0)
                continue;
            double value = machines_value(state, pool, i);
            if (value < least) {
                best = i;
                least = value;
            }
        }
        if (best == SIZE_MAX)
            return;
        best = machines_split(state, pool, best);
        int64_t taken = machines_take(state, pool, best, group, wanted);
        if (!here->machine[best].contents && !here->machine[best].held)
            machines_drop(state, pool, best);
        place_shift(state, group, slot, -taken);
        state->group[group].unplaced += taken;
        wanted -= taken;
    }
}

void place_take(struct state *state, uint32_t group, int64_t wanted)
{
    struct group_state *here = &state->group[group];
    while (wanted > 0) {
        struct candidate *worst = NULL;
        double worst_cost = -HUGE_VAL;
        for (uint32_t s = 0; s < here->slots; s++) {
            if (here->slot[s].count == 0)
                continue;
            double cost =
                place_load_price(state, group, here->slot[s].pool) - place_delta(state, group, &here->slot[s], NULL);
            if (cost > worst_cost) {
                worst = &here->slot[s];
                worst_cost = cost;
            }
        }
        if (!worst)
            return;
        int64_t amount = wanted < worst->count ? wanted : worst->count;
        if (worst->count > worst->now && amount > worst->count - worst->now)
            amount = worst->count - worst->now;
        place_take_from(state, group, worst, amount);
        wanted -= amount;
    }
}

/* --- cost --- */

static void renew_group_cost(struct state *state, uint32_t group)
{
    const struct problem *problem = state->problem;
    struct group_state *here = &state->group[group];
    __int128 cost = (__int128)problem->group_unplaced[group] * here->unplaced;
    for (uint32_t s = 0; s < here->slots; s++)
        cost += (__int128)here->slot[s].extra * here->slot[s].count;
    int64_t moves = here->gained - above(problem->group_count[group], here->now_total);
    if (moves > 0)
        cost += (__int128)moves * problem->group_move[group];
    state->cost += cost - here->cost;
    state->nodecost += cost - here->cost;
    here->cost = cost;
    __int128 forced = here->slots ? 0 : (__int128)problem->group_unplaced[group] * problem->group_count[group];
    state->forced += forced - here->forced;
    here->forced = forced;
}

static void renew_pool_cost(struct state *state, uint32_t pool)
{
    const struct problem *problem = state->problem;
    struct pool_state *here = &state->pool[pool];
    int64_t used = here->total > problem->pool_min[pool] ? here->total : problem->pool_min[pool];
    __int128 cost = problem_pool_cost(problem, pool, here->machines);
    __int128 nodecost = problem_pool_cost(problem, pool, used);
    state->cost += cost - here->cost;
    state->nodecost += nodecost - here->nodecost;
    here->cost = cost;
    here->nodecost = nodecost;
}

void place_settle(struct state *state)
{
    for (uint32_t i = 0; i < state->dirty_pool_count; i++)
        place_trim(state, state->dirty_pools[i]);
    for (uint32_t i = 0; i < state->dirty_pool_count; i++) {
        renew_pool_cost(state, state->dirty_pools[i]);
        state->pool[state->dirty_pools[i]].dirty = false;
    }
    for (uint32_t i = 0; i < state->dirty_group_count; i++) {
        renew_group_cost(state, state->dirty_groups[i]);
        state->group_dirty[state->dirty_groups[i]] = false;
    }
    state->dirty_pool_count = 0;
    state->dirty_group_count = 0;
}
