/* Handlers of /v1/job/:id/... that live in routes_job_parts.c, routes_job_scale.c and jobspec_http.c. Private to
 * sim/engine. */
#ifndef DROVER_SIM_ENGINE_JOBS_HTTP_H
#define DROVER_SIM_ENGINE_JOBS_HTTP_H

#include "sim/engine/http.h"

/* The job of the path, or NULL after an answer of 404. */
struct sim_job *sim_call_job(struct sim_call *call);
void sim_reply_job_write(struct sim_call *call, const char *eval_id, uint64_t eval_index, uint64_t index,
                         uint64_t job_modify_index, const char *warnings);
/* Takes over the spec. */
void sim_call_register(struct sim_call *call, struct sim_spec *spec, const char *trigger, const char *warnings);

sim_handler sim_call_parse;
sim_handler sim_call_statuses;
sim_handler sim_call_job_allocations;
sim_handler sim_call_job_evaluations;
sim_handler sim_call_job_deployment;
sim_handler sim_call_job_deployments;
sim_handler sim_call_job_summary;
sim_handler sim_call_job_versions;
sim_handler sim_call_job_tag;
sim_handler sim_call_job_untag;
sim_handler sim_call_job_scale_status;
sim_handler sim_call_job_scale;
sim_handler sim_call_job_revert;
sim_handler sim_call_job_evaluate;
sim_handler sim_call_job_submission;

#endif
