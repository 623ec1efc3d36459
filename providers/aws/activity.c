/* Scaling activities: see activity.h. */
#include "providers/aws/activity.h"

#include <stdio.h>
#include <string.h>

#include "providers/aws/answer.h"
#include "providers/aws/call.h"
#include "providers/aws/functions.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/json.h"
#include "providers/sdk/pages.h"

enum { PAGES_MAX = 5 }; /* 100 activities each; what is older does not matter */

/* One page, newest first. The caller frees *ret_xml. */
static enum provider_status read_page(struct provider_account *account, const struct aws_group *group, const char *most,
                                      const char *token, struct sdk_xml **ret_xml, struct provider_error *error)
{
    struct aws_call call;
    aws_call_begin(&call, AWS_AUTO_SCALING, group->region, "DescribeScalingActivities");
    aws_call_add(&call, "AutoScalingGroupName", group->name);
    aws_call_add(&call, "MaxRecords", most);
    if (token && token[0])
        aws_call_add(&call, "NextToken", token);
    enum provider_status status = aws_call_xml(account, &call, ret_xml, error);
    aws_call_end(&call);
    return status;
}

static const struct sdk_xml_node *first_of(const struct sdk_xml *xml)
{
    return sdk_xml_find(sdk_xml_root(xml), "DescribeScalingActivitiesResult/Activities/member");
}

enum provider_status aws_activity_newest(struct provider_account *account, const struct aws_group *group,
                                         char ret_id[static AWS_ACTIVITY_MAX], struct provider_error *error)
{
    struct sdk_xml *xml = NULL;
    enum provider_status status = read_page(account, group, "1", NULL, &xml, error);
    if (status != PROVIDER_OK)
        return status;
    const char *id = sdk_xml_text(first_of(xml), "ActivityId", "");
    bool fits = strlen(id) < AWS_ACTIVITY_MAX;
    if (fits)
        snprintf(ret_id, AWS_ACTIVITY_MAX, "%s", id);
    sdk_xml_free(xml);
    return fits ? PROVIDER_OK
                : sdk_fail(error, PROVIDER_RETRY, "autoscaling:DescribeScalingActivities",
                           "an activity's id is too "
                           "long to be one");
}

/* Cancelled is a launch that a lifecycle hook gave up. */
static bool is_failed_launch(const struct sdk_xml_node *activity)
{
    const char *code = sdk_xml_text(activity, "StatusCode", "");
    return (strcmp(code, "Failed") == 0 || strcmp(code, "Cancelled") == 0) &&
           strncmp(sdk_xml_text(activity, "Description", "Launching"), "Launching", 9) == 0;
}

/* Details is JSON text: {"Subnet ID":"...","Availability Zone":"eu-central-1a"}. */
static void read_zone(const struct sdk_xml_node *activity, char *ret_zone, size_t size)
{
    const char *details = sdk_xml_text(activity, "Details", "");
    struct sdk_json_at root = {0};
    struct error ignored;
    const char *zone = "";
    if (!sdk_json_open(details, strlen(details), 16384, &root, &ignored))
        return;
    struct sdk_json_at member = sdk_json_member(&root, "Availability Zone");
    if (json_is_string(member.value))
        zone = json_string_value(member.value);
    sdk_copy_text(ret_zone, size, zone);
    sdk_json_close(&root);
}

static enum provider_status tell_failure(const struct aws_group *group, const struct aws_make *make,
                                         const struct sdk_xml_node *activity, struct provider_error *error)
{
    const char *message = sdk_xml_text(activity, "StatusMessage", "");
    enum aws_trouble trouble = aws_trouble_of_activity(message);
    /* Words that are not known here: some other pool is tried and this one again later. */
    enum provider_status status =
        trouble == AWS_TROUBLE_OTHER ? PROVIDER_NO_CAPACITY : aws_trouble_status(trouble, false);
    sdk_fail(error, status, "autoscaling:DescribeScalingActivities", "group %s in %s: %slaunch failed: %.600s",
             group->name, group->region, trouble == AWS_TROUBLE_OTHER ? "for a reason not known here, a " : "a ",
             message);
    if (status == PROVIDER_NO_CAPACITY) {
        sdk_copy_text(error->instance_type, sizeof error->instance_type, make->instance_type);
        read_zone(activity, error->zone, sizeof error->zone);
        snprintf(error->market, sizeof error->market, "%s", make->market == PROVIDER_SPOT ? "spot" : "on-demand");
    }
    if (status == PROVIDER_QUOTA)
        snprintf(error->quota, sizeof error->quota, "%s",
                 aws_quota_name(aws_quota_family(make->instance_type), make->market));
    return status;
}

/* Looks through one page. *ret_end: `after` was met, what follows is older. */
static enum provider_status search_page(const struct aws_group *group, const struct aws_make *make,
                                        const struct sdk_xml *xml, const char *after, bool *ret_end, bool *ret_failed,
                                        struct provider_error *error)
{
    for (const struct sdk_xml_node *activity = first_of(xml); activity; activity = sdk_xml_next(activity)) {
        if (after[0] && strcmp(sdk_xml_text(activity, "ActivityId", ""), after) == 0) {
            *ret_end = true;
            return PROVIDER_OK;
        }
        if (is_failed_launch(activity)) {
            *ret_failed = true;
            return tell_failure(group, make, activity, error);
        }
    }
    return PROVIDER_OK;
}

enum provider_status aws_activity_failure(struct provider_account *account, const struct aws_group *group,
                                          const struct aws_make *make, const char *after, bool *ret_failed,
                                          struct provider_error *error)
{
    struct sdk_pages pages;
    sdk_pages_init(&pages, 0);
    enum provider_status status = PROVIDER_OK;
    bool end = false, more = true;
    *ret_failed = false;
    for (size_t page = 0; page < PAGES_MAX && more && !end && status == PROVIDER_OK; page++) {
        struct sdk_xml *xml = NULL;
        struct error reason;
        status = read_page(account, group, "100", pages.token, &xml, error);
        if (status == PROVIDER_OK)
            status = search_page(group, make, xml, after, &end, ret_failed, error);
        const char *token =
            sdk_xml_text(xml ? sdk_xml_root(xml) : NULL, "DescribeScalingActivitiesResult/NextToken", "");
        if (status == PROVIDER_OK && !sdk_pages_next(&pages, token, &more, &reason))
            status = sdk_fail(error, PROVIDER_RETRY, "autoscaling:DescribeScalingActivities", "%s", reason.text);
        sdk_xml_free(xml);
    }
    sdk_pages_release(&pages);
    return status;
}
