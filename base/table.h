/* Tables for people, and key = value lists, in the manner of nomad's command line.
 *
 *     struct table *t = table_new();
 *     table_column(t, "Region", TABLE_LEFT);
 *     table_column(t, "$/h", TABLE_RIGHT);
 *     table_text(t, name);
 *     table_money(t, uusd, 3);
 *     table_render(t, TABLE_ALIGNED, &out);
 *     table_free(t);
 *
 * Cells come from outside: control characters and escape sequences in them are made visible (text_append_visible) and
 * never reach the terminal. Width is counted in code points. Pure; not thread-safe. */
#ifndef DROVER_BASE_TABLE_H
#define DROVER_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum table_side { TABLE_LEFT, TABLE_RIGHT };

enum table_style {
    TABLE_ALIGNED, /* two blanks between columns; an empty cell reads <none> */
    TABLE_BOLD,    /* the same with the header line in bold, for terminals */
    TABLE_PLAIN,   /* header and rows with tabs between cells, empty cells empty: for pipes */
};

struct table;

struct table *table_new(void);
void table_free(struct table *table);

/* Columns come before the first cell. The title is the program's own text. */
void table_column(struct table *table, const char *title, enum table_side side);

/* The next cell, row by row. NULL is empty. */
void table_text(struct table *table, const char *text);
void table_printf(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_i64(struct table *table, int64_t number);
/* Rounded to 0 to 6 decimals. */
void table_money(struct table *table, int64_t uusd, unsigned decimals);

/* Rows begun so far. */
size_t table_rows(const struct table *table);

/* Appends header and rows, each line ended by '\n'; a last row that is short is filled with empty cells. Nothing at all
 * is written where no column is. Trailing blanks are not written. */
void table_render(const struct table *table, enum table_style style, struct buffer *out);

/* Key = value lists: keys aligned as `nomad status` prints them ("ID      = web"); TABLE_PLAIN puts a tab between. */
struct table_pairs;

struct table_pairs *table_pairs_new(void);
void table_pairs_free(struct table_pairs *pairs);
void table_pairs_text(struct table_pairs *pairs, const char *key, const char *text);
void table_pairs_printf(struct table_pairs *pairs, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void table_pairs_render(const struct table_pairs *pairs, enum table_style style, struct buffer *out);

#endif
