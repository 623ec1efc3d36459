/* A price list as CSV (RFC 4180): region,instance_type,market,usd_per_hour[,valid_from], in the order its first line
 * says.
 * Read once, row by row; only what prices a pool is kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/memory.h"
#include "base/money.h"
#include "base/text.h"
#include "base/time.h"
#include "controller/agent/config.h"

enum { CATALOGUE_DATE_LENGTH = 10, CATALOGUE_MOMENT_MAX = 64 };

/* The columns' places in the file; valid_from -1 when it has none. */
struct catalogue {
    struct csv *csv;
    int region, type, market, price, valid_from;
};

/* A pool without a price of its own, and the best row so far. */
struct wanted {
    const char *region;
    struct pool_config *pool;
    bool found;
    int64_t list_uusd_h, valid_from_ms;
};

static bool header_read(struct catalogue *catalogue, struct error *ret_error)
{
    static const char *const names[] = {"region", "instance_type", "market", "usd_per_hour", "valid_from"};
    int places[5];
    for (size_t i = 0; i < 5; i++) {
        places[i] = csv_column(catalogue->csv, names[i]);
        if (places[i] < 0 && i < 4) {
            return csv_fail(catalogue->csv, -1, ERROR_INVALID, ret_error,
                            "the first line names no column %s; wanted are region,instance_type,market,usd_per_hour "
                            "and perhaps valid_from",
                            names[i]);
        }
    }
    for (size_t i = 0; i < csv_columns(catalogue->csv); i++) {
        const char *name = csv_column_name(catalogue->csv, i), *near = text_nearest(name, names, 5);
        bool known = false;
        for (size_t k = 0; k < 5; k++) {
            known = known || strcmp(names[k], name) == 0;
        }
        if (!known) {
            return csv_fail(catalogue->csv, (int)i, ERROR_INVALID, ret_error, "unknown column \"%.64s\"%s%s%s", name,
                            near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                            near != NULL ? "\"?" : "");
        }
    }
    catalogue->region = places[0];
    catalogue->type = places[1];
    catalogue->market = places[2];
    catalogue->price = places[3];
    catalogue->valid_from = places[4];
    return true;
}

static bool row_price(const struct catalogue *catalogue, int64_t *ret_uusd_h, struct error *ret_error)
{
    const char *text = csv_field(catalogue->csv, catalogue->price);
    struct error why;
    if (!money_parse(text, strlen(text), ret_uusd_h, &why)) {
        return csv_fail(catalogue->csv, catalogue->price, ERROR_INVALID, ret_error, "usd_per_hour: %s", why.text);
    }
    if (*ret_uusd_h < 0 || *ret_uusd_h > MONEY_RATE_MAX_UUSD_H) {
        return csv_fail(catalogue->csv, catalogue->price, ERROR_INVALID, ret_error, "usd_per_hour is %s",
                        *ret_uusd_h < 0 ? "negative" : "absurd; is the unit right?");
    }
    return true;
}

/* A day alone means its first moment in UTC. */
static bool row_valid_from(const struct catalogue *catalogue, int64_t *ret_ms, struct error *ret_error)
{
    const char *text = csv_field(catalogue->csv, catalogue->valid_from);
    char moment[CATALOGUE_MOMENT_MAX];
    struct error why;
    *ret_ms = 0;
    if (text[0] == '\0') {
        return true;
    }
    int length =
        snprintf(moment, sizeof moment, "%s%s", text, strlen(text) == CATALOGUE_DATE_LENGTH ? "T00:00:00Z" : "");
    if (length < (int)sizeof moment && time_parse(moment, (size_t)length, ret_ms, &why)) {
        return true;
    }
    return csv_fail(catalogue->csv, catalogue->valid_from, ERROR_INVALID, ret_error,
                    "valid_from wants a day as 2026-01-31 or a moment as 2026-01-31T12:00:00Z");
}

static int wanted_compare_key(const struct wanted *wanted, const char *region, const char *type, enum market market)
{
    int order = strcmp(wanted->region, region);
    order = order != 0 ? order : strcmp(wanted->pool->instance_type, type);
    return order != 0 ? order : (int)wanted->pool->price.market - (int)market;
}

static int wanted_compare(const void *a, const void *b)
{
    const struct wanted *y = b;
    return wanted_compare_key(a, y->region, y->pool->instance_type, y->pool->price.market);
}

