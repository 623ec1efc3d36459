/* One simulated region: a Nomad region and its Consul datacenter, held in memory.
 *
 * A pure machine: request bytes and the time go in, answer bytes come out. It reads no clock, does no I/O and draws
 * its ids from a seeded generator, so one seed and one script give one run, byte for byte. What it imitates is Nomad
 * 2.0.5 and Consul 1.8.7 as measured; tests/live/test_sim_parity.py holds it to that. sim/serve puts it on sockets.
 *
 * Life: sim_region_new, optionally sim_region_link, then requests and sim_region_advance with a `now` that never runs
 * backwards, then sim_region_free. Streams are freed before their region.
 *
 * Threads: a set of linked regions belongs to one thread. */
#ifndef DROVER_SIM_ENGINE_REGION_H
#define DROVER_SIM_ENGINE_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

enum {
    SIM_BODY_MAX = 16 * 1024 * 1024, /* a longer request body is answered 413 */
    SIM_TOKEN_MAX = 128,
    SIM_REGIONS_MAX = 512
};

/* No deadline ahead. */
#define SIM_NEVER INT64_MAX

struct sim_region;
struct sim_stream;

struct sim_pair {
    const char *key;
    const char *value;
};

/* Machines that are all alike. Texts are copied by sim_region_new; NULL takes the default named here. */
struct sim_pool_spec {
    const char *name;       /* nodes are called NAME-1, NAME-2, ...; required */
    const char *node_class; /* default: the name */
    const char *node_pool;  /* default "default" */
    const char *datacenter; /* default: the region's name */
    int count;
    int cpu_mhz;   /* default 4000 */
    int memory_mb; /* default 8192 */
    int disk_mb;   /* default 50000 */
    const struct sim_pair *attributes;
    size_t attribute_count;
    const struct sim_pair *meta;
    size_t meta_count;
    const char *const *drivers; /* default docker, exec, raw_exec */
    size_t driver_count;
    /* As a provider sells them (machines.h). */
    int min;
    int max;                   /* 0 takes count: the pool cannot grow */
    int64_t boot_ms;           /* pending -> running, node registered; 0 takes 2000 */
    int64_t gone_ms;           /* stopping -> vanished; 0 takes 1000 */
    const char *market;        /* "on-demand" (default), "spot", "reserved", "owned" */
    const char *instance_type; /* default: the name */
    bool priced;
    int64_t price_micro_h; /* millionths of the currency an hour */
    const char *currency;  /* default "USD" */
};

struct sim_region_spec {
    const char *name; /* also the Consul datacenter's name */
    uint64_t seed;
    const struct sim_pool_spec *pools;
    size_t pool_count;
    int64_t start_delay_ms;     /* pending -> running; 0 takes 300 */
    int64_t stop_delay_ms;      /* stop asked -> complete; 0 takes 200 */
    int64_t heartbeat_delay_ms; /* machine gone -> node down; 0 takes 15000 */
    int64_t deployment_step_ms; /* verdict -> the deployment watcher acts; 0 takes 250 */
    const char *read_token;     /* naming either token turns ACLs on */
    const char *write_token;
};

/* A region with its nodes ready at now_ms (Unix milliseconds). NULL with ERROR_INVALID for a spec without a name or
 * pool, a count outside 0..100000, sizes below 1 or machines that cannot be sold so. */
struct sim_region *sim_region_new(const struct sim_region_spec *spec, int64_t now_ms, struct error *ret_error);
void sim_region_free(struct sim_region *region);

const char *sim_region_name(const struct sim_region *region);

/* The newest index; it moves with every change. */
uint64_t sim_region_index(const struct sim_region *region);

/* Joins regions by WAN: each lists the others and forwards `?region=` to them. rtt_ms is count x count round-trip
 * times in milliseconds for Consul's coordinates, or NULL for none. The regions must live until the last is freed, and
 * none may be used after one of them was freed. */
void sim_regions_link(struct sim_region *const *regions, size_t count, const double *rtt_ms);

/* The host:port texts that answers name (Config.Addresses, node HTTPAddr, leader). Copied. */
void sim_region_set_address(struct sim_region *region, const char *nomad, const char *consul);

/* Fills a fresh region quickly with `jobs` external service jobs ("fill-N") whose `allocations` all run; placement is
 * round-robin and makes no events. */
void sim_region_populate(struct sim_region *region, int jobs, int allocations, int64_t now_ms);

struct sim_request {
    const char *method;
    const char *path;  /* percent-encoded, without the query */
    const char *query; /* raw, without '?'; NULL or "" for none */
    const char *body;
    size_t body_length;
    const char *token;  /* X-Nomad-Token or Bearer; NULL for none */
    int64_t arrived_ms; /* when it was first asked: blocking queries count from here */
};

