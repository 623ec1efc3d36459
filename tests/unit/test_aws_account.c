/* links: provider_aws provider_sdk provider_replay provider_host net base */
/* The aws module over time, with scripted exchanges and a clock of the test's own: a removal that was interrupted,
 * waits that grow, addresses. Keys: test_aws_credentials.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "tests/providers/replay.h"

#define MINUTE_US (INT64_C(60) * 1000000)
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define GROUPS_URL "https://autoscaling.eu-central-1.amazonaws.com/"
#define EMPTY                                                                                                          \
    "<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups/>"                         \
    "</DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>"

extern const struct provider_module drover_provider_module;

static struct replay *open_account(void)
{
    struct replay *replay = replay_new();
    replay_settings_hcl(replay, "regions = [\"eu-central-1\"]\ngroups = [\"*\"]\n");
    replay_environment(replay, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    replay_environment(replay, "AWS_SECRET_ACCESS_KEY", SECRET);
    replay_open(replay, &drover_provider_module);
    return replay;
}

static const char throttled[] =
    "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>";

/* The waits after each of five refusals are told in the log: full jitter, so only the sum over many seeds grows. */
static void throttled_requests_wait_longer_each_time_and_within_bounds(void **state)
{
    (void)state;
    enum { SEEDS = 64, WAITS = 4 };
    long long sums[WAITS] = {0}, wait_ms = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct replay *replay = open_account();
        replay_set_seed(replay, seed);
        for (int i = 0; i < 5; i++)
            replay_exchange(replay, "POST", GROUPS_URL, NULL, 503, NULL, throttled);
        assert_int_equal(replay_call(replay, "pools"), PROVIDER_THROTTLED);
        const char *line = replay_log(replay);
        for (size_t i = 0; i < WAITS; i++) {
            line = strstr(line, ": throttled, again in ");
            assert_non_null(line);
            line += strlen(": throttled, again in ");
            assert_int_equal(sscanf(line, "%lld", &wait_ms), 1);
            assert_in_range(wait_ms, 0, 500 << i);
            sums[i] += wait_ms;
        }
        replay_free(replay);
    }
    for (size_t i = 1; i < WAITS; i++)
        assert_true(sums[i] > sums[i - 1]);
}

/* --- addresses --------------------------------------------------------------------------------------------------- */

