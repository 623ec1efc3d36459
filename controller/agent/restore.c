/* Opening the store and giving its records to a fresh core; the next epoch is durable before anything else happens. */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "controller/agent/private.h"
#include "net/clock.h"

/* The agent's own names in META; the core sees none that begin so. */
#define RESTORE_EPOCH "agent.epoch"
#define RESTORE_CLOCK "agent.clock"

/* The core's ids are epoch << 32 | counter and must stay below 2^63. */
#define RESTORE_EPOCH_MAX ((UINT64_C(1) << 31) - 1)

enum store_table restore_table(enum record_kind kind)
{
    static const enum store_table tables[RECORD_KIND_COUNT] = {
#define RESTORE_TABLE(name, key) [RECORD_##name] = STORE_##name,
        RECORD_KINDS(RESTORE_TABLE)
#undef RESTORE_TABLE
    };
    return tables[kind];
}

static bool restore_get_number(struct store *store, const char *name, int64_t *ret_number, struct error *ret_error)
{
    struct buffer value = BUFFER_INIT;
    bool found = false;
    *ret_number = 0;
    bool ok = store_get(store, STORE_META, name, strlen(name) + 1, &value, &found, ret_error);
    if (ok && found) {
        struct codec_reader reader = codec_reader_init(value.data, value.length);
        int64_t number = codec_get_i64(&reader);
        if (!codec_reader_done(&reader) || number < 0) {
            ok = error_set(ret_error, ERROR_CORRUPT, "the store's record %s is damaged", name);
        } else {
            *ret_number = number;
        }
    }
    buffer_release(&value);
    return ok;
}

static void restore_put_number(struct store_batch *batch, const char *name, int64_t number)
{
    struct buffer value = BUFFER_INIT;
    codec_put_i64(&value, number);
    store_batch_put(batch, STORE_META, name, strlen(name) + 1, value.data, value.length);
    buffer_release(&value);
}

void restore_put_clock(struct store_batch *batch, int64_t now_ms)
{
    restore_put_number(batch, RESTORE_CLOCK, now_ms);
}

struct restore_epoch {
    bool told;
    bool failed;
    struct error error;
};

static void restore_on_epoch(void *context, const struct error *error)
{
    struct restore_epoch *epoch = context;
    epoch->told = true;
    epoch->failed = error != NULL;
    if (error != NULL) {
        epoch->error = *error;
    }
}

/* Waits for the commit: nothing of this epoch may exist before it is durable. */
static bool restore_begin_epoch(struct agent *agent, struct error *ret_error)
{
    int64_t last, persisted_ms;
    if (!restore_get_number(agent->store, RESTORE_EPOCH, &last, ret_error) ||
        !restore_get_number(agent->store, RESTORE_CLOCK, &persisted_ms, ret_error)) {
        return false;
    }
    if ((uint64_t)last >= RESTORE_EPOCH_MAX) {
        return error_set(ret_error, ERROR_CORRUPT, "the store's epoch %lld is beyond any real one", (long long)last);
    }
    agent->epoch = (uint64_t)last + 1;
    agent_clock_init(&agent->clock, persisted_ms, clock_wall_ms(), clock_monotonic_ms());
    struct restore_epoch epoch = {0};
    struct store_batch *batch = store_batch_new();
    restore_put_number(batch, RESTORE_EPOCH, (int64_t)agent->epoch);
    restore_put_clock(batch, agent->clock.now_ms);
    store_commit(agent->store, batch, restore_on_epoch, &epoch);
    while (!epoch.told) {
        uv_run(&agent->loop, UV_RUN_ONCE);
    }
    if (epoch.failed) {
        *ret_error = epoch.error;
        return error_prefix(ret_error, "the store in %s cannot take writes", agent->data_dir);
    }
    return true;
}

struct restore_scan {
    struct agent *agent;
    enum record_kind kind;
    bool failed;
    struct error error;
};

static bool restore_visit(void *context, const void *key, size_t key_length, const void *value, size_t length)
{
    struct restore_scan *scan = context;
    static const char own[] = "agent.", stores[] = "store";
    if (scan->kind == RECORD_META &&
        ((key_length > sizeof own - 1 && memcmp(key, own, sizeof own - 1) == 0) ||
         (key_length >= sizeof stores - 1 && memcmp(key, stores, sizeof stores - 1) == 0))) {
        return true;
    }
    scan->failed = !core_restore(scan->agent->core, scan->kind, key, key_length, value, length, &scan->error);
    return !scan->failed;
}

/* Audit rows and the journal are not the core's memory; they are read where somebody asks for them. */
static bool restore_wanted(enum record_kind kind)
{
    return kind != RECORD_AUDIT && kind != RECORD_JOURNAL;
}

static bool restore_records(struct agent *agent, struct error *ret_error)
{
    for (enum record_kind kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        struct restore_scan scan = {.agent = agent, .kind = kind};
        if (!restore_wanted(kind)) {
            continue;
        }
        if (!store_scan(agent->store, restore_table(kind), "", 0, restore_visit, &scan, ret_error)) {
            return false;
        }
        if (scan.failed) {
            *ret_error = scan.error;
            return error_prefix(ret_error, "the store in %s", agent->data_dir);
        }
    }
    return true;
}

static const struct store_upgrade restore_upgrades[] = {
    {.table = STORE_EXPLANATION, .from = 1, .upgrade = decision_upgrade_from_1},
    {.table = STORE_PRICE, .from = 1, .upgrade = price_upgrade_from_1},
    {.table = STORE_OUTBOX, .from = 1, .upgrade = outbox_upgrade_from_1},
};

bool restore_open(struct agent *agent, struct error *ret_error)
{
    struct store_options options = {.directory = agent->data_dir,
                                    .allow_new = true,
                                    .loop = &agent->loop,
                                    .upgrades = restore_upgrades,
                                    .upgrade_count = sizeof restore_upgrades / sizeof *restore_upgrades};
    agent->store = store_open(&options, ret_error);
    if (agent->store == NULL) {
        return false;
    }
    if (!restore_begin_epoch(agent, ret_error)) {
        return false;
    }
    struct core_options core = {.cluster = store_cluster_id(agent->store), .epoch = agent->epoch};
    agent->core = core_new(&core);
    return restore_records(agent, ret_error);
}
