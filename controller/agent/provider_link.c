/* Calls and their order, backoff, and the life of a link; the states stand in provider_private.h. */
#include "controller/agent/provider_link.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "controller/agent/provider_private.h"
#include "providers/sdk/fail.h"

enum {
    BACKOFF_MS = 1000,
    BACKOFF_MAX_MS = 5 * 60 * 1000,
    HEALTHY_MS = 60 * 1000, /* up for so long: the next failure is a first one again */
    OVERSTAY_MS = 500,      /* a module that ends by itself at its deadline is not killed for a moment's delay */
    CLOSE_MS = 2000,
    OPEN_US = 60 * 1000 * 1000,
};

static char *copy(const char *text)
{
    return memory_copy_text(text, strlen(text));
}

const char *provider_link_event_word(enum provider_link_event event)
{
    static const char *const words[PROVIDER_LINK_EVENT_COUNT] = {"up", "refused", "crashed", "hung", "rubbish"};
    return (unsigned)event < PROVIDER_LINK_EVENT_COUNT ? words[event] : "";
}

int provider_link_process(const struct provider_link *link)
{
    return link->handles_open > 0 && !link->exited ? link->process.pid : 0;
}

/* --- results ----------------------------------------------------------------------------------------------------- */

static struct provider_result *result_new(void)
{
    struct provider_result *result = memory_new(1, sizeof *result);
    result->error.retry_at_us = PROVIDER_UNSET;
    result->operation.next_poll_us = PROVIDER_UNSET;
    provider_records_init(&result->records);
    return result;
}

static void result_free(struct provider_result *result)
{
    if (result)
        provider_records_release(&result->records);
    free(result);
}

static bool writes(const struct provider_call *call)
{
    return strcmp(call->function, "grow") == 0 || strcmp(call->function, "shrink") == 0 ||
           strcmp(call->function, "withdraw") == 0;
}

static void call_end(struct provider_call *call, struct provider_result *result)
{
    call->on_done(call->context, result);
    free(call->function);
    free(call->arguments);
    free(call);
}

static void call_fail(struct provider_call *call, enum provider_status status, const char *text)
{
    struct provider_result *result = result_new();
    result->status = sdk_fail(&result->error, status, call->function, "%s", text);
    call_end(call, result);
    result_free(result);
}

/* --- the queue --------------------------------------------------------------------------------------------------- */

static struct provider_call *queue_take(struct provider_link *link)
{
    for (size_t i = 0; i < PROVIDER_PRIORITY_COUNT; i++) {
        struct provider_queue *queue = &link->queues[i];
        struct provider_call *call = queue->first;
        if (!call)
            continue;
        queue->first = call->next;
        if (!queue->first)
            queue->last = &queue->first;
        link->queued--;
        return call;
    }
    return NULL;
}

/* All that wait now; what their callbacks ask anew waits for the next time. */
static void queue_fail(struct provider_link *link, enum provider_status status, const char *text)
{
    size_t count = link->queued;
    struct provider_call *call = NULL;
    while (count-- > 0 && (call = queue_take(link)) != NULL)
        call_fail(call, status, text);
}

/* --- asking ------------------------------------------------------------------------------------------------------ */

static void advance(struct provider_link *link);

static void on_asked(uv_timer_t *timer)
{
    advance(timer->data);
}

static void on_overstay(uv_timer_t *timer)
{
    struct provider_link *link = timer->data;
    const char *function = link->running ? link->running->function : "open";
    provider_link_failed(link, PROVIDER_LINK_HUNG, "the module did not end %s in its time and was killed", function);
}

static void send_request(struct provider_link *link, struct buffer *text, struct json_writer *writer, int64_t time_us)
{
    json_writer_field_i64(writer, "time_us", time_us);
    json_writer_end_object(writer);
    json_writer_done(writer);
    link->call_bytes = link->call_lines = 0;
    link->question = QUESTION_NONE;
    link->result = result_new();
    if (text->length > WIRE_REQUEST_MAX)
        provider_link_failed(link, PROVIDER_LINK_RUBBISH, "a request of more than %d bytes", WIRE_REQUEST_MAX);
    else
        provider_child_send(link, text->data, text->length);
    if (text->capacity > 0)
        explicit_bzero(text->data, text->length);
    buffer_release(text);
    if (link->state != LINK_DYING)
        uv_timer_start(&link->timer, on_overstay, (uint64_t)(time_us / 1000) + OVERSTAY_MS, 0);
}

