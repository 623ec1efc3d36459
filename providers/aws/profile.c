/* Profiles: see profile.h. */
#include "providers/aws/profile.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "providers/sdk/fail.h"

static const char *environment(const struct provider_account *account, const char *name)
{
    const char *value = account->services->environment(account->services->context, name);
    return value && value[0] ? value : NULL;
}

/* Whether any section holds a secret: then others must not be able to read the file. */
static bool holds_secret(const char *text, size_t length)
{
    return memmem(text, length, "aws_secret_access_key", 21) || memmem(text, length, "aws_session_token", 17);
}

/* Reads one shared file. A file that nobody named may be absent. */
static enum provider_status read_file(const struct provider_account *account, const char *variable, const char *usual,
                                      struct aws_ini **ret_ini, struct provider_error *error)
{
    struct buffer path = BUFFER_INIT;
    const char *named = environment(account, variable), *home = environment(account, "HOME");
    /* The empty file is how people say "none". */
    if ((!named && !home) || (named && strcmp(named, "/dev/null") == 0))
        return PROVIDER_OK;
    if (named)
        buffer_append_text(&path, named);
    else
        buffer_printf(&path, "%s/.aws/%s", home, usual);
    size_t length = 0;
    bool open = false;
    const char *trouble = "it cannot be read";
    const char *text = account->services->file(account->services->context, path.data, &length, &open, &trouble);
    enum provider_status status = PROVIDER_OK;
    struct error reason;
    if (!text && named)
        status = sdk_fail(error, PROVIDER_INVALID, "", "%s names %s: %s", variable, path.data, trouble);
    else if (text && open && holds_secret(text, length))
        status = sdk_fail(error, PROVIDER_INVALID, "",
                          "%s holds a secret and others than its owner may read it: chmod 600", path.data);
    else if (text && !(*ret_ini = aws_ini_read(text, length, &reason)))
        status = sdk_fail(error, PROVIDER_INVALID, "", "%s: %s", path.data, reason.text);
    buffer_release(&path);
    return status;
}

enum provider_status aws_profile_open(const struct provider_account *account, const char *name,
                                      struct aws_profile *ret_profile, struct provider_error *error)
{
    struct aws_profile profile = {0};
    const char *wanted = name[0] ? name : environment(account, "AWS_PROFILE");
    bool named = wanted != NULL;
    if (!wanted)
        wanted = "default";
    if (strlen(wanted) >= sizeof profile.name)
        return sdk_fail(error, PROVIDER_INVALID, "", "profile: a name has at most %d characters",
                        AWS_PROFILE_NAME_MAX - 1);
    snprintf(profile.name, sizeof profile.name, "%s", wanted);
    bool is_default = strcmp(wanted, "default") == 0;
    snprintf(profile.section, sizeof profile.section, "%s%s", is_default ? "" : "profile ", wanted);
    enum provider_status status =
        read_file(account, "AWS_SHARED_CREDENTIALS_FILE", "credentials", &profile.credentials, error);
    if (status == PROVIDER_OK)
        status = read_file(account, "AWS_CONFIG_FILE", "config", &profile.config, error);
    /* "[profile default]" is another way to write "[default]". */
    if (is_default && !aws_ini_has_section(profile.config, "default"))
        snprintf(profile.section, sizeof profile.section, "profile default");
    profile.exists =
        aws_ini_has_section(profile.credentials, profile.name) || aws_ini_has_section(profile.config, profile.section);
    if (status == PROVIDER_OK && named && !is_default && !profile.exists)
        status = sdk_fail(error, PROVIDER_INVALID, "",
                          "profile \"%s\"%s stands neither in the credentials nor in the "
                          "config file",
                          wanted, name[0] ? "" : " of AWS_PROFILE");
    if (status != PROVIDER_OK)
        aws_profile_close(&profile);
    else
        *ret_profile = profile;
    return status;
}

void aws_profile_close(struct aws_profile *profile)
{
    aws_ini_free(profile->credentials);
    aws_ini_free(profile->config);
    *profile = (struct aws_profile){0};
}

const char *aws_profile_get(const struct aws_profile *profile, const char *key)
{
    const char *value = aws_ini_get(profile->credentials, profile->name, key);
    return value ? value : aws_ini_get(profile->config, profile->section, key);
}

const char *aws_profile_endpoint(const struct aws_profile *profile, const char *suffix)
{
    const char *services = aws_profile_get(profile, "services");
    if (services && strlen(services) < AWS_PROFILE_NAME_MAX) {
        char section[AWS_PROFILE_NAME_MAX + 16], key[64];
        snprintf(section, sizeof section, "services %s", services);
        snprintf(key, sizeof key, "%s.endpoint_url", suffix);
        for (char *c = key; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        const char *own = aws_ini_get(profile->config, section, key);
        if (own)
            return own;
    }
    return aws_profile_get(profile, "endpoint_url");
}
