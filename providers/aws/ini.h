/* AWS's shared files, `credentials` and `config`: sections in brackets, `key = value` lines, `#` and `;` comments, and
 * indented lines that belong to a key without a value. Pure; the text comes from the host.
 *
 * Bounds: AWS_INI_ENTRIES_MAX keys, and the host's for the file (1 MiB). Errors name the line and never its content,
 * which may be a secret. Neighbour: profile.h says what the keys mean. */
#ifndef DROVER_PROVIDERS_AWS_INI_H
#define DROVER_PROVIDERS_AWS_INI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { AWS_INI_ENTRIES_MAX = 20000 };

struct aws_ini;

/* Reads the whole text. NULL and ERROR_INVALID ("line 3: ...") for a line that is neither section, key nor comment, for
 * a key before the first section, a section or key told twice, a NUL or what is not UTF-8; ERROR_TOO_LARGE above the
 * bound. The caller frees by aws_ini_free. */
struct aws_ini *aws_ini_read(const char *text, size_t length, struct error *ret_error);
/* Wipes what it held. NULL is allowed. */
void aws_ini_free(struct aws_ini *ini);

/* Whether the section stands there; `ini` may be NULL. Blanks inside a name count as one: "profile  a" is "profile a".
 */
bool aws_ini_has_section(const struct aws_ini *ini, const char *section);
/* The value, borrowed; NULL when it is not there or `ini` is NULL. Of an indented line the key is "outer.inner". Keys
 * are lower case. */
const char *aws_ini_get(const struct aws_ini *ini, const char *section, const char *key);

#endif
