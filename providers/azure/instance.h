/* The machines of a scale set.
 *
 * An instance's id, as Drover knows it, is "key@xxxxxxxx": Azure's own key (a decimal number in uniform sets, the
 * machine's name in flexible ones) and the first eight hexadecimal digits of its vmId. Uniform sets may give a number
 * again: what was meant and what is now called 3 are then told apart, and the wrong one is never removed. One that has
 * no vmId yet is "key@-". */
#ifndef DROVER_PROVIDERS_AZURE_INSTANCE_H
#define DROVER_PROVIDERS_AZURE_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "providers/azure/account.h"
#include "providers/azure/scale_set.h"
#include "providers/sdk/json.h"

struct azure_instance {
    char *id;  /* "key@xxxxxxxx" */
    char *key; /* what Azure's requests take */
    char *vm_id, *name, *zone, *size;
    char *state_text; /* "succeeded, running": provisioning state and power state */
    char *trouble;    /* "" or why it failed */
    enum provider_instance_state state;
    enum provider_market market;
    bool protected_;
    bool evicted; /* a spot machine that Azure deallocated */
    bool leaving; /* being deleted */
    int64_t created_us;
    int64_t maintenance_us; /* when a maintenance begins; PROVIDER_UNSET without one */
    char *maintenance;      /* "" or what is said of it */
};

struct azure_instances {
    struct azure_instance *list;
    size_t count, capacity;
};

/* Reads one machine of an answer, which is of `set`; on failure *ret_instance holds nothing. */
bool azure_instance_read(const struct sdk_json_at *at, const struct azure_scale_set *set,
                         struct azure_instance *ret_instance, struct error *ret_error);
void azure_instance_release(struct azure_instance *instance);

/* All machines of the set, by id (numbers as numbers). */
enum provider_status azure_instances_list(struct provider_account *account, const struct azure_scale_set *set,
                                          struct azure_instances *ret_instances, struct provider_error *error);
void azure_instances_release(struct azure_instances *instances);

/* The one of that id, without case; NULL when it is not (or no longer) there. */
const struct azure_instance *azure_instances_find(const struct azure_instances *instances, const char *id);

#endif
