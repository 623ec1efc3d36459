/* The integer state and its moves, and the first rounding; see round.h. */
#include "controller/placement/round.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

int64_t round_least(const struct problem *problem, uint32_t pool)
{
    int64_t least = problem->pool_min[pool];
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        size_t cell = (size_t)pool * problem->dimensions + k;
        int64_t held = problem->pool_held[cell];
        int64_t capacity = problem->pool_capacity[cell];
        if (held && capacity && (held - 1) / capacity + 1 > least)
            least = (held - 1) / capacity + 1;
    }
    return least;
}

static void index_limits(struct round *round, const struct problem *problem)
{
    const struct problem_lists *lists = &problem->lists;
    const struct problem_limits *kinds[2] = {&problem->budgets, &problem->quotas};
    round->pool_budget_start = memory_new((size_t)problem->pools + 1, sizeof *round->pool_budget_start);
    for (int pass = 0; pass < 2; pass++) {
        uint32_t *next = NULL;
        if (pass == 1) {
            for (uint32_t p = 0; p < problem->pools; p++)
                round->pool_budget_start[p + 1] += round->pool_budget_start[p];
            round->pool_budget = memory_new(round->pool_budget_start[problem->pools], sizeof *round->pool_budget);
            next = memory_new(problem->pools, sizeof *next);
            memcpy(next, round->pool_budget_start, problem->pools * sizeof *next);
        }
        for (uint32_t kind = 0; kind < 2; kind++) {
            for (uint32_t b = 0; b < kinds[kind]->count; b++) {
                uint32_t list = kinds[kind]->list[b];
                for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++) {
                    uint32_t number = kind ? problem->budgets.count + b : b;
                    if (pass == 0)
                        round->pool_budget_start[lists->pool[i] + 1]++;
                    else
                        round->pool_budget[next[lists->pool[i]]++] = number;
                }
            }
        }
        free(next);
    }
}

static void index_slots(struct round *round)
{
    struct work *work = round->work;
    round->pool_slot_start = memory_new((size_t)work->pools + 1, sizeof *round->pool_slot_start);
    round->pool_slot = memory_new(round->slots, sizeof *round->pool_slot);
    for (uint32_t j = 0; j < work->groups; j++) {
        for (size_t s = work->slot_start[j]; s < work->slot_start[j] + work->slot_count[j]; s++) {
            round->slot_group[s] = j;
            round->pool_slot_start[work->slot[s].pool + 1]++;
        }
    }
    for (uint32_t p = 0; p < work->pools; p++)
        round->pool_slot_start[p + 1] += round->pool_slot_start[p];
    uint32_t *next = memory_new(work->pools, sizeof *next);
    memcpy(next, round->pool_slot_start, work->pools * sizeof *next);
    for (uint32_t j = 0; j < work->groups; j++) {
        for (size_t s = work->slot_start[j]; s < work->slot_start[j] + work->slot_count[j]; s++)
            round->pool_slot[next[work->slot[s].pool]++] = (uint32_t)s;
    }
    free(next);
}

