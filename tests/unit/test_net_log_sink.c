/* links: base net */
/* The log's sink: whole lines, nothing blocks, what is lost is counted and said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "net/log_sink.h"

static void take_into_buffer(void *context, int level, const char *line, size_t length)
{
    (void)level;
    buffer_append(context, line, length);
}

static void write_text(struct log_sink *sink, int level, const char *text)
{
    log_sink_write(sink, level, text, strlen(text));
}

/* Reads what is there, without waiting. */
static void drain(int descriptor, struct buffer *text)
{
    char bytes[4096];
    ssize_t got;
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    while ((got = read(descriptor, bytes, sizeof bytes)) > 0)
        buffer_append(text, bytes, (size_t)got);
}

static void lines_come_whole_and_below_the_minimum_not_at_all(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct log_sink *sink = log_sink_new(ends[1], 2);
    write_text(sink, 2, "one");
    write_text(sink, 1, "hidden");
    write_text(sink, 3, "two\nhalves\r\n");
    struct buffer text = BUFFER_INIT, recent = BUFFER_INIT;
    drain(ends[0], &text);
    assert_string_equal(text.data, "one\ntwo halves\n");
    log_sink_recent(sink, 3, take_into_buffer, &recent);
    assert_string_equal(recent.data, "two halves\n");
    assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    buffer_release(&text);
    buffer_release(&recent);
    log_sink_free(sink);
    close(ends[0]);
    close(ends[1]);
}

static void flood_then_read(int reader, int writer)
{
    struct log_sink *sink = log_sink_new(writer, 0);
    char line[700];
    memset(line, 'x', sizeof line);
    for (int i = 0; i < 2000; i++)
        log_sink_write(sink, 1, line, sizeof line);
    uint64_t dropped = log_sink_dropped(sink);
    assert_true(dropped > 0 && dropped < 2000);
    struct buffer text = BUFFER_INIT;
    drain(reader, &text);
    write_text(sink, 1, "after");
    drain(reader, &text);
    char wanted[100];
    snprintf(wanted, sizeof wanted, "\n%d log lines lost here: their reader did not keep up\nafter\n", (int)dropped);
    if (!strstr(text.data, wanted))
        fail_msg("no \"%s\" at the end of what came: ...%s", wanted,
                 text.data + text.length - (text.length < 150 ? text.length : 150));
    size_t lines = 0;
    for (const char *from = text.data; (from = strchr(from, '\n')); from++)
        lines++;
    assert_int_equal(lines, 2000 - dropped + 2);
    assert_int_equal(text.length, (2000 - dropped) * (sizeof line + 1) + strlen(wanted) - 1);
    buffer_release(&text);
    log_sink_free(sink);
    close(reader);
    close(writer);
}

static void reader_that_does_not_keep_up_costs_lines_and_no_time(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    flood_then_read(ends[0], ends[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    flood_then_read(ends[0], ends[1]);
}

static void reader_that_is_gone_is_survived(void **state)
{
    (void)state;
    int ends[2];
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    struct log_sink *sink = log_sink_new(ends[1], 0);
    close(ends[0]);
    write_text(sink, 1, "nobody");
    assert_int_equal(log_sink_dropped(sink), 1);
    log_sink_free(sink);
    close(ends[1]);
}

static void regular_file_is_appended_to(void **state)
{
    (void)state;
    char path[] = "/tmp/drover-test-XXXXXX";
    int file = mkstemp(path);
    struct buffer text = BUFFER_INIT;
    assert_int_equal(write(file, "before\n", 7), 7);
    struct log_sink *sink = log_sink_new(file, 0);
    write_text(sink, 1, "line");
    log_sink_free(sink);
    lseek(file, 0, SEEK_SET);
    drain(file, &text);
    assert_string_equal(text.data, "before\nline\n");
    buffer_release(&text);
    close(file);
    unlink(path);
}

static void only_the_last_thousand_lines_are_remembered(void **state)
{
    (void)state;
    struct log_sink *sink = log_sink_new(-1, 0);
    struct buffer recent = BUFFER_INIT;
    for (int i = 0; i < 1500; i++) {
        char line[20];
        snprintf(line, sizeof line, "%d", i);
        write_text(sink, 1, line);
    }
    log_sink_recent(sink, 0, take_into_buffer, &recent);
    assert_int_equal(strncmp(recent.data, "500\n501\n", 8), 0);
    assert_non_null(strstr(recent.data, "\n1499\n"));
    buffer_release(&recent);
    log_sink_free(sink);
}

static void long_line_is_cut_between_characters(void **state)
{
    (void)state;
    struct log_sink *sink = log_sink_new(-1, 0);
    struct buffer long_line = BUFFER_INIT, recent = BUFFER_INIT;
    for (int i = 0; i < 5000; i++)
        buffer_append_text(&long_line, "\xc3\xa4");
    log_sink_write(sink, 1, long_line.data, long_line.length);
    log_sink_recent(sink, 0, take_into_buffer, &recent);
    assert_true(recent.length <= LOG_SINK_LINE_MAX);
    assert_int_equal(recent.length % 2, 1);
    assert_int_equal(recent.data[recent.length - 1], '\n');
    buffer_release(&long_line);
    buffer_release(&recent);
    log_sink_free(sink);
}

struct listener {
    struct log_sink *sink;
    struct log_sink_subscriber *self;
    int heard;
    bool leave, talk;
};

static void listen_in(void *context, int level, const char *line, size_t length)
{
    (void)level, (void)line, (void)length;
    struct listener *listener = context;
    listener->heard++;
    if (listener->talk)
        write_text(listener->sink, 9, "heard it");
    if (listener->leave)
        log_sink_unsubscribe(listener->self);
}

static void subscribers_hear_below_the_minimum_and_may_leave_while_hearing(void **state)
{
    (void)state;
    struct log_sink *sink = log_sink_new(-1, 5);
    struct listener leaving = {.sink = sink, .leave = true}, staying = {.sink = sink, .talk = true};
    assert_false(log_sink_wants(sink, 1));
    leaving.self = log_sink_subscribe(sink, 1, listen_in, &leaving);
    staying.self = log_sink_subscribe(sink, 1, listen_in, &staying);
    assert_true(log_sink_wants(sink, 1));
    assert_false(log_sink_wants(sink, 0));
    write_text(sink, 1, "a");
    write_text(sink, 1, "b");
    assert_int_equal(leaving.heard, 1);
    assert_int_equal(staying.heard, 2);
    log_sink_unsubscribe(staying.self);
    assert_false(log_sink_wants(sink, 1));
    for (int i = 0; i < LOG_SINK_SUBSCRIBERS_MAX; i++)
        assert_non_null(log_sink_subscribe(sink, 1, listen_in, &staying));
    assert_null(log_sink_subscribe(sink, 1, listen_in, &staying));
    log_sink_free(sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_whole_and_below_the_minimum_not_at_all),
        cmocka_unit_test(reader_that_does_not_keep_up_costs_lines_and_no_time),
        cmocka_unit_test(reader_that_is_gone_is_survived),
        cmocka_unit_test(regular_file_is_appended_to),
        cmocka_unit_test(only_the_last_thousand_lines_are_remembered),
        cmocka_unit_test(long_line_is_cut_between_characters),
        cmocka_unit_test(subscribers_hear_below_the_minimum_and_may_leave_while_hearing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
