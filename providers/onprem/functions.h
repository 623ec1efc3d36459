/* The functions of the contract, by file: look.c (describe, offers, quotas), pools.c, check.c, grow.c, shrink.c,
 * follow.c (poll, withdraw). provider.h says what each must do. Single thread. */
#ifndef DROVER_PROVIDERS_ONPREM_FUNCTIONS_H
#define DROVER_PROVIDERS_ONPREM_FUNCTIONS_H

#include "providers/provider.h"

enum provider_status onprem_check(struct provider_account *account, struct provider_error *error);
enum provider_status onprem_describe(struct provider_account *account, struct provider_error *error);
enum provider_status onprem_offers(struct provider_account *account, struct provider_error *error);
enum provider_status onprem_pools(struct provider_account *account, struct provider_error *error);
enum provider_status onprem_quotas(struct provider_account *account, struct provider_error *error);
enum provider_status onprem_grow(struct provider_account *account, const struct provider_pool *observed, int64_t to,
                                 struct provider_operation *ret_operation, struct provider_error *error);
enum provider_status onprem_shrink(struct provider_account *account, const char *pool, const char *const *instances,
                                   size_t count, struct provider_operation *ret_operation,
                                   struct provider_error *error);
enum provider_status onprem_poll(struct provider_account *account, const char *token,
                                 struct provider_operation *ret_operation, struct provider_error *error);
enum provider_status onprem_withdraw(struct provider_account *account, const char *pool,
                                     struct provider_operation *ret_operation, struct provider_error *error);

#endif
