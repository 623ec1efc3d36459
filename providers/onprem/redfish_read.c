/* Redfish documents, read. Refusals and tasks: redfish_read_error.c. */
#include "providers/onprem/redfish_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/onprem/redfish_read_private.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/time.h"

#define WATTS_MOST_MICRO INT64_C(1000000000000000) /* 10^9 W */

bool redfish_is_link(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length >= ONPREM_LINK_MAX || text[0] != '/' || text[1] == '/')
        return false;
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~' || strchr("\"<>\\^`{|}", text[i]))
            return false;
    return true;
}

/* Copies a link if it is one; "" otherwise. */
static void copy_link(const struct sdk_json_at *at, const char *path, char link[static ONPREM_LINK_MAX])
{
    struct error ignored;
    const char *text = "";
    link[0] = '\0';
    if (sdk_json_text_or(at, path, "", &text, &ignored) && redfish_is_link(text))
        snprintf(link, ONPREM_LINK_MAX, "%s", text);
}

void redfish_copy_word(const struct sdk_json_at *at, const char *path, char word[static REDFISH_WORD_MAX])
{
    struct error ignored;
    const char *text = "";
    word[0] = '\0';
    if (sdk_json_text_or(at, path, "", &text, &ignored))
        sdk_copy_text(word, REDFISH_WORD_MAX, text);
}

/* Without blanks: boards pad their serial numbers, and what is compared is also kept as a word of a line. */
static void copy_identity(const struct sdk_json_at *at, const char *path, char word[static REDFISH_WORD_MAX])
{
    size_t length = 0;
    redfish_copy_word(at, path, word);
    for (const char *from = word; *from; from++)
        if (*from > ' ' && *from <= '~')
            word[length++] = *from;
    word[length] = '\0';
}

bool redfish_open(const char *bytes, size_t length, const char *type, struct sdk_json_at *ret_root,
                  struct error *ret_error)
{
    if (!sdk_json_open(bytes, length, REDFISH_ANSWER_MAX, ret_root, ret_error))
        return false;
    if (!type)
        return true;
    const char *found = "";
    struct sdk_json_at member = sdk_json_member(ret_root, "@odata.type");
    if (json_is_string(member.value))
        found = json_string_value(member.value);
    size_t wanted = strlen(type);
    bool fits = found[0] == '#' && strncmp(found + 1, type, wanted) == 0 && found[1 + wanted] == '.';
    if (!fits) {
        char shown[REDFISH_WORD_MAX];
        sdk_copy_text(shown, sizeof shown, found);
        sdk_json_close(ret_root);
        return error_set(ret_error, ERROR_INVALID, "a %s is wanted, @odata.type is \"%s\"", type, shown);
    }
    return true;
}

bool redfish_read_root(const char *bytes, size_t length, struct redfish_root *ret_root, struct error *ret_error)
{
    struct sdk_json_at root;
    struct redfish_root found;
    if (!redfish_open(bytes, length, "ServiceRoot", &root, ret_error))
        return false;
    copy_link(&root, "Systems/@odata.id", found.systems);
    copy_link(&root, "Links/Sessions/@odata.id", found.sessions);
    copy_link(&root, "Tasks/@odata.id", found.tasks);
    copy_link(&root, "UpdateService/@odata.id", found.updates);
    sdk_json_close(&root);
    *ret_root = found;
    return true;
}

bool redfish_read_task_service(const char *bytes, size_t length, char *ret_link, struct error *ret_error)
{
    struct sdk_json_at root;
    if (!redfish_open(bytes, length, "TaskService", &root, ret_error))
        return false;
    copy_link(&root, "Tasks/@odata.id", ret_link);
    sdk_json_close(&root);
    return true;
}

static bool read_member_list(const struct sdk_json_at *root, struct redfish_members *members, struct error *ret_error)
{
    struct sdk_json_at list;
    if (!sdk_json_list(root, "Members", &list, ret_error))
        return false;
    for (size_t i = 0; i < sdk_json_count(&list); i++) {
        struct sdk_json_at member = sdk_json_item(&list, i);
        const char *link = "";
        if (!sdk_json_text(&member, "@odata.id", &link, ret_error))
            return false;
        if (!redfish_is_link(link))
            return sdk_json_refuse(&member, "@odata.id", ret_error, "a path of the same BMC is wanted");
        if (members->count == REDFISH_MEMBERS_MAX)
            return error_set(ret_error, ERROR_TOO_LARGE, "more than %d members", REDFISH_MEMBERS_MAX);
        members->links = memory_grow(members->links, members->count, &members->capacity, sizeof *members->links);
        snprintf(members->links[members->count++], ONPREM_LINK_MAX, "%s", link);
    }
    return true;
}

