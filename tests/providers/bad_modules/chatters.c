/* Far too many log lines, and then the work. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)account, (void)error;
    for (int i = 0; i < 5000; i++)
        account->services->log(account->services->context, PROVIDER_WARN, "look at me");
    return bad_emit_pool(account, 1) ? PROVIDER_OK : PROVIDER_INVALID;
}

BAD_MODULE(.pools = pools)
