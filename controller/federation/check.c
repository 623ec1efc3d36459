/* Tries every call that Drover makes of one region, one after another, and says which are refused and what to do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "controller/federation/answer.h"
#include "controller/federation/private.h"

struct check;

/* One thing to try. */
struct attempt {
    const char *call;
    const char *what_for;
    const char *path; /* "" is made by the attempt itself */
    enum http_method method;
    bool consul, namespaced, write;
    bool stream;       /* its first line is what counts */
    bool quiet;        /* asked for what it tells, not for a line */
    const char *needs; /* the rule that allows it */
    void (*read)(struct check *check, const struct http_result *result);
};

struct check {
    LIST_ENTRY(check) link;
    struct federation *federation;
    struct region *region;
    bool with_writes;
    size_t at, namespace_at;
    uv_timer_t timer;
    struct http_transfer *transfer;
    char version[64], consul_version[64];
    char node[37];
    bool management, open;
    bool unreachable;   /* nothing more is asked of its Nomad */
    struct buffer seen; /* of the stream */
    void (*line)(void *context, const struct check_line *line);
    void (*done)(void *context);
    void *context;
};

static void read_version(const struct http_result *result, const char *outer, bool nested, char ret_version[64])
{
    json_t *document, *config = NULL, *version = NULL;
    struct error error;
    const char *text = "";
    if (!json_read(result->body, result->body_length, 1 << 20, 64, &document, &error))
        return;
    json_get_object(document, outer, &config);
    if (nested && json_get_object(config, "Version", &version) == JSON_FOUND)
        config = version;
    json_get_text(config, "Version", &text);
    snprintf(ret_version, 64, "%s", text);
    json_decref(document);
}

static void read_nomad_self(struct check *check, const struct http_result *result)
{
    read_version(result, "config", true, check->version);
}

static void read_consul_self(struct check *check, const struct http_result *result)
{
    read_version(result, "Config", false, check->consul_version);
}

static void read_nodes(struct check *check, const struct http_result *result)
{
    json_t *list;
    struct error error;
    const char *id = "";
    struct uuid uuid;
    if (!json_read(result->body, result->body_length, 1 << 20, 64, &list, &error))
        return;
    json_get_text(json_array_get(list, 0), "ID", &id);
    if (uuid_parse(id, strlen(id), &uuid))
        uuid_format(&uuid, check->node);
    json_decref(list);
}

static void read_token(struct check *check, const struct http_result *result)
{
    json_t *document;
    struct error error;
    const char *type = "", *accessor = "";
    if (!json_read(result->body, result->body_length, 1 << 20, 64, &document, &error))
        return;
    json_get_text(document, "Type", &type);
    json_get_text(document, "AccessorID", &accessor);
    check->management = strcmp(type, "management") == 0;
    check->open = strcmp(accessor, "acls-disabled") == 0;
    json_decref(document);
}

#define NEEDS_LIST "list-jobs in the namespace"
#define NEEDS_READ "read-job in the namespace"
#define NEEDS_NODE "node { policy = \"read\" }"
#define NEEDS_AGENT "agent { policy = \"read\" }"

