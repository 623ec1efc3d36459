/* Annealing of whole allocations on aggregate capacity: what the fractional plan leaves half full is closed or filled.
 *
 * The cost of a part-filled machine is bent from nearly proportional to the whole price while it cools, so that moves
 * which only pay together pay one by one. Seeded and counted in steps. Internal to placement. */
#ifndef DROVER_CONTROLLER_PLACEMENT_ANNEAL_H
#define DROVER_CONTROLLER_PLACEMENT_ANNEAL_H

#include "controller/placement/bent.h"

enum { ANNEAL_STAGES = 64 };

/* How a search cools. */
struct anneal_course {
    uint64_t seed;
    uint64_t steps;
    double heat_first, heat_last; /* of what an allocation costs on average */
    double bend_first, bend_last; /* see bent.h */
    double share_first;           /* of the machines' cost beside that of the load at round's margins; 1 at the end */
};

/* What holds at one stage. */
struct anneal_stage {
    double heat, bend, share;
};
struct anneal_stage anneal_stage_at(const struct anneal_course *course, unsigned stage);

/* Leaves the plan as the course ends, which may be dearer than before: the caller keeps the better one. Machines are
 * trimmed before and after. */
void anneal(struct round *round, const struct anneal_course *course);

#endif
