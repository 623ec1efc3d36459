/* pool "name" { select {} instance_type price {} }: which nodes it is made of and what one costs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "base/text.h"
#include "controller/agent/config_private.h"

#define KEY_COUNT(keys) (sizeof(keys) / sizeof(keys)[0])

/* A percentage is kept in millionths: money text has six decimals of a dollar, a percent is 10,000 millionths. */
enum { PERCENT_UUSD = 100 };

static const struct config_key pool_keys[] = {
    {"select", CONFIG_BLOCK, false},
    {"instance_type", CONFIG_ARGUMENT, false},
    {"price", CONFIG_BLOCK, false},
};
static const struct config_key price_keys[] = {
    {"usd_per_hour", CONFIG_ARGUMENT, false},
    {"market", CONFIG_ARGUMENT, false},
    {"marginal_usd_per_hour", CONFIG_ARGUMENT, false},
    {"adjustment", CONFIG_BLOCKS, true},
};
static const struct config_key adjustment_keys[] = {
    {"percent", CONFIG_ARGUMENT, false},
    {"usd_per_hour", CONFIG_ARGUMENT, false},
};

static bool selector_key_known(const char *key)
{
    return strcmp(key, "node_class") == 0 || strcmp(key, "node_pool") == 0 || strcmp(key, "datacenter") == 0 ||
           ((text_starts_with(key, "attr.") || text_starts_with(key, "meta.")) && key[5] != '\0');
}

static bool selector_refuse(const struct config_reading *reading, const struct hcl_argument *argument,
                            struct error *ret_error)
{
    static const char *const names[] = {"node_class", "node_pool", "datacenter"};
    const char *near = text_nearest(argument->name, names, 3);
    return hcl_fail(reading->document, argument->position, ERROR_INVALID, ret_error,
                    "nodes cannot be selected by \"%.64s\"%s%s%s; known are node_class, node_pool, datacenter, "
                    "attr.\"NAME\", meta.\"NAME\"",
                    argument->name, near != NULL ? ": did you mean \"" : "", near != NULL ? near : "",
                    near != NULL ? "\"?" : "");
}

/* Notes an attribute or meta key that nodes must be read one by one for. */
static void selector_note(struct config_region *region, const char *key)
{
    if (!text_starts_with(key, "attr.") && !text_starts_with(key, "meta.")) {
        return;
    }
    for (size_t i = 0; i < region->selected_count; i++) {
        if (strcmp(region->selected[i], key) == 0) {
            return;
        }
    }
    region->selected = memory_resize(region->selected, region->selected_count + 1, sizeof *region->selected);
    region->selected[region->selected_count++] = memory_copy_text(key, strlen(key));
}

static int selector_compare(const void *a, const void *b)
{
    return strcmp(((const struct selector *)a)->key, ((const struct selector *)b)->key);
}

static bool selectors_read(const struct config_reading *reading, const struct hcl_body *body,
                           struct config_region *region, struct pool_config *pool, struct error *ret_error)
{
    size_t capacity = 0;
    if (body->blocks != NULL) {
        return hcl_fail(reading->document, body->blocks->position, ERROR_INVALID, ret_error,
                        "select holds only lines as node_class = \"std\"");
    }
    for (const struct hcl_argument *at = body->arguments; at != NULL; at = at->next) {
        if (!selector_key_known(at->name)) {
            return selector_refuse(reading, at, ret_error);
        }
        if (at->value->kind != HCL_TEXT || at->value->text.length > FACT_TEXT_MAX || strlen(at->name) > FACT_TEXT_MAX) {
            return hcl_fail(reading->document, at->value->position, ERROR_INVALID, ret_error,
                            "%.64s must be text in quotes of at most %d bytes", at->name, FACT_TEXT_MAX);
        }
        if (pool->selector_count == SELECTORS_PER_POOL_MAX) {
            return hcl_fail(reading->document, at->position, ERROR_TOO_LARGE, ret_error,
                            "a pool has at most %d selectors", SELECTORS_PER_POOL_MAX);
        }
        pool->selectors = memory_grow(pool->selectors, pool->selector_count, &capacity, sizeof *pool->selectors);
        pool->selectors[pool->selector_count++] =
            (struct selector){.key = memory_copy_text(at->name, strlen(at->name)),
                              .value = memory_copy_text(at->value->text.bytes, at->value->text.length)};
        selector_note(region, at->name);
    }
    if (pool->selector_count > 1) {
        qsort(pool->selectors, pool->selector_count, sizeof *pool->selectors, selector_compare);
    }
    return true;
}

