/* One request with its surroundings; the rules stand in exchange.h. */
#include "providers/sdk/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/limits.h"
#include "providers/sdk/time.h"

#define SECOND_US INT64_C(1000000)
#define TELL_WAIT_US (5 * SECOND_US) /* waits from here on are told as progress */

struct sdk_exchange {
    const struct provider_services *services;
    struct sdk_policy policy;
    struct sdk_limits limits;
};

/* One call under way. */
struct run {
    struct sdk_exchange *exchange;
    const struct sdk_call *call;
    struct provider_error *error;
    struct provider_answer *answer; /* filled while one is held */
    unsigned tries;                 /* requests made */
    unsigned extra;                 /* tries that refresh and skew add */
    bool refreshed, skewed;
    bool ended;
    enum provider_status status; /* once ended */
};

static int64_t or_default(int64_t value, int64_t fallback)
{
    return value > 0 ? value : fallback;
}

struct sdk_exchange *sdk_exchange_new(const struct provider_services *services, const struct sdk_policy *policy)
{
    enum { TRIES = 5, TRIES_MAX = 20 };
    struct sdk_exchange *exchange = memory_new(1, sizeof *exchange);
    unsigned tries = policy->tries == 0 ? TRIES : policy->tries;
    exchange->services = services;
    exchange->policy = (struct sdk_policy){
        .tries = tries > TRIES_MAX ? TRIES_MAX : tries,
        .backoff_us = or_default(policy->backoff_us, SECOND_US / 2),
        .backoff_max_us = or_default(policy->backoff_max_us, 20 * SECOND_US),
        .retry_after_max_us = or_default(policy->retry_after_max_us, 300 * SECOND_US),
        .wait_max_us = or_default(policy->wait_max_us, 60 * SECOND_US),
    };
    return exchange;
}

void sdk_exchange_free(struct sdk_exchange *exchange)
{
    if (!exchange)
        return;
    sdk_limits_release(&exchange->limits);
    free(exchange);
}

void sdk_exchange_limit(struct sdk_exchange *exchange, const char *bucket, int64_t per_minute, int64_t burst)
{
    const struct provider_services *services = exchange->services;
    sdk_limit_set(sdk_limits_get(&exchange->limits, bucket), per_minute, burst, services->ticks(services->context));
}

const char *sdk_header(const struct provider_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->header_count; i++)
        if (strcmp(answer->headers[i].name, name) == 0)
            return answer->headers[i].value;
    return NULL;
}

int64_t sdk_retry_after(const struct provider_answer *answer, int64_t now_us, int64_t max_us)
{
    const char *text = sdk_header(answer, "retry-after");
    uint64_t seconds = 0;
    int64_t at_us = 0;
    struct error ignored = {0};
    if (!text)
        return PROVIDER_UNSET;
    size_t digits = strspn(text, "0123456789");
    if (digits > 0 && text[digits] == '\0') {
        /* More digits than a number holds is still a long wait. */
        if (!text_parse_u64(text, digits, "it", 0, INT32_MAX, &seconds, &ignored))
            seconds = INT32_MAX;
        at_us = now_us + (int64_t)seconds * SECOND_US;
    } else if (!sdk_time_read_http(text, &at_us, &ignored)) {
        return PROVIDER_UNSET;
    }
    if (at_us <= now_us)
        return PROVIDER_UNSET;
    return at_us - now_us > max_us ? now_us + max_us : at_us;
}

static int64_t now_of(const struct run *run)
{
    return run->exchange->services->now(run->exchange->services->context);
}

static int64_t ticks_of(const struct run *run)
{
    return run->exchange->services->ticks(run->exchange->services->context);
}

static struct sdk_limit *bucket_of(const struct run *run)
{
    return run->call->bucket && *run->call->bucket ? sdk_limits_get(&run->exchange->limits, run->call->bucket) : NULL;
}

static void end(struct run *run, enum provider_status status)
{
    run->ended = true;
    run->status = status;
}

/* Sleeps, or ends the run with `status` where the wait does not fit. */
static void wait_or_end(struct run *run, int64_t us, enum provider_status status, const char *why)
{
    const struct provider_services *services = run->exchange->services;
    int64_t seconds = us / SECOND_US;
    if (us > run->exchange->policy.wait_max_us || us >= services->time_left(services->context)) {
        run->error->retry_at_us = now_of(run) + us;
        end(run, status);
        return;
    }
    if (us >= TELL_WAIT_US) {
        char text[PROVIDER_TEXT_MAX];
        struct provider_error line;
        sdk_fail(&line, status, "", "%s: %s, again in %lld s", run->call->name, why, (long long)seconds);
        sdk_copy_text(text, sizeof text, line.text);
        services->progress(services->context, text);
    }
    sdk_log(services, PROVIDER_DEBUG, "%s: %s, again in %lld ms", run->call->name, why, (long long)(us / 1000));
    if (!services->sleep(services->context, us)) {
        run->error->retry_at_us = now_of(run) + us;
        end(run, status);
    }
}

