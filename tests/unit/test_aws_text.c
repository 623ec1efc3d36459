/* links: provider_aws provider_sdk base */
/* What the AWS module reads from text: shared files, regions, errors of every shape, products of the price list. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "providers/aws/answer.h"
#include "providers/aws/functions.h"
#include "providers/aws/ini.h"
#include "providers/aws/operation.h"
#include "providers/aws/partition.h"

static void a_shared_file_gives_sections_keys_and_nested_keys(void **state)
{
    (void)state;
    static const char text[] =
        "# comment\n[default]\naws_access_key_id = A\r\n; more\n\n[profile  b]\nRegion=eu-west-1\n"
        "s3 =\n  max = 1\n\tmin=2\nempty =\n";
    struct error error;
    struct aws_ini *ini = aws_ini_read(text, sizeof text - 1, &error);
    assert_non_null(ini);
    assert_string_equal(aws_ini_get(ini, "default", "aws_access_key_id"), "A");
    assert_string_equal(aws_ini_get(ini, "profile b", "region"), "eu-west-1");
    assert_string_equal(aws_ini_get(ini, "profile b", "s3.max"), "1");
    assert_string_equal(aws_ini_get(ini, "profile b", "s3.min"), "2");
    assert_string_equal(aws_ini_get(ini, "profile b", "empty"), "");
    assert_null(aws_ini_get(ini, "default", "region"));
    assert_true(aws_ini_has_section(ini, "profile b"));
    assert_false(aws_ini_has_section(ini, "b"));
    aws_ini_free(ini);
}

static void keys_that_are_all_indented_belong_to_their_section(void **state)
{
    (void)state;
    static const char text[] = "[a]\n  x = 1\n  s3 =\n    y = 2\n  z = 3\n[b]\nx = 4\n";
    struct error error;
    struct aws_ini *ini = aws_ini_read(text, sizeof text - 1, &error);
    assert_non_null(ini);
    assert_string_equal(aws_ini_get(ini, "a", "x"), "1");
    assert_string_equal(aws_ini_get(ini, "a", "s3.y"), "2");
    assert_string_equal(aws_ini_get(ini, "a", "z"), "3");
    assert_string_equal(aws_ini_get(ini, "b", "x"), "4");
    aws_ini_free(ini);
}

static void refuses_file(const char *text, const char *wanted)
{
    struct error error = {0};
    assert_null(aws_ini_read(text, strlen(text), &error));
    assert_string_equal(error.text, wanted);
}

static void a_malformed_shared_file_is_refused_by_line_and_shows_nothing_of_it(void **state)
{
    (void)state;
    refuses_file("[a]\nhidden-secret\n", "line 2: '=' is missing");
    refuses_file("x = 1\n", "line 1: a key stands before the first section");
    refuses_file("[a\n", "line 1: the section's ']' is missing");
    refuses_file("[a]\nx = 1\nx = 2\n", "line 3: the key is told twice");
    refuses_file("[a]\n[a]\n", "line 2: the section is told twice");
    refuses_file("[a]\nx = 1\n y = 2\n", "line 3: it is indented deeper and no key without a value stands before");
    refuses_file("[a]\n = 2\n", "line 2: there is no key before '='");
    refuses_file("[a]\n= 2\n", "line 2: there is no key before '='");
    refuses_file("[ ]\n", "line 1: the section has no name");
    refuses_file("[a]\nx = \xff\n", "it is no UTF-8 text");
}

static void regions_belong_to_partitions(void **state)
{
    (void)state;
    static const struct {
        const char *region, *partition, *suffix, *pricing, *currency;
    } cases[] = {
        {"us-east-1", "aws", "amazonaws.com", "us-east-1", "USD"},
        {"eu-central-1", "aws", "amazonaws.com", "eu-central-1", "USD"},
        {"ap-southeast-2", "aws", "amazonaws.com", "ap-south-1", "USD"},
        {"us-gov-west-1", "aws-us-gov", "amazonaws.com", "", "USD"},
        {"cn-north-1", "aws-cn", "amazonaws.com.cn", "cn-northwest-1", "CNY"},
        {"us-iso-east-1", "aws-iso", "c2s.ic.gov", "", "USD"},
        {"us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov", "", "USD"},
        {"eusc-de-east-1", "aws-eusc", "amazonaws.eu", "", "EUR"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct aws_partition *partition = aws_partition_of(cases[i].region);
        assert_string_equal(partition->name, cases[i].partition);
        assert_string_equal(partition->suffix, cases[i].suffix);
        assert_string_equal(partition->currency, cases[i].currency);
        assert_string_equal(aws_pricing_region(cases[i].region), cases[i].pricing);
    }
}

static void what_is_no_region_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "eu",
                                      "eu-central",
                                      "eu-central-",
                                      "EU-central-1",
                                      "eu--central-1",
                                      "eu-central-1/",
                                      "eu.central-1",
                                      "-eu-central-1",
                                      "eu-central-long-long-long-long-long-1"};
    struct error error;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (aws_region_check(bad[i], &error))
            fail_msg("\"%s\" was taken for a region", bad[i]);
    assert_true(aws_region_check("eu-central-1", &error));
    assert_true(aws_region_check("us-gov-west-1", &error));
}

static void errors_are(const char *body, const char *header, int status, const char *code, enum aws_trouble trouble)
{
    struct provider_header headers[] = {{"x-amzn-errortype", header}};
    struct provider_answer answer = {.outcome = PROVIDER_HTTP_ANSWER,
                                     .status = status,
                                     .headers = headers,
                                     .header_count = header ? 1 : 0,
                                     .body = body,
                                     .body_length = strlen(body)};
    struct aws_failure failure;
    aws_failure_read(&answer, &failure);
    assert_string_equal(failure.code, code);
    enum aws_trouble got = aws_trouble_of(&failure, status, PROVIDER_UNSET);
    if (got != trouble)
        fail_msg("%s: trouble %d wanted, got %d", body, (int)trouble, (int)got);
}

static void an_error_is_found_in_every_shape(void **state)
{
    (void)state;
    errors_are("<?xml version=\"1.0\"?><Response><Errors><Error><Code>AuthFailure</Code><Message>no</Message></Error>"
               "</Errors><RequestID>1</RequestID></Response>",
               NULL, 401, "AuthFailure", AWS_TROUBLE_KEYS);
    errors_are("<ErrorResponse xmlns=\"http://autoscaling.amazonaws.com/doc/2011-01-01/\"><Error><Type>Sender</Type>"
               "<Code>ValidationError</Code><Message>AutoScalingGroup name not found - x</Message></Error>"
               "<RequestId>1</RequestId></ErrorResponse>",
               NULL, 400, "ValidationError", AWS_TROUBLE_NOT_FOUND);
    errors_are("<ErrorResponse><Errors><Error><Code>SignatureDoesNotMatch</Code><Message>x</Message></Error></Errors>"
               "</ErrorResponse>",
               NULL, 403, "SignatureDoesNotMatch", AWS_TROUBLE_KEYS);
    errors_are("{\"__type\":\"com.amazonaws#ThrottlingException\",\"Message\":\"slow\"}", NULL, 400,
               "ThrottlingException", AWS_TROUBLE_THROTTLED);
    errors_are("{\"message\":\"no\"}", "AccessDeniedException:http://internal/", 400, "AccessDeniedException",
               AWS_TROUBLE_AUTH);
    errors_are("<html><body>Bad gateway</body></html>", NULL, 502, "", AWS_TROUBLE_AMBIGUOUS);
    errors_are("", NULL, 429, "", AWS_TROUBLE_THROTTLED);
    errors_are("<Response><Errors><Error><Code>Invali", NULL, 503, "", AWS_TROUBLE_AMBIGUOUS);
    errors_are("<!DOCTYPE a [<!ENTITY b \"c\">]><Response><Code>&b;</Code></Response>", NULL, 500, "",
               AWS_TROUBLE_AMBIGUOUS);
}

static enum aws_trouble trouble_of(const char *code, const char *message, int status, int64_t ahead_s)
{
    struct aws_failure failure;
    snprintf(failure.code, sizeof failure.code, "%s", code);
    snprintf(failure.message, sizeof failure.message, "%s", message);
    return aws_trouble_of(&failure, status, ahead_s * 1000000);
}

static void every_code_means_its_trouble(void **state)
{
    (void)state;
    static const struct {
        const char *codes; /* parted by blanks */
        int status;
        enum aws_trouble trouble;
    } kinds[] = {
        {"Throttling ThrottlingException ThrottledException RequestThrottledException RequestThrottled "
         "TooManyRequestsException",
         400, AWS_TROUBLE_THROTTLED},
        {"RequestLimitExceeded EC2ThrottledException", 503, AWS_TROUBLE_THROTTLED},
        {"PriorRequestNotComplete IDPCommunicationError", 400, AWS_TROUBLE_UNWELL},
        {"Unavailable", 503, AWS_TROUBLE_UNWELL},
        {"ResourceContention", 500, AWS_TROUBLE_UNWELL},
        {"InternalError InternalFailure InternalErrorException ServiceException", 500, AWS_TROUBLE_AMBIGUOUS},
        {"ServiceUnavailable ServiceUnavailableException", 503, AWS_TROUBLE_AMBIGUOUS},
        {"RequestTimeout RequestTimeoutException", 400, AWS_TROUBLE_AMBIGUOUS},
        {"ExpiredToken ExpiredTokenException RequestExpired", 403, AWS_TROUBLE_EXPIRED},
        {"RequestTimeTooSkewed RequestInTheFuture", 403, AWS_TROUBLE_CLOCK},
        {"AuthFailure", 401, AWS_TROUBLE_KEYS},
        {"InvalidClientTokenId SignatureDoesNotMatch InvalidSignatureException UnrecognizedClientException", 403,
         AWS_TROUBLE_KEYS},
        {"OptInRequired UnauthorizedOperation AccessDenied AccessDeniedException", 403, AWS_TROUBLE_AUTH},
        {"InvalidInstanceID.NotFound InvalidLaunchTemplateId.NotFound InvalidGroup.NotFound "
         "InvalidInstanceID.Malformed "
         "NatGatewayNotFound LoadBalancerNotFound TargetGroupNotFound NoSuchResourceException",
         400, AWS_TROUBLE_NOT_FOUND},
        {"NoSuchEntity NoSuchHostedZone", 404, AWS_TROUBLE_NOT_FOUND},
        {"DependencyViolation ResourceInUse DeleteConflict ScalingActivityInProgress", 400, AWS_TROUBLE_CONFLICT},
        {"VcpuLimitExceeded InstanceLimitExceeded MaxSpotInstanceCountExceeded VpcLimitExceeded AddressLimitExceeded "
         "NatGatewayLimitExceeded LimitExceeded TooManyThings",
         400, AWS_TROUBLE_QUOTA},
        {"InsufficientInstanceCapacity InsufficientHostCapacity InsufficientReservedInstanceCapacity "
         "SpotMaxPriceTooLow Unsupported",
         500, AWS_TROUBLE_NO_CAPACITY},
        {"DryRunOperation", 412, AWS_TROUBLE_DRY_RUN},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char codes[512], *rest = codes;
        assert_true(strlen(kinds[i].codes) < sizeof codes);
        strcpy(codes, kinds[i].codes);
        for (const char *code = strsep(&rest, " "); code; code = strsep(&rest, " ")) {
            enum aws_trouble got = trouble_of(code, "", kinds[i].status, 0);
            if (got != kinds[i].trouble)
                fail_msg("%s: trouble %d wanted, got %d", code, (int)kinds[i].trouble, (int)got);
        }
    }
}

