/* From an exchange's answer to bytes on the connection, as the connection takes them. */
#include <stdio.h>
#include <string.h>

#include "controller/api/private.h"

enum { SEND_HEADERS_MAX = 1024, SEND_CHUNK = 16 * 1024 };

static bool send_header(struct lws *wsi, const char *name, const char *value, unsigned char **at, unsigned char *end)
{
    return lws_add_http_header_by_name(wsi, (const unsigned char *)name, (const unsigned char *)value,
                                       (int)strlen(value), at, end) == 0;
}

/* -1 when they do not fit or the connection is gone. */
static int send_headers(struct api_exchange *exchange)
{
    unsigned char room[LWS_PRE + SEND_HEADERS_MAX];
    unsigned char *start = room + LWS_PRE, *at = start, *end = room + sizeof room - 1;
    struct lws *wsi = exchange->wsi;
    char number[32];
    lws_filepos_t length = exchange->stream ? LWS_ILLEGAL_HTTP_CONTENT_LEN : exchange->answer.length;
    const char *type = exchange->stream ? "application/x-ndjson" : exchange->type ? exchange->type : "application/json";
    if (lws_add_http_common_headers(wsi, (unsigned)exchange->status, type, length, &at, end) != 0 ||
        !send_header(wsi, "cache-control:", "no-store", &at, end) ||
        !send_header(wsi, "x-content-type-options:", "nosniff", &at, end)) {
        return -1;
    }
    if (exchange->indexed) {
        snprintf(number, sizeof number, "%llu", (unsigned long long)exchange->index);
        if (!send_header(wsi, "x-drover-index:", number, &at, end)) {
            return -1;
        }
    }
    if (exchange->allow != NULL && !send_header(wsi, "allow:", exchange->allow, &at, end)) {
        return -1;
    }
    exchange->headers_sent = true;
    return lws_finalize_write_http_header(wsi, start, &at, end) != 0 ? -1 : 0;
}

static int send_chunk(struct api_exchange *exchange, bool *ret_more)
{
    unsigned char room[LWS_PRE + SEND_CHUNK];
    size_t left = exchange->answer.length - exchange->sent;
    size_t length = left < SEND_CHUNK ? left : SEND_CHUNK;
    bool last = length == left && !exchange->stream;
    if (length > 0) {
        memcpy(room + LWS_PRE, exchange->answer.data + exchange->sent, length);
        if (lws_write(exchange->wsi, room + LWS_PRE, length, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) <
            (int)length) {
            return -1;
        }
        exchange->sent += length;
    }
    *ret_more = length < left;
    return 0;
}

static int send_stream(struct api_exchange *exchange, bool more)
{
    buffer_drop_front(&exchange->answer, exchange->sent);
    exchange->sent = 0;
    if (more) {
        lws_callback_on_writable(exchange->wsi);
    }
    return 0;
}

int send_pending(struct api_exchange *exchange)
{
    bool more = false;
    if (!exchange->answered) {
        return 0;
    }
    if (!exchange->headers_sent) {
        if (send_headers(exchange) != 0) {
            return -1;
        }
        lws_callback_on_writable(exchange->wsi);
        return 0;
    }
    if (send_chunk(exchange, &more) != 0) {
        return -1;
    }
    if (exchange->stream) {
        return send_stream(exchange, more);
    }
    if (more) {
        lws_callback_on_writable(exchange->wsi);
        return 0;
    }
    if (exchange->discard) {
        return 0; /* the rest of the request's body is still coming: closed when it has come */
    }
    struct lws *wsi = exchange->wsi;
    exchange_free(exchange);
    return lws_http_transaction_completed(wsi) != 0 ? -1 : 0;
}
