/* The pools with all their machines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "providers/onprem/functions.h"
#include "providers/onprem/survey.h"
#include "providers/sdk/fail.h"

/* One machine's record with what it points to. */
struct row {
    struct provider_instance instance;
    struct provider_identity identity;
    char state_text[REDFISH_WORD_MAX];
    char trouble[PROVIDER_TEXT_MAX];
};

static void append(struct row *row, const char *text)
{
    size_t length = strlen(row->trouble);
    snprintf(row->trouble + length, sizeof row->trouble - length, "%s%s", length ? "; " : "", text);
}

static void append_age(const struct provider_account *account, const struct standing *standing, struct row *row)
{
    char age[TEXT_DURATION_MAX], text[128];
    int64_t past = (account_now(account) - standing->belief.since_us) / 1000;
    if (!standing->has_belief)
        return;
    snprintf(text, sizeof text, "last seen %s, so since %s", standing->belief.on ? "on" : "off",
             text_format_duration_short(past > 0 ? past : 0, age));
    append(row, text);
}

static void tell_trouble(const struct provider_account *account, const struct machine *machine,
                         const struct standing *standing, struct row *row)
{
    if (machine->quarantine[0])
        append(row, machine->quarantine);
    if (machine->reading.trouble[0])
        append(row, machine->reading.trouble);
    if (machine->reading.old) {
        char age[TEXT_DURATION_MAX], text[64];
        int64_t past = (account_now(account) - machine->reading.read_at_us) / 1000;
        snprintf(text, sizeof text, "as read %s ago", text_format_duration_short(past > 0 ? past : 0, age));
        append(row, text);
    }
    if (machine->reading.power == POWER_UNKNOWN)
        append_age(account, standing, row);
    if (strcmp(machine->reading.health, "Critical") == 0 || strcmp(machine->reading.health, "Warning") == 0) {
        append(row, "health: ");
        snprintf(row->trouble + strlen(row->trouble), sizeof row->trouble - strlen(row->trouble), "%s",
                 machine->reading.health);
    }
    if (standing->has_command && command_has_failed(account, &standing->command))
        append(row, standing->command.on ? "did not power on though commanded twice" : "did not power off");
    if (standing->foreign)
        append(row, "not powered on by Drover");
}

static void fill_row(const struct provider_account *account, const struct machine *machine, struct row *row)
{
    const struct machine_settings *settings = machine->settings;
    struct standing standing;
    bool estimated = false;
    survey_standing(account, machine, &standing);
    tell_trouble(account, machine, &standing, row);
    snprintf(row->state_text, sizeof row->state_text, "%s", machine->reading.power_text);
    row->identity = (struct provider_identity){settings->node_key, settings->node_value};
    int64_t watts = survey_watts(machine, &estimated);
    row->instance = (struct provider_instance){
        .id = settings->name,
        .state = standing.state,
        .state_text = row->state_text,
        .zone = settings->zone,
        .instance_type = account->settings.pools[settings->pool].name,
        .market = PROVIDER_OWNED,
        .identities = &row->identity,
        .identity_count = 1,
        .launched_at_us = standing.belief.ours && standing.state == PROVIDER_INSTANCE_RUNNING ? standing.belief.since_us
                                                                                              : PROVIDER_UNSET,
        .foreign = standing.foreign,
        .protected_ = false,
        .milliwatts = watts,
        .milliwatts_estimated = watts != PROVIDER_UNSET && estimated,
        .trouble = row->trouble,
    };
}

static bool emit_pool(const struct provider_account *account, size_t index)
{
    const struct pool_settings *pool = &account->settings.pools[index];
    const struct provider_services *services = account->services;
    size_t total = account->settings.machine_count, count = 0, zone_count = 0;
    struct row *rows = memory_new(total, sizeof *rows);
    struct provider_instance *instances = memory_new(total, sizeof *instances);
    const char **zones = memory_new(total, sizeof(const char *));
    for (size_t i = 0; i < total; i++) {
        const struct machine *machine = &account->machines[i];
        size_t known = 0;
        if (machine->settings->pool != index)
            continue;
        fill_row(account, machine, &rows[count]);
        instances[count] = rows[count].instance;
        count++;
        while (known < zone_count && strcmp(zones[known], machine->settings->zone) != 0)
            known++;
        if (known == zone_count && machine->settings->zone[0])
            zones[zone_count++] = machine->settings->zone;
    }
    struct provider_pool record = {.id = pool->name,
                                   .name = pool->name,
                                   .region = account->settings.site,
                                   .zones = zones,
                                   .zone_count = zone_count,
                                   .instance_type = pool->name,
                                   .market = PROVIDER_OWNED,
                                   .desired = survey_desired(account, index),
                                   .min = pool->min,
                                   .max = (int64_t)count,
                                   .generation = "",
                                   .writable = count > 0,
                                   .why_read_only = count > 0 ? "" : "no machine block names it",
                                   .instances = instances,
                                   .instance_count = count};
    bool good = services->emit_pool(services->context, &record);
    free(rows);
    free(instances);
    free(zones);
    return good;
}

/* The machine whose credentials are refused, where it is so of all: then it is the account's trouble, told as such. */
static const struct machine *all_refused(const struct provider_account *account)
{
    for (size_t i = 0; i < account->settings.machine_count; i++)
        if (account->machines[i].reading.status != PROVIDER_AUTH)
            return NULL;
    return account->settings.machine_count > 0 ? &account->machines[0] : NULL;
}

enum provider_status onprem_pools(struct provider_account *account, struct provider_error *error)
{
    survey_pool(account, SURVEY_ALL, account->settings.read_watts ? SURVEY_TO_LOOK_AT_WATTS : SURVEY_TO_LOOK);
    const struct machine *refused = all_refused(account);
    if (refused)
        return sdk_fail(error, PROVIDER_AUTH, "", "%s", refused->reading.trouble);
    for (size_t i = 0; i < account->settings.pool_count; i++)
        if (!emit_pool(account, i))
            return sdk_fail(error, PROVIDER_INVALID, "", "the host takes no more records");
    return PROVIDER_OK;
}
