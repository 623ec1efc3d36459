/* The store's directory, its lock and its small text files; see store/directory.h. */
#include "store/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

enum { SMALL_FILE_MAX = 256 };

static bool system_error(struct error *ret_error, const char *path, const char *name, const char *what)
{
    int cause = errno;
    enum error_code code = cause == ENOSPC || cause == EDQUOT  ? ERROR_NO_SPACE
                           : cause == EACCES || cause == EPERM ? ERROR_DENIED
                                                               : ERROR_SYSTEM;
    return error_set(ret_error, code, "store %s%s%s: cannot %s: %s", path, name[0] ? "/" : "", name, what,
                     strerror(cause));
}

bool store_directory_open(const char *path, bool make, struct store_directory *ret_directory, struct error *ret_error)
{
    if (make && mkdir(path, 0700) != 0 && errno != EEXIST)
        return system_error(ret_error, path, "", "make the directory");
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return error_set(ret_error, ERROR_NOT_FOUND, "store %s: there is no such directory", path);
    if (fd < 0)
        return system_error(ret_error, path, "", "open the directory");
    struct stat facts;
    bool known = fstat(fd, &facts) == 0;
    if (!known || facts.st_uid != geteuid() || (facts.st_mode & 07777) != 0700) {
        if (!known)
            system_error(ret_error, path, "", "look at the directory");
        else if (facts.st_uid != geteuid())
            error_set(ret_error, ERROR_DENIED, "store %s: the directory belongs to user %u, not to this user (%u)",
                      path, (unsigned)facts.st_uid, (unsigned)geteuid());
        else
            error_set(ret_error, ERROR_DENIED, "store %s: the directory has mode %04o, it must be 0700: chmod 700 %s",
                      path, (unsigned)facts.st_mode & 07777U, path);
        close(fd);
        return false;
    }
    *ret_directory = (struct store_directory){.path = memory_copy_text(path, strlen(path)), .fd = fd, .lock = -1};
    return true;
}

/* Reads at most SMALL_FILE_MAX bytes of a plain file as text. */
static bool small_file_read(const struct store_directory *directory, const char *name,
                            char ret_text[SMALL_FILE_MAX + 1], bool *ret_found, struct error *ret_error)
{
    int fd = openat(directory->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        *ret_found = false;
        return errno == ENOENT ? true : system_error(ret_error, directory->path, name, "open it");
    }
    ssize_t got = read(fd, ret_text, SMALL_FILE_MAX);
    if (got < 0) {
        system_error(ret_error, directory->path, name, "read it");
        close(fd);
        return false;
    }
    close(fd);
    ret_text[got] = '\0';
    *ret_found = true;
    return true;
}

bool store_directory_sync(int fd, const char *path, struct error *ret_error)
{
    return fsync(fd) == 0 ? true : system_error(ret_error, path, "", "sync the directory");
}

