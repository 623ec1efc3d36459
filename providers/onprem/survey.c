/* Reading machines and judging what was read. Quarantine: quarantine.c. */
#include "providers/onprem/survey.h"

#include <stdio.h>
#include <string.h>

#include "providers/onprem/quarantine.h"
#include "providers/onprem/transport.h"
#include "providers/sdk/fail.h"

#define OLD_READING_MAX_US INT64_C(180000000)
#define SURVEY_LEAST_US INT64_C(1000000) /* with less time left no machine is asked any more */

static bool is_settled(enum power_state power)
{
    return power == POWER_ON || power == POWER_OFF;
}

/* Whether a change of state is to be believed: a BMC may answer from a cache. */
static bool confirm(struct provider_account *account, struct machine *machine, const struct belief *belief, bool watts)
{
    const struct provider_services *services = account->services;
    struct reading *reading = &machine->reading;
    struct command command;
    enum power_state first = reading->power;
    bool moved = reading->last_reset_us != PROVIDER_UNSET && belief->last_reset_us != PROVIDER_UNSET &&
                 reading->last_reset_us > belief->last_reset_us;
    if (moved || (kept_command(account, machine, &command) && command.on == (first == POWER_ON) &&
                  command_is_live(account, machine, &command)))
        return true;
    if (!services->sleep(services->context, account->settings.confirm_delay_us)) {
        reading->power = POWER_UNKNOWN;
        snprintf(reading->trouble, sizeof reading->trouble, "no time left to read it a second time");
        return false;
    }
    transport_read(account, machine, watts);
    if (reading->power == first)
        return true;
    if (is_settled(reading->power)) {
        reading->power = POWER_UNKNOWN;
        snprintf(reading->trouble, sizeof reading->trouble, "two readings of its power state disagree");
    }
    return false;
}

static void believe(struct provider_account *account, struct machine *machine, struct belief *belief, bool had)
{
    const struct reading *reading = &machine->reading;
    struct command command;
    bool on = reading->power == POWER_ON, commanded = kept_command(account, machine, &command);
    if (!had || belief->on != on) {
        belief->on = on;
        belief->since_us = account_now(account);
        belief->ours = false;
    }
    if (commanded && command.on == on) {
        belief->ours = on && !command.failed; /* after a failure it was somebody at its console */
        forget_command(account, machine);
    } else if (commanded && !command.failed && !command_is_live(account, machine, &command)) {
        forget_command(account, machine); /* without effect in its time: what comes later is not its doing */
    }
    belief->last_reset_us = reading->last_reset_us;
    memcpy(belief->uuid, reading->uuid, sizeof belief->uuid);
    memcpy(belief->serial, reading->serial, sizeof belief->serial);
    keep_belief(account, machine, belief);
}

void survey_machine(struct provider_account *account, struct machine *machine, bool watts)
{
    struct belief belief = {.last_reset_us = PROVIDER_UNSET};
    bool had = kept_belief(account, machine, &belief);
    transport_read(account, machine, watts);
    if (!is_settled(machine->reading.power) || (had && quarantine_is_other(machine, &belief)))
        return; /* what is believed of a machine is not another's */
    if (had && belief.on != (machine->reading.power == POWER_ON) && !confirm(account, machine, &belief, watts))
        return;
    believe(account, machine, &belief, had);
}

/* In a large site one look does not reach every machine: what is not too old is better than nothing, and says so. */
static void pass_over(struct provider_account *account, struct machine *machine, enum survey_purpose purpose)
{
    struct reading *reading = &machine->reading;
    if (purpose != SURVEY_TO_WRITE && reading->status == PROVIDER_OK &&
        account_now(account) - reading->read_at_us < OLD_READING_MAX_US) {
        reading->old = true;
        return;
    }
    *reading = (struct reading){.status = PROVIDER_RETRY, .milliwatts = PROVIDER_UNSET};
    reading->vcpus = reading->memory_mib = reading->last_reset_us = PROVIDER_UNSET;
    snprintf(reading->trouble, sizeof reading->trouble, "not asked: the call's time was over");
}

static const char *chassis_of(const struct machine *machine)
{
    return machine->settings->chassis[0] ? machine->settings->chassis : machine->system.chassis;
}

/* Also where the chassis does not say whom it holds: two systems of a BMC that link to one would count its watts twice.
 */
static void note_shared_chassis(const struct provider_account *account, struct machine *machine)
{
    for (size_t i = 0; i < account->settings.machine_count && !machine->reading.shared_watts; i++) {
        const struct machine *other = &account->machines[i];
        machine->reading.shared_watts =
            other->bmc == machine->bmc && other != machine && strcmp(chassis_of(other), chassis_of(machine)) == 0;
    }
}

