/* Answers that only read: status, regions, pools, nodes, jobs, cost, policies, the log. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "controller/api/private.h"
#include "controller/api/view.h"
#include "controller/core/assess.h"
#include "net/clock.h"

enum { ANSWER_PLAN_WAIT_MS = 30000 };

static const struct world *world_of(const struct api_exchange *exchange)
{
    return exchange->api->backend.world;
}

static void answer_indexed(struct api_exchange *exchange)
{
    exchange->indexed = true;
    exchange->index = world_of(exchange)->sequence;
    exchange_answer(exchange, 200);
}

void answer_status(struct api_exchange *exchange, const char *rest)
{
    const struct api_backend *backend = &exchange->api->backend;
    struct api_agent_facts facts = {0};
    struct store_stats stats;
    (void)rest;
    backend->facts(backend->context, &facts);
    if (backend->store != NULL) {
        store_stats(backend->store, &stats);
    }
    view_status(backend->world, &facts, backend->store != NULL ? &stats : NULL, &exchange->answer);
    answer_indexed(exchange);
}

void answer_version(struct api_exchange *exchange, const char *rest)
{
    const struct api_backend *backend = &exchange->api->backend;
    struct api_agent_facts facts = {0};
    struct json_writer writer = json_writer_init(&exchange->answer, false);
    (void)rest;
    backend->facts(backend->context, &facts);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "Version", facts.version);
    json_writer_end_object(&writer);
    exchange_answer(exchange, 200);
}

void answer_regions(struct api_exchange *exchange, const char *rest)
{
    (void)rest;
    view_regions(world_of(exchange), &exchange->answer);
    answer_indexed(exchange);
}

/* False, with the refusal sent, when a region is named that is not configured. */
static bool answer_knows_region(struct api_exchange *exchange, const char *name)
{
    if (name[0] == '\0' || world_find_region(world_of(exchange), name) != NULL) {
        return true;
    }
    exchange_fail_status(exchange, 404, ERROR_NOT_FOUND, "no region \"%.128s\" is configured", name);
    return false;
}

void answer_region(struct api_exchange *exchange, const char *rest)
{
    if (answer_knows_region(exchange, rest)) {
        view_region(world_of(exchange), world_find_region(world_of(exchange), rest), &exchange->answer);
        answer_indexed(exchange);
    }
}

void answer_pools(struct api_exchange *exchange, const char *rest)
{
    const char *region = exchange_query(exchange, "region");
    (void)rest;
    if (answer_knows_region(exchange, region)) {
        view_pools(world_of(exchange), region, &exchange->answer);
        exchange_answer(exchange, 200);
    }
}

void answer_nodes(struct api_exchange *exchange, const char *rest)
{
    const char *region = exchange_query(exchange, "region");
    (void)rest;
    if (answer_knows_region(exchange, region)) {
        view_nodes(world_of(exchange), region, exchange_query(exchange, "pool"), &exchange->answer);
        exchange_answer(exchange, 200);
    }
}

void answer_jobs(struct api_exchange *exchange, const char *rest)
{
    (void)rest;
    view_jobs(world_of(exchange), exchange_query(exchange, "namespace"), &exchange->answer);
    answer_indexed(exchange);
}

/* True when the request was left waiting, or refused. */
static bool answer_waits(struct api_exchange *exchange)
{
    const char *index_text = exchange_query(exchange, "index"), *wait_text = exchange_query(exchange, "wait");
    uint64_t index = 0;
    int64_t wait_ms = API_WAIT_DEFAULT_MS;
    struct error error;
    if (index_text[0] == '\0' || exchange->wait_index == UINT64_MAX) {
        return false;
    }
    if (!text_parse_u64(index_text, strlen(index_text), "index", 0, UINT64_MAX - 1, &index, &error) ||
        (wait_text[0] != '\0' && !text_parse_duration(wait_text, strlen(wait_text), &wait_ms, &error))) {
        exchange_fail(exchange, &error);
        return true;
    }
    if (world_of(exchange)->sequence > index) {
        return false;
    }
    exchange_wait(exchange, index, wait_ms < API_WAIT_MAX_MS ? wait_ms : API_WAIT_MAX_MS);
    return true;
}

static void answer_no_job(struct api_exchange *exchange, const char *id)
{
    exchange_fail_status(exchange, 404, ERROR_NOT_FOUND, "no job \"%.256s\" in namespace \"%.128s\"", id,
                         exchange_namespace(exchange));
}

