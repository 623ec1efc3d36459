/* What comes back: headers and body as libcurl hands them on, their bounds, and the sentence that says how the exchange
 * ended. The one question that must never be answered wrongly: can the request have taken effect? It can from the
 * moment libcurl is about to write it to a connection (CURLOPT_PREREQFUNCTION). */
#include "net/http_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "net/clock.h"

enum {
    FIRST_LINE_MAX = 240, /* of an error's body, bytes in the error text */
    TOKEN_HIDE_MIN = 4,   /* a shorter token would be found everywhere */
    PATH_SHOWN_MAX = 300, /* of a request's path in errors, bytes */
};

void http_answer_init(struct http_answer *answer, const struct http_target *target, const struct http_request *request)
{
    *answer = (struct http_answer){.request = *request, .body = BUFFER_INIT};
    answer->request.path = NULL;
    answer->request.body = NULL;
    const char *path = request->path ? request->path : "";
    size_t length = strcspn(path, "?#");
    struct buffer where = BUFFER_INIT;
    buffer_printf(&where, "%s %s%.*s%s", http_method_word(request->method), target->address,
                  (int)(length > PATH_SHOWN_MAX ? PATH_SHOWN_MAX : length), path, length > PATH_SHOWN_MAX ? "..." : "");
    answer->where = buffer_take(&where);
}

void http_answer_release(struct http_answer *answer)
{
    if (answer->token)
        explicit_bzero(answer->token, strlen(answer->token));
    free(answer->token);
    free(answer->where);
    buffer_release(&answer->body);
}

static void clear_result(struct http_result *result)
{
    *result = (struct http_result){.body = ""};
}

static int on_prepared(void *context, char *remote, char *local, int remote_port, int local_port)
{
    (void)remote, (void)local, (void)remote_port, (void)local_port;
    struct http_answer *answer = context;
    if (answer->ended)
        return CURL_PREREQFUNC_ABORT;
    /* A second time means that a pooled connection died under the request and libcurl wants to send it again. The
     * server may have acted on the first, so that is for reads only. */
    if (answer->sends && answer->request.method != HTTP_GET) {
        error_set(&answer->failure, ERROR_UNREACHABLE,
                  "the connection was closed before an answer came; a request that changes things is not sent twice");
        return CURL_PREREQFUNC_ABORT;
    }
    answer->sends++;
    answer->sent_us = answer->last_active_us = clock_monotonic_us();
    return CURL_PREREQFUNC_OK;
}

static bool stop_too_large(struct http_answer *answer, const char *what, size_t maximum)
{
    return error_set(&answer->failure, ERROR_TOO_LARGE, "%s over %zu bytes", what, maximum);
}

static bool parse_index(const char *value, size_t length, uint64_t *ret_index)
{
    uint64_t index = 0;
    for (size_t i = 0; i < length; i++) {
        if (value[i] < '0' || value[i] > '9' || __builtin_mul_overflow(index, (uint64_t)10, &index) ||
            __builtin_add_overflow(index, (uint64_t)(value[i] - '0'), &index))
            return false;
    }
    if (length)
        *ret_index = index;
    return length > 0;
}

static void take_index(struct http_answer *answer, const char *value, size_t length)
{
    struct http_result *result = &answer->result;
    uint64_t index = 0;
    bool good = parse_index(value, length, &index) && (!result->index_present || result->index == index) &&
                !result->index_malformed;
    result->index = good ? index : 0;
    result->index_present = good;
    result->index_malformed = !good;
}

static bool take_next_token(struct http_answer *answer, const char *value, size_t length)
{
    if (length >= HTTP_NEXT_TOKEN_MAX)
        return stop_too_large(answer, "a next-page token", HTTP_NEXT_TOKEN_MAX - 1);
    for (size_t i = 0; i < length; i++)
        if (value[i] < ' ' || value[i] > '~')
            return error_set(&answer->failure, ERROR_INVALID, "a next-page token that is not printable ASCII");
    memcpy(answer->result.next_token, value, length);
    answer->result.next_token[length] = '\0';
    return true;
}

static void take_content_type(struct http_answer *answer, const char *value, size_t length)
{
    char *type = answer->result.content_type;
    if (length >= HTTP_CONTENT_TYPE_MAX)
        length = HTTP_CONTENT_TYPE_MAX - 1;
    for (size_t i = 0; i < length; i++)
        type[i] = value[i] >= ' ' && value[i] <= '~' ? value[i] : '?';
    type[length] = '\0';
}

static bool name_is(const char *line, size_t length, const char *name)
{
    return length == strlen(name) && strncasecmp(line, name, length) == 0;
}

