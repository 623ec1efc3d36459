/* A decision with every reason, and the answers to submitting and stopping a job. */
#include "controller/api/view_part.h"

static void view_decision_line(struct json_writer *writer, const struct decision_line *line)
{
    json_writer_begin_object(writer);
    json_writer_field_text(writer, "Group", line->group);
    json_writer_field_text(writer, "Region", line->region);
    json_writer_field_text(writer, "Pool", line->pool);
    json_writer_field_text(writer, "Reason", reason_word(line->reason));
    json_writer_field_text(writer, "ReasonText", reason_text(line->reason));
    json_writer_field_text(writer, "Detail", line->detail);
    json_writer_field_i64(writer, "CountBefore", line->count_before);
    json_writer_field_i64(writer, "Count", line->count);
    json_writer_key(writer, "Fits");
    if (line->fits < 0) {
        json_writer_null(writer);
    } else {
        json_writer_i64(writer, line->fits);
    }
    view_money(writer, "UnitHourlyUSD", line->unit_full_uusd_h);
    view_money(writer, "UnitMarginalHourlyUSD", line->unit_marginal_uusd_h);
    view_money(writer, "ScarcityHourlyUSD", line->scarcity_uusd_h);
    json_writer_end_object(writer);
}

/* Millionths as per cent; null without a proof. */
static void view_gap(struct json_writer *writer, const char *key, int64_t ppm)
{
    json_writer_key(writer, key);
    if (ppm < 0) {
        json_writer_null(writer);
    } else {
        json_writer_i64(writer, ppm);
    }
}

/* Nodes that would hold what found no place; null when nothing is proposed. */
static void view_growth(struct json_writer *writer, const struct decision *decision)
{
    json_writer_key(writer, "Growth");
    if (decision->growth_count == 0) {
        json_writer_null(writer);
        return;
    }
    json_writer_begin_object(writer);
    json_writer_key(writer, "Pools");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < decision->growth_count; i++) {
        const struct decision_growth *growth = &decision->growth[i];
        json_writer_begin_object(writer);
        json_writer_field_text(writer, "Region", growth->region);
        json_writer_field_text(writer, "Pool", growth->pool);
        json_writer_field_i64(writer, "NodesNow", growth->nodes_now);
        json_writer_field_i64(writer, "NodesMore", growth->nodes_more);
        json_writer_field_i64(writer, "Allocations", growth->allocations);
        json_writer_field_money(writer, "NodeHourlyUSD", growth->unit_full_uusd_h);
        json_writer_field_money(writer, "NodeMarginalHourlyUSD", growth->unit_marginal_uusd_h);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
    json_writer_field_money(writer, "CostUSD", decision->growth_uusd_h);
    json_writer_field_money(writer, "PackedCostUSD", decision->growth_packed_uusd_h);
    json_writer_field_money(writer, "BoundUSD", decision->growth_bound_uusd_h);
    view_gap(writer, "GapPPM", gap_ppm(decision->growth_uusd_h, decision->growth_bound_uusd_h));
    view_gap(writer, "PackedGapPPM", gap_ppm(decision->growth_packed_uusd_h, decision->growth_bound_uusd_h));
    json_writer_end_object(writer);
}

void view_decision(struct json_writer *writer, const struct decision *decision)
{
    json_writer_begin_object(writer);
    json_writer_field_text(writer, "Namespace", decision->job_namespace);
    json_writer_field_text(writer, "ID", decision->id);
    json_writer_field_text(writer, "Policy", decision->policy);
    json_writer_field_u64(writer, "Revision", decision->revision);
    json_writer_field_u64(writer, "Step", decision->step);
    view_time(writer, "At", decision->at_ms);
    json_writer_field_i64(writer, "Wanted", decision->wanted);
    json_writer_field_i64(writer, "Placed", decision->placed);
    json_writer_field_money(writer, "HourlyBeforeUSD", decision->full_before_uusd_h);
    json_writer_field_money(writer, "HourlyAfterUSD", decision->full_after_uusd_h);
    json_writer_field_money(writer, "MarginalBeforeUSD", decision->marginal_before_uusd_h);
    json_writer_field_money(writer, "MarginalAfterUSD", decision->marginal_after_uusd_h);
    view_money(writer, "BudgetMonthlyUSD", decision->budget_uusd_month);
    view_month(writer, "MonthlyAfterUSD", decision->full_after_uusd_h);
    view_money(writer, "BoundUSD", decision->bound_uusd_h);
    view_gap(writer, "GapPPM", decision_gap_ppm(decision));
    /* placed node by node: packing is in the cost already */
    view_money(writer, "PackedUSD", decision->marginal_after_uusd_h);
    view_gap(writer, "PackedGapPPM", decision_gap_ppm(decision));
    view_growth(writer, decision);
    json_writer_key(writer, "Lines");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < decision->line_count; i++) {
        view_decision_line(writer, &decision->lines[i]);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

void view_reply(const struct world *world, const struct reply *reply, struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    const struct drover_job *job = reply->job;
    const struct decision *decision = reply->decision;
    const char *job_namespace = job != NULL        ? world_text(world, job->job_namespace)
                                : decision != NULL ? decision->job_namespace
                                                   : "";
    const char *id = job != NULL ? world_text(world, job->id) : decision != NULL ? decision->id : "";
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "Namespace", job_namespace);
    json_writer_field_text(&writer, "ID", id);
    json_writer_field_u64(&writer, "Revision", job != NULL ? job->revision : 0);
    json_writer_field_text(&writer, "State", job != NULL ? job_state_word(job->state) : "");
    json_writer_field_u64(&writer, "Index", world->sequence);
    json_writer_field_flag(&writer, "Unchanged", reply->unchanged);
    json_writer_key(&writer, "Decision");
    if (decision != NULL) {
        view_decision(&writer, decision);
    } else {
        json_writer_null(&writer);
    }
    json_writer_end_object(&writer);
    json_writer_done(&writer);
}
