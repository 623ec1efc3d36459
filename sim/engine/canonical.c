/* What Nomad makes of a job on registration: every default filled in, and its validation texts.
 * Source: answers of Nomad 2.0.5 to register, validate and parse with Canonicalize. */
#include <string.h>

#include "base/memory.h"
#include "sim/engine/world.h"

static const char job_defaults[] =
    "{\"Affinities\":null,\"AllAtOnce\":false,\"Constraints\":null,\"ConsulNamespace\":\"\",\"Datacenters\":[\"*\"],"
    "\"DispatchIdempotencyToken\":\"\",\"Dispatched\":false,\"ID\":\"\",\"Meta\":null,\"Multiregion\":null,"
    "\"NodePool\":\"default\",\"NomadTokenID\":\"\",\"ParameterizedJob\":null,\"ParentID\":\"\",\"Payload\":null,"
    "\"Periodic\":null,\"Priority\":50,\"Spreads\":null,\"TaskGroups\":[],\"Type\":\"service\",\"UI\":null,"
    "\"VaultNamespace\":\"\"}";
static const char group_defaults[] =
    "{\"Affinities\":null,\"Constraints\":null,\"Consul\":null,\"Count\":1,\"Disconnect\":null,"
    "\"EphemeralDisk\":{},\"MaxClientDisconnect\":null,\"MaxRunDuration\":null,\"Meta\":null,\"Migrate\":null,"
    "\"Name\":\"\",\"Networks\":null,\"PreventRescheduleOnLost\":false,\"ReschedulePolicy\":null,"
    "\"RestartPolicy\":{},\"Scaling\":null,\"Services\":null,\"ShutdownDelay\":null,\"Spreads\":null,"
    "\"StopAfterClientDisconnect\":null,\"Tasks\":[],\"Update\":null,\"Volumes\":null}";
static const char task_defaults[] =
    "{\"Actions\":null,\"Affinities\":null,\"Artifacts\":null,\"CSIPluginConfig\":null,\"Config\":null,"
    "\"Constraints\":null,\"Consul\":null,\"DispatchPayload\":null,\"Driver\":\"\",\"Env\":null,\"Identities\":null,"
    "\"Identity\":{\"Audience\":[\"nomadproject.io\"],\"ChangeMode\":\"\",\"ChangeSignal\":\"\",\"Env\":false,"
    "\"ExtraClaims\":null,\"File\":false,\"Filepath\":\"\",\"Name\":\"default\",\"ServiceName\":\"\",\"TTL\":0},"
    "\"KillSignal\":\"\",\"KillTimeout\":5000000000,\"Kind\":\"\",\"Leader\":false,\"Lifecycle\":null,"
    "\"LogConfig\":{},\"Meta\":null,\"Name\":\"\",\"Resources\":{},\"RestartPolicy\":{},\"ScalingPolicies\":null,"
    "\"Schedule\":null,\"Secrets\":null,\"Services\":null,\"ShutdownDelay\":0,\"Templates\":null,\"User\":\"\","
    "\"Vault\":null,\"VolumeMounts\":null}";
static const char resource_defaults[] = "{\"CPU\":100,\"Cores\":0,\"Devices\":null,\"DiskMB\":0,\"IOPS\":0,"
                                        "\"MemoryMB\":300,\"MemoryMaxMB\":0,\"NUMA\":null,\"Networks\":null,"
                                        "\"SecretsMB\":0}";
static const char log_defaults[] = "{\"Disabled\":false,\"MaxFileSizeMB\":10,\"MaxFiles\":10}";
static const char disk_defaults[] = "{\"Migrate\":false,\"SizeMB\":300,\"Sticky\":false}";
static const char migrate_defaults[] = "{\"HealthCheck\":\"checks\",\"HealthyDeadline\":300000000000,"
                                       "\"MaxParallel\":1,\"MinHealthyTime\":10000000000}";
