/* Multipliers of budgets, quotas, group budgets and crossing caps: each follows its use at once, held near a centre. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/prices.h"
#include "controller/placement/prices_parts.h"

/* Budgets, then quotas, in one numbering. */
static double limit_most(const struct problem *problem, uint32_t number)
{
    return (double)(number < problem->budgets.count ? problem->budgets.most[number]
                                                    : problem->quotas.most[number - problem->budgets.count]);
}

/* How far over a limit is worth how much: a typical machine's price for its weight, over the limit's own size. */
static void start_pool_limits(struct work *work)
{
    const struct problem *problem = work->problem;
    uint32_t limits = problem->budgets.count + problem->quotas.count;
    double *weights = memory_new(limits, sizeof *weights);
    double *prices = memory_new(limits, sizeof *prices);
    for (uint32_t p = 0; p < work->pools; p++) {
        for (uint32_t i = work->limit_start[p]; i < work->limit_start[p + 1]; i++) {
            uint32_t number = work->limit[i].number;
            weights[number] += work->limit[i].weight;
            prices[number] += work->tier[work->tier_start[p]].price;
            work->limit_used[number] += work->limit[i].weight * work->machines[p];
        }
    }
    for (uint32_t b = 0; b < limits; b++) {
        double unit = weights[b] > 0 && prices[b] > 0 ? prices[b] / weights[b] : 1;
        work->limit_stiffness[b] = unit / (limit_most(problem, b) + 1);
    }
    free(weights);
    free(prices);
}

/* What an allocation of the group costs by capacity, over its candidates. */
static double typical_cost(const struct work *work, uint32_t group)
{
    double sum = 0;
    for (size_t s = work->slot_start[group]; s < work->slot_start[group] + work->slot_count[group]; s++) {
        for (uint32_t k = 0; k < work->dimensions; k++)
            sum += work->centre[(size_t)work->slot[s].pool * work->dimensions + k] *
                   work->demand[(size_t)group * work->dimensions + k];
    }
    double cost = work->slot_count[group] ? sum / work->slot_count[group] : 0;
    return cost > 0 ? cost : (double)work->problem->group_unplaced[group] / 8 + 1;
}

void prices_limits_start(struct work *work)
{
    const struct problem *problem = work->problem;
    start_pool_limits(work);
    for (uint32_t b = 0; b < problem->group_budgets.count; b++)
        work->gbudget_stiffness[b] = 1 / ((double)problem->group_budgets.most[b] + 1);
    for (uint32_t j = 0; j < work->groups; j++) {
        if (work->crossing_start[j] == work->crossing_start[j + 1])
            continue;
        double cost = typical_cost(work, j);
        for (uint32_t i = work->crossing_start[j]; i < work->crossing_start[j + 1]; i++) {
            uint32_t cap = work->crossing[i];
            work->cap_stiffness[cap] = 0.3 * cost / ((double)problem->cap_max[cap] + 1);
        }
    }
}

static double at_least_nothing(double price)
{
    return price > 0 ? price : 0;
}

double prices_limit_stiffness(const struct work *work, uint32_t number)
{
    return work->limit_stiffness[number] * (double)work->limit_pace[number].factor;
}

double prices_gbudget_stiffness(const struct work *work, uint32_t number)
{
    return work->gbudget_stiffness[number] * (double)work->gbudget_pace[number].factor;
}

double prices_cap_stiffness(const struct work *work, uint32_t cap)
{
    return work->cap_stiffness[cap] * (double)work->cap_pace[cap].factor;
}

double prices_limit_price(const struct work *work, uint32_t number)
{
    double over = work->limit_used[number] - limit_most(work->problem, number);
    return at_least_nothing(work->limit_centre[number] + prices_limit_stiffness(work, number) * over);
}

double prices_gbudget_price(const struct work *work, uint32_t number)
{
    double over = work->gbudget_used[number] - (double)work->problem->group_budgets.most[number];
    return at_least_nothing(work->gbudget_centre[number] + prices_gbudget_stiffness(work, number) * over);
}

double prices_cap_price(const struct work *work, uint32_t cap)
{
    double over = work->cap_used[cap] - (double)work->problem->cap_max[cap];
    return at_least_nothing(work->cap_centre[cap] + prices_cap_stiffness(work, cap) * over);
}

void prices_limits_take(struct work *work)
{
    const struct problem *problem = work->problem;
    for (uint32_t b = 0; b < problem->budgets.count; b++)
        work->budget[b] = prices_limit_price(work, b);
    for (uint32_t q = 0; q < problem->quotas.count; q++)
        work->quota[q] = prices_limit_price(work, problem->budgets.count + q);
    for (uint32_t p = 0; p < work->pools; p++) {
        work->slope[p] = 0;
        for (uint32_t i = work->limit_start[p]; i < work->limit_start[p + 1]; i++)
            work->slope[p] += work->limit[i].weight * prices_limit_price(work, work->limit[i].number);
    }
    const struct problem_lists *lists = &problem->group_lists;
    memset(work->group_rate, 0, work->groups * sizeof *work->group_rate);
    for (uint32_t b = 0; b < problem->group_budgets.count; b++) {
        uint32_t list = problem->group_budgets.list[b];
        work->group_budget[b] = prices_gbudget_price(work, b);
        for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++)
            work->group_rate[lists->pool[i]] += work->group_budget[b];
    }
    uint32_t crossing = work->groups ? work->crossing_start[work->groups] : 0;
    for (uint32_t i = 0; i < crossing; i++)
        work->cap_price[work->crossing[i]] = prices_cap_price(work, work->crossing[i]);
}

void prices_limits_centre(struct work *work, double share)
{
    const struct problem *problem = work->problem;
    for (uint32_t b = 0; b < problem->budgets.count + problem->quotas.count; b++)
        prices_pace_centre(&work->limit_pace[b], share, prices_limit_price(work, b), &work->limit_centre[b]);
    for (uint32_t b = 0; b < problem->group_budgets.count; b++)
        prices_pace_centre(&work->gbudget_pace[b], share, prices_gbudget_price(work, b), &work->gbudget_centre[b]);
    uint32_t crossing = work->groups ? work->crossing_start[work->groups] : 0;
    for (uint32_t i = 0; i < crossing; i++) {
        uint32_t cap = work->crossing[i];
        prices_pace_centre(&work->cap_pace[cap], share, prices_cap_price(work, cap), &work->cap_centre[cap]);
    }
}
