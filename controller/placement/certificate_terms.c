/* The bound of a plan's multipliers, term by term; the formula is that of docs: a greedy fill a group, a convex
 * minimum a pool, less what the multipliers' limits are worth. */
#include "controller/placement/certificate_terms.h"

#include <stdlib.h>

#include "base/memory.h"
#include "controller/placement/certificate_sum.h"

void certificate_terms_init(struct certificate_terms *terms, const struct problem *problem, const struct plan *plan)
{
    *terms = (struct certificate_terms){.problem = problem, .plan = plan};
    terms->group_rate = memory_new(problem->groups, sizeof *terms->group_rate);
    for (uint32_t b = 0; b < problem->group_budgets.count; b++) {
        const struct problem_lists *lists = &problem->group_lists;
        uint32_t list = problem->group_budgets.list[b];
        for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++)
            terms->group_rate[lists->pool[i]] += plan->group_budget[b];
    }
    terms->permachine_start = memory_new((size_t)problem->groups + 1, sizeof *terms->permachine_start);
    for (size_t i = 0; i < plan->permachines; i++)
        terms->permachine_start[plan->permachine[i].group + 1]++;
    for (uint32_t j = 0; j < problem->groups; j++)
        terms->permachine_start[j + 1] += terms->permachine_start[j];
    terms->stamp = memory_new(problem->pools, sizeof *terms->stamp);
    terms->most = memory_new(problem->pools, sizeof *terms->most);
    terms->least = memory_new(problem->pools, sizeof *terms->least);
    terms->inner = memory_new(problem->pools, sizeof *terms->inner);
    terms->surplus = memory_new(problem->pools, sizeof *terms->surplus);
}

void certificate_terms_release(struct certificate_terms *terms)
{
    free(terms->group_rate);
    free(terms->permachine_start);
    free(terms->stamp);
    free(terms->most);
    free(terms->least);
    free(terms->inner);
    free(terms->surplus);
    free(terms->item);
    free(terms->cap_order);
    free(terms->cap_size);
    free(terms->cap_parent);
    free(terms->cap_left);
}

static void next_stamp(struct certificate_terms *terms)
{
    if (++terms->stamp_now)
        return;
    for (uint32_t p = 0; p < terms->problem->pools; p++)
        terms->stamp[p] = 0;
    terms->stamp_now = 1;
}

void certificate_reserve_caps(struct certificate_terms *terms, uint32_t caps)
{
    if (caps <= terms->cap_room)
        return;
    terms->cap_room = (size_t)caps * 2;
    terms->cap_order = memory_resize(terms->cap_order, terms->cap_room, sizeof *terms->cap_order);
    terms->cap_size = memory_resize(terms->cap_size, terms->cap_room, sizeof *terms->cap_size);
    terms->cap_parent = memory_resize(terms->cap_parent, terms->cap_room, sizeof *terms->cap_parent);
    terms->cap_left = memory_resize(terms->cap_left, terms->cap_room, sizeof *terms->cap_left);
}

/* Sets the innermost cap of each pool of this cap; caps come from the largest to the smallest. False when it crosses
 * one that came before: then its pools do not all lie in the same one. */
static bool nest_cap(struct certificate_terms *terms, uint32_t list, uint32_t position)
{
    const struct problem_lists *lists = &terms->problem->lists;
    bool first = true;
    int32_t parent = -1;
    for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++) {
        uint32_t pool = lists->pool[i];
        if (terms->stamp[pool] != terms->stamp_now)
            continue;
        if (first)
            parent = terms->inner[pool];
        else if (terms->inner[pool] != parent)
            return false;
        first = false;
        terms->inner[pool] = (int32_t)position;
    }
    terms->cap_parent[position] = parent;
    return true;
}

