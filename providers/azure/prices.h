/* Retail prices: choosing, among rows that look alike, the one that is meant.
 *
 * Rows of the public list (prices.azure.com, API 2023-01-01-preview) share size and region while they are for Windows,
 * spot, low priority, developers, another meter region, the past or the future. What is left after all of that must be
 * one price: none is no offer (never zero), two are ambiguous and no offer either. */
#ifndef DROVER_PROVIDERS_AZURE_PRICES_H
#define DROVER_PROVIDERS_AZURE_PRICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "providers/sdk/json.h"

enum azure_price_kind {
    AZURE_PRICE_ON_DEMAND,
    AZURE_PRICE_SPOT,
    AZURE_PRICE_RESERVED_1,
    AZURE_PRICE_RESERVED_3,
    AZURE_PRICE_KINDS
};

/* The best row so far of one kind. */
struct azure_price {
    bool found;
    bool ambiguous;  /* a second row as good with another price */
    bool primary;    /* of the region's own meter */
    int64_t micro;   /* an hour; of a reservation the whole term */
    int64_t from_us; /* in force since */
};

struct azure_prices {
    const char *region, *size, *currency; /* what is looked for, borrowed */
    int64_t now_us;
    struct azure_price kinds[AZURE_PRICE_KINDS];
    size_t zeroes; /* rows without a price, which are never taken */
};

/* Weighs one row (an element of `Items`). ERROR_INVALID when it cannot be read. */
bool azure_prices_take(struct azure_prices *prices, const struct sdk_json_at *row, struct error *ret_error);

/* The price an hour in millionths: of reservations the term spread over its hours, rounded up. False when there is none
 * or it is ambiguous. */
bool azure_price_hourly(const struct azure_prices *prices, enum azure_price_kind kind, int64_t *ret_micro);

/* Hours of a reservation's term, 0 for the others. */
int64_t azure_price_hours(enum azure_price_kind kind);

#endif
