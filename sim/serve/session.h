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
    struct sim_kept_page *kept; /* with keep_pages */
    char url[96];
    char name[64];
};

/* What reached a region as PUT /v1/jobs since the start or the last POST /sim/mark; monotonic microseconds. */
struct sim_register_times {
    int64_t first_us; /* head of the first request read; 0: none came */
    int64_t last_us;  /* last answer about to be sent */
    uint64_t answered;
};

/* A rendered page of a list, good while the region's index stays. */
struct sim_kept_page {
    struct sim_kept_page *next;
    char *key; /* path?query */
    char *token;
    struct sim_response response;
    uint64_t index; /* of the region */
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
    bool is_register;
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
    struct sim_register_times *registers;
    bool keep_pages;
    char *provider_token; /* NULL: none is wanted */
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

/* Pages that were rendered before (pages.c). Find fills session->response and says whether it could; keep remembers
 * what is there. Both do nothing without keep_pages and for what is no page. */
bool page_find(struct session *session);
void page_keep(struct session *session);
void pages_free(struct sim_port_entry *port);

/* Answers a request to the control port into session->response. */
void control_answer(struct session *session);

#endif
