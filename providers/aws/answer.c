/* Answers: see answer.h. */
#include "providers/aws/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/json.h"
#include "providers/sdk/xml.h"

enum { ERROR_BODY_MAX = 256 * 1024, FOREIGN_SHOWN = 200, ERROR_DEPTH = 6 };

/* AWS's services differ by up to 5 to 15 minutes in what they take. */
#define CLOCK_TOLERANCE_US (INT64_C(300) * 1000000)

static const struct known {
    const char *code;
    enum aws_trouble trouble;
} known_codes[] = {
    {"Throttling", AWS_TROUBLE_THROTTLED},
    {"ThrottlingException", AWS_TROUBLE_THROTTLED},
    {"ThrottledException", AWS_TROUBLE_THROTTLED},
    {"RequestThrottled", AWS_TROUBLE_THROTTLED},
    {"RequestThrottledException", AWS_TROUBLE_THROTTLED},
    {"RequestLimitExceeded", AWS_TROUBLE_THROTTLED},
    {"EC2ThrottledException", AWS_TROUBLE_THROTTLED},
    {"TooManyRequestsException", AWS_TROUBLE_THROTTLED},
    {"PriorRequestNotComplete", AWS_TROUBLE_UNWELL},
    {"Unavailable", AWS_TROUBLE_UNWELL},
    {"ResourceContention", AWS_TROUBLE_UNWELL},
    {"IDPCommunicationError", AWS_TROUBLE_UNWELL},
    /* "Due to a temporary failure of the server": not that nothing was done. */
    {"ServiceUnavailable", AWS_TROUBLE_AMBIGUOUS},
    {"ServiceUnavailableException", AWS_TROUBLE_AMBIGUOUS},
    {"RequestTimeout", AWS_TROUBLE_AMBIGUOUS},
    {"RequestTimeoutException", AWS_TROUBLE_AMBIGUOUS},
    {"InternalError", AWS_TROUBLE_AMBIGUOUS},
    {"InternalFailure", AWS_TROUBLE_AMBIGUOUS},
    {"InternalErrorException", AWS_TROUBLE_AMBIGUOUS},
    {"InternalServerError", AWS_TROUBLE_AMBIGUOUS},
    {"ServiceException", AWS_TROUBLE_AMBIGUOUS},
    {"ExpiredToken", AWS_TROUBLE_EXPIRED},
    {"ExpiredTokenException", AWS_TROUBLE_EXPIRED},
    {"RequestExpired", AWS_TROUBLE_EXPIRED},
    {"RequestTimeTooSkewed", AWS_TROUBLE_CLOCK},
    {"RequestInTheFuture", AWS_TROUBLE_CLOCK},
    {"AuthFailure", AWS_TROUBLE_KEYS},
    {"InvalidClientTokenId", AWS_TROUBLE_KEYS},
    {"SignatureDoesNotMatch", AWS_TROUBLE_KEYS},
    {"InvalidSignatureException", AWS_TROUBLE_KEYS},
    {"IncompleteSignature", AWS_TROUBLE_KEYS},
    {"IncompleteSignatureException", AWS_TROUBLE_KEYS},
    {"MissingAuthenticationToken", AWS_TROUBLE_KEYS},
    {"MissingAuthenticationTokenException", AWS_TROUBLE_KEYS},
    {"UnrecognizedClientException", AWS_TROUBLE_KEYS},
    {"OptInRequired", AWS_TROUBLE_AUTH},
    {"UnauthorizedOperation", AWS_TROUBLE_AUTH},
    {"UnauthorizedException", AWS_TROUBLE_AUTH},
    {"AccessDenied", AWS_TROUBLE_AUTH},
    {"AccessDeniedException", AWS_TROUBLE_AUTH},
    {"NotAuthorized", AWS_TROUBLE_AUTH},
    {"Blocked", AWS_TROUBLE_AUTH},
    {"PendingVerification", AWS_TROUBLE_AUTH},
    {"InvalidIdentityToken", AWS_TROUBLE_AUTH},
    {"IDPRejectedClaim", AWS_TROUBLE_AUTH},
    {"RegionDisabledException", AWS_TROUBLE_AUTH},
    {"NoSuchResourceException", AWS_TROUBLE_NOT_FOUND},
    {"NatGatewayNotFound", AWS_TROUBLE_NOT_FOUND},
    {"LoadBalancerNotFound", AWS_TROUBLE_NOT_FOUND},
    {"TargetGroupNotFound", AWS_TROUBLE_NOT_FOUND},
    {"NoSuchEntity", AWS_TROUBLE_NOT_FOUND},
    {"NoSuchHostedZone", AWS_TROUBLE_NOT_FOUND},
    {"VcpuLimitExceeded", AWS_TROUBLE_QUOTA},
    {"InstanceLimitExceeded", AWS_TROUBLE_QUOTA},
    {"MaxSpotInstanceCountExceeded", AWS_TROUBLE_QUOTA},
    {"VpcLimitExceeded", AWS_TROUBLE_QUOTA},
    {"AddressLimitExceeded", AWS_TROUBLE_QUOTA},
    {"NatGatewayLimitExceeded", AWS_TROUBLE_QUOTA},
    {"LimitExceeded", AWS_TROUBLE_QUOTA},
    {"LimitExceededException", AWS_TROUBLE_QUOTA},
    {"InsufficientInstanceCapacity", AWS_TROUBLE_NO_CAPACITY},
    {"InsufficientHostCapacity", AWS_TROUBLE_NO_CAPACITY},
    {"InsufficientReservedInstanceCapacity", AWS_TROUBLE_NO_CAPACITY},
    {"InsufficientCapacity", AWS_TROUBLE_NO_CAPACITY},
    {"SpotMaxPriceTooLow", AWS_TROUBLE_NO_CAPACITY},
    {"UnfulfillableCapacity", AWS_TROUBLE_NO_CAPACITY},
    {"Unsupported", AWS_TROUBLE_NO_CAPACITY},
    {"ScalingActivityInProgress", AWS_TROUBLE_CONFLICT},
    {"ResourceInUse", AWS_TROUBLE_CONFLICT},
    {"DependencyViolation", AWS_TROUBLE_CONFLICT},
    {"DeleteConflict", AWS_TROUBLE_CONFLICT},
    {"InstanceRefreshInProgress", AWS_TROUBLE_CONFLICT},
    {"IncorrectState", AWS_TROUBLE_CONFLICT},
    {"IncorrectInstanceState", AWS_TROUBLE_CONFLICT},
    {"DryRunOperation", AWS_TROUBLE_DRY_RUN},
};

