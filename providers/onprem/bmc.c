/* Requests to a BMC. */
#include "providers/onprem/bmc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/onprem/bmc_private.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/url.h"

#define SECOND_US INT64_C(1000000)
#define QUIET_FIRST_US (5 * SECOND_US)
#define QUIET_MAX_US (300 * SECOND_US)
enum { REDIRECTS_MAX = 2, QUIET_DOUBLINGS_MAX = 6 };

const char *bmc_path_of_location(const struct bmc *bmc, const char *location)
{
    struct sdk_url here, there;
    struct error ignored;
    if (redfish_is_link(location))
        return location;
    if (!sdk_url_read(bmc->settings->address, &here, &ignored) || !sdk_url_read(location, &there, &ignored) ||
        !sdk_url_same_origin(&here, &there) || !redfish_is_link(there.path))
        return NULL;
    return there.path;
}

static void add_header(struct bmc_request *request, size_t *count, const char *name, const char *value)
{
    request->headers[(*count)++] = (struct provider_header){name, value};
}

static enum provider_status prepare(void *context, struct provider_request *ret_request, struct provider_error *error)
{
    struct bmc_request *request = context;
    struct bmc *bmc = request->bmc;
    const struct provider_services *services = request->account->services;
    size_t count = 0;
    request->http_status = 0;
    buffer_clear(&request->url);
    buffer_printf(&request->url, "%s%s", bmc->settings->address, request->path);
    add_header(request, &count, "Accept", "application/json");
    add_header(request, &count, "OData-Version", "4.0");
    /* Compression weakens ETags, and an idle connection is often dropped without a word. */
    if (!bmc->any_encoding)
        add_header(request, &count, "Accept-Encoding", "identity");
    add_header(request, &count, "Connection", "close");
    if (request->etag[0])
        add_header(request, &count, "If-Match", request->etag);
    if (request->body[0])
        add_header(request, &count, "Content-Type", "application/json");
    if (!request->anonymous && bmc->auth == BMC_AUTH_SESSION && bmc->token) {
        add_header(request, &count, "X-Auth-Token", bmc->token);
    } else if (!request->anonymous && bmc->auth == BMC_AUTH_BASIC) {
        explicit_bzero(request->authorization.data, request->authorization.length);
        buffer_clear(&request->authorization);
        if (!bmc_append_basic(request->account, bmc, &request->authorization))
            return sdk_fail(error, PROVIDER_AUTH, request->call, "the password for %s cannot be read",
                            bmc->settings->address);
        add_header(request, &count, "Authorization", request->authorization.data);
    }
    int64_t left = services->time_left(services->context), most = request->account->settings.timeout_us;
    *ret_request = (struct provider_request){
        .method = request->method,
        .url = request->url.data,
        .headers = request->headers,
        .header_count = count,
        .body = request->body,
        .body_length = strlen(request->body),
        .connect_timeout_us = request->account->settings.connect_timeout_us,
        .timeout_us = left > 0 && left < most ? left : most,
        .answer_max = REDFISH_ANSWER_MAX,
        .ca_file = bmc->settings->ca_file,
        .cert_file = "",
        .key_file = "",
        .pinned_key = bmc->settings->pinned_key,
        .no_proxy = true,
    };
    return PROVIDER_OK;
}

static bool is_redirect(const struct bmc_request *request, int status)
{
    return status == 307 || status == 308 ||
           (strcmp(request->method, "GET") == 0 && (status == 301 || status == 302 || status == 303));
}

/* The status of a refusal that another try would not change. */
static enum provider_status status_of_refusal(int status, bool writes)
{
    if (status >= 300 && status < 400 && writes) /* 303: done, and seen elsewhere; others do not say */
        return PROVIDER_UNKNOWN;
    switch (status) {
    case 401:
    case 403:
        return PROVIDER_AUTH;
    case 404:
    case 410:
        return PROVIDER_NOT_FOUND;
    case 409:
    case 412:
        return PROVIDER_CONFLICT;
    case 500:
    case 502:
    case 504:
        return writes ? PROVIDER_UNKNOWN : PROVIDER_RETRY;
    case 503:
        return PROVIDER_RETRY;
    default:
        return PROVIDER_INVALID;
    }
}

