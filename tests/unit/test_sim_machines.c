/* links: sim_engine base jansson */
/* Machines of a simulated region: bought, joined, given back, and what can go wrong with them. */
#include "sim/engine/machines.h"
#include "tests/unit/sim_common.h"

static const struct sim_pool_spec web = {.name = "web",
                                         .count = 2,
                                         .cpu_mhz = 1000,
                                         .memory_mb = 1000,
                                         .min = 1,
                                         .max = 10,
                                         .boot_ms = 2000,
                                         .gone_ms = 1000,
                                         .market = "spot",
                                         .instance_type = "m5.large",
                                         .priced = true,
                                         .price_micro_h = 96000};

static void open_web(struct fixture *f)
{
    const struct sim_region_spec spec = {.name = "test", .seed = 1, .pools = &web, .pool_count = 1};

    fixture_open(f, &spec);
}

/* {"Pools":[..],"Quotas":[..],"Interruptions":[..]} */
static json_t *look(const struct fixture *f)
{
    struct buffer text = BUFFER_INIT;
    json_t *all, *region;

    buffer_append_text(&text, "{\"Regions\":[");
    sim_region_put_machines(f->region, &text);
    buffer_append_text(&text, "],\"Quotas\":[");
    sim_region_put_quotas(f->region, &text);
    buffer_append_text(&text, "],\"Interruptions\":[");
    sim_region_put_interruptions(f->region, &text);
    buffer_append_text(&text, "]}");
    all = json_loads(text.data, JSON_REJECT_DUPLICATES, NULL);
    if (all == NULL)
        fail_msg("no JSON: %s", text.data);
    buffer_release(&text);
    region = json_array_get(json_object_get(all, "Regions"), 0);
    json_object_set(all, "Pools", json_object_get(region, "Pools"));
    return all;
}

static const json_t *pool_of(const json_t *all)
{
    return json_array_get(json_object_get(all, "Pools"), 0);
}

static const json_t *instance_of(const json_t *all, size_t at)
{
    return json_array_get(json_object_get(pool_of(all), "Instances"), at);
}

static void assert_pool(const struct fixture *f, json_int_t desired, json_int_t generation, const char *states)
{
    json_t *all = look(f);
    struct buffer seen = BUFFER_INIT;

    assert_int_equal(number(pool_of(all), "Desired"), desired);
    assert_int_equal(number(pool_of(all), "Generation"), generation);
    for (size_t i = 0; i < json_array_size(json_object_get(pool_of(all), "Instances")); i++)
        buffer_printf(&seen, "%s%s", i > 0 ? " " : "", text(instance_of(all, i), "State"));
    assert_string_equal(seen.length > 0 ? seen.data : "", states);
    buffer_release(&seen);
    json_decref(all);
}

static char *instance_id(const struct fixture *f, size_t at)
{
    json_t *all = look(f);
    char *id = strdup(text(instance_of(all, at), "ID"));

    assert_int_equal(strlen(id), 19);
    json_decref(all);
    return id;
}

static enum sim_machines grow(struct fixture *f, int64_t desired, int64_t generation, int64_t to)
{
    struct sim_size size = {.desired = desired, .generation = generation};
    struct error error = {0};
    enum sim_machines outcome = sim_region_grow(f->region, "web", &size, to, f->now, &error);

    assert_int_equal(outcome == SIM_MACHINES_DONE, error.text[0] == '\0');
    if (outcome == SIM_MACHINES_DONE) {
        assert_int_equal(size.desired, to);
        assert_int_equal(size.generation, generation + 1);
    }
    return outcome;
}

static enum sim_machines shrink(struct fixture *f, const char *first, const char *second)
{
    const char *instances[] = {first, second};
    size_t count = first == NULL ? 0 : second == NULL ? 1 : 2;
    struct sim_size size;
    struct error error = {0};

    return sim_region_shrink(f->region, "web", instances, count, f->now, &size, &error);
}

static void fault(struct fixture *f, enum sim_fault kind, const char *argument)
{
    struct error error = {0};

    if (!sim_region_fault(f->region, kind, argument, f->now, &error))
        fail_msg("fault: %s", error.text);
}

/* "none" where no node has the name. */
static void assert_node(struct fixture *f, const char *name, const char *status)
{
    json_t *nodes = get(f, "/v1/nodes", NULL), *node;
    const char *is = "none";
    size_t i;

    json_array_foreach(nodes, i, node)
    {
        if (strcmp(text(node, "Name"), name) == 0)
            is = text(node, "Status");
    }
    assert_string_equal(is, status);
    json_decref(nodes);
}

