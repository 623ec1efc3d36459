/* links: base model net federation jansson uv curl openssl */
/* A region's watch against a scripted Nomad: a good one, and every way in which it can be a bad one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "controller/federation/federation.h"
#include "net/clock.h"
#include "tests/unit/federation_server.h"

#define ID_1 "b57746ed-9af4-d9e3-2ce8-bfce80d83757"
#define ID_2 "c57746ed-9af4-d9e3-2ce8-bfce80d83757"
#define INDEX_20 "X-Nomad-Index: 20\r\n"

struct watch_run {
    struct scripted_server server;
    struct http_client *client;
    struct federation *federation;
    uv_timer_t limit;
    /* What one path, by how it begins, is answered instead. */
    const char *odd_path;
    struct scripted_answer odd;
    const char *stream; /* what follows the first {} */
    enum event_type until;
    char story[4096]; /* the events, in words */
    char text[1024];  /* of the last event that had one */
    bool closing;
};

static struct scripted_answer on_request(void *context, const char *method, const char *path, const char *body)
{
    (void)method;
    (void)body;
    struct watch_run *run = context;
    static char stream[8192];
    if (run->odd_path != NULL && strncmp(path, run->odd_path, strlen(run->odd_path)) == 0)
        return run->odd;
    if (strncmp(path, "/v1/status/leader", 17) == 0)
        return (struct scripted_answer){.status = 200, .body = "\"10.0.0.1:4647\""};
    if (strncmp(path, "/v1/event/stream", 16) == 0) {
        snprintf(stream, sizeof stream, "{}\n%s", run->stream == NULL ? "" : run->stream);
        return (struct scripted_answer){.status = 200, .body = stream, .open = true};
    }
    if (strncmp(path, "/v1/nodes", 9) == 0)
        return (struct scripted_answer){.status = 200,
                                        .headers = INDEX_20,
                                        .body = "[{\"ID\":\"" ID_1 "\",\"Status\":\"ready\",\"ModifyIndex\":9}]"};
    if (strncmp(path, "/v1/node/", 9) == 0)
        return (struct scripted_answer){
            .status = 200, .body = "{\"ID\":\"" ID_1 "\",\"Attributes\":{\"cpu.arch\":\"amd64\"},\"ModifyIndex\":9}"};
    if (strncmp(path, "/v1/allocations", 15) == 0 && strstr(path, "next_token=9.a%2Fb") == NULL)
        return (struct scripted_answer){.status = 200,
                                        .headers = INDEX_20 "X-Nomad-Nexttoken: 9.a/b\r\n",
                                        .body = "[{\"ID\":\"" ID_1 "\",\"NodeID\":\"" ID_1 "\",\"JobID\":\"web\"}]"};
    if (strncmp(path, "/v1/allocations", 15) == 0)
        return (struct scripted_answer){.status = 200,
                                        .headers = INDEX_20,
                                        .body = "[{\"ID\":\"" ID_2 "\",\"NodeID\":\"" ID_1 "\",\"JobID\":\"web\"}]"};
    if (strncmp(path, "/v1/jobs", 8) == 0)
        return (struct scripted_answer){.status = 200, .headers = INDEX_20, .body = "[{\"ID\":\"web\"}]"};
    if (strncmp(path, "/v1/deployments", 15) == 0)
        return (struct scripted_answer){.status = 200, .headers = INDEX_20, .body = "[]"};
    return (struct scripted_answer){.status = 403, .body = "Permission denied"};
}

static void on_client_closed(void *context)
{
    struct watch_run *run = context;
    scripted_server_stop(&run->server);
}

static void on_federation_closed(void *context)
{
    struct watch_run *run = context;
    http_client_close(run->client, on_client_closed, run);
}

static void finish(uv_timer_t *timer)
{
    struct watch_run *run = timer->data;
    uv_close((uv_handle_t *)timer, NULL);
    federation_close(run->federation, on_federation_closed, run);
}

static void tell(struct watch_run *run, const char *word, const char *detail)
{
    size_t length = strlen(run->story);
    snprintf(run->story + length, sizeof run->story - length, "%s%s%s; ", word, detail[0] == '\0' ? "" : " ", detail);
}

