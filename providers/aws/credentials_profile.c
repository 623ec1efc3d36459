/* Keys that stand in the environment or in the shared files, and roles that a profile assumes: see credentials.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "providers/aws/credentials.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/time.h"

/* A chain of source_profile that is longer is taken for a loop. */
enum { SOURCES_MAX = 8 };

static const char *environment(const struct provider_account *account, const char *name)
{
    const char *value = account->services->environment(account->services->context, name);
    return value && value[0] ? value : NULL;
}

static enum provider_status half_a_pair(const char *where, const char *there, const char *missing,
                                        struct provider_error *error)
{
    return sdk_fail(error, PROVIDER_INVALID, "", "half a key pair in %s: %s is set and %s is not", where, there,
                    missing);
}

/* A variable's value lives until the next one is asked for, so copies are made. */
static char *copy_variable(const struct provider_account *account, const char *name)
{
    const char *value = environment(account, name);
    return value ? memory_copy_text(value, strlen(value)) : NULL;
}

static enum provider_status read_expiration(const struct provider_account *account, struct aws_keys *keys,
                                            struct provider_error *error)
{
    const char *expiration = environment(account, "AWS_CREDENTIAL_EXPIRATION");
    struct error reason;
    if (!expiration || sdk_time_read_iso(expiration, &keys->expires_us, &reason))
        return PROVIDER_OK;
    aws_keys_release(keys);
    return sdk_fail(error, PROVIDER_INVALID, "", "AWS_CREDENTIAL_EXPIRATION: %s", reason.text);
}