static void every_node_stands_on_a_machine_and_says_so(void **state)
{
    struct fixture f;
    json_t *all, *node;
    char path[80];

    (void)state;
    open_web(&f);
    assert_pool(&f, 2, 1, "running running");
    all = look(&f);
    assert_string_equal(text(pool_of(all), "InstanceType"), "m5.large");
    assert_string_equal(text(pool_of(all), "Market"), "spot");
    assert_int_equal(number(json_object_get(pool_of(all), "Machine"), "CPU"), 1000);
    assert_int_equal(number(json_object_get(pool_of(all), "Price"), "MicroPerHour"), 96000);
    assert_string_equal(text(json_object_get(pool_of(all), "Price"), "Currency"), "USD");
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "/v1/node/%s", text(instance_of(all, i), "NodeID"));
        node = get(&f, path, NULL);
        assert_string_equal(text(json_object_get(node, "Attributes"), "unique.platform.sim.instance-id"),
                            text(instance_of(all, i), "ID"));
        json_decref(node);
    }
    json_decref(all);
    fixture_close(&f);
}

static void a_job_can_be_held_to_one_machine(void **state)
{
    struct fixture f;
    struct buffer constraint = BUFFER_INIT;
    char *id;
    json_t *all, *list;

    (void)state;
    open_web(&f);
    id = instance_id(&f, 1);
    buffer_printf(&constraint,
                  "\"Constraints\":[{\"LTarget\":\"${attr.unique.platform.sim.instance-id}\",\"RTarget\":\"%s\","
                  "\"Operand\":\"=\"}],",
                  id);
    put_job(&f, "web", 2, 100, "a", constraint.data);
    pass(&f, 1000);
    all = look(&f);
    list = get(&f, "/v1/job/web/allocations", NULL);
    assert_int_equal(json_array_size(list), 2);
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(text(json_array_get(list, i), "NodeID"), text(instance_of(all, 1), "NodeID"));
    json_decref(list);
    json_decref(all);
    free(id);
    buffer_release(&constraint);
    fixture_close(&f);
}

static void grown_machines_boot_join_and_take_what_waited(void **state)
{
    struct fixture f;

    (void)state;
    open_web(&f);
    put_job(&f, "web", 3, 900, "a", "");
    pass(&f, 1000);
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", "run", "running"), 2);
    assert_int_equal(grow(&f, 2, 1, 4), SIM_MACHINES_DONE);
    assert_pool(&f, 4, 2, "running running pending pending");
    assert_node(&f, "web-3", "none");
    pass(&f, 1999);
    assert_node(&f, "web-3", "none");
    pass(&f, 1);
    assert_pool(&f, 4, 2, "running running running running");
    assert_node(&f, "web-3", "ready");
    assert_node(&f, "web-4", "ready");
    pass(&f, 1000);
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", "run", "running"), 3);
    fixture_close(&f);
}

static void a_new_node_is_told_as_nomad_tells_it(void **state)
{
    static const char *const types[] = {"NodeRegistration", "NodeStreamEvent", "NodeRegistration"};
    static const char *const statuses[] = {"initializing", "ready", "ready"};
    struct fixture f;
    struct buffer lines = BUFFER_INIT;
    struct sim_stream *stream;
    size_t seen = 0;
    char *rest, *line;

    (void)state;
    open_web(&f);
    stream = sim_stream_open(f.region, "topic=Node", NULL, f.now);
    grow(&f, 2, 1, 3);
    pass(&f, 2000);
    sim_stream_read(stream, f.now, &lines);
    rest = lines.data;
    while ((line = strsep(&rest, "\n")) != NULL) {
        json_t *record = json_loads(line, 0, NULL);
        const json_t *event = json_array_get(json_object_get(record, "Events"), 0);
        const json_t *node = json_object_get(json_object_get(event, "Payload"), "Node");

        if (node != NULL) {
            assert_in_range(seen, 0, 2);
            assert_string_equal(text(event, "Type"), types[seen]);
            assert_string_equal(text(node, "Status"), statuses[seen]);
            assert_string_equal(text(node, "Name"), "web-3");
            assert_int_equal(number(node, "ModifyIndex"), number(node, "CreateIndex") + (json_int_t)seen);
            seen++;
        }
        json_decref(record);
    }
    assert_int_equal(seen, 3);
    sim_stream_free(stream);
    buffer_release(&lines);
    fixture_close(&f);
}

