/* GET regions and region/:name: state, what runs there, what it costs. */
#include "controller/api/view_part.h"

static const char *region_owner_word(enum owner_state owner)
{
    switch (owner) {
    case OWNER_CLAIMING:
        return "claiming";
    case OWNER_OURS:
        return "ours";
    case OWNER_FOREIGN:
        return "foreign";
    default:
        return "none";
    }
}

static void view_labels(struct json_writer *writer, const struct region_config *config)
{
    json_writer_key(writer, "Labels");
    json_writer_begin_object(writer);
    for (size_t i = 0; i < config->label_count; i++) {
        json_writer_field_text(writer, config->labels[i].key, config->labels[i].value);
    }
    json_writer_end_object(writer);
}

static uint64_t region_live_jobs(const struct world_region *region)
{
    uint64_t jobs = 0;
    for (size_t i = 0; i < region->job_count; i++) {
        const struct world_region_job *job = &region->jobs[i];
        jobs += job->present && !job->child && ((job->listed && !job->stopped) || job->live_allocations > 0);
    }
    return jobs;
}

static uint64_t region_owned_jobs(const struct world *world, const struct world_region *region)
{
    uint64_t owned = 0;
    for (size_t i = 0; i < world->job_count; i++) {
        for (size_t k = 0; k < world->jobs[i]->copy_count; k++) {
            owned += world->jobs[i]->copies[k].region == region->name && world->jobs[i]->copies[k].registered;
        }
    }
    return owned;
}

static uint64_t region_ready_nodes(const struct world_region *region)
{
    uint64_t ready = 0;
    for (size_t i = 0; i < region->pool_count; i++) {
        ready += region->pools[i].ready_nodes;
    }
    return ready;
}

static void view_region_fields(struct json_writer *writer, const struct world *world, const struct world_region *region,
                               const struct cost_sum *sum)
{
    json_writer_field_text(writer, "Name", region->config.name);
    json_writer_field_text(writer, "Provider", region->config.provider != NULL ? region->config.provider : "");
    view_labels(writer, &region->config);
    json_writer_field_text(writer, "State", region_state_word(region->state));
    view_time(writer, "StateSince", region->state_since_ms);
    view_time(writer, "LastSeen", region->last_heard_ms);
    json_writer_field_text(writer, "Trouble", region->trouble != NULL ? region->trouble : "");
    json_writer_field_flag(writer, "Complete", region->complete);
    view_symbol(writer, "NomadVersion", world, region->nomad_version);
    view_symbol(writer, "ConsulVersion", world, region->consul_version);
    json_writer_field_u64(writer, "Servers", region->server_count);
    json_writer_field_flag(writer, "HasLeader", region->has_leader);
    json_writer_field_u64(writer, "RoundTripUs", region->round_trip_us);
    json_writer_field_text(writer, "Owner", region_owner_word(region->owner));
    json_writer_field_text(writer, "OwnerCluster", region->owner_cluster != NULL ? region->owner_cluster : "");
    json_writer_field_u64(writer, "OwnerEpoch", region->owner_epoch);
    json_writer_field_u64(writer, "ReadyNodes", region_ready_nodes(region));
    json_writer_field_u64(writer, "Jobs", region_live_jobs(region));
    json_writer_field_u64(writer, "OwnedJobs", region_owned_jobs(world, region));
    view_sum(writer, sum);
}

void view_regions(const struct world *world, struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    struct cost_report *report = cost_report_new(world);
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "Regions");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < world->region_count; i++) {
        json_writer_begin_object(&writer);
        view_region_fields(&writer, world, &world->regions[i], &report->regions[i]);
        json_writer_end_object(&writer);
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    cost_report_free(report);
}

void view_region(const struct world *world, const struct world_region *region, struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    struct cost_report *report = cost_report_new(world);
    size_t first = view_first_pool(world, region);
    json_writer_begin_object(&writer);
    view_region_fields(&writer, world, region, &report->regions[region - world->regions]);
    json_writer_key(&writer, "Pools");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < region->pool_count; i++) {
        view_pool(&writer, world, region, &region->pools[i], &report->pools[first + i]);
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    cost_report_free(report);
}
