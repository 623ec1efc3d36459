/* links: core placement model base */
/* Which node an instance is: by a value that both know, without case, and only where it says one machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/memory.h"
#include "controller/core/core.h"

#define KEY "attr.unique.platform.aws.instance-id"
#define SERIAL "meta.serial"

enum { SAME_TIME_MS = 1000, INSTANCES = 10000 };

struct scene {
    struct core *core;
    struct step step;
    int64_t now_ms;
};

static void feed(struct scene *scene, const struct event *event)
{
    core_step(scene->core, event, scene->now_ms, &scene->step);
}

static int open_scene(void **state)
{
    static char name[] = "r", account_name[] = "main", pool_name[] = "std", key[] = "node_class", asg[] = "asg";
    static char none[] = "";
    struct scene *scene = memory_new(1, sizeof *scene);
    struct selector selector = {.key = key, .value = pool_name};
    struct pool_config pool = {
        .name = pool_name, .selectors = &selector, .selector_count = 1, .instance_type = none, .provider_pool = asg};
    struct region_config region = {.name = name, .provider = account_name, .pools = &pool, .pool_count = 1};
    struct account_config account = {.name = account_name, .module = account_name};
    scene->core = core_new(&(struct core_options){.cluster = "c", .epoch = 1});
    scene->now_ms = SAME_TIME_MS;
    feed(scene, &(struct event){.type = EVENT_REGION_CONFIGURED, .region_config = &region});
    feed(scene, &(struct event){.type = EVENT_ACCOUNT_CONFIGURED, .account_config = &account});
    feed(scene, &(struct event){.type = EVENT_STARTED});
    feed(scene, &(struct event){.type = EVENT_REGION_HEARD, .region = "r"});
    feed(scene, &(struct event){.type = EVENT_SYNC_BEGIN, .region = "r"});
    feed(scene, &(struct event){.type = EVENT_SYNC_END, .region = "r"});
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

static struct uuid numbered(uint32_t number)
{
    struct uuid id = {.bytes = {1}};
    memcpy(id.bytes + 4, &number, sizeof number);
    return id;
}

static void feed_node(struct scene *scene, uint32_t number, enum node_status status, const struct fact_pair *selected,
                      uint32_t count)
{
    static uint64_t index = 1;
    struct node_fact node = {.id = numbered(number),
                             .name = "n",
                             .datacenter = "dc1",
                             .node_class = "std",
                             .node_pool = "default",
                             .version = "2.0.5",
                             .status = status,
                             .eligible = true,
                             .capacity = {.amount = {1000, 1000, 1000}},
                             .selected = selected,
                             .selected_count = count,
                             .selected_known = true,
                             .modify_index = index++};
    feed(scene, &(struct event){.type = EVENT_NODE, .region = "r", .node = &node});
}

static void feed_node_of(struct scene *scene, uint32_t number, enum node_status status, const char *value)
{
    const struct fact_pair pair = {KEY, value};
    feed_node(scene, number, status, &pair, 1);
}

/* The pool "asg" with instances whose identities are given; texts outlive the test. */
struct given {
    const char *id;
    const struct fact_pair *identities;
    size_t count;
};

static void feed_instances(struct scene *scene, const struct given *given, size_t count)
{
    struct account_facts *facts = account_facts_new(LOOK_POOLS);
    facts->instances = memory_new(count, sizeof *facts->instances);
    facts->pools = memory_new(1, sizeof *facts->pools);
    facts->instance_count = count;
    facts->pool_count = 1;
    for (size_t i = 0; i < count; i++)
        facts->instances[i] = (struct account_instance){.id = given[i].id,
                                                        .state = INSTANCE_RUNNING,
                                                        .state_text = "",
                                                        .zone = "",
                                                        .instance_type = "",
                                                        .trouble = "",
                                                        .identities = given[i].identities,
                                                        .identity_count = given[i].count,
                                                        .launched_at_ms = ACCOUNT_UNSET};
    facts->pools[0] = (struct account_pool){.id = "asg",
                                            .name = "",
                                            .region = "",
                                            .instance_type = "",
                                            .generation = "",
                                            .why_read_only = "",
                                            .desired = (int64_t)count,
                                            .max = ACCOUNT_UNSET,
                                            .writable = true,
                                            .instances = facts->instances,
                                            .instance_count = count};
    feed(scene, &(struct event){.type = EVENT_ACCOUNT_FACTS, .account = "main", .account_facts = facts});
}

