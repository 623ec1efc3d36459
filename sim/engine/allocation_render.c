/* Allocations as JSON: the list's stub and the whole. The stub is what large regions list by the thousand, so it is
 * printed straight into the buffer. */
#include <inttypes.h>
#include <string.h>

#include "sim/engine/world.h"

void sim_allocation_put_name(struct buffer *out, const struct sim_allocation *a)
{
    buffer_printf(out, "%s.%s[%u]", a->job->id, sim_allocation_group(a)->name, a->number);
}

static void put_ports(struct buffer *out, const struct sim_allocation *a)
{
    const struct sim_group *group = sim_allocation_group(a);

    buffer_printf(out, "\"AllocatedResources\":{\"Shared\":{\"DiskMB\":%d,\"Networks\":", group->disk);
    if (group->port_count == 0) {
        buffer_append_text(out, "null,\"Ports\":null}");
    } else {
        buffer_append_text(out, "[{\"CIDR\":\"\",\"DNS\":null,\"Device\":\"\",\"DynamicPorts\":[");
        for (size_t i = 0, n = 0; i < group->port_count; i++)
            if (group->ports[i].number == 0)
                buffer_printf(out, "%s{\"HostNetwork\":\"default\",\"Label\":\"%s\",\"To\":%d,\"Value\":%d}",
                              n++ > 0 ? "," : "", group->ports[i].label, group->ports[i].to, a->ports[i]);
        buffer_append_text(out, "],\"Hostname\":\"\",\"IP\":\"127.0.0.1\",\"MBits\":0,\"Mode\":\"host\","
                                "\"ReservedPorts\":[");
        for (size_t i = 0, n = 0; i < group->port_count; i++)
            if (group->ports[i].number != 0)
                buffer_printf(out, "%s{\"HostNetwork\":\"default\",\"Label\":\"%s\",\"To\":%d,\"Value\":%d}",
                              n++ > 0 ? "," : "", group->ports[i].label, group->ports[i].to, a->ports[i]);
        buffer_append_text(out, "]}],\"Ports\":[");
        for (size_t i = 0; i < group->port_count; i++)
            buffer_printf(out, "%s{\"HostIP\":\"127.0.0.1\",\"Label\":\"%s\",\"To\":%d,\"Value\":%d}", i > 0 ? "," : "",
                          group->ports[i].label, group->ports[i].to, a->ports[i]);
        buffer_append_text(out, "]}");
    }
    buffer_append_text(out, group->resources_text);
}

static const char *client_description(const struct sim_allocation *a)
{
    switch (a->client) {
    case SIM_RUNNING:
        return "Tasks are running";
    case SIM_COMPLETE:
        return "All tasks have completed";
    case SIM_FAILED:
        return "Failed tasks";
    case SIM_LOST_CLIENT:
        return "alloc is lost since its node is down";
    default:
        return "";
    }
}

static void put_health(struct buffer *out, const struct sim_allocation *a)
{
    if (a->health == SIM_UNJUDGED && !a->canary) {
        buffer_append_text(out, "null");
        return;
    }
    buffer_printf(
        out, "{\"Canary\":%s,\"Healthy\":%s,\"ModifyIndex\":%" PRIu64 ",\"Timestamp\":", a->canary ? "true" : "false",
        a->health == SIM_UNJUDGED  ? "null"
        : a->health == SIM_HEALTHY ? "true"
                                   : "false",
        a->health_index);
    if (a->health_ns == 0)
        buffer_append_text(out, "\"0001-01-01T00:00:00Z\"");
    else
        sim_put_time(out, a->health_ns);
    buffer_append_byte(out, '}');
}

static void put_task_event(struct buffer *out, const char *type, const char *message, int64_t ns)
{
    buffer_printf(out,
                  "{\"Details\":{},\"DiskLimit\":0,\"DisplayMessage\":\"%s\",\"DownloadError\":\"\",\"DriverError\":"
                  "\"\",\"DriverMessage\":\"\",\"ExitCode\":0,\"FailedSibling\":\"\",\"FailsTask\":false,"
                  "\"GenericSource\":\"\",\"KillError\":\"\",\"KillReason\":\"\",\"KillTimeout\":0,\"Message\":\"\","
                  "\"RestartReason\":\"\",\"SetupError\":\"\",\"Signal\":0,\"StartDelay\":0,\"TaskSignal\":\"\","
                  "\"TaskSignalReason\":\"\",\"Time\":%" PRId64 ",\"Type\":\"%s\",\"ValidationError\":\"\","
                  "\"VaultError\":\"\"}",
                  message, ns, type);
}

