/* Requests over libwebsockets: reading head and body, parking, sending in pieces, streams. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "sim/serve/session.h"

enum { PIECE_MAX = 64 * 1024, HEAD_MAX = 2048, QUERY_MAX = 16 * 1024, STREAM_BACKLOG_MAX = 64 * 1024 * 1024 };

static void session_unlink(struct session *session)
{
    struct sim_server *server;

    if (session->port == NULL)
        return;
    server = session->port->server;
    if (session->previous != NULL)
        session->previous->next = session->next;
    else if (server->sessions == session)
        server->sessions = session->next;
    if (session->next != NULL)
        session->next->previous = session->previous;
    session->previous = session->next = NULL;
}

/* Forgets the request; the connection may bring another. */
static void session_reset(struct session *session)
{
    if (session->state == SESSION_IDLE)
        return;
    session_unlink(session);
    free(session->path);
    free(session->query);
    session->path = session->query = NULL;
    buffer_release(&session->body);
    buffer_release(&session->stream_out);
    sim_response_release(&session->response);
    sim_stream_free(session->stream);
    session->stream = NULL;
    session->headers_sent = session->silent = false;
    session->sent = 0;
    session->state = SESSION_IDLE;
}

static void put_escaped(struct buffer *out, const char *text)
{
    bool value = false;

    for (; *text != '\0'; text++) {
        if (*text == '=' && !value) {
            value = true;
            buffer_append_byte(out, '=');
        } else if (strchr("%&+ =#", *text) != NULL || (unsigned char)*text < 0x20) {
            buffer_printf(out, "%%%02X", (unsigned char)*text);
        } else {
            buffer_append_byte(out, *text);
        }
    }
}

/* libwebsockets hands query arguments over decoded, one by one. */
static char *read_query(struct lws *wsi)
{
    struct buffer query = BUFFER_INIT;
    char piece[QUERY_MAX];

    for (int i = 0; lws_hdr_copy_fragment(wsi, piece, sizeof piece, WSI_TOKEN_HTTP_URI_ARGS, i) > 0; i++) {
        if (i > 0)
            buffer_append_byte(&query, '&');
        put_escaped(&query, piece);
    }
    return query.length > 0 ? buffer_take(&query) : memory_copy_text("", 0);
}

static void read_token(struct session *session)
{
    static const char header[] = "x-nomad-token:";
    char text[SIM_TOKEN_MAX + 16];
    int length = lws_hdr_custom_copy(session->wsi, text, sizeof text, header, (int)sizeof header - 1);

    session->token[0] = '\0';
    if (length > 0 && (size_t)length < sizeof session->token) {
        memcpy(session->token, text, (size_t)length + 1);
        return;
    }
    length = lws_hdr_copy(session->wsi, text, sizeof text, WSI_TOKEN_HTTP_AUTHORIZATION);
    if (length > 7 && (size_t)length - 7 < sizeof session->token && strncmp(text, "Bearer ", 7) == 0)
        memcpy(session->token, text + 7, (size_t)length - 6);
}

static const char *read_method(struct lws *wsi)
{
    static const struct {
        enum lws_token_indexes token;
        const char *method;
    } methods[] = {{WSI_TOKEN_GET_URI, "GET"},       {WSI_TOKEN_PUT_URI, "PUT"},     {WSI_TOKEN_POST_URI, "POST"},
                   {WSI_TOKEN_DELETE_URI, "DELETE"}, {WSI_TOKEN_PATCH_URI, "PATCH"}, {WSI_TOKEN_HEAD_URI, "HEAD"}};

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (lws_hdr_total_length(wsi, methods[i].token) > 0)
            return methods[i].method;
    return "GET";
}