void answer_job(struct api_exchange *exchange, const char *rest)
{
    if (answer_waits(exchange)) {
        return;
    }
    if (view_job(world_of(exchange), exchange_namespace(exchange), rest, &exchange->answer)) {
        answer_indexed(exchange);
    } else {
        answer_no_job(exchange, rest);
    }
}

void answer_explain(struct api_exchange *exchange, const char *rest)
{
    const struct drover_job *job = world_find_job(world_of(exchange), exchange_namespace(exchange), rest);
    if (job == NULL) {
        answer_no_job(exchange, rest);
    } else if (job->decision == NULL) {
        exchange_fail_status(exchange, 404, ERROR_NOT_FOUND, "nothing has been decided on job \"%.256s\" yet", rest);
    } else {
        struct json_writer writer = json_writer_init(&exchange->answer, false);
        view_decision(&writer, job->decision);
        exchange_answer(exchange, 200);
    }
}

/* True when the request was left waiting for a plan of the federation that includes what is there now. After a while it
 * is answered from the last one. */
static bool answer_awaits_plan(struct api_exchange *exchange)
{
    const struct api_backend *backend = &exchange->api->backend;
    if (backend->assess_ask == NULL) {
        return false;
    }
    int64_t now = clock_monotonic_ms();
    if (exchange->assess_number == 0) {
        exchange->assess_number = backend->assess_ask(backend->context);
        exchange->assess_until_ms = now + ANSWER_PLAN_WAIT_MS;
    }
    if (backend->assess_ended(backend->context) >= exchange->assess_number || now >= exchange->assess_until_ms) {
        return false;
    }
    exchange_wait(exchange, UINT64_MAX, exchange->assess_until_ms - now);
    return true;
}

void answer_placement(struct api_exchange *exchange, const char *rest)
{
    (void)rest;
    if (answer_awaits_plan(exchange)) {
        return;
    }
    view_placement(world_of(exchange), &exchange->answer);
    exchange_answer(exchange, 200);
}

void answer_placement_files(struct api_exchange *exchange, const char *rest)
{
    (void)rest;
    if (answer_awaits_plan(exchange)) {
        return;
    }
    if (view_placement_files(world_of(exchange), &exchange->answer)) {
        exchange_answer(exchange, 200);
    } else {
        exchange_fail_status(exchange, 404, ERROR_NOT_FOUND,
                             "no plan of the federation is kept: there is none yet, or its "
                             "files are larger than %d MiB",
                             ASSESS_TEXT_MAX >> 20);
    }
}

void answer_metrics(struct api_exchange *exchange, const char *rest)
{
    const struct api_backend *backend = &exchange->api->backend;
    struct api_agent_facts facts = {0};
    (void)rest;
    backend->facts(backend->context, &facts);
    view_metrics(world_of(exchange), &facts, &exchange->answer);
    exchange->type = "text/plain; version=0.0.4; charset=utf-8";
    exchange_answer(exchange, 200);
}

void answer_recommend(struct api_exchange *exchange, const char *rest)
{
    (void)rest;
    if (answer_awaits_plan(exchange)) {
        return;
    }
    view_recommendations(exchange->api->backend.core, &exchange->answer);
    exchange_answer(exchange, 200);
}

void answer_cost(struct api_exchange *exchange, const char *rest)
{
    (void)rest;
    view_cost(world_of(exchange), &exchange->answer);
    exchange_answer(exchange, 200);
}

void answer_policies(struct api_exchange *exchange, const char *rest)
{
    (void)rest;
    view_policies(world_of(exchange), &exchange->answer);
    exchange_answer(exchange, 200);
}

void answer_policy(struct api_exchange *exchange, const char *rest)
{
    const struct policy *policy = world_find_policy(world_of(exchange), rest);
    if (policy == NULL) {
        exchange_fail_status(exchange, 404, ERROR_NOT_FOUND, "no policy \"%.128s\"", rest);
        return;
    }
    view_policy(world_of(exchange), policy, &exchange->answer);
    exchange_answer(exchange, 200);
}

void answer_monitor(struct api_exchange *exchange, const char *rest)
{
    const char *word = exchange_query(exchange, "log_level");
    enum log_level level = LOG_LEVEL_INFO;
    (void)rest;
    if (word[0] != '\0' && !log_level_parse(word, &level)) {
        exchange_fail_status(exchange, 400, ERROR_INVALID,
                             "log_level is \"%.32s\": give trace, debug, info, warn or error", word);
        return;
    }
    exchange_stream(exchange, (int)level);
}
