/* links: provider_onprem provider_replay provider_host provider_sdk net base */
/* Sessions of a BMC from the login to the end of the process: none is left behind, none is opened to be thrown away,
 * and a BMC that does not answer is left in peace whatever it was asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/providers/replay.h"

extern const struct provider_module drover_provider_module;

#define SECOND INT64_C(1000000)
#define ROOT_URL "https://bmc1/redfish/v1/"
#define SESSIONS_URL "https://bmc1/redfish/v1/SessionService/Sessions"
#define SYSTEM_URL "https://bmc1/redfish/v1/Systems/1"
#define JSON "Content-Type: application/json\n"

/* One machine; without `system` it is found by links. */
static struct replay *begin(const char *system)
{
    char text[1024];
    struct replay *replay = replay_new();
    snprintf(text, sizeof text,
             "site = \"fra1\"\nread_watts = false\n"
             "credential \"bmc\" {\n  username = \"operator\"\n  password_file = \"/p\"\n}\n"
             "pool \"rack-a\" {\n  adopt_running = true\n}\n"
             "machine \"r1\" {\n  pool = \"rack-a\"\n  address = \"https://bmc1\"\n%s}\n",
             system);
    replay_settings_hcl(replay, text);
    replay_secret(replay, "credential.bmc.password", "s3cret");
    replay_open(replay, &drover_provider_module);
    return replay;
}

static struct replay *begin_with_system(void)
{
    return begin("  system = \"/redfish/v1/Systems/1\"\n");
}

static void expect_root(struct replay *replay)
{
    replay_exchange(replay, "GET", ROOT_URL, NULL, 200, JSON,
                    "{\"@odata.type\": \"#ServiceRoot.v1_5_0.ServiceRoot\", \"Systems\": {\"@odata.id\": "
                    "\"/redfish/v1/Systems\"}, \"Links\": {\"Sessions\": "
                    "{\"@odata.id\": \"/redfish/v1/SessionService/Sessions\"}}}");
}

static void expect_login(struct replay *replay, unsigned number)
{
    char headers[128];
    snprintf(headers, sizeof headers, "X-Auth-Token: token%u\nLocation: /redfish/v1/SessionService/Sessions/%u\n",
             number, number);
    replay_exchange(replay, "POST", SESSIONS_URL, NULL, 201, headers, "");
}

static void expect_logout(struct replay *replay, unsigned number, int status)
{
    char url[128];
    snprintf(url, sizeof url, SESSIONS_URL "/%u", number);
    replay_exchange(replay, "DELETE", url, NULL, status, NULL, "");
}

static void expect_system(struct replay *replay)
{
    replay_exchange(replay, "GET", SYSTEM_URL, NULL, 200, JSON,
                    "{\"@odata.type\": \"#ComputerSystem.v1_13_0.ComputerSystem\", \"PowerState\": \"On\","
                    "\"UUID\": \"4c4c4544-0001-4310-8031-b1c04f4d3232\"}");
}

static void look(struct replay *replay, enum provider_instance_state expected)
{
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->pools[0].instances[0].state, expected);
}

static void test_a_session_that_ended_is_not_opened_anew_to_be_ended(void **state)
{
    (void)state;
    struct replay *replay = begin_with_system();
    expect_root(replay);
    expect_login(replay, 1);
    expect_system(replay);
    look(replay, PROVIDER_INSTANCE_RUNNING);
    expect_logout(replay, 1, 401);
    replay_free(replay); /* an exchange that is not expected fails */
}

static void test_a_bmc_that_honours_no_token_ends_the_look(void **state)
{
    (void)state;
    struct replay *replay = begin_with_system();
    expect_root(replay);
    expect_login(replay, 1);
    expect_system(replay);
    look(replay, PROVIDER_INSTANCE_RUNNING);
    replay_exchange(replay, "GET", SYSTEM_URL, NULL, 401, NULL, "");
    expect_login(replay, 2);
    expect_logout(replay, 1, 401);
    replay_exchange(replay, "GET", SYSTEM_URL, NULL, 401, NULL, "");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_AUTH);
    assert_int_equal(replay_left(replay), 0);
    assert_null(strstr(replay_log(replay), "refused the password"));
    expect_logout(replay, 2, 401);
    replay_free(replay);
}

static void test_a_session_whose_end_was_not_answered_is_ended_by_the_next_process(void **state)
{
    (void)state;
    struct replay *replay = begin_with_system();
    expect_root(replay);
    expect_login(replay, 1);
    expect_system(replay);
    look(replay, PROVIDER_INSTANCE_RUNNING);
    replay_silence(replay, "DELETE", SESSIONS_URL "/1", NULL, PROVIDER_HTTP_NO_ANSWER);
    replay_reopen(replay);
    expect_root(replay);
    expect_login(replay, 2);
    expect_logout(replay, 1, 404);
    expect_system(replay);
    look(replay, PROVIDER_INSTANCE_RUNNING);
    expect_logout(replay, 2, 204);
    replay_reopen(replay);
    expect_root(replay);
    expect_login(replay, 3);
    expect_system(replay);
    look(replay, PROVIDER_INSTANCE_RUNNING);
    expect_logout(replay, 3, 204);
    replay_free(replay);
}

static void test_fault_01_one_that_is_silent_is_not_waited_for_at_the_end(void **state)
{
    (void)state;
    struct replay *replay = begin_with_system();
    expect_root(replay);
    expect_login(replay, 1);
    expect_system(replay);
    look(replay, PROVIDER_INSTANCE_RUNNING);
    replay_silence(replay, "GET", SYSTEM_URL, NULL, PROVIDER_HTTP_NO_ANSWER);
    replay_silence(replay, "GET", SYSTEM_URL, NULL, PROVIDER_HTTP_NO_ANSWER);
    look(replay, PROVIDER_INSTANCE_UNKNOWN);
    replay_free(replay); /* no DELETE */
}