static const struct instance_match *match_at(const struct scene *scene, size_t place)
{
    const struct world_account *account = world_find_account(core_world(scene->core), "main");
    return world_match_of(account, &account->facts[LOOK_POOLS]->instances[place]);
}

static void assert_is(const struct scene *scene, size_t place, uint32_t number)
{
    const struct instance_match *match = match_at(scene, place);
    const struct world *world = core_world(scene->core);
    struct uuid id = numbered(number);
    assert_true(match->matched);
    assert_false(match->doubtful);
    assert_true(uuid_equal(&match->node, &id));
    const struct world_node *node = world_find_node(&world->regions[match->region], &id);
    assert_non_null(node);
    assert_ptr_equal(world_instance_of(world, &world->regions[match->region], node),
                     &world_find_account(world, "main")->facts[LOOK_POOLS]->instances[place]);
}

static const struct pool_link *link_of(const struct scene *scene)
{
    return &core_world(scene->core)->regions[0].pools[0].link;
}

static const struct fact_pair ONE[] = {{KEY, "i-0ABCdef1"}}, TWO[] = {{KEY, "i-2"}};
static const struct given PAIR[] = {{"one", ONE, 1}, {"two", TWO, 1}};

/* --- one machine -------------------------------------------------------------------------------------------------- */

static void test_values_are_compared_without_case(void **state)
{
    struct scene *scene = *state;
    feed_instances(scene, PAIR, 2);
    feed_node_of(scene, 1, NODE_READY, "I-0abcDEF1");
    assert_is(scene, 0, 1);
    assert_false(match_at(scene, 1)->matched);
    feed_node_of(scene, 2, NODE_READY, "i-2 "); /* but not without spaces */
    assert_false(match_at(scene, 1)->matched);
}

static void test_keys_are_compared_as_they_are(void **state)
{
    struct scene *scene = *state;
    const struct fact_pair other[] = {{SERIAL, "i-2"}}, cased[] = {{"attr.unique.platform.AWS.instance-id", "i-2"}};
    feed_instances(scene, PAIR, 2);
    feed_node(scene, 1, NODE_READY, other, 1);
    feed_node(scene, 2, NODE_READY, cased, 1);
    assert_false(match_at(scene, 1)->matched);
}

static void test_the_order_in_which_both_become_known_does_not_matter(void **state)
{
    struct scene *scene = *state;
    feed_node_of(scene, 1, NODE_READY, "i-2");
    feed_instances(scene, PAIR, 2);
    feed_node_of(scene, 2, NODE_READY, "i-0abcdef1");
    assert_is(scene, 0, 2);
    assert_is(scene, 1, 1);
    feed_instances(scene, PAIR, 2);
    assert_is(scene, 0, 2);
    assert_is(scene, 1, 1);
}

static void test_any_of_several_identities_is_enough(void **state)
{
    struct scene *scene = *state;
    static const struct fact_pair both[] = {{KEY, "i-1"}, {SERIAL, "S1"}};
    const struct given one[] = {{"one", both, 2}};
    const struct fact_pair serial[] = {{"attr.cpu.arch", "amd64"}, {SERIAL, "s1"}};
    feed_instances(scene, one, 1);
    feed_node(scene, 1, NODE_READY, serial, 2);
    assert_is(scene, 0, 1);
}

static void test_a_node_that_is_gone_is_no_machine(void **state)
{
    struct scene *scene = *state;
    feed_instances(scene, PAIR, 2);
    feed_node_of(scene, 1, NODE_READY, "i-2");
    assert_is(scene, 1, 1);
    feed(scene, &(struct event){.type = EVENT_NODE_GONE, .region = "r", .id = numbered(1)});
    scene->now_ms += 1000;
    feed(scene, &(struct event){.type = EVENT_TIMER});
    assert_int_equal(link_of(scene)->joined, 0);
    assert_int_equal(link_of(scene)->waiting, 2);
    feed_instances(scene, PAIR, 2);
    assert_false(match_at(scene, 1)->matched);
}

