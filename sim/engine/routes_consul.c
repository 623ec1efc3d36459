/* The Consul side: members, catalog, health and coordinates; and Nomad's own services, since both read the same
 * service blocks of running allocations. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/http.h"

/* One instance of a service: an allocation and the block it comes from. */
typedef void sim_service_visit(struct sim_call *call, const struct sim_allocation *a, const json_t *service,
                               const json_t *task, void *context);

static void visit_block(struct sim_call *call, const struct sim_allocation *a, const json_t *owner, const json_t *task,
                        const char *provider, sim_service_visit *visit, void *context)
{
    json_t *service;
    size_t i;

    json_array_foreach(json_object_get(owner, "Services"), i, service)
    {
        if (sim_same(sim_get_text(service, "Provider", "consul"), provider))
            visit(call, a, service, task, context);
    }
}

static void visit_services(struct sim_call *call, const char *provider, sim_service_visit *visit, void *context)
{
    struct sim_region *region = call->region;

    for (size_t i = 0; i < region->allocation_count; i++) {
        const struct sim_allocation *a = region->allocations[i];
        const json_t *group = sim_allocation_group(a)->json;
        json_t *task;
        size_t t;

        if (a->client != SIM_RUNNING || a->desired != SIM_RUN || a->node->gone)
            continue;
        visit_block(call, a, group, NULL, provider, visit, context);
        json_array_foreach(json_object_get(group, "Tasks"), t, task)
        {
            visit_block(call, a, task, task, provider, visit, context);
        }
    }
}

static int service_port(const struct sim_allocation *a, const json_t *service)
{
    const char *label = sim_get_text(service, "PortLabel", "");
    const struct sim_group *group = sim_allocation_group(a);

    for (size_t i = 0; i < group->port_count; i++)
        if (sim_same(group->ports[i].label, label))
            return a->ports[i];
    return atoi(label);
}

static void put_service_id(struct buffer *out, const struct sim_allocation *a, const json_t *service,
                           const json_t *task)
{
    buffer_printf(out, "\"_nomad-task-%s-%s%s-%s-%s\"", a->id, task != NULL ? "" : "group-",
                  task != NULL ? sim_get_text(task, "Name", "") : sim_allocation_group(a)->name,
                  sim_get_text(service, "Name", ""), sim_get_text(service, "PortLabel", ""));
}

static void put_tags(struct buffer *out, const json_t *service)
{
    const json_t *tags = json_object_get(service, "Tags");

    if (json_is_array(tags))
        sim_put_json(out, tags);
    else
        buffer_append_text(out, "[]");
}

/* ---- Nomad's own ---- */

static void gather_names(struct sim_call *call, const struct sim_allocation *a, const json_t *service,
                         const json_t *task, void *context)
{
    json_t *spaces = context, *names = json_object_get(spaces, a->job->space), *tags;
    const char *name = sim_get_text(service, "Name", "");
    json_t *tag;
    size_t i;

    (void)task;
    if (!sim_space_covers(call, a->job->space))
        return;
    if (names == NULL) {
        json_object_set_new(spaces, a->job->space, json_object());
        names = json_object_get(spaces, a->job->space);
    }
    if (json_object_get(names, name) == NULL)
        json_object_set_new(names, name, json_object());
    tags = json_object_get(names, name);
    json_array_foreach(json_object_get(service, "Tags"), i, tag)
    {
        if (json_is_string(tag))
            json_object_set_new(tags, json_string_value(tag), json_true());
    }
}

void sim_list_services(struct sim_call *call)
{
    uint64_t index = call->region->tables[SIM_SERVICES];
    json_t *spaces, *names, *tags, *unused;
    const char *space, *name, *tag;
    struct buffer *out;
    size_t n = 0;

    if (sim_held(call, index))
        return;
    spaces = json_object();
    visit_services(call, "nomad", gather_names, spaces);
    out = sim_reply(call, index);
    buffer_append_byte(out, '[');
    json_object_foreach(spaces, space, names)
    {
        size_t k = 0;

        buffer_append_text(out, n++ > 0 ? ",{" : "{");
        sim_put_field(out, "Namespace", space);
        buffer_append_text(out, ",\"Services\":[");
        json_object_foreach(names, name, tags)
        {
            size_t t = 0;

            buffer_append_text(out, k++ > 0 ? ",{" : "{");
            sim_put_field(out, "ServiceName", name);
            buffer_append_text(out, ",\"Tags\":[");
            json_object_foreach(tags, tag, unused)
            {
                buffer_append_text(out, t++ > 0 ? "," : "");
                sim_put_string(out, tag);
            }
            buffer_append_text(out, "]}");
        }
        buffer_append_text(out, "]}");
    }
    buffer_append_byte(out, ']');
    json_decref(spaces);
}

