/* links: base net */
/* Outgoing HTTP without a loop: the same rules and results as on the loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <signal.h>

#include "tests/unit/net_script_server.h"

#include <cmocka.h>

#include "net/http_easy.h"

struct stage {
    struct server server;
    struct http_easy *easy;
};

static void stage_open(struct stage *stage, void (*script)(struct wire *))
{
    struct error error = {0};
    signal(SIGPIPE, SIG_IGN);
    stage->server.script = script;
    server_start(&stage->server);
    struct http_endpoint_config config = {.address = stage->server.address, .token_header = "X-Nomad-Token"};
    stage->easy = http_easy_open(&config, "the-secret", "drover/test", &error);
    if (!stage->easy)
        fail_msg("%s", error.text);
}

static void stage_close(struct stage *stage)
{
    http_easy_close(stage->easy);
    server_stop(&stage->server);
    free(stage);
}

static void script_whole(struct wire *wire)
{
    while (wire_read_request(wire))
        wire_answer(wire, 200, "X-Nomad-Index: 3\r\n", "body");
}

static void answers_come_over_one_connection_with_the_token(void **state)
{
    (void)state;
    struct stage *stage = calloc(1, sizeof *stage);
    stage_open(stage, script_whole);
    for (int i = 0; i < 3; i++) {
        struct http_request request = {
            .method = i ? HTTP_PUT : HTTP_GET, .path = "/v1/a", .body = "{}", .body_length = i ? 2 : 0};
        const struct http_result *result = http_easy_perform(stage->easy, &request);
        assert_int_equal(result->outcome, HTTP_ANSWERED);
        assert_int_equal(result->index, 3);
        assert_string_equal(result->body, "body");
        assert_true(server_last_request_has(&stage->server, "\r\nX-Nomad-Token: the-secret\r\n"));
        assert_true(server_last_request_has(&stage->server, i ? "PUT /v1/a " : "GET /v1/a "));
    }
    assert_int_equal(stage->server.wire_count, 1);
    stage_close(stage);
}

static void script_echo(struct wire *wire)
{
    while (wire_read_request(wire))
        wire_answer(wire, 403, "", "bad token the-secret");
}

static void token_that_a_server_repeats_stays_out_of_the_error(void **state)
{
    (void)state;
    struct stage *stage = calloc(1, sizeof *stage);
    stage_open(stage, script_echo);
    const struct http_result *result = http_easy_perform(stage->easy, &(struct http_request){.path = "/"});
    assert_int_equal(result->status, 403);
    assert_int_equal(result->error.code, ERROR_DENIED);
    assert_null(strstr(result->error.text, "the-secret"));
    stage_close(stage);
}

static bool count_data(void *context, const char *bytes, size_t length)
{
    (void)bytes, (void)length;
    return ++*(int *)context < 3;
}

static void script_stream(struct wire *wire)
{
    if (wire_read_request(wire) && wire_say(wire, "HTTP/1.1 200 OK\r\n\r\n"))
        while (!atomic_load(&wire->server->stopping) && wire_say(wire, "{}\n"))
            wire_sleep(wire, 10);
}

static void stream_is_handed_on_as_it_comes_and_can_be_stopped(void **state)
{
    (void)state;
    struct stage *stage = calloc(1, sizeof *stage);
    int count = 0;
    stage_open(stage, script_stream);
    struct http_request request = {.path = "/", .on_data = count_data, .context = &count, .fresh_connection = true};
    const struct http_result *result = http_easy_perform(stage->easy, &request);
    assert_int_equal(result->outcome, HTTP_STOPPED_HERE);
    assert_int_equal(count, 3);
    stage_close(stage);
}

static void script_silence(struct wire *wire)
{
    if (wire_read_request(wire))
        wire_hold(wire);
}

static void silence_ends_with_either_timeout(void **state)
{
    (void)state;
    struct stage *stage = calloc(1, sizeof *stage);
    stage_open(stage, script_silence);
    struct http_request whole = {.path = "/", .timeout_ms = 200}, idle = {.path = "/", .idle_timeout_ms = 200};
    const struct http_result *result = http_easy_perform(stage->easy, &whole);
    assert_int_equal(result->outcome, HTTP_LOST);
    assert_int_equal(result->error.code, ERROR_TIMEOUT);
    result = http_easy_perform(stage->easy, &idle);
    assert_int_equal(result->outcome, HTTP_LOST);
    assert_int_equal(result->error.code, ERROR_TIMEOUT);
    assert_non_null(strstr(result->error.text, "silence for 200 ms"));
    stage_close(stage);
}

static void what_cannot_be_reached_or_asked_is_not_sent(void **state)
{
    (void)state;
    struct error error = {0};
    struct http_endpoint_config config = {.address = "http://127.0.0.1:1"};
    struct http_easy *easy = http_easy_open(&config, NULL, NULL, &error);
    assert_non_null(easy);
    assert_int_equal(http_easy_perform(easy, &(struct http_request){.path = "/"})->outcome, HTTP_NOT_SENT);
    assert_int_equal(http_easy_perform(easy, &(struct http_request){.path = "x"})->outcome, HTTP_NOT_SENT);
    http_easy_close(easy);
    config.token_header = "X-Nomad-Token";
    assert_null(http_easy_open(&config, "two words", NULL, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_null(strstr(error.text, "words"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_over_one_connection_with_the_token),
        cmocka_unit_test(token_that_a_server_repeats_stays_out_of_the_error),
        cmocka_unit_test(stream_is_handed_on_as_it_comes_and_can_be_stopped),
        cmocka_unit_test(silence_ends_with_either_timeout),
        cmocka_unit_test(what_cannot_be_reached_or_asked_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
