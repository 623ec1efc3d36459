/* Allocations: list stubs and those of an event. */
#include <string.h>

#include "base/hash.h"
#include "controller/federation/decode_record.h"

static const struct shape CORES[] = {{"[]", NULL, VALUE_TASK_CORE}, {0}};
static const struct shape CPU[] = {{"CpuShares", NULL, VALUE_TASK_CPU}, {"ReservedCores", CORES, 0}, {0}};
static const struct shape MEMORY[] = {{"MemoryMB", NULL, VALUE_TASK_MEMORY}, {0}};
static const struct shape TASK[] = {{"Cpu", CPU, 0}, {"Memory", MEMORY, 0}, {0}};
static const struct shape TASKS[] = {{"*", TASK, OPEN_TASK}, {0}};
static const struct shape LIFECYCLE[] = {{"Hook", NULL, VALUE_TASK_HOOK}, {"Sidecar", NULL, VALUE_TASK_SIDECAR}, {0}};
static const struct shape LIFECYCLES[] = {{"*", LIFECYCLE, OPEN_TASK_LIFECYCLE}, {0}};
static const struct shape SHARED[] = {{"DiskMB", NULL, NUMBER_DISK}, {0}};
static const struct shape RESOURCES[] = {
    {"Tasks", TASKS, 0}, {"TaskLifecycles", LIFECYCLES, 0}, {"Shared", SHARED, 0}, {0}};
static const struct shape DEPLOYMENT_STATUS[] = {{"Healthy", NULL, FLAG_HEALTHY}, {0}};

const struct shape ALLOCATION_MEMBERS[] = {{"ID", NULL, TEXT_ID},
                                           {"NodeID", NULL, TEXT_NODE_ID},
                                           {"Namespace", NULL, TEXT_NAMESPACE},
                                           {"JobID", NULL, TEXT_JOB_ID},
                                           {"TaskGroup", NULL, TEXT_GROUP},
                                           {"ClientStatus", NULL, TEXT_STATUS},
                                           {"DesiredStatus", NULL, TEXT_DESIRED_STATUS},
                                           {"DeploymentStatus", DEPLOYMENT_STATUS, 0},
                                           {"DeploymentID", NULL, TEXT_DEPLOYMENT_ID},
                                           {"JobVersion", NULL, NUMBER_VERSION},
                                           {"AllocatedResources", RESOURCES, 0},
                                           {"ModifyIndex", NULL, NUMBER_MODIFY_INDEX},
                                           {0}};

/* Tasks and their lifecycles come in two maps, in either order. */
static struct record_task *find_task(struct record *record, const char *name)
{
    uint64_t hash = hash_bytes(name, strlen(name));
    for (size_t i = 0; i < record->task_count; i++) {
        if (record->tasks[i].name_hash == hash)
            return &record->tasks[i];
    }
    if (record->task_count == RECORD_TASKS_MAX) {
        record->skip = "an allocation of more than 256 tasks";
        return NULL;
    }
    struct record_task *task = &record->tasks[record->task_count++];
    *task = (struct record_task){.name_hash = hash};
    return task;
}

void record_open_task(struct record *record, const char *name)
{
    record->task = find_task(record, name);
}

/* A main task's lifecycle is null, so that an object here always means another phase. */
void record_open_lifecycle(struct record *record, const char *name)
{
    record->task = find_task(record, name);
    if (record->task != NULL) {
        record->task->has_hook = true;
        record->task->lifecycle = LIFECYCLE_NONE;
    }
}

static bool text_is(const struct shape_value *value, const char *word)
{
    return value->length == strlen(word) && memcmp(value->text, word, value->length) == 0;
}

static enum lifecycle hook_of(const struct shape_value *value)
{
    static const char *const HOOKS[] = {"prestart", "poststart", "poststop"};
    for (size_t i = 0; value->kind == SHAPE_TEXT && i < sizeof HOOKS / sizeof *HOOKS; i++) {
        if (text_is(value, HOOKS[i]))
            return lifecycle_of(HOOKS[i], false);
    }
    return LIFECYCLE_NONE;
}

static int64_t bounded(const struct shape_value *value)
{
    if (value->kind != SHAPE_NUMBER || !value->whole || value->number < 0)
        return 0;
    return value->number > RESOURCE_AMOUNT_MAX ? RESOURCE_AMOUNT_MAX : value->number;
}

