/* pools(): Auto Scaling groups with their instances, Auto Scaling's and EC2's view of them joined. See provider.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/aws/functions.h"
#include "providers/sdk/fail.h"

enum { IDENTITIES_MAX = 2 };

/* One instance with what its record borrows. */
struct row {
    struct provider_identity identities[IDENTITIES_MAX];
    char state_text[96];
};

enum provider_status aws_not_taken(struct provider_error *error)
{
    return sdk_fail(error, PROVIDER_INVALID, "",
                    "a record was not taken: the agent has gone, or its log says why the record is unfit");
}

/* EC2 decides about the machine, the group about what it means to do with it; what either does not know is unknown. */
static enum provider_instance_state state_of(const struct aws_member *member, const struct aws_machine *machine)
{
    enum aws_life life = aws_member_life(member);
    if (!machine)
        return life == AWS_LIFE_PENDING ? PROVIDER_INSTANCE_PENDING : PROVIDER_INSTANCE_UNKNOWN;
    switch (machine->power) {
    case AWS_POWER_PENDING:
        return PROVIDER_INSTANCE_PENDING;
    case AWS_POWER_SHUTTING_DOWN:
    case AWS_POWER_STOPPING:
        return PROVIDER_INSTANCE_STOPPING;
    case AWS_POWER_TERMINATED:
        return PROVIDER_INSTANCE_FAILED;
    case AWS_POWER_STOPPED:
        return PROVIDER_INSTANCE_STOPPED;
    case AWS_POWER_RUNNING:
        break;
    default:
        return PROVIDER_INSTANCE_UNKNOWN;
    }
    switch (life) {
    case AWS_LIFE_IN_SERVICE:
    case AWS_LIFE_STANDBY:
        return PROVIDER_INSTANCE_RUNNING;
    case AWS_LIFE_PENDING:
        return PROVIDER_INSTANCE_PENDING;
    case AWS_LIFE_TERMINATING:
        return PROVIDER_INSTANCE_STOPPING;
    case AWS_LIFE_DETACHING:
    case AWS_LIFE_WARM:
    case AWS_LIFE_OTHER:
        break;
    }
    return PROVIDER_INSTANCE_UNKNOWN;
}

static const char *trouble_of(const struct aws_member *member, const struct aws_machine *machine)
{
    if (!machine)
        return "the group names it and EC2 does not know it";
    if (machine->power == AWS_POWER_TERMINATED && aws_member_life(member) == AWS_LIFE_IN_SERVICE)
        return "it was terminated outside its group, which will replace it";
    if (aws_member_life(member) == AWS_LIFE_STANDBY)
        return "in standby: it runs and the group's size does not count it";
    if (strcmp(member->lifecycle, "Terminating:Retained") == 0)
        return "its termination was held back by a lifecycle hook that failed: it runs on until somebody ends it";
    if (aws_member_life(member) == AWS_LIFE_DETACHING)
        return "it leaves its group and runs on";
    if (strcmp(member->health, "Unhealthy") == 0)
        return "the group takes it for unhealthy and will replace it";
    return "";
}

static void fill_instance(const struct aws_member *member, const struct aws_machine *machine,
                          enum provider_market market, struct row *row, struct provider_instance *ret_instance)
{
    size_t identities = 0;
    row->identities[identities++] = (struct provider_identity){"attr.unique.platform.aws.instance-id", member->id};
    if (machine && machine->private_dns[0])
        row->identities[identities++] =
            (struct provider_identity){"attr.unique.platform.aws.hostname", machine->private_dns};
    char words[sizeof row->state_text];
    snprintf(words, sizeof words, "%.40s/%.40s", member->lifecycle, machine ? machine->power_text : "unknown");
    sdk_copy_text(row->state_text, sizeof row->state_text, words);
    if (machine)
        market = machine->spot ? PROVIDER_SPOT : PROVIDER_ON_DEMAND;
    *ret_instance = (struct provider_instance){
        .id = member->id,
        .state = state_of(member, machine),
        .state_text = row->state_text,
        .zone = machine && machine->zone[0] ? machine->zone : member->zone,
        .instance_type = machine && machine->instance_type[0] ? machine->instance_type : member->instance_type,
        .market = market,
        .identities = row->identities,
        .identity_count = identities,
        .launched_at_us = machine ? machine->launched_at_us : PROVIDER_UNSET,
        .protected_ = member->protected_,
        .milliwatts = PROVIDER_UNSET,
        .trouble = trouble_of(member, machine)};
}

/* The group's zones, sorted. The caller frees the list, not its texts. */
static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **read_zones(const struct aws_group *group, size_t *ret_count)
{
    const char **zones = NULL;
    size_t count = 0, capacity = 0;
    for (const struct sdk_xml_node *item = sdk_xml_find(group->node, "AvailabilityZones/member"); item;
         item = sdk_xml_next(item)) {
        zones = memory_grow(zones, count, &capacity, sizeof *zones);
        zones[count++] = item->text;
    }
    if (count > 0)
        qsort(zones, count, sizeof *zones, compare_texts);
    *ret_count = count;
    return zones;
}

