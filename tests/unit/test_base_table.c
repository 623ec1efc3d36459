/* links: base */
/* Tables and key = value lists as people and pipes see them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/table.h"

static struct table *sample(void)
{
    struct table *t = table_new();
    table_column(t, "Region", TABLE_LEFT);
    table_column(t, "Nodes", TABLE_RIGHT);
    table_column(t, "$/h", TABLE_RIGHT);
    table_column(t, "State", TABLE_LEFT);
    table_text(t, "aws-us-east-1");
    table_i64(t, 12);
    table_money(t, 1234567, 3);
    table_text(t, "alive");
    table_text(t, "d\xC3\xA9j\xC3\xA0");
    table_printf(t, "%d", 5);
    table_text(t, NULL);
    table_text(t, "\x1b[31mred\nline");
    table_text(t, "short");
    return t;
}

static void columns_are_aligned_for_people(void **state)
{
    (void)state;
    struct table *t = sample();
    struct buffer out = BUFFER_INIT;
    assert_int_equal(table_rows(t), 3);
    table_render(t, TABLE_ALIGNED, &out);
    assert_string_equal(out.data, "Region          Nodes     $/h  State\n"
                                  "aws-us-east-1      12   1.235  alive\n"
                                  "d\xC3\xA9j\xC3\xA0                5  <none>  \\x1b[31mred\\nline\n"
                                  "short          <none>  <none>  <none>\n");
    table_free(t);
    buffer_release(&out);
}

static void the_header_is_bold_only_when_asked(void **state)
{
    (void)state;
    struct table *t = table_new();
    table_column(t, "A", TABLE_LEFT);
    table_text(t, "x");
    struct buffer out = BUFFER_INIT;
    table_render(t, TABLE_BOLD, &out);
    assert_string_equal(out.data, "\x1b[1mA\x1b[0m\nx\n");
    table_free(t);
    buffer_release(&out);
}

static void pipes_get_tabs(void **state)
{
    (void)state;
    struct table *t = sample();
    struct buffer out = BUFFER_INIT;
    table_render(t, TABLE_PLAIN, &out);
    assert_string_equal(out.data, "Region\tNodes\t$/h\tState\naws-us-east-1\t12\t1.235\talive\n"
                                  "d\xC3\xA9j\xC3\xA0\t5\t\t\\x1b[31mred\\nline\nshort\t\t\t\n");
    table_free(t);
    buffer_release(&out);
}

static void an_empty_table_shows_its_header(void **state)
{
    (void)state;
    struct table *t = table_new();
    struct buffer out = BUFFER_INIT;
    table_render(t, TABLE_ALIGNED, &out);
    assert_string_equal(out.data, "");
    table_column(t, "ID", TABLE_LEFT);
    table_column(t, "Name", TABLE_LEFT);
    table_render(t, TABLE_ALIGNED, &out);
    assert_string_equal(out.data, "ID  Name\n");
    table_free(t);
    table_free(NULL);
    buffer_release(&out);
}

static void pairs_are_aligned_at_their_sign(void **state)
{
    (void)state;
    struct table_pairs *p = table_pairs_new();
    table_pairs_text(p, "ID", "web");
    table_pairs_printf(p, "Submit Date", "%d", 7);
    table_pairs_text(p, "Note", "");
    table_pairs_text(p, "Tab", "a\tb");
    struct buffer out = BUFFER_INIT;
    table_pairs_render(p, TABLE_ALIGNED, &out);
    assert_string_equal(out.data, "ID          = web\nSubmit Date = 7\nNote        = <none>\nTab         = a\\tb\n");
    buffer_clear(&out);
    table_pairs_render(p, TABLE_PLAIN, &out);
    assert_string_equal(out.data, "ID\tweb\nSubmit Date\t7\nNote\t\nTab\ta\\tb\n");
    table_pairs_free(p);
    table_pairs_free(NULL);
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned_for_people),
        cmocka_unit_test(the_header_is_bold_only_when_asked),
        cmocka_unit_test(pipes_get_tabs),
        cmocka_unit_test(an_empty_table_shows_its_header),
        cmocka_unit_test(pairs_are_aligned_at_their_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