static const char update_defaults[] =
    "{\"AutoPromote\":false,\"AutoRevert\":false,\"Canary\":0,\"HealthCheck\":\"checks\","
    "\"HealthyDeadline\":300000000000,\"MaxParallel\":1,\"MinHealthyTime\":10000000000,"
    "\"ProgressDeadline\":600000000000,\"Stagger\":30000000000}";
static const char job_update[] = "{\"AutoPromote\":false,\"AutoRevert\":false,\"Canary\":0,\"HealthCheck\":\"\","
                                 "\"HealthyDeadline\":0,\"MaxParallel\":1,\"MinHealthyTime\":0,"
                                 "\"ProgressDeadline\":0,\"Stagger\":30000000000}";
static const char job_update_batch[] = "{\"AutoPromote\":false,\"AutoRevert\":false,\"Canary\":0,\"HealthCheck\":\"\","
                                       "\"HealthyDeadline\":0,\"MaxParallel\":0,\"MinHealthyTime\":0,"
                                       "\"ProgressDeadline\":0,\"Stagger\":0}";
static const char restart_service[] = "{\"Attempts\":2,\"Delay\":15000000000,\"Interval\":1800000000000,"
                                      "\"Mode\":\"fail\",\"RenderTemplates\":false}";
static const char restart_batch[] = "{\"Attempts\":3,\"Delay\":15000000000,\"Interval\":86400000000000,"
                                    "\"Mode\":\"fail\",\"RenderTemplates\":false}";
static const char reschedule_service[] = "{\"Attempts\":0,\"Delay\":30000000000,\"DelayFunction\":\"exponential\","
                                         "\"Interval\":0,\"MaxDelay\":3600000000000,\"Unlimited\":true}";
static const char reschedule_batch[] = "{\"Attempts\":1,\"Delay\":5000000000,\"DelayFunction\":\"constant\","
                                       "\"Interval\":86400000000000,\"MaxDelay\":0,\"Unlimited\":false}";
static const char service_defaults[] =
    "{\"Address\":\"\",\"AddressMode\":\"auto\",\"CanaryMeta\":null,\"CanaryTags\":null,\"CheckRestart\":null,"
    "\"Checks\":null,\"Cluster\":\"\",\"Connect\":null,\"EnableTagOverride\":false,\"Identity\":null,"
    "\"Kind\":\"\",\"Meta\":null,\"Name\":\"\",\"OnUpdate\":\"require_healthy\",\"PortLabel\":\"\","
    "\"Provider\":\"consul\",\"TaggedAddresses\":null,\"Tags\":null,\"TaskName\":\"\",\"Weights\":null}";

/* Fills members that are absent or null. */
static void fill(json_t *object, const char *defaults)
{
    json_t *from = json_loads(defaults, 0, NULL), *value;
    const char *key;

    json_object_foreach(from, key, value)
    {
        const json_t *there = json_object_get(object, key);

        if (there == NULL || json_is_null(there))
            json_object_set(object, key, value);
    }
    json_decref(from);
}

/* The object member of that name, made when absent or null. */
static json_t *member_object(json_t *object, const char *key)
{
    json_t *member = json_object_get(object, key);

    if (!json_is_object(member)) {
        json_object_set_new(object, key, json_object());
        member = json_object_get(object, key);
    }
    return member;
}

static void canonical_services(json_t *owner, const char *job, const char *group, const char *task)
{
    json_t *services = json_object_get(owner, "Services"), *service;
    size_t i;

    json_array_foreach(services, i, service)
    {
        if (!json_is_object(service))
            continue;
        fill(service, service_defaults);
        if (*sim_get_text(service, "Name", "") == '\0')
            json_object_set_new(service, "Name",
                                task != NULL ? json_sprintf("%s-%s-%s", job, group, task)
                                             : json_sprintf("%s-%s", job, group));
    }
}

