/* Which machines share an identity, or have none. */
#include "providers/onprem/quarantine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

struct identity {
    char text[REDFISH_WORD_MAX];
    struct machine *machine;
};

bool quarantine_is_other(const struct machine *machine, const struct belief *belief)
{
    const struct reading *reading = &machine->reading;
    const char *wanted = machine->settings->serial;
    if (wanted[0])
        return strcmp(reading->serial, wanted) != 0;
    return belief->uuid[0] && belief->serial[0] && reading->uuid[0] && reading->serial[0] &&
           strcasecmp(belief->uuid, reading->uuid) != 0 && strcmp(belief->serial, reading->serial) != 0;
}

/* "", all zeros, all Fs: what boards ship that were never given a UUID or a serial number. */
static bool is_no_identity(const char *text)
{
    return text[strspn(text, "0-")] == '\0' || text[strspn(text, "fF-")] == '\0';
}

static int compare_identities(const void *left, const void *right)
{
    return strcasecmp(((const struct identity *)left)->text, ((const struct identity *)right)->text);
}

static const char *path_of(const struct machine *machine)
{
    return machine->system_link[0] ? machine->system_link : machine->settings->system;
}

static void quarantine_pair(struct machine *machine, const struct machine *other)
{
    snprintf(machine->quarantine, sizeof machine->quarantine,
             "quarantined, no power action: %.100s %.60s has the %s of machine %.40s at %.100s %.60s",
             machine->settings->address, path_of(machine), machine->settings->by_serial ? "serial number" : "UUID",
             other->settings->name, other->settings->address, path_of(other));
}

static void judge_alone(struct provider_account *account, struct machine *machine, struct identity *identity)
{
    struct belief belief = {0};
    bool known = kept_belief(account, machine, &belief), read = machine->reading.status == PROVIDER_OK;
    const char *uuid = read ? machine->reading.uuid : belief.uuid;
    const char *serial = read ? machine->reading.serial : belief.serial;
    machine->quarantine[0] = '\0';
    identity->machine = machine;
    snprintf(identity->text, sizeof identity->text, "%s", machine->settings->by_serial ? serial : uuid);
    if (!read && !known) {
        identity->text[0] = '\0';
        return;
    }
    bool none = is_no_identity(identity->text);
    if (none)
        snprintf(machine->quarantine, sizeof machine->quarantine,
                 "quarantined, no power action: %.100s %.100s gives no %s; %s", machine->settings->address,
                 path_of(machine), machine->settings->by_serial ? "serial number" : "UUID of its own",
                 machine->settings->by_serial ? "nothing tells it from another" : "try identity = \"serial\"");
    else if (read && known && quarantine_is_other(machine, &belief))
        snprintf(machine->quarantine, sizeof machine->quarantine,
                 "quarantined, no power action: another machine (serial number %s) answers at %.100s %.100s; "
                 "serial = \"...\" accepts it",
                 machine->reading.serial, machine->settings->address, path_of(machine));
}

void quarantine_sort_out(struct provider_account *account)
{
    size_t count = account->settings.machine_count;
    struct identity *identities = memory_new(count, sizeof *identities);
    for (size_t i = 0; i < count; i++)
        judge_alone(account, &account->machines[i], &identities[i]);
    qsort(identities, count, sizeof *identities, compare_identities);
    for (size_t i = 1; i < count; i++) {
        struct identity *left = &identities[i - 1], *right = &identities[i];
        if (is_no_identity(left->text) || compare_identities(left, right) != 0)
            continue;
        quarantine_pair(left->machine, right->machine);
        quarantine_pair(right->machine, left->machine);
    }
    free(identities);
}
