/* Scripted exchanges: what must be asked, what is answered, and files of them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
// cmocka wants these before it
#include <setjmp.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "net/files.h"
#include "tests/providers/replay_private.h"

static char *copy(const char *text)
{
    return text ? memory_copy_text(text, strlen(text)) : NULL;
}

struct replay_exchange *replay_add(struct replay *replay)
{
    replay->exchanges =
        memory_grow(replay->exchanges, replay->exchange_count, &replay->exchange_capacity, sizeof *replay->exchanges);
    struct replay_exchange *exchange = &replay->exchanges[replay->exchange_count++];
    *exchange = (struct replay_exchange){.outcome = PROVIDER_HTTP_ANSWER};
    return exchange;
}

void replay_answer_header(struct replay_exchange *exchange, const char *name, const char *value)
{
    exchange->headers =
        memory_grow(exchange->headers, exchange->header_count, &exchange->header_capacity, sizeof *exchange->headers);
    char *lower = copy(name);
    for (char *c = lower; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    exchange->headers[exchange->header_count++] = (struct provider_header){lower, copy(value)};
}

static void add_header_lines(struct replay_exchange *exchange, const char *lines)
{
    while (lines && *lines != '\0') {
        size_t length = strcspn(lines, "\n");
        size_t name = strcspn(lines, ":");
        if (name >= length)
            fail_msg("no header line: %.*s", (int)length, lines);
        char *key = memory_copy_text(lines, name);
        const char *value = lines + name + 1;
        value += strspn(value, " ");
        char *text = memory_copy_text(value, (size_t)(lines + length - value));
        replay_answer_header(exchange, key, text);
        free(key);
        free(text);
        lines += length + (lines[length] == '\n');
    }
}

void replay_exchange(struct replay *replay, const char *method, const char *url, const char *body, int status,
                     const char *headers, const char *answer)
{
    struct replay_exchange *exchange = replay_add(replay);
    exchange->method = copy(method);
    exchange->url = copy(url);
    exchange->body = copy(body);
    exchange->status = status;
    exchange->answer = copy(answer);
    add_header_lines(exchange, headers);
}

void replay_silence(struct replay *replay, const char *method, const char *url, const char *body,
                    enum provider_http outcome)
{
    replay_exchange(replay, method, url, body, 0, NULL, NULL);
    replay->exchanges[replay->exchange_count - 1].outcome = outcome;
}

static struct replay_exchange *newest(struct replay *replay)
{
    assert_true(replay->exchange_count > 0);
    return &replay->exchanges[replay->exchange_count - 1];
}

static void want_header(struct replay_exchange *exchange, const char *name, const char *value)
{
    exchange->wanted =
        memory_grow(exchange->wanted, exchange->wanted_count, &exchange->wanted_capacity, sizeof *exchange->wanted);
    exchange->wanted[exchange->wanted_count++] = (struct replay_header){copy(name), copy(value)};
}

void replay_expect_header(struct replay *replay, const char *name, const char *value)
{
    want_header(newest(replay), name, value);
}

void replay_takes(struct replay *replay, int64_t us)
{
    newest(replay)->takes_us = us;
}

size_t replay_left(const struct replay *replay)
{
    return replay->exchange_count - replay->exchange_next;
}

size_t replay_requests(const struct replay *replay)
{
    return replay->request_count;
}

const char *replay_request(const struct replay *replay, size_t at)
{
    return at < replay->request_count ? replay->requests[at] : NULL;
}

void replay_free_exchanges(struct replay *replay)
{
    for (size_t i = 0; i < replay->exchange_count; i++) {
        struct replay_exchange *exchange = &replay->exchanges[i];
        for (size_t j = 0; j < exchange->wanted_count; j++) {
            free(exchange->wanted[j].name);
            free(exchange->wanted[j].value);
        }
        for (size_t j = 0; j < exchange->header_count; j++) {
            free((char *)exchange->headers[j].name);
            free((char *)exchange->headers[j].value);
        }
        free(exchange->wanted);
        free(exchange->headers);
        free(exchange->method);
        free(exchange->url);
        free(exchange->body);
        free(exchange->answer);
    }
    for (size_t i = 0; i < replay->request_count; i++)
        free(replay->requests[i]);
    free(replay->requests);
    free(replay->exchanges);
}

static const char *record_request(struct replay *replay, const struct provider_request *request)
{
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, "%s %s\n", request->method, request->url);
    for (size_t i = 0; i < request->header_count; i++)
        buffer_printf(&text, "%s: %s\n", request->headers[i].name, request->headers[i].value);
    buffer_append_byte(&text, '\n');
    buffer_append(&text, request->body_length > 0 ? request->body : "", request->body_length);
    replay->requests =
        memory_grow(replay->requests, replay->request_count, &replay->request_capacity, sizeof *replay->requests);
    return replay->requests[replay->request_count++] = buffer_take(&text);
}

static bool has_header(const struct provider_request *request, const struct replay_header *wanted)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, wanted->name) == 0 &&
            text_glob(wanted->value, request->headers[i].value))
            return true;
    return false;
}

static void check_request(struct replay *replay, const struct replay_exchange *exchange,
                          const struct provider_request *request, const char *shown)
{
    char *body = memory_copy_text(request->body_length > 0 ? request->body : "", request->body_length);
    bool same = strcmp(exchange->method, request->method) == 0 &&
                (!exchange->url || text_glob(exchange->url, request->url)) &&
                (!exchange->body || text_glob(exchange->body, body));
    free(body);
    if (!same)
        fail_msg("exchange %zu: expected\n%s %s\n%s\nbut was asked\n%s", replay->exchange_next, exchange->method,
                 exchange->url ? exchange->url : "*", exchange->body ? exchange->body : "*", shown);
    for (size_t i = 0; i < exchange->wanted_count; i++)
        if (!has_header(request, &exchange->wanted[i]))
            fail_msg("exchange %zu: header %s: %s is missing in\n%s", replay->exchange_next, exchange->wanted[i].name,
                     exchange->wanted[i].value, shown);
}

void replay_http(void *context, const struct provider_request *request, struct provider_answer *ret_answer)
{
    struct replay *replay = context;
    const char *shown = record_request(replay, request);
    if (replay->exchange_next >= replay->exchange_count)
        fail_msg("no exchange is left, but was asked\n%s", shown);
    struct replay_exchange *exchange = &replay->exchanges[replay->exchange_next];
    check_request(replay, exchange, request, shown);
    replay->exchange_next++;
    replay_advance(replay, exchange->takes_us);
    size_t most = request->answer_max > 0 ? request->answer_max : 16u * 1024 * 1024;
    const char *body = exchange->answer ? exchange->answer : "";
    *ret_answer = (struct provider_answer){.outcome = exchange->outcome,
                                           .status = exchange->status,
                                           .headers = exchange->headers,
                                           .header_count = exchange->header_count,
                                           .body = body,
                                           .body_length = strlen(body),
                                           .trouble = exchange->outcome == PROVIDER_HTTP_ANSWER ? "" : "scripted"};
    if (exchange->outcome == PROVIDER_HTTP_ANSWER && strlen(body) > most)
        *ret_answer = (struct provider_answer){.outcome = PROVIDER_HTTP_TOO_LARGE, .body = "", .trouble = "too long"};
}

/* --- files --------------------------------------------------------------------------------------------------- */

