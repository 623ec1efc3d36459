/* See improve.h. Every step is judged in money and taken back when it does not pay. */
#include "controller/placement/improve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const double WORTH = 0.5; /* micro-dollars an hour: less is rounding */

double improve_moves(struct round *round)
{
    struct work *work = round->work;
    double saved = 0;
    for (uint32_t j = 0; j < work->groups; j++) {
        size_t first = work->slot_start[j];
        size_t end = first + work->slot_count[j];
        for (size_t from = first; from < end; from++) {
            while (round->count[from] > 0) {
                size_t best = ROUND_UNPLACED;
                double best_delta = -WORTH;
                for (size_t to = first; to < end; to++) {
                    if (to == from)
                        continue;
                    double delta = round_delta(round, j, from, to, 1);
                    if (delta < best_delta && round_room(round, j, from, to) > 0) {
                        best = to;
                        best_delta = delta;
                    }
                }
                if (best == ROUND_UNPLACED)
                    break;
                int64_t amount = round_room(round, j, from, best);
                amount = amount < round->count[from] ? amount : round->count[from];
                if (round_delta(round, j, from, best, amount) > best_delta)
                    amount = 1; /* the move term is not linear */
                saved -= round_delta(round, j, from, best, amount);
                round_move(round, j, from, best, amount);
            }
        }
        round_place_rest(round, j);
    }
    return saved;
}

/* --- emptying a machine --- */

struct step {
    uint32_t group;
    size_t from, to;
    int64_t amount;
};

struct choice {
    double score;
    uint32_t slot;
};

struct evacuation {
    struct round *round;
    size_t steps, step_room;
    struct step *step;
    size_t choices, choice_room;
    struct choice *choice;
    uint32_t keep;  /* a group that stays where it is, UINT32_MAX for none */
    double *opened; /* [pool] scratch: room that a machine more would find use for */
};

static void take_step(struct evacuation *evacuation, uint32_t group, size_t from, size_t to, int64_t amount)
{
    evacuation->step =
        memory_grow(evacuation->step, evacuation->steps, &evacuation->step_room, sizeof *evacuation->step);
    evacuation->step[evacuation->steps++] = (struct step){group, from, to, amount};
    round_move(evacuation->round, group, from, to, amount);
}

static void take_back(struct evacuation *evacuation)
{
    while (evacuation->steps > 0) {
        const struct step *step = &evacuation->step[--evacuation->steps];
        round_move(evacuation->round, step->group, step->to, step->from, step->amount);
    }
}

/* Where an allocation of the slot's group goes most cheaply: another slot with room, or nowhere (ROUND_UNPLACED), which
 * is always possible. */
static size_t best_refuge(const struct round *round, uint32_t group, size_t from, double *ret_delta)
{
    const struct work *work = round->work;
    size_t first = work->slot_start[group];
    size_t best = ROUND_UNPLACED;
    double best_delta = round_delta(round, group, from, ROUND_UNPLACED, 1);
    for (size_t to = first; to < first + work->slot_count[group]; to++) {
        if (to == from)
            continue;
        double delta = round_delta(round, group, from, to, 1);
        if (delta < best_delta && round_room(round, group, from, to) > 0) {
            best = to;
            best_delta = delta;
        }
    }
    *ret_delta = best_delta;
    return best;
}

static int compare_choices(const void *a, const void *b)
{
    const struct choice *left = a;
    const struct choice *right = b;
    if (left->score != right->score)
        return left->score < right->score ? -1 : 1;
    return (left->slot > right->slot) - (left->slot < right->slot);
}

/* How far the pool is from fitting into the machines it has now, as a weight on each dimension; 0 when it fits. */
static bool lacking(const struct round *round, uint32_t pool, double *weight)
{
    const struct problem *problem = round->work->problem;
    bool any = false;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        size_t cell = (size_t)pool * problem->dimensions + k;
        int64_t over = -round->free[cell];
        weight[k] = over > 0 ? 1.0 / (double)over : 0;
        any = any || over > 0;
    }
    return any;
}

static bool too_many_a_machine(const struct round *round, size_t slot, int64_t *ret_over)
{
    int64_t each = round->work->problem->group_permachine[round->slot_group[slot]];
    if (each == PROBLEM_UNLIMITED)
        return false;
    *ret_over = round->count[slot] - each * round->machines[round->work->slot[slot].pool];
    return *ret_over > 0;
}

