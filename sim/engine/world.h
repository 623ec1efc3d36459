/* What a simulated region is made of. Private to sim/engine; neighbours see region.h only.
 *
 * Ownership: the region owns nodes, jobs, allocations, evaluations and deployments; a job's versions (struct sim_spec)
 * are counted references, since allocations keep the version they run. Every index below is a Nomad index. */
#ifndef DROVER_SIM_ENGINE_WORLD_H
#define DROVER_SIM_ENGINE_WORLD_H

#include <jansson.h>

#include "base/hash.h"
#include "sim/engine/region.h"

/* What a node's attributes call its machine. */
#define SIM_INSTANCE_ATTRIBUTE "unique.platform.sim.instance-id"

enum { SIM_ID_SIZE = 37, SIM_INSTANCE_SIZE = 20, SIM_EVENT_GROUPS = 100, SIM_VERSIONS_KEPT = 6 };
enum { SIM_PORT_MIN = 20000, SIM_PORT_MAX = 32000 };

enum sim_table {
    SIM_NODES,
    SIM_JOBS,
    SIM_ALLOCATIONS,
    SIM_EVALUATIONS,
    SIM_DEPLOYMENTS,
    SIM_VARIABLES,
    SIM_SUMMARIES,
    SIM_SERVICES,
    SIM_TABLES
};

struct sim_constraint {
    const char *left;
    const char *right;
    const char *operand;
    int weight; /* affinities only */
};

struct sim_port {
    const char *label;
    int number; /* 0: dynamic */
    int to;
};

struct sim_update {
    bool present;
    int max_parallel;
    int canary;
    bool auto_revert;
    bool auto_promote;
    int64_t min_healthy_ms;
    int64_t healthy_deadline_ms;
    int64_t progress_deadline_ms;
};

/* A task group, read once from the canonical JSON; texts point into it. */
struct sim_group {
    const char *name;
    const json_t *json;
    int count;
    int cpu;
    int memory;
    int disk;
    struct sim_constraint *constraints; /* job's, group's and tasks' */
    size_t constraint_count;
    struct sim_constraint *affinities;
    size_t affinity_count;
    struct sim_port *ports;
    size_t port_count;
    const char **drivers;
    size_t driver_count;
    struct sim_update update;
    bool reschedule_unlimited;
    int reschedule_attempts;
    int64_t reschedule_delay_ms;
    char *resources_text; /* AllocatedResources up to the ports, rendered once */
};

/* One version of a job. */
struct sim_spec {
    int references;
    json_t *json; /* canonical, without indexes and status */
    const char *type;
    const char *node_pool;
    int priority;
    uint64_t version;
    uint64_t job_modify_index;
    uint64_t modify_index;
    int64_t submit_ns;
    bool stop;
    bool stable;
    char *tag_name; /* NULL: untagged */
    char *tag_description;
    int64_t tag_ns;
    struct sim_group *groups;
    size_t group_count;
};

struct sim_scale_event {
    char *group;
    int64_t count; /* -1: none */
    int64_t previous;
    char *message;
    char eval_id[SIM_ID_SIZE];
    int64_t time_ns;
    bool error;
    json_t *meta;
    uint64_t index;
};

struct sim_job {
    char *space; /* namespace */
    char *id;
    struct sim_spec *spec;
    struct sim_spec **versions; /* oldest first; the last is spec */
    size_t version_count;
    uint64_t create_index;
    uint64_t modify_index;
    uint64_t summary_index;
    const char *status; /* pending, running, dead: static */
    bool unhealthy;     /* fault */
    int *queued;        /* per group of spec */
    struct sim_scale_event *events;
    size_t event_count, event_capacity;
    struct sim_allocation **allocations; /* also the stopped ones */
    size_t allocation_count, allocation_capacity;
};

enum sim_client { SIM_PENDING, SIM_RUNNING, SIM_COMPLETE, SIM_FAILED, SIM_LOST_CLIENT, SIM_UNKNOWN };
enum sim_desired { SIM_RUN, SIM_STOP, SIM_EVICT };
enum sim_health { SIM_UNJUDGED, SIM_HEALTHY, SIM_UNHEALTHY };