static void an_answer_without_a_code_is_judged_by_its_status(void **state)
{
    (void)state;
    static const int unwell[] = {408, 500, 501, 502, 503, 504, 509, 520, 599};
    for (size_t i = 0; i < sizeof unwell / sizeof *unwell; i++)
        assert_int_equal(trouble_of("", "", unwell[i], 0), AWS_TROUBLE_AMBIGUOUS);
    assert_int_equal(trouble_of("", "", 429, 0), AWS_TROUBLE_THROTTLED);
    assert_int_equal(trouble_of("", "", 401, 0), AWS_TROUBLE_AUTH);
    assert_int_equal(trouble_of("", "", 403, 0), AWS_TROUBLE_AUTH);
    assert_int_equal(trouble_of("", "", 302, 0), AWS_TROUBLE_OTHER);
    assert_int_equal(trouble_of("", "", 404, 0), AWS_TROUBLE_OTHER);
}

static void codes_that_mean_several_things_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(trouble_of("RequestExpired", "", 400, 10), AWS_TROUBLE_EXPIRED);
    assert_int_equal(trouble_of("RequestExpired", "", 400, 1200), AWS_TROUBLE_CLOCK);
    assert_int_equal(trouble_of("RequestTimeTooSkewed", "", 403, 0), AWS_TROUBLE_CLOCK);
    assert_int_equal(trouble_of("SignatureDoesNotMatch", "Signature not yet current: 1 is later", 403, 0),
                     AWS_TROUBLE_CLOCK);
    assert_int_equal(trouble_of("InvalidSignatureException", "Signature expired: 1 is now earlier", 400, 0),
                     AWS_TROUBLE_CLOCK);
    assert_int_equal(trouble_of("SignatureDoesNotMatch", "The request signature we calculated", 403, 1200),
                     AWS_TROUBLE_KEYS);
    assert_int_equal(trouble_of("InvalidInstanceID.NotFound", "", 400, 0), AWS_TROUBLE_NOT_FOUND);
    assert_int_equal(trouble_of("InvalidInstanceID.Malformed", "", 400, 0), AWS_TROUBLE_NOT_FOUND);
    assert_int_equal(trouble_of("ValidationError", "desiredSize equals minSize", 400, 0), AWS_TROUBLE_OTHER);
    assert_int_equal(trouble_of("TooManyThings", "", 400, 0), AWS_TROUBLE_QUOTA);
    assert_int_equal(trouble_of("SomethingNew", "", 503, 0), AWS_TROUBLE_AMBIGUOUS);
    assert_int_equal(trouble_of("SomethingNew", "", 400, 0), AWS_TROUBLE_OTHER);
}

