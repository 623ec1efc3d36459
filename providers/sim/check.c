/* check(): the one read is tried; the writes cannot be without doing them, and want the same token. */
#include "providers/sdk/fail.h"
#include "providers/sim/ask.h"
#include "providers/sim/market.h"

static bool emit(struct provider_account *account, const char *call, bool allowed, bool writes, const char *trouble)
{
    const struct provider_services *services = account->services;
    return services->emit_permission(services->context, &(struct provider_permission){call, allowed, writes, trouble});
}

enum provider_status simulator_check(struct provider_account *account, struct provider_error *error)
{
    static const char *const writes[] = {SIMULATOR_GROW, SIMULATOR_SHRINK, SIMULATOR_WITHDRAW};
    struct simulator_market market;
    enum provider_status status = simulator_market_read(account, &market, error);
    bool allowed = status == PROVIDER_OK;
    if (!allowed && status != PROVIDER_AUTH)
        return status;
    if (allowed)
        simulator_market_release(&market);
    bool taken = emit(account, SIMULATOR_LIST, allowed, false, allowed ? "" : error->text);
    for (size_t i = 0; i < sizeof writes / sizeof writes[0] && taken; i++)
        taken = emit(account, writes[i], allowed, true, allowed ? "cannot be tried without doing it" : error->text);
    if (!taken)
        return sdk_fail(error, PROVIDER_INVALID, SIMULATOR_LIST, "the host takes no more records");
    return status;
}
