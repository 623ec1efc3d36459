/* The dynamic programme behind division.h: cost[k] = least cost of placing k allocations with the regions seen so far.
 */
#include "controller/placement/division.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define IMPOSSIBLE INT64_MAX

/* Costs of 0..wanted over the regions of one provider, with the choice each region made at each k. */
struct table {
    int64_t *cost; /* [wanted + 1] */
    int64_t *scratch;
    int64_t *window; /* places of the sliding minimum */
    int64_t wanted;
};

struct choice {
    uint32_t count;
    uint32_t option;
};

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* next[k] = min over x in [least, most] of before[k - x] + x * unit, by a sliding window over before[i] - i * unit.
 * Ties take the larger x. Where it improves on cost[k], records the choice. */
static void slide(const struct table *table, const int64_t *before, const struct division_option *option,
                  uint32_t number, int64_t least, int64_t most, struct choice *choices)
{
    int64_t *window = table->window;
    size_t head = 0;
    size_t tail = 0;
    for (int64_t k = least; k <= table->wanted; k++) {
        int64_t enters = k - least;
        if (before[enters] != IMPOSSIBLE) {
            int64_t value = before[enters] - enters * option->unit_cost;
            while (tail > head && before[window[tail - 1]] - window[tail - 1] * option->unit_cost > value)
                tail--;
            window[tail++] = enters;
        }
        while (head < tail && window[head] < k - most)
            head++;
        if (head == tail)
            continue;
        int64_t count = k - window[head];
        int64_t cost = before[window[head]] + count * option->unit_cost;
        if (cost < table->cost[k] || (cost == table->cost[k] && (uint32_t)count > choices[k].count)) {
            table->cost[k] = cost;
            choices[k] = (struct choice){.count = (uint32_t)count, .option = number};
        }
    }
}

/* --- several options of a region at once ----------------------------------------------------------------------------
 */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The options by unit cost, the earlier among equals; the caller frees. */
static uint32_t *by_cost(const struct division_region *region)
{
    uint32_t *order = memory_new(region->option_count, sizeof *order);
    for (uint32_t o = 0; o < region->option_count; o++) {
        uint32_t at = o;
        for (; at > 0 && region->options[order[at - 1]].unit_cost > region->options[o].unit_cost; at--)
            order[at] = order[at - 1];
        order[at] = o;
    }
    return order;
}

void division_fill(const struct division_region *region, const struct division_share *share, int64_t *ret_counts)
{
    int64_t left = share->count;
    memset(ret_counts, 0, region->option_count * sizeof *ret_counts);
    if (!region->split) {
        if (left > 0)
            ret_counts[share->option] = left;
        return;
    }
    for (size_t o = 0; o < region->option_count; o++) {
        ret_counts[o] = smaller(region->options[o].least, left);
        left -= ret_counts[o];
    }
    uint32_t *order = by_cost(region);
    for (size_t i = 0; i < region->option_count && left > 0; i++) {
        int64_t more = smaller(left, larger(region->options[order[i]].most - ret_counts[order[i]], 0));
        ret_counts[order[i]] += more;
        left -= more;
    }
    free(order);
}

/* What 0..most allocations cost in a split region, rising ever steeper above what stays; *ret_most is cut to what fits.
 */
static int64_t *fill_costs(const struct division_region *region, int64_t *ret_most)
{
    int64_t fits = 0;
    for (size_t o = 0; o < region->option_count; o++)
        fits += larger(region->options[o].most, region->options[o].least);
    *ret_most = smaller(*ret_most, fits);
    int64_t *cost = memory_new((size_t)*ret_most + 1, sizeof *cost);
    int64_t *counts = memory_new(region->option_count, sizeof *counts);
    uint32_t *order = by_cost(region);
    int64_t at = region->least;
    division_fill(region, &(struct division_share){.count = at}, counts);
    for (size_t o = 0; at <= *ret_most && o < region->option_count; o++)
        cost[at] += counts[o] * region->options[o].unit_cost;
    for (size_t i = 0; i < region->option_count; i++)
        for (int64_t more = region->options[order[i]].most - counts[order[i]]; more > 0 && at < *ret_most; more--, at++)
            cost[at + 1] = cost[at] + region->options[order[i]].unit_cost;
    free(order);
    free(counts);
    return cost;
}

/* A split region joins: cost is convex in what it takes, so that what the others take best rises with the total, and
 * halving finds it. */
struct convex {
    const struct table *table;
    const int64_t *cost; /* of this region, [least..most] */
    int64_t least, most;
    int64_t low, high; /* where scratch is possible */
    struct choice *choices;
};

