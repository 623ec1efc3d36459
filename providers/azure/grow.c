/* Growing a pool, and taking back what could not be had: the two writes of sku.capacity. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/json_writer.h"
#include "providers/azure/arm.h"
#include "providers/azure/fault.h"
#include "providers/azure/instance.h"
#include "providers/azure/write.h"
#include "providers/sdk/fail.h"

#define BUSY_US (INT64_C(30) * 1000000)

enum provider_status azure_write_look(struct provider_account *account, const char *pool, const char *call,
                                      struct azure_scale_set *ret_set, struct provider_error *error)
{
    enum provider_status status = azure_scale_set_get(account, pool, ret_set, error);
    if (status != PROVIDER_OK)
        return status;
    if (ret_set->why_read_only[0]) {
        status = sdk_fail(error, PROVIDER_INVALID, call, "%s %s: it is only read", pool, ret_set->why_read_only);
    } else if (ret_set->busy) {
        status = sdk_fail(error, PROVIDER_CONFLICT, call, "%s is in state %s: somebody is changing it", pool,
                          ret_set->state);
        error->retry_at_us = account->services->now(account->services->context) + BUSY_US;
    } else if (ret_set->etag[0] == '\0') {
        status = sdk_fail(error, PROVIDER_INVALID, call,
                          "%s came without an ETag: without one a write could undo somebody else's", pool);
    }
    if (status != PROVIDER_OK)
        azure_scale_set_release(ret_set);
    return status;
}

void azure_write_began(struct provider_account *account, struct azure_operation *operation,
                       const struct provider_answer *answer, struct provider_operation *ret_operation)
{
    const struct provider_services *services = account->services;
    operation->began_us = services->now(services->context);
    azure_operation_follow(account, answer, operation);
    ret_operation->progress = PROVIDER_PROGRESS_RUNNING;
    ret_operation->next_poll_us = operation->began_us;
    azure_operation_write(operation, ret_operation);
}

/* An answer that is already final, without an address to ask at, may have failed: 201 and provisioningState Failed. */
static enum provider_status judge_first(const struct provider_answer *answer, const struct azure_operation *operation,
                                        struct provider_error *error)
{
    struct sdk_json_at root;
    struct error ignored = {0};
    struct azure_fault fault;
    char state[32] = "";
    if (operation->way != AZURE_WAY_RESOURCE ||
        !sdk_json_open(answer->body, answer->body_length, answer->body_length, &root, &ignored))
        return PROVIDER_OK;
    const char *word = json_string_value(sdk_json_find(&root, "properties/provisioningState").value);
    sdk_copy_text(state, sizeof state, word ? word : "");
    struct sdk_json_at reason = sdk_json_find(&root, "error");
    azure_fault_read_object(&reason, &fault);
    sdk_json_close(&root);
    if (strcasecmp(state, "Failed") != 0 && strcasecmp(state, "Canceled") != 0)
        return PROVIDER_OK;
    return azure_fault_of_operation(&fault, state, AZURE_WRITE_NAME, error);
}

static void write_body(struct buffer *body, const struct azure_scale_set *set, int64_t size)
{
    struct json_writer writer = json_writer_init(body, false);
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "sku");
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "name", set->size);
    if (set->tier[0])
        json_writer_field_text(&writer, "tier", set->tier);
    json_writer_field_i64(&writer, "capacity", size);
    json_writer_end_object(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
}

static void tell_capacity(const struct azure_scale_set *set, struct provider_error *error)
{
    sdk_copy_text(error->instance_type, sizeof error->instance_type, set->size);
    sdk_copy_text(error->zone, sizeof error->zone, set->zone_count == 1 ? set->zones[0] : "");
    sdk_copy_text(error->market, sizeof error->market, set->market == PROVIDER_SPOT ? "spot" : "on-demand");
}

