/* See accounts.h. Here: the children's life and the rhythm of looking. */
#include "controller/agent/accounts.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "controller/agent/provider_kept.h"
#include "net/random.h"

enum {
    NOTICES_EVERY_MS = 30 * 1000,
    TYPES_EVERY_MS = 24 * 3600 * 1000,
    DENIED_EVERY_MS = 5 * 60 * 1000, /* credentials may have been mended */
    FAILED_FIRST_MS = 5000,
    LOOK_TIME_US = 120 * 1000 * 1000,
    LONG_LOOK_TIME_US = 300 * 1000 * 1000
};

static const struct {
    const char *function;
    enum provider_priority priority;
    int64_t time_us;
} kinds[ACCOUNT_LOOK_COUNT] = {
    [LOOK_POOLS] = {"pools", PROVIDER_NORMAL, LOOK_TIME_US},
    [LOOK_OFFERS] = {"offers", PROVIDER_LAST, LONG_LOOK_TIME_US},
    [LOOK_TYPES] = {"describe", PROVIDER_LAST, LONG_LOOK_TIME_US},
    [LOOK_QUOTAS] = {"quotas", PROVIDER_LAST, LOOK_TIME_US},
    [LOOK_INTERRUPTIONS] = {"interruptions", PROVIDER_NORMAL, LOOK_TIME_US},
};

/* --- what a module says --------------------------------------------------------------------------------------------
 */

static void on_event(void *context, enum provider_link_event event, const char *text)
{
    struct account *account = context;
    struct agent *agent = account->agent;
    bool up = event == PROVIDER_LINK_UP;
    if (up)
        report_info(agent, NULL, "provider %s: %s", account->config->name, text);
    else
        report_warn(agent, NULL, "provider %s %s: %s", account->config->name, provider_link_event_word(event), text);
    struct event told = {
        .type = up ? EVENT_ACCOUNT_UP : EVENT_ACCOUNT_DOWN, .account = account->config->name, .text = text};
    if (!agent->stopping)
        shell_feed(agent, &told);
}

static void on_log(void *context, const char *level, const char *text)
{
    struct account *account = context;
    struct buffer line = BUFFER_INIT;
    enum log_level number = LOG_LEVEL_INFO;
    log_level_parse(level, &number); /* "progress" is told as information */
    buffer_printf(&line, "%s: %s", account->config->name, text);
    report_line(account->agent, "provider", (int)number, NULL, line.data);
    buffer_release(&line);
}

static void on_kept(void *context, struct provider_link *link, const char *key)
{
    struct account *account = context;
    struct error error = {0};
    const char *value = provider_kept_get(account->kept, key, &error);
    if (error.code != ERROR_NONE)
        report_error(account->agent, NULL, "provider %s: %s", account->config->name, error.text);
    provider_link_answer_kept(link, value);
}

static void on_keep(void *context, struct provider_link *link, const char *key, const char *value)
{
    struct account *account = context;
    struct error error = {0};
    bool stored = provider_kept_set(account->kept, key, value, &error);
    if (!stored)
        report_error(account->agent, NULL, "provider %s: %s", account->config->name, error.text);
    provider_link_answer_keep(link, stored);
}

/* --- looking -------------------------------------------------------------------------------------------------------
 */

/* An operation is under way on one of its pools. */
static bool is_busy(const struct account *account)
{
    const struct world *world = core_world(account->agent->core);
    for (size_t i = 0; i < world->fleet_count; i++) {
        const struct fleet_pool *fleet = world->fleet[i];
        const struct world_region *region = world_find_region(world, world_text(world, fleet->region));
        if (fleet->operation != NULL && fleet->operation->state != OPERATION_PROPOSED && region != NULL &&
            strcmp(region->config.provider, account->config->name) == 0)
            return true;
    }
    return false;
}

static int64_t period_of(const struct account_asking *asking)
{
    const struct config_account *config = asking->account->config;
    int64_t look = config->look_every_ms > 0 ? config->look_every_ms : ACCOUNT_LOOK_EVERY_MS;
    int64_t price = config->price_every_ms > 0 ? config->price_every_ms : ACCOUNT_PRICE_EVERY_MS;
    switch (asking->look) {
    case LOOK_POOLS:
        return look;
    case LOOK_INTERRUPTIONS:
        return look < NOTICES_EVERY_MS ? look : NOTICES_EVERY_MS;
    case LOOK_TYPES:
        return TYPES_EVERY_MS;
    default:
        return price;
    }
}

