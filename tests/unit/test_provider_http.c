/* links: provider_host provider_sdk net base curl */
/* tsan */
/* services->http: what was sent and what not, bounds, headers as the module gave them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <signal.h>

#include "tests/unit/net_script_server.h"

#include <cmocka.h>

#include "providers/host/http.h"
#include "providers/sdk/exchange.h"

#define SECOND INT64_C(1000000)

struct stage {
    struct server server;
    struct host_http *http;
    struct provider_answer answer;
    char url[200];
};

static void stage_open(struct stage *stage, void (*script)(struct wire *))
{
    struct error error = {0};
    memset(stage, 0, sizeof *stage);
    signal(SIGPIPE, SIG_IGN);
    stage->server.script = script;
    server_start(&stage->server);
    stage->http = host_http_new(&error);
    assert_non_null(stage->http);
    snprintf(stage->url, sizeof stage->url, "%s/a%%2Fb?x=1", stage->server.address);
}

static void stage_close(struct stage *stage)
{
    host_http_release(&stage->answer);
    host_http_free(stage->http);
    server_stop(&stage->server);
}

static enum provider_http ask(struct stage *stage, struct provider_request request)
{
    host_http_release(&stage->answer);
    request.url = request.url ? request.url : stage->url;
    request.method = request.method ? request.method : "GET";
    host_http_run(stage->http, &request, 20 * SECOND, &stage->answer);
    return stage->answer.outcome;
}

static void script_answers(struct wire *wire)
{
    while (wire_read_request(wire))
        wire_answer(wire, 200, "X-One: 1\r\nx-ONE:  2 \r\nRetry-After: 3\r\n", "hello");
}

static void test_an_answer_comes_with_its_headers_in_lower_case(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, script_answers);
    assert_int_equal(ask(&stage, (struct provider_request){0}), PROVIDER_HTTP_ANSWER);
    assert_int_equal(stage.answer.status, 200);
    assert_string_equal(stage.answer.body, "hello");
    assert_string_equal(sdk_header(&stage.answer, "x-one"), "1");
    assert_string_equal(sdk_header(&stage.answer, "retry-after"), "3");
    assert_string_equal(stage.answer.headers[stage.answer.header_count - 2].value, "2");
    stage_close(&stage);
}

static void test_what_was_signed_is_what_is_sent(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, script_answers);
    struct provider_header headers[] = {{"X-Amz-Date", "now"}, {"X-Empty", ""}};
    struct provider_request request = {
        .method = "POST", .headers = headers, .header_count = 2, .body = "a=b", .body_length = 3};
    assert_int_equal(ask(&stage, request), PROVIDER_HTTP_ANSWER);
    const char *sent = stage.server.last_request;
    assert_non_null(strstr(sent, "POST /a%2Fb?x=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(sent, "X-Amz-Date: now\r\n"));
    assert_non_null(strstr(sent, "X-Empty:\r\n"));
    assert_non_null(strstr(sent, "\r\n\r\na=b"));
    assert_null(strstr(sent, "Accept"));
    assert_null(strstr(sent, "Content-Type"));
    assert_null(strstr(sent, "Expect"));
    stage_close(&stage);
}

static void test_headers_that_would_break_the_request_are_not_sent(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, script_answers);
    struct provider_header bad[] = {{"X", "1\r\nY: 2"}};
    assert_int_equal(ask(&stage, (struct provider_request){.headers = bad, .header_count = 1}), PROVIDER_HTTP_NOT_SENT);
    bad[0] = (struct provider_header){"X Y", "1"};
    assert_int_equal(ask(&stage, (struct provider_request){.headers = bad, .header_count = 1}), PROVIDER_HTTP_NOT_SENT);
    assert_int_equal(stage.server.requests, 0);
    stage_close(&stage);
}

static void script_hangs_up(struct wire *wire)
{
    wire_read_request(wire);
}

static void script_cuts(struct wire *wire)
{
    wire_read_request(wire);
    wire_say(wire, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
}

static void test_sent_and_no_whole_answer_is_no_answer(void **state)
{
    (void)state;
    void (*scripts[])(struct wire *) = {script_hangs_up, script_cuts};
    for (size_t i = 0; i < 2; i++) {
        struct stage stage;
        stage_open(&stage, scripts[i]);
        struct provider_request request = {.method = "POST", .body = "x", .body_length = 1};
        assert_int_equal(ask(&stage, request), PROVIDER_HTTP_NO_ANSWER);
        assert_int_equal(stage.answer.status, 0);
        assert_true(strlen(stage.answer.trouble) > 0);
        assert_int_equal(stage.server.requests, 1);
        stage_close(&stage);
    }
}

static void test_a_closed_port_is_not_sent(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, script_answers);
    assert_int_equal(ask(&stage, (struct provider_request){.url = "http://127.0.0.1:1/"}), PROVIDER_HTTP_NOT_SENT);
    stage_close(&stage);
}

static void test_plain_http_is_for_local_addresses_only(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, script_answers);
    assert_int_equal(ask(&stage, (struct provider_request){.url = "http://192.0.2.1/"}), PROVIDER_HTTP_NOT_SENT);
    assert_non_null(strstr(stage.answer.trouble, "plain http"));
    assert_int_equal(ask(&stage, (struct provider_request){.url = "ftp://127.0.0.1/"}), PROVIDER_HTTP_NOT_SENT);
    assert_int_equal(ask(&stage, (struct provider_request){.url = "http://u:p@127.0.0.1/"}), PROVIDER_HTTP_NOT_SENT);
    stage_close(&stage);
}

static void script_redirects(struct wire *wire)
{
    while (wire_read_request(wire))
        wire_answer(wire, 302, "Location: http://127.0.0.1:1/\r\n", "");
}

static void test_a_redirect_is_not_followed(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, script_redirects);
    assert_int_equal(ask(&stage, (struct provider_request){0}), PROVIDER_HTTP_ANSWER);
    assert_int_equal(stage.answer.status, 302);
    assert_int_equal(stage.server.requests, 1);
    stage_close(&stage);
}

static void test_a_body_over_its_bound_is_too_large(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, script_answers);
    assert_int_equal(ask(&stage, (struct provider_request){.answer_max = 4}), PROVIDER_HTTP_TOO_LARGE);
    assert_int_equal(stage.answer.body_length, 0);
    assert_int_equal(ask(&stage, (struct provider_request){.answer_max = 5}), PROVIDER_HTTP_ANSWER);
    stage_close(&stage);
}

static void script_is_silent(struct wire *wire)
{
    wire_read_request(wire);
    while (!wire->server->stopping)
        usleep(10000);
}

static void test_a_timeout_after_sending_is_no_answer(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, script_is_silent);
    assert_int_equal(ask(&stage, (struct provider_request){.timeout_us = SECOND / 5}), PROVIDER_HTTP_NO_ANSWER);
    stage_close(&stage);
}

static void test_no_time_is_not_sent(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, script_answers);
    struct provider_request request = {.method = "GET", .url = stage.url};
    host_http_run(stage.http, &request, 0, &stage.answer);
    assert_int_equal(stage.answer.outcome, PROVIDER_HTTP_NOT_SENT);
    assert_int_equal(stage.server.requests, 0);
    stage_close(&stage);
}

/* The first connection answers once and dies under the second request. */
static void script_dies_under_the_second(struct wire *wire)
{
    wire_read_request(wire);
    wire_answer(wire, 200, "", "first");
    if (wire->number == 1)
        wire_read_request(wire);
}

