/* /v1/allocations, /v1/evaluations, /v1/deployments and their single things. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/engine/http.h"

/* Nomad turns a prefix into bytes first: an odd number of digits is an error of its own. */
static bool prefix_valid(struct sim_call *call, const char *what)
{
    const char *prefix = sim_query_get(&call->query, "prefix", "");
    size_t digits = 0;

    for (; *prefix != '\0'; prefix++)
        digits += *prefix != '-';
    if (digits % 2 == 0)
        return true;
    sim_fail(call, 500, "%s lookup failed: index error: Input (without hyphens) must be even length", what);
    return false;
}

static size_t first_from(const struct sim_region *region, const struct sim_page *page)
{
    size_t low = 0, high = region->allocation_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct sim_allocation *a = region->allocations[middle];

        if (sim_page_before(page, a->create_index, a->id))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void item_token(char text[96], uint64_t index, const char *id)
{
    snprintf(text, 96, "%" PRIu64 ".%s", index, id);
}

static void list_allocations(struct sim_call *call)
{
    struct sim_region *region = call->region;
    uint64_t index = region->tables[SIM_ALLOCATIONS];
    bool resources = sim_query_flag(&call->query, "resources");
    bool states = !sim_same(sim_query_get(&call->query, "task_states", "true"), "false");
    struct sim_page page;

    if (!prefix_valid(call, "alloc") || sim_held(call, index) || !sim_page_begin(call, &page, index))
        return;
    for (size_t i = first_from(region, &page); i < region->allocation_count && !page.full; i++) {
        const struct sim_allocation *a = region->allocations[i];
        char token[96];

        if (!sim_space_covers(call, a->job->space) || strncmp(a->id, page.prefix, strlen(page.prefix)) != 0)
            continue;
        item_token(token, a->create_index, a->id);
        if (sim_page_take(call, &page, token))
            sim_allocation_render_stub(&call->response->body, a, resources, states);
    }
    sim_page_end(call);
}

static void lookup_failed(struct sim_call *call, const char *what, enum sim_table table)
{
    char text[64];

    if (strlen(call->segments[1]) != SIM_ID_SIZE - 1) {
        sim_fail(call, 500, "%s lookup failed: index error: UUID must be 36 characters", what);
        return;
    }
    snprintf(text, sizeof text, "%s not found", what);
    sim_fail_read(call, call->region->tables[table], text);
}

static void get_allocation(struct sim_call *call)
{
    const struct sim_allocation *a = sim_allocation_find(call->region, call->segments[1]);

    if (a == NULL)
        lookup_failed(call, "alloc", SIM_ALLOCATIONS);
    else if (!sim_held(call, a->modify_index))
        sim_allocation_render(sim_reply(call, a->modify_index), a, true, true);
}

static void stop_allocation(struct sim_call *call)
{
    struct sim_allocation *a = sim_allocation_find(call->region, call->segments[1]);
    struct sim_evaluation *evaluation;
    uint64_t index;

    if (a == NULL) {
        lookup_failed(call, "alloc", SIM_ALLOCATIONS);
        return;
    }
    a->force_stop = true;
    index = sim_next_index(call->region);
    a->modify_index = a->alloc_modify_index = index;
    sim_touch(call->region, SIM_ALLOCATIONS, index);
    evaluation = sim_evaluation_new(call->region, a->job, "alloc-stop", call->now);
    sim_event_evaluation(call->region, index, "AllocationUpdateDesiredStatus", evaluation);
    buffer_printf(sim_reply_write(call, index), "{\"EvalID\":\"%s\",\"Index\":%" PRIu64 "}", evaluation->id, index);
    sim_evaluation_process(call->region, evaluation, call->now);
}

/* ---- evaluations ---- */

static void list_evaluations(struct sim_call *call)
{
    struct sim_region *region = call->region;
    const char *status = sim_query_get(&call->query, "status", ""), *job = sim_query_get(&call->query, "job", "");
    uint64_t index = region->tables[SIM_EVALUATIONS];
    struct sim_page page;

    if (!prefix_valid(call, "eval") || sim_held(call, index) || !sim_page_begin(call, &page, index))
        return;
    for (size_t i = 0; i < region->evaluation_count && !page.full; i++) {
        const struct sim_evaluation *e = region->evaluations[i];
        char token[96];

        if (sim_page_before(&page, e->create_index, e->id) || !sim_space_covers(call, e->space) ||
            strncmp(e->id, page.prefix, strlen(page.prefix)) != 0 ||
            (*status != '\0' && !sim_same(status, e->status)) || (*job != '\0' && !sim_same(job, e->job_id)))
            continue;
        item_token(token, e->create_index, e->id);
        if (sim_page_take(call, &page, token))
            sim_evaluation_render(&call->response->body, e);
    }
    sim_page_end(call);
}

static void get_evaluation(struct sim_call *call)
{
    const struct sim_evaluation *e = sim_evaluation_find(call->region, call->segments[1]);

    if (e == NULL)
        lookup_failed(call, "eval", SIM_EVALUATIONS);
    else if (!sim_held(call, e->modify_index))
        sim_evaluation_render(sim_reply(call, e->modify_index), e);
}

static void get_evaluation_allocations(struct sim_call *call)
{
    struct sim_region *region = call->region;
    uint64_t index = region->tables[SIM_ALLOCATIONS];
    struct buffer *out;
    bool any = false;

    if (sim_held(call, index))
        return;
    out = sim_reply(call, index);
    buffer_append_byte(out, '[');
    for (size_t i = 0; i < region->allocation_count; i++) {
        if (!sim_same(region->allocations[i]->eval_id, call->segments[1]))
            continue;
        buffer_append_text(out, any ? "," : "");
        sim_allocation_render_stub(out, region->allocations[i], false, true);
        any = true;
    }
    buffer_append_byte(out, ']');
}

/* ---- deployments ---- */

static void list_deployments(struct sim_call *call)
{
    struct sim_region *region = call->region;
    uint64_t index = region->tables[SIM_DEPLOYMENTS];
    struct sim_page page;

    if (!prefix_valid(call, "deployment") || sim_held(call, index) || !sim_page_begin(call, &page, index))
        return;
    for (size_t i = 0; i < region->deployment_count && !page.full; i++) {
        const struct sim_deployment *d = region->deployments[i];
        char token[96];

        if (sim_page_before(&page, d->create_index, d->id) || !sim_space_covers(call, d->space) ||
            strncmp(d->id, page.prefix, strlen(page.prefix)) != 0)
            continue;
        item_token(token, d->create_index, d->id);
        if (sim_page_take(call, &page, token))
            sim_deployment_render(&call->response->body, d);
    }
    sim_page_end(call);
}

static void get_deployment(struct sim_call *call)
{
    const struct sim_deployment *d = sim_deployment_find(call->region, call->segments[1]);

    if (d == NULL)
        lookup_failed(call, "deployment", SIM_DEPLOYMENTS);
    else if (!sim_held(call, d->modify_index))
        sim_deployment_render(sim_reply(call, d->modify_index), d);
}

static void get_deployment_allocations(struct sim_call *call)
{
    struct sim_region *region = call->region;
    uint64_t index = region->tables[SIM_ALLOCATIONS];
    struct buffer *out;
    bool any = false;

    if (sim_held(call, index))
        return;
    out = sim_reply(call, index);
    buffer_append_byte(out, '[');
    for (size_t i = 0; i < region->allocation_count; i++) {
        const struct sim_allocation *a = region->allocations[i];

        if (a->deployment == NULL || !sim_same(a->deployment->id, call->segments[2]))
            continue;
        buffer_append_text(out, any ? "," : "");
        sim_allocation_render_stub(out, a, false, true);
        any = true;
    }
    buffer_append_byte(out, ']');
}

/* The active deployment of the path, or NULL after an answer. */
static struct sim_deployment *deployment_to_change(struct sim_call *call, const char *verb)
{
    struct sim_deployment *d = sim_deployment_find(call->region, call->segments[2]);

    if (d == NULL) {
        sim_fail(call, 404, "deployment not found");
        return NULL;
    }
    if (!sim_deployment_is_active(d)) {
        sim_fail(call, 400, "can't %s terminal deployment", verb);
        return NULL;
    }
    return d;
}

static void answer_deployment(struct sim_call *call, const char *eval_id, uint64_t index)
{
    buffer_printf(sim_reply_write(call, index),
                  "{\"DeploymentModifyIndex\":%" PRIu64 ",\"EvalCreateIndex\":%" PRIu64
                  ",\"EvalID\":\"%s\",\"Index\":%" PRIu64 ",\"RevertedJobVersion\":null}",
                  index, index, eval_id, index);
}

static void promote_deployment(struct sim_call *call)
{
    struct sim_deployment *d = deployment_to_change(call, "promote");
    struct buffer text = BUFFER_INIT;

    if (d == NULL)
        return;
    if (!sim_deployment_promote(call->region, d, call->now, &text)) {
        sim_fail(call, 400, "%s", text.data);
    } else {
        uint64_t index = call->region->index;
        const struct sim_evaluation *e = sim_evaluate(call->region, d->job, "deployment-watcher", call->now);

        answer_deployment(call, e->id, index);
    }
    buffer_release(&text);
}

static void fail_deployment(struct sim_call *call)
{
    struct sim_deployment *d = deployment_to_change(call, "fail");
    const struct sim_evaluation *e;
    uint64_t index;

    if (d == NULL)
        return;
    index = sim_next_index(call->region);
    sim_deployment_set(call->region, d, "failed", "Deployment marked as failed", index, call->now);
    e = sim_evaluate(call->region, d->job, "deployment-watcher", call->now);
    answer_deployment(call, e->id, index);
}

static void pause_deployment(struct sim_call *call)
{
    struct sim_deployment *d = deployment_to_change(call, "pause");
    bool pause;

    if (d == NULL || !sim_call_body(call))
        return;
    pause = sim_get_flag(call->body, "Pause", false);
    sim_deployment_set(call->region, d, pause ? "paused" : "running",
                       pause ? "Deployment is paused" : "Deployment is running", sim_next_index(call->region),
                       call->now);
    answer_deployment(call, "", call->region->index);
}

/* ---- what only a client agent knows ---- */

static void client_checks(struct sim_call *call)
{
    buffer_append_text(sim_reply(call, 0), "null");
}

static void client_stats(struct sim_call *call)
{
    buffer_append_text(sim_reply(call, 0), "{\"Tasks\":{},\"Timestamp\":0,\"ResourceUsage\":{\"CpuStats\":{},"
                                           "\"DeviceStats\":null,\"MemoryStats\":{}}}");
}

const struct sim_route sim_allocation_routes[] = {
    {"GET", "allocations", SIM_READ, list_allocations},
    {"GET", "allocation/*", SIM_READ, get_allocation},
    {"PUT", "allocation/*/stop", SIM_WRITE, stop_allocation},
    {"GET", "evaluations", SIM_READ, list_evaluations},
    {"GET", "evaluation/*", SIM_READ, get_evaluation},
    {"GET", "evaluation/*/allocations", SIM_READ, get_evaluation_allocations},
    {"GET", "deployments", SIM_READ, list_deployments},
    {"GET", "deployment/*", SIM_READ, get_deployment},
    {"GET", "deployment/allocations/*", SIM_READ, get_deployment_allocations},
    {"PUT", "deployment/promote/*", SIM_WRITE, promote_deployment},
    {"PUT", "deployment/fail/*", SIM_WRITE, fail_deployment},
    {"PUT", "deployment/pause/*", SIM_WRITE, pause_deployment},
    {"GET", "client/allocation/*/checks", SIM_READ, client_checks},
    {"GET", "client/allocation/*/stats", SIM_READ, client_stats},
    {NULL, NULL, SIM_OPEN, NULL}};
