/* Checking and writing records by their tables. */
#include <string.h>

#include "base/utf8.h"
#include "providers/host/records_private.h"

static const void *at(const void *record, size_t offset)
{
    return (const char *)record + offset;
}

static const char *text_at(const void *record, size_t offset)
{
    const char *text = NULL;
    memcpy(&text, at(record, offset), sizeof text);
    return text;
}

static size_t count_at(const void *record, const struct record_field *field)
{
    size_t count = 0;
    memcpy(&count, at(record, field->count_offset), sizeof count);
    return count;
}

static bool refuse(const struct record_shape *shape, const struct record_field *field, struct error *ret_error,
                   const char *why)
{
    return error_set(ret_error, ERROR_INVALID, "%s: %s %s", shape->word, field->key, why);
}

/* Names hold no control characters at all; other texts may have lines. */
static bool has_control_bytes(const char *text, size_t length, bool lines)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && !(lines && (c == '\n' || c == '\t'))) || c == 0x7F)
            return true;
    }
    return false;
}

static bool check_text(const struct record_shape *shape, const struct record_field *field, const char *text,
                       struct error *ret_error)
{
    if (!text)
        return refuse(shape, field, ret_error, "is NULL");
    size_t most = (size_t)field->most;
    size_t length = strnlen(text, most + 1);
    if (field->kind == RECORD_FIELD_CHARS ? length >= most : length > most)
        return refuse(shape, field, ret_error, "is too long or does not end");
    if (!utf8_valid(text, length))
        return refuse(shape, field, ret_error, "is not UTF-8");
    if (has_control_bytes(text, length, !field->required))
        return refuse(shape, field, ret_error, "holds control characters");
    return length > 0 || !field->required || refuse(shape, field, ret_error, "is empty");
}

static bool check_number(const struct record_shape *shape, const struct record_field *field, const void *record,
                         struct error *ret_error)
{
    int64_t number = 0;
    memcpy(&number, at(record, field->offset), sizeof number);
    if (number == PROVIDER_UNSET && field->may_unset)
        return true;
    if (number < field->least || number > field->most)
        return error_set(ret_error, ERROR_INVALID, "%s: %s is %lld, outside %lld to %lld", shape->word, field->key,
                         (long long)number, (long long)field->least, (long long)field->most);
    return true;
}

static bool check_texts(const struct record_shape *shape, const struct record_field *field, const void *record,
                        struct error *ret_error)
{
    const char *const *texts = NULL;
    memcpy(&texts, at(record, field->offset), sizeof texts);
    size_t count = count_at(record, field);
    if (count > RECORD_LIST_MAX)
        return refuse(shape, field, ret_error, "has too many entries");
    if (field->beside && !texts)
        return true;
    for (size_t i = 0; i < count; i++)
        if (!check_text(shape, field, texts ? texts[i] : NULL, ret_error))
            return false;
    return true;
}

static bool check_pairs(const struct record_shape *shape, const struct record_field *field, const void *record,
                        struct error *ret_error)
{
    const struct provider_identity *pairs = NULL;
    memcpy(&pairs, at(record, field->offset), sizeof pairs);
    size_t count = count_at(record, field);
    if (count > RECORD_LIST_MAX)
        return refuse(shape, field, ret_error, "has too many entries");
    for (size_t i = 0; i < count; i++)
        if (!pairs || !check_text(shape, field, pairs[i].key, ret_error) ||
            !check_text(shape, field, pairs[i].value, ret_error))
            return pairs ? false : refuse(shape, field, ret_error, "is NULL");
    return true;
}