/* Order by size, largest first; ties by position. Few caps a group, mostly of one size: insertion. */
static uint32_t order_caps(struct certificate_terms *terms, const int64_t *multiplier, uint32_t caps)
{
    uint32_t kept = 0;
    for (uint32_t c = 0; c < caps; c++) {
        if (multiplier[c] != PLAN_ABSENT)
            continue;
        uint32_t at = kept++;
        while (at > 0 && terms->cap_size[terms->cap_order[at - 1]] < terms->cap_size[c]) {
            terms->cap_order[at] = terms->cap_order[at - 1];
            at--;
        }
        terms->cap_order[at] = c;
    }
    return kept;
}

bool certificate_group_open(struct certificate_terms *terms, uint32_t group, struct error *ret_error)
{
    const struct problem *problem = terms->problem;
    const struct problem_lists *lists = &problem->lists;
    next_stamp(terms);
    terms->fixed_now = 0;
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        uint32_t pool = problem->pair_pool[i];
        if (!problem_pair_fits(problem, group, pool))
            continue;
        terms->stamp[pool] = terms->stamp_now;
        terms->most[pool] = problem->group_count[group];
        terms->least[pool] = PROBLEM_COUNT_MAX;
        terms->inner[pool] = -1;
        terms->surplus[pool] = 0;
        terms->fixed_now += problem->pair_now[i];
    }
    uint32_t first = problem->cap_start[group];
    uint32_t caps = problem->cap_start[group + 1] - first;
    certificate_reserve_caps(terms, caps);
    for (uint32_t c = 0; c < caps; c++) {
        uint32_t list = problem->cap_list[first + c];
        int64_t most = problem->cap_max[first + c];
        int64_t value = terms->plan->cap[first + c];
        terms->cap_left[c] = most;
        terms->cap_size[c] = 0;
        for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++) {
            uint32_t pool = lists->pool[i];
            if (terms->stamp[pool] != terms->stamp_now)
                continue;
            terms->cap_size[c]++;
            if (terms->least[pool] > most)
                terms->least[pool] = most;
            if (terms->most[pool] > most)
                terms->most[pool] = most;
            if (value != PLAN_ABSENT)
                terms->surplus[pool] += value;
        }
    }
    uint32_t kept = order_caps(terms, terms->plan->cap + first, caps);
    for (uint32_t n = 0; n < kept; n++) {
        uint32_t c = terms->cap_order[n];
        terms->crossing = c;
        if (!nest_cap(terms, problem->cap_list[first + c], c))
            return error_set(ret_error, ERROR_CONFLICT, "group %u: cap %u crosses another and has no multiplier", group,
                             c);
    }
    for (size_t i = terms->permachine_start[group]; i < terms->permachine_start[group + 1]; i++)
        terms->surplus[terms->plan->permachine[i].pool] += terms->plan->permachine[i].value;
    return true;
}

void certificate_terms_add_group(struct certificate_terms *terms, uint32_t groups, __int128 rate)
{
    terms->group_rate = memory_resize(terms->group_rate, groups, sizeof *terms->group_rate);
    terms->permachine_start = memory_resize(terms->permachine_start, (size_t)groups + 1, sizeof(size_t));
    terms->group_rate[groups - 1] = rate;
    terms->permachine_start[groups] = terms->permachine_start[groups - 1];
}

/* --- the greedy of a group --- */

static bool item_before(const struct certificate_item *a, const struct certificate_item *b)
{
    return a->cost != b->cost ? a->cost < b->cost : a->pool < b->pool;
}

static void sift_down(struct certificate_item *heap, size_t count, size_t at)
{
    struct certificate_item moving = heap[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count)
            break;
        if (child + 1 < count && item_before(&heap[child + 1], &heap[child]))
            child++;
        if (!item_before(&heap[child], &moving))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moving;
}

__int128 certificate_pair_fixed(const struct certificate_terms *terms, uint32_t group, size_t pair)
{
    const struct problem *problem = terms->problem;
    uint32_t pool = problem->pair_pool[pair];
    __int128 cost = (__int128)problem->pair_extra[pair] * terms->plan->scale + terms->surplus[pool];
    if (terms->group_rate[group])
        cost += terms->group_rate[group] * problem_pair_rate(problem, group, pool);
    return cost;
}

