/* Federation: everything Drover says to and hears from Nomad and Consul.
 *
 * Watches turn a region's streams and lists into events of model/event.h; calls carry out effects. Nothing is decided
 * here: what to do with a fact is the core's, whether a write may leave is the executor's gate (controller/agent).
 * Behaviour of Nomad and Consul that this relies on is measured: docs/nomad-facts.md.
 *
 * Thread: the loop's only. No callback works longer than 5 ms. */
#ifndef DROVER_CONTROLLER_FEDERATION_FEDERATION_H
#define DROVER_CONTROLLER_FEDERATION_FEDERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/error.h"
#include "model/effect.h"
#include "model/event.h"
#include "net/http.h"

/* How one region is reached; all texts borrowed during federation_new. */
struct region_access {
    const char *name;
    struct http_endpoint_config nomad; /* token_header filled in by federation */
    bool has_consul;
    struct http_endpoint_config consul;
    const char *const *namespaces; /* empty: all that the token may see ("*") */
    size_t namespace_count;
    const char *const
        *selected; /* "attr.x" and "meta.y" that pools select on: nodes are read one by one only for these */
    size_t selected_count;
};

struct federation_options {
    uv_loop_t *loop;
    struct http_client *client;
    const struct region_access *regions;
    size_t region_count;
    int64_t (*now_ms)(void); /* wall clock */
    /* Facts, in the order a region told them. Never called from inside a federation_ function. */
    void (*emit)(void *context, const struct event *event);
    /* For the log: level is one of enum log_level; message without newline or secret. */
    void (*log)(void *context, int level, const char *region, const char *message);
    /* The gate, asked at the very moment a write would leave: reads that come before it in the same effect may have
     * taken seconds. False: the write does not leave, the effect ends as REFUSAL_GATED with the error's text. */
    bool (*may_write)(void *context, const struct effect *effect, struct error *ret_error);
    void *context;
    uint64_t jitter_seed;
};

struct federation;

struct federation *federation_new(const struct federation_options *options, struct error *ret_error);
/* Begins watching every region. */
void federation_start(struct federation *federation);
/* Ends all watches and calls (their callbacks do not run); on_closed from the loop, memory is freed then. */
void federation_close(struct federation *federation, void (*on_closed)(void *context), void *context);

/* Carries out one effect against its region's own Nomad; `done` exactly once, later, from the loop. `specification` is
 * the revision's JSON for PLAN, REGISTER and PROBE of a register (copied or used before return), else NULL.
 * Every write asks options.may_write just before it leaves. */
void federation_execute(struct federation *federation, const struct effect *effect, const void *specification,
                        size_t specification_length, void (*done)(void *context, const struct effect_result *result),
                        void *context);

/* Nodes of the region shall also carry this attribute or meta key ("attr.x", "meta.y"), so that machines are known by
 * it: what is known of them is read anew. Nothing for a key that they carry already, or beyond FACT_ATTRIBUTES_MAX. */
void federation_select(struct federation *federation, const char *region, const char *key);

/* Has a region's Nomad parse job HCL (Canonicalize=false): first answer of the alive ones in the order given. On
 * success json holds the job object. Errors carry Nomad's own text ("input.hcl:1,11-14: ..."). */
void federation_parse(struct federation *federation, const char *const *regions, size_t region_count, const char *hcl,
                      size_t hcl_length, const char *variables,
                      void (*done)(void *context, const char *json, size_t length, const struct error *error),
                      void *context);

/* One line of `agent -check`. */
struct check_line {
    const char *region;
    const char *call; /* "GET /v1/nodes" */
    const char *what_for;
    bool write;   /* needed only beyond observe; asked in a way that changes nothing */
    bool skipped; /* cannot be asked without writing: said so */
    bool allowed;
    const char *detail; /* why not, and what to do; the version for the first line */
};
/* Tries every call that Drover makes of one region. `line` for each, then `done`. Writes nothing. */
void federation_check(struct federation *federation, const char *region, bool with_writes,
                      void (*line)(void *context, const struct check_line *line), void (*done)(void *context),
                      void *context);

/* Least-privilege policies as text for `agent -print-acl`: Nomad ACL policy HCL and Consul ACL rules. */
void federation_print_acl(bool write, struct buffer *out);

#endif
