/* links: sim_engine base jansson */
/* One request with any method, target and body to a small simulated region: it must answer. The input's first line is
 * "METHOD TARGET", the rest is the body. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/region.h"

enum { HEAD_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sim_pool_spec pool = {.name = "std", .count = 2};
    const struct sim_region_spec spec = {.name = "fuzz", .pools = &pool, .pool_count = 1};
    const uint8_t *end = memchr(data, '\n', size);
    struct error error = {0};
    struct sim_response response;
    struct sim_region *region;
    char *head, *target, *query;

    if (end == NULL || end - data > HEAD_MAX || memchr(data, '\0', (size_t)(end - data)) != NULL)
        return 0;
    head = memory_copy_text((const char *)data, (size_t)(end - data));
    target = strchr(head, ' ');
    if (target == NULL) {
        free(head);
        return 0;
    }
    *target++ = '\0';
    query = strchr(target, '?');
    if (query != NULL)
        *query++ = '\0';
    region = sim_region_new(&spec, 1, &error);
    sim_region_populate(region, 1, 2, 1);
    sim_response_init(&response);
    struct sim_request request = {.method = head,
                                  .path = target,
                                  .query = query,
                                  .body = (const char *)end + 1,
                                  .body_length = size - (size_t)(end - data) - 1,
                                  .arrived_ms = 1};
    sim_region_request(region, &request, 1, &response);
    sim_region_consul_request(region, &request, 2, &response);
    for (int64_t now = 100; now < 60000; now += 7000)
        sim_region_advance(region, now);
    sim_response_release(&response);
    sim_region_free(region);
    free(head);
    return 0;
}
