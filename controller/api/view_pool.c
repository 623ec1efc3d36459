/* GET pools: which machines, at what price each, how full. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/money.h"
#include "controller/api/view_part.h"

static void view_selectors(struct json_writer *writer, const struct pool_config *config)
{
    json_writer_key(writer, "Selectors");
    json_writer_begin_object(writer);
    for (size_t i = 0; config != NULL && i < config->selector_count; i++) {
        json_writer_field_text(writer, config->selectors[i].key, config->selectors[i].value);
    }
    json_writer_end_object(writer);
}

/* Millionths of one as percent: -50000 -> "-5", 12500 -> "1.25". */
static void view_percent(struct json_writer *writer, const char *key, int64_t millionths)
{
    char text[32];
    int64_t size = millionths < 0 ? -millionths : millionths;
    snprintf(text, sizeof text, "%s%" PRId64 ".%04" PRId64, millionths < 0 ? "-" : "", size / 10000, size % 10000);
    size_t length = strlen(text);
    while (text[length - 1] == '0') {
        text[--length] = '\0';
    }
    if (text[length - 1] == '.') {
        text[--length] = '\0';
    }
    json_writer_field_text(writer, key, text);
}

static void view_adjustments(struct json_writer *writer, const struct price *price)
{
    json_writer_key(writer, "Adjustments");
    json_writer_begin_array(writer);
    for (size_t i = 0; price != NULL && i < price->adjustment_count; i++) {
        const struct price_adjustment *adjustment = &price->adjustments[i];
        json_writer_begin_object(writer);
        json_writer_field_text(writer, "Name", adjustment->name);
        if (adjustment->percent_millionths != 0) {
            view_percent(writer, "Percent", adjustment->percent_millionths);
            json_writer_key(writer, "HourlyUSD");
            json_writer_null(writer);
        } else {
            json_writer_key(writer, "Percent");
            json_writer_null(writer);
            json_writer_field_money(writer, "HourlyUSD", adjustment->fixed_uusd_h);
        }
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

static void view_price(struct json_writer *writer, const struct price *price)
{
    json_writer_field_text(writer, "Market", price != NULL ? market_word(price->market) : "");
    view_money(writer, "NodeHourlyUSD", price != NULL ? price->effective_uusd_h : -1);
    view_money(writer, "NodeMarginalHourlyUSD", price != NULL ? price->marginal_uusd_h : -1);
    view_money(writer, "NodeListHourlyUSD", price != NULL ? price->list_uusd_h : -1);
    json_writer_field_text(writer, "PriceSource", price != NULL && price->source != NULL ? price->source : "");
    view_time(writer, "PriceValidFrom", price != NULL ? price->valid_from_ms : 0);
    view_adjustments(writer, price);
}

void view_pool(struct json_writer *writer, const struct world *world, const struct world_region *region,
               const struct world_pool *pool, const struct cost_sum *sum)
{
    const struct pool_config *config = pool->config;
    json_writer_begin_object(writer);
    json_writer_field_text(writer, "Region", region->config.name);
    view_symbol(writer, "Name", world, pool->name);
    json_writer_field_text(writer, "InstanceType",
                           config != NULL && config->instance_type != NULL ? config->instance_type : "");
    view_selectors(writer, config);
    view_price(writer, config != NULL && config->priced ? &config->price : NULL);
    json_writer_field_u64(writer, "ReadyNodes", pool->ready_nodes);
    view_resources(writer, "Capacity", &pool->capacity);
    view_resources(writer, "Used", &pool->used);
    view_sum(writer, sum);
    view_pool_account(writer, world, region, pool);
    json_writer_end_object(writer);
}

void view_pools(const struct world *world, const char *region, struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    struct cost_report *report = cost_report_new(world);
    size_t place = 0;
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "Pools");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < world->region_count; i++) {
        const struct world_region *at = &world->regions[i];
        bool wanted = region == NULL || region[0] == '\0' || strcmp(region, at->config.name) == 0;
        for (size_t k = 0; k < at->pool_count; k++, place++) {
            if (wanted) {
                view_pool(&writer, world, at, &at->pools[k], &report->pools[place]);
            }
        }
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    cost_report_free(report);
}
