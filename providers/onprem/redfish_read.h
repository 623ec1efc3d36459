/* Redfish documents -> plain structs. A BMC's answer is hostile: bounded, typed by @odata.type, links kept to paths of
 * the same BMC. What is missing is "" or PROVIDER_UNSET; what is there in another form than the schema's is taken as
 * missing where the field is only shown, and is an error where an action hangs on it. Pure.
 * Schema: DSP8010 2020.4 and later, ComputerSystem, Chassis, Power, EnvironmentMetrics, Task, Manager, UpdateService.
 */
#ifndef DROVER_PROVIDERS_ONPREM_REDFISH_READ_H
#define DROVER_PROVIDERS_ONPREM_REDFISH_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "providers/onprem/settings.h"

enum { REDFISH_ANSWER_MAX = 1024 * 1024, REDFISH_MEMBERS_MAX = 4096, REDFISH_WORD_MAX = 64 };

enum power_state { POWER_UNKNOWN, POWER_OFF, POWER_ON, POWER_TURNING_ON, POWER_TURNING_OFF, POWER_STATE_COUNT };

/* Reset types that are used; a set of bits. */
enum redfish_reset { RESET_ON = 1, RESET_FORCE_ON = 2, RESET_GRACEFUL_SHUTDOWN = 4, RESET_FORCE_OFF = 8 };

struct redfish_root {
    char systems[ONPREM_LINK_MAX], sessions[ONPREM_LINK_MAX], tasks[ONPREM_LINK_MAX], updates[ONPREM_LINK_MAX];
};

struct redfish_members {
    char (*links)[ONPREM_LINK_MAX];
    size_t count, capacity;
};

struct redfish_system {
    char uuid[REDFISH_WORD_MAX], serial[REDFISH_WORD_MAX];
    enum power_state power;
    char power_text[REDFISH_WORD_MAX], health[REDFISH_WORD_MAX];
    int64_t vcpus, memory_mib;
    int64_t last_reset_us;
    char chassis[ONPREM_LINK_MAX], manager[ONPREM_LINK_MAX]; /* the first linked one */
    char reset_target[ONPREM_LINK_MAX], reset_info[ONPREM_LINK_MAX];
    unsigned resets; /* of enum redfish_reset, as told in place */
    bool resets_told;
};

struct redfish_chassis {
    char power[ONPREM_LINK_MAX], environment[ONPREM_LINK_MAX];
    size_t systems; /* that it says it holds; 0: it does not say */
};

struct redfish_task {
    bool running, failed;
    bool of_update; /* its request went to the update service */
    char text[REDFISH_WORD_MAX];
};

/* What a refusal says. */
struct redfish_refusal {
    char code[REDFISH_WORD_MAX]; /* last part of the MessageId: "InvalidOperationForSystemState", "RAC0218" */
    char message[256];
};

/* Each reads one document. ERROR_INVALID, ERROR_TOO_LARGE; "@odata.type" of another kind is ERROR_INVALID. */
bool redfish_read_root(const char *bytes, size_t length, struct redfish_root *ret_root, struct error *ret_error);
/* Adds the members of one page; *ret_next (ONPREM_LINK_MAX bytes) is the next page's path, "" at the end. */
bool redfish_read_members(const char *bytes, size_t length, struct redfish_members *members, char *ret_next,
                          struct error *ret_error);
void redfish_members_release(struct redfish_members *members);
bool redfish_read_system(const char *bytes, size_t length, struct redfish_system *ret_system, struct error *ret_error);
bool redfish_read_chassis(const char *bytes, size_t length, struct redfish_chassis *ret_chassis,
                          struct error *ret_error);
/* Milliwatts of an EnvironmentMetrics document (PowerWatts.Reading) or of a Power document (average, else the momentary
 * value of PowerControl[0]); PROVIDER_UNSET where it says none. What is no number of -10^9 to 10^9 is none. */
bool redfish_read_watts(const char *bytes, size_t length, int64_t *ret_milliwatts, struct error *ret_error);
/* The link to the tasks of a TaskService, "" without (ret_link: ONPREM_LINK_MAX bytes). */
bool redfish_read_task_service(const char *bytes, size_t length, char *ret_link, struct error *ret_error);
/* The reset types of an ActionInfo. */
bool redfish_read_action_info(const char *bytes, size_t length, unsigned *ret_resets, struct error *ret_error);
bool redfish_read_task(const char *bytes, size_t length, struct redfish_task *ret_task, struct error *ret_error);
/* Status.State of a Manager or an UpdateService is "Updating". */
bool redfish_read_updating(const char *bytes, size_t length, bool *ret_updating, struct error *ret_error);
/* Always gives something: of a body that is no Redfish error, code "" and a short visible piece of it. */
void redfish_read_refusal(const char *bytes, size_t length, struct redfish_refusal *ret_refusal);

/* A path of the same BMC: begins with one '/', printable ASCII without blank, shorter than ONPREM_LINK_MAX. */
bool redfish_is_link(const char *text);

#endif