static bool take_field(struct http_answer *answer, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    if (!colon)
        return true;
    size_t name_length = (size_t)(colon - line);
    const char *value = colon + 1;
    size_t value_length = length - name_length - 1;
    while (value_length && (*value == ' ' || *value == '\t')) {
        value++;
        value_length--;
    }
    while (value_length && (value[value_length - 1] == ' ' || value[value_length - 1] == '\t'))
        value_length--;
    if (name_is(line, name_length, "X-Nomad-Index") || name_is(line, name_length, "X-Consul-Index") ||
        name_is(line, name_length, "X-Drover-Index"))
        take_index(answer, value, value_length);
    else if (name_is(line, name_length, "X-Nomad-Nexttoken"))
        return take_next_token(answer, value, value_length);
    else if (name_is(line, name_length, "Content-Type"))
        take_content_type(answer, value, value_length);
    return true;
}

/* "HTTP/1.1 200 OK": libcurl has already refused what is no status line. */
static void take_status_line(struct http_answer *answer, const char *line, size_t length)
{
    uint64_t round_trip_us = answer->result.round_trip_us;
    clear_result(&answer->result);
    answer->result.round_trip_us = round_trip_us;
    const char *space = memchr(line, ' ', length);
    int status = 0;
    if (space && length - (size_t)(space - line) >= 4)
        for (int i = 1; i <= 3 && space[i] >= '0' && space[i] <= '9'; i++)
            status = status * 10 + (space[i] - '0');
    answer->result.status = status >= 100 && status <= 599 ? status : 0;
}

static void note_activity(struct http_answer *answer)
{
    answer->last_active_us = clock_monotonic_us();
    if (!answer->result.round_trip_us && answer->sent_us && answer->last_active_us > answer->sent_us)
        answer->result.round_trip_us = (uint64_t)(answer->last_active_us - answer->sent_us);
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct http_answer *answer = context;
    size_t whole = size * count, length = whole;
    if (answer->ended)
        return 0;
    note_activity(answer);
    answer->header_bytes += whole;
    if (answer->header_bytes > HTTP_HEADERS_MAX) {
        stop_too_large(answer, "headers", HTTP_HEADERS_MAX);
        return 0;
    }
    if (answer->headers_done) /* trailers say nothing here */
        return whole;
    while (length && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        length--;
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        take_status_line(answer, line, length);
        return whole;
    }
    if (length)
        return take_field(answer, line, length) ? whole : 0;
    if (answer->result.status < 200) /* an interim answer: the final one follows (RFC 9110 15.2) */
        return whole;
    answer->headers_done = true;
    if (answer->request.on_headers)
        answer->request.on_headers(answer->request.context, answer->result.status);
    return answer->ended ? 0 : whole;
}

static bool is_success(const struct http_answer *answer)
{
    return answer->result.status >= 200 && answer->result.status <= 299;
}

static size_t body_limit(const struct http_answer *answer)
{
    if (!is_success(answer))
        return HTTP_BODY_MAX_DEFAULT; /* only the first HTTP_ERROR_BODY_MAX are kept */
    if (answer->request.body_max)
        return answer->request.body_max;
    return answer->request.on_data ? SIZE_MAX : HTTP_BODY_MAX_DEFAULT;
}

static bool take_body(struct http_answer *answer, const char *bytes, size_t length)
{
    if (!is_success(answer)) {
        size_t room = HTTP_ERROR_BODY_MAX - answer->body.length;
        buffer_append(&answer->body, bytes, length < room ? length : room);
        return true;
    }
    if (!answer->request.on_data) {
        buffer_append(&answer->body, bytes, length);
        return true;
    }
    bool more = answer->request.on_data(answer->request.context, bytes, length);
    if (!more && !answer->ended)
        answer->stopped = true;
    return more && !answer->ended;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_answer *answer = context;
    size_t length = size * count;
    if (answer->ended)
        return length + 1;
    note_activity(answer);
    if (answer->request.on_data && answer->has_turn && !answer->has_turn(answer->turn_context, length))
        return CURL_WRITEFUNC_PAUSE;
    size_t limit = body_limit(answer);
    if (limit != SIZE_MAX && answer->result.received + length > limit) {
        stop_too_large(answer, "a body", limit);
        return length + 1;
    }
    answer->result.received += length;
    return take_body(answer, bytes, length) ? length : length + 1;
}

void http_answer_attach(struct http_answer *answer, CURL *easy)
{
    clear_result(&answer->result);
    answer->last_active_us = clock_monotonic_us();
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, answer->curl_text);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_prepared);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, answer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, answer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
}

/* The first line of a text that a server or libcurl wrote, made safe for one line of log: printable, cut, token hidden.
 * What is not ASCII is shown as '?', so that no sequence is cut and none is invalid. */
