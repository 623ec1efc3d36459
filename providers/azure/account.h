/* An open account: what every file of the module shares. */
#ifndef DROVER_PROVIDERS_AZURE_ACCOUNT_H
#define DROVER_PROVIDERS_AZURE_ACCOUNT_H

#include "providers/azure/settings.h"
#include "providers/azure/token.h"
#include "providers/provider.h"
#include "providers/sdk/exchange.h"

struct provider_account {
    const struct provider_services *services;
    struct azure_settings settings;
    struct sdk_exchange *exchange;
    struct azure_token token;
    int64_t clock_offset_us; /* the authority's clock is that much ahead, as far as it was told */
    char **buckets;          /* whose limits are set */
    size_t bucket_count, bucket_capacity;
};

/* provider.h's functions, one file each. */
enum provider_status azure_check(struct provider_account *account, struct provider_error *error);
enum provider_status azure_describe(struct provider_account *account, struct provider_error *error);
enum provider_status azure_offers(struct provider_account *account, struct provider_error *error);
enum provider_status azure_pools(struct provider_account *account, struct provider_error *error);
enum provider_status azure_quotas(struct provider_account *account, struct provider_error *error);
enum provider_status azure_interruptions(struct provider_account *account, struct provider_error *error);
enum provider_status azure_grow(struct provider_account *account, const struct provider_pool *observed, int64_t to,
                                struct provider_operation *ret_operation, struct provider_error *error);
enum provider_status azure_shrink(struct provider_account *account, const char *pool, const char *const *instances,
                                  size_t count, struct provider_operation *ret_operation, struct provider_error *error);
enum provider_status azure_poll(struct provider_account *account, const char *token,
                                struct provider_operation *ret_operation, struct provider_error *error);
enum provider_status azure_withdraw(struct provider_account *account, const char *pool,
                                    struct provider_operation *ret_operation, struct provider_error *error);

#endif
