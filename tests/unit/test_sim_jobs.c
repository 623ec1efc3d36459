/* links: sim_engine base jansson */
/* Jobs of a simulated region: check index, counts, updates, deployments, what does not fit, what is lost. */
#include "tests/unit/sim_common.h"

static const char quick[] = "\"Update\":{\"MinHealthyTime\":1000000000,\"MaxParallel\":9},";

static void the_check_index_is_enforced_in_nomads_words(void **state)
{
    struct fixture f;
    json_t *reply, *job;
    char *body;

    (void)state;
    fixture_open(&f, NULL);
    body = job_body("web", 1, 100, "a", quick, "\"EnforceIndex\":true,\"JobModifyIndex\":7,");
    assert_int_equal(ask(&f, "PUT", "/v1/jobs", NULL, body), 500);
    assert_string_equal(f.response.body.data, "Enforcing job modify index 7: job does not exist");
    free(body);
    assert_int_equal(put_job(&f, "web", 1, 100, "a", quick), 200);
    body = job_body("web", 2, 100, "a", quick, "\"EnforceIndex\":true,\"JobModifyIndex\":0,");
    assert_int_equal(ask(&f, "PUT", "/v1/jobs", NULL, body), 500);
    assert_string_equal(f.response.body.data, "Enforcing job modify index 0: job already exists");
    free(body);
    pass(&f, 5000);
    job = get(&f, "/v1/job/web", NULL);
    assert_true(number(job, "ModifyIndex") > number(job, "JobModifyIndex"));
    put_job(&f, "web", 1, 100, "a", quick);
    reply = answer(&f);
    assert_int_equal(number(reply, "JobModifyIndex"), number(job, "ModifyIndex"));
    json_decref(reply);
    json_decref(job);
    job = get(&f, "/v1/job/web", NULL);
    assert_int_equal(number(job, "Version"), 0);
    json_decref(job);
    fixture_close(&f);
}

static void count_changes_keep_the_lowest_names_and_restart_nothing(void **state)
{
    struct fixture f;
    json_t *before, *after, *a;
    size_t i;

    (void)state;
    fixture_open(&f, NULL);
    put_job(&f, "web", 4, 100, "a", quick);
    pass(&f, 5000);
    before = get(&f, "/v1/job/web/allocations", NULL);
    put_job(&f, "web", 2, 100, "a", quick);
    pass(&f, 5000);
    after = get(&f, "/v1/job/web/allocations", NULL);
    assert_int_equal(json_array_size(after), 4);
    json_array_foreach(after, i, a)
    {
        bool low = strcmp(text(a, "Name"), "web.g[0]") == 0 || strcmp(text(a, "Name"), "web.g[1]") == 0;

        assert_string_equal(text(a, "DesiredStatus"), low ? "run" : "stop");
        assert_string_equal(text(a, "ClientStatus"), low ? "running" : "complete");
    }
    assert_int_equal(json_array_size(before), 4);
    json_decref(before);
    json_decref(after);
    fixture_close(&f);
}

static void changed_meta_replaces_all_in_steps_of_max_parallel(void **state)
{
    struct fixture f;
    json_t *plan, *updates;
    char *body;

    (void)state;
    fixture_open(&f, NULL);
    put_job(&f, "web", 3, 100, "a", "\"Update\":{\"MinHealthyTime\":1000000000,\"MaxParallel\":1},");
    pass(&f, 5000);
    body = job_body("web", 3, 100, "b", "\"Update\":{\"MinHealthyTime\":1000000000,\"MaxParallel\":1},", "");
    assert_int_equal(ask(&f, "PUT", "/v1/job/web/plan", NULL, body), 200);
    plan = answer(&f);
    updates = json_object_get(json_object_get(json_object_get(plan, "Annotations"), "DesiredTGUpdates"), "g");
    assert_int_equal(number(updates, "DestructiveUpdate"), 1);
    assert_int_equal(number(updates, "Ignore"), 2);
    json_decref(plan);
    ask(&f, "PUT", "/v1/jobs", NULL, body);
    free(body);
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", "stop", NULL), 1);
    for (int i = 0; i < 20; i++)
        pass(&f, 1000);
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", "stop", "complete"), 3);
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", "run", "running"), 3);
    fixture_close(&f);
}

