/* shrink(): terminates exactly the instances named, each with its place in the group's size. See provider.h.
 *
 * TerminateInstanceInAutoScalingGroup has no token that would make it safe to repeat, and a group may still show an
 * instance in service seconds after it took the call. So the size is written down before each call and struck out when
 * the instance is seen on its way out, or the call was clearly refused; whoever comes later, another process too, finds
 * it and knows by the size whether the call arrived. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/aws/call.h"
#include "providers/aws/functions.h"
#include "providers/aws/intent.h"
#include "providers/aws/operation.h"
#include "providers/sdk/fail.h"

static const char call_name[] = "autoscaling:TerminateInstanceInAutoScalingGroup";

/* How long after a call a group's description may still be older than it. */
#define SETTLE_US (INT64_C(15) * 1000000)

/* One run. */
struct run {
    struct provider_account *account;
    const char *pool;
    struct aws_groups groups;  /* as last read; the first is the pool's */
    int64_t desired;           /* of the group, less what was removed since it was read */
    size_t removed;            /* calls that went well */
    struct aws_operation left; /* those that the group still holds */
};

static const struct aws_group *group_of(const struct run *run)
{
    return &run->groups.list[0];
}

static enum provider_status read_group(struct run *run, struct provider_error *error)
{
    struct aws_groups fresh = {0};
    enum provider_status status = aws_group_read(run->account, run->pool, &fresh, error);
    if (status != PROVIDER_OK) {
        aws_groups_release(&fresh);
        return status;
    }
    aws_groups_release(&run->groups);
    run->groups = fresh;
    run->desired = fresh.list[0].desired;
    return PROVIDER_OK;
}

static enum provider_status check_names(const char *pool, const char *const *ids, size_t count,
                                        struct provider_error *error)
{
    if (count == 0 || count > AWS_SHRINK_MAX)
        return sdk_fail(error, PROVIDER_INVALID, call_name, "pool %s: 1 to %d instances can be removed at once", pool,
                        AWS_SHRINK_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(ids[i]);
        if (length < 3 || length >= AWS_ID_MAX || strncmp(ids[i], "i-", 2) != 0 ||
            strspn(ids[i] + 2, "0123456789abcdef") != length - 2)
            return sdk_fail(error, PROVIDER_INVALID, call_name, "pool %s: \"%.40s\" is no instance's id", pool, ids[i]);
        for (size_t k = 0; k < i; k++)
            if (strcmp(ids[i], ids[k]) == 0)
                return sdk_fail(error, PROVIDER_INVALID, call_name, "pool %s: %s is named twice", pool, ids[i]);
    }
    return PROVIDER_OK;
}

/* Whether the group is done with it: not a member, or on its way out, which the size no longer counts. */
static bool is_removed(const struct aws_group *group, const char *id)
{
    const struct aws_member *member = aws_group_member(group, id);
    return !member || aws_member_life(member) == AWS_LIFE_TERMINATING;
}

/* Those that are no members must be gone: an instance that lives elsewhere is not this pool's to remove. */
static enum provider_status check_strangers(struct run *run, const char *const *ids, size_t count,
                                            struct provider_error *error)
{
    const char **strangers = memory_new(count, sizeof *strangers);
    size_t stranger_count = 0;
    for (size_t i = 0; i < count; i++)
        if (!aws_group_member(group_of(run), ids[i]))
            strangers[stranger_count++] = ids[i];
    struct aws_machines machines = {0};
    enum provider_status status = PROVIDER_OK;
    if (stranger_count > 0)
        status = aws_machines_read(run->account, group_of(run)->region, strangers, stranger_count, &machines, error);
    for (size_t i = 0; i < machines.count && status == PROVIDER_OK; i++)
        if (!aws_machine_is_gone(&machines.list[i]))
            status = sdk_fail(error, PROVIDER_NOT_FOUND, call_name, "pool %s: %s is %s and not in this group",
                              run->pool, machines.list[i].id, machines.list[i].power_text);
    aws_machines_release(&machines);
    free(strangers);
    return status;
}