/* Ranks the pool's puts by what a unit of relief costs. */
static void rank_choices(struct evacuation *evacuation, uint32_t pool, const double *weight)
{
    const struct round *round = evacuation->round;
    const struct work *work = round->work;
    evacuation->choices = 0;
    for (uint32_t i = round->pool_slot_start[pool]; i < round->pool_slot_start[pool + 1]; i++) {
        uint32_t slot = round->pool_slot[i];
        if (round->count[slot] == 0)
            continue;
        uint32_t group = round->slot_group[slot];
        if (group == evacuation->keep)
            continue;
        double relief = 0;
        for (uint32_t k = 0; k < work->dimensions; k++)
            relief += weight[k] * work->demand[(size_t)group * work->dimensions + k];
        int64_t over = 0;
        bool must = too_many_a_machine(round, slot, &over);
        if (relief <= 0 && !must)
            continue;
        double delta = 0;
        best_refuge(round, group, slot, &delta);
        relief = relief > 1e-9 ? relief : 1e-9;
        double score = must ? -HUGE_VAL : (delta + 1) / (relief < 1 ? relief : 1);
        evacuation->choice =
            memory_grow(evacuation->choice, evacuation->choices, &evacuation->choice_room, sizeof *evacuation->choice);
        evacuation->choice[evacuation->choices++] = (struct choice){score, slot};
    }
    if (evacuation->choices > 1)
        qsort(evacuation->choice, evacuation->choices, sizeof *evacuation->choice, compare_choices);
}

/* Allocations of the slot to take away so that the pool fits, as far as this group can help. */
static int64_t wanted_away(const struct round *round, uint32_t pool, size_t slot)
{
    const struct problem *problem = round->work->problem;
    uint32_t group = round->slot_group[slot];
    int64_t wanted = 0;
    int64_t over = 0;
    if (too_many_a_machine(round, slot, &over))
        wanted = over;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        int64_t demand = problem->group_demand[(size_t)group * problem->dimensions + k];
        int64_t lack = -round->free[(size_t)pool * problem->dimensions + k];
        if (demand > 0 && lack > 0 && (lack - 1) / demand + 1 > wanted)
            wanted = (lack - 1) / demand + 1;
    }
    return wanted < round->count[slot] ? wanted : round->count[slot];
}

/* Moves allocations out until the pool fits its machines, spending less than `worth`. */
static bool drain(struct evacuation *evacuation, uint32_t pool, double worth, double *ret_spent)
{
    struct round *round = evacuation->round;
    double weight[PROBLEM_DIMENSIONS_MAX];
    double spent = 0;
    lacking(round, pool, weight);
    rank_choices(evacuation, pool, weight);
    for (size_t i = 0; i < evacuation->choices; i++) {
        size_t slot = evacuation->choice[i].slot;
        uint32_t group = round->slot_group[slot];
        int64_t wanted;
        while ((wanted = wanted_away(round, pool, slot)) > 0) {
            double delta = 0;
            size_t to = best_refuge(round, group, slot, &delta);
            int64_t room = to == ROUND_UNPLACED ? wanted : round_room(round, group, slot, to);
            int64_t amount = room < wanted ? room : wanted;
            spent += round_delta(round, group, slot, to, amount);
            take_step(evacuation, group, slot, to, amount);
            if (spent >= worth)
                return false;
        }
    }
    *ret_spent = spent;
    int64_t over = 0;
    for (uint32_t i = round->pool_slot_start[pool]; i < round->pool_slot_start[pool + 1]; i++) {
        if (round->count[round->pool_slot[i]] > 0 && too_many_a_machine(round, round->pool_slot[i], &over))
            return false;
    }
    return !lacking(round, pool, weight);
}

/* The pool that most of this pool's allocations would go to if it had a machine more; UINT32_MAX for none. */
static uint32_t pool_to_open(struct evacuation *evacuation, uint32_t pool, double gain)
{
    const struct round *round = evacuation->round;
    const struct work *work = round->work;
    uint32_t best = UINT32_MAX;
    double best_value = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = round->pool_slot_start[pool]; i < round->pool_slot_start[pool + 1]; i++) {
            uint32_t slot = round->pool_slot[i];
            uint32_t group = round->slot_group[slot];
            if (round->count[slot] == 0)
                continue;
            for (size_t to = work->slot_start[group]; to < work->slot_start[group] + work->slot_count[group]; to++) {
                uint32_t other = work->slot[to].pool;
                if (other == pool)
                    continue;
                if (pass == 0) {
                    evacuation->opened[other] = 0;
                    continue;
                }
                double share = 0;
                for (uint32_t k = 0; k < work->dimensions; k++)
                    share += work->price[(size_t)pool * work->dimensions + k] *
                             work->demand[(size_t)group * work->dimensions + k];
                double saved = share - round_delta(round, group, slot, to, 1);
                if (saved > 0)
                    evacuation->opened[other] += saved * (double)round->count[slot];
                if (evacuation->opened[other] > best_value && round_may_open(round, other) &&
                    round_open_cost(round, other) < gain) {
                    best = other;
                    best_value = evacuation->opened[other];
                }
            }
        }
    }
    return best;
}

