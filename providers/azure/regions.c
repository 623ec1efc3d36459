/* Regions: which, and what they are called; and describe() over them. */
#include "providers/azure/regions.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "providers/azure/arm.h"
#include "providers/azure/sizes.h"
#include "providers/sdk/fail.h"

void azure_words_add(char ***words, size_t *count, size_t *capacity, const char *word)
{
    size_t at = 0;
    while (at < *count && strcmp((*words)[at], word) < 0)
        at++;
    if (at < *count && strcmp((*words)[at], word) == 0)
        return;
    *words = memory_grow(*words, *count, capacity, sizeof **words);
    memmove(&(*words)[at + 1], &(*words)[at], (*count - at) * sizeof **words);
    (*words)[at] = memory_copy_text(word, strlen(word));
    (*count)++;
}

void azure_regions_release(char **regions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(regions[i]);
    free(regions);
}

enum provider_status azure_regions(struct provider_account *account, char ***ret_regions, size_t *ret_count,
                                   struct provider_error *error)
{
    const struct azure_names *given = &account->settings.regions;
    struct azure_scale_sets sets = {0};
    char **words = NULL;
    size_t count = 0, capacity = 0;
    bool open = given->count == 0;
    for (size_t i = 0; i < given->count; i++) {
        bool glob = strpbrk(given->list[i], "*?") != NULL;
        open |= glob;
        if (!glob)
            azure_words_add(&words, &count, &capacity, given->list[i]);
    }
    if (open) {
        enum provider_status status = azure_scale_sets_list(account, &sets, error);
        if (status != PROVIDER_OK) {
            azure_regions_release(words, count);
            return status;
        }
        for (size_t i = 0; i < sets.count; i++)
            azure_words_add(&words, &count, &capacity, sets.list[i].location);
        azure_scale_sets_release(&sets);
    }
    *ret_regions = words;
    *ret_count = count;
    return PROVIDER_OK;
}

enum { ZONES_MAX = 16 };

struct naming {
    struct provider_account *account;
    char **regions;
    size_t count, found;
};

/* One location of the subscription's list: its logical zones and the physical ones behind them, which differ from
 * subscription to subscription. */
static bool take_location(void *context, const struct sdk_json_at *item, struct error *ret_error)
{
    struct naming *naming = context;
    const struct provider_services *services = naming->account->services;
    const char *name, *shown, *zones[ZONES_MAX], *zone_ids[ZONES_MAX];
    size_t count = 0;
    struct sdk_json_at mappings;
    bool wanted = false;
    if (!sdk_json_text(item, "name", &name, ret_error) ||
        !sdk_json_text_or(item, "displayName", "", &shown, ret_error) ||
        !sdk_json_list_or_none(item, "availabilityZoneMappings", &mappings, ret_error))
        return false;
    char *normal = azure_location_normalise(name);
    for (size_t i = 0; i < naming->count; i++)
        wanted |= strcmp(naming->regions[i], normal) == 0;
    naming->found += wanted;
    for (size_t i = 0; wanted && i < sdk_json_count(&mappings) && count < ZONES_MAX; i++) {
        struct sdk_json_at mapping = sdk_json_item(&mappings, i);
        const char *logical = json_string_value(sdk_json_find(&mapping, "logicalZone").value);
        const char *physical = json_string_value(sdk_json_find(&mapping, "physicalZone").value);
        if (!logical)
            continue;
        zones[count] = logical;
        zone_ids[count++] = physical ? physical : "";
    }
    bool taken = !wanted || services->emit_region(services->context, &(struct provider_region){.id = normal,
                                                                                               .name = shown,
                                                                                               .zones = zones,
                                                                                               .zone_ids = zone_ids,
                                                                                               .zone_count = count});
    free(normal);
    return taken || error_set(ret_error, ERROR_INVALID, "the agent took no more regions");
}

static enum provider_status name_regions(struct provider_account *account, char **regions, size_t count,
                                         struct provider_error *error)
{
    struct naming naming = {.account = account, .regions = regions, .count = count};
    struct buffer url = BUFFER_INIT;
    const char *segments[] = {"subscriptions", account->settings.subscription, "locations", NULL};
    azure_url_build(&url, account, AZURE_LOCATIONS_VERSION, segments);
    enum provider_status status =
        azure_arm_list(account,
                       &(struct azure_request){.name = "Microsoft.Resources/subscriptions/locations/read",
                                               .method = "GET",
                                               .url = url.data,
                                               .region = "",
                                               .class = AZURE_CLASS_LIST},
                       take_location, &naming, error);
    buffer_release(&url);
    if (status == PROVIDER_OK && naming.found < count)
        sdk_log(account->services, PROVIDER_WARN,
                "%zu of %zu regions are not among the subscription's locations: check the names in the setting regions",
                count - naming.found, count);
    return status;
}

enum provider_status azure_describe(struct provider_account *account, struct provider_error *error)
{
    char **regions = NULL;
    size_t count = 0;
    enum provider_status status = azure_regions(account, &regions, &count, error);
    if (status != PROVIDER_OK)
        return status;
    status = name_regions(account, regions, count, error);
    for (size_t i = 0; i < count && status == PROVIDER_OK; i++)
        status = azure_sizes_describe(account, regions[i], error);
    azure_regions_release(regions, count);
    return status;
}
