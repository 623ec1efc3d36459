/* Scale sets; see scale_set.h. Fields by the REST description of Microsoft.Compute 2024-11-01. */
#include "providers/azure/scale_set.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "providers/azure/arm.h"
#include "providers/sdk/fail.h"

enum { MACHINES_MAX = 1000, MACHINES_ONE_PLACEMENT_MAX = 100, SETS_MAX = 20000 };

static char *copy(const char *text)
{
    return memory_copy_text(text, strlen(text));
}

/* The segment after `key` ("resourceGroups") in a resource id, for the caller to free; NULL without. */
static char *segment_after(const char *id, const char *key)
{
    size_t length = strlen(key);
    for (const char *at = strchr(id, '/'); at; at = strchr(at + 1, '/'))
        if (strncasecmp(at + 1, key, length) == 0 && at[1 + length] == '/') {
            const char *value = at + length + 2;
            return memory_copy_text(value, strcspn(value, "/"));
        }
    return NULL;
}

static const char *text_or(const struct sdk_json_at *at, const char *path, const char *fallback)
{
    const char *text = json_string_value(sdk_json_find(at, path).value);
    return text ? text : fallback;
}

static bool read_names(const struct sdk_json_at *at, struct azure_scale_set *set, struct error *ret_error)
{
    const char *id, *location;
    if (!sdk_json_text(at, "id", &id, ret_error) || !sdk_json_text(at, "location", &location, ret_error))
        return false;
    set->id = copy(id);
    set->group = segment_after(id, "resourceGroups");
    set->name = segment_after(id, "virtualMachineScaleSets");
    set->location = azure_location_normalise(location);
    if (!set->group || !set->name || !*set->group || !*set->name || strlen(set->group) > 128 || strlen(set->name) > 128)
        return sdk_json_refuse(at, "id", ret_error, "this is no id of a scale set");
    struct buffer pool = BUFFER_INIT;
    buffer_printf(&pool, "%s/%s", set->group, set->name);
    set->pool = azure_lower(pool.data);
    buffer_release(&pool);
    return true;
}

static bool read_size(const struct sdk_json_at *at, struct azure_scale_set *set, struct error *ret_error)
{
    const char *size, *tier;
    struct sdk_json_at zones;
    if (!sdk_json_text_or(at, "sku/name", "", &size, ret_error) ||
        !sdk_json_text_or(at, "sku/tier", "", &tier, ret_error) ||
        !sdk_json_i64_or(at, "sku/capacity", PROVIDER_UNSET, &set->capacity, ret_error) ||
        !sdk_json_list_or_none(at, "zones", &zones, ret_error))
        return false;
    if (set->capacity != PROVIDER_UNSET && (set->capacity < 0 || set->capacity > 1000000))
        return sdk_json_refuse(at, "sku/capacity", ret_error, "%lld is no number of machines",
                               (long long)set->capacity);
    set->size = copy(size);
    set->tier = copy(tier);
    for (size_t i = 0; i < sdk_json_count(&zones) && set->zone_count < AZURE_ZONES_MAX; i++) {
        const char *zone = json_string_value(sdk_json_item(&zones, i).value);
        if (zone)
            set->zones[set->zone_count++] = copy(zone);
    }
    return true;
}

static bool is_final(const char *state)
{
    return strcasecmp(state, "Succeeded") == 0 || strcasecmp(state, "Failed") == 0 ||
           strcasecmp(state, "Canceled") == 0;
}

