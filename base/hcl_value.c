/* HCL's grammar: literal values, lists and objects. */
#include "base/hcl_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static bool refuse_expression(struct hcl_scan *scan, struct hcl_position position, const char *what)
{
    return hcl_scan_fail(scan, position, ERROR_UNSUPPORTED,
                         "%s evaluated by Nomad in job files, not here; write the value itself", what);
}

static bool enter(struct hcl_scan *scan)
{
    if (scan->depth >= HCL_DEPTH_MAX)
        return hcl_scan_fail(scan, scan->position, ERROR_TOO_LARGE,
                             "blocks, lists and objects are nested deeper than %d; flatten them", HCL_DEPTH_MAX);
    scan->depth++;
    return true;
}

static bool parse_items(struct hcl_scan *scan, struct hcl_value *list)
{
    struct hcl_value **tail = &list->items;
    while (true) {
        char here[32];
        if (!hcl_skip_lines(scan))
            return false;
        if (hcl_accept(scan, "]"))
            return true;
        if (!hcl_parse_value(scan, tail) || !hcl_skip_lines(scan))
            return false;
        tail = &(*tail)->next;
        if (!hcl_accept(scan, ",") && hcl_peek(scan, 0) != ']')
            return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                                 "the list that begins on line %u wants ',' or ']' here, %s stands there; add it",
                                 list->position.line, hcl_here(scan, here));
    }
}

static bool parse_key(struct hcl_scan *scan, struct hcl_member *member)
{
    char here[32];
    struct hcl_text quoted;
    member->position = scan->position;
    char c = hcl_peek(scan, 0);
    if (c == '"') {
        if (!hcl_scan_quoted(scan, &quoted))
            return false;
        member->key = quoted.bytes;
    } else if (hcl_is_identifier_start(c)) {
        if (!hcl_scan_identifier(scan, &member->key))
            return false;
    } else if (c == '(') {
        return refuse_expression(scan, scan->position, "expressions in parentheses are");
    } else {
        return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                             "the name of an object's member is wanted here, %s stands there; write name = value",
                             hcl_here(scan, here));
    }
    if (!hcl_skip_blank(scan))
        return false;
    if (strcmp(member->key, "for") == 0 && c != '"' && hcl_is_identifier_start(hcl_peek(scan, 0)))
        return refuse_expression(scan, member->position, "for expressions are");
    if (!hcl_accept(scan, "=") && !hcl_accept(scan, ":"))
        return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                             "'=' or ':' and a value are wanted after \"%.100s\", %s stands there; write name = value",
                             member->key, hcl_here(scan, here));
    return hcl_skip_blank(scan);
}

static bool refuse_twice(struct hcl_scan *scan, const struct hcl_value *object, size_t count)
{
    struct hcl_name *names = memory_new(count, sizeof *names);
    size_t i = 0;
    for (const struct hcl_member *m = object->members; m; m = m->next)
        names[i++] = (struct hcl_name){m->key, m->position};
    bool ok = hcl_refuse_duplicates(scan->document, names, count, "key", scan->error);
    free(names);
    return ok;
}

static bool parse_members(struct hcl_scan *scan, struct hcl_value *object)
{
    struct hcl_member **tail = &object->members;
    for (size_t count = 0;; count++) {
        char here[32];
        if (!hcl_skip_lines(scan))
            return false;
        if (hcl_accept(scan, "}"))
            return refuse_twice(scan, object, count);
        struct hcl_member *member = hcl_keep(scan->document, sizeof *member);
        if (!parse_key(scan, member) || !hcl_parse_value(scan, &member->value) || !hcl_skip_blank(scan))
            return false;
        *tail = member;
        tail = &member->next;
        if (!hcl_accept(scan, ",") && hcl_peek(scan, 0) != '}' && (hcl_at_end(scan) || !hcl_accept_line_end(scan)))
            return hcl_scan_fail(
                scan, scan->position, ERROR_INVALID,
                "the object that begins on line %u wants ',', '}' or a new line here, %s stands there; "
                "add it",
                object->position.line, hcl_here(scan, here));
    }
}

static bool parse_container(struct hcl_scan *scan, struct hcl_value *value)
{
    value->kind = hcl_peek(scan, 0) == '[' ? HCL_LIST : HCL_OBJECT;
    if (!enter(scan))
        return false;
    hcl_step(scan, 1);
    if (value->kind == HCL_LIST ? !parse_items(scan, value) : !parse_members(scan, value))
        return false;
    scan->depth--;
    return true;
}

static bool parse_word(struct hcl_scan *scan, struct hcl_value *value)
{
    const char *word = NULL;
    if (!hcl_scan_identifier(scan, &word))
        return false;
    bool is_true = strcmp(word, "true") == 0;
    if (is_true || strcmp(word, "false") == 0) {
        value->kind = HCL_FLAG;
        value->flag = is_true;
        return true;
    }
    if (strcmp(word, "null") == 0) {
        value->kind = HCL_NULL;
        return true;
    }
    if (strcmp(word, "for") == 0)
        return refuse_expression(scan, value->position, "for expressions are");
    if (hcl_peek(scan, 0) == '(')
        return refuse_expression(scan, value->position, "functions are");
    if (hcl_peek(scan, 0) == '.' || hcl_peek(scan, 0) == '[')
        return refuse_expression(scan, value->position, "references are");
    return hcl_scan_fail(scan, value->position, ERROR_INVALID,
                         "a bare word is no value; put text into quotes, or write true, false or null");
}

/* What follows a literal and would make it part of an expression. */
static bool refuse_operator(struct hcl_scan *scan)
{
    char c = hcl_peek(scan, 0);
    if (c && strchr("+-*/%?=!<>&|.[(", c))
        return refuse_expression(scan, scan->position, "operators are");
    return true;
}

static bool parse_scalar(struct hcl_scan *scan, struct hcl_value *value)
{
    char c = hcl_peek(scan, 0);
    char here[32];
    if (c == '"') {
        value->kind = HCL_TEXT;
        return hcl_scan_quoted(scan, &value->text);
    }
    if (c == '<' && hcl_peek(scan, 1) == '<') {
        value->kind = HCL_TEXT;
        return hcl_scan_heredoc(scan, &value->text);
    }
    char digit = c == '-' ? hcl_peek(scan, 1) : c;
    if (digit >= '0' && digit <= '9') {
        value->kind = HCL_NUMBER;
        return hcl_scan_number(scan, &value->number);
    }
    if (hcl_is_identifier_start(c))
        return parse_word(scan, value);
    if (c == '(' || c == '-' || c == '!')
        return refuse_expression(scan, scan->position, c == '(' ? "expressions in parentheses are" : "operators are");
    return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                         "a value is wanted here, %s stands there; write text in quotes, a number, true, false, null, "
                         "[list] or {object}",
                         hcl_here(scan, here));
}

bool hcl_parse_value(struct hcl_scan *scan, struct hcl_value **ret_value)
{
    struct hcl_value *value = hcl_keep(scan->document, sizeof *value);
    value->position = scan->position;
    char c = hcl_peek(scan, 0);
    if (c == '[' || c == '{' ? !parse_container(scan, value) : !parse_scalar(scan, value))
        return false;
    if (!hcl_skip_blank(scan) || !refuse_operator(scan))
        return false;
    *ret_value = value;
    return true;
}
