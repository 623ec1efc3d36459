/* links: agent api core federation placement store sim_serve sim_engine model provider_host net base */
/* Accounts, linked pools, currencies and commitments in the configuration: what they come to, and the one error for
 * each fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

#define ACCOUNT "provider \"main\" { module = \"aws\" }\n"
#define REGION(name, inner)                                                                                            \
    "region \"" name "\" {\n  provider = \"main\"\n  nomad { address = \"http://h:1\" }\n" inner "\n}\n"
#define POOL(name, inner) "  pool \"" name "\" {\n    select { node_class = \"" name "\" }\n" inner "\n  }"
/* What stands in `inner` is on the sixth line and follows a provider_pool on the fifth. */
#define LINKED(inner) REGION("a", POOL("p", "    provider_pool = \"asg\"\n" inner)) ACCOUNT

/* --- pools -------------------------------------------------------------------------------------------------------- */

static void test_a_linked_pool_says_what_it_may_do(void **state)
{
    (void)state;
    struct config *config = read_good(LINKED("    grow {\n"
                                             "      max_nodes = 20\n"
                                             "      join_within = \"5m\"\n"
                                             "    }\n"
                                             "    shrink {\n"
                                             "      min_nodes = 2\n"
                                             "      idle_after = \"45m\"\n"
                                             "      drain_deadline = \"90s\"\n"
                                             "      max_nodes_an_hour = 3\n"
                                             "    }"));
    const struct pool_config *pool = &config->regions[0].model.pools[0];
    assert_string_equal(pool->provider_pool, "asg");
    assert_false(pool->priced);
    assert_int_equal(pool->grow_to, 20);
    assert_int_equal(pool->join_within_ms, 5 * 60 * 1000);
    assert_true(pool->shrinks);
    assert_int_equal(pool->min_nodes, 2);
    assert_int_equal(pool->idle_after_ms, 45 * 60 * 1000);
    assert_int_equal(pool->drain_deadline_ms, 90 * 1000);
    assert_int_equal(pool->nodes_an_hour, 3);
    config_free(config);
}

static void test_what_is_not_said_of_a_linked_pool_has_its_default(void **state)
{
    (void)state;
    struct config *config = read_good(LINKED("    grow { max_nodes = 20 }\n    shrink { }"));
    const struct pool_config *pool = &config->regions[0].model.pools[0];
    assert_int_equal(pool->join_within_ms, JOIN_WITHIN_MS);
    assert_true(pool->shrinks);
    assert_int_equal(pool->min_nodes, 0);
    assert_int_equal(pool->idle_after_ms, IDLE_AFTER_MS);
    assert_int_equal(pool->drain_deadline_ms, DRAIN_DEADLINE_MS);
    assert_int_equal(pool->nodes_an_hour, NODES_AN_HOUR);
    config_free(config);
    config = read_good(REGION("a", POOL("p", "")) ACCOUNT);
    pool = &config->regions[0].model.pools[0];
    assert_string_equal(pool->provider_pool, "");
    assert_false(pool->shrinks);
    assert_int_equal(pool->grow_to, 0);
    config_free(config);
}

static void test_a_linked_pool_may_leave_its_price_to_the_account(void **state)
{
    (void)state;
    struct config *config =
        read_good(LINKED("    price {\n      market = \"spot\"\n      adjustment \"tax\" { percent = \"19\" }\n    }"));
    const struct pool_config *pool = &config->regions[0].model.pools[0];
    assert_false(pool->priced);
    assert_int_equal(pool->price.market, MARKET_SPOT);
    assert_int_equal(pool->price.adjustment_count, 1);
    assert_int_equal(pool->price.adjustments[0].percent_millionths, 190000);
    config_free(config);
}

/* Accounts are looked for when all is read, in whatever order and file they stand. */
static void test_the_same_name_of_a_pool_at_two_accounts_is_two_pools(void **state)
{
    (void)state;
    struct config *config =
        read_good("region \"b\" {\n  provider = \"other\"\n  nomad { address = \"http://h:1\" }\n" POOL(
            "p", "    provider_pool = \"asg\"") "\n}\n" LINKED("") "provider \"other\" { module = \"azure\" }\n");
    assert_int_equal(config->account_count, 2);
    assert_string_equal(config->regions[0].model.pools[0].provider_pool,
                        config->regions[1].model.pools[0].provider_pool);
    config_free(config);
}

/* --- accounts ----------------------------------------------------------------------------------------------------- */

