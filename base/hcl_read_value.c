/* Typed arguments of base/hcl_read.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hcl_read_private.h"
#include "base/text.h"

static const struct hcl_value *find_value(const struct hcl_reader *reader, const char *name)
{
    const struct hcl_argument *argument = hcl_find_argument(reader->body, name);
    return argument && argument->part_count == 1 && argument->value->kind != HCL_NULL ? argument->value : NULL;
}

struct hcl_position hcl_reader_position(const struct hcl_reader *reader, const char *name)
{
    const struct hcl_argument *argument = hcl_find_argument(reader->body, name);
    return argument ? argument->value->position : reader->body->position;
}

bool hcl_reader_has(const struct hcl_reader *reader, const char *name)
{
    return find_value(reader, name) != NULL;
}

const struct hcl_value *hcl_read_value(struct hcl_reader *reader, const char *name)
{
    hcl_names_add(&reader->arguments, name);
    return reader->failed ? NULL : find_value(reader, name);
}

static void refuse_kind(struct hcl_reader *reader, const char *name, const struct hcl_value *value, const char *wanted)
{
    char where[HCL_WHERE_MAX];
    hcl_reader_fail(reader, value->position, "\"%.100s\" %s wants %s, %s stands there; write %.100s = %s", name,
                    hcl_reader_where(reader, where), wanted, hcl_kind_words(value->kind), name,
                    strstr(wanted, "list")       ? "[\"...\"]"
                    : strstr(wanted, "number")   ? "1"
                    : strstr(wanted, "true")     ? "true"
                    : strstr(wanted, "duration") ? "\"30s\""
                    : strstr(wanted, "amount")   ? "\"0.096\""
                                                 : "\"...\"");
}

/* The value when it is there and of that kind; NULL when absent or refused. */
static const struct hcl_value *value_of_kind(struct hcl_reader *reader, const char *name, enum hcl_kind kind,
                                             const char *wanted)
{
    const struct hcl_value *value = hcl_read_value(reader, name);
    if (!value || value->kind == kind)
        return value;
    refuse_kind(reader, name, value, wanted);
    return NULL;
}

/* The argument that was probably meant to be `name`: near it and not known by a name of its own so far. */
static const struct hcl_argument *find_mistyped(const struct hcl_reader *reader, const char *name)
{
    for (const struct hcl_argument *a = reader->body->arguments; a; a = a->next)
        if (!hcl_names_has(&reader->arguments, a->name) && text_nearest(a->name, &name, 1))
            return a;
    return NULL;
}

static void refuse_missing(struct hcl_reader *reader, const char *name, const char *example)
{
    char where[HCL_WHERE_MAX];
    const struct hcl_argument *mistyped = find_mistyped(reader, name);
    hcl_reader_where(reader, where);
    if (mistyped)
        hcl_reader_fail(reader, mistyped->position, "unknown argument \"%.100s\" %s; did you mean \"%s\"?",
                        mistyped->name, where, name);
    else
        hcl_reader_fail(reader, reader->body->position, "the argument \"%s\" is missing %s; add %s = %s", name, where,
                        name, example);
}

/* Fails with what a parser of text said, at the value. */
static void refuse_text(struct hcl_reader *reader, const char *name, const struct hcl_value *value,
                        const struct error *inner)
{
    hcl_reader_fail(reader, value->position, "\"%s\": %s", name, inner->text);
}

const char *hcl_read_text(struct hcl_reader *reader, const char *name, const char *fallback)
{
    const struct hcl_value *value = value_of_kind(reader, name, HCL_TEXT, "text in quotes");
    return value ? value->text.bytes : fallback;
}

const char *hcl_require_text(struct hcl_reader *reader, const char *name)
{
    const char *text = hcl_read_text(reader, name, NULL);
    if (!text)
        refuse_missing(reader, name, "\"...\"");
    return text ? text : "";
}

int64_t hcl_read_i64(struct hcl_reader *reader, const char *name, int64_t fallback, int64_t least, int64_t most)
{
    const struct hcl_value *value = value_of_kind(reader, name, HCL_NUMBER, "a whole number");
    if (!value)
        return fallback;
    if (value->number.is_whole && value->number.whole >= least && value->number.whole <= most)
        return value->number.whole;
    hcl_reader_fail(reader, value->position, "\"%s\" is %s; give a whole number from %" PRId64 " to %" PRId64, name,
                    value->number.digits, least, most);
    return fallback;
}

bool hcl_read_flag(struct hcl_reader *reader, const char *name, bool fallback)
{
    const struct hcl_value *value = value_of_kind(reader, name, HCL_FLAG, "true or false");
    return value ? value->flag : fallback;
}

