/* What the core asks the world to do, and how it may come out.
 *
 * Every effect type is declared once in EFFECT_TYPES: whether it writes outside (then it is in the outbox, has an audit
 * row and passes the gate), what fences it, how an unknown outcome is probed, and whether a refused send is tried
 * again. Life of a writing effect: intended -> sent -> done | refused | unknown -> probed. */
#ifndef DROVER_MODEL_EFFECT_H
#define DROVER_MODEL_EFFECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "model/account.h"
#include "model/fact.h"

/* X(constant, word, writes outside, fence, probe) */
#define EFFECT_TYPES(X)                                                                                                \
    X(EFFECT_PLAN, "plan", false, "none: reads", "ask again")                                                          \
    X(EFFECT_REGISTER, "register", true, "EnforceIndex on the base JobModifyIndex",                                    \
      "read the job: base index still there: resend; else plan with Diff: None is ours, anything else is drift")       \
    X(EFFECT_STOP, "stop", true, "read just before: our JobModifyIndex or already stopped", "read the job")            \
    X(EFFECT_PURGE, "purge", true, "read just before: stopped, all allocations terminal", "read the job: 404 is done") \
    X(EFFECT_OWNER, "owner", true, "cas on the variable's ModifyIndex", "read the variable")                           \
    X(EFFECT_PROBE, "probe", false, "none: reads", "ask again")                                                        \
    X(EFFECT_GROW, "grow", true, "the provider pool's desired size and generation, compared and set",                  \
      "look at the pool: still as before: send again; at the new size: ours")                                          \
    X(EFFECT_SHRINK, "shrink", true, "instances by their ids", "look at the pool: all gone: done; else send again")    \
    X(EFFECT_WITHDRAW, "withdraw", true, "the module compares and sets against what it reads",                         \
      "look at the pool: no larger than its machines: done; else send again")                                          \
    X(EFFECT_POLL, "poll", false, "none: reads", "ask again")                                                          \
    X(EFFECT_CORDON, "cordon", true, "read just before", "read the node: ineligible is done")                          \
    X(EFFECT_DRAIN, "drain", true, "read just before: ineligible, no allocations but of system jobs",                  \
      "read the node: drained or draining is done")                                                                    \
    X(EFFECT_UNCORDON, "uncordon", true, "read just before", "read the node: eligible is done")                        \
    X(EFFECT_NODE_LOOK, "node-look", false, "none: reads", "ask again")

enum effect_type {
#define EFFECT_ENUM(constant, word, writes, fence, probe) constant,
    EFFECT_TYPES(EFFECT_ENUM)
#undef EFFECT_ENUM
        EFFECT_TYPE_COUNT
};

const char *effect_type_word(enum effect_type type);
bool effect_type_writes(enum effect_type type);

/* One group of a job's copy in one region, or the part of it that one pool holds. The first part of a group keeps its
 * name in the region's job; those that follow it in the list are called "<group>-<pool>". */
struct copy_group {
    char *group; /* as in the specification */
    char *pool;  /* the pool it is pinned to; "" when it is not pinned */
    int64_t count;
    /* The pin: constraints LTarget = RTarget that Nomad is to hold the group to ("${node.class}", "std"). A condition
     * that begins with "!" in `pin_operands` is "!=". Empty when not pinned. */
    struct pin {
        char *target;
        char *value;
        bool negated;
    } * pins;
    size_t pin_count;
};

enum { COPY_PARTS_MAX = 64 * 256 + 256 }; /* groups, and parts of those that are split, in one copy */

/* What a region's copy of a job is to be. */
struct copy_wanted {
    char *job_namespace, *id;
    uint64_t revision; /* the specification's number in the store (table REVISION) */
    struct copy_group *groups;
    size_t group_count;
    /* A shift changes only counts of the job that is live there (DESIGN section 3, the shift rule); otherwise the whole
     * specification is registered. */
    bool shift;
};

/* What is asked of an account: GROW, SHRINK, WITHDRAW, POLL. */
struct account_change {
    char *account;
    char *pool;       /* the provider's id of it */
    int64_t from, to; /* GROW: desired machines, compared and set */
    char *generation; /* GROW: as it was looked at */
    char **instances; /* SHRINK: exactly these */
    size_t instance_count;
    char *token; /* POLL: the provider's operation */
};
enum { CHANGE_INSTANCES_MAX = 100, CHANGE_TOKEN_MAX = 4096 };

/* What is asked of a node: CORDON, DRAIN, UNCORDON, NODE_LOOK. */
struct node_change {
    struct uuid node;
    int64_t deadline_ms; /* DRAIN: what is left on the node then is stopped; 0: no deadline */
};
#define NODE_DEADLINE_MOST_MS (INT64_C(365) * 24 * 3600 * 1000) /* Nomad takes nanoseconds */

