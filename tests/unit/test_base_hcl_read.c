/* links: base */
/* Asking a body of HCL for what is known: values, walks, and errors that name the place and the nearest word. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/hcl_read.h"

static const char *const markets[] = {"on-demand", "spot", "reserved", "owned"};

/* Reads regions, pools and a policy as a configuration reader would; the error's text, "" when all was well. */
static const char *read_all(const char *text)
{
    static struct error error;
    error = (struct error){.code = ERROR_NONE};
    struct hcl_document *document = hcl_document_new();
    if (!hcl_document_add(document, "drover.hcl", text, strlen(text), &error))
        fail_msg("%s", error.text);
    struct hcl_reader r = hcl_reader_begin(document, &error);
    hcl_read_text(&r, "data_dir", "/var/lib/drover");
    hcl_read_flag(&r, "tls", false);
    hcl_read_unique_blocks(&r, "region");
    for (const struct hcl_block *b = NULL; (b = hcl_read_next_block(&r, "region", 1, b));) {
        struct hcl_reader region = hcl_reader_enter(&r, b);
        hcl_require_money(&region, "price", 0, 1000000);
        hcl_read_choice(&region, "market", markets, 4, 0);
        hcl_read_duration(&region, "after", 5000, 1000, 60000);
        hcl_read_i64(&region, "count", 1, 1, 10);
        hcl_read_text_list(&region, "deny", 2);
        hcl_read_next_dotted(&region, "attr", NULL);
        hcl_read_block(&region, "nomad");
        hcl_reader_end(&region);
    }
    bool ok = hcl_reader_end(&r);
    assert_int_equal(ok, error.code == ERROR_NONE);
    hcl_document_free(document);
    return error.text;
}

static void what_is_asked_for_is_given(void **state)
{
    (void)state;
    static const char text[] =
        "name = \"x\"\ncount = 7\non = true\nafter = \"1m30s\"\nprice = \"0.096\"\n"
        "market = \"spot\"\ndeny = [\"a\", \"b\"]\nnone = null\n"
        "select {\n attr.\"kernel.name\" = \"linux\"\n node_class = \"std\"\n attr.arch = \"arm64\"\n}\n"
        "labels {\n a = \"1\"\n b = \"2\"\n}\n";
    struct error error = {.code = ERROR_NONE};
    struct hcl_document *document = hcl_document_new();
    assert_true(hcl_document_add(document, "f", text, strlen(text), &error));
    struct hcl_reader r = hcl_reader_begin(document, &error);
    assert_string_equal(hcl_require_text(&r, "name"), "x");
    assert_string_equal(hcl_read_text(&r, "other", "fallback"), "fallback");
    assert_string_equal(hcl_read_text(&r, "none", "fallback"), "fallback");
    assert_int_equal(hcl_read_i64(&r, "count", 1, 0, 10), 7);
    assert_true(hcl_read_flag(&r, "on", false));
    assert_int_equal(hcl_read_duration(&r, "after", 1, 0, 100000), 90000);
    assert_int_equal(hcl_require_money(&r, "price", 0, 100000), 96000);
    assert_int_equal(hcl_read_choice(&r, "market", markets, 4, 0), 1);
    const struct hcl_value *deny = hcl_read_text_list(&r, "deny", 2);
    assert_string_equal(deny->next->text.bytes, "b");
    assert_null(deny->next->next);
    assert_true(hcl_reader_has(&r, "count"));
    assert_false(hcl_reader_has(&r, "none"));
    struct hcl_reader select = hcl_reader_enter(&r, hcl_read_block(&r, "select"));
    const struct hcl_argument *a = hcl_read_next_dotted(&select, "attr", NULL);
    assert_string_equal(a->parts[1], "kernel.name");
    a = hcl_read_next_dotted(&select, "attr", a);
    assert_string_equal(hcl_reader_text_of(&select, a), "arm64");
    assert_null(hcl_read_next_dotted(&select, "attr", a));
    hcl_read_text(&select, "node_class", NULL);
    assert_true(hcl_reader_end(&select));
    struct hcl_reader labels = hcl_reader_enter(&r, hcl_read_block(&r, "labels"));
    size_t count = 0;
    for (a = NULL; (a = hcl_read_next_argument(&labels, a));)
        count++;
    assert_int_equal(count, 2);
    assert_true(hcl_reader_end(&labels));
    assert_true(hcl_reader_end(&r));
    hcl_document_free(document);
}