static void canonical_task(json_t *task, json_t *group, const char *job, bool batch)
{
    json_t *group_restart = json_object_get(group, "RestartPolicy");
    json_t *restart, *key_value;
    const char *key;

    fill(task, task_defaults);
    fill(member_object(task, "Resources"), resource_defaults);
    fill(member_object(task, "LogConfig"), log_defaults);
    json_object_del(json_object_get(task, "LogConfig"), "Enabled");
    restart = member_object(task, "RestartPolicy");
    json_object_foreach(group_restart, key, key_value)
    {
        if (json_is_null(json_object_get(restart, key)) || json_object_get(restart, key) == NULL)
            json_object_set(restart, key, key_value);
    }
    fill(restart, batch ? restart_batch : restart_service);
    canonical_services(task, job, sim_get_text(group, "Name", ""), sim_get_text(task, "Name", ""));
}

static void canonical_update(json_t *group, const json_t *job)
{
    json_t *update = member_object(group, "Update"), *value;
    const char *key;

    json_object_foreach(json_object_get(job, "Update"), key, value)
    {
        const json_t *there = json_object_get(update, key);

        if (!json_is_null(value) && (there == NULL || json_is_null(there)))
            json_object_set(update, key, value);
    }
    fill(update, update_defaults);
}

static void canonical_group(json_t *group, const json_t *job, const char *type)
{
    bool batch = sim_same(type, "batch") || sim_same(type, "sysbatch");
    bool service = sim_same(type, "service");
    const char *id = sim_get_text(job, "ID", "");
    json_t *task;
    size_t i;

    fill(group, group_defaults);
    fill(member_object(group, "EphemeralDisk"), disk_defaults);
    fill(member_object(group, "RestartPolicy"), batch ? restart_batch : restart_service);
    if (service) {
        fill(member_object(group, "Migrate"), migrate_defaults);
        fill(member_object(group, "ReschedulePolicy"), reschedule_service);
    } else if (sim_same(type, "batch")) {
        fill(member_object(group, "ReschedulePolicy"), reschedule_batch);
    }
    if (!batch && (service || sim_same(type, "system")))
        canonical_update(group, job);
    canonical_services(group, id, sim_get_text(group, "Name", ""), NULL);
    json_array_foreach(json_object_get(group, "Tasks"), i, task)
    {
        if (json_is_object(task))
            canonical_task(task, group, id, batch);
    }
}

/* Measured: the stored job keeps the update block given at the job's level only in these two members. */
static void canonical_job_update(json_t *job, bool batch)
{
    json_t *given = json_object_get(job, "Update");
    json_t *update = json_loads(batch ? job_update_batch : job_update, 0, NULL);
    json_int_t parallel = json_integer_value(json_object_get(given, "MaxParallel"));
    json_int_t stagger = json_integer_value(json_object_get(given, "Stagger"));

    if (parallel > 0)
        json_object_set_new(update, "MaxParallel", json_integer(parallel));
    if (stagger > 0)
        json_object_set_new(update, "Stagger", json_integer(stagger));
    json_object_set_new(job, "Update", update);
}

json_t *sim_job_canonical(const json_t *source, const char *region, const char *space)
{
    static const char *const derived[] = {"CreateIndex", "ModifyIndex", "JobModifyIndex", "Version",
                                          "Status",      "Stable",      "SubmitTime",     "VersionTag",
                                          "Stop",        "Reschedule",  "Migrate",        "StatusDescription"};
    json_t *job = json_deep_copy(source), *group;
    const char *type;
    bool batch;
    size_t i;

    for (i = 0; i < sizeof derived / sizeof *derived; i++)
        json_object_del(job, derived[i]);
    fill(job, job_defaults);
    if (json_array_size(json_object_get(job, "Datacenters")) == 0)
        json_object_set_new(job, "Datacenters", json_pack("[s]", "*"));
    if (*sim_get_text(job, "NodePool", "") == '\0')
        json_object_set_new(job, "NodePool", json_string("default"));
    if (json_integer_value(json_object_get(job, "Priority")) == 0)
        json_object_set_new(job, "Priority", json_integer(50));
    if (*sim_get_text(job, "Type", "") == '\0')
        json_object_set_new(job, "Type", json_string("service"));
    if (json_object_get(job, "Name") == NULL || json_is_null(json_object_get(job, "Name")))
        json_object_set(job, "Name", json_object_get(job, "ID"));
    json_object_set_new(job, "Region", json_string(region));
    json_object_set_new(job, "Namespace", json_string(space));
    type = sim_get_text(job, "Type", "service");
    batch = sim_same(type, "batch") || sim_same(type, "sysbatch");
    json_array_foreach(json_object_get(job, "TaskGroups"), i, group)
    {
        if (json_is_object(group))
            canonical_group(group, job, type);
    }
    canonical_job_update(job, batch);
    return job;
}