static void growth_is_compared_and_bounded(void **state)
{
    struct fixture f;
    struct sim_size size = {.desired = 2, .generation = 1};
    struct error error = {0};

    (void)state;
    open_web(&f);
    assert_int_equal(grow(&f, 3, 1, 4), SIM_MACHINES_CONFLICT);
    assert_int_equal(grow(&f, 2, 2, 4), SIM_MACHINES_CONFLICT);
    assert_int_equal(grow(&f, 2, 1, 11), SIM_MACHINES_INVALID);
    assert_int_equal(grow(&f, 2, 1, 2), SIM_MACHINES_INVALID);
    assert_int_equal(grow(&f, 2, 1, INT64_MAX), SIM_MACHINES_INVALID);
    assert_int_equal(sim_region_grow(f.region, "none", &size, 3, f.now, &error), SIM_MACHINES_NOT_FOUND);
    assert_pool(&f, 2, 1, "running running");
    assert_int_equal(grow(&f, 2, 1, 10), SIM_MACHINES_DONE);
    assert_int_equal(grow(&f, 2, 1, 10), SIM_MACHINES_CONFLICT);
    fixture_close(&f);
}

static void a_pool_without_a_max_cannot_grow(void **state)
{
    static const struct sim_pool_spec fixed = {.name = "web", .count = 2};
    const struct sim_region_spec spec = {.name = "test", .pools = &fixed, .pool_count = 1};
    struct fixture f;

    (void)state;
    fixture_open(&f, &spec);
    assert_int_equal(grow(&f, 2, 1, 3), SIM_MACHINES_INVALID);
    fixture_close(&f);
}

static void a_machine_given_back_stops_takes_its_node_down_and_vanishes(void **state)
{
    struct fixture f;
    char *id;

    (void)state;
    open_web(&f);
    id = instance_id(&f, 0);
    put_job(&f, "web", 2, 900, "a", "");
    pass(&f, 1000);
    assert_int_equal(shrink(&f, id, NULL), SIM_MACHINES_DONE);
    assert_pool(&f, 1, 2, "stopping running");
    assert_int_equal(shrink(&f, id, NULL), SIM_MACHINES_DONE);
    assert_pool(&f, 1, 2, "stopping running");
    pass(&f, 1000);
    assert_pool(&f, 1, 2, "running");
    assert_int_equal(shrink(&f, id, NULL), SIM_MACHINES_DONE);
    assert_pool(&f, 1, 2, "running");
    pass(&f, 13999);
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", NULL, "lost"), 0);
    pass(&f, 2);
    assert_int_equal(count_allocations(&f, "/v1/job/web/allocations", NULL, "lost"), 1);
    free(id);
    fixture_close(&f);
}

static void shrinking_below_min_or_without_clear_names_stops_none(void **state)
{
    struct fixture f;
    char *first, *second;

    (void)state;
    open_web(&f);
    first = instance_id(&f, 0);
    second = instance_id(&f, 1);
    assert_int_equal(shrink(&f, first, second), SIM_MACHINES_INVALID);
    assert_int_equal(shrink(&f, first, first), SIM_MACHINES_INVALID);
    assert_int_equal(shrink(&f, NULL, NULL), SIM_MACHINES_INVALID);
    assert_pool(&f, 2, 1, "running running");
    free(first);
    free(second);
    fixture_close(&f);
}

static void a_machine_still_booting_can_be_given_back(void **state)
{
    struct fixture f;
    char *id;

    (void)state;
    open_web(&f);
    grow(&f, 2, 1, 3);
    id = instance_id(&f, 2);
    assert_int_equal(shrink(&f, id, NULL), SIM_MACHINES_DONE);
    pass(&f, 10000);
    assert_pool(&f, 2, 3, "running running");
    assert_node(&f, "web-3", "none");
    free(id);
    fixture_close(&f);
}

static void names_of_nodes_are_never_used_again(void **state)
{
    struct fixture f;
    char *id;

    (void)state;
    open_web(&f);
    grow(&f, 2, 1, 3);
    pass(&f, 2000);
    id = instance_id(&f, 2);
    shrink(&f, id, NULL);
    pass(&f, 20000);
    grow(&f, 2, 3, 3);
    pass(&f, 2000);
    assert_node(&f, "web-3", "down");
    assert_node(&f, "web-4", "ready");
    fault(&f, SIM_FAULT_NODE_UP, "web-3");
    pass(&f, 1000);
    assert_node(&f, "web-3", "down");
    free(id);
    fixture_close(&f);
}

