/* links: base */
/* HCL's literal part: what is accepted and what it means, what is refused and where. */
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/hcl.h"

static void dump_value(struct buffer *out, const struct hcl_value *value)
{
    switch (value->kind) {
    case HCL_NULL:
        buffer_append_text(out, "null");
        break;
    case HCL_FLAG:
        buffer_append_text(out, value->flag ? "true" : "false");
        break;
    case HCL_NUMBER:
        buffer_printf(out, "%s", value->number.digits);
        if (value->number.is_whole)
            buffer_printf(out, "(%" PRId64 ")", value->number.whole);
        break;
    case HCL_TEXT:
        assert_int_equal(strlen(value->text.bytes), value->text.length);
        buffer_printf(out, "'%s'", value->text.bytes);
        break;
    case HCL_LIST:
        buffer_append_byte(out, '[');
        for (const struct hcl_value *i = value->items; i; i = i->next) {
            dump_value(out, i);
            buffer_append_text(out, i->next ? "," : "");
        }
        buffer_append_byte(out, ']');
        break;
    case HCL_OBJECT:
        buffer_append_byte(out, '<');
        for (const struct hcl_member *m = value->members; m; m = m->next) {
            buffer_printf(out, "%s:", m->key);
            dump_value(out, m->value);
            buffer_append_text(out, m->next ? "," : "");
        }
        buffer_append_byte(out, '>');
        break;
    }
}

/* Arguments first, then blocks: a=1;b{c='x';}  */
static void dump_body(struct buffer *out, const struct hcl_body *body)
{
    for (const struct hcl_argument *a = body->arguments; a; a = a->next) {
        buffer_printf(out, "%s=", a->name);
        dump_value(out, a->value);
        buffer_append_byte(out, ';');
    }
    for (const struct hcl_block *b = body->blocks; b; b = b->next) {
        buffer_append_text(out, b->type);
        for (size_t i = 0; i < b->label_count; i++)
            buffer_printf(out, " %s", b->labels[i]);
        buffer_append_byte(out, '{');
        dump_body(out, &b->body);
        buffer_append_byte(out, '}');
    }
}

static struct hcl_document *read_good(const char *text)
{
    struct error error;
    struct hcl_document *document = hcl_document_new();
    if (!hcl_document_add(document, "f.hcl", text, strlen(text), &error))
        fail_msg("refused:\n%s\n%s", text, error.text);
    return document;
}

static void means(const char *text, const char *wanted)
{
    struct hcl_document *document = read_good(text);
    struct buffer out = BUFFER_INIT;
    dump_body(&out, hcl_document_body(document));
    if (strcmp(out.data, wanted) != 0)
        fail_msg("\n%s\n  wanted %s\n  got    %s", text, wanted, out.data);
    buffer_release(&out);
    hcl_document_free(document);
}

static void refused(const char *text, const char *words)
{
    struct error error = {.code = ERROR_NONE};
    struct hcl_document *document = hcl_document_new();
    if (hcl_document_add(document, "f.hcl", text, strlen(text), &error))
        fail_msg("accepted:\n%s", text);
    if (strncmp(error.text, words, strlen(words)) != 0)
        fail_msg("\n%s\n  wanted %s\n  got    %s", text, words, error.text);
    hcl_document_free(document);
}

static void the_configuration_of_the_first_road_is_read_as_it_stands(void **state)
{
    (void)state;
    means(
        "    data_dir = \"/tmp/drover\"\n"
        "    mode     = \"enforce\"\n"
        "    region \"aws-us-east-1\" {\n"
        "      provider = \"aws\"\n"
        "      nomad {\n"
        "        address    = \"http://127.0.1.1:4646\"\n"
        "        token_file = \"/etc/drover/aws.token\"    # optional, re-read; as are ca_file, cert_file\n"
        "      }\n"
        "      consul { address = \"http://127.0.1.1:8500\" }\n"
        "      labels { jurisdiction = \"us\" }\n"
        "      pool \"std\" {\n"
        "        select { node_class = \"std\" }\n"
        "        instance_type = \"m5.large\"\n"
        "        price {\n"
        "          usd_per_hour = \"0.096\"\n"
        "          market       = \"on-demand\"\n"
        "        }\n"
        "      }\n"
        "    }\n"
        "    policy \"web\" {\n"
        "      jobs = [\"web*\"]\n"
        "      regions { deny = [\"azure-*\"] }\n"
        "      spread { min_regions = 2 }\n"
        "      budget { usd_per_month = \"500\" }\n"
        "    }\n",
        "data_dir='/tmp/drover';mode='enforce';"
        "region aws-us-east-1{provider='aws';nomad{address='http://127.0.1.1:4646';token_file='/etc/drover/aws.token';}"
        "consul{address='http://127.0.1.1:8500';}labels{jurisdiction='us';}"
        "pool std{instance_type='m5.large';select{node_class='std';}price{usd_per_hour='0.096';market='on-demand';}}}"
        "policy web{jobs=['web*'];regions{deny=['azure-*'];}spread{min_regions=2(2);}budget{usd_per_month='500';}}");
}

