/* The account's settings: see account.h and docs/providers/aws.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "providers/aws/account.h"
#include "providers/aws/profile.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/url.h"

static const struct service {
    const char *sign_name, *host, *version, *target, *suffix;
} services_table[AWS_SERVICE_COUNT] = {
#define AWS_SERVICE_ROW(constant, sign, host, version, target, suffix, rate, burst)                                    \
    {sign, host, version, target, suffix},
    AWS_SERVICES(AWS_SERVICE_ROW)
#undef AWS_SERVICE_ROW
};

const char *aws_service_sign_name(enum aws_service service)
{
    return services_table[service].sign_name;
}

const char *aws_service_host(enum aws_service service)
{
    return services_table[service].host;
}

const char *aws_service_version(enum aws_service service)
{
    return services_table[service].version;
}

const char *aws_service_target(enum aws_service service)
{
    return services_table[service].target;
}

static char *copy(const char *text)
{
    return memory_copy_text(text ? text : "", text ? strlen(text) : 0);
}

static const char *setting(const struct provider_account *account, const char *path)
{
    return account->services->setting(account->services->context, path, 0);
}

static const char *environment(const struct provider_account *account, const char *name)
{
    const char *value = account->services->environment(account->services->context, name);
    return value && value[0] ? value : NULL;
}

static void add_name(struct aws_names *names, const char *name)
{
    names->list = memory_resize(names->list, names->count + 1, sizeof *names->list);
    names->list[names->count++] = copy(name);
}

static void release_names(struct aws_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i]);
    free(names->list);
    *names = (struct aws_names){NULL, 0};
}

void aws_settings_release(struct aws_settings *settings)
{
    release_names(&settings->regions);
    release_names(&settings->groups);
    release_names(&settings->instance_types);
    free(settings->group_tag);
    free(settings->group_tag_value);
    free(settings->operating_system);
    free(settings->profile);
    free(settings->access_key_id);
    free(settings->role_arn);
    free(settings->external_id);
    free(settings->role_session_name);
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++)
        free(settings->endpoints[i]);
    *settings = (struct aws_settings){0};
}

static enum provider_status read_names(const struct provider_account *account, const char *path, size_t most,
                                       struct aws_names *names, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    const char *name;
    while ((name = services->setting(services->context, path, names->count)) != NULL) {
        if (names->count >= most)
            return sdk_fail(error, PROVIDER_INVALID, "", "%s: at most %zu are possible", path, most);
        if (!name[0] || strlen(name) > 255)
            return sdk_fail(error, PROVIDER_INVALID, "", "%s: number %zu must have 1 to 255 characters", path,
                            names->count + 1);
        add_name(names, name);
    }
    return PROVIDER_OK;
}

static enum provider_status read_regions(struct provider_account *account, const char *of_profile,
                                         struct provider_error *error)
{
    struct aws_names *regions = &account->settings.regions;
    enum provider_status status = read_names(account, "regions", AWS_REGIONS_MAX, regions, error);
    if (status != PROVIDER_OK)
        return status;
    const char *sources[] = {environment(account, "AWS_REGION"), environment(account, "AWS_DEFAULT_REGION"),
                             of_profile};
    for (size_t i = 0; i < 3 && regions->count == 0; i++)
        if (sources[i] && sources[i][0])
            add_name(regions, sources[i]);
    if (regions->count == 0)
        return sdk_fail(error, PROVIDER_INVALID, "", "no region: set regions = [\"eu-central-1\"] or AWS_REGION");
    for (size_t i = 0; i < regions->count; i++) {
        struct error reason;
        if (!aws_region_check(regions->list[i], &reason))
            return sdk_fail(error, PROVIDER_INVALID, "", "regions: %s", reason.text);
        for (size_t k = 0; k < i; k++)
            if (strcmp(regions->list[k], regions->list[i]) == 0)
                return sdk_fail(error, PROVIDER_INVALID, "", "regions: \"%s\" stands there twice", regions->list[i]);
        if (aws_partition_of(regions->list[i]) != aws_partition_of(regions->list[0]))
            return sdk_fail(error, PROVIDER_INVALID, "",
                            "regions: \"%s\" and \"%s\" belong to different partitions of AWS, which never share "
                            "an account: make two provider blocks of them",
                            regions->list[0], regions->list[i]);
    }
    return PROVIDER_OK;
}

/* Takes an override after a check; `from` names it. */
static enum provider_status set_endpoint(struct provider_account *account, size_t service, const char *from,
                                         const char *value, struct provider_error *error)
{
    struct sdk_url url;
    struct error reason;
    if (!sdk_url_read(value, &url, &reason))
        return sdk_fail(error, PROVIDER_INVALID, "", "%s: %s", from, reason.text);
    if (!url.https && !sdk_url_is_local(&url))
        return sdk_fail(error, PROVIDER_INVALID, "", "%s: http is for this machine only, use https", from);
    if (url.query_length > 0 || url.path_length > 1)
        return sdk_fail(error, PROVIDER_INVALID, "", "%s: no path and no query belong there", from);
    size_t length = (size_t)(url.authority - value) + url.authority_length;
    free(account->settings.endpoints[service]);
    account->settings.endpoints[service] = memory_copy_text(value, length);
    return PROVIDER_OK;
}

