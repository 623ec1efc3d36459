/* Annealing with every machine counted: aggregate cost and packed cost together, so that packing loss falls with both.
 * Internal to placement. */
#ifndef DROVER_CONTROLLER_PLACEMENT_RESEAT_H
#define DROVER_CONTROLLER_PLACEMENT_RESEAT_H

#include "controller/placement/anneal.h"
#include "controller/placement/nodes.h"

/* As anneal(), on machines. Leaves the plan as the course ends. */
void reseat(struct nodes *nodes, const struct anneal_course *course);

#endif
