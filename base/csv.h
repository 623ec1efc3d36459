/* CSV as RFC 4180 has it, strictly, with a header row: for price catalogues.
 *
 *     struct csv *csv = csv_open(name, bytes, length, error);
 *     int region = csv_column(csv, "region");
 *     enum csv_step step;
 *     while ((step = csv_next(csv, error)) == CSV_ROW)
 *         use(csv_field(csv, region));
 *
 * Every row has as many fields as the header; a quote stands only around a whole field, doubled inside; lines end in LF
 * or CRLF; blanks belong to the field. Empty lines are passed over, and so is a byte order mark (spreadsheets write
 * one). UTF-8 without NUL. Errors begin "FILE:LINE:COLUMN: " (columns in characters, from 1). Pure; not thread-safe. */
#ifndef DROVER_BASE_CSV_H
#define DROVER_BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum {
    CSV_FILE_MAX = 64 * 1024 * 1024, /* bytes */
    CSV_COLUMNS_MAX = 64,
    CSV_FIELD_MAX = 4096, /* bytes */
};

enum csv_step { CSV_ROW, CSV_END, CSV_FAILED };

struct csv;

/* Reads the header. The bytes must stay where they are until csv_free. NULL: ERROR_INVALID (form, UTF-8, no header, a
 * name empty or twice), ERROR_TOO_LARGE. */
struct csv *csv_open(const char *file_name, const char *bytes, size_t length, struct error *ret_error);
void csv_free(struct csv *csv);

/* The place of a column by its header's exact text, or -1. */
int csv_column(const struct csv *csv, const char *name);
/* The header's texts, csv_columns of them. */
size_t csv_columns(const struct csv *csv);
const char *csv_column_name(const struct csv *csv, size_t column);

/* Reads the next row. After CSV_END or CSV_FAILED it goes on saying so. */
enum csv_step csv_next(struct csv *csv, struct error *ret_error);

/* A field of the row, valid until the next; "" for a column of -1 (absent). */
const char *csv_field(const struct csv *csv, int column);

/* Sets an error at a field of the row (at the row's start for -1). Always returns false. */
bool csv_fail(const struct csv *csv, int column, enum error_code code, struct error *ret_error, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