/* ---- validation ---- */

static void complain(json_t *errors, const char *text)
{
    json_array_append_new(errors, json_string(text));
}

/* hashicorp/go-multierror's layout. */
static void put_errors(struct buffer *out, const json_t *errors)
{
    json_t *error;
    size_t i;

    buffer_printf(out, "%zu error%s occurred:", json_array_size(errors), json_array_size(errors) == 1 ? "" : "s");
    json_array_foreach(errors, i, error)
    {
        buffer_printf(out, "\n\t* %s", json_string_value(error));
    }
    buffer_append_text(out, "\n\n");
}

static void validate_task(const json_t *task, json_t *errors)
{
    const json_t *resources = json_object_get(task, "Resources");
    int64_t cpu = sim_get_number(resources, "CPU", 0), memory = sim_get_number(resources, "MemoryMB", 0);
    struct buffer text = BUFFER_INIT, inner = BUFFER_INIT;
    json_t *mine = json_array(), *sizes = json_array();

    if (*sim_get_text(task, "Driver", "") == '\0')
        complain(mine, "Missing task driver");
    if (cpu < 1 && sim_get_number(resources, "Cores", 0) == 0) {
        buffer_printf(&text, "minimum CPU value is 1; got %lld", (long long)cpu);
        complain(sizes, text.data);
    }
    if (memory < 10) {
        buffer_clear(&text);
        buffer_printf(&text, "minimum MemoryMB value is 10; got %lld", (long long)memory);
        complain(sizes, text.data);
    }
    if (json_array_size(sizes) > 0) {
        json_t *wrapped = json_array();

        put_errors(&inner, sizes);
        complain(wrapped, inner.data);
        buffer_clear(&inner);
        put_errors(&inner, wrapped);
        complain(mine, inner.data);
        json_decref(wrapped);
    }
    if (json_array_size(mine) > 0) {
        buffer_clear(&text);
        buffer_printf(&text, "Task %s validation failed: ", sim_get_text(task, "Name", ""));
        put_errors(&text, mine);
        complain(errors, text.data);
    }
    json_decref(mine);
    json_decref(sizes);
    buffer_release(&text);
    buffer_release(&inner);
}

static void validate_group(const json_t *group, const char *type, json_t *errors)
{
    struct buffer text = BUFFER_INIT;
    json_t *mine = json_array(), *task;
    size_t i;

    if (sim_get_number(group, "Count", 1) < 0)
        complain(mine, "Task group count can't be negative");
    if (!sim_same(type, "service") && !sim_same(type, "system") && json_is_object(json_object_get(group, "Update"))) {
        buffer_printf(&text, "Job type \"%s\" does not allow update block", type);
        complain(mine, text.data);
    }
    if (json_array_size(json_object_get(group, "Tasks")) == 0)
        complain(mine, "Missing tasks for task group");
    json_array_foreach(json_object_get(group, "Tasks"), i, task)
    {
        validate_task(task, mine);
    }
    if (json_array_size(mine) > 0) {
        buffer_clear(&text);
        buffer_printf(&text, "Task group %s validation failed: ", sim_get_text(group, "Name", ""));
        put_errors(&text, mine);
        complain(errors, text.data);
    }
    json_decref(mine);
    buffer_release(&text);
}

