/* What GET /sim/machines says, read whole: the market of machines, as every function looks at it. */
#ifndef DROVER_PROVIDERS_SIM_MARKET_H
#define DROVER_PROVIDERS_SIM_MARKET_H

#include "providers/sdk/json.h"
#include "providers/sim/account.h"

enum { SIMULATOR_NAME_MAX = 127, SIMULATOR_ID_MAX = 24 /* of an instance: "i-" and 17 digits */ };

/* Texts are of the document. */
struct simulator_machine {
    const char *id, *state, *node;
    int64_t launched_ms;
};

struct simulator_pool {
    const char *region, *name, *instance_type;
    char id[2 * SIMULATOR_NAME_MAX + 2]; /* region/name */
    char generation[24];
    enum provider_market market;
    int64_t desired, min, max, generation_number;
    bool busy;
    int64_t cpu_mhz, memory_mb, disk_mb;
    bool priced;
    int64_t price_micro_h, price_observed_ms;
    const char *currency;
    bool failed; /* what LastError says; the word and text are "" without */
    const char *failure, *failure_text;
    int64_t failure_generation;
    struct simulator_machine *machines;
    size_t machine_count;
};

struct simulator_market {
    struct sdk_json_at root;
    struct simulator_pool *pools; /* of the regions that the account selects, as they were told */
    size_t pool_count;
    const char **regions;
    size_t region_count;
};

/* Asks and reads all of it. An answer that is not understood in any part is PROVIDER_RETRY and no shorter list; a
 * region of the setting that is not there is PROVIDER_NOT_FOUND. Released on PROVIDER_OK by the caller. */
enum provider_status simulator_market_read(struct provider_account *account, struct simulator_market *ret_market,
                                           struct provider_error *error);
void simulator_market_release(struct simulator_market *market);

/* NULL when there is none. */
const struct simulator_pool *simulator_market_find(const struct simulator_market *market, const char *pool);
const struct simulator_machine *simulator_pool_find(const struct simulator_pool *pool, const char *instance);
/* Every state but "stopping": a machine that is counted in desired. */
bool simulator_machine_alive(const struct simulator_machine *machine);
size_t simulator_pool_count(const struct simulator_pool *pool, const char *state);

/* Whether the account selects the region. */
bool simulator_selects(const struct provider_account *account, const char *region);
/* "on-demand", ...; static. */
const char *simulator_market_word(enum provider_market market);
/* As offers and pools call the kind of machine: its type, of owned ones the pool's name. */
const char *simulator_pool_type(const struct simulator_pool *pool);

#endif
