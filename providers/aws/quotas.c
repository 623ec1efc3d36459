/* quotas(): how many virtual processors the account may run, by family and market, and how many it does. See
 * provider.h. EC2 counts every running and pending instance of the region, Drover's or not. */
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/memory.h"
#include "providers/aws/call.h"
#include "providers/aws/functions.h"
#include "providers/sdk/decimal.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/json.h"

/* Source: EC2's own documentation of its quotas. */
static const struct quota {
    const char *family;
    enum provider_market market;
    const char *code, *name;
} quotas[] = {
    {"standard", PROVIDER_ON_DEMAND, "L-1216C47A", "ec2/L-1216C47A on-demand A, C, D, H, I, M, R, T, Z"},
    {"standard", PROVIDER_SPOT, "L-34B43A08", "ec2/L-34B43A08 spot A, C, D, H, I, M, R, T, Z"},
    {"g", PROVIDER_ON_DEMAND, "L-DB2E81BA", "ec2/L-DB2E81BA on-demand G and VT"},
    {"g", PROVIDER_SPOT, "L-3819A6DF", "ec2/L-3819A6DF spot G and VT"},
    {"p", PROVIDER_ON_DEMAND, "L-417A185B", "ec2/L-417A185B on-demand P"},
    {"p", PROVIDER_SPOT, "L-7212CCBC", "ec2/L-7212CCBC spot P"},
};
enum { QUOTA_COUNT = sizeof quotas / sizeof *quotas };

const char *aws_quota_family(const char *instance_type)
{
    static const struct {
        const char *letters, *family;
    } families[] = {{"a", "standard"},  {"c", "standard"}, {"d", "standard"}, {"h", "standard"}, {"i", "standard"},
                    {"m", "standard"},  {"r", "standard"}, {"t", "standard"}, {"z", "standard"}, {"im", "standard"},
                    {"is", "standard"}, {"g", "g"},        {"gr", "g"},       {"vt", "g"},       {"p", "p"}};
    size_t length = strspn(instance_type, "abcdefghijklmnopqrstuvwxyz");
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strlen(families[i].letters) == length && strncmp(families[i].letters, instance_type, length) == 0)
            return families[i].family;
    return "";
}

const char *aws_quota_name(const char *family, enum provider_market market)
{
    for (size_t i = 0; i < QUOTA_COUNT; i++)
        if (strcmp(quotas[i].family, family) == 0 && quotas[i].market == market)
            return quotas[i].name;
    return "";
}

struct limit {
    int64_t value; /* PROVIDER_UNSET unknown */
    bool adjustable;
};

static enum provider_status ask(struct provider_account *account, const char *region, const char *action,
                                const char *code, struct limit *ret_limit, struct provider_error *error)
{
    struct aws_call call;
    aws_call_begin(&call, AWS_SERVICE_QUOTAS, region, action);
    struct json_writer writer = json_writer_init(&call.body, false);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "ServiceCode", "ec2");
    json_writer_field_text(&writer, "QuotaCode", code);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    struct sdk_json_at root = {0};
    struct error reason;
    int64_t micro = 0;
    enum provider_status status = aws_call_json(account, &call, &root, error);
    if (status == PROVIDER_OK) {
        if (sdk_json_micro(&root, "Quota/Value", &micro, &reason) &&
            (micro >= 0 || sdk_json_refuse(&root, "Quota/Value", &reason, "it is negative")) &&
            sdk_json_flag_or(&root, "Quota/Adjustable", false, &ret_limit->adjustable, &reason))
            ret_limit->value = micro / SDK_MICRO;
        else
            status = sdk_fail(error, PROVIDER_RETRY, call.name, "%s: %s", call.name, reason.text);
        sdk_json_close(&root);
    }
    aws_call_end(&call);
    return status;
}

/* A quota that was never changed may only have its default. */
static enum provider_status read_limit(struct provider_account *account, const char *region, const char *code,
                                       struct limit *ret_limit, struct provider_error *error)
{
    enum provider_status status = ask(account, region, "GetServiceQuota", code, ret_limit, error);
    if (status == PROVIDER_NOT_FOUND)
        status = ask(account, region, "GetAWSDefaultServiceQuota", code, ret_limit, error);
    if (status != PROVIDER_NOT_FOUND)
        return status;
    sdk_log(account->services, PROVIDER_WARN, "%s: quota %s is not known there", region, code);
    *error = (struct provider_error){.retry_at_us = PROVIDER_UNSET};
    return PROVIDER_OK;
}

/* How many virtual processors each type has. */
struct sizes {
    char names[AWS_NAMES_MAX][32];
    int64_t vcpus[AWS_NAMES_MAX];
    size_t count;
};