static void test_an_account_is_asked_as_often_as_it_says(void **state)
{
    (void)state;
    struct config *config = read_good("provider \"main\" {\n  module = \"aws\"\n  look_every = \"30s\"\n"
                                      "  price_every = \"1h\"\n  memory_mib = 512\n  region = \"eu-central-1\"\n}\n"
                                      "provider \"second\" { module = \"onprem\" }\n");
    assert_int_equal(config->account_count, 2);
    assert_string_equal(config->accounts[0].name, "main");
    assert_string_equal(config->accounts[0].module, "aws");
    assert_string_equal(config->accounts[0].module_path, "");
    assert_int_equal(config->accounts[0].look_every_ms, 30 * 1000);
    assert_int_equal(config->accounts[0].price_every_ms, 3600 * 1000);
    assert_int_equal(config->accounts[0].memory_mib, 512);
    /* What is the agent's is not handed to the module. */
    assert_int_equal(config->accounts[0].settings.count, 1);
    assert_string_equal(config->accounts[0].settings.list[0].path, "region");
    assert_string_equal(config->accounts[0].settings.list[0].value, "eu-central-1");
    assert_int_equal(config->accounts[1].look_every_ms, 0);
    assert_int_equal(config->accounts[1].price_every_ms, 0);
    config_free(config);
}

/* --- money -------------------------------------------------------------------------------------------------------- */

static void test_a_currency_is_worth_dollars(void **state)
{
    (void)state;
    struct config *config = read_good("currency \"EUR\" { usd = \"1.08\" }\ncurrency \"JPY\" { usd = 0.0067 }\n");
    assert_int_equal(config->currency_count, 2);
    assert_string_equal(config->currencies[0].currency, "EUR");
    assert_int_equal(config->currencies[0].usd_per_unit_micro, 1080000);
    assert_string_equal(config->currencies[1].currency, "JPY");
    assert_int_equal(config->currencies[1].usd_per_unit_micro, 6700);
    config_free(config);
}

static void test_commitments_cover_pools_by_glob(void **state)
{
    (void)state;
    struct config *config = read_good(REGION("a", POOL("std", "")) ACCOUNT "commitment \"ri\" {\n"
                                                                           "  kind = \"reservation\"\n"
                                                                           "  pools = [\"nowhere/*\", \"*/std\"]\n"
                                                                           "  nodes = 4\n"
                                                                           "  usd_per_hour = \"0.05\"\n"
                                                                           "  ends = \"2027-01-31\"\n"
                                                                           "}\n"
                                                                           "commitment \"sp\" {\n"
                                                                           "  kind = \"savings-plan\"\n"
                                                                           "  pools = [\"a/*\"]\n"
                                                                           "  usd_per_hour = \"2\"\n"
                                                                           "  discount = \"30%\"\n"
                                                                           "  ends = \"2027-01-31T12:00:00Z\"\n"
                                                                           "}\n");
    assert_int_equal(config->commitment_count, 2);
    const struct commitment *reservation = &config->commitments[0], *plan = &config->commitments[1];
    assert_string_equal(reservation->name, "ri");
    assert_int_equal(reservation->kind, COMMITMENT_RESERVATION);
    assert_int_equal(reservation->nodes, 4);
    assert_int_equal(reservation->uusd_h, 50000);
    assert_int_equal(reservation->ends_ms, INT64_C(1801353600000));
    assert_true(commitment_covers(reservation, "a", "std"));
    assert_false(commitment_covers(reservation, "a", "big"));
    assert_int_equal(plan->kind, COMMITMENT_SAVINGS_PLAN);
    assert_int_equal(plan->nodes, 0);
    assert_int_equal(plan->uusd_h, 2000000);
    assert_int_equal(plan->discount_millionths, 300000);
    assert_int_equal(plan->ends_ms, INT64_C(1801396800000));
    assert_int_equal(commitment_machine_uusd_h(plan, 100001), 70001); /* rounded up */
    config_free(config);
}

/* A configuration without regions (one of several files, checked alone) has nothing that could be covered. */
static void test_without_regions_a_commitment_stands(void **state)
{
    (void)state;
    struct config *config =
        read_good("commitment \"ri\" {\n  kind = \"reservation\"\n  pools = [\"a/b\"]\n  nodes = 1\n"
                  "  usd_per_hour = \"0\"\n}\n");
    assert_int_equal(config->commitments[0].ends_ms, 0);
    assert_int_equal(config->commitments[0].uusd_h, 0);
    config_free(config);
}

