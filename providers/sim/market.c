/* The market; see market.h. */
#include "providers/sim/market.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/sdk/fail.h"
#include "providers/sim/ask.h"

enum { POOLS_MAX = 10000, MACHINES_MAX = 100000, COUNT_MOST = 1000000000 };

static const char *const market_words[] = {"on-demand", "spot", "reserved", "owned"};

struct reading {
    struct provider_account *account;
    struct simulator_market *market;
    size_t pool_capacity, machine_total;
    struct error *reason;
};

bool simulator_selects(const struct provider_account *account, const char *region)
{
    const struct simulator_settings *settings = &account->settings;
    for (size_t i = 0; i < settings->region_count; i++)
        if (strcmp(settings->regions[i], region) == 0)
            return true;
    return settings->region_count == 0;
}

const char *simulator_market_word(enum provider_market market)
{
    return market_words[market];
}

const char *simulator_pool_type(const struct simulator_pool *pool)
{
    return pool->market == PROVIDER_OWNED ? pool->name : pool->instance_type;
}

/* A name that goes into ids and tokens: printable ASCII without blanks and '/'. */
static bool read_name(const struct sdk_json_at *at, const char *path, const char **ret_name, struct error *reason)
{
    if (!sdk_json_text(at, path, ret_name, reason))
        return false;
    size_t length = strlen(*ret_name);
    for (const char *c = *ret_name; *c; c++)
        if (*c <= ' ' || *c > '~' || *c == '/')
            return sdk_json_refuse(at, path, reason, "a name of printable ASCII without blanks and '/' is wanted");
    if (length == 0 || length > SIMULATOR_NAME_MAX)
        return sdk_json_refuse(at, path, reason, "a name of 1 to %d characters is wanted", SIMULATOR_NAME_MAX);
    return true;
}

/* A word that may be one of tomorrow, at most as long as a record's. */
static bool read_word(const struct sdk_json_at *at, const char *path, const char **ret_word, struct error *reason)
{
    if (!sdk_json_text(at, path, ret_word, reason))
        return false;
    return strlen(*ret_word) <= SIMULATOR_NAME_MAX || sdk_json_refuse(at, path, reason, "this is too long for a word");
}

static bool read_number(const struct sdk_json_at *at, const char *path, int64_t most, int64_t *ret_number,
                        struct error *reason)
{
    if (!sdk_json_i64(at, path, ret_number, reason))
        return false;
    return (*ret_number >= 0 && *ret_number <= most) ||
           sdk_json_refuse(at, path, reason, "a number from 0 to %" PRId64 " is wanted", most);
}

static bool read_machine(const struct sdk_json_at *at, struct simulator_machine *ret_machine, struct error *reason)
{
    return read_name(at, "ID", &ret_machine->id, reason) && read_word(at, "State", &ret_machine->state, reason) &&
           sdk_json_text_or(at, "NodeID", "", &ret_machine->node, reason) &&
           read_number(at, "LaunchedAtMS", INT64_MAX / 1000, &ret_machine->launched_ms, reason);
}

static int id_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* An id that stands twice would be counted twice. */
static bool ids_unique(const struct simulator_pool *pool)
{
    bool unique = true;
    const char **ids = memory_new(pool->machine_count + 1, sizeof *ids);
    for (size_t i = 0; i < pool->machine_count; i++)
        ids[i] = pool->machines[i].id;
    qsort(ids, pool->machine_count, sizeof *ids, id_order);
    for (size_t i = 1; i < pool->machine_count; i++)
        unique = unique && strcmp(ids[i - 1], ids[i]) != 0;
    free(ids);
    return unique;
}

static bool read_machines(struct reading *reading, const struct sdk_json_at *at, struct simulator_pool *pool)
{
    struct sdk_json_at list;
    if (!sdk_json_list(at, "Instances", &list, reading->reason))
        return false;
    size_t count = sdk_json_count(&list);
    if (count > MACHINES_MAX - reading->machine_total)
        return sdk_json_refuse(at, "Instances", reading->reason, "more than %d machines in all", MACHINES_MAX);
    reading->machine_total += count;
    pool->machines = memory_new(count, sizeof *pool->machines);
    for (; pool->machine_count < count; pool->machine_count++) {
        struct sdk_json_at item = sdk_json_item(&list, pool->machine_count);
        if (!read_machine(&item, &pool->machines[pool->machine_count], reading->reason))
            return false;
    }
    return ids_unique(pool) || sdk_json_refuse(at, "Instances", reading->reason, "an ID stands there twice");
}

