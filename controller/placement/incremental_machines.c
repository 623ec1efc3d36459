/* Machines and what sits on them, for events: machines that hold the same are one entry with `times`, and a change
 * splits one off. What a pool as a whole may have is incremental_place.c's concern. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/incremental_state.h"

static int64_t *free_of(const struct state *state, uint32_t pool, size_t machine)
{
    return state->pool[pool].free + machine * state->problem->dimensions;
}

size_t machines_add(struct state *state, uint32_t pool, int64_t times)
{
    const struct problem *problem = state->problem;
    struct pool_state *here = &state->pool[pool];
    if (here->count == here->room) {
        here->room = here->room ? 2 * here->room : 8;
        here->machine = memory_resize(here->machine, here->room, sizeof *here->machine);
        here->free = memory_resize(here->free, here->room * problem->dimensions, sizeof *here->free);
    }
    size_t at = here->count++;
    here->machine[at] = (struct machine){.times = times};
    memcpy(free_of(state, pool, at), problem->pool_capacity + (size_t)pool * problem->dimensions,
           problem->dimensions * sizeof *here->free);
    here->total += times;
    return at;
}

static void change_free(struct state *state, uint32_t pool, size_t machine, uint32_t group, int64_t change)
{
    const struct problem *problem = state->problem;
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    int64_t *left = free_of(state, pool, machine);
    for (uint32_t k = 0; k < problem->dimensions; k++)
        left[k] -= demand[k] * change;
}

void machines_add_content(struct state *state, uint32_t pool, size_t machine, uint32_t group, int64_t count)
{
    struct machine *here = &state->pool[pool].machine[machine];
    change_free(state, pool, machine, group, count);
    for (uint32_t i = 0; i < here->contents; i++) {
        if (here->content[i].group == group) {
            here->content[i].count += count;
            return;
        }
    }
    if (here->contents == here->content_room) {
        here->content_room = here->content_room ? 2 * here->content_room : 4;
        here->content = memory_resize(here->content, here->content_room, sizeof *here->content);
    }
    here->content[here->contents++] = (struct content){group, count};
}

int64_t machines_take(struct state *state, uint32_t pool, size_t machine, uint32_t group, int64_t count)
{
    struct machine *here = &state->pool[pool].machine[machine];
    for (uint32_t i = 0; i < here->contents; i++) {
        if (here->content[i].group != group)
            continue;
        if (count > here->content[i].count)
            count = here->content[i].count;
        here->content[i].count -= count;
        if (here->content[i].count == 0)
            here->content[i] = here->content[--here->contents];
        change_free(state, pool, machine, group, -count);
        return count;
    }
    return 0;
}

int64_t machines_count(const struct machine *machine, uint32_t group)
{
    for (uint32_t i = 0; i < machine->contents; i++) {
        if (machine->content[i].group == group)
            return machine->content[i].count;
    }
    return 0;
}

size_t machines_split(struct state *state, uint32_t pool, size_t machine)
{
    struct pool_state *here = &state->pool[pool];
    uint32_t dimensions = state->problem->dimensions;
    if (here->machine[machine].times == 1)
        return machine;
    size_t at = machines_add(state, pool, 1);
    struct machine *from = &here->machine[machine];
    struct machine *to = &here->machine[at];
    from->times--;
    here->total--;
    if (from->contents) {
        to->content = memory_new(from->contents, sizeof *to->content);
        memcpy(to->content, from->content, from->contents * sizeof *to->content);
        to->contents = from->contents;
        to->content_room = from->contents;
    }
    if (from->held) {
        to->held = memory_new(dimensions, sizeof *to->held);
        memcpy(to->held, from->held, dimensions * sizeof *to->held);
    }
    memcpy(free_of(state, pool, at), free_of(state, pool, machine), dimensions * sizeof *here->free);
    return at;
}

void machines_drop(struct state *state, uint32_t pool, size_t machine)
{
    struct pool_state *here = &state->pool[pool];
    here->total -= here->machine[machine].times;
    free(here->machine[machine].content);
    free(here->machine[machine].held);
    size_t last = --here->count;
    if (last == machine)
        return;
    here->machine[machine] = here->machine[last];
    memcpy(free_of(state, pool, machine), free_of(state, pool, last), state->problem->dimensions * sizeof *here->free);
}

int64_t machines_fit(const struct state *state, uint32_t pool, size_t machine, uint32_t group)
{
    const struct problem *problem = state->problem;
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    const int64_t *left = free_of(state, pool, machine);
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        if (demand[k] > left[k])
            return 0;
    }
    int64_t most = PROBLEM_COUNT_MAX;
    int64_t each = problem->group_permachine[group];
    if (each != PROBLEM_UNLIMITED)
        most = each - machines_count(&state->pool[pool].machine[machine], group);
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        if (demand[k] && left[k] / demand[k] < most)
            most = left[k] / demand[k];
    }
    return most > 0 ? most : 0;
}

double machines_value(const struct state *state, uint32_t pool, size_t machine)
{
    const struct problem *problem = state->problem;
    size_t cell = (size_t)pool * problem->dimensions;
    const int64_t *left = free_of(state, pool, machine);
    double value = 0;
    for (uint32_t k = 0; k < problem->dimensions; k++)
        value += state->margin[cell + k] * (double)(problem->pool_capacity[cell + k] - left[k]);
    return value;
}

/* The least filled one without held capacity whose value is above `above`; SIZE_MAX for none. Ties: the first. */
size_t machines_least_filled(const struct state *state, uint32_t pool, double above)
{
    const struct pool_state *here = &state->pool[pool];
    size_t best = SIZE_MAX;
    double least = HUGE_VAL;
    for (size_t i = 0; i < here->count; i++) {
        if (here->machine[i].held)
            continue;
        double value = machines_value(state, pool, i);
        if (value > above && value < least) {
            best = i;
            least = value;
        }
    }
    return best;
}

