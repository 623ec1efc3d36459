/* Variables of job files, put in as text before the literal part is read. Runtime references such as
 * "${attr.kernel.name}" are for Nomad to keep: they are escaped so that they stay as they are. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "sim/engine/jobspec.h"
#include "sim/engine/world.h"

enum { NAME_MAX_BYTES = 256 };

struct expansion {
    const char *at;
    const json_t *values;
    struct buffer *out;
    unsigned line;
    const char *line_start;
    struct error *error;
};

static bool name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static void put_one(struct expansion *e)
{
    if (*e->at == '\n') {
        e->line++;
        e->line_start = e->at + 1;
    }
    buffer_append_byte(e->out, *e->at++);
}

static bool unknown(struct expansion *e, const char *name)
{
    unsigned column = (unsigned)(e->at - e->line_start) + 1;

    return error_set(e->error, ERROR_INVALID,
                     "input.hcl:%u,%u-%u: Unsupported attribute; This object does not have an attribute named \"%s\".",
                     e->line, column, column + 1, name);
}

/* Reads NAME of "var.NAME" at `from`; returns what follows it, or NULL when it is none. */
static const char *variable_name(const char *from, char name[NAME_MAX_BYTES])
{
    size_t n = 0;

    if (strncmp(from, "var.", 4) != 0)
        return NULL;
    for (from += 4; name_byte(*from) && n + 1 < NAME_MAX_BYTES; from++)
        name[n++] = *from;
    name[n] = '\0';
    return n > 0 && *from != '.' && *from != '[' ? from : NULL;
}

static void put_text_escaped(struct buffer *out, const char *text, bool quoted)
{
    for (; *text != '\0'; text++) {
        if (quoted && (*text == '"' || *text == '\\'))
            buffer_printf(out, "\\%c", *text);
        else if (quoted && *text == '\n')
            buffer_append_text(out, "\\n");
        else if ((*text == '$' || *text == '%') && text[1] == '{')
            buffer_printf(out, "%c%c", *text, *text);
        else
            buffer_append_byte(out, *text);
    }
}

/* A value as HCL; objects and lists as in JSON, which HCL reads. */
static void put_literal(struct buffer *out, const json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;

    if (json_is_string(value)) {
        buffer_append_byte(out, '"');
        put_text_escaped(out, json_string_value(value), true);
        buffer_append_byte(out, '"');
    } else if (json_is_array(value)) {
        buffer_append_byte(out, '[');
        json_array_foreach(value, i, item)
        {
            buffer_append_text(out, i > 0 ? ", " : "");
            put_literal(out, item);
        }
        buffer_append_byte(out, ']');
    } else if (json_is_object(value)) {
        buffer_append_byte(out, '{');
        json_object_foreach((json_t *)value, key, item)
        {
            buffer_append_byte(out, '"');
            put_text_escaped(out, key, true);
            buffer_append_text(out, "\" = ");
            put_literal(out, item);
            buffer_append_text(out, ", ");
        }
        buffer_append_byte(out, '}');
    } else {
        sim_put_json(out, value);
    }
}

/* "${...}" inside text: a variable's value, or left for Nomad. */
static bool expand_reference(struct expansion *e, bool quoted)
{
    char name[NAME_MAX_BYTES];
    const char *inside = e->at + 2, *after;
    const json_t *value;

    while (*inside == ' ')
        inside++;
    after = variable_name(inside, name);
    while (after != NULL && *after == ' ')
        after++;
    if (after == NULL || *after != '}') {
        buffer_append_text(e->out, "$${");
        e->at += 2;
        return true;
    }
    value = json_object_get(e->values, name);
    if (e->values != NULL && value == NULL)
        return unknown(e, name);
    if (json_is_string(value))
        put_text_escaped(e->out, json_string_value(value), quoted);
    else if (value != NULL)
        sim_put_json(e->out, value);
    e->at = after + 1;
    return true;
}

