/* The store: what Drover must not forget, in two LMDB environments under one directory.
 *
 *   intent      synced: a commit that was told done survives kill -9 and power loss
 *   inventory   unsynced: what was last observed; thrown away whenever it is in doubt, and nobody misses it
 *
 * It knows tables, keys and bytes, never what a record means. One process at a time (flock). Inside the process ONE
 * thread writes: the loop hands it batches and goes on; it gathers those that wait into one transaction, syncs once and
 * tells each of them, in the order they were given, on the loop thread.
 *
 * Promise about order: what is on disk is always a prefix of the batches given. When a batch fails, every batch given
 * before its failure was told fails too; one given after that (also from inside that very on_done) is tried afresh.
 *
 * Reading is synchronous, on the thread that opened the store. It sees what is committed: not yet what is only queued,
 * perhaps already what is committed and not yet told. No read transaction outlives a call.
 *
 * Damage: LMDB crashes on damaged files, so before this process maps the intent environment its size is checked and a
 * child process walks every page and reads every record. What it finds, or its death, becomes one error.
 *
 * Directory (0700): LOCK (flock, pid of the holder) | STORE (marker: format, cluster id) | INVENTORY (boot id, clean
 * stop) | intent/data.mdb | inventory/data.mdb. */
#ifndef DROVER_STORE_STORE_H
#define DROVER_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/buffer.h"
#include "base/error.h"

enum store_environment { STORE_INTENT, STORE_INVENTORY, STORE_ENVIRONMENT_COUNT };

/* STORE_META, STORE_JOB, ... */
enum store_table {
#define X(constant, name, environment, version, key) STORE_##constant,
#include "store/tables.def.h"
#undef X
    STORE_TABLE_COUNT
};

enum {
    STORE_FORMAT = 1,                   /* of the directory and the record envelope */
    STORE_KEY_MAX = 500,                /* bytes; LMDB's own limit is 511 */
    STORE_VALUE_MAX = 16 * 1024 * 1024, /* bytes of one record */
    STORE_BATCH_MAX = 64 * 1024 * 1024, /* bytes of one batch, keys and values */
    STORE_CLUSTER_ID_LENGTH = 36,       /* a UUID as text */
};

/* The name of a table as in errors ("job"); static storage. */
const char *store_table_name(enum store_table table);
enum store_environment store_table_environment(enum store_table table);
/* The version its records are written with. */
uint16_t store_table_version(enum store_table table);

/* Makes a record of codec version `from` into one of version from + 1: appends the new value to *value_out.
 * Must treat the bytes as hostile. */
typedef bool store_upgrade_function(const void *value, size_t length, struct buffer *value_out,
                                    struct error *ret_error);
struct store_upgrade {
    enum store_table table;
    uint16_t from;
    store_upgrade_function *upgrade;
};

struct store_options {
    const char *directory;
    bool allow_new;            /* make the directory and an empty store when neither data nor a marker is there */
    bool read_only;            /* shares the lock with other readers, writes nothing; excludes allow_new and loop */
    size_t map_start;          /* bytes; 0: 64 MiB */
    size_t map_max;            /* bytes for each environment; 0: 64 GiB */
    uv_loop_t *loop;           /* NULL: no thread; store_commit_now, and store_commit tells before it returns */
    uint32_t check_timeout_ms; /* for the child that reads everything; 0: 120 000 */
    const struct store_upgrade *upgrades; /* may be NULL; must live as long as the store */
    size_t upgrade_count;
};

struct store;

/* Opens (checks, locks, maps, starts the thread). Blocks for as long as reading everything once takes (about two
 * seconds a GB from the page cache). Call it before other threads hold locks that a forked child would need: it forks.
 * Errors: ERROR_BUSY another process holds the directory (its pid in the text) | ERROR_DENIED owner or mode of the
 * directory | ERROR_NOT_FOUND no store there and !allow_new | ERROR_CORRUPT damaged, truncated, empty or gone (with
 * table and key where known) | ERROR_NEWER written by a newer Drover | ERROR_UNSUPPORTED an older record without an
 * upgrade | ERROR_CONFLICT marker and data belong to different clusters | ERROR_TIMEOUT the check took too long |
 * ERROR_NO_SPACE | ERROR_SYSTEM. Inventory never makes it fail: in doubt it is begun anew (read_only: left out, reads
 * find nothing). */
struct store *store_open(const struct store_options *options, struct error *ret_error);

/* Ends: what is queued is committed and told, then the thread ends, then on_closed (may be NULL) is called on the loop
 * thread and `store` is gone. Never blocks the loop for more than ending an idle thread. With a loop it returns at
 * once; without one everything is done on return. Reads stay allowed until on_closed; a batch given after this call
 * fails. */
void store_close(struct store *store, void (*on_closed)(void *context), void *context);

/* The cluster's UUID, made with the store and kept in it; lives as long as the store. */
const char *store_cluster_id(const struct store *store);
/* True when this open began the inventory anew (first start or doubt). */
bool store_inventory_is_new(const struct store *store);

/* -- writing -- */

/* Puts and deletes in order; the later wins. A key or value that breaks the limits above spoils the whole batch:
 * committing it fails with ERROR_TOO_LARGE or ERROR_INVALID, so puts need no check of their own. Owned by the caller
 * until committed. Any thread, one at a time. */
