/* links: provider_azure provider_replay provider_host provider_sdk net base openssl cmocka */
/* Regions, sizes, quotas and permissions: what an account has and may do. */
#include "tests/unit/azure_common.h"

#include "providers/azure/sizes.h"

static json_t *size_with(const char *restrictions, const char *capabilities)
{
    char text[2048];
    snprintf(text, sizeof text,
             "{\"resourceType\":\"virtualMachines\",\"name\":\"Standard_X\",\"family\":\"StandardXFamily\","
             "\"locationInfo\":[{\"location\":\"westeurope\",\"zones\":[\"1\",\"2\"]}],\"restrictions\":[%s],"
             "\"capabilities\":[%s]}",
             restrictions, capabilities);
    json_t *value = json_loads(text, 0, NULL);
    assert_non_null(value);
    return value;
}

#define ZONES(list) "{\"type\":\"Zone\",\"reasonCode\":\"QuotaId\",\"restrictionInfo\":{\"zones\":[" list "]}}"

static void test_restriction_of_the_place_bans_a_size_and_one_of_zones_only_when_none_is_left(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {ZONES("\"1\""), ""},
        {ZONES("\"1\"") "," ZONES("\"2\""), "in no zone of westeurope"},
        {"{\"type\":\"Location\",\"reasonCode\":\"NotAvailableForSubscription\"}", "NotAvailableForSubscription"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct azure_size size;
        struct error error = {0};
        json_t *value = size_with(cases[i][0], "");
        assert_true(azure_size_read(&(struct sdk_json_at){.value = value, .path = ""}, "westeurope", &size, &error));
        assert_string_equal(size.restriction, cases[i][1]);
        assert_string_equal(size.quota, "standardxfamily");
        azure_size_release(&size);
        json_decref(value);
    }
}

static void test_entry_of_another_region_is_not_taken_for_one_of_this(void **state)
{
    static const char *const places[][2] = {
        {"[\"West Europe\"]", "1"}, {"[\"eastus\",\"westeurope\"]", "1"}, {"[\"eastus\"]", "0"}, {"[7]", "0"}};
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct azure_size size;
        struct error error = {0};
        json_t *value = size_with("", "");
        json_object_set_new(value, "locations", json_loads(places[i][0], 0, NULL));
        assert_true(azure_size_read(&(struct sdk_json_at){.value = value, .path = ""}, "westeurope", &size, &error));
        assert_int_equal(size.machine, places[i][1][0] == '1');
        azure_size_release(&size);
        json_decref(value);
    }
}

static void test_capabilities_are_text_and_what_is_missing_is_unknown_and_not_zero(void **state)
{
    struct azure_size size;
    struct error error = {0};
    (void)state;
    json_t *value =
        size_with("", "{\"name\":\"vCPUs\",\"value\":\"8\"},{\"name\":\"vCPUsAvailable\",\"value\":\"2\"},"
                      "{\"name\":\"MemoryGB\",\"value\":\"0.75\"},{\"name\":\"LowPriorityCapable\",\"value\":"
                      "\"True\"},{\"name\":\"CpuArchitectureType\",\"value\":\"Arm64\"}");
    assert_true(azure_size_read(&(struct sdk_json_at){.value = value, .path = ""}, "westeurope", &size, &error));
    assert_int_equal(size.vcpus, 2);
    assert_int_equal(size.memory_mib, 768);
    assert_true(size.disk_mib == PROVIDER_UNSET);
    assert_true(size.spot);
    assert_string_equal(size.architecture, "arm64");
    azure_size_release(&size);
    json_decref(value);
    value = size_with("", "{\"name\":\"MemoryGB\",\"value\":\"much\"}");
    assert_true(azure_size_read(&(struct sdk_json_at){.value = value, .path = ""}, "westeurope", &size, &error));
    assert_true(size.vcpus == PROVIDER_UNSET && size.memory_mib == PROVIDER_UNSET);
    azure_size_release(&size);
    json_decref(value);
}

static void test_regions_tell_which_zone_is_which_building(void **state)
{
    (void)state;
    struct replay *replay = azure_start("regions = [\"West Europe\"]\n");
    expect_token(replay);
    replay_exchange(replay, "GET", BASE "/locations?api-version=2022-12-01", NULL, 200, NULL,
                    "{\"value\":[{\"name\":\"eastus\"},{\"name\":\"westeurope\",\"displayName\":\"West Europe\","
                    "\"availabilityZoneMappings\":[{\"logicalZone\":\"1\",\"physicalZone\":\"westeurope-az3\"}]}]}");
    replay_exchange(replay, "GET", BASE "/providers/Microsoft.Compute/skus?*location%20eq%20%27westeurope%27", NULL,
                    200, NULL, "{\"value\":[{\"resourceType\":\"disks\"}]}");
    assert_int_equal(replay_call(replay, "describe"), PROVIDER_OK);
    const struct provider_records *results = replay_results(replay);
    assert_int_equal(results->regions_count, 1);
    assert_string_equal(results->regions[0].name, "West Europe");
    assert_string_equal(results->regions[0].zone_ids[0], "westeurope-az3");
    assert_int_equal(results->instance_types_count, 0);
    azure_end(replay);
}

