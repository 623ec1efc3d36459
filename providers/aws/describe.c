/* describe(): the account's regions with their zones, and the instance types that EC2 has there. See provider.h. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/aws/call.h"
#include "providers/aws/functions.h"
#include "providers/sdk/decimal.h"
#include "providers/sdk/fail.h"

enum { GPUS_MAX = 10000 }; /* of one entry; more is no count */

struct walk {
    struct provider_account *account;
    const char *region;
};

struct zone {
    const char *name, *id;
};

static int compare_zones(const void *a, const void *b)
{
    const struct zone *left = a, *right = b;
    return strcmp(left->name, right->name);
}

/* Zones that the account may use, sorted by name. The caller frees. */
static struct zone *read_zones(const struct sdk_xml *xml, size_t *ret_count)
{
    struct zone *zones = NULL;
    size_t count = 0, capacity = 0;
    for (const struct sdk_xml_node *item = sdk_xml_find(sdk_xml_root(xml), "availabilityZoneInfo/item"); item;
         item = sdk_xml_next(item)) {
        struct zone zone = {sdk_xml_text(item, "zoneName", ""), sdk_xml_text(item, "zoneId", "")};
        if (!zone.name[0] || strcmp(sdk_xml_text(item, "optInStatus", ""), "not-opted-in") == 0)
            continue;
        zones = memory_grow(zones, count, &capacity, sizeof zone);
        zones[count++] = zone;
    }
    if (count > 0)
        qsort(zones, count, sizeof *zones, compare_zones);
    *ret_count = count;
    return zones;
}

static enum provider_status emit_region(struct provider_account *account, const char *region, const struct sdk_xml *xml,
                                        struct provider_error *error)
{
    size_t count = 0;
    struct zone *zones = read_zones(xml, &count);
    const char **names = memory_new(count, sizeof *names), **ids = memory_new(count, sizeof *ids);
    for (size_t i = 0; i < count; i++) {
        names[i] = zones[i].name;
        ids[i] = zones[i].id;
    }
    struct provider_region record = {.id = region, .name = "", .zones = names, .zone_ids = ids, .zone_count = count};
    bool taken = account->services->emit_region(account->services->context, &record);
    free(names);
    free(ids);
    free(zones);
    return taken ? PROVIDER_OK : aws_not_taken(error);
}

static enum provider_status describe_zones(struct provider_account *account, const char *region,
                                           struct provider_error *error)
{
    struct aws_call call;
    aws_call_begin(&call, AWS_EC2, region, "DescribeAvailabilityZones");
    aws_call_add(&call, "Filter.1.Name", "zone-type");
    aws_call_add(&call, "Filter.1.Value.1", "availability-zone");
    struct sdk_xml *xml = NULL;
    enum provider_status status = aws_call_xml(account, &call, &xml, error);
    if (status == PROVIDER_OK)
        status = emit_region(account, region, xml, error);
    sdk_xml_free(xml);
    aws_call_end(&call);
    return status;
}

static bool lists(const struct sdk_xml_node *node, const char *path, const char *word)
{
    for (const struct sdk_xml_node *item = sdk_xml_find(node, path); item; item = sdk_xml_next(item))
        if (strcmp(item->text, word) == 0)
            return true;
    return false;
}