static void copy_first_line(const struct http_answer *answer, const char *text, char ret_line[FIRST_LINE_MAX + 1])
{
    while (*text == '\r' || *text == '\n' || *text == ' ' || *text == '\t')
        text++;
    size_t length = strcspn(text, "\r\n");
    if (answer->token && strlen(answer->token) >= TOKEN_HIDE_MIN &&
        memmem(text, length, answer->token, strlen(answer->token))) {
        strcpy(ret_line, "(hidden: it repeats the token)");
        return;
    }
    if (length > FIRST_LINE_MAX)
        length = FIRST_LINE_MAX;
    for (size_t i = 0; i < length; i++)
        ret_line[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    while (length && ret_line[length - 1] == ' ')
        length--;
    ret_line[length] = '\0';
}

static enum error_code code_of_status(int status)
{
    switch (status) {
    case 401:
    case 403:
        return ERROR_DENIED;
    case 404:
    case 410:
        return ERROR_NOT_FOUND;
    case 409:
    case 412:
        return ERROR_CONFLICT;
    case 408:
    case 504:
        return ERROR_TIMEOUT;
    case 413:
        return ERROR_TOO_LARGE;
    case 429:
    case 503:
        return ERROR_BUSY;
    case 501:
        return ERROR_UNSUPPORTED;
    default:
        return status >= 500 ? ERROR_UNREACHABLE : ERROR_INVALID;
    }
}

static enum error_code code_of_curl(CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return ERROR_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
        return ERROR_DENIED;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
        return ERROR_INVALID;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
        return ERROR_SYSTEM;
    default:
        return ERROR_UNREACHABLE;
    }
}

static void say_status(struct http_answer *answer)
{
    int status = answer->result.status;
    char line[FIRST_LINE_MAX + 1];
    copy_first_line(answer, answer->body.data, line);
    if (status >= 300 && status <= 399)
        snprintf(line, sizeof line, "a redirect, which is not followed; is this the right address?");
    error_set(&answer->result.error, code_of_status(status), "%s: HTTP %d%s%s", answer->where, status,
              line[0] ? ": " : "", line);
}

static void say_failure(struct http_answer *answer, CURLcode code)
{
    char line[FIRST_LINE_MAX + 1];
    copy_first_line(answer, answer->curl_text[0] ? answer->curl_text : curl_easy_strerror(code), line);
    error_set(&answer->result.error, code_of_curl(code), "%s: %s", answer->where, line);
}

static void set_body(struct http_answer *answer)
{
    answer->result.body = answer->body.data;
    answer->result.body_length = answer->body.length;
}

void http_answer_conclude(struct http_answer *answer, CURLcode code)
{
    struct http_result *result = &answer->result;
    set_body(answer);
    if (answer->stopped) {
        result->outcome = HTTP_STOPPED_HERE;
        error_set(&result->error, ERROR_INVALID, "%s: stopped by the reader of its answer", answer->where);
    } else if (answer->failure.code != ERROR_NONE) {
        http_answer_conclude_error(answer, &answer->failure);
    } else if (code == CURLE_OK && answer->headers_done && result->status) {
        result->outcome = HTTP_ANSWERED;
        if (!is_success(answer))
            say_status(answer);
    } else if (code == CURLE_OK) {
        struct error error = {0};
        error_set(&error, ERROR_INVALID, "what came is no HTTP answer");
        http_answer_conclude_error(answer, &error);
    } else {
        result->outcome = answer->sends ? HTTP_LOST : HTTP_NOT_SENT;
        say_failure(answer, code);
    }
}

void http_answer_conclude_error(struct http_answer *answer, const struct error *error)
{
    struct http_result *result = &answer->result;
    set_body(answer);
    result->outcome = answer->sends ? HTTP_LOST : HTTP_NOT_SENT;
    struct error copy = *error;
    error_prefix(&copy, "%s", answer->where);
    result->error = copy;
}

static int64_t after_ms(int64_t moment_us, int64_t ms)
{
    return moment_us + ms * 1000;
}

/* Until the request is written, silence is measured from the start and the time to connect is granted besides. */
static int64_t idle_deadline_us(const struct http_answer *answer, int64_t started_us)
{
    const struct http_request *request = &answer->request;
    if (!request->idle_timeout_ms)
        return INT64_MAX;
    if (answer->sends)
        return after_ms(answer->last_active_us, request->idle_timeout_ms);
    uint32_t connect_ms = request->connect_timeout_ms ? request->connect_timeout_ms : HTTP_CONNECT_TIMEOUT_MS;
    return after_ms(started_us, (int64_t)request->idle_timeout_ms + connect_ms);
}

int64_t http_answer_deadline_us(const struct http_answer *answer, int64_t started_us)
{
    int64_t whole = answer->request.timeout_ms ? after_ms(started_us, answer->request.timeout_ms) : INT64_MAX;
    int64_t idle = idle_deadline_us(answer, started_us);
    return whole < idle ? whole : idle;
}

void http_answer_timed_out(const struct http_answer *answer, int64_t started_us, int64_t now_us,
                           struct error *ret_error)
{
    const char *missing = "the request could not be sent";
    if (answer->headers_done)
        missing = "the answer is not whole";
    else if (answer->sends)
        missing = "no answer";
    if (idle_deadline_us(answer, started_us) <= now_us)
        error_set(ret_error, ERROR_TIMEOUT, "%s, and silence for %u ms", missing, answer->request.idle_timeout_ms);
    else
        error_set(ret_error, ERROR_TIMEOUT, "%s within %u ms", missing, answer->request.timeout_ms);
}