static void what_does_not_fit_blocks_and_is_placed_when_room_comes(void **state)
{
    struct fixture f;
    json_t *evaluations, *e, *failed;
    size_t i;
    bool seen = false;

    (void)state;
    fixture_open(&f, NULL);
    put_job(&f, "first", 2, 600, "a", quick);
    put_job(&f, "second", 3, 400, "a", quick);
    assert_int_equal(count_allocations(&f, "/v1/job/second/allocations", "run", NULL), 2);
    evaluations = get(&f, "/v1/evaluations", "status=blocked");
    json_array_foreach(evaluations, i, e)
    {
        failed = json_object_get(json_object_get(e, "FailedTGAllocs"), "g");
        assert_int_equal(number(failed, "CoalescedFailures"), 0);
        assert_int_equal(number(failed, "NodesExhausted"), 2);
        assert_int_equal(number(json_object_get(failed, "DimensionExhausted"), "cpu"), 2);
        seen = true;
    }
    assert_true(seen);
    json_decref(evaluations);
    ask(&f, "DELETE", "/v1/job/first", NULL, NULL);
    pass(&f, 5000);
    assert_int_equal(count_allocations(&f, "/v1/job/second/allocations", "run", "running"), 3);
    evaluations = get(&f, "/v1/evaluations", "status=blocked");
    assert_int_equal(json_array_size(evaluations), 0);
    json_decref(evaluations);
    fixture_close(&f);
}

static void a_deployment_succeeds_only_after_the_healthy_time(void **state)
{
    struct fixture f;
    json_t *deployment;

    (void)state;
    fixture_open(&f, NULL);
    put_job(&f, "web", 2, 100, "a", quick);
    pass(&f, 1000);
    deployment = get(&f, "/v1/job/web/deployment", NULL);
    assert_string_equal(text(deployment, "Status"), "running");
    json_decref(deployment);
    pass(&f, 1000);
    deployment = get(&f, "/v1/job/web/deployment", NULL);
    assert_string_equal(text(deployment, "Status"), "successful");
    json_decref(deployment);
    fixture_close(&f);
}

static void auto_revert_returns_to_the_old_count_and_stops_the_new(void **state)
{
    static const char revert[] = "\"Update\":{\"MinHealthyTime\":1000000000,\"MaxParallel\":9,\"AutoRevert\":true,"
                                 "\"ProgressDeadline\":20000000000,\"HealthyDeadline\":15000000000},";
    struct fixture f;
    json_t *job;

    (void)state;
    fixture_open(&f, NULL);
    put_job(&f, "web", 2, 500, "a", revert);
    pass(&f, 5000);
    put_job(&f, "web", 6, 500, "a", revert);
    pass(&f, 10000);
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", "run", "running"), 4);
    pass(&f, 30000);
    job = get(&f, "/v1/job/web", NULL);
    assert_int_equal(number(json_array_get(json_object_get(job, "TaskGroups"), 0), "Count"), 2);
    assert_int_equal(number(job, "Version"), 2);
    json_decref(job);
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", "run", "running"), 2);
    fixture_close(&f);
}

static void a_dead_machine_loses_its_allocations_after_the_heartbeat_and_they_are_replaced(void **state)
{
    struct fixture f;
    struct error error = {0};

    (void)state;
    fixture_open(&f, NULL);
    put_job(&f, "web", 4, 100, "a", quick);
    pass(&f, 5000);
    assert_true(sim_region_fault(f.region, SIM_FAULT_NODE_DOWN, "std-1", f.now, &error));
    pass(&f, 14000);
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", "run", "running"), 4);
    pass(&f, 2000);
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", "run", "running"), 4);
    assert_true(count_allocations(&f, "/v1/job/web/allocations", "stop", "lost") > 0);
    assert_false(sim_region_fault(f.region, SIM_FAULT_NODE_DOWN, "none", f.now, &error));
    fixture_close(&f);
}

static void a_drain_moves_everything_and_ends(void **state)
{
    struct fixture f;
    json_t *nodes, *node;
    char path[128] = "";
    size_t i;

    (void)state;
    fixture_open(&f, NULL);
    put_job(&f, "web", 3, 100, "a", quick);
    pass(&f, 5000);
    nodes = get(&f, "/v1/nodes", NULL);
    json_array_foreach(nodes, i, node)
    {
        if (strcmp(text(node, "Name"), "std-1") == 0)
            snprintf(path, sizeof path, "/v1/node/%s", text(node, "ID"));
    }
    json_decref(nodes);
    strcat(path, "/drain");
    assert_int_equal(ask(&f, "PUT", path, NULL, "{\"DrainSpec\":{\"Deadline\":0}}"), 200);
    for (int k = 0; k < 60; k++)
        pass(&f, 1000);
    path[strlen(path) - strlen("/drain")] = '\0';
    node = get(&f, path, NULL);
    assert_false(json_is_true(json_object_get(node, "Drain")));
    assert_string_equal(text(node, "SchedulingEligibility"), "ineligible");
    assert_string_equal(text(json_object_get(node, "LastDrain"), "Status"), "complete");
    json_decref(node);
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", "run", "running"), 3);
    fixture_close(&f);
}

