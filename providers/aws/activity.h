/* What a group did lately: its scaling activities, the only place where AWS says that a machine could not be had. */
#ifndef DROVER_PROVIDERS_AWS_ACTIVITY_H
#define DROVER_PROVIDERS_AWS_ACTIVITY_H

#include "providers/aws/account.h"
#include "providers/aws/group.h"

enum { AWS_ACTIVITY_MAX = 64 };

/* The id of the newest activity, "" when there is none. */
enum provider_status aws_activity_newest(struct provider_account *account, const struct aws_group *group,
                                         char ret_id[static AWS_ACTIVITY_MAX], struct provider_error *error);

/* Looks at the activities newer than `after` for launches that failed. PROVIDER_OK: none did. Otherwise the status of
 * the newest failure (PROVIDER_QUOTA, AUTH or NO_CAPACITY, which also stands for words that are not known), with type,
 * zone and market in the error. *ret_failed tells a failed launch from a failed look. */
enum provider_status aws_activity_failure(struct provider_account *account, const struct aws_group *group,
                                          const struct aws_make *make, const char *after, bool *ret_failed,
                                          struct provider_error *error);

#endif