static void a_write_that_may_have_been_done_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(aws_trouble_status(AWS_TROUBLE_AMBIGUOUS, true), PROVIDER_UNKNOWN);
    assert_int_equal(aws_trouble_status(AWS_TROUBLE_AMBIGUOUS, false), PROVIDER_RETRY);
    assert_int_equal(aws_trouble_status(AWS_TROUBLE_UNWELL, true), PROVIDER_RETRY);
    assert_int_equal(aws_trouble_status(AWS_TROUBLE_OTHER, true), PROVIDER_INVALID);
}

static void words_of_activities_mean_capacity_quota_or_permission(void **state)
{
    (void)state;
    assert_int_equal(
        aws_trouble_of_activity("We currently do not have sufficient m5.large capacity in the Availability "
                                "Zone you requested (eu-central-1a). Launching EC2 instance failed."),
        AWS_TROUBLE_NO_CAPACITY);
    assert_int_equal(aws_trouble_of_activity("There is no Spot capacity available that matches your request."),
                     AWS_TROUBLE_NO_CAPACITY);
    assert_int_equal(aws_trouble_of_activity("You have requested more vCPU capacity than your current vCPU limit of 32 "
                                             "allows"),
                     AWS_TROUBLE_QUOTA);
    assert_int_equal(aws_trouble_of_activity("Max spot instance count exceeded. Launching EC2 instance failed."),
                     AWS_TROUBLE_QUOTA);
    assert_int_equal(aws_trouble_of_activity("You are not authorized to perform this operation."), AWS_TROUBLE_AUTH);
    assert_int_equal(aws_trouble_of_activity("The image id '[ami-0]' does not exist"), AWS_TROUBLE_OTHER);
}