__int128 certificate_load_cost(const struct certificate_terms *terms, uint32_t group, uint32_t pool)
{
    const struct problem *problem = terms->problem;
    uint32_t dimensions = problem->dimensions;
    const int64_t *price = terms->plan->price + (size_t)pool * dimensions;
    const int64_t *demand = problem->group_demand + (size_t)group * dimensions;
    __int128 cost = 0;
    for (uint32_t k = 0; k < dimensions; k++)
        cost += (__int128)price[k] * demand[k];
    return cost;
}

static __int128 pair_cost(const struct certificate_terms *terms, uint32_t group, size_t pair)
{
    return certificate_pair_fixed(terms, group, pair) +
           certificate_load_cost(terms, group, terms->problem->pair_pool[pair]);
}

void certificate_reserve_items(struct certificate_terms *terms, size_t items)
{
    if (items < terms->item_room)
        return;
    terms->item_room = 2 * items + 1;
    terms->item = memory_resize(terms->item, terms->item_room, sizeof *terms->item);
}

/* The items that cost less than leaving an allocation unplaced: up to `now` without a move, beyond it with one. */
static size_t gather_items(struct certificate_terms *terms, uint32_t group, __int128 unplaced)
{
    const struct problem *problem = terms->problem;
    int64_t count = problem->group_count[group];
    __int128 move = (__int128)problem->group_move[group] * terms->plan->scale;
    size_t first = problem->pair_start[group];
    size_t end = problem->pair_start[group + 1];
    certificate_reserve_items(terms, 2 * (end - first));
    size_t items = 0;
    for (size_t i = first; i < end; i++) {
        uint32_t pool = problem->pair_pool[i];
        if (terms->stamp[pool] != terms->stamp_now)
            continue;
        __int128 cost = pair_cost(terms, group, i);
        if (cost >= unplaced)
            continue;
        int64_t now = problem->pair_now[i];
        if (now > 0 && move > 0)
            terms->item[items++] = (struct certificate_item){cost, pool, now};
        if (cost + move < unplaced)
            terms->item[items++] = (struct certificate_item){cost + move, pool, count};
    }
    return items;
}

/* Takes as much as the caps round the pool leave, up to `wanted`. */
static int64_t fill_item(struct certificate_terms *terms, const struct certificate_item *item, int64_t wanted)
{
    int64_t amount = item->room < wanted ? item->room : wanted;
    for (int32_t c = terms->inner[item->pool]; c >= 0; c = terms->cap_parent[c]) {
        if (terms->cap_left[c] < amount)
            amount = terms->cap_left[c];
    }
    for (int32_t c = terms->inner[item->pool]; c >= 0; c = terms->cap_parent[c])
        terms->cap_left[c] -= amount;
    return amount;
}

/* Without caps and without moves the cheapest pair takes all: the greedy without its heap. */
static bool takes_cheapest(const struct certificate_terms *terms, uint32_t group)
{
    const struct problem *problem = terms->problem;
    return problem->cap_start[group] == problem->cap_start[group + 1] &&
           (problem->group_move[group] == 0 || terms->fixed_now == 0);
}

static size_t gather_cheapest(struct certificate_terms *terms, uint32_t group, __int128 unplaced)
{
    const struct problem *problem = terms->problem;
    __int128 move = (__int128)problem->group_move[group] * terms->plan->scale;
    struct certificate_item best = {unplaced, 0, 0};
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        uint32_t pool = problem->pair_pool[i];
        if (terms->stamp[pool] != terms->stamp_now)
            continue;
        __int128 cost = pair_cost(terms, group, i) + move;
        if (cost < best.cost)
            best = (struct certificate_item){cost, pool, problem->group_count[group]};
    }
    certificate_reserve_items(terms, 1);
    terms->item[0] = best;
    return best.room > 0 ? 1 : 0;
}

