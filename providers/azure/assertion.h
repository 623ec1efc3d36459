/* The signed statement by which an application proves that it holds its certificate's key: a JWT, PS256, with the
 * certificate's SHA-256 thumbprint (RFC 7515, RFC 7518 3.5, RFC 7523). */
#ifndef DROVER_PROVIDERS_AZURE_ASSERTION_H
#define DROVER_PROVIDERS_AZURE_ASSERTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct azure_assertion {
    const char *pem;       /* certificate (chain, own one first) and RSA key in one text, in any order */
    const char *audience;  /* the token URL, whole */
    const char *client_id; /* issuer and subject */
    const char *id;        /* unlike any other of the last ten minutes */
    int64_t now_s;         /* seconds since 1970; valid for ten minutes from here */
    bool send_chain;       /* x5c */
};

/* The statement, for the caller to free. NULL: ERROR_INVALID, ERROR_UNSUPPORTED for another key than RSA of at least
 * 2048 bits; the text shows nothing of the key. */
char *azure_assertion_sign(const struct azure_assertion *assertion, struct error *ret_error);

/* The same checks without signing, for when settings are read. */
bool azure_assertion_check(const char *pem, struct error *ret_error);

#endif
