/* Requests to the agent: see client.h. */
#include "controller/cli/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "controller/agent/agent.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"
#include "net/http_easy.h"

enum {
    CLIENT_ANSWER_MAX = 256 * 1024 * 1024, /* bytes of one answer: 50,000 nodes are about 25 MB */
    CLIENT_ANSWER_DEPTH = 32,
    CLIENT_IDLE_MS = 150 * 1000, /* over the agent's own limits, and over what a following request waits */
    CLIENT_CONNECT_MS = 5000
};

struct client {
    struct http_easy *easy;
    char *address; /* as it is shown */
    struct client_token token;
    uint64_t index;
};

static char *address_make(const struct options *options)
{
    const char *flag = options_text(options, "address"), *variable = getenv("DROVER_ADDR");
    const char *given = flag != NULL ? flag : variable != NULL && variable[0] != '\0' ? variable : NULL;
    struct buffer text = BUFFER_INIT;
    given = given != NULL ? given : CLIENT_ADDRESS_DEFAULT;
    buffer_printf(&text, "%s%s", strstr(given, "://") == NULL ? "http://" : "", given);
    while (text.length > 0 && text.data[text.length - 1] == '/') {
        text.data[--text.length] = '\0';
    }
    return buffer_take(&text);
}

struct client *client_open(const struct options *options, struct error *ret_error)
{
    struct client *client = memory_new(1, sizeof *client);
    const char *authority = getenv("DROVER_CACERT");
    client->address = address_make(options);
    struct http_endpoint_config config = {.address = client->address,
                                          .token_header = "X-Nomad-Token",
                                          .ca_file = authority != NULL && authority[0] != '\0' ? authority : NULL};
    bool ok = client_token_find(options, &client->token, ret_error);
    if (ok) {
        client->easy = http_easy_open(&config, client->token.value, "drover-cli/" AGENT_VERSION, ret_error);
        if (client->easy == NULL) {
            ok = error_prefix(ret_error, "the agent's address (-address, DROVER_ADDR)");
        }
    }
    if (ok) {
        return client;
    }
    client_close(client);
    return NULL;
}

void client_close(struct client *client)
{
    if (client == NULL) {
        return;
    }
    if (client->easy != NULL) {
        http_easy_close(client->easy);
    }
    client_token_release(&client->token);
    free(client->address);
    free(client);
}

static enum error_code code_of_word(const char *word)
{
    for (int code = ERROR_NONE + 1; code <= ERROR_INTERNAL; code++) {
        if (strcmp(error_code_word((enum error_code)code), word) == 0) {
            return (enum error_code)code;
        }
    }
    return ERROR_INTERNAL;
}

/* What the agent said, or what stood in its place. */
static bool fail_answered(const struct client *client, const struct http_result *result, struct error *ret_error)
{
    json_t *answer = NULL;
    struct error ignored;
    const json_t *told = NULL;
    if (json_read(result->body, result->body_length, HTTP_ERROR_BODY_MAX, CLIENT_ANSWER_DEPTH, &answer, &ignored)) {
        told = field_object(answer, "Error");
    }
    const char *message = field_text(told, "Message");
    if (result->status == 403 && client->token.value == NULL) {
        error_set(ret_error, ERROR_DENIED,
                  "no token was found to show to the agent (looked for DROVER_TOKEN, DROVER_TOKEN_FILE, %s)\n"
                  "The agent prints where its token file is when it starts: name that with -token-file.",
                  client->token.source.data);
    } else if (result->status == 403) {
        error_set(ret_error, ERROR_DENIED, "%s (the token came from %s)",
                  message[0] != '\0' ? message : "access denied", client->token.source.data);
    } else if (message[0] != '\0') {
        error_set(ret_error, code_of_word(field_text(told, "Code")), "%s", message);
    } else {
        error_set(ret_error, ERROR_INVALID, "%s answers, but not as a Drover agent does: %s", client->address,
                  result->error.text);
    }
    json_decref(answer);
    return false;
}

