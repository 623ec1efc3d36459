/* The inventory environment at start and stop: kept when trusted and whole, else begun anew; never a reason to fail. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/check.h"
#include "store/state.h"

static bool inventory_whole(const struct store *store, const struct store_options *options)
{
    char *path = store_path(&store->directory, STORE_INVENTORY_NAME "/data.mdb");
    struct store_check_request request = {.path = path,
                                          .environment = STORE_INVENTORY,
                                          .upgrades = options->upgrades,
                                          .upgrade_count = options->upgrade_count,
                                          .timeout_ms = options->check_timeout_ms};
    struct store_check_facts facts;
    struct error ignored = {0};
    bool good = store_check_file(&request, &facts, &ignored);
    free(path);
    return good;
}

/* Out of the way first, by one rename, so that a kill in the middle leaves nothing half removed under its name. */
static bool inventory_discard(struct store *store, struct error *ret_error)
{
    static const char old[] = STORE_INVENTORY_NAME ".old";
    int fd = store->directory.fd;
    store->inventory_is_new = true;
    if (!store_environment_remove(&store->directory, old, ret_error))
        return false;
    if (renameat(fd, STORE_INVENTORY_NAME, fd, old) != 0 && errno != ENOENT)
        return error_set(ret_error, ERROR_SYSTEM, "store inventory: cannot put the old one aside: %s", strerror(errno));
    if (mkdirat(fd, STORE_INVENTORY_NAME, 0700) != 0)
        return error_set(ret_error, ERROR_SYSTEM, "store inventory: cannot make it: %s", strerror(errno));
    return store_environment_remove(&store->directory, old, ret_error);
}

static bool inventory_open(struct store *store, const struct store_options *options, struct error *ret_error)
{
    char *path = store_path(&store->directory, STORE_INVENTORY_NAME);
    bool good = store_environment_open(&store->environments[STORE_INVENTORY], STORE_INVENTORY, path, options->map_start,
                                       options->map_max, options->read_only, !options->read_only, ret_error);
    free(path);
    return good;
}

void store_inventory_open(struct store *store, const struct store_options *options)
{
    struct error error = {0};
    bool trusted = store_inventory_trusted(&store->directory, store->cluster_id) && inventory_whole(store, options);
    if (store->read_only) {
        if (trusted)
            inventory_open(store, options, &error);
        return;
    }
    /* "open" before the first write: a power loss from here on is seen at the next start. */
    bool good = (trusted || inventory_discard(store, &error)) &&
                store_inventory_mark(&store->directory, store->cluster_id, false, &error);
    if (good && trusted)
        unlinkat(store->directory.fd, STORE_INVENTORY_NAME "/lock.mdb", 0);
    if (good && !inventory_open(store, options, &error) && trusted)
        (void)(inventory_discard(store, &error) && inventory_open(store, options, &error));
    if (store->environments[STORE_INVENTORY].env == NULL) {
        store->inventory_is_new = true;
        store->stats.inventory_failures++;
        store->stats.last_error = error;
    }
}

void store_inventory_settle(struct store *store)
{
    struct store_environment_state *state = &store->environments[STORE_INVENTORY];
    struct error ignored;
    if (state->env != NULL && !store->read_only && mdb_env_sync(state->env, 1) == 0)
        store_inventory_mark(&store->directory, store->cluster_id, true, &ignored);
}
