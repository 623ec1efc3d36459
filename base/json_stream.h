/* A push parser for JSON too large for a tree: lists of hundreds of MB, and streams of values (NDJSON).
 *
 * Bytes are fed as they come, in pieces of any size; the handler is called for each thing as soon as it is complete.
 * Nothing is allocated a value and nothing is kept but the path, as one number a level: the key callback returns a
 * number of the handler's own (its *mark*), and every later callback finds in `at` the mark of the value it is about
 * and those of everything around it, so that a handler is a switch over at->mark:
 *
 *     static int on_key(void *context, const struct json_stream_at *at, const char *key, size_t length)
 *     {   // [{"ID": "...", "TaskStates": {...}}]
 *         if (at->depth == 2 && length == 2 && memcmp(key, "ID", 2) == 0) return MARK_ID;
 *         return JSON_STREAM_SKIP;
 *     }
 *
 * Over yajl 2.1, which is quadratic on endless strings and sets no bounds; those are set here. How many bytes are fed
 * in all is the caller's to bound (json_stream_bytes). Pure; not thread-safe; a handler must not feed its own stream.
 */
#ifndef DROVER_BASE_JSON_STREAM_H
#define DROVER_BASE_JSON_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
    JSON_STREAM_DEPTH_MAX = 64,        /* open objects and arrays */
    JSON_STREAM_TEXT_MAX = 256 * 1024, /* bytes of one text or key, and bytes fed without anything complete */
};

/* Where in the document a callback is. Valid during the callback. */
struct json_stream_at {
    unsigned depth; /* open objects and arrays around this value or key */
    unsigned mark;  /* what the key callback returned for this value; 0 for array elements and top values */
    const unsigned
        *marks; /* marks[0..depth]: from the top value to this one; in a key callback [depth] means nothing */
};

/* What key and begin callbacks may return besides a mark (0 or more; `begin` returns 0 to go on). */
enum {
    JSON_STREAM_SKIP = -1, /* key: nothing is told of its value; begin: nothing of what is inside, nor of the end */
    JSON_STREAM_STOP = -2, /* the feed fails with what the handler set by json_stream_refuse */
};

/* NULL callbacks are passed over (a NULL `key` gives mark 0, a NULL `begin_...` goes on). Those that return bool stop
 * the feed by false. Text is UTF-8 without NUL bytes and NOT NUL-terminated; it lives until the callback returns. */
struct json_stream_handler {
    int (*begin_object)(void *context, const struct json_stream_at *at);
    bool (*end_object)(void *context, const struct json_stream_at *at); /* `at` as its begin_object saw it */
    int (*begin_array)(void *context, const struct json_stream_at *at);
    bool (*end_array)(void *context, const struct json_stream_at *at);
    int (*key)(void *context, const struct json_stream_at *at, const char *key, size_t length);
    bool (*text)(void *context, const struct json_stream_at *at, const char *text, size_t length);
    bool (*integer)(void *context, const struct json_stream_at *at, int64_t number);
    /* Every other number, as it was written: fractions, exponents, integers outside int64 (up to uint64 and beyond). */
    bool (*number)(void *context, const struct json_stream_at *at, const char *digits, size_t length);
    bool (*flag)(void *context, const struct json_stream_at *at, bool flag);
    bool (*null)(void *context, const struct json_stream_at *at);
};

struct json_stream;

/* The handler must outlive the stream; context is handed to every callback. `many_values`: any number of values, also
 * none, one after another; otherwise exactly one. */
struct json_stream *json_stream_new(const struct json_stream_handler *handler, void *context, bool many_values);
void json_stream_free(struct json_stream *stream);

/* Parses the next bytes. After a failure every later call fails alike. ERROR_INVALID: not JSON, not UTF-8, or a NUL
 * character; ERROR_TOO_LARGE: a bound above; or what the handler set. Texts begin "byte N: " and show no content. */
bool json_stream_feed(struct json_stream *stream, const char *bytes, size_t length, struct error *ret_error);

/* Tells that no more bytes come: delivers a number that only the end can end, fails when a value is incomplete. */
bool json_stream_finish(struct json_stream *stream, struct error *ret_error);

/* For handlers, before they stop the feed: the error it is to fail with. Without one it is ERROR_INVALID, "refused". */
void json_stream_refuse(struct json_stream *stream, const struct error *error);

/* Bytes fed so far. */
uint64_t json_stream_bytes(const struct json_stream *stream);

#endif
