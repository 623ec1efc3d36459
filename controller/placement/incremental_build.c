/* The life of an incremental state: made of a problem, multipliers and a plan to start from; what it says as a plan. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/incremental_state.h"

/* --- arrays --- */

static void *grown(void *array, size_t from, size_t to, size_t size)
{
    char *bytes = memory_resize(array, to, size);
    memset(bytes + from * size, 0, (to - from) * size);
    return bytes;
}

static size_t room_for(size_t room, size_t count)
{
    return room >= count ? room : count + count / 8 + 8;
}

void state_reserve(struct state *state)
{
    const struct problem *problem = state->problem;
    uint32_t groups = problem->groups;
    size_t room = room_for(state->group_room, groups);
    if (room > state->group_room) {
        size_t from = state->group_room;
        state->group = grown(state->group, from, room, sizeof *state->group);
        state->demand = grown(state->demand, from * problem->dimensions, room * problem->dimensions, sizeof(double));
        size_t stride = (size_t)problem->dimensions + SCREEN_DEMAND;
        state->screen = grown(state->screen, from * stride, room * stride, sizeof *state->screen);
        state->dearest = grown(state->dearest, from, room, sizeof *state->dearest);
        state->floor = grown(state->floor, from, room, sizeof *state->floor);
        state->group_budgets = grown(state->group_budgets, from, room, sizeof *state->group_budgets);
        state->group_budget_count = grown(state->group_budget_count, from, room, sizeof *state->group_budget_count);
        state->group_dirty = grown(state->group_dirty, from, room, sizeof *state->group_dirty);
        state->dirty_groups = grown(state->dirty_groups, from, room, sizeof *state->dirty_groups);
        state->group_room = room;
    }
    room = room_for(state->pair_room, groups ? problem->pair_start[groups] : 0);
    if (room > state->pair_room) {
        state->most = grown(state->most, state->pair_room, room, sizeof *state->most);
        state->pair_room = room;
    }
    room = room_for(state->cap_room, groups ? problem->cap_start[groups] : 0);
    if (room > state->cap_room) {
        state->cap_left = grown(state->cap_left, state->cap_room, room, sizeof *state->cap_left);
        state->cap_parent = grown(state->cap_parent, state->cap_room, room, sizeof *state->cap_parent);
        state->cap_room = room;
    }
}

static void index_limits(struct state *state)
{
    const struct problem *problem = state->problem;
    const struct problem_lists *lists = &problem->lists;
    uint32_t limits = problem->budgets.count + problem->quotas.count;
    state->pool_limit_start = memory_new((size_t)problem->pools + 2, sizeof *state->pool_limit_start);
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t b = 0; b < limits; b++) {
            uint32_t list = b < problem->budgets.count ? problem->budgets.list[b]
                                                       : problem->quotas.list[b - problem->budgets.count];
            for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++) {
                if (pass == 0)
                    state->pool_limit_start[lists->pool[i] + 2]++;
                else
                    state->pool_limit[state->pool_limit_start[lists->pool[i] + 1]++] = b;
            }
        }
        if (pass == 0) {
            for (uint32_t p = 0; p < problem->pools; p++)
                state->pool_limit_start[p + 2] += state->pool_limit_start[p + 1];
            state->pool_limit = memory_new(state->pool_limit_start[problem->pools + 1], sizeof *state->pool_limit);
        }
    }
    state->budget_left = memory_new(limits, sizeof *state->budget_left);
    state->quota_left = state->budget_left + problem->budgets.count;
    for (uint32_t b = 0; b < problem->budgets.count; b++)
        state->budget_left[b] = problem->budgets.most[b];
    for (uint32_t q = 0; q < problem->quotas.count; q++)
        state->quota_left[q] = problem->quotas.most[q];
    state->gbudget_left = memory_new(problem->group_budgets.count, sizeof *state->gbudget_left);
    for (uint32_t b = 0; b < problem->group_budgets.count; b++) {
        state->gbudget_left[b] = problem->group_budgets.most[b];
        uint32_t list = problem->group_budgets.list[b];
        for (size_t i = problem->group_lists.start[list]; i < problem->group_lists.start[list + 1]; i++) {
            uint32_t group = problem->group_lists.pool[i];
            uint32_t count = state->group_budget_count[group]++;
            state->group_budgets[group] =
                memory_resize(state->group_budgets[group], count + 1, sizeof **state->group_budgets);
            state->group_budgets[group][count] = b;
        }
    }
}

