/* Small text helpers that several layers share: globs, percent encoding, "did you mean", numbers, durations, and making
 * hostile text harmless to look at.
 *
 * Pure, thread-safe. Bounds are told at each function. */
#ifndef DROVER_BASE_TEXT_H
#define DROVER_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* True when the whole text matches: '*' stands for any run of characters, the empty one too, '?' for exactly one
 * (UTF-8) character; nothing else is special. At most length(pattern) x length(text) steps, no recursion. */
bool text_glob(const char *pattern, const char *text);

/* True when the text begins, ends with the given one. */
bool text_starts_with(const char *text, const char *start);
bool text_ends_with(const char *text, const char *end);

/* Appends text for one path segment or one query value: all but RFC 3986's unreserved characters become %XX, '/' and
 * ' ' too. "." and ".." stay as they are: a caller who builds paths from outside names refuses those himself. */
void text_append_percent(struct buffer *out, const char *text, size_t length);

/* Undoes percent encoding once and appends; in a query value '+' is a blank (`plus_is_blank`). ERROR_INVALID for a bad
 * %XX, a NUL or what is not UTF-8 after decoding; out may then hold a part. */
bool text_append_unpercent(struct buffer *out, const char *text, size_t length, bool plus_is_blank,
                           struct error *ret_error);

/* The candidate that a mistyped word most likely meant, or NULL when none is near: insertions, deletions, replacements
 * and swaps of neighbours count one each, case none; at most (length + 1) / 3 of them, at least one, is near.
 * The first of equals wins. Words over 64 bytes are near nothing. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

/* Reads decimal digits only (no sign, no blank) within least..most. ERROR_INVALID; ERROR_OVERFLOW outside the bounds.
 * `what` names the thing in the error: "the port must be a whole number from 1 to 65535". */
bool text_parse_u64(const char *text, size_t length, const char *what, uint64_t least, uint64_t most,
                    uint64_t *ret_value, struct error *ret_error);

/* Durations as Nomad's users write them: "30s", "1m30s", "2h", "500ms", "7d"; units d h m s ms, each at most once,
 * from large to small; "0" alone needs none. In milliseconds, at most TEXT_DURATION_MAX_MS (100 years).
 * ERROR_INVALID, ERROR_OVERFLOW. */
#define TEXT_DURATION_MAX_MS (INT64_C(36500) * 24 * 3600 * 1000)
bool text_parse_duration(const char *text, size_t length, int64_t *ret_ms, struct error *ret_error);

enum { TEXT_DURATION_MAX = 40 };
/* The whole duration, nothing rounded, hours the largest unit so that Go's parser reads it too: "1m30s", "26h", "0s",
 * "-5s". Returns text. */
const char *text_format_duration(int64_t ms, char text[static TEXT_DURATION_MAX]);
/* For people: the two largest units, cut and not rounded: "2h3m", "3d4h", "45s"; under a second "250ms". Returns text.
 */
const char *text_format_duration_short(int64_t ms, char text[static TEXT_DURATION_MAX]);

/* Appends text so that no terminal or log reader acts on it and no line breaks: control characters, malformed bytes,
 * and the invisible and direction-changing characters of Unicode are written as \n, \t, \r, \xNN or \uNNNN. A backslash
 * stays as it is unless `escape_quotes`, which puts one before '"' and '\' (for text between quotes). */
void text_append_visible(struct buffer *out, const char *text, size_t length, bool escape_quotes);

#endif
