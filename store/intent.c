/* The intent environment at start: begun, checked or missed; never silently taken for empty. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/check.h"
#include "store/state.h"

char *store_path(const struct store_directory *directory, const char *name)
{
    struct buffer path = BUFFER_INIT;
    buffer_printf(&path, "%s/%s", directory->path, name);
    return buffer_take(&path);
}

bool store_intent_present(const struct store_directory *directory, bool *ret_present, struct error *ret_error)
{
    struct stat facts;
    if (fstatat(directory->fd, STORE_INTENT_NAME "/data.mdb", &facts, AT_SYMLINK_NOFOLLOW) == 0) {
        *ret_present = true;
        return true;
    }
    if (errno != ENOENT)
        return error_set(ret_error, ERROR_SYSTEM, "store %s: cannot look at the intent data: %s", directory->path,
                         strerror(errno));
    *ret_present = false;
    return true;
}

bool store_intent_stage(const struct store_directory *directory, struct error *ret_error)
{
    if (!store_environment_remove(directory, STORE_INTENT_STAGE_NAME, ret_error))
        return false;
    if (mkdirat(directory->fd, STORE_INTENT_STAGE_NAME, 0700) == 0)
        return true;
    return error_set(ret_error, errno == ENOSPC ? ERROR_NO_SPACE : ERROR_SYSTEM, "store %s: cannot make %s: %s",
                     directory->path, STORE_INTENT_STAGE_NAME, strerror(errno));
}

bool store_intent_install(const struct store_directory *directory, const char *cluster_id, struct error *ret_error)
{
    unlinkat(directory->fd, STORE_INTENT_STAGE_NAME "/lock.mdb", 0);
    int stage = openat(directory->fd, STORE_INTENT_STAGE_NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = stage >= 0 && fsync(stage) == 0;
    if (stage >= 0)
        close(stage);
    unlinkat(directory->fd, STORE_INTENT_NAME "/lock.mdb", 0); /* what a removed data.mdb may have left */
    if (!synced || renameat(directory->fd, STORE_INTENT_STAGE_NAME, directory->fd, STORE_INTENT_NAME) != 0)
        return error_set(ret_error, ERROR_SYSTEM, "store %s: cannot put the new intent data in place: %s",
                         directory->path, strerror(errno));
    return store_directory_sync(directory->fd, directory->path, ret_error) &&
           store_marker_write(directory, cluster_id, ret_error);
}

/* An empty environment but for the store's own record. */
static bool intent_create(const struct store_directory *directory, const struct store_options *options,
                          struct error *ret_error)
{
    char cluster_id[STORE_CLUSTER_ID_LENGTH + 1];
    struct store_environment_state state;
    if (!store_cluster_id_make(cluster_id, ret_error) || !store_intent_stage(directory, ret_error))
        return false;
    char *path = store_path(directory, STORE_INTENT_STAGE_NAME);
    bool good = store_environment_open(&state, STORE_INTENT, path, options->map_start, options->map_max, false, true,
                                       ret_error);
    free(path);
    if (!good)
        return false;
    struct buffer identity = BUFFER_INIT;
    store_identity_encode(cluster_id, &identity);
    struct store_batch *batch = store_batch_new();
    store_batch_put(batch, STORE_META, STORE_IDENTITY_KEY, strlen(STORE_IDENTITY_KEY), identity.data, identity.length);
    const struct store_batch *batches[] = {batch};
    good = store_environment_write(&state, batches, 1, ret_error);
    store_batch_free(batch);
    buffer_release(&identity);
    store_environment_close(&state);
    return good && store_intent_install(directory, cluster_id, ret_error);
}

static bool intent_missing(const struct store_directory *directory, bool marked, const struct store_options *options,
                           struct error *ret_error)
{
    if (marked)
        return error_set(ret_error, ERROR_CORRUPT,
                         "store %s: the store was here and its data (%s/data.mdb) is gone: restore a snapshot, or "
                         "remove the file STORE to begin anew",
                         directory->path, STORE_INTENT_NAME);
    if (!options->allow_new || options->read_only)
        return error_set(ret_error, ERROR_NOT_FOUND, "store %s: there is no store here", directory->path);
    return intent_create(directory, options, ret_error);
}

/* Reads it all in a child and compares whose it is. */
static bool intent_check(const struct store_directory *directory, const struct store_marker *marker_or_null,
                         const struct store_options *options, char ret_id[STORE_CLUSTER_ID_LENGTH + 1],
                         struct error *ret_error)
{
    char *path = store_path(directory, STORE_INTENT_NAME "/data.mdb");
    struct store_check_request request = {.path = path,
                                          .environment = STORE_INTENT,
                                          .upgrades = options->upgrades,
                                          .upgrade_count = options->upgrade_count,
                                          .timeout_ms = options->check_timeout_ms};
    struct store_check_facts facts;
    bool good = store_check_file(&request, &facts, ret_error);
    free(path);
    if (!good)
        return error_prefix(ret_error, "the store cannot be used; restore a snapshot or look at it with care");
    if (!facts.has_identity)
        return error_set(ret_error, ERROR_CORRUPT,
                         "store %s: the intent data is empty: the store was here and is gone: restore a snapshot, or "
                         "remove %s and STORE to begin anew",
                         directory->path, STORE_INTENT_NAME);
    if (marker_or_null != NULL && strcmp(marker_or_null->cluster_id, facts.cluster_id) != 0)
        return error_set(
            ret_error, ERROR_CONFLICT,
            "store %s: the file STORE is of cluster %s, the data of cluster %s: remove STORE if the data is "
            "the right one",
            directory->path, marker_or_null->cluster_id, facts.cluster_id);
    memcpy(ret_id, facts.cluster_id, sizeof facts.cluster_id);
    return true;
}

bool store_intent_open(struct store *store, const struct store_options *options, struct error *ret_error)
{
    const struct store_directory *directory = &store->directory;
    struct store_marker marker;
    bool marked, present;
    if (!store_marker_read(directory, &marker, &marked, ret_error) ||
        !store_intent_present(directory, &present, ret_error))
        return false;
    if (!present) {
        if (!intent_missing(directory, marked, options, ret_error) ||
            !store_marker_read(directory, &marker, &marked, ret_error))
            return false;
    }
    if (!intent_check(directory, marked ? &marker : NULL, options, store->cluster_id, ret_error))
        return false;
    if (!marked && !options->read_only && !store_marker_write(directory, store->cluster_id, ret_error))
        return false;
    /* The lock is ours: what a killed process left in LMDB's own lock file means nothing. */
    if (!options->read_only)
        unlinkat(directory->fd, STORE_INTENT_NAME "/lock.mdb", 0);
    char *path = store_path(directory, STORE_INTENT_NAME);
    bool good = store_environment_open(&store->environments[STORE_INTENT], STORE_INTENT, path, options->map_start,
                                       options->map_max, options->read_only, false, ret_error);
    free(path);
    return good;
}
