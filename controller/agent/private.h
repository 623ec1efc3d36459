/* What the files of the agent share; nobody else includes this. */
#ifndef DROVER_CONTROLLER_AGENT_PRIVATE_H
#define DROVER_CONTROLLER_AGENT_PRIVATE_H

#include <uv.h>

#include "controller/agent/agent.h"
#include "controller/agent/clock.h"
#include "controller/agent/config.h"
#include "controller/api/api.h"
#include "controller/core/core.h"
#include "controller/federation/federation.h"
#include "net/http.h"
#include "store/store.h"

enum {
    AGENT_TICK_MS = 1000,         /* the FREEZE file and the clock are looked at */
    AGENT_STORE_RETRY_MS = 1000,  /* a failed commit is tried again */
    AGENT_STOP_MS = 4000,         /* what has not ended by then is left */
    AGENT_SPECIFICATIONS_MAX = 16 /* dry runs' specifications kept in memory */
};

/* A step that has been made and is not yet acted on, in the order of the steps (commit.c). */
struct commit {
    struct commit *next;
    struct agent *agent;
    struct step step;
    struct flight *send; /* the step was EVENT_EFFECT_SENT: what leaves once it is durable */
    bool given;          /* to the store, which has not told yet */
    bool durable;
    bool replied; /* its requests have been answered already */
};

/* An effect between its intent and its result (executor.c). */
struct flight {
    struct flight *next;
    struct agent *agent;
    struct effect effect;
    bool sent;
};

/* A specification that is not (or not yet) in the store: a dry run's. */
struct specification {
    uint64_t revision;
    struct buffer body;
};

struct dev;
struct assess;
struct account;

/* accounts.h */
struct accounts {
    struct account *list;
    size_t count;
    void (*on_closed)(void *context);
    void *closed_context;
};

struct agent {
    const struct agent_options *options;
    struct config *config;
    uv_loop_t loop;
    struct store *store;
    struct core *core;
    struct http_client *client;
    struct federation *federation;
    struct api *api;
    struct dev *dev; /* NULL without -dev */
    struct assess *assess;
    struct accounts accounts;
    struct agent_clock clock;
    struct log_sink *sink;
    struct changes *changes; /* what the log has told of the world */
    char *data_dir, *freeze_path, *token;
    uint64_t epoch;
    int64_t started_at_ms;

    struct step step;             /* scratch of shell_feed */
    uint64_t longest_callback_us; /* of one step */
    uint64_t longest_turn_us;     /* of one turn of the loop, waiting not counted */
    uint64_t longest_turn_cpu_us; /* the same in processor time: what others took of the machine left out */
    uint64_t turn_ns, turn_idle_ns, turn_cpu_ns;
    uv_prepare_t turn_begin;

    struct commit *commit_head, *commit_tail;
    bool draining;
    bool store_broken;
    char *store_trouble;
    unsigned commits_given;

    struct flight *flights;
    size_t flight_count;
    struct specification specifications[AGENT_SPECIFICATIONS_MAX];
    size_t specification_next;

    uv_timer_t deadline_timer, retry_timer, tick_timer, stop_timer;
    uv_signal_t signal_term, signal_int, signal_freeze;
    uv_fs_event_t freeze_watch;
    bool started;    /* all parts are there: a signal may end them */
    bool stop_asked; /* a signal came; while starting it is heeded once all parts are there */
    bool stopping;
    unsigned closing; /* parts that have not told their end yet */
    int exit_code;
};

/* --- shell.c: events in, steps out -------------------------------------------------------------------------------- */
void shell_feed(struct agent *agent, const struct event *event);
/* The same for EVENT_EFFECT_SENT: the flight leaves when the step is durable. */
void shell_feed_sent(struct agent *agent, const struct event *event, struct flight *flight);
void shell_on_deadline(uv_timer_t *timer);

/* --- commit.c: steps wait here for their transaction ----------------------------------------------------------------
 */
/* Takes the step's content over (it is zeroes after). */
void commit_add(struct agent *agent, struct step *step, struct flight *send);
void commit_on_retry(uv_timer_t *timer);
/* Frees what still waits, at the very end. */
void commit_forget(struct agent *agent);

/* --- executor.c: the one gate, and the way out ----------------------------------------------------------------------
 */
/* An effect whose step is durable. */
void executor_start(struct agent *agent, const struct effect *effect);
/* The gate as it stands at this very moment: stopping, the FREEZE file, freeze, mode. `context` is the agent. */
bool executor_may_write(void *context, const struct effect *effect, struct error *ret_error);
/* An effect whose EVENT_EFFECT_SENT is durable. */
void executor_leave(struct agent *agent, struct flight *flight);
/* Remembers what a dry run's plan effects will ask for. */
void executor_keep_specification(struct agent *agent, const struct event *event, const struct step *step);
void executor_forget(struct agent *agent);

