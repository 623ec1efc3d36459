/* Events of pools: prices, limits, tiers, capacity, held capacity; machines and regions that are lost. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/incremental_state.h"
#include "controller/placement/work.h"

enum { LEAVE_TRIES = 3 };

/* --- what a pool may be --- */

const struct incremental_pool *pools_read(const struct problem *problem, uint32_t pool,
                                          struct incremental_pool *ret_pool)
{
    uint32_t tier = problem->tier_start[pool];
    struct incremental_pool read = {.price = problem->pool_price[pool],
                                    .rate = problem->pool_rate[pool],
                                    .min = problem->pool_min[pool],
                                    .max = problem->pool_max[pool],
                                    .tier_upto = problem->tier_upto + tier,
                                    .tier_price = problem->tier_price + tier,
                                    .tier_count = problem->tier_start[pool + 1] - tier};
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        read.capacity[k] = problem->pool_capacity[(size_t)pool * problem->dimensions + k];
        read.held[k] = problem->pool_held[(size_t)pool * problem->dimensions + k];
    }
    *ret_pool = read;
    return ret_pool;
}

static bool is_limit(int64_t machines)
{
    return machines == PROBLEM_UNLIMITED || (machines >= 0 && machines <= PROBLEM_COUNT_MAX);
}

static int64_t least_of(const struct problem *problem, const struct incremental_pool *to)
{
    int64_t least = to->min;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        if (to->held[k] && to->capacity[k] && (to->held[k] - 1) / to->capacity[k] + 1 > least)
            least = (to->held[k] - 1) / to->capacity[k] + 1;
    }
    return least;
}

static bool check_tiers(uint32_t pool, const struct incremental_pool *to, int64_t *ret_limit, struct error *error)
{
    int64_t upto = to->max;
    int64_t price = to->price;
    for (uint32_t t = 0; t < to->tier_count; t++) {
        if (to->tier_upto[t] <= upto || !is_limit(to->tier_upto[t]))
            return error_set(error, ERROR_INVALID, "pool %u: a tier does not raise the limit before it", pool);
        if (to->tier_price[t] < price || to->tier_price[t] > PROBLEM_MONEY_MAX)
            return error_set(error, ERROR_INVALID, "pool %u: a tier is cheaper than the one before", pool);
        upto = to->tier_upto[t];
        price = to->tier_price[t];
    }
    *ret_limit = upto < PROBLEM_COUNT_MAX ? upto : PROBLEM_COUNT_MAX;
    return true;
}

bool pools_check(const struct problem *problem, uint32_t pool, const struct incremental_pool *to, struct error *error)
{
    int64_t limit = 0;
    if (to->price < 0 || to->price > PROBLEM_MONEY_MAX || to->rate < 0 || to->rate > PROBLEM_MONEY_MAX)
        return error_set(error, ERROR_INVALID, "pool %u cannot cost %lld", pool, (long long)to->price);
    if (!is_limit(to->min) || to->min == PROBLEM_UNLIMITED || !is_limit(to->max) || to->max < to->min)
        return error_set(error, ERROR_INVALID, "pool %u cannot have from %lld to %lld machines", pool,
                         (long long)to->min, (long long)to->max);
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        if (to->capacity[k] < 0 || to->capacity[k] > PROBLEM_AMOUNT_MAX || to->held[k] < 0 ||
            to->held[k] > PROBLEM_TOTAL_MAX)
            return error_set(error, ERROR_INVALID, "pool %u: %s out of range", pool, problem->dimension_name[k]);
        if (to->held[k] && !to->capacity[k])
            return error_set(error, ERROR_CONFLICT, "pool %u: capacity is held in %s, where it has none", pool,
                             problem->dimension_name[k]);
    }
    if (!check_tiers(pool, to, &limit, error))
        return false;
    if (least_of(problem, to) > limit)
        return error_set(error, ERROR_CONFLICT, "pool %u: held capacity needs %lld machines, the limit is %lld", pool,
                         (long long)least_of(problem, to), (long long)limit);
    return true;
}

