/* How far an operation is: the state machine of operation.h. Nothing is written here. */
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "providers/azure/account.h"
#include "providers/azure/arm.h"
#include "providers/azure/fault.h"
#include "providers/azure/operation.h"
#include "providers/sdk/fail.h"

#define POLL_DEFAULT_US (INT64_C(30) * 1000000) /* what Azure's clients wait without Retry-After */
#define POLL_MOST_US (INT64_C(600) * 1000000)

struct polling {
    struct provider_account *account;
    struct azure_operation operation;
    struct provider_operation *ret_operation;
    struct provider_error *error;
    int64_t wait_us;
};

static const char *call_of(const struct polling *polling)
{
    return polling->operation.kind == AZURE_OPERATION_SHRINK ? "Microsoft.Compute/virtualMachineScaleSets/delete/action"
                                                             : "Microsoft.Compute/virtualMachineScaleSets/write";
}

static int64_t now_of(const struct polling *polling)
{
    return polling->account->services->now(polling->account->services->context);
}

static enum provider_status done(struct polling *polling)
{
    *polling->ret_operation =
        (struct provider_operation){.progress = PROVIDER_PROGRESS_DONE, .next_poll_us = PROVIDER_UNSET};
    return PROVIDER_OK;
}

/* Goes on, unless the deadline has come: then nobody knows, and somebody must look. */
static enum provider_status running(struct polling *polling)
{
    int64_t now = now_of(polling);
    if (now - polling->operation.began_us > polling->account->settings.operation_deadline_us)
        return sdk_fail(polling->error, PROVIDER_UNKNOWN, call_of(polling),
                        "%s: still no end %lld s after it began; look at the scale set", polling->operation.pool,
                        (long long)((now - polling->operation.began_us) / 1000000));
    polling->ret_operation->progress = PROVIDER_PROGRESS_RUNNING;
    polling->ret_operation->next_poll_us = now + polling->wait_us;
    azure_operation_write(&polling->operation, polling->ret_operation);
    return PROVIDER_OK;
}

/* A look that failed says nothing of the operation, whatever it failed of: credentials that are refused while a growth
 * is under way do not end it. */
static enum provider_status of_look(enum provider_status status)
{
    return status == PROVIDER_OK || status == PROVIDER_THROTTLED || status == PROVIDER_UNREACHABLE ? status
                                                                                                   : PROVIDER_RETRY;
}

/* Adds what is known of the pool to an error about capacity. */
static enum provider_status of_set(struct polling *polling, const struct azure_scale_set *set,
                                   enum provider_status status)
{
    struct provider_error *error = polling->error;
    if (status != PROVIDER_NO_CAPACITY)
        return status;
    sdk_copy_text(error->instance_type, sizeof error->instance_type, set->size);
    sdk_copy_text(error->zone, sizeof error->zone, set->zone_count == 1 ? set->zones[0] : "");
    sdk_copy_text(error->market, sizeof error->market, set->market == PROVIDER_SPOT ? "spot" : "on-demand");
    return status;
}

/* A uniform set tells the last failure's code in its own instance view: ProvisioningState/failed/AllocationFailed. */
static bool read_set_view(struct polling *polling, const struct azure_scale_set *set, struct azure_fault *ret_fault)
{
    struct buffer url = BUFFER_INIT;
    struct sdk_json_at root;
    struct provider_error ignored;
    *ret_fault = (struct azure_fault){0};
    if (set->flexible)
        return false;
    azure_url_scale_set(&url, polling->account, set->group, set->name, "instanceView");
    enum provider_status status =
        azure_arm_get(polling->account,
                      &(struct azure_request){.name = "Microsoft.Compute/virtualMachineScaleSets/instanceView/read",
                                              .method = "GET",
                                              .url = url.data,
                                              .region = set->location,
                                              .class = AZURE_CLASS_LIST},
                      &root, NULL, &ignored);
    buffer_release(&url);
    if (status != PROVIDER_OK)
        return false;
    struct sdk_json_at statuses = sdk_json_find(&root, "statuses");
    for (size_t i = 0; i < sdk_json_count(&statuses); i++) {
        struct sdk_json_at one = sdk_json_item(&statuses, i);
        const char *code = json_string_value(sdk_json_find(&one, "code").value);
        if (!code || strncasecmp(code, "ProvisioningState/failed/", 25) != 0)
            continue;
        const char *message = json_string_value(sdk_json_find(&one, "message").value);
        json_t *error = json_pack("{s:s, s:s}", "code", code + 25, "message", message ? message : "");
        azure_fault_read_object(&(struct sdk_json_at){.value = error, .path = ""}, ret_fault);
        json_decref(error);
    }
    sdk_json_close(&root);
    return ret_fault->code[0] != '\0';
}

