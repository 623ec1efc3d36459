/* More machines than there can be. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)account, (void)error;
    for (int i = 0; i < 2000; i++)
        if (!bad_emit_pool(account, 64))
            return PROVIDER_INVALID;
    return PROVIDER_OK;
}

BAD_MODULE(.pools = pools)
