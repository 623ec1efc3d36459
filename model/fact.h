/* Facts observed in a region: what Nomad and Consul say, as plain typed data.
 *
 * Federation fills these from answers and streams; the core keeps what it needs of them. All pointers are borrowed for
 * the duration of the call that carries the fact. Texts are UTF-8, NUL-terminated, at most FACT_TEXT_MAX bytes, never
 * NULL ("" where Nomad gives none). */
#ifndef DROVER_MODEL_FACT_H
#define DROVER_MODEL_FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/resources.h"

enum { FACT_TEXT_MAX = 1024, FACT_GROUPS_MAX = 256, FACT_ATTRIBUTES_MAX = 64 };

/* A Nomad id as its 16 bytes (the text form is 36 characters). */
struct uuid {
    uint8_t bytes[16];
};
/* False unless text is exactly 8-4-4-4-12 hexadecimal digits. */
bool uuid_parse(const char *text, size_t length, struct uuid *ret_uuid);
/* Writes the 36 characters and a NUL. Returns text. */
const char *uuid_format(const struct uuid *uuid, char text[static 37]);
bool uuid_equal(const struct uuid *a, const struct uuid *b);

struct fact_pair {
    const char *key;
    const char *value;
};

enum node_status { NODE_INITIALIZING, NODE_READY, NODE_DOWN, NODE_DISCONNECTED };

struct node_fact {
    struct uuid id;
    const char *name, *datacenter, *node_class, *node_pool, *version;
    enum node_status status;
    bool eligible; /* SchedulingEligibility "eligible" */
    bool draining;
    struct resources capacity; /* NodeResources less ReservedResources */
    /* Only what the region's selectors ask for: keys as written there, "attr.kernel.name", "meta.rack". Absent keys are
     * not listed. `selected_known` is false while they have not been fetched. */
    const struct fact_pair *selected;
    size_t selected_count;
    bool selected_known;
    uint64_t modify_index;
};

enum client_status {
    CLIENT_PENDING,
    CLIENT_RUNNING,
    CLIENT_COMPLETE,
    CLIENT_FAILED,
    CLIENT_LOST,
    CLIENT_UNKNOWN /* the client does not answer; the task may run (facts section 0) */
};
enum desired_status { DESIRED_RUN, DESIRED_STOP, DESIRED_EVICT };
enum health { HEALTH_NOT_JUDGED, HEALTH_GOOD, HEALTH_BAD };

struct allocation_fact {
    struct uuid id, node_id;
    const char *job_namespace, *job_id, *group;
    struct resources resources; /* AllocatedResources summed over tasks, with Shared.DiskMB */
    enum client_status client_status;
    enum desired_status desired_status;
    enum health health;     /* DeploymentStatus.Healthy of the job version it runs */
    uint64_t job_version;   /* 0 when not known: events of the stream do not say it for jobs without a deployment */
    bool job_version_known; /* false: what was known of this allocation before still holds */
    uint64_t modify_index;
};

enum job_type { JOB_SERVICE, JOB_SYSTEM, JOB_BATCH, JOB_SYSBATCH };

struct job_fact {
    const char *job_namespace, *id;
    enum job_type type;
    bool stopped;     /* Stop = true, or status dead */
    bool child;       /* ParentID set: belongs to a periodic or parameterised job */
    uint64_t version; /* 0 when not known (list stubs lack it: version_known) */
    bool version_known;
    uint64_t job_modify_index; /* 0 when not known */
    uint64_t modify_index;
};

enum deployment_status {
    DEPLOYMENT_RUNNING, /* and pending, initializing, blocked, unblocking, paused */
    DEPLOYMENT_SUCCESSFUL,
    DEPLOYMENT_FAILED,
    DEPLOYMENT_CANCELLED
};

struct deployment_fact {
    struct uuid id;
    const char *job_namespace, *job_id;
    uint64_t job_version;
    enum deployment_status status;
    const char *description; /* "Failed due to progress deadline", ... */
    uint64_t modify_index;
};

/* The worst state of the Consul checks of one allocation's services. */
struct service_fact {
    struct uuid allocation_id;
    bool passing;
    bool gone; /* no service of it is registered any more */
};

/* How a region answers as a whole. */
struct region_fact {
    const char *nomad_version;  /* "2.0.5" */
    const char *consul_version; /* "" without Consul */
    uint32_t server_count;
    const char *leader; /* "" : no leader */
};

const char *node_status_word(enum node_status status);
const char *client_status_word(enum client_status status);
const char *desired_status_word(enum desired_status status);
const char *job_type_word(enum job_type type);

#endif
