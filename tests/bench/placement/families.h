/* Problems of other shapes than generate.h's, each stressing one part of the format: none of them looks like the
 * federation that the engine's search was measured on. One family, size and seed give one file, on any machine. */
#ifndef DROVER_TESTS_BENCH_PLACEMENT_FAMILIES_H
#define DROVER_TESTS_BENCH_PLACEMENT_FAMILIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct family;

/* By place in the table, NULL beyond its end. */
const struct family *family_at(size_t place);
/* NULL when no family has the name. */
const struct family *family_find(const char *name);
const char *family_name(const struct family *family);
/* True when today's placement is to be a good plan at prices other than the file's: the caller solves, then disturbs.
 */
bool family_is_steady(const struct family *family);

/* Appends a whole problem file. size is tiny, small, middle, big or vast; false for another word. */
bool family_generate(const struct family *family, const char *size, uint64_t seed, struct buffer *out);

#endif
