/* Sweeps in order, and the best multipliers on the way; see prices.h. */
#include "controller/placement/prices.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/prices_parts.h"
#include "controller/placement/scan.h"

static void start_prices(struct work *work)
{
    uint32_t dimensions = work->dimensions;
    for (uint32_t p = 0; p < work->pools; p++) {
        double shares = 0;
        size_t cell = (size_t)p * dimensions;
        for (uint32_t k = 0; k < dimensions; k++)
            shares += work->capacity[cell + k] > 0;
        for (uint32_t k = 0; k < dimensions; k++) {
            if (work->capacity[cell + k] > 0)
                work->centre[cell + k] = work->tier[work->tier_start[p]].price / (work->capacity[cell + k] * shares);
        }
        work->machines[p] = work->least[p] > 1 ? work->least[p] : 1;
    }
    prices_pool_start(work);
    prices_pool_stiffen(work, 1);
    memcpy(work->price, work->centre, (size_t)work->pools * dimensions * sizeof *work->price);
    for (uint32_t j = 0; j < work->groups; j++)
        work->left[j] = (double)work->problem->group_count[j];
}

/* Renews the candidates, and keeps the multipliers where they are the best so far. */
static void scan(struct work *work, struct prices_best *best)
{
    prices_riders_take(work);
    prices_limits_take(work);
    double bound = scan_all(work, &best->tried);
    if (bound <= best->bound)
        return;
    const struct problem *problem = work->problem;
    uint32_t caps = work->groups ? problem->cap_start[work->groups] : 0;
    best->bound = bound;
    memcpy(best->price, work->price, (size_t)work->pools * work->dimensions * sizeof *best->price);
    memcpy(best->budget, work->budget, problem->budgets.count * sizeof *best->budget);
    memcpy(best->group_budget, work->group_budget, problem->group_budgets.count * sizeof *best->group_budget);
    memcpy(best->quota, work->quota, problem->quotas.count * sizeof *best->quota);
    memcpy(best->cap, work->cap_price, caps * sizeof *best->cap);
    struct scan_riders worse = best->riders;
    best->riders = best->tried;
    best->tried = worse;
}

void prices_best_init(struct prices_best *best, const struct work *work)
{
    const struct problem *problem = work->problem;
    uint32_t caps = work->groups ? problem->cap_start[work->groups] : 0;
    best->bound = -HUGE_VAL;
    best->price = memory_new((size_t)work->pools * work->dimensions, sizeof *best->price);
    best->budget = memory_new(problem->budgets.count, sizeof *best->budget);
    best->group_budget = memory_new(problem->group_budgets.count, sizeof *best->group_budget);
    best->quota = memory_new(problem->quotas.count, sizeof *best->quota);
    best->cap = memory_new(caps, sizeof *best->cap);
    best->riders = (struct scan_riders){0};
    best->tried = (struct scan_riders){0};
}

void prices_best_release(struct prices_best *best)
{
    free(best->price);
    free(best->budget);
    free(best->group_budget);
    free(best->quota);
    free(best->cap);
    free(best->riders.item);
    free(best->tried.item);
}

static const double STRENGTH = 0.3;
enum { IDLE_REST = 7 }; /* sweeps left out between two visits, a power of two less one */

/* A group that has not moved for a while is looked at only now and then. */
static bool due(const struct work *work, uint32_t group, unsigned sweep)
{
    unsigned idle = work->idle[group];
    unsigned rest = idle < 1 ? 0 : idle < 3 ? 1 : idle < 6 ? 3 : IDLE_REST;
    return ((sweep + group) & rest) == 0;
}

/* One visit to every group that is due. */
static void sweep_once(struct work *work, unsigned sweep)
{
    for (uint32_t i = 0; i < work->groups; i++) {
        uint32_t group = sweep % 2 ? work->groups - 1 - i : i;
        if (due(work, group, sweep))
            prices_visit_group(work, group);
    }
}

/* Centres follow the multipliers, and all pools answer to that. */
static void settle(struct work *work, double share)
{
    size_t cells = (size_t)work->pools * work->dimensions;
    for (size_t cell = 0; cell < cells; cell++)
        prices_pace_centre(&work->pace[cell], share, work->price[cell], &work->centre[cell]);
    prices_limits_centre(work, share);
    prices_pool_stiffen(work, STRENGTH);
    prices_riders_centre(work, share, STRENGTH);
    for (uint32_t p = 0; p < work->pools; p++)
        prices_update_pool(work, p);
}

/* How far an effort goes: at most so many sweeps, and no further than the fractional plan being within a share of the
 * bound. All efforts go the same road, so that more effort never proves less. */
struct course {
    unsigned sweeps;
    double tolerance;
};

static const struct course courses[PRICES_EFFORT_MAX + 1] = {
    {0, 0},      {20, 1e-2},  {40, 5e-3},   {80, 2e-3},   {150, 5e-4},
    {300, 2e-4}, {600, 1e-4}, {1200, 5e-5}, {2500, 2e-5}, {5000, 1e-5},
};

enum {
    FIRST_SWEEPS = 20, /* the centre follows faster */
    SCAN_EVERY = 20,
    MEDIUM_PAIRS = 250000, /* what a course's sweeps are meant for */
    SIZE_STEP = 8          /* a problem so many times larger gets half the sweeps */
};

static unsigned sweeps_for(const struct work *work, unsigned effort)
{
    unsigned sweeps = courses[effort].sweeps;
    size_t pairs = work->groups ? work->problem->pair_start[work->groups] : 0;
    for (size_t size = MEDIUM_PAIRS; pairs >= size * SIZE_STEP && sweeps > 2 * SCAN_EVERY; size *= SIZE_STEP)
        sweeps /= 2;
    for (size_t size = MEDIUM_PAIRS; size >= SIZE_STEP && pairs <= size / SIZE_STEP; size /= SIZE_STEP)
        sweeps *= 2;
    return sweeps;
}

void prices_run(struct work *work, unsigned effort, struct prices_best *best)
{
    unsigned sweeps = sweeps_for(work, effort);
    start_prices(work);
    scan(work, best);
    prices_limits_start(work);
    prices_riders_centre(work, 0, STRENGTH);
    for (unsigned sweep = 1; sweep <= sweeps; sweep++) {
        sweep_once(work, sweep);
        bool scans = sweep % SCAN_EVERY == 0 || sweep == SCAN_EVERY / 2;
        if (scans || sweep == sweeps)
            scan(work, best);
        if (scans && fabs(prices_cost(work) - best->bound) <= courses[effort].tolerance * fabs(best->bound))
            break;
        settle(work, sweep <= FIRST_SWEEPS ? 0.4 : 0.3);
    }
}

void prices_again(struct work *work, unsigned sweeps)
{
    settle(work, 0);
    for (unsigned sweep = 0; sweep < sweeps; sweep++) {
        sweep_once(work, sweep);
        settle(work, 0.3);
    }
}