static bool fail_unanswered(const struct client *client, const struct http_result *result, struct error *ret_error)
{
    if (result->outcome == HTTP_NOT_SENT) {
        /* "GET http://...: why": the address is told already. */
        const char *why = strstr(result->error.text, ": ");
        return error_set(ret_error, ERROR_UNREACHABLE,
                         "no agent answers at %s: %s\nStart one with \"drover agent -dev\" (simulated regions) or "
                         "\"drover agent -config FILE\", or say where it is with -address or DROVER_ADDR.",
                         client->address, why != NULL ? why + 2 : result->error.text);
    }
    *ret_error = result->error;
    return error_prefix(ret_error, "the agent's answer did not arrive whole");
}

static const struct http_result *client_perform(struct client *client, struct http_request *request, const char *path,
                                                struct error *ret_error)
{
    struct buffer whole = BUFFER_INIT;
    buffer_printf(&whole, "/v1/drover/%s", path);
    request->path = whole.data;
    request->connect_timeout_ms = CLIENT_CONNECT_MS;
    const struct http_result *result = http_easy_perform(client->easy, request);
    buffer_release(&whole);
    client->index = result->index_present ? result->index : 0;
    if (result->outcome == HTTP_STOPPED_HERE) {
        return result;
    }
    if (result->outcome != HTTP_ANSWERED) {
        fail_unanswered(client, result, ret_error);
        return NULL;
    }
    if (result->status < 200 || result->status > 299) {
        fail_answered(client, result, ret_error);
        return NULL;
    }
    return result;
}

bool client_call(struct client *client, enum http_method method, const char *path, const struct buffer *body,
                 json_t **ret_answer, struct error *ret_error)
{
    struct http_request request = {.method = method,
                                   .body = body != NULL ? body->data : NULL,
                                   .body_length = body != NULL ? body->length : 0,
                                   .idle_timeout_ms = CLIENT_IDLE_MS,
                                   .body_max = CLIENT_ANSWER_MAX};
    const struct http_result *result = client_perform(client, &request, path, ret_error);
    if (result == NULL) {
        return false;
    }
    if (!json_read(result->body, result->body_length, CLIENT_ANSWER_MAX, CLIENT_ANSWER_DEPTH, ret_answer, ret_error)) {
        return error_prefix(ret_error, "%s answers, but not as a Drover agent does", client->address);
    }
    return true;
}

bool client_get(struct client *client, const char *path, json_t **ret_answer, struct error *ret_error)
{
    return client_call(client, HTTP_GET, path, NULL, ret_answer, ret_error);
}

uint64_t client_index(const struct client *client)
{
    return client->index;
}

bool client_stream(struct client *client, const char *path, bool (*on_data)(void *context, const char *, size_t),
                   void *context, struct error *ret_error)
{
    struct http_request request = {.method = HTTP_GET, .on_data = on_data, .context = context};
    return client_perform(client, &request, path, ret_error) != NULL;
}

void client_path_segment(struct buffer *path, const char *segment)
{
    buffer_append_byte(path, '/');
    text_append_percent(path, segment, strlen(segment));
}

void client_path_query(struct buffer *path, const char *key, const char *value)
{
    if (value != NULL) {
        buffer_printf(path, "%c%s=", strchr(path->data, '?') == NULL ? '?' : '&', key);
        text_append_percent(path, value, strlen(value));
    }
}

bool client_path_job(struct buffer *path, const char *what, const char *id, const struct options *options,
                     struct error *ret_error)
{
    if (id[0] == '\0' || strcmp(id, ".") == 0 || strcmp(id, "..") == 0) {
        return error_set(ret_error, ERROR_INVALID, "\"%s\" is no job's ID", id);
    }
    buffer_append_text(path, what);
    client_path_segment(path, id);
    client_path_query(path, "namespace", options_text(options, "namespace"));
    return true;
}

int client_change(const struct command *command, const struct options *options, enum http_method method,
                  const char *path, const struct buffer *body,
                  void (*show)(const json_t *answer, const struct options *options))
{
    struct error error;
    json_t *answer = NULL;
    struct client *client = client_open(options, &error);
    int status = EXIT_DONE;
    if (client == NULL || !client_call(client, method, path, body, &answer, &error)) {
        status = command_fail(command, &error);
    } else if (options_flag(options, "json")) {
        output_json(answer);
    } else {
        show(answer, options);
    }
    json_decref(answer);
    client_close(client);
    return status;
}

int client_show(const struct command *command, const struct options *options, const char *path,
                void (*show)(const json_t *answer, const struct options *options))
{
    return client_change(command, options, HTTP_GET, path, NULL, show);
}
