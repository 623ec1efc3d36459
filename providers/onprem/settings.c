/* The account's settings: the site, credentials, machines. Pools and their price, and the tariff: settings_price.c. */
#include "providers/onprem/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "providers/onprem/setting_value.h"
#include "providers/onprem/settings_private.h"
#include "providers/sdk/url.h"

#define SECOND_US INT64_C(1000000)

bool settings_count_labels(const struct provider_services *services, const char *block, size_t most, size_t *ret_count,
                           struct error *ret_error)
{
    size_t count = 0;
    for (; services->setting_label(services->context, block, count) != NULL; count++)
        if (count == most)
            return error_set(ret_error, ERROR_INVALID, "more than %zu blocks of the kind \"%s\"", most, block);
    *ret_count = count;
    return true;
}

static bool read_site(const struct setting_block *block, struct site_settings *settings, struct error *ret_error)
{
    if (!setting_text(block, "site", settings->site, sizeof settings->site, ret_error) ||
        !setting_text(block, "currency", settings->currency, sizeof settings->currency, ret_error) ||
        !setting_text(block, "architecture", settings->architecture, sizeof settings->architecture, ret_error) ||
        !setting_flag(block, "read_watts", &settings->read_watts, ret_error) ||
        !setting_flag(block, "price_measured", &settings->price_measured, ret_error) ||
        !setting_duration(block, "connect_timeout", 60, &settings->connect_timeout_us, ret_error) ||
        !setting_duration(block, "timeout", 300, &settings->timeout_us, ret_error) ||
        !setting_duration(block, "libvirt_timeout", 300, &settings->libvirt_timeout_us, ret_error) ||
        !setting_duration(block, "confirm_delay", 60, &settings->confirm_delay_us, ret_error) ||
        !setting_duration(block, "start_timeout", 3600, &settings->start_timeout_us, ret_error))
        return false;
    if (!setting_is_name(settings->site))
        return setting_refuse(block, "site", ret_error, "letters, digits, '-' and '_' are wanted");
    if (strspn(settings->currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
        return setting_refuse(block, "currency", ret_error, "three capital letters are wanted, \"EUR\"");
    if (strcmp(settings->architecture, "x86_64") != 0 && strcmp(settings->architecture, "arm64") != 0)
        return setting_refuse(block, "architecture", ret_error, "\"x86_64\" or \"arm64\" is wanted");
    return true;
}

static bool read_credentials(const struct provider_services *services, struct site_settings *settings,
                             struct error *ret_error)
{
    size_t count = 0;
    if (!settings_count_labels(services, "credential", ONPREM_CREDENTIALS_MAX, &count, ret_error))
        return false;
    settings->credentials = memory_new(count, sizeof *settings->credentials);
    settings->credential_count = count;
    for (size_t i = 0; i < count; i++) {
        struct credential_settings *credential = &settings->credentials[i];
        const char *label = services->setting_label(services->context, "credential", i);
        struct setting_block block;
        if (!setting_block(services, "credential", label, &block, ret_error))
            return false;
        snprintf(credential->name, sizeof credential->name, "%s", label);
        if (!setting_text(&block, "username", credential->username, sizeof credential->username, ret_error) ||
            !setting_count(&block, "attempt", 0, 1000000, &credential->attempt, ret_error))
            return false;
        if (!credential->username[0] || strchr(credential->username, ':'))
            return setting_refuse(&block, "username", ret_error, "a name without ':' is wanted");
        if (!setting_raw(&block, "password_file", 0))
            return setting_refuse(&block, "password_file", ret_error, "is missing: the file that holds the password");
    }
    return true;
}

static bool find_pool(const struct setting_block *block, const struct site_settings *settings, size_t *ret_pool,
                      struct error *ret_error)
{
    const char *name = setting_raw(block, "pool", 0);
    for (size_t i = 0; name && i < settings->pool_count; i++)
        if (strcmp(settings->pools[i].name, name) == 0) {
            *ret_pool = i;
            return true;
        }
    return setting_refuse(block, "pool", ret_error, name ? "no pool block has that label" : "is missing");
}

static bool find_credential(const struct setting_block *block, const struct site_settings *settings,
                            size_t *ret_credential, struct error *ret_error)
{
    const char *name = setting_raw(block, "credential", 0);
    if (!name && settings->credential_count == 1) {
        *ret_credential = 0;
        return true;
    }
    for (size_t i = 0; name && i < settings->credential_count; i++)
        if (strcmp(settings->credentials[i].name, name) == 0) {
            *ret_credential = i;
            return true;
        }
    return setting_refuse(block, "credential", ret_error,
                          name ? "no credential block has that label"
                               : "is missing; only where there is exactly one credential block it may be left out");
}

static bool check_address(const struct setting_block *block, struct machine_settings *machine, struct error *ret_error)
{
    struct sdk_url url;
    struct error reason;
    if (!sdk_url_read(machine->address, &url, &reason))
        return setting_refuse(block, "address", ret_error, "%s", reason.text);
    if (!url.https && !sdk_url_is_local(&url))
        return setting_refuse(block, "address", ret_error, "https:// is wanted: a password goes there");
    if (url.path_length > 1 || url.query_length > 0)
        return setting_refuse(block, "address", ret_error, "only https://host:port is wanted, paths are discovered");
    size_t length = strlen(machine->address);
    if (machine->address[length - 1] == '/')
        machine->address[length - 1] = '\0';
    return true;
}

static bool read_redfish(const struct setting_block *block, const struct site_settings *settings,
                         struct machine_settings *machine, struct error *ret_error)
{
    if (!setting_text(block, "address", machine->address, sizeof machine->address, ret_error) ||
        !setting_text(block, "system", machine->system, sizeof machine->system, ret_error) ||
        !setting_text(block, "chassis", machine->chassis, sizeof machine->chassis, ret_error) ||
        !setting_text(block, "pinned_key", machine->pinned_key, sizeof machine->pinned_key, ret_error) ||
        !setting_text(block, "ca_file", machine->ca_file, sizeof machine->ca_file, ret_error) ||
        !find_credential(block, settings, &machine->credential, ret_error) || !check_address(block, machine, ret_error))
        return false;
    if ((machine->system[0] && machine->system[0] != '/') || (machine->chassis[0] && machine->chassis[0] != '/'))
        return setting_refuse(block, "system", ret_error, "a path such as /redfish/v1/Systems/1 is wanted");
    if (machine->pinned_key[0] && strncmp(machine->pinned_key, "sha256//", 8) != 0)
        return setting_refuse(block, "pinned_key", ret_error,
                              "\"sha256//\" and the base64 of the public key's SHA-256 are wanted");
    return true;
}

static bool is_loopback(const char *host)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    size_t length = strcspn(host, ":/?");
    if (memchr(host, '@', strcspn(host, "/?"))) /* what stands before it is no host */
        return false;
    if (host[0] == '[')
        length = strcspn(host, "]") + 1;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == length && strncmp(host, names[i], length) == 0)
            return true;
    return false;
}

