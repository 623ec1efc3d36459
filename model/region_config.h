/* A region as configured: what it is called, whose it is, which nodes make which pool, and what they cost.
 *
 * How to reach it (addresses, tokens) is not here: that is the agent's and federation's. Owned by whoever fills it. */
#ifndef DROVER_MODEL_REGION_CONFIG_H
#define DROVER_MODEL_REGION_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/fact.h"
#include "model/resources.h"

enum {
    REGION_NAME_MAX = 128,
    REGIONS_MAX = 256,
    POOLS_PER_REGION_MAX = 256,
    SELECTORS_PER_POOL_MAX = 32,
    LABELS_MAX = 64,
    ADJUSTMENTS_MAX = 16
};

/* The name of the pool of nodes that no selector claims. */
#define POOL_OTHER "other"

/* Where a block does not say. */
enum {
    JOIN_WITHIN_MS = 15 * 60 * 1000,
    IDLE_AFTER_MS = 30 * 60 * 1000,
    DRAIN_DEADLINE_MS = 10 * 60 * 1000,
    NODES_AN_HOUR = 2
};

enum market { MARKET_ON_DEMAND, MARKET_SPOT, MARKET_RESERVED, MARKET_OWNED };
const char *market_word(enum market market); /* "on-demand", ... */
bool market_parse(const char *word, enum market *ret_market);

/* One change between list and effective price, applied in order. Exactly one of the two is non-zero. */
struct price_adjustment {
    char *name;                 /* "enterprise discount", "licence" */
    int64_t percent_millionths; /* of the running price: -50000 is -5 % */
    int64_t fixed_uusd_h;
};

/* What one machine of a pool costs. list -> contracted -> effective after the adjustments. */
struct price {
    int64_t list_uusd_h;
    int64_t effective_uusd_h; /* what is paid: the full rate */
    int64_t
        marginal_uusd_h; /* what using it adds: effective for on-demand and spot, 0 by default for reserved, owned */
    int64_t wake_uusd_h; /* owned: an hour of a machine that must be powered on first; 0: as marginal */
    enum market market;
    char *source;          /* "config", "catalogue", "sim", or the account's own word: "aws:pricing" */
    int64_t valid_from_ms; /* since the epoch; 0: always */
    int64_t observed_at_ms;
    char currency[4];           /* of what the source said, ISO 4217; "" is USD */
    int64_t usd_per_unit_micro; /* dollars for one unit of it, in millionths; 0 where it is USD */
    struct price_adjustment *adjustments;
    size_t adjustment_count;
};

/* list with the adjustments applied in order, each rounded up to the micro-dollar. ERROR_OVERFLOW, or ERROR_INVALID
 * when the result is negative or above MONEY_RATE_MAX_UUSD_H. */
bool price_effective(int64_t list_uusd_h, const struct price_adjustment *adjustments, size_t count,
                     int64_t *ret_effective_uusd_h, struct error *ret_error);
void price_release(struct price *price);
void price_copy(struct price *into, const struct price *from);

/* `key` is "node_class", "node_pool", "datacenter", "attr.NAME" or "meta.NAME". */
struct selector {
    char *key;
    char *value;
};

struct pool_config {
    char *name;
    struct selector *selectors; /* all must hold; none: only allowed for nothing (a pool must select) */
    size_t selector_count;
    char *instance_type; /* "" when not given */
    bool priced;
    bool price_from_account; /* not configured: what its account offers, as far as it is believed (the core's) */
    struct price price;
    char *provider_pool;      /* at the region's account: the pool that its machines come from; "": none */
    int64_t grow_to;          /* the most nodes it may come to have; 0: it does not grow */
    int64_t join_within_ms;   /* a new machine that is no ready node after this has failed */
    struct resources machine; /* what a new node has; all zero: as its smallest ready node */
    bool shrinks;             /* idle nodes may be given back: */
    int64_t min_nodes;        /* it never has fewer */
    int64_t idle_after_ms;    /* without allocations, system jobs' left out, for this long: idle */
    int64_t drain_deadline_ms;
    int64_t nodes_an_hour; /* no more are removed from it within an hour */
};

struct label {
    char *key;
    char *value;
};

struct region_config {
    char *name;
    char *provider; /* kind or account: "aws", "azure", "onprem" */
    struct label *labels;
    size_t label_count;
    struct pool_config *pools; /* in file order */
    size_t pool_count;
};

void region_config_release(struct region_config *region);
void region_config_copy(struct region_config *into, const struct region_config *from);

#endif
