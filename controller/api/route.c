/* Which answer belongs to which path: one table. */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "controller/api/exchange.h"
#include "controller/api/private.h"

#define ROUTE_ROOT "/v1/drover/"

enum { ROUTE_BODY_DEPTH_MAX = 72 }; /* a job's own depth, and what it is wrapped in */

struct route {
    enum api_method method;
    const char *path; /* under the root; one that ends in '/' takes what follows as `rest` */
    api_handler *handler;
};

static const struct route routes[] = {
    {API_GET, "status", answer_status},
    {API_GET, "version", answer_version},
    {API_GET, "regions", answer_regions},
    {API_GET, "region/", answer_region},
    {API_GET, "pools", answer_pools},
    {API_GET, "nodes", answer_nodes},
    {API_GET, "jobs", answer_jobs},
    {API_POST, "jobs", answer_job_run},
    {API_GET, "job/", answer_job},
    {API_DELETE, "job/", answer_job_stop},
    {API_GET, "explain/", answer_explain},
    {API_GET, "recommend", answer_recommend},
    {API_GET, "placement", answer_placement},
    {API_GET, "placement/files", answer_placement_files},
    {API_GET, "metrics", answer_metrics},
    {API_GET, "cost", answer_cost},
    {API_GET, "policies", answer_policies},
    {API_PUT, "policies", answer_policy_apply},
    {API_GET, "policy/", answer_policy},
    {API_PUT, "policy/", answer_policy_apply},
    {API_DELETE, "policy/", answer_policy_delete},
    {API_GET, "monitor", answer_monitor},
    {API_GET, "audit", answer_audit},
    {API_GET, "accounts", answer_accounts},
    {API_GET, "instances", answer_instances},
    {API_GET, "approvals", answer_approvals},
    {API_PUT, "approval/", answer_approval},
    {API_PUT, "prices/confirm", answer_price_confirm},
    {API_PUT, "mode", answer_mode_set},
    {API_PUT, "freeze", answer_freeze},
    {API_PUT, "unfreeze", answer_unfreeze},
    {API_GET, "sim", answer_sim_regions},
    {API_PUT, "sim/", answer_sim},
};

/* What follows the route's own part, or NULL when the path is another. */
static const char *route_match(const struct route *route, const char *path)
{
    size_t length = strlen(route->path);
    if (route->path[length - 1] != '/') {
        return strcmp(route->path, path) == 0 ? "" : NULL;
    }
    return strncmp(route->path, path, length) == 0 && path[length] != '\0' ? path + length : NULL;
}

/* ".." as a part of a name is somebody's attempt to walk the path. */
static bool route_walks(const char *path)
{
    const char *at = path;
    while ((at = strstr(at, "..")) != NULL) {
        bool begins = at == path || at[-1] == '/';
        bool ends = at[2] == '\0' || at[2] == '/';
        if (begins && ends) {
            return true;
        }
        at += 2;
    }
    return false;
}

static void route_refuse_method(struct api_exchange *exchange, const char *path)
{
    static const char *const words[] = {
        [API_GET] = "GET", [API_PUT] = "PUT", [API_POST] = "POST", [API_DELETE] = "DELETE"};
    const char *allowed = NULL;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (route_match(&routes[i], path) != NULL) {
            allowed = allowed == NULL ? words[routes[i].method] : "GET, PUT, POST, DELETE";
        }
    }
    if (allowed == NULL) {
        exchange_fail_status(exchange, 404, ERROR_NOT_FOUND, "there is no %s; docs/api.md lists every path",
                             exchange->path);
        return;
    }
    exchange->allow = allowed;
    exchange_fail_status(exchange, 405, ERROR_INVALID, "%s is not known with this method", exchange->path);
}

void route_request(struct api_exchange *exchange)
{
    buffer_clear(&exchange->answer);
    if (!text_starts_with(exchange->path, ROUTE_ROOT)) {
        exchange_fail_status(exchange, 404, ERROR_NOT_FOUND, "everything is under %s; docs/api.md lists every path",
                             ROUTE_ROOT);
        return;
    }
    const char *path = exchange->path + strlen(ROUTE_ROOT);
    if (route_walks(path)) {
        exchange_fail_status(exchange, 400, ERROR_INVALID, "\"..\" is refused in a path");
        return;
    }
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const char *rest = route_match(&routes[i], path);
        if (routes[i].method == exchange->method && rest != NULL) {
            routes[i].handler(exchange, rest);
            return;
        }
    }
    route_refuse_method(exchange, path);
}

const char *exchange_namespace(const struct api_exchange *exchange)
{
    const char *wanted = exchange_query(exchange, "namespace");
    return wanted[0] != '\0' ? wanted : "default";
}

bool exchange_may_write(struct api_exchange *exchange)
{
    struct api_agent_facts facts = {.store_trouble = ""};
    const struct api_backend *backend = &exchange->api->backend;
    backend->facts(backend->context, &facts);
    if (facts.store_broken) {
        exchange_fail_status(exchange, 507, ERROR_NO_SPACE,
                             "the agent's store cannot take writes now (%s); reading and freeze work",
                             facts.store_trouble);
    }
    return !facts.store_broken;
}

static bool body_keys_known(const json_t *object, const char *const *allowed, struct error *ret_error)
{
    const char *key;
    json_t *value;
    size_t count = 0;
    while (allowed[count] != NULL) {
        count++;
    }
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < count && !known; i++) {
            known = strcmp(allowed[i], key) == 0;
        }
        if (!known) {
            const char *near = text_nearest(key, allowed, count);
            return error_set(ret_error, ERROR_INVALID, "the body's key \"%.64s\" is not known%s%s%s", key,
                             near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                             near != NULL ? "\"?" : "");
        }
    }
    return true;
}

bool exchange_body(struct api_exchange *exchange, const char *const *allowed, json_t **ret_object)
{
    struct error error;
    json_t *object = NULL;
    if (exchange->body.length == 0) {
        *ret_object = json_object();
        return true;
    }
    if (!json_read(exchange->body.data, exchange->body.length, API_BODY_MAX, ROUTE_BODY_DEPTH_MAX, &object, &error)) {
        error_prefix(&error, "the body");
        exchange_fail(exchange, &error);
        return false;
    }
    bool right =
        json_is_object(object) ||
        error_set(&error, ERROR_INVALID, "the body: an object is wanted, %s stands there", json_kind_words(object));
    if (!right || !body_keys_known(object, allowed, &error)) {
        json_decref(object);
        exchange_fail(exchange, &error);
        return false;
    }
    *ret_object = object;
    return true;
}
