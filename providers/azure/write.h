/* What grow, shrink and withdraw share: the look before a write, and the write itself. */
#ifndef DROVER_PROVIDERS_AZURE_WRITE_H
#define DROVER_PROVIDERS_AZURE_WRITE_H

#include "providers/azure/operation.h"
#include "providers/azure/scale_set.h"

#define AZURE_WRITE_NAME "Microsoft.Compute/virtualMachineScaleSets/write"
#define AZURE_DELETE_NAME "Microsoft.Compute/virtualMachineScaleSets/delete/action"

/* Reads the set and refuses what must not be written: read-only (PROVIDER_INVALID), a write under way or no ETag to
 * fence with (PROVIDER_CONFLICT, PROVIDER_INVALID). The caller releases *ret_set on PROVIDER_OK. */
enum provider_status azure_write_look(struct provider_account *account, const char *pool, const char *call,
                                      struct azure_scale_set *ret_set, struct provider_error *error);

/* PATCH of sku.capacity, fenced by the set's ETag. */
enum provider_status azure_write_size(struct provider_account *account, const struct azure_scale_set *set,
                                      enum azure_operation_kind kind, int64_t size,
                                      struct provider_operation *ret_operation, struct provider_error *error);

/* The operation as it begins: the first poll may come at once. */
void azure_write_began(struct provider_account *account, struct azure_operation *operation,
                       const struct provider_answer *answer, struct provider_operation *ret_operation);

#endif
