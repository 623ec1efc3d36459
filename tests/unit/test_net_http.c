/* links: base net */ /* tsan */
/* Outgoing HTTP on the loop: how each way an exchange can end is told. TLS, tokens and life cycle have files of their
 * own beside this one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/net_script_server.h"
#include "tests/unit/net_exchange.h"

/* Plays the script to one request and returns how it ended. */
static void play(void (*script)(struct wire *), struct http_request request, struct exchange *ret_exchange)
{
    struct bench bench;
    struct server *server = calloc(1, sizeof *server);
    server->script = script;
    server_start(server);
    bench_open(&bench, 0);
    struct http_endpoint *endpoint = bench_endpoint(&bench, server->address);
    *ret_exchange = (struct exchange){0};
    exchange_run(&bench, ret_exchange, endpoint, request);
    http_endpoint_free(endpoint);
    bench_close(&bench);
    server_stop(server);
    free(server);
}

static void script_whole(struct wire *wire)
{
    while (wire_read_request(wire))
        wire_answer(wire, 200, "X-Nomad-Index: 42\r\nX-Nomad-Nexttoken: 53.abc\r\nContent-Type: application/json\r\n",
                    "[1,2]");
}

static void whole_answer_comes_with_its_headers(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_whole, (struct http_request){.timeout_ms = 5000}, &exchange);
    const struct http_result *result = &exchange.result;
    assert_int_equal(result->outcome, HTTP_ANSWERED);
    assert_int_equal(result->status, 200);
    assert_int_equal(result->error.code, ERROR_NONE);
    assert_true(result->index_present);
    assert_false(result->index_malformed);
    assert_int_equal(result->index, 42);
    assert_string_equal(result->next_token, "53.abc");
    assert_string_equal(result->content_type, "application/json");
    assert_string_equal(exchange.body, "[1,2]");
    assert_int_equal(result->received, 5);
    assert_true(result->round_trip_us > 0);
    assert_int_equal(exchange.headers, 1);
}

static void send_and_expect(struct bench *bench, struct server *server, struct http_request request, const char *text)
{
    struct exchange exchange = {0};
    struct http_endpoint *endpoint = bench_endpoint(bench, server->address);
    exchange_run(bench, &exchange, endpoint, request);
    assert_int_equal(exchange.result.outcome, HTTP_ANSWERED);
    if (!server_last_request_has(server, text))
        fail_msg("the request has no \"%s\": %s", text, server->last_request);
    http_endpoint_free(endpoint);
}

static void requests_are_written_as_asked_and_reuse_the_connection(void **state)
{
    (void)state;
    struct bench bench;
    struct server *server = calloc(1, sizeof *server);
    server->script = script_whole;
    server_start(server);
    bench_open(&bench, 0);
    send_and_expect(&bench, server, (struct http_request){.path = "/v1/a%2F..%2Fb?x=1"},
                    "GET /v1/a%2F..%2Fb?x=1 HTTP/1.1\r\n");
    send_and_expect(&bench, server, (struct http_request){.method = HTTP_PUT, .body = "{}", .body_length = 2},
                    "PUT /v1/jobs?secret=query HTTP/1.1\r\n");
    send_and_expect(&bench, server, (struct http_request){.method = HTTP_PUT, .body = "{}", .body_length = 2},
                    "Content-Type: application/json\r\n");
    send_and_expect(&bench, server, (struct http_request){.method = HTTP_PUT}, "Content-Length: 0\r\n");
    send_and_expect(&bench, server, (struct http_request){.method = HTTP_POST, .body = "{}", .body_length = 2},
                    "POST /v1/jobs?secret=query HTTP/1.1\r\n");
    send_and_expect(&bench, server, (struct http_request){.method = HTTP_DELETE}, "DELETE /v1/jobs?secret=query ");
    send_and_expect(&bench, server, (struct http_request){.gzip = true}, "Accept-Encoding: gzip\r\n");
    send_and_expect(&bench, server, (struct http_request){0}, "User-Agent: drover/test\r\n");
    assert_false(server_last_request_has(server, "Accept-Encoding"));
    assert_false(server_last_request_has(server, "Expect"));
    assert_int_equal(server->wire_count, 1);
    send_and_expect(&bench, server, (struct http_request){.fresh_connection = true}, "GET ");
    assert_int_equal(server->wire_count, 2);
    bench_close(&bench);
    server_stop(server);
    free(server);
}

