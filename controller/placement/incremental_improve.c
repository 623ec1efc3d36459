/* The local search round what an event has touched: machines emptied into room elsewhere, allocations brought to where
 * they have become cheaper. Every step is judged in money and taken back when it does not pay. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "controller/placement/incremental_state.h"

static const double WORTH = 0.5;     /* micro-dollars an hour: less is rounding */
static const double COST_WEIGHT = 2; /* of the aggregate cost beside the packed one */
static const double PULL_SAVING =
    0.02;                              /* of what an allocation costs where it is: less does not pay for the disorder */
static const double WELL_FILLED = 0.7; /* a machine worth more of its price is not tried */
enum { STEPS_MAX = 64, REFUGES_MAX = 6, REPLACEMENTS_MAX = 6 };

struct step {
    struct candidate *to;
    size_t machine;
    int64_t count;
};

struct emptying {
    struct state *state;
    uint32_t pool;
    size_t machine;
    double delta;  /* what the groups' own cost has changed by */
    double before; /* what the touched pools cost with aggregate capacity */
    uint32_t open; /* a pool that may get new machines for it, UINT32_MAX for none */
    double opened; /* what those cost */
    uint32_t steps, pools;
    struct step step[STEPS_MAX];
    uint32_t group[STEPS_MAX];
    uint32_t touched[STEPS_MAX + 1];
};

static double aggregate_cost(const struct state *state, uint32_t pool)
{
    return (double)problem_pool_cost(state->problem, pool, state->pool[pool].machines);
}

static void touch(struct emptying *emptying, uint32_t pool)
{
    for (uint32_t i = 0; i < emptying->pools; i++) {
        if (emptying->touched[i] == pool)
            return;
    }
    emptying->touched[emptying->pools++] = pool;
    emptying->before += aggregate_cost(emptying->state, pool);
}

/* A machine of the pool that has room for the group; the fullest that has. */
static size_t room_in(const struct emptying *emptying, uint32_t group, uint32_t pool)
{
    const struct state *state = emptying->state;
    const struct pool_state *here = &state->pool[pool];
    size_t best = SIZE_MAX;
    double most = -1;
    for (size_t i = 0; i < here->count; i++) {
        if ((pool == emptying->pool && i == emptying->machine) || machines_fit(state, pool, i, group) == 0)
            continue;
        double value = machines_value(state, pool, i);
        if (value > most) {
            best = i;
            most = value;
        }
    }
    return best;
}

/* The cheapest machine with room that is paid anyway, for less than `most` an allocation. */
static bool find_refuge(const struct emptying *emptying, uint32_t group, struct candidate *from, double most,
                        struct step *ret_step, double *ret_delta)
{
    const struct state *state = emptying->state;
    const struct group_state *here = &state->group[group];
    double deltas[STATE_SLOTS_MAX];
    for (uint32_t s = 0; s < here->slots; s++)
        deltas[s] = &here->slot[s] == from ? 0 : place_delta(state, group, from, &here->slot[s]);
    for (uint32_t tries = 0; tries < REFUGES_MAX; tries++) {
        uint32_t best = 0;
        for (uint32_t s = 1; s < here->slots; s++) {
            if (deltas[s] < deltas[best])
                best = s;
        }
        if (deltas[best] >= most)
            return false;
        struct candidate *to = &here->slot[best];
        *ret_delta = deltas[best];
        deltas[best] = HUGE_VAL;
        if (to != from && place_room(state, group, from, to, 1) == 0)
            continue;
        size_t machine = room_in(emptying, group, to->pool);
        if (machine == SIZE_MAX &&
            (to->pool != emptying->open || state->pool[to->pool].total >= state->pool[to->pool].limit))
            continue;
        *ret_step = (struct step){to, machine, 0};
        return true;
    }
    return false;
}

/* Moves some of the group from the machine to be emptied to where it costs least. Nothing is taken off that machine
 * yet: only the machines it goes to and the pools' loads change. */
