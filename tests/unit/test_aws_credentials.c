/* links: provider_aws provider_sdk provider_replay provider_host net base */
/* The aws module's keys, with scripted exchanges: every place they come from, their end, their replacement, and that
 * none gets out. Which place wins over which: tests/providers/aws/test_credentials.py. */
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
#define ROLE "arn:aws:iam::123456789012:role/drover"
#define METADATA "http://169.254.169.254/latest/"
#define EMPTY                                                                                                          \
    "<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups/>"                         \
    "</DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>"

extern const struct provider_module drover_provider_module;

/* An account without any keys. */
static struct replay *new_account(const char *more)
{
    struct replay *replay = replay_new();
    replay_settings_hcl(replay, "regions = [\"eu-central-1\"]\ngroups = [\"*\"]\n");
    replay_settings_hcl(replay, more);
    replay_environment(replay, "HOME", "/home/drover");
    return replay;
}

static struct replay *open_account(const char *more)
{
    struct replay *replay = new_account(more);
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

static void look_with(struct replay *replay, const char *id, const char *token)
{
    expect_groups_signed_by(replay, id);
    if (token)
        replay_expect_header(replay, "X-Amz-Security-Token", token);
    enum provider_status status = replay_call(replay, "pools");
    if (status != PROVIDER_OK)
        fail_msg("%s: %s", id, replay_error(replay)->text);
}

/* --- places ------------------------------------------------------------------------------------------------------ */

static void the_older_name_of_the_token_is_heard_too(void **state)
{
    (void)state;
    struct replay *replay = open_account("");
    replay_environment(replay, "AWS_SECURITY_TOKEN", "old-name-token");
    look_with(replay, "AKIDEXAMPLE", "old-name-token");
    replay_free(replay);
}

static void keys_of_the_settings_carry_their_token(void **state)
{
    (void)state;
    struct replay *replay = new_account("access_key_id = \"AKIDSETTINGS\"");
    replay_secret(replay, "secret_access_key", SECRET);
    replay_secret(replay, "session_token", "settings-token");
    replay_open(replay, &drover_provider_module);
    look_with(replay, "AKIDSETTINGS", "settings-token");
    replay_assert_nowhere(replay, SECRET);
    replay_assert_nowhere(replay, "settings-token");
    replay_free(replay);
}

static void keys_stand_in_either_shared_file_wherever_the_variables_point(void **state)
{
    (void)state;
    struct replay *replay = new_account("");
    replay_environment(replay, "AWS_SHARED_CREDENTIALS_FILE", "/etc/drover/keys");
    replay_environment(replay, "AWS_CONFIG_FILE", "/etc/drover/aws");
    replay_file(replay, "/etc/drover/keys",
                "[default]\naws_access_key_id = AKIDFIRST\naws_secret_access_key = " SECRET
                "\naws_session_token = file-token\n",
                false);
    replay_file(replay, "/etc/drover/aws",
                "[default]\nregion = eu-central-1\n[profile far]\naws_access_key_id = AKIDFAR\n"
                "aws_secret_access_key = " SECRET "\n",
                false);
    replay_open(replay, &drover_provider_module);
    look_with(replay, "AKIDFIRST", "file-token");
    replay_free(replay);

    replay = new_account("profile = \"far\"");
    replay_file(replay, "/home/drover/.aws/config",
                "[profile far]\naws_access_key_id = AKIDFAR\naws_secret_access_key = " SECRET "\n", false);
    replay_open(replay, &drover_provider_module);
    look_with(replay, "AKIDFAR", NULL);
    replay_free(replay);
}

static void a_profile_may_bring_its_own_web_identity(void **state)
{
    (void)state;
    struct replay *replay = new_account("profile = \"web\"");
    replay_file(replay, "/home/drover/.aws/config",
                "[profile web]\nrole_arn = " ROLE "\nweb_identity_token_file = /run/token\nduration_seconds = 900\n",
                false);
    replay_file(replay, "/run/token", "an.identity.token\n", false);
    replay_open(replay, &drover_provider_module);
    replay_exchange(replay, "POST", STS_URL,
                    "Action=AssumeRoleWithWebIdentity&*&DurationSeconds=900&WebIdentityToken=an.identity.token", 200,
                    NULL,
                    "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
                    "<AccessKeyId>ASIAWEB</AccessKeyId><SecretAccessKey>hidden</SecretAccessKey>"
                    "<SessionToken>web-token</SessionToken><Expiration>2026-11-22T18:00:00Z</Expiration>"
                    "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>");
    look_with(replay, "ASIAWEB", "web-token");
    replay_assert_nowhere(replay, "an.identity.token");
    replay_free(replay);
}

#define GIVEN(id)                                                                                                      \
    "{\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"hidden\",\"Token\":\"given-token\","                            \
    "\"Expiration\":\"2026-11-22T18:00:00Z\"}"

static void a_container_is_asked_at_its_own_address(void **state)
{
    (void)state;
    struct replay *replay = new_account("");
    replay_environment(replay, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1");
    replay_environment(replay, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-password");
    replay_open(replay, &drover_provider_module);
    replay_exchange(replay, "GET", "http://169.254.170.2/v2/credentials/1", NULL, 200, NULL, GIVEN("ASIABOX"));
    replay_expect_header(replay, "Authorization", "container-password");
    look_with(replay, "ASIABOX", "given-token");
    replay_assert_nowhere(replay, "container-password");
    replay_free(replay);
}

static void a_container_address_that_leads_away_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {".example.com/credentials", "@example.com/credentials", ":80@example.com/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct replay *replay = new_account("");
        replay_environment(replay, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", bad[i]);
        replay_environment(replay, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-password");
        replay_open(replay, &drover_provider_module);
        assert_int_equal(replay_call(replay, "pools"), PROVIDER_INVALID);
        assert_int_equal(replay_requests(replay), 0);
        replay_free(replay);
    }
}

static void ask_instance(struct replay *replay)
{
    replay_exchange(replay, "PUT", METADATA "api/token", NULL, 200, NULL, "metadata-session");
    replay_expect_header(replay, "X-aws-ec2-metadata-token-ttl-seconds", "21600");
    replay_exchange(replay, "GET", METADATA "meta-data/iam/security-credentials/", NULL, 200, NULL, "drover-role");
    replay_expect_header(replay, "X-aws-ec2-metadata-token", "metadata-session");
    replay_exchange(replay, "GET", METADATA "meta-data/iam/security-credentials/drover-role", NULL, 200, NULL,
                    GIVEN("ASIANODE"));
}

static void the_instance_is_asked_last_and_with_a_session(void **state)
{
    (void)state;
    struct replay *replay = new_account("");
    replay_open(replay, &drover_provider_module);
    ask_instance(replay);
    look_with(replay, "ASIANODE", "given-token");
    replay_assert_nowhere(replay, "metadata-session");
    replay_free(replay);
}

static void a_profiles_role_is_assumed_with_what_its_source_gives(void **state)
{
    (void)state;
    static const char *const sources[] = {"EcsContainer", "Ec2InstanceMetadata"};
    for (size_t i = 0; i < 2; i++) {
        char config[256];
        snprintf(config, sizeof config, "[default]\nrole_arn = " ROLE "\ncredential_source = %s\n", sources[i]);
        struct replay *replay = new_account("");
        replay_file(replay, "/home/drover/.aws/config", config, false);
        if (i == 0)
            replay_environment(replay, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c");
        replay_open(replay, &drover_provider_module);
        if (i == 0)
            replay_exchange(replay, "GET", "http://169.254.170.2/c", NULL, 200, NULL, GIVEN("ASIABOX"));
        else
            ask_instance(replay);
        give_role(replay, "ASIAROLE", "2026-11-22T18:00:00Z");
        look_with(replay, "ASIAROLE", "token-ASIAROLE");
        replay_free(replay);
    }
}

/* --- replacement, clocks ----------------------------------------------------------------------------------------- */

static void write_keys(struct replay *replay, const char *id)
{
    char text[256];
    snprintf(text, sizeof text, "[default]\naws_access_key_id = %s\naws_secret_access_key = " SECRET "\n", id);
    replay_file(replay, "/home/drover/.aws/credentials", text, false);
}

static void keys_that_were_replaced_in_their_file_are_taken_once_the_old_are_refused(void **state)
{
    (void)state;
    struct replay *replay = new_account("");
    write_keys(replay, "AKIDOLD");
    replay_open(replay, &drover_provider_module);
    look_with(replay, "AKIDOLD", NULL);
    write_keys(replay, "AKIDNEW");
    look_with(replay, "AKIDOLD", NULL);
    replay_exchange(
        replay, "POST", GROUPS_URL, NULL, 403, NULL,
        "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>x</Message></Error></ErrorResponse>");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_AUTH);
    assert_non_null(strstr(replay_error(replay)->text, "; check the keys, which are from profile default"));
    look_with(replay, "AKIDNEW", NULL);
    look_with(replay, "AKIDNEW", NULL);
    replay_free(replay);
}

static void a_missing_permission_is_no_reason_to_read_keys_anew(void **state)
{
    (void)state;
    struct replay *replay = open_account("role_arn = \"" ROLE "\"");
    give_role(replay, "ASIAFIRST", "2026-11-22T18:00:00Z");
    replay_exchange(replay, "POST", GROUPS_URL, NULL, 403, NULL,
                    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_AUTH);
    assert_non_null(
        strstr(replay_error(replay)->text, "; grant autoscaling:DescribeAutoScalingGroups in eu-central-1"));
    look_with(replay, "ASIAFIRST", NULL);
    replay_free(replay);
}

static void keys_renewed_after_a_refusal_are_not_renewed_again_at_once(void **state)
{
    (void)state;
    struct replay *replay = open_account("role_arn = \"" ROLE "\"");
    give_role(replay, "ASIAFIRST", "2026-11-22T12:14:00Z");
    replay_exchange(replay, "POST", GROUPS_URL, NULL, 403, NULL,
                    "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>x</Message></Error></ErrorResponse>");
    give_role(replay, "ASIASECOND", "2026-11-22T12:14:00Z");
    look_with(replay, "ASIASECOND", NULL);
    replay_free(replay);
}

/* This clock is 20 minutes ahead: by it, keys for 15 minutes have ended before they come. */
static void a_roles_end_is_told_by_the_clock_of_aws(void **state)
{
    (void)state;
    static const char expired[] = "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired"
                                  "</Message></Error></ErrorResponse>";
    static const char date[] = "Date: Sun, 22 Nov 2026 11:40:00 GMT\n";
    struct replay *replay = open_account("role_arn = \"" ROLE "\"");
    replay_exchange(replay, "POST", STS_URL, "Action=AssumeRole&*", 403, date, expired);
    give_role(replay, "ASIAFIRST", "2026-11-22T11:55:00Z");
    replay_exchange(replay, "POST", GROUPS_URL, NULL, 403, date, expired);
    look_with(replay, "ASIAFIRST", NULL);
    look_with(replay, "ASIAFIRST", NULL);
    replay_free(replay);
}

/* --- nothing gets out -------------------------------------------------------------------------------------------- */

static void a_token_that_an_answer_repeats_is_not_shown(void **state)
{
    (void)state;
    static const char token[] = "IQoJb3JpZ2luX2VjEXAMPLETOKEN==";
    static const char *const answers[] = {
        "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>The Canonical String for this request should "
        "have "
        "been\n'POST\n/\n\nx-amz-security-token:IQoJb3JpZ2luX2VjEXAMPLETOKEN==\n'</Message></Error></ErrorResponse>",
        "<html>you sent IQoJb3JpZ2luX2VjEXAMPLETOKEN== to a proxy</html>",
        "{\"__type\":\"AccessDeniedException\",\"message\":\"IQoJb3JpZ2luX2VjEXAMPLETOKEN==\"}",
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct replay *replay = open_account("");
        replay_environment(replay, "AWS_SESSION_TOKEN", token);
        replay_exchange(replay, "POST", GROUPS_URL, NULL, 403, NULL, answers[i]);
        assert_int_equal(replay_call(replay, "pools"), PROVIDER_AUTH);
        assert_non_null(strstr(replay_error(replay)->text, "(hidden)"));
        replay_assert_nowhere(replay, token);
        replay_assert_nowhere(replay, SECRET);
        replay_free(replay);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_a_role_are_renewed_fifteen_minutes_before_their_end),
        cmocka_unit_test(old_keys_serve_until_their_end_while_renewing_fails),
        cmocka_unit_test(keys_of_the_environment_carry_their_token_and_their_end),
        cmocka_unit_test(the_older_name_of_the_token_is_heard_too),
        cmocka_unit_test(keys_of_the_settings_carry_their_token),
        cmocka_unit_test(keys_stand_in_either_shared_file_wherever_the_variables_point),
        cmocka_unit_test(a_profile_may_bring_its_own_web_identity),
        cmocka_unit_test(a_container_is_asked_at_its_own_address),
        cmocka_unit_test(a_container_address_that_leads_away_is_refused),
        cmocka_unit_test(the_instance_is_asked_last_and_with_a_session),
        cmocka_unit_test(a_profiles_role_is_assumed_with_what_its_source_gives),
        cmocka_unit_test(keys_that_were_replaced_in_their_file_are_taken_once_the_old_are_refused),
        cmocka_unit_test(a_missing_permission_is_no_reason_to_read_keys_anew),
        cmocka_unit_test(keys_renewed_after_a_refusal_are_not_renewed_again_at_once),
        cmocka_unit_test(a_roles_end_is_told_by_the_clock_of_aws),
        cmocka_unit_test(a_token_that_an_answer_repeats_is_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
