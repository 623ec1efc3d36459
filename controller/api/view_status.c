/* GET status: the agent itself, and the federation in a few numbers. */
#include "controller/api/view_part.h"

static void view_freeze(struct json_writer *writer, const struct world *world)
{
    json_writer_key(writer, "Frozen");
    if (!world->frozen) {
        json_writer_null(writer);
        return;
    }
    json_writer_begin_object(writer);
    view_time(writer, "Since", world->freeze.since_ms);
    json_writer_field_text(writer, "Actor", world->freeze.actor != NULL ? world->freeze.actor : "");
    json_writer_field_text(writer, "Reason", world->freeze.reason != NULL ? world->freeze.reason : "");
    json_writer_end_object(writer);
}

static void view_mode_fields(struct json_writer *writer, const struct world *world)
{
    json_writer_field_text(writer, "Mode", mode_word(world->mode));
    json_writer_field_text(writer, "ConfiguredMode", mode_word(world->configured_mode));
    view_freeze(writer, world);
}

void view_mode(const struct world *world, struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    json_writer_begin_object(&writer);
    view_mode_fields(&writer, world);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
}

static void view_region_states(struct json_writer *writer, const struct world *world)
{
    uint64_t alive = 0, suspect = 0, dark = 0, denied = 0;
    for (size_t i = 0; i < world->region_count; i++) {
        enum region_state state = world->regions[i].state;
        alive += state == REGION_ALIVE;
        suspect += state == REGION_SUSPECT;
        dark += state == REGION_DARK;
        denied += state == REGION_DENIED;
    }
    json_writer_key(writer, "Regions");
    json_writer_begin_object(writer);
    json_writer_field_u64(writer, "Total", world->region_count);
    json_writer_field_u64(writer, "Alive", alive);
    json_writer_field_u64(writer, "Suspect", suspect);
    json_writer_field_u64(writer, "Dark", dark);
    json_writer_field_u64(writer, "Denied", denied);
    json_writer_field_u64(writer, "Other", world->region_count - alive - suspect - dark - denied);
    json_writer_end_object(writer);
}

static void view_job_states(struct json_writer *writer, const struct world *world)
{
    uint64_t running = 0, partial = 0;
    for (size_t i = 0; i < world->job_count; i++) {
        running += world->jobs[i]->state == JOB_STATE_RUNNING;
        partial += world->jobs[i]->state == JOB_STATE_PARTIAL;
    }
    json_writer_key(writer, "Jobs");
    json_writer_begin_object(writer);
    json_writer_field_u64(writer, "Total", world->job_count);
    json_writer_field_u64(writer, "Running", running);
    json_writer_field_u64(writer, "Partial", partial);
    json_writer_field_u64(writer, "Other", world->job_count - running - partial);
    json_writer_end_object(writer);
}

static void view_store(struct json_writer *writer, const struct store_stats *stats, const char *trouble)
{
    json_writer_key(writer, "Store");
    json_writer_begin_object(writer);
    if (stats != NULL) {
        double mean_ns = stats->commits > 0 ? (double)stats->commit_ns_total / (double)stats->commits : 0;
        json_writer_field_u64(writer, "UsedBytes", stats->bytes_used[STORE_INTENT]);
        json_writer_field_u64(writer, "MapBytes", stats->map_size[STORE_INTENT]);
        json_writer_field_u64(writer, "Commits", stats->commits);
        json_writer_field_u64(writer, "Batches", stats->batches);
        json_writer_field_u64(writer, "Failures", stats->batches_failed);
        json_writer_key(writer, "MeanCommitMs");
        json_writer_real(writer, mean_ns / 1e6);
        json_writer_key(writer, "LongestCommitMs");
        json_writer_real(writer, (double)stats->commit_ns_max / 1e6);
        json_writer_field_u64(writer, "Queued", stats->queued);
    }
    json_writer_field_text(writer, "Trouble", trouble);
    json_writer_end_object(writer);
}

static void view_agent(struct json_writer *writer, const struct api_agent_facts *facts)
{
    json_writer_field_text(writer, "Version", facts->version);
    json_writer_field_text(writer, "ClusterID", facts->cluster);
    json_writer_field_u64(writer, "Epoch", facts->epoch);
    view_time(writer, "StartedAt", facts->started_at_ms);
    json_writer_field_text(writer, "Address", facts->address);
    json_writer_field_text(writer, "DataDir", facts->data_dir);
    json_writer_field_flag(writer, "Dev", facts->simulated);
    json_writer_key(writer, "LongestCallbackMs");
    json_writer_real(writer, (double)facts->longest_callback_us / 1000);
    json_writer_key(writer, "LongestTurnMs");
    json_writer_real(writer, (double)facts->longest_turn_us / 1000);
    json_writer_key(writer, "LongestTurnCpuMs");
    json_writer_real(writer, (double)facts->longest_turn_cpu_us / 1000);
    json_writer_key(writer, "Effects");
    json_writer_begin_object(writer);
    json_writer_field_u64(writer, "Waiting", facts->effects_waiting);
    json_writer_field_u64(writer, "InFlight", facts->effects_in_flight);
    json_writer_end_object(writer);
}

void view_status(const struct world *world, const struct api_agent_facts *facts, const struct store_stats *stats,
                 struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    struct cost_report *report = cost_report_new(world);
    json_writer_begin_object(&writer);
    view_agent(&writer, facts);
    view_mode_fields(&writer, world);
    json_writer_field_u64(&writer, "Sequence", world->sequence);
    view_region_states(&writer, world);
    view_sum(&writer, &report->total);
    view_job_states(&writer, world);
    view_store(&writer, stats, facts->store_trouble);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    cost_report_free(report);
}