static void asks_at(const char *settings, const char *variable, const char *value, const char *url)
{
    struct replay *replay = replay_new();
    replay_settings_hcl(replay, settings);
    replay_settings_hcl(replay, "groups = [\"*\"]");
    replay_environment(replay, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    replay_environment(replay, "AWS_SECRET_ACCESS_KEY", SECRET);
    replay_environment(replay, "AWS_ENDPOINT_URL", "https://elsewhere.example");
    replay_environment(replay, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    replay_environment(replay, variable, value);
    replay_open(replay, &drover_provider_module);
    replay_exchange(replay, "POST", url, NULL, 200, NULL, EMPTY);
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    replay_free(replay);
}

static void every_partition_is_asked_at_its_own_addresses_unless_told_otherwise(void **state)
{
    (void)state;
    asks_at("regions = [\"ap-southeast-2\"]", "X", "", "https://autoscaling.ap-southeast-2.amazonaws.com/");
    asks_at("regions = [\"cn-north-1\"]", "X", "", "https://autoscaling.cn-north-1.amazonaws.com.cn/");
    asks_at("regions = [\"us-gov-west-1\"]", "X", "", "https://autoscaling.us-gov-west-1.amazonaws.com/");
    asks_at("regions = [\"us-isob-east-1\"]", "X", "", "https://autoscaling.us-isob-east-1.sc2s.sgov.gov/");
    asks_at("regions = [\"eusc-de-east-1\"]", "X", "", "https://autoscaling.eusc-de-east-1.amazonaws.eu/");
    /* The variables are heard again once nothing says to ignore them, and the settings go before them. */
    asks_at("regions = [\"eu-central-1\"]", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false",
            "https://elsewhere.example/");
    asks_at("regions = [\"eu-central-1\"]\nendpoint_url = \"https://own.example:8443/\"",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false", "https://own.example:8443/");
}

/* --- a removal that was interrupted ------------------------------------------------------------------------------ */

static void show_group(struct replay *replay, int desired, const char *lifecycle)
{
    char answer[2048], members[512] = "";
    if (lifecycle)
        snprintf(members, sizeof members,
                 "<member><InstanceId>i-0aaa</InstanceId><LifecycleState>%s</LifecycleState></member>", lifecycle);
    snprintf(answer, sizeof answer,
             "<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups><member>"
             "<AutoScalingGroupName>web</AutoScalingGroupName><MinSize>0</MinSize><MaxSize>9</MaxSize>"
             "<DesiredCapacity>%d</DesiredCapacity><Instances>%s</Instances></member></AutoScalingGroups>"
             "</DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>",
             desired, members);
    replay_exchange(replay, "POST", GROUPS_URL, "Action=DescribeAutoScalingGroups&*", 200, NULL, answer);
}

static enum provider_status shrink(struct replay *replay)
{
    static const char *const victims[] = {"i-0aaa"};
    return replay_shrink(replay, "eu-central-1/web", victims, 1);
}

static const char terminate[] = "Action=TerminateInstanceInAutoScalingGroup&*&InstanceId=i-0aaa&*";
static const char terminated[] = "<TerminateInstanceInAutoScalingGroupResponse/>";

static void interrupt_a_removal(struct replay *replay)
{
    show_group(replay, 3, "InService");
    replay_silence(replay, "POST", GROUPS_URL, terminate, PROVIDER_HTTP_NO_ANSWER);
    assert_int_equal(shrink(replay), PROVIDER_UNKNOWN);
    assert_non_null(replay_kept(replay, "shrink/i-0aaa"));
    replay_reopen(replay);
}

/* A clear answer alone is not enough: the group may show the instance in service for a while. */
static void assert_is_struck_out_once_seen(struct replay *replay)
{
    assert_non_null(replay_kept(replay, "shrink/i-0aaa"));
    show_group(replay, 1, "Terminating");
    assert_int_equal(shrink(replay), PROVIDER_OK);
    assert_null(replay_kept(replay, "shrink/i-0aaa"));
}

static void an_interrupted_removal_that_arrived_is_not_sent_again(void **state)
{
    (void)state;
    struct replay *replay = open_account();
    interrupt_a_removal(replay);
    show_group(replay, 2, "InService");
    assert_int_equal(shrink(replay), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_RUNNING);
    show_group(replay, 2, "Terminating");
    assert_int_equal(shrink(replay), PROVIDER_OK);
    assert_null(replay_kept(replay, "shrink/i-0aaa"));
    replay_free(replay);
}

static void an_interrupted_removal_that_never_arrived_is_sent_after_the_view_has_settled(void **state)
{
    (void)state;
    struct replay *replay = open_account();
    interrupt_a_removal(replay);
    show_group(replay, 3, "InService");
    show_group(replay, 3, "InService");
    replay_exchange(replay, "POST", GROUPS_URL, terminate, 200, NULL, terminated);
    assert_int_equal(shrink(replay), PROVIDER_OK);
    assert_int_equal(replay_slept(replay), INT64_C(15) * 1000000);
    assert_is_struck_out_once_seen(replay);
    replay_free(replay);
}

static void a_clock_that_was_set_back_does_not_shorten_the_wait(void **state)
{
    (void)state;
    struct replay *replay = open_account();
    interrupt_a_removal(replay);
    replay_set_now(replay, replay_now(replay) - 90 * MINUTE_US);
    show_group(replay, 3, "InService");
    show_group(replay, 2, "Terminating");
    assert_int_equal(shrink(replay), PROVIDER_OK);
    assert_int_equal(replay_slept(replay), INT64_C(15) * 1000000);
    replay_free(replay);
}

static void a_stale_view_that_catches_up_while_waiting_is_believed(void **state)
{
    (void)state;
    struct replay *replay = open_account();
    interrupt_a_removal(replay);
    show_group(replay, 3, "InService");
    show_group(replay, 2, "Terminating");
    assert_int_equal(shrink(replay), PROVIDER_OK);
    replay_free(replay);
}

static void without_time_to_wait_nothing_is_sent_and_the_caller_told_when(void **state)
{
    (void)state;
    struct replay *replay = open_account();
    interrupt_a_removal(replay);
    int64_t now_us = replay_now(replay);
    replay_set_time_left(replay, INT64_C(5) * 1000000);
    show_group(replay, 3, "InService");
    assert_int_equal(shrink(replay), PROVIDER_RETRY);
    assert_int_equal(replay_error(replay)->retry_at_us, now_us + INT64_C(15) * 1000000);
    replay_free(replay);
}

static void a_removal_that_cannot_be_written_down_is_not_begun(void **state)
{
    (void)state;
    struct replay *replay = open_account();
    replay_keep_fails(replay, true);
    show_group(replay, 3, "InService");
    assert_int_equal(shrink(replay), PROVIDER_RETRY);
    replay_free(replay);
}

/* Somebody else lowered the size, which looks as if the removal had arrived. */
static void a_removal_that_another_lowering_was_taken_for_is_found_out_and_done(void **state)
{
    (void)state;
    struct replay *replay = open_account();
    interrupt_a_removal(replay);
    show_group(replay, 2, "InService");
    assert_int_equal(shrink(replay), PROVIDER_OK);
    char token[PROVIDER_OPERATION_MAX];
    snprintf(token, sizeof token, "%s", replay_operation(replay)->token);
    show_group(replay, 2, "InService");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_RUNNING);
    replay_advance(replay, 6 * MINUTE_US);
    show_group(replay, 2, "InService");
    assert_int_equal(replay_poll(replay, token), PROVIDER_CONFLICT);
    assert_non_null(strstr(replay_error(replay)->text, "i-0aaa is still in service"));
    show_group(replay, 2, "InService");
    replay_exchange(replay, "POST", GROUPS_URL, terminate, 200, NULL, terminated);
    assert_int_equal(shrink(replay), PROVIDER_OK);
    assert_is_struck_out_once_seen(replay);
    replay_free(replay);
}

static void an_instance_that_waits_in_a_hook_is_no_conflict(void **state)
{
    (void)state;
    struct replay *replay = open_account();
    show_group(replay, 3, "InService");
    replay_exchange(replay, "POST", GROUPS_URL, terminate, 200, NULL, terminated);
    assert_int_equal(shrink(replay), PROVIDER_OK);
    char token[PROVIDER_OPERATION_MAX];
    snprintf(token, sizeof token, "%s", replay_operation(replay)->token);
    replay_advance(replay, 40 * MINUTE_US);
    show_group(replay, 2, "Terminating:Wait");
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_RUNNING);
    replay_free(replay);
}

static void what_was_written_down_is_struck_out_when_the_instance_is_seen_gone(void **state)
{
    (void)state;
    struct replay *replay = open_account();
    interrupt_a_removal(replay);
    show_group(replay, 2, "InService");
    assert_int_equal(shrink(replay), PROVIDER_OK);
    char token[PROVIDER_OPERATION_MAX];
    snprintf(token, sizeof token, "%s", replay_operation(replay)->token);
    assert_non_null(replay_kept(replay, "shrink/i-0aaa"));
    show_group(replay, 2, NULL);
    assert_int_equal(replay_poll(replay, token), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_DONE);
    assert_null(replay_kept(replay, "shrink/i-0aaa"));
    replay_free(replay);
}

static void a_removal_that_breaks_off_does_not_say_that_nothing_was_done(void **state)
{
    (void)state;
    static const char *const victims[] = {"i-0aaa", "i-0bbb"};
    struct replay *replay = open_account();
    replay_exchange(replay, "POST", GROUPS_URL, "Action=DescribeAutoScalingGroups&*", 200, NULL,
                    "<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups><member>"
                    "<AutoScalingGroupName>web</AutoScalingGroupName><MinSize>0</MinSize><MaxSize>9</MaxSize>"
                    "<DesiredCapacity>2</DesiredCapacity><Instances>"
                    "<member><InstanceId>i-0aaa</InstanceId><LifecycleState>InService</LifecycleState></member>"
                    "<member><InstanceId>i-0bbb</InstanceId><LifecycleState>InService</LifecycleState></member>"
                    "</Instances></member></AutoScalingGroups></DescribeAutoScalingGroupsResult>"
                    "</DescribeAutoScalingGroupsResponse>");
    replay_exchange(replay, "POST", GROUPS_URL, terminate, 200, NULL, terminated);
    for (int i = 0; i < 5; i++)
        replay_silence(replay, "POST", GROUPS_URL, "Action=Terminate*&InstanceId=i-0bbb&*", PROVIDER_HTTP_NOT_SENT);
    assert_int_equal(replay_shrink(replay, "eu-central-1/web", victims, 2), PROVIDER_RETRY);
    assert_non_null(strstr(replay_error(replay)->text, "(1 of 2 were removed before)"));
    replay_free(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(throttled_requests_wait_longer_each_time_and_within_bounds),
        cmocka_unit_test(an_interrupted_removal_that_arrived_is_not_sent_again),
        cmocka_unit_test(an_interrupted_removal_that_never_arrived_is_sent_after_the_view_has_settled),
        cmocka_unit_test(a_clock_that_was_set_back_does_not_shorten_the_wait),
        cmocka_unit_test(a_stale_view_that_catches_up_while_waiting_is_believed),
        cmocka_unit_test(without_time_to_wait_nothing_is_sent_and_the_caller_told_when),
        cmocka_unit_test(a_removal_that_cannot_be_written_down_is_not_begun),
        cmocka_unit_test(every_partition_is_asked_at_its_own_addresses_unless_told_otherwise),
        cmocka_unit_test(a_removal_that_another_lowering_was_taken_for_is_found_out_and_done),
        cmocka_unit_test(an_instance_that_waits_in_a_hook_is_no_conflict),
        cmocka_unit_test(what_was_written_down_is_struck_out_when_the_instance_is_seen_gone),
        cmocka_unit_test(a_removal_that_breaks_off_does_not_say_that_nothing_was_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
