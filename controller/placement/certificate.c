/* Checks a plan against the problem's rules and works out what it costs; see certificate.h. */
#include "controller/placement/certificate.h"

#include <stdlib.h>

#include "base/memory.h"
#include "controller/placement/certificate_terms.h"

/* What the rules are checked on. */
struct check {
    const struct problem *problem;
    const struct plan *plan;
    struct error *error;
    size_t *put_start;   /* [group + 1] */
    size_t *put_pair;    /* the pair of each put */
    int64_t *packed;     /* [put] placed by pack lines */
    __int128 *load;      /* [pool * dimensions + k] */
    __int128 *held;      /* [pool * dimensions + k] packed held capacity */
    int64_t *used;       /* [pool] machines that the packing uses */
    int64_t *group_room; /* [pool] scratch: what a group puts there */
};

static bool broken(struct check *check, const char *what, uint32_t a, uint32_t b)
{
    return error_set(check->error, ERROR_CONFLICT, "%s (%u, %u)", what, a, b);
}

static size_t find_pair(const struct problem *problem, uint32_t group, uint32_t pool)
{
    size_t low = problem->pair_start[group];
    size_t high = problem->pair_start[group + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (problem->pair_pool[middle] < pool)
            low = middle + 1;
        else
            high = middle;
    }
    return low < problem->pair_start[group + 1] && problem->pair_pool[low] == pool ? low : SIZE_MAX;
}

static bool check_puts(struct check *check)
{
    const struct problem *problem = check->problem;
    const struct plan *plan = check->plan;
    for (size_t i = 0; i < plan->puts; i++) {
        const struct plan_put *put = &plan->put[i];
        size_t pair = find_pair(problem, put->group, put->pool);
        if (pair == SIZE_MAX || !problem_pair_fits(problem, put->group, put->pool))
            return broken(check, "this group may not use this pool", put->group, put->pool);
        int64_t each = problem->group_permachine[put->group];
        if (each != PROBLEM_UNLIMITED && put->count > (__int128)each * plan->machines[put->pool])
            return broken(check, "more of the group than the machines of the pool may hold", put->group, put->pool);
        check->put_pair[i] = pair;
        check->put_start[put->group + 1]++;
        for (uint32_t k = 0; k < problem->dimensions; k++)
            check->load[(size_t)put->pool * problem->dimensions + k] +=
                (__int128)put->count * problem->group_demand[(size_t)put->group * problem->dimensions + k];
    }
    for (uint32_t j = 0; j < problem->groups; j++)
        check->put_start[j + 1] += check->put_start[j];
    return true;
}

/* Counts and caps of one group. */
static bool check_group(struct check *check, uint32_t group)
{
    const struct problem *problem = check->problem;
    const struct plan *plan = check->plan;
    __int128 total = plan->unplaced[group];
    for (size_t i = check->put_start[group]; i < check->put_start[group + 1]; i++) {
        total += plan->put[i].count;
        check->group_room[plan->put[i].pool] = plan->put[i].count;
    }
    bool fine = total == problem->group_count[group] ||
                broken(check, "put and unplaced do not add up to the count", group, group);
    for (uint32_t c = problem->cap_start[group]; c < problem->cap_start[group + 1] && fine; c++) {
        uint32_t list = problem->cap_list[c];
        __int128 inside = 0;
        for (size_t i = problem->lists.start[list]; i < problem->lists.start[list + 1]; i++)
            inside += check->group_room[problem->lists.pool[i]];
        if (inside > problem->cap_max[c])
            fine = broken(check, "a cap of the group is exceeded", group, c - problem->cap_start[group]);
    }
    for (size_t i = check->put_start[group]; i < check->put_start[group + 1]; i++)
        check->group_room[plan->put[i].pool] = 0;
    return fine;
}

static bool check_pool(struct check *check, uint32_t pool)
{
    const struct problem *problem = check->problem;
    int64_t machines = check->plan->machines[pool];
    if (machines < problem->pool_min[pool] || machines > problem_pool_limit(problem, pool))
        return broken(check, "machines outside the limits of the pool", pool, pool);
    for (uint32_t k = 0; k < problem->dimensions; k++) {
        size_t cell = (size_t)pool * problem->dimensions + k;
        if (check->load[cell] + problem->pool_held[cell] > (__int128)problem->pool_capacity[cell] * machines)
            return broken(check, "the pool's capacity is exceeded in a dimension", pool, k);
    }
    return true;
}

/* weighted sum of machines over a list of pools, against its limit; weights are the pools' prices for budgets. */
static bool check_pool_limits(struct check *check, const struct problem_limits *limits, bool by_price, const char *what)
{
    const struct problem *problem = check->problem;
    for (uint32_t b = 0; b < limits->count; b++) {
        uint32_t list = limits->list[b];
        __int128 total = 0;
        for (size_t i = problem->lists.start[list]; i < problem->lists.start[list + 1]; i++) {
            uint32_t pool = problem->lists.pool[i];
            int64_t weight = by_price ? problem->pool_price[pool] : limits->weight[b];
            total += (__int128)weight * check->plan->machines[pool];
        }
        if (total > limits->most[b])
            return broken(check, what, b, b);
    }
    return true;
}

