/* Headers and body as libcurl hands them on, and the outcome; see http_answer.h. */
#include "providers/host/http_answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/sdk/fail.h"

struct host_answer *host_answer_new(size_t body_max)
{
    struct host_answer *answer = memory_new(1, sizeof *answer);
    answer->body_max = body_max;
    buffer_init(&answer->body);
    buffer_init(&answer->header_text);
    return answer;
}

static void wipe(struct buffer *buffer)
{
    if (buffer->capacity > 0)
        explicit_bzero(buffer->data, buffer->capacity);
    buffer_release(buffer);
}

void host_answer_free(struct host_answer *answer)
{
    wipe(&answer->body);
    wipe(&answer->header_text);
    free(answer->headers);
    free(answer);
}

static int on_prepared(void *context, char *remote, char *local, int remote_port, int local_port)
{
    (void)remote, (void)local, (void)remote_port, (void)local_port;
    struct host_answer *answer = context;
    if (answer->sends > 0 && !answer->reads)
        return CURL_PREREQFUNC_ABORT; /* the connection died under the request: the first may have arrived */
    answer->sends++;
    return CURL_PREREQFUNC_OK;
}

/* Growing moves the bytes; what was there must not stay behind, for it may be a token. */
static void append(struct buffer *buffer, const char *bytes, size_t length)
{
    if (buffer->capacity > 0 && buffer->length + length + 1 > buffer->capacity) {
        struct buffer larger = BUFFER_INIT;
        buffer_reserve(&larger, 2 * (buffer->length + length + 1));
        buffer_append(&larger, buffer->data, buffer->length);
        wipe(buffer);
        *buffer = larger;
    }
    buffer_append(buffer, bytes, length);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct host_answer *answer = context;
    size_t length = size * count;
    if (length > answer->body_max - answer->body.length) {
        answer->too_large = true;
        return 0;
    }
    append(&answer->body, bytes, length);
    return length;
}

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && strchr(" \t\r\n", (*text)[*length - 1]) && (*text)[*length - 1] != '\0')
        (*length)--;
    while (*length > 0 && (**text == ' ' || **text == '\t')) {
        (*text)++;
        (*length)--;
    }
}

static void keep_header(struct host_answer *answer, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    if (!colon || memchr(line, '\0', length) || answer->header_count >= HOST_HEADERS_MAX)
        return;
    size_t name_length = (size_t)(colon - line);
    const char *value = colon + 1;
    size_t value_length = length - name_length - 1;
    trim(&line, &name_length);
    trim(&value, &value_length);
    size_t start = answer->header_text.length;
    append(&answer->header_text, line, name_length);
    for (char *c = answer->header_text.data + start; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    append(&answer->header_text, "", 1);
    append(&answer->header_text, value, value_length);
    append(&answer->header_text, "", 1);
    answer->header_count++;
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct host_answer *answer = context;
    size_t length = size * count;
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) { /* those of a 100 or a proxy's CONNECT are not the answer's */
        buffer_clear(&answer->header_text);
        answer->header_count = 0;
        return length;
    }
    if (answer->header_text.length + length > HOST_HEADER_BYTES_MAX) {
        answer->too_large = true;
        return 0;
    }
    keep_header(answer, line, length);
    return length;
}

void host_answer_attach(struct host_answer *answer, CURL *curl)
{
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, answer->trouble);
    curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, on_prepared);
    curl_easy_setopt(curl, CURLOPT_PREREQDATA, answer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
    curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static void make_header_list(struct host_answer *answer)
{
    const char *at = answer->header_text.data;
    answer->headers = memory_new(answer->header_count, sizeof *answer->headers);
    for (size_t i = 0; i < answer->header_count; i++) {
        answer->headers[i].name = at;
        at += strlen(at) + 1;
        answer->headers[i].value = at;
        at += strlen(at) + 1;
    }
}

static void hand_over(struct host_answer *answer, enum provider_http outcome, struct provider_answer *ret_answer)
{
    make_header_list(answer);
    *ret_answer = (struct provider_answer){.outcome = outcome,
                                           .headers = answer->headers,
                                           .header_count = answer->header_count,
                                           .body = answer->body.data,
                                           .body_length = answer->body.length,
                                           .trouble = answer->trouble,
                                           .memory = answer};
}

void host_answer_refuse(struct host_answer *answer, const char *why, struct provider_answer *ret_answer)
{
    sdk_copy_text(answer->trouble, sizeof answer->trouble, why);
    hand_over(answer, PROVIDER_HTTP_NOT_SENT, ret_answer);
}

static enum provider_http outcome_of(const struct host_answer *answer, CURLcode code)
{
    if (code == CURLE_OK)
        return PROVIDER_HTTP_ANSWER;
    if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
        return PROVIDER_HTTP_PIN_MISMATCH;
    if (answer->too_large)
        return PROVIDER_HTTP_TOO_LARGE;
    return answer->sends > 0 ? PROVIDER_HTTP_NO_ANSWER : PROVIDER_HTTP_NOT_SENT;
}

void host_answer_finish(struct host_answer *answer, CURL *curl, CURLcode code, struct provider_answer *ret_answer)
{
    enum provider_http outcome = outcome_of(answer, code);
    long status = 0;
    if (outcome == PROVIDER_HTTP_TOO_LARGE) {
        sdk_copy_text(answer->trouble, sizeof answer->trouble, "it is longer than the bound that was set for it");
        buffer_clear(&answer->body);
    } else if (code != CURLE_OK && answer->trouble[0] == '\0') {
        sdk_copy_text(answer->trouble, sizeof answer->trouble, curl_easy_strerror(code));
    }
    if (outcome == PROVIDER_HTTP_ANSWER || outcome == PROVIDER_HTTP_TOO_LARGE)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    hand_over(answer, outcome, ret_answer);
    ret_answer->status = (int)status;
}
