/* The account's settings: endpoint, token_file, regions, currency. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/url.h"
#include "providers/sim/account.h"

static const char *setting(const struct provider_services *services, const char *path)
{
    const char *value = services->setting(services->context, path, 0);
    return value && *value ? value : NULL;
}

static enum provider_status read_endpoint(const struct provider_services *services, struct simulator_settings *settings,
                                          struct provider_error *error)
{
    const char *value = setting(services, "endpoint");
    struct sdk_url url;
    struct error reason = {0};
    if (!value)
        return sdk_fail(error, PROVIDER_INVALID, "",
                        "endpoint is not set: the control address that drover-sim prints, http://127.0.0.1:PORT");
    if (!sdk_url_read(value, &url, &reason))
        return sdk_fail(error, PROVIDER_INVALID, "", "endpoint: %s", reason.text);
    if (!url.https && !sdk_url_is_local(&url))
        return sdk_fail(error, PROVIDER_INVALID, "", "endpoint: http only goes to this machine; use https");
    if (url.query[0])
        return sdk_fail(error, PROVIDER_INVALID, "", "endpoint: an address without a query is wanted");
    size_t length = strlen(value);
    while (value[length - 1] == '/')
        length--;
    settings->endpoint = memory_copy_text(value, length);
    return PROVIDER_OK;
}

static enum provider_status read_currency(const struct provider_services *services, struct simulator_settings *settings,
                                          struct provider_error *error)
{
    const char *value = setting(services, "currency");
    if (!value)
        value = "USD";
    if (strlen(value) != 3 || strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
        return sdk_fail(error, PROVIDER_INVALID, "", "currency: three capital letters are wanted, not \"%s\"", value);
    memcpy(settings->currency, value, sizeof settings->currency);
    return PROVIDER_OK;
}

static enum provider_status read_regions(const struct provider_services *services, struct simulator_settings *settings,
                                         struct provider_error *error)
{
    const char *value;
    settings->regions = memory_new(SIMULATOR_REGIONS_MAX, sizeof(char *));
    for (size_t i = 0; (value = services->setting(services->context, "regions", i)); i++) {
        if (settings->region_count == SIMULATOR_REGIONS_MAX)
            return sdk_fail(error, PROVIDER_INVALID, "", "regions: at most %d", SIMULATOR_REGIONS_MAX);
        settings->regions[settings->region_count++] = memory_copy_text(value, strlen(value));
    }
    return PROVIDER_OK;
}

enum provider_status simulator_settings_read(const struct provider_services *services,
                                             struct simulator_settings *ret_settings, struct provider_error *error)
{
    enum provider_status status = read_endpoint(services, ret_settings, error);
    if (status == PROVIDER_OK)
        status = read_currency(services, ret_settings, error);
    if (status == PROVIDER_OK)
        status = read_regions(services, ret_settings, error);
    ret_settings->has_token = setting(services, "token_file") != NULL;
    return status;
}

void simulator_settings_release(struct simulator_settings *settings)
{
    for (size_t i = 0; i < settings->region_count; i++)
        free(settings->regions[i]);
    free(settings->regions);
    free(settings->endpoint);
}
