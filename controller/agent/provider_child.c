/* The child process of a link: starting it, its socket and its last words, its end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "controller/agent/provider_private.h"
#include "providers/host/host.h"
#include "providers/sdk/fail.h"

enum {
    READ_BYTES = 64 * 1024,
    WORDS_MAX = 1024 * 1024, /* what a child may say on standard error before nobody listens */
    CHILD_PIPES = 4,
};

/* Tokens of Drover's own, which no provider module has business with. */
static bool is_private(const char *variable)
{
    static const char *const names[] = {"DROVER_TOKEN=", "NOMAD_TOKEN=", "CONSUL_HTTP_TOKEN=", "VAULT_TOKEN="};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(variable, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* The agent's environment without those; the array alone is the caller's to free. */
static char **child_environment(void)
{
    size_t count = 0;
    size_t kept = 0;
    while (environ[count])
        count++;
    char **list = memory_new(count + 1, sizeof *list);
    for (size_t i = 0; i < count; i++)
        if (!is_private(environ[i]))
            list[kept++] = environ[i];
    return list;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct provider_link *link = handle->data;
    if (--link->handles_open == 0)
        provider_link_gone(link);
}

static void close_pipe(uv_pipe_t *pipe)
{
    if (!uv_is_closing((uv_handle_t *)pipe))
        uv_close((uv_handle_t *)pipe, on_handle_closed);
}

static void describe_end(struct provider_link *link, char *text, size_t size)
{
    char words[LAST_WORDS_MAX];
    link->last_words[link->last_words_length] = '\0';
    sdk_copy_text(words, sizeof words, link->last_words);
    const char *before = words[0] != '\0' ? "; its last words: " : "";
    const char *where = wire_reader_left(&link->reader) > 0 ? " in the middle of a message" : "";
    if (link->exit_signal != 0)
        snprintf(text, size, "the module's process was ended by signal %d (%s)%s%s%s", link->exit_signal,
                 sigabbrev_np(link->exit_signal) ? sigabbrev_np(link->exit_signal) : "?", where, before, words);
    else
        snprintf(text, size, "the module's process ended with status %lld%s%s%s", (long long)link->exit_status, where,
                 before, words);
}

/* The process has gone and no more comes from its socket. */
static void end_if_drained(struct provider_link *link)
{
    char text[PROVIDER_TEXT_MAX];
    if (!link->exited || !uv_is_closing((uv_handle_t *)&link->socket))
        return;
    describe_end(link, text, sizeof text);
    uv_timer_stop(&link->grace);
    provider_link_failed(link, PROVIDER_LINK_CRASHED, "%s", text);
    close_pipe(&link->words);
    if (!uv_is_closing((uv_handle_t *)&link->process))
        uv_close((uv_handle_t *)&link->process, on_handle_closed);
}

static void on_child_end(uv_process_t *process, int64_t status, int signal)
{
    struct provider_link *link = process->data;
    link->exited = true;
    link->exit_status = status;
    link->exit_signal = signal;
    kill(-process->pid, SIGKILL); /* what it forked would keep the socket open */
    if (link->state == LINK_DYING)
        close_pipe(&link->socket);
    end_if_drained(link);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
    (void)handle, (void)suggested;
    ret_buffer->base = memory_new(1, READ_BYTES);
    ret_buffer->len = READ_BYTES;
}

static void take_frames(struct provider_link *link)
{
    const char *json = NULL;
    size_t length = 0;
    struct error error = {0};
    while (link->state != LINK_DYING && link->state != LINK_DOWN) {
        enum wire_next next = wire_reader_next(&link->reader, &json, &length);
        if (next == WIRE_MORE)
            return;
        if (next == WIRE_BAD) {
            provider_link_failed(link, PROVIDER_LINK_RUBBISH,
                                 "the module's process sent a frame that is empty or too long");
            return;
        }
        if (!provider_message_take(link, json, length, &error)) {
            provider_link_failed(link, PROVIDER_LINK_RUBBISH, "the module's process talks rubbish: %s", error.text);
            return;
        }
    }
}

static void on_socket_data(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer);

static void on_resume(uv_idle_t *idle)
{
    struct provider_link *link = idle->data;
    uv_idle_stop(idle);
    if (link->handles_open > 0 && !uv_is_closing((uv_handle_t *)&link->socket))
        uv_read_start((uv_stream_t *)&link->socket, on_allocate, on_socket_data);
}

static void on_grace_over(uv_timer_t *timer)
{
    struct provider_link *link = timer->data;
    if (link->handles_open > 0 && !link->exited)
        provider_link_failed(link, PROVIDER_LINK_RUBBISH, "the module's process closed its socket and goes on");
}

/* A process that dies closes its socket a moment before its end is told. */
static void on_socket_end(struct provider_link *link)
{
    enum { GRACE_MS = 500 };
    close_pipe(&link->socket);
    end_if_drained(link);
    if (!link->exited && link->state != LINK_CLOSING)
        uv_timer_start(&link->grace, on_grace_over, GRACE_MS, 0);
}

/* One read a turn of the loop: libuv would go on for up to 32. */
static void on_socket_data(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct provider_link *link = stream->data;
    if (got > 0) {
        wire_reader_feed(&link->reader, buffer->base, (size_t)got);
        take_frames(link);
        uv_read_stop(stream);
        if (!uv_is_closing((uv_handle_t *)stream))
            uv_idle_start(&link->resume, on_resume);
    } else if (got < 0) {
        on_socket_end(link);
    }
    free(buffer->base);
}

/* Standard error: the end of what was said is kept, in case it is the reason of a crash. */
static void on_words(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct provider_link *link = stream->data;
    if (got > 0) {
        enum { KEEP = LAST_WORDS_MAX - 1 };
        size_t length = (size_t)got > KEEP ? KEEP : (size_t)got;
        size_t old = link->last_words_length + length > KEEP ? KEEP - length : link->last_words_length;
        memmove(link->last_words, link->last_words + link->last_words_length - old, old);
        memcpy(link->last_words + old, buffer->base + got - length, length);
        link->last_words_length = old + length;
        link->words_read += (size_t)got;
        if (link->words_read > WORDS_MAX)
            close_pipe(&link->words); /* what it writes from here on fails */
    } else if (got < 0) {
        close_pipe(&link->words);
    }
    free(buffer->base);
}

static void open_handles(struct provider_link *link)
{
    uv_pipe_init(link->loop, &link->socket, 0);
    uv_pipe_init(link->loop, &link->words, 0);
    link->process = (uv_process_t){0};
    link->socket.data = link->words.data = link->process.data = link;
    link->handles_open = 3;
    link->exited = false;
    link->exit_signal = 0;
    link->exit_status = 0;
    link->last_words_length = link->words_read = 0;
    link->end_text[0] = '\0';
    wire_reader_release(&link->reader);
    wire_reader_init(&link->reader, WIRE_MESSAGE_MAX);
}

bool provider_child_start(struct provider_link *link, struct error *ret_error)
{
    char parent[32];
    char memory[32];
    snprintf(parent, sizeof parent, "%ld", (long)getpid());
    snprintf(memory, sizeof memory, "%lld", (long long)link->memory_mib);
    char word[] = "provider-host";
    char parent_flag[] = "-parent";
    char memory_flag[] = "-memory";
    char *arguments[] = {link->program, word, parent_flag, parent, memory_flag, memory, NULL};
    open_handles(link);
    uv_stdio_container_t pipes[CHILD_PIPES] = {
        {.flags = UV_IGNORE},
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&link->words},
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&link->socket},
    };
    char **environment = child_environment();
    /* A session of its own: a terminal's Ctrl-C is for the agent, and one kill reaches all that it forked. */
    uv_process_options_t options = {.exit_cb = on_child_end,
                                    .file = link->program,
                                    .args = arguments,
                                    .env = environment,
                                    .flags = UV_PROCESS_DETACHED,
                                    .stdio_count = CHILD_PIPES,
                                    .stdio = pipes};
    int code = uv_spawn(link->loop, &link->process, &options);
    free((void *)environment);
    if (code != 0) {
        error_set(ret_error, ERROR_SYSTEM, "%s cannot be started: %s", link->program, uv_strerror(code));
        link->exited = true;
        close_pipe(&link->socket);
        close_pipe(&link->words);
        uv_close((uv_handle_t *)&link->process, on_handle_closed);
        return false;
    }
    uv_read_start((uv_stream_t *)&link->socket, on_allocate, on_socket_data);
    uv_read_start((uv_stream_t *)&link->words, on_allocate, on_words);
    return true;
}

