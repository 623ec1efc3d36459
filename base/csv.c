/* The CSV reader: one pass, one row kept. */
#include "base/csv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/utf8.h"

struct place {
    unsigned line, column;
};

struct csv {
    char *file_name;
    const char *at, *end;
    struct place place;
    struct buffer row; /* the fields, a NUL after each */
    size_t starts[CSV_COLUMNS_MAX];
    struct place places[CSV_COLUMNS_MAX];
    size_t fields;
    char *names[CSV_COLUMNS_MAX];
    size_t columns; /* 0 until the header is read */
    enum csv_step step;
    struct error error; /* valid once step is CSV_FAILED */
};

static bool fail_at(const struct csv *csv, struct place place, enum error_code code, struct error *ret_error,
                    const char *what)
{
    return error_set(ret_error, code, "%s:%u:%u: %s", csv->file_name, place.line, place.column, what);
}

static void step_over(struct csv *csv, size_t bytes)
{
    for (; bytes > 0; bytes--, csv->at++) {
        if (*csv->at == '\n')
            csv->place = (struct place){csv->place.line + 1, 1};
        else if (((unsigned char)*csv->at & 0xC0u) != 0x80u)
            csv->place.column++;
    }
}

static bool check_bytes(const struct csv *csv, struct error *ret_error)
{
    size_t length = (size_t)(csv->end - csv->at);
    if (length == 0 || (utf8_valid(csv->at, length) && !memchr(csv->at, '\0', length)))
        return true;
    struct csv look = *csv;
    uint32_t c = 0;
    size_t bytes = 0;
    while ((bytes = utf8_decode(look.at, (size_t)(look.end - look.at), &c)) > 0 && c != 0)
        step_over(&look, bytes);
    return fail_at(csv, look.place, ERROR_INVALID, ret_error,
                   bytes ? "a NUL character stands here; remove it"
                         : "the bytes here are not UTF-8; save the file as UTF-8");
}

/* Bytes of the line's end at hand: 0 when it is none, the file's end counts 0 too. */
static size_t line_end(const struct csv *csv)
{
    if (csv->at < csv->end && *csv->at == '\n')
        return 1;
    return csv->end - csv->at > 1 && csv->at[0] == '\r' && csv->at[1] == '\n' ? 2 : 0;
}

static bool take_byte(struct csv *csv, size_t start, struct error *ret_error)
{
    if (csv->row.length - start >= CSV_FIELD_MAX)
        return fail_at(csv, csv->places[csv->fields], ERROR_TOO_LARGE, ret_error,
                       "the field is longer than 4096 bytes; shorten it");
    buffer_append_byte(&csv->row, *csv->at);
    step_over(csv, 1);
    return true;
}

static bool read_quoted(struct csv *csv, struct error *ret_error)
{
    size_t start = csv->row.length;
    step_over(csv, 1);
    while (csv->at < csv->end) {
        bool quote = *csv->at == '"';
        bool doubled = quote && csv->end - csv->at > 1 && csv->at[1] == '"';
        step_over(csv, quote);
        if (quote && !doubled) {
            if (csv->at == csv->end || *csv->at == ',' || line_end(csv))
                return true;
            return fail_at(csv, csv->place, ERROR_INVALID, ret_error,
                           "a comma or the line's end is wanted after the closing quote; double quotes inside a field");
        }
        if (!take_byte(csv, start, ret_error))
            return false;
    }
    return fail_at(csv, csv->places[csv->fields], ERROR_INVALID, ret_error,
                   "the quoted field that begins here has no closing quote; add it");
}

static bool read_bare(struct csv *csv, struct error *ret_error)
{
    size_t start = csv->row.length;
    while (csv->at < csv->end && *csv->at != ',' && !line_end(csv)) {
        if (*csv->at == '"')
            return fail_at(
                csv, csv->place, ERROR_INVALID, ret_error,
                "a quote stands inside a field without quotes; put the whole field into quotes and double it");
        if (*csv->at == '\r')
            return fail_at(csv, csv->place, ERROR_INVALID, ret_error,
                           "a carriage return stands alone; end lines in LF or CRLF");
        if (!take_byte(csv, start, ret_error))
            return false;
    }
    return true;
}

