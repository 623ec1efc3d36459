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

/* What on_data may be given between two looks of the loop at its sockets. libcurl reads up to 100 pieces of 16 KiB from
 * a socket that stays readable (libcurl 7.88 reads up to 100 times 16 KiB in one callback), and many sockets may be
 * readable at once. */
enum {
    HTTP_TURN_BYTES = 256 * 1024, /* of all transfers together: about a millisecond of parsing JSON */
    HTTP_TURN_SLICE = 64 * 1024,  /* of one */
    HTTP_TURN_FREE = 16 * 1024,   /* the first bytes of a body never wait: small answers overtake long lists */
};

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
    uv_timer_t timer;  /* libcurl's next deadline */
    uv_prepare_t turn; /* before the loop looks at its sockets: a new turn begins */
    uint64_t turn_number;
    size_t turn_left; /* of HTTP_TURN_BYTES */
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
    struct http_transfer_queue paused; /* active, with bytes kept back until their turn */
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
    uint64_t turn_number; /* the turn that slice_left is of */
    size_t slice_left;    /* of HTTP_TURN_SLICE */
    bool paused;
    uv_timer_t deadline; /* timeout and idle timeout */
    int64_t started_us;
    LIST_ENTRY(http_transfer) in_client;
    LIST_ENTRY(http_transfer) in_endpoint;
    TAILQ_ENTRY(http_transfer) in_queue;
    TAILQ_ENTRY(http_transfer) in_paused;
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
/* Lets those go on that have waited longest, as many as a turn has room for. Not inside libcurl. */
void http_transfer_resume_paused(struct http_client *client);
/* Calls on_done for what was in `failed` when it began. */
void http_transfer_settle_failed(struct http_client *client);

#endif
