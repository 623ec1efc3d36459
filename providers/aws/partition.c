/* Partitions: see partition.h. */
#include "providers/aws/partition.h"

#include <string.h>

#include "base/text.h"

/* The first prefix that fits decides: "us-gov-" stands before what it begins with. */
static const struct rule {
    const char *prefix;
    struct aws_partition partition;
} rules[] = {
    {"us-gov-", {"aws-us-gov", "amazonaws.com", "USD"}},  {"us-isob-", {"aws-iso-b", "sc2s.sgov.gov", "USD"}},
    {"us-isof-", {"aws-iso-f", "csp.hci.ic.gov", "USD"}}, {"us-iso-", {"aws-iso", "c2s.ic.gov", "USD"}},
    {"eu-isoe-", {"aws-iso-e", "cloud.adc-e.uk", "USD"}}, {"eusc-", {"aws-eusc", "amazonaws.eu", "EUR"}},
    {"cn-", {"aws-cn", "amazonaws.com.cn", "CNY"}},       {"", {"aws", "amazonaws.com", "USD"}},
};

bool aws_region_check(const char *region, struct error *ret_error)
{
    size_t length = strlen(region), dashes = 0;
    bool good = length >= 6 && length < AWS_REGION_MAX && region[0] >= 'a' && region[0] <= 'z';
    for (size_t i = 0; good && i < length; i++) {
        char c = region[i];
        dashes += c == '-';
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && region[i - 1] != '-');
    }
    if (good && dashes >= 2 && region[length - 1] >= '0' && region[length - 1] <= '9')
        return true;
    return error_set(ret_error, ERROR_INVALID, "\"%.40s\" is no name of an AWS region, such as \"eu-central-1\"",
                     region);
}

const struct aws_partition *aws_partition_of(const char *region)
{
    size_t i = 0;
    while (!text_starts_with(region, rules[i].prefix))
        i++;
    return &rules[i].partition;
}

const char *aws_pricing_region(const char *region)
{
    const char *name = aws_partition_of(region)->name;
    if (strcmp(name, "aws-cn") == 0)
        return "cn-northwest-1";
    if (strcmp(name, "aws") != 0)
        return "";
    if (text_starts_with(region, "eu-"))
        return "eu-central-1";
    return text_starts_with(region, "ap-") ? "ap-south-1" : "us-east-1";
}