static void test_fault_01_one_whose_system_is_still_to_be_found_is_left_in_peace_too(void **state)
{
    (void)state;
    struct replay *replay = begin("");
    replay_silence(replay, "GET", ROOT_URL, NULL, PROVIDER_HTTP_NOT_SENT);
    replay_silence(replay, "GET", ROOT_URL, NULL, PROVIDER_HTTP_NOT_SENT);
    look(replay, PROVIDER_INSTANCE_UNKNOWN);
    look(replay, PROVIDER_INSTANCE_UNKNOWN);
    assert_non_null(strstr(replay_results(replay)->pools[0].instances[0].trouble, "not asked again so soon"));
    assert_int_equal(replay_requests(replay), 2);
    replay_advance(replay, 5 * SECOND);
    expect_root(replay);
    expect_login(replay, 1);
    replay_exchange(replay, "GET", "https://bmc1/redfish/v1/Systems", NULL, 200, JSON, "{\"Members\": []}");
    look(replay, PROVIDER_INSTANCE_UNKNOWN);
    assert_non_null(strstr(replay_results(replay)->pools[0].instances[0].trouble, "lists no system"));
    expect_logout(replay, 1, 204);
    replay_free(replay);
}

static void test_fault_02_logins_without_an_answer_are_counted_like_wrong_ones(void **state)
{
    (void)state;
    struct replay *replay = begin_with_system();
    expect_root(replay);
    for (unsigned i = 0; i < 3; i++) {
        replay_silence(replay, "POST", SESSIONS_URL, NULL, PROVIDER_HTTP_NO_ANSWER);
        look(replay, PROVIDER_INSTANCE_UNKNOWN);
        replay_advance(replay, 300 * SECOND);
        replay_set_time_left(replay, 3600 * SECOND);
    }
    look(replay, PROVIDER_INSTANCE_UNKNOWN);
    assert_non_null(strstr(replay_results(replay)->pools[0].instances[0].trouble, "ended without a word"));
    assert_int_equal(replay_left(replay), 0);
    replay_advance(replay, 1500 * SECOND);
    replay_set_time_left(replay, 3600 * SECOND);
    expect_login(replay, 1);
    expect_system(replay);
    look(replay, PROVIDER_INSTANCE_RUNNING);
    expect_logout(replay, 1, 204);
    replay_free(replay);
}

static void test_a_login_that_did_not_leave_is_not_counted(void **state)
{
    (void)state;
    struct replay *replay = begin_with_system();
    expect_root(replay);
    for (unsigned i = 0; i < 5; i++) {
        replay_silence(replay, "POST", SESSIONS_URL, NULL, PROVIDER_HTTP_NOT_SENT);
        replay_silence(replay, "POST", SESSIONS_URL, NULL, PROVIDER_HTTP_NOT_SENT);
        look(replay, PROVIDER_INSTANCE_UNKNOWN);
        replay_advance(replay, 300 * SECOND);
    }
    expect_login(replay, 1);
    expect_system(replay);
    look(replay, PROVIDER_INSTANCE_RUNNING);
    expect_logout(replay, 1, 204);
    replay_free(replay);
}

/* Pages that lead to themselves, and out of the BMC. */
static void test_fault_14_pages_that_lead_nowhere_end_the_walk(void **state)
{
    (void)state;
    static const struct {
        const char *next, *trouble;
        unsigned pages;
    } cases[] = {{"/redfish/v1/Systems?$skip=1", "an earlier one", 2},
                 {"https://bmc2/redfish/v1/Systems", "a path of the same BMC", 1},
                 {"//bmc2/redfish/v1/Systems", "a path of the same BMC", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char page[256];
        struct replay *replay = begin("");
        snprintf(page, sizeof page,
                 "{\"Members\": [{\"@odata.id\": \"/redfish/v1/Systems/1\"}], \"Members@odata.nextLink\": \"%s\"}",
                 cases[i].next);
        expect_root(replay);
        expect_login(replay, 1);
        for (unsigned pages = 0; pages < cases[i].pages; pages++)
            replay_exchange(replay, "GET", "https://bmc1/redfish/v1/Systems*", NULL, 200, JSON, page);
        look(replay, PROVIDER_INSTANCE_UNKNOWN);
        if (!strstr(replay_results(replay)->pools[0].instances[0].trouble, cases[i].trouble))
            fail_msg("\"%s\" is not in \"%s\"", cases[i].trouble,
                     replay_results(replay)->pools[0].instances[0].trouble);
        assert_int_equal(replay_left(replay), 0);
        expect_logout(replay, 1, 204);
        replay_free(replay);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_that_ended_is_not_opened_anew_to_be_ended),
        cmocka_unit_test(test_a_bmc_that_honours_no_token_ends_the_look),
        cmocka_unit_test(test_a_session_whose_end_was_not_answered_is_ended_by_the_next_process),
        cmocka_unit_test(test_fault_01_one_that_is_silent_is_not_waited_for_at_the_end),
        cmocka_unit_test(test_fault_02_logins_without_an_answer_are_counted_like_wrong_ones),
        cmocka_unit_test(test_a_login_that_did_not_leave_is_not_counted),
        cmocka_unit_test(test_fault_14_pages_that_lead_nowhere_end_the_walk),
        cmocka_unit_test(test_fault_01_one_whose_system_is_still_to_be_found_is_left_in_peace_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
