/* What answers do to an exchange: set the status and the text, wake the connection. No sockets here. */
#include "controller/api/exchange.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/api/private.h"
#include "controller/api/view.h"
#include "net/clock.h"

const char *exchange_query(const struct api_exchange *exchange, const char *key)
{
    for (size_t i = 0; i < exchange->query_count; i++) {
        if (strcmp(exchange->query[i].key, key) == 0) {
            return exchange->query[i].value;
        }
    }
    return "";
}

int exchange_status_of(enum error_code code)
{
    switch (code) {
    case ERROR_NONE:
        return 200;
    case ERROR_INVALID:
    case ERROR_OVERFLOW:
        return 400;
    case ERROR_DENIED:
        return 403;
    case ERROR_NOT_FOUND:
        return 404;
    case ERROR_CONFLICT:
    case ERROR_GATED:
        return 409;
    case ERROR_TOO_LARGE:
        return 413;
    case ERROR_UNSUPPORTED:
        return 422;
    case ERROR_UNREACHABLE:
        return 502;
    case ERROR_BUSY:
        return 503;
    case ERROR_TIMEOUT:
        return 504;
    case ERROR_NO_SPACE:
        return 507;
    default:
        return 500;
    }
}

static void exchange_set(struct api_exchange *exchange, int status)
{
    exchange->status = status;
    exchange->waiting = false;
    exchange->render = NULL;
}

static void exchange_leave(struct api_exchange *exchange)
{
    exchange->answered = true;
    if (exchange->wsi != NULL) {
        lws_callback_on_writable(exchange->wsi);
    }
}

void exchange_answer(struct api_exchange *exchange, int status)
{
    exchange_set(exchange, status);
    exchange_leave(exchange);
}

static void exchange_write_error(struct api_exchange *exchange, int status, const struct error *error)
{
    buffer_clear(&exchange->answer);
    view_error(error, &exchange->answer);
    exchange_set(exchange, status);
}

void exchange_fail(struct api_exchange *exchange, const struct error *error)
{
    exchange_write_error(exchange, exchange_status_of(error->code), error);
    exchange_leave(exchange);
}

void exchange_fail_status(struct api_exchange *exchange, int status, enum error_code code, const char *format, ...)
{
    char text[ERROR_TEXT_MAX];
    struct error error;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error_set(&error, code, "%s", text);
    exchange_write_error(exchange, status, &error);
    exchange_leave(exchange);
}

void exchange_stream(struct api_exchange *exchange, int level)
{
    exchange->stream = true;
    exchange->stream_level = level;
    exchange_answer(exchange, 200);
}

void exchange_wait(struct api_exchange *exchange, uint64_t index, int64_t wait_ms)
{
    exchange->waiting = true;
    exchange->wait_index = index;
    exchange->wait_until_ms = clock_monotonic_ms() + wait_ms;
}

void exchange_submit(struct api_exchange *exchange, struct event *event, api_render *render, const char *subject)
{
    exchange->render = render;
    free(exchange->subject);
    exchange->subject = subject != NULL ? memory_copy_text(subject, strlen(subject)) : NULL;
    event->request_id = exchange->id;
    event->actor = "token:operator";
    event->source = exchange->source;
    exchange->api->backend.submit(exchange->api->backend.context, event);
}

void api_reply_prepare(struct api *api, const struct reply *reply)
{
    struct api_exchange *exchange = server_find(api, reply->request_id);
    if (exchange == NULL || exchange->render == NULL) {
        return;
    }
    if (reply->error.code != ERROR_NONE) {
        exchange_write_error(exchange, exchange_status_of(reply->error.code), &reply->error);
    } else {
        api_render *render = exchange->render;
        exchange_set(exchange, 200);
        render(exchange, reply);
    }
    exchange->prepared = true;
}

void api_reply_release(struct api *api, uint64_t request_id)
{
    struct api_exchange *exchange = server_find(api, request_id);
    if (exchange != NULL && exchange->prepared && !exchange->answered) {
        exchange_leave(exchange);
    }
}

void api_reply_fail(struct api *api, uint64_t request_id, const struct error *error)
{
    struct api_exchange *exchange = server_find(api, request_id);
    if (exchange != NULL && !exchange->answered) {
        exchange_fail(exchange, error);
    }
}

static void exchange_append_line(struct api_exchange *exchange, const char *line, size_t length)
{
    if (exchange->answer.length - exchange->sent + length > API_STREAM_BACKLOG_MAX) {
        exchange->stream_dropped++;
        return;
    }
    if (exchange->stream_dropped > 0) {
        buffer_printf(&exchange->answer, "{\"Dropped\":%llu}\n", (unsigned long long)exchange->stream_dropped);
        exchange->stream_dropped = 0;
    }
    buffer_append(&exchange->answer, line, length);
    if (exchange->wsi != NULL) {
        lws_callback_on_writable(exchange->wsi);
    }
}

void api_log(struct api *api, int level, const char *line, size_t length)
{
    for (struct api_exchange *at = api->exchanges; at != NULL; at = at->next) {
        if (at->stream && level >= at->stream_level) {
            exchange_append_line(at, line, length);
        }
    }
}
