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
    if (holder != NULL && is_array(holder)) {
        reader->key[0] = '\0';
        return &holder->inside[0];
    }
    const struct shape *pending = reader->pending;
    reader->pending = NULL;
    return pending;
}

bool shape_open(struct shape_reader *reader, bool array)
{
    const struct shape *shape = take_pending(reader);
    if (reader->depth == SHAPE_DEPTH_MAX)
        return false;
    if (shape != NULL && (shape->inside == NULL || is_array(shape) != array)) {
        reader->unmatched += reader->depth == 0;
        shape = NULL;
    }
    reader->stack[reader->depth++] = shape;
    if (shape != NULL && shape->field != 0)
        reader->sink->open(reader->context, shape->field, reader->key);
    return true;
}

bool shape_close(struct shape_reader *reader)
{
    if (reader->depth == 0)
        return false;
    const struct shape *shape = reader->stack[--reader->depth];
    reader->pending = NULL;
    if (shape != NULL && shape->field != 0)
        reader->sink->close(reader->context, shape->field);
    return true;
}

static bool key_is(const char *name, const char *text, size_t length)
{
    return name[0] == text[0] && strncmp(name, text, length) == 0 && name[length] == '\0';
}

bool shape_key(struct shape_reader *reader, const char *text, size_t length)
{
    reader->pending = NULL;
    const struct shape *holder = reader->depth == 0 ? NULL : reader->stack[reader->depth - 1];
    if (holder == NULL || length == 0 || length > SHAPE_KEY_MAX || memchr(text, '\0', length) != NULL)
        return true;
    for (const struct shape *member = holder->inside; member->key != NULL; member++) {
        bool any = member->key[0] == '*';
        if (!any && !key_is(member->key, text, length))
            continue;
        memcpy(reader->key, text, length);
        reader->key[length] = '\0';
        reader->pending = member;
        break;
    }
    return true;
}

bool shape_put(struct shape_reader *reader, const struct shape_value *value)
{
    const struct shape *shape = take_pending(reader);
    if (shape == NULL)
        return true;
    if (shape->inside != NULL)
        reader->unmatched += reader->depth == 0;
    else if (shape->field != 0)
        reader->sink->value(reader->context, shape->field, reader->key, value);
    return true;
}
