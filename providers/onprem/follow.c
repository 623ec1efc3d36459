/* Operations followed to their end, and growth taken back. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/onprem/functions.h"
#include "providers/onprem/operation.h"
#include "providers/onprem/power.h"
#include "providers/onprem/survey.h"
#include "providers/sdk/fail.h"

#define NEXT_POLL_US INT64_C(2000000)

struct outcome {
    size_t waiting, failed;
    enum provider_status status; /* of the first that failed */
};

static void look_at(struct provider_account *account, const struct operation *operation)
{
    struct machine **machines = memory_new(operation->count, sizeof(struct machine *));
    size_t count = 0;
    for (size_t i = 0; i < operation->count; i++) {
        machines[count] = account_machine(account, operation->machines[i]);
        count += machines[count] != NULL;
    }
    survey_listed(account, machines, count);
    free(machines);
}

/* Every machine gets its step, also after one has failed; the first failure is what is told. */
static void follow_all(struct provider_account *account, const struct operation *operation, struct outcome *outcome,
                       struct provider_error *error)
{
    for (size_t i = 0; i < operation->count; i++) {
        struct machine *machine = account_machine(account, operation->machines[i]);
        struct provider_error trouble = {0};
        enum provider_status status = PROVIDER_NOT_FOUND;
        enum power_progress progress = POWER_FAILED;
        if (machine)
            progress = power_follow(account, machine, operation->on, &status, &trouble);
        else
            sdk_fail(&trouble, status, "", "machine \"%s\" is no longer in the account's settings",
                     operation->machines[i]);
        outcome->waiting += progress == POWER_WAITS;
        if (progress != POWER_FAILED)
            continue;
        if (outcome->failed++ == 0) {
            outcome->status = status;
            *error = trouble;
        }
    }
}

enum provider_status onprem_poll(struct provider_account *account, const char *token,
                                 struct provider_operation *ret_operation, struct provider_error *error)
{
    struct operation operation;
    struct outcome outcome = {.status = PROVIDER_OK};
    struct error reason;
    struct provider_operation now = {.progress = PROVIDER_PROGRESS_DONE, .next_poll_us = PROVIDER_UNSET};
    if (!operation_read(token, &operation, &reason))
        return sdk_fail_with(error, PROVIDER_INVALID, "", &reason);
    look_at(account, &operation);
    follow_all(account, &operation, &outcome, error);
    int64_t missing = operation.missing;
    if (outcome.waiting == 0 && outcome.failed == 0 && missing > 0) {
        outcome.status = PROVIDER_NO_CAPACITY;
        sdk_fail(error, outcome.status, "", "pool %s: %zu machines are on, %lld more could not be powered on",
                 operation.pool, operation.count, (long long)missing);
        sdk_copy_text(error->instance_type, sizeof error->instance_type, operation.pool);
        sdk_copy_text(error->market, sizeof error->market, "owned");
    }
    operation_release(&operation);
    if (outcome.waiting == 0 && outcome.status != PROVIDER_OK)
        return outcome.status;
    if (outcome.waiting > 0) {
        *error = (struct provider_error){.retry_at_us = PROVIDER_UNSET}; /* what failed is told when all has ended */
        now.progress = PROVIDER_PROGRESS_RUNNING;
        now.next_poll_us = account_now(account) + NEXT_POLL_US;
        memcpy(now.token, token, strlen(token) + 1);
    }
    *ret_operation = now;
    return PROVIDER_OK;
}

/* Why the growth of one machine cannot be taken back now. A BMC shows Off for a while after it took a command, so one
 * that was just sent may still come to be. */
static enum provider_status still_coming(const struct provider_account *account, const struct machine *machine,
                                         const struct command *command, struct provider_error *error)
{
    int64_t settled_us = command->sent_us + account->settings.start_timeout_us;
    const char *name = machine->settings->name;
    if (machine->reading.power == POWER_UNKNOWN)
        return sdk_fail(error, PROVIDER_UNREACHABLE, "", "machine %s: whether it powered on is not known: %s", name,
                        machine->reading.trouble);
    if (machine->reading.power == POWER_OFF && account_now(account) >= settled_us)
        return PROVIDER_OK;
    sdk_fail(error, PROVIDER_CONFLICT, "", "machine %s was told to power on and may still do so: look again", name);
    error->retry_at_us = settled_us;
    return PROVIDER_CONFLICT;
}

/* Owned machines have no size that somebody else goes on working at: what remains of a growth is the command that
 * a later poll would repeat. */
enum provider_status onprem_withdraw(struct provider_account *account, const char *pool,
                                     struct provider_operation *ret_operation, struct provider_error *error)
{
    size_t index = 0;
    enum provider_status status = PROVIDER_OK;
    if (!account_pool(account, pool, &index))
        return sdk_fail(error, PROVIDER_NOT_FOUND, "", "no pool block \"%s\" in the account's settings", pool);
    survey_pool(account, (int64_t)index, SURVEY_TO_WRITE);
    for (size_t i = 0; i < account->settings.machine_count; i++) {
        struct machine *machine = &account->machines[i];
        struct command command;
        if (machine->settings->pool != index || !kept_command(account, machine, &command) || !command.on ||
            !command_is_live(account, machine, &command))
            continue;
        struct provider_error trouble = {0};
        enum provider_status one = still_coming(account, machine, &command, &trouble);
        if (one == PROVIDER_OK)
            forget_command(account, machine);
        else if (status == PROVIDER_OK) {
            status = one;
            *error = trouble;
        }
    }
    if (status != PROVIDER_OK)
        return status;
    *ret_operation = (struct provider_operation){.progress = PROVIDER_PROGRESS_DONE, .next_poll_us = PROVIDER_UNSET};
    return PROVIDER_OK;
}
