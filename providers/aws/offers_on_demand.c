/* On-demand prices from the price list: exactly one product must fit, and its one hourly price must make sense. */
#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/money.h"
#include "providers/aws/call.h"
#include "providers/aws/functions.h"
#include "providers/sdk/decimal.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/json.h"
#include "providers/sdk/pages.h"
#include "providers/sdk/time.h"

enum { PRODUCT_MAX = 256 * 1024 };

static bool read_dimension(const struct sdk_json_at *dimension, const char *currency, struct aws_price *price,
                           struct error *ret_error)
{
    const char *unit = NULL, *text = NULL;
    struct sdk_json_at per_unit;
    if (!sdk_json_text(dimension, "unit", &unit, ret_error) ||
        !sdk_json_object(dimension, "pricePerUnit", &per_unit, ret_error))
        return false;
    if (strcmp(unit, "Hrs") != 0)
        return sdk_json_refuse(dimension, "unit", ret_error, "\"Hrs\" is wanted");
    if (!sdk_json_text(&per_unit, currency, &text, ret_error))
        return false;
    if (!sdk_decimal_read(text, strlen(text), &price->price_micro_h, ret_error))
        return sdk_json_refuse(&per_unit, currency, ret_error, "this is no price");
    if (price->price_micro_h <= 0 || price->price_micro_h > MONEY_RATE_MAX_UUSD_H)
        return sdk_json_refuse(&per_unit, currency, ret_error, "the price is zero, negative or beyond belief");
    return true;
}

/* The one price dimension of the one offer of a product. */
static bool read_terms(const struct sdk_json_at *terms, const char *currency, struct aws_price *price,
                       struct error *ret_error)
{
    if (json_object_size(terms->value) != 1)
        return sdk_json_refuse(terms, "", ret_error, "exactly one on-demand offer is wanted");
    const char *offer_key = json_object_iter_key(json_object_iter(terms->value));
    struct sdk_json_at offer = sdk_json_member(terms, offer_key), dimensions;
    const char *effective = NULL;
    if (!sdk_json_object(&offer, "priceDimensions", &dimensions, ret_error) ||
        !sdk_json_text_or(&offer, "effectiveDate", "", &effective, ret_error))
        return false;
    if (json_object_size(dimensions.value) != 1)
        return sdk_json_refuse(&dimensions, "", ret_error, "exactly one price is wanted");
    struct error ignored;
    price->valid_from_us = PROVIDER_UNSET;
    if (!sdk_time_read_iso(effective, &price->valid_from_us, &ignored))
        price->valid_from_us = PROVIDER_UNSET;
    struct sdk_json_at dimension =
        sdk_json_member(&dimensions, json_object_iter_key(json_object_iter(dimensions.value)));
    return read_dimension(&dimension, currency, price, ret_error);
}

bool aws_price_read(const char *product, size_t length, const char *currency, struct aws_price *ret_price,
                    struct error *ret_error)
{
    struct sdk_json_at root = {0}, terms;
    if (!sdk_json_open(product, length, PRODUCT_MAX, &root, ret_error))
        return false;
    struct aws_price price = {.valid_from_us = PROVIDER_UNSET};
    const char *sku = NULL;
    bool good = sdk_json_text(&root, "product/sku", &sku, ret_error) &&
                sdk_json_object(&root, "terms/OnDemand", &terms, ret_error) &&
                read_terms(&terms, currency, &price, ret_error);
    if (good) {
        sdk_copy_text(price.sku, sizeof price.sku, sku);
        *ret_price = price;
    }
    sdk_json_close(&root);
    return good;
}

static void write_filter(struct json_writer *writer, const char *field, const char *value)
{
    json_writer_begin_object(writer);
    json_writer_field_text(writer, "Type", "TERM_MATCH");
    json_writer_field_text(writer, "Field", field);
    json_writer_field_text(writer, "Value", value);
    json_writer_end_object(writer);
}

