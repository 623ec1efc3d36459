/* links: base net */ /* tsan */
/* Outgoing HTTP on the loop: long bodies share the loop's turns: none is given more than its part of a turn, every byte
 * comes in its order, small answers overtake, and a transfer that waits for its turn can be stopped, cancelled, closed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/net_script_server.h"
#include "tests/unit/net_exchange.h"

enum { LONG_BYTES = 4 << 20, PIECE = 256 << 10, TURN_MOST = (256 + 16) << 10, LONG_COUNT = 6, WAIT_MS = 20000 };

struct stage {
    struct bench bench;
    struct server server;
    struct http_endpoint *endpoint;
    uv_prepare_t turn;
    size_t in_turn, most_in_turn;
};

struct reader {
    struct stage *stage;
    struct http_transfer *transfer;
    size_t received, stop_at, cancel_at;
    bool wrong;
    int done;
    enum http_outcome outcome;
};

static char byte_at(size_t at)
{
    return (char)('a' + at % 23);
}

/* GET /long: 4 MiB that say where they are; anything else: a word. */
static void script(struct wire *wire)
{
    char *piece = malloc(PIECE);
    while (wire_read_request(wire)) {
        if (strncmp(wire->request, "GET /long ", 10) != 0) {
            wire_answer(wire, 200, "", "body");
            continue;
        }
        char head[128];
        snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LONG_BYTES);
        bool good = wire_say(wire, head);
        for (size_t at = 0; good && at < LONG_BYTES; at += PIECE) {
            for (size_t i = 0; i < PIECE; i++)
                piece[i] = byte_at(at + i);
            good = wire_write(wire, piece, PIECE);
        }
        if (!good)
            break;
    }
    free(piece);
}

static void on_turn(uv_prepare_t *turn)
{
    struct stage *stage = turn->data;
    if (stage->in_turn > stage->most_in_turn)
        stage->most_in_turn = stage->in_turn;
    stage->in_turn = 0;
}

static struct stage *stage_open(void)
{
    struct stage *stage = calloc(1, sizeof *stage);
    stage->server.script = script;
    server_start(&stage->server);
    bench_open(&stage->bench, 0);
    stage->endpoint = bench_endpoint(&stage->bench, stage->server.address);
    uv_prepare_init(&stage->bench.loop, &stage->turn);
    stage->turn.data = stage;
    uv_prepare_start(&stage->turn, on_turn);
    return stage;
}

static void stage_close(struct stage *stage)
{
    uv_close((uv_handle_t *)&stage->turn, NULL);
    http_endpoint_free(stage->endpoint);
    bench_close(&stage->bench);
    server_stop(&stage->server);
    free(stage);
}

static bool on_data(void *context, const char *bytes, size_t length)
{
    struct reader *reader = context;
    for (size_t i = 0; i < length; i++)
        reader->wrong = reader->wrong || bytes[i] != byte_at(reader->received + i);
    reader->received += length;
    reader->stage->in_turn += length;
    if (reader->cancel_at && reader->received >= reader->cancel_at)
        http_cancel(reader->transfer);
    return !reader->stop_at || reader->received < reader->stop_at;
}

static void on_done(void *context, const struct http_result *result)
{
    struct reader *reader = context;
    reader->done++;
    reader->outcome = result->outcome;
}

static void send_long(struct stage *stage, struct reader *reader)
{
    reader->stage = stage;
    reader->transfer = http_send(
        stage->endpoint,
        &(struct http_request){
            .path = "/long", .timeout_ms = WAIT_MS, .on_data = on_data, .on_done = on_done, .context = reader});
}

static void long_bodies_share_turns_and_come_whole(void **state)
{
    (void)state;
    struct stage *stage = stage_open();
    struct reader readers[LONG_COUNT] = {0};
    for (size_t i = 0; i < LONG_COUNT; i++)
        send_long(stage, &readers[i]);
    for (size_t i = 0; i < LONG_COUNT; i++) {
        assert_true(bench_run(&stage->bench, &readers[i].done, WAIT_MS));
        assert_int_equal(readers[i].outcome, HTTP_ANSWERED);
        assert_int_equal(readers[i].received, LONG_BYTES);
        assert_false(readers[i].wrong);
    }
    /* What one turn may give, and every transfer's first piece, which never waits. */
    assert_true(stage->most_in_turn <= TURN_MOST + LONG_COUNT * (16 << 10));
    stage_close(stage);
}

static void small_answer_overtakes_long_ones(void **state)
{
    (void)state;
    struct stage *stage = stage_open();
    struct reader readers[LONG_COUNT] = {0};
    struct exchange small = {0};
    for (size_t i = 0; i < LONG_COUNT; i++)
        send_long(stage, &readers[i]);
    exchange_run(&stage->bench, &small, stage->endpoint, (struct http_request){.path = "/small"});
    assert_string_equal(small.body, "body");
    for (size_t i = 0; i < LONG_COUNT; i++)
        assert_int_equal(readers[i].done, 0);
    for (size_t i = 0; i < LONG_COUNT; i++)
        http_cancel(readers[i].transfer);
    stage_close(stage);
}

static void stopping_after_a_wait_is_told(void **state)
{
    (void)state;
    struct stage *stage = stage_open();
    struct reader reader = {.stop_at = 1 << 20};
    send_long(stage, &reader);
    assert_true(bench_run(&stage->bench, &reader.done, WAIT_MS));
    assert_int_equal(reader.outcome, HTTP_STOPPED_HERE);
    assert_int_equal(reader.done, 1);
    stage_close(stage);
}

static void cancelling_after_a_wait_ends_it_there(void **state)
{
    (void)state;
    struct stage *stage = stage_open();
    struct reader cancelled = {.cancel_at = 1 << 20}, other = {0};
    send_long(stage, &cancelled);
    send_long(stage, &other);
    assert_true(bench_run(&stage->bench, &other.done, WAIT_MS));
    assert_int_equal(cancelled.done, 0);
    assert_true(cancelled.received < (1 << 20) + (64 << 10));
    assert_int_equal(other.received, LONG_BYTES);
    stage_close(stage);
}

static void closing_ends_those_that_wait(void **state)
{
    (void)state;
    struct stage *stage = stage_open();
    struct reader readers[LONG_COUNT] = {0};
    int never = 0;
    for (size_t i = 0; i < LONG_COUNT; i++)
        send_long(stage, &readers[i]);
    bench_run(&stage->bench, &never, 5);
    stage_close(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_bodies_share_turns_and_come_whole),
        cmocka_unit_test(small_answer_overtakes_long_ones),
        cmocka_unit_test(stopping_after_a_wait_is_told),
        cmocka_unit_test(cancelling_after_a_wait_ends_it_there),
        cmocka_unit_test(closing_ends_those_that_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
