/* The sim module: the machines of simulated regions as pools. */
#include <stdlib.h>

#include "base/memory.h"
#include "providers/sim/account.h"

static void release(struct provider_account *account)
{
    sdk_exchange_free(account->exchange);
    simulator_settings_release(&account->settings);
    free(account);
}

static enum provider_status open_account(const struct provider_services *services, const char *name,
                                         struct provider_account **ret_account, struct provider_error *error)
{
    /* On the loopback address what does not answer soon will not. */
    static const struct sdk_policy policy = {.tries = 3, .backoff_us = 100000, .backoff_max_us = 1000000};
    struct provider_account *account = memory_new(1, sizeof *account);
    (void)name;
    account->services = services;
    enum provider_status status = simulator_settings_read(services, &account->settings, error);
    if (status != PROVIDER_OK) {
        release(account);
        return status;
    }
    account->exchange = sdk_exchange_new(services, &policy);
    *ret_account = account;
    return PROVIDER_OK;
}

static const struct provider_functions functions = {
    .open = open_account,
    .close = release,
    .check = simulator_check,
    .describe = simulator_describe,
    .offers = simulator_offers,
    .pools = simulator_pools,
    .quotas = simulator_quotas,
    .interruptions = simulator_interruptions,
    .grow = simulator_grow,
    .shrink = simulator_shrink,
    .poll = simulator_poll,
    .withdraw = simulator_withdraw,
};

PROVIDER_EXPORT const struct provider_module drover_provider_module = {
    .magic = PROVIDER_MAGIC,
    .abi_major = PROVIDER_ABI_MAJOR,
    .abi_minor = PROVIDER_ABI_MINOR,
    .struct_size = sizeof(struct provider_functions),
    .name = "sim",
    .version = "1.0",
    .functions = &functions,
};
