/* Pools and notices: scale sets with their machines. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "providers/azure/account.h"
#include "providers/azure/events.h"
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

static enum provider_status gone(const struct azure_scale_set *set, struct provider_error *error)
{
    return sdk_fail(error, PROVIDER_INVALID, "", "%s: not taken by the agent", set->pool);
}

/* What a walk over all machines does with each set. */
typedef enum provider_status (*take_pool)(struct provider_account *account, const struct azure_scale_set *set,
                                          const struct azure_instances *instances, struct provider_error *error);

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
        status = take(account, &sets.list[i], &instances, error);
        azure_instances_release(&instances);
    }
    azure_scale_sets_release(&sets);
    return status;
}

static enum provider_status take_as_pool(struct provider_account *account, const struct azure_scale_set *set,
                                         const struct azure_instances *instances, struct provider_error *error)
{
    if (set->overprovisions)
        sdk_log(account->services, PROVIDER_WARN,
                "%s: overprovision is on: Azure starts machines that join Nomad and vanish again; set it to false",
                set->pool);
    return emit(account, set, instances) ? PROVIDER_OK : gone(set, error);
}

enum provider_status azure_pools(struct provider_account *account, struct provider_error *error)
{
    return walk(account, take_as_pool, error);
}

/* The events that the settings' addresses tell of this set. One that does not answer makes the call fail: notices that
 * are missing from a whole list are taken as over. */
static enum provider_status ask_events(struct provider_account *account, const struct azure_scale_set *set,
                                       struct azure_events *events, struct provider_error *error)
{
    const struct azure_settings *settings = &account->settings;
    enum provider_status status = PROVIDER_OK;
    for (size_t i = 0; i < settings->bounds_count; i++)
        for (size_t k = 0; strcasecmp(settings->bounds[i].name, set->name) == 0 && status == PROVIDER_OK &&
                           k < settings->bounds[i].event_count;
             k++)
            status = azure_events_ask(account, settings->bounds[i].events[k], events, error);
    return status;
}

static bool emit_notice(struct provider_account *account, const struct azure_scale_set *set,
                        const struct azure_instance *instance, enum provider_interruption_kind kind, int64_t at_us,
                        const char *text)
{
    const struct provider_services *services = account->services;
    return services->emit_interruption(
        services->context,
        &(struct provider_interruption){
            .pool = set->pool, .instance = instance->id, .kind = kind, .at_us = at_us, .text = text});
}

/* All that is known of one machine: its scheduled events, the eviction that happened, maintenance that is announced. */
static bool emit_notices(struct provider_account *account, const struct azure_scale_set *set,
                         const struct azure_instance *instance, const struct azure_events *events)
{
    bool taken = true;
    for (size_t i = 0; i < events->count && taken; i++)
        if (strcasecmp(events->list[i].machine, instance->name) == 0)
            taken =
                emit_notice(account, set, instance, events->list[i].kind, events->list[i].at_us, events->list[i].text);
    if (taken && instance->evicted)
        taken = emit_notice(account, set, instance, PROVIDER_INTERRUPTION_TERMINATE, PROVIDER_UNSET,
                            "spot machine was evicted (deallocated); it counts in the set's size until it is deleted");
    else if (taken && instance->maintenance[0])
        taken = emit_notice(account, set, instance, PROVIDER_INTERRUPTION_MAINTENANCE, instance->maintenance_us,
                            instance->maintenance);
    return taken;
}

static enum provider_status take_notices(struct provider_account *account, const struct azure_scale_set *set,
                                         const struct azure_instances *instances, struct provider_error *error)
{
    struct azure_events events = {0};
    enum provider_status status = ask_events(account, set, &events, error);
    for (size_t i = 0; i < instances->count && status == PROVIDER_OK; i++)
        if (!emit_notices(account, set, &instances->list[i], &events))
            status = gone(set, error);
    azure_events_release(&events);
    return status;
}

enum provider_status azure_interruptions(struct provider_account *account, struct provider_error *error)
{
    return walk(account, take_notices, error);
}
