/* What is remembered of pools. What could not be had is not asked for again at once: by instance type, zone and market,
 * for every pool of the account in the same region of the provider that has those. Which nodes were cordoned to be
 * given back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/fleet_private.h"

static void forget_old(struct fleet_pool *fleet, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < fleet->cooled_count; i++) {
        if (fleet->cooled[i].until_ms > now_ms && !(fleet->cooled_count == COOLED_KEPT && i == 0)) {
            fleet->cooled[kept++] = fleet->cooled[i];
            continue;
        }
        free(fleet->cooled[i].instance_type);
        free(fleet->cooled[i].zone);
        free(fleet->cooled[i].market);
        free(fleet->cooled[i].why);
    }
    fleet->cooled_count = kept;
}

void fleet_cool(struct core *core, struct fleet_pool *fleet, const struct effect_result *result)
{
    const struct account_pool *pool = fleet_provider_pool(core, fleet);
    bool quota = result->account_status == ACCOUNT_QUOTA;
    const char *type = result->instance_type && result->instance_type[0] ? result->instance_type
                       : pool                                            ? pool->instance_type
                                                                         : "";
    const char *market = result->market && result->market[0] ? result->market : pool ? market_word(pool->market) : "";
    char why[200];
    forget_old(fleet, core->world.now_ms);
    snprintf(why, sizeof why, "%s of %s %s%s%s: %.100s", quota ? "no quota" : "no capacity", market, type,
             result->zone && result->zone[0] ? " in " : "", result->zone ? result->zone : "",
             result->text ? result->text : "");
    if (!fleet->cooled)
        fleet->cooled = memory_new(COOLED_KEPT, sizeof *fleet->cooled);
    struct cooled *cooled = &fleet->cooled[fleet->cooled_count++];
    *cooled = (struct cooled){.until_ms = core->world.now_ms + (quota ? COOL_QUOTA_MS : COOL_CAPACITY_MS)};
    text_replace(&cooled->instance_type, type);
    text_replace(&cooled->market, market);
    text_replace(&cooled->zone, quota || !result->zone ? "" : result->zone);
    text_replace(&cooled->why, why);
    fleet_put(core, fleet);
}

static bool concerns(const struct cooled *cooled, const struct account_pool *pool)
{
    if (cooled->instance_type[0] && strcmp(cooled->instance_type, pool->instance_type) != 0)
        return false;
    if (cooled->market[0] && strcmp(cooled->market, market_word(pool->market)) != 0)
        return false;
    if (!cooled->zone[0])
        return true;
    return pool->zone_count == 1 && strcmp(cooled->zone, pool->zones[0]) == 0;
}

/* Capacity and quotas are of one region of a provider: what it has not got says nothing of the others. */
static bool is_told_of(const struct world *world, const struct world_region *teller, symbol pool,
                       const struct account_pool *at)
{
    for (size_t p = 0; p < teller->config.pool_count; p++)
        if (teller->pools[p].name == pool) {
            const struct account_pool *told = world_provider_pool(world, teller, p);
            return told && strcmp(told->region, at->region) == 0;
        }
    return false;
}

const char *fleet_cooled(const struct world *world, const struct world_region *region, uint32_t pool)
{
    const struct account_pool *at = world_provider_pool(world, region, pool);
    for (size_t i = 0; at && i < world->fleet_count; i++) {
        const struct fleet_pool *fleet = world->fleet[i];
        const struct world_region *other = world_region_of((struct world *)(uintptr_t)world, fleet->region);
        if (!other || strcmp(other->config.provider, region->config.provider) != 0 ||
            !is_told_of(world, other, fleet->pool, at))
            continue;
        for (size_t c = 0; c < fleet->cooled_count; c++)
            if (fleet->cooled[c].until_ms > world->now_ms && concerns(&fleet->cooled[c], at))
                return fleet->cooled[c].why;
    }
    return NULL;
}

bool fleet_cordoned(const struct fleet_pool *fleet, const struct uuid *node)
{
    for (size_t i = 0; i < fleet->cordoned_count; i++)
        if (uuid_equal(&fleet->cordoned[i], node))
            return true;
    return false;
}

void fleet_remember_cordoned(struct fleet_pool *fleet, const struct uuid *node)
{
    if (fleet_cordoned(fleet, node))
        return;
    if (!fleet->cordoned)
        fleet->cordoned = memory_new(CORDONED_KEPT, sizeof *fleet->cordoned);
    if (fleet->cordoned_count == CORDONED_KEPT)
        memmove(fleet->cordoned, fleet->cordoned + 1, --fleet->cordoned_count * sizeof *fleet->cordoned);
    fleet->cordoned[fleet->cordoned_count++] = *node;
}