static bool read_price(const struct sdk_json_at *at, struct simulator_pool *pool, struct error *reason)
{
    struct sdk_json_at price = sdk_json_find(at, "Price");
    pool->priced = price.value != NULL;
    return !pool->priced || (sdk_json_i64(&price, "MicroPerHour", &pool->price_micro_h, reason) &&
                             read_word(&price, "Currency", &pool->currency, reason) &&
                             read_number(&price, "ObservedAtMS", INT64_MAX / 1000, &pool->price_observed_ms, reason));
}

static bool read_failure(const struct sdk_json_at *at, struct simulator_pool *pool, struct error *reason)
{
    struct sdk_json_at failure = sdk_json_find(at, "LastError");
    pool->failed = failure.value != NULL;
    pool->failure = pool->failure_text = "";
    return !pool->failed || (sdk_json_text(&failure, "Error", &pool->failure, reason) &&
                             sdk_json_text(&failure, "Text", &pool->failure_text, reason) &&
                             sdk_json_i64(&failure, "Generation", &pool->failure_generation, reason));
}

static bool read_market(const struct sdk_json_at *at, enum provider_market *ret_market, struct error *reason)
{
    const char *word;
    if (!sdk_json_text(at, "Market", &word, reason))
        return false;
    for (unsigned i = 0; i < PROVIDER_MARKET_COUNT; i++)
        if (strcmp(market_words[i], word) == 0) {
            *ret_market = (enum provider_market)i;
            return true;
        }
    return sdk_json_refuse(at, "Market", reason, "this market is not known");
}

static bool read_size(const struct sdk_json_at *at, struct simulator_pool *pool, struct error *reason)
{
    if (!read_number(at, "Desired", COUNT_MOST, &pool->desired, reason) ||
        !read_number(at, "Min", COUNT_MOST, &pool->min, reason) ||
        !read_number(at, "Max", COUNT_MOST, &pool->max, reason) ||
        !read_number(at, "Generation", INT64_MAX, &pool->generation_number, reason) ||
        !sdk_json_flag(at, "Busy", &pool->busy, reason))
        return false;
    snprintf(pool->generation, sizeof pool->generation, "%" PRId64, pool->generation_number);
    return true;
}

static bool read_pool(struct reading *reading, const struct sdk_json_at *at, const char *region)
{
    struct simulator_market *market = reading->market;
    struct error *reason = reading->reason;
    struct simulator_pool *pool;
    if (market->pool_count == POOLS_MAX)
        return sdk_json_refuse(at, "Name", reason, "more than %d pools", POOLS_MAX);
    market->pools = memory_grow(market->pools, market->pool_count, &reading->pool_capacity, sizeof *market->pools);
    pool = &market->pools[market->pool_count];
    *pool = (struct simulator_pool){.region = region, .currency = ""};
    market->pool_count++;
    if (!read_name(at, "Name", &pool->name, reason) || !read_name(at, "InstanceType", &pool->instance_type, reason) ||
        !read_market(at, &pool->market, reason) || !read_size(at, pool, reason) ||
        !read_number(at, "Machine/CPU", COUNT_MOST, &pool->cpu_mhz, reason) ||
        !read_number(at, "Machine/MemoryMB", COUNT_MOST, &pool->memory_mb, reason) ||
        !read_number(at, "Machine/DiskMB", COUNT_MOST, &pool->disk_mb, reason))
        return false;
    snprintf(pool->id, sizeof pool->id, "%s/%s", region, pool->name);
    return read_price(at, pool, reason) && read_failure(at, pool, reason) && read_machines(reading, at, pool);
}

