/* links: agent api core federation placement store sim_serve sim_engine model net base */
/* Price lists: which row prices which pool, and the one error for each fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/money.h"
#include "controller/agent/config.h"

/* 2026-07-01T00:00:00Z */
#define NOW_MS INT64_C(1782864000000)
#define HEADER "region,instance_type,market,usd_per_hour,valid_from\n"

static const char regions[] = "catalogue { file = \"prices.csv\" }\n"
                              "region \"a\" {\n"
                              "  nomad { address = \"http://h:4646\" }\n"
                              "  pool \"plain\" {\n"
                              "    select { node_class = \"plain\" }\n"
                              "    instance_type = \"m5.large\"\n"
                              "  }\n"
                              "  pool \"spot\" {\n"
                              "    select { node_class = \"spot\" }\n"
                              "    instance_type = \"m5.large\"\n"
                              "    price {\n"
                              "      market = \"spot\"\n"
                              "      adjustment \"discount\" { percent = \"-10\" }\n"
                              "    }\n"
                              "  }\n"
                              "  pool \"own\" {\n"
                              "    select { node_class = \"own\" }\n"
                              "    instance_type = \"m5.large\"\n"
                              "    price { usd_per_hour = \"1\" }\n"
                              "  }\n"
                              "}\n";

static struct config *read_regions(void)
{
    struct config_source source = {.name = "a.hcl", .bytes = regions, .length = strlen(regions)};
    struct error error;
    struct config *config = config_read_sources(&source, 1, &error);
    if (config == NULL) {
        fail_msg("%s", error.text);
    }
    return config;
}

static const struct pool_config *pool(const struct config *config, size_t place)
{
    return &config->regions[0].model.pools[place];
}

static struct config *apply(const char *csv)
{
    struct config *config = read_regions();
    struct error error;
    if (!config_apply_catalogue(config, "p.csv", csv, strlen(csv), NOW_MS, &error)) {
        fail_msg("%s", error.text);
    }
    return config;
}

static void test_a_row_prices_the_pools_without_a_price(void **state)
{
    (void)state;
    struct config *config = apply(HEADER "a,m5.large,on-demand,0.096,\n"
                                         "a,m5.large,spot,0.04,\n"
                                         "b,m5.large,on-demand,9,\n");
    assert_int_equal(pool(config, 0)->price.effective_uusd_h, 96000);
    assert_string_equal(pool(config, 0)->price.source, "catalogue");
    assert_int_equal(pool(config, 1)->price.list_uusd_h, 40000);
    assert_int_equal(pool(config, 1)->price.effective_uusd_h, 36000);
    assert_int_equal(pool(config, 1)->price.marginal_uusd_h, 36000);
    assert_int_equal(pool(config, 2)->price.effective_uusd_h, MONEY_UUSD_PER_USD);
    assert_string_equal(pool(config, 2)->price.source, "config");
    config_free(config);
}

static void test_a_pool_without_a_row_stays_unpriced(void **state)
{
    (void)state;
    struct config *config = apply(HEADER "a,m5.xlarge,on-demand,0.2,\n");
    assert_false(pool(config, 0)->priced);
    assert_false(pool(config, 1)->priced);
    config_free(config);
}

static void test_the_latest_row_that_is_already_valid_wins(void **state)
{
    (void)state;
    struct config *config = apply(HEADER "a,m5.large,on-demand,3,2026-06-01T12:00:00Z\n"
                                         "a,m5.large,on-demand,1,\n"
                                         "a,m5.large,on-demand,2,2026-05-01\n"
                                         "a,m5.large,on-demand,4,2026-07-02\n");
    assert_int_equal(pool(config, 0)->price.list_uusd_h, 3 * MONEY_UUSD_PER_USD);
    config_free(config);
}

static void test_columns_stand_in_any_order(void **state)
{
    (void)state;
    struct config *config = apply("usd_per_hour,market,region,instance_type\r\n0.5,on-demand,a,m5.large\r\n");
    assert_int_equal(pool(config, 0)->price.list_uusd_h, 500000);
    config_free(config);
}

static const struct {
    const char *csv, *error;
} faults[] = {
    {"", "p.csv:1:1: the file is empty; begin it with a header row"},
    {"region,instance_type,market\n", "p.csv:1:1: the first line names no column usd_per_hour; wanted are "
                                      "region,instance_type,market,usd_per_hour and perhaps valid_from"},
    {"region,instance_type,market,usd_per_hour,currency\n", "p.csv:1:42: unknown column \"currency\""},
    {"region,instance_type,market,usd_per_hour,valid_form\n",
     "p.csv:1:42: unknown column \"valid_form\"; did you mean \"valid_from\"?"},
    {HEADER "a,m5.large,on-demand\n", "p.csv:2:1: the row has 3 fields and the header 5; make them equal"},
    {HEADER "a,m5.large,ondemand,0.1,\n", "p.csv:2:12: market is one of on-demand, spot, reserved, owned"},
    {HEADER "a,m5.large,on-demand,-0.1,\n", "p.csv:2:22: usd_per_hour is negative"},
    {HEADER "a,m5.large,on-demand,99999999,\n", "p.csv:2:22: usd_per_hour is absurd; is the unit right?"},
    {HEADER "a,m5.large,on-demand,cheap,\n",
     "p.csv:2:22: usd_per_hour: \"cheap\" is not an amount of money; write decimal text such as \"0.096\""},
    {HEADER "a,m5.large,on-demand,0.1,yesterday\n",
     "p.csv:2:26: valid_from wants a day as 2026-01-31 or a moment as 2026-01-31T12:00:00Z"},
    {HEADER "a,m5.large,on-demand,0.1,\na,m5.large,on-demand,0.2,\n",
     "p.csv:3:22: an earlier row gives another price for the same region, type, market and date"},
    {HEADER "a,\"m5.large,on-demand,0.1,\n",
     "p.csv:2:3: the quoted field that begins here has no closing quote; add it"},
    {HEADER "a,m5.\xfflarge,on-demand,0.1,\n", "p.csv:2:6: the bytes here are not UTF-8; save the file as UTF-8"},
};

static void test_each_fault_has_one_clear_error(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct config *config = read_regions();
        struct error error = {0};
        bool ok = config_apply_catalogue(config, "p.csv", faults[i].csv, strlen(faults[i].csv), NOW_MS, &error);
        if (ok || strcmp(error.text, faults[i].error) != 0) {
            print_error("%s\n  expected: %s\n  came:     %s\n", faults[i].csv, faults[i].error,
                        ok ? "(read without an error)" : error.text);
            wrong++;
        }
        config_free(config);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_row_prices_the_pools_without_a_price),
        cmocka_unit_test(test_a_pool_without_a_row_stays_unpriced),
        cmocka_unit_test(test_the_latest_row_that_is_already_valid_wins),
        cmocka_unit_test(test_columns_stand_in_any_order),
        cmocka_unit_test(test_each_fault_has_one_clear_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
