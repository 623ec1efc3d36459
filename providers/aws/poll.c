/* poll(): how far a growth or a removal is. It looks and changes nothing. See provider.h. */
#include <string.h>

#include "providers/aws/activity.h"
#include "providers/aws/functions.h"
#include "providers/aws/intent.h"
#include "providers/aws/operation.h"
#include "providers/sdk/fail.h"

static int64_t count_in_service(const struct aws_group *group)
{
    int64_t count = 0;
    for (size_t i = 0; i < group->member_count; i++)
        count += aws_member_life(&group->members[i]) == AWS_LIFE_IN_SERVICE;
    return count;
}

static enum provider_status poll_grow(struct provider_account *account, const struct aws_group *group,
                                      const struct aws_operation *operation, bool *ret_done,
                                      struct provider_error *error)
{
    if (strcmp(group->identity, operation->generation) != 0)
        return sdk_fail(error, PROVIDER_CONFLICT, "", "pool %s: the group was made anew meanwhile", operation->pool);
    if (group->desired < operation->to)
        return sdk_fail(error, PROVIDER_CONFLICT, "", "pool %s: its size was set to %lld meanwhile, %lld was asked for",
                        operation->pool, (long long)group->desired, (long long)operation->to);
    *ret_done = count_in_service(group) >= operation->to;
    /* A launch that failed in one zone and went well in another has failed nobody. */
    if (*ret_done || aws_group_counted(group) >= operation->to)
        return PROVIDER_OK;
    struct aws_make make;
    bool failed = false;
    enum provider_status status = aws_group_make(account, group, false, &make, error);
    if (status == PROVIDER_OK)
        status = aws_activity_failure(account, group, &make, operation->after, &failed, error);
    return status;
}

/* Done when none of them is a member any more: the group keeps them until they are terminated. One that is in service
 * long after its removal was never removed: another lowered the size, which was taken for our doing. */
static enum provider_status poll_shrink(struct provider_account *account, const struct aws_group *group,
                                        const struct aws_operation *operation, bool *ret_done,
                                        struct provider_error *error)
{
    int64_t now_us = account->services->now(account->services->context);
    bool late = operation->at_us != PROVIDER_UNSET && now_us - operation->at_us >= AWS_INTENT_BELIEVED_US;
    *ret_done = true;
    for (size_t i = 0; i < operation->id_count; i++) {
        const struct aws_member *member = aws_group_member(group, operation->ids[i]);
        if (member && late && aws_member_life(member) == AWS_LIFE_IN_SERVICE)
            return sdk_fail(error, PROVIDER_CONFLICT, "",
                            "pool %s: %s is still in service though its removal was asked for; look again and ask anew",
                            operation->pool, member->id);
        if (member && strcmp(member->lifecycle, "Terminated") != 0)
            *ret_done = false;
    }
    for (size_t i = 0; i < operation->id_count && *ret_done; i++)
        aws_intent_strike_out(account, operation->ids[i]);
    return PROVIDER_OK;
}

enum provider_status aws_poll(struct provider_account *account, const char *token,
                              struct provider_operation *ret_operation, struct provider_error *error)
{
    struct aws_operation operation;
    enum provider_status status = aws_operation_read(token, &operation, error);
    if (status != PROVIDER_OK)
        return status;
    struct aws_groups groups = {0};
    bool done = false;
    status = aws_group_read(account, operation.pool, &groups, error);
    if (status == PROVIDER_NOT_FOUND && !operation.grows && groups.count == 0 && error->call[0]) {
        *error = (struct provider_error){.retry_at_us = PROVIDER_UNSET};
        status = PROVIDER_OK; /* gone with its group */
        done = true;
    } else if (status == PROVIDER_OK && operation.grows) {
        status = poll_grow(account, &groups.list[0], &operation, &done, error);
    } else if (status == PROVIDER_OK) {
        status = poll_shrink(account, &groups.list[0], &operation, &done, error);
    }
    if (status == PROVIDER_OK) {
        *ret_operation = (struct provider_operation){
            .progress = done ? PROVIDER_PROGRESS_DONE : PROVIDER_PROGRESS_RUNNING, .next_poll_us = PROVIDER_UNSET};
        if (!done)
            sdk_copy_text(ret_operation->token, sizeof ret_operation->token, token);
    }
    aws_groups_release(&groups);
    aws_operation_release(&operation);
    return status;
}
