/* links: provider_replay provider_host provider_sdk net base cmocka */
/* One provider request with retries, limits and Retry-After: providers/sdk/exchange.h against scripted exchanges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "providers/sdk/exchange.h"
#include "providers/sdk/fail.h"
#include "tests/providers/replay.h"

#define SECOND INT64_C(1000000)

struct world {
    struct replay *replay;
    struct sdk_exchange *exchange;
    struct sdk_call call;
    struct provider_answer answer;
    struct provider_error error;
    unsigned prepared, refreshed;
    enum provider_status prepare_status, refresh_status;
    int64_t skew;
};

static enum provider_status prepare(void *context, struct provider_request *ret_request, struct provider_error *error)
{
    struct world *world = context;
    world->prepared++;
    *ret_request = (struct provider_request){.method = "POST", .url = "https://api/"};
    return world->prepare_status == PROVIDER_OK ? PROVIDER_OK
                                                : sdk_fail(error, world->prepare_status, "", "no credentials");
}

static enum sdk_verdict classify(void *context, const struct provider_answer *answer, enum provider_status *ret_status,
                                 struct provider_error *error)
{
    (void)context;
    switch (answer->status) {
    case 200:
        return SDK_OK;
    case 429:
        return SDK_THROTTLED;
    case 401:
        return SDK_REFRESH_CREDENTIALS;
    case 403:
        return SDK_FIX_SKEW;
    case 503:
        return SDK_RETRY;
    default:
        *ret_status = PROVIDER_QUOTA;
        sdk_error_code(error, "TooMany\n");
        return SDK_FAIL;
    }
}

static enum provider_status refresh(void *context, struct provider_error *error)
{
    struct world *world = context;
    world->refreshed++;
    return world->refresh_status == PROVIDER_OK ? PROVIDER_OK
                                                : sdk_fail(error, world->refresh_status, "login", "refused");
}

static void fix_skew(void *context, int64_t offset_us)
{
    ((struct world *)context)->skew = offset_us;
}

static void open_world(struct world *world)
{
    struct sdk_policy policy = {0};
    *world = (struct world){.replay = replay_new()};
    world->exchange = sdk_exchange_new(replay_services(world->replay), &policy);
    world->call = (struct sdk_call){.name = "api:Do",
                                    .bucket = "api",
                                    .prepare = prepare,
                                    .classify = classify,
                                    .refresh = refresh,
                                    .fix_skew = fix_skew,
                                    .context = world};
}

static void close_world(struct world *world)
{
    sdk_exchange_free(world->exchange);
    replay_free(world->replay);
}

static void answers(struct world *world, int status, const char *headers)
{
    replay_exchange(world->replay, "POST", "https://api/", NULL, status, headers, "body");
}

static enum provider_status run(struct world *world)
{
    world->call.context = world;
    return sdk_exchange_run(world->exchange, &world->call, &world->answer, &world->error);
}

static void test_an_answer_is_handed_over(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    answers(&world, 200, "X: 1\n");
    assert_int_equal(run(&world), PROVIDER_OK);
    assert_string_equal(world.answer.body, "body");
    assert_string_equal(sdk_header(&world.answer, "x"), "1");
    assert_int_equal(world.prepared, 1);
    close_world(&world);
}

static void test_five_tries_with_growing_jitter_then_retry(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    for (int i = 0; i < 5; i++)
        answers(&world, 503, NULL);
    assert_int_equal(run(&world), PROVIDER_RETRY);
    assert_int_equal(world.prepared, 5);
    assert_true(replay_slept(world.replay) > 0 && replay_slept(world.replay) <= (500 + 1000 + 2000 + 4000) * 1000);
    assert_true(world.error.retry_at_us >= replay_now(world.replay));
    assert_string_equal(world.error.call, "api:Do");
    assert_non_null(strstr(world.error.text, "503"));
    close_world(&world);
}

static void test_the_same_seed_waits_the_same(void **state)
{
    (void)state;
    int64_t slept[2];
    for (int i = 0; i < 2; i++) {
        struct world world;
        open_world(&world);
        replay_set_seed(world.replay, 7);
        for (int j = 0; j < 5; j++)
            answers(&world, 503, NULL);
        run(&world);
        slept[i] = replay_slept(world.replay);
        close_world(&world);
    }
    assert_int_equal(slept[0], slept[1]);
}

static void test_retry_after_in_seconds_is_obeyed(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    answers(&world, 429, "Retry-After: 17\n");
    answers(&world, 200, NULL);
    assert_int_equal(run(&world), PROVIDER_OK);
    assert_int_equal(replay_slept(world.replay), 17 * SECOND);
    close_world(&world);
}

static void test_retry_after_as_a_date_is_obeyed(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    answers(&world, 503, "Retry-After: Sun, 22 Nov 2026 12:00:09 GMT\n");
    answers(&world, 200, NULL);
    assert_int_equal(run(&world), PROVIDER_OK);
    assert_int_equal(replay_slept(world.replay), 9 * SECOND);
    close_world(&world);
}

static void test_a_long_retry_after_is_told_and_not_waited(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    answers(&world, 429, "Retry-After: 99999999999999999999\n");
    assert_int_equal(run(&world), PROVIDER_THROTTLED);
    assert_int_equal(world.error.retry_at_us - replay_now(world.replay), 300 * SECOND);
    assert_int_equal(replay_slept(world.replay), 0);
    /* The bucket stays closed: the next call asks nothing. */
    assert_int_equal(run(&world), PROVIDER_THROTTLED);
    assert_int_equal(replay_requests(world.replay), 1);
    close_world(&world);
}

static void test_a_throttled_bucket_does_not_hold_another(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    answers(&world, 429, "Retry-After: 250\n");
    answers(&world, 200, NULL);
    assert_int_equal(run(&world), PROVIDER_THROTTLED);
    world.call.bucket = "other";
    assert_int_equal(run(&world), PROVIDER_OK);
    close_world(&world);
}

