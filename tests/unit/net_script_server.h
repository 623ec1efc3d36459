/* A server that plays a script: for tests of what goes out over HTTP. One thread accepts on a loopback port, one thread
 * a connection runs the script, which reads requests and writes whatever bytes it likes, right or wrong. */
#ifndef DROVER_TESTS_UNIT_NET_SCRIPT_SERVER_H
#define DROVER_TESTS_UNIT_NET_SCRIPT_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SERVER_WIRES_MAX = 400, WIRE_REQUEST_MAX = 64 * 1024 };

struct server;

struct wire {
    struct server *server;
    pthread_t thread;
    int number; /* connections are counted from 1 */
    int socket;
    void *tls; /* set by the server's tls_begin; NULL: plain */
    char request[WIRE_REQUEST_MAX + 1];
};

struct server {
    void (*script)(struct wire *wire);
    void *(*tls_begin)(struct server *server, int socket); /* NULL: plain */
    long (*tls_read)(void *tls, void *bytes, size_t length);
    long (*tls_write)(void *tls, const void *bytes, size_t length);
    void (*tls_end)(void *tls);
    void *context;
    int listener;
    int port;
    char address[64];
    pthread_t thread;
    pthread_mutex_t lock;
    int wire_count;
    struct wire *wires[SERVER_WIRES_MAX];
    atomic_int requests;
    atomic_bool stopping;
    char last_request[WIRE_REQUEST_MAX + 1]; /* under lock */
};

static bool wire_write(struct wire *wire, const char *bytes, size_t length)
{
    while (length) {
        long put = wire->tls ? wire->server->tls_write(wire->tls, bytes, length)
                             : (long)send(wire->socket, bytes, length, MSG_NOSIGNAL);
        if (put <= 0)
            return false;
        bytes += put;
        length -= (size_t)put;
    }
    return true;
}

static __attribute__((unused)) bool wire_say(struct wire *wire, const char *text)
{
    return wire_write(wire, text, strlen(text));
}

/* A whole answer with Content-Length; `headers`: further lines, each with its CRLF. */
static __attribute__((unused)) bool wire_answer(struct wire *wire, int status, const char *headers, const char *body)
{
    char head[4096];
    snprintf(head, sizeof head, "HTTP/1.1 %d Word\r\nContent-Length: %zu\r\n%s\r\n", status, strlen(body), headers);
    return wire_say(wire, head) && wire_say(wire, body);
}

/* Reads one request with its body (by Content-Length) into wire->request; false at the end of the connection. */
static __attribute__((unused)) bool wire_read_request(struct wire *wire)
{
    size_t length = 0, wanted = 0;
    for (;;) {
        wire->request[length] = '\0';
        char *end = strstr(wire->request, "\r\n\r\n");
        if (end && !wanted) {
            char *field = strcasestr(wire->request, "\r\nContent-Length:");
            wanted = (size_t)(end - wire->request) + 4 + (field && field < end ? strtoul(field + 17, NULL, 10) : 0);
        }
        if (wanted && length >= wanted)
            break;
        if (length == WIRE_REQUEST_MAX)
            return false;
        size_t room = WIRE_REQUEST_MAX - length;
        long got = wire->tls ? wire->server->tls_read(wire->tls, wire->request + length, room)
                             : (long)recv(wire->socket, wire->request + length, room, 0);
        if (got <= 0)
            return false;
        length += (size_t)got;
    }
    pthread_mutex_lock(&wire->server->lock);
    memcpy(wire->server->last_request, wire->request, length + 1);
    pthread_mutex_unlock(&wire->server->lock);
    atomic_fetch_add(&wire->server->requests, 1);
    return true;
}

/* Ends the connection with a RST instead of a FIN. */
static __attribute__((unused)) void wire_reset(struct wire *wire)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(wire->socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

static __attribute__((unused)) void wire_sleep(struct wire *wire, int ms)
{
    for (int i = 0; i < ms && !atomic_load(&wire->server->stopping); i += 5)
        usleep(5000);
}

/* Says nothing until the client goes or the server stops. */
static __attribute__((unused)) void wire_hold(struct wire *wire)
{
    char byte;
    while (!atomic_load(&wire->server->stopping) && recv(wire->socket, &byte, 1, 0) > 0)
        ;
}

static void *wire_run(void *argument)
{
    struct wire *wire = argument;
    struct server *server = wire->server;
    if (server->tls_begin)
        wire->tls = server->tls_begin(server, wire->socket);
    if (!server->tls_begin || wire->tls)
        server->script(wire);
    if (wire->tls)
        server->tls_end(wire->tls);
    pthread_mutex_lock(&server->lock);
    close(wire->socket);
    wire->socket = -1;
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static void *server_run(void *argument)
{
    struct server *server = argument;
    for (;;) {
        int socket = accept(server->listener, NULL, NULL);
        if (socket < 0 || atomic_load(&server->stopping) || server->wire_count == SERVER_WIRES_MAX) {
            if (socket >= 0)
                close(socket);
            return NULL;
        }
        struct wire *wire = calloc(1, sizeof *wire);
        wire->server = server;
        wire->socket = socket;
        pthread_mutex_lock(&server->lock);
        server->wires[server->wire_count++] = wire;
        wire->number = server->wire_count;
        pthread_create(&wire->thread, NULL, wire_run, wire);
        pthread_mutex_unlock(&server->lock);
    }
}

/* Set script (and the tls_ functions) before. */
static __attribute__((unused)) void server_start(struct server *server)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof local;
    pthread_mutex_init(&server->lock, NULL);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server->listener, (struct sockaddr *)&local, sizeof local) != 0 || listen(server->listener, 512) != 0)
        abort();
    getsockname(server->listener, (struct sockaddr *)&local, &length);
    server->port = ntohs(local.sin_port);
    snprintf(server->address, sizeof server->address, "%s://127.0.0.1:%d", server->tls_begin ? "https" : "http",
             server->port);
    pthread_create(&server->thread, NULL, server_run, server);
}

static __attribute__((unused)) void server_stop(struct server *server)
{
    atomic_store(&server->stopping, true);
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    pthread_mutex_lock(&server->lock);
    for (int i = 0; i < server->wire_count; i++)
        if (server->wires[i]->socket >= 0)
            shutdown(server->wires[i]->socket, SHUT_RDWR);
    pthread_mutex_unlock(&server->lock);
    for (int i = 0; i < server->wire_count; i++) {
        pthread_join(server->wires[i]->thread, NULL);
        free(server->wires[i]);
    }
    pthread_mutex_destroy(&server->lock);
}

static __attribute__((unused)) bool server_last_request_has(struct server *server, const char *text)
{
    pthread_mutex_lock(&server->lock);
    bool found = strstr(server->last_request, text) != NULL;
    pthread_mutex_unlock(&server->lock);
    return found;
}

#endif
