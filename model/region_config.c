#include "model/region_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"

static const char *const market_words[] = {"on-demand", "spot", "reserved", "owned"};

const char *market_word(enum market market)
{
    return market <= MARKET_OWNED ? market_words[market] : "?";
}

bool market_parse(const char *word, enum market *ret_market)
{
    for (int i = 0; i <= MARKET_OWNED; i++)
        if (strcmp(word, market_words[i]) == 0) {
            *ret_market = (enum market)i;
            return true;
        }
    return false;
}

static bool adjust(int64_t rate, const struct price_adjustment *by, int64_t *ret_rate)
{
    int64_t change = by->fixed_uusd_h;
    if (by->percent_millionths && !money_scale_up(by->percent_millionths, rate, 1000000, &change))
        return false;
    return money_add(&rate, change) && (*ret_rate = rate, true);
}

bool price_effective(int64_t list_uusd_h, const struct price_adjustment *adjustments, size_t count,
                     int64_t *ret_effective_uusd_h, struct error *ret_error)
{
    int64_t rate = list_uusd_h;
    for (size_t i = 0; i < count; i++)
        if (!adjust(rate, &adjustments[i], &rate))
            return error_set(ret_error, ERROR_OVERFLOW, "adjustment \"%s\" makes a price too large to count",
                             adjustments[i].name);
    if (rate < 0)
        return error_set(ret_error, ERROR_INVALID, "the adjustments make the price negative");
    if (rate > MONEY_RATE_MAX_UUSD_H)
        return error_set(ret_error, ERROR_INVALID, "the price is above what is believed of a machine");
    *ret_effective_uusd_h = rate;
    return true;
}

void price_release(struct price *price)
{
    free(price->source);
    for (size_t i = 0; i < price->adjustment_count; i++)
        free(price->adjustments[i].name);
    free(price->adjustments);
    *price = (struct price){0};
}

static char *copy_text(const char *text)
{
    return text ? memory_copy_text(text, strlen(text)) : NULL;
}

void price_copy(struct price *into, const struct price *from)
{
    *into = *from;
    into->source = copy_text(from->source);
    into->adjustments = memory_new(from->adjustment_count, sizeof *into->adjustments);
    for (size_t i = 0; i < from->adjustment_count; i++) {
        into->adjustments[i] = from->adjustments[i];
        into->adjustments[i].name = copy_text(from->adjustments[i].name);
    }
}

static void pool_release(struct pool_config *pool)
{
    for (size_t i = 0; i < pool->selector_count; i++) {
        free(pool->selectors[i].key);
        free(pool->selectors[i].value);
    }
    free(pool->selectors);
    free(pool->name);
    free(pool->instance_type);
    free(pool->provider_pool);
    price_release(&pool->price);
}

void region_config_release(struct region_config *region)
{
    for (size_t i = 0; i < region->label_count; i++) {
        free(region->labels[i].key);
        free(region->labels[i].value);
    }
    for (size_t i = 0; i < region->pool_count; i++)
        pool_release(&region->pools[i]);
    free(region->labels);
    free(region->pools);
    free(region->name);
    free(region->provider);
    *region = (struct region_config){0};
}

static void pool_copy(struct pool_config *into, const struct pool_config *from)
{
    *into = *from;
    into->name = copy_text(from->name);
    into->instance_type = copy_text(from->instance_type ? from->instance_type : "");
    into->provider_pool = copy_text(from->provider_pool ? from->provider_pool : "");
    into->selectors = memory_new(from->selector_count, sizeof *into->selectors);
    for (size_t i = 0; i < from->selector_count; i++) {
        into->selectors[i].key = copy_text(from->selectors[i].key);
        into->selectors[i].value = copy_text(from->selectors[i].value);
    }
    price_copy(&into->price, &from->price);
}

void region_config_copy(struct region_config *into, const struct region_config *from)
{
    *into = *from;
    into->name = copy_text(from->name);
    into->provider = copy_text(from->provider ? from->provider : "");
    into->labels = memory_new(from->label_count, sizeof *into->labels);
    for (size_t i = 0; i < from->label_count; i++) {
        into->labels[i].key = copy_text(from->labels[i].key);
        into->labels[i].value = copy_text(from->labels[i].value);
    }
    into->pools = memory_new(from->pool_count, sizeof *into->pools);
    for (size_t i = 0; i < from->pool_count; i++)
        pool_copy(&into->pools[i], &from->pools[i]);
}
