/* links: base net */ /* tsan */
/* Outgoing HTTP on the loop: beginnings and ends: cancelling from every callback, closing with requests in flight,
 * sending from within callbacks, tokens that change, configuration that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/net_script_server.h"
#include "tests/unit/net_exchange.h"

struct stage {
    struct bench bench;
    struct server server;
    struct http_endpoint *endpoint;
};

static struct stage *stage_open(void (*script)(struct wire *), long per_host)
{
    struct stage *stage = calloc(1, sizeof *stage);
    stage->server.script = script;
    server_start(&stage->server);
    bench_open(&stage->bench, per_host);
    stage->endpoint = bench_endpoint(&stage->bench, stage->server.address);
    return stage;
}

static void stage_close(struct stage *stage)
{
    http_endpoint_free(stage->endpoint);
    bench_close(&stage->bench);
    server_stop(&stage->server);
    free(stage);
}

static void script_whole(struct wire *wire)
{
    while (wire_read_request(wire))
        wire_answer(wire, 200, "", "body");
}

static void script_whole_or_hold(struct wire *wire)
{
    while (wire_read_request(wire)) {
        if (strncmp(wire->request, "GET /hold ", 10) == 0)
            wire_hold(wire);
        else
            wire_answer(wire, 200, "", "body");
    }
}

static void script_silence(struct wire *wire)
{
    if (wire_read_request(wire))
        wire_hold(wire);
}

static void script_endless_stream(struct wire *wire)
{
    if (wire_read_request(wire) && wire_say(wire, "HTTP/1.1 200 OK\r\n\r\n"))
        while (!atomic_load(&wire->server->stopping) && wire_say(wire, "{}\n"))
            wire_sleep(wire, 5);
}

/* Lets the loop run on for a moment: what should not come would come now. */
static void linger(struct bench *bench)
{
    int never = 0;
    bench_run(bench, &never, 60);
}

static void cancel_in_on_data_ends_it_there(void **state)
{
    (void)state;
    struct stage *stage = stage_open(script_endless_stream, 0);
    struct exchange exchange = {.cancel_on_data = true};
    exchange_send(&exchange, stage->endpoint, (struct http_request){.on_data = exchange_on_data});
    assert_true(bench_run(&stage->bench, &exchange.data, 5000));
    linger(&stage->bench);
    assert_int_equal(exchange.data, 1);
    assert_int_equal(exchange.done, 0);
    buffer_release(&exchange.streamed);
    stage_close(stage);
}

static void cancel_in_on_headers_ends_it_there(void **state)
{
    (void)state;
    struct stage *stage = stage_open(script_endless_stream, 0);
    struct exchange exchange = {.cancel_on_headers = true};
    exchange_send(&exchange, stage->endpoint, (struct http_request){.on_data = exchange_on_data});
    assert_true(bench_run(&stage->bench, &exchange.headers, 5000));
    linger(&stage->bench);
    assert_int_equal(exchange.data, 0);
    assert_int_equal(exchange.done, 0);
    stage_close(stage);
}

static void stopping_in_on_data_is_told(void **state)
{
    (void)state;
    struct stage *stage = stage_open(script_endless_stream, 0);
    struct exchange exchange = {.stop_on_data = true};
    exchange_run(&stage->bench, &exchange, stage->endpoint, (struct http_request){.on_data = exchange_on_data});
    assert_int_equal(exchange.result.outcome, HTTP_STOPPED_HERE);
    assert_int_equal(exchange.data, 1);
    assert_int_not_equal(exchange.result.error.code, ERROR_NONE);
    stage_close(stage);
}

static void cancel_at_once_and_cancel_of_what_cannot_start(void **state)
{
    (void)state;
    struct stage *stage = stage_open(script_whole, 0);
    struct exchange good = {0}, bad = {0};
    exchange_send(&good, stage->endpoint, (struct http_request){0});
    exchange_send(&bad, stage->endpoint, (struct http_request){.path = "no slash"});
    http_cancel(good.transfer);
    http_cancel(bad.transfer);
    linger(&stage->bench);
    assert_int_equal(good.done + bad.done, 0);
    stage_close(stage);
}

struct meddler {
    struct stage *stage;
    struct exchange *victim;
    struct exchange *next;
    int done;
    bool close_client, free_endpoint;
    int resend;
};

