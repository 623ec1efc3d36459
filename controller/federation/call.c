/* The life of a call, and what the chains of call_*.c are made of. */
#include "controller/federation/call.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "controller/federation/document.h"
#include "controller/federation/nomad_spec.h"

static void on_call_closed(uv_handle_t *handle)
{
    struct call *call = handle->data;
    effect_release(&call->effect);
    plan_reply_release(&call->plan);
    buffer_release(&call->job);
    decoder_free(call->decoder);
    call_release_node_jobs(call);
    free(call->specification);
    free(call->owner_cluster);
    /* The federation waits for this handle too. */
    struct federation *federation = call->federation;
    free(call);
    federation_handle_closed(federation);
}

static void call_close(struct call *call)
{
    call->ended = true;
    LIST_REMOVE(call, link);
    if (call->transfer != NULL)
        http_cancel(call->transfer);
    call->transfer = NULL;
    uv_close((uv_handle_t *)&call->timer, on_call_closed);
}

void call_end(struct call *call, enum effect_outcome outcome, enum refusal refusal, const char *format, ...)
{
    struct buffer text = BUFFER_INIT;
    char line[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    text_line(line, text.data, text.length);
    buffer_release(&text);
    struct effect_result *result = &call->result;
    result->effect_id = call->effect.id;
    result->outcome = outcome;
    result->refusal = refusal;
    result->text = line;
    result->owner_cluster = call->owner_cluster == NULL ? "" : call->owner_cluster;
    result->groups = call->plan.groups;
    result->group_count = call->plan.group_count;
    result->duration_us = (uv_hrtime() - call->started_ns) / 1000;
    call_close(call);
    call->done(call->context, result);
}

static void on_done(void *context, const struct http_result *result)
{
    struct call *call = context;
    call->transfer = NULL;
    call->step(call, result);
}

void call_send(struct call *call, enum http_method method, const char *path, const struct buffer *body,
               uint32_t timeout_ms, call_step *step)
{
    call->step = step;
    call->transfer =
        http_send(call->region->nomad, &(struct http_request){.method = method,
                                                              .path = path,
                                                              .body = body == NULL ? NULL : body->data,
                                                              .body_length = body == NULL ? 0 : body->length,
                                                              .timeout_ms = timeout_ms,
                                                              .body_max = ANSWER_MAX,
                                                              .on_done = on_done,
                                                              .context = call});
}

void call_write(struct call *call, enum http_method method, const char *path, const struct buffer *body,
                call_step *step)
{
    const struct federation_options *options = &call->federation->options;
    struct error error = {0};
    if (options->may_write(options->context, &call->effect, &error))
        call_send(call, method, path, body, CALL_MS, step);
    else
        call_end(call, OUTCOME_REFUSED, REFUSAL_GATED, "%s", error.text);
}

static bool on_allocation_bytes(void *context, const char *bytes, size_t length)
{
    struct call *call = context;
    return decoder_feed(call->decoder, bytes, length, &call->decode_error);
}

void call_list_allocations(struct call *call, const char *path, decode_handler *on_decoded,
                           void (*on_allocations)(void *context, const struct http_result *result))
{
    call->decoder = decoder_new(DECODE_ALLOCATIONS, NULL, 0, on_decoded, call);
    call->transfer = http_send(call->region->nomad, &(struct http_request){.path = path,
                                                                           .timeout_ms = CALL_MS,
                                                                           .on_data = on_allocation_bytes,
                                                                           .on_done = on_allocations,
                                                                           .context = call});
}

bool call_is_terminal(const struct allocation_fact *allocation)
{
    return allocation->client_status == CLIENT_COMPLETE || allocation->client_status == CLIENT_FAILED ||
           allocation->client_status == CLIENT_LOST;
}

void call_job_path(const struct call *call, const char *suffix, const char *query, struct buffer *path)
{
    const struct copy_wanted *wanted = &call->effect.wanted;
    buffer_append_text(path, "/v1/job/");
    text_append_percent(path, wanted->id, strlen(wanted->id));
    buffer_append_text(path, suffix);
    buffer_append_text(path, "?namespace=");
    text_append_percent(path, wanted->job_namespace, strlen(wanted->job_namespace));
    buffer_append_text(path, query);
}

void call_get_job(struct call *call, call_step *step)
{
    struct buffer path = BUFFER_INIT;
    call_job_path(call, "", "", &path);
    call_send(call, HTTP_GET, path.data, NULL, CALL_MS, step);
    buffer_release(&path);
}

void call_send_plan(struct call *call, bool diff, call_step *step)
{
    struct buffer path = BUFFER_INIT, body = BUFFER_INIT;
    call_job_path(call, "/plan", "", &path);
    buffer_append_text(&body, "{\"Job\":");
    buffer_append(&body, call->job.data, call->job.length);
    buffer_append_text(&body, diff ? ",\"Diff\":true}" : ",\"Diff\":false}");
    call_send(call, HTTP_PUT, path.data, &body, CALL_PLAN_MS, step);
    buffer_release(&path);
    buffer_release(&body);
}

bool call_take_plan(struct call *call, const struct http_result *result)
{
    struct error error;
    if (answer_classify(result) != ANSWER_GOOD) {
        call_end_read(call, result);
        return false;
    }
    plan_reply_release(&call->plan);
    if (plan_reply_read(result->body, result->body_length, &call->plan, &error))
        return true;
    call_end(call, OUTCOME_NOT_SENT, REFUSAL_NONE, "the plan's answer: %s", error.text);
    return false;
}

/* The region's own words where it gave some. */
static const char *words_of(const struct http_result *result)
{
    bool spoken = result->outcome == HTTP_ANSWERED && result->status / 100 != 2 && result->status / 100 != 3 &&
                  result->body != NULL && result->body[0] != '\0' && result->body[0] != '<';
    return spoken ? result->body : result->error.text;
}

static enum refusal refusal_of(enum answer answer)
{
    switch (answer) {
    case ANSWER_CONFLICT:
        return REFUSAL_CONFLICT;
    case ANSWER_DENIED:
        return REFUSAL_DENIED;
    case ANSWER_INVALID:
        return REFUSAL_INVALID;
    default:
        return REFUSAL_OTHER;
    }
}

void call_end_read(struct call *call, const struct http_result *result)
{
    enum answer answer = answer_classify(result);
    if (answer == ANSWER_NOT_SENT || answer == ANSWER_UNCERTAIN || answer == ANSWER_GOOD)
        call_end(call, OUTCOME_NOT_SENT, REFUSAL_NONE, "%s", words_of(result));
    else
        call_end(call, OUTCOME_REFUSED, refusal_of(answer), "%s", words_of(result));
}

void call_end_write(struct call *call, const struct http_result *result)
{
    enum answer answer = answer_classify(result);
    if (answer == ANSWER_NOT_SENT)
        call_end(call, OUTCOME_NOT_SENT, REFUSAL_NONE, "%s", words_of(result));
    else if (answer == ANSWER_UNCERTAIN || answer == ANSWER_GOOD)
        call_end(call, OUTCOME_UNKNOWN, REFUSAL_NONE, "%s", words_of(result));
    else
        call_end(call, OUTCOME_REFUSED, refusal_of(answer), "%s", words_of(result));
}

bool call_take_job(struct call *call, const struct http_result *result, struct live_job *ret_job)
{
    struct error error;
    const char *status = "";
    int64_t index = 0, version = 0;
    json_t *job = document_parse(result->body, result->body_length, ANSWER_MAX, &error);
    if (job == NULL)
        return false;
    bool stopped = false;
    bool good = json_get_i64(job, "JobModifyIndex", &index) == JSON_FOUND && index > 0;
    json_get_i64(job, "Version", &version);
    json_get_flag(job, "Stop", &stopped);
    json_get_text(job, "Status", &status);
    *ret_job = (struct live_job){.job_modify_index = (uint64_t)index, .version = (uint64_t)version, .stopped = stopped};
    json_decref(job);
    call->result.job_exists = good;
    call->result.job_stopped = stopped;
    call->result.job_modify_index = ret_job->job_modify_index;
    call->result.job_version = ret_job->version;
    return good;
}

bool call_render(struct call *call)
{
    struct error error;
    buffer_clear(&call->job);
    if (nomad_spec_render(call->specification, call->specification_length, &call->effect.wanted,
                          region_nomad_name(call->region), &call->job, &error))
        return true;
    call_end(call, OUTCOME_REFUSED, REFUSAL_INVALID, "%s", error.text);
    return false;
}

bool call_shift(struct call *call, const struct http_result *live)
{
    struct error error;
    buffer_clear(&call->job);
    if (nomad_spec_shift(live->body, live->body_length, &call->effect.wanted, &call->job, &error))
        return true;
    call_end(call, OUTCOME_REFUSED, error.code == ERROR_CONFLICT ? REFUSAL_CONFLICT : REFUSAL_INVALID, "%s",
             error.text);
    return false;
}

/* A path with such a segment would be another path on the way. */
static bool id_is_a_dot(const char *id)
{
    return id != NULL && (strcmp(id, ".") == 0 || strcmp(id, "..") == 0);
}

static void begin(uv_timer_t *timer)
{
    struct call *call = timer->data;
    static void (*const CHAINS[EFFECT_TYPE_COUNT])(struct call * call) = {
        [EFFECT_PLAN] = call_plan,           [EFFECT_REGISTER] = call_register, [EFFECT_STOP] = call_stop,
        [EFFECT_PURGE] = call_purge,         [EFFECT_OWNER] = call_owner,       [EFFECT_PROBE] = call_probe,
        [EFFECT_CORDON] = call_node_write,   [EFFECT_DRAIN] = call_node_write,  [EFFECT_UNCORDON] = call_node_write,
        [EFFECT_NODE_LOOK] = call_node_look,
    };
    if (call->region == NULL)
        call_end(call, OUTCOME_NOT_SENT, REFUSAL_NONE, "no region \"%s\" is configured", call->effect.region);
    else if (id_is_a_dot(call->effect.wanted.id))
        call_end(call, OUTCOME_REFUSED, REFUSAL_INVALID, "a job cannot be called \"%s\"", call->effect.wanted.id);
    else if (CHAINS[call->effect.type] == NULL)
        call_end(call, OUTCOME_REFUSED, REFUSAL_INVALID, "a region cannot carry out a %s",
                 effect_type_word(call->effect.type));
    else
        CHAINS[call->effect.type](call);
}

void federation_execute(struct federation *federation, const struct effect *effect, const void *specification,
                        size_t specification_length, void (*done)(void *context, const struct effect_result *result),
                        void *context)
{
    struct call *call = memory_new(1, sizeof *call);
    call->federation = federation;
    call->region = federation_region(federation, effect->region);
    effect_copy(&call->effect, effect);
    if (specification != NULL)
        call->specification = memory_copy_text(specification, specification_length);
    call->specification_length = specification == NULL ? 0 : specification_length;
    call->done = done;
    call->context = context;
    call->started_ns = uv_hrtime();
    call->result.text = "";
    buffer_init(&call->job);
    LIST_INSERT_HEAD(&federation->calls, call, link);
    uv_timer_init(federation->options.loop, &call->timer);
    call->timer.data = call;
    federation->handles++;
    uv_timer_start(&call->timer, begin, 0, 0);
}

void calls_cancel(struct federation *federation)
{
    while (!LIST_EMPTY(&federation->calls))
        call_close(LIST_FIRST(&federation->calls));
}
