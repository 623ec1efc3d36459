/* What the log says by itself of pools at providers: what is begun, proposed, given up or done, and prices that are
 * held.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "controller/agent/changes_fleet.h"

struct told_pool {
    symbol region, pool;
    uint64_t operation; /* 0: none */
    enum operation_kind kind;
    int64_t from, to;
    bool proposed;
    int64_t held_micro; /* 0: no price is held */
};

struct changes_fleet {
    struct told_pool *list;
    size_t count, capacity;
};

static struct told_pool *told_of(struct changes_fleet *told, symbol region, symbol pool)
{
    for (size_t i = 0; i < told->count; i++) {
        if (told->list[i].region == region && told->list[i].pool == pool) {
            return &told->list[i];
        }
    }
    told->list = memory_grow(told->list, told->count, &told->capacity, sizeof *told->list);
    told->list[told->count] = (struct told_pool){.region = region, .pool = pool};
    return &told->list[told->count++];
}

static void tell_end(struct agent *agent, const struct told_pool *told, const char *region, const char *pool,
                     const struct fleet_pool *fleet)
{
    const char *what = operation_kind_word(told->kind);
    if (fleet->rest != NULL && fleet->rest[0] != '\0') {
        report_warn(agent, region, "pool %s: %s %lld -> %lld has ended without success: %s", pool, what,
                    (long long)told->from, (long long)told->to, fleet->rest);
    } else {
        report_info(agent, region, "pool %s: %s %lld -> %lld is done", pool, what, (long long)told->from,
                    (long long)told->to);
    }
}

static void look_at_operation(struct agent *agent, struct told_pool *told, const char *region, const char *pool,
                              const struct fleet_pool *fleet)
{
    const struct operation *operation = fleet->operation;
    uint64_t id = operation != NULL ? operation->id : 0;
    bool proposed = operation != NULL && operation->state == OPERATION_PROPOSED;
    if (told->operation != 0 && told->operation != id) {
        tell_end(agent, told, region, pool, fleet);
    }
    if (operation != NULL && (told->operation != id || (told->proposed && !proposed))) {
        report_info(agent, region, "pool %s: %s %lld -> %lld %s: %s", pool, operation_kind_word(operation->kind),
                    (long long)operation->from, (long long)operation->to, proposed ? "waits for an approval" : "begins",
                    operation->why);
    }
    told->operation = id;
    told->proposed = proposed;
    if (operation != NULL) {
        told->kind = operation->kind;
        told->from = operation->from;
        told->to = operation->to;
    }
}

static void look_at_price(struct agent *agent, struct told_pool *told, const char *region, const char *pool,
                          const struct held_price *held)
{
    char money[MONEY_TEXT_MAX];
    if (held->held && told->held_micro != held->price_micro_h) {
        report_warn(agent, region, "pool %s: a price of %s %s an hour is held: %s", pool,
                    money_format(held->price_micro_h, money), held->currency, held->reason);
    }
    told->held_micro = held->held ? held->price_micro_h : 0;
}

void changes_look_at_fleet(struct agent *agent, struct changes_fleet **told, const struct world *world)
{
    if (*told == NULL) {
        *told = memory_new(1, sizeof **told);
    }
    for (size_t i = 0; i < world->fleet_count; i++) {
        const struct fleet_pool *fleet = world->fleet[i];
        look_at_operation(agent, told_of(*told, fleet->region, fleet->pool), world_text(world, fleet->region),
                          world_text(world, fleet->pool), fleet);
    }
    for (size_t r = 0; r < world->region_count; r++) {
        for (size_t p = 0; p < world->regions[r].pool_count; p++) {
            const struct world_region *region = &world->regions[r];
            if (region->pools[p].link.held.held || region->pools[p].link.account != WORLD_NONE) {
                look_at_price(agent, told_of(*told, region->name, region->pools[p].name), region->config.name,
                              world_text(world, region->pools[p].name), &region->pools[p].link.held);
            }
        }
    }
}

void changes_fleet_free(struct changes_fleet *told)
{
    if (told != NULL) {
        free(told->list);
    }
    free(told);
}
