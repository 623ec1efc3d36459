/* The regions of `drover agent -dev` as data; dev.c makes them. */
#ifndef DROVER_CONTROLLER_AGENT_DEV_REGIONS_H
#define DROVER_CONTROLLER_AGENT_DEV_REGIONS_H

#include <stddef.h>

enum { DEV_REGIONS = 3 };

struct dev_pool {
    const char *name, *instance_type, *market;
    const char *usd_per_hour, *marginal_usd_per_hour;
    int nodes, cpu_mhz, memory_mb; /* each node's */
    int grow_to;                   /* nodes it may come to have; 0: it does not grow */
};

struct dev_region {
    const char *name, *provider, *label_key, *label_value;
    const struct dev_pool *pools;
    size_t pool_count;
};

extern const struct dev_region dev_region_list[DEV_REGIONS];
extern const double dev_rtt_ms[DEV_REGIONS * DEV_REGIONS];

#endif
