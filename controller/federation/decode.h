/* Turns what Nomad answers and streams into facts (model/fact.h), one record at a time while the bytes come.
 *
 * Fields as Nomad 2.0.5 writes them (nomad/structs: Node, NodeListStub, Allocation, AllocListStub, Job, JobListStub,
 * Deployment, Event); unknown ones are skipped. Pure; one decoder is one parse. */
#ifndef DROVER_CONTROLLER_FEDERATION_DECODE_H
#define DROVER_CONTROLLER_FEDERATION_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/fact.h"

enum decode_source {
    DECODE_NODES,       /* GET /v1/nodes?resources=true */
    DECODE_NODE,        /* GET /v1/node/:id */
    DECODE_ALLOCATIONS, /* GET /v1/allocations?resources=true&task_states=false */
    DECODE_JOBS,        /* GET /v1/jobs */
    DECODE_DEPLOYMENTS, /* GET /v1/deployments */
    DECODE_EVENTS       /* GET /v1/event/stream */
};

enum decoded_kind {
    DECODED_NODE,
    DECODED_ALLOCATION,
    DECODED_JOB,
    DECODED_DEPLOYMENT,
    DECODED_LINE,   /* a whole line of the event stream went by, heartbeats too */
    DECODED_SKIPPED /* a record that cannot be kept (a name over FACT_TEXT_MAX): `problem` says why */
};

struct decoded {
    enum decoded_kind kind;
    union {
        struct node_fact node;
        struct allocation_fact allocation;
        struct job_fact job;
        struct deployment_fact deployment;
        const char *problem;
    };
    bool removed;         /* the event says that it is gone */
    uint64_t event_index; /* of an event: the raft index of the change; else 0 */
    /* An allocation of the event stream carries no job version (measured on 2.0.5), only its deployment. */
    bool has_deployment;
    struct uuid deployment_id;
};

typedef void decode_handler(void *context, const struct decoded *decoded);

struct decoder;

/* `selected` ("attr.x", "meta.y") is borrowed for the decoder's life; node facts carry those that are there. The
 * handler runs inside decoder_feed; it must not free the decoder. */
struct decoder *decoder_new(enum decode_source source, const char *const *selected, size_t selected_count,
                            decode_handler *handler, void *context);
void decoder_free(struct decoder *decoder);

/* Takes the next bytes. ERROR_INVALID when they are no such answer: no JSON, not a list, nested too deep, not UTF-8, a
 * record without a valid id. After an error nothing more may be fed. */
bool decoder_feed(struct decoder *decoder, const char *bytes, size_t length, struct error *ret_error);
/* At the answer's end: false when it broke off inside. A stream may end after any whole line. */
bool decoder_finish(struct decoder *decoder, struct error *ret_error);

#endif
