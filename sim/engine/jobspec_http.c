/* PUT /v1/jobs/parse. */
#include "sim/engine/jobs_http.h"

void sim_call_parse(struct sim_call *call)
{
    if (!sim_call_body(call))
        return;
    if (*sim_get_text(call->body, "JobHCL", "") == '\0') {
        sim_fail(call, 400, "Job spec is empty");
        return;
    }
    sim_fail(call, 400, "Failed to parse job: HCL is not read here yet");
}