/* Both may be listed, 32-bit too; what Nomad would run natively is what counts. */
static const char *architecture_of(const struct sdk_xml_node *item)
{
    static const char path[] = "processorInfo/supportedArchitectures/item";
    static const char *const known[] = {"x86_64", "arm64", "x86_64_mac", "arm64_mac", "i386"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (lists(item, path, known[i]))
            return known[i];
    return "";
}

/* "nvidia/t4": maker and model of the first kind; *ret_count sums over all of that model. */
static void read_gpus(const struct sdk_xml_node *item, char *ret_name, size_t size, int64_t *ret_count)
{
    const struct sdk_xml_node *gpu = sdk_xml_find(item, "gpuInfo/gpus/item");
    const char *maker = sdk_xml_text(gpu, "manufacturer", ""), *model = sdk_xml_text(gpu, "name", "");
    struct error ignored;
    int64_t sum = 0;
    *ret_count = 0;
    ret_name[0] = '\0';
    for (const struct sdk_xml_node *next = gpu; next; next = sdk_xml_next(next)) {
        int64_t count = 0;
        if (strcmp(sdk_xml_text(next, "name", ""), model) != 0)
            continue;
        if (!sdk_xml_optional_i64(next, "count", 0, &count, &ignored) || count < 0 || count > GPUS_MAX)
            return;
        sum += count;
    }
    if (sum == 0)
        return;
    struct buffer name = BUFFER_INIT;
    buffer_printf(&name, "%s%s%s", maker, maker[0] ? "/" : "", model);
    for (char *c = name.data; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
        else if (*c == ' ')
            *c = '-';
    sdk_copy_text(ret_name, size, name.data);
    buffer_release(&name);
    *ret_count = sum;
}

static int64_t number_or_unset(const struct sdk_xml_node *item, const char *path)
{
    struct error ignored;
    int64_t number = PROVIDER_UNSET;
    if (!sdk_xml_optional_i64(item, path, PROVIDER_UNSET, &number, &ignored) || number < 0)
        return PROVIDER_UNSET;
    return number;
}

/* Gigahertz of a core times the virtual processors, as Nomad adds them up. */
static int64_t read_mhz(const struct sdk_xml_node *item, int64_t vcpus)
{
    const char *text = sdk_xml_text(item, "processorInfo/sustainedClockSpeedInGhz", "");
    struct error ignored;
    int64_t micro_ghz = 0, mhz = 0;
    if (vcpus == PROVIDER_UNSET || !sdk_decimal_read(text, strlen(text), &micro_ghz, &ignored) || micro_ghz <= 0 ||
        __builtin_mul_overflow(micro_ghz / 1000, vcpus, &mhz))
        return PROVIDER_UNSET;
    return mhz;
}

/* EC2 counts disks in 10^9 bytes. */
static int64_t read_disk(const struct sdk_xml_node *item)
{
    int64_t gigabytes = number_or_unset(item, "instanceStorageInfo/totalSizeInGB"), mib = 0;
    if (gigabytes == PROVIDER_UNSET || !sdk_decimal_scale(gigabytes, 1000000000, 1048576, &mib))
        return PROVIDER_UNSET;
    return mib;
}

static enum provider_status emit_type(const struct walk *walk, const struct sdk_xml_node *item,
                                      struct provider_error *error)
{
    const struct provider_services *services = walk->account->services;
    char gpu[64];
    int64_t gpus = 0, vcpus = number_or_unset(item, "vCpuInfo/defaultVCpus");
    read_gpus(item, gpu, sizeof gpu, &gpus);
    const char *name = sdk_xml_text(item, "instanceType", "");
    struct provider_instance_type type = {.region = walk->region,
                                          .name = name,
                                          .architecture = architecture_of(item),
                                          .vcpus = vcpus,
                                          .processor_mhz = read_mhz(item, vcpus),
                                          .memory_mib = number_or_unset(item, "memoryInfo/sizeInMiB"),
                                          .disk_mib = read_disk(item),
                                          .gpu = gpu,
                                          .gpus = gpus,
                                          .on_demand = lists(item, "supportedUsageClasses/item", "on-demand"),
                                          .spot = lists(item, "supportedUsageClasses/item", "spot"),
                                          .current = strcmp(sdk_xml_text(item, "currentGeneration", ""), "true") == 0,
                                          .restriction = "",
                                          .quota = aws_quota_name(aws_quota_family(name), PROVIDER_ON_DEMAND)};
    if (!name[0])
        return sdk_fail(error, PROVIDER_RETRY, "ec2:DescribeInstanceTypes", "an instance type without a name");
    return services->emit_instance_type(services->context, &type) ? PROVIDER_OK : aws_not_taken(error);
}

static enum provider_status take_types(void *context, struct sdk_xml **xml, struct provider_error *error)
{
    enum provider_status status = PROVIDER_OK;
    for (const struct sdk_xml_node *item = sdk_xml_find(sdk_xml_root(*xml), "instanceTypeSet/item");
         item && status == PROVIDER_OK; item = sdk_xml_next(item))
        status = emit_type(context, item, error);
    return status;
}

static enum provider_status describe_types(struct provider_account *account, const char *region,
                                           struct provider_error *error)
{
    struct walk walk = {account, region};
    struct aws_call call;
    aws_call_begin(&call, AWS_EC2, region, "DescribeInstanceTypes");
    aws_call_add(&call, "MaxResults", "100");
    enum provider_status status = aws_call_pages(account, &call, "nextToken", take_types, &walk, error);
    aws_call_end(&call);
    return status;
}

enum provider_status aws_describe(struct provider_account *account, struct provider_error *error)
{
    enum provider_status status = PROVIDER_OK;
    for (size_t i = 0; i < account->settings.regions.count && status == PROVIDER_OK; i++) {
        const char *region = account->settings.regions.list[i];
        status = describe_zones(account, region, error);
        if (status == PROVIDER_OK)
            status = describe_types(account, region, error);
    }
    return status;
}
