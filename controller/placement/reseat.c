/* See reseat.h. The moves are anneal.c's, from machine to machine. */
#include "controller/placement/reseat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/seats.h"

enum { TRAIL = 32, EJECTIONS = 6 };
static const double LEAST_WISH = 0.02;
static const double PACKED = 1.0 / 3; /* of the packed cost beside the aggregate one */

struct leap {
    struct bent_step step;
    uint32_t from; /* machine, SEATS_NONE for unplaced */
    size_t to;
    uint32_t seat;
    double cost;
};

struct reseat {
    struct seats seats;
    struct round *round;
    const struct work *work;
    uint64_t random;
    struct anneal_stage now;
    double wish;
    double spent; /* by the trail */
    unsigned trails;
    struct leap trail[TRAIL];
};

/* --- one leap --- */

static void begin(struct reseat *reseat)
{
    reseat->trails = 0;
    reseat->spent = 0;
}

static bool take(struct reseat *reseat, const struct leap *leap)
{
    struct leap *here = &reseat->trail[reseat->trails++];
    *here = *leap;
    here->seat = seats_apply(&reseat->seats, &leap->step, leap->from, leap->to, leap->seat);
    reseat->spent += leap->cost;
    return reseat->trails < TRAIL;
}

static void take_back(struct reseat *reseat)
{
    while (reseat->trails > 0) {
        const struct leap *leap = &reseat->trail[--reseat->trails];
        seats_take_back(&reseat->seats, &leap->step, leap->from, leap->to, leap->seat);
    }
}

static void decide(struct reseat *reseat)
{
    if (reseat->spent >= reseat->now.heat * bent_noise(&reseat->random))
        take_back(reseat);
    seats_settle(&reseat->seats);
}

static void start(struct reseat *reseat, struct leap *leap, uint32_t seat, uint32_t item, int64_t amount)
{
    const struct seat_item *what = &reseat->seats.seat[seat].item[item];
    leap->from = seat;
    leap->step =
        (struct bent_step){.group = reseat->round->slot_group[what->slot], .from = what->slot, .amount = amount};
    bent_leave(&reseat->seats.bent, &leap->step);
}

/* Something on a machine, or something unplaced now and then. */
static bool pick(struct reseat *reseat, struct leap *ret_leap)
{
    uint64_t bits = bent_random(&reseat->random);
    if (reseat->work->groups == 0)
        return false;
    if ((bits & 15) == 0) {
        uint32_t group = bent_pick(&reseat->random, reseat->work->groups);
        if (reseat->round->unplaced[group] == 0)
            return false;
        ret_leap->from = SEATS_NONE;
        ret_leap->step = (struct bent_step){.group = group, .from = ROUND_UNPLACED, .amount = 1};
        bent_leave(&reseat->seats.bent, &ret_leap->step);
        return true;
    }
    if (reseat->seats.useds == 0)
        return false;
    uint32_t seat = reseat->seats.used[bent_pick(&reseat->random, reseat->seats.useds)];
    uint32_t item = bent_pick(&reseat->random, reseat->seats.seat[seat].items);
    int64_t have = reseat->seats.seat[seat].item[item].count;
    int64_t amount = (bits >> 4 & 3) == 0 ? have : (bits >> 6 & 1 ? 1 : (have + 1) / 2);
    start(reseat, ret_leap, seat, item, amount);
    return true;
}

static double pool_cost(const struct reseat *reseat, double aggregate, double packed)
{
    return reseat->now.share * ((1 - PACKED) * aggregate + PACKED * packed);
}

