/* See widen.h. */
#include "controller/placement/widen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { PAIRS = 100000 }; /* problems with more are served well enough by the candidates of the prices */

bool widen_worth(const struct work *work)
{
    return work->groups > 0 && work->problem->pair_start[work->groups] <= PAIRS;
}

struct candidate {
    double cost;
    size_t pair;
};

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *left = a;
    const struct candidate *right = b;
    if (left->cost != right->cost)
        return left->cost < right->cost ? -1 : 1;
    return (left->pair > right->pair) - (left->pair < right->pair);
}

/* Pairs of the group that fit and are no candidates yet, cheapest first. */
static size_t rank_others(const struct work *work, uint32_t group, struct candidate *ret_candidate)
{
    const struct problem *problem = work->problem;
    const double *demand = work->demand + (size_t)group * work->dimensions;
    size_t count = 0;
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        bool there = isinf(work->extra[i]);
        for (size_t s = work->slot_start[group]; s < work->slot_start[group] + work->slot_count[group] && !there; s++)
            there = work->slot[s].pair == i;
        if (there)
            continue;
        const double *price = work->price + (size_t)problem->pair_pool[i] * work->dimensions;
        double cost = (double)work->extra[i];
        for (uint32_t k = 0; k < work->dimensions; k++)
            cost += price[k] * demand[k];
        ret_candidate[count++] = (struct candidate){cost, i};
    }
    if (count > 1)
        qsort(ret_candidate, count, sizeof *ret_candidate, compare_candidates);
    return count;
}

void widen(struct work *work, unsigned most)
{
    const struct problem *problem = work->problem;
    size_t *start = memory_new((size_t)work->groups + 1, sizeof *start);
    size_t longest = 0;
    for (uint32_t j = 0; j < work->groups; j++) {
        size_t pairs = problem->pair_start[j + 1] - problem->pair_start[j];
        size_t room = pairs < most ? pairs : most;
        longest = pairs > longest ? pairs : longest;
        start[j + 1] = start[j] + (room > work->slot_count[j] ? room : work->slot_count[j]);
    }
    struct work_slot *slot = memory_new(start[work->groups], sizeof *slot);
    struct candidate *other = memory_new(longest, sizeof *other);
    for (uint32_t j = 0; j < work->groups; j++) {
        size_t count = work->slot_count[j];
        if (count)
            memcpy(slot + start[j], work->slot + work->slot_start[j], count * sizeof *slot);
        if (work->cap_any[j])
            work_open_caps(work, j);
        size_t others = rank_others(work, j, other);
        for (size_t i = 0; i < others && start[j] + count < start[j + 1]; i++) {
            uint32_t pool = problem->pair_pool[other[i].pair];
            slot[start[j] + count++] = (struct work_slot){.pair = (uint32_t)other[i].pair,
                                                          .pool = pool,
                                                          .cap = work->cap_any[j] ? work_cap_of(work, pool) : WORK_NONE,
                                                          .now = (float)problem->pair_now[other[i].pair],
                                                          .extra = (double)problem->pair_extra[other[i].pair]};
        }
        work->slot_count[j] = (uint8_t)count;
    }
    free(other);
    free(work->slot);
    free(work->slot_start);
    work->slot = slot;
    work->slot_start = start;
}
