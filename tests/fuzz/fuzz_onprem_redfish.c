/* links: provider_onprem provider_sdk base */
/* Redfish documents of every kind: the first byte chooses the reader, the rest is the answer. What is read must be
 * bounded, its links must lead nowhere else, its texts must be visible. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "providers/onprem/bmc.h"
#include "providers/onprem/redfish_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_link(const char *link)
{
    must(link[0] == '\0' || redfish_is_link(link));
}

static void check_word(const char *word)
{
    must(utf8_valid(word, strlen(word)));
    for (; *word; word++)
        must((unsigned char)*word >= ' ');
}

static void check_system(const char *text, size_t size)
{
    struct redfish_system system;
    struct error error;
    if (!redfish_read_system(text, size, &system, &error))
        return;
    check_word(system.uuid);
    check_word(system.serial);
    check_word(system.power_text);
    check_word(system.health);
    check_link(system.chassis);
    check_link(system.manager);
    check_link(system.reset_target);
    check_link(system.reset_info);
    must(system.power >= POWER_UNKNOWN && system.power < POWER_STATE_COUNT);
    must(system.vcpus == PROVIDER_UNSET || (system.vcpus >= 0 && system.vcpus <= 1000000));
    must(system.memory_mib == PROVIDER_UNSET || system.memory_mib >= 0);
}

static void check_members(const char *text, size_t size)
{
    struct redfish_members members = {0};
    char next[ONPREM_LINK_MAX];
    struct error error;
    if (redfish_read_members(text, size, &members, next, &error))
        check_link(next);
    must(members.count <= REDFISH_MEMBERS_MAX);
    for (size_t i = 0; i < members.count; i++)
        check_link(members.links[i]);
    redfish_members_release(&members);
}

static void check_rest(const char *text, size_t size)
{
    struct redfish_root root;
    struct redfish_chassis chassis;
    struct redfish_task task;
    struct error error;
    char link[ONPREM_LINK_MAX];
    int64_t milliwatts = 0;
    unsigned resets = 0;
    bool updating = false;
    if (redfish_read_root(text, size, &root, &error)) {
        check_link(root.systems);
        check_link(root.sessions);
    }
    if (redfish_read_chassis(text, size, &chassis, &error))
        check_link(chassis.power);
    if (redfish_read_watts(text, size, &milliwatts, &error) && milliwatts != PROVIDER_UNSET)
        must(milliwatts >= -INT64_C(1000000000000) && milliwatts <= INT64_C(1000000000000));
    if (redfish_read_task(text, size, &task, &error)) {
        check_word(task.text);
        must(!(task.running && task.failed) || task.failed);
    }
    if (redfish_read_action_info(text, size, &resets, &error))
        must(resets < 16);
    if (redfish_read_task_service(text, size, link, &error))
        check_link(link);
    redfish_read_updating(text, size, &updating, &error);
}

/* A Location: what is followed is a path, and of a URL only one of this BMC. */
static void check_location(const char *bytes, size_t size)
{
    static const struct machine_settings settings = {.address = "https://bmc1"};
    const struct bmc bmc = {.settings = &settings};
    char *location = memory_copy_text(bytes, size);
    const char *path = bmc_path_of_location(&bmc, location);
    must(!path || redfish_is_link(path));
    must(!path || location[0] == '/' || strncasecmp(location, "https://bmc1", 12) == 0);
    free(location);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redfish_refusal refusal;
    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    if (size < 1024)
        check_location(text, size - 1);
    switch (data[0] % 4) {
    case 0:
        check_system(text, size - 1);
        break;
    case 1:
        check_members(text, size - 1);
        break;
    case 2:
        redfish_read_refusal(text, size - 1, &refusal);
        check_word(refusal.code);
        check_word(refusal.message);
        break;
    default:
        check_rest(text, size - 1);
    }
    return 0;
}
