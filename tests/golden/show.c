/* The words of a golden case that print the world: jobs, explanations, regions, pools, cost, recommendations, audit. */
#include <stdlib.h>
#include <string.h>

#include "base/money.h"
#include "controller/core/assess.h"
#include "controller/core/cost.h"
#include "controller/core/recommend.h"
#include "tests/golden/script.h"

static void show_job(struct script *script, const char *id)
{
    const struct world *world = core_world(script->core);
    const struct drover_job *job = world_find_job(world, "default", id);
    if (!job) {
        buffer_printf(script->out, "  no job %s\n", id);
        return;
    }
    buffer_printf(script->out, "  job %s %s%s%s\n", id, job_state_word(job->state), job->trouble ? ": " : "",
                  job->trouble ? job->trouble : "");
    for (size_t i = 0; i < job->copy_count; i++) {
        const struct job_copy *copy = &job->copies[i];
        buffer_printf(script->out, "    %s %s", world_text(world, copy->region), copy_state_word(copy->state));
        for (size_t g = 0; g < copy->group_count; g++)
            buffer_printf(script->out, " %s=%lld/%lld/%lld in %s", job->demand.groups[copy->groups[g].group].name,
                          (long long)copy->groups[g].proven, (long long)copy->groups[g].serving,
                          (long long)copy->groups[g].count, world_text(world, copy->groups[g].pool));
        buffer_printf(script->out, "%s%s\n", copy->trouble ? ": " : "", copy->trouble ? copy->trouble : "");
    }
}

static const char *money(int64_t amount, char *text)
{
    return amount < 0 ? "-" : money_format(amount, text);
}

static void show_growth(struct script *script, const struct decision *decision)
{
    char a[MONEY_TEXT_MAX];
    char b[MONEY_TEXT_MAX];
    char c[MONEY_TEXT_MAX];
    for (size_t i = 0; i < decision->growth_count; i++) {
        const struct decision_growth *growth = &decision->growth[i];
        buffer_printf(script->out, "    grow %s/%s %lld + %lld nodes for %lld at %s (%s)\n", growth->region,
                      growth->pool, (long long)growth->nodes_now, (long long)growth->nodes_more,
                      (long long)growth->allocations, money(growth->unit_marginal_uusd_h, a),
                      money(growth->unit_full_uusd_h, b));
    }
    if (decision->growth_count)
        buffer_printf(script->out, "    growth costs %s $/h, packed %s $/h, never below %s $/h\n",
                      money_format(decision->growth_uusd_h, a), money_format(decision->growth_packed_uusd_h, b),
                      money_format(decision->growth_bound_uusd_h, c));
}

static void show_decision(struct script *script, const struct decision *decision)
{
    char a[MONEY_TEXT_MAX];
    char b[MONEY_TEXT_MAX];
    if (!decision) {
        buffer_append_text(script->out, "  no decision\n");
        return;
    }
    buffer_printf(script->out, "  policy %s, %lld of %lld, marginal %s -> %s $/h", decision->policy,
                  (long long)decision->placed, (long long)decision->wanted,
                  money_format(decision->marginal_before_uusd_h, a), money_format(decision->marginal_after_uusd_h, b));
    buffer_printf(script->out, ", full %s -> %s $/h\n", money_format(decision->full_before_uusd_h, a),
                  money_format(decision->full_after_uusd_h, b));
    if (decision->bound_uusd_h >= 0)
        buffer_printf(script->out, "  never below %s $/h, gap %lld ppm\n", money_format(decision->bound_uusd_h, a),
                      (long long)decision_gap_ppm(decision));
    for (size_t i = 0; i < decision->line_count; i++) {
        const struct decision_line *line = &decision->lines[i];
        buffer_printf(script->out, "    %s %s/%s %lld -> %lld of %lld at %s (%s)", line->group, line->region,
                      line->pool, (long long)line->count_before, (long long)line->count, (long long)line->fits,
                      money(line->unit_marginal_uusd_h, a), money(line->unit_full_uusd_h, b));
        if (line->scarcity_uusd_h > 0)
            buffer_printf(script->out, " room worth %s", money_format(line->scarcity_uusd_h, a));
        buffer_printf(script->out, ": %s%s%s\n", reason_word(line->reason), line->detail[0] ? ": " : "", line->detail);
    }
    show_growth(script, decision);
}

static void show_regions(struct script *script)
{
    const struct world *world = core_world(script->core);
    for (size_t i = 0; i < world->region_count; i++) {
        const struct world_region *region = &world->regions[i];
        buffer_printf(script->out, "  %s %s%s%s\n", region->config.name, region_state_word(region->state),
                      region->trouble ? ": " : "", region->trouble ? region->trouble : "");
        for (size_t p = 0; p < region->pool_count; p++)
            if (region->pools[p].nodes)
                buffer_printf(script->out, "    %s %u nodes, %u ready, cpu %lld of %lld\n",
                              world_text(world, region->pools[p].name), region->pools[p].nodes,
                              region->pools[p].ready_nodes, (long long)region->pools[p].used.amount[RESOURCE_CPU_MHZ],
                              (long long)region->pools[p].capacity.amount[RESOURCE_CPU_MHZ]);
    }
}

