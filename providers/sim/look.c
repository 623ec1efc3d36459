/* describe, offers, pools, quotas and interruptions: they look and change nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/sdk/fail.h"
#include "providers/sim/ask.h"
#include "providers/sim/market.h"

static enum provider_status refused_record(struct provider_error *error)
{
    return sdk_fail(error, PROVIDER_INVALID, SIMULATOR_LIST, "the host takes no more records");
}

/* --- regions and kinds of machines --- */

static bool same_type(const struct simulator_pool *a, const struct simulator_pool *b)
{
    return strcmp(a->region, b->region) == 0 && strcmp(simulator_pool_type(a), simulator_pool_type(b)) == 0;
}

/* Once for all pools of one type in a region, at the first of them. */
static bool emit_type(struct provider_account *account, const struct simulator_market *market, size_t at)
{
    const struct provider_services *services = account->services;
    const struct simulator_pool *pool = &market->pools[at];
    struct provider_instance_type type = {.region = pool->region,
                                          .name = simulator_pool_type(pool),
                                          .architecture = "",
                                          .vcpus = PROVIDER_UNSET,
                                          .processor_mhz = pool->cpu_mhz,
                                          .memory_mib = pool->memory_mb,
                                          .disk_mib = pool->disk_mb,
                                          .gpu = "",
                                          .gpus = 0,
                                          .current = true,
                                          .restriction = "",
                                          .quota = ""};
    for (size_t i = 0; i < market->pool_count; i++) {
        const struct simulator_pool *other = &market->pools[i];
        if (!same_type(pool, other))
            continue;
        if (i < at)
            return true;
        type.on_demand = type.on_demand || other->market == PROVIDER_ON_DEMAND;
        type.spot = type.spot || other->market == PROVIDER_SPOT;
        if (other->cpu_mhz != pool->cpu_mhz || other->memory_mb != pool->memory_mb || other->disk_mb != pool->disk_mb)
            sdk_log(services, PROVIDER_WARN, "%s and %s call machines of two sizes %s: the former's are told", pool->id,
                    other->id, type.name);
    }
    return services->emit_instance_type(services->context, &type);
}

enum provider_status simulator_describe(struct provider_account *account, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    struct simulator_market market;
    enum provider_status status = simulator_market_read(account, &market, error);
    if (status != PROVIDER_OK)
        return status;
    bool taken = true;
    for (size_t i = 0; i < market.region_count && taken; i++)
        taken =
            services->emit_region(services->context, &(struct provider_region){.id = market.regions[i], .name = ""});
    for (size_t i = 0; i < market.pool_count && taken; i++)
        taken = emit_type(account, &market, i);
    simulator_market_release(&market);
    return taken ? PROVIDER_OK : refused_record(error);
}

/* --- prices --- */

static bool same_offer(const struct simulator_pool *a, const struct simulator_pool *b)
{
    return a->priced && b->priced && a->market == b->market && same_type(a, b);
}

/* Why the pool's price is not to be believed; "" when it is. */
static const char *distrust(const struct provider_account *account, const struct simulator_market *market,
                            const struct simulator_pool *pool)
{
    if (pool->price_micro_h <= 0)
        return "it is not above zero";
    if (pool->price_micro_h > INT64_C(1) << 44)
        return "it is absurdly high";
    if (strcmp(pool->currency, account->settings.currency) != 0)
        return "it is not in the account's currency";
    for (size_t i = 0; i < market->pool_count; i++)
        if (same_offer(pool, &market->pools[i]) && (market->pools[i].price_micro_h != pool->price_micro_h ||
                                                    strcmp(market->pools[i].currency, pool->currency) != 0))
            return "other pools with the same machines have another";
    return "";
}

static bool offered_before(const struct simulator_market *market, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (same_offer(&market->pools[i], &market->pools[at]))
            return true;
    return false;
}