static void put_states(struct buffer *out, const struct sim_allocation *a)
{
    const json_t *tasks = json_object_get(sim_allocation_group(a)->json, "Tasks");
    const char *state = a->client == SIM_PENDING ? "pending" : a->finished_ns != 0 ? "dead" : "running";
    json_t *task;
    size_t i;

    if (a->started_ns == 0 && a->client == SIM_PENDING) {
        buffer_append_text(out, "null");
        return;
    }
    buffer_append_byte(out, '{');
    json_array_foreach(tasks, i, task)
    {
        buffer_append_text(out, i > 0 ? "," : "");
        sim_put_string(out, sim_get_text(task, "Name", ""));
        buffer_append_text(out, ":{\"Events\":[");
        put_task_event(out, "Received", "Task received by client", a->create_ns);
        buffer_append_byte(out, ',');
        put_task_event(out, "Started", "Task started by client", a->started_ns);
        if (a->finished_ns != 0) {
            buffer_append_byte(out, ',');
            put_task_event(out, "Terminated", a->client == SIM_FAILED ? "Exit Code: 1" : "Exit Code: 0",
                           a->finished_ns);
        }
        buffer_printf(out, "],\"Failed\":%s,\"FinishedAt\":", a->client == SIM_FAILED ? "true" : "false");
        sim_put_time(out, a->finished_ns);
        buffer_append_text(out, ",\"LastRestart\":null,\"Paused\":\"\",\"Restarts\":0,\"StartedAt\":");
        sim_put_time(out, a->started_ns);
        buffer_printf(out, ",\"State\":\"%s\"}", state);
    }
    buffer_append_byte(out, '}');
}

static void put_tracker(struct buffer *out, const struct sim_allocation *a)
{
    if (a->reschedules == 0) {
        buffer_append_text(out, "null");
        return;
    }
    buffer_append_text(out, "{\"Events\":[");
    for (int i = 0; i < a->reschedules; i++)
        buffer_printf(
            out,
            "%s{\"Delay\":30000000000,\"PrevAllocID\":\"%s\",\"PrevNodeID\":\"%s\",\"RescheduleTime\":%" PRId64 "}",
            i > 0 ? "," : "", a->previous_id, a->node->id, a->create_ns);
    buffer_append_text(out, "],\"LastReschedule\":\"ok\"}");
}

void sim_allocation_render_stub(struct buffer *out, const struct sim_allocation *a, bool resources, bool task_states)
{
    buffer_append_byte(out, '{');
    if (resources) {
        put_ports(out, a);
        buffer_append_byte(out, ',');
    }
    buffer_printf(out,
                  "\"ClientDescription\":\"%s\",\"ClientStatus\":\"%s\",\"CreateIndex\":%" PRIu64
                  ",\"CreateTime\":%" PRId64 ",\"DeploymentStatus\":",
                  client_description(a), sim_client_word(a->client), a->create_index, a->create_ns);
    put_health(out, a);
    buffer_printf(out,
                  ",\"DesiredDescription\":\"%s\",\"DesiredStatus\":\"%s\",\"DesiredTransition\":{\"ForceReschedule\":"
                  "null,\"Migrate\":%s,\"MigrateDisablePlacement\":null,\"NoShutdownDelay\":null,\"Reschedule\":null},"
                  "\"EvalID\":\"%s\",\"FollowupEvalID\":\"%s\",\"ID\":\"%s\",",
                  a->desired_description, sim_desired_word(a->desired), a->migrate ? "true" : "null", a->eval_id,
                  a->followup_id, a->id);
    sim_put_field(out, "JobID", a->job->id);
    buffer_printf(out,
                  ",\"JobType\":\"%s\",\"JobVersion\":%" PRIu64 ",\"ModifyIndex\":%" PRIu64 ",\"ModifyTime\":%" PRId64
                  ",\"Name\":\"",
                  a->spec->type, a->spec->version, a->modify_index, a->modify_ns);
    sim_allocation_put_name(out, a);
    buffer_printf(out,
                  "\",\"Namespace\":\"%s\",\"NextAllocation\":\"%s\",\"NodeID\":\"%s\",\"NodeName\":\"%s\","
                  "\"PreemptedAllocations\":null,\"PreemptedByAllocation\":\"\",\"RescheduleTracker\":",
                  a->job->space, a->next_id, a->node->id, a->node->name);
    put_tracker(out, a);
    buffer_append_byte(out, ',');
    sim_put_field(out, "TaskGroup", sim_allocation_group(a)->name);
    buffer_append_text(out, ",\"TaskStates\":");
    if (task_states)
        put_states(out, a);
    else
        buffer_append_text(out, "null");
    buffer_append_byte(out, '}');
}