static void test_a_write_on_a_dying_connection_is_not_sent_twice(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, script_dies_under_the_second);
    struct provider_request request = {.method = "POST", .body = "x", .body_length = 1};
    assert_int_equal(ask(&stage, request), PROVIDER_HTTP_ANSWER);
    assert_int_equal(ask(&stage, request), PROVIDER_HTTP_NO_ANSWER);
    assert_int_equal(stage.server.requests, 2);
    stage_close(&stage);
}

static void test_a_look_on_a_dying_connection_is_sent_again(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, script_dies_under_the_second);
    assert_int_equal(ask(&stage, (struct provider_request){0}), PROVIDER_HTTP_ANSWER);
    assert_int_equal(ask(&stage, (struct provider_request){0}), PROVIDER_HTTP_ANSWER);
    assert_int_equal(stage.server.requests, 3);
    stage_close(&stage);
}

static void script_has_many_headers(struct wire *wire)
{
    static char lines[400 * 20];
    for (int i = 0; i < 400; i++)
        sprintf(lines + strlen(lines), "X-%d: y\r\n", i);
    while (wire_read_request(wire)) {
        wire_say(wire, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
        wire_say(wire, lines);
        wire_say(wire, "\r\n");
    }
}

static void test_headers_are_counted(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, script_has_many_headers);
    assert_int_equal(ask(&stage, (struct provider_request){0}), PROVIDER_HTTP_ANSWER);
    assert_int_equal(stage.answer.header_count, 256);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_comes_with_its_headers_in_lower_case),
        cmocka_unit_test(test_what_was_signed_is_what_is_sent),
        cmocka_unit_test(test_headers_that_would_break_the_request_are_not_sent),
        cmocka_unit_test(test_sent_and_no_whole_answer_is_no_answer),
        cmocka_unit_test(test_a_closed_port_is_not_sent),
        cmocka_unit_test(test_plain_http_is_for_local_addresses_only),
        cmocka_unit_test(test_a_redirect_is_not_followed),
        cmocka_unit_test(test_a_body_over_its_bound_is_too_large),
        cmocka_unit_test(test_a_timeout_after_sending_is_no_answer),
        cmocka_unit_test(test_no_time_is_not_sent),
        cmocka_unit_test(test_a_write_on_a_dying_connection_is_not_sent_twice),
        cmocka_unit_test(test_a_look_on_a_dying_connection_is_sent_again),
        cmocka_unit_test(test_headers_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
