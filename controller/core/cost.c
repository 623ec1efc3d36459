/* Cost reports: used + idle = paid on every priced node, to the micro-dollar (largest remainder). */
#include "controller/core/cost.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "controller/core/private.h"

/* Shares are counted in 2^32nds of a node. */
#define SHARE_WHOLE (INT64_C(1) << 32)

static const enum resource priced_resources[] = {RESOURCE_CPU_MHZ, RESOURCE_MEMORY_MB};
enum { PRICED_COUNT = 2 };

/* a * b / by and what is left over; in 64 bits where that does (division in 128 costs ten times as much). */
static int64_t multiply_divide(int64_t a, int64_t b, int64_t by, int64_t *ret_remainder)
{
    int64_t product;
    if (!__builtin_mul_overflow(a, b, &product)) {
        *ret_remainder = product % by;
        return product / by;
    }
    *ret_remainder = (int64_t)((__int128)a * b % by);
    return (int64_t)((__int128)a * b / by);
}

/* The largest priced share `each` takes of `capacity`, at most the whole. */
static int64_t share_of_node(const struct resources *each, const struct resources *capacity)
{
    int64_t most = 0;
    for (int i = 0; i < PRICED_COUNT; i++) {
        int64_t wanted = each->amount[priced_resources[i]];
        int64_t has = capacity->amount[priced_resources[i]];
        if (wanted <= 0)
            continue;
        int64_t share = SHARE_WHOLE, left;
        if (has > 0 && wanted < has)
            share = multiply_divide(wanted, SHARE_WHOLE, has, &left);
        if (share > most)
            most = share;
    }
    return most;
}

/* The smallest ready node decides: elsewhere in the pool the share can only be smaller. */
const struct world_node *pool_smallest_node(const struct world_region *region, uint32_t pool)
{
    const struct world_node *smallest = NULL;
    for (size_t i = 0; i < region->node_count; i++) {
        const struct world_node *node = &region->nodes[i];
        if (!node_takes_work(node) || node->pool != pool)
            continue;
        if (!smallest || node->capacity.amount[RESOURCE_CPU_MHZ] < smallest->capacity.amount[RESOURCE_CPU_MHZ] ||
            (node->capacity.amount[RESOURCE_CPU_MHZ] == smallest->capacity.amount[RESOURCE_CPU_MHZ] &&
             node->capacity.amount[RESOURCE_MEMORY_MB] < smallest->capacity.amount[RESOURCE_MEMORY_MB]))
            smallest = node;
    }
    return smallest;
}

/* What all of a pool's machines cost. */
static bool pool_totals(const struct world_pool *pool, int64_t machines, int64_t *ret_marginal, int64_t *ret_full)
{
    const struct price *price = &pool->config->price;
    int64_t covered = pool->link.covered < machines ? pool->link.covered : machines;
    int64_t covered_uusd_h = pool->link.covered ? pool->link.covered_uusd_h / pool->link.covered * covered : 0;
    if (covered == pool->link.covered)
        covered_uusd_h = pool->link.covered_uusd_h;
    return money_multiply(price->marginal_uusd_h, machines - covered, ret_marginal) &&
           money_multiply(price->effective_uusd_h, machines - covered, ret_full) && money_add(ret_full, covered_uusd_h);
}

bool cost_machine(const struct world_pool *pool, int64_t *ret_marginal_uusd_h, int64_t *ret_full_uusd_h)
{
    int64_t marginal = 0;
    int64_t full = 0;
    if (!pool->config || !pool->config->priced)
        return false;
    if (pool->link.covered == 0 || pool->paid_nodes == 0) {
        *ret_marginal_uusd_h = pool->config->price.marginal_uusd_h;
        *ret_full_uusd_h = pool->config->price.effective_uusd_h;
        return true;
    }
    return pool_totals(pool, pool->paid_nodes, &marginal, &full) &&
           money_scale_up(marginal, 1, pool->paid_nodes, ret_marginal_uusd_h) &&
           money_scale_up(full, 1, pool->paid_nodes, ret_full_uusd_h);
}

bool cost_unit(const struct world_region *region, const struct world_pool *pool, const struct resources *each,
               int64_t *ret_marginal_uusd_h, int64_t *ret_full_uusd_h)
{
    int64_t marginal = 0;
    int64_t full = 0;
    if (!cost_machine(pool, &marginal, &full))
        return false;
    const struct world_node *node = pool_smallest_node(region, (uint32_t)(pool - region->pools));
    if (!node)
        return false;
    int64_t share = share_of_node(each, &node->capacity);
    return money_scale_up(marginal, share, SHARE_WHOLE, ret_marginal_uusd_h) &&
           money_scale_up(full, share, SHARE_WHOLE, ret_full_uusd_h);
}

/* --- the report --------------------------------------------------------------------------------------------------- */

