/* What the blocks of a job file may hold and how each is called in API JSON, as tables.
 * Source: answers of Nomad 2.0.5's /v1/jobs/parse, Canonicalize false. */
#include <stddef.h>

#include "sim/engine/jobspec.h"

#define T SIM_FIELD_TEXT
#define N SIM_FIELD_NUMBER
#define F SIM_FIELD_FLAG
#define D SIM_FIELD_DURATION
#define L SIM_FIELD_TEXTS
#define M SIM_FIELD_MAP
#define END                                                                                                            \
    {                                                                                                                  \
        NULL, NULL, SIM_FIELD_IGNORED, NULL                                                                            \
    }

static const struct sim_field affinity_fields[] = {{"attribute", "LTarget", T, NULL},    {"value", "RTarget", T, NULL},
                                                   {"operator", "Operand", T, NULL},     {"weight", "Weight", N, NULL},
                                                   {"version", "RTarget", T, NULL},      {"regexp", "RTarget", T, NULL},
                                                   {"set_contains", "RTarget", T, NULL}, END};
static const struct sim_schema affinity = {"{\"LTarget\":\"\",\"Operand\":\"=\",\"RTarget\":\"\",\"Weight\":null}",
                                           NULL, affinity_fields};

static const struct sim_field target_fields[] = {{"percent", "Percent", N, NULL}, END};
static const struct sim_schema target = {"{\"Percent\":0,\"Value\":\"\"}", "Value", target_fields};
static const struct sim_field spread_fields[] = {{"attribute", "Attribute", T, NULL},
                                                 {"weight", "Weight", N, NULL},
                                                 {"target", "SpreadTarget", SIM_FIELD_BLOCKS, &target},
                                                 END};
static const struct sim_schema spread = {"{\"Attribute\":\"\",\"SpreadTarget\":null,\"Weight\":null}", NULL,
                                         spread_fields};

static const struct sim_field update_fields[] = {{"auto_promote", "AutoPromote", F, NULL},
                                                 {"auto_revert", "AutoRevert", F, NULL},
                                                 {"canary", "Canary", N, NULL},
                                                 {"health_check", "HealthCheck", T, NULL},
                                                 {"healthy_deadline", "HealthyDeadline", D, NULL},
                                                 {"max_parallel", "MaxParallel", N, NULL},
                                                 {"min_healthy_time", "MinHealthyTime", D, NULL},
                                                 {"progress_deadline", "ProgressDeadline", D, NULL},
                                                 {"stagger", "Stagger", D, NULL},
                                                 END};
static const struct sim_schema update = {
    "{\"AutoPromote\":null,\"AutoRevert\":null,\"Canary\":null,\"HealthCheck\":null,\"HealthyDeadline\":null,"
    "\"MaxParallel\":null,\"MinHealthyTime\":null,\"ProgressDeadline\":null,\"Stagger\":null}",
    NULL, update_fields};

static const struct sim_field migrate_fields[] = {{"max_parallel", "MaxParallel", N, NULL},
                                                  {"health_check", "HealthCheck", T, NULL},
                                                  {"min_healthy_time", "MinHealthyTime", D, NULL},
                                                  {"healthy_deadline", "HealthyDeadline", D, NULL},
                                                  END};
static const struct sim_schema migrate = {
    "{\"HealthCheck\":null,\"HealthyDeadline\":null,\"MaxParallel\":null,\"MinHealthyTime\":null}", NULL,
    migrate_fields};

static const struct sim_field reschedule_fields[] = {{"attempts", "Attempts", N, NULL},
                                                     {"interval", "Interval", D, NULL},
                                                     {"delay", "Delay", D, NULL},
                                                     {"delay_function", "DelayFunction", T, NULL},
                                                     {"max_delay", "MaxDelay", D, NULL},
                                                     {"unlimited", "Unlimited", F, NULL},
                                                     END};
static const struct sim_schema reschedule = {
    "{\"Attempts\":null,\"Delay\":null,\"DelayFunction\":null,\"Interval\":null,"
    "\"MaxDelay\":null,\"Unlimited\":null}",
    NULL, reschedule_fields};

