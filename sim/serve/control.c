/* The control port: faults, time and counts for tests and benches. What it offers is in control.h. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "sim/serve/control.h"
#include "sim/serve/provider.h"
#include "sim/serve/session.h"

enum { CONTROL_BODY_MAX = 64 * 1024, CONTROL_DEPTH_MAX = 8 };

static void answer_error(struct session *session, int status, const char *text)
{
    session->response.status = status;
    session->response.content_type = "text/plain; charset=utf-8";
    buffer_clear(&session->response.body);
    buffer_append_text(&session->response.body, text);
}

static void answer_json(struct session *session, json_t *value)
{
    session->response.status = 200;
    session->response.content_type = "application/json";
    buffer_clear(&session->response.body);
    json_write(&session->response.body, value, false);
    json_decref(value);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static void control_fault(struct session *session, const json_t *body)
{
    struct sim_server *server = session->port->server;
    int region = sim_server_find(server, text_of(body, "Region"));
    struct error error = {0};
    enum sim_fault fault;

    if (region < 0)
        answer_error(session, 404, "no such region");
    else if (!sim_fault_from_word(text_of(body, "Kind"), &fault))
        answer_error(session, 400, "no such kind of fault");
    else if (!sim_server_fault(server, (size_t)region, fault, text_of(body, "Argument"), &error))
        answer_error(session, 400, error.text);
    else
        answer_json(session, json_object());
}

static json_t *stats(const struct sim_server *server)
{
    json_t *regions = json_object();

    for (size_t i = 0; i < server->count; i++)
        json_object_set_new(
            regions, sim_region_name(server->regions[i]),
            json_pack("{s:I, s:I, s:{s:I, s:I, s:I}}", "Index", (json_int_t)sim_region_index(server->regions[i]),
                      "Writes", (json_int_t)sim_region_writes(server->regions[i]), "Registers", "Answered",
                      (json_int_t)server->registers[i].answered, "FirstUs", (json_int_t)server->registers[i].first_us,
                      "LastUs", (json_int_t)server->registers[i].last_us));
    return json_pack("{s:o, s:I}", "Regions", regions, "Now", (json_int_t)sim_server_now(server));
}

json_t *sim_control_urls(const struct sim_server *server)
{
    json_t *regions = json_array();

    for (size_t i = 0; i < server->count; i++)
        json_array_append_new(regions,
                              json_pack("{s:s, s:s, s:s}", "Name", sim_region_name(server->regions[i]), "Nomad",
                                        sim_server_nomad_url(server, i), "Consul", sim_server_consul_url(server, i)));
    return json_pack("{s:o, s:s?}", "Regions", regions, "Control", sim_server_control_url(server));
}

void control_answer(struct session *session)
{
    struct sim_server *server = session->port->server;
    struct error error = {0};
    json_t *body = NULL;
    bool get = strcmp(session->method, "GET") == 0;

    if (provider_answer_request(session))
        return;
    if (get && strcmp(session->path, "/sim/stats") == 0) {
        answer_json(session, stats(server));
    } else if (get && strcmp(session->path, "/sim/regions") == 0) {
        answer_json(session, sim_control_urls(server));
    } else if (get) {
        answer_error(session, 404, "not found");
    } else if (!json_read(session->body.data, session->body.length, CONTROL_BODY_MAX, CONTROL_DEPTH_MAX, &body,
                          &error)) {
        answer_error(session, 400, error.text);
    } else if (strcmp(session->path, "/sim/fault") == 0) {
        control_fault(session, body);
    } else if (strcmp(session->path, "/sim/mark") == 0) {
        memset(server->registers, 0, server->count * sizeof *server->registers);
        answer_json(session, json_object());
    } else if (strcmp(session->path, "/sim/advance") == 0) {
        json_int_t milliseconds = json_integer_value(json_object_get(body, "Milliseconds"));

        if (milliseconds < 0 || milliseconds > INT64_C(31536000000)) {
            answer_error(session, 400, "Milliseconds: 0 to a year is wanted");
        } else {
            sim_server_skip(server, milliseconds);
            answer_json(session, stats(server));
        }
    } else {
        answer_error(session, 404, "not found");
    }
    json_decref(body);
}
