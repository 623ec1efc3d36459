/* What the child says, checked: providers/host/emit.h has the forms. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "controller/agent/provider_private.h"
#include "providers/host/services.h"
#include "providers/sdk/fail.h"

enum { DEPTH_MAX = 8 };

static bool is_asking(const struct provider_link *link)
{
    return link->state == LINK_OPENING || link->state == LINK_BUSY;
}

static bool take_record(struct provider_link *link, json_t *message, const char *word, struct error *ret_error)
{
    enum provider_record kind = RECORD_REGION;
    if (link->state != LINK_BUSY || !record_kind_of(word, &kind))
        return error_set(ret_error, ERROR_INVALID, "a record of no known kind, or without a call");
    return provider_records_add(&link->result->records, kind, json_object_get(message, "value"), ret_error);
}

/* Too many lines are swallowed: a module that talks too much does its work all the same. */
static bool take_line(struct provider_link *link, const char *level, const char *text, struct error *ret_error)
{
    static const char *const levels[] = {"debug", "info", "warn", "error", "progress"};
    bool known = false;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        known = known || strcmp(levels[i], level) == 0;
    if (!known || !text || strlen(text) >= PROVIDER_TEXT_MAX)
        return error_set(ret_error, ERROR_INVALID, "a log line of no known level, or too long");
    link->call_lines++;
    if (link->callbacks.on_log && link->call_lines < PROVIDER_LINK_LOG_MAX)
        link->callbacks.on_log(link->callbacks.context, level, text);
    else if (link->callbacks.on_log && link->call_lines == PROVIDER_LINK_LOG_MAX)
        link->callbacks.on_log(link->callbacks.context, "warn",
                               "the module says too much; the rest of this call is left out");
    return true;
}

static bool is_key(const char *key)
{
    size_t length = key ? strlen(key) : 0;
    return length > 0 && length <= HOST_KEY_MAX;
}

static bool take_question(struct provider_link *link, json_t *message, struct error *ret_error)
{
    const char *kept = json_string_value(json_object_get(message, "kept"));
    const char *keep = json_string_value(json_object_get(message, "keep"));
    json_t *value = json_object_get(message, "value");
    if (!is_asking(link) || link->question != QUESTION_NONE || !is_key(kept ? kept : keep) ||
        (json_is_string(value) && json_string_length(value) > HOST_KEPT_MAX))
        return error_set(ret_error, ERROR_INVALID, "a question that cannot be asked");
    link->question = kept ? QUESTION_KEPT : QUESTION_KEEP;
    if (kept && link->callbacks.on_kept)
        link->callbacks.on_kept(link->callbacks.context, link, kept);
    else if (kept)
        provider_link_answer_kept(link, NULL);
    else if (link->callbacks.on_keep)
        link->callbacks.on_keep(link->callbacks.context, link, keep, json_string_value(value));
    else
        provider_link_answer_keep(link, false);
    return true;
}

static bool take_module(struct provider_link *link, json_t *message, struct error *ret_error)
{
    const char *name = json_string_value(json_object_get(message, "module"));
    const char *version = json_string_value(json_object_get(message, "version"));
    enum { EACH_MAX = 128 };
    char words[2][EACH_MAX];
    if (link->state != LINK_OPENING || !name || !version)
        return error_set(ret_error, ERROR_INVALID, "the module's name and version at the wrong time");
    sdk_copy_text(words[0], EACH_MAX, name);
    sdk_copy_text(words[1], EACH_MAX, version);
    buffer_clear(&link->version);
    buffer_printf(&link->version, "%s %s", words[0], words[1]);
    return true;
}

static bool status_of(const char *word, enum provider_status *ret_status)
{
    for (enum provider_status status = PROVIDER_OK; status < PROVIDER_STATUS_COUNT; status++)
        if (strcmp(sdk_status_word(status), word) == 0) {
            *ret_status = status;
            return true;
        }
    return false;
}

static bool take_done(struct provider_link *link, json_t *message, const char *word, struct error *ret_error)
{
    struct provider_result *result = link->result;
    json_t *operation = json_object_get(message, "operation");
    if (!is_asking(link) || link->question != QUESTION_NONE || !status_of(word, &result->status))
        return error_set(ret_error, ERROR_INVALID, "the end of a call at the wrong time, or of no known status");
    if (result->status != PROVIDER_OK &&
        !record_read_error(json_object_get(message, "error"), &result->error, ret_error))
        return false;
    result->has_operation = operation != NULL;
    if (operation && !record_read_operation(operation, &result->operation, ret_error))
        return false;
    provider_records_finish(&result->records);
    provider_link_finished(link);
    return true;
}

static bool take(struct provider_link *link, json_t *message, struct error *ret_error)
{
    const char *record = json_string_value(json_object_get(message, "record"));
    const char *level = json_string_value(json_object_get(message, "log"));
    const char *progress = json_string_value(json_object_get(message, "progress"));
    const char *done = json_string_value(json_object_get(message, "done"));
    if (link->question != QUESTION_NONE)
        return error_set(ret_error, ERROR_INVALID, "it goes on while its question is open");
    if (record)
        return take_record(link, message, record, ret_error);
    if (level)
        return take_line(link, level, json_string_value(json_object_get(message, "text")), ret_error);
    if (progress)
        return take_line(link, "progress", progress, ret_error);
    if (done)
        return take_done(link, message, done, ret_error);
    if (json_object_get(message, "module"))
        return take_module(link, message, ret_error);
    return take_question(link, message, ret_error);
}

bool provider_message_take(struct provider_link *link, const char *json, size_t length, struct error *ret_error)
{
    json_t *message = NULL;
    link->call_bytes += length;
    if (link->call_bytes > RECORD_CALL_BYTES_MAX)
        return error_set(ret_error, ERROR_TOO_LARGE, "more than %d bytes in one call", RECORD_CALL_BYTES_MAX);
    if (!json_read(json, length, WIRE_MESSAGE_MAX, DEPTH_MAX, &message, ret_error))
        return false;
    bool taken = json_is_object(message) ? take(link, message, ret_error)
                                         : error_set(ret_error, ERROR_INVALID, "a message that is no object");
    json_decref(message);
    return taken;
}