int64_t hcl_read_duration(struct hcl_reader *reader, const char *name, int64_t fallback_ms, int64_t least_ms,
                          int64_t most_ms)
{
    const struct hcl_value *value = value_of_kind(reader, name, HCL_TEXT, "a duration in quotes");
    if (!value)
        return fallback_ms;
    struct error inner;
    int64_t ms = 0;
    if (!text_parse_duration(value->text.bytes, value->text.length, &ms, &inner)) {
        refuse_text(reader, name, value, &inner);
        return fallback_ms;
    }
    if (ms >= least_ms && ms <= most_ms)
        return ms;
    char got[TEXT_DURATION_MAX], least[TEXT_DURATION_MAX], most[TEXT_DURATION_MAX];
    hcl_reader_fail(reader, value->position, "\"%s\" is %s; give a duration from %s to %s", name,
                    text_format_duration(ms, got), text_format_duration(least_ms, least),
                    text_format_duration(most_ms, most));
    return fallback_ms;
}

int64_t hcl_read_money(struct hcl_reader *reader, const char *name, int64_t fallback_uusd, int64_t least_uusd,
                       int64_t most_uusd)
{
    const struct hcl_value *value = value_of_kind(reader, name, HCL_TEXT, "an amount of money as decimal text");
    if (!value)
        return fallback_uusd;
    struct error inner;
    int64_t uusd = 0;
    if (!money_parse(value->text.bytes, value->text.length, &uusd, &inner)) {
        refuse_text(reader, name, value, &inner);
        return fallback_uusd;
    }
    if (uusd >= least_uusd && uusd <= most_uusd)
        return uusd;
    char got[MONEY_TEXT_MAX], least[MONEY_TEXT_MAX], most[MONEY_TEXT_MAX];
    hcl_reader_fail(reader, value->position, "\"%s\" is %s; give an amount from %s to %s", name,
                    money_format(uusd, got), money_format(least_uusd, least), money_format(most_uusd, most));
    return fallback_uusd;
}

int64_t hcl_require_money(struct hcl_reader *reader, const char *name, int64_t least_uusd, int64_t most_uusd)
{
    int64_t uusd = hcl_read_money(reader, name, least_uusd, least_uusd, most_uusd);
    if (!hcl_reader_has(reader, name))
        refuse_missing(reader, name, "\"0.096\"");
    return uusd;
}

size_t hcl_read_choice(struct hcl_reader *reader, const char *name, const char *const *words, size_t count,
                       size_t fallback)
{
    const struct hcl_value *value = value_of_kind(reader, name, HCL_TEXT, "a word in quotes");
    if (!value)
        return fallback;
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], value->text.bytes) == 0)
            return i;
    const char *nearest = text_nearest(value->text.bytes, words, count);
    char list[512] = "";
    size_t length = 0;
    for (size_t i = 0; i < count && length < sizeof list - 80; i++)
        length += (size_t)snprintf(list + length, sizeof list - length, "%s\"%.60s\"", i ? ", " : "", words[i]);
    if (nearest)
        hcl_reader_fail(reader, value->position, "\"%s\" must be one of %s; did you mean \"%s\"?", name, list, nearest);
    else
        hcl_reader_fail(reader, value->position, "\"%s\" must be one of %s", name, list);
    return fallback;
}

const struct hcl_value *hcl_read_text_list(struct hcl_reader *reader, const char *name, size_t most)
{
    const struct hcl_value *value = value_of_kind(reader, name, HCL_LIST, "a list of texts");
    if (!value)
        return NULL;
    size_t count = 0;
    for (const struct hcl_value *item = value->items; item; item = item->next) {
        if (item->kind != HCL_TEXT)
            hcl_reader_fail(reader, item->position, "\"%s\" wants a list of texts, %s stands in it; put it into quotes",
                            name, hcl_kind_words(item->kind));
        if (++count > most)
            hcl_reader_fail(reader, item->position, "\"%s\" has more than %zu items; remove some", name, most);
        if (reader->failed)
            return NULL;
    }
    return value->items;
}

const struct hcl_argument *hcl_read_next_dotted(struct hcl_reader *reader, const char *first,
                                                const struct hcl_argument *previous)
{
    hcl_names_add(&reader->dotted, first);
    if (reader->failed)
        return NULL;
    const struct hcl_argument *a = previous ? previous->next : reader->body->arguments;
    while (a && (a->part_count < 2 || strcmp(a->parts[0], first) != 0))
        a = a->next;
    return a;
}

const struct hcl_argument *hcl_read_next_argument(struct hcl_reader *reader, const struct hcl_argument *previous)
{
    reader->any_argument = true;
    if (reader->failed)
        return NULL;
    return previous ? previous->next : reader->body->arguments;
}

const char *hcl_reader_text_of(struct hcl_reader *reader, const struct hcl_argument *argument)
{
    if (argument->value->kind == HCL_TEXT)
        return argument->value->text.bytes;
    refuse_kind(reader, argument->name, argument->value, "text in quotes");
    return "";
}
