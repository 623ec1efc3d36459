/* Asking the agent: one request, one JSON answer. Address and token come from the flags, the environment and the usual
 * files; errors say what to do about it and never hold the token. */
#ifndef DROVER_CONTROLLER_CLI_CLIENT_H
#define DROVER_CONTROLLER_CLI_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "controller/cli/command.h"
#include "net/http.h"

#define CLIENT_ADDRESS_DEFAULT "http://127.0.0.1:4650"

struct client;

/* Reads DROVER_ADDR, DROVER_CACERT, DROVER_TOKEN, DROVER_TOKEN_FILE and the flags. Connects to nothing yet. NULL on
 * failure: ERROR_INVALID (an address that is none), ERROR_NOT_FOUND, ERROR_DENIED (a file that is named but cannot be
 * read). */
struct client *client_open(const struct options *options, struct error *ret_error);
void client_close(struct client *client);

/* `path` is what follows /v1/drover/, encoded. *ret_answer is the caller's, by json_decref. Errors: what the agent
 * said, under the code it gave; ERROR_UNREACHABLE, ERROR_TIMEOUT, ERROR_INVALID (an answer that is no JSON). */
bool client_call(struct client *client, enum http_method method, const char *path, const struct buffer *body,
                 json_t **ret_answer, struct error *ret_error);
bool client_get(struct client *client, const char *path, json_t **ret_answer, struct error *ret_error);

/* X-Drover-Index of the last answer; 0 when it had none. */
uint64_t client_index(const struct client *client);

/* Hands an endless answer's bytes on as they come, until on_data says false or the agent ends it: then true. */
bool client_stream(struct client *client, const char *path, bool (*on_data)(void *context, const char *, size_t),
                   void *context, struct error *ret_error);

/* Appends a path segment, '/' first, or "?key=value" (the first) or "&key=value"; nothing for a NULL value. */
void client_path_segment(struct buffer *path, const char *segment);
void client_path_query(struct buffer *path, const char *key, const char *value);
/* job/ID?namespace=..., explain/ID?...: an ID of "", "." or ".." is refused. */
bool client_path_job(struct buffer *path, const char *what, const char *id, const struct options *options,
                     struct error *ret_error);

/* What most commands are: one request, then its answer as JSON with -json or else through `show`. */
int client_show(const struct command *command, const struct options *options, const char *path,
                void (*show)(const json_t *answer, const struct options *options));
int client_change(const struct command *command, const struct options *options, enum http_method method,
                  const char *path, const struct buffer *body,
                  void (*show)(const json_t *answer, const struct options *options));

/* client_token.c: where the token comes from. */
struct client_token {
    char *value;          /* NULL: none was found */
    struct buffer source; /* "DROVER_TOKEN", "the file /home/x/.drover/token", or where was looked in vain */
};
bool client_token_find(const struct options *options, struct client_token *ret_token, struct error *ret_error);
void client_token_release(struct client_token *token);

#endif
