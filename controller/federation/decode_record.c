/* Slots of the record that is being read, and the small facts (jobs, deployments) that need nothing more. */
#include "controller/federation/decode_record.h"

#include <string.h>

const struct shape JOB_MEMBERS[] = {{"ID", NULL, TEXT_ID},
                                    {"Namespace", NULL, TEXT_NAMESPACE},
                                    {"Type", NULL, TEXT_JOB_TYPE},
                                    {"ParentID", NULL, TEXT_PARENT_ID},
                                    {"Status", NULL, TEXT_STATUS},
                                    {"Stop", NULL, FLAG_STOP},
                                    {"Version", NULL, NUMBER_VERSION},
                                    {"JobModifyIndex", NULL, NUMBER_JOB_MODIFY_INDEX},
                                    {"ModifyIndex", NULL, NUMBER_MODIFY_INDEX},
                                    {0}};

const struct shape DEPLOYMENT_MEMBERS[] = {{"ID", NULL, TEXT_ID},
                                           {"Namespace", NULL, TEXT_NAMESPACE},
                                           {"JobID", NULL, TEXT_JOB_ID},
                                           {"JobVersion", NULL, NUMBER_VERSION},
                                           {"Status", NULL, TEXT_STATUS},
                                           {"StatusDescription", NULL, TEXT_DESCRIPTION},
                                           {"ModifyIndex", NULL, NUMBER_MODIFY_INDEX},
                                           {0}};

void record_clear(struct record *record)
{
    for (size_t i = 0; i < TEXT_END; i++)
        record->text[i][0] = '\0';
    memset(record->number, 0, sizeof record->number);
    /* A version of 0 is a real one. */
    record->number[NUMBER_VERSION - TEXT_END] = -1;
    memset(record->flag, 0, sizeof record->flag);
    record->skip = NULL;
    record->task_count = 0;
    record->task = NULL;
    record->attributes_seen = false;
    record->selected_count = 0;
}

/* What other things are found by; cut, it would name something else. */
static bool is_key(int field)
{
    return field == TEXT_ID || field == TEXT_NODE_ID || field == TEXT_JOB_ID || field == TEXT_NAMESPACE ||
           field == TEXT_GROUP || field == TEXT_DEPLOYMENT_ID;
}

static size_t cut_length(const char *text, size_t length)
{
    const char *end = memchr(text, '\0', length);
    if (end != NULL)
        length = (size_t)(end - text);
    if (length <= FACT_TEXT_MAX)
        return length;
    length = FACT_TEXT_MAX;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length--;
    return length;
}

static void put_text(struct record *record, int field, const struct shape_value *value)
{
    size_t length = cut_length(value->text, value->length);
    if (length < value->length && is_key(field))
        record->skip = "an id, a namespace or a group's name is longer than 1024 bytes or holds a NUL";
    memcpy(record->text[field], value->text, length);
    record->text[field][length] = '\0';
}

void record_put(struct record *record, int field, const struct shape_value *value)
{
    if (field < TEXT_END) {
        if (value->kind == SHAPE_TEXT)
            put_text(record, field, value);
    } else if (field < NUMBER_END) {
        if (value->kind == SHAPE_NUMBER && value->whole && value->number >= 0)
            record->number[field - TEXT_END] = value->number;
    } else if (field < FLAG_END) {
        if (value->kind == SHAPE_FLAG)
            record->flag[field - NUMBER_END] = value->flag ? FLAG_TRUE : FLAG_FALSE;
    }
}

static enum job_type job_type_of(const char *word)
{
    for (int type = JOB_SERVICE; type <= JOB_SYSBATCH; type++) {
        if (strcmp(word, job_type_word((enum job_type)type)) == 0)
            return (enum job_type)type;
    }
    return JOB_SERVICE;
}

/* A dead job counts as stopped, as its allocations are. But a job that is just being registered is dead for the moment
 * before its evaluation is there, and events tell of that moment (measured on 2.0.5). */
static bool is_stopped(const struct record *record)
{
    if (record_flag(record, FLAG_STOP) == FLAG_TRUE)
        return true;
    return strcmp(record->text[TEXT_STATUS], "dead") == 0 &&
           strcmp(record->text[TEXT_EVENT_TYPE], "JobRegistered") != 0;
}

bool record_job(struct record *record, struct decoded *ret_decoded, struct error *ret_error)
{
    if (record->text[TEXT_ID][0] == '\0')
        return error_set(ret_error, ERROR_INVALID, "a job without an ID");
    int64_t version = record_number(record, NUMBER_VERSION);
    ret_decoded->kind = DECODED_JOB;
    ret_decoded->removed = record_flag(record, FLAG_DELETED) == FLAG_TRUE;
    ret_decoded->job = (struct job_fact){
        .job_namespace = record->text[TEXT_NAMESPACE],
        .id = record->text[TEXT_ID],
        .type = job_type_of(record->text[TEXT_JOB_TYPE]),
        .stopped = is_stopped(record),
        .child = record->text[TEXT_PARENT_ID][0] != '\0',
        .version = version < 0 ? 0 : (uint64_t)version,
        .version_known = version >= 0,
        .job_modify_index = (uint64_t)record_number(record, NUMBER_JOB_MODIFY_INDEX),
        .modify_index = (uint64_t)record_number(record, NUMBER_MODIFY_INDEX),
    };
    return true;
}

static enum deployment_status deployment_status_of(const char *word)
{
    if (strcmp(word, "successful") == 0)
        return DEPLOYMENT_SUCCESSFUL;
    if (strcmp(word, "failed") == 0)
        return DEPLOYMENT_FAILED;
    return strcmp(word, "cancelled") == 0 ? DEPLOYMENT_CANCELLED : DEPLOYMENT_RUNNING;
}

bool record_deployment(struct record *record, struct decoded *ret_decoded, struct error *ret_error)
{
    struct uuid id;
    if (!uuid_parse(record->text[TEXT_ID], strlen(record->text[TEXT_ID]), &id))
        return error_set(ret_error, ERROR_INVALID, "a deployment without a valid ID");
    int64_t version = record_number(record, NUMBER_VERSION);
    ret_decoded->kind = DECODED_DEPLOYMENT;
    ret_decoded->deployment = (struct deployment_fact){
        .id = id,
        .job_namespace = record->text[TEXT_NAMESPACE],
        .job_id = record->text[TEXT_JOB_ID],
        .job_version = version < 0 ? 0 : (uint64_t)version,
        .status = deployment_status_of(record->text[TEXT_STATUS]),
        .description = record->text[TEXT_DESCRIPTION],
        .modify_index = (uint64_t)record_number(record, NUMBER_MODIFY_INDEX),
    };
    return true;
}
