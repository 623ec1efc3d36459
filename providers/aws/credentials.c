/* The chain of credentials: see credentials.h. */
#include "providers/aws/credentials.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/aws/call.h"
#include "providers/sdk/fail.h"

#define MINUTE_US (INT64_C(60) * 1000000)
/* As botocore: from here on new keys are asked for, and from here on it is a warning that none came. */
#define ADVISORY_US (15 * MINUTE_US)
#define MANDATORY_US (10 * MINUTE_US)

static void wipe(char *text)
{
    if (text)
        OPENSSL_cleanse(text, strlen(text));
    free(text);
}

void aws_keys_release(struct aws_keys *keys)
{
    free(keys->id);
    wipe(keys->secret);
    wipe(keys->token);
    *keys = (struct aws_keys){.expires_us = PROVIDER_UNSET};
}

void aws_keys_set(struct aws_keys *ret_keys, const char *id, const char *secret, const char *token, const char *source)
{
    ret_keys->id = memory_copy_text(id, strlen(id));
    ret_keys->secret = memory_copy_text(secret, strlen(secret));
    ret_keys->token = memory_copy_text(token ? token : "", token ? strlen(token) : 0);
    ret_keys->expires_us = PROVIDER_UNSET;
    snprintf(ret_keys->source, sizeof ret_keys->source, "%s", source);
}

void aws_keys_copy(struct aws_keys *ret_keys, const struct aws_keys *keys)
{
    aws_keys_set(ret_keys, keys->id, keys->secret, keys->token, keys->source);
    ret_keys->expires_us = keys->expires_us;
}

static enum provider_status keys_of_settings(struct provider_account *account, struct aws_keys *ret_keys,
                                             struct provider_error *error)
{
    const struct provider_services *services = account->services;
    const char *id = account->settings.access_key_id;
    const char *secret = services->secret(services->context, "secret_access_key");
    if (!id[0] && !secret)
        return PROVIDER_OK;
    if (!id[0] || !secret || !secret[0])
        return sdk_fail(error, PROVIDER_INVALID, "",
                        "the settings have only %s: access_key_id and "
                        "secret_access_key_file belong together",
                        id[0] ? "access_key_id" : "secret_access_key_file");
    char *kept = memory_copy_text(secret, strlen(secret)); /* the next secret() may take its place */
    const char *token = services->secret(services->context, "session_token");
    aws_keys_set(ret_keys, id, kept, token, "the settings");
    wipe(kept);
    return PROVIDER_OK;
}

static enum provider_status keys_of_explicit_profile(struct provider_account *account, struct aws_keys *ret_keys,
                                                     struct provider_error *error)
{
    const char *name = account->settings.profile;
    if (!name[0])
        return PROVIDER_OK;
    struct aws_profile profile = {0};
    enum provider_status status = aws_profile_open(account, name, &profile, error);
    if (status == PROVIDER_OK)
        status = aws_keys_of_profile(account, &profile, ret_keys, error);
    if (status == PROVIDER_OK && !ret_keys->id)
        status = sdk_fail(error, PROVIDER_INVALID, "", "profile \"%s\" holds no credentials", name);
    aws_profile_close(&profile);
    return status;
}

/* What comes after the variables with the keys themselves: the profile's role, web identity, the profile's keys. */
static enum provider_status keys_of_usual_profile(struct provider_account *account, struct aws_keys *ret_keys,
                                                  struct provider_error *error)
{
    struct aws_profile profile = {0};
    enum provider_status status = aws_profile_open(account, "", &profile, error);
    if (status != PROVIDER_OK)
        return status;
    if (!aws_profile_assumes(&profile))
        status = aws_keys_of_web_identity(account, ret_keys, error);
    if (status == PROVIDER_OK && !ret_keys->id && profile.exists)
        status = aws_keys_of_profile(account, &profile, ret_keys, error);
    aws_profile_close(&profile);
    return status;
}

static enum provider_status find_keys(struct provider_account *account, struct aws_keys *ret_keys,
                                      struct provider_error *error)
{
    static enum provider_status (*const sources[])(struct provider_account *, struct aws_keys *,
                                                   struct provider_error *) = {
        keys_of_settings,      keys_of_explicit_profile, aws_keys_of_environment,
        keys_of_usual_profile, aws_keys_of_container,    aws_keys_of_instance,
    };
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        enum provider_status status = sources[i](account, ret_keys, error);
        if (status != PROVIDER_OK || ret_keys->id)
            return status;
    }
    return sdk_fail(error, PROVIDER_AUTH, "",
                    "no credentials: none in the settings, the environment, the shared "
                    "files, a container's endpoint or the instance's metadata");
}

static enum provider_status load(struct provider_account *account, struct aws_keys *ret_keys,
                                 struct provider_error *error)
{
    const struct aws_settings *settings = &account->settings;
    struct aws_keys found = {.expires_us = PROVIDER_UNSET};
    enum provider_status status = find_keys(account, &found, error);
    if (status != PROVIDER_OK || !settings->role_arn[0]) {
        *ret_keys = found;
        return status;
    }
    struct aws_role role = {settings->role_arn, settings->external_id, settings->role_session_name,
                            settings->role_duration_s, ""};
    status = aws_keys_of_role(account, &role, &found, ret_keys, error);
    aws_keys_release(&found);
    return status;
}

static enum provider_status renew(struct provider_account *account, struct provider_error *error)
{
    struct aws_keys fresh = {.expires_us = PROVIDER_UNSET};
    /* Keys of a role for 15 minutes are always about to end: not at every request. */
    account->next_refresh_us = account->services->ticks(account->services->context) + MINUTE_US;
    enum provider_status status = load(account, &fresh, error);
    if (status != PROVIDER_OK) {
        aws_keys_release(&fresh);
        return status;
    }
    aws_keys_release(&account->keys);
    account->keys = fresh;
    return PROVIDER_OK;
}

enum provider_status aws_credentials_get(struct provider_account *account, const struct aws_keys **ret_keys,
                                         struct provider_error *error)
{
    const struct provider_services *services = account->services;
    struct aws_keys *keys = &account->keys;
    /* Whoever replaced a key that AWS no longer takes has written the new one where the old one was. */
    if (account->keys_refused)
        aws_keys_release(keys);
    account->keys_refused = false;
    /* Their end is told by AWS's clock, not by this machine's. */
    int64_t now_us = aws_now(account, AWS_STS, account->settings.regions.list[0]);
    int64_t ticks_us = services->ticks(services->context);
    bool held = keys->id != NULL;
    int64_t left_us = held && keys->expires_us != PROVIDER_UNSET ? keys->expires_us - now_us : INT64_MAX;
    bool renewing = !held || (left_us < ADVISORY_US && (left_us <= 0 || ticks_us >= account->next_refresh_us));
    enum provider_status status = renewing ? renew(account, error) : PROVIDER_OK;
    if (status != PROVIDER_OK && held && left_us > 0) {
        sdk_log(services, left_us < MANDATORY_US ? PROVIDER_WARN : PROVIDER_INFO,
                "the credentials end in %lld s and cannot be renewed yet: %s", (long long)(left_us / 1000000),
                error->text);
        *error = (struct provider_error){.retry_at_us = PROVIDER_UNSET};
        status = PROVIDER_OK;
    }
    if (status == PROVIDER_OK)
        *ret_keys = keys;
    return status;
}

enum provider_status aws_credentials_refresh(struct provider_account *account, struct provider_error *error)
{
    aws_keys_release(&account->keys);
    return renew(account, error);
}
