/* What commands print: tables and lists for people when standard output is a terminal, tabs between cells when it is a
 * pipe; JSON with -json; errors on standard error. */
#ifndef DROVER_CONTROLLER_CLI_OUTPUT_H
#define DROVER_CONTROLLER_CLI_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/table.h"

bool output_is_terminal(void);
/* Columns and lines of the terminal; 80 and 24 where they are not known. */
void output_size(unsigned *ret_columns, unsigned *ret_lines);

/* Bold where the terminal can and NO_COLOR does not forbid it. */
enum table_style output_style(void);

/* Prints and frees. */
void output_table(struct table *table);
void output_pairs(struct table_pairs *pairs);

/* A heading over what follows, with an empty line before it; nothing in a pipe but the empty line and the words. */
void output_heading(const char *words);

/* One line; what stands in it from outside must have gone through fields.h or text_append_visible. */
void output_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "what; why; why" as lines, the whys further in. Made harmless to look at. */
void output_reasons(FILE *file, const char *text);

/* Indented, with a newline at the end. */
void output_json(const json_t *value);

#endif