/* Plain TCP has neither encryption nor a password worth the name: loopback only. */
static bool check_uri(const struct setting_block *block, const struct machine_settings *machine,
                      struct error *ret_error)
{
    const char *separator = strstr(machine->address, "://");
    if (!separator)
        return setting_refuse(block, "uri", ret_error, "a libvirt URI such as qemu+tls://host/system is wanted");
    const char *transport = memchr(machine->address, '+', (size_t)(separator - machine->address));
    if (transport && strncasecmp(transport, "+tcp:", 5) == 0 && !is_loopback(separator + 3))
        return setting_refuse(block, "uri", ret_error, "plain TCP is taken to 127.0.0.1 only; use qemu+tls://");
    return true;
}

static bool read_libvirt(const struct setting_block *block, struct machine_settings *machine, struct error *ret_error)
{
    if (!setting_text(block, "uri", machine->address, sizeof machine->address, ret_error) ||
        !setting_text(block, "domain", machine->system, sizeof machine->system, ret_error) ||
        !check_uri(block, machine, ret_error))
        return false;
    return machine->system[0] || setting_refuse(block, "domain", ret_error, "is missing: the domain's name");
}

static bool read_transport(const struct setting_block *block, struct machine_settings *machine, struct error *ret_error)
{
    const char *transport = setting_raw(block, "transport", 0);
    if (!transport || strcmp(transport, "redfish") == 0)
        machine->transport = ONPREM_REDFISH;
    else if (strcmp(transport, "libvirt") == 0)
        machine->transport = ONPREM_LIBVIRT;
    else
        return setting_refuse(block, "transport", ret_error, "\"redfish\" or \"libvirt\" is wanted");
    return true;
}

