/* One request to a provider, with everything that surrounds it: the token bucket it must pass, tries with exponential
 * backoff and full jitter, Retry-After, one refresh of credentials, one correction of the clock, and what may not be
 * repeated.
 *
 *     struct sdk_call call = {.name = "ec2:DescribeInstances", .bucket = "ec2.eu-central-1", .prepare = sign,
 *                             .classify = judge, .context = &mine};
 *     enum provider_status status = sdk_exchange_run(exchange, &call, &answer, error);
 *     if (status == PROVIDER_OK) { ...; services->http_release(services->context, &answer); }
 *
 * The rules:
 *   - Each try asks `prepare` for the request anew, so that it can be signed anew.
 *   - NOT_SENT is tried again, writes too: it was surely without effect. Tries used up: PROVIDER_UNREACHABLE.
 *   - NO_ANSWER and TOO_LARGE of a write are never repeated: PROVIDER_UNKNOWN at once. Of a read NO_ANSWER is tried
 *     again, then PROVIDER_UNREACHABLE; TOO_LARGE is PROVIDER_INVALID.
 *   - PIN_MISMATCH is PROVIDER_AUTH at once.
 *   - Everything that was answered is judged by `classify`.
 *   - A wait that does not fit into the call's deadline or policy.wait_max_us is not begun: the status of the last try
 *     is returned at once with error.retry_at_us set to when it would have ended.
 *   - Throttled: nothing more leaves for that bucket before Retry-After (else the backoff) is over, and its rate is
 *     halved (to a sixteenth at least); each answered request that was not throttled gives back a sixteenth of it.
 *
 * An exchange lives as long as the account; its state is memory only. Single thread. */
#ifndef DROVER_PROVIDERS_SDK_EXCHANGE_H
#define DROVER_PROVIDERS_SDK_EXCHANGE_H

#include "providers/provider.h"

struct sdk_policy {
    unsigned tries;             /* requests of one call in all, 1 to 20; 0: 5. Refresh and skew add one each */
    int64_t backoff_us;         /* the first wait is even in 0..backoff; 0: 500 ms */
    int64_t backoff_max_us;     /* 0: 20 s */
    int64_t retry_after_max_us; /* a longer Retry-After counts as this; 0: 300 s */
    int64_t wait_max_us;        /* the longest single wait inside a call; 0: 60 s */
};

/* What an answer means. */
enum sdk_verdict {
    SDK_OK,                  /* the answer is what was asked for */
    SDK_RETRY,               /* unwell: again after the backoff or Retry-After, writes too (say SDK_FAIL with
                                PROVIDER_UNKNOWN where a write may have been done) */
    SDK_THROTTLED,           /* asked too often: as above, and the bucket slows */
    SDK_REFRESH_CREDENTIALS, /* `refresh` once a call, then again at once; a second time: PROVIDER_AUTH */
    SDK_FIX_SKEW,            /* `fix_skew` with the answer's Date once a call, then again at once; then PROVIDER_AUTH */
    SDK_FAIL                 /* *ret_status says how; nothing is repeated */
};

struct sdk_call {
    const char *name;   /* the provider's name of the request, for errors and logs: "ec2:DescribeInstances" */
    const char *bucket; /* whose limits it shares; "": none */
    bool writes;
    /* The request of the next try; what it points to stays valid until the next prepare or the end of the run. Another
     * status than PROVIDER_OK (no credentials, say) ends the call with it. */
    enum provider_status (*prepare)(void *context, struct provider_request *ret_request, struct provider_error *error);
    /* What the answer (outcome PROVIDER_HTTP_ANSWER) means. Fills *error unless SDK_OK; error->call may be left to the
     * exchange. *ret_status, for SDK_FAIL: how it failed; for the others: what it becomes when tries are used up
     * (preset to what the verdict suggests: PROVIDER_RETRY, THROTTLED, AUTH). */
    enum sdk_verdict (*classify)(void *context, const struct provider_answer *answer, enum provider_status *ret_status,
                                 struct provider_error *error);
    /* New credentials. Another status than PROVIDER_OK ends the call with it. NULL: the verdict is PROVIDER_AUTH. */
    enum provider_status (*refresh)(void *context, struct provider_error *error);
    /* The provider's clock is `offset_us` ahead of ours by the answer's Date. NULL: the verdict is PROVIDER_AUTH. */
    void (*fix_skew)(void *context, int64_t offset_us);
    void *context;
};

struct sdk_exchange;

/* `services` must outlive it. Zeroes in *policy are the defaults. */
struct sdk_exchange *sdk_exchange_new(const struct provider_services *services, const struct sdk_policy *policy);
void sdk_exchange_free(struct sdk_exchange *exchange);

/* At most `burst` requests of a bucket at once, refilled by `per_minute` a minute (both >= 1); a bucket never named is
 * unlimited until it is throttled. At most 256 buckets; what comes after shares the last. */
void sdk_exchange_limit(struct sdk_exchange *exchange, const char *bucket, int64_t per_minute, int64_t burst);

/* Runs one call. PROVIDER_OK: *ret_answer is the caller's to give back by services->http_release. Otherwise nothing is
 * to be given back and *error says why. */
enum provider_status sdk_exchange_run(struct sdk_exchange *exchange, const struct sdk_call *call,
                                      struct provider_answer *ret_answer, struct provider_error *error);

/* The first header of that name (lower case), or NULL. */
const char *sdk_header(const struct provider_answer *answer, const char *name);

/* The answer's Retry-After as a moment: seconds or a date (RFC 9110 10.2.3), clamped to 0..max_us from now.
 * PROVIDER_UNSET without one, with one that cannot be read, and for 0, which says nothing. */
int64_t sdk_retry_after(const struct provider_answer *answer, int64_t now_us, int64_t max_us);

#endif
