/* What the files of a provider link share: provider_link.c (calls and their order), provider_child.c (the process and
 * its pipes), provider_message.c (what it says). Nobody else includes this.
 *
 *   DOWN --something to ask, backoff over--> OPENING --done ok--> READY --call--> BUSY --done--> READY
 *   any but DOWN --failure--> DYING --process and pipes gone--> DOWN (or the end, when stopping) */
#ifndef DROVER_CONTROLLER_AGENT_PROVIDER_PRIVATE_H
#define DROVER_CONTROLLER_AGENT_PROVIDER_PRIVATE_H

#include "controller/agent/provider_link.h"
#include "providers/host/wire.h"

enum provider_link_state { LINK_DOWN, LINK_OPENING, LINK_READY, LINK_BUSY, LINK_CLOSING, LINK_DYING };

enum provider_question { QUESTION_NONE, QUESTION_KEPT, QUESTION_KEEP };

enum { LAST_WORDS_MAX = 512 };

struct provider_call {
    struct provider_call *next;
    char *function, *arguments;
    int64_t time_us;
    void (*on_done)(void *context, struct provider_result *result);
    void *context;
};

struct provider_queue {
    struct provider_call *first, **last;
};

struct provider_link {
    uv_loop_t *loop;
    char *name, *module_path, *program;
    struct provider_settings settings;
    int64_t memory_mib, open_us;
    struct provider_link_callbacks callbacks;
    enum provider_link_state state;
    struct provider_queue queues[PROVIDER_PRIORITY_COUNT];
    size_t queued;
    struct provider_call *running;
    struct provider_result *result; /* of the running call, or of open */
    size_t call_bytes, call_lines;
    enum provider_question question;
    uv_timer_t timer;     /* the call's deadline, or the backoff, or the wait for a close */
    uv_timer_t grace;     /* from the end of the socket to that of the process */
    uv_idle_t resume;     /* reads on in the loop's next turn */
    unsigned own_handles; /* of these three, not yet closed */
    /* The child. Handles are there from spawn until all are closed. */
    uv_process_t process;
    uv_pipe_t socket, words;
    unsigned handles_open;
    bool exited;
    int exit_signal;
    int64_t exit_status;
    struct wire_reader reader;
    char last_words[LAST_WORDS_MAX];
    size_t last_words_length, words_read;
    struct buffer version; /* "aws 1.0" */
    /* Why it is dying; an event's text. */
    enum provider_link_event end_event;
    char end_text[PROVIDER_TEXT_MAX];
    /* Backoff. */
    unsigned failures;
    uint64_t random;
    uint64_t up_since_ms, not_before_ms;
    bool stopping;
    void (*on_stopped)(void *context);
    void *stopped_context;
};

/* --- provider_child.c ------------------------------------------------------------------------------------------- */
/* Starts the process; false with the reason when it cannot be. */
bool provider_child_start(struct provider_link *link, struct error *ret_error);
/* Writes one frame. */
void provider_child_send(struct provider_link *link, const char *json, size_t length);
/* Kills it and what it forked. */
void provider_child_kill(struct provider_link *link);

/* --- provider_message.c ----------------------------------------------------------------------------------------- */
/* Takes one frame. False with the reason when it cannot be. */
bool provider_message_take(struct provider_link *link, const char *json, size_t length, struct error *ret_error);

/* --- provider_link.c -------------------------------------------------------------------------------------------- */
/* The running call, or open, has ended with link->result. */
void provider_link_finished(struct provider_link *link);
/* The child has failed: kill, tell, and go down. The first reason counts. */
void provider_link_failed(struct provider_link *link, enum provider_link_event event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Process and pipes are gone. */
void provider_link_gone(struct provider_link *link);

#endif