/* The filters that leave one product: the plain machine with an operating system, by the hour. */
static void write_question(struct provider_account *account, const char *region, const char *type, const char *token,
                           struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "ServiceCode", "AmazonEC2");
    json_writer_field_text(&writer, "FormatVersion", "aws_v1");
    json_writer_field_i64(&writer, "MaxResults", 100);
    if (token)
        json_writer_field_text(&writer, "NextToken", token);
    json_writer_key(&writer, "Filters");
    json_writer_begin_array(&writer);
    write_filter(&writer, "instanceType", type);
    write_filter(&writer, "regionCode", region);
    write_filter(&writer, "operatingSystem", account->settings.operating_system);
    write_filter(&writer, "tenancy", "Shared");
    write_filter(&writer, "preInstalledSw", "NA");
    write_filter(&writer, "capacitystatus", "Used");
    write_filter(&writer, "licenseModel", "No License required");
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
}

static void say_unknown(struct provider_account *account, const char *region, const char *type, const char *why)
{
    sdk_log(account->services, PROVIDER_WARN, "%s in %s: its on-demand price is unknown: %s", type, region, why);
}

/* What was found while walking over the pages. */
struct finding {
    size_t products;
    bool readable;
    struct aws_price price;
    char why[200];
};

static void take_products(const struct sdk_json_at *list, const char *currency, struct finding *finding)
{
    for (size_t i = 0; i < sdk_json_count(list); i++) {
        struct sdk_json_at item = sdk_json_item(list, i);
        struct error reason;
        const char *text = json_string_value(item.value);
        if (finding->products++ > 0)
            continue;
        finding->readable =
            text ? aws_price_read(text, json_string_length(item.value), currency, &finding->price, &reason)
                 : error_set(&reason, ERROR_INVALID, "a product is no text");
        if (!finding->readable)
            snprintf(finding->why, sizeof finding->why, "%.190s", reason.text);
    }
}

static enum provider_status ask_page(struct provider_account *account, const char *region, const char *type,
                                     struct sdk_pages *pages, bool *ret_more, struct finding *finding,
                                     struct provider_error *error)
{
    struct aws_call call;
    aws_call_begin(&call, AWS_PRICING, aws_pricing_region(region), "GetProducts");
    write_question(account, region, type, pages->token && pages->token[0] ? pages->token : NULL, &call.body);
    struct sdk_json_at root = {0}, list;
    const char *token = NULL;
    struct error reason;
    enum provider_status status = aws_call_json(account, &call, &root, error);
    if (status == PROVIDER_OK) {
        bool good = sdk_json_list(&root, "PriceList", &list, &reason) &&
                    sdk_json_text_or(&root, "NextToken", "", &token, &reason) &&
                    sdk_pages_next(pages, token, ret_more, &reason);
        if (good)
            take_products(&list, aws_partition_of(region)->currency, finding);
        else
            status = sdk_fail(error, PROVIDER_RETRY, call.name, "%s: %s", call.name, reason.text);
        sdk_json_close(&root);
    }
    aws_call_end(&call);
    return status;
}

static enum provider_status emit_price(struct provider_account *account, const char *region, const char *type,
                                       const struct aws_price *price, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    struct provider_offer offer = {.region = region,
                                   .zone = "",
                                   .instance_type = type,
                                   .market = PROVIDER_ON_DEMAND,
                                   .currency = aws_partition_of(region)->currency,
                                   .price_micro_h = price->price_micro_h,
                                   .upfront_micro = PROVIDER_UNSET,
                                   .marginal_use_micro_h = PROVIDER_UNSET,
                                   .marginal_wake_micro_h = PROVIDER_UNSET,
                                   .observed_at_us = services->now(services->context),
                                   .valid_from_us = price->valid_from_us,
                                   .source = "aws:pricing",
                                   .note = ""};
    return services->emit_offer(services->context, &offer) ? PROVIDER_OK : aws_not_taken(error);
}

enum provider_status aws_offer_on_demand(struct provider_account *account, const char *region, const char *type,
                                         struct provider_error *error)
{
    struct finding finding = {0};
    struct sdk_pages pages;
    sdk_pages_init(&pages, 10);
    enum provider_status status = PROVIDER_OK;
    bool more = true;
    while (more && status == PROVIDER_OK)
        status = ask_page(account, region, type, &pages, &more, &finding, error);
    sdk_pages_release(&pages);
    if (status != PROVIDER_OK)
        return status;
    if (finding.products == 1 && finding.readable)
        return emit_price(account, region, type, &finding.price, error);
    if (finding.products == 0)
        say_unknown(account, region, type, "the price list has no such product");
    else if (finding.products > 1)
        say_unknown(account, region, type, "several products fit");
    else
        say_unknown(account, region, type, finding.why);
    return PROVIDER_OK;
}
