/* What a group's new machines are: its launch template, launch configuration or mixed instances policy. See group.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/aws/call.h"
#include "providers/aws/group.h"
#include "providers/sdk/fail.h"

static void say_read_only(struct aws_make *make, const char *why)
{
    if (!make->why_read_only[0])
        snprintf(make->why_read_only, sizeof make->why_read_only, "%s", why);
}

static void set_type(struct aws_make *make, const char *type)
{
    snprintf(make->instance_type, sizeof make->instance_type, "%s", type);
}

/* How long an answer is remembered: EC2 wants one request a template, and lists of pools are asked for often. A version
 * with a number never changes; "$Latest" and "$Default" may mean another at any time. */
#define REMEMBERED_US (INT64_C(600) * 1000000)

enum { TEMPLATES_MAX = 4096 };

struct aws_template {
    char region[AWS_REGION_MAX], name[160], version[32];
    char instance_type[64];
    bool spot, by_requirements;
    int64_t read_at_us; /* ticks */
};

static void take_template(const struct aws_template *template, struct aws_make *make)
{
    set_type(make, template->instance_type);
    if (template->by_requirements)
        say_read_only(make, "its instance types are chosen by requirements");
    if (template->spot)
        make->market = PROVIDER_SPOT;
}

/* The remembered answer, however old; or room for a new one; NULL when there is none. */
static struct aws_template *find_template(struct provider_account *account, const struct aws_template *key)
{
    for (size_t i = 0; i < account->template_count; i++) {
        struct aws_template *template = &account->templates[i];
        if (strcmp(template->name, key->name) == 0 && strcmp(template->version, key->version) == 0 &&
            strcmp(template->region, key->region) == 0)
            return template;
    }
    if (account->template_count >= TEMPLATES_MAX)
        return NULL;
    account->templates = memory_grow(account->templates, account->template_count, &account->template_capacity,
                                     sizeof *account->templates);
    struct aws_template *added = &account->templates[account->template_count++];
    *added = *key;
    return added;
}

static enum provider_status ask_template(struct provider_account *account, bool by_id, struct aws_template *template,
                                         struct provider_error *error)
{
    struct aws_call call;
    aws_call_begin(&call, AWS_EC2, template->region, "DescribeLaunchTemplateVersions");
    aws_call_add(&call, by_id ? "LaunchTemplateId" : "LaunchTemplateName", template->name);
    aws_call_add(&call, "LaunchTemplateVersion.1", template->version);
    struct sdk_xml *xml = NULL;
    enum provider_status status = aws_call_xml(account, &call, &xml, error);
    if (status == PROVIDER_OK) {
        const struct sdk_xml_node *data =
            sdk_xml_find(sdk_xml_root(xml), "launchTemplateVersionSet/item/launchTemplateData");
        snprintf(template->instance_type, sizeof template->instance_type, "%s", sdk_xml_text(data, "instanceType", ""));
        template->by_requirements = sdk_xml_find(data, "instanceRequirements") != NULL;
        template->spot = strcmp(sdk_xml_text(data, "instanceMarketOptions/marketType", ""), "spot") == 0;
        template->read_at_us = account->services->ticks(account->services->context);
    }
    sdk_xml_free(xml);
    aws_call_end(&call);
    return status;
}

/* <LaunchTemplateSpecification> of a group. */
static enum provider_status read_template(struct provider_account *account, const struct aws_group *group, bool fresh,
                                          const struct sdk_xml_node *specification, struct aws_make *make,
                                          struct provider_error *error)
{
    const char *id = sdk_xml_text(specification, "LaunchTemplateId", "");
    const char *name = id[0] ? id : sdk_xml_text(specification, "LaunchTemplateName", "");
    const char *version = sdk_xml_text(specification, "Version", "");
    struct aws_template wanted = {.read_at_us = PROVIDER_UNSET};
    if (strlen(name) >= sizeof wanted.name || strlen(version) >= sizeof wanted.version)
        return sdk_fail(error, PROVIDER_RETRY, "", "group %s: its launch template has no sensible name", group->name);
    snprintf(wanted.region, sizeof wanted.region, "%s", group->region);
    snprintf(wanted.name, sizeof wanted.name, "%s", name);
    snprintf(wanted.version, sizeof wanted.version, "%s", version[0] ? version : "$Default");
    struct aws_template *remembered = find_template(account, &wanted);
    int64_t now_us = account->services->ticks(account->services->context);
    bool known = remembered && !fresh && remembered->read_at_us != PROVIDER_UNSET &&
                 (wanted.version[0] != '$' || now_us - remembered->read_at_us < REMEMBERED_US);
    struct aws_template *template = remembered ? remembered : &wanted;
    enum provider_status status = known ? PROVIDER_OK : ask_template(account, id[0] != '\0', template, error);
    if (status == PROVIDER_OK)
        take_template(template, make);
    return status;
}

