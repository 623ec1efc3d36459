/* The control port of a simulation, JSON over HTTP, for scenario tests and benches:
 *
 *     GET  /sim/regions                                        names and addresses, as drover-sim prints at start
 *     GET  /sim/stats                                          per region: Index, Writes, Registers; Now
 *     POST /sim/fault   {"Region","Kind","Argument"}           the words of SIM_FAULTS in sim/engine/region.h
 *     POST /sim/mark    {}                                     Registers begin anew
 *     POST /sim/advance {"Milliseconds"}                       moves the clock ahead
 *     GET  /sim/machines, POST /sim/machines/..., /sim/price   the machines and what they cost: provider.h
 *
 * Registers {Answered, FirstUs, LastUs} are of PUT /v1/jobs: how many were answered, when the first one's head was read
 * and when the last answer was about to be sent, in monotonic microseconds; 0 for never.
 *
 * Errors are text/plain with 400 or 404, those of provider.h JSON. No access control but the provider token of
 * sim_server_options, which guards /sim/machines: it listens where the regions do. */
#ifndef DROVER_SIM_SERVE_CONTROL_H
#define DROVER_SIM_SERVE_CONTROL_H

#include <jansson.h>

#include "sim/serve/server.h"

/* {"Regions":[{"Name","Nomad","Consul"}],"Control":url or null}; the caller drops it. */
json_t *sim_control_urls(const struct sim_server *server);

#endif
