/* Log records: what is said, and how a line of it looks. Where lines go is net's (the sink); who is asked for the time
 * is the caller. No secret may be put into a record: tokens, spec bodies, header values.
 *
 *     struct log_field fields[] = {log_text("region", name), log_duration("after", 30000)};
 *     struct log_record record = {.time_ms = now, .level = LOG_LEVEL_WARN, .module = "federation",
 *                                 .message = "region is dark", .fields = fields, .field_count = 2};
 *     log_format_text(&line, &record);
 *
 * Pure; records are plain data that borrow their texts. */
#ifndef DROVER_BASE_LOG_H
#define DROVER_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* X(constant, word, tag in text lines); syslog.h claims LOG_INFO and the like. */
#define LOG_LEVELS(X)                                                                                                  \
    X(LOG_LEVEL_TRACE, "trace", "[TRACE]")                                                                             \
    X(LOG_LEVEL_DEBUG, "debug", "[DEBUG]")                                                                             \
    X(LOG_LEVEL_INFO, "info", "[INFO] ")                                                                               \
    X(LOG_LEVEL_WARN, "warn", "[WARN] ")                                                                               \
    X(LOG_LEVEL_ERROR, "error", "[ERROR]")

enum log_level {
#define LOG_ENUM(constant, word, tag) constant,
    LOG_LEVELS(LOG_ENUM)
#undef LOG_ENUM
};

/* A text of a message or field is cut here, with "..." after it. */
enum { LOG_TEXT_MAX = 4096 };

enum log_kind { LOG_KIND_TEXT, LOG_KIND_I64, LOG_KIND_DURATION, LOG_KIND_MONEY, LOG_KIND_FLAG };

struct log_field {
    const char *key; /* a plain word of the program's own */
    enum log_kind kind;
    const char *text;
    int64_t number; /* a number, milliseconds, micro-dollars, or 0 and 1 */
};

struct log_field log_text(const char *key, const char *text); /* NULL reads as "" */
struct log_field log_i64(const char *key, int64_t number);
struct log_field log_duration(const char *key, int64_t ms);
struct log_field log_money(const char *key, int64_t uusd);
struct log_field log_flag(const char *key, bool flag);

struct log_record {
    int64_t time_ms; /* since 1970 */
    enum log_level level;
    const char *module;
    const char *message;
    const struct log_field *fields;
    size_t field_count;
};

/* Appends one line with its '\n':
 *     2026-11-22T18:00:00.123Z [WARN]  federation: region is dark: region=aws after=30s
 * Texts with blanks, quotes or '=' stand in quotes; control characters and line breaks never come through. */
void log_format_text(struct buffer *out, const struct log_record *record);

/* Appends one JSON object and '\n': @timestamp, @level, @module, @message, then the fields; durations as text ("30s"),
 * money as decimal text. */
void log_format_json(struct buffer *out, const struct log_record *record);

/* "info"; "error" for a value outside the list. Static. */
const char *log_level_word(enum log_level level);
/* False, and nothing set, for an unknown word. Case counts not. */
bool log_level_parse(const char *word, enum log_level *ret_level);

#endif