static bool expand_text(struct expansion *e)
{
    put_one(e);
    while (*e->at != '\0' && *e->at != '"' && *e->at != '\n') {
        if (*e->at == '\\' && e->at[1] != '\0') {
            put_one(e);
            put_one(e);
        } else if (strncmp(e->at, "$${", 3) == 0) {
            buffer_append_text(e->out, "$${");
            e->at += 3;
        } else if (e->at[0] == '$' && e->at[1] == '{') {
            if (!expand_reference(e, true))
                return false;
        } else {
            put_one(e);
        }
    }
    if (*e->at == '"')
        put_one(e);
    return true;
}

static bool heredoc_ends(const char *line, const char *mark, size_t length)
{
    line += strspn(line, " \t");
    return strncmp(line, mark, length) == 0 && (line[length] == '\n' || line[length] == '\0' || line[length] == '\r');
}

static bool expand_heredoc(struct expansion *e)
{
    const char *mark;
    size_t length = 0;

    put_one(e);
    put_one(e);
    if (*e->at == '-')
        put_one(e);
    mark = e->at;
    while (name_byte(mark[length]))
        length++;
    while (*e->at != '\0' && *e->at != '\n')
        put_one(e);
    while (*e->at != '\0' && length > 0) {
        put_one(e);
        if (heredoc_ends(e->at, mark, length))
            return true;
        while (*e->at != '\0' && *e->at != '\n') {
            if (strncmp(e->at, "$${", 3) == 0) {
                buffer_append_text(e->out, "$${");
                e->at += 3;
            } else if (e->at[0] == '$' && e->at[1] == '{') {
                if (!expand_reference(e, false))
                    return false;
            } else {
                put_one(e);
            }
        }
    }
    return true;
}

static void skip_comment(struct expansion *e)
{
    if (e->at[0] == '/' && e->at[1] == '*') {
        while (*e->at != '\0' && strncmp(e->at, "*/", 2) != 0)
            put_one(e);
        if (*e->at != '\0') {
            put_one(e);
            put_one(e);
        }
        return;
    }
    while (*e->at != '\0' && *e->at != '\n')
        put_one(e);
}

/* `type = number` of a variable: an expression of its own language, kept as text. */
static bool expand_type(struct expansion *e)
{
    const char *at = e->at + 4;
    size_t length;

    at += strspn(at, " \t");
    if (*at != '=')
        return false;
    at++;
    at += strspn(at, " \t");
    if (!isalpha((unsigned char)*at) || strncmp(at, "var.", 4) == 0)
        return false;
    length = strcspn(at, "\n#");
    buffer_append_text(e->out, "type = \"");
    for (size_t i = 0; i < length; i++)
        if (at[i] != '"' && at[i] != '\\' && at[i] != '\r')
            buffer_append_byte(e->out, at[i]);
    buffer_append_byte(e->out, '"');
    e->at = at + length;
    return true;
}

static bool expand_word(struct expansion *e)
{
    char name[NAME_MAX_BYTES];
    const char *after = variable_name(e->at, name);
    const json_t *value;

    if (strncmp(e->at, "type", 4) == 0 && !name_byte(e->at[4]) && expand_type(e))
        return true;
    if (after == NULL) {
        while (name_byte(*e->at) || *e->at == '.')
            put_one(e);
        return true;
    }
    value = json_object_get(e->values, name);
    if (e->values != NULL && value == NULL)
        return unknown(e, name);
    if (value != NULL)
        put_literal(e->out, value);
    else
        buffer_append_text(e->out, "null");
    e->at = after;
    return true;
}

bool sim_jobspec_expand(const char *text, const json_t *values, struct buffer *out, struct error *ret_error)
{
    struct expansion e = {.at = text, .values = values, .out = out, .line = 1, .line_start = text, .error = ret_error};
    bool good = true;

    while (good && *e.at != '\0') {
        if (*e.at == '"')
            good = expand_text(&e);
        else if (e.at[0] == '<' && e.at[1] == '<')
            good = expand_heredoc(&e);
        else if (*e.at == '#' || (e.at[0] == '/' && (e.at[1] == '/' || e.at[1] == '*')))
            skip_comment(&e);
        else if (isalpha((unsigned char)*e.at) || *e.at == '_')
            good = expand_word(&e);
        else
            put_one(&e);
    }
    return good;
}
