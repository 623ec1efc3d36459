/* One HTTP request on its way through the engine: how handlers read it and answer it. Private to sim/engine. */
#ifndef DROVER_SIM_ENGINE_HTTP_H
#define DROVER_SIM_ENGINE_HTTP_H

#include "sim/engine/query.h"
#include "sim/engine/world.h"

enum { SIM_SEGMENTS_MAX = 24 };

enum sim_access {
    SIM_OPEN,  /* answered without a token */
    SIM_EMPTY, /* without a token 200 and an empty list */
    SIM_READ,
    SIM_WRITE
};

struct sim_call {
    struct sim_region *region;
    const struct sim_request *request;
    struct sim_response *response;
    struct sim_query query;
    char *path;                             /* owns the segments */
    const char *segments[SIM_SEGMENTS_MAX]; /* after /v1/, decoded */
    size_t segment_count;
    const char *space; /* ?namespace=, "default" without one */
    json_t *body;      /* parsed by sim_call_body */
    int64_t now;
    bool consul;
};

typedef void sim_handler(struct sim_call *call);

struct sim_route {
    const char *method;  /* "GET", "PUT" (POST too), "DELETE" */
    const char *pattern; /* segments; "*" any one, "**" the rest */
    enum sim_access access;
    sim_handler *handler;
};

extern const struct sim_route sim_job_routes[];
extern const struct sim_route sim_node_routes[];
extern const struct sim_route sim_allocation_routes[];
extern const struct sim_route sim_cluster_routes[];
extern const struct sim_route sim_consul_routes[];

/* /v1/services and /v1/service/:name, which read the same blocks as Consul's catalog (routes_consul.c). */
sim_handler sim_list_services;
sim_handler sim_get_service;

/* Answers 200 with JSON, the index and the leader headers; the handler then fills response->body. */
struct buffer *sim_reply(struct sim_call *call, uint64_t index);
/* The same for a write: the index header only. */
struct buffer *sim_reply_write(struct sim_call *call, uint64_t index);
/* text/plain error. */
void sim_fail(struct sim_call *call, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same with X-Nomad-Index, as reads give it. */
void sim_fail_read(struct sim_call *call, uint64_t index, const char *text);

/* True when the query is to wait for an index above `index`: the response then says SIM_HOLD and nothing is rendered.
 */
bool sim_held(struct sim_call *call, uint64_t index);

/* Parses the body once; false after an answer of 400. */
bool sim_call_body(struct sim_call *call);

/* Whether the namespace asked for covers this one. */
bool sim_space_covers(const struct sim_call *call, const char *space);

/* A list in pages: sim_page_begin writes '[', sim_page_take says whether one more item is wanted (its token is kept
 * when it is the first past the page), sim_page_end writes ']'. */
struct sim_page {
    uint64_t limit; /* 0: none */
    uint64_t taken;
    const char *token;
    const char *prefix;
    bool full;
};

/* False after an answer of 400. */
bool sim_page_begin(struct sim_call *call, struct sim_page *ret_page, uint64_t index);
bool sim_page_take(struct sim_call *call, struct sim_page *page, const char *item_token);
void sim_page_end(struct sim_call *call);
/* Orders "INDEX.ID" tokens: whether (index, id) comes before the page's start. */
bool sim_page_before(const struct sim_page *page, uint64_t index, const char *id);

/* Runs a route table over the call; false when no pattern matches the path. */
bool sim_dispatch(struct sim_call *call, const struct sim_route *const *tables, size_t count);
/* The same request on a linked region, as the server forwards it; false when there is none of that name. */
bool sim_forward(struct sim_call *call, const char *region);

#endif
