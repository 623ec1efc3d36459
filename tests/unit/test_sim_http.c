/* links: sim_engine base jansson */
/* How a simulated region answers: blocking, pages, streams, tokens, faults, forwarding, variables, job files. */
#include <stdio.h>

#include "tests/unit/sim_common.h"

static const char quick[] = "\"Update\":{\"MinHealthyTime\":1000000000,\"MaxParallel\":9},";

static void a_blocking_query_is_held_until_the_index_moves_or_the_wait_ends(void **state)
{
    struct fixture f;
    char query[64];

    (void)state;
    fixture_open(&f, NULL);
    ask(&f, "GET", "/v1/jobs", NULL, NULL);
    snprintf(query, sizeof query, "index=%d&wait=10s", (int)f.response.index + 100);
    ask(&f, "GET", "/v1/jobs", query, NULL);
    assert_int_equal(f.response.outcome, SIM_HOLD);
    assert_int_equal(f.response.hold_until_ms, f.now + 10312);
    put_job(&f, "web", 1, 100, "a", quick);
    snprintf(query, sizeof query, "index=%d&wait=10s", 1);
    ask(&f, "GET", "/v1/jobs", query, NULL);
    assert_int_equal(f.response.outcome, SIM_ANSWER);
    assert_int_equal(ask(&f, "GET", "/v1/jobs", "wait=2", NULL), 400);
    assert_string_equal(f.response.body.data, "Invalid wait time");
    assert_int_equal(ask(&f, "GET", "/v1/jobs", "index=abc", NULL), 400);
    fixture_close(&f);
}

static void pages_follow_each_other_to_the_end(void **state)
{
    struct fixture f;
    char query[400] = "per_page=3";
    size_t seen = 0, pages = 0;

    (void)state;
    fixture_open(&f, NULL);
    put_job(&f, "web", 8, 100, "a", quick);
    do {
        json_t *page = get(&f, "/v1/allocations", query);

        seen += json_array_size(page);
        pages++;
        json_decref(page);
        snprintf(query, sizeof query, "per_page=3&next_token=%s", f.response.next_token);
    } while (f.response.next_token[0] != '\0');
    assert_int_equal(seen, 8);
    assert_int_equal(pages, 3);
    fixture_close(&f);
}

static void a_stream_greets_beats_and_hides_the_gap(void **state)
{
    struct fixture f;
    struct sim_stream *stream;
    struct buffer out = BUFFER_INIT;
    int64_t due;

    (void)state;
    fixture_open(&f, NULL);
    for (int i = 0; i < 60; i++) {
        put_job(&f, i % 2 == 0 ? "web" : "api", i, 1, "a", quick);
        pass(&f, 5000);
    }
    stream = sim_stream_open(f.region, "topic=Job&index=1", NULL, f.now);
    due = sim_stream_read(stream, f.now, &out);
    assert_int_equal(due, f.now + 30000);
    assert_memory_equal(out.data, "{}\n{\"Events\":[", 14);
    assert_null(strstr(out.data, "\"Index\":15,"));
    buffer_clear(&out);
    f.now += 30000;
    sim_stream_read(stream, f.now, &out);
    assert_string_equal(out.data, "{}\n");
    buffer_clear(&out);
    put_job(&f, "third", 1, 1, "a", quick);
    sim_stream_read(stream, f.now, &out);
    assert_non_null(strstr(out.data, "\"Type\":\"JobRegistered\""));
    sim_stream_free(stream);
    buffer_release(&out);
    fixture_close(&f);
}

static void an_index_asked_for_is_included(void **state)
{
    struct fixture f;
    struct sim_stream *stream;
    struct buffer out = BUFFER_INIT;
    char query[64], wanted[64];

    (void)state;
    fixture_open(&f, NULL);
    put_job(&f, "web", 1, 100, "a", quick);
    snprintf(query, sizeof query, "topic=Job:web&index=%d", (int)f.response.index);
    snprintf(wanted, sizeof wanted, "],\"Index\":%d}\n", (int)f.response.index);
    stream = sim_stream_open(f.region, query, NULL, f.now);
    sim_stream_read(stream, f.now, &out);
    assert_non_null(strstr(out.data, wanted));
    sim_stream_free(stream);
    buffer_release(&out);
    fixture_close(&f);
}

