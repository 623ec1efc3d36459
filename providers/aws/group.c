/* Auto Scaling groups: see group.h. */
#include "providers/aws/group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "providers/aws/call.h"
#include "providers/sdk/fail.h"

static const char call_name[] = "autoscaling:DescribeAutoScalingGroups";

/* Of one read. */
struct reading {
    const struct provider_account *account;
    const char *region;
    bool selecting;
    struct aws_groups *groups;
};

void aws_groups_release(struct aws_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++)
        free(groups->list[i].members);
    for (size_t i = 0; i < groups->page_count; i++)
        sdk_xml_free(groups->pages[i]);
    free(groups->list);
    free(groups->pages);
    *groups = (struct aws_groups){0};
}

static bool is_selected(const struct provider_account *account, const char *name)
{
    const struct aws_settings *settings = &account->settings;
    for (size_t i = 0; i < settings->groups.count; i++)
        if (text_glob(settings->groups.list[i], name))
            return true;
    return settings->groups.count == 0 && settings->group_tag[0];
}

static bool has_tag(const struct provider_account *account, const struct sdk_xml_node *node)
{
    const struct aws_settings *settings = &account->settings;
    if (!settings->group_tag[0])
        return true;
    for (const struct sdk_xml_node *tag = sdk_xml_find(node, "Tags/member"); tag; tag = sdk_xml_next(tag))
        if (strcmp(sdk_xml_text(tag, "Key", ""), settings->group_tag) == 0)
            return !settings->group_tag_value[0] ||
                   strcmp(sdk_xml_text(tag, "Value", ""), settings->group_tag_value) == 0;
    return false;
}

static bool is_suspended(const struct sdk_xml_node *node, const char *process)
{
    for (const struct sdk_xml_node *item = sdk_xml_find(node, "SuspendedProcesses/member"); item;
         item = sdk_xml_next(item))
        if (strcmp(sdk_xml_text(item, "ProcessName", ""), process) == 0)
            return true;
    return false;
}

/* "arn:aws:autoscaling:eu-central-1:1:autoScalingGroup:UUID:autoScalingGroupName/web": what stands before the name,
 * "" where the form is another. */
static const char *identity_of(const struct sdk_xml_node *node)
{
    static const char before[] = ":autoScalingGroup:";
    const char *arn = sdk_xml_text(node, "AutoScalingGroupARN", "");
    const char *found = strstr(arn, before);
    return found ? found + sizeof before - 1 : "";
}

static int compare_members(const void *a, const void *b)
{
    const struct aws_member *left = a, *right = b;
    return strcmp(left->id, right->id);
}

static bool read_members(const struct sdk_xml_node *node, struct aws_group *group, struct error *ret_error)
{
    size_t capacity = 0;
    for (const struct sdk_xml_node *item = sdk_xml_find(node, "Instances/member"); item; item = sdk_xml_next(item)) {
        struct aws_member member = {.lifecycle = sdk_xml_text(item, "LifecycleState", ""),
                                    .instance_type = sdk_xml_text(item, "InstanceType", ""),
                                    .zone = sdk_xml_text(item, "AvailabilityZone", ""),
                                    .health = sdk_xml_text(item, "HealthStatus", "")};
        if (!sdk_xml_require_text(item, "InstanceId", &member.id, ret_error) ||
            !sdk_xml_optional_flag(item, "ProtectedFromScaleIn", false, &member.protected_, ret_error))
            return false;
        group->members = memory_grow(group->members, group->member_count, &capacity, sizeof member);
        group->members[group->member_count++] = member;
    }
    if (group->member_count > 0)
        qsort(group->members, group->member_count, sizeof *group->members, compare_members);
    return true;
}

static bool read_group(const struct sdk_xml_node *node, const char *region, struct aws_group *group,
                       struct error *ret_error)
{
    *group = (struct aws_group){.region = region,
                                .identity = identity_of(node),
                                .status = sdk_xml_text(node, "Status", ""),
                                .node = node,
                                .launch_suspended = is_suspended(node, "Launch"),
                                .rebalance_suspended = is_suspended(node, "AZRebalance")};
    bool good =
        sdk_xml_require_text(node, "AutoScalingGroupName", &group->name, ret_error) &&
        sdk_xml_require_i64(node, "DesiredCapacity", &group->desired, ret_error) &&
        sdk_xml_require_i64(node, "MinSize", &group->min, ret_error) &&
        sdk_xml_require_i64(node, "MaxSize", &group->max, ret_error) &&
        sdk_xml_optional_flag(node, "NewInstancesProtectedFromScaleIn", false, &group->protects_new, ret_error) &&
        sdk_xml_optional_flag(node, "CapacityRebalance", false, &group->capacity_rebalance, ret_error);
    if (good && (group->desired < 0 || group->min < 0 || group->max < group->min))
        good = error_set(ret_error, ERROR_INVALID, "group %.100s: its sizes make no sense", group->name);
    return good && read_members(node, group, ret_error);
}

