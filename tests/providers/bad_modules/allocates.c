/* Wants 10 GB. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)account, (void)error;
    for (int i = 0; i < 160; i++) {
        char *some = malloc(64u * 1024 * 1024);
        if (!some)
            abort();
        memset(some, 1, 64u * 1024 * 1024);
    }
    return PROVIDER_OK;
}

BAD_MODULE(.pools = pools)
