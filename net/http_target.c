/* Where requests go: checks an endpoint's configuration, keeps its token fresh, sets up easy handles. What is decided
 * here holds for the agent's requests and the command line's alike: no redirects, no proxy, no cookies, no netrc, peer
 * and name always verified, http and https only. */
#include "net/http_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "net/clock.h"
#include "net/files.h"

enum {
    ADDRESS_MAX = 1024,
    NAME_MAX_BYTES = 253,      /* RFC 1035 3.1, as text */
    TOKEN_SETTLE_MS = 2000,    /* a file changed this recently may change again within the same time stamp */
    CA_CACHE_SECONDS = 10,     /* how long a replaced ca_file may go unnoticed */
    KEEPALIVE_IDLE_S = 30,     /* a dead peer on an idle stream is noticed by the kernel within */
    KEEPALIVE_INTERVAL_S = 10, /* about IDLE + 9 INTERVAL */
};

static char *copy_text(const char *text)
{
    return text ? memory_copy_text(text, strlen(text)) : NULL;
}

static void free_secret(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

const char *http_method_word(enum http_method method)
{
    switch (method) {
    case HTTP_GET:
        return "GET";
    case HTTP_PUT:
        return "PUT";
    case HTTP_POST:
        return "POST";
    case HTTP_DELETE:
        return "DELETE";
    }
    return "GET";
}

static bool is_name(const char *text, const char *also)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    while (text[length] && strchr(also, text[length]))
        length += 1 + strspn(text + length + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    return length > 0 && length <= NAME_MAX_BYTES && !text[length];
}

static bool check_printable(const char *text)
{
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return true;
}

struct address_parts {
    char *scheme;
    char *host;
    char *port;
    char *path;
    char *query;
    char *fragment;
};

static void release_parts(struct address_parts *parts)
{
    curl_free(parts->scheme);
    curl_free(parts->host);
    curl_free(parts->port);
    curl_free(parts->path);
    curl_free(parts->query);
    curl_free(parts->fragment);
}

static bool split_address(const char *address, struct address_parts *parts)
{
    CURLU *url = curl_url();
    bool good = url && curl_url_set(url, CURLUPART_URL, address, CURLU_DISALLOW_USER) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_SCHEME, &parts->scheme, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_HOST, &parts->host, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_PORT, &parts->port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_PATH, &parts->path, 0) == CURLUE_OK;
    if (good) {
        curl_url_get(url, CURLUPART_QUERY, &parts->query, 0);
        curl_url_get(url, CURLUPART_FRAGMENT, &parts->fragment, 0);
    }
    curl_url_cleanup(url);
    return good && parts->host[0] && strcmp(parts->path, "/") == 0 && !parts->query && !parts->fragment &&
           (strcmp(parts->scheme, "http") == 0 || strcmp(parts->scheme, "https") == 0);
}

static char *format_base(const char *scheme, const char *host, const char *port)
{
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, "%s://%s:%s", scheme, host, port);
    return buffer_take(&text);
}

static bool set_address(struct http_target *target, const struct http_endpoint_config *config, struct error *ret_error)
{
    struct address_parts parts = {0};
    const char *address = config->address ? config->address : "";
    bool good = strlen(address) <= ADDRESS_MAX && check_printable(address) && split_address(address, &parts);
    if (good) {
        bool renamed = config->server_name && strcmp(parts.scheme, "https") == 0;
        target->base = format_base(parts.scheme, renamed ? config->server_name : parts.host, parts.port);
        if (renamed) {
            struct buffer entry = BUFFER_INIT;
            buffer_printf(&entry, "%s:%s:%s:%s", config->server_name, parts.port, parts.host, parts.port);
            target->connect_to = buffer_take(&entry);
        }
        target->address = copy_text(address);
    } else {
        /* Not repeated: it may carry a password. */
        error_set(ret_error, ERROR_INVALID,
                  "the address is not of the form http://host:port or https://host:port (no path, user or password)");
    }
    release_parts(&parts);
    return good;
}

static bool check_readable(const char *what, const char *path, struct error *ret_error)
{
    if (!path)
        return true;
    struct buffer content = BUFFER_INIT;
    bool good = file_read(path, 16 * 1024 * 1024, &content, ret_error);
    if (content.length)
        explicit_bzero(content.data, content.length);
    buffer_release(&content);
    if (!good)
        error_prefix(ret_error, "%s", what);
    return good;
}

