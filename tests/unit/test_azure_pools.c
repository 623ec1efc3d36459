/* links: provider_azure provider_replay provider_host provider_sdk net base openssl cmocka */
/* Scale sets as pools: what is read of them, what may be written, and exactly what is removed. */
#include "tests/unit/azure_common.h"

#include "base/buffer.h"

#define LIST_URL BASE "/providers/Microsoft.Compute/virtualMachineScaleSets?api-version=2024-11-01"
#define UNIFORM "\"orchestrationMode\":\"Uniform\","
#define PROFILE "\"virtualMachineProfile\":{}"

/* A set "pool-a" of two machines with these properties and further members. */
static void expect_pool(struct replay *replay, const char *more, const char *properties)
{
    char answer[2048];
    snprintf(answer, sizeof answer,
             "{\"value\":[{\"id\":\"/subscriptions/sub-1/resourceGroups/rg1/providers/Microsoft.Compute/"
             "virtualMachineScaleSets/pool-a\",\"location\":\"westeurope\",\"etag\":\"\\\"e1\\\"\",%s"
             "\"properties\":{%s}}]}",
             more, properties);
    replay_exchange(replay, "GET", LIST_URL, NULL, 200, NULL, answer);
}

#define SKU "\"sku\":{\"name\":\"Standard_D2s_v3\",\"tier\":\"Standard\",\"capacity\":2},"

static const struct provider_pool *read_pool(struct replay *replay, const char *more, const char *properties)
{
    expect_token(replay);
    expect_pool(replay, more, properties);
    expect_machines(replay, "0 1");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->pools_count, 1);
    return &replay_results(replay)->pools[0];
}

static void test_uniform_set_is_a_pool_whose_machines_nomad_can_tell(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    const struct provider_pool *pool = read_pool(replay, SKU, UNIFORM PROFILE);
    assert_string_equal(pool->id, "rg1/pool-a");
    assert_string_equal(pool->generation, "\"e1\"");
    assert_true(pool->writable && !pool->busy);
    assert_int_equal(pool->desired, 2);
    assert_int_equal(pool->max, 1000);
    assert_int_equal(pool->instance_count, 2);
    const struct provider_instance *machine = &pool->instances[1];
    assert_string_equal(machine->id, "1@00000001");
    assert_string_equal(machine->identities[1].key, "attr.unique.platform.azure.id");
    assert_string_equal(machine->identities[1].value, "00000001-aaaa");
    assert_string_equal(machine->identities[0].key, "attr.unique.platform.azure.name");
    assert_string_equal(machine->identities[0].value, "pool-a_1");
    assert_int_equal(machine->state, PROVIDER_INSTANCE_RUNNING);
    azure_end(replay);
}

