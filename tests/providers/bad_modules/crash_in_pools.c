/* Dies in the middle of a list, with words. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)account, (void)error;
    bad_emit_pool(account, 1);
    fputs("free(): invalid pointer\n", stderr);
    signal(SIGABRT, SIG_DFL);
    abort();
}

BAD_MODULE(.pools = pools)
