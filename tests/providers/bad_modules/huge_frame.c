/* Promises a frame of two gigabytes. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)account, (void)error;
    static const char head[] = {0x7f, (char)0xff, (char)0xff, (char)0xff, 0};
    if (write(AGENT_SOCKET, head, sizeof head) < 0)
        return PROVIDER_INVALID;
    for (;;)
        pause();
    return PROVIDER_OK;
}

BAD_MODULE(.pools = pools)
