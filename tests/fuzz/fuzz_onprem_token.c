/* links: provider_onprem provider_sdk base */
/* Tokens of operations: what is read writes the same token again, save for its zeros. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/onprem/operation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *token = memory_copy_text((const char *)data, size), written[PROVIDER_OPERATION_MAX];
    struct operation operation, again;
    struct error error;
    if (operation_read(token, &operation, &error)) {
        if (!operation_write(&operation, written, &error) || !operation_read(written, &again, &error) ||
            again.count != operation.count || again.on != operation.on || again.missing != operation.missing ||
            strcmp(again.pool, operation.pool) != 0 ||
            memcmp(again.machines[again.count - 1], operation.machines[again.count - 1],
                   strlen(again.machines[again.count - 1])) != 0)
            abort();
        operation_release(&operation);
        operation_release(&again);
    }
    free(token);
    return 0;
}