static bool meddle_on_data(void *context, const char *bytes, size_t length)
{
    (void)bytes, (void)length;
    struct meddler *meddler = context;
    if (meddler->victim) {
        http_cancel(meddler->victim->transfer);
        meddler->victim = NULL;
    }
    if (meddler->next) {
        exchange_send(meddler->next, meddler->stage->endpoint, (struct http_request){0});
        meddler->next = NULL;
    }
    if (meddler->free_endpoint || meddler->close_client) {
        http_endpoint_free(meddler->stage->endpoint);
        meddler->stage->endpoint = NULL;
    }
    if (meddler->close_client)
        http_client_close(meddler->stage->bench.client, bench_on_closed, &meddler->stage->bench);
    return true;
}

static void meddle_on_done(void *context, const struct http_result *result)
{
    struct meddler *meddler = context;
    meddler->done++;
    if (result->outcome == HTTP_NOT_SENT && meddler->resend) {
        meddler->resend--;
        struct http_request bad = {.path = "no slash", .on_done = meddle_on_done, .context = meddler};
        http_send(meddler->stage->endpoint, &bad);
        return;
    }
    meddle_on_data(context, "", 0);
}

static void callbacks_may_cancel_others_and_send_anew(void **state)
{
    (void)state;
    for (int from_done = 0; from_done < 2; from_done++) {
        struct stage *stage = stage_open(script_whole_or_hold, 0);
        struct exchange victim = {0}, next = {0};
        struct meddler meddler = {.stage = stage, .victim = &victim, .next = &next};
        struct http_request request = {
            .path = "/", .on_data = from_done ? NULL : meddle_on_data, .on_done = meddle_on_done, .context = &meddler};
        http_send(stage->endpoint, &request);
        exchange_send(&victim, stage->endpoint, (struct http_request){.path = "/hold"});
        assert_true(bench_run(&stage->bench, &next.done, 5000));
        assert_int_equal(next.result.outcome, HTTP_ANSWERED);
        assert_int_equal(meddler.done, 1);
        assert_int_equal(victim.done, 0);
        stage_close(stage);
    }
}

static void closing_from_within_callbacks_ends_everything(void **state)
{
    (void)state;
    for (int from_done = 0; from_done < 2; from_done++) {
        struct stage *stage = stage_open(script_whole, 0);
        struct exchange other = {0};
        struct meddler meddler = {.stage = stage, .close_client = true};
        struct http_request request = {
            .path = "/", .on_data = from_done ? NULL : meddle_on_data, .on_done = meddle_on_done, .context = &meddler};
        http_send(stage->endpoint, &request);
        exchange_send(&other, stage->endpoint, (struct http_request){.path = "no slash, so it never starts"});
        http_cancel(other.transfer);
        uv_run(&stage->bench.loop, UV_RUN_DEFAULT);
        assert_true(stage->bench.closed);
        assert_int_equal(meddler.done, from_done);
        assert_int_equal(uv_loop_close(&stage->bench.loop), 0);
        server_stop(&stage->server);
        free(stage);
    }
}

static void freeing_the_endpoint_in_a_callback_cancels_its_requests(void **state)
{
    (void)state;
    struct stage *stage = stage_open(script_endless_stream, 0);
    struct meddler meddler = {.stage = stage, .free_endpoint = true};
    struct http_request request = {
        .path = "/", .on_data = meddle_on_data, .on_done = meddle_on_done, .context = &meddler};
    http_send(stage->endpoint, &request);
    linger(&stage->bench);
    assert_null(stage->endpoint);
    assert_int_equal(meddler.done, 0);
    stage_close(stage);
}

static void requests_that_fail_at_once_do_not_starve_the_loop(void **state)
{
    (void)state;
    struct stage *stage = stage_open(script_whole, 0);
    struct meddler meddler = {.stage = stage, .resend = 1000000};
    struct http_request bad = {.path = "no slash", .on_done = meddle_on_done, .context = &meddler};
    http_send(stage->endpoint, &bad);
    linger(&stage->bench);
    assert_true(meddler.done > 1);
    assert_true(meddler.resend > 0);
    stage_close(stage);
}

