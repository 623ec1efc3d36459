/* Keys that the machine or container is given: the container's endpoint, and the instance's metadata service in its
 * second version. The first version, without a token, is never asked. See credentials.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "providers/aws/credentials.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/json.h"
#include "providers/sdk/time.h"
#include "providers/sdk/url.h"

enum { ANSWER_MAX = 64 * 1024, ROLE_NAME_MAX = 64, TOKEN_MAX = 4096 };
#define CONNECT_US (INT64_C(1) * 1000000)
#define ANSWER_US (INT64_C(5) * 1000000)

static const char *environment(const struct provider_account *account, const char *name)
{
    const char *value = account->services->environment(account->services->context, name);
    return value && value[0] ? value : NULL;
}

static void ask(struct provider_account *account, const char *method, const char *url,
                const struct provider_header *header, struct provider_answer *ret_answer)
{
    struct provider_request request = {.method = method,
                                       .url = url,
                                       .headers = header,
                                       .header_count = header && header->value ? 1 : 0,
                                       .body = "",
                                       .connect_timeout_us = CONNECT_US,
                                       .timeout_us = ANSWER_US,
                                       .answer_max = ANSWER_MAX,
                                       .ca_file = "",
                                       .cert_file = "",
                                       .key_file = "",
                                       .pinned_key = "",
                                       .no_proxy = true};
    account->services->http(account->services->context, &request, ret_answer);
}

/* `what` may hold no secret. */
static enum provider_status refuse(const char *what, const struct provider_answer *answer, struct provider_error *error)
{
    if (answer->outcome != PROVIDER_HTTP_ANSWER)
        return sdk_fail(error, PROVIDER_UNREACHABLE, what, "%s: %s", what, answer->trouble);
    bool auth = answer->status == 401 || answer->status == 403 || answer->status == 404;
    return sdk_fail(error, auth ? PROVIDER_AUTH : PROVIDER_RETRY, what, "%s: HTTP %d", what, answer->status);
}

/* Both services answer alike: Code where there is one, AccessKeyId, SecretAccessKey, Token, Expiration. */
static enum provider_status read_keys(const char *what, const struct provider_answer *answer, struct aws_keys *ret_keys,
                                      struct provider_error *error)
{
    struct sdk_json_at root = {0};
    struct error reason;
    if (!sdk_json_open(answer->body, answer->body_length, ANSWER_MAX, &root, &reason))
        return sdk_fail(error, PROVIDER_RETRY, what, "%s: %s", what, reason.text);
    const char *code = NULL, *id = NULL, *secret = NULL, *token = NULL, *expiration = NULL;
    int64_t expires_us = 0;
    bool good = sdk_json_text_or(&root, "Code", "Success", &code, &reason);
    enum provider_status status = PROVIDER_OK;
    if (good && strcmp(code, "Success") != 0)
        status = sdk_fail(error, PROVIDER_AUTH, what, "%s: it gives no keys: %.60s", what, code);
    else if (!good || !sdk_json_text(&root, "AccessKeyId", &id, &reason) ||
             !sdk_json_text(&root, "SecretAccessKey", &secret, &reason) ||
             !sdk_json_text(&root, "Token", &token, &reason) ||
             !sdk_json_text(&root, "Expiration", &expiration, &reason) ||
             !sdk_time_read_iso(expiration, &expires_us, &reason))
        status = sdk_fail(error, PROVIDER_RETRY, what, "%s: %s", what, reason.text);
    else {
        aws_keys_set(ret_keys, id, secret, token, what);
        ret_keys->expires_us = expires_us;
    }
    sdk_json_close(&root);
    return status;
}