static void join_convex(const struct convex *convex, int64_t first, int64_t last, int64_t from, int64_t to)
{
    if (first > last)
        return;
    int64_t k = first + (last - first) / 2;
    int64_t begin = larger(larger(from, convex->low), k - convex->most);
    int64_t end = smaller(smaller(to, convex->high), k - convex->least);
    int64_t best = IMPOSSIBLE;
    int64_t others = begin;
    for (int64_t i = begin; i <= end; i++) {
        int64_t cost = convex->table->scratch[i] + convex->cost[k - i];
        if (cost < best) {
            best = cost;
            others = i;
        }
    }
    convex->table->cost[k] = best;
    convex->choices[k].count = best == IMPOSSIBLE ? 0 : (uint32_t)(k - others);
    join_convex(convex, first, k - 1, from, others);
    join_convex(convex, k + 1, last, others, to);
}

static void join_split(struct table *table, const struct division_region *region, struct choice *choices)
{
    int64_t most = smaller(region->most, table->wanted);
    int64_t *cost = fill_costs(region, &most);
    struct convex convex = {
        .table = table, .cost = cost, .least = region->least, .most = most, .low = 0, .high = -1, .choices = choices};
    for (int64_t k = 0; k <= table->wanted; k++) {
        choices[k] = (struct choice){0};
        table->cost[k] = IMPOSSIBLE;
        if (table->scratch[k] == IMPOSSIBLE)
            continue;
        if (convex.high < 0)
            convex.low = k;
        convex.high = k;
    }
    if (convex.high >= 0 && most >= region->least)
        join_convex(&convex, convex.low + region->least, smaller(table->wanted, convex.high + most), convex.low,
                    convex.high);
    free(cost);
}

static bool least_fits(const struct division_region *region)
{
    if (region->least == 0)
        return true;
    int64_t fits = 0;
    for (size_t o = 0; region->split && o < region->option_count; o++)
        fits += larger(region->options[o].most, region->options[o].least);
    if (region->split)
        return smaller(fits, region->most) >= region->least;
    for (size_t o = 0; o < region->option_count; o++)
        if (smaller(region->options[o].most, region->most) >= region->least)
            return true;
    return false;
}

/* One region joins: choices[0..wanted] is filled with what it takes at each k. */
static void join_region(struct table *table, const struct division_region *region, struct choice *choices)
{
    size_t size = (size_t)table->wanted + 1;
    memcpy(table->scratch, table->cost, size * sizeof *table->cost);
    if (region->split) {
        join_split(table, region, choices);
        return;
    }
    for (size_t k = 0; k < size; k++) {
        choices[k] = (struct choice){0};
        if (region->least > 0)
            table->cost[k] = IMPOSSIBLE;
    }
    for (size_t o = 0; o < region->option_count; o++) {
        int64_t most = smaller(smaller(region->options[o].most, region->most), table->wanted);
        int64_t least = region->least > 0 ? region->least : 1;
        if (most >= least)
            slide(table, table->scratch, &region->options[o], (uint32_t)o, least, most, choices);
    }
}

/* Costs of one provider: its regions joined one after the other, cut at its cap. */
static void provider_costs(const struct division *division, size_t provider, struct table *table,
                           struct choice **choices)
{
    for (int64_t k = 1; k <= table->wanted; k++)
        table->cost[k] = IMPOSSIBLE;
    table->cost[0] = 0;
    for (size_t r = 0; r < division->region_count; r++)
        if (division->regions[r].provider == provider)
            join_region(table, &division->regions[r], choices[r]);
    for (int64_t k = division->providers_most[provider] + 1; k >= 0 && k <= table->wanted; k++)
        table->cost[k] = IMPOSSIBLE;
}

/* total[k] joined with one provider's cost: how much it takes at each k goes into `takes`. */
static void join_provider(int64_t *total, const int64_t *cost, int64_t wanted, int64_t *scratch, uint32_t *takes)
{
    memcpy(scratch, total, ((size_t)wanted + 1) * sizeof *total);
    for (int64_t k = 0; k <= wanted; k++) {
        total[k] = IMPOSSIBLE;
        for (int64_t x = 0; x <= k; x++) {
            if (cost[x] == IMPOSSIBLE || scratch[k - x] == IMPOSSIBLE)
                continue;
            int64_t sum = scratch[k - x] + cost[x];
            if (sum < total[k] || (sum == total[k] && (uint32_t)x > takes[k])) {
                total[k] = sum;
                takes[k] = (uint32_t)x;
            }
        }
    }
}

/* The first provider takes all there is: joining it with nothing would cost wanted^2 for no gain. */
static void take_first_provider(int64_t *total, const int64_t *cost, int64_t wanted, uint32_t *takes)
{
    for (int64_t k = 0; k <= wanted; k++) {
        total[k] = cost[k];
        takes[k] = (uint32_t)k;
    }
}

