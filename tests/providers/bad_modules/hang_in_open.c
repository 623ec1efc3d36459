/* Never opens. */
#include "tests/providers/bad_modules/bad.h"

static enum provider_status open_account(const struct provider_services *services, const char *name,
                                         struct provider_account **ret_account, struct provider_error *error)
{
    (void)services, (void)name, (void)ret_account, (void)error;
    for (;;)
        pause();
    return PROVIDER_OK;
}

BAD_MODULE_WITH(PROVIDER_MAGIC, PROVIDER_ABI_MAJOR, PROVIDER_ABI_MINOR, sizeof functions, .open = open_account,
                .close = bad_close)
