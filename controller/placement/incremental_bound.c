/* The bound's half of an incremental state: one term a group, one a pool, in the integers of certificate_terms.h.
 *
 * A group's term is worked out from its candidates alone; that is exact while what its greedy took costs no more than
 * `floor`, the least that any other of its pairs may cost. When a pool's prices change, one pass over its members finds
 * the groups whose greedy that can touch (doubles rounded to the safe side), and lowers the floor of the others. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/incremental_state.h"
#include "controller/placement/work.h"

static const double SAFE_FLOAT = 2e-6; /* relative; sums of nine floats are exact to 1e-6 */
static const double SAFE = 1e-9;       /* relative; sums of a few doubles are exact to 1e-14 */
static const double OPEN = 0.9;        /* prices that earn so much of a machine count as open to buying */
static const double NEAR = 1.06;       /* of the dearest that a group took: what it may take next */

struct ranked_pair {
    __int128 cost;
    size_t pair;
};

/* --- members --- */

static struct member *find_member(struct state *state, uint32_t group, uint32_t pool)
{
    struct pool_state *here = &state->pool[pool];
    size_t low = 0;
    size_t high = here->members;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (here->member[middle].group < group)
            low = middle + 1;
        else
            high = middle;
    }
    return low < here->members && here->member[low].group == group ? &here->member[low] : NULL;
}

void bound_screen(struct state *state, uint32_t group)
{
    uint32_t dimensions = state->problem->dimensions;
    float *screen = state->screen + (size_t)group * (dimensions + SCREEN_DEMAND);
    screen[SCREEN_DEAREST] = (float)(state->dearest[group] * (state->dearest[group] > 0 ? 1 + SAFE_FLOAT : 1));
    screen[SCREEN_FLOOR] = (float)(state->floor[group] * (state->floor[group] > 0 ? 1 + SAFE_FLOAT : 1));
    for (uint32_t k = 0; k < dimensions; k++)
        screen[SCREEN_DEMAND + k] = (float)(state->demand[(size_t)group * dimensions + k] * (1 - SAFE_FLOAT));
}

static float least_extra(const struct problem *problem, uint32_t group, size_t pair)
{
    int64_t move = problem->pair_now[pair] ? 0 : problem->group_move[group];
    return (float)((double)(problem->pair_extra[pair] + move) * (1 - SAFE_FLOAT));
}

struct member bound_member(const struct problem *problem, uint32_t group, size_t pair)
{
    bool fits = problem_pair_fits(problem, group, problem->pair_pool[pair]);
    return (struct member){.group = group & INT32_MAX,
                           .least_extra = fits ? least_extra(problem, group, pair) : HUGE_VALF};
}

void bound_refresh_member(struct state *state, uint32_t group, size_t pair)
{
    struct member *member = find_member(state, group, state->problem->pair_pool[pair]);
    if (member)
        member->least_extra = bound_member(state->problem, group, pair).least_extra;
}

static void flag_members(struct state *state, uint32_t group, bool is_candidate)
{
    const struct group_state *here = &state->group[group];
    for (uint32_t s = 0; s < here->slots; s++) {
        struct member *member = find_member(state, group, here->slot[s].pool);
        if (member)
            member->is_candidate = is_candidate;
    }
}

/* --- candidates --- */

static __int128 entry_cost(const struct state *state, uint32_t group, size_t pair, __int128 fixed)
{
    const struct problem *problem = state->problem;
    __int128 cost = fixed + certificate_load_cost(&state->terms, group, problem->pair_pool[pair]);
    if (problem->pair_now[pair] == 0)
        cost += (__int128)problem->group_move[group] * state->plan.scale;
    return cost;
}

/* What is in use stays, at the front; its count. */
static uint32_t keep_used(struct group_state *here)
{
    uint32_t kept = 0;
    for (uint32_t s = 0; s < here->slots; s++) {
        if (here->slot[s].count > 0)
            here->slot[kept++] = here->slot[s];
    }
    return kept;
}

