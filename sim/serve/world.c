/* Simulated regions from a JSON description. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "sim/serve/world.h"

enum { POOLS_MAX = 64, PAIRS_MAX = 64, COUNT_MAX = 1000000 };

/* ---- the example ---- */

static json_t *example_pool(const char *name, int count, int cpu, int memory, const char *type, const char *market)
{
    return json_pack("{s:s, s:i, s:i, s:i, s:{s:s, s:s}}", "Name", name, "Count", count, "CPU", cpu, "MemoryMB", memory,
                     "Meta", "instance_type", type, "market", market);
}

json_t *sim_world_example(size_t count)
{
    json_t *regions = json_array(), *rtt = json_array();
    static const double example_rtt[3][3] = {{0, 82, 90}, {82, 0, 12}, {90, 12, 0}};

    for (size_t i = 0; i < count; i++) {
        json_t *pools = json_array(), *row = json_array();
        const char *name = i == 0 ? "aws-us-east-1" : i == 1 ? "azure-westeurope" : "dc-fra1";

        if (i == 2) {
            json_array_append_new(pools, example_pool("rack", 6, 16000, 65536, "r640", "owned"));
        } else {
            json_array_append_new(
                pools, example_pool("std", 4, 5200, 8192, i % 2 == 0 ? "m5.large" : "Standard_D2s_v5", "on-demand"));
            json_array_append_new(
                pools, example_pool("spot", 3, 10400, 16384, i % 2 == 0 ? "m5.xlarge" : "Standard_D4s_v5", "spot"));
        }
        json_array_append_new(regions, json_pack("{s:o, s:o}", "Name",
                                                 i < 3 ? json_string(name) : json_sprintf("region-%d", (int)i + 1),
                                                 "Pools", pools));
        for (size_t k = 0; k < count; k++)
            json_array_append_new(row, json_real(i < 3 && k < 3 ? example_rtt[i][k] : i == k ? 0 : 40));
        json_array_append_new(rtt, row);
    }
    return json_pack("{s:i, s:o, s:o}", "Seed", 1, "Regions", regions, "RoundTripMS", rtt);
}

/* ---- reading ---- */

struct world_memory {
    struct sim_pool_spec pools[POOLS_MAX];
    struct sim_pair attributes[POOLS_MAX][PAIRS_MAX];
    struct sim_pair meta[POOLS_MAX][PAIRS_MAX];
    const char *drivers[POOLS_MAX][PAIRS_MAX];
};

static bool known_members(const json_t *object, const char *const *names, const char *what, struct error *ret_error)
{
    const char *key;
    json_t *value;

    if (!json_is_object(object))
        return error_set(ret_error, ERROR_INVALID, "%s: an object is wanted", what);
    json_object_foreach((json_t *)object, key, value)
    {
        size_t i = 0;

        while (names[i] != NULL && strcmp(names[i], key) != 0)
            i++;
        if (names[i] == NULL)
            return error_set(ret_error, ERROR_INVALID, "%s: unknown member \"%s\"", what, key);
    }
    return true;
}

static bool read_number(const json_t *object, const char *key, int *ret_number, struct error *ret_error)
{
    const json_t *value = json_object_get(object, key);

    if (value == NULL)
        return true;
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > INT32_MAX)
        return error_set(ret_error, ERROR_INVALID, "%s: a whole number from 0 is wanted", key);
    *ret_number = (int)json_integer_value(value);
    return true;
}

static bool read_pairs(const json_t *object, const char *key, struct sim_pair *pairs, size_t *ret_count,
                       struct error *ret_error)
{
    json_t *members = json_object_get(object, key), *value;
    const char *name;

    *ret_count = 0;
    json_object_foreach(members, name, value)
    {
        if (!json_is_string(value) || *ret_count == PAIRS_MAX)
            return error_set(ret_error, ERROR_INVALID, "%s: at most %d texts are wanted", key, PAIRS_MAX);
        pairs[(*ret_count)++] = (struct sim_pair){.key = name, .value = json_string_value(value)};
    }
    return true;
}

