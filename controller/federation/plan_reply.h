/* What Nomad's plan of a job says, group by group. Pure. */
#ifndef DROVER_CONTROLLER_FEDERATION_PLAN_REPLY_H
#define DROVER_CONTROLLER_FEDERATION_PLAN_REPLY_H

#include "model/effect.h"

enum { PLAN_WHY_MAX = 512 };

struct plan_reply {
    struct plan_group *groups; /* names and reasons owned by the reply; sorted by name */
    size_t group_count;
    uint64_t job_modify_index; /* 0: no such job yet */
    bool diff_known;           /* the Diff was asked for and given */
    bool equal;                /* Diff.Type is "None" */
    bool destructive;          /* some group would restart or move what runs */
};

/* Reads the answer of PUT /v1/job/:id/plan (Nomad 2.0.5 nomad/structs, JobPlanResponse). ERROR_INVALID, with nothing to
 * release. At most JOB_GROUPS_MAX groups. */
bool plan_reply_read(const char *json, size_t length, struct plan_reply *ret_reply, struct error *ret_error);
void plan_reply_release(struct plan_reply *reply);

#endif
