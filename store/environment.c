/* One LMDB environment: open, grow, write, begin reading; see store/environment.h. */
#include "store/environment.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store/record.h"

enum { MAP_STEP = 1024 * 1024, PATH_LIMIT = 4096 };
static const size_t map_start_default = 64UL * MAP_STEP;
static const size_t map_max_default = 64UL * 1024 * MAP_STEP;

bool store_lmdb_error(const struct store_environment_state *state, int number, const char *what,
                      struct error *ret_error)
{
    const char *name = state->which == STORE_INTENT ? "intent" : "inventory";
    switch (number) {
    case MDB_MAP_FULL:
        return error_set(ret_error, ERROR_NO_SPACE, "store %s: cannot %s: it has reached its largest size (%zu bytes)",
                         name, what, state->map_max);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EIO: /* LMDB 0.9 answers a short write with EIO (mdb.c, mdb_page_flush), so a full disk looks so too */
        return error_set(ret_error, ERROR_NO_SPACE, "store %s: cannot %s: the disk is full%s (%s)", name, what,
                         number == EIO ? " or failing" : "", strerror(number));
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
        return error_set(ret_error, ERROR_CORRUPT, "store %s: cannot %s: the file is damaged (%s)", name, what,
                         mdb_strerror(number));
    case MDB_PANIC:
        return error_set(ret_error, ERROR_SYSTEM,
                         "store %s: cannot %s: an earlier write to the file's head failed; start Drover again", name,
                         what);
    default:
        return error_set(ret_error, ERROR_SYSTEM, "store %s: cannot %s: %s", name, what, mdb_strerror(number));
    }
}

static size_t map_round(size_t bytes)
{
    return (bytes + MAP_STEP - 1) / MAP_STEP * MAP_STEP;
}

/* The map begins with room to write: at least a quarter more than the file has. */
static size_t map_size_begin(size_t start, size_t most, uint64_t file_size)
{
    size_t size = map_round(start ? start : map_start_default);
    while (size < file_size + file_size / 4 && size < most)
        size *= 2;
    if (size > most)
        size = most;
    return size < file_size ? map_round((size_t)file_size) : size;
}

static int tables_open(struct store_environment_state *state, bool read_only)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(state->env, NULL, read_only ? MDB_RDONLY : 0, &txn);
    if (code != 0)
        return code;
    for (int i = 0; i < STORE_TABLE_COUNT; i++) {
        state->tables[i] = 0;
        if (store_table_environment((enum store_table)i) != state->which)
            continue;
        code = mdb_dbi_open(txn, store_table_name((enum store_table)i), read_only ? 0 : MDB_CREATE, &state->tables[i]);
        if (code == MDB_NOTFOUND && read_only)
            continue;
        if (code != 0) {
            mdb_txn_abort(txn);
            return code;
        }
    }
    return mdb_txn_commit(txn);
}

bool store_environment_open(struct store_environment_state *state, enum store_environment which, const char *directory,
                            size_t map_start, size_t map_max, bool read_only, bool create, struct error *ret_error)
{
    char path[PATH_LIMIT];
    struct stat facts = {0};
    *state = (struct store_environment_state){.which = which};
    if (snprintf(path, sizeof path, "%s/data.mdb", directory) >= (int)sizeof path)
        return error_set(ret_error, ERROR_INVALID, "store: the directory's name is too long");
    if (stat(path, &facts) != 0 && !(create && errno == ENOENT))
        return store_lmdb_error(state, errno, "find its file", ret_error);
    state->map_max = map_round(map_max ? map_max : map_max_default);
    state->map_size = map_size_begin(map_start, state->map_max, (uint64_t)facts.st_size);
    int code = mdb_env_create(&state->env);
    if (code != 0) {
        state->env = NULL;
        return store_lmdb_error(state, code, "start LMDB", ret_error);
    }
    pthread_rwlock_init(&state->mapped, NULL);
    unsigned flags = MDB_NOTLS | (which == STORE_INVENTORY ? MDB_NOSYNC : 0);
    if (read_only) /* the shared lock keeps every writer away, so no reader table is needed */
        flags |= MDB_RDONLY | MDB_NOLOCK;
    code = mdb_env_set_maxdbs(state->env, STORE_TABLE_COUNT);
    if (code == 0)
        code = mdb_env_set_mapsize(state->env, state->map_size);
    if (code == 0)
        code = mdb_env_open(state->env, directory, flags, 0600);
    if (code == 0)
        code = tables_open(state, read_only);
    if (code == 0)
        return true;
    store_environment_close(state);
    return store_lmdb_error(state, code, "open it", ret_error);
}

