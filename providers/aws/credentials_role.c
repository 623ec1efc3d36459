/* Keys for a while from the token service: a role assumed with other keys, or with a token of an identity provider. See
 * credentials.h. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/aws/call.h"
#include "providers/aws/credentials.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/time.h"

/* Reads <Credentials> of either answer. */
static enum provider_status read_keys(const struct sdk_xml *xml, const struct aws_call *call, const char *arn,
                                      struct aws_keys *ret_keys, struct provider_error *error)
{
    char path[96], source[sizeof ret_keys->source];
    snprintf(path, sizeof path, "%sResult/Credentials", call->action);
    snprintf(source, sizeof source, "role %s", arn);
    const struct sdk_xml_node *credentials = sdk_xml_find(sdk_xml_root(xml), path);
    const char *id = NULL, *secret = NULL, *token = NULL, *expiration = NULL;
    int64_t expires_us = 0;
    struct error reason;
    if (!sdk_xml_require_text(credentials, "AccessKeyId", &id, &reason) ||
        !sdk_xml_require_text(credentials, "SecretAccessKey", &secret, &reason) ||
        !sdk_xml_require_text(credentials, "SessionToken", &token, &reason) ||
        !sdk_xml_require_text(credentials, "Expiration", &expiration, &reason) ||
        !sdk_time_read_iso(expiration, &expires_us, &reason))
        return sdk_fail(error, PROVIDER_RETRY, call->name, "%s: %s", call->name, reason.text);
    aws_keys_set(ret_keys, id, secret, token, source);
    ret_keys->expires_us = expires_us;
    return PROVIDER_OK;
}

static enum provider_status add_token(const struct provider_account *account, const struct aws_role *role,
                                      struct aws_call *call, struct provider_error *error)
{
    size_t length = 0;
    bool open = false;
    const char *trouble = "it cannot be read";
    const char *text = account->services->file(account->services->context, role->token_file, &length, &open, &trouble);
    if (!text)
        return sdk_fail(error, PROVIDER_INVALID, call->name, "the web identity token %s: %s", role->token_file,
                        trouble);
    size_t kept = length;
    while (kept > 0 && strchr(" \t\r\n", text[kept - 1]))
        kept--;
    /* AWS's own bounds of the token */
    if (kept < 4 || kept > 20000 || memchr(text, '\0', kept))
        return sdk_fail(error, PROVIDER_INVALID, call->name, "the web identity token %s is no token", role->token_file);
    char *token = memory_copy_text(text, kept);
    aws_call_add(call, "WebIdentityToken", token);
    OPENSSL_cleanse(token, kept);
    free(token);
    return PROVIDER_OK;
}

enum provider_status aws_keys_of_role(struct provider_account *account, const struct aws_role *role,
                                      const struct aws_keys *keys, struct aws_keys *ret_keys,
                                      struct provider_error *error)
{
    bool web = role->token_file[0] != '\0';
    struct aws_call call;
    aws_call_begin(&call, AWS_STS, account->settings.regions.list[0], web ? "AssumeRoleWithWebIdentity" : "AssumeRole");
    call.keys = keys;
    call.unsigned_ = web;
    char duration[24];
    snprintf(duration, sizeof duration, "%lld", (long long)role->duration_s);
    aws_call_add(&call, "RoleArn", role->arn);
    aws_call_add(&call, "RoleSessionName", role->session_name);
    aws_call_add(&call, "DurationSeconds", duration);
    if (role->external_id[0] && !web)
        aws_call_add(&call, "ExternalId", role->external_id);
    enum provider_status status = web ? add_token(account, role, &call, error) : PROVIDER_OK;
    struct sdk_xml *xml = NULL;
    if (status == PROVIDER_OK)
        status = aws_call_xml(account, &call, &xml, error);
    if (status == PROVIDER_OK)
        status = read_keys(xml, &call, role->arn, ret_keys, error);
    sdk_xml_free(xml);
    aws_call_end(&call);
    return status;
}

enum provider_status aws_keys_of_web_identity(struct provider_account *account, struct aws_keys *ret_keys,
                                              struct provider_error *error)
{
    const struct provider_services *services = account->services;
    static const char *const names[] = {"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME"};
    char *values[3];
    for (size_t i = 0; i < 3; i++) {
        const char *value = services->environment(services->context, names[i]);
        values[i] = memory_copy_text(value ? value : "", value ? strlen(value) : 0);
    }
    enum provider_status status = PROVIDER_OK;
    struct aws_role role = {values[1], "", values[2][0] ? values[2] : account->settings.role_session_name, 3600,
                            values[0]};
    if (values[0][0] && !values[1][0])
        status = sdk_fail(error, PROVIDER_INVALID, "", "%s is set and %s is not", names[0], names[1]);
    else if (values[0][0])
        status = aws_keys_of_role(account, &role, NULL, ret_keys, error);
    for (size_t i = 0; i < 3; i++)
        free(values[i]);
    return status;
}
