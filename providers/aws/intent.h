/* What is written down before an instance is removed, so that whoever comes after a lost answer or a kill, another
 * process too, can tell whether the call arrived. Kept by the host; neighbours: shrink.c writes, poll.c strikes out. */
#ifndef DROVER_PROVIDERS_AWS_INTENT_H
#define DROVER_PROVIDERS_AWS_INTENT_H

#include "providers/aws/account.h"

/* From here on a group's description is surely newer than a call: how it shows the instance decides. Before, its size
 * does, which a call lowers at once. */
#define AWS_INTENT_BELIEVED_US (INT64_C(300) * 1000000)

struct aws_intent {
    bool there;
    int64_t desired; /* the group's size before the call */
    int64_t at_us;   /* when it was about to be sent */
};

struct aws_intent aws_intent_find(const struct provider_account *account, const char *instance);
/* False when it could not be stored: the call must not be sent. */
bool aws_intent_write(const struct provider_account *account, const char *instance, int64_t desired);
void aws_intent_strike_out(const struct provider_account *account, const char *instance);

/* The size that the group has now says that the call arrived. */
bool aws_intent_arrived(const struct provider_account *account, const struct aws_intent *intent, int64_t desired);

#endif
