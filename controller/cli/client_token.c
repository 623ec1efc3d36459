/* Which token is shown to the agent, and where it was found. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/cli/client.h"
#include "net/files.h"

enum { TOKEN_FILE_MAX = 4096 };

#define TOKEN_WITHOUT_HOME "/var/lib/drover/token"

static bool token_read(const char *path, struct client_token *token, struct error *ret_error)
{
    struct buffer bytes = BUFFER_INIT;
    bool ok = file_read(path, TOKEN_FILE_MAX, &bytes, ret_error);
    while (ok && bytes.length > 0 && strchr(" \t\r\n", bytes.data[bytes.length - 1]) != NULL) {
        bytes.length--;
    }
    if (ok && (bytes.length == 0 || memchr(bytes.data, '\0', bytes.length) != NULL)) {
        ok = error_set(ret_error, ERROR_INVALID, "%s holds no token", path);
    }
    if (ok) {
        token->value = memory_copy_text(bytes.data, bytes.length);
        buffer_printf(&token->source, "the file %s", path);
    }
    explicit_bzero(bytes.data, bytes.capacity);
    buffer_release(&bytes);
    return ok;
}

/* A usual place: that nothing is there is no error. */
static bool token_try(const char *path, struct client_token *token, struct error *ret_error)
{
    struct error error;
    if (token->value != NULL || token_read(path, token, &error)) {
        return true;
    }
    if (error.code != ERROR_NOT_FOUND) {
        *ret_error = error;
        return error_prefix(ret_error, "the agent's token");
    }
    buffer_printf(&token->source, "%s%s", token->source.length > 0 ? ", " : "", path);
    return true;
}

static bool token_try_usual(struct client_token *token, struct error *ret_error)
{
    const char *home = getenv("HOME");
    struct buffer path = BUFFER_INIT;
    bool ok = true;
    if (home != NULL && home[0] == '/') {
        buffer_printf(&path, "%s/.drover/token", home);
        ok = token_try(path.data, token, ret_error);
    }
    buffer_release(&path);
    return ok && token_try(TOKEN_WITHOUT_HOME, token, ret_error);
}

bool client_token_find(const struct options *options, struct client_token *ret_token, struct error *ret_error)
{
    const char *flag = options_text(options, "token-file");
    const char *value = getenv("DROVER_TOKEN"), *file = getenv("DROVER_TOKEN_FILE");
    *ret_token = (struct client_token){.source = BUFFER_INIT};
    if (flag != NULL) {
        return token_read(flag, ret_token, ret_error) || error_prefix(ret_error, "-token-file");
    }
    if (value != NULL && value[0] != '\0') {
        ret_token->value = memory_copy_text(value, strlen(value));
        buffer_append_text(&ret_token->source, "DROVER_TOKEN");
        return true;
    }
    if (file != NULL && file[0] != '\0') {
        return token_read(file, ret_token, ret_error) || error_prefix(ret_error, "DROVER_TOKEN_FILE");
    }
    return token_try_usual(ret_token, ret_error);
}

void client_token_release(struct client_token *token)
{
    if (token->value != NULL) {
        explicit_bzero(token->value, strlen(token->value));
    }
    free(token->value);
    buffer_release(&token->source);
}
