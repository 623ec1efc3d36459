/* The ports of simulated regions and their common clock. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "sim/serve/session.h"

enum {
    HEADER_BYTES_MAX = 16 * 1024,
    CONNECTIONS_MAX = 4096,
    KEEPALIVE_SECONDS = 3600,
    IDLE_TICK_MS = 10000,
    CLOSE_GRACE_MS = 50
};

static int64_t wall_clock(void *context)
{
    struct timespec at;

    (void)context;
    clock_gettime(CLOCK_REALTIME, &at);
    return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

int64_t sim_server_now(const struct sim_server *server)
{
    return server->now(server->now_context) + server->skipped_ms;
}

/* ---- the pump ---- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A session's turn: asks again what waited long enough, feeds a stream. Returns when it is due next. */
static int64_t session_turn(struct session *session, int64_t now)
{
    struct sim_region *region = session->response.answered_by;
    int64_t due;

    if (session->doomed)
        return SIM_NEVER;
    switch (session->state) {
    case SESSION_PARKED:
        if (session->silent || session->due_ms <= now || sim_region_index(region) != session->parked_index)
            session_ask(session);
        return session->state == SESSION_PARKED || session->state == SESSION_DELAYED ? session->due_ms : SIM_NEVER;
    case SESSION_DELAYED:
        if (session->due_ms <= now)
            session_ask(session);
        return session->state == SESSION_DELAYED ? session->due_ms : SIM_NEVER;
    case SESSION_STREAM:
        due = sim_stream_read(session->stream, now, &session->stream_out);
        if (session->stream_out.length > 0)
            lws_callback_on_writable(session->wsi);
        return due;
    default:
        return SIM_NEVER;
    }
}

static void timer_fired(uv_timer_t *timer)
{
    server_pump(timer->data);
}

void server_pump(struct sim_server *server)
{
    int64_t now = sim_server_now(server), next = SIM_NEVER, wait;
    struct session *following;

    if (server->pumping || server->closing)
        return;
    server->pumping = true;
    for (size_t i = 0; i < server->count; i++)
        next = earlier(next, sim_region_advance(server->regions[i], now));
    for (struct session *session = server->sessions; session != NULL; session = following) {
        following = session->next;
        next = earlier(next, session_turn(session, now));
    }
    for (size_t i = 0; i < server->count; i++)
        next = earlier(next, sim_region_advance(server->regions[i], now));
    server->pumping = false;
    wait = next == SIM_NEVER || next - now > IDLE_TICK_MS ? IDLE_TICK_MS : next - now;
    uv_timer_start(&server->timer, timer_fired, wait < 1 ? 1 : (uint64_t)wait, 0);
}

/* ---- opening ---- */

static const struct lws_protocols protocols[] = {{"http", session_callback, sizeof(struct session), 0, 0, NULL, 0},
                                                 {NULL, NULL, 0, 0, 0, NULL, 0}};

static bool port_open(struct sim_server *server, struct sim_port_entry *port, const char *bind, int number,
                      struct error *ret_error)
{
    struct lws_context_creation_info info;

    memset(&info, 0, sizeof info);
    info.vhost_name = port->name;
    info.port = number;
    info.iface = bind;
    info.protocols = protocols;
    info.user = port;
    info.keepalive_timeout = KEEPALIVE_SECONDS;
    info.timeout_secs = KEEPALIVE_SECONDS;
    info.options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
    port->server = server;
    port->vhost = lws_create_vhost(server->context, &info);
    if (port->vhost == NULL)
        return error_set(ret_error, ERROR_SYSTEM, "cannot listen on %s:%d for %s", bind, number, port->name);
    snprintf(port->url, sizeof port->url, "http://%s:%d", bind, lws_get_vhost_listen_port(port->vhost));
    return true;
}

static bool ports_open(struct sim_server *server, const struct sim_server_options *options, struct error *ret_error)
{
    const char *bind = options->bind != NULL ? options->bind : "127.0.0.1";

    for (size_t i = 0; i < server->port_count; i++) {
        struct sim_port_entry *port = &server->ports[i];
        int number = options->first_port > 0 ? options->first_port + (int)i : 0;

        port->region = i / 2;
        port->kind = i == 2 * server->count ? PORT_CONTROL : i % 2 == 0 ? PORT_NOMAD : PORT_CONSUL;
        snprintf(port->name, sizeof port->name, "sim-%zu", i);
        if (!port_open(server, port, bind, number, ret_error))
            return false;
    }
    for (size_t i = 0; i < server->count; i++)
        sim_region_set_address(server->regions[i], server->ports[2 * i].url + strlen("http://"),
                               server->ports[2 * i + 1].url + strlen("http://"));
    return true;
}

static void server_free(struct sim_server *server)
{
    for (size_t i = 0; i < server->port_count; i++)
        pages_free(&server->ports[i]);
    free(server->provider_token);
    free(server->regions);
    free(server->registers);
    free(server->ports);
    free(server);
}

static void new_failed(uv_handle_t *timer)
{
    server_free(timer->data);
}