enum sim_outcome {
    SIM_ANSWER,  /* send status, headers and body */
    SIM_HOLD,    /* a blocking query: ask the same again when answered_by's index moved or hold_until_ms came */
    SIM_SILENT,  /* the region is dark: say nothing; ask the same again when it healed */
    SIM_REFUSED, /* the region is dark and refuses connections: close at once */
    SIM_LOST,    /* applied, but the connection closes without an answer */
    SIM_STREAM   /* an event stream: open it with sim_stream_open on answered_by and send what it gives */
};

struct sim_response {
    enum sim_outcome outcome;
    int status;
    const char *content_type; /* static; NULL for an empty body without one */
    bool has_index;           /* send X-Nomad-Index (or X-Consul-Index) */
    bool has_leader;          /* send -Knownleader: true and -Lastcontact: 0 */
    uint64_t index;
    char next_token[256]; /* X-Nomad-Nexttoken when not empty */
    int64_t hold_until_ms;
    int64_t delay_ms; /* the fault "slow": send only this much later */
    struct sim_region *answered_by;
    struct buffer body;
};

void sim_response_init(struct sim_response *response);
void sim_response_release(struct sim_response *response);

/* One request to the region's Nomad HTTP port. Never fails: what is wrong is in the status. The response must be
 * initialised; its body is replaced. */
void sim_region_request(struct sim_region *region, const struct sim_request *request, int64_t now_ms,
                        struct sim_response *response);

/* The same for its Consul port. */
void sim_region_consul_request(struct sim_region *region, const struct sim_request *request, int64_t now_ms,
                               struct sim_response *response);

/* Lets time pass up to now_ms and returns when something is due next (SIM_NEVER for nothing). */
int64_t sim_region_advance(struct sim_region *region, int64_t now_ms);

/* ---- faults ---- */

#define SIM_FAULTS(X)                                                                                                  \
    X(SIM_FAULT_DARK, "dark")             /* arg "silent" (default) or "refuse" */                                     \
    X(SIM_FAULT_SLOW, "slow")             /* arg: milliseconds added to every answer; "0" ends it */                   \
    X(SIM_FAULT_FAIL, "fail")             /* arg: "N" next requests, or "P%", then optionally " TEXT", answer 500 */   \
    X(SIM_FAULT_LOSE_REPLY, "lose-reply") /* arg: N next writes are applied but not answered (default 1) */            \
    X(SIM_FAULT_NODE_DOWN, "node-down")   /* arg: node name */                                                         \
    X(SIM_FAULT_NODE_UP, "node-up")       /* arg: node name; nothing where its machine was given back */               \
    X(SIM_FAULT_UNHEALTHY, "unhealthy")   /* arg: job id whose new versions never become healthy */                    \
    X(SIM_FAULT_TASK_FAIL, "task-fail")   /* arg: job id whose running allocations fail now */                         \
    /* of machines: arg begins with the pool's name, which must hold no blank */                                       \
    X(SIM_FAULT_NO_CAPACITY, "no-capacity") /* arg: POOL [N]: N more machines can be had, default none */              \
    X(SIM_FAULT_QUOTA, "quota")             /* arg: POOL N: growth beyond N machines is refused */                     \
    X(SIM_FAULT_NO_JOIN, "no-join")         /* arg: POOL [N]: the next N machines, default 1, never become nodes */    \
    X(SIM_FAULT_INTERRUPT, "interrupt")     /* arg: NODE [MS]: notice that its machine goes in MS, default 120000 */   \
    X(SIM_FAULT_HEAL, "heal")               /* ends every fault but node-down and what machines are gone for good */

enum sim_fault {
#define SIM_FAULT_ENUM(constant, word) constant,
    SIM_FAULTS(SIM_FAULT_ENUM)
#undef SIM_FAULT_ENUM
};

/* The fault of a word as above; false when there is none. */
bool sim_fault_from_word(const char *word, enum sim_fault *ret_fault);

/* Applies a fault at now_ms. ERROR_INVALID for a bad argument, ERROR_NOT_FOUND for an unknown node or job. */
bool sim_region_fault(struct sim_region *region, enum sim_fault fault, const char *argument, int64_t now_ms,
                      struct error *ret_error);

/* Writes that reached the region over either port, whatever their answer: PUT, POST, DELETE other than plan, parse,
 * validate and search. */
uint64_t sim_region_writes(const struct sim_region *region);

/* ---- event stream ---- */

/* Opens /v1/event/stream with this raw query on an answer of outcome SIM_STREAM. The stream is silent for ever where
 * Nomad's would be (denied token, unknown topic apart from heartbeats). */
struct sim_stream *sim_stream_open(struct sim_region *region, const char *query, const char *token, int64_t now_ms);

/* Appends the lines that are due. Returns when to read again at the latest; also read after every change. */
int64_t sim_stream_read(struct sim_stream *stream, int64_t now_ms, struct buffer *out);
void sim_stream_free(struct sim_stream *stream);

#endif
