/* Sizes and quotas; see sizes.h. Capabilities are text, whatever they are (Microsoft.Compute/skus 2021-07-01). */
#include "providers/azure/sizes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/text.h"
#include "providers/azure/arm.h"
#include "providers/azure/regions.h"
#include "providers/sdk/decimal.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/url.h"

enum { MIB_PER_GIB = 1024 };

static const char *text_or(const struct sdk_json_at *at, const char *path, const char *fallback)
{
    const char *text = json_string_value(sdk_json_find(at, path).value);
    return text ? text : fallback;
}

static const char *capability(const struct sdk_json_at *capabilities, const char *name)
{
    for (size_t i = 0; i < sdk_json_count(capabilities); i++) {
        struct sdk_json_at one = sdk_json_item(capabilities, i);
        if (strcasecmp(text_or(&one, "name", ""), name) == 0)
            return text_or(&one, "value", "");
    }
    return "";
}

static int64_t whole(const char *text, int64_t fallback)
{
    uint64_t number = 0;
    struct error ignored = {0};
    if (*text && text_parse_u64(text, strlen(text), "it", 0, INT32_MAX, &number, &ignored))
        return (int64_t)number;
    return fallback;
}

/* "0.75" GiB in MiB, cut. */
static int64_t mib_of_gib(const char *text)
{
    int64_t micro = 0;
    struct error ignored = {0};
    if (!*text || !sdk_decimal_read(text, strlen(text), &micro, &ignored) || micro < 0 || micro > INT32_MAX * SDK_MICRO)
        return PROVIDER_UNSET;
    return micro * MIB_PER_GIB / SDK_MICRO;
}

/* A restriction of type Location bans the size; one of type Zone takes only those zones away. */
static void read_restrictions(const struct sdk_json_at *at, struct azure_size *size)
{
    struct sdk_json_at list = sdk_json_find(at, "restrictions");
    for (size_t i = 0; i < sdk_json_count(&list); i++) {
        struct sdk_json_at one = sdk_json_item(&list, i);
        const char *why = text_or(&one, "reasonCode", "restricted");
        if (strcasecmp(text_or(&one, "type", ""), "Location") == 0) {
            sdk_copy_text(size->restriction, sizeof size->restriction, why);
            return;
        }
    }
}

/* True when every zone the size is offered in is taken away by a restriction of type Zone. */
static bool is_in_no_zone(const struct sdk_json_at *at)
{
    struct sdk_json_at places = sdk_json_find(at, "locationInfo"), place = sdk_json_item(&places, 0);
    struct sdk_json_at zones = sdk_json_find(&place, "zones"), restrictions = sdk_json_find(at, "restrictions");
    size_t left = sdk_json_count(&zones);
    if (left == 0)
        return false;
    for (size_t z = 0; z < sdk_json_count(&zones); z++) {
        const char *zone = json_string_value(sdk_json_item(&zones, z).value);
        bool taken = false;
        for (size_t i = 0; zone && i < sdk_json_count(&restrictions); i++) {
            struct sdk_json_at one = sdk_json_item(&restrictions, i);
            struct sdk_json_at barred = sdk_json_find(&one, "restrictionInfo/zones");
            for (size_t k = 0; k < sdk_json_count(&barred); k++) {
                const char *name = json_string_value(sdk_json_item(&barred, k).value);
                taken |= name && strcmp(name, zone) == 0;
            }
        }
        left -= taken;
    }
    return left == 0;
}

/* The filter by location is Azure's: an entry of another region is never taken for one of this. */
static bool is_sold_in(const struct sdk_json_at *at, const char *region)
{
    struct sdk_json_at list = sdk_json_find(at, "locations");
    bool found = sdk_json_count(&list) == 0;
    for (size_t i = 0; i < sdk_json_count(&list) && !found; i++) {
        const char *name = json_string_value(sdk_json_item(&list, i).value);
        char *normal = azure_location_normalise(name ? name : "");
        found = strcmp(normal, region) == 0;
        free(normal);
    }
    return found;
}