/* The address of the container's endpoint, appended to url; false when there is none. */
static bool find_container(const struct provider_account *account, struct buffer *url)
{
    const char *relative = environment(account, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    if (relative)
        buffer_printf(url, "http://169.254.170.2%s", relative);
    else if ((relative = environment(account, "AWS_CONTAINER_CREDENTIALS_FULL_URI")) != NULL)
        buffer_append_text(url, relative);
    return url->length > 0;
}

/* The value of the Authorization header, which the caller frees; NULL without. */
static enum provider_status read_authorization(const struct provider_account *account, char **ret_value,
                                               struct provider_error *error)
{
    const char *path = environment(account, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *text = path ? NULL : environment(account, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    size_t length = text ? strlen(text) : 0;
    bool open = false;
    const char *trouble = "it cannot be read";
    if (path)
        text = account->services->file(account->services->context, path, &length, &open, &trouble);
    if (path && !text)
        return sdk_fail(error, PROVIDER_INVALID, "", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: %s", trouble);
    if (!text)
        return PROVIDER_OK;
    while (length > 0 && strchr("\r\n", text[length - 1]))
        length--;
    if (length > TOKEN_MAX || memchr(text, '\n', length) || memchr(text, '\r', length) || memchr(text, '\0', length))
        return sdk_fail(error, PROVIDER_INVALID, "", "the container's authorization token is no header's value");
    *ret_value = memory_copy_text(text, length);
    return PROVIDER_OK;
}

enum provider_status aws_keys_of_container(struct provider_account *account, struct aws_keys *ret_keys,
                                           struct provider_error *error)
{
    static const char what[] = "the container's credentials endpoint";
    struct buffer url = BUFFER_INIT;
    if (!find_container(account, &url))
        return PROVIDER_OK;
    struct sdk_url parts;
    struct error reason;
    enum provider_status status = PROVIDER_OK;
    char *authorization = NULL;
    if (!sdk_url_read(url.data, &parts, &reason))
        status = sdk_fail(error, PROVIDER_INVALID, what, "%s: %s", what, reason.text);
    else if (!parts.https && !sdk_url_is_local(&parts))
        status = sdk_fail(error, PROVIDER_INVALID, what, "%s: http is for local addresses only", what);
    else
        status = read_authorization(account, &authorization, error);
    if (status == PROVIDER_OK) {
        struct provider_header header = {"Authorization", authorization};
        struct provider_answer answer;
        ask(account, "GET", url.data, &header, &answer);
        bool good = answer.outcome == PROVIDER_HTTP_ANSWER && answer.status == 200;
        status = good ? read_keys(what, &answer, ret_keys, error) : refuse(what, &answer, error);
        account->services->http_release(account->services->context, &answer);
    }
    struct aws_keys wiped = {.secret = authorization};
    aws_keys_release(&wiped);
    buffer_release(&url);
    return status;
}

/* --- the instance's metadata ------------------------------------------------------------------------------------- */

static const char instance[] = "the instance's metadata service";

static void forget_token(struct provider_account *account)
{
    struct aws_keys wiped = {.secret = account->metadata_token};
    aws_keys_release(&wiped);
    account->metadata_token = NULL;
}

static bool is_visible(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return length > 0;
}

/* A session token for the service. *ret_absent: there is no such service here. */
static enum provider_status fetch_token(struct provider_account *account, const char *base, bool *ret_absent,
                                        struct provider_error *error)
{
    struct buffer url = BUFFER_INIT;
    buffer_printf(&url, "%s/latest/api/token", base);
    struct provider_header header = {"X-aws-ec2-metadata-token-ttl-seconds", "21600"};
    struct provider_answer answer;
    ask(account, "PUT", url.data, &header, &answer);
    buffer_release(&url);
    enum provider_status status = PROVIDER_OK;
    *ret_absent = answer.outcome == PROVIDER_HTTP_NOT_SENT;
    if (answer.outcome == PROVIDER_HTTP_NO_ANSWER)
        status = sdk_fail(error, PROVIDER_UNREACHABLE, instance,
                          "%s: no token came: %s. In a container the instance's hop limit may be 1; the first version "
                          "is not asked",
                          instance, answer.trouble);
    else if (answer.outcome != PROVIDER_HTTP_ANSWER || answer.status != 200)
        status = refuse(instance, &answer, error);
    else if (answer.body_length > TOKEN_MAX || !is_visible(answer.body, answer.body_length))
        status = sdk_fail(error, PROVIDER_RETRY, instance, "%s: what came is no token", instance);
    else
        account->metadata_token = memory_copy_text(answer.body, answer.body_length);
    account->services->http_release(account->services->context, &answer);
    return status;
}

/* One item, with one new token when the old one is refused. PROVIDER_OK: *ret_answer is the caller's to release. */
static enum provider_status read_item(struct provider_account *account, const char *base, const char *path,
                                      struct provider_answer *ret_answer, bool *ret_absent,
                                      struct provider_error *error)
{
    struct buffer url = BUFFER_INIT;
    buffer_printf(&url, "%s%s", base, path);
    enum provider_status status = PROVIDER_OK;
    *ret_absent = false;
    for (unsigned attempt = 0; attempt < 2; attempt++) {
        if (!account->metadata_token)
            status = fetch_token(account, base, ret_absent, error);
        if (status != PROVIDER_OK)
            break;
        struct provider_header header = {"X-aws-ec2-metadata-token", account->metadata_token};
        ask(account, "GET", url.data, &header, ret_answer);
        if (ret_answer->outcome == PROVIDER_HTTP_ANSWER && ret_answer->status == 200)
            break;
        bool stale = ret_answer->outcome == PROVIDER_HTTP_ANSWER && ret_answer->status == 401;
        status = refuse(instance, ret_answer, error);
        account->services->http_release(account->services->context, ret_answer);
        if (!stale)
            break;
        forget_token(account);
        if (attempt == 0)
            status = PROVIDER_OK;
    }
    buffer_release(&url);
    return status;
}

/* The first line of the list of roles: a plain name, for it becomes a part of a path. */
static bool read_role_name(const struct provider_answer *answer, char ret_name[static ROLE_NAME_MAX + 1])
{
    size_t length = strcspn(answer->body, "\r\n");
    if (length == 0 || length > ROLE_NAME_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-", answer->body[i]))
            return false;
    snprintf(ret_name, ROLE_NAME_MAX + 1, "%.*s", (int)length, answer->body);
    return strcmp(ret_name, ".") != 0 && strcmp(ret_name, "..") != 0;
}

static enum provider_status keys_from(struct provider_account *account, const char *base, struct aws_keys *ret_keys,
                                      struct provider_error *error)
{
    static const char list[] = "/latest/meta-data/iam/security-credentials/";
    struct provider_answer answer;
    bool absent = false;
    enum provider_status status = read_item(account, base, list, &answer, &absent, error);
    if (absent)
        return PROVIDER_OK;
    if (status == PROVIDER_AUTH && strstr(error->text, "HTTP 404"))
        return sdk_fail(error, PROVIDER_AUTH, instance, "%s: this instance has no role", instance);
    if (status != PROVIDER_OK)
        return status;
    char role[ROLE_NAME_MAX + 1];
    bool good = read_role_name(&answer, role);
    account->services->http_release(account->services->context, &answer);
    if (!good)
        return sdk_fail(error, PROVIDER_RETRY, instance, "%s: the role it names is no role's name", instance);
    char path[sizeof list + ROLE_NAME_MAX];
    snprintf(path, sizeof path, "%s%s", list, role);
    status = read_item(account, base, path, &answer, &absent, error);
    if (status != PROVIDER_OK)
        return status;
    status = read_keys(instance, &answer, ret_keys, error);
    account->services->http_release(account->services->context, &answer);
    return status;
}

enum provider_status aws_keys_of_instance(struct provider_account *account, struct aws_keys *ret_keys,
                                          struct provider_error *error)
{
    const char *disabled = environment(account, "AWS_EC2_METADATA_DISABLED");
    if (disabled && strcasecmp(disabled, "true") == 0)
        return PROVIDER_OK;
    const char *named = environment(account, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    struct buffer base = BUFFER_INIT;
    buffer_append_text(&base, named ? named : "http://169.254.169.254");
    while (base.length > 0 && base.data[base.length - 1] == '/')
        base.data[--base.length] = '\0';
    struct sdk_url url;
    struct error reason;
    enum provider_status status;
    if (!sdk_url_read(base.data, &url, &reason))
        status = sdk_fail(error, PROVIDER_INVALID, instance, "AWS_EC2_METADATA_SERVICE_ENDPOINT: %s", reason.text);
    else if (!url.https && !sdk_url_is_local(&url))
        status = sdk_fail(error, PROVIDER_INVALID, instance,
                          "AWS_EC2_METADATA_SERVICE_ENDPOINT: http is for local addresses only");
    else
        status = keys_from(account, base.data, ret_keys, error);
    buffer_release(&base);
    return status;
}
