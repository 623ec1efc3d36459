/* links: core placement model base */
/* Any bytes as a record of the intent store: restored or refused with ERROR_CORRUPT, never a crash; and what was
 * restored can be stepped. First byte: the kind; then a key of at most 63 bytes ended by 0xff; then the value. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controller/core/core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    enum record_kind kind = (enum record_kind)(data[0] % RECORD_KIND_COUNT);
    const uint8_t *end = memchr(data + 1, 0xff, size - 1 < 64 ? size - 1 : 64);
    size_t key = end ? (size_t)(end - data - 1) : 0;
    size_t from = end ? key + 2 : 1;
    struct error error = {0};
    struct step step = {0};
    struct core *core = core_new(&(struct core_options){.cluster = "fuzz", .epoch = 1});
    core_restore(core, kind, data + 1, key, data + from, size - from, &error);
    struct event started = {.type = EVENT_STARTED};
    core_step(core, &started, 1000, &step);
    struct event timer = {.type = EVENT_TIMER};
    core_step(core, &timer, 60000, &step);
    step_release(&step);
    core_free(core);
    return 0;
}
