/* Growth: which pools that may grow should get how many nodes more, so that what found no place has one.
 *
 * One placement problem: the allocations left over, over new nodes of every pool the policy, the job and its own copies
 * leave open, each node at what it adds: nothing where a commitment covers it, then its price. Its plan is a proposal;
 * growing.c begins what accounts can do of it. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "controller/core/cost.h"
#include "controller/core/private.h"
#include "controller/core/problem_lines.h"
#include "controller/placement/certificate.h"
#include "controller/placement/solve.h"

enum { GROWTH_EFFORT = 3, PENALTY_FACTOR = 8 };
#define PENALTY_LEAST_UUSD_H INT64_C(1000000)
#define NODE_PRICE_MOST_UUSD_H (INT64_C(1) << 40)

struct growth_pool {
    size_t region;
    uint32_t pool;
    struct resources machine;
    int64_t room; /* nodes it may still get */
};

struct growth {
    const struct placing *placing;
    const struct job_work *work;
    struct growth_pool *pools;
    size_t pool_count, pool_capacity;
    bool linked; /* only pools that an account grows */
    int64_t penalty_uusd_h;
    struct buffer text;
};

static const struct world_region *region_at(const struct growth *growth, size_t region)
{
    return &growth->placing->core->world.regions[region];
}

/* What a new node offers; false when nobody has said and there is none to compare with. */
static bool machine_of(const struct world *world, const struct world_region *region, uint32_t pool,
                       struct resources *ret_machine)
{
    const struct pool_config *config = region->pools[pool].config;
    if (config->machine.amount[RESOURCE_CPU_MHZ] > 0) {
        *ret_machine = config->machine;
        return true;
    }
    const struct world_node *node = pool_smallest_node(region, pool);
    if (node)
        *ret_machine = node->capacity;
    return node != NULL || fleet_machine(world, region, pool, ret_machine);
}

/* What one more node adds: an owned machine is powered on, a rented one paid for. */
static int64_t price_of_more(const struct pool_config *config)
{
    return config->price.wake_uusd_h ? config->price.wake_uusd_h : config->price.marginal_uusd_h;
}

/* Ruled out for want of room alone: more nodes would help. */
static bool lacks_only_room(const struct candidate *at)
{
    return at->reason == REASON_CHOSEN || at->reason == REASON_FULL || at->reason == REASON_NO_NODES ||
           at->reason == REASON_TOO_LARGE;
}

/* A group stands in one pool of a region: where it has one there, only that can grow for it. */
static bool serves_elsewhere(const struct candidates *candidates, const struct candidate *at)
{
    for (size_t c = 0; c < candidates->count; c++)
        if (&candidates->list[c] != at && candidates->list[c].region == at->region && candidates->list[c].count > 0)
            return true;
    return false;
}

/* How many nodes more the pool may get. Where an account can grow pools itself, those that only people could grow are
 * left out: what is proposed is what can be begun. */
static int64_t room_to_grow(const struct growth *growth, const struct world_region *region, uint32_t pool)
{
    const struct pool_config *config = region->pools[pool].config;
    char why[200];
    if (config->provider_pool[0])
        return fleet_growable(growth->placing->core, region, pool, why, sizeof why);
    return growth->linked ? 0 : config->grow_to - region->pools[pool].nodes;
}

static uint32_t pool_obtain(struct growth *growth, const struct candidate *at)
{
    const struct world_region *region = region_at(growth, at->region);
    const struct world_pool *pool = &region->pools[at->pool];
    for (size_t i = 0; i < growth->pool_count; i++)
        if (growth->pools[i].region == at->region && growth->pools[i].pool == at->pool)
            return (uint32_t)i;
    struct growth_pool new = {.region = at->region, .pool = at->pool};
    if (!pool->config || !pool->config->priced || pool->config->grow_to <= pool->nodes ||
        price_of_more(pool->config) > NODE_PRICE_MOST_UUSD_H ||
        !machine_of(&growth->placing->core->world, region, at->pool, &new.machine))
        return WORLD_NONE;
    new.room = room_to_grow(growth, region, at->pool);
    if (new.room <= 0)
        return WORLD_NONE;
    growth->pools = memory_grow(growth->pools, growth->pool_count, &growth->pool_capacity, sizeof *growth->pools);
    growth->pools[growth->pool_count] = new;
    return (uint32_t)growth->pool_count++;
}

