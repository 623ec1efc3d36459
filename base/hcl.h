/* The literal part of HCL's native syntax, as Nomad's users write agent configuration (hashicorp/hcl,
 * hclsyntax/spec.md): blocks, arguments, text, heredocs, numbers, true, false, null, lists, objects, comments.
 *
 * What would have to be evaluated (templates, functions, references, operators) is refused: job files are evaluated by
 * Nomad, configuration is literal. One thing more than HCL: in a body an argument's name may go on after a dot, with an
 * identifier or quoted text: attr."kernel.name" = "linux". Two things less: duplicate keys of an object are an error as
 * duplicate arguments are, and so is a byte order mark.
 *
 * A document gathers one file or several; whatever it holds lives until hcl_document_free and is read-only. Every error
 * begins "FILE:LINE:COLUMN: " (columns in characters, from 1) and never shows a value. Pure; not thread-safe. */
#ifndef DROVER_BASE_HCL_H
#define DROVER_BASE_HCL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
    HCL_FILE_MAX = 1024 * 1024, /* bytes of one file */
    HCL_FILES_MAX = 256,        /* files of one document */
    HCL_TEXT_MAX = 64 * 1024,   /* bytes of one text, identifier or heredoc */
    HCL_DEPTH_MAX = 32,         /* blocks, lists and objects inside one another */
    HCL_LABELS_MAX = 8,         /* labels of a block, parts of a dotted name */
    HCL_NUMBER_MAX = 64,        /* characters of a number */
};

struct hcl_position {
    unsigned file; /* for hcl_file_name */
    unsigned line, column;
};

enum hcl_kind { HCL_NULL, HCL_FLAG, HCL_NUMBER, HCL_TEXT, HCL_LIST, HCL_OBJECT };

/* Exact: `digits` as written; `whole` holds only where is_whole (digits alone, within int64). */
struct hcl_number {
    const char *digits;
    bool is_whole;
    int64_t whole;
};

/* UTF-8 without NUL characters, NUL-terminated. */
struct hcl_text {
    const char *bytes;
    size_t length;
};

struct hcl_value {
    enum hcl_kind kind;
    struct hcl_position position;
    struct hcl_value *next; /* the next item of the same list; NULL at its end */
    union {
        bool flag;
        struct hcl_number number;
        struct hcl_text text;
        struct hcl_value *items;    /* HCL_LIST: the first, NULL when empty */
        struct hcl_member *members; /* HCL_OBJECT: the first, NULL when empty */
    };
};

struct hcl_member {
    const char *key;
    struct hcl_position position; /* of the key */
    struct hcl_value *value;
    struct hcl_member *next;
};

struct hcl_argument {
    const char *name;         /* the whole of it, dots between the parts: attr.kernel.name */
    const char *const *parts; /* "attr", "kernel.name" */
    size_t part_count;
    struct hcl_position position; /* of the name */
    struct hcl_value *value;
    struct hcl_argument *next;
};

/* Arguments and blocks, each in the order of the files. */
struct hcl_body {
    struct hcl_argument *arguments;
    struct hcl_block *blocks;
    struct hcl_position position; /* where its block begins; the start of the first file for the outermost */
};

struct hcl_block {
    const char *type;
    const char *const *labels;
    size_t label_count;
    struct hcl_position position; /* of the type */
    struct hcl_body body;
    struct hcl_block *next;
};

struct hcl_document;

struct hcl_document *hcl_document_new(void);
void hcl_document_free(struct hcl_document *document);

/* Reads one file's bytes and adds what it holds to the outermost body. file_name is only shown. After a failure the
 * document may hold a part and is good for nothing but positions and hcl_document_free. ERROR_INVALID, ERROR_TOO_LARGE,
 * ERROR_UNSUPPORTED (what would have to be evaluated). */
bool hcl_document_add(struct hcl_document *document, const char *file_name, const char *bytes, size_t length,
                      struct error *ret_error);

const struct hcl_body *hcl_document_body(const struct hcl_document *document);

/* The name of a position's file. */
const char *hcl_file_name(const struct hcl_document *document, struct hcl_position position);

/* Sets an error that begins with the position. Always returns false. */
bool hcl_fail(const struct hcl_document *document, struct hcl_position position, enum error_code code,
              struct error *ret_error, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The argument of that whole name, the first block of that type, the member of that key; or NULL. Linear. */
const struct hcl_argument *hcl_find_argument(const struct hcl_body *body, const char *name);
const struct hcl_block *hcl_find_block(const struct hcl_body *body, const char *type);
const struct hcl_member *hcl_find_member(const struct hcl_value *object, const char *key);

/* The first block of that type at or after `from` (NULL ends a walk: from = block->next). */
const struct hcl_block *hcl_next_block(const struct hcl_block *from, const char *type);

/* How a kind is called in errors: "text", "a list". Static. */
const char *hcl_kind_words(enum hcl_kind kind);

#endif