static void rank_pair(struct ranked_pair *best, uint32_t *count, uint32_t room, __int128 *floor,
                      struct ranked_pair new_one)
{
    if (*count == room) {
        struct ranked_pair out = room && best[room - 1].cost > new_one.cost ? best[room - 1] : new_one;
        *floor = out.cost < *floor ? out.cost : *floor;
        if (out.pair == new_one.pair)
            return;
        (*count)--;
    }
    uint32_t at = (*count)++;
    while (at > 0 && best[at - 1].cost > new_one.cost) {
        best[at] = best[at - 1];
        at--;
    }
    best[at] = new_one;
}

struct candidate state_candidate(const struct state *state, uint32_t group, size_t pair)
{
    const struct problem *problem = state->problem;
    const struct certificate_terms *terms = &state->terms;
    uint32_t pool = problem->pair_pool[pair];
    struct candidate slot = {.fixed = certificate_pair_fixed(terms, group, pair),
                             .now = problem->pair_now[pair],
                             .extra = problem->pair_extra[pair],
                             .pair = (uint32_t)pair,
                             .pool = pool,
                             .inner = terms->inner[pool]};
    uint32_t first = problem->cap_start[group];
    uint32_t caps = problem->cap_start[group + 1] - first;
    for (uint32_t c = 0; c < caps && c < STATE_CAPS_MASKED; c++) {
        if (work_list_has(problem, problem->cap_list[first + c], pool))
            slot.caps |= UINT64_C(1) << c;
    }
    return slot;
}

static uint32_t slots_for(const struct problem *problem, uint32_t group, uint32_t used)
{
    size_t pairs = problem->pair_start[group + 1] - problem->pair_start[group];
    uint32_t most = problem->cap_start[group + 1] > problem->cap_start[group] ? STATE_SLOTS_CAPPED : STATE_SLOTS;
    if (most < used + used / 2)
        most = used + used / 2 < STATE_SLOTS_MAX ? used + used / 2 : STATE_SLOTS_MAX;
    return pairs < most ? (uint32_t)pairs : most;
}

void bound_choose(struct state *state, uint32_t group)
{
    const struct problem *problem = state->problem;
    const struct certificate_terms *terms = &state->terms;
    struct group_state *here = &state->group[group];
    flag_members(state, group, false);
    uint32_t kept = keep_used(here);
    uint32_t slots = slots_for(problem, group, kept);
    struct ranked_pair best[STATE_SLOTS_MAX];
    uint32_t count = 0;
    here->floor = (__int128)1 << 126;
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        uint32_t pool = problem->pair_pool[i];
        if (terms->stamp[pool] != terms->stamp_now)
            continue;
        bool used = false;
        for (uint32_t s = 0; s < kept && !used; s++)
            used = here->slot[s].pair == i;
        if (used)
            continue;
        __int128 cost = entry_cost(state, group, i, certificate_pair_fixed(terms, group, i));
        rank_pair(best, &count, slots - kept, &here->floor, (struct ranked_pair){cost, i});
    }
    here->slot = memory_resize(here->slot, slots, sizeof *here->slot);
    for (uint32_t s = 0; s < kept; s++) {
        here->slot[s].fixed = certificate_pair_fixed(terms, group, here->slot[s].pair);
        here->slot[s].inner = terms->inner[here->slot[s].pool];
    }
    for (uint32_t n = 0; n < count; n++)
        here->slot[kept + n] = state_candidate(state, group, best[n].pair);
    here->slots = kept + count;
    uint32_t first = problem->cap_start[group];
    for (uint32_t c = first; c < problem->cap_start[group + 1]; c++)
        state->cap_parent[c] = terms->cap_parent[c - first];
    state->floor[group] = (double)here->floor / (double)state->plan.scale * (1 - SAFE);
    bound_screen(state, group);
    flag_members(state, group, true);
}

/* --- the term of a group --- */