/* The first element of that name below node that has text, depth first. */
static const struct sdk_xml_node *find_deep(const struct sdk_xml_node *node, const char *name, unsigned depth)
{
    for (const struct sdk_xml_node *child = node ? node->first : NULL; child && depth > 0; child = child->next) {
        if (strcmp(child->name, name) == 0 && child->text[0])
            return child;
        const struct sdk_xml_node *deeper = find_deep(child, name, depth - 1);
        if (deeper)
            return deeper;
    }
    return NULL;
}

static bool read_xml(const struct provider_answer *answer, struct aws_failure *ret_failure)
{
    struct error reason;
    struct sdk_xml *xml = sdk_xml_read(answer->body, answer->body_length, ERROR_BODY_MAX, NULL, &reason);
    if (!xml)
        return false;
    const struct sdk_xml_node *code = find_deep(sdk_xml_root(xml), "Code", ERROR_DEPTH);
    const struct sdk_xml_node *message = find_deep(sdk_xml_root(xml), "Message", ERROR_DEPTH);
    if (code)
        sdk_copy_text(ret_failure->code, sizeof ret_failure->code, code->text);
    if (code && message)
        sdk_copy_text(ret_failure->message, sizeof ret_failure->message, message->text);
    sdk_xml_free(xml);
    return code != NULL;
}

/* "com.amazon.coral.service#AccessDeniedException:http://..." is AccessDeniedException. */
static void set_json_code(struct aws_failure *failure, const char *type)
{
    const char *hash = strrchr(type, '#');
    if (hash)
        type = hash + 1;
    char code[sizeof failure->code];
    snprintf(code, sizeof code, "%.*s", (int)strcspn(type, ":"), type);
    sdk_copy_text(failure->code, sizeof failure->code, code);
}

static bool read_json(const struct provider_answer *answer, struct aws_failure *ret_failure)
{
    struct error reason;
    struct sdk_json_at root = {0};
    const char *type = sdk_header(answer, "x-amzn-errortype");
    const char *in_body = NULL, *message = NULL;
    bool opened = sdk_json_open(answer->body, answer->body_length, ERROR_BODY_MAX, &root, &reason);
    if (opened) {
        if (!sdk_json_text_or(&root, "__type", NULL, &in_body, &reason))
            in_body = NULL;
        if (!sdk_json_text_or(&root, "message", NULL, &message, &reason) || !message)
            if (!sdk_json_text_or(&root, "Message", NULL, &message, &reason))
                message = NULL;
    }
    if (in_body || type)
        set_json_code(ret_failure, in_body ? in_body : type);
    if (message && ret_failure->code[0])
        sdk_copy_text(ret_failure->message, sizeof ret_failure->message, message);
    if (opened)
        sdk_json_close(&root);
    return ret_failure->code[0] != '\0';
}

void aws_failure_read(const struct provider_answer *answer, struct aws_failure *ret_failure)
{
    *ret_failure = (struct aws_failure){{0}, {0}};
    const char *start = answer->body + strspn(answer->body, " \t\r\n");
    if (*start == '<' && read_xml(answer, ret_failure))
        return;
    if (*start != '<' && read_json(answer, ret_failure))
        return;
    char foreign[FOREIGN_SHOWN + 1];
    snprintf(foreign, sizeof foreign, "%s", answer->body);
    sdk_copy_text(ret_failure->message, sizeof ret_failure->message, foreign);
}

static bool is_not_found(const struct aws_failure *failure)
{
    if (text_starts_with(failure->code, "Invalid") &&
        (text_ends_with(failure->code, ".NotFound") || text_ends_with(failure->code, ".Malformed")))
        return true;
    /* Auto Scaling has no code of its own for it. */
    return strcmp(failure->code, "ValidationError") == 0 && strcasestr(failure->message, "not found");
}

