/* GET cost and GET recommend: what is paid for what, and what would be cheaper. */
#include <string.h>
#include <stdlib.h>

#include "controller/api/view_part.h"
#include "controller/core/assess.h"

static void view_cost_pools(struct json_writer *writer, const struct world *world, const struct world_region *region,
                            const struct cost_sum *sums)
{
    json_writer_key(writer, "Pools");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < region->pool_count; i++) {
        const struct pool_config *config = region->pools[i].config;
        bool priced = config != NULL && config->priced;
        json_writer_begin_object(writer);
        view_symbol(writer, "Pool", world, region->pools[i].name);
        json_writer_field_text(writer, "Market", priced ? market_word(config->price.market) : "");
        view_money(writer, "NodeHourlyUSD", priced ? config->price.effective_uusd_h : -1);
        view_sum(writer, &sums[i]);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

static void view_cost_regions(struct json_writer *writer, const struct world *world, const struct cost_report *report)
{
    size_t place = 0;
    json_writer_key(writer, "Regions");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < world->region_count; i++) {
        const struct world_region *region = &world->regions[i];
        json_writer_begin_object(writer);
        json_writer_field_text(writer, "Region", region->config.name);
        json_writer_field_text(writer, "State", region_state_word(region->state));
        view_sum(writer, &report->regions[i]);
        view_cost_pools(writer, world, region, &report->pools[place]);
        json_writer_end_object(writer);
        place += region->pool_count;
    }
    json_writer_end_array(writer);
}

static void view_cost_jobs(struct json_writer *writer, const struct world *world, const struct cost_report *report)
{
    json_writer_key(writer, "Jobs");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < report->job_count; i++) {
        const struct cost_job *job = &report->jobs[i];
        json_writer_begin_object(writer);
        view_symbol(writer, "Namespace", world, job->job_namespace);
        view_symbol(writer, "ID", world, job->id);
        view_symbol(writer, "Region", world, job->region);
        json_writer_field_text(writer, "Owner", view_owner(job->drover));
        json_writer_field_u64(writer, "Allocations", job->allocations);
        json_writer_field_u64(writer, "UnpricedAllocations", job->unpriced_allocations);
        json_writer_field_money(writer, "HourlyUSD", job->used_uusd_h);
        view_month(writer, "MonthlyUSD", job->used_uusd_h);
        json_writer_field_money(writer, "MarginalHourlyUSD", job->marginal_uusd_h);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

static int name_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool node_counts(const struct world_node *node, size_t pool)
{
    return node->present && node->listed && node->pool == pool && node->status != NODE_DOWN;
}

/* The first names in order, so that a person knows which machines are meant. */
static void view_unpriced_names(struct json_writer *writer, const struct world *world,
                                const struct world_region *region, size_t pool)
{
    size_t count = 0;
    const char **names = calloc(region->node_count + 1, sizeof *names);
    for (size_t i = 0; names != NULL && i < region->node_count; i++) {
        if (node_counts(&region->nodes[i], pool)) {
            names[count++] = world_text(world, region->nodes[i].name);
        }
    }
    if (count > 1) {
        qsort(names, count, sizeof *names, name_compare);
    }
    json_writer_key(writer, "Names");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < count && i < VIEW_NAMES_MAX; i++) {
        json_writer_text(writer, names[i]);
    }
    json_writer_end_array(writer);
    free(names);
}

static void view_cost_unpriced(struct json_writer *writer, const struct world *world, const struct cost_report *report)
{
    size_t place = 0;
    json_writer_key(writer, "Unpriced");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < world->region_count; i++) {
        const struct world_region *region = &world->regions[i];
        for (size_t k = 0; k < region->pool_count; k++, place++) {
            if (report->pools[place].unpriced_nodes == 0) {
                continue;
            }
            json_writer_begin_object(writer);
            json_writer_field_text(writer, "Region", region->config.name);
            view_symbol(writer, "Pool", world, region->pools[k].name);
            json_writer_field_u64(writer, "Nodes", report->pools[place].unpriced_nodes);
            view_unpriced_names(writer, world, region, k);
            json_writer_end_object(writer);
        }
    }
    json_writer_end_array(writer);
}

void view_cost(const struct world *world, struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    struct cost_report *report = cost_report_new(world);
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "Total");
    json_writer_begin_object(&writer);
    view_sum(&writer, &report->total);
    json_writer_end_object(&writer);
    view_cost_regions(&writer, world, report);
    view_cost_jobs(&writer, world, report);
    view_cost_unpriced(&writer, world, report);
    view_commitments(&writer, world);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    cost_report_free(report);
}

static void view_recommendation(struct json_writer *writer, const struct world *world,
                                const struct recommendation *recommendation)
{
    json_writer_begin_object(writer);
    view_symbol(writer, "Namespace", world, recommendation->job_namespace);
    view_symbol(writer, "ID", world, recommendation->id);
    json_writer_field_text(writer, "Owner", view_owner(recommendation->drover));
    json_writer_field_flag(writer, "Unverified", recommendation->unverified);
    json_writer_field_i64(writer, "Allocations", recommendation->allocations);
    json_writer_field_text(writer, "Note", recommendation->note != NULL ? recommendation->note : "");
    json_writer_field_money(writer, "NowHourlyUSD", recommendation->now_uusd_h);
    json_writer_field_money(writer, "BestHourlyUSD", recommendation->best_uusd_h);
    json_writer_field_money(writer, "SavingHourlyUSD", recommendation->now_uusd_h - recommendation->best_uusd_h);
    json_writer_key(writer, "Places");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < recommendation->place_count; i++) {
        const struct recommendation_place *place = &recommendation->places[i];
        json_writer_begin_object(writer);
        view_symbol(writer, "Region", world, place->region);
        view_symbol(writer, "Pool", world, place->pool);
        json_writer_field_i64(writer, "CountNow", place->count_now);
        json_writer_field_i64(writer, "CountBest", place->count_best);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

void view_recommendations(const struct core *core, struct buffer *out)
{
    const struct world *world = core_world(core);
    struct json_writer writer = json_writer_init(out, false);
    struct recommendations *all = recommendations_new(core);
    json_writer_begin_object(&writer);
    view_time(&writer, "At", world->assessment != NULL ? world->assessment->base_ms : 0);
    view_money(&writer, "BoundUSD", world->assessment != NULL ? world->assessment->bound_uusd_h : -1);
    json_writer_field_money(&writer, "NowHourlyUSD", all->now_uusd_h);
    json_writer_field_money(&writer, "BestHourlyUSD", all->best_uusd_h);
    json_writer_field_money(&writer, "SavingHourlyUSD", all->now_uusd_h - all->best_uusd_h);
    view_month(&writer, "SavingMonthlyUSD", all->now_uusd_h - all->best_uusd_h);
    json_writer_key(&writer, "Jobs");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < all->count; i++) {
        view_recommendation(&writer, world, &all->list[i]);
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    recommendations_free(all);
}
