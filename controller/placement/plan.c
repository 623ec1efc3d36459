/* A plan in memory: its life, its lists and its text form. */
#include "controller/placement/plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void plan_init(struct plan *plan, const struct problem *problem)
{
    uint32_t caps = problem->groups ? problem->cap_start[problem->groups] : 0;
    *plan = (struct plan){.scale = PLAN_SCALE_MIN};
    plan->machines = memory_new(problem->pools, sizeof *plan->machines);
    if (problem->pools)
        memcpy(plan->machines, problem->pool_min, problem->pools * sizeof *plan->machines);
    plan->unplaced = memory_new(problem->groups, sizeof *plan->unplaced);
    plan->price = memory_new((size_t)problem->pools * problem->dimensions, sizeof *plan->price);
    plan->budget = memory_new(problem->budgets.count, sizeof *plan->budget);
    plan->group_budget = memory_new(problem->group_budgets.count, sizeof *plan->group_budget);
    plan->quota = memory_new(problem->quotas.count, sizeof *plan->quota);
    plan->cap = memory_new(caps, sizeof *plan->cap);
    for (uint32_t c = 0; c < caps; c++)
        plan->cap[c] = PLAN_ABSENT;
}

void plan_release(struct plan *plan)
{
    free(plan->machines);
    free(plan->put);
    free(plan->unplaced);
    free(plan->pack);
    free(plan->pack_item);
    free(plan->held);
    free(plan->price);
    free(plan->budget);
    free(plan->group_budget);
    free(plan->quota);
    free(plan->cap);
    free(plan->permachine);
    *plan = (struct plan){0};
}

void plan_add_put(struct plan *plan, uint32_t group, uint32_t pool, int64_t count)
{
    plan->put = memory_grow(plan->put, plan->puts, &plan->put_room, sizeof *plan->put);
    plan->put[plan->puts++] = (struct plan_put){group, pool, count};
}

void plan_add_pack(struct plan *plan, uint32_t pool, int64_t times)
{
    plan->pack = memory_grow(plan->pack, plan->packs, &plan->pack_room, sizeof *plan->pack);
    plan->pack[plan->packs++] = (struct plan_pack){pool, times, plan->pack_items, 0};
}

void plan_add_pack_item(struct plan *plan, uint32_t group, int64_t count)
{
    plan->pack_item = memory_grow(plan->pack_item, plan->pack_items, &plan->item_room, sizeof *plan->pack_item);
    plan->pack_item[plan->pack_items++] = (struct plan_pack_item){group, count};
    plan->pack[plan->packs - 1].items++;
}

void plan_add_pack_held(struct plan *plan, const int64_t *vector, uint32_t dimensions)
{
    plan_add_pack_item(plan, PLAN_HELD, (int64_t)plan->helds);
    for (uint32_t k = 0; k < dimensions; k++) {
        size_t at = plan->helds * dimensions + k;
        plan->held = memory_grow(plan->held, at, &plan->held_room, sizeof *plan->held);
        plan->held[at] = vector[k];
    }
    plan->helds++;
}

void plan_add_permachine(struct plan *plan, uint32_t group, uint32_t pool, int64_t value)
{
    plan->permachine =
        memory_grow(plan->permachine, plan->permachines, &plan->permachine_room, sizeof *plan->permachine);
    plan->permachine[plan->permachines++] = (struct plan_permachine){group, pool, value};
}

static int compare_places(uint32_t left_group, uint32_t left_pool, uint32_t right_group, uint32_t right_pool)
{
    if (left_group != right_group)
        return left_group < right_group ? -1 : 1;
    return (left_pool > right_pool) - (left_pool < right_pool);
}

static int compare_puts(const void *a, const void *b)
{
    const struct plan_put *left = a;
    const struct plan_put *right = b;
    return compare_places(left->group, left->pool, right->group, right->pool);
}

static int compare_permachines(const void *a, const void *b)
{
    const struct plan_permachine *left = a;
    const struct plan_permachine *right = b;
    return compare_places(left->group, left->pool, right->group, right->pool);
}

