/* Finds wanted members in JSON as it streams by, without building it: a static tree of names says what is wanted.
 *
 *     static const struct shape MEMBERS[] = {{"ID", NULL, FIELD_ID}, {"Tasks", TASKS, FIELD_TASKS}, {0}};
 *     static const struct shape LIST = {NULL, (const struct shape[]){{"[]", MEMBERS, FIELD_ITEM}, {0}}, 0};
 *
 * What the tree does not name is skipped, and so is what has another kind than the tree says. Memory: a stack of
 * one pointer a level. Pure; a reader is used by one parse at a time. */
#ifndef DROVER_CONTROLLER_FEDERATION_SHAPE_H
#define DROVER_CONTROLLER_FEDERATION_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json_stream.h"

enum { SHAPE_KEY_MAX = 512 }; /* a longer name is none of those wanted */

/* A member by name; "*" is any member not named before it, "[]" any element. An array's shape holds one entry, "[]". */
struct shape {
    const char *key;
    const struct shape *inside; /* members or element, ended by a zero entry; NULL: a scalar */
    int field;                  /* what the sink is told; 0: nothing of its own */
};

enum shape_kind { SHAPE_NULL, SHAPE_FLAG, SHAPE_NUMBER, SHAPE_TEXT };
struct shape_value {
    enum shape_kind kind;
    bool flag;
    int64_t number;   /* SHAPE_NUMBER; 0 unless whole */
    bool whole;       /* an integer within int64 */
    const char *text; /* not NUL-terminated */
    size_t length;
};

struct shape_sink {
    /* An object or array with a field begins; key is its member's name, "" for elements; NUL-terminated. */
    void (*open)(void *context, int field, const char *key);
    /* False stops the parse (json_stream_refuse says why). */
    bool (*close)(void *context, int field);
    void (*value)(void *context, int field, const char *key, const struct shape_value *value);
};

struct shape_reader {
    const struct shape *root;
    const struct shape_sink *sink;
    void *context;
    const struct shape *pending;                      /* what the member whose key came last is */
    const struct shape *stack[JSON_STREAM_DEPTH_MAX]; /* open containers that are wanted */
    size_t depth;
    uint64_t unmatched; /* top-level values of another kind than root */
    char key[SHAPE_KEY_MAX + 1];
};

void shape_reader_init(struct shape_reader *reader, const struct shape *root, const struct shape_sink *sink,
                       void *context);

/* For json_stream_new; its context is the reader. */
extern const struct json_stream_handler SHAPE_HANDLER;

#endif
