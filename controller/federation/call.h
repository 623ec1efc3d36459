/* One effect being carried out: a short chain of requests to its region. Private to call*.c.
 *
 * Each step sends one request and names the function that goes on from its answer; every chain ends in call_end, once.
 * Reads before the write can fail without harm (OUTCOME_NOT_SENT); from the write on, what is not surely refused is
 * OUTCOME_UNKNOWN. */
#ifndef DROVER_CONTROLLER_FEDERATION_CALL_H
#define DROVER_CONTROLLER_FEDERATION_CALL_H

#include "controller/federation/answer.h"
#include "controller/federation/plan_reply.h"
#include "controller/federation/private.h"

struct call;
typedef void call_step(struct call *call, const struct http_result *result);

struct call {
    LIST_ENTRY(call) link;
    struct federation *federation;
    struct region *region; /* NULL: no such region */
    struct effect effect;
    char *specification;
    size_t specification_length;
    void (*done)(void *context, const struct effect_result *result);
    void *context;
    uv_timer_t timer; /* begins the chain from the loop */
    uint64_t started_ns;
    struct http_transfer *transfer;
    call_step *step;
    bool ended;

    struct effect_result result;
    struct plan_reply plan;
    struct buffer job; /* the job as it is to be registered */
    char *owner_cluster;
    uint64_t owner_index;    /* ModifyIndex of the owner variable */
    struct decoder *decoder; /* of a purge's allocations */
    size_t living;
    struct job_key *node_jobs; /* of a node's allocations that are not terminal */
    size_t node_job_count, node_job_at;
    void (*allocations_known)(struct call *call);
    struct error decode_error;
};

/* What GET /v1/job/:id said. */
struct live_job {
    uint64_t job_modify_index, version;
    bool stopped;
};

/* "/v1/job/<id><suffix>?namespace=<ns>" and more of the query. */
void call_job_path(const struct call *call, const char *suffix, const char *query, struct buffer *path);
void call_send(struct call *call, enum http_method method, const char *path, const struct buffer *body,
               uint32_t timeout_ms, call_step *step);
/* Sends the write of the effect, the gate willing; a closed gate ends the call as refused. */
void call_write(struct call *call, enum http_method method, const char *path, const struct buffer *body,
                call_step *step);
void call_get_job(struct call *call, call_step *step);
/* Sends the plan of call->job. */
void call_send_plan(struct call *call, bool diff, call_step *step);
/* Reads it into call->plan; false: the call has ended, as a read does. */
bool call_take_plan(struct call *call, const struct http_result *result);

void call_end(struct call *call, enum effect_outcome outcome, enum refusal refusal, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Ends after a read, or a write, that did not go well. 404 of a read ends as REFUSAL_OTHER. */
void call_end_read(struct call *call, const struct http_result *result);
void call_end_write(struct call *call, const struct http_result *result);
/* A job as GET gave it, also into call->result. False: the answer is no job; the call has not ended. */
bool call_take_job(struct call *call, const struct http_result *result, struct live_job *ret_job);

/* Makes call->job from the specification, or from the live job. False: ended as refused. */
bool call_render(struct call *call);
bool call_shift(struct call *call, const struct http_result *live);

/* Streams a list of allocations through call->decoder into on_decoded; what goes wrong in it is in call->decode_error
 * when on_done runs. */
void call_list_allocations(struct call *call, const char *path, decode_handler *on_decoded,
                           void (*on_done)(void *context, const struct http_result *result));
bool call_is_terminal(const struct allocation_fact *allocation);

void call_plan(struct call *call);
void call_register(struct call *call);
void call_stop(struct call *call);
void call_purge(struct call *call);
void call_owner(struct call *call);
void call_probe(struct call *call);
void call_node_look(struct call *call);
void call_node_write(struct call *call);
void call_release_node_jobs(struct call *call);
void call_probe_owner(struct call *call);

#endif
