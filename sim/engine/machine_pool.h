/* The machines of a region and the pools that hold them; what they are is told in machines.h. Private to sim/engine.
 *
 * Ownership: a pool owns its machines; a node and its machine point at each other until the machine vanishes. */
#ifndef DROVER_SIM_ENGINE_MACHINE_POOL_H
#define DROVER_SIM_ENGINE_MACHINE_POOL_H

#include "sim/engine/machines.h"
#include "sim/engine/world.h"

enum sim_machine_state { SIM_MACHINE_PENDING, SIM_MACHINE_RUNNING, SIM_MACHINE_STOPPING };

struct sim_machine {
    char id[SIM_INSTANCE_SIZE];
    enum sim_machine_state state;
    struct sim_machine_pool *pool;
    struct sim_node *node; /* NULL: none yet, or never (the fault "no-join") */
    int64_t launched_ms;
    int64_t interrupt_ms; /* SIM_NEVER: no notice */
};

/* What is bought and given back; one beside each class. Machines that exist and are not stopping are never more than
 * desired. */
struct sim_machine_pool {
    struct sim_node_class *class;
    char *instance_type;
    const char *market; /* static */
    int desired, min, max;
    int64_t boot_ms, gone_ms;
    int64_t generation;
    int next_number;               /* of the next node's name */
    struct sim_machine **machines; /* as launched */
    size_t machine_count, machine_capacity;
    bool priced;
    int64_t price_micro_h, price_observed_ms;
    char currency[4];
    int capacity; /* faults; -1: none */
    int quota;
    int no_join;
    int missing; /* the last error: machines that could not be had; 0: no error */
    int64_t missing_ms, missing_generation;
};

/* Pools with a machine under each node that stands. ERROR_INVALID for what cannot be sold so. */
bool sim_machines_build(struct sim_region *region, const struct sim_region_spec *spec, int64_t now,
                        struct error *error);
void sim_machines_free(struct sim_region *region);
struct sim_machine_pool *sim_machines_find(const struct sim_region *region, const char *pool);
/* Pending and running ones. */
int sim_machines_alive(const struct sim_machine_pool *pool);
void sim_machine_timer(struct sim_region *region, struct sim_machine *machine, enum sim_timer_kind kind, int64_t now);
bool sim_machines_fault(struct sim_region *region, enum sim_fault fault, const char *argument, int64_t now,
                        struct error *error);
void sim_machines_heal(struct sim_region *region);

#endif