/* The first of those that the row prices, or count. */
static size_t wanted_find(const struct wanted *wanted, size_t count, const char *region, const char *type,
                          enum market market)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (wanted_compare_key(&wanted[middle], region, type, market) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool row_offer(const struct catalogue *catalogue, struct wanted *wanted, int64_t list_uusd_h,
                      int64_t valid_from_ms, struct error *ret_error)
{
    if (wanted->found && wanted->valid_from_ms == valid_from_ms && wanted->list_uusd_h != list_uusd_h) {
        return csv_fail(catalogue->csv, catalogue->price, ERROR_CONFLICT, ret_error,
                        "an earlier row gives another price for the same region, type, market and date");
    }
    if (!wanted->found || valid_from_ms >= wanted->valid_from_ms) {
        wanted->found = true;
        wanted->list_uusd_h = list_uusd_h;
        wanted->valid_from_ms = valid_from_ms;
    }
    return true;
}

static bool row_apply(const struct catalogue *catalogue, struct wanted *wanted, size_t count, int64_t now_ms,
                      struct error *ret_error)
{
    int64_t list_uusd_h, valid_from_ms;
    enum market market;
    if (!market_parse(csv_field(catalogue->csv, catalogue->market), &market)) {
        return csv_fail(catalogue->csv, catalogue->market, ERROR_INVALID, ret_error,
                        "market is one of on-demand, spot, reserved, owned");
    }
    if (!row_price(catalogue, &list_uusd_h, ret_error) || !row_valid_from(catalogue, &valid_from_ms, ret_error)) {
        return false;
    }
    const char *region = csv_field(catalogue->csv, catalogue->region);
    const char *type = csv_field(catalogue->csv, catalogue->type);
    size_t at = wanted_find(wanted, count, region, type, market);
    for (; at < count && wanted_compare_key(&wanted[at], region, type, market) == 0; at++) {
        if (valid_from_ms <= now_ms && !row_offer(catalogue, &wanted[at], list_uusd_h, valid_from_ms, ret_error)) {
            return false;
        }
    }
    return true;
}

static size_t wanted_collect(struct config *config, struct wanted **ret_wanted)
{
    size_t count = 0, capacity = 0;
    struct wanted *wanted = NULL;
    for (size_t i = 0; i < config->region_count; i++) {
        struct region_config *region = &config->regions[i].model;
        for (size_t k = 0; k < region->pool_count; k++) {
            if (!region->pools[k].priced && region->pools[k].instance_type[0] != '\0') {
                wanted = memory_grow(wanted, count, &capacity, sizeof *wanted);
                wanted[count++] = (struct wanted){.region = region->name, .pool = &region->pools[k]};
            }
        }
    }
    if (count > 1) {
        qsort(wanted, count, sizeof *wanted, wanted_compare);
    }
    *ret_wanted = wanted;
    return count;
}

static bool wanted_settle(const char *name, struct wanted *wanted, struct error *ret_error)
{
    struct price *price = &wanted->pool->price;
    if (!wanted->found) {
        return true;
    }
    /* A pool without a price block never had a marginal rate; one with it keeps what it says, below 0 for none. */
    bool marginal_given = price->list_uusd_h < 0 && price->marginal_uusd_h >= 0;
    bool sunk = price->market == MARKET_OWNED || price->market == MARKET_RESERVED;
    price->list_uusd_h = wanted->list_uusd_h;
    price->valid_from_ms = wanted->valid_from_ms;
    if (!price_effective(price->list_uusd_h, price->adjustments, price->adjustment_count, &price->effective_uusd_h,
                         ret_error)) {
        return error_prefix(ret_error, "%s: pool \"%s\" of region \"%s\"", name, wanted->pool->name, wanted->region);
    }
    if (!marginal_given) {
        price->marginal_uusd_h = sunk ? 0 : price->effective_uusd_h;
    }
    free(price->source);
    price->source = memory_copy_text("catalogue", 9);
    wanted->pool->priced = true;
    return true;
}

static bool rows_read(struct catalogue *catalogue, struct wanted *wanted, size_t count, int64_t now_ms,
                      struct error *ret_error)
{
    enum csv_step step;
    while ((step = csv_next(catalogue->csv, ret_error)) == CSV_ROW) {
        if (!row_apply(catalogue, wanted, count, now_ms, ret_error)) {
            return false;
        }
    }
    return step == CSV_END;
}

bool config_apply_catalogue(struct config *config, const char *name, const char *bytes, size_t length, int64_t now_ms,
                            struct error *ret_error)
{
    struct catalogue catalogue = {.csv = csv_open(name, bytes, length, ret_error)};
    struct wanted *wanted;
    if (catalogue.csv == NULL) {
        return false;
    }
    size_t count = wanted_collect(config, &wanted);
    bool ok = header_read(&catalogue, ret_error) && rows_read(&catalogue, wanted, count, now_ms, ret_error);
    for (size_t i = 0; i < count && ok; i++) {
        ok = wanted_settle(name, &wanted[i], ret_error);
    }
    csv_free(catalogue.csv);
    free(wanted);
    return ok;
}