/* A tenth earlier or later, so that accounts do not ask in step. */
static uint64_t jittered(const struct account_asking *asking, int64_t ms)
{
    uint64_t spread = (uint64_t)ms / 5 + 1;
    uint64_t lot = 0;
    random_bytes(&lot, sizeof lot);
    return uv_now(&asking->account->agent->loop) + (uint64_t)ms - spread / 2 + lot % spread;
}

/* How long after a failure the same is asked again. */
static int64_t wait_after(struct account_asking *asking, const struct provider_result *result)
{
    int64_t period = period_of(asking);
    int64_t wait = FAILED_FIRST_MS;
    for (unsigned i = 1; i < asking->failures && wait < period; i++)
        wait *= 2;
    if (result->status == PROVIDER_INVALID && asking->look != LOOK_POOLS)
        return TYPES_EVERY_MS; /* the module does not offer it */
    if (result->status == PROVIDER_AUTH && wait < DENIED_EVERY_MS)
        wait = DENIED_EVERY_MS;
    int64_t retry_ms = result->error.retry_at_us == PROVIDER_UNSET
                           ? 0
                           : result->error.retry_at_us / 1000 - asking->account->agent->clock.now_ms;
    wait = retry_ms > wait ? retry_ms : wait;
    return wait < TYPES_EVERY_MS ? wait : TYPES_EVERY_MS;
}

/* Nodes carry the keys that the account's machines are known by. */
static void select_identities(const struct account *account, const struct account_facts *facts)
{
    const struct agent *agent = account->agent;
    for (size_t i = 0; i < facts->instance_count; i++)
        for (size_t k = 0; k < facts->instances[i].identity_count; k++) {
            const char *key = facts->instances[i].identities[k].key;
            if (i > 0 && facts->instances[i - 1].identity_count > k &&
                strcmp(facts->instances[i - 1].identities[k].key, key) == 0)
                continue;
            for (size_t r = 0; r < agent->config->region_count; r++)
                if (strcmp(agent->config->regions[r].model.provider, account->config->name) == 0)
                    federation_select(agent->federation, agent->config->regions[r].model.name, key);
        }
}

static void told_failure(struct account_asking *asking, const struct provider_result *result)
{
    struct account *account = asking->account;
    struct buffer text = BUFFER_INIT;
    bool offered = result->status != PROVIDER_INVALID || asking->look == LOOK_POOLS;
    buffer_printf(&text, "%s%s%s", result->error.call, result->error.call[0] != '\0' ? ": " : "", result->error.text);
    struct event event = {
        .type = EVENT_ACCOUNT_FAILED,
        .account = account->config->name,
        .text = text.data,
        .account_failure = {.look = asking->look, .status = (enum account_status)result->status},
    };
    if (offered) {
        if (asking->failures == 1)
            report_warn(account->agent, NULL, "provider %s: %s: %s: %s", account->config->name,
                        kinds[asking->look].function, account_status_word((enum account_status)result->status),
                        text.data);
        shell_feed(account->agent, &event);
    }
    buffer_release(&text);
}

static void told_facts(struct account_asking *asking, struct provider_result *result)
{
    struct account *account = asking->account;
    struct account_facts *facts = account_facts_of(asking->look, &result->records);
    if (asking->look == LOOK_POOLS)
        select_identities(account, facts);
    struct event event = {.type = EVENT_ACCOUNT_FACTS, .account = account->config->name, .account_facts = facts};
    shell_feed(account->agent, &event);
}

static void on_looked(void *context, struct provider_result *result)
{
    struct account_asking *asking = context;
    struct agent *agent = asking->account->agent;
    asking->asking = false;
    if (agent->stopping)
        return;
    if (result->status == PROVIDER_OK) {
        asking->failures = 0;
        asking->due_ms = jittered(asking, period_of(asking));
        told_facts(asking, result);
    } else {
        asking->failures++;
        asking->due_ms = jittered(asking, wait_after(asking, result));
        told_failure(asking, result);
    }
}

void account_look_soon(struct account *account, enum account_look look)
{
    account->looks[look].due_ms = 0;
}

