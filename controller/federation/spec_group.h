/* One task group of a specification: what one allocation takes and how it may be placed. Private to nomad_spec. */
#ifndef DROVER_CONTROLLER_FEDERATION_SPEC_GROUP_H
#define DROVER_CONTROLLER_FEDERATION_SPEC_GROUP_H

#include <jansson.h>

#include "base/error.h"
#include "model/job_demand.h"

/* How Nomad adds up tasks that do not all run at once (Nomad 2.0.5 nomad/structs, AllocatedResources.Comparable):
 * main tasks, poststart tasks and prestart sidecars run together; prestart tasks run before them and poststop tasks
 * after them, so of each resource the largest of the three phases counts. */
struct lifecycle_sum {
    struct resources prestart, main, poststop;
    struct resources reserved; /* cpu of reserved cores: never shared between phases */
};
enum lifecycle { LIFECYCLE_MAIN, LIFECYCLE_PRESTART, LIFECYCLE_PRESTART_SIDECAR, LIFECYCLE_POSTSTOP, LIFECYCLE_NONE };
/* hook NULL: no lifecycle block. A hook that Nomad does not know is LIFECYCLE_NONE, which counts for nothing. */
enum lifecycle lifecycle_of(const char *hook, bool sidecar);
void lifecycle_sum_add(struct lifecycle_sum *sum, enum lifecycle lifecycle, const struct resources *task);
struct resources lifecycle_sum_total(const struct lifecycle_sum *sum);

/* Fills *ret_group (name owned by it) from TaskGroups[i], whose path is `path`. On failure it holds nothing. */
bool spec_group_read(const json_t *job, enum job_type type, json_t *group, const char *path,
                     struct group_demand *ret_group, struct error *ret_error);

#endif