static bool check_group_budgets(struct check *check)
{
    const struct problem *problem = check->problem;
    const struct problem_lists *lists = &problem->group_lists;
    for (uint32_t b = 0; b < problem->group_budgets.count; b++) {
        uint32_t list = problem->group_budgets.list[b];
        __int128 total = 0;
        for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++) {
            uint32_t group = lists->pool[i];
            for (size_t n = check->put_start[group]; n < check->put_start[group + 1]; n++)
                total +=
                    (__int128)problem_pair_rate(problem, group, check->plan->put[n].pool) * check->plan->put[n].count;
        }
        if (total > problem->group_budgets.most[b])
            return broken(check, "a group budget is exceeded", b, b);
    }
    return true;
}

static size_t find_put(const struct check *check, uint32_t group, uint32_t pool)
{
    size_t low = check->put_start[group];
    size_t high = check->put_start[group + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (check->plan->put[middle].pool < pool)
            low = middle + 1;
        else
            high = middle;
    }
    return low < check->put_start[group + 1] && check->plan->put[low].pool == pool ? low : SIZE_MAX;
}

/* One pack line: the machine is not overfull, and what it holds is counted. */
static bool check_pack(struct check *check, const struct plan_pack *pack)
{
    const struct problem *problem = check->problem;
    uint32_t dimensions = problem->dimensions;
    size_t cell = (size_t)pack->pool * dimensions;
    __int128 fill[PROBLEM_DIMENSIONS_MAX] = {0};
    if (pack->times < 1)
        return broken(check, "a pack line without machines", pack->pool, pack->pool);
    for (size_t n = pack->first; n < pack->first + pack->items; n++) {
        const struct plan_pack_item *item = &check->plan->pack_item[n];
        if (item->group == PLAN_HELD) {
            const int64_t *vector = check->plan->held + (size_t)item->count * dimensions;
            for (uint32_t k = 0; k < dimensions; k++) {
                fill[k] += vector[k];
                check->held[cell + k] += (__int128)vector[k] * pack->times;
            }
            continue;
        }
        size_t put = find_put(check, item->group, pack->pool);
        if (item->count < 1 || put == SIZE_MAX || item->count > problem->group_permachine[item->group])
            return broken(check, "packed without being put there, or too many on a machine", item->group, pack->pool);
        __int128 packed = (__int128)item->count * pack->times + check->packed[put];
        if (packed > check->plan->put[put].count)
            return broken(check, "more packed than put", item->group, pack->pool);
        check->packed[put] = (int64_t)packed;
        for (uint32_t k = 0; k < dimensions; k++)
            fill[k] += (__int128)item->count * problem->group_demand[(size_t)item->group * dimensions + k];
    }
    for (uint32_t k = 0; k < dimensions; k++) {
        if (fill[k] > problem->pool_capacity[cell + k])
            return broken(check, "a packed machine is overfull in a dimension", pack->pool, k);
    }
    int64_t limit = problem_pool_limit(problem, pack->pool);
    if (pack->times > limit - check->used[pack->pool])
        return broken(check, "more packed machines than the pool may have", pack->pool, pack->pool);
    check->used[pack->pool] += pack->times;
    return true;
}

static bool check_packing(struct check *check)
{
    const struct problem *problem = check->problem;
    for (size_t i = 0; i < check->plan->packs; i++) {
        if (!check_pack(check, &check->plan->pack[i]))
            return false;
    }
    for (size_t i = 0; i < check->plan->puts; i++) {
        const struct plan_put *put = &check->plan->put[i];
        if (check->packed[i] != put->count)
            return broken(check, "not every put is packed", put->group, put->pool);
    }
    for (uint32_t p = 0; p < problem->pools; p++) {
        for (uint32_t k = 0; k < problem->dimensions; k++) {
            size_t cell = (size_t)p * problem->dimensions + k;
            if (check->held[cell] < problem->pool_held[cell])
                return broken(check, "held capacity is not packed in a dimension", p, k);
        }
    }
    return true;
}

/* What a group costs wherever its machines are paid: extras, moves, penalty. */
static __int128 group_cost(const struct check *check, uint32_t group)
{
    const struct problem *problem = check->problem;
    const struct plan *plan = check->plan;
    __int128 cost = (__int128)problem->group_unplaced[group] * plan->unplaced[group];
    __int128 gained = 0;
    __int128 now = 0;
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        if (problem->pair_now[i] && problem_pair_fits(problem, group, problem->pair_pool[i]))
            now += problem->pair_now[i];
    }
    for (size_t i = check->put_start[group]; i < check->put_start[group + 1]; i++) {
        int64_t count = plan->put[i].count;
        int64_t here = problem->pair_now[check->put_pair[i]];
        cost += (__int128)problem->pair_extra[check->put_pair[i]] * count;
        gained += count > here ? count - here : 0;
    }
    __int128 growth = problem->group_count[group] - now;
    __int128 moves = gained - (growth > 0 ? growth : 0);
    return moves > 0 ? cost + moves * problem->group_move[group] : cost;
}

