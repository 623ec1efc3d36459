/* What the list of jobs and one job's detail share: whose it is, how much of it is where, what that costs. */
#include <string.h>

#include "base/money.h"
#include "controller/api/view_part.h"

struct job_totals {
    int64_t wanted, placed, serving, proven;
    int64_t used_uusd_h, marginal_uusd_h;
    uint64_t allocations, unpriced, running;
    bool any_live, any_started;
};

static int cost_compare(const struct world *world, const struct cost_job *job, const char *job_namespace,
                        const char *id, const char *region)
{
    int order = strcmp(world_text(world, job->job_namespace), job_namespace);
    order = order != 0 ? order : strcmp(world_text(world, job->id), id);
    return order != 0 ? order : strcmp(world_text(world, job->region), region);
}

const struct cost_job *view_cost_of(const struct world *world, const struct cost_report *report,
                                    const char *job_namespace, const char *id, const char *region)
{
    size_t low = 0, high = report->job_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = cost_compare(world, &report->jobs[middle], job_namespace, id, region);
        if (order == 0) {
            return &report->jobs[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static const char *place_region(const struct world *world, const struct view_place *place)
{
    if (place->region != WORLD_NONE) {
        return world->regions[place->region].config.name;
    }
    return place->copy != NULL ? world_text(world, place->copy->region) : "";
}

static int64_t copy_wanted_count(const struct job_copy *copy)
{
    int64_t wanted = 0;
    for (size_t i = 0; i < copy->group_count; i++) {
        wanted += copy->groups[i].count;
    }
    return wanted;
}

static const char *observed_state(const struct world_region_job *job)
{
    if (job == NULL || job->stopped) {
        return "dead";
    }
    return job->running_allocations > 0 ? "running" : "pending";
}

static void totals_add_copy(struct job_totals *totals, const struct job_copy *copy)
{
    for (size_t i = 0; i < copy->group_count; i++) {
        totals->placed += copy->groups[i].placed;
        totals->serving += copy->groups[i].serving;
        totals->proven += copy->groups[i].proven;
    }
}

static int64_t job_wanted(const struct drover_job *job)
{
    int64_t wanted = 0;
    if (job->stop_wanted) {
        return 0;
    }
    if (job->decision != NULL) {
        return job->decision->wanted;
    }
    for (size_t i = 0; i < job->demand.group_count; i++) {
        wanted += job->demand.groups[i].count;
    }
    return wanted;
}

static void totals_collect(const struct world *world, const struct cost_report *report, const struct view_place *places,
                           size_t count, struct job_totals *totals)
{
    for (size_t i = 0; i < count; i++) {
        const struct view_place *place = &places[i];
        const struct cost_job *cost =
            view_cost_of(world, report, place->job_namespace, place->id, place_region(world, place));
        if (cost != NULL) {
            money_add(&totals->used_uusd_h, cost->used_uusd_h);
            money_add(&totals->marginal_uusd_h, cost->marginal_uusd_h);
            totals->unpriced += cost->unpriced_allocations;
        }
        if (place->observed != NULL) {
            totals->allocations += place->observed->live_allocations;
            totals->running += place->observed->running_allocations;
            totals->any_started = totals->any_started || !place->observed->stopped;
        }
        if (place->copy != NULL) {
            totals_add_copy(totals, place->copy);
        }
    }
    if (places[0].job != NULL) {
        totals->wanted = job_wanted(places[0].job);
    } else {
        totals->placed = totals->serving = totals->proven = (int64_t)totals->running;
    }
}

static void view_place_line(struct json_writer *writer, const struct world *world, const struct cost_report *report,
                            const struct view_place *place)
{
    const char *region = place_region(world, place);
    const struct cost_job *cost = view_cost_of(world, report, place->job_namespace, place->id, region);
    bool own = place->copy != NULL && (place->copy->registered || place->observed == NULL);
    json_writer_begin_object(writer);
    json_writer_field_text(writer, "Region", region);
    json_writer_field_text(writer, "Owner", view_owner(own));
    json_writer_field_text(writer, "State",
                           own ? copy_state_word(place->copy->state) : observed_state(place->observed));
    json_writer_field_i64(writer, "Wanted", own ? copy_wanted_count(place->copy) : 0);
    json_writer_field_u64(writer, "Allocations", place->observed != NULL ? place->observed->live_allocations : 0);
    json_writer_field_u64(writer, "Running", place->observed != NULL ? place->observed->running_allocations : 0);
    json_writer_field_money(writer, "HourlyUSD", cost != NULL ? cost->used_uusd_h : 0);
    json_writer_end_object(writer);
}

static enum job_type places_type(const struct view_place *places, size_t count)
{
    if (places[0].job != NULL) {
        return places[0].job->demand.type;
    }
    for (size_t i = 0; i < count; i++) {
        if (places[i].observed != NULL) {
            return (enum job_type)places[i].observed->type;
        }
    }
    return JOB_SERVICE;
}

static const char *places_state(const struct view_place *places, const struct job_totals *totals)
{
    if (places[0].job != NULL) {
        return job_state_word(places[0].job->state);
    }
    if (!totals->any_started) {
        return "dead";
    }
    return totals->running > 0 ? "running" : "pending";
}

void view_job_fields(struct json_writer *writer, const struct world *world, const struct cost_report *report,
                     const struct view_place *places, size_t count)
{
    const struct drover_job *job = places[0].job;
    struct job_totals totals = {0};
    totals_collect(world, report, places, count, &totals);
    json_writer_field_text(writer, "Namespace", places[0].job_namespace);
    json_writer_field_text(writer, "ID", places[0].id);
    json_writer_field_text(writer, "Type", job_type_word(places_type(places, count)));
    json_writer_field_text(writer, "Owner", view_owner(job != NULL));
    json_writer_field_text(writer, "State", places_state(places, &totals));
    json_writer_field_text(writer, "Trouble", job != NULL && job->trouble != NULL ? job->trouble : "");
    json_writer_field_text(writer, "Policy", world_policy_for(world, places[0].job_namespace, places[0].id)->name);
    json_writer_field_i64(writer, "Wanted", totals.wanted);
    json_writer_field_i64(writer, "Placed", totals.placed);
    json_writer_field_i64(writer, "Serving", totals.serving);
    json_writer_field_i64(writer, "Proven", totals.proven);
    json_writer_field_u64(writer, "Allocations", totals.allocations);
    json_writer_field_u64(writer, "UnpricedAllocations", totals.unpriced);
    json_writer_field_money(writer, "HourlyUSD", totals.used_uusd_h);
    json_writer_field_money(writer, "MarginalHourlyUSD", totals.marginal_uusd_h);
    json_writer_key(writer, "Regions");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < count; i++) {
        if (places[i].region != WORLD_NONE || places[i].copy != NULL) {
            view_place_line(writer, world, report, &places[i]);
        }
    }
    json_writer_end_array(writer);
}
