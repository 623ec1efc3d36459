/* Walks a tree of wanted names along a stream of JSON tokens. See shape.h. */
#include "controller/federation/shape.h"

#include <string.h>

void shape_reader_init(struct shape_reader *reader, const struct shape *root, const struct shape_sink *sink,
                       void *context)
{
    memset(reader, 0, sizeof *reader);
    reader->root = root;
    reader->sink = sink;
    reader->context = context;
}

static bool is_array(const struct shape *shape)
{
    return shape->inside != NULL && shape->inside[0].key != NULL && strcmp(shape->inside[0].key, "[]") == 0;
}

/* What the value that now begins is: the root, an element, or the member whose key came just before. */
static const struct shape *take_pending(struct shape_reader *reader)
{
    if (reader->depth == 0) {
        reader->key[0] = '\0';
        return reader->root;
    }
    const struct shape *holder = reader->stack[reader->depth - 1];
    if (is_array(holder)) {
        reader->key[0] = '\0';
        return &holder->inside[0];
    }
    const struct shape *pending = reader->pending;
    reader->pending = NULL;
    return pending;
}

static int open_container(struct shape_reader *reader, bool array)
{
    const struct shape *shape = take_pending(reader);
    if (shape == NULL || shape->inside == NULL || is_array(shape) != array) {
        reader->unmatched += reader->depth == 0;
        return JSON_STREAM_SKIP;
    }
    reader->stack[reader->depth++] = shape;
    if (shape->field != 0)
        reader->sink->open(reader->context, shape->field, reader->key);
    return 0;
}

static int open_object(void *context, const struct json_stream_at *at)
{
    (void)at;
    return open_container(context, false);
}

static int open_array(void *context, const struct json_stream_at *at)
{
    (void)at;
    return open_container(context, true);
}

static bool close_container(void *context, const struct json_stream_at *at)
{
    (void)at;
    struct shape_reader *reader = context;
    const struct shape *shape = reader->stack[--reader->depth];
    reader->pending = NULL;
    return shape->field == 0 || reader->sink->close(reader->context, shape->field);
}

static bool key_is(const char *name, const char *text, size_t length)
{
    return strncmp(name, text, length) == 0 && name[length] == '\0';
}

static int take_key(void *context, const struct json_stream_at *at, const char *text, size_t length)
{
    (void)at;
    struct shape_reader *reader = context;
    if (length > SHAPE_KEY_MAX)
        return JSON_STREAM_SKIP;
    for (const struct shape *member = reader->stack[reader->depth - 1]->inside; member->key != NULL; member++) {
        if (member->key[0] != '*' && (member->key[0] != text[0] || !key_is(member->key, text, length)))
            continue;
        memcpy(reader->key, text, length);
        reader->key[length] = '\0';
        reader->pending = member;
        return 0;
    }
    return JSON_STREAM_SKIP;
}

static bool put(struct shape_reader *reader, const struct shape_value *value)
{
    const struct shape *shape = take_pending(reader);
    if (shape->inside != NULL)
        reader->unmatched += reader->depth == 0;
    else if (shape->field != 0)
        reader->sink->value(reader->context, shape->field, reader->key, value);
    return true;
}

static bool put_text(void *context, const struct json_stream_at *at, const char *text, size_t length)
{
    (void)at;
    return put(context, &(struct shape_value){.kind = SHAPE_TEXT, .text = text, .length = length});
}

static bool put_integer(void *context, const struct json_stream_at *at, int64_t number)
{
    (void)at;
    return put(context, &(struct shape_value){.kind = SHAPE_NUMBER, .number = number, .whole = true});
}

static bool put_number(void *context, const struct json_stream_at *at, const char *digits, size_t length)
{
    (void)at;
    (void)digits;
    (void)length;
    return put(context, &(struct shape_value){.kind = SHAPE_NUMBER});
}

static bool put_flag(void *context, const struct json_stream_at *at, bool flag)
{
    (void)at;
    return put(context, &(struct shape_value){.kind = SHAPE_FLAG, .flag = flag});
}

static bool put_null(void *context, const struct json_stream_at *at)
{
    (void)at;
    return put(context, &(struct shape_value){.kind = SHAPE_NULL});
}

const struct json_stream_handler SHAPE_HANDLER = {
    .begin_object = open_object,
    .end_object = close_container,
    .begin_array = open_array,
    .end_array = close_container,
    .key = take_key,
    .text = put_text,
    .integer = put_integer,
    .number = put_number,
    .flag = put_flag,
    .null = put_null,
};