static void look(struct account *account)
{
    uint64_t now = uv_now(&account->agent->loop);
    struct account_asking *pools = &account->looks[LOOK_POOLS];
    if (pools->failures == 0 && pools->due_ms > now + ACCOUNT_BUSY_EVERY_MS && is_busy(account))
        pools->due_ms = now + ACCOUNT_BUSY_EVERY_MS;
    for (int kind = 0; kind < ACCOUNT_LOOK_COUNT; kind++) {
        struct account_asking *asking = &account->looks[kind];
        if (asking->asking || asking->due_ms > now)
            continue;
        asking->asking = true;
        provider_link_call(account->link, kinds[kind].priority, kinds[kind].function, NULL, kinds[kind].time_us,
                           on_looked, asking);
    }
}

void accounts_look(struct agent *agent)
{
    for (size_t i = 0; i < agent->accounts.count; i++)
        look(&agent->accounts.list[i]);
}

/* --- life ----------------------------------------------------------------------------------------------------------
 */

static bool account_start(struct agent *agent, const struct config_account *config, struct account *account,
                          struct error *ret_error)
{
    *account = (struct account){.agent = agent, .config = config};
    for (int kind = 0; kind < ACCOUNT_LOOK_COUNT; kind++)
        account->looks[kind] = (struct account_asking){.account = account, .look = (enum account_look)kind};
    account->kept = provider_kept_open(agent->data_dir, config->name, ret_error);
    if (account->kept == NULL)
        return error_prefix(ret_error, "provider \"%s\"", config->name);
    struct provider_link_config link = {.name = config->name,
                                        .module_path = config->module_path,
                                        .settings = &config->settings,
                                        .memory_mib = config->memory_mib};
    struct provider_link_callbacks callbacks = {.on_event = on_event,
                                                .on_log = on_log,
                                                .on_kept = on_kept,
                                                .on_keep = on_keep,
                                                .may_write = account_may_write,
                                                .context = account};
    random_bytes(&link.seed, sizeof link.seed);
    account->link = provider_link_start(&agent->loop, &link, &callbacks);
    account->running = true;
    return true;
}

bool accounts_start(struct agent *agent, struct error *ret_error)
{
    const struct config *config = agent->config;
    agent->accounts.list = memory_new(config->account_count, sizeof *agent->accounts.list);
    for (size_t i = 0; i < config->account_count; i++) {
        agent->accounts.count++;
        if (!account_start(agent, &config->accounts[i], &agent->accounts.list[i], ret_error))
            return false;
    }
    accounts_look(agent);
    return true;
}

bool accounts_execute(struct agent *agent, const struct effect *effect,
                      void (*done)(void *context, const struct effect_result *result), void *context)
{
    for (size_t i = 0; i < agent->accounts.count; i++)
        if (strcmp(agent->accounts.list[i].config->name, effect->change.account) == 0) {
            account_execute(&agent->accounts.list[i], effect, done, context);
            return true;
        }
    return false;
}

void accounts_stop_writing(struct agent *agent, const char *why)
{
    for (size_t i = 0; i < agent->accounts.count; i++)
        provider_link_stop_writing(agent->accounts.list[i].link, why);
}

static void on_stopped(void *context)
{
    struct account *account = context;
    struct accounts *accounts = &account->agent->accounts;
    bool any = false;
    account->running = false;
    for (size_t i = 0; i < accounts->count; i++)
        any = any || accounts->list[i].running;
    if (!any)
        accounts->on_closed(accounts->closed_context);
}

void accounts_close(struct agent *agent, void (*on_closed)(void *context))
{
    struct accounts *accounts = &agent->accounts;
    bool any = false;
    for (size_t i = 0; i < accounts->count; i++)
        any = any || accounts->list[i].running;
    if (!any)
        return;
    agent->closing++;
    accounts->on_closed = on_closed;
    accounts->closed_context = agent;
    for (size_t i = 0; i < accounts->count; i++)
        if (accounts->list[i].running)
            provider_link_stop(accounts->list[i].link, on_stopped, &accounts->list[i]);
}

void accounts_free(struct agent *agent)
{
    for (size_t i = 0; i < agent->accounts.count; i++)
        provider_kept_close(agent->accounts.list[i].kept);
    free(agent->accounts.list);
}
