/* What a move may do and what it changes; see round.h. */
#include "controller/placement/round.h"

/* Caps that hold `to` but not `from`, nested ones and crossing ones. */
static int64_t cap_room(const struct round *round, uint32_t group, size_t from, size_t to)
{
    const struct work *work = round->work;
    const struct problem *problem = work->problem;
    int64_t room = INT64_MAX;
    int32_t from_cap = from == ROUND_UNPLACED ? WORK_NONE : work->slot[from].cap;
    for (int32_t c = work->slot[to].cap; c != WORK_NONE; c = work->cap_parent[c]) {
        bool shared = false;
        for (int32_t up = from_cap; up != WORK_NONE && !shared; up = work->cap_parent[up])
            shared = up == c;
        if (shared)
            break;
        room = round->cap_left[c] < room ? round->cap_left[c] : room;
    }
    if (!work->cap_crossed[group])
        return room;
    for (uint32_t c = problem->cap_start[group]; c < problem->cap_start[group + 1]; c++) {
        if (!work->cap_crossing[c] || !work_list_has(problem, problem->cap_list[c], work->slot[to].pool))
            continue;
        if (from != ROUND_UNPLACED && work_list_has(problem, problem->cap_list[c], work->slot[from].pool))
            continue;
        room = round->cap_left[c] < room ? round->cap_left[c] : room;
    }
    return room;
}

static void use_caps(struct round *round, uint32_t group, size_t slot, int64_t amount)
{
    const struct work *work = round->work;
    const struct problem *problem = work->problem;
    for (int32_t c = work->slot[slot].cap; c != WORK_NONE; c = work->cap_parent[c])
        round->cap_left[c] -= amount;
    if (!work->cap_crossed[group])
        return;
    for (uint32_t c = problem->cap_start[group]; c < problem->cap_start[group + 1]; c++) {
        if (work->cap_crossing[c] && work_list_has(problem, problem->cap_list[c], work->slot[slot].pool))
            round->cap_left[c] -= amount;
    }
}

static int64_t gbudget_room(const struct round *round, uint32_t group, size_t from, size_t to)
{
    const struct work *work = round->work;
    int64_t room = INT64_MAX;
    if (work->gbudget_start[group] == work->gbudget_start[group + 1])
        return room;
    int64_t rate = problem_pair_rate(work->problem, group, work->slot[to].pool);
    if (from != ROUND_UNPLACED)
        rate -= problem_pair_rate(work->problem, group, work->slot[from].pool);
    if (rate <= 0)
        return room;
    for (uint32_t i = work->gbudget_start[group]; i < work->gbudget_start[group + 1]; i++) {
        int64_t left = round->gbudget_left[work->gbudget[i]] / rate;
        room = left < room ? left : room;
    }
    return room > 0 ? room : 0;
}

static void use_gbudgets(struct round *round, uint32_t group, size_t slot, int64_t amount)
{
    const struct work *work = round->work;
    if (work->gbudget_start[group] == work->gbudget_start[group + 1])
        return;
    int64_t rate = problem_pair_rate(work->problem, group, work->slot[slot].pool);
    for (uint32_t i = work->gbudget_start[group]; i < work->gbudget_start[group + 1]; i++)
        round->gbudget_left[work->gbudget[i]] -= rate * amount;
}

int64_t round_rules_room(const struct round *round, uint32_t group, size_t from, size_t to)
{
    int64_t room = round->work->cap_any[group] ? cap_room(round, group, from, to) : INT64_MAX;
    int64_t left = gbudget_room(round, group, from, to);
    room = left < room ? left : room;
    return room > 0 ? room : 0;
}

int64_t round_room(const struct round *round, uint32_t group, size_t from, size_t to)
{
    const struct work *work = round->work;
    const struct problem *problem = work->problem;
    uint32_t pool = work->slot[to].pool;
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    int64_t room = INT64_MAX;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        int64_t left = round->free[(size_t)pool * problem->dimensions + k];
        if (demand[k] == 0)
            continue;
        if (left < demand[k])
            return 0;
        if (left / demand[k] < room)
            room = left / demand[k];
    }
    int64_t each = problem->group_permachine[group];
    if (each != PROBLEM_UNLIMITED) {
        int64_t left = each * round->machines[pool] - round->count[to];
        room = left < room ? left : room;
    }
    int64_t left = round_rules_room(round, group, from, to);
    room = left < room ? left : room;
    return room > 0 ? room : 0;
}

