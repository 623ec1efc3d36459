/* Writes to accounts: an effect as a call of its module, and the call's end as the effect's. A write whose outcome is
 * not known is probed by a look at the account's pools, which the core compares with what was wanted. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/agent/accounts.h"

enum { WRITE_TIME_US = 180 * 1000 * 1000, POLL_TIME_US = 60 * 1000 * 1000, PROBE_TIME_US = 120 * 1000 * 1000 };

struct account_call {
    struct account *account;
    struct effect effect;
    void (*done)(void *context, const struct effect_result *result);
    void *context;
};

bool account_may_write(void *context, void *call_context, struct error *why)
{
    const struct account *account = context;
    const struct account_call *call = call_context;
    return executor_may_write(account->agent, &call->effect, why);
}

static int64_t in_ms(int64_t us)
{
    return us == PROVIDER_UNSET ? ACCOUNT_UNSET : us / 1000;
}

/* What a status says of the write: done, surely not done, or not known. */
static void judge(const struct account_call *call, const struct provider_result *from, struct effect_result *into)
{
    bool writes = effect_type_writes(call->effect.type);
    into->account_status = (enum account_status)from->status;
    into->refusal = from->gated ? REFUSAL_GATED : REFUSAL_OTHER;
    switch (from->status) {
    case PROVIDER_OK:
        into->outcome = OUTCOME_DONE;
        into->refusal = REFUSAL_NONE;
        break;
    case PROVIDER_UNKNOWN:
        into->outcome = writes ? OUTCOME_UNKNOWN : OUTCOME_NOT_SENT;
        break;
    case PROVIDER_RETRY:
    case PROVIDER_THROTTLED:
    case PROVIDER_UNREACHABLE:
        into->outcome = OUTCOME_NOT_SENT;
        break;
    default:
        into->outcome = OUTCOME_REFUSED;
        break;
    }
}

static void end(struct account_call *call, const struct effect_result *result)
{
    call->done(call->context, result);
    effect_release(&call->effect);
    free(call);
}

static void on_done(void *context, struct provider_result *from)
{
    struct account_call *call = context;
    struct account *account = call->account;
    struct effect_result result = {.effect_id = call->effect.id,
                                   .text = from->error.text,
                                   .owner_cluster = "",
                                   .retry_at_ms = in_ms(from->error.retry_at_us),
                                   .instance_type = from->error.instance_type,
                                   .zone = from->error.zone,
                                   .market = from->error.market,
                                   .quota = from->error.quota,
                                   .next_poll_ms = ACCOUNT_UNSET,
                                   .operation_token = ""};
    judge(call, from, &result);
    if (from->status == PROVIDER_OK && from->has_operation) {
        result.operation_running = from->operation.progress == PROVIDER_PROGRESS_RUNNING;
        result.operation_token = from->operation.token;
        result.next_poll_ms = in_ms(from->operation.next_poll_us);
    }
    if (call->effect.type != EFFECT_POLL || !result.operation_running)
        account_look_soon(account, LOOK_POOLS);
    end(call, &result);
}

/* The look itself goes to the core first, then the word that it was taken. */
static void on_probed(void *context, struct provider_result *from)
{
    struct account_call *call = context;
    struct agent *agent = call->account->agent;
    struct effect_result result = {.effect_id = call->effect.id,
                                   .outcome = from->status == PROVIDER_OK ? OUTCOME_DONE : OUTCOME_NOT_SENT,
                                   .account_status = (enum account_status)from->status,
                                   .text = from->error.text,
                                   .owner_cluster = "",
                                   .retry_at_ms = in_ms(from->error.retry_at_us),
                                   .next_poll_ms = ACCOUNT_UNSET,
                                   .operation_token = ""};
    if (from->status == PROVIDER_OK && !agent->stopping) {
        struct event event = {.type = EVENT_ACCOUNT_FACTS,
                              .account = call->account->config->name,
                              .account_facts = account_facts_of(LOOK_POOLS, &from->records)};
        shell_feed(agent, &event);
    }
    end(call, &result);
}

