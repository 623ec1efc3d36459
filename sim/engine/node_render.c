/* Nodes as JSON: the list's stub and the whole. */
#include <inttypes.h>

#include "sim/engine/world.h"

const char *sim_node_status_word(const struct sim_node *node)
{
    static const char *const words[] = {"initializing", "ready", "down"};

    return words[node->status];
}

static void put_last_drain(struct buffer *out, const struct sim_node *node)
{
    if (node->last_drain_ns == 0) {
        buffer_append_text(out, "\"LastDrain\":null");
        return;
    }
    buffer_printf(out, "\"LastDrain\":{\"AccessorID\":\"\",\"Meta\":null,\"StartedAt\":");
    sim_put_time(out, node->drain_started_ns);
    buffer_printf(out, ",\"Status\":\"%s\",\"UpdatedAt\":", node->last_drain_status);
    sim_put_time(out, node->last_drain_ns);
    buffer_append_byte(out, '}');
}

static void put_common(struct buffer *out, const struct sim_node *node)
{
    buffer_append_byte(out, ',');
    sim_put_field(out, "Name", node->name);
    buffer_append_byte(out, ',');
    sim_put_field(out, "NodeClass", node->class->node_class);
    buffer_append_byte(out, ',');
    sim_put_field(out, "NodePool", node->class->node_pool);
}

void sim_node_render_stub(struct buffer *out, const struct sim_region *region, const struct sim_node *node,
                          bool resources)
{
    (void)region;
    buffer_printf(out, "{\"Address\":\"127.0.0.1\",\"CreateIndex\":%" PRIu64 ",", node->create_index);
    sim_put_field(out, "Datacenter", node->class->datacenter);
    buffer_printf(out, ",\"Drain\":%s,\"Drivers\":", node->draining ? "true" : "false");
    buffer_append_text(out, node->class->drivers_text);
    buffer_printf(out, ",\"HostVolumes\":{},\"ID\":\"%s\",", node->id);
    put_last_drain(out, node);
    buffer_printf(out, ",\"ModifyIndex\":%" PRIu64, node->modify_index);
    put_common(out, node);
    if (resources) {
        buffer_append_byte(out, ',');
        buffer_append_text(out, node->class->resources_text);
    }
    buffer_printf(out,
                  ",\"SchedulingEligibility\":\"%s\",\"Status\":\"%s\",\"StatusDescription\":\"\",\"Version\":"
                  "\"2.0.5\"}",
                  node->eligible ? "eligible" : "ineligible", sim_node_status_word(node));
}

static void put_drain_strategy(struct buffer *out, const struct sim_node *node)
{
    if (!node->draining) {
        buffer_append_text(out, "null");
        return;
    }
    buffer_printf(out, "{\"Deadline\":%" PRId64 ",\"ForceDeadline\":", node->drain_deadline_ns);
    if (node->drain_deadline_ns <= 0)
        buffer_append_text(out, "\"0001-01-01T00:00:00Z\"");
    else
        sim_put_time(out, node->drain_started_ns + node->drain_deadline_ns);
    buffer_printf(out, ",\"IgnoreSystemJobs\":%s,\"StartedAt\":", node->drain_ignores_system ? "true" : "false");
    sim_put_time(out, node->drain_started_ns);
    buffer_append_byte(out, '}');
}

void sim_node_render(struct buffer *out, const struct sim_region *region, const struct sim_node *node)
{
    buffer_append_text(out, "{\"Attributes\":{");
    sim_put_field(out, "unique.hostname", node->name);
    buffer_append_text(out, ",\"unique.network.ip-address\":\"127.0.0.1\",");
    sim_put_field(out, SIM_INSTANCE_ATTRIBUTE, node->instance);
    buffer_append_byte(out, ',');
    buffer_append_text(out, node->class->attributes_text);
    buffer_printf(out,
                  ",\"CSIControllerPlugins\":{},\"CSINodePlugins\":{},\"CgroupParent\":\"nomad.slice\","
                  "\"ComputedClass\":\"%s\",\"CreateIndex\":%" PRIu64 ",",
                  node->computed, node->create_index);
    sim_put_field(out, "Datacenter", node->class->datacenter);
    buffer_printf(out, ",\"Drain\":%s,\"DrainStrategy\":", node->draining ? "true" : "false");
    put_drain_strategy(out, node);
    buffer_append_text(out, ",\"Drivers\":");
    buffer_append_text(out, node->class->drivers_text);
    buffer_append_text(out, ",\"Events\":[{\"CreateIndex\":0,\"Details\":null,\"Message\":\"Node registered\","
                            "\"Subsystem\":\"Cluster\",\"Timestamp\":");
    sim_put_time(out, node->ready_ns / 1000000000 * 1000000000);
    buffer_append_text(out, "}],\"GCVolumesOnNodeGC\":false,");
    sim_put_field(out, "HTTPAddr", region->nomad_address);
    buffer_printf(out, ",\"HostNetworks\":null,\"HostVolumes\":{},\"ID\":\"%s\",\"LastAllocUpdateIndex\":0,", node->id);
    put_last_drain(out, node);
    buffer_append_text(out, ",\"LastMissedHeartbeatIndex\":0,\"Links\":{},\"Meta\":");
    buffer_append_text(out, node->class->meta_text);
    buffer_printf(out, ",\"ModifyIndex\":%" PRIu64, node->modify_index);
    put_common(out, node);
    buffer_append_text(out, ",\"NodeMaxAllocs\":0,");
    buffer_append_text(out, node->class->resources_text);
    buffer_printf(out,
                  ",\"SchedulingEligibility\":\"%s\",\"SecretID\":\"\",\"Status\":\"%s\",\"StatusDescription\":\"\","
                  "\"StatusUpdatedAt\":%" PRId64 ",\"TLSEnabled\":false}",
                  node->eligible ? "eligible" : "ineligible", sim_node_status_word(node), node->status_s);
}
