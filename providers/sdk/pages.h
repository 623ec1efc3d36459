/* Keeps a walk over pages finite: a cap on pages, and a token that comes a second time is an error (a provider that
 * sends one would be walked for ever). Pure; single thread. */
#ifndef DROVER_PROVIDERS_SDK_PAGES_H
#define DROVER_PROVIDERS_SDK_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { SDK_PAGES_MAX = 10000, SDK_PAGE_TOKEN_MAX = 16384 /* bytes */ };

struct sdk_pages {
    uint64_t *seen; /* fingerprints of the tokens so far */
    size_t count, capacity;
    size_t max;
    char *token; /* of the page to ask for next; "" for the first */
};

/* `max`: pages in all, 0 for SDK_PAGES_MAX. */
void sdk_pages_init(struct sdk_pages *pages, size_t max);
void sdk_pages_release(struct sdk_pages *pages);

/* Takes the token that the last page ended with (NULL or "": it was the last one). *ret_more: one follows, to be asked
 * for with pages->token. ERROR_INVALID: the token was seen before; ERROR_TOO_LARGE: too many pages, too long a token.
 */
bool sdk_pages_next(struct sdk_pages *pages, const char *token, bool *ret_more, struct error *ret_error);

#endif