static void test_quotas_count_processors_and_machines_by_names_in_lower_case(void **state)
{
    (void)state;
    struct replay *replay = azure_start("regions = [\"westeurope\"]\n");
    expect_token(replay);
    replay_exchange(replay, "GET", BASE "/providers/Microsoft.Compute/locations/westeurope/usages?*", NULL, 200, NULL,
                    "{\"value\":[{\"name\":{\"value\":\"StandardXFamily\"},\"currentValue\":4,\"limit\":10},"
                    "{\"name\":{\"value\":\"virtualMachines\"},\"currentValue\":2,\"limit\":25000},"
                    "{\"name\":{\"value\":\"PremiumDiskCount\"},\"currentValue\":1,\"limit\":50000}]}");
    assert_int_equal(replay_call(replay, "quotas"), PROVIDER_OK);
    const struct provider_records *results = replay_results(replay);
    assert_int_equal(results->quotas_count, 2);
    assert_string_equal(results->quotas[0].name, "standardxfamily");
    assert_string_equal(results->quotas[0].unit, "vcpus");
    assert_int_equal(results->quotas[0].used, 4);
    assert_string_equal(results->quotas[1].unit, "instances");
    azure_end(replay);
}

static void test_check_says_of_writes_what_azure_grants_without_doing_them(void **state)
{
    static const char *const grants[][2] = {
        {"{\"value\":[{\"actions\":[\"*\"],\"notActions\":[]}]}", "11"},
        {"{\"value\":[{\"actions\":[\"*/read\"]}]}", "00"},
        {"{\"value\":[{\"actions\":[\"microsoft.compute/virtualmachinescalesets/*\"],\"notActions\":[\"*/DELETE/"
         "action\"]}]}",
         "10"},
        {"{\"value\":[{\"actions\":[\"*/read\"]},{\"actions\":[\"Microsoft.Compute/*/delete/action\"]}]}", "01"}};
    (void)state;
    for (size_t i = 0; i < sizeof grants / sizeof grants[0]; i++) {
        char one[1024], list[1400];
        struct replay *replay = azure_start(NULL);
        snprintf(list, sizeof list, "{\"value\":[%s]}", set_body(one, sizeof one, 1, "Succeeded", "e1"));
        expect_token(replay);
        for (int k = 0; k < 3; k++)
            replay_exchange(replay, "GET", NULL, NULL, 200, NULL, "{}");
        replay_exchange(replay, "GET", BASE "/providers/Microsoft.Compute/virtualMachineScaleSets*", NULL, 200, NULL,
                        list);
        for (int k = 0; k < 3; k++)
            replay_exchange(replay, "GET", NULL, NULL, 200, NULL, "{}");
        for (int k = 0; k < 2; k++)
            replay_exchange(replay, "GET", BASE "/resourceGroups/RG1/providers/Microsoft.Authorization/permissions?*",
                            NULL, 200, NULL, grants[i][0]);
        assert_int_equal(replay_call(replay, "check"), PROVIDER_OK);
        const struct provider_records *results = replay_results(replay);
        assert_int_equal(results->permissions_count, 9);
        for (size_t k = 0; k < 2; k++) {
            assert_true(results->permissions[7 + k].writes);
            assert_int_equal(results->permissions[7 + k].allowed, grants[i][1][k] == '1');
        }
        azure_end(replay);
    }
}