/* --- doubt -------------------------------------------------------------------------------------------------------- */

static void test_two_instances_with_one_identity_are_no_node(void **state)
{
    struct scene *scene = *state;
    static const struct fact_pair same[] = {{SERIAL, "clone"}}, Same[] = {{SERIAL, "CLONE"}};
    const struct given clones[] = {{"one", same, 1}, {"two", Same, 1}, {"three", TWO, 1}, {"four", same, 1}};
    const struct fact_pair serial[] = {{SERIAL, "Clone"}};
    feed_node(scene, 1, NODE_READY, serial, 1);
    feed_instances(scene, clones, 4);
    feed_node(scene, 2, NODE_READY, serial, 1);
    feed_node_of(scene, 3, NODE_READY, "i-2");
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(match_at(scene, i)->doubtful, i != 2);
        assert_int_equal(match_at(scene, i)->matched, i == 2);
    }
    assert_is(scene, 2, 3);
    const struct world *world = core_world(scene->core);
    struct uuid id = numbered(1);
    assert_null(world_instance_of(world, &world->regions[0], world_find_node(&world->regions[0], &id)));
}

/* A doubtful identity makes its instances doubtful, whatever else they say: what is removed must be beyond doubt. */
static void test_an_identity_of_its_own_does_not_lift_the_doubt(void **state)
{
    struct scene *scene = *state;
    static const struct fact_pair first[] = {{SERIAL, "clone"}, {KEY, "i-1"}},
                                  second[] = {{SERIAL, "clone"}, {KEY, "i-2"}};
    const struct given clones[] = {{"one", first, 2}, {"two", second, 2}};
    feed_instances(scene, clones, 2);
    feed_node_of(scene, 1, NODE_READY, "i-1");
    feed_node_of(scene, 2, NODE_READY, "i-2");
    for (size_t i = 0; i < 2; i++) {
        assert_true(match_at(scene, i)->doubtful);
        assert_false(match_at(scene, i)->matched);
    }
}

static void test_the_same_identity_twice_of_one_instance_is_no_doubt(void **state)
{
    struct scene *scene = *state;
    static const struct fact_pair twice[] = {{SERIAL, "s"}, {SERIAL, "S"}};
    const struct given one[] = {{"one", twice, 2}};
    const struct fact_pair serial[] = {{SERIAL, "s"}};
    feed_instances(scene, one, 1);
    feed_node(scene, 1, NODE_READY, serial, 1);
    assert_is(scene, 0, 1);
}

/* --- set up anew -------------------------------------------------------------------------------------------------- */

static void test_a_machine_set_up_anew_is_its_new_node(void **state)
{
    struct scene *scene = *state;
    feed_instances(scene, PAIR, 2);
    feed_node_of(scene, 1, NODE_READY, "i-2");
    feed_node_of(scene, 1, NODE_DOWN, "i-2");
    assert_is(scene, 1, 1);
    feed_node_of(scene, 2, NODE_READY, "i-2");
    assert_is(scene, 1, 2);
    feed_node_of(scene, 1, NODE_DOWN, "i-2"); /* the old one is heard of again */
    assert_is(scene, 1, 2);
    feed_instances(scene, PAIR, 2); /* and all is matched anew */
    assert_is(scene, 1, 2);
    const struct world *world = core_world(scene->core);
    struct uuid old = numbered(1);
    assert_null(world_instance_of(world, &world->regions[0], world_find_node(&world->regions[0], &old)));
}

/* The new node stands before the old one in the world. */
static void test_the_new_node_is_found_in_whatever_order_they_stand(void **state)
{
    struct scene *scene = *state;
    feed_node_of(scene, 1, NODE_READY, "i-2");
    feed_node_of(scene, 2, NODE_DOWN, "i-2");
    feed_instances(scene, PAIR, 2);
    assert_is(scene, 1, 1);
}

