/* What a write began, as a token: JSON of the pool and of what was asked for, no secret. Pure. */
#ifndef DROVER_PROVIDERS_SIM_OPERATION_H
#define DROVER_PROVIDERS_SIM_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "providers/provider.h"
#include "providers/sim/market.h"

enum { SIMULATOR_SHRINK_MAX = 100 /* machines of one shrink: what a token holds */ };

struct simulator_operation {
    bool grows;
    char pool[2 * SIMULATOR_NAME_MAX + 2];
    int64_t to, generation; /* grow: the size asked for, and the pool's generation since */
    char ids[SIMULATOR_SHRINK_MAX][SIMULATOR_ID_MAX + 1]; /* shrink */
    size_t id_count;
};

/* Whether it can be an instance's id: 1 to SIMULATOR_ID_MAX letters, digits and '-'. */
bool simulator_is_id(const char *text);

/* Sets all of *ret_operation; the first poll may come at once. */
void simulator_operation_write(const struct simulator_operation *operation, struct provider_operation *ret_operation);
/* ERROR_INVALID. */
bool simulator_operation_read(const char *token, struct simulator_operation *ret_operation, struct error *ret_error);

#endif
