/* Machines over HTTP: what it offers is in provider.h. */
#include "sim/serve/provider.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "sim/engine/machines.h"

enum { BODY_MAX = 64 * 1024, DEPTH_MAX = 8, INSTANCES_MAX = 1000 };

static struct json_writer begin(struct session *session, int status)
{
    struct json_writer writer;

    session->response.status = status;
    session->response.content_type = "application/json";
    buffer_clear(&session->response.body);
    writer = json_writer_init(&session->response.body, false);
    json_writer_begin_object(&writer);
    return writer;
}

static void end(struct json_writer *writer)
{
    json_writer_end_object(writer);
    json_writer_done(writer);
}

static void refuse(struct session *session, int status, const char *word, const char *text)
{
    struct json_writer writer = begin(session, status);

    json_writer_field_text(&writer, "Error", word);
    json_writer_field_text(&writer, "Text", text);
    end(&writer);
}

static void refuse_quota(struct session *session, const char *pool, const char *text)
{
    struct json_writer writer = begin(session, 422);

    json_writer_field_text(&writer, "Error", "quota");
    json_writer_field_text(&writer, "Text", text);
    json_writer_field_text(&writer, "Quota", pool);
    end(&writer);
}

static void answer_list(struct session *session)
{
    static const struct {
        const char *before;
        void (*put)(const struct sim_region *region, struct buffer *out);
    } parts[] = {{"{\"Regions\":[", sim_region_put_machines},
                 {"],\"Quotas\":[", sim_region_put_quotas},
                 {"],\"Interruptions\":[", sim_region_put_interruptions}};
    struct sim_server *server = session->port->server;
    struct buffer *out = &session->response.body;

    session->response.status = 200;
    session->response.content_type = "application/json";
    buffer_clear(out);
    for (size_t i = 0; i < server->count; i++)
        sim_region_advance(server->regions[i], sim_server_now(server));
    for (size_t part = 0; part < sizeof parts / sizeof *parts; part++) {
        buffer_append_text(out, parts[part].before);
        for (size_t i = 0; i < server->count; i++)
            parts[part].put(server->regions[i], out);
    }
    buffer_append_text(out, "]}");
}

/* What every write names. */
struct target {
    struct sim_region *region;
    const char *region_name, *pool;
    int64_t now;
};

/* False after an answer. */
static bool read_target(struct session *session, const json_t *body, struct target *ret_target)
{
    struct sim_server *server = session->port->server;
    struct error error = {0};
    int region;

    if (!json_require_text(body, "Region", &ret_target->region_name, &error) ||
        !json_require_text(body, "Pool", &ret_target->pool, &error)) {
        refuse(session, 400, "invalid", error.text);
        return false;
    }
    region = sim_server_find(server, ret_target->region_name);
    if (region < 0) {
        error_set(&error, ERROR_NOT_FOUND, "there is no region \"%.128s\"", ret_target->region_name);
        refuse(session, 404, "not_found", error.text);
        return false;
    }
    ret_target->region = server->regions[region];
    ret_target->now = sim_server_now(server);
    return true;
}

static void answer_write(struct session *session, const struct target *target, enum sim_machines outcome,
                         const struct sim_size *size, const struct error *error)
{
    struct json_writer writer;

    switch (outcome) {
    case SIM_MACHINES_DONE:
        writer = begin(session, 200);
        json_writer_field_text(&writer, "Region", target->region_name);
        json_writer_field_text(&writer, "Pool", target->pool);
        json_writer_field_i64(&writer, "Desired", size->desired);
        json_writer_field_i64(&writer, "Generation", size->generation);
        end(&writer);
        return;
    case SIM_MACHINES_NOT_FOUND:
        refuse(session, 404, "not_found", error->text);
        return;
    case SIM_MACHINES_CONFLICT:
        refuse(session, 409, "conflict", error->text);
        return;
    case SIM_MACHINES_QUOTA:
        refuse_quota(session, target->pool, error->text);
        return;
    case SIM_MACHINES_INVALID:
        refuse(session, 422, "invalid", error->text);
        return;
    }
}