/* A login that is not to be had says nothing against the password: no session service, or no session free (iDRAC:
 * RAC0218; Base registry: SessionLimitExceeded). */
static void note_want_of_sessions(struct bmc_request *request, int status, const char *code)
{
    request->sessions_full = strcmp(code, "RAC0218") == 0 || strcmp(code, "SessionLimitExceeded") == 0;
    request->no_sessions = request->sessions_full || status == 404 || status == 405 || status == 501;
}

/* Whether a refusal repeats a secret of its request: Base registry messages carry the value that was not liked
 * (PropertyValueFormatError), and debug pages the request's headers. Of a login nothing is shown but the code. */
static bool repeats_secret(const struct bmc_request *request, const struct provider_answer *answer)
{
    const char *token = request->bmc->token;
    static const char scheme[] = "Basic ";
    if (request->is_login)
        return true;
    if (token && memmem(answer->body, answer->body_length, token, strlen(token)))
        return true;
    return request->authorization.length > strlen(scheme) &&
           memmem(answer->body, answer->body_length, request->authorization.data + strlen(scheme),
                  request->authorization.length - strlen(scheme));
}

/* Reads the refusal into *error. */
static enum provider_status tell_refusal(struct bmc_request *request, const struct provider_answer *answer, bool writes,
                                         struct provider_error *error)
{
    struct redfish_refusal refusal;
    redfish_read_refusal(answer->body, answer->body_length, &refusal);
    enum provider_status status = status_of_refusal(answer->status, writes && !request->is_login);
    if (request->is_login)
        note_want_of_sessions(request, answer->status, refusal.code);
    if (request->is_login && !request->no_sessions && answer->status == 400 &&
        strcmp(refusal.code, "UnauthorizedLoginAttempt") == 0)
        status = PROVIDER_AUTH;
    bool shown = refusal.message[0] && !repeats_secret(request, answer);
    sdk_fail(error, status, request->call, "%s answered %d%s%s%s%s", request->bmc->settings->address, answer->status,
             refusal.code[0] ? " " : "", refusal.code, shown ? ": " : "", shown ? refusal.message : "");
    sdk_error_code(error, refusal.code);
    return status;
}

static enum sdk_verdict classify(void *context, const struct provider_answer *answer, enum provider_status *ret_status,
                                 struct provider_error *error)
{
    struct bmc_request *request = context;
    bool writes = strcmp(request->method, "GET") != 0;
    int status = request->http_status = answer->status;
    request->answered = status != 503;
    if ((status >= 200 && status < 300) || is_redirect(request, status))
        return SDK_OK;
    *ret_status = tell_refusal(request, answer, writes, error);
    if (status == 401 && !request->anonymous && request->bmc->auth == BMC_AUTH_SESSION)
        return SDK_REFRESH_CREDENTIALS;
    request->denied = *ret_status == PROVIDER_AUTH && (request->is_login || status == 401);
    if (status == 429)
        return SDK_THROTTLED;
    if (status == 406 && !request->bmc->any_encoding) {
        request->bmc->any_encoding = true; /* and then without a wish */
        return SDK_RETRY;
    }
    if (!writes && (status == 500 || status == 502 || status == 503 || status == 504))
        return SDK_RETRY;
    return SDK_FAIL;
}

/* The session has ended, by its age or a restart of the BMC: once anew. */
static enum provider_status refresh(void *context, struct provider_error *error)
{
    struct bmc_request *request = context;
    bmc_forget_session(request->bmc);
    return bmc_open(request->account, request->bmc, error);
}

