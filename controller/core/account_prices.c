/* Prices of linked pools from what their accounts offer, as far as they are believed (DESIGN section 8.6).
 *
 * A reading is held, and moves nothing, when it is zero, negative or absurd, when there is no rate for its currency, or
 * when it is far from the last price that was believed. The last believed price stays; a person confirms a held one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "controller/core/fleet_private.h"

/* How far a price may move in one reading: lists hardly ever change, spot prices do. */
enum { FAR_LIST = 2, FAR_SPOT = 4, MILLION = 1000000 };
/* A price that was read so long ago starts nothing; a fresh reading is its confirmation. */
enum { STALE_LIST_MS = 48 * 3600 * 1000, STALE_SPOT_MS = 6 * 3600 * 1000 };

/* --- the offer for a pool -------------------------------------------------------------------------------------------
 */

/* Offers of a region, or of one of its zones: the dearest of what the pool's machines may be is what is counted on. */
static const struct account_offer *offer_for(const struct account_facts *offers, const struct account_pool *pool)
{
    const struct account_offer *best = NULL;
    for (size_t i = 0; i < offers->offer_count; i++) {
        const struct account_offer *offer = &offers->offers[i];
        bool owned = offer->market == MARKET_OWNED;
        bool named =
            strcmp(offer->instance_type, pool->instance_type) == 0 ||
            (owned && (strcmp(offer->instance_type, pool->name) == 0 || strcmp(offer->instance_type, pool->id) == 0));
        if (offer->market != pool->market || offer->term_hours || !named || strcmp(offer->region, pool->region) != 0)
            continue;
        if (offer->zone[0] && pool->zone_count) {
            bool there = false;
            for (size_t z = 0; z < pool->zone_count; z++)
                there = there || strcmp(pool->zones[z], offer->zone) == 0;
            if (!there)
                continue;
        }
        if (!best || offer->price_micro_h > best->price_micro_h)
            best = offer;
    }
    return best;
}

static int64_t rate_of(const struct world *world, const char *currency)
{
    if (strcmp(currency, "USD") == 0)
        return MILLION;
    for (size_t i = 0; i < world->currency_count; i++)
        if (strcmp(world->currencies[i].currency, currency) == 0)
            return world->currencies[i].usd_per_unit_micro;
    return 0;
}

/* --- trust ----------------------------------------------------------------------------------------------------------
 */

struct reading {
    const struct account_offer *offer;
    int64_t rate_micro;                           /* dollars for a unit of its currency */
    int64_t list_uusd_h, use_uusd_h, wake_uusd_h; /* the last two ACCOUNT_UNSET where not offered */
};

static bool in_dollars(int64_t micro, int64_t rate, int64_t *ret_uusd_h)
{
    return money_scale_up(micro, rate, MILLION, ret_uusd_h) && *ret_uusd_h <= MONEY_RATE_MAX_UUSD_H;
}

static bool marginal_in_dollars(int64_t micro, int64_t rate, int64_t *ret_uusd_h)
{
    *ret_uusd_h = ACCOUNT_UNSET;
    return micro == ACCOUNT_UNSET || (micro >= 0 && in_dollars(micro, rate, ret_uusd_h));
}

/* Why a reading cannot be believed, whatever was before; false and *ret_reading filled when nothing speaks against it.
 */
static bool is_impossible(const struct world *world, const struct account_offer *offer, struct reading *ret_reading,
                          char *reason, size_t size)
{
    struct reading reading = {.offer = offer, .rate_micro = rate_of(world, offer->currency)};
    *ret_reading = reading;
    if (offer->price_micro_h <= 0)
        snprintf(reason, size, "it is %s", offer->price_micro_h == 0 ? "zero" : "negative");
    else if (!reading.rate_micro)
        snprintf(reason, size, "there is no rate for its currency, %.3s; add currency \"%.3s\" { usd = \"...\" }",
                 offer->currency, offer->currency);
    else if (!in_dollars(offer->price_micro_h, reading.rate_micro, &reading.list_uusd_h) ||
             !marginal_in_dollars(offer->marginal_use_micro_h, reading.rate_micro, &reading.use_uusd_h) ||
             !marginal_in_dollars(offer->marginal_wake_micro_h, reading.rate_micro, &reading.wake_uusd_h))
        snprintf(reason, size, "it is more than is believed of a machine, or negative");
    else {
        *ret_reading = reading;
        return false;
    }
    return true;
}

