/* One request on a loop of its own, run to its end and kept: for tests of net/http.h. */
#ifndef DROVER_TESTS_UNIT_NET_EXCHANGE_H
#define DROVER_TESTS_UNIT_NET_EXCHANGE_H

#include <setjmp.h>
#include <signal.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "net/http.h"

struct bench {
    uv_loop_t loop;
    struct http_client *client;
    bool closed;
};

struct exchange {
    struct http_transfer *transfer;
    int done, headers, data;
    int status_at_headers;
    bool stop_on_data, cancel_on_data, cancel_on_headers;
    struct http_result result; /* body not valid: see `body` */
    char body[HTTP_ERROR_BODY_MAX + 1];
    struct buffer streamed;
};

static inline void bench_open(struct bench *bench, long per_host)
{
    struct error error;
    signal(SIGPIPE, SIG_IGN);
    *bench = (struct bench){0};
    assert_int_equal(uv_loop_init(&bench->loop), 0);
    struct http_client_options options = {.connections_per_host_max = per_host, .user_agent = "drover/test"};
    bench->client = http_client_new(&bench->loop, &options, &error);
    assert_non_null(bench->client);
}

static inline void bench_on_closed(void *context)
{
    ((struct bench *)context)->closed = true;
}

static inline void bench_close(struct bench *bench)
{
    http_client_close(bench->client, bench_on_closed, bench);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_true(bench->closed);
    assert_int_equal(uv_loop_close(&bench->loop), 0);
}

static inline struct http_endpoint *bench_endpoint(struct bench *bench, const char *address)
{
    struct error error = {0};
    struct http_endpoint_config config = {.address = address};
    struct http_endpoint *endpoint = http_endpoint_new(bench->client, &config, &error);
    if (!endpoint)
        fail_msg("%s", error.text);
    return endpoint;
}

static inline void exchange_on_done(void *context, const struct http_result *result)
{
    struct exchange *exchange = context;
    exchange->done++;
    exchange->result = *result;
    exchange->result.body = NULL;
    size_t length = result->body_length < HTTP_ERROR_BODY_MAX ? result->body_length : HTTP_ERROR_BODY_MAX;
    memcpy(exchange->body, result->body, length);
    exchange->body[length] = '\0';
}

static inline void exchange_on_headers(void *context, int status)
{
    struct exchange *exchange = context;
    exchange->headers++;
    exchange->status_at_headers = status;
    if (exchange->cancel_on_headers)
        http_cancel(exchange->transfer);
}

static inline bool exchange_on_data(void *context, const char *bytes, size_t length)
{
    struct exchange *exchange = context;
    exchange->data++;
    buffer_append(&exchange->streamed, bytes, length);
    if (exchange->cancel_on_data)
        http_cancel(exchange->transfer);
    return !exchange->stop_on_data;
}

static inline void exchange_send(struct exchange *exchange, struct http_endpoint *endpoint, struct http_request request)
{
    buffer_init(&exchange->streamed);
    if (!request.path)
        request.path = "/v1/jobs?secret=query";
    request.on_headers = exchange_on_headers;
    request.on_done = exchange_on_done;
    request.context = exchange;
    exchange->transfer = http_send(endpoint, &request);
    assert_int_equal(exchange->done, 0);
}

static inline void exchange_on_watchdog(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

/* Runs the loop until `*count` is not 0 or the time is over; true: the first. */
static inline bool bench_run(struct bench *bench, const int *count, uint64_t ms)
{
    bool late = false;
    uv_timer_t watchdog;
    uv_timer_init(&bench->loop, &watchdog);
    watchdog.data = &late;
    uv_timer_start(&watchdog, exchange_on_watchdog, ms, 0);
    while (!late && !*count)
        uv_run(&bench->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&watchdog, NULL);
    uv_run(&bench->loop, UV_RUN_NOWAIT);
    return !late;
}

static inline void exchange_run(struct bench *bench, struct exchange *exchange, struct http_endpoint *endpoint,
                                struct http_request request)
{
    exchange_send(exchange, endpoint, request);
    if (!bench_run(bench, &exchange->done, 10000))
        fail_msg("no answer in 10 s");
    assert_int_equal(exchange->done, 1);
    buffer_release(&exchange->streamed);
}

#endif