static bool check_limit(const struct problem *problem, const struct problem_limits *limits, uint32_t b, uint32_t pool,
                        const struct incremental_pool *to, bool by_price)
{
    uint32_t list = limits->list[b];
    __int128 total = 0;
    for (size_t i = problem->lists.start[list]; i < problem->lists.start[list + 1]; i++) {
        uint32_t other = problem->lists.pool[i];
        struct incremental_pool read;
        const struct incremental_pool *it = other == pool ? to : pools_read(problem, other, &read);
        total += (__int128)(by_price ? it->price : limits->weight[b]) * least_of(problem, it);
    }
    return total <= limits->most[b];
}

bool pools_check_limits(const struct problem *problem, uint32_t pool, const struct incremental_pool *to,
                        struct error *error)
{
    for (uint32_t b = 0; b < problem->budgets.count; b++) {
        if ((pool == UINT32_MAX || work_list_has(problem, problem->budgets.list[b], pool)) &&
            !check_limit(problem, &problem->budgets, b, pool, to, true))
            return error_set(error, ERROR_CONFLICT, "budget %u: owned and held machines would exceed it", b);
    }
    for (uint32_t q = 0; q < problem->quotas.count; q++) {
        if ((pool == UINT32_MAX || work_list_has(problem, problem->quotas.list[q], pool)) &&
            !check_limit(problem, &problem->quotas, q, pool, to, false))
            return error_set(error, ERROR_CONFLICT, "quota %u: owned and held machines would exceed it", q);
    }
    return true;
}

/* --- one pool becomes another --- */

static void write_tiers(struct problem *problem, uint32_t pool, const struct incremental_pool *to)
{
    uint32_t first = problem->tier_start[pool];
    uint32_t before = problem->tier_start[pool + 1] - first;
    uint32_t all = problem->tier_start[problem->pools];
    uint32_t after = all - first - before;
    int64_t *upto = memory_new(to->tier_count, sizeof *upto); /* `to` may point into what is rewritten */
    int64_t *price = memory_new(to->tier_count, sizeof *price);
    for (uint32_t t = 0; t < to->tier_count; t++) {
        upto[t] = to->tier_upto[t];
        price[t] = to->tier_price[t];
    }
    if (to->tier_count != before) {
        size_t room = (size_t)all - before + to->tier_count;
        room = room > all ? room : all;
        problem->tier_upto = memory_resize(problem->tier_upto, room, sizeof *upto);
        problem->tier_price = memory_resize(problem->tier_price, room, sizeof *price);
        memmove(problem->tier_upto + first + to->tier_count, problem->tier_upto + first + before, after * sizeof *upto);
        memmove(problem->tier_price + first + to->tier_count, problem->tier_price + first + before,
                after * sizeof *price);
        for (uint32_t p = pool + 1; p <= problem->pools; p++)
            problem->tier_start[p] = problem->tier_start[p] - before + to->tier_count;
    }
    for (uint32_t t = 0; t < to->tier_count; t++) {
        problem->tier_upto[first + t] = upto[t];
        problem->tier_price[first + t] = price[t];
    }
    free(upto);
    free(price);
}

/* What the residents' group budgets count for the pool: taken out (sign 1) before its rate or capacity changes, put
 * back (-1) after. */
static void count_rates(struct state *state, uint32_t pool, int64_t sign)
{
    const struct pool_state *here = &state->pool[pool];
    if (state->problem->group_budgets.count == 0)
        return;
    for (size_t i = 0; i < here->residents; i++) {
        uint32_t group = here->resident[i];
        if (!state->group_budget_count[group])
            continue;
        int64_t rate = problem_pair_rate(state->problem, group, pool);
        int64_t count = state_slot_in(state, group, pool)->count;
        for (uint32_t n = 0; n < state->group_budget_count[group]; n++)
            state->gbudget_left[state->group_budgets[group][n]] += sign * rate * count;
    }
}

static bool fits(const struct problem *problem, uint32_t group, const int64_t *capacity)
{
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        if (problem->group_demand[(size_t)group * problem->dimensions + k] > capacity[k])
            return false;
    }
    return true;
}

/* Allocations that no longer fit an empty machine go before the capacity does. */
static void leave_unfit(struct state *state, uint32_t pool, const int64_t *capacity)
{
    struct pool_state *here = &state->pool[pool];
    for (size_t i = here->residents; i-- > 0;) {
        uint32_t group = here->resident[i];
        if (fits(state->problem, group, capacity))
            continue;
        struct candidate *slot = state_slot_in(state, group, pool);
        place_take_from(state, group, slot, slot->count);
    }
}

