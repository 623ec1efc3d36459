/* HCL's grammar: bodies, arguments, blocks. */
#include "base/hcl_private.h"

#include <stdio.h>
#include <string.h>

/* A body being read and the ends of its lists. */
struct target {
    struct hcl_body *body;
    struct hcl_argument **arguments_end;
    struct hcl_block **blocks_end;
};

/* The parts of a name: attr."kernel.name" has two. */
struct name {
    struct hcl_position position;
    const char *parts[HCL_LABELS_MAX];
    size_t count;
};

static bool parse_item(struct hcl_scan *scan, struct target *target);

static bool scan_part(struct hcl_scan *scan, const char **ret_part)
{
    char here[32];
    if (hcl_is_identifier_start(hcl_peek(scan, 0)))
        return hcl_scan_identifier(scan, ret_part);
    if (hcl_peek(scan, 0) != '"')
        return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                             "a name is wanted after the dot, %s stands there; write it in quotes as in "
                             "attr.\"kernel.name\"",
                             hcl_here(scan, here));
    struct hcl_text quoted;
    if (!hcl_scan_quoted(scan, &quoted))
        return false;
    *ret_part = quoted.bytes;
    return true;
}

static bool parse_name(struct hcl_scan *scan, struct name *name)
{
    char here[32];
    name->position = scan->position;
    name->count = 0;
    if (hcl_peek(scan, 0) == '"')
        return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                             "the name of an argument or block has no quotes; remove them");
    if (!hcl_is_identifier_start(hcl_peek(scan, 0)))
        return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                             "the name of an argument or block is wanted here, %s stands there; remove it",
                             hcl_here(scan, here));
    do {
        if (name->count == HCL_LABELS_MAX)
            return hcl_scan_fail(scan, scan->position, ERROR_TOO_LARGE,
                                 "the name has more than %d parts; put it into quotes as in attr.\"kernel.name\"",
                                 HCL_LABELS_MAX);
        if (!scan_part(scan, &name->parts[name->count]))
            return false;
        name->count++;
    } while (hcl_accept(scan, "."));
    if (hcl_peek(scan, 0) == '[')
        return hcl_scan_fail(scan, scan->position, ERROR_UNSUPPORTED,
                             "an index in brackets is not read here; write it after a dot as in attr.\"kernel.name\"");
    return true;
}

static const char *const *keep_parts(struct hcl_scan *scan, const char *const *parts, size_t count)
{
    const char **kept = hcl_keep(scan->document, (count ? count : 1) * sizeof *kept);
    for (size_t i = 0; i < count; i++)
        kept[i] = parts[i];
    return kept;
}

static const char *join_parts(struct hcl_scan *scan, const struct name *name)
{
    buffer_clear(&scan->text);
    for (size_t i = 0; i < name->count; i++) {
        buffer_append(&scan->text, ".", i > 0);
        buffer_append_text(&scan->text, name->parts[i]);
    }
    return hcl_keep_text(scan->document, scan->text.data, scan->text.length);
}

/* At the '='. */
static bool parse_argument(struct hcl_scan *scan, const struct name *name, struct target *target)
{
    struct hcl_argument *argument = hcl_keep(scan->document, sizeof *argument);
    argument->position = name->position;
    argument->part_count = name->count;
    argument->parts = keep_parts(scan, name->parts, name->count);
    argument->name = name->count == 1 ? name->parts[0] : join_parts(scan, name);
    hcl_step(scan, 1);
    if (!hcl_skip_blank(scan) || !hcl_parse_value(scan, &argument->value))
        return false;
    *target->arguments_end = argument;
    target->arguments_end = &argument->next;
    return true;
}

static bool parse_labels(struct hcl_scan *scan, struct hcl_block *block)
{
    const char *labels[HCL_LABELS_MAX] = {0};
    char here[32];
    while (hcl_peek(scan, 0) != '{') {
        char c = hcl_peek(scan, 0);
        if (c != '"' && !hcl_is_identifier_start(c))
            return hcl_scan_fail(
                scan, scan->position, ERROR_INVALID,
                "a label or '{' is wanted after block \"%.100s\", %s stands there; the '{' stands on the "
                "line of the name",
                block->type, hcl_here(scan, here));
        if (block->label_count == HCL_LABELS_MAX)
            return hcl_scan_fail(scan, scan->position, ERROR_TOO_LARGE,
                                 "block \"%.100s\" has more than %d labels; remove some", block->type, HCL_LABELS_MAX);
        if (!scan_part(scan, &labels[block->label_count]))
            return false;
        block->label_count++;
        if (!hcl_skip_blank(scan))
            return false;
    }
    block->labels = keep_parts(scan, labels, block->label_count);
    return true;
}