/* A link that is there but cannot be followed would make a shorter list of a longer one. */
static bool read_next(const struct sdk_json_at *root, char *ret_next, struct error *ret_error)
{
    struct sdk_json_at next = sdk_json_member(root, "Members@odata.nextLink");
    ret_next[0] = '\0';
    if (!next.value)
        return true;
    const char *text = json_is_string(next.value) ? json_string_value(next.value) : "";
    if (!redfish_is_link(text))
        return error_set(ret_error, ERROR_INVALID, "Members@odata.nextLink: a path of the same BMC is wanted");
    snprintf(ret_next, ONPREM_LINK_MAX, "%s", text);
    return true;
}

bool redfish_read_members(const char *bytes, size_t length, struct redfish_members *members, char *ret_next,
                          struct error *ret_error)
{
    struct sdk_json_at root;
    char next[ONPREM_LINK_MAX];
    if (!redfish_open(bytes, length, NULL, &root, ret_error))
        return false;
    bool good = read_member_list(&root, members, ret_error) && read_next(&root, next, ret_error);
    sdk_json_close(&root);
    if (good)
        memcpy(ret_next, next, sizeof next);
    return good;
}

void redfish_members_release(struct redfish_members *members)
{
    free(members->links);
    memset(members, 0, sizeof *members);
}

static const struct {
    const char *word;
    enum redfish_reset reset;
} reset_words[] = {{"On", RESET_ON},
                   {"ForceOn", RESET_FORCE_ON},
                   {"GracefulShutdown", RESET_GRACEFUL_SHUTDOWN},
                   {"ForceOff", RESET_FORCE_OFF}};

static unsigned read_resets(const struct sdk_json_at *list)
{
    unsigned resets = 0;
    for (size_t i = 0; i < sdk_json_count(list); i++) {
        struct sdk_json_at item = sdk_json_item(list, i);
        for (size_t j = 0; json_is_string(item.value) && j < sizeof reset_words / sizeof reset_words[0]; j++)
            if (strcmp(json_string_value(item.value), reset_words[j].word) == 0)
                resets |= (unsigned)reset_words[j].reset;
    }
    return resets;
}

static enum power_state read_power_state(const char *word)
{
    static const struct {
        const char *word;
        enum power_state state;
    } states[] = {
        {"On", POWER_ON}, {"Off", POWER_OFF}, {"PoweringOn", POWER_TURNING_ON}, {"PoweringOff", POWER_TURNING_OFF}};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strcmp(word, states[i].word) == 0)
            return states[i].state;
    return POWER_UNKNOWN;
}

static int64_t read_positive(const struct sdk_json_at *at, const char *path, int64_t most)
{
    struct error ignored;
    int64_t micro = PROVIDER_UNSET;
    if (!sdk_json_micro_or(at, path, PROVIDER_UNSET, &micro, &ignored) || micro <= 0 || micro > most)
        return PROVIDER_UNSET;
    return micro;
}

static void read_capacity(const struct sdk_json_at *root, struct redfish_system *system)
{
    int64_t processors = read_positive(root, "ProcessorSummary/LogicalProcessorCount", INT64_C(1000000000000));
    int64_t gib = read_positive(root, "MemorySummary/TotalSystemMemoryGiB", INT64_C(1000000000000000));
    system->vcpus = processors < 1000000 ? PROVIDER_UNSET : processors / 1000000;
    system->memory_mib = gib < 1000000 / 1024 + 1 ? PROVIDER_UNSET : gib * 1024 / 1000000;
}

static void read_reset_action(const struct sdk_json_at *root, struct redfish_system *system)
{
    struct sdk_json_at action = sdk_json_find(root, "Actions/#ComputerSystem.Reset");
    struct sdk_json_at words = sdk_json_member(&action, "ResetType@Redfish.AllowableValues");
    struct sdk_json_at info = sdk_json_member(&action, "@Redfish.ActionInfo");
    copy_link(&action, "target", system->reset_target);
    system->reset_info[0] = '\0';
    if (json_is_string(info.value) && redfish_is_link(json_string_value(info.value)))
        snprintf(system->reset_info, sizeof system->reset_info, "%s", json_string_value(info.value));
    system->resets_told = json_is_array(words.value);
    system->resets = read_resets(&words);
}

