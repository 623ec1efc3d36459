/* Writing JSON straight into a buffer, without a tree.
 *
 *     struct json_writer w = json_writer_init(&out, false);
 *     json_writer_begin_object(&w);
 *     json_writer_field_text(&w, "ID", id);
 *     json_writer_end_object(&w);
 *     json_writer_done(&w);
 *
 * Wrong nesting (a value where a key belongs, an end that fits no beginning) is a bug of the caller and asserts. Text
 * is escaped; malformed UTF-8 in it becomes U+FFFD, so that the output is always JSON. Pure; not thread-safe. */
#ifndef DROVER_BASE_JSON_WRITER_H
#define DROVER_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum { JSON_WRITER_DEPTH_MAX = 64 };

struct json_writer {
    struct buffer *out; /* borrowed; appended to */
    uint64_t objects;   /* bit d: level d is an object and not an array */
    unsigned depth;
    bool pretty;  /* indented by two blanks */
    bool first;   /* nothing stands in the innermost object or array yet */
    bool has_key; /* a key waits for its value */
};

struct json_writer json_writer_init(struct buffer *out, bool pretty);
/* Asserts that all that was begun has ended. Several values may follow one another (NDJSON: the caller appends '\n').
 */
void json_writer_done(const struct json_writer *writer);

void json_writer_begin_object(struct json_writer *writer);
void json_writer_end_object(struct json_writer *writer);
void json_writer_begin_array(struct json_writer *writer);
void json_writer_end_array(struct json_writer *writer);
void json_writer_key(struct json_writer *writer, const char *key);

/* NULL writes null. */
void json_writer_text(struct json_writer *writer, const char *text);
void json_writer_bytes(struct json_writer *writer, const char *text, size_t length);
void json_writer_i64(struct json_writer *writer, int64_t number);
void json_writer_u64(struct json_writer *writer, uint64_t number);
/* Shortest decimal that reads back as the same double; null where it is not finite. */
void json_writer_real(struct json_writer *writer, double number);
void json_writer_flag(struct json_writer *writer, bool flag);
void json_writer_null(struct json_writer *writer);
/* Decimal text in quotes: "0.096". */
void json_writer_money(struct json_writer *writer, int64_t uusd);
/* A value that is JSON already (checked or made by the caller). */
void json_writer_raw(struct json_writer *writer, const char *json, size_t length);

/* A key and its value in one. */
void json_writer_field_text(struct json_writer *writer, const char *key, const char *text);
void json_writer_field_i64(struct json_writer *writer, const char *key, int64_t number);
void json_writer_field_u64(struct json_writer *writer, const char *key, uint64_t number);
void json_writer_field_flag(struct json_writer *writer, const char *key, bool flag);
void json_writer_field_money(struct json_writer *writer, const char *key, int64_t uusd);

/* Appends text as a quoted JSON string, on its own. */
void json_append_quoted(struct buffer *out, const char *text, size_t length);

#endif
