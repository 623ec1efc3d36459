/* GET job/:id: one job down to its copies and allocations. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/api/view_part.h"

struct allocation_line {
    const struct world_region *region;
    const struct world_allocation *allocation;
    const char *group;
    char id[37];
};

struct allocation_lines {
    struct allocation_line *list;
    size_t count, capacity;
};

static int allocation_line_compare(const void *a, const void *b)
{
    const struct allocation_line *x = a, *y = b;
    if (x->region != y->region) {
        return x->region < y->region ? -1 : 1;
    }
    int order = strcmp(x->group, y->group);
    return order != 0 ? order : strcmp(x->id, y->id);
}

static void allocation_lines_collect(const struct world *world, const struct view_place *place,
                                     struct allocation_lines *lines)
{
    const struct world_region *region = &world->regions[place->region];
    uint32_t at = place->observed->first_allocation;
    while (at != WORLD_NONE) {
        const struct world_allocation *allocation = &region->allocations[at];
        at = allocation->next;
        if (!allocation->present) {
            continue;
        }
        lines->list = memory_grow(lines->list, lines->count, &lines->capacity, sizeof *lines->list);
        struct allocation_line *line = &lines->list[lines->count++];
        *line = (struct allocation_line){
            .region = region, .allocation = allocation, .group = world_text(world, allocation->group)};
        uuid_format(&allocation->id, line->id);
    }
}

static const char *health_word(uint8_t health)
{
    return health == HEALTH_GOOD ? "good" : health == HEALTH_BAD ? "bad" : "";
}

static const char *service_word(uint8_t service)
{
    return service == SERVICE_PASSING ? "passing" : service == SERVICE_FAILING ? "failing" : "";
}

static void view_allocation(struct json_writer *writer, const struct world *world, const struct allocation_line *line)
{
    const struct world_allocation *allocation = line->allocation;
    const struct world_node *node =
        allocation->node < line->region->node_count ? &line->region->nodes[allocation->node] : NULL;
    const struct world_pool *pool =
        node != NULL && node->pool < line->region->pool_count ? &line->region->pools[node->pool] : NULL;
    struct resources each = {.amount = {allocation->cpu_mhz, allocation->memory_mb, allocation->disk_mb}};
    int64_t marginal, full = -1;
    char node_id[37] = "";
    if (allocation->client_status != CLIENT_RUNNING && allocation->client_status != CLIENT_PENDING &&
        allocation->client_status != CLIENT_UNKNOWN) {
        full = 0; /* it has given its place back */
    } else if (pool == NULL || !cost_unit(line->region, pool, &each, &marginal, &full)) {
        full = -1;
    }
    if (node != NULL) {
        uuid_format(&node->id, node_id);
    }
    json_writer_begin_object(writer);
    json_writer_field_text(writer, "ID", line->id);
    json_writer_field_text(writer, "Region", line->region->config.name);
    json_writer_field_text(writer, "NodeID", node_id);
    json_writer_field_text(writer, "NodeName", node != NULL ? world_text(world, node->name) : "");
    json_writer_field_text(writer, "Pool", pool != NULL ? world_text(world, pool->name) : "");
    json_writer_field_text(writer, "Group", line->group);
    json_writer_field_text(writer, "ClientStatus", client_status_word((enum client_status)allocation->client_status));
    json_writer_field_text(writer, "DesiredStatus",
                           desired_status_word((enum desired_status)allocation->desired_status));
    json_writer_field_text(writer, "Health", health_word(allocation->health));
    json_writer_field_text(writer, "Checks", service_word(allocation->service));
    json_writer_field_u64(writer, "JobVersion", allocation->job_version);
    view_money(writer, "HourlyUSD", full);
    json_writer_end_object(writer);
}

static void view_allocations(struct json_writer *writer, const struct world *world, const struct view_places *places)
{
    struct allocation_lines lines = {0};
    for (size_t i = 0; i < places->count; i++) {
        if (places->list[i].observed != NULL) {
            allocation_lines_collect(world, &places->list[i], &lines);
        }
    }
    if (lines.count > 1) {
        qsort(lines.list, lines.count, sizeof *lines.list, allocation_line_compare);
    }
    json_writer_key(writer, "Allocs");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < lines.count && i < VIEW_ALLOCATIONS_MAX; i++) {
        view_allocation(writer, world, &lines.list[i]);
    }
    json_writer_end_array(writer);
    json_writer_field_u64(writer, "AllocsLeftOff",
                          lines.count > VIEW_ALLOCATIONS_MAX ? lines.count - VIEW_ALLOCATIONS_MAX : 0);
    free(lines.list);
}

