/* interruptions(): what AWS says from outside about instances of the pools that are about to go. See provider.h.
 *
 * The two-minute spot notice and the rebalance recommendation are published inside the instance (its metadata) and as
 * EventBridge events; neither can be asked for from here. What can: spot requests that are marked for termination, the
 * reason of a machine that shuts down, scheduled events, and groups that replace an instance at a rebalance
 * recommendation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "providers/aws/call.h"
#include "providers/aws/functions.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/time.h"

/* Which instance belongs to which pool, sorted by instance. */
struct owner {
    const char *instance;
    const struct aws_group *group;
};

struct walk {
    struct provider_account *account;
    struct owner *owners;
    size_t count, capacity;
};

static int compare_owners(const void *a, const void *b)
{
    const struct owner *left = a, *right = b;
    return strcmp(left->instance, right->instance);
}

static const struct aws_group *find_group(const struct walk *walk, const char *instance)
{
    struct owner key = {.instance = instance};
    const struct owner *found =
        walk->count == 0 ? NULL : bsearch(&key, walk->owners, walk->count, sizeof key, compare_owners);
    return found ? found->group : NULL;
}

static enum provider_status emit(struct walk *walk, const char *instance, enum provider_interruption_kind kind,
                                 int64_t at_us, const char *text, struct provider_error *error)
{
    const struct provider_services *services = walk->account->services;
    const struct aws_group *group = find_group(walk, instance);
    if (!group)
        return PROVIDER_OK;
    char pool[PROVIDER_TEXT_MAX], shown[512];
    snprintf(pool, sizeof pool, "%s/%s", group->region, group->name);
    sdk_copy_text(shown, sizeof shown, text);
    struct provider_interruption interruption = {pool, instance, kind, at_us, shown};
    return services->emit_interruption(services->context, &interruption) ? PROVIDER_OK : aws_not_taken(error);
}

static int64_t moment_or_unset(const char *text)
{
    struct error ignored;
    int64_t at_us = 0;
    return sdk_time_read_iso(text, &at_us, &ignored) ? at_us : PROVIDER_UNSET;
}

/* Spot requests: EC2 marks them when it needs the machine back. */
static enum provider_status take_requests(void *context, struct sdk_xml **xml, struct provider_error *error)
{
    struct walk *walk = context;
    enum provider_status status = PROVIDER_OK;
    for (const struct sdk_xml_node *item = sdk_xml_find(sdk_xml_root(*xml), "spotInstanceRequestSet/item");
         item && status == PROVIDER_OK; item = sdk_xml_next(item)) {
        const char *code = sdk_xml_text(item, "status/code", "");
        if (!text_starts_with(code, "marked-for-"))
            continue;
        /* About two minutes are left from the moment it was marked. */
        int64_t marked_us = moment_or_unset(sdk_xml_text(item, "status/updateTime", ""));
        int64_t at_us = marked_us == PROVIDER_UNSET ? PROVIDER_UNSET : marked_us + INT64_C(120) * 1000000;
        status = emit(walk, sdk_xml_text(item, "instanceId", ""), PROVIDER_INTERRUPTION_TERMINATE, at_us, code, error);
    }
    return status;
}

static enum provider_status ask_requests(struct walk *walk, const char *region, struct provider_error *error)
{
    struct aws_call call;
    aws_call_begin(&call, AWS_EC2, region, "DescribeSpotInstanceRequests");
    aws_call_add(&call, "Filter.1.Name", "state");
    aws_call_add(&call, "Filter.1.Value.1", "active");
    enum provider_status status = aws_call_pages(walk->account, &call, "nextToken", take_requests, walk, error);
    aws_call_end(&call);
    return status;
}

/* Scheduled events. Those that are over keep their entry for a while and say so in the description. */
static enum provider_status take_events_of(struct walk *walk, const struct sdk_xml_node *item,
                                           struct provider_error *error)
{
    enum provider_status status = PROVIDER_OK;
    const char *instance = sdk_xml_text(item, "instanceId", "");
    for (const struct sdk_xml_node *event = sdk_xml_find(item, "eventsSet/item"); event && status == PROVIDER_OK;
         event = sdk_xml_next(event)) {
        const char *code = sdk_xml_text(event, "code", "");
        const char *description = sdk_xml_text(event, "description", "");
        if (text_starts_with(description, "[Completed]") || text_starts_with(description, "[Canceled]"))
            continue;
        bool goes = strcmp(code, "instance-retirement") == 0 || strcmp(code, "instance-stop") == 0;
        char text[512];
        snprintf(text, sizeof text, "%.80s: %.400s", code, description);
        status = emit(walk, instance, goes ? PROVIDER_INTERRUPTION_TERMINATE : PROVIDER_INTERRUPTION_MAINTENANCE,
                      moment_or_unset(sdk_xml_text(event, "notBefore", "")), text, error);
    }
    return status;
}

static enum provider_status take_statuses(void *context, struct sdk_xml **xml, struct provider_error *error)
{
    enum provider_status status = PROVIDER_OK;
    for (const struct sdk_xml_node *item = sdk_xml_find(sdk_xml_root(*xml), "instanceStatusSet/item");
         item && status == PROVIDER_OK; item = sdk_xml_next(item))
        status = take_events_of(context, item, error);
    return status;
}

