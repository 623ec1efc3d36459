/* Requests to a simulated region: faults, tokens, routing, blocking, paging and forwarding by region. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "sim/engine/http.h"

enum { BODY_DEPTH_MAX = 128 };
static const int64_t wait_default_ms = 300000;

void sim_response_init(struct sim_response *response)
{
    memset(response, 0, sizeof *response);
    buffer_init(&response->body);
}

void sim_response_release(struct sim_response *response)
{
    buffer_release(&response->body);
}

struct buffer *sim_reply_write(struct sim_call *call, uint64_t index)
{
    struct sim_response *response = call->response;

    response->status = 200;
    response->content_type = "application/json";
    response->has_index = true;
    response->index = index;
    buffer_clear(&response->body);
    return &response->body;
}

struct buffer *sim_reply(struct sim_call *call, uint64_t index)
{
    call->response->has_leader = true;
    return sim_reply_write(call, index);
}

void sim_fail(struct sim_call *call, int status, const char *format, ...)
{
    va_list arguments;

    call->response->status = status;
    call->response->content_type = "text/plain; charset=utf-8";
    call->response->has_index = call->response->has_leader = false;
    buffer_clear(&call->response->body);
    va_start(arguments, format);
    buffer_vprintf(&call->response->body, format, arguments);
    va_end(arguments);
}

void sim_fail_read(struct sim_call *call, uint64_t index, const char *text)
{
    sim_fail(call, 404, "%s", text);
    call->response->has_index = call->response->has_leader = true;
    call->response->index = index;
}

bool sim_held(struct sim_call *call, uint64_t index)
{
    uint64_t asked = sim_query_index(&call->query);
    int64_t wait_ns = wait_default_ms * 1000000, until;

    if (asked == 0 || index > asked)
        return false;
    sim_duration_parse(sim_query_get(&call->query, "wait", "5m"), &wait_ns);
    if (wait_ns <= 0 || wait_ns > wait_default_ms * 1000000)
        wait_ns = wait_default_ms * 1000000;
    /* Nomad adds up to a sixteenth as jitter; here it is always half of that. */
    until = call->request->arrived_ms + wait_ns / 1000000 + wait_ns / 32000000;
    if (call->now >= until)
        return false;
    call->response->outcome = SIM_HOLD;
    call->response->hold_until_ms = until;
    return true;
}

bool sim_call_body(struct sim_call *call)
{
    struct error error = {0};

    if (call->body != NULL)
        return true;
    if (call->request->body_length == 0) {
        sim_fail(call, 400, "EOF");
        return false;
    }
    if (json_read(call->request->body, call->request->body_length, SIM_BODY_MAX, BODY_DEPTH_MAX, &call->body, &error))
        return true;
    sim_fail(call, 400, "%s", call->request->body_length < 2 ? "unexpected EOF" : "invalid character in request body");
    return false;
}

bool sim_space_covers(const struct sim_call *call, const char *space)
{
    return sim_same(call->space, "*") || sim_same(call->space, space);
}

/* ---- pages ---- */

bool sim_page_begin(struct sim_call *call, struct sim_page *ret_page, uint64_t index)
{
    memset(ret_page, 0, sizeof *ret_page);
    if (!sim_number_parse(sim_query_get(&call->query, "per_page", "0"), &ret_page->limit)) {
        sim_fail(call, 400, "Expect a number for `per_page` query string parameter");
        return false;
    }
    ret_page->token = sim_query_get(&call->query, "next_token", "");
    ret_page->prefix = sim_query_get(&call->query, "prefix", "");
    buffer_append_byte(sim_reply(call, index), '[');
    return true;
}

bool sim_page_take(struct sim_call *call, struct sim_page *page, const char *item_token)
{
    if (page->full)
        return false;
    if (page->limit > 0 && page->taken == page->limit) {
        snprintf(call->response->next_token, sizeof call->response->next_token, "%s", item_token);
        page->full = true;
        return false;
    }
    if (page->taken++ > 0)
        buffer_append_byte(&call->response->body, ',');
    return true;
}

void sim_page_end(struct sim_call *call)
{
    buffer_append_byte(&call->response->body, ']');
}