static const struct account_pool *pool_of(const struct account *account, const char *id)
{
    const struct world_account *known = world_find_account(core_world(account->agent->core), account->config->name);
    const struct account_facts *facts = known != NULL ? known->facts[LOOK_POOLS] : NULL;
    for (size_t i = 0; facts != NULL && i < facts->pool_count; i++)
        if (strcmp(facts->pools[i].id, id) == 0)
            return &facts->pools[i];
    return NULL;
}

/* The pool as it was looked at when the intent was written: what the module compares with. */
static char *grow_arguments(const struct account *account, const struct account_change *change)
{
    const struct account_pool *known = pool_of(account, change->pool);
    size_t count = known != NULL ? known->instance_count : 0;
    struct provider_instance *instances = memory_new(count, sizeof *instances);
    for (size_t i = 0; i < count; i++) {
        const struct account_instance *from = &known->instances[i];
        instances[i] = (struct provider_instance){.id = from->id,
                                                  .state = (enum provider_instance_state)from->state,
                                                  .state_text = from->state_text,
                                                  .zone = from->zone,
                                                  .instance_type = from->instance_type,
                                                  .market = (enum provider_market)from->market,
                                                  .launched_at_us = PROVIDER_UNSET,
                                                  .foreign = from->foreign,
                                                  .protected_ = from->protected_,
                                                  .milliwatts = PROVIDER_UNSET,
                                                  .trouble = ""};
    }
    struct provider_pool observed = {.id = change->pool,
                                     .name = known != NULL ? known->name : "",
                                     .region = known != NULL ? known->region : "",
                                     .instance_type = known != NULL ? known->instance_type : "",
                                     .market = known != NULL ? (enum provider_market)known->market : PROVIDER_ON_DEMAND,
                                     .desired = change->from,
                                     .min = known != NULL ? known->min : 0,
                                     .max = known != NULL ? known->max : PROVIDER_UNSET,
                                     .generation = change->generation,
                                     .writable = true,
                                     .why_read_only = "",
                                     .instances = instances,
                                     .instance_count = count};
    char *arguments = provider_link_grow_arguments(&observed, change->to);
    free(instances);
    return arguments;
}

void account_execute(struct account *account, const struct effect *effect,
                     void (*done)(void *context, const struct effect_result *result), void *context)
{
    struct account_call *call = memory_new(1, sizeof *call);
    const struct account_change *change = &effect->change;
    char *arguments = NULL;
    *call = (struct account_call){.account = account, .done = done, .context = context};
    effect_copy(&call->effect, effect);
    switch (effect->type) {
    case EFFECT_GROW:
        arguments = grow_arguments(account, change);
        provider_link_call(account->link, PROVIDER_FIRST, "grow", arguments, WRITE_TIME_US, on_done, call);
        break;
    case EFFECT_SHRINK:
        arguments = provider_link_shrink_arguments(change->pool, (const char *const *)change->instances,
                                                   change->instance_count);
        provider_link_call(account->link, PROVIDER_FIRST, "shrink", arguments, WRITE_TIME_US, on_done, call);
        break;
    case EFFECT_WITHDRAW:
        arguments = provider_link_withdraw_arguments(change->pool);
        provider_link_call(account->link, PROVIDER_FIRST, "withdraw", arguments, WRITE_TIME_US, on_done, call);
        break;
    case EFFECT_POLL:
        arguments = provider_link_poll_arguments(change->token);
        provider_link_call(account->link, PROVIDER_FIRST, "poll", arguments, POLL_TIME_US, on_done, call);
        break;
    default:
        provider_link_call(account->link, PROVIDER_FIRST, "pools", NULL, PROBE_TIME_US, on_probed, call);
        break;
    }
    free(arguments);
}
