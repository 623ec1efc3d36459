/* A machine behind a BMC: found by links, read, reset. Watts: redfish_watts.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "providers/onprem/bmc.h"
#include "providers/onprem/transport.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/pages.h"

enum { TASKS_AT_EACH_END = 10 }; /* some list the newest first, some last */

static enum provider_status read_page(struct provider_account *account, struct bmc *bmc, const char *path,
                                      const char *call, struct redfish_members *members, char *ret_next,
                                      struct provider_error *error)
{
    struct provider_answer answer;
    struct error reason;
    enum provider_status status = bmc_get(account, bmc, path, call, &answer, error);
    if (status != PROVIDER_OK)
        return status;
    bool good = redfish_read_members(answer.body, answer.body_length, members, ret_next, &reason);
    account->services->http_release(account->services->context, &answer);
    return good ? PROVIDER_OK : sdk_fail_with(error, PROVIDER_INVALID, call, &reason);
}

/* All members of a collection, page after page. */
static enum provider_status list_members(struct provider_account *account, struct bmc *bmc, const char *path,
                                         const char *call, struct redfish_members *members,
                                         struct provider_error *error)
{
    struct sdk_pages pages;
    struct error reason;
    char at[ONPREM_LINK_MAX], next[ONPREM_LINK_MAX];
    bool more = true;
    enum provider_status status = PROVIDER_OK;
    sdk_pages_init(&pages, REDFISH_MEMBERS_MAX);
    snprintf(at, sizeof at, "%s", path);
    while (more && status == PROVIDER_OK) {
        status = read_page(account, bmc, at, call, members, next, error);
        if (status == PROVIDER_OK && !sdk_pages_next(&pages, next, &more, &reason))
            status = sdk_fail_with(error, PROVIDER_INVALID, call, &reason);
        memcpy(at, next, sizeof at);
    }
    sdk_pages_release(&pages);
    return status;
}

static enum provider_status choose_system(const struct machine *machine, const struct redfish_members *members,
                                          char *ret_link, struct provider_error *error)
{
    if (members->count == 1) {
        snprintf(ret_link, ONPREM_LINK_MAX, "%s", members->links[0]);
        return PROVIDER_OK;
    }
    if (members->count == 0)
        return sdk_fail(error, PROVIDER_INVALID, "GET Systems",
                        "%s lists no system: look at the BMC's own page whether its host is seen",
                        machine->settings->address);
    char paths[512] = "";
    for (size_t i = 0; i < members->count && strlen(paths) + ONPREM_LINK_MAX / 4 < sizeof paths; i++)
        snprintf(paths + strlen(paths), sizeof paths - strlen(paths), " %.100s", members->links[i]);
    return sdk_fail(error, PROVIDER_INVALID, "GET Systems",
                    "%s has %zu systems, so machine.%s.system must say which:%s", machine->settings->address,
                    members->count, machine->settings->name, paths);
}

static enum provider_status find_system(struct provider_account *account, struct machine *machine,
                                        struct provider_error *error)
{
    struct bmc *bmc = machine->bmc;
    if (machine->settings->system[0])
        snprintf(machine->system_link, sizeof machine->system_link, "%s", machine->settings->system);
    if (machine->system_link[0])
        return PROVIDER_OK;
    enum provider_status status = bmc_log_in(account, bmc, error);
    if (status == PROVIDER_OK && !bmc->root.systems[0])
        status = sdk_fail(error, PROVIDER_INVALID, "GET ServiceRoot", "%s names no Systems", bmc->settings->address);
    if (status != PROVIDER_OK)
        return status;
    struct redfish_members members = {0};
    status = list_members(account, bmc, bmc->root.systems, "GET Systems", &members, error);
    if (status == PROVIDER_OK)
        status = choose_system(machine, &members, machine->system_link, error);
    redfish_members_release(&members);
    return status;
}

static void take_system(struct machine *machine)
{
    struct reading *reading = &machine->reading;
    const struct redfish_system *system = &machine->system;
    reading->power = system->power;
    memcpy(reading->power_text, system->power_text, sizeof reading->power_text);
    memcpy(reading->health, system->health, sizeof reading->health);
    memcpy(reading->uuid, system->uuid, sizeof reading->uuid);
    memcpy(reading->serial, system->serial, sizeof reading->serial);
    reading->vcpus = system->vcpus;
    reading->memory_mib = system->memory_mib;
    reading->last_reset_us = system->last_reset_us;
    if (reading->power == POWER_UNKNOWN)
        snprintf(reading->trouble, sizeof reading->trouble, "PowerState is \"%s\"", reading->power_text);
}