/* How the pool's machines are sold. */
static bool read_sale(const json_t *json, struct sim_pool_spec *pool, struct error *ret_error)
{
    int boot = 0, gone = 0;

    if (!read_number(json, "Min", &pool->min, ret_error) || !read_number(json, "Max", &pool->max, ret_error) ||
        !read_number(json, "BootMS", &boot, ret_error) || !read_number(json, "GoneMS", &gone, ret_error) ||
        !json_optional_text(json, "Market", NULL, &pool->market, ret_error) ||
        !json_optional_text(json, "InstanceType", NULL, &pool->instance_type, ret_error) ||
        !json_optional_text(json, "Currency", NULL, &pool->currency, ret_error))
        return false;
    pool->boot_ms = boot;
    pool->gone_ms = gone;
    pool->priced = json_object_get(json, "HourlyUSD") != NULL;
    return !pool->priced || json_require_money(json, "HourlyUSD", &pool->price_micro_h, ret_error);
}

static bool read_pool(const json_t *json, struct world_memory *memory, size_t at, struct error *ret_error)
{
    static const char *const names[] = {"Name",    "NodeClass",    "NodePool",  "Datacenter", "Count",
                                        "CPU",     "MemoryMB",     "DiskMB",    "Attributes", "Meta",
                                        "Drivers", "Min",          "Max",       "BootMS",     "GoneMS",
                                        "Market",  "InstanceType", "HourlyUSD", "Currency",   NULL};
    struct sim_pool_spec *pool = &memory->pools[at];
    json_t *driver;
    size_t i;

    if (!known_members(json, names, "Pools", ret_error))
        return false;
    memset(pool, 0, sizeof *pool);
    pool->name = json_string_value(json_object_get(json, "Name"));
    pool->node_class = json_string_value(json_object_get(json, "NodeClass"));
    pool->node_pool = json_string_value(json_object_get(json, "NodePool"));
    pool->datacenter = json_string_value(json_object_get(json, "Datacenter"));
    pool->count = 1;
    pool->attributes = memory->attributes[at];
    pool->meta = memory->meta[at];
    pool->drivers = memory->drivers[at];
    if (pool->name == NULL)
        return error_set(ret_error, ERROR_INVALID, "Pools: a pool has no Name");
    json_array_foreach(json_object_get(json, "Drivers"), i, driver)
    {
        if (!json_is_string(driver) || i == PAIRS_MAX)
            return error_set(ret_error, ERROR_INVALID, "Drivers: at most %d texts are wanted", PAIRS_MAX);
        memory->drivers[at][pool->driver_count++] = json_string_value(driver);
    }
    return read_number(json, "Count", &pool->count, ret_error) && read_number(json, "CPU", &pool->cpu_mhz, ret_error) &&
           read_number(json, "MemoryMB", &pool->memory_mb, ret_error) &&
           read_number(json, "DiskMB", &pool->disk_mb, ret_error) &&
           read_pairs(json, "Attributes", memory->attributes[at], &pool->attribute_count, ret_error) &&
           read_pairs(json, "Meta", memory->meta[at], &pool->meta_count, ret_error) && read_sale(json, pool, ret_error);
}

static bool fill_region(struct sim_region *region, const json_t *populate, int64_t now_ms, struct error *ret_error)
{
    static const char *const names[] = {"Jobs", "Allocations", NULL};
    int jobs = 0, allocations = 0;

    if (populate == NULL)
        return true;
    if (!known_members(populate, names, "Populate", ret_error) || !read_number(populate, "Jobs", &jobs, ret_error) ||
        !read_number(populate, "Allocations", &allocations, ret_error))
        return false;
    if (jobs > COUNT_MAX || allocations > COUNT_MAX)
        return error_set(ret_error, ERROR_INVALID, "Populate: at most %d", COUNT_MAX);
    sim_region_populate(region, jobs, allocations, now_ms);
    return true;
}

