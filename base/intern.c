#include "base/intern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

struct intern {
    char **texts;
    size_t count;
    size_t capacity;
    struct hash_index index;
};

struct query {
    const struct intern *intern;
    const char *text;
    size_t length;
};

static bool same_text(const void *query, uint32_t number)
{
    const struct query *wanted = query;
    const char *text = wanted->intern->texts[number];
    return strncmp(text, wanted->text, wanted->length) == 0 && text[wanted->length] == '\0';
}

static uint64_t hash_of_number(const void *context, uint32_t number)
{
    const struct intern *intern = context;
    return hash_bytes(intern->texts[number], strlen(intern->texts[number]));
}

static symbol add(struct intern *intern, const char *text, size_t length)
{
    if (intern->count >= (size_t)INT32_MAX) {
        fprintf(stderr, "drover: too many distinct names\n");
        abort();
    }
    intern->texts = memory_grow(intern->texts, intern->count, &intern->capacity, sizeof *intern->texts);
    symbol number = (symbol)intern->count;
    intern->texts[intern->count++] = memory_copy_text(text, length);
    hash_insert(&intern->index, hash_bytes(text, length), number, hash_of_number, intern);
    return number;
}

struct intern *intern_new(void)
{
    struct intern *intern = memory_new(1, sizeof *intern);
    add(intern, "", 0);
    return intern;
}

void intern_free(struct intern *intern)
{
    if (!intern)
        return;
    for (size_t i = 0; i < intern->count; i++)
        free(intern->texts[i]);
    free(intern->texts);
    hash_release(&intern->index);
    free(intern);
}

static const uint32_t *lookup(const struct intern *intern, const char *text, size_t length)
{
    struct query query = {.intern = intern, .text = text, .length = length};
    return hash_find(&intern->index, hash_bytes(text, length), same_text, &query);
}

symbol intern_put_bytes(struct intern *intern, const char *text, size_t length)
{
    length = strnlen(text, length);
    const uint32_t *found = lookup(intern, text, length);
    return found ? *found : add(intern, text, length);
}

symbol intern_put(struct intern *intern, const char *text)
{
    return intern_put_bytes(intern, text, strlen(text));
}

symbol intern_find(const struct intern *intern, const char *text)
{
    const uint32_t *found = lookup(intern, text, strlen(text));
    return found ? *found : 0;
}

const char *intern_text(const struct intern *intern, symbol number)
{
    return number < intern->count ? intern->texts[number] : "";
}

size_t intern_count(const struct intern *intern)
{
    return intern->count;
}
