/* Small, whole-file work: configuration, tokens, CAs, small state. Not for data that grows.
 *
 * Every error names the path and the reason, never the content. These calls block for as long as the disk does; on the
 * loop they are for files on local disks only. Any thread. */
#ifndef DROVER_NET_FILES_H
#define DROVER_NET_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

/* Appends the content of a regular file to `buffer` (which the caller owns; unchanged on failure).
 * ERROR_NOT_FOUND, ERROR_DENIED, ERROR_INVALID (a directory, a FIFO, a device), ERROR_TOO_LARGE (more than `maximum`
 * bytes), ERROR_SYSTEM. A symbolic link is followed. */
bool file_read(const char *path, size_t maximum, struct buffer *buffer, struct error *ret_error);

/* Replaces or makes the file so that a reader, or a start after a crash, sees the old content or the new, whole:
 * written beside it under a name of its own with exactly `mode`, synced, renamed over it, folder synced. On failure the
 * old file stands and nothing is left beside it (if only the last step, syncing the folder, fails, the new one stands
 * but may not survive a power loss). A symbolic link at `path` is itself replaced. */
bool file_write_atomic(const char *path, const void *bytes, size_t length, mode_t mode, struct error *ret_error);

/* Makes the directory (not its parents) with mode 0700, or checks that what is there is a directory of this process's
 * user which nobody else can enter, read or write; otherwise ERROR_DENIED with what to do about it. */
bool file_make_private_directory(const char *path, struct error *ret_error);

#endif
