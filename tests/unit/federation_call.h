/* One effect carried out against a scripted Nomad: the exchanges that are expected, in order, and what came of it. */
#ifndef DROVER_TESTS_UNIT_FEDERATION_CALL_H
#define DROVER_TESTS_UNIT_FEDERATION_CALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "controller/federation/federation.h"
#include "net/clock.h"
#include "tests/unit/federation_server.h"

#define SPEC "{\"ID\":\"web\",\"TaskGroups\":[{\"Name\":\"g\",\"Tasks\":[{\"Name\":\"t\"}]}]}"

/* One exchange that is expected, in order. */
struct exchange {
    const char *request; /* how "METHOD path " begins: with the space at its end it is the whole path */
    struct scripted_answer answer;
};

struct run {
    struct http_client *client;
    struct federation *federation;
    const struct exchange *exchanges;
    size_t at;
    char problem[512];
    struct effect_result result;
    char text[1024], owner[128];
    char body[8192]; /* of the last request that carried one */
    char jobs[8192]; /* node_jobs: "namespace/id" each, a space behind it */
    bool ended;
    struct scripted_server server;
};

static struct scripted_answer on_request(void *context, const char *method, const char *path, const char *body)
{
    struct run *run = context;
    char request[4200];
    snprintf(request, sizeof request, "%s %s ", method, path);
    const struct exchange *expected = &run->exchanges[run->at];
    if (expected->request == NULL || strncmp(request, expected->request, strlen(expected->request)) != 0) {
        snprintf(run->problem, sizeof run->problem, "expected \"%.200s\", got \"%.200s\"",
                 expected->request == NULL ? "nothing" : expected->request, request);
        return (struct scripted_answer){.status = 500, .body = "unexpected"};
    }
    if (body[0] != '\0')
        snprintf(run->body, sizeof run->body, "%s", body);
    run->at++;
    return expected->answer;
}

static void on_client_closed(void *context)
{
    struct run *run = context;
    scripted_server_stop(&run->server);
}

static void on_federation_closed(void *context)
{
    struct run *run = context;
    http_client_close(run->client, on_client_closed, run);
}

static void keep_jobs(struct run *run, const struct effect_result *result)
{
    size_t length = 0;
    for (size_t i = 0; i < result->node_job_count && length < sizeof run->jobs; i++)
        length += (size_t)snprintf(run->jobs + length, sizeof run->jobs - length, "%s/%s ",
                                   result->node_jobs[i].job_namespace, result->node_jobs[i].id);
}

static void on_result(void *context, const struct effect_result *result)
{
    struct run *run = context;
    run->result = *result;
    snprintf(run->text, sizeof run->text, "%s", result->text);
    snprintf(run->owner, sizeof run->owner, "%s", result->owner_cluster);
    keep_jobs(run, result);
    run->result.node_jobs = NULL; /* the call's own */
    run->ended = true;
    federation_close(run->federation, on_federation_closed, run);
}

static void no_event(void *context, const struct event *event)
{
    (void)context;
    (void)event;
}

static void no_log(void *context, int level, const char *region, const char *message)
{
    (void)context;
    (void)level;
    (void)region;
    (void)message;
}

static bool gate_closed;

static bool may_write(void *context, const struct effect *effect, struct error *ret_error)
{
    (void)context;
    (void)effect;
    return !gate_closed || error_set(ret_error, ERROR_GATED, "frozen");
}

static void execute(struct run *run, struct effect *effect, const struct exchange *exchanges)
{
    uv_loop_t loop;
    struct error error;
    uv_loop_init(&loop);
    memset(run, 0, sizeof *run);
    run->exchanges = exchanges;
    run->server.answer = on_request;
    run->server.context = run;
    scripted_server_start(&run->server, &loop);
    struct http_client_options options = {.user_agent = "test"};
    struct region_access access = {.name = "r", .nomad = {.address = run->server.address}};
    run->client = http_client_new(&loop, &options, &error);
    struct federation_options federation = {.loop = &loop,
                                            .client = run->client,
                                            .regions = &access,
                                            .region_count = 1,
                                            .now_ms = clock_wall_ms,
                                            .may_write = may_write,
                                            .emit = no_event,
                                            .log = no_log};
    run->federation = federation_new(&federation, &error);
    assert_non_null(run->federation);
    effect->region = (char *)"r";
    federation_execute(run->federation, effect, SPEC, strlen(SPEC), on_result, run);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_true(run->ended);
    if (run->problem[0] != '\0')
        fail_msg("%s", run->problem);
    if (exchanges[run->at].request != NULL)
        fail_msg("never asked: %s", exchanges[run->at].request);
}

static void assert_result(const struct run *run, enum effect_outcome outcome, enum refusal refusal)
{
    if (run->result.outcome != outcome || run->result.refusal != refusal)
        fail_msg("expected outcome %d %s, got %d %s: %s", (int)outcome, refusal_word(refusal), (int)run->result.outcome,
                 refusal_word(run->result.refusal), run->text);
    assert_int_equal(run->result.effect_id, 9);
}

#define OK(text)                                                                                                       \
    {                                                                                                                  \
        .status = 200, .body = text                                                                                    \
    }
#define SAYS(code, text)                                                                                               \
    {                                                                                                                  \
        .status = code, .body = text                                                                                   \
    }

#endif
