/* links: provider_azure provider_replay provider_host provider_sdk net base openssl cmocka */
/* Scheduled events of a metadata service as notices of the pool's own machines. */
#include "tests/unit/azure_common.h"

#include "providers/azure/events.h"

#define METADATA "http://169.254.169.254"
#define EVENTS_URL METADATA "/metadata/scheduledevents?api-version=2020-07-01"
#define SETTINGS "pool \"POOL-A\" {\n scheduled_events = [\"" METADATA "/\"]\n}\n"
#define EVENT(id, type, machines, status, before)                                                                      \
    "{\"EventId\":\"" id "\",\"EventType\":\"" type "\",\"ResourceType\":\"VirtualMachine\",\"Resources\":[" machines  \
    "],\"EventStatus\":\"" status "\",\"NotBefore\":\"" before                                                         \
    "\",\"Description\":\"words\",\"EventSource\":\"Platform\",\"DurationInSeconds\":-1}"
#define DOCUMENT(events) "{\"DocumentIncarnation\":7,\"Events\":[" events "]}"

static void expect_pool(struct replay *replay, const char *keys)
{
    char one[1024], list[1400];
    snprintf(list, sizeof list, "{\"value\":[%s]}", set_body(one, sizeof one, 2, "Succeeded", "e1"));
    replay_exchange(replay, "GET", BASE "/providers/*", NULL, 200, NULL, list);
    expect_machines(replay, keys);
}

static void expect_events(struct replay *replay, int status, const char *answer)
{
    replay_exchange(replay, "GET", EVENTS_URL, NULL, status, NULL, answer);
    replay_expect_header(replay, "Metadata", "true");
}

static const struct provider_records *notices_of(struct replay *replay, const char *events)
{
    expect_pool(replay, "0 1");
    expect_events(replay, 200, events);
    assert_int_equal(replay_call(replay, "interruptions"), PROVIDER_OK);
    return replay_results(replay);
}

static void test_preemption_is_told_of_the_machine_it_names_and_of_no_other(void **state)
{
    (void)state;
    struct replay *replay = azure_start(SETTINGS);
    expect_token(replay);
    const struct provider_records *results = notices_of(
        replay,
        DOCUMENT(EVENT("e-1", "Preempt", "\"other_1\",\"POOL-A_1\"", "Scheduled", "Sun, 22 Nov 2026 12:00:30 GMT")));
    assert_int_equal(results->interruptions_count, 1);
    const struct provider_interruption *notice = &results->interruptions[0];
    assert_int_equal(notice->kind, PROVIDER_INTERRUPTION_TERMINATE);
    assert_string_equal(notice->pool, "rg1/pool-a");
    assert_string_equal(notice->instance, "1@00000001");
    assert_int_equal(notice->at_us, INT64_C(1795348830000000));
    assert_string_equal(notice->text, "Preempt by Platform, Scheduled: words");
    assert_null(strstr(replay_request(replay, replay_requests(replay) - 1), "Authorization"));
    azure_end(replay);
}

static void test_each_type_has_its_kind_and_what_has_begun_or_has_no_moment_is_at_once(void **state)
{
    static const struct {
        const char *document;
        enum provider_interruption_kind kind;
        int64_t at_us;
    } cases[] = {
        {DOCUMENT(EVENT("e", "Terminate", "\"pool-a_0\"", "Scheduled", "Sun, 22 Nov 2026 12:05:00 GMT")),
         PROVIDER_INTERRUPTION_TERMINATE, INT64_C(1795349100000000)},
        {DOCUMENT(EVENT("e", "Freeze", "\"pool-a_0\"", "Scheduled", "Sun, 22 Nov 2026 12:15:00 GMT")),
         PROVIDER_INTERRUPTION_MAINTENANCE, INT64_C(1795349700000000)},
        {DOCUMENT(EVENT("e", "Reboot", "\"pool-a_0\"", "Started", "")), PROVIDER_INTERRUPTION_MAINTENANCE,
         PROVIDER_UNSET},
        {DOCUMENT(EVENT("e", "Redeploy", "\"pool-a_0\"", "Started", "Sun, 22 Nov 2026 12:05:00 GMT")),
         PROVIDER_INTERRUPTION_MAINTENANCE, PROVIDER_UNSET},
        {DOCUMENT(EVENT("e", "preempt", "\"pool-a_0\"", "Scheduled", "soon")), PROVIDER_INTERRUPTION_TERMINATE,
         PROVIDER_UNSET},
        {DOCUMENT(EVENT("e", "Teleport", "\"pool-a_0\"", "Scheduled", "")), PROVIDER_INTERRUPTION_MAINTENANCE,
         PROVIDER_UNSET},
    };
    (void)state;
    struct replay *replay = azure_start(SETTINGS);
    expect_token(replay);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct provider_records *results = notices_of(replay, cases[i].document);
        assert_int_equal(results->interruptions_count, 1);
        assert_int_equal(results->interruptions[0].kind, cases[i].kind);
        assert_true(results->interruptions[0].at_us == cases[i].at_us);
    }
    azure_end(replay);
}