void round_init(struct round *round, struct work *work)
{
    const struct problem *problem = work->problem;
    uint32_t caps = work->groups ? problem->cap_start[work->groups] : 0;
    *round = (struct round){.work = work, .slots = work->slot_start[work->groups]};
    round->count = memory_new(round->slots, sizeof *round->count);
    round->slot_group = memory_new(round->slots, sizeof *round->slot_group);
    round->unplaced = memory_new(work->groups, sizeof *round->unplaced);
    round->gained = memory_new(work->groups, sizeof *round->gained);
    round->free = memory_new((size_t)work->pools * work->dimensions, sizeof *round->free);
    round->machines = memory_new(work->pools, sizeof *round->machines);
    round->least = memory_new(work->pools, sizeof *round->least);
    round->limit = memory_new(work->pools, sizeof *round->limit);
    round->cap_left = memory_new(caps, sizeof *round->cap_left);
    round->gbudget_left = memory_new(problem->group_budgets.count, sizeof *round->gbudget_left);
    round->budget_left = memory_new((size_t)problem->budgets.count + problem->quotas.count, sizeof *round->budget_left);
    round->quota_left = round->budget_left + problem->budgets.count;
    round->margin = memory_new((size_t)work->pools * work->dimensions, sizeof *round->margin);
    index_limits(round, problem);
    index_slots(round);
    for (uint32_t j = 0; j < work->groups; j++)
        round->unplaced[j] = problem->group_count[j];
    for (uint32_t c = 0; c < caps; c++)
        round->cap_left[c] = problem->cap_max[c];
    for (uint32_t b = 0; b < problem->group_budgets.count; b++)
        round->gbudget_left[b] = problem->group_budgets.most[b];
    for (uint32_t b = 0; b < problem->budgets.count; b++)
        round->budget_left[b] = problem->budgets.most[b];
    for (uint32_t q = 0; q < problem->quotas.count; q++)
        round->quota_left[q] = problem->quotas.most[q];
    for (uint32_t p = 0; p < work->pools; p++) {
        round->limit[p] = problem_pool_limit(problem, p);
        if (round->limit[p] > PROBLEM_COUNT_MAX)
            round->limit[p] = PROBLEM_COUNT_MAX; /* what a plan file can say */
        round->least[p] = round_least(problem, p);
        for (uint32_t k = 0; k < work->dimensions; k++) {
            size_t cell = (size_t)p * work->dimensions + k;
            round->free[cell] = -problem->pool_held[cell];
            round->margin[cell] = work->price[cell];
        }
        round_change_machines(round, p, round->least[p]);
    }
}

void round_release(struct round *round)
{
    free(round->count);
    free(round->slot_group);
    free(round->unplaced);
    free(round->gained);
    free(round->free);
    free(round->machines);
    free(round->least);
    free(round->limit);
    free(round->cap_left);
    free(round->gbudget_left);
    free(round->budget_left);
    free(round->pool_budget_start);
    free(round->pool_budget);
    free(round->pool_slot_start);
    free(round->pool_slot);
    free(round->margin);
    free(round->group_dirty);
    free(round->pool_dirty);
    free(round->dirty_groups);
    free(round->dirty_pools);
    *round = (struct round){0};
}

/* --- what has changed --- */

void round_mark_pool(struct round *round, uint32_t pool)
{
    if (!round->pool_dirty || round->pool_dirty[pool])
        return;
    round->pool_dirty[pool] = true;
    round->dirty_pools[round->dirty_pool_count++] = pool;
}

void round_mark_group(struct round *round, uint32_t group)
{
    if (!round->group_dirty || round->group_dirty[group])
        return;
    round->group_dirty[group] = true;
    round->dirty_groups[round->dirty_group_count++] = group;
}

/* --- machines --- */

static int64_t limit_weight(const struct problem *problem, uint32_t pool, uint32_t number)
{
    return number < problem->budgets.count ? problem->pool_price[pool]
                                           : problem->quotas.weight[number - problem->budgets.count];
}

static double price_of_machine(const struct round *round, uint32_t pool, int64_t machine)
{
    const struct work *work = round->work;
    if (machine <= round->work->problem->pool_min[pool])
        return 0;
    for (uint32_t t = work->tier_start[pool]; t < work->tier_start[pool + 1]; t++) {
        if ((double)machine <= work->tier[t].upto)
            return work->tier[t].price;
    }
    return HUGE_VAL;
}

double round_open_cost(const struct round *round, uint32_t pool)
{
    return price_of_machine(round, pool, round->machines[pool] + 1);
}

double round_close_gain(const struct round *round, uint32_t pool)
{
    return round->machines[pool] > round->least[pool] ? price_of_machine(round, pool, round->machines[pool]) : 0;
}

/* How many machines more limit, budgets and quotas allow. */
int64_t round_openable(const struct round *round, uint32_t pool)
{
    int64_t room = round->limit[pool] - round->machines[pool];
    for (uint32_t i = round->pool_budget_start[pool]; i < round->pool_budget_start[pool + 1] && room > 0; i++) {
        uint32_t number = round->pool_budget[i];
        int64_t weight = limit_weight(round->work->problem, pool, number);
        if (weight && round->budget_left[number] / weight < room)
            room = round->budget_left[number] / weight;
    }
    return room > 0 ? room : 0;
}

bool round_may_open(const struct round *round, uint32_t pool)
{
    return round_openable(round, pool) > 0;
}

