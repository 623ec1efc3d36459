/* Talks to standard output and error, where nobody listens. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)account, (void)error;
    for (int i = 0; i < 100000; i++) {
        puts("{\"done\":\"ok\"}");
        fputs("chatter chatter chatter\n", stderr);
    }
    fflush(stdout);
    return bad_emit_pool(account, 1) ? PROVIDER_OK : PROVIDER_INVALID;
}

BAD_MODULE(.pools = pools)
