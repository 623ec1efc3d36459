/* Running and stopping jobs: HCL is parsed by a region's Nomad, then it is the same road as JSON. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "controller/api/private.h"
#include "controller/api/view.h"
#include "controller/federation/nomad_spec.h"

static void render_reply(struct api_exchange *exchange, const struct reply *reply)
{
    view_reply(exchange->api->backend.world, reply, &exchange->answer);
}

static void job_submit(struct api_exchange *exchange, const char *json, size_t length)
{
    struct job_demand demand;
    struct buffer body = BUFFER_INIT;
    struct error error;
    if (!nomad_spec_read(json, length, &demand, &body, &error)) {
        exchange_fail(exchange, &error);
    } else {
        struct event event = {
            .type = EVENT_JOB_SUBMITTED,
            .submission = {
                .demand = &demand, .body = body.data, .body_length = body.length, .dry_run = exchange->dry_run}};
        exchange_submit(exchange, &event, render_reply, NULL);
        job_demand_release(&demand);
    }
    buffer_release(&body);
}

/* A request may be gone by the time its job is parsed, so it is found by number. */
struct job_parsing {
    struct api *api;
    uint64_t id;
};

static void job_on_parsed(void *context, const char *json, size_t length, const struct error *error)
{
    struct job_parsing *parsing = context;
    struct api_exchange *exchange = server_find(parsing->api, parsing->id);
    free(parsing);
    if (exchange == NULL) {
        return;
    }
    if (error != NULL && error->code != ERROR_NONE) {
        exchange_fail(exchange, error);
    } else {
        job_submit(exchange, json, length);
    }
}

static void job_parse(struct api_exchange *exchange, const char *hcl, const char *variables)
{
    const struct world *world = exchange->api->backend.world;
    const char **regions = memory_new(world->region_count + 1, sizeof *regions);
    size_t count = 0;
    for (size_t i = 0; i < world->region_count; i++) {
        if (world->regions[i].state == REGION_ALIVE || world->regions[i].state == REGION_SYNCING) {
            regions[count++] = world->regions[i].config.name;
        }
    }
    if (count == 0 || exchange->api->backend.federation == NULL) {
        exchange_fail_status(exchange, 502, ERROR_UNREACHABLE,
                             "job HCL is parsed by a region's Nomad, and no region is alive: see GET regions");
    } else {
        struct job_parsing *parsing = memory_new(1, sizeof *parsing);
        *parsing = (struct job_parsing){.api = exchange->api, .id = exchange->id};
        federation_parse(exchange->api->backend.federation, regions, count, hcl, strlen(hcl), variables, job_on_parsed,
                         parsing);
    }
    free(regions);
}

static bool job_read_body(const json_t *body, const char **ret_hcl, const char **ret_variables, json_t **ret_job,
                          bool *ret_dry_run, struct error *ret_error)
{
    if (!json_optional_text(body, "JobHCL", NULL, ret_hcl, ret_error) ||
        !json_optional_text(body, "Variables", "", ret_variables, ret_error) ||
        !json_optional_object(body, "Job", ret_job, ret_error) ||
        !json_optional_flag(body, "DryRun", false, ret_dry_run, ret_error)) {
        return false;
    }
    if ((*ret_hcl != NULL) == (*ret_job != NULL)) {
        return error_set(ret_error, ERROR_INVALID, "give either JobHCL or Job, and not both");
    }
    return true;
}

void answer_job_run(struct api_exchange *exchange, const char *rest)
{
    static const char *const keys[] = {"JobHCL", "Variables", "Job", "DryRun", NULL};
    const char *hcl, *variables;
    json_t *body, *job;
    struct error error;
    (void)rest;
    if (!exchange_may_write(exchange) || !exchange_body(exchange, keys, &body)) {
        return;
    }
    if (!job_read_body(body, &hcl, &variables, &job, &exchange->dry_run, &error)) {
        exchange_fail(exchange, &error);
    } else if (hcl != NULL) {
        job_parse(exchange, hcl, variables);
    } else {
        struct buffer text = BUFFER_INIT;
        json_write(&text, job, false);
        job_submit(exchange, text.data, text.length);
        buffer_release(&text);
    }
    json_decref(body);
    buffer_release(&exchange->body);
}

void answer_job_stop(struct api_exchange *exchange, const char *rest)
{
    const char *purge = exchange_query(exchange, "purge");
    struct event event = {.type = EVENT_JOB_STOP, .stop = {.job_namespace = exchange_namespace(exchange), .id = rest}};
    if (purge[0] != '\0' && strcmp(purge, "true") != 0 && strcmp(purge, "false") != 0) {
        exchange_fail_status(exchange, 400, ERROR_INVALID, "purge is \"%.32s\": give true or false", purge);
        return;
    }
    if (!utf8_valid(rest, strlen(rest)) || strlen(rest) > JOB_ID_MAX) {
        exchange_fail_status(exchange, 400, ERROR_INVALID, "no job has such an ID");
        return;
    }
    event.stop.purge = strcmp(purge, "true") == 0;
    if (exchange_may_write(exchange)) {
        exchange_submit(exchange, &event, render_reply, NULL);
    }
}