static void test_check_goes_on_after_a_refusal_and_ends_at_refused_credentials(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    for (int k = 0; k < 4; k++)
        replay_exchange(replay, "GET", NULL, NULL, 403, NULL, "{\"error\":{\"code\":\"AuthorizationFailed\"}}");
    assert_int_equal(replay_call(replay, "check"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->permissions_count, 4);
    assert_false(replay_results(replay)->permissions[1].allowed);
    azure_end(replay);
    replay = azure_start(NULL);
    replay_exchange(replay, "POST", TOKEN_URL, NULL, 401, NULL, "{\"error\":\"invalid_client\"}");
    assert_int_equal(replay_call(replay, "check"), PROVIDER_AUTH);
    assert_int_equal(replay_results(replay)->permissions_count, 0);
    azure_end(replay);
}

/* What was not asked is neither allowed nor refused. */
static void test_check_that_cannot_ask_says_so_instead_of_refused(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    for (int k = 0; k < 4; k++)
        replay_exchange(replay, "GET", NULL, NULL, 503, NULL, "");
    assert_int_equal(replay_call(replay, "check"), PROVIDER_RETRY);
    assert_int_equal(replay_results(replay)->permissions_count, 1);
    azure_end(replay);
}

static void test_check_whose_writes_cannot_be_asked_about_says_so_in_one_bounded_line(void **state)
{
    char one[1024], list[1400], long_text[1400];
    (void)state;
    struct replay *replay = azure_start(NULL);
    snprintf(list, sizeof list, "{\"value\":[%s]}", set_body(one, sizeof one, 1, "Succeeded", "e1"));
    memset(one, 'x', 900);
    one[900] = '\0';
    snprintf(long_text, sizeof long_text, "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"%s\"}}", one);
    expect_token(replay);
    for (int k = 0; k < 7; k++)
        replay_exchange(replay, "GET", NULL, NULL, 200, NULL, k == 3 ? list : "{\"value\":[]}");
    for (int k = 0; k < 2; k++)
        replay_exchange(replay, "GET", BASE "*/permissions?*", NULL, 403, NULL, long_text);
    assert_int_equal(replay_call(replay, "check"), PROVIDER_OK);
    const struct provider_records *results = replay_results(replay);
    assert_int_equal(results->permissions_count, 9);
    assert_true(results->permissions[8].allowed);
    assert_non_null(strstr(results->permissions[8].trouble, "cannot be tried without doing it"));
    azure_end(replay);
}

static void test_check_without_a_scale_set_asks_about_writes_where_they_would_be(void **state)
{
    static const char *const places[][3] = {
        {"", BASE "/providers/Microsoft.Authorization/permissions?*", "not granted in the subscription"},
        {"resource_groups = [\"rg9\"]\n", BASE "/resourceGroups/rg9/providers/Microsoft.Authorization/permissions?*",
         "not granted in resource group rg9"}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct replay *replay = azure_start(places[i][0]);
        expect_token(replay);
        for (int k = 0; k < 4; k++)
            replay_exchange(replay, "GET", NULL, NULL, 200, NULL, "{\"value\":[]}");
        for (int k = 0; k < 2; k++)
            replay_exchange(replay, "GET", places[i][1], NULL, 200, NULL, "{\"value\":[{\"actions\":[\"*/read\"]}]}");
        assert_int_equal(replay_call(replay, "check"), PROVIDER_OK);
        assert_int_equal(replay_results(replay)->permissions_count, 6);
        assert_false(replay_results(replay)->permissions[5].allowed);
        assert_non_null(strstr(replay_results(replay)->permissions[5].trouble, places[i][2]));
        azure_end(replay);
    }
}

static void test_globs_among_the_regions_mean_where_scale_sets_are(void **state)
{
    char one[1024], list[1400];
    (void)state;
    struct replay *replay = azure_start("regions = [\"west*\", \"northeurope\"]\n");
    snprintf(list, sizeof list, "{\"value\":[%s]}", set_body(one, sizeof one, 1, "Succeeded", "e1"));
    expect_token(replay);
    replay_exchange(replay, "GET", BASE "*/virtualMachineScaleSets?*", NULL, 200, NULL, list);
    replay_exchange(replay, "GET", BASE "*/locations/northeurope/usages?*", NULL, 200, NULL, "{\"value\":[]}");
    replay_exchange(replay, "GET", BASE "*/locations/westeurope/usages?*", NULL, 200, NULL, "{\"value\":[]}");
    assert_int_equal(replay_call(replay, "quotas"), PROVIDER_OK);
    azure_end(replay);
}

static void test_region_that_azure_does_not_know_is_told(void **state)
{
    (void)state;
    struct replay *replay = azure_start("regions = [\"westeurop\"]\n");
    expect_token(replay);
    replay_exchange(replay, "GET", BASE "/locations?*", NULL, 200, NULL, "{\"value\":[{\"name\":\"westeurope\"}]}");
    replay_exchange(replay, "GET", BASE "*/skus?*", NULL, 200, NULL, "{\"value\":[]}");
    assert_int_equal(replay_call(replay, "describe"), PROVIDER_OK);
    assert_non_null(strstr(replay_log(replay), "check the names in the setting regions"));
    azure_end(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restriction_of_the_place_bans_a_size_and_one_of_zones_only_when_none_is_left),
        cmocka_unit_test(test_entry_of_another_region_is_not_taken_for_one_of_this),
        cmocka_unit_test(test_capabilities_are_text_and_what_is_missing_is_unknown_and_not_zero),
        cmocka_unit_test(test_regions_tell_which_zone_is_which_building),
        cmocka_unit_test(test_quotas_count_processors_and_machines_by_names_in_lower_case),
        cmocka_unit_test(test_check_says_of_writes_what_azure_grants_without_doing_them),
        cmocka_unit_test(test_check_goes_on_after_a_refusal_and_ends_at_refused_credentials),
        cmocka_unit_test(test_check_that_cannot_ask_says_so_instead_of_refused),
        cmocka_unit_test(test_check_without_a_scale_set_asks_about_writes_where_they_would_be),
        cmocka_unit_test(test_globs_among_the_regions_mean_where_scale_sets_are),
        cmocka_unit_test(test_region_that_azure_does_not_know_is_told),
        cmocka_unit_test(test_check_whose_writes_cannot_be_asked_about_says_so_in_one_bounded_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
