/* Where finished log lines go: one file descriptor, and a memory of the last LOG_SINK_RECENT_MAX lines with subscribers
 * for `drover monitor`. Formatting is not done here.
 *
 * Writing never blocks: when the reader of the descriptor (a pipe, a terminal, journald's socket) does not keep up,
 * lines are dropped whole and counted, and once it takes bytes again one line says how many were lost. Lines are never
 * mixed or cut in two on the descriptor, whatever its other writers do, as far as the kernel promises that (pipes up to
 * 4,096 bytes, files opened for appending, sockets). Recent lines and subscribers get what the descriptor missed.
 *
 * A regular file is written as it is: a full or slow disk is felt. The descriptor's own flags are left alone, since
 * standard error is shared with the shell that started the process.
 *
 * Thread: one, the loop's. The process must ignore SIGPIPE. */
#ifndef DROVER_NET_LOG_SINK_H
#define DROVER_NET_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LOG_SINK_RECENT_MAX = 1000,
    LOG_SINK_LINE_MAX = 8192, /* bytes with the newline; a longer line is cut there, not inside a UTF-8 sequence */
    LOG_SINK_SUBSCRIBERS_MAX = 64,
};

struct log_sink;
struct log_sink_subscriber;

/* A line with its newline. Must not keep the pointer; what it logs itself reaches descriptor and memory, but no
 * subscriber. May unsubscribe, itself too. */
typedef void (*log_sink_take)(void *context, int level, const char *line, size_t length);

/* `descriptor` stays the caller's and must outlive the sink; -1: none, memory and subscribers only. Levels are numbers
 * that grow with importance; what lies below `minimum_level` is neither written nor remembered. */
struct log_sink *log_sink_new(int descriptor, int minimum_level);
/* Subscribers end without a word. */
void log_sink_free(struct log_sink *sink);
void log_sink_set_minimum(struct log_sink *sink, int minimum_level);
/* Whether a line of this level goes anywhere; ask before formatting one. */
bool log_sink_wants(const struct log_sink *sink, int level);

/* The newline is added when missing; line breaks inside become spaces, so that one record is one line. */
void log_sink_write(struct log_sink *sink, int level, const char *line, size_t length);

/* Calls `take` for what is remembered at or above the level, oldest first, before it returns. */
void log_sink_recent(const struct log_sink *sink, int minimum_level, log_sink_take take, void *context);
/* From now on `take` gets every line at or above the level, also below the sink's own minimum. NULL when there are
 * LOG_SINK_SUBSCRIBERS_MAX already. */
struct log_sink_subscriber *log_sink_subscribe(struct log_sink *sink, int minimum_level, log_sink_take take,
                                               void *context);
void log_sink_unsubscribe(struct log_sink_subscriber *subscriber);

/* Lines the descriptor has missed since the sink was made. */
uint64_t log_sink_dropped(const struct log_sink *sink);

#endif
