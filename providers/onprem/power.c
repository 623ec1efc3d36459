/* Power commands from the first request to the state they want. */
#include "providers/onprem/power.h"

#include <string.h>

#include "providers/sdk/fail.h"

#define RETRY_DELAY_US INT64_C(1000000)
enum { STATE_TRIES_MAX = 3 };

static bool is_reached(const struct machine *machine, bool on)
{
    return machine->reading.power == (on ? POWER_ON : POWER_OFF);
}

static bool is_about_state(const struct provider_error *error)
{
    return strcmp(error->code, "InvalidOperationForSystemState") == 0 || strcmp(error->code, "SYS518") == 0;
}

/* "Not in this state" comes for a state already reached, and for a while after a change: look, wait, try again. */
static enum provider_status send_settled(struct provider_account *account, struct machine *machine,
                                         enum transport_command command, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    enum provider_status status = transport_send(account, machine, command, error);
    for (int tries = 1; status == PROVIDER_CONFLICT && is_about_state(error) && tries < STATE_TRIES_MAX; tries++) {
        if (!services->sleep(services->context, RETRY_DELAY_US))
            break;
        transport_read(account, machine, false);
        if (is_reached(machine, command == TRANSPORT_ON))
            return PROVIDER_OK;
        status = transport_send(account, machine, command, error);
    }
    if (status == PROVIDER_CONFLICT) {
        error->retry_at_us = account_now(account) + 30 * INT64_C(1000000);
        return PROVIDER_RETRY;
    }
    return status;
}

static enum provider_status choose_first(struct provider_account *account, struct machine *machine, bool on,
                                         enum transport_command *ret_command, struct provider_error *error)
{
    const struct pool_settings *pool = &account->settings.pools[machine->settings->pool];
    *ret_command = on ? TRANSPORT_ON : TRANSPORT_SHUTDOWN;
    if (transport_offers(account, machine, *ret_command))
        return PROVIDER_OK;
    if (!on && pool->force_off && transport_offers(account, machine, TRANSPORT_FORCE_OFF)) {
        *ret_command = TRANSPORT_FORCE_OFF;
        return PROVIDER_OK;
    }
    return sdk_fail(error, PROVIDER_INVALID, "", "machine %s offers no %s", machine->settings->name,
                    on ? "power on" : "graceful shutdown, and the pool's force_off is not set");
}

enum provider_status power_begin(struct provider_account *account, struct machine *machine, bool on,
                                 struct provider_error *error)
{
    enum transport_command first = TRANSPORT_ON;
    enum provider_status status = transport_may(account, machine, error);
    if (status == PROVIDER_OK)
        status = choose_first(account, machine, on, &first, error);
    if (status != PROVIDER_OK)
        return status;
    struct command command = {.on = on, .forced = first == TRANSPORT_FORCE_OFF, .sends = 1};
    command.started_us = command.sent_us = account_now(account);
    if (!keep_command(account, machine, &command))
        return sdk_fail(error, PROVIDER_RETRY, "", "the command to machine %s could not be noted, so it is not sent",
                        machine->settings->name);
    sdk_log(account->services, PROVIDER_INFO, "machine %s: %s", machine->settings->name,
            on ? "power on" : (command.forced ? "power off" : "graceful shutdown"));
    status = send_settled(account, machine, first, error);
    if (status != PROVIDER_OK && status != PROVIDER_UNKNOWN)
        forget_command(account, machine);
    return status;
}

