/* Events of groups: resized, added, removed. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/incremental_state.h"

enum { CLOSE_TRIES = 1, SHRUNK_POOLS = 4 };

static void settle(struct incremental *incremental)
{
    incremental->sequence++;
    place_settle(incremental->state);
    bound_settle(incremental->state);
}

/* --- resize --- */

/* A_pk stays within 2^62, cost and bound within 62 bits. */
static bool check_growth(const struct state *state, uint32_t group, int64_t before, int64_t after, struct error *error)
{
    const struct problem *problem = state->problem;
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    __int128 penalty = (__int128)problem->group_unplaced[group] + problem->group_move[group];
    if (state->nodecost + penalty * (after - before) > PLAN_FIGURE_MAX / 2)
        return error_set(error, ERROR_OVERFLOW, "group %u: the cost would leave 62 bits", group);
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        int64_t change =
            (state->most[i] < after ? state->most[i] : after) - (state->most[i] < before ? state->most[i] : before);
        const int64_t *total = state->saturation + (size_t)problem->pair_pool[i] * problem->dimensions;
        for (uint32_t k = 0; k < problem->dimensions; k++) {
            if ((__int128)demand[k] * change + total[k] > PROBLEM_TOTAL_MAX)
                return error_set(error, ERROR_OVERFLOW, "group %u: the demand leaves 2^62", group);
        }
    }
    return true;
}

/* Pools that lost allocations may now do with a machine less. */
static void close_shrunk(struct state *state)
{
    uint32_t pools[SHRUNK_POOLS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < state->dirty_pool_count && count < SHRUNK_POOLS; i++)
        pools[count++] = state->dirty_pools[i];
    for (uint32_t i = 0; i < count; i++)
        improve_close(state, pools[i], CLOSE_TRIES);
}

static void change_count(struct state *state, uint32_t group, int64_t count)
{
    struct problem *problem = state->problem;
    struct group_state *here = &state->group[group];
    int64_t before = problem->group_count[group];
    bound_saturate(state, group, before, count);
    problem->group_count[group] = count;
    bound_renew_group(state, group);
    place_mark_group(state, group);
    int64_t gone = count < before ? before - count : 0;
    int64_t left = gone - here->unplaced;
    if (left > 0)
        place_take(state, group, left);
    here->unplaced += count - before;
    if (gone)
        close_shrunk(state);
    place_marked(state);
}

static bool is_removed(const struct state *state, uint32_t group)
{
    return state->group[group].removed;
}

bool incremental_resize_group(struct incremental *incremental, uint32_t group, int64_t count, struct error *ret_error)
{
    const struct problem *problem = &incremental->problem;
    if (group >= problem->groups || count < 0 || count > PROBLEM_COUNT_MAX || is_removed(incremental->state, group))
        return error_set(ret_error, ERROR_INVALID, "group %u cannot have %lld allocations", group, (long long)count);
    int64_t before = problem->group_count[group];
    if (count > before && !check_growth(incremental->state, group, before, count, ret_error))
        return false;
    change_count(incremental->state, group, count);
    settle(incremental);
    return true;
}

bool incremental_remove_group(struct incremental *incremental, uint32_t group, struct error *ret_error)
{
    struct state *state = incremental->state;
    const struct problem *problem = &incremental->problem;
    if (group >= problem->groups || is_removed(state, group))
        return error_set(ret_error, ERROR_INVALID, "there is no group %u", group);
    change_count(state, group, 0);
    /* Multipliers of its own would go on counting against the bound. */
    for (uint32_t c = problem->cap_start[group]; c < problem->cap_start[group + 1]; c++) {
        if (state->plan.cap[c] != PLAN_ABSENT)
            state->plan.cap[c] = 0;
    }
    for (size_t i = state->terms.permachine_start[group]; i < state->terms.permachine_start[group + 1]; i++) {
        struct pool_state *pool = &state->pool[state->plan.permachine[i].pool];
        state->plan.permachine[i].value = 0;
        for (size_t r = 0; r < pool->riders; r++) {
            if (pool->rider_group[r] == group)
                pool->rider[r].value = 0;
        }
        bound_mark_pool(state, state->plan.permachine[i].pool);
    }
    bound_renew_group_whole(state, group);
    state->group[group].removed = true;
    state->floor[group] = -1;
    bound_screen(state, group);
    settle(incremental);
    return true;
}

/* --- add: what it says --- */