static void make_pools(struct state *state)
{
    const struct problem *problem = state->problem;
    size_t cells = (size_t)problem->pools * problem->dimensions;
    state->pool = memory_new(problem->pools, sizeof *state->pool);
    state->margin = memory_new(cells, sizeof *state->margin);
    state->load = memory_new(cells, sizeof *state->load);
    state->saturation = memory_new(cells, sizeof *state->saturation);
    state->enough = memory_new(cells, sizeof *state->enough);
    state->rest = memory_new(cells, sizeof *state->rest);
    state->dirty_pools = memory_new(problem->pools, sizeof *state->dirty_pools);
    state->bound_pools = memory_new(problem->pools, sizeof *state->bound_pools);
    for (size_t cell = 0; cell < cells; cell++)
        state->margin[cell] = (double)state->plan.price[cell] / (double)state->plan.scale;
    for (uint32_t p = 0; p < problem->pools; p++) {
        place_refresh_limits(state, p);
        place_trim(state, p);
    }
    size_t pairs = problem->groups ? problem->pair_start[problem->groups] : 0;
    for (size_t i = 0; i < pairs; i++)
        state->pool[problem->pair_pool[i]].member_room++;
    for (uint32_t p = 0; p < problem->pools; p++)
        state->pool[p].member = memory_new(state->pool[p].member_room, sizeof *state->pool[p].member);
}

/* --- groups --- */

/* The pairs of the wish are candidates in use until its machines are looked at. */
static void wish_candidates(struct state *state, uint32_t group, const struct wish *wish)
{
    const struct problem *problem = state->problem;
    struct group_state *here = &state->group[group];
    if (!wish || group >= wish->groups)
        return;
    size_t first = wish->start[group];
    size_t puts = wish->start[group + 1] - first;
    if (puts > STATE_SLOTS_MAX - STATE_SLOTS)
        puts = STATE_SLOTS_MAX - STATE_SLOTS;
    here->slot = memory_new(puts, sizeof *here->slot);
    size_t pair = problem->pair_start[group];
    for (size_t i = first; i < first + puts; i++) {
        const struct plan_put *put = &wish->plan->put[i];
        while (pair < problem->pair_start[group + 1] && problem->pair_pool[pair] < put->pool)
            pair++;
        if (pair == problem->pair_start[group + 1])
            return;
        if (problem->pair_pool[pair] == put->pool && state->terms.stamp[put->pool] == state->terms.stamp_now)
            here->slot[here->slots++] = state_candidate(state, group, pair);
    }
}

static void add_member(struct state *state, uint32_t group, size_t pair)
{
    const struct problem *problem = state->problem;
    struct pool_state *pool = &state->pool[problem->pair_pool[pair]];
    pool->member = memory_grow(pool->member, pool->members, &pool->member_room, sizeof *pool->member);
    pool->member[pool->members++] = bound_member(problem, group, pair);
}

void state_enter_group(struct state *state, uint32_t group, const struct wish *wish)
{
    const struct problem *problem = state->problem;
    struct group_state *here = &state->group[group];
    uint32_t dimensions = problem->dimensions;
    bound_open_group(state, group);
    here->unplaced = problem->group_count[group];
    here->now_total = state->terms.fixed_now;
    for (uint32_t k = 0; k < dimensions; k++)
        state->demand[(size_t)group * dimensions + k] = (double)problem->group_demand[(size_t)group * dimensions + k];
    for (uint32_t c = problem->cap_start[group]; c < problem->cap_start[group + 1]; c++)
        state->cap_left[c] = problem->cap_max[c];
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        uint32_t pool = problem->pair_pool[i];
        bool fits = state->terms.stamp[pool] == state->terms.stamp_now;
        state->most[i] = fits ? (uint32_t)state->terms.least[pool] : 0;
        add_member(state, group, i);
    }
    wish_candidates(state, group, wish);
    for (uint32_t s = 0; s < here->slots; s++)
        here->slot[s].count = 1;
    bound_choose(state, group);
    for (uint32_t s = 0; s < here->slots; s++)
        here->slot[s].count = 0;
    bound_saturate(state, group, 0, problem->group_count[group]);
    place_mark_group(state, group);
}

