/* Accounts: what their modules report, taken over whole, and which pool of which region it is about. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/fleet_private.h"

static struct world_account *account_find(const struct world *world, const char *name)
{
    for (size_t i = 0; i < world->account_count; i++)
        if (strcmp(world->accounts[i].config.name, name) == 0)
            return &world->accounts[i];
    return NULL;
}

const struct world_account *world_find_account(const struct world *world, const char *name)
{
    return account_find(world, name);
}

void account_configure(struct core *core, const struct account_config *config)
{
    struct world *world = &core->world;
    size_t at = 0;
    while (at < world->account_count && strcmp(world->accounts[at].config.name, config->name) < 0)
        at++;
    if (at < world->account_count && strcmp(world->accounts[at].config.name, config->name) == 0)
        return;
    world->accounts = memory_resize(world->accounts, world->account_count + 1, sizeof *world->accounts);
    memmove(&world->accounts[at + 1], &world->accounts[at], (world->account_count - at) * sizeof *world->accounts);
    world->account_count++;
    world->accounts[at] = (struct world_account){.name = intern_put(world->names, config->name)};
    text_replace(&world->accounts[at].config.name, config->name);
    text_replace(&world->accounts[at].config.module, config->module);
    for (size_t i = 0; i < world->region_count; i++)
        accounts_link_region(world, &world->regions[i]);
    core_changed(core);
}

void currency_configure(struct core *core, const char *currency, int64_t usd_per_unit_micro)
{
    struct world *world = &core->world;
    world->currencies = memory_resize(world->currencies, world->currency_count + 1, sizeof *world->currencies);
    struct currency_rate *rate = &world->currencies[world->currency_count++];
    *rate = (struct currency_rate){.usd_per_unit_micro = usd_per_unit_micro};
    snprintf(rate->currency, sizeof rate->currency, "%.3s", currency);
}

void accounts_release(struct world *world)
{
    for (size_t i = 0; i < world->account_count; i++) {
        struct world_account *account = &world->accounts[i];
        for (int look = 0; look < ACCOUNT_LOOK_COUNT; look++) {
            account_facts_free(account->facts[look]);
            free(account->failure[look]);
        }
        free(account->config.name);
        free(account->config.module);
        free(account->text);
        free(account->identity_places);
        free(account->matches);
        hash_release(&account->identities);
    }
    free(world->accounts);
    free(world->currencies);
}

/* --- links -------------------------------------------------------------------------------------------------------- */

static uint32_t pool_place(const struct world_account *account, const char *id)
{
    const struct account_facts *facts = account->facts[LOOK_POOLS];
    for (size_t i = 0; facts && i < facts->pool_count; i++)
        if (strcmp(facts->pools[i].id, id) == 0)
            return (uint32_t)i;
    return WORLD_NONE;
}

void accounts_link_region(struct world *world, struct world_region *region)
{
    struct world_account *account = account_find(world, region->config.provider);
    for (size_t p = 0; p < region->config.pool_count; p++) {
        struct pool_link *link = &region->pools[p].link;
        const char *id = region->config.pools[p].provider_pool;
        link->account = link->pool = WORLD_NONE;
        if (!account || !id || !id[0])
            continue;
        link->account = (uint32_t)(account - world->accounts);
        link->pool = pool_place(account, id);
    }
    accounts_count(world, region);
}

static const struct account_pool *linked_pool(const struct world *world, const struct pool_link *link)
{
    if (link->account == WORLD_NONE || link->pool == WORLD_NONE)
        return NULL;
    return &world->accounts[link->account].facts[LOOK_POOLS]->pools[link->pool];
}

const struct account_pool *world_provider_pool(const struct world *world, const struct world_region *region,
                                               size_t pool)
{
    return linked_pool(world, &region->pools[pool].link);
}

bool instance_is_live(const struct account_instance *instance)
{
    return instance->state == INSTANCE_PENDING || instance->state == INSTANCE_RUNNING ||
           instance->state == INSTANCE_UNKNOWN;
}

void accounts_count(struct world *world, struct world_region *region)
{
    for (size_t p = 0; p < region->config.pool_count; p++) {
        struct pool_link *link = &region->pools[p].link;
        const struct account_pool *pool = linked_pool(world, link);
        link->instances = link->joined = link->waiting = 0;
        for (size_t i = 0; pool && i < pool->instance_count; i++) {
            const struct account_instance *instance = &pool->instances[i];
            const struct world_account *account = &world->accounts[link->account];
            const struct world_node *node = match_node(world, world_match_of(account, instance));
            bool joined = node && node->status == NODE_READY;
            link->instances++;
            link->joined += joined;
            link->waiting += !joined && instance_is_live(instance) && instance->state != INSTANCE_UNKNOWN;
        }
    }
}

void accounts_changed(struct core *core)
{
    if (core->world.account_count == 0 || core->recount_ms)
        return;
    core->recount_ms = core->world.now_ms + RECOUNT_MS;
    core->timers_changed = true;
}

