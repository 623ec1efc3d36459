/* What an account at a provider reports, as plain typed data: pools with their instances, prices, instance types,
 * quotas, notices. The agent makes it of a module's records (providers/provider.h says what each field means and how it
 * may be trusted); the core takes it over and looks pools, prices and machines up in it.
 *
 * Owned as one piece: the arrays by the struct, the texts by `memory`, which release_memory gives back. Texts are
 * UTF-8, never NULL. Money is micro-units of `currency` an hour, time is milliseconds since 1970 UTC; ACCOUNT_UNSET
 * where the provider says nothing. */
#ifndef DROVER_MODEL_ACCOUNT_H
#define DROVER_MODEL_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/fact.h"
#include "model/region_config.h"

#define ACCOUNT_UNSET INT64_MIN

/* What was asked; one kind of facts replaces the last of its kind whole. */
enum account_look { LOOK_POOLS, LOOK_OFFERS, LOOK_TYPES, LOOK_QUOTAS, LOOK_INTERRUPTIONS, ACCOUNT_LOOK_COUNT };
const char *account_look_word(enum account_look look); /* "pools", "offers", "types", "quotas", "interruptions" */

/* How a provider's call ended; the words of provider.h. */
enum account_status {
    ACCOUNT_OK,
    ACCOUNT_RETRY,
    ACCOUNT_THROTTLED,
    ACCOUNT_AUTH,
    ACCOUNT_NOT_FOUND,
    ACCOUNT_NO_CAPACITY,
    ACCOUNT_QUOTA,
    ACCOUNT_CONFLICT,
    ACCOUNT_INVALID,
    ACCOUNT_UNREACHABLE,
    ACCOUNT_UNKNOWN,
    ACCOUNT_STATUS_COUNT
};
const char *account_status_word(enum account_status status);

enum instance_state {
    INSTANCE_UNKNOWN, /* it does not answer: never taken as off or gone */
    INSTANCE_PENDING,
    INSTANCE_RUNNING,
    INSTANCE_STOPPING,
    INSTANCE_STOPPED,
    INSTANCE_FAILED,
    INSTANCE_STATE_COUNT
};
const char *instance_state_word(enum instance_state state);

struct account_instance {
    const char *id;
    enum instance_state state;
    const char *state_text, *zone, *instance_type, *trouble;
    enum market market;
    const struct fact_pair *identities; /* a node attribute or meta key and the value it then has, without case */
    size_t identity_count;
    int64_t launched_at_ms;
    bool foreign, protected_;
};

struct account_pool {
    const char *id, *name, *region, *instance_type, *generation, *why_read_only;
    enum market market;
    const char *const *zones;
    size_t zone_count;
    int64_t desired, min, max; /* max ACCOUNT_UNSET: without */
    bool writable, busy;
    const struct account_instance *instances;
    size_t instance_count;
};

struct account_offer {
    const char *region, *zone, *instance_type, *currency, *source, *note;
    enum market market;
    int64_t price_micro_h; /* list price, > 0 where the module keeps its word; checked here all the same */
    int64_t term_hours;    /* of a reservation, else 0 */
    int64_t marginal_use_micro_h, marginal_wake_micro_h; /* owned; ACCOUNT_UNSET elsewhere */
    int64_t observed_at_ms, valid_from_ms;
};

struct account_type {
    const char *region, *name, *restriction, *quota;
    int64_t vcpus, processor_mhz, memory_mib, disk_mib;
};

struct account_quota {
    const char *region, *name, *unit;
    int64_t limit, used;
};

enum interruption_kind { INTERRUPTION_TERMINATE, INTERRUPTION_REBALANCE, INTERRUPTION_MAINTENANCE };
const char *interruption_word(enum interruption_kind kind);

struct account_interruption {
    const char *pool, *instance, *text;
    enum interruption_kind kind;
    int64_t at_ms;
};

struct account_facts {
    enum account_look look;
    struct account_pool *pools;
    size_t pool_count;
    struct account_instance *instances; /* of all pools; pools[i].instances points into it */
    size_t instance_count;
    struct account_offer *offers;
    size_t offer_count;
    struct account_type *types;
    size_t type_count;
    struct account_quota *quotas;
    size_t quota_count;
    struct account_interruption *interruptions;
    size_t interruption_count;
    void *memory;
    void (*release_memory)(void *memory); /* NULL: nothing to give back */
};

/* Empty facts of one kind. */
struct account_facts *account_facts_new(enum account_look look);
void account_facts_free(struct account_facts *facts);

/* An account as configured. */
struct account_config {
    char *name, *module;
};

#endif