static void test_a_lost_write_is_unknown_and_never_repeated(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    world.call.writes = true;
    replay_silence(world.replay, "POST", NULL, NULL, PROVIDER_HTTP_NO_ANSWER);
    assert_int_equal(run(&world), PROVIDER_UNKNOWN);
    assert_int_equal(world.prepared, 1);
    replay_silence(world.replay, "POST", NULL, NULL, PROVIDER_HTTP_TOO_LARGE);
    assert_int_equal(run(&world), PROVIDER_UNKNOWN);
    assert_int_equal(world.prepared, 2);
    close_world(&world);
}

static void test_a_write_that_was_not_sent_is_tried_again(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    world.call.writes = true;
    replay_silence(world.replay, "POST", NULL, NULL, PROVIDER_HTTP_NOT_SENT);
    answers(&world, 200, NULL);
    assert_int_equal(run(&world), PROVIDER_OK);
    close_world(&world);
}

static void test_a_lost_read_is_repeated_then_unreachable(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    for (int i = 0; i < 5; i++)
        replay_silence(world.replay, "POST", NULL, NULL, PROVIDER_HTTP_NO_ANSWER);
    assert_int_equal(run(&world), PROVIDER_UNREACHABLE);
    close_world(&world);
}

static void test_another_key_than_pinned_is_auth_at_once(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    replay_silence(world.replay, "POST", NULL, NULL, PROVIDER_HTTP_PIN_MISMATCH);
    assert_int_equal(run(&world), PROVIDER_AUTH);
    close_world(&world);
}

static void test_credentials_are_refreshed_once(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    answers(&world, 401, NULL);
    answers(&world, 401, NULL);
    assert_int_equal(run(&world), PROVIDER_AUTH);
    assert_int_equal(world.refreshed, 1);
    assert_int_equal(replay_slept(world.replay), 0);
    close_world(&world);
}

static void test_a_refused_refresh_ends_the_call(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    world.refresh_status = PROVIDER_AUTH;
    answers(&world, 401, NULL);
    assert_int_equal(run(&world), PROVIDER_AUTH);
    assert_string_equal(world.error.call, "login");
    close_world(&world);
}

static void test_skew_is_fixed_once_by_the_answers_date(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    answers(&world, 403, "Date: Sun, 22 Nov 2026 12:20:00 GMT\n");
    answers(&world, 403, "Date: Sun, 22 Nov 2026 12:20:00 GMT\n");
    assert_int_equal(run(&world), PROVIDER_AUTH);
    assert_int_equal(world.skew, 1200 * SECOND);
    assert_int_equal(world.prepared, 2);
    assert_non_null(strstr(replay_log(world.replay), "warn: api:Do: this clock"));
    close_world(&world);
}

static void test_a_refusal_keeps_status_and_visible_code(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    answers(&world, 418, NULL);
    assert_int_equal(run(&world), PROVIDER_QUOTA);
    assert_string_equal(world.error.code, "TooMany\\n");
    close_world(&world);
}

static void test_nothing_leaves_without_credentials_or_time(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    world.prepare_status = PROVIDER_AUTH;
    assert_int_equal(run(&world), PROVIDER_AUTH);
    world.prepare_status = PROVIDER_OK;
    replay_set_time_left(world.replay, 0);
    assert_int_equal(run(&world), PROVIDER_UNREACHABLE);
    assert_int_equal(replay_requests(world.replay), 0);
    close_world(&world);
}

static void test_a_limit_spaces_requests(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    sdk_exchange_limit(world.exchange, "api", 60, 2);
    for (int i = 0; i < 4; i++)
        answers(&world, 200, NULL);
    for (int i = 0; i < 4; i++)
        assert_int_equal(run(&world), PROVIDER_OK);
    assert_int_equal(replay_slept(world.replay), 2 * SECOND);
    close_world(&world);
}

static void test_throttling_halves_the_rate(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    sdk_exchange_limit(world.exchange, "api", 60, 1);
    answers(&world, 429, "Retry-After: 1\n");
    answers(&world, 200, NULL);
    assert_int_equal(run(&world), PROVIDER_OK);
    /* One second for Retry-After, in which half a token came; one more for the other half. */
    assert_int_equal(replay_slept(world.replay), 2 * SECOND);
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_is_handed_over),
        cmocka_unit_test(test_five_tries_with_growing_jitter_then_retry),
        cmocka_unit_test(test_the_same_seed_waits_the_same),
        cmocka_unit_test(test_retry_after_in_seconds_is_obeyed),
        cmocka_unit_test(test_retry_after_as_a_date_is_obeyed),
        cmocka_unit_test(test_a_long_retry_after_is_told_and_not_waited),
        cmocka_unit_test(test_a_throttled_bucket_does_not_hold_another),
        cmocka_unit_test(test_a_lost_write_is_unknown_and_never_repeated),
        cmocka_unit_test(test_a_write_that_was_not_sent_is_tried_again),
        cmocka_unit_test(test_a_lost_read_is_repeated_then_unreachable),
        cmocka_unit_test(test_another_key_than_pinned_is_auth_at_once),
        cmocka_unit_test(test_credentials_are_refreshed_once),
        cmocka_unit_test(test_a_refused_refresh_ends_the_call),
        cmocka_unit_test(test_skew_is_fixed_once_by_the_answers_date),
        cmocka_unit_test(test_a_refusal_keeps_status_and_visible_code),
        cmocka_unit_test(test_nothing_leaves_without_credentials_or_time),
        cmocka_unit_test(test_a_limit_spaces_requests),
        cmocka_unit_test(test_throttling_halves_the_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
