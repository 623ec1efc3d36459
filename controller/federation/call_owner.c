/* OWNER: the Nomad variable drover/owner says which Drover may write in a region, and since which start of it. */
#include "controller/federation/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "base/text.h"
#include "controller/federation/document.h"

#define OWNER_PATH "/v1/var/drover/owner?namespace=default"

enum { OWNER_TEXT_MAX = 256 };

static void on_owner(struct call *call, const struct http_result *result);

/* Who is named there: false when it is no such variable. */
static bool take_owner(struct call *call, const struct http_result *result)
{
    struct error error;
    json_t *items = NULL;
    const char *cluster = "", *epoch = "";
    int64_t index = 0;
    uint64_t number = 0;
    json_t *variable = document_parse(result->body, result->body_length, 1 << 20, &error);
    if (variable == NULL)
        return false;
    json_get_object(variable, "Items", &items);
    json_get_text(items, "cluster", &cluster);
    json_get_text(items, "epoch", &epoch);
    bool good = json_get_i64(variable, "ModifyIndex", &index) == JSON_FOUND && index > 0 && cluster[0] != '\0' &&
                strlen(cluster) <= OWNER_TEXT_MAX &&
                text_parse_u64(epoch, strlen(epoch), "the epoch", 0, UINT64_MAX, &number, &error);
    if (good) {
        free(call->owner_cluster);
        call->owner_cluster = memory_copy_text(cluster, strlen(cluster));
        call->owner_index = (uint64_t)index;
        call->result.owner_epoch = number;
    }
    json_decref(variable);
    return good;
}

static void get_owner(struct call *call, call_step *step)
{
    call_send(call, HTTP_GET, OWNER_PATH, NULL, CALL_MS, step);
}

static void on_written(struct call *call, const struct http_result *result)
{
    enum answer answer = answer_classify(result);
    if (answer == ANSWER_GOOD && take_owner(call, result))
        call_end(call, OUTCOME_DONE, REFUSAL_NONE, "%s", "");
    else if (answer == ANSWER_CONFLICT)
        get_owner(call, on_owner);
    else if (answer == ANSWER_GOOD)
        call_end(call, OUTCOME_UNKNOWN, REFUSAL_NONE, "the owner variable was answered with something else");
    else
        call_end_write(call, result);
}

static void put_owner(struct call *call, uint64_t cas)
{
    char path[96], epoch[24];
    snprintf(path, sizeof path, OWNER_PATH "&cas=%llu", (unsigned long long)cas);
    snprintf(epoch, sizeof epoch, "%llu", (unsigned long long)call->effect.epoch);
    struct buffer body = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&body, false);
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "Items");
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "cluster", call->effect.cluster);
    json_writer_field_text(&writer, "epoch", epoch);
    json_writer_end_object(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    call_write(call, HTTP_PUT, path, &body, on_written);
    buffer_release(&body);
}

static void refuse_foreign(struct call *call)
{
    call_end(call, OUTCOME_REFUSED, REFUSAL_FOREIGN, "the region belongs to Drover \"%s\" since its start %llu",
             call->owner_cluster, (unsigned long long)call->result.owner_epoch);
}

static void on_owner(struct call *call, const struct http_result *result)
{
    enum answer answer = answer_classify(result);
    if (answer == ANSWER_ABSENT) {
        put_owner(call, 0);
        return;
    }
    if (answer != ANSWER_GOOD) {
        call_end_read(call, result);
        return;
    }
    if (!take_owner(call, result))
        call_end(call, OUTCOME_REFUSED, REFUSAL_OTHER,
                 "the variable drover/owner is there, but is not Drover's (it has no cluster and epoch)");
    else if (strcmp(call->owner_cluster, call->effect.cluster) != 0 || call->result.owner_epoch > call->effect.epoch)
        refuse_foreign(call);
    else if (call->result.owner_epoch == call->effect.epoch)
        call_end(call, OUTCOME_DONE, REFUSAL_NONE, "%s", "");
    else
        put_owner(call, call->owner_index);
}

void call_owner(struct call *call)
{
    get_owner(call, on_owner);
}

static void on_probed(struct call *call, const struct http_result *result)
{
    enum answer answer = answer_classify(result);
    if (answer == ANSWER_ABSENT || (answer == ANSWER_GOOD && take_owner(call, result)))
        call_end(call, OUTCOME_DONE, REFUSAL_NONE, "%s", "");
    else
        call_end_read(call, result);
}

void call_probe_owner(struct call *call)
{
    get_owner(call, on_probed);
}
