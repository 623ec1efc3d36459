/* The heart: step(world, event, now) -> records to commit, effects, replies, next deadline. The only code that decides.
 *
 * Pure: no clock, I/O, randomness or thread. Same records restored, same events, same times: same output, bit for bit.
 *
 * The shell's contract (controller/agent):
 *   1. core_new, core_restore for every record of the intent store, configuration events, EVENT_STARTED.
 *   2. For each event: core_step; commit step.records in ONE transaction; only when that is durable carry out
 *      step.effects and hand out step.replies, in the order of the steps. A step without records waits for the commits
 *      of the steps before it all the same.
 *   3. At step.deadline_ms (wall time; 0: none) send EVENT_TIMER. `now` never runs backwards.
 *   4. Just before a writing effect leaves: ask the gate (world->frozen, mode), then EVENT_EFFECT_SENT, then
 *      the request. Its end is EVENT_EFFECT_RESULT. */
#ifndef DROVER_CONTROLLER_CORE_CORE_H
#define DROVER_CONTROLLER_CORE_CORE_H

#include "base/buffer.h"
#include "controller/core/decision.h"
#include "controller/core/world.h"
#include "model/effect.h"
#include "model/event.h"
#include "model/record.h"

struct core;

struct core_options {
    const char *cluster; /* the store's cluster id */
    uint64_t epoch;      /* one more than at the last start; below 2^31 */
};

/* One change of the intent store. A NULL value deletes. */
struct record_change {
    enum record_kind kind;
    struct buffer key;
    struct buffer value;
    bool remove;
};

/* The answer to a person's request. */
struct reply {
    uint64_t request_id;
    struct error error;           /* code ERROR_NONE: accepted */
    const struct drover_job *job; /* JOB_SUBMITTED, JOB_STOP: valid while the step's output is handled; may be NULL */
    const struct decision *decision; /* dry run: owned by the step */
    bool unchanged;                  /* nothing had to be done */
};

struct step {
    struct record_change *records;
    size_t record_count, record_capacity;
    struct effect *effects; /* owned by the step; copy what outlives it */
    size_t effect_count, effect_capacity;
    struct reply *replies;
    size_t reply_count, reply_capacity;
    struct decision **decisions; /* owned: dry runs' */
    size_t decision_count, decision_capacity;
    int64_t deadline_ms;
};

struct core *core_new(const struct core_options *options);
void core_free(struct core *core);
const struct world *core_world(const struct core *core);

/* Append what the present version of a table's records has beyond version 1. */
bool price_upgrade_from_1(const void *bytes, size_t length, struct buffer *out, struct error *ret_error);
bool outbox_upgrade_from_1(const void *bytes, size_t length, struct buffer *out, struct error *ret_error);

/* Takes in one record of the intent store. ERROR_CORRUPT names kind and key. */
bool core_restore(struct core *core, enum record_kind kind, const void *key, size_t key_length, const void *value,
                  size_t value_length, struct error *ret_error);

/* Releases and refills *step (which began as zeroes). */
void core_step(struct core *core, const struct event *event, int64_t now_ms, struct step *step);
void step_release(struct step *step);

/* The gate: may this effect leave now? On false the reason for people is in *ret_error (ERROR_GATED). */
bool core_gate(const struct core *core, const struct effect *effect, struct error *ret_error);

/* An audit row as it is kept in RECORD_AUDIT. Texts are owned by the row. */
struct audit_row {
    int64_t at_ms, done_at_ms; /* 0: not ended */
    uint64_t effect_id;        /* 0: a person's act that wrote nothing outside (mode, freeze, policy) */
    char *actor, *source;
    char *action; /* "register", "stop", "owner", "mode", "freeze", ... */
    char *region, *job_namespace, *id;
    char *policy;
    char *before, *after; /* short: "web: 0", "web: 3 in std" */
    char *result;         /* "intended", "sent", "done", "refused: ...", "unknown", "settled: done" */
};
void audit_row_release(struct audit_row *row);
void audit_row_encode(const struct audit_row *row, struct buffer *out);
bool audit_row_decode(const void *bytes, size_t length, struct audit_row *ret_row, struct error *ret_error);

#endif