/* All of the text or nothing: a temporary file, synced, renamed over the old one. */
static bool small_file_replace(const struct store_directory *directory, const char *name, const char *text,
                               struct error *ret_error)
{
    char temporary[64];
    snprintf(temporary, sizeof temporary, "%s.new", name);
    int fd = openat(directory->fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return system_error(ret_error, directory->path, temporary, "make it");
    size_t length = strlen(text);
    ssize_t put = write(fd, text, length);
    if (put >= 0 && (size_t)put != length)
        errno = ENOSPC;
    bool written = put == (ssize_t)length && fsync(fd) == 0;
    if (!written)
        system_error(ret_error, directory->path, temporary, "write it");
    close(fd);
    if (!written)
        return false;
    if (renameat(directory->fd, temporary, directory->fd, name) != 0)
        return system_error(ret_error, directory->path, name, "put it in place");
    return store_directory_sync(directory->fd, directory->path, ret_error);
}

/* The living process that wrote its pid into LOCK; 0 when there is none (readers do not write theirs). */
static bool lock_holder(const struct store_directory *directory, long *ret_holder, struct error *ret_error)
{
    char text[SMALL_FILE_MAX + 1];
    bool found;
    if (!small_file_read(directory, "LOCK", text, &found, ret_error))
        return false;
    long holder = found ? strtol(text, NULL, 10) : 0;
    bool alive = holder > 0 && (kill((pid_t)holder, 0) == 0 || errno != ESRCH);
    *ret_holder = alive ? holder : 0;
    return true;
}

/* A process that was just killed may have left a child of its own (the check) that holds the lock until the kernel has
 * ended that too: without a living holder it is tried again for a while. */
static bool lock_take(const struct store_directory *directory, int fd, int operation, struct error *ret_error)
{
    enum { TRIES = 50 };
    const struct timespec pause = {0, 10 * 1000 * 1000};
    long holder = 0;
    for (int i = 0; i < TRIES; i++) {
        if (flock(fd, operation | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK)
            return system_error(ret_error, directory->path, "LOCK", "lock it");
        if (!lock_holder(directory, &holder, ret_error))
            return false;
        if (holder > 0)
            return error_set(ret_error, ERROR_BUSY, "store %s: process %ld is using it", directory->path, holder);
        nanosleep(&pause, NULL);
    }
    return error_set(ret_error, ERROR_BUSY, "store %s: another process is using it", directory->path);
}

bool store_directory_lock(struct store_directory *directory, bool shared, struct error *ret_error)
{
    int flags = shared ? O_RDONLY : O_RDWR | O_CREAT;
    int fd = openat(directory->fd, "LOCK", flags | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && shared && errno == ENOENT)
        return error_set(ret_error, ERROR_NOT_FOUND, "store %s: there is no store here", directory->path);
    if (fd < 0)
        return system_error(ret_error, directory->path, "LOCK", "open it");
    if (!lock_take(directory, fd, shared ? LOCK_SH : LOCK_EX, ret_error)) {
        close(fd);
        return false;
    }
    if (!shared) { /* only tells a person who holds it: a full disk must not stop a start */
        char text[32];
        int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
        if (pwrite(fd, text, (size_t)length, 0) != length || ftruncate(fd, length) != 0)
            errno = 0;
    }
    directory->lock = fd;
    return true;
}

void store_directory_close(struct store_directory *directory)
{
    if (directory->path == NULL)
        return;
    if (directory->lock >= 0)
        close(directory->lock);
    close(directory->fd);
    free(directory->path);
    *directory = (struct store_directory){.fd = -1, .lock = -1};
}

bool store_cluster_id_valid(const char *text, size_t length)
{
    if (length != STORE_CLUSTER_ID_LENGTH)
        return false;
    for (size_t i = 0; i < length; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (hyphen ? text[i] != '-' : !hex)
            return false;
    }
    return true;
}

bool store_cluster_id_make(char ret_id[STORE_CLUSTER_ID_LENGTH + 1], struct error *ret_error)
{
    uint8_t bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return error_set(ret_error, ERROR_SYSTEM, "no random numbers: %s", strerror(errno));
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40); /* RFC 9562 5.4 */
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    char *at = ret_id;
    for (size_t i = 0; i < sizeof bytes; i++)
        at += sprintf(at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", bytes[i]);
    return true;
}

bool store_marker_read(const struct store_directory *directory, struct store_marker *ret_marker, bool *ret_found,
                       struct error *ret_error)
{
    char text[SMALL_FILE_MAX + 1];
    struct store_marker marker;
    bool found;
    if (!small_file_read(directory, "STORE", text, &found, ret_error))
        return false;
    *ret_found = found;
    if (!found)
        return true;
    int fields = sscanf(text, "format %9u cluster %36s", &marker.format, marker.cluster_id);
    if (fields >= 1 && marker.format > STORE_FORMAT)
        return error_set(ret_error, ERROR_NEWER,
                         "store %s: its format is %u, this version knows %d: start the newer "
                         "Drover that wrote it",
                         directory->path, marker.format, STORE_FORMAT);
    if (fields != 2 || !store_cluster_id_valid(marker.cluster_id, strlen(marker.cluster_id)))
        return error_set(ret_error, ERROR_CORRUPT,
                         "store %s/STORE: the marker file is damaged: remove it if the data "
                         "beside it is the right one, it is then written anew",
                         directory->path);
    *ret_marker = marker;
    return true;
}

bool store_marker_write(const struct store_directory *directory, const char *cluster_id, struct error *ret_error)
{
    char text[SMALL_FILE_MAX];
    snprintf(text, sizeof text, "format %d\ncluster %s\n", STORE_FORMAT, cluster_id);
    return small_file_replace(directory, "STORE", text, ret_error);
}

/* Linux: a random id made at boot; "unknown" where it cannot be read, which then never counts as the same boot. */
static void boot_id_read(char ret_id[64])
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (file == NULL || fscanf(file, "%63s", ret_id) != 1)
        strcpy(ret_id, "unknown");
    if (file != NULL)
        fclose(file);
}

bool store_inventory_trusted(const struct store_directory *directory, const char *cluster_id)
{
    char text[SMALL_FILE_MAX + 1], cluster[64], boot[64], state[16], boot_now[64];
    bool found;
    struct error ignored;
    if (!small_file_read(directory, "INVENTORY", text, &found, &ignored) || !found)
        return false;
    if (sscanf(text, "cluster %63s boot %63s state %15s", cluster, boot, state) != 3 ||
        strcmp(cluster, cluster_id) != 0)
        return false;
    boot_id_read(boot_now);
    return strcmp(state, "clean") == 0 || (strcmp(boot, boot_now) == 0 && strcmp(boot, "unknown") != 0);
}

bool store_inventory_mark(const struct store_directory *directory, const char *cluster_id, bool clean,
                          struct error *ret_error)
{
    char text[SMALL_FILE_MAX], boot[64];
    boot_id_read(boot);
    snprintf(text, sizeof text, "cluster %s\nboot %s\nstate %s\n", cluster_id, boot, clean ? "clean" : "open");
    return small_file_replace(directory, "INVENTORY", text, ret_error);
}

bool store_environment_remove(const struct store_directory *directory, const char *name, struct error *ret_error)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char path[128];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", name, files[i]);
        if (unlinkat(directory->fd, path, 0) != 0 && errno != ENOENT && errno != ENOTDIR)
            return system_error(ret_error, directory->path, path, "remove it");
    }
    if (unlinkat(directory->fd, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return system_error(ret_error, directory->path, name, "remove it");
    return true;
}
