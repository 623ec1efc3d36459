/* The onprem module: machines of one's own behind Redfish BMCs or libvirt. docs/providers/onprem.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/onprem/account.h"
#include "providers/onprem/bmc.h"
#include "providers/onprem/functions.h"
#include "providers/onprem/libvirt.h"
#include "providers/sdk/fail.h"

int64_t account_now(const struct provider_account *account)
{
    return account->services->now(account->services->context);
}

const struct pool_settings *account_pool(const struct provider_account *account, const char *name, size_t *ret_index)
{
    for (size_t i = 0; i < account->settings.pool_count; i++) {
        if (strcmp(account->settings.pools[i].name, name) != 0)
            continue;
        if (ret_index)
            *ret_index = i;
        return &account->settings.pools[i];
    }
    return NULL;
}

struct machine *account_machine(const struct provider_account *account, const char *name)
{
    for (size_t i = 0; i < account->settings.machine_count; i++)
        if (strcmp(account->settings.machines[i].name, name) == 0)
            return &account->machines[i];
    return NULL;
}

static struct bmc *share_bmc(struct provider_account *account, const struct machine_settings *settings)
{
    for (size_t i = 0; i < account->bmc_count; i++)
        if (strcmp(account->bmcs[i].settings->address, settings->address) == 0)
            return &account->bmcs[i];
    account->bmcs[account->bmc_count].settings = settings;
    return &account->bmcs[account->bmc_count++];
}

static struct hypervisor *share_hypervisor(struct provider_account *account, const struct machine_settings *settings)
{
    for (size_t i = 0; i < account->hypervisor_count; i++)
        if (strcmp(account->hypervisors[i].uri, settings->address) == 0)
            return &account->hypervisors[i];
    account->hypervisors[account->hypervisor_count].uri = settings->address;
    return &account->hypervisors[account->hypervisor_count++];
}

static void set_up_machines(struct provider_account *account)
{
    size_t count = account->settings.machine_count;
    account->machines = memory_new(count, sizeof *account->machines);
    account->bmcs = memory_new(count, sizeof *account->bmcs);
    account->hypervisors = memory_new(count, sizeof *account->hypervisors);
    for (size_t i = 0; i < count; i++) {
        struct machine *machine = &account->machines[i];
        machine->settings = &account->settings.machines[i];
        machine->reading = (struct reading){.status = PROVIDER_RETRY, .trouble = "not asked yet"};
        machine->reading.vcpus = machine->reading.memory_mib = PROVIDER_UNSET;
        machine->reading.milliwatts = machine->reading.last_reset_us = PROVIDER_UNSET;
        if (machine->settings->transport == ONPREM_LIBVIRT)
            machine->hypervisor = share_hypervisor(account, machine->settings);
        else
            machine->bmc = share_bmc(account, machine->settings);
    }
}

static enum provider_status onprem_open(const struct provider_services *services, const char *name,
                                        struct provider_account **ret_account, struct provider_error *error)
{
    /* A BMC that does not answer must not hold up the others: few tries, short waits, then it is left in peace. */
    static const struct sdk_policy policy = {
        .tries = 2, .backoff_us = 500000, .backoff_max_us = 2000000, .wait_max_us = 5000000};
    struct error reason = {0};
    struct provider_account *account = memory_new(1, sizeof *account);
    account->services = services;
    snprintf(account->name, sizeof account->name, "%s", name);
    if (!settings_read(services, account->name, &account->settings, &reason)) {
        free(account);
        return sdk_fail_with(error, PROVIDER_INVALID, "", &reason);
    }
    account->exchange = sdk_exchange_new(services, &policy);
    set_up_machines(account);
    *ret_account = account;
    return PROVIDER_OK;
}

static void onprem_close(struct provider_account *account)
{
    if (!account)
        return;
    for (size_t i = 0; i < account->bmc_count; i++)
        bmc_log_out(account, &account->bmcs[i]);
    for (size_t i = 0; i < account->hypervisor_count; i++)
        libvirt_close(&account->hypervisors[i]);
    sdk_exchange_free(account->exchange);
    free(account->machines);
    free(account->bmcs);
    free(account->hypervisors);
    settings_release(&account->settings);
    free(account);
}

/* No interruptions: a BMC gives no notice. */
static const struct provider_functions functions = {
    .open = onprem_open,
    .close = onprem_close,
    .check = onprem_check,
    .describe = onprem_describe,
    .offers = onprem_offers,
    .pools = onprem_pools,
    .quotas = onprem_quotas,
    .grow = onprem_grow,
    .shrink = onprem_shrink,
    .poll = onprem_poll,
    .withdraw = onprem_withdraw,
};

PROVIDER_EXPORT const struct provider_module drover_provider_module = {
    .magic = PROVIDER_MAGIC,
    .abi_major = PROVIDER_ABI_MAJOR,
    .abi_minor = PROVIDER_ABI_MINOR,
    .struct_size = sizeof(struct provider_functions),
    .name = "onprem",
    .version = "1.0",
    .functions = &functions,
};
