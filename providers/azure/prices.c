/* Choosing rows of the price list; see prices.h. */
#include "providers/azure/prices.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "providers/sdk/time.h"

enum { YEAR_HOURS = 8760, YEARS_3_HOURS = 26280 };

struct row {
    const char *currency, *size, *region, *service, *unit, *type, *term, *product, *sku, *meter, *from;
    int64_t tier_micro, price_micro, from_us;
    bool primary;
};

static bool read_row(const struct sdk_json_at *at, struct row *row, struct error *ret_error)
{
    return sdk_json_text(at, "currencyCode", &row->currency, ret_error) &&
           sdk_json_text_or(at, "armSkuName", "", &row->size, ret_error) &&
           sdk_json_text_or(at, "armRegionName", "", &row->region, ret_error) &&
           sdk_json_text_or(at, "serviceName", "", &row->service, ret_error) &&
           sdk_json_text_or(at, "unitOfMeasure", "", &row->unit, ret_error) &&
           sdk_json_text(at, "type", &row->type, ret_error) &&
           sdk_json_text_or(at, "reservationTerm", "", &row->term, ret_error) &&
           sdk_json_text_or(at, "productName", "", &row->product, ret_error) &&
           sdk_json_text_or(at, "skuName", "", &row->sku, ret_error) &&
           sdk_json_text_or(at, "meterName", "", &row->meter, ret_error) &&
           sdk_json_micro_or(at, "tierMinimumUnits", 0, &row->tier_micro, ret_error) &&
           sdk_json_micro(at, "retailPrice", &row->price_micro, ret_error) &&
           sdk_json_flag_or(at, "isPrimaryMeterRegion", true, &row->primary, ret_error) &&
           sdk_json_text(at, "effectiveStartDate", &row->from, ret_error) &&
           sdk_time_read_iso(row->from, &row->from_us, ret_error);
}

/* Whether the row is about a Linux machine of that size and place at all, in force now. */
static bool fits(const struct azure_prices *prices, const struct row *row)
{
    return strcmp(row->currency, prices->currency) == 0 && strcmp(row->size, prices->size) == 0 &&
           strcmp(row->region, prices->region) == 0 && strcmp(row->service, "Virtual Machines") == 0 &&
           strcmp(row->unit, "1 Hour") == 0 && row->tier_micro == 0 && row->from_us <= prices->now_us &&
           !strstr(row->product, "Windows") && !strstr(row->product, "CloudServices") &&
           !strstr(row->product, "Cloud Services");
}

/* What the row is a price of; false for kinds that are not offered. */
static bool kind_of(const struct row *row, enum azure_price_kind *ret_kind)
{
    bool spot = text_ends_with(row->sku, " Spot") || text_ends_with(row->meter, " Spot");
    bool low = text_ends_with(row->sku, " Low Priority") || text_ends_with(row->meter, " Low Priority");
    if (strcmp(row->type, "Reservation") == 0 && !spot && !low) {
        *ret_kind = strcmp(row->term, "1 Year") == 0 ? AZURE_PRICE_RESERVED_1 : AZURE_PRICE_RESERVED_3;
        return strcmp(row->term, "1 Year") == 0 || strcmp(row->term, "3 Years") == 0;
    }
    *ret_kind = spot ? AZURE_PRICE_SPOT : AZURE_PRICE_ON_DEMAND;
    return strcmp(row->type, "Consumption") == 0 && !low;
}

/* The region's own meter before another's, then the newer. */
static int compare(const struct azure_price *held, const struct row *row)
{
    if (held->primary != row->primary)
        return row->primary ? 1 : -1;
    if (held->from_us != row->from_us)
        return row->from_us > held->from_us ? 1 : -1;
    return 0;
}

bool azure_prices_take(struct azure_prices *prices, const struct sdk_json_at *at, struct error *ret_error)
{
    struct row row;
    enum azure_price_kind kind = AZURE_PRICE_ON_DEMAND;
    if (!read_row(at, &row, ret_error))
        return false;
    if (!fits(prices, &row) || !kind_of(&row, &kind))
        return true;
    if (row.price_micro <= 0) {
        prices->zeroes++;
        return true;
    }
    struct azure_price *held = &prices->kinds[kind];
    int order = held->found ? compare(held, &row) : 1;
    if (order > 0)
        *held = (struct azure_price){true, false, row.primary, row.price_micro, row.from_us};
    else if (order == 0 && held->micro != row.price_micro)
        held->ambiguous = true;
    return true;
}

int64_t azure_price_hours(enum azure_price_kind kind)
{
    return kind == AZURE_PRICE_RESERVED_1 ? YEAR_HOURS : kind == AZURE_PRICE_RESERVED_3 ? YEARS_3_HOURS : 0;
}

bool azure_price_hourly(const struct azure_prices *prices, enum azure_price_kind kind, int64_t *ret_micro)
{
    const struct azure_price *price = &prices->kinds[kind];
    int64_t hours = azure_price_hours(kind);
    if (!price->found || price->ambiguous)
        return false;
    *ret_micro = hours == 0 ? price->micro : price->micro / hours + (price->micro % hours != 0);
    return true;
}
