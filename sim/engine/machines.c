/* Machines: bought, booted, given back. Their faults are in machine_faults.c, their JSON in machines_render.c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/machine_pool.h"

enum { POOL_SIZE_MAX = 100000, BOOT_MS = 2000, GONE_MS = 1000 };

/* A draw that leaves the region's other ids as they would be without it. */
static uint64_t machine_random(struct sim_region *region)
{
    uint64_t kept = region->random, drawn;

    region->random = region->machine_random;
    drawn = sim_random(region);
    region->machine_random = region->random;
    region->random = kept;
    return drawn;
}

static struct sim_machine *machine_new(struct sim_region *region, struct sim_machine_pool *pool, int64_t now)
{
    struct sim_machine *machine = memory_new(1, sizeof *machine);
    uint64_t high = machine_random(region), low = machine_random(region);

    snprintf(machine->id, sizeof machine->id, "i-%01" PRIx64 "%016" PRIx64, high & 0xf, low);
    machine->pool = pool;
    machine->launched_ms = now;
    machine->interrupt_ms = SIM_NEVER;
    pool->machines =
        memory_grow(pool->machines, pool->machine_count, &pool->machine_capacity, sizeof(struct sim_machine *));
    pool->machines[pool->machine_count++] = machine;
    return machine;
}

/* ---- building ---- */

static const char *market_word(const char *market)
{
    static const char *const words[] = {"on-demand", "spot", "reserved", "owned"};

    if (market == NULL)
        return words[0];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (sim_same(words[i], market))
            return words[i];
    return NULL;
}

