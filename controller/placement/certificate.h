/* Whether a plan holds, and how far from the best it can be: the small checker that a proof rests on.
 *
 * Integers only (128 bits inside), no code shared with the search beyond the problem and the plan themselves. Nothing
 * a plan says is believed: every rule is looked at again and the three figures are worked out afresh. */
#ifndef DROVER_CONTROLLER_PLACEMENT_CERTIFICATE_H
#define DROVER_CONTROLLER_PLACEMENT_CERTIFICATE_H

#include "controller/placement/plan.h"
#include "controller/placement/problem.h"

struct certificate {
    int64_t cost;     /* objective with aggregate capacity, micro-dollars an hour */
    int64_t nodecost; /* the same with the machines that the packing needs */
    int64_t bound;    /* no plan costs less */
    int64_t forced;   /* penalties of groups that fit nowhere: no plan avoids them */
    /* Millionths, rounded up, of the avoidable cost (cost - forced, nodecost - forced); 0 where nothing is avoidable.
     */
    int64_t gap_ppm;
    int64_t node_gap_ppm;
};

/* Checks every rule but not the plan's own three figures, and works those out. Errors: ERROR_CONFLICT names the rule
 * that is broken and where; ERROR_OVERFLOW when the sums leave 128 bits or the figures 2^62. */
bool certificate_work_out(const struct problem *problem, const struct plan *plan, struct certificate *ret_certificate,
                          struct error *ret_error);

/* As above, and the plan's cost, nodecost and bound are exactly these, and bound <= cost. */
bool certificate_check(const struct problem *problem, const struct plan *plan, struct certificate *ret_certificate,
                       struct error *ret_error);

#endif