static int compare_numbers(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static int compare_pairs(const void *a, const void *b)
{
    return compare_numbers(&((const struct incremental_pair *)a)->pool, &((const struct incremental_pair *)b)->pool);
}

static bool ascending(const uint32_t *numbers, size_t count, uint32_t limit)
{
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] >= limit || (i > 0 && numbers[i] == numbers[i - 1]))
            return false;
    }
    return true;
}

/* The lists of an added group, sorted; everything it points at is copied. */
struct sorted_group {
    struct incremental_pair *pairs;
    uint32_t **caps;
    uint32_t cap_count;
    uint32_t *budgets;
};

static uint32_t *sorted_copy(const uint32_t *numbers, size_t count)
{
    uint32_t *copy = memory_new(count, sizeof *copy);
    if (count) {
        memcpy(copy, numbers, count * sizeof *copy);
        qsort(copy, count, sizeof *copy, compare_numbers);
    }
    return copy;
}

static void sorted_init(struct sorted_group *sorted, const struct incremental_group *added)
{
    *sorted = (struct sorted_group){.cap_count = added->cap_count};
    sorted->pairs = memory_new(added->pair_count, sizeof *sorted->pairs);
    if (added->pair_count) {
        memcpy(sorted->pairs, added->pairs, added->pair_count * sizeof *sorted->pairs);
        qsort(sorted->pairs, added->pair_count, sizeof *sorted->pairs, compare_pairs);
    }
    sorted->caps = memory_new(added->cap_count, sizeof *sorted->caps);
    for (uint32_t c = 0; c < added->cap_count; c++)
        sorted->caps[c] = sorted_copy(added->caps[c].pools, added->caps[c].pool_count);
    sorted->budgets = sorted_copy(added->group_budgets, added->group_budget_count);
}

static void sorted_release(struct sorted_group *sorted)
{
    for (uint32_t c = 0; c < sorted->cap_count; c++)
        free(sorted->caps[c]);
    free(sorted->caps);
    free(sorted->pairs);
    free(sorted->budgets);
}

static bool is_money(int64_t amount)
{
    return amount >= 0 && amount <= PROBLEM_MONEY_MAX;
}

static bool check_numbers(const struct problem *problem, const struct incremental_group *added, struct error *error)
{
    bool fine = added->count >= 0 && added->count <= PROBLEM_COUNT_MAX && is_money(added->unplaced) &&
                is_money(added->move) && added->permachine >= 0 &&
                (added->permachine <= PROBLEM_COUNT_MAX || added->permachine == PROBLEM_UNLIMITED);
    for (uint32_t k = 0; k < problem->dimensions; k++)
        fine = fine && added->demand[k] >= 0 && added->demand[k] <= PROBLEM_AMOUNT_MAX;
    return fine || error_set(error, ERROR_INVALID, "a number of the group is out of range");
}

static bool check_lists(const struct problem *problem, const struct incremental_group *added,
                        const struct sorted_group *sorted, struct error *error)
{
    for (size_t i = 0; i < added->pair_count; i++) {
        const struct incremental_pair *pair = &sorted->pairs[i];
        if (pair->pool >= problem->pools || (i > 0 && pair->pool == sorted->pairs[i - 1].pool))
            return error_set(error, ERROR_INVALID, "pool %u does not exist or is named twice", pair->pool);
        if (!is_money(pair->extra) || pair->now > PROBLEM_COUNT_MAX)
            return error_set(error, ERROR_INVALID, "pool %u: a number is out of range", pair->pool);
    }
    for (uint32_t c = 0; c < added->cap_count; c++) {
        if (added->caps[c].max < 0 || added->caps[c].max > PROBLEM_COUNT_MAX ||
            !ascending(sorted->caps[c], added->caps[c].pool_count, problem->pools))
            return error_set(error, ERROR_INVALID,
                             "cap %u: a pool does not exist or is named twice, or max is out of range", c);
    }
    if (!ascending(sorted->budgets, added->group_budget_count, problem->group_budgets.count))
        return error_set(error, ERROR_INVALID, "a group budget does not exist or is named twice");
    return true;
}

static bool check_sizes(const struct problem *problem, const struct incremental_group *added, struct error *error)
{
    size_t pairs = problem->groups ? problem->pair_start[problem->groups] : 0;
    size_t caps = problem->groups ? problem->cap_start[problem->groups] : 0;
    if (problem->groups >= PROBLEM_GROUPS_MAX || added->pair_count > PROBLEM_PAIRS_MAX - pairs ||
        added->cap_count > UINT32_MAX / 2 - caps || problem->lists.count > UINT32_MAX / 2 - added->cap_count)
        return error_set(error, ERROR_TOO_LARGE, "the problem has no room for a group more: open anew");
    return true;
}