static void without_capacity_what_can_be_had_comes_and_withdraw_takes_back_the_rest(void **state)
{
    struct fixture f;
    struct sim_size size;
    struct error error = {0};
    json_t *all;

    (void)state;
    open_web(&f);
    fault(&f, SIM_FAULT_NO_CAPACITY, "web 1");
    assert_int_equal(grow(&f, 2, 1, 5), SIM_MACHINES_DONE);
    pass(&f, 60000);
    assert_pool(&f, 5, 2, "running running running");
    all = look(&f);
    assert_string_equal(text(json_object_get(pool_of(all), "LastError"), "Error"), "no_capacity");
    assert_int_equal(number(json_object_get(pool_of(all), "LastError"), "Generation"), 2);
    json_decref(all);
    assert_int_equal(sim_region_withdraw(f.region, "web", 1, f.now, &size, &error), SIM_MACHINES_CONFLICT);
    assert_int_equal(sim_region_withdraw(f.region, "web", 2, f.now, &size, &error), SIM_MACHINES_DONE);
    assert_int_equal(size.desired, 3);
    assert_pool(&f, 3, 3, "running running running");
    all = look(&f);
    assert_true(json_is_null(json_object_get(pool_of(all), "LastError")));
    json_decref(all);
    fault(&f, SIM_FAULT_HEAL, "");
    assert_int_equal(sim_region_withdraw(f.region, "web", -1, f.now, &size, &error), SIM_MACHINES_DONE);
    assert_int_equal(size.generation, 3);
    assert_int_equal(grow(&f, 3, 3, 4), SIM_MACHINES_DONE);
    pass(&f, 2000);
    assert_pool(&f, 4, 4, "running running running running");
    fixture_close(&f);
}

static void beyond_a_quota_nothing_is_launched(void **state)
{
    struct fixture f;
    json_t *all;

    (void)state;
    open_web(&f);
    fault(&f, SIM_FAULT_QUOTA, "web 3");
    assert_int_equal(grow(&f, 2, 1, 4), SIM_MACHINES_QUOTA);
    assert_pool(&f, 2, 1, "running running");
    all = look(&f);
    assert_int_equal(number(json_array_get(json_object_get(all, "Quotas"), 0), "Limit"), 3);
    assert_int_equal(number(json_array_get(json_object_get(all, "Quotas"), 0), "Used"), 2);
    json_decref(all);
    assert_int_equal(grow(&f, 2, 1, 3), SIM_MACHINES_DONE);
    fixture_close(&f);
}

static void a_machine_that_never_joins_is_running_without_a_node(void **state)
{
    struct fixture f;
    json_t *all;

    (void)state;
    open_web(&f);
    fault(&f, SIM_FAULT_NO_JOIN, "web");
    grow(&f, 2, 1, 4);
    pass(&f, 60000);
    assert_pool(&f, 4, 2, "running running running running");
    all = look(&f);
    assert_string_equal(text(instance_of(all, 2), "NodeID"), "");
    assert_string_not_equal(text(instance_of(all, 3), "NodeID"), "");
    json_decref(all);
    assert_node(&f, "web-3", "ready");
    assert_node(&f, "web-4", "none");
    fixture_close(&f);
}

static void an_interrupted_machine_goes_when_the_notice_says_and_is_replaced_only_by_growth(void **state)
{
    struct fixture f;
    json_t *all;

    (void)state;
    open_web(&f);
    fault(&f, SIM_FAULT_INTERRUPT, "web-1 5000");
    all = look(&f);
    assert_int_equal(number(json_array_get(json_object_get(all, "Interruptions"), 0), "AtMS"), START + 5000);
    json_decref(all);
    pass(&f, 4999);
    assert_pool(&f, 2, 1, "running running");
    pass(&f, 1);
    all = look(&f);
    assert_int_equal(json_array_size(json_object_get(all, "Interruptions")), 0);
    json_decref(all);
    pass(&f, 1000);
    assert_pool(&f, 2, 1, "running");
    assert_int_equal(grow(&f, 2, 1, 3), SIM_MACHINES_DONE);
    assert_pool(&f, 3, 2, "running pending pending");
    fixture_close(&f);
}

static void healing_takes_a_notice_back(void **state)
{
    struct fixture f;

    (void)state;
    open_web(&f);
    fault(&f, SIM_FAULT_INTERRUPT, "web-1");
    fault(&f, SIM_FAULT_HEAL, "");
    pass(&f, 200000);
    assert_pool(&f, 2, 1, "running running");
    fixture_close(&f);
}

