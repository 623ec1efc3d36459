/* Works for ever. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)account, (void)error;
    for (volatile unsigned i = 0;; i++)
        ;
    return PROVIDER_OK;
}

BAD_MODULE(.pools = pools)