static int64_t move_some(struct emptying *emptying, uint32_t group, struct candidate *from, int64_t count, double most)
{
    struct state *state = emptying->state;
    struct step best;
    double delta = 0;
    if (emptying->steps == STEPS_MAX || !find_refuge(emptying, group, from, most, &best, &delta))
        return 0;
    uint32_t pool = best.to->pool;
    if (best.machine == SIZE_MAX) {
        emptying->opened += place_machine_price(state, pool, state->pool[pool].total + 1);
        best.machine = machines_add(state, pool, 1);
    }
    int64_t fits = machines_fit(state, pool, best.machine, group);
    best.count = fits < count ? fits : count;
    if (best.to != from) {
        best.count = place_room(state, group, from, best.to, best.count);
        /* The move term is not linear: no further than where it bends. */
        if (from->count > from->now && best.count > from->count - from->now)
            best.count = from->count - from->now;
        if (best.to->now > best.to->count && best.count > best.to->now - best.to->count)
            best.count = best.to->now - best.to->count;
    }
    best.machine = machines_split(state, pool, best.machine);
    machines_add_content(state, pool, best.machine, group, best.count);
    if (best.to != from) {
        touch(emptying, pool);
        emptying->delta += delta * (double)best.count;
        place_shift(state, group, from, -best.count);
        place_shift(state, group, best.to, best.count);
    }
    emptying->group[emptying->steps] = group;
    emptying->step[emptying->steps++] = best;
    return best.count;
}

static void take_back(struct emptying *emptying)
{
    struct state *state = emptying->state;
    while (emptying->steps > 0) {
        const struct step *step = &emptying->step[--emptying->steps];
        uint32_t group = emptying->group[emptying->steps];
        struct candidate *from = state_slot_in(state, group, emptying->pool);
        machines_take(state, step->to->pool, step->machine, group, step->count);
        if (step->to == from)
            continue;
        place_shift(state, group, step->to, -step->count);
        place_shift(state, group, from, step->count);
    }
    for (size_t i = emptying->opened > 0 ? state->pool[emptying->open].count : 0; i-- > 0;) {
        const struct machine *machine = &state->pool[emptying->open].machine[i];
        if (!machine->contents && !machine->held)
            machines_drop(state, emptying->open, i);
    }
}

/* What the touched pools cost more than before, with aggregate capacity. */
static double opened_cost(struct emptying *emptying)
{
    double cost = -emptying->before;
    for (uint32_t i = 0; i < emptying->pools; i++) {
        place_trim(emptying->state, emptying->touched[i]);
        cost += aggregate_cost(emptying->state, emptying->touched[i]);
    }
    return cost;
}

/* Empties one machine (times 1) if that saves more on the packed cost, and the aggregate one beside it, than it costs.
 */
static bool empty_machine(struct emptying *emptying)
{
    struct state *state = emptying->state;
    const struct pool_state *here = &state->pool[emptying->pool];
    double gain = place_machine_price(state, emptying->pool, here->total);
    emptying->delta = 0;
    emptying->before = 0;
    emptying->opened = 0;
    emptying->steps = 0;
    emptying->pools = 0;
    touch(emptying, emptying->pool);
    bool fine = true;
    for (uint32_t i = 0; i < here->machine[emptying->machine].contents && fine; i++) {
        struct content content = here->machine[emptying->machine].content[i];
        struct candidate *from = state_slot_in(state, content.group, emptying->pool);
        while (content.count > 0 && fine) {
            double most = (gain - emptying->opened - emptying->delta) / (double)content.count;
            int64_t moved = move_some(emptying, content.group, from, content.count, most);
            content.count -= moved;
            fine = moved > 0;
        }
    }
    if (fine) {
        double opened = opened_cost(emptying);
        double packed = emptying->delta + emptying->opened - gain;
        if (packed + COST_WEIGHT * (emptying->delta + opened) < -WORTH) {
            machines_drop(state, emptying->pool, emptying->machine);
            return true;
        }
    }
    take_back(emptying);
    return false;
}

/* What a full machine of the pool is worth at today's prices. */
static double full_value(const struct state *state, uint32_t pool)
{
    size_t cell = (size_t)pool * state->problem->dimensions;
    double value = 0;
    for (uint32_t k = 0; k < state->problem->dimensions; k++)
        value += state->margin[cell + k] * (double)state->problem->pool_capacity[cell + k];
    return value;
}