static long content_length(struct lws *wsi)
{
    char text[32];

    if (lws_hdr_copy(wsi, text, sizeof text, WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0)
        return 0;
    return strtol(text, NULL, 10);
}

static int64_t monotonic_us(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

static bool is_register(const struct session *session)
{
    bool put = strcmp(session->method, "PUT") == 0 || strcmp(session->method, "POST") == 0;

    return put && session->port->kind == PORT_NOMAD && strcmp(session->path, "/v1/jobs") == 0;
}

static void session_begin(struct session *session, struct sim_port_entry *port, const char *path, size_t length)
{
    struct sim_server *server = port->server;

    session->port = port;
    session->state = SESSION_BODY;
    session->doomed = false;
    snprintf(session->method, sizeof session->method, "%s", read_method(session->wsi));
    session->path = memory_copy_text(path, length);
    session->query = read_query(session->wsi);
    read_token(session);
    buffer_init(&session->body);
    buffer_init(&session->stream_out);
    sim_response_init(&session->response);
    session->arrived_ms = sim_server_now(server);
    session->is_register = is_register(session);
    if (session->is_register && server->registers[port->region].first_us == 0)
        server->registers[port->region].first_us = monotonic_us();
    session->next = server->sessions;
    if (server->sessions != NULL)
        server->sessions->previous = session;
    server->sessions = session;
}

void session_kill(struct session *session)
{
    session->doomed = true;
    lws_set_timeout(session->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

static void session_park(struct session *session, bool silent)
{
    session->state = SESSION_PARKED;
    session->silent = silent;
    session->due_ms = silent ? SIM_NEVER : session->response.hold_until_ms;
    session->parked_index = sim_region_index(session->response.answered_by);
    lws_set_timeout(session->wsi, NO_PENDING_TIMEOUT, 0);
}

static void session_send(struct session *session)
{
    session->state = session->response.outcome == SIM_STREAM ? SESSION_STREAM : SESSION_SENDING;
    if (session->state == SESSION_STREAM)
        session->stream = sim_stream_open(session->response.answered_by, session->query,
                                          session->token[0] != '\0' ? session->token : NULL, session->arrived_ms);
    lws_set_timeout(session->wsi, NO_PENDING_TIMEOUT, 0);
    lws_callback_on_writable(session->wsi);
}

static void session_settle(struct session *session)
{
    struct sim_response *response = &session->response;

    switch (response->outcome) {
    case SIM_HOLD:
    case SIM_SILENT:
        session_park(session, response->outcome == SIM_SILENT);
        break;
    case SIM_REFUSED:
    case SIM_LOST:
        session_kill(session);
        break;
    default:
        if (response->delay_ms > 0) {
            session->state = SESSION_DELAYED;
            session->due_ms = session->arrived_ms + response->delay_ms;
            lws_set_timeout(session->wsi, NO_PENDING_TIMEOUT, 0);
        } else {
            session_send(session);
        }
    }
}

void session_ask(struct session *session)
{
    struct sim_server *server = session->port->server;
    struct sim_request request = {.method = session->method,
                                  .path = session->path,
                                  .query = session->query,
                                  .body = session->body.data,
                                  .body_length = session->body.length,
                                  .token = session->token[0] != '\0' ? session->token : NULL,
                                  .arrived_ms = session->arrived_ms};
    int64_t now = sim_server_now(server);

    if (session->state == SESSION_DELAYED && session->due_ms <= now) {
        session_send(session);
        return;
    }
    session->response.delay_ms = 0;
    session->response.outcome = SIM_ANSWER;
    if (session->port->kind == PORT_CONTROL) {
        control_answer(session);
    } else if (session->port->kind == PORT_CONSUL) {
        sim_region_consul_request(server->regions[session->port->region], &request, now, &session->response);
    } else if (!page_find(session)) {
        sim_region_request(server->regions[session->port->region], &request, now, &session->response);
        page_keep(session);
    }
    session_settle(session);
}

/* ---- sending ---- */

static bool add_text(struct session *session, const char *name, const char *value, unsigned char **at,
                     unsigned char *end)
{
    return lws_add_http_header_by_name(session->wsi, (const unsigned char *)name, (const unsigned char *)value,
                                       (int)strlen(value), at, end) == 0;
}

static bool add_index_headers(struct session *session, unsigned char **at, unsigned char *end)
{
    const struct sim_response *response = &session->response;
    bool consul = session->port->kind == PORT_CONSUL;
    char number[24];

    snprintf(number, sizeof number, "%llu", (unsigned long long)response->index);
    if (response->has_index && !add_text(session, consul ? "x-consul-index:" : "x-nomad-index:", number, at, end))
        return false;
    if (response->next_token[0] != '\0' && !add_text(session, "x-nomad-nexttoken:", response->next_token, at, end))
        return false;
    if (!response->has_leader)
        return true;
    return add_text(session, consul ? "x-consul-knownleader:" : "x-nomad-knownleader:", "true", at, end) &&
           add_text(session, consul ? "x-consul-lastcontact:" : "x-nomad-lastcontact:", "0", at, end);
}

/* False when the connection is to be closed. */
static bool send_headers(struct session *session)
{
    const struct sim_response *response = &session->response;
    unsigned char memory[LWS_PRE + HEAD_MAX], *start = memory + LWS_PRE, *at = start, *end = memory + sizeof memory - 1;
    bool stream = session->state == SESSION_STREAM;

    if (lws_add_http_header_status(session->wsi, (unsigned int)response->status, &at, end) != 0)
        return false;
    if (response->content_type != NULL && !add_text(session, "content-type:", response->content_type, &at, end))
        return false;
    if (stream) {
        if (!add_text(session, "cache-control:", "no-cache", &at, end) ||
            !add_text(session, "connection:", "close", &at, end))
            return false;
    } else if (response->status != 204 &&
               lws_add_http_header_content_length(session->wsi, response->body.length, &at, end) != 0) {
        return false;
    }
    if (!add_index_headers(session, &at, end) || lws_finalize_write_http_header(session->wsi, start, &at, end) != 0)
        return false;
    session->headers_sent = true;
    return true;
}

/* Writes at most one piece; -1 to close. */
static int send_piece(struct session *session, const char *bytes, size_t length, bool last)
{
    static const size_t room = PIECE_MAX;
    unsigned char *memory = malloc(LWS_PRE + room);
    size_t size = length < room ? length : room;
    int wrote;

    if (memory == NULL)
        return -1;
    memcpy(memory + LWS_PRE, bytes, size);
    wrote =
        lws_write(session->wsi, memory + LWS_PRE, size, last && size == length ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP);
    free(memory);
    return wrote < (int)size ? -1 : (int)size;
}

static int finish(struct session *session)
{
    struct lws *wsi = session->wsi;

    if (session->is_register)
        session->port->server->registers[session->port->region].answered++;
    session_reset(session);
    lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
    return lws_http_transaction_completed(wsi) != 0 ? -1 : 0;
}

static int session_write(struct session *session)
{
    const struct buffer *body = &session->response.body;
    int wrote;

    if (session->state != SESSION_SENDING && session->state != SESSION_STREAM)
        return 0;
    if (!session->headers_sent) {
        if (!send_headers(session))
            return -1;
        if (session->state == SESSION_SENDING && (body->length == 0 || session->response.status == 204))
            return finish(session);
        lws_callback_on_writable(session->wsi);
        return 0;
    }
    if (session->state == SESSION_STREAM) {
        if (session->stream_out.length == 0)
            return 0;
        wrote = send_piece(session, session->stream_out.data, session->stream_out.length, false);
        if (wrote < 0)
            return -1;
        buffer_drop_front(&session->stream_out, (size_t)wrote);
        if (session->stream_out.length > 0)
            lws_callback_on_writable(session->wsi);
        return 0;
    }
    /* Before the write: it may wake the reader and take the processor from this process. */
    if (session->is_register)
        session->port->server->registers[session->port->region].last_us = monotonic_us();
    wrote = send_piece(session, body->data + session->sent, body->length - session->sent, true);
    if (wrote < 0)
        return -1;
    session->sent += (size_t)wrote;
    if (session->sent == body->length)
        return finish(session);
    lws_callback_on_writable(session->wsi);
    return 0;
}

/* ---- lws ---- */

static int plain_error(struct session *session, int status)
{
    session->response.status = status;
    session->response.outcome = SIM_ANSWER;
    session_send(session);
    return 0;
}

static int session_head(struct session *session, struct lws *wsi, const char *path, size_t length)
{
    struct sim_port_entry *port = lws_vhost_user(lws_get_vhost(wsi));

    session_reset(session);
    session->wsi = wsi;
    session_begin(session, port, path, length);
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
        return plain_error(session, 411);
    if (content_length(wsi) > SIM_BODY_MAX || content_length(wsi) < 0)
        return plain_error(session, 413);
    if (content_length(wsi) > 0)
        return 0;
    session_ask(session);
    server_pump(port->server);
    return session->doomed ? -1 : 0;
}

int session_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct session *session = user;

    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return session_head(session, wsi, in, length);
    case LWS_CALLBACK_HTTP_BODY:
        if (session->state != SESSION_BODY)
            return 0;
        if (session->body.length + length > SIM_BODY_MAX)
            return -1;
        buffer_append(&session->body, in, length);
        return 0;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        if (session->state != SESSION_BODY)
            return 0;
        session_ask(session);
        server_pump(session->port->server);
        return session->doomed ? -1 : 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return session->doomed ? -1 : session_write(session);
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
        if (session != NULL)
            session_reset(session);
        return 0;
    default:
        return 0;
    }
}
