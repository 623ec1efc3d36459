/* An open account: its settings, the BMCs and hypervisors behind them, and what was last read of each machine. All of
 * it may be lost with the process; what may not is kept by services->keep (brake.h, kept.h). Single thread. */
#ifndef DROVER_PROVIDERS_ONPREM_ACCOUNT_H
#define DROVER_PROVIDERS_ONPREM_ACCOUNT_H

#include "providers/onprem/redfish_read.h"
#include "providers/onprem/settings.h"
#include "providers/provider.h"
#include "providers/sdk/exchange.h"

enum { TROUBLE_MAX = 512 };

struct hypervisor; /* libvirt.h */

enum bmc_auth { BMC_AUTH_NONE, BMC_AUTH_SESSION, BMC_AUTH_BASIC };

/* One BMC: everything of it goes through here, one request at a time. */
struct bmc {
    const struct machine_settings *settings; /* the first machine's: address, credential, pin are the same for all */
    struct redfish_root root;
    bool root_known;
    enum bmc_auth auth;
    bool basic_proven;             /* the password was accepted with Basic */
    bool any_encoding;             /* it answered 406 to "identity" */
    char *token;                   /* X-Auth-Token of the session; wiped */
    char session[ONPREM_LINK_MAX]; /* where to log out, "" unknown */
    int64_t session_again_us;      /* with BMC_AUTH_BASIC for want of sessions: when to try for one again */
    /* After a failure to reach it nothing is sent before quiet_until_us; doubled with each, 5 minutes at most. */
    unsigned failures;
    int64_t quiet_until_us;
    char quiet_text[TROUBLE_MAX];
};

/* What was read of a machine; power POWER_UNKNOWN when it did not answer or made no sense. */
struct reading {
    enum provider_status status; /* how reading went */
    int64_t read_at_us;
    bool old; /* of an earlier look, for want of time */
    enum power_state power;
    char power_text[REDFISH_WORD_MAX], health[REDFISH_WORD_MAX], uuid[REDFISH_WORD_MAX], serial[REDFISH_WORD_MAX];
    int64_t vcpus, memory_mib, last_reset_us;
    int64_t milliwatts; /* as measured, PROVIDER_UNSET without */
    bool shared_watts;  /* the chassis that was measured holds other systems too */
    char trouble[TROUBLE_MAX];
};

struct machine {
    const struct machine_settings *settings;
    struct bmc *bmc;               /* redfish */
    struct hypervisor *hypervisor; /* libvirt */
    struct redfish_system system;  /* as of the last good read */
    char system_link[ONPREM_LINK_MAX];
    char etag[128]; /* of the System as last read, "" without */
    struct redfish_chassis chassis;
    bool chassis_known;
    struct reading reading;
    char quarantine[TROUBLE_MAX]; /* why no power action is taken, "" none */
};

struct provider_account {
    const struct provider_services *services;
    char name[ONPREM_NAME_MAX];
    struct site_settings settings;
    struct sdk_exchange *exchange;
    struct bmc *bmcs;
    size_t bmc_count;
    struct hypervisor *hypervisors;
    size_t hypervisor_count;
    struct machine *machines; /* as in settings.machines */
    size_t first_asked;       /* turns with each survey, so that the same ones are not always left out */
};

int64_t account_now(const struct provider_account *account);
/* The pool of that name, or NULL; *ret_index when not NULL. */
const struct pool_settings *account_pool(const struct provider_account *account, const char *name, size_t *ret_index);
/* The machine of that name, or NULL. */
struct machine *account_machine(const struct provider_account *account, const char *name);

#endif
