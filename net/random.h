/* Unpredictable bytes from the kernel, for tokens, ids and jitter outside the core (the core is deterministic and takes
 * its ids from its own sequence).
 *
 * Any thread. The kernel's source cannot fail once the machine has booted; if it does, the process aborts, since going
 * on with predictable bytes would be worse. */
#ifndef DROVER_NET_RANDOM_H
#define DROVER_NET_RANDOM_H

#include <stddef.h>

enum { RANDOM_UUID_TEXT = 37 }; /* bytes of a UUID's text with its NUL */

void random_bytes(void *ret_bytes, size_t length);

/* `count` random bytes as 2 * count lower-case hex digits and a NUL. */
void random_hex(char *ret_text, size_t count);

/* A version 4 UUID in lower case (RFC 9562 5.4). */
void random_uuid(char ret_text[RANDOM_UUID_TEXT]);

#endif