static void put_text_member(struct buffer *out, const char *key, const char *value)
{
    if (*value == '\0')
        return;
    buffer_append_byte(out, ',');
    sim_put_field(out, key, value);
}

static void put_metrics(struct buffer *out, const struct sim_allocation *a)
{
    buffer_printf(out,
                  ",\"Metrics\":{\"AllocationTime\":50000,\"ClassExhausted\":null,\"ClassFiltered\":null,"
                  "\"CoalescedFailures\":0,\"ConstraintFiltered\":null,\"DimensionExhausted\":null,\"NodePool\":"
                  "\"%s\",\"NodesAvailable\":{\"%s\":1},\"NodesEvaluated\":1,\"NodesExhausted\":0,\"NodesFiltered\":0,"
                  "\"NodesInPool\":1,\"QuotaExhausted\":null,\"ResourcesExhausted\":null,\"ScoreMetaData\":null,"
                  "\"Scores\":null}",
                  a->spec->node_pool, a->node->class->datacenter);
}

static void put_old_resources(struct buffer *out, const struct sim_allocation *a)
{
    const struct sim_group *group = sim_allocation_group(a);
    json_t *task;
    size_t i;

    buffer_printf(out,
                  ",\"Resources\":{\"CPU\":%d,\"Cores\":0,\"Devices\":null,\"DiskMB\":%d,\"IOPS\":0,\"MemoryMB\":%d,"
                  "\"MemoryMaxMB\":%d,\"NUMA\":null,\"Networks\":null,\"SecretsMB\":0},\"SharedResources\":{\"CPU\":0,"
                  "\"Cores\":0,\"Devices\":null,\"DiskMB\":%d,\"IOPS\":0,\"MemoryMB\":0,\"MemoryMaxMB\":0,\"NUMA\":"
                  "null,\"Networks\":null,\"SecretsMB\":0}",
                  group->cpu, group->disk, group->memory, group->memory, group->disk);
    put_text_member(out, "TaskGroup", group->name);
    buffer_append_text(out, ",\"TaskResources\":{");
    json_array_foreach(json_object_get(group->json, "Tasks"), i, task)
    {
        buffer_append_text(out, i > 0 ? "," : "");
        sim_put_string(out, sim_get_text(task, "Name", ""));
        buffer_append_byte(out, ':');
        sim_put_json(out, json_object_get(task, "Resources"));
    }
    buffer_append_byte(out, '}');
}

void sim_allocation_render(struct buffer *out, const struct sim_allocation *a, bool with_job, bool with_states)
{
    buffer_printf(out, "{\"AllocModifyIndex\":%" PRIu64 ",", a->alloc_modify_index);
    put_ports(out, a);
    put_text_member(out, "ClientDescription", client_description(a));
    buffer_printf(out, ",\"ClientStatus\":\"%s\",\"CreateIndex\":%" PRIu64 ",\"CreateTime\":%" PRId64,
                  sim_client_word(a->client), a->create_index, a->create_ns);
    if (a->deployment != NULL)
        put_text_member(out, "DeploymentID", a->deployment->id);
    if (a->health != SIM_UNJUDGED || a->canary) {
        buffer_append_text(out, ",\"DeploymentStatus\":");
        put_health(out, a);
    }
    put_text_member(out, "DesiredDescription", a->desired_description);
    put_text_member(out, "DesiredStatus", sim_desired_word(a->desired));
    put_text_member(out, "EvalID", a->eval_id);
    put_text_member(out, "FollowupEvalID", a->followup_id);
    put_text_member(out, "ID", a->id);
    if (with_job) {
        buffer_append_text(out, ",\"Job\":");
        sim_job_render(out, a->job, a->spec);
    }
    put_text_member(out, "JobID", a->job->id);
    put_metrics(out, a);
    buffer_printf(out, ",\"ModifyIndex\":%" PRIu64 ",\"ModifyTime\":%" PRId64 ",\"Name\":\"", a->modify_index,
                  a->modify_ns);
    sim_allocation_put_name(out, a);
    buffer_append_byte(out, '"');
    put_text_member(out, "Namespace", a->job->space);
    put_text_member(out, "NextAllocation", a->next_id);
    put_text_member(out, "NodeID", a->node->id);
    put_text_member(out, "NodeName", a->node->name);
    put_text_member(out, "PreviousAllocation", a->previous_id);
    if (a->reschedules > 0) {
        buffer_append_text(out, ",\"RescheduleTracker\":");
        put_tracker(out, a);
    }
    put_old_resources(out, a);
    if (with_states && a->started_ns != 0) {
        buffer_append_text(out, ",\"TaskStates\":");
        put_states(out, a);
    }
    buffer_append_byte(out, '}');
}
