/* The simulation of `drover agent -dev`: which regions there are, prices and faults. */
#include "base/json.h"
#include "controller/api/private.h"
#include "controller/api/view.h"

static bool sim_is_there(struct api_exchange *exchange)
{
    if (exchange->api->backend.simulate == NULL) {
        exchange_fail_status(exchange, 404, ERROR_NOT_FOUND, "only `drover agent -dev` has simulated regions");
        return false;
    }
    return true;
}

void answer_sim_regions(struct api_exchange *exchange, const char *rest)
{
    const struct api_backend *backend = &exchange->api->backend;
    (void)rest;
    if (!sim_is_there(exchange)) {
        return;
    }
    struct json_writer writer = json_writer_init(&exchange->answer, false);
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "Regions");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < backend->simulated_count; i++) {
        json_writer_begin_object(&writer);
        json_writer_field_text(&writer, "Name", backend->simulated[i].name);
        json_writer_field_text(&writer, "Address", backend->simulated[i].address);
        json_writer_field_u64(&writer, "Nodes", backend->simulated[i].nodes);
        json_writer_end_object(&writer);
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    exchange_answer(exchange, 200);
}

static bool sim_read(const json_t *body, struct api_simulation *simulation, struct error *ret_error)
{
    return json_require_text(body, "Region", &simulation->region, ret_error) &&
           json_optional_text(body, "Pool", "", &simulation->pool, ret_error) &&
           json_optional_text(body, "Node", "", &simulation->node, ret_error) &&
           json_optional_text(body, "Job", "", &simulation->job, ret_error) &&
           json_optional_text(body, "Namespace", "default", &simulation->job_namespace, ret_error) &&
           json_optional_text(body, "USDPerHour", "", &simulation->usd_per_hour, ret_error) &&
           json_optional_i64(body, "Milliseconds", -1, &simulation->milliseconds, ret_error);
}

void answer_sim(struct api_exchange *exchange, const char *rest)
{
    static const char *const keys[] = {"Region",    "Pool",       "Node",         "Job",
                                       "Namespace", "USDPerHour", "Milliseconds", NULL};
    const struct api_backend *backend = &exchange->api->backend;
    struct api_simulation simulation = {.word = rest};
    struct buffer done = BUFFER_INIT;
    struct error error;
    json_t *body;
    if (!sim_is_there(exchange) || !exchange_body(exchange, keys, &body)) {
        return;
    }
    if (!sim_read(body, &simulation, &error) || !backend->simulate(backend->context, &simulation, &done, &error)) {
        exchange_fail(exchange, &error);
    } else {
        struct json_writer writer = json_writer_init(&exchange->answer, false);
        json_writer_begin_object(&writer);
        json_writer_field_text(&writer, "Done", done.data);
        json_writer_end_object(&writer);
        exchange_answer(exchange, 200);
    }
    buffer_release(&done);
    json_decref(body);
}
