/* links: core placement store model base lmdb uv */
/* Records as the first version of the outbox and price tables wrote them, field by field as it did, are read after the
 * upgrade and mean what they meant; damaged ones are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/codec.h"
#include "controller/core/core.h"
#include "store/record.h"

static const struct store_upgrade upgrades[] = {
    {.table = STORE_PRICE, .from = 1, .upgrade = price_upgrade_from_1},
    {.table = STORE_OUTBOX, .from = 1, .upgrade = outbox_upgrade_from_1},
};

/* --- the records of version 1 ------------------------------------------------------------------------------------- */

/* market, list, effective and marginal rates, currency, instance type, source, valid from, observed at, adjustments */
static void old_price(struct buffer *out, int64_t list_uusd_h)
{
    codec_put_u8(out, 0); /* on-demand */
    codec_put_i64(out, list_uusd_h);
    codec_put_i64(out, list_uusd_h - 12500);
    codec_put_i64(out, list_uusd_h - 12500);
    codec_put_text(out, "USD");
    codec_put_text(out, "m5.large");
    codec_put_text(out, "config");
    codec_put_i64(out, 0);
    codec_put_i64(out, 0);
    codec_put_u32(out, 1);
    codec_put_text(out, "discount");
    codec_put_i64(out, 0);
    codec_put_i64(out, -12500);
}

enum { OLD_REGISTER = 1, OLD_STOP = 2, OLD_PURGE = 3, OLD_TYPES = 6 };

/* id, type, region, what is wanted of the job, base index, owner, what is probed, cause, actor */
static void old_effect(struct buffer *out, uint8_t type)
{
    codec_put_u64(out, (UINT64_C(3) << 32) | 7);
    codec_put_u8(out, type);
    codec_put_text(out, "r");
    codec_put_text(out, "default");
    codec_put_text(out, "web");
    codec_put_u64(out, 11);
    codec_put_flag(out, true);
    codec_put_u32(out, 1);
    codec_put_text(out, "front");
    codec_put_text(out, "std");
    codec_put_i64(out, 4);
    codec_put_u32(out, 1);
    codec_put_text(out, "${node.class}");
    codec_put_text(out, "std");
    codec_put_flag(out, false);
    codec_put_u64(out, 31);
    codec_put_text(out, "mine");
    codec_put_u64(out, 5);
    codec_put_u8(out, 0);
    codec_put_u64(out, 0);
    codec_put_u64(out, 12);
    codec_put_text(out, "token:operator");
}

