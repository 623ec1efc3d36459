/* Leaves a child behind that keeps the socket open. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)account, (void)error;
    if (fork() == 0)
        for (;;)
            pause();
    raise(SIGKILL);
    return PROVIDER_OK;
}

BAD_MODULE(.pools = pools)