/* Without caps and moves the cheapest candidate takes all. */
static void fill_cheapest(struct state *state, uint32_t group, __int128 *ret_term, __int128 *ret_dearest)
{
    const struct problem *problem = state->problem;
    const struct group_state *here = &state->group[group];
    __int128 scale = state->plan.scale;
    __int128 move = problem->group_move[group] * scale;
    __int128 best = problem->group_unplaced[group] * scale;
    for (uint32_t s = 0; s < here->slots; s++) {
        __int128 cost = here->slot[s].fixed + certificate_load_cost(&state->terms, group, here->slot[s].pool) + move;
        best = cost < best ? cost : best;
    }
    *ret_dearest = best;
    *ret_term = (best - move) * problem->group_count[group];
}

/* The items of candidates that cost no more than `limit`. */
static size_t gather(struct state *state, uint32_t group, __int128 limit)
{
    const struct problem *problem = state->problem;
    const struct group_state *here = &state->group[group];
    struct certificate_terms *terms = &state->terms;
    __int128 move = (__int128)problem->group_move[group] * state->plan.scale;
    size_t items = 0;
    certificate_reserve_items(terms, 2 * (size_t)here->slots);
    for (uint32_t s = 0; s < here->slots; s++) {
        const struct candidate *slot = &here->slot[s];
        __int128 cost = slot->fixed + certificate_load_cost(terms, group, slot->pool);
        if (cost > limit)
            continue;
        terms->inner[slot->pool] = slot->inner;
        if (slot->now > 0 && move > 0)
            terms->item[items++] = (struct certificate_item){cost, slot->pool, slot->now};
        if (cost + move <= limit)
            terms->item[items++] = (struct certificate_item){cost + move, slot->pool, problem->group_count[group]};
    }
    return items;
}

static void fill_limited(struct state *state, uint32_t group, __int128 limit, __int128 *ret_term, __int128 *ret_dearest)
{
    const struct problem *problem = state->problem;
    struct certificate_terms *terms = &state->terms;
    uint32_t first = problem->cap_start[group];
    uint32_t caps = problem->cap_start[group + 1] - first;
    size_t items = gather(state, group, limit);
    certificate_reserve_caps(terms, caps);
    for (uint32_t c = 0; c < caps; c++) {
        terms->cap_left[c] = problem->cap_max[first + c];
        terms->cap_parent[c] = state->cap_parent[first + c];
    }
    terms->fixed_now = state->group[group].now_total;
    struct error error;
    if (!certificate_group_fill(terms, group, items, ret_term, &error))
        abort(); /* the ranges of problem.h and plan.h keep every term within 128 bits */
    *ret_dearest = terms->dearest;
}

/* What the greedy took last time and a little more is mostly enough; it is, when it leaves nothing over. */
static void fill_candidates(struct state *state, uint32_t group, __int128 *ret_term, __int128 *ret_dearest)
{
    double last = state->dearest[group] * (double)state->plan.scale;
    __int128 unplaced = (__int128)state->problem->group_unplaced[group] * state->plan.scale - 1;
    __int128 limit = last > 0 && last * NEAR < (double)unplaced ? (__int128)(last * NEAR) : unplaced;
    fill_limited(state, group, limit, ret_term, ret_dearest);
    if (limit<unplaced && * ret_dearest> limit)
        fill_limited(state, group, unplaced, ret_term, ret_dearest);
}

static void fill(struct state *state, uint32_t group, __int128 *ret_term, __int128 *ret_dearest)
{
    const struct problem *problem = state->problem;
    if (problem->cap_start[group] == problem->cap_start[group + 1] &&
        (problem->group_move[group] == 0 || state->group[group].now_total == 0))
        fill_cheapest(state, group, ret_term, ret_dearest);
    else
        fill_candidates(state, group, ret_term, ret_dearest);
}

static void set_term(struct state *state, uint32_t group, __int128 term, __int128 dearest)
{
    struct group_state *here = &state->group[group];
    state->bound += term - here->term;
    here->term = term;
    state->dearest[group] =
        state->problem->group_count[group] > 0 ? (double)dearest / (double)state->plan.scale * (1 + SAFE) : -1;
    bound_screen(state, group);
}