static bool fits_nowhere(const struct problem *problem, uint32_t group)
{
    for (size_t i = problem->pair_start[group]; i < problem->pair_start[group + 1]; i++) {
        if (problem_pair_fits(problem, group, problem->pair_pool[i]))
            return false;
    }
    return true;
}

static int64_t gap_ppm(int64_t cost, int64_t bound, int64_t forced)
{
    __int128 avoidable = (__int128)cost - forced;
    __int128 distance = (__int128)cost - bound;
    return avoidable > 0 && distance > 0 ? (int64_t)((distance * 1000000 + avoidable - 1) / avoidable) : 0;
}

static bool work_out_costs(struct check *check, struct certificate *certificate)
{
    const struct problem *problem = check->problem;
    __int128 cost = 0;
    __int128 nodecost = 0;
    __int128 forced = 0;
    for (uint32_t j = 0; j < problem->groups; j++) {
        cost += group_cost(check, j);
        if (fits_nowhere(problem, j))
            forced += (__int128)problem->group_unplaced[j] * problem->group_count[j];
    }
    nodecost = cost;
    for (uint32_t p = 0; p < problem->pools; p++) {
        int64_t used = check->used[p] > problem->pool_min[p] ? check->used[p] : problem->pool_min[p];
        cost += problem_pool_cost(problem, p, check->plan->machines[p]);
        nodecost += problem_pool_cost(problem, p, used);
    }
    if (cost > PLAN_FIGURE_MAX || nodecost > PLAN_FIGURE_MAX)
        return error_set(check->error, ERROR_OVERFLOW, "the cost leaves 62 bits");
    certificate->cost = (int64_t)cost;
    certificate->nodecost = (int64_t)nodecost;
    certificate->forced = (int64_t)forced;
    return true;
}

static bool check_all(struct check *check)
{
    const struct problem *problem = check->problem;
    if (!check_puts(check))
        return false;
    for (uint32_t j = 0; j < problem->groups; j++) {
        if (!check_group(check, j))
            return false;
    }
    for (uint32_t p = 0; p < problem->pools; p++) {
        if (!check_pool(check, p))
            return false;
    }
    return check_pool_limits(check, &problem->budgets, true, "a budget is exceeded") &&
           check_pool_limits(check, &problem->quotas, false, "a quota is exceeded") && check_group_budgets(check) &&
           check_packing(check);
}

bool certificate_work_out(const struct problem *problem, const struct plan *plan, struct certificate *ret_certificate,
                          struct error *ret_error)
{
    size_t cells = (size_t)problem->pools * problem->dimensions;
    struct check check = {.problem = problem, .plan = plan, .error = ret_error};
    check.put_start = memory_new((size_t)problem->groups + 1, sizeof *check.put_start);
    check.put_pair = memory_new(plan->puts, sizeof *check.put_pair);
    check.packed = memory_new(plan->puts, sizeof *check.packed);
    check.load = memory_new(cells, sizeof *check.load);
    check.held = memory_new(cells, sizeof *check.held);
    check.used = memory_new(problem->pools, sizeof *check.used);
    check.group_room = memory_new(problem->pools, sizeof *check.group_room);
    struct certificate certificate = {0};
    bool fine = check_all(&check) && work_out_costs(&check, &certificate) &&
                certificate_bound(problem, plan, &certificate.bound, ret_error);
    free(check.put_start);
    free(check.put_pair);
    free(check.packed);
    free(check.load);
    free(check.held);
    free(check.used);
    free(check.group_room);
    if (!fine)
        return false;
    certificate.gap_ppm = gap_ppm(certificate.cost, certificate.bound, certificate.forced);
    certificate.node_gap_ppm = gap_ppm(certificate.nodecost, certificate.bound, certificate.forced);
    *ret_certificate = certificate;
    return true;
}

bool certificate_check(const struct problem *problem, const struct plan *plan, struct certificate *ret_certificate,
                       struct error *ret_error)
{
    struct certificate certificate;
    if (!certificate_work_out(problem, plan, &certificate, ret_error))
        return false;
    if (plan->cost != certificate.cost)
        return error_set(ret_error, ERROR_CONFLICT, "cost is %lld, not %lld", (long long)certificate.cost,
                         (long long)plan->cost);
    if (plan->nodecost != certificate.nodecost)
        return error_set(ret_error, ERROR_CONFLICT, "nodecost is %lld, not %lld", (long long)certificate.nodecost,
                         (long long)plan->nodecost);
    if (plan->bound != certificate.bound)
        return error_set(ret_error, ERROR_CONFLICT, "bound is %lld, not %lld", (long long)certificate.bound,
                         (long long)plan->bound);
    if (plan->bound > plan->cost)
        return error_set(ret_error, ERROR_CONFLICT, "bound %lld is above cost %lld", (long long)plan->bound,
                         (long long)plan->cost);
    *ret_certificate = certificate;
    return true;
}
