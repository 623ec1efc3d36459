/* -var and -var-file, as the text of one Nomad variable file. */
#include <stdlib.h>
#include <string.h>

#include "base/hcl.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/utf8.h"
#include "controller/cli/job_file.h"
#include "net/files.h"

struct variable {
    char *name;
    char *literal; /* HCL */
};

struct variables {
    struct variable *list;
    size_t count, capacity;
};

static void variables_set(struct variables *variables, const char *name, size_t length, char *literal)
{
    for (size_t i = 0; i < variables->count; i++) {
        struct variable *variable = &variables->list[i];
        if (strlen(variable->name) == length && strncmp(variable->name, name, length) == 0) {
            free(variable->literal);
            variable->literal = literal;
            return;
        }
    }
    variables->list = memory_grow(variables->list, variables->count, &variables->capacity, sizeof *variables->list);
    variables->list[variables->count++] = (struct variable){.name = memory_copy_text(name, length), .literal = literal};
}

static void variables_release(struct variables *variables)
{
    for (size_t i = 0; i < variables->count; i++) {
        free(variables->list[i].name);
        free(variables->list[i].literal);
    }
    free(variables->list);
}

/* Text as an HCL string: nothing in it is evaluated. */
static void literal_append_text(struct buffer *out, const char *text, size_t length)
{
    buffer_append_byte(out, '"');
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            buffer_printf(out, "\\%c", c);
        } else if ((c == '$' || c == '%') && i + 1 < length && text[i + 1] == '{') {
            buffer_printf(out, "%c%c", c, c);
        } else if (c == '\n') {
            buffer_append_text(out, "\\n");
        } else if (c < 0x20) {
            buffer_printf(out, "\\u%04x", c);
        } else {
            buffer_append_byte(out, (char)c);
        }
    }
    buffer_append_byte(out, '"');
}

/* Values nest at most HCL_DEPTH_MAX deep: the reader has seen to that. */
static void literal_append_value(struct buffer *out, const struct hcl_value *value)
{
    const char *between = "";
    switch (value->kind) {
    case HCL_NULL:
        buffer_append_text(out, "null");
        break;
    case HCL_FLAG:
        buffer_append_text(out, value->flag ? "true" : "false");
        break;
    case HCL_NUMBER:
        buffer_append_text(out, value->number.digits);
        break;
    case HCL_TEXT:
        literal_append_text(out, value->text.bytes, value->text.length);
        break;
    case HCL_LIST:
        buffer_append_byte(out, '[');
        for (const struct hcl_value *item = value->items; item != NULL; item = item->next, between = ", ") {
            buffer_append_text(out, between);
            literal_append_value(out, item);
        }
        buffer_append_byte(out, ']');
        break;
    case HCL_OBJECT:
        buffer_append_byte(out, '{');
        for (const struct hcl_member *member = value->members; member != NULL; member = member->next, between = ", ") {
            buffer_append_text(out, between);
            literal_append_text(out, member->key, strlen(member->key));
            buffer_append_text(out, " = ");
            literal_append_value(out, member->value);
        }
        buffer_append_byte(out, '}');
        break;
    }
}

/* A number that reads back as it was written: "007" and "1.10" are text, which Nomad turns into a number where one is
 * declared. */
static bool is_plain_number(const char *text)
{
    const char *at = text + (text[0] == '-');
    size_t whole = strspn(at, "0123456789"), fraction = 0;
    if (whole == 0 || whole > 15 || (at[0] == '0' && whole > 1)) {
        return false;
    }
    at += whole;
    if (at[0] == '.') {
        fraction = strspn(at + 1, "0123456789");
        if (fraction == 0 || fraction > 15 || at[fraction] == '0') {
            return false;
        }
        at += 1 + fraction;
    }
    return at[0] == '\0';
}

