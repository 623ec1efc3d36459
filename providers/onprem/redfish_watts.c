/* Watts hang on the chassis: EnvironmentMetrics since Redfish 2020.4, Power before. The two may disagree; the newer one
 * is taken. */
#include <stdio.h>

#include "providers/onprem/bmc.h"
#include "providers/onprem/transport.h"

static bool read_chassis(struct provider_account *account, struct machine *machine)
{
    struct provider_answer answer;
    struct provider_error error;
    struct error reason;
    const char *path = machine->settings->chassis[0] ? machine->settings->chassis : machine->system.chassis;
    if (machine->chassis_known)
        return true;
    if (!path[0] || bmc_get(account, machine->bmc, path, "GET Chassis", &answer, &error) != PROVIDER_OK)
        return false;
    machine->chassis_known = redfish_read_chassis(answer.body, answer.body_length, &machine->chassis, &reason);
    account->services->http_release(account->services->context, &answer);
    return machine->chassis_known;
}

static int64_t read_watts(struct provider_account *account, struct machine *machine, const char *path, const char *call)
{
    struct provider_answer answer;
    struct provider_error error;
    struct error reason;
    int64_t milliwatts = PROVIDER_UNSET;
    if (!path[0] || bmc_get(account, machine->bmc, path, call, &answer, &error) != PROVIDER_OK)
        return PROVIDER_UNSET;
    if (!redfish_read_watts(answer.body, answer.body_length, &milliwatts, &reason))
        milliwatts = PROVIDER_UNSET;
    account->services->http_release(account->services->context, &answer);
    return milliwatts;
}

void redfish_measure(struct provider_account *account, struct machine *machine)
{
    struct reading *reading = &machine->reading;
    if (!read_chassis(account, machine))
        return;
    reading->shared_watts = machine->chassis.systems > 1;
    reading->milliwatts = read_watts(account, machine, machine->chassis.environment, "GET EnvironmentMetrics");
    if (reading->milliwatts == PROVIDER_UNSET)
        reading->milliwatts = read_watts(account, machine, machine->chassis.power, "GET Power");
}
