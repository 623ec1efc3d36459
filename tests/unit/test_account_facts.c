/* links: agent api core federation placement store sim_serve sim_engine model provider_host net base jansson */
/* A module's records as the core's facts: every field, lists, what is not known; the facts outlive the records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "controller/agent/accounts.h"

/* As it comes from a module's process: written, read and checked. */
static void add(struct provider_records *records, enum provider_record kind, const void *record)
{
    struct buffer text = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&text, false);
    struct error error = {0};
    json_t *object = NULL;
    if (!record_check(kind, record, &error))
        fail_msg("%s", error.text);
    record_write(&writer, kind, record);
    json_writer_done(&writer);
    assert_true(json_read(text.data, text.length, RECORD_BYTES_MAX, 8, &object, &error));
    if (!provider_records_add(records, kind, object, &error))
        fail_msg("%s", error.text);
    json_decref(object);
    buffer_release(&text);
}

/* The facts of one look; the records are left empty and may be given back. */
static struct account_facts *facts_of(enum account_look look, struct provider_records *records)
{
    provider_records_finish(records);
    struct account_facts *facts = account_facts_of(look, records);
    assert_int_equal(facts->look, look);
    assert_null(records->pools);
    assert_null(records->offers);
    assert_null(records->blocks);
    provider_records_release(records);
    return facts;
}

static const struct provider_instance FULL = {.id = "i-1",
                                              .state = PROVIDER_INSTANCE_STOPPING,
                                              .state_text = "shutting-down",
                                              .zone = "eu-central-1a",
                                              .instance_type = "m5.large",
                                              .market = PROVIDER_SPOT,
                                              .launched_at_us = 1785862800123456,
                                              .foreign = true,
                                              .protected_ = true,
                                              .milliwatts = 120000,
                                              .trouble = "impaired"};
static const struct provider_instance BARE = {.id = "i-2",
                                              .state = PROVIDER_INSTANCE_UNKNOWN,
                                              .state_text = "",
                                              .zone = "",
                                              .instance_type = "",
                                              .market = PROVIDER_OWNED,
                                              .launched_at_us = PROVIDER_UNSET,
                                              .milliwatts = PROVIDER_UNSET,
                                              .trouble = ""};

static void add_pools(struct provider_records *records)
{
    static const char *const zones[] = {"eu-central-1a", "eu-central-1b"};
    static const struct provider_identity identities[] = {{"attr.unique.platform.aws.instance-id", "i-1"},
                                                          {"meta.serial", "S1"}};
    struct provider_pool pool = {.id = "asg-1",
                                 .name = "workers",
                                 .region = "eu-central-1",
                                 .zones = zones,
                                 .zone_count = 2,
                                 .instance_type = "m5.large",
                                 .market = PROVIDER_SPOT,
                                 .desired = 2,
                                 .min = 1,
                                 .max = 9,
                                 .generation = "etag",
                                 .writable = true,
                                 .why_read_only = "",
                                 .busy = true};
    struct provider_pool empty = {.id = "asg-2",
                                  .name = "",
                                  .region = "",
                                  .instance_type = "",
                                  .market = PROVIDER_ON_DEMAND,
                                  .max = PROVIDER_UNSET,
                                  .generation = "",
                                  .why_read_only = "mixed instance types"};
    struct provider_instance full = FULL, third = BARE;
    full.identities = identities;
    full.identity_count = 2;
    third.id = "i-3";
    third.identities = &identities[1];
    third.identity_count = 1;
    add(records, RECORD_POOL, &pool);
    add(records, RECORD_INSTANCE, &full);
    add(records, RECORD_INSTANCE, &BARE);
    add(records, RECORD_POOL, &empty);
    pool.id = "asg-3";
    add(records, RECORD_POOL, &pool);
    add(records, RECORD_INSTANCE, &third);
}

