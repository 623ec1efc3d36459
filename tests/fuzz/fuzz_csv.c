/* links: base */
/* What the CSV reader accepts, written with quotes, must read back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void quote(struct buffer *out, const char *field, char after)
{
    buffer_append_byte(out, '"');
    for (; *field; field++)
        buffer_append(out, "\"\"", *field == '"' ? 2 : 0), buffer_append(out, field, *field != '"');
    buffer_append_byte(out, '"');
    buffer_append_byte(out, after);
}

static char separator(const struct csv *csv, size_t column)
{
    return column + 1 < csv_columns(csv) ? ',' : '\n';
}

/* All of it in quotes; false when it was refused. */
static bool rewrite(const char *bytes, size_t size, struct buffer *out)
{
    struct error error = {.code = ERROR_NONE};
    struct csv *csv = csv_open("f", bytes, size, &error);
    if (!csv)
        return error.code == ERROR_NONE ? (abort(), false) : false;
    for (size_t i = 0; i < csv_columns(csv); i++)
        quote(out, csv_column_name(csv, i), separator(csv, i));
    enum csv_step step = CSV_ROW;
    while ((step = csv_next(csv, &error)) == CSV_ROW)
        for (size_t i = 0; i < csv_columns(csv); i++)
            quote(out, csv_field(csv, (int)i), separator(csv, i));
    csv_free(csv);
    return step == CSV_END;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer once = BUFFER_INIT;
    struct buffer twice = BUFFER_INIT;
    if (rewrite((const char *)data, size, &once) &&
        (!rewrite(once.data, once.length, &twice) || strcmp(once.data, twice.data) != 0))
        abort();
    buffer_release(&once);
    buffer_release(&twice);
    return 0;
}
