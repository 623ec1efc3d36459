/* links: provider_azure provider_replay provider_host provider_sdk net base openssl cmocka */
/* Retail prices: of rows that look alike the one that is meant, or none. */
#include "tests/unit/azure_common.h"

#include "providers/azure/prices.h"

#define NOW_US INT64_C(1795348800000000) /* 2026-11-22T12:00:00Z */

struct change {
    const char *key, *value; /* a member of a row as JSON text, instead of the usual one */
};

/* One row: an on-demand Linux price of 0.12 but for what is changed. */
static json_t *row(const char *price, const struct change *changes, size_t count)
{
    char text[2048];
    snprintf(text, sizeof text,
             "{\"currencyCode\":\"USD\",\"tierMinimumUnits\":0.0,\"retailPrice\":%s,\"armRegionName\":\"westeurope\","
             "\"effectiveStartDate\":\"2024-01-01T00:00:00Z\",\"productName\":\"Virtual Machines DSv3 Series\","
             "\"skuName\":\"D2s v3\",\"serviceName\":\"Virtual Machines\",\"unitOfMeasure\":\"1 Hour\","
             "\"type\":\"Consumption\",\"isPrimaryMeterRegion\":true,\"armSkuName\":\"Standard_D2s_v3\"}",
             price);
    json_t *object = json_loads(text, 0, NULL);
    assert_non_null(object);
    for (size_t i = 0; i < count; i++)
        json_object_set_new(object, changes[i].key, json_loads(changes[i].value, JSON_DECODE_ANY, NULL));
    return object;
}

static struct azure_prices wanted(void)
{
    return (struct azure_prices){
        .region = "westeurope", .size = "Standard_D2s_v3", .currency = "USD", .now_us = NOW_US};
}

static bool take(struct azure_prices *prices, const char *price, const struct change *changes, size_t count)
{
    struct error error = {0};
    json_t *object = row(price, changes, count);
    bool good = azure_prices_take(prices, &(struct sdk_json_at){.value = object, .path = ""}, &error);
    json_decref(object);
    return good;
}

#define TAKE(prices, price, ...)                                                                                       \
    take(prices, price, (const struct change[]){__VA_ARGS__},                                                          \
         sizeof((const struct change[]){__VA_ARGS__}) / sizeof(struct change))

static int64_t hourly(const struct azure_prices *prices, enum azure_price_kind kind)
{
    int64_t micro = -1;
    return azure_price_hourly(prices, kind, &micro) ? micro : -1;
}

static const struct change traps[] = {
    {"productName", "\"Virtual Machines DSv3 Series Windows\""},
    {"productName", "\"DSv3 Series CloudServices\""},
    {"skuName", "\"D2s v3 Low Priority\""},
    {"meterName", "\"D2 v3/D2s v3 Low Priority\""},
    {"type", "\"DevTestConsumption\""},
    {"type", "\"Other\""},
    {"effectiveStartDate", "\"2099-01-01T00:00:00Z\""},
    {"serviceName", "\"Azure Dedicated Host\""},
    {"armRegionName", "\"northeurope\""},
    {"armSkuName", "\"Standard_D4s_v3\""},
    {"armSkuName", "\"\""},
    {"currencyCode", "\"EUR\""},
    {"unitOfMeasure", "\"1/Month\""},
    {"tierMinimumUnits", "100.0"},
};

static void test_fault_11_rows_of_another_kind_alone_give_no_price(void **state)
{
    struct azure_prices prices = wanted();
    (void)state;
    for (size_t i = 0; i < sizeof traps / sizeof traps[0]; i++)
        assert_true(take(&prices, "0.01", &traps[i], 1));
    for (int kind = 0; kind < AZURE_PRICE_KINDS; kind++)
        assert_int_equal(hourly(&prices, (enum azure_price_kind)kind), -1);
}

