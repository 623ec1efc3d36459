/* One account's line to its child process (`drover provider-host`), on the agent's loop.
 *
 * The child is started when the link is, and again, after a backoff with seeded jitter, when there is something to ask
 * and it has crashed, hung, or talked rubbish; whatever it does ends in one event and one clear error for the call that
 * ran. One call runs at a time; the others wait by priority, within it in order. A call that overstays its time is
 * ended by SIGKILL. What the child says is hostile: bounded in size, count and time on the loop (about a frame of
 * WIRE_MESSAGE_MAX bytes a turn), checked field by field.
 *
 * Thread: the loop's. Callbacks run from the loop, never from inside a function here; they may make calls and stop the
 * link, not free anything of it. */
#ifndef DROVER_CONTROLLER_AGENT_PROVIDER_LINK_H
#define DROVER_CONTROLLER_AGENT_PROVIDER_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "providers/host/records.h"
#include "providers/host/settings.h"

enum {
    PROVIDER_LINK_MEMORY_MIB = 4096, /* address space of a child, when nothing else is set */
    PROVIDER_LINK_QUEUE_MAX = 1000,
    PROVIDER_LINK_LOG_MAX = 200, /* log and progress lines of one call that are passed on */
};

struct provider_link;

enum provider_link_event {
    PROVIDER_LINK_UP,      /* the account is open; text: "aws 1.0" */
    PROVIDER_LINK_REFUSED, /* open refused the account or the module could not be loaded; text says why */
    PROVIDER_LINK_CRASHED, /* the process ended by itself: signal or status, and its last words */
    PROVIDER_LINK_HUNG,    /* killed: a call overstayed its time, or was a write when the gate closed */
    PROVIDER_LINK_RUBBISH, /* killed: what it said cannot be */
    PROVIDER_LINK_EVENT_COUNT
};

/* Later ones wait for earlier ones. */
enum provider_priority {
    PROVIDER_FIRST,  /* grow, shrink, withdraw, poll */
    PROVIDER_NORMAL, /* pools, interruptions */
    PROVIDER_LAST,   /* describe, offers, quotas, check */
    PROVIDER_PRIORITY_COUNT
};

/* How a call ended. */
struct provider_result {
    enum provider_status status;
    struct provider_error error; /* unless PROVIDER_OK */
    bool gated; /* a write that the gate kept from beginning: PROVIDER_CONFLICT, surely without effect */
    bool has_operation;
    struct provider_operation operation;
    /* What was emitted, complete only with PROVIDER_OK (of check also with others). The receiver may take it: move the
     * struct and leave provider_records_init's behind. */
    struct provider_records records;
};

struct provider_link_callbacks {
    void (*on_event)(void *context, enum provider_link_event event, const char *text);
    /* Lines of the module's own; level "debug", "info", "warn", "error" or "progress". May be NULL. */
    void (*on_log)(void *context, const char *level, const char *text);
    /* The module asks for, or keeps (value NULL: forgets), a little state; provider_link_answer_kept or _keep answers,
     * at once or later. NULL: nothing is ever kept. */
    void (*on_kept)(void *context, struct provider_link *link, const char *key);
    void (*on_keep)(void *context, struct provider_link *link, const char *key, const char *value);
    /* The gate, asked at the moment a writing call is handed to the module; call_context is provider_link_call's.
     * False: it is not, and ends as `gated` with what was written into `why`. NULL: always open. */
    bool (*may_write)(void *context, void *call_context, struct error *why);
    void *context;
};

struct provider_link_config {
    const char *name;        /* of the account */
    const char *module_path; /* of the shared object */
    const char *program;     /* what is run as PROGRAM provider-host; NULL: this very program */
    const struct provider_settings *settings;
    int64_t memory_mib; /* 0: PROVIDER_LINK_MEMORY_MIB */
    int64_t open_us;    /* time for open; 0: 60 s */
    uint64_t seed;      /* of the backoff's jitter */
};

/* Copies the configuration and starts the child from the loop's next turn. Never fails at once. */
struct provider_link *provider_link_start(uv_loop_t *loop, const struct provider_link_config *config,
                                          const struct provider_link_callbacks *callbacks);

/* Asks for a function of provider.h by name, with its arguments as JSON ("" or NULL for none, providers/host/call.h),
 * within time_us from when it begins. on_done runs exactly once, also when the child dies: then a write (grow,
 * shrink, withdraw) is PROVIDER_UNKNOWN, a look PROVIDER_RETRY; after provider_link_stop PROVIDER_UNREACHABLE, or
 * PROVIDER_UNKNOWN for a write that was under way. A full queue: PROVIDER_THROTTLED. */
void provider_link_call(struct provider_link *link, enum provider_priority priority, const char *function,
                        const char *arguments, int64_t time_us,
                        void (*on_done)(void *context, struct provider_result *result), void *context);

/* The arguments of calls that have some. The caller frees. */
char *provider_link_grow_arguments(const struct provider_pool *observed, int64_t to);
char *provider_link_shrink_arguments(const char *pool, const char *const *instances, size_t count);
char *provider_link_withdraw_arguments(const char *pool);
char *provider_link_poll_arguments(const char *token);

/* Answers to on_kept (value NULL: nothing is kept) and on_keep. Without a question open they do nothing. */
void provider_link_answer_kept(struct provider_link *link, const char *value);
void provider_link_answer_keep(struct provider_link *link, bool stored);

/* Ends all calls, lets the module close for up to 2 s, kills it then; on_stopped runs last, after which the link is
 * gone. */
void provider_link_stop(struct provider_link *link, void (*on_stopped)(void *context), void *context);

/* The gate has been closed: a module that is in the middle of a write is killed, so that nothing leaves any more. Its
 * call ends as PROVIDER_UNKNOWN. */
void provider_link_stop_writing(struct provider_link *link, const char *why);

/* For tests and status: the child's process id, 0 while there is none. */
int provider_link_process(const struct provider_link *link);

/* "up", "refused", ...; static. */
const char *provider_link_event_word(enum provider_link_event event);

#endif