static enum provider_status failed(struct polling *polling, const struct azure_scale_set *set)
{
    struct azure_fault fault;
    if (!read_set_view(polling, set, &fault) && strcasecmp(set->state, "Canceled") == 0)
        return sdk_fail(polling->error, PROVIDER_CONFLICT, call_of(polling),
                        "%s: the change was canceled, no reason is told; look again", polling->operation.pool);
    if (!fault.code[0])
        return sdk_fail(polling->error, PROVIDER_INVALID, call_of(polling),
                        "%s: the scale set is in state %s, no reason is told; look at it in the portal",
                        polling->operation.pool, set->state);
    return of_set(polling, set, azure_fault_of_operation(&fault, set->state, call_of(polling), polling->error));
}

/* Whether the machines that were to go are gone. */
static enum provider_status judge_shrink(struct polling *polling, const struct azure_scale_set *set, bool ended)
{
    const struct azure_operation *operation = &polling->operation;
    struct azure_instances instances;
    size_t there = 0, leaving = 0;
    enum provider_status status = azure_instances_list(polling->account, set, &instances, polling->error);
    if (status != PROVIDER_OK)
        return of_look(status);
    for (size_t i = 0; i < instances.count; i++) {
        uint32_t mark = azure_operation_mark(instances.list[i].id);
        for (size_t k = 0; k < operation->mark_count; k++)
            if (operation->marks[k] == mark) {
                there++;
                leaving += instances.list[i].leaving;
                break;
            }
    }
    azure_instances_release(&instances);
    if (there == 0)
        return done(polling);
    if (leaving == there || (set->busy && !ended))
        return running(polling);
    if (set->failed)
        return failed(polling, set);
    return sdk_fail(polling->error, PROVIDER_CONFLICT, call_of(polling),
                    "%s: %zu of %zu machines are still there and nothing is under way; look again", operation->pool,
                    there, operation->mark_count);
}

static enum provider_status judge_size(struct polling *polling, const struct azure_scale_set *set, bool ended)
{
    const struct azure_operation *operation = &polling->operation;
    bool reached =
        operation->kind == AZURE_OPERATION_GROW ? set->capacity >= operation->size : set->capacity <= operation->size;
    if (set->busy && !ended)
        return running(polling);
    if (strcasecmp(set->state, "Failed") == 0 || strcasecmp(set->state, "Canceled") == 0)
        return failed(polling, set);
    if (!reached)
        return sdk_fail(polling->error, PROVIDER_CONFLICT, call_of(polling),
                        "%s: the size is %lld and not %lld: somebody else changed it", operation->pool,
                        (long long)set->capacity, (long long)operation->size);
    return done(polling);
}

/* By the set itself. `ended`: the operation said that it had. */
static enum provider_status judge_set(struct polling *polling, bool ended)
{
    struct azure_scale_set set;
    enum provider_status status = azure_scale_set_get(polling->account, polling->operation.pool, &set, polling->error);
    bool shrink = polling->operation.kind == AZURE_OPERATION_SHRINK;
    polling->operation.way = AZURE_WAY_RESOURCE;
    polling->operation.url[0] = '\0';
    if (status == PROVIDER_NOT_FOUND && shrink)
        return done(polling); /* its machines went with it */
    if (status != PROVIDER_OK)
        return status == PROVIDER_NOT_FOUND ? status : of_look(status);
    status = shrink ? judge_shrink(polling, &set, ended) : judge_size(polling, &set, ended);
    azure_scale_set_release(&set);
    return status;
}

static enum provider_status fail_operation(struct polling *polling, const struct azure_fault *fault, const char *state)
{
    struct azure_scale_set set;
    struct provider_error ignored;
    enum provider_status status = azure_fault_of_operation(fault, state, call_of(polling), polling->error);
    /* What was to go may have gone by itself. */
    if (polling->operation.kind == AZURE_OPERATION_SHRINK && azure_fault_is_missing(fault))
        return judge_set(polling, true);
    if (status == PROVIDER_NO_CAPACITY &&
        azure_scale_set_get(polling->account, polling->operation.pool, &set, &ignored) == PROVIDER_OK) {
        of_set(polling, &set, status);
        azure_scale_set_release(&set);
    }
    return status;
}

