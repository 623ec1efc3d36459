/* From libwebsockets' idea of a request to an exchange: method, path, query, who asks, how long the body will be.
 *
 * libwebsockets has decoded path and query once (percent signs, "a/../b") before anything here sees them, so nothing is
 * decoded again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/memory.h"
#include "controller/api/private.h"

static bool receive_method(struct lws *wsi, enum api_method *ret_method)
{
    static const struct {
        enum lws_token_indexes token;
        enum api_method method;
    } methods[] = {
        {WSI_TOKEN_GET_URI, API_GET},
        {WSI_TOKEN_PUT_URI, API_PUT},
        {WSI_TOKEN_POST_URI, API_POST},
        {WSI_TOKEN_DELETE_URI, API_DELETE},
    };
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (lws_hdr_total_length(wsi, methods[i].token) > 0) {
            *ret_method = methods[i].method;
            return true;
        }
    }
    return false;
}

/* A known header's whole value; false when it is longer than fits. "" when absent. */
static bool receive_header(struct lws *wsi, enum lws_token_indexes token, char *text, int size)
{
    text[0] = '\0';
    int length = lws_hdr_total_length(wsi, token);
    return length <= 0 || (length < size && lws_hdr_copy(wsi, text, size, token) >= 0);
}

static bool receive_custom(struct lws *wsi, const char *name, char *text, int size)
{
    text[0] = '\0';
    int name_length = (int)strlen(name);
    int length = lws_hdr_custom_length(wsi, name, name_length);
    return length <= 0 || (length < size && lws_hdr_custom_copy(wsi, text, size, name, name_length) >= 0);
}

static bool receive_query(struct api_exchange *exchange)
{
    char text[API_QUERY_TEXT_MAX];
    for (int i = 0;; i++) {
        int length = lws_hdr_fragment_length(exchange->wsi, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (length <= 0) {
            return true;
        }
        if (exchange->query_count == API_QUERY_MAX || length >= (int)sizeof text ||
            lws_hdr_copy_fragment(exchange->wsi, text, sizeof text, WSI_TOKEN_HTTP_URI_ARGS, i) < 0) {
            return false;
        }
        const char *equals = strchr(text, '=');
        size_t key_length = equals != NULL ? (size_t)(equals - text) : strlen(text);
        const char *value = equals != NULL ? equals + 1 : "";
        struct api_query *query = &exchange->query[exchange->query_count++];
        query->key = memory_copy_text(text, key_length);
        query->value = memory_copy_text(value, strlen(value));
    }
}

static bool receive_length(struct api_exchange *exchange)
{
    struct lws *wsi = exchange->wsi;
    char text[32];
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0) {
        exchange_fail_status(exchange, 411, ERROR_INVALID, "send the body with a Content-Length, not in chunks");
        return false;
    }
    if (!receive_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, text, sizeof text) ||
        strspn(text, "0123456789") != strlen(text) || strlen(text) > 18) {
        exchange_fail_status(exchange, 400, ERROR_INVALID, "Content-Length is not one decimal number");
        return false;
    }
    if (text[0] == '\0' && (exchange->method == API_PUT || exchange->method == API_POST)) {
        exchange_fail_status(exchange, 411, ERROR_INVALID, "a body needs a Content-Length");
        return false;
    }
    exchange->body_expected = strtoull(text, NULL, 10);
    if (exchange->body_expected > API_BODY_MAX) {
        exchange->discard = true;
        exchange_fail_status(exchange, 413, ERROR_TOO_LARGE,
                             "the body has %llu bytes; at most %d are taken, and no job specification needs more",
                             (unsigned long long)exchange->body_expected, API_BODY_MAX);
        return false;
    }
    return true;
}

static bool receive_access(struct api_exchange *exchange)
{
    struct lws *wsi = exchange->wsi;
    char token[API_TOKEN_MAX + 1], bearer[API_TOKEN_MAX + 16], host[API_HOST_MAX], origin[API_HOST_MAX];
    struct error error;
    if (!receive_custom(wsi, "x-nomad-token:", token, sizeof token) ||
        !receive_header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, bearer, sizeof bearer) ||
        !receive_header(wsi, WSI_TOKEN_HOST, host, sizeof host) ||
        !receive_header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof origin)) {
        exchange_fail_status(exchange, 403, ERROR_DENIED, "the token, Host or Origin is longer than any real one");
        return false;
    }
    struct access_request request = {
        .token = token[0] != '\0' ? token : access_bearer(bearer), .host = host, .origin = origin};
    bool allowed = access_check(exchange->api, &request, &error);
    OPENSSL_cleanse(token, sizeof token);
    OPENSSL_cleanse(bearer, sizeof bearer);
    if (!allowed) {
        exchange->discard = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
        exchange_fail(exchange, &error);
    }
    return allowed;
}

/* An IPv4 caller of a socket that takes both kinds shows as ::ffff:a.b.c.d (RFC 4291 2.5.5.2). */
static void receive_source(struct api_exchange *exchange)
{
    static const char mapped[] = "::ffff:";
    char address[sizeof exchange->source] = "";
    lws_get_peer_simple(exchange->wsi, address, sizeof address);
    const char *plain = strncmp(address, mapped, sizeof mapped - 1) == 0 ? address + sizeof mapped - 1 : address;
    snprintf(exchange->source, sizeof exchange->source, "%s", plain);
}

bool receive_headers(struct api_exchange *exchange, const char *path, size_t path_length)
{
    struct lws *wsi = exchange->wsi;
    receive_source(exchange);
    if (!receive_access(exchange)) {
        return false;
    }
    if (!receive_method(wsi, &exchange->method)) {
        exchange->allow = "GET, PUT, POST, DELETE";
        exchange_fail_status(exchange, 405, ERROR_INVALID, "this method is not known here");
        return false;
    }
    if (path_length >= API_PATH_MAX || memchr(path, '\0', path_length) != NULL) {
        exchange_fail_status(exchange, 400, ERROR_INVALID, "the path is longer than %d bytes or holds a NUL",
                             API_PATH_MAX);
        return false;
    }
    exchange->path = memory_copy_text(path, path_length);
    if (!receive_query(exchange)) {
        exchange_fail_status(exchange, 400, ERROR_INVALID, "the query has more than %d arguments or one over %d bytes",
                             API_QUERY_MAX, API_QUERY_TEXT_MAX);
        return false;
    }
    return receive_length(exchange);
}

void receive_body(struct api_exchange *exchange, const void *bytes, size_t length)
{
    if (!exchange->discard && exchange->body.length + length <= API_BODY_MAX) {
        buffer_append(&exchange->body, bytes, length);
    }
}
