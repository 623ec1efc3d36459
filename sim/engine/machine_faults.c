/* What can go wrong with machines: the words are SIM_FAULTS' in region.h. */
#include <stdio.h>
#include <string.h>

#include "sim/engine/machine_pool.h"
#include "sim/engine/query.h"

enum { NAME_MAX_BYTES = 256, MACHINES_MAX = 100000, NOTICE_MS = 120000, NOTICE_MS_MAX = 1000000000 };

/* "NAME" or "NAME N". */
struct fault_argument {
    char name[NAME_MAX_BYTES];
    bool counted;
    int number;
};

static bool argument_read(const char *text, int otherwise, uint64_t most, struct fault_argument *ret_argument,
                          struct error *error)
{
    size_t length = strcspn(text, " ");
    uint64_t number = 0;

    *ret_argument = (struct fault_argument){.number = otherwise, .counted = text[length] == ' '};
    if (length == 0 || length >= sizeof ret_argument->name)
        return error_set(error, ERROR_INVALID, "fault: the argument begins with a name");
    memcpy(ret_argument->name, text, length);
    if (!ret_argument->counted)
        return true;
    if (!sim_number_parse(text + length + 1, &number) || number > most)
        return error_set(error, ERROR_INVALID, "fault: \"%.64s\" is not a number from 0 to %llu", text + length + 1,
                         (unsigned long long)most);
    ret_argument->number = (int)number;
    return true;
}

static bool fault_pool(struct sim_region *region, enum sim_fault fault, const char *text, struct error *error)
{
    struct fault_argument argument;
    struct sim_machine_pool *pool;

    if (!argument_read(text, fault == SIM_FAULT_NO_JOIN ? 1 : 0, MACHINES_MAX, &argument, error))
        return false;
    pool = sim_machines_find(region, argument.name);
    if (pool == NULL)
        return error_set(error, ERROR_NOT_FOUND, "fault: region %s has no pool \"%s\"", region->name, argument.name);
    if (fault == SIM_FAULT_QUOTA && !argument.counted)
        return error_set(error, ERROR_INVALID, "fault quota: \"POOL N\" is wanted");
    if (fault == SIM_FAULT_NO_CAPACITY)
        pool->capacity = argument.number;
    else if (fault == SIM_FAULT_QUOTA)
        pool->quota = argument.number;
    else
        pool->no_join = argument.number;
    return true;
}

static bool fault_interrupt(struct sim_region *region, const char *text, int64_t now, struct error *error)
{
    struct fault_argument argument;
    const struct sim_node *node;

    if (!argument_read(text, NOTICE_MS, NOTICE_MS_MAX, &argument, error))
        return false;
    node = sim_node_find_name(region, argument.name);
    if (node == NULL || node->machine == NULL)
        return error_set(error, ERROR_NOT_FOUND, "fault: region %s has no node \"%s\" on a machine", region->name,
                         argument.name);
    sim_timer_forget(region, node->machine);
    node->machine->interrupt_ms = now + argument.number;
    sim_timer_set(region, node->machine->interrupt_ms, SIM_TIMER_INTERRUPTED, node->machine, 0);
    return true;
}

bool sim_machines_fault(struct sim_region *region, enum sim_fault fault, const char *argument, int64_t now,
                        struct error *error)
{
    if (fault == SIM_FAULT_INTERRUPT)
        return fault_interrupt(region, argument, now, error);
    return fault_pool(region, fault, argument, error);
}

void sim_machines_heal(struct sim_region *region)
{
    for (size_t i = 0; i < region->class_count; i++) {
        struct sim_machine_pool *pool = &region->pools[i];

        pool->capacity = pool->quota = -1;
        pool->no_join = 0;
        for (size_t k = 0; k < pool->machine_count; k++)
            if (pool->machines[k]->interrupt_ms != SIM_NEVER) {
                sim_timer_forget(region, pool->machines[k]);
                pool->machines[k]->interrupt_ms = SIM_NEVER;
            }
    }
}
