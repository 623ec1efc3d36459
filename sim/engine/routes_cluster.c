/* The rest of the Nomad API: status, agent, namespaces, variables, services, tokens, search, the event stream. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/http.h"

/* host:port with the port one higher, as RPC sits beside HTTP. */
static void put_rpc(struct buffer *out, const struct sim_region *region)
{
    const char *colon = strrchr(region->nomad_address, ':');
    int length = colon != NULL ? (int)(colon - region->nomad_address) : (int)strlen(region->nomad_address);

    buffer_printf(out, "\"%.*s:%d\"", length, region->nomad_address, colon != NULL ? atoi(colon + 1) + 1 : 4647);
}

static struct buffer *reply_plain(struct sim_call *call)
{
    struct buffer *out = sim_reply(call, 0);

    call->response->has_index = call->response->has_leader = false;
    return out;
}

static void get_leader(struct sim_call *call)
{
    put_rpc(reply_plain(call), call->region);
}

static void get_peers(struct sim_call *call)
{
    struct buffer *out = reply_plain(call);

    buffer_append_byte(out, '[');
    put_rpc(out, call->region);
    buffer_append_byte(out, ']');
}

static int region_order(const void *a, const void *b)
{
    return strcmp((*(struct sim_region *const *)a)->name, (*(struct sim_region *const *)b)->name);
}

static void get_regions(struct sim_call *call)
{
    struct sim_region *region = call->region, **sorted;
    struct buffer *out = reply_plain(call);

    buffer_append_byte(out, '[');
    if (region->peer_count == 0)
        sim_put_string(out, region->name);
    sorted = memory_new(region->peer_count + 1, sizeof(struct sim_region *));
    for (size_t i = 0; i < region->peer_count; i++)
        sorted[i] = region->peers[i];
    qsort(sorted, region->peer_count, sizeof(struct sim_region *), region_order);
    for (size_t i = 0; i < region->peer_count; i++) {
        buffer_append_text(out, i > 0 ? "," : "");
        sim_put_string(out, sorted[i]->name);
    }
    free(sorted);
    buffer_append_byte(out, ']');
}

static void put_member(struct buffer *out, const struct sim_region *region)
{
    const char *colon = strrchr(region->nomad_address, ':');
    int port = colon != NULL ? atoi(colon + 1) : 4646;

    buffer_append_text(out, "{\"Addr\":\"127.0.0.1\",\"DelegateCur\":4,\"DelegateMax\":5,\"DelegateMin\":2,\"Name\":");
    buffer_printf(out, "\"srv.%s\",\"Port\":%d", region->name, port + 2);
    buffer_printf(out,
                  ",\"ProtocolCur\":2,\"ProtocolMax\":5,\"ProtocolMin\":1,\"Status\":\"alive\",\"Tags\":{\"bootstrap\":"
                  "\"1\",\"build\":\"2.0.5\",\"dc\":\"%s\",\"expect\":\"1\",\"id\":\"\",\"port\":\"%d\",\"raft_vsn\":"
                  "\"3\",\"region\":\"%s\",\"revision\":\"\",\"role\":\"nomad\",\"rpc_addr\":\"127.0.0.1\",\"vsn\":"
                  "\"1\"}}",
                  region->name, port + 1, region->name);
}

static void get_members(struct sim_call *call)
{
    const struct sim_region *region = call->region;
    struct buffer *out = reply_plain(call);

    buffer_append_text(out, "{\"Members\":[");
    if (region->peer_count == 0)
        put_member(out, region);
    for (size_t i = 0; i < region->peer_count; i++) {
        buffer_append_text(out, i > 0 ? "," : "");
        put_member(out, region->peers[i]);
    }
    buffer_printf(out, "],\"ServerDC\":\"%s\",\"ServerName\":\"srv\",\"ServerRegion\":\"%s\"}", region->name,
                  region->name);
}