/* The first that is set wins: the settings, the environment, the profile; each for one service before for all. */
static enum provider_status read_endpoint(struct provider_account *account, const struct aws_profile *profile,
                                          size_t service, struct provider_error *error)
{
    const char *suffix = services_table[service].suffix;
    char own[64], own_variable[64];
    snprintf(own, sizeof own, "endpoint_url_%s", services_table[service].sign_name);
    snprintf(own_variable, sizeof own_variable, "AWS_ENDPOINT_URL_%s", suffix);
    account->settings.endpoints[service] = copy("");
    const char *ignore = environment(account, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    bool outside = !ignore || strcasecmp(ignore, "true") != 0;
    const struct candidate {
        const char *from, *value;
    } candidates[] = {
        {own, setting(account, own)},
        {"endpoint_url", setting(account, "endpoint_url")},
        {own_variable, outside ? environment(account, own_variable) : NULL},
        {"AWS_ENDPOINT_URL", outside ? environment(account, "AWS_ENDPOINT_URL") : NULL},
        {"the profile's endpoint_url", outside ? aws_profile_endpoint(profile, suffix) : NULL},
    };
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        if (candidates[i].value && candidates[i].value[0])
            return set_endpoint(account, service, candidates[i].from, candidates[i].value, error);
    return PROVIDER_OK;
}

static enum provider_status read_selection(struct provider_account *account, struct provider_error *error)
{
    struct aws_settings *settings = &account->settings;
    enum provider_status status = read_names(account, "groups", AWS_NAMES_MAX, &settings->groups, error);
    if (status == PROVIDER_OK)
        status = read_names(account, "instance_types", AWS_NAMES_MAX, &settings->instance_types, error);
    if (status != PROVIDER_OK)
        return status;
    const char *tag = setting(account, "group_tag");
    const char *equals = tag ? strchr(tag, '=') : NULL;
    settings->group_tag = tag && equals ? memory_copy_text(tag, (size_t)(equals - tag)) : copy(tag);
    settings->group_tag_value = copy(equals ? equals + 1 : "");
    if (tag && (!settings->group_tag[0] || strlen(tag) > 384))
        return sdk_fail(error, PROVIDER_INVALID, "", "group_tag: \"key\" or \"key=value\" is wanted");
    const char *system = setting(account, "operating_system");
    settings->operating_system = copy(system ? system : "Linux");
    static const char *const systems[] = {"Linux", "Windows", "RHEL", "SUSE"};
    for (size_t i = 0; i < 4; i++)
        if (strcmp(settings->operating_system, systems[i]) == 0)
            return PROVIDER_OK;
    return sdk_fail(error, PROVIDER_INVALID, "", "operating_system: Linux, Windows, RHEL or SUSE is wanted");
}

static bool is_session_name(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < length; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-", name[i]))
            return false;
    return length >= 2 && length <= 64;
}

/* "drover-<account>", with what AWS does not take in it as '-'. */
static char *default_session_name(const char *account)
{
    char name[65];
    snprintf(name, sizeof name, "drover-%s", account);
    for (char *c = name; *c; c++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-", *c))
            *c = '-';
    return copy(name);
}

static enum provider_status read_role(struct provider_account *account, struct provider_error *error)
{
    struct aws_settings *settings = &account->settings;
    settings->profile = copy(setting(account, "profile"));
    settings->access_key_id = copy(setting(account, "access_key_id"));
    settings->role_arn = copy(setting(account, "role_arn"));
    settings->external_id = copy(setting(account, "external_id"));
    const char *session = setting(account, "role_session_name");
    settings->role_session_name = session ? copy(session) : default_session_name(account->name);
    settings->role_duration_s = 3600;
    if (settings->role_arn[0] && !text_starts_with(settings->role_arn, "arn:"))
        return sdk_fail(error, PROVIDER_INVALID, "", "role_arn: it must begin with \"arn:\"");
    if (!is_session_name(settings->role_session_name))
        return sdk_fail(error, PROVIDER_INVALID, "",
                        "role_session_name: 2 to 64 letters, digits and _+=,.@- are possible");
    const char *duration = setting(account, "role_duration_seconds");
    uint64_t seconds = 0;
    struct error reason;
    if (duration && !text_parse_u64(duration, strlen(duration), "role_duration_seconds", 900, 43200, &seconds, &reason))
        return sdk_fail(error, PROVIDER_INVALID, "", "%s", reason.text);
    if (duration)
        settings->role_duration_s = (int64_t)seconds;
    return PROVIDER_OK;
}

enum provider_status aws_settings_read(struct provider_account *account, struct provider_error *error)
{
    enum provider_status status = read_role(account, error);
    struct aws_profile profile = {0};
    if (status == PROVIDER_OK)
        status = aws_profile_open(account, account->settings.profile, &profile, error);
    if (status == PROVIDER_OK)
        status = read_regions(account, aws_profile_get(&profile, "region"), error);
    if (status == PROVIDER_OK)
        status = read_selection(account, error);
    for (size_t i = 0; i < AWS_SERVICE_COUNT && status == PROVIDER_OK; i++)
        status = read_endpoint(account, &profile, i, error);
    aws_profile_close(&profile);
    return status;
}
