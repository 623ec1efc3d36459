/* The token of an operation that goes on: JSON, all that a process which knows nothing else needs to follow it.
 *
 *     {"op":"grow","pool":"eu-central-1/web","generation":"...","from":2,"to":4,"after":"<activity>"}
 *     {"op":"shrink","pool":"eu-central-1/web","at_us":1795384950000000,"ids":["i-1","i-2"]} */
#ifndef DROVER_PROVIDERS_AWS_OPERATION_H
#define DROVER_PROVIDERS_AWS_OPERATION_H

#include <jansson.h>

#include "providers/provider.h"

/* A token must hold all ids: longer lists are refused. */
enum { AWS_SHRINK_MAX = 100, AWS_ID_MAX = 32 };

struct aws_operation {
    bool grows;
    const char *pool;
    const char *generation; /* grow: of the group then */
    int64_t from, to;       /* grow: its size before and after */
    const char *after;      /* grow: the newest scaling activity before; "" when there was none */
    int64_t at_us;          /* shrink: when it was asked for, PROVIDER_UNSET unknown */
    const char *ids[AWS_SHRINK_MAX];
    size_t id_count;
    json_t *tree; /* what a read token's texts point into */
};

/* False when it does not fit into a token. */
bool aws_operation_write(const struct aws_operation *operation, char ret_token[static PROVIDER_OPERATION_MAX]);
/* Reads a token; aws_operation_release gives it back. PROVIDER_INVALID when it is none of this module's. */
enum provider_status aws_operation_read(const char *token, struct aws_operation *ret_operation,
                                        struct provider_error *error);
void aws_operation_release(struct aws_operation *operation);

#endif