static void test_sets_of_mixed_or_no_machines_are_only_read(void **state)
{
    static const char *const cases[][3] = {
        {SKU, UNIFORM PROFILE ",\"priorityMixPolicy\":{}", "spot and regular"},
        {SKU, UNIFORM PROFILE ",\"skuProfile\":{}", "instance types"},
        {"\"sku\":{\"name\":\"Mix\",\"capacity\":2},", UNIFORM PROFILE, "instance types"},
        {"", UNIFORM PROFILE, "one by one"},
        {SKU, "\"provisioningState\":\"Succeeded\"", "one by one"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct replay *replay = azure_start(NULL);
        const struct provider_pool *pool = read_pool(replay, cases[i][0], cases[i][1]);
        assert_false(pool->writable);
        assert_non_null(strstr(pool->why_read_only, cases[i][2]));
        azure_end(replay);
    }
}

static void test_spot_placement_bounds_and_writes_under_way_are_seen(void **state)
{
    (void)state;
    struct replay *replay = azure_start("pool \"POOL-A\" {\n min = 1\n max = 7\n}\n");
    const struct provider_pool *pool =
        read_pool(replay, SKU, "\"provisioningState\":\"Updating\",\"virtualMachineProfile\":{\"priority\":\"Low\"}");
    assert_int_equal(pool->market, PROVIDER_SPOT);
    assert_true(pool->busy);
    assert_int_equal(pool->min, 1);
    assert_int_equal(pool->max, 7);
    azure_end(replay);
    replay = azure_start(NULL);
    pool = read_pool(replay, SKU, UNIFORM PROFILE ",\"singlePlacementGroup\":true,\"overprovision\":true");
    assert_int_equal(pool->max, 100);
    assert_non_null(strstr(replay_log(replay), "overprovision"));
    azure_end(replay);
}

static void test_settings_choose_the_sets_without_case(void **state)
{
    static const char *const settings[] = {"resource_groups = [\"RG*\"]\nscale_sets = [\"POOL-?\"]\n",
                                           "resource_groups = [\"other*\"]\n", "scale_sets = [\"web-*\"]\n",
                                           "regions = [\"North Europe\"]\n"};
    (void)state;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        struct replay *replay = azure_start(settings[i]);
        expect_token(replay);
        expect_pool(replay, SKU, UNIFORM PROFILE);
        if (i == 0)
            expect_machines(replay, "");
        assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
        assert_int_equal(replay_results(replay)->pools_count, i == 0);
        azure_end(replay);
    }
}

static void test_groups_named_plainly_are_asked_one_by_one_so_that_a_role_in_them_is_enough(void **state)
{
    char one[1024], list[1400];
    (void)state;
    struct replay *replay = azure_start("resource_groups = [\"RG1\", \"rg 2\", \"rg1\"]\n");
    set_body(one, sizeof one, 2, "Succeeded", "e1");
    snprintf(list, sizeof list, "{\"value\":[%s]}", one);
    expect_token(replay);
    replay_exchange(replay, "GET", BASE "/resourceGroups/RG1/providers/Microsoft.Compute/virtualMachineScaleSets?*",
                    NULL, 200, NULL, list);
    replay_exchange(replay, "GET", BASE "/resourceGroups/rg%202/providers/Microsoft.Compute/virtualMachineScaleSets?*",
                    NULL, 200, NULL, "{\"value\":[]}");
    replay_exchange(replay, "GET", BASE "/resourceGroups/rg1/providers/Microsoft.Compute/virtualMachineScaleSets?*",
                    NULL, 200, NULL, list);
    expect_machines(replay, "0 1");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->pools_count, 1);
    azure_end(replay);
}

struct state_case {
    const char *provisioning, *codes;
    enum provider_instance_state state;
};

