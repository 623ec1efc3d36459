#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_die(void *memory, size_t wanted)
{
    if (!memory) {
        fprintf(stderr, "drover: out of memory (%zu bytes wanted)\n", wanted);
        abort();
    }
    return memory;
}

static size_t product_or_die(size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        fprintf(stderr, "drover: impossible allocation (%zu x %zu bytes)\n", count, size);
        abort();
    }
    return bytes ? bytes : 1;
}

void *memory_new(size_t count, size_t size)
{
    size_t bytes = product_or_die(count, size);
    return or_die(calloc(1, bytes), bytes);
}

void *memory_resize(void *memory, size_t count, size_t size)
{
    size_t bytes = product_or_die(count, size);
    return or_die(realloc(memory, bytes), bytes);
}

char *memory_copy_text(const char *text, size_t length)
{
    char *copy = or_die(malloc(length + 1), length + 1);
    if (length)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

void *memory_grow(void *list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return or_die(list, 0);
    *capacity = *capacity ? *capacity * 2 : 8;
    return memory_resize(list, *capacity, size);
}
