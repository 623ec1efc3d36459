/* Names kept once: text <-> small number, so that a hundred bytes hold an allocation and names compare as integers.
 *
 * Number 0 is always the empty text. Numbers are dense, given in order of first use and never reused, so they must not
 * reach anything that outlives the process or decides an order shown to people: sort by text there.
 * Not thread-safe; one table belongs to one world. */
#ifndef DROVER_BASE_INTERN_H
#define DROVER_BASE_INTERN_H

#include <stddef.h>
#include <stdint.h>

typedef uint32_t symbol; /* 0 = "" */

struct intern;

struct intern *intern_new(void);
void intern_free(struct intern *intern);

/* The number of text, given now if it is new. Aborts past 2^31 names (a bound of memory long before). */
symbol intern_put(struct intern *intern, const char *text);
symbol intern_put_bytes(struct intern *intern, const char *text, size_t length);

/* The number of text, or 0 when it was never put. */
symbol intern_find(const struct intern *intern, const char *text);

/* The text of a number; "" for 0. Lives as long as the table. */
const char *intern_text(const struct intern *intern, symbol number);

/* How many names there are, the empty one included. */
size_t intern_count(const struct intern *intern);

#endif
