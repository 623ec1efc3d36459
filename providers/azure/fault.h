/* What ARM says when it refuses, and what that means for Drover. The HTTP status alone says little (409 is a conflict,
 * a quota, a lock or a lack of machines), so the code decides. Pure. */
#ifndef DROVER_PROVIDERS_AZURE_FAULT_H
#define DROVER_PROVIDERS_AZURE_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "providers/provider.h"
#include "providers/sdk/exchange.h"
#include "providers/sdk/json.h"

struct azure_fault {
    char code[128];    /* the most telling one: of the deepest detail that is known, else the outermost; "" without */
    char message[512]; /* its message */
    bool known;        /* the code is in the table */
    bool capacity;     /* no machine to be had */
    bool quota;        /* the subscription's own limit */
    bool vanished_id;  /* InvalidParameter about an instance id */
};

/* Reads {"error": {...}}, a flat {code, message}, or nothing of either (HTML, an empty body): then code is "". */
void azure_fault_read(const char *body, size_t length, struct azure_fault *ret_fault);
/* The same of an error object inside a document: an operation's `error`. */
void azure_fault_read_object(const struct sdk_json_at *error, struct azure_fault *ret_fault);

/* What an answer with this HTTP status (400 or more, or 3xx) and fault means. Fills *error with text and code. `write`
 * tells whether the request may have changed something. As sdk_call's classify otherwise. */
enum sdk_verdict azure_fault_judge(const struct azure_fault *fault, int http_status, bool write,
                                   enum provider_status *ret_status, struct provider_error *error);

/* The fault says that something is not there. */
bool azure_fault_is_missing(const struct azure_fault *fault);

/* The end of an operation that failed with this fault; `state` is its last word ("Failed", "Canceled"). */
enum provider_status azure_fault_of_operation(const struct azure_fault *fault, const char *state, const char *call,
                                              struct provider_error *error);

#endif
