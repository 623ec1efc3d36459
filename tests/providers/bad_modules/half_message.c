/* Leaves in the middle of a message. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)account, (void)error;
    static const char head[] = {0, 0, 0, 100, 0x7b, 0x22};
    if (write(AGENT_SOCKET, head, sizeof head) < 0)
        return PROVIDER_INVALID;
    _exit(0);
}

BAD_MODULE(.pools = pools)
