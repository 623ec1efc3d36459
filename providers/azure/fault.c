/* ARM's refusals; see fault.h. The codes are those that Azure's documentation and its clients' issue threads name. */
#include "providers/azure/fault.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "providers/sdk/fail.h"

enum { DETAIL_DEPTH_MAX = 8, FAULT_BYTES_MAX = 256 * 1024 };

enum meaning {
    MEANS_NO_CAPACITY,
    MEANS_QUOTA,
    MEANS_QUOTA_OR_INVALID, /* OperationNotAllowed: the message tells */
    MEANS_BUSY,             /* somebody changes it: wait and try again */
    MEANS_SUPERSEDED,       /* another write came after ours */
    MEANS_CHANGED,          /* the fence does not hold any more */
    MEANS_UNWELL,           /* Azure's own trouble, not the request's */
    MEANS_THROTTLED,
    MEANS_STALE_TOKEN,
    MEANS_DENIED,
    MEANS_FORBIDDEN, /* by a policy or lock: not a matter of credentials */
    MEANS_UNREGISTERED,
    MEANS_MISSING,
    MEANS_INVALID
};

struct rule {
    const char *code;
    enum meaning meaning;
    const char *advice;
};

static const struct rule rules[] = {
    {"AllocationFailed", MEANS_NO_CAPACITY, ""},
    {"ZonalAllocationFailed", MEANS_NO_CAPACITY, ""},
    {"OverconstrainedAllocationRequest", MEANS_NO_CAPACITY, "no place fits all that the scale set asks for at once"},
    {"OverconstrainedZonalAllocationRequest", MEANS_NO_CAPACITY,
     "no place in the zone fits all that the scale set asks for at once"},
    {"SkuNotAvailable", MEANS_NO_CAPACITY,
     "the size is not sold to this subscription there: use another size, zone or region"},
    {"QuotaExceeded", MEANS_QUOTA, "ask Azure for more quota or use another size"},
    {"OperationNotAllowed", MEANS_QUOTA_OR_INVALID, ""},
    {"Conflict", MEANS_BUSY, ""},
    {"ConflictError", MEANS_BUSY, ""},
    {"AnotherOperationInProgress", MEANS_BUSY, ""},
    {"RetryableErrorDueToAnotherOperation", MEANS_BUSY, ""},
    {"OperationPreempted", MEANS_SUPERSEDED, "another write came after this one"},
    {"PreconditionFailed", MEANS_CHANGED, "somebody else changed it since it was read"},
    {"InternalServerError", MEANS_UNWELL, ""},
    {"InternalExecutionError", MEANS_UNWELL, ""},
    {"InternalOperationError", MEANS_UNWELL, ""},
    {"NetworkingInternalOperationError", MEANS_UNWELL, ""},
    {"TooManyRequests", MEANS_THROTTLED, ""},
    {"SubscriptionRequestsThrottled", MEANS_THROTTLED, ""},
    {"ExpiredAuthenticationToken", MEANS_STALE_TOKEN, ""},
    {"InvalidAuthenticationToken", MEANS_STALE_TOKEN, ""},
    {"AuthenticationFailed", MEANS_STALE_TOKEN, ""},
    {"InvalidAuthenticationTokenAudience", MEANS_DENIED,
     "the token is for another cloud: check cloud, scope and resource"},
    {"InvalidAuthenticationTokenTenant", MEANS_DENIED,
     "the subscription is of another tenant: check the setting tenant"},
    {"AuthorizationFailed", MEANS_DENIED, "grant the role of docs/providers/azure.md; grants take some minutes"},
    {"LinkedAuthorizationFailed", MEANS_DENIED, "grant the role on the linked resource too"},
    {"ReadOnlyDisabledSubscription", MEANS_DENIED, "the subscription is disabled"},
    {"SubscriptionNotFound", MEANS_DENIED, "check the setting subscription, and that the identity has a role in it"},
    {"RequestDisallowedByPolicy", MEANS_FORBIDDEN, "an Azure Policy forbids it: ask who owns the policy"},
    {"ScopeLocked", MEANS_FORBIDDEN, "a lock forbids it: remove the lock that is named, or leave this pool to people"},
    {"MissingSubscriptionRegistration", MEANS_UNREGISTERED, "run: az provider register --namespace Microsoft.Compute"},
    {"ResourceNotFound", MEANS_MISSING, ""},
    {"ResourceGroupNotFound", MEANS_MISSING, "check the setting resource_groups"},
    {"NotFound", MEANS_MISSING, ""},
    {"InvalidParameter", MEANS_INVALID, ""},
};

static const struct rule *rule_of(const char *code)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (strcasecmp(rules[i].code, code) == 0)
            return &rules[i];
    return NULL;
}

