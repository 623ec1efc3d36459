/* The provider's side of simulated regions on the control port, as the module `sim` asks it:
 *
 *     GET  /sim/machines            {"Regions": [{"Name", "Pools": [...]}], "Quotas": [...], "Interruptions": [...]}
 *     POST /sim/machines/grow       {"Region", "Pool", "Desired", "Generation", "To"}
 *     POST /sim/machines/shrink     {"Region", "Pool", "Instances": [id...]}
 *     POST /sim/machines/withdraw   {"Region", "Pool"}, and "Generation" where it is to be compared
 *     POST /sim/price               {"Region", "Pool", "MicroPerHour", "Currency"}, the currency "USD" when left out
 *
 *     pool          {"Name", "InstanceType", "Market", "Desired", "Min", "Max", "Generation", "Busy",
 *                    "Instances": [{"ID", "State", "NodeID", "LaunchedAtMS"}], "Machine": {"CPU", "MemoryMB",
 *                    "DiskMB"}, "Price": {"MicroPerHour", "Currency", "ObservedAtMS"} or null,
 *                    "LastError": {"Error": "no_capacity", "Text", "Generation", "AtMS"} or null}
 *     quota         {"Region", "Name", "Limit", "Used"}: of the pool of that name, while the fault "quota" lasts
 *     interruption  {"Region", "Pool", "Instance", "AtMS"}
 *
 * State is pending, running or stopping; NodeID is "" before the node is there, and where it never comes. A write is
 * done when it is answered, so Busy is always false. LastError tells what the growth of that generation could not get;
 * the next write that changes the size ends it. What the operations mean is in sim/engine/machines.h.
 *
 * A write answers 200 {"Region", "Pool", "Desired", "Generation"} as they are then. Whatever is refused has changed
 * nothing and answers {"Error": word, "Text"}:
 *
 *     400 invalid    the request cannot be read
 *     401 auth       the server has a provider token and /sim/machines was asked without `Authorization: Bearer` and it
 *     404 not_found  no such region, pool or path
 *     409 conflict   desired or generation are others by now
 *     422 invalid    outside min and max, no instance named or one twice
 *     422 quota      and "Quota": the quota's name
 *
 * Growth beyond what can be had is no refusal: it is LastError. */
#ifndef DROVER_SIM_SERVE_PROVIDER_H
#define DROVER_SIM_SERVE_PROVIDER_H

#include "sim/serve/session.h"

/* Answers a request to these paths into session->response; false for any other path. */
bool provider_answer_request(struct session *session);

#endif
