/* An open account of the module `sim`, and provider.h's functions. What it reads, writes and never does stands in
 * docs/providers/sim.md, the requests in sim/serve/provider.h. */
#ifndef DROVER_PROVIDERS_SIM_ACCOUNT_H
#define DROVER_PROVIDERS_SIM_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "providers/provider.h"
#include "providers/sdk/exchange.h"

enum { SIMULATOR_REGIONS_MAX = 512, SIMULATOR_CURRENCY_SIZE = 4 };

#define SIMULATOR_IDENTITY "attr.unique.platform.sim.instance-id"

struct simulator_settings {
    char *endpoint; /* without '/' at its end */
    bool has_token;
    char currency[SIMULATOR_CURRENCY_SIZE];
    char **regions; /* empty: all */
    size_t region_count;
};

struct provider_account {
    const struct provider_services *services;
    struct simulator_settings settings;
    struct sdk_exchange *exchange;
};

enum provider_status simulator_settings_read(const struct provider_services *services,
                                             struct simulator_settings *ret_settings, struct provider_error *error);
void simulator_settings_release(struct simulator_settings *settings);

enum provider_status simulator_check(struct provider_account *account, struct provider_error *error);
enum provider_status simulator_describe(struct provider_account *account, struct provider_error *error);
enum provider_status simulator_offers(struct provider_account *account, struct provider_error *error);
enum provider_status simulator_pools(struct provider_account *account, struct provider_error *error);
enum provider_status simulator_quotas(struct provider_account *account, struct provider_error *error);
enum provider_status simulator_interruptions(struct provider_account *account, struct provider_error *error);
enum provider_status simulator_grow(struct provider_account *account, const struct provider_pool *observed, int64_t to,
                                    struct provider_operation *ret_operation, struct provider_error *error);
enum provider_status simulator_shrink(struct provider_account *account, const char *pool, const char *const *instances,
                                      size_t count, struct provider_operation *ret_operation,
                                      struct provider_error *error);
enum provider_status simulator_poll(struct provider_account *account, const char *token,
                                    struct provider_operation *ret_operation, struct provider_error *error);
enum provider_status simulator_withdraw(struct provider_account *account, const char *pool,
                                        struct provider_operation *ret_operation, struct provider_error *error);

#endif
