/* GET placement: the latest plan of the whole federation, with its proof. */
#include "controller/api/view_part.h"
#include "controller/core/assess.h"

static void view_pool_worth(struct json_writer *writer, const struct world *world, const struct assess_pool *pool)
{
    json_writer_begin_object(writer);
    view_symbol(writer, "Region", world, pool->region);
    view_symbol(writer, "Pool", world, pool->pool);
    json_writer_field_i64(writer, "Nodes", pool->nodes);
    json_writer_field_money(writer, "NodeMarginalHourlyUSD", pool->price_uusd_h);
    json_writer_field_money(writer, "ScarcityHourlyUSD", pool->scarcity_uusd_h);
    json_writer_end_object(writer);
}

static int64_t moves_of(const struct assessment *assessment)
{
    int64_t moves = 0;
    for (size_t g = 0; g < assessment->group_count; g++)
        for (size_t i = 0; i < assessment->groups[g].place_count; i++) {
            const struct assess_place *place = &assessment->groups[g].places[i];
            moves += place->best > place->now ? place->best - place->now : 0;
        }
    return moves;
}

void view_placement(const struct world *world, struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    const struct assessment *at = world->assessment;
    if (at == NULL) {
        json_writer_null(&writer);
        json_writer_done(&writer);
        return;
    }
    json_writer_begin_object(&writer);
    view_time(&writer, "At", at->base_ms);
    json_writer_field_u64(&writer, "Index", at->base_sequence);
    json_writer_field_i64(&writer, "SolveMicroseconds", at->solve_us);
    json_writer_field_i64(&writer, "Allocations", at->allocations);
    json_writer_field_i64(&writer, "Unplaced", at->unplaced);
    json_writer_field_i64(&writer, "Moves", moves_of(at));
    json_writer_field_u64(&writer, "Stale", at->stale);
    json_writer_field_money(&writer, "NowUSD", at->now_uusd_h);
    json_writer_field_money(&writer, "CostUSD", at->cost_uusd_h);
    json_writer_field_money(&writer, "PackedCostUSD", at->packed_uusd_h);
    json_writer_field_money(&writer, "BoundUSD", at->bound_uusd_h);
    json_writer_field_i64(&writer, "GapPPM", at->gap_ppm);
    json_writer_field_i64(&writer, "PackedGapPPM", at->packed_gap_ppm);
    json_writer_key(&writer, "Pools");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < at->pool_count; i++)
        view_pool_worth(&writer, world, &at->pools[i]);
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
}

bool view_placement_files(const struct world *world, struct buffer *out)
{
    const struct assessment *at = world->assessment;
    if (at == NULL || at->problem == NULL) {
        return false;
    }
    struct json_writer writer = json_writer_init(out, false);
    json_writer_begin_object(&writer);
    json_writer_field_u64(&writer, "Index", at->base_sequence);
    json_writer_field_text(&writer, "Problem", at->problem);
    json_writer_field_text(&writer, "Plan", at->plan);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    return true;
}
