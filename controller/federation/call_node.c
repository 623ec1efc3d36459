/* CORDON, DRAIN, UNCORDON, NODE_LOOK: one node. None of Nomad's node writes has a compare-and-set: the node is read
 * just before, and looked at just after. A drain leaves only while the node is still ineligible and holds no allocation
 * but those of system jobs: a drain stops what it finds before a replacement runs (docs/nomad-facts.md). */
#include "controller/federation/call.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "controller/federation/document.h"

#define NO_NODE "the answer is no node"

static void node_path(const struct call *call, const char *suffix, struct buffer *path)
{
    char id[37];
    buffer_printf(path, "/v1/node/%s%s", uuid_format(&call->effect.node.node, id), suffix);
}

static void get_node(struct call *call, call_step *step)
{
    struct buffer path = BUFFER_INIT;
    node_path(call, "", &path);
    call_send(call, HTTP_GET, path.data, NULL, CALL_MS, step);
    buffer_release(&path);
}

/* What GET /v1/node/:id said, into call->result. False: the call has ended, or the answer is no node. */
static bool take_node(struct call *call, const struct http_result *result)
{
    struct error error;
    const char *eligibility = "";
    bool drain = false;
    enum answer answer = answer_classify(result);
    struct effect_result *into = &call->result;
    into->node_exists = into->node_eligible = into->node_draining = false;
    if (answer == ANSWER_ABSENT)
        return true;
    if (answer != ANSWER_GOOD)
        return false;
    json_t *node = document_parse(result->body, result->body_length, ANSWER_MAX, &error);
    bool good = node != NULL && json_get_text(node, "SchedulingEligibility", &eligibility) == JSON_FOUND;
    if (good) {
        json_get_flag(node, "Drain", &drain);
        into->node_exists = true;
        into->node_eligible = strcmp(eligibility, "eligible") == 0;
        into->node_draining = drain;
    }
    json_decref(node);
    return good;
}

static bool take_or_end(struct call *call, const struct http_result *result)
{
    if (take_node(call, result))
        return true;
    if (answer_classify(result) == ANSWER_GOOD)
        call_end(call, OUTCOME_NOT_SENT, REFUSAL_NONE, NO_NODE);
    else
        call_end_read(call, result);
    return false;
}

/* --- its allocations ---------------------------------------------------------------------------------------------- */

static void on_decoded(void *context, const struct decoded *decoded)
{
    struct call *call = context;
    struct effect_result *into = &call->result;
    if (decoded->kind == DECODED_SKIPPED) {
        into->node_jobs_more = true; /* something is there that cannot be named */
        return;
    }
    const struct allocation_fact *allocation = &decoded->allocation;
    if (call_is_terminal(allocation))
        return;
    for (size_t i = 0; i < call->node_job_count; i++)
        if (strcmp(call->node_jobs[i].id, allocation->job_id) == 0 &&
            strcmp(call->node_jobs[i].job_namespace, allocation->job_namespace) == 0)
            return;
    if (call->node_job_count == NODE_JOBS_MAX) {
        into->node_jobs_more = true;
        return;
    }
    if (call->node_jobs == NULL)
        call->node_jobs = memory_new(NODE_JOBS_MAX, sizeof *call->node_jobs);
    call->node_jobs[call->node_job_count++] =
        (struct job_key){memory_copy_text(allocation->job_namespace, strlen(allocation->job_namespace)),
                         memory_copy_text(allocation->job_id, strlen(allocation->job_id))};
}

void call_release_node_jobs(struct call *call)
{
    for (size_t i = 0; i < call->node_job_count; i++) {
        free((char *)(uintptr_t)call->node_jobs[i].job_namespace);
        free((char *)(uintptr_t)call->node_jobs[i].id);
    }
    free(call->node_jobs);
}

static void on_allocations(void *context, const struct http_result *result)
{
    struct call *call = context;
    call->transfer = NULL;
    bool read = call->decode_error.code == ERROR_NONE; /* else the decoder has stopped the transfer */
    if (read && answer_classify(result) != ANSWER_GOOD) {
        call_end_read(call, result);
        return;
    }
    if (!read || !decoder_finish(call->decoder, &call->decode_error)) {
        call_end(call, OUTCOME_NOT_SENT, REFUSAL_NONE, "the node's allocations: %s", call->decode_error.text);
        return;
    }
    call->result.node_jobs = call->node_jobs;
    call->result.node_job_count = call->node_job_count;
    call->allocations_known(call);
}

static void get_allocations(struct call *call, void (*then)(struct call *call))
{
    struct buffer path = BUFFER_INIT;
    node_path(call, "/allocations", &path);
    call->allocations_known = then;
    call_list_allocations(call, path.data, on_decoded, on_allocations);
    buffer_release(&path);
}

/* --- looking ------------------------------------------------------------------------------------------------------ */

static void end_looked(struct call *call)
{
    call_end(call, OUTCOME_DONE, REFUSAL_NONE, "%s", "");
}

static void looked(struct call *call, const struct http_result *result)
{
    if (!take_or_end(call, result))
        return;
    if (call->effect.type == EFFECT_NODE_LOOK && call->result.node_exists)
        get_allocations(call, end_looked);
    else
        end_looked(call);
}

