/* links: agent api core federation placement store sim_serve sim_engine model provider_host net base */
/* What the api shows of accounts: pools with what they have there, accounts, instances, approvals, commitments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/json.h"
#include "base/memory.h"
#include "controller/agent/config.h"
#include "controller/api/view.h"

/* 2026-08-01T00:00:00Z; every event is 10 ms later than the one before. */
#define BEGUN_MS INT64_C(1785542400000)

static const char configuration[] = "mode = \"approve\"\n"
                                    "provider \"main\" { module = \"aws\" }\n"
                                    "provider \"idle\" { module = \"onprem\" }\n"
                                    "region \"b\" {\n"
                                    "  provider = \"main\"\n"
                                    "  nomad { address = \"http://h:1\" }\n"
                                    "  pool \"std\" {\n"
                                    "    select { node_class = \"std\" }\n"
                                    "    provider_pool = \"asg-std\"\n"
                                    "    price { usd_per_hour = \"0.10\" }\n"
                                    "    shrink { idle_after = \"1m\" }\n"
                                    "  }\n"
                                    "  pool \"offered\" {\n"
                                    "    select { node_class = \"offered\" }\n"
                                    "    provider_pool = \"asg-offered\"\n"
                                    "  }\n"
                                    "  pool \"unheard\" {\n"
                                    "    select { node_class = \"unheard\" }\n"
                                    "    provider_pool = \"asg-unheard\"\n"
                                    "  }\n"
                                    "}\n"
                                    "region \"c\" {\n"
                                    "  nomad { address = \"http://h:2\" }\n"
                                    "  pool \"plain\" {\n"
                                    "    select { node_class = \"plain\" }\n"
                                    "  }\n"
                                    "}\n"
                                    "commitment \"ri\" {\n"
                                    "  kind = \"reservation\"\n"
                                    "  pools = [\"b/std\"]\n"
                                    "  nodes = 3\n"
                                    "  usd_per_hour = \"0.04\"\n"
                                    "  ends = \"2026-12-31\"\n"
                                    "}\n"
                                    "commitment \"old\" {\n"
                                    "  kind = \"savings-plan\"\n"
                                    "  pools = [\"b/*\"]\n"
                                    "  usd_per_hour = \"1\"\n"
                                    "  discount = \"30%\"\n"
                                    "  ends = \"2026-07-31\"\n"
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

static bool feed_config(struct scene *scene)
{
    struct config_source source = {.name = "a.hcl", .bytes = configuration, .length = strlen(configuration)};
    struct error error = {0};
    struct config *config = config_read_sources(&source, 1, &error);
    if (config == NULL) {
        print_error("%s\n", error.text);
        return false;
    }
    for (size_t i = 0; i < config->region_count; i++) {
        feed(scene, &(struct event){.type = EVENT_REGION_CONFIGURED, .region_config = &config->regions[i].model});
    }
    for (size_t i = 0; i < config->account_count; i++) {
        struct account_config account = {.name = config->accounts[i].name, .module = config->accounts[i].module};
        feed(scene, &(struct event){.type = EVENT_ACCOUNT_CONFIGURED, .account_config = &account});
    }
    for (size_t i = 0; i < config->commitment_count; i++) {
        feed(scene, &(struct event){.type = EVENT_COMMITMENT_CONFIGURED, .commitment = &config->commitments[i]});
    }
    feed(scene, &(struct event){.type = EVENT_MODE_CONFIGURED, .mode = config->mode});
    feed(scene, &(struct event){.type = EVENT_STARTED});
    config_free(config);
    return true;
}

static void feed_node(struct scene *scene, uint8_t number, const char *name, const char *identity)
{
    const struct fact_pair selected = {"meta.id", identity};
    struct node_fact node = {.id = {.bytes = {number}},
                             .name = name,
                             .datacenter = "dc1",
                             .node_class = "std",
                             .node_pool = "default",
                             .version = "2.0.5",
                             .status = NODE_READY,
                             .eligible = true,
                             .capacity = {.amount = {4000, 8000, 1000}},
                             .selected = &selected,
                             .selected_count = 1,
                             .selected_known = true,
                             .modify_index = 1};
    feed(scene, &(struct event){.type = EVENT_NODE, .region = "b", .node = &node});
}