static void tokens_decide_as_nomads_acl_does(void **state)
{
    static const struct sim_pool_spec pool = {.name = "std", .count = 1};
    struct sim_region_spec spec = {
        .name = "test", .pools = &pool, .pool_count = 1, .read_token = "reader", .write_token = "writer"};
    struct fixture f;
    struct sim_stream *stream;
    struct buffer out = BUFFER_INIT;

    (void)state;
    fixture_open(&f, &spec);
    assert_int_equal(ask(&f, "GET", "/v1/jobs", NULL, NULL), 403);
    assert_string_equal(f.response.body.data, "Permission denied");
    assert_int_equal(ask(&f, "GET", "/v1/status/leader", NULL, NULL), 200);
    assert_int_equal(ask(&f, "GET", "/v1/namespaces", NULL, NULL), 200);
    assert_string_equal(f.response.body.data, "[]");
    f.token = "reader";
    assert_int_equal(ask(&f, "GET", "/v1/jobs", NULL, NULL), 200);
    assert_int_equal(put_job(&f, "web", 1, 100, "a", quick), 403);
    f.token = "writer";
    assert_int_equal(put_job(&f, "web", 1, 100, "a", quick), 200);
    stream = sim_stream_open(f.region, "topic=Job", "wrong", f.now);
    assert_int_equal(sim_stream_read(stream, f.now, &out), SIM_NEVER);
    assert_int_equal(out.length, 0);
    sim_stream_free(stream);
    fixture_close(&f);
}

static void faults_answer_hang_or_lose_as_told(void **state)
{
    struct fixture f;
    struct error error = {0};

    (void)state;
    fixture_open(&f, NULL);
    assert_true(sim_region_fault(f.region, SIM_FAULT_FAIL, "1 rpc error: EOF", f.now, &error));
    assert_int_equal(ask(&f, "GET", "/v1/jobs", NULL, NULL), 500);
    assert_string_equal(f.response.body.data, "rpc error: EOF");
    assert_int_equal(ask(&f, "GET", "/v1/jobs", NULL, NULL), 200);
    assert_true(sim_region_fault(f.region, SIM_FAULT_LOSE_REPLY, "", f.now, &error));
    put_job(&f, "web", 1, 100, "a", quick);
    assert_int_equal(f.response.outcome, SIM_LOST);
    assert_int_equal(ask(&f, "GET", "/v1/job/web", NULL, NULL), 200);
    assert_true(sim_region_fault(f.region, SIM_FAULT_DARK, "silent", f.now, &error));
    ask(&f, "GET", "/v1/jobs", NULL, NULL);
    assert_int_equal(f.response.outcome, SIM_SILENT);
    assert_true(sim_region_fault(f.region, SIM_FAULT_HEAL, "", f.now, &error));
    assert_true(sim_region_fault(f.region, SIM_FAULT_SLOW, "250", f.now, &error));
    ask(&f, "GET", "/v1/jobs", NULL, NULL);
    assert_int_equal(f.response.delay_ms, 250);
    assert_false(sim_region_fault(f.region, SIM_FAULT_SLOW, "x", f.now, &error));
    fixture_close(&f);
}

static void only_what_changes_something_counts_as_a_write(void **state)
{
    struct fixture f;
    char *body = job_body("web", 1, 100, "a", quick, "");

    (void)state;
    fixture_open(&f, NULL);
    ask(&f, "GET", "/v1/jobs", NULL, NULL);
    ask(&f, "PUT", "/v1/job/web/plan", NULL, body);
    ask(&f, "PUT", "/v1/validate/job", NULL, body);
    ask(&f, "PUT", "/v1/jobs/parse", NULL, "{}");
    assert_int_equal(sim_region_writes(f.region), 0);
    ask(&f, "PUT", "/v1/jobs", NULL, body);
    ask(&f, "DELETE", "/v1/job/web", NULL, NULL);
    assert_int_equal(sim_region_writes(f.region), 2);
    free(body);
    fixture_close(&f);
}

