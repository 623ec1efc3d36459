/* The AWS module: opening and closing an account, and the one symbol that is exported. See providers/provider.h. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "providers/aws/account.h"
#include "providers/aws/credentials.h"
#include "providers/aws/functions.h"
#include "providers/sdk/fail.h"

static void set_limits(struct provider_account *account)
{
    static const struct {
        const char *name;
        int64_t per_minute, burst;
    } limits[AWS_SERVICE_COUNT] = {
#define AWS_LIMIT_ROW(constant, sign, host, version, target, suffix, rate, burst) {sign, rate, burst},
        AWS_SERVICES(AWS_LIMIT_ROW)
#undef AWS_LIMIT_ROW
    };
    const struct aws_names *regions = &account->settings.regions;
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++)
        for (size_t k = 0; k < regions->count; k++) {
            struct buffer bucket = BUFFER_INIT;
            buffer_printf(&bucket, "%s.%s", limits[i].name,
                          i == AWS_PRICING ? aws_pricing_region(regions->list[k]) : regions->list[k]);
            sdk_exchange_limit(account->exchange, bucket.data, limits[i].per_minute, limits[i].burst);
            buffer_release(&bucket);
        }
}

static void close_account(struct provider_account *account)
{
    if (!account)
        return;
    sdk_exchange_free(account->exchange);
    aws_keys_release(&account->keys);
    struct aws_keys wiped = {.secret = account->metadata_token};
    aws_keys_release(&wiped);
    free(account->templates);
    aws_settings_release(&account->settings);
    free(account->name);
    free(account);
}

static enum provider_status open_account(const struct provider_services *services, const char *name,
                                         struct provider_account **ret_account, struct provider_error *error)
{
    struct provider_account *account = memory_new(1, sizeof *account);
    account->services = services;
    account->name = memory_copy_text(name, strlen(name));
    account->keys.expires_us = PROVIDER_UNSET;
    enum provider_status status = aws_settings_read(account, error);
    if (status != PROVIDER_OK) {
        close_account(account);
        return status;
    }
    struct sdk_policy policy = {0};
    account->exchange = sdk_exchange_new(services, &policy);
    set_limits(account);
    *ret_account = account;
    return PROVIDER_OK;
}

static const struct provider_functions functions = {
    .open = open_account,
    .close = close_account,
    .check = aws_check,
    .describe = aws_describe,
    .offers = aws_offers,
    .pools = aws_pools,
    .quotas = aws_quotas,
    .interruptions = aws_interruptions,
    .grow = aws_grow,
    .shrink = aws_shrink,
    .poll = aws_poll,
    .withdraw = aws_withdraw,
};

PROVIDER_EXPORT const struct provider_module drover_provider_module = {
    .magic = PROVIDER_MAGIC,
    .abi_major = PROVIDER_ABI_MAJOR,
    .abi_minor = PROVIDER_ABI_MINOR,
    .struct_size = sizeof(struct provider_functions),
    .name = "aws",
    .version = "1.0.0",
    .functions = &functions,
};
