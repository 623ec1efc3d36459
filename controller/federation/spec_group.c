/* Reads one task group: resources by Nomad's own sums, what ties it to nodes, and how its health is judged. */
#include "controller/federation/spec_group.h"

#include <string.h>

#include "base/memory.h"
#include "controller/federation/document.h"

enum {
    TASKS_MAX = 256,
    LIST_MAX = 4096, /* constraints, ports, services of one block */
    CONSTRAINT_TEXT_MAX = 64 * 1024,
    DEFAULT_CPU_MHZ = 100,
    DEFAULT_MEMORY_MB = 300,
    DEFAULT_DISK_MB = 300,
    DEFAULT_MIN_HEALTHY_MS = 10 * 1000,
    DEFAULT_PROGRESS_MS = 10 * 60 * 1000,
    NS_PER_MS = 1000000
};

static const char *const GROUP_KEYS[] = {
    "Name",    "Count",  "Tasks",      "Constraints", "EphemeralDisk", "Networks", "Scaling",    "Services",
    "Volumes", "Update", "Affinities", "Spreads",     "Meta",          "Migrate",  "Disconnect", NULL};
static const char *const TASK_KEYS[] = {"Name", "Resources", "Lifecycle", "Services", "Constraints", "Driver", NULL};
static const char *const RESOURCE_KEYS[] = {"CPU",      "Cores",   "MemoryMB", "MemoryMaxMB", "SecretsMB",
                                            "Networks", "Devices", "DiskMB",   NULL};
static const char *const LIFECYCLE_KEYS[] = {"Hook", "Sidecar", NULL};
static const char *const DISK_KEYS[] = {"SizeMB", NULL};
static const char *const UPDATE_KEYS[] = {"MaxParallel", "MinHealthyTime", "ProgressDeadline",
                                          "AutoRevert",  "Canary",         NULL};
static const char *const NETWORK_KEYS[] = {"ReservedPorts", "DynamicPorts", NULL};
static const char *const CONSTRAINT_KEYS[] = {"LTarget", "RTarget", "Operand", NULL};

enum lifecycle lifecycle_of(const char *hook, bool sidecar)
{
    if (hook == NULL || strcmp(hook, "poststart") == 0)
        return LIFECYCLE_MAIN;
    if (strcmp(hook, "prestart") == 0)
        return sidecar ? LIFECYCLE_PRESTART_SIDECAR : LIFECYCLE_PRESTART;
    return strcmp(hook, "poststop") == 0 ? LIFECYCLE_POSTSTOP : LIFECYCLE_NONE;
}