struct sim_allocation {
    char id[SIM_ID_SIZE];
    char eval_id[SIM_ID_SIZE];
    char followup_id[SIM_ID_SIZE];
    char previous_id[SIM_ID_SIZE];
    char next_id[SIM_ID_SIZE];
    struct sim_job *job;
    struct sim_spec *spec;
    struct sim_deployment *deployment;
    struct sim_node *node;
    uint16_t group; /* in spec */
    uint8_t desired;
    uint8_t client;
    uint8_t health;
    bool canary;
    bool migrate;
    bool force_stop; /* asked by PUT /v1/allocation/:id/stop */
    bool released;   /* its resources were given back */
    bool rescheduled;
    uint32_t number; /* N of name "job.group[N]" */
    uint64_t create_index, modify_index, alloc_modify_index, health_index;
    int64_t create_ns, modify_ns, health_ns, started_ns, finished_ns;
    const char *desired_description; /* static */
    int reschedules;
    int *ports; /* one per group port */
};

struct sim_node_class { /* what the nodes of one pool spec share */
    char *pool_label;
    char *node_class;
    char *node_pool;
    char *datacenter;
    char *attributes_text; /* inside of the JSON object, shared part, ends with ',' */
    char *meta_text;       /* the JSON object */
    char *drivers_text;
    char *resources_text; /* "NodeResources":..,"ReservedResources":.. */
    json_t *attributes;
    json_t *meta;
    char **drivers;
    size_t driver_count;
    int cpu, memory, disk;
};

enum sim_node_status { SIM_NODE_INITIALIZING, SIM_NODE_READY, SIM_NODE_DOWN };

struct sim_node {
    char id[SIM_ID_SIZE];
    char computed[24]; /* one a node: the order of os.signals differs on every real agent, and with it the class */
    char *name;
    struct sim_node_class *class;
    char instance[SIM_INSTANCE_SIZE];
    struct sim_machine *machine; /* NULL: it is gone */
    enum sim_node_status status;
    bool gone; /* machine stopped; status follows after the heartbeat delay */
    bool eligible;
    bool draining;
    bool drain_ignores_system;
    int64_t drain_deadline_ms; /* SIM_NEVER: none */
    int64_t drain_deadline_ns; /* as asked */
    int64_t drain_started_ns;
    int64_t last_drain_ns; /* 0: never */
    const char *last_drain_status;
    uint64_t create_index, modify_index;
    int64_t status_s; /* StatusUpdatedAt */
    int64_t ready_ns;
    int cpu, memory, disk;                /* used */
    int plan_cpu, plan_memory, plan_disk; /* scratch of one plan: added by it */
    uint32_t next_port;
    struct sim_allocation **allocations; /* those that hold resources */
    size_t allocation_count, allocation_capacity;
};

struct sim_dstate { /* one group of a deployment */
    char *group;
    int desired, placed, healthy, unhealthy, canaries;
    bool promoted;
    bool auto_revert, auto_promote;
    int64_t progress_deadline_ms;
    int64_t require_progress_ms; /* 0: none yet */
    char (*canary_ids)[SIM_ID_SIZE];
    size_t canary_count, canary_capacity;
};

struct sim_deployment {
    char id[SIM_ID_SIZE];
    struct sim_job *job; /* NULL once purged */
    char *space;
    char *job_id;
    uint64_t job_version, job_modify_index, job_spec_modify_index, job_create_index;
    const char *status;
    char description[160];
    struct sim_dstate *groups;
    size_t group_count;
    uint64_t create_index, modify_index;
    int64_t create_ns, modify_ns;
    int priority;
    bool checking; /* a watcher step is scheduled */
};

/* Why a group could not be placed; one per group and plan. */
struct sim_metric {
    int nodes_evaluated, nodes_filtered, nodes_exhausted, nodes_in_pool;
    int coalesced;
    json_t *nodes_available, *class_filtered, *class_exhausted, *constraint_filtered, *dimension_exhausted;
    bool failed;
};

struct sim_tally { /* DesiredTGUpdates of one group */
    int place, stop, in_place, destructive, migrate, ignore, canary, reschedule_now, reschedule_later;
};

