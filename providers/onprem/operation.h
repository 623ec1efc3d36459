/* The token of an operation: all that poll() has. "onprem1 on rack-a 0 r1 r2": wanted state, pool, how many machines
 * less than asked for could be commanded, and the machines. Pure. */
#ifndef DROVER_PROVIDERS_ONPREM_OPERATION_H
#define DROVER_PROVIDERS_ONPREM_OPERATION_H

#include "providers/onprem/settings.h"

enum { OPERATION_MACHINES_MAX = 2048 };

struct operation {
    bool on;
    char pool[ONPREM_NAME_MAX];
    int64_t missing;
    char (*machines)[ONPREM_NAME_MAX];
    size_t count, capacity;
};

void operation_add(struct operation *operation, const char *machine);
/* ERROR_TOO_LARGE when it does not fit into PROVIDER_OPERATION_MAX. */
bool operation_write(const struct operation *operation, char token[static PROVIDER_OPERATION_MAX],
                     struct error *ret_error);
/* ERROR_INVALID. *ret_operation is set only on success, released by operation_release. */
bool operation_read(const char *token, struct operation *ret_operation, struct error *ret_error);
void operation_release(struct operation *operation);

#endif
