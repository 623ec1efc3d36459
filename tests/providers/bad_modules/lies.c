/* Speaks for the host: records that cannot be. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)account, (void)error;
    static const char lie[] = "\0\0\0\x1e{\"record\":\"pool\",\"value\":{} } ";
    if (write(AGENT_SOCKET, lie, sizeof lie - 1) < 0)
        return PROVIDER_INVALID;
    for (;;)
        pause();
    return PROVIDER_OK;
}

BAD_MODULE(.pools = pools)