static bool emit_offer(struct provider_account *account, const struct simulator_market *market, size_t at)
{
    const struct provider_services *services = account->services;
    const struct simulator_pool *pool = &market->pools[at];
    if (!pool->priced)
        return true;
    const char *why = distrust(account, market, pool);
    if (why[0]) {
        sdk_log(services, PROVIDER_WARN, "the price of %s is left out, %lld micro-units of %s an hour: %s", pool->id,
                (long long)pool->price_micro_h, pool->currency, why);
        return true;
    }
    if (offered_before(market, at))
        return true;
    return services->emit_offer(services->context,
                                &(struct provider_offer){.region = pool->region,
                                                         .zone = "",
                                                         .instance_type = simulator_pool_type(pool),
                                                         .market = pool->market,
                                                         .currency = pool->currency,
                                                         .price_micro_h = pool->price_micro_h,
                                                         .upfront_micro = PROVIDER_UNSET,
                                                         .marginal_use_micro_h = PROVIDER_UNSET,
                                                         .marginal_wake_micro_h = PROVIDER_UNSET,
                                                         .observed_at_us = pool->price_observed_ms * 1000,
                                                         .valid_from_us = pool->price_observed_ms * 1000,
                                                         .source = "sim:price",
                                                         .note = ""});
}

enum provider_status simulator_offers(struct provider_account *account, struct provider_error *error)
{
    struct simulator_market market;
    enum provider_status status = simulator_market_read(account, &market, error);
    if (status != PROVIDER_OK)
        return status;
    bool taken = true;
    for (size_t i = 0; i < market.pool_count && taken; i++)
        taken = emit_offer(account, &market, i);
    simulator_market_release(&market);
    return taken ? PROVIDER_OK : refused_record(error);
}

/* --- pools --- */

static enum provider_instance_state state_of(const char *word)
{
    static const struct {
        const char *word;
        enum provider_instance_state state;
    } states[] = {{"pending", PROVIDER_INSTANCE_PENDING},
                  {"running", PROVIDER_INSTANCE_RUNNING},
                  {"stopping", PROVIDER_INSTANCE_STOPPING}};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strcmp(states[i].word, word) == 0)
            return states[i].state;
    return PROVIDER_INSTANCE_UNKNOWN;
}

static void fill_instance(const struct simulator_pool *pool, const struct simulator_machine *machine,
                          struct provider_identity *identity, struct provider_instance *ret_instance)
{
    *identity = (struct provider_identity){SIMULATOR_IDENTITY, machine->id};
    *ret_instance = (struct provider_instance){.id = machine->id,
                                               .state = state_of(machine->state),
                                               .state_text = machine->state,
                                               .zone = "",
                                               .instance_type = simulator_pool_type(pool),
                                               .market = pool->market,
                                               .identities = identity,
                                               .identity_count = 1,
                                               .launched_at_us = machine->launched_ms * 1000,
                                               .milliwatts = PROVIDER_UNSET,
                                               .trouble = ""};
}

static bool emit_pool(struct provider_account *account, const struct simulator_pool *pool)
{
    const struct provider_services *services = account->services;
    struct provider_identity *identities = memory_new(pool->machine_count, sizeof *identities);
    struct provider_instance *instances = memory_new(pool->machine_count, sizeof *instances);
    for (size_t i = 0; i < pool->machine_count; i++)
        fill_instance(pool, &pool->machines[i], &identities[i], &instances[i]);
    bool taken =
        services->emit_pool(services->context, &(struct provider_pool){.id = pool->id,
                                                                       .name = pool->name,
                                                                       .region = pool->region,
                                                                       .instance_type = simulator_pool_type(pool),
                                                                       .market = pool->market,
                                                                       .desired = pool->desired,
                                                                       .min = pool->min,
                                                                       .max = pool->max,
                                                                       .generation = pool->generation,
                                                                       .writable = true,
                                                                       .why_read_only = "",
                                                                       .busy = pool->busy,
                                                                       .instances = instances,
                                                                       .instance_count = pool->machine_count});
    free(identities);
    free(instances);
    return taken;
}

