/* The functions that the module offers, one file each; providers/provider.h says what they must and must not do. */
#ifndef DROVER_PROVIDERS_AWS_FUNCTIONS_H
#define DROVER_PROVIDERS_AWS_FUNCTIONS_H

#include "providers/aws/account.h"
#include "providers/aws/group.h"
#include "providers/aws/machine.h"

enum provider_status aws_check(struct provider_account *account, struct provider_error *error);
enum provider_status aws_describe(struct provider_account *account, struct provider_error *error);
enum provider_status aws_offers(struct provider_account *account, struct provider_error *error);
enum provider_status aws_pools(struct provider_account *account, struct provider_error *error);
enum provider_status aws_quotas(struct provider_account *account, struct provider_error *error);
enum provider_status aws_interruptions(struct provider_account *account, struct provider_error *error);
enum provider_status aws_grow(struct provider_account *account, const struct provider_pool *observed, int64_t to,
                              struct provider_operation *ret_operation, struct provider_error *error);
enum provider_status aws_shrink(struct provider_account *account, const char *pool, const char *const *instances,
                                size_t count, struct provider_operation *ret_operation, struct provider_error *error);
enum provider_status aws_withdraw(struct provider_account *account, const char *pool,
                                  struct provider_operation *ret_operation, struct provider_error *error);
enum provider_status aws_poll(struct provider_account *account, const char *token,
                              struct provider_operation *ret_operation, struct provider_error *error);

/* --- what several of them need ---------------------------------------------------------------------------------- */

/* The agent does not listen any more: a record was not taken. */
enum provider_status aws_not_taken(struct provider_error *error);

/* The family of quotas that a type's processors count towards: "standard", "g", "p"; "" for others. Static. */
const char *aws_quota_family(const char *instance_type);
/* The name of a family's quota as emit_quota has it; "" without. Static. */
const char *aws_quota_name(const char *family, enum provider_market market);

/* The types whose prices are wanted in a region: of its pools and of the settings, sorted, each once. The caller
 * releases by aws_types_release. */
struct aws_types {
    char **list;
    size_t count, capacity;
};
void aws_types_add(struct aws_types *types, const char *type);
void aws_types_sort(struct aws_types *types);
void aws_types_release(struct aws_types *types);

/* offers_on_demand.c, offers_spot.c: emit the offers of these types in a region. A price that cannot be believed is
 * logged and left out. */
enum provider_status aws_offer_on_demand(struct provider_account *account, const char *region, const char *type,
                                         struct provider_error *error);
enum provider_status aws_offer_spot(struct provider_account *account, const char *region, const struct aws_types *types,
                                    struct provider_error *error);

/* Reads one product of the price list (JSON text): PROVIDER_OK and its hourly price in micro-units of `currency`.
 * ERROR_INVALID: no hourly on-demand price, several, zero, negative, or no number. */
struct aws_price {
    char sku[64];
    int64_t price_micro_h;
    int64_t valid_from_us; /* PROVIDER_UNSET unknown */
};
bool aws_price_read(const char *product, size_t length, const char *currency, struct aws_price *ret_price,
                    struct error *ret_error);

#endif
