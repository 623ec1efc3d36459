/* links: base */
/* The strict JSON reader, its getters, and the two ways to write. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/json.h"
#include "base/json_writer.h"

static json_t *read_good(const char *text)
{
    struct error error;
    json_t *value = NULL;
    if (!json_read(text, strlen(text), 4096, 8, &value, &error))
        fail_msg("refused %s: %s", text, error.text);
    return value;
}

static void refuses_with(const char *text, size_t length, enum error_code code, const char *words)
{
    struct error error;
    json_t *value = NULL;
    if (json_read(text, length, 4096, 4, &value, &error))
        fail_msg("accepted %s", text);
    assert_null(value);
    assert_string_equal(error.text, words);
    assert_int_equal(error.code, code);
}

static void what_is_not_strict_json_is_refused_where_it_stands(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "1:1: the text ends in the middle of a value"},
        {"{\n  \"a\": 1,\n  \"a\": 2\n}", "3:5: the key \"a\" stands twice in one object"},
        {"{} {}", "1:4: something follows the end of the value"},
        {"[1,\n\n\"\\u0000\"]", "3:8: a NUL character (\\u0000) is not allowed"},
        {"[99999999999999999999]", "1:21: the number is out of range"},
        {"[1,]", "1:4: this is not JSON"},
        {"{a:1}", "1:2: this is not JSON"},
        {"[\"\xC3(\"]", "1:3: the bytes here are not UTF-8"},
        {"[[[[[1]]]]]", "1:5: objects and arrays are nested deeper than 4"},
        {"\n[[[[\"[[[\\\"[[\", [", "2:16: objects and arrays are nested deeper than 4"},
        {"{\"token\": \"s.secret\" \"x\"}", "1:24: this is not JSON"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refuses_with(cases[i].text, strlen(cases[i].text),
                     strstr(cases[i].error, "deeper") ? ERROR_TOO_LARGE : ERROR_INVALID, cases[i].error);
    refuses_with("[\"a\0b\"]", 7, ERROR_INVALID, "1:4: a NUL byte is not allowed");
}

static void too_many_bytes_are_refused_unread(void **state)
{
    (void)state;
    struct error error;
    json_t *value = NULL;
    assert_false(json_read("[1, 2]", 6, 5, 4, &value, &error));
    assert_string_equal(error.text, "the JSON text has 6 bytes; at most 5 are read");
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    assert_true(json_read("[1, 2]", 6, 6, 4, &value, &error));
    json_decref(value);
}

static void getters_tell_absent_from_null_from_wrong(void **state)
{
    (void)state;
    json_t *o = read_good("{\"t\":\"x\",\"i\":-7,\"r\":1.5,\"f\":true,\"o\":{},\"a\":[],\"n\":null,\"m\":\"0.096\"}");
    const char *text = "before";
    int64_t number = 1;
    bool flag = false;
    json_t *tree = NULL;
    double real = 0;
    assert_int_equal(json_get_text(o, "none", &text), JSON_FOUND_ABSENT);
    assert_int_equal(json_get_text(o, "n", &text), JSON_FOUND_NULL);
    assert_int_equal(json_get_text(o, "i", &text), JSON_FOUND_WRONG);
    assert_int_equal(json_get_text(NULL, "i", &text), JSON_FOUND_ABSENT);
    assert_string_equal(text, "before");
    assert_int_equal(json_get_text(o, "t", &text), JSON_FOUND);
    assert_string_equal(text, "x");
    assert_int_equal(json_get_i64(o, "r", &number), JSON_FOUND_WRONG);
    assert_int_equal(json_get_i64(o, "i", &number), JSON_FOUND);
    assert_int_equal(number, -7);
    assert_int_equal(json_get_real(o, "i", &real), JSON_FOUND);
    assert_true(real < -6.9);
    assert_int_equal(json_get_flag(o, "f", &flag), JSON_FOUND);
    assert_true(flag);
    assert_int_equal(json_get_flag(o, "t", &flag), JSON_FOUND_WRONG);
    assert_int_equal(json_get_object(o, "o", &tree), JSON_FOUND);
    assert_int_equal(json_get_object(o, "a", &tree), JSON_FOUND_WRONG);
    assert_int_equal(json_get_array(o, "a", &tree), JSON_FOUND);
    assert_int_equal(json_get_money(o, "m", &number), JSON_FOUND);
    assert_int_equal(number, 96000);
    assert_int_equal(json_get_money(o, "t", &number), JSON_FOUND_WRONG);
    json_decref(o);
}

static void errors_say_what_was_wanted_and_what_stands_there(void **state)
{
    (void)state;
    json_t *o = read_good("{\"Count\":\"3\",\"Price\":0.1,\"Cost\":\"1e3\",\"None\":null,\"Tags\":{}}");
    struct error error;
    int64_t number = 5;
    const char *text = NULL;
    json_t *tree = o;
    assert_false(json_require_i64(o, "Count", &number, &error));
    assert_string_equal(error.text, "Count: a whole number is wanted, text stands there");
    assert_false(json_require_text(o, "None", &text, &error));
    assert_string_equal(error.text, "None: text is wanted, null stands there");
    assert_false(json_require_text(o, "Name", &text, &error));
    assert_string_equal(error.text, "Name: text is wanted, nothing stands there");
    assert_false(json_require_money(o, "Price", &number, &error));
    assert_string_equal(error.text,
                        "Price: decimal text such as \"0.096\" is wanted, a number with a fraction stands there");
    assert_false(json_require_money(o, "Cost", &number, &error));
    assert_string_equal(error.text, "Cost: \"1e3\" is not an amount of money; write decimal text such as \"0.096\"");
    assert_false(json_optional_array(o, "Tags", &tree, &error));
    assert_string_equal(error.text, "Tags: an array is wanted, an object stands there");
    assert_int_equal(number, 5);
    assert_true(json_optional_i64(o, "None", 9, &number, &error));
    assert_int_equal(number, 9);
    assert_true(json_optional_text(o, "Name", "unnamed", &text, &error));
    assert_string_equal(text, "unnamed");
    assert_true(json_optional_object(o, "Gone", &tree, &error));
    assert_null(tree);
    json_decref(o);
}

static void a_tree_is_written_in_its_own_order(void **state)
{
    (void)state;
    json_t *o = read_good("{ \"b\" : [1, {\"x\":null}], \"a\" : \"\\u00e9\\n\" }");
    struct buffer out = BUFFER_INIT;
    json_write(&out, o, false);
    assert_string_equal(out.data, "{\"b\":[1,{\"x\":null}],\"a\":\"\xC3\xA9\\n\"}");
    buffer_clear(&out);
    json_write(&out, json_object_get(o, "b"), true);
    assert_string_equal(out.data, "[\n  1,\n  {\n    \"x\": null\n  }\n]");
    buffer_release(&out);
    json_decref(o);
}

static void write_sample(struct json_writer *w)
{
    json_writer_begin_object(w);
    json_writer_field_text(w, "ID", "a\"\\\n\x01\x7f\xC3\xA9\xFF");
    json_writer_field_i64(w, "Min", INT64_MIN);
    json_writer_field_u64(w, "Max", UINT64_MAX);
    json_writer_field_flag(w, "On", true);
    json_writer_field_money(w, "HourlyUSD", 96000);
    json_writer_field_text(w, "None", NULL);
    json_writer_key(w, "List");
    json_writer_begin_array(w);
    json_writer_begin_array(w);
    json_writer_end_array(w);
    json_writer_begin_object(w);
    json_writer_end_object(w);
    json_writer_raw(w, "[1]", 3);
    json_writer_real(w, 0.1);
    json_writer_real(w, (double)NAN);
    json_writer_end_array(w);
    json_writer_end_object(w);
    json_writer_done(w);
}

static void the_writer_separates_and_escapes(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    struct json_writer w = json_writer_init(&out, false);
    write_sample(&w);
    assert_string_equal(out.data, "{\"ID\":\"a\\\"\\\\\\n\\u0001\\u007f\xC3\xA9\xEF\xBF\xBD\","
                                  "\"Min\":-9223372036854775808,\"Max\":18446744073709551615,\"On\":true,"
                                  "\"HourlyUSD\":\"0.096\",\"None\":null,\"List\":[[],{},[1],0.1,null]}");
    buffer_clear(&out);
    w = json_writer_init(&out, true);
    write_sample(&w);
    assert_non_null(strstr(out.data, "\n  \"On\": true,\n"));
    assert_non_null(strstr(out.data, "\n  \"List\": [\n    [],\n    {},\n    [1],\n    0.1,\n    null\n  ]\n}"));
    buffer_release(&out);
}

static void several_values_follow_one_another(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    struct json_writer w = json_writer_init(&out, false);
    json_writer_i64(&w, 1);
    buffer_append_byte(&out, '\n');
    json_writer_begin_array(&w);
    json_writer_end_array(&w);
    json_writer_done(&w);
    assert_string_equal(out.data, "1\n[]");
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_strict_json_is_refused_where_it_stands),
        cmocka_unit_test(too_many_bytes_are_refused_unread),
        cmocka_unit_test(getters_tell_absent_from_null_from_wrong),
        cmocka_unit_test(errors_say_what_was_wanted_and_what_stands_there),
        cmocka_unit_test(a_tree_is_written_in_its_own_order),
        cmocka_unit_test(the_writer_separates_and_escapes),
        cmocka_unit_test(several_values_follow_one_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
