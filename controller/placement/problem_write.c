/* Writes a problem in the form that problem_read takes. */
#include "controller/placement/problem.h"

#include <inttypes.h>

static void write_vector(struct buffer *out, const int64_t *vector, uint32_t dimensions)
{
    for (uint32_t k = 0; k < dimensions; k++)
        buffer_printf(out, "%s%" PRId64, k ? "," : "", vector[k]);
}

static void write_limit(struct buffer *out, const char *key, int64_t limit)
{
    if (limit == PROBLEM_UNLIMITED)
        buffer_printf(out, " %s=-", key);
    else
        buffer_printf(out, " %s=%" PRId64, key, limit);
}

static void write_list(struct buffer *out, const char *key, const struct problem_lists *lists, uint32_t list)
{
    buffer_printf(out, " %s=", key);
    for (size_t i = lists->start[list]; i < lists->start[list + 1]; i++)
        buffer_printf(out, "%s%u", i > lists->start[list] ? "," : "", lists->pool[i]);
}

static void write_pools(const struct problem *problem, struct buffer *out)
{
    uint32_t dimensions = problem->dimensions;
    for (uint32_t p = 0; p < problem->pools; p++) {
        buffer_printf(out, "pool %u region=%u price=%" PRId64 " capacity=", p, problem->pool_region[p],
                      problem->pool_price[p]);
        write_vector(out, problem->pool_capacity + (size_t)p * dimensions, dimensions);
        buffer_printf(out, " min=%" PRId64, problem->pool_min[p]);
        write_limit(out, "max", problem->pool_max[p]);
        const int64_t *held = problem->pool_held + (size_t)p * dimensions;
        bool any = false;
        for (uint32_t k = 0; k < dimensions; k++)
            any = any || held[k];
        if (any) {
            buffer_append_text(out, " held=");
            write_vector(out, held, dimensions);
        }
        if (problem->pool_rate[p] != problem->pool_price[p])
            buffer_printf(out, " rate=%" PRId64, problem->pool_rate[p]);
        buffer_append_byte(out, '\n');
    }
    for (uint32_t p = 0; p < problem->pools; p++) {
        for (uint32_t t = problem->tier_start[p]; t < problem->tier_start[p + 1]; t++) {
            buffer_printf(out, "tier %u", p);
            write_limit(out, "upto", problem->tier_upto[t]);
            buffer_printf(out, " price=%" PRId64 "\n", problem->tier_price[t]);
        }
    }
}

/* The set that a list is, or UINT32_MAX: sets are few and most lists that are sets point at one directly. */
static uint32_t set_of(const struct problem *problem, uint32_t list)
{
    uint32_t low = 0;
    uint32_t high = problem->sets;
    while (low < high) { /* sets are made in the order of their lists */
        uint32_t middle = low + (high - low) / 2;
        if (problem->set_list[middle] < list)
            low = middle + 1;
        else
            high = middle;
    }
    return low < problem->sets && problem->set_list[low] == list ? low : UINT32_MAX;
}

static void write_groups(const struct problem *problem, struct buffer *out)
{
    for (uint32_t j = 0; j < problem->groups; j++) {
        buffer_printf(out, "group %u count=%" PRId64 " demand=", j, problem->group_count[j]);
        write_vector(out, problem->group_demand + (size_t)j * problem->dimensions, problem->dimensions);
        buffer_printf(out, " unplaced=%" PRId64, problem->group_unplaced[j]);
        if (problem->group_move[j])
            buffer_printf(out, " move=%" PRId64, problem->group_move[j]);
        buffer_append_byte(out, '\n');
        for (uint32_t c = problem->cap_start[j]; c < problem->cap_start[j + 1]; c++) {
            uint32_t set = set_of(problem, problem->cap_list[c]);
            buffer_printf(out, "cap %u", j);
            if (set != UINT32_MAX)
                buffer_printf(out, " pools=@%u", set);
            else
                write_list(out, "pools", &problem->lists, problem->cap_list[c]);
            buffer_printf(out, " max=%" PRId64 "\n", problem->cap_max[c]);
        }
        if (problem->pair_start[j] < problem->pair_start[j + 1])
            buffer_printf(out, "may %u", j);
        for (size_t i = problem->pair_start[j]; i < problem->pair_start[j + 1]; i++) {
            buffer_printf(out, " %u:%" PRId64, problem->pair_pool[i], problem->pair_extra[i]);
            if (problem->pair_now[i])
                buffer_printf(out, ":%u", problem->pair_now[i]);
        }
        if (problem->pair_start[j] < problem->pair_start[j + 1])
            buffer_append_byte(out, '\n');
        if (problem->group_permachine[j] != PROBLEM_UNLIMITED)
            buffer_printf(out, "permachine %u max=%" PRId64 "\n", j, problem->group_permachine[j]);
    }
}

void problem_write(const struct problem *problem, struct buffer *out)
{
    buffer_append_text(out, "drover-problem 1\ndims");
    for (uint32_t k = 0; k < problem->dimensions; k++)
        buffer_printf(out, " %s", problem->dimension_name[k]);
    buffer_append_byte(out, '\n');
    for (uint32_t r = 0; r < problem->regions; r++)
        buffer_printf(out, "region %u %s\n", r, problem->region_name[r]);
    write_pools(problem, out);
    for (uint32_t s = 0; s < problem->sets; s++) {
        buffer_printf(out, "set %u", s);
        write_list(out, "pools", &problem->lists, problem->set_list[s]);
        buffer_append_byte(out, '\n');
    }
    write_groups(problem, out);
    for (uint32_t b = 0; b < problem->budgets.count; b++) {
        buffer_printf(out, "budget %u", b);
        write_list(out, "pools", &problem->lists, problem->budgets.list[b]);
        buffer_printf(out, " max=%" PRId64 "\n", problem->budgets.most[b]);
    }
    for (uint32_t b = 0; b < problem->group_budgets.count; b++) {
        buffer_printf(out, "gbudget %u", b);
        write_list(out, "groups", &problem->group_lists, problem->group_budgets.list[b]);
        buffer_printf(out, " max=%" PRId64 "\n", problem->group_budgets.most[b]);
    }
    for (uint32_t q = 0; q < problem->quotas.count; q++) {
        buffer_printf(out, "quota %u", q);
        write_list(out, "pools", &problem->lists, problem->quotas.list[q]);
        buffer_printf(out, " weight=%" PRId64 " max=%" PRId64 "\n", problem->quotas.weight[q], problem->quotas.most[q]);
    }
}