/* Contents become unplaced; what is held stays. */
static void clear_machine(struct state *state, uint32_t pool, size_t machine)
{
    struct machine *here = &state->pool[pool].machine[machine];
    while (here->contents > 0) {
        struct content content = here->content[here->contents - 1];
        machines_take(state, pool, machine, content.group, content.count);
        place_shift(state, content.group, state_slot_in(state, content.group, pool), -content.count * here->times);
        state->group[content.group].unplaced += content.count * here->times;
    }
}

void machines_give_up(struct state *state, uint32_t pool, size_t machine)
{
    clear_machine(state, pool, machine);
    machines_drop(state, pool, machine);
}

void machines_give_up_all(struct state *state, uint32_t pool)
{
    while (state->pool[pool].count > 0)
        machines_give_up(state, pool, state->pool[pool].count - 1);
}

/* The largest share of what is held that one machine can take, and how many machines take as much. */
static int64_t held_share(const struct problem *problem, uint32_t pool, const int64_t *held, int64_t *ret_part)
{
    int64_t times = INT64_MAX;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        int64_t capacity = problem->pool_capacity[(size_t)pool * problem->dimensions + k];
        ret_part[k] = held[k] < capacity ? held[k] : capacity;
        if (ret_part[k] && held[k] / ret_part[k] < times)
            times = held[k] / ret_part[k];
    }
    return times == INT64_MAX ? 0 : times;
}

void machines_repack_held(struct state *state, uint32_t pool)
{
    const struct problem *problem = state->problem;
    struct pool_state *here = &state->pool[pool];
    int64_t held[PROBLEM_DIMENSIONS_MAX];
    int64_t part[PROBLEM_DIMENSIONS_MAX];
    for (size_t i = here->count; i-- > 0;) {
        if (here->machine[i].held)
            machines_give_up(state, pool, i);
    }
    for (uint32_t k = 0; k < problem->dimensions; k++)
        held[k] = problem->pool_held[(size_t)pool * problem->dimensions + k];
    for (int64_t times = held_share(problem, pool, held, part); times > 0;
         times = held_share(problem, pool, held, part)) {
        size_t at = machines_add(state, pool, times);
        int64_t *share = memory_new(problem->dimensions, sizeof *share);
        for (uint32_t k = 0; k < problem->dimensions; k++) {
            share[k] = part[k];
            held[k] -= part[k] * times;
            free_of(state, pool, at)[k] -= part[k];
        }
        here->machine[at].held = share;
    }
}

