/* libcurl's multi_socket interface on a libuv loop: libcurl says which sockets and which moment it waits for, libuv
 * waits. See http_loop.h for the rules of re-entry. */
#include "net/http_loop.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
    CONNECTIONS_PER_HOST_DEFAULT = 16,
    CONNECTIONS_IDLE_MAX = 1000, /* kept for reuse over all hosts; libcurl's own rule (4 a running transfer) would close
                                  * most of a quiet federation's */
};

/* One socket of libcurl's, from its first wish to be watched until libcurl takes it back. */
struct http_socket {
    uv_poll_t poll;
    struct http_client *client;
    curl_socket_t number;
    int events; /* uv_poll_event that curl wishes for */
    LIST_ENTRY(http_socket) in_client;
};

void http_client_enter(struct http_client *client)
{
    client->inside++;
}

static void close_handles(struct http_client *client);

static void collect_messages(struct http_client *client)
{
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        struct http_transfer *transfer = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        http_transfer_finish(transfer, code);
    }
}

void http_client_leave(struct http_client *client)
{
    if (--client->inside)
        return;
    collect_messages(client);
    http_transfer_settle_queue(client);
    if (client->closing)
        close_handles(client);
}

static void on_socket_ready(uv_poll_t *handle, int status, int events)
{
    struct http_socket *watched = handle->data;
    struct http_client *client = watched->client;
    /* 0: curl looks for itself. Told CURL_CSELECT_ERR it would fail the transfer without reading what has still come,
     * and without its second try where a kept connection had been closed by the server. */
    int flags = 0;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    int running;
    http_client_enter(client);
    curl_multi_socket_action(client->multi, watched->number, flags, &running);
    /* libuv has stopped watching a socket with an error; curl, which only read from it, may still wish to. */
    if (status < 0 && !uv_is_closing((uv_handle_t *)handle) && !uv_is_active((uv_handle_t *)handle))
        uv_poll_start(handle, watched->events, on_socket_ready);
    http_client_leave(client);
}

static void on_socket_closed(uv_handle_t *handle)
{
    struct http_socket *watched = handle->data;
    struct http_client *client = watched->client;
    free(watched);
    http_client_handle_closed(client);
}

static void unwatch(struct http_socket *watched)
{
    LIST_REMOVE(watched, in_client);
    uv_poll_stop(&watched->poll);
    uv_close((uv_handle_t *)&watched->poll, on_socket_closed);
}

static struct http_socket *watch(struct http_client *client, curl_socket_t number)
{
    struct http_socket *watched = memory_new(1, sizeof *watched);
    if (uv_poll_init_socket(client->loop, &watched->poll, number) != 0) {
        free(watched);
        return NULL;
    }
    watched->poll.data = watched;
    watched->client = client;
    watched->number = number;
    LIST_INSERT_HEAD(&client->sockets, watched, in_client);
    client->handles++;
    curl_multi_assign(client->multi, number, watched);
    return watched;
}

static int on_socket_wish(CURL *easy, curl_socket_t number, int what, void *context, void *socket_context)
{
    (void)easy;
    struct http_client *client = context;
    struct http_socket *watched = socket_context;
    if (what == CURL_POLL_REMOVE) {
        curl_multi_assign(client->multi, number, NULL);
        if (watched)
            unwatch(watched);
        return 0;
    }
    if (!watched)
        watched = watch(client, number);
    if (!watched)
        return -1;
    int events = 0;
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    watched->events = events;
    return uv_poll_start(&watched->poll, events, on_socket_ready) == 0 ? 0 : -1;
}

static void give_time(struct http_client *client)
{
    int running;
    http_client_enter(client);
    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    http_client_leave(client);
}

static void on_timer(uv_timer_t *timer)
{
    give_time(timer->data);
}

/* A timeout of 0 takes the idle handle: a timer of 0 ms started by a timer would run in the same round of the loop. */
static int on_timer_wish(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct http_client *client = context;
    if (client->closing)
        return 0;
    client->attention = timeout_ms == 0;
    if (timeout_ms > 0)
        uv_timer_start(&client->timer, on_timer, (uint64_t)timeout_ms, 0);
    else
        uv_timer_stop(&client->timer);
    if (client->attention)
        http_client_wake(client);
    return 0;
}

