/* A price list as CSV (RFC 4180): region,instance_type,market,usd_per_hour[,valid_from], in the order its first line
 * says.
 *
 * It is read once, row by row; only what prices a pool is kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "base/text.h"
#include "base/time.h"
#include "base/utf8.h"
#include "controller/agent/config.h"

enum catalogue_column { COLUMN_REGION, COLUMN_TYPE, COLUMN_MARKET, COLUMN_PRICE, COLUMN_VALID_FROM, COLUMN_COUNT };
static const char *const column_names[COLUMN_COUNT] = {"region", "instance_type", "market", "usd_per_hour",
                                                       "valid_from"};

enum { CATALOGUE_FIELDS_MAX = 32, CATALOGUE_FIELD_MAX = 1024, CATALOGUE_DATE_LENGTH = 10 };

struct catalogue_field {
    char text[CATALOGUE_FIELD_MAX + 1];
    size_t length;
    unsigned column; /* where it begins, in bytes from 1 */
};

struct catalogue {
    const char *name;
    const char *at, *end;
    const char *line_start;
    unsigned line, next_line;
    struct catalogue_field *fields; /* CATALOGUE_FIELDS_MAX */
    size_t field_count;
    int places[COLUMN_COUNT]; /* of each column among the fields, -1: not there */
};

/* A pool without a price of its own, and the best row so far. */
struct wanted {
    const char *region;
    struct pool_config *pool;
    bool found;
    int64_t list_uusd_h, valid_from_ms;
};

static bool catalogue_fail(const struct catalogue *catalogue, unsigned column, struct error *ret_error,
                           const char *what, const char *detail)
{
    return error_set(ret_error, ERROR_INVALID, "%s:%u:%u: %s%s", catalogue->name, catalogue->line, column, what,
                     detail);
}

static bool field_append(const struct catalogue *catalogue, struct catalogue_field *field, char byte,
                         struct error *ret_error)
{
    if (field->length == CATALOGUE_FIELD_MAX) {
        return catalogue_fail(catalogue, field->column, ret_error, "a field longer than 1024 bytes", "");
    }
    field->text[field->length++] = byte;
    return true;
}

/* At the opening quote; a doubled quote inside stands for one. */
static bool field_read_quoted(struct catalogue *catalogue, struct catalogue_field *field, struct error *ret_error)
{
    catalogue->at++;
    while (catalogue->at < catalogue->end) {
        char byte = *catalogue->at++;
        if (byte == '"' && (catalogue->at == catalogue->end || *catalogue->at != '"')) {
            return true;
        }
        catalogue->at += byte == '"';
        catalogue->next_line += byte == '\n';
        if (!field_append(catalogue, field, byte, ret_error)) {
            return false;
        }
    }
    return catalogue_fail(catalogue, field->column, ret_error, "this quote is never closed", "");
}

static bool field_ends(const struct catalogue *catalogue)
{
    return catalogue->at == catalogue->end || *catalogue->at == ',' || *catalogue->at == '\n' ||
           (*catalogue->at == '\r' && (catalogue->at + 1 == catalogue->end || catalogue->at[1] == '\n'));
}

static bool field_read(struct catalogue *catalogue, struct error *ret_error)
{
    if (catalogue->field_count == CATALOGUE_FIELDS_MAX) {
        return catalogue_fail(catalogue, 1, ret_error, "a row of more than 32 fields", "");
    }
    struct catalogue_field *field = &catalogue->fields[catalogue->field_count++];
    field->length = 0;
    field->column = (unsigned)(catalogue->at - catalogue->line_start) + 1;
    if (catalogue->at < catalogue->end && *catalogue->at == '"') {
        if (!field_read_quoted(catalogue, field, ret_error)) {
            return false;
        }
        if (!field_ends(catalogue)) {
            return catalogue_fail(catalogue, field->column, ret_error, "something stands behind the closing quote", "");
        }
    }
    while (!field_ends(catalogue)) {
        if (!field_append(catalogue, field, *catalogue->at++, ret_error)) {
            return false;
        }
    }
    field->text[field->length] = '\0';
    return memchr(field->text, '\0', field->length) == NULL ||
           catalogue_fail(catalogue, field->column, ret_error, "a NUL byte", "");
}

/* The next row that is not empty; false at the end or on an error (then ret_error's code is set). */
static bool row_read(struct catalogue *catalogue, struct error *ret_error)
{
    ret_error->code = ERROR_NONE;
    while (catalogue->at < catalogue->end) {
        catalogue->line = catalogue->next_line++;
        catalogue->line_start = catalogue->at;
        catalogue->field_count = 0;
        for (;;) {
            if (!field_read(catalogue, ret_error)) {
                return false;
            }
            if (catalogue->at == catalogue->end || *catalogue->at != ',') {
                break;
            }
            catalogue->at++;
        }
        catalogue->at += catalogue->at < catalogue->end && *catalogue->at == '\r';
        catalogue->at += catalogue->at < catalogue->end && *catalogue->at == '\n';
        if (catalogue->field_count > 1 || catalogue->fields[0].length > 0) {
            return true;
        }
    }
    return false;
}