static const struct fact_pair IDENTITIES[] = {{"meta.id", "one"}, {"meta.id", "clone"}, {"meta.id", "clone"}};

static struct account_instance instance_of(const char *id, enum instance_state state, const struct fact_pair *identity)
{
    return (struct account_instance){.id = id,
                                     .state = state,
                                     .state_text = "InService",
                                     .zone = "z1",
                                     .instance_type = "m5.large",
                                     .trouble = "",
                                     .market = MARKET_ON_DEMAND,
                                     .identities = identity,
                                     .identity_count = identity != NULL,
                                     .launched_at_ms = ACCOUNT_UNSET};
}

static struct account_pool pool_of(const char *id, const struct account_instance *instances, size_t count)
{
    return (struct account_pool){.id = id,
                                 .name = id,
                                 .region = "eu",
                                 .instance_type = "m5.large",
                                 .generation = "",
                                 .why_read_only = "",
                                 .desired = (int64_t)count,
                                 .max = ACCOUNT_UNSET,
                                 .writable = true,
                                 .instances = instances,
                                 .instance_count = count};
}

static void feed_pools(struct scene *scene)
{
    struct account_facts *facts = account_facts_new(LOOK_POOLS);
    facts->instances = memory_new(4, sizeof *facts->instances);
    facts->pools = memory_new(2, sizeof *facts->pools);
    facts->instance_count = 4;
    facts->pool_count = 2;
    facts->instances[0] = instance_of("i-1", INSTANCE_RUNNING, &IDENTITIES[0]);
    facts->instances[0].launched_at_ms = BEGUN_MS - 1000;
    facts->instances[1] = instance_of("i-2", INSTANCE_PENDING, NULL);
    facts->instances[1].launched_at_ms = INT64_MAX / 1000; /* whatever a module says can be shown */
    facts->instances[1].foreign = true;
    facts->instances[2] = instance_of("i-3", INSTANCE_UNKNOWN, &IDENTITIES[1]);
    facts->instances[2].trouble = "impaired";
    facts->instances[3] = instance_of("i-4", INSTANCE_FAILED, &IDENTITIES[2]);
    facts->pools[0] = pool_of("asg-std", facts->instances, 3);
    facts->pools[0].min = 1;
    facts->pools[1] = pool_of("asg-offered", &facts->instances[3], 1);
    facts->pools[1].max = 7;
    facts->pools[1].writable = false;
    facts->pools[1].why_read_only = "mixed instance types";
    feed(scene, &(struct event){.type = EVENT_ACCOUNT_FACTS, .account = "main", .account_facts = facts});
}

static void feed_offers(struct scene *scene)
{
    struct account_facts *facts = account_facts_new(LOOK_OFFERS);
    facts->offers = memory_new(1, sizeof *facts->offers);
    facts->offer_count = 1;
    facts->offers[0] = (struct account_offer){.region = "eu",
                                              .zone = "",
                                              .instance_type = "m5.large",
                                              .currency = "EUR",
                                              .source = "aws:pricing",
                                              .note = "",
                                              .market = MARKET_ON_DEMAND,
                                              .price_micro_h = 90000,
                                              .marginal_use_micro_h = ACCOUNT_UNSET,
                                              .marginal_wake_micro_h = ACCOUNT_UNSET,
                                              .valid_from_ms = ACCOUNT_UNSET};
    feed(scene, &(struct event){.type = EVENT_ACCOUNT_FACTS, .account = "main", .account_facts = facts});
}

