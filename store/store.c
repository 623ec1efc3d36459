/* Opening, closing and measuring a store. */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/state.h"

static void store_free(struct store *store)
{
    for (int i = 0; i < STORE_ENVIRONMENT_COUNT; i++)
        store_environment_close(&store->environments[i]);
    store_directory_close(&store->directory);
    pthread_cond_destroy(&store->wake);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

static bool options_check(const struct store_options *options, struct error *ret_error)
{
    if (options->directory == NULL || options->directory[0] == '\0')
        return error_set(ret_error, ERROR_INVALID, "store: no directory is given");
    if (options->read_only && (options->allow_new || options->loop != NULL))
        return error_set(ret_error, ERROR_INVALID, "store: one opened for reading makes nothing new and has no thread");
    return true;
}

struct store *store_open(const struct store_options *options, struct error *ret_error)
{
    if (!options_check(options, ret_error))
        return NULL;
    struct store *store = memory_new(1, sizeof *store);
    store->read_only = options->read_only;
    store->upgrades = options->upgrades;
    store->upgrade_count = options->upgrade_count;
    store->generation = 1;
    pthread_mutex_init(&store->mutex, NULL);
    pthread_cond_init(&store->wake, NULL);
    if (!store_directory_open(options->directory, options->allow_new, &store->directory, ret_error) ||
        !store_directory_lock(&store->directory, options->read_only, ret_error) ||
        !store_intent_open(store, options, ret_error)) {
        store_free(store);
        return NULL;
    }
    store_inventory_open(store, options);
    if (options->loop != NULL && !store_writer_start(store, options->loop, ret_error)) {
        store_free(store);
        return NULL;
    }
    return store;
}

void store_finish(struct store *store)
{
    void (*on_closed)(void *context) = store->on_closed;
    void *context = store->closed_context;
    store_free(store);
    if (on_closed != NULL)
        on_closed(context);
}

void store_close(struct store *store, void (*on_closed)(void *context), void *context)
{
    if (store->closing)
        return;
    store->closing = true;
    store->on_closed = on_closed;
    store->closed_context = context;
    if (store->loop != NULL) {
        store_writer_stop(store);
        return;
    }
    store_inventory_settle(store);
    store_finish(store);
}

const char *store_cluster_id(const struct store *store)
{
    return store->cluster_id;
}

bool store_inventory_is_new(const struct store *store)
{
    return store->inventory_is_new;
}

static void environment_measure(struct store_environment_state *state, uint64_t *ret_used, uint64_t *ret_map)
{
    MDB_envinfo info;
    MDB_stat facts;
    *ret_used = *ret_map = 0;
    if (state->env == NULL)
        return;
    pthread_rwlock_rdlock(&state->mapped);
    mdb_env_info(state->env, &info);
    mdb_env_stat(state->env, &facts);
    *ret_used = (uint64_t)(info.me_last_pgno + 1) * facts.ms_psize;
    *ret_map = state->map_size;
    pthread_rwlock_unlock(&state->mapped);
}

void store_stats(struct store *store, struct store_stats *ret_stats)
{
    pthread_mutex_lock(&store->mutex);
    *ret_stats = store->stats;
    pthread_mutex_unlock(&store->mutex);
    ret_stats->queued = store->untold;
    for (int i = 0; i < STORE_ENVIRONMENT_COUNT; i++)
        environment_measure(&store->environments[i], &ret_stats->bytes_used[i], &ret_stats->map_size[i]);
}
