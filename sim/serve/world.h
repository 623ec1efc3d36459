/* Several simulated regions described by one JSON document, as drover-sim reads it:
 *
 *     {"Seed": 1,
 *      "Regions": [{"Name": "aws-us-east-1", "ReadToken": "..", "WriteToken": "..", "StartDelayMS": 300,
 *                   "StopDelayMS": 200, "HeartbeatDelayMS": 15000, "DeploymentStepMS": 250,
 *                   "Pools": [{"Name": "std", "NodeClass": "std", "NodePool": "default", "Datacenter": "..",
 *                              "Count": 3, "CPU": 4000, "MemoryMB": 8192, "DiskMB": 50000, "Attributes": {"k": "v"},
 *                              "Meta": {"k": "v"}, "Drivers": ["docker"], "Min": 0, "Max": 3, "BootMS": 2000,
 *                              "GoneMS": 1000, "Market": "on-demand", "InstanceType": "std", "HourlyUSD": "0.096",
 *                              "Currency": "USD"}],
 *                   "Populate": {"Jobs": 50, "Allocations": 5000}}],
 *      "RoundTripMS": [[0, 80], [80, 0]]}
 *
 * All but names and pools may be left out; unknown members are errors. A pool is bought and given back within Min and
 * Max (default 0 and Count: it cannot grow); its price is decimal text, in Currency whatever the member's name says,
 * and without it there is no offer (sim/engine/machines.h). */
#ifndef DROVER_SIM_SERVE_WORLD_H
#define DROVER_SIM_SERVE_WORLD_H

#include <jansson.h>

#include "sim/engine/region.h"

struct sim_world {
    struct sim_region **regions;
    size_t count;
};

/* The three regions of a development start (aws-us-east-1, azure-westeurope, dc-fra1; on-demand, spot and owned
 * machines), then "region-4" and on, up to `count`. The caller drops it. */
json_t *sim_world_example(size_t count);

/* Builds, links and fills the regions. ERROR_INVALID says which member is wrong. */
bool sim_world_build(const json_t *spec, int64_t now_ms, struct sim_world *ret_world, struct error *ret_error);
void sim_world_release(struct sim_world *world);

#endif
