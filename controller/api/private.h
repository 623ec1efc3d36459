/* What the sockets' side of controller/api shares: server.c, receive.c, send.c. */
#ifndef DROVER_CONTROLLER_API_PRIVATE_H
#define DROVER_CONTROLLER_API_PRIVATE_H

#include <libwebsockets.h>

#include "controller/api/exchange.h"

struct api {
    struct api_backend backend;
    char *token;
    char *host; /* as configured, without brackets */
    uint16_t port;
    bool tls;
    char *address;
    uv_loop_t *loop;
    uv_timer_t wait_timer;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct lws_protocols protocols[2];
    struct api_exchange *exchanges;
    size_t exchange_count;
    uint64_t next_id;
    uint64_t woken_sequence; /* of the world when waiting requests were last looked at */
    bool closing;
    unsigned open_handles;
    void (*on_closed)(void *context);
    void *on_closed_context;
};

/* receive.c: fills a fresh exchange from the request's headers. False when it has been answered already. */
bool receive_headers(struct api_exchange *exchange, const char *path, size_t path_length);
void receive_body(struct api_exchange *exchange, const void *bytes, size_t length);

/* access.c */
struct access_request {
    const char *token;  /* "" when none was given */
    const char *host;   /* "" when none */
    const char *origin; /* "" when none */
};
/* False with ERROR_DENIED. `port` 0 accepts none. */
bool access_check(const struct api *api, const struct access_request *request, struct error *ret_error);
/* The token of "Bearer TOKEN", "" otherwise. Points into header. */
const char *access_bearer(const char *header);

/* listen.c: ERROR_INVALID, ERROR_BUSY (the port is taken), ERROR_SYSTEM. */
bool listen_check(const struct api_options *options, struct error *ret_error);

/* send.c: writes what is due; -1 to close the connection (lws's convention). */
int send_pending(struct api_exchange *exchange);

/* server.c */
void exchange_free(struct api_exchange *exchange);
struct api_exchange *server_find(struct api *api, uint64_t id);

#endif