bool redfish_read_system(const char *bytes, size_t length, struct redfish_system *ret_system, struct error *ret_error)
{
    struct sdk_json_at root;
    struct redfish_system system = {.last_reset_us = PROVIDER_UNSET};
    struct error ignored;
    if (!redfish_open(bytes, length, "ComputerSystem", &root, ret_error))
        return false;
    copy_identity(&root, "UUID", system.uuid);
    copy_identity(&root, "SerialNumber", system.serial);
    redfish_copy_word(&root, "PowerState", system.power_text);
    system.power = read_power_state(system.power_text);
    redfish_copy_word(&root, "Status/HealthRollup", system.health);
    if (!system.health[0])
        redfish_copy_word(&root, "Status/Health", system.health);
    read_capacity(&root, &system);
    char moment[REDFISH_WORD_MAX];
    redfish_copy_word(&root, "LastResetTime", moment);
    if (!sdk_time_read_iso(moment, &system.last_reset_us, &ignored))
        system.last_reset_us = PROVIDER_UNSET;
    struct sdk_json_at chassis = sdk_json_find(&root, "Links/Chassis"),
                       managers = sdk_json_find(&root, "Links/ManagedBy");
    struct sdk_json_at first_chassis = sdk_json_item(&chassis, 0), first_manager = sdk_json_item(&managers, 0);
    copy_link(&first_chassis, "@odata.id", system.chassis);
    copy_link(&first_manager, "@odata.id", system.manager);
    read_reset_action(&root, &system);
    sdk_json_close(&root);
    *ret_system = system;
    return true;
}

bool redfish_read_chassis(const char *bytes, size_t length, struct redfish_chassis *ret_chassis,
                          struct error *ret_error)
{
    struct sdk_json_at root;
    struct redfish_chassis chassis;
    if (!redfish_open(bytes, length, "Chassis", &root, ret_error))
        return false;
    copy_link(&root, "Power/@odata.id", chassis.power);
    copy_link(&root, "EnvironmentMetrics/@odata.id", chassis.environment);
    struct sdk_json_at systems = sdk_json_find(&root, "Links/ComputerSystems");
    chassis.systems = sdk_json_count(&systems);
    sdk_json_close(&root);
    *ret_chassis = chassis;
    return true;
}

/* False where no number stands. */
static bool read_one(const struct sdk_json_at *at, const char *path, int64_t *ret_milliwatts)
{
    struct error ignored;
    int64_t micro = PROVIDER_UNSET;
    struct sdk_json_at place = sdk_json_find(at, path);
    if (!json_is_number(place.value) || !sdk_json_micro(at, path, &micro, &ignored) || micro > WATTS_MOST_MICRO ||
        micro < -WATTS_MOST_MICRO)
        return false;
    *ret_milliwatts = micro / 1000;
    return true;
}

bool redfish_read_watts(const char *bytes, size_t length, int64_t *ret_milliwatts, struct error *ret_error)
{
    struct sdk_json_at root;
    int64_t milliwatts = PROVIDER_UNSET;
    if (!redfish_open(bytes, length, NULL, &root, ret_error))
        return false;
    struct sdk_json_at controls = sdk_json_find(&root, "PowerControl");
    struct sdk_json_at first = sdk_json_item(&controls, 0);
    if (!read_one(&root, "PowerWatts/Reading", &milliwatts) &&
        !read_one(&first, "PowerMetrics/AverageConsumedWatts", &milliwatts) &&
        !read_one(&first, "PowerConsumedWatts", &milliwatts))
        milliwatts = PROVIDER_UNSET;
    sdk_json_close(&root);
    *ret_milliwatts = milliwatts;
    return true;
}

bool redfish_read_action_info(const char *bytes, size_t length, unsigned *ret_resets, struct error *ret_error)
{
    struct sdk_json_at root, parameters;
    unsigned resets = 0;
    if (!redfish_open(bytes, length, "ActionInfo", &root, ret_error))
        return false;
    bool good = sdk_json_list_or_none(&root, "Parameters", &parameters, ret_error);
    for (size_t i = 0; good && i < sdk_json_count(&parameters); i++) {
        struct sdk_json_at parameter = sdk_json_item(&parameters, i);
        char name[REDFISH_WORD_MAX];
        redfish_copy_word(&parameter, "Name", name);
        struct sdk_json_at words = sdk_json_find(&parameter, "AllowableValues");
        if (strcmp(name, "ResetType") == 0)
            resets |= read_resets(&words);
    }
    sdk_json_close(&root);
    if (good)
        *ret_resets = resets;
    return good;
}