void survey_pool(struct provider_account *account, int64_t pool, enum survey_purpose purpose)
{
    const struct provider_services *services = account->services;
    size_t count = account->settings.machine_count, first = count ? account->first_asked % count : 0;
    bool out_of_time = false;
    for (size_t i = 0; i < count; i++) {
        struct machine *machine = &account->machines[(first + i) % count];
        if (pool != SURVEY_ALL && machine->settings->pool != (size_t)pool)
            continue;
        if (services->time_left(services->context) >= SURVEY_LEAST_US) {
            survey_machine(account, machine, purpose == SURVEY_TO_LOOK_AT_WATTS);
            continue;
        }
        if (!out_of_time)
            account->first_asked = (first + i) % count;
        out_of_time = true;
        pass_over(account, machine, purpose);
    }
    quarantine_sort_out(account);
    for (size_t i = 0; i < count; i++)
        if (account->machines[i].reading.milliwatts != PROVIDER_UNSET)
            note_shared_chassis(account, &account->machines[i]);
}

void survey_listed(struct provider_account *account, struct machine *const *machines, size_t count)
{
    const struct provider_services *services = account->services;
    for (size_t i = 0; i < count; i++) {
        if (services->time_left(services->context) >= SURVEY_LEAST_US)
            survey_machine(account, machines[i], false);
        else
            pass_over(account, machines[i], SURVEY_TO_WRITE);
    }
    quarantine_sort_out(account);
}

static enum provider_instance_state state_of_power(const struct provider_account *account,
                                                   const struct machine *machine, const struct standing *standing)
{
    bool live = standing->has_command && command_is_live(account, machine, &standing->command);
    bool failed = standing->has_command && command_has_failed(account, &standing->command);
    switch (machine->reading.power) {
    case POWER_ON:
        return live && !standing->command.on ? PROVIDER_INSTANCE_STOPPING : PROVIDER_INSTANCE_RUNNING;
    case POWER_TURNING_ON:
        return PROVIDER_INSTANCE_PENDING;
    case POWER_TURNING_OFF:
        return PROVIDER_INSTANCE_STOPPING;
    case POWER_OFF:
        if (live && standing->command.on)
            return PROVIDER_INSTANCE_PENDING;
        return failed && standing->command.on ? PROVIDER_INSTANCE_FAILED : PROVIDER_INSTANCE_STOPPED;
    default:
        return PROVIDER_INSTANCE_UNKNOWN;
    }
}

void survey_standing(const struct provider_account *account, const struct machine *machine,
                     struct standing *ret_standing)
{
    struct standing standing = {0};
    standing.has_command = kept_command(account, machine, &standing.command);
    standing.has_belief = kept_belief(account, machine, &standing.belief);
    standing.state = machine->quarantine[0] ? PROVIDER_INSTANCE_UNKNOWN : state_of_power(account, machine, &standing);
    standing.foreign = machine->reading.power == POWER_ON && standing.has_belief && !standing.belief.ours &&
                       !account->settings.pools[machine->settings->pool].adopt_running;
    *ret_standing = standing;
}

int64_t survey_desired(const struct provider_account *account, size_t pool)
{
    int64_t desired = 0;
    for (size_t i = 0; i < account->settings.machine_count; i++) {
        struct standing standing;
        if (account->machines[i].settings->pool != pool)
            continue;
        survey_standing(account, &account->machines[i], &standing);
        desired += standing.state == PROVIDER_INSTANCE_RUNNING || standing.state == PROVIDER_INSTANCE_PENDING ||
                   standing.state == PROVIDER_INSTANCE_UNKNOWN;
    }
    return desired;
}

static bool is_plausible(const struct machine *machine)
{
    const struct machine_settings *settings = machine->settings;
    int64_t watts = machine->reading.milliwatts;
    if (watts == PROVIDER_UNSET || watts <= 0 || machine->reading.shared_watts)
        return false;
    if (settings->nameplate_mw == 0) /* nothing is configured: anything a single machine can draw */
        return watts <= INT64_C(100000) * 1000;
    return watts >= settings->idle_mw / 2 && watts <= settings->nameplate_mw * 2;
}

int64_t survey_watts(const struct machine *machine, bool *ret_estimated)
{
    *ret_estimated = true;
    if (machine->reading.power == POWER_OFF)
        return machine->settings->off_mw;
    if (machine->reading.power != POWER_ON)
        return PROVIDER_UNSET;
    *ret_estimated = !is_plausible(machine);
    return *ret_estimated ? machine->settings->loaded_mw : machine->reading.milliwatts;
}