void record_put_task(struct record *record, int field, const struct shape_value *value)
{
    struct record_task *task = record->task;
    if (task == NULL)
        return;
    if (field == VALUE_TASK_CPU)
        task->cpu_mhz = bounded(value);
    else if (field == VALUE_TASK_MEMORY)
        task->memory_mb = bounded(value);
    else if (field == VALUE_TASK_CORE)
        task->cores = true;
    else if (field == VALUE_TASK_HOOK)
        task->lifecycle = hook_of(value);
    else if (field == VALUE_TASK_SIDECAR)
        task->sidecar = value->kind == SHAPE_FLAG && value->flag;
}

static struct resources sum_tasks(const struct record *record)
{
    struct lifecycle_sum sum = {0};
    for (size_t i = 0; i < record->task_count; i++) {
        const struct record_task *task = &record->tasks[i];
        struct resources each = {0};
        each.amount[RESOURCE_CPU_MHZ] = task->cpu_mhz;
        if (task->cores) {
            resources_add(&sum.reserved, &each);
            each.amount[RESOURCE_CPU_MHZ] = 0;
        }
        each.amount[RESOURCE_MEMORY_MB] = task->memory_mb;
        enum lifecycle when = task->has_hook ? task->lifecycle : LIFECYCLE_MAIN;
        lifecycle_sum_add(&sum, when == LIFECYCLE_PRESTART && task->sidecar ? LIFECYCLE_PRESTART_SIDECAR : when, &each);
    }
    struct resources total = lifecycle_sum_total(&sum);
    total.amount[RESOURCE_DISK_MB] = record_number(record, NUMBER_DISK);
    for (int i = 0; i < RESOURCE_COUNT; i++) {
        if (total.amount[i] > RESOURCE_AMOUNT_MAX)
            total.amount[i] = RESOURCE_AMOUNT_MAX;
    }
    return total;
}

/* What this does not know is neither serving nor gone. */
static enum client_status client_status_of(const char *word)
{
    for (int status = CLIENT_PENDING; status <= CLIENT_UNKNOWN; status++) {
        if (strcmp(word, client_status_word((enum client_status)status)) == 0)
            return (enum client_status)status;
    }
    return CLIENT_UNKNOWN;
}

static enum desired_status desired_status_of(const char *word)
{
    if (strcmp(word, "stop") == 0)
        return DESIRED_STOP;
    return strcmp(word, "evict") == 0 ? DESIRED_EVICT : DESIRED_RUN;
}

static enum health health_of(int flag)
{
    return flag == FLAG_ABSENT ? HEALTH_NOT_JUDGED : flag == FLAG_TRUE ? HEALTH_GOOD : HEALTH_BAD;
}

bool record_allocation(struct record *record, struct decoded *ret_decoded, struct error *ret_error)
{
    struct uuid id, node_id = {{0}};
    if (!uuid_parse(record->text[TEXT_ID], strlen(record->text[TEXT_ID]), &id))
        return error_set(ret_error, ERROR_INVALID, "an allocation without a valid ID");
    if (!uuid_parse(record->text[TEXT_NODE_ID], strlen(record->text[TEXT_NODE_ID]), &node_id))
        return error_set(ret_error, ERROR_INVALID, "an allocation without a valid NodeID");
    const char *deployment = record->text[TEXT_DEPLOYMENT_ID];
    int64_t version = record_number(record, NUMBER_VERSION);
    ret_decoded->kind = DECODED_ALLOCATION;
    ret_decoded->has_deployment = uuid_parse(deployment, strlen(deployment), &ret_decoded->deployment_id);
    ret_decoded->allocation = (struct allocation_fact){
        .id = id,
        .node_id = node_id,
        .job_namespace = record->text[TEXT_NAMESPACE],
        .job_id = record->text[TEXT_JOB_ID],
        .group = record->text[TEXT_GROUP],
        .resources = sum_tasks(record),
        .client_status = client_status_of(record->text[TEXT_STATUS]),
        .desired_status = desired_status_of(record->text[TEXT_DESIRED_STATUS]),
        .health = health_of(record_flag(record, FLAG_HEALTHY)),
        .job_version = version < 0 ? 0 : (uint64_t)version,
        .job_version_known = version >= 0,
        .modify_index = (uint64_t)record_number(record, NUMBER_MODIFY_INDEX),
    };
    return true;
}