static void a_purged_job_is_gone_at_once_with_its_allocations(void **state)
{
    struct fixture f;
    json_t *list;

    (void)state;
    fixture_open(&f, NULL);
    put_job(&f, "web", 2, 100, "a", quick);
    pass(&f, 500);
    assert_int_equal(ask(&f, "DELETE", "/v1/job/web", "purge=true", NULL), 200);
    assert_int_equal(ask(&f, "GET", "/v1/job/web", NULL, NULL), 404);
    assert_string_equal(f.response.body.data, "job not found");
    list = get(&f, "/v1/allocations", NULL);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
    pass(&f, 60000);
    assert_int_equal(ask(&f, "DELETE", "/v1/job/web", NULL, NULL), 200);
    list = answer(&f);
    assert_string_equal(text(list, "EvalID"), "");
    json_decref(list);
    fixture_close(&f);
}

static void a_failed_task_waits_for_its_reschedule_and_is_replaced(void **state)
{
    struct fixture f;
    struct error error = {0};

    (void)state;
    fixture_open(&f, NULL);
    put_job(&f, "web", 1, 100, "a", quick);
    pass(&f, 5000);
    assert_true(sim_region_fault(f.region, SIM_FAULT_TASK_FAIL, "web", f.now, &error));
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", "run", "failed"), 1);
    pass(&f, 29000);
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", NULL, NULL), 1);
    pass(&f, 3000);
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", "run", "running"), 1);
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", "stop", "failed"), 1);
    fixture_close(&f);
}

static void a_system_job_runs_once_on_each_node_of_its_pool(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, NULL);
    assert_int_equal(
        ask(&f, "PUT", "/v1/jobs", NULL,
            "{\"Job\":{\"ID\":\"s\",\"Name\":\"s\",\"Type\":\"system\",\"NodePool\":\"all\",\"TaskGroups\":"
            "[{\"Name\":\"g\",\"Tasks\":[{\"Name\":\"t\",\"Driver\":\"exec\"}]}]}}"),
        200);
    pass(&f, 5000);
    assert_int_equal(count_allocations(&f, "/v1/job/s/allocations", "run", "running"), 3);
    fixture_close(&f);
}

static void one_seed_and_one_script_give_one_run(void **state)
{
    struct buffer runs[2] = {BUFFER_INIT, BUFFER_INIT};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;

        fixture_open(&f, NULL);
        put_job(&f, "web", 4, 100, "a", quick);
        pass(&f, 3000);
        put_job(&f, "web", 2, 100, "b", quick);
        pass(&f, 3000);
        ask(&f, "GET", "/v1/allocations", "resources=true", NULL);
        buffer_append(&runs[i], f.response.body.data, f.response.body.length);
        fixture_close(&f);
    }
    assert_string_equal(runs[0].data, runs[1].data);
    buffer_release(&runs[0]);
    buffer_release(&runs[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_check_index_is_enforced_in_nomads_words),
        cmocka_unit_test(count_changes_keep_the_lowest_names_and_restart_nothing),
        cmocka_unit_test(changed_meta_replaces_all_in_steps_of_max_parallel),
        cmocka_unit_test(what_does_not_fit_blocks_and_is_placed_when_room_comes),
        cmocka_unit_test(a_deployment_succeeds_only_after_the_healthy_time),
        cmocka_unit_test(auto_revert_returns_to_the_old_count_and_stops_the_new),
        cmocka_unit_test(a_dead_machine_loses_its_allocations_after_the_heartbeat_and_they_are_replaced),
        cmocka_unit_test(a_drain_moves_everything_and_ends),
        cmocka_unit_test(a_purged_job_is_gone_at_once_with_its_allocations),
        cmocka_unit_test(a_failed_task_waits_for_its_reschedule_and_is_replaced),
        cmocka_unit_test(a_system_job_runs_once_on_each_node_of_its_pool),
        cmocka_unit_test(one_seed_and_one_script_give_one_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