struct store_batch *store_batch_new(void);
void store_batch_put(struct store_batch *batch, enum store_table table, const void *key, size_t key_length,
                     const void *value, size_t length);
/* Deleting what is not there is no error. */
void store_batch_delete(struct store_batch *batch, enum store_table table, const void *key, size_t key_length);
/* NULL is allowed. */
void store_batch_free(struct store_batch *batch);
/* How many puts and deletes it holds, and their bytes. */
size_t store_batch_count(const struct store_batch *batch);
size_t store_batch_bytes(const struct store_batch *batch);

/* error is NULL when the batch is durable; else nothing of it was applied:
 * ERROR_NO_SPACE disk or map_max is full: later commits work once there is space | ERROR_SYSTEM the disk failed: after
 * a failed write of LMDB's own head every later commit fails so until a restart | ERROR_TOO_LARGE, ERROR_INVALID the
 * batch itself | ERROR_INTERNAL given after store_close, or to a read-only store. What went to inventory tables is
 * applied after the intent part, in a transaction of its own; its failure is counted in the statistics and never fails
 * a batch. */
typedef void store_committed_function(void *context, const struct error *error);

/* Takes the batch (frees it). on_done (may be NULL) is called once, on the loop thread, never from inside this call
 * (without a loop: always before it returns). Loop thread. */
void store_commit(struct store *store, struct store_batch *taken, store_committed_function *on_done, void *context);

/* The same at once, for a store without a loop. Takes the batch. Not from inside a visitor (ERROR_INTERNAL). */
bool store_commit_now(struct store *store, struct store_batch *taken, struct error *ret_error);

/* -- reading: on the thread that opened the store -- */

/* Copies the value into *ret_value (initialised by the caller, replaced). *ret_found false and true returned when there
 * is no such key. Errors: ERROR_CORRUPT | ERROR_NEWER | ERROR_UNSUPPORTED | ERROR_INVALID (key) | ERROR_SYSTEM. */
bool store_get(struct store *store, enum store_table table, const void *key, size_t key_length,
               struct buffer *ret_value, bool *ret_found, struct error *ret_error);

/* One record; key and value are valid during the call. Returns false to stop the scan (no error). It may read and may
 * call store_commit on a store with a loop. */
typedef bool store_visitor(void *context, const void *key, size_t key_length, const void *value, size_t length);

/* All records whose key begins with prefix (length 0: all), in key order, as they were at one moment. */
bool store_scan(struct store *store, enum store_table table, const void *prefix, size_t prefix_length,
                store_visitor *visitor, void *context, struct error *ret_error);

/* At most `limit` records beyond after_key, which need not exist; reverse: downwards from before it. Length 0: from the
 * first (reverse: from the last). For paging: give the last key seen. */
bool store_scan_from(struct store *store, enum store_table table, const void *after_key, size_t after_length,
                     size_t limit, bool reverse, store_visitor *visitor, void *context, struct error *ret_error);

/* -- snapshot -- */

/* Writes a compacted copy of intent to the file `path` (0600; by a temporary file beside it, synced, then renamed), in
 * order with the commits: it holds every batch given before. On the store thread: commits wait meanwhile, the loop does
 * not. on_done as store_commit's. */
void store_snapshot_save(struct store *store, const char *path, store_committed_function *on_done, void *context);

struct store_snapshot_facts {
    char cluster_id[STORE_CLUSTER_ID_LENGTH + 1];
    uint64_t records[STORE_TABLE_COUNT]; /* inventory tables: 0 */
    uint64_t bytes;                      /* of the file */
};

/* Checks a snapshot file as store_open checks a store (a child reads it all) and counts its records. Any thread;
 * blocks. upgrades as in store_options. Errors as store_open. */
bool store_snapshot_inspect(const char *path, const struct store_upgrade *upgrades, size_t upgrade_count,
                            struct store_snapshot_facts *ret_facts, struct error *ret_error);

/* Makes `directory` (absent, or holding no store: no data and no marker) a store with the snapshot's content. The agent
 * starts on it in observe (the caller's business). Errors as store_open; ERROR_CONFLICT when a store is there. */
bool store_snapshot_restore(const char *path, const char *directory, const struct store_upgrade *upgrades,
                            size_t upgrade_count, struct error *ret_error);

/* -- statistics -- */

struct store_stats {
    uint64_t bytes_used[STORE_ENVIRONMENT_COUNT]; /* of the file, by its last page */
    uint64_t map_size[STORE_ENVIRONMENT_COUNT];
    uint64_t commits; /* intent transactions that succeeded */
    uint64_t batches; /* batches they carried: batches / commits is the grouping */
    uint64_t batches_failed;
    uint64_t inventory_commits;
    uint64_t inventory_failures;
    uint64_t growths;         /* of either map */
    uint64_t commit_ns_total; /* of intent transactions, begin to synced */
    uint64_t commit_ns_max;
    size_t queued;           /* batches not yet told */
    struct error last_error; /* code ERROR_NONE: none since open */
};
/* The thread that opened the store. */
void store_stats(struct store *store, struct store_stats *ret_stats);

#endif