/* Full jitter: even in 0..backoff * 2^(tries - 1), capped. */
static int64_t backoff(const struct run *run)
{
    const struct sdk_policy *policy = &run->exchange->policy;
    int64_t most = policy->backoff_us;
    for (unsigned i = 1; i < run->tries && most < policy->backoff_max_us; i++)
        most *= 2;
    if (most > policy->backoff_max_us)
        most = policy->backoff_max_us;
    const struct provider_services *services = run->exchange->services;
    return (int64_t)(services->random(services->context) % ((uint64_t)most + 1));
}

/* After a try that may be repeated: wait, or end with `status` when tries are used up. */
static void again(struct run *run, enum provider_status status, int64_t wait_us, const char *why)
{
    if (run->tries >= run->exchange->policy.tries + run->extra) {
        if (run->error->retry_at_us == PROVIDER_UNSET && (status == PROVIDER_RETRY || status == PROVIDER_THROTTLED))
            run->error->retry_at_us = now_of(run) + wait_us;
        end(run, status);
        return;
    }
    wait_or_end(run, wait_us, status, why);
}

static void judge_silence(struct run *run)
{
    const struct provider_answer *answer = run->answer;
    const char *trouble = answer->trouble ? answer->trouble : "no reason known";
    const char *name = run->call->name;
    switch (answer->outcome) {
    case PROVIDER_HTTP_NOT_SENT:
        sdk_fail(run->error, PROVIDER_UNREACHABLE, name, "not reached: %s", trouble);
        again(run, PROVIDER_UNREACHABLE, backoff(run), "not reached");
        return;
    case PROVIDER_HTTP_PIN_MISMATCH:
        end(run, sdk_fail(run->error, PROVIDER_AUTH, name,
                          "the server shows another public key than the pinned one; nothing was sent: %s", trouble));
        return;
    case PROVIDER_HTTP_TOO_LARGE:
        end(run, sdk_fail(run->error, run->call->writes ? PROVIDER_UNKNOWN : PROVIDER_INVALID, name,
                          "the answer is larger than what is read: %s", trouble));
        return;
    case PROVIDER_HTTP_NO_ANSWER:
    case PROVIDER_HTTP_ANSWER:
        break;
    }
    if (run->call->writes) {
        end(run, sdk_fail(run->error, PROVIDER_UNKNOWN, name, "sent, and no answer came: %s", trouble));
        return;
    }
    sdk_fail(run->error, PROVIDER_UNREACHABLE, name, "no answer: %s", trouble);
    again(run, PROVIDER_UNREACHABLE, backoff(run), "no answer");
}

static void refresh_credentials(struct run *run)
{
    if (run->refreshed || !run->call->refresh) {
        end(run, PROVIDER_AUTH);
        return;
    }
    run->refreshed = true;
    run->extra++;
    enum provider_status status = run->call->refresh(run->call->context, run->error);
    if (status != PROVIDER_OK)
        end(run, status);
}

static void fix_skew(struct run *run)
{
    const char *date = sdk_header(run->answer, "date");
    int64_t theirs = 0;
    struct error ignored = {0};
    if (run->skewed || !run->call->fix_skew || !date || !sdk_time_read_http(date, &theirs, &ignored)) {
        end(run, PROVIDER_AUTH);
        return;
    }
    run->skewed = true;
    run->extra++;
    int64_t offset = theirs - now_of(run);
    sdk_log(run->exchange->services, PROVIDER_WARN, "%s: this clock and the provider's differ by %lld s; check NTP",
            run->call->name, (long long)(offset / SECOND_US));
    run->call->fix_skew(run->call->context, offset);
}

static void slow_down(struct run *run, enum provider_status status, enum sdk_verdict verdict)
{
    int64_t now = now_of(run);
    int64_t at = sdk_retry_after(run->answer, now, run->exchange->policy.retry_after_max_us);
    int64_t wait = at == PROVIDER_UNSET ? backoff(run) : at - now;
    struct sdk_limit *bucket = bucket_of(run);
    if (verdict == SDK_THROTTLED && bucket)
        sdk_limit_throttled(bucket, ticks_of(run), wait);
    again(run, status, wait, verdict == SDK_THROTTLED ? "throttled" : "unwell");
}