static bool options_check(size_t count, const struct sim_server_options *options, struct error *ret_error)
{
    const char *token = options->provider_token;

    if (count == 0 || count > SIM_REGIONS_MAX)
        return error_set(ret_error, ERROR_INVALID, "1 to %d simulated regions can be served", SIM_REGIONS_MAX);
    if (token != NULL && (*token == '\0' || strlen(token) >= SIM_TOKEN_MAX))
        return error_set(ret_error, ERROR_INVALID, "the provider token has 1 to %d characters", SIM_TOKEN_MAX - 1);
    return true;
}

static struct sim_server *server_new(uv_loop_t *loop, struct sim_region *const *regions, size_t count,
                                     const struct sim_server_options *options)
{
    struct sim_server *server = memory_new(1, sizeof *server);

    server->loop = loop;
    server->count = count;
    server->port_count = 2 * count + (options->control ? 1 : 0);
    server->now = options->now != NULL ? options->now : wall_clock;
    server->now_context = options->context;
    server->regions = memory_new(count, sizeof(struct sim_region *));
    memcpy(server->regions, regions, count * sizeof(struct sim_region *));
    server->ports = memory_new(server->port_count, sizeof *server->ports);
    server->registers = memory_new(count, sizeof *server->registers);
    server->keep_pages = options->keep_pages;
    if (options->provider_token != NULL)
        server->provider_token = memory_copy_text(options->provider_token, strlen(options->provider_token));
    uv_timer_init(loop, &server->timer);
    server->timer.data = server;
    return server;
}

struct sim_server *sim_server_new(uv_loop_t *loop, struct sim_region *const *regions, size_t count,
                                  const struct sim_server_options *options, struct error *ret_error)
{
    struct lws_context_creation_info info;
    struct sim_server *server;
    void *loops[1] = {loop};

    if (!options_check(count, options, ret_error))
        return NULL;
    server = server_new(loop, regions, count, options);
    memset(&info, 0, sizeof info);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.foreign_loops = loops;
    info.max_http_header_data = HEADER_BYTES_MAX;
    info.max_http_header_pool = CONNECTIONS_MAX;
    info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    server->context = lws_create_context(&info);
    if (server->context == NULL) {
        error_set(ret_error, ERROR_SYSTEM, "libwebsockets refused a context on this loop");
        uv_close((uv_handle_t *)&server->timer, new_failed);
        return NULL;
    }
    if (!ports_open(server, options, ret_error)) {
        sim_server_close(server, NULL, NULL);
        return NULL;
    }
    server_pump(server);
    return server;
}

const char *sim_server_nomad_url(const struct sim_server *server, size_t region)
{
    return server->ports[2 * region].url;
}

const char *sim_server_consul_url(const struct sim_server *server, size_t region)
{
    return server->ports[2 * region + 1].url;
}

const char *sim_server_control_url(const struct sim_server *server)
{
    return server->port_count > 2 * server->count ? server->ports[2 * server->count].url : NULL;
}

int sim_server_find(const struct sim_server *server, const char *region)
{
    for (size_t i = 0; i < server->count; i++)
        if (strcmp(sim_region_name(server->regions[i]), region) == 0)
            return (int)i;
    return -1;
}

bool sim_server_fault(struct sim_server *server, size_t region, enum sim_fault fault, const char *argument,
                      struct error *ret_error)
{
    if (!sim_region_fault(server->regions[region], fault, argument, sim_server_now(server), ret_error))
        return false;
    if (fault == SIM_FAULT_DARK && argument != NULL && strcmp(argument, "refuse") == 0)
        for (struct session *session = server->sessions; session != NULL; session = session->next)
            if (session->port->kind != PORT_CONTROL && session->port->region == region)
                session_kill(session);
    server_pump(server);
    return true;
}

void sim_server_skip(struct sim_server *server, int64_t milliseconds)
{
    server->skipped_ms += milliseconds;
    server_pump(server);
}

/* ---- closing ---- */

static void timer_closed(uv_handle_t *timer)
{
    struct sim_server *server = timer->data;
    void (*closed)(void *context) = server->closed;
    void *context = server->closed_context;

    server_free(server);
    if (closed != NULL)
        closed(context);
}

static void count_closing(uv_handle_t *handle, void *count)
{
    *(unsigned *)count += uv_is_closing(handle) != 0;
}

/* libwebsockets 4.1 on a foreign loop wants a second call once the loop has closed its handles; without it the context
 * leaks (measured). That call also unloads its libuv code, so it comes only when nothing on the loop is closing. */
static void context_finish(uv_timer_t *timer)
{
    struct sim_server *server = timer->data;
    unsigned closing = 0;

    uv_walk(timer->loop, count_closing, &closing);
    if (closing > 0)
        return;
    lws_context_destroy(server->context);
    uv_close((uv_handle_t *)timer, timer_closed);
}

void sim_server_close(struct sim_server *server, void (*closed)(void *context), void *context)
{
    server->closing = true;
    server->closed = closed;
    server->closed_context = context;
    lws_context_destroy(server->context);
    uv_timer_start(&server->timer, context_finish, CLOSE_GRACE_MS, CLOSE_GRACE_MS);
}
