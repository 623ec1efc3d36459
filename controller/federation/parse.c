/* Has a region's Nomad parse a job's HCL: the first that answers of those given. */
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/memory.h"
#include "controller/federation/answer.h"
#include "controller/federation/nomad_spec.h"
#include "controller/federation/private.h"

struct parse {
    LIST_ENTRY(parse) link;
    struct federation *federation;
    struct region **regions;
    size_t region_count, at;
    struct buffer body;
    uv_timer_t timer;
    struct http_transfer *transfer;
    struct error error; /* why the last one did not answer */
    void (*done)(void *context, const char *json, size_t length, const struct error *error);
    void *context;
};

static void on_closed(uv_handle_t *handle)
{
    struct parse *parse = handle->data;
    struct federation *federation = parse->federation;
    buffer_release(&parse->body);
    free(parse->regions);
    free(parse);
    federation_handle_closed(federation);
}

static void close_parse(struct parse *parse)
{
    LIST_REMOVE(parse, link);
    if (parse->transfer != NULL)
        http_cancel(parse->transfer);
    parse->transfer = NULL;
    uv_close((uv_handle_t *)&parse->timer, on_closed);
}

static void finish(struct parse *parse, const char *json, size_t length, const struct error *error)
{
    close_parse(parse);
    parse->done(parse->context, json, length, error);
}

static void ask(struct parse *parse);

static void ask_next(struct parse *parse)
{
    parse->at++;
    ask(parse);
}

static void on_answer(void *context, const struct http_result *result)
{
    struct parse *parse = context;
    parse->transfer = NULL;
    enum answer answer = answer_classify(result);
    if (answer == ANSWER_GOOD && result->body_length > 0 && result->body[0] == '{') {
        finish(parse, result->body, result->body_length, NULL);
        return;
    }
    if (answer == ANSWER_INVALID && result->body != NULL && result->body[0] != '<') {
        char line[TEXT_MAX];
        error_set(&parse->error, ERROR_INVALID, "%s", text_line(line, result->body, strlen(result->body)));
        finish(parse, NULL, 0, &parse->error);
        return;
    }
    if (answer == ANSWER_GOOD)
        error_set(&parse->error, ERROR_INVALID, "POST /v1/jobs/parse was answered with something that is not Nomad's");
    else
        parse->error = result->error;
    error_prefix(&parse->error, "region \"%s\"", parse->regions[parse->at]->name);
    ask_next(parse);
}

static void ask(struct parse *parse)
{
    if (parse->at == parse->region_count) {
        if (parse->error.code == ERROR_NONE)
            error_set(&parse->error, ERROR_UNREACHABLE, "no region can be asked to read the job file");
        finish(parse, NULL, 0, &parse->error);
        return;
    }
    parse->transfer =
        http_send(parse->regions[parse->at]->nomad, &(struct http_request){.method = HTTP_POST,
                                                                           .path = "/v1/jobs/parse",
                                                                           .body = parse->body.data,
                                                                           .body_length = parse->body.length,
                                                                           .timeout_ms = CALL_MS,
                                                                           .body_max = NOMAD_SPEC_MAX,
                                                                           .on_done = on_answer,
                                                                           .context = parse});
}

static void begin(uv_timer_t *timer)
{
    ask(timer->data);
}

static void write_body(struct parse *parse, const char *hcl, size_t hcl_length, const char *variables)
{
    struct json_writer writer = json_writer_init(&parse->body, false);
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "JobHCL");
    json_writer_bytes(&writer, hcl, hcl_length);
    if (variables != NULL && variables[0] != '\0')
        json_writer_field_text(&writer, "Variables", variables);
    json_writer_field_flag(&writer, "Canonicalize", false);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
}

void federation_parse(struct federation *federation, const char *const *regions, size_t region_count, const char *hcl,
                      size_t hcl_length, const char *variables,
                      void (*done)(void *context, const char *json, size_t length, const struct error *error),
                      void *context)
{
    struct parse *parse = memory_new(1, sizeof *parse);
    parse->federation = federation;
    parse->regions = memory_new(region_count, sizeof *parse->regions);
    for (size_t i = 0; i < region_count; i++) {
        struct region *region = federation_region(federation, regions[i]);
        if (region != NULL)
            parse->regions[parse->region_count++] = region;
    }
    parse->done = done;
    parse->context = context;
    buffer_init(&parse->body);
    write_body(parse, hcl, hcl_length, variables);
    LIST_INSERT_HEAD(&federation->parses, parse, link);
    uv_timer_init(federation->options.loop, &parse->timer);
    parse->timer.data = parse;
    federation->handles++;
    uv_timer_start(&parse->timer, begin, 0, 0);
}

void parses_cancel(struct federation *federation)
{
    while (!LIST_EMPTY(&federation->parses))
        close_parse(LIST_FIRST(&federation->parses));
}