struct instance_list {
    const char *name;
    size_t count;
};

static void put_instance(struct sim_call *call, const struct sim_allocation *a, const json_t *service,
                         const json_t *task, void *context)
{
    struct instance_list *list = context;
    struct buffer *out = &call->response->body;

    if (!sim_same(sim_get_text(service, "Name", ""), list->name) || !sim_space_covers(call, a->job->space))
        return;
    buffer_printf(out, "%s{\"Address\":\"127.0.0.1\",\"AllocID\":\"%s\",\"CreateIndex\":%" PRIu64 ",",
                  list->count++ > 0 ? "," : "", a->id, a->create_index);
    sim_put_field(out, "Datacenter", a->node->class->datacenter);
    buffer_append_text(out, ",\"ID\":");
    put_service_id(out, a, service, task);
    buffer_append_byte(out, ',');
    sim_put_field(out, "JobID", a->job->id);
    buffer_printf(out, ",\"ModifyIndex\":%" PRIu64 ",\"Namespace\":\"%s\",\"NodeID\":\"%s\",\"Port\":%d,",
                  a->modify_index, a->job->space, a->node->id, service_port(a, service));
    sim_put_field(out, "ServiceName", list->name);
    buffer_append_text(out, ",\"Tags\":");
    put_tags(out, service);
    buffer_append_byte(out, '}');
}

void sim_get_service(struct sim_call *call)
{
    struct instance_list list = {.name = call->segments[1]};
    uint64_t index = call->region->tables[SIM_SERVICES];

    if (sim_held(call, index))
        return;
    buffer_append_byte(sim_reply(call, index), '[');
    visit_services(call, "nomad", put_instance, &list);
    buffer_append_byte(&call->response->body, ']');
}

/* ---- Consul ---- */

/* ?dc=: another datacenter answers for itself; an unknown one has no path. True when the answer is there. */
static bool other_datacenter(struct sim_call *call)
{
    const char *dc = sim_query_get(&call->query, "dc", "");

    if (*dc == '\0' || sim_same(dc, call->region->name))
        return false;
    for (size_t i = 0; i < call->region->peer_count; i++) {
        struct sim_region *peer = call->region->peers[i];

        if (!sim_same(peer->name, dc))
            continue;
        if (peer->dark_refuse || peer->dark_silent) {
            sim_fail(call, 500, "rpc error making call: EOF");
            return true;
        }
        sim_region_consul_request(peer, call->request, call->now, call->response);
        return true;
    }
    sim_fail(call, 500, "No path to datacenter");
    return true;
}

static struct buffer *consul_reply(struct sim_call *call)
{
    return sim_reply(call, call->region->tables[SIM_SERVICES] > 0 ? call->region->tables[SIM_SERVICES] : 1);
}

static bool consul_held(struct sim_call *call)
{
    return other_datacenter(call) || sim_held(call, call->region->tables[SIM_SERVICES]);
}

static void consul_self(struct sim_call *call)
{
    struct buffer *out = sim_reply(call, 0);

    call->response->has_index = call->response->has_leader = false;
    buffer_append_text(out, "{\"Config\":{");
    sim_put_field(out, "Datacenter", call->region->name);
    buffer_append_text(out, ",\"NodeID\":\"\",\"NodeName\":\"consul\",\"Revision\":\"\",\"Server\":true,\"Version\":"
                            "\"1.8.7\"},\"Member\":{\"Addr\":\"127.0.0.1\",\"Name\":\"consul\",\"Port\":8301,"
                            "\"Status\":1,\"Tags\":{\"build\":\"1.8.7\",");
    sim_put_field(out, "dc", call->region->name);
    buffer_append_text(out, ",\"role\":\"consul\"}},\"Meta\":{},\"Stats\":{}}");
}

