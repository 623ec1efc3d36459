/* One HTTP request on a connection to a simulated region. Private to sim/serve. */
#ifndef DROVER_SIM_SERVE_SESSION_H
#define DROVER_SIM_SERVE_SESSION_H

#include <libwebsockets.h>

#include "sim/serve/server.h"

enum session_state {
    SESSION_IDLE,    /* no request */
    SESSION_BODY,    /* body is arriving */
    SESSION_PARKED,  /* held or silent: asked again later */
    SESSION_DELAYED, /* the answer is ready but slow */
    SESSION_SENDING,
    SESSION_STREAM
};

enum port_kind { PORT_NOMAD, PORT_CONSUL, PORT_CONTROL };

struct sim_port_entry {
    struct sim_server *server;
    struct lws_vhost *vhost;
    enum port_kind kind;
    size_t region;
    char url[96];
    char name[64];
};

struct session {
    struct lws *wsi;
    struct sim_port_entry *port;
    struct session *previous, *next; /* the server's open requests */
    enum session_state state;
    char method[8];
    char *path;
    char *query;
    char token[SIM_TOKEN_MAX];
    struct buffer body;
    struct sim_response response;
    int64_t arrived_ms;
    int64_t due_ms;        /* parked or delayed until */
    uint64_t parked_index; /* of answered_by when parked */
    bool silent;           /* parked because the region is dark */
    bool headers_sent;
    bool doomed; /* to be closed at the next callback */
    size_t sent;
    struct sim_stream *stream;
    struct buffer stream_out;
};

struct sim_server {
    uv_loop_t *loop;
    struct lws_context *context;
    uv_timer_t timer;
    bool pumping;
    bool closing;
    struct sim_region **regions;
    struct sim_port_entry *ports; /* 2 * count, then the control port */
    size_t count, port_count;
    int64_t (*now)(void *context);
    void *now_context;
    int64_t skipped_ms;
    struct session *sessions;
    void (*closed)(void *context);
    void *closed_context;
};

/* The lws callback of every port. */
int session_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length);

/* Asks the region again; the session moves on when the answer is there. */
void session_ask(struct session *session);
/* Ends what the session does now and closes its connection. */
void session_kill(struct session *session);

/* Lets time pass, answers what waited, feeds the streams, sets the timer. */
void server_pump(struct sim_server *server);

/* Answers a request to the control port into session->response. */
void control_answer(struct session *session);

#endif
