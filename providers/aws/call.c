/* Requests to AWS: see call.h. */
#include "providers/aws/call.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/aws/answer.h"
#include "providers/aws/credentials.h"
#include "providers/aws/sign.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/pages.h"
#include "providers/sdk/time.h"
#include "providers/sdk/url.h"

/* Of one run: what prepare made and classify must know. */
struct run {
    struct provider_account *account;
    const struct aws_call *call;
    char bucket[64];
    struct buffer url, authorization, target;
    char host[SDK_URL_HOST_MAX + 8], date[AWS_SIGN_DATE_MAX], hash[AWS_SIGN_HEX_MAX];
    struct aws_keys keys; /* a copy of those that were signed with */
    struct provider_header headers[AWS_SIGN_HEADERS_MAX];
    size_t header_count;
};

void aws_call_begin(struct aws_call *call, enum aws_service service, const char *region, const char *action)
{
    *call = (struct aws_call){.service = service, .action = action, .body = BUFFER_INIT};
    snprintf(call->region, sizeof call->region, "%s", region);
    snprintf(call->name, sizeof call->name, "%s:%s", aws_service_sign_name(service), action);
    if (aws_service_version(service)[0]) {
        aws_call_add(call, "Action", action);
        aws_call_add(call, "Version", aws_service_version(service));
    }
}

void aws_call_add(struct aws_call *call, const char *name, const char *value)
{
    sdk_url_append_form(&call->body, name, value);
}

void aws_call_add_at(struct aws_call *call, const char *prefix, size_t at, const char *suffix, const char *value)
{
    char name[128];
    snprintf(name, sizeof name, "%s.%zu%s%s", prefix, at, suffix[0] ? "." : "", suffix);
    aws_call_add(call, name, value);
}

void aws_call_end(struct aws_call *call)
{
    OPENSSL_cleanse(call->body.data, call->body.length);
    buffer_release(&call->body);
}

void aws_append_endpoint(const struct provider_account *account, enum aws_service service, const char *region,
                         struct buffer *out)
{
    const char *override = account->settings.endpoints[service];
    if (override[0])
        buffer_append_text(out, override);
    else
        buffer_printf(out, "https://%s.%s.%s", aws_service_host(service), region, aws_partition_of(region)->suffix);
}

static void name_endpoint(enum aws_service service, const char *region, char *ret_name, size_t size)
{
    snprintf(ret_name, size, "%s.%s", aws_service_sign_name(service), region);
}

static struct aws_clock *find_clock(struct provider_account *account, const char *endpoint)
{
    for (size_t i = 0; i < account->clock_count; i++)
        if (strcmp(account->clocks[i].endpoint, endpoint) == 0)
            return &account->clocks[i];
    return NULL;
}

int64_t aws_now(const struct provider_account *account, enum aws_service service, const char *region)
{
    char endpoint[64];
    name_endpoint(service, region, endpoint, sizeof endpoint);
    int64_t now_us = account->services->now(account->services->context);
    for (size_t i = 0; i < account->clock_count; i++)
        if (strcmp(account->clocks[i].endpoint, endpoint) == 0)
            return now_us + account->clocks[i].ahead_us;
    return now_us;
}

static void add_header(struct run *run, const char *name, const char *value)
{
    run->headers[run->header_count++] = (struct provider_header){name, value};
}

static void sign(struct run *run, const char *path)
{
    const struct aws_call *call = run->call;
    struct aws_sign_pair pairs[AWS_SIGN_HEADERS_MAX];
    for (size_t i = 0; i < run->header_count; i++)
        pairs[i] = (struct aws_sign_pair){run->headers[i].name, run->headers[i].value};
    struct aws_sign_request request = {.method = "POST",
                                       .path = path,
                                       .headers = pairs,
                                       .header_count = run->header_count,
                                       .body_sha256 = run->hash,
                                       .date = run->date,
                                       .region = call->region,
                                       .service = aws_service_sign_name(call->service)};
    buffer_clear(&run->authorization);
    aws_sign_append_authorization(&run->authorization, &request, run->keys.id, run->keys.secret);
}

