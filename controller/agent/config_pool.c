/* pool "name" { select {} instance_type provider_pool price {} grow {} shrink {} }: which nodes it is made of, what one
 * costs, how far it may grow and shrink. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "base/text.h"
#include "controller/agent/config_private.h"

/* A percentage is read as money is, with six decimals, and kept in millionths of the price: one hundred to one. */
enum { PERCENT_STEP = 100, GROW_NODES_MAX = 100000, NODES_AN_HOUR_MAX = 1000 };
#define DAY_MS INT64_C(86400000)
#define PERCENT_MAX (INT64_C(10000) * MONEY_UUSD_PER_USD)

/* Notes an attribute or meta key that nodes must be read one by one for. */
static void selector_note(struct config_region *region, const char *key)
{
    for (size_t i = 0; i < region->selected_count; i++) {
        if (strcmp(region->selected[i], key) == 0) {
            return;
        }
    }
    region->selected = memory_resize(region->selected, region->selected_count + 1, sizeof *region->selected);
    region->selected[region->selected_count++] = memory_copy_text(key, strlen(key));
}

static void selector_add(struct hcl_reader *reader, struct pool_config *pool, const char *key, const char *value,
                         struct hcl_position position)
{
    if (strlen(key) > FACT_TEXT_MAX || strlen(value) > FACT_TEXT_MAX) {
        hcl_reader_fail(reader, position, "a selector has at most %d bytes", FACT_TEXT_MAX);
    } else if (pool->selector_count == SELECTORS_PER_POOL_MAX) {
        hcl_reader_fail(reader, position, "a pool has at most %d selectors", SELECTORS_PER_POOL_MAX);
    } else {
        pool->selectors = memory_resize(pool->selectors, pool->selector_count + 1, sizeof *pool->selectors);
        pool->selectors[pool->selector_count++] = (struct selector){.key = memory_copy_text(key, strlen(key)),
                                                                    .value = memory_copy_text(value, strlen(value))};
    }
}

static int selector_compare(const void *a, const void *b)
{
    return strcmp(((const struct selector *)a)->key, ((const struct selector *)b)->key);
}

static void selectors_read(struct hcl_reader *outer, const struct hcl_block *block, struct config_region *region,
                           struct pool_config *pool)
{
    static const char *const plain[] = {"node_class", "node_pool", "datacenter"};
    static const char *const dotted[] = {"attr", "meta"};
    struct hcl_reader reader = hcl_reader_enter(outer, block);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        const char *value = hcl_read_text(&reader, plain[i], NULL);
        if (value != NULL) {
            selector_add(&reader, pool, plain[i], value, hcl_reader_position(&reader, plain[i]));
        }
    }
    for (size_t i = 0; i < sizeof dotted / sizeof dotted[0]; i++) {
        for (const struct hcl_argument *at = NULL; (at = hcl_read_next_dotted(&reader, dotted[i], at)) != NULL;) {
            selector_add(&reader, pool, at->name, hcl_reader_text_of(&reader, at), at->position);
            selector_note(region, at->name);
        }
    }
    if (pool->selector_count > 1) {
        qsort(pool->selectors, pool->selector_count, sizeof *pool->selectors, selector_compare);
    }
    hcl_reader_end(&reader);
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

static void adjustment_read(struct hcl_reader *outer, const struct hcl_block *block, struct price *price)
{
    struct hcl_reader reader = hcl_reader_enter(outer, block);
    int64_t percent = config_take_money(&reader, "percent", 0, -PERCENT_MAX, PERCENT_MAX);
    int64_t fixed_uusd_h = config_take_money(&reader, "usd_per_hour", 0, -MONEY_RATE_MAX_UUSD_H, MONEY_RATE_MAX_UUSD_H);
    if (!hcl_reader_end(&reader)) {
        return;
    }
    if ((percent != 0) == (fixed_uusd_h != 0)) {
        hcl_reader_fail(&reader, block->position, "an adjustment needs either percent or usd_per_hour, other than 0");
    } else if (percent % PERCENT_STEP != 0) {
        hcl_reader_fail(&reader, hcl_reader_position(&reader, "percent"), "\"percent\" has at most four decimals");
    } else if (price->adjustment_count == ADJUSTMENTS_MAX) {
        hcl_reader_fail(&reader, block->position, "a price has at most %d adjustments", ADJUSTMENTS_MAX);
    } else {
        price->adjustments = memory_resize(price->adjustments, price->adjustment_count + 1, sizeof *price->adjustments);
        price->adjustments[price->adjustment_count++] =
            (struct price_adjustment){.name = memory_copy_text(block->labels[0], strlen(block->labels[0])),
                                      .percent_millionths = percent / PERCENT_STEP,
                                      .fixed_uusd_h = fixed_uusd_h};
    }
}