static const char *gpu_of(const char *name)
{
    static const char *const table[][2] = {{"_T4_", "nvidia/t4"},     {"_A10_", "nvidia/a10"},
                                           {"_A100_", "nvidia/a100"}, {"_H100_", "nvidia/h100"},
                                           {"_V620", "amd/v620"},     {"_H200_", "nvidia/h200"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strstr(name, table[i][0]))
            return table[i][1];
    return "gpu";
}

bool azure_size_read(const struct sdk_json_at *at, const char *region, struct azure_size *ret_size,
                     struct error *ret_error)
{
    struct azure_size size = {.restriction = ""};
    const char *type, *family;
    struct sdk_json_at capabilities;
    if (!sdk_json_text(at, "resourceType", &type, ret_error))
        return false;
    size.machine = strcasecmp(type, "virtualMachines") == 0 && is_sold_in(at, region);
    if (size.machine) {
        if (!sdk_json_text(at, "name", &size.name, ret_error) ||
            !sdk_json_text_or(at, "family", "", &family, ret_error) ||
            !sdk_json_list_or_none(at, "capabilities", &capabilities, ret_error))
            return false;
        /* Of constrained sizes only some processors may be used; vCPUs is what is billed. */
        size.vcpus = whole(capability(&capabilities, "vCPUsAvailable"), 0);
        if (size.vcpus <= 0)
            size.vcpus = whole(capability(&capabilities, "vCPUs"), PROVIDER_UNSET);
        size.memory_mib = mib_of_gib(capability(&capabilities, "MemoryGB"));
        size.disk_mib = whole(capability(&capabilities, "MaxResourceVolumeMB"), PROVIDER_UNSET);
        size.gpus = whole(capability(&capabilities, "GPUs"), 0);
        size.gpu = size.gpus > 0 ? gpu_of(size.name) : "";
        size.architecture =
            strcasecmp(capability(&capabilities, "CpuArchitectureType"), "Arm64") == 0 ? "arm64" : "x86_64";
        size.spot = strcasecmp(capability(&capabilities, "LowPriorityCapable"), "True") == 0;
        size.quota = azure_lower(family);
        read_restrictions(at, &size);
        if (size.restriction[0] == '\0' && is_in_no_zone(at))
            snprintf(size.restriction, sizeof size.restriction, "in no zone of %s", region);
    }
    *ret_size = size;
    return true;
}

void azure_size_release(struct azure_size *size)
{
    free(size->quota);
    *size = (struct azure_size){0};
}

struct describing {
    struct provider_account *account;
    const char *region;
};

static bool take_size(void *context, const struct sdk_json_at *item, struct error *ret_error)
{
    struct describing *describing = context;
    const struct provider_services *services = describing->account->services;
    struct azure_size size;
    if (!azure_size_read(item, describing->region, &size, ret_error))
        return false;
    bool taken = !size.machine ||
                 services->emit_instance_type(services->context,
                                              &(struct provider_instance_type){
                                                  .region = describing->region,
                                                  .name = size.name,
                                                  .architecture = size.architecture,
                                                  .vcpus = size.vcpus,
                                                  .processor_mhz = PROVIDER_UNSET,
                                                  .memory_mib = size.memory_mib,
                                                  .disk_mib = size.disk_mib,
                                                  .gpu = size.gpu,
                                                  .gpus = size.gpus,
                                                  .on_demand = true,
                                                  .spot = size.spot && describing->account->settings.cloud->spot,
                                                  .current = true,
                                                  .restriction = size.restriction,
                                                  .quota = size.quota,
                                              });
    azure_size_release(&size);
    return taken || error_set(ret_error, ERROR_INVALID, "the agent took no more instance types");
}

enum provider_status azure_sizes_describe(struct provider_account *account, const char *region,
                                          struct provider_error *error)
{
    struct describing describing = {account, region};
    struct buffer url = BUFFER_INIT, filter = BUFFER_INIT;
    const char *segments[] = {
        "subscriptions", account->settings.subscription, "providers", "Microsoft.Compute", "skus", NULL};
    azure_url_build(&url, account, AZURE_SKUS_VERSION, segments);
    buffer_printf(&filter, "location eq '%s'", region);
    buffer_append_text(&url, "&$filter=");
    sdk_url_append_encoded(&url, filter.data);
    enum provider_status status = azure_arm_list(account,
                                                 &(struct azure_request){.name = "Microsoft.Compute/skus/read",
                                                                         .method = "GET",
                                                                         .url = url.data,
                                                                         .region = region,
                                                                         .class = AZURE_CLASS_LIST},
                                                 take_size, &describing, error);
    buffer_release(&filter);
    buffer_release(&url);
    return status;
}

/* --- quotas --------------------------------------------------------------------------------------------------------
 */

/* A machine must fit all of `cores`, its family's counter and `virtualmachines`; spot draws on `lowprioritycores`. */
static bool take_usage(void *context, const struct sdk_json_at *item, struct error *ret_error)
{
    struct describing *describing = context;
    const struct provider_services *services = describing->account->services;
    const char *name;
    int64_t limit = 0, used = 0;
    if (!sdk_json_text(item, "name/value", &name, ret_error) || !sdk_json_i64(item, "limit", &limit, ret_error) ||
        !sdk_json_i64(item, "currentValue", &used, ret_error))
        return false;
    char *lower = azure_lower(name);
    bool machines = strcmp(lower, "virtualmachines") == 0 || strcmp(lower, "virtualmachinescalesets") == 0 ||
                    strcmp(lower, "availabilitysets") == 0;
    bool processors = strstr(lower, "cores") || strstr(lower, "family");
    bool taken =
        (!machines && !processors) ||
        services->emit_quota(services->context, &(struct provider_quota){.region = describing->region,
                                                                         .name = lower,
                                                                         .unit = machines ? "instances" : "vcpus",
                                                                         .limit = limit,
                                                                         .used = used,
                                                                         .adjustable = true});
    free(lower);
    return taken || error_set(ret_error, ERROR_INVALID, "the agent took no more quotas");
}

enum provider_status azure_quotas(struct provider_account *account, struct provider_error *error)
{
    char **regions = NULL;
    size_t count = 0;
    enum provider_status status = azure_regions(account, &regions, &count, error);
    if (status != PROVIDER_OK)
        return status;
    for (size_t i = 0; i < count && status == PROVIDER_OK; i++) {
        struct describing describing = {account, regions[i]};
        struct buffer url = BUFFER_INIT;
        const char *segments[] = {"subscriptions", account->settings.subscription,
                                  "providers",     "Microsoft.Compute",
                                  "locations",     regions[i],
                                  "usages",        NULL};
        azure_url_build(&url, account, AZURE_COMPUTE_VERSION, segments);
        status = azure_arm_list(account,
                                &(struct azure_request){.name = "Microsoft.Compute/locations/usages/read",
                                                        .method = "GET",
                                                        .url = url.data,
                                                        .region = regions[i],
                                                        .class = AZURE_CLASS_LIST},
                                take_usage, &describing, error);
        buffer_release(&url);
    }
    azure_regions_release(regions, count);
    return status;
}
