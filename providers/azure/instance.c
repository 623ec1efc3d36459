/* Machines of scale sets; see instance.h. */
#include "providers/azure/instance.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "providers/azure/arm.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/time.h"
#include "providers/sdk/url.h"

enum { INSTANCES_MAX = 100000, KEY_MAX = 128, VM_ID_SHOWN = 8, STATUSES_MAX = 64 };

static char *copy(const char *text)
{
    return memory_copy_text(text, strlen(text));
}

static const char *text_or(const struct sdk_json_at *at, const char *path, const char *fallback)
{
    const char *text = json_string_value(sdk_json_find(at, path).value);
    return text ? text : fallback;
}

/* What the instance view says, as the codes' parts after the first '/'. */
struct view {
    const char *power, *provisioning; /* "" when it does not say */
    const char *message;              /* of the failed provisioning */
};

static struct view read_view(const struct sdk_json_at *at)
{
    struct view view = {"", "", ""};
    struct sdk_json_at statuses = sdk_json_find(at, "properties/instanceView/statuses");
    for (size_t i = 0; i < sdk_json_count(&statuses) && i < STATUSES_MAX; i++) {
        struct sdk_json_at status = sdk_json_item(&statuses, i);
        const char *code = text_or(&status, "code", "");
        if (strncasecmp(code, "PowerState/", 11) == 0)
            view.power = code + 11;
        if (strncasecmp(code, "ProvisioningState/", 18) == 0) {
            view.provisioning = code + 18;
            view.message = text_or(&status, "message", text_or(&status, "displayStatus", ""));
        }
    }
    return view;
}

static enum provider_instance_state state_of_power(const char *power)
{
    static const struct {
        const char *word;
        enum provider_instance_state state;
    } table[] = {{"running", PROVIDER_INSTANCE_RUNNING},   {"starting", PROVIDER_INSTANCE_PENDING},
                 {"stopping", PROVIDER_INSTANCE_STOPPING}, {"deallocating", PROVIDER_INSTANCE_STOPPING},
                 {"stopped", PROVIDER_INSTANCE_STOPPED},   {"deallocated", PROVIDER_INSTANCE_STOPPED}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcasecmp(table[i].word, power) == 0)
            return table[i].state;
    return PROVIDER_INSTANCE_UNKNOWN;
}

/* Being deleted outweighs what its power says, and power outweighs a failed provisioning: a machine whose update failed
 * still runs. */
static void judge(struct azure_instance *instance, const struct view *view, const char *provisioning)
{
    instance->leaving = strcasecmp(provisioning, "Deleting") == 0;
    if (instance->leaving)
        instance->state = PROVIDER_INSTANCE_STOPPING;
    else if (view->power[0])
        instance->state = state_of_power(view->power);
    else if (strcasecmp(provisioning, "Failed") == 0)
        instance->state = PROVIDER_INSTANCE_FAILED;
    else if (strcasecmp(provisioning, "Creating") == 0)
        instance->state = PROVIDER_INSTANCE_PENDING;
    else
        instance->state = PROVIDER_INSTANCE_UNKNOWN;
    if (instance->state == PROVIDER_INSTANCE_RUNNING && strcasecmp(provisioning, "Creating") == 0)
        instance->state = PROVIDER_INSTANCE_PENDING;
    instance->evicted = instance->market == PROVIDER_SPOT && !instance->leaving &&
                        (strcasecmp(view->power, "deallocated") == 0 || strcasecmp(view->power, "deallocating") == 0);
    struct buffer text = BUFFER_INIT, trouble = BUFFER_INIT;
    buffer_printf(&text, "%s%s%s", provisioning, view->power[0] ? ", " : "", view->power);
    if (strncasecmp(view->provisioning, "failed", 6) == 0 || strcasecmp(provisioning, "Failed") == 0)
        buffer_printf(&trouble, "provisioning %s%s%s", view->provisioning[0] ? view->provisioning : provisioning,
                      view->message[0] ? ": " : "", view->message);
    char shown[PROVIDER_TEXT_MAX];
    sdk_copy_text(shown, sizeof shown, text.data);
    instance->state_text = copy(shown);
    sdk_copy_text(shown, sizeof shown, trouble.data);
    instance->trouble = copy(shown);
    buffer_release(&text);
    buffer_release(&trouble);
}

