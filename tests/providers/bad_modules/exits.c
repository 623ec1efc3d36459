/* Ends the process as if all were well. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)account, (void)error;
    exit(0);
}

BAD_MODULE(.pools = pools)
