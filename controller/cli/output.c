/* Printing: see output.h. */
#include "controller/cli/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "controller/cli/command.h"

bool output_is_terminal(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

void output_size(unsigned *ret_columns, unsigned *ret_lines)
{
    struct winsize size = {0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    *ret_columns = known && size.ws_col > 0 ? size.ws_col : 80;
    *ret_lines = known && size.ws_row > 0 ? size.ws_row : 24;
}

enum table_style output_style(void)
{
    const char *terminal = getenv("TERM"), *plain = getenv("NO_COLOR");
    if (!output_is_terminal()) {
        return TABLE_PLAIN;
    }
    bool dumb = terminal == NULL || strcmp(terminal, "dumb") == 0;
    return dumb || (plain != NULL && plain[0] != '\0') ? TABLE_ALIGNED : TABLE_BOLD;
}

static void output_buffer(struct buffer *text)
{
    fwrite(text->data, 1, text->length, stdout);
    buffer_release(text);
}

void output_table(struct table *table)
{
    struct buffer text = BUFFER_INIT;
    table_render(table, output_style(), &text);
    table_free(table);
    output_buffer(&text);
}

void output_pairs(struct table_pairs *pairs)
{
    struct buffer text = BUFFER_INIT;
    table_pairs_render(pairs, output_style(), &text);
    table_pairs_free(pairs);
    output_buffer(&text);
}

void output_heading(const char *words)
{
    bool bold = output_style() == TABLE_BOLD;
    printf("\n%s%s%s\n", bold ? "\033[1m" : "", words, bold ? "\033[0m" : "");
}

void output_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

void output_reasons(FILE *file, const char *text)
{
    const char *indent = "  ";
    while (text[0] != '\0') {
        struct buffer line = BUFFER_INIT;
        const char *end = strstr(text, "; ");
        size_t length = end != NULL ? (size_t)(end - text) : strlen(text);
        text_append_visible(&line, text, length, false);
        fprintf(file, "%s%s\n", indent, line.data);
        buffer_release(&line);
        text += length + (end != NULL ? 2 : 0);
        indent = "    ";
    }
}

void output_json(const json_t *value)
{
    struct buffer text = BUFFER_INIT;
    json_write(&text, value, true);
    buffer_append_byte(&text, '\n');
    output_buffer(&text);
}

int command_fail(const struct command *command, const struct error *error)
{
    struct buffer text = BUFFER_INIT;
    const char *line = error->text;
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        buffer_append_text(&text, text.length > 0 ? "\n  " : "");
        text_append_visible(&text, line, length, false);
        line += length + (line[length] == '\n');
    }
    fflush(stdout);
    fprintf(stderr, "drover %s: %s\n", command->name, text.data);
    buffer_release(&text);
    return EXIT_ERROR;
}