static bool check_added(const struct state *state, const struct incremental_group *added,
                        const struct sorted_group *sorted, struct error *error)
{
    const struct problem *problem = state->problem;
    if (state->nodecost + ((__int128)added->unplaced + added->move) * added->count > PLAN_FIGURE_MAX / 2)
        return error_set(error, ERROR_OVERFLOW, "the cost would leave 62 bits");
    for (size_t i = 0; i < added->pair_count; i++) {
        size_t cell = (size_t)sorted->pairs[i].pool * problem->dimensions;
        for (uint32_t k = 0; k < problem->dimensions; k++) {
            if ((__int128)added->demand[k] * added->count + state->saturation[cell + k] > PROBLEM_TOTAL_MAX)
                return error_set(error, ERROR_OVERFLOW, "the demand leaves 2^62");
        }
    }
    return true;
}

/* --- add: into the problem --- */

static void *with_room(void *array, size_t *room, size_t needed, size_t size)
{
    if (needed <= *room)
        return array;
    *room = needed + needed / 4 + 16;
    return memory_resize(array, *room, size);
}

/* with_room for arrays that share a room: the last of them sets it. */
static void *with_shared_room(void *array, size_t room, size_t needed, size_t size)
{
    return with_room(array, &room, needed, size);
}

static void reserve(struct incremental *incremental, size_t pairs, size_t caps, size_t cap_pools)
{
    struct problem *problem = &incremental->problem;
    size_t groups = (size_t)problem->groups + 2; /* of what starts and ends, one more than groups */
    size_t room = incremental->group_room;
    size_t lists = (size_t)problem->lists.count + caps;
    size_t list_pools = (problem->lists.count ? problem->lists.start[problem->lists.count] : 0) + cap_pools;
    pairs += problem->groups ? problem->pair_start[problem->groups] : 0;
    caps += problem->groups ? problem->cap_start[problem->groups] : 0;
    problem->group_count = with_shared_room(problem->group_count, room, groups, sizeof(int64_t));
    problem->group_demand =
        with_shared_room(problem->group_demand, room, groups, sizeof(int64_t) * problem->dimensions);
    problem->group_unplaced = with_shared_room(problem->group_unplaced, room, groups, sizeof(int64_t));
    problem->group_move = with_shared_room(problem->group_move, room, groups, sizeof(int64_t));
    problem->group_permachine = with_shared_room(problem->group_permachine, room, groups, sizeof(int64_t));
    problem->pair_start = with_shared_room(problem->pair_start, room, groups, sizeof(size_t));
    problem->cap_start = with_room(problem->cap_start, &incremental->group_room, groups, sizeof(uint32_t));
    problem->pair_pool = with_shared_room(problem->pair_pool, incremental->pair_room, pairs, sizeof(uint32_t));
    problem->pair_now = with_shared_room(problem->pair_now, incremental->pair_room, pairs, sizeof(uint32_t));
    problem->pair_extra = with_room(problem->pair_extra, &incremental->pair_room, pairs, sizeof(int64_t));
    struct state *state = incremental->state;
    state->plan.cap = with_room(state->plan.cap, &state->multiplier_room, caps, sizeof(int64_t));
    problem->cap_list = with_shared_room(problem->cap_list, incremental->cap_room, caps, sizeof(uint32_t));
    problem->cap_max = with_room(problem->cap_max, &incremental->cap_room, caps, sizeof(int64_t));
    problem->lists.start = with_room(problem->lists.start, &incremental->list_room, lists + 1, sizeof(size_t));
    problem->lists.pool = with_room(problem->lists.pool, &incremental->member_room, list_pools, sizeof(uint32_t));
}

