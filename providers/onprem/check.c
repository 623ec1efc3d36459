/* Every machine's endpoint tried, step by step, without changing anything. */
#include <stdio.h>

#include "providers/onprem/functions.h"
#include "providers/onprem/survey.h"
#include "providers/onprem/transport.h"
#include "providers/sdk/fail.h"

/* A call's permissions are 1000 at most (providers/host/records.h), a machine has up to three. */
enum { MACHINES_TOLD_IN_FULL = 300, MACHINES_TOLD = 900 };

static bool tell(const struct provider_account *account, const struct machine *machine, const char *call, bool allowed,
                 bool writes, const char *trouble)
{
    char name[128], shown[PROVIDER_TEXT_MAX];
    snprintf(name, sizeof name, "%.63s: %.50s", machine->settings->name, call);
    sdk_copy_text(shown, sizeof shown, trouble);
    struct provider_permission permission = {.call = name, .allowed = allowed, .writes = writes, .trouble = shown};
    return account->services->emit_permission(account->services->context, &permission);
}

static bool check_read(struct provider_account *account, struct machine *machine)
{
    bool redfish = machine->settings->transport == ONPREM_REDFISH;
    const char *read = redfish ? "GET System" : "virDomainGetInfo";
    const char *write = redfish ? "POST ComputerSystem.Reset" : "virDomainCreate, virDomainShutdown";
    if (machine->reading.status != PROVIDER_OK)
        return tell(account, machine, read, false, false, machine->reading.trouble);
    if (!tell(account, machine, read, true, false, "") ||
        (redfish && !tell(account, machine, "GET EnvironmentMetrics or Power", true, false,
                          machine->reading.power != POWER_ON              ? "not asked while it is off"
                          : machine->reading.milliwatts == PROVIDER_UNSET ? "no watts there: those of the settings hold"
                                                                          : "")))
        return false;
    if (!transport_offers(account, machine, TRANSPORT_ON))
        return tell(account, machine, write, false, true, "the System offers no reset of type On");
    return tell(account, machine, write, true, true,
                machine->quarantine[0] ? machine->quarantine : "cannot be tried without doing it");
}

enum provider_status onprem_check(struct provider_account *account, struct provider_error *error)
{
    size_t count = account->settings.machine_count, refused = 0, told = 0;
    survey_pool(account, SURVEY_ALL, SURVEY_TO_LOOK_AT_WATTS);
    for (size_t i = 0; i < count; i++) {
        struct machine *machine = &account->machines[i];
        bool tells = count <= MACHINES_TOLD_IN_FULL || (machine->reading.status != PROVIDER_OK && told < MACHINES_TOLD);
        told += tells;
        if (tells && !check_read(account, machine))
            return sdk_fail(error, PROVIDER_INVALID, "", "the host takes no more records");
        refused += machine->reading.status == PROVIDER_AUTH;
    }
    if (refused == count && count > 0)
        return sdk_fail(error, PROVIDER_AUTH, "", "every machine refused: %s", account->machines[0].reading.trouble);
    return PROVIDER_OK;
}