/* One line into row; at least one byte is left. */
static bool read_row(struct csv *csv, struct error *ret_error)
{
    buffer_clear(&csv->row);
    csv->fields = 0;
    while (true) {
        if (csv->fields == CSV_COLUMNS_MAX)
            return fail_at(csv, csv->place, ERROR_TOO_LARGE, ret_error, "the row has more than 64 fields");
        csv->starts[csv->fields] = csv->row.length;
        csv->places[csv->fields] = csv->place;
        bool quoted = csv->at < csv->end && *csv->at == '"';
        if (quoted ? !read_quoted(csv, ret_error) : !read_bare(csv, ret_error))
            return false;
        buffer_append_byte(&csv->row, '\0');
        csv->fields++;
        if (csv->at == csv->end)
            return true;
        if (*csv->at != ',') {
            step_over(csv, line_end(csv));
            return true;
        }
        step_over(csv, 1);
    }
}

enum csv_step csv_next(struct csv *csv, struct error *ret_error)
{
    if (csv->step == CSV_FAILED)
        *ret_error = csv->error;
    if (csv->step != CSV_ROW)
        return csv->step;
    while (line_end(csv))
        step_over(csv, line_end(csv));
    if (csv->at == csv->end)
        return csv->step = CSV_END;
    bool ok = read_row(csv, &csv->error);
    if (ok && csv->columns && csv->fields != csv->columns)
        ok =
            error_set(&csv->error, ERROR_INVALID, "%s:%u:1: the row has %zu fields and the header %zu; make them equal",
                      csv->file_name, csv->places[0].line, csv->fields, csv->columns);
    if (ok)
        return CSV_ROW;
    *ret_error = csv->error;
    return csv->step = CSV_FAILED;
}

static bool read_header(struct csv *csv, struct error *ret_error)
{
    enum csv_step step = csv_next(csv, ret_error);
    if (step == CSV_END)
        return fail_at(csv, csv->place, ERROR_INVALID, ret_error, "the file is empty; begin it with a header row");
    if (step == CSV_FAILED)
        return false;
    for (size_t i = 0; i < csv->fields; i++) {
        const char *name = csv_field(csv, (int)i);
        if (!*name)
            return csv_fail(csv, (int)i, ERROR_INVALID, ret_error, "a column of the header has no name; give it one");
        if (csv_column(csv, name) >= 0)
            return csv_fail(csv, (int)i, ERROR_INVALID, ret_error, "two columns are called \"%.100s\"; rename one",
                            name);
        csv->names[csv->columns++] = memory_copy_text(name, strlen(name));
    }
    return true;
}

struct csv *csv_open(const char *file_name, const char *bytes, size_t length, struct error *ret_error)
{
    if (length > CSV_FILE_MAX) {
        error_set(ret_error, ERROR_TOO_LARGE, "%s: the file has %zu bytes and at most %d are read; divide it",
                  file_name, length, CSV_FILE_MAX);
        return NULL;
    }
    size_t mark = length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    struct csv *csv = memory_new(1, sizeof *csv);
    csv->file_name = memory_copy_text(file_name, strlen(file_name));
    csv->at = length ? bytes + mark : "";
    csv->end = csv->at + (length - mark);
    csv->place = (struct place){1, 1};
    buffer_init(&csv->row);
    if (check_bytes(csv, ret_error) && read_header(csv, ret_error))
        return csv;
    csv_free(csv);
    return NULL;
}

void csv_free(struct csv *csv)
{
    if (!csv)
        return;
    for (size_t i = 0; i < csv->columns; i++)
        free(csv->names[i]);
    buffer_release(&csv->row);
    free(csv->file_name);
    free(csv);
}

int csv_column(const struct csv *csv, const char *name)
{
    for (size_t i = 0; i < csv->columns; i++)
        if (strcmp(csv->names[i], name) == 0)
            return (int)i;
    return -1;
}

size_t csv_columns(const struct csv *csv)
{
    return csv->columns;
}

const char *csv_column_name(const struct csv *csv, size_t column)
{
    return column < csv->columns ? csv->names[column] : "";
}

const char *csv_field(const struct csv *csv, int column)
{
    return column >= 0 && (size_t)column < csv->fields ? csv->row.data + csv->starts[column] : "";
}

bool csv_fail(const struct csv *csv, int column, enum error_code code, struct error *ret_error, const char *format, ...)
{
    char what[ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    struct place place = column >= 0 && (size_t)column < csv->fields ? csv->places[column]
                         : csv->fields                               ? csv->places[0]
                                                                     : csv->place;
    return fail_at(csv, place, code, ret_error, what);
}
