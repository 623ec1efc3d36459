/* Nodes: list stubs, the whole node, and the node of an event. */
#include <stdio.h>
#include <string.h>

#include "controller/federation/decode_record.h"

static const struct shape CPU[] = {{"CpuShares", NULL, NUMBER_CPU}, {0}};
static const struct shape MEMORY[] = {{"MemoryMB", NULL, NUMBER_MEMORY}, {0}};
static const struct shape DISK[] = {{"DiskMB", NULL, NUMBER_DISK}, {0}};
static const struct shape RESOURCES[] = {{"Cpu", CPU, 0}, {"Memory", MEMORY, 0}, {"Disk", DISK, 0}, {0}};
static const struct shape RESERVED_CPU[] = {{"CpuShares", NULL, NUMBER_RESERVED_CPU}, {0}};
static const struct shape RESERVED_MEMORY[] = {{"MemoryMB", NULL, NUMBER_RESERVED_MEMORY}, {0}};
static const struct shape RESERVED_DISK[] = {{"DiskMB", NULL, NUMBER_RESERVED_DISK}, {0}};
static const struct shape RESERVED[] = {
    {"Cpu", RESERVED_CPU, 0}, {"Memory", RESERVED_MEMORY, 0}, {"Disk", RESERVED_DISK, 0}, {0}};
static const struct shape ATTRIBUTES[] = {{"*", NULL, VALUE_ATTRIBUTE}, {0}};
static const struct shape META[] = {{"*", NULL, VALUE_META}, {0}};

const struct shape NODE_MEMBERS[] = {{"ID", NULL, TEXT_ID},
                                     {"Name", NULL, TEXT_NAME},
                                     {"Datacenter", NULL, TEXT_DATACENTER},
                                     {"NodeClass", NULL, TEXT_NODE_CLASS},
                                     {"NodePool", NULL, TEXT_NODE_POOL},
                                     {"Version", NULL, TEXT_NOMAD_VERSION},
                                     {"Status", NULL, TEXT_STATUS},
                                     {"SchedulingEligibility", NULL, TEXT_ELIGIBILITY},
                                     {"Drain", NULL, FLAG_DRAIN},
                                     {"NodeResources", RESOURCES, 0},
                                     {"ReservedResources", RESERVED, 0},
                                     {"Attributes", ATTRIBUTES, OPEN_ATTRIBUTES},
                                     {"Meta", META, 0},
                                     {"ModifyIndex", NULL, NUMBER_MODIFY_INDEX},
                                     {0}};

void record_put_attribute(struct record *record, const char *prefix, const char *key, const struct shape_value *value,
                          const char *const *wanted, size_t wanted_count)
{
    if (value->kind != SHAPE_TEXT)
        return;
    /* The whole node has no Version member; its list stub takes it from this attribute too. */
    if (strcmp(prefix, "attr.") == 0 && strcmp(key, "nomad.version") == 0)
        record_put(record, TEXT_NOMAD_VERSION, value);
    size_t prefix_length = strlen(prefix);
    for (size_t i = 0; i < wanted_count; i++) {
        if (strncmp(wanted[i], prefix, prefix_length) != 0 || strcmp(wanted[i] + prefix_length, key) != 0)
            continue;
        if (record->selected_count == record->selected_room || value->length > FACT_TEXT_MAX)
            return;
        char *into = record->selected_values[record->selected_count];
        memcpy(into, value->text, value->length);
        into[value->length] = '\0';
        record->selected[record->selected_count++] = (struct fact_pair){.key = wanted[i], .value = into};
        return;
    }
}

/* A status this does not know is not "ready", which is all that placing asks. */
static enum node_status node_status_of(const char *word)
{
    for (int status = NODE_INITIALIZING; status <= NODE_DISCONNECTED; status++) {
        if (strcmp(word, node_status_word((enum node_status)status)) == 0)
            return (enum node_status)status;
    }
    return NODE_INITIALIZING;
}

static int64_t capacity(const struct record *record, int field, int reserved_field)
{
    int64_t all = record_number(record, field), reserved = record_number(record, reserved_field);
    if (all <= reserved)
        return 0;
    return all - reserved > RESOURCE_AMOUNT_MAX ? RESOURCE_AMOUNT_MAX : all - reserved;
}

bool record_node(struct record *record, struct decoded *ret_decoded, struct error *ret_error)
{
    struct uuid id;
    if (!uuid_parse(record->text[TEXT_ID], strlen(record->text[TEXT_ID]), &id))
        return error_set(ret_error, ERROR_INVALID, "a node without a valid ID");
    ret_decoded->kind = DECODED_NODE;
    ret_decoded->removed = strcmp(record->text[TEXT_EVENT_TYPE], "NodeDeregistration") == 0;
    ret_decoded->node = (struct node_fact){
        .id = id,
        .name = record->text[TEXT_NAME],
        .datacenter = record->text[TEXT_DATACENTER],
        .node_class = record->text[TEXT_NODE_CLASS],
        /* Nomad before 1.6 has no node pools. */
        .node_pool = record->text[TEXT_NODE_POOL][0] == '\0' ? "default" : record->text[TEXT_NODE_POOL],
        .version = record->text[TEXT_NOMAD_VERSION],
        .status = node_status_of(record->text[TEXT_STATUS]),
        .eligible = strcmp(record->text[TEXT_ELIGIBILITY], "eligible") == 0,
        .draining = record_flag(record, FLAG_DRAIN) == FLAG_TRUE,
        .selected = record->selected,
        .selected_count = record->selected_count,
        .selected_known = record->attributes_seen,
        .modify_index = (uint64_t)record_number(record, NUMBER_MODIFY_INDEX),
    };
    int64_t *amount = ret_decoded->node.capacity.amount;
    amount[RESOURCE_CPU_MHZ] = capacity(record, NUMBER_CPU, NUMBER_RESERVED_CPU);
    amount[RESOURCE_MEMORY_MB] = capacity(record, NUMBER_MEMORY, NUMBER_RESERVED_MEMORY);
    amount[RESOURCE_DISK_MB] = capacity(record, NUMBER_DISK, NUMBER_RESERVED_DISK);
    return true;
}