enum provider_status simulator_pools(struct provider_account *account, struct provider_error *error)
{
    struct simulator_market market;
    enum provider_status status = simulator_market_read(account, &market, error);
    if (status != PROVIDER_OK)
        return status;
    bool taken = true;
    for (size_t i = 0; i < market.pool_count && taken; i++)
        taken = emit_pool(account, &market.pools[i]);
    simulator_market_release(&market);
    return taken ? PROVIDER_OK : refused_record(error);
}

/* --- quotas and notices --- */

static bool emit_quota(struct provider_account *account, const struct sdk_json_at *item, bool *ret_taken,
                       struct error *reason)
{
    const struct provider_services *services = account->services;
    struct provider_quota quota = {.unit = "instances"};
    *ret_taken = true;
    if (!sdk_json_text(item, "Region", &quota.region, reason) || !sdk_json_text(item, "Name", &quota.name, reason) ||
        !sdk_json_i64(item, "Limit", &quota.limit, reason) || !sdk_json_i64(item, "Used", &quota.used, reason))
        return false;
    if (simulator_selects(account, quota.region))
        *ret_taken = services->emit_quota(services->context, &quota);
    return true;
}

static bool emit_interruption(struct provider_account *account, const struct sdk_json_at *item, bool *ret_taken,
                              struct error *reason)
{
    const struct provider_services *services = account->services;
    const char *region, *pool, *instance;
    int64_t at_ms;
    *ret_taken = true;
    if (!sdk_json_text(item, "Region", &region, reason) || !sdk_json_text(item, "Pool", &pool, reason) ||
        !sdk_json_text(item, "Instance", &instance, reason) || !sdk_json_i64(item, "AtMS", &at_ms, reason))
        return false;
    if (at_ms < 0 || at_ms > INT64_MAX / 1000)
        return sdk_json_refuse(item, "AtMS", reason, "this is no moment");
    if (!simulator_selects(account, region))
        return true;
    struct buffer id = BUFFER_INIT;
    buffer_printf(&id, "%s/%s", region, pool);
    *ret_taken = services->emit_interruption(
        services->context, &(struct provider_interruption){.pool = id.data,
                                                           .instance = instance,
                                                           .kind = PROVIDER_INTERRUPTION_TERMINATE,
                                                           .at_us = at_ms * 1000,
                                                           .text = "the simulated provider takes the machine back"});
    buffer_release(&id);
    return true;
}

typedef bool (*emit_item)(struct provider_account *account, const struct sdk_json_at *item, bool *ret_taken,
                          struct error *reason);

/* The whole list `member` is read; an item that is not understood is an error. */
static enum provider_status emit_list(struct provider_account *account, const char *member, emit_item emit,
                                      struct provider_error *error)
{
    struct simulator_market market;
    struct sdk_json_at list;
    struct error reason = {0};
    bool taken = true;
    enum provider_status status = simulator_market_read(account, &market, error);
    if (status != PROVIDER_OK)
        return status;
    bool good = sdk_json_list(&market.root, member, &list, &reason);
    for (size_t i = 0; good && taken && i < sdk_json_count(&list); i++) {
        struct sdk_json_at item = sdk_json_item(&list, i);
        good = emit(account, &item, &taken, &reason);
    }
    simulator_market_release(&market);
    if (!good)
        return sdk_fail_with(error, PROVIDER_RETRY, SIMULATOR_LIST, &reason);
    return taken ? PROVIDER_OK : refused_record(error);
}

enum provider_status simulator_quotas(struct provider_account *account, struct provider_error *error)
{
    return emit_list(account, "Quotas", emit_quota, error);
}

enum provider_status simulator_interruptions(struct provider_account *account, struct provider_error *error)
{
    return emit_list(account, "Interruptions", emit_interruption, error);
}