static bool is_far(const struct known_price *known, const struct reading *reading, char *reason, size_t size)
{
    char now[MONEY_TEXT_MAX];
    char before[MONEY_TEXT_MAX];
    int64_t far = reading->offer->market == MARKET_SPOT ? FAR_SPOT : FAR_LIST;
    int64_t list = reading->list_uusd_h;
    if (!known->from_account || known->list_uusd_h <= 0 || known->market != reading->offer->market ||
        strcmp(known->instance_type, reading->offer->instance_type) != 0)
        return false;
    if (list <= known->list_uusd_h * far && list * far >= known->list_uusd_h)
        return false;
    snprintf(reason, size, "it is %s $/h, far from the %s $/h before", money_format(list, now),
             money_format(known->list_uusd_h, before));
    return true;
}

static void hold(struct core *core, struct pool_link *link, const struct account_offer *offer, const char *reason)
{
    struct held_price held = {.held = true, .price_micro_h = offer->price_micro_h, .since_ms = core->world.now_ms};
    snprintf(held.currency, sizeof held.currency, "%.3s", offer->currency);
    snprintf(held.reason, sizeof held.reason, "%s", reason);
    bool same = link->held.held && link->held.price_micro_h == held.price_micro_h &&
                strcmp(link->held.currency, held.currency) == 0;
    if (same)
        held.since_ms = link->held.since_ms;
    link->held = held;
    core_changed(core);
}

/* --- taking it ------------------------------------------------------------------------------------------------------
 */

/* False when the adjustments make no price of it. */
static bool fill_price(const struct reading *reading, const struct pool_config *pool, struct price *price,
                       struct error *ret_error)
{
    const struct account_offer *offer = reading->offer;
    price->list_uusd_h = reading->list_uusd_h;
    price->market = offer->market;
    price->observed_at_ms = offer->observed_at_ms;
    price->valid_from_ms = offer->valid_from_ms == ACCOUNT_UNSET ? 0 : offer->valid_from_ms;
    price->usd_per_unit_micro = reading->rate_micro == MILLION ? 0 : reading->rate_micro;
    snprintf(price->currency, sizeof price->currency, "%.3s", strcmp(offer->currency, "USD") ? offer->currency : "");
    text_replace(&price->source, offer->source);
    if (!price_effective(price->list_uusd_h, pool->price.adjustments, pool->price.adjustment_count,
                         &price->effective_uusd_h, ret_error))
        return false;
    bool sunk = price->market == MARKET_OWNED || price->market == MARKET_RESERVED;
    price->marginal_uusd_h = reading->use_uusd_h != ACCOUNT_UNSET ? reading->use_uusd_h
                             : sunk                               ? 0
                                                                  : price->effective_uusd_h;
    price->wake_uusd_h = reading->wake_uusd_h != ACCOUNT_UNSET ? reading->wake_uusd_h : 0;
    return true;
}

static void believe(struct core *core, struct world_region *region, size_t p, const struct reading *reading)
{
    struct pool_config *pool = &region->config.pools[p];
    struct pool_link *link = &region->pools[p].link;
    struct known_price *known = price_known(core, region->config.name, pool->name);
    struct error error = {0};
    if (!fill_price(reading, pool, &pool->price, &error)) {
        hold(core, link, reading->offer, error.text);
        return;
    }
    pool->priced = true;
    link->held = (struct held_price){0};
    known->from_account = true;
    snprintf(known->instance_type, sizeof known->instance_type, "%s", reading->offer->instance_type);
    prices_record(core, region);
    core_changed(core);
}

/* The agent's own configuration prices it, not the account. */
static bool has_own_price(const struct pool_config *pool)
{
    return pool->priced && !pool->price_from_account;
}

