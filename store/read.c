/* Reading: one record, or a run of them in key order; every record is checked and, if older, upgraded on the way. */
#include <string.h>

#include "store/state.h"

static bool table_known(enum store_table table, struct error *ret_error)
{
    if ((unsigned)table < STORE_TABLE_COUNT)
        return true;
    return error_set(ret_error, ERROR_INVALID, "store: there is no table %u", (unsigned)table);
}

/* The environment of a table, or NULL when there is nothing to read. */
static struct store_environment_state *table_environment(struct store *store, enum store_table table)
{
    struct store_environment_state *state = &store->environments[store_table_environment(table)];
    return state->env != NULL && state->tables[table] != 0 ? state : NULL;
}

static bool record_copy(struct store *store, enum store_table table, struct store_bytes key, const MDB_val *data,
                        struct buffer *ret_value, struct error *ret_error)
{
    struct buffer scratch = BUFFER_INIT;
    struct store_bytes value, record = {data->mv_data, data->mv_size};
    bool good =
        store_record_read(table, key, record, store->upgrades, store->upgrade_count, &scratch, &value, ret_error);
    if (good) {
        buffer_clear(ret_value);
        buffer_append(ret_value, value.data, value.length);
    }
    buffer_release(&scratch);
    return good;
}

bool store_get(struct store *store, enum store_table table, const void *key, size_t key_length,
               struct buffer *ret_value, bool *ret_found, struct error *ret_error)
{
    MDB_txn *txn;
    if (!table_known(table, ret_error))
        return false;
    if (key_length == 0 || key_length > STORE_KEY_MAX)
        return error_set(ret_error, ERROR_INVALID, "store table %s: a key has 1 to %d bytes, this one %zu",
                         store_table_name(table), STORE_KEY_MAX, key_length);
    struct store_environment_state *state = table_environment(store, table);
    if (state == NULL) {
        *ret_found = false;
        return true;
    }
    if (!store_environment_begin(state, &txn, ret_error))
        return false;
    MDB_val name = {key_length, (void *)key}, data;
    int code = mdb_get(txn, state->tables[table], &name, &data);
    bool good = true;
    if (code == 0)
        good = record_copy(store, table, (struct store_bytes){key, key_length}, &data, ret_value, ret_error);
    else if (code != MDB_NOTFOUND)
        good = store_lmdb_error(state, code, "read", ret_error);
    store_environment_end(state, txn);
    if (good)
        *ret_found = code == 0;
    return good;
}

struct scan {
    enum store_table table;
    struct store_bytes prefix; /* length 0: none */
    struct store_bytes after;  /* length 0: from the end where it begins */
    bool reverse;
    size_t limit;
    store_visitor *visitor;
    void *context;
};

/* The record where the scan begins. */
static int scan_first(const struct scan *scan, MDB_cursor *cursor, MDB_val *key, MDB_val *data)
{
    struct store_bytes from = scan->prefix.length > 0 ? scan->prefix : scan->after;
    if (from.length == 0)
        return mdb_cursor_get(cursor, key, data, scan->reverse ? MDB_LAST : MDB_FIRST);
    *key = (MDB_val){from.length, (void *)from.data};
    int code = mdb_cursor_get(cursor, key, data, MDB_SET_RANGE);
    if (scan->reverse) /* SET_RANGE stands at the first not below: the one before it is the answer */
        return code == MDB_NOTFOUND ? mdb_cursor_get(cursor, key, data, MDB_LAST)
               : code == 0          ? mdb_cursor_get(cursor, key, data, MDB_PREV)
                                    : code;
    bool same = code == 0 && key->mv_size == scan->after.length && memcmp(key->mv_data, from.data, from.length) == 0;
    return same && scan->prefix.length == 0 ? mdb_cursor_get(cursor, key, data, MDB_NEXT) : code;
}

static bool scan_inside(const struct scan *scan, const MDB_val *key)
{
    return key->mv_size >= scan->prefix.length &&
           (scan->prefix.length == 0 || memcmp(key->mv_data, scan->prefix.data, scan->prefix.length) == 0);
}

static bool scan_visit(struct store *store, const struct scan *scan, MDB_cursor *cursor,
                       const struct store_environment_state *state, struct error *ret_error)
{
    struct buffer scratch = BUFFER_INIT;
    MDB_val key, data;
    bool good = true, more = scan->limit > 0;
    int code = more ? scan_first(scan, cursor, &key, &data) : MDB_NOTFOUND;
    for (size_t count = 0; more && code == 0 && scan_inside(scan, &key);) {
        struct store_bytes name = {key.mv_data, key.mv_size}, record = {data.mv_data, data.mv_size}, value;
        good = store_record_read(scan->table, name, record, store->upgrades, store->upgrade_count, &scratch, &value,
                                 ret_error);
        more = good && scan->visitor(scan->context, name.data, name.length, value.data, value.length) &&
               ++count < scan->limit;
        if (more)
            code = mdb_cursor_get(cursor, &key, &data, scan->reverse ? MDB_PREV : MDB_NEXT);
    }
    buffer_release(&scratch);
    if (good && code != 0 && code != MDB_NOTFOUND)
        return store_lmdb_error(state, code, "read", ret_error);
    return good;
}

static bool scan_run(struct store *store, const struct scan *scan, struct error *ret_error)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    if (!table_known(scan->table, ret_error))
        return false;
    struct store_environment_state *state = table_environment(store, scan->table);
    if (state == NULL)
        return true;
    if (!store_environment_begin(state, &txn, ret_error))
        return false;
    int code = mdb_cursor_open(txn, state->tables[scan->table], &cursor);
    bool good = code == 0 ? true : store_lmdb_error(state, code, "read", ret_error);
    if (good) {
        store->reading++;
        good = scan_visit(store, scan, cursor, state, ret_error);
        store->reading--;
        mdb_cursor_close(cursor);
    }
    store_environment_end(state, txn);
    return good;
}

bool store_scan(struct store *store, enum store_table table, const void *prefix, size_t prefix_length,
                store_visitor *visitor, void *context, struct error *ret_error)
{
    if (prefix_length > STORE_KEY_MAX)
        return true; /* no key is that long */
    struct scan scan = {
        .table = table, .prefix = {prefix, prefix_length}, .limit = SIZE_MAX, .visitor = visitor, .context = context};
    return scan_run(store, &scan, ret_error);
}

bool store_scan_from(struct store *store, enum store_table table, const void *after_key, size_t after_length,
                     size_t limit, bool reverse, store_visitor *visitor, void *context, struct error *ret_error)
{
    if (after_length > STORE_KEY_MAX)
        return error_set(ret_error, ERROR_INVALID, "store table %s: a key has at most %d bytes, this one %zu",
                         store_table_name(table), STORE_KEY_MAX, after_length);
    struct scan scan = {.table = table,
                        .after = {after_key, after_length},
                        .reverse = reverse,
                        .limit = limit,
                        .visitor = visitor,
                        .context = context};
    return scan_run(store, &scan, ret_error);
}
