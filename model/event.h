/* Everything that can reach the core: step(world, event, now) has no other input.
 *
 * Pointers are borrowed for the call. Each type names its payload in the union. */
#ifndef DROVER_MODEL_EVENT_H
#define DROVER_MODEL_EVENT_H

#include "model/account.h"
#include "model/commitment.h"
#include "model/effect.h"
#include "model/fact.h"
#include "model/job_demand.h"
#include "model/policy.h"
#include "model/region_config.h"

enum mode { MODE_OBSERVE, MODE_APPROVE, MODE_ENFORCE };
const char *mode_word(enum mode mode);
bool mode_parse(const char *word, enum mode *ret_mode);

enum event_type {
    /* --- configuration, at start, before anything else -------------------------------------------------------- */
    EVENT_REGION_CONFIGURED,     /* region_config */
    EVENT_POLICY_CONFIGURED,     /* policy (from_file) */
    EVENT_MODE_CONFIGURED,       /* mode: what the file says */
    EVENT_ACCOUNT_CONFIGURED,    /* account_config */
    EVENT_CURRENCY_CONFIGURED,   /* text: ISO 4217; usd_per_unit_micro */
    EVENT_COMMITMENT_CONFIGURED, /* commitment */
    EVENT_STARTED,               /* configuration and restore are complete; outbox records become unknown effects */
    /* --- a region's voice (federation) ------------------------------------------------------------------------ */
    EVENT_REGION_HEARD,     /* region, region_fact may be NULL: any proof of life, with round_trip_us when measured */
    EVENT_REGION_UNREACHED, /* region, text: a probe failed both ways (directly and through another region) */
    EVENT_REGION_DENIED,    /* region, text: the token is refused; heard again lifts it */
    EVENT_SYNC_BEGIN,       /* region: a complete list follows; `first` of it marks all as unseen */
    EVENT_SYNC_END,         /* region: all of the list was given; what was not seen is gone */
    EVENT_SYNC_ABANDONED,   /* region, text: the list broke off; nothing is gone */
    EVENT_NODE,             /* region, node */
    EVENT_NODE_REMEMBERED,  /* region, node: as before the start; shown until the region has spoken itself */
    EVENT_NODE_GONE,        /* region, id */
    EVENT_ALLOCATION,       /* region, allocation */
    EVENT_ALLOCATION_GONE,  /* region, id */
    EVENT_JOB,              /* region, job */
    EVENT_JOB_GONE,         /* region, job (namespace, id) */
    EVENT_DEPLOYMENT,       /* region, deployment */
    EVENT_SERVICE,          /* region, service */
    /* --- an account's voice (the agent asks its module) --------------------------------------------------------- */
    EVENT_ACCOUNT_UP,     /* account, text: the module and its version */
    EVENT_ACCOUNT_DOWN,   /* account, text: it crashed, hung or talked rubbish; it is started again when asked */
    EVENT_ACCOUNT_FACTS,  /* account, account_facts: what a look showed; the core takes it over */
    EVENT_ACCOUNT_FAILED, /* account, look, account_status, text: a look failed; what was known stays, with its age */
    /* --- people (api) ----------------------------------------------------------------------------------------- */
    EVENT_JOB_SUBMITTED,  /* submission; dry_run for `job plan` */
    EVENT_JOB_STOP,       /* stop request */
    EVENT_POLICY_APPLIED, /* policy */
    EVENT_POLICY_DELETED, /* text: the policy's name */
    EVENT_MODE_SET,       /* mode */
    EVENT_FREEZE,         /* text: why */
    EVENT_UNFREEZE,
    EVENT_APPROVE,         /* operation: it may go on */
    EVENT_DENY,            /* operation: it is dropped */
    EVENT_PRICE_CONFIRMED, /* region, text: the pool whose held price is right */
    /* --- the shell -------------------------------------------------------------------------------------------- */
    EVENT_EFFECT_SENT,   /* effect_id: it is about to leave */
    EVENT_EFFECT_RESULT, /* result */
    EVENT_TIMER,         /* the deadline that the last step returned has come */
    EVENT_ASSESSED,      /* assessment: a plan of the whole federation; the core takes it over */
    EVENT_CLOCK_JUMPED   /* the wall clock jumped by jump_ms; durations that gate moves begin anew */
};
const char *event_type_word(enum event_type type);

struct assessment;

struct submission {
    const struct job_demand *demand;
    const void *body; /* the specification as JSON; stored as the revision, never looked at */
    size_t body_length;
    bool dry_run;
};

struct stop_request {
    const char *job_namespace, *id;
    bool purge;
};

struct event {
    enum event_type type;
    /* Requests by people carry an id; the step answers each exactly once with a reply (core.h). 0: none. */
    uint64_t request_id;
    const char *actor;   /* who asks: "token:operator"; NULL: drover itself */
    const char *source;  /* where from: "127.0.0.1", "signal", "file"; NULL: none */
    const char *region;  /* events of a region */
    const char *account; /* events of an account */
    const char *text;
    uint64_t round_trip_us; /* REGION_HEARD; 0: not measured */
    union {
        const struct region_config *region_config;
        const struct policy *policy;
        enum mode mode;
        const struct region_fact *region_fact;
        const struct node_fact *node;
        const struct allocation_fact *allocation;
        const struct job_fact *job;
        const struct deployment_fact *deployment;
        const struct service_fact *service;
        struct uuid id;
        struct submission submission;
        struct stop_request stop;
        const struct effect_result *result;
        uint64_t effect_id;
        int64_t jump_ms;
        const struct account_config *account_config;
        const struct commitment *commitment;
        int64_t usd_per_unit_micro;
        struct account_facts *account_facts;
        struct {
            enum account_look look;
            enum account_status status;
        } account_failure;
        uint64_t operation;
        struct assessment *assessment; /* controller/core/assess.h */
    };
};

#endif