static void get_self(struct sim_call *call)
{
    const struct sim_region *region = call->region;
    bool acl = region->read_token != NULL || region->write_token != NULL;
    struct buffer *out = reply_plain(call);

    buffer_printf(out, "{\"config\":{\"ACL\":{\"Enabled\":%s},\"Addresses\":{\"HTTP\":\"127.0.0.1\"},",
                  acl ? "true" : "false");
    buffer_append_text(out, "\"AdvertiseAddrs\":{");
    sim_put_field(out, "HTTP", region->nomad_address);
    buffer_append_text(out, "},\"Client\":{\"Enabled\":false},");
    sim_put_field(out, "Datacenter", region->name);
    buffer_append_text(out, ",\"Consuls\":[{");
    sim_put_field(out, "Addr", region->consul_address);
    buffer_append_text(out, ",\"Name\":\"default\"}],\"NodeName\":\"srv\",");
    sim_put_field(out, "Region", region->name);
    buffer_append_text(out, ",\"Server\":{\"Enabled\":true},\"UI\":{\"Enabled\":false},\"Version\":{\"BuildDate\":"
                            "\"2026-01-01T00:00:00Z\",\"Revision\":\"\",\"Version\":\"2.0.5\",\"VersionMetadata\":\"\","
                            "\"VersionPrerelease\":\"\"}},\"member\":");
    put_member(out, region);
    buffer_printf(out,
                  ",\"stats\":{\"nomad\":{\"bootstrap\":\"true\",\"known_regions\":\"%zu\",\"leader\":\"true\","
                  "\"server\":\"true\"}}}",
                  region->peer_count > 0 ? region->peer_count : 1);
}

static void get_health(struct sim_call *call)
{
    buffer_append_text(reply_plain(call), "{\"server\":{\"message\":\"ok\",\"ok\":true}}");
}

/* ---- namespaces ---- */

static void put_namespace(struct buffer *out, const char *name, const char *description)
{
    buffer_append_text(out, "{\"Capabilities\":null,\"ConsulConfiguration\":null,\"CreateIndex\":1,");
    sim_put_field(out, "Description", description);
    buffer_append_text(out, ",\"Hash\":null,\"Meta\":null,\"ModifyIndex\":1,");
    sim_put_field(out, "Name", name);
    buffer_append_text(out, ",\"NodePoolConfiguration\":null,\"OptionalExtraClaims\":null,\"Quota\":\"\","
                            "\"RequiredExtraClaims\":null,\"VaultConfiguration\":null}");
}

static void list_namespaces(struct sim_call *call)
{
    struct buffer *out;
    const char *name;
    json_t *value;
    size_t n = 0;

    if (sim_held(call, 1))
        return;
    out = sim_reply(call, 1);
    buffer_append_byte(out, '[');
    json_object_foreach(call->region->namespaces, name, value)
    {
        buffer_append_text(out, n++ > 0 ? "," : "");
        put_namespace(out, name, json_string_value(value));
    }
    buffer_append_byte(out, ']');
}

static void get_namespace(struct sim_call *call)
{
    const char *description = sim_get_text(call->region->namespaces, call->segments[1], NULL);

    if (description == NULL)
        sim_fail_read(call, 1, "Namespace not found");
    else
        put_namespace(sim_reply(call, 1), call->segments[1], description);
}

static void put_namespaces(struct sim_call *call)
{
    const char *name;

    if (!sim_call_body(call))
        return;
    name = sim_get_text(call->body, "Name", call->segment_count > 1 ? call->segments[1] : "");
    if (*name == '\0') {
        sim_fail(call, 400, "Missing Namespace name");
        return;
    }
    json_object_set_new(call->region->namespaces, name, json_string(sim_get_text(call->body, "Description", "")));
    sim_next_index(call->region);
    sim_reply_write(call, call->region->index);
}

/* ---- variables ---- */

static size_t variable_position(const struct sim_region *region, const char *space, const char *path, bool *ret_found)
{
    size_t i = 0;

    *ret_found = false;
    for (; i < region->variable_count; i++) {
        int order = strcmp(region->variables[i]->space, space);

        if (order == 0)
            order = strcmp(region->variables[i]->path, path);
        if (order >= 0) {
            *ret_found = order == 0;
            break;
        }
    }
    return i;
}