static enum provider_status read_configuration(struct provider_account *account, const struct aws_group *group,
                                               const char *name, struct aws_make *make, struct provider_error *error)
{
    struct aws_call call;
    aws_call_begin(&call, AWS_AUTO_SCALING, group->region, "DescribeLaunchConfigurations");
    aws_call_add(&call, "LaunchConfigurationNames.member.1", name);
    struct sdk_xml *xml = NULL;
    enum provider_status status = aws_call_xml(account, &call, &xml, error);
    if (status == PROVIDER_OK) {
        const struct sdk_xml_node *configuration =
            sdk_xml_find(sdk_xml_root(xml), "DescribeLaunchConfigurationsResult/LaunchConfigurations/member");
        set_type(make, sdk_xml_text(configuration, "InstanceType", ""));
        if (sdk_xml_text(configuration, "SpotPrice", "")[0])
            make->market = PROVIDER_SPOT;
    }
    sdk_xml_free(xml);
    aws_call_end(&call);
    return status;
}

/* The types that the overrides list. */
static void read_overrides(const struct sdk_xml_node *policy, struct aws_make *make)
{
    const struct sdk_xml_node *item = sdk_xml_find(policy, "LaunchTemplate/Overrides/member");
    const char *first = NULL;
    for (; item; item = sdk_xml_next(item)) {
        const char *type = sdk_xml_text(item, "InstanceType", "");
        const char *weight = sdk_xml_text(item, "WeightedCapacity", "");
        if (sdk_xml_find(item, "InstanceRequirements"))
            say_read_only(make, "its instance types are chosen by requirements");
        if (weight[0] && strcmp(weight, "1") != 0)
            say_read_only(make, "its instance types have weights: its size does not count machines");
        if (first && strcmp(first, type) != 0)
            say_read_only(make, "it mixes instance types");
        if (!first && type[0])
            first = type;
    }
    if (make->why_read_only[0])
        set_type(make, "");
    else if (first)
        set_type(make, first);
}

static enum provider_status read_mixed(struct provider_account *account, const struct aws_group *group, bool fresh,
                                       const struct sdk_xml_node *policy, struct aws_make *make,
                                       struct provider_error *error)
{
    enum provider_status status = read_template(
        account, group, fresh, sdk_xml_find(policy, "LaunchTemplate/LaunchTemplateSpecification"), make, error);
    if (status != PROVIDER_OK)
        return status;
    read_overrides(policy, make);
    int64_t base = 0, percentage = 100;
    struct error reason;
    const struct sdk_xml_node *distribution = sdk_xml_find(policy, "InstancesDistribution");
    if (!sdk_xml_optional_i64(distribution, "OnDemandBaseCapacity", 0, &base, &reason) ||
        !sdk_xml_optional_i64(distribution, "OnDemandPercentageAboveBaseCapacity", 100, &percentage, &reason))
        return sdk_fail(error, PROVIDER_RETRY, "autoscaling:DescribeAutoScalingGroups", "group %s: %s", group->name,
                        reason.text);
    make->market = percentage < 100 ? PROVIDER_SPOT : PROVIDER_ON_DEMAND;
    if (percentage < 100 && (base > 0 || percentage > 0))
        say_read_only(make, "it mixes on-demand and spot instances");
    return PROVIDER_OK;
}

/* Where the template may not be read: the members' type if they all have one. */
static void take_from_members(const struct aws_group *group, struct aws_make *make)
{
    *make = (struct aws_make){.market = PROVIDER_ON_DEMAND};
    for (size_t i = 0; i < group->member_count; i++)
        if (strcmp(group->members[i].instance_type, group->members[0].instance_type) != 0)
            say_read_only(make, "it holds several instance types");
    if (group->member_count > 0 && !make->why_read_only[0])
        set_type(make, group->members[0].instance_type);
}

enum provider_status aws_group_make(struct provider_account *account, const struct aws_group *group, bool fresh,
                                    struct aws_make *ret_make, struct provider_error *error)
{
    struct aws_make make = {.market = PROVIDER_ON_DEMAND};
    const struct sdk_xml_node *policy = sdk_xml_find(group->node, "MixedInstancesPolicy");
    const struct sdk_xml_node *template = sdk_xml_find(group->node, "LaunchTemplate");
    const char *configuration = sdk_xml_text(group->node, "LaunchConfigurationName", "");
    enum provider_status status = PROVIDER_OK;
    if (policy)
        status = read_mixed(account, group, fresh, policy, &make, error);
    else if (template)
        status = read_template(account, group, fresh, template, &make, error);
    else if (configuration[0])
        status = read_configuration(account, group, configuration, &make, error);
    if (status == PROVIDER_AUTH || status == PROVIDER_NOT_FOUND || status == PROVIDER_INVALID) {
        sdk_log(account->services, PROVIDER_WARN, "group %s in %s: what it starts cannot be read: %s", group->name,
                group->region, error->text);
        *error = (struct provider_error){.retry_at_us = PROVIDER_UNSET};
        take_from_members(group, &make);
        if (policy)
            say_read_only(&make, "its mixed instances policy cannot be read");
        status = PROVIDER_OK;
    }
    if (status != PROVIDER_OK)
        return status;
    if (group->status[0])
        say_read_only(&make, "it is being deleted");
    make.only_suspended = group->launch_suspended && !make.why_read_only[0];
    if (group->launch_suspended)
        say_read_only(&make, "its process Launch is suspended");
    *ret_make = make;
    return PROVIDER_OK;
}