static void test_fault_11_right_row_is_found_among_all_the_others_in_any_order(void **state)
{
    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        struct azure_prices prices = wanted();
        if (turn == 0)
            assert_true(take(&prices, "0.12", NULL, 0));
        for (size_t i = 0; i < sizeof traps / sizeof traps[0]; i++)
            assert_true(take(&prices, "0.01", &traps[i], 1));
        assert_true(TAKE(&prices, "0.5", {"effectiveStartDate", "\"2019-01-01T00:00:00Z\""}));
        assert_true(TAKE(&prices, "0.9", {"isPrimaryMeterRegion", "false"},
                         {"effectiveStartDate", "\"2025-01-01T00:00:00Z\""}));
        assert_true(TAKE(&prices, "0.0241", {turn == 0 ? "skuName" : "meterName", "\"D2s v3 Spot\""}));
        if (turn == 1)
            assert_true(take(&prices, "0.12", NULL, 0));
        assert_int_equal(hourly(&prices, AZURE_PRICE_ON_DEMAND), 120000);
        assert_int_equal(hourly(&prices, AZURE_PRICE_SPOT), 24100);
    }
}

static void test_fault_11_zero_is_no_price_and_two_at_once_are_none(void **state)
{
    struct azure_prices prices = wanted();
    (void)state;
    assert_true(take(&prices, "0", NULL, 0));
    assert_true(take(&prices, "0.0", NULL, 0));
    assert_true(take(&prices, "-1", NULL, 0));
    assert_int_equal(hourly(&prices, AZURE_PRICE_ON_DEMAND), -1);
    assert_int_equal(prices.zeroes, 3);
    assert_true(take(&prices, "0.12", NULL, 0));
    assert_true(take(&prices, "0.12", NULL, 0));
    assert_int_equal(hourly(&prices, AZURE_PRICE_ON_DEMAND), 120000);
    assert_true(take(&prices, "0.13", NULL, 0));
    assert_int_equal(hourly(&prices, AZURE_PRICE_ON_DEMAND), -1);
}

static void test_reservation_is_the_whole_term_over_its_hours_rounded_up(void **state)
{
    struct azure_prices prices = wanted();
    (void)state;
    assert_true(TAKE(&prices, "25007.0", {"type", "\"Reservation\""}, {"reservationTerm", "\"1 Year\""}));
    assert_true(TAKE(&prices, "48000", {"type", "\"Reservation\""}, {"reservationTerm", "\"3 Years\""}));
    assert_true(TAKE(&prices, "9", {"type", "\"Reservation\""}, {"reservationTerm", "\"5 Years\""}));
    assert_int_equal(hourly(&prices, AZURE_PRICE_RESERVED_1), 2854681);
    assert_int_equal(hourly(&prices, AZURE_PRICE_RESERVED_3), 1826485);
    assert_int_equal(hourly(&prices, AZURE_PRICE_ON_DEMAND), -1);
}

static void test_row_that_cannot_be_read_is_an_error(void **state)
{
    struct azure_prices prices = wanted();
    (void)state;
    assert_false(TAKE(&prices, "0.1", {"effectiveStartDate", "\"yesterday\""}));
    assert_false(TAKE(&prices, "0.1", {"retailPrice", "\"much\""}));
    assert_false(TAKE(&prices, "0.1", {"type", "7"}));
}

#define PRICES                                                                                                         \
    "https://prices.azure.com/api/retail/prices?api-version=2023-01-01-preview&currencyCode=%27USD%27&$filter=*"
#define PAGE(items, next) "{\"BillingCurrency\":\"USD\",\"Items\":[" items "],\"NextPageLink\":" next "}"
#define ROW                                                                                                            \
    "{\"currencyCode\":\"USD\",\"tierMinimumUnits\":0.0,\"retailPrice\":0.12,\"armRegionName\":\"westeurope\","        \
    "\"effectiveStartDate\":\"2024-01-01T00:00:00Z\",\"productName\":\"Virtual Machines DSv3 Series\","                \
    "\"skuName\":\"D2s v3\",\"serviceName\":\"Virtual Machines\",\"unitOfMeasure\":\"1 Hour\","                        \
    "\"type\":\"Consumption\",\"armSkuName\":\"Standard_D2s_v3\"}"

static struct replay *start_offers(const char *hcl)
{
    char one[1024], answer[1400];
    struct replay *replay = azure_start(hcl);
    expect_token(replay);
    set_body(one, sizeof one, 1, "Succeeded", "e1");
    snprintf(answer, sizeof answer, "{\"value\":[%s]}", one);
    replay_exchange(replay, "GET", BASE "/providers/*", NULL, 200, NULL, answer);
    return replay;
}