static void test_pools_have_their_own_instances_and_identities(void **state)
{
    (void)state;
    struct provider_records records;
    provider_records_init(&records);
    add_pools(&records);
    struct account_facts *facts = facts_of(LOOK_POOLS, &records);
    assert_int_equal(facts->pool_count, 3);
    assert_int_equal(facts->instance_count, 3);
    const struct account_pool *pool = &facts->pools[0];
    assert_string_equal(pool->id, "asg-1");
    assert_string_equal(pool->name, "workers");
    assert_string_equal(pool->region, "eu-central-1");
    assert_string_equal(pool->instance_type, "m5.large");
    assert_string_equal(pool->generation, "etag");
    assert_string_equal(pool->why_read_only, "");
    assert_int_equal(pool->market, MARKET_SPOT);
    assert_int_equal(pool->zone_count, 2);
    assert_string_equal(pool->zones[1], "eu-central-1b");
    assert_int_equal(pool->desired, 2);
    assert_int_equal(pool->min, 1);
    assert_int_equal(pool->max, 9);
    assert_true(pool->writable && pool->busy);
    assert_int_equal(pool->instance_count, 2);
    assert_ptr_equal(pool->instances, &facts->instances[0]);
    assert_int_equal(facts->pools[1].instance_count, 0);
    assert_int_equal(facts->pools[1].zone_count, 0);
    assert_int_equal(facts->pools[1].max, ACCOUNT_UNSET);
    assert_false(facts->pools[1].writable || facts->pools[1].busy);
    assert_string_equal(facts->pools[1].why_read_only, "mixed instance types");
    assert_ptr_equal(facts->pools[2].instances, &facts->instances[2]);
    assert_string_equal(facts->pools[2].instances[0].identities[0].value, "S1");
    assert_int_equal(facts->pools[2].instances[0].identity_count, 1);
    account_facts_free(facts);
}

static void test_an_instance_says_all_that_its_record_says(void **state)
{
    (void)state;
    struct provider_records records;
    provider_records_init(&records);
    add_pools(&records);
    struct account_facts *facts = facts_of(LOOK_POOLS, &records);
    const struct account_instance *full = &facts->instances[0], *bare = &facts->instances[1];
    assert_string_equal(full->id, "i-1");
    assert_int_equal(full->state, INSTANCE_STOPPING);
    assert_string_equal(full->state_text, "shutting-down");
    assert_string_equal(full->zone, "eu-central-1a");
    assert_string_equal(full->instance_type, "m5.large");
    assert_string_equal(full->trouble, "impaired");
    assert_int_equal(full->market, MARKET_SPOT);
    assert_int_equal(full->launched_at_ms, 1785862800123);
    assert_true(full->foreign && full->protected_);
    assert_int_equal(full->identity_count, 2);
    assert_string_equal(full->identities[0].key, "attr.unique.platform.aws.instance-id");
    assert_string_equal(full->identities[0].value, "i-1");
    assert_string_equal(full->identities[1].key, "meta.serial");
    assert_int_equal(bare->state, INSTANCE_UNKNOWN);
    assert_int_equal(bare->market, MARKET_OWNED);
    assert_int_equal(bare->launched_at_ms, ACCOUNT_UNSET);
    assert_int_equal(bare->identity_count, 0);
    assert_false(bare->foreign || bare->protected_);
    assert_string_equal(bare->trouble, "");
    account_facts_free(facts);
}

static void test_words_mean_the_same_on_both_sides(void **state)
{
    (void)state;
    for (int i = 0; i < PROVIDER_INSTANCE_STATE_COUNT; i++)
        assert_string_equal(instance_state_word((enum instance_state)i),
                            record_instance_state_word((enum provider_instance_state)i));
    for (int i = 0; i < PROVIDER_MARKET_COUNT; i++)
        assert_string_equal(market_word((enum market)i), record_market_word((enum provider_market)i));
    for (int i = 0; i < PROVIDER_INTERRUPTION_KIND_COUNT; i++)
        assert_string_equal(interruption_word((enum interruption_kind)i),
                            record_interruption_word((enum provider_interruption_kind)i));
    assert_int_equal((int)PROVIDER_STATUS_COUNT, (int)ACCOUNT_STATUS_COUNT);
}

