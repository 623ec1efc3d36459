/* Removing chosen machines: POST .../delete with their keys, for uniform and flexible sets alike. The set's size falls
 * with them by itself and is never written besides. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/json_writer.h"
#include "providers/azure/arm.h"
#include "providers/azure/instance.h"
#include "providers/azure/write.h"
#include "providers/sdk/fail.h"

enum { LOOKS_MAX = 3 /* how often a list that lost a machine meanwhile is read anew */ };

struct removal {
    struct provider_account *account;
    const struct azure_scale_set *set;
    const char *const *wanted;
    size_t count;
    const struct azure_instance *found[AZURE_SHRINK_MAX];
    size_t found_count, leaving;
    struct azure_operation operation;
};

static enum provider_status check_list(const char *const *instances, size_t count, struct provider_error *error)
{
    if (count == 0)
        return sdk_fail(error, PROVIDER_INVALID, AZURE_DELETE_NAME, "no machine is named: nothing is removed");
    if (count > AZURE_SHRINK_MAX)
        return sdk_fail(error, PROVIDER_INVALID, AZURE_DELETE_NAME, "at most %d machines at once", AZURE_SHRINK_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *at = strchr(instances[i], '@');
        if (!at || at == instances[i] || at[1] == '\0')
            return sdk_fail(error, PROVIDER_INVALID, AZURE_DELETE_NAME,
                            "\"%s\" is no machine's id as pools() gives it (key@vmid)", instances[i]);
        for (size_t k = 0; k < i; k++)
            if (strcasecmp(instances[i], instances[k]) == 0)
                return sdk_fail(error, PROVIDER_INVALID, AZURE_DELETE_NAME, "%s is named twice", instances[i]);
    }
    return PROVIDER_OK;
}

/* Those that are there; what is on its way out already is only waited for. */
static void choose(struct removal *removal, const struct azure_instances *instances)
{
    removal->found_count = removal->leaving = 0;
    for (size_t i = 0; i < removal->count; i++) {
        const struct azure_instance *found = azure_instances_find(instances, removal->wanted[i]);
        if (found && found->leaving)
            removal->leaving++;
        else if (found)
            removal->found[removal->found_count++] = found;
    }
}

static void write_body(struct buffer *body, const struct removal *removal)
{
    struct json_writer writer = json_writer_init(body, false);
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "instanceIds");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < removal->found_count; i++)
        json_writer_text(&writer, removal->found[i]->key);
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
}

static enum provider_status send(struct removal *removal, struct provider_operation *ret_operation,
                                 struct provider_error *error)
{
    struct provider_account *account = removal->account;
    const struct provider_services *services = account->services;
    struct buffer url = BUFFER_INIT, body = BUFFER_INIT;
    struct provider_answer answer;
    azure_url_scale_set(&url, account, removal->set->group, removal->set->name, "delete");
    write_body(&body, removal);
    enum provider_status status = azure_arm_run(account,
                                                &(struct azure_request){.name = AZURE_DELETE_NAME,
                                                                        .method = "POST",
                                                                        .url = url.data,
                                                                        .region = removal->set->location,
                                                                        .class = AZURE_CLASS_SET_WRITE,
                                                                        .body = body.data,
                                                                        .writes = true},
                                                &answer, error);
    if (status == PROVIDER_OK) {
        azure_write_began(account, &removal->operation, &answer, ret_operation);
        services->http_release(services->context, &answer);
    }
    buffer_release(&url);
    buffer_release(&body);
    return status;
}

/* Nothing is left to ask for. */
static void end_or_wait(struct removal *removal, struct provider_operation *ret_operation)
{
    const struct provider_answer nothing = {0};
    if (removal->leaving > 0)
        azure_write_began(removal->account, &removal->operation, &nothing, ret_operation);
    else
        *ret_operation =
            (struct provider_operation){.progress = PROVIDER_PROGRESS_DONE, .next_poll_us = PROVIDER_UNSET};
}

/* One look and, where something is left to remove, one request. *ret_again: a machine vanished in between. */
static enum provider_status remove_once(struct removal *removal, struct provider_operation *ret_operation,
                                        bool *ret_again, struct provider_error *error)
{
    struct azure_instances instances;
    enum provider_status status = azure_instances_list(removal->account, removal->set, &instances, error);
    *ret_again = false;
    if (status != PROVIDER_OK)
        return status;
    choose(removal, &instances);
    if (removal->found_count == 0)
        end_or_wait(removal, ret_operation);
    else if (removal->set->capacity - (int64_t)removal->found_count < removal->set->min)
        status = sdk_fail(error, PROVIDER_INVALID, AZURE_DELETE_NAME, "%s: %lld less %zu is below its minimum of %lld",
                          removal->set->pool, (long long)removal->set->capacity, removal->found_count,
                          (long long)removal->set->min);
    else
        status = send(removal, ret_operation, error);
    *ret_again = status == PROVIDER_INVALID && strcasecmp(error->code, "InvalidParameter") == 0;
    azure_instances_release(&instances);
    removal->found_count = 0;
    return status;
}

enum provider_status azure_shrink(struct provider_account *account, const char *pool, const char *const *instances,
                                  size_t count, struct provider_operation *ret_operation, struct provider_error *error)
{
    struct azure_scale_set set;
    bool again = true;
    enum provider_status status = check_list(instances, count, error);
    if (status != PROVIDER_OK)
        return status;
    status = azure_write_look(account, pool, AZURE_DELETE_NAME, &set, error);
    if (status != PROVIDER_OK)
        return status;
    struct removal removal = {.account = account, .set = &set, .wanted = instances, .count = count};
    removal.operation.kind = AZURE_OPERATION_SHRINK;
    snprintf(removal.operation.pool, sizeof removal.operation.pool, "%s", set.pool);
    for (size_t i = 0; i < count; i++)
        removal.operation.marks[removal.operation.mark_count++] = azure_operation_mark(instances[i]);
    for (unsigned looks = 0; again && looks < LOOKS_MAX; looks++)
        status = remove_once(&removal, ret_operation, &again, error);
    azure_scale_set_release(&set);
    return status;
}
