/* Simulated regions on sockets: for each region one Nomad and one Consul port, on a libuv loop that others own.
 *
 * One libwebsockets context on the foreign loop. Event streams are close-delimited answers, blocking queries and dark
 * regions are parked without a timeout, large answers go out in pieces. The server lets each region's time pass.
 *
 * Life: sim_server_new, then uv_run; sim_server_close, then keep running the loop until its callback came. The regions
 * are the caller's and must live until then. Thread: the loop's. */
#ifndef DROVER_SIM_SERVE_SERVER_H
#define DROVER_SIM_SERVE_SERVER_H

#include <uv.h>

#include "base/error.h"
#include "sim/engine/region.h"

struct sim_server;

struct sim_server_options {
    const char *bind;           /* NULL: 127.0.0.1 */
    int first_port;             /* 0: ephemeral; else region i takes first_port + 2i (Nomad) and + 2i + 1 (Consul) */
    bool control;               /* also a control port (sim/serve/control.h), after the last region's */
    const char *provider_token; /* what /sim/machines wants there (sim/serve/provider.h), shorter than SIM_TOKEN_MAX;
                                   NULL: nothing */
    bool keep_pages;            /* pages of lists are rendered once for as long as nothing changes there: for benches */
    int64_t (*now)(void *context); /* Unix milliseconds, never backwards; NULL: the wall clock */
    void *context;
};

/* NULL with ERROR_SYSTEM when a port cannot be listened on, ERROR_INVALID for no region or too many (SIM_REGIONS_MAX),
 * or for a token without a character or too long. */
struct sim_server *sim_server_new(uv_loop_t *loop, struct sim_region *const *regions, size_t count,
                                  const struct sim_server_options *options, struct error *ret_error);

/* "http://127.0.0.1:PORT", valid until close; region is its place in the array. */
const char *sim_server_nomad_url(const struct sim_server *server, size_t region);
const char *sim_server_consul_url(const struct sim_server *server, size_t region);
/* NULL without a control port. */
const char *sim_server_control_url(const struct sim_server *server);

/* The place of the region of that name, or -1. */
int sim_server_find(const struct sim_server *server, const char *region);

/* sim_region_fault at the server's time, and what follows for open connections: a region gone dark by refusing closes
 * them, a healed one answers what it kept waiting. */
bool sim_server_fault(struct sim_server *server, size_t region, enum sim_fault fault, const char *argument,
                      struct error *ret_error);

/* Moves the server's clock ahead by this many milliseconds, beside the time that passes by itself. */
void sim_server_skip(struct sim_server *server, int64_t milliseconds);

/* The server's time. */
int64_t sim_server_now(const struct sim_server *server);

/* Closes every connection and port; `closed` (may be NULL) is called from the loop when all is gone and the server is
 * freed. */
void sim_server_close(struct sim_server *server, void (*closed)(void *context), void *context);

#endif