enum provider_status azure_write_size(struct provider_account *account, const struct azure_scale_set *set,
                                      enum azure_operation_kind kind, int64_t size,
                                      struct provider_operation *ret_operation, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    struct azure_operation operation = {.kind = kind, .size = size};
    struct buffer url = BUFFER_INIT, body = BUFFER_INIT;
    struct provider_answer answer;
    snprintf(operation.pool, sizeof operation.pool, "%s", set->pool);
    azure_url_scale_set(&url, account, set->group, set->name, "");
    write_body(&body, set, size);
    enum provider_status status = azure_arm_run(account,
                                                &(struct azure_request){.name = AZURE_WRITE_NAME,
                                                                        .method = "PATCH",
                                                                        .url = url.data,
                                                                        .region = set->location,
                                                                        .class = AZURE_CLASS_SET_WRITE,
                                                                        .if_match = set->etag,
                                                                        .body = body.data,
                                                                        .writes = true},
                                                &answer, error);
    if (status == PROVIDER_OK) {
        azure_write_began(account, &operation, &answer, ret_operation);
        status = judge_first(&answer, &operation, error);
        services->http_release(services->context, &answer);
    }
    if (status == PROVIDER_NO_CAPACITY)
        tell_capacity(set, error);
    buffer_release(&url);
    buffer_release(&body);
    return status;
}

enum provider_status azure_grow(struct provider_account *account, const struct provider_pool *observed, int64_t to,
                                struct provider_operation *ret_operation, struct provider_error *error)
{
    struct azure_scale_set set;
    if (to <= observed->desired)
        return sdk_fail(error, PROVIDER_INVALID, AZURE_WRITE_NAME,
                        "grow from %lld to %lld: only upwards; machines are removed by name",
                        (long long)observed->desired, (long long)to);
    enum provider_status status = azure_write_look(account, observed->id, AZURE_WRITE_NAME, &set, error);
    if (status != PROVIDER_OK)
        return status;
    if (set.capacity != observed->desired)
        status = sdk_fail(error, PROVIDER_CONFLICT, AZURE_WRITE_NAME,
                          "%s: the size is %lld and not %lld as observed: look again", set.pool,
                          (long long)set.capacity, (long long)observed->desired);
    else if (observed->generation[0] && strcmp(observed->generation, set.etag) != 0)
        status = sdk_fail(error, PROVIDER_CONFLICT, AZURE_WRITE_NAME,
                          "%s was changed since it was observed: look again", set.pool);
    else if (to > set.max)
        status = sdk_fail(error, PROVIDER_INVALID, AZURE_WRITE_NAME, "%s: %lld is above its maximum of %lld", set.pool,
                          (long long)to, (long long)set.max);
    else
        status = azure_write_size(account, &set, AZURE_OPERATION_GROW, to, ret_operation, error);
    azure_scale_set_release(&set);
    return status;
}

/* The machines that exist are read after the ETag: the fence covers both. */
enum provider_status azure_withdraw(struct provider_account *account, const char *pool,
                                    struct provider_operation *ret_operation, struct provider_error *error)
{
    struct azure_scale_set set;
    struct azure_instances instances;
    enum provider_status status = azure_write_look(account, pool, AZURE_WRITE_NAME, &set, error);
    if (status != PROVIDER_OK)
        return status;
    status = azure_instances_list(account, &set, &instances, error);
    if (status == PROVIDER_OK) {
        int64_t there = (int64_t)instances.count;
        int64_t size = there > set.min ? there : set.min;
        azure_instances_release(&instances);
        if (there > set.capacity)
            status = sdk_fail(error, PROVIDER_CONFLICT, AZURE_WRITE_NAME,
                              "%s has %lld machines at a size of %lld: lowering it would remove some", pool,
                              (long long)there, (long long)set.capacity);
        else if (size >= set.capacity)
            *ret_operation =
                (struct provider_operation){.progress = PROVIDER_PROGRESS_DONE, .next_poll_us = PROVIDER_UNSET};
        else
            status = azure_write_size(account, &set, AZURE_OPERATION_LOWER, size, ret_operation, error);
    }
    azure_scale_set_release(&set);
    return status;
}