static void test_offers_keep_what_is_not_known_apart_from_zero(void **state)
{
    (void)state;
    struct provider_records records;
    provider_records_init(&records);
    struct provider_offer offer = {.region = "eu-central-1",
                                   .zone = "eu-central-1a",
                                   .instance_type = "m5.large",
                                   .market = PROVIDER_RESERVED,
                                   .currency = "EUR",
                                   .price_micro_h = 96000,
                                   .upfront_micro = PROVIDER_UNSET,
                                   .term_hours = 8760,
                                   .marginal_use_micro_h = PROVIDER_UNSET,
                                   .marginal_wake_micro_h = PROVIDER_UNSET,
                                   .observed_at_us = 1785862800123999,
                                   .valid_from_us = 1785000000000000,
                                   .source = "aws:pricing",
                                   .note = "all upfront"};
    add(&records, RECORD_OFFER, &offer);
    offer = (struct provider_offer){.region = "site",
                                    .zone = "",
                                    .instance_type = "rack-1",
                                    .market = PROVIDER_OWNED,
                                    .currency = "USD",
                                    .price_micro_h = 1,
                                    .upfront_micro = PROVIDER_UNSET,
                                    .marginal_use_micro_h = 0,
                                    .marginal_wake_micro_h = 7,
                                    .observed_at_us = 0,
                                    .valid_from_us = PROVIDER_UNSET,
                                    .source = "onprem:model",
                                    .note = ""};
    add(&records, RECORD_OFFER, &offer);
    struct account_facts *facts = facts_of(LOOK_OFFERS, &records);
    assert_int_equal(facts->offer_count, 2);
    const struct account_offer *first = &facts->offers[0], *second = &facts->offers[1];
    assert_string_equal(first->region, "eu-central-1");
    assert_string_equal(first->zone, "eu-central-1a");
    assert_string_equal(first->instance_type, "m5.large");
    assert_string_equal(first->currency, "EUR");
    assert_string_equal(first->source, "aws:pricing");
    assert_string_equal(first->note, "all upfront");
    assert_int_equal(first->market, MARKET_RESERVED);
    assert_int_equal(first->price_micro_h, 96000);
    assert_int_equal(first->term_hours, 8760);
    assert_int_equal(first->marginal_use_micro_h, ACCOUNT_UNSET);
    assert_int_equal(first->marginal_wake_micro_h, ACCOUNT_UNSET);
    assert_int_equal(first->observed_at_ms, 1785862800123);
    assert_int_equal(first->valid_from_ms, 1785000000000);
    assert_int_equal(second->marginal_use_micro_h, 0);
    assert_int_equal(second->marginal_wake_micro_h, 7);
    assert_int_equal(second->observed_at_ms, 0);
    assert_int_equal(second->valid_from_ms, ACCOUNT_UNSET);
    assert_int_equal(second->term_hours, 0);
    account_facts_free(facts);
}

