/* Log lines, for people and as JSON. */
#include "base/log.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/json_writer.h"
#include "base/money.h"
#include "base/text.h"
#include "base/time.h"

struct log_field log_text(const char *key, const char *text)
{
    return (struct log_field){.key = key, .kind = LOG_KIND_TEXT, .text = text ? text : ""};
}

struct log_field log_i64(const char *key, int64_t number)
{
    return (struct log_field){.key = key, .kind = LOG_KIND_I64, .number = number};
}

struct log_field log_duration(const char *key, int64_t ms)
{
    return (struct log_field){.key = key, .kind = LOG_KIND_DURATION, .number = ms};
}

struct log_field log_money(const char *key, int64_t uusd)
{
    return (struct log_field){.key = key, .kind = LOG_KIND_MONEY, .number = uusd};
}

struct log_field log_flag(const char *key, bool flag)
{
    return (struct log_field){.key = key, .kind = LOG_KIND_FLAG, .number = flag};
}

static const char *level_tag(enum log_level level)
{
    switch (level) {
#define LOG_TAG(constant, word, tag)                                                                                   \
    case constant:                                                                                                     \
        return tag;
        LOG_LEVELS(LOG_TAG)
#undef LOG_TAG
    }
    return "[ERROR]";
}

const char *log_level_word(enum log_level level)
{
    switch (level) {
#define LOG_WORD(constant, word, tag)                                                                                  \
    case constant:                                                                                                     \
        return word;
        LOG_LEVELS(LOG_WORD)
#undef LOG_WORD
    }
    return "error";
}

bool log_level_parse(const char *word, enum log_level *ret_level)
{
#define LOG_PARSE(constant, level_word, tag)                                                                           \
    if (strcasecmp(word, level_word) == 0) {                                                                           \
        *ret_level = constant;                                                                                         \
        return true;                                                                                                   \
    }
    LOG_LEVELS(LOG_PARSE)
#undef LOG_PARSE
    return false;
}

/* Bytes of the text that are shown; never ends inside a UTF-8 sequence. */
static size_t shown_length(const char *text)
{
    size_t length = strnlen(text, LOG_TEXT_MAX + 1);
    if (length <= LOG_TEXT_MAX)
        return length;
    length = LOG_TEXT_MAX;
    while (length > 0 && ((unsigned char)text[length] & 0xC0u) == 0x80u)
        length--;
    return length;
}

static void append_shown(struct buffer *out, const char *text, bool escape_quotes)
{
    size_t length = shown_length(text);
    text_append_visible(out, text, length, escape_quotes);
    buffer_append_text(out, text[length] ? "..." : "");
}

static void append_text_value(struct buffer *out, const char *text)
{
    bool quoted = text[0] == '\0' || strpbrk(text, " \"=\\\n\r\t") != NULL;
    buffer_append(out, "\"", quoted);
    append_shown(out, text, quoted);
    buffer_append(out, "\"", quoted);
}

/* Room for a moment, a duration or an amount. */
enum { NUMBER_ROOM = 64 };
_Static_assert((int)NUMBER_ROOM >= (int)MONEY_TEXT_MAX && (int)NUMBER_ROOM >= (int)TEXT_DURATION_MAX,
               "one room serves all");

/* A field that is not text, as text. */
static const char *number_text(const struct log_field *field, char text[static NUMBER_ROOM])
{
    if (field->kind == LOG_KIND_DURATION)
        return text_format_duration(field->number, text);
    if (field->kind == LOG_KIND_MONEY)
        return money_format(field->number, text);
    return field->number ? "true" : "false";
}

void log_format_text(struct buffer *out, const struct log_record *record)
{
    char text[NUMBER_ROOM];
    buffer_printf(out, "%s %s %s: ", time_format(record->time_ms, text), level_tag(record->level), record->module);
    append_shown(out, record->message, false);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct log_field *field = &record->fields[i];
        buffer_append_text(out, i == 0 ? ": " : " ");
        text_append_visible(out, field->key, strlen(field->key), false);
        buffer_append_byte(out, '=');
        if (field->kind == LOG_KIND_TEXT)
            append_text_value(out, field->text);
        else if (field->kind == LOG_KIND_I64)
            buffer_printf(out, "%" PRId64, field->number);
        else
            buffer_append_text(out, number_text(field, text));
    }
    buffer_append_byte(out, '\n');
}

static void write_text(struct json_writer *writer, const char *key, const char *text)
{
    size_t length = shown_length(text);
    json_writer_key(writer, key);
    if (!text[length]) {
        json_writer_bytes(writer, text, length);
        return;
    }
    struct buffer cut = BUFFER_INIT;
    buffer_append(&cut, text, length);
    buffer_append_text(&cut, "...");
    json_writer_bytes(writer, cut.data, cut.length);
    buffer_release(&cut);
}

void log_format_json(struct buffer *out, const struct log_record *record)
{
    char text[NUMBER_ROOM];
    struct json_writer writer = json_writer_init(out, false);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "@timestamp", time_format(record->time_ms, text));
    json_writer_field_text(&writer, "@level", log_level_word(record->level));
    json_writer_field_text(&writer, "@module", record->module);
    write_text(&writer, "@message", record->message);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct log_field *field = &record->fields[i];
        if (field->kind == LOG_KIND_TEXT)
            write_text(&writer, field->key, field->text);
        else if (field->kind == LOG_KIND_I64)
            json_writer_field_i64(&writer, field->key, field->number);
        else if (field->kind == LOG_KIND_FLAG)
            json_writer_field_flag(&writer, field->key, field->number != 0);
        else
            json_writer_field_text(&writer, field->key, number_text(field, text));
    }
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    buffer_append_byte(out, '\n');
}