/* Plans and variables ask for what is there or would be; nothing is written. */
static const struct attempt ATTEMPTS[] = {
    {.call = "", .what_for = "", .path = "/v1/agent/self", .quiet = true, .read = read_nomad_self},
    {.call = "GET /v1/status/leader",
     .what_for = "is the region there",
     .path = "/v1/status/leader",
     .needs = "nothing"},
    {.call = "GET /v1/status/peers", .what_for = "how many servers", .path = "/v1/status/peers", .needs = "nothing"},
    {.call = "GET /v1/agent/self",
     .what_for = "version",
     .path = "/v1/agent/self",
     .needs = NEEDS_AGENT,
     .read = read_nomad_self},
    {.call = "GET /v1/acl/token/self",
     .what_for = "is the token valid",
     .path = "/v1/acl/token/self",
     .needs = "to be a valid one",
     .read = read_token},
    {.call = "GET /v1/nodes",
     .what_for = "machines",
     .path = "/v1/nodes?resources=true&per_page=1",
     .needs = NEEDS_NODE,
     .read = read_nodes},
    {.call = "GET /v1/node/:id", .what_for = "what pools select on", .path = "", .needs = NEEDS_NODE},
    {.call = "GET /v1/jobs",
     .what_for = "what runs",
     .path = "/v1/jobs?meta=false&per_page=1",
     .namespaced = true,
     .needs = NEEDS_LIST},
    {.call = "GET /v1/allocations",
     .what_for = "what runs where",
     .path = "/v1/allocations?resources=true&task_states=false&per_page=1",
     .namespaced = true,
     .needs = NEEDS_READ},
    {.call = "GET /v1/deployments",
     .what_for = "health of updates",
     .path = "/v1/deployments?per_page=1",
     .namespaced = true,
     .needs = NEEDS_READ},
    {.call = "GET /v1/event/stream",
     .what_for = "changes as they happen",
     .path = "/v1/event/stream?topic=Job&topic=Allocation&topic=Deployment&topic=Node",
     .namespaced = true,
     .stream = true,
     .needs = NEEDS_READ " and " NEEDS_NODE},
    {.call = "POST /v1/jobs/parse",
     .what_for = "reading job files",
     .path = "/v1/jobs/parse",
     .method = HTTP_POST,
     .needs = "parse-job in the namespace default"},
    {.call = "PUT /v1/job/:id/plan",
     .what_for = "planning and registering jobs",
     .path = "/v1/job/drover-check/plan?",
     .method = HTTP_PUT,
     .namespaced = true,
     .write = true,
     .needs = "submit-job in the namespace"},
    {.call = "GET /v1/var/drover/owner",
     .what_for = "which Drover may write here",
     .path = "/v1/var/drover/owner?namespace=default",
     .write = true,
     .needs = "variables { path \"drover/owner\" { capabilities = [\"read\", \"write\"] } } in the namespace default"},
    {.call = "PUT /v1/var/drover/owner",
     .what_for = "taking the region",
     .path = NULL,
     .write = true,
     .needs = "variables { path \"drover/owner\" { capabilities = [\"read\", \"write\"] } } in the namespace default"},
    {.call = "GET /v1/agent/self (consul)",
     .what_for = "version",
     .path = "/v1/agent/self",
     .consul = true,
     .needs = "agent_prefix \"\" { policy = \"read\" }",
     .read = read_consul_self},
    {.call = "GET /v1/health/state/any (consul)",
     .what_for = "health of services",
     .path = "/v1/health/state/any",
     .consul = true,
     .needs = "node_prefix \"\" and service_prefix \"\" { policy = \"read\" }"},
};
enum { ATTEMPT_COUNT = sizeof ATTEMPTS / sizeof *ATTEMPTS };

static void on_closed(uv_handle_t *handle)
{
    struct check *check = handle->data;
    struct federation *federation = check->federation;
    buffer_release(&check->seen);
    free(check);
    federation_handle_closed(federation);
}

static void close_check(struct check *check)
{
    LIST_REMOVE(check, link);
    if (check->transfer != NULL)
        http_cancel(check->transfer);
    check->transfer = NULL;
    uv_close((uv_handle_t *)&check->timer, on_closed);
}

static void try_next(struct check *check);

static void later(uv_timer_t *timer)
{
    try_next(timer->data);
}

/* The next namespace of the same call, or the next call. */
static void go_on(struct check *check)
{
    bool namespaced = check->at < ATTEMPT_COUNT && ATTEMPTS[check->at].namespaced;
    if (!namespaced || ++check->namespace_at >= check->region->namespace_count) {
        check->namespace_at = 0;
        check->at++;
    }
    uv_timer_start(&check->timer, later, 0, 0);
}

