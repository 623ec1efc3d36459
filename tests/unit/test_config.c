/* links: agent api core federation placement store sim_serve sim_engine model net base */
/* The configuration: what is read, and the one error for each fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hcl.h"
#include "controller/agent/config.h"

static struct config *read_text(const char *text, struct error *error)
{
    struct config_source source = {.name = "a.hcl", .bytes = text, .length = strlen(text)};
    return config_read_sources(&source, 1, error);
}

static struct config *read_good(const char *text)
{
    struct error error = {0};
    struct config *config = read_text(text, &error);
    if (config == NULL) {
        fail_msg("refused: %s", error.text);
    }
    return config;
}

#define NOMAD "  nomad { address = \"http://h:4646\" }\n"
#define REGION(inner) "region \"a\" {\n" NOMAD inner "\n}\n"
#define POOL(inner) REGION("  pool \"p\" {\n    select { node_class = \"c\" }\n" inner "\n  }")
#define PRICE(inner) POOL("    price {\n      " inner "\n    }")

static const char example[] = "data_dir = \"/tmp/drover\"\n"
                              "mode     = \"enforce\"\n"
                              "region \"aws-us-east-1\" {\n"
                              "  provider = \"aws\"\n"
                              "  nomad {\n"
                              "    address    = \"http://127.0.1.1:4646\"\n"
                              "    token_file = \"/etc/drover/aws.token\"    # optional, re-read\n"
                              "  }\n"
                              "  consul { address = \"http://127.0.1.1:8500\" }\n"
                              "  labels { jurisdiction = \"us\" }\n"
                              "  pool \"std\" {\n"
                              "    select { node_class = \"std\" }\n"
                              "    instance_type = \"m5.large\"\n"
                              "    price {\n"
                              "      usd_per_hour = \"0.096\"\n"
                              "      market       = \"on-demand\"\n"
                              "    }\n"
                              "  }\n"
                              "}\n"
                              "policy \"web\" {\n"
                              "  jobs = [\"web*\"]\n"
                              "  regions { deny = [\"azure-*\"] }\n"
                              "  spread { min_regions = 2 }\n"
                              "  budget { usd_per_month = \"500\" }\n"
                              "}\n";

static void test_the_documented_example_is_read(void **state)
{
    (void)state;
    struct config *config = read_good(example);
    assert_string_equal(config->data_dir, "/tmp/drover");
    assert_int_equal(config->mode, MODE_ENFORCE);
    assert_true(config->mode_given);
    assert_int_equal(config->region_count, 1);
    const struct config_region *region = &config->regions[0];
    assert_string_equal(region->model.name, "aws-us-east-1");
    assert_string_equal(region->model.provider, "aws");
    assert_string_equal(region->nomad.address, "http://127.0.1.1:4646");
    assert_string_equal(region->nomad.token_file, "/etc/drover/aws.token");
    assert_true(region->has_consul);
    assert_string_equal(region->consul.address, "http://127.0.1.1:8500");
    assert_int_equal(region->model.label_count, 1);
    assert_string_equal(region->model.labels[0].key, "jurisdiction");
    assert_int_equal(region->model.pool_count, 1);
    const struct pool_config *pool = &region->model.pools[0];
    assert_string_equal(pool->selectors[0].key, "node_class");
    assert_string_equal(pool->selectors[0].value, "std");
    assert_string_equal(pool->instance_type, "m5.large");
    assert_true(pool->priced);
    assert_int_equal(pool->price.effective_uusd_h, 96000);
    assert_int_equal(pool->price.marginal_uusd_h, 96000);
    assert_int_equal(pool->price.market, MARKET_ON_DEMAND);
    assert_int_equal(config->policy_count, 1);
    assert_true(config->policies[0].from_file);
    assert_int_equal(config->policies[0].min_regions, 2);
    assert_int_equal(config->policies[0].budget_uusd_month, 500000000);
    config_free(config);
}

static void test_without_a_mode_the_agent_observes(void **state)
{
    (void)state;
    struct config *config = read_good("");
    assert_int_equal(config->mode, MODE_OBSERVE);
    assert_false(config->mode_given);
    assert_string_equal(config->listen_host, "127.0.0.1");
    assert_int_equal(config->listen_port, 4650);
    config_free(config);
}

static void test_a_price_may_be_a_number_and_is_adjusted_in_order(void **state)
{
    (void)state;
    struct config *config = read_good(PRICE("usd_per_hour = 0.1\n"
                                            "adjustment \"discount\" { percent = \"-5\" }\n"
                                            "adjustment \"licence\" { usd_per_hour = \"0.01\" }"));
    const struct price *price = &config->regions[0].model.pools[0].price;
    assert_int_equal(price->list_uusd_h, 100000);
    assert_int_equal(price->effective_uusd_h, 105000);
    assert_int_equal(price->adjustments[0].percent_millionths, -50000);
    config_free(config);
}

static void test_owned_machines_cost_nothing_more_unless_said_so(void **state)
{
    (void)state;
    struct config *config = read_good(PRICE("usd_per_hour = \"0.5\"\nmarket = \"owned\""));
    assert_int_equal(config->regions[0].model.pools[0].price.marginal_uusd_h, 0);
    config_free(config);
    config = read_good(PRICE("usd_per_hour = \"0.5\"\nmarket = \"owned\"\nmarginal_usd_per_hour = \"0.04\""));
    assert_int_equal(config->regions[0].model.pools[0].price.marginal_uusd_h, 40000);
    config_free(config);
}

static void test_attribute_selectors_are_noted_once(void **state)
{
    (void)state;
    struct config *config = read_good(REGION("  pool \"p\" {\n select {\n attr.\"kernel.name\" = \"linux\"\n"
                                             " meta.rack = \"1\"\n }\n }\n"
                                             "  pool \"q\" {\n select {\n attr.\"kernel.name\" = \"linux\"\n"
                                             " meta.rack = \"2\"\n }\n }"));
    assert_int_equal(config->regions[0].selected_count, 2);
    assert_string_equal(config->regions[0].selected[0], "attr.kernel.name");
    assert_string_equal(config->regions[0].selected[1], "meta.rack");
    config_free(config);
}

static void test_several_files_are_one_configuration(void **state)
{
    (void)state;
    struct config_source sources[] = {
        {.name = "1.hcl", .bytes = "mode = \"approve\"\n", .length = 17},
        {.name = "2.hcl", .bytes = REGION(""), .length = strlen(REGION(""))},
    };
    struct error error;
    struct config *config = config_read_sources(sources, 2, &error);
    assert_non_null(config);
    assert_int_equal(config->mode, MODE_APPROVE);
    assert_int_equal(config->region_count, 1);
    config_free(config);
}

static void test_a_region_in_two_files_is_one_error(void **state)
{
    (void)state;
    struct config_source sources[] = {
        {.name = "1.hcl", .bytes = REGION(""), .length = strlen(REGION(""))},
        {.name = "2.hcl", .bytes = "\n" REGION(""), .length = strlen("\n" REGION(""))},
    };
    struct error error;
    assert_null(config_read_sources(sources, 2, &error));
    assert_string_equal(error.text,
                        "2.hcl:2:1: block region \"a\" was given before, at 1.hcl:1:1; remove one of the two");
}

/* Each fault and the whole of its error. */
static const struct {
    const char *text;
    const char *error;
} faults[] = {
    {"mod = \"observe\"\n", "a.hcl:1:1: unknown argument \"mod\" at the top level; did you mean \"mode\"?"},
    {"mode = \"obsrve\"\n",
     "a.hcl:1:8: \"mode\" must be one of \"observe\", \"approve\", \"enforce\"; did you mean \"observe\"?"},
    {"mode = 1\n",
     "a.hcl:1:8: \"mode\" at the top level wants a word in quotes, a number stands there; write mode = \"...\""},
    {"mode = \"observe\"\nmode = \"observe\"\n",
     "a.hcl:2:1: argument \"mode\" was given before, at a.hcl:1:1; remove one of the two"},
    {"mode { }\n", "a.hcl:1:1: \"mode\" at the top level is an argument; write mode = value"},
    {"data_dir = \"\"\n", "a.hcl:1:12: \"data_dir\" is empty; give it a value or leave it out"},
    {"log_level = \"loud\"\n",
     "a.hcl:1:13: \"log_level\" must be one of \"trace\", \"debug\", \"info\", \"warn\", \"error\""},
    {"listen { address = \"nowhere\" }\n",
     "a.hcl:1:20: \"nowhere\" is no address to listen on: write it as \"127.0.0.1:4650\""},
    {"listen { address = \"0.0.0.0:4650\" }\n",
     "a.hcl:1:20: listening on 0.0.0.0 needs TLS; add cert_file and key_file, or listen on 127.0.0.1"},
    {"listen {\n  address = \"127.0.0.1:1\"\n  cert_file = \"c\"\n}\n",
     "a.hcl:1:1: block listen needs cert_file and key_file together"},
    {"catalogue { }\n", "a.hcl:1:1: the argument \"file\" is missing in block catalogue; add file = \"...\""},
    {"region { }\n", "a.hcl:1:1: block \"region\" wants one label, its name, and has 0; write region \"NAME\" { ... }"},
    {"region \"a b\" {\n}\n", "a.hcl:1:1: the name of a region is 1 to 128 letters, digits, \"-\", \"_\" and \".\""},
    {"region \"a\" {\n}\n", "a.hcl:1:1: region \"a\" needs the block nomad { address = \"http://HOST:PORT\" }"},
    {"region \"a\" {\n  nomad { }\n}\n",
     "a.hcl:2:3: the argument \"address\" is missing in block nomad; add address = \"...\""},
    {"region \"a\" {\n  nomad { adress = \"http://h:1\" }\n}\n",
     "a.hcl:2:11: unknown argument \"adress\" in block nomad; did you mean \"address\"?"},
    {"region \"a\" {\n  nomad { address = \"h:4646\" }\n}\n",
     "a.hcl:2:21: \"address\" wants http://HOST:PORT or https://HOST:PORT"},
    {"region \"a\" {\n  nomad { address = \"http://u:p@h:4646\" }\n}\n",
     "a.hcl:2:21: \"address\" ends behind host and port, and has no user name; a token belongs into token_file"},
    {"region \"a\" {\n  nomad {\n    address = \"http://h:1\"\n    key_file = \"k\"\n  }\n}\n",
     "a.hcl:2:3: block nomad needs cert_file and key_file together"},
    {REGION("  consul {\n    address = \"http://h:8500\"\n    namespaces = [\"a\"]\n  }"),
     "a.hcl:5:5: unknown argument \"namespaces\" in block consul; known here: address, token_file, ca_file, cert_file, "
     "key_file, server_name"},
    {REGION("  labels { jurisdiction = 1 }"), "a.hcl:3:27: \"jurisdiction\" in block labels wants text in quotes, a "
                                              "number stands there; write jurisdiction = \"...\""},
    {REGION(NOMAD), "a.hcl:3:3: block \"nomad\" was given before, at a.hcl:2:3; join the two"},
    {REGION("") REGION(""), "a.hcl:5:1: block region \"a\" was given before, at a.hcl:1:1; remove one of the two"},
    {REGION("  pool \"other\" {\n    select { node_class = \"c\" }\n  }"),
     "a.hcl:3:3: \"other\" is the name for the nodes that no pool selects; choose another"},
    {REGION("  pool \"p\" {\n  }"), "a.hcl:3:3: pool \"p\" selects no node; add select { node_class = \"...\" }"},
    {REGION("  pool \"p\" {\n    select { node_clas = \"c\" }\n  }"),
     "a.hcl:4:14: unknown argument \"node_clas\" in block select; did you mean \"node_class\"?"},
    {REGION("  pool \"p\" {\n    select { }\n  }"),
     "a.hcl:4:5: pool \"p\" selects no node; add select { node_class = \"...\" }"},
    {REGION(
         "  pool \"p\" {\n    select { node_class = \"c\" }\n  }\n  pool \"q\" {\n    select { node_class = \"c\" }\n"
         "  }"),
     "a.hcl:6:3: pools \"p\" and \"q\" select the same nodes; a node belongs to one pool"},
    {POOL("    price { }"), "a.hcl:5:5: a price needs usd_per_hour, or a catalogue { file = \"...\" } or a "
                            "provider_pool that prices the pool"},
    {PRICE("usd_per_hour = \"-0.1\""),
     "a.hcl:6:22: \"usd_per_hour\" is -0.10; give an amount from 0.00 to 17592186.044416"},
    {PRICE("usd_per_hour = \"99999999\""),
     "a.hcl:6:22: \"usd_per_hour\" is 99999999.00; give an amount from 0.00 to 17592186.044416"},
    {PRICE("usd_per_hour = \"0.1234567\""),
     "a.hcl:6:22: \"usd_per_hour\": \"0.1234567\" has more than six decimals; a micro-dollar is the smallest"},
    {PRICE("usd_per_hour = \"cheap\""),
     "a.hcl:6:22: \"usd_per_hour\": \"cheap\" is not an amount of money; write decimal text such as \"0.096\""},
    {PRICE("usd_per_hour = true"), "a.hcl:6:22: \"usd_per_hour\" in block price wants an amount of money as decimal "
                                   "text, true or false stands there; write usd_per_hour = \"0.096\""},
    {PRICE("usd_per_hour = \"0.1\"\n      market = \"ondemand\""),
     "a.hcl:7:16: \"market\" must be one of \"on-demand\", \"spot\", \"reserved\", \"owned\"; did you mean "
     "\"on-demand\"?"},
    {PRICE("usd_per_hour = \"0.1\"\n      adjustment \"x\" { }"),
     "a.hcl:7:7: an adjustment needs either percent or usd_per_hour, other than 0"},
    {PRICE("usd_per_hour = \"0.1\"\n      adjustment \"x\" { usd_per_hour = \"-1\" }"),
     "a.hcl:5:5: the adjustments make the price negative"},
    {PRICE("usd_per_hour = \"0.1\"\n      adjustment \"x\" { percent = \"0.00001\" }"),
     "a.hcl:7:34: \"percent\" has at most four decimals"},
    {"policy \"p\" {\n  spread { min_regions = 2 }\n}\n",
     "a.hcl:1:1: policy \"p\" governs no job; add jobs = [\"...\"] or namespaces = [\"...\"] (only the policy "
     "\"default\" needs neither)"},
    {"policy \"p\" {\n  jobs = \"web\"\n}\n",
     "a.hcl:2:10: \"jobs\" in block policy \"p\" wants a list of texts, text stands there; write jobs = [\"...\"]"},
    {"policy \"p\" {\n  jobs = [1]\n}\n",
     "a.hcl:2:11: \"jobs\" wants a list of texts, a number stands in it; put it into quotes"},
    {"policy \"p\" {\n  jobs = [\"a\"]\n  spread { max_share_region = \"160%\" }\n}\n",
     "a.hcl:3:31: \"max_share_region\" wants a share from \"1%\" to \"100%\""},
    {"policy \"p\" {\n  jobs = [\"a\"]\n  spread { min_regions = 0 }\n}\n",
     "a.hcl:3:26: \"min_regions\" is 0; give a whole number from 1 to 256"},
    {"policy \"p\" {\n  jobs = [\"a\"]\n  budget { usd_per_month = \"-1\" }\n}\n",
     "a.hcl:3:28: \"usd_per_month\" is -1.00; give an amount from 0.00 to 12842295812.42368"},
    {"policy \"p\" {\n  jobs = [\"a\"]\n  regions { alow = [\"a\"] }\n}\n",
     "a.hcl:3:13: unknown argument \"alow\" in block regions; did you mean \"allow\"?"},
    {REGION("") "policy \"p\" {\n  jobs = [\"a\"]\n  regions { deny = [\"*\"] }\n}\n",
     "a.hcl:5:1: policy \"p\" excludes every configured region: its jobs could run nowhere"},
    {"mode = \"obs\xff\"\n", "a.hcl:1:12: the bytes here are not UTF-8; save the file as UTF-8"},
    {"region \"a\" {\n", "a.hcl:2:1: block \"region\", which begins at 1:1, has no end; close it by '}'"},
    {"region \"a\" { nomad { address = \"http://h:1\" server_name = \"x\" } }\n",
     "a.hcl:1:45: a block written on one line holds one argument and ends by '}', 's' stands there; write block "
     "\"nomad\" over several lines"},
    {"data_dir = file(\"x\")\n",
     "a.hcl:1:12: functions are evaluated by Nomad in job files, not here; write the value itself"},
};