/* A maintenance window that is announced: when Azure itself will act. */
static void read_maintenance(const struct sdk_json_at *at, struct azure_instance *instance)
{
    struct sdk_json_at window = sdk_json_find(at, "properties/instanceView/maintenanceRedeployStatus");
    const char *start = text_or(&window, "maintenanceWindowStartTime", "");
    struct error ignored = {0};
    instance->maintenance_us = PROVIDER_UNSET;
    bool known = *start && sdk_time_read_iso(start, &instance->maintenance_us, &ignored);
    instance->maintenance = copy(known ? "maintenance window" : "");
}

static bool read_id(const struct sdk_json_at *at, const struct azure_scale_set *set, struct azure_instance *instance,
                    struct error *ret_error)
{
    const char *key, *vm_id;
    if (!sdk_json_text(at, set->flexible ? "name" : "instanceId", &key, ret_error) ||
        !sdk_json_text_or(at, "properties/vmId", "", &vm_id, ret_error))
        return false;
    if (!*key || strlen(key) > KEY_MAX || strpbrk(key, "@/ \t\r\n"))
        return sdk_json_refuse(at, set->flexible ? "name" : "instanceId", ret_error, "this is no instance's key");
    if (*vm_id && (strlen(vm_id) < VM_ID_SHOWN || strlen(vm_id) > 64 || strpbrk(vm_id, "@/ \t\r\n")))
        return sdk_json_refuse(at, "properties/vmId", ret_error, "this is no machine's id");
    struct buffer id = BUFFER_INIT, name = BUFFER_INIT;
    buffer_printf(&id, "%s@%.*s", key, VM_ID_SHOWN, *vm_id ? vm_id : "-");
    buffer_printf(&name, "%s_%s", set->name, key);
    instance->id = buffer_take(&id);
    instance->key = copy(key);
    instance->vm_id = copy(vm_id);
    /* compute.name of the metadata service, which Nomad's fingerprint takes. */
    instance->name = copy(text_or(at, "name", name.data));
    buffer_release(&name);
    return true;
}

bool azure_instance_read(const struct sdk_json_at *at, const struct azure_scale_set *set,
                         struct azure_instance *ret_instance, struct error *ret_error)
{
    struct azure_instance instance = {.market = set->market, .created_us = PROVIDER_UNSET};
    struct error ignored = {0};
    if (!read_id(at, set, &instance, ret_error))
        return false;
    struct view view = read_view(at);
    struct sdk_json_at zones = sdk_json_find(at, "zones"), zone = sdk_json_item(&zones, 0);
    const char *created = text_or(at, "properties/timeCreated", "");
    const char *priority = text_or(at, "properties/priority", "");
    if (strcasecmp(priority, "Spot") == 0 || strcasecmp(priority, "Low") == 0)
        instance.market = PROVIDER_SPOT;
    instance.zone = copy(json_string_value(zone.value) ? json_string_value(zone.value) : "");
    instance.size = copy(text_or(at, "sku/name", text_or(at, "properties/hardwareProfile/vmSize", set->size)));
    if (*created && !sdk_time_read_iso(created, &instance.created_us, &ignored))
        instance.created_us = PROVIDER_UNSET;
    instance.protected_ = json_is_true(sdk_json_find(at, "properties/protectionPolicy/protectFromScaleIn").value);
    judge(&instance, &view, text_or(at, "properties/provisioningState", ""));
    read_maintenance(at, &instance);
    *ret_instance = instance;
    return true;
}

void azure_instance_release(struct azure_instance *instance)
{
    char *texts[] = {instance->id,         instance->key,     instance->vm_id,       instance->name, instance->zone,
                     instance->state_text, instance->trouble, instance->maintenance, instance->size};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    *instance = (struct azure_instance){0};
}

struct listing {
    const struct azure_scale_set *set;
    struct azure_instances instances;
};