static void literals_mean_what_hcl_says(void **state)
{
    (void)state;
    means("", "");
    means("\n\n  # only a comment", "");
    means("a = \"\"", "a='';");
    means("a = \"\\n\\r\\t\\\"\\\\\\u00e9\\U0001F40E\"", "a='\n\r\t\"\\\xC3\xA9\xF0\x9F\x90\x8E';");
    means("a = \"$${x} %%{y} $ % $$ {z} $$${w}\"", "a='${x} %{y} $ % $$ {z} $${w}';");
    means("a = true\nb = false\nc = null", "a=true;b=false;c=null;");
    means(
        "a = 12\nb = -3\nc = 0.10\nd = 1e3\ne = 9223372036854775808\nf = -9223372036854775808\ng=2.5E-7",
        "a=12(12);b=-3(-3);c=0.10;d=1e3;e=9223372036854775808;f=-9223372036854775808(-9223372036854775808);g=2.5E-7;");
    means("a = []\nb = [1, \"x\", [true],]\nc = [\n # first\n 1,\n\n 2 /* two */\n]",
          "a=[];b=[1(1),'x',[true]];c=[1(1),2(2)];");
    means("a = { a = 1, \"b\" : 2 }\nb = {}\nc = {\n  x = 1\n  y : { z = null },\n\n  w = [\n1] # w\n}",
          "a=<a:1(1),b:2(2)>;b=<>;c=<x:1(1),y:<z:null>,w:[1(1)]>;");
    means("a=1//c\nb=2#d\r\nc=/* e\n */3\r\n/* f */ d = 4", "a=1(1);b=2(2);c=3(3);d=4(4);");
}

static void heredocs_mean_what_hcl_says(void **state)
{
    (void)state;
    means("a = <<EOT\n  one\n two \\n $${x}\nEOT\nb = 1", "a='  one\n two \\n ${x}\n';b=1(1);");
    means("a = <<-EOT\n    one\n\n      two\n    EOT\n", "a='one\n\n  two\n';");
    means("a = <<EOT\nEOT\n", "a='';");
    means("a = <<EOT\nEOTX\n  EOT", "a='EOTX\n';");
    means("a = [<<A\nx\nA\n, <<B\ny\nB\n]", "a=['x\n','y\n'];");
    refused("a = <<EOT\nx\n", "f.hcl:1:5: the heredoc that begins here has no end; put EOT alone on a line after it");
    refused("a = << EOT\nx\nEOT\n", "f.hcl:1:7: a heredoc needs a marker word");
    refused("a = <<EOT x\nEOT\n", "f.hcl:1:10: a heredoc's text begins on the line after its marker");
    refused("a = <<EOT\n b\n ${x}\nEOT\n",
            "f.hcl:3:2: templates (${...}) are evaluated by Nomad in job files, not here; "
            "write the text itself, or $${ for a literal ${");
}