static void old_outbox(struct buffer *out, uint8_t type)
{
    struct buffer row = BUFFER_INIT;
    codec_put_i64(&row, 1000);
    codec_put_i64(&row, 0);
    codec_put_u64(&row, (UINT64_C(3) << 32) | 7);
    static const char *const texts[] = {
        "token:operator", "127.0.0.1", "stop", "r", "default", "web", "", "4", "0", "sent"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        codec_put_text(&row, texts[i]);
    codec_put_u32(out, (uint32_t)row.length);
    buffer_append(out, row.data, row.length);
    old_effect(out, type);
    buffer_release(&row);
}

/* --- through the store into the core ------------------------------------------------------------------------------ */

/* The value under a head of version 1, read by the store as it does after a start, and taken in by the core. */
static bool restore_old(struct core *core, enum store_table table, enum record_kind kind, const struct buffer *key,
                        const void *value, size_t length, struct error *ret_error)
{
    uint8_t *record = malloc(STORE_RECORD_HEAD + length);
    struct store_bytes name = {key->data, key->length}, read = {0};
    struct buffer scratch = BUFFER_INIT;
    assert_non_null(record);
    store_record_head(1, name, (struct store_bytes){value, length}, record);
    if (length > 0)
        memcpy(record + STORE_RECORD_HEAD, value, length);
    bool good = store_record_read(table, name, (struct store_bytes){record, STORE_RECORD_HEAD + length}, upgrades,
                                  sizeof upgrades / sizeof *upgrades, &scratch, &read, ret_error) &&
                core_restore(core, kind, name.data, name.length, read.data, read.length, ret_error);
    buffer_release(&scratch);
    free(record);
    return good;
}

static bool restore_price(struct core *core, uint64_t version, const void *value, size_t length,
                          struct error *ret_error)
{
    struct buffer key = BUFFER_INIT;
    record_key_text(&key, "r");
    record_key_text(&key, "std");
    record_key_number(&key, version);
    bool good = restore_old(core, STORE_PRICE, RECORD_PRICE, &key, value, length, ret_error);
    buffer_release(&key);
    return good;
}

static bool restore_outbox(struct core *core, const void *value, size_t length, struct error *ret_error)
{
    struct buffer key = BUFFER_INIT;
    record_key_number(&key, (UINT64_C(3) << 32) | 7);
    bool good = restore_old(core, STORE_OUTBOX, RECORD_OUTBOX, &key, value, length, ret_error);
    buffer_release(&key);
    return good;
}

static struct core *new_core(void)
{
    return core_new(&(struct core_options){.cluster = "mine", .epoch = 6});
}

/* Region "r" with its one pool at that price; counts the price records that the start then writes. */
static size_t prices_written(struct core *core, int64_t list_uusd_h)
{
    static char name[] = "r", std[] = "std", key[] = "node_class", type[] = "m5.large", source[] = "config";
    static char discount[] = "discount", none[] = "";
    struct selector selector = {.key = key, .value = std};
    struct price_adjustment adjustment = {.name = discount, .fixed_uusd_h = -12500};
    struct pool_config pool = {.name = std,
                               .selectors = &selector,
                               .selector_count = 1,
                               .instance_type = type,
                               .provider_pool = none,
                               .priced = true,
                               .price = {.list_uusd_h = list_uusd_h,
                                         .effective_uusd_h = list_uusd_h - 12500,
                                         .marginal_uusd_h = list_uusd_h - 12500,
                                         .source = source,
                                         .adjustments = &adjustment,
                                         .adjustment_count = 1}};
    struct region_config region = {.name = name, .provider = none, .pools = &pool, .pool_count = 1};
    const struct event events[] = {{.type = EVENT_REGION_CONFIGURED, .region_config = &region},
                                   {.type = EVENT_STARTED}};
    struct step step = {0};
    size_t written = 0;
    for (size_t i = 0; i < 2; i++) {
        core_step(core, &events[i], 1000000, &step);
        for (size_t r = 0; r < step.record_count; r++)
            written += step.records[r].kind == RECORD_PRICE;
    }
    step_release(&step);
    return written;
}

static void test_an_old_price_is_known_so_that_the_same_one_is_no_new_version(void **state)
{
    (void)state;
    struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
    struct error error = {0};
    old_price(&first, 90000);
    old_price(&second, 100000);
    const int64_t lists[] = {100000, 90000};
    for (size_t i = 0; i < 2; i++) {
        struct core *core = new_core();
        assert_true(restore_price(core, 1, first.data, first.length, &error));
        assert_true(restore_price(core, 2, second.data, second.length, &error)); /* the last one stands */
        assert_int_equal(prices_written(core, lists[i]), i);
        core_free(core);
    }
    struct core *core = new_core();
    assert_int_equal(prices_written(core, 100000), 1); /* without a record it is new */
    core_free(core);
    buffer_release(&first);
    buffer_release(&second);
}

/* What the core asks of the world once the region answers: the look at what became of the effect. */
static void find_probe(struct core *core, struct effect *ret_probe)
{
    const struct event events[] = {{.type = EVENT_REGION_HEARD, .region = "r"},
                                   {.type = EVENT_SYNC_BEGIN, .region = "r"},
                                   {.type = EVENT_SYNC_END, .region = "r"},
                                   {.type = EVENT_TIMER}};
    struct step step = {0};
    bool found = false;
    prices_written(core, 100000);
    for (size_t i = 0; i < 4 && !found; i++) {
        core_step(core, &events[i], 1000000 + 1000 * (int64_t)i, &step);
        for (size_t e = 0; e < step.effect_count && !found; e++)
            if (step.effects[e].type == EFFECT_PROBE) {
                effect_copy(ret_probe, &step.effects[e]);
                found = true;
            }
    }
    step_release(&step);
    assert_true(found);
}

static void test_an_old_write_under_way_is_looked_for_after_the_upgrade(void **state)
{
    (void)state;
    const struct {
        uint8_t old;
        enum effect_type now;
    } types[] = {{OLD_REGISTER, EFFECT_REGISTER}, {OLD_STOP, EFFECT_STOP}, {OLD_PURGE, EFFECT_PURGE}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct buffer value = BUFFER_INIT;
        struct error error = {0};
        struct effect probe = {0};
        struct core *core = new_core();
        old_outbox(&value, types[i].old);
        if (!restore_outbox(core, value.data, value.length, &error))
            fail_msg("%s", error.text);
        find_probe(core, &probe);
        assert_int_equal(probe.probed_type, types[i].now);
        assert_int_equal(probe.probed_id, (UINT64_C(3) << 32) | 7);
        assert_string_equal(probe.region, "r");
        assert_string_equal(probe.wanted.job_namespace, "default");
        assert_string_equal(probe.wanted.id, "web");
        assert_int_equal(probe.wanted.revision, 11);
        assert_true(probe.wanted.shift);
        assert_int_equal(probe.wanted.group_count, 1);
        assert_string_equal(probe.wanted.groups[0].pool, "std");
        assert_int_equal(probe.wanted.groups[0].count, 4);
        assert_string_equal(probe.wanted.groups[0].pins[0].target, "${node.class}");
        assert_int_equal(probe.base_index, 31);
        effect_release(&probe);
        core_free(core);
        buffer_release(&value);
    }
}

/* What is new in version 2 asks nothing of accounts and nodes. */
static void test_an_upgraded_effect_is_about_no_account_and_no_node(void **state)
{
    (void)state;
    for (int type = 0; type < OLD_TYPES; type++) {
        struct buffer old = BUFFER_INIT, now = BUFFER_INIT, again = BUFFER_INIT;
        struct error error = {0};
        struct effect effect;
        static const struct uuid none;
        old_effect(&old, (uint8_t)type);
        effect_upgrade_from_1(old.data, old.length, &now);
        assert_true(effect_decode(now.data, now.length, &effect, &error));
        assert_int_equal(effect.type, type);
        assert_string_equal(effect.actor, "token:operator");
        assert_string_equal(effect.change.account, "");
        assert_string_equal(effect.change.pool, "");
        assert_string_equal(effect.change.token, "");
        assert_int_equal(effect.change.instance_count, 0);
        assert_true(uuid_equal(&effect.node.node, &none));
        assert_int_equal(effect.node.deadline_ms, 0);
        effect_encode(&effect, &again);
        assert_int_equal(again.length, now.length);
        assert_memory_equal(again.data, now.data, now.length);
        effect_release(&effect);
        buffer_release(&old);
        buffer_release(&now);
        buffer_release(&again);
    }
}

/* --- damage ------------------------------------------------------------------------------------------------------- */

typedef bool restore_value(struct core *core, const void *value, size_t length, struct error *ret_error);

static bool restore_first_price(struct core *core, const void *value, size_t length, struct error *ret_error)
{
    return restore_price(core, 1, value, length, ret_error);
}

static void assert_refused(restore_value *restore, const void *value, size_t length, const char *what, size_t at)
{
    struct core *core = new_core();
    struct error error = {0};
    if (restore(core, value, length, &error))
        fail_msg("%s at %zu: was taken in", what, at);
    assert_int_equal(error.code, ERROR_CORRUPT);
    assert_true(strlen(error.text) > 0);
    core_free(core);
}

/* The head's checksum is right: only the value is cut, or goes on. */
static void refuse_cut_and_longer(restore_value *restore, const struct buffer *value)
{
    for (size_t length = 0; length < value->length; length++)
        assert_refused(restore, value->data, length, "cut", length);
    struct buffer longer = BUFFER_INIT;
    buffer_append(&longer, value->data, value->length);
    for (size_t more = 1; more <= 100; more++) {
        buffer_append(&longer, "", 1);
        assert_refused(restore, longer.data, longer.length, "zeroes behind it", more);
    }
    buffer_release(&longer);
}

static void test_an_old_record_that_is_cut_or_goes_on_is_refused(void **state)
{
    (void)state;
    struct buffer price = BUFFER_INIT, outbox = BUFFER_INIT;
    old_price(&price, 100000);
    old_outbox(&outbox, OLD_STOP);
    refuse_cut_and_longer(restore_first_price, &price);
    refuse_cut_and_longer(restore_outbox, &outbox);
    buffer_release(&price);
    buffer_release(&outbox);
}

static void test_words_and_rates_that_no_version_wrote_are_refused(void **state)
{
    (void)state;
    struct buffer price = BUFFER_INIT, outbox = BUFFER_INIT;
    old_price(&price, 100000);
    price.data[0] = 4;
    assert_refused(restore_first_price, price.data, price.length, "market", 0);
    const int64_t rates[] = {12499, INT64_MAX, (INT64_C(1) << 44) + 1}; /* below 0 after its adjustment; too large */
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        buffer_clear(&price);
        old_price(&price, rates[i]);
        assert_refused(restore_first_price, price.data, price.length, "rate", i);
    }
    old_outbox(&outbox, EFFECT_TYPE_COUNT);
    assert_refused(restore_outbox, outbox.data, outbox.length, "type", 0);
    buffer_release(&price);
    buffer_release(&outbox);
}

