/* Frames between agent and host: four bytes of length, big-endian, then so many bytes of JSON. Bytes are fed as they
 * come, frames taken as they are whole. Pure; single thread. */
#ifndef DROVER_PROVIDERS_HOST_WIRE_H
#define DROVER_PROVIDERS_HOST_WIRE_H

#include "base/buffer.h"
#include "base/error.h"

enum {
    WIRE_REQUEST_MAX = 64 * 1024 * 1024, /* agent to host: settings, an observed pool with its instances */
    WIRE_MESSAGE_MAX = 128 * 1024,       /* host to agent: so that reading one holds the loop some 3 ms at most */
    WIRE_HEAD = 4,
};

struct wire_reader {
    struct buffer bytes;
    size_t taken; /* of bytes, by frames handed out */
    size_t max;   /* bytes of one frame */
};

enum wire_next { WIRE_FRAME, WIRE_MORE, WIRE_BAD };

void wire_reader_init(struct wire_reader *reader, size_t max);
void wire_reader_release(struct wire_reader *reader);
void wire_reader_feed(struct wire_reader *reader, const char *bytes, size_t length);
/* WIRE_FRAME: the next frame's bytes, valid until the next feed. WIRE_BAD: empty or longer than max; for ever. */
enum wire_next wire_reader_next(struct wire_reader *reader, const char **ret_json, size_t *ret_length);
/* Bytes of a frame that is not whole yet. */
size_t wire_reader_left(const struct wire_reader *reader);

/* Appends one frame. length >= 1, at most WIRE_REQUEST_MAX. */
void wire_append(struct buffer *out, const char *json, size_t length);

#endif
