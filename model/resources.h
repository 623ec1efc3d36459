/* What an allocation asks for and a node has: cpu, memory, disk. Pure data.
 *
 * cpu and memory are priced, disk only limits (DESIGN section 3). Devices and ports are judged by Nomad's own plan. */
#ifndef DROVER_MODEL_RESOURCES_H
#define DROVER_MODEL_RESOURCES_H

#include <stdbool.h>
#include <stdint.h>

enum resource { RESOURCE_CPU_MHZ, RESOURCE_MEMORY_MB, RESOURCE_DISK_MB, RESOURCE_COUNT };

/* No node and no allocation has more of anything (placement.md: capacity and demand <= 2^36). */
#define RESOURCE_AMOUNT_MAX (INT64_C(1) << 36)

struct resources {
    int64_t amount[RESOURCE_COUNT]; /* 0 to RESOURCE_AMOUNT_MAX */
};

/* into += by, saturating at INT64_MAX / 2. */
void resources_add(struct resources *into, const struct resources *by);
/* from -= by; may go negative (an over-committed node), which means no room. */
void resources_subtract(struct resources *from, const struct resources *by);
/* True when every amount of need is at most that of room. */
bool resources_fit(const struct resources *need, const struct resources *room);
/* How many times need fits into room; INT64_MAX when need is all zero, 0 when it does not fit once. */
int64_t resources_times(const struct resources *need, const struct resources *room);

/* "cpu", "memory", "disk"; static. */
const char *resource_name(enum resource resource);

#endif