static const struct sim_field restart_fields[] = {{"attempts", "Attempts", N, NULL},
                                                  {"interval", "Interval", D, NULL},
                                                  {"delay", "Delay", D, NULL},
                                                  {"mode", "Mode", T, NULL},
                                                  {"render_templates", "RenderTemplates", F, NULL},
                                                  END};
static const struct sim_schema restart = {
    "{\"Attempts\":null,\"Delay\":null,\"Interval\":null,\"Mode\":null,\"RenderTemplates\":null}", NULL,
    restart_fields};

static const struct sim_field periodic_fields[] = {
    {"cron", "Spec", T, NULL},          {"crons", "Specs", L, NULL},
    {"enabled", "Enabled", F, NULL},    {"prohibit_overlap", "ProhibitOverlap", F, NULL},
    {"time_zone", "TimeZone", T, NULL}, END};
static const struct sim_schema periodic = {"{\"Enabled\":null,\"ProhibitOverlap\":null,\"Spec\":null,\"SpecType\":"
                                           "\"cron\",\"Specs\":null,\"TimeZone\":null}",
                                           NULL, periodic_fields};

static const struct sim_field parameterized_fields[] = {{"payload", "Payload", T, NULL},
                                                        {"meta_required", "MetaRequired", L, NULL},
                                                        {"meta_optional", "MetaOptional", L, NULL},
                                                        END};
static const struct sim_schema parameterized = {"{\"MetaOptional\":null,\"MetaRequired\":null,\"Payload\":\"\"}", NULL,
                                                parameterized_fields};

static const struct sim_field strategy_fields[] = {
    {"max_parallel", "MaxParallel", N, NULL}, {"on_failure", "OnFailure", T, NULL}, END};
static const struct sim_schema strategy = {"{\"MaxParallel\":null,\"OnFailure\":null}", NULL, strategy_fields};
static const struct sim_field region_fields[] = {{"count", "Count", N, NULL},
                                                 {"datacenters", "Datacenters", L, NULL},
                                                 {"node_pool", "NodePool", T, NULL},
                                                 {"meta", "Meta", M, NULL},
                                                 END};
static const struct sim_schema region = {
    "{\"Count\":null,\"Datacenters\":null,\"Meta\":null,\"Name\":\"\",\"NodePool\":\"\"}", "Name", region_fields};
static const struct sim_field multiregion_fields[] = {
    {"strategy", "Strategy", SIM_FIELD_BLOCK, &strategy}, {"region", "Regions", SIM_FIELD_BLOCKS, &region}, END};
static const struct sim_schema multiregion = {"{\"Regions\":null,\"Strategy\":null}", NULL, multiregion_fields};

static const struct sim_field link_fields[] = {{"label", "Label", T, NULL}, {"url", "URL", T, NULL}, END};
static const struct sim_schema link = {"{\"Label\":\"\",\"URL\":\"\"}", NULL, link_fields};
static const struct sim_field ui_fields[] = {
    {"description", "Description", T, NULL}, {"link", "Links", SIM_FIELD_BLOCKS, &link}, END};
static const struct sim_schema ui = {"{\"Description\":\"\",\"Links\":null}", NULL, ui_fields};

/* ---- group ---- */

static const struct sim_field dns_fields[] = {
    {"servers", "Servers", L, NULL}, {"searches", "Searches", L, NULL}, {"options", "Options", L, NULL}, END};
static const struct sim_schema dns = {"{\"Options\":null,\"Searches\":null,\"Servers\":null}", NULL, dns_fields};
static const struct sim_field network_fields[] = {{"mode", "Mode", T, NULL},
                                                  {"hostname", "Hostname", T, NULL},
                                                  {"mbits", "MBits", N, NULL},
                                                  {"port", "DynamicPorts", SIM_FIELD_PORTS, NULL},
                                                  {"dns", "DNS", SIM_FIELD_BLOCK, &dns},
                                                  END};