static bool check_config(const struct http_endpoint_config *config, struct error *ret_error)
{
    if (config->token_header && !is_name(config->token_header, ""))
        return error_set(ret_error, ERROR_INVALID, "the token header's name is not a header name");
    if (config->token_file && !config->token_header)
        return error_set(ret_error, ERROR_INVALID, "token_file is set, but no header to send the token in");
    if (config->server_name && !is_name(config->server_name, "."))
        return error_set(ret_error, ERROR_INVALID, "server_name is not a host name");
    if (!config->cert_file != !config->key_file)
        return error_set(ret_error, ERROR_INVALID, "cert_file and key_file go together: %s is missing",
                         config->cert_file ? "key_file" : "cert_file");
    return check_readable("token_file", config->token_file, ret_error) &&
           check_readable("ca_file", config->ca_file, ret_error) &&
           check_readable("cert_file", config->cert_file, ret_error) &&
           check_readable("key_file", config->key_file, ret_error);
}

bool http_target_init(struct http_target *target, const struct http_endpoint_config *config, struct error *ret_error)
{
    *target = (struct http_target){0};
    if (!check_config(config, ret_error) || !set_address(target, config, ret_error))
        return false;
    target->token_header = copy_text(config->token_header);
    target->token_file = copy_text(config->token_file);
    target->ca_file = copy_text(config->ca_file);
    target->cert_file = copy_text(config->cert_file);
    target->key_file = copy_text(config->key_file);
    return true;
}

void http_target_release(struct http_target *target)
{
    free(target->address);
    free(target->base);
    free(target->connect_to);
    free(target->token_header);
    free(target->token_file);
    free(target->ca_file);
    free(target->cert_file);
    free(target->key_file);
    free_secret(target->token);
    *target = (struct http_target){0};
}

static bool same_file_state(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Trims white space at both ends; what is left must be one printable ASCII word. */
static bool take_token(struct http_target *target, const char *text, size_t length, const char *source,
                       struct error *ret_error)
{
    static const char space[] = " \t\r\n";
    while (length && strchr(space, text[length - 1]))
        length--;
    while (length && strchr(space, *text)) {
        text++;
        length--;
    }
    char *token = memory_copy_text(text, length);
    bool good = length && strlen(token) == length && check_printable(token);
    if (!good) {
        free_secret(token);
        return error_set(ret_error, ERROR_INVALID, "%s: %s", source,
                         length ? "a token is one line of printable ASCII without spaces" : "there is no token in it");
    }
    free_secret(target->token);
    target->token = token;
    return true;
}

bool http_target_set_token(struct http_target *target, const char *token, struct error *ret_error)
{
    if (!target->token_header)
        return error_set(ret_error, ERROR_INVALID, "there is a token, but no header to send it in");
    free(target->token_file);
    target->token_file = NULL;
    return take_token(target, token, strlen(token), "the token", ret_error);
}

static bool refresh_token(struct http_target *target, struct error *ret_error)
{
    if (!target->token_file)
        return true;
    struct stat now = {0};
    bool known = stat(target->token_file, &now) == 0;
    if (known && target->token && target->token_settled && same_file_state(&now, &target->token_stat))
        return true;
    struct buffer content = BUFFER_INIT;
    bool good = file_read(target->token_file, HTTP_TOKEN_FILE_MAX, &content, ret_error);
    if (!good)
        error_prefix(ret_error, "token_file");
    else
        good = take_token(target, content.data, content.length, target->token_file, ret_error);
    if (content.length)
        explicit_bzero(content.data, content.length);
    buffer_release(&content);
    int64_t changed_ms = (int64_t)now.st_ctim.tv_sec * 1000 + now.st_ctim.tv_nsec / 1000000;
    target->token_settled = good && known && clock_wall_ms() - changed_ms > TOKEN_SETTLE_MS;
    if (known)
        target->token_stat = now;
    return good;
}

void http_lists_release(struct http_lists *lists)
{
    for (struct curl_slist *header = lists->headers; header; header = header->next)
        explicit_bzero(header->data, strlen(header->data));
    curl_slist_free_all(lists->headers);
    curl_slist_free_all(lists->connect_to);
    *lists = (struct http_lists){0};
}

static bool append_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer)
        *list = longer;
    return longer != NULL;
}

static bool append_headers(const struct http_target *target, const struct http_request *request,
                           struct curl_slist **headers)
{
    bool good = append_line(headers, "Expect:") &&
                append_line(headers, request->body_length ? "Content-Type: application/json" : "Content-Type:");
    if (!good || !target->token_header || !target->token)
        return good;
    struct buffer line = BUFFER_INIT;
    buffer_printf(&line, "%s: %s", target->token_header, target->token);
    good = append_line(headers, line.data);
    explicit_bzero(line.data, line.length);
    buffer_release(&line);
    return good;
}