bool certificate_group_fill(struct certificate_terms *terms, uint32_t group, size_t items, __int128 *ret_term,
                            struct error *ret_error)
{
    const struct problem *problem = terms->problem;
    const struct plan *plan = terms->plan;
    int64_t left = problem->group_count[group];
    __int128 unplaced = (__int128)problem->group_unplaced[group] * plan->scale;
    __int128 term = 0;
    terms->dearest = left > 0 ? -1 : unplaced;
    for (size_t at = items / 2; at-- > 0;)
        sift_down(terms->item, items, at);
    while (left > 0 && items > 0) {
        int64_t amount = fill_item(terms, &terms->item[0], left);
        term += terms->item[0].cost * amount;
        left -= amount;
        if (amount > 0)
            terms->dearest = terms->item[0].cost;
        terms->item[0] = terms->item[--items];
        if (items)
            sift_down(terms->item, items, 0);
    }
    term += unplaced * left;
    if (left > 0)
        terms->dearest = unplaced;
    int64_t growth = problem->group_count[group] - terms->fixed_now;
    if (growth > 0)
        term -= (__int128)problem->group_move[group] * growth * plan->scale;
    for (uint32_t c = problem->cap_start[group]; c < problem->cap_start[group + 1]; c++) {
        if (plan->cap[c] != PLAN_ABSENT &&
            !certificate_add_product(&term, -(__int128)plan->cap[c], problem->cap_max[c]))
            return certificate_overflow(ret_error);
    }
    *ret_term = term;
    return true;
}

bool certificate_group_term(struct certificate_terms *terms, uint32_t group, __int128 *ret_term,
                            struct error *ret_error)
{
    __int128 unplaced = (__int128)terms->problem->group_unplaced[group] * terms->plan->scale;
    size_t items =
        takes_cheapest(terms, group) ? gather_cheapest(terms, group, unplaced) : gather_items(terms, group, unplaced);
    return certificate_group_fill(terms, group, items, ret_term, ret_error);
}

/* --- all together --- */

bool certificate_slopes(const struct problem *problem, const struct plan *plan, __int128 *slopes,
                        struct error *ret_error)
{
    const struct problem_lists *lists = &problem->lists;
    for (uint32_t p = 0; p < problem->pools; p++)
        slopes[p] = 0;
    for (uint32_t b = 0; b < problem->budgets.count; b++) {
        uint32_t list = problem->budgets.list[b];
        for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++) {
            if (!certificate_add_product(&slopes[lists->pool[i]], plan->budget[b], problem->pool_price[lists->pool[i]]))
                return certificate_overflow(ret_error);
        }
    }
    for (uint32_t q = 0; q < problem->quotas.count; q++) {
        uint32_t list = problem->quotas.list[q];
        for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++) {
            if (!certificate_add_product(&slopes[lists->pool[i]], plan->quota[q], problem->quotas.weight[q]))
                return certificate_overflow(ret_error);
        }
    }
    return true;
}

bool certificate_round_up(__int128 sum, int64_t scale, int64_t *ret_bound, struct error *ret_error)
{
    __int128 bound = sum / scale;
    if (sum % scale > 0)
        bound++;
    if (bound > PLAN_FIGURE_MAX || bound < -PLAN_FIGURE_MAX)
        return error_set(ret_error, ERROR_OVERFLOW, "the bound leaves 62 bits");
    *ret_bound = (int64_t)bound;
    return true;
}

static bool limits_worth(const struct problem *problem, const struct plan *plan, __int128 *total)
{
    for (uint32_t b = 0; b < problem->budgets.count; b++) {
        if (!certificate_add_product(total, -(__int128)plan->budget[b], problem->budgets.most[b]))
            return false;
    }
    for (uint32_t b = 0; b < problem->group_budgets.count; b++) {
        if (!certificate_add_product(total, -(__int128)plan->group_budget[b], problem->group_budgets.most[b]))
            return false;
    }
    for (uint32_t q = 0; q < problem->quotas.count; q++) {
        if (!certificate_add_product(total, -(__int128)plan->quota[q], problem->quotas.most[q]))
            return false;
    }
    return true;
}

/* Riders sorted by pool: a counting sort over the plan's per-machine multipliers. */
struct rider_table {
    size_t *start; /* [pool + 1] */
    struct certificate_rider *rider;
    size_t *next;
};