bool plan_sort(struct plan *plan, uint32_t *ret_group, uint32_t *ret_pool)
{
    bool sorted = true;
    for (size_t i = 1; i < plan->puts && sorted; i++)
        sorted = compare_puts(&plan->put[i - 1], &plan->put[i]) < 0;
    if (!sorted)
        qsort(plan->put, plan->puts, sizeof *plan->put, compare_puts);
    if (plan->permachines > 1)
        qsort(plan->permachine, plan->permachines, sizeof *plan->permachine, compare_permachines);
    for (size_t i = 1; i < plan->puts; i++) {
        if (compare_puts(&plan->put[i - 1], &plan->put[i]) == 0) {
            *ret_group = plan->put[i].group;
            *ret_pool = plan->put[i].pool;
            return false;
        }
    }
    for (size_t i = 1; i < plan->permachines; i++) {
        if (compare_permachines(&plan->permachine[i - 1], &plan->permachine[i]) == 0) {
            *ret_group = plan->permachine[i].group;
            *ret_pool = plan->permachine[i].pool;
            return false;
        }
    }
    return true;
}

static void write_packs(const struct plan *plan, uint32_t dimensions, struct buffer *out)
{
    for (size_t i = 0; i < plan->packs; i++) {
        const struct plan_pack *pack = &plan->pack[i];
        buffer_printf(out, "pack %u %" PRId64, pack->pool, pack->times);
        for (size_t n = pack->first; n < pack->first + pack->items; n++) {
            const struct plan_pack_item *item = &plan->pack_item[n];
            if (item->group != PLAN_HELD) {
                buffer_printf(out, " %u:%" PRId64, item->group, item->count);
                continue;
            }
            const int64_t *vector = plan->held + (size_t)item->count * dimensions;
            buffer_append_text(out, " held:");
            for (uint32_t k = 0; k < dimensions; k++)
                buffer_printf(out, "%s%" PRId64, k ? "," : "", vector[k]);
        }
        buffer_append_byte(out, '\n');
    }
}

static void write_multipliers(const struct plan *plan, const struct problem *problem, struct buffer *out)
{
    for (uint32_t p = 0; p < problem->pools; p++) {
        for (uint32_t k = 0; k < problem->dimensions; k++) {
            int64_t value = plan->price[(size_t)p * problem->dimensions + k];
            if (value)
                buffer_printf(out, "price %u %u %" PRId64 "\n", p, k, value);
        }
    }
    for (uint32_t b = 0; b < problem->budgets.count; b++) {
        if (plan->budget[b])
            buffer_printf(out, "budget %u %" PRId64 "\n", b, plan->budget[b]);
    }
    for (uint32_t b = 0; b < problem->group_budgets.count; b++) {
        if (plan->group_budget[b])
            buffer_printf(out, "gbudget %u %" PRId64 "\n", b, plan->group_budget[b]);
    }
    for (uint32_t q = 0; q < problem->quotas.count; q++) {
        if (plan->quota[q])
            buffer_printf(out, "quota %u %" PRId64 "\n", q, plan->quota[q]);
    }
    for (size_t i = 0; i < plan->permachines; i++) {
        if (plan->permachine[i].value)
            buffer_printf(out, "permachine %u %u %" PRId64 "\n", plan->permachine[i].group, plan->permachine[i].pool,
                          plan->permachine[i].value);
    }
    for (uint32_t j = 0; j < problem->groups; j++) {
        for (uint32_t c = problem->cap_start[j]; c < problem->cap_start[j + 1]; c++) {
            if (plan->cap[c] != PLAN_ABSENT)
                buffer_printf(out, "cap %u %u %" PRId64 "\n", j, c - problem->cap_start[j], plan->cap[c]);
        }
    }
}

void plan_write(const struct plan *plan, const struct problem *problem, struct buffer *out)
{
    buffer_printf(out, "drover-plan 1\nscale %" PRId64 "\ncost %" PRId64 "\nnodecost %" PRId64 "\nbound %" PRId64 "\n",
                  plan->scale, plan->cost, plan->nodecost, plan->bound);
    for (uint32_t p = 0; p < problem->pools; p++) {
        if (plan->machines[p] != problem->pool_min[p])
            buffer_printf(out, "pool %u %" PRId64 "\n", p, plan->machines[p]);
    }
    for (size_t i = 0; i < plan->puts; i++) {
        if (plan->put[i].count)
            buffer_printf(out, "put %u %u %" PRId64 "\n", plan->put[i].group, plan->put[i].pool, plan->put[i].count);
    }
    for (uint32_t j = 0; j < problem->groups; j++) {
        if (plan->unplaced[j])
            buffer_printf(out, "unplaced %u %" PRId64 "\n", j, plan->unplaced[j]);
    }
    write_packs(plan, problem->dimensions, out);
    write_multipliers(plan, problem, out);
}
