/* The azure module: scale sets of one subscription as pools. What it reads, writes and never does stands in
 * docs/providers/azure.md. */
#include <stdlib.h>

#include "base/memory.h"
#include "providers/azure/account.h"
#include "providers/azure/assertion.h"
#include "providers/azure/regions.h"
#include "providers/provider.h"
#include "providers/sdk/fail.h"

static void release(struct provider_account *account)
{
    azure_token_drop(&account->token);
    sdk_exchange_free(account->exchange);
    azure_settings_release(&account->settings);
    azure_regions_release(account->buckets, account->bucket_count);
    free(account);
}

/* A certificate that cannot sign is told when the settings are read, not when the first token is due. */
static enum provider_status check_certificate(const struct provider_account *account, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    struct error reason = {0};
    if (account->settings.credential != AZURE_CREDENTIAL_CERTIFICATE)
        return PROVIDER_OK;
    const char *pem = services->secret(services->context, "certificate"), *trouble = NULL;
    size_t length = 0;
    bool open = false;
    if (!pem && account->settings.certificate_path[0])
        pem = services->file(services->context, account->settings.certificate_path, &length, &open, &trouble);
    if (!pem || azure_assertion_check(pem, &reason))
        return PROVIDER_OK;
    return sdk_fail_with(error, PROVIDER_INVALID, "", &reason);
}

static enum provider_status open_account(const struct provider_services *services, const char *name,
                                         struct provider_account **ret_account, struct provider_error *error)
{
    /* Azure's own clients try four times; its Retry-After may be longer than the usual bound. */
    static const struct sdk_policy policy = {
        .tries = 4, .backoff_us = 1600000, .retry_after_max_us = INT64_C(3600) * 1000000};
    struct provider_account *account = memory_new(1, sizeof *account);
    (void)name;
    account->services = services;
    enum provider_status status = azure_settings_read(services, &account->settings, error);
    if (status == PROVIDER_OK)
        status = check_certificate(account, error);
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
    .check = azure_check,
    .describe = azure_describe,
    .offers = azure_offers,
    .pools = azure_pools,
    .quotas = azure_quotas,
    .interruptions = azure_interruptions,
    .grow = azure_grow,
    .shrink = azure_shrink,
    .poll = azure_poll,
    .withdraw = azure_withdraw,
};

PROVIDER_EXPORT const struct provider_module drover_provider_module = {
    .magic = PROVIDER_MAGIC,
    .abi_major = PROVIDER_ABI_MAJOR,
    .abi_minor = PROVIDER_ABI_MINOR,
    .struct_size = sizeof(struct provider_functions),
    .name = "azure",
    .version = "1.0",
    .functions = &functions,
};