bool sim_page_before(const struct sim_page *page, uint64_t index, const char *id)
{
    const char *dot = strchr(page->token, '.');
    uint64_t start;

    if (*page->token == '\0')
        return false;
    start = strtoull(page->token, NULL, 10);
    if (index != start || dot == NULL)
        return index < start;
    return strcmp(id, dot + 1) < 0;
}

/* ---- routing ---- */

static bool pattern_matches(const char *pattern, const struct sim_call *call)
{
    size_t at = 0;

    while (*pattern != '\0') {
        size_t length = strcspn(pattern, "/");

        if (length == 2 && pattern[0] == '*' && pattern[1] == '*')
            return at < call->segment_count;
        if (at >= call->segment_count)
            return false;
        if (!(length == 1 && *pattern == '*') &&
            (strncmp(pattern, call->segments[at], length) != 0 || call->segments[at][length] != '\0'))
            return false;
        at++;
        pattern += length + (pattern[length] == '/' ? 1 : 0);
    }
    return at == call->segment_count;
}

static bool method_matches(const char *wanted, const char *method)
{
    return sim_same(wanted, method) || (sim_same(wanted, "PUT") && sim_same(method, "POST"));
}

static bool token_is(const char *token, const char *wanted)
{
    return token != NULL && wanted != NULL && sim_same(token, wanted);
}

/* False after an answer of 403 (or of the empty list). */
static bool call_allowed(struct sim_call *call, enum sim_access access)
{
    const struct sim_region *region = call->region;
    const char *token = call->request->token;
    bool writer = token_is(token, region->write_token), reader = writer || token_is(token, region->read_token);

    if ((region->read_token == NULL && region->write_token == NULL) || access == SIM_OPEN || call->consul)
        return true;
    if (access == SIM_EMPTY && !reader) {
        buffer_append_text(sim_reply(call, 1), "[]");
        return false;
    }
    if (access == SIM_WRITE ? writer : reader)
        return true;
    sim_fail(call, 403, "Permission denied");
    return false;
}

bool sim_dispatch(struct sim_call *call, const struct sim_route *const *tables, size_t count)
{
    bool path_known = false;

    for (size_t t = 0; t < count; t++)
        for (const struct sim_route *route = tables[t]; route->pattern != NULL; route++) {
            if (!pattern_matches(route->pattern, call))
                continue;
            path_known = true;
            if (!method_matches(route->method, call->request->method))
                continue;
            if (call_allowed(call, route->access))
                route->handler(call);
            return true;
        }
    if (path_known)
        sim_fail(call, 405, "Invalid method");
    return path_known;
}

/* ---- a call ---- */

static bool call_open(struct sim_call *call, const struct sim_request *request)
{
    char *at;

    call->path = sim_copy(request->path);
    at = call->path;
    if (strncmp(at, "/v1/", 4) != 0)
        return false;
    at += 4;
    while (at != NULL && call->segment_count < SIM_SEGMENTS_MAX) {
        char *segment = strsep(&at, "/");

        if (!sim_percent_decode(segment, false))
            return false;
        call->segments[call->segment_count++] = segment;
    }
    return at == NULL;
}

/* What would change the region: plan, parse, validate and search only ask. */
static bool is_write(const struct sim_call *call)
{
    const char *method = call->request->method;
    const char *const *at = call->segments;

    if (!sim_same(method, "PUT") && !sim_same(method, "POST") && !sim_same(method, "DELETE"))
        return false;
    if (call->consul)
        return true;
    if (call->segment_count == 3 && sim_same(at[0], "job") && sim_same(at[2], "plan"))
        return false;
    if (call->segment_count == 2 && sim_same(at[0], "jobs") && sim_same(at[1], "parse"))
        return false;
    return !sim_same(at[0], "validate") && !sim_same(at[0], "search");
}

/* False when a fault has answered. */
static bool faults_pass(struct sim_call *call)
{
    struct sim_region *region = call->region;
    bool fails = region->fail_next > 0;

    call->response->delay_ms += region->slow_ms;
    if (region->dark_refuse || region->dark_silent) {
        call->response->outcome = region->dark_refuse ? SIM_REFUSED : SIM_SILENT;
        return false;
    }
    if (region->fail_next > 0)
        region->fail_next--;
    if (!fails && region->fail_percent > 0)
        fails = (int)(sim_random(region) % 100) < region->fail_percent;
    if (fails)
        sim_fail(call, 500, "%s", region->fail_text);
    return !fails;
}

