/* Records as bytes: little-endian numbers, length-prefixed text; every read is bounded.
 *
 * A reader that meets an end too early, an over-long text or a bad flag sets `failed` and gives zeros and "" from then
 * on, so a decoder reads all fields and checks once at the end. Versions and checksums are the store's (store/store.h).
 * Pure. */
#ifndef DROVER_BASE_CODEC_H
#define DROVER_BASE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* No text in a record is longer, save spec bodies, which are written as the last, raw part. */
enum { CODEC_TEXT_MAX = 4096 };

void codec_put_u8(struct buffer *out, uint8_t value);
void codec_put_u32(struct buffer *out, uint32_t value);
void codec_put_u64(struct buffer *out, uint64_t value);
void codec_put_i64(struct buffer *out, int64_t value);
void codec_put_flag(struct buffer *out, bool value);
/* Longer text is cut at CODEC_TEXT_MAX bytes. */
void codec_put_text(struct buffer *out, const char *text);

struct codec_reader {
    const char *at;
    size_t left;
    bool failed;
};

struct codec_reader codec_reader_init(const void *bytes, size_t length);
uint8_t codec_get_u8(struct codec_reader *reader);
uint32_t codec_get_u32(struct codec_reader *reader);
uint64_t codec_get_u64(struct codec_reader *reader);
int64_t codec_get_i64(struct codec_reader *reader);
bool codec_get_flag(struct codec_reader *reader);
/* A count of things that follow, refused (failed, 0) above `most` or when fewer bytes than things are left. */
uint32_t codec_get_count(struct codec_reader *reader, uint32_t most);
/* Text as a fresh NUL-terminated copy the caller frees; a NUL inside fails the reader. Never NULL. */
char *codec_get_text(struct codec_reader *reader);
/* True when nothing failed and nothing is left over. */
bool codec_reader_done(const struct codec_reader *reader);

#endif
