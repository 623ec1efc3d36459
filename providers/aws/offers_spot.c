/* Spot prices: the one in force for each type and zone. EC2's history lists changes, so the newest of each is it. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "providers/aws/call.h"
#include "providers/aws/functions.h"
#include "providers/sdk/decimal.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/time.h"

/* EC2 takes up to 200 values a filter; one answer stays small. A filter leaves out a type that EC2 does not know, where
 * a list of types would fail as a whole. */
enum { TYPES_A_CALL = 100 };

struct row {
    char *type, *zone;
    int64_t at_us, price_micro_h;
};

struct walk {
    struct provider_account *account;
    const char *region, *product;
    struct row *rows;
    size_t count, capacity;
};

/* What the price list calls Linux, the spot history calls Linux/UNIX. */
static const char *product_of(const char *operating_system)
{
    if (strcmp(operating_system, "RHEL") == 0)
        return "Red Hat Enterprise Linux";
    if (strcmp(operating_system, "SUSE") == 0)
        return "SUSE Linux";
    return strcmp(operating_system, "Windows") == 0 ? "Windows" : "Linux/UNIX";
}

/* "Linux/UNIX (Amazon VPC)" is the same product. */
static bool is_product(const char *said, const char *wanted)
{
    size_t length = strlen(wanted);
    return strncmp(said, wanted, length) == 0 && (!said[length] || strcmp(said + length, " (Amazon VPC)") == 0);
}

static void add_row(struct walk *walk, const char *type, const char *zone, int64_t at_us, int64_t price_micro_h)
{
    walk->rows = memory_grow(walk->rows, walk->count, &walk->capacity, sizeof *walk->rows);
    walk->rows[walk->count++] =
        (struct row){memory_copy_text(type, strlen(type)), memory_copy_text(zone, strlen(zone)), at_us, price_micro_h};
}

static enum provider_status take_page(void *context, struct sdk_xml **xml, struct provider_error *error)
{
    struct walk *walk = context;
    (void)error;
    for (const struct sdk_xml_node *item = sdk_xml_find(sdk_xml_root(*xml), "spotPriceHistorySet/item"); item;
         item = sdk_xml_next(item)) {
        const char *type = sdk_xml_text(item, "instanceType", ""), *zone = sdk_xml_text(item, "availabilityZone", "");
        const char *price = sdk_xml_text(item, "spotPrice", "");
        int64_t at_us = 0, micro = 0;
        struct error reason;
        if (!is_product(sdk_xml_text(item, "productDescription", ""), walk->product))
            continue;
        if (!type[0] || !zone[0] || !sdk_decimal_read(price, strlen(price), &micro, &reason) || micro <= 0 ||
            micro > MONEY_RATE_MAX_UUSD_H || !sdk_time_read_iso(sdk_xml_text(item, "timestamp", ""), &at_us, &reason)) {
            sdk_log(walk->account->services, PROVIDER_WARN, "%s in %s: its spot price is unknown: \"%.40s\" is none",
                    type, zone, price);
            continue;
        }
        add_row(walk, type, zone, at_us, micro);
    }
    return PROVIDER_OK;
}

/* By type and zone, the newest first; of two of one moment the dearer. */
static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a, *right = b;
    int order = strcmp(left->type, right->type);
    if (order == 0)
        order = strcmp(left->zone, right->zone);
    if (order == 0)
        order = (left->at_us < right->at_us) - (left->at_us > right->at_us);
    return order != 0 ? order
                      : (left->price_micro_h < right->price_micro_h) - (left->price_micro_h > right->price_micro_h);
}

static enum provider_status emit_rows(struct walk *walk, struct provider_error *error)
{
    const struct provider_services *services = walk->account->services;
    if (walk->count > 0)
        qsort(walk->rows, walk->count, sizeof *walk->rows, compare_rows);
    int64_t now_us = services->now(services->context);
    for (size_t i = 0; i < walk->count; i++) {
        const struct row *row = &walk->rows[i];
        if (i > 0 && strcmp(row->type, row[-1].type) == 0 && strcmp(row->zone, row[-1].zone) == 0)
            continue;
        struct provider_offer offer = {.region = walk->region,
                                       .zone = row->zone,
                                       .instance_type = row->type,
                                       .market = PROVIDER_SPOT,
                                       .currency = aws_partition_of(walk->region)->currency,
                                       .price_micro_h = row->price_micro_h,
                                       .upfront_micro = PROVIDER_UNSET,
                                       .marginal_use_micro_h = PROVIDER_UNSET,
                                       .marginal_wake_micro_h = PROVIDER_UNSET,
                                       .observed_at_us = now_us,
                                       .valid_from_us = row->at_us,
                                       .source = "aws:spot",
                                       .note = ""};
        if (!services->emit_offer(services->context, &offer))
            return aws_not_taken(error);
    }
    return PROVIDER_OK;
}

static enum provider_status ask(struct walk *walk, char *const *types, size_t count, struct provider_error *error)
{
    struct aws_call call;
    aws_call_begin(&call, AWS_EC2, walk->region, "DescribeSpotPriceHistory");
    aws_call_add(&call, "Filter.1.Name", "instance-type");
    for (size_t i = 0; i < count; i++)
        aws_call_add_at(&call, "Filter.1.Value", i + 1, "", types[i]);
    aws_call_add(&call, "ProductDescription.1", walk->product);
    char now[SDK_TIME_TEXT_MAX];
    sdk_time_write_iso(aws_now(walk->account, AWS_EC2, walk->region), now);
    aws_call_add(&call, "StartTime", now);
    aws_call_add(&call, "EndTime", now);
    enum provider_status status = aws_call_pages(walk->account, &call, "nextToken", take_page, walk, error);
    aws_call_end(&call);
    return status;
}

enum provider_status aws_offer_spot(struct provider_account *account, const char *region, const struct aws_types *types,
                                    struct provider_error *error)
{
    struct walk walk = {
        .account = account, .region = region, .product = product_of(account->settings.operating_system)};
    enum provider_status status = PROVIDER_OK;
    for (size_t at = 0; at < types->count && status == PROVIDER_OK; at += TYPES_A_CALL) {
        size_t some = types->count - at < TYPES_A_CALL ? types->count - at : TYPES_A_CALL;
        status = ask(&walk, types->list + at, some, error);
    }
    if (status == PROVIDER_OK)
        status = emit_rows(&walk, error);
    for (size_t i = 0; i < walk.count; i++) {
        free(walk.rows[i].type);
        free(walk.rows[i].zone);
    }
    free(walk.rows);
    return status;
}
