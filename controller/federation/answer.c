#include "controller/federation/answer.h"

#include <string.h>

static bool says(const char *body, const char *const *texts)
{
    for (size_t i = 0; texts[i] != NULL; i++) {
        if (strstr(body, texts[i]) != NULL)
            return true;
    }
    return false;
}

/* The server that was asked, or the one it handed the request to, did not see it through. A server that is not the
 * leader puts "rpc error: " before the leader's own words too, so this is looked for last. */
static const char *const BROKEN[] = {"rpc error",
                                     "failed to get conn",
                                     "No cluster leader",
                                     "No path to region",
                                     "leadership",
                                     "not the leader",
                                     "raft",
                                     "EOF",
                                     "stream closed",
                                     "dial tcp",
                                     "i/o timeout",
                                     "timed out",
                                     "deadline",
                                     "connection",
                                     "shutdown",
                                     "canceled",
                                     NULL};
static const char *const CONFLICTS[] = {"Enforcing job modify index", "cas error", "enforcing version", NULL};
static const char *const DENIALS[] = {"Permission denied", "ACL token not found", "ACL token expired", NULL};
/* How Nomad begins what job validation and admission say. */
static const char *const INVALIDS[] = {"error occurred:",       "errors occurred:", "nonexistent", "unlicensed",
                                       "Job ID does not match", "job is not",       NULL};

static enum answer classify_500(const char *body)
{
    if (says(body, CONFLICTS))
        return ANSWER_CONFLICT;
    if (says(body, DENIALS))
        return ANSWER_DENIED;
    if (says(body, INVALIDS))
        return ANSWER_INVALID;
    return says(body, BROKEN) ? ANSWER_UNCERTAIN : ANSWER_INVALID;
}

static enum answer classify_status(int status, const char *body)
{
    if (status / 100 == 2)
        return ANSWER_GOOD;
    switch (status) {
    case 401:
    case 403:
        return ANSWER_DENIED;
    case 404:
        return ANSWER_ABSENT;
    case 409:
        return ANSWER_CONFLICT;
    case 400:
    case 405:
    case 413:
        return ANSWER_INVALID;
    case 429:
        /* Nomad's own limit on connections answers before it reads the request. */
        return strstr(body, "too many concurrent connections") != NULL ? ANSWER_NOT_SENT : ANSWER_UNCERTAIN;
    case 500:
        return classify_500(body);
    default:
        return ANSWER_UNCERTAIN;
    }
}

enum answer answer_classify(const struct http_result *result)
{
    if (result->outcome == HTTP_NOT_SENT)
        return ANSWER_NOT_SENT;
    if (result->outcome != HTTP_ANSWERED)
        return ANSWER_UNCERTAIN;
    return classify_status(result->status, result->body == NULL ? "" : result->body);
}
