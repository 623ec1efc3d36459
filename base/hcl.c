/* HCL documents: their memory, files, positions, duplicates and look-ups. Characters are in hcl_scan.c, the grammar in
 * hcl_parse.c and hcl_value.c. */
#include "base/hcl.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hcl_private.h"
#include "base/memory.h"
#include "base/utf8.h"

enum { CHUNK_SIZE = 16 * 1024 };

struct hcl_chunk {
    struct hcl_chunk *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

void *hcl_keep(struct hcl_document *document, size_t size)
{
    size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    struct hcl_chunk *chunk = document->chunks;
    if (!chunk || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        chunk = memory_new(1, sizeof *chunk + room);
        chunk->size = room;
        chunk->next = document->chunks;
        document->chunks = chunk;
    }
    chunk->used += size;
    return chunk->bytes + chunk->used - size;
}

const char *hcl_keep_text(struct hcl_document *document, const char *text, size_t length)
{
    char *copy = hcl_keep(document, length + 1);
    if (length)
        memcpy(copy, text, length);
    return copy;
}

struct hcl_document *hcl_document_new(void)
{
    struct hcl_document *document = memory_new(1, sizeof *document);
    document->body.position = (struct hcl_position){0, 1, 1};
    document->arguments_end = &document->body.arguments;
    document->blocks_end = &document->body.blocks;
    return document;
}

void hcl_document_free(struct hcl_document *document)
{
    if (!document)
        return;
    while (document->chunks) {
        struct hcl_chunk *chunk = document->chunks;
        document->chunks = chunk->next;
        free(chunk);
    }
    free(document->file_names);
    free(document);
}

static bool check_file(struct hcl_scan *scan, const char *bytes, size_t length)
{
    if (length > HCL_FILE_MAX)
        return hcl_scan_fail(scan, scan->position, ERROR_TOO_LARGE,
                             "the file has %zu bytes and at most %d are read; divide it", length, HCL_FILE_MAX);
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                             "the file begins with a byte order mark; save it as UTF-8 without one");
    struct hcl_scan look = *scan;
    while (look.at < look.end) {
        uint32_t c = 0;
        size_t step = utf8_decode(look.at, (size_t)(look.end - look.at), &c);
        if (step == 0)
            return hcl_scan_fail(scan, look.position, ERROR_INVALID,
                                 "the bytes here are not UTF-8; save the file as UTF-8");
        if (c == 0)
            return hcl_scan_fail(scan, look.position, ERROR_INVALID, "a NUL character stands here; remove it");
        hcl_step(&look, step);
    }
    return true;
}

bool hcl_document_add(struct hcl_document *document, const char *file_name, const char *bytes, size_t length,
                      struct error *ret_error)
{
    if (document->file_count >= HCL_FILES_MAX)
        return error_set(ret_error, ERROR_TOO_LARGE, "%s: at most %d files are read; join some", file_name,
                         HCL_FILES_MAX);
    document->file_names =
        memory_grow(document->file_names, document->file_count, &document->file_capacity, sizeof *document->file_names);
    document->file_names[document->file_count++] = hcl_keep_text(document, file_name, strlen(file_name));
    struct hcl_scan scan = {
        .document = document,
        .at = length ? bytes : "",
        .end = length ? bytes + length : "",
        .position = {.file = (unsigned)document->file_count - 1, .line = 1, .column = 1},
        .text = BUFFER_INIT,
        .error = ret_error,
    };
    scan.end = scan.at + length;
    bool ok = check_file(&scan, bytes, length) && hcl_parse_file(&scan) &&
              hcl_check_arguments(document, &document->body, ret_error);
    buffer_release(&scan.text);
    return ok;
}

const struct hcl_body *hcl_document_body(const struct hcl_document *document)
{
    return &document->body;
}

const char *hcl_file_name(const struct hcl_document *document, struct hcl_position position)
{
    return position.file < document->file_count ? document->file_names[position.file] : "configuration";
}

