/* Closes the socket and stays. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)account, (void)error;
    close(AGENT_SOCKET);
    for (;;)
        pause();
    return PROVIDER_OK;
}

BAD_MODULE(.pools = pools)