static void refused_connection_is_not_sent(void **state)
{
    (void)state;
    struct bench bench;
    struct exchange exchange = {0};
    bench_open(&bench, 0);
    struct http_endpoint *endpoint = bench_endpoint(&bench, "http://127.0.0.1:1");
    exchange_run(&bench, &exchange, endpoint, (struct http_request){.method = HTTP_PUT, .body = "x", .body_length = 1});
    assert_int_equal(exchange.result.outcome, HTTP_NOT_SENT);
    assert_int_equal(exchange.result.error.code, ERROR_UNREACHABLE);
    assert_non_null(strstr(exchange.result.error.text, "PUT http://127.0.0.1:1/v1/jobs: "));
    assert_null(strstr(exchange.result.error.text, "secret"));
    http_endpoint_free(endpoint);
    bench_close(&bench);
}

static void unknown_name_is_not_sent(void **state)
{
    (void)state;
    struct bench bench;
    struct exchange exchange = {0};
    bench_open(&bench, 0);
    struct http_endpoint *endpoint = bench_endpoint(&bench, "http://no-such-name.invalid:80");
    exchange_run(&bench, &exchange, endpoint, (struct http_request){.timeout_ms = 8000});
    assert_int_equal(exchange.result.outcome, HTTP_NOT_SENT);
    http_endpoint_free(endpoint);
    bench_close(&bench);
}

static void bad_path_is_not_sent(void **state)
{
    (void)state;
    static const char *const paths[] = {"v1", "", "/a b", "/a\r\nX: y", "/a#b", "/\xc3\xa4"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct exchange exchange;
        play(script_whole, (struct http_request){.path = paths[i]}, &exchange);
        assert_int_equal(exchange.result.outcome, HTTP_NOT_SENT);
        assert_int_equal(exchange.result.error.code, ERROR_INVALID);
    }
}

static void script_reset(struct wire *wire)
{
    if (wire_read_request(wire))
        wire_reset(wire);
}

static void reset_after_the_request_is_lost(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_reset, (struct http_request){.method = HTTP_PUT, .body = "{}", .body_length = 2}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_LOST);
    assert_int_equal(exchange.result.error.code, ERROR_UNREACHABLE);
}

/* Answers the first request of a connection and closes at the second. */
static void script_second_closes(struct wire *wire)
{
    if (wire_read_request(wire) && wire_answer(wire, 200, "", "first"))
        wire_read_request(wire);
}

static void second_request_on_a_dying_connection(enum http_method method, enum http_outcome outcome, int requests)
{
    struct bench bench;
    struct server *server = calloc(1, sizeof *server);
    server->script = script_second_closes;
    server_start(server);
    bench_open(&bench, 0);
    struct http_endpoint *endpoint = bench_endpoint(&bench, server->address);
    struct exchange first = {0}, second = {0};
    exchange_run(&bench, &first, endpoint, (struct http_request){0});
    assert_int_equal(first.result.outcome, HTTP_ANSWERED);
    exchange_run(&bench, &second, endpoint, (struct http_request){.method = method});
    assert_int_equal(second.result.outcome, outcome);
    assert_int_equal(atomic_load(&server->requests), requests);
    http_endpoint_free(endpoint);
    bench_close(&bench);
    server_stop(server);
    free(server);
}

static void write_on_a_dying_connection_is_lost_and_never_sent_again(void **state)
{
    (void)state;
    second_request_on_a_dying_connection(HTTP_PUT, HTTP_LOST, 2);
    second_request_on_a_dying_connection(HTTP_POST, HTTP_LOST, 2);
    second_request_on_a_dying_connection(HTTP_DELETE, HTTP_LOST, 2);
}

static void read_on_a_dying_connection_is_sent_again(void **state)
{
    (void)state;
    second_request_on_a_dying_connection(HTTP_GET, HTTP_ANSWERED, 3);
}