static enum provider_status take_sizes(void *context, struct sdk_xml **xml, struct provider_error *error)
{
    struct sizes *sizes = context;
    const struct sdk_xml_node *item = sdk_xml_find(sdk_xml_root(*xml), "instanceTypeSet/item");
    for (; item && sizes->count < AWS_NAMES_MAX; item = sdk_xml_next(item)) {
        struct error reason;
        int64_t vcpus = 0;
        bool good = sdk_xml_require_i64(item, "vCpuInfo/defaultVCpus", &vcpus, &reason);
        if (good && (vcpus < 0 || vcpus > 1000000))
            good = error_set(&reason, ERROR_INVALID, "defaultVCpus: %lld is no number of processors", (long long)vcpus);
        if (!good)
            return sdk_fail(error, PROVIDER_RETRY, "ec2:DescribeInstanceTypes", "ec2:DescribeInstanceTypes: %s",
                            reason.text);
        sdk_copy_text(sizes->names[sizes->count], sizeof sizes->names[0], sdk_xml_text(item, "instanceType", ""));
        sizes->vcpus[sizes->count++] = vcpus;
    }
    return PROVIDER_OK;
}

/* A filter, for one unknown name would fail a list of names; up to 200 values each. */
static enum provider_status read_sizes(struct provider_account *account, const char *region,
                                       const struct aws_types *types, struct sizes *sizes, struct provider_error *error)
{
    enum { VALUES_A_CALL = 200 };
    enum provider_status status = PROVIDER_OK;
    for (size_t at = 0; at < types->count && status == PROVIDER_OK; at += VALUES_A_CALL) {
        struct aws_call call;
        aws_call_begin(&call, AWS_EC2, region, "DescribeInstanceTypes");
        aws_call_add(&call, "Filter.1.Name", "instance-type");
        for (size_t i = at; i < types->count && i < at + VALUES_A_CALL; i++)
            aws_call_add_at(&call, "Filter.1.Value", i - at + 1, "", types->list[i]);
        status = aws_call_pages(account, &call, "nextToken", take_sizes, sizes, error);
        aws_call_end(&call);
    }
    return status;
}

static int64_t size_of(const struct sizes *sizes, const char *type)
{
    for (size_t i = 0; i < sizes->count; i++)
        if (strcmp(sizes->names[i], type) == 0)
            return sizes->vcpus[i];
    return PROVIDER_UNSET;
}

/* PROVIDER_UNSET as soon as one machine's size is not known: a sum without it would promise room that is not there. */
static void add_up(const struct aws_machines *machines, const struct sizes *sizes, int64_t ret_used[QUOTA_COUNT])
{
    memset(ret_used, 0, QUOTA_COUNT * sizeof *ret_used);
    for (size_t i = 0; i < machines->count; i++) {
        const struct aws_machine *machine = &machines->list[i];
        const char *family = aws_quota_family(machine->instance_type);
        enum provider_market market = machine->spot ? PROVIDER_SPOT : PROVIDER_ON_DEMAND;
        int64_t vcpus = size_of(sizes, machine->instance_type);
        for (size_t k = 0; k < QUOTA_COUNT; k++)
            if (strcmp(quotas[k].family, family) == 0 && quotas[k].market == market && ret_used[k] != PROVIDER_UNSET)
                ret_used[k] = vcpus == PROVIDER_UNSET ? PROVIDER_UNSET : ret_used[k] + vcpus;
    }
}

static enum provider_status read_usage(struct provider_account *account, const char *region,
                                       int64_t ret_used[QUOTA_COUNT], struct provider_error *error)
{
    struct aws_machines machines = {0};
    struct aws_types types = {0};
    struct sizes *sizes = memory_new(1, sizeof *sizes);
    enum provider_status status = aws_machines_read_running(account, region, &machines, error);
    for (size_t i = 0; i < machines.count && status == PROVIDER_OK; i++)
        aws_types_add(&types, machines.list[i].instance_type);
    aws_types_sort(&types);
    if (status == PROVIDER_OK)
        status = read_sizes(account, region, &types, sizes, error);
    if (status == PROVIDER_OK)
        add_up(&machines, sizes, ret_used);
    free(sizes);
    aws_types_release(&types);
    aws_machines_release(&machines);
    return status;
}

static enum provider_status quotas_of_region(struct provider_account *account, const char *region,
                                             struct provider_error *error)
{
    const struct provider_services *services = account->services;
    int64_t used[QUOTA_COUNT];
    enum provider_status status = read_usage(account, region, used, error);
    for (size_t i = 0; i < QUOTA_COUNT && status == PROVIDER_OK; i++) {
        struct limit limit = {.value = PROVIDER_UNSET};
        status = read_limit(account, region, quotas[i].code, &limit, error);
        struct provider_quota quota = {.region = region,
                                       .name = quotas[i].name,
                                       .unit = "vcpus",
                                       .limit = limit.value,
                                       .used = used[i],
                                       .adjustable = limit.adjustable};
        if (status == PROVIDER_OK && !services->emit_quota(services->context, &quota))
            status = aws_not_taken(error);
    }
    return status;
}

enum provider_status aws_quotas(struct provider_account *account, struct provider_error *error)
{
    enum provider_status status = PROVIDER_OK;
    for (size_t i = 0; i < account->settings.regions.count && status == PROVIDER_OK; i++)
        status = quotas_of_region(account, account->settings.regions.list[i], error);
    return status;
}
