/* One account opened in one module, and its functions called by name with JSON arguments. Both the host process and the
 * test tool run modules through this. Single thread. */
#ifndef DROVER_PROVIDERS_HOST_CALL_H
#define DROVER_PROVIDERS_HOST_CALL_H

#include <jansson.h>

#include "providers/host/module.h"
#include "providers/host/services.h"

struct host_account {
    struct host_services *services;
    struct host_module module;
    struct provider_account *account; /* NULL until open */
};

/* The names of what may be called, in provider.h's order without open and close: "check", ..., "withdraw". NULL-ended.
 */
extern const char *const host_function_names[];

/* Opens the account with the settings in services. */
enum provider_status host_account_open(struct host_account *account, const char *name, struct provider_error *error);
void host_account_close(struct host_account *account);

/* Calls a function and tells how it ended (host_tell_done). Arguments: grow {"observed": pool, "instances": [...],
 * "to": n}; shrink {"pool": id, "instances": [ids]}; poll {"token": text}; withdraw {"pool": id}; else none. What
 * provider.h lets nobody ask (an empty list, a size outside min and max) does not reach the module. */
void host_account_call(struct host_account *account, const char *function, json_t *arguments);

#endif
