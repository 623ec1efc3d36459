/* Requests to ARM; see arm.h. */
#include "providers/azure/arm.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/azure/fault.h"
#include "providers/azure/regions.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/pages.h"
#include "providers/sdk/url.h"

enum {
    ANSWER_MAX = 64 * 1024 * 1024,
    HEADERS_MAX = 5,
    BUCKET_MAX = 128,
    BUCKETS_MAX = 240 /* of the exchange's 256 */
};

struct call {
    struct provider_account *account;
    const struct azure_request *request;
    struct buffer bearer;
    char id[40];
    struct provider_header headers[HEADERS_MAX];
};

void azure_url_build(struct buffer *ret_url, const struct provider_account *account, const char *version,
                     const char *const *segments)
{
    buffer_clear(ret_url);
    buffer_append_text(ret_url, account->settings.arm);
    for (; *segments; segments++) {
        buffer_append_byte(ret_url, '/');
        sdk_url_append_encoded(ret_url, *segments);
    }
    sdk_url_append_query(ret_url, "api-version", version);
}

void azure_url_scale_set(struct buffer *ret_url, const struct provider_account *account, const char *group,
                         const char *name, const char *rest)
{
    const char *segments[] = {"subscriptions",
                              account->settings.subscription,
                              "resourceGroups",
                              group,
                              "providers",
                              "Microsoft.Compute",
                              "virtualMachineScaleSets",
                              name,
                              *rest ? rest : NULL,
                              NULL};
    azure_url_build(ret_url, account, AZURE_COMPUTE_VERSION, segments);
}

bool azure_url_is_arm(const struct provider_account *account, const char *url)
{
    struct sdk_url theirs, ours;
    struct error ignored = {0};
    return sdk_url_read(url, &theirs, &ignored) && sdk_url_read(account->settings.arm, &ours, &ignored) &&
           theirs.https && sdk_url_same_origin(&theirs, &ours);
}

static void add(struct provider_header *headers, size_t *count, const char *name, const char *value)
{
    headers[(*count)++] = (struct provider_header){name, value};
}

/* Before each try, the first as well: limits may have held it back. */
static enum provider_status check_look(const struct call *call, struct provider_error *error)
{
    const struct provider_services *services = call->account->services;
    struct azure_look *look = call->request->look;
    if (!look || services->ticks(services->context) - look->at_ticks <= AZURE_LOOK_HOLDS_US)
        return PROVIDER_OK;
    look->too_old = true;
    return sdk_fail(error, PROVIDER_CONFLICT, call->request->name,
                    "held back so long that what was looked at may have changed: nothing was sent; look again");
}

static enum provider_status prepare(void *context, struct provider_request *ret_request, struct provider_error *error)
{
    struct call *call = context;
    const struct azure_request *request = call->request;
    size_t count = 0;
    enum provider_status status = azure_token_need(call->account, error);
    if (status == PROVIDER_OK)
        status = check_look(call, error);
    if (status != PROVIDER_OK)
        return status;
    buffer_clear(&call->bearer);
    buffer_printf(&call->bearer, "Bearer %s", call->account->token.text);
    add(call->headers, &count, "Authorization", call->bearer.data);
    add(call->headers, &count, "Accept", "application/json");
    add(call->headers, &count, "x-ms-client-request-id", call->id);
    if (request->body)
        add(call->headers, &count, "Content-Type", "application/json");
    if (request->if_match)
        add(call->headers, &count, "If-Match", request->if_match);
    *ret_request = (struct provider_request){.method = request->method,
                                             .url = request->url,
                                             .headers = call->headers,
                                             .header_count = count,
                                             .body = request->body ? request->body : "",
                                             .body_length = request->body ? strlen(request->body) : 0,
                                             .answer_max = ANSWER_MAX,
                                             .ca_file = call->account->settings.ca_file,
                                             .cert_file = "",
                                             .key_file = "",
                                             .pinned_key = ""};
    return PROVIDER_OK;
}

static enum sdk_verdict classify(void *context, const struct provider_answer *answer, enum provider_status *ret_status,
                                 struct provider_error *error)
{
    const struct call *call = context;
    const char *id = sdk_header(answer, "x-ms-correlation-request-id");
    struct azure_fault fault;
    if (answer->status >= 200 && answer->status < 300)
        return SDK_OK;
    /* What Azure's support asks for. */
    sdk_log(call->account->services, PROVIDER_DEBUG, "%s: HTTP %d, correlation id %s, client request id %s",
            call->request->name, answer->status, id ? id : "not told", call->id);
    azure_fault_read(answer->body, answer->body_length, &fault);
    enum sdk_verdict verdict = azure_fault_judge(&fault, answer->status, call->request->writes, ret_status, error);
    /* A token that was revoked before its end: a new one is asked for once, as for one that expired. */
    const char *challenge = sdk_header(answer, "www-authenticate");
    if (answer->status == 401 && challenge && strstr(challenge, "insufficient_claims"))
        verdict = SDK_REFRESH_CREDENTIALS;
    bool of_resource = answer->status >= 400 && answer->status < 500 && answer->status != 401 &&
                       answer->status != 408 && answer->status != 429;
    return call->request->any_status && of_resource ? SDK_OK : verdict;
}

static enum provider_status refresh(void *context, struct provider_error *error)
{
    const struct call *call = context;
    azure_token_drop(&call->account->token);
    return azure_token_need(call->account, error);
}

/* A little below what Azure allows a subscription in one region (Compute publishes its limits a minute). Regions come
 * from Azure, so a bucket gets its limit when it is first used. */