static bool check_field(const struct record_shape *shape, const struct record_field *field, const void *record,
                        struct error *ret_error)
{
    unsigned word = 0;
    switch (field->kind) {
    case RECORD_FIELD_TEXT:
        return check_text(shape, field, text_at(record, field->offset), ret_error);
    case RECORD_FIELD_CHARS:
        return check_text(shape, field, at(record, field->offset), ret_error);
    case RECORD_FIELD_I64:
        return check_number(shape, field, record, ret_error);
    case RECORD_FIELD_FLAG:
        return true;
    case RECORD_FIELD_WORD:
        memcpy(&word, at(record, field->offset), sizeof word);
        return word < field->most || refuse(shape, field, ret_error, "is no known word");
    case RECORD_FIELD_TEXTS:
        return check_texts(shape, field, record, ret_error);
    case RECORD_FIELD_PAIRS:
        return check_pairs(shape, field, record, ret_error);
    }
    return false;
}

bool record_shape_check(const struct record_shape *shape, const void *record, struct error *ret_error)
{
    for (size_t i = 0; i < shape->field_count; i++)
        if (!check_field(shape, &shape->fields[i], record, ret_error))
            return false;
    return true;
}

static void write_texts(struct json_writer *writer, const struct record_field *field, const void *record)
{
    const char *const *texts = NULL;
    memcpy(&texts, at(record, field->offset), sizeof texts);
    json_writer_begin_array(writer);
    for (size_t i = 0; i < count_at(record, field); i++)
        json_writer_text(writer, texts ? texts[i] : "");
    json_writer_end_array(writer);
}

static void write_pairs(struct json_writer *writer, const struct record_field *field, const void *record)
{
    const struct provider_identity *pairs = NULL;
    memcpy(&pairs, at(record, field->offset), sizeof pairs);
    json_writer_begin_array(writer);
    for (size_t i = 0; i < count_at(record, field); i++) {
        json_writer_begin_array(writer);
        json_writer_text(writer, pairs[i].key);
        json_writer_text(writer, pairs[i].value);
        json_writer_end_array(writer);
    }
    json_writer_end_array(writer);
}

static void write_field(struct json_writer *writer, const struct record_field *field, const void *record)
{
    int64_t number = 0;
    unsigned word = 0;
    bool flag = false;
    json_writer_key(writer, field->key);
    switch (field->kind) {
    case RECORD_FIELD_TEXT:
        json_writer_text(writer, text_at(record, field->offset));
        return;
    case RECORD_FIELD_CHARS:
        json_writer_text(writer, at(record, field->offset));
        return;
    case RECORD_FIELD_I64:
        memcpy(&number, at(record, field->offset), sizeof number);
        if (number == PROVIDER_UNSET)
            json_writer_null(writer);
        else
            json_writer_i64(writer, number);
        return;
    case RECORD_FIELD_FLAG:
        memcpy(&flag, at(record, field->offset), sizeof flag);
        json_writer_flag(writer, flag);
        return;
    case RECORD_FIELD_WORD:
        memcpy(&word, at(record, field->offset), sizeof word);
        json_writer_text(writer, field->words[word]);
        return;
    case RECORD_FIELD_TEXTS:
        write_texts(writer, field, record);
        return;
    case RECORD_FIELD_PAIRS:
        write_pairs(writer, field, record);
        return;
    }
}

void record_shape_write(const struct record_shape *shape, struct json_writer *writer, const void *record)
{
    json_writer_begin_object(writer);
    for (size_t i = 0; i < shape->field_count; i++)
        write_field(writer, &shape->fields[i], record);
    json_writer_end_object(writer);
}

bool record_check(enum provider_record kind, const void *record, struct error *ret_error)
{
    return record_shape_check(record_shape_of(kind), record, ret_error);
}

void record_write(struct json_writer *writer, enum provider_record kind, const void *record)
{
    record_shape_write(record_shape_of(kind), writer, record);
}

void record_write_error(struct json_writer *writer, const struct provider_error *error)
{
    record_shape_write(&record_shape_error, writer, error);
}

void record_write_operation(struct json_writer *writer, const struct provider_operation *operation)
{
    record_shape_write(&record_shape_operation, writer, operation);
}
