/* Parts of starting and stopping that agent.c puts in order. Private to the agent. */
#ifndef DROVER_CONTROLLER_AGENT_START_H
#define DROVER_CONTROLLER_AGENT_START_H

#include "controller/agent/private.h"

/* start.c */
bool start_configure(struct agent *agent, struct error *ret_error); /* configuration, data directory, level, -dev */
bool start_federation(struct agent *agent, struct error *ret_error);
/* Configuration events and EVENT_STARTED. */
void start_core(struct agent *agent);
bool start_api(struct agent *agent, struct error *ret_error);
void start_print(const struct agent *agent, const char *token_file);

/* stop.c: ends what there is, in order; the loop ends by itself then. May be called when only a part was started. */
void stop_begin(struct agent *agent);

#endif