#define PRODUCT(dimension)                                                                                             \
    "{\"product\":{\"sku\":\"ABC\"},\"terms\":{\"OnDemand\":{\"ABC.J\":{\"effectiveDate\":\"2026-11-01T00:00:00Z\","   \
    "\"priceDimensions\":{" dimension "}}}}}"
#define DIMENSION(unit, price) "\"ABC.J.6\":{\"unit\":\"" unit "\",\"pricePerUnit\":{\"USD\":\"" price "\"}}"

static bool price_of(const char *product, struct aws_price *ret_price, struct error *ret_error)
{
    return aws_price_read(product, strlen(product), "USD", ret_price, ret_error);
}

static void a_product_has_one_hourly_price(void **state)
{
    (void)state;
    struct aws_price price;
    struct error error;
    assert_true(price_of(PRODUCT(DIMENSION("Hrs", "0.0960000000")), &price, &error));
    assert_int_equal(price.price_micro_h, 96000);
    assert_string_equal(price.sku, "ABC");
    assert_int_equal(price.valid_from_us, INT64_C(1793491200) * 1000000);
}

static void a_price_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        PRODUCT(DIMENSION("Hrs", "abc")),
        PRODUCT(DIMENSION("Hrs", "0.0000000000")),
        PRODUCT(DIMENSION("Hrs", "-1")),
        PRODUCT(DIMENSION("Hrs", "99999999999")),
        PRODUCT(DIMENSION("Quantity", "1")),
        PRODUCT(DIMENSION("Hrs", "1") ",\"ABC.J.7\":{\"unit\":\"Hrs\",\"pricePerUnit\":{\"USD\":\"2\"}}"),
        PRODUCT(""),
        PRODUCT("\"a\":{\"unit\":\"Hrs\",\"pricePerUnit\":{\"CNY\":\"1\"}}"),
        "{\"product\":{\"sku\":\"ABC\"},\"terms\":{\"Reserved\":{}}}",
        "{\"terms\":{}}",
        "[]",
        "not json",
        "",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct aws_price price;
        struct error error = {0};
        if (price_of(bad[i], &price, &error))
            fail_msg("was taken for a price: %s", bad[i]);
        assert_true(error.text[0] != '\0');
    }
}