static void append_caps(struct problem *problem, const struct incremental_group *added,
                        const struct sorted_group *sorted, int64_t *multiplier)
{
    uint32_t group = problem->groups;
    uint32_t at = group ? problem->cap_start[group] : 0;
    struct problem_lists *lists = &problem->lists;
    if (!lists->count)
        lists->start[0] = 0;
    problem->cap_start[group] = at;
    for (uint32_t c = 0; c < added->cap_count; c++, at++) {
        size_t first = lists->start[lists->count];
        if (added->caps[c].pool_count)
            memcpy(lists->pool + first, sorted->caps[c], added->caps[c].pool_count * sizeof *lists->pool);
        problem->cap_list[at] = lists->count++;
        lists->start[lists->count] = first + added->caps[c].pool_count;
        problem->cap_max[at] = added->caps[c].max;
        multiplier[at] = PLAN_ABSENT;
    }
    problem->cap_start[group + 1] = at;
}

/* The group has the highest number, so it comes last in the list of each of its budgets. */
static void append_budgets(struct incremental *incremental, const struct incremental_group *added,
                           const struct sorted_group *sorted)
{
    struct problem *problem = &incremental->problem;
    struct problem_lists *lists = &problem->group_lists;
    for (uint32_t b = 0; b < added->group_budget_count; b++) {
        uint32_t list = problem->group_budgets.list[sorted->budgets[b]];
        size_t all = lists->start[lists->count];
        size_t end = lists->start[list + 1];
        lists->pool = with_room(lists->pool, &incremental->budget_member_room, all + 1, sizeof *lists->pool);
        memmove(lists->pool + end + 1, lists->pool + end, (all - end) * sizeof *lists->pool);
        lists->pool[end] = problem->groups;
        for (uint32_t after = list + 1; after <= lists->count; after++)
            lists->start[after]++;
    }
}

static void append(struct incremental *incremental, const struct incremental_group *added,
                   const struct sorted_group *sorted)
{
    struct problem *problem = &incremental->problem;
    uint32_t group = problem->groups;
    size_t cap_pools = 0;
    for (uint32_t c = 0; c < added->cap_count; c++)
        cap_pools += added->caps[c].pool_count;
    reserve(incremental, added->pair_count, added->cap_count, cap_pools);
    size_t first = group ? problem->pair_start[group] : 0;
    problem->group_count[group] = added->count;
    memcpy(problem->group_demand + (size_t)group * problem->dimensions, added->demand,
           problem->dimensions * sizeof *added->demand);
    problem->group_unplaced[group] = added->unplaced;
    problem->group_move[group] = added->move;
    problem->group_permachine[group] = added->permachine;
    problem->pair_start[group] = first;
    for (size_t i = 0; i < added->pair_count; i++) {
        problem->pair_pool[first + i] = sorted->pairs[i].pool;
        problem->pair_now[first + i] = sorted->pairs[i].now;
        problem->pair_extra[first + i] = sorted->pairs[i].extra;
    }
    problem->pair_start[group + 1] = first + added->pair_count;
    append_caps(problem, added, sorted, incremental->state->plan.cap);
    append_budgets(incremental, added, sorted);
    problem->groups++;
}

static void enter(struct incremental *incremental, const struct incremental_group *added,
                  const struct sorted_group *sorted)
{
    struct state *state = incremental->state;
    uint32_t group = incremental->problem.groups - 1;
    __int128 rate = 0;
    for (uint32_t b = 0; b < added->group_budget_count; b++)
        rate += state->plan.group_budget[sorted->budgets[b]];
    certificate_terms_add_group(&state->terms, group + 1, rate);
    state_reserve(state);
    state->group_budgets[group] = sorted_copy(sorted->budgets, added->group_budget_count);
    state->group_budget_count[group] = added->group_budget_count;
    state_enter_group(state, group, NULL);
    bound_renew_group(state, group);
    size_t at = group - incremental->first_groups;
    incremental->added_at = with_room(incremental->added_at, &incremental->added_room, at + 1, sizeof(uint64_t));
    incremental->added_at[at] = incremental->sequence + 1;
}

bool incremental_add_group(struct incremental *incremental, const struct incremental_group *added, uint32_t *ret_group,
                           struct error *ret_error)
{
    struct state *state = incremental->state;
    struct sorted_group sorted;
    if (!check_numbers(&incremental->problem, added, ret_error) ||
        !check_sizes(&incremental->problem, added, ret_error))
        return false;
    sorted_init(&sorted, added);
    bool fine =
        check_lists(&incremental->problem, added, &sorted, ret_error) && check_added(state, added, &sorted, ret_error);
    if (fine) {
        append(incremental, added, &sorted);
        enter(incremental, added, &sorted);
        place_marked(state);
        settle(incremental);
        *ret_group = incremental->problem.groups - 1;
    }
    sorted_release(&sorted);
    return fine;
}
