/* Reading a body of HCL by asking for what is known: whatever was not asked for is an error that names the nearest
 * known word, and a wrong kind says what was wanted and what stands there.
 *
 *     struct hcl_reader r = hcl_reader_begin(document, &error);
 *     const char *directory = hcl_read_text(&r, "data_dir", "/var/lib/drover");
 *     for (const struct hcl_block *b = NULL; (b = hcl_read_next_block(&r, "region", 1, b));) {
 *         struct hcl_reader region = hcl_reader_enter(&r, b);
 *         ...
 *         hcl_reader_end(&region);
 *     }
 *     return hcl_reader_end(&r);
 *
 * The first error wins and is kept: after it every read gives its fallback, walks end, and hcl_reader_end of this
 * reader and of those around it is false. So a caller checks once at the end. Names given must be static text. What is
 * returned is borrowed from the document. Error texts begin "FILE:LINE:COLUMN: "; values are not shown, save words out
 * of a fixed choice. */
#ifndef DROVER_BASE_HCL_READ_H
#define DROVER_BASE_HCL_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hcl.h"
#include "base/money.h"

/* Distinct names that one body may be asked for, each of arguments and of blocks; more is a bug of the caller. */
enum { HCL_READER_NAMES_MAX = 64 };

struct hcl_names {
    const char *list[HCL_READER_NAMES_MAX];
    size_t count;
};

struct hcl_reader {
    const struct hcl_document *document;
    const struct hcl_body *body;
    const struct hcl_block *block; /* NULL for the outermost body */
    struct hcl_reader *outer;      /* NULL there too */
    struct error *error;
    bool failed;
    bool any_argument;          /* every argument is known: a body of free names, such as labels */
    struct hcl_names arguments; /* asked for so far */
    struct hcl_names dotted;    /* first parts of dotted names asked for */
    struct hcl_names blocks;
};

/* A reader of the outermost body, or of a block met by `outer`, which must stay where it is meanwhile. */
struct hcl_reader hcl_reader_begin(const struct hcl_document *document, struct error *ret_error);
struct hcl_reader hcl_reader_enter(struct hcl_reader *outer, const struct hcl_block *block);
/* True when nothing failed, here or further in, and nothing stands in the body that was not asked for. */
bool hcl_reader_end(struct hcl_reader *reader);

/* For checks of the caller's own: fails the reader, unless it has failed already, with a text that begins with the
 * position. Always returns false. */
bool hcl_reader_fail(struct hcl_reader *reader, struct hcl_position position, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Where an argument's value stands; where the body begins when it is not there. */
struct hcl_position hcl_reader_position(const struct hcl_reader *reader, const char *name);
/* True when the argument is there (null counts as absent). Asks for nothing. */
bool hcl_reader_has(const struct hcl_reader *reader, const char *name);

/* Arguments. null counts as absent, then the fallback comes; `require` fails instead ("... needs the argument ..."). */
const char *hcl_read_text(struct hcl_reader *reader, const char *name, const char *fallback);
const char *hcl_require_text(struct hcl_reader *reader, const char *name); /* never NULL; "" after a failure */
int64_t hcl_read_i64(struct hcl_reader *reader, const char *name, int64_t fallback, int64_t least, int64_t most);
bool hcl_read_flag(struct hcl_reader *reader, const char *name, bool fallback);
/* Text such as "30s"; all in milliseconds. */
int64_t hcl_read_duration(struct hcl_reader *reader, const char *name, int64_t fallback_ms, int64_t least_ms,
                          int64_t most_ms);
/* Decimal text such as "0.096". */
int64_t hcl_read_money(struct hcl_reader *reader, const char *name, int64_t fallback_uusd, int64_t least_uusd,
                       int64_t most_uusd);
int64_t hcl_require_money(struct hcl_reader *reader, const char *name, int64_t least_uusd, int64_t most_uusd);
/* One of the words, as its place among them. */
size_t hcl_read_choice(struct hcl_reader *reader, const char *name, const char *const *words, size_t count,
                       size_t fallback);
/* A list of at most `most` texts, as its first item (walk by ->next; each ->text.bytes); NULL when absent or empty. */
const struct hcl_value *hcl_read_text_list(struct hcl_reader *reader, const char *name, size_t most);
/* Any value, unchecked; NULL when absent. */
const struct hcl_value *hcl_read_value(struct hcl_reader *reader, const char *name);

/* Walks, from NULL to NULL: the arguments whose name is first.rest, and (a body of free names) all arguments. */
const struct hcl_argument *hcl_read_next_dotted(struct hcl_reader *reader, const char *first,
                                                const struct hcl_argument *previous);
const struct hcl_argument *hcl_read_next_argument(struct hcl_reader *reader, const struct hcl_argument *previous);
/* The text of an argument found by a walk; "" after a failure. */
const char *hcl_reader_text_of(struct hcl_reader *reader, const struct hcl_argument *argument);

/* The only block of that type, without labels; NULL when absent. A second one is an error. */
const struct hcl_block *hcl_read_block(struct hcl_reader *reader, const char *type);
/* Walks, from NULL to NULL, the blocks of that type, each with exactly `labels` labels, none of them empty. */
const struct hcl_block *hcl_read_next_block(struct hcl_reader *reader, const char *type, size_t labels,
                                            const struct hcl_block *previous);
/* Fails when two blocks of that type have the same first label. */
bool hcl_read_unique_blocks(struct hcl_reader *reader, const char *type);

#endif
