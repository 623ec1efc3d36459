/* PROBE: what became of a write whose answer was lost? Reads only. */
#include "controller/federation/call.h"

static void on_plan(struct call *call, const struct http_result *result)
{
    if (!call_take_plan(call, result))
        return;
    call->result.matches_known = call->plan.diff_known;
    call->result.matches_wanted = call->plan.equal;
    call_end(call, OUTCOME_DONE, REFUSAL_NONE, "%s", "");
}

/* The base index is still there: it never arrived. Otherwise what lives there is compared with what was wanted. */
static void on_job(struct call *call, const struct http_result *result)
{
    struct live_job live;
    enum answer answer = answer_classify(result);
    if (answer == ANSWER_ABSENT) {
        call->result.job_exists = false;
        call_end(call, OUTCOME_DONE, REFUSAL_NONE, "%s", "");
        return;
    }
    if (answer != ANSWER_GOOD || !call_take_job(call, result, &live)) {
        call_end_read(call, result);
        return;
    }
    if (call->effect.probed_type != EFFECT_REGISTER || live.job_modify_index == call->effect.base_index)
        call_end(call, OUTCOME_DONE, REFUSAL_NONE, "%s", "");
    else if (call->effect.wanted.shift ? call_shift(call, result) : call_render(call))
        call_send_plan(call, true, on_plan);
}

void call_probe(struct call *call)
{
    if (call->effect.probed_type == EFFECT_OWNER)
        call_probe_owner(call);
    else if (effect_type_is_of_node(call->effect.probed_type))
        call_node_look(call);
    else if (call->effect.probed_type == EFFECT_PLAN)
        call_plan(call);
    else
        call_get_job(call, on_job);
}
