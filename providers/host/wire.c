/* Frames; see wire.h. */
#include "providers/host/wire.h"

void wire_reader_init(struct wire_reader *reader, size_t max)
{
    *reader = (struct wire_reader){.max = max};
    buffer_init(&reader->bytes);
}

void wire_reader_release(struct wire_reader *reader)
{
    buffer_release(&reader->bytes);
    reader->taken = 0;
}

void wire_reader_feed(struct wire_reader *reader, const char *bytes, size_t length)
{
    buffer_drop_front(&reader->bytes, reader->taken);
    reader->taken = 0;
    buffer_append(&reader->bytes, bytes, length);
}

size_t wire_reader_left(const struct wire_reader *reader)
{
    return reader->bytes.length - reader->taken;
}

enum wire_next wire_reader_next(struct wire_reader *reader, const char **ret_json, size_t *ret_length)
{
    const unsigned char *head = (const unsigned char *)reader->bytes.data + reader->taken;
    if (wire_reader_left(reader) < WIRE_HEAD)
        return WIRE_MORE;
    size_t length = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (length == 0 || length > reader->max)
        return WIRE_BAD;
    if (wire_reader_left(reader) < WIRE_HEAD + length)
        return WIRE_MORE;
    *ret_json = reader->bytes.data + reader->taken + WIRE_HEAD;
    *ret_length = length;
    reader->taken += WIRE_HEAD + length;
    return WIRE_FRAME;
}

void wire_append(struct buffer *out, const char *json, size_t length)
{
    char head[WIRE_HEAD] = {(char)(length >> 24 & 0xFF), (char)(length >> 16 & 0xFF), (char)(length >> 8 & 0xFF),
                            (char)(length & 0xFF)};
    buffer_append(out, head, sizeof head);
    buffer_append(out, json, length);
}