static bool read_region(struct reading *reading, const struct sdk_json_at *at)
{
    struct simulator_market *market = reading->market;
    struct sdk_json_at pools;
    const char *name;
    if (!read_name(at, "Name", &name, reading->reason) || !sdk_json_list(at, "Pools", &pools, reading->reason))
        return false;
    for (size_t i = 0; i < market->region_count; i++)
        if (strcmp(market->regions[i], name) == 0)
            return sdk_json_refuse(at, "Name", reading->reason, "this region stands there twice");
    if (!simulator_selects(reading->account, name))
        return true;
    market->regions[market->region_count++] = name;
    for (size_t i = 0; i < sdk_json_count(&pools); i++) {
        struct sdk_json_at item = sdk_json_item(&pools, i);
        if (!read_pool(reading, &item, name))
            return false;
    }
    return true;
}

static bool read_regions(struct reading *reading)
{
    struct simulator_market *market = reading->market;
    struct sdk_json_at list;
    if (!sdk_json_list(&market->root, "Regions", &list, reading->reason))
        return false;
    if (sdk_json_count(&list) > SIMULATOR_REGIONS_MAX)
        return sdk_json_refuse(&market->root, "Regions", reading->reason, "more than %d", SIMULATOR_REGIONS_MAX);
    market->regions = memory_new(sdk_json_count(&list), sizeof *market->regions);
    for (size_t i = 0; i < sdk_json_count(&list); i++) {
        struct sdk_json_at item = sdk_json_item(&list, i);
        if (!read_region(reading, &item))
            return false;
    }
    return true;
}

/* A region of the setting that is not there; NULL when all are. */
static const char *region_missing(const struct provider_account *account, const struct simulator_market *market)
{
    for (size_t i = 0; i < account->settings.region_count; i++) {
        size_t at = 0;
        while (at < market->region_count && strcmp(market->regions[at], account->settings.regions[i]) != 0)
            at++;
        if (at == market->region_count)
            return account->settings.regions[i];
    }
    return NULL;
}

enum provider_status simulator_market_read(struct provider_account *account, struct simulator_market *ret_market,
                                           struct provider_error *error)
{
    struct error reason = {0};
    struct reading reading = {.account = account, .market = ret_market, .reason = &reason};
    *ret_market = (struct simulator_market){0};
    enum provider_status status = simulator_ask(account, SIMULATOR_LIST, NULL, &ret_market->root, error);
    if (status != PROVIDER_OK)
        return status;
    const char *missing = NULL;
    if (!read_regions(&reading))
        status = sdk_fail_with(error, PROVIDER_RETRY, SIMULATOR_LIST, &reason);
    else if ((missing = region_missing(account, ret_market)) != NULL)
        status = sdk_fail(error, PROVIDER_NOT_FOUND, SIMULATOR_LIST,
                          "there is no simulated region \"%s\", which the setting regions names", missing);
    if (status != PROVIDER_OK)
        simulator_market_release(ret_market);
    return status;
}

void simulator_market_release(struct simulator_market *market)
{
    for (size_t i = 0; i < market->pool_count; i++)
        free(market->pools[i].machines);
    free(market->pools);
    free(market->regions);
    sdk_json_close(&market->root);
}

const struct simulator_pool *simulator_market_find(const struct simulator_market *market, const char *pool)
{
    for (size_t i = 0; i < market->pool_count; i++)
        if (strcmp(market->pools[i].id, pool) == 0)
            return &market->pools[i];
    return NULL;
}

const struct simulator_machine *simulator_pool_find(const struct simulator_pool *pool, const char *instance)
{
    for (size_t i = 0; i < pool->machine_count; i++)
        if (strcmp(pool->machines[i].id, instance) == 0)
            return &pool->machines[i];
    return NULL;
}

bool simulator_machine_alive(const struct simulator_machine *machine)
{
    return strcmp(machine->state, "stopping") != 0;
}

size_t simulator_pool_count(const struct simulator_pool *pool, const char *state)
{
    size_t count = 0;
    for (size_t i = 0; i < pool->machine_count; i++)
        count += strcmp(pool->machines[i].state, state) == 0;
    return count;
}
