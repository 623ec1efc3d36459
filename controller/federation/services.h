/* Which allocations' services pass their Consul checks, as Nomad registers them in Consul (ServiceID
 * "_nomad-task-<allocation id>-<group or task>-<service>-<port>").
 *
 * A decoder reads /v1/health/state/any as it streams; its map is then compared with the last one, and only what changed
 * is told. Memory: 24 bytes an allocation with checks. Pure. */
#ifndef DROVER_CONTROLLER_FEDERATION_SERVICES_H
#define DROVER_CONTROLLER_FEDERATION_SERVICES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/fact.h"

enum { SERVICES_MAX = 1 << 20 };

struct service_map;
struct service_map *service_map_new(void);
void service_map_free(struct service_map *map);

struct service_decoder;
struct service_decoder *service_decoder_new(void);
void service_decoder_free(struct service_decoder *decoder);
/* ERROR_INVALID for what is no list of checks, ERROR_TOO_LARGE past SERVICES_MAX allocations. */
bool service_decoder_feed(struct service_decoder *decoder, const char *bytes, size_t length, struct error *ret_error);
/* At the answer's end: tells `emit` what differs from `map` and makes it the new map. Nothing is told on failure. */
bool service_decoder_finish(struct service_decoder *decoder, struct service_map *map,
                            void (*emit)(void *context, const struct service_fact *fact), void *context,
                            struct error *ret_error);

#endif