/* Gives up the machine whose contents are worth least; false when only held capacity is left. */
static bool give_up_least(struct state *state, uint32_t pool)
{
    size_t at = machines_least_filled(state, pool, -HUGE_VAL);
    if (at == SIZE_MAX)
        return false;
    machines_give_up(state, pool, machines_split(state, pool, at));
    return true;
}

/* Contents beside held capacity, where giving up whole machines no longer helps. */
static bool clear_held(struct state *state, uint32_t pool)
{
    struct pool_state *here = &state->pool[pool];
    bool any = false;
    for (size_t i = 0; i < here->count; i++) {
        any = any || here->machine[i].contents > 0;
        clear_machine(state, pool, i);
    }
    return any;
}

void machines_heal(struct state *state, uint32_t pool)
{
    const struct problem *problem = state->problem;
    struct pool_state *here = &state->pool[pool];
    for (size_t i = here->count; i-- > 0;) {
        bool overfull = false;
        for (uint32_t k = 0; k < problem->dimensions; k++)
            overfull = overfull || free_of(state, pool, i)[k] < 0;
        if (overfull && here->machine[i].held)
            clear_machine(state, pool, i);
        else if (overfull)
            machines_give_up(state, pool, i);
    }
    while (here->total > here->limit) {
        if (!give_up_least(state, pool)) {
            /* Held capacity lies on more machines than may stay: as few as it fills are within every limit. */
            machines_repack_held(state, pool);
            break;
        }
    }
    while (place_needed(state, pool) > here->limit && (give_up_least(state, pool) || clear_held(state, pool)))
        ;
    place_trim(state, pool);
}

/* The pool of the list that can give up a machine and whose machines weigh most; UINT32_MAX for none. */
static uint32_t heaviest_pool(const struct state *state, uint32_t list, bool by_price)
{
    const struct problem *problem = state->problem;
    uint32_t best = UINT32_MAX;
    for (size_t i = problem->lists.start[list]; i < problem->lists.start[list + 1]; i++) {
        uint32_t pool = problem->lists.pool[i];
        if (state->pool[pool].machines <= state->pool[pool].least || (by_price && problem->pool_price[pool] == 0))
            continue;
        if (best == UINT32_MAX || problem->pool_price[pool] > problem->pool_price[best])
            best = pool;
    }
    return best;
}

static void heal_limit(struct state *state, uint32_t list, bool by_price, const int64_t *left)
{
    while (*left < 0) {
        uint32_t pool = heaviest_pool(state, list, by_price);
        if (pool == UINT32_MAX || !(give_up_least(state, pool) || clear_held(state, pool)))
            return;
        place_trim(state, pool);
    }
}

static void heal_group_budget(struct state *state, uint32_t budget)
{
    const struct problem *problem = state->problem;
    const struct problem_lists *lists = &problem->group_lists;
    uint32_t list = problem->group_budgets.list[budget];
    for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++) {
        struct group_state *group = &state->group[lists->pool[i]];
        for (uint32_t s = 0; s < group->slots && state->gbudget_left[budget] < 0; s++) {
            int64_t rate = problem_pair_rate(problem, lists->pool[i], group->slot[s].pool);
            if (!group->slot[s].count || !rate)
                continue;
            int64_t wanted = (-state->gbudget_left[budget] - 1) / rate + 1;
            place_take_from(state, lists->pool[i], &group->slot[s],
                            wanted < group->slot[s].count ? wanted : group->slot[s].count);
        }
    }
}

void machines_heal_limits(struct state *state)
{
    const struct problem *problem = state->problem;
    for (uint32_t b = 0; b < problem->budgets.count; b++)
        heal_limit(state, problem->budgets.list[b], true, &state->budget_left[b]);
    for (uint32_t q = 0; q < problem->quotas.count; q++)
        heal_limit(state, problem->quotas.list[q], false, &state->quota_left[q]);
    for (uint32_t b = 0; b < problem->group_budgets.count; b++)
        heal_group_budget(state, b);
}
