/* One exchange on libcurl; the promises stand in http.h. */
#include "providers/host/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "providers/host/http_answer.h"
#include "providers/sdk/url.h"

enum {
    CONNECT_US = 5000000,
    WHOLE_US = 30000000,
    BODY_MAX = 16 * 1024 * 1024,
    HEADERS_SENT_MAX = 64,
    HEADER_BYTES_MAX = 32 * 1024,
    IDLE_BEFORE_WRITE_S = 10, /* a pooled connection older than this is not trusted with a write */
};

struct host_http {
    CURL *curl;
};

struct host_http *host_http_new(struct error *ret_error)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        error_set(ret_error, ERROR_SYSTEM, "libcurl does not start");
        return NULL;
    }
    struct host_http *http = memory_new(1, sizeof *http);
    http->curl = curl_easy_init();
    if (!http->curl) {
        error_set(ret_error, ERROR_SYSTEM, "libcurl does not start: no memory");
        host_http_free(http);
        return NULL;
    }
    return http;
}

void host_http_free(struct host_http *http)
{
    if (!http)
        return;
    curl_easy_cleanup(http->curl);
    free(http);
    curl_global_cleanup();
}

static bool has_line_break(const char *text)
{
    return strpbrk(text, "\r\n") != NULL;
}

static bool is_token(const char *text)
{
    size_t length = strspn(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return length > 0 && text[length] == '\0';
}

static bool add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer)
        *list = longer;
    return longer != NULL;
}

static bool gives(const struct provider_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return true;
    return false;
}

/* The module's headers and no others of libcurl's choice. */
static bool make_headers(const struct provider_request *request, struct curl_slist **list, const char **ret_why)
{
    static const char *const unwanted[] = {"Expect", "Accept", "Content-Type"};
    if (request->header_count > HEADERS_SENT_MAX) {
        *ret_why = "the module gave too many headers";
        return false;
    }
    for (size_t i = 0; i < request->header_count; i++) {
        const struct provider_header *header = &request->headers[i];
        struct buffer line = BUFFER_INIT;
        bool fit = is_token(header->name) && !has_line_break(header->value) &&
                   strlen(header->name) + strlen(header->value) < HEADER_BYTES_MAX;
        buffer_printf(&line, *header->value != '\0' ? "%s: %s" : "%s;", header->name, header->value);
        fit = fit && add_line(list, line.data);
        explicit_bzero(line.data, line.length);
        buffer_release(&line);
        if (!fit) {
            *ret_why = "the module gave a header that cannot be sent";
            return false;
        }
    }
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++) {
        char line[32];
        snprintf(line, sizeof line, "%s:", unwanted[i]);
        if (!gives(request, unwanted[i]) && !add_line(list, line))
            return false;
    }
    return true;
}

static bool may_ask(const struct provider_request *request, struct sdk_url *ret_url, struct error *ret_error)
{
    if (!sdk_url_read(request->url, ret_url, ret_error))
        return false;
    if (!ret_url->https && !sdk_url_is_local(ret_url))
        return error_set(ret_error, ERROR_INVALID, "plain http is for addresses of this machine and its link only");
    if (!is_token(request->method))
        return error_set(ret_error, ERROR_INVALID, "no HTTP method");
    return true;
}

static long to_ms(int64_t us, int64_t usual_us, int64_t most_us)
{
    int64_t wanted = us > 0 ? us : usual_us;
    int64_t ms = (wanted < most_us ? wanted : most_us) / 1000;
    return ms > 0 ? (long)ms : 1;
}

static const char *text_or_null(const char *text)
{
    return text && *text != '\0' ? text : NULL;
}

static void set_tls(CURL *curl, const struct provider_request *request)
{
    const char *pin = text_or_null(request->pinned_key);
    const char *ca = text_or_null(request->ca_file);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (ca)
        curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
    if (pin) {
        curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, pin);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (text_or_null(request->cert_file))
        curl_easy_setopt(curl, CURLOPT_SSLCERT, request->cert_file);
    if (text_or_null(request->key_file))
        curl_easy_setopt(curl, CURLOPT_SSLKEY, request->key_file);
}

static void set_method(CURL *curl, const struct provider_request *request, bool reads)
{
    bool get = strcmp(request->method, "GET") == 0;
    bool head = strcmp(request->method, "HEAD") == 0;
    bool posts = strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0 ||
                 strcmp(request->method, "PATCH") == 0;
    if (head) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (request->body_length > 0 || posts) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body_length > 0 ? request->body : "");
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    } else if (!get) {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    }
    if (!reads)
        curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, (long)IDLE_BEFORE_WRITE_S);
}

static void set_all(CURL *curl, const struct provider_request *request, const struct sdk_url *url, int64_t left_us,
                    struct host_answer *answer)
{
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L); /* what was signed is what is sent */
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, to_ms(request->connect_timeout_us, CONNECT_US, left_us));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, to_ms(request->timeout_us, WHOLE_US, left_us));
    /* A proxy of the environment would see what goes to this machine or its link. */
    if (request->no_proxy || sdk_url_is_local(url))
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    set_tls(curl, request);
    set_method(curl, request, answer->reads);
    host_answer_attach(answer, curl);
}

void host_http_run(struct host_http *http, const struct provider_request *request, int64_t time_left_us,
                   struct provider_answer *ret_answer)
{
    struct sdk_url url;
    struct error why = {0};
    struct curl_slist *headers = NULL;
    const char *unfit = "no memory for the headers";
    struct host_answer *answer = host_answer_new(request->answer_max > 0 ? request->answer_max : BODY_MAX);
    if (!may_ask(request, &url, &why)) {
        host_answer_refuse(answer, why.text, ret_answer);
        return;
    }
    if (time_left_us <= 0) {
        host_answer_refuse(answer, "the call's time is over", ret_answer);
        return;
    }
    if (!make_headers(request, &headers, &unfit)) {
        curl_slist_free_all(headers);
        host_answer_refuse(answer, unfit, ret_answer);
        return;
    }
    answer->reads = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    set_all(http->curl, request, &url, time_left_us, answer);
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(http->curl);
    host_answer_finish(answer, http->curl, code, ret_answer);
    for (struct curl_slist *at = headers; at; at = at->next)
        explicit_bzero(at->data, strlen(at->data));
    curl_slist_free_all(headers);
    curl_easy_reset(http->curl); /* nothing of this request is pointed to any more */
}

void host_http_release(struct provider_answer *answer)
{
    if (answer->memory)
        host_answer_free(answer->memory);
    *answer = (struct provider_answer){0};
}