/* What so many machines hold, cut where no load can reach (A_pk <= 2^62). */
static int64_t capacity_of(int64_t capacity, int64_t machines)
{
    __int128 all = (__int128)capacity * machines;
    return all < PROBLEM_TOTAL_MAX ? (int64_t)all : PROBLEM_TOTAL_MAX;
}

void round_change_machines(struct round *round, uint32_t pool, int64_t change)
{
    const struct problem *problem = round->work->problem;
    int64_t before = round->machines[pool];
    round->machines[pool] += change;
    round_mark_pool(round, pool);
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        size_t cell = (size_t)pool * problem->dimensions + k;
        round->free[cell] += capacity_of(problem->pool_capacity[cell], before + change) -
                             capacity_of(problem->pool_capacity[cell], before);
    }
    for (uint32_t i = round->pool_budget_start[pool]; i < round->pool_budget_start[pool + 1]; i++) {
        uint32_t number = round->pool_budget[i];
        round->budget_left[number] -= limit_weight(problem, pool, number) * change;
    }
}

int64_t round_needed(const struct round *round, uint32_t pool)
{
    const struct problem *problem = round->work->problem;
    int64_t needed = round->least[pool];
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        size_t cell = (size_t)pool * problem->dimensions + k;
        int64_t capacity = problem->pool_capacity[cell];
        if (!capacity)
            continue;
        int64_t used = capacity_of(capacity, round->machines[pool]) - round->free[cell];
        int64_t here = used > 0 ? (used - 1) / capacity + 1 : 0;
        needed = here > needed ? here : needed;
    }
    for (uint32_t i = round->pool_slot_start[pool]; i < round->pool_slot_start[pool + 1]; i++) {
        uint32_t slot = round->pool_slot[i];
        int64_t each = problem->group_permachine[round->slot_group[slot]];
        if (each != PROBLEM_UNLIMITED && round->count[slot] > each * needed)
            needed = (round->count[slot] + each - 1) / each;
    }
    return needed;
}

double round_cost(const struct round *round)
{
    const struct work *work = round->work;
    const struct problem *problem = work->problem;
    double cost = 0;
    for (uint32_t p = 0; p < work->pools; p++)
        cost += (double)problem_pool_cost(problem, p, round->machines[p]);
    for (uint32_t j = 0; j < work->groups; j++) {
        cost += (double)problem->group_unplaced[j] * (double)round->unplaced[j];
        for (size_t s = work->slot_start[j]; s < work->slot_start[j] + work->slot_count[j]; s++)
            cost += work->slot[s].extra * (double)round->count[s];
        int64_t growth = problem->group_count[j] - (int64_t)work->now_total[j];
        int64_t moves = round->gained[j] - (growth > 0 ? growth : 0);
        cost += moves > 0 ? (double)problem->group_move[j] * (double)moves : 0;
    }
    return cost;
}

void round_trim(struct round *round)
{
    for (uint32_t p = 0; p < round->work->pools; p++) {
        int64_t needed = round_needed(round, p);
        if (needed < round->machines[p])
            round_change_machines(round, p, needed - round->machines[p]);
    }
}

/* --- moves --- */

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
    round_mark_pool(round, work->slot[slot].pool);
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
    round_mark_group(round, group);
    if (from == ROUND_UNPLACED)
        round->unplaced[group] -= amount;
    else
        change_slot(round, group, from, -amount);
    if (to == ROUND_UNPLACED)
        round->unplaced[group] += amount;
    else
        change_slot(round, group, to, amount);
}

/* --- following the fractional plan --- */

/* Machines that `wanted` more of the group would need, at least 1, at most what may be opened. */
static int64_t machines_for(const struct round *round, uint32_t group, size_t slot, int64_t wanted)
{
    const struct problem *problem = round->work->problem;
    uint32_t pool = round->work->slot[slot].pool;
    __int128 machines = 1;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        size_t cell = (size_t)pool * problem->dimensions + k;
        __int128 lacking =
            (__int128)problem->group_demand[(size_t)group * problem->dimensions + k] * wanted - round->free[cell];
        int64_t capacity = problem->pool_capacity[cell];
        if (capacity && lacking > 0 && (lacking - 1) / capacity + 1 > machines)
            machines = (lacking - 1) / capacity + 1;
    }
    int64_t each = problem->group_permachine[group];
    if (each != PROBLEM_UNLIMITED && each > 0) {
        int64_t all = (round->count[slot] + wanted - 1) / each + 1;
        machines = all - round->machines[pool] > machines ? all - round->machines[pool] : machines;
    }
    int64_t most = round_openable(round, pool);
    return machines < most ? (int64_t)machines : most;
}