static void faults_refuse_what_they_cannot_read(void **state)
{
    static const struct {
        enum sim_fault kind;
        const char *argument;
    } bad[] = {{SIM_FAULT_QUOTA, "web"},         {SIM_FAULT_QUOTA, "web x"},         {SIM_FAULT_NO_CAPACITY, ""},
               {SIM_FAULT_NO_CAPACITY, "none"},  {SIM_FAULT_NO_JOIN, "web 9999999"}, {SIM_FAULT_INTERRUPT, "web-9"},
               {SIM_FAULT_INTERRUPT, "web-1 -1"}};
    struct fixture f;

    (void)state;
    open_web(&f);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error error = {0};

        if (sim_region_fault(f.region, bad[i].kind, bad[i].argument, f.now, &error))
            fail_msg("\"%s\" was taken", bad[i].argument);
        assert_string_not_equal(error.text, "");
    }
    fixture_close(&f);
}

static void a_price_can_be_anything_but_has_a_currency_and_a_time(void **state)
{
    struct fixture f;
    struct error error = {0};
    json_t *all;
    const json_t *price;

    (void)state;
    open_web(&f);
    pass(&f, 5000);
    assert_true(sim_region_set_price(f.region, "web", -7, "JPY", f.now, &error));
    all = look(&f);
    price = json_object_get(pool_of(all), "Price");
    assert_int_equal(number(price, "MicroPerHour"), -7);
    assert_string_equal(text(price, "Currency"), "JPY");
    assert_int_equal(number(price, "ObservedAtMS"), START + 5000);
    json_decref(all);
    assert_false(sim_region_set_price(f.region, "web", 1, "dollars", f.now, &error));
    assert_false(sim_region_set_price(f.region, "none", 1, "USD", f.now, &error));
    fixture_close(&f);
}

static void pools_that_cannot_be_sold_so_are_refused(void **state)
{
    static const struct sim_pool_spec bad[] = {
        {.name = "a", .count = 2, .min = 3},           {.name = "a", .count = 2, .max = 1},
        {.name = "a", .count = 2, .max = 100001},      {.name = "a", .count = 2, .min = -1},
        {.name = "a", .count = 2, .market = "stolen"}, {.name = "a", .count = 2, .currency = "usd"}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct sim_region_spec spec = {.name = "test", .pools = &bad[i], .pool_count = 1};
        struct error error = {0};

        assert_null(sim_region_new(&spec, START, &error));
        assert_string_not_equal(error.text, "");
    }
}

/* The ids of one seed are what they are, whether machines were bought before or not. */
static void buying_machines_leaves_other_ids_alone(void **state)
{
    struct fixture bought, plain;
    json_t *a, *b;

    (void)state;
    open_web(&bought);
    open_web(&plain);
    grow(&bought, 2, 1, 3);
    put_job(&bought, "web", 1, 100, "a", "");
    put_job(&plain, "web", 1, 100, "a", "");
    a = get(&bought, "/v1/job/web/allocations", NULL);
    b = get(&plain, "/v1/job/web/allocations", NULL);
    assert_string_equal(text(json_array_get(a, 0), "ID"), text(json_array_get(b, 0), "ID"));
    json_decref(a);
    json_decref(b);
    fixture_close(&bought);
    fixture_close(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_node_stands_on_a_machine_and_says_so),
        cmocka_unit_test(a_job_can_be_held_to_one_machine),
        cmocka_unit_test(grown_machines_boot_join_and_take_what_waited),
        cmocka_unit_test(a_new_node_is_told_as_nomad_tells_it),
        cmocka_unit_test(growth_is_compared_and_bounded),
        cmocka_unit_test(a_pool_without_a_max_cannot_grow),
        cmocka_unit_test(a_machine_given_back_stops_takes_its_node_down_and_vanishes),
        cmocka_unit_test(shrinking_below_min_or_without_clear_names_stops_none),
        cmocka_unit_test(a_machine_still_booting_can_be_given_back),
        cmocka_unit_test(names_of_nodes_are_never_used_again),
        cmocka_unit_test(without_capacity_what_can_be_had_comes_and_withdraw_takes_back_the_rest),
        cmocka_unit_test(beyond_a_quota_nothing_is_launched),
        cmocka_unit_test(a_machine_that_never_joins_is_running_without_a_node),
        cmocka_unit_test(an_interrupted_machine_goes_when_the_notice_says_and_is_replaced_only_by_growth),
        cmocka_unit_test(healing_takes_a_notice_back),
        cmocka_unit_test(faults_refuse_what_they_cannot_read),
        cmocka_unit_test(a_price_can_be_anything_but_has_a_currency_and_a_time),
        cmocka_unit_test(pools_that_cannot_be_sold_so_are_refused),
        cmocka_unit_test(buying_machines_leaves_other_ids_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