static bool selectors_equal(const struct pool_config *a, const struct pool_config *b)
{
    if (a->selector_count != b->selector_count) {
        return false;
    }
    for (size_t i = 0; i < a->selector_count; i++) {
        if (strcmp(a->selectors[i].key, b->selectors[i].key) != 0 ||
            strcmp(a->selectors[i].value, b->selectors[i].value) != 0) {
            return false;
        }
    }
    return true;
}

static bool adjustment_read(const struct config_reading *reading, const struct hcl_block *block, struct price *price,
                            struct error *ret_error)
{
    const struct hcl_body *body = &block->body;
    int64_t percent_uusd = 0, fixed_uusd_h = 0;
    const int64_t percent_most = INT64_C(10000) * MONEY_UUSD_PER_USD;
    if (!config_check_keys(reading, body, " in adjustment", adjustment_keys, KEY_COUNT(adjustment_keys), ret_error) ||
        !config_get_money(reading, body, "percent", true, percent_most, &percent_uusd, ret_error) ||
        !config_get_money(reading, body, "usd_per_hour", true, MONEY_RATE_MAX_UUSD_H, &fixed_uusd_h, ret_error)) {
        return false;
    }
    if ((percent_uusd != 0) == (fixed_uusd_h != 0)) {
        return hcl_fail(reading->document, block->position, ERROR_INVALID, ret_error,
                        "adjustment \"%.64s\" needs either percent or usd_per_hour, not 0", block->labels[0]);
    }
    if (percent_uusd % PERCENT_UUSD != 0) {
        return hcl_fail(reading->document, config_position(body, "percent"), ERROR_INVALID, ret_error,
                        "percent has at most four decimals");
    }
    if (price->adjustment_count == ADJUSTMENTS_MAX) {
        return hcl_fail(reading->document, block->position, ERROR_TOO_LARGE, ret_error,
                        "a price has at most %d adjustments", ADJUSTMENTS_MAX);
    }
    price->adjustments = memory_resize(price->adjustments, price->adjustment_count + 1, sizeof *price->adjustments);
    price->adjustments[price->adjustment_count++] =
        (struct price_adjustment){.name = memory_copy_text(block->labels[0], strlen(block->labels[0])),
                                  .percent_millionths = percent_uusd / PERCENT_UUSD,
                                  .fixed_uusd_h = fixed_uusd_h};
    return true;
}

static bool price_read_market(const struct config_reading *reading, const struct hcl_body *body, struct price *price,
                              struct error *ret_error)
{
    char *word = NULL;
    if (!config_get_text(reading, body, "market", REGION_NAME_MAX, &word, ret_error)) {
        return false;
    }
    bool known = word == NULL || market_parse(word, &price->market) ||
                 hcl_fail(reading->document, config_position(body, "market"), ERROR_INVALID, ret_error,
                          "market is \"%s\"; known are on-demand, spot, reserved, owned", word);
    free(word);
    return known;
}

/* Rates from the list price; marginal_uusd_h below 0 stands for "not given". */
static bool price_complete(const struct config_reading *reading, const struct hcl_body *body, struct price *price,
                           struct error *ret_error)
{
    struct error why;
    if (!price_effective(price->list_uusd_h, price->adjustments, price->adjustment_count, &price->effective_uusd_h,
                         &why)) {
        return hcl_fail(reading->document, body->position, why.code, ret_error, "%s", why.text);
    }
    if (price->marginal_uusd_h < 0) {
        bool sunk = price->market == MARKET_OWNED || price->market == MARKET_RESERVED;
        price->marginal_uusd_h = sunk ? 0 : price->effective_uusd_h;
    }
    return true;
}

