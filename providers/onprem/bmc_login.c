/* Sessions of a BMC: one each, reused, given back; Basic only where no session can be had. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "providers/onprem/bmc.h"
#include "providers/onprem/bmc_private.h"
#include "providers/sdk/fail.h"

#define SESSION_AGAIN_US INT64_C(60000000)
#define SESSION_AGE_MAX_US INT64_C(1800000000) /* the idle time after which BMCs end one (iDRAC's default) */
enum { TOKEN_MAX = 4096, SECRET_BUFFER = 4096 };

const char *bmc_password(struct provider_account *account, const struct bmc *bmc, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    const char *name = account->settings.credentials[bmc->settings->credential].name;
    char path[ONPREM_NAME_MAX + 32];
    snprintf(path, sizeof path, "credential.%s.password", name);
    const char *password = services->secret(services->context, path);
    if (password && password[0])
        return password;
    sdk_fail(error, PROVIDER_AUTH, "", "%s_file cannot be read or is empty", path);
    return NULL;
}

static void append_base64(struct buffer *out, const unsigned char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        unsigned group = (unsigned)bytes[i] << 16;
        group |= i + 1 < length ? (unsigned)bytes[i + 1] << 8 : 0;
        group |= i + 2 < length ? bytes[i + 2] : 0;
        buffer_append_byte(out, digits[group >> 18]);
        buffer_append_byte(out, digits[group >> 12 & 63]);
        buffer_append_byte(out, i + 1 < length ? digits[group >> 6 & 63] : '=');
        buffer_append_byte(out, i + 2 < length ? digits[group & 63] : '=');
    }
}

/* Frees it without leaving the secret in the heap; reserved beforehand, so that growing left no copies either. */
static void wipe(struct buffer *buffer)
{
    explicit_bzero(buffer->data, buffer->length);
    buffer_release(buffer);
}

bool bmc_append_basic(struct provider_account *account, const struct bmc *bmc, struct buffer *out)
{
    struct provider_error ignored;
    const char *password = bmc_password(account, bmc, &ignored);
    if (!password || strlen(password) > SECRET_BUFFER / 4)
        return false;
    struct buffer plain = BUFFER_INIT;
    buffer_reserve(&plain, SECRET_BUFFER);
    buffer_reserve(out, SECRET_BUFFER);
    buffer_printf(&plain, "%s:%s", account->settings.credentials[bmc->settings->credential].username, password);
    buffer_append_text(out, "Basic ");
    append_base64(out, (const unsigned char *)plain.data, plain.length);
    wipe(&plain);
    return true;
}

/* Of a read the exchange does not tell "not sent" from "no answer", so there both count. */
enum brake_outcome bmc_judge_password(const struct bmc_request *request, enum provider_status status)
{
    bool silent = request->http_status == 0;
    if (request->denied)
        return BRAKE_REFUSED;
    if (status == PROVIDER_OK)
        return BRAKE_ACCEPTED;
    if (silent && (status == PROVIDER_UNKNOWN || (status == PROVIDER_UNREACHABLE && !request->is_login)))
        return BRAKE_UNANSWERED;
    return BRAKE_NO_WORD;
}

void bmc_forget_session(struct bmc *bmc)
{
    if (bmc->token)
        explicit_bzero(bmc->token, strlen(bmc->token));
    free(bmc->token);
    bmc->token = NULL;
    bmc->session[0] = '\0';
    bmc->auth = BMC_AUTH_NONE;
}

static void write_session_key(const struct bmc *bmc, char *key, size_t size)
{
    snprintf(key, size, "session.%016llx",
             (unsigned long long)hash_bytes(bmc->settings->address, strlen(bmc->settings->address)));
}

/* True when it is surely gone: ended now, or not known there any more. */
static bool delete_session(struct provider_account *account, struct bmc *bmc, const char *path)
{
    struct provider_answer answer;
    struct provider_error ignored;
    struct bmc_request request = {.account = account,
                                  .bmc = bmc,
                                  .method = "DELETE",
                                  .call = "DELETE Session",
                                  .body = "",
                                  .is_logout = true,
                                  .url = BUFFER_INIT,
                                  .authorization = BUFFER_INIT};
    snprintf(request.path, sizeof request.path, "%s", path);
    bool ended = bmc_run(&request, &answer, &ignored) == PROVIDER_OK;
    if (ended)
        account->services->http_release(account->services->context, &answer);
    bmc_request_release(&request);
    return ended || request.http_status == 401 || request.http_status == 404 || request.http_status == 410;
}

static void keep_session(struct provider_account *account, const struct bmc *bmc)
{
    char key[64], value[ONPREM_LINK_MAX + 32];
    write_session_key(bmc, key, sizeof key);
    snprintf(value, sizeof value, "%lld %s", (long long)account_now(account), bmc->session);
    account->services->keep(account->services->context, key, bmc->session[0] ? value : NULL);
}

/* A process that was killed left its session behind; its path is kept, and its successor ends it. Not an older one: it
 * ends by itself, and after a restart of the BMC its number may be somebody else's. */
static void replace_kept_session(struct provider_account *account, struct bmc *bmc)
{
    const struct provider_services *services = account->services;
    char key[64], old[ONPREM_LINK_MAX] = "";
    long long at_us = 0;
    write_session_key(bmc, key, sizeof key);
    const char *kept = services->kept(services->context, key);
    bool known = kept && sscanf(kept, "%lld %511s", &at_us, old) == 2;
    keep_session(account, bmc);
    if (known && account_now(account) - at_us < SESSION_AGE_MAX_US && redfish_is_link(old) &&
        strcmp(old, bmc->session) != 0)
        delete_session(account, bmc, old);
}