static void types_count_towards_the_quota_of_their_family(void **state)
{
    (void)state;
    assert_string_equal(aws_quota_family("m5.large"), "standard");
    assert_string_equal(aws_quota_family("t3a.micro"), "standard");
    assert_string_equal(aws_quota_family("im4gn.large"), "standard");
    assert_string_equal(aws_quota_family("g5.xlarge"), "g");
    assert_string_equal(aws_quota_family("vt1.3xlarge"), "g");
    assert_string_equal(aws_quota_family("p4d.24xlarge"), "p");
    assert_string_equal(aws_quota_family("mac1.metal"), "");
    assert_string_equal(aws_quota_family("trn1.2xlarge"), "");
    assert_string_equal(aws_quota_family("x2gd.large"), "");
    assert_string_equal(aws_quota_family(""), "");
}

static void a_token_of_an_operation_says_all_of_it(void **state)
{
    (void)state;
    struct aws_operation wrote = {
        .grows = true, .pool = "eu-central-1/a\"b", .generation = "u/web", .from = 2, .to = 4, .after = "act-1"};
    struct aws_operation read;
    struct provider_error error;
    char token[PROVIDER_OPERATION_MAX];
    assert_true(aws_operation_write(&wrote, token));
    assert_int_equal(aws_operation_read(token, &read, &error), PROVIDER_OK);
    assert_true(read.grows);
    assert_string_equal(read.pool, "eu-central-1/a\"b");
    assert_int_equal(read.to, 4);
    assert_string_equal(read.after, "act-1");
    aws_operation_release(&read);
}

static void what_is_no_token_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "x",
                                      "{}",
                                      "[]",
                                      "{\"op\":\"grow\",\"pool\":\"a\"}",
                                      "{\"op\":\"burn\",\"pool\":\"a\"}",
                                      "{\"op\":\"shrink\",\"pool\":\"a\",\"ids\":[]}",
                                      "{\"op\":\"shrink\",\"pool\":\"a\",\"ids\":[1]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct aws_operation operation;
        struct provider_error error;
        assert_int_equal(aws_operation_read(bad[i], &operation, &error), PROVIDER_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shared_file_gives_sections_keys_and_nested_keys),
        cmocka_unit_test(keys_that_are_all_indented_belong_to_their_section),
        cmocka_unit_test(a_malformed_shared_file_is_refused_by_line_and_shows_nothing_of_it),
        cmocka_unit_test(regions_belong_to_partitions),
        cmocka_unit_test(what_is_no_region_is_refused),
        cmocka_unit_test(an_error_is_found_in_every_shape),
        cmocka_unit_test(every_code_means_its_trouble),
        cmocka_unit_test(an_answer_without_a_code_is_judged_by_its_status),
        cmocka_unit_test(codes_that_mean_several_things_are_told_apart),
        cmocka_unit_test(a_write_that_may_have_been_done_is_unknown),
        cmocka_unit_test(words_of_activities_mean_capacity_quota_or_permission),
        cmocka_unit_test(a_product_has_one_hourly_price),
        cmocka_unit_test(a_price_that_makes_no_sense_is_refused),
        cmocka_unit_test(types_count_towards_the_quota_of_their_family),
        cmocka_unit_test(a_token_of_an_operation_says_all_of_it),
        cmocka_unit_test(what_is_no_token_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