static void test_types_and_quotas(void **state)
{
    (void)state;
    struct provider_records records;
    provider_records_init(&records);
    const struct provider_region region = {.id = "eu-central-1", .name = ""};
    const struct provider_instance_type type = {.region = "eu-central-1",
                                                .name = "m5.large",
                                                .architecture = "x86_64",
                                                .vcpus = 2,
                                                .processor_mhz = PROVIDER_UNSET,
                                                .memory_mib = 8192,
                                                .disk_mib = PROVIDER_UNSET,
                                                .gpu = "",
                                                .gpus = 0,
                                                .restriction = "not in this zone",
                                                .quota = "L-1216C47A"};
    add(&records, RECORD_REGION, &region);
    add(&records, RECORD_INSTANCE_TYPE, &type);
    struct account_facts *facts = facts_of(LOOK_TYPES, &records);
    assert_int_equal(facts->type_count, 1);
    assert_string_equal(facts->types[0].region, "eu-central-1");
    assert_string_equal(facts->types[0].name, "m5.large");
    assert_string_equal(facts->types[0].restriction, "not in this zone");
    assert_string_equal(facts->types[0].quota, "L-1216C47A");
    assert_int_equal(facts->types[0].vcpus, 2);
    assert_int_equal(facts->types[0].processor_mhz, ACCOUNT_UNSET);
    assert_int_equal(facts->types[0].memory_mib, 8192);
    assert_int_equal(facts->types[0].disk_mib, ACCOUNT_UNSET);
    account_facts_free(facts);
    const struct provider_quota quotas[] = {
        {.region = "eu-central-1", .name = "L-1216C47A", .unit = "vcpus", .limit = 64, .used = PROVIDER_UNSET},
        {.region = "", .name = "machines", .unit = "instances", .limit = PROVIDER_UNSET, .used = 0}};
    add(&records, RECORD_QUOTA, &quotas[0]);
    add(&records, RECORD_QUOTA, &quotas[1]);
    facts = facts_of(LOOK_QUOTAS, &records);
    assert_int_equal(facts->quota_count, 2);
    assert_string_equal(facts->quotas[0].unit, "vcpus");
    assert_int_equal(facts->quotas[0].limit, 64);
    assert_int_equal(facts->quotas[0].used, ACCOUNT_UNSET);
    assert_string_equal(facts->quotas[1].name, "machines");
    assert_int_equal(facts->quotas[1].limit, ACCOUNT_UNSET);
    assert_int_equal(facts->quotas[1].used, 0);
    account_facts_free(facts);
}

static void test_notices(void **state)
{
    (void)state;
    struct provider_records records;
    provider_records_init(&records);
    const struct provider_interruption notices[] = {{.pool = "asg-1",
                                                     .instance = "i-1",
                                                     .kind = PROVIDER_INTERRUPTION_TERMINATE,
                                                     .at_us = 1785862800999999,
                                                     .text = "spot"},
                                                    {.pool = "",
                                                     .instance = "i-2",
                                                     .kind = PROVIDER_INTERRUPTION_MAINTENANCE,
                                                     .at_us = PROVIDER_UNSET,
                                                     .text = ""}};
    add(&records, RECORD_INTERRUPTION, &notices[0]);
    add(&records, RECORD_INTERRUPTION, &notices[1]);
    struct account_facts *facts = facts_of(LOOK_INTERRUPTIONS, &records);
    assert_int_equal(facts->interruption_count, 2);
    assert_string_equal(facts->interruptions[0].pool, "asg-1");
    assert_string_equal(facts->interruptions[0].instance, "i-1");
    assert_string_equal(facts->interruptions[0].text, "spot");
    assert_int_equal(facts->interruptions[0].kind, INTERRUPTION_TERMINATE);
    assert_int_equal(facts->interruptions[0].at_ms, 1785862800999);
    assert_string_equal(facts->interruptions[1].pool, "");
    assert_int_equal(facts->interruptions[1].kind, INTERRUPTION_MAINTENANCE);
    assert_int_equal(facts->interruptions[1].at_ms, ACCOUNT_UNSET);
    account_facts_free(facts);
}

static void test_nothing_reported_is_empty_facts(void **state)
{
    (void)state;
    for (int look = 0; look < ACCOUNT_LOOK_COUNT; look++) {
        struct provider_records records;
        provider_records_init(&records);
        struct account_facts *facts = facts_of((enum account_look)look, &records);
        assert_int_equal(facts->pool_count + facts->instance_count + facts->offer_count + facts->type_count +
                             facts->quota_count + facts->interruption_count,
                         0);
        account_facts_free(facts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pools_have_their_own_instances_and_identities),
        cmocka_unit_test(test_an_instance_says_all_that_its_record_says),
        cmocka_unit_test(test_words_mean_the_same_on_both_sides),
        cmocka_unit_test(test_offers_keep_what_is_not_known_apart_from_zero),
        cmocka_unit_test(test_types_and_quotas),
        cmocka_unit_test(test_notices),
        cmocka_unit_test(test_nothing_reported_is_empty_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
