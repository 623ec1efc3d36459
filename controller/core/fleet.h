/* Accounts at providers, what they report, and what is under way to grow and shrink pools.
 *
 * A configured pool that names a `provider_pool` is linked to that pool of its region's account. An instance and a
 * Nomad node are the same machine when a node attribute or meta key has the value that the instance's identity says.
 * Read by the api through const pointers, changed only by core.step. */
#ifndef DROVER_CONTROLLER_CORE_FLEET_H
#define DROVER_CONTROLLER_CORE_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/intern.h"
#include "model/account.h"
#include "model/commitment.h"
#include "model/fact.h"

struct world;
struct world_region;
struct world_node;

/* The node that an instance is. */
struct instance_match {
    uint32_t region; /* place in world.regions */
    struct uuid node;
    bool matched;
    bool doubtful; /* another instance says the same of itself, or two nodes that are not down claim it */
};

struct world_account {
    symbol name;
    struct account_config config;
    bool up;                                         /* its process runs and has opened the account */
    char *text;                                      /* "aws 1.0", or why it is down; NULL before the first word */
    struct account_facts *facts[ACCOUNT_LOOK_COUNT]; /* NULL: never seen */
    int64_t looked_ms[ACCOUNT_LOOK_COUNT];           /* the last look that went well; 0: none */
    enum account_status failed[ACCOUNT_LOOK_COUNT];  /* how the last look ended */
    char *failure[ACCOUNT_LOOK_COUNT];               /* what it said; NULL: it went well */
    struct hash_index identities;                    /* of all instances, to places in `identity_places` */
    struct identity_place *identity_places;
    size_t identity_count;
    struct instance_match *matches; /* by place in facts[LOOK_POOLS]->instances */
};

/* A price that was read and is not believed (DESIGN section 8.6): it moves nothing until somebody confirms it. */
struct held_price {
    bool held;
    char currency[4];
    int64_t price_micro_h; /* in that currency */
    int64_t since_ms;
    char reason[160];
};

/* What a linked pool of a region has at its account. */
struct pool_link {
    uint32_t account; /* place in world.accounts, WORLD_NONE: not linked */
    uint32_t pool;    /* place in its facts, WORLD_NONE: not reported */
    int64_t instances, joined,
        waiting; /* in any state but gone; that are ready nodes; running or coming, no node yet */
    struct held_price held;
    int64_t covered;        /* machines that commitments cover */
    int64_t covered_uusd_h; /* what those cost together */
    int64_t coverage_left;  /* machines more that reservations or plans would cover */
};

enum operation_kind { OPERATION_GROW, OPERATION_SHRINK };
const char *operation_kind_word(enum operation_kind kind);

enum operation_state {
    OPERATION_PROPOSED,    /* mode approve: a person has to say yes */
    OPERATION_CLAIMING,    /* waits for the region's owner variable, an open gate, or a pause */
    OPERATION_GROWING,     /* asked of the provider */
    OPERATION_POLLING,     /* the provider works on it */
    OPERATION_JOINING,     /* its nodes are awaited */
    OPERATION_REPLACING,   /* machines that became no node are removed */
    OPERATION_WITHDRAWING, /* what did not come is taken back */
    OPERATION_COUNTING,    /* what came all the same? */
    OPERATION_CORDONING,
    OPERATION_LOOKING, /* is it still idle, now that nothing new can come? */
    OPERATION_DRAINING,
    OPERATION_EMPTYING, /* drained, until nothing is left on it */
    OPERATION_REMOVING,
    OPERATION_UNCORDONING, /* given up: the node is to take work again */
    OPERATION_RETURNING,   /* until the region shows that it does */
    OPERATION_STATE_COUNT
};
const char *operation_state_word(enum operation_state state);

/* One change of one pool; a pool has at most one. */
struct operation {
    uint64_t id;
    enum operation_kind kind;
    enum operation_state state;
    int64_t from, to;          /* desired machines */
    int64_t since_ms;          /* when it was begun or proposed */
    int64_t deadline_ms;       /* of the state: a proposal's end, nodes joined, a node empty; 0: none */
    int64_t next_ms;           /* nothing before; 0: no pause */
    int64_t changed_ms;        /* when the provider's pool was last changed: what was read before says nothing */
    uint64_t effect;           /* in flight, 0: none */
    unsigned tries;            /* pauses in a row */
    unsigned replaced;         /* times machines that did not join were replaced */
    int64_t uusd_h;            /* what it adds (grow) or saves (shrink), marginal rates */
    char *actor;               /* who wants it: "drover", or who approved it */
    char *why;                 /* for people */
    char *waits;               /* why it does not go on just now, NULL; not kept over a restart */
    char *trouble;             /* NULL: none */
    char *job_namespace, *job; /* grow: whose allocations had no place; "" for none */
    char *token;               /* the provider's operation; "" */
    char **instances;          /* grow: those that were there before; shrink: the one that goes */
    size_t instance_count;
    struct uuid node; /* shrink: the node it is */
};

/* A machine type that could not be had. */
struct cooled {
    char *instance_type, *zone, *market; /* "" any */
    char *why;
    int64_t until_ms;
};

enum { REMOVED_KEPT = 1000, COOLED_KEPT = 64, CORDONED_KEPT = 1000 };

/* What is under way with a linked pool, and what must not be forgotten of it: one record (RECORD_OPERATION). */
struct fleet_pool {
    symbol region, pool;
    struct operation *operation; /* NULL: none */
    int64_t *removed_ms;         /* when nodes were removed, oldest first, of the last hour */
    size_t removed_count;
    struct cooled *cooled; /* of its account: told by this pool */
    size_t cooled_count;
    struct uuid *cordoned; /* nodes that were given back and may come back, the latest last */
    size_t cordoned_count;
    int64_t grow_not_before_ms; /* this pool itself, after a failure or a denial */
    int64_t shrink_not_before_ms;
    char *rest;         /* why; NULL */
    int64_t changed_ms; /* of the last operation; not kept: what is read after a start is newer */
};

/* Dollars for one unit of another currency. */
struct currency_rate {
    char currency[4];
    int64_t usd_per_unit_micro;
};

const struct world_account *world_find_account(const struct world *world, const char *name);
/* NULL when nothing is under way and nothing remembered. */
const struct fleet_pool *world_find_fleet(const struct world *world, symbol region, symbol pool);
/* The account's pool that a region's pool is linked to; NULL when it is not, or not reported. */
const struct account_pool *world_provider_pool(const struct world *world, const struct world_region *region,
                                               size_t pool);
/* The instance that a node is, or NULL. */
const struct account_instance *world_instance_of(const struct world *world, const struct world_region *region,
                                                 const struct world_node *node);
/* The gravest notice of that instance, or NULL. */
const struct account_interruption *world_notice_of(const struct world_account *account, const char *instance);
/* The place in world.regions and the id of the node that the at-th instance of an account is. */
const struct instance_match *world_match_of(const struct world_account *account,
                                            const struct account_instance *instance);

/* A commitment and how much of it is used. */
struct world_commitment {
    struct commitment config;
    int64_t used_nodes, used_uusd_h; /* of the machines it covers now */
    int64_t unused_uusd_h;           /* paid for nothing */
    bool ended;
};

#endif