/* As redfish_read.c reads serial numbers. */
static void drop_blanks(char *text)
{
    size_t length = 0;
    for (const char *from = text; *from; from++)
        if (*from != ' ')
            text[length++] = *from;
    text[length] = '\0';
}

static bool read_identity(const struct setting_block *block, struct machine_settings *machine, struct error *ret_error)
{
    const char *identity = setting_raw(block, "identity", 0);
    if (identity && strcmp(identity, "uuid") != 0 && strcmp(identity, "serial") != 0)
        return setting_refuse(block, "identity", ret_error, "\"uuid\" or \"serial\" is wanted");
    machine->by_serial = identity && identity[0] == 's';
    snprintf(machine->node_key, sizeof machine->node_key, "meta.drover_machine");
    snprintf(machine->node_value, sizeof machine->node_value, "%s", machine->name);
    if (!setting_text(block, "serial", machine->serial, sizeof machine->serial, ret_error))
        return false;
    drop_blanks(machine->serial);
    return setting_text(block, "node_key", machine->node_key, sizeof machine->node_key, ret_error) &&
           setting_text(block, "node_value", machine->node_value, sizeof machine->node_value, ret_error);
}

static bool read_size(const struct setting_block *block, const struct pool_settings *pool,
                      struct machine_settings *machine, struct error *ret_error)
{
    machine->cpus = machine->memory_mib = machine->disk_mib = PROVIDER_UNSET;
    machine->loaded_mw = pool->price.loaded_mw;
    machine->idle_mw = pool->price.idle_mw;
    machine->off_mw = pool->price.off_mw;
    machine->nameplate_mw = PROVIDER_UNSET;
    if (!setting_count(block, "cpus", 1, 1 << 20, &machine->cpus, ret_error) ||
        !setting_count(block, "memory_mib", 1, INT64_C(1) << 40, &machine->memory_mib, ret_error) ||
        !setting_count(block, "disk_mib", 1, INT64_C(1) << 50, &machine->disk_mib, ret_error) ||
        !setting_watts(block, "watts_loaded", &machine->loaded_mw, ret_error) ||
        !setting_watts(block, "watts_idle", &machine->idle_mw, ret_error) ||
        !setting_watts(block, "watts_off", &machine->off_mw, ret_error) ||
        !setting_watts(block, "watts_nameplate", &machine->nameplate_mw, ret_error))
        return false;
    if (machine->nameplate_mw == PROVIDER_UNSET)
        machine->nameplate_mw = machine->loaded_mw;
    if (machine->off_mw > machine->idle_mw || machine->idle_mw > machine->loaded_mw ||
        machine->loaded_mw > machine->nameplate_mw)
        return setting_refuse(block, "watts_loaded", ret_error,
                              "watts must not fall from off over idle and loaded to nameplate");
    return true;
}

static bool read_machine(const struct setting_block *block, const char *label, const struct site_settings *settings,
                         struct machine_settings *machine, struct error *ret_error)
{
    snprintf(machine->name, sizeof machine->name, "%s", label);
    if (!read_transport(block, machine, ret_error) || !find_pool(block, settings, &machine->pool, ret_error) ||
        !setting_text(block, "zone", machine->zone, sizeof machine->zone, ret_error) ||
        !read_identity(block, machine, ret_error) ||
        !read_size(block, &settings->pools[machine->pool], machine, ret_error))
        return false;
    return machine->transport == ONPREM_REDFISH ? read_redfish(block, settings, machine, ret_error)
                                                : read_libvirt(block, machine, ret_error);
}