void lifecycle_sum_add(struct lifecycle_sum *sum, enum lifecycle lifecycle, const struct resources *task)
{
    if (lifecycle == LIFECYCLE_MAIN || lifecycle == LIFECYCLE_PRESTART_SIDECAR)
        resources_add(&sum->main, task);
    if (lifecycle == LIFECYCLE_PRESTART || lifecycle == LIFECYCLE_PRESTART_SIDECAR)
        resources_add(&sum->prestart, task);
    if (lifecycle == LIFECYCLE_POSTSTOP)
        resources_add(&sum->poststop, task);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

struct resources lifecycle_sum_total(const struct lifecycle_sum *sum)
{
    struct resources total;
    for (int i = 0; i < RESOURCE_COUNT; i++)
        total.amount[i] = larger(sum->main.amount[i], larger(sum->prestart.amount[i], sum->poststop.amount[i]));
    resources_add(&total, &sum->reserved);
    return total;
}

/* Two allocations of a group cannot share a host that owes each of them the same port. */
static bool read_static_ports(const json_t *holder, const char *path, bool *ret_any, struct error *ret_error)
{
    json_t *networks;
    if (!document_array(holder, path, "Networks", LIST_MAX, &networks, ret_error))
        return false;
    for (size_t i = 0; i < json_array_size(networks); i++) {
        char here[DOCUMENT_PATH_MAX];
        json_t *network, *ports;
        document_path_element(here, path, "Networks", i);
        if (!document_element(networks, path, i, &network, ret_error) ||
            !document_check_case(network, here, NETWORK_KEYS, ret_error) ||
            !document_array(network, here, "ReservedPorts", LIST_MAX, &ports, ret_error))
            return false;
        for (size_t p = 0; p < json_array_size(ports); p++) {
            json_t *port;
            bool shared;
            if (!document_element(ports, here, p, &port, ret_error) ||
                !document_flag(port, here, "IgnoreCollision", false, &shared, ret_error))
                return false;
            *ret_any = *ret_any || !shared;
        }
    }
    return true;
}

/* strconv.ParseBool's words for false; anything else holds (Nomad 2.0.5 scheduler/feasible, distinct hosts). */
static bool is_false_word(const char *word)
{
    static const char *const WORDS[] = {"0", "f", "F", "false", "FALSE", "False"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (strcmp(word, WORDS[i]) == 0)
            return true;
    }
    return false;
}

/* The first distinct_hosts of a list decides, as in Nomad. */
static bool read_distinct_hosts(const json_t *holder, const char *path, bool *ret_distinct, struct error *ret_error)
{
    json_t *constraints;
    if (!document_array(holder, path, "Constraints", LIST_MAX, &constraints, ret_error))
        return false;
    bool found = false;
    for (size_t i = 0; i < json_array_size(constraints); i++) {
        char here[DOCUMENT_PATH_MAX];
        json_t *constraint;
        const char *operand, *value;
        document_path_element(here, path, "Constraints", i);
        if (!document_element(constraints, path, i, &constraint, ret_error) ||
            !document_check_case(constraint, here, CONSTRAINT_KEYS, ret_error) ||
            !document_text(constraint, here, "Operand", FACT_TEXT_MAX, "=", &operand, ret_error) ||
            !document_text(constraint, here, "RTarget", CONSTRAINT_TEXT_MAX, "", &value, ret_error))
            return false;
        if (!found && strcmp(operand, "distinct_hosts") == 0) {
            found = true;
            *ret_distinct = *ret_distinct || !is_false_word(value);
        }
    }
    return true;
}

static bool read_task_resources(const json_t *task, const char *path, struct resources *ret_each, bool *ret_static_port,
                                struct error *ret_error)
{
    char here[DOCUMENT_PATH_MAX];
    json_t *block;
    if (!document_object(task, path, "Resources", &block, ret_error))
        return false;
    document_path(here, path, "Resources");
    int64_t cores, cpu, memory, secrets;
    if ((block != NULL && !document_check_case(block, here, RESOURCE_KEYS, ret_error)) ||
        !document_integer(block, here, "Cores", 0, INT32_MAX, 0, &cores, ret_error) ||
        !document_integer(block, here, "CPU", 0, RESOURCE_AMOUNT_MAX, DEFAULT_CPU_MHZ, &cpu, ret_error) ||
        !document_integer(block, here, "MemoryMB", 0, RESOURCE_AMOUNT_MAX, DEFAULT_MEMORY_MB, &memory, ret_error) ||
        !document_integer(block, here, "SecretsMB", 0, RESOURCE_AMOUNT_MAX, 0, &secrets, ret_error))
        return false;
    if (cores > 0)
        return error_set(
            ret_error, ERROR_INVALID,
            "%s.Cores: reserved cores are not placed, since their price differs from node to node; ask for "
            "\"cpu\" in MHz instead",
            here);
    ret_each->amount[RESOURCE_CPU_MHZ] = cpu;
    /* Nomad 2.0.5 scheduler/feasible/rank.go: a task's secrets file system is memory on top of its own. */
    ret_each->amount[RESOURCE_MEMORY_MB] = memory + secrets;
    ret_each->amount[RESOURCE_DISK_MB] = 0;
    return block == NULL || read_static_ports(block, here, ret_static_port, ret_error);
}

static bool read_task(json_t *task, const char *path, struct lifecycle_sum *sum, bool *ret_static_port,
                      struct error *ret_error)
{
    char here[DOCUMENT_PATH_MAX];
    json_t *lifecycle;
    struct resources each;
    const char *hook = NULL;
    bool sidecar = false;
    if (!document_check_case(task, path, TASK_KEYS, ret_error) ||
        !document_object(task, path, "Lifecycle", &lifecycle, ret_error) ||
        !read_task_resources(task, path, &each, ret_static_port, ret_error))
        return false;
    if (lifecycle != NULL) {
        document_path(here, path, "Lifecycle");
        if (!document_check_case(lifecycle, here, LIFECYCLE_KEYS, ret_error) ||
            !document_text(lifecycle, here, "Hook", FACT_TEXT_MAX, "", &hook, ret_error) ||
            !document_flag(lifecycle, here, "Sidecar", false, &sidecar, ret_error))
            return false;
    }
    enum lifecycle when = lifecycle_of(hook, sidecar);
    if (when == LIFECYCLE_NONE)
        return error_set(ret_error, ERROR_INVALID, "%s.Lifecycle.Hook: prestart, poststart or poststop is wanted",
                         path);
    lifecycle_sum_add(sum, when, &each);
    return true;
}

static bool read_tasks(const json_t *group, const char *path, struct group_demand *demand, struct error *ret_error)
{
    json_t *tasks;
    struct lifecycle_sum sum = {0};
    if (!document_array(group, path, "Tasks", TASKS_MAX, &tasks, ret_error))
        return false;
    for (size_t i = 0; i < json_array_size(tasks); i++) {
        char here[DOCUMENT_PATH_MAX];
        json_t *task;
        document_path_element(here, path, "Tasks", i);
        if (!document_element(tasks, path, i, &task, ret_error) ||
            !read_task(task, here, &sum, &demand->one_per_node, ret_error))
            return false;
    }
    demand->each = lifecycle_sum_total(&sum);
    return true;
}

static bool read_disk(const json_t *group, const char *path, int64_t *ret_size, struct error *ret_error)
{
    char here[DOCUMENT_PATH_MAX];
    json_t *disk;
    if (!document_object(group, path, "EphemeralDisk", &disk, ret_error))
        return false;
    document_path(here, path, "EphemeralDisk");
    return (disk == NULL || document_check_case(disk, here, DISK_KEYS, ret_error)) &&
           document_integer(disk, here, "SizeMB", 0, RESOURCE_AMOUNT_MAX, DEFAULT_DISK_MB, ret_size, ret_error);
}

/* A null count is the scaling block's minimum, else 1 (Nomad 2.0.5 api/tasks.go, TaskGroup.Canonicalize). */
static bool read_count(const json_t *group, const char *path, int64_t *ret_count, bool *ret_scaling,
                       struct error *ret_error)
{
    char here[DOCUMENT_PATH_MAX];
    json_t *scaling;
    int64_t least = 1;
    if (!document_object(group, path, "Scaling", &scaling, ret_error))
        return false;
    *ret_scaling = scaling != NULL;
    document_path(here, path, "Scaling");
    return document_integer(scaling, here, "Min", 0, JOB_COUNT_MAX, 1, &least, ret_error) &&
           document_integer(group, path, "Count", 0, JOB_COUNT_MAX, least, ret_count, ret_error);
}

/* One value of the group's update block, else the job's, else the default. */
static bool read_update_value(json_t *const blocks[2], const char *path, const char *key, int64_t most, int64_t absent,
                              int64_t *ret_value, struct error *ret_error)
{
    *ret_value = absent;
    for (int i = 0; i < 2; i++) {
        if (!document_integer(blocks[i], path, key, 0, most, *ret_value, ret_value, ret_error))
            return false;
    }
    return true;
}

static bool read_update(const json_t *job, const json_t *group, const char *path, enum job_type type,
                        struct group_demand *demand, struct error *ret_error)
{
    char here[DOCUMENT_PATH_MAX];
    json_t *blocks[2];
    int64_t max_parallel, healthy_ns, progress_ns;
    const int64_t healthy_default = (int64_t)DEFAULT_MIN_HEALTHY_MS * NS_PER_MS;
    const int64_t progress_default = (int64_t)DEFAULT_PROGRESS_MS * NS_PER_MS;
    if (!document_object(job, "Job", "Update", &blocks[0], ret_error) ||
        !document_object(group, path, "Update", &blocks[1], ret_error))
        return false;
    document_path(here, path, "Update");
    for (int i = 0; i < 2; i++) {
        if (blocks[i] != NULL && !document_check_case(blocks[i], here, UPDATE_KEYS, ret_error))
            return false;
    }
    if (!read_update_value(blocks, here, "MaxParallel", INT32_MAX, 1, &max_parallel, ret_error) ||
        !read_update_value(blocks, here, "MinHealthyTime", INT64_MAX, healthy_default, &healthy_ns, ret_error) ||
        !read_update_value(blocks, here, "ProgressDeadline", INT64_MAX, progress_default, &progress_ns, ret_error))
        return false;
    demand->has_deployment = type == JOB_SERVICE && max_parallel != 0;
    demand->min_healthy_ms = healthy_ns / NS_PER_MS;
    demand->progress_ms = progress_ns / NS_PER_MS;
    return true;
}

static bool volume_per_alloc(json_t *volumes)
{
    const char *name;
    json_t *volume;
    json_object_foreach(volumes, name, volume)
    {
        if (json_is_true(json_object_get(volume, "PerAlloc")))
            return true;
    }
    return false;
}

/* BASE is job, group and task; a service without a name gets one like it (Nomad 2.0.5 api/services.go). */
static bool text_names_group(const char *text)
{
    return strstr(text, "TASKGROUP") != NULL || strstr(text, "NOMAD_TASK_GROUP") != NULL ||
           strstr(text, "NOMAD_GROUP_NAME") != NULL || strstr(text, "${BASE}") != NULL;
}

/* Depth is bounded by document_parse. */
static bool value_names_group(json_t *value)
{
    if (json_is_string(value))
        return text_names_group(json_string_value(value));
    size_t index;
    const char *key;
    json_t *inner;
    if (json_is_array(value)) {
        json_array_foreach(value, index, inner)
        {
            if (value_names_group(inner))
                return true;
        }
    }
    json_object_foreach(value, key, inner)
    {
        if (text_names_group(key) || value_names_group(inner))
            return true;
    }
    return false;
}

static bool services_unnamed(json_t *holder)
{
    json_t *services = json_object_get(holder, "Services");
    for (size_t i = 0; i < json_array_size(services); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(services, i), "Name"));
        if (name == NULL || name[0] == '\0')
            return true;
    }
    return false;
}

