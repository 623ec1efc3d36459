/* Growing: as many machines powered on as are asked for, those that draw least first. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/onprem/functions.h"
#include "providers/onprem/operation.h"
#include "providers/onprem/power.h"
#include "providers/onprem/survey.h"
#include "providers/sdk/fail.h"

#define FIRST_POLL_US INT64_C(2000000)

static int compare_candidates(const void *left, const void *right)
{
    const struct machine_settings *a = (*(struct machine *const *)left)->settings,
                                  *b = (*(struct machine *const *)right)->settings;
    if (a->loaded_mw != b->loaded_mw)
        return a->loaded_mw < b->loaded_mw ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* Machines that are off and may be powered on, in the order in which they are taken. */
static struct machine **list_candidates(struct provider_account *account, size_t pool, size_t *ret_count)
{
    struct machine **candidates = memory_new(account->settings.machine_count, sizeof(struct machine *));
    size_t count = 0;
    for (size_t i = 0; i < account->settings.machine_count; i++) {
        struct machine *machine = &account->machines[i];
        struct standing standing;
        if (machine->settings->pool != pool)
            continue;
        survey_standing(account, machine, &standing);
        bool busy = standing.has_command && command_is_live(account, machine, &standing.command);
        if (standing.state == PROVIDER_INSTANCE_STOPPED && !busy && strcmp(machine->reading.health, "Critical") != 0)
            candidates[count++] = machine;
    }
    qsort(candidates, count, sizeof(struct machine *), compare_candidates);
    *ret_count = count;
    return candidates;
}

static enum provider_status finish(struct operation *operation, const struct provider_account *account,
                                   struct provider_operation *ret_operation, struct provider_error *error)
{
    struct error reason;
    struct provider_operation begun = {.progress = PROVIDER_PROGRESS_RUNNING};
    begun.next_poll_us = account_now(account) + FIRST_POLL_US;
    if (!operation_write(operation, begun.token, &reason))
        return sdk_fail_with(error, PROVIDER_INVALID, "", &reason);
    *ret_operation = begun;
    return PROVIDER_OK;
}

static enum provider_status none_left(const struct pool_settings *pool, struct provider_error *error)
{
    sdk_fail(error, PROVIDER_NO_CAPACITY, "", "pool %s has no machine left that is off and may be powered on",
             pool->name);
    sdk_copy_text(error->instance_type, sizeof error->instance_type, pool->name);
    sdk_copy_text(error->market, sizeof error->market, "owned");
    return PROVIDER_NO_CAPACITY;
}

/* One that cannot be commanded is passed over for the next; a lost reply ends it, for what it did must be looked at. */
static enum provider_status power_on_some(struct provider_account *account, const struct pool_settings *pool,
                                          struct machine **candidates, size_t candidate_count, int64_t wanted,
                                          struct provider_operation *ret_operation, struct provider_error *error)
{
    struct operation operation = {.on = true};
    enum provider_status status = PROVIDER_OK, last = none_left(pool, error);
    memcpy(operation.pool, pool->name, sizeof operation.pool);
    for (size_t i = 0; i < candidate_count && (int64_t)operation.count < wanted; i++) {
        struct provider_error trouble = {0};
        status = power_begin(account, candidates[i], true, &trouble);
        if (status == PROVIDER_OK) {
            operation_add(&operation, candidates[i]->settings->name);
            continue;
        }
        sdk_log(account->services, PROVIDER_WARN, "%s", trouble.text);
        *error = trouble;
        last = status;
        if (status == PROVIDER_UNKNOWN)
            break;
    }
    operation.missing = wanted - (int64_t)operation.count;
    if (operation.count == 0 || status == PROVIDER_UNKNOWN)
        status = last;
    else
        status = finish(&operation, account, ret_operation, error);
    operation_release(&operation);
    return status;
}

/* The token must hold the longest names the pool has, before anything is sent. */
static bool fits_token(const struct provider_account *account, size_t pool, int64_t wanted, struct error *ret_error)
{
    struct operation probe = {.on = true, .missing = ONPREM_MACHINES_MAX};
    char token[PROVIDER_OPERATION_MAX];
    size_t longest = 0;
    for (size_t i = 0; i < account->settings.machine_count; i++)
        if (account->settings.machines[i].pool == pool &&
            strlen(account->settings.machines[i].name) > strlen(account->settings.machines[longest].name))
            longest = i;
    memcpy(probe.pool, account->settings.pools[pool].name, sizeof probe.pool);
    for (int64_t i = 0; i < wanted && i < OPERATION_MACHINES_MAX; i++)
        operation_add(&probe, account->settings.machines[longest].name);
    bool fits = wanted <= OPERATION_MACHINES_MAX && operation_write(&probe, token, ret_error);
    if (wanted > OPERATION_MACHINES_MAX)
        error_set(ret_error, ERROR_TOO_LARGE, "more than %d machines at once", OPERATION_MACHINES_MAX);
    operation_release(&probe);
    return fits;
}

static int64_t count_machines(const struct provider_account *account, size_t pool)
{
    int64_t count = 0;
    for (size_t i = 0; i < account->settings.machine_count; i++)
        count += account->settings.machines[i].pool == pool;
    return count;
}

enum provider_status onprem_grow(struct provider_account *account, const struct provider_pool *observed, int64_t to,
                                 struct provider_operation *ret_operation, struct provider_error *error)
{
    size_t index = 0, candidate_count = 0;
    struct error reason;
    const struct pool_settings *pool = account_pool(account, observed->id, &index);
    if (!pool)
        return sdk_fail(error, PROVIDER_NOT_FOUND, "", "no pool block \"%s\" in the account's settings", observed->id);
    int64_t machines = count_machines(account, index);
    if (to <= observed->desired || to > machines)
        return sdk_fail(error, PROVIDER_INVALID, "", "pool %s: to %lld is not above %lld and at most %lld", pool->name,
                        (long long)to, (long long)observed->desired, (long long)machines);
    if (!fits_token(account, index, to - observed->desired, &reason))
        return sdk_fail_with(error, PROVIDER_INVALID, "", &reason);
    survey_pool(account, (int64_t)index, SURVEY_TO_WRITE);
    int64_t desired = survey_desired(account, index);
    if (desired != observed->desired)
        return sdk_fail(error, PROVIDER_CONFLICT, "", "pool %s has %lld machines on, not %lld as was observed",
                        pool->name, (long long)desired, (long long)observed->desired);
    struct machine **candidates = list_candidates(account, index, &candidate_count);
    enum provider_status status =
        power_on_some(account, pool, candidates, candidate_count, to - desired, ret_operation, error);
    free(candidates);
    return status;
}