struct effect {
    uint64_t id; /* epoch << 32 | counter: never reused */
    enum effect_type type;
    char *region;
    struct copy_wanted wanted; /* PLAN, REGISTER, PROBE of a register; for STOP and PURGE only namespace and id */
    uint64_t base_index;       /* REGISTER: the JobModifyIndex it must find, 0 = must not exist */
    /* OWNER: what to write. PROBE: the type of the effect whose outcome is looked for. */
    char *cluster;
    uint64_t epoch;
    enum effect_type probed_type;
    uint64_t probed_id;
    struct account_change change; /* empty texts where it is about no account */
    struct node_change node;
    uint64_t cause; /* decision: the sequence number of the step that asked for it */
    char *actor;    /* who caused it, for the audit: "token:operator", "drover" */
};

void effect_release(struct effect *effect);
void effect_copy(struct effect *into, const struct effect *from);
void copy_wanted_release(struct copy_wanted *wanted);
void copy_wanted_copy(struct copy_wanted *into, const struct copy_wanted *from);
/* The name of a part in the region's job; the caller frees. */
char *copy_part_name(const char *group, const char *pool, bool first);
/* The same of the at-th group of a copy. */
char *copy_wanted_name(const struct copy_wanted *wanted, size_t at);
void effect_encode(const struct effect *effect, struct buffer *out);
bool effect_decode(const void *bytes, size_t length, struct effect *ret_effect, struct error *ret_error);
/* Appends what version 2 of the outbox has beyond version 1: nothing asked of accounts and nodes. */
void effect_upgrade_from_1(const void *bytes, size_t length, struct buffer *out);
/* True where it is an account's module that carries it out, not the region's Nomad. */
bool effect_type_is_of_account(enum effect_type type);
bool effect_type_is_of_node(enum effect_type type);

enum effect_outcome {
    OUTCOME_DONE,
    OUTCOME_REFUSED, /* the region said no, or the gate or the fence did: surely without effect */
    OUTCOME_UNKNOWN, /* sent, no answer: settle by looking */
    OUTCOME_NOT_SENT /* surely without effect, may be tried again (region not reachable) */
};

/* Why a region refused; what the core does next depends on it. */
enum refusal {
    REFUSAL_NONE,
    REFUSAL_CONFLICT,    /* CAS: somebody else changed the job meanwhile */
    REFUSAL_DENIED,      /* 403 */
    REFUSAL_INVALID,     /* validation, unknown namespace or node pool: will not pass there */
    REFUSAL_GATED,       /* observe, frozen */
    REFUSAL_FOREIGN,     /* another Drover owns the region, or a newer epoch */
    REFUSAL_DESTRUCTIVE, /* a shift would restart or move running allocations */
    REFUSAL_BUSY,        /* a drain: the node holds allocations again */
    REFUSAL_OTHER
};
const char *refusal_word(enum refusal refusal);

/* What Nomad's plan said of one group. */
struct plan_group {
    const char *group;
    int64_t place, destructive, migrate, stop; /* DesiredTGUpdates */
    int64_t unplaced;                          /* CoalescedFailures + 1, 0 when all fit */
    bool filtered;   /* no node passes constraints or drivers at all: capacity will not help */
    const char *why; /* "missing drivers (2 nodes)", "memory exhausted on 2 nodes"; "" when all fit */
};

struct job_key {
    const char *job_namespace, *id;
};
enum { NODE_JOBS_MAX = 64 };

struct effect_result {
    uint64_t effect_id;
    enum effect_outcome outcome;
    enum refusal refusal;
    const char *text; /* the reason in the region's words, bounded, "" when done */
    /* REGISTER done, PROBE: the job as read just after. */
    bool job_exists, job_stopped;
    uint64_t job_modify_index, job_version;
    /* PROBE of a register: is what lives there what was wanted? */
    bool matches_wanted;
    bool matches_known;
    /* PLAN. base_index: JobModifyIndex to enforce (0: new). */
    uint64_t base_index;
    bool plan_equal; /* Diff.Type is None: what lives there is what was asked */
    const struct plan_group *groups;
    size_t group_count;
    /* OWNER, PROBE of it: who owns the region now. */
    const char *owner_cluster;
    uint64_t owner_epoch;
    /* GROW, SHRINK, WITHDRAW, POLL: how the provider's call ended, and what it began. */
    enum account_status account_status;
    int64_t retry_at_ms;                               /* ACCOUNT_UNSET: not said */
    const char *instance_type, *zone, *market, *quota; /* of no_capacity and quota, as far as known; NULL is "" */
    bool operation_running;                            /* ask again with EFFECT_POLL */
    const char *operation_token;
    int64_t next_poll_ms; /* ACCOUNT_UNSET: as one likes */
    /* CORDON, DRAIN, UNCORDON, NODE_LOOK and probes of them: the node as read last. */
    bool node_exists, node_eligible, node_draining;
    const struct job_key *node_jobs; /* of its allocations that are not terminal, each once, at most NODE_JOBS_MAX */
    size_t node_job_count;
    bool node_jobs_more;
    uint64_t duration_us;
};

#endif
