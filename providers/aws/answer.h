/* What an answer of AWS means: its error code found in any of its shapes, and the code turned into a verdict. Pure.
 *
 * Sources: the service models in botocore's data and AWS's "common errors" pages for the codes; the shapes as the
 * services send them (EC2's <Response><Errors>, the query protocol's <ErrorResponse>, JSON 1.1's __type). */
#ifndef DROVER_PROVIDERS_AWS_ANSWER_H
#define DROVER_PROVIDERS_AWS_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "providers/sdk/exchange.h"

enum { AWS_ANSWER_MAX = 64 * 1024 * 1024 /* bytes; DescribeInstanceTypes unpaged is some 10 MB */ };

struct aws_failure {
    char code[128];    /* "" when the answer names none */
    char message[512]; /* visible, cut; for an answer that is not AWS's, its first 200 bytes */
};

/* Reads the error of an answer outside 2xx. Never fails: what cannot be read leaves the code empty. */
void aws_failure_read(const struct provider_answer *answer, struct aws_failure *ret_failure);

/* What kind of trouble a code means. */
enum aws_trouble {
    AWS_TROUBLE_OTHER,       /* not known here: the request was refused */
    AWS_TROUBLE_UNWELL,      /* not done, try again */
    AWS_TROUBLE_AMBIGUOUS,   /* broke while doing it: a write may have been done */
    AWS_TROUBLE_THROTTLED,   /* not done */
    AWS_TROUBLE_EXPIRED,     /* the keys' time is over */
    AWS_TROUBLE_CLOCK,       /* the signature's time is too far from AWS's */
    AWS_TROUBLE_KEYS,        /* the keys are not known, or not what was signed with */
    AWS_TROUBLE_AUTH,        /* the keys may not do that */
    AWS_TROUBLE_NOT_FOUND,   /* */
    AWS_TROUBLE_QUOTA,       /* */
    AWS_TROUBLE_NO_CAPACITY, /* */
    AWS_TROUBLE_CONFLICT,    /* somebody else changes it */
    AWS_TROUBLE_DRY_RUN      /* DryRunOperation: it would have been done */
};

/* By code, then by message and status. `ahead_us`: how far the answer's Date is from the time that was signed,
 * PROVIDER_UNSET when not known. */
enum aws_trouble aws_trouble_of(const struct aws_failure *failure, int http_status, int64_t ahead_us);

/* The status that a trouble becomes in the contract. */
enum provider_status aws_trouble_status(enum aws_trouble trouble, bool writes);

/* What the words of a scaling activity mean: AWS_TROUBLE_NO_CAPACITY, QUOTA, AUTH or OTHER. */
enum aws_trouble aws_trouble_of_activity(const char *status_message);

#endif
