/* Sums of the bound in 128 bits: false, and nothing added, where they leave them. Internal to the certificate's terms.
 */
#ifndef DROVER_CONTROLLER_PLACEMENT_CERTIFICATE_SUM_H
#define DROVER_CONTROLLER_PLACEMENT_CERTIFICATE_SUM_H

#include "base/error.h"

static inline bool certificate_overflow(struct error *error)
{
    return error_set(error, ERROR_OVERFLOW, "the bound leaves 128 bits");
}

static inline bool certificate_add(__int128 *total, __int128 amount)
{
    return !__builtin_add_overflow(*total, amount, total);
}

static inline bool certificate_add_product(__int128 *total, __int128 a, __int128 b)
{
    __int128 product;
    return !__builtin_mul_overflow(a, b, &product) && certificate_add(total, product);
}

#endif