static void test_offers_follow_pages_of_the_same_host_with_the_port_spelt_out_and_carry_no_token(void **state)
{
    (void)state;
    struct replay *replay = start_offers(NULL);
    replay_exchange(replay, "GET", PRICES, NULL, 200, NULL,
                    PAGE("", "\"https://prices.azure.com:443/api/retail/prices?$skip=100\""));
    replay_exchange(replay, "GET", "https://prices.azure.com:443/api/retail/prices?$skip=100", NULL, 200, NULL,
                    PAGE(ROW, "null"));
    replay_exchange(replay, "GET", PRICES, NULL, 200, NULL, PAGE("", "null"));
    assert_int_equal(replay_call(replay, "offers"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->offers_count, 1);
    assert_int_equal(replay_results(replay)->offers[0].price_micro_h, 120000);
    assert_string_equal(replay_results(replay)->offers[0].source, "azure:retail");
    for (size_t i = 2; i < replay_requests(replay); i++)
        assert_null(strstr(replay_request(replay, i), "Authorization"));
    assert_non_null(strstr(replay_request(replay, 2), "serviceName%20eq%20%27Virtual%20Machines%27"));
    azure_end(replay);
}

static void test_fault_11_list_that_goes_astray_leaves_the_price_unknown_and_the_others_known(void **state)
{
    static const char *const answers[] = {PAGE("", "\"https://evil.example/x\""), PAGE("", "7"), "<html>",
                                          "{\"BillingCurrency\":\"EUR\",\"Items\":[]}", PAGE("{\"type\":7}", "null")};
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct replay *replay = start_offers("regions = [\"westeurope\"]\ninstance_types = [\"Standard_A1\"]\n");
        replay_exchange(replay, "GET", PRICES, NULL, 200, NULL, answers[i]);
        replay_exchange(replay, "GET", PRICES, NULL, 200, NULL, PAGE(ROW, "null"));
        replay_exchange(replay, "GET", PRICES, NULL, 200, NULL, PAGE("", "null"));
        assert_int_equal(replay_call(replay, "offers"), PROVIDER_OK);
        assert_int_equal(replay_results(replay)->offers_count, 1);
        assert_non_null(strstr(replay_log(replay), "stays unknown"));
        azure_end(replay);
    }
}

static void test_fault_11_throttled_list_says_when_to_come_again(void **state)
{
    (void)state;
    struct replay *replay = start_offers(NULL);
    replay_exchange(replay, "GET", PRICES, NULL, 429, "Retry-After: 90\n", "");
    assert_int_equal(replay_call(replay, "offers"), PROVIDER_THROTTLED);
    assert_true(replay_error(replay)->retry_at_us >= replay_now(replay) + 89 * SECOND);
    assert_int_equal(replay_results(replay)->offers_count, 0);
    azure_end(replay);
}

static void test_cloud_without_a_list_has_no_offers(void **state)
{
    (void)state;
    struct replay *replay = azure_start("cloud = \"china\"\n");
    assert_int_equal(replay_call(replay, "offers"), PROVIDER_OK);
    assert_int_equal(replay_requests(replay), 0);
    assert_non_null(strstr(replay_log(replay), "no prices are published"));
    azure_end(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fault_11_rows_of_another_kind_alone_give_no_price),
        cmocka_unit_test(test_fault_11_right_row_is_found_among_all_the_others_in_any_order),
        cmocka_unit_test(test_fault_11_zero_is_no_price_and_two_at_once_are_none),
        cmocka_unit_test(test_reservation_is_the_whole_term_over_its_hours_rounded_up),
        cmocka_unit_test(test_row_that_cannot_be_read_is_an_error),
        cmocka_unit_test(test_offers_follow_pages_of_the_same_host_with_the_port_spelt_out_and_carry_no_token),
        cmocka_unit_test(test_fault_11_list_that_goes_astray_leaves_the_price_unknown_and_the_others_known),
        cmocka_unit_test(test_fault_11_throttled_list_says_when_to_come_again),
        cmocka_unit_test(test_cloud_without_a_list_has_no_offers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
