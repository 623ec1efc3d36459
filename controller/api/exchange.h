/* One request and its answer, between the sockets (server.c, receive.c, send.c) and what answers it (route.c,
 * answer_*.c).
 *
 * Private to controller/api. Life: received -> answered, or received -> parked -> answered; a stream (monitor) is
 * answered for as long as it lasts. The server owns it; it is gone when the connection closes, so nobody keeps a
 * pointer: what is parked is found again by its number. */
#ifndef DROVER_CONTROLLER_API_EXCHANGE_H
#define DROVER_CONTROLLER_API_EXCHANGE_H

#include <jansson.h>

#include "controller/api/api.h"

enum api_method { API_GET, API_PUT, API_POST, API_DELETE, API_METHOD_OTHER };

enum { API_QUERY_MAX = 16, API_QUERY_TEXT_MAX = 1024, API_HOST_MAX = 300, API_STREAM_BACKLOG_MAX = 1024 * 1024 };

struct api_query {
    char *key;
    char *value;
};

struct lws;
struct api_exchange;

/* Writes the answer to a person's event from the step's reply (which is an acceptance, never an error). */
typedef void api_render(struct api_exchange *exchange, const struct reply *reply);

struct api_exchange {
    struct api *api;
    struct lws *wsi;
    struct api_exchange *next, *previous; /* all of the server's */
    uint64_t id;                          /* the events' request_id */
    enum api_method method;
    char *path; /* decoded once, begins with '/' */
    struct api_query query[API_QUERY_MAX];
    size_t query_count;
    char source[64]; /* the caller's address */
    struct buffer body;
    uint64_t body_expected;
    bool discard; /* answered before all of the body came: the rest is read and dropped */

    api_render *render; /* while an event of it is on its way */
    char *subject;      /* what `render` needs to remember: a name; owned */
    bool dry_run;       /* of a job whose HCL is being parsed */

    /* The answer. */
    int status;
    struct buffer answer;
    const char *type; /* of the answer, static; NULL: JSON */
    bool prepared;    /* rendered, waits for its commit */
    bool answered;    /* may leave */
    bool indexed;     /* with X-Drover-Index */
    uint64_t index;
    const char *allow; /* of a 405; static */

    /* A parked ?index= request: asked again when the world moves or time is up. */
    bool waiting;
    uint64_t wait_index;
    int64_t wait_until_ms;  /* monotonic */
    uint64_t assess_number; /* the plan of the federation it waits for; 0: none was asked for */
    int64_t assess_until_ms;

    /* A followed log. */
    bool stream;
    int stream_level;
    uint64_t stream_dropped;

    /* What has left. */
    bool headers_sent;
    size_t sent;
};

/* The value of a query argument, "" when it is not there. */
const char *exchange_query(const struct api_exchange *exchange, const char *key);

/* Answers. `exchange_answer` sends exchange->answer (JSON, or what a render wrote there) with the status. */
void exchange_answer(struct api_exchange *exchange, int status);
void exchange_fail(struct api_exchange *exchange, const struct error *error);
void exchange_fail_status(struct api_exchange *exchange, int status, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The HTTP status of an error code. */
int exchange_status_of(enum error_code code);
/* Begins an endless answer; lines follow by api_log. */
void exchange_stream(struct api_exchange *exchange, int level);
/* Leaves the request waiting for the world to pass `index`. */
void exchange_wait(struct api_exchange *exchange, uint64_t index, int64_t wait_ms);
/* Feeds an event for this request; the reply is written by `render`. `subject` is copied, may be NULL. */
void exchange_submit(struct api_exchange *exchange, struct event *event, api_render *render, const char *subject);

/* Finds the answer to a request whose body is complete: route.c. */
void route_request(struct api_exchange *exchange);

/* The answers. `rest` is what the path holds beyond the route's own part ("web" of policy/web), "" for none. */
typedef void api_handler(struct api_exchange *exchange, const char *rest);
/* answer_fleet.c */
api_handler answer_accounts, answer_instances, answer_approvals, answer_approval, answer_price_confirm;
/* answer_read.c */
api_handler answer_status, answer_version, answer_regions, answer_region, answer_pools, answer_nodes, answer_jobs,
    answer_job, answer_explain, answer_recommend, answer_placement, answer_placement_files, answer_metrics, answer_cost,
    answer_policies, answer_policy, answer_monitor;
/* answer_job.c */
api_handler answer_job_run, answer_job_stop;
/* answer_control.c */
api_handler answer_mode_set, answer_freeze, answer_unfreeze, answer_policy_apply, answer_policy_delete;
/* answer_audit.c, answer_sim.c */
api_handler answer_audit, answer_sim_regions, answer_sim;

/* The namespace asked for, "default" when none is. */
const char *exchange_namespace(const struct api_exchange *exchange);
/* False, with the refusal sent, while the store cannot take a person's write. */
bool exchange_may_write(struct api_exchange *exchange);
/* The body as a JSON object; false with the refusal sent. `allowed` ends with NULL: other keys are refused. An empty
 * body is an empty object. */
bool exchange_body(struct api_exchange *exchange, const char *const *allowed, json_t **ret_object);

#endif