static void test_a_node_that_takes_another_identity_is_another_machine(void **state)
{
    struct scene *scene = *state;
    feed_instances(scene, PAIR, 2);
    feed_node_of(scene, 1, NODE_READY, "i-2");
    feed_node_of(scene, 1, NODE_READY, "i-0abcdef1");
    assert_is(scene, 0, 1);
    feed_instances(scene, PAIR, 2);
    assert_is(scene, 0, 1);
    assert_false(match_at(scene, 1)->matched);
}

/* Which of the two would be removed with the machine? */
static void test_an_instance_that_two_nodes_claim_is_neither(void **state)
{
    struct scene *scene = *state;
    feed_instances(scene, PAIR, 2);
    feed_node_of(scene, 1, NODE_READY, "i-2");
    assert_is(scene, 1, 1);
    feed_node_of(scene, 2, NODE_READY, "i-2");
    const struct world *world = core_world(scene->core);
    for (int again = 0; again < 2; again++) {
        assert_false(match_at(scene, 1)->matched);
        assert_true(match_at(scene, 1)->doubtful);
        for (uint32_t n = 1; n <= 2; n++) {
            struct uuid id = numbered(n);
            assert_null(world_instance_of(world, &world->regions[0], world_find_node(&world->regions[0], &id)));
        }
        feed_instances(scene, PAIR, 2);
    }
    feed_node_of(scene, 1, NODE_DOWN, "i-2");
    feed_instances(scene, PAIR, 2);
    assert_is(scene, 1, 2);
}

static void test_a_node_that_claims_it_no_more_is_no_rival(void **state)
{
    struct scene *scene = *state;
    feed_instances(scene, PAIR, 2);
    feed_node_of(scene, 1, NODE_READY, "i-2");
    feed_node_of(scene, 1, NODE_READY, "i-0abcdef1");
    feed_node_of(scene, 2, NODE_READY, "i-2");
    assert_is(scene, 0, 1);
    assert_is(scene, 1, 2);
}

/* --- many --------------------------------------------------------------------------------------------------------- */

/* Of this process: what else the machine does takes no part. */
static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_ten_thousand_instances_are_matched_in_well_under_a_second(void **state)
{
    struct scene *scene = *state;
    static char values[INSTANCES][16];
    static struct fact_pair pairs[INSTANCES];
    static struct given given[INSTANCES];
    for (uint32_t i = 0; i < INSTANCES; i++) {
        snprintf(values[i], sizeof values[i], "i-%08x", (unsigned)i);
        pairs[i] = (struct fact_pair){KEY, values[i]};
        given[i] = (struct given){values[i], &pairs[i], 1};
    }
    for (uint32_t i = 0; i < INSTANCES; i++)
        feed_node_of(scene, i, NODE_READY, values[INSTANCES - 1 - i]);
    double begun = seconds();
    feed_instances(scene, given, INSTANCES);
    double took = seconds() - begun;
    assert_int_equal(link_of(scene)->instances, INSTANCES);
    assert_int_equal(link_of(scene)->joined, INSTANCES);
    for (uint32_t i = 0; i < INSTANCES; i += 97)
        assert_is(scene, i, INSTANCES - 1 - i);
    /* Some milliseconds, under sanitizers too; each with each would take a hundred times as long. */
    if (took > 0.2)
        fail_msg("matching took %.3f s", took);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values_are_compared_without_case, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_keys_are_compared_as_they_are, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_the_order_in_which_both_become_known_does_not_matter, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(test_any_of_several_identities_is_enough, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_a_node_that_is_gone_is_no_machine, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_two_instances_with_one_identity_are_no_node, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_an_identity_of_its_own_does_not_lift_the_doubt, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_the_same_identity_twice_of_one_instance_is_no_doubt, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(test_a_machine_set_up_anew_is_its_new_node, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_the_new_node_is_found_in_whatever_order_they_stand, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(test_a_node_that_takes_another_identity_is_another_machine, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(test_an_instance_that_two_nodes_claim_is_neither, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_a_node_that_claims_it_no_more_is_no_rival, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_ten_thousand_instances_are_matched_in_well_under_a_second, open_scene,
                                        close_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
