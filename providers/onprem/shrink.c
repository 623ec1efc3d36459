/* Shrinking: exactly the named machines, shut down gracefully. Everything is checked before anything is sent. */
#include <string.h>

#include "providers/onprem/functions.h"
#include "providers/onprem/operation.h"
#include "providers/onprem/power.h"
#include "providers/onprem/survey.h"
#include "providers/sdk/fail.h"

#define FIRST_POLL_US INT64_C(5000000)

static enum provider_status check_names(struct provider_account *account, size_t pool, const char *const *instances,
                                        size_t count, struct provider_error *error)
{
    if (count == 0)
        return sdk_fail(error, PROVIDER_INVALID, "", "no machine is named");
    if (count > OPERATION_MACHINES_MAX)
        return sdk_fail(error, PROVIDER_INVALID, "", "at most %d machines at once", OPERATION_MACHINES_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct machine *machine = account_machine(account, instances[i]);
        if (!machine || machine->settings->pool != pool)
            return sdk_fail(error, PROVIDER_NOT_FOUND, "", "pool %s has no machine \"%s\"",
                            account->settings.pools[pool].name, instances[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(instances[i], instances[j]) == 0)
                return sdk_fail(error, PROVIDER_INVALID, "", "machine \"%s\" is named twice", instances[i]);
    }
    return PROVIDER_OK;
}

/* Whether one machine may be shut down; *ret_counts: it is on and would be gone then. */
static enum provider_status check_machine(const struct provider_account *account, const struct machine *machine,
                                          bool *ret_counts, struct provider_error *error)
{
    struct standing standing;
    const char *name = machine->settings->name;
    survey_standing(account, machine, &standing);
    *ret_counts = standing.state == PROVIDER_INSTANCE_RUNNING;
    if (machine->quarantine[0])
        return sdk_fail(error, PROVIDER_INVALID, "", "machine %s: %s", name, machine->quarantine);
    if (standing.state == PROVIDER_INSTANCE_UNKNOWN)
        return sdk_fail(error, machine->reading.status == PROVIDER_AUTH ? PROVIDER_AUTH : PROVIDER_UNREACHABLE, "",
                        "machine %s: its state is unknown, so nothing was sent to any: %s", name,
                        machine->reading.trouble);
    if (standing.foreign)
        return sdk_fail(error, PROVIDER_INVALID, "",
                        "machine %s was not powered on by Drover; adopt_running = true lets the pool take such ones",
                        name);
    if (standing.state == PROVIDER_INSTANCE_PENDING)
        return sdk_fail(error, PROVIDER_CONFLICT, "", "machine %s is being powered on", name);
    return PROVIDER_OK;
}

static enum provider_status check_all(struct provider_account *account, size_t pool, const char *const *instances,
                                      size_t count, struct provider_error *error)
{
    int64_t going = 0, desired = survey_desired(account, pool), min = account->settings.pools[pool].min;
    for (size_t i = 0; i < count; i++) {
        bool counts = false;
        enum provider_status status = check_machine(account, account_machine(account, instances[i]), &counts, error);
        if (status != PROVIDER_OK)
            return status;
        going += counts;
    }
    if (going > 0 && desired - going < min)
        return sdk_fail(error, PROVIDER_INVALID, "", "pool %s would go from %lld machines below its min of %lld",
                        account->settings.pools[pool].name, (long long)desired, (long long)min);
    return PROVIDER_OK;
}

/* A machine that somebody else is shutting down gets no command, but a note, by which poll can tell when to give up. */
static bool is_followed(struct provider_account *account, const struct machine *machine,
                        const struct standing *standing)
{
    if (standing->has_command && !standing->command.on && command_is_live(account, machine, &standing->command))
        return true;
    struct command command = {.sends = 1};
    command.started_us = command.sent_us = account_now(account);
    return keep_command(account, machine, &command);
}

/* The first that cannot be commanded is the call's failure while none is under way; afterwards the poll tells. */
static enum provider_status power_off_all(struct provider_account *account, const char *const *instances, size_t count,
                                          size_t *ret_begun, struct provider_error *error)
{
    *ret_begun = 0;
    for (size_t i = 0; i < count; i++) {
        struct machine *machine = account_machine(account, instances[i]);
        struct standing standing;
        struct provider_error trouble = {0};
        survey_standing(account, machine, &standing);
        if (standing.state == PROVIDER_INSTANCE_STOPPING) {
            if (!is_followed(account, machine, &standing))
                return sdk_fail(error, PROVIDER_RETRY, "", "the shutdown of machine %s could not be noted",
                                machine->settings->name);
            (*ret_begun)++;
        }
        if (standing.state != PROVIDER_INSTANCE_RUNNING)
            continue;
        enum provider_status status = power_begin(account, machine, false, &trouble);
        if (status == PROVIDER_OK) {
            (*ret_begun)++;
            continue;
        }
        sdk_log(account->services, PROVIDER_WARN, "%s", trouble.text);
        *error = trouble;
        if (*ret_begun == 0 || status == PROVIDER_UNKNOWN)
            return status;
    }
    return PROVIDER_OK;
}

enum provider_status onprem_shrink(struct provider_account *account, const char *pool, const char *const *instances,
                                   size_t count, struct provider_operation *ret_operation, struct provider_error *error)
{
    struct operation operation = {.on = false};
    struct provider_operation begun = {.progress = PROVIDER_PROGRESS_DONE, .next_poll_us = PROVIDER_UNSET};
    struct error reason;
    size_t index = 0, under_way = 0;
    if (!account_pool(account, pool, &index))
        return sdk_fail(error, PROVIDER_NOT_FOUND, "", "no pool block \"%s\" in the account's settings", pool);
    enum provider_status status = check_names(account, index, instances, count, error);
    if (status != PROVIDER_OK)
        return status;
    memcpy(operation.pool, account->settings.pools[index].name, sizeof operation.pool);
    for (size_t i = 0; i < count; i++)
        operation_add(&operation, instances[i]);
    bool fits = operation_write(&operation, begun.token, &reason);
    operation_release(&operation);
    if (!fits)
        return sdk_fail_with(error, PROVIDER_INVALID, "", &reason);
    survey_pool(account, (int64_t)index, SURVEY_TO_WRITE);
    status = check_all(account, index, instances, count, error);
    if (status == PROVIDER_OK)
        status = power_off_all(account, instances, count, &under_way, error);
    if (status != PROVIDER_OK)
        return status;
    if (under_way > 0) {
        begun.progress = PROVIDER_PROGRESS_RUNNING;
        begun.next_poll_us = account_now(account) + FIRST_POLL_US;
    } else {
        begun.token[0] = '\0';
    }
    *ret_operation = begun;
    return PROVIDER_OK;
}