static void answer_grow(struct session *session, const json_t *body, const struct target *target)
{
    struct error error = {0};
    struct sim_size size;
    int64_t to;

    if (!json_require_i64(body, "Desired", &size.desired, &error) ||
        !json_require_i64(body, "Generation", &size.generation, &error) || !json_require_i64(body, "To", &to, &error)) {
        refuse(session, 400, "invalid", error.text);
        return;
    }
    answer_write(session, target, sim_region_grow(target->region, target->pool, &size, to, target->now, &error), &size,
                 &error);
}

static void answer_shrink(struct session *session, const json_t *body, const struct target *target)
{
    const char **instances;
    struct error error = {0};
    struct sim_size size = {0};
    json_t *list, *item;
    size_t i;

    if (!json_require_array(body, "Instances", &list, &error)) {
        refuse(session, 400, "invalid", error.text);
        return;
    }
    if (json_array_size(list) > INSTANCES_MAX) {
        refuse(session, 400, "invalid", "Instances: at most 1000 at once");
        return;
    }
    instances = memory_new(json_array_size(list) + 1, sizeof *instances);
    json_array_foreach(list, i, item)
    {
        instances[i] = json_string_value(item);
        if (instances[i] == NULL) {
            refuse(session, 400, "invalid", "Instances: texts are wanted");
            free(instances);
            return;
        }
    }
    answer_write(session, target,
                 sim_region_shrink(target->region, target->pool, instances, i, target->now, &size, &error), &size,
                 &error);
    free(instances);
}

static void answer_withdraw(struct session *session, const json_t *body, const struct target *target)
{
    struct error error = {0};
    struct sim_size size = {0};
    int64_t generation;

    if (!json_optional_i64(body, "Generation", -1, &generation, &error)) {
        refuse(session, 400, "invalid", error.text);
        return;
    }
    answer_write(session, target,
                 sim_region_withdraw(target->region, target->pool, generation, target->now, &size, &error), &size,
                 &error);
}

static void answer_price(struct session *session, const json_t *body, const struct target *target)
{
    struct json_writer writer;
    struct error error = {0};
    const char *currency;
    int64_t micro;

    if (!json_require_i64(body, "MicroPerHour", &micro, &error) ||
        !json_optional_text(body, "Currency", "USD", &currency, &error)) {
        refuse(session, 400, "invalid", error.text);
        return;
    }
    if (!sim_region_set_price(target->region, target->pool, micro, currency, target->now, &error)) {
        bool unknown = error.code == ERROR_NOT_FOUND;

        refuse(session, unknown ? 404 : 422, unknown ? "not_found" : "invalid", error.text);
        return;
    }
    writer = begin(session, 200);
    end(&writer);
}

static bool is_below(const char *path, const char *root)
{
    size_t length = strlen(root);

    return strncmp(path, root, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

bool provider_answer_request(struct session *session)
{
    static const struct {
        const char *path;
        void (*answer)(struct session *session, const json_t *body, const struct target *target);
    } writes[] = {{"/sim/machines/grow", answer_grow},
                  {"/sim/machines/shrink", answer_shrink},
                  {"/sim/machines/withdraw", answer_withdraw},
                  {"/sim/price", answer_price}};
    const char *token = session->port->server->provider_token;
    bool machines = is_below(session->path, "/sim/machines"), get = strcmp(session->method, "GET") == 0;
    struct error error = {0};
    struct target target;
    json_t *body = NULL;
    size_t i = 0;

    if (!machines && strcmp(session->path, "/sim/price") != 0)
        return false;
    while (i < sizeof writes / sizeof *writes && strcmp(writes[i].path, session->path) != 0)
        i++;
    if (machines && token != NULL && strcmp(session->token, token) != 0)
        refuse(session, 401, "auth", "the provider's token is wanted as Authorization: Bearer");
    else if (get && strcmp(session->path, "/sim/machines") == 0)
        answer_list(session);
    else if (get || i == sizeof writes / sizeof *writes)
        refuse(session, 404, "not_found", "there is nothing at this path for this method");
    else if (!json_read(session->body.data, session->body.length, BODY_MAX, DEPTH_MAX, &body, &error))
        refuse(session, 400, "invalid", error.text);
    else if (read_target(session, body, &target))
        writes[i].answer(session, body, &target);
    json_decref(body);
    return true;
}
