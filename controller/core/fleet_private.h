/* What the files about accounts, linked pools and their operations share; nobody else includes this. */
#ifndef DROVER_CONTROLLER_CORE_FLEET_PRIVATE_H
#define DROVER_CONTROLLER_CORE_FLEET_PRIVATE_H

#include "controller/core/private.h"

enum {
    PROPOSAL_MS = 24 * 3600 * 1000,    /* how long a proposal waits for a person */
    COOL_CAPACITY_MS = 15 * 60 * 1000, /* no_capacity is remembered (aws facts section 6: 5 to 15 minutes) */
    COOL_QUOTA_MS = 60 * 60 * 1000,
    COOL_POOL_MS = 5 * 60 * 1000, /* a pool whose growth failed rests, whatever the reason */
    COOL_JOIN_MS = 60 * 60 * 1000,
    REST_SHRINK_MS = 10 * 60 * 1000, /* after a shrink that was given up */
    LOOK_AGAIN_MS = 2000,            /* at a node that empties, or a provider that said nothing of when */
    OPERATION_TRIES_MOST = 6,
    REPLACED_MOST = 2,
    RECOUNT_MS = 500,
    FACTS_FRESH_MS = 10 * 60 * 1000, /* older pool facts start nothing */
    HOUR_MS = 3600 * 1000
};

/* One identity of one instance. */
struct identity_place {
    uint32_t instance, identity;
};

/* --- accounts.c, account_match.c ------------------------------------------------------------------------------------
 */
void account_configure(struct core *core, const struct account_config *config);
void currency_configure(struct core *core, const char *currency, int64_t usd_per_unit_micro);
void account_event(struct core *core, const struct event *event);
void accounts_release(struct world *world);
/* After a change of configuration or facts: which pool of which account every pool is, and what it has. */
void accounts_link_region(struct world *world, struct world_region *region);
void account_match_all(struct world *world, uint32_t account);
/* A node of the region is new or changed. */
void accounts_match_node(struct world *world, const struct world_region *region, const struct world_node *node);
/* A node of a linked region has changed: the counts are made anew within RECOUNT_MS. */
void accounts_changed(struct core *core);
void accounts_recount(struct core *core);
void accounts_count(struct world *world, struct world_region *region);
/* The node that an instance is, present in the world; NULL when there is none. */
const struct world_node *match_node(const struct world *world, const struct instance_match *match);
bool instance_is_live(const struct account_instance *instance);

/* --- account_prices.c ----------------------------------------------------------------------------------------------
 */
/* Prices the region's pools that have no price of their own from their accounts' offers, as far as believed. */
void account_prices_take(struct core *core, struct world_region *region);
/* Of an account, and read too long ago to begin anything on. */
bool account_price_is_stale(const struct world *world, const struct pool_config *pool);
void account_price_confirm(struct core *core, const char *region, const char *pool);

/* --- operations.c --------------------------------------------------------------------------------------------------
 */
struct fleet_pool *fleet_find(const struct world *world, symbol region, symbol pool);
struct fleet_pool *fleet_obtain(struct core *core, symbol region, symbol pool);
void fleet_put(struct core *core, const struct fleet_pool *fleet);
bool fleet_restore(struct core *core, const char *region, const char *pool, struct codec_reader *reader);
void fleet_release(struct world *world);
/* A new operation of the pool, proposed or begun by what the mode says; NULL while the mode or a freeze forbids it. */
struct operation *operation_begin(struct core *core, struct fleet_pool *fleet, enum operation_kind kind);
/* Over, for good or not; what waited for it goes on. */
void operation_end(struct core *core, struct fleet_pool *fleet, bool well, const char *how);
void operation_free(struct operation *operation);
/* Jobs that waited for what has ended, or for an account (NULL), look again. */
void fleet_wake_jobs(struct core *core, const struct operation *ended, bool well);
/* Where what could not be had may be asked for again, the jobs that it left without room look again. Not after machines
 * that did not join: those cost money each time, and a person has to see why. */
void fleet_retry_jobs(struct core *core);
/* The job that a growth is for still lacks room. */
bool fleet_is_needed(const struct core *core, const struct operation *operation);
bool fleet_is_awaited(const struct core *core, const struct fleet_pool *fleet);
/* Goes on as far as it can. */
void operation_advance(struct core *core, struct fleet_pool *fleet);
/* How long to wait after a provider said "not now": as it asks, within bounds. */
int64_t operation_patience(const struct core *core, const struct effect_result *result);
void operation_pause(struct core *core, struct operation *operation, int64_t ms, const char *why);
void operation_set(struct core *core, struct fleet_pool *fleet, enum operation_state state);
bool operation_may_write(struct core *core, struct fleet_pool *fleet);
/* The effect of an operation: region, account and pool filled in. */
struct effect operation_effect(const struct core *core, const struct fleet_pool *fleet, enum effect_type type);
void operation_send(struct core *core, struct fleet_pool *fleet, struct effect *effect, const char *before,
                    const char *after);
/* A look that is no write; not kept over a restart. */
void operation_read(struct core *core, struct fleet_pool *fleet, enum effect_type type);
/* The pool of the world and its account's, or NULL where either is not there. */
struct world_pool *fleet_world_pool(const struct core *core, const struct fleet_pool *fleet,
                                    struct world_region **ret_region);
const struct account_pool *fleet_provider_pool(const struct core *core, const struct fleet_pool *fleet);
/* Nodes that Drover cordoned and gave back: whether it was us, and that it was. */
bool fleet_cordoned(const struct fleet_pool *fleet, const struct uuid *node);
void fleet_remember_cordoned(struct fleet_pool *fleet, const struct uuid *node);
void fleet_cool(struct core *core, struct fleet_pool *fleet, const struct effect_result *result);
/* Why the pool's machines cannot be had now; NULL when nothing is known against it. */
const char *fleet_cooled(const struct world *world, const struct world_region *region, uint32_t pool);

/* --- operation_grow.c, operation_shrink.c, idle.c ------------------------------------------------------------------
 */
void grow_advance(struct core *core, struct fleet_pool *fleet);
void grow_ended(struct core *core, struct fleet_pool *fleet, enum effect_type type, const struct effect_result *result);
void shrink_advance(struct core *core, struct fleet_pool *fleet);
void shrink_ended(struct core *core, struct fleet_pool *fleet, enum effect_type type,
                  const struct effect_result *result);
/* Nothing but system jobs' allocations is on the node of a shrinking operation, as far as is seen. */
bool idle_is_still(const struct core *core, const struct fleet_pool *fleet);
void idle_tick(struct core *core);
void idle_forget(struct core *core);

#endif