static const struct sim_schema network = {
    "{\"CIDR\":\"\",\"CNI\":null,\"DNS\":null,\"Device\":\"\",\"DynamicPorts\":null,\"Hostname\":\"\",\"IP\":\"\","
    "\"MBits\":null,\"Mode\":\"\",\"ReservedPorts\":null}",
    NULL, network_fields};

static const struct sim_field check_restart_fields[] = {
    {"limit", "Limit", N, NULL}, {"grace", "Grace", D, NULL}, {"ignore_warnings", "IgnoreWarnings", F, NULL}, END};
static const struct sim_schema check_restart = {"{\"Grace\":null,\"IgnoreWarnings\":false,\"Limit\":0}", NULL,
                                                check_restart_fields};
static const struct sim_field check_fields[] = {{"address_mode", "AddressMode", T, NULL},
                                                {"args", "Args", L, NULL},
                                                {"body", "Body", T, NULL},
                                                {"check_restart", "CheckRestart", SIM_FIELD_BLOCK, &check_restart},
                                                {"command", "Command", T, NULL},
                                                {"expose", "Expose", F, NULL},
                                                {"failures_before_critical", "FailuresBeforeCritical", N, NULL},
                                                {"failures_before_warning", "FailuresBeforeWarning", N, NULL},
                                                {"grpc_service", "GRPCService", T, NULL},
                                                {"grpc_use_tls", "GRPCUseTLS", F, NULL},
                                                {"header", "Header", SIM_FIELD_LISTS, NULL},
                                                {"initial_status", "InitialStatus", T, NULL},
                                                {"interval", "Interval", D, NULL},
                                                {"method", "Method", T, NULL},
                                                {"name", "Name", T, NULL},
                                                {"notes", "Notes", T, NULL},
                                                {"on_update", "OnUpdate", T, NULL},
                                                {"path", "Path", T, NULL},
                                                {"port", "PortLabel", T, NULL},
                                                {"protocol", "Protocol", T, NULL},
                                                {"success_before_passing", "SuccessBeforePassing", N, NULL},
                                                {"task", "TaskName", T, NULL},
                                                {"timeout", "Timeout", D, NULL},
                                                {"tls_server_name", "TLSServerName", T, NULL},
                                                {"tls_skip_verify", "TLSSkipVerify", F, NULL},
                                                {"type", "Type", T, NULL},
                                                END};
static const struct sim_schema check = {
    "{\"AddressMode\":\"\",\"Advertise\":\"\",\"Args\":null,\"Body\":\"\",\"CheckRestart\":null,\"Command\":\"\","
    "\"Expose\":false,\"FailuresBeforeCritical\":0,\"FailuresBeforeWarning\":0,\"GRPCService\":\"\",\"GRPCUseTLS\":"
    "false,\"Header\":null,\"InitialStatus\":\"\",\"Interval\":0,\"Method\":\"\",\"Name\":\"\",\"Notes\":\"\","
    "\"OnUpdate\":\"\",\"Path\":\"\",\"PortLabel\":\"\",\"Protocol\":\"\",\"SuccessBeforePassing\":0,"
    "\"TLSServerName\":\"\",\"TLSSkipVerify\":false,\"TaskName\":\"\",\"Timeout\":0,\"Type\":\"\"}",
    NULL, check_fields};
static const struct sim_field service_fields[] = {{"address", "Address", T, NULL},
                                                  {"address_mode", "AddressMode", T, NULL},
                                                  {"canary_meta", "CanaryMeta", M, NULL},
                                                  {"canary_tags", "CanaryTags", L, NULL},
                                                  {"check", "Checks", SIM_FIELD_BLOCKS, &check},
                                                  {"check_restart", "CheckRestart", SIM_FIELD_BLOCK, &check_restart},
                                                  {"cluster", "Cluster", T, NULL},
                                                  {"enable_tag_override", "EnableTagOverride", F, NULL},
                                                  {"meta", "Meta", M, NULL},
                                                  {"name", "Name", T, NULL},
                                                  {"on_update", "OnUpdate", T, NULL},
                                                  {"port", "PortLabel", T, NULL},
                                                  {"provider", "Provider", T, NULL},
                                                  {"tags", "Tags", L, NULL},
                                                  {"task", "TaskName", T, NULL},
                                                  END};