static void show_cost(struct script *script)
{
    const struct world *world = core_world(script->core);
    struct cost_report *report = cost_report_new(world);
    char a[MONEY_TEXT_MAX];
    char b[MONEY_TEXT_MAX];
    char c[MONEY_TEXT_MAX];
    for (size_t i = 0; i < report->region_count; i++)
        buffer_printf(script->out, "  %s paid %s used %s idle %s, %u of %u nodes unpriced\n",
                      world->regions[i].config.name, money_format(report->regions[i].paid_uusd_h, a),
                      money_format(report->regions[i].used_uusd_h, b), money_format(report->regions[i].idle_uusd_h, c),
                      report->regions[i].unpriced_nodes, report->regions[i].nodes);
    for (size_t i = 0; i < report->job_count; i++)
        buffer_printf(script->out, "    %s in %s: %u allocations, full %s, marginal %s%s\n",
                      world_text(world, report->jobs[i].id), world_text(world, report->jobs[i].region),
                      report->jobs[i].allocations, money_format(report->jobs[i].used_uusd_h, a),
                      money_format(report->jobs[i].marginal_uusd_h, b), report->jobs[i].drover ? " (drover)" : "");
    cost_report_free(report);
}

static void show_assessment(struct script *script)
{
    const struct world *world = core_world(script->core);
    const struct assessment *at = world->assessment;
    char a[MONEY_TEXT_MAX];
    char b[MONEY_TEXT_MAX];
    char c[MONEY_TEXT_MAX];
    if (!at) {
        buffer_append_text(script->out, "  no assessment\n");
        return;
    }
    buffer_printf(script->out, "  %lld allocations, %lld unplaced, %zu stale: now %s, plan %s",
                  (long long)at->allocations, (long long)at->unplaced, at->stale, money_format(at->now_uusd_h, a),
                  money_format(at->cost_uusd_h, b));
    buffer_printf(script->out, ", packed %s, never below %s $/h; gap %lld, packed %lld ppm\n",
                  money_format(at->packed_uusd_h, a), money_format(at->bound_uusd_h, b), (long long)at->gap_ppm,
                  (long long)at->packed_gap_ppm);
    for (size_t i = 0; i < at->pool_count; i++)
        buffer_printf(script->out, "    %s/%s %lld nodes at %s, room worth %s\n",
                      world_text(world, at->pools[i].region), world_text(world, at->pools[i].pool),
                      (long long)at->pools[i].nodes, money_format(at->pools[i].price_uusd_h, b),
                      money_format(at->pools[i].scarcity_uusd_h, c));
}

static void show_recommend(struct script *script)
{
    const struct world *world = core_world(script->core);
    struct recommendations *all = recommendations_new(script->core);
    char a[MONEY_TEXT_MAX];
    char b[MONEY_TEXT_MAX];
    for (size_t i = 0; i < all->count; i++) {
        const struct recommendation *one = &all->list[i];
        buffer_printf(script->out, "  %s%s: %s -> %s $/h%s%s\n", world_text(world, one->id),
                      one->drover ? " (drover)" : "", money_format(one->now_uusd_h, a),
                      money_format(one->best_uusd_h, b), one->note[0] ? ": " : "", one->note);
        for (size_t p = 0; p < one->place_count; p++)
            buffer_printf(script->out, "    %s/%s %lld -> %lld\n", world_text(world, one->places[p].region),
                          world_text(world, one->places[p].pool), (long long)one->places[p].count_now,
                          (long long)one->places[p].count_best);
    }
    recommendations_free(all);
}

/* Audit rows are records: the transcript shows what the store holds. */
static void show_audit(struct script *script)
{
    struct error error = {0};
    for (size_t i = 0; i < script->record_count; i++) {
        struct audit_row row;
        const struct kept_record *kept = &script->records[i];
        if (kept->kind != RECORD_AUDIT || !audit_row_decode(kept->value.data, kept->value.length, &row, &error))
            continue;
        buffer_printf(script->out, "  %s %s %s %s: %s -> %s: %s\n", row.actor, row.action, row.region, row.id,
                      row.before, row.after, row.result);
        audit_row_release(&row);
    }
}

bool show_command(struct script *script, const struct words *words)
{
    if (strcmp(words->list[0], "show") != 0 || words->count < 2)
        return false;
    const char *what = words->list[1];
    if (strcmp(what, "job") == 0 && words->count > 2) {
        show_job(script, words->list[2]);
    } else if (strcmp(what, "explain") == 0 && words->count > 2) {
        const struct drover_job *job = world_find_job(core_world(script->core), "default", words->list[2]);
        show_decision(script, job ? job->decision : NULL);
    } else if (strcmp(what, "plan") == 0) {
        show_decision(script, script->step.decision_count ? script->step.decisions[0] : NULL);
    } else if (strcmp(what, "regions") == 0) {
        show_regions(script);
    } else if (strcmp(what, "cost") == 0) {
        show_cost(script);
    } else if (strcmp(what, "assessment") == 0) {
        show_assessment(script);
    } else if (strcmp(what, "recommend") == 0) {
        show_recommend(script);
    } else if (strcmp(what, "audit") == 0) {
        show_audit(script);
    } else {
        return false;
    }
    return true;
}
