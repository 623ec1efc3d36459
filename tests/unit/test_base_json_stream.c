/* links: base */
/* The push parser: what it tells, whatever the pieces; skipping; bounds; errors. */
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/json_stream.h"

/* Writes down all that the handler is told: kind, depth, mark, content. */
struct recorder {
    struct buffer told;
    struct json_stream *stream;
};

static void note(struct recorder *r, const struct json_stream_at *at, const char *what, const char *text, size_t length)
{
    buffer_printf(&r->told, "%s@%u#%u", what, at->depth, at->mark);
    if (text)
        buffer_printf(&r->told, "=%.*s", (int)length, text);
    buffer_append_byte(&r->told, ' ');
}

static int begin_object(void *context, const struct json_stream_at *at)
{
    note(context, at, "{", NULL, 0);
    return at->mark == 9 ? JSON_STREAM_SKIP : 0;
}

static bool end_object(void *context, const struct json_stream_at *at)
{
    note(context, at, "}", NULL, 0);
    return true;
}

static int begin_array(void *context, const struct json_stream_at *at)
{
    note(context, at, "[", NULL, 0);
    return 0;
}

static bool end_array(void *context, const struct json_stream_at *at)
{
    note(context, at, "]", NULL, 0);
    return true;
}

static int on_key(void *context, const struct json_stream_at *at, const char *key, size_t length)
{
    struct recorder *r = context;
    note(r, at, "k", key, length);
    if (length && key[0] == '_')
        return JSON_STREAM_SKIP;
    if (length && key[0] == '!') {
        struct error error = {.code = ERROR_NOT_FOUND, .text = "handler's own reason"};
        if (length > 1)
            json_stream_refuse(r->stream, &error);
        return JSON_STREAM_STOP;
    }
    return length ? key[0] - '0' : 0;
}

static bool on_text(void *context, const struct json_stream_at *at, const char *text, size_t length)
{
    note(context, at, "t", text, length);
    return length != 4 || memcmp(text, "stop", 4) != 0;
}

static bool on_integer(void *context, const struct json_stream_at *at, int64_t number)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%" PRId64, number);
    note(context, at, "i", text, (size_t)length);
    return true;
}

static bool on_number(void *context, const struct json_stream_at *at, const char *digits, size_t length)
{
    note(context, at, "n", digits, length);
    return true;
}

static bool on_flag(void *context, const struct json_stream_at *at, bool flag)
{
    note(context, at, flag ? "true" : "false", NULL, 0);
    return true;
}

static bool on_null(void *context, const struct json_stream_at *at)
{
    note(context, at, "null", NULL, 0);
    return true;
}

static const struct json_stream_handler recording = {
    begin_object, end_object, begin_array, end_array, on_key, on_text, on_integer, on_number, on_flag, on_null,
};

/* Feeds in pieces of `step` bytes; the told text, or the error's, to be freed. */
static char *run(const char *text, size_t length, size_t step, bool many)
{
    struct recorder r = {.told = BUFFER_INIT};
    struct error error = {.code = ERROR_NONE};
    r.stream = json_stream_new(&recording, &r, many);
    bool ok = true;
    for (size_t at = 0; ok && at < length; at += step) {
        char *copy = malloc(step); /* so that reading past a piece is seen */
        size_t piece = length - at < step ? length - at : step;
        copy = realloc(copy, piece);
        memcpy(copy, text + at, piece);
        ok = json_stream_feed(r.stream, copy, piece, &error);
        free(copy);
    }
    ok = ok && json_stream_finish(r.stream, &error);
    if (!ok) {
        buffer_clear(&r.told);
        buffer_printf(&r.told, "%s %s", error_code_word(error.code), error.text);
        struct error again = {.code = ERROR_NONE};
        assert_false(json_stream_feed(r.stream, "1", 1, &again));
        assert_string_equal(again.text, error.text);
    }
    json_stream_free(r.stream);
    return buffer_take(&r.told);
}