static void on_idle(uv_idle_t *idle)
{
    struct http_client *client = idle->data;
    uv_idle_stop(idle);
    http_transfer_settle_failed(client);
    if (!client->closing && client->attention) {
        client->attention = false;
        give_time(client);
    }
}

static void on_turn(uv_prepare_t *turn)
{
    struct http_client *client = turn->data;
    client->turn_number++;
    client->turn_left = HTTP_TURN_BYTES;
    http_transfer_resume_paused(client);
    if (!TAILQ_EMPTY(&client->paused))
        http_client_wake(client);
}

void http_client_wake(struct http_client *client)
{
    if (!client->closing)
        uv_idle_start(&client->idle, on_idle);
}

static CURLM *open_multi(struct http_client *client, long per_host)
{
    CURLM *multi = curl_multi_init();
    if (!multi)
        return NULL;
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket_wish);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer_wish);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, per_host > 0 ? per_host : CONNECTIONS_PER_HOST_DEFAULT);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_IDLE_MAX);
    return multi;
}

struct http_client *http_client_new(uv_loop_t *loop, const struct http_client_options *options, struct error *ret_error)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) {
        error_set(ret_error, ERROR_SYSTEM, "libcurl does not start: %s", curl_easy_strerror(code));
        return NULL;
    }
    struct http_client *client = memory_new(1, sizeof *client);
    client->multi = open_multi(client, options->connections_per_host_max);
    if (!client->multi) {
        free(client);
        curl_global_cleanup();
        error_set(ret_error, ERROR_SYSTEM, "libcurl does not start: no memory");
        return NULL;
    }
    const char *agent = options->user_agent ? options->user_agent : "drover";
    client->user_agent = memory_copy_text(agent, strlen(agent));
    client->loop = loop;
    LIST_INIT(&client->sockets);
    LIST_INIT(&client->transfers);
    TAILQ_INIT(&client->queue);
    TAILQ_INIT(&client->failed);
    TAILQ_INIT(&client->paused);
    uv_timer_init(loop, &client->timer);
    uv_idle_init(loop, &client->idle);
    uv_prepare_init(loop, &client->turn);
    client->timer.data = client->idle.data = client->turn.data = client;
    client->handles = 3;
    uv_prepare_start(&client->turn, on_turn);
    uv_unref((uv_handle_t *)&client->turn);
    client->turn_left = HTTP_TURN_BYTES;
    return client;
}

static void on_handle_closed(uv_handle_t *handle)
{
    http_client_handle_closed(handle->data);
}

void http_client_handle_closed(struct http_client *client)
{
    if (--client->handles)
        return;
    void (*on_closed)(void *context) = client->on_closed;
    void *context = client->closed_context;
    free(client->user_agent);
    free(client);
    curl_global_cleanup();
    if (on_closed)
        on_closed(context);
}

/* Not inside libcurl. Connections kept for reuse are closed here; their sockets, if watched, are taken back first. */
static void close_handles(struct http_client *client)
{
    if (!client->multi)
        return;
    while (!LIST_EMPTY(&client->transfers))
        http_cancel(LIST_FIRST(&client->transfers));
    CURLM *multi = client->multi;
    curl_multi_cleanup(multi);
    client->multi = NULL;
    while (!LIST_EMPTY(&client->sockets))
        unwatch(LIST_FIRST(&client->sockets));
    uv_close((uv_handle_t *)&client->timer, on_handle_closed);
    uv_close((uv_handle_t *)&client->idle, on_handle_closed);
    uv_close((uv_handle_t *)&client->turn, on_handle_closed);
}

void http_client_close(struct http_client *client, void (*on_closed)(void *context), void *context)
{
    if (client->closing)
        return;
    client->closing = true;
    client->on_closed = on_closed;
    client->closed_context = context;
    if (client->inside) {
        struct http_transfer *transfer = LIST_FIRST(&client->transfers);
        while (transfer) {
            struct http_transfer *next = LIST_NEXT(transfer, in_client);
            http_cancel(transfer);
            transfer = next;
        }
    } else {
        close_handles(client);
    }
}
