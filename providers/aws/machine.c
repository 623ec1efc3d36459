/* Instances: see machine.h. */
#include "providers/aws/machine.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/aws/call.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/time.h"

/* EC2 takes up to 200 values a filter. A filter leaves out what it does not know; ids would fail as a whole. */
enum { IDS_A_CALL = 200 };

void aws_machines_release(struct aws_machines *machines)
{
    for (size_t i = 0; i < machines->page_count; i++)
        sdk_xml_free(machines->pages[i]);
    free(machines->pages);
    free(machines->list);
    *machines = (struct aws_machines){0};
}

static int compare_machines(const void *a, const void *b)
{
    const struct aws_machine *left = a, *right = b;
    return strcmp(left->id, right->id);
}

static bool read_machine(const struct sdk_xml_node *item, struct aws_machine *ret_machine, struct error *ret_error)
{
    struct aws_machine machine = {.instance_type = sdk_xml_text(item, "instanceType", ""),
                                  .zone = sdk_xml_text(item, "placement/availabilityZone", ""),
                                  .power_text = sdk_xml_text(item, "instanceState/name", ""),
                                  .spot = strcmp(sdk_xml_text(item, "instanceLifecycle", ""), "spot") == 0,
                                  .reason = sdk_xml_text(item, "stateReason/code", ""),
                                  .private_dns = sdk_xml_text(item, "privateDnsName", ""),
                                  .launched_at_us = PROVIDER_UNSET};
    if (!sdk_xml_require_text(item, "instanceId", &machine.id, ret_error) ||
        !sdk_xml_require_i64(item, "instanceState/code", &machine.power, ret_error))
        return false;
    machine.power &= 0xff;
    struct error ignored;
    if (!sdk_time_read_iso(sdk_xml_text(item, "launchTime", ""), &machine.launched_at_us, &ignored))
        machine.launched_at_us = PROVIDER_UNSET;
    *ret_machine = machine;
    return true;
}

static enum provider_status take_page(void *context, struct sdk_xml **xml, struct provider_error *error)
{
    struct aws_machines *machines = context;
    const struct sdk_xml_node *reservation = sdk_xml_find(sdk_xml_root(*xml), "reservationSet/item");
    machines->pages =
        memory_grow(machines->pages, machines->page_count, &machines->page_capacity, sizeof(struct sdk_xml *));
    machines->pages[machines->page_count++] = *xml;
    *xml = NULL;
    for (; reservation; reservation = sdk_xml_next(reservation))
        for (const struct sdk_xml_node *item = sdk_xml_find(reservation, "instancesSet/item"); item;
             item = sdk_xml_next(item)) {
            struct aws_machine machine;
            struct error reason;
            if (!read_machine(item, &machine, &reason))
                return sdk_fail(error, PROVIDER_RETRY, "ec2:DescribeInstances", "ec2:DescribeInstances: %s",
                                reason.text);
            machines->list = memory_grow(machines->list, machines->count, &machines->capacity, sizeof *machines->list);
            machines->list[machines->count++] = machine;
        }
    return PROVIDER_OK;
}

static enum provider_status read_filtered(struct provider_account *account, const char *region, const char *filter,
                                          const char *const *values, size_t count, struct aws_machines *machines,
                                          struct provider_error *error)
{
    struct aws_call call;
    aws_call_begin(&call, AWS_EC2, region, "DescribeInstances");
    aws_call_add(&call, "Filter.1.Name", filter);
    for (size_t i = 0; i < count; i++)
        aws_call_add_at(&call, "Filter.1.Value", i + 1, "", values[i]);
    aws_call_add(&call, "MaxResults", "1000");
    enum provider_status status = aws_call_pages(account, &call, "nextToken", take_page, machines, error);
    aws_call_end(&call);
    return status;
}

static void sort(struct aws_machines *machines)
{
    if (machines->count > 0)
        qsort(machines->list, machines->count, sizeof *machines->list, compare_machines);
}

enum provider_status aws_machines_read(struct provider_account *account, const char *region, const char *const *ids,
                                       size_t count, struct aws_machines *machines, struct provider_error *error)
{
    enum provider_status status = PROVIDER_OK;
    for (size_t at = 0; at < count && status == PROVIDER_OK; at += IDS_A_CALL) {
        size_t some = count - at < IDS_A_CALL ? count - at : IDS_A_CALL;
        status = read_filtered(account, region, "instance-id", ids + at, some, machines, error);
    }
    sort(machines);
    return status;
}

enum provider_status aws_machines_read_running(struct provider_account *account, const char *region,
                                               struct aws_machines *machines, struct provider_error *error)
{
    static const char *const states[] = {"pending", "running"};
    enum provider_status status = read_filtered(account, region, "instance-state-name", states, 2, machines, error);
    sort(machines);
    return status;
}

const struct aws_machine *aws_machine_find(const struct aws_machines *machines, const char *id)
{
    struct aws_machine key = {.id = id};
    return machines->count == 0 ? NULL : bsearch(&key, machines->list, machines->count, sizeof key, compare_machines);
}

bool aws_machine_is_gone(const struct aws_machine *machine)
{
    return machine->power == AWS_POWER_SHUTTING_DOWN || machine->power == AWS_POWER_TERMINATED;
}