struct sim_evaluation {
    char id[SIM_ID_SIZE];
    struct sim_job *job; /* NULL once purged */
    char *space;
    char *job_id;
    const char *type;
    const char *trigger; /* static */
    const char *status;  /* static */
    char description[160];
    char deployment_id[SIM_ID_SIZE];
    char previous_id[SIM_ID_SIZE];
    char next_id[SIM_ID_SIZE];
    char blocked_id[SIM_ID_SIZE];
    char node_id[SIM_ID_SIZE];
    uint64_t create_index, modify_index, job_modify_index, snapshot_index, node_modify_index;
    int64_t create_ns, modify_ns, wait_until_ms;
    int priority;
    char *failed_text;  /* FailedTGAllocs object, or NULL */
    char *queued_text;  /* QueuedAllocations object, or NULL */
    char *updates_text; /* DesiredTGUpdates object, or NULL */
    char *classes_text; /* ClassEligibility object, or NULL */
};

enum sim_action_kind { SIM_PLACE, SIM_IN_PLACE, SIM_DESTROY, SIM_END };

struct sim_action {
    enum sim_action_kind kind;
    struct sim_allocation *allocation; /* what is stopped or updated; NULL for a fresh place */
    struct sim_node *node;             /* where a place goes */
    uint16_t group;
    uint32_t number;
    bool canary;
    bool lost; /* the stopped one becomes lost */
    bool reschedule;
    const char *description; /* static */
};

/* What the scheduler wants; applying it is another step, so that a dry run just drops it. */
struct sim_plan {
    struct sim_job *job;
    struct sim_spec *spec; /* the version planned for */
    struct sim_action *actions;
    size_t action_count, action_capacity;
    struct sim_tally *tallies;  /* per group of spec */
    struct sim_metric *metrics; /* per group of spec */
    int *queued;                /* per group of spec */
    struct sim_tally *removed;  /* per group that only old versions have */
    const char **removed_names;
    size_t removed_count;
    bool wants_deployment;
    bool failed;
    int64_t reschedule_at_ms; /* 0: none */
    struct sim_allocation **later;
    size_t later_count, later_capacity;
};

struct sim_event {
    const char *topic; /* static */
    char *namespace_;
    char *keys[4]; /* key and filter keys */
    char *text;    /* the whole event object */
};

struct sim_event_group {
    uint64_t index;
    struct sim_event *events;
    size_t count, capacity;
};

enum sim_timer_kind {
    SIM_TIMER_START,
    SIM_TIMER_HEALTH,
    SIM_TIMER_UNHEALTHY,
    SIM_TIMER_STOPPED,
    SIM_TIMER_DEPLOYMENT,
    SIM_TIMER_PROGRESS,
    SIM_TIMER_NODE,
    SIM_TIMER_DRAIN,
    SIM_TIMER_EVALUATION,
    SIM_TIMER_FINISH,
    SIM_TIMER_BOOTED,
    SIM_TIMER_INTERRUPTED,
    SIM_TIMER_VANISHED
};

struct sim_timer {
    int64_t at;
    uint64_t sequence;
    enum sim_timer_kind kind;
    void *subject;
    uint64_t detail; /* what must still hold: the version or index at the time of setting */
};

struct sim_variable {
    char *space;
    char *path;
    json_t *items;
    uint64_t create_index, modify_index;
    int64_t create_ns, modify_ns;
};

struct sim_region {
    char *name;
    char *nomad_address;
    char *consul_address;
    char *read_token, *write_token;
    int64_t start_delay_ms, stop_delay_ms, heartbeat_delay_ms, deployment_step_ms;
    uint64_t random;
    uint64_t index;
    uint64_t tables[SIM_TABLES];
    int64_t now; /* newest time seen */
    struct sim_node_class *classes;
    size_t class_count;
    struct sim_node **nodes; /* by id */
    size_t node_count, node_capacity;
    struct sim_machine_pool *pools; /* one a class; machine_pool.h */
    uint64_t machine_random;        /* the state of the instances' own generator */
    struct sim_job **jobs;          /* by namespace and id */
    size_t job_count, job_capacity;
    struct sim_allocation **allocations; /* by create index and id */
    size_t allocation_count, allocation_capacity;
    struct hash_index allocation_ids;
    struct sim_evaluation **evaluations; /* by create index */
    size_t evaluation_count, evaluation_capacity;
    struct sim_deployment **deployments; /* by create index */
    size_t deployment_count, deployment_capacity;
    struct sim_variable **variables; /* by namespace and path */
    size_t variable_count, variable_capacity;
    json_t *namespaces;       /* name -> description */
    struct sim_timer *timers; /* a heap */
    size_t timer_count, timer_capacity;
    uint64_t timer_sequence;
    struct sim_event_group *groups; /* oldest first; number group_base is groups[0] */
    size_t group_count, group_capacity;
    uint64_t group_base;
    struct sim_stream **streams;
    size_t stream_count, stream_capacity;
    bool capacity_freed;
    struct sim_region **peers; /* every linked region, itself included */
    size_t peer_count;
    double *rtt_ms; /* to each peer */
    double coordinate[8];
    bool dark_silent, dark_refuse;
    int64_t slow_ms;
    int fail_next;
    int fail_percent;
    char fail_text[256];
    int lose_next;
    uint64_t writes;
    /* the client update batch that may still take more allocations */
    struct sim_node *batch_node;
    int64_t batch_at;
    uint64_t batch_index;
    int batch_kind;
};