static const struct sim_schema service = {
    "{\"Address\":\"\",\"AddressMode\":\"\",\"CanaryMeta\":null,\"CanaryTags\":null,\"CheckRestart\":null,\"Checks\":"
    "null,\"Cluster\":\"\",\"Connect\":null,\"EnableTagOverride\":false,\"Identity\":null,\"Kind\":\"\",\"Meta\":null,"
    "\"Name\":\"\",\"OnUpdate\":\"\",\"PortLabel\":\"\",\"Provider\":\"\",\"TaggedAddresses\":null,\"Tags\":null,"
    "\"TaskName\":\"\",\"Weights\":null}",
    NULL, service_fields};

static const struct sim_field disk_fields[] = {
    {"size", "SizeMB", N, NULL}, {"migrate", "Migrate", F, NULL}, {"sticky", "Sticky", F, NULL}, END};
static const struct sim_schema disk = {"{\"Migrate\":null,\"SizeMB\":null,\"Sticky\":null}", NULL, disk_fields};

static const struct sim_field volume_fields[] = {{"type", "Type", T, NULL},
                                                 {"source", "Source", T, NULL},
                                                 {"read_only", "ReadOnly", F, NULL},
                                                 {"sticky", "Sticky", F, NULL},
                                                 {"per_alloc", "PerAlloc", F, NULL},
                                                 {"access_mode", "AccessMode", T, NULL},
                                                 {"attachment_mode", "AttachmentMode", T, NULL},
                                                 END};
static const struct sim_schema volume = {"{\"AccessMode\":\"\",\"AttachmentMode\":\"\",\"MountOptions\":null,\"Name\":"
                                         "\"\",\"PerAlloc\":false,\"ReadOnly\":false,\"Source\":\"\",\"Sticky\":false,"
                                         "\"Type\":\"\"}",
                                         "Name", volume_fields};

static const struct sim_field scaling_fields[] = {{"enabled", "Enabled", F, NULL},
                                                  {"min", "Min", N, NULL},
                                                  {"max", "Max", N, NULL},
                                                  {"type", "Type", T, NULL},
                                                  {"policy", "Policy", SIM_FIELD_FREE, NULL},
                                                  END};
static const struct sim_schema scaling = {"{\"CreateIndex\":0,\"Enabled\":null,\"ID\":\"\",\"Max\":null,\"Min\":null,"
                                          "\"ModifyIndex\":0,\"Namespace\":\"\",\"Policy\":null,\"Target\":null,"
                                          "\"Type\":\"horizontal\"}",
                                          NULL, scaling_fields};

static const struct sim_field disconnect_fields[] = {{"lost_after", "LostAfter", D, NULL},
                                                     {"stop_on_client_after", "StopOnClientAfter", D, NULL},
                                                     {"replace", "Replace", F, NULL},
                                                     {"reconcile", "Reconcile", T, NULL},
                                                     END};
static const struct sim_schema disconnect = {
    "{\"LostAfter\":null,\"Reconcile\":null,\"Replace\":null,\"StopOnClientAfter\":null}", NULL, disconnect_fields};

static const struct sim_field consul_fields[] = {
    {"cluster", "Cluster", T, NULL}, {"namespace", "Namespace", T, NULL}, {"partition", "Partition", T, NULL}, END};
static const struct sim_schema consul = {"{\"Cluster\":\"\",\"Namespace\":\"\",\"Partition\":\"\"}", NULL,
                                         consul_fields};

/* ---- task ---- */

static const struct sim_field lifecycle_fields[] = {{"hook", "Hook", T, NULL}, {"sidecar", "Sidecar", F, NULL}, END};
static const struct sim_schema lifecycle = {"{\"Hook\":\"\",\"Sidecar\":false}", NULL, lifecycle_fields};