static bool currency_known(const char *currency)
{
    return strlen(currency) == 3 && strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static bool pool_build(const struct sim_region *region, struct sim_machine_pool *pool, const struct sim_pool_spec *spec,
                       int64_t now, struct error *error)
{
    const char *currency = spec->currency != NULL ? spec->currency : "USD";

    pool->desired = spec->count;
    pool->min = spec->min;
    pool->max = spec->max > 0 ? spec->max : spec->count;
    pool->boot_ms = spec->boot_ms > 0 ? spec->boot_ms : BOOT_MS;
    pool->gone_ms = spec->gone_ms > 0 ? spec->gone_ms : GONE_MS;
    pool->market = market_word(spec->market);
    pool->instance_type = sim_copy(spec->instance_type != NULL ? spec->instance_type : spec->name);
    pool->generation = 1;
    pool->next_number = spec->count + 1;
    pool->priced = spec->priced;
    pool->price_micro_h = spec->price_micro_h;
    pool->price_observed_ms = now;
    pool->capacity = pool->quota = -1;
    if (pool->market == NULL)
        return error_set(error, ERROR_INVALID,
                         "simulated region %s: pool %s: market \"%s\" is none of on-demand, spot, reserved, owned",
                         region->name, spec->name, spec->market);
    if (pool->min < 0 || pool->min > spec->count || pool->max < spec->count || pool->max > POOL_SIZE_MAX)
        return error_set(error, ERROR_INVALID,
                         "simulated region %s: pool %s: min %d, count %d and max %d do not rise from 0 to %d",
                         region->name, spec->name, pool->min, spec->count, pool->max, POOL_SIZE_MAX);
    if (!currency_known(currency))
        return error_set(error, ERROR_INVALID,
                         "simulated region %s: pool %s: currency \"%s\" is not three capital letters", region->name,
                         spec->name, currency);
    memcpy(pool->currency, currency, sizeof pool->currency);
    return true;
}

bool sim_machines_build(struct sim_region *region, const struct sim_region_spec *spec, int64_t now, struct error *error)
{
    region->pools = memory_new(region->class_count, sizeof *region->pools);
    for (size_t i = 0; i < region->class_count; i++) {
        region->pools[i].class = &region->classes[i];
        if (!pool_build(region, &region->pools[i], &spec->pools[i], now, error))
            return false;
    }
    for (size_t i = 0; i < region->node_count; i++) {
        struct sim_node *node = region->nodes[i];

        node->machine = machine_new(region, &region->pools[node->class - region->classes], now);
        node->machine->state = SIM_MACHINE_RUNNING;
        node->machine->node = node;
        memcpy(node->instance, node->machine->id, sizeof node->instance);
    }
    return true;
}

void sim_machines_free(struct sim_region *region)
{
    for (size_t i = 0; region->pools != NULL && i < region->class_count; i++) {
        for (size_t k = 0; k < region->pools[i].machine_count; k++)
            free(region->pools[i].machines[k]);
        free(region->pools[i].machines);
        free(region->pools[i].instance_type);
    }
    free(region->pools);
}

/* ---- looking ---- */

struct sim_machine_pool *sim_machines_find(const struct sim_region *region, const char *pool)
{
    for (size_t i = 0; i < region->class_count; i++)
        if (sim_same(region->pools[i].class->pool_label, pool))
            return &region->pools[i];
    return NULL;
}

int sim_machines_alive(const struct sim_machine_pool *pool)
{
    int alive = 0;

    for (size_t i = 0; i < pool->machine_count; i++)
        alive += pool->machines[i]->state != SIM_MACHINE_STOPPING;
    return alive;
}

static struct sim_machine *machine_find(const struct sim_machine_pool *pool, const char *id)
{
    for (size_t i = 0; i < pool->machine_count; i++)
        if (sim_same(pool->machines[i]->id, id))
            return pool->machines[i];
    return NULL;
}

/* ---- what time does ---- */

static void machine_stop(struct sim_region *region, struct sim_machine *machine, int64_t now)
{
    sim_timer_forget(region, machine);
    machine->state = SIM_MACHINE_STOPPING;
    machine->interrupt_ms = SIM_NEVER;
    if (machine->node != NULL) {
        machine->node->machine = NULL;
        sim_node_set_gone(region, machine->node, true, now);
        machine->node = NULL;
    }
    sim_timer_set(region, now + machine->pool->gone_ms, SIM_TIMER_VANISHED, machine, 0);
}

static void machine_vanish(struct sim_machine *machine)
{
    struct sim_machine_pool *pool = machine->pool;
    size_t at = 0;

    while (pool->machines[at] != machine)
        at++;
    pool->machine_count--;
    memmove(&pool->machines[at], &pool->machines[at + 1], (pool->machine_count - at) * sizeof(struct sim_machine *));
    free(machine);
}

void sim_machine_timer(struct sim_region *region, struct sim_machine *machine, enum sim_timer_kind kind, int64_t now)
{
    if (kind == SIM_TIMER_VANISHED) {
        machine_vanish(machine);
        return;
    }
    if (kind == SIM_TIMER_INTERRUPTED) {
        machine_stop(region, machine, now);
        return;
    }
    machine->state = SIM_MACHINE_RUNNING;
    if (machine->pool->no_join > 0)
        machine->pool->no_join--;
    else
        machine->node = sim_node_register(region, machine, now);
}

/* ---- writes ---- */

/* The pool at this time, or NULL with the text. */
static struct sim_machine_pool *pool_now(struct sim_region *region, const char *name, int64_t now_ms,
                                         struct error *ret_error)
{
    struct sim_machine_pool *pool = sim_machines_find(region, name);

    sim_region_advance(region, now_ms);
    if (pool == NULL)
        error_set(ret_error, ERROR_NOT_FOUND, "region %s has no pool \"%.128s\"", region->name, name);
    return pool;
}

static struct sim_size size_of(const struct sim_machine_pool *pool)
{
    return (struct sim_size){.desired = pool->desired, .generation = pool->generation};
}

static void pool_resize(struct sim_machine_pool *pool, int desired)
{
    pool->desired = desired;
    pool->generation++;
    pool->missing = 0;
}

static void launch(struct sim_region *region, struct sim_machine_pool *pool)
{
    int wanted = pool->desired - sim_machines_alive(pool);
    int had = pool->capacity >= 0 && pool->capacity < wanted ? pool->capacity : wanted;

    for (int i = 0; i < had; i++) {
        struct sim_machine *machine = machine_new(region, pool, region->now);

        sim_timer_set(region, region->now + pool->boot_ms, SIM_TIMER_BOOTED, machine, 0);
    }
    if (pool->capacity >= 0)
        pool->capacity -= had;
    if (had == wanted)
        return;
    pool->missing = wanted - had;
    pool->missing_ms = region->now;
    pool->missing_generation = pool->generation;
}

enum sim_machines sim_region_grow(struct sim_region *region, const char *name, struct sim_size *size, int64_t to,
                                  int64_t now_ms, struct error *ret_error)
{
    struct sim_machine_pool *pool = pool_now(region, name, now_ms, ret_error);

    if (pool == NULL)
        return SIM_MACHINES_NOT_FOUND;
    if (size->desired != pool->desired || size->generation != pool->generation) {
        error_set(ret_error, ERROR_CONFLICT,
                  "pool %s has size %d and generation %" PRId64 ", not %" PRId64 " and %" PRId64 ": look again", name,
                  pool->desired, pool->generation, size->desired, size->generation);
        return SIM_MACHINES_CONFLICT;
    }
    if (to <= pool->desired || to > pool->max) {
        error_set(ret_error, ERROR_INVALID, "pool %s can grow from %d to at most %d machines, not to %" PRId64, name,
                  pool->desired, pool->max, to);
        return SIM_MACHINES_INVALID;
    }
    if (pool->quota >= 0 && to > pool->quota) {
        error_set(ret_error, ERROR_NO_SPACE, "pool %s: the quota is %d machines, %" PRId64 " are wanted", name,
                  pool->quota, to);
        return SIM_MACHINES_QUOTA;
    }
    pool_resize(pool, (int)to);
    launch(region, pool);
    *size = size_of(pool);
    return SIM_MACHINES_DONE;
}

/* How many of the named ones are to be stopped, or -1 where one is named twice. */
static int count_named(const struct sim_machine_pool *pool, const char *const *instances, size_t count)
{
    int named = 0;

    for (size_t i = 0; i < count; i++) {
        const struct sim_machine *machine = machine_find(pool, instances[i]);

        for (size_t k = 0; k < i; k++)
            if (sim_same(instances[i], instances[k]))
                return -1;
        named += machine != NULL && machine->state != SIM_MACHINE_STOPPING;
    }
    return named;
}

enum sim_machines sim_region_shrink(struct sim_region *region, const char *name, const char *const *instances,
                                    size_t count, int64_t now_ms, struct sim_size *ret_size, struct error *ret_error)
{
    struct sim_machine_pool *pool = pool_now(region, name, now_ms, ret_error);
    int named;

    if (pool == NULL)
        return SIM_MACHINES_NOT_FOUND;
    named = count_named(pool, instances, count);
    if (count == 0 || named < 0) {
        error_set(ret_error, ERROR_INVALID, "pool %s: instances to stop are to be named, each once", name);
        return SIM_MACHINES_INVALID;
    }
    if (named > 0 && pool->desired - named < pool->min) {
        error_set(ret_error, ERROR_INVALID, "pool %s: %d machines less %d is below its min of %d", name, pool->desired,
                  named, pool->min);
        return SIM_MACHINES_INVALID;
    }
    for (size_t i = 0; i < count; i++) {
        struct sim_machine *machine = machine_find(pool, instances[i]);

        if (machine != NULL && machine->state != SIM_MACHINE_STOPPING)
            machine_stop(region, machine, region->now);
    }
    if (named > 0)
        pool_resize(pool, pool->desired - named);
    *ret_size = size_of(pool);
    return SIM_MACHINES_DONE;
}

enum sim_machines sim_region_withdraw(struct sim_region *region, const char *name, int64_t generation, int64_t now_ms,
                                      struct sim_size *ret_size, struct error *ret_error)
{
    struct sim_machine_pool *pool = pool_now(region, name, now_ms, ret_error);
    int to;

    if (pool == NULL)
        return SIM_MACHINES_NOT_FOUND;
    if (generation != -1 && generation != pool->generation) {
        error_set(ret_error, ERROR_CONFLICT, "pool %s has generation %" PRId64 ", not %" PRId64 ": look again", name,
                  pool->generation, generation);
        return SIM_MACHINES_CONFLICT;
    }
    to = sim_machines_alive(pool);
    if (to < pool->min)
        to = pool->min;
    if (to < pool->desired)
        pool_resize(pool, to);
    *ret_size = size_of(pool);
    return SIM_MACHINES_DONE;
}

bool sim_region_set_price(struct sim_region *region, const char *name, int64_t micro_h, const char *currency,
                          int64_t now_ms, struct error *ret_error)
{
    struct sim_machine_pool *pool = pool_now(region, name, now_ms, ret_error);

    if (pool == NULL)
        return false;
    if (!currency_known(currency))
        return error_set(ret_error, ERROR_INVALID, "Currency: three capital letters are wanted, not \"%.16s\"",
                         currency);
    pool->priced = true;
    pool->price_micro_h = micro_h;
    pool->price_observed_ms = region->now;
    memcpy(pool->currency, currency, sizeof pool->currency);
    return true;
}