static char *variable_path(const struct sim_call *call)
{
    struct buffer path = BUFFER_INIT;

    for (size_t i = 1; i < call->segment_count; i++) {
        buffer_append_text(&path, i > 1 ? "/" : "");
        buffer_append_text(&path, call->segments[i]);
    }
    return path.length > 0 ? buffer_take(&path) : sim_copy("");
}

static void put_variable_json(struct buffer *out, const struct sim_variable *v, bool items)
{
    buffer_printf(out, "{\"CreateIndex\":%" PRIu64 ",\"CreateTime\":%" PRId64, v->create_index, v->create_ns);
    if (items) {
        buffer_append_text(out, ",\"Items\":");
        sim_put_json(out, v->items);
    }
    buffer_printf(out, ",\"ModifyIndex\":%" PRIu64 ",\"ModifyTime\":%" PRId64 ",", v->modify_index, v->modify_ns);
    sim_put_field(out, "Namespace", v->space);
    buffer_append_byte(out, ',');
    sim_put_field(out, "Path", v->path);
    buffer_append_byte(out, '}');
}

static void list_variables(struct sim_call *call)
{
    struct sim_region *region = call->region;
    struct sim_page page;

    if (sim_held(call, region->tables[SIM_VARIABLES]) || !sim_page_begin(call, &page, region->tables[SIM_VARIABLES]))
        return;
    for (size_t i = 0; i < region->variable_count; i++)
        if (sim_space_covers(call, region->variables[i]->space) &&
            strncmp(region->variables[i]->path, page.prefix, strlen(page.prefix)) == 0 &&
            strcmp(region->variables[i]->path, page.token) >= 0 &&
            sim_page_take(call, &page, region->variables[i]->path))
            put_variable_json(&call->response->body, region->variables[i], false);
    sim_page_end(call);
}

static void get_variable(struct sim_call *call)
{
    char *path = variable_path(call);
    bool found;
    size_t at = variable_position(call->region, call->space, path, &found);
    uint64_t index = found ? call->region->variables[at]->modify_index : call->region->tables[SIM_VARIABLES];

    free(path);
    if (sim_held(call, index))
        return;
    if (!found) {
        sim_fail_read(call, index, "variable not found");
        return;
    }
    put_variable_json(sim_reply(call, index), call->region->variables[at], true);
}

/* False after an answer of 409 with the object as it stands. */
static bool variable_cas(struct sim_call *call, const struct sim_variable *v, const char *path)
{
    struct sim_variable absent = {.space = (char *)call->space, .path = (char *)path};
    uint64_t wanted, stands = v != NULL ? v->modify_index : 0;
    struct buffer *out;

    if (!sim_query_has(&call->query, "cas"))
        return true;
    if (!sim_number_parse(sim_query_get(&call->query, "cas", ""), &wanted)) {
        sim_fail(call, 400, "can't parse `cas` parameter: %s", sim_query_get(&call->query, "cas", ""));
        return false;
    }
    if (wanted == stands)
        return true;
    out = sim_reply_write(call, stands);
    call->response->status = 409;
    call->response->content_type = "text/plain; charset=utf-8";
    put_variable_json(out, v != NULL ? v : &absent, v != NULL);
    return false;
}

static bool variable_items_valid(struct sim_call *call)
{
    const json_t *items = json_object_get(call->body, "Items");
    const char *key;
    json_t *value;

    if (!json_is_object(items) || json_object_size(items) == 0) {
        sim_fail(call, 400, "variable missing required Items object");
        return false;
    }
    json_object_foreach((json_t *)items, key, value)
    {
        if (!json_is_string(value)) {
            sim_fail(call, 400, "json: cannot unmarshal %s into Go struct field .Items of type string",
                     json_is_number(value) ? "number" : "value");
            return false;
        }
    }
    return true;
}

static void variable_event(struct sim_call *call, const struct sim_variable *v, uint64_t index)
{
    struct buffer payload = BUFFER_INIT;

    put_variable_json(&payload, v, false);
    sim_event_add(call->region, index, "Variable", "VariableUpdated", v->space, v->path, NULL, NULL, "Variable",
                  payload.data);
    buffer_release(&payload);
}