static enum provider_status read_system(struct provider_account *account, struct machine *machine,
                                        struct provider_error *error)
{
    struct provider_answer answer;
    struct error reason;
    enum provider_status status = find_system(account, machine, error);
    if (status != PROVIDER_OK)
        return status;
    status = bmc_get(account, machine->bmc, machine->system_link, "GET System", &answer, error);
    if (status == PROVIDER_NOT_FOUND) { /* a BMC's update may move things: found anew next time */
        machine->bmc->root_known = machine->chassis_known = false;
        machine->system_link[0] = '\0';
    }
    if (status != PROVIDER_OK)
        return status;
    bool good = redfish_read_system(answer.body, answer.body_length, &machine->system, &reason);
    const char *etag = sdk_header(&answer, "etag");
    snprintf(machine->etag, sizeof machine->etag, "%s", etag && strlen(etag) < sizeof machine->etag ? etag : "");
    account->services->http_release(account->services->context, &answer);
    if (!good)
        return sdk_fail(error, PROVIDER_INVALID, "GET System", "%s%s: %s", machine->settings->address,
                        machine->system_link, reason.text);
    return PROVIDER_OK;
}

void redfish_read(struct provider_account *account, struct machine *machine, bool watts)
{
    struct provider_error error = {0};
    struct reading *reading = &machine->reading;
    reading->status = read_system(account, machine, &error);
    if (reading->status != PROVIDER_OK) {
        sdk_copy_text(reading->trouble, sizeof reading->trouble, error.text);
        return;
    }
    take_system(machine);
    if (watts && reading->power == POWER_ON)
        redfish_measure(account, machine);
}

/* What the System says in place, else its ActionInfo, else what every System should have. */
static unsigned offered_resets(struct provider_account *account, struct machine *machine)
{
    struct provider_answer answer;
    struct provider_error error;
    struct error reason;
    unsigned resets = 0;
    const struct redfish_system *system = &machine->system;
    if (system->resets_told)
        return system->resets;
    if (system->reset_info[0] &&
        bmc_get(account, machine->bmc, system->reset_info, "GET ActionInfo", &answer, &error) == PROVIDER_OK) {
        bool good = redfish_read_action_info(answer.body, answer.body_length, &resets, &reason);
        account->services->http_release(account->services->context, &answer);
        if (good)
            return resets;
    }
    return (unsigned)RESET_ON | (unsigned)RESET_GRACEFUL_SHUTDOWN | (unsigned)RESET_FORCE_OFF;
}

static const char *choose_reset(unsigned offered, enum transport_command command)
{
    if (command == TRANSPORT_ON)
        return offered & RESET_ON ? "On" : (offered & RESET_FORCE_ON ? "ForceOn" : NULL);
    if (command == TRANSPORT_SHUTDOWN)
        return offered & RESET_GRACEFUL_SHUTDOWN ? "GracefulShutdown" : NULL;
    return offered & RESET_FORCE_OFF ? "ForceOff" : NULL;
}

bool redfish_offers(struct provider_account *account, struct machine *machine, enum transport_command command)
{
    return machine->system.reset_target[0] && choose_reset(offered_resets(account, machine), command);
}

static bool is_updating(struct provider_account *account, struct machine *machine, const char *path, const char *call)
{
    struct provider_answer answer;
    struct provider_error error;
    struct error reason;
    bool updating = false;
    if (!path[0] || bmc_get(account, machine->bmc, path, call, &answer, &error) != PROVIDER_OK)
        return false;
    if (!redfish_read_updating(answer.body, answer.body_length, &updating, &reason))
        updating = false;
    account->services->http_release(account->services->context, &answer);
    return updating;
}

static bool is_update_task(struct provider_account *account, struct machine *machine, const char *path)
{
    struct provider_answer answer;
    struct provider_error error;
    struct error reason;
    struct redfish_task task = {0};
    if (bmc_get(account, machine->bmc, path, "GET Task", &answer, &error) != PROVIDER_OK)
        return false;
    bool good = redfish_read_task(answer.body, answer.body_length, &task, &reason);
    account->services->http_release(account->services->context, &answer);
    return good && task.running && task.of_update;
}

