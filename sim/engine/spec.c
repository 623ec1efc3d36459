/* A job version read once: what the scheduler needs of each group, and which changes restart tasks. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/world.h"

static void add_constraints(struct sim_constraint **list, size_t *count, size_t *capacity, const json_t *array)
{
    json_t *item;
    size_t i;

    json_array_foreach(array, i, item)
    {
        const char *operand = sim_get_text(item, "Operand", "=");

        *list = memory_grow(*list, *count, capacity, sizeof **list);
        (*list)[(*count)++] = (struct sim_constraint){.left = sim_get_text(item, "LTarget", ""),
                                                      .right = sim_get_text(item, "RTarget", ""),
                                                      .operand = *operand != '\0' ? operand : "=",
                                                      .weight = (int)sim_get_number(item, "Weight", 50)};
    }
}

static void add_ports(struct sim_group *group, size_t *capacity, const json_t *network, const char *key)
{
    json_t *port;
    size_t i;

    json_array_foreach(json_object_get(network, key), i, port)
    {
        group->ports = memory_grow(group->ports, group->port_count, capacity, sizeof *group->ports);
        group->ports[group->port_count++] = (struct sim_port){.label = sim_get_text(port, "Label", ""),
                                                              .number = (int)sim_get_number(port, "Value", 0),
                                                              .to = (int)sim_get_number(port, "To", 0)};
    }
}

static void read_update(struct sim_group *group)
{
    const json_t *update = json_object_get(group->json, "Update");
    struct sim_update *to = &group->update;

    if (!json_is_object(update))
        return;
    to->max_parallel = (int)sim_get_number(update, "MaxParallel", 1);
    to->present = to->max_parallel > 0;
    to->canary = (int)sim_get_number(update, "Canary", 0);
    to->auto_revert = sim_get_flag(update, "AutoRevert", false);
    to->auto_promote = sim_get_flag(update, "AutoPromote", false);
    to->min_healthy_ms = sim_get_number(update, "MinHealthyTime", 0) / 1000000;
    to->healthy_deadline_ms = sim_get_number(update, "HealthyDeadline", 0) / 1000000;
    to->progress_deadline_ms = sim_get_number(update, "ProgressDeadline", 0) / 1000000;
}

static void put_task_resources(struct buffer *out, const json_t *task)
{
    const json_t *resources = json_object_get(task, "Resources");

    sim_put_string(out, sim_get_text(task, "Name", ""));
    buffer_printf(
        out,
        ":{\"Cpu\":{\"CpuShares\":%lld,\"ReservedCores\":null},\"Devices\":null,\"Memory\":{\"MemoryMB\":%lld,"
        "\"MemoryMaxMB\":%lld},\"Networks\":null}",
        (long long)sim_get_number(resources, "CPU", 0), (long long)sim_get_number(resources, "MemoryMB", 0),
        (long long)sim_get_number(resources, "MemoryMaxMB", 0));
}

static void read_tasks(struct sim_group *group, size_t *constraint_room, size_t *affinity_room)
{
    const json_t *tasks = json_object_get(group->json, "Tasks");
    struct buffer text = BUFFER_INIT;
    json_t *task;
    size_t i;

    group->drivers = memory_new(json_array_size(tasks), sizeof *group->drivers);
    buffer_append_text(&text, ",\"TaskLifecycles\":{");
    json_array_foreach(tasks, i, task)
    {
        buffer_append_text(&text, i > 0 ? "," : "");
        sim_put_string(&text, sim_get_text(task, "Name", ""));
        buffer_append_byte(&text, ':');
        sim_put_json(&text, json_object_get(task, "Lifecycle"));
    }
    buffer_append_text(&text, "},\"Tasks\":{");
    json_array_foreach(tasks, i, task)
    {
        const json_t *resources = json_object_get(task, "Resources");

        group->cpu += (int)sim_get_number(resources, "CPU", 0);
        group->memory += (int)sim_get_number(resources, "MemoryMB", 0);
        group->drivers[group->driver_count++] = sim_get_text(task, "Driver", "");
        add_constraints(&group->constraints, &group->constraint_count, constraint_room,
                        json_object_get(task, "Constraints"));
        add_constraints(&group->affinities, &group->affinity_count, affinity_room, json_object_get(task, "Affinities"));
        buffer_append_text(&text, i > 0 ? "," : "");
        put_task_resources(&text, task);
    }
    buffer_append_text(&text, "}}");
    group->resources_text = buffer_take(&text);
}

static void read_group(struct sim_group *group, const json_t *job, const json_t *json)
{
    const json_t *reschedule = json_object_get(json, "ReschedulePolicy");
    size_t constraint_room = 0, affinity_room = 0, port_room = 0, i;
    json_t *network;

    group->json = json;
    group->name = sim_get_text(json, "Name", "");
    group->count = (int)sim_get_number(json, "Count", 1);
    group->disk = (int)sim_get_number(json_object_get(json, "EphemeralDisk"), "SizeMB", 300);
    group->reschedule_unlimited = sim_get_flag(reschedule, "Unlimited", false);
    group->reschedule_attempts = (int)sim_get_number(reschedule, "Attempts", 0);
    group->reschedule_delay_ms = sim_get_number(reschedule, "Delay", 0) / 1000000;
    add_constraints(&group->constraints, &group->constraint_count, &constraint_room,
                    json_object_get(job, "Constraints"));
    add_constraints(&group->constraints, &group->constraint_count, &constraint_room,
                    json_object_get(json, "Constraints"));
    add_constraints(&group->affinities, &group->affinity_count, &affinity_room, json_object_get(job, "Affinities"));
    add_constraints(&group->affinities, &group->affinity_count, &affinity_room, json_object_get(json, "Affinities"));
    read_tasks(group, &constraint_room, &affinity_room);
    json_array_foreach(json_object_get(json, "Networks"), i, network)
    {
        add_ports(group, &port_room, network, "ReservedPorts");
        add_ports(group, &port_room, network, "DynamicPorts");
    }
    read_update(group);
}

struct sim_spec *sim_spec_new(json_t *json)
{
    const json_t *groups = json_object_get(json, "TaskGroups");
    struct sim_spec *spec = memory_new(1, sizeof *spec);

    spec->references = 1;
    spec->json = json;
    spec->type = sim_get_text(json, "Type", "service");
    spec->node_pool = sim_get_text(json, "NodePool", "default");
    spec->priority = (int)sim_get_number(json, "Priority", 50);
    spec->group_count = json_array_size(groups);
    spec->groups = memory_new(spec->group_count, sizeof *spec->groups);
    for (size_t i = 0; i < spec->group_count; i++)
        read_group(&spec->groups[i], json, json_array_get(groups, i));
    return spec;
}

struct sim_spec *sim_spec_reference(struct sim_spec *spec)
{
    spec->references++;
    return spec;
}

void sim_spec_release(struct sim_spec *spec)
{
    if (spec == NULL || --spec->references > 0)
        return;
    for (size_t i = 0; i < spec->group_count; i++) {
        free(spec->groups[i].constraints);
        free(spec->groups[i].affinities);
        free(spec->groups[i].ports);
        free(spec->groups[i].drivers);
        free(spec->groups[i].resources_text);
    }
    free(spec->groups);
    free(spec->tag_name);
    free(spec->tag_description);
    json_decref(spec->json);
    free(spec);
}

int sim_spec_find_group(const struct sim_spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->group_count; i++)
        if (sim_same(spec->groups[i].name, name))
            return (int)i;
    return -1;
}

/* ---- which changes restart tasks (measured, nomad-consul facts section 2) ---- */