static void blocks_have_labels_and_bodies(void **state)
{
    (void)state;
    means("x {}\nx \"a\" b {\n}\nx \"\\u0041 c\" {\n y {\n z = 1\n }\n}", "x{}x a b{}x A c{y{z=1(1);}}");
    means("select { node_class = \"std\" }", "select{node_class='std';}");
    means("x { a = [\n1,\n2\n] }", "x{a=[1(1),2(2)];}");
    refused("x { a = 1 b = 2 }",
            "f.hcl:1:11: a block written on one line holds one argument and ends by '}', 'b' stands "
            "there; write block \"x\" over several lines");
    refused("x { a = 1, b = 2 }", "f.hcl:1:10: a block written on one line holds one argument");
    refused("x { a = 1\n}",
            "f.hcl:1:10: a block written on one line holds one argument and ends by '}', the end of the "
            "line stands there");
    refused("x { y { a = 1 } }", "f.hcl:1:5: a block written on one line holds no other block; write block \"x\" over "
                                 "several lines");
    refused("x {\n a = 1 }",
            "f.hcl:2:8: a new line is wanted here, '}' stands there; write one argument or block a line");
    refused("x {\n}\n}", "f.hcl:3:1: this '}' closes no block; remove it");
    refused("x \"r\" {\n  a = 1\n", "f.hcl:3:1: block \"x\", which begins at 1:1, has no end; close it by '}'");
    refused("x\n{\n}", "f.hcl:1:2: \"x\" wants = and a value, or { to be a block, the end of the line stands there");
    refused("x \"a\"\n{\n}",
            "f.hcl:1:6: a label or '{' is wanted after block \"x\", the end of the line stands there; the "
            "'{' stands on the line of the name");
    refused("x {} y {}", "f.hcl:1:6: a new line is wanted here, 'y' stands there");
    refused("a b c d e f g h i j {}", "f.hcl:1:19: block \"a\" has more than 8 labels");
}

static void names_may_go_on_after_a_dot(void **state)
{
    (void)state;
    struct hcl_document *document = read_good(
        "select {\n  attr.\"kernel.name\" = \"linux\"\n  meta.\"rack\" = \"r1\"\n  attr.cpu.arch = \"arm64\"\n}\n");
    const struct hcl_block *block = hcl_find_block(hcl_document_body(document), "select");
    const struct hcl_argument *argument = hcl_find_argument(&block->body, "attr.kernel.name");
    assert_int_equal(argument->part_count, 2);
    assert_string_equal(argument->parts[0], "attr");
    assert_string_equal(argument->parts[1], "kernel.name");
    assert_int_equal(argument->position.line, 2);
    assert_int_equal(argument->position.column, 3);
    assert_int_equal(argument->value->position.column, 24);
    assert_string_equal(hcl_find_argument(&block->body, "meta.rack")->value->text.bytes, "r1");
    assert_int_equal(hcl_find_argument(&block->body, "attr.cpu.arch")->part_count, 3);
    hcl_document_free(document);
    refused("attr[\"x\"] = 1", "f.hcl:1:5: an index in brackets is not read here; write it after a dot");
    refused("attr.\"x\" {}", "f.hcl:1:10: a name with dots is an argument's");
    refused("attr.1 = 1", "f.hcl:1:6: a name is wanted after the dot, '1' stands there");
}

static void what_nomad_evaluates_is_refused_with_a_pointer(void **state)
{
    (void)state;
    const char *elsewhere = "evaluated by Nomad in job files, not here";
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"a = \"x${b}\"", "f.hcl:1:7: templates (${...}) are "},
        {"a = \"%{if x}\"", "f.hcl:1:6: templates (%{...}) are "},
        {"a = file(\"x\")", "f.hcl:1:5: functions are "},
        {"a = var.x", "f.hcl:1:5: references are "},
        {"a = x[0]", "f.hcl:1:5: references are "},
        {"a = 1 + 2", "f.hcl:1:7: operators are "},
        {"a = -b", "f.hcl:1:5: operators are "},
        {"a = !true", "f.hcl:1:5: operators are "},
        {"a = true ? 1 : 2", "f.hcl:1:10: operators are "},
        {"a = [1][0]", "f.hcl:1:8: operators are "},
        {"a = (1)", "f.hcl:1:5: expressions in parentheses are "},
        {"a = [for x in y : x]", "f.hcl:1:6: for expressions are "},
        {"a = {for k, v in y : k => v}", "f.hcl:1:6: for expressions are "},
        {"a = { (x) = 1 }", "f.hcl:1:7: expressions in parentheses are "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = {.code = ERROR_NONE};
        struct hcl_document *document = hcl_document_new();
        assert_false(hcl_document_add(document, "f.hcl", cases[i].text, strlen(cases[i].text), &error));
        if (error.code != ERROR_UNSUPPORTED || strncmp(error.text, cases[i].error, strlen(cases[i].error)) != 0 ||
            !strstr(error.text, elsewhere))
            fail_msg("%s: wanted %s got %s", cases[i].text, cases[i].error, error.text);
        hcl_document_free(document);
    }
}