/* What to do where the code's own row does not say. */
static const char *advice_of(enum meaning meaning, bool quota)
{
    switch (meaning) {
    case MEANS_NO_CAPACITY:
        return "Azure has no such machine there now: use another size, zone or region, or try later";
    case MEANS_QUOTA:
        return "ask Azure for more quota or use another size";
    case MEANS_QUOTA_OR_INVALID:
        return quota ? "ask Azure for more quota or use another size" : "look at the scale set in the portal";
    case MEANS_BUSY:
        return "another operation is under way: try again when it has ended";
    case MEANS_SUPERSEDED:
    case MEANS_CHANGED:
    case MEANS_UNWELL:
        return "look again before anything else is done";
    case MEANS_THROTTLED:
        return "asked too often: wait";
    case MEANS_STALE_TOKEN:
        return "a new token was refused too: check the credential and this machine's clock";
    case MEANS_DENIED:
        return "check the credential and its role: drover provider check says what is missing";
    case MEANS_MISSING:
        return "it was deleted, or a name in the settings is wrong";
    case MEANS_FORBIDDEN:
    case MEANS_UNREGISTERED:
    case MEANS_INVALID:
        break;
    }
    return "the request itself is refused; look at the scale set in the portal";
}

static bool contains(const char *text, const char *part)
{
    return strcasestr(text, part) != NULL;
}

/* Code and message of one level; the deeper one wins when its code is in the table, or none was so far. */
static void take(struct azure_fault *fault, const struct sdk_json_at *at)
{
    const char *code = json_string_value(sdk_json_find(at, "code").value);
    const char *message = json_string_value(sdk_json_find(at, "message").value);
    if (!code || !*code || (fault->code[0] && !rule_of(code)))
        return;
    sdk_copy_text(fault->code, sizeof fault->code, code);
    sdk_copy_text(fault->message, sizeof fault->message, message ? message : "");
}

static void finish(struct azure_fault *fault)
{
    const struct rule *rule = rule_of(fault->code);
    fault->known = rule != NULL;
    fault->capacity = rule && rule->meaning == MEANS_NO_CAPACITY;
    fault->quota = rule && (rule->meaning == MEANS_QUOTA ||
                            (rule->meaning == MEANS_QUOTA_OR_INVALID && contains(fault->message, "quota")));
    fault->vanished_id = strcasecmp(fault->code, "InvalidParameter") == 0 && contains(fault->message, "instanceId");
}

static void read_levels(const struct sdk_json_at *error, struct azure_fault *fault, unsigned depth)
{
    struct sdk_json_at details = sdk_json_find(error, "details");
    take(fault, error);
    for (size_t i = 0; depth < DETAIL_DEPTH_MAX && i < sdk_json_count(&details); i++) {
        struct sdk_json_at detail = sdk_json_item(&details, i);
        read_levels(&detail, fault, depth + 1);
    }
}

void azure_fault_read_object(const struct sdk_json_at *error, struct azure_fault *ret_fault)
{
    *ret_fault = (struct azure_fault){0};
    read_levels(error, ret_fault, 0);
    finish(ret_fault);
}

/* Deployments put a whole JSON document into the message. */
static void read_message(const char *message, struct azure_fault *fault)
{
    struct azure_fault inner = {0};
    struct sdk_json_at root;
    struct error ignored = {0};
    if (!message || message[0] != '{' || !sdk_json_open(message, strlen(message), FAULT_BYTES_MAX, &root, &ignored))
        return;
    struct sdk_json_at error = sdk_json_find(&root, "error");
    read_levels(error.value ? &error : &root, &inner, 0);
    finish(&inner);
    if (inner.known)
        *fault = inner;
    sdk_json_close(&root);
}

void azure_fault_read(const char *body, size_t length, struct azure_fault *ret_fault)
{
    struct sdk_json_at root;
    struct error ignored = {0};
    *ret_fault = (struct azure_fault){0};
    if (!sdk_json_open(body, length, FAULT_BYTES_MAX, &root, &ignored))
        return;
    struct sdk_json_at error = sdk_json_find(&root, "error");
    if (!json_is_object(error.value))
        error = root;
    azure_fault_read_object(&error, ret_fault);
    read_message(json_string_value(sdk_json_find(&error, "message").value), ret_fault);
    sdk_json_close(&root);
}

/* By the HTTP status where the code says nothing. */
static enum meaning meaning_of_status(int status)
{
    switch (status) {
    case 401:
    case 403:
        return MEANS_DENIED;
    case 404:
    case 410:
        return MEANS_MISSING;
    case 409:
        return MEANS_SUPERSEDED;
    case 412:
        return MEANS_CHANGED;
    case 429:
        return MEANS_THROTTLED;
    case 408:
        return MEANS_UNWELL;
    default:
        return status >= 500 ? MEANS_UNWELL : MEANS_INVALID;
    }
}