static enum provider_status follow(struct bmc_request *request, struct provider_answer *answer,
                                   struct provider_error *error)
{
    const struct provider_services *services = request->account->services;
    const char *location = sdk_header(answer, "location");
    const char *path = location ? bmc_path_of_location(request->bmc, location) : NULL;
    int status = answer->status;
    if (path)
        snprintf(request->path, sizeof request->path, "%s", path);
    services->http_release(services->context, answer);
    if (!path)
        return sdk_fail(error, PROVIDER_INVALID, request->call,
                        "%s answered %d and leads elsewhere; nothing is followed out of the BMC",
                        request->bmc->settings->address, status);
    return PROVIDER_OK;
}

enum provider_status bmc_run(struct bmc_request *request, struct provider_answer *ret_answer,
                             struct provider_error *error)
{
    struct sdk_call call = {.name = request->call,
                            .bucket = "",
                            .writes = strcmp(request->method, "GET") != 0,
                            .prepare = prepare,
                            .classify = classify,
                            .refresh = request->is_logout ? NULL : refresh,
                            .context = request};
    for (int redirects = 0;; redirects++) {
        struct provider_answer answer;
        enum provider_status status = sdk_exchange_run(request->account->exchange, &call, &answer, error);
        if (status != PROVIDER_OK)
            return status;
        if (!is_redirect(request, answer.status)) {
            *ret_answer = answer;
            return PROVIDER_OK;
        }
        status = follow(request, &answer, error);
        if (status != PROVIDER_OK)
            return status;
        if (redirects == REDIRECTS_MAX)
            return sdk_fail(error, PROVIDER_INVALID, request->call, "%s leads on and on",
                            request->bmc->settings->address);
    }
}

void bmc_request_release(struct bmc_request *request)
{
    explicit_bzero(request->authorization.data, request->authorization.length);
    buffer_release(&request->authorization);
    buffer_release(&request->url);
}

/* Remembers whether it answers: the wait is even in half to whole of 5 s, 10 s, 20 s ... 5 min. */
static void note_outcome(struct provider_account *account, struct bmc *bmc, enum provider_status status, bool answered,
                         const struct provider_error *error)
{
    const struct provider_services *services = account->services;
    if (answered || (status != PROVIDER_UNREACHABLE && status != PROVIDER_UNKNOWN && status != PROVIDER_RETRY)) {
        bmc->failures = 0;
        bmc->quiet_until_us = 0;
        return;
    }
    unsigned doublings = bmc->failures < QUIET_DOUBLINGS_MAX ? bmc->failures : QUIET_DOUBLINGS_MAX;
    int64_t most = QUIET_FIRST_US << doublings;
    if (most > QUIET_MAX_US)
        most = QUIET_MAX_US;
    bmc->failures++;
    bmc->quiet_until_us =
        account_now(account) + most / 2 + (int64_t)(services->random(services->context) % (uint64_t)(most / 2 + 1));
    sdk_copy_text(bmc->quiet_text, sizeof bmc->quiet_text, error->text);
}

/* Basic sends the password with each request: the first one is a login as far as the brake is concerned. */
static enum provider_status run_basic(struct bmc_request *request, struct provider_answer *ret_answer,
                                      struct provider_error *error)
{
    struct provider_account *account = request->account;
    struct bmc *bmc = request->bmc;
    const char *borrowed = bmc_password(account, bmc, error);
    if (!borrowed)
        return PROVIDER_AUTH;
    char *password = memory_copy_text(borrowed, strlen(borrowed));
    enum provider_status status = bmc->basic_proven ? PROVIDER_OK : brake_begin(account, bmc, password, error);
    if (status == PROVIDER_OK) {
        status = bmc_run(request, ret_answer, error);
        bool was_proven = bmc->basic_proven;
        bmc->basic_proven = (was_proven || status == PROVIDER_OK) && !request->denied;
        if (!was_proven || request->denied)
            brake_end(account, bmc, password, bmc_judge_password(request, status));
    }
    explicit_bzero(password, strlen(password));
    free(password);
    return status;
}