enum provider_status aws_keys_of_environment(struct provider_account *account, struct aws_keys *ret_keys,
                                             struct provider_error *error)
{
    char *id = copy_variable(account, "AWS_ACCESS_KEY_ID");
    char *secret = copy_variable(account, "AWS_SECRET_ACCESS_KEY");
    const char *token = environment(account, "AWS_SESSION_TOKEN");
    if (!token)
        token = environment(account, "AWS_SECURITY_TOKEN");
    enum provider_status status = PROVIDER_OK;
    if (id && !secret)
        status = half_a_pair("the environment", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", error);
    else if (!id && secret)
        status = half_a_pair("the environment", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", error);
    else if (id) {
        aws_keys_set(ret_keys, id, secret, token, "the environment");
        status = read_expiration(account, ret_keys, error);
    }
    struct aws_keys wiped = {.id = id, .secret = secret};
    aws_keys_release(&wiped);
    return status;
}

bool aws_profile_assumes(const struct aws_profile *profile)
{
    return aws_profile_get(profile, "role_arn") != NULL;
}

/* The pair as it stands in one of the two files. */
static enum provider_status read_pair(const struct aws_profile *profile, const struct aws_ini *ini, const char *section,
                                      const char *file, struct aws_keys *ret_keys, struct provider_error *error)
{
    const char *id = aws_ini_get(ini, section, "aws_access_key_id");
    const char *secret = aws_ini_get(ini, section, "aws_secret_access_key");
    char where[AWS_PROFILE_NAME_MAX + 64];
    snprintf(where, sizeof where, "profile %s of the %s file", profile->name, file);
    bool has_id = id && id[0], has_secret = secret && secret[0];
    if (has_id && !has_secret)
        return half_a_pair(where, "aws_access_key_id", "aws_secret_access_key", error);
    if (!has_id && has_secret)
        return half_a_pair(where, "aws_secret_access_key", "aws_access_key_id", error);
    if (has_id)
        aws_keys_set(ret_keys, id, secret, aws_ini_get(ini, section, "aws_session_token"), where);
    return PROVIDER_OK;
}

/* Ways to credentials that this module does not go: said, and not passed over. */
static enum provider_status refuse_others(const struct aws_profile *profile, struct provider_error *error)
{
    static const struct {
        const char *key, *why;
    } others[] = {
        {"credential_process", "a module starts no programs; write the keys to a file, or use a role"},
        {"sso_session", "single sign-on needs a person; use a role or keys of the agent's own"},
        {"sso_start_url", "single sign-on needs a person; use a role or keys of the agent's own"},
        {"mfa_serial", "a one-time code needs a person; use a role that asks for none"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (aws_profile_get(profile, others[i].key))
            return sdk_fail(error, PROVIDER_INVALID, "", "profile %s: %s is not possible here: %s", profile->name,
                            others[i].key, others[i].why);
    return PROVIDER_OK;
}

static enum provider_status static_keys(const struct aws_profile *profile, struct aws_keys *ret_keys,
                                        struct provider_error *error)
{
    enum provider_status status =
        read_pair(profile, profile->credentials, profile->name, "credentials", ret_keys, error);
    if (status == PROVIDER_OK && !ret_keys->id)
        status = read_pair(profile, profile->config, profile->section, "config", ret_keys, error);
    if (status == PROVIDER_OK && !ret_keys->id)
        status = refuse_others(profile, error);
    return status;
}

static enum provider_status keys_of_source(struct provider_account *account, const char *source,
                                           struct aws_keys *ret_keys, struct provider_error *error)
{
    enum provider_status status;
    if (strcmp(source, "Environment") == 0)
        status = aws_keys_of_environment(account, ret_keys, error);
    else if (strcmp(source, "EcsContainer") == 0)
        status = aws_keys_of_container(account, ret_keys, error);
    else if (strcmp(source, "Ec2InstanceMetadata") == 0)
        status = aws_keys_of_instance(account, ret_keys, error);
    else
        return sdk_fail(error, PROVIDER_INVALID, "",
                        "credential_source: Environment, EcsContainer or Ec2InstanceMetadata is wanted");
    if (status == PROVIDER_OK && !ret_keys->id)
        status = sdk_fail(error, PROVIDER_INVALID, "", "credential_source = %s, and there are no keys there", source);
    return status;
}

static enum provider_status keys_at_depth(struct provider_account *account, const struct aws_profile *profile,
                                          unsigned depth, struct aws_keys *ret_keys, struct provider_error *error);

/* The keys that a profile's role is assumed with. */
static enum provider_status base_keys(struct provider_account *account, const struct aws_profile *profile,
                                      unsigned depth, struct aws_keys *ret_keys, struct provider_error *error)
{
    const char *name = aws_profile_get(profile, "source_profile");
    const char *source = aws_profile_get(profile, "credential_source");
    if ((name != NULL) == (source != NULL))
        return sdk_fail(error, PROVIDER_INVALID, "",
                        "profile %s: role_arn needs %s source_profile and credential_source", profile->name,
                        name ? "one and not both of" : "one of");
    if (source)
        return keys_of_source(account, source, ret_keys, error);
    /* A profile that is its own source holds the keys itself. */
    if (strcmp(name, profile->name) == 0)
        return static_keys(profile, ret_keys, error);
    if (depth + 1 >= SOURCES_MAX)
        return sdk_fail(error, PROVIDER_INVALID, "", "profile %s: source_profile goes round in a circle",
                        profile->name);
    struct aws_profile next = {0};
    enum provider_status status = aws_profile_open(account, name, &next, error);
    if (status == PROVIDER_OK)
        status = keys_at_depth(account, &next, depth + 1, ret_keys, error);
    if (status == PROVIDER_OK && !ret_keys->id)
        status = sdk_fail(error, PROVIDER_INVALID, "", "source_profile \"%s\" holds no credentials", name);
    aws_profile_close(&next);
    return status;
}

static enum provider_status read_duration(const struct aws_profile *profile, int64_t *ret_duration_s,
                                          struct provider_error *error)
{
    const char *text = aws_profile_get(profile, "duration_seconds");
    uint64_t seconds = 3600;
    struct error reason;
    if (text && !text_parse_u64(text, strlen(text), "duration_seconds", 900, 43200, &seconds, &reason))
        return sdk_fail(error, PROVIDER_INVALID, "", "profile %s: %s", profile->name, reason.text);
    *ret_duration_s = (int64_t)seconds;
    return PROVIDER_OK;
}

static enum provider_status keys_at_depth(struct provider_account *account, const struct aws_profile *profile,
                                          unsigned depth, struct aws_keys *ret_keys, struct provider_error *error)
{
    const char *arn = aws_profile_get(profile, "role_arn");
    if (!arn)
        return static_keys(profile, ret_keys, error);
    enum provider_status status = refuse_others(profile, error);
    const char *external_id = aws_profile_get(profile, "external_id");
    const char *session = aws_profile_get(profile, "role_session_name");
    const char *token_file = aws_profile_get(profile, "web_identity_token_file");
    struct aws_role role = {arn, external_id ? external_id : "",
                            session ? session : account->settings.role_session_name, 0, token_file ? token_file : ""};
    if (status == PROVIDER_OK)
        status = read_duration(profile, &role.duration_s, error);
    struct aws_keys base = {.expires_us = PROVIDER_UNSET};
    if (status == PROVIDER_OK && !token_file)
        status = base_keys(account, profile, depth, &base, error);
    if (status == PROVIDER_OK)
        status = aws_keys_of_role(account, &role, &base, ret_keys, error);
    aws_keys_release(&base);
    return status;
}

enum provider_status aws_keys_of_profile(struct provider_account *account, const struct aws_profile *profile,
                                         struct aws_keys *ret_keys, struct provider_error *error)
{
    return keys_at_depth(account, profile, 0, ret_keys, error);
}
