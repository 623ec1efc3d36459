/* check(): the credentials, then every permission alone. Nothing is changed. See provider.h. */
#include <string.h>

#include "base/json_writer.h"
#include "providers/aws/answer.h"
#include "providers/aws/call.h"
#include "providers/aws/functions.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/time.h"

/* One permission and the smallest request that needs it. */
struct attempt {
    enum aws_service service;
    const char *action;
    const char *parameters[8]; /* name, value, ..., NULL; of JSON services keys and texts */
    bool in_all_regions;
};

static const struct attempt attempts[] = {
    {AWS_AUTO_SCALING, "DescribeAutoScalingGroups", {"MaxRecords", "1"}, true},
    {AWS_AUTO_SCALING, "DescribeScalingActivities", {"MaxRecords", "1"}, true},
    {AWS_AUTO_SCALING, "DescribeLaunchConfigurations", {"MaxRecords", "1"}, true},
    {AWS_EC2, "DescribeInstances", {"DryRun", "true"}, true},
    {AWS_EC2, "DescribeInstanceTypes", {"DryRun", "true"}, true},
    {AWS_EC2, "DescribeAvailabilityZones", {"DryRun", "true"}, true},
    {AWS_EC2, "DescribeLaunchTemplateVersions", {"DryRun", "true", "LaunchTemplateVersion.1", "$Default"}, true},
    {AWS_EC2, "DescribeSpotPriceHistory", {"DryRun", "true"}, true},
    {AWS_EC2, "DescribeSpotInstanceRequests", {"DryRun", "true"}, true},
    {AWS_EC2, "DescribeInstanceStatus", {"DryRun", "true"}, true},
    {AWS_SERVICE_QUOTAS, "GetServiceQuota", {"ServiceCode", "ec2", "QuotaCode", "L-1216C47A"}, true},
    {AWS_SERVICE_QUOTAS, "GetAWSDefaultServiceQuota", {"ServiceCode", "ec2", "QuotaCode", "L-1216C47A"}, true},
    {AWS_PRICING, "GetProducts", {"ServiceCode", "AmazonEC2", "FormatVersion", "aws_v1"}, false},
};

static const char *const writes[] = {"autoscaling:SetDesiredCapacity",
                                     "autoscaling:TerminateInstanceInAutoScalingGroup"};

static void fill(const struct attempt *attempt, struct aws_call *call)
{
    bool json = aws_service_version(attempt->service)[0] == '\0';
    struct json_writer writer = {0};
    if (json) {
        writer = json_writer_init(&call->body, false);
        json_writer_begin_object(&writer);
    }
    for (size_t i = 0; attempt->parameters[i]; i += 2)
        if (json)
            json_writer_field_text(&writer, attempt->parameters[i], attempt->parameters[i + 1]);
        else
            aws_call_add(call, attempt->parameters[i], attempt->parameters[i + 1]);
    if (json) {
        json_writer_end_object(&writer);
        json_writer_done(&writer);
    }
}

static enum provider_status send(struct provider_account *account, const struct aws_call *call,
                                 struct provider_error *error)
{
    enum provider_status status;
    if (aws_service_version(call->service)[0]) {
        struct sdk_xml *xml = NULL;
        status = aws_call_xml(account, call, &xml, error);
        sdk_xml_free(xml);
    } else {
        struct sdk_json_at root = {0};
        status = aws_call_json(account, call, &root, error);
        if (status == PROVIDER_OK)
            sdk_json_close(&root);
    }
    return status;
}

/* Only a refusal says that the permission is missing, and then the error says what to grant; a request that was
 * understood and turned down for another reason was allowed; one that nobody judged is not said to be either. */
static bool try_once(struct provider_account *account, const struct attempt *attempt, const char *region,
                     char *ret_trouble, size_t size)
{
    struct aws_call call;
    struct provider_error error = {.retry_at_us = PROVIDER_UNSET};
    aws_call_begin(&call, attempt->service, region, attempt->action);
    fill(attempt, &call);
    enum provider_status status = send(account, &call, &error);
    bool understood =
        status == PROVIDER_OK || status == PROVIDER_NOT_FOUND || (status == PROVIDER_INVALID && error.code[0]);
    if (!understood) {
        struct buffer text = BUFFER_INIT;
        buffer_printf(&text, "%s%s", error.text, status == PROVIDER_AUTH ? "" : "; not tried, check again");
        sdk_copy_text(ret_trouble, size, text.data);
        buffer_release(&text);
    }
    aws_call_end(&call);
    return understood;
}

static bool emit(struct provider_account *account, const char *name, bool allowed, bool is_write, const char *trouble)
{
    struct provider_permission permission = {name, allowed, is_write, trouble};
    return account->services->emit_permission(account->services->context, &permission);
}

static enum provider_status try_everywhere(struct provider_account *account, const struct attempt *attempt,
                                           struct provider_error *error)
{
    const struct aws_names *regions = &account->settings.regions;
    char trouble[PROVIDER_TEXT_MAX] = "", name[128];
    bool allowed = true;
    if (attempt->in_all_regions) {
        for (size_t i = 0; i < regions->count && allowed; i++)
            allowed = try_once(account, attempt, regions->list[i], trouble, sizeof trouble);
    } else {
        const char *region = aws_pricing_region(regions->list[0]);
        if (!region[0])
            return PROVIDER_OK;
        allowed = try_once(account, attempt, region, trouble, sizeof trouble);
    }
    struct buffer full = BUFFER_INIT;
    buffer_printf(&full, "%s:%s", aws_service_sign_name(attempt->service), attempt->action);
    sdk_copy_text(name, sizeof name, full.data);
    buffer_release(&full);
    return emit(account, name, allowed, false, trouble) ? PROVIDER_OK : aws_not_taken(error);
}

/* Needs no permission, so its refusal is a refusal of the credentials. */
static enum provider_status identify(struct provider_account *account, struct provider_error *error)
{
    struct aws_call call;
    aws_call_begin(&call, AWS_STS, account->settings.regions.list[0], "GetCallerIdentity");
    struct sdk_xml *xml = NULL;
    enum provider_status status = aws_call_xml(account, &call, &xml, error);
    if (status == PROVIDER_OK)
        sdk_log(account->services, PROVIDER_INFO, "%s: credentials from %s: %s", account->name, account->keys.source,
                sdk_xml_text(sdk_xml_root(xml), "GetCallerIdentityResult/Arn", ""));
    sdk_xml_free(xml);
    aws_call_end(&call);
    if (status == PROVIDER_OK && !emit(account, "sts:GetCallerIdentity", true, false, ""))
        status = aws_not_taken(error);
    return status;
}

enum provider_status aws_check(struct provider_account *account, struct provider_error *error)
{
    enum provider_status status = identify(account, error);
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts && status == PROVIDER_OK; i++)
        status = try_everywhere(account, &attempts[i], error);
    for (size_t i = 0; i < sizeof writes / sizeof *writes && status == PROVIDER_OK; i++)
        if (!emit(account, writes[i], true, true, "cannot be tried without doing it"))
            status = aws_not_taken(error);
    return status;
}