static enum provider_status judge_status(struct polling *polling, const struct provider_answer *answer)
{
    enum azure_word word = AZURE_WORD_RUNNING;
    struct azure_fault fault = {0};
    struct error reason = {0};
    if (answer->status >= 400 ||
        !azure_operation_read_status(answer->body, answer->body_length, &word, &fault, &reason))
        return judge_set(polling, false);
    switch (word) {
    case AZURE_WORD_SUCCEEDED:
        return judge_set(polling, true);
    case AZURE_WORD_FAILED:
        return fail_operation(polling, &fault, "Failed");
    case AZURE_WORD_CANCELED:
        return fail_operation(polling, &fault, "Canceled");
    case AZURE_WORD_RUNNING:
        break;
    }
    return running(polling);
}

static enum provider_status judge_location(struct polling *polling, const struct provider_answer *answer)
{
    struct azure_fault fault;
    if (answer->status == 202) {
        struct azure_operation moved = polling->operation;
        azure_operation_follow(polling->account, answer, &moved);
        if (moved.way == AZURE_WAY_LOCATION)
            polling->operation = moved;
        return running(polling);
    }
    if (answer->status < 300)
        return judge_set(polling, true);
    azure_fault_read(answer->body, answer->body_length, &fault);
    /* 404 and 410 say that the operation is forgotten, 403 that it may not be read. */
    if (answer->status != 409 && !fault.capacity && !fault.quota)
        return judge_set(polling, false);
    return fail_operation(polling, &fault, "Failed");
}

static enum provider_status ask(struct polling *polling)
{
    struct provider_account *account = polling->account;
    const struct provider_services *services = account->services;
    struct provider_answer answer;
    if (polling->operation.way == AZURE_WAY_RESOURCE)
        return judge_set(polling, false);
    char url[AZURE_OPERATION_URL_MAX + 1];
    memcpy(url, polling->operation.url, sizeof url);
    enum provider_status status =
        azure_arm_run(account,
                      &(struct azure_request){.name = "Microsoft.Compute/locations/operations/read",
                                              .method = "GET",
                                              .url = url,
                                              .region = "",
                                              .class = AZURE_CLASS_OPERATION,
                                              .any_status = true},
                      &answer, polling->error);
    if (status != PROVIDER_OK)
        return status == PROVIDER_NO_CAPACITY ? status : of_look(status);
    int64_t now = now_of(polling), at = sdk_retry_after(&answer, now, POLL_MOST_US);
    polling->wait_us = at == PROVIDER_UNSET ? POLL_DEFAULT_US : at - now;
    status =
        polling->operation.way == AZURE_WAY_STATUS ? judge_status(polling, &answer) : judge_location(polling, &answer);
    services->http_release(services->context, &answer);
    return status;
}

/* An operation that cannot be asked about has the same deadline as one that goes on. */
static enum provider_status end_in_time(struct polling *polling, enum provider_status status)
{
    struct provider_error *error = polling->error;
    int64_t past = now_of(polling) - polling->operation.began_us;
    if ((status != PROVIDER_RETRY && status != PROVIDER_THROTTLED && status != PROVIDER_UNREACHABLE) ||
        past <= polling->account->settings.operation_deadline_us)
        return status;
    struct provider_error last = *error;
    sdk_fail(error, PROVIDER_UNKNOWN, last.call,
             "%s: no end is known %lld s after it began; look at the scale set (%s)", polling->operation.pool,
             (long long)(past / 1000000), last.text);
    sdk_error_code(error, last.code);
    error->retry_at_us = last.retry_at_us;
    return PROVIDER_UNKNOWN;
}

enum provider_status azure_poll(struct provider_account *account, const char *token,
                                struct provider_operation *ret_operation, struct provider_error *error)
{
    struct polling polling = {
        .account = account, .ret_operation = ret_operation, .error = error, .wait_us = POLL_DEFAULT_US};
    struct error reason = {0};
    if (!azure_operation_read(token, &polling.operation, &reason))
        return sdk_fail(error, PROVIDER_INVALID, "", "this is no operation of the azure module: %s", reason.text);
    if (polling.operation.way != AZURE_WAY_RESOURCE && !azure_url_is_arm(account, polling.operation.url))
        return sdk_fail(error, PROVIDER_INVALID, "",
                        "this operation's address is not of the configured Azure Resource Manager; look at %s",
                        polling.operation.pool);
    return end_in_time(&polling, ask(&polling));
}
