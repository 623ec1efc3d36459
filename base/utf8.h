/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
 *
 * All outside text is checked here before it is kept. Pure, thread-safe, linear. */
#ifndef DROVER_BASE_UTF8_H
#define DROVER_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UTF8_SEQUENCE_MAX = 4 };
#define UTF8_REPLACEMENT UINT32_C(0xFFFD)

/* True when all bytes are well-formed; a NUL byte is a character like any other. */
bool utf8_valid(const char *bytes, size_t length);

/* Decodes the sequence at the front: returns its bytes (1 to 4) and sets *ret_code_point, or 0 (and nothing set) when
 * the front is malformed, cut off, or length is 0. */
size_t utf8_decode(const char *bytes, size_t length, uint32_t *ret_code_point);

/* Writes a code point, returns its bytes (1 to 4), no NUL added. What cannot be written (surrogates, above U+10FFFF)
 * becomes U+FFFD. */
size_t utf8_encode(uint32_t code_point, char bytes[static UTF8_SEQUENCE_MAX]);

/* Code points in the bytes; each malformed byte counts as one. */
size_t utf8_count(const char *bytes, size_t length);

#endif