static bool header_place(struct catalogue *catalogue, size_t field, struct error *ret_error)
{
    const struct catalogue_field *at = &catalogue->fields[field];
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (strcmp(column_names[i], at->text) != 0) {
            continue;
        }
        if (catalogue->places[i] >= 0) {
            return catalogue_fail(catalogue, at->column, ret_error, "this column stands here twice: ", at->text);
        }
        catalogue->places[i] = (int)field;
        return true;
    }
    const char *near = text_nearest(at->text, column_names, COLUMN_COUNT);
    return catalogue_fail(catalogue, at->column, ret_error,
                          near != NULL ? "unknown column; did you mean "
                                       : "unknown column; known are region, instance_type, market, usd_per_hour, "
                                         "valid_from",
                          near != NULL ? near : "");
}

static bool header_read(struct catalogue *catalogue, struct error *ret_error)
{
    if (!row_read(catalogue, ret_error)) {
        catalogue->line = 1;
        return ret_error->code == ERROR_NONE
                   ? catalogue_fail(catalogue, 1, ret_error, "empty: the first line names the columns", "")
                   : false;
    }
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        catalogue->places[i] = -1;
    }
    for (size_t i = 0; i < catalogue->field_count; i++) {
        if (!header_place(catalogue, i, ret_error)) {
            return false;
        }
    }
    for (size_t i = 0; i < COLUMN_VALID_FROM; i++) {
        if (catalogue->places[i] < 0) {
            return catalogue_fail(catalogue, 1, ret_error, "the first line must name the column ", column_names[i]);
        }
    }
    return true;
}

static const struct catalogue_field *row_field(const struct catalogue *catalogue, enum catalogue_column column)
{
    return &catalogue->fields[catalogue->places[column]];
}

static bool row_price(const struct catalogue *catalogue, int64_t *ret_uusd_h, struct error *ret_error)
{
    const struct catalogue_field *field = row_field(catalogue, COLUMN_PRICE);
    struct error why;
    if (!money_parse(field->text, field->length, ret_uusd_h, &why)) {
        return catalogue_fail(catalogue, field->column, ret_error, "usd_per_hour: ", why.text);
    }
    if (*ret_uusd_h < 0) {
        return catalogue_fail(catalogue, field->column, ret_error, "usd_per_hour is negative", "");
    }
    return *ret_uusd_h <= MONEY_RATE_MAX_UUSD_H ||
           catalogue_fail(catalogue, field->column, ret_error, "usd_per_hour is absurd; is the unit right?", "");
}

/* A day alone means its first moment in UTC. */
static bool row_valid_from(const struct catalogue *catalogue, int64_t *ret_ms, struct error *ret_error)
{
    char moment[CATALOGUE_FIELD_MAX + sizeof "T00:00:00Z"];
    struct error why;
    *ret_ms = 0;
    if (catalogue->places[COLUMN_VALID_FROM] < 0) {
        return true;
    }
    const struct catalogue_field *field = row_field(catalogue, COLUMN_VALID_FROM);
    if (field->length == 0) {
        return true;
    }
    snprintf(moment, sizeof moment, "%s%s", field->text, field->length == CATALOGUE_DATE_LENGTH ? "T00:00:00Z" : "");
    return time_parse(moment, strlen(moment), ret_ms, &why) ||
           catalogue_fail(catalogue, field->column, ret_error,
                          "valid_from must be a day as 2026-01-31 or a moment as 2026-01-31T12:00:00Z", "");
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
        return catalogue_fail(catalogue, row_field(catalogue, COLUMN_PRICE)->column, ret_error,
                              "an earlier row gives another price for the same region, type, market and date", "");
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
    size_t needed = 0;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        needed = catalogue->places[i] >= (int)needed ? (size_t)catalogue->places[i] + 1 : needed;
    }
    if (catalogue->field_count < needed) {
        return catalogue_fail(catalogue, 1, ret_error, "this row has fewer fields than the first line", "");
    }
    const struct catalogue_field *market_field = row_field(catalogue, COLUMN_MARKET);
    if (!market_parse(market_field->text, &market)) {
        return catalogue_fail(catalogue, market_field->column, ret_error,
                              "market must be on-demand, spot, reserved or owned", "");
    }
    if (!row_price(catalogue, &list_uusd_h, ret_error) || !row_valid_from(catalogue, &valid_from_ms, ret_error)) {
        return false;
    }
    const char *region = row_field(catalogue, COLUMN_REGION)->text, *type = row_field(catalogue, COLUMN_TYPE)->text;
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

bool config_apply_catalogue(struct config *config, const char *name, const char *bytes, size_t length, int64_t now_ms,
                            struct error *ret_error)
{
    struct catalogue catalogue = {.name = name, .at = bytes, .end = bytes + length, .next_line = 1, .line = 1};
    struct wanted *wanted;
    struct error error;
    if (!utf8_valid(bytes, length)) {
        return catalogue_fail(&catalogue, 1, ret_error, "the file is not UTF-8 text", "");
    }
    size_t count = wanted_collect(config, &wanted);
    catalogue.fields = memory_new(CATALOGUE_FIELDS_MAX, sizeof *catalogue.fields);
    bool ok = header_read(&catalogue, &error);
    while (ok && row_read(&catalogue, &error)) {
        ok = row_apply(&catalogue, wanted, count, now_ms, &error);
    }
    ok = ok && error.code == ERROR_NONE;
    for (size_t i = 0; i < count && ok; i++) {
        ok = wanted_settle(name, &wanted[i], &error);
    }
    free(catalogue.fields);
    free(wanted);
    if (!ok) {
        *ret_error = error;
    }
    return ok;
}