static void on_event(void *context, const struct event *event)
{
    struct watch_run *run = context;
    char id[37] = "";
    assert_string_equal(event->region, "r");
    if (event->type == EVENT_REGION_HEARD || run->closing)
        return;
    if (event->text != NULL)
        snprintf(run->text, sizeof run->text, "%s", event->text);
    /* The first letter of an id will do; '+' for a node whose attributes are there. */
    if (event->type == EVENT_NODE) {
        uuid_format(&event->node->id, id);
        strcpy(id + 1, event->node->selected_known ? "+" : "");
    } else if (event->type == EVENT_ALLOCATION) {
        uuid_format(&event->allocation->id, id);
        id[1] = '\0';
    }
    if (event->type == EVENT_JOB || event->type == EVENT_JOB_GONE)
        snprintf(id, sizeof id, "%s", event->job->id);
    tell(run, event_type_word(event->type), id);
    if (event->type == run->until) {
        run->closing = true;
        uv_timer_start(&run->limit, finish, 0, 0);
    }
}

static void no_log(void *context, int level, const char *region, const char *message)
{
    (void)context;
    (void)level;
    (void)region;
    (void)message;
}

static bool may_write(void *context, const struct effect *effect, struct error *ret_error)
{
    (void)context;
    (void)effect;
    return error_set(ret_error, ERROR_GATED, "a watch writes nothing");
}

static void watch(struct watch_run *run, const char *const *selected, size_t selected_count)
{
    uv_loop_t loop;
    struct error error;
    uv_loop_init(&loop);
    run->server.answer = on_request;
    run->server.context = run;
    scripted_server_start(&run->server, &loop);
    struct http_client_options options = {.user_agent = "test"};
    run->client = http_client_new(&loop, &options, &error);
    struct region_access access = {
        .name = "r", .nomad = {.address = run->server.address}, .selected = selected, .selected_count = selected_count};
    struct federation_options federation = {.loop = &loop,
                                            .client = run->client,
                                            .regions = &access,
                                            .region_count = 1,
                                            .now_ms = clock_wall_ms,
                                            .emit = on_event,
                                            .log = no_log,
                                            .may_write = may_write,
                                            .context = run};
    run->federation = federation_new(&federation, &error);
    assert_non_null(run->federation);
    uv_timer_init(&loop, &run->limit);
    run->limit.data = run;
    uv_timer_start(&run->limit, finish, 8000, 0);
    federation_start(run->federation);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    if (!run->closing)
        fail_msg("it never came to that: %s", run->story);
}

static void assert_story(struct watch_run *run, const char *expected)
{
    if (strcmp(run->story, expected) != 0)
        fail_msg("expected: %s\ngot:      %s", expected, run->story);
}

static void test_all_pages_are_read_between_begin_and_end(void **state)
{
    (void)state;
    struct watch_run run = {.until = EVENT_SYNC_END};
    watch(&run, NULL, 0);
    assert_story(&run, "sync begin; node b; allocation b; allocation c; job web; sync end; ");
}

static void test_selected_attributes_are_fetched_before_the_list_is_complete(void **state)
{
    (void)state;
    static const char *const SELECTED[] = {"attr.cpu.arch"};
    struct watch_run run = {.until = EVENT_SYNC_END};
    watch(&run, SELECTED, 1);
    assert_story(&run, "sync begin; allocation b; allocation c; job web; node b+; sync end; ");
}

#define EVENT(index, type, payload)                                                                                    \
    "{\"Index\":" index ",\"Events\":[{\"Type\":\"" type "\",\"Index\":" index ",\"Payload\":{" payload "}}]}\n"

static void test_what_the_stream_says_meanwhile_comes_after_the_list_unless_the_list_has_it(void **state)
{
    (void)state;
    struct watch_run run = {.until = EVENT_NODE_GONE,
                            .stream = EVENT("19", "JobDeregistered", "\"Job\":{\"ID\":\"web\"},\"Deleted\":true")
                                EVENT("21", "JobRegistered", "\"Job\":{\"ID\":\"new\",\"Version\":0}")
                                    EVENT("22", "Unheard", "\"Thing\":{\"ID\":\"x\"}")
                                        EVENT("23", "NodeDeregistration", "\"Node\":{\"ID\":\"" ID_1 "\"}")};
    watch(&run, NULL, 0);
    assert_story(&run, "sync begin; node b; allocation b; allocation c; job web; sync end; job new; node gone; ");
}

