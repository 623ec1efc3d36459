/* The listening side: libwebsockets 4.1 as a guest on the agent's libuv loop.
 *
 * What it does not do by itself is done here (measured; docs/architecture.md): a parked request has its timeout lifted,
 * only http/1.1 is offered over TLS, a body without Content-Length is refused before it would hang, and one with length
 * 0 is answered at once since no completion is ever told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/memory.h"
#include "controller/api/private.h"
#include "net/clock.h"

enum { SERVER_WAIT_CHECK_MS = 100, SERVER_CLOSE_CHECK_MS = 10, SERVER_BODY_TIMEOUT_S = 30, SERVER_IDLE_TIMEOUT_S = 60 };

struct server_session {
    struct api_exchange *exchange;
};

struct api_exchange *server_find(struct api *api, uint64_t id)
{
    for (struct api_exchange *at = api->exchanges; at != NULL; at = at->next) {
        if (at->id == id) {
            return at;
        }
    }
    return NULL;
}

static struct api_exchange *exchange_new(struct api *api, struct lws *wsi)
{
    struct api_exchange *exchange = memory_new(1, sizeof *exchange);
    exchange->api = api;
    exchange->wsi = wsi;
    exchange->id = ++api->next_id;
    buffer_init(&exchange->body);
    buffer_init(&exchange->answer);
    exchange->next = api->exchanges;
    if (api->exchanges != NULL) {
        api->exchanges->previous = exchange;
    }
    api->exchanges = exchange;
    api->exchange_count++;
    return exchange;
}

void exchange_free(struct api_exchange *exchange)
{
    struct api *api = exchange->api;
    struct server_session *session = lws_wsi_user(exchange->wsi);
    if (session != NULL) {
        session->exchange = NULL;
    }
    if (exchange->next != NULL) {
        exchange->next->previous = exchange->previous;
    }
    if (exchange->previous != NULL) {
        exchange->previous->next = exchange->next;
    } else {
        api->exchanges = exchange->next;
    }
    api->exchange_count--;
    for (size_t i = 0; i < exchange->query_count; i++) {
        free(exchange->query[i].key);
        free(exchange->query[i].value);
    }
    free(exchange->path);
    free(exchange->subject);
    buffer_release(&exchange->body);
    buffer_release(&exchange->answer);
    free(exchange);
}

static void server_wake(struct api *api, bool moved)
{
    int64_t now = clock_monotonic_ms();
    bool left = false;
    struct api_exchange *next;
    for (struct api_exchange *at = api->exchanges; at != NULL; at = next) {
        next = at->next;
        bool over = at->waiting && now >= at->wait_until_ms;
        if (at->waiting && (over || (moved && api->backend.world->sequence > at->wait_index))) {
            at->wait_index = UINT64_MAX; /* answered whatever the index is now */
            at->waiting = false;
            route_request(at);
        }
        left = left || at->waiting;
    }
    if (!left) {
        uv_timer_stop(&api->wait_timer);
    }
}

static void server_on_wait_timer(uv_timer_t *timer)
{
    server_wake(timer->data, true);
}

/* All of the request is here. Waiting for the answer has no end of its own: the core answers every request. */
static void server_route(struct api_exchange *exchange)
{
    lws_set_timeout(exchange->wsi, NO_PENDING_TIMEOUT, 0);
    route_request(exchange);
    struct api *api = exchange->api;
    if (exchange->waiting && !uv_is_active((uv_handle_t *)&api->wait_timer) && !api->closing) {
        uv_timer_start(&api->wait_timer, server_on_wait_timer, SERVER_WAIT_CHECK_MS, SERVER_WAIT_CHECK_MS);
    }
}

static int server_begin(struct api *api, struct lws *wsi, struct server_session *session, const char *path,
                        size_t length)
{
    if (session->exchange != NULL) {
        exchange_free(session->exchange);
    }
    struct api_exchange *exchange = exchange_new(api, wsi);
    session->exchange = exchange;
    if (api->exchange_count > API_EXCHANGES_MAX || api->closing) {
        exchange_fail_status(exchange, 503, ERROR_BUSY, "%s",
                             api->closing ? "the agent is stopping" : "too many requests wait already; try again");
        return 0;
    }
    if (!receive_headers(exchange, path, length)) {
        lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, SERVER_BODY_TIMEOUT_S);
        return 0;
    }
    if (exchange->body_expected == 0) {
        server_route(exchange);
    } else {
        lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, SERVER_BODY_TIMEOUT_S);
    }
    return 0;
}

static int server_body(struct api_exchange *exchange, const void *bytes, size_t length)
{
    if (exchange != NULL) {
        receive_body(exchange, bytes, length);
        lws_set_timeout(exchange->wsi, PENDING_TIMEOUT_HTTP_CONTENT, SERVER_BODY_TIMEOUT_S);
    }
    return 0;
}

static int server_body_complete(struct api_exchange *exchange)
{
    if (exchange == NULL) {
        return 0;
    }
    if (exchange->discard && exchange->headers_sent && exchange->sent == exchange->answer.length) {
        return -1; /* answered long ago; nothing more of this connection is wanted */
    }
    if (exchange->discard) {
        exchange->discard = false; /* the answer is still to go out */
        lws_callback_on_writable(exchange->wsi);
        return 0;
    }
    server_route(exchange);
    return 0;
}

static int server_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct server_session *session = user;
    struct api *api = lws_context_user(lws_get_context(wsi));
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return server_begin(api, wsi, session, in, length);
    case LWS_CALLBACK_HTTP_BODY:
        return server_body(session->exchange, in, length);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return server_body_complete(session->exchange);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return session->exchange != NULL ? send_pending(session->exchange) : 0;
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
        if (session != NULL && session->exchange != NULL) {
            exchange_free(session->exchange);
        }
        return 0;
    default:
        return 0;
    }
}

