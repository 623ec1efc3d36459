/* Walks over pages; see pages.h. */
#include "providers/sdk/pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

void sdk_pages_init(struct sdk_pages *pages, size_t max)
{
    *pages = (struct sdk_pages){.max = max == 0 || max > SDK_PAGES_MAX ? SDK_PAGES_MAX : max,
                                .token = memory_copy_text("", 0)};
}

void sdk_pages_release(struct sdk_pages *pages)
{
    free(pages->seen);
    free(pages->token);
    *pages = (struct sdk_pages){0};
}

bool sdk_pages_next(struct sdk_pages *pages, const char *token, bool *ret_more, struct error *ret_error)
{
    if (!token || token[0] == '\0') {
        *ret_more = false;
        return true;
    }
    size_t length = strnlen(token, SDK_PAGE_TOKEN_MAX + 1);
    if (length > SDK_PAGE_TOKEN_MAX)
        return error_set(ret_error, ERROR_TOO_LARGE, "the token of page %zu is longer than %d bytes", pages->count + 2,
                         SDK_PAGE_TOKEN_MAX);
    if (pages->count + 1 >= pages->max)
        return error_set(ret_error, ERROR_TOO_LARGE, "the list goes on after %zu pages", pages->max);
    uint64_t fingerprint = hash_bytes(token, length);
    for (size_t i = 0; i < pages->count; i++)
        if (pages->seen[i] == fingerprint)
            return error_set(ret_error, ERROR_INVALID, "page %zu ends with the token of an earlier one",
                             pages->count + 1);
    pages->seen = memory_grow(pages->seen, pages->count, &pages->capacity, sizeof *pages->seen);
    pages->seen[pages->count++] = fingerprint;
    char *copy = memory_copy_text(token, length); /* `token` may be pages->token itself */
    free(pages->token);
    pages->token = copy;
    *ret_more = true;
    return true;
}
