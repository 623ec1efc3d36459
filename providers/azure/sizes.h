/* Sizes of machines in a region, and what the subscription has left of its quotas. */
#ifndef DROVER_PROVIDERS_AZURE_SIZES_H
#define DROVER_PROVIDERS_AZURE_SIZES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "providers/azure/account.h"
#include "providers/sdk/json.h"

struct azure_size {
    const char *name; /* borrowed from the document, as is all text here but `quota` and `restriction` */
    const char *architecture, *gpu;
    char *quota; /* the family's name in lower case, as azure_quotas names it; free()d by azure_size_release */
    char restriction[128];
    int64_t vcpus, memory_mib, disk_mib, gpus;
    bool spot, machine; /* `machine`: a virtual machine of this region, no disk or snapshot */
};

/* Reads one entry of Microsoft.Compute/skus for a region. Only `machine` is set for other kinds of resources and
 * for entries of other regions. */
bool azure_size_read(const struct sdk_json_at *at, const char *region, struct azure_size *ret_size,
                     struct error *ret_error);
void azure_size_release(struct azure_size *size);

/* Emits the region's instance types. */
enum provider_status azure_sizes_describe(struct provider_account *account, const char *region,
                                          struct provider_error *error);

#endif
