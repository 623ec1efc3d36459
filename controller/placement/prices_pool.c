/* A pool's answer to what stands on it: its machines follow at once, and prices are what overload costs then. */
#include <math.h>

#include "controller/placement/prices.h"
#include "controller/placement/prices_parts.h"

enum { CURVE_ITEMS = PROBLEM_DIMENSIONS_MAX + 1 };

/* What pays for machines as functions of v, the machines above y0: weight_i x (zero_i - v)+ for each dimension and for
 * the per-machine limits together. */
struct curve {
    uint32_t count;
    double base_weight, base_moment; /* what budgets and quotas add: they answer to v without end */
    double zero[CURVE_ITEMS];
    double weight[CURVE_ITEMS];
};

/* Sorted by zero, largest first. */
static void curve_add(struct curve *curve, double zero, double weight)
{
    uint32_t at = curve->count++;
    while (at > 0 && curve->zero[at - 1] < zero) {
        curve->zero[at] = curve->zero[at - 1];
        curve->weight[at] = curve->weight[at - 1];
        at--;
    }
    curve->zero[at] = zero;
    curve->weight[at] = weight;
}

/* v with sum of weight x (zero - v)+ = level; level >= 0. */
static double curve_solve(const struct curve *curve, double level)
{
    double weight = curve->base_weight;
    double moment = curve->base_moment;
    double v = curve->count ? curve->zero[0] : 0;
    if (weight > 0) {
        v = (moment - level) / weight;
        if (!curve->count || v >= curve->zero[0])
            return v;
    }
    for (uint32_t i = 0; i < curve->count; i++) {
        weight += curve->weight[i];
        moment += curve->weight[i] * curve->zero[i];
        v = (moment - level) / weight;
        if (i + 1 == curve->count || v >= curve->zero[i + 1])
            break;
    }
    return v;
}

/* Budgets and quotas charge for machines: their price at the machines of before, and how it rises from there. */
static double add_limits(const struct work *work, uint32_t pool, double old, struct curve *curve)
{
    double charge = 0;
    for (uint32_t i = work->limit_start[pool]; i < work->limit_start[pool + 1]; i++) {
        double price = prices_limit_price(work, work->limit[i].number);
        double weight = work->limit[i].weight;
        if (price <= 0)
            continue;
        charge += weight * price;
        curve->base_weight += weight * weight * prices_limit_stiffness(work, work->limit[i].number);
    }
    curve->base_moment = curve->base_weight * old;
    return charge;
}

/* The machines above y0 that the curve pays for; *ret_moves: inside a tier, where the least change moves them. */
static double answer(const struct work *work, uint32_t pool, const struct curve *curve, double charge, bool *ret_moves)
{
    double least = work->least[pool];
    double v = 0;
    bool moves = false;
    for (uint32_t t = work->tier_start[pool]; t < work->tier_start[pool + 1] && curve->count; t++) {
        double end = work->tier[t].upto - least;
        if (end <= v)
            continue;
        double at = curve_solve(curve, work->tier[t].price + charge);
        moves = at > v && at < end;
        if (at <= v)
            break;
        v = at < end ? at : end;
        if (moves)
            break;
    }
    if (least + v < work->low[pool] || least + v > work->high[pool]) {
        v = (least + v < work->low[pool] ? work->low[pool] : work->high[pool]) - least;
        moves = false;
    }
    *ret_moves = moves;
    return v;
}