/* One live allocation on its node, with its part of the node's price. */
struct part {
    uint32_t node, allocation;
    int64_t share;
    int64_t full_uusd_h, marginal_uusd_h;
    int64_t remainder; /* of the full price, for the largest-remainder rule */
};

static int compare_remainder(const void *left, const void *right)
{
    const struct part *a = left;
    const struct part *b = right;
    if (a->remainder != b->remainder)
        return a->remainder > b->remainder ? -1 : 1;
    return a->allocation < b->allocation ? -1 : a->allocation > b->allocation;
}

/* Divides one node's price among the allocations on it; returns what is used. */
static int64_t divide_node(int64_t full, int64_t marginal, struct part *parts, size_t count)
{
    int64_t shares = 0;
    for (size_t i = 0; i < count; i++)
        shares += parts[i].share;
    int64_t whole = shares > SHARE_WHOLE ? shares : SHARE_WHOLE;
    int64_t given = 0, left;
    int64_t used = multiply_divide(full, shares, whole, &left);
    for (size_t i = 0; i < count; i++) {
        parts[i].full_uusd_h = multiply_divide(full, parts[i].share, whole, &parts[i].remainder);
        parts[i].marginal_uusd_h = multiply_divide(marginal, parts[i].share, whole, &left);
        given += parts[i].full_uusd_h;
    }
    if (given < used)
        qsort(parts, count, sizeof *parts, compare_remainder);
    for (size_t i = 0; i < count && given < used; i++, given++)
        parts[i].full_uusd_h++;
    return used;
}

static bool is_charged(const struct world_allocation *allocation)
{
    return allocation->present && allocation_is_live(allocation);
}

/* Where each node's parts begin in a list ordered by node, and behind the last one their number. */
static uint32_t *count_parts(const struct world_region *region)
{
    uint32_t *begins = memory_new(region->node_count + 1, sizeof *begins);
    uint32_t at = 0;
    for (uint32_t i = 0; i < region->allocation_count; i++)
        begins[region->allocations[i].node] += is_charged(&region->allocations[i]);
    for (uint32_t n = 0; n <= region->node_count; n++) {
        uint32_t count = begins[n];
        begins[n] = at;
        at += count;
    }
    return begins;
}

/* By node, then by allocation. */
static struct part *list_parts(const struct world_region *region, size_t *ret_count)
{
    uint32_t *places = count_parts(region);
    size_t count = places[region->node_count];
    struct part *parts = memory_new(count, sizeof *parts);
    for (uint32_t i = 0; i < region->allocation_count; i++) {
        const struct world_allocation *allocation = &region->allocations[i];
        if (!is_charged(allocation))
            continue;
        struct resources each = {{allocation->cpu_mhz, allocation->memory_mb, allocation->disk_mb}};
        parts[places[allocation->node]++] =
            (struct part){.node = allocation->node,
                          .allocation = i,
                          .share = share_of_node(&each, &region->nodes[allocation->node].capacity)};
    }
    free(places);
    *ret_count = count;
    return parts;
}

/* The at-th of a pool's paid machines pays its part of the whole, to the micro-dollar. */
static int64_t part_of(int64_t total, int64_t at, int64_t machines)
{
    __int128 whole = total;
    return (int64_t)(whole * (at + 1) / machines - whole * at / machines);
}

/* What one node costs; `at` counts the pool's paid nodes. False where the pool has no price. */
static bool price_of(const struct world_pool *pool, int64_t at, int64_t *ret_marginal, int64_t *ret_full)
{
    int64_t marginal = 0;
    int64_t full = 0;
    if (!pool->config || !pool->config->priced)
        return false;
    *ret_marginal = pool->config->price.marginal_uusd_h;
    *ret_full = pool->config->price.effective_uusd_h;
    if (pool->link.covered && at < pool->paid_nodes && pool_totals(pool, pool->paid_nodes, &marginal, &full)) {
        *ret_marginal = part_of(marginal, at, pool->paid_nodes);
        *ret_full = part_of(full, at, pool->paid_nodes);
    }
    return true;
}

static void add_sum(struct cost_sum *into, const struct cost_sum *by)
{
    money_add(&into->paid_uusd_h, by->paid_uusd_h);
    money_add(&into->used_uusd_h, by->used_uusd_h);
    money_add(&into->idle_uusd_h, by->idle_uusd_h);
    money_add(&into->marginal_uusd_h, by->marginal_uusd_h);
    into->nodes += by->nodes;
    into->unpriced_nodes += by->unpriced_nodes;
    into->allocations += by->allocations;
    into->unpriced_allocations += by->unpriced_allocations;
}