static bool take_instance(void *context, const struct sdk_json_at *item, struct error *ret_error)
{
    struct listing *listing = context;
    struct azure_instances *instances = &listing->instances;
    struct azure_instance instance;
    const char *owner = text_or(item, "properties/virtualMachineScaleSet/id", "");
    if (instances->count == INSTANCES_MAX)
        return error_set(ret_error, ERROR_TOO_LARGE, "more than %d machines", INSTANCES_MAX);
    /* The filter is Azure's; a machine of another set is never taken for one of this. */
    if (listing->set->flexible && strcasecmp(owner, listing->set->id) != 0)
        return sdk_json_refuse(item, "properties/virtualMachineScaleSet/id", ret_error,
                               "a machine came that is not of this scale set");
    if (!azure_instance_read(item, listing->set, &instance, ret_error))
        return false;
    instances->list = memory_grow(instances->list, instances->count, &instances->capacity, sizeof instance);
    instances->list[instances->count++] = instance;
    return true;
}

/* Shorter keys first, so that numbers stand in their order. */
static int by_key(const void *left, const void *right)
{
    const char *a = ((const struct azure_instance *)left)->key, *b = ((const struct azure_instance *)right)->key;
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
    return strcmp(a, b);
}

/* A machine that moved from one page to the next while they were read comes twice. */
static void sort_and_unite(struct azure_instances *instances)
{
    size_t kept = 0;
    if (instances->count > 1)
        qsort(instances->list, instances->count, sizeof *instances->list, by_key);
    for (size_t i = 0; i < instances->count; i++)
        if (kept > 0 && strcasecmp(instances->list[kept - 1].id, instances->list[i].id) == 0)
            azure_instance_release(&instances->list[i]);
        else
            instances->list[kept++] = instances->list[i];
    instances->count = kept;
}

static void build_url(struct buffer *url, const struct provider_account *account, const struct azure_scale_set *set)
{
    if (!set->flexible) {
        azure_url_scale_set(url, account, set->group, set->name, "virtualMachines");
        buffer_append_text(url, "&$expand=instanceView");
        return;
    }
    const char *segments[] = {"subscriptions",   account->settings.subscription,
                              "resourceGroups",  set->group,
                              "providers",       "Microsoft.Compute",
                              "virtualMachines", NULL};
    struct buffer filter = BUFFER_INIT;
    azure_url_build(url, account, AZURE_COMPUTE_VERSION, segments);
    buffer_printf(&filter, "'virtualMachineScaleSet/id' eq '%s'", set->id);
    buffer_append_text(url, "&$filter=");
    sdk_url_append_encoded(url, filter.data);
    buffer_append_text(url, "&$expand=instanceView");
    buffer_release(&filter);
}

enum provider_status azure_instances_list(struct provider_account *account, const struct azure_scale_set *set,
                                          struct azure_instances *ret_instances, struct provider_error *error)
{
    struct listing listing = {.set = set};
    struct buffer url = BUFFER_INIT;
    build_url(&url, account, set);
    enum provider_status status =
        azure_arm_list(account,
                       &(struct azure_request){
                           .name = set->flexible ? "Microsoft.Compute/virtualMachines/read"
                                                 : "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read",
                           .method = "GET",
                           .url = url.data,
                           .region = set->location,
                           .class = AZURE_CLASS_LIST},
                       take_instance, &listing, error);
    buffer_release(&url);
    if (status != PROVIDER_OK) {
        azure_instances_release(&listing.instances);
        return status;
    }
    sort_and_unite(&listing.instances);
    *ret_instances = listing.instances;
    return PROVIDER_OK;
}

void azure_instances_release(struct azure_instances *instances)
{
    for (size_t i = 0; i < instances->count; i++)
        azure_instance_release(&instances->list[i]);
    free(instances->list);
    *instances = (struct azure_instances){0};
}

const struct azure_instance *azure_instances_find(const struct azure_instances *instances, const char *id)
{
    for (size_t i = 0; i < instances->count; i++)
        if (strcasecmp(instances->list[i].id, id) == 0)
            return &instances->list[i];
    return NULL;
}