/* A pair appears or disappears: saturation, what runs there today, and the group's view of its caps. */
static void switch_pair(struct state *state, uint32_t group, uint32_t pool, bool now_fits)
{
    const struct problem *problem = state->problem;
    size_t pair = state_pair_of(problem, group, pool);
    int64_t count = problem->group_count[group];
    bound_open_group(state, group);
    int64_t before = state->most[pair] < count ? state->most[pair] : count;
    state->most[pair] = now_fits ? (uint32_t)state->terms.least[pool] : 0;
    int64_t after = state->most[pair] < count ? state->most[pair] : count;
    for (uint32_t k = 0; k < problem->dimensions; k++)
        state->saturation[(size_t)pool * problem->dimensions + k] +=
            (after - before) * problem->group_demand[(size_t)group * problem->dimensions + k];
    state->group[group].now_total = state->terms.fixed_now;
    for (size_t r = 0; r < state->pool[pool].riders; r++) {
        if (state->pool[pool].rider_group[r] == group)
            state->pool[pool].rider[r].value = 0;
    }
    for (size_t i = state->terms.permachine_start[group]; i < state->terms.permachine_start[group + 1]; i++) {
        if (state->plan.permachine[i].pool == pool)
            state->plan.permachine[i].value = 0;
    }
    bound_refresh_member(state, group, pair);
    bound_renew_group_whole(state, group);
    place_mark_group(state, group);
}

/* A_pk stays within 2^62 with pairs that the capacity brings. */
static bool check_saturation(const struct state *state, uint32_t pool, const struct incremental_pool *to,
                             struct error *error)
{
    const struct problem *problem = state->problem;
    const int64_t *capacity = problem->pool_capacity + (size_t)pool * problem->dimensions;
    __int128 total[PROBLEM_DIMENSIONS_MAX] = {0};
    for (size_t i = 0; i < state->pool[pool].members; i++) {
        uint32_t group = state->pool[pool].member[i].group;
        if (fits(problem, group, capacity) || !fits(problem, group, to->capacity))
            continue;
        for (uint32_t k = 0; k < problem->dimensions; k++)
            total[k] +=
                (__int128)problem->group_demand[(size_t)group * problem->dimensions + k] * problem->group_count[group];
    }
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        if (total[k] + state->saturation[(size_t)pool * problem->dimensions + k] > PROBLEM_TOTAL_MAX)
            return error_set(error, ERROR_OVERFLOW, "pool %u: the demand that may land on it is above 2^62", pool);
    }
    return true;
}

static void change_capacity(struct state *state, uint32_t pool, const struct incremental_pool *to)
{
    struct problem *problem = state->problem;
    struct pool_state *here = &state->pool[pool];
    uint32_t dimensions = problem->dimensions;
    int64_t *capacity = problem->pool_capacity + (size_t)pool * dimensions;
    int64_t before[PROBLEM_DIMENSIONS_MAX];
    leave_unfit(state, pool, to->capacity);
    count_rates(state, pool, 1);
    for (uint32_t k = 0; k < dimensions; k++) {
        before[k] = capacity[k];
        capacity[k] = to->capacity[k];
        for (size_t i = 0; i < here->count; i++)
            here->free[i * dimensions + k] += capacity[k] - before[k];
    }
    count_rates(state, pool, -1);
    for (size_t i = 0; i < here->members; i++) {
        uint32_t group = here->member[i].group;
        bool now_fits = fits(problem, group, capacity);
        if (now_fits != fits(problem, group, before))
            switch_pair(state, group, pool, now_fits);
        else if (now_fits && state->terms.group_rate[group])
            bound_renew_group_whole(state, group);
    }
    bound_mark_pool(state, pool);
}

static void change_rate(struct state *state, uint32_t pool, int64_t rate)
{
    count_rates(state, pool, 1);
    if (state->problem->group_budgets.count)
        bound_rerate(state, pool, rate);
    state->problem->pool_rate[pool] = rate;
    count_rates(state, pool, -1);
}

/* A pool without machines: any price proves as much there, the highest proves most elsewhere. `rest` keeps what it was,
 * for when machines come back; then no more than a machine costs. */
