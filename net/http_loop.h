/* The moving parts of the loop's client, shared by http_client.c (libcurl on libuv) and http_transfer.c (one request's
 * life). Private to net/.
 *
 * libcurl refuses to have handles added or removed from within its callbacks, and user code runs there (on_headers,
 * on_data). So `inside` counts how deep the stack is in libcurl; what user code asks for meanwhile is put into `queue`
 * and done by http_client_leave. on_done runs only outside libcurl. */
#ifndef DROVER_NET_HTTP_LOOP_H
#define DROVER_NET_HTTP_LOOP_H

#include <sys/queue.h>

#include "net/http_private.h"

enum http_transfer_state {
    HTTP_TRANSFER_WAITING, /* in `queue`: asked for inside libcurl, to be started */
    HTTP_TRANSFER_ACTIVE,  /* libcurl has it */
    HTTP_TRANSFER_DONE,    /* in `queue`: libcurl is through with it, on_done is due */
    HTTP_TRANSFER_FAILED,  /* in `failed`: could not start, on_done is due from the loop's next round */
    HTTP_TRANSFER_ENDED,   /* in `queue`: cancelled inside libcurl, to be thrown away */
};

TAILQ_HEAD(http_transfer_queue, http_transfer);
LIST_HEAD(http_transfer_list, http_transfer);
LIST_HEAD(http_socket_list, http_socket);

struct http_client {
    uv_loop_t *loop;
    CURLM *multi;
    char *user_agent;
    uv_timer_t timer; /* libcurl's next deadline */
    uv_idle_t idle;   /* runs in the loop's next round: libcurl wants attention at once, or `failed` has entries */
    bool attention;
    bool closing;
    uint64_t round; /* times `failed` was settled */
    unsigned inside;
    size_t handles; /* uv handles not yet closed */
    struct http_socket_list sockets;
    struct http_transfer_list transfers; /* all whose on_done may still run */
    struct http_transfer_queue queue;
    struct http_transfer_queue failed;
    void (*on_closed)(void *context);
    void *closed_context;
};

struct http_endpoint {
    struct http_client *client;
    struct http_target target;
    struct http_transfer_list transfers;
};

struct http_transfer {
    struct http_client *client;
    struct http_endpoint *endpoint; /* valid while in the endpoint's list */
    struct http_answer answer;
    struct http_lists lists;
    CURL *easy; /* NULL when it never came to that */
    CURLcode code;
    struct error error; /* set for FAILED */
    enum http_transfer_state state;
    uint64_t failed_round;
    uv_timer_t deadline; /* timeout and idle timeout */
    int64_t started_us;
    LIST_ENTRY(http_transfer) in_client;
    LIST_ENTRY(http_transfer) in_endpoint;
    TAILQ_ENTRY(http_transfer) in_queue;
};

/* Brackets around every call that may run libcurl's callbacks. Leaving the outermost one delivers what is due. */
void http_client_enter(struct http_client *client);
void http_client_leave(struct http_client *client);
/* Wants the idle callback in the loop's next round. */
void http_client_wake(struct http_client *client);
/* The close callback of every uv handle of the client ends with this. */
void http_client_handle_closed(struct http_client *client);

/* libcurl has finished with it: on_done becomes due. */
void http_transfer_finish(struct http_transfer *transfer, CURLcode code);
/* Does what is due for everything in `queue`; not inside libcurl. */
void http_transfer_settle_queue(struct http_client *client);
/* Calls on_done for what was in `failed` when it began. */
void http_transfer_settle_failed(struct http_client *client);

#endif
