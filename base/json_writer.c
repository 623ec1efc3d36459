/* The streaming writer: commas, indentation, escapes. */
#include "base/json_writer.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/money.h"
#include "base/utf8.h"

struct json_writer json_writer_init(struct buffer *out, bool pretty)
{
    return (struct json_writer){.out = out, .pretty = pretty, .first = true};
}

void json_writer_done(const struct json_writer *writer)
{
    assert(writer->depth == 0 && !writer->has_key);
    (void)writer;
}

static bool in_object(const struct json_writer *writer)
{
    return writer->depth > 0 && (writer->objects >> (writer->depth - 1) & 1u);
}

static void new_line(struct json_writer *writer)
{
    if (!writer->pretty)
        return;
    buffer_append_byte(writer->out, '\n');
    for (unsigned i = 0; i < writer->depth; i++)
        buffer_append(writer->out, "  ", 2);
}

/* What stands before a member: the comma and the line. */
static void separate(struct json_writer *writer)
{
    if (writer->depth == 0)
        return;
    if (!writer->first)
        buffer_append_byte(writer->out, ',');
    writer->first = false;
    new_line(writer);
}

static void before_value(struct json_writer *writer)
{
    assert(in_object(writer) == writer->has_key);
    if (!writer->has_key)
        separate(writer);
    writer->has_key = false;
}

static void begin(struct json_writer *writer, bool object)
{
    before_value(writer);
    assert(writer->depth < JSON_WRITER_DEPTH_MAX);
    uint64_t bit = UINT64_C(1) << writer->depth;
    writer->objects = object ? writer->objects | bit : writer->objects & ~bit;
    writer->depth++;
    writer->first = true;
    buffer_append_byte(writer->out, object ? '{' : '[');
}

static void end(struct json_writer *writer, bool object)
{
    assert(writer->depth > 0 && in_object(writer) == object && !writer->has_key);
    writer->depth--;
    if (!writer->first)
        new_line(writer);
    writer->first = false;
    buffer_append_byte(writer->out, object ? '}' : ']');
}

void json_writer_begin_object(struct json_writer *writer)
{
    begin(writer, true);
}

void json_writer_end_object(struct json_writer *writer)
{
    end(writer, true);
}

void json_writer_begin_array(struct json_writer *writer)
{
    begin(writer, false);
}

void json_writer_end_array(struct json_writer *writer)
{
    end(writer, false);
}

void json_writer_key(struct json_writer *writer, const char *key)
{
    assert(in_object(writer) && !writer->has_key);
    separate(writer);
    json_append_quoted(writer->out, key, strlen(key));
    buffer_append(writer->out, ": ", writer->pretty ? 2 : 1);
    writer->has_key = true;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static void append_escape(struct buffer *out, char c)
{
    static const char from[] = "\"\\\n\r\t\b\f";
    static const char to[] = "\"\\nrtbf";
    const char *found = c ? strchr(from, c) : NULL;
    if (found) {
        char two[2] = {'\\', to[found - from]};
        buffer_append(out, two, sizeof two);
    } else {
        buffer_printf(out, "\\u%04x", (unsigned)(unsigned char)c);
    }
}

void json_append_quoted(struct buffer *out, const char *text, size_t length)
{
    buffer_reserve(out, length + 2);
    buffer_append_byte(out, '"');
    size_t kept = 0; /* bytes from here to `at` go out as they are */
    size_t at = 0;
    while (at < length) {
        unsigned char c = (unsigned char)text[at];
        uint32_t ignored = 0;
        size_t step = is_plain(c) ? 1 : c >= 0x80 ? utf8_decode(text + at, length - at, &ignored) : 0;
        if (step) {
            at += step;
            continue;
        }
        buffer_append(out, text + kept, at - kept);
        if (c >= 0x80)
            buffer_append(out, "\xEF\xBF\xBD", 3);
        else
            append_escape(out, text[at]);
        kept = ++at;
    }
    buffer_append(out, text + kept, at - kept);
    buffer_append_byte(out, '"');
}

void json_writer_bytes(struct json_writer *writer, const char *text, size_t length)
{
    before_value(writer);
    json_append_quoted(writer->out, text, length);
}

void json_writer_text(struct json_writer *writer, const char *text)
{
    if (text)
        json_writer_bytes(writer, text, strlen(text));
    else
        json_writer_null(writer);
}

void json_writer_i64(struct json_writer *writer, int64_t number)
{
    before_value(writer);
    buffer_printf(writer->out, "%" PRId64, number);
}

void json_writer_u64(struct json_writer *writer, uint64_t number)
{
    before_value(writer);
    buffer_printf(writer->out, "%" PRIu64, number);
}

void json_writer_real(struct json_writer *writer, double number)
{
    before_value(writer);
    if (!isfinite(number)) {
        buffer_append_text(writer->out, "null");
        return;
    }
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    buffer_append_text(writer->out, text);
}

void json_writer_flag(struct json_writer *writer, bool flag)
{
    before_value(writer);
    buffer_append_text(writer->out, flag ? "true" : "false");
}

void json_writer_null(struct json_writer *writer)
{
    before_value(writer);
    buffer_append_text(writer->out, "null");
}

void json_writer_money(struct json_writer *writer, int64_t uusd)
{
    char text[MONEY_TEXT_MAX];
    json_writer_text(writer, money_format(uusd, text));
}

void json_writer_raw(struct json_writer *writer, const char *json, size_t length)
{
    before_value(writer);
    buffer_append(writer->out, json, length);
}

void json_writer_field_text(struct json_writer *writer, const char *key, const char *text)
{
    json_writer_key(writer, key);
    json_writer_text(writer, text);
}

void json_writer_field_i64(struct json_writer *writer, const char *key, int64_t number)
{
    json_writer_key(writer, key);
    json_writer_i64(writer, number);
}

void json_writer_field_u64(struct json_writer *writer, const char *key, uint64_t number)
{
    json_writer_key(writer, key);
    json_writer_u64(writer, number);
}

void json_writer_field_flag(struct json_writer *writer, const char *key, bool flag)
{
    json_writer_key(writer, key);
    json_writer_flag(writer, flag);
}

void json_writer_field_money(struct json_writer *writer, const char *key, int64_t uusd)
{
    json_writer_key(writer, key);
    json_writer_money(writer, uusd);
}
