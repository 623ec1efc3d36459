/* STOP and PURGE. A DELETE has no compare-and-set: the job is read just before, and looked at just after.
 *
 * A purge of a job that still stops makes its allocations vanish while they run (docs/nomad-facts.md), so it is refused
 * until all are terminal. */
#include "controller/federation/call.h"

static void end_absent(struct call *call)
{
    call->result.job_exists = call->result.job_stopped = false;
    call->result.job_modify_index = call->result.job_version = 0;
    call_end(call, OUTCOME_DONE, REFUSAL_NONE, "%s", "");
}

static void read_again(struct call *call, const struct http_result *result)
{
    struct live_job live;
    bool purge = call->effect.type == EFFECT_PURGE;
    enum answer answer = answer_classify(result);
    if (answer == ANSWER_ABSENT) {
        end_absent(call);
    } else if (answer == ANSWER_GOOD && call_take_job(call, result, &live) && !purge && live.stopped) {
        call_end(call, OUTCOME_DONE, REFUSAL_NONE, "%s", "");
    } else if (answer == ANSWER_GOOD) {
        call_end(call, OUTCOME_UNKNOWN, REFUSAL_NONE, "the job is still there after it was %s",
                 purge ? "purged" : "stopped");
    } else {
        call_end(call, OUTCOME_UNKNOWN, REFUSAL_NONE, "it could not be read again: %s", result->error.text);
    }
}

static void on_deleted(struct call *call, const struct http_result *result)
{
    enum answer answer = answer_classify(result);
    if (answer != ANSWER_GOOD && answer != ANSWER_ABSENT)
        call_end_write(call, result);
    else
        call_get_job(call, read_again);
}

static void delete_job(struct call *call)
{
    struct buffer path = BUFFER_INIT;
    call_job_path(call, "", call->effect.type == EFFECT_PURGE ? "&purge=true" : "&purge=false", &path);
    call_write(call, HTTP_DELETE, path.data, NULL, on_deleted);
    buffer_release(&path);
}

/* False: the chain has ended or goes on elsewhere. */
static bool take_existing(struct call *call, const struct http_result *result, struct live_job *ret_live)
{
    enum answer answer = answer_classify(result);
    if (answer == ANSWER_ABSENT) {
        end_absent(call);
        return false;
    }
    if (answer == ANSWER_GOOD && call_take_job(call, result, ret_live))
        return true;
    call_end_read(call, result);
    return false;
}

static void before_stop(struct call *call, const struct http_result *result)
{
    struct live_job live;
    uint64_t base = call->effect.base_index;
    if (!take_existing(call, result, &live))
        return;
    if (live.stopped)
        call_end(call, OUTCOME_DONE, REFUSAL_NONE, "%s", "");
    else if (base != 0 && live.job_modify_index != base)
        call_end(call, OUTCOME_REFUSED, REFUSAL_CONFLICT, "somebody else changed the job (index %llu, not %llu)",
                 (unsigned long long)live.job_modify_index, (unsigned long long)base);
    else
        delete_job(call);
}

void call_stop(struct call *call)
{
    call_get_job(call, before_stop);
}

static void on_decoded(void *context, const struct decoded *decoded)
{
    struct call *call = context;
    if (decoded->kind == DECODED_SKIPPED || !call_is_terminal(&decoded->allocation))
        call->living++;
}

static void on_allocations(void *context, const struct http_result *result)
{
    struct call *call = context;
    call->transfer = NULL;
    bool read = call->decode_error.code == ERROR_NONE; /* else the decoder has stopped the transfer */
    if (read && answer_classify(result) != ANSWER_GOOD)
        call_end_read(call, result);
    else if (!read || !decoder_finish(call->decoder, &call->decode_error))
        call_end(call, OUTCOME_NOT_SENT, REFUSAL_NONE, "its allocations: %s", call->decode_error.text);
    else if (call->living > 0)
        call_end(call, OUTCOME_REFUSED, REFUSAL_OTHER, "allocations still stopping");
    else
        delete_job(call);
}

static void before_purge(struct call *call, const struct http_result *result)
{
    struct live_job live;
    if (!take_existing(call, result, &live))
        return;
    if (!live.stopped) {
        call_end(call, OUTCOME_REFUSED, REFUSAL_CONFLICT, "the job is not stopped");
        return;
    }
    struct buffer path = BUFFER_INIT;
    call_job_path(call, "/allocations", "", &path);
    call_list_allocations(call, path.data, on_decoded, on_allocations);
    buffer_release(&path);
}

void call_purge(struct call *call)
{
    call_get_job(call, before_purge);
}