static bool check(const struct division *division, struct error *ret_error)
{
    size_t options = 0;
    if (division->wanted < 0 || division->wanted > DIVISION_WANTED_MAX ||
        division->region_count > DIVISION_REGIONS_MAX || division->provider_count > DIVISION_REGIONS_MAX)
        return error_set(ret_error, ERROR_TOO_LARGE, "at most %d allocations of a group over %d regions can be divided",
                         DIVISION_WANTED_MAX, DIVISION_REGIONS_MAX);
    for (size_t r = 0; r < division->region_count; r++) {
        const struct division_region *region = &division->regions[r];
        options += region->option_count;
        if (region->provider >= division->provider_count || region->least < 0 || !least_fits(region))
            return error_set(ret_error, ERROR_INVALID, "region number %zu must keep %lld but cannot", r,
                             (long long)region->least);
        for (size_t o = 0; o < region->option_count; o++)
            if (region->options[o].unit_cost < 0 || region->options[o].unit_cost > (INT64_C(1) << 44))
                return error_set(ret_error, ERROR_INVALID, "a unit cost of region number %zu is out of range", r);
    }
    if (options > DIVISION_OPTIONS_MAX)
        return error_set(ret_error, ERROR_TOO_LARGE, "more than %d pools to choose from", DIVISION_OPTIONS_MAX);
    return true;
}

struct work {
    struct table table;
    struct choice **choices; /* [region] -> [wanted + 1] */
    uint32_t **takes;        /* [provider] -> [wanted + 1] */
    int64_t *total, *scratch;
};

static void work_init(struct work *work, const struct division *division)
{
    size_t size = (size_t)division->wanted + 1;
    work->table = (struct table){.cost = memory_new(size, sizeof(int64_t)),
                                 .scratch = memory_new(size, sizeof(int64_t)),
                                 .window = memory_new(size + 1, sizeof(int64_t)),
                                 .wanted = division->wanted};
    work->choices = memory_new(division->region_count, sizeof *work->choices);
    for (size_t r = 0; r < division->region_count; r++)
        work->choices[r] = memory_new(size, sizeof **work->choices);
    work->takes = memory_new(division->provider_count, sizeof *work->takes);
    for (size_t p = 0; p < division->provider_count; p++)
        work->takes[p] = memory_new(size, sizeof **work->takes);
    work->total = memory_new(size, sizeof *work->total);
    work->scratch = memory_new(size, sizeof *work->scratch);
}

static void work_release(struct work *work, const struct division *division)
{
    for (size_t r = 0; r < division->region_count; r++)
        free(work->choices[r]);
    for (size_t p = 0; p < division->provider_count; p++)
        free(work->takes[p]);
    free(work->choices);
    free(work->takes);
    free(work->total);
    free(work->scratch);
    free(work->table.cost);
    free(work->table.scratch);
    free(work->table.window);
}

/* Walks the choices back from `placed` allocations over all providers. */
static void read_back(const struct division *division, const struct work *work, int64_t placed,
                      struct division_share *ret_shares)
{
    for (size_t p = division->provider_count; p-- > 0;) {
        int64_t left = work->takes[p][placed];
        placed -= left;
        for (size_t r = division->region_count; r-- > 0;) {
            if (division->regions[r].provider != p)
                continue;
            struct choice choice = work->choices[r][left];
            ret_shares[r] = (struct division_share){.option = choice.option, .count = choice.count};
            left -= choice.count;
        }
    }
}

bool division_solve(const struct division *division, struct division_share *ret_shares, int64_t *ret_placed,
                    struct error *ret_error)
{
    if (!check(division, ret_error))
        return false;
    struct work work;
    work_init(&work, division);
    for (int64_t k = 1; division->provider_count == 0 && k <= division->wanted; k++)
        work.total[k] = IMPOSSIBLE;
    for (size_t p = 0; p < division->provider_count; p++) {
        provider_costs(division, p, &work.table, work.choices);
        if (p == 0) {
            take_first_provider(work.total, work.table.cost, division->wanted, work.takes[p]);
            continue;
        }
        join_provider(work.total, work.table.cost, division->wanted, work.scratch, work.takes[p]);
    }
    int64_t placed = division->wanted;
    while (placed > 0 && work.total[placed] == IMPOSSIBLE)
        placed--;
    bool possible = work.total[placed] != IMPOSSIBLE;
    if (possible) {
        read_back(division, &work, placed, ret_shares);
        *ret_placed = placed;
    }
    work_release(&work, division);
    return possible || error_set(ret_error, ERROR_INVALID, "what must stay is more than what is wanted or allowed");
}
