/* What a write began and how it ends.
 *
 * ARM's long-running operations, with this module's own judgement of the end:
 *   - The answer to the write may carry Azure-AsyncOperation (a status document), Location (202 until done), or neither
 *     (then the resource's provisioningState tells). Only an address of the configured ARM is kept.
 *   - Succeeded is believed only after the set itself was looked at: it must not have failed, and must have the size or
 *     miss the machines that were asked for.
 *   - 404 and 410 (operations expire), other refusals, and answers that cannot be read say nothing of the operation:
 * the set itself tells.
 *   - A state that is no end goes on until the account's deadline, then the outcome is unknown.
 * The token is JSON: kind, pool, what was asked for, when it began, the address. No bearer token, and an address too
 * long for a token is left out, which leaves the set itself to tell. */
#ifndef DROVER_PROVIDERS_AZURE_OPERATION_H
#define DROVER_PROVIDERS_AZURE_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "providers/azure/account.h"
#include "providers/azure/instance.h"
#include "providers/azure/scale_set.h"

enum azure_operation_kind {
    AZURE_OPERATION_GROW,  /* to at least `size` */
    AZURE_OPERATION_LOWER, /* to at most `size`: withdraw */
    AZURE_OPERATION_SHRINK /* the marked machines go */
};

enum azure_operation_way { AZURE_WAY_STATUS, AZURE_WAY_LOCATION, AZURE_WAY_RESOURCE };

enum {
    AZURE_SHRINK_MAX = 100, /* machines of one shrink */
    AZURE_OPERATION_URL_MAX = 3000
};

struct azure_operation {
    enum azure_operation_kind kind;
    enum azure_operation_way way;
    char pool[260];
    int64_t size;                     /* grow and lower */
    uint32_t marks[AZURE_SHRINK_MAX]; /* shrink: what azure_operation_mark makes of each machine's id */
    size_t mark_count;
    int64_t began_us;
    char url[AZURE_OPERATION_URL_MAX + 1]; /* "" for AZURE_WAY_RESOURCE */
};

/* Thirty-two bits of an instance's id, without case: enough to see whether one of a hundred is still listed. */
uint32_t azure_operation_mark(const char *instance_id);

/* Takes the addresses from the answer to the write: operation->way and url. */
void azure_operation_follow(const struct provider_account *account, const struct provider_answer *answer,
                            struct azure_operation *operation);

/* False only when the address does not fit: then it is dropped and the way is the resource. Fills token, never more. */
void azure_operation_write(const struct azure_operation *operation, struct provider_operation *ret_operation);

/* Reads a token. ERROR_INVALID. */
bool azure_operation_read(const char *token, struct azure_operation *ret_operation, struct error *ret_error);

/* What the answer at the status address says. ERROR_INVALID when it is no status document. */
enum azure_word { AZURE_WORD_RUNNING, AZURE_WORD_SUCCEEDED, AZURE_WORD_FAILED, AZURE_WORD_CANCELED };
struct azure_fault;
bool azure_operation_read_status(const char *body, size_t length, enum azure_word *ret_word,
                                 struct azure_fault *ret_fault, struct error *ret_error);

#endif
