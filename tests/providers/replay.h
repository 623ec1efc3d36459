/* struct provider_services for module tests without a network: exchanges in the order in which they must come, a clock
 * that only sleep() and the test move, settings, files, and everything the module emitted or logged.
 *
 *     struct replay *replay = replay_new();
 *     replay_setting(replay, "region", "eu-central-1");
 *     replay_exchange(replay, "GET", "https://api/x*", NULL, 200, "Content-Type: text/xml\n", "<a/>");
 *     replay_open(replay, &drover_provider_module);
 *     assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
 *     assert_int_equal(replay_results(replay)->pools_count, 1);
 *     replay_free(replay);            fails the test when exchanges are left over
 *
 * Every mismatch fails the running cmocka test at once and shows what was asked and what was expected. Or from a file:
 * replay_load(replay, "tests/providers/aws/golden/throttled.http"), whose form stands below. */
#ifndef DROVER_TESTS_PROVIDERS_REPLAY_H
#define DROVER_TESTS_PROVIDERS_REPLAY_H

#include "providers/host/records.h"
#include "providers/provider.h"

struct replay;

struct replay *replay_new(void);
void replay_free(struct replay *replay);

const struct provider_services *replay_services(struct replay *replay);

/* The clock: starts at 2026-11-22T12:00:00Z, ticks at 0; a call's deadline is an hour unless told. */
void replay_set_now(struct replay *replay, int64_t now_us);
int64_t replay_now(const struct replay *replay);
void replay_advance(struct replay *replay, int64_t us);
void replay_set_time_left(struct replay *replay, int64_t us);
/* What random() gives; it counts up from the seed through a mix. Default 1. */
void replay_set_seed(struct replay *replay, uint64_t seed);

void replay_setting(struct replay *replay, const char *path, const char *value);
void replay_setting_at(struct replay *replay, const char *path, size_t at, const char *value);
/* HCL as in an account's block. */
void replay_settings_hcl(struct replay *replay, const char *text);
/* secret(path) gives this; NULL takes it away. */
void replay_secret(struct replay *replay, const char *path, const char *value);
void replay_environment(struct replay *replay, const char *name, const char *value);
void replay_file(struct replay *replay, const char *path, const char *content, bool open_to_others);
/* What is kept, NULL when nothing is. */
const char *replay_kept(struct replay *replay, const char *key);
void replay_keep_fails(struct replay *replay, bool fails);

/* The next exchange. url and body are globs (base/text.h: '*' and '?' only), NULL: any; headers: "Name: value\n" lines,
 * NULL: none. Answered with outcome ANSWER. */
void replay_exchange(struct replay *replay, const char *method, const char *url, const char *body, int status,
                     const char *headers, const char *answer);
/* The next exchange ends without an answer. */
void replay_silence(struct replay *replay, const char *method, const char *url, const char *body,
                    enum provider_http outcome);
/* The exchange added last must carry a header whose value matches the glob. */
void replay_expect_header(struct replay *replay, const char *name, const char *value);
/* The exchange added last takes so long. */
void replay_takes(struct replay *replay, int64_t us);
/* Exchanges of a file, blocks one after the other:
 *     > POST https://autoscaling.eu-central-1.amazonaws.com/
 *     > X-Amz-Date: *                     headers that must be there (globs)
 *     >
 *     > Action=Describe*                  body glob; without this line any body
 *     < 200                               or: < NO_ANSWER, < NOT_SENT, < TOO_LARGE, < PIN_MISMATCH
 *     < Content-Type: text/xml
 *     <
 *     < <xml/>                            lines of the body, joined by '\n'
 *     # comments and blank lines between blocks */
void replay_load(struct replay *replay, const char *path);
/* Exchanges that were not asked for yet, and requests made so far. */
size_t replay_left(const struct replay *replay);
size_t replay_requests(const struct replay *replay);
/* The at-th request made: "METHOD URL\nname: value\n...\n\nbody". NULL beyond the last. */
const char *replay_request(const struct replay *replay, size_t at);

/* Opens the module's account "test"; replay_free closes it. replay_open fails the test where open refuses;
 * replay_try_open gives the status and leaves the reason in replay_error. */
struct provider_account *replay_open(struct replay *replay, const struct provider_module *module);
enum provider_status replay_try_open(struct replay *replay, const struct provider_module *module);
/* Closes the account and opens it anew, as after the child process was killed; what was kept stays. */
void replay_reopen(struct replay *replay);

/* A look by name: "check", "describe", "offers", "pools", "quotas", "interruptions". Records of the call before are
 * forgotten. */
enum provider_status replay_call(struct replay *replay, const char *function);
/* Writes; the results are in replay_operation. */
enum provider_status replay_grow(struct replay *replay, const struct provider_pool *observed, int64_t to);
enum provider_status replay_shrink(struct replay *replay, const char *pool, const char *const *ids, size_t count);
enum provider_status replay_withdraw(struct replay *replay, const char *pool);
enum provider_status replay_poll(struct replay *replay, const char *token);
const struct provider_operation *replay_operation(const struct replay *replay);
const struct provider_error *replay_error(const struct replay *replay);

/* Records of the last call as the plain structs; pools carry their instances. Valid until the next call. */
const struct provider_records *replay_results(const struct replay *replay);
/* The at-th record of a kind ("pool", "offer", ...) as JSON, NULL beyond the last. */
const char *replay_record(const struct replay *replay, const char *kind, size_t at);

/* All log and progress lines so far, "warn: ...\n". */
const char *replay_log(const struct replay *replay);
/* Fails the test when the text (a secret) stands in a log line, an error, a record, an operation or what is kept. */
void replay_assert_nowhere(struct replay *replay, const char *secret);
/* Microseconds slept so far. */
int64_t replay_slept(const struct replay *replay);

#endif