static enum provider_status check_members(const struct run *run, const char *const *ids, size_t count,
                                          struct provider_error *error)
{
    const struct aws_group *group = group_of(run);
    int64_t removals = 0;
    for (size_t i = 0; i < count; i++) {
        const struct aws_member *member = aws_group_member(group, ids[i]);
        enum aws_life life = member ? aws_member_life(member) : AWS_LIFE_TERMINATING;
        if (life == AWS_LIFE_STANDBY || life == AWS_LIFE_DETACHING || life == AWS_LIFE_WARM)
            return sdk_fail(error, PROVIDER_CONFLICT, call_name,
                            "pool %s: %s is %s, which the group's size does not "
                            "count",
                            run->pool, ids[i], member->lifecycle);
        struct aws_intent intent = aws_intent_find(run->account, ids[i]);
        removals += life != AWS_LIFE_TERMINATING && !aws_intent_arrived(run->account, &intent, group->desired);
    }
    if (group->desired - removals < group->min)
        return sdk_fail(error, PROVIDER_INVALID, call_name,
                        "pool %s: %lld less %lld is below its MinSize, %lld; lower that first", run->pool,
                        (long long)group->desired, (long long)removals, (long long)group->min);
    return PROVIDER_OK;
}

static enum provider_status send_removal(struct run *run, const char *id, struct provider_error *error)
{
    struct aws_call call;
    aws_call_begin(&call, AWS_AUTO_SCALING, group_of(run)->region, "TerminateInstanceInAutoScalingGroup");
    call.writes = true;
    aws_call_add(&call, "InstanceId", id);
    aws_call_add(&call, "ShouldDecrementDesiredCapacity", "true");
    struct sdk_xml *xml = NULL;
    enum provider_status status = aws_call_xml(run->account, &call, &xml, error);
    sdk_xml_free(xml);
    aws_call_end(&call);
    return status;
}

/* The answer was an error that an instance already gone gives too: the group tells which. */
static enum provider_status look_after(struct run *run, const char *id, enum provider_status status,
                                       struct provider_error *error)
{
    struct provider_error first = *error;
    enum provider_status looked = read_group(run, error);
    if (looked == PROVIDER_OK && is_removed(group_of(run), id)) {
        *error = (struct provider_error){.retry_at_us = PROVIDER_UNSET};
        return PROVIDER_OK;
    }
    *error = first;
    return status;
}

static enum provider_status remove_one(struct run *run, const char *id, struct provider_error *error)
{
    if (!aws_intent_write(run->account, id, run->desired))
        return sdk_fail(error, PROVIDER_RETRY, call_name,
                        "%s: not removed, for what is about to be done could not be written down; see the agent's log",
                        id);
    enum provider_status status = send_removal(run, id, error);
    bool answered = run->account->last_http_status != 0;
    if (status == PROVIDER_OK) {
        run->desired--;
        run->removed++;
    } else if (answered && (status == PROVIDER_UNKNOWN || status == PROVIDER_INVALID || status == PROVIDER_NOT_FOUND)) {
        status = look_after(run, id, status, error);
    }
    bool seen = status == PROVIDER_OK && is_removed(group_of(run), id);
    if (seen || (status != PROVIDER_OK && status != PROVIDER_UNKNOWN))
        aws_intent_strike_out(run->account, id);
    return status;
}

/* An earlier call's end is not known: *ret_removed when the size says that it arrived. Waits while the group's
 * description may be older than that call. */
static enum provider_status settle(struct run *run, const char *id, bool *ret_removed, struct provider_error *error)
{
    const struct provider_services *services = run->account->services;
    struct aws_intent intent = aws_intent_find(run->account, id);
    if (!intent.there)
        return PROVIDER_OK;
    int64_t now_us = services->now(services->context), waited_us = now_us - intent.at_us;
    if (waited_us < 0) /* the clock was set back: how long ago it was is not known */
        waited_us = 0;
    if (run->desired >= intent.desired && waited_us < SETTLE_US) {
        if (!services->sleep(services->context, SETTLE_US - waited_us)) {
            sdk_fail(error, PROVIDER_RETRY, call_name, "%s: waiting for the group to show an earlier removal", id);
            error->retry_at_us = now_us + SETTLE_US - waited_us;
            return PROVIDER_RETRY;
        }
        enum provider_status status = read_group(run, error);
        if (status != PROVIDER_OK)
            return status;
    }
    *ret_removed = is_removed(group_of(run), id) || aws_intent_arrived(run->account, &intent, run->desired);
    return PROVIDER_OK;
}

