/* What an account's block says: credentials, pools with their price, machines, the tariff. Read once, at open. */
#ifndef DROVER_PROVIDERS_ONPREM_SETTINGS_H
#define DROVER_PROVIDERS_ONPREM_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "providers/onprem/price.h"
#include "providers/onprem/tariff.h"
#include "providers/provider.h"

enum {
    ONPREM_NAME_MAX = 64, /* of a label, with its NUL; letters, digits, '-' and '_' */
    ONPREM_LINK_MAX = 512,
    ONPREM_MACHINES_MAX = 10000,
    ONPREM_POOLS_MAX = 256,
    ONPREM_CREDENTIALS_MAX = 256,
    ONPREM_RULES_MAX = 256,
    ONPREM_ZONES_MAX = 64,
    ONPREM_HOST_TEXT_MAX = 256
};

enum onprem_transport { ONPREM_REDFISH, ONPREM_LIBVIRT };

struct credential_settings {
    char name[ONPREM_NAME_MAX];
    char username[128]; /* the password is read anew from its file each time */
    int64_t attempt;    /* counted up by hand: a refused password is tried once more */
};

struct pool_settings {
    char name[ONPREM_NAME_MAX];
    int64_t min;
    bool adopt_running; /* machines found on, not started by Drover, count as the pool's own and not as foreign */
    bool force_off;     /* after off_timeout_us the power is cut */
    int64_t off_timeout_us;
    struct price_inputs price;
};

struct machine_settings {
    char name[ONPREM_NAME_MAX];
    size_t pool;
    enum onprem_transport transport;
    char address[ONPREM_HOST_TEXT_MAX]; /* redfish: https://host[:port]; libvirt: the connection's URI */
    char system[ONPREM_LINK_MAX];       /* path of the System, "" the BMC's only one; libvirt: the domain's name */
    char chassis[ONPREM_LINK_MAX];      /* "" by the System's links */
    size_t credential;                  /* redfish */
    char pinned_key[96];
    char ca_file[ONPREM_HOST_TEXT_MAX];
    char zone[ONPREM_NAME_MAX];
    char serial[ONPREM_NAME_MAX]; /* that the machine must have, "" any */
    bool by_serial;               /* told apart by the serial number: its board ships a UUID that others have too */
    int64_t cpus, memory_mib, disk_mib; /* PROVIDER_UNSET: what the machine says */
    int64_t loaded_mw, idle_mw, off_mw, nameplate_mw;
    char node_key[128], node_value[128];
};

struct site_settings {
    char site[ONPREM_NAME_MAX]; /* the region's id */
    char currency[4];
    char architecture[16];
    bool read_watts;
    bool price_measured; /* the full price is that of the measured watts where they can be believed */
    int64_t connect_timeout_us, timeout_us, libvirt_timeout_us, confirm_delay_us, start_timeout_us;
    struct tariff tariff;
    struct credential_settings *credentials;
    size_t credential_count;
    struct pool_settings *pools;
    size_t pool_count;
    struct machine_settings *machines;
    size_t machine_count;
};

/* Reads and checks everything. ERROR_INVALID with the setting's path before the text. *ret_settings is set only on
 * success and released by settings_release. */
bool settings_read(const struct provider_services *services, const char *account, struct site_settings *ret_settings,
                   struct error *ret_error);
void settings_release(struct site_settings *settings);

#endif
