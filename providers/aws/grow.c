/* grow() and withdraw(): the two that set a group's size. See provider.h.
 *
 * SetDesiredCapacity answers before anything is launched and never says that there is no machine; poll() reads that
 * from the scaling activities. Lowering the size by it would let the group choose its victims, so withdraw() does that
 * only where every member is protected, and shrink() never. */
#include <stdio.h>
#include <string.h>

#include "providers/aws/activity.h"
#include "providers/aws/call.h"
#include "providers/aws/functions.h"
#include "providers/aws/operation.h"
#include "providers/sdk/fail.h"

static const char call_name[] = "autoscaling:SetDesiredCapacity";

enum provider_status aws_set_desired(struct provider_account *account, const struct aws_group *group, int64_t to,
                                     struct provider_error *error)
{
    struct aws_call call;
    aws_call_begin(&call, AWS_AUTO_SCALING, group->region, "SetDesiredCapacity");
    call.writes = true;
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)to);
    aws_call_add(&call, "AutoScalingGroupName", group->name);
    aws_call_add(&call, "DesiredCapacity", number);
    aws_call_add(&call, "HonorCooldown", "false");
    struct sdk_xml *xml = NULL;
    enum provider_status status = aws_call_xml(account, &call, &xml, error);
    sdk_xml_free(xml);
    aws_call_end(&call);
    return status;
}

static enum provider_status refuse_growth(const struct aws_group *group, const struct aws_make *make,
                                          const struct provider_pool *observed, int64_t to,
                                          struct provider_error *error)
{
    if (make->why_read_only[0])
        return sdk_fail(error, PROVIDER_INVALID, call_name, "pool %s is read-only: %s", observed->id,
                        make->why_read_only);
    if (group->desired != observed->desired)
        return sdk_fail(error, PROVIDER_CONFLICT, call_name, "pool %s: its size is %lld and not %lld", observed->id,
                        (long long)group->desired, (long long)observed->desired);
    if (strcmp(group->identity, observed->generation) != 0)
        return sdk_fail(error, PROVIDER_CONFLICT, call_name, "pool %s: the group was made anew since it was looked at",
                        observed->id);
    if (to > group->max)
        return sdk_fail(error, PROVIDER_INVALID, call_name,
                        "pool %s: %lld is above its MaxSize, %lld; raise that first", observed->id, (long long)to,
                        (long long)group->max);
    return PROVIDER_OK;
}

static enum provider_status grow_group(struct provider_account *account, const struct aws_group *group,
                                       const struct provider_pool *observed, int64_t to,
                                       struct provider_operation *ret_operation, struct provider_error *error)
{
    struct aws_make make;
    char after[AWS_ACTIVITY_MAX] = "";
    enum provider_status status = aws_group_make(account, group, true, &make, error);
    if (status == PROVIDER_OK)
        status = refuse_growth(group, &make, observed, to, error);
    if (status == PROVIDER_OK)
        status = aws_activity_newest(account, group, after, error);
    struct provider_operation operation = {.progress = PROVIDER_PROGRESS_RUNNING, .next_poll_us = PROVIDER_UNSET};
    struct aws_operation token = {.grows = true,
                                  .pool = observed->id,
                                  .generation = group->identity,
                                  .from = group->desired,
                                  .to = to,
                                  .after = after};
    if (status == PROVIDER_OK && !aws_operation_write(&token, operation.token))
        status = sdk_fail(error, PROVIDER_INVALID, call_name, "pool %s: its name is too long for an operation",
                          observed->id);
    if (status == PROVIDER_OK)
        status = aws_set_desired(account, group, to, error);
    if (status == PROVIDER_OK)
        *ret_operation = operation;
    return status;
}

enum provider_status aws_grow(struct provider_account *account, const struct provider_pool *observed, int64_t to,
                              struct provider_operation *ret_operation, struct provider_error *error)
{
    if (to <= observed->desired || to < 0)
        return sdk_fail(error, PROVIDER_INVALID, call_name, "pool %s: from %lld to %lld is no growth", observed->id,
                        (long long)observed->desired, (long long)to);
    struct aws_groups groups = {0};
    enum provider_status status = aws_group_read(account, observed->id, &groups, error);
    if (status == PROVIDER_OK)
        status = grow_group(account, &groups.list[0], observed, to, ret_operation, error);
    aws_groups_release(&groups);
    return status;
}

/* The members that the size counts. */
static int64_t count_counted(const struct aws_group *group, bool *ret_protected)
{
    int64_t count = 0;
    *ret_protected = group->protects_new;
    for (size_t i = 0; i < group->member_count; i++) {
        enum aws_life life = aws_member_life(&group->members[i]);
        if (life == AWS_LIFE_TERMINATING || life == AWS_LIFE_STANDBY || life == AWS_LIFE_WARM ||
            life == AWS_LIFE_DETACHING)
            continue;
        count++;
        *ret_protected = *ret_protected && group->members[i].protected_;
    }
    return count;
}

static enum provider_status withdraw_group(struct provider_account *account, const struct aws_group *group,
                                           const char *pool, struct provider_error *error)
{
    bool safe = false;
    int64_t to = count_counted(group, &safe);
    if (to < group->min)
        to = group->min;
    if (to >= group->desired)
        return PROVIDER_OK;
    if (!safe)
        return sdk_fail(error, PROVIDER_CONFLICT, call_name,
                        "pool %s: not all of its instances are protected from scale-in, so that lowering its size "
                        "could cost one; set NewInstancesProtectedFromScaleIn and protect those there are",
                        pool);
    return aws_set_desired(account, group, to, error);
}

enum provider_status aws_withdraw(struct provider_account *account, const char *pool,
                                  struct provider_operation *ret_operation, struct provider_error *error)
{
    struct aws_groups groups = {0};
    enum provider_status status = aws_group_read(account, pool, &groups, error);
    struct aws_make make;
    if (status == PROVIDER_OK)
        status = aws_group_make(account, &groups.list[0], true, &make, error);
    if (status == PROVIDER_OK && make.why_read_only[0] && !groups.list[0].launch_suspended)
        status = sdk_fail(error, PROVIDER_INVALID, call_name, "pool %s is read-only: %s", pool, make.why_read_only);
    if (status == PROVIDER_OK)
        status = withdraw_group(account, &groups.list[0], pool, error);
    if (status == PROVIDER_OK)
        *ret_operation =
            (struct provider_operation){.progress = PROVIDER_PROGRESS_DONE, .next_poll_us = PROVIDER_UNSET};
    aws_groups_release(&groups);
    return status;
}
