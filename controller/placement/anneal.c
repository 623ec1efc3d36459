/* See anneal.h. A step takes some allocations of one group to where they are cheapest, noise added. */
#include "controller/placement/anneal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { BLOCK = 24 };                   /* most steps of one block */
#define NOWHERE (ROUND_UNPLACED - 1)   /* no target was found */
static const double HOPE = 4;          /* in wishes: see take_chain */
static const double LEAST_WISH = 0.02; /* of an allocation's cost: noise of wishes when it is cold */

struct anneal {
    struct bent bent;
    struct round *round;
    const struct work *work;
    uint64_t random;
    struct anneal_stage now;
    double wish;      /* noise of where an allocation would like to go */
    uint32_t *active; /* slots in use, and slots + group for what is unplaced */
    uint32_t *place;  /* [slots + groups] where it stands in active, UINT32_MAX if not */
    uint32_t actives;
};

static void set_active(struct anneal *anneal, size_t entry, bool on)
{
    uint32_t at = anneal->place[entry];
    if (on && at == UINT32_MAX) {
        anneal->place[entry] = anneal->actives;
        anneal->active[anneal->actives++] = (uint32_t)entry;
    } else if (!on && at != UINT32_MAX) {
        uint32_t last = anneal->active[--anneal->actives];
        anneal->active[at] = last;
        anneal->place[last] = at;
        anneal->place[entry] = UINT32_MAX;
    }
}

static void apply(struct anneal *anneal, const struct bent_step *step, size_t to)
{
    const struct round *round = anneal->round;
    bent_apply(&anneal->bent, step, to);
    if (to != ROUND_UNPLACED)
        set_active(anneal, to, round->count[to] > 0);
    if (step->from != ROUND_UNPLACED)
        set_active(anneal, step->from, round->count[step->from] > 0);
    set_active(anneal, round->slots + step->group, round->unplaced[step->group] > 0);
}

static void take_back(struct anneal *anneal, const struct bent_step *step, size_t to)
{
    struct bent_step back = {.group = step->group, .from = to, .amount = step->amount};
    apply(anneal, &back, step->from);
}

/* --- choosing --- */

/* One, all, half of half of it, or what closes a machine. */
static int64_t pick_amount(struct anneal *anneal, size_t from, int64_t have)
{
    if (have == 1)
        return 1;
    uint64_t bits = bent_random(&anneal->random);
    unsigned kind = (unsigned)(bits & 15);
    if (kind < 6)
        return 1;
    if (kind < 9)
        return have;
    if (kind < 12 && from != ROUND_UNPLACED) {
        int64_t close = bent_amount_to_close(&anneal->bent, from);
        if (close > 0 && close <= have)
            return close;
    }
    int64_t amount = have >> (1 + (bits >> 8 & 7));
    return amount > 0 ? amount : 1;
}

static struct bent_step pick_step(struct anneal *anneal)
{
    const struct round *round = anneal->round;
    uint32_t entry = anneal->active[bent_pick(&anneal->random, anneal->actives)];
    struct bent_step step = {.from = entry};
    if (entry >= round->slots) {
        step.group = entry - (uint32_t)round->slots;
        step.from = ROUND_UNPLACED;
        step.amount = pick_amount(anneal, step.from, round->unplaced[step.group]);
    } else {
        step.group = round->slot_group[entry];
        step.amount = pick_amount(anneal, step.from, round->count[entry]);
    }
    bent_leave(&anneal->bent, &step);
    return step;
}

/* What of the slot's allocations the pool must lose for a machine less, as far as this group can do it. */
static struct bent_step leave_step(struct anneal *anneal, uint32_t slot, int64_t otherwise)
{
    const struct round *round = anneal->round;
    struct bent_step step = {.group = round->slot_group[slot], .from = slot};
    step.amount = bent_amount_to_close(&anneal->bent, slot);
    if (step.amount <= 0 || step.amount > round->count[slot])
        step.amount = otherwise;
    bent_leave(&anneal->bent, &step);
    return step;
}

static double leave_cost(const struct anneal *anneal, const struct bent_step *step)
{
    return step->leave_own + anneal->now.share * step->leave_pool + (1 - anneal->now.share) * step->leave_toll;
}

static double enter_cost(const struct anneal *anneal, const struct bent_step *step, size_t to, double fill)
{
    const struct bent *bent = &anneal->bent;
    uint32_t pool = anneal->work->slot[to].pool;
    return bent_arrive_own(bent, step, to) +
           anneal->now.share * (bent_cost(bent, pool, fill) - bent->pool[pool].value) +
           (1 - anneal->now.share) * (double)step->amount * bent->toll[to];
}

/* Where the step goes most cheaply, noise taken into account; NOWHERE when nothing is below `most`. *ret_cost is
 * without the noise. */
