/* Settings; see settings.h. */
#include "providers/azure/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/url.h"

#define DEADLINE_DEFAULT_US (INT64_C(30) * 60 * 1000000)
#define DEADLINE_MOST_MS (INT64_C(24) * 3600 * 1000)
#define METADATA_HOST "http://169.254.169.254"

struct reading {
    const struct provider_services *services;
    struct azure_settings *settings;
    struct provider_error *error;
};

static const char *setting(const struct reading *reading, const char *path)
{
    const char *value = reading->services->setting(reading->services->context, path, 0);
    return value && *value ? value : NULL;
}

static const char *environment(const struct reading *reading, const char *name)
{
    const char *value = reading->services->environment(reading->services->context, name);
    return value && *value ? value : NULL;
}

static char *copy(const char *text)
{
    return memory_copy_text(text, strlen(text));
}

/* The setting, else the variable, else the fallback, copied. */
static char *choose(const struct reading *reading, const char *path, const char *variable, const char *fallback)
{
    const char *value = setting(reading, path);
    if (!value && variable)
        value = environment(reading, variable);
    return copy(value ? value : fallback);
}

char *azure_lower(const char *text)
{
    char *lower = copy(text);
    for (char *at = lower; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return lower;
}

char *azure_location_normalise(const char *location)
{
    char *normal = azure_lower(location);
    char *end = normal;
    for (const char *at = normal; *at; at++)
        if (*at != ' ')
            *end++ = *at;
    *end = '\0';
    return normal;
}

bool azure_names_match(const struct azure_names *names, const char *name)
{
    bool found = names->count == 0;
    char *lower = azure_lower(name);
    for (size_t i = 0; i < names->count && !found; i++) {
        char *pattern = azure_lower(names->list[i]);
        found = text_glob(pattern, lower);
        free(pattern);
    }
    free(lower);
    return found;
}

static bool read_names(const struct reading *reading, const char *path, struct azure_names *names)
{
    const char *value;
    for (size_t i = 0; (value = reading->services->setting(reading->services->context, path, i)); i++) {
        if (names->count == AZURE_LIST_MAX) {
            sdk_fail(reading->error, PROVIDER_INVALID, "", "%s: at most %d entries", path, AZURE_LIST_MAX);
            return false;
        }
        names->list[names->count++] = copy(value);
    }
    return true;
}

/* An address: https, or http to this machine or its link where `local` allows it. A slash at its end is dropped. */
static bool check_url(const struct reading *reading, const char *path, char *url, bool local)
{
    struct sdk_url parsed;
    struct error reason = {0};
    size_t length = strlen(url);
    while (length > 0 && url[length - 1] == '/')
        url[--length] = '\0';
    if (length > 0 && sdk_url_read(url, &parsed, &reason) && (parsed.https || (local && sdk_url_is_local(&parsed))))
        return true;
    sdk_fail(reading->error, PROVIDER_INVALID, "", "%s: %s", path,
             reason.text[0] ? reason.text : "an https:// address is wanted: bearer tokens go there");
    return false;
}

static bool read_cloud(const struct reading *reading)
{
    struct azure_settings *settings = reading->settings;
    const char *name = setting(reading, "cloud");
    settings->cloud = azure_cloud_find(name ? name : "public");
    if (!settings->cloud) {
        sdk_fail(reading->error, PROVIDER_INVALID, "", "cloud: \"%s\" is not known; there are %s", name,
                 azure_cloud_names());
        return false;
    }
    settings->arm = choose(reading, "arm_endpoint", NULL, settings->cloud->arm);
    settings->authority = choose(reading, "authority", "AZURE_AUTHORITY_HOST", settings->cloud->authority);
    settings->scope = choose(reading, "scope", NULL, settings->cloud->scope);
    settings->resource = choose(reading, "resource", NULL, settings->cloud->resource);
    settings->prices = choose(reading, "price_endpoint", NULL, settings->cloud->prices);
    settings->identity = choose(reading, "identity_endpoint", "AZURE_POD_IDENTITY_AUTHORITY_HOST", METADATA_HOST);
    settings->ca_file = choose(reading, "ca_file", NULL, "");
    return check_url(reading, "arm_endpoint", settings->arm, false) &&
           check_url(reading, "authority", settings->authority, false) &&
           (settings->prices[0] == '\0' || check_url(reading, "price_endpoint", settings->prices, false)) &&
           check_url(reading, "identity_endpoint", settings->identity, true);
}

/* Directory and subscription names go into paths. */
static bool is_path_name(const char *text)
{
    return *text && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == strlen(text) &&
           strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

static bool require(const struct reading *reading, const char *path, const char *variable, const char *value)
{
    if (is_path_name(value))
        return true;
    sdk_fail(reading->error, PROVIDER_INVALID, "", "%s: %s (or the variable %s)", path,
             *value ? "letters, digits, '-', '.' and '_' are wanted" : "is not set: give the id from the Azure portal",
             variable);
    return false;
}

/* The kind that is named, else the first of which something is set. */
static bool choose_credential(const struct reading *reading)
{
    static const char *const words[] = {"client_secret", "certificate", "federated", "managed_identity"};
    struct azure_settings *settings = reading->settings;
    const char *word = setting(reading, "credential");
    for (size_t i = 0; word && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(word, words[i]) == 0) {
            settings->credential = (enum azure_credential)i;
            return true;
        }
    if (word) {
        sdk_fail(reading->error, PROVIDER_INVALID, "",
                 "credential: client_secret, certificate, federated or managed_identity is wanted, not \"%s\"", word);
        return false;
    }
    if (setting(reading, "client_secret_file"))
        settings->credential = AZURE_CREDENTIAL_SECRET;
    else if (setting(reading, "certificate_file"))
        settings->credential = AZURE_CREDENTIAL_CERTIFICATE;
    else if (setting(reading, "federated_token_file"))
        settings->credential = AZURE_CREDENTIAL_FEDERATED;
    else if (environment(reading, "AZURE_CLIENT_SECRET"))
        settings->credential = AZURE_CREDENTIAL_SECRET;
    else if (settings->certificate_path[0])
        settings->credential = AZURE_CREDENTIAL_CERTIFICATE;
    else if (settings->federated_path[0])
        settings->credential = AZURE_CREDENTIAL_FEDERATED;
    else
        settings->credential = AZURE_CREDENTIAL_MANAGED;
    return true;
}

static bool read_identity(const struct reading *reading)
{
    static const char *const pairs[][2] = {{"identity_client_id", "client_id"},
                                           {"identity_object_id", "object_id"},
                                           {"identity_resource_id", "msi_res_id"}};
    struct azure_settings *settings = reading->settings;
    settings->identity_name = copy("");
    settings->identity_value = copy("");
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const char *value = setting(reading, pairs[i][0]);
        if (!value)
            continue;
        if (settings->identity_name[0]) {
            sdk_fail(reading->error, PROVIDER_INVALID, "",
                     "%s: only one of identity_client_id, identity_object_id, identity_resource_id", pairs[i][0]);
            return false;
        }
        free(settings->identity_name);
        free(settings->identity_value);
        settings->identity_name = copy(pairs[i][1]);
        settings->identity_value = copy(value);
    }
    return true;
}

static bool read_flag(const struct reading *reading, const char *path, bool *ret_flag)
{
    const char *word = setting(reading, path);
    *ret_flag = word && strcmp(word, "true") == 0;
    if (!word || *ret_flag || strcmp(word, "false") == 0)
        return true;
    sdk_fail(reading->error, PROVIDER_INVALID, "", "%s: true or false is wanted, not \"%s\"", path, word);
    return false;
}

static bool read_credentials(const struct reading *reading)
{
    struct azure_settings *settings = reading->settings;
    settings->subscription = choose(reading, "subscription", "AZURE_SUBSCRIPTION_ID", "");
    settings->tenant = choose(reading, "tenant", "AZURE_TENANT_ID", "");
    settings->client_id = choose(reading, "client_id", "AZURE_CLIENT_ID", "");
    settings->certificate_path = choose(reading, "-", "AZURE_CLIENT_CERTIFICATE_PATH", "");
    settings->federated_path = choose(reading, "-", "AZURE_FEDERATED_TOKEN_FILE", "");
    if (!read_flag(reading, "send_certificate_chain", &settings->send_chain))
        return false;
    if (!choose_credential(reading) || !read_identity(reading) ||
        !require(reading, "subscription", "AZURE_SUBSCRIPTION_ID", settings->subscription))
        return false;
    return settings->credential == AZURE_CREDENTIAL_MANAGED ||
           (require(reading, "tenant", "AZURE_TENANT_ID", settings->tenant) &&
            require(reading, "client_id", "AZURE_CLIENT_ID", settings->client_id));
}

static bool read_number(const struct reading *reading, const char *path, int64_t fallback, int64_t *ret_number)
{
    const char *text = setting(reading, path);
    uint64_t number = 0;
    struct error reason = {0};
    *ret_number = fallback;
    if (!text)
        return true;
    if (!text_parse_u64(text, strlen(text), path, 0, 1000000, &number, &reason)) {
        sdk_fail_with(reading->error, PROVIDER_INVALID, "", &reason);
        return false;
    }
    *ret_number = (int64_t)number;
    return true;
}

static bool read_events(const struct reading *reading, struct azure_bounds *bounds)
{
    char path[PROVIDER_TEXT_MAX];
    const char *value;
    snprintf(path, sizeof path, "pool.%s.scheduled_events", bounds->name);
    for (size_t i = 0; (value = reading->services->setting(reading->services->context, path, i)); i++) {
        if (bounds->event_count == AZURE_EVENTS_MAX) {
            sdk_fail(reading->error, PROVIDER_INVALID, "", "%s: at most %d addresses", path, AZURE_EVENTS_MAX);
            return false;
        }
        bounds->events[bounds->event_count++] = copy(value);
        if (!check_url(reading, path, bounds->events[i], true))
            return false;
    }
    return true;
}

static bool read_bounds(const struct reading *reading)
{
    struct azure_settings *settings = reading->settings;
    const char *label;
    for (size_t i = 0; (label = reading->services->setting_label(reading->services->context, "pool", i)); i++) {
        char path[PROVIDER_TEXT_MAX];
        if (settings->bounds_count == AZURE_LIST_MAX || strlen(label) > 128) {
            sdk_fail(reading->error, PROVIDER_INVALID, "", "pool: at most %d blocks, names of at most 128 bytes",
                     AZURE_LIST_MAX);
            return false;
        }
        struct azure_bounds *bounds = &settings->bounds[settings->bounds_count++];
        bounds->name = copy(label);
        snprintf(path, sizeof path, "pool.%s.min", bounds->name);
        if (!read_number(reading, path, 0, &bounds->min))
            return false;
        snprintf(path, sizeof path, "pool.%s.max", bounds->name);
        if (!read_number(reading, path, PROVIDER_UNSET, &bounds->max))
            return false;
        if (!read_events(reading, bounds))
            return false;
        if (bounds->max != PROVIDER_UNSET && bounds->max < bounds->min) {
            sdk_fail(reading->error, PROVIDER_INVALID, "", "pool \"%s\": max is below min", bounds->name);
            return false;
        }
    }
    return true;
}

static bool read_rest(const struct reading *reading)
{
    struct azure_settings *settings = reading->settings;
    struct error reason = {0};
    int64_t deadline_ms = 0;
    settings->currency = choose(reading, "currency", NULL, "USD");
    settings->operation_deadline_us = DEADLINE_DEFAULT_US;
    const char *deadline = setting(reading, "operation_deadline");
    if (deadline && !text_parse_duration(deadline, strlen(deadline), &deadline_ms, &reason)) {
        sdk_fail(reading->error, PROVIDER_INVALID, "", "operation_deadline: %s", reason.text);
        return false;
    }
    if (deadline && (deadline_ms <= 0 || deadline_ms > DEADLINE_MOST_MS)) {
        sdk_fail(reading->error, PROVIDER_INVALID, "", "operation_deadline: more than 0s and at most 24h is wanted");
        return false;
    }
    if (deadline)
        settings->operation_deadline_us = deadline_ms * 1000;
    if (strlen(settings->currency) != 3 || strspn(settings->currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3) {
        sdk_fail(reading->error, PROVIDER_INVALID, "", "currency: three capital letters are wanted, as \"USD\"");
        return false;
    }
    if (!read_names(reading, "regions", &settings->regions) ||
        !read_names(reading, "resource_groups", &settings->resource_groups) ||
        !read_names(reading, "scale_sets", &settings->scale_sets) ||
        !read_names(reading, "instance_types", &settings->instance_types))
        return false;
    for (size_t i = 0; i < settings->regions.count; i++) {
        char *given = settings->regions.list[i];
        settings->regions.list[i] = azure_location_normalise(given);
        free(given);
    }
    return read_bounds(reading);
}

enum provider_status azure_settings_read(const struct provider_services *services, struct azure_settings *ret_settings,
                                         struct provider_error *error)
{
    struct reading reading = {services, ret_settings, error};
    return read_cloud(&reading) && read_credentials(&reading) && read_rest(&reading) ? PROVIDER_OK : PROVIDER_INVALID;
}

static void release_names(struct azure_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i]);
}

void azure_settings_release(struct azure_settings *settings)
{
    char *texts[] = {settings->arm,      settings->authority,      settings->scope,           settings->resource,
                     settings->prices,   settings->identity,       settings->ca_file,         settings->subscription,
                     settings->tenant,   settings->client_id,      settings->identity_name,   settings->identity_value,
                     settings->currency, settings->federated_path, settings->certificate_path};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    release_names(&settings->regions);
    release_names(&settings->resource_groups);
    release_names(&settings->scale_sets);
    release_names(&settings->instance_types);
    for (size_t i = 0; i < settings->bounds_count; i++) {
        free(settings->bounds[i].name);
        for (size_t k = 0; k < settings->bounds[i].event_count; k++)
            free(settings->bounds[i].events[k]);
    }
    memset(settings, 0, sizeof *settings);
}
