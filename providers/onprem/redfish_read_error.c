/* Refusals, tasks, and whether firmware is being written. */
#include "providers/onprem/redfish_read.h"

#include <string.h>

#include "providers/onprem/redfish_read_private.h"
#include "providers/sdk/fail.h"

bool redfish_read_task(const char *bytes, size_t length, struct redfish_task *ret_task, struct error *ret_error)
{
    static const char *const running[] = {"New",      "Starting",   "Running", "Pending",    "Suspended",
                                          "Stopping", "Cancelling", "Service", "Interrupted"};
    static const char *const failed[] = {"Exception", "Killed", "Cancelled"};
    struct sdk_json_at root;
    struct redfish_task task = {0};
    char state[REDFISH_WORD_MAX], status[REDFISH_WORD_MAX];
    if (!redfish_open(bytes, length, "Task", &root, ret_error))
        return false;
    redfish_copy_word(&root, "TaskState", state);
    redfish_copy_word(&root, "TaskStatus", status);
    for (size_t i = 0; i < sizeof running / sizeof running[0]; i++)
        task.running = task.running || strcmp(state, running[i]) == 0;
    for (size_t i = 0; i < sizeof failed / sizeof failed[0]; i++)
        task.failed = task.failed || strcmp(state, failed[i]) == 0;
    /* Completed with Critical happens: DSP0266 lets TaskStatus carry the outcome. */
    task.failed = task.failed || (!task.running && strcmp(status, "Critical") == 0);
    struct error ignored;
    const char *target = "";
    if (sdk_json_text_or(&root, "Payload/TargetUri", "", &target, &ignored))
        task.of_update = strstr(target, "UpdateService") != NULL;
    memcpy(task.text, state, sizeof task.text);
    sdk_json_close(&root);
    *ret_task = task;
    return true;
}

bool redfish_read_updating(const char *bytes, size_t length, bool *ret_updating, struct error *ret_error)
{
    struct sdk_json_at root;
    char state[REDFISH_WORD_MAX];
    if (!redfish_open(bytes, length, NULL, &root, ret_error))
        return false;
    redfish_copy_word(&root, "Status/State", state);
    sdk_json_close(&root);
    *ret_updating = strcmp(state, "Updating") == 0;
    return true;
}

static void copy_last_part(const char *message_id, char code[static REDFISH_WORD_MAX])
{
    const char *dot = strrchr(message_id, '.');
    sdk_copy_text(code, REDFISH_WORD_MAX, dot ? dot + 1 : message_id);
}

static bool read_error_object(const struct sdk_json_at *root, struct redfish_refusal *refusal)
{
    struct error ignored;
    const char *text = "";
    struct sdk_json_at error = sdk_json_find(root, "error");
    if (!json_is_object(error.value))
        return false;
    struct sdk_json_at extended = sdk_json_member(&error, "@Message.ExtendedInfo");
    /* Some send one object where the schema wants a list. */
    struct sdk_json_at first = json_is_array(extended.value) ? sdk_json_item(&extended, 0) : extended;
    if (sdk_json_text_or(&first, "MessageId", "", &text, &ignored) && text[0])
        copy_last_part(text, refusal->code);
    else if (sdk_json_text_or(&error, "code", "", &text, &ignored))
        copy_last_part(text, refusal->code);
    if ((sdk_json_text_or(&first, "Message", "", &text, &ignored) && text[0]) ||
        sdk_json_text_or(&error, "message", "", &text, &ignored))
        sdk_copy_text(refusal->message, sizeof refusal->message, text);
    return true;
}

void redfish_read_refusal(const char *bytes, size_t length, struct redfish_refusal *ret_refusal)
{
    struct sdk_json_at root;
    struct error ignored;
    memset(ret_refusal, 0, sizeof *ret_refusal);
    if (redfish_open(bytes, length, NULL, &root, &ignored)) {
        bool found = read_error_object(&root, ret_refusal);
        sdk_json_close(&root);
        if (found)
            return;
    }
    char piece[121];
    size_t taken = length < sizeof piece - 1 ? length : sizeof piece - 1;
    for (size_t i = 0; i < taken; i++)
        piece[i] = bytes[i] ? bytes[i] : ' ';
    piece[taken] = '\0';
    sdk_copy_text(ret_refusal->message, sizeof ret_refusal->message, piece);
}
