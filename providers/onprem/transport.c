/* Chooses the way to a machine; libvirt's own part is short enough to stand here. */
#include "providers/onprem/transport.h"

#include <stdio.h>

#include "providers/onprem/libvirt.h"
#include "providers/sdk/fail.h"

static void begin_reading(const struct provider_account *account, struct machine *machine)
{
    machine->reading = (struct reading){.status = PROVIDER_OK,
                                        .read_at_us = account_now(account),
                                        .vcpus = PROVIDER_UNSET,
                                        .memory_mib = PROVIDER_UNSET,
                                        .last_reset_us = PROVIDER_UNSET,
                                        .milliwatts = PROVIDER_UNSET};
}

static void read_state(struct reading *reading, int state)
{
    static const struct {
        enum power_state power;
        const char *text;
    } states[] = {[LIBVIRT_STATE_NONE] = {POWER_UNKNOWN, "nostate"},
                  [LIBVIRT_STATE_RUNNING] = {POWER_ON, "running"},
                  [LIBVIRT_STATE_BLOCKED] = {POWER_ON, "blocked"},
                  [LIBVIRT_STATE_PAUSED] = {POWER_UNKNOWN, "paused"},
                  [LIBVIRT_STATE_SHUTDOWN] = {POWER_TURNING_OFF, "shutdown"},
                  [LIBVIRT_STATE_SHUTOFF] = {POWER_OFF, "shutoff"},
                  [LIBVIRT_STATE_CRASHED] = {POWER_OFF, "crashed"},
                  [LIBVIRT_STATE_SUSPENDED] = {POWER_UNKNOWN, "pmsuspended"}};
    bool known = state >= 0 && (size_t)state < sizeof states / sizeof states[0];
    reading->power = known ? states[state].power : POWER_UNKNOWN;
    snprintf(reading->power_text, sizeof reading->power_text, "%s", known ? states[state].text : "?");
    if (reading->power == POWER_UNKNOWN)
        snprintf(reading->trouble, sizeof reading->trouble, "the domain is %s", reading->power_text);
}

static void libvirt_read(struct provider_account *account, struct machine *machine)
{
    struct libvirt_reply reply;
    struct provider_error error = {0};
    struct reading *reading = &machine->reading;
    reading->status =
        libvirt_ask(account, machine->hypervisor, LIBVIRT_READ, machine->settings->system, &reply, &error);
    if (reading->status != PROVIDER_OK) {
        sdk_copy_text(reading->trouble, sizeof reading->trouble, error.text);
        return;
    }
    read_state(reading, reply.state);
    sdk_copy_text(reading->uuid, sizeof reading->uuid, reply.uuid);
    reading->vcpus = reply.vcpus > 0 ? reply.vcpus : PROVIDER_UNSET;
    reading->memory_mib = reply.memory_kib >= 1024 ? reply.memory_kib / 1024 : PROVIDER_UNSET;
}

void transport_read(struct provider_account *account, struct machine *machine, bool watts)
{
    begin_reading(account, machine);
    if (machine->settings->transport == ONPREM_LIBVIRT)
        libvirt_read(account, machine);
    else
        redfish_read(account, machine, watts);
}

bool transport_offers(struct provider_account *account, struct machine *machine, enum transport_command command)
{
    return machine->settings->transport == ONPREM_LIBVIRT || redfish_offers(account, machine, command);
}

enum provider_status transport_may(struct provider_account *account, struct machine *machine,
                                   struct provider_error *error)
{
    return machine->settings->transport == ONPREM_LIBVIRT ? PROVIDER_OK : redfish_may(account, machine, error);
}

enum provider_status transport_send(struct provider_account *account, struct machine *machine,
                                    enum transport_command command, struct provider_error *error)
{
    static const enum libvirt_request_kind kinds[] = {[TRANSPORT_ON] = LIBVIRT_START,
                                                      [TRANSPORT_SHUTDOWN] = LIBVIRT_SHUTDOWN,
                                                      [TRANSPORT_FORCE_OFF] = LIBVIRT_DESTROY};
    struct libvirt_reply reply;
    if (machine->settings->transport == ONPREM_REDFISH)
        return redfish_send(account, machine, command, error);
    return libvirt_ask(account, machine->hypervisor, kinds[command], machine->settings->system, &reply, error);
}