static bool may_grow_for(const struct growth *growth, size_t g, const struct candidate *at)
{
    const struct group_demand *group = &growth->placing->demand->groups[g];
    return at->pool != WORLD_NONE && lacks_only_room(at) && at->limit < 0 && (!at->unpinned || !group->pinnable) &&
           (at->splits || !serves_elsewhere(&growth->work->groups[g], at));
}

/* --- the problem -------------------------------------------------------------------------------------------------- */

static void write_pools(struct growth *growth)
{
    int64_t dearest = 0;
    lines_begin(&growth->text);
    for (size_t p = 0; p < growth->pool_count; p++) {
        const struct growth_pool *pool = &growth->pools[p];
        const struct pool_config *config = region_at(growth, pool->region)->pools[pool->pool].config;
        int64_t price = price_of_more(config);
        int64_t covered = region_at(growth, pool->region)->pools[pool->pool].link.coverage_left;
        covered = covered < pool->room ? covered : pool->room;
        lines_pool(&growth->text, p, covered ? 0 : price, config->price.effective_uusd_h, &pool->machine, NULL, 0,
                   covered ? covered : pool->room);
        if (covered && covered < pool->room)
            lines_tier(&growth->text, p, pool->room, price);
        dearest = price > dearest ? price : dearest;
    }
    growth->penalty_uusd_h = dearest * PENALTY_FACTOR;
    if (growth->penalty_uusd_h < PENALTY_LEAST_UUSD_H)
        growth->penalty_uusd_h = PENALTY_LEAST_UUSD_H;
}

/* What spread leaves a region and a provider beyond what they have got. */
static void write_spread(struct growth *growth, size_t g, int64_t wanted, const uint32_t *numbers)
{
    const struct candidates *all = &growth->work->groups[g];
    const struct world *world = &growth->placing->core->world;
    uint32_t *pools = memory_new(all->count, sizeof *pools);
    for (size_t r = 0; r < 2 * world->region_count; r++) {
        bool by_provider = r >= world->region_count;
        const struct region_config *config = &world->regions[by_provider ? r - world->region_count : r].config;
        size_t count = 0;
        int64_t there = 0;
        for (size_t c = 0; c < all->count; c++) {
            const struct region_config *other = &world->regions[all->list[c].region].config;
            if (by_provider ? strcmp(other->provider, config->provider) != 0 : other != config)
                continue;
            there += all->list[c].count;
            if (numbers[c] != WORLD_NONE)
                pools[count++] = numbers[c];
        }
        int64_t least = 0;
        int64_t most = placing_provider_most(growth->placing, wanted);
        if (!by_provider)
            placing_region_bounds(growth->placing, config->name, wanted, 0, there, &least, &most);
        lines_cap(&growth->text, g, pools, count, most - there);
    }
    free(pools);
}

static void write_group(struct growth *growth, size_t g, const uint32_t *numbers)
{
    const struct group_demand *group = &growth->placing->demand->groups[g];
    const struct candidates *all = &growth->work->groups[g];
    int64_t wanted = placing_wanted(growth->placing, group);
    int64_t placed = 0;
    for (size_t c = 0; c < all->count; c++)
        placed += all->list[c].count;
    lines_group(&growth->text, g, wanted > placed ? wanted - placed : 0, &group->each, growth->penalty_uusd_h, 0);
    for (size_t c = 0; c < all->count; c++)
        if (numbers[c] != WORLD_NONE)
            lines_may(&growth->text, g, numbers[c], 0, 0);
    write_spread(growth, g, wanted, numbers);
    if (group->one_per_node)
        buffer_printf(&growth->text, "permachine %zu max=1\n", g);
}

/* What the policy's budget leaves for them, at full rates. The engine counts an allocation's largest share of any
 * resource here, disk too: where disk is the largest, the proposal keeps to less than the budget. */
static void write_budget(struct growth *growth)
{
    int64_t month = growth->placing->policy->budget_uusd_month;
    if (month < 0)
        return;
    int64_t left = month / MONEY_HOURS_PER_MONTH - growth->work->full_after;
    buffer_append_text(&growth->text, "gbudget 0 groups=");
    for (size_t g = 0; g < growth->work->group_count; g++)
        buffer_printf(&growth->text, "%s%zu", g ? "," : "", g);
    buffer_printf(&growth->text, " max=%lld\n", (long long)(left > 0 ? left : 0));
}