static void read_state(const struct sdk_json_at *at, struct azure_scale_set *set)
{
    const char *priority = text_or(at, "properties/virtualMachineProfile/priority", "Regular");
    /* A set without the member is of before there were two modes. */
    set->flexible = strcasecmp(text_or(at, "properties/orchestrationMode", "Uniform"), "Flexible") == 0;
    set->market =
        strcasecmp(priority, "Spot") == 0 || strcasecmp(priority, "Low") == 0 ? PROVIDER_SPOT : PROVIDER_ON_DEMAND;
    set->state = copy(text_or(at, "properties/provisioningState", "Succeeded"));
    set->etag = copy(text_or(at, "etag", ""));
    set->busy = !is_final(set->state);
    set->failed = strcasecmp(set->state, "Failed") == 0;
    set->overprovisions = !set->flexible && json_is_true(sdk_json_find(at, "properties/overprovision").value);
    set->why_read_only = "";
    if (sdk_json_find(at, "properties/priorityMixPolicy").value)
        set->why_read_only = "mixes spot and regular machines (priorityMixPolicy)";
    else if (sdk_json_find(at, "properties/skuProfile").value || strcasecmp(set->size, "Mix") == 0)
        set->why_read_only = "mixes instance types (skuProfile)";
    else if (set->capacity == PROVIDER_UNSET || set->size[0] == '\0' ||
             !sdk_json_find(at, "properties/virtualMachineProfile").value)
        set->why_read_only = "has no machine profile: machines are added to it one by one";
}

static void apply_bounds(const struct provider_account *account, const struct sdk_json_at *at,
                         struct azure_scale_set *set)
{
    bool one_placement = json_is_true(sdk_json_find(at, "properties/singlePlacementGroup").value);
    set->max = one_placement ? MACHINES_ONE_PLACEMENT_MAX : MACHINES_MAX;
    for (size_t i = 0; i < account->settings.bounds_count; i++) {
        const struct azure_bounds *bounds = &account->settings.bounds[i];
        if (strcasecmp(bounds->name, set->name) != 0)
            continue;
        set->min = bounds->min;
        if (bounds->max != PROVIDER_UNSET && bounds->max < set->max)
            set->max = bounds->max;
    }
}

bool azure_scale_set_read(const struct provider_account *account, const struct sdk_json_at *at,
                          struct azure_scale_set *ret_set, struct error *ret_error)
{
    struct azure_scale_set set = {.capacity = PROVIDER_UNSET};
    if (!read_names(at, &set, ret_error) || !read_size(at, &set, ret_error)) {
        azure_scale_set_release(&set);
        return false;
    }
    read_state(at, &set);
    apply_bounds(account, at, &set);
    *ret_set = set;
    return true;
}

void azure_scale_set_release(struct azure_scale_set *set)
{
    char *texts[] = {set->pool, set->id,   set->group, set->name, set->location,
                     set->size, set->tier, set->etag,  set->state};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    for (size_t i = 0; i < set->zone_count; i++)
        free(set->zones[i]);
    *set = (struct azure_scale_set){0};
}

struct listing {
    const struct provider_account *account;
    struct azure_scale_sets sets;
};

static bool take_set(void *context, const struct sdk_json_at *item, struct error *ret_error)
{
    struct listing *listing = context;
    const struct azure_settings *settings = &listing->account->settings;
    struct azure_scale_set set;
    if (listing->sets.count == SETS_MAX)
        return error_set(ret_error, ERROR_TOO_LARGE, "more than %d scale sets", SETS_MAX);
    if (!azure_scale_set_read(listing->account, item, &set, ret_error))
        return false;
    if (!azure_names_match(&settings->resource_groups, set.group) ||
        !azure_names_match(&settings->scale_sets, set.name) || !azure_names_match(&settings->regions, set.location)) {
        azure_scale_set_release(&set);
        return true;
    }
    listing->sets.list = memory_grow(listing->sets.list, listing->sets.count, &listing->sets.capacity, sizeof set);
    listing->sets.list[listing->sets.count++] = set;
    return true;
}

static int by_pool(const void *left, const void *right)
{
    return strcmp(((const struct azure_scale_set *)left)->pool, ((const struct azure_scale_set *)right)->pool);
}