static void script_half_body(struct wire *wire)
{
    if (wire_read_request(wire))
        wire_say(wire, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
}

static void script_half_chunked(struct wire *wire)
{
    if (wire_read_request(wire))
        wire_say(wire, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
}

static void half_a_body_is_lost(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_half_body, (struct http_request){0}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_LOST);
    assert_int_equal(exchange.result.status, 200);
    play(script_half_chunked, (struct http_request){0}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_LOST);
}

static void script_until_eof(struct wire *wire)
{
    if (wire_read_request(wire))
        wire_say(wire, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}\n");
}

static void body_without_a_length_ends_with_the_connection(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_until_eof, (struct http_request){0}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_ANSWERED);
    assert_string_equal(exchange.body, "{}\n");
}

static void script_trickle(struct wire *wire)
{
    if (!wire_read_request(wire) || !wire_say(wire, "HTTP/1.1 200 OK\r\n"))
        return;
    for (int i = 0; i < 400 && !atomic_load(&wire->server->stopping) && wire_say(wire, "X-A: b\r\n"); i++)
        wire_sleep(wire, 25);
}

static void trickling_headers_end_with_the_timeout(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_trickle, (struct http_request){.timeout_ms = 400, .idle_timeout_ms = 300}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_LOST);
    assert_int_equal(exchange.result.error.code, ERROR_TIMEOUT);
    assert_int_equal(exchange.headers, 0);
    assert_non_null(strstr(exchange.result.error.text, "within 400 ms"));
}

static void script_endless_headers(struct wire *wire)
{
    if (wire_read_request(wire) && wire_say(wire, "HTTP/1.1 200 OK\r\n"))
        while (wire_say(wire, "X-A: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n"))
            ;
}

static void endless_headers_are_cut_off(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_endless_headers, (struct http_request){0}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_LOST);
    assert_int_equal(exchange.result.error.code, ERROR_TOO_LARGE);
}

static void script_silence(struct wire *wire)
{
    if (wire_read_request(wire))
        wire_hold(wire);
}

static void script_200_and_silence(struct wire *wire)
{
    if (wire_read_request(wire) && wire_say(wire, "HTTP/1.1 200 OK\r\n\r\n"))
        wire_hold(wire);
}

static void silence_is_lost_after_the_idle_timeout(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_200_and_silence, (struct http_request){.idle_timeout_ms = 150, .on_data = exchange_on_data}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_LOST);
    assert_int_equal(exchange.result.error.code, ERROR_TIMEOUT);
    assert_int_equal(exchange.result.status, 200);
    assert_int_equal(exchange.headers, 1);
    play(script_silence, (struct http_request){.idle_timeout_ms = 150}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_LOST);
    assert_non_null(strstr(exchange.result.error.text, "silence for 150 ms"));
    play(script_silence, (struct http_request){.timeout_ms = 150}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_LOST);
    assert_non_null(strstr(exchange.result.error.text, "within 150 ms"));
}

static void script_slow_stream(struct wire *wire)
{
    if (!wire_read_request(wire) || !wire_say(wire, "HTTP/1.1 200 OK\r\n\r\n"))
        return;
    for (int i = 0; i < 10; i++) {
        wire_say(wire, "{}\n");
        wire_sleep(wire, 50);
    }
}

static void slow_stream_lives_while_bytes_come(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_slow_stream, (struct http_request){.idle_timeout_ms = 400, .on_data = exchange_on_data}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_ANSWERED);
    assert_int_equal(exchange.result.received, 30);
    assert_true(exchange.data > 1);
}

static void script_500(struct wire *wire)
{
    while (wire_read_request(wire))
        wire_answer(wire, 500, "", "Enforcing job modify index 3: conflict\x01\r\nsecond line");
}

static void error_status_says_its_first_line(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_500, (struct http_request){.on_data = exchange_on_data}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_ANSWERED);
    assert_int_equal(exchange.result.status, 500);
    assert_int_equal(exchange.status_at_headers, 500);
    assert_int_equal(exchange.data, 0);
    assert_non_null(strstr(exchange.result.error.text, "/v1/jobs: HTTP 500: Enforcing job modify index 3: conflict?"));
    assert_null(strstr(exchange.result.error.text, "second"));
    assert_non_null(strstr(exchange.body, "second line"));
}

