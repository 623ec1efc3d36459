/* The provider's side of a simulated region: the machines its nodes stand on, which can be bought and given back.
 *
 * Every node stands on a machine, an instance "i-" + 17 hexadecimal digits, that carries the pool's size on:
 *
 *     grow -> pending -(BootMS)-> running, and its node registers -(shrink, interruption)-> stopping -(GoneMS)-> gone
 *
 * The node of a machine that stops goes down after the region's heartbeat delay and stays in Nomad's list, as Nomad
 * keeps it until its garbage collection. A pool launches machines only when it is grown: then as many as are missing to
 * its desired size, those that an interruption took included. Its generation moves with every change of that size.
 *
 * Pure, as region.h is; the instances' ids come from a generator of their own, so that ids, events and evaluations of a
 * seed are the same whether machines are bought or not. Thread: the region's. */
#ifndef DROVER_SIM_ENGINE_MACHINES_H
#define DROVER_SIM_ENGINE_MACHINES_H

#include "sim/engine/region.h"

/* How a write ended. Whatever is not SIM_MACHINES_DONE has changed nothing. */
enum sim_machines {
    SIM_MACHINES_DONE,
    SIM_MACHINES_NOT_FOUND, /* no such pool */
    SIM_MACHINES_CONFLICT,  /* desired or generation are others by now */
    SIM_MACHINES_QUOTA,     /* the fault "quota" */
    SIM_MACHINES_INVALID    /* outside min and max, no instance named or one twice */
};

/* The size of a pool as a caller saw it, and as a write left it. */
struct sim_size {
    int64_t desired;
    int64_t generation;
};

/* Compare-and-set: from *size to `to`, which must be larger and at most the pool's max. What of it cannot be had (the
 * fault "no-capacity") never comes, and the pool's last error says so. On success *size is the new one; otherwise the
 * text says why. */
enum sim_machines sim_region_grow(struct sim_region *region, const char *pool, struct sim_size *size, int64_t to,
                                  int64_t now_ms, struct error *ret_error);

/* Stops exactly these instances and lowers desired by as many; those that are stopping, gone or unknown lower nothing.
 * Never below min: then none is stopped. */
enum sim_machines sim_region_shrink(struct sim_region *region, const char *pool, const char *const *instances,
                                    size_t count, int64_t now_ms, struct sim_size *ret_size, struct error *ret_error);

/* Lowers desired to the machines that are pending or running, never below min. A generation other than -1 is compared
 * first. */
enum sim_machines sim_region_withdraw(struct sim_region *region, const char *pool, int64_t generation, int64_t now_ms,
                                      struct sim_size *ret_size, struct error *ret_error);

/* The price of a machine-hour as the provider tells it from now on. Zero, negative ones and any three letters of a
 * currency are allowed: whoever reads prices has to judge them. False, with ERROR_NOT_FOUND or ERROR_INVALID. */
bool sim_region_set_price(struct sim_region *region, const char *pool, int64_t micro_h, const char *currency,
                          int64_t now_ms, struct error *ret_error);

/* Appends {"Name","Pools":[...]}, the quotas in force and the notices in force, each as sim/serve/provider.h has them;
 * quotas and notices as the inside of a list, to be joined by ',' where `out` does not end with '['. */
void sim_region_put_machines(const struct sim_region *region, struct buffer *out);
void sim_region_put_quotas(const struct sim_region *region, struct buffer *out);
void sim_region_put_interruptions(const struct sim_region *region, struct buffer *out);

#endif