static void say(struct check *check, bool allowed, bool skipped, const char *detail)
{
    const struct attempt *attempt = &ATTEMPTS[check->at];
    struct buffer call = BUFFER_INIT;
    char line[TEXT_MAX];
    buffer_append_text(&call, attempt->call);
    if (attempt->namespaced && check->region->namespace_count > 1)
        buffer_printf(&call, " (%s)", check->region->namespaces[check->namespace_at]);
    check->line(check->context, &(struct check_line){.region = check->region->name,
                                                     .call = call.data,
                                                     .what_for = attempt->what_for,
                                                     .write = attempt->write,
                                                     .skipped = skipped,
                                                     .allowed = allowed,
                                                     .detail = text_line(line, detail, strlen(detail))});
    buffer_release(&call);
    go_on(check);
}

static void say_refused(struct check *check, const char *why)
{
    struct buffer detail = BUFFER_INIT;
    buffer_printf(&detail, "%s; the token needs %s", why, ATTEMPTS[check->at].needs);
    say(check, false, false, detail.data);
    buffer_release(&detail);
}

static void say_good(struct check *check)
{
    const struct attempt *attempt = &ATTEMPTS[check->at];
    char text[96] = "";
    if (check->at == 1 && check->version[0] != '\0')
        snprintf(text, sizeof text, "Nomad %s", check->version);
    else if (attempt->read == read_consul_self)
        snprintf(text, sizeof text, "Consul %s", check->consul_version);
    else if (attempt->read == read_token)
        snprintf(text, sizeof text, "%s",
                 check->open         ? "ACLs are off: everything is allowed"
                 : check->management ? "a management token: everything is allowed"
                                     : "");
    say(check, true, false, text);
}

static void on_answer(void *context, const struct http_result *result)
{
    struct check *check = context;
    const struct attempt *attempt = &ATTEMPTS[check->at];
    check->transfer = NULL;
    uv_timer_stop(&check->timer);
    enum answer answer = answer_classify(result);
    if (attempt->quiet) {
        if (answer == ANSWER_GOOD)
            attempt->read(check, result);
        go_on(check);
        return;
    }
    if (!attempt->consul && result->outcome != HTTP_ANSWERED)
        check->unreachable = true;
    /* A variable that is not there yet, and a token's self of an older Nomad without ACLs. */
    bool absent_is_good = strstr(attempt->call, "/v1/var/") != NULL;
    if (attempt->read == read_token && answer == ANSWER_INVALID) {
        check->open = true;
        say_good(check);
    } else if (answer == ANSWER_DENIED) {
        say_refused(check, "permission denied");
    } else if (attempt->stream) {
        say(check, false, false, result->error.text);
    } else if (answer == ANSWER_GOOD && (result->body_length == 0 || strchr("{[\"", result->body[0]) == NULL)) {
        say(check, false, false, "the answer is not Nomad's or Consul's: is the address right?");
    } else if (answer == ANSWER_GOOD) {
        if (attempt->read != NULL)
            attempt->read(check, result);
        say_good(check);
    } else if (answer == ANSWER_ABSENT && absent_is_good) {
        say_good(check);
    } else {
        say(check, false, false, result->error.text);
    }
}

static bool on_stream_data(void *context, const char *bytes, size_t length)
{
    struct check *check = context;
    buffer_append(&check->seen, bytes, length);
    if (memchr(check->seen.data, '\n', check->seen.length) == NULL && check->seen.length < 4096)
        return true;
    bool good = check->seen.data[0] == '{';
    http_cancel(check->transfer);
    check->transfer = NULL;
    if (good)
        say_good(check);
    else
        say(check, false, false, "the answer is not Nomad's: is the address right?");
    return false;
}

static void on_stream_silence(uv_timer_t *timer)
{
    struct check *check = timer->data;
    http_cancel(check->transfer);
    check->transfer = NULL;
    say_refused(check, "200 and silence, as Nomad does when it denies");
}