static void test_event_that_two_machines_tell_is_one_notice(void **state)
{
    (void)state;
    struct replay *replay =
        azure_start("pool \"pool-a\" {\n scheduled_events = [\"" METADATA "\", \"" METADATA "\"]\n}\n");
    expect_token(replay);
    expect_pool(replay, "0 1");
    for (int i = 0; i < 2; i++)
        expect_events(replay, 200, DOCUMENT(EVENT("e-1", "Reboot", "\"pool-a_0\",\"pool-a_1\"", "Scheduled", "")));
    assert_int_equal(replay_call(replay, "interruptions"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->interruptions_count, 2);
    azure_end(replay);
}

static void test_document_that_cannot_be_read_is_an_error_and_no_empty_list(void **state)
{
    static const char *const bad[] = {"",
                                      "<html>",
                                      "{}",
                                      "[]",
                                      "{\"Events\":{}}",
                                      "{\"Events\":[7]}",
                                      "{\"Events\":[{\"EventId\":\"e\",\"EventType\":\"Reboot\"}]}",
                                      "{\"Events\":[{\"EventId\":\"e\",\"Resources\":[\"pool-a_0\"]}]}",
                                      DOCUMENT(EVENT("e", "Reboot", "7", "Scheduled", ""))};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct replay *replay = azure_start(SETTINGS);
        expect_token(replay);
        expect_pool(replay, "0 1");
        expect_events(replay, 200, bad[i]);
        assert_int_equal(replay_call(replay, "interruptions"), PROVIDER_RETRY);
        assert_int_equal(replay_results(replay)->interruptions_count, 0);
        azure_end(replay);
    }
}

static void test_service_that_is_updated_is_waited_for_and_one_that_refuses_is_told_with_its_setting(void **state)
{
    (void)state;
    struct replay *replay = azure_start(SETTINGS);
    expect_token(replay);
    expect_pool(replay, "0");
    expect_events(replay, 410, "");
    expect_events(replay, 503, "");
    expect_events(replay, 200, DOCUMENT(""));
    assert_int_equal(replay_call(replay, "interruptions"), PROVIDER_OK);
    expect_pool(replay, "0");
    expect_events(replay, 400, "{\"error\":\"Bad request\"}");
    assert_int_equal(replay_call(replay, "interruptions"), PROVIDER_INVALID);
    assert_non_null(strstr(replay_error(replay)->text, "scheduled_events"));
    expect_pool(replay, "0");
    for (int i = 0; i < 4; i++)
        replay_silence(replay, "GET", EVENTS_URL, NULL, PROVIDER_HTTP_NOT_SENT);
    assert_int_equal(replay_call(replay, "interruptions"), PROVIDER_UNREACHABLE);
    azure_end(replay);
}

static void test_events_beyond_the_bound_are_refused(void **state)
{
    struct azure_events events = {0};
    struct error error = {0};
    (void)state;
    size_t size = 200000, length = 0;
    char *text = malloc(size);
    length += (size_t)snprintf(text, size, "{\"Events\":[{\"EventId\":\"e\",\"EventType\":\"Freeze\",\"Resources\":[");
    for (int i = 0; i < 5001; i++)
        length += (size_t)snprintf(text + length, size - length, "%s\"m_%d\"", i ? "," : "", i);
    length += (size_t)snprintf(text + length, size - length, "]}]}");
    assert_false(azure_events_read(text, length, &events, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    azure_events_release(&events);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preemption_is_told_of_the_machine_it_names_and_of_no_other),
        cmocka_unit_test(test_each_type_has_its_kind_and_what_has_begun_or_has_no_moment_is_at_once),
        cmocka_unit_test(test_event_that_two_machines_tell_is_one_notice),
        cmocka_unit_test(test_document_that_cannot_be_read_is_an_error_and_no_empty_list),
        cmocka_unit_test(test_service_that_is_updated_is_waited_for_and_one_that_refuses_is_told_with_its_setting),
        cmocka_unit_test(test_events_beyond_the_bound_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