static bool find_tasks(struct provider_account *account, struct bmc *bmc, char *ret_link)
{
    struct provider_answer answer;
    struct provider_error error;
    struct error reason;
    ret_link[0] = '\0';
    if (!bmc->root.tasks[0] ||
        bmc_get(account, bmc, bmc->root.tasks, "GET TaskService", &answer, &error) != PROVIDER_OK)
        return false;
    bool good = redfish_read_task_service(answer.body, answer.body_length, ret_link, &reason);
    account->services->http_release(account->services->context, &answer);
    return good && ret_link[0];
}

static bool has_update_task(struct provider_account *account, struct machine *machine)
{
    struct provider_error ignored;
    struct redfish_members members = {0};
    char path[ONPREM_LINK_MAX];
    bool found = false;
    if (!find_tasks(account, machine->bmc, path))
        return false;
    if (list_members(account, machine->bmc, path, "GET Tasks", &members, &ignored) == PROVIDER_OK) {
        for (size_t i = 0; i < members.count && !found; i++)
            if (i < TASKS_AT_EACH_END || i + TASKS_AT_EACH_END >= members.count)
                found = is_update_task(account, machine, members.links[i]);
    }
    redfish_members_release(&members);
    return found;
}

enum provider_status redfish_may(struct provider_account *account, struct machine *machine,
                                 struct provider_error *error)
{
    if (!is_updating(account, machine, machine->system.manager, "GET Manager") &&
        !is_updating(account, machine, machine->bmc->root.updates, "GET UpdateService") &&
        !has_update_task(account, machine))
        return PROVIDER_OK;
    sdk_fail(error, PROVIDER_RETRY, "POST ComputerSystem.Reset",
             "machine %s: its firmware is being written; no power action before that has ended",
             machine->settings->name);
    error->retry_at_us = account_now(account) + 60 * INT64_C(1000000);
    return PROVIDER_RETRY;
}

/* 200 and 204: accepted. 202 carries the task monitor (DSP0266 12.2), which is looked at once: what ends at once, ends
 * badly; whether the rest takes effect the machine's state says. */
static enum provider_status follow_task(struct provider_account *account, struct machine *machine,
                                        struct provider_answer *answer, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    struct provider_error ignored;
    struct error reason;
    struct redfish_task task = {0};
    char path[ONPREM_LINK_MAX] = "";
    int status = answer->status;
    const char *location = sdk_header(answer, "location");
    bool has_location = location != NULL;
    const char *task_path = location ? bmc_path_of_location(machine->bmc, location) : NULL;
    snprintf(path, sizeof path, "%s", task_path ? task_path : "");
    services->http_release(services->context, answer);
    if (status != 202)
        return PROVIDER_OK;
    if (!has_location)
        return sdk_fail(error, PROVIDER_UNKNOWN, "POST ComputerSystem.Reset",
                        "machine %s: accepted without a task to follow", machine->settings->name);
    if (!path[0] || bmc_get(account, machine->bmc, path, "GET Task", answer, &ignored) != PROVIDER_OK)
        return PROVIDER_OK;
    bool known = redfish_read_task(answer->body, answer->body_length, &task, &reason);
    services->http_release(services->context, answer);
    if (known && task.failed)
        return sdk_fail(error, PROVIDER_INVALID, "GET Task", "machine %s: the task ended as %s",
                        machine->settings->name, task.text);
    return PROVIDER_OK;
}

enum provider_status redfish_send(struct provider_account *account, struct machine *machine,
                                  enum transport_command command, struct provider_error *error)
{
    static const char call[] = "POST ComputerSystem.Reset";
    struct provider_answer answer;
    char body[64];
    const char *reset = choose_reset(offered_resets(account, machine), command);
    if (!machine->system.reset_target[0] || !reset)
        return sdk_fail(error, PROVIDER_INVALID, call, "machine %s does not offer it", machine->settings->name);
    snprintf(body, sizeof body, "{\"ResetType\":\"%s\"}", reset);
    enum provider_status status =
        bmc_post(account, machine->bmc, machine->system.reset_target, call, machine->etag, body, &answer, error);
    if (status != PROVIDER_OK) {
        bool state = strcmp(error->code, "InvalidOperationForSystemState") == 0 || strcmp(error->code, "SYS518") == 0;
        return state && status == PROVIDER_INVALID ? PROVIDER_CONFLICT : status;
    }
    return follow_task(account, machine, &answer, error);
}
