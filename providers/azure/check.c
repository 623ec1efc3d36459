/* check(): the token, then each permission alone. Reads are tried; for writes Azure is asked what the identity may do
 * in the resource group, so that nothing need be done to know. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/text.h"
#include "providers/azure/account.h"
#include "providers/azure/arm.h"
#include "providers/azure/regions.h"
#include "providers/azure/scale_set.h"
#include "providers/azure/write.h"
#include "providers/sdk/fail.h"

static bool emit(struct provider_account *account, const char *call, bool allowed, bool writes, const char *trouble)
{
    const struct provider_services *services = account->services;
    return services->emit_permission(services->context, &(struct provider_permission){call, allowed, writes, trouble});
}

static enum provider_status gone(struct provider_error *error)
{
    return sdk_fail(error, PROVIDER_INVALID, "", "the agent took no more permissions");
}

/* What says nothing of permissions ends the check; whatever Azure answered otherwise is told. */
static bool is_tried(enum provider_status status)
{
    return status != PROVIDER_RETRY && status != PROVIDER_THROTTLED && status != PROVIDER_UNREACHABLE;
}

/* One read, tried. False: it could not be, or the agent took no more; *status and *error say why. */
static bool try_read(struct provider_account *account, const char *name, const char *url, enum provider_status *status,
                     struct provider_error *error)
{
    const struct provider_services *services = account->services;
    struct provider_answer answer;
    *status = azure_arm_run(
        account,
        &(struct azure_request){.name = name, .method = "GET", .url = url, .region = "", .class = AZURE_CLASS_LIST},
        &answer, error);
    if (*status == PROVIDER_OK)
        services->http_release(services->context, &answer);
    if (!is_tried(*status))
        return false;
    if (!emit(account, name, *status == PROVIDER_OK, false, *status == PROVIDER_OK ? "" : error->text)) {
        *status = gone(error);
        return false;
    }
    *status = PROVIDER_OK;
    return true;
}

struct granting {
    const char *action;
    bool granted;
};

/* A pattern with stars matches whole actions, without case. */
static bool matches(const struct sdk_json_at *entry, const char *member, const char *action)
{
    struct sdk_json_at list = sdk_json_find(entry, member);
    bool found = false;
    char *wanted = azure_lower(action);
    for (size_t i = 0; i < sdk_json_count(&list) && !found; i++) {
        const char *pattern = json_string_value(sdk_json_item(&list, i).value);
        char *lower = azure_lower(pattern ? pattern : "");
        found = text_glob(lower, wanted);
        free(lower);
    }
    free(wanted);
    return found;
}

static bool take_grant(void *context, const struct sdk_json_at *item, struct error *ret_error)
{
    struct granting *granting = context;
    (void)ret_error;
    granting->granted |= matches(item, "actions", granting->action) && !matches(item, "notActions", granting->action);
    return true;
}

/* Asked of Azure for the resource group, for the whole subscription where it is "". */
static enum provider_status try_write(struct provider_account *account, const char *group, const char *action,
                                      struct provider_error *error)
{
    struct granting granting = {.action = action};
    struct provider_error problem = {.retry_at_us = PROVIDER_UNSET};
    struct buffer url = BUFFER_INIT;
    const char *of_group[] = {"subscriptions", account->settings.subscription, "resourceGroups", group,
                              "providers",     "Microsoft.Authorization",      "permissions",    NULL};
    const char *of_all[] = {
        "subscriptions", account->settings.subscription, "providers", "Microsoft.Authorization", "permissions", NULL};
    azure_url_build(&url, account, AZURE_PERMISSIONS_VERSION, *group ? of_group : of_all);
    enum provider_status status =
        azure_arm_list(account,
                       &(struct azure_request){.name = "Microsoft.Authorization/permissions/read",
                                               .method = "GET",
                                               .url = url.data,
                                               .region = "",
                                               .class = AZURE_CLASS_LIST},
                       take_grant, &granting, &problem);
    buffer_clear(&url);
    if (status != PROVIDER_OK)
        buffer_printf(&url, "cannot be tried without doing it (%s)", problem.text);
    else if (!granting.granted)
        buffer_printf(&url, "not granted in %s%s: add it to the role", *group ? "resource group " : "the subscription",
                      group);
    char trouble[PROVIDER_TEXT_MAX];
    sdk_copy_text(trouble, sizeof trouble, url.data);
    buffer_release(&url);
    return emit(account, action, status != PROVIDER_OK || granting.granted, true, trouble) ? PROVIDER_OK : gone(error);
}

