/* links: base */
/* No file may harm the HCL reader; what it accepts must be a sound tree, and reading it through hcl_read must end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hcl.h"
#include "base/hcl_read.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    if (!utf8_valid(text, strlen(text)))
        abort();
}

static void check_value(const struct hcl_value *value, unsigned depth)
{
    if (depth > HCL_DEPTH_MAX || value->position.line == 0 || value->position.column == 0)
        abort();
    if (value->kind == HCL_TEXT) {
        check_text(value->text.bytes);
        if (strlen(value->text.bytes) != value->text.length || value->text.length > HCL_TEXT_MAX + 4)
            abort();
    }
    if (value->kind == HCL_NUMBER)
        check_text(value->number.digits);
    if (value->kind == HCL_LIST)
        for (const struct hcl_value *i = value->items; i; i = i->next)
            check_value(i, depth + 1);
    if (value->kind == HCL_OBJECT)
        for (const struct hcl_member *m = value->members; m; m = m->next) {
            check_text(m->key);
            check_value(m->value, depth + 1);
        }
}

static void check_body(const struct hcl_body *body, unsigned depth)
{
    for (const struct hcl_argument *a = body->arguments; a; a = a->next) {
        check_text(a->name);
        check_value(a->value, depth);
    }
    for (const struct hcl_block *b = body->blocks; b; b = b->next) {
        check_text(b->type);
        for (size_t i = 0; i < b->label_count; i++)
            check_text(b->labels[i]);
        check_body(&b->body, depth + 1);
    }
}

static void read_region(struct hcl_reader *outer, const struct hcl_block *block)
{
    struct hcl_reader reader = hcl_reader_enter(outer, block);
    static const char *const markets[] = {"on-demand", "spot", "reserved", "owned"};
    hcl_read_text(&reader, "provider", "none");
    hcl_read_duration(&reader, "suspect_after", 5000, 1000, 60000);
    hcl_read_i64(&reader, "count", 1, 0, 100);
    hcl_read_flag(&reader, "tls", false);
    hcl_read_money(&reader, "usd_per_hour", 0, 0, MONEY_RATE_MAX_UUSD_H);
    hcl_read_choice(&reader, "market", markets, 4, 0);
    hcl_read_text_list(&reader, "deny", 16);
    const struct hcl_argument *a = NULL;
    while ((a = hcl_read_next_dotted(&reader, "attr", a)))
        check_text(a->name);
    const struct hcl_block *labels = hcl_read_block(&reader, "labels");
    if (labels) {
        struct hcl_reader inside = hcl_reader_enter(&reader, labels);
        for (a = NULL; (a = hcl_read_next_argument(&inside, a));)
            hcl_reader_text_of(&inside, a);
        hcl_reader_end(&inside);
    }
    hcl_reader_end(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {.code = ERROR_NONE};
    struct hcl_document *document = hcl_document_new();
    size_t half = size > 1 && data[0] == '|' ? size / 2 : size; /* two files */
    bool ok = hcl_document_add(document, "one.hcl", (const char *)data, half, &error) &&
              (half == size || hcl_document_add(document, "two.hcl", (const char *)data + half, size - half, &error));
    if (ok) {
        check_body(hcl_document_body(document), 1);
        struct hcl_reader reader = hcl_reader_begin(document, &error);
        hcl_read_unique_blocks(&reader, "region");
        const struct hcl_block *block = NULL;
        while ((block = hcl_read_next_block(&reader, "region", 1, block)))
            read_region(&reader, block);
        ok = hcl_reader_end(&reader);
    }
    if (ok == (error.code != ERROR_NONE))
        abort();
    hcl_document_free(document);
    return 0;
}