int64_t round_machines_for(const struct round *round, uint32_t group, size_t to, int64_t amount)
{
    const struct problem *problem = round->work->problem;
    uint32_t pool = round->work->slot[to].pool;
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    int64_t most = 0;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        size_t cell = (size_t)pool * problem->dimensions + k;
        __int128 lacking = (__int128)demand[k] * amount - round->free[cell];
        if (lacking <= 0)
            continue;
        int64_t capacity = problem->pool_capacity[cell];
        __int128 here = capacity ? (lacking - 1) / capacity + 1 : PROBLEM_COUNT_MAX;
        most = here > most ? (int64_t)(here < PROBLEM_COUNT_MAX ? here : PROBLEM_COUNT_MAX) : most;
    }
    int64_t each = problem->group_permachine[group];
    if (each == 0)
        return PROBLEM_COUNT_MAX;
    if (each != PROBLEM_UNLIMITED) {
        int64_t here = (round->count[to] + amount - 1) / each + 1 - round->machines[pool];
        most = here > most ? here : most;
    }
    return most;
}

int64_t round_spare(const struct round *round, uint32_t pool)
{
    const struct problem *problem = round->work->problem;
    int64_t spare = round->machines[pool] - round->least[pool];
    for (uint32_t k = 0; k < problem->dimensions && spare > 0; k++) {
        size_t cell = (size_t)pool * problem->dimensions + k;
        int64_t capacity = problem->pool_capacity[cell];
        if (!capacity)
            continue;
        if (round->free[cell] < capacity)
            return 0;
        if (round->free[cell] / capacity < spare)
            spare = round->free[cell] / capacity;
    }
    return spare;
}

static int64_t above(int64_t count, float now)
{
    int64_t here = (int64_t)now;
    return count > here ? count - here : 0;
}

static int64_t gained_change(const struct round *round, size_t slot, int64_t change)
{
    float now = round->work->slot[slot].now;
    return above(round->count[slot] + change, now) - above(round->count[slot], now);
}

double round_delta(const struct round *round, uint32_t group, size_t from, size_t to, int64_t amount)
{
    const struct work *work = round->work;
    const struct problem *problem = work->problem;
    double delta = 0;
    int64_t gained = round->gained[group];
    delta -=
        (double)amount * (from == ROUND_UNPLACED ? (double)problem->group_unplaced[group] : work->slot[from].extra);
    delta += (double)amount * (to == ROUND_UNPLACED ? (double)problem->group_unplaced[group] : work->slot[to].extra);
    if (!problem->group_move[group])
        return delta;
    if (from != ROUND_UNPLACED)
        gained += gained_change(round, from, -amount);
    if (to != ROUND_UNPLACED)
        gained += gained_change(round, to, amount);
    int64_t growth = problem->group_count[group] - (int64_t)work->now_total[group];
    growth = growth > 0 ? growth : 0;
    int64_t before = round->gained[group] > growth ? round->gained[group] - growth : 0;
    int64_t after = gained > growth ? gained - growth : 0;
    return delta + (double)problem->group_move[group] * (double)(after - before);
}

static void change_slot(struct round *round, uint32_t group, size_t slot, int64_t change)
{
    struct work *work = round->work;
    const int64_t *demand = work->problem->group_demand + (size_t)group * work->dimensions;
    round->gained[group] += gained_change(round, slot, change);
    round->count[slot] += change;
    for (uint32_t k = 0; k < work->dimensions; k++)
        round->free[(size_t)work->slot[slot].pool * work->dimensions + k] -= demand[k] * change;
    if (work->cap_any[group])
        use_caps(round, group, slot, change);
    use_gbudgets(round, group, slot, change);
}

void round_move(struct round *round, uint32_t group, size_t from, size_t to, int64_t amount)
{
    if (from == ROUND_UNPLACED)
        round->unplaced[group] -= amount;
    else
        change_slot(round, group, from, -amount);
    if (to == ROUND_UNPLACED)
        round->unplaced[group] += amount;
    else
        change_slot(round, group, to, amount);
}