void bound_open_group(struct state *state, uint32_t group)
{
    struct error error;
    while (!certificate_group_open(&state->terms, group, &error))
        state->plan.cap[state->problem->cap_start[group] + state->terms.crossing] = 0;
}

void bound_renew_group_whole(struct state *state, uint32_t group)
{
    struct error error;
    __int128 term = 0;
    __int128 dearest = 0;
    bound_open_group(state, group);
    bound_choose(state, group);
    fill(state, group, &term, &dearest);
    if (dearest > state->group[group].floor && state->problem->group_count[group] > 0) {
        /* Caps drive the greedy beyond the candidates: it has to see every pair. */
        bound_open_group(state, group);
        if (!certificate_group_term(&state->terms, group, &term, &error))
            abort();
        dearest = state->terms.dearest;
    }
    set_term(state, group, term, dearest);
}

void bound_renew_group(struct state *state, uint32_t group)
{
    __int128 term = 0;
    __int128 dearest = 0;
    fill(state, group, &term, &dearest);
    if (dearest > state->group[group].floor && state->problem->group_count[group] > 0)
        bound_renew_group_whole(state, group);
    else
        set_term(state, group, term, dearest);
}

/* --- saturation --- */

void bound_mark_pool(struct state *state, uint32_t pool)
{
    if (state->pool[pool].bound_dirty)
        return;
    state->pool[pool].bound_dirty = true;
    state->bound_pools[state->bound_pool_count++] = pool;
}

static int64_t most_of(uint32_t most, int64_t count)
{
    return most < count ? most : count;
}

void bound_saturate(struct state *state, uint32_t group, int64_t before, int64_t after)
{
    const struct problem *problem = state->problem;
    uint32_t dimensions = problem->dimensions;
    const int64_t *demand = problem->group_demand + (size_t)group * dimensions;
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        int64_t change = most_of(state->most[i], after) - most_of(state->most[i], before);
        if (!change)
            continue;
        uint32_t pool = problem->pair_pool[i];
        int64_t *total = state->saturation + (size_t)pool * dimensions;
        const int64_t *enough = state->enough + (size_t)pool * dimensions;
        bool matters = false;
        for (uint32_t k = 0; k < dimensions; k++) {
            matters = matters || total[k] < enough[k];
            total[k] += demand[k] * change;
            matters = matters || total[k] < enough[k];
        }
        if (matters)
            bound_mark_pool(state, pool);
    }
    for (size_t i = state->terms.permachine_start[group]; i < state->terms.permachine_start[group + 1]; i++) {
        uint32_t pool = state->plan.permachine[i].pool;
        struct pool_state *here = &state->pool[pool];
        for (size_t r = 0; r < here->riders; r++) {
            if (here->rider_group[r] == group)
                here->rider[r].most = most_of(here->rider_most[r], after);
        }
        bound_mark_pool(state, pool);
    }
}

/* --- the term of a pool --- */

/* While A_pk is at least what one machine more than the best number uses, the least stays where and what it is. */
static void note_enough(struct state *state, uint32_t pool)
{
    const struct problem *problem = state->problem;
    size_t cell = (size_t)pool * problem->dimensions;
    int64_t limit = problem_pool_limit(problem, pool);
    int64_t machines = state->pool[pool].best < limit ? state->pool[pool].best + 1 : limit;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        __int128 use = (__int128)problem->pool_capacity[cell + k] * machines - problem->pool_held[cell + k];
        state->enough[cell + k] = use < PROBLEM_TOTAL_MAX ? (int64_t)use : INT64_MAX;
        if (!state->plan.price[cell + k] || use < 0)
            state->enough[cell + k] = INT64_MIN;
    }
}

static void renew_pool_term(struct state *state, uint32_t pool)
{
    struct pool_state *here = &state->pool[pool];
    const struct problem *problem = state->problem;
    struct error error;
    __int128 term = 0;
    if (!certificate_pool_term_near(problem, &state->plan, pool, state->saturation + (size_t)pool * problem->dimensions,
                                    here->rider, here->riders, here->slope, &here->best, &term, &error))
        abort(); /* as for groups */
    state->bound += term - here->term;
    here->term = term;
    note_enough(state, pool);
}

