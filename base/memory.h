/* Memory that is there or the process is not.
 *
 * Drover commits before it acts, so dying at an allocation loses nothing that a start does not bring back, while a
 * half-handled out-of-memory path could. All sizes are checked for overflow. Never used with sizes that come unchecked
 * from outside: bound those first. Thread-safe as malloc is. */
#ifndef DROVER_BASE_MEMORY_H
#define DROVER_BASE_MEMORY_H

#include <stddef.h>

/* Zeroed memory for count things of size bytes each; free() releases it. Never NULL (aborts), even for count 0. */
void *memory_new(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* As realloc for count things of size bytes; what is added is not zeroed. Never NULL. */
void *memory_resize(void *memory, size_t count, size_t size) __attribute__((returns_nonnull));

/* A copy of length bytes with a NUL after them. Never NULL. */
char *memory_copy_text(const char *text, size_t length) __attribute__((malloc, returns_nonnull));

/* Makes room for one more thing in a growing array: doubles *capacity from 8 when count has reached it.
 * Use: list = memory_grow(list, count, &capacity, sizeof *list); */
void *memory_grow(void *list, size_t count, size_t *capacity, size_t size) __attribute__((returns_nonnull));

#endif
