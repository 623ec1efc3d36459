/* Log lines to a descriptor that may not keep up, to memory and to subscribers: see log_sink.h. */
#include "net/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"

enum output_kind {
    OUTPUT_NONE,
    OUTPUT_FILE,     /* written plainly */
    OUTPUT_SOCKET,   /* MSG_DONTWAIT */
    OUTPUT_REOPENED, /* a pipe or terminal, opened anew with O_NONBLOCK of its own; `descriptor` is ours */
    OUTPUT_POLLED,   /* one that could not be opened anew: poll, then at most PIPE_BUF bytes */
};

struct remembered {
    int level;
    char *line; /* owned; NULL: never used */
    size_t length;
};

struct log_sink_subscriber {
    struct log_sink *sink;
    int minimum_level;
    log_sink_take take; /* NULL: ended while lines are handed out, to be freed after */
    void *context;
};

struct log_sink {
    int descriptor;
    enum output_kind kind;
    int minimum_level;
    struct remembered recent[LOG_SINK_RECENT_MAX];
    size_t next; /* where in `recent` the next line goes */
    struct log_sink_subscriber *subscribers[LOG_SINK_SUBSCRIBERS_MAX];
    size_t subscriber_count;
    bool handing_out;
    struct buffer rest; /* end of a line of which the descriptor took only the beginning */
    uint64_t dropped;
    uint64_t dropped_told;
};

static void open_output(struct log_sink *sink, int descriptor)
{
    struct stat status;
    sink->descriptor = descriptor;
    sink->kind = OUTPUT_NONE;
    if (descriptor < 0 || fstat(descriptor, &status) < 0)
        return;
    sink->kind = S_ISSOCK(status.st_mode) ? OUTPUT_SOCKET : OUTPUT_FILE;
    if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode))
        return;
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    sink->kind = own >= 0 ? OUTPUT_REOPENED : OUTPUT_POLLED;
    if (own >= 0)
        sink->descriptor = own;
}

struct log_sink *log_sink_new(int descriptor, int minimum_level)
{
    struct log_sink *sink = memory_new(1, sizeof *sink);
    sink->minimum_level = minimum_level;
    buffer_init(&sink->rest);
    open_output(sink, descriptor);
    return sink;
}

void log_sink_free(struct log_sink *sink)
{
    if (!sink)
        return;
    if (sink->kind == OUTPUT_REOPENED)
        close(sink->descriptor);
    for (size_t i = 0; i < LOG_SINK_RECENT_MAX; i++)
        free(sink->recent[i].line);
    for (size_t i = 0; i < sink->subscriber_count; i++)
        free(sink->subscribers[i]);
    buffer_release(&sink->rest);
    free(sink);
}

void log_sink_set_minimum(struct log_sink *sink, int minimum_level)
{
    sink->minimum_level = minimum_level;
}

bool log_sink_wants(const struct log_sink *sink, int level)
{
    if (level >= sink->minimum_level)
        return true;
    for (size_t i = 0; i < sink->subscriber_count; i++)
        if (sink->subscribers[i]->take && level >= sink->subscribers[i]->minimum_level)
            return true;
    return false;
}

uint64_t log_sink_dropped(const struct log_sink *sink)
{
    return sink->dropped;
}

/* One system call; bytes taken, 0 when none could be without waiting, -1 when the descriptor is broken. */
static ssize_t put_once(const struct log_sink *sink, const char *bytes, size_t length)
{
    ssize_t put;
    if (sink->kind == OUTPUT_POLLED) {
        struct pollfd ready = {.fd = sink->descriptor, .events = POLLOUT};
        if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT))
            return 0;
        length = length < PIPE_BUF ? length : PIPE_BUF;
    }
    do
        put = sink->kind == OUTPUT_SOCKET ? send(sink->descriptor, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL)
                                          : write(sink->descriptor, bytes, length);
    while (put < 0 && errno == EINTR);
    return put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : put;
}

/* Bytes taken of the length. */
static size_t put(const struct log_sink *sink, const char *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t got = put_once(sink, bytes + done, length - done);
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return done;
}

/* False when nothing of it was taken. What is left of a line that was begun waits for the next call. */
static bool put_lines(struct log_sink *sink, const char *lines, size_t length)
{
    size_t done = put(sink, lines, length);
    if (done && done < length)
        buffer_append(&sink->rest, lines + done, length - done);
    return done > 0;
}

/* The note of what was lost goes out with the line after it or not at all: alone it would fill the last gap of a full
 * pipe again and again. */
