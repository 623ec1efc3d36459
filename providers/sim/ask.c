/* Requests; see ask.h. */
#include "providers/sim/ask.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "providers/sdk/fail.h"

enum { LIST_BYTES_MAX = 32 * 1024 * 1024, REFUSAL_BYTES_MAX = 64 * 1024, TOKEN_BYTES_MAX = 1024 };

struct asking {
    struct provider_account *account;
    const char *name;
    const struct buffer *body;
    struct buffer url;
    struct provider_header headers[2];
    char authorization[TOKEN_BYTES_MAX + 16];
};

static enum provider_status prepare(void *context, struct provider_request *ret_request, struct provider_error *error)
{
    struct asking *asking = context;
    const struct provider_services *services = asking->account->services;
    size_t headers = 0;
    if (asking->account->settings.has_token) {
        const char *token = services->secret(services->context, "token");
        if (!token || !*token || strlen(token) > TOKEN_BYTES_MAX || strpbrk(token, "\r\n"))
            return sdk_fail(error, PROVIDER_AUTH, asking->name,
                            "token_file cannot be read or does not hold one line of at most %d bytes", TOKEN_BYTES_MAX);
        snprintf(asking->authorization, sizeof asking->authorization, "Bearer %s", token);
        asking->headers[headers++] = (struct provider_header){"Authorization", asking->authorization};
    }
    if (asking->body)
        asking->headers[headers++] = (struct provider_header){"Content-Type", "application/json"};
    *ret_request = (struct provider_request){.method = asking->body ? "POST" : "GET",
                                             .url = asking->url.data,
                                             .headers = asking->headers,
                                             .header_count = headers,
                                             .body = asking->body ? asking->body->data : NULL,
                                             .body_length = asking->body ? asking->body->length : 0,
                                             .answer_max = LIST_BYTES_MAX,
                                             .ca_file = "",
                                             .cert_file = "",
                                             .key_file = "",
                                             .pinned_key = ""};
    return PROVIDER_OK;
}

struct meaning {
    int http_status;
    const char *word; /* "" : whatever the body says */
    enum sdk_verdict verdict;
    enum provider_status status;
};

/* The first that fits: the server's own word tells where one HTTP status has several meanings. */
static const struct meaning meanings[] = {
    {401, "", SDK_FAIL, PROVIDER_AUTH},           {403, "", SDK_FAIL, PROVIDER_AUTH},
    {404, "", SDK_FAIL, PROVIDER_NOT_FOUND},      {409, "", SDK_FAIL, PROVIDER_CONFLICT},
    {422, "quota", SDK_FAIL, PROVIDER_QUOTA},     {422, "no_capacity", SDK_FAIL, PROVIDER_NO_CAPACITY},
    {429, "", SDK_THROTTLED, PROVIDER_THROTTLED}, {503, "no_capacity", SDK_FAIL, PROVIDER_NO_CAPACITY},
};

static const struct meaning *meaning_of(int http_status, const char *word)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (meanings[i].http_status == http_status && (!meanings[i].word[0] || strcmp(meanings[i].word, word) == 0))
            return &meanings[i];
    return NULL;
}

static const char *text_or(const struct sdk_json_at *root, const char *member, const char *otherwise)
{
    const char *text = json_string_value(sdk_json_find(root, member).value);
    return text ? text : otherwise;
}

static enum sdk_verdict judge_unwell(const struct asking *asking, enum provider_status *ret_status)
{
    *ret_status = asking->body ? PROVIDER_UNKNOWN : PROVIDER_RETRY;
    return asking->body ? SDK_FAIL : SDK_RETRY;
}

static enum sdk_verdict classify(void *context, const struct provider_answer *answer, enum provider_status *ret_status,
                                 struct provider_error *error)
{
    const struct asking *asking = context;
    struct sdk_json_at root = {0};
    struct error ignored = {0};
    if (answer->status >= 200 && answer->status < 300)
        return SDK_OK;
    bool told = sdk_json_open(answer->body, answer->body_length, REFUSAL_BYTES_MAX, &root, &ignored);
    const char *word = told ? text_or(&root, "Error", "") : "";
    const struct meaning *meaning = meaning_of(answer->status, word);
    enum sdk_verdict verdict = SDK_FAIL;
    *ret_status = PROVIDER_INVALID;
    if (meaning) {
        *ret_status = meaning->status;
        verdict = meaning->verdict;
    } else if (answer->status >= 500) {
        verdict = judge_unwell(asking, ret_status);
    }
    sdk_fail(error, *ret_status, asking->name, "HTTP status %d%s%s", answer->status, told ? ": " : "",
             told ? text_or(&root, "Text", word) : "");
    sdk_error_code(error, word);
    if (*ret_status == PROVIDER_QUOTA)
        sdk_copy_text(error->quota, sizeof error->quota, text_or(&root, "Quota", ""));
    if (told)
        sdk_json_close(&root);
    return verdict;
}

enum provider_status simulator_ask(struct provider_account *account, const char *name, const struct buffer *body,
                                   struct sdk_json_at *ret_root, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    struct asking asking = {.account = account, .name = name, .body = body, .url = BUFFER_INIT};
    struct provider_answer answer;
    struct error reason = {0};
    buffer_append_text(&asking.url, account->settings.endpoint);
    buffer_append_text(&asking.url, strchr(name, ' ') + 1);
    enum provider_status status = sdk_exchange_run(account->exchange,
                                                   &(struct sdk_call){.name = name,
                                                                      .bucket = "sim",
                                                                      .writes = body != NULL,
                                                                      .prepare = prepare,
                                                                      .classify = classify,
                                                                      .context = &asking},
                                                   &answer, error);
    if (status == PROVIDER_OK) {
        if (!sdk_json_open(answer.body, answer.body_length, LIST_BYTES_MAX, ret_root, &reason))
            status =
                sdk_fail(error, body ? PROVIDER_UNKNOWN : PROVIDER_RETRY, name,
                         "the answer is no JSON (is endpoint the control address of a simulator?): %s", reason.text);
        services->http_release(services->context, &answer);
    }
    buffer_release(&asking.url);
    explicit_bzero(asking.authorization, sizeof asking.authorization);
    return status;
}