static void every_mistake_is_told_with_its_place_and_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"data_dir = \"/x\"\nregion \"x\" {\n  price = \"1\"\n}\n", ""},
        {"region \"x\" {\n    pirce = \"1\"\n}\n",
         "drover.hcl:2:5: unknown argument \"pirce\" in block region \"x\"; did you mean \"price\"?"},
        {"region \"x\" {\n  price = \"1\"\n  contu = 1\n}\n",
         "drover.hcl:3:3: unknown argument \"contu\" in block region \"x\"; did you mean \"count\"?"},
        {"data_dri = \"/x\"\n", "drover.hcl:1:1: unknown argument \"data_dri\" at the top level; did you mean "
                                "\"data_dir\"?"},
        {"zebra = 1\n", "drover.hcl:1:1: unknown argument \"zebra\" at the top level; known here: data_dir, tls"},
        {"regoin \"x\" {\n}\n", "drover.hcl:1:1: unknown block \"regoin\" at the top level; did you mean \"region\"?"},
        {"region = \"x\"\n", "drover.hcl:1:1: \"region\" at the top level is a block; write region { ... } without ="},
        {"data_dir {\n}\n", "drover.hcl:1:1: \"data_dir\" at the top level is an argument; write data_dir = value"},
        {"region \"x\" {\n}\n",
         "drover.hcl:1:1: the argument \"price\" is missing in block region \"x\"; add price = \"0.096\""},
        {"region \"x\" {\n  price = 0.1\n}\n", "drover.hcl:2:11: \"price\" in block region \"x\" wants an amount of "
                                               "money as decimal text, a number stands there; "
                                               "write price = \"0.096\""},
        {"region \"x\" {\n  price = \"1e3\"\n}\n",
         "drover.hcl:2:11: \"price\": \"1e3\" is not an amount of money; write "
         "decimal text such as \"0.096\""},
        {"region \"x\" {\n  price = \"-1\"\n}\n",
         "drover.hcl:2:11: \"price\" is -1.00; give an amount from 0.00 to 1.00"},
        {"region \"x\" {\n  price = \"1\"\n  market = \"sopt\"\n}\n",
         "drover.hcl:3:12: \"market\" must be one of \"on-demand\", \"spot\", \"reserved\", \"owned\"; did you mean "
         "\"spot\"?"},
        {"region \"x\" {\n  price = \"1\"\n  after = \"5\"\n}\n",
         "drover.hcl:3:11: \"after\": \"5\" is not a duration; write it as \"30s\", \"1m30s\", \"2h\" or \"500ms\""},
        {"region \"x\" {\n  price = \"1\"\n  after = \"2h\"\n}\n",
         "drover.hcl:3:11: \"after\" is 2h; give a duration from 1s to 1m"},
        {"region \"x\" {\n  price = \"1\"\n  count = 1.5\n}\n",
         "drover.hcl:3:11: \"count\" is 1.5; give a whole number from 1 to 10"},
        {"region \"x\" {\n  price = \"1\"\n  deny = \"a\"\n}\n",
         "drover.hcl:3:10: \"deny\" in block region \"x\" wants a list of texts, text stands there; write deny = "
         "[\"...\"]"},
        {"region \"x\" {\n  price = \"1\"\n  deny = [\"a\", 1]\n}\n",
         "drover.hcl:3:16: \"deny\" wants a list of texts, a number stands in it; put it into quotes"},
        {"region \"x\" {\n  price = \"1\"\n  deny = [\"a\", \"b\", \"c\"]\n}\n",
         "drover.hcl:3:21: \"deny\" has more than 2 items; remove some"},
        {"tls = \"yes\"\n",
         "drover.hcl:1:7: \"tls\" at the top level wants true or false, text stands there; write tls = true"},
        {"region {\n}\n",
         "drover.hcl:1:1: block \"region\" wants one label, its name, and has 0; write region \"NAME\" { "
         "... }"},
        {"region \"\" {\n}\n", "drover.hcl:1:1: the label of block \"region\" is empty; give it a name"},
        {"region \"a\" {\n  price = \"1\"\n}\nregion \"a\" {\n}\n",
         "drover.hcl:4:1: block region \"a\" was given before, at drover.hcl:1:1; remove one of the two"},
        {"region \"a\" {\n  price = \"1\"\n  nomad {\n  }\n  nomad {\n  }\n}\n",
         "drover.hcl:5:3: block \"nomad\" was given before, at drover.hcl:3:3; join the two"},
        {"region \"a\" {\n  price = \"1\"\n  atr.x = 1\n}\n",
         "drover.hcl:3:3: unknown argument \"atr.x\" in block region \"a\"; did you mean \"attr\"?"},
        {"region \"a\" {\n  price = \"1\"\n  attr = 1\n}\n",
         "drover.hcl:3:3: \"attr\" in block region \"a\" wants a name after a dot; write attr.\"name\" = value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *got = read_all(cases[i].text);
        if (strcmp(got, cases[i].error) != 0)
            fail_msg("\n%s  wanted %s\n  got    %s", cases[i].text, cases[i].error, got);
    }
}

static void the_first_error_is_kept_and_walks_end(void **state)
{
    (void)state;
    struct error error = {.code = ERROR_NONE};
    struct hcl_document *document = hcl_document_new();
    assert_true(hcl_document_add(document, "f", "a = 1\nx \"1\" {}\nx \"2\" {}\n", 24, &error));
    struct hcl_reader r = hcl_reader_begin(document, &error);
    const struct hcl_block *first = hcl_read_next_block(&r, "x", 1, NULL);
    struct hcl_reader inner = hcl_reader_enter(&r, first);
    assert_false(hcl_reader_fail(&inner, hcl_reader_position(&inner, "none"), "first"));
    assert_false(hcl_reader_fail(&r, hcl_reader_position(&r, "a"), "second"));
    assert_string_equal(error.text, "f:2:1: first");
    assert_null(hcl_read_next_block(&r, "x", 1, first));
    assert_int_equal(hcl_read_i64(&r, "a", 42, 0, 9), 42);
    assert_string_equal(hcl_require_text(&r, "b"), "");
    assert_false(hcl_reader_end(&r));
    assert_string_equal(error.text, "f:2:1: first");
    hcl_document_free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_for_is_given),
        cmocka_unit_test(every_mistake_is_told_with_its_place_and_what_to_do),
        cmocka_unit_test(the_first_error_is_kept_and_walks_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
