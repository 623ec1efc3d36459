/* What steers the agent: mode, freeze, policies. Freeze goes through whatever else is broken. */
#include <string.h>

#include "base/json.h"
#include "controller/api/policy_scope.h"
#include "controller/api/private.h"
#include "controller/api/view.h"

enum { CONTROL_REASON_MAX = 512 };

static void render_mode(struct api_exchange *exchange, const struct reply *reply)
{
    (void)reply;
    view_mode(exchange->api->backend.world, &exchange->answer);
}

void answer_mode_set(struct api_exchange *exchange, const char *rest)
{
    static const char *const keys[] = {"Mode", NULL};
    const char *word;
    json_t *body;
    struct error error;
    struct event event = {.type = EVENT_MODE_SET};
    (void)rest;
    if (!exchange_body(exchange, keys, &body)) {
        return;
    }
    if (!json_require_text(body, "Mode", &word, &error)) {
        exchange_fail(exchange, &error);
    } else if (!mode_parse(word, &event.mode)) {
        exchange_fail_status(exchange, 400, ERROR_INVALID, "Mode is \"%.32s\": give observe, approve or enforce", word);
    } else {
        exchange_submit(exchange, &event, render_mode, NULL);
    }
    json_decref(body);
}

void answer_freeze(struct api_exchange *exchange, const char *rest)
{
    static const char *const keys[] = {"Reason", NULL};
    const char *reason;
    json_t *body;
    struct error error;
    (void)rest;
    if (!exchange_body(exchange, keys, &body)) {
        return;
    }
    if (!json_optional_text(body, "Reason", "", &reason, &error)) {
        exchange_fail(exchange, &error);
    } else if (strlen(reason) > CONTROL_REASON_MAX) {
        exchange_fail_status(exchange, 400, ERROR_INVALID, "Reason has more than %d bytes", CONTROL_REASON_MAX);
    } else {
        struct event event = {.type = EVENT_FREEZE, .text = reason};
        exchange_submit(exchange, &event, render_mode, NULL);
    }
    json_decref(body);
}

void answer_unfreeze(struct api_exchange *exchange, const char *rest)
{
    static const char *const keys[] = {NULL};
    json_t *body;
    struct event event = {.type = EVENT_UNFREEZE};
    (void)rest;
    if (exchange_body(exchange, keys, &body)) {
        exchange_submit(exchange, &event, render_mode, NULL);
        json_decref(body);
    }
}

static void render_policy(struct api_exchange *exchange, const struct reply *reply)
{
    const struct world *world = exchange->api->backend.world;
    const struct policy *policy = world_find_policy(world, exchange->subject);
    (void)reply;
    if (policy != NULL) {
        view_policy(world, policy, &exchange->answer);
    }
}

static void render_name(struct api_exchange *exchange, const struct reply *reply)
{
    struct json_writer writer = json_writer_init(&exchange->answer, false);
    (void)reply;
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "Name", exchange->subject);
    json_writer_end_object(&writer);
}

static bool policy_leaves_region(const struct world *world, const struct policy *policy)
{
    for (size_t i = 0; i < world->region_count; i++) {
        if (policy_scope_allows(policy, &world->regions[i].config)) {
            return true;
        }
    }
    return world->region_count == 0;
}

static void policy_submit(struct api_exchange *exchange, const char *hcl, const char *name)
{
    const struct api_backend *backend = &exchange->api->backend;
    struct policy policy;
    struct error error;
    if (!backend->read_policy(backend->context, hcl, strlen(hcl), &policy, &error)) {
        exchange_fail(exchange, &error);
        return;
    }
    if (name[0] != '\0' && strcmp(name, policy.name) != 0) {
        exchange_fail_status(exchange, 400, ERROR_INVALID,
                             "the block declares policy \"%.128s\", but the path names \"%.128s\"", policy.name, name);
    } else if (!policy_leaves_region(backend->world, &policy)) {
        exchange_fail_status(exchange, 400, ERROR_INVALID,
                             "policy \"%.128s\" excludes every configured region: its jobs could run nowhere",
                             policy.name);
    } else {
        struct event event = {.type = EVENT_POLICY_APPLIED, .policy = &policy};
        exchange_submit(exchange, &event, render_policy, policy.name);
    }
    policy_release(&policy);
}

void answer_policy_apply(struct api_exchange *exchange, const char *rest)
{
    static const char *const keys[] = {"HCL", NULL};
    const char *hcl;
    json_t *body;
    struct error error;
    if (!exchange_may_write(exchange) || !exchange_body(exchange, keys, &body)) {
        return;
    }
    if (!json_require_text(body, "HCL", &hcl, &error)) {
        exchange_fail(exchange, &error);
    } else {
        policy_submit(exchange, hcl, rest);
    }
    json_decref(body);
}

void answer_policy_delete(struct api_exchange *exchange, const char *rest)
{
    struct event event = {.type = EVENT_POLICY_DELETED, .text = rest};
    if (exchange_may_write(exchange)) {
        exchange_submit(exchange, &event, render_name, rest);
    }
}