static bool price_read(const struct config_reading *reading, const struct hcl_block *block, struct pool_config *pool,
                       struct error *ret_error)
{
    struct price *price = &pool->price;
    const struct hcl_body *body = &block->body;
    price->list_uusd_h = -1;
    price->marginal_uusd_h = -1;
    if (!config_check_keys(reading, body, " in price", price_keys, KEY_COUNT(price_keys), ret_error) ||
        !price_read_market(reading, body, price, ret_error) ||
        !config_get_money(reading, body, "usd_per_hour", false, MONEY_RATE_MAX_UUSD_H, &price->list_uusd_h,
                          ret_error) ||
        !config_get_money(reading, body, "marginal_usd_per_hour", false, MONEY_RATE_MAX_UUSD_H, &price->marginal_uusd_h,
                          ret_error)) {
        return false;
    }
    for (const struct hcl_block *at = hcl_next_block(body->blocks, "adjustment"); at != NULL;
         at = hcl_next_block(at->next, "adjustment")) {
        if (!adjustment_read(reading, at, price, ret_error)) {
            return false;
        }
    }
    if (price->list_uusd_h < 0) {
        return reading->config->catalogue_file != NULL ||
               hcl_fail(reading->document, block->position, ERROR_INVALID, ret_error,
                        "price needs usd_per_hour, or a catalogue { file = \"...\" } that prices the pool");
    }
    free(price->source);
    price->source = memory_copy_text("config", 6);
    pool->priced = true;
    return price_complete(reading, body, price, ret_error);
}

static bool pool_read(const struct config_reading *reading, const struct hcl_block *block, struct config_region *region,
                      struct pool_config *pool, struct error *ret_error)
{
    const struct hcl_body *body = &block->body;
    const struct hcl_block *select = hcl_find_block(body, "select");
    const struct hcl_block *price = hcl_find_block(body, "price");
    char where[2 * REGION_NAME_MAX + 64];
    snprintf(where, sizeof where, " in pool \"%s\" of region \"%s\"", pool->name, region->model.name);
    if (!config_check_keys(reading, body, where, pool_keys, KEY_COUNT(pool_keys), ret_error) ||
        !config_get_text(reading, body, "instance_type", REGION_NAME_MAX, &pool->instance_type, ret_error)) {
        return false;
    }
    if (pool->instance_type == NULL) {
        pool->instance_type = memory_copy_text("", 0);
    }
    if (select == NULL || select->body.arguments == NULL) {
        return hcl_fail(reading->document, select != NULL ? select->position : block->position, ERROR_INVALID,
                        ret_error, "pool \"%s\" needs select { node_class = \"...\" }: it would select no node",
                        pool->name);
    }
    return selectors_read(reading, &select->body, region, pool, ret_error) &&
           (price == NULL || price_read(reading, price, pool, ret_error));
}

static bool pool_check_unique(const struct config_reading *reading, const struct hcl_block *block,
                              const struct config_region *region, const struct pool_config *pool,
                              struct error *ret_error)
{
    for (const struct pool_config *at = region->model.pools; at != pool; at++) {
        if (selectors_equal(at, pool)) {
            return hcl_fail(
                reading->document, block->position, ERROR_INVALID, ret_error,
                "pools \"%s\" and \"%s\" of region \"%s\" select the same nodes; a node belongs to one pool", at->name,
                pool->name, region->model.name);
        }
    }
    return true;
}

bool config_read_pool(struct config_reading *reading, const struct hcl_block *block, struct config_region *region,
                      struct error *ret_error)
{
    const char *name = block->labels[0];
    if (!config_check_name(reading, block->position, "pool", name, REGION_NAME_MAX, ret_error)) {
        return false;
    }
    if (strcmp(name, POOL_OTHER) == 0) {
        return hcl_fail(reading->document, block->position, ERROR_INVALID, ret_error,
                        "pool \"%s\" is the name for the nodes that no pool selects; choose another", name);
    }
    if (region->model.pool_count == POOLS_PER_REGION_MAX) {
        return hcl_fail(reading->document, block->position, ERROR_TOO_LARGE, ret_error, "a region has at most %d pools",
                        POOLS_PER_REGION_MAX);
    }
    region->model.pools = memory_resize(region->model.pools, region->model.pool_count + 1, sizeof *region->model.pools);
    struct pool_config *pool = &region->model.pools[region->model.pool_count++];
    memset(pool, 0, sizeof *pool);
    pool->name = memory_copy_text(name, strlen(name));
    return pool_read(reading, block, region, pool, ret_error) &&
           pool_check_unique(reading, block, region, pool, ret_error);
}