static void linked_regions_forward_by_query_and_by_the_jobs_region(void **state)
{
    static const struct sim_pool_spec pool = {.name = "std", .count = 1};
    struct sim_region_spec spec = {.name = "other", .pools = &pool, .pool_count = 1};
    struct fixture f;
    struct error error = {0};
    struct sim_region *regions[2];

    (void)state;
    fixture_open(&f, NULL);
    regions[0] = f.region;
    regions[1] = sim_region_new(&spec, f.now, &error);
    assert_int_equal(ask(&f, "GET", "/v1/jobs", "region=nope", NULL), 500);
    assert_string_equal(f.response.body.data, "No path to region");
    sim_regions_link(regions, 2, (double[]){0, 80, 80, 0});
    assert_int_equal(
        ask(&f, "PUT", "/v1/jobs", "region=other",
            "{\"Job\":{\"ID\":\"far\",\"Name\":\"far\",\"TaskGroups\":[{\"Name\":\"g\",\"Tasks\":[{\"Name\":"
            "\"t\",\"Driver\":\"docker\"}]}]}}"),
        200);
    assert_ptr_equal(f.response.answered_by, regions[1]);
    assert_int_equal(ask(&f, "GET", "/v1/job/far", NULL, NULL), 404);
    assert_int_equal(ask(&f, "GET", "/v1/job/far", "region=other", NULL), 200);
    sim_region_fault(regions[1], SIM_FAULT_DARK, "refuse", f.now, &error);
    assert_int_equal(ask(&f, "GET", "/v1/jobs", "region=other", NULL), 500);
    assert_non_null(strstr(f.response.body.data, "rpc error: failed to get conn: dial tcp"));
    sim_region_free(regions[1]);
    fixture_close(&f);
}

static void variables_are_set_only_at_the_index_asked_for(void **state)
{
    struct fixture f;
    json_t *object;

    (void)state;
    fixture_open(&f, NULL);
    assert_int_equal(ask(&f, "PUT", "/v1/var/drover/owner", "cas=5", "{\"Items\":{\"a\":\"1\"}}"), 409);
    assert_int_equal(ask(&f, "PUT", "/v1/var/drover/owner", "cas=0", "{\"Items\":{\"a\":\"1\"}}"), 200);
    assert_int_equal(ask(&f, "PUT", "/v1/var/drover/owner", "cas=0", "{\"Items\":{\"a\":\"2\"}}"), 409);
    object = answer(&f);
    assert_string_equal(text(json_object_get(object, "Items"), "a"), "1");
    json_decref(object);
    assert_int_equal(ask(&f, "PUT", "/v1/var/x", NULL, "{}"), 400);
    fixture_close(&f);
}

static void job_files_are_parsed_with_their_variables(void **state)
{
    struct fixture f;
    json_t *job, *group;

    (void)state;
    fixture_open(&f, NULL);
    assert_int_equal(
        ask(&f, "PUT", "/v1/jobs/parse", NULL,
            "{\"JobHCL\":\"variable \\\"n\\\" {\\n  type = number\\n  default = 2\\n}\\njob \\\"w\\\" {\\n  group "
            "\\\"g\\\" {\\n    count = var.n\\n    task \\\"t\\\" {\\n      driver = \\\"docker\\\"\\n      env {\\n   "
            "     "
            "A = \\\"n${var.n} ${attr.x}\\\"\\n      }\\n    }\\n  }\\n}\",\"Variables\":\"n = 5\"}"),
        200);
    job = answer(&f);
    group = json_array_get(json_object_get(job, "TaskGroups"), 0);
    assert_int_equal(number(group, "Count"), 5);
    assert_string_equal(text(json_object_get(json_array_get(json_object_get(group, "Tasks"), 0), "Env"), "A"),
                        "n5 ${attr.x}");
    assert_true(json_is_null(json_object_get(job, "Type")));
    json_decref(job);
    assert_int_equal(ask(&f, "PUT", "/v1/jobs/parse", NULL, "{\"JobHCL\":\"job \\\"w\\\" {\\n  foo = 1\\n}\"}"), 400);
    assert_string_equal(f.response.body.data, "Failed to parse job: input.hcl:2,3-6: Unsupported argument; An argument "
                                              "named \"foo\" is not expected here.");
    assert_int_equal(ask(&f, "PUT", "/v1/jobs/parse", NULL, "{\"JobHCL\":\"\"}"), 400);
    assert_string_equal(f.response.body.data, "Job spec is empty");
    fixture_close(&f);
}

