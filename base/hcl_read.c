/* The asking side of HCL: readers, blocks, and what was not asked for. Typed arguments are in hcl_read_value.c. */
#include "base/hcl_read.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hcl_private.h"
#include "base/hcl_read_private.h"
#include "base/memory.h"
#include "base/text.h"

struct hcl_reader hcl_reader_begin(const struct hcl_document *document, struct error *ret_error)
{
    return (struct hcl_reader){.document = document, .body = hcl_document_body(document), .error = ret_error};
}

struct hcl_reader hcl_reader_enter(struct hcl_reader *outer, const struct hcl_block *block)
{
    return (struct hcl_reader){.document = outer->document,
                               .body = &block->body,
                               .block = block,
                               .outer = outer,
                               .error = outer->error,
                               .failed = outer->failed};
}

void hcl_reader_set_failed(struct hcl_reader *reader)
{
    for (; reader; reader = reader->outer)
        reader->failed = true;
}

bool hcl_reader_fail(struct hcl_reader *reader, struct hcl_position position, const char *format, ...)
{
    if (reader->failed)
        return false;
    char what[ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    hcl_fail(reader->document, position, ERROR_INVALID, reader->error, "%s", what);
    hcl_reader_set_failed(reader);
    return false;
}

const char *hcl_reader_where(const struct hcl_reader *reader, char words[static HCL_WHERE_MAX])
{
    const struct hcl_block *block = reader->block;
    if (!block)
        snprintf(words, HCL_WHERE_MAX, "at the top level");
    else if (block->label_count)
        snprintf(words, HCL_WHERE_MAX, "in block %.60s \"%.100s\"", block->type, block->labels[0]);
    else
        snprintf(words, HCL_WHERE_MAX, "in block %.60s", block->type);
    return words;
}

bool hcl_names_has(const struct hcl_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->list[i], name) == 0)
            return true;
    return false;
}

void hcl_names_add(struct hcl_names *names, const char *name)
{
    if (hcl_names_has(names, name))
        return;
    assert(names->count < HCL_READER_NAMES_MAX);
    names->list[names->count++] = name;
}

/* What to do about an unknown name: the nearest known one, or all of them. */
static const char *advice(const struct hcl_names *names, const char *name, char words[static ERROR_TEXT_MAX])
{
    const char *nearest = text_nearest(name, names->list, names->count);
    if (nearest) {
        snprintf(words, ERROR_TEXT_MAX, "did you mean \"%s\"?", nearest);
        return words;
    }
    if (names->count == 0)
        return strcpy(words, "remove it");
    size_t length = (size_t)snprintf(words, ERROR_TEXT_MAX, "known here: ");
    for (size_t i = 0; i < names->count && length < ERROR_TEXT_MAX / 2; i++)
        length += (size_t)snprintf(words + length, ERROR_TEXT_MAX - length, "%s%.60s", i ? ", " : "", names->list[i]);
    return words;
}

static bool refuse_argument(struct hcl_reader *reader, const struct hcl_argument *argument)
{
    char where[HCL_WHERE_MAX];
    char words[ERROR_TEXT_MAX];
    hcl_reader_where(reader, where);
    if (argument->part_count > 1)
        return hcl_reader_fail(reader, argument->position, "unknown argument \"%.100s\" %s; %s", argument->name, where,
                               advice(&reader->dotted, argument->parts[0], words));
    if (hcl_names_has(&reader->dotted, argument->name))
        return hcl_reader_fail(reader, argument->position,
                               "\"%s\" %s wants a name after a dot; write %s.\"name\" = value", argument->name, where,
                               argument->name);
    if (hcl_names_has(&reader->blocks, argument->name))
        return hcl_reader_fail(reader, argument->position,
                               "\"%s\" %s is a block; write %s { ... } without =", argument->name, where,
                               argument->name);
    return hcl_reader_fail(reader, argument->position, "unknown argument \"%.100s\" %s; %s", argument->name, where,
                           advice(&reader->arguments, argument->name, words));
}