static void open_or_close(struct state *state, uint32_t pool, bool closed_before)
{
    const struct problem *problem = state->problem;
    size_t cell = (size_t)pool * problem->dimensions;
    bool closed = problem_pool_limit(problem, pool) == 0;
    int64_t price[PROBLEM_DIMENSIONS_MAX];
    if (closed == closed_before)
        return;
    double income = 0;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        if (closed)
            state->rest[cell + k] = state->plan.price[cell + k];
        price[k] = closed ? PLAN_MULTIPLIER_MAX : state->rest[cell + k];
        income += (double)price[k] * (double)problem->pool_capacity[cell + k];
    }
    double cost = bound_machine_cost(state, pool);
    for (uint32_t k = 0; k < problem->dimensions && !closed && income > cost; k++)
        price[k] = (int64_t)((double)price[k] * (cost / income) * (1 - 1e-9));
    bound_reprice(state, pool, price);
}

static void change_price(struct state *state, uint32_t pool, int64_t price)
{
    struct problem *problem = state->problem;
    for (uint32_t i = state->pool_limit_start[pool]; i < state->pool_limit_start[pool + 1]; i++) {
        if (state->pool_limit[i] < problem->budgets.count)
            state->budget_left[state->pool_limit[i]] -=
                (price - problem->pool_price[pool]) * state->pool[pool].machines;
    }
    problem->pool_price[pool] = price;
}

/* Everything but what follows for other pools and groups. */
static void write_pool(struct state *state, uint32_t pool, const struct incremental_pool *to)
{
    struct problem *problem = state->problem;
    size_t cell = (size_t)pool * problem->dimensions;
    bool closed = problem_pool_limit(problem, pool) == 0;
    bool capacity = false;
    bool held = false;
    double cost = bound_machine_cost(state, pool);
    double income = bound_machine_income(state, pool);
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        capacity = capacity || problem->pool_capacity[cell + k] != to->capacity[k];
        held = held || problem->pool_held[cell + k] != to->held[k];
        problem->pool_held[cell + k] = to->held[k];
    }
    if (to->tier_count || problem->tier_start[pool] != problem->tier_start[pool + 1])
        write_tiers(problem, pool, to);
    problem->pool_min[pool] = to->min;
    problem->pool_max[pool] = to->max;
    if (capacity)
        change_capacity(state, pool, to);
    if (problem->pool_rate[pool] != to->rate)
        change_rate(state, pool, to->rate);
    if (problem->pool_price[pool] != to->price)
        change_price(state, pool, to->price);
    place_refresh_limits(state, pool);
    if (held || capacity)
        machines_repack_held(state, pool);
    machines_heal(state, pool);
    bound_set_slope(state, pool);
    open_or_close(state, pool, closed);
    if (!closed)
        bound_follow_pool(state, pool, cost, income);
}

static void settle(struct incremental *incremental)
{
    place_settle(incremental->state);
    bound_settle(incremental->state);
}

bool incremental_pool(const struct incremental *incremental, uint32_t pool, struct incremental_pool *ret_pool,
                      struct error *ret_error)
{
    if (pool >= incremental->problem.pools)
        return error_set(ret_error, ERROR_INVALID, "there is no pool %u", pool);
    pools_read(&incremental->problem, pool, ret_pool);
    return true;
}

static bool same_capacity(const struct problem *problem, uint32_t pool, const struct incremental_pool *to)
{
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        if (problem->pool_capacity[(size_t)pool * problem->dimensions + k] != to->capacity[k])
            return false;
    }
    return true;
}

bool incremental_set_pool(struct incremental *incremental, uint32_t pool, const struct incremental_pool *to,
                          struct error *ret_error)
{
    struct state *state = incremental->state;
    struct problem *problem = &incremental->problem;
    if (pool >= problem->pools)
        return error_set(ret_error, ERROR_INVALID, "there is no pool %u", pool);
    if (!pools_check(problem, pool, to, ret_error) || !pools_check_limits(problem, pool, to, ret_error))
        return false;
    if (!same_capacity(problem, pool, to) && !check_saturation(state, pool, to, ret_error))
        return false;
    int64_t dearest = to->tier_count ? to->tier_price[to->tier_count - 1] : to->price;
    if (state->nodecost + (__int128)dearest * state->pool[pool].total > PLAN_FIGURE_MAX / 2)
        return error_set(ret_error, ERROR_OVERFLOW, "pool %u: the cost would leave 62 bits", pool);
    int64_t price_before = problem->pool_price[pool];
    write_pool(state, pool, to);
    machines_heal_limits(state);
    place_marked(state);
    if (to->price > price_before)
        improve_leave(state, pool, LEAVE_TRIES);
    else if (to->price < price_before)
        improve_pull(state, pool);
    incremental->changed_at[pool] = ++incremental->sequence;
    settle(incremental);
    return true;
}

