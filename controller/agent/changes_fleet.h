/* What changes.c tells of pools at providers. */
#ifndef DROVER_CONTROLLER_AGENT_CHANGES_FLEET_H
#define DROVER_CONTROLLER_AGENT_CHANGES_FLEET_H

#include "controller/agent/private.h"

struct changes_fleet;

/* Tells what is another than last told; *told is made when it is NULL. */
void changes_look_at_fleet(struct agent *agent, struct changes_fleet **told, const struct world *world);
void changes_fleet_free(struct changes_fleet *told);

#endif
