/* See seats.h. */
#include "controller/placement/seats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { LOOK = 24 }; /* machines of a pool that are looked at for room */

static const double *demand_of(const struct seats *seats, size_t slot)
{
    return seats->bent.work->demand + (size_t)seats->bent.round->slot_group[slot] * seats->dimensions;
}

/* --- lists --- */

static void set_used(struct seats *seats, uint32_t seat, bool on)
{
    uint32_t at = seats->seat[seat].used;
    if (on && at == SEATS_NONE) {
        seats->used = memory_grow(seats->used, seats->useds, &seats->used_room, sizeof *seats->used);
        seats->seat[seat].used = seats->useds;
        seats->used[seats->useds++] = seat;
    } else if (!on && at != SEATS_NONE) {
        uint32_t last = seats->used[--seats->useds];
        seats->used[at] = last;
        seats->seat[last].used = at;
        seats->seat[seat].used = SEATS_NONE;
    }
}

static void list_seat(struct seats *seats, uint32_t seat)
{
    struct seat_list *list = &seats->pool[seats->seat[seat].pool];
    size_t room = list->room;
    list->seat = memory_grow(list->seat, list->count, &room, sizeof *list->seat);
    if (room != list->room)
        list->fill = memory_resize(list->fill, room, sizeof *list->fill);
    list->room = (uint32_t)room;
    seats->seat[seat].place = list->count;
    list->fill[list->count] = seats->seat[seat].fill;
    list->seat[list->count++] = seat;
}

static void unlist_seat(struct seats *seats, uint32_t seat)
{
    struct seat_list *list = &seats->pool[seats->seat[seat].pool];
    uint32_t last = list->seat[--list->count];
    list->seat[seats->seat[seat].place] = last;
    list->fill[seats->seat[seat].place] = list->fill[list->count];
    seats->seat[last].place = seats->seat[seat].place;
    seats->seat[seat].place = SEATS_NONE;
    seats->closing = memory_grow(seats->closing, seats->closings, &seats->closing_room, sizeof *seats->closing);
    seats->closing[seats->closings++] = seat;
}

void seats_settle(struct seats *seats)
{
    while (seats->closings > 0) {
        uint32_t seat = seats->closing[--seats->closings];
        if (seats->seat[seat].place != SEATS_NONE || seats->seat[seat].spare)
            continue;
        seats->seat[seat].spare = true;
        seats->spare = memory_grow(seats->spare, seats->spares, &seats->spare_room, sizeof *seats->spare);
        seats->spare[seats->spares++] = seat;
    }
}

static uint32_t new_seat(struct seats *seats, uint32_t pool)
{
    uint32_t at;
    if (seats->spares > 0) {
        at = seats->spare[--seats->spares];
    } else {
        size_t room = seats->room;
        seats->seat = memory_grow(seats->seat, seats->count, &room, sizeof *seats->seat);
        seats->room = (uint32_t)room;
        at = seats->count++;
        seats->seat[at] = (struct seat){.used = SEATS_NONE};
    }
    struct seat *seat = &seats->seat[at];
    seat->pool = pool;
    seat->held = NODES_NO_HELD;
    seat->fill = 0;
    seat->spare = false;
    for (uint32_t k = 0; k < seats->dimensions; k++)
        seat->free[k] = seats->bent.work->capacity[(size_t)pool * seats->dimensions + k];
    list_seat(seats, at);
    return at;
}

/* --- values --- */

static double value_of(const struct seats *seats, uint32_t pool, double count, double least)
{
    return bent_cost(&seats->bent, pool, least < HUGE_VAL ? count - 1 + least : count);
}

static void rank(struct seats *seats, struct seat_list *list, uint32_t seat)
{
    for (int i = 0; i < SEATS_LEAST; i++) {
        if (list->least[i] != SEATS_NONE && seats->seat[list->least[i]].fill <= seats->seat[seat].fill)
            continue;
        for (int n = SEATS_LEAST - 1; n > i; n--)
            list->least[n] = list->least[n - 1];
        list->least[i] = seat;
        return;
    }
}