static void test_state_of_a_machine_is_what_its_codes_say_and_unknown_where_they_do_not(void **state)
{
    static const struct state_case cases[] = {
        {"Succeeded", "PowerState/running", PROVIDER_INSTANCE_RUNNING},
        {"Succeeded", "powerstate/Running", PROVIDER_INSTANCE_RUNNING},
        {"Creating", "PowerState/running", PROVIDER_INSTANCE_PENDING},
        {"Creating", "", PROVIDER_INSTANCE_PENDING},
        {"Succeeded", "PowerState/starting", PROVIDER_INSTANCE_PENDING},
        {"Succeeded", "PowerState/deallocating", PROVIDER_INSTANCE_STOPPING},
        {"Succeeded", "PowerState/deallocated", PROVIDER_INSTANCE_STOPPED},
        {"Succeeded", "PowerState/stopped", PROVIDER_INSTANCE_STOPPED},
        {"Deleting", "PowerState/running", PROVIDER_INSTANCE_STOPPING},
        {"Failed", "PowerState/running", PROVIDER_INSTANCE_RUNNING},
        {"Failed", "", PROVIDER_INSTANCE_FAILED},
        {"Succeeded", "PowerState/sleeping", PROVIDER_INSTANCE_UNKNOWN},
        {"Succeeded", "", PROVIDER_INSTANCE_UNKNOWN},
        {"Odd", "VMAgent/ready", PROVIDER_INSTANCE_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char answer[1024];
        struct replay *replay = azure_start(NULL);
        expect_token(replay);
        expect_pool(replay, SKU, UNIFORM PROFILE);
        snprintf(
            answer, sizeof answer,
            "{\"value\":[{\"instanceId\":\"7\",\"properties\":{\"vmId\":\"0000000a-b\",\"provisioningState\":\"%s\","
            "\"instanceView\":{\"statuses\":[{\"code\":\"%s\"}]}}}]}",
            cases[i].provisioning, cases[i].codes);
        replay_exchange(replay, "GET", MACHINES_URL, NULL, 200, NULL, answer);
        assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
        if (replay_results(replay)->instances[0].state != cases[i].state)
            fail_msg("%s, %s gave state %d", cases[i].provisioning, cases[i].codes,
                     replay_results(replay)->instances[0].state);
        azure_end(replay);
    }
}

static void test_machine_that_cannot_be_read_makes_the_list_fail_and_not_shorter(void **state)
{
    static const char *const machines[] = {"{}",
                                           "null",
                                           "{\"instanceId\":\"\"}",
                                           "{\"instanceId\":7,\"properties\":{}}",
                                           "{\"instanceId\":\"a@b\",\"properties\":{\"vmId\":\"0000000a-b\"}}",
                                           "{\"instanceId\":\"1\",\"properties\":{\"vmId\":\"short\"}}"};
    (void)state;
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        char answer[512];
        struct replay *replay = azure_start(NULL);
        expect_token(replay);
        expect_pool(replay, SKU, UNIFORM PROFILE);
        snprintf(answer, sizeof answer, "{\"value\":[%s]}", machines[i]);
        replay_exchange(replay, "GET", MACHINES_URL, NULL, 200, NULL, answer);
        assert_int_equal(replay_call(replay, "pools"), PROVIDER_RETRY);
        assert_int_equal(replay_results(replay)->pools_count, 0);
        azure_end(replay);
    }
}

static void test_machine_that_has_no_vm_id_yet_is_pending_and_told_by_its_name(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_pool(replay, SKU, UNIFORM PROFILE);
    replay_exchange(replay, "GET", MACHINES_URL, NULL, 200, NULL,
                    "{\"value\":[{\"instanceId\":\"5\",\"properties\":{\"provisioningState\":\"Creating\"}}]}");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    const struct provider_instance *machine = &replay_results(replay)->instances[0];
    assert_string_equal(machine->id, "5@-");
    assert_int_equal(machine->state, PROVIDER_INSTANCE_PENDING);
    assert_int_equal(machine->identity_count, 1);
    assert_string_equal(machine->identities[0].value, "pool-a_5");
    azure_end(replay);
}

#define FLEXIBLE_FILTER                                                                                                \
    "*virtualMachines?api-version=*&$filter=%27virtualMachineScaleSet%2Fid%27%20eq%20%27%2Fsubscriptions*pool-a%27&"   \
    "$expand=instanceView"

static void test_flexible_set_is_read_by_its_machines_and_takes_none_of_another(void **state)
{
    static const char *const owners[] = {"pool-a", "pool-b", ""};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char answer[1024];
        struct replay *replay = azure_start(NULL);
        expect_token(replay);
        expect_pool(replay, SKU, "\"orchestrationMode\":\"flexible\"," PROFILE);
        snprintf(
            answer, sizeof answer,
            "{\"value\":[{\"name\":\"pool-a_0a1b2c3d\",\"zones\":[\"3\"],\"properties\":{\"vmId\":\"0000000a-b\","
            "\"hardwareProfile\":{\"vmSize\":\"Standard_D4s_v3\"},\"virtualMachineScaleSet\":{\"id\":"
            "\"/subscriptions/sub-1/resourcegroups/RG1/providers/Microsoft.Compute/virtualMachineScaleSets/%s\"}}}]}",
            owners[i]);
        replay_exchange(replay, "GET", FLEXIBLE_FILTER, NULL, 200, NULL, answer);
        assert_int_equal(replay_call(replay, "pools"), i == 0 ? PROVIDER_OK : PROVIDER_RETRY);
        if (i == 0) {
            const struct provider_instance *machine = &replay_results(replay)->instances[0];
            assert_string_equal(machine->id, "pool-a_0a1b2c3d@0000000a");
            assert_string_equal(machine->instance_type, "Standard_D4s_v3");
            assert_string_equal(machine->zone, "3");
            assert_string_equal(machine->identities[0].value, "pool-a_0a1b2c3d");
        }
        azure_end(replay);
    }
}