bool incremental_set_pool_price(struct incremental *incremental, uint32_t pool, int64_t price, struct error *ret_error)
{
    struct incremental_pool to;
    if (!incremental_pool(incremental, pool, &to, ret_error))
        return false;
    if (to.rate == to.price)
        to.rate = price;
    to.price = price;
    return incremental_set_pool(incremental, pool, &to, ret_error);
}

bool incremental_set_pool_limit(struct incremental *incremental, uint32_t pool, int64_t min, int64_t max,
                                struct error *ret_error)
{
    struct incremental_pool to;
    if (!incremental_pool(incremental, pool, &to, ret_error))
        return false;
    to.min = min;
    to.max = max;
    return incremental_set_pool(incremental, pool, &to, ret_error);
}

/* --- losses --- */

/* The owned machine that is gone no longer counts. */
static void lower_limits(struct problem *problem, uint32_t pool)
{
    problem->pool_min[pool]--;
    if (problem->pool_max[pool] != PROBLEM_UNLIMITED)
        problem->pool_max[pool]--;
    for (uint32_t t = problem->tier_start[pool]; t < problem->tier_start[pool + 1]; t++) {
        if (problem->tier_upto[t] != PROBLEM_UNLIMITED)
            problem->tier_upto[t]--;
    }
}

bool incremental_lose_machine(struct incremental *incremental, uint32_t pool, int64_t machine, struct error *ret_error)
{
    struct state *state = incremental->state;
    struct problem *problem = &incremental->problem;
    struct incremental_pool to;
    if (pool >= problem->pools || machine < 0)
        return error_set(ret_error, ERROR_INVALID, "there is no pool %u", pool);
    struct pool_state *here = &state->pool[pool];
    pools_read(problem, pool, &to);
    to.min = to.min > 0 ? to.min - 1 : 0;
    if (problem->pool_min[pool] > 0 && here->limit < PROBLEM_COUNT_MAX && least_of(problem, &to) > here->limit - 1)
        return error_set(ret_error, ERROR_CONFLICT, "pool %u: held capacity would not fit any more", pool);
    bool closed = here->limit == 0;
    bool owned = problem->pool_min[pool] > 0;
    if (owned)
        lower_limits(problem, pool);
    if (owned && here->total > 0) {
        int64_t left = machine % here->total;
        size_t at = 0;
        while (left >= here->machine[at].times)
            left -= here->machine[at++].times;
        place_refresh_limits(state, pool);
        if (!here->machine[at].held)
            machines_give_up(state, pool, machines_split(state, pool, at));
    }
    place_refresh_limits(state, pool);
    machines_heal(state, pool);
    open_or_close(state, pool, closed);
    bound_mark_pool(state, pool);
    place_marked(state);
    incremental->changed_at[pool] = ++incremental->sequence;
    settle(incremental);
    return true;
}

static void lose_pool(struct state *state, uint32_t pool)
{
    struct incremental_pool to;
    pools_read(state->problem, pool, &to);
    to.min = 0;
    to.max = 0;
    to.tier_count = 0;
    memset(to.held, 0, sizeof to.held);
    write_pool(state, pool, &to);
}

bool incremental_lose_region(struct incremental *incremental, uint32_t region, struct error *ret_error)
{
    struct problem *problem = &incremental->problem;
    struct state *state = incremental->state;
    if (region >= problem->regions)
        return error_set(ret_error, ERROR_INVALID, "there is no region %u", region);
    incremental->sequence++;
    for (uint32_t p = 0; p < problem->pools; p++) {
        if (problem->pool_region[p] != region)
            continue;
        lose_pool(state, p);
        incremental->changed_at[p] = incremental->sequence;
    }
    place_marked(state);
    settle(incremental);
    return true;
}
