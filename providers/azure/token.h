/* Bearer tokens: where they come from and how long they are used. */
#ifndef DROVER_PROVIDERS_AZURE_TOKEN_H
#define DROVER_PROVIDERS_AZURE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "providers/provider.h"

struct azure_token {
    char *text; /* NULL without; wiped when it is dropped */
    int64_t expires_us, refresh_us;
};

/* Forgets it. */
void azure_token_drop(struct azure_token *token);

/* Makes sure that account->token may be used: asks for one when there is none, or when refresh is due (five minutes
 * before the end, at `refresh_in`, at half of a life of two hours and more). Where asking fails while the old one still
 * holds, the old one is used. PROVIDER_AUTH says which credential was refused, by its AADSTS number. */
enum provider_status azure_token_need(struct provider_account *account, struct provider_error *error);

/* Reads a token answer: `expires_in` and the like may be numbers or text. ERROR_INVALID; the text shows no token. */
bool azure_token_read(const char *body, size_t length, int64_t now_us, struct azure_token *ret_token,
                      struct error *ret_error);

#endif