static void consul_leader(struct sim_call *call)
{
    struct buffer *out;

    if (other_datacenter(call))
        return;
    out = sim_reply(call, 0);
    call->response->has_index = call->response->has_leader = false;
    buffer_append_text(out, "\"127.0.0.1:8300\"");
}

static void consul_datacenters(struct sim_call *call)
{
    struct sim_region *region = call->region;
    struct buffer *out = sim_reply(call, 0);

    call->response->has_index = call->response->has_leader = false;
    buffer_append_byte(out, '[');
    sim_put_string(out, region->name); /* nearest first: itself */
    for (size_t i = 0; i < region->peer_count; i++)
        if (region->peers[i] != region) {
            buffer_append_byte(out, ',');
            sim_put_string(out, region->peers[i]->name);
        }
    buffer_append_byte(out, ']');
}

static void consul_services(struct sim_call *call)
{
    json_t *spaces, *names, *tags, *unused;
    const char *space, *name, *tag;
    struct buffer *out;

    if (consul_held(call))
        return;
    call->space = "*";
    spaces = json_object();
    visit_services(call, "consul", gather_names, spaces);
    out = consul_reply(call);
    buffer_append_text(out, "{\"consul\":[]");
    json_object_foreach(spaces, space, names)
    {
        json_object_foreach(names, name, tags)
        {
            size_t t = 0;

            buffer_append_byte(out, ',');
            sim_put_string(out, name);
            buffer_append_text(out, ":[");
            json_object_foreach(tags, tag, unused)
            {
                buffer_append_text(out, t++ > 0 ? "," : "");
                sim_put_string(out, tag);
            }
            buffer_append_byte(out, ']');
        }
    }
    buffer_append_byte(out, '}');
    json_decref(spaces);
}

static bool check_passes(const struct sim_allocation *a)
{
    return !a->job->unhealthy && a->health != SIM_UNHEALTHY;
}

static void put_check(struct buffer *out, const struct sim_allocation *a, const json_t *service, const json_t *task)
{
    buffer_append_text(out, "{\"CheckID\":\"_nomad-check-");
    buffer_printf(out,
                  "%s\",\"Definition\":{},\"Name\":\"service: check\",\"Node\":\"%s\",\"Notes\":\"\",\"Output\":"
                  "\"\",\"ServiceID\":",
                  a->id, a->node->name);
    put_service_id(out, a, service, task);
    buffer_append_byte(out, ',');
    sim_put_field(out, "ServiceName", sim_get_text(service, "Name", ""));
    buffer_append_text(out, ",\"ServiceTags\":");
    put_tags(out, service);
    buffer_printf(out, ",\"Status\":\"%s\",\"Type\":\"http\",\"CreateIndex\":%" PRIu64 ",\"ModifyIndex\":%" PRIu64 "}",
                  check_passes(a) ? "passing" : "critical", a->create_index, a->modify_index);
}

static void put_health_entry(struct sim_call *call, const struct sim_allocation *a, const json_t *service,
                             const json_t *task, void *context)
{
    struct instance_list *list = context;
    struct buffer *out = &call->response->body;

    if (!sim_same(sim_get_text(service, "Name", ""), list->name) ||
        (sim_query_has(&call->query, "passing") && !check_passes(a)))
        return;
    buffer_append_text(out, list->count++ > 0 ? ",{\"Node\":{" : "{\"Node\":{");
    buffer_printf(out, "\"ID\":\"%s\",\"Node\":\"%s\",\"Address\":\"127.0.0.1\",", a->node->id, a->node->name);
    sim_put_field(out, "Datacenter", call->region->name);
    buffer_append_text(out,
                       ",\"TaggedAddresses\":{},\"Meta\":{},\"CreateIndex\":1,\"ModifyIndex\":1},\"Service\":{\"ID\":");
    put_service_id(out, a, service, task);
    buffer_append_byte(out, ',');
    sim_put_field(out, "Service", list->name);
    buffer_append_text(out, ",\"Tags\":");
    put_tags(out, service);
    buffer_printf(
        out,
        ",\"Address\":\"127.0.0.1\",\"Meta\":{\"external-source\":\"nomad\"},\"Port\":%d,\"CreateIndex\":%" PRIu64
        ",\"ModifyIndex\":%" PRIu64 "},\"Checks\":[",
        service_port(a, service), a->create_index, a->modify_index);
    put_check(out, a, service, task);
    buffer_append_text(out, "]}");
}

