/* The push parser over yajl: marks, skipping, bounds. */
#include "base/json_stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/memory.h"

enum {
    /* yajl is fed in pieces of at most this, so that the bound on bytes without progress is kept closely. */
    PIECE_MAX = 64 * 1024,
    /* yajl looks at an incomplete text from its start with every feed. So many bytes may be looked at for one text:
     * enough for the longest in pieces of 1 KiB. */
    REPEATED_MAX = 64 * 1024 * 1024,
};

struct json_stream {
    yajl_handle parser;
    const struct json_stream_handler *handler;
    void *context;
    uint64_t fed;
    size_t unfinished;  /* bytes fed since the last thing complete */
    size_t looked_at;   /* what yajl has looked at for them */
    unsigned skip_open; /* objects and arrays open inside a skipped value */
    bool skip_next;     /* the next value is skipped */
    bool progress;      /* anything complete in this piece */
    bool started;       /* anything but white space so far */
    bool many_values;
    bool failed;
    struct error error; /* valid once failed or refused; code ERROR_NONE until then */
    struct json_stream_at at;
    unsigned marks[JSON_STREAM_DEPTH_MAX + 1];
};

/* Returns 0, which cancels yajl. */
static int stop(struct json_stream *stream, enum error_code code, const char *what)
{
    if (stream->error.code == ERROR_NONE)
        error_set(&stream->error, code, "%s", what);
    return 0;
}

static int refused(struct json_stream *stream)
{
    return stop(stream, ERROR_INVALID, "refused");
}

/* True when the scalar that came is told to nobody. */
static bool scalar_is_skipped(struct json_stream *stream)
{
    stream->progress = true;
    if (stream->skip_open)
        return true;
    bool skip = stream->skip_next;
    stream->skip_next = false;
    stream->at.mark = stream->marks[stream->at.depth];
    return skip;
}

static int after(struct json_stream *stream, bool go_on)
{
    return go_on ? 1 : refused(stream);
}

static int on_null(void *context)
{
    struct json_stream *s = context;
    if (scalar_is_skipped(s) || !s->handler->null)
        return 1;
    return after(s, s->handler->null(s->context, &s->at));
}

static int on_flag(void *context, int flag)
{
    struct json_stream *s = context;
    if (scalar_is_skipped(s) || !s->handler->flag)
        return 1;
    return after(s, s->handler->flag(s->context, &s->at, flag != 0));
}