/* --- restore.c: the store's records into a fresh core ---------------------------------------------------------------
 */
/* Opens the store, begins the next epoch durably, restores. */
bool restore_open(struct agent *agent, struct error *ret_error);
/* inventory.c: keeps a region's nodes after a complete list; shows what was kept after a start. */
void inventory_keep(struct agent *agent, const char *region_name);
void inventory_recall(struct agent *agent);
enum store_table restore_table(enum record_kind kind);
/* Adds the persisted clock to a batch. */
void restore_put_clock(struct store_batch *batch, int64_t now_ms);

/* --- freeze.c: the FREEZE file and SIGUSR1 ---------------------------------------------------------------------------
 */
void freeze_start(struct agent *agent);
bool freeze_file_exists(const struct agent *agent);
/* Looks once and freezes when the file is there. */
void freeze_look(struct agent *agent);
/* After a step: makes or removes the file so that it says what the world says. */
void freeze_follow(struct agent *agent, enum event_type type, const char *reason);

/* --- token.c ---------------------------------------------------------------------------------------------------------
 */
/* The path in force: the configured one, else ~/.drover/token, else /var/lib/drover/token. Freed by the caller. */
char *token_path(const char *configured);
/* Reads it, or makes it (0600) with a fresh token. */
bool token_obtain(const char *path, char **ret_token, struct error *ret_error);

/* --- backend.c: what the HTTP interface asks of the agent ------------------------------------------------------------
 */
struct api_backend backend_make(struct agent *agent);

/* --- dev.c: simulated regions ----------------------------------------------------------------------------------------
 */
/* Adds the three regions to the configuration; they listen from now on. */
bool dev_start(struct agent *agent, struct error *ret_error);
/* on_closed is called when the server was there and has ended; agent->closing counts it. */
void dev_close(struct agent *agent, void (*on_closed)(void *context));
void dev_free(struct agent *agent);
bool dev_simulate(void *context, const struct api_simulation *simulation, struct buffer *ret_done,
                  struct error *ret_error);
const struct api_simulated_region *dev_regions(const struct agent *agent, size_t *ret_count);

/* --- assess.c: the background solve of the whole federation ----------------------------------------------------------
 */
void assess_start(struct agent *agent);
/* Begins one when it is time. */
void assess_look(struct agent *agent);
/* Somebody wants one that includes the world as it is now: its number, counted from 1. `context` is the agent. */
uint64_t assess_ask(void *context);
/* The number of the last that ended, whatever came of it. */
uint64_t assess_ended(void *context);
/* on_closed is called when it was started and has ended; agent->closing counts it. */
void assess_close(struct agent *agent, void (*on_closed)(void *context));
void assess_free(struct agent *agent);

/* --- accounts.c: the providers' modules ------------------------------------------------------------------------------
 */
bool accounts_start(struct agent *agent, struct error *ret_error);
/* Asks what is due. */
void accounts_look(struct agent *agent);
/* False when there is no account of that name; then done is not called. */
bool accounts_execute(struct agent *agent, const struct effect *effect,
                      void (*done)(void *context, const struct effect_result *result), void *context);
/* The gate has closed: what a module is writing is broken off. */
void accounts_stop_writing(struct agent *agent, const char *why);
/* on_closed is called when children ran and have ended; agent->closing counts it. */
void accounts_close(struct agent *agent, void (*on_closed)(void *context));
void accounts_free(struct agent *agent);

/* --- check.c
 * ---------------------------------------------------------------------------------------------------------- */
/* Runs federation_check on every region and prints the table. False when a needed call is refused. */
bool check_run(struct agent *agent);

/* --- report.c: the log
 * ------------------------------------------------------------------------------------------------ */
void report_info(struct agent *agent, const char *region, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void report_warn(struct agent *agent, const char *region, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void report_error(struct agent *agent, const char *region, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void report_event(struct agent *agent, const struct event *event);
/* changes.c: tells of regions and jobs whose state is another than last told. */
void changes_look(struct agent *agent);
void changes_free(struct agent *agent);
/* level as enum log_level; region may be NULL. */
void report_line(struct agent *agent, const char *module, int level, const char *region, const char *message);
void report_open(struct agent *agent);
void report_close(struct agent *agent);
/* NULL: info. */
void report_set_level(struct agent *agent, const char *word);

#endif