static bool check_same_endpoint(const struct setting_block *block, const struct site_settings *settings, size_t count,
                                struct error *ret_error)
{
    const struct machine_settings *machine = &settings->machines[count];
    for (size_t i = 0; i < count; i++) {
        const struct machine_settings *other = &settings->machines[i];
        if (other->transport != machine->transport || strcmp(other->address, machine->address) != 0)
            continue;
        if (strcmp(other->system, machine->system) == 0)
            return setting_refuse(block, "address", ret_error, "is the same endpoint as machine \"%s\"", other->name);
        if (other->credential != machine->credential || strcmp(other->pinned_key, machine->pinned_key) != 0 ||
            strcmp(other->ca_file, machine->ca_file) != 0)
            return setting_refuse(block, "address", ret_error,
                                  "machine \"%s\" names another credential, key or CA for the same address",
                                  other->name);
    }
    return true;
}

/* A region's and a pool's zones are a short list on the way to the agent. */
static bool check_zones(const struct setting_block *block, const struct site_settings *settings, size_t count,
                        size_t *zones, struct error *ret_error)
{
    const char *zone = settings->machines[count].zone;
    for (size_t i = 0; i < count; i++)
        if (strcmp(settings->machines[i].zone, zone) == 0)
            return true;
    *zones += zone[0] != '\0';
    return *zones <= ONPREM_ZONES_MAX ||
           setting_refuse(block, "zone", ret_error, "more than %d zones in one site", ONPREM_ZONES_MAX);
}

static bool read_machines(const struct provider_services *services, struct site_settings *settings,
                          struct error *ret_error)
{
    size_t count = 0, zones = 0;
    if (!settings_count_labels(services, "machine", ONPREM_MACHINES_MAX, &count, ret_error))
        return false;
    settings->machines = memory_new(count, sizeof *settings->machines);
    for (size_t i = 0; i < count; i++) {
        const char *label = services->setting_label(services->context, "machine", i);
        struct setting_block block;
        if (!setting_block(services, "machine", label, &block, ret_error))
            return false;
        for (size_t j = 0; j < i; j++)
            if (strcmp(settings->machines[j].name, label) == 0)
                return setting_refuse(&block, "", ret_error, "there are two machines of that name");
        settings->machine_count = i;
        if (!read_machine(&block, label, settings, &settings->machines[i], ret_error) ||
            !check_same_endpoint(&block, settings, i, ret_error) ||
            !check_zones(&block, settings, i, &zones, ret_error))
            return false;
    }
    settings->machine_count = count;
    return true;
}

bool settings_read(const struct provider_services *services, const char *account, struct site_settings *ret_settings,
                   struct error *ret_error)
{
    struct site_settings settings = {.currency = "USD",
                                     .architecture = "x86_64",
                                     .read_watts = true,
                                     .connect_timeout_us = 5 * SECOND_US,
                                     .timeout_us = 30 * SECOND_US,
                                     .libvirt_timeout_us = 10 * SECOND_US,
                                     .confirm_delay_us = SECOND_US,
                                     .start_timeout_us = 60 * SECOND_US};
    struct setting_block root = {.services = services};
    snprintf(settings.site, sizeof settings.site, "%s", account);
    if (!read_site(&root, &settings, ret_error) || !read_credentials(services, &settings, ret_error) ||
        !settings_read_tariff(services, &settings, ret_error) || !settings_read_pools(services, &settings, ret_error) ||
        !read_machines(services, &settings, ret_error)) {
        settings_release(&settings);
        return false;
    }
    *ret_settings = settings;
    return true;
}

void settings_release(struct site_settings *settings)
{
    tariff_release(&settings->tariff);
    free(settings->credentials);
    free(settings->pools);
    free(settings->machines);
    memset(settings, 0, sizeof *settings);
}