static bool check_path(const char *path, struct error *ret_error)
{
    if (!path || path[0] != '/' || strnlen(path, HTTP_PATH_MAX + 1) > HTTP_PATH_MAX || !check_printable(path) ||
        strchr(path, '#'))
        return error_set(ret_error, ERROR_INVALID,
                         "a request's path begins with '/', is percent-encoded and at most %d bytes", HTTP_PATH_MAX);
    return true;
}

/* Options are set one by one and only memory or a wrong build can refuse them: the first refusal is kept. */
#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        CURLcode set_code = curl_easy_setopt(easy, option, value);                                                     \
        if (set_code != CURLE_OK && code == CURLE_OK)                                                                  \
            code = set_code;                                                                                           \
    } while (0)

static CURLcode apply_manners(CURL *easy, const struct http_request *request, const char *user_agent)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* else giving up on a slow name server waits for its thread */
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, ""); /* an empty string also keeps the environment's proxy out */
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
    SET(CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
    SET(CURLOPT_CONNECTTIMEOUT_MS,
        (long)(request->connect_timeout_ms ? request->connect_timeout_ms : HTTP_CONNECT_TIMEOUT_MS));
    SET(CURLOPT_USERAGENT, user_agent);
    if (request->gzip)
        SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    if (request->fresh_connection) {
        SET(CURLOPT_FRESH_CONNECT, 1L);
        SET(CURLOPT_FORBID_REUSE, 1L);
    }
    return code;
}

static CURLcode apply_tls(const struct http_target *target, CURL *easy)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (target->ca_file) {
        SET(CURLOPT_CAINFO, target->ca_file);
        SET(CURLOPT_CAPATH, NULL); /* Debian's libcurl would go on trusting /etc/ssl/certs beside it */
        SET(CURLOPT_CA_CACHE_TIMEOUT, (long)CA_CACHE_SECONDS);
    }
    if (target->cert_file) {
        SET(CURLOPT_SSLCERT, target->cert_file);
        SET(CURLOPT_SSLKEY, target->key_file);
        SET(CURLOPT_KEYPASSWD, ""); /* else OpenSSL asks the terminal for an encrypted key's pass phrase */
    }
    return code;
}

static CURLcode apply_request(const struct http_request *request, CURL *easy)
{
    CURLcode code = CURLE_OK;
    bool with_body = request->body_length || request->method == HTTP_PUT || request->method == HTTP_POST;
    if (with_body) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
        SET(CURLOPT_COPYPOSTFIELDS, request->body_length ? request->body : "");
    } else {
        SET(CURLOPT_HTTPGET, 1L);
    }
    if (request->method != HTTP_POST && (with_body || request->method != HTTP_GET))
        SET(CURLOPT_CUSTOMREQUEST, http_method_word(request->method));
    return code;
}

static CURLcode apply_target(const struct http_target *target, const struct http_request *request, CURL *easy,
                             const struct http_lists *lists)
{
    struct buffer url = BUFFER_INIT;
    buffer_append_text(&url, target->base);
    buffer_append_text(&url, request->path);
    CURLcode code = CURLE_OK;
    SET(CURLOPT_URL, url.data);
    SET(CURLOPT_HTTPHEADER, lists->headers);
    if (lists->connect_to)
        SET(CURLOPT_CONNECT_TO, lists->connect_to);
    buffer_release(&url);
    return code;
}

bool http_target_apply(struct http_target *target, const struct http_request *request, const char *user_agent,
                       CURL *easy, struct http_lists *ret_lists, struct error *ret_error)
{
    if (!check_path(request->path, ret_error) || !refresh_token(target, ret_error))
        return false;
    struct http_lists lists = {0};
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (append_headers(target, request, &lists.headers) &&
        (!target->connect_to || append_line(&lists.connect_to, target->connect_to)))
        code = apply_manners(easy, request, user_agent);
    if (code == CURLE_OK)
        code = apply_tls(target, easy);
    if (code == CURLE_OK)
        code = apply_request(request, easy);
    if (code == CURLE_OK)
        code = apply_target(target, request, easy, &lists);
    if (code != CURLE_OK) {
        http_lists_release(&lists);
        return error_set(ret_error, ERROR_INTERNAL, "libcurl refuses a setting: %s", curl_easy_strerror(code));
    }
    *ret_lists = lists;
    return true;
}