/* Where it goes most cheaply, not to the machine `but`; false when nothing is below `most` with the noise. */
static bool aim(struct reseat *reseat, struct leap *leap, uint32_t but, double most)
{
    struct seats *seats = &reseat->seats;
    const struct bent *bent = &seats->bent;
    const struct work *work = reseat->work;
    const struct bent_step *step = &leap->step;
    uint32_t home = step->from == ROUND_UNPLACED ? SEATS_NONE : work->slot[step->from].pool;
    double packed =
        home == SEATS_NONE ? 0 : seats_change(seats, home, step->group, step->amount, leap->from, SEATS_NONE);
    double leave =
        step->leave_own + pool_cost(reseat, step->leave_pool, packed) + (1 - reseat->now.share) * step->leave_toll;
    bool found = false;
    size_t first = work->slot_start[step->group];
    for (size_t to = first; to < first + work->slot_count[step->group]; to++) {
        double cost = 0;
        double noise = reseat->now.heat * bent_noise(&reseat->random);
        uint32_t pool = work->slot[to].pool;
        uint32_t seat;
        if (to == step->from) {
            seat = seats_find(seats, to, step->amount, leap->from, reseat->random);
            if (seat == SEATS_NONE || seat == SEATS_NEW || seat == but)
                continue;
            cost = pool_cost(reseat, 0, seats_change(seats, pool, step->group, step->amount, leap->from, seat));
        } else {
            if (leave + bent_arrive_least(bent, step, to, reseat->now.share) - noise >= most)
                continue;
            double fill = bent_fill_after(bent, step, to);
            if (fill == HUGE_VAL)
                continue;
            cost = leave + bent_arrive_own(bent, step, to) +
                   (1 - reseat->now.share) * (double)step->amount * bent->toll[to] +
                   pool_cost(reseat, bent_cost(bent, pool, fill) - bent->pool[pool].value, 0);
            if (cost - noise >= most)
                continue;
            seat = seats_find(seats, to, step->amount, but, reseat->random);
            if (seat == SEATS_NONE)
                continue;
            cost += pool_cost(reseat, 0, seats_change(seats, pool, step->group, step->amount, SEATS_NONE, seat));
        }
        if (cost - noise >= most || (to != step->from && !bent_allowed(bent, step, to)))
            continue;
        most = cost - noise;
        leap->to = to;
        leap->seat = seat;
        leap->cost = cost;
        found = true;
    }
    if (step->from == ROUND_UNPLACED)
        return found;
    double cost = leave + bent_arrive_own(bent, step, ROUND_UNPLACED);
    if (cost - reseat->now.heat * bent_noise(&reseat->random) >= most)
        return found;
    leap->to = ROUND_UNPLACED;
    leap->seat = SEATS_NONE;
    leap->cost = cost;
    return true;
}

/* Goes to the slot and machine whatever it costs, if rules and limits allow it. */
static bool force(struct reseat *reseat, struct leap *leap, size_t to, uint32_t seat)
{
    struct seats *seats = &reseat->seats;
    const struct bent *bent = &seats->bent;
    const struct bent_step *step = &leap->step;
    uint32_t pool = reseat->work->slot[to].pool;
    double packed = seats_change(seats, pool, step->group, step->amount, SEATS_NONE, seat);
    if (step->from != ROUND_UNPLACED)
        packed +=
            seats_change(seats, reseat->work->slot[step->from].pool, step->group, step->amount, leap->from, SEATS_NONE);
    double fill = bent_fill_after(bent, step, to);
    if (fill == HUGE_VAL || !bent_allowed(bent, step, to))
        return false;
    leap->to = to;
    leap->seat = seat;
    leap->cost = step->leave_own + bent_arrive_own(bent, step, to) +
                 (1 - reseat->now.share) * (step->leave_toll + (double)step->amount * bent->toll[to]) +
                 pool_cost(reseat, step->leave_pool + bent_cost(bent, pool, fill) - bent->pool[pool].value, packed);
    return take(reseat, leap);
}

/* Where it would like to go if there were room, by the margins; another pool than now. */
static size_t wish(struct reseat *reseat, const struct bent_step *step)
{
    const struct work *work = reseat->work;
    size_t best = ROUND_UNPLACED;
    double best_cost = HUGE_VAL;
    size_t first = work->slot_start[step->group];
    for (size_t to = first; to < first + work->slot_count[step->group]; to++) {
        if (to == step->from)
            continue;
        double cost = (double)step->amount * (reseat->seats.bent.toll[to] + work->slot[to].extra) -
                      reseat->wish * bent_noise(&reseat->random);
        if (cost < best_cost && round_rules_room(reseat->round, step->group, step->from, to) >= step->amount) {
            best = to;
            best_cost = cost;
        }
    }
    return best;
}

/* --- what it does --- */

static void leap_once(struct reseat *reseat)
{
    struct leap leap = {0};
    begin(reseat);
    if (!pick(reseat, &leap) || !aim(reseat, &leap, SEATS_NONE, 0))
        return;
    take(reseat, &leap);
    seats_settle(&reseat->seats);
}

/* Takes things off the machine until so many of the slot fit; they go wherever they like. */
static bool eject(struct reseat *reseat, uint32_t seat, size_t slot, int64_t amount)
{
    for (int i = 0; i < EJECTIONS; i++) {
        if (seats_room(&reseat->seats, seat, slot) >= amount)
            return true;
        const struct seat *here = &reseat->seats.seat[seat];
        if (here->items == 0)
            return false;
        struct leap leap = {0};
        uint32_t item = bent_pick(&reseat->random, here->items);
        if (here->item[item].slot == slot)
            continue;
        int64_t have = here->item[item].count;
        start(reseat, &leap, seat, item, bent_random(&reseat->random) & 1 ? have : 1);
        if (!aim(reseat, &leap, seat, HUGE_VAL) || !take(reseat, &leap))
            return false;
    }
    return seats_room(&reseat->seats, seat, slot) >= amount;
}