static void script_html(struct wire *wire)
{
    while (wire_read_request(wire))
        wire_answer(wire, 200, "Content-Type: text/html; charset=utf-8\r\n", "<html>Sign in</html>");
}

static void html_is_answered_and_shows_its_type(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_html, (struct http_request){0}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_ANSWERED);
    assert_string_equal(exchange.result.content_type, "text/html; charset=utf-8");
}

static void script_redirect(struct wire *wire)
{
    while (wire_read_request(wire))
        wire_answer(wire, 302, "Location: http://127.0.0.1:1/elsewhere\r\n", "");
}

static void redirect_is_not_followed(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_redirect, (struct http_request){0}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_ANSWERED);
    assert_int_equal(exchange.result.status, 302);
    assert_non_null(strstr(exchange.result.error.text, "redirect"));
}

static void script_interim(struct wire *wire)
{
    while (wire_read_request(wire)) {
        wire_say(wire, "HTTP/1.1 103 Early Hints\r\nX-Nomad-Index: 7\r\n\r\n");
        wire_answer(wire, 200, "X-Nomad-Index: 8\r\n", "x");
    }
}

static void interim_answer_is_passed_over(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_interim, (struct http_request){0}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_ANSWERED);
    assert_int_equal(exchange.result.index, 8);
    assert_false(exchange.result.index_malformed);
    assert_int_equal(exchange.headers, 1);
}

static void script_garbage(struct wire *wire)
{
    if (wire_read_request(wire))
        wire_say(wire, "220 mail.example.com ESMTP\r\n");
}

static void script_nothing(struct wire *wire)
{
    wire_read_request(wire);
}

static void what_is_no_http_is_lost(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_garbage, (struct http_request){0}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_LOST);
    play(script_nothing, (struct http_request){0}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_LOST);
}

/* Takes the index header's text from the request's path. */
static void script_index(struct wire *wire)
{
    while (wire_read_request(wire)) {
        char text[100] = "", header[200];
        sscanf(wire->request, "GET /%99[^ ]", text);
        snprintf(header, sizeof header, "X-Consul-Index: %s\r\n", text);
        wire_answer(wire, 200, header, "");
    }
}

static void index_is_a_decimal_below_2_to_the_64(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool good;
        uint64_t index;
    } cases[] = {{"/1", true, 1},
                 {"/0", true, 0},
                 {"/18446744073709551615", true, UINT64_MAX},
                 {"/18446744073709551616", false, 0},
                 {"/-1", false, 0},
                 {"/+1", false, 0},
                 {"/abc", false, 0},
                 {"/1.5", false, 0},
                 {"/0x10", false, 0},
                 {"/", false, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct exchange exchange;
        play(script_index, (struct http_request){.path = cases[i].path}, &exchange);
        assert_int_equal(exchange.result.outcome, HTTP_ANSWERED);
        if (exchange.result.index_present != cases[i].good || exchange.result.index_malformed == cases[i].good)
            fail_msg("index %s: taken %d, malformed %d", cases[i].path, exchange.result.index_present,
                     exchange.result.index_malformed);
        assert_true(exchange.result.index == cases[i].index);
    }
}

static void script_two_indexes(struct wire *wire)
{
    while (wire_read_request(wire))
        wire_answer(wire, 200, "X-Nomad-Index: 5\r\nX-Nomad-Index: 6\r\n", "");
}

static void two_indexes_that_differ_are_malformed(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_two_indexes, (struct http_request){0}, &exchange);
    assert_true(exchange.result.index_malformed);
    assert_false(exchange.result.index_present);
}

static void script_long_next_token(struct wire *wire)
{
    char header[800] = "X-Nomad-Nexttoken: ";
    memset(header + strlen(header), 'a', 600);
    strcat(header, "\r\n");
    while (wire_read_request(wire))
        wire_answer(wire, 200, header, "");
}

