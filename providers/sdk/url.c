/* URLs taken apart and built; see url.h. */
#include "providers/sdk/url.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

static bool has_forbidden_bytes(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= 0x20 || c >= 0x7F || c == '#' || c == '\\' || c == '"' || c == '<' || c == '>')
            return true;
    }
    return false;
}

static bool read_port(const char *text, size_t length, uint16_t *ret_port, struct error *ret_error)
{
    uint64_t port = 0;
    if (!text_parse_u64(text, length, "the URL's port", 1, 65535, &port, ret_error))
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

static bool is_host_byte(char c, bool ipv6)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || c == '.' || (ipv6 ? c == ':' : c == '-' || c == '_');
}

static bool copy_host(struct sdk_url *url, const char *text, size_t length, struct error *ret_error)
{
    if (length == 0 || length >= sizeof url->host)
        return error_set(ret_error, ERROR_INVALID, "the URL's host is empty or longer than %d bytes",
                         SDK_URL_HOST_MAX - 1);
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (!is_host_byte(c, url->ipv6))
            return error_set(ret_error, ERROR_INVALID, "the URL's host holds a character that no host name has");
        url->host[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    url->host[length] = '\0';
    struct in6_addr address;
    if (url->ipv6 && inet_pton(AF_INET6, url->host, &address) != 1)
        return error_set(ret_error, ERROR_INVALID, "the URL's host in brackets is no IPv6 address");
    return true;
}

static bool read_authority(struct sdk_url *url, struct error *ret_error)
{
    const char *text = url->authority;
    size_t length = url->authority_length;
    if (memchr(text, '@', length))
        return error_set(ret_error, ERROR_INVALID, "the URL holds a user name; credentials do not belong there");
    const char *host = text;
    const char *after = NULL;
    size_t host_length = 0;
    url->ipv6 = length > 0 && *text == '[';
    if (url->ipv6) {
        const char *close = memchr(text, ']', length);
        if (!close)
            return error_set(ret_error, ERROR_INVALID, "the URL's IPv6 address does not end with a bracket");
        host++;
        host_length = (size_t)(close - host);
        after = close + 1;
    } else {
        const char *colon = memchr(text, ':', length);
        host_length = colon ? (size_t)(colon - text) : length;
        after = text + host_length;
    }
    if (!copy_host(url, host, host_length, ret_error))
        return false;
    uint16_t usual = url->https ? 443 : 80;
    url->port = usual;
    if (after < text + length) {
        if (*after != ':')
            return error_set(ret_error, ERROR_INVALID, "the URL's port does not follow its host");
        if (!read_port(after + 1, (size_t)(text + length - after - 1), &url->port, ret_error))
            return false;
    }
    url->default_port = url->port == usual;
    return true;
}

bool sdk_url_read(const char *text, struct sdk_url *ret_url, struct error *ret_error)
{
    struct sdk_url url = {0};
    size_t length = strnlen(text, SDK_URL_MAX + 1);
    if (length > SDK_URL_MAX)
        return error_set(ret_error, ERROR_TOO_LARGE, "a URL of more than %d bytes", SDK_URL_MAX);
    if (has_forbidden_bytes(text, length))
        return error_set(ret_error, ERROR_INVALID, "the URL holds a character that must be percent-encoded");
    url.https = text_starts_with(text, "https://");
    if (!url.https && !text_starts_with(text, "http://"))
        return error_set(ret_error, ERROR_INVALID, "the URL begins neither with https:// nor with http://");
    url.authority = text + (url.https ? 8 : 7);
    url.authority_length = strcspn(url.authority, "/?");
    if (!read_authority(&url, ret_error))
        return false;
    const char *rest = url.authority + url.authority_length;
    bool has_path = *rest == '/';
    url.path = has_path ? rest : "/";
    url.path_length = has_path ? strcspn(rest, "?") : 1;
    rest += has_path ? url.path_length : 0;
    url.query = *rest == '?' ? rest + 1 : "";
    url.query_length = strlen(url.query);
    *ret_url = url;
    return true;
}

bool sdk_url_is_local(const struct sdk_url *url)
{
    struct in6_addr six;
    struct in_addr four;
    if (strcmp(url->host, "localhost") == 0)
        return true;
    if (!url->ipv6 && inet_pton(AF_INET, url->host, &four) == 1) {
        uint32_t address = ntohl(four.s_addr);
        return address >> 24 == 127 || address >> 16 == 0xA9FE; /* RFC 1122 3.2.1.3, RFC 3927 */
    }
    if (url->ipv6 && inet_pton(AF_INET6, url->host, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_LINKLOCAL(&six);
    return false;
}

bool sdk_url_same_origin(const struct sdk_url *left, const struct sdk_url *right)
{
    return left->https == right->https && left->port == right->port && left->ipv6 == right->ipv6 &&
           strcmp(left->host, right->host) == 0;
}

void sdk_url_append_encoded(struct buffer *out, const char *text)
{
    text_append_percent(out, text, strlen(text));
}

static void append_pair(struct buffer *out, const char *key, const char *value)
{
    sdk_url_append_encoded(out, key);
    buffer_append_byte(out, '=');
    sdk_url_append_encoded(out, value);
}

void sdk_url_append_query(struct buffer *out, const char *key, const char *value)
{
    buffer_append_byte(out, memchr(out->data, '?', out->length) ? '&' : '?');
    append_pair(out, key, value);
}

void sdk_url_append_form(struct buffer *out, const char *key, const char *value)
{
    if (out->length > 0)
        buffer_append_byte(out, '&');
    append_pair(out, key, value);
}