/* --- the proposal ------------------------------------------------------------------------------------------------- */

static int64_t packed_nodes(const struct plan *plan, uint32_t pool)
{
    int64_t nodes = 0;
    for (size_t i = 0; i < plan->packs; i++)
        nodes += plan->pack[i].pool == pool ? plan->pack[i].times : 0;
    return nodes;
}

static int compare_growth(const void *left, const void *right)
{
    const struct decision_growth *a = left;
    const struct decision_growth *b = right;
    int order = strcmp(a->region, b->region);
    return order ? order : strcmp(a->pool, b->pool);
}

static void take_plan(const struct growth *growth, const struct plan *plan, struct decision *decision)
{
    int64_t unplaced = 0;
    for (size_t p = 0; p < growth->pool_count; p++) {
        const struct world_region *region = region_at(growth, growth->pools[p].region);
        const struct world_pool *pool = &region->pools[growth->pools[p].pool];
        int64_t more = packed_nodes(plan, (uint32_t)p);
        if (more == 0)
            continue;
        struct decision_growth *line =
            decision_add_growth(decision, region->config.name, world_text(&growth->placing->core->world, pool->name));
        line->nodes_now = pool->nodes;
        line->nodes_more = more;
        line->unit_marginal_uusd_h = more <= pool->link.coverage_left ? 0 : price_of_more(pool->config);
        line->unit_full_uusd_h = pool->config->price.effective_uusd_h;
        for (size_t i = 0; i < plan->puts; i++)
            line->allocations += plan->put[i].pool == p ? plan->put[i].count : 0;
    }
    for (size_t g = 0; g < growth->work->group_count; g++)
        unplaced += plan->unplaced[g];
    int64_t penalties = 0;
    if (decision->growth_count == 0 || !money_multiply(unplaced, growth->penalty_uusd_h, &penalties))
        return;
    qsort(decision->growth, decision->growth_count, sizeof *decision->growth, compare_growth);
    decision->growth_uusd_h = plan->cost - penalties;
    decision->growth_packed_uusd_h = plan->nodecost - penalties;
    decision->growth_bound_uusd_h = plan->bound > penalties ? plan->bound - penalties : 0;
}

static void solve_growth(const struct growth *growth, struct decision *decision)
{
    struct problem problem;
    struct plan plan;
    struct error error = {0};
    struct solve_options options = {.seed = 1, .effort = GROWTH_EFFORT};
    if (!problem_read(growth->text.data, growth->text.length, &problem, &error))
        return; /* sums out of the engine's range: nothing is proposed */
    if (solve(&problem, &options, &plan, &error)) {
        take_plan(growth, &plan, decision);
        plan_release(&plan);
    }
    problem_release(&problem);
}

static void collect_pools(struct growth *growth, uint32_t **numbers)
{
    growth->pool_count = 0;
    for (size_t g = 0; g < growth->work->group_count; g++) {
        const struct candidates *all = &growth->work->groups[g];
        for (size_t c = 0; c < all->count; c++)
            numbers[g][c] = may_grow_for(growth, g, &all->list[c]) ? pool_obtain(growth, &all->list[c]) : WORLD_NONE;
    }
}

static bool some_are_linked(const struct growth *growth)
{
    for (size_t p = 0; p < growth->pool_count; p++)
        if (region_at(growth, growth->pools[p].region)->pools[growth->pools[p].pool].config->provider_pool[0])
            return true;
    return false;
}

void growth_propose(const struct placing *placing, const struct job_work *work, struct decision *decision)
{
    struct growth growth = {.placing = placing, .work = work, .text = BUFFER_INIT};
    uint32_t **numbers = memory_new(work->group_count, sizeof *numbers);
    for (size_t g = 0; g < work->group_count; g++)
        numbers[g] = memory_new(work->groups[g].count, sizeof **numbers);
    collect_pools(&growth, numbers);
    if (some_are_linked(&growth)) {
        growth.linked = true;
        collect_pools(&growth, numbers);
    }
    if (growth.pool_count > 0) {
        write_pools(&growth);
        for (size_t g = 0; g < work->group_count; g++)
            write_group(&growth, g, numbers[g]);
        write_budget(&growth);
        solve_growth(&growth, decision);
    }
    for (size_t g = 0; g < work->group_count; g++)
        free(numbers[g]);
    free(numbers);
    free(growth.pools);
    buffer_release(&growth.text);
}