/* --- faults ------------------------------------------------------------------------------------------------------- */

#define GROW(inner) LINKED("    grow {\n      max_nodes = 2\n      " inner "\n    }")
#define SHRINK(inner) LINKED("    shrink {\n      " inner "\n    }")
#define PROVIDER(inner) "provider \"main\" {\n  module = \"aws\"\n  " inner "\n}\n"
#define CURRENCY(name, inner) "currency \"" name "\" { " inner " }\n"
#define COMMITMENT(inner) REGION("a", POOL("p", "")) ACCOUNT "commitment \"c\" {\n  " inner "\n}\n"
#define PLAN(inner) COMMITMENT("kind = \"savings-plan\"\n  pools = [\"a/p\"]\n  " inner)
#define RESERVATION(inner) COMMITMENT("kind = \"reservation\"\n  pools = [\"a/p\"]\n  " inner)
#define NEEDS_NODES                                                                                                    \
    "a reservation needs nodes, the machines it covers, and usd_per_hour, what one of them costs; a discount is a "    \
    "savings-plan's"
#define NEEDS_DISCOUNT                                                                                                 \
    "a savings-plan needs usd_per_hour, what is committed to an hour in all, and discount; nodes are a reservation's"

static const struct {
    const char *text;
    const char *error;
} faults[] = {
    /* links */
    {REGION("a", POOL("p", "    provider_pool = \"asg\"")),
     "a.hcl:6:21: pool a/p names provider_pool \"asg\", but its region's provider \"main\" is no configured account; "
     "add provider \"main\" { module = \"...\" }"},
    {"region \"a\" {\n  nomad { address = \"http://h:1\" }\n" POOL("p", "    provider_pool = \"asg\"") "\n}\n" ACCOUNT,
     "a.hcl:5:21: pool a/p names provider_pool \"asg\", but its region's provider \"\" is no configured account; add "
     "provider \"NAME\" { module = \"...\" }"},
    {REGION("a", POOL("p", "    provider_pool = \"asg\"") "\n" POOL("q", "\n    provider_pool = \"asg\"")) ACCOUNT,
     "a.hcl:11:21: pools a/p and a/q name the same provider_pool \"asg\"; its machines can be in one only"},
    {LINKED("") REGION("b", POOL("p", "    provider_pool = \"asg\"")),
     "a.hcl:16:21: pools a/p and b/p name the same provider_pool \"asg\"; its machines can be in one only"},
    {REGION("a", POOL("p", "    provider_pool = \"\"")),
     "a.hcl:6:21: \"provider_pool\" is empty; give it a value or leave it out"},
    {REGION("a", POOL("p", "    provider_pool = 1")),
     "a.hcl:6:21: \"provider_pool\" in block pool \"p\" wants text in quotes, a number stands there; write "
     "provider_pool = \"...\""},
    /* grow and shrink */
    {LINKED("    grow { }"), "a.hcl:7:5: grow needs max_nodes, the most nodes the pool may come to have"},
    {LINKED("    grow { max_nodes = 0 }"), "a.hcl:7:24: \"max_nodes\" is 0; give a whole number from 1 to 100000"},
    {GROW("join_within = \"soon\""),
     "a.hcl:9:21: \"join_within\": \"soon\" is not a duration; write it as \"30s\", \"1m30s\", \"2h\" or \"500ms\""},
    {GROW("join_within = \"0s\""), "a.hcl:9:21: \"join_within\" is 0s; give a duration from 1s to 24h"},
    {GROW("join_within = \"25h\""), "a.hcl:9:21: \"join_within\" is 25h; give a duration from 1s to 24h"},
    {GROW("join_within = 60"), "a.hcl:9:21: \"join_within\" in block grow wants a duration in quotes, a number stands "
                               "there; write join_within = \"30s\""},
    {GROW("join_wthin = \"5m\""), "a.hcl:9:7: unknown argument \"join_wthin\" in block grow; did you mean "
                                  "\"join_within\"?"},
    {GROW("cpu_mhz = 1000"), "a.hcl:7:5: grow needs all of cpu_mhz, memory_mb and disk_mb, or none: then a new node is "
                             "taken to be like the pool's smallest ready one"},
    {REGION("a", POOL("p", "    shrink { }")) ACCOUNT,
     "a.hcl:6:5: shrink needs a provider_pool: whose machines are given back, and to which account?"},
    {SHRINK("min_nodes = -1"), "a.hcl:8:19: \"min_nodes\" is -1; give a whole number from 0 to 100000"},
    {SHRINK("idle_after = \"999ms\""), "a.hcl:8:20: \"idle_after\" is 999ms; give a duration from 1s to 8760h"},
    {SHRINK("drain_deadline = \"2d\""), "a.hcl:8:24: \"drain_deadline\" is 48h; give a duration from 1s to 24h"},
    {SHRINK("max_nodes_an_hour = 0"), "a.hcl:8:27: \"max_nodes_an_hour\" is 0; give a whole number from 1 to 1000"},
    {SHRINK("idle = \"5m\""), "a.hcl:8:7: unknown argument \"idle\" in block shrink; known here: min_nodes, "
                              "idle_after, drain_deadline, max_nodes_an_hour"},
    /* accounts */
    {PROVIDER("look_every = \"fast\""), "a.hcl:3:16: look_every wants a duration from \"1s\" to \"24h\""},
    {PROVIDER("look_every = \"500ms\""), "a.hcl:3:16: look_every wants a duration from \"1s\" to \"24h\""},
    {PROVIDER("look_every = \"\""), "a.hcl:3:16: look_every: text is wanted, an empty one stands there"},
    {PROVIDER("look_every = 30"), "a.hcl:3:16: look_every: text is wanted, a number stands there"},
    {PROVIDER("price_every = \"25h\""), "a.hcl:3:17: price_every wants a duration from \"1s\" to \"24h\""},
    {PROVIDER("price_every = \"-1h\""), "a.hcl:3:17: price_every wants a duration from \"1s\" to \"24h\""},
    {PROVIDER("memory_mib = 1"), "a.hcl:3:16: memory_mib is a whole number from 64 to 1048576"},
    {"provider \"main\" { }\n", "a.hcl:1:1: provider \"main\" needs a module: module = \"aws\""},
    {"provider \"main\" { module = \"../aws\" }\n",
     "a.hcl:1:28: a module's name is made of small letters, digits, \"-\" and \"_\""},
    {ACCOUNT ACCOUNT, "a.hcl:2:1: block provider \"main\" was given before, at a.hcl:1:1; remove one of the two"},
    /* currencies */
    {CURRENCY("euro", "usd = \"1\""),
     "a.hcl:1:1: a currency is named by its three letters, \"EUR\"; dollars need no rate"},
    {CURRENCY("eur", "usd = \"1\""),
     "a.hcl:1:1: a currency is named by its three letters, \"EUR\"; dollars need no rate"},
    {CURRENCY("USD", "usd = \"1\""),
     "a.hcl:1:1: a currency is named by its three letters, \"EUR\"; dollars need no rate"},
    {CURRENCY("EUR", ""), "a.hcl:1:1: currency \"EUR\" needs usd, the dollars for one of it: usd = \"1.08\""},
    {CURRENCY("EUR", "usd = \"0\""), "a.hcl:1:24: \"usd\" is 0.00; give an amount from 0.000001 to 1000000.00"},
    {CURRENCY("EUR", "usd = \"-1\""), "a.hcl:1:24: \"usd\" is -1.00; give an amount from 0.000001 to 1000000.00"},
    {CURRENCY("EUR", "usd = \"1.0000001\""),
     "a.hcl:1:24: \"usd\": \"1.0000001\" has more than six decimals; a micro-dollar is the smallest"},
    {CURRENCY("EUR", "rate = \"1\""),
     "a.hcl:1:18: unknown argument \"rate\" in block currency \"EUR\"; known here: usd"},
    {CURRENCY("EUR", "usd = \"1\"") CURRENCY("EUR", "usd = \"2\""),
     "a.hcl:2:1: block currency \"EUR\" was given before, at a.hcl:1:1; remove one of the two"},
    /* commitments: the block begins on the tenth line */
    {COMMITMENT("pools = [\"a/p\"]"), "a.hcl:10:1: a commitment needs kind: \"reservation\" or \"savings-plan\""},
    {COMMITMENT("kind = \"gift\""), "a.hcl:11:10: \"kind\" must be one of \"reservation\", \"savings-plan\""},
    {COMMITMENT("kind = \"reservation\"\n  nodes = 1\n  usd_per_hour = \"1\""),
     "a.hcl:10:1: a commitment needs pools: pools = [\"frankfurt/std\"], globs allowed"},
    {COMMITMENT("kind = \"reservation\"\n  pools = []\n  nodes = 1\n  usd_per_hour = \"1\""),
     "a.hcl:10:1: a commitment needs pools: pools = [\"frankfurt/std\"], globs allowed"},
    {COMMITMENT("kind = \"reservation\"\n  pools = [\"a/q\", \"b/*\"]\n  nodes = 1\n  usd_per_hour = \"1\""),
     "a.hcl:12:11: commitment \"c\" covers no configured pool; write REGION/POOL, globs allowed"},
    {RESERVATION("usd_per_hour = \"1\""), "a.hcl:10:1: " NEEDS_NODES},
    {RESERVATION("nodes = 1"), "a.hcl:10:1: " NEEDS_NODES},
    {RESERVATION("nodes = 1\n  usd_per_hour = \"1\"\n  discount = \"5%\""), "a.hcl:10:1: " NEEDS_NODES},
    {RESERVATION("nodes = 0"), "a.hcl:13:11: \"nodes\" is 0; give a whole number from 1 to 1000000"},
    {PLAN("discount = \"5%\""), "a.hcl:10:1: " NEEDS_DISCOUNT},
    {PLAN("usd_per_hour = \"1\""), "a.hcl:10:1: " NEEDS_DISCOUNT},
    {PLAN("usd_per_hour = \"1\"\n  discount = \"5%\"\n  nodes = 2"), "a.hcl:10:1: " NEEDS_DISCOUNT},
    {PLAN("usd_per_hour = \"1\"\n  discount = \"101%\""),
     "a.hcl:14:14: \"discount\" wants a share from \"1%\" to \"100%\""},
    {PLAN("usd_per_hour = \"-1\""),
     "a.hcl:13:18: \"usd_per_hour\" is -1.00; give an amount from 0.00 to 17592186.044416"},
    {PLAN("ends = \"soon\""), "a.hcl:13:10: \"ends\" wants a day as 2027-01-31 or a moment as 2027-01-31T12:00:00Z"},
    {PLAN("ends = \"2027-02-30\""),
     "a.hcl:13:10: \"ends\" wants a day as 2027-01-31 or a moment as 2027-01-31T12:00:00Z"},
    {"commitment \"a/b\" { kind = \"reservation\" }\n",
     "a.hcl:1:1: the name of a commitment is 1 to 128 letters, digits, \"-\", \"_\" and \".\""},
    {PLAN("usd_per_hour = \"1\"\n  discount = \"5%\"") "commitment \"c\" {\n}\n",
     "a.hcl:16:1: block commitment \"c\" was given before, at a.hcl:10:1; remove one of the two"},
};