static void three_hundred_requests_in_flight_are_closed(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    struct stage *stage = stage_open(script_silence, COUNT);
    struct exchange *exchanges = calloc(COUNT, sizeof *exchanges);
    for (int i = 0; i < COUNT; i++)
        exchange_send(&exchanges[i], stage->endpoint, (struct http_request){.idle_timeout_ms = 60000});
    for (int i = 0; i < 500 && atomic_load(&stage->server.requests) < COUNT; i++)
        linger(&stage->bench);
    assert_int_equal(atomic_load(&stage->server.requests), COUNT);
    http_client_close(stage->bench.client, bench_on_closed, &stage->bench);
    uv_run(&stage->bench.loop, UV_RUN_DEFAULT);
    assert_true(stage->bench.closed);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(exchanges[i].done, 0);
    assert_int_equal(uv_loop_close(&stage->bench.loop), 0);
    http_endpoint_free(stage->endpoint);
    server_stop(&stage->server);
    free(exchanges);
    free(stage);
}

static void requests_over_the_connection_limit_wait_and_time_out_unsent(void **state)
{
    (void)state;
    struct stage *stage = stage_open(script_silence, 2);
    struct exchange held[2] = {{0}, {0}}, waiting = {0};
    for (int i = 0; i < 2; i++)
        exchange_send(&held[i], stage->endpoint, (struct http_request){0});
    linger(&stage->bench);
    exchange_run(&stage->bench, &waiting, stage->endpoint, (struct http_request){.timeout_ms = 100});
    assert_int_equal(waiting.result.outcome, HTTP_NOT_SENT);
    assert_int_equal(waiting.result.error.code, ERROR_TIMEOUT);
    assert_int_equal(atomic_load(&stage->server.requests), 2);
    struct exchange next = {0};
    exchange_send(&next, stage->endpoint, (struct http_request){.timeout_ms = 3000});
    http_cancel(held[0].transfer);
    for (int i = 0; i < 20 && atomic_load(&stage->server.requests) < 3; i++)
        linger(&stage->bench);
    assert_int_equal(atomic_load(&stage->server.requests), 3);
    stage_close(stage);
}

static void many_requests_are_answered_over_few_connections(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    struct stage *stage = stage_open(script_whole, 4);
    struct exchange *exchanges = calloc(COUNT, sizeof *exchanges);
    for (int i = 0; i < COUNT; i++)
        exchange_send(&exchanges[i], stage->endpoint, (struct http_request){.timeout_ms = 20000});
    for (int i = 0; i < COUNT; i++) {
        assert_true(bench_run(&stage->bench, &exchanges[i].done, 20000));
        assert_int_equal(exchanges[i].result.outcome, HTTP_ANSWERED);
    }
    assert_int_equal(atomic_load(&stage->server.requests), COUNT);
    assert_int_equal(stage->server.wire_count, 4);
    free(exchanges);
    stage_close(stage);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void script_echo_token(struct wire *wire)
{
    while (wire_read_request(wire)) {
        char *token = strstr(wire->request, "X-Nomad-Token: ");
        char line[300] = "";
        if (token)
            sscanf(token, "%299[^\r]", line);
        wire_answer(wire, 403, "", line);
    }
}

static void expect_token(struct stage *stage, struct http_endpoint *endpoint, const char *line)
{
    struct exchange exchange = {0};
    exchange_run(&stage->bench, &exchange, endpoint, (struct http_request){0});
    assert_int_equal(exchange.result.status, 403);
    assert_string_equal(exchange.body, line);
    assert_null(strstr(exchange.result.error.text, "secret"));
}

static void token_file_is_read_again_when_it_changes(void **state)
{
    (void)state;
    struct stage *stage = stage_open(script_echo_token, 0);
    char folder[] = "/tmp/drover-test-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/token", folder);
    write_file(path, "  first-secret\r\n\n");
    struct error error = {0};
    struct http_endpoint_config config = {
        .address = stage->server.address, .token_header = "X-Nomad-Token", .token_file = path};
    struct http_endpoint *endpoint = http_endpoint_new(stage->bench.client, &config, &error);
    assert_non_null(endpoint);
    expect_token(stage, endpoint, "X-Nomad-Token: first-secret");
    expect_token(stage, endpoint, "X-Nomad-Token: first-secret");
    write_file(path, "other-secret\n");
    expect_token(stage, endpoint, "X-Nomad-Token: other-secret");
    static const char *const bad[] = {"", " \n", "two\nsecrets", "sec ret", "s\xc3\xa4-secret", "secret\x01"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct exchange exchange = {0};
        write_file(path, bad[i]);
        exchange_run(&stage->bench, &exchange, endpoint, (struct http_request){0});
        assert_int_equal(exchange.result.outcome, HTTP_NOT_SENT);
        assert_int_equal(exchange.result.error.code, ERROR_INVALID);
        assert_non_null(strstr(exchange.result.error.text, path));
        assert_null(strstr(exchange.result.error.text, "secret"));
    }
    unlink(path);
    struct exchange gone = {0};
    exchange_run(&stage->bench, &gone, endpoint, (struct http_request){0});
    assert_int_equal(gone.result.outcome, HTTP_NOT_SENT);
    assert_int_equal(gone.result.error.code, ERROR_NOT_FOUND);
    write_file(path, "third-secret");
    expect_token(stage, endpoint, "X-Nomad-Token: third-secret");
    http_endpoint_free(endpoint);
    unlink(path);
    rmdir(folder);
    stage_close(stage);
}