static void expect(const char *text, bool many, const char *told)
{
    size_t length = strlen(text);
    for (size_t step = 1; step <= length || step == 1; step++) {
        char *got = run(text, length, step, many);
        if (strcmp(got, told) != 0)
            fail_msg("%s in pieces of %zu:\n  wanted %s\n  got    %s", text, step, told, got);
        free(got);
    }
}

static void everything_is_told_with_depth_and_mark_whatever_the_pieces(void **state)
{
    (void)state;
    expect("[{\"1\":\"a\\n\\u00e9\",\"2\":[1,{\"3\":-2.5e3}],\"4\":null},true]", false,
           "[@0#0 {@1#0 k@2#0=1 t@2#1=a\n\xC3\xA9 k@2#0=2 [@2#2 i@3#0=1 {@3#0 k@4#0=3 n@4#3=-2.5e3 }@3#0 ]@2#2 "
           "k@2#0=4 null@2#4 }@1#0 true@1#0 ]@0#0 ");
}

static void numbers_outside_int64_are_told_as_text(void **state)
{
    (void)state;
    expect("[9223372036854775807,-9223372036854775808,9223372036854775808,18446744073709551615,-0,1.0]", false,
           "[@0#0 i@1#0=9223372036854775807 i@1#0=-9223372036854775808 n@1#0=9223372036854775808 "
           "n@1#0=18446744073709551615 i@1#0=0 n@1#0=1.0 ]@0#0 ");
}

static void a_number_alone_ends_with_the_stream(void **state)
{
    (void)state;
    expect("42", false, "i@0#0=42 ");
}

static void skipped_values_are_not_told(void **state)
{
    (void)state;
    expect("{\"_a\":{\"x\":[1,{\"y\":2}]},\"_b\":[[]],\"_c\":7,\"_d\":\"t\",\"1\":8}", false,
           "{@0#0 k@1#0=_a k@1#0=_b k@1#0=_c k@1#0=_d k@1#0=1 i@1#1=8 }@0#0 ");
    expect("{\"9\":{\"x\":{\"y\":1}},\"9\":[{}],\"1\":true}", false,
           "{@0#0 k@1#0=9 {@1#9 k@1#0=9 [@1#9 {@2#0 }@2#0 ]@1#9 k@1#0=1 true@1#1 }@0#0 ");
}

static void many_values_follow_one_another(void **state)
{
    (void)state;
    expect("{}\n{\"1\":[]}\n\n3\n", true, "{@0#0 }@0#0 {@0#0 k@1#0=1 [@1#1 ]@1#1 }@0#0 i@0#0=3 ");
    expect("", true, "");
    expect("\n \n", true, "");
    expect("{\"1\":", true, "invalid byte 5: not JSON: premature EOF");
}

static void what_is_not_json_fails_at_its_byte(void **state)
{
    (void)state;
    expect("", false, "invalid byte 0: not JSON: premature EOF");
    expect("[1,2", false, "invalid byte 4: not JSON: premature EOF");
    static const char *const bad[] = {"{} {}",   "[1,]",      "{\"a\":1,}", "[\"\xFF\"]", "[\"\xC3(\"]", "nul", "[01]",
                                      "{'a':1}", "[\"\\x\"]", "[\"a\nb\"]", "]",          "<html>",      "[1}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *got = run(bad[i], strlen(bad[i]), 1000, false);
        if (strncmp(got, "invalid byte ", 13) != 0)
            fail_msg("%s: %s", bad[i], got);
        free(got);
    }
    char *got = run("<html>", 6, 6, false);
    assert_string_equal(got, "invalid byte 1: not JSON: invalid char in json text.");
    free(got);
}

