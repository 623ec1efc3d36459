/* grow() and withdraw(): the two that set a group's size. See provider.h.
 *
 * SetDesiredCapacity compares nothing, so the group is read right before each try. It answers before anything is
 * launched and never says that there is no machine; poll() reads that from the scaling activities. Lowering the size by
 * it would let the group choose its victims, so withdraw() does that only where every member is protected, and shrink()
 * never. */
#include <stdio.h>
#include <string.h>

#include "providers/aws/activity.h"
#include "providers/aws/call.h"
#include "providers/aws/functions.h"
#include "providers/aws/operation.h"
#include "providers/sdk/fail.h"

static const char call_name[] = "autoscaling:SetDesiredCapacity";

static enum provider_status set_desired(struct provider_account *account, const struct aws_group *group, int64_t to,
                                        aws_recheck *recheck, void *context, struct provider_error *error)
{
    struct aws_call call;
    aws_call_begin(&call, AWS_AUTO_SCALING, group->region, "SetDesiredCapacity");
    call.writes = true;
    call.recheck = recheck;
    call.recheck_context = context;
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

/* One growth. */
struct growth {
    struct provider_account *account;
    const struct provider_pool *observed;
    int64_t to;
};

static enum provider_status refuse_growth(const struct aws_group *group, const struct growth *growth,
                                          struct provider_error *error)
{
    const struct provider_pool *observed = growth->observed;
    if (group->desired != observed->desired)
        return sdk_fail(error, PROVIDER_CONFLICT, call_name, "pool %s: its size is %lld and not %lld; look again",
                        observed->id, (long long)group->desired, (long long)observed->desired);
    if (strcmp(group->identity, observed->generation) != 0)
        return sdk_fail(error, PROVIDER_CONFLICT, call_name,
                        "pool %s: the group was made anew since it was looked at; look again", observed->id);
    if (growth->to > group->max)
        return sdk_fail(error, PROVIDER_INVALID, call_name,
                        "pool %s: %lld is above its MaxSize, %lld; raise that first", observed->id,
                        (long long)growth->to, (long long)group->max);
    return PROVIDER_OK;
}

/* Somebody who raised the size since would have it lowered again, and the group would choose whom to remove. */
static enum provider_status recheck_growth(void *context, struct provider_error *error)
{
    struct growth *growth = context;
    struct aws_groups groups = {0};
    enum provider_status status = aws_group_read(growth->account, growth->observed->id, &groups, error);
    if (status == PROVIDER_OK)
        status = refuse_growth(&groups.list[0], growth, error);
    aws_groups_release(&groups);
    return status;
}

static enum provider_status grow_group(struct growth *growth, const struct aws_group *group,
                                       struct provider_operation *ret_operation, struct provider_error *error)
{
    struct aws_make make;
    char after[AWS_ACTIVITY_MAX] = "";
    const char *pool = growth->observed->id;
    enum provider_status status = aws_group_make(growth->account, group, true, &make, error);
    if (status == PROVIDER_OK && make.why_read_only[0])
        status = sdk_fail(error, PROVIDER_INVALID, call_name, "pool %s is read-only: %s", pool, make.why_read_only);
    if (status == PROVIDER_OK)
        status = refuse_growth(group, growth, error);
    if (status == PROVIDER_OK)
        status = aws_activity_newest(growth->account, group, after, error);
    struct provider_operation operation = {.progress = PROVIDER_PROGRESS_RUNNING, .next_poll_us = PROVIDER_UNSET};
    struct aws_operation token = {.grows = true,
                                  .pool = pool,
                                  .generation = group->identity,
                                  .from = group->desired,
                                  .to = growth->to,
                                  .after = after};
    if (status == PROVIDER_OK && !aws_operation_write(&token, operation.token))
        status = sdk_fail(error, PROVIDER_INVALID, call_name,
                          "pool %s: its name does not fit into an operation: it is too long or not plain ASCII", pool);
    if (status == PROVIDER_OK)
        status = set_desired(growth->account, group, growth->to, recheck_growth, growth, error);
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
    struct growth growth = {account, observed, to};
    struct aws_groups groups = {0};
    enum provider_status status = aws_group_read(account, observed->id, &groups, error);
    if (status == PROVIDER_OK)
        status = grow_group(&growth, &groups.list[0], ret_operation, error);
    aws_groups_release(&groups);
    return status;
}

/* One withdrawal. */
struct withdrawal {
    struct provider_account *account;
    const char *pool;
    const struct aws_group *group; /* as it was when `to` was decided */
    int64_t to;
};

/* Where the size would be after a withdrawal: at the machines that exist. */
static int64_t withdrawn_size(const struct aws_group *group)
{
    int64_t counted = aws_group_counted(group);
    return counted < group->min ? group->min : counted;
}

/* No member, nor one that starts just now, could be chosen by the group. */
static bool is_safe(const struct aws_group *group)
{
    bool safe = group->protects_new;
    for (size_t i = 0; i < group->member_count; i++) {
        enum aws_life life = aws_member_life(&group->members[i]);
        safe = safe && (group->members[i].protected_ || life == AWS_LIFE_TERMINATING || life == AWS_LIFE_STANDBY ||
                        life == AWS_LIFE_WARM || life == AWS_LIFE_DETACHING);
    }
    return safe;
}

static enum provider_status recheck_withdrawal(void *context, struct provider_error *error)
{
    const struct withdrawal *withdrawal = context;
    struct aws_groups groups = {0};
    enum provider_status status = aws_group_read(withdrawal->account, withdrawal->pool, &groups, error);
    const struct aws_group *now = groups.list, *then = withdrawal->group;
    if (status == PROVIDER_OK && (now->desired != then->desired || strcmp(now->identity, then->identity) != 0 ||
                                  withdrawn_size(now) != withdrawal->to || !is_safe(now)))
        status = sdk_fail(error, PROVIDER_CONFLICT, call_name,
                          "pool %s: it changed while its growth was taken back; look again", withdrawal->pool);
    aws_groups_release(&groups);
    return status;
}

static enum provider_status withdraw_group(struct provider_account *account, const struct aws_group *group,
                                           const char *pool, struct provider_error *error)
{
    struct withdrawal withdrawal = {account, pool, group, withdrawn_size(group)};
    if (withdrawal.to >= group->desired)
        return PROVIDER_OK;
    if (!is_safe(group))
        return sdk_fail(error, PROVIDER_CONFLICT, call_name,
                        "pool %s: not all of its instances are protected from scale-in, so that lowering its size "
                        "could cost one; set NewInstancesProtectedFromScaleIn and protect those there are",
                        pool);
    return set_desired(account, group, withdrawal.to, recheck_withdrawal, &withdrawal, error);
}

enum provider_status aws_withdraw(struct provider_account *account, const char *pool,
                                  struct provider_operation *ret_operation, struct provider_error *error)
{
    struct aws_groups groups = {0};
    enum provider_status status = aws_group_read(account, pool, &groups, error);
    struct aws_make make;
    if (status == PROVIDER_OK)
        status = aws_group_make(account, &groups.list[0], true, &make, error);
    if (status == PROVIDER_OK && make.why_read_only[0] && !make.only_suspended)
        status = sdk_fail(error, PROVIDER_INVALID, call_name, "pool %s is read-only: %s", pool, make.why_read_only);
    if (status == PROVIDER_OK)
        status = withdraw_group(account, &groups.list[0], pool, error);
    if (status == PROVIDER_OK)
        *ret_operation =
            (struct provider_operation){.progress = PROVIDER_PROGRESS_DONE, .next_poll_us = PROVIDER_UNSET};
    aws_groups_release(&groups);
    return status;
}