bool azure_scale_sets_url(struct buffer *ret_url, const struct provider_account *account, size_t at)
{
    const struct azure_names *groups = &account->settings.resource_groups;
    const char *all[] = {"subscriptions",     account->settings.subscription, "providers",
                         "Microsoft.Compute", "virtualMachineScaleSets",      NULL};
    bool plain = groups->count > 0;
    for (size_t i = 0; i < groups->count; i++)
        plain = plain && groups->list[i][0] && !strpbrk(groups->list[i], "*?");
    if (at >= (plain ? groups->count : 1))
        return false;
    const char *one[] = {"subscriptions",
                         account->settings.subscription,
                         "resourceGroups",
                         plain ? groups->list[at] : "",
                         "providers",
                         "Microsoft.Compute",
                         "virtualMachineScaleSets",
                         NULL};
    azure_url_build(ret_url, account, AZURE_COMPUTE_VERSION, plain ? one : all);
    return true;
}

/* A group that is named twice, in any case, gives its sets twice. */
static void sort_and_unite(struct azure_scale_sets *sets)
{
    size_t kept = 0;
    if (sets->count > 1)
        qsort(sets->list, sets->count, sizeof *sets->list, by_pool);
    for (size_t i = 0; i < sets->count; i++)
        if (kept > 0 && strcmp(sets->list[kept - 1].pool, sets->list[i].pool) == 0)
            azure_scale_set_release(&sets->list[i]);
        else
            sets->list[kept++] = sets->list[i];
    sets->count = kept;
}

enum provider_status azure_scale_sets_list(struct provider_account *account, struct azure_scale_sets *ret_sets,
                                           struct provider_error *error)
{
    struct listing listing = {.account = account};
    struct buffer url = BUFFER_INIT;
    enum provider_status status = PROVIDER_OK;
    for (size_t at = 0; status == PROVIDER_OK && azure_scale_sets_url(&url, account, at); at++)
        status = azure_arm_list(account,
                                &(struct azure_request){.name = "Microsoft.Compute/virtualMachineScaleSets/read",
                                                        .method = "GET",
                                                        .url = url.data,
                                                        .region = "",
                                                        .class = AZURE_CLASS_LIST},
                                take_set, &listing, error);
    buffer_release(&url);
    if (status != PROVIDER_OK) {
        azure_scale_sets_release(&listing.sets);
        return status;
    }
    sort_and_unite(&listing.sets);
    *ret_sets = listing.sets;
    return PROVIDER_OK;
}

void azure_scale_sets_release(struct azure_scale_sets *sets)
{
    for (size_t i = 0; i < sets->count; i++)
        azure_scale_set_release(&sets->list[i]);
    free(sets->list);
    *sets = (struct azure_scale_sets){0};
}

enum provider_status azure_scale_set_get(struct provider_account *account, const char *pool,
                                         struct azure_scale_set *ret_set, struct provider_error *error)
{
    static const char name[] = "Microsoft.Compute/virtualMachineScaleSets/read";
    const char *slash = strchr(pool, '/');
    if (!slash || slash == pool || slash[1] == '\0' || strchr(slash + 1, '/'))
        return sdk_fail(error, PROVIDER_INVALID, name, "\"%s\" is no pool: resource-group/scale-set is wanted", pool);
    char *group = memory_copy_text(pool, (size_t)(slash - pool));
    struct buffer url = BUFFER_INIT;
    struct sdk_json_at root;
    struct error reason = {0};
    char *etag = NULL;
    azure_url_scale_set(&url, account, group, slash + 1, "");
    enum provider_status status =
        azure_arm_get(account,
                      &(struct azure_request){
                          .name = name, .method = "GET", .url = url.data, .region = "", .class = AZURE_CLASS_SET_READ},
                      &root, &etag, error);
    if (status == PROVIDER_OK) {
        if (!azure_scale_set_read(account, &root, ret_set, &reason)) {
            status = sdk_fail_with(error, PROVIDER_RETRY, name, &reason);
        } else if (ret_set->etag[0] == '\0') {
            free(ret_set->etag);
            ret_set->etag = etag;
            etag = NULL;
        }
        sdk_json_close(&root);
    }
    free(etag);
    free(group);
    buffer_release(&url);
    return status;
}
