/* The agent's HTTP interface: Drover's own paths under /v1/drover/ (docs/api.md), for people and for the `drover`
 * command.
 *
 * It reads the world through const pointers and changes nothing: what a person asks for becomes an event that the shell
 * (controller/agent) feeds to the core, and the request stays parked until the step that answers it is durable.
 *
 *   request -> access (token, Host, Origin) -> route -> view of the world, or event -> ... -> api_reply_prepare at the
 *   step -> api_reply_release once its records are committed.
 *
 * Thread: the loop's only. */
#ifndef DROVER_CONTROLLER_API_API_H
#define DROVER_CONTROLLER_API_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/error.h"
#include "controller/core/core.h"
#include "controller/federation/federation.h"
#include "store/store.h"

enum {
    API_BODY_MAX = 8 * 1024 * 1024, /* bytes of a request body; more is answered 413 */
    API_PATH_MAX = 2048,            /* bytes of a decoded path */
    API_TOKEN_MAX = 256,            /* bytes of a token */
    API_EXCHANGES_MAX = 1024,       /* requests at once; more are answered 503 */
    API_WAIT_MAX_MS = 600000,       /* longest ?wait= */
    API_WAIT_DEFAULT_MS = 300000
};

/* What the agent says of itself, for GET status. Texts are borrowed until the answer is written. */
struct api_agent_facts {
    const char *version, *cluster, *address, *data_dir;
    uint64_t epoch;
    int64_t started_at_ms;
    bool simulated;               /* -dev */
    uint64_t longest_callback_us; /* of one step of the core */
    uint64_t longest_turn_us;     /* of one turn of the loop, waiting not counted */
    uint64_t longest_turn_cpu_us; /* the same in processor time */
    size_t effects_waiting, effects_in_flight;
    const char *store_trouble; /* "" while commits work */
    /* The store cannot take writes: people's requests are refused at once instead of being left hanging. */
    bool store_broken;
};

/* One fault or price of the simulation, as PUT sim/WORD gives it. Texts are "" when not given. */
struct api_simulation {
    const char *word;
    const char *region, *pool, *node, *job, *job_namespace;
    const char *usd_per_hour;
    int64_t milliseconds; /* -1: not given */
};

struct api_simulated_region {
    const char *name, *address;
    size_t nodes;
};

/* What the interface needs of the agent. */
struct api_backend {
    void *context;
    const struct core *core; /* for recommendations; may be NULL (tests) */
    const struct world *world;
    struct store *store;           /* audit rows are read from it; may be NULL (tests) */
    struct federation *federation; /* parses job HCL; may be NULL (tests) */
    void (*facts)(void *context, struct api_agent_facts *ret_facts);
    /* Feeds an event of a person to the core; its reply comes through api_reply_prepare, perhaps before this returns.
     */
    void (*submit)(void *context, const struct event *event);
    /* Reads one policy block in the words of the configuration. */
    bool (*read_policy)(void *context, const char *hcl, size_t length, struct policy *ret_policy,
                        struct error *ret_error);
    /* Asks for a plan of the whole federation as it is now: its number; assess_ended gives the number of the last that
     * ended. NULL (tests): what the world has is all there is. */
    uint64_t (*assess_ask)(void *context);
    uint64_t (*assess_ended)(void *context);
    /* Only under -dev, else NULL. `simulate` appends what it did, for people. */
    bool (*simulate)(void *context, const struct api_simulation *simulation, struct buffer *ret_done,
                     struct error *ret_error);
    const struct api_simulated_region *simulated;
    size_t simulated_count;
};

struct api_options {
    uv_loop_t *loop;
    const char *host;                 /* an IP address or "localhost" */
    uint16_t port;                    /* 0: any free one, see api_address */
    const char *cert_file, *key_file; /* TLS when given; without it only loopback addresses are accepted */
    const char *token;                /* copied; never logged */
    struct api_backend backend;
};

struct api;

/* Listens. What a failure began ends in the loop. ERROR_INVALID (address, certificate), ERROR_BUSY (the address is
 * taken), ERROR_SYSTEM. */
struct api *api_new(const struct api_options *options, struct error *ret_error);
/* "http://127.0.0.1:4650" */
const char *api_address(const struct api *api);
/* Ends every request; on_closed from the loop when nothing of it is left, memory is freed then. */
void api_close(struct api *api, void (*on_closed)(void *context), void *context);

/* The step that answers a request was made: writes its answer from what the step still holds, and keeps it. A request
 * that is gone (the caller hung up) is passed over, here and in api_reply_release. */
void api_reply_prepare(struct api *api, const struct reply *reply);
/* The step is durable: the answer leaves. */
void api_reply_release(struct api *api, uint64_t request_id);
/* The step could not be made durable (yet): the request is answered with the error. */
void api_reply_fail(struct api *api, uint64_t request_id, const struct error *error);

/* A plan of the federation has ended, well or not: wakes the requests that wait for one. */
void api_plan_ended(struct api *api);

/* After each step: wakes the requests that wait for world->sequence to move. */
void api_world_changed(struct api *api);

/* One log record as a JSON line (with its newline), for those who follow the log; level as enum log_level. */
void api_log(struct api *api, int level, const char *line, size_t length);

#endif
