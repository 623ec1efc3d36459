/* Price records: every price a pool has had, never overwritten. A new version is written only when something about it
 * has changed since the last one, also across starts. */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/memory.h"
#include "controller/core/private.h"

static struct known_price *price_known(struct core *core, const char *region, const char *pool)
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
    codec_put_text(value, "USD");
    codec_put_text(value, pool->instance_type ? pool->instance_type : "");
    codec_put_text(value, price->source ? price->source : "");
    codec_put_i64(value, price->valid_from_ms);
    codec_put_i64(value, price->observed_at_ms);
    encode_adjustments(price, value);
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
        put_price(core, region, pool);
    }
}

/* Records come in the order of their versions, so the last one read stands. */
bool prices_restore(struct core *core, const char *region, const char *pool, struct codec_reader *reader)
{
    uint8_t market = codec_get_u8(reader);
    int64_t list = codec_get_i64(reader);
    int64_t effective = codec_get_i64(reader);
    int64_t marginal = codec_get_i64(reader);
    if (reader->failed || market > MARKET_OWNED)
        return false;
    struct known_price *known = price_known(core, region, pool);
    known->market = (enum market)market;
    known->list_uusd_h = list;
    known->effective_uusd_h = effective;
    known->marginal_uusd_h = marginal;
    return true;
}