static void add_riders(struct state *state)
{
    const struct problem *problem = state->problem;
    for (uint32_t j = 0; j < problem->groups; j++) {
        size_t pair = problem->pair_start[j];
        for (size_t i = state->terms.permachine_start[j]; i < state->terms.permachine_start[j + 1]; i++) {
            const struct plan_permachine *multiplier = &state->plan.permachine[i];
            struct pool_state *pool = &state->pool[multiplier->pool];
            while (problem->pair_pool[pair] < multiplier->pool)
                pair++;
            size_t room = pool->riders + 1;
            pool->rider = memory_resize(pool->rider, room, sizeof *pool->rider);
            pool->rider_group = memory_resize(pool->rider_group, room, sizeof *pool->rider_group);
            pool->rider_most = memory_resize(pool->rider_most, room, sizeof *pool->rider_most);
            uint32_t most = state->most[pair];
            int64_t count = problem->group_count[j];
            pool->rider[pool->riders] = (struct certificate_rider){multiplier->value, most < count ? most : count,
                                                                   problem->group_permachine[j]};
            pool->rider_group[pool->riders] = j;
            pool->rider_most[pool->riders++] = most;
        }
    }
}

/* --- machines of the wish --- */

/* Takes over a share of held capacity, no more than is still to be packed. */
static void wish_held(struct state *state, uint32_t pool, size_t machine, const int64_t *vector, int64_t *left)
{
    const struct problem *problem = state->problem;
    struct pool_state *here = &state->pool[pool];
    uint32_t dimensions = problem->dimensions;
    int64_t times = here->machine[machine].times;
    int64_t part[PROBLEM_DIMENSIONS_MAX];
    bool any = false;
    for (uint32_t k = 0; k < dimensions; k++) {
        int64_t room = here->free[machine * dimensions + k];
        part[k] = vector[k] < room ? vector[k] : room;
        int64_t needed = left[k] > 0 ? (left[k] - 1) / times + 1 : 0;
        part[k] = part[k] < needed ? part[k] : needed;
        part[k] = part[k] > 0 ? part[k] : 0;
        any = any || part[k] > 0;
    }
    if (!any)
        return;
    int64_t *held = here->machine[machine].held;
    if (!held)
        here->machine[machine].held = held = memory_new(dimensions, sizeof *held);
    for (uint32_t k = 0; k < dimensions; k++) {
        held[k] += part[k];
        here->free[machine * dimensions + k] -= part[k];
        left[k] -= part[k] * times;
    }
}

/* Every item is looked at as if nobody had: it stays only where all rules allow it now. */
static void wish_item(struct state *state, const struct wish *wish, uint32_t pool, size_t machine,
                      const struct plan_pack_item *item)
{
    if (item->group >= wish->groups || item->group >= state->problem->groups || item->count < 1)
        return;
    struct candidate *slot = state_slot_in(state, item->group, pool);
    struct group_state *group = &state->group[item->group];
    int64_t times = state->pool[pool].machine[machine].times;
    if (!slot || item->count > group->unplaced / times)
        return;
    int64_t amount = item->count * times;
    if (machines_fit(state, pool, machine, item->group) < item->count ||
        place_room(state, item->group, NULL, slot, amount) < amount)
        return;
    machines_add_content(state, pool, machine, item->group, item->count);
    place_shift(state, item->group, slot, amount);
    group->unplaced -= amount;
}

static void wish_machines(struct state *state, const struct wish *wish)
{
    const struct problem *problem = state->problem;
    const struct plan *plan = wish->plan;
    uint32_t dimensions = problem->dimensions;
    size_t cells = (size_t)problem->pools * dimensions;
    int64_t *held = memory_new(cells, sizeof *held);
    if (cells)
        memcpy(held, problem->pool_held, cells * sizeof *held);
    for (size_t i = 0; i < plan->packs; i++) {
        const struct plan_pack *pack = &plan->pack[i];
        struct pool_state *pool = &state->pool[pack->pool];
        int64_t times = pack->times < pool->limit - pool->total ? pack->times : pool->limit - pool->total;
        if (times < 1)
            continue;
        size_t machine = machines_add(state, pack->pool, times);
        for (size_t n = pack->first; n < pack->first + pack->items; n++) {
            if (plan->pack_item[n].group == PLAN_HELD)
                wish_held(state, pack->pool, machine, plan->held + (size_t)plan->pack_item[n].count * dimensions,
                          held + (size_t)pack->pool * dimensions);
        }
        for (size_t n = pack->first; n < pack->first + pack->items; n++) {
            if (plan->pack_item[n].group != PLAN_HELD)
                wish_item(state, wish, pack->pool, machine, &plan->pack_item[n]);
        }
        if (!pool->machine[machine].contents && !pool->machine[machine].held)
            machines_drop(state, pack->pool, machine);
    }
    for (uint32_t p = 0; p < problem->pools; p++) {
        bool left = false;
        for (uint32_t k = 0; k < dimensions; k++)
            left = left || held[(size_t)p * dimensions + k] > 0;
        if (left)
            machines_repack_held(state, p);
        machines_heal(state, p);
    }
    free(held);
}