void seats_refresh(struct seats *seats, uint32_t pool)
{
    struct seat_list *list = &seats->pool[pool];
    for (int i = 0; i < SEATS_LEAST; i++)
        list->least[i] = SEATS_NONE;
    double least_kept = HUGE_VAL;
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->fill[i] >= least_kept)
            continue;
        rank(seats, list, list->seat[i]);
        if (list->least[SEATS_LEAST - 1] != SEATS_NONE)
            least_kept = seats->seat[list->least[SEATS_LEAST - 1]].fill;
    }
    double least = list->least[0] == SEATS_NONE ? HUGE_VAL : seats->seat[list->least[0]].fill;
    list->value = value_of(seats, pool, (double)list->count, least);
}

static double worth_of(const struct seats *seats, uint32_t pool, uint32_t group, int64_t amount)
{
    const double *weight = seats->weight + (size_t)pool * seats->dimensions;
    const double *demand = seats->bent.work->demand + (size_t)group * seats->dimensions;
    double worth = 0;
    for (uint32_t k = 0; k < seats->dimensions; k++)
        worth += weight[k] * demand[k];
    return worth * (double)amount;
}

double seats_change(const struct seats *seats, uint32_t pool, uint32_t group, int64_t amount, uint32_t from,
                    uint32_t to)
{
    const struct seat_list *list = &seats->pool[pool];
    double worth = worth_of(seats, pool, group, amount);
    double count = (double)list->count;
    double least = HUGE_VAL;
    for (int i = 0; i < SEATS_LEAST; i++) {
        uint32_t seat = list->least[i];
        if (seat != SEATS_NONE && seat != from && seat != to) {
            least = seats->seat[seat].fill;
            break;
        }
    }
    if (from != SEATS_NONE && seats->seat[from].held == NODES_NO_HELD) {
        const struct seat *seat = &seats->seat[from];
        bool empty = seat->items == 1 && seat->item[0].count == amount;
        double fill = seat->fill - worth;
        if (empty)
            count -= 1;
        else if (fill < least)
            least = fill > 0 ? fill : 0;
    }
    if (to == SEATS_NEW) {
        count += 1;
        least = worth < least ? worth : least;
    } else if (to != SEATS_NONE && seats->seat[to].held == NODES_NO_HELD) {
        double fill = seats->seat[to].fill + worth;
        least = fill < least ? fill : least;
    }
    return value_of(seats, pool, count, least < 1 ? least : (least < HUGE_VAL ? 1 : HUGE_VAL)) - list->value;
}

/* --- room --- */

static int64_t count_on(const struct seat *seat, size_t slot)
{
    for (uint32_t i = 0; i < seat->items; i++) {
        if (seat->item[i].slot == slot)
            return seat->item[i].count;
    }
    return 0;
}

static bool fits(const struct seats *seats, const struct seat *seat, size_t slot, const double *demand, double amount,
                 int64_t each)
{
    for (uint32_t k = 0; k < seats->dimensions; k++) {
        if (demand[k] * amount > seat->free[k])
            return false;
    }
    return each == PROBLEM_UNLIMITED || (double)count_on(seat, slot) + amount <= (double)each;
}

int64_t seats_room(const struct seats *seats, uint32_t seat, size_t slot)
{
    const double *demand = demand_of(seats, slot);
    const struct seat *here = &seats->seat[seat];
    int64_t each = seats->bent.work->problem->group_permachine[seats->bent.round->slot_group[slot]];
    int64_t room = each == PROBLEM_UNLIMITED ? PROBLEM_COUNT_MAX : each - count_on(here, slot);
    for (uint32_t k = 0; k < seats->dimensions; k++) {
        if (demand[k] > 0 && here->free[k] < demand[k] * (double)room)
            room = (int64_t)(here->free[k] / demand[k]);
    }
    return room > 0 ? room : 0;
}