static bool query_valid(struct sim_call *call)
{
    const char *wait = sim_query_get(&call->query, "wait", "1s"), *index = sim_query_get(&call->query, "index", "0");
    uint64_t number;
    int64_t ns;

    if (!sim_duration_parse(wait, &ns)) {
        sim_fail(call, 400, "Invalid wait time");
        return false;
    }
    if (!sim_number_parse(index, &number)) {
        sim_fail(call, 400, "Invalid index");
        return false;
    }
    return true;
}

bool sim_forward(struct sim_call *call, const char *name)
{
    struct sim_region *from = call->region, *to = NULL;
    struct sim_request request = *call->request;

    for (size_t i = 0; i < from->peer_count && to == NULL; i++)
        if (sim_same(from->peers[i]->name, name) && from->peers[i] != from)
            to = from->peers[i];
    if (to == NULL) {
        sim_fail(call, 500, "No path to region");
        return false;
    }
    if (to->dark_refuse) {
        sim_fail(call, 500, "rpc error: failed to get conn: dial tcp %s: connect: connection refused",
                 to->nomad_address);
        return true;
    }
    if (request.arrived_ms == 0)
        request.arrived_ms = call->now;
    sim_region_request(to, &request, call->now, call->response);
    return true;
}

static bool forwards(struct sim_call *call)
{
    const char *wanted = sim_query_get(&call->query, "region", "");
    bool local =
        call->segment_count > 0 &&
        (sim_same(call->segments[0], "agent") || sim_same(call->segments[0], "regions") ||
         (sim_same(call->segments[0], "jobs") && call->segment_count == 2 && sim_same(call->segments[1], "parse")));

    if (*wanted == '\0' || local || sim_same(wanted, call->region->name) || sim_same(wanted, "global"))
        return false;
    sim_forward(call, wanted);
    return true;
}

static void call_run(struct sim_call *call)
{
    static const struct sim_route *const nomad[] = {sim_job_routes, sim_node_routes, sim_allocation_routes,
                                                    sim_cluster_routes};
    static const struct sim_route *const consul[] = {sim_consul_routes};
    bool known;

    if (!call_open(call, call->request)) {
        sim_fail(call, 404, "%s", "");
        call->response->content_type = NULL;
        return;
    }
    if (is_write(call))
        call->region->writes++;
    if (!faults_pass(call))
        return;
    if (call->request->body_length > SIM_BODY_MAX) {
        sim_fail(call, 413, "http: request body too large");
        return;
    }
    if (!call->consul && forwards(call))
        return;
    if (!query_valid(call))
        return;
    known = call->consul ? sim_dispatch(call, consul, 1) : sim_dispatch(call, nomad, 4);
    if (!known) {
        sim_fail(call, 404, "%s", "");
        call->response->content_type = NULL;
    }
    if (call->region->lose_next > 0 && is_write(call)) {
        call->region->lose_next--;
        call->response->outcome = SIM_LOST;
    }
}

static void call_serve(struct sim_region *region, const struct sim_request *request, int64_t now_ms, bool consul,
                       struct sim_response *response)
{
    struct sim_call call = {.region = region, .request = request, .response = response, .consul = consul};

    sim_region_advance(region, now_ms);
    call.now = region->now;
    response->outcome = SIM_ANSWER;
    response->status = 500;
    response->content_type = NULL;
    response->has_index = response->has_leader = false;
    response->next_token[0] = '\0';
    response->answered_by = region;
    buffer_clear(&response->body);
    sim_query_parse(&call.query, request->query);
    call.space = sim_query_get(&call.query, "namespace", "default");
    if (*call.space == '\0')
        call.space = "default";
    call_run(&call);
    sim_query_release(&call.query);
    json_decref(call.body);
    free(call.path);
    sim_region_advance(region, region->now);
}

void sim_region_request(struct sim_region *region, const struct sim_request *request, int64_t now_ms,
                        struct sim_response *response)
{
    call_serve(region, request, now_ms, false, response);
}

void sim_region_consul_request(struct sim_region *region, const struct sim_request *request, int64_t now_ms,
                               struct sim_response *response)
{
    call_serve(region, request, now_ms, true, response);
}
