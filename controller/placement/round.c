/* The integer state: its making, its machines, its cost; see round.h. Neighbours: round_moves, round_follow,
 * round_keep. */
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
    *round = (struct round){0};
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