static void next_token_too_long_to_keep_is_no_end_of_list(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_long_next_token, (struct http_request){0}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_LOST);
    assert_int_equal(exchange.result.error.code, ERROR_TOO_LARGE);
}

static void script_huge(struct wire *wire)
{
    char block[4096];
    memset(block, 'x', sizeof block);
    if (wire_read_request(wire) && wire_say(wire, "HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n"))
        for (int i = 0; i < 2048 && wire_write(wire, block, sizeof block); i++)
            ;
}

static void body_over_its_maximum_is_lost(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_huge, (struct http_request){.body_max = 5000}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_LOST);
    assert_int_equal(exchange.result.error.code, ERROR_TOO_LARGE);
    play(script_huge, (struct http_request){0}, &exchange);
    assert_int_equal(exchange.result.error.code, ERROR_TOO_LARGE);
    play(script_huge, (struct http_request){.on_data = exchange_on_data}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_ANSWERED);
    assert_int_equal(exchange.result.received, 8388608);
}

/* gzip -9 of 100,000 times the digit 0. */
static const unsigned char zeros_gzip[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x31, 0x01, 0x00, 0x00, 0x00, 0xc2, 0xa0,
    0x4a, 0xeb, 0x9f, 0xce, 0x1a, 0x1e, 0x40, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xaf, 0x06, 0x85, 0xc2, 0x4d, 0xc5, 0xa0, 0x86, 0x01, 0x00};

static void script_gzip(struct wire *wire)
{
    char head[200];
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
             sizeof zeros_gzip);
    while (wire_read_request(wire)) {
        wire_say(wire, head);
        wire_write(wire, (const char *)zeros_gzip, sizeof zeros_gzip);
    }
}

static void gzip_is_unpacked_when_asked_for_and_its_size_counts_unpacked(void **state)
{
    (void)state;
    struct exchange exchange;
    play(script_gzip, (struct http_request){.gzip = true}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_ANSWERED);
    assert_int_equal(exchange.result.received, 100000);
    assert_int_equal(strspn(exchange.body, "0"), HTTP_ERROR_BODY_MAX);
    play(script_gzip, (struct http_request){.gzip = true, .body_max = 50000}, &exchange);
    assert_int_equal(exchange.result.outcome, HTTP_LOST);
    assert_int_equal(exchange.result.error.code, ERROR_TOO_LARGE);
    play(script_gzip, (struct http_request){0}, &exchange);
    assert_int_equal(exchange.result.received, sizeof zeros_gzip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_answer_comes_with_its_headers),
        cmocka_unit_test(requests_are_written_as_asked_and_reuse_the_connection),
        cmocka_unit_test(refused_connection_is_not_sent),
        cmocka_unit_test(unknown_name_is_not_sent),
        cmocka_unit_test(bad_path_is_not_sent),
        cmocka_unit_test(reset_after_the_request_is_lost),
        cmocka_unit_test(write_on_a_dying_connection_is_lost_and_never_sent_again),
        cmocka_unit_test(read_on_a_dying_connection_is_sent_again),
        cmocka_unit_test(half_a_body_is_lost),
        cmocka_unit_test(body_without_a_length_ends_with_the_connection),
        cmocka_unit_test(trickling_headers_end_with_the_timeout),
        cmocka_unit_test(endless_headers_are_cut_off),
        cmocka_unit_test(silence_is_lost_after_the_idle_timeout),
        cmocka_unit_test(slow_stream_lives_while_bytes_come),
        cmocka_unit_test(error_status_says_its_first_line),
        cmocka_unit_test(html_is_answered_and_shows_its_type),
        cmocka_unit_test(redirect_is_not_followed),
        cmocka_unit_test(interim_answer_is_passed_over),
        cmocka_unit_test(what_is_no_http_is_lost),
        cmocka_unit_test(index_is_a_decimal_below_2_to_the_64),
        cmocka_unit_test(two_indexes_that_differ_are_malformed),
        cmocka_unit_test(next_token_too_long_to_keep_is_no_end_of_list),
        cmocka_unit_test(body_over_its_maximum_is_lost),
        cmocka_unit_test(gzip_is_unpacked_when_asked_for_and_its_size_counts_unpacked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
