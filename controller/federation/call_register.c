/* PLAN and REGISTER: what Nomad would do with a copy of a job, and doing it.
 *
 *   register:        render -> PUT /v1/jobs -> GET
 *   register, shift: GET -> counts changed -> plan: nothing destroyed -> PUT /v1/jobs -> GET
 *
 * The job is read again at the end: the answer to a register that changed nothing names an index that no later
 * compare-and-set would accept (docs/nomad-facts.md). */
#include "controller/federation/call.h"
#include "base/text.h"

#include <string.h>

static void after_plan(struct call *call, const struct http_result *result)
{
    if (!call_take_plan(call, result))
        return;
    call->result.base_index = call->plan.job_modify_index;
    call->result.plan_equal = call->plan.equal;
    call_end(call, OUTCOME_DONE, REFUSAL_NONE, "%s", "");
}

static void plan_live(struct call *call, const struct http_result *result)
{
    struct live_job live;
    if (answer_classify(result) == ANSWER_ABSENT) {
        call_end(call, OUTCOME_REFUSED, REFUSAL_CONFLICT, "the job whose counts are to change is not there any more");
        return;
    }
    if (answer_classify(result) != ANSWER_GOOD || !call_take_job(call, result, &live)) {
        call_end_read(call, result);
        return;
    }
    if (call_shift(call, result))
        call_send_plan(call, true, after_plan);
}

void call_plan(struct call *call)
{
    if (call->effect.wanted.shift)
        call_get_job(call, plan_live);
    else if (call_render(call))
        call_send_plan(call, true, after_plan);
}

/* It is done; only what the job is like now is not known, and that a probe finds out. */
static void after_register(struct call *call, const struct http_result *result)
{
    struct live_job live;
    if (answer_classify(result) == ANSWER_GOOD && call_take_job(call, result, &live))
        call_end(call, OUTCOME_DONE, REFUSAL_NONE, "%s", "");
    else
        call_end(call, OUTCOME_UNKNOWN, REFUSAL_NONE, "registered, but it could not be read again: %s",
                 result->error.text);
}

/* A write is done when Nomad says so in JSON; a proxy's page with status 200 says nothing. */
static void on_registered(struct call *call, const struct http_result *result)
{
    if (answer_classify(result) != ANSWER_GOOD)
        call_end_write(call, result);
    else if (result->body_length == 0 || result->body[0] != '{')
        call_end(call, OUTCOME_UNKNOWN, REFUSAL_NONE, "PUT /v1/jobs was answered with something that is not Nomad's");
    else
        call_get_job(call, after_register);
}

static void put_job(struct call *call)
{
    struct buffer path = BUFFER_INIT, body = BUFFER_INIT;
    const char *job_namespace = call->effect.wanted.job_namespace;
    buffer_append_text(&path, "/v1/jobs?namespace=");
    text_append_percent(&path, job_namespace, strlen(job_namespace));
    buffer_append_text(&body, "{\"Job\":");
    buffer_append(&body, call->job.data, call->job.length);
    buffer_printf(&body, ",\"EnforceIndex\":true,\"JobModifyIndex\":%llu}",
                  (unsigned long long)call->effect.base_index);
    call_write(call, HTTP_PUT, path.data, &body, on_registered);
    buffer_release(&path);
    buffer_release(&body);
}

static void check_shift_plan(struct call *call, const struct http_result *result)
{
    if (!call_take_plan(call, result))
        return;
    if (call->plan.job_modify_index != call->effect.base_index)
        call_end(call, OUTCOME_REFUSED, REFUSAL_CONFLICT, "somebody else changed the job (index %llu, not %llu)",
                 (unsigned long long)call->plan.job_modify_index, (unsigned long long)call->effect.base_index);
    else if (call->plan.destructive)
        call_end(call, OUTCOME_REFUSED, REFUSAL_DESTRUCTIVE, "changing counts would restart or move what runs");
    else
        put_job(call);
}

static void shift_live(struct call *call, const struct http_result *result)
{
    struct live_job live;
    if (answer_classify(result) == ANSWER_ABSENT) {
        call_end(call, OUTCOME_REFUSED, REFUSAL_CONFLICT, "the job whose counts are to change is not there any more");
        return;
    }
    if (answer_classify(result) != ANSWER_GOOD || !call_take_job(call, result, &live)) {
        call_end_read(call, result);
        return;
    }
    if (live.job_modify_index != call->effect.base_index || live.stopped)
        call_end(call, OUTCOME_REFUSED, REFUSAL_CONFLICT, "somebody else %s the job (index %llu, not %llu)",
                 live.stopped ? "stopped" : "changed", (unsigned long long)live.job_modify_index,
                 (unsigned long long)call->effect.base_index);
    else if (call_shift(call, result))
        call_send_plan(call, false, check_shift_plan);
}

void call_register(struct call *call)
{
    if (call->effect.wanted.shift)
        call_get_job(call, shift_live);
    else if (call_render(call))
        put_job(call);
}
