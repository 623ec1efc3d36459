/* links: provider_onprem provider_sdk base */
/* Time zones: rules and compiled files. Whatever is read gives an offset of at most a week at any moment. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "providers/onprem/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct zone *zone)
{
    static const int64_t moments[] = {
        0, 1, -1, INT64_C(1795348800), INT64_C(4102444800), -INT64_C(2208988800), INT64_C(253402300799)};
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        int64_t offset = zone_offset(zone, moments[i]);
        if (offset > 7 * 86400 || offset < -7 * 86400)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone zone;
    struct error error;
    const char *text = (const char *)data;
    if (zone_read_posix(text, size, &zone, &error))
        check(&zone);
    if (zone_read_file(text, size, &zone, &error)) {
        check(&zone);
        zone_release(&zone);
    }
    return 0;
}