static void test_machine_that_moves_to_the_next_page_while_pages_are_read_is_one(void **state)
{
    static const char *const next[] = {",\"nextLink\":\"/more\"", ""};
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_pool(replay, SKU, UNIFORM PROFILE);
    for (size_t i = 0; i < 2; i++) {
        char answer[512];
        snprintf(answer, sizeof answer,
                 "{\"value\":[{\"instanceId\":\"1\",\"properties\":{\"vmId\":\"0000000a-b\"}}]%s}", next[i]);
        replay_exchange(replay, "GET", i == 0 ? MACHINES_URL : ARM "/more", NULL, 200, NULL, answer);
    }
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->pools[0].instance_count, 1);
    azure_end(replay);
}

static void test_evicted_spot_machine_and_announced_maintenance_are_notices(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_pool(replay, SKU, UNIFORM "\"virtualMachineProfile\":{\"priority\":\"Spot\"}");
    replay_exchange(
        replay, "GET", MACHINES_URL, NULL, 200, NULL,
        "{\"value\":[{\"instanceId\":\"0\",\"properties\":{\"vmId\":\"0000000a-b\",\"provisioningState\":"
        "\"Succeeded\",\"instanceView\":{\"statuses\":[{\"code\":\"PowerState/deallocated\"}]}}},"
        "{\"instanceId\":\"1\",\"properties\":{\"vmId\":\"0000000b-b\",\"instanceView\":{\"statuses\":[{\"code\":"
        "\"PowerState/running\"}],\"maintenanceRedeployStatus\":{\"maintenanceWindowStartTime\":"
        "\"2026-11-23T00:00:00Z\"}}}}]}");
    assert_int_equal(replay_call(replay, "interruptions"), PROVIDER_OK);
    const struct provider_records *results = replay_results(replay);
    assert_int_equal(results->interruptions_count, 2);
    assert_int_equal(results->interruptions[0].kind, PROVIDER_INTERRUPTION_TERMINATE);
    assert_string_equal(results->interruptions[0].instance, "0@0000000a");
    assert_int_equal(results->interruptions[1].kind, PROVIDER_INTERRUPTION_MAINTENANCE);
    assert_int_equal(results->interruptions[1].at_us, INT64_C(1795392000000000));
    azure_end(replay);
}

static void test_growth_beyond_the_bounds_of_a_read_only_or_unfenced_set_writes_nothing(void **state)
{
    char body[1024];
    (void)state;
    struct replay *replay = azure_start("pool \"pool-a\" {\n max = 4\n}\n");
    expect_token(replay);
    assert_int_equal(grow_to(replay, 2, 2), PROVIDER_INVALID);
    expect_set(replay, 2, "Succeeded", "e1");
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_INVALID);
    set_body(body, sizeof body, 2, "Succeeded", "e1");
    memcpy(strstr(body, "\"etag\""), "\"ETAG\"", 6);
    replay_exchange(replay, "GET", SET_URL, NULL, 200, NULL, body);
    assert_int_equal(grow_to(replay, 2, 3), PROVIDER_INVALID);
    replay_exchange(replay, "GET", SET_URL, NULL, 200, "ETag: \"e1\"\n", body);
    expect_patch(replay, 3, "e1");
    assert_int_equal(grow_to(replay, 2, 3), PROVIDER_OK);
    azure_end(replay);
}