void store_environment_close(struct store_environment_state *state)
{
    if (state->env == NULL)
        return;
    mdb_env_close(state->env);
    state->env = NULL;
    pthread_rwlock_destroy(&state->mapped);
}

/* Doubles the map; waits for open reads. No transaction of the writer may be open. */
static bool map_grow(struct store_environment_state *state, int *ret_code)
{
    if (state->map_size >= state->map_max)
        return false;
    size_t size = state->map_size > state->map_max / 2 ? state->map_max : state->map_size * 2;
    pthread_rwlock_wrlock(&state->mapped);
    int code = mdb_env_set_mapsize(state->env, size);
    if (code == 0)
        state->map_size = size;
    pthread_rwlock_unlock(&state->mapped);
    state->growths++;
    *ret_code = code;
    return code == 0;
}

static int change_apply(struct store_environment_state *state, MDB_txn *txn, const struct store_batch *batch,
                        const struct store_change *change)
{
    struct store_bytes key = store_change_key(batch, change);
    MDB_val name = {key.length, (void *)key.data};
    if (change->is_delete) {
        int code = mdb_del(txn, state->tables[change->table], &name, NULL);
        return code == MDB_NOTFOUND ? 0 : code;
    }
    struct store_bytes value = store_change_value(batch, change);
    MDB_val data = {STORE_RECORD_HEAD + value.length, NULL};
    int code = mdb_put(txn, state->tables[change->table], &name, &data, MDB_RESERVE);
    if (code != 0)
        return code;
    store_record_head(store_table_version(change->table), key, value, data.mv_data);
    memcpy((uint8_t *)data.mv_data + STORE_RECORD_HEAD, value.data, value.length);
    return 0;
}

static int write_once(struct store_environment_state *state, const struct store_batch *const *batches, size_t count)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(state->env, NULL, 0, &txn);
    if (code != 0)
        return code;
    for (size_t b = 0; b < count; b++) {
        for (size_t i = 0; i < batches[b]->count; i++) {
            const struct store_change *change = &batches[b]->changes[i];
            if (store_table_environment(change->table) != state->which)
                continue;
            code = change_apply(state, txn, batches[b], change);
            if (code != 0) {
                mdb_txn_abort(txn);
                return code;
            }
        }
    }
    return mdb_txn_commit(txn);
}

bool store_environment_write(struct store_environment_state *state, const struct store_batch *const *batches,
                             size_t count, struct error *ret_error)
{
    int code;
    do
        code = write_once(state, batches, count);
    while (code == MDB_MAP_FULL && map_grow(state, &code));
    return code == 0 ? true : store_lmdb_error(state, code, "write", ret_error);
}

bool store_environment_begin(struct store_environment_state *state, MDB_txn **ret_txn, struct error *ret_error)
{
    pthread_rwlock_rdlock(&state->mapped);
    int code = mdb_txn_begin(state->env, NULL, MDB_RDONLY, ret_txn);
    if (code == 0)
        return true;
    pthread_rwlock_unlock(&state->mapped);
    return store_lmdb_error(state, code, "read", ret_error);
}

void store_environment_end(struct store_environment_state *state, MDB_txn *txn)
{
    mdb_txn_abort(txn);
    pthread_rwlock_unlock(&state->mapped);
}