uint32_t seats_find(const struct seats *seats, size_t slot, int64_t amount, uint32_t but, uint64_t random)
{
    uint32_t pool = seats->bent.work->slot[slot].pool;
    const struct seat_list *list = &seats->pool[pool];
    const double *demand = demand_of(seats, slot);
    int64_t each = seats->bent.work->problem->group_permachine[seats->bent.round->slot_group[slot]];
    uint32_t looks = list->count < LOOK ? list->count : LOOK;
    uint32_t at = list->count > LOOK ? (uint32_t)((random & UINT32_MAX) * list->count >> 32) : 0;
    uint32_t best = SEATS_NONE;
    double best_fill = -1;
    for (uint32_t i = 0; i < looks; i++, at = at + 1 < list->count ? at + 1 : 0) {
        uint32_t seat = list->seat[at];
        const struct seat *here = &seats->seat[seat];
        if (seat == but || seat == list->least[0] || here->fill <= best_fill)
            continue;
        if (!fits(seats, here, slot, demand, (double)amount, each))
            continue;
        best = seat;
        best_fill = here->fill;
    }
    uint32_t last = list->least[0];
    if (best != SEATS_NONE)
        return best;
    if (last != SEATS_NONE && last != but && fits(seats, &seats->seat[last], slot, demand, (double)amount, each))
        return last;
    if ((int64_t)list->count >= seats->bent.round->limit[pool] || amount > each)
        return SEATS_NONE;
    for (uint32_t k = 0; k < seats->dimensions; k++) {
        if (demand[k] * (double)amount > seats->bent.work->capacity[(size_t)pool * seats->dimensions + k])
            return SEATS_NONE;
    }
    return SEATS_NEW;
}

/* --- changes --- */

/* change > 0 puts, < 0 takes. */
static void change_seat(struct seats *seats, uint32_t at, size_t slot, int64_t change)
{
    struct seat *seat = &seats->seat[at];
    const double *demand = demand_of(seats, slot);
    for (uint32_t k = 0; k < seats->dimensions; k++)
        seat->free[k] -= demand[k] * (double)change;
    seat->fill += worth_of(seats, seat->pool, seats->bent.round->slot_group[slot], change);
    if (seat->place == SEATS_NONE)
        list_seat(seats, at);
    uint32_t i = 0;
    while (i < seat->items && seat->item[i].slot != slot)
        i++;
    if (i == seat->items) {
        size_t room = seat->item_room;
        seat->item = memory_grow(seat->item, seat->items, &room, sizeof *seat->item);
        seat->item_room = (uint32_t)room;
        seat->item[seat->items++] = (struct seat_item){(uint32_t)slot, 0};
    }
    seat->item[i].count += change;
    if (seat->item[i].count == 0)
        seat->item[i] = seat->item[--seat->items];
    set_used(seats, at, seat->items > 0);
    if (seat->items == 0) {
        seat->fill = seat->held == NODES_NO_HELD ? 0 : seat->fill;
        if (seat->held == NODES_NO_HELD) {
            unlist_seat(seats, at);
            return;
        }
    }
    seats->pool[seat->pool].fill[seat->place] = seat->held == NODES_NO_HELD ? seat->fill : HUGE_VAL;
}

uint32_t seats_apply(struct seats *seats, const struct bent_step *step, uint32_t from, size_t to, uint32_t seat)
{
    if (step->from != to)
        bent_apply(&seats->bent, step, to);
    if (to != ROUND_UNPLACED) {
        uint32_t pool = seats->bent.work->slot[to].pool;
        if (seat == SEATS_NEW)
            seat = new_seat(seats, pool);
        change_seat(seats, seat, to, step->amount);
        seats_refresh(seats, pool);
    }
    if (step->from != ROUND_UNPLACED) {
        change_seat(seats, from, step->from, -step->amount);
        seats_refresh(seats, seats->seat[from].pool);
    }
    return seat;
}