struct script {
    struct replay *replay;
    struct replay_exchange *exchange;
    const char *path;
    unsigned line;
    enum { OUTSIDE, ASK_HEADERS, ASK_BODY, ANSWER_HEADERS, ANSWER_BODY } part;
    struct buffer text; /* the body so far */
    bool has_text;
};

static void bad_line(const struct script *script, const char *line)
{
    fail_msg("%s:%u: unexpected line: %s", script->path, script->line, line);
}

static void take_body(struct script *script, char **ret_body)
{
    if (script->has_text)
        *ret_body = buffer_take(&script->text);
    buffer_clear(&script->text);
    script->has_text = false;
}

static void body_line(struct script *script, const char *text)
{
    if (script->has_text)
        buffer_append_byte(&script->text, '\n');
    buffer_append_text(&script->text, text);
    script->has_text = true;
}

static void end_exchange(struct script *script)
{
    if (script->part == ANSWER_BODY)
        take_body(script, &script->exchange->answer);
    else if (script->part != OUTSIDE && script->part != ANSWER_HEADERS)
        fail_msg("%s:%u: an exchange without an answer", script->path, script->line);
    script->part = OUTSIDE;
}

static void split_header(struct script *script, const char *text, char **ret_name, const char **ret_value)
{
    size_t name = strcspn(text, ":");
    if (text[name] == '\0')
        bad_line(script, text);
    *ret_name = memory_copy_text(text, name);
    *ret_value = text + name + 1 + strspn(text + name + 1, " ");
}