static void take_offer(struct core *core, struct world_region *region, size_t p, const struct account_offer *offer,
                       bool confirmed)
{
    struct pool_config *pool = &region->config.pools[p];
    struct reading reading;
    char reason[sizeof region->pools[p].link.held.reason];
    if (is_impossible(&core->world, offer, &reading, reason, sizeof reason)) {
        hold(core, &region->pools[p].link, offer, reason);
        return;
    }
    struct known_price *known = price_known(core, region->config.name, pool->name);
    if (!confirmed && is_far(known, &reading, reason, sizeof reason)) {
        hold(core, &region->pools[p].link, offer, reason);
        return;
    }
    pool->price_from_account = true;
    believe(core, region, p, &reading);
}

/* After a start, until the account has been asked: the price that was believed last. */
static void recall(struct core *core, struct world_region *region, size_t p)
{
    struct pool_config *pool = &region->config.pools[p];
    struct known_price *known = price_known(core, region->config.name, pool->name);
    if (pool->priced || !known->from_account || known->list_uusd_h < 0)
        return;
    pool->priced = pool->price_from_account = true;
    pool->price.market = known->market;
    pool->price.list_uusd_h = known->list_uusd_h;
    pool->price.marginal_uusd_h = known->marginal_uusd_h;
    pool->price.observed_at_ms = known->observed_at_ms;
    text_replace(&pool->price.source, known->source);
    struct error ignored = {0};
    if (!price_effective(known->list_uusd_h, pool->price.adjustments, pool->price.adjustment_count,
                         &pool->price.effective_uusd_h, &ignored))
        pool->price.effective_uusd_h = known->effective_uusd_h;
}

static const struct account_offer *offer_of(const struct core *core, const struct world_region *region, size_t p)
{
    const struct account_pool *at = world_provider_pool(&core->world, region, p);
    uint32_t account = region->pools[p].link.account;
    const struct account_facts *offers = at ? core->world.accounts[account].facts[LOOK_OFFERS] : NULL;
    return offers ? offer_for(offers, at) : NULL;
}

void account_prices_take(struct core *core, struct world_region *region)
{
    for (size_t p = 0; p < region->config.pool_count; p++) {
        const struct pool_config *pool = &region->config.pools[p];
        if (has_own_price(pool) || !pool->provider_pool || !pool->provider_pool[0])
            continue;
        const struct account_offer *offer = offer_of(core, region, p);
        if (offer)
            take_offer(core, region, p, offer, false);
        else
            recall(core, region, p);
    }
}

bool account_price_is_stale(const struct world *world, const struct pool_config *pool)
{
    const struct price *price = &pool->price;
    int64_t most = price->market == MARKET_SPOT ? STALE_SPOT_MS : STALE_LIST_MS;
    return pool->priced && pool->price_from_account && world->now_ms - price->observed_at_ms > most;
}

void account_price_confirm(struct core *core, const char *region_name, const char *pool_name)
{
    struct world_region *region = world_find_region(&core->world, region_name);
    for (size_t p = 0; region && p < region->config.pool_count; p++) {
        if (strcmp(region->config.pools[p].name, pool_name) != 0)
            continue;
        struct held_price held = region->pools[p].link.held;
        const struct account_offer *offer = offer_of(core, region, p);
        char text[MONEY_TEXT_MAX + 8];
        char about[2 * REGION_NAME_MAX + 2];
        if (!held.held) {
            core_reply_error(core, ERROR_CONFLICT, "no price of pool %s/%s is held", region_name, pool_name);
            return;
        }
        if (!offer || offer->price_micro_h != held.price_micro_h) {
            core_reply_error(core, ERROR_CONFLICT, "the price has changed meanwhile; look at `drover pool list` again");
            return;
        }
        take_offer(core, region, p, offer, true);
        if (region->pools[p].link.held.held) {
            core_reply_error(core, ERROR_INVALID, "it cannot be a price: %s", region->pools[p].link.held.reason);
            return;
        }
        snprintf(about, sizeof about, "%s/%s", region_name, pool_name);
        money_format(held.price_micro_h, text);
        core_audit_act(core, "price confirm", held.reason, text);
        put_journal(core, "price confirm", about);
        core_reply(core);
        return;
    }
    core_reply_error(core, ERROR_NOT_FOUND, "there is no pool %s/%s; `drover pool list` shows those there are",
                     region_name, pool_name);
}