/* Again, or harder; noted first. What is refused now is tried again with the next poll. */
static enum power_progress send_again(struct provider_account *account, struct machine *machine,
                                      struct command *command, enum provider_status *ret_status,
                                      struct provider_error *error)
{
    enum transport_command next = command->on       ? TRANSPORT_ON
                                  : command->forced ? TRANSPORT_FORCE_OFF
                                                    : TRANSPORT_SHUTDOWN;
    struct command before = *command;
    if (transport_may(account, machine, error) != PROVIDER_OK)
        return POWER_WAITS;
    command->sent_us = account_now(account);
    if (!keep_command(account, machine, command))
        return POWER_WAITS;
    sdk_log(account->services, PROVIDER_WARN, "machine %s: %s", machine->settings->name,
            next == TRANSPORT_ON         ? "still off, power on once more"
            : next == TRANSPORT_SHUTDOWN ? "still on, shutdown once more"
                                         : "still on, power off");
    *ret_status = send_settled(account, machine, next, error);
    /* A shutdown may well be under way while the second one is refused: its time decides. */
    if (*ret_status == PROVIDER_OK || *ret_status == PROVIDER_UNKNOWN || next == TRANSPORT_SHUTDOWN)
        return POWER_WAITS;
    if (*ret_status == PROVIDER_INVALID || *ret_status == PROVIDER_AUTH || *ret_status == PROVIDER_NOT_FOUND) {
        forget_command(account, machine);
        return POWER_FAILED;
    }
    before.sent_us = command->sent_us; /* not done: neither counted nor at once again */
    before.sends = command->sends - 1;
    before.forced = command->forced && command->sends > 1;
    keep_command(account, machine, &before);
    return POWER_WAITS;
}

static enum power_progress give_up(struct provider_account *account, struct machine *machine, struct command *command,
                                   enum provider_status *ret_status, struct provider_error *error)
{
    command->failed = true;
    command->sent_us = account_now(account);
    keep_command(account, machine, command);
    *ret_status = PROVIDER_INVALID;
    sdk_fail(error, PROVIDER_INVALID, "", "machine %s did not power %s: %s; look at its console",
             machine->settings->name, command->on ? "on" : "off",
             command->on || command->forced ? "commanded twice without effect"
                                            : "no effect of a graceful shutdown, and force_off is not set");
    return POWER_FAILED;
}

static enum power_progress follow_command(struct provider_account *account, struct machine *machine,
                                          struct command *command, enum provider_status *ret_status,
                                          struct provider_error *error)
{
    const struct pool_settings *pool = &account->settings.pools[machine->settings->pool];
    int64_t now = account_now(account);
    if (!command->on && !command->forced) {
        bool lost = command->sends < 2 && now - command->sent_us >= account->settings.start_timeout_us;
        if (now - command->started_us < pool->off_timeout_us) {
            command->sends += lost;
            return lost ? send_again(account, machine, command, ret_status, error) : POWER_WAITS;
        }
        if (!pool->force_off)
            return give_up(account, machine, command, ret_status, error);
        command->forced = true;
        command->sends = 1;
        return send_again(account, machine, command, ret_status, error);
    }
    if (now - command->sent_us < account->settings.start_timeout_us)
        return POWER_WAITS;
    if (command->sends >= 2)
        return give_up(account, machine, command, ret_status, error);
    command->sends++;
    return send_again(account, machine, command, ret_status, error);
}

enum power_progress power_follow(struct provider_account *account, struct machine *machine, bool on,
                                 enum provider_status *ret_status, struct provider_error *error)
{
    struct command command;
    if (machine->quarantine[0]) {
        *ret_status = PROVIDER_INVALID;
        sdk_fail(error, *ret_status, "", "machine %s: %s", machine->settings->name, machine->quarantine);
        return POWER_FAILED;
    }
    if (is_reached(machine, on))
        return POWER_REACHED;
    if (machine->reading.power == POWER_UNKNOWN)
        return POWER_WAITS;
    if (machine->reading.power == (on ? POWER_TURNING_ON : POWER_TURNING_OFF) &&
        kept_command(account, machine, &command) && command_is_live(account, machine, &command))
        return POWER_WAITS;
    bool noted = kept_command(account, machine, &command) && command.on == on &&
                 (command.failed || command_is_live(account, machine, &command));
    if (!noted || command.failed) {
        *ret_status = noted ? PROVIDER_INVALID : PROVIDER_CONFLICT;
        sdk_fail(error, *ret_status, "",
                 noted ? "machine %s did not power %s"
                       : "machine %s is not %s, and no command to that end is under way; look again",
                 machine->settings->name, on ? "on" : "off");
        return POWER_FAILED;
    }
    return follow_command(account, machine, &command, ret_status, error);
}