static size_t find_target(struct anneal *anneal, const struct bent_step *step, double most, double *ret_cost)
{
    const struct work *work = anneal->work;
    double leave = leave_cost(anneal, step);
    size_t best = NOWHERE;
    size_t first = work->slot_start[step->group];
    for (size_t to = first; to < first + work->slot_count[step->group]; to++) {
        if (to == step->from)
            continue;
        double noise = anneal->now.heat * bent_noise(&anneal->random);
        if (leave + bent_arrive_least(&anneal->bent, step, to, anneal->now.share) - noise >= most)
            continue;
        double fill = bent_fill_after(&anneal->bent, step, to);
        if (fill == HUGE_VAL)
            continue;
        double cost = leave + enter_cost(anneal, step, to, fill);
        double noisy = cost - noise;
        if (noisy < most && bent_allowed(&anneal->bent, step, to)) {
            best = to;
            most = noisy;
            *ret_cost = cost;
        }
    }
    if (step->from == ROUND_UNPLACED)
        return best;
    double cost = leave + bent_arrive_own(&anneal->bent, step, ROUND_UNPLACED);
    if (cost - anneal->now.heat * bent_noise(&anneal->random) >= most)
        return best;
    *ret_cost = cost;
    return ROUND_UNPLACED;
}

/* Where the step would like to go if there were room, by the margins; NOWHERE when its own rules allow no place. */
static size_t find_wish(struct anneal *anneal, const struct bent_step *step)
{
    const struct work *work = anneal->work;
    size_t best = NOWHERE;
    double best_cost = HUGE_VAL;
    size_t first = work->slot_start[step->group];
    for (size_t to = first; to < first + work->slot_count[step->group]; to++) {
        if (to == step->from)
            continue;
        double cost = (double)step->amount * (anneal->bent.toll[to] + work->slot[to].extra) -
                      anneal->wish * bent_noise(&anneal->random);
        if (cost < best_cost && round_rules_room(anneal->round, step->group, step->from, to) >= step->amount) {
            best = to;
            best_cost = cost;
        }
    }
    return best;
}

/* A slot in use of the pool, of another group; UINT32_MAX when luck finds none. */
static uint32_t pick_other(struct anneal *anneal, uint32_t pool, uint32_t group)
{
    const struct round *round = anneal->round;
    uint32_t first = round->pool_slot_start[pool];
    uint32_t count = round->pool_slot_start[pool + 1] - first;
    for (int tries = 0; tries < 8; tries++) {
        uint32_t slot = round->pool_slot[first + bent_pick(&anneal->random, count)];
        if (round->count[slot] > 0 && round->slot_group[slot] != group)
            return slot;
    }
    return UINT32_MAX;
}

static bool accepts(struct anneal *anneal, double cost)
{
    return cost < anneal->now.heat * bent_noise(&anneal->random);
}

/* --- what it does --- */

static void take_step(struct anneal *anneal)
{
    struct bent_step step = pick_step(anneal);
    double cost = 0;
    size_t to = find_target(anneal, &step, 0, &cost);
    if (to != NOWHERE)
        apply(anneal, &step, to);
}

/* One goes where it wishes and another leaves from there. */
static void take_chain(struct anneal *anneal)
{
    struct round *round = anneal->round;
    struct bent_step step = pick_step(anneal);
    size_t to = find_wish(anneal, &step);
    if (to == NOWHERE)
        return;
    uint32_t pool = anneal->work->slot[to].pool;
    uint32_t other = pick_other(anneal, pool, step.group);
    double fill = bent_fill_after(&anneal->bent, &step, to);
    if (other == UINT32_MAX || fill == HUGE_VAL)
        return;
    double cost = leave_cost(anneal, &step) + enter_cost(anneal, &step, to, fill);
    double opened = anneal->now.share * (bent_cost(&anneal->bent, pool, fill) - anneal->bent.pool[pool].value);
    if (cost - opened > HOPE * anneal->wish) /* more than another is likely to gain by leaving */
        return;
    apply(anneal, &step, to);
    struct bent_step second = leave_step(anneal, other, 1);
    double more = 0;
    size_t end = find_target(anneal, &second, HUGE_VAL, &more);
    if (end != NOWHERE && accepts(anneal, cost + more)) {
        apply(anneal, &second, end);
        if (round->machines[pool] <= round->limit[pool] && bent_within_limits(&anneal->bent, pool))
            return;
        take_back(anneal, &second, end);
    }
    take_back(anneal, &step, to);
}