/* What was typed after the '=': a list or an object where it is one, else a number, a truth value or text. */
static char *literal_of_typed(const char *value)
{
    struct buffer literal = BUFFER_INIT;
    if (value[0] == '[' || value[0] == '{') {
        struct hcl_document *document = hcl_document_new();
        struct buffer text = BUFFER_INIT;
        struct error ignored;
        buffer_printf(&text, "value = %s\n", value);
        if (hcl_document_add(document, "-var", text.data, text.length, &ignored)) {
            const struct hcl_body *body = hcl_document_body(document);
            bool alone = body->blocks == NULL && body->arguments != NULL && body->arguments->next == NULL;
            if (alone) {
                literal_append_value(&literal, body->arguments->value);
            }
        }
        buffer_release(&text);
        hcl_document_free(document);
    } else if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0 || is_plain_number(value)) {
        buffer_append_text(&literal, value);
    }
    if (literal.length == 0) {
        literal_append_text(&literal, value, strlen(value));
    }
    return buffer_take(&literal);
}

/* HCL's identifiers, as far as they are ASCII. */
static bool is_variable_name(const char *name, size_t length)
{
    size_t start = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_");
    size_t rest = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    return length > 0 && start > 0 && rest >= length;
}

/* The value is not shown in errors: it may be a secret. */
static bool variables_add_typed(struct variables *variables, const char *typed, struct error *ret_error)
{
    const char *equals = strchr(typed, '=');
    if (equals == NULL) {
        return error_set(ret_error, ERROR_INVALID, "-var wants NAME=VALUE");
    }
    if (!is_variable_name(typed, (size_t)(equals - typed))) {
        return error_set(ret_error, ERROR_INVALID, "-var: \"%.*s\" is no variable's name",
                         (int)(equals - typed > 64 ? 64 : equals - typed), typed);
    }
    if (!utf8_valid(equals + 1, strlen(equals + 1))) {
        return error_set(ret_error, ERROR_INVALID, "-var %.*s: the value is not UTF-8 text", (int)(equals - typed),
                         typed);
    }
    variables_set(variables, typed, (size_t)(equals - typed), literal_of_typed(equals + 1));
    return true;
}

static bool variables_add_file(struct variables *variables, const char *path, struct error *ret_error)
{
    struct hcl_document *document = hcl_document_new();
    struct buffer bytes = BUFFER_INIT;
    bool ok = file_read(path, HCL_FILE_MAX, &bytes, ret_error) &&
              hcl_document_add(document, path, bytes.data, bytes.length, ret_error);
    const struct hcl_body *body = hcl_document_body(document);
    if (ok && body->blocks != NULL) {
        ok = hcl_fail(document, body->blocks->position, ERROR_INVALID, ret_error,
                      "a variable file holds name = value lines, no blocks");
    }
    for (const struct hcl_argument *at = ok ? body->arguments : NULL; at != NULL && ok; at = at->next) {
        struct buffer literal = BUFFER_INIT;
        if (at->part_count != 1) {
            ok = hcl_fail(document, at->position, ERROR_INVALID, ret_error, "no variable has a name with a dot in it");
            continue;
        }
        literal_append_value(&literal, at->value);
        variables_set(variables, at->name, strlen(at->name), buffer_take(&literal));
    }
    buffer_release(&bytes);
    hcl_document_free(document);
    return ok;
}

bool variables_text(const struct options *options, struct buffer *text, struct error *ret_error)
{
    struct variables variables = {0};
    bool ok = true;
    for (size_t i = 0; i < options->given_count && ok; i++) {
        const struct option_given *given = &options->given[i];
        if (strcmp(given->spec->name, "var") == 0) {
            ok = variables_add_typed(&variables, given->value, ret_error);
        } else if (strcmp(given->spec->name, "var-file") == 0) {
            ok = variables_add_file(&variables, given->value, ret_error);
        }
    }
    for (size_t i = 0; i < variables.count && ok; i++) {
        buffer_printf(text, "%s = %s\n", variables.list[i].name, variables.list[i].literal);
    }
    variables_release(&variables);
    return ok;
}