static void riders_init(struct rider_table *table, const struct problem *problem, const struct plan *plan)
{
    table->start = memory_new((size_t)problem->pools + 1, sizeof *table->start);
    table->next = memory_new((size_t)problem->pools + 1, sizeof *table->next);
    table->rider = memory_new(plan->permachines, sizeof *table->rider);
    for (size_t i = 0; i < plan->permachines; i++)
        table->start[plan->permachine[i].pool + 1]++;
    for (uint32_t p = 0; p < problem->pools; p++) {
        table->start[p + 1] += table->start[p];
        table->next[p] = table->start[p];
    }
}

static void riders_release(struct rider_table *table)
{
    free(table->start);
    free(table->next);
    free(table->rider);
}

/* Adds the group's term, what it may put on each pool, and its riders. */
static bool add_group(struct certificate_terms *terms, uint32_t group, int64_t *saturation, struct rider_table *riders,
                      __int128 *total, struct error *error)
{
    const struct problem *problem = terms->problem;
    const int64_t *demand = problem->group_demand + (size_t)group * problem->dimensions;
    __int128 term = 0;
    if (!certificate_group_open(terms, group, error) || !certificate_group_term(terms, group, &term, error))
        return false;
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        uint32_t pool = problem->pair_pool[i];
        if (terms->stamp[pool] != terms->stamp_now)
            continue;
        int64_t *cell = saturation + (size_t)pool * problem->dimensions;
        for (uint32_t k = 0; k < problem->dimensions; k++)
            cell[k] += demand[k] * terms->most[pool];
    }
    for (size_t i = terms->permachine_start[group]; i < terms->permachine_start[group + 1]; i++) {
        const struct plan_permachine *multiplier = &terms->plan->permachine[i];
        if (terms->stamp[multiplier->pool] != terms->stamp_now || problem->group_permachine[group] == PROBLEM_UNLIMITED)
            return error_set(error, ERROR_CONFLICT, "group %u and pool %u: no per-machine limit to have a multiplier",
                             group, multiplier->pool);
        riders->rider[riders->next[multiplier->pool]++] = (struct certificate_rider){
            multiplier->value, terms->most[multiplier->pool], problem->group_permachine[group]};
    }
    return certificate_add(total, term) ? true : certificate_overflow(error);
}

static bool add_pools(const struct problem *problem, const struct plan *plan, const int64_t *saturation,
                      const struct rider_table *riders, __int128 *total, struct error *error)
{
    __int128 *slopes = memory_new(problem->pools, sizeof *slopes);
    bool fine = certificate_slopes(problem, plan, slopes, error);
    for (uint32_t p = 0; p < problem->pools && fine; p++) {
        __int128 term = 0;
        fine = certificate_pool_term(problem, plan, p, saturation + (size_t)p * problem->dimensions,
                                     riders->rider + riders->start[p], riders->start[p + 1] - riders->start[p],
                                     slopes[p], &term, error);
        if (fine && !certificate_add(total, term))
            fine = certificate_overflow(error);
    }
    free(slopes);
    return fine;
}

bool certificate_bound(const struct problem *problem, const struct plan *plan, int64_t *ret_bound,
                       struct error *ret_error)
{
    struct certificate_terms terms;
    struct rider_table riders;
    certificate_terms_init(&terms, problem, plan);
    riders_init(&riders, problem, plan);
    int64_t *saturation = memory_new((size_t)problem->pools * problem->dimensions, sizeof *saturation);
    __int128 total = 0;
    bool fine = true;
    for (uint32_t j = 0; j < problem->groups && fine; j++)
        fine = add_group(&terms, j, saturation, &riders, &total, ret_error);
    fine = fine && add_pools(problem, plan, saturation, &riders, &total, ret_error);
    if (fine && !limits_worth(problem, plan, &total))
        fine = certificate_overflow(ret_error);
    fine = fine && certificate_round_up(total, plan->scale, ret_bound, ret_error);
    free(saturation);
    riders_release(&riders);
    certificate_terms_release(&terms);
    return fine;
}
