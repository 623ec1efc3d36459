/* links: provider_aws provider_sdk provider_replay provider_host net base */
/* The aws module over time, with scripted exchanges and a clock of the test's own: keys that end, a removal that was
 * interrupted, waits that grow. */
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
#define STS_URL "https://sts.eu-central-1.amazonaws.com/"
#define EMPTY                                                                                                          \
    "<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups/>"                         \
    "</DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>"

extern const struct provider_module drover_provider_module;

static struct replay *open_account(const char *more)
{
    struct replay *replay = replay_new();
    replay_settings_hcl(replay, "regions = [\"eu-central-1\"]\ngroups = [\"*\"]\n");
    replay_settings_hcl(replay, more);
    replay_environment(replay, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    replay_environment(replay, "AWS_SECRET_ACCESS_KEY", SECRET);
    replay_open(replay, &drover_provider_module);
    return replay;
}

static void give_role(struct replay *replay, const char *id, const char *expiration)
{
    char answer[1024];
    snprintf(
        answer, sizeof answer,
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>hidden-%s"
        "</SecretAccessKey><SessionToken>token-%s</SessionToken><Expiration>%s</Expiration></Credentials>"
        "</AssumeRoleResult></AssumeRoleResponse>",
        id, id, id, expiration);
    replay_exchange(replay, "POST", STS_URL, "Action=AssumeRole&*&RoleSessionName=drover-test&DurationSeconds=3600",
                    200, NULL, answer);
}

static void refuse_role(struct replay *replay)
{
    replay_exchange(
        replay, "POST", STS_URL, "Action=AssumeRole&*", 403, NULL,
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not now</Message></Error></ErrorResponse>");
}

static void expect_groups_signed_by(struct replay *replay, const char *id)
{
    char value[128];
    replay_exchange(replay, "POST", GROUPS_URL, NULL, 200, NULL, EMPTY);
    snprintf(value, sizeof value, "AWS4-HMAC-SHA256 Credential=%s/*", id);
    replay_expect_header(replay, "Authorization", value);
}

static void keys_of_a_role_are_renewed_fifteen_minutes_before_their_end(void **state)
{
    (void)state;
    struct replay *replay = open_account("role_arn = \"arn:aws:iam::123456789012:role/drover\"");
    give_role(replay, "ASIAFIRST", "2026-11-22T13:00:00.774359Z");
    expect_groups_signed_by(replay, "ASIAFIRST");
    replay_expect_header(replay, "X-Amz-Security-Token", "token-ASIAFIRST");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    replay_advance(replay, 44 * MINUTE_US);
    expect_groups_signed_by(replay, "ASIAFIRST");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    replay_advance(replay, 2 * MINUTE_US);
    give_role(replay, "ASIASECOND", "2026-11-22T14:00:00Z");
    expect_groups_signed_by(replay, "ASIASECOND");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    replay_assert_nowhere(replay, "hidden-");
    replay_assert_nowhere(replay, "token-ASIA");
    replay_free(replay);
}

static void old_keys_serve_until_their_end_while_renewing_fails(void **state)
{
    (void)state;
    struct replay *replay = open_account("role_arn = \"arn:aws:iam::123456789012:role/drover\"");
    give_role(replay, "ASIAFIRST", "2026-11-22T13:00:00Z");
    expect_groups_signed_by(replay, "ASIAFIRST");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    replay_advance(replay, 52 * MINUTE_US);
    refuse_role(replay);
    expect_groups_signed_by(replay, "ASIAFIRST");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_non_null(strstr(replay_log(replay), "warn: the credentials end in 480 s and cannot be renewed yet"));
    expect_groups_signed_by(replay, "ASIAFIRST");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    replay_advance(replay, 9 * MINUTE_US);
    replay_set_time_left(replay, 60 * MINUTE_US);
    refuse_role(replay);
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_AUTH);
    assert_non_null(strstr(replay_error(replay)->text, "not now"));
    replay_free(replay);
}

static void keys_of_the_environment_carry_their_token_and_their_end(void **state)
{
    (void)state;
    struct replay *replay = open_account("");
    replay_environment(replay, "AWS_SESSION_TOKEN", "session");
    replay_environment(replay, "AWS_CREDENTIAL_EXPIRATION", "soon");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_INVALID);
    replay_environment(replay, "AWS_CREDENTIAL_EXPIRATION", "2026-11-22T18:00:00Z");
    expect_groups_signed_by(replay, "AKIDEXAMPLE");
    replay_expect_header(replay, "X-Amz-Security-Token", "session");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    replay_free(replay);
}

static void throttled_requests_wait_longer_each_time_and_within_bounds(void **state)
{
    (void)state;
    struct replay *replay = open_account("");
    for (int i = 0; i < 5; i++)
        replay_exchange(replay, "POST", GROUPS_URL, NULL, 503, NULL,
                        "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_THROTTLED);
    assert_true(replay_slept(replay) > 0);
    /* 0.5 + 1 + 2 + 4 s at most by jitter, and what the slowed bucket adds */
    assert_true(replay_slept(replay) < INT64_C(20) * 1000000);
    replay_free(replay);
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

static void an_interrupted_removal_that_arrived_is_not_sent_again(void **state)
{
    (void)state;
    struct replay *replay = open_account("");
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
    struct replay *replay = open_account("");
    interrupt_a_removal(replay);
    show_group(replay, 3, "InService");
    show_group(replay, 3, "InService");
    replay_exchange(replay, "POST", GROUPS_URL, terminate, 200, NULL, terminated);
    assert_int_equal(shrink(replay), PROVIDER_OK);
    assert_int_equal(replay_slept(replay), INT64_C(15) * 1000000);
    assert_null(replay_kept(replay, "shrink/i-0aaa"));
    replay_free(replay);
}

static void a_stale_view_that_catches_up_while_waiting_is_believed(void **state)
{
    (void)state;
    struct replay *replay = open_account("");
    interrupt_a_removal(replay);
    show_group(replay, 3, "InService");
    show_group(replay, 2, "Terminating");
    assert_int_equal(shrink(replay), PROVIDER_OK);
    replay_free(replay);
}

static void without_time_to_wait_nothing_is_sent_and_the_caller_told_when(void **state)
{
    (void)state;
    struct replay *replay = open_account("");
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
    struct replay *replay = open_account("");
    replay_keep_fails(replay, true);
    show_group(replay, 3, "InService");
    assert_int_equal(shrink(replay), PROVIDER_RETRY);
    replay_free(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_a_role_are_renewed_fifteen_minutes_before_their_end),
        cmocka_unit_test(old_keys_serve_until_their_end_while_renewing_fails),
        cmocka_unit_test(keys_of_the_environment_carry_their_token_and_their_end),
        cmocka_unit_test(throttled_requests_wait_longer_each_time_and_within_bounds),
        cmocka_unit_test(an_interrupted_removal_that_arrived_is_not_sent_again),
        cmocka_unit_test(an_interrupted_removal_that_never_arrived_is_sent_after_the_view_has_settled),
        cmocka_unit_test(a_stale_view_that_catches_up_while_waiting_is_believed),
        cmocka_unit_test(without_time_to_wait_nothing_is_sent_and_the_caller_told_when),
        cmocka_unit_test(a_removal_that_cannot_be_written_down_is_not_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
