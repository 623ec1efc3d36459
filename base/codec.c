#include "base/codec.h"

#include <string.h>

#include "base/memory.h"

static void put_number(struct buffer *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        buffer_append_byte(out, (char)(unsigned char)(value >> (8 * i)));
}

void codec_put_u8(struct buffer *out, uint8_t value)
{
    put_number(out, value, 1);
}

void codec_put_u32(struct buffer *out, uint32_t value)
{
    put_number(out, value, 4);
}

void codec_put_u64(struct buffer *out, uint64_t value)
{
    put_number(out, value, 8);
}

void codec_put_i64(struct buffer *out, int64_t value)
{
    put_number(out, (uint64_t)value, 8);
}

void codec_put_flag(struct buffer *out, bool value)
{
    codec_put_u8(out, value ? 1 : 0);
}

void codec_put_text(struct buffer *out, const char *text)
{
    size_t length = strnlen(text, CODEC_TEXT_MAX);
    codec_put_u32(out, (uint32_t)length);
    buffer_append(out, text, length);
}

struct codec_reader codec_reader_init(const void *bytes, size_t length)
{
    return (struct codec_reader){.at = bytes, .left = length, .failed = false};
}

/* The next `length` bytes, or NULL and failed. */
static const unsigned char *take(struct codec_reader *reader, size_t length)
{
    if (reader->failed || length > reader->left) {
        reader->failed = true;
        return NULL;
    }
    const unsigned char *bytes = (const unsigned char *)reader->at;
    reader->at += length;
    reader->left -= length;
    return bytes;
}

static uint64_t get_number(struct codec_reader *reader, unsigned bytes)
{
    const unsigned char *at = take(reader, bytes);
    uint64_t value = 0;
    for (unsigned i = 0; at && i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

uint8_t codec_get_u8(struct codec_reader *reader)
{
    return (uint8_t)get_number(reader, 1);
}

uint32_t codec_get_u32(struct codec_reader *reader)
{
    return (uint32_t)get_number(reader, 4);
}

uint64_t codec_get_u64(struct codec_reader *reader)
{
    return get_number(reader, 8);
}

int64_t codec_get_i64(struct codec_reader *reader)
{
    return (int64_t)get_number(reader, 8);
}

bool codec_get_flag(struct codec_reader *reader)
{
    uint8_t value = codec_get_u8(reader);
    if (value > 1)
        reader->failed = true;
    return value == 1;
}

uint32_t codec_get_count(struct codec_reader *reader, uint32_t most)
{
    uint32_t count = codec_get_u32(reader);
    if (count > most || count > reader->left)
        reader->failed = true;
    return reader->failed ? 0 : count;
}

char *codec_get_text(struct codec_reader *reader)
{
    uint32_t length = codec_get_u32(reader);
    const unsigned char *bytes = length <= CODEC_TEXT_MAX ? take(reader, length) : NULL;
    if (!bytes || memchr(bytes, 0, length)) {
        reader->failed = true;
        return memory_copy_text("", 0);
    }
    return memory_copy_text((const char *)bytes, length);
}

bool codec_reader_done(const struct codec_reader *reader)
{
    return !reader->failed && reader->left == 0;
}
