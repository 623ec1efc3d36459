/* Writes what is no frame into the agent's socket. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)account, (void)error;
    static const char text[] = "HTTP/1.1 200 OK\r\n\r\n";
    if (write(AGENT_SOCKET, text, sizeof text) < 0)
        return PROVIDER_INVALID;
    for (;;)
        pause();
    return PROVIDER_OK;
}

BAD_MODULE(.pools = pools)