static bool member_differs(const json_t *a, const json_t *b, const char *key)
{
    const json_t *x = json_object_get(a, key), *y = json_object_get(b, key);
    bool x_empty = x == NULL || json_is_null(x), y_empty = y == NULL || json_is_null(y);

    if (x_empty || y_empty)
        return x_empty != y_empty;
    return !json_equal(x, y);
}

/* Meta as a task sees it: job's, overlaid by group's, overlaid by its own. */
static json_t *effective_meta(const json_t *job, const json_t *group, const json_t *task)
{
    const json_t *levels[] = {json_object_get(job, "Meta"), json_object_get(group, "Meta"),
                              json_object_get(task, "Meta")};
    json_t *meta = json_object();

    for (size_t i = 0; i < 3; i++)
        if (json_is_object(levels[i]))
            json_object_update(meta, (json_t *)levels[i]);
    return meta;
}

static bool task_destructive(const json_t *a, const json_t *b)
{
    static const char *const members[] = {"Driver", "User",         "Config",    "Env",        "Artifacts",
                                          "Vault",  "Templates",    "Identity",  "Identities", "DispatchPayload",
                                          "Kind",   "VolumeMounts", "Lifecycle", "Leader",     "CSIPluginConfig"};
    static const char *const sizes[] = {"CPU", "Cores", "MemoryMB", "MemoryMaxMB", "Devices", "Networks", "NUMA"};

    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (member_differs(a, b, members[i]))
            return true;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (member_differs(json_object_get(a, "Resources"), json_object_get(b, "Resources"), sizes[i]))
            return true;
    return member_differs(json_object_get(a, "LogConfig"), json_object_get(b, "LogConfig"), "Disabled");
}

static const json_t *find_task(const json_t *tasks, const char *name)
{
    json_t *task;
    size_t i;

    json_array_foreach(tasks, i, task)
    {
        if (sim_same(sim_get_text(task, "Name", ""), name))
            return task;
    }
    return NULL;
}

static bool connect_differs(const json_t *a, const json_t *b)
{
    const json_t *x = json_object_get(a, "Services"), *y = json_object_get(b, "Services");
    size_t most = json_array_size(x) > json_array_size(y) ? json_array_size(x) : json_array_size(y);

    for (size_t i = 0; i < most; i++)
        if (member_differs(json_array_get(x, i), json_array_get(y, i), "Connect"))
            return true;
    return false;
}

bool sim_group_destructive(const struct sim_spec *a, const struct sim_group *ga, const struct sim_spec *b,
                           const struct sim_group *gb)
{
    const json_t *tasks = json_object_get(ga->json, "Tasks"), *others = json_object_get(gb->json, "Tasks");
    json_t *task;
    size_t i;

    if (member_differs(ga->json, gb->json, "EphemeralDisk") || member_differs(ga->json, gb->json, "Networks") ||
        member_differs(ga->json, gb->json, "Volumes") || connect_differs(ga->json, gb->json) ||
        json_array_size(tasks) != json_array_size(others))
        return true;
    json_array_foreach(tasks, i, task)
    {
        const json_t *other = find_task(others, sim_get_text(task, "Name", ""));
        json_t *old_meta, *new_meta;
        bool differs;

        if (other == NULL || task_destructive(task, other))
            return true;
        old_meta = effective_meta(a->json, ga->json, task);
        new_meta = effective_meta(b->json, gb->json, other);
        differs = !json_equal(old_meta, new_meta);
        json_decref(old_meta);
        json_decref(new_meta);
        if (differs)
            return true;
    }
    return false;
}