static void send_open(struct provider_link *link)
{
    struct buffer text = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&text, false);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "function", "open");
    json_writer_field_text(&writer, "name", link->name);
    json_writer_field_text(&writer, "module", link->module_path);
    json_writer_key(&writer, "settings");
    provider_settings_write(&link->settings, &writer);
    send_request(link, &text, &writer, link->open_us);
}

static void send_call(struct provider_link *link)
{
    struct provider_call *call = link->running;
    struct buffer text = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&text, false);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "function", call->function);
    if (call->arguments[0] != '\0') {
        json_writer_key(&writer, "arguments");
        json_writer_raw(&writer, call->arguments, strlen(call->arguments));
    }
    send_request(link, &text, &writer, call->time_us);
}

/* --- up and down ------------------------------------------------------------------------------------------------- */

static void tell(struct provider_link *link, enum provider_link_event event, const char *text)
{
    if (link->callbacks.on_event && !link->stopping)
        link->callbacks.on_event(link->callbacks.context, event, text);
}

/* Half of the doubled wait for certain, the other half by lot. */
static void back_off(struct provider_link *link)
{
    uint64_t now = uv_now(link->loop);
    if (link->failures > 0 && link->up_since_ms > 0 && now - link->up_since_ms > HEALTHY_MS)
        link->failures = 0;
    uint64_t wait = BACKOFF_MS;
    for (unsigned i = 0; i < link->failures && wait < BACKOFF_MAX_MS; i++)
        wait *= 2;
    wait = wait > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : wait;
    link->random = hash_number(link->random + 1);
    link->not_before_ms = now + wait / 2 + link->random % (wait / 2 + 1);
    link->failures++;
    link->up_since_ms = 0;
}

void provider_link_failed(struct provider_link *link, enum provider_link_event event, const char *format, ...)
{
    if (link->state == LINK_DYING || link->state == LINK_DOWN)
        return;
    if (link->state != LINK_CLOSING) {
        char text[2 * PROVIDER_TEXT_MAX];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        sdk_copy_text(link->end_text, sizeof link->end_text, text);
        link->end_event = event;
    }
    link->state = LINK_DYING;
    uv_timer_stop(&link->timer);
    provider_child_kill(link);
}

static void on_backed_off(uv_timer_t *timer)
{
    advance(timer->data);
}

static void start_child(struct provider_link *link)
{
    struct error error = {0};
    uint64_t now = uv_now(link->loop);
    if (link->not_before_ms > now) {
        uv_timer_start(&link->timer, on_backed_off, link->not_before_ms - now, 0);
        return;
    }
    link->state = LINK_OPENING;
    if (provider_child_start(link, &error)) {
        send_open(link);
        return;
    }
    sdk_copy_text(link->end_text, sizeof link->end_text, error.text);
    link->end_event = PROVIDER_LINK_CRASHED;
    link->state = LINK_DYING;
}

static void on_own_closed(uv_handle_t *handle)
{
    struct provider_link *link = handle->data;
    if (--link->own_handles > 0)
        return;
    void (*on_stopped)(void *) = link->on_stopped;
    void *context = link->stopped_context;
    provider_settings_release(&link->settings);
    wire_reader_release(&link->reader);
    buffer_release(&link->version);
    free(link->name);
    free(link->module_path);
    free(link->program);
    free(link);
    if (on_stopped)
        on_stopped(context);
}

static void close_link(struct provider_link *link)
{
    uv_close((uv_handle_t *)&link->timer, on_own_closed);
    uv_close((uv_handle_t *)&link->grace, on_own_closed);
    uv_close((uv_handle_t *)&link->resume, on_own_closed);
}

