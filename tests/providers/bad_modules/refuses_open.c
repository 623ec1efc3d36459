/* Does not like its settings. */
#include "tests/providers/bad_modules/bad.h"

static enum provider_status open_account(const struct provider_services *services, const char *name,
                                         struct provider_account **ret_account, struct provider_error *error)
{
    (void)services, (void)ret_account;
    snprintf(error->text, sizeof error->text, "account %s has no colour", name);
    return PROVIDER_AUTH;
}

BAD_MODULE_WITH(PROVIDER_MAGIC, PROVIDER_ABI_MAJOR, PROVIDER_ABI_MINOR, sizeof functions, .open = open_account,
                .close = bad_close)
