/* Tables and key = value lists: cells are kept made visible, widths are found when rendering. */
#include "base/table.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "base/text.h"
#include "base/utf8.h"

static const char empty_cell[] = "<none>";

struct cell {
    size_t start, length; /* in table.text */
};

struct column {
    char *title;
    enum table_side side;
};

struct table {
    struct column *columns;
    size_t column_count, column_capacity;
    struct cell *cells; /* row after row */
    size_t cell_count, cell_capacity;
    struct buffer text;
};

struct table *table_new(void)
{
    struct table *table = memory_new(1, sizeof *table);
    buffer_init(&table->text);
    return table;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->column_count; i++)
        free(table->columns[i].title);
    free(table->columns);
    free(table->cells);
    buffer_release(&table->text);
    free(table);
}

void table_column(struct table *table, const char *title, enum table_side side)
{
    assert(table->cell_count == 0);
    table->columns = memory_grow(table->columns, table->column_count, &table->column_capacity, sizeof *table->columns);
    table->columns[table->column_count++] =
        (struct column){.title = memory_copy_text(title, strlen(title)), .side = side};
}

static void add_cell(struct table *table, const char *text, size_t length)
{
    assert(table->column_count > 0);
    table->cells = memory_grow(table->cells, table->cell_count, &table->cell_capacity, sizeof *table->cells);
    size_t start = table->text.length;
    text_append_visible(&table->text, text, length, false);
    table->cells[table->cell_count++] = (struct cell){start, table->text.length - start};
}

void table_text(struct table *table, const char *text)
{
    add_cell(table, text ? text : "", text ? strlen(text) : 0);
}

void table_printf(struct table *table, const char *format, ...)
{
    struct buffer text = BUFFER_INIT;
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    add_cell(table, text.data, text.length);
    buffer_release(&text);
}

void table_i64(struct table *table, int64_t number)
{
    table_printf(table, "%" PRId64, number);
}

void table_money(struct table *table, int64_t uusd, unsigned decimals)
{
    char text[MONEY_TEXT_MAX];
    table_text(table, money_format_rounded(uusd, decimals, text));
}

size_t table_rows(const struct table *table)
{
    return table->column_count ? (table->cell_count + table->column_count - 1) / table->column_count : 0;
}

/* The text of a cell; row 0 is the header. */
static const char *cell_text(const struct table *table, enum table_style style, size_t row, size_t column,
                             size_t *ret_length)
{
    const char *text = "";
    *ret_length = 0;
    if (row == 0) {
        text = table->columns[column].title;
        *ret_length = strlen(text);
        return text;
    }
    size_t place = (row - 1) * table->column_count + column;
    if (place < table->cell_count) {
        text = table->text.data + table->cells[place].start;
        *ret_length = table->cells[place].length;
    }
    if (*ret_length == 0 && style != TABLE_PLAIN) {
        text = empty_cell;
        *ret_length = sizeof empty_cell - 1;
    }
    return text;
}

static void append_blanks(struct buffer *out, size_t count)
{
    buffer_reserve(out, count);
    while (count-- > 0)
        buffer_append_byte(out, ' ');
}

static void render_plain(const struct table *table, struct buffer *out)
{
    for (size_t row = 0; row <= table_rows(table); row++)
        for (size_t column = 0; column < table->column_count; column++) {
            size_t length = 0;
            const char *text = cell_text(table, TABLE_PLAIN, row, column, &length);
            buffer_append(out, text, length);
            buffer_append_byte(out, column + 1 < table->column_count ? '\t' : '\n');
        }
}

static void render_row(const struct table *table, enum table_style style, size_t row, const size_t *widths,
                       struct buffer *out)
{
    size_t owed = 0; /* blanks before the next text, so that none end a line */
    bool bold = row == 0 && style == TABLE_BOLD;
    buffer_append_text(out, bold ? "\x1b[1m" : "");
    for (size_t column = 0; column < table->column_count; column++) {
        size_t length = 0;
        const char *text = cell_text(table, style, row, column, &length);
        size_t fill = widths[column] - utf8_count(text, length);
        bool right = table->columns[column].side == TABLE_RIGHT;
        append_blanks(out, owed + (right ? fill : 0));
        buffer_append(out, text, length);
        owed = 2 + (right ? 0 : fill);
    }
    buffer_append_text(out, bold ? "\x1b[0m\n" : "\n");
}

void table_render(const struct table *table, enum table_style style, struct buffer *out)
{
    if (table->column_count == 0)
        return;
    if (style == TABLE_PLAIN) {
        render_plain(table, out);
        return;
    }
    size_t *widths = memory_new(table->column_count, sizeof *widths);
    for (size_t row = 0; row <= table_rows(table); row++)
        for (size_t column = 0; column < table->column_count; column++) {
            size_t length = 0;
            const char *text = cell_text(table, style, row, column, &length);
            size_t width = utf8_count(text, length);
            widths[column] = width > widths[column] ? width : widths[column];
        }
    for (size_t row = 0; row <= table_rows(table); row++)
        render_row(table, style, row, widths, out);
    free(widths);
}

struct table_pairs {
    struct table *table; /* two columns without use of their titles */
};

struct table_pairs *table_pairs_new(void)
{
    struct table_pairs *pairs = memory_new(1, sizeof *pairs);
    pairs->table = table_new();
    table_column(pairs->table, "Key", TABLE_LEFT);
    table_column(pairs->table, "Value", TABLE_LEFT);
    return pairs;
}

void table_pairs_free(struct table_pairs *pairs)
{
    if (!pairs)
        return;
    table_free(pairs->table);
    free(pairs);
}

void table_pairs_text(struct table_pairs *pairs, const char *key, const char *text)
{
    table_text(pairs->table, key);
    table_text(pairs->table, text);
}

void table_pairs_printf(struct table_pairs *pairs, const char *key, const char *format, ...)
{
    struct buffer text = BUFFER_INIT;
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    table_text(pairs->table, key);
    add_cell(pairs->table, text.data, text.length);
    buffer_release(&text);
}

void table_pairs_render(const struct table_pairs *pairs, enum table_style style, struct buffer *out)
{
    size_t rows = table_rows(pairs->table);
    size_t widest = 0;
    size_t length = 0;
    for (size_t row = 1; row <= rows; row++) {
        const char *key = cell_text(pairs->table, style, row, 0, &length);
        size_t width = utf8_count(key, length);
        widest = width > widest ? width : widest;
    }
    for (size_t row = 1; row <= rows; row++) {
        const char *key = cell_text(pairs->table, style, row, 0, &length);
        buffer_append(out, key, length);
        if (style != TABLE_PLAIN)
            append_blanks(out, widest - utf8_count(key, length));
        buffer_append_text(out, style == TABLE_PLAIN ? "\t" : " = ");
        const char *value = cell_text(pairs->table, style, row, 1, &length);
        buffer_append(out, value, length);
        buffer_append_byte(out, '\n');
    }
}