static void charge_jobs(struct cost_job *jobs, const struct world_region *region, const struct part *parts,
                        size_t count, bool priced)
{
    for (size_t i = 0; i < count; i++) {
        struct cost_job *job = &jobs[region->allocations[parts[i].allocation].job];
        job->allocations++;
        job->unpriced_allocations += !priced;
        money_add(&job->used_uusd_h, parts[i].full_uusd_h);
        money_add(&job->marginal_uusd_h, parts[i].marginal_uusd_h);
    }
}

/* paid: by pool, how many of its nodes that are paid for came before. */
static void report_node(const struct world_region *region, uint32_t at, struct part *parts, size_t count,
                        struct cost_sum *pools, struct cost_job *jobs, int64_t *paid)
{
    const struct world_node *node = &region->nodes[at];
    int64_t marginal = 0;
    int64_t full = 0;
    bool priced = price_of(&region->pools[node->pool], paid[node->pool], &marginal, &full);
    struct cost_sum sum = {.nodes = node->listed, .allocations = (uint32_t)count};
    if (priced && node->status != NODE_DOWN && node->listed) {
        paid[node->pool]++;
        sum.paid_uusd_h = full;
        sum.used_uusd_h = divide_node(full, marginal, parts, count);
        sum.idle_uusd_h = sum.paid_uusd_h - sum.used_uusd_h;
        for (size_t i = 0; i < count; i++)
            sum.marginal_uusd_h += parts[i].marginal_uusd_h;
    } else if (!priced) {
        sum.unpriced_nodes = node->listed;
        sum.unpriced_allocations = (uint32_t)count;
    }
    charge_jobs(jobs, region, parts, count, priced);
    add_sum(&pools[node->pool], &sum);
}

static bool is_drovers(const struct world *world, const struct world_region *region, const struct world_region_job *job)
{
    const struct drover_job *ours = world_job(world, world_text(world, job->job_namespace), world_text(world, job->id));
    const struct job_copy *copy = ours ? job_copy_find(ours, region->name) : NULL;
    return copy && (copy->registered || copy->effect);
}

static void report_region(const struct world *world, size_t at, struct cost_report *report, struct cost_sum *pools)
{
    const struct world_region *region = &world->regions[at];
    struct cost_job *jobs = memory_new(region->job_count, sizeof *jobs);
    size_t part_count = 0;
    struct part *parts = list_parts(region, &part_count);
    size_t next = 0;
    int64_t *paid = memory_new(region->pool_count, sizeof *paid);
    for (uint32_t n = 0; n < region->node_count; n++) {
        size_t first = next;
        while (next < part_count && parts[next].node == n)
            next++;
        if (region->nodes[n].present && (region->nodes[n].listed || next > first))
            report_node(region, n, &parts[first], next - first, pools, jobs, paid);
    }
    free(paid);
    free(parts);
    for (size_t p = 0; p < region->pool_count; p++)
        add_sum(&report->regions[at], &pools[p]);
    report->jobs = memory_resize(report->jobs, report->job_count + region->job_count, sizeof *report->jobs);
    for (uint32_t j = 0; j < region->job_count; j++) {
        const struct world_region_job *job = &region->jobs[j];
        if (!job->present || jobs[j].allocations == 0)
            continue;
        jobs[j].job_namespace = job->job_namespace;
        jobs[j].id = job->id;
        jobs[j].region = region->name;
        jobs[j].drover = is_drovers(world, region, job);
        report->jobs[report->job_count++] = jobs[j];
    }
    free(jobs);
}

static int compare_jobs(const void *left, const void *right, void *context)
{
    const struct world *world = context;
    const struct cost_job *a = left;
    const struct cost_job *b = right;
    int order = strcmp(world_text(world, a->job_namespace), world_text(world, b->job_namespace));
    if (order == 0)
        order = strcmp(world_text(world, a->id), world_text(world, b->id));
    return order ? order : strcmp(world_text(world, a->region), world_text(world, b->region));
}

struct cost_report *cost_report_new(const struct world *world)
{
    struct cost_report *report = memory_new(1, sizeof *report);
    report->region_count = world->region_count;
    report->regions = memory_new(world->region_count, sizeof *report->regions);
    for (size_t r = 0; r < world->region_count; r++)
        report->pool_count += world->regions[r].pool_count;
    report->pools = memory_new(report->pool_count, sizeof *report->pools);
    struct cost_sum *pools = report->pools;
    for (size_t r = 0; r < world->region_count; r++) {
        report_region(world, r, report, pools);
        pools += world->regions[r].pool_count;
        add_sum(&report->total, &report->regions[r]);
    }
    if (report->job_count)
        qsort_r(report->jobs, report->job_count, sizeof *report->jobs, compare_jobs, (void *)(uintptr_t)world);
    return report;
}

void cost_report_free(struct cost_report *report)
{
    if (!report)
        return;
    free(report->pools);
    free(report->regions);
    free(report->jobs);
    free(report);
}
