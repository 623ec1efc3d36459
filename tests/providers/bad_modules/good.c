/* Not bad at all: the neighbour that must not notice. grow never answers, offers waits for what is kept. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)error;
    return bad_emit_pool(account, 2) && bad_emit_pool(account, 1) ? PROVIDER_OK : PROVIDER_INVALID;
}

static enum provider_status grow(struct provider_account *account, const struct provider_pool *observed, int64_t to,
                                 struct provider_operation *ret_operation, struct provider_error *error)
{
    (void)account, (void)error, (void)to;
    if (strcmp(observed->id, "p") == 0 && observed->instance_count == 2)
        for (;;)
            pause();
    snprintf(ret_operation->token, sizeof ret_operation->token, "grown");
    return PROVIDER_OK;
}

static enum provider_status offers(struct provider_account *account, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    const char *before = services->kept(services->context, "brake");
    snprintf(error->text, sizeof error->text, "%s", before ? before : "nothing");
    snprintf(error->code, sizeof error->code, "%s", services->setting(services->context, "colour", 0));
    return services->keep(services->context, "brake", "on") ? PROVIDER_QUOTA : PROVIDER_INVALID;
}

BAD_MODULE(.pools = pools, .grow = grow, .offers = offers)
