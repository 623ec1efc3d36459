/* Emits what is not fit to be passed on. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)account, (void)error;
    struct provider_quota quota = {.region = "\xff", .name = "n", .unit = "vcpus", .limit = 1, .used = 1};
    struct provider_offer offer = {
        .region = "r", .zone = "", .instance_type = "t", .currency = "USD", .source = "s", .note = ""};
    const struct provider_services *services = account->services;
    if (services->emit_quota(services->context, &quota) || services->emit_offer(services->context, &offer))
        return PROVIDER_OK;
    return PROVIDER_INVALID;
}

BAD_MODULE(.pools = pools)