void improve_close(struct state *state, uint32_t pool, unsigned tries)
{
    const struct pool_state *here = &state->pool[pool];
    struct emptying emptying = {.state = state, .pool = pool, .open = UINT32_MAX};
    double above = -1;
    double most = WELL_FILLED * full_value(state, pool);
    while (tries-- > 0 && here->total > here->least && place_machine_price(state, pool, here->total) > WORTH) {
        size_t at = machines_least_filled(state, pool, above);
        if (at == SIZE_MAX)
            return;
        above = machines_value(state, pool, at);
        if (above > most && here->total <= here->machines)
            return;
        emptying.machine = machines_split(state, pool, at);
        empty_machine(&emptying);
    }
}

/* --- bringing back --- */

/* What an allocation saves by going from one pool to another, at today's prices; extras and moves exactly. */
static double saving(const struct state *state, uint32_t group, const struct candidate *from,
                     const struct candidate *to)
{
    return place_load_price(state, group, from->pool) - place_load_price(state, group, to->pool) -
           place_delta(state, group, from, to);
}

static struct candidate *dearest_elsewhere(const struct state *state, uint32_t group, const struct candidate *to)
{
    struct group_state *here = &state->group[group];
    struct candidate *best = NULL;
    double most = WORTH;
    for (uint32_t s = 0; s < here->slots; s++) {
        struct candidate *from = &here->slot[s];
        if (from->count == 0 || from == to)
            continue;
        double saved = saving(state, group, from, to);
        if (saved > most && saved > PULL_SAVING * place_load_price(state, group, from->pool)) {
            best = from;
            most = saved;
        }
    }
    return best;
}

/* The machine of the pool that holds the group and is worth least. */
static size_t machine_with(const struct state *state, uint32_t group, uint32_t pool)
{
    const struct pool_state *here = &state->pool[pool];
    size_t best = SIZE_MAX;
    double least = HUGE_VAL;
    for (size_t i = 0; i < here->count; i++) {
        if (here->machine[i].held || machines_count(&here->machine[i], group) == 0)
            continue;
        double value = machines_value(state, pool, i);
        if (value < least) {
            best = i;
            least = value;
        }
    }
    return best;
}

static bool replace_machine(struct state *state, uint32_t pool, size_t machine, uint32_t open)
{
    struct emptying emptying = {.state = state, .pool = pool, .open = open};
    emptying.machine = machines_split(state, pool, machine);
    return empty_machine(&emptying);
}

void improve_pull(struct state *state, uint32_t pool)
{
    unsigned tries = REPLACEMENTS_MAX;
    for (uint32_t i = 0; i < state->attracted_count && tries > 0; i++) {
        uint32_t group = state->attracted[i];
        const struct candidate *to = state_slot_in(state, group, pool);
        const struct candidate *from = to ? dearest_elsewhere(state, group, to) : NULL;
        size_t machine = from ? machine_with(state, group, from->pool) : SIZE_MAX;
        if (machine == SIZE_MAX || state->pool[from->pool].total <= state->pool[from->pool].least)
            continue;
        tries--;
        while (replace_machine(state, from->pool, machine, pool) && from->count > 0 &&
               (machine = machine_with(state, group, from->pool)) != SIZE_MAX && tries > 0)
            tries--;
    }
    state->attracted_count = 0;
}

/* Where the machine's first contents would cost least, at today's prices. */
static uint32_t cheapest_elsewhere(const struct state *state, uint32_t pool, const struct machine *machine)
{
    if (!machine->contents)
        return UINT32_MAX;
    uint32_t group = machine->content[0].group;
    const struct group_state *here = &state->group[group];
    const struct candidate *from = state_slot_in(state, group, pool);
    uint32_t best = UINT32_MAX;
    double most = -HUGE_VAL;
    for (uint32_t s = 0; s < here->slots; s++) {
        if (&here->slot[s] == from || state->pool[here->slot[s].pool].total >= state->pool[here->slot[s].pool].limit)
            continue;
        double saved = saving(state, group, from, &here->slot[s]);
        if (saved > most) {
            best = here->slot[s].pool;
            most = saved;
        }
    }
    return best;
}

void improve_leave(struct state *state, uint32_t pool, unsigned tries)
{
    const struct pool_state *here = &state->pool[pool];
    double above = -1;
    while (tries-- > 0 && here->total > here->least && place_machine_price(state, pool, here->total) > WORTH) {
        size_t at = machines_least_filled(state, pool, above);
        if (at == SIZE_MAX)
            return;
        above = machines_value(state, pool, at);
        replace_machine(state, pool, at, cheapest_elsewhere(state, pool, &here->machine[at]));
    }
}
