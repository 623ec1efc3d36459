/* Snapshots of intent: write one, look at one, make a store of one. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/check.h"
#include "store/state.h"

static bool file_error(struct error *ret_error, const char *path, const char *what)
{
    return error_set(ret_error, errno == ENOSPC || errno == EDQUOT ? ERROR_NO_SPACE : ERROR_SYSTEM,
                     "snapshot %s: cannot %s: %s", path, what, strerror(errno));
}

/* The directory entry of a renamed file is durable only once its directory is synced. */
static bool parent_sync(const char *path, struct error *ret_error)
{
    char *copy = memory_copy_text(path, strlen(path));
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (!good)
        file_error(ret_error, path, "sync its directory");
    if (fd >= 0)
        close(fd);
    free(copy);
    return good;
}

static bool copy_write(struct store_environment_state *state, const char *temporary, struct error *ret_error)
{
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return file_error(ret_error, temporary, "make it");
    pthread_rwlock_rdlock(&state->mapped);
    int code = mdb_env_copyfd2(state->env, fd, MDB_CP_COMPACT);
    pthread_rwlock_unlock(&state->mapped);
    bool good = code == 0 ? true : store_lmdb_error(state, code, "write a snapshot", ret_error);
    if (good && fsync(fd) != 0)
        good = file_error(ret_error, temporary, "sync it");
    close(fd);
    return good;
}

bool store_snapshot_write(struct store *store, const char *path, struct error *ret_error)
{
    struct buffer temporary = BUFFER_INIT;
    buffer_printf(&temporary, "%s.new", path);
    bool good = copy_write(&store->environments[STORE_INTENT], temporary.data, ret_error);
    if (good && rename(temporary.data, path) != 0)
        good = file_error(ret_error, path, "put it in place");
    if (!good)
        unlink(temporary.data);
    buffer_release(&temporary);
    return good && parent_sync(path, ret_error);
}

static bool snapshot_check(const char *path, const struct store_upgrade *upgrades, size_t upgrade_count,
                           struct store_check_facts *ret_facts, struct error *ret_error)
{
    struct store_check_request request = {
        .path = path, .environment = STORE_INTENT, .upgrades = upgrades, .upgrade_count = upgrade_count};
    if (!store_check_file(&request, ret_facts, ret_error))
        return false;
    if (!ret_facts->has_identity)
        return error_set(ret_error, ERROR_CORRUPT, "snapshot %s: it is no snapshot of a store", path);
    return true;
}

bool store_snapshot_inspect(const char *path, const struct store_upgrade *upgrades, size_t upgrade_count,
                            struct store_snapshot_facts *ret_facts, struct error *ret_error)
{
    struct store_check_facts facts;
    if (!snapshot_check(path, upgrades, upgrade_count, &facts, ret_error))
        return false;
    ret_facts->bytes = facts.bytes;
    memcpy(ret_facts->cluster_id, facts.cluster_id, sizeof facts.cluster_id);
    memcpy(ret_facts->records, facts.records, sizeof facts.records);
    return true;
}

static bool bytes_copy(int from, int to, const char *path, struct error *ret_error)
{
    enum { PIECE = 1024 * 1024 };
    char *piece = memory_new(PIECE, 1);
    ssize_t got;
    bool good = true;
    while (good && (got = read(from, piece, PIECE)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            good = file_error(ret_error, path, "read it");
        for (ssize_t put = 0, n; good && put < got; put += n) {
            n = write(to, piece + put, (size_t)(got - put));
            if (n < 0)
                good = file_error(ret_error, path, "copy it");
        }
    }
    free(piece);
    return good && (fsync(to) == 0 || file_error(ret_error, path, "sync the copy"));
}

/* The copy is what gets checked, so the file cannot change between check and use. */
static bool stage_copy(const struct store_directory *directory, const char *path, struct error *ret_error)
{
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return error_set(ret_error, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_SYSTEM, "snapshot %s: cannot open it: %s",
                         path, strerror(errno));
    bool good = store_intent_stage(directory, ret_error);
    int to = good ? openat(directory->fd, STORE_INTENT_STAGE_NAME "/data.mdb",
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)
                  : -1;
    if (good && to < 0)
        good = file_error(ret_error, path, "make the copy");
    good = good && bytes_copy(from, to, path, ret_error);
    close(from);
    if (to >= 0)
        close(to);
    return good;
}

static bool restore_into(const struct store_directory *directory, const char *path,
                         const struct store_upgrade *upgrades, size_t upgrade_count, struct error *ret_error)
{
    struct store_marker marker;
    struct store_check_facts facts;
    bool marked, present;
    if (!store_marker_read(directory, &marker, &marked, ret_error) ||
        !store_intent_present(directory, &present, ret_error))
        return false;
    if (marked || present)
        return error_set(ret_error, ERROR_CONFLICT,
                         "store %s: a store is here already: stop the agent and move %s and STORE away first",
                         directory->path, STORE_INTENT_NAME);
    if (!stage_copy(directory, path, ret_error))
        return false;
    char *copy = store_path(directory, STORE_INTENT_STAGE_NAME "/data.mdb");
    bool good = snapshot_check(copy, upgrades, upgrade_count, &facts, ret_error) &&
                store_intent_install(directory, facts.cluster_id, ret_error);
    free(copy);
    return good;
}

bool store_snapshot_restore(const char *path, const char *directory, const struct store_upgrade *upgrades,
                            size_t upgrade_count, struct error *ret_error)
{
    struct store_directory place;
    if (!store_directory_open(directory, true, &place, ret_error))
        return false;
    bool good = store_directory_lock(&place, false, ret_error) &&
                restore_into(&place, path, upgrades, upgrade_count, ret_error);
    if (!good) {
        struct error ignored;
        if (place.lock >= 0)
            store_environment_remove(&place, STORE_INTENT_STAGE_NAME, &ignored);
    }
    store_directory_close(&place);
    return good;
}