static const struct sim_field template_fields[] = {{"change_mode", "ChangeMode", T, NULL},
                                                   {"change_signal", "ChangeSignal", T, NULL},
                                                   {"data", "EmbeddedTmpl", T, NULL},
                                                   {"destination", "DestPath", T, NULL},
                                                   {"env", "Envvars", F, NULL},
                                                   {"error_on_missing_key", "ErrMissingKey", F, NULL},
                                                   {"gid", "Gid", N, NULL},
                                                   {"left_delimiter", "LeftDelim", T, NULL},
                                                   {"once", "Once", F, NULL},
                                                   {"perms", "Perms", T, NULL},
                                                   {"right_delimiter", "RightDelim", T, NULL},
                                                   {"source", "SourcePath", T, NULL},
                                                   {"splay", "Splay", D, NULL},
                                                   {"uid", "Uid", N, NULL},
                                                   END};
static const struct sim_schema template = {
    "{\"ChangeMode\":null,\"ChangeScript\":null,\"ChangeSignal\":null,\"DestPath\":null,\"EmbeddedTmpl\":null,"
    "\"Envvars\":null,\"ErrMissingKey\":false,\"Gid\":null,\"LeftDelim\":null,\"Once\":null,\"Perms\":null,"
    "\"RightDelim\":null,\"SourcePath\":null,\"Splay\":null,\"Uid\":null,\"VaultGrace\":null,\"Wait\":null}",
    NULL, template_fields};

static const struct sim_field artifact_fields[] = {
    {"source", "GetterSource", T, NULL},   {"destination", "RelativeDest", T, NULL},
    {"mode", "GetterMode", T, NULL},       {"insecure", "GetterInsecure", F, NULL},
    {"chown", "Chown", F, NULL},           {"options", "GetterOptions", M, NULL},
    {"headers", "GetterHeaders", M, NULL}, END};
static const struct sim_schema artifact = {"{\"Chown\":false,\"GetterHeaders\":null,\"GetterInsecure\":null,"
                                           "\"GetterMode\":null,\"GetterOptions\":null,\"GetterSource\":null,"
                                           "\"RelativeDest\":null}",
                                           NULL, artifact_fields};

static const struct sim_field logs_fields[] = {{"max_files", "MaxFiles", N, NULL},
                                               {"max_file_size", "MaxFileSizeMB", N, NULL},
                                               {"disabled", "Disabled", F, NULL},
                                               {"enabled", "Enabled", F, NULL},
                                               END};
static const struct sim_schema logs = {"{\"Disabled\":null,\"Enabled\":null,\"MaxFileSizeMB\":null,\"MaxFiles\":null}",
                                       NULL, logs_fields};

static const struct sim_field device_fields[] = {{"count", "Count", N, NULL},
                                                 {"constraint", "Constraints", SIM_FIELD_CONSTRAINTS, NULL},
                                                 {"affinity", "Affinities", SIM_FIELD_BLOCKS, &affinity},
                                                 END};
static const struct sim_schema device = {"{\"Affinities\":null,\"Constraints\":null,\"Count\":null,\"Name\":\"\"}",
                                         "Name", device_fields};
static const struct sim_field resource_fields[] = {{"cpu", "CPU", N, NULL},
                                                   {"cores", "Cores", N, NULL},
                                                   {"memory", "MemoryMB", N, NULL},
                                                   {"memory_max", "MemoryMaxMB", N, NULL},
                                                   {"disk", "DiskMB", N, NULL},
                                                   {"secrets", "SecretsMB", N, NULL},
                                                   {"network", "Networks", SIM_FIELD_BLOCKS, &network},
                                                   {"device", "Devices", SIM_FIELD_BLOCKS, &device},
                                                   END};
static const struct sim_schema resources = {
    "{\"CPU\":null,\"Cores\":null,\"Devices\":null,\"DiskMB\":null,\"IOPS\":null,\"MemoryMB\":null,\"MemoryMaxMB\":"
    "null,\"NUMA\":null,\"Networks\":null,\"SecretsMB\":null}",
    NULL, resource_fields};