static enum provider_status usual_status(enum sdk_verdict verdict)
{
    return verdict == SDK_RETRY ? PROVIDER_RETRY : verdict == SDK_THROTTLED ? PROVIDER_THROTTLED : PROVIDER_AUTH;
}

static enum sdk_verdict classify(struct run *run, enum provider_status *ret_status)
{
    *run->error = (struct provider_error){.retry_at_us = PROVIDER_UNSET};
    *ret_status = PROVIDER_STATUS_COUNT;
    enum sdk_verdict verdict = run->call->classify(run->call->context, run->answer, ret_status, run->error);
    if (*ret_status == PROVIDER_STATUS_COUNT || *ret_status == PROVIDER_OK)
        *ret_status = verdict == SDK_FAIL ? PROVIDER_INVALID : usual_status(verdict);
    if (verdict == SDK_OK)
        return verdict;
    if (run->error->call[0] == '\0')
        sdk_copy_text(run->error->call, sizeof run->error->call, run->call->name);
    if (run->error->text[0] == '\0') {
        struct provider_error named = *run->error;
        sdk_fail(run->error, *ret_status, named.call, "answered with HTTP status %d", run->answer->status);
        memcpy(run->error->code, named.code, sizeof named.code);
    }
    return verdict;
}

static void judge_answer(struct run *run)
{
    enum provider_status status = PROVIDER_INVALID;
    enum sdk_verdict verdict = classify(run, &status);
    struct sdk_limit *bucket = bucket_of(run);
    if (bucket && verdict != SDK_THROTTLED)
        sdk_limit_answered(bucket);
    switch (verdict) {
    case SDK_OK:
        end(run, PROVIDER_OK);
        return;
    case SDK_RETRY:
    case SDK_THROTTLED:
        slow_down(run, status, verdict);
        return;
    case SDK_REFRESH_CREDENTIALS:
        refresh_credentials(run);
        return;
    case SDK_FIX_SKEW:
        fix_skew(run);
        return;
    case SDK_FAIL:
        end(run, status);
        return;
    }
    end(run, PROVIDER_INVALID);
}

/* A token of the bucket, and time left for the request. */
static void pass_gate(struct run *run)
{
    const struct provider_services *services = run->exchange->services;
    const char *name = run->call->name;
    struct sdk_limit *bucket = bucket_of(run);
    int64_t wait = bucket ? sdk_limit_take(bucket, ticks_of(run)) : 0;
    while (wait > 0 && !run->ended) {
        if (run->tries == 0)
            sdk_fail(run->error, PROVIDER_THROTTLED, name, "held back by this account's own limit");
        wait_or_end(run, wait, PROVIDER_THROTTLED, "held back by this account's own limit");
        wait = sdk_limit_take(bucket, ticks_of(run));
    }
    if (!run->ended && services->time_left(services->context) <= 0) {
        if (run->tries == 0)
            sdk_fail(run->error, PROVIDER_UNREACHABLE, name, "no time was left to ask");
        end(run, PROVIDER_UNREACHABLE);
    }
}

static void try_once(struct run *run)
{
    const struct provider_services *services = run->exchange->services;
    struct provider_request request = {0};
    struct provider_error problem = {.retry_at_us = PROVIDER_UNSET};
    enum provider_status prepared = run->call->prepare(run->call->context, &request, &problem);
    if (prepared != PROVIDER_OK) {
        *run->error = problem;
        end(run, prepared);
        return;
    }
    *run->answer = (struct provider_answer){0};
    services->http(services->context, &request, run->answer);
    run->tries++;
    if (run->answer->outcome == PROVIDER_HTTP_ANSWER)
        judge_answer(run);
    else
        judge_silence(run);
    if (!run->ended || run->status != PROVIDER_OK)
        services->http_release(services->context, run->answer);
}

enum provider_status sdk_exchange_run(struct sdk_exchange *exchange, const struct sdk_call *call,
                                      struct provider_answer *ret_answer, struct provider_error *error)
{
    struct provider_answer answer = {0};
    struct run run = {.exchange = exchange, .call = call, .error = error, .answer = &answer};
    *error = (struct provider_error){.retry_at_us = PROVIDER_UNSET};
    while (!run.ended) {
        pass_gate(&run);
        if (!run.ended)
            try_once(&run);
    }
    if (run.status == PROVIDER_OK)
        *ret_answer = answer;
    return run.status;
}