static struct sim_region *read_region(const json_t *json, int seed, int64_t now_ms, struct world_memory *memory,
                                      struct error *ret_error)
{
    static const char *const names[] = {
        "Name",  "ReadToken", "WriteToken", "StartDelayMS", "StopDelayMS", "HeartbeatDelayMS", "DeploymentStepMS",
        "Pools", "Populate",  NULL};
    const json_t *pools = json_object_get(json, "Pools");
    int start = 0, stop = 0, heartbeat = 0, step = 0;
    struct sim_region_spec spec = {.seed = (uint64_t)seed, .pools = memory->pools};
    struct sim_region *region;

    if (!known_members(json, names, "Regions", ret_error) || !read_number(json, "StartDelayMS", &start, ret_error) ||
        !read_number(json, "StopDelayMS", &stop, ret_error) ||
        !read_number(json, "HeartbeatDelayMS", &heartbeat, ret_error) ||
        !read_number(json, "DeploymentStepMS", &step, ret_error))
        return NULL;
    if (json_array_size(pools) > POOLS_MAX) {
        error_set(ret_error, ERROR_INVALID, "Pools: at most %d a region", POOLS_MAX);
        return NULL;
    }
    for (; spec.pool_count < json_array_size(pools); spec.pool_count++)
        if (!read_pool(json_array_get(pools, spec.pool_count), memory, spec.pool_count, ret_error))
            return NULL;
    spec.name = json_string_value(json_object_get(json, "Name"));
    spec.read_token = json_string_value(json_object_get(json, "ReadToken"));
    spec.write_token = json_string_value(json_object_get(json, "WriteToken"));
    spec.start_delay_ms = start;
    spec.stop_delay_ms = stop;
    spec.heartbeat_delay_ms = heartbeat;
    spec.deployment_step_ms = step;
    region = sim_region_new(&spec, now_ms, ret_error);
    if (region != NULL && !fill_region(region, json_object_get(json, "Populate"), now_ms, ret_error)) {
        sim_region_free(region);
        return NULL;
    }
    return region;
}

static bool link_world(struct sim_world *world, const json_t *rtt, struct error *ret_error)
{
    size_t n = world->count;
    double *matrix = NULL;

    if (rtt != NULL) {
        matrix = memory_new(n * n, sizeof *matrix);
        for (size_t i = 0; i < n * n; i++) {
            const json_t *cell = json_array_get(json_array_get(rtt, i / n), i % n);

            if (!json_is_number(cell) || json_number_value(cell) < 0) {
                free(matrix);
                return error_set(ret_error, ERROR_INVALID, "RoundTripMS: a number for each pair of regions is wanted");
            }
            matrix[i] = json_number_value(cell);
        }
    }
    sim_regions_link(world->regions, n, matrix);
    free(matrix);
    return true;
}

bool sim_world_build(const json_t *spec, int64_t now_ms, struct sim_world *ret_world, struct error *ret_error)
{
    static const char *const names[] = {"Seed", "Regions", "RoundTripMS", NULL};
    const json_t *regions = json_object_get(spec, "Regions");
    struct world_memory *memory;
    struct sim_world world = {0};
    int seed = 1;
    bool good;

    if (!known_members(spec, names, "the world", ret_error) || !read_number(spec, "Seed", &seed, ret_error))
        return false;
    if (json_array_size(regions) == 0 || json_array_size(regions) > SIM_REGIONS_MAX)
        return error_set(ret_error, ERROR_INVALID, "Regions: 1 to %d are wanted", SIM_REGIONS_MAX);
    memory = memory_new(1, sizeof *memory);
    world.regions = memory_new(json_array_size(regions), sizeof(struct sim_region *));
    for (good = true; good && world.count < json_array_size(regions);) {
        struct sim_region *region = read_region(json_array_get(regions, world.count), seed, now_ms, memory, ret_error);

        good = region != NULL;
        if (good)
            world.regions[world.count++] = region;
    }
    free(memory);
    if (!good || !link_world(&world, json_object_get(spec, "RoundTripMS"), ret_error)) {
        sim_world_release(&world);
        return false;
    }
    *ret_world = world;
    return true;
}

void sim_world_release(struct sim_world *world)
{
    for (size_t i = 0; i < world->count; i++)
        sim_region_free(world->regions[i]);
    free(world->regions);
    world->regions = NULL;
    world->count = 0;
}