static const struct sim_field mount_fields[] = {{"volume", "Volume", T, NULL},
                                                {"destination", "Destination", T, NULL},
                                                {"read_only", "ReadOnly", F, NULL},
                                                {"propagation_mode", "PropagationMode", T, NULL},
                                                {"selinux_label", "SELinuxLabel", T, NULL},
                                                END};
static const struct sim_schema mount = {"{\"Destination\":null,\"PropagationMode\":null,\"ReadOnly\":null,"
                                        "\"SELinuxLabel\":null,\"Volume\":null}",
                                        NULL, mount_fields};

static const struct sim_field vault_fields[] = {{"policies", "Policies", L, NULL},
                                                {"role", "Role", T, NULL},
                                                {"cluster", "Cluster", T, NULL},
                                                {"namespace", "Namespace", T, NULL},
                                                {"env", "Env", F, NULL},
                                                {"disable_file", "DisableFile", F, NULL},
                                                {"change_mode", "ChangeMode", T, NULL},
                                                {"change_signal", "ChangeSignal", T, NULL},
                                                {"allow_token_expiration", "AllowTokenExpiration", F, NULL},
                                                END};
static const struct sim_schema vault = {
    "{\"AllowTokenExpiration\":null,\"ChangeMode\":\"restart\",\"ChangeSignal\":null,"
    "\"Cluster\":\"\",\"DisableFile\":false,\"Env\":true,\"Namespace\":null,"
    "\"Policies\":null,\"Role\":\"\"}",
    NULL, vault_fields};

static const struct sim_field identity_fields[] = {{"name", "Name", T, NULL},
                                                   {"aud", "Audience", L, NULL},
                                                   {"change_mode", "ChangeMode", T, NULL},
                                                   {"change_signal", "ChangeSignal", T, NULL},
                                                   {"env", "Env", F, NULL},
                                                   {"file", "File", F, NULL},
                                                   {"filepath", "Filepath", T, NULL},
                                                   {"service_name", "ServiceName", T, NULL},
                                                   {"extra_claims", "ExtraClaims", M, NULL},
                                                   {"ttl", "TTL", D, NULL},
                                                   END};
static const struct sim_schema identity = {
    "{\"Audience\":null,\"ChangeMode\":\"\",\"ChangeSignal\":\"\",\"Env\":false,\"ExtraClaims\":null,\"File\":false,"
    "\"Filepath\":\"\",\"Name\":\"\",\"ServiceName\":\"\",\"TTL\":0}",
    NULL, identity_fields};

static const struct sim_field payload_fields[] = {{"file", "File", T, NULL}, END};
static const struct sim_schema payload = {"{\"File\":\"\"}", NULL, payload_fields};

static const struct sim_field cron_fields[] = {
    {"start", "Start", T, NULL}, {"end", "End", T, NULL}, {"timezone", "Timezone", T, NULL}, END};
static const struct sim_schema cron = {"{\"End\":\"\",\"Start\":\"\",\"Timezone\":\"\"}", NULL, cron_fields};
static const struct sim_field schedule_fields[] = {{"cron", "Cron", SIM_FIELD_BLOCK, &cron}, END};
static const struct sim_schema schedule = {"{\"Cron\":null}", NULL, schedule_fields};

static const struct sim_field action_fields[] = {{"command", "Command", T, NULL}, {"args", "Args", L, NULL}, END};
static const struct sim_schema action = {"{\"Args\":null,\"Command\":\"\",\"Name\":\"\"}", "Name", action_fields};