/* Adds up to `wanted` in the slot, opening machines as long as limits allow. */
static int64_t add_opening(struct round *round, uint32_t group, size_t slot, int64_t wanted)
{
    uint32_t pool = round->work->slot[slot].pool;
    int64_t room = round_room(round, group, ROUND_UNPLACED, slot);
    if (room < wanted) {
        int64_t opened = machines_for(round, group, slot, wanted);
        round_change_machines(round, pool, opened);
        int64_t more = round_room(round, group, ROUND_UNPLACED, slot);
        if (more == room && opened)
            round_change_machines(round, pool, -opened);
        room = more;
    }
    room = room < wanted ? room : wanted;
    if (room > 0)
        round_move(round, group, ROUND_UNPLACED, slot, room);
    return room > 0 ? room : 0;
}

static double load_price(const struct round *round, uint32_t group, uint32_t pool)
{
    const struct work *work = round->work;
    double price = 0;
    for (uint32_t k = 0; k < work->dimensions; k++)
        price +=
            round->margin[(size_t)pool * work->dimensions + k] * work->demand[(size_t)group * work->dimensions + k];
    return price;
}

/* Where the per-machine limit alone is in the way, each allocation pays for its part of a machine of its own. */
static double machine_alone(const struct round *round, uint32_t group, size_t slot)
{
    const struct problem *problem = round->work->problem;
    uint32_t pool = round->work->slot[slot].pool;
    int64_t each = problem->group_permachine[group];
    if (each == PROBLEM_UNLIMITED || each == 0 || round->count[slot] < each * round->machines[pool])
        return 0;
    double alone = round_open_cost(round, pool) / (double)each - load_price(round, group, pool);
    return alone > 0 ? alone : 0;
}

void round_place_rest(struct round *round, uint32_t group)
{
    struct work *work = round->work;
    size_t first = work->slot_start[group];
    uint64_t tried = 0;
    while (round->unplaced[group] > 0) {
        size_t best = ROUND_UNPLACED;
        double best_cost = 0;
        for (size_t i = 0; i < work->slot_count[group]; i++) {
            if (tried >> i & 1)
                continue;
            double cost = round_delta(round, group, ROUND_UNPLACED, first + i, 1) +
                          load_price(round, group, work->slot[first + i].pool);
            bool fits_now = round_room(round, group, ROUND_UNPLACED, first + i) > 0;
            if (fits_now)
                cost -= 0.3 * load_price(round, group, work->slot[first + i].pool);
            else
                cost += machine_alone(round, group, first + i);
            if (best == ROUND_UNPLACED || cost < best_cost) {
                best = first + i;
                best_cost = cost;
            }
        }
        if (best == ROUND_UNPLACED || best_cost >= 0)
            return;
        int64_t room = round_room(round, group, ROUND_UNPLACED, best);
        int64_t wanted = round->unplaced[group];
        int64_t added = add_opening(round, group, best, room > 0 && room < wanted ? room : wanted);
        if (added == 0)
            tried |= UINT64_C(1) << (best - first);
    }
}

/* Opens the machines that the fractional plan has. */
static void follow_machines(struct round *round)
{
    const struct work *work = round->work;
    for (uint32_t p = 0; p < work->pools; p++) {
        int64_t wanted = work->machines[p] < 1e12 ? (int64_t)(work->machines[p] + 0.01) - round->machines[p] : 0;
        int64_t most = round_openable(round, p);
        wanted = wanted < most ? wanted : most;
        if (wanted > 0)
            round_change_machines(round, p, wanted);
    }
}

