/* One LMDB environment: its map, its tables, a write transaction that grows the map when it must.
 *
 * Threads: one writer (store_environment_write); readers anywhere, between store_environment_begin and _end. Growing
 * the map moves it, so it waits until no reader is between the two, and readers wait for it. */
#ifndef DROVER_STORE_ENVIRONMENT_H
#define DROVER_STORE_ENVIRONMENT_H

#include <pthread.h>

#include <lmdb.h>

#include "store/batch.h"
#include "store/store.h"

struct store_environment_state {
    MDB_env *env; /* NULL: not open; reads find nothing */
    enum store_environment which;
    MDB_dbi tables[STORE_TABLE_COUNT]; /* 0: not there (read-only, written before the table was invented) */
    pthread_rwlock_t mapped;           /* shared: a read transaction is open; exclusive: the map moves */
    size_t map_size;                   /* under mapped */
    size_t map_max;
    uint64_t growths; /* the writer's */
};

/* Opens `directory`/data.mdb, which exists already unless `create`. ERROR_SYSTEM | ERROR_NO_SPACE | ERROR_CORRUPT. */
bool store_environment_open(struct store_environment_state *state, enum store_environment which, const char *directory,
                            size_t map_start, size_t map_max, bool read_only, bool create, struct error *ret_error);
/* May be called on a state that was never opened (env NULL). */
void store_environment_close(struct store_environment_state *state);

/* Applies those changes of the batches that are of this environment, in order, in one transaction; all or nothing.
 * Errors: ERROR_NO_SPACE | ERROR_SYSTEM | ERROR_CORRUPT. */
bool store_environment_write(struct store_environment_state *state, const struct store_batch *const *batches,
                             size_t count, struct error *ret_error);

/* A read transaction. The environment must be open. */
bool store_environment_begin(struct store_environment_state *state, MDB_txn **ret_txn, struct error *ret_error);
void store_environment_end(struct store_environment_state *state, MDB_txn *txn);

/* An LMDB or errno number as an error of the store; always returns false. */
bool store_lmdb_error(const struct store_environment_state *state, int number, const char *what,
                      struct error *ret_error);

#endif