static const struct sim_field task_fields[] = {{"action", "Actions", SIM_FIELD_BLOCKS, &action},
                                               {"affinity", "Affinities", SIM_FIELD_BLOCKS, &affinity},
                                               {"artifact", "Artifacts", SIM_FIELD_BLOCKS, &artifact},
                                               {"config", "Config", SIM_FIELD_FREE, NULL},
                                               {"constraint", "Constraints", SIM_FIELD_CONSTRAINTS, NULL},
                                               {"consul", "Consul", SIM_FIELD_BLOCK, &consul},
                                               {"dispatch_payload", "DispatchPayload", SIM_FIELD_BLOCK, &payload},
                                               {"driver", "Driver", T, NULL},
                                               {"env", "Env", M, NULL},
                                               {"identity", "Identity", SIM_FIELD_IDENTITY, &identity},
                                               {"kill_signal", "KillSignal", T, NULL},
                                               {"kill_timeout", "KillTimeout", D, NULL},
                                               {"kind", "Kind", T, NULL},
                                               {"leader", "Leader", F, NULL},
                                               {"lifecycle", "Lifecycle", SIM_FIELD_BLOCK, &lifecycle},
                                               {"logs", "LogConfig", SIM_FIELD_BLOCK, &logs},
                                               {"meta", "Meta", M, NULL},
                                               {"resources", "Resources", SIM_FIELD_BLOCK, &resources},
                                               {"restart", "RestartPolicy", SIM_FIELD_BLOCK, &restart},
                                               {"schedule", "Schedule", SIM_FIELD_BLOCK, &schedule},
                                               {"service", "Services", SIM_FIELD_BLOCKS, &service},
                                               {"shutdown_delay", "ShutdownDelay", D, NULL},
                                               {"template", "Templates", SIM_FIELD_BLOCKS, &template},
                                               {"user", "User", T, NULL},
                                               {"vault", "Vault", SIM_FIELD_BLOCK, &vault},
                                               {"volume_mount", "VolumeMounts", SIM_FIELD_BLOCKS, &mount},
                                               END};
static const struct sim_schema task = {
    "{\"Actions\":null,\"Affinities\":null,\"Artifacts\":null,\"Config\":null,\"Constraints\":null,\"Consul\":null,"
    "\"DispatchPayload\":null,\"Driver\":\"\",\"Env\":null,\"Identities\":null,\"Identity\":null,\"KillSignal\":\"\","
    "\"KillTimeout\":null,\"Kind\":\"\",\"Leader\":false,\"Lifecycle\":null,\"LogConfig\":null,\"Meta\":null,\"Name\":"
    "\"\",\"Resources\":null,\"RestartPolicy\":null,\"ScalingPolicies\":null,\"Schedule\":null,\"Secrets\":null,"
    "\"Services\":null,\"ShutdownDelay\":0,\"Templates\":null,\"User\":\"\",\"Vault\":null,\"VolumeMounts\":null}",
    "Name", task_fields};

static const struct sim_field group_fields[] = {{"affinity", "Affinities", SIM_FIELD_BLOCKS, &affinity},
                                                {"constraint", "Constraints", SIM_FIELD_CONSTRAINTS, NULL},
                                                {"consul", "Consul", SIM_FIELD_BLOCK, &consul},
                                                {"count", "Count", N, NULL},
                                                {"disconnect", "Disconnect", SIM_FIELD_BLOCK, &disconnect},
                                                {"ephemeral_disk", "EphemeralDisk", SIM_FIELD_BLOCK, &disk},
                                                {"max_client_disconnect", "MaxClientDisconnect", D, NULL},
                                                {"max_run_duration", "MaxRunDuration", D, NULL},
                                                {"meta", "Meta", M, NULL},
                                                {"migrate", "Migrate", SIM_FIELD_BLOCK, &migrate},
                                                {"network", "Networks", SIM_FIELD_BLOCKS, &network},
                                                {"prevent_reschedule_on_lost", "PreventRescheduleOnLost", F, NULL},
                                                {"reschedule", "ReschedulePolicy", SIM_FIELD_BLOCK, &reschedule},
                                                {"restart", "RestartPolicy", SIM_FIELD_BLOCK, &restart},
                                                {"scaling", "Scaling", SIM_FIELD_BLOCK, &scaling},
                                                {"service", "Services", SIM_FIELD_BLOCKS, &service},
                                                {"shutdown_delay", "ShutdownDelay", D, NULL},
                                                {"spread", "Spreads", SIM_FIELD_BLOCKS, &spread},
                                                {"stop_after_client_disconnect", "StopAfterClientDisconnect", D, NULL},
                                                {"task", "Tasks", SIM_FIELD_BLOCKS, &task},
                                                {"update", "Update", SIM_FIELD_BLOCK, &update},
                                                {"volume", "Volumes", SIM_FIELD_NAMED, &volume},
                                                END};