/* A write that may not begin ends here; what waits behind it goes on with the loop's next turn. */
static bool gate_is_closed(struct provider_link *link, struct provider_call *call)
{
    struct error why = {0};
    if (!writes(call) || !link->callbacks.may_write ||
        link->callbacks.may_write(link->callbacks.context, call->context, &why))
        return false;
    struct provider_result *result = result_new();
    result->gated = true;
    result->status = sdk_fail(&result->error, PROVIDER_CONFLICT, call->function, "%s", why.text);
    call_end(call, result);
    result_free(result);
    if (link->queued > 0)
        uv_timer_start(&link->timer, on_asked, 0, 0);
    return true;
}

void provider_link_stop_writing(struct provider_link *link, const char *why)
{
    if (link->state == LINK_BUSY && writes(link->running))
        provider_link_failed(link, PROVIDER_LINK_HUNG, "stopped in the middle of %s: %s", link->running->function, why);
}

/* Does what is due: starts the child, begins the next call, or ends the link. */
static void advance(struct provider_link *link)
{
    if (link->stopping) {
        if (link->state == LINK_DOWN && !uv_is_closing((uv_handle_t *)&link->timer))
            close_link(link);
        return;
    }
    if (link->queued == 0)
        return;
    if (link->state == LINK_DOWN) {
        start_child(link);
    } else if (link->state == LINK_READY) {
        struct provider_call *call = queue_take(link);
        if (gate_is_closed(link, call))
            return;
        link->running = call;
        link->state = LINK_BUSY;
        send_call(link);
    }
}

void provider_link_gone(struct provider_link *link)
{
    struct provider_call *call = link->running;
    bool was_up = link->up_since_ms > 0;
    result_free(link->result);
    link->result = NULL;
    link->running = NULL;
    link->state = LINK_DOWN;
    uv_idle_stop(&link->resume);
    uv_timer_stop(&link->timer);
    uv_timer_stop(&link->grace);
    bool told = link->end_text[0] != '\0';
    if (told) {
        back_off(link);
        tell(link, link->end_event, link->end_text);
    }
    if (call)
        call_fail(call,
                  writes(call)     ? PROVIDER_UNKNOWN
                  : link->stopping ? PROVIDER_UNREACHABLE
                                   : PROVIDER_RETRY,
                  told ? link->end_text : "the account was closed meanwhile");
    else if (told && link->end_event != PROVIDER_LINK_REFUSED && !was_up) /* nobody waits for ever */
        queue_fail(link, PROVIDER_RETRY, link->end_text);
    advance(link);
}

/* open said no: the process is of no use; who waits is told what it said. */
static void open_refused(struct provider_link *link, struct provider_result *result)
{
    size_t count = link->queued;
    struct provider_call *call = NULL;
    sdk_copy_text(link->end_text, sizeof link->end_text, result->error.text);
    link->end_event = PROVIDER_LINK_REFUSED;
    link->state = LINK_DYING;
    while (count-- > 0 && (call = queue_take(link)) != NULL) {
        struct provider_result *answer = result_new();
        answer->status = result->status;
        answer->error = result->error;
        call_end(call, answer);
        result_free(answer);
    }
    provider_child_kill(link);
}

void provider_link_finished(struct provider_link *link)
{
    struct provider_result *result = link->result;
    struct provider_call *call = link->running;
    bool opened = link->state == LINK_OPENING;
    link->result = NULL;
    link->running = NULL;
    uv_timer_stop(&link->timer);
    if (opened && result->status != PROVIDER_OK) {
        open_refused(link, result);
    } else if (opened) {
        link->state = LINK_READY;
        link->up_since_ms = uv_now(link->loop);
        tell(link, PROVIDER_LINK_UP, link->version.data);
    } else {
        link->state = LINK_READY;
        call_end(call, result);
    }
    result_free(result);
    advance(link);
}

/* --- what others call -------------------------------------------------------------------------------------------- */

static void on_started(uv_timer_t *timer)
{
    struct provider_link *link = timer->data;
    if (link->state == LINK_DOWN && !link->stopping)
        start_child(link);
}