static void wish_init(struct wish *wish, const struct plan *plan, uint32_t groups)
{
    *wish = (struct wish){.plan = plan, .groups = groups};
    wish->start = memory_new((size_t)groups + 1, sizeof *wish->start);
    for (size_t i = 0; i < plan->puts; i++)
        wish->start[plan->put[i].group + 1]++;
    for (uint32_t j = 0; j < groups; j++)
        wish->start[j + 1] += wish->start[j];
}

/* --- life --- */

static void add_constants(struct state *state)
{
    const struct problem *problem = state->problem;
    for (uint32_t b = 0; b < problem->budgets.count; b++)
        state->bound -= (__int128)state->plan.budget[b] * problem->budgets.most[b];
    for (uint32_t b = 0; b < problem->group_budgets.count; b++)
        state->bound -= (__int128)state->plan.group_budget[b] * problem->group_budgets.most[b];
    for (uint32_t q = 0; q < problem->quotas.count; q++)
        state->bound -= (__int128)state->plan.quota[q] * problem->quotas.most[q];
}

struct state *state_build(struct problem *problem, struct plan *multipliers, const struct plan *plan, uint32_t groups)
{
    struct state *state = memory_new(1, sizeof *state);
    struct wish wish;
    state->problem = problem;
    state->plan = *multipliers;
    *multipliers = (struct plan){0};
    certificate_terms_init(&state->terms, problem, &state->plan);
    state_reserve(state);
    index_limits(state);
    make_pools(state);
    wish_init(&wish, plan, groups);
    for (uint32_t j = 0; j < problem->groups; j++)
        state_enter_group(state, j, &wish);
    wish_machines(state, &wish);
    free(wish.start);
    add_riders(state);
    add_constants(state);
    for (uint32_t p = 0; p < problem->pools; p++)
        bound_set_slope(state, p);
    for (uint32_t j = 0; j < problem->groups; j++)
        bound_renew_group(state, j);
    place_marked(state);
    place_settle(state);
    bound_settle(state);
    return state;
}

static void release_pool(struct pool_state *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        free(pool->machine[i].content);
        free(pool->machine[i].held);
    }
    void *const all[] = {pool->machine, pool->free,        pool->resident,  pool->member,
                         pool->rider,   pool->rider_group, pool->rider_most};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

void state_release(struct state *state)
{
    for (size_t j = 0; j < state->group_room; j++) {
        free(state->group[j].slot);
        free(state->group_budgets[j]);
    }
    for (uint32_t p = 0; p < state->problem->pools; p++)
        release_pool(&state->pool[p]);
    certificate_terms_release(&state->terms);
    plan_release(&state->plan);
    void *const all[] = {state->group,
                         state->pool,
                         state->demand,
                         state->margin,
                         state->screen,
                         state->dearest,
                         state->floor,
                         state->most,
                         state->load,
                         state->saturation,
                         state->enough,
                         state->rest,
                         state->cap_left,
                         state->cap_parent,
                         state->gbudget_left,
                         state->budget_left,
                         state->pool_limit_start,
                         state->pool_limit,
                         state->group_budgets,
                         state->group_budget_count,
                         state->dirty_groups,
                         state->dirty_pools,
                         state->bound_pools,
                         state->group_dirty};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(state);
}

/* --- as a plan --- */

static void emit_pool(const struct state *state, uint32_t pool, struct plan *plan)
{
    const struct pool_state *here = &state->pool[pool];
    plan->machines[pool] = here->machines;
    for (size_t i = 0; i < here->count; i++) {
        const struct machine *machine = &here->machine[i];
        plan_add_pack(plan, pool, machine->times);
        if (machine->held)
            plan_add_pack_held(plan, machine->held, state->problem->dimensions);
        for (uint32_t n = 0; n < machine->contents; n++)
            plan_add_pack_item(plan, machine->content[n].group, machine->content[n].count);
    }
}

void state_emit(const struct state *state, struct plan *plan)
{
    for (uint32_t j = 0; j < state->problem->groups; j++) {
        const struct group_state *group = &state->group[j];
        plan->unplaced[j] = group->unplaced;
        for (uint32_t s = 0; s < group->slots; s++) {
            if (group->slot[s].count > 0)
                plan_add_put(plan, j, group->slot[s].pool, group->slot[s].count);
        }
    }
    for (uint32_t p = 0; p < state->problem->pools; p++)
        emit_pool(state, p, plan);
}