static enum aws_trouble trouble_of_status(int http_status)
{
    switch (http_status) {
    case 429:
        return AWS_TROUBLE_THROTTLED;
    case 408:
        return AWS_TROUBLE_AMBIGUOUS;
    case 401:
    case 403:
    case 407:
        return AWS_TROUBLE_AUTH;
    default:
        /* 5xx of whoever stands between too: 509, 520 and what else they invent. */
        return http_status >= 500 ? AWS_TROUBLE_AMBIGUOUS : AWS_TROUBLE_OTHER;
    }
}

static bool is_far(int64_t ahead_us)
{
    return ahead_us != PROVIDER_UNSET && (ahead_us > CLOCK_TOLERANCE_US || ahead_us < -CLOCK_TOLERANCE_US);
}

static bool tells_of_clock(const struct aws_failure *failure)
{
    return strcasestr(failure->message, "signature expired") || strcasestr(failure->message, "not yet current");
}

enum aws_trouble aws_trouble_of(const struct aws_failure *failure, int http_status, int64_t ahead_us)
{
    enum aws_trouble trouble = AWS_TROUBLE_OTHER;
    bool known = false;
    for (size_t i = 0; i < sizeof known_codes / sizeof *known_codes && !known; i++) {
        known = strcmp(failure->code, known_codes[i].code) == 0;
        if (known)
            trouble = known_codes[i].trouble;
    }
    if (!known && failure->code[0] && is_not_found(failure))
        return AWS_TROUBLE_NOT_FOUND;
    if (!known && text_starts_with(failure->code, "TooMany"))
        return AWS_TROUBLE_QUOTA;
    /* A code that is not known here still has its status. */
    if (!known)
        return trouble_of_status(http_status);
    bool signature =
        strcmp(failure->code, "SignatureDoesNotMatch") == 0 || strcmp(failure->code, "InvalidSignatureException") == 0;
    if ((signature && tells_of_clock(failure)) || (strcmp(failure->code, "RequestExpired") == 0 && is_far(ahead_us)))
        return AWS_TROUBLE_CLOCK;
    return trouble;
}

enum provider_status aws_trouble_status(enum aws_trouble trouble, bool writes)
{
    switch (trouble) {
    case AWS_TROUBLE_UNWELL:
        return PROVIDER_RETRY;
    case AWS_TROUBLE_AMBIGUOUS:
        return writes ? PROVIDER_UNKNOWN : PROVIDER_RETRY;
    case AWS_TROUBLE_THROTTLED:
        return PROVIDER_THROTTLED;
    case AWS_TROUBLE_EXPIRED:
    case AWS_TROUBLE_CLOCK:
    case AWS_TROUBLE_KEYS:
    case AWS_TROUBLE_AUTH:
        return PROVIDER_AUTH;
    case AWS_TROUBLE_NOT_FOUND:
        return PROVIDER_NOT_FOUND;
    case AWS_TROUBLE_QUOTA:
        return PROVIDER_QUOTA;
    case AWS_TROUBLE_NO_CAPACITY:
        return PROVIDER_NO_CAPACITY;
    case AWS_TROUBLE_CONFLICT:
        return PROVIDER_CONFLICT;
    case AWS_TROUBLE_OTHER:
    case AWS_TROUBLE_DRY_RUN:
        break;
    }
    return PROVIDER_INVALID;
}

enum aws_trouble aws_trouble_of_activity(const char *status_message)
{
    static const struct {
        const char *words;
        enum aws_trouble trouble;
    } texts[] = {
        {"VcpuLimitExceeded", AWS_TROUBLE_QUOTA},
        {"vCPU capacity than your current vCPU limit", AWS_TROUBLE_QUOTA},
        {"InstanceLimitExceeded", AWS_TROUBLE_QUOTA},
        {"MaxSpotInstanceCountExceeded", AWS_TROUBLE_QUOTA},
        {"Max spot instance count exceeded", AWS_TROUBLE_QUOTA},
        {"UnauthorizedOperation", AWS_TROUBLE_AUTH},
        {"You are not authorized", AWS_TROUBLE_AUTH},
        {"InsufficientInstanceCapacity", AWS_TROUBLE_NO_CAPACITY},
        {"We currently do not have sufficient", AWS_TROUBLE_NO_CAPACITY},
        {"There is no Spot capacity available", AWS_TROUBLE_NO_CAPACITY},
        {"UnfulfillableCapacity", AWS_TROUBLE_NO_CAPACITY},
        {"InsufficientHostCapacity", AWS_TROUBLE_NO_CAPACITY},
        {"InsufficientReservedInstanceCapacity", AWS_TROUBLE_NO_CAPACITY},
        {"SpotMaxPriceTooLow", AWS_TROUBLE_NO_CAPACITY},
        {"is not supported in your requested Availability Zone", AWS_TROUBLE_NO_CAPACITY},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcasestr(status_message, texts[i].words))
            return texts[i].trouble;
    return AWS_TROUBLE_OTHER;
}