static void feed_quotas_and_notices(struct scene *scene)
{
    struct account_facts *facts = account_facts_new(LOOK_QUOTAS);
    facts->quotas = memory_new(1, sizeof *facts->quotas);
    facts->quota_count = 1;
    facts->quotas[0] =
        (struct account_quota){.region = "eu", .name = "vCPU", .unit = "vcpus", .limit = 64, .used = ACCOUNT_UNSET};
    feed(scene, &(struct event){.type = EVENT_ACCOUNT_FACTS, .account = "main", .account_facts = facts});
    facts = account_facts_new(LOOK_INTERRUPTIONS);
    facts->interruptions = memory_new(1, sizeof *facts->interruptions);
    facts->interruption_count = 1;
    facts->interruptions[0] = (struct account_interruption){
        .pool = "", .instance = "i-2", .text = "", .kind = INTERRUPTION_REBALANCE, .at_ms = ACCOUNT_UNSET};
    feed(scene, &(struct event){.type = EVENT_ACCOUNT_FACTS, .account = "main", .account_facts = facts});
}

static int open_scene(void **state)
{
    struct scene *scene = memory_new(1, sizeof *scene);
    scene->core = core_new(&(struct core_options){.cluster = "c", .epoch = 1});
    scene->now_ms = BEGUN_MS;
    if (!feed_config(scene)) {
        return -1;
    }
    feed(scene, &(struct event){.type = EVENT_REGION_HEARD, .region = "b"});
    feed(scene, &(struct event){.type = EVENT_SYNC_BEGIN, .region = "b"});
    feed_node(scene, 1, "n1", "ONE");
    feed_node(scene, 2, "n2", "clone");
    feed(scene, &(struct event){.type = EVENT_SYNC_END, .region = "b"});
    feed(scene, &(struct event){.type = EVENT_ACCOUNT_UP, .account = "main", .text = "aws 1.0"});
    feed_pools(scene);
    feed_offers(scene);
    feed_quotas_and_notices(scene);
    feed(scene, &(struct event){.type = EVENT_ACCOUNT_FAILED,
                                .account = "main",
                                .text = "slow down",
                                .account_failure = {LOOK_OFFERS, ACCOUNT_THROTTLED}});
    feed(scene, &(struct event){.type = EVENT_ACCOUNT_DOWN, .account = "idle", .text = "crashed: signal 6"});
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

/* --- reading ------------------------------------------------------------------------------------------------------ */

static json_t *parse(struct buffer *text)
{
    struct error error;
    json_t *value;
    if (!json_read(text->data, text->length, 8 << 20, 32, &value, &error)) {
        fail_msg("%s\n%.2000s", error.text, text->data);
    }
    buffer_release(text);
    return value;
}

/* The object says exactly this of these keys, written as JSON; a difference shows all of the object. */
static void assert_says(json_t *object, const char *expected)
{
    struct error error;
    json_t *wanted;
    const char *key;
    json_t *value;
    if (!json_read(expected, strlen(expected), 1 << 16, 8, &wanted, &error)) {
        fail_msg("%s in %s", error.text, expected);
    }
    json_object_foreach(wanted, key, value)
    {
        if (!json_equal(value, json_object_get(object, key))) {
            char *came = json_dumps(object, JSON_INDENT(1));
            print_error("%s\n", came);
            free(came);
            fail_msg("\"%s\" is not as in %s", key, expected);
        }
    }
    json_decref(wanted);
}

static json_t *pool_at(json_t *all, size_t place)
{
    return json_array_get(json_object_get(all, "Pools"), place);
}

/* --- pools -------------------------------------------------------------------------------------------------------- */

static void test_a_pool_shows_what_it_has_at_its_account(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    view_pools(core_world(scene->core), "b", &out);
    json_t *all = parse(&out);
    assert_says(pool_at(all, 0),
                "{\"Name\":\"std\",\"Account\":\"main\",\"ProviderPool\":\"asg-std\",\"Desired\":3,"
                "\"Least\":1,\"Most\":null,\"Instances\":3,\"Joined\":1,\"Awaited\":1,\"ReadOnly\":\"\","
                "\"Rests\":\"\",\"HeldPrice\":null,\"Operation\":null,\"PriceObservedAt\":null,"
                "\"CoveredNodes\":2,\"CoveredHourlyUSD\":\"0.08\"}");
    assert_says(pool_at(all, 1),
                "{\"Name\":\"offered\",\"Desired\":1,\"Least\":0,\"Most\":7,\"Instances\":1,\"Joined\":0,\"Awaited\":0,"
                "\"ReadOnly\":\"mixed instance types\",\"NodeHourlyUSD\":null,\"CoveredNodes\":0}");
    json_decref(all);
}

static void test_a_price_that_is_not_believed_is_shown_with_its_reason(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    view_pools(core_world(scene->core), "b", &out);
    json_t *all = parse(&out);
    assert_says(json_object_get(pool_at(all, 1), "HeldPrice"),
                "{\"Hourly\":\"0.09\",\"Currency\":\"EUR\",\"Reason\":\"there is no rate for its currency, EUR; add "
                "currency \\\"EUR\\\" { usd = \\\"...\\\" }\",\"Since\":\"2026-08-01T00:00:00.160Z\"}");
    json_decref(all);
}

static void test_a_pool_that_its_account_does_not_report_has_nothing_there(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    view_pools(core_world(scene->core), "", &out);
    json_t *all = parse(&out);
    assert_says(pool_at(all, 2), "{\"Name\":\"unheard\",\"Account\":\"main\",\"ProviderPool\":\"asg-unheard\","
                                 "\"Desired\":null,\"Least\":null,\"Most\":null,\"Instances\":0,\"ReadOnly\":\"\"}");
    assert_says(pool_at(all, 3), "{\"Name\":\"other\",\"Account\":\"\",\"ProviderPool\":\"\",\"Desired\":null}");
    assert_says(pool_at(all, 4), "{\"Region\":\"c\",\"Name\":\"plain\",\"Account\":\"\",\"ProviderPool\":\"\","
                                 "\"Desired\":null,\"Instances\":0,\"HeldPrice\":null,\"Operation\":null}");
    json_decref(all);
}

/* --- accounts ----------------------------------------------------------------------------------------------------- */

static void test_accounts_show_what_they_were_asked_and_said(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    view_accounts(core_world(scene->core), &out);
    json_t *all = parse(&out), *list = json_object_get(all, "Accounts"), *main = json_array_get(list, 1);
    assert_int_equal(json_array_size(list), 2);
    assert_says(json_array_get(list, 0),
                "{\"Name\":\"idle\",\"Module\":\"onprem\",\"Up\":false,\"Text\":\"crashed: signal "
                "6\",\"Regions\":[],\"Pools\":0,\"Instances\":0,\"Quotas\":[]}");
    assert_says(json_array_get(json_object_get(json_array_get(list, 0), "Looks"), 0),
                "{\"Look\":\"pools\",\"At\":null,\"Status\":\"\",\"Error\":\"\"}");
    assert_says(main, "{\"Name\":\"main\",\"Module\":\"aws\",\"Up\":true,\"Text\":\"aws 1.0\",\"Regions\":[\"b\"],"
                      "\"Pools\":2,\"Instances\":4,\"Quotas\":[{\"Region\":\"eu\",\"Name\":\"vCPU\",\"Unit\":\"vcpus\","
                      "\"Limit\":64,\"Used\":null}]}");
    json_t *looks = json_object_get(main, "Looks");
    assert_int_equal(json_array_size(looks), ACCOUNT_LOOK_COUNT);
    assert_says(json_array_get(looks, LOOK_POOLS),
                "{\"Look\":\"pools\",\"At\":\"2026-08-01T00:00:00.150Z\",\"Status\":\"ok\",\"Error\":\"\"}");
    /* A look that failed keeps the time of the last good one. */
    assert_says(json_array_get(looks, LOOK_OFFERS), "{\"Look\":\"offers\",\"At\":\"2026-08-01T00:00:00.160Z\","
                                                    "\"Status\":\"throttled\",\"Error\":\"slow down\"}");
    assert_says(json_array_get(looks, LOOK_TYPES), "{\"Look\":\"types\",\"At\":null,\"Status\":\"\",\"Error\":\"\"}");
    json_decref(all);
}

/* --- instances ---------------------------------------------------------------------------------------------------- */

static void test_instances_show_their_node_their_notice_and_their_doubt(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    view_instances(core_world(scene->core), "", &out);
    json_t *all = parse(&out), *list = json_object_get(all, "Instances");
    assert_int_equal(json_array_size(list), 4);
    assert_says(all, "{\"InstancesLeftOff\":0}");
    assert_says(json_array_get(list, 0),
                "{\"Account\":\"main\",\"ProviderPool\":\"asg-std\",\"ID\":\"i-1\",\"State\":\"running\",\"StateText\":"
                "\"InService\",\"InstanceType\":\"m5.large\",\"Market\":\"on-demand\",\"Zone\":\"z1\",\"LaunchedAt\":"
                "\"2026-07-31T23:59:59.000Z\",\"Foreign\":false,\"Region\":\"b\",\"NodeID\":"
                "\"01000000-0000-0000-0000-000000000000\",\"NodeName\":\"n1\",\"Notice\":\"\",\"Trouble\":\"\"}");
    assert_says(json_array_get(list, 1),
                "{\"ID\":\"i-2\",\"State\":\"pending\",\"LaunchedAt\":\"9999-12-31T23:59:59.999Z\","
                "\"Foreign\":true,\"Region\":\"\",\"NodeID\":\"\",\"NodeName\":\"\",\"Notice\":"
                "\"rebalance\"}");
    assert_says(json_array_get(list, 2), "{\"ID\":\"i-3\",\"State\":\"unknown\",\"LaunchedAt\":null,\"NodeName\":\"\","
                                         "\"Trouble\":\"another instance or another node has the same identity\"}");
    assert_says(json_array_get(list, 3), "{\"ID\":\"i-4\",\"ProviderPool\":\"asg-offered\",\"State\":\"failed\","
                                         "\"Trouble\":\"another instance or another node has the same identity\"}");
    json_decref(all);
}

static void test_instances_of_one_account(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    view_instances(core_world(scene->core), "main", &out);
    json_t *all = parse(&out);
    assert_int_equal(json_array_size(json_object_get(all, "Instances")), 4);
    json_decref(all);
    static const char *const without[] = {"idle", "nowhere", "mai"};
    for (size_t i = 0; i < 3; i++) {
        view_instances(core_world(scene->core), without[i], &out);
        assert_string_equal(out.data, "{\"Instances\":[],\"InstancesLeftOff\":0}");
        buffer_release(&out);
    }
}

static void test_more_instances_than_are_shown_are_counted(void **state)
{
    enum { MORE = 5 };
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    struct account_facts *facts = account_facts_new(LOOK_POOLS);
    facts->instance_count = VIEW_INSTANCES_MAX + MORE;
    facts->instances = memory_new(facts->instance_count, sizeof *facts->instances);
    facts->pools = memory_new(1, sizeof *facts->pools);
    facts->pool_count = 1;
    for (size_t i = 0; i < facts->instance_count; i++) {
        facts->instances[i] = instance_of("i", INSTANCE_RUNNING, NULL);
    }
    facts->pools[0] = pool_of("asg-std", facts->instances, facts->instance_count);
    feed(scene, &(struct event){.type = EVENT_ACCOUNT_FACTS, .account = "main", .account_facts = facts});
    view_instances(core_world(scene->core), "main", &out);
    json_t *all = parse(&out);
    assert_int_equal(json_array_size(json_object_get(all, "Instances")), VIEW_INSTANCES_MAX);
    assert_says(all, "{\"InstancesLeftOff\":5}");
    json_decref(all);
}

/* --- approvals ---------------------------------------------------------------------------------------------------- */

static void test_what_waits_for_a_person_is_an_approval_and_shows_at_its_pool(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    view_approvals(core_world(scene->core), &out);
    assert_string_equal(out.data, "{\"Approvals\":[]}");
    buffer_release(&out);
    for (int i = 0; i < 2; i++) { /* seen idle, then idle for long enough */
        feed(scene, &(struct event){.type = EVENT_REGION_HEARD, .region = "b"});
        feed(scene, &(struct event){.type = EVENT_TIMER});
        scene->now_ms += i == 0 ? 90000 : 0;
    }
    view_approvals(core_world(scene->core), &out);
    json_t *all = parse(&out), *list = json_object_get(all, "Approvals"), *shrink = json_array_get(list, 0);
    assert_int_equal(json_array_size(list), 1);
    static const char says[] =
        "{\"Kind\":\"shrink\",\"State\":\"proposed\",\"From\":3,\"To\":2,\"HourlyUSD\":\"0.10\","
        "\"Why\":\"node n1 has been idle for 1 min; giving it back saves 0.10 $/h\",\"Namespace\":"
        "\"\",\"For\":\"\",\"Actor\":\"drover\",\"Waits\":\"\",\"Trouble\":\"\"}";
    assert_says(shrink, says);
    assert_says(shrink, "{\"Region\":\"b\",\"Pool\":\"std\"}");
    assert_true(json_is_string(json_object_get(shrink, "ID"))); /* too large for a number in JSON */
    assert_int_equal(strncmp(json_string_value(json_object_get(shrink, "Deadline")), "2026-08-02T00:01:30", 19), 0);
    view_pools(core_world(scene->core), "b", &out);
    json_t *pools = parse(&out), *operation = json_object_get(pool_at(pools, 0), "Operation");
    assert_says(operation, says);
    assert_true(json_equal(json_object_get(operation, "ID"), json_object_get(shrink, "ID")));
    assert_true(json_is_null(json_object_get(pool_at(pools, 1), "Operation")));
    json_decref(pools);
    uint64_t id = strtoull(json_string_value(json_object_get(shrink, "ID")), NULL, 10);
    json_decref(all);
    feed(scene, &(struct event){.type = EVENT_DENY, .request_id = 1, .actor = "token:operator", .operation = id});
    view_approvals(core_world(scene->core), &out);
    assert_string_equal(out.data, "{\"Approvals\":[]}");
    buffer_release(&out);
    view_pools(core_world(scene->core), "b", &out);
    pools = parse(&out);
    assert_says(pool_at(pools, 0),
                "{\"Operation\":null,\"Rests\":\"denied by a person; not proposed again for a day\"}");
    json_decref(pools);
}

/* --- commitments -------------------------------------------------------------------------------------------------- */

static void test_costs_show_what_of_commitments_is_used(void **state)
{
    struct scene *scene = *state;
    struct buffer out = BUFFER_INIT;
    view_cost(core_world(scene->core), &out);
    json_t *all = parse(&out), *list = json_object_get(all, "Commitments");
    assert_int_equal(json_array_size(list), 2);
    assert_says(json_array_get(list, 0),
                "{\"Name\":\"old\",\"Kind\":\"savings-plan\",\"Nodes\":0,\"UsedNodes\":0,\"UsedHourlyUSD\":\"0.00\","
                "\"UnusedHourlyUSD\":\"0.00\",\"EndsAt\":\"2026-07-31T00:00:00.000Z\",\"Ended\":true}");
    assert_says(json_array_get(list, 1),
                "{\"Name\":\"ri\",\"Kind\":\"reservation\",\"Nodes\":3,\"UsedNodes\":2,\"UsedHourlyUSD\":\"0.08\","
                "\"UnusedHourlyUSD\":\"0.04\",\"EndsAt\":\"2026-12-31T00:00:00.000Z\",\"Ended\":false}");
    json_decref(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_pool_shows_what_it_has_at_its_account, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_a_price_that_is_not_believed_is_shown_with_its_reason, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(test_a_pool_that_its_account_does_not_report_has_nothing_there, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(test_accounts_show_what_they_were_asked_and_said, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_instances_show_their_node_their_notice_and_their_doubt, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(test_instances_of_one_account, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_more_instances_than_are_shown_are_counted, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_what_waits_for_a_person_is_an_approval_and_shows_at_its_pool, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(test_costs_show_what_of_commitments_is_used, open_scene, close_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
