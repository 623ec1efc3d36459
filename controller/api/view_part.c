/* The small parts that views share: times, money, resources, sums. */
#include "controller/api/view_part.h"

#include "base/money.h"
#include "base/time.h"

void view_error(const struct error *error, struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "Error");
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "Code", error_code_word(error->code));
    json_writer_field_text(&writer, "Message", error->text);
    json_writer_end_object(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
}

void view_time(struct json_writer *writer, const char *key, int64_t at_ms)
{
    char text[TIME_TEXT_MAX];
    json_writer_field_text(writer, key, at_ms > 0 ? time_format(at_ms, text) : NULL);
}

void view_money(struct json_writer *writer, const char *key, int64_t uusd)
{
    json_writer_key(writer, key);
    if (uusd < 0) {
        json_writer_null(writer);
    } else {
        json_writer_money(writer, uusd);
    }
}

void view_month(struct json_writer *writer, const char *key, int64_t uusd_h)
{
    int64_t month;
    json_writer_key(writer, key);
    if (money_multiply(uusd_h, MONEY_HOURS_PER_MONTH, &month)) {
        json_writer_money(writer, month);
    } else {
        json_writer_null(writer);
    }
}

void view_resources(struct json_writer *writer, const char *key, const struct resources *resources)
{
    json_writer_key(writer, key);
    json_writer_begin_object(writer);
    json_writer_field_i64(writer, "CPU", resources->amount[RESOURCE_CPU_MHZ]);
    json_writer_field_i64(writer, "MemoryMB", resources->amount[RESOURCE_MEMORY_MB]);
    json_writer_field_i64(writer, "DiskMB", resources->amount[RESOURCE_DISK_MB]);
    json_writer_end_object(writer);
}

void view_symbol(struct json_writer *writer, const char *key, const struct world *world, symbol number)
{
    json_writer_field_text(writer, key, world_text(world, number));
}

void view_sum(struct json_writer *writer, const struct cost_sum *sum)
{
    json_writer_field_money(writer, "HourlyUSD", sum->paid_uusd_h);
    json_writer_field_money(writer, "UsedHourlyUSD", sum->used_uusd_h);
    json_writer_field_money(writer, "IdleHourlyUSD", sum->idle_uusd_h);
    json_writer_field_money(writer, "MarginalHourlyUSD", sum->marginal_uusd_h);
    view_month(writer, "MonthlyUSD", sum->paid_uusd_h);
    json_writer_field_u64(writer, "Nodes", sum->nodes);
    json_writer_field_u64(writer, "UnpricedNodes", sum->unpriced_nodes);
    json_writer_field_u64(writer, "Allocations", sum->allocations);
    json_writer_field_u64(writer, "UnpricedAllocations", sum->unpriced_allocations);
}

const char *view_owner(bool drover)
{
    return drover ? "drover" : "external";
}

size_t view_first_pool(const struct world *world, const struct world_region *region)
{
    size_t first = 0;
    for (size_t i = 0; i < world->region_count && &world->regions[i] != region; i++) {
        first += world->regions[i].pool_count;
    }
    return first;
}
