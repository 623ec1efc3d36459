/* Scheduled events; see events.h. Fields by the metadata service's description, API 2020-07-01. */
#include "providers/azure/events.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "providers/sdk/exchange.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/json.h"
#include "providers/sdk/time.h"

#define EVENTS_NAME "metadata:scheduledevents"
#define CONNECT_US (INT64_C(2) * 1000000)
#define TIMEOUT_US (INT64_C(125) * 1000000) /* the first question of a day turns the service on: up to two minutes */
enum { ANSWER_MAX = 1024 * 1024, EVENTS_MAX = 5000 };

static enum provider_interruption_kind kind_of(const char *type)
{
    return strcasecmp(type, "Preempt") == 0 || strcasecmp(type, "Terminate") == 0
               ? PROVIDER_INTERRUPTION_TERMINATE
               : PROVIDER_INTERRUPTION_MAINTENANCE; /* Freeze, Reboot, Redeploy, and what is not known yet */
}

static bool is_known(const struct azure_events *events, const char *id, const char *machine)
{
    for (size_t i = 0; i < events->count; i++)
        if (strcasecmp(events->list[i].id, id) == 0 && strcasecmp(events->list[i].machine, machine) == 0)
            return true;
    return false;
}

static char *copy(const char *text)
{
    return memory_copy_text(text, strlen(text));
}

/* What is common to an event's machines, borrowed from the document. */
struct reading {
    const char *id, *type, *status, *before, *source, *description;
};

static bool read_event(const struct sdk_json_at *at, struct reading *reading, struct sdk_json_at *ret_machines,
                       struct error *ret_error)
{
    return sdk_json_text(at, "EventId", &reading->id, ret_error) &&
           sdk_json_text(at, "EventType", &reading->type, ret_error) &&
           sdk_json_text_or(at, "EventStatus", "", &reading->status, ret_error) &&
           sdk_json_text_or(at, "NotBefore", "", &reading->before, ret_error) &&
           sdk_json_text_or(at, "EventSource", "", &reading->source, ret_error) &&
           sdk_json_text_or(at, "Description", "", &reading->description, ret_error) &&
           sdk_json_list(at, "Resources", ret_machines, ret_error);
}

static bool add(struct azure_events *events, const struct reading *reading, const char *machine,
                struct error *ret_error)
{
    struct azure_event event = {.kind = kind_of(reading->type), .at_us = PROVIDER_UNSET};
    struct error ignored = {0};
    if (is_known(events, reading->id, machine))
        return true;
    if (events->count == EVENTS_MAX)
        return error_set(ret_error, ERROR_TOO_LARGE, "more than %d events", EVENTS_MAX);
    /* A moment that cannot be read must not hide the event: it may then come at any time. */
    if (!*reading->before || strcasecmp(reading->status, "Started") == 0 ||
        !sdk_time_read_http(reading->before, &event.at_us, &ignored))
        event.at_us = PROVIDER_UNSET;
    struct buffer text = BUFFER_INIT;
    char shown[PROVIDER_TEXT_MAX];
    buffer_printf(&text, "%s%s%s%s%s%s%s", reading->type, *reading->source ? " by " : "", reading->source,
                  *reading->status ? ", " : "", reading->status, *reading->description ? ": " : "",
                  reading->description);
    sdk_copy_text(shown, sizeof shown, text.data);
    buffer_release(&text);
    event.id = copy(reading->id);
    event.machine = copy(machine);
    event.text = copy(shown);
    events->list = memory_grow(events->list, events->count, &events->capacity, sizeof event);
    events->list[events->count++] = event;
    return true;
}

static bool take_event(struct azure_events *events, const struct sdk_json_at *at, struct error *ret_error)
{
    struct reading reading;
    struct sdk_json_at machines;
    if (!read_event(at, &reading, &machines, ret_error))
        return false;
    for (size_t i = 0; i < sdk_json_count(&machines); i++) {
        const char *machine = json_string_value(sdk_json_item(&machines, i).value);
        if (!machine)
            return sdk_json_refuse(at, "Resources", ret_error, "names of machines are wanted");
        if (!add(events, &reading, machine, ret_error))
            return false;
    }
    return true;
}

bool azure_events_read(const char *body, size_t length, struct azure_events *events, struct error *ret_error)
{
    struct sdk_json_at root, list;
    if (!sdk_json_open(body, length, ANSWER_MAX, &root, ret_error))
        return false;
    bool good = sdk_json_list(&root, "Events", &list, ret_error);
    for (size_t i = 0; good && i < sdk_json_count(&list); i++) {
        struct sdk_json_at item = sdk_json_item(&list, i);
        good = take_event(events, &item, ret_error);
    }
    sdk_json_close(&root);
    return good;
}

/* --- the request ---------------------------------------------------------------------------------------------------
 */

struct asking {
    const struct provider_account *account;
    const char *url;
};

static enum provider_status prepare(void *context, struct provider_request *ret_request, struct provider_error *error)
{
    static const struct provider_header metadata = {"Metadata", "true"};
    const struct asking *asking = context;
    (void)error;
    *ret_request = (struct provider_request){.method = "GET",
                                             .url = asking->url,
                                             .headers = &metadata,
                                             .header_count = 1,
                                             .body = "",
                                             .connect_timeout_us = CONNECT_US,
                                             .timeout_us = TIMEOUT_US,
                                             .answer_max = ANSWER_MAX,
                                             .ca_file = asking->account->settings.ca_file,
                                             .cert_file = "",
                                             .key_file = "",
                                             .pinned_key = "",
                                             .no_proxy = true};
    return PROVIDER_OK;
}

static enum sdk_verdict classify(void *context, const struct provider_answer *answer, enum provider_status *ret_status,
                                 struct provider_error *error)
{
    const struct asking *asking = context;
    int status = answer->status;
    if (status == 200)
        return SDK_OK;
    /* 404 and 410 while the service is updated, as for its tokens. */
    bool unwell = status == 404 || status == 410 || status == 408 || status >= 500;
    *ret_status = status == 429 ? PROVIDER_THROTTLED : unwell ? PROVIDER_RETRY : PROVIDER_INVALID;
    sdk_fail(error, *ret_status, EVENTS_NAME, "%s: HTTP %d; check the pool's scheduled_events", asking->url, status);
    return status == 429 ? SDK_THROTTLED : unwell ? SDK_RETRY : SDK_FAIL;
}

enum provider_status azure_events_ask(struct provider_account *account, const char *address,
                                      struct azure_events *events, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    struct buffer url = BUFFER_INIT;
    struct provider_answer answer;
    struct error reason = {0};
    buffer_printf(&url, "%s/metadata/scheduledevents?api-version=2020-07-01", address);
    struct asking asking = {account, url.data};
    struct sdk_call call = {
        .name = EVENTS_NAME, .bucket = "", .prepare = prepare, .classify = classify, .context = &asking};
    enum provider_status status = sdk_exchange_run(account->exchange, &call, &answer, error);
    if (status == PROVIDER_OK) {
        if (!azure_events_read(answer.body, answer.body_length, events, &reason))
            status = sdk_fail(error, PROVIDER_RETRY, EVENTS_NAME, "%s: %s", address, reason.text);
        services->http_release(services->context, &answer);
    }
    buffer_release(&url);
    return status;
}

void azure_events_release(struct azure_events *events)
{
    for (size_t i = 0; i < events->count; i++) {
        free(events->list[i].id);
        free(events->list[i].machine);
        free(events->list[i].text);
    }
    free(events->list);
    *events = (struct azure_events){0};
}