/* Whole parts first, as far as there is room; then the largest remainders. */
static void follow_group(struct round *round, uint32_t group, double *rest)
{
    struct work *work = round->work;
    size_t first = work->slot_start[group];
    for (size_t i = 0; i < work->slot_count[group]; i++) {
        double x = work->slot[first + i].x;
        int64_t whole = x < 4e9 ? (int64_t)(x + 1e-6) : round->unplaced[group];
        rest[i] = x - (double)whole;
        if (whole > round->unplaced[group])
            whole = round->unplaced[group];
        int64_t room = round_room(round, group, ROUND_UNPLACED, first + i);
        if (whole > room) {
            rest[i] += (double)(whole - room);
            whole = room;
        }
        if (whole > 0)
            round_move(round, group, ROUND_UNPLACED, first + i, whole);
    }
}

static void follow_rest(struct round *round, uint32_t group, double *rest)
{
    struct work *work = round->work;
    size_t first = work->slot_start[group];
    size_t count = work->slot_count[group];
    while (round->unplaced[group] > 0) {
        size_t best = count;
        for (size_t i = 0; i < count; i++) {
            if (rest[i] > 0.02 && (best == count || rest[i] > rest[best]))
                best = i;
        }
        if (best == count)
            return;
        int64_t room = round_room(round, group, ROUND_UNPLACED, first + best);
        if (room == 0) {
            rest[best] = 0;
            continue;
        }
        round_move(round, group, ROUND_UNPLACED, first + best, 1);
        rest[best] -= 1;
    }
}

/* What is left goes where there is room, if that is not much dearer than what it was meant for. */
static void follow_room(struct round *round, uint32_t group)
{
    struct work *work = round->work;
    size_t first = work->slot_start[group];
    while (round->unplaced[group] > 0) {
        size_t best = ROUND_UNPLACED;
        double best_cost = 0;
        double dream = 0;
        for (size_t s = first; s < first + work->slot_count[group]; s++) {
            double cost = round_delta(round, group, ROUND_UNPLACED, s, 1);
            double full = cost + load_price(round, group, work->slot[s].pool);
            dream = full < dream ? full : dream;
            if (round_room(round, group, ROUND_UNPLACED, s) > 0 && cost < best_cost) {
                best = s;
                best_cost = cost;
            }
        }
        if (best == ROUND_UNPLACED || best_cost > dream)
            return;
        round_move(round, group, ROUND_UNPLACED, best, 1);
    }
}

void round_follow(struct round *round)
{
    const struct work *work = round->work;
    double *rest = memory_new(work->slot_start[work->groups], sizeof *rest);
    follow_machines(round);
    for (uint32_t j = 0; j < work->groups; j++)
        follow_group(round, j, rest + work->slot_start[j]);
    for (uint32_t j = 0; j < work->groups; j++)
        follow_rest(round, j, rest + work->slot_start[j]);
    for (uint32_t j = 0; j < work->groups; j++)
        follow_room(round, j);
    for (uint32_t j = 0; j < work->groups; j++)
        round_place_rest(round, j);
    free(rest);
    round_trim(round);
}

/* --- a plan laid aside --- */

void round_keep(const struct round *round, struct round_keep *keep)
{
    if (!keep->count) {
        keep->count = memory_new(round->slots, sizeof *keep->count);
        keep->unplaced = memory_new(round->work->groups, sizeof *keep->unplaced);
    }
    if (round->slots)
        memcpy(keep->count, round->count, round->slots * sizeof *keep->count);
    if (round->work->groups)
        memcpy(keep->unplaced, round->unplaced, round->work->groups * sizeof *keep->unplaced);
}

void round_restore(struct round *round, const struct round_keep *keep)
{
    const struct work *work = round->work;
    for (uint32_t j = 0; j < work->groups; j++) {
        size_t first = work->slot_start[j];
        size_t end = first + work->slot_count[j];
        for (size_t s = first; s < end; s++) {
            if (round->count[s] > keep->count[s])
                round_move(round, j, s, ROUND_UNPLACED, round->count[s] - keep->count[s]);
        }
        for (size_t s = first; s < end; s++) {
            if (round->count[s] < keep->count[s])
                round_move(round, j, ROUND_UNPLACED, s, keep->count[s] - round->count[s]);
        }
    }
    for (uint32_t p = 0; p < work->pools; p++) {
        int64_t needed = round_needed(round, p);
        if (needed != round->machines[p])
            round_change_machines(round, p, needed - round->machines[p]);
    }
}

void round_keep_release(struct round_keep *keep)
{
    free(keep->count);
    free(keep->unplaced);
    *keep = (struct round_keep){0};
}
