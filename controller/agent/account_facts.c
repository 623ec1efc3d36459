/* A module's records (providers/provider.h) as the core's facts (model/account.h): the same words, other types. The
 * texts stay where they are; the facts hold on to the records. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/agent/accounts.h"
#include "providers/host/records.h"

struct kept {
    struct provider_records records;
    struct fact_pair *identities;
};

static void kept_free(void *memory)
{
    struct kept *kept = memory;
    provider_records_release(&kept->records);
    free(kept->identities);
    free(kept);
}

/* Equal is what they are to stay. NOLINTNEXTLINE(misc-redundant-expression) */
_Static_assert(PROVIDER_UNSET == ACCOUNT_UNSET, "one word for what is not known");
_Static_assert((int)PROVIDER_OWNED == (int)MARKET_OWNED && (int)PROVIDER_SPOT == (int)MARKET_SPOT,
               "markets in one order");
_Static_assert((int)PROVIDER_INSTANCE_FAILED == (int)INSTANCE_FAILED, "instance states in one order");
_Static_assert((int)PROVIDER_UNKNOWN == (int)ACCOUNT_UNKNOWN, "statuses in one order");
_Static_assert((int)PROVIDER_INTERRUPTION_MAINTENANCE == (int)INTERRUPTION_MAINTENANCE, "notices in one order");

static int64_t in_ms(int64_t us)
{
    return us == PROVIDER_UNSET ? ACCOUNT_UNSET : us / 1000;
}

static void fill_instance(const struct provider_instance *from, struct fact_pair *identities,
                          struct account_instance *into)
{
    for (size_t i = 0; i < from->identity_count; i++)
        identities[i] = (struct fact_pair){from->identities[i].key, from->identities[i].value};
    *into = (struct account_instance){.id = from->id,
                                      .state = (enum instance_state)from->state,
                                      .state_text = from->state_text,
                                      .zone = from->zone,
                                      .instance_type = from->instance_type,
                                      .trouble = from->trouble,
                                      .market = (enum market)from->market,
                                      .identities = identities,
                                      .identity_count = from->identity_count,
                                      .launched_at_ms = in_ms(from->launched_at_us),
                                      .foreign = from->foreign,
                                      .protected_ = from->protected_};
}

static void fill_pools(struct account_facts *facts, struct kept *kept)
{
    const struct provider_records *records = &kept->records;
    size_t identities = 0;
    for (size_t p = 0; p < records->pools_count; p++)
        for (size_t i = 0; i < records->pools[p].instance_count; i++)
            identities += records->pools[p].instances[i].identity_count;
    kept->identities = memory_new(identities, sizeof *kept->identities);
    facts->instances = memory_new(records->instances_count, sizeof *facts->instances);
    facts->pools = memory_new(records->pools_count, sizeof *facts->pools);
    struct fact_pair *next = kept->identities;
    for (size_t p = 0; p < records->pools_count; p++) {
        const struct provider_pool *from = &records->pools[p];
        struct account_instance *first = &facts->instances[facts->instance_count];
        for (size_t i = 0; i < from->instance_count; i++) {
            fill_instance(&from->instances[i], next, &facts->instances[facts->instance_count++]);
            next += from->instances[i].identity_count;
        }
        facts->pools[facts->pool_count++] = (struct account_pool){.id = from->id,
                                                                  .name = from->name,
                                                                  .region = from->region,
                                                                  .instance_type = from->instance_type,
                                                                  .generation = from->generation,
                                                                  .why_read_only = from->why_read_only,
                                                                  .market = (enum market)from->market,
                                                                  .zones = from->zones,
                                                                  .zone_count = from->zone_count,
                                                                  .desired = from->desired,
                                                                  .min = from->min,
                                                                  .max = from->max,
                                                                  .writable = from->writable,
                                                                  .busy = from->busy,
                                                                  .instances = first,
                                                                  .instance_count = from->instance_count};
    }
}

static void fill_offers(struct account_facts *facts, const struct provider_records *records)
{
    facts->offers = memory_new(records->offers_count, sizeof *facts->offers);
    for (size_t i = 0; i < records->offers_count; i++) {
        const struct provider_offer *from = &records->offers[i];
        facts->offers[facts->offer_count++] =
            (struct account_offer){.region = from->region,
                                   .zone = from->zone,
                                   .instance_type = from->instance_type,
                                   .currency = from->currency,
                                   .source = from->source,
                                   .note = from->note,
                                   .market = (enum market)from->market,
                                   .price_micro_h = from->price_micro_h,
                                   .term_hours = from->term_hours,
                                   .marginal_use_micro_h = from->marginal_use_micro_h,
                                   .marginal_wake_micro_h = from->marginal_wake_micro_h,
                                   .observed_at_ms = in_ms(from->observed_at_us),
                                   .valid_from_ms = in_ms(from->valid_from_us)};
    }
}

static void fill_types(struct account_facts *facts, const struct provider_records *records)
{
    facts->types = memory_new(records->instance_types_count, sizeof *facts->types);
    for (size_t i = 0; i < records->instance_types_count; i++) {
        const struct provider_instance_type *from = &records->instance_types[i];
        facts->types[facts->type_count++] = (struct account_type){.region = from->region,
                                                                  .name = from->name,
                                                                  .restriction = from->restriction,
                                                                  .quota = from->quota,
                                                                  .vcpus = from->vcpus,
                                                                  .processor_mhz = from->processor_mhz,
                                                                  .memory_mib = from->memory_mib,
                                                                  .disk_mib = from->disk_mib};
    }
}

static void fill_quotas(struct account_facts *facts, const struct provider_records *records)
{
    facts->quotas = memory_new(records->quotas_count, sizeof *facts->quotas);
    for (size_t i = 0; i < records->quotas_count; i++) {
        const struct provider_quota *from = &records->quotas[i];
        facts->quotas[facts->quota_count++] = (struct account_quota){
            .region = from->region, .name = from->name, .unit = from->unit, .limit = from->limit, .used = from->used};
    }
}

static void fill_interruptions(struct account_facts *facts, const struct provider_records *records)
{
    facts->interruptions = memory_new(records->interruptions_count, sizeof *facts->interruptions);
    for (size_t i = 0; i < records->interruptions_count; i++) {
        const struct provider_interruption *from = &records->interruptions[i];
        facts->interruptions[facts->interruption_count++] =
            (struct account_interruption){.pool = from->pool,
                                          .instance = from->instance,
                                          .text = from->text,
                                          .kind = (enum interruption_kind)from->kind,
                                          .at_ms = in_ms(from->at_us)};
    }
}

struct account_facts *account_facts_of(enum account_look look, struct provider_records *taken)
{
    struct account_facts *facts = account_facts_new(look);
    struct kept *kept = memory_new(1, sizeof *kept);
    kept->records = *taken;
    provider_records_init(taken);
    facts->memory = kept;
    facts->release_memory = kept_free;
    switch (look) {
    case LOOK_POOLS:
        fill_pools(facts, kept);
        break;
    case LOOK_OFFERS:
        fill_offers(facts, &kept->records);
        break;
    case LOOK_TYPES:
        fill_types(facts, &kept->records);
        break;
    case LOOK_QUOTAS:
        fill_quotas(facts, &kept->records);
        break;
    default:
        fill_interruptions(facts, &kept->records);
        break;
    }
    return facts;
}