static bool parse_integer(const char *digits, size_t length, int64_t *ret_number)
{
    bool negative = digits[0] == '-';
    if (length - negative > 19)
        return false;
    uint64_t value = 0; /* 19 digits fit */
    for (size_t i = negative; i < length; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(digits[i] - '0');
    }
    if (value > (uint64_t)INT64_MAX + negative)
        return false;
    *ret_number = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

static int on_number(void *context, const char *digits, size_t length)
{
    struct json_stream *s = context;
    int64_t number = 0;
    if (scalar_is_skipped(s))
        return 1;
    if (parse_integer(digits, length, &number))
        return s->handler->integer ? after(s, s->handler->integer(s->context, &s->at, number)) : 1;
    return s->handler->number ? after(s, s->handler->number(s->context, &s->at, digits, length)) : 1;
}

static int check_text(struct json_stream *s, const unsigned char *text, size_t length)
{
    if (length > JSON_STREAM_TEXT_MAX)
        return stop(s, ERROR_TOO_LARGE, "a text is longer than 256 KiB");
    if (memchr(text, '\0', length))
        return stop(s, ERROR_INVALID, "a NUL character is not allowed");
    return 1;
}

static int on_text(void *context, const unsigned char *text, size_t length)
{
    struct json_stream *s = context;
    if (scalar_is_skipped(s) || !s->handler->text)
        return 1;
    return check_text(s, text, length) && after(s, s->handler->text(s->context, &s->at, (const char *)text, length));
}

static int on_key(void *context, const unsigned char *key, size_t length)
{
    struct json_stream *s = context;
    s->progress = true;
    if (s->skip_open)
        return 1;
    if (!check_text(s, key, length))
        return 0;
    s->at.mark = 0;
    int mark = s->handler->key ? s->handler->key(s->context, &s->at, (const char *)key, length) : 0;
    if (mark < JSON_STREAM_SKIP)
        return refused(s);
    s->skip_next = mark == JSON_STREAM_SKIP;
    s->marks[s->at.depth] = mark >= 0 ? (unsigned)mark : 0;
    return 1;
}

static int on_begin(struct json_stream *s, int (*callback)(void *, const struct json_stream_at *))
{
    s->progress = true;
    if (s->at.depth + s->skip_open >= JSON_STREAM_DEPTH_MAX)
        return stop(s, ERROR_TOO_LARGE, "objects and arrays are nested deeper than 64");
    if (s->skip_open || s->skip_next) {
        s->skip_open++;
        s->skip_next = false;
        return 1;
    }
    s->at.mark = s->marks[s->at.depth];
    int answer = callback ? callback(s->context, &s->at) : 0;
    if (answer < JSON_STREAM_SKIP)
        return refused(s);
    if (answer == JSON_STREAM_SKIP) {
        s->skip_open = 1;
        return 1;
    }
    s->at.depth++;
    s->marks[s->at.depth] = 0;
    return 1;
}

static int on_end(struct json_stream *s, bool (*callback)(void *, const struct json_stream_at *))
{
    s->progress = true;
    if (s->skip_open) {
        s->skip_open--;
        return 1;
    }
    s->at.depth--;
    s->at.mark = s->marks[s->at.depth];
    return callback ? after(s, callback(s->context, &s->at)) : 1;
}

static int on_begin_object(void *context)
{
    struct json_stream *s = context;
    return on_begin(s, s->handler->begin_object);
}

static int on_end_object(void *context)
{
    struct json_stream *s = context;
    return on_end(s, s->handler->end_object);
}

static int on_begin_array(void *context)
{
    struct json_stream *s = context;
    return on_begin(s, s->handler->begin_array);
}

static int on_end_array(void *context)
{
    struct json_stream *s = context;
    return on_end(s, s->handler->end_array);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_flag,
    .yajl_number = on_number,
    .yajl_string = on_text,
    .yajl_start_map = on_begin_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end_object,
    .yajl_start_array = on_begin_array,
    .yajl_end_array = on_end_array,
};

struct json_stream *json_stream_new(const struct json_stream_handler *handler, void *context, bool many_values)
{
    struct json_stream *stream = memory_new(1, sizeof *stream);
    stream->handler = handler;
    stream->context = context;
    stream->many_values = many_values;
    stream->at.marks = stream->marks;
    stream->parser = yajl_alloc(&callbacks, NULL, stream);
    if (!stream->parser)
        abort(); /* out of memory: see base/memory.h */
    if (many_values)
        yajl_config(stream->parser, yajl_allow_multiple_values, 1);
    return stream;
}

void json_stream_free(struct json_stream *stream)
{
    if (!stream)
        return;
    yajl_free(stream->parser);
    free(stream);
}

/* yajl's own words without "parse error: " and the newline; they name no content. */
static void set_parser_error(struct json_stream *stream)
{
    unsigned char *words = yajl_get_error(stream->parser, 0, NULL, 0);
    const char *reason = words ? (const char *)words : "unknown";
    const char *colon = strstr(reason, "error: ");
    reason = colon ? colon + strlen("error: ") : reason;
    error_set(&stream->error, ERROR_INVALID, "not JSON: %.*s", (int)strcspn(reason, "\n"), reason);
    if (words)
        yajl_free_error(stream->parser, words);
}

static bool fail(struct json_stream *stream, uint64_t at, struct error *ret_error)
{
    stream->failed = true;
    struct error inner = stream->error;
    error_set(&stream->error, inner.code, "byte %" PRIu64 ": %s", at, inner.text);
    *ret_error = stream->error;
    return false;
}

static bool fail_parse(struct json_stream *stream, yajl_status status, uint64_t at, struct error *ret_error)
{
    if (status == yajl_status_error || stream->error.code == ERROR_NONE)
        set_parser_error(stream);
    return fail(stream, at, ret_error);
}

static bool is_blank(const char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' || bytes[at] == '\t'))
        at++;
    return at == length;
}

static bool feed_piece(struct json_stream *stream, const char *bytes, size_t length, struct error *ret_error)
{
    stream->progress = false;
    yajl_status status = yajl_parse(stream->parser, (const unsigned char *)bytes, length);
    uint64_t start = stream->fed;
    stream->fed += length;
    stream->started = stream->started || !is_blank(bytes, length);
    if (status != yajl_status_ok)
        return fail_parse(stream, status, start + yajl_get_bytes_consumed(stream->parser), ret_error);
    if (stream->progress) {
        stream->unfinished = 0;
        stream->looked_at = 0;
        return true;
    }
    stream->unfinished += length;
    stream->looked_at += stream->unfinished;
    if (stream->unfinished <= JSON_STREAM_TEXT_MAX && stream->looked_at <= REPEATED_MAX)
        return true;
    stop(stream, ERROR_TOO_LARGE,
         stream->unfinished > JSON_STREAM_TEXT_MAX ? "256 KiB without a complete value"
                                                   : "a long text comes in too many small pieces");
    return fail(stream, stream->fed, ret_error);
}

bool json_stream_feed(struct json_stream *stream, const char *bytes, size_t length, struct error *ret_error)
{
    if (stream->failed) {
        *ret_error = stream->error;
        return false;
    }
    for (size_t at = 0; at < length; at += PIECE_MAX)
        if (!feed_piece(stream, bytes + at, length - at < PIECE_MAX ? length - at : PIECE_MAX, ret_error))
            return false;
    return true;
}

bool json_stream_finish(struct json_stream *stream, struct error *ret_error)
{
    if (stream->failed) {
        *ret_error = stream->error;
        return false;
    }
    if (stream->many_values && !stream->started)
        return true;
    yajl_status status = yajl_complete_parse(stream->parser);
    return status == yajl_status_ok || fail_parse(stream, status, stream->fed, ret_error);
}

void json_stream_refuse(struct json_stream *stream, const struct error *error)
{
    stream->error = *error;
}

uint64_t json_stream_bytes(const struct json_stream *stream)
{
    return stream->fed;
}