/* Also what became of a write to a node whose answer was lost. */
void call_node_look(struct call *call)
{
    get_node(call, looked);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static bool is_as_wanted(const struct call *call)
{
    const struct effect_result *node = &call->result;
    switch (call->effect.type) {
    case EFFECT_CORDON:
        return !node->node_eligible;
    case EFFECT_DRAIN:
        return !node->node_eligible; /* an empty node is drained before one can look */
    default:
        return node->node_eligible && !node->node_draining;
    }
}

static void read_again(struct call *call, const struct http_result *result)
{
    if (!take_node(call, result))
        call_end(call, OUTCOME_UNKNOWN, REFUSAL_NONE, "the node could not be read again: %s",
                 answer_classify(result) == ANSWER_GOOD ? NO_NODE : result->error.text);
    else if (!call->result.node_exists)
        call_end(call, OUTCOME_REFUSED, REFUSAL_OTHER, "Nomad does not know the node any more");
    else if (is_as_wanted(call))
        call_end(call, OUTCOME_DONE, REFUSAL_NONE, "%s", "");
    else
        call_end(call, OUTCOME_UNKNOWN, REFUSAL_NONE, "the node does not show it");
}

static void on_written(struct call *call, const struct http_result *result)
{
    if (answer_classify(result) != ANSWER_GOOD)
        call_end_write(call, result);
    else
        get_node(call, read_again);
}

static void write_node(struct call *call, const char *suffix, const struct buffer *body)
{
    struct buffer path = BUFFER_INIT;
    node_path(call, suffix, &path);
    call_write(call, HTTP_PUT, path.data, body, on_written);
    buffer_release(&path);
}

static void write_eligibility(struct call *call, bool eligible)
{
    struct buffer body = BUFFER_INIT;
    buffer_printf(&body, "{\"Eligibility\":\"%s\"}", eligible ? "eligible" : "ineligible");
    write_node(call, "/eligibility", &body);
    buffer_release(&body);
}

/* A body without DrainSpec would be taken as the end of a drain: 200, and the drain is gone (facts section 5). */
static void write_drain(struct call *call)
{
    struct buffer body = BUFFER_INIT;
    buffer_printf(&body,
                  "{\"DrainSpec\":{\"Deadline\":%lld,\"IgnoreSystemJobs\":false},\"MarkEligible\":false,"
                  "\"Meta\":{\"message\":\"drover: idle, to be removed\"}}",
                  (long long)call->effect.node.deadline_ms * 1000000);
    write_node(call, "/drain", &body);
    buffer_release(&body);
}

static void end_drain(struct call *call)
{
    struct buffer body = BUFFER_INIT;
    buffer_append_text(&body, "{\"DrainSpec\":null,\"MarkEligible\":true}");
    write_node(call, "/drain", &body);
    buffer_release(&body);
}

/* --- a drain's fence ---------------------------------------------------------------------------------------------- */

static void on_job(struct call *call, const struct http_result *result);

/* Nomad is asked of each job whose allocations are there whether it is a system job. */
static void ask_next_job(struct call *call)
{
    if (call->node_job_at == call->node_job_count) {
        write_drain(call);
        return;
    }
    const struct job_key *job = &call->node_jobs[call->node_job_at];
    struct buffer path = BUFFER_INIT;
    buffer_append_text(&path, "/v1/job/");
    text_append_percent(&path, job->id, strlen(job->id));
    buffer_append_text(&path, "?namespace=");
    text_append_percent(&path, job->job_namespace, strlen(job->job_namespace));
    call_send(call, HTTP_GET, path.data, NULL, CALL_MS, on_job);
    buffer_release(&path);
}

static void on_job(struct call *call, const struct http_result *result)
{
    struct error error;
    const char *type = "";
    const struct job_key *job = &call->node_jobs[call->node_job_at];
    if (answer_classify(result) != ANSWER_GOOD) {
        call_end(call, OUTCOME_REFUSED, REFUSAL_BUSY, "job %.200s holds an allocation there and cannot be read",
                 job->id);
        return;
    }
    json_t *document = document_parse(result->body, result->body_length, ANSWER_MAX, &error);
    bool system =
        document != NULL && json_get_text(document, "Type", &type) == JSON_FOUND && strcmp(type, "system") == 0;
    json_decref(document);
    if (!system) {
        call_end(call, OUTCOME_REFUSED, REFUSAL_BUSY, "it holds an allocation of job %.200s", job->id);
        return;
    }
    call->node_job_at++;
    ask_next_job(call);
}

static void only_system_jobs_may_be_there(struct call *call)
{
    if (call->result.node_jobs_more)
        call_end(call, OUTCOME_REFUSED, REFUSAL_BUSY, "it holds more allocations than can be looked at");
    else
        ask_next_job(call);
}

static void before(struct call *call, const struct http_result *result)
{
    if (!take_or_end(call, result))
        return;
    const struct effect_result *node = &call->result;
    if (!node->node_exists)
        call_end(call, OUTCOME_REFUSED, REFUSAL_OTHER, "Nomad does not know the node any more");
    else if (call->effect.type == EFFECT_DRAIN && node->node_eligible)
        call_end(call, OUTCOME_REFUSED, REFUSAL_CONFLICT, "somebody made the node eligible again");
    else if (call->effect.type == EFFECT_DRAIN)
        get_allocations(call, only_system_jobs_may_be_there);
    else if (is_as_wanted(call))
        call_end(call, OUTCOME_DONE, REFUSAL_NONE, "%s", "");
    else if (call->effect.type == EFFECT_CORDON)
        write_eligibility(call, false);
    else if (node->node_draining)
        end_drain(call);
    else
        write_eligibility(call, true);
}

void call_node_write(struct call *call)
{
    get_node(call, before);
}