static void nul_characters_are_refused(void **state)
{
    (void)state;
    char *got = run("[\"a\\u0000b\"]", 12, 100, false);
    assert_non_null(strstr(got, "invalid byte 11: a NUL character is not allowed"));
    free(got);
    got = run("[\"a\0b\"]", 7, 100, false);
    assert_non_null(strstr(got, "invalid byte "));
    free(got);
}

static void the_handler_can_stop_with_its_own_reason(void **state)
{
    (void)state;
    expect("{\"1\":\"stop\",\"2\":1}", false, "invalid byte 11: refused");
    expect("{\"!\":1}", false, "invalid byte 4: refused");
    expect("{\"!x\":1}", false, "not_found byte 5: handler's own reason");
}

static char *repeat(const char *before, const char *unit, size_t count, size_t *ret_length)
{
    struct buffer b = BUFFER_INIT;
    buffer_append_text(&b, before);
    for (size_t i = 0; i < count; i++)
        buffer_append_text(&b, unit);
    *ret_length = b.length;
    return buffer_take(&b);
}

static void nesting_is_bounded_also_in_what_is_skipped(void **state)
{
    (void)state;
    size_t length = 0;
    char *text = repeat("", "[", 65, &length);
    char *got = run(text, length, 7, false);
    assert_string_equal(got, "too_large byte 65: objects and arrays are nested deeper than 64");
    free(got);
    free(text);
    text = repeat("{\"_\":", "[", 64, &length);
    got = run(text, length, 7, false);
    assert_string_equal(got, "too_large byte 69: objects and arrays are nested deeper than 64");
    free(got);
    free(text);
}

static void endless_texts_are_cut_off(void **state)
{
    (void)state;
    size_t length = 0;
    char *text = repeat("[\"", "aaaaaaaaaaaaaaaa", 1 << 20, &length);
    char *got = run(text, length, 16384, false);
    assert_string_equal(got, "too_large byte 294912: 256 KiB without a complete value");
    free(got);
    got = run(text, length, 64, false);
    assert_non_null(strstr(got, "a long text comes in too many small pieces"));
    free(got);
    memcpy(text + 270000, "\"]", 3);
    got = run(text, 270002, 270002, false);
    assert_non_null(strstr(got, "too_large byte 270001: a text is longer than 256 KiB"));
    free(got);
    memcpy(text + 262146, "\"]", 3);
    got = run(text, 262148, 1448, false);
    assert_true(strlen(got) > 262144 && got[0] == '[');
    free(got);
    free(text);
    text = repeat("", "                ", 1 << 16, &length);
    got = run(text, length, 16384, true);
    assert_string_equal(got, "too_large byte 278528: 256 KiB without a complete value");
    free(got);
    free(text);
}

static void a_handler_may_leave_everything_out(void **state)
{
    (void)state;
    static const struct json_stream_handler nothing = {.key = NULL};
    struct error error;
    struct json_stream *stream = json_stream_new(&nothing, NULL, false);
    const char *text = "{\"a\":[1,2.5,\"x\",null,true,{}]}";
    assert_true(json_stream_feed(stream, text, strlen(text), &error));
    assert_true(json_stream_finish(stream, &error));
    assert_true(json_stream_bytes(stream) == strlen(text));
    json_stream_free(stream);
    json_stream_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_told_with_depth_and_mark_whatever_the_pieces),
        cmocka_unit_test(numbers_outside_int64_are_told_as_text),
        cmocka_unit_test(a_number_alone_ends_with_the_stream),
        cmocka_unit_test(skipped_values_are_not_told),
        cmocka_unit_test(many_values_follow_one_another),
        cmocka_unit_test(what_is_not_json_fails_at_its_byte),
        cmocka_unit_test(nul_characters_are_refused),
        cmocka_unit_test(the_handler_can_stop_with_its_own_reason),
        cmocka_unit_test(nesting_is_bounded_also_in_what_is_skipped),
        cmocka_unit_test(endless_texts_are_cut_off),
        cmocka_unit_test(a_handler_may_leave_everything_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