/* A pool gives up a machine: one allocation goes where it wishes, others follow as they like. */
static void take_block(struct anneal *anneal)
{
    struct round *round = anneal->round;
    struct bent_step step[BLOCK];
    size_t end[BLOCK];
    step[0] = pick_step(anneal);
    if (step[0].from == ROUND_UNPLACED)
        return;
    end[0] = find_wish(anneal, &step[0]);
    uint32_t pool = anneal->work->slot[step[0].from].pool;
    if (end[0] == NOWHERE || round->machines[pool] <= round->least[pool])
        return;
    double fill = bent_fill_after(&anneal->bent, &step[0], end[0]);
    if (fill == HUGE_VAL || !bent_allowed(&anneal->bent, &step[0], end[0]))
        return;
    int64_t machines = round->machines[pool];
    double cost = leave_cost(anneal, &step[0]) + enter_cost(anneal, &step[0], end[0], fill);
    apply(anneal, &step[0], end[0]);
    unsigned count = 1;
    while (count < BLOCK && round->machines[pool] >= machines) {
        uint32_t other = pick_other(anneal, pool, UINT32_MAX);
        if (other == UINT32_MAX)
            break;
        double more = 0;
        step[count] = leave_step(anneal, other, round->count[other]);
        end[count] = find_target(anneal, &step[count], HUGE_VAL, &more);
        if (end[count] == NOWHERE)
            break;
        apply(anneal, &step[count], end[count]);
        cost += more;
        count++;
    }
    if (accepts(anneal, cost))
        return;
    while (count-- > 0)
        take_back(anneal, &step[count], end[count]);
}

/* --- a course --- */

/* The square root, by Newton: libm is not used. */
static double root_of(double square)
{
    double root = square > 1 ? square : 1;
    for (int i = 0; i < 60; i++)
        root = (root + square / root) / 2;
    return root;
}

/* The stage-th of ANNEAL_STAGES values from first to last in equal ratios, by repeated square roots. */
static double between(double first, double last, unsigned stage)
{
    unsigned low = 0;
    unsigned high = ANNEAL_STAGES;
    while (high - low > 1 && first > 0 && last > 0) {
        unsigned middle = (low + high) / 2;
        double root = root_of(first * last);
        if (stage < middle) {
            high = middle;
            last = root;
        } else {
            low = middle;
            first = root;
        }
    }
    return first;
}

struct anneal_stage anneal_stage_at(const struct anneal_course *course, unsigned stage)
{
    enum { EXACT = 4, COLD = 2, SHARED = ANNEAL_STAGES * 3 / 4 }; /* stages at the end; where the share gets to 1 */
    double risen = stage < SHARED ? (double)stage / SHARED : 1;
    struct anneal_stage now = {.heat = between(course->heat_first, course->heat_last, stage),
                               .bend = between(course->bend_first, course->bend_last, stage),
                               .share = course->share_first + (1 - course->share_first) * risen};
    if (stage + EXACT >= ANNEAL_STAGES)
        now.bend = 0;
    if (stage + COLD >= ANNEAL_STAGES)
        now.heat = 0;
    return now;
}

static void anneal_open(struct anneal *anneal, struct round *round, uint64_t seed)
{
    const struct work *work = round->work;
    *anneal = (struct anneal){.round = round, .work = work, .random = seed};
    bent_init(&anneal->bent, round);
    anneal->active = memory_new(round->slots + work->groups, sizeof *anneal->active);
    anneal->place = memory_new(round->slots + work->groups, sizeof *anneal->place);
    if (round->slots + work->groups)
        memset(anneal->place, 0xff, (round->slots + work->groups) * sizeof *anneal->place);
    for (uint32_t j = 0; j < work->groups; j++) {
        set_active(anneal, round->slots + j, round->unplaced[j] > 0);
        for (size_t s = work->slot_start[j]; s < work->slot_start[j] + work->slot_count[j]; s++)
            set_active(anneal, s, round->count[s] > 0);
    }
}

static void anneal_close(struct anneal *anneal)
{
    bent_release(&anneal->bent);
    free(anneal->active);
    free(anneal->place);
}

void anneal(struct round *round, const struct anneal_course *course)
{
    struct anneal anneal;
    round_trim(round);
    anneal_open(&anneal, round, course->seed);
    for (unsigned stage = 0; stage < ANNEAL_STAGES && anneal.actives > 0; stage++) {
        anneal.now = anneal_stage_at(course, stage);
        anneal.now.heat *= anneal.bent.level;
        anneal.wish = LEAST_WISH * anneal.bent.level;
        anneal.wish = anneal.now.heat > anneal.wish ? anneal.now.heat : anneal.wish;
        anneal.bent.bend = anneal.now.bend;
        for (uint32_t p = 0; p < anneal.work->pools; p++)
            bent_refresh(&anneal.bent, p);
        for (uint64_t n = 0; n < course->steps / ANNEAL_STAGES + 1; n++) {
            if (n % 32 == 0)
                take_block(&anneal);
            else if (n % 4)
                take_chain(&anneal);
            else
                take_step(&anneal);
        }
    }
    anneal_close(&anneal);
}