static void test_lost_reply_to_a_write_is_unknown_and_not_repeated(void **state)
{
    static const char *const ids[] = {"1@00000001"};
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    replay_silence(replay, "PATCH", SET_URL, NULL, PROVIDER_HTTP_NO_ANSWER);
    assert_int_equal(grow_to(replay, 2, 3), PROVIDER_UNKNOWN);
    expect_set(replay, 2, "Succeeded", "e1");
    expect_machines(replay, "0 1");
    replay_silence(replay, "POST", DELETE_URL, NULL, PROVIDER_HTTP_NO_ANSWER);
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", ids, 1), PROVIDER_UNKNOWN);
    azure_end(replay);
}

static void test_removal_is_refused_below_the_minimum_for_odd_ids_and_for_none(void **state)
{
    static const char *const both[] = {"0@00000000", "1@00000001"}, *const odd[] = {"1"},
                             *const twice[] = {"1@A", "1@a"};
    (void)state;
    struct replay *replay = azure_start("pool \"pool-a\" {\n min = 1\n}\n");
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", odd, 1), PROVIDER_INVALID);
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", twice, 2), PROVIDER_INVALID);
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", odd, 0), PROVIDER_INVALID);
    assert_int_equal(replay_shrink(replay, "pool-a", both, 2), PROVIDER_INVALID);
    assert_int_equal(replay_requests(replay), 0);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    expect_machines(replay, "0 1");
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", both, 2), PROVIDER_INVALID);
    azure_end(replay);
}

static void test_machine_on_its_way_out_is_waited_for_and_not_removed_again(void **state)
{
    static const char *const ids[] = {"1@00000001"};
    char token[PROVIDER_OPERATION_MAX];
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    expect_machines(replay, "0 1*");
    assert_int_equal(replay_shrink(replay, "rg1/pool-a", ids, 1), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_RUNNING);
    hold_token(replay, token);
    expect_set(replay, 2, "Succeeded", "e1");
    expect_machines(replay, "0 1*");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    hold_token(replay, token);
    expect_set(replay, 1, "Succeeded", "e2");
    expect_machines(replay, "0");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    azure_end(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uniform_set_is_a_pool_whose_machines_nomad_can_tell),
        cmocka_unit_test(test_sets_of_mixed_or_no_machines_are_only_read),
        cmocka_unit_test(test_spot_placement_bounds_and_writes_under_way_are_seen),
        cmocka_unit_test(test_settings_choose_the_sets_without_case),
        cmocka_unit_test(test_groups_named_plainly_are_asked_one_by_one_so_that_a_role_in_them_is_enough),
        cmocka_unit_test(test_state_of_a_machine_is_what_its_codes_say_and_unknown_where_they_do_not),
        cmocka_unit_test(test_machine_that_cannot_be_read_makes_the_list_fail_and_not_shorter),
        cmocka_unit_test(test_machine_that_has_no_vm_id_yet_is_pending_and_told_by_its_name),
        cmocka_unit_test(test_flexible_set_is_read_by_its_machines_and_takes_none_of_another),
        cmocka_unit_test(test_machine_that_moves_to_the_next_page_while_pages_are_read_is_one),
        cmocka_unit_test(test_evicted_spot_machine_and_announced_maintenance_are_notices),
        cmocka_unit_test(test_growth_beyond_the_bounds_of_a_read_only_or_unfenced_set_writes_nothing),
        cmocka_unit_test(test_lost_reply_to_a_write_is_unknown_and_not_repeated),
        cmocka_unit_test(test_removal_is_refused_below_the_minimum_for_odd_ids_and_for_none),
        cmocka_unit_test(test_machine_on_its_way_out_is_waited_for_and_not_removed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