/* ---- random.c, text.c: ids, JSON text ---- */
uint64_t sim_random(struct sim_region *region);
void sim_new_id(struct sim_region *region, char ret_id[SIM_ID_SIZE]);
/* A JSON string with quotes. */
void sim_put_string(struct buffer *out, const char *text);
/* "key": and the string. */
void sim_put_field(struct buffer *out, const char *key, const char *text);
/* RFC 3339 with nanoseconds, quoted; null for 0. */
void sim_put_time(struct buffer *out, int64_t ns);
void sim_put_json(struct buffer *out, const json_t *json);
char *sim_copy(const char *text);
bool sim_same(const char *a, const char *b);
/* Reads with a fallback for absent, null or otherwise typed members. */
const char *sim_get_text(const json_t *object, const char *key, const char *otherwise);
int64_t sim_get_number(const json_t *object, const char *key, int64_t otherwise);
bool sim_get_flag(const json_t *object, const char *key, bool otherwise);

/* ---- spec.c, canonical.c ---- */
/* A fresh canonical job from what a client sent (null where it left things out). */
json_t *sim_job_canonical(const json_t *job, const char *region, const char *space);
/* The error text of Nomad's validation, empty when there is none; `ret_errors` gets each one. */
void sim_job_validate(const struct sim_region *region, const json_t *job, struct buffer *ret_text, json_t *ret_errors);
void sim_job_warnings(const json_t *job, struct buffer *ret_text);
/* Takes over json. */
struct sim_spec *sim_spec_new(json_t *json);
struct sim_spec *sim_spec_reference(struct sim_spec *spec);
void sim_spec_release(struct sim_spec *spec);
int sim_spec_find_group(const struct sim_spec *spec, const char *name);
/* Whether going from one version's group to another's restarts its tasks. */
bool sim_group_destructive(const struct sim_spec *a, const struct sim_group *ga, const struct sim_spec *b,
                           const struct sim_group *gb);

/* ---- nodes.c ---- */
bool sim_nodes_build(struct sim_region *region, const struct sim_region_spec *spec, int64_t now, struct error *error);
void sim_nodes_free(struct sim_region *region);
/* A new node comes to the cluster and takes work. */
struct sim_node *sim_node_register(struct sim_region *region, struct sim_machine *machine, int64_t now);
struct sim_node *sim_node_find(const struct sim_region *region, const char *id);
struct sim_node *sim_node_find_name(const struct sim_region *region, const char *name);
void sim_node_take(struct sim_node *node, struct sim_allocation *allocation);
void sim_node_give_back(struct sim_region *region, struct sim_allocation *allocation);
void sim_node_set_gone(struct sim_region *region, struct sim_node *node, bool gone, int64_t now);
void sim_node_timer(struct sim_region *region, struct sim_node *node, int64_t now);
void sim_node_set_eligible(struct sim_region *region, struct sim_node *node, bool eligible, int64_t now);
void sim_node_drain(struct sim_region *region, struct sim_node *node, const json_t *body, int64_t now);
void sim_node_drain_check(struct sim_region *region, struct sim_node *node, int64_t now);
void sim_node_render_stub(struct buffer *out, const struct sim_region *region, const struct sim_node *node,
                          bool resources);
void sim_node_render(struct buffer *out, const struct sim_region *region, const struct sim_node *node);
const char *sim_node_status_word(const struct sim_node *node);