static void test_each_fault_has_one_clear_error(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct error error = {0};
        struct config *config = read_text(faults[i].text, &error);
        if (config != NULL || strcmp(error.text, faults[i].error) != 0 || error.code != ERROR_INVALID) {
            print_error("%s\n  expected: %s\n  came:     %s\n", faults[i].text, faults[i].error,
                        config != NULL ? "(read without an error)" : error.text);
            wrong++;
        }
        config_free(config);
    }
    assert_int_equal(wrong, 0);
}

/* The place is that of the second file. */
static void test_a_fault_is_told_with_its_own_file(void **state)
{
    (void)state;
    struct config_source sources[] = {
        {.name = "1.hcl", .bytes = LINKED(""), .length = strlen(LINKED(""))},
        {.name = "2.hcl",
         .bytes = REGION("b", POOL("p", "    provider_pool = \"asg\"")),
         .length = strlen(REGION("b", POOL("p", "    provider_pool = \"asg\"")))},
    };
    struct error error;
    assert_null(config_read_sources(sources, 2, &error));
    assert_string_equal(
        error.text,
        "2.hcl:6:21: pools a/p and b/p name the same provider_pool \"asg\"; its machines can be in one only");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_linked_pool_says_what_it_may_do),
        cmocka_unit_test(test_what_is_not_said_of_a_linked_pool_has_its_default),
        cmocka_unit_test(test_a_linked_pool_may_leave_its_price_to_the_account),
        cmocka_unit_test(test_the_same_name_of_a_pool_at_two_accounts_is_two_pools),
        cmocka_unit_test(test_an_account_is_asked_as_often_as_it_says),
        cmocka_unit_test(test_a_currency_is_worth_dollars),
        cmocka_unit_test(test_commitments_cover_pools_by_glob),
        cmocka_unit_test(test_without_regions_a_commitment_stands),
        cmocka_unit_test(test_each_fault_has_one_clear_error),
        cmocka_unit_test(test_a_fault_is_told_with_its_own_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