void seats_take_back(struct seats *seats, const struct bent_step *step, uint32_t from, size_t to, uint32_t seat)
{
    struct bent_step back = {.group = step->group, .from = to, .amount = step->amount};
    seats_apply(seats, &back, seat, step->from, from);
}

/* --- life --- */

/* Worth of a unit: what the margins say and a tenth of an even share, a whole machine being 1. */
static void weigh(struct seats *seats)
{
    const struct work *work = seats->bent.work;
    for (uint32_t p = 0; p < work->pools; p++) {
        size_t cell = (size_t)p * work->dimensions;
        double sum = 0;
        double kinds = 0;
        for (uint32_t k = 0; k < work->dimensions; k++) {
            sum += seats->bent.round->margin[cell + k] * work->capacity[cell + k];
            kinds += work->capacity[cell + k] > 0;
        }
        for (uint32_t k = 0; k < work->dimensions; k++) {
            if (work->capacity[cell + k] <= 0)
                continue;
            double even = 1 / (kinds * work->capacity[cell + k]);
            seats->weight[cell + k] = sum > 0 ? 0.9 * seats->bent.round->margin[cell + k] / sum + 0.1 * even : even;
        }
    }
}

static void open_node(struct seats *seats, uint32_t pool, const struct node *node)
{
    const struct work *work = seats->bent.work;
    for (int64_t n = 0; n < node->times; n++) {
        uint32_t at = new_seat(seats, pool);
        seats->seat[at].held = node->held;
        for (uint32_t i = 0; i < node->items; i++) {
            size_t slot = work->slot_start[node->item[i].group];
            while (work->slot[slot].pool != pool)
                slot++;
            change_seat(seats, at, slot, node->item[i].count);
        }
        double used = 0;
        for (uint32_t k = 0; k < seats->dimensions; k++) {
            size_t cell = (size_t)pool * seats->dimensions + k;
            seats->seat[at].free[k] = (double)node->free[k];
            used += seats->weight[cell] * (work->capacity[cell] - (double)node->free[k]);
        }
        seats->seat[at].fill = used;
        seats->pool[pool].fill[seats->seat[at].place] = node->held == NODES_NO_HELD ? used : HUGE_VAL;
    }
}

void seats_open(struct seats *seats, struct nodes *nodes)
{
    const struct work *work = nodes->round->work;
    *seats = (struct seats){.nodes = nodes, .dimensions = work->dimensions};
    bent_init(&seats->bent, nodes->round);
    seats->pool = memory_new(work->pools, sizeof *seats->pool);
    seats->weight = memory_new((size_t)work->pools * work->dimensions, sizeof *seats->weight);
    weigh(seats);
    for (uint32_t p = 0; p < work->pools; p++) {
        for (size_t i = 0; i < nodes->pool[p].count; i++)
            open_node(seats, p, &nodes->pool[p].node[i]);
        seats_refresh(seats, p);
    }
}

void seats_close(struct seats *seats)
{
    const struct work *work = seats->bent.work;
    for (uint32_t p = 0; p < work->pools; p++) {
        struct seat_list *list = &seats->pool[p];
        nodes_clear_pool(seats->nodes, p);
        for (uint32_t i = 0; i < list->count; i++) {
            const struct seat *seat = &seats->seat[list->seat[i]];
            struct node *node = nodes_add_machine(seats->nodes, p, seat->held);
            for (uint32_t n = 0; n < seat->items; n++)
                nodes_put(seats->nodes, node, seats->bent.round->slot_group[seat->item[n].slot], seat->item[n].count);
        }
        free(list->seat);
        free(list->fill);
    }
    for (uint32_t i = 0; i < seats->count; i++)
        free(seats->seat[i].item);
    bent_release(&seats->bent);
    free(seats->seat);
    free(seats->pool);
    free(seats->used);
    free(seats->weight);
    free(seats->spare);
    free(seats->closing);
    *seats = (struct seats){0};
}