static bool emit(struct provider_account *account, const struct aws_group *group, const struct aws_make *make,
                 const struct provider_instance *instances)
{
    char id[PROVIDER_TEXT_MAX];
    snprintf(id, sizeof id, "%s/%s", group->region, group->name);
    size_t zone_count = 0;
    const char **zones = read_zones(group, &zone_count);
    struct provider_pool pool = {.id = id,
                                 .name = group->name,
                                 .region = group->region,
                                 .zones = zones,
                                 .zone_count = zone_count,
                                 .instance_type = make->instance_type,
                                 .market = make->market,
                                 .desired = group->desired,
                                 .min = group->min,
                                 .max = group->max,
                                 .generation = group->identity,
                                 .writable = !make->why_read_only[0],
                                 .why_read_only = make->why_read_only,
                                 .busy = group->status[0] != '\0',
                                 .instances = instances,
                                 .instance_count = group->member_count};
    bool taken = account->services->emit_pool(account->services->context, &pool);
    free(zones);
    return taken;
}

static enum provider_status emit_group(struct provider_account *account, const struct aws_group *group,
                                       const struct aws_machines *machines, struct provider_error *error)
{
    struct aws_make make;
    enum provider_status status = aws_group_make(account, group, false, &make, error);
    if (status != PROVIDER_OK)
        return status;
    struct provider_instance *instances = memory_new(group->member_count, sizeof *instances);
    struct row *rows = memory_new(group->member_count, sizeof *rows);
    for (size_t i = 0; i < group->member_count; i++) {
        const struct aws_member *member = &group->members[i];
        fill_instance(member, aws_machine_find(machines, member->id), make.market, &rows[i], &instances[i]);
    }
    if (!emit(account, group, &make, instances))
        status = aws_not_taken(error);
    free(instances);
    free(rows);
    return status;
}

/* One question to EC2 for all groups of the region. */
static enum provider_status read_all_machines(struct provider_account *account, const char *region,
                                              const struct aws_groups *groups, struct aws_machines *machines,
                                              struct provider_error *error)
{
    const char **ids = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < groups->count; i++)
        for (size_t k = 0; k < groups->list[i].member_count; k++) {
            ids = memory_grow(ids, count, &capacity, sizeof *ids);
            ids[count++] = groups->list[i].members[k].id;
        }
    enum provider_status status =
        count > 0 ? aws_machines_read(account, region, ids, count, machines, error) : PROVIDER_OK;
    free(ids);
    return status;
}

/* seen[i]: the i-th name of the settings has a group. */
static void mark_seen(const struct provider_account *account, const struct aws_groups *groups, bool *seen)
{
    const struct aws_names *names = &account->settings.groups;
    for (size_t i = 0; i < names->count; i++)
        for (size_t k = 0; k < groups->count; k++)
            seen[i] = seen[i] || strcmp(names->list[i], groups->list[k].name) == 0;
}

static enum provider_status pools_of_region(struct provider_account *account, const char *region, bool *seen,
                                            struct provider_error *error)
{
    struct aws_groups groups = {0};
    struct aws_machines machines = {0};
    enum provider_status status = aws_groups_read(account, region, NULL, &groups, error);
    mark_seen(account, &groups, seen);
    if (status == PROVIDER_OK)
        status = read_all_machines(account, region, &groups, &machines, error);
    for (size_t i = 0; i < groups.count && status == PROVIDER_OK; i++)
        status = emit_group(account, &groups.list[i], &machines, error);
    aws_machines_release(&machines);
    aws_groups_release(&groups);
    return status;
}

/* A name without a wildcard that is in no region is most likely a mistake. */
static void tell_missing(struct provider_account *account, const bool *seen)
{
    const struct aws_names *names = &account->settings.groups;
    for (size_t i = 0; i < names->count; i++)
        if (!seen[i] && !strpbrk(names->list[i], "*?"))
            sdk_log(account->services, PROVIDER_WARN, "groups: \"%s\" is in none of the account's regions%s",
                    names->list[i], account->settings.group_tag[0] ? ", or does not have the tag" : "");
}

enum provider_status aws_pools(struct provider_account *account, struct provider_error *error)
{
    enum provider_status status = PROVIDER_OK;
    bool seen[AWS_NAMES_MAX] = {false};
    for (size_t i = 0; i < account->settings.regions.count && status == PROVIDER_OK; i++)
        status = pools_of_region(account, account->settings.regions.list[i], seen, error);
    if (status == PROVIDER_OK)
        tell_missing(account, seen);
    return status;
}