/* After an item: nothing more on its line. */
static bool end_item(struct hcl_scan *scan)
{
    char here[32];
    if (!hcl_skip_blank(scan))
        return false;
    if (hcl_accept_line_end(scan))
        return true;
    return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                         "a new line is wanted here, %s stands there; write one argument or block a line",
                         hcl_here(scan, here));
}

static bool parse_lines(struct hcl_scan *scan, struct target *target, const struct hcl_block *block)
{
    while (true) {
        if (!hcl_skip_lines(scan))
            return false;
        if (block && hcl_accept(scan, "}"))
            return true;
        if (hcl_at_end(scan) && block)
            return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                                 "block \"%.100s\", which begins at %u:%u, has no end; close it by '}'", block->type,
                                 block->position.line, block->position.column);
        if (hcl_at_end(scan))
            return true;
        if (!block && hcl_peek(scan, 0) == '}')
            return hcl_scan_fail(scan, scan->position, ERROR_INVALID, "this '}' closes no block; remove it");
        if (!parse_item(scan, target) || !end_item(scan))
            return false;
    }
}

static bool parse_one_line(struct hcl_scan *scan, struct target *target, const struct hcl_block *block)
{
    struct hcl_position inside = scan->position;
    if (!parse_item(scan, target))
        return false;
    if (target->body->blocks)
        return hcl_scan_fail(
            scan, inside, ERROR_INVALID,
            "a block written on one line holds no other block; write block \"%.100s\" over several lines", block->type);
    if (!hcl_skip_blank(scan))
        return false;
    if (hcl_accept(scan, "}"))
        return true;
    char here[32];
    return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                         "a block written on one line holds one argument and ends by '}', %s stands there; write block "
                         "\"%.100s\" over several lines",
                         hcl_here(scan, here), block->type);
}

/* At the '{'. */
static bool parse_block_body(struct hcl_scan *scan, struct hcl_block *block)
{
    struct target inside = {&block->body, &block->body.arguments, &block->body.blocks};
    hcl_step(scan, 1);
    if (!hcl_skip_blank(scan))
        return false;
    if (hcl_accept(scan, "}"))
        return true;
    bool lines = hcl_accept_line_end(scan);
    return (lines ? parse_lines(scan, &inside, block) : parse_one_line(scan, &inside, block)) &&
           hcl_check_arguments(scan->document, &block->body, scan->error);
}

static bool parse_block(struct hcl_scan *scan, const struct name *name, struct target *target)
{
    if (name->count > 1)
        return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                             "a name with dots is an argument's; write = and a value after it");
    struct hcl_block *block = hcl_keep(scan->document, sizeof *block);
    block->type = name->parts[0];
    block->position = name->position;
    block->body.position = name->position;
    if (scan->depth >= HCL_DEPTH_MAX)
        return hcl_scan_fail(scan, name->position, ERROR_TOO_LARGE,
                             "blocks, lists and objects are nested deeper than %d; flatten them", HCL_DEPTH_MAX);
    scan->depth++;
    if (!parse_labels(scan, block) || !parse_block_body(scan, block))
        return false;
    scan->depth--;
    *target->blocks_end = block;
    target->blocks_end = &block->next;
    return true;
}

static bool parse_item(struct hcl_scan *scan, struct target *target)
{
    struct name name = {.count = 0};
    char here[32];
    if (!parse_name(scan, &name) || !hcl_skip_blank(scan))
        return false;
    char c = hcl_peek(scan, 0);
    if (c == '=' && hcl_peek(scan, 1) != '=')
        return parse_argument(scan, &name, target);
    if (c == '"' || c == '{' || hcl_is_identifier_start(c))
        return parse_block(scan, &name, target);
    if (c == ':')
        return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                             "an argument is set by '=', not ':'; write name = value");
    return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                         "\"%.100s\" wants = and a value, or { to be a block, %s stands there; add what is missing",
                         name.parts[0], hcl_here(scan, here));
}

bool hcl_parse_file(struct hcl_scan *scan)
{
    struct hcl_document *document = scan->document;
    struct target target = {&document->body, document->arguments_end, document->blocks_end};
    bool ok = parse_lines(scan, &target, NULL);
    document->arguments_end = target.arguments_end;
    document->blocks_end = target.blocks_end;
    return ok;
}
