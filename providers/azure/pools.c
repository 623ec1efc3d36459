/* Pools and notices: scale sets with their machines. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/azure/account.h"
#include "providers/azure/instance.h"
#include "providers/azure/scale_set.h"
#include "providers/sdk/fail.h"

#define IDENTITY_VM_ID "attr.unique.platform.azure.id"  /* Nomad's fingerprint of compute/vmId */
#define IDENTITY_NAME "attr.unique.platform.azure.name" /* Nomad's fingerprint of compute/name */
enum { IDENTITIES = 2 /* at most */ };

static void fill_instance(const struct azure_instance *from, struct provider_identity *identities,
                          struct provider_instance *into)
{
    size_t count = 0;
    identities[count++] = (struct provider_identity){IDENTITY_NAME, from->name};
    if (from->vm_id[0])
        identities[count++] = (struct provider_identity){IDENTITY_VM_ID, from->vm_id};
    *into = (struct provider_instance){.id = from->id,
                                       .state = from->state,
                                       .state_text = from->state_text,
                                       .zone = from->zone,
                                       .instance_type = from->size,
                                       .market = from->market,
                                       .identities = identities,
                                       .identity_count = count,
                                       .launched_at_us = from->created_us,
                                       .protected_ = from->protected_,
                                       .milliwatts = PROVIDER_UNSET,
                                       .trouble = from->trouble};
}

static bool emit(struct provider_account *account, const struct azure_scale_set *set,
                 const struct azure_instances *instances)
{
    const struct provider_services *services = account->services;
    struct provider_instance *list = memory_new(instances->count, sizeof *list);
    struct provider_identity *identities = memory_new(instances->count * IDENTITIES, sizeof *identities);
    for (size_t i = 0; i < instances->count; i++)
        fill_instance(&instances->list[i], &identities[i * IDENTITIES], &list[i]);
    struct provider_pool pool = {.id = set->pool,
                                 .name = set->name,
                                 .region = set->location,
                                 .zones = (const char *const *)set->zones,
                                 .zone_count = set->zone_count,
                                 .instance_type = set->size,
                                 .market = set->market,
                                 .desired = set->capacity == PROVIDER_UNSET ? (int64_t)instances->count : set->capacity,
                                 .min = set->min,
                                 .max = set->max,
                                 .generation = set->etag,
                                 .writable = set->why_read_only[0] == '\0',
                                 .why_read_only = set->why_read_only,
                                 .busy = set->busy,
                                 .instances = list,
                                 .instance_count = instances->count};
    bool taken = services->emit_pool(services->context, &pool);
    free(identities);
    free(list);
    return taken;
}

/* What a walk over all machines does with each set. */
typedef bool (*take_pool)(struct provider_account *account, const struct azure_scale_set *set,
                          const struct azure_instances *instances);

static enum provider_status walk(struct provider_account *account, take_pool take, struct provider_error *error)
{
    struct azure_scale_sets sets;
    enum provider_status status = azure_scale_sets_list(account, &sets, error);
    if (status != PROVIDER_OK)
        return status;
    for (size_t i = 0; i < sets.count && status == PROVIDER_OK; i++) {
        struct azure_instances instances;
        status = azure_instances_list(account, &sets.list[i], &instances, error);
        if (status != PROVIDER_OK)
            break;
        if (!take(account, &sets.list[i], &instances))
            status = sdk_fail(error, PROVIDER_INVALID, "", "%s: not taken by the agent", sets.list[i].pool);
        azure_instances_release(&instances);
    }
    azure_scale_sets_release(&sets);
    return status;
}

static bool take_as_pool(struct provider_account *account, const struct azure_scale_set *set,
                         const struct azure_instances *instances)
{
    if (set->overprovisions)
        sdk_log(account->services, PROVIDER_WARN,
                "%s: overprovision is on: Azure starts machines that join Nomad and vanish again; set it to false",
                set->pool);
    return emit(account, set, instances);
}

enum provider_status azure_pools(struct provider_account *account, struct provider_error *error)
{
    return walk(account, take_as_pool, error);
}

/* The 30 seconds of notice before an eviction reach only the machine itself (metadata service, scheduled events); what
 * can be read from outside is the eviction that happened and maintenance that is announced. */
static bool take_notices(struct provider_account *account, const struct azure_scale_set *set,
                         const struct azure_instances *instances)
{
    const struct provider_services *services = account->services;
    for (size_t i = 0; i < instances->count; i++) {
        const struct azure_instance *instance = &instances->list[i];
        struct provider_interruption notice = {.pool = set->pool, .instance = instance->id, .at_us = PROVIDER_UNSET};
        if (instance->evicted) {
            notice.kind = PROVIDER_INTERRUPTION_TERMINATE;
            notice.text = "spot machine was evicted (deallocated); it counts in the set's size until it is deleted";
        } else if (instance->maintenance[0]) {
            notice.kind = PROVIDER_INTERRUPTION_MAINTENANCE;
            notice.at_us = instance->maintenance_us;
            notice.text = instance->maintenance;
        } else {
            continue;
        }
        if (!services->emit_interruption(services->context, &notice))
            return false;
    }
    return true;
}

enum provider_status azure_interruptions(struct provider_account *account, struct provider_error *error)
{
    return walk(account, take_notices, error);
}