/* What follows from the list price; a marginal rate below 0 stands for "not given". */
static void price_complete(struct hcl_reader *reader, struct price *price)
{
    struct error why;
    if (!price_effective(price->list_uusd_h, price->adjustments, price->adjustment_count, &price->effective_uusd_h,
                         &why)) {
        hcl_reader_fail(reader, reader->block->position, "%s", why.text);
    }
    if (price->marginal_uusd_h < 0) {
        bool sunk = price->market == MARKET_OWNED || price->market == MARKET_RESERVED;
        price->marginal_uusd_h = sunk ? 0 : price->effective_uusd_h;
    }
}

static void price_read(const struct config_reading *reading, struct hcl_reader *outer, const struct hcl_block *block,
                       struct pool_config *pool)
{
    static const char *const markets[] = {"on-demand", "spot", "reserved", "owned"};
    struct hcl_reader reader = hcl_reader_enter(outer, block);
    struct price *price = &pool->price;
    price->market =
        (enum market)hcl_read_choice(&reader, "market", markets, sizeof markets / sizeof markets[0], MARKET_ON_DEMAND);
    price->list_uusd_h = config_take_money(&reader, "usd_per_hour", -1, 0, MONEY_RATE_MAX_UUSD_H);
    price->marginal_uusd_h = config_take_money(&reader, "marginal_usd_per_hour", -1, 0, MONEY_RATE_MAX_UUSD_H);
    for (const struct hcl_block *at = NULL; (at = hcl_read_next_block(&reader, "adjustment", 1, at)) != NULL;) {
        adjustment_read(&reader, at, price);
    }
    if (!hcl_reader_end(&reader)) {
        return;
    }
    if (price->list_uusd_h >= 0) {
        price->source = memory_copy_text("config", strlen("config"));
        pool->priced = true;
        price_complete(&reader, price);
    } else if (reading->config->catalogue_file == NULL && pool->provider_pool[0] == '\0') {
        hcl_reader_fail(
            &reader, block->position,
            "a price needs usd_per_hour, or a catalogue { file = \"...\" } or a provider_pool that prices the pool");
    }
}

/* grow { max_nodes cpu_mhz memory_mb disk_mb }: the pool may be given more nodes, of that size. */
static void growth_read(struct hcl_reader *outer, const struct hcl_block *block, struct pool_config *pool)
{
    static const char *const sizes[RESOURCE_COUNT] = {"cpu_mhz", "memory_mb", "disk_mb"};
    struct hcl_reader reader = hcl_reader_enter(outer, block);
    pool->grow_to = hcl_read_i64(&reader, "max_nodes", 0, 1, GROW_NODES_MAX);
    pool->join_within_ms = hcl_read_duration(&reader, "join_within", JOIN_WITHIN_MS, 1000, DAY_MS);
    for (int k = 0; k < RESOURCE_COUNT; k++) {
        pool->machine.amount[k] = hcl_read_i64(&reader, sizes[k], 0, 1, RESOURCE_AMOUNT_MAX);
    }
    bool some = pool->machine.amount[RESOURCE_CPU_MHZ] || pool->machine.amount[RESOURCE_MEMORY_MB] ||
                pool->machine.amount[RESOURCE_DISK_MB];
    bool whole = pool->machine.amount[RESOURCE_CPU_MHZ] && pool->machine.amount[RESOURCE_MEMORY_MB] &&
                 pool->machine.amount[RESOURCE_DISK_MB];
    if (!hcl_reader_end(&reader)) {
        return;
    }
    if (pool->grow_to == 0) {
        hcl_reader_fail(&reader, block->position, "grow needs max_nodes, the most nodes the pool may come to have");
    } else if (some && !whole) {
        hcl_reader_fail(&reader, block->position,
                        "grow needs all of cpu_mhz, memory_mb and disk_mb, or none: then a new node is taken to be "
                        "like the pool's smallest ready one");
    }
}