static void limit_bucket(struct provider_account *account, const char *class, const char *bucket)
{
    static const struct {
        const char *class;
        int64_t per_minute, burst;
    } limits[] = {{AZURE_CLASS_LIST, 280, 280},
                  {AZURE_CLASS_SET_READ, 600, 600},
                  {AZURE_CLASS_SET_WRITE, 160, 160},
                  {AZURE_CLASS_OPERATION, 600, 600}};
    size_t before = account->bucket_count;
    if (before == BUCKETS_MAX)
        return;
    azure_words_add(&account->buckets, &account->bucket_count, &account->bucket_capacity, bucket);
    for (size_t i = 0; account->bucket_count > before && i < sizeof limits / sizeof limits[0]; i++)
        if (strcmp(limits[i].class, class) == 0)
            sdk_exchange_limit(account->exchange, bucket, limits[i].per_minute, limits[i].burst);
}

enum provider_status azure_arm_run(struct provider_account *account, const struct azure_request *request,
                                   struct provider_answer *ret_answer, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    struct call mine = {.account = account, .request = request, .bearer = BUFFER_INIT};
    char bucket[BUCKET_MAX];
    if (!azure_url_is_arm(account, request->url))
        return sdk_fail(error, PROVIDER_INVALID, request->name,
                        "the address is not of the configured Azure Resource Manager; no token goes there");
    snprintf(bucket, sizeof bucket, "%s.%s", request->class, request->region);
    limit_bucket(account, request->class, bucket);
    unsigned long long high = services->random(services->context), low = services->random(services->context);
    snprintf(mine.id, sizeof mine.id, "%08llx-%04llx-4%03llx-%04llx-%012llx", high >> 32, high >> 16 & 0xffff,
             high & 0xfff, 0x8000 | (low >> 48 & 0x3fff), low & 0xffffffffffff);
    struct sdk_call call = {.name = request->name,
                            .bucket = bucket,
                            .writes = request->writes,
                            .prepare = prepare,
                            .classify = classify,
                            .refresh = refresh,
                            .context = &mine};
    enum provider_status status = sdk_exchange_run(account->exchange, &call, ret_answer, error);
    OPENSSL_cleanse(mine.bearer.data, mine.bearer.length);
    buffer_release(&mine.bearer);
    return status;
}

enum provider_status azure_arm_get(struct provider_account *account, const struct azure_request *request,
                                   struct sdk_json_at *ret_root, char **ret_etag, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    struct provider_answer answer = {0};
    struct error reason = {0};
    enum provider_status status = azure_arm_run(account, request, &answer, error);
    if (status != PROVIDER_OK)
        return status;
    if (!sdk_json_open(answer.body, answer.body_length, ANSWER_MAX, ret_root, &reason)) {
        status = sdk_fail(error, PROVIDER_RETRY, request->name, "HTTP %d with a body that cannot be read: %s",
                          answer.status, reason.text);
    } else if (ret_etag) {
        const char *etag = sdk_header(&answer, "etag");
        *ret_etag = memory_copy_text(etag ? etag : "", etag ? strlen(etag) : 0);
    }
    services->http_release(services->context, &answer);
    return status;
}

/* Takes a page's items and finds the link to the next; a link without a host is of ARM itself. */
static enum provider_status take_page(const struct azure_request *request, const struct sdk_json_at *root,
                                      azure_take_item take, void *context, const char **ret_next,
                                      struct provider_error *error)
{
    struct sdk_json_at list;
    struct error reason = {0};
    if (!sdk_json_list(root, "value", &list, &reason) || !sdk_json_text_or(root, "nextLink", "", ret_next, &reason))
        return sdk_fail_with(error, PROVIDER_RETRY, request->name, &reason);
    for (size_t i = 0; i < sdk_json_count(&list); i++) {
        struct sdk_json_at item = sdk_json_item(&list, i);
        if (!take(context, &item, &reason))
            return sdk_fail_with(error, PROVIDER_RETRY, request->name, &reason);
    }
    return PROVIDER_OK;
}

static enum provider_status next_page(struct provider_account *account, const struct azure_request *request,
                                      struct sdk_pages *pages, const char *link, bool *ret_more,
                                      struct provider_error *error)
{
    struct error reason = {0};
    struct buffer absolute = BUFFER_INIT;
    enum provider_status status = PROVIDER_OK;
    if (link[0] == '/' && link[1] != '/')
        buffer_append_text(&absolute, account->settings.arm);
    buffer_append_text(&absolute, link);
    if (*link && !azure_url_is_arm(account, absolute.data))
        status = sdk_fail(error, PROVIDER_INVALID, request->name,
                          "the list goes on at another host than Azure Resource Manager's; it is not followed");
    else if (!sdk_pages_next(pages, absolute.data, ret_more, &reason))
        status = sdk_fail_with(error, PROVIDER_INVALID, request->name, &reason);
    buffer_release(&absolute);
    return status;
}

enum provider_status azure_arm_list(struct provider_account *account, const struct azure_request *request,
                                    azure_take_item take, void *context, struct provider_error *error)
{
    struct sdk_pages pages;
    struct azure_request page = *request;
    bool more = true;
    enum provider_status status = PROVIDER_OK;
    sdk_pages_init(&pages, 0);
    while (more && status == PROVIDER_OK) {
        struct sdk_json_at root;
        const char *next = "";
        more = false;
        status = azure_arm_get(account, &page, &root, NULL, error);
        if (status != PROVIDER_OK)
            break;
        status = take_page(request, &root, take, context, &next, error);
        if (status == PROVIDER_OK)
            status = next_page(account, request, &pages, next, &more, error);
        page.url = pages.token;
        sdk_json_close(&root);
    }
    sdk_pages_release(&pages);
    return status;
}
