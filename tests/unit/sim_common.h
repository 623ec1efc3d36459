/* What the tests of the simulated region share: a small region, requests in one line, members of answers. */
#ifndef DROVER_TESTS_UNIT_SIM_COMMON_H
#define DROVER_TESTS_UNIT_SIM_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "sim/engine/region.h"

#define START INT64_C(1700000000000)

struct fixture {
    struct sim_region *region;
    int64_t now;
    struct sim_response response;
    const char *token;
};

static inline void fixture_open(struct fixture *f, const struct sim_region_spec *given)
{
    static const struct sim_pool_spec pools[] = {
        {.name = "std", .count = 2, .cpu_mhz = 1000, .memory_mb = 1000},
        {.name = "big", .count = 1, .cpu_mhz = 4000, .memory_mb = 4000, .node_pool = "large"}};
    struct sim_region_spec spec = {.name = "test", .seed = 1, .pools = pools, .pool_count = 2};
    struct error error = {0};

    memset(f, 0, sizeof *f);
    f->now = START;
    f->region = sim_region_new(given != NULL ? given : &spec, f->now, &error);
    assert_string_equal(error.text, "");
    sim_response_init(&f->response);
}

static inline void fixture_close(struct fixture *f)
{
    sim_response_release(&f->response);
    sim_region_free(f->region);
}

/* Asks now; the answer is in f->response. */
static inline int ask(struct fixture *f, const char *method, const char *path, const char *query, const char *body)
{
    struct sim_request request = {.method = method,
                                  .path = path,
                                  .query = query,
                                  .body = body,
                                  .body_length = body != NULL ? strlen(body) : 0,
                                  .token = f->token,
                                  .arrived_ms = f->now};

    sim_region_request(f->region, &request, f->now, &f->response);
    return f->response.status;
}

static inline json_t *answer(const struct fixture *f)
{
    json_t *json = json_loads(f->response.body.data, JSON_DECODE_ANY, NULL);

    if (json == NULL)
        fail_msg("no JSON: %.200s", f->response.body.data);
    return json;
}

static inline json_t *get(struct fixture *f, const char *path, const char *query)
{
    assert_int_equal(ask(f, "GET", path, query, NULL), 200);
    return answer(f);
}

/* Lets time pass in steps, so that whatever is due on the way is due in order. */
static inline void pass(struct fixture *f, int64_t milliseconds)
{
    f->now += milliseconds;
    sim_region_advance(f->region, f->now);
}

/* A service job; `more` is put into its group, as "\"Update\":{..}," with the comma. */
static inline char *job_body(const char *id, int count, int cpu, const char *meta, const char *more, const char *outer)
{
    struct buffer text = BUFFER_INIT;

    buffer_printf(&text,
                  "{%s\"Job\":{\"ID\":\"%s\",\"Name\":\"%s\",\"Datacenters\":[\"*\"],\"Meta\":{\"m\":\"%s\"},"
                  "\"TaskGroups\":[{\"Name\":\"g\",\"Count\":%d,%s\"Tasks\":[{\"Name\":\"t\",\"Driver\":\"docker\","
                  "\"Config\":{\"image\":\"x\"},\"Resources\":{\"CPU\":%d,\"MemoryMB\":100}}]}]}}",
                  outer, id, id, meta, count, more, cpu);
    return buffer_take(&text);
}

static inline int put_job(struct fixture *f, const char *id, int count, int cpu, const char *meta, const char *more)
{
    char *body = job_body(id, count, cpu, meta, more, "");
    int status = ask(f, "PUT", "/v1/jobs", NULL, body);

    free(body);
    return status;
}

static inline json_int_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static inline const char *text(const json_t *object, const char *key)
{
    const char *found = json_string_value(json_object_get(object, key));

    return found != NULL ? found : "";
}

/* How many of the job's allocations are in this state; desired or client NULL for any. */
static inline int count_allocations(struct fixture *f, const char *path, const char *desired, const char *client)
{
    json_t *list = get(f, path, NULL), *a;
    int count = 0;
    size_t i;

    json_array_foreach(list, i, a)
    {
        if ((desired == NULL || strcmp(text(a, "DesiredStatus"), desired) == 0) &&
            (client == NULL || strcmp(text(a, "ClientStatus"), client) == 0))
            count++;
    }
    json_decref(list);
    return count;
}

#endif