static bool refuse_block(struct hcl_reader *reader, const struct hcl_block *block)
{
    char where[HCL_WHERE_MAX];
    char words[ERROR_TEXT_MAX];
    hcl_reader_where(reader, where);
    if (hcl_names_has(&reader->arguments, block->type))
        return hcl_reader_fail(reader, block->position, "\"%s\" %s is an argument; write %s = value", block->type,
                               where, block->type);
    return hcl_reader_fail(reader, block->position, "unknown block \"%.100s\" %s; %s", block->type, where,
                           advice(&reader->blocks, block->type, words));
}

static bool is_known_argument(const struct hcl_reader *reader, const struct hcl_argument *argument)
{
    return reader->any_argument || (argument->part_count > 1 ? hcl_names_has(&reader->dotted, argument->parts[0])
                                                             : hcl_names_has(&reader->arguments, argument->name));
}

bool hcl_reader_end(struct hcl_reader *reader)
{
    for (const struct hcl_argument *a = reader->body->arguments; a && !reader->failed; a = a->next)
        if (!is_known_argument(reader, a))
            refuse_argument(reader, a);
    for (const struct hcl_block *b = reader->body->blocks; b && !reader->failed; b = b->next)
        if (!hcl_names_has(&reader->blocks, b->type))
            refuse_block(reader, b);
    return !reader->failed;
}

static bool check_labels(struct hcl_reader *reader, const struct hcl_block *block, size_t labels)
{
    if (block->label_count != labels)
        return hcl_reader_fail(reader, block->position, "block \"%s\" wants %s and has %zu; write %s%s { ... }",
                               block->type,
                               labels == 0   ? "no label"
                               : labels == 1 ? "one label, its name,"
                                             : "more labels",
                               block->label_count, block->type, labels == 0 ? "" : " \"NAME\"");
    for (size_t i = 0; i < labels; i++)
        if (block->labels[i][0] == '\0')
            return hcl_reader_fail(reader, block->position, "the label of block \"%s\" is empty; give it a name",
                                   block->type);
    return true;
}

const struct hcl_block *hcl_read_block(struct hcl_reader *reader, const char *type)
{
    hcl_names_add(&reader->blocks, type);
    const struct hcl_block *block = reader->failed ? NULL : hcl_find_block(reader->body, type);
    if (!block || !check_labels(reader, block, 0))
        return NULL;
    const struct hcl_block *second = hcl_next_block(block->next, type);
    if (!second)
        return block;
    hcl_reader_fail(reader, second->position, "block \"%s\" was given before, at %s:%u:%u; join the two", type,
                    hcl_file_name(reader->document, block->position), block->position.line, block->position.column);
    return NULL;
}

const struct hcl_block *hcl_read_next_block(struct hcl_reader *reader, const char *type, size_t labels,
                                            const struct hcl_block *previous)
{
    hcl_names_add(&reader->blocks, type);
    if (reader->failed)
        return NULL;
    const struct hcl_block *block = hcl_next_block(previous ? previous->next : reader->body->blocks, type);
    return block && check_labels(reader, block, labels) ? block : NULL;
}

bool hcl_read_unique_blocks(struct hcl_reader *reader, const char *type)
{
    hcl_names_add(&reader->blocks, type);
    if (reader->failed)
        return false;
    size_t count = 0;
    for (const struct hcl_block *b = hcl_find_block(reader->body, type); b; b = hcl_next_block(b->next, type))
        count += b->label_count > 0;
    struct hcl_name *names = memory_new(count, sizeof *names);
    size_t i = 0;
    for (const struct hcl_block *b = hcl_find_block(reader->body, type); b; b = hcl_next_block(b->next, type))
        if (b->label_count > 0)
            names[i++] = (struct hcl_name){b->labels[0], b->position};
    char what[80];
    snprintf(what, sizeof what, "block %.60s", type);
    bool ok = hcl_refuse_duplicates(reader->document, names, count, what, reader->error);
    if (!ok)
        hcl_reader_set_failed(reader);
    free(names);
    return ok;
}
