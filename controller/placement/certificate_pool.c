/* A pool's term of the bound: the least of a convex function of its machines. See certificate_terms.h. */
#include "controller/placement/certificate_sum.h"
#include "controller/placement/certificate_terms.h"

struct pool_part {
    const struct problem *problem;
    const struct plan *plan;
    uint32_t pool;
    const int64_t *saturation;
    const struct certificate_rider *riders;
    size_t rider_count;
    __int128 slope;
};

static bool pool_value(const struct pool_part *part, int64_t machines, __int128 *ret_value)
{
    const struct problem *problem = part->problem;
    size_t cell = (size_t)part->pool * problem->dimensions;
    __int128 value = 0;
    if (!certificate_add_product(&value, problem_pool_cost(problem, part->pool, machines), part->plan->scale) ||
        !certificate_add_product(&value, part->slope, machines))
        return false;
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        __int128 use = (__int128)problem->pool_capacity[cell + k] * machines - problem->pool_held[cell + k];
        if (use > part->saturation[k])
            use = part->saturation[k];
        if (!certificate_add_product(&value, -use, part->plan->price[cell + k]))
            return false;
    }
    for (size_t i = 0; i < part->rider_count; i++) {
        __int128 use = (__int128)part->riders[i].permachine * machines;
        if (use > part->riders[i].most)
            use = part->riders[i].most;
        if (!certificate_add_product(&value, -use, part->riders[i].value))
            return false;
    }
    *ret_value = value;
    return true;
}

/* From here on every resource that has a price is saturated, so the part does not fall any more. */
static int64_t saturated_at(const struct pool_part *part)
{
    const struct problem *problem = part->problem;
    size_t cell = (size_t)part->pool * problem->dimensions;
    __int128 at = problem->pool_min[part->pool];
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        int64_t capacity = problem->pool_capacity[cell + k];
        if (!part->plan->price[cell + k] || !capacity)
            continue;
        __int128 full = ((__int128)part->saturation[k] + problem->pool_held[cell + k] + capacity - 1) / capacity;
        at = full > at ? full : at;
    }
    for (size_t i = 0; i < part->rider_count; i++) {
        int64_t each = part->riders[i].permachine;
        if (!each)
            continue;
        __int128 full = ((__int128)part->riders[i].most + each - 1) / each;
        at = full > at ? full : at;
    }
    int64_t limit = problem_pool_limit(problem, part->pool);
    return at < limit ? (int64_t)at : limit;
}

/* Convex: the first machine that does not make it less. */
static bool least_value(const struct pool_part *part, int64_t *ret_machines, __int128 *ret_value)
{
    int64_t low = part->problem->pool_min[part->pool];
    int64_t high = saturated_at(part);
    __int128 here = 0;
    __int128 next = 0;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (!pool_value(part, middle, &here) || !pool_value(part, middle + 1, &next))
            return false;
        if (next >= here)
            high = middle;
        else
            low = middle + 1;
    }
    *ret_machines = low;
    return pool_value(part, low, ret_value);
}

bool certificate_pool_term(const struct problem *problem, const struct plan *plan, uint32_t pool,
                           const int64_t *saturation, const struct certificate_rider *riders, size_t rider_count,
                           __int128 slope, __int128 *ret_term, struct error *ret_error)
{
    struct pool_part part = {problem, plan, pool, saturation, riders, rider_count, slope};
    int64_t machines = 0;
    return least_value(&part, &machines, ret_term) ? true : certificate_overflow(ret_error);
}

bool certificate_pool_term_near(const struct problem *problem, const struct plan *plan, uint32_t pool,
                                const int64_t *saturation, const struct certificate_rider *riders, size_t rider_count,
                                __int128 slope, int64_t *near, __int128 *ret_term, struct error *ret_error)
{
    struct pool_part part = {problem, plan, pool, saturation, riders, rider_count, slope};
    int64_t least = problem->pool_min[pool];
    int64_t limit = problem_pool_limit(problem, pool);
    int64_t here = *near < least ? least : *near;
    here = here > limit ? limit : here;
    __int128 value = 0;
    __int128 other = 0;
    if (!pool_value(&part, here, &value))
        return certificate_overflow(ret_error);
    bool lowest = true;
    if (here > least) {
        if (!pool_value(&part, here - 1, &other))
            return certificate_overflow(ret_error);
        lowest = other >= value;
    }
    if (lowest && here < limit) {
        if (!pool_value(&part, here + 1, &other))
            return certificate_overflow(ret_error);
        lowest = other >= value;
    }
    *near = here;
    if (!lowest)
        return least_value(&part, near, ret_term) ? true : certificate_overflow(ret_error);
    *ret_term = value;
    return true;
}