static void take_session_path(struct bmc *bmc, const struct provider_answer *answer)
{
    const char *location = sdk_header(answer, "location");
    const char *path = location ? bmc_path_of_location(bmc, location) : NULL;
    snprintf(bmc->session, sizeof bmc->session, "%s", path ? path : "");
}

static enum provider_status take_session(struct provider_account *account, struct bmc *bmc,
                                         struct provider_answer *answer, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    const char *token = sdk_header(answer, "x-auth-token");
    bool good = token && token[0] && strlen(token) <= TOKEN_MAX;
    if (good) {
        bmc->token = memory_copy_text(token, strlen(token));
        bmc->auth = BMC_AUTH_SESSION;
        take_session_path(bmc, answer);
    }
    services->http_release(services->context, answer);
    if (!good)
        return sdk_fail(error, PROVIDER_INVALID, "POST Sessions", "%s opened a session without X-Auth-Token",
                        bmc->settings->address);
    replace_kept_session(account, bmc);
    return PROVIDER_OK;
}

static void write_login(struct buffer *body, const char *username, const char *password)
{
    struct json_writer writer = json_writer_init(body, false);
    buffer_reserve(body, SECRET_BUFFER);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "UserName", username);
    json_writer_field_text(&writer, "Password", password);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
}

static void use_basic(struct provider_account *account, struct bmc *bmc, bool for_good)
{
    bmc->auth = BMC_AUTH_BASIC;
    bmc->basic_proven = false;
    bmc->session_again_us = for_good ? INT64_MAX : account_now(account) + SESSION_AGAIN_US;
}

/* One POST of the password, judged. */
static enum provider_status open_session(struct provider_account *account, struct bmc *bmc, const char *password,
                                         struct provider_error *error)
{
    struct buffer body = BUFFER_INIT;
    struct provider_answer answer;
    write_login(&body, account->settings.credentials[bmc->settings->credential].username, password);
    struct bmc_request request = {.account = account,
                                  .bmc = bmc,
                                  .method = "POST",
                                  .call = "POST Sessions",
                                  .body = body.data,
                                  .anonymous = true,
                                  .is_login = true,
                                  .url = BUFFER_INIT,
                                  .authorization = BUFFER_INIT};
    snprintf(request.path, sizeof request.path, "%s", bmc->root.sessions);
    enum provider_status status = bmc_run(&request, &answer, error);
    wipe(&body);
    bmc_request_release(&request);
    brake_end(account, bmc, password, bmc_judge_password(&request, status));
    if (status == PROVIDER_OK)
        return take_session(account, bmc, &answer, error);
    if (request.no_sessions) {
        /* No session service at all stays so; sessions that are used up come back. */
        sdk_log(account->services, PROVIDER_WARN, "%s: %s; going on with Basic", bmc->settings->address, error->text);
        use_basic(account, bmc, !request.sessions_full);
        return PROVIDER_OK;
    }
    /* A login whose answer is lost changed no machine. */
    return status == PROVIDER_UNKNOWN ? PROVIDER_UNREACHABLE : status;
}

static enum provider_status read_root(struct provider_account *account, struct bmc *bmc, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    struct provider_answer answer;
    struct error reason;
    struct bmc_request request = {.account = account,
                                  .bmc = bmc,
                                  .method = "GET",
                                  .call = "GET ServiceRoot",
                                  .path = "/redfish/v1/",
                                  .body = "",
                                  .anonymous = true,
                                  .url = BUFFER_INIT,
                                  .authorization = BUFFER_INIT};
    enum provider_status status = bmc_run(&request, &answer, error);
    bmc_request_release(&request);
    if (status != PROVIDER_OK)
        return status;
    bool good = redfish_read_root(answer.body, answer.body_length, &bmc->root, &reason);
    services->http_release(services->context, &answer);
    if (!good)
        return sdk_fail(error, PROVIDER_INVALID, "GET ServiceRoot", "%s is no Redfish service: %s",
                        bmc->settings->address, reason.text);
    bmc->root_known = true;
    return PROVIDER_OK;
}

enum provider_status bmc_open(struct provider_account *account, struct bmc *bmc, struct provider_error *error)
{
    if (!bmc->root_known) {
        enum provider_status status = read_root(account, bmc, error);
        if (status != PROVIDER_OK)
            return status;
    }
    if (bmc->auth == BMC_AUTH_SESSION || (bmc->auth == BMC_AUTH_BASIC && account_now(account) < bmc->session_again_us))
        return PROVIDER_OK;
    if (!bmc->root.sessions[0]) {
        use_basic(account, bmc, true);
        return PROVIDER_OK;
    }
    const char *borrowed = bmc_password(account, bmc, error);
    if (!borrowed)
        return PROVIDER_AUTH;
    char *password = memory_copy_text(borrowed, strlen(borrowed));
    enum provider_status status = brake_begin(account, bmc, password, error);
    if (status == PROVIDER_OK) {
        bmc->auth = BMC_AUTH_NONE;
        status = open_session(account, bmc, password, error);
    }
    explicit_bzero(password, strlen(password));
    free(password);
    return status;
}

void bmc_log_out(struct provider_account *account, struct bmc *bmc)
{
    const struct provider_services *services = account->services;
    if (bmc->auth == BMC_AUTH_SESSION && bmc->session[0]) {
        char key[64], path[ONPREM_LINK_MAX];
        memcpy(path, bmc->session, sizeof path);
        write_session_key(bmc, key, sizeof key);
        /* One that is left in peace is not waited for at the end either. */
        if (account_now(account) >= bmc->quiet_until_us && delete_session(account, bmc, path))
            services->keep(services->context, key, NULL);
    }
    bmc_forget_session(bmc);
}