void accounts_recount(struct core *core)
{
    if (!core->recount_ms)
        return;
    if (core->world.now_ms < core->recount_ms) {
        core_deadline(core, core->recount_ms);
        return;
    }
    core->recount_ms = 0;
    for (size_t i = 0; i < core->world.region_count; i++)
        accounts_count(&core->world, &core->world.regions[i]);
    core_changed(core);
}

/* --- what the provider says of machines that will go ----------------------------------------------------------------
 */

static int by_instance(const void *a, const void *b)
{
    const struct account_interruption *one = a;
    const struct account_interruption *other = b;
    int order = strcmp(one->instance, other->instance);
    return order ? order : (int)one->kind - (int)other->kind;
}

const struct account_interruption *world_notice_of(const struct world_account *account, const char *instance)
{
    const struct account_facts *notices = account->facts[LOOK_INTERRUPTIONS];
    size_t low = 0;
    size_t high = notices ? notices->interruption_count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(notices->interruptions[middle].instance, instance) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found =
        notices && low < notices->interruption_count && strcmp(notices->interruptions[low].instance, instance) == 0;
    return found ? &notices->interruptions[low] : NULL;
}

static bool is_leaving(const struct world_account *account, const struct account_instance *instance)
{
    const struct account_interruption *notice = world_notice_of(account, instance->id);
    return instance->state == INSTANCE_STOPPING || (notice && notice->kind == INTERRUPTION_TERMINATE);
}

static void take_notices(struct core *core, struct world_account *account)
{
    struct world *world = &core->world;
    const struct account_facts *pools = account->facts[LOOK_POOLS];
    bool *changed = memory_new(world->region_count, sizeof *changed);
    for (size_t i = 0; pools && i < pools->instance_count; i++) {
        bool leaving = is_leaving(account, &pools->instances[i]);
        struct world_node *node = (struct world_node *)(uintptr_t)match_node(world, &account->matches[i]);
        if (!node || node->leaving == leaving)
            continue;
        node->leaving = leaving;
        changed[account->matches[i].region] = true;
    }
    for (size_t r = 0; r < world->region_count; r++)
        if (changed[r])
            pools_count(&world->regions[r]);
    free(changed);
}

/* --- events ------------------------------------------------------------------------------------------------------- */

static bool uses(const struct world_region *region, const struct world_account *account)
{
    return strcmp(region->config.provider, account->config.name) == 0;
}

static void take_facts(struct core *core, struct world_account *account, struct account_facts *facts)
{
    struct world *world = &core->world;
    bool first = !account->facts[facts->look];
    account_facts_free(account->facts[facts->look]);
    account->facts[facts->look] = facts;
    account->looked_ms[facts->look] = world->now_ms;
    account->failed[facts->look] = ACCOUNT_OK;
    text_replace(&account->failure[facts->look], NULL);
    if (facts->look == LOOK_INTERRUPTIONS && facts->interruption_count)
        qsort(facts->interruptions, facts->interruption_count, sizeof *facts->interruptions, by_instance);
    if (facts->look == LOOK_POOLS)
        account_match_all(world, (uint32_t)(account - world->accounts));
    for (size_t i = 0; i < world->region_count; i++) {
        struct world_region *region = &world->regions[i];
        if (!uses(region, account))
            continue;
        if (facts->look == LOOK_POOLS)
            accounts_link_region(world, region);
        if (facts->look == LOOK_POOLS || facts->look == LOOK_OFFERS)
            account_prices_take(core, region);
    }
    if (facts->look == LOOK_POOLS || facts->look == LOOK_INTERRUPTIONS)
        take_notices(core, account);
    core->timers_changed = true;
    if (first)
        fleet_wake_jobs(core, NULL, false);
}

void account_event(struct core *core, const struct event *event)
{
    struct world_account *account = event->account ? account_find(&core->world, event->account) : NULL;
    if (!account) {
        if (event->type == EVENT_ACCOUNT_FACTS)
            account_facts_free(event->account_facts);
        return;
    }
    core_changed(core);
    switch (event->type) {
    case EVENT_ACCOUNT_UP:
    case EVENT_ACCOUNT_DOWN:
        account->up = event->type == EVENT_ACCOUNT_UP;
        text_replace(&account->text, event->text);
        core->timers_changed = true;
        if (!account->up)
            fleet_wake_jobs(core, NULL, false);
        break;
    case EVENT_ACCOUNT_FACTS:
        account->up = true;
        take_facts(core, account, event->account_facts);
        break;
    case EVENT_ACCOUNT_FAILED:
        account->failed[event->account_failure.look] = event->account_failure.status;
        text_replace(&account->failure[event->account_failure.look], event->text);
        fleet_wake_jobs(core, NULL, false);
        break;
    default:
        break;
    }
}