static void add_protocol_headers(struct run *run)
{
    const struct aws_call *call = run->call;
    run->header_count = 0;
    add_header(run, "Host", run->host);
    if (aws_service_version(call->service)[0]) {
        add_header(run, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
        return;
    }
    buffer_clear(&run->target);
    buffer_printf(&run->target, "%s%s", aws_service_target(call->service), call->action);
    add_header(run, "Content-Type", "application/x-amz-json-1.1");
    add_header(run, "X-Amz-Target", run->target.data);
}

static enum provider_status prepare(void *context, struct provider_request *ret_request, struct provider_error *error)
{
    struct run *run = context;
    const struct aws_call *call = run->call;
    struct provider_account *account = run->account;
    enum provider_status status = call->recheck ? call->recheck(call->recheck_context, error) : PROVIDER_OK;
    if (status != PROVIDER_OK)
        return status;
    add_protocol_headers(run);
    if (!call->unsigned_) {
        const struct aws_keys *keys = call->keys;
        status = keys ? PROVIDER_OK : aws_credentials_get(account, &keys, error);
        if (status != PROVIDER_OK)
            return status;
        aws_keys_release(&run->keys);
        aws_keys_copy(&run->keys, keys);
        aws_sign_date(aws_now(account, call->service, call->region), run->date);
        aws_sign_hash(call->body.data, call->body.length, run->hash);
        add_header(run, "X-Amz-Date", run->date);
        add_header(run, "X-Amz-Content-Sha256", run->hash);
        if (run->keys.token[0])
            add_header(run, "X-Amz-Security-Token", run->keys.token);
        sign(run, "/");
        add_header(run, "Authorization", run->authorization.data);
    }
    account->last_http_status = 0; /* after the requests that credentials may have needed */
    *ret_request = (struct provider_request){.method = "POST",
                                             .url = run->url.data,
                                             .headers = run->headers,
                                             .header_count = run->header_count,
                                             .body = call->body.data,
                                             .body_length = call->body.length,
                                             .answer_max = AWS_ANSWER_MAX,
                                             .ca_file = "",
                                             .cert_file = "",
                                             .key_file = "",
                                             .pinned_key = ""};
    return PROVIDER_OK;
}

/* How far the answer's Date is ahead of the time that was signed. */
static int64_t ahead_of_signed(const struct run *run, const struct provider_answer *answer)
{
    struct error reason;
    int64_t date_us = 0;
    const char *date = sdk_header(answer, "date");
    if (!date || !sdk_time_read_http(date, &date_us, &reason))
        return PROVIDER_UNSET;
    return date_us - aws_now(run->account, run->call->service, run->call->region);
}

static enum sdk_verdict verdict_of(enum aws_trouble trouble, bool writes)
{
    switch (trouble) {
    case AWS_TROUBLE_UNWELL:
        return SDK_RETRY;
    case AWS_TROUBLE_AMBIGUOUS:
        return writes ? SDK_FAIL : SDK_RETRY;
    case AWS_TROUBLE_THROTTLED:
        return SDK_THROTTLED;
    case AWS_TROUBLE_EXPIRED:
        return SDK_REFRESH_CREDENTIALS;
    case AWS_TROUBLE_CLOCK:
        return SDK_FIX_SKEW;
    default:
        return SDK_FAIL;
    }
}

/* AWS shows what it would have signed, a proxy what it was sent: either may hold the session token. */
static void hide(struct aws_failure *failure, const char *secret)
{
    enum { TELLING = 8 };
    char start[TELLING + 1];
    snprintf(start, sizeof start, "%s", secret ? secret : "");
    char *found = start[0] ? strstr(failure->message, start) : NULL;
    if (found)
        snprintf(found, sizeof failure->message - (size_t)(found - failure->message), "(hidden)");
}

/* What to do about it, where the kind of trouble says so. */
static void append_advice(const struct run *run, const struct aws_failure *failure, enum aws_trouble trouble,
                          struct buffer *out)
{
    const char *name = run->call->name, *region = run->call->region, *source = run->keys.source;
    if (trouble == AWS_TROUBLE_AUTH && !failure->code[0])
        buffer_append_text(out, "; AWS did not write this: look at the proxy or the endpoint's address");
    else if (trouble == AWS_TROUBLE_AUTH)
        buffer_printf(out, "; grant %s in %s, or use other credentials than those from %s", name, region,
                      source[0] ? source : "the web identity token");
    else if (trouble == AWS_TROUBLE_KEYS)
        buffer_printf(out, "; check the keys, which are from %s", source);
    else if (trouble == AWS_TROUBLE_EXPIRED)
        buffer_printf(out, "; the keys from %s have ended: renew them there", source);
    else if (trouble == AWS_TROUBLE_CLOCK)
        buffer_append_text(out, "; set this machine's clock by NTP");
}

static enum sdk_verdict classify(void *context, const struct provider_answer *answer, enum provider_status *ret_status,
                                 struct provider_error *error)
{
    struct run *run = context;
    run->account->last_http_status = answer->status;
    if (answer->status >= 200 && answer->status < 300)
        return SDK_OK;
    struct aws_failure failure;
    aws_failure_read(answer, &failure);
    hide(&failure, run->keys.token);
    hide(&failure, run->keys.secret);
    enum aws_trouble trouble = aws_trouble_of(&failure, answer->status, ahead_of_signed(run, answer));
    *ret_status = aws_trouble_status(trouble, run->call->writes);
    struct buffer advice = BUFFER_INIT;
    append_advice(run, &failure, trouble, &advice);
    sdk_fail(error, *ret_status, run->call->name, "%s in %s: HTTP %d %s%s%s%s", run->call->name, run->call->region,
             answer->status, failure.code, failure.code[0] ? ": " : "", failure.message, advice.data);
    buffer_release(&advice);
    sdk_error_code(error, failure.code);
    if (trouble == AWS_TROUBLE_QUOTA)
        snprintf(error->quota, sizeof error->quota, "%s", failure.code);
    if (trouble == AWS_TROUBLE_KEYS && !run->call->keys && !run->call->unsigned_)
        run->account->keys_refused = true;
    return verdict_of(trouble, run->call->writes);
}

static enum provider_status refresh(void *context, struct provider_error *error)
{
    struct run *run = context;
    if (run->call->keys || run->call->unsigned_)
        return PROVIDER_AUTH;
    return aws_credentials_refresh(run->account, error);
}

/* The exchange tells the operator. */
static void fix_skew(void *context, int64_t offset_us)
{
    struct run *run = context;
    struct provider_account *account = run->account;
    struct aws_clock *clock = find_clock(account, run->bucket);
    if (!clock && account->clock_count < AWS_CLOCKS_MAX) {
        clock = &account->clocks[account->clock_count++];
        snprintf(clock->endpoint, sizeof clock->endpoint, "%s", run->bucket);
    }
    if (clock)
        clock->ahead_us = offset_us;
}

static void run_release(struct run *run)
{
    OPENSSL_cleanse(run->authorization.data, run->authorization.length);
    buffer_release(&run->url);
    buffer_release(&run->authorization);
    buffer_release(&run->target);
    aws_keys_release(&run->keys);
}

static enum provider_status send_call(struct provider_account *account, const struct aws_call *call,
                                      struct provider_answer *ret_answer, struct provider_error *error)
{
    struct run run = {.account = account, .call = call};
    buffer_init(&run.url);
    buffer_init(&run.authorization);
    buffer_init(&run.target);
    name_endpoint(call->service, call->region, run.bucket, sizeof run.bucket);
    aws_append_endpoint(account, call->service, call->region, &run.url);
    const char *authority = strstr(run.url.data, "://") + 3;
    snprintf(run.host, sizeof run.host, "%s", authority);
    buffer_append_byte(&run.url, '/');
    struct sdk_call exchange = {.name = call->name,
                                .bucket = run.bucket,
                                .writes = call->writes,
                                .prepare = prepare,
                                .classify = classify,
                                .refresh = refresh,
                                .fix_skew = fix_skew,
                                .context = &run};
    enum provider_status status = sdk_exchange_run(account->exchange, &exchange, ret_answer, error);
    run_release(&run);
    return status;
}

/* An answer with a good status that is not what was asked for. */
static enum provider_status refuse_answer(const struct aws_call *call, const struct error *reason,
                                          struct provider_error *error)
{
    return sdk_fail(error, call->writes ? PROVIDER_UNKNOWN : PROVIDER_RETRY, call->name,
                    "%s in %s: the answer cannot be read: %s", call->name, call->region, reason->text);
}

enum provider_status aws_call_xml(struct provider_account *account, const struct aws_call *call,
                                  struct sdk_xml **ret_xml, struct provider_error *error)
{
    struct provider_answer answer;
    enum provider_status status = send_call(account, call, &answer, error);
    if (status != PROVIDER_OK)
        return status;
    char root[96];
    snprintf(root, sizeof root, "%sResponse", call->action);
    struct error reason;
    *ret_xml = sdk_xml_read(answer.body, answer.body_length, AWS_ANSWER_MAX, root, &reason);
    account->services->http_release(account->services->context, &answer);
    return *ret_xml ? PROVIDER_OK : refuse_answer(call, &reason, error);
}

enum provider_status aws_call_json(struct provider_account *account, const struct aws_call *call,
                                   struct sdk_json_at *ret_root, struct provider_error *error)
{
    struct provider_answer answer;
    enum provider_status status = send_call(account, call, &answer, error);
    if (status != PROVIDER_OK)
        return status;
    struct error reason;
    bool good = sdk_json_open(answer.body, answer.body_length, AWS_ANSWER_MAX, ret_root, &reason);
    account->services->http_release(account->services->context, &answer);
    return good ? PROVIDER_OK : refuse_answer(call, &reason, error);
}

static enum provider_status one_page(struct provider_account *account, const struct aws_call *call,
                                     const char *token_path, struct sdk_pages *pages, bool *ret_more, aws_page *page,
                                     void *context, struct provider_error *error)
{
    struct aws_call paged = *call;
    buffer_init(&paged.body);
    buffer_append(&paged.body, call->body.data, call->body.length);
    if (pages->token && pages->token[0])
        aws_call_add(&paged, "NextToken", pages->token);
    struct sdk_xml *xml = NULL;
    enum provider_status status = aws_call_xml(account, &paged, &xml, error);
    struct error reason;
    if (status == PROVIDER_OK &&
        !sdk_pages_next(pages, sdk_xml_text(sdk_xml_root(xml), token_path, ""), ret_more, &reason))
        status = refuse_answer(call, &reason, error);
    if (status == PROVIDER_OK)
        status = page(context, &xml, error);
    sdk_xml_free(xml);
    aws_call_end(&paged);
    return status;
}

enum provider_status aws_call_pages(struct provider_account *account, const struct aws_call *call,
                                    const char *token_path, aws_page *page, void *context, struct provider_error *error)
{
    struct sdk_pages pages;
    sdk_pages_init(&pages, 0);
    enum provider_status status = PROVIDER_OK;
    bool more = true;
    while (more && status == PROVIDER_OK)
        status = one_page(account, call, token_path, &pages, &more, page, context, error);
    sdk_pages_release(&pages);
    return status;
}
