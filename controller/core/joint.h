/* A job's placing as one placement problem: all its groups against all the room there is, with prices and a proof.
 *
 * The division places group by group; the engine (controller/placement/) sees them together: which group should get the
 * scarce cheap room, what that room is worth (its shadow price), and below what cost no placement can go. Pools are
 * taken at their summed free room and at what node by node room allows each group, so the bound holds for every
 * placement that node by node room, policy and lessons allow. Pure, deterministic. */
#ifndef DROVER_CONTROLLER_CORE_JOINT_H
#define DROVER_CONTROLLER_CORE_JOINT_H

#include "controller/core/private.h"

struct joint {
    bool solved;              /* false: nothing to decide, or figures out of range */
    struct candidates *fresh; /* [group] candidates at the room before anything of this job was placed */
    size_t group_count;
    size_t *start;     /* [group] place of its first candidate in the arrays below; group_count + 1 */
    int64_t *put;      /* of the group in the candidate, beyond what stays there */
    int64_t *scarcity; /* shadow price of the room that one allocation takes there, uusd_h; -1 not in the problem */
    int64_t wanted;    /* allocations the problem decides about */
    int64_t penalty_uusd_h;            /* what leaving one unplaced counts */
    int64_t cost_uusd_h, bound_uusd_h; /* at the weighed rates, penalties included */
};

/* Always to be released. weight: as in place.c. counts: how many of each group there are to be, all told; NULL: as many
 * as the job wants. */
void joint_solve(const struct placing *placing, const struct room *room, int64_t weight, const int64_t *counts,
                 struct joint *ret_joint);
void joint_release(struct joint *joint);

/* What the counts of `groups` cost in the problem's terms; comparable with cost_uusd_h and bound_uusd_h. */
int64_t joint_cost(const struct joint *joint, const struct placing *placing, const struct candidates *groups,
                   int64_t weight);

#endif
