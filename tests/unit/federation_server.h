/* A scripted Nomad for the federation's tests: one HTTP server on the test's own loop that asks a function what to
 * answer. Loopback only; each connection carries one request. */
#ifndef DROVER_TESTS_UNIT_FEDERATION_SERVER_H
#define DROVER_TESTS_UNIT_FEDERATION_SERVER_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/memory.h"

struct scripted_answer {
    int status;          /* 0: close without a word; -1: say nothing for ever */
    const char *headers; /* more lines, each with \r\n; NULL: none */
    const char *body;
    bool cut;  /* half of the body, then close */
    bool open; /* a stream: the body, then nothing, the connection stays */
};

struct scripted_server {
    uv_loop_t *loop;
    uv_tcp_t listener;
    char address[64];
    struct scripted_answer (*answer)(void *context, const char *method, const char *path, const char *body);
    void *context;
    size_t requests;
};

struct scripted_connection {
    uv_tcp_t tcp;
    uv_write_t write;
    struct scripted_server *server;
    struct buffer in, out;
    bool answered, keep;
};

static void scripted_on_connection_closed(uv_handle_t *handle)
{
    struct scripted_connection *connection = handle->data;
    buffer_release(&connection->in);
    buffer_release(&connection->out);
    free(connection);
}

static void scripted_close(struct scripted_connection *connection)
{
    if (!uv_is_closing((uv_handle_t *)&connection->tcp))
        uv_close((uv_handle_t *)&connection->tcp, scripted_on_connection_closed);
}

static void scripted_on_written(uv_write_t *write, int status)
{
    (void)status;
    struct scripted_connection *connection = write->data;
    if (!connection->keep)
        scripted_close(connection);
}

static void scripted_send(struct scripted_connection *connection, const struct scripted_answer *answer)
{
    connection->answered = true;
    connection->keep = answer->open || answer->status < 0;
    if (answer->status < 0)
        return;
    if (answer->status == 0) {
        scripted_close(connection);
        return;
    }
    const char *body = answer->body == NULL ? "" : answer->body;
    size_t length = strlen(body);
    buffer_printf(&connection->out, "HTTP/1.1 %d Word\r\nConnection: close\r\n%s", answer->status,
                  answer->headers == NULL ? "" : answer->headers);
    if (!answer->open)
        buffer_printf(&connection->out, "Content-Length: %zu\r\n", length);
    buffer_append_text(&connection->out, "\r\n");
    buffer_append(&connection->out, body, answer->cut ? length / 2 : length);
    connection->write.data = connection;
    uv_buf_t buf = uv_buf_init(connection->out.data, (unsigned)connection->out.length);
    uv_write(&connection->write, (uv_stream_t *)&connection->tcp, &buf, 1, scripted_on_written);
}

static void scripted_take(struct scripted_connection *connection)
{
    char method[16] = "", path[4096] = "";
    const char *end = strstr(connection->in.data, "\r\n\r\n");
    if (end == NULL || connection->answered)
        return;
    const char *size = strstr(connection->in.data, "Content-Length: ");
    size_t wanted = size != NULL && size < end ? strtoul(size + 16, NULL, 10) : 0;
    if (connection->in.length < (size_t)(end + 4 - connection->in.data) + wanted)
        return;
    sscanf(connection->in.data, "%15s %4095s", method, path);
    struct scripted_server *server = connection->server;
    server->requests++;
    struct scripted_answer answer = server->answer(server->context, method, path, end + 4);
    scripted_send(connection, &answer);
}

static void scripted_allocate(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    (void)handle;
    *buf = uv_buf_init(memory_new(size, 1), (unsigned)size);
}

static void scripted_on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buf)
{
    struct scripted_connection *connection = stream->data;
    if (length > 0)
        buffer_append(&connection->in, buf->base, (size_t)length);
    free(buf->base);
    if (length < 0)
        scripted_close(connection);
    else
        scripted_take(connection);
}

static void scripted_on_connection(uv_stream_t *listener, int status)
{
    (void)status;
    struct scripted_connection *connection = memory_new(1, sizeof *connection);
    connection->server = listener->data;
    buffer_init(&connection->in);
    buffer_init(&connection->out);
    uv_tcp_init(connection->server->loop, &connection->tcp);
    connection->tcp.data = connection;
    uv_accept(listener, (uv_stream_t *)&connection->tcp);
    uv_read_start((uv_stream_t *)&connection->tcp, scripted_allocate, scripted_on_read);
}

static void scripted_server_start(struct scripted_server *server, uv_loop_t *loop)
{
    struct sockaddr_storage bound;
    struct sockaddr_in any;
    int size = sizeof bound;
    server->loop = loop;
    uv_ip4_addr("127.0.0.1", 0, &any);
    uv_tcp_init(loop, &server->listener);
    server->listener.data = server;
    uv_tcp_bind(&server->listener, (const struct sockaddr *)&any, 0);
    uv_listen((uv_stream_t *)&server->listener, 64, scripted_on_connection);
    uv_tcp_getsockname(&server->listener, (struct sockaddr *)&bound, &size);
    snprintf(server->address, sizeof server->address, "http://127.0.0.1:%d",
             ntohs(((struct sockaddr_in *)&bound)->sin_port));
}

/* Connections that are still open are closed by walking the loop. */
static void scripted_close_walk(uv_handle_t *handle, void *context)
{
    struct scripted_server *server = context;
    if (uv_is_closing(handle))
        return;
    if (handle == (uv_handle_t *)&server->listener)
        uv_close(handle, NULL);
    else if (handle->type == UV_TCP)
        uv_close(handle, scripted_on_connection_closed);
}

static void scripted_server_stop(struct scripted_server *server)
{
    uv_walk(server->loop, scripted_close_walk, server);
}

#endif
