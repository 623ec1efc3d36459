/* PUT /v1/jobs/parse. */
#include <string.h>

#include "sim/engine/jobs_http.h"
#include "sim/engine/jobspec.h"

void sim_call_parse(struct sim_call *call)
{
    struct error error = {0};
    json_t *job;
    struct buffer *out;

    if (!sim_call_body(call))
        return;
    if (*sim_get_text(call->body, "JobHCL", "") == '\0') {
        sim_fail(call, 400, "Job spec is empty");
        return;
    }
    job = sim_jobspec_parse(sim_get_text(call->body, "JobHCL", ""), sim_get_text(call->body, "Variables", ""), &error);
    if (job == NULL) {
        sim_fail(call, 400, "Failed to parse job: %s", error.text);
        return;
    }
    if (sim_get_flag(call->body, "Canonicalize", false)) {
        json_t *canonical = sim_job_canonical(job, "global", "default");

        json_decref(job);
        job = canonical;
    }
    out = sim_reply(call, 0);
    call->response->has_index = call->response->has_leader = false;
    sim_put_json(out, job);
    json_decref(job);
}