static void abandoned(const char *path, struct scripted_answer odd, const char *why)
{
    struct watch_run run = {.until = EVENT_SYNC_ABANDONED, .odd_path = path, .odd = odd};
    watch(&run, NULL, 0);
    if (strstr(run.text, why) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", why, run.text);
    assert_null(strstr(run.story, "sync end"));
}

static void test_a_bad_answer_abandons_the_sync_and_nothing_is_gone(void **state)
{
    (void)state;
    abandoned("/v1/jobs", (struct scripted_answer){.status = 200, .body = "<html>hello</html>"}, "GET /v1/jobs");
    abandoned("/v1/jobs", (struct scripted_answer){.status = 200, .body = "{\"not\":\"a list\"}"}, "not the list");
    abandoned("/v1/jobs", (struct scripted_answer){.status = 200, .body = "[{\"ID\":\"web\"}]", .cut = true},
              "/v1/jobs");
    abandoned("/v1/allocations", (struct scripted_answer){.status = 0}, "/v1/allocations");
    abandoned("/v1/nodes", (struct scripted_answer){.status = 500, .body = "rpc error: EOF"}, "rpc error: EOF");
    abandoned("/v1/nodes", (struct scripted_answer){.status = 302, .headers = "Location: /x\r\n"}, "302");
    abandoned("/v1/nodes", (struct scripted_answer){.status = 200, .headers = "X-Nomad-Index: many\r\n", .body = "[]"},
              "X-Nomad-Index");
    abandoned("/v1/allocations",
              (struct scripted_answer){.status = 200, .headers = "X-Nomad-Nexttoken: same\r\n", .body = "[]"},
              "again and again");
    abandoned("/v1/event/stream", (struct scripted_answer){.status = 200, .body = "<html>\n", .open = true},
              "not an event stream");
    abandoned("/v1/event/stream", (struct scripted_answer){.status = 404}, "404");
}

static void test_a_refused_token_is_named_with_the_call(void **state)
{
    (void)state;
    struct watch_run run = {
        .until = EVENT_REGION_DENIED, .odd_path = "/v1/nodes", .odd = {.status = 403, .body = "Permission denied"}};
    watch(&run, NULL, 0);
    assert_story(&run, "region denied; ");
    assert_non_null(strstr(run.text, "GET /v1/nodes"));
    assert_non_null(strstr(run.text, "node { policy = \"read\" }"));
}

static void test_a_stream_that_says_nothing_is_denied_or_dark(void **state)
{
    (void)state;
    struct watch_run denied = {
        .until = EVENT_REGION_DENIED, .odd_path = "/v1/event/stream", .odd = {.status = 200, .body = "", .open = true}};
    watch(&denied, NULL, 0);
    assert_story(&denied, "region denied; ");
}

static void test_no_answer_either_way_is_unreached(void **state)
{
    (void)state;
    struct watch_run run = {
        .until = EVENT_REGION_UNREACHED, .odd_path = "/v1/status/leader", .odd = {.status = 200, .body = "<html>"}};
    watch(&run, NULL, 0);
    assert_non_null(strstr(run.text, "not Nomad's answer"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_pages_are_read_between_begin_and_end),
        cmocka_unit_test(test_selected_attributes_are_fetched_before_the_list_is_complete),
        cmocka_unit_test(test_what_the_stream_says_meanwhile_comes_after_the_list_unless_the_list_has_it),
        cmocka_unit_test(test_a_bad_answer_abandons_the_sync_and_nothing_is_gone),
        cmocka_unit_test(test_a_refused_token_is_named_with_the_call),
        cmocka_unit_test(test_a_stream_that_says_nothing_is_denied_or_dark),
        cmocka_unit_test(test_no_answer_either_way_is_unreached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
