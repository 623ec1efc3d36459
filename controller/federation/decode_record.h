/* The record under construction that the decoders share. Private to decode*.c. */
#ifndef DROVER_CONTROLLER_FEDERATION_DECODE_RECORD_H
#define DROVER_CONTROLLER_FEDERATION_DECODE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "controller/federation/decode.h"
#include "controller/federation/shape.h"
#include "controller/federation/spec_group.h"

/* What the shapes name. Texts, numbers and flags are kept in slots of their kind; the rest is handled one by one. */
enum field {
    FIELD_NOTHING,
    TEXT_ID,
    TEXT_NODE_ID,
    TEXT_DEPLOYMENT_ID,
    TEXT_NAME,
    TEXT_DATACENTER,
    TEXT_NODE_CLASS,
    TEXT_NODE_POOL,
    TEXT_NOMAD_VERSION,
    TEXT_STATUS,
    TEXT_ELIGIBILITY,
    TEXT_NAMESPACE,
    TEXT_JOB_ID,
    TEXT_GROUP,
    TEXT_DESIRED_STATUS,
    TEXT_JOB_TYPE,
    TEXT_PARENT_ID,
    TEXT_DESCRIPTION,
    TEXT_EVENT_TYPE,
    TEXT_END,
    NUMBER_CPU = TEXT_END,
    NUMBER_MEMORY,
    NUMBER_DISK,
    NUMBER_RESERVED_CPU,
    NUMBER_RESERVED_MEMORY,
    NUMBER_RESERVED_DISK,
    NUMBER_VERSION,
    NUMBER_MODIFY_INDEX,
    NUMBER_JOB_MODIFY_INDEX,
    NUMBER_EVENT_INDEX,
    NUMBER_END,
    FLAG_DRAIN = NUMBER_END,
    FLAG_STOP,
    FLAG_HEALTHY,
    FLAG_DELETED,
    FLAG_END,
    /* objects whose begin and end matter */
    OPEN_ITEM = FLAG_END, /* an element of a list, or the one thing */
    OPEN_LINE,            /* a line of the event stream */
    OPEN_EVENT,
    OPEN_PAYLOAD_NODE,
    OPEN_PAYLOAD_ALLOCATION,
    OPEN_PAYLOAD_JOB,
    OPEN_PAYLOAD_DEPLOYMENT,
    OPEN_ATTRIBUTES,
    OPEN_TASK,           /* AllocatedResources.Tasks.* */
    OPEN_TASK_LIFECYCLE, /* AllocatedResources.TaskLifecycles.* */
    /* their values */
    VALUE_ATTRIBUTE,
    VALUE_META,
    VALUE_TASK_CPU,
    VALUE_TASK_MEMORY,
    VALUE_TASK_CORE,
    VALUE_TASK_HOOK,
    VALUE_TASK_SIDECAR
};

enum { RECORD_TASKS_MAX = 256 };

struct record_task {
    uint64_t name_hash;
    int64_t cpu_mhz, memory_mb;
    bool cores;
    enum lifecycle lifecycle;
    bool has_hook, sidecar;
};

struct record {
    char text[TEXT_END][FACT_TEXT_MAX + 1];
    int64_t number[NUMBER_END - TEXT_END];
    enum { FLAG_ABSENT, FLAG_FALSE, FLAG_TRUE } flag[FLAG_END - NUMBER_END];
    const char *skip; /* why this record cannot be kept; NULL: it can */
    struct record_task tasks[RECORD_TASKS_MAX];
    size_t task_count;
    struct record_task *task; /* the one being read */
    bool attributes_seen;
    struct fact_pair selected[FACT_ATTRIBUTES_MAX];
    size_t selected_count;
    size_t selected_room; /* how many values there is memory for */
    char (*selected_values)[FACT_TEXT_MAX + 1];
};

extern const struct shape NODE_MEMBERS[];
extern const struct shape ALLOCATION_MEMBERS[];
extern const struct shape JOB_MEMBERS[];
extern const struct shape DEPLOYMENT_MEMBERS[];

void record_clear(struct record *record);
/* A text, number or flag into its slot. A text that does not fit, or holds a NUL, is cut when `cut` is fine for that
 * field (names for people), else the record is skipped. */
void record_put(struct record *record, int field, const struct shape_value *value);
static inline int64_t record_number(const struct record *record, int field)
{
    return record->number[field - TEXT_END];
}
static inline int record_flag(const struct record *record, int field)
{
    return (int)record->flag[field - NUMBER_END];
}

/* AllocatedResources. */
void record_open_task(struct record *record, const char *name);
void record_open_lifecycle(struct record *record, const char *name);
void record_put_task(struct record *record, int field, const struct shape_value *value);

/* Attributes and Meta of a node. */
void record_put_attribute(struct record *record, const char *prefix, const char *key, const struct shape_value *value,
                          const char *const *wanted, size_t wanted_count);

/* The record as a fact. ERROR_INVALID without a valid id. The fact borrows from the record. */
bool record_node(struct record *record, struct decoded *ret_decoded, struct error *ret_error);
bool record_allocation(struct record *record, struct decoded *ret_decoded, struct error *ret_error);
bool record_job(struct record *record, struct decoded *ret_decoded, struct error *ret_error);
bool record_deployment(struct record *record, struct decoded *ret_decoded, struct error *ret_error);

#endif