static void a_filled_region_lists_everything(void **state)
{
    static const struct sim_pool_spec pool = {.name = "std", .count = 500};
    struct sim_region_spec spec = {.name = "test", .pools = &pool, .pool_count = 1};
    struct fixture f;
    json_t *list;

    (void)state;
    fixture_open(&f, &spec);
    sim_region_populate(f.region, 50, 5000, f.now);
    list = get(&f, "/v1/allocations", "resources=true&task_states=false");
    assert_int_equal(json_array_size(list), 5000);
    json_decref(list);
    list = get(&f, "/v1/nodes", "resources=true");
    assert_int_equal(json_array_size(list), 500);
    json_decref(list);
    list = get(&f, "/v1/jobs", NULL);
    assert_int_equal(json_array_size(list), 50);
    json_decref(list);
    fixture_close(&f);
}

static void hostile_requests_get_an_answer(void **state)
{
    static const char *const paths[] = {"",
                                        "/",
                                        "/v1",
                                        "/v1/",
                                        "/v1/job/%00",
                                        "/v1/%zz",
                                        "/v1/job/%2e",
                                        "/v1//jobs//",
                                        "/v1/var/",
                                        "/v1/job/a/b/c/d/e/f/g",
                                        "/v2/jobs",
                                        "/v1/node/x/drain"};
    static const char *const bodies[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"Job\":[]}",
        "{\"Job\":{\"TaskGroups\":[1,null]}}",
        ("{\"Job\":{\"ID\":\"x\",\"TaskGroups\":[{\"Name\":1,\"Count\":\"x\",\"Tasks\":"
         "{}}]}}")};
    struct fixture f;

    (void)state;
    fixture_open(&f, NULL);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (size_t k = 0; k < sizeof bodies / sizeof *bodies; k++) {
            assert_true(ask(&f, "PUT", paths[i], "a&b=%&%41=1", bodies[k]) >= 200);
            assert_true(ask(&f, "PUT", "/v1/jobs", NULL, bodies[k]) >= 400);
            assert_true(ask(&f, "PUT", "/v1/job/x/plan", NULL, bodies[k]) >= 400);
            assert_true(ask(&f, "PUT", "/v1/job/x/scale", NULL, bodies[k]) >= 400);
        }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_blocking_query_is_held_until_the_index_moves_or_the_wait_ends),
        cmocka_unit_test(pages_follow_each_other_to_the_end),
        cmocka_unit_test(a_stream_greets_beats_and_hides_the_gap),
        cmocka_unit_test(an_index_asked_for_is_included),
        cmocka_unit_test(tokens_decide_as_nomads_acl_does),
        cmocka_unit_test(faults_answer_hang_or_lose_as_told),
        cmocka_unit_test(only_what_changes_something_counts_as_a_write),
        cmocka_unit_test(linked_regions_forward_by_query_and_by_the_jobs_region),
        cmocka_unit_test(variables_are_set_only_at_the_index_asked_for),
        cmocka_unit_test(job_files_are_parsed_with_their_variables),
        cmocka_unit_test(a_filled_region_lists_everything),
        cmocka_unit_test(hostile_requests_get_an_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
