/* Price records: every price a pool has had, never overwritten. A new version is written only when something about it
 * has changed since the last one, also across starts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/memory.h"
#include "controller/core/private.h"

/* Dollars for a dollar, in millionths. */
#define PRICE_RATE_ONE INT64_C(1000000)

struct known_price *price_known(struct core *core, const char *region, const char *pool)
{
    symbol in = intern_put(core->world.names, region);
    symbol name = intern_put(core->world.names, pool);
    for (size_t i = 0; i < core->price_count; i++)
        if (core->prices[i].region == in && core->prices[i].pool == name)
            return &core->prices[i];
    core->prices = memory_grow(core->prices, core->price_count, &core->price_capacity, sizeof *core->prices);
    core->prices[core->price_count] = (struct known_price){.region = in, .pool = name, .list_uusd_h = -1};
    return &core->prices[core->price_count++];
}

static void encode_adjustments(const struct price *price, struct buffer *out)
{
    codec_put_u32(out, (uint32_t)price->adjustment_count);
    for (size_t i = 0; i < price->adjustment_count; i++) {
        codec_put_text(out, price->adjustments[i].name);
        codec_put_i64(out, price->adjustments[i].percent_millionths);
        codec_put_i64(out, price->adjustments[i].fixed_uusd_h);
    }
}

static void put_price(struct core *core, const struct world_region *region, const struct pool_config *pool)
{
    const struct price *price = &pool->price;
    struct record_change *change = core_put(core, RECORD_PRICE);
    struct buffer *value = &change->value;
    record_key_text(&change->key, region->config.name);
    record_key_text(&change->key, pool->name);
    record_key_number(&change->key, core_next_id(core));
    codec_put_u8(value, (uint8_t)price->market);
    codec_put_i64(value, price->list_uusd_h);
    codec_put_i64(value, price->effective_uusd_h);
    codec_put_i64(value, price->marginal_uusd_h);
    codec_put_text(value, price->currency[0] ? price->currency : "USD");
    const struct known_price *known = price_known(core, region->config.name, pool->name);
    const char *type = pool->instance_type ? pool->instance_type : "";
    codec_put_text(value, pool->price_from_account ? known->instance_type : type);
    codec_put_text(value, price->source ? price->source : "");
    codec_put_i64(value, price->valid_from_ms);
    codec_put_i64(value, price->observed_at_ms);
    encode_adjustments(price, value);
    codec_put_i64(value, price->usd_per_unit_micro ? price->usd_per_unit_micro : PRICE_RATE_ONE);
    codec_put_flag(value, pool->price_from_account);
}

bool price_upgrade_from_1(const void *bytes, size_t length, struct buffer *out, struct error *ret_error)
{
    (void)ret_error; /* what is damaged is found when it is read */
    buffer_append(out, bytes, length);
    codec_put_i64(out, PRICE_RATE_ONE);
    codec_put_flag(out, false);
    return true;
}

void prices_record(struct core *core, const struct world_region *region)
{
    for (size_t i = 0; i < region->config.pool_count; i++) {
        const struct pool_config *pool = &region->config.pools[i];
        const struct price *price = &pool->price;
        if (!pool->priced)
            continue;
        struct known_price *known = price_known(core, region->config.name, pool->name);
        bool same = known->list_uusd_h == price->list_uusd_h && known->effective_uusd_h == price->effective_uusd_h &&
                    known->marginal_uusd_h == price->marginal_uusd_h && known->market == price->market;
        if (same)
            continue;
        known->list_uusd_h = price->list_uusd_h;
        known->effective_uusd_h = price->effective_uusd_h;
        known->marginal_uusd_h = price->marginal_uusd_h;
        known->market = price->market;
        known->observed_at_ms = price->observed_at_ms;
        snprintf(known->source, sizeof known->source, "%s", price->source ? price->source : "");
        put_price(core, region, pool);
    }
}

static void skip_adjustments(struct codec_reader *reader)
{
    uint32_t count = codec_get_count(reader, ADJUSTMENTS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        free(codec_get_text(reader));
        codec_get_i64(reader);
        codec_get_i64(reader);
    }
}

static void take_text(struct codec_reader *reader, char *into, size_t size)
{
    char *text = codec_get_text(reader);
    snprintf(into, size, "%s", text);
    free(text);
}

/* What a price can be at all (money.h), so that it can be multiplied with a few. */
static int64_t get_rate(struct codec_reader *reader)
{
    int64_t rate = codec_get_i64(reader);
    if (rate >= 0 && rate <= MONEY_RATE_MAX_UUSD_H)
        return rate;
    reader->failed = true;
    return 0;
}

/* Records come in the order of their versions, so the last one read stands. */
bool prices_restore(struct core *core, const char *region, const char *pool, struct codec_reader *reader)
{
    struct known_price read = {0};
    char currency[8];
    uint8_t market = codec_get_u8(reader);
    read.list_uusd_h = get_rate(reader);
    read.effective_uusd_h = get_rate(reader);
    read.marginal_uusd_h = get_rate(reader);
    take_text(reader, currency, sizeof currency);
    take_text(reader, read.instance_type, sizeof read.instance_type);
    take_text(reader, read.source, sizeof read.source);
    codec_get_i64(reader); /* valid from */
    read.observed_at_ms = codec_get_i64(reader);
    skip_adjustments(reader);
    codec_get_i64(reader); /* rate */
    read.from_account = codec_get_flag(reader);
    if (!codec_reader_done(reader) || market > MARKET_OWNED)
        return false;
    struct known_price *known = price_known(core, region, pool);
    read.region = known->region;
    read.pool = known->pool;
    read.market = (enum market)market;
    *known = read;
    return true;
}