static enum provider_status try_writes(struct provider_account *account, const char *group,
                                       struct provider_error *error)
{
    enum provider_status status = try_write(account, group, AZURE_WRITE_NAME, error);
    return status == PROVIDER_OK ? try_write(account, group, AZURE_DELETE_NAME, error) : status;
}

static enum provider_status try_subscription(struct provider_account *account, struct provider_error *error)
{
    enum provider_status status = PROVIDER_OK;
    struct buffer url = BUFFER_INIT;
    const char *skus[] = {
        "subscriptions", account->settings.subscription, "providers", "Microsoft.Compute", "skus", NULL};
    const char *locations[] = {"subscriptions", account->settings.subscription, "locations", NULL};
    bool goes_on = true;
    for (size_t at = 0; goes_on && azure_scale_sets_url(&url, account, at); at++)
        goes_on = try_read(account, "Microsoft.Compute/virtualMachineScaleSets/read", url.data, &status, error);
    azure_url_build(&url, account, AZURE_SKUS_VERSION, skus);
    goes_on = goes_on && try_read(account, "Microsoft.Compute/skus/read", url.data, &status, error);
    azure_url_build(&url, account, AZURE_LOCATIONS_VERSION, locations);
    if (goes_on)
        try_read(account, "Microsoft.Resources/subscriptions/locations/read", url.data, &status, error);
    buffer_release(&url);
    return status;
}

static enum provider_status try_set(struct provider_account *account, const struct azure_scale_set *set,
                                    struct provider_error *error)
{
    enum provider_status status = PROVIDER_OK;
    struct buffer url = BUFFER_INIT;
    const char *machines[] = {"subscriptions",   account->settings.subscription,
                              "resourceGroups",  set->group,
                              "providers",       "Microsoft.Compute",
                              "virtualMachines", NULL};
    const char *usages[] = {"subscriptions", account->settings.subscription,
                            "providers",     "Microsoft.Compute",
                            "locations",     set->location,
                            "usages",        NULL};
    azure_url_scale_set(&url, account, set->group, set->name, "virtualMachines");
    bool goes_on =
        try_read(account, "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read", url.data, &status, error);
    azure_url_build(&url, account, AZURE_COMPUTE_VERSION, machines);
    goes_on = goes_on && try_read(account, "Microsoft.Compute/virtualMachines/read", url.data, &status, error);
    azure_url_build(&url, account, AZURE_COMPUTE_VERSION, usages);
    goes_on = goes_on && try_read(account, "Microsoft.Compute/locations/usages/read", url.data, &status, error);
    buffer_release(&url);
    return goes_on ? try_writes(account, set->group, error) : status;
}

/* Where no scale set stands yet. */
static enum provider_status try_places(struct provider_account *account, struct provider_error *error)
{
    const struct azure_names *groups = &account->settings.resource_groups;
    enum provider_status status = PROVIDER_OK;
    bool asked = false;
    for (size_t i = 0; i < groups->count && status == PROVIDER_OK; i++)
        if (groups->list[i][0] && !strpbrk(groups->list[i], "*?")) {
            status = try_writes(account, groups->list[i], error);
            asked = true;
        }
    return asked ? status : try_writes(account, "", error);
}

enum provider_status azure_check(struct provider_account *account, struct provider_error *error)
{
    struct azure_scale_sets sets;
    enum provider_status status = azure_token_need(account, error);
    if (status != PROVIDER_OK)
        return status;
    if (!emit(account, "token", true, false, ""))
        return gone(error);
    status = try_subscription(account, error);
    if (status != PROVIDER_OK)
        return status;
    status = azure_scale_sets_list(account, &sets, error);
    if (status == PROVIDER_AUTH || status == PROVIDER_NOT_FOUND)
        return PROVIDER_OK; /* told above */
    if (status != PROVIDER_OK)
        return status;
    for (size_t i = 0; i < sets.count && status == PROVIDER_OK; i++)
        if (i == 0 || strcasecmp(sets.list[i].group, sets.list[i - 1].group) != 0)
            status = try_set(account, &sets.list[i], error);
    if (sets.count == 0)
        status = try_places(account, error);
    azure_scale_sets_release(&sets);
    return status;
}
