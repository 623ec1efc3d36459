/* links: agent api core federation placement store sim_serve sim_engine model net base */
/* The world as JSON: what a small world looks like through GET regions, pools, nodes, jobs, cost, policies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/json.h"
#include "controller/agent/config.h"
#include "controller/api/view.h"

static const char regions[] = "region \"b\" {\n"
                              "  provider = \"onprem\"\n"
                              "  nomad { address = \"http://h:1\" }\n"
                              "  labels { jurisdiction = \"eu\" }\n"
                              "  pool \"std\" {\n"
                              "    select { node_class = \"std\" }\n"
                              "    price {\n"
                              "      usd_per_hour = \"0.10\"\n"
                              "      adjustment \"discount\" { percent = \"-12.5\" }\n"
                              "    }\n"
                              "  }\n"
                              "}\n"
                              "region \"a\" {\n"
                              "  nomad { address = \"http://h:2\" }\n"
                              "}\n"
                              "policy \"web\" {\n"
                              "  jobs = [\"web*\"]\n"
                              "  budget { usd_per_month = \"500\" }\n"
                              "}\n";

struct scene {
    struct core *core;
    struct step step;
    int64_t now_ms;
};

static void feed(struct scene *scene, const struct event *event)
{
    scene->now_ms += 10;
    core_step(scene->core, event, scene->now_ms, &scene->step);
}

static struct uuid id_of(uint8_t number)
{
    return (struct uuid){.bytes = {number}};
}

static void feed_region(struct scene *scene, enum event_type type, const char *region)
{
    struct region_fact fact = {.nomad_version = "2.0.5", .consul_version = "", .server_count = 3, .leader = "x"};
    struct event event = {.type = type, .region = region};
    if (type == EVENT_REGION_HEARD) {
        event.region_fact = &fact;
    }
    feed(scene, &event);
}

static void feed_node(struct scene *scene, const char *region, uint8_t number, const char *name, const char *class)
{
    struct node_fact node = {.id = id_of(number),
                             .name = name,
                             .datacenter = "dc1",
                             .node_class = class,
                             .node_pool = "default",
                             .version = "2.0.5",
                             .status = NODE_READY,
                             .eligible = true,
                             .capacity = {.amount = {4000, 8000, 1000}},
                             .selected_known = true,
                             .modify_index = 1};
    struct event event = {.type = EVENT_NODE, .region = region, .node = &node};
    feed(scene, &event);
}

static void feed_allocation(struct scene *scene, const char *region, uint8_t number, uint8_t node)
{
    struct allocation_fact allocation = {.id = id_of(number),
                                         .node_id = id_of(node),
                                         .job_namespace = "default",
                                         .job_id = "web",
                                         .group = "front",
                                         .resources = {.amount = {1000, 1000, 100}},
                                         .client_status = CLIENT_RUNNING,
                                         .desired_status = DESIRED_RUN,
                                         .health = HEALTH_GOOD,
                                         .modify_index = 2};
    struct event event = {.type = EVENT_ALLOCATION, .region = region, .allocation = &allocation};
    feed(scene, &event);
}

static void feed_world(struct scene *scene)
{
    struct job_fact job = {.job_namespace = "default", .id = "web", .type = JOB_SERVICE, .modify_index = 2};
    feed_region(scene, EVENT_REGION_HEARD, "b");
    feed_region(scene, EVENT_SYNC_BEGIN, "b");
    feed_node(scene, "b", 1, "n2", "std");
    feed_node(scene, "b", 2, "n1", "std");
    feed_node(scene, "b", 3, "n3", "strange");
    struct event event = {.type = EVENT_JOB, .region = "b", .job = &job};
    feed(scene, &event);
    feed_allocation(scene, "b", 11, 1);
    feed_allocation(scene, "b", 12, 3);
    feed_region(scene, EVENT_SYNC_END, "b");
}

static int open_scene(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    struct core_options options = {.cluster = "c", .epoch = 1};
    struct config_source source = {.name = "a.hcl", .bytes = regions, .length = strlen(regions)};
    struct error error;
    struct config *config = config_read_sources(&source, 1, &error);
    if (scene == NULL || config == NULL) {
        return -1;
    }
    scene->core = core_new(&options);
    scene->now_ms = 1000000;
    for (size_t i = 0; i < config->region_count; i++) {
        struct event event = {.type = EVENT_REGION_CONFIGURED,
                              .region = config->regions[i].model.name,
                              .region_config = &config->regions[i].model};
        feed(scene, &event);
    }
    struct event policy = {.type = EVENT_POLICY_CONFIGURED, .policy = &config->policies[0]};
    feed(scene, &policy);
    struct event started = {.type = EVENT_STARTED};
    feed(scene, &started);
    feed_world(scene);
    config_free(config);
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    step_release(&scene->step);
    core_free(scene->core);
    free(scene);
    return 0;
}

static json_t *parse(struct buffer *text)
{
    struct error error;
    json_t *value;
    if (!json_read(text->data, text->length, 1 << 20, 32, &value, &error)) {
        fail_msg("%s\n%s", error.text, text->data);
    }
    buffer_release(text);
    return value;
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = NULL;
    json_get_text(object, key, &text);
    return text != NULL ? text : "(no text)";
}

static int64_t number_at(const json_t *object, const char *key)
{
    int64_t number = -1;
    json_get_i64(object, key, &number);
    return number;
}

static void test_regions_stand_by_name_with_what_they_hold(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    view_regions(core_world(scene->core), &out);
    json_t *all = parse(&out), *list = json_object_get(all, "Regions"), *b = json_array_get(list, 1);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(text_at(json_array_get(list, 0), "Name"), "a");
    assert_string_equal(text_at(b, "Name"), "b");
    assert_string_equal(text_at(b, "State"), "alive");
    assert_string_equal(text_at(b, "NomadVersion"), "2.0.5");
    assert_string_equal(text_at(json_object_get(b, "Labels"), "jurisdiction"), "eu");
    assert_int_equal(number_at(b, "Nodes"), 3);
    assert_int_equal(number_at(b, "UnpricedNodes"), 1);
    assert_int_equal(number_at(b, "Allocations"), 2);
    assert_int_equal(number_at(b, "Jobs"), 1);
    assert_int_equal(number_at(b, "OwnedJobs"), 0);
    assert_string_equal(text_at(b, "HourlyUSD"), "0.175");
    assert_string_equal(text_at(b, "UsedHourlyUSD"), "0.021875");
    assert_string_equal(text_at(b, "IdleHourlyUSD"), "0.153125");
    json_decref(all);
}

static void test_pools_show_their_price_and_end_with_other(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    view_pools(core_world(scene->core), "b", &out);
    json_t *all = parse(&out), *list = json_object_get(all, "Pools");
    json_t *std = json_array_get(list, 0), *other = json_array_get(list, 1);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(text_at(std, "NodeHourlyUSD"), "0.0875");
    assert_string_equal(text_at(std, "NodeListHourlyUSD"), "0.10");
    assert_string_equal(text_at(json_array_get(json_object_get(std, "Adjustments"), 0), "Percent"), "-12.5");
    assert_string_equal(text_at(other, "Name"), "other");
    assert_true(json_is_null(json_object_get(other, "NodeHourlyUSD")));
    assert_string_equal(text_at(other, "Market"), "");
    json_decref(all);
}

static void test_nodes_stand_by_pool_and_name(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    view_nodes(core_world(scene->core), "", "", &out);
    json_t *all = parse(&out), *list = json_object_get(all, "Nodes");
    assert_int_equal(json_array_size(list), 3);
    assert_string_equal(text_at(json_array_get(list, 0), "Name"), "n1");
    assert_string_equal(text_at(json_array_get(list, 1), "Name"), "n2");
    assert_string_equal(text_at(json_array_get(list, 2), "Name"), "n3");
    assert_string_equal(text_at(json_array_get(list, 0), "HourlyUSD"), "0.0875");
    assert_true(json_is_null(json_object_get(json_array_get(list, 2), "HourlyUSD")));
    json_decref(all);
    view_nodes(core_world(scene->core), "b", "other", &out);
    all = parse(&out);
    assert_int_equal(json_array_size(json_object_get(all, "Nodes")), 1);
    json_decref(all);
}

static void test_a_job_of_somebody_else_is_shown_as_such(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    view_jobs(core_world(scene->core), "", &out);
    json_t *all = parse(&out), *job = json_array_get(json_object_get(all, "Jobs"), 0);
    assert_int_equal(json_array_size(json_object_get(all, "Jobs")), 1);
    assert_string_equal(text_at(job, "ID"), "web");
    assert_string_equal(text_at(job, "Owner"), "external");
    assert_string_equal(text_at(job, "State"), "running");
    assert_string_equal(text_at(job, "Policy"), "web");
    assert_int_equal(number_at(job, "Allocations"), 2);
    assert_int_equal(number_at(job, "UnpricedAllocations"), 1);
    assert_string_equal(text_at(job, "HourlyUSD"), "0.021875");
    assert_string_equal(text_at(json_array_get(json_object_get(job, "Regions"), 0), "Region"), "b");
    json_decref(all);
}

static void test_a_job_shows_its_allocations(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    assert_false(view_job(core_world(scene->core), "default", "nothing", &out));
    assert_int_equal(out.length, 0);
    assert_true(view_job(core_world(scene->core), "default", "web", &out));
    json_t *job = parse(&out), *list = json_object_get(job, "Allocs");
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(text_at(json_array_get(list, 0), "NodeName"), "n2");
    assert_string_equal(text_at(json_array_get(list, 0), "Health"), "good");
    assert_true(json_is_null(json_object_get(json_array_get(list, 1), "HourlyUSD")));
    assert_true(json_is_null(json_object_get(job, "Decision")));
    json_decref(job);
}

static void test_cost_names_the_machines_without_a_price(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    view_cost(core_world(scene->core), &out);
    json_t *cost = parse(&out), *unpriced = json_array_get(json_object_get(cost, "Unpriced"), 0);
    assert_string_equal(text_at(json_object_get(cost, "Total"), "HourlyUSD"), "0.175");
    assert_string_equal(text_at(json_object_get(cost, "Total"), "MonthlyUSD"), "127.75");
    assert_string_equal(text_at(unpriced, "Pool"), "other");
    assert_string_equal(json_string_value(json_array_get(json_object_get(unpriced, "Names"), 0)), "n3");
    json_decref(cost);
}

static void test_policies_say_what_they_say(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    view_policies(core_world(scene->core), &out);
    json_t *all = parse(&out), *policy = json_array_get(json_object_get(all, "Policies"), 0);
    assert_string_equal(text_at(policy, "Name"), "web");
    assert_string_equal(text_at(policy, "BudgetMonthlyUSD"), "500.00");
    assert_true(json_is_true(json_object_get(policy, "FromFile")));
    json_decref(all);
}

static void test_a_freeze_shows_by_whom_and_why(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    struct event event = {
        .type = EVENT_FREEZE, .actor = "token:operator", .source = "127.0.0.1", .text = "incident 12"};
    feed(scene, &event);
    view_mode(core_world(scene->core), &out);
    json_t *mode = parse(&out), *frozen = json_object_get(mode, "Frozen");
    assert_string_equal(text_at(mode, "Mode"), "observe");
    assert_string_equal(text_at(frozen, "Actor"), "token:operator");
    assert_string_equal(text_at(frozen, "Reason"), "incident 12");
    json_decref(mode);
}

static void test_errors_have_a_code_and_a_sentence(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    struct error error;
    error_set(&error, ERROR_CONFLICT, "say \"web\"");
    view_error(&error, &out);
    assert_string_equal(out.data, "{\"Error\":{\"Code\":\"conflict\",\"Message\":\"say \\\"web\\\"\"}}");
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regions_stand_by_name_with_what_they_hold),
        cmocka_unit_test(test_pools_show_their_price_and_end_with_other),
        cmocka_unit_test(test_nodes_stand_by_pool_and_name),
        cmocka_unit_test(test_a_job_of_somebody_else_is_shown_as_such),
        cmocka_unit_test(test_a_job_shows_its_allocations),
        cmocka_unit_test(test_cost_names_the_machines_without_a_price),
        cmocka_unit_test(test_policies_say_what_they_say),
        cmocka_unit_test(test_a_freeze_shows_by_whom_and_why),
        cmocka_unit_test(test_errors_have_a_code_and_a_sentence),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