static bool is_pinnable(json_t *group, enum job_type type, bool scaling)
{
    if (type != JOB_SERVICE || scaling || volume_per_alloc(json_object_get(group, "Volumes")) ||
        services_unnamed(group) || value_names_group(group))
        return false;
    json_t *tasks = json_object_get(group, "Tasks");
    for (size_t i = 0; i < json_array_size(tasks); i++) {
        if (services_unnamed(json_array_get(tasks, i)))
            return false;
    }
    return true;
}

static bool within_bounds(const struct group_demand *demand, const char *path, struct error *ret_error)
{
    for (int i = 0; i < RESOURCE_COUNT; i++) {
        if (demand->each.amount[i] > RESOURCE_AMOUNT_MAX)
            return error_set(ret_error, ERROR_INVALID, "%s: its tasks ask for more %s than any node can have", path,
                             resource_name((enum resource)i));
    }
    return true;
}

bool spec_group_read(const json_t *job, enum job_type type, json_t *group, const char *path,
                     struct group_demand *ret_group, struct error *ret_error)
{
    struct group_demand demand = {0};
    const char *name;
    bool scaling;
    int64_t disk;
    if (!document_check_case(group, path, GROUP_KEYS, ret_error) ||
        !document_text(group, path, "Name", JOB_ID_MAX, "", &name, ret_error) ||
        !read_count(group, path, &demand.count, &scaling, ret_error) || !read_disk(group, path, &disk, ret_error) ||
        !read_tasks(group, path, &demand, ret_error) ||
        !read_static_ports(group, path, &demand.one_per_node, ret_error) ||
        !read_distinct_hosts(group, path, &demand.one_per_node, ret_error) ||
        !read_distinct_hosts(job, "Job", &demand.one_per_node, ret_error) ||
        !read_update(job, group, path, type, &demand, ret_error))
        return false;
    if (name[0] == '\0')
        return error_set(ret_error, ERROR_INVALID, "%s.Name: a group needs a name", path);
    if (json_array_size(json_object_get(group, "Tasks")) == 0)
        return error_set(ret_error, ERROR_INVALID, "%s.Tasks: a group needs a task", path);
    demand.each.amount[RESOURCE_DISK_MB] = disk;
    if (!within_bounds(&demand, path, ret_error))
        return false;
    demand.pinnable = is_pinnable(group, type, scaling);
    demand.name = memory_copy_text(name, strlen(name));
    *ret_group = demand;
    return true;
}
