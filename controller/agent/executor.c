/* The way out: every write to a region passes the one gate here and is known as sent before it leaves.
 *
 *   effect (its step durable) -> gate -> EVENT_EFFECT_SENT -> gate -> federation: reads, gate, the write ->
 * EVENT_EFFECT_RESULT
 *
 * The last one makes a freeze take hold at once: nothing lies between it and the request. */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/memory.h"
#include "controller/agent/private.h"

static struct flight *flight_new(struct agent *agent, const struct effect *effect)
{
    struct flight *flight = memory_new(1, sizeof *flight);
    flight->agent = agent;
    effect_copy(&flight->effect, effect);
    flight->next = agent->flights;
    agent->flights = flight;
    agent->flight_count++;
    return flight;
}

static void flight_free(struct flight *flight)
{
    struct agent *agent = flight->agent;
    struct flight **at = &agent->flights;
    while (*at != NULL && *at != flight) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = flight->next;
        agent->flight_count--;
    }
    effect_release(&flight->effect);
    free(flight);
}

void executor_forget(struct agent *agent)
{
    while (agent->flights != NULL) {
        flight_free(agent->flights);
    }
    for (size_t i = 0; i < AGENT_SPECIFICATIONS_MAX; i++) {
        buffer_release(&agent->specifications[i].body);
    }
}

static void executor_end(struct flight *flight, const struct effect_result *result)
{
    struct agent *agent = flight->agent;
    struct event event = {.type = EVENT_EFFECT_RESULT, .region = flight->effect.region, .result = result};
    if (!agent->stopping) {
        shell_feed(agent, &event);
    }
    flight_free(flight);
}

static void executor_refuse(struct flight *flight, enum refusal refusal, const struct error *error)
{
    struct effect_result result = {.effect_id = flight->effect.id,
                                   .outcome = OUTCOME_REFUSED,
                                   .refusal = refusal,
                                   .text = error->text,
                                   .owner_cluster = ""};
    executor_end(flight, &result);
}

/* The gate as it stands at this very moment. The FREEZE file counts from when it is there, not from when it is noticed.
 */
bool executor_may_write(void *context, const struct effect *effect, struct error *ret_error)
{
    const struct agent *agent = context;
    if (agent->stopping) {
        return error_set(ret_error, ERROR_GATED, "the agent is stopping");
    }
    if (freeze_file_exists(agent)) {
        return error_set(ret_error, ERROR_GATED, "frozen by the file %s", agent->freeze_path);
    }
    return core_gate(agent->core, effect, ret_error);
}

static void executor_on_done(void *context, const struct effect_result *result)
{
    struct flight *flight = context;
    executor_end(flight, result);
}

static bool executor_needs_specification(const struct effect *effect)
{
    return effect->type == EFFECT_PLAN || effect->type == EFFECT_REGISTER ||
           (effect->type == EFFECT_PROBE && effect->probed_type == EFFECT_REGISTER);
}

/* RECORD_REVISION: length of the demand, demand, body. */
static bool executor_split_revision(struct buffer *record, struct error *ret_error)
{
    struct codec_reader reader = codec_reader_init(record->data, record->length);
    uint32_t demand = codec_get_u32(&reader);
    if (reader.failed || demand > reader.left) {
        return error_set(ret_error, ERROR_CORRUPT, "its record is damaged");
    }
    buffer_drop_front(record, record->length - reader.left + demand);
    return true;
}

static bool executor_load_specification(struct agent *agent, uint64_t revision, struct buffer *ret_body,
                                        struct error *ret_error)
{
    for (size_t i = 0; i < AGENT_SPECIFICATIONS_MAX; i++) {
        const struct specification *kept = &agent->specifications[i];
        if (kept->revision == revision && revision != 0) {
            buffer_append(ret_body, kept->body.data, kept->body.length);
            return true;
        }
    }
    struct buffer key = BUFFER_INIT;
    bool found = false;
    record_key_number(&key, revision);
    bool read = store_get(agent->store, STORE_REVISION, key.data, key.length, ret_body, &found, ret_error);
    buffer_release(&key);
    if (read && !found) {
        read = error_set(ret_error, ERROR_NOT_FOUND, "it is not in the store");
    }
    read = read && executor_split_revision(ret_body, ret_error);
    return read ||
           error_prefix(ret_error, "the specification of revision %llu cannot be read", (unsigned long long)revision);
}

static void executor_send(struct flight *flight)
{
    struct agent *agent = flight->agent;
    struct buffer body = BUFFER_INIT;
    struct error error;
    const struct effect *effect = &flight->effect;
    bool of_account = effect_type_is_of_account(effect->type) ||
                      (effect->type == EFFECT_PROBE && effect_type_is_of_account(effect->probed_type));
    if (of_account) {
        flight->sent = true;
        if (!accounts_execute(agent, effect, executor_on_done, flight)) {
            error_set(&error, ERROR_NOT_FOUND, "no provider \"%s\" is configured", effect->change.account);
            executor_refuse(flight, REFUSAL_INVALID, &error);
        }
        return;
    }
    bool needed = executor_needs_specification(&flight->effect);
    if (needed && !executor_load_specification(agent, flight->effect.wanted.revision, &body, &error)) {
        report_error(agent, flight->effect.region, "%s", error.text);
        executor_refuse(flight, REFUSAL_OTHER, &error);
    } else {
        flight->sent = true;
        federation_execute(agent->federation, &flight->effect, needed ? body.data : NULL, needed ? body.length : 0,
                           executor_on_done, flight);
    }
    buffer_release(&body);
}

void executor_leave(struct agent *agent, struct flight *flight)
{
    struct error error;
    if (!executor_may_write(agent, &flight->effect, &error)) {
        executor_refuse(flight, REFUSAL_GATED, &error);
        return;
    }
    bool of_job = flight->effect.wanted.id != NULL && flight->effect.wanted.id[0] != '\0';
    report_info(agent, flight->effect.region, "%s%s%s leaves", effect_type_word(flight->effect.type),
                of_job ? " of " : "", of_job ? flight->effect.wanted.id : "");
    executor_send(flight);
}

void executor_start(struct agent *agent, const struct effect *effect)
{
    if (agent->stopping) {
        return; /* it is in the outbox and goes on at the next start */
    }
    struct flight *flight = flight_new(agent, effect);
    struct error error;
    if (!effect_type_writes(effect->type)) {
        executor_send(flight);
    } else if (!executor_may_write(agent, &flight->effect, &error)) {
        executor_refuse(flight, REFUSAL_GATED, &error);
    } else {
        struct event event = {.type = EVENT_EFFECT_SENT, .region = flight->effect.region, .effect_id = effect->id};
        shell_feed_sent(agent, &event, flight);
    }
}

void executor_keep_specification(struct agent *agent, const struct event *event, const struct step *step)
{
    if (event->type != EVENT_JOB_SUBMITTED || !event->submission.dry_run) {
        return;
    }
    for (size_t i = 0; i < step->effect_count; i++) {
        if (step->effects[i].type != EFFECT_PLAN) {
            continue;
        }
        struct specification *kept = &agent->specifications[agent->specification_next];
        agent->specification_next = (agent->specification_next + 1) % AGENT_SPECIFICATIONS_MAX;
        kept->revision = step->effects[i].wanted.revision;
        buffer_clear(&kept->body);
        buffer_append(&kept->body, event->submission.body, event->submission.body_length);
        return;
    }
}