void api_plan_ended(struct api *api)
{
    if (api == NULL) {
        return;
    }
    struct api_exchange *next;
    for (struct api_exchange *at = api->exchanges; at != NULL; at = next) {
        next = at->next;
        if (at->waiting && at->assess_number != 0) {
            at->waiting = false;
            route_request(at);
        }
    }
}

void api_world_changed(struct api *api)
{
    uint64_t sequence = api->backend.world->sequence;
    if (sequence != api->woken_sequence && uv_is_active((uv_handle_t *)&api->wait_timer)) {
        api->woken_sequence = sequence;
        server_wake(api, true);
    }
}

static bool server_create_vhost(struct api *api, const struct api_options *options, struct error *ret_error)
{
    struct lws_context_creation_info info = {
        .port = options->port,
        .iface = strcmp(options->host, "localhost") == 0 ? "127.0.0.1" : options->host,
        .protocols = api->protocols,
        .vhost_name = "drover",
        .keepalive_timeout = SERVER_IDLE_TIMEOUT_S,
        .timeout_secs = SERVER_BODY_TIMEOUT_S,
        .alpn = "http/1.1",
        .ssl_cert_filepath = options->cert_file,
        .ssl_private_key_filepath = options->key_file,
        .options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND | (api->tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0),
    };
    if (strcmp(options->host, "0.0.0.0") == 0) {
        info.iface = NULL;
        info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    }
    api->vhost = lws_create_vhost(api->context, &info);
    if (api->vhost == NULL) {
        return error_set(ret_error, ERROR_SYSTEM, "cannot listen on %s port %u", options->host,
                         (unsigned)options->port);
    }
    return true;
}

static bool server_create_context(struct api *api, const struct api_options *options, struct error *ret_error)
{
    void *loops[1] = {options->loop};
    api->protocols[0] = (struct lws_protocols){
        .name = "http", .callback = server_callback, .per_session_data_size = sizeof(struct server_session)};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .gid = (int)-1,
        .uid = (int)-1,
        .user = api,
        .pcontext = &api->context,
        .foreign_loops = loops,
        .max_http_header_data = 8192,
        .max_http_header_pool = 256,
        .pt_serv_buf_size = 32 * 1024,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   (api->tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0),
    };
    api->context = lws_create_context(&info);
    if (api->context == NULL) {
        return error_set(ret_error, ERROR_SYSTEM,
                         "the HTTP server cannot start: is the package libwebsockets-evlib-uv installed?");
    }
    return true;
}

static void server_forget(struct api *api)
{
    OPENSSL_cleanse(api->token, strlen(api->token));
    free(api->token);
    free(api->host);
    free(api->address);
    free(api);
}

static char *server_write_address(const struct api *api)
{
    struct buffer address = BUFFER_INIT;
    buffer_printf(&address, strchr(api->host, ':') != NULL ? "http%s://[%s]:%u" : "http%s://%s:%u", api->tls ? "s" : "",
                  api->host, (unsigned)api->port);
    return buffer_take(&address);
}

struct api *api_new(const struct api_options *options, struct error *ret_error)
{
    if (!listen_check(options, ret_error)) {
        return NULL;
    }
    struct api *api = memory_new(1, sizeof *api);
    api->backend = options->backend;
    api->loop = options->loop;
    api->tls = options->cert_file != NULL;
    api->token = memory_copy_text(options->token, strlen(options->token));
    api->host = memory_copy_text(options->host, strlen(options->host));
    if (!server_create_context(api, options, ret_error)) {
        server_forget(api);
        return NULL;
    }
    uv_timer_init(api->loop, &api->wait_timer);
    api->wait_timer.data = api;
    if (!server_create_vhost(api, options, ret_error)) {
        api_close(api, NULL, NULL);
        return NULL;
    }
    api->port = (uint16_t)lws_get_vhost_listen_port(api->vhost);
    api->address = server_write_address(api);
    return api;
}

const char *api_address(const struct api *api)
{
    return api->address;
}

static void server_on_timer_closed(uv_handle_t *handle)
{
    struct api *api = handle->data;
    void (*on_closed)(void *) = api->on_closed;
    void *context = api->on_closed_context;
    server_forget(api);
    if (on_closed != NULL) {
        on_closed(context);
    }
}

static void server_count_closing(uv_handle_t *handle, void *count)
{
    *(unsigned *)count += uv_is_closing(handle) != 0;
}

/* On a foreign loop the first lws_context_destroy only begins to close handles; the context, which sets api->context to
 * NULL as its last act, goes in a later call. That call also unloads libwebsockets' own libuv code, so it may come only
 * when no close callback of it is outstanding: when nothing on the loop is closing any more. */
static void server_on_closing_timer(uv_timer_t *timer)
{
    struct api *api = timer->data;
    unsigned closing = 0;
    uv_walk(api->loop, server_count_closing, &closing);
    if (closing > 0) {
        return;
    }
    if (api->context != NULL) {
        lws_context_destroy(api->context);
    }
    if (api->context == NULL) {
        uv_close((uv_handle_t *)timer, server_on_timer_closed);
    }
}

void api_close(struct api *api, void (*on_closed)(void *context), void *context)
{
    api->closing = true;
    api->on_closed = on_closed;
    api->on_closed_context = context;
    lws_context_destroy(api->context);
    uv_timer_start(&api->wait_timer, server_on_closing_timer, SERVER_CLOSE_CHECK_MS, SERVER_CLOSE_CHECK_MS);
}