static bool fail_at(const struct hcl_document *document, struct hcl_position position, enum error_code code,
                    struct error *ret_error, const char *format, va_list arguments)
{
    char what[ERROR_TEXT_MAX];
    vsnprintf(what, sizeof what, format, arguments);
    return error_set(ret_error, code, "%s:%u:%u: %s", hcl_file_name(document, position), position.line, position.column,
                     what);
}

bool hcl_fail(const struct hcl_document *document, struct hcl_position position, enum error_code code,
              struct error *ret_error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_at(document, position, code, ret_error, format, arguments);
    va_end(arguments);
    return false;
}

bool hcl_scan_fail(struct hcl_scan *scan, struct hcl_position position, enum error_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_at(scan->document, position, code, scan->error, format, arguments);
    va_end(arguments);
    return false;
}

static int compare_positions(struct hcl_position a, struct hcl_position b)
{
    if (a.file != b.file)
        return a.file < b.file ? -1 : 1;
    if (a.line != b.line)
        return a.line < b.line ? -1 : 1;
    return (a.column > b.column) - (a.column < b.column);
}

static int compare_names(const void *left, const void *right)
{
    const struct hcl_name *a = left;
    const struct hcl_name *b = right;
    int order = strcmp(a->name, b->name);
    return order ? order : compare_positions(a->position, b->position);
}

bool hcl_refuse_duplicates(const struct hcl_document *document, struct hcl_name *names, size_t count, const char *what,
                           struct error *ret_error)
{
    if (count < 2)
        return true;
    qsort(names, count, sizeof *names, compare_names);
    size_t found = 0; /* of the second of a pair; 0 means none */
    for (size_t i = 1; i < count; i++)
        if (strcmp(names[i - 1].name, names[i].name) == 0 &&
            (found == 0 || compare_positions(names[i].position, names[found].position) < 0))
            found = i;
    if (found == 0)
        return true;
    struct hcl_position first = names[found - 1].position;
    return hcl_fail(document, names[found].position, ERROR_INVALID, ret_error,
                    "%s \"%.100s\" was given before, at %s:%u:%u; remove one of the two", what, names[found].name,
                    hcl_file_name(document, first), first.line, first.column);
}

bool hcl_check_arguments(const struct hcl_document *document, const struct hcl_body *body, struct error *ret_error)
{
    size_t count = 0;
    for (const struct hcl_argument *a = body->arguments; a; a = a->next)
        count++;
    struct hcl_name *names = memory_new(count, sizeof *names);
    size_t i = 0;
    for (const struct hcl_argument *a = body->arguments; a; a = a->next)
        names[i++] = (struct hcl_name){a->name, a->position};
    bool ok = hcl_refuse_duplicates(document, names, count, "argument", ret_error);
    free(names);
    return ok;
}

const struct hcl_argument *hcl_find_argument(const struct hcl_body *body, const char *name)
{
    const struct hcl_argument *argument = body->arguments;
    while (argument && strcmp(argument->name, name) != 0)
        argument = argument->next;
    return argument;
}

const struct hcl_block *hcl_next_block(const struct hcl_block *from, const char *type)
{
    while (from && strcmp(from->type, type) != 0)
        from = from->next;
    return from;
}

const struct hcl_block *hcl_find_block(const struct hcl_body *body, const char *type)
{
    return hcl_next_block(body->blocks, type);
}

const struct hcl_member *hcl_find_member(const struct hcl_value *object, const char *key)
{
    const struct hcl_member *member = object->kind == HCL_OBJECT ? object->members : NULL;
    while (member && strcmp(member->key, key) != 0)
        member = member->next;
    return member;
}

const char *hcl_kind_words(enum hcl_kind kind)
{
    switch (kind) {
    case HCL_NULL:
        return "null";
    case HCL_FLAG:
        return "true or false";
    case HCL_NUMBER:
        return "a number";
    case HCL_TEXT:
        return "text";
    case HCL_LIST:
        return "a list";
    case HCL_OBJECT:
        return "an object";
    }
    return "nothing";
}