static double try_pool(struct evacuation *evacuation, uint32_t pool, bool opening)
{
    struct round *round = evacuation->round;
    double gain = round_close_gain(round, pool);
    if (gain <= WORTH)
        return 0;
    double spent = 0;
    evacuation->steps = 0;
    round_change_machines(round, pool, -1);
    if (drain(evacuation, pool, gain - WORTH, &spent))
        return gain - spent;
    take_back(evacuation);
    if (opening) {
        uint32_t other = pool_to_open(evacuation, pool, gain);
        if (other != UINT32_MAX) {
            double price = round_open_cost(round, other);
            round_change_machines(round, other, 1);
            if (drain(evacuation, pool, gain - price - WORTH, &spent))
                return gain - price - spent;
            take_back(evacuation);
            round_change_machines(round, other, -1);
        }
    }
    round_change_machines(round, pool, 1);
    return 0;
}

/* Room for more of the group in the slot as far as its own rules go; capacity is made afterwards. */
static bool may_force(struct round *round, uint32_t group, size_t slot)
{
    uint32_t pool = round->work->slot[slot].pool;
    int64_t kept[PROBLEM_DIMENSIONS_MAX];
    uint32_t dimensions = round->work->dimensions;
    int64_t *free_now = round->free + (size_t)pool * dimensions;
    memcpy(kept, free_now, dimensions * sizeof *kept);
    for (uint32_t k = 0; k < dimensions; k++)
        free_now[k] = INT64_MAX / 2;
    bool room = round_room(round, group, ROUND_UNPLACED, slot) > 0;
    memcpy(free_now, kept, dimensions * sizeof *kept);
    return room;
}

/* One unplaced allocation goes where others can make room for less than it is worth. */
static bool place_by_ejection(struct evacuation *evacuation, uint32_t group)
{
    struct round *round = evacuation->round;
    const struct work *work = round->work;
    for (size_t s = work->slot_start[group]; s < work->slot_start[group] + work->slot_count[group]; s++) {
        double worth = -round_delta(round, group, ROUND_UNPLACED, s, 1);
        if (worth <= WORTH || !may_force(round, group, s))
            continue;
        uint32_t pool = work->slot[s].pool;
        bool open = round_may_open(round, pool) && round_open_cost(round, pool) < worth;
        double price = open ? round_open_cost(round, pool) : 0;
        double spent = 0;
        evacuation->steps = 0;
        if (open)
            round_change_machines(round, pool, 1);
        round_move(round, group, ROUND_UNPLACED, s, 1);
        evacuation->keep = group;
        bool fine = drain(evacuation, pool, worth - price - WORTH, &spent);
        evacuation->keep = UINT32_MAX;
        if (fine)
            return true;
        take_back(evacuation);
        round_move(round, group, s, ROUND_UNPLACED, 1);
        if (open)
            round_change_machines(round, pool, -1);
    }
    return false;
}

void improve_unplaced(struct round *round)
{
    struct evacuation evacuation = {.round = round, .keep = UINT32_MAX};
    for (uint32_t j = 0; j < round->work->groups; j++) {
        int64_t tries = round->unplaced[j] < 64 ? round->unplaced[j] : 64;
        while (tries-- > 0 && place_by_ejection(&evacuation, j))
            ;
    }
    free(evacuation.step);
    free(evacuation.choice);
}

double improve_evacuate(struct round *round, bool opening)
{
    struct evacuation evacuation = {.round = round, .keep = UINT32_MAX};
    evacuation.opened = memory_new(round->work->pools, sizeof *evacuation.opened);
    double saved = 0;
    for (uint32_t p = 0; p < round->work->pools; p++) {
        for (int tries = 0; tries < 4; tries++) {
            double here = try_pool(&evacuation, p, opening);
            saved += here;
            if (here <= 0)
                break;
        }
    }
    free(evacuation.step);
    free(evacuation.choice);
    free(evacuation.opened);
    return saved;
}

void improve(struct round *round, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        improve_unplaced(round);
        double saved = improve_moves(round);
        round_trim(round);
        saved += improve_evacuate(round, i > 0);
        round_trim(round);
        if (i > 1 && saved <= WORTH)
            break;
    }
}