static void wrong_configuration_is_refused(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0);
    static const struct http_endpoint_config cases[] = {
        {.address = NULL},
        {.address = ""},
        {.address = "127.0.0.1:4646"},
        {.address = "ftp://127.0.0.1:1"},
        {.address = "http://"},
        {.address = "http://user:password@127.0.0.1:1"},
        {.address = "http://127.0.0.1:1/path"},
        {.address = "http://127.0.0.1:1?query"},
        {.address = "http://127.0.0.1:1#part"},
        {.address = "http://127.0.0.1:99999"},
        {.address = "http://a b:1"},
        {.address = "http://127.0.0.1:1\r\nX: y"},
        {.address = "http://127.0.0.1:1", .token_header = "X Y", .token_file = NULL},
        {.address = "http://127.0.0.1:1", .token_file = "/dev/null"},
        {.address = "https://127.0.0.1:1", .cert_file = "/etc/passwd"},
        {.address = "https://127.0.0.1:1", .server_name = "a/b"},
        {.address = "https://127.0.0.1:1", .ca_file = "/"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        struct http_endpoint *endpoint = http_endpoint_new(bench.client, &cases[i], &error);
        if (endpoint || error.code != ERROR_INVALID || strstr(error.text, "password@"))
            fail_msg("case %zu (%s): %s", i, cases[i].address, error.text);
    }
    struct error error = {0};
    struct http_endpoint_config missing = {.address = "https://127.0.0.1:1", .ca_file = "/nonexistent/ca.pem"};
    assert_null(http_endpoint_new(bench.client, &missing, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(error.text, "/nonexistent/ca.pem"));
    static const char *const good[] = {"http://127.0.0.1:1", "https://nomad.example.com:4646/", "http://[::1]:80"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct http_endpoint *endpoint = bench_endpoint(&bench, good[i]);
        assert_string_equal(http_endpoint_address(endpoint), good[i]);
        http_endpoint_free(endpoint);
    }
    bench_close(&bench);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    struct stage *stage = stage_open(script_whole, 0);
    struct exchange exchange = {0};
    exchange_run(&stage->bench, &exchange, stage->endpoint, (struct http_request){0});
    assert_int_equal(exchange.result.outcome, HTTP_ANSWERED);
    stage_close(stage);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cancel_in_on_data_ends_it_there),
        cmocka_unit_test(cancel_in_on_headers_ends_it_there),
        cmocka_unit_test(stopping_in_on_data_is_told),
        cmocka_unit_test(cancel_at_once_and_cancel_of_what_cannot_start),
        cmocka_unit_test(callbacks_may_cancel_others_and_send_anew),
        cmocka_unit_test(closing_from_within_callbacks_ends_everything),
        cmocka_unit_test(freeing_the_endpoint_in_a_callback_cancels_its_requests),
        cmocka_unit_test(requests_that_fail_at_once_do_not_starve_the_loop),
        cmocka_unit_test(three_hundred_requests_in_flight_are_closed),
        cmocka_unit_test(requests_over_the_connection_limit_wait_and_time_out_unsent),
        cmocka_unit_test(many_requests_are_answered_over_few_connections),
        cmocka_unit_test(token_file_is_read_again_when_it_changes),
        cmocka_unit_test(wrong_configuration_is_refused),
        cmocka_unit_test(proxies_of_the_environment_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