static void test_each_fault_has_one_clear_error(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct error error = {0};
        struct config *config = read_text(faults[i].text, &error);
        if (config != NULL || strcmp(error.text, faults[i].error) != 0) {
            print_error("%s\n  expected: %s\n  came:     %s\n", faults[i].text, faults[i].error,
                        config != NULL ? "(read without an error)" : error.text);
            wrong++;
        }
        config_free(config);
    }
    assert_int_equal(wrong, 0);
}

static void test_a_file_too_large_is_refused(void **state)
{
    (void)state;
    size_t length = HCL_FILE_MAX + 1;
    char *text = malloc(length + 1);
    memset(text, '\n', length);
    text[length] = '\0';
    struct error error;
    assert_null(read_text(text, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    free(text);
}

static void test_a_missing_token_file_is_named_with_its_place(void **state)
{
    (void)state;
    const char *folder = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    char path[512], expected[1024];
    snprintf(path, sizeof path, "%s/drover-test-config-%d.hcl", folder, (int)getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("region \"a\" {\n  nomad {\n    address = \"http://h:1\"\n    token_file = \"/nowhere/token\"\n  }\n}\n",
          file);
    fclose(file);
    const char *paths[] = {path};
    struct error error;
    assert_null(config_read(paths, 1, 0, &error));
    snprintf(expected, sizeof expected,
             "%s:4:18: \"token_file\": the file /nowhere/token cannot be read: No such file or directory", path);
    assert_string_equal(error.text, expected);
    remove(path);
}

static void test_a_missing_configuration_is_named(void **state)
{
    (void)state;
    const char *paths[] = {"/nowhere/drover.hcl"};
    struct error error;
    assert_null(config_read(paths, 1, 0, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(error.text, "/nowhere/drover.hcl"));
}

static void test_listen_addresses_are_taken_apart(void **state)
{
    (void)state;
    struct error error;
    char *host;
    uint16_t port;
    assert_true(config_parse_listen("127.0.0.1:4650", &host, &port, &error));
    assert_string_equal(host, "127.0.0.1");
    assert_int_equal(port, 4650);
    free(host);
    assert_true(config_parse_listen("[::1]:0", &host, &port, &error));
    assert_string_equal(host, "::1");
    assert_int_equal(port, 0);
    free(host);
    assert_false(config_parse_listen("::1:80", &host, &port, &error));
    assert_false(config_parse_listen("127.0.0.1:99999", &host, &port, &error));
    assert_false(config_parse_listen("127.0.0.1", &host, &port, &error));
    assert_false(config_parse_listen("", &host, &port, &error));
}

static void test_one_policy_is_applied_by_itself(void **state)
{
    (void)state;
    struct error error;
    struct policy policy;
    const char *one = "policy \"web\" {\n  jobs = [\"web\"]\n  spread { max_share_region = \"60%\" }\n}\n";
    const char *two = "policy \"a\" {\n  jobs = [\"a\"]\n}\npolicy \"b\" {\n  jobs = [\"b\"]\n}\n";
    assert_true(config_read_policy("policy", one, strlen(one), &policy, &error));
    assert_string_equal(policy.name, "web");
    assert_false(policy.from_file);
    assert_int_equal(policy.max_share_region_percent, 60);
    policy_release(&policy);
    assert_false(config_read_policy("policy", two, strlen(two), &policy, &error));
    assert_string_equal(error.text, "policy:4:1: exactly one policy \"NAME\" { ... } is wanted");
    assert_false(config_read_policy("policy", "", 0, &policy, &error));
    assert_false(config_read_policy("policy", "mode = \"enforce\"\n", 17, &policy, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_documented_example_is_read),
        cmocka_unit_test(test_without_a_mode_the_agent_observes),
        cmocka_unit_test(test_a_price_may_be_a_number_and_is_adjusted_in_order),
        cmocka_unit_test(test_owned_machines_cost_nothing_more_unless_said_so),
        cmocka_unit_test(test_attribute_selectors_are_noted_once),
        cmocka_unit_test(test_several_files_are_one_configuration),
        cmocka_unit_test(test_a_region_in_two_files_is_one_error),
        cmocka_unit_test(test_each_fault_has_one_clear_error),
        cmocka_unit_test(test_a_file_too_large_is_refused),
        cmocka_unit_test(test_a_missing_token_file_is_named_with_its_place),
        cmocka_unit_test(test_a_missing_configuration_is_named),
        cmocka_unit_test(test_listen_addresses_are_taken_apart),
        cmocka_unit_test(test_one_policy_is_applied_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