/* Nomad takes nanoseconds: a deadline that would overflow is none. */
static void test_a_drain_deadline_out_of_bounds_is_refused(void **state)
{
    (void)state;
    static char region[] = "r";
    const struct {
        int64_t deadline_ms;
        bool good;
    } cases[] = {{0, true},
                 {600000, true},
                 {NODE_DEADLINE_MOST_MS, true},
                 {NODE_DEADLINE_MOST_MS + 1, false},
                 {-1, false},
                 {INT64_MAX, false},
                 {INT64_MIN, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct effect effect = {.type = EFFECT_DRAIN, .region = region, .node = {.deadline_ms = cases[i].deadline_ms}};
        struct effect read = {0};
        struct buffer value = BUFFER_INIT;
        struct error error = {0};
        effect_encode(&effect, &value);
        assert_int_equal(effect_decode(value.data, value.length, &read, &error), cases[i].good);
        effect_release(&read);
        buffer_release(&value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_old_price_is_known_so_that_the_same_one_is_no_new_version),
        cmocka_unit_test(test_an_old_write_under_way_is_looked_for_after_the_upgrade),
        cmocka_unit_test(test_an_upgraded_effect_is_about_no_account_and_no_node),
        cmocka_unit_test(test_an_old_record_that_is_cut_or_goes_on_is_refused),
        cmocka_unit_test(test_words_and_rates_that_no_version_wrote_are_refused),
        cmocka_unit_test(test_a_drain_deadline_out_of_bounds_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
