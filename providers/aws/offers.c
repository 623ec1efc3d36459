/* offers(): which types are priced, and the two sources asked for each region. See provider.h. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/aws/functions.h"
#include "providers/sdk/fail.h"

void aws_types_add(struct aws_types *types, const char *type)
{
    for (size_t i = 0; i < types->count; i++)
        if (strcmp(types->list[i], type) == 0)
            return;
    if (!type[0])
        return;
    types->list = memory_grow(types->list, types->count, &types->capacity, sizeof *types->list);
    types->list[types->count++] = memory_copy_text(type, strlen(type));
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void aws_types_sort(struct aws_types *types)
{
    if (types->count > 0)
        qsort(types->list, types->count, sizeof *types->list, compare_texts);
}

void aws_types_release(struct aws_types *types)
{
    for (size_t i = 0; i < types->count; i++)
        free(types->list[i]);
    free(types->list);
    *types = (struct aws_types){0};
}

static enum provider_status types_of_pools(struct provider_account *account, const char *region,
                                           struct aws_types *types, struct provider_error *error)
{
    struct aws_groups groups = {0};
    enum provider_status status = aws_groups_read(account, region, NULL, &groups, error);
    for (size_t i = 0; i < groups.count && status == PROVIDER_OK; i++) {
        struct aws_make make;
        status = aws_group_make(account, &groups.list[i], false, &make, error);
        if (status == PROVIDER_OK)
            aws_types_add(types, make.instance_type);
        for (size_t k = 0; k < groups.list[i].member_count && status == PROVIDER_OK; k++)
            aws_types_add(types, groups.list[i].members[k].instance_type);
    }
    aws_groups_release(&groups);
    return status;
}

static enum provider_status offers_of_region(struct provider_account *account, const char *region,
                                             struct provider_error *error)
{
    struct aws_types types = {0};
    enum provider_status status = types_of_pools(account, region, &types, error);
    for (size_t i = 0; i < account->settings.instance_types.count; i++)
        aws_types_add(&types, account->settings.instance_types.list[i]);
    aws_types_sort(&types);
    bool priced = aws_pricing_region(region)[0] != '\0';
    if (types.count > 0 && !priced)
        sdk_log(account->services, PROVIDER_WARN,
                "%s: its partition of AWS has no price list; on-demand prices there "
                "are unknown",
                region);
    for (size_t i = 0; i < types.count && priced && status == PROVIDER_OK; i++)
        status = aws_offer_on_demand(account, region, types.list[i], error);
    if (status == PROVIDER_OK && types.count > 0)
        status = aws_offer_spot(account, region, &types, error);
    aws_types_release(&types);
    return status;
}

enum provider_status aws_offers(struct provider_account *account, struct provider_error *error)
{
    enum provider_status status = PROVIDER_OK;
    for (size_t i = 0; i < account->settings.regions.count && status == PROVIDER_OK; i++)
        status = offers_of_region(account, account->settings.regions.list[i], error);
    return status;
}