/* ---- feasible.c ---- */
/* What "${...}" means on this node, or NULL; text without "${" is itself. */
const char *sim_node_resolve(const struct sim_node *node, const char *target, char *scratch, size_t size);
bool sim_constraint_holds(const struct sim_node *node, const struct sim_constraint *constraint);
bool sim_glob(const char *pattern, const char *text);
bool sim_node_in_datacenters(const struct sim_node *node, const struct sim_spec *spec);
bool sim_node_has_drivers(const struct sim_node *node, const struct sim_group *group);

/* ---- scheduler.c, reconcile.c ---- */
void sim_plan_init(struct sim_plan *plan, struct sim_job *job, struct sim_spec *spec);
void sim_plan_release(struct sim_region *region, struct sim_plan *plan);
struct sim_action *sim_plan_add(struct sim_plan *plan, enum sim_action_kind kind, uint16_t group,
                                struct sim_allocation *allocation);
/* Fills the plan for the job as it should be; changes nothing. `deployment` is the active one for this version. */
void sim_reconcile(struct sim_region *region, struct sim_plan *plan, int64_t now);
/* Finds a node for one more of the group and books it in the plan's scratch, or notes why there is none. */
struct sim_node *sim_place(struct sim_region *region, struct sim_plan *plan, uint16_t group,
                           const struct sim_node *avoid);
bool sim_node_suits(const struct sim_node *node, const struct sim_spec *spec, const struct sim_group *group);
void sim_metric_render(struct buffer *out, const struct sim_spec *spec, uint16_t group,
                       const struct sim_metric *metric);
void sim_plan_render_updates(struct buffer *out, const struct sim_plan *plan);
bool sim_plan_render_failed(struct buffer *out, const struct sim_plan *plan);
void sim_plan_render_classes(struct buffer *out, const struct sim_region *region, const struct sim_plan *plan);

/* ---- evaluations.c ---- */
struct sim_evaluation *sim_evaluation_new(struct sim_region *region, struct sim_job *job, const char *trigger,
                                          int64_t now);
void sim_evaluation_free(struct sim_evaluation *evaluation);
/* Plans and applies; the evaluation ends complete, with a blocked one beside it where not all fit. */
void sim_evaluation_process(struct sim_region *region, struct sim_evaluation *evaluation, int64_t now);
/* A new evaluation for the job, stored with a new index, then processed. */
struct sim_evaluation *sim_evaluate(struct sim_region *region, struct sim_job *job, const char *trigger, int64_t now);
void sim_evaluations_unblock(struct sim_region *region, int64_t now);
struct sim_evaluation *sim_evaluation_find(const struct sim_region *region, const char *id);
struct sim_evaluation *sim_evaluation_blocked(const struct sim_region *region, const struct sim_job *job);
void sim_evaluation_render(struct buffer *out, const struct sim_evaluation *evaluation);

/* ---- allocations.c, allocation_render.c ---- */
void sim_plan_apply(struct sim_region *region, struct sim_plan *plan, struct sim_evaluation *evaluation, uint64_t index,
                    int64_t now);
void sim_allocation_timer(struct sim_region *region, struct sim_allocation *allocation, enum sim_timer_kind kind,
                          uint64_t detail, int64_t now);
void sim_allocation_fail(struct sim_region *region, struct sim_allocation *allocation, int64_t now);
void sim_allocation_free(struct sim_allocation *allocation);
struct sim_allocation *sim_allocation_find(const struct sim_region *region, const char *id);
void sim_allocations_add(struct sim_region *region, struct sim_allocation *allocation);
void sim_allocations_forget_job(struct sim_region *region, const struct sim_job *job);
bool sim_allocation_terminal(const struct sim_allocation *allocation);
bool sim_allocation_client_terminal(const struct sim_allocation *allocation);
const struct sim_group *sim_allocation_group(const struct sim_allocation *allocation);
const char *sim_client_word(int client);
const char *sim_desired_word(int desired);
void sim_allocation_put_name(struct buffer *out, const struct sim_allocation *allocation);
void sim_allocation_render_stub(struct buffer *out, const struct sim_allocation *allocation, bool resources,
                                bool task_states);
void sim_allocation_render(struct buffer *out, const struct sim_allocation *allocation, bool with_job,
                           bool with_states);