static void put_variable(struct sim_call *call)
{
    struct sim_region *region = call->region;
    char *path;
    size_t at;
    bool found;
    struct sim_variable *v;

    if (!sim_call_body(call) || !variable_items_valid(call))
        return;
    path = variable_path(call);
    at = variable_position(region, call->space, path, &found);
    v = found ? region->variables[at] : NULL;
    if (!variable_cas(call, v, path)) {
        free(path);
        return;
    }
    sim_next_index(region);
    if (v == NULL) {
        v = memory_new(1, sizeof *v);
        v->space = sim_copy(call->space);
        v->path = sim_copy(path);
        v->create_index = region->index;
        v->create_ns = call->now * 1000000;
        region->variables = memory_grow(region->variables, region->variable_count, &region->variable_capacity,
                                        sizeof(struct sim_variable *));
        memmove(region->variables + at + 1, region->variables + at,
                (region->variable_count - at) * sizeof *region->variables);
        region->variables[at] = v;
        region->variable_count++;
    }
    free(path);
    json_decref(v->items);
    v->items = json_incref(json_object_get(call->body, "Items"));
    v->modify_index = region->index;
    v->modify_ns = call->now * 1000000;
    sim_touch(region, SIM_VARIABLES, region->index);
    put_variable_json(sim_reply_write(call, region->index), v, true);
    variable_event(call, v, region->index);
}

static void delete_variable(struct sim_call *call)
{
    struct sim_region *region = call->region;
    char *path = variable_path(call);
    bool found;
    size_t at = variable_position(region, call->space, path, &found);
    struct sim_variable *v = found ? region->variables[at] : NULL;

    if (variable_cas(call, v, path)) {
        sim_next_index(region);
        sim_touch(region, SIM_VARIABLES, region->index);
        sim_reply_write(call, region->index);
        call->response->status = 204;
        call->response->content_type = NULL;
        if (v != NULL) {
            memmove(region->variables + at, region->variables + at + 1,
                    (region->variable_count - at - 1) * sizeof *region->variables);
            region->variable_count--;
            free(v->space);
            free(v->path);
            json_decref(v->items);
            free(v);
        }
    }
    free(path);
}

/* ---- tokens, search, streams ---- */

static void token_self(struct sim_call *call)
{
    const struct sim_region *region = call->region;
    const char *token = call->request->token;
    struct buffer *out;

    if (region->read_token == NULL && region->write_token == NULL) {
        buffer_append_text(sim_reply(call, 0),
                           "{\"ExpirationTTL\":\"\",\"AccessorID\":\"acls-disabled\",\"SecretID\":\"\",\"Name\":\"ACLs "
                           "disabled token\",\"Type\":\"client\",\"Policies\":null,\"Roles\":null,\"Global\":false,"
                           "\"Hash\":null,\"CreateTime\":\"0001-01-01T00:00:00Z\",\"ExpirationTime\":null,"
                           "\"CreateIndex\":0,\"ModifyIndex\":0}");
        return;
    }
    out = sim_reply(call, 1);
    buffer_append_text(out, "{\"ExpirationTTL\":\"\",\"AccessorID\":\"00000000-0000-0000-0000-000000000001\",");
    sim_put_field(out, "SecretID", token != NULL ? token : "");
    buffer_printf(
        out,
        ",\"Name\":\"%s\",\"Type\":\"client\",\"Policies\":[\"%s\"],\"Roles\":null,\"Global\":false,\"Hash\":"
        "null,\"CreateTime\":\"2026-01-01T00:00:00Z\",\"ExpirationTime\":null,\"CreateIndex\":1,"
        "\"ModifyIndex\":1}",
        region->write_token != NULL && token != NULL && sim_same(token, region->write_token) ? "write" : "read",
        region->write_token != NULL && token != NULL && sim_same(token, region->write_token) ? "write" : "read");
}