static void leap_pushing(struct reseat *reseat)
{
    struct leap leap = {0};
    begin(reseat);
    if (!pick(reseat, &leap))
        return;
    size_t to = wish(reseat, &leap.step);
    if (to == ROUND_UNPLACED || reseat->work->problem->group_permachine[leap.step.group] < leap.step.amount)
        return;
    const struct seat_list *list = &reseat->seats.pool[reseat->work->slot[to].pool];
    if (list->count == 0)
        return;
    uint32_t seat = list->seat[bent_pick(&reseat->random, list->count)];
    if (seats_room(&reseat->seats, seat, to) < leap.step.amount && !eject(reseat, seat, to, leap.step.amount)) {
        take_back(reseat);
        seats_settle(&reseat->seats);
        return;
    }
    bool there = leap.from == SEATS_NONE || reseat->seats.seat[leap.from].place != SEATS_NONE;
    int64_t left = leap.step.from == ROUND_UNPLACED ? reseat->round->unplaced[leap.step.group] : 0;
    for (uint32_t i = 0; there && leap.from != SEATS_NONE && i < reseat->seats.seat[leap.from].items; i++) {
        if (reseat->seats.seat[leap.from].item[i].slot == leap.step.from)
            left = reseat->seats.seat[leap.from].item[i].count;
    }
    /* What was ejected may have filled the machine it needs, or closed the one it comes from. */
    if (!there || left < leap.step.amount || reseat->seats.seat[seat].place == SEATS_NONE) {
        take_back(reseat);
        seats_settle(&reseat->seats);
        return;
    }
    bent_leave(&reseat->seats.bent, &leap.step);
    if (!force(reseat, &leap, to, seat))
        take_back(reseat);
    decide(reseat);
}

/* Empties a machine; its first allocation may open another where it wishes. */
static void leap_emptying(struct reseat *reseat)
{
    struct seats *seats = &reseat->seats;
    begin(reseat);
    if (seats->useds == 0)
        return;
    uint32_t seat = seats->used[bent_pick(&reseat->random, seats->useds)];
    if (seats->seat[seat].held != NODES_NO_HELD || seats->seat[seat].items >= TRAIL / 2)
        return;
    if (bent_random(&reseat->random) & 1) {
        struct leap leap = {0};
        uint32_t item = bent_pick(&reseat->random, seats->seat[seat].items);
        start(reseat, &leap, seat, item, seats->seat[seat].item[item].count);
        size_t to = wish(reseat, &leap.step);
        if (to == ROUND_UNPLACED)
            return;
        uint32_t pool = reseat->work->slot[to].pool;
        if ((int64_t)seats->pool[pool].count >= reseat->round->limit[pool] ||
            leap.step.amount > reseat->work->problem->group_permachine[leap.step.group])
            return;
        for (uint32_t k = 0; k < seats->dimensions; k++) {
            if (reseat->work->demand[(size_t)leap.step.group * seats->dimensions + k] * (double)leap.step.amount >
                reseat->work->capacity[(size_t)pool * seats->dimensions + k])
                return;
        }
        if (!force(reseat, &leap, to, SEATS_NEW)) {
            take_back(reseat);
            seats_settle(seats);
            return;
        }
    }
    while (seats->seat[seat].items > 0) {
        struct leap leap = {0};
        uint32_t item = bent_pick(&reseat->random, seats->seat[seat].items);
        int64_t have = seats->seat[seat].item[item].count;
        start(reseat, &leap, seat, item, reseat->trails < TRAIL / 4 ? 1 : have);
        if (!aim(reseat, &leap, seat, HUGE_VAL) || !take(reseat, &leap)) {
            take_back(reseat);
            break;
        }
    }
    decide(reseat);
}

/* --- a course --- */

static void set_stage(struct reseat *reseat, const struct anneal_course *course, unsigned stage)
{
    double level = reseat->seats.bent.level;
    reseat->now = anneal_stage_at(course, stage);
    reseat->now.heat *= level;
    reseat->wish = reseat->now.heat > LEAST_WISH * level ? reseat->now.heat : LEAST_WISH * level;
    reseat->seats.bent.bend = reseat->now.bend;
    for (uint32_t p = 0; p < reseat->work->pools; p++) {
        bent_refresh(&reseat->seats.bent, p);
        seats_refresh(&reseat->seats, p);
    }
}

void reseat(struct nodes *nodes, const struct anneal_course *course)
{
    struct reseat *reseat = memory_new(1, sizeof *reseat);
    *reseat = (struct reseat){.round = nodes->round, .work = nodes->round->work, .random = course->seed};
    round_trim(nodes->round);
    seats_open(&reseat->seats, nodes);
    for (unsigned stage = 0; stage < ANNEAL_STAGES; stage++) {
        set_stage(reseat, course, stage);
        for (uint64_t n = 0; n < course->steps / ANNEAL_STAGES + 1; n++) {
            if (n % 32 == 0)
                leap_emptying(reseat);
            else if (n % 4 == 1)
                leap_pushing(reseat);
            else
                leap_once(reseat);
        }
    }
    seats_close(&reseat->seats);
    free(reseat);
}
