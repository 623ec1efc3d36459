/* URLs: taking them apart, and building queries. Pure. */
#ifndef DROVER_PROVIDERS_SDK_URL_H
#define DROVER_PROVIDERS_SDK_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

enum { SDK_URL_MAX = 16384, SDK_URL_HOST_MAX = 256 };

struct sdk_url {
    bool https;
    char host[SDK_URL_HOST_MAX]; /* lower case; an IPv6 address without its brackets */
    bool ipv6;
    uint16_t port;
    bool default_port;     /* 443 of https, 80 of http */
    const char *authority; /* host[:port] as written, within the text that was read */
    size_t authority_length;
    const char *path; /* from the first '/', "/" when there is none; the query is not part of it */
    size_t path_length;
    const char *query; /* after '?', "" without */
    size_t query_length;
};

/* Reads http[s]://host[:port][/path][?query]; credentials, fragments, blanks and control characters are refused.
 * Points into `text`. ERROR_INVALID, ERROR_TOO_LARGE. */
bool sdk_url_read(const char *text, struct sdk_url *ret_url, struct error *ret_error);

/* The address is of this machine or of its link (127.0.0.0/8, ::1, localhost, 169.254.0.0/16, fe80::/10): where plain
 * http is allowed. Names other than localhost are not looked up and not local. */
bool sdk_url_is_local(const struct sdk_url *url);

/* Same scheme, host and port: whether what a provider links to (nextLink, Location, @odata.id) is still that provider.
 */
bool sdk_url_same_origin(const struct sdk_url *left, const struct sdk_url *right);

/* Appends %XX for all but RFC 3986's unreserved characters. */
void sdk_url_append_encoded(struct buffer *out, const char *text);

/* Appends "?key=value" or "&key=value", encoded, by whether out holds a '?' already. */
void sdk_url_append_query(struct buffer *out, const char *key, const char *value);
/* The same for form bodies: "key=value" or "&key=value", by whether out is empty. */
void sdk_url_append_form(struct buffer *out, const char *key, const char *value);

#endif