static void validate_groups(const json_t *job, const char *type, json_t *errors)
{
    const json_t *groups = json_object_get(job, "TaskGroups");
    json_t *seen = json_object(), *group;
    size_t i;

    if (json_array_size(groups) == 0)
        complain(errors, "Missing job task groups");
    json_array_foreach(groups, i, group)
    {
        const char *name = sim_get_text(group, "Name", "");
        struct buffer text = BUFFER_INIT;

        if (*name == '\0')
            buffer_printf(&text, "Job task group %zu missing name", i + 1);
        else if (json_object_get(seen, name) != NULL)
            buffer_printf(&text, "Job task group %zu redefines '%s' from group %lld", i + 1, name,
                          (long long)json_integer_value(json_object_get(seen, name)));
        if (text.length > 0)
            complain(errors, text.data);
        json_object_set_new(seen, name, json_integer((json_int_t)i + 1));
        buffer_release(&text);
        validate_group(group, type, errors);
    }
    json_decref(seen);
}

static bool pool_exists(const struct sim_region *region, const char *pool)
{
    if (sim_same(pool, "default") || sim_same(pool, "all"))
        return true;
    for (size_t i = 0; i < region->class_count; i++)
        if (sim_same(region->classes[i].node_pool, pool))
            return true;
    return false;
}

void sim_job_validate(const struct sim_region *region, const json_t *job, struct buffer *ret_text, json_t *ret_errors)
{
    const char *type = sim_get_text(job, "Type", "service");
    const char *id = sim_get_text(job, "ID", ""), *pool = sim_get_text(job, "NodePool", "default");
    int64_t priority = sim_get_number(job, "Priority", 50);
    struct buffer text = BUFFER_INIT;

    if (!sim_same(type, "service") && !sim_same(type, "batch") && !sim_same(type, "system") &&
        !sim_same(type, "sysbatch")) {
        buffer_printf(&text, "Invalid job type: \"%s\"", type);
        complain(ret_errors, text.data);
    }
    if (*id == '\0')
        complain(ret_errors, "Missing job ID");
    else if (strchr(id, ' ') != NULL)
        complain(ret_errors, "Job ID contains a space");
    if (*sim_get_text(job, "Name", "") == '\0')
        complain(ret_errors, "Missing job name");
    validate_groups(job, type, ret_errors);
    if (priority < 1 || priority > 100)
        complain(ret_errors, "job priority must be between [1, 100]");
    if (json_array_size(ret_errors) == 0 && !pool_exists(region, pool)) {
        buffer_clear(&text);
        buffer_printf(&text, "job \"%s\" is in nonexistent node pool \"%s\"", id, pool);
        complain(ret_errors, text.data);
    }
    buffer_release(&text);
    if (json_array_size(ret_errors) > 0)
        put_errors(ret_text, ret_errors);
}

void sim_job_warnings(const json_t *job, struct buffer *ret_text)
{
    json_t *warnings = json_array(), *group;
    size_t i;

    json_array_foreach(json_object_get(job, "TaskGroups"), i, group)
    {
        const json_t *update = json_object_get(group, "Update");
        int64_t count = sim_get_number(group, "Count", 1), parallel = sim_get_number(update, "MaxParallel", 0);
        struct buffer text = BUFFER_INIT;

        if (json_is_object(update) && count > 1 && parallel > count) {
            json_t *mine = json_array();

            buffer_printf(&text,
                          "Update max parallel count is greater than task group count (%lld > %lld). A destructive "
                          "change would result in the simultaneous replacement of all allocations.",
                          (long long)parallel, (long long)count);
            complain(mine, text.data);
            buffer_clear(&text);
            buffer_printf(&text, "Group \"%s\" has warnings: ", sim_get_text(group, "Name", ""));
            put_errors(&text, mine);
            text.length -= 2; /* here without the empty lines that end an error */
            text.data[text.length] = '\0';
            complain(warnings, text.data);
            json_decref(mine);
        }
        buffer_release(&text);
    }
    if (json_array_size(warnings) > 0) {
        json_t *warning;

        buffer_printf(ret_text, "%zu warning%s:\n", json_array_size(warnings),
                      json_array_size(warnings) == 1 ? "" : "s");
        json_array_foreach(warnings, i, warning)
        {
            buffer_printf(ret_text, "\n* %s", json_string_value(warning));
        }
    }
    json_decref(warnings);
}