static enum provider_status take_page(void *context, struct sdk_xml **xml, struct provider_error *error)
{
    struct reading *reading = context;
    struct aws_groups *groups = reading->groups;
    const struct sdk_xml_node *node =
        sdk_xml_find(sdk_xml_root(*xml), "DescribeAutoScalingGroupsResult/AutoScalingGroups/member");
    groups->pages = memory_grow(groups->pages, groups->page_count, &groups->page_capacity, sizeof(struct sdk_xml *));
    groups->pages[groups->page_count++] = *xml;
    *xml = NULL;
    for (; node; node = sdk_xml_next(node)) {
        struct aws_group group;
        struct error reason;
        if (!read_group(node, reading->region, &group, &reason)) {
            free(group.members);
            return sdk_fail(error, PROVIDER_RETRY, call_name, "%s in %s: %s", call_name, reading->region, reason.text);
        }
        if (reading->selecting && !(is_selected(reading->account, group.name) && has_tag(reading->account, node))) {
            free(group.members);
            continue;
        }
        groups->list = memory_grow(groups->list, groups->count, &groups->capacity, sizeof group);
        groups->list[groups->count++] = group;
    }
    return PROVIDER_OK;
}

static int compare_groups(const void *a, const void *b)
{
    const struct aws_group *left = a, *right = b;
    return strcmp(left->name, right->name);
}

enum provider_status aws_groups_read(struct provider_account *account, const char *region, const char *name,
                                     struct aws_groups *groups, struct provider_error *error)
{
    const struct aws_settings *settings = &account->settings;
    if (!name && settings->groups.count == 0 && !settings->group_tag[0])
        return PROVIDER_OK;
    struct reading reading = {account, region, name == NULL, groups};
    size_t first = groups->count;
    struct aws_call call;
    aws_call_begin(&call, AWS_AUTO_SCALING, region, "DescribeAutoScalingGroups");
    aws_call_add(&call, "MaxRecords", "100");
    if (name)
        aws_call_add(&call, "AutoScalingGroupNames.member.1", name);
    else if (settings->group_tag[0]) {
        struct buffer filter = BUFFER_INIT;
        buffer_printf(&filter, "tag:%s", settings->group_tag);
        bool valued = settings->group_tag_value[0] != '\0';
        aws_call_add(&call, "Filters.member.1.Name", valued ? filter.data : "tag-key");
        aws_call_add(&call, "Filters.member.1.Values.member.1",
                     valued ? settings->group_tag_value : settings->group_tag);
        buffer_release(&filter);
    }
    enum provider_status status =
        aws_call_pages(account, &call, "DescribeAutoScalingGroupsResult/NextToken", take_page, &reading, error);
    aws_call_end(&call);
    if (groups->count > first)
        qsort(groups->list + first, groups->count - first, sizeof *groups->list, compare_groups);
    return status;
}

/* The account's own text for a region that a pool's id begins with; NULL when it is none of the account's. */
static const char *region_of_pool(const struct provider_account *account, const char *pool)
{
    size_t length = strcspn(pool, "/");
    for (size_t i = 0; pool[length] && i < account->settings.regions.count; i++) {
        const char *region = account->settings.regions.list[i];
        if (strlen(region) == length && memcmp(region, pool, length) == 0)
            return region;
    }
    return NULL;
}

enum provider_status aws_group_read(struct provider_account *account, const char *pool, struct aws_groups *groups,
                                    struct provider_error *error)
{
    const char *region = region_of_pool(account, pool);
    const char *name = region ? pool + strlen(region) + 1 : "";
    if (!name[0])
        return sdk_fail(error, PROVIDER_NOT_FOUND, "",
                        "pool %s: a region of this account and a group's name are "
                        "wanted, as in \"eu-central-1/web\"",
                        pool);
    enum provider_status status = aws_groups_read(account, region, name, groups, error);
    if (status != PROVIDER_OK)
        return status;
    size_t count = groups->count;
    if (count == 1 && strcmp(groups->list[0].name, name) == 0 && is_selected(account, name) &&
        has_tag(account, groups->list[0].node))
        return PROVIDER_OK;
    return sdk_fail(error, PROVIDER_NOT_FOUND, call_name, "pool %s: %s", pool,
                    count == 0 ? "there is no such Auto Scaling group" : "the settings do not select this group");
}

const struct aws_member *aws_group_member(const struct aws_group *group, const char *id)
{
    struct aws_member key = {.id = id};
    return group->member_count == 0 ? NULL
                                    : bsearch(&key, group->members, group->member_count, sizeof key, compare_members);
}

enum aws_life aws_member_life(const struct aws_member *member)
{
    static const struct {
        const char *start;
        enum aws_life life;
    } lives[] = {
        {"InService", AWS_LIFE_IN_SERVICE},    {"Pending", AWS_LIFE_PENDING},
        {"Terminating", AWS_LIFE_TERMINATING}, {"Terminated", AWS_LIFE_TERMINATING},
        {"EnteringStandby", AWS_LIFE_STANDBY}, {"Standby", AWS_LIFE_STANDBY},
        {"Detach", AWS_LIFE_DETACHING},        {"Warmed:", AWS_LIFE_WARM},
    };
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++)
        if (text_starts_with(member->lifecycle, lives[i].start))
            return lives[i].life;
    return AWS_LIFE_OTHER;
}

int64_t aws_group_counted(const struct aws_group *group)
{
    int64_t count = 0;
    for (size_t i = 0; i < group->member_count; i++) {
        enum aws_life life = aws_member_life(&group->members[i]);
        count += life != AWS_LIFE_TERMINATING && life != AWS_LIFE_STANDBY && life != AWS_LIFE_WARM &&
                 life != AWS_LIFE_DETACHING;
    }
    return count;
}
