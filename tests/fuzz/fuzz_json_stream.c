/* links: base */
/* The push parser must tell the same whether bytes come whole or in pieces, with depths that balance.
 * The first byte of an input chooses the pieces, many values or one, and what is skipped. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct listener {
    uint64_t told; /* a hash of all that was told */
    unsigned open;
    unsigned skip; /* 0: nothing; else values of keys whose length is a multiple are skipped */
};

static bool hear(struct listener *l, const struct json_stream_at *at, unsigned kind, const char *bytes, size_t length)
{
    if (at->depth != l->open)
        abort();
    for (unsigned i = 0; i <= at->depth && kind != 'k'; i++)
        l->told = hash_number(l->told ^ at->marks[i]);
    l->told = hash_number(l->told ^ kind) ^ hash_bytes(bytes, length);
    return true;
}

static int begin_object(void *context, const struct json_stream_at *at)
{
    struct listener *l = context;
    hear(l, at, '{', "", 0);
    l->open++;
    return 0;
}

static bool end_object(void *context, const struct json_stream_at *at)
{
    struct listener *l = context;
    l->open--;
    return hear(l, at, '}', "", 0);
}

static int begin_array(void *context, const struct json_stream_at *at)
{
    struct listener *l = context;
    hear(l, at, '[', "", 0);
    if (l->skip == 3 && at->depth == 2)
        return JSON_STREAM_SKIP;
    l->open++;
    return 0;
}

static bool end_array(void *context, const struct json_stream_at *at)
{
    struct listener *l = context;
    l->open--;
    return hear(l, at, ']', "", 0);
}

static int on_key(void *context, const struct json_stream_at *at, const char *key, size_t length)
{
    struct listener *l = context;
    hear(l, at, 'k', key, length);
    return l->skip && length % l->skip == 0 ? JSON_STREAM_SKIP : (int)(length & 0xFF);
}

static bool on_text(void *context, const struct json_stream_at *at, const char *text, size_t length)
{
    return hear(context, at, 't', text, length);
}

static bool on_integer(void *context, const struct json_stream_at *at, int64_t number)
{
    return hear(context, at, 'i', (const char *)&number, sizeof number);
}

static bool on_number(void *context, const struct json_stream_at *at, const char *digits, size_t length)
{
    return hear(context, at, 'n', digits, length);
}

static bool on_flag(void *context, const struct json_stream_at *at, bool flag)
{
    return hear(context, at, flag ? 'T' : 'F', "", 0);
}

static bool on_null(void *context, const struct json_stream_at *at)
{
    return hear(context, at, '0', "", 0);
}

static const struct json_stream_handler handler = {
    begin_object, end_object, begin_array, end_array, on_key, on_text, on_integer, on_number, on_flag, on_null,
};

static bool run(const char *bytes, size_t size, size_t step, unsigned how, uint64_t *ret_told)
{
    struct listener l = {.skip = how >> 1 & 3u};
    struct error error = {.code = ERROR_NONE};
    struct json_stream *stream = json_stream_new(&handler, &l, how & 1u);
    bool ok = true;
    for (size_t at = 0; ok && at < size; at += step)
        ok = json_stream_feed(stream, bytes + at, size - at < step ? size - at : step, &error);
    ok = ok && json_stream_finish(stream, &error);
    if (!ok && error.code != ERROR_INVALID && error.code != ERROR_TOO_LARGE)
        abort();
    if (ok && l.open)
        abort();
    json_stream_free(stream);
    *ret_told = l.told;
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *bytes = (const char *)data + 1;
    size_t step = data[0] / 8u + 1;
    uint64_t pieces = 0, whole = 0;
    bool ok = run(bytes, size - 1, step, data[0] & 7u, &pieces);
    if (ok != run(bytes, size - 1, size, data[0] & 7u, &whole) || (ok && pieces != whole))
        abort();
    return 0;
}