struct provider_link *provider_link_start(uv_loop_t *loop, const struct provider_link_config *config,
                                          const struct provider_link_callbacks *callbacks)
{
    struct provider_link *link = memory_new(1, sizeof *link);
    struct error ignored = {0};
    link->loop = loop;
    link->name = copy(config->name);
    link->module_path = copy(config->module_path);
    link->program = copy(config->program ? config->program : "/proc/self/exe");
    link->memory_mib = config->memory_mib > 0 ? config->memory_mib : PROVIDER_LINK_MEMORY_MIB;
    link->open_us = config->open_us > 0 ? config->open_us : OPEN_US;
    link->random = hash_number(config->seed);
    link->callbacks = *callbacks;
    buffer_init(&link->version);
    wire_reader_init(&link->reader, WIRE_MESSAGE_MAX);
    for (size_t i = 0; i < config->settings->count; i++) {
        const struct provider_setting *setting = &config->settings->list[i];
        provider_settings_add(&link->settings, setting->path, setting->at, setting->label, setting->value, &ignored);
    }
    for (size_t i = 0; i < PROVIDER_PRIORITY_COUNT; i++)
        link->queues[i].last = &link->queues[i].first;
    uv_timer_init(loop, &link->timer);
    uv_timer_init(loop, &link->grace);
    uv_idle_init(loop, &link->resume);
    link->timer.data = link->grace.data = link->resume.data = link;
    link->own_handles = 3;
    uv_timer_start(&link->timer, on_started, 0, 0);
    return link;
}

struct late {
    uv_timer_t timer;
    struct provider_call *call;
    const char *text;
    enum provider_status status;
};

static void on_late_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_late(uv_timer_t *timer)
{
    struct late *late = timer->data;
    call_fail(late->call, late->status, late->text);
    uv_close((uv_handle_t *)timer, on_late_closed);
}

/* From the loop and not from inside provider_link_call. */
static void fail_later(struct provider_link *link, struct provider_call *call, enum provider_status status,
                       const char *text)
{
    struct late *late = memory_new(1, sizeof *late);
    late->call = call;
    late->text = text;
    late->status = status;
    uv_timer_init(link->loop, &late->timer);
    late->timer.data = late;
    uv_timer_start(&late->timer, on_late, 0, 0);
}

void provider_link_call(struct provider_link *link, enum provider_priority priority, const char *function,
                        const char *arguments, int64_t time_us,
                        void (*on_done)(void *context, struct provider_result *result), void *context)
{
    struct provider_call *call = memory_new(1, sizeof *call);
    call->function = copy(function);
    call->arguments = copy(arguments ? arguments : "");
    call->time_us = time_us > 0 ? time_us : 1;
    call->on_done = on_done;
    call->context = context;
    if (link->stopping) {
        fail_later(link, call, PROVIDER_UNREACHABLE, "the account is being closed");
        return;
    }
    if (link->queued >= PROVIDER_LINK_QUEUE_MAX) {
        fail_later(link, call, PROVIDER_THROTTLED, "too many calls wait for this account");
        return;
    }
    struct provider_queue *queue = &link->queues[priority];
    *queue->last = call;
    queue->last = &call->next;
    link->queued++;
    if ((link->state == LINK_DOWN || link->state == LINK_READY) && !uv_is_active((uv_handle_t *)&link->timer))
        uv_timer_start(&link->timer, on_asked, 0, 0);
}

static void on_close_late(uv_timer_t *timer)
{
    struct provider_link *link = timer->data;
    link->state = LINK_DYING;
    provider_child_kill(link);
}

void provider_link_stop(struct provider_link *link, void (*on_stopped)(void *context), void *context)
{
    static const char close[] = "{\"function\":\"close\"}";
    if (link->stopping)
        return;
    link->stopping = true;
    link->on_stopped = on_stopped;
    link->stopped_context = context;
    struct provider_call *call = NULL;
    while ((call = queue_take(link)) != NULL)
        fail_later(link, call, PROVIDER_UNREACHABLE, "the account is being closed");
    if (link->state == LINK_READY) {
        link->state = LINK_CLOSING;
        provider_child_send(link, close, sizeof close - 1);
        uv_timer_start(&link->timer, on_close_late, CLOSE_MS, 0);
    } else if (link->state == LINK_OPENING || link->state == LINK_BUSY) {
        provider_link_failed(link, PROVIDER_LINK_HUNG, "the account was closed meanwhile");
    } else if (link->state == LINK_DOWN) {
        uv_timer_start(&link->timer, on_asked, 0, 0);
    }
}