static enum provider_status status_of(enum meaning meaning, bool quota)
{
    switch (meaning) {
    case MEANS_NO_CAPACITY:
        return PROVIDER_NO_CAPACITY;
    case MEANS_QUOTA:
        return PROVIDER_QUOTA;
    case MEANS_QUOTA_OR_INVALID:
        return quota ? PROVIDER_QUOTA : PROVIDER_INVALID;
    case MEANS_BUSY:
    case MEANS_SUPERSEDED:
    case MEANS_CHANGED:
    case MEANS_UNWELL:
        return PROVIDER_CONFLICT;
    case MEANS_THROTTLED:
        return PROVIDER_THROTTLED;
    case MEANS_STALE_TOKEN:
    case MEANS_DENIED:
        return PROVIDER_AUTH;
    case MEANS_MISSING:
        return PROVIDER_NOT_FOUND;
    case MEANS_FORBIDDEN:
    case MEANS_UNREGISTERED:
    case MEANS_INVALID:
        break;
    }
    return PROVIDER_INVALID;
}

/* "... exceeding approved standardDSv3Family Cores quota ..." names the family; "Total Regional Cores" is the counter
 * `cores`. Names as azure_quotas gives them, in lower case; the whole message where it does not say. */
static void name_quota(const char *message, char *ret_quota, size_t size)
{
    static const char before[] = "exceeding approved ";
    const char *name = strcasestr(message, before);
    sdk_copy_text(ret_quota, size, message);
    if (!name)
        return;
    name += sizeof before - 1;
    size_t length = strcspn(name, " .,");
    if (strncasecmp(name, "Total Regional", 14) == 0) {
        name = "cores";
        length = 5;
    }
    if (length == 0 || length >= size)
        return;
    for (size_t i = 0; i < length; i++)
        ret_quota[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    ret_quota[length] = '\0';
}

static void tell(const struct azure_fault *fault, enum meaning meaning, enum provider_status status, const char *where,
                 const char *call, struct provider_error *error)
{
    const struct rule *rule = rule_of(fault->code);
    const char *advice =
        rule && rule->advice[0] && rule->meaning == meaning ? rule->advice : advice_of(meaning, fault->quota);
    sdk_fail(error, status, call, "%s%s%s%s%s; %s", where, fault->code[0] ? " " : "", fault->code,
             fault->message[0] ? ": " : "", fault->message, advice);
    sdk_error_code(error, fault->code);
    if (status == PROVIDER_QUOTA)
        name_quota(fault->message, error->quota, sizeof error->quota);
}

/* A server's own trouble: reads are repeated; of a write only 503 says surely that nothing was done. */
static enum sdk_verdict judge_trouble(int status, bool write, enum provider_status *ret_status)
{
    *ret_status = PROVIDER_RETRY;
    if (!write || status == 503)
        return SDK_RETRY;
    *ret_status = PROVIDER_UNKNOWN;
    return SDK_FAIL;
}

enum sdk_verdict azure_fault_judge(const struct azure_fault *fault, int http_status, bool write,
                                   enum provider_status *ret_status, struct provider_error *error)
{
    const struct rule *rule = rule_of(fault->code);
    enum meaning meaning = rule ? rule->meaning : meaning_of_status(http_status);
    enum sdk_verdict verdict = SDK_FAIL;
    char where[64];
    if (http_status == 429 && meaning != MEANS_BUSY)
        meaning = MEANS_THROTTLED; /* OperationNotAllowed is throttling under 429 */
    if (http_status == 412)
        meaning = MEANS_CHANGED;
    *ret_status = status_of(meaning, fault->quota);
    if (http_status == 408 || http_status >= 500 || meaning == MEANS_UNWELL)
        verdict = meaning == MEANS_NO_CAPACITY ? SDK_FAIL : judge_trouble(http_status, write, ret_status);
    else if (meaning == MEANS_THROTTLED)
        verdict = SDK_THROTTLED;
    else if (meaning == MEANS_BUSY)
        verdict = SDK_RETRY;
    else if (meaning == MEANS_STALE_TOKEN)
        verdict = SDK_REFRESH_CREDENTIALS;
    snprintf(where, sizeof where, http_status < 400 ? "redirected (HTTP %d), which is not followed" : "HTTP %d",
             http_status);
    tell(fault, meaning, *ret_status, where, "", error);
    return verdict;
}

bool azure_fault_is_missing(const struct azure_fault *fault)
{
    const struct rule *rule = rule_of(fault->code);
    return (rule && rule->meaning == MEANS_MISSING) || fault->vanished_id;
}

enum provider_status azure_fault_of_operation(const struct azure_fault *fault, const char *state, const char *call,
                                              struct provider_error *error)
{
    const struct rule *rule = rule_of(fault->code);
    enum meaning meaning = rule ? rule->meaning : strcasecmp(state, "Canceled") == 0 ? MEANS_SUPERSEDED : MEANS_INVALID;
    enum provider_status status = status_of(meaning, fault->quota);
    char where[64];
    if (status == PROVIDER_THROTTLED)
        status = PROVIDER_CONFLICT; /* Azure's own, of its parts: look again */
    if (status == PROVIDER_AUTH || status == PROVIDER_NOT_FOUND)
        status = PROVIDER_INVALID; /* of what the operation needed, not of who asks nor of the pool */
    snprintf(where, sizeof where, "the operation ended as %s", state);
    tell(fault, meaning, status, where, call, error);
    return status;
}