void prices_update_pool(struct work *work, uint32_t pool)
{
    uint32_t dimensions = work->dimensions;
    size_t cell = (size_t)pool * dimensions;
    double least = work->least[pool];
    double old = work->machines[pool] - least;
    double base[PROBLEM_DIMENSIONS_MAX];
    struct curve curve;
    curve.count = 0;
    curve.base_weight = 0;
    for (uint32_t k = 0; k < dimensions; k++) {
        double stiffness = work->stiffness[cell + k];
        double grown = work->grown[cell + k];
        base[k] = work->load[cell + k] + work->held[cell + k] - work->capacity[cell + k] * least +
                  work->centre[cell + k] / stiffness;
        if (base[k] > 0 && grown > 0)
            curve_add(&curve, base[k] / grown, stiffness * grown * grown);
    }
    double rider_weight = work->rider_weight[pool];
    double rider_zero = rider_weight > 0 ? old + work->rider_pay[pool] / rider_weight : -HUGE_VAL;
    if (rider_weight > 0)
        curve_add(&curve, rider_zero, rider_weight);
    double charge = add_limits(work, pool, old, &curve);
    bool moves;
    double v = answer(work, pool, &curve, charge, &moves);
    work->machines[pool] = least + v;
    work->rider_pay[pool] -= rider_weight * (v - old);
    for (uint32_t i = work->limit_start[pool]; i < work->limit_start[pool + 1]; i++)
        work->limit_used[work->limit[i].number] += work->limit[i].weight * (v - old);
    double free_slope = curve.base_weight + (v < rider_zero ? rider_weight : 0);
    for (uint32_t k = 0; k < dimensions; k++) {
        double over = base[k] - work->grown[cell + k] * v;
        double stiffness = work->stiffness[cell + k];
        work->price[cell + k] = over > 0 ? stiffness * over : 0;
        if (over > 0)
            free_slope += stiffness * work->grown[cell + k] * work->grown[cell + k];
    }
    work->free_slope[pool] = moves ? free_slope : 0;
}

double prices_pool_steepness(const struct work *work, uint32_t pool, const double *demand, struct prices_bend bend)
{
    size_t cell = (size_t)pool * work->dimensions;
    double square = bend.stiffness;
    double along = bend.stiffness * bend.each;
    for (uint32_t k = 0; k < work->dimensions; k++) {
        if (work->price[cell + k] <= 0)
            continue;
        double pull = work->stiffness[cell + k] * demand[k];
        square += pull * demand[k];
        along += pull * work->grown[cell + k];
    }
    if (work->free_slope[pool] <= 0)
        return square;
    double rest = square - along * along / work->free_slope[pool];
    return rest > 0.02 * square ? rest : 0.02 * square;
}

/* What a unit of each dimension is worth to who needs it: the penalties over the demand. */
static double typical_penalty(const struct work *work, uint32_t k)
{
    const struct problem *problem = work->problem;
    double penalties = 0;
    double demand = 0;
    for (uint32_t j = 0; j < work->groups; j++) {
        double each = work->demand[(size_t)j * work->dimensions + k];
        if (each <= 0)
            continue;
        penalties += (double)problem->group_count[j] * (double)problem->group_unplaced[j];
        demand += (double)problem->group_count[j] * each;
    }
    return demand > 0 && penalties > 0 ? penalties / demand : 1;
}

/* A machine's typical price for a unit of each dimension, so that free machines have a scale too; where all are nearly
 * free, a small part of the penalties. */
static void typical_prices(const struct work *work, double *unit)
{
    uint32_t dimensions = work->dimensions;
    for (uint32_t k = 0; k < dimensions; k++) {
        double sum = 0;
        double count = 0;
        for (uint32_t p = 0; p < work->pools; p++) {
            double capacity = work->capacity[(size_t)p * dimensions + k];
            if (capacity > 0) {
                sum += work->tier[work->tier_start[p]].price / capacity;
                count += 1;
            }
        }
        double least = 0.01 * typical_penalty(work, k);
        unit[k] = count > 0 && sum > least * count ? sum / count : least;
    }
}

void prices_pool_start(struct work *work)
{
    typical_prices(work, work->unit);
}

void prices_pool_stiffen(struct work *work, double strength)
{
    uint32_t dimensions = work->dimensions;
    const double *unit = work->unit;
    for (uint32_t p = 0; p < work->pools; p++) {
        double size = work->machines[p] > 1 ? work->machines[p] : 1;
        for (uint32_t k = 0; k < dimensions; k++) {
            size_t cell = (size_t)p * dimensions + k;
            double capacity = work->capacity[cell] > 0 ? work->capacity[cell] : 1;
            double own = work->tier[work->tier_start[p]].price / capacity;
            work->stiffness[cell] =
                (double)work->pace[cell].factor * strength * (0.5 * own + 0.5 * unit[k]) / (capacity * size);
        }
    }
}