static void search(struct sim_call *call)
{
    struct sim_region *region = call->region;
    const char *prefix;
    struct buffer *out;
    size_t n = 0;

    if (!sim_call_body(call))
        return;
    prefix = sim_get_text(call->body, "Prefix", "");
    out = sim_reply(call, region->index);
    buffer_append_text(out, "{\"Index\":");
    buffer_printf(out, "%" PRIu64 ",\"KnownLeader\":true,\"LastContact\":0,\"Matches\":{\"jobs\":[", region->index);
    for (size_t i = 0; i < region->job_count; i++)
        if (strncmp(region->jobs[i]->id, prefix, strlen(prefix)) == 0) {
            buffer_append_text(out, n++ > 0 ? "," : "");
            sim_put_string(out, region->jobs[i]->id);
        }
    buffer_append_text(out, "],\"nodes\":[");
    n = 0;
    for (size_t i = 0; i < region->node_count && strlen(prefix) >= 2; i++)
        if (strncmp(region->nodes[i]->id, prefix, strlen(prefix)) == 0)
            buffer_printf(out, "%s\"%s\"", n++ > 0 ? "," : "", region->nodes[i]->id);
    buffer_append_text(out, "],\"allocs\":[");
    n = 0;
    for (size_t i = 0; i < region->allocation_count && strlen(prefix) >= 2; i++)
        if (strncmp(region->allocations[i]->id, prefix, strlen(prefix)) == 0)
            buffer_printf(out, "%s\"%s\"", n++ > 0 ? "," : "", region->allocations[i]->id);
    buffer_append_text(out, "]},\"Truncations\":{\"allocs\":false,\"jobs\":false,\"nodes\":false}}");
}

static bool topic_valid(const char *topic)
{
    const char *colon = strchr(topic, ':');

    return *topic != '\0' && (colon == NULL || strchr(colon + 1, ':') == NULL);
}

static void open_stream(struct sim_call *call)
{
    for (size_t i = 0; i < call->query.count; i++)
        if (sim_same(call->query.pairs[i].key, "topic") && !topic_valid(call->query.pairs[i].value)) {
            sim_fail(call, 400,
                     "Invalid topic query: error parsing topics: Invalid key value pair for topic, topic: %s",
                     call->query.pairs[i].value);
            return;
        }
    call->response->outcome = SIM_STREAM;
    call->response->status = 200;
    call->response->content_type = "application/json";
}

static void empty_list(struct sim_call *call)
{
    if (!sim_held(call, 1))
        buffer_append_text(sim_reply(call, 1), "[]");
}

static void nothing_done(struct sim_call *call)
{
    sim_reply_write(call, call->region->index);
}

const struct sim_route sim_cluster_routes[] = {
    {"GET", "status/leader", SIM_OPEN, get_leader},    {"GET", "status/peers", SIM_OPEN, get_peers},
    {"GET", "regions", SIM_OPEN, get_regions},         {"GET", "agent/self", SIM_READ, get_self},
    {"GET", "agent/health", SIM_OPEN, get_health},     {"GET", "agent/members", SIM_READ, get_members},
    {"GET", "namespaces", SIM_EMPTY, list_namespaces}, {"PUT", "namespaces", SIM_WRITE, put_namespaces},
    {"GET", "namespace/*", SIM_READ, get_namespace},   {"PUT", "namespace/*", SIM_WRITE, put_namespaces},
    {"GET", "vars", SIM_READ, list_variables},         {"GET", "var/**", SIM_READ, get_variable},
    {"PUT", "var/**", SIM_WRITE, put_variable},        {"DELETE", "var/**", SIM_WRITE, delete_variable},
    {"GET", "services", SIM_READ, sim_list_services},  {"GET", "service/*", SIM_READ, sim_get_service},
    {"GET", "acl/token/self", SIM_READ, token_self},   {"PUT", "search", SIM_READ, search},
    {"GET", "event/stream", SIM_OPEN, open_stream},    {"GET", "volumes", SIM_READ, empty_list},
    {"PUT", "system/gc", SIM_WRITE, nothing_done},     {NULL, NULL, SIM_OPEN, NULL}};