/* ---- deployments.c ---- */
struct sim_deployment *sim_deployment_new(struct sim_region *region, struct sim_job *job, uint64_t index, int64_t now);
void sim_deployment_free(struct sim_deployment *deployment);
struct sim_deployment *sim_deployment_latest(const struct sim_region *region, const struct sim_job *job);
struct sim_deployment *sim_deployment_active(const struct sim_region *region, const struct sim_job *job);
struct sim_deployment *sim_deployment_find(const struct sim_region *region, const char *id);
bool sim_deployment_is_active(const struct sim_deployment *deployment);
struct sim_dstate *sim_deployment_group(const struct sim_deployment *deployment, const char *group);
void sim_deployment_set(struct sim_region *region, struct sim_deployment *deployment, const char *status,
                        const char *description, uint64_t index, int64_t now);
void sim_deployment_judged(struct sim_region *region, struct sim_allocation *allocation, int64_t now);
void sim_deployment_timer(struct sim_region *region, struct sim_deployment *deployment, enum sim_timer_kind kind,
                          int64_t now);
bool sim_deployment_promote(struct sim_region *region, struct sim_deployment *deployment, int64_t now,
                            struct buffer *ret_text);
bool sim_deployment_complete(const struct sim_deployment *deployment);
void sim_deployment_render(struct buffer *out, const struct sim_deployment *deployment);

/* ---- jobs.c ---- */
struct sim_job *sim_job_find(const struct sim_region *region, const char *space, const char *id);
/* Registers a canonical spec (taken over) at a new index; false when it equals the current version. */
struct sim_job *sim_job_register(struct sim_region *region, struct sim_spec *spec, int64_t now, bool *ret_changed);
/* A new version even when nothing differs, as scaling makes one. */
void sim_job_take_scaled(struct sim_region *region, struct sim_job *job, struct sim_spec *spec, int64_t now);
/* A new version that only differs by `stop`. */
void sim_job_stop(struct sim_region *region, struct sim_job *job, int64_t now);
void sim_job_purge(struct sim_region *region, struct sim_job *job);
void sim_job_free(struct sim_job *job);
/* `type` names the event that a change of status makes. */
void sim_job_refresh_status(struct sim_region *region, struct sim_job *job, const char *type, uint64_t index);
struct sim_spec *sim_job_version(const struct sim_job *job, uint64_t version);
struct sim_spec *sim_job_stable_version(const struct sim_job *job);
json_t *sim_job_json(const struct sim_job *job, const struct sim_spec *spec);
void sim_job_render(struct buffer *out, const struct sim_job *job, const struct sim_spec *spec);
void sim_job_render_stub(struct buffer *out, const struct sim_job *job, bool meta);
void sim_job_render_summary(struct buffer *out, const struct sim_job *job);
bool sim_job_is_child(const struct sim_job *job);

/* ---- events.c ---- */
uint64_t sim_next_index(struct sim_region *region);
void sim_touch(struct sim_region *region, enum sim_table table, uint64_t index);
/* Adds to the group of this index. `key2` is a second filter key or NULL; payload is the rendered object. */
void sim_event_add(struct sim_region *region, uint64_t index, const char *topic, const char *type, const char *space,
                   const char *key, const char *filter1, const char *filter2, const char *payload_name,
                   const char *payload);
void sim_event_job(struct sim_region *region, uint64_t index, const char *type, const struct sim_job *job);
/* A purge: JobDeregistered with Deleted beside the job (measured on Nomad 2.0.5). */
void sim_event_job_gone(struct sim_region *region, uint64_t index, const struct sim_job *job);
void sim_event_allocation(struct sim_region *region, uint64_t index, const char *type,
                          const struct sim_allocation *allocation, bool with_states);
void sim_event_node(struct sim_region *region, uint64_t index, const char *type, const struct sim_node *node);
void sim_event_evaluation(struct sim_region *region, uint64_t index, const char *type,
                          const struct sim_evaluation *evaluation);
void sim_event_deployment(struct sim_region *region, uint64_t index, const char *type,
                          const struct sim_deployment *deployment);
void sim_events_free(struct sim_region *region);

/* ---- timers.c ---- */
void sim_timer_set(struct sim_region *region, int64_t at, enum sim_timer_kind kind, void *subject, uint64_t detail);
void sim_timer_forget(struct sim_region *region, const void *subject);

#endif