static void ask_line(struct script *script, const char *text)
{
    char *name = NULL;
    const char *value = NULL;
    if (script->part == ANSWER_HEADERS || script->part == ANSWER_BODY)
        end_exchange(script);
    switch (script->part) {
    case OUTSIDE: {
        size_t method = strcspn(text, " ");
        script->exchange = replay_add(script->replay);
        script->exchange->method = memory_copy_text(text, method);
        script->exchange->url = text[method] == ' ' ? copy(text + method + 1) : NULL;
        script->part = ASK_HEADERS;
        return;
    }
    case ASK_HEADERS:
        if (*text == '\0') {
            script->part = ASK_BODY;
            return;
        }
        split_header(script, text, &name, &value);
        want_header(script->exchange, name, value);
        free(name);
        return;
    case ASK_BODY:
        body_line(script, text);
        return;
    case ANSWER_HEADERS:
    case ANSWER_BODY:
        break;
    }
    bad_line(script, text);
}

static void first_answer_line(struct script *script, const char *text)
{
    static const struct {
        const char *word;
        enum provider_http outcome;
    } silences[] = {{"NO_ANSWER", PROVIDER_HTTP_NO_ANSWER},
                    {"NOT_SENT", PROVIDER_HTTP_NOT_SENT},
                    {"TOO_LARGE", PROVIDER_HTTP_TOO_LARGE},
                    {"PIN_MISMATCH", PROVIDER_HTTP_PIN_MISMATCH}};
    take_body(script, &script->exchange->body);
    script->part = ANSWER_HEADERS;
    for (size_t i = 0; i < sizeof silences / sizeof *silences; i++)
        if (strcmp(silences[i].word, text) == 0) {
            script->exchange->outcome = silences[i].outcome;
            return;
        }
    script->exchange->status = atoi(text);
    if (script->exchange->status < 100 || script->exchange->status > 599)
        bad_line(script, text);
}

static void answer_line(struct script *script, const char *text)
{
    char *name = NULL;
    const char *value = NULL;
    switch (script->part) {
    case ASK_HEADERS:
    case ASK_BODY:
        first_answer_line(script, text);
        return;
    case ANSWER_HEADERS:
        if (*text == '\0') {
            script->part = ANSWER_BODY;
            return;
        }
        split_header(script, text, &name, &value);
        replay_answer_header(script->exchange, name, value);
        free(name);
        return;
    case ANSWER_BODY:
        body_line(script, text);
        return;
    case OUTSIDE:
        break;
    }
    bad_line(script, text);
}

static void script_line(struct script *script, const char *line)
{
    const char *text = line[0] != '\0' && line[1] == ' ' ? line + 2 : line + (line[0] != '\0');
    script->line++;
    if (line[0] == '>' && (line[1] == ' ' || line[1] == '\0'))
        ask_line(script, text);
    else if (line[0] == '<' && (line[1] == ' ' || line[1] == '\0'))
        answer_line(script, text);
    else if (line[0] != '#' && line[0] != '\0')
        bad_line(script, line);
}

void replay_load(struct replay *replay, const char *path)
{
    struct buffer whole = BUFFER_INIT;
    struct buffer full = BUFFER_INIT;
    struct error error = {0};
    buffer_printf(&full, "%s/%s", DROVER_SOURCE_DIR, path);
    if (!file_read(path[0] == '/' ? path : full.data, 16 * 1024 * 1024, &whole, &error))
        fail_msg("%s", error.text);
    struct script script = {.replay = replay, .path = path, .text = BUFFER_INIT};
    char *rest = NULL;
    for (char *at = whole.data; at && *at != '\0'; at = rest) {
        size_t length = strcspn(at, "\n");
        rest = at[length] == '\n' ? at + length + 1 : NULL;
        at[length] = '\0';
        script_line(&script, at);
    }
    end_exchange(&script);
    buffer_release(&script.text);
    buffer_release(&whole);
    buffer_release(&full);
}