static void mistakes_are_told_where_they_stand(void **state)
{
    (void)state;
    refused("a = 1 b = 2", "f.hcl:1:7: a new line is wanted here, 'b' stands there");
    refused("a = \nb = 2", "f.hcl:1:5: a value is wanted here, the end of the line stands there");
    refused("a =", "f.hcl:1:4: a value is wanted here, the end of the file stands there");
    refused("a = yes", "f.hcl:1:5: a bare word is no value; put text into quotes");
    refused("a = 30s",
            "f.hcl:1:5: a number cannot be followed by letters; put durations, addresses and the like into quotes");
    refused("a = 127.0.0.1", "f.hcl:1:5: a number cannot be followed by a dot");
    refused("a: 1", "f.hcl:1:2: an argument is set by '=', not ':'; write name = value");
    refused("\"a\" = 1", "f.hcl:1:1: the name of an argument or block has no quotes; remove them");
    refused("{\"a\": 1}", "f.hcl:1:1: the name of an argument or block is wanted here, '{' stands there");
    refused("a", "f.hcl:1:2: \"a\" wants = and a value, or { to be a block, the end of the file stands there");
    refused("a == 1", "f.hcl:1:3: \"a\" wants = and a value");
    refused("a = \"x\nb = \"y\"", "f.hcl:1:5: the text that begins here has no closing quote on its line");
    refused("a = \"\\q\"",
            "f.hcl:1:6: the backslash begins no escape that HCL knows; write \\\\ for a backslash itself");
    refused("a = \"\\u12\"", "f.hcl:1:6: \\u is not followed by 4 hexadecimal digits");
    refused("a = \"\\ud800\"", "f.hcl:1:6: the escape names no character that text may hold");
    refused("a = \"\\u0000\"", "f.hcl:1:6: the escape names no character that text may hold");
    refused("a = \"\\U00110000\"", "f.hcl:1:6: the escape names no character that text may hold");
    refused("\n/* x", "f.hcl:2:1: the comment that begins here has no end; close it by */");
    refused("a = [1 2]", "f.hcl:1:8: the list that begins on line 1 wants ',' or ']' here, '2' stands there; add it");
    refused("a = [\n1,\n", "f.hcl:3:1: a value is wanted here, the end of the file stands there");
    refused("a = {b = 1 c = 2}", "f.hcl:1:12: the object that begins on line 1 wants ',', '}' or a new line here, 'c' "
                                 "stands there; add it");
    refused("a = {b}", "f.hcl:1:7: '=' or ':' and a value are wanted after \"b\", '}' stands there");
    refused("a = {b = 1", "f.hcl:1:11: the object that begins on line 1 wants ',', '}'");
    refused("\xC3\xA9\xC3\xA9 = \"\xC3\xA9\" x", "f.hcl:1:10: a new line is wanted here, 'x' stands there");
    refused("a = 1\r b", "f.hcl:1:6: a new line is wanted here, the end of the line stands there");
    refused("a = \x1b", "f.hcl:1:5: a value is wanted here, a control character stands there");
}

static void duplicates_are_told_with_both_places(void **state)
{
    (void)state;
    refused("z = 1\nz = 1\na = 1\nb = 2\na = 3\n",
            "f.hcl:2:1: argument \"z\" was given before, at f.hcl:1:1; remove one of the two");
    refused("x {\n  b = 1\n  c = 2\n  b = 3\n}", "f.hcl:4:3: argument \"b\" was given before, at f.hcl:2:3");
    refused("x = { a = 1, \"a\" = 2 }", "f.hcl:1:14: key \"a\" was given before, at f.hcl:1:7");
    struct error error;
    struct hcl_document *document = hcl_document_new();
    assert_true(hcl_document_add(document, "one.hcl", "a = 1\nx {}\n", 11, &error));
    assert_true(hcl_document_add(document, "two.hcl", "b = 1\nx {}\n", 11, &error));
    assert_false(hcl_document_add(document, "three.hcl", "\na = 2", 6, &error));
    assert_string_equal(error.text,
                        "three.hcl:2:1: argument \"a\" was given before, at one.hcl:1:1; remove one of the two");
    hcl_document_free(document);
}

