/* One event stream of a region: opened, greeted, held while lists are read, then decoded as it comes. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "controller/federation/private.h"

/* An index beyond all others makes Nomad begin with its newest event (nomad/stream StartAtClosest; measured) instead of
 * replaying the hundred it keeps, which are in the lists anyway and can be hundreds of megabytes. */
#define STREAM_FROM_NOW "9223372036854775807"

static void stream_path(const struct stream *stream, struct buffer *path)
{
    buffer_append_text(path, "/v1/event/stream?topic=Job&topic=Allocation&topic=Deployment");
    if (stream->with_nodes)
        buffer_append_text(path, "&topic=Node");
    buffer_append_text(path, "&index=" STREAM_FROM_NOW "&namespace=");
    text_append_percent(path, stream->job_namespace, strlen(stream->job_namespace));
}

static void on_decoded(void *context, const struct decoded *decoded)
{
    struct stream *stream = context;
    watch_emit(stream->region, decoded);
}

/* Ends the whole watch, this stream with it. */
static bool fail(struct stream *stream, const char *text)
{
    struct buffer line = BUFFER_INIT;
    buffer_printf(&line, "GET /v1/event/stream: %s", text);
    watch_abandon(stream->region, line.data);
    buffer_release(&line);
    return false;
}

static void all_greeted(struct region *region)
{
    for (size_t i = 0; i < region->stream_count; i++) {
        if (!region->streams[i].greeted)
            return;
    }
    uv_timer_stop(&region->watch_timer);
    region->state = WATCH_LISTING;
    list_start(region);
}

static bool hold(struct stream *stream, const char *bytes, size_t length)
{
    if (stream->held.length + length > STREAM_HELD_MAX)
        return fail(stream, "more than 8 MiB of events came while the lists were read");
    buffer_append(&stream->held, bytes, length);
    if (!stream->greeted && memchr(stream->held.data, '\n', stream->held.length) != NULL) {
        /* What is no Nomad is told apart here, before anything is asked of it. */
        if (stream->held.data[0] != '{')
            return fail(stream, "not an event stream of Nomad");
        stream->greeted = true;
        if (stream->region->state == WATCH_HELLO)
            all_greeted(stream->region);
    }
    return true;
}

static bool on_data(void *context, const char *bytes, size_t length)
{
    struct stream *stream = context;
    struct region *region = stream->region;
    if (region->state != WATCH_LIVE)
        return hold(stream, bytes, length);
    struct error error;
    if (decoder_feed(stream->decoder, bytes, length, &error))
        return true;
    return fail(stream, error.text);
}

static void on_done(void *context, const struct http_result *result)
{
    struct stream *stream = context;
    struct region *region = stream->region;
    stream->transfer = NULL;
    if (result->status == 403) {
        watch_deny(region, "GET /v1/event/stream",
                   "read-job in the namespaces that are watched, and node { policy = \"read\" }");
        return;
    }
    fail(stream, result->error.code != ERROR_NONE ? result->error.text : "the stream ended");
}

void stream_open(struct stream *stream)
{
    struct buffer path = BUFFER_INIT;
    stream_path(stream, &path);
    stream->decoder = decoder_new(DECODE_EVENTS, (const char *const *)stream->region->selected,
                                  stream->region->selected_count, on_decoded, stream);
    stream->transfer = http_send(stream->region->nomad, &(struct http_request){.path = path.data,
                                                                               .idle_timeout_ms = SILENCE_MS,
                                                                               .fresh_connection = true,
                                                                               .on_data = on_data,
                                                                               .on_done = on_done,
                                                                               .context = stream});
    buffer_release(&path);
}

void stream_stop(struct stream *stream)
{
    if (stream->transfer != NULL)
        http_cancel(stream->transfer);
    stream->transfer = NULL;
    decoder_free(stream->decoder);
    stream->decoder = NULL;
    buffer_release(&stream->held);
}

bool stream_drain(struct stream *stream, bool *ret_failed)
{
    struct error error;
    size_t slice = stream->held.length < STREAM_SLICE ? stream->held.length : STREAM_SLICE;
    if (slice == 0) {
        buffer_release(&stream->held);
        return true;
    }
    if (!decoder_feed(stream->decoder, stream->held.data, slice, &error)) {
        *ret_failed = true;
        fail(stream, error.text);
        return false;
    }
    buffer_drop_front(&stream->held, slice);
    return stream->held.length == 0;
}