/* That nothing was done must not be said once something was. The call as a whole may be made again. */
static enum provider_status tell_partly(const struct run *run, size_t count, enum provider_status status,
                                        struct provider_error *error)
{
    if (run->removed == 0)
        return status;
    size_t length = strlen(error->text);
    snprintf(error->text + length, sizeof error->text - length, " (%zu of %zu were removed before)", run->removed,
             count);
    return status == PROVIDER_UNREACHABLE ? PROVIDER_RETRY : status;
}

static enum provider_status remove_all(struct run *run, const char *const *ids, size_t count,
                                       struct provider_error *error)
{
    for (size_t i = 0; i < count; i++) {
        bool removed = is_removed(group_of(run), ids[i]);
        enum provider_status status = PROVIDER_OK;
        if (removed)
            aws_intent_strike_out(run->account, ids[i]);
        else
            status = settle(run, ids[i], &removed, error);
        if (status == PROVIDER_OK && !removed)
            status = remove_one(run, ids[i], error);
        if (status != PROVIDER_OK)
            return tell_partly(run, count, status, error);
        if (aws_group_member(group_of(run), ids[i]))
            run->left.ids[run->left.id_count++] = ids[i];
    }
    return PROVIDER_OK;
}

static enum provider_status run_all(struct run *run, const char *const *ids, size_t count,
                                    struct provider_operation *ret_operation, struct provider_error *error)
{
    struct aws_make make;
    enum provider_status status = read_group(run, error);
    if (status == PROVIDER_OK)
        status = aws_group_make(run->account, group_of(run), true, &make, error);
    if (status == PROVIDER_OK && make.why_read_only[0])
        status =
            sdk_fail(error, PROVIDER_INVALID, call_name, "pool %s is read-only: %s", run->pool, make.why_read_only);
    if (status == PROVIDER_OK)
        status = check_members(run, ids, count, error);
    if (status == PROVIDER_OK)
        status = check_strangers(run, ids, count, error);
    if (status == PROVIDER_OK && !group_of(run)->rebalance_suspended && !group_of(run)->protects_new)
        sdk_log(run->account->services, PROVIDER_INFO,
                "pool %s: its group may move instances between zones after this; "
                "suspend AZRebalance or protect its instances",
                run->pool);
    if (status == PROVIDER_OK)
        status = remove_all(run, ids, count, error);
    struct provider_operation operation = {.progress = PROVIDER_PROGRESS_DONE, .next_poll_us = PROVIDER_UNSET};
    if (status == PROVIDER_OK && run->left.id_count > 0) {
        operation.progress = PROVIDER_PROGRESS_RUNNING;
        if (!aws_operation_write(&run->left, operation.token))
            status = sdk_fail(error, PROVIDER_INVALID, call_name, "pool %s: its name is too long", run->pool);
    }
    if (status == PROVIDER_OK)
        *ret_operation = operation;
    return status;
}

enum provider_status aws_shrink(struct provider_account *account, const char *pool, const char *const *instances,
                                size_t count, struct provider_operation *ret_operation, struct provider_error *error)
{
    int64_t now_us = account->services->now(account->services->context);
    struct run run = {.account = account, .pool = pool, .left = {.pool = pool, .at_us = now_us}};
    enum provider_status status = check_names(pool, instances, count, error);
    /* Before anything is removed: what is left must fit into a token. */
    char token[PROVIDER_OPERATION_MAX];
    for (size_t i = 0; i < count && status == PROVIDER_OK; i++)
        run.left.ids[run.left.id_count++] = instances[i];
    if (status == PROVIDER_OK && !aws_operation_write(&run.left, token))
        status = sdk_fail(error, PROVIDER_INVALID, call_name, "pool %s: too many instances for one operation", pool);
    run.left.id_count = 0;
    if (status == PROVIDER_OK)
        status = run_all(&run, instances, count, ret_operation, error);
    aws_groups_release(&run.groups);
    return status;
}
