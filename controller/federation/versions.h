/* Which job version belongs to which deployment, and a job's newest: events of allocations name their deployment only.
 *
 * Bounded by VERSIONS_MAX entries, forgotten all at once when full; what is unknown is then said to be unknown. */
#ifndef DROVER_CONTROLLER_FEDERATION_VERSIONS_H
#define DROVER_CONTROLLER_FEDERATION_VERSIONS_H

#include "base/hash.h"
#include "model/fact.h"

enum { VERSIONS_MAX = 65536 };

struct version_entry;
struct version_table {
    struct hash_index index;
    struct version_entry *entries;
    size_t count, capacity;
};

void versions_release(struct version_table *table); /* also forgets all */
void versions_put_deployment(struct version_table *table, const struct uuid *deployment, uint64_t version);
void versions_put_job(struct version_table *table, const char *job_namespace, const char *id, uint64_t version);
bool versions_of_deployment(const struct version_table *table, const struct uuid *deployment, uint64_t *ret_version);
bool versions_of_job(const struct version_table *table, const char *job_namespace, const char *id,
                     uint64_t *ret_version);

/* Allocations of one line of the event stream whose deployment comes later in it. Bounded by WAITING_MAX. */
enum { WAITING_MAX = 16384 };
struct waiting_allocation {
    struct allocation_fact fact; /* texts owned */
    struct uuid deployment_id;
};
struct waiting {
    struct waiting_allocation *entries;
    size_t count, capacity;
};

struct decoded;
/* Copies the decoded allocation; false when there are too many. */
bool waiting_put(struct waiting *waiting, const struct decoded *decoded);
void waiting_clear(struct waiting *waiting);
void waiting_release(struct waiting *waiting);

#endif