static void consul_health(struct sim_call *call)
{
    struct instance_list list = {.name = call->segments[2]};

    if (consul_held(call))
        return;
    buffer_append_byte(consul_reply(call), '[');
    visit_services(call, "consul", put_health_entry, &list);
    buffer_append_byte(&call->response->body, ']');
}

static void put_state(struct sim_call *call, const struct sim_allocation *a, const json_t *service, const json_t *task,
                      void *context)
{
    struct instance_list *list = context;

    if (!sim_same(list->name, "any") && !sim_same(list->name, check_passes(a) ? "passing" : "critical"))
        return;
    buffer_append_text(&call->response->body, list->count++ > 0 ? "," : "");
    put_check(&call->response->body, a, service, task);
}

static void consul_state(struct sim_call *call)
{
    struct instance_list list = {.name = call->segments[2]};

    if (consul_held(call))
        return;
    buffer_append_byte(consul_reply(call), '[');
    visit_services(call, "consul", put_state, &list);
    buffer_append_byte(&call->response->body, ']');
}

static void put_datacenter(struct buffer *out, const struct sim_region *region)
{
    buffer_append_byte(out, '{');
    sim_put_field(out, "Datacenter", region->name);
    buffer_printf(out,
                  ",\"AreaID\":\"wan\",\"Coordinates\":[{\"Node\":\"consul.%s\",\"Segment\":\"\",\"Coord\":"
                  "{\"Vec\":[",
                  region->name);
    for (int i = 0; i < 8; i++)
        buffer_printf(out, "%s%.9g", i > 0 ? "," : "", region->coordinate[i] / 1000);
    buffer_append_text(out, "],\"Error\":0.01,\"Adjustment\":0,\"Height\":0.00001}}]}");
}

static void consul_coordinates(struct sim_call *call)
{
    struct sim_region *region = call->region;
    struct buffer *out = sim_reply(call, 0);

    call->response->has_index = call->response->has_leader = false;
    buffer_append_byte(out, '[');
    if (region->peer_count == 0)
        put_datacenter(out, region);
    for (size_t i = 0; i < region->peer_count; i++) {
        buffer_append_text(out, i > 0 ? "," : "");
        put_datacenter(out, region->peers[i]);
    }
    buffer_append_byte(out, ']');
}

static void consul_nodes(struct sim_call *call)
{
    struct sim_region *region = call->region;
    struct buffer *out;

    if (consul_held(call))
        return;
    out = consul_reply(call);
    buffer_append_byte(out, '[');
    for (size_t i = 0; i < region->node_count; i++) {
        buffer_printf(out, "%s{\"ID\":\"%s\",\"Node\":\"%s\",\"Address\":\"127.0.0.1\",", i > 0 ? "," : "",
                      region->nodes[i]->id, region->nodes[i]->name);
        sim_put_field(out, "Datacenter", region->name);
        buffer_append_text(out, ",\"TaggedAddresses\":{},\"Meta\":{},\"CreateIndex\":1,\"ModifyIndex\":1}");
    }
    buffer_append_byte(out, ']');
}

const struct sim_route sim_consul_routes[] = {{"GET", "agent/self", SIM_OPEN, consul_self},
                                              {"GET", "status/leader", SIM_OPEN, consul_leader},
                                              {"GET", "catalog/datacenters", SIM_OPEN, consul_datacenters},
                                              {"GET", "catalog/services", SIM_OPEN, consul_services},
                                              {"GET", "catalog/nodes", SIM_OPEN, consul_nodes},
                                              {"GET", "health/service/*", SIM_OPEN, consul_health},
                                              {"GET", "health/state/*", SIM_OPEN, consul_state},
                                              {"GET", "coordinate/datacenters", SIM_OPEN, consul_coordinates},
                                              {NULL, NULL, SIM_OPEN, NULL}};