const struct sim_schema sim_schema_group = {
    "{\"Affinities\":null,\"Constraints\":null,\"Consul\":null,\"Count\":null,\"Disconnect\":null,\"EphemeralDisk\":"
    "null,\"MaxClientDisconnect\":null,\"MaxRunDuration\":null,\"Meta\":null,\"Migrate\":null,\"Name\":\"\","
    "\"Networks\":null,\"PreventRescheduleOnLost\":null,\"ReschedulePolicy\":null,\"RestartPolicy\":null,\"Scaling\":"
    "null,\"Services\":null,\"ShutdownDelay\":null,\"Spreads\":null,\"StopAfterClientDisconnect\":null,\"Tasks\":null,"
    "\"Update\":null,\"Volumes\":null}",
    "Name", group_fields};

static const struct sim_field job_fields[] = {{"affinity", "Affinities", SIM_FIELD_BLOCKS, &affinity},
                                              {"all_at_once", "AllAtOnce", F, NULL},
                                              {"constraint", "Constraints", SIM_FIELD_CONSTRAINTS, NULL},
                                              {"consul_namespace", "ConsulNamespace", T, NULL},
                                              {"datacenters", "Datacenters", L, NULL},
                                              {"group", "TaskGroups", SIM_FIELD_BLOCKS, &sim_schema_group},
                                              {"id", "ID", T, NULL},
                                              {"meta", "Meta", M, NULL},
                                              {"migrate", "Migrate", SIM_FIELD_BLOCK, &migrate},
                                              {"multiregion", "Multiregion", SIM_FIELD_BLOCK, &multiregion},
                                              {"name", "Name", T, NULL},
                                              {"namespace", "Namespace", T, NULL},
                                              {"node_pool", "NodePool", T, NULL},
                                              {"parameterized", "ParameterizedJob", SIM_FIELD_BLOCK, &parameterized},
                                              {"periodic", "Periodic", SIM_FIELD_BLOCK, &periodic},
                                              {"priority", "Priority", N, NULL},
                                              {"region", "Region", T, NULL},
                                              {"reschedule", "Reschedule", SIM_FIELD_BLOCK, &reschedule},
                                              {"spread", "Spreads", SIM_FIELD_BLOCKS, &spread},
                                              {"task", "TaskGroups", SIM_FIELD_TASK_GROUP, &task},
                                              {"type", "Type", T, NULL},
                                              {"ui", "UI", SIM_FIELD_BLOCK, &ui},
                                              {"update", "Update", SIM_FIELD_BLOCK, &update},
                                              END};
const struct sim_schema sim_schema_job = {
    "{\"Affinities\":null,\"AllAtOnce\":null,\"Constraints\":null,\"ConsulNamespace\":null,\"CreateIndex\":null,"
    "\"Datacenters\":null,\"DispatchIdempotencyToken\":null,\"Dispatched\":false,\"ID\":\"\",\"JobModifyIndex\":null,"
    "\"Meta\":null,\"Migrate\":null,\"ModifyIndex\":null,\"Multiregion\":null,\"Name\":null,\"Namespace\":null,"
    "\"NodePool\":null,\"NomadTokenID\":null,\"ParameterizedJob\":null,\"ParentID\":null,\"Payload\":null,\"Periodic\":"
    "null,\"Priority\":null,\"Region\":null,\"Reschedule\":null,\"Spreads\":null,\"Stable\":null,\"Status\":null,"
    "\"StatusDescription\":null,\"Stop\":null,\"SubmitTime\":null,\"TaskGroups\":null,\"Type\":null,\"UI\":null,"
    "\"Update\":null,\"VaultNamespace\":null,\"Version\":null,\"VersionTag\":null}",
    "ID", job_fields};