/* shrink { min_nodes idle_after drain_deadline max_nodes_an_hour }: idle nodes may be given back. */
static void shrink_read(struct hcl_reader *outer, const struct hcl_block *block, struct pool_config *pool)
{
    struct hcl_reader reader = hcl_reader_enter(outer, block);
    pool->shrinks = true;
    pool->min_nodes = hcl_read_i64(&reader, "min_nodes", 0, 0, GROW_NODES_MAX);
    pool->idle_after_ms = hcl_read_duration(&reader, "idle_after", IDLE_AFTER_MS, 1000, 365 * DAY_MS);
    pool->drain_deadline_ms = hcl_read_duration(&reader, "drain_deadline", DRAIN_DEADLINE_MS, 1000, DAY_MS);
    pool->nodes_an_hour = hcl_read_i64(&reader, "max_nodes_an_hour", NODES_AN_HOUR, 1, NODES_AN_HOUR_MAX);
    if (hcl_reader_end(&reader) && pool->provider_pool[0] == '\0') {
        hcl_reader_fail(&reader, block->position,
                        "shrink needs a provider_pool: whose machines are given back, and to which account?");
    }
}

/* The pool that is being read, the last of the last region, names a provider_pool. */
static void link_note(struct config_reading *reading, const struct hcl_reader *reader,
                      const struct config_region *region)
{
    reading->links = memory_grow(reading->links, reading->link_count, &reading->link_capacity, sizeof *reading->links);
    reading->links[reading->link_count++] =
        (struct config_link){.region = reading->config->region_count - 1,
                             .pool = region->model.pool_count - 1,
                             .position = hcl_reader_position(reader, "provider_pool")};
}

static void pool_read(struct config_reading *reading, struct hcl_reader *reader, struct config_region *region,
                      struct pool_config *pool)
{
    const struct hcl_block *select = hcl_read_block(reader, "select");
    const struct hcl_block *price = hcl_read_block(reader, "price");
    const struct hcl_block *grow = hcl_read_block(reader, "grow");
    const struct hcl_block *shrink = hcl_read_block(reader, "shrink");
    pool->provider_pool = config_take_text(reader, "provider_pool", REGION_NAME_MAX * 2);
    if (pool->provider_pool == NULL) {
        pool->provider_pool = memory_copy_text("", 0);
    } else {
        link_note(reading, reader, region);
    }
    pool->instance_type = config_take_text(reader, "instance_type", REGION_NAME_MAX);
    if (pool->instance_type == NULL) {
        pool->instance_type = memory_copy_text("", 0);
    }
    if (select != NULL) {
        selectors_read(reader, select, region, pool);
    }
    if (pool->selector_count == 0) {
        hcl_reader_fail(reader, select != NULL ? select->position : reader->block->position,
                        "pool \"%s\" selects no node; add select { node_class = \"...\" }", pool->name);
    }
    if (price != NULL) {
        price_read(reading, reader, price, pool);
    }
    if (grow != NULL) {
        growth_read(reader, grow, pool);
    }
    if (shrink != NULL) {
        shrink_read(reader, shrink, pool);
    }
    for (const struct pool_config *at = region->model.pools; at != pool; at++) {
        if (selectors_equal(at, pool)) {
            hcl_reader_fail(reader, reader->block->position,
                            "pools \"%s\" and \"%s\" select the same nodes; a node belongs to one pool", at->name,
                            pool->name);
        }
    }
}

bool config_read_pool(struct config_reading *reading, struct hcl_reader *outer, const struct hcl_block *block,
                      struct config_region *region)
{
    struct hcl_reader reader = hcl_reader_enter(outer, block);
    const char *name = block->labels[0];
    if (!config_check_name(&reader, block, REGION_NAME_MAX)) {
        return false;
    }
    if (strcmp(name, POOL_OTHER) == 0) {
        return hcl_reader_fail(&reader, block->position,
                               "\"%s\" is the name for the nodes that no pool selects; choose another", name);
    }
    if (region->model.pool_count == POOLS_PER_REGION_MAX) {
        return hcl_reader_fail(&reader, block->position, "a region has at most %d pools", POOLS_PER_REGION_MAX);
    }
    region->model.pools = memory_resize(region->model.pools, region->model.pool_count + 1, sizeof *region->model.pools);
    struct pool_config *pool = &region->model.pools[region->model.pool_count++];
    memset(pool, 0, sizeof *pool);
    pool->name = memory_copy_text(name, strlen(name));
    pool_read(reading, &reader, region, pool);
    return hcl_reader_end(&reader);
}