static enum provider_status run_logged_in(struct bmc_request *request, struct provider_answer *ret_answer,
                                          struct provider_error *error)
{
    enum provider_status status = bmc_open(request->account, request->bmc, error);
    if (status != PROVIDER_OK)
        return status;
    return request->bmc->auth == BMC_AUTH_BASIC ? run_basic(request, ret_answer, error)
                                                : bmc_run(request, ret_answer, error);
}

static bool is_quiet(const struct provider_account *account, const struct bmc *bmc, const char *call,
                     struct provider_error *error)
{
    if (account_now(account) >= bmc->quiet_until_us)
        return false;
    sdk_fail(error, PROVIDER_UNREACHABLE, call, "not asked again so soon: %s", bmc->quiet_text);
    error->retry_at_us = bmc->quiet_until_us;
    return true;
}

enum provider_status bmc_log_in(struct provider_account *account, struct bmc *bmc, struct provider_error *error)
{
    if (is_quiet(account, bmc, "GET ServiceRoot", error))
        return PROVIDER_UNREACHABLE;
    enum provider_status status = bmc_open(account, bmc, error);
    if (status != PROVIDER_OK) /* what follows a login tells that it answers */
        note_outcome(account, bmc, status, false, error);
    return status;
}

/* If-Match as it is tried: first strong and quoted (RFC 9110 13.1.1), then bare. */
static void write_etag(const char *etag, bool bare, char out[static BMC_ETAG_MAX])
{
    size_t length = strlen(etag);
    if (strncmp(etag, "W/", 2) == 0) {
        etag += 2;
        length -= 2;
    }
    if (bare && length >= 2 && etag[0] == '"' && etag[length - 1] == '"') {
        etag++;
        length -= 2;
    }
    snprintf(out, BMC_ETAG_MAX, "%.*s", (int)(length < BMC_ETAG_MAX ? length : BMC_ETAG_MAX - 1), etag);
}

static enum provider_status ask(struct bmc_request *request, const char *etag, struct provider_answer *ret_answer,
                                struct provider_error *error)
{
    struct bmc *bmc = request->bmc;
    if (is_quiet(request->account, bmc, request->call, error))
        return PROVIDER_UNREACHABLE;
    enum provider_status status = run_logged_in(request, ret_answer, error);
    /* Both say that nothing was done, so asking again repeats no write. */
    for (int form = 0; form < 2 && etag[0] && request->http_status == (form == 0 ? 428 : 412); form++) {
        write_etag(etag, form == 1, request->etag);
        status = run_logged_in(request, ret_answer, error);
    }
    note_outcome(request->account, bmc, status, request->answered, error);
    bmc_request_release(request);
    return status;
}

enum provider_status bmc_get(struct provider_account *account, struct bmc *bmc, const char *path, const char *call,
                             struct provider_answer *ret_answer, struct provider_error *error)
{
    struct bmc_request request = {.account = account,
                                  .bmc = bmc,
                                  .method = "GET",
                                  .call = call,
                                  .body = "",
                                  .url = BUFFER_INIT,
                                  .authorization = BUFFER_INIT};
    snprintf(request.path, sizeof request.path, "%s", path);
    return ask(&request, "", ret_answer, error);
}

enum provider_status bmc_post(struct provider_account *account, struct bmc *bmc, const char *path, const char *call,
                              const char *etag, const char *body, struct provider_answer *ret_answer,
                              struct provider_error *error)
{
    struct bmc_request request = {.account = account,
                                  .bmc = bmc,
                                  .method = "POST",
                                  .call = call,
                                  .body = body,
                                  .url = BUFFER_INIT,
                                  .authorization = BUFFER_INIT};
    snprintf(request.path, sizeof request.path, "%s", path);
    return ask(&request, etag, ret_answer, error);
}