void bound_settle(struct state *state)
{
    for (uint32_t i = 0; i < state->bound_pool_count; i++) {
        renew_pool_term(state, state->bound_pools[i]);
        state->pool[state->bound_pools[i]].bound_dirty = false;
    }
    state->bound_pool_count = 0;
}

void bound_set_slope(struct state *state, uint32_t pool)
{
    const struct problem *problem = state->problem;
    __int128 slope = 0;
    for (uint32_t i = state->pool_limit_start[pool]; i < state->pool_limit_start[pool + 1]; i++) {
        uint32_t number = state->pool_limit[i];
        if (number < problem->budgets.count)
            slope += (__int128)state->plan.budget[number] * problem->pool_price[pool];
        else
            slope += (__int128)state->plan.quota[number - problem->budgets.count] *
                     problem->quotas.weight[number - problem->budgets.count];
    }
    state->pool[pool].slope = slope;
    bound_mark_pool(state, pool);
}

/* --- prices --- */

/* A pair that is no candidate may have come below the floor. What caps and machines add is left out: it only
 * makes the pair dearer. */
static void lower_floor(struct state *state, uint32_t group, uint32_t pool)
{
    const struct problem *problem = state->problem;
    size_t pair = state_pair_of(problem, group, pool);
    __int128 fixed = (__int128)problem->pair_extra[pair] * state->plan.scale;
    if (state->terms.group_rate[group])
        fixed += state->terms.group_rate[group] * problem_pair_rate(problem, group, pool);
    __int128 cost = entry_cost(state, group, pair, fixed);
    if (cost >= state->group[group].floor)
        return;
    state->group[group].floor = cost;
    state->floor[group] = (double)cost / (double)state->plan.scale * (1 - SAFE);
    bound_screen(state, group);
}

void bound_rerate(struct state *state, uint32_t pool, int64_t rate)
{
    struct problem *problem = state->problem;
    const struct pool_state *here = &state->pool[pool];
    int64_t before = problem->pool_rate[pool];
    for (size_t i = 0; i < here->members; i++) {
        const struct member *member = &here->member[i];
        __int128 price = state->terms.group_rate[member->group];
        if (!price || isinf(member->least_extra))
            continue;
        problem->pool_rate[pool] = before;
        int64_t change = -problem_pair_rate(problem, member->group, pool);
        problem->pool_rate[pool] = rate;
        change += problem_pair_rate(problem, member->group, pool);
        if (!member->is_candidate) {
            lower_floor(state, member->group, pool);
            if (state->dearest[member->group] <= state->floor[member->group])
                continue;
        } else {
            state_slot_in(state, member->group, pool)->fixed += price * change;
        }
        bound_renew_group(state, member->group);
    }
    problem->pool_rate[pool] = rate;
}

void bound_reprice(struct state *state, uint32_t pool, const int64_t *price)
{
    const struct problem *problem = state->problem;
    const struct pool_state *here = &state->pool[pool];
    uint32_t dimensions = problem->dimensions;
    size_t cell = (size_t)pool * dimensions;
    float low[PROBLEM_DIMENSIONS_MAX];
    bool same = true;
    for (uint32_t k = 0; k < dimensions; k++) {
        int64_t before = state->plan.price[cell + k];
        low[k] =
            (float)((double)(price[k] < before ? price[k] : before) / (double)state->plan.scale * (1 - SAFE_FLOAT));
        same = same && price[k] == before;
        state->plan.price[cell + k] = price[k];
        state->margin[cell + k] = (double)price[k] / (double)state->plan.scale;
    }
    if (same)
        return;
    bound_mark_pool(state, pool);
    state->attracted_count = 0;
    for (size_t i = 0; i < here->members; i++) {
        const struct member *member = &here->member[i];
        const float *screen = state->screen + (size_t)member->group * (dimensions + SCREEN_DEMAND);
        float cost = member->least_extra;
        for (uint32_t k = 0; k < dimensions; k++)
            cost += low[k] * screen[SCREEN_DEMAND + k];
        bool below_floor = !member->is_candidate && cost <= screen[SCREEN_FLOOR];
        if (cost > screen[SCREEN_DEAREST] && !below_floor)
            continue;
        if (below_floor)
            lower_floor(state, member->group, pool);
        if (cost > screen[SCREEN_DEAREST])
            continue;
        bound_renew_group(state, member->group);
        if (state->attracted_count < STATE_ATTRACTED)
            state->attracted[state->attracted_count++] = member->group;
    }
}

