/* One signed request to AWS and its answer, in either of the two protocols used here: query (a form goes, XML comes)
 * and JSON 1.1. Retries, limits and the clock are sdk/exchange.h's; keys are credentials.h's.
 *
 *     struct aws_call call;
 *     aws_call_begin(&call, AWS_EC2, region, "DescribeInstances");
 *     aws_call_add(&call, "Filter.1.Name", "instance-id");
 *     status = aws_call_xml(account, &call, &xml, error);
 *     aws_call_end(&call);
 */
#ifndef DROVER_PROVIDERS_AWS_CALL_H
#define DROVER_PROVIDERS_AWS_CALL_H

#include "base/buffer.h"
#include "providers/aws/account.h"
#include "providers/sdk/json.h"
#include "providers/sdk/xml.h"

/* Asked right before each try of a write, for a try may come minutes after the one before: whether things are still as
 * they were when it was decided. Another status than PROVIDER_OK ends the call with it, and nothing is sent. */
typedef enum provider_status aws_recheck(void *context, struct provider_error *error);

struct aws_call {
    enum aws_service service;
    char region[AWS_REGION_MAX];
    const char *action;   /* static text: "DescribeInstances" */
    char name[128];       /* "ec2:DescribeInstances", as policies name it */
    bool writes;          /* set by the caller */
    aws_recheck *recheck; /* of a write; NULL: nothing to ask */
    void *recheck_context;
    bool unsigned_;              /* AssumeRoleWithWebIdentity: the token in the form is the proof */
    const struct aws_keys *keys; /* instead of the account's own; NULL */
    struct buffer body;          /* form or JSON text; wiped at the end, for it may hold a token */
};

/* For the query protocol the form begins with Action and Version; for JSON the body is the caller's to fill. */
void aws_call_begin(struct aws_call *call, enum aws_service service, const char *region, const char *action);
void aws_call_add(struct aws_call *call, const char *name, const char *value);
/* "Name.3.Suffix": lists count from 1. */
void aws_call_add_at(struct aws_call *call, const char *prefix, size_t at, const char *suffix, const char *value);
void aws_call_end(struct aws_call *call);

/* Sends it. PROVIDER_OK: the document is the caller's to free, its root is <ActionResponse>. An answer that cannot be
 * read is PROVIDER_RETRY, of a write PROVIDER_UNKNOWN. */
enum provider_status aws_call_xml(struct provider_account *account, const struct aws_call *call,
                                  struct sdk_xml **ret_xml, struct provider_error *error);
enum provider_status aws_call_json(struct provider_account *account, const struct aws_call *call,
                                   struct sdk_json_at *ret_root, struct provider_error *error);

/* Takes one page. Another status than PROVIDER_OK ends the walk with it. A page that took the document over sets *xml
 * to NULL. */
typedef enum provider_status aws_page(void *context, struct sdk_xml **xml, struct provider_error *error);

/* Every page of a list in the query protocol: `NextToken` goes, the text at `token_path` below the root comes. A token
 * that comes twice is PROVIDER_RETRY and never a shorter list. */
enum provider_status aws_call_pages(struct provider_account *account, const struct aws_call *call,
                                    const char *token_path, aws_page *page, void *context,
                                    struct provider_error *error);

/* Appends the base URL of a service there, without '/' at its end: "https://ec2.eu-central-1.amazonaws.com". */
void aws_append_endpoint(const struct provider_account *account, enum aws_service service, const char *region,
                         struct buffer *out);

/* Now, as the endpoint's clock has it. */
int64_t aws_now(const struct provider_account *account, enum aws_service service, const char *region);

#endif