struct written {
    uv_write_t request;
    struct buffer frame;
};

static void on_written(uv_write_t *request, int status)
{
    (void)status; /* a child that does not read is seen by its deadline, one that is gone by its end */
    struct written *written = request->data;
    explicit_bzero(written->frame.data, written->frame.length); /* settings may be secret by mistake */
    buffer_release(&written->frame);
    free(written);
}

void provider_child_send(struct provider_link *link, const char *json, size_t length)
{
    if (link->handles_open == 0 || uv_is_closing((uv_handle_t *)&link->socket))
        return;
    struct written *written = memory_new(1, sizeof *written);
    buffer_init(&written->frame);
    buffer_reserve(&written->frame, length + WIRE_HEAD);
    wire_append(&written->frame, json, length);
    written->request.data = written;
    uv_buf_t bytes = uv_buf_init(written->frame.data, (unsigned)written->frame.length);
    if (uv_write(&written->request, (uv_stream_t *)&link->socket, &bytes, 1, on_written) != 0)
        on_written(&written->request, 0);
}

void provider_child_kill(struct provider_link *link)
{
    if (link->handles_open == 0)
        return;
    if (!link->exited)
        kill(-link->process.pid, SIGKILL);
    close_pipe(&link->socket);
    end_if_drained(link);
}
