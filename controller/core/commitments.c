/* Reservations and savings plans over the machines there are: what they cover, what of them is used, what is paid for
 * nothing. Whole machines, commitments by name, pools in the world's order; a machine is covered once. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "controller/core/fleet_private.h"

void commitment_configure(struct core *core, const struct commitment *commitment)
{
    struct world *world = &core->world;
    size_t at = 0;
    while (at < world->commitment_count && strcmp(world->commitments[at].config.name, commitment->name) < 0)
        at++;
    world->commitments = memory_resize(world->commitments, world->commitment_count + 1, sizeof *world->commitments);
    memmove(&world->commitments[at + 1], &world->commitments[at],
            (world->commitment_count - at) * sizeof *world->commitments);
    world->commitment_count++;
    world->commitments[at] = (struct world_commitment){0};
    commitment_copy(&world->commitments[at].config, commitment);
    core_changed(core);
}

void commitments_release(struct world *world)
{
    for (size_t i = 0; i < world->commitment_count; i++)
        commitment_release(&world->commitments[i].config);
    free(world->commitments);
}

/* Commitments are about rented machines at list price; owned ones and spot are paid otherwise. */
static bool can_be_covered(const struct world_pool *pool)
{
    return pool->config && pool->config->priced && pool->config->price.market == MARKET_ON_DEMAND;
}

/* How many machines more at this price the commitment still covers. */
static int64_t coverage(const struct world_commitment *commitment, int64_t machine_uusd_h)
{
    if (commitment->config.kind == COMMITMENT_RESERVATION)
        return commitment->config.nodes - commitment->used_nodes;
    int64_t left = commitment->config.uusd_h - commitment->used_uusd_h;
    return machine_uusd_h > 0 ? left / machine_uusd_h : 0;
}

static void cover(struct world_commitment *commitment, struct world_pool *pool)
{
    int64_t machine = commitment_machine_uusd_h(&commitment->config, pool->config->price.list_uusd_h);
    int64_t left = coverage(commitment, machine);
    int64_t bare = (int64_t)pool->paid_nodes - pool->link.covered;
    int64_t covers = left < bare ? left : bare;
    int64_t cost = 0;
    if (covers > 0 && money_multiply(machine, covers, &cost)) {
        pool->link.covered += covers;
        money_add(&pool->link.covered_uusd_h, cost);
        commitment->used_nodes += covers;
        money_add(&commitment->used_uusd_h, cost);
    }
    left = coverage(commitment, machine);
    if (left > 0)
        pool->link.coverage_left += left;
}

static void count_unused(struct world_commitment *commitment)
{
    int64_t all = commitment->config.uusd_h;
    if (commitment->config.kind == COMMITMENT_RESERVATION &&
        !money_multiply(commitment->config.uusd_h, commitment->config.nodes, &all))
        all = commitment->used_uusd_h;
    commitment->unused_uusd_h = all > commitment->used_uusd_h ? all - commitment->used_uusd_h : 0;
}

void commitments_spread(struct world *world)
{
    for (size_t r = 0; r < world->region_count; r++)
        for (size_t p = 0; p < world->regions[r].pool_count; p++) {
            struct pool_link *link = &world->regions[r].pools[p].link;
            link->covered = link->covered_uusd_h = link->coverage_left = 0;
        }
    for (size_t i = 0; i < world->commitment_count; i++) {
        struct world_commitment *commitment = &world->commitments[i];
        commitment->used_nodes = commitment->used_uusd_h = commitment->unused_uusd_h = 0;
        commitment->ended = commitment->config.ends_ms && world->now_ms >= commitment->config.ends_ms;
        for (size_t r = 0; r < world->region_count && !commitment->ended; r++) {
            struct world_region *region = &world->regions[r];
            for (size_t p = 0; p < region->pool_count; p++)
                if (can_be_covered(&region->pools[p]) &&
                    commitment_covers(&commitment->config, region->config.name, region->pools[p].config->name))
                    cover(commitment, &region->pools[p]);
        }
        if (!commitment->ended)
            count_unused(commitment);
    }
}