static enum provider_status ask_events(struct walk *walk, const char *region, struct provider_error *error)
{
    static const char *const codes[] = {"instance-reboot", "system-reboot", "system-maintenance", "instance-retirement",
                                        "instance-stop"};
    struct aws_call call;
    aws_call_begin(&call, AWS_EC2, region, "DescribeInstanceStatus");
    aws_call_add(&call, "Filter.1.Name", "event.code");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        aws_call_add_at(&call, "Filter.1.Value", i + 1, "", codes[i]);
    aws_call_add(&call, "MaxResults", "1000");
    enum provider_status status = aws_call_pages(walk->account, &call, "nextToken", take_statuses, walk, error);
    aws_call_end(&call);
    return status;
}

static enum provider_status tell_shutting_down(struct walk *walk, const struct aws_machines *machines,
                                               struct provider_error *error)
{
    enum provider_status status = PROVIDER_OK;
    for (size_t i = 0; i < machines->count && status == PROVIDER_OK; i++) {
        const struct aws_machine *machine = &machines->list[i];
        /* ...Termination, and ...Shutdown where spot instances are stopped and not terminated */
        if (text_starts_with(machine->reason, "Server.SpotInstance") && machine->power != AWS_POWER_TERMINATED &&
            machine->power != AWS_POWER_STOPPED)
            status = emit(walk, machine->id, PROVIDER_INTERRUPTION_TERMINATE, PROVIDER_UNSET, machine->reason, error);
    }
    return status;
}

/* A group with CapacityRebalance tells in its activities that it launches "in response to" a recommendation; the
 * instance concerned is the one that it names. */
static enum provider_status ask_rebalances(struct walk *walk, const struct aws_group *group,
                                           struct provider_error *error)
{
    struct aws_call call;
    aws_call_begin(&call, AWS_AUTO_SCALING, group->region, "DescribeScalingActivities");
    aws_call_add(&call, "AutoScalingGroupName", group->name);
    aws_call_add(&call, "MaxRecords", "100");
    struct sdk_xml *xml = NULL;
    enum provider_status status = aws_call_xml(walk->account, &call, &xml, error);
    const struct sdk_xml_node *item =
        xml ? sdk_xml_find(sdk_xml_root(xml), "DescribeScalingActivitiesResult/Activities/member") : NULL;
    for (; item && status == PROVIDER_OK; item = sdk_xml_next(item)) {
        const char *cause = sdk_xml_text(item, "Cause", "");
        if (!strcasestr(cause, "rebalance recommendation") || sdk_xml_text(item, "EndTime", "")[0])
            continue;
        for (size_t i = 0; i < group->member_count && status == PROVIDER_OK; i++)
            if (strstr(cause, group->members[i].id))
                status = emit(walk, group->members[i].id, PROVIDER_INTERRUPTION_REBALANCE, PROVIDER_UNSET,
                              "rebalance recommendation", error);
    }
    sdk_xml_free(xml);
    aws_call_end(&call);
    return status;
}

static void add_owners(struct walk *walk, const struct aws_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++)
        for (size_t k = 0; k < groups->list[i].member_count; k++) {
            walk->owners = memory_grow(walk->owners, walk->count, &walk->capacity, sizeof *walk->owners);
            walk->owners[walk->count++] = (struct owner){groups->list[i].members[k].id, &groups->list[i]};
        }
    if (walk->count > 0)
        qsort(walk->owners, walk->count, sizeof *walk->owners, compare_owners);
}

static enum provider_status read_machines(struct walk *walk, const char *region, struct aws_machines *machines,
                                          struct provider_error *error)
{
    const char **ids = memory_new(walk->count, sizeof *ids);
    for (size_t i = 0; i < walk->count; i++)
        ids[i] = walk->owners[i].instance;
    enum provider_status status = aws_machines_read(walk->account, region, ids, walk->count, machines, error);
    free(ids);
    return status;
}

static enum provider_status interruptions_of_region(struct provider_account *account, const char *region,
                                                    struct provider_error *error)
{
    struct walk walk = {.account = account};
    struct aws_groups groups = {0};
    struct aws_machines machines = {0};
    enum provider_status status = aws_groups_read(account, region, NULL, &groups, error);
    add_owners(&walk, &groups);
    bool any = status == PROVIDER_OK && walk.count > 0;
    if (any)
        status = ask_requests(&walk, region, error);
    if (any && status == PROVIDER_OK)
        status = read_machines(&walk, region, &machines, error);
    if (any && status == PROVIDER_OK)
        status = tell_shutting_down(&walk, &machines, error);
    if (any && status == PROVIDER_OK)
        status = ask_events(&walk, region, error);
    for (size_t i = 0; i < groups.count && any && status == PROVIDER_OK; i++)
        if (groups.list[i].capacity_rebalance && groups.list[i].member_count > 0)
            status = ask_rebalances(&walk, &groups.list[i], error);
    aws_machines_release(&machines);
    aws_groups_release(&groups);
    free(walk.owners);
    return status;
}

enum provider_status aws_interruptions(struct provider_account *account, struct provider_error *error)
{
    enum provider_status status = PROVIDER_OK;
    for (size_t i = 0; i < account->settings.regions.count && status == PROVIDER_OK; i++)
        status = interruptions_of_region(account, account->settings.regions.list[i], error);
    return status;
}
