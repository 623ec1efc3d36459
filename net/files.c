/* Whole-file reads and writes: see files.h. */
#include "net/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/random.h"

enum { FILE_READ_STEP = 64 * 1024 };

static bool fail(const char *what, const char *path, int number, struct error *ret_error)
{
    enum error_code code = ERROR_SYSTEM;
    if (number == ENOENT || number == ENOTDIR)
        code = ERROR_NOT_FOUND;
    else if (number == EACCES || number == EPERM)
        code = ERROR_DENIED;
    else if (number == ENOSPC || number == EDQUOT)
        code = ERROR_NO_SPACE;
    return error_set(ret_error, code, "cannot %s %s: %s", what, path, strerror(number));
}

static bool too_large(const char *path, size_t maximum, struct error *ret_error)
{
    return error_set(ret_error, ERROR_TOO_LARGE, "cannot read %s: it is larger than %zu bytes", path, maximum);
}

static bool check_regular(int fd, const char *path, size_t maximum, struct error *ret_error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return fail("read", path, errno, ret_error);
    if (S_ISDIR(status.st_mode))
        return error_set(ret_error, ERROR_INVALID, "cannot read %s: it is a directory", path);
    if (!S_ISREG(status.st_mode))
        return error_set(ret_error, ERROR_INVALID, "cannot read %s: it is not a regular file", path);
    if (status.st_size > 0 && (unsigned long long)status.st_size > maximum)
        return too_large(path, maximum, ret_error);
    return true;
}

/* The size that fstat gave is a hint only: the file may grow meanwhile, and files under /proc say 0. */
static bool read_all(int fd, const char *path, size_t maximum, struct buffer *buffer, struct error *ret_error)
{
    size_t before = buffer->length;
    for (;;) {
        buffer_reserve(buffer, FILE_READ_STEP);
        ssize_t got = read(fd, buffer->data + buffer->length, FILE_READ_STEP);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail("read", path, errno, ret_error);
        if (got == 0)
            return true;
        buffer->length += (size_t)got;
        buffer->data[buffer->length] = '\0';
        if (buffer->length - before > maximum)
            return too_large(path, maximum, ret_error);
    }
}

bool file_read(const char *path, size_t maximum, struct buffer *buffer, struct error *ret_error)
{
    /* O_NONBLOCK: opening a FIFO that nobody writes must not hold the process. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return fail("read", path, errno, ret_error);
    size_t before = buffer->length;
    bool done = check_regular(fd, path, maximum, ret_error) && read_all(fd, path, maximum, buffer, ret_error);
    close(fd);
    if (!done && buffer->length > before) {
        buffer->length = before;
        buffer->data[before] = '\0';
    }
    return done;
}

static bool write_all(int fd, const char *path, const void *bytes, size_t length, struct error *ret_error)
{
    const char *from = bytes;
    while (length) {
        ssize_t put = write(fd, from, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fail("write", path, errno, ret_error);
        from += put;
        length -= (size_t)put;
    }
    return true;
}

/* Makes a rename in the folder of `path` durable. */
static bool sync_folder(const char *path, struct error *ret_error)
{
    const char *slash = strrchr(path, '/');
    struct buffer folder = BUFFER_INIT;
    if (!slash)
        buffer_append_text(&folder, ".");
    else
        buffer_append(&folder, path, slash == path ? 1 : (size_t)(slash - path));
    int fd = open(folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    if (!done)
        fail("sync", folder.data, errno, ret_error);
    if (fd >= 0)
        close(fd);
    buffer_release(&folder);
    return done;
}

static bool fill_beside(int fd, const char *path, const void *bytes, size_t length, mode_t mode,
                        struct error *ret_error)
{
    if (fchmod(fd, mode) < 0)
        return fail("set the mode of", path, errno, ret_error);
    if (!write_all(fd, path, bytes, length, ret_error))
        return false;
    if (fsync(fd) < 0)
        return fail("sync", path, errno, ret_error);
    return true;
}

bool file_write_atomic(const char *path, const void *bytes, size_t length, mode_t mode, struct error *ret_error)
{
    char suffix[17];
    random_hex(suffix, 8);
    struct buffer beside = BUFFER_INIT;
    buffer_printf(&beside, "%s.%s.new", path, suffix);
    /* 0600 until fchmod, so that a secret is never open to others for a moment. */
    int fd = open(beside.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool done = fd >= 0;
    if (!done) {
        fail("write", path, errno, ret_error);
        goto out;
    }
    done = fill_beside(fd, path, bytes, length, mode, ret_error);
    if (close(fd) < 0 && done)
        done = fail("write", path, errno, ret_error);
    if (done && rename(beside.data, path) < 0)
        done = fail("replace", path, errno, ret_error);
    if (!done)
        unlink(beside.data);
    else
        done = sync_folder(path, ret_error);
out:
    buffer_release(&beside);
    return done;
}

bool file_make_private_directory(const char *path, struct error *ret_error)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return fail("make the directory", path, errno, ret_error);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail("open the directory", path, errno, ret_error);
    struct stat status;
    int result = fstat(fd, &status);
    int number = errno;
    close(fd);
    if (result < 0)
        return fail("look at", path, number, ret_error);
    if (status.st_uid != geteuid())
        return error_set(ret_error, ERROR_DENIED, "%s belongs to user id %u, not to the user this runs as (%u)", path,
                         (unsigned)status.st_uid, (unsigned)geteuid());
    if (status.st_mode & 077u)
        return error_set(ret_error, ERROR_DENIED, "%s is open to other users (mode %04o); run: chmod 700 %s", path,
                         (unsigned)(status.st_mode & 07777u), path);
    return true;
}
