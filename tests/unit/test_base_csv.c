/* links: base */
/* The strict CSV reader. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/csv.h"

/* Rows as "a|b|c;" one after another, or the error's text. */
static char *read_all(const char *text, size_t length)
{
    struct error error = {.code = ERROR_NONE};
    struct buffer out = BUFFER_INIT;
    struct csv *csv = csv_open("p.csv", text, length, &error);
    enum csv_step step = csv ? CSV_ROW : CSV_FAILED;
    while (csv && (step = csv_next(csv, &error)) == CSV_ROW)
        for (size_t i = 0; i < csv_columns(csv); i++)
            buffer_printf(&out, "%s%c", csv_field(csv, (int)i), i + 1 < csv_columns(csv) ? '|' : ';');
    if (csv)
        assert_int_equal(csv_next(csv, &error), step);
    if (step == CSV_FAILED) {
        buffer_clear(&out);
        buffer_append_text(&out, error.text);
    }
    csv_free(csv);
    return buffer_take(&out);
}

static void gives(const char *text, const char *wanted)
{
    char *got = read_all(text, strlen(text));
    if (strcmp(got, wanted) != 0)
        fail_msg("\n%s\n  wanted %s\n  got    %s", text, wanted, got);
    free(got);
}

static void rows_are_read_as_rfc_4180_says(void **state)
{
    (void)state;
    gives("region,usd\na,1\nb,2\n", "a|1;b|2;");
    gives("region,usd\r\na,1\r\nb,2", "a|1;b|2;");
    gives("\xEF\xBB\xBFr,u\n\"a,\"\"b\"\"\nc\",\n\n ,\"\"\n\n", "a,\"b\"\nc|; |;");
    gives("\"r\"\nx\n\xC3\xA9\n", "x;\xC3\xA9;");
    gives("r", "");
}

static void mistakes_are_told_where_they_stand(void **state)
{
    (void)state;
    gives("", "p.csv:1:1: the file is empty; begin it with a header row");
    gives("\n\n", "p.csv:3:1: the file is empty; begin it with a header row");
    gives("a,b\n1\n", "p.csv:2:1: the row has 1 fields and the header 2; make them equal");
    gives("a,b\n1,2,3\n", "p.csv:2:1: the row has 3 fields and the header 2; make them equal");
    gives("a,,b\n", "p.csv:1:3: a column of the header has no name; give it one");
    gives("a,b,a\n", "p.csv:1:5: two columns are called \"a\"; rename one");
    gives("a,b\n1,x\"y\n",
          "p.csv:2:4: a quote stands inside a field without quotes; put the whole field into quotes and "
          "double it");
    gives("a,b\n1,\"x\"y\n", "p.csv:2:6: a comma or the line's end is wanted after the closing quote; double quotes "
                             "inside a field");
    gives("a,b\n\xC3\xA9,\"x\n\n", "p.csv:2:3: the quoted field that begins here has no closing quote; add it");
    gives("a\rb\n", "p.csv:1:2: a carriage return stands alone; end lines in LF or CRLF");
    gives("a,b\n1,\xFF\n", "p.csv:2:3: the bytes here are not UTF-8; save the file as UTF-8");
    char *got = read_all("a\n1\0", 4);
    assert_string_equal(got, "p.csv:2:2: a NUL character stands here; remove it");
    free(got);
}

static void sizes_are_bounded(void **state)
{
    (void)state;
    struct buffer b = BUFFER_INIT;
    for (int i = 0; i < 65; i++)
        buffer_printf(&b, "c%d,", i);
    gives(b.data, "p.csv:1:247: the row has more than 64 fields");
    buffer_clear(&b);
    buffer_append_text(&b, "a\n");
    for (int i = 0; i <= CSV_FIELD_MAX; i++)
        buffer_append_byte(&b, 'x');
    gives(b.data, "p.csv:2:1: the field is longer than 4096 bytes; shorten it");
    buffer_release(&b);
    struct error error;
    assert_null(csv_open("p.csv", "", (size_t)CSV_FILE_MAX + 1, &error));
    assert_string_equal(error.text, "p.csv: the file has 67108865 bytes and at most 67108864 are read; divide it");
}

static void columns_are_found_by_name_and_fields_can_be_blamed(void **state)
{
    (void)state;
    struct error error;
    const char *text = "region,usd_per_hour\n\naws,abc\n";
    struct csv *csv = csv_open("p.csv", text, strlen(text), &error);
    assert_int_equal(csv_column(csv, "usd_per_hour"), 1);
    assert_int_equal(csv_column(csv, "market"), -1);
    assert_string_equal(csv_column_name(csv, 0), "region");
    assert_int_equal(csv_next(csv, &error), CSV_ROW);
    assert_string_equal(csv_field(csv, -1), "");
    assert_string_equal(csv_field(csv, 1), "abc");
    assert_false(csv_fail(csv, 1, ERROR_INVALID, &error, "usd_per_hour: %s", "bad"));
    assert_string_equal(error.text, "p.csv:3:5: usd_per_hour: bad");
    assert_false(csv_fail(csv, -1, ERROR_INVALID, &error, "row"));
    assert_string_equal(error.text, "p.csv:3:1: row");
    csv_free(csv);
    csv_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read_as_rfc_4180_says),
        cmocka_unit_test(mistakes_are_told_where_they_stand),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(columns_are_found_by_name_and_fields_can_be_blamed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
