/* Ends with a status that does not exist. */
#include "tests/providers/bad_modules/bad.h"

BAD_POOLS
{
    (void)account, (void)error;
    return (enum provider_status)77;
}

BAD_MODULE(.pools = pools)