static bool put_line(struct log_sink *sink, const char *line, size_t length)
{
    if (sink->dropped == sink->dropped_told)
        return put_lines(sink, line, length);
    char both[100 + LOG_SINK_LINE_MAX];
    int note = snprintf(both, 100, "%llu log lines lost here: their reader did not keep up\n",
                        (unsigned long long)(sink->dropped - sink->dropped_told));
    memcpy(both + note, line, length);
    if (!put_lines(sink, both, (size_t)note + length))
        return false;
    sink->dropped_told = sink->dropped;
    return true;
}

static void write_out(struct log_sink *sink, const char *line, size_t length)
{
    if (sink->kind == OUTPUT_NONE)
        return;
    buffer_drop_front(&sink->rest, put(sink, sink->rest.data, sink->rest.length));
    if (sink->rest.length || !put_line(sink, line, length))
        sink->dropped++;
}

static void remember(struct log_sink *sink, int level, const char *line, size_t length)
{
    struct remembered *slot = &sink->recent[sink->next];
    sink->next = (sink->next + 1) % LOG_SINK_RECENT_MAX;
    free(slot->line);
    *slot = (struct remembered){.level = level, .line = memory_copy_text(line, length), .length = length};
}

static void free_ended(struct log_sink *sink)
{
    size_t kept = 0;
    for (size_t i = 0; i < sink->subscriber_count; i++) {
        if (sink->subscribers[i]->take)
            sink->subscribers[kept++] = sink->subscribers[i];
        else
            free(sink->subscribers[i]);
    }
    sink->subscriber_count = kept;
}

static void hand_out(struct log_sink *sink, int level, const char *line, size_t length)
{
    if (sink->handing_out)
        return;
    sink->handing_out = true;
    size_t count = sink->subscriber_count; /* who subscribes meanwhile waits for the next line */
    for (size_t i = 0; i < count; i++) {
        const struct log_sink_subscriber *subscriber = sink->subscribers[i];
        if (subscriber->take && level >= subscriber->minimum_level)
            subscriber->take(subscriber->context, level, line, length);
    }
    sink->handing_out = false;
    free_ended(sink);
}

/* Copies the line as one line into ret_line, which has LOG_SINK_LINE_MAX bytes and a NUL's room; its length. */
static size_t make_line(const char *line, size_t length, char *ret_line)
{
    while (length && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        length--;
    if (length > LOG_SINK_LINE_MAX - 1) {
        length = LOG_SINK_LINE_MAX - 1;
        while (length && ((unsigned char)line[length] & 0xC0u) == 0x80u)
            length--;
    }
    for (size_t i = 0; i < length; i++)
        ret_line[i] = line[i] == '\n' || line[i] == '\r' || line[i] == '\0' ? ' ' : line[i];
    ret_line[length] = '\n';
    ret_line[length + 1] = '\0';
    return length + 1;
}

void log_sink_write(struct log_sink *sink, int level, const char *line, size_t length)
{
    if (!log_sink_wants(sink, level))
        return;
    char whole[LOG_SINK_LINE_MAX + 1];
    length = make_line(line, length, whole);
    if (level >= sink->minimum_level) {
        write_out(sink, whole, length);
        remember(sink, level, whole, length);
    }
    hand_out(sink, level, whole, length);
}

void log_sink_recent(const struct log_sink *sink, int minimum_level, log_sink_take take, void *context)
{
    for (size_t i = 0; i < LOG_SINK_RECENT_MAX; i++) {
        const struct remembered *slot = &sink->recent[(sink->next + i) % LOG_SINK_RECENT_MAX];
        if (slot->line && slot->level >= minimum_level)
            take(context, slot->level, slot->line, slot->length);
    }
}

struct log_sink_subscriber *log_sink_subscribe(struct log_sink *sink, int minimum_level, log_sink_take take,
                                               void *context)
{
    if (sink->subscriber_count == LOG_SINK_SUBSCRIBERS_MAX)
        return NULL;
    struct log_sink_subscriber *subscriber = memory_new(1, sizeof *subscriber);
    *subscriber = (struct log_sink_subscriber){sink, minimum_level, take, context};
    sink->subscribers[sink->subscriber_count++] = subscriber;
    return subscriber;
}

void log_sink_unsubscribe(struct log_sink_subscriber *subscriber)
{
    subscriber->take = NULL;
    if (!subscriber->sink->handing_out)
        free_ended(subscriber->sink);
}
