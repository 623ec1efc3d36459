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

enum { LOOKS_MAX = 4 /* how often what changed, or waited too long, is looked at anew */ };

struct removal {
    struct provider_account *account;
    const struct azure_scale_set *set;
    const char *const *wanted;
    size_t count;
    const struct azure_instance *found[AZURE_SHRINK_MAX];
    size_t found_count, leaving;
    size_t leaving_of_all; /* whether asked for or not: the size will fall with each */
    struct azure_look look;
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

/* A machine that had no vmId when it was named and has one now goes by another id; it is not gone. */
static bool is_known_otherwise(const struct azure_instances *instances, const char *wanted)
{
    size_t length = strcspn(wanted, "@");
    if (strcmp(wanted + length, "@-") != 0)
        return false;
    for (size_t i = 0; i < instances->count; i++)
        if (strlen(instances->list[i].key) == length && strncasecmp(instances->list[i].key, wanted, length) == 0)
            return true;
    return false;
}

/* Those that are there; what is on its way out already is only waited for. */
static enum provider_status choose(struct removal *removal, const struct azure_instances *instances,
                                   struct provider_error *error)
{
    removal->found_count = removal->leaving = removal->leaving_of_all = 0;
    for (size_t i = 0; i < instances->count; i++)
        removal->leaving_of_all += instances->list[i].leaving;
    for (size_t i = 0; i < removal->count; i++) {
        const struct azure_instance *found = azure_instances_find(instances, removal->wanted[i]);
        if (found && found->leaving)
            removal->leaving++;
        else if (found)
            removal->found[removal->found_count++] = found;
        else if (is_known_otherwise(instances, removal->wanted[i]))
            return sdk_fail(error, PROVIDER_CONFLICT, AZURE_DELETE_NAME,
                            "%s: machine %s has its vmId by now and goes by another id: look again", removal->set->pool,
                            removal->wanted[i]);
    }
    return PROVIDER_OK;
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
                                                                        .writes = true,
                                                                        .look = &removal->look},
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

static bool is_below_min(const struct removal *removal)
{
    const struct azure_scale_set *set = removal->set;
    return set->capacity - (int64_t)removal->leaving_of_all - (int64_t)removal->found_count < set->min;
}

static enum provider_status remove_of(struct removal *removal, const struct azure_instances *instances,
                                      struct provider_operation *ret_operation, struct provider_error *error)
{
    const struct provider_services *services = removal->account->services;
    removal->look = (struct azure_look){.at_ticks = services->ticks(services->context)};
    enum provider_status status = choose(removal, instances, error);
    if (status != PROVIDER_OK)
        return status;
    if (removal->found_count == 0) {
        end_or_wait(removal, ret_operation);
        return PROVIDER_OK;
    }
    if (is_below_min(removal))
        return sdk_fail(error, PROVIDER_INVALID, AZURE_DELETE_NAME,
                        "%s: %lld less %zu (and %zu that are leaving) is below its minimum of %lld", removal->set->pool,
                        (long long)removal->set->capacity, removal->found_count, removal->leaving_of_all,
                        (long long)removal->set->min);
    return send(removal, ret_operation, error);
}

/* One look and, where something is left to remove, one request. *ret_again: a machine vanished in between, or the
 * request was held back so long that the look is no longer to be trusted. */
static enum provider_status remove_once(struct removal *removal, const char *pool,
                                        struct provider_operation *ret_operation, bool *ret_again,
                                        struct provider_error *error)
{
    struct azure_scale_set set;
    struct azure_instances instances;
    *ret_again = false;
    enum provider_status status = azure_write_look(removal->account, pool, AZURE_DELETE_NAME, &set, error);
    if (status != PROVIDER_OK)
        return status;
    status = azure_instances_list(removal->account, &set, &instances, error);
    if (status == PROVIDER_OK) {
        removal->set = &set;
        snprintf(removal->operation.pool, sizeof removal->operation.pool, "%s", set.pool);
        status = remove_of(removal, &instances, ret_operation, error);
        *ret_again =
            removal->look.too_old || (status == PROVIDER_INVALID && strcasecmp(error->code, "InvalidParameter") == 0);
        azure_instances_release(&instances);
    }
    removal->set = NULL;
    removal->found_count = 0;
    azure_scale_set_release(&set);
    return status;
}

enum provider_status azure_shrink(struct provider_account *account, const char *pool, const char *const *instances,
                                  size_t count, struct provider_operation *ret_operation, struct provider_error *error)
{
    bool again = true;
    enum provider_status status = check_list(instances, count, error);
    if (status != PROVIDER_OK)
        return status;
    struct removal removal = {.account = account, .wanted = instances, .count = count};
    removal.operation.kind = AZURE_OPERATION_SHRINK;
    for (size_t i = 0; i < count; i++)
        removal.operation.marks[removal.operation.mark_count++] = azure_operation_mark(instances[i]);
    for (unsigned looks = 0; again && looks < LOOKS_MAX; looks++)
        status = remove_once(&removal, pool, ret_operation, &again, error);
    return status;
}
