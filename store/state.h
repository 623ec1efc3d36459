/* What an open store is, for the files of this folder. */
#ifndef DROVER_STORE_STATE_H
#define DROVER_STORE_STATE_H

#include <pthread.h>

#include "store/batch.h"
#include "store/directory.h"
#include "store/environment.h"
#include "store/store.h"

/* One thing for the store thread: a batch or a snapshot. */
struct store_work {
    struct store_work *next;
    struct store_batch *batch; /* NULL: a snapshot */
    char *snapshot_path;
    uint64_t generation;
    store_committed_function *on_done;
    void *context;
    struct error error; /* ERROR_NONE: it succeeded */
};

struct store_work_list {
    struct store_work *first, **end; /* end NULL while empty */
};

struct store {
    /* fixed after open */
    struct store_directory directory;
    char cluster_id[STORE_CLUSTER_ID_LENGTH + 1];
    bool read_only;
    bool inventory_is_new;
    const struct store_upgrade *upgrades;
    size_t upgrade_count;
    struct store_environment_state environments[STORE_ENVIRONMENT_COUNT];

    /* the writer: the store thread, or the caller where there is no loop */
    uint64_t lost_generation; /* batches of this or an earlier one fail: one before them was lost */
    enum error_code lost_code;

    /* with a loop */
    uv_loop_t *loop;   /* NULL: no thread */
    uv_async_t *async; /* its close callback frees it */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct store_work_list queue, done; /* under mutex, as is all down to stats */
    bool stopping;
    bool thread_ended;
    struct store_stats stats;

    /* the thread that opened the store */
    uint64_t generation; /* grows by one when a failed batch is told */
    size_t untold;
    unsigned reading; /* scans under way */
    bool closing;
    void (*on_closed)(void *context);
    void *closed_context;
};

/* -- commit.c -- */

/* Starts the thread and the wake-up on the loop. ERROR_SYSTEM. */
bool store_writer_start(struct store *store, uv_loop_t *loop, struct error *ret_error);
/* Begins the end: when the thread has drained and ended, store_finish is called on the loop thread. */
void store_writer_stop(struct store *store);

/* -- store.c -- */

/* After the writer has ended: closes, frees, calls on_closed. */
void store_finish(struct store *store);

/* -- inventory.c -- */

/* Opens the inventory, anew when in doubt; leaves it closed when that fails too. The map sizes as in store_options. */
void store_inventory_open(struct store *store, const struct store_options *options);
/* The inventory synced and marked as stopped cleanly; what fails here only costs the inventory at the next start. */
void store_inventory_settle(struct store *store);

/* -- snapshot.c -- */

bool store_snapshot_write(struct store *store, const char *path, struct error *ret_error);

/* -- intent.c -- */

/* Decides by marker and data whether the intent environment is begun, checked or missed, and opens it. Sets the
 * cluster id. Errors as store_open. */
bool store_intent_open(struct store *store, const struct store_options *options, struct error *ret_error);
/* True when the directory holds intent data of any kind, be it damaged. */
bool store_intent_present(const struct store_directory *directory, bool *ret_present, struct error *ret_error);
/* An empty sub-directory in which the data is made ready; what an earlier try left there goes. */
bool store_intent_stage(const struct store_directory *directory, struct error *ret_error);
/* Puts what was made ready in place, then writes the marker: killed in between, the next open writes it. */
bool store_intent_install(const struct store_directory *directory, const char *cluster_id, struct error *ret_error);

/* "<directory>/<name>", fresh; the caller frees it. */
char *store_path(const struct store_directory *directory, const char *name);

#define STORE_INTENT_NAME "intent"
#define STORE_INTENT_STAGE_NAME "intent.new"
#define STORE_INVENTORY_NAME "inventory"

#endif