static void view_groups(struct json_writer *writer, const struct drover_job *job)
{
    json_writer_key(writer, "Groups");
    json_writer_begin_array(writer);
    for (size_t i = 0; job != NULL && i < job->demand.group_count; i++) {
        const struct group_demand *group = &job->demand.groups[i];
        json_writer_begin_object(writer);
        json_writer_field_text(writer, "Name", group->name);
        json_writer_field_i64(writer, "Count", group->count);
        view_resources(writer, "Each", &group->each);
        json_writer_field_flag(writer, "Pinnable", group->pinnable);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

static void view_copy_group(struct json_writer *writer, const struct world *world, const struct drover_job *job,
                            const struct job_copy *copy, size_t at)
{
    const struct job_copy_group *group = &copy->groups[at];
    const char *name = group->group < job->demand.group_count ? job->demand.groups[group->group].name : "";
    char *called = job_copy_task_group(world, job, copy, at);
    json_writer_begin_object(writer);
    json_writer_field_text(writer, "Group", name);
    json_writer_field_text(writer, "TaskGroup", called);
    free(called);
    view_symbol(writer, "Pool", world, group->pool);
    json_writer_field_i64(writer, "Count", group->count);
    json_writer_field_i64(writer, "Placed", group->placed);
    json_writer_field_i64(writer, "Serving", group->serving);
    json_writer_field_i64(writer, "Proven", group->proven);
    json_writer_end_object(writer);
}

static void view_copies(struct json_writer *writer, const struct world *world, const struct drover_job *job)
{
    json_writer_key(writer, "Copies");
    json_writer_begin_array(writer);
    for (size_t i = 0; job != NULL && i < job->copy_count; i++) {
        const struct job_copy *copy = &job->copies[i];
        json_writer_begin_object(writer);
        view_symbol(writer, "Region", world, copy->region);
        json_writer_field_text(writer, "State", copy_state_word(copy->state));
        json_writer_field_text(writer, "Trouble", copy->trouble != NULL ? copy->trouble : "");
        json_writer_field_u64(writer, "Revision", copy->revision);
        json_writer_field_flag(writer, "Registered", copy->registered);
        json_writer_field_u64(writer, "JobModifyIndex", copy->base_index);
        json_writer_field_u64(writer, "JobVersion", copy->job_version);
        json_writer_field_flag(writer, "InFlight", copy->effect != 0);
        json_writer_key(writer, "Groups");
        json_writer_begin_array(writer);
        for (size_t k = 0; k < copy->group_count; k++) {
            view_copy_group(writer, world, job, copy, k);
        }
        json_writer_end_array(writer);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

static void view_decision_summary(struct json_writer *writer, const struct decision *decision)
{
    json_writer_key(writer, "Decision");
    if (decision == NULL) {
        json_writer_null(writer);
        return;
    }
    json_writer_begin_object(writer);
    json_writer_field_text(writer, "Policy", decision->policy);
    view_time(writer, "At", decision->at_ms);
    json_writer_field_u64(writer, "Revision", decision->revision);
    json_writer_field_i64(writer, "Wanted", decision->wanted);
    json_writer_field_i64(writer, "Placed", decision->placed);
    json_writer_field_money(writer, "HourlyBeforeUSD", decision->full_before_uusd_h);
    json_writer_field_money(writer, "HourlyAfterUSD", decision->full_after_uusd_h);
    json_writer_field_money(writer, "MarginalBeforeUSD", decision->marginal_before_uusd_h);
    json_writer_field_money(writer, "MarginalAfterUSD", decision->marginal_after_uusd_h);
    json_writer_end_object(writer);
}

bool view_job(const struct world *world, const char *job_namespace, const char *id, struct buffer *out)
{
    struct view_places places;
    view_places_collect(world, job_namespace, id, &places);
    if (places.count == 0) {
        view_places_release(&places);
        return false;
    }
    const struct drover_job *job = places.list[0].job;
    struct json_writer writer = json_writer_init(out, false);
    struct cost_report *report = cost_report_new(world);
    json_writer_begin_object(&writer);
    view_job_fields(&writer, world, report, places.list, places.count);
    view_time(&writer, "StateSince", job != NULL ? job->state_since_ms : 0);
    view_time(&writer, "SubmittedAt", job != NULL ? job->submitted_at_ms : 0);
    json_writer_field_text(&writer, "Submitter", job != NULL && job->submitter != NULL ? job->submitter : "");
    json_writer_field_u64(&writer, "Revision", job != NULL ? job->revision : 0);
    json_writer_field_flag(&writer, "StopWanted", job != NULL && job->stop_wanted);
    json_writer_field_flag(&writer, "PurgeWanted", job != NULL && job->purge_wanted);
    view_groups(&writer, job);
    view_copies(&writer, world, job);
    view_allocations(&writer, world, &places);
    view_decision_summary(&writer, job != NULL ? job->decision : NULL);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    cost_report_free(report);
    view_places_release(&places);
    return true;
}
