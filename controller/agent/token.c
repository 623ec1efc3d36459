/* The token that callers of the HTTP interface show: a file 0600, made at the first start and used again. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "controller/agent/private.h"
#include "net/files.h"
#include "net/random.h"

enum { TOKEN_BYTES = 24 }; /* 192 bits as 48 hex digits */

#define TOKEN_WITHOUT_HOME "/var/lib/drover/token"

char *token_path(const char *configured)
{
    const char *home = getenv("HOME");
    if (configured != NULL) {
        return memory_copy_text(configured, strlen(configured));
    }
    if (home == NULL || home[0] != '/') {
        return memory_copy_text(TOKEN_WITHOUT_HOME, strlen(TOKEN_WITHOUT_HOME));
    }
    struct buffer path = BUFFER_INIT;
    buffer_printf(&path, "%s/.drover/token", home);
    return buffer_take(&path);
}

/* The folder of the default places is made; that of a configured one is its owner's business. */
static bool token_make(const char *path, char **ret_token, struct error *ret_error)
{
    char text[2 * TOKEN_BYTES + 2];
    const char *slash = strrchr(path, '/');
    if (slash != NULL && slash != path) {
        char *folder = memory_copy_text(path, (size_t)(slash - path));
        struct stat status;
        bool ok = stat(folder, &status) == 0 || file_make_private_directory(folder, ret_error);
        free(folder);
        if (!ok) {
            return false;
        }
    }
    random_hex(text, TOKEN_BYTES);
    text[2 * TOKEN_BYTES] = '\n';
    bool written = file_write_atomic(path, text, 2 * TOKEN_BYTES + 1, 0600, ret_error);
    if (written) {
        *ret_token = memory_copy_text(text, 2 * TOKEN_BYTES);
    }
    explicit_bzero(text, sizeof text);
    return written;
}

static bool token_take(const char *path, struct buffer *bytes, char **ret_token, struct error *ret_error)
{
    struct stat status;
    while (bytes->length > 0 && strchr(" \t\r\n", bytes->data[bytes->length - 1]) != NULL) {
        bytes->length--;
    }
    if (bytes->length < 16 || memchr(bytes->data, '\0', bytes->length) != NULL) {
        return error_set(ret_error, ERROR_INVALID,
                         "the token file %s holds fewer than 16 characters: remove it and a new one is made", path);
    }
    if (stat(path, &status) == 0 && (status.st_mode & 077) != 0) {
        return error_set(ret_error, ERROR_DENIED, "the token file %s can be read by others: chmod 600 %s", path, path);
    }
    *ret_token = memory_copy_text(bytes->data, bytes->length);
    return true;
}

bool token_obtain(const char *path, char **ret_token, struct error *ret_error)
{
    struct buffer bytes = BUFFER_INIT;
    struct error error;
    bool ok;
    if (file_read(path, API_TOKEN_MAX, &bytes, &error)) {
        ok = token_take(path, &bytes, ret_token, ret_error);
    } else if (error.code == ERROR_NOT_FOUND) {
        ok = token_make(path, ret_token, ret_error);
    } else {
        *ret_error = error;
        ok = error_prefix(ret_error, "the token file");
    }
    explicit_bzero(bytes.data, bytes.capacity);
    buffer_release(&bytes);
    return ok;
}
