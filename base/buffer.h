/* A growing run of bytes, always followed by a NUL so that text in it can be used as a C string.
 *
 *     struct buffer b = BUFFER_INIT;  buffer_printf(&b, "%d", 1);  use(b.data);  buffer_release(&b);
 *
 * `data` is never NULL, so an empty buffer reads as "". Not thread-safe. */
#ifndef DROVER_BASE_BUFFER_H
#define DROVER_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *data;      /* owned once capacity > 0 */
    size_t length;   /* bytes before the NUL */
    size_t capacity; /* bytes owned; 0 for the shared empty text */
};

extern char buffer_empty_text[1];
#define BUFFER_INIT                                                                                                    \
    {                                                                                                                  \
        .data = buffer_empty_text, .length = 0, .capacity = 0                                                          \
    }

void buffer_init(struct buffer *buffer);
/* Frees and makes empty again; may be used again after. */
void buffer_release(struct buffer *buffer);
/* Keeps the memory, forgets the content. */
void buffer_clear(struct buffer *buffer);

void buffer_reserve(struct buffer *buffer, size_t additional);
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_byte(struct buffer *buffer, char byte);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

/* Drops the first `length` bytes (at most all). */
void buffer_drop_front(struct buffer *buffer, size_t length);

/* Hands the text over to the caller, who frees it; the buffer is empty after. */
char *buffer_take(struct buffer *buffer);

#endif