static void several_files_make_one_body(void **state)
{
    (void)state;
    struct error error;
    struct hcl_document *document = hcl_document_new();
    assert_true(hcl_document_add(document, "one.hcl", "a = 1\nx \"1\" {}\n", 15, &error));
    assert_true(hcl_document_add(document, "two.hcl", "b = 1\nx \"2\" {}", 14, &error));
    struct buffer out = BUFFER_INIT;
    dump_body(&out, hcl_document_body(document));
    assert_string_equal(out.data, "a=1(1);b=1(1);x 1{}x 2{}");
    const struct hcl_block *second = hcl_next_block(hcl_document_body(document)->blocks->next, "x");
    assert_string_equal(hcl_file_name(document, second->position), "two.hcl");
    buffer_release(&out);
    hcl_document_free(document);
}

static char *repeated(const char *before, const char *unit, size_t count, const char *rest)
{
    struct buffer b = BUFFER_INIT;
    buffer_append_text(&b, before);
    for (size_t i = 0; i < count; i++)
        buffer_append_text(&b, unit);
    buffer_append_text(&b, rest);
    return buffer_take(&b);
}

static void refused_repeated(const char *before, const char *unit, size_t count, const char *rest, const char *words)
{
    char *text = repeated(before, unit, count, rest);
    struct error error = {.code = ERROR_NONE};
    struct hcl_document *document = hcl_document_new();
    assert_false(hcl_document_add(document, "f.hcl", text, strlen(text), &error));
    assert_string_equal(error.text, words);
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    hcl_document_free(document);
    free(text);
}

static void sizes_are_bounded(void **state)
{
    (void)state;
    refused_repeated("a = ", "[", 33, "",
                     "f.hcl:1:37: blocks, lists and objects are nested deeper than 32; flatten them");
    refused_repeated("", "x {\n", 33, "",
                     "f.hcl:33:1: blocks, lists and objects are nested deeper than 32; flatten them");
    refused_repeated("a = \"", "x", HCL_TEXT_MAX + 1, "\"",
                     "f.hcl:1:65542: the text is longer than 65536 bytes; shorten it");
    refused_repeated("", "x", HCL_TEXT_MAX + 1, " = 1", "f.hcl:1:1: the name here is longer than 65536 bytes");
    refused_repeated("a = ", "1", 65, "", "f.hcl:1:5: the number has more than 64 characters; shorten it");
    refused_repeated("", "a = 1\n", 200000, "",
                     "f.hcl:1:1: the file has 1200000 bytes and at most 1048576 are read; divide it");
    char *text = repeated("a = \"", "x", HCL_TEXT_MAX, "\"");
    hcl_document_free(read_good(text));
    free(text);
}

static void foreign_bytes_are_refused(void **state)
{
    (void)state;
    refused("a = 1\nb = \"\xFF\"", "f.hcl:2:6: the bytes here are not UTF-8");
    refused("\xEF\xBB\xBF"
            "a = 1",
            "f.hcl:1:1: the file begins with a byte order mark");
    struct error error;
    struct hcl_document *document = hcl_document_new();
    assert_false(hcl_document_add(document, "f.hcl", "a = \0", 5, &error));
    assert_string_equal(error.text, "f.hcl:1:5: a NUL character stands here; remove it");
    hcl_document_free(document);
    hcl_document_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_configuration_of_the_first_road_is_read_as_it_stands),
        cmocka_unit_test(literals_mean_what_hcl_says),
        cmocka_unit_test(heredocs_mean_what_hcl_says),
        cmocka_unit_test(blocks_have_labels_and_bodies),
        cmocka_unit_test(names_may_go_on_after_a_dot),
        cmocka_unit_test(what_nomad_evaluates_is_refused_with_a_pointer),
        cmocka_unit_test(mistakes_are_told_where_they_stand),
        cmocka_unit_test(duplicates_are_told_with_both_places),
        cmocka_unit_test(several_files_make_one_body),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(foreign_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
