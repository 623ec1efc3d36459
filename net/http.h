/* Outgoing HTTP/1.1 on the agent's loop: libcurl's multi_socket interface driven by libuv.
 *
 * A client owns the connections of one loop. An endpoint is one server as configured (address, TLS files, token file).
 * A request belongs to the client from http_send until its `on_done` has run, which happens exactly once, never from
 * inside http_send, and never after http_cancel. Redirects are not followed (a Nomad or Consul API does not redirect; a
 * 3xx is given as it is). Nothing is retried here, but for one thing: a GET on a pooled connection that the server was
 * just closing is sent again on another, by libcurl. Anything else in that place is HTTP_LOST: the server may have
 * acted.
 *
 * Header lines of one answer are bounded together (64 KiB), one line by libcurl (100 KiB); answers outside 2xx to 1
 * MiB. Proxies of the environment, cookies and netrc are not used.
 *
 * Thread: the loop's only. Nothing holds the loop: bytes are handed on as they come, at most 16 KiB at a time and a
 * quarter of a MiB in one turn of the loop. Names are resolved in a thread of libcurl's. The process must ignore
 * SIGPIPE. */
#ifndef DROVER_NET_HTTP_H
#define DROVER_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"

enum {
    HTTP_PATH_MAX = 8192,        /* path and query of a request, bytes */
    HTTP_ERROR_BODY_MAX = 4096,  /* what is kept of an answer's body outside 2xx */
    HTTP_NEXT_TOKEN_MAX = 512,   /* X-Nomad-Nexttoken */
    HTTP_CONTENT_TYPE_MAX = 128, /* Content-Type */
};

enum http_method { HTTP_GET, HTTP_PUT, HTTP_POST, HTTP_DELETE };

struct http_client;
struct http_endpoint;
struct http_transfer;

struct http_client_options {
    long connections_per_host_max; /* 0: 16. Nomad's http_max_conns_per_client is 100 per source address */
    const char *user_agent;        /* "drover/1.0.0" */
};

struct http_endpoint_config {
    const char *address;      /* http[s]://host:port, no path */
    const char *token_header; /* "X-Nomad-Token" or "X-Consul-Token"; NULL: none */
    const char *token_file;   /* NULL: none; re-read before a request when its mtime, size or inode has changed */
    const char *ca_file;      /* NULL: the system's authorities */
    const char *cert_file;    /* client certificate and key, both or neither */
    const char *key_file;
    const char *server_name; /* the name the certificate must carry (and SNI); NULL: the address's host */
};

/* How a request ended. What matters after a write: could it have taken effect? */
enum http_outcome {
    HTTP_ANSWERED,    /* a whole answer, any status */
    HTTP_NOT_SENT,    /* surely without effect: refused, no route, name unknown, TLS refused, token file unreadable */
    HTTP_LOST,        /* sent or maybe sent, no whole answer: reset, cut, timeout, over body_max: outcome unknown */
    HTTP_STOPPED_HERE /* on_data asked to stop */
};

struct http_result {
    enum http_outcome outcome;
    int status;         /* 100-599 once a status line came, else 0 */
    struct error error; /* set unless HTTP_ANSWERED with 2xx: says address, path without query,
                         * and for an answer outside 2xx the status and the body's first line */
    uint64_t index;     /* X-Nomad-Index, X-Consul-Index or X-Drover-Index; 0 when absent */
    bool index_present;
    bool index_malformed;                 /* a header was there and was no decimal number below 2^64, or two differ */
    char next_token[HTTP_NEXT_TOKEN_MAX]; /* "" when absent; one that does not fit: HTTP_LOST, ERROR_TOO_LARGE */
    char content_type[HTTP_CONTENT_TYPE_MAX]; /* "" when absent; cut when longer */
    const char *body;                         /* the answer's body when no on_data was given (2xx), or its first
                                               * HTTP_ERROR_BODY_MAX bytes outside 2xx; NUL-terminated; until return */
    size_t body_length;
    uint64_t received;      /* body bytes */
    uint64_t round_trip_us; /* request sent to first byte of the answer; 0 when none came */
};

struct http_request {
    enum http_method method;
    const char *path; /* begins with '/', percent-encoded, query included; sent byte for byte; copied */
    const void *body; /* copied; sent as application/json */
    size_t body_length;
    uint32_t timeout_ms;         /* whole exchange, waiting for a free connection included; 0: none (streams) */
    uint32_t connect_timeout_ms; /* name, TCP and TLS; 0: 2000 */
    uint32_t idle_timeout_ms;    /* most time without a single byte received (of the headers: without a whole line)
                                  * after the request was written; until then connect_timeout_ms comes on top. 0: none */
    size_t body_max;             /* most bytes of a 2xx body; over it: HTTP_LOST, ERROR_TOO_LARGE. 0: 1 MiB without
                                  * on_data, no limit with it */
    bool gzip;                   /* offer Accept-Encoding: gzip (bytes are handed on unpacked; body_max counts those) */
    bool fresh_connection;       /* do not reuse a pooled connection (event streams) */
    /* Bytes of a 2xx body as they come; false stops the transfer. NULL: collect into result->body. */
    bool (*on_data)(void *context, const char *bytes, size_t length);
    /* Status line and headers of the final answer are in; may be NULL. */
    void (*on_headers)(void *context, int status);
    void (*on_done)(void *context, const struct http_result *result);
    void *context;
};

/* NULL on failure. The loop must outlive the client. */
struct http_client *http_client_new(uv_loop_t *loop, const struct http_client_options *options,
                                    struct error *ret_error);
/* Cancels what is under way (no on_done), closes handles; `on_closed` runs from the loop when all of them are gone and
 * the memory is freed. Endpoints must be freed before. */
void http_client_close(struct http_client *client, void (*on_closed)(void *context), void *context);

/* Checks the address's form and that the named files can be read (ERROR_INVALID, ERROR_NOT_FOUND, ERROR_DENIED). */
struct http_endpoint *http_endpoint_new(struct http_client *client, const struct http_endpoint_config *config,
                                        struct error *ret_error);
/* Requests under way on it are cancelled. */
void http_endpoint_free(struct http_endpoint *endpoint);
/* The address as configured. */
const char *http_endpoint_address(const struct http_endpoint *endpoint);

/* Starts a request. Never fails at once: what goes wrong comes through on_done. The handle is valid until on_done or
 * http_cancel. */
struct http_transfer *http_send(struct http_endpoint *endpoint, const struct http_request *request);
/* Ends a request; its on_done will not run. May be called from any callback of the same request except on_done. */
void http_cancel(struct http_transfer *transfer);

#endif