static void write_body(const struct check *check, const struct attempt *attempt, struct buffer *body)
{
    if (attempt->method == HTTP_POST) {
        buffer_append_text(body, "{\"JobHCL\":\"job \\\"drover-check\\\" {}\",\"Canonicalize\":false}");
        return;
    }
    if (attempt->method != HTTP_PUT)
        return;
    const char *job_namespace = check->region->namespaces[check->namespace_at];
    if (strcmp(job_namespace, "*") == 0)
        job_namespace = "default";
    buffer_printf(
        body,
        "{\"Job\":{\"ID\":\"drover-check\",\"Name\":\"drover-check\",\"Type\":\"service\",\"Namespace\":\"%s\","
        "\"Region\":\"global\",\"Datacenters\":[\"*\"],\"TaskGroups\":[{\"Name\":\"check\",\"Count\":0,\"Tasks\":"
        "[{\"Name\":\"check\",\"Driver\":\"exec\",\"Config\":{\"command\":\"true\"}}]}]},\"Diff\":false}",
        job_namespace);
}

static void append_namespace(const struct check *check, const struct attempt *attempt, struct buffer *path)
{
    const char *name = check->region->namespaces[check->namespace_at];
    if (attempt->method == HTTP_PUT && strcmp(name, "*") == 0)
        name = "default";
    buffer_append_text(path, "&namespace=");
    text_append_percent(path, name, strlen(name));
}

static void send_attempt(struct check *check)
{
    const struct attempt *attempt = &ATTEMPTS[check->at];
    struct buffer path = BUFFER_INIT, body = BUFFER_INIT;
    buffer_append_text(&path, attempt->path);
    if (path.length == 0)
        buffer_printf(&path, "/v1/node/%s", check->node);
    if (attempt->namespaced)
        append_namespace(check, attempt, &path);
    write_body(check, attempt, &body);
    buffer_clear(&check->seen);
    check->transfer = http_send(attempt->consul ? check->region->consul : check->region->nomad,
                                &(struct http_request){.method = attempt->method,
                                                       .path = path.data,
                                                       .body = body.length == 0 ? NULL : body.data,
                                                       .body_length = body.length,
                                                       .timeout_ms = attempt->stream ? 0 : CALL_MS,
                                                       .body_max = attempt->stream ? 0 : ANSWER_MAX,
                                                       .fresh_connection = attempt->stream,
                                                       .on_data = attempt->stream ? on_stream_data : NULL,
                                                       .on_done = on_answer,
                                                       .context = check});
    if (attempt->stream)
        uv_timer_start(&check->timer, on_stream_silence, HELLO_MS, 0);
    buffer_release(&path);
    buffer_release(&body);
}

static void try_next(struct check *check)
{
    if (check->region == NULL || check->at == ATTEMPT_COUNT) {
        void (*done)(void *context) = check->done;
        void *context = check->context;
        close_check(check);
        done(context);
        return;
    }
    const struct attempt *attempt = &ATTEMPTS[check->at];
    if ((attempt->write && !check->with_writes) || (attempt->consul && check->region->consul == NULL) ||
        (!attempt->consul && check->unreachable))
        go_on(check);
    else if (attempt->path == NULL && (check->management || check->open))
        say(check, true, false, "");
    else if (attempt->path == NULL)
        say(check, false, true, "cannot be tried without writing; agent -print-acl shows the rule it needs");
    else if (attempt->path[0] == '\0' && check->node[0] == '\0')
        say(check, false, true, "there is no node to ask for");
    else
        send_attempt(check);
}

void federation_check(struct federation *federation, const char *region, bool with_writes,
                      void (*line)(void *context, const struct check_line *line), void (*done)(void *context),
                      void *context)
{
    struct check *check = memory_new(1, sizeof *check);
    check->federation = federation;
    check->region = federation_region(federation, region);
    check->with_writes = with_writes;
    check->line = line;
    check->done = done;
    check->context = context;
    buffer_init(&check->seen);
    LIST_INSERT_HEAD(&federation->checks, check, link);
    uv_timer_init(federation->options.loop, &check->timer);
    check->timer.data = check;
    federation->handles++;
    uv_timer_start(&check->timer, later, 0, 0);
}

void checks_cancel(struct federation *federation)
{
    while (!LIST_EMPTY(&federation->checks))
        close_check(LIST_FIRST(&federation->checks));
}