/* What a machine costs with budgets and quotas, and what prices and per-machine limits pay for it; over scale. */
static double machine_cost(const struct state *state, uint32_t pool, int64_t price)
{
    return (double)price * (double)state->plan.scale + (double)state->pool[pool].slope;
}

static double machine_riders(const struct pool_state *here)
{
    double paid = 0;
    for (size_t r = 0; r < here->riders; r++)
        paid += (double)here->rider[r].value * (double)here->rider[r].permachine;
    return paid;
}

static double machine_income(const struct state *state, uint32_t pool)
{
    size_t cell = (size_t)pool * state->problem->dimensions;
    double income = 0;
    for (uint32_t k = 0; k < state->problem->dimensions; k++)
        income += (double)state->plan.price[cell + k] * (double)state->problem->pool_capacity[cell + k];
    return income;
}

double bound_machine_income(const struct state *state, uint32_t pool)
{
    return machine_income(state, pool) + machine_riders(&state->pool[pool]);
}

/* Scales `from` so that a machine earns `wanted`, and says what the bound is then. */
static __int128 try_income(struct state *state, uint32_t pool, const int64_t *from, double factor)
{
    int64_t price[PROBLEM_DIMENSIONS_MAX];
    for (uint32_t k = 0; k < state->problem->dimensions; k++) {
        double scaled = (double)from[k] * (factor > 0 ? factor : 0) * (1 - 1e-12);
        price[k] = scaled < (double)PLAN_MULTIPLIER_MAX ? (int64_t)scaled : PLAN_MULTIPLIER_MAX;
    }
    bound_reprice(state, pool, price);
    renew_pool_term(state, pool);
    return state->bound;
}

/* Three guesses, the best of which stays: prices that stood for what a machine costs go with it; those that earned a
 * rent, where a limit binds, stay; none earns more than a machine costs. */
void bound_follow_pool(struct state *state, uint32_t pool, double cost_before, double income_before)
{
    const struct problem *problem = state->problem;
    size_t cell = (size_t)pool * problem->dimensions;
    double riders = machine_riders(&state->pool[pool]);
    double income = machine_income(state, pool) + riders;
    double now = machine_cost(state, pool, problem->pool_price[pool]);
    double guess[2] = {income, income};
    int64_t before[PROBLEM_DIMENSIONS_MAX];
    bound_mark_pool(state, pool);
    if (income <= riders)
        return;
    if (income_before > OPEN * cost_before && cost_before > 0)
        guess[0] = income_before * now / cost_before;
    if (income > now)
        guess[1] = now;
    memcpy(before, state->plan.price + cell, problem->dimensions * sizeof *before);
    renew_pool_term(state, pool);
    __int128 best = state->bound;
    double kept = 1;
    double last = 1;
    for (int i = 0; i < 2; i++) {
        if (guess[i] == income || (i == 1 && guess[1] > guess[0] * (1 - SAFE) && guess[1] < guess[0] * (1 + SAFE)))
            continue;
        last = (guess[i] - riders) / (income - riders);
        __int128 bound = try_income(state, pool, before, last);
        if (bound > best) {
            best = bound;
            kept = last;
        }
    }
    if (kept == 1 && last != 1)
        bound_reprice(state, pool, before);
    else if (kept != last)
        try_income(state, pool, before, kept);
}

double bound_machine_cost(const struct state *state, uint32_t pool)
{
    return machine_cost(state, pool, state->problem->pool_price[pool]);
}
